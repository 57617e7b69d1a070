// SPDX-License-Identifier: Apache-2.0
// Commands that probes run, really, and recorded ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "runners/probe_host.h"

#define RUN(host, out, code, err, ...) \
    (host)->command((host)->context, (const char *const[]){__VA_ARGS__, NULL}, out, sizeof(out), code, err)

static void test_output_and_status(void **context) {
    (void)context;
    const struct ed_probe_host *host = &ed_probe_host_live;
    struct ed_error err = {0};
    char out[64], tiny[4];
    int code = 99;
    assert_int_equal(RUN(host, out, &code, &err, "sh", "-c", "echo hello; echo no >&2; exit 3"), ED_OK);
    assert_string_equal(out, "hello\n");
    assert_int_equal(code, 3);
    // Cut, and the writer of far more than a pipe holds still ends by itself.
    assert_int_equal(RUN(host, tiny, &code, &err, "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x"),
                     ED_OK);
    assert_string_equal(tiny, "xxx");
    assert_int_equal(code, 0);
    assert_int_equal(RUN(host, out, &code, &err, "sh", "-c", "kill -SEGV $$"), ED_ERR_IO);
    assert_int_equal(code, -1);
    // Its input is empty and not ours.
    assert_int_equal(RUN(host, out, &code, &err, "cat"), ED_OK);
    assert_string_equal(out, "");
}

static void test_no_program(void **context) {
    (void)context;
    const struct ed_probe_host *host = &ed_probe_host_live;
    struct ed_error err = {0};
    char out[64];
    int code;
    assert_int_equal(RUN(host, out, &code, &err, "no-such-program-here"), ED_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "no-such-program-here"));
    assert_int_equal(RUN(host, out, &code, &err, "/proc/self/status"), ED_ERR_IO);
}

// A program that hangs, and one that ends but leaves another with the pipe: both end in time.
static void test_deadline(void **context) {
    (void)context;
    const struct ed_probe_host *host = &ed_probe_host_live;
    struct ed_error err = {0};
    char out[64];
    int code;
    const int64_t begin = ed_clock_monotonic_ns();
    assert_int_equal(RUN(host, out, &code, &err, "sh", "-c", "echo $$; exec sleep 1000"), ED_ERR_TIMEOUT);
    const pid_t pid = (pid_t)strtol(out, NULL, 10);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(RUN(host, out, &code, &err, "sh", "-c", "sleep 1000 & echo $!"), ED_ERR_TIMEOUT);
    assert_true(ed_clock_monotonic_ns() - begin < INT64_C(60000000000));
}

// The supervisor blocks signals; a command starts with none blocked, so that it can be interrupted.
static void test_signals(void **context) {
    (void)context;
    const struct ed_probe_host *host = &ed_probe_host_live;
    struct ed_error err = {0};
    sigset_t blocked, before;
    char out[64];
    int code;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    enum ed_status status = RUN(host, out, &code, &err, "sh", "-c", "kill -TERM $$; echo alive");
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(status, ED_ERR_IO);
    assert_string_equal(out, "");
}

static void test_library(void **context) {
    (void)context;
    struct ed_error err = {0};
    void *handle = ed_probe_host_live.library(NULL, "libm.so.6", &err);
    assert_non_null(handle);
    assert_non_null(dlsym(handle, "cos"));
    dlclose(handle);
    assert_null(ed_probe_host_live.library(NULL, "libno-such-library.so.1", &err));
    assert_non_null(strstr(err.message, "libno-such-library"));
}

static void put(const char *directory, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_recorded(void **context) {
    (void)context;
    char directory[] = "/tmp/edgedyno-recorded-XXXXXX", folder[128], out[64], name[128];
    struct ed_error err = {0};
    int code;
    assert_non_null(mkdtemp(directory));
    snprintf(folder, sizeof folder, "%s/commands", directory);
    assert_int_equal(ed_path_make(folder, 0700, NULL), ED_OK);
    put(folder, "vcgencmd+get_throttled.out", "throttled=0x50000\n");
    put(folder, "dumpsys+battery.out", "Can't find service: battery\n");
    put(folder, "dumpsys+battery.status", "20\n");
    put(folder, "slow.status", "timeout\n");
    put(folder, "odd.status", "whatever\n");
    const int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0);
    const struct ed_probe_host host = ed_probe_host_recorded(&root);
    assert_int_equal(RUN(&host, out, &code, &err, "vcgencmd", "get_throttled"), ED_OK);
    assert_string_equal(out, "throttled=0x50000\n");
    assert_int_equal(code, 0);
    assert_int_equal(RUN(&host, out, &code, &err, "dumpsys", "battery"), ED_OK);
    assert_int_equal(code, 20);
    assert_int_equal(RUN(&host, out, &code, &err, "slow"), ED_ERR_TIMEOUT);
    assert_int_equal(RUN(&host, out, &code, &err, "odd"), ED_ERR_PARSE);
    assert_int_equal(RUN(&host, out, &code, &err, "sh", "-c", "echo ran"), ED_ERR_NOT_FOUND);
    assert_string_equal(out, "");
    assert_null(host.library(host.context, "libm.so.6", &err));
    assert_true(ed_probe_command_name((const char *const[]){"a/b", "c d", "../x", NULL}, name));
    assert_string_equal(name, "a_b+c_d+.._x");
    memset(out, 'x', sizeof out - 1);
    out[sizeof out - 1] = 0;
    assert_false(ed_probe_command_name((const char *const[]){out, out, out, NULL}, name));
    close(root);
    assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_and_status), cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_deadline),          cmocka_unit_test(test_signals),
        cmocka_unit_test(test_library),           cmocka_unit_test(test_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
