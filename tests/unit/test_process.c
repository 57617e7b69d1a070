// SPDX-License-Identifier: Apache-2.0
// devices/process: real programs, their streams, their ends, and what must be gone when a deadline has
// passed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/process.h"

#define SECOND_NS 1000000000ll
// Far beyond what any of these programs takes; reaching it is the failure.
#define PLENTY_NS (60 * SECOND_NS)
#define LIMIT_BYTES (8u << 20)

static enum ed_status run_for(const char *const *argv, const void *input, size_t input_bytes,
                              size_t limit_bytes, int64_t time_ns, struct ed_spawn_result *result,
                              struct ed_error *err) {
    struct ed_spawn_args args = {
        .argv = argv, .input = input, .input_bytes = input_bytes, .out_limit_bytes = limit_bytes};
    args.deadline_ns = ed_clock_monotonic_ns() + time_ns;
    return ed_process_run(&args, result, err);
}

static enum ed_status run_shell(const char *script, const char *argument, struct ed_spawn_result *result,
                                struct ed_error *err) {
    const char *const argv[] = {"/bin/sh", "-c", script, "sh", argument, NULL};
    return run_for(argv, NULL, 0, LIMIT_BYTES, PLENTY_NS, result, err);
}

static void test_streams_and_exit_status(void **state) {
    struct ed_spawn_result result;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(run_shell("echo out; echo \"$1\" >&2; exit 7", "a b'\"$c", &result, &err), ED_OK);
    assert_int_equal(result.exit_code, 7);
    assert_int_equal(result.signal, 0);
    assert_string_equal(result.out, "out\n");
    assert_int_equal(result.out_bytes, 4);
    assert_string_equal(result.err_out, "a b'\"$c\n");
    ed_spawn_result_release(&result);
    ed_spawn_result_release(&result);
    assert_int_equal(run_shell("kill -9 $$", NULL, &result, &err), ED_OK);
    assert_int_equal(result.exit_code, -1);
    assert_int_equal(result.signal, SIGKILL);
    assert_string_equal(result.out, "");
    ed_spawn_result_release(&result);
}

static void test_input(void **state) {
    const char *const cat[] = {"cat", NULL}, *const deaf[] = {"true", NULL};
    size_t n = 4u << 20;
    char *input = malloc(n);
    struct ed_spawn_result result;
    struct ed_error err = {0};
    sigset_t before, after, pending;
    (void)state;
    assert_non_null(input);
    for (size_t i = 0; i < n; i++)
        input[i] = (char)(i * 31 + i / 257);
    assert_int_equal(run_for(cat, input, n, n, PLENTY_NS, &result, &err), ED_OK);
    assert_int_equal(result.out_bytes, n);
    assert_memory_equal(result.out, input, n);
    ed_spawn_result_release(&result);
    // A child that reads nothing: no SIGPIPE comes, now or later, and the mask is as it was.
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(run_for(deaf, input, n, n, PLENTY_NS, &result, &err), ED_OK);
    assert_int_equal(result.exit_code, 0);
    ed_spawn_result_release(&result);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    sigpending(&pending);
    assert_int_equal(sigismember(&before, SIGPIPE), sigismember(&after, SIGPIPE));
    assert_false(sigismember(&pending, SIGPIPE));
    // No input is an empty one, not the terminal.
    assert_int_equal(run_for(cat, NULL, 0, n, PLENTY_NS, &result, &err), ED_OK);
    assert_int_equal(result.out_bytes, 0);
    ed_spawn_result_release(&result);
    free(input);
}

static void test_missing_programs(void **state) {
    const char *const nowhere[] = {"edgedyno-no-such-program", NULL}, *const absent[] = {
                                                                          "/nonexistent/program", NULL};
    const char *const not_executable[] = {"/proc/version", NULL}, *const directory[] = {"/", NULL},
                      *const empty[] = {"", NULL};
    const char *const *const rows[] = {nowhere, absent, not_executable, directory};
    struct ed_spawn_result result;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_error err = {0};
        assert_int_equal(run_for(rows[i], NULL, 0, 0, PLENTY_NS, &result, &err), ED_ERR_NO_PROGRAM);
        assert_string_equal(err.where, rows[i][0]);
        assert_null(result.out);
    }
    assert_int_equal(run_for(empty, NULL, 0, 0, PLENTY_NS, &result, NULL), ED_ERR_INTERNAL);
}

static void test_output_limits(void **state) {
    const char *const eight[] = {"printf", "12345678", NULL}, *const endless[] = {"yes", NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(run_for(eight, NULL, 0, 8, PLENTY_NS, &result, &err), ED_OK);
    assert_string_equal(result.out, "12345678");
    ed_spawn_result_release(&result);
    assert_int_equal(run_for(eight, NULL, 0, 7, PLENTY_NS, &result, &err), ED_ERR_LIMIT);
    assert_int_equal(run_for(endless, NULL, 0, 1000, PLENTY_NS, &result, &err), ED_ERR_LIMIT);
    assert_null(result.out);
    // Standard error is cut, and its writer goes on.
    assert_int_equal(run_shell("head -c 300000 /dev/zero | tr '\\0' e >&2; echo done", NULL, &result, &err),
                     ED_OK);
    assert_int_equal(result.err_bytes, 65536);
    assert_int_equal(strspn(result.err_out, "e"), 65536);
    assert_string_equal(result.out, "done\n");
    ed_spawn_result_release(&result);
}

// The pid that a script wrote into `path`.
static pid_t read_pid(const char *path) {
    FILE *file = fopen(path, "re");
    long pid = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pid), 1);
    fclose(file);
    assert_true(pid > 1);
    return (pid_t)pid;
}

static void test_deadline_kills_the_group(void **state) {
    char path[] = P_tmpdir "/edgedyno-test-XXXXXX";
    const char *const argv[] = {"/bin/sh", "-c", "sleep 1000 & echo $! > \"$1\"; echo words >&2; wait",
                                "sh",      path, NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    int fd = mkstemp(path), word = 0;
    pid_t grandchild;
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    // The orphan becomes this process's child, so that its end can be seen for certain.
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(run_for(argv, NULL, 0, LIMIT_BYTES, 2 * SECOND_NS, &result, &err), ED_ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "it said: words"));
    assert_null(result.out);
    grandchild = read_pid(path);
    assert_int_equal(waitpid(grandchild, &word, 0), grandchild);
    assert_true(WIFSIGNALED(word) && WTERMSIG(word) == SIGKILL);
    // Nobody else is left, not even unreaped.
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    unlink(path);
}

static void test_past_deadline_starts_nothing(void **state) {
    const char *const argv[] = {"/nonexistent/program", NULL};
    struct ed_spawn_result result;
    (void)state;
    assert_int_equal(run_for(argv, NULL, 0, 0, -1, &result, NULL), ED_ERR_TIMEOUT);
}

static void test_a_grandchild_holds_nobody_up(void **state) {
    struct ed_spawn_result result;
    struct ed_error err = {0};
    int64_t begin_ns = ed_clock_monotonic_ns();
    int word = 0;
    long pid;
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(run_shell("sleep 1000 & echo $!", NULL, &result, &err), ED_OK);
    assert_true(ed_clock_monotonic_ns() - begin_ns < PLENTY_NS / 2);
    pid = strtol(result.out, NULL, 10);
    assert_true(pid > 1);
    ed_spawn_result_release(&result);
    // It goes on living: only a deadline ends what a program left behind.
    assert_int_equal(kill((pid_t)pid, 0), 0);
    assert_int_equal(kill((pid_t)pid, SIGTERM), 0);
    assert_int_equal(waitpid((pid_t)pid, &word, 0), pid);
    assert_true(WIFSIGNALED(word) && WTERMSIG(word) == SIGTERM);
}

static void test_own_group_and_default_signals(void **state) {
    struct ed_spawn_result result;
    struct ed_error err = {0};
    long pid, group;
    char *end;
    void (*kept)(int) = signal(SIGPIPE, SIG_IGN);
    (void)state;
    assert_int_equal(run_shell("set -- $(cat /proc/$$/stat); echo $1 $5; grep SigIgn /proc/$$/status >&2",
                               NULL, &result, &err),
                     ED_OK);
    signal(SIGPIPE, kept);
    pid = strtol(result.out, &end, 10);
    group = strtol(end, NULL, 10);
    assert_true(pid > 1);
    assert_int_equal(pid, group);
    assert_int_equal(strtoull(result.err_out + strlen("SigIgn:"), NULL, 16) >> (SIGPIPE - 1) & 1, 0);
    ed_spawn_result_release(&result);
}

// Descriptors of this process that a child inherits, standard streams included.
static int count_inherited(void) {
    DIR *stream = opendir("/proc/self/fd");
    struct dirent *entry;
    int n = 0;
    assert_non_null(stream);
    while ((entry = readdir(stream)) != NULL) {
        int flags = entry->d_name[0] == '.' ? -1 : fcntl(atoi(entry->d_name), F_GETFD);
        n += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    closedir(stream);
    return n;
}

static void test_no_descriptor_leaks(void **state) {
    const char *const argv[] = {"sh", "-c", "for f in /proc/$$/fd/*; do echo x; done", NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    int before = count_inherited(), lines = 0;
    (void)state;
    assert_int_equal(run_for(argv, "in", 2, LIMIT_BYTES, PLENTY_NS, &result, &err), ED_OK);
    for (size_t i = 0; i < result.out_bytes; i++)
        lines += result.out[i] == '\n';
    // One more: the shell reads the very directory that it lists.
    assert_int_equal(lines, before + 1);
    ed_spawn_result_release(&result);
    assert_int_equal(count_inherited(), before);
}

// A program whose own standard streams are closed gets pipes with the numbers 0 to 2.
static void test_closed_standard_streams(void **state) {
    const char *const argv[] = {"sh", "-c", "cat; echo e >&2", NULL};
    int word = 0;
    pid_t pid = fork();
    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ed_spawn_result result;
        close(0);
        close(1);
        close(2);
        if (run_for(argv, "hello", 5, LIMIT_BYTES, PLENTY_NS, &result, NULL))
            _exit(1);
        _exit(strcmp(result.out, "hello") != 0 || strcmp(result.err_out, "e\n") != 0 ? 2 : 0);
    }
    assert_int_equal(waitpid(pid, &word, 0), pid);
    assert_true(WIFEXITED(word));
    assert_int_equal(WEXITSTATUS(word), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_and_exit_status),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_missing_programs),
        cmocka_unit_test(test_output_limits),
        cmocka_unit_test(test_deadline_kills_the_group),
        cmocka_unit_test(test_past_deadline_starts_nothing),
        cmocka_unit_test(test_a_grandchild_holds_nobody_up),
        cmocka_unit_test(test_own_group_and_default_signals),
        cmocka_unit_test(test_no_descriptor_leaks),
        cmocka_unit_test(test_closed_standard_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
