// SPDX-License-Identifier: Apache-2.0
// Lists of CPUs, and binding processes to them, checked by the system's own call.
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runners/hardware/pinning.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_cpu_set_parse(void **context) {
    (void)context;
    static const struct {
        const char *text, *printed; // NULL: refused
    } rows[] = {
        {"0", "0"},
        {"0,2-3", "0,2-3"},
        {" 1 , 3 - 5 ", "1,3-5"},
        {"3,2,1", "1-3"},
        {"1,1", "1"},
        {"1023", "1023"},
        {"", NULL},
        {" ", NULL},
        {"1,", NULL},
        {",1", NULL},
        {"3-1", NULL},
        {"1024", NULL},
        {"0-5000", NULL},
        {"a", NULL},
        {"1;2", NULL},
        {"-1", NULL},
        {"1-", NULL},
        {"0x1", NULL},
        {"99999999999999999999", NULL},
        {"1 2", NULL},
        {"4294967296", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ed_cpu_set set;
        struct ed_error err = {0};
        char text[64];
        enum ed_status status = ed_cpu_set_parse(rows[i].text, &set, &err);
        if ((status == ED_OK) != (rows[i].printed != NULL))
            fail_msg("\"%s\": %s", rows[i].text, err.message);
        ed_cpu_set_print(&set, text, sizeof text);
        assert_string_equal(text, rows[i].printed ? rows[i].printed : "");
        if (!rows[i].printed) {
            assert_int_equal(status, ED_ERR_USAGE);
            assert_non_null(strstr(err.message, "like 0,2-3"));
        }
    }
}

static void test_pinning_check(void **context) {
    (void)context;
    struct ed_error err = {0};
    struct ed_pinning pinning;
    struct ed_cpu_set set;
    cpu_set_t mask;
    assert_int_equal(ed_pinning_init(&pinning, &err), ED_OK);
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    assert_int_equal(ed_cpu_set_count(&pinning.start), CPU_COUNT(&mask));
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
        assert_int_equal(ed_cpu_set_has(&pinning.start, cpu), CPU_ISSET(cpu, &mask) != 0);
    assert_int_equal(ed_cpu_set_parse("1023", &set, &err), ED_OK);
    assert_int_equal(ed_pinning_check(&pinning, &set, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "there is no CPU 1023"));
    assert_int_equal(ed_pinning_check(&pinning, &pinning.start, &err), ED_OK);
    memset(&set, 0, sizeof set);
    assert_int_equal(ed_pinning_check(&pinning, &set, &err), ED_ERR_USAGE);
    ed_pinning_release(&pinning);
    ed_pinning_release(&pinning);
}

// In a child of its own, so that the test itself stays free: binds to one CPU, checks it by the system's own
// call, then binds to the rest. Exit status 0 or the line that failed.
#define CHECK(condition)               \
    do                                 \
        if (!(condition))              \
            _exit(__LINE__ % 200 + 1); \
    while (0)

static void bind_in_child(void) {
    struct ed_error err = {0};
    struct ed_pinning pinning;
    struct ed_cpu_set first = {{0}}, rest, missing = {{0}};
    cpu_set_t mask;
    unsigned cpu = 0;
    CHECK(ed_pinning_init(&pinning, &err) == ED_OK);
    while (!ed_cpu_set_has(&pinning.start, cpu))
        cpu++;
    first.bits[cpu / 8] = (unsigned char)(1u << cpu % 8);
    CHECK(ed_pinning_check(&pinning, &first, &err) == ED_OK);
    CHECK(ed_pinning_bind(&pinning, &first, &err) == ED_OK);
    CHECK(sched_getaffinity(0, sizeof mask, &mask) == 0);
    CHECK(CPU_COUNT(&mask) == 1 && CPU_ISSET(cpu, &mask));
    bool left = ed_pinning_rest(&pinning, &first, &rest);
    CHECK(left == (ed_cpu_set_count(&pinning.start) > 1));
    CHECK(ed_pinning_bind(&pinning, &rest, &err) == ED_OK);
    CHECK(sched_getaffinity(0, sizeof mask, &mask) == 0);
    CHECK((size_t)CPU_COUNT(&mask) == ed_cpu_set_count(&rest));
    CHECK(!left || !CPU_ISSET(cpu, &mask));
    CHECK(!ed_pinning_rest(&pinning, &pinning.start, &rest));
    CHECK(memcmp(&rest, &pinning.start, sizeof rest) == 0);
    // The kernel would take CPU 0 of "0,1023" and say nothing.
    missing.bits[127] = 0x80;
    missing.bits[cpu / 8] |= (unsigned char)(1u << cpu % 8);
    CHECK(ed_pinning_bind(&pinning, &missing, &err) != ED_OK);
    ed_pinning_release(&pinning);
    _exit(0);
}

static void test_pinning_bind(void **context) {
    (void)context;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        bind_in_child();
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("the child ended with status 0x%x", (unsigned)status);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_set_parse),
        cmocka_unit_test(test_pinning_check),
        cmocka_unit_test(test_pinning_bind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
