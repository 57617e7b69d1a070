// SPDX-License-Identifier: Apache-2.0
// What a controller does with jobs: starting, looking, reading, stopping, forgetting; what happens when two
// want the device, when the supervisor dies, when time is up; and which CPUs a worker runs on.
#include "tests/runner/rig.h"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/wire.h"

#define HANG "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"hang\"}}"
#define WELL "{\"type\": \"edgedyno-script\"}"

static pid_t start_hanging(const char *id) {
    const struct rig_case c = {.model = rig_file("hang.json", HANG)};
    const struct rig_block blocks[] = {{.id = "hangs", .pass = ED_PASS_COLD},
                                       {.id = "next", .pass = ED_PASS_COLD}};
    return rig_start(&(struct rig_job){id, 0, &c, 1, blocks, 2});
}

static void stop(const char *id) {
    struct rig_reply reply = rig_call_job("stop", id);
    assert_int_equal(reply.exit_code, 0);
    assert_string_equal(rig_reply_text(&reply, "type"), "stopping");
    rig_reply_release(&reply);
}

static void test_stop(void **state) {
    struct rig_journal journal;
    (void)state;
    pid_t supervisor = start_hanging("stop"), worker = rig_worker(supervisor, 20 * RIG_SECOND);
    assert_true(worker > 0);
    stop("stop");
    assert_string_equal(rig_wait("stop", 2 * RIG_SECOND), "ended");
    assert_true(rig_gone(worker, RIG_SECOND));
    assert_true(rig_gone(supervisor, RIG_SECOND));
    rig_journal_read(&journal, "stop");
    assert_string_equal(rig_text(rig_line(&journal, NULL), "reason"), "stopped");
    assert_int_equal(journal.n, 2); // the block that was stopped is no result
    struct rig_reply reply = rig_call_job("status", "stop");
    assert_string_equal(rig_reply_text(&reply, "reason"), "stopped");
    assert_int_equal(rig_int(reply.json.root, "journal_bytes"), strlen(journal.text));
    rig_reply_release(&reply);
    rig_journal_release(&journal);
    stop("stop"); // of an ended job: nothing
    assert_string_equal(rig_wait("stop", 2 * RIG_SECOND), "ended");
}

// SIGTERM of the supervisor is a wish to stop, too.
static void test_terminated(void **state) {
    struct rig_journal journal;
    (void)state;
    pid_t supervisor = start_hanging("terminated"), worker = rig_worker(supervisor, 20 * RIG_SECOND);
    assert_int_equal(kill(supervisor, SIGTERM), 0);
    assert_string_equal(rig_wait("terminated", 2 * RIG_SECOND), "ended");
    assert_true(rig_gone(worker, RIG_SECOND));
    rig_journal_read(&journal, "terminated");
    assert_string_equal(rig_text(rig_line(&journal, NULL), "reason"), "stopped");
    rig_journal_release(&journal);
}

static void test_supervisor_killed(void **state) {
    struct rig_journal journal;
    (void)state;
    pid_t supervisor = start_hanging("killed"), worker = rig_worker(supervisor, 20 * RIG_SECOND);
    assert_true(worker > 0);
    assert_int_equal(kill(supervisor, SIGKILL), 0);
    assert_true(rig_gone(worker, 2 * RIG_SECOND));
    assert_string_equal(rig_wait("killed", 2 * RIG_SECOND), "died");
    rig_journal_read(&journal, "killed"); // its lines are whole
    rig_journal_release(&journal);
    // The device is free again.
    const struct rig_case c = {.model = rig_file("well.json", WELL)};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    rig_run(&journal, &(struct rig_job){"after-killed", 0, &c, 1, &block, 1}, "done", 20 * RIG_SECOND);
    rig_journal_release(&journal);
    struct rig_reply reply = rig_call_job("forget", "killed");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
}

static void test_busy(void **state) {
    (void)state;
    const struct rig_case c = {.model = rig_file("well.json", WELL)};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    pid_t supervisor = start_hanging("first");
    struct rig_reply reply = rig_try_start(&(struct rig_job){"second", 0, &c, 1, &block, 1});
    rig_expect_error(&reply, "busy", "first");
    // Nothing of it is left, and the first goes on.
    reply = rig_call_job("status", "second");
    rig_expect_error(&reply, "not_found", "second");
    reply = rig_try_start(&(struct rig_job){"first", 0, &c, 1, &block, 1});
    rig_expect_error(&reply, "busy", "exists");
    assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
    reply = rig_call_job("status", "first");
    assert_string_equal(rig_reply_text(&reply, "state"), "running");
    assert_string_equal(rig_reply_text(&reply, "block"), "hangs");
    assert_int_equal(rig_int(reply.json.root, "blocks_total"), 2);
    rig_reply_release(&reply);
    reply = rig_call_job("forget", "first");
    rig_expect_error(&reply, "busy", "still runs");
    stop("first");
    assert_string_equal(rig_wait("first", 2 * RIG_SECOND), "ended");
    // An ended job keeps its name until it is forgotten.
    reply = rig_try_start(&(struct rig_job){"first", 0, &c, 1, &block, 1});
    rig_expect_error(&reply, "busy", "exists");
    reply = rig_call_job("forget", "first");
    assert_string_equal(rig_reply_text(&reply, "type"), "forgotten");
    rig_reply_release(&reply);
    reply = rig_call_job("status", "first");
    rig_expect_error(&reply, "not_found", "first");
    struct rig_journal journal;
    rig_run(&journal, &(struct rig_job){"first", 0, &c, 1, &block, 1}, "done", 20 * RIG_SECOND);
    rig_journal_release(&journal);
}

// The next block is not begun where it would end after the job's time.
static void test_deadline(void **state) {
    struct rig_block blocks[20];
    char names[20][16];
    struct rig_journal journal;
    (void)state;
    const struct rig_case c = {
        .model = rig_file("slow.json", "{\"type\": \"edgedyno-script\", \"load\": {\"ns\": 300000000}}")};
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "b-%d", i);
        blocks[i] = (struct rig_block){.id = names[i], .pass = ED_PASS_COLD};
    }
    const int64_t begin = ed_clock_monotonic_ns();
    rig_run(&journal, &(struct rig_job){"deadline", 2 * RIG_SECOND, &c, 1, blocks, 20}, "deadline",
            30 * RIG_SECOND);
    assert_true(ed_clock_monotonic_ns() - begin < 10 * RIG_SECOND);
    assert_true(journal.n >= 3 && journal.n <= 2 + 6);
    for (size_t i = 1; i + 1 < journal.n; i++)
        assert_string_equal(rig_text(journal.lines[i].root, "outcome"), "ok");
    rig_journal_release(&journal);
}

static struct rig_reply read_file(const char *job, const char *file, const char *from, const char *max) {
    return rig_call(NULL, 0,
                    (const char *[]){"read", "--work", rig_work, "--job", job, "--file", file, "--from", from,
                                     "--max", max, NULL});
}

static void test_read(void **state) {
    static const char *const refused[] = {
        "../job.json", "/etc/passwd",    "job.json",       "state.json", "worker.out",
        "block.json",  "outputs/",       "outputs",        "outputs/..", "outputs/../journal.jsonl",
        "alive",       "journal.jsonl/", "./journal.jsonl"};
    struct rig_journal journal;
    char path[ED_PATH_BYTES], from[32];
    (void)state;
    const struct rig_case c = {.model = rig_file("well.json", WELL)};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    rig_run(&journal, &(struct rig_job){"read", 0, &c, 1, &block, 1}, "done", 20 * RIG_SECOND);
    const size_t size = strlen(journal.text);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct rig_reply reply = read_file("read", refused[i], "0", "100");
        rig_expect_error(&reply, "usage", "not a file of a job that can be read");
    }
    snprintf(path, sizeof path, "%s/jobs/read/outputs/link", rig_work);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    struct rig_reply reply = read_file("read", "outputs/link", "0", "100");
    rig_expect_error(&reply, "io", "outputs/link");
    reply = read_file("read", "outputs/nothing.npy", "0", "100");
    rig_expect_error(&reply, "not_found", "outputs/nothing.npy");
    // A part, the rest, the end, beyond the end.
    reply = read_file("read", "journal.jsonl", "5", "7");
    assert_int_equal(reply.bytes, 7);
    assert_memory_equal(reply.text, journal.text + 5, 7);
    rig_reply_release(&reply);
    snprintf(from, sizeof from, "%zu", size - 3);
    reply = read_file("read", "journal.jsonl", from, "4194304");
    assert_int_equal(reply.bytes, 3);
    rig_reply_release(&reply);
    static const char *const beyond[] = {"1000000", "9007199254740992"};
    for (size_t i = 0; i < 2; i++) {
        reply = read_file("read", "journal.jsonl", beyond[i], "100");
        assert_int_equal(reply.exit_code, 0);
        assert_int_equal(reply.bytes, 0);
        rig_reply_release(&reply);
    }
    static const char *const wrong[][2] = {{"0", "4194305"},
                                           {"0", "0"},
                                           {"-1", "10"},
                                           {"0", "ten"},
                                           {"0", "1e3"},
                                           {"", "10"},
                                           {"99999999999999999999", "10"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        reply = read_file("read", "journal.jsonl", wrong[i][0], wrong[i][1]);
        if (reply.exit_code != 2 || strcmp(rig_reply_text(&reply, "type"), "error"))
            rig_fail("--from %s --max %s: exit %d: %s", wrong[i][0], wrong[i][1], reply.exit_code,
                     reply.text);
        rig_reply_release(&reply);
    }
    rig_journal_release(&journal);
}

static void test_wrong_calls(void **state) {
    static const struct {
        const char *arguments[8];
        int exit_code;
        const char *words;
    } calls[] = {
        {{"status", "--work", "work", "--job", "x"}, 1, "absolute"},
        {{"status", "--work", "/nowhere", "--job", "../x"}, 1, "not a job's name"},
        {{"forget", "--work", "/nowhere", "--job", ".."}, 1, "not a job's name"},
        {{"forget", "--work", "/nowhere", "--job", "."}, 1, "not a job's name"},
        {{"stop", "--work", "/nowhere", "--job", "x"}, 1, "no job 'x'"},
        {{"status", "--work", "/nowhere"}, 2, "--job"},
        {{"status", "--work", "/nowhere", "--job", "x", "more"}, 2, "more"},
        {{"status", "--nothing"}, 2, "nothing"},
        {{"no-command"}, 2, "no-command"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct rig_reply reply = rig_call(NULL, 0, calls[i].arguments);
        if (reply.exit_code != calls[i].exit_code ||
            !strstr(rig_reply_text(&reply, "message"), calls[i].words))
            if (!strstr(rig_reply_text(&reply, "where"), calls[i].words))
                rig_fail("call %zu: exit %d: %s", i, reply.exit_code, reply.text);
        rig_reply_release(&reply);
    }
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"version", NULL});
    assert_string_equal(rig_reply_text(&reply, "wire"), ED_WIRE_VERSION);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
}

static void cpus_of(pid_t pid, char *text, size_t bytes) {
    if (!rig_proc_status(pid, "Cpus_allowed_list", text, bytes))
        rig_fail("no CPUs of process %d", (int)pid);
}

// A pinned worker runs where it was pinned, its supervisor elsewhere; the next one, which is not pinned, may
// run anywhere again.
static void test_pinning(void **state) {
    char mine[256], cpus[256], pin[16];
    cpu_set_t set;
    int first = 0;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    while (!CPU_ISSET(first, &set))
        first++;
    snprintf(pin, sizeof pin, "%d", first);
    cpus_of(getpid(), mine, sizeof mine);
    const struct rig_case cases[] = {{.model = rig_file("hang.json", HANG), .pin = pin},
                                     {.model = rig_file("hang.json", HANG)}};
    const struct rig_block blocks[] = {
        {.id = "pinned", .pass = ED_PASS_COLD, .timeout_ns = 2 * RIG_SECOND},
        {.id = "free", .case_index = 1, .pass = ED_PASS_COLD, .timeout_ns = 2 * RIG_SECOND}};
    pid_t supervisor = rig_start(&(struct rig_job){"pinning", 0, cases, 2, blocks, 2});
    pid_t worker = rig_worker(supervisor, 20 * RIG_SECOND);
    cpus_of(worker, cpus, sizeof cpus);
    assert_string_equal(cpus, pin);
    cpus_of(supervisor, cpus, sizeof cpus);
    if (CPU_COUNT(&set) > 1)
        assert_string_not_equal(cpus, mine);
    rig_wait_block("pinning", "free", 20 * RIG_SECOND);
    assert_true(rig_gone(worker, 5 * RIG_SECOND));
    worker = rig_worker(supervisor, 5 * RIG_SECOND);
    assert_true(worker > 0);
    cpus_of(worker, cpus, sizeof cpus);
    if (strcmp(cpus, mine))
        rig_fail("a case that is not pinned runs on CPUs %s behind a pinned one, and on %s otherwise", cpus,
                 mine);
    stop("pinning");
    assert_string_equal(rig_wait("pinning", 5 * RIG_SECOND), "ended");
}

static void test_wrong_pins(void **state) {
    static const struct {
        const char *pin, *words;
    } wrong[] = {{"1023", "1023"},
                 {"0-", "list of CPUs"},
                 {"99999", "list of CPUs"},
                 {"x", "list of CPUs"},
                 {"0,,1", "list of CPUs"}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct rig_case c = {.model = rig_file("well.json", WELL), .pin = wrong[i].pin};
        const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
        struct rig_reply reply = rig_try_start(&(struct rig_job){"pins", 0, &c, 1, &block, 1});
        rig_expect_error(&reply, "usage", wrong[i].words);
        reply = rig_call_job("status", "pins");
        rig_expect_error(&reply, "not_found", "pins");
    }
}

// Others on the device can neither read nor change what is measured.
static void test_modes(void **state) {
    struct rig_journal journal;
    char path[ED_PATH_BYTES];
    struct stat info;
    (void)state;
    const struct rig_case c = {.model = rig_file("well.json", WELL)};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    rig_run(&journal, &(struct rig_job){"modes", 0, &c, 1, &block, 1}, "done", 20 * RIG_SECOND);
    static const char *const names[] = {"",
                                        "/jobs/modes",
                                        "/jobs/modes/outputs",
                                        "/jobs/modes/journal.jsonl",
                                        "/jobs/modes/job.json",
                                        "/jobs/modes/worker.out",
                                        "/lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s%s", rig_work, names[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, S_ISDIR(info.st_mode) ? 0700 : 0600);
    }
    rig_journal_release(&journal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_terminated),
        cmocka_unit_test(test_supervisor_killed),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_pinning),
        cmocka_unit_test(test_wrong_pins),
        cmocka_unit_test(test_wrong_calls),
        cmocka_unit_test(test_modes),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
