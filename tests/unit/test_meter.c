// SPDX-License-Identifier: Apache-2.0
// Lines of an external meter: what is one, and what is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/meter.h"

#define NOW INT64_C(1763712000000000000)

static bool take(const char *line, struct ed_timeline_record *out) {
    // Behind its last byte there is nothing to be read.
    const size_t n = strlen(line);
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, line, n);
    const bool is = ed_meter_line(copy, n, NOW, out);
    free(copy);
    return is;
}

static void test_lines(void **state) {
    struct ed_timeline_record record;
    (void)state;
    assert_true(take("1763712000.123456789 5.25", &record));
    assert_int_equal(record.monotonic_ns, INT64_C(1763712000123456789));
    assert_int_equal(record.value, 5250000);
    assert_int_equal(record.spread_ns, 0);
    assert_true(take("  1763712000\t0.0000019  ", &record));
    assert_int_equal(record.monotonic_ns, INT64_C(1763712000000000000));
    assert_int_equal(record.value, 1);
    assert_true(take("now -0.5", &record));
    assert_int_equal(record.monotonic_ns, NOW);
    assert_int_equal(record.value, -500000);
    assert_true(record.spread_ns > 0);
}

static void test_no_lines(void **state) {
    static const char *const lines[] = {"",
                                        "now",
                                        "now ",
                                        "now5",
                                        "5",
                                        "1763712000",
                                        "1763712000 ",
                                        "1763712000 five",
                                        "1763712000 nan",
                                        "1763712000 inf",
                                        "1763712000 1e3",
                                        "1763712000 5 5",
                                        "1763712000 5W",
                                        "1763712000 .",
                                        "1763712000 -",
                                        "17637120001763712000 5",
                                        "1763712000 99999999999999999999",
                                        "1763712000 100001",
                                        "1763712000000 5",
                                        "-1763712000 5",
                                        "0 5",
                                        "1763612000 5",
                                        "1,763 5"};
    struct ed_timeline_record record;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (take(lines[i], &record))
            fail_msg("\"%s\" was taken", lines[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_no_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
