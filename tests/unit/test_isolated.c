// SPDX-License-Identifier: Apache-2.0
// Tasks in child processes: those that return, and those that abort, hang, leave early, say too much or
// print.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runners/hardware/sources.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum task_kind { RETURNS, SILENT, ABORTS, HANGS, LEAVES, TOO_MUCH, PRINTS };

static void task(void *context, int out_fd) {
    static const char bytes[16] = "0123456789abcde";
    switch (*(const enum task_kind *)context) {
    case SILENT:
        return;
    case ABORTS:
        ed_isolated_write(out_fd, bytes, 4);
        signal(SIGABRT, SIG_DFL);
        abort();
    case HANGS:
        for (;;)
            pause();
    case LEAVES:
        _exit(0);
    case TOO_MUCH:
        ed_isolated_write(out_fd, bytes, 16);
        ed_isolated_write(out_fd, "F", 1);
        return;
    case PRINTS:
        fputs("the library says hello\n", stderr);
        break;
    default:
        break;
    }
    ed_isolated_write(out_fd, bytes, 16);
}

static void test_isolated(void **context) {
    (void)context;
    static const struct {
        enum task_kind kind;
        bool ok;
        size_t size;
        const char *reason;
    } rows[] = {
        {RETURNS, true, 16, ""},
        {PRINTS, true, 16, ""},
        {SILENT, true, 0, ""},
        {ABORTS, false, 0, "signal 6"},
        {HANGS, false, 0, "did not return in time"},
        {LEAVES, false, 0, "ended early"},
        {TOO_MUCH, false, 0, "too long"},
    };
    for (int ignored = 0; ignored < 2; ignored++) {
        // Whoever ignores SIGCHLD is never told how a child ended.
        signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
        for (size_t i = 0; i < COUNT(rows); i++) {
            enum task_kind kind = rows[i].kind;
            char bytes[16], reason[64] = "?";
            size_t size = 99;
            int64_t timeout_ns = kind == HANGS ? 50000000 : 60000000000;
            bool ok =
                ed_isolated_run(task, &kind, timeout_ns, bytes, sizeof bytes, &size, reason, sizeof reason);
            if (ok != rows[i].ok || (ok && size != rows[i].size) ||
                (!ignored && !strstr(reason, rows[i].reason)))
                fail_msg("row %zu: %d, %zu bytes, %s", i, ok, size, reason);
            if (ok && size)
                assert_memory_equal(bytes, "0123456789abcde", 16);
        }
    }
    signal(SIGCHLD, SIG_DFL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isolated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
