// SPDX-License-Identifier: Apache-2.0
// What a snapshot must not tell.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runners/probe_scrub.h"

static void check(const char *text, const char *wanted) {
    char copy[256];
    snprintf(copy, sizeof copy, "%s", text);
    ed_probe_scrub(copy, "anna-laptop");
    assert_string_equal(copy, wanted);
}

static void test_ids(void **context) {
    (void)context;
    check("hid-aa:bb:cc:0d:ee:ff-battery", "hid-00:00:00:00:00:00-battery");
    check("dev_AA_BB_CC_DD_EE_0F/x", "dev_00_00_00_00_00_00/x");
    check(" enx001a2b3c4d5e: 17", " enx000000000000: 17");
    check("UUID=0a1B2c3d-0001-4abc-8def-0123456789ab\n", "UUID=00000000-0000-0000-0000-000000000000\n");
    check("Linux anna-laptop 6.1; anna-laptops", "Linux xxxx-xxxxxx 6.1; anna-laptops");
    check("Serial\t\t: 10000000abcdef\nModel: Pi 5\n", "Serial\t\t: xxxxxxxxxxxxxx\nModel: Pi 5\n");
    check("ro.serialno=R58M12ABCDE", "ro.serialno=xxxxxxxxxxx");
}

// What looks near an id and is a measurement stays as it is, to the byte.
static void test_values(void **context) {
    (void)context;
    static const char *const kept[] = {
        "262143328850\n",
        "some avg10=0.12 avg60=0.05 avg300=0.01 total=123456\n",
        "CH0(T=482938)[VSYS_PWR_MODEM], 43958291\n",
        "12:34:56",
        "17000000.gpu",
        "throttled=0x50000\n",
        "MemTotal:        8255680 kB\n",
        "enx00",
        "",
    };
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        check(kept[i], kept[i]);
}

// A host's name of one or two letters would take out half of everything.
static void test_short_host(void **context) {
    (void)context;
    char text[] = "pi 5 pi";
    ed_probe_scrub(text, "pi");
    assert_string_equal(text, "pi 5 pi");
    ed_probe_scrub(text, "");
    assert_string_equal(text, "pi 5 pi");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_short_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
