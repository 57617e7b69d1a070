// SPDX-License-Identifier: Apache-2.0
// Adopting, staging and cleaning that is killed at any moment, and all of it at once: what the device says is
// true, and nothing half is whole.
#include "tests/runner/store_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

#define ROUNDS (RIG_SANITIZED ? 60 : 200)

static char token[ED_WIRE_TOKEN_MAX_BYTES + 1];

static const struct thing things[] = {
    {"model", "m", "fp32", "", {{"m.onnx", 51, 300000, false}}},
    {"engine", "e", "", "1", {{"a.so", 52, 40000, false}, {"b.so", 53, 5000, false}, {"c", 54, 10, true}}},
    {"data", "d", "", "", {{"x", 53, 5000, false}, {"y", 55, 0, false}}},
};
#define THINGS (sizeof things / sizeof *things)

static pid_t begin(const char *const *arguments, const char *input, size_t bytes, bool traced) {
    const char *other = getenv("RIG_RUNNER");
    char *argv[16] = {(char *)(uintptr_t)(other ? other : ED_TEST_RUNNER)};
    char name[64];
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    snprintf(name, sizeof name, "input-%d", (int)getpid());
    const char *path = rig_path(name);
    assert_int_equal(ed_path_write_atomic(path, input, bytes, 0600, NULL), ED_OK);
    int in = open(path, O_RDONLY | O_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(in >= 0 && out >= 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        // A leak checker traces, too, and fails where somebody does already.
        if (traced)
            setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
        if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && (!traced || ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0))
            execv(argv[0], argv);
        _exit(99);
    }
    close(in);
    close(out);
    return pid;
}

static pid_t begin_adopt(bool traced) {
    struct ed_buffer text;
    store_message(&text, "adopt", false, things, THINGS);
    pid_t pid = begin((const char *[]){"adopt", "--work", rig_work, "--token", token, NULL},
                      ed_buffer_text(&text), text.size, traced);
    ed_buffer_release(&text);
    return pid;
}

static int end(pid_t pid) {
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void put_all(const char *directory) {
    for (size_t i = 0; i < THINGS; i++)
        for (size_t k = 0; k < THING_FILES && things[i].files[k].name; k++)
            if (!ed_path_exists(thing_object(&things[i].files[k])))
                thing_put(directory, &things[i].files[k], things[i].files[k].bytes);
}

// Every object is what its name says; every set that is called whole can be read through its links.
static void check_truth(bool whole[THINGS]) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" ED_WORK_OBJECTS, rig_work);
    DIR *stream = opendir(path);
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        char file[ED_PATH_BYTES + 256], hex[ED_DIGEST_HEX_BYTES];
        if (!ed_digest_ok(entry->d_name))
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        assert_int_equal(ed_digest_file(hex, NULL, file, NULL), ED_OK);
        assert_string_equal(hex, entry->d_name);
    }
    if (stream)
        closedir(stream);
    struct rig_reply reply = store_have(things, THINGS, false);
    if (reply.exit_code != 0)
        rig_fail("have: %s", reply.text);
    for (size_t i = 0; i < THINGS; i++) {
        const cJSON *id;
        whole[i] = false;
        cJSON_ArrayForEach(id, rig_find(reply.json.root, "whole")) whole[i] =
            whole[i] || !strcmp(id->valuestring, thing_id(&things[i]));
        for (size_t k = 0; k < THING_FILES && things[i].files[k].name; k++)
            if (whole[i] &&
                !thing_is_right(thing_path(&things[i], things[i].files[k].name), &things[i].files[k]))
                rig_fail("%s of a whole set is not right", things[i].files[k].name);
    }
    // All are whole exactly where nothing is missing.
    assert_int_equal(whole[0] && whole[1] && whole[2], store_count(&reply, "missing") == 0);
    rig_reply_release(&reply);
}

static void test_killed(void **state) {
    char directory[ED_PATH_BYTES];
    size_t killed = 0, all = 0, some = 0, none = 0;
    struct ed_random random;
    (void)state;
    ed_random_init(&random, 4711);
    store_lease("campaign", token);
    store_staged(token, 0, directory);
    put_all(directory);
    // The moments follow how long it takes, which changes with what else the machine does.
    int64_t span_ns = 20 * RIG_MS;
    for (int round = 0; round < ROUNDS; round++) {
        bool whole[THINGS];
        size_t n = 0;
        struct rig_reply reply = store_clean(token, ",\"keep\":0");
        assert_int_equal(reply.exit_code, 0);
        rig_reply_release(&reply);
        assert_int_equal(store_entries(ED_WORK_OBJECTS) + store_entries(ED_WORK_SETS), 0);
        store_staged(token, 0, directory);
        put_all(directory);
        const int64_t wait_ns = (int64_t)(ed_random_u64(&random) % (uint64_t)(span_ns + 1));
        const int64_t before = ed_clock_monotonic_ns();
        pid_t pid = begin_adopt(false);
        ed_clock_sleep_until(before + wait_ns, NULL);
        kill(pid, SIGKILL);
        const bool died = WIFSIGNALED(end(pid));
        killed += died;
        span_ns = died ? span_ns * 5 / 4 + 1000 : span_ns * 3 / 4;
        check_truth(whole);
        for (size_t i = 0; i < THINGS; i++)
            n += whole[i];
        all += n == THINGS;
        none += n == 0;
        some += n > 0 && n < THINGS;
        // What is missing is pushed, and then all is well; also right behind a stage, which removes
        // leftovers.
        if (round % 2)
            store_staged(token, 0, directory);
        store_push(token, things, THINGS);
        check_truth(whole);
        assert_true(whole[0] && whole[1] && whole[2]);
    }
    print_message("%zu of %d killed; sets whole afterwards: %zu times all, %zu some, %zu none\n", killed,
                  ROUNDS, all, some, none);
    assert_true(killed > (size_t)ROUNDS / 10 && none > 0 && all + some > 0);
    assert_int_equal(store_entries(ED_WORK_SETS), 3);
}

// Whether a system call changes files.
static bool changes(uint64_t number) {
    static const long calls[] = {
#ifdef SYS_rename
        SYS_rename,
#endif
#ifdef SYS_unlink
        SYS_unlink,
#endif
#ifdef SYS_rmdir
        SYS_rmdir,
#endif
#ifdef SYS_renameat
        SYS_renameat,
#endif
        SYS_renameat2, SYS_symlinkat, SYS_mkdirat, SYS_unlinkat,
        SYS_fsync,     SYS_fchmodat,  SYS_fchmod,  SYS_utimensat};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if ((uint64_t)calls[i] == number)
            return true;
    return false;
}

static bool sets_times(uint64_t number) {
    return number == SYS_utimensat;
}

// Stops it before the system call number `index` of those, counted from 0. False: it came to its end before
// that.
static bool stop_before(pid_t pid, bool (*which)(uint64_t), size_t index) {
    struct __ptrace_syscall_info info;
    int status = end(pid);
    if (!WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
        return false;
    for (;;) {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) != 0)
            return false;
        status = end(pid);
        if (WIFEXITED(status) || WIFSIGNALED(status))
            return false;
        if (WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80) &&
            ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
            info.op == PTRACE_SYSCALL_INFO_ENTRY && which(info.entry.nr) && index-- == 0)
            return true;
    }
}

static bool kill_before(pid_t pid, size_t index) {
    if (!stop_before(pid, changes, index))
        return false;
    kill(pid, SIGKILL);
    return WIFSIGNALED(end(pid));
}

static bool can_trace(void) {
    struct __ptrace_syscall_info info;
    pid_t pid = begin((const char *[]){"version", NULL}, "", 0, true);
    int status = end(pid);
    bool works = WIFSTOPPED(status) && ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD) == 0 &&
                 ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0 && WIFSTOPPED(end(pid)) &&
                 ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0;
    if (WIFSTOPPED(status)) {
        kill(pid, SIGKILL);
        end(pid);
    }
    return works;
}

// Killed before every single change that it makes.
static void test_every_change(void **state) {
    char directory[ED_PATH_BYTES];
    size_t index = 0, some = 0;
    (void)state;
    if (!can_trace()) {
        print_message("skipped: no process can be traced here\n");
        skip();
    }
    for (bool died = true; died; index++) {
        bool whole[THINGS];
        struct rig_reply reply = store_clean(token, ",\"all\":true");
        assert_int_equal(reply.exit_code, 0);
        rig_reply_release(&reply);
        store_staged(token, 0, directory);
        put_all(directory);
        died = kill_before(begin_adopt(true), index);
        check_truth(whole);
        some += (whole[0] || whole[1] || whole[2]) && !(whole[0] && whole[1] && whole[2]);
        if (!died)
            assert_true(whole[0] && whole[1] && whole[2]);
        if (index % 4 == 0) {
            store_push(token, things, THINGS);
            check_truth(whole);
            assert_true(whole[0] && whole[1] && whole[2]);
        }
    }
    print_message("killed before each of %zu changes; some sets were whole, and not all, %zu times\n",
                  index - 1, some);
    // Six files, three sets, and what goes with them.
    assert_true(index > 30 && some > 0);
}

// A controller that is held up while the digests are taken loses its lease: nothing of its push becomes
// anything.
static void test_lease_lost_meanwhile(void **state) {
    char directory[ED_PATH_BYTES], next[ED_WIRE_TOKEN_MAX_BYTES + 1];
    bool whole[THINGS];
    (void)state;
    if (!can_trace()) {
        print_message("skipped: no process can be traced here\n");
        skip();
    }
    struct rig_reply reply = store_clean(token, ",\"all\":true");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    store_staged(token, 0, directory);
    put_all(directory);
    // The first time that it sets is that of a staged file, and its token was good until then.
    const pid_t pid = begin_adopt(true);
    assert_true(stop_before(pid, sets_times, 0));
    store_release(token);
    store_lease("another", next);
    assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
    const int status = end(pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_int_equal(store_entries(ED_WORK_OBJECTS) + store_entries(ED_WORK_SETS), 0);
    check_truth(whole);
    assert_false(whole[0] || whole[1] || whole[2]);
    store_release(next);
    store_lease("campaign", token);
}

static void test_killed_cleaning(void **state) {
    static const char *const messages[] = {"{\"type\":\"clean\",\"keep\":0}",
                                           "{\"type\":\"clean\",\"all\":true}"};
    struct ed_random random;
    size_t killed = 0;
    (void)state;
    ed_random_init(&random, 42);
    store_push(token, things, THINGS);
    const char *const words[] = {"clean", "--work", rig_work, "--token", token, NULL};
    int64_t span_ns = 20 * RIG_MS;
    for (int round = 0; round < ROUNDS / 2; round++) {
        bool whole[THINGS];
        store_push(token, things, THINGS);
        const int64_t wait_ns = (int64_t)(ed_random_u64(&random) % (uint64_t)(span_ns + 1));
        const int64_t before = ed_clock_monotonic_ns();
        pid_t pid = begin(words, messages[round % 2], strlen(messages[round % 2]), false);
        ed_clock_sleep_until(before + wait_ns, NULL);
        kill(pid, SIGKILL);
        const bool died = WIFSIGNALED(end(pid));
        killed += died;
        span_ns = died ? span_ns * 5 / 4 + 1000 : span_ns * 3 / 4;
        check_truth(whole);
    }
    assert_true(killed > 0);
}

// Several who ask, one who pushes and cleans: nobody fails, and nobody is told a lie.
static void test_at_once(void **state) {
    enum { ASKERS = 4 };
    pid_t askers[ASKERS];
    (void)state;
    struct rig_reply reply = store_clean(token, ",\"all\":true");
    rig_reply_release(&reply);
    fflush(NULL);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = fork();
        assert_true(askers[i] >= 0);
        if (askers[i] == 0) {
            int wrong = 0;
            for (int k = 0; k < 30 && !wrong; k++) {
                struct rig_reply answer = store_have(things, THINGS, k % 3 == 0);
                wrong += answer.exit_code != 0;
                if (wrong)
                    fprintf(stderr, "have: %s", answer.text);
                rig_reply_release(&answer);
                answer = rig_call(NULL, 0, (const char *[]){"sets", "--work", rig_work, NULL});
                wrong += answer.exit_code != 0;
                if (answer.exit_code)
                    fprintf(stderr, "sets: %s", answer.text);
                rig_reply_release(&answer);
            }
            _exit(wrong ? 1 : 0);
        }
    }
    for (int k = 0; k < 15; k++) {
        bool whole[THINGS];
        char directory[ED_PATH_BYTES];
        store_staged(token, 0, directory);
        put_all(directory);
        reply = store_adopt(token, things, THINGS);
        if (reply.exit_code != 0)
            rig_fail("adopt: %s", reply.text);
        rig_reply_release(&reply);
        check_truth(whole);
        assert_true(whole[0] && whole[1] && whole[2]);
        reply = store_clean(token, k % 2 ? ",\"keep\":0" : ",\"all\":true");
        assert_int_equal(reply.exit_code, 0);
        rig_reply_release(&reply);
    }
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(end(askers[i]), 0);
}

// In memory where there is such a place: hundreds of pushes would wait for a disk most of the time.
static int setup(void **state) {
    char home[] = "/dev/shm/edgedyno-store-XXXXXX";
    if (rig_setup(state) != 0)
        return -1;
    if (!mkdtemp(home))
        return 0;
    if (ed_path_remove(rig_home, NULL) != ED_OK)
        return -1;
    snprintf(rig_home, sizeof rig_home, "%s", home);
    snprintf(rig_work, sizeof rig_work, "%s/work", home);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed), cmocka_unit_test(test_every_change),
                                       cmocka_unit_test(test_lease_lost_meanwhile),
                                       cmocka_unit_test(test_killed_cleaning),
                                       cmocka_unit_test(test_at_once)};
    return cmocka_run_group_tests(tests, setup, rig_teardown);
}
