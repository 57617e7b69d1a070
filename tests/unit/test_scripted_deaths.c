// SPDX-License-Identifier: Apache-2.0
// The scripted engine's failures, each in a process of its own: every way to die, to hang and to refuse, at
// the call it was asked for.
#include "tests/unit/scripted_engine.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"

// Plays `script` in a process of its own, with standard output and error in a file, until its third run, and
// gives its wait status; a process that hangs or stops is seen to do so, and is killed.
static int child_play(const char *script, const char *option) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit address = {512 * MIB, 512 * MIB};
        struct engine engine;
        if (!freopen("child.txt", "w", stdout) || dup2(fileno(stdout), STDERR_FILENO) < 0)
            _exit(90);
        signal(SIGSEGV, SIG_DFL); // the test library catches it to say so
        if (option && strstr(option, "leak"))
            setrlimit(RLIMIT_AS, &address);
        engine_open(&engine, "");
        enum ed_status status = engine_load(&engine, script, option, "cpu");
        for (int i = 0; i < 3 && !status; i++)
            status = backend->run(engine.state, &engine.err);
        if (!status)
            status = backend->unload(engine.state, &engine.err);
        engine_close(&engine);
        _exit(100 + (int)status);
    }
    int status = 0;
    int64_t deadline = ed_clock_monotonic_ns() + INT64_C(400000000);
    pid_t got = 0;
    while (!got && (ed_clock_monotonic_ns() < deadline || !option ||
                    !(strstr(option, "hang") || strstr(option, "spin")))) {
        got = waitpid(child, &status, WNOHANG | WUNTRACED);
        usleep(1000);
    }
    if (!got || WIFSTOPPED(status)) {
        int ended;
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &ended, 0), child);
    }
    return got ? status : -1;
}

static void test_deaths(void **state) {
    const char *script = "{\"type\": \"edgedyno-script\", \"run\": {\"ns\": 10}}";
    struct stat file;
    (void)state;
    int status = child_play(script, NULL);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 100);
    status = child_play(script, "fail=kill");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    status = child_play(script, "fail=abort");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    status = child_play(script, "fail=exit0");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = child_play(script, "fail=exit3");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    status = child_play(script, "fail=stop");
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    assert_int_equal(child_play(script, "fail=hang"), -1);
    assert_int_equal(child_play(script, "fail=spin"), -1);
    status = child_play(script, "fail=garbage_stdout");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 100);
    assert_int_equal(stat("child.txt", &file), 0);
    assert_int_equal(file.st_size, 2 * MIB);
    // The third run, by the script itself.
    status = child_play("{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"refuse\", \"fail_at\": 2, "
                        "\"message\": \"no\"}}",
                        NULL);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 100 + ED_ERR_REFUSED);
    status =
        child_play("{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"refuse\", \"fail_at\": 3}}", NULL);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 100);
    status = child_play("{\"type\": \"edgedyno-script\", \"unload\": {\"fail\": \"exit3\"}}", NULL);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    status = child_play("{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"abort\"}}", NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#ifndef __SANITIZE_ADDRESS__ // it catches the signal itself, and its shadow does not fit the address limit
    status = child_play(script, "fail=segv");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = child_play(script, "fail=leak_until_killed");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 100 + ED_ERR_NO_MEMORY);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_deaths)};
    return cmocka_run_group_tests(tests, enter, leave);
}
