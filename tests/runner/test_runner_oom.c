// SPDX-License-Identifier: Apache-2.0
// A model that eats all memory of a memory cgroup: the worker is killed and not the supervisor, the block
// says "oom" and how sure that is, and the job goes on. Needs the right to make a cgroup.
#include "tests/runner/rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/wire.h"

#define LIMIT_BYTES (RIG_SANITIZED ? 512 << 20 : 96 << 20)

static char group[160];

static bool put(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", group, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

// Version 1 has its own mount; in version 2 the root's children have the controller where it was handed down.
static bool make_group(void) {
    static const char *const mounts[] = {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"};
    static const char *const limits[] = {"memory.limit_in_bytes", "memory.max"};
    char text[32];
    snprintf(text, sizeof text, "%d", LIMIT_BYTES);
    for (size_t i = 0; i < 2; i++) {
        snprintf(group, sizeof group, "%s/edgedyno-test-%d", mounts[i], (int)getpid());
        if (mkdir(group, 0755) != 0)
            continue;
        if (put(limits[i], text)) {
            put(i == 0 ? "memory.memsw.limit_in_bytes" : "memory.swap.max", i == 0 ? text : "0");
            return true;
        }
        rmdir(group);
    }
    group[0] = 0;
    return false;
}

static int remove_group(void **state) {
    const int failed = rig_teardown(state);
    const int64_t deadline = ed_clock_monotonic_ns() + 5 * RIG_SECOND;
    // A process that was killed leaves its group a moment later.
    while (group[0] && rmdir(group) != 0 && ed_clock_monotonic_ns() < deadline)
        usleep(10000);
    return failed;
}

static void test_out_of_memory(void **state) {
    struct rig_journal journal;
    (void)state;
    if (!make_group()) {
        print_message("skipped: no memory cgroup can be made here (needs root)\n");
        skip();
    }
    snprintf(rig_cgroup_procs, sizeof rig_cgroup_procs, "%s/cgroup.procs", group);
    const struct rig_case cases[] = {
        {.model = rig_file("leak.json",
                           "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"leak_until_killed\"}}")},
        {.model = rig_file("well.json", "{\"type\": \"edgedyno-script\"}")},
        {.model = rig_file(
             "late.json",
             RIG_SCRIPT(", \"run\": {\"ns\": 100000, \"fail\": \"leak_until_killed\", \"fail_at\": 9}"))},
        {.model = rig_file("kill.json", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"kill\"}}")}};
    const struct rig_block blocks[] = {
        {.id = "leak", .pass = ED_PASS_COLD},
        {.id = "well", .case_index = 1, .pass = ED_PASS_COLD},
        {.id = "late", .case_index = 2, .inferences = 100},
        {.id = "kill", .case_index = 3, .pass = ED_PASS_COLD},
        {.id = "again", .pass = ED_PASS_COLD},
        {.id = "not-again", .pass = ED_PASS_COLD},
        {.id = "well-again", .case_index = 1, .pass = ED_PASS_COLD},
    };
    const struct rig_job job = {"oom", 0, cases, 4, blocks, 7};
    pid_t supervisor = rig_start(&job);
    assert_string_equal(rig_wait("oom", 120 * RIG_SECOND), "ended");
    rig_journal_read(&journal, "oom");
    assert_string_equal(rig_text(rig_line(&journal, NULL), "reason"), "done");
    static const char *const killed[] = {"leak", "late", "again"};
    for (size_t i = 0; i < 3; i++) {
        const cJSON *line = rig_line(&journal, killed[i]);
        assert_string_equal(rig_text(line, "outcome"), "oom");
        assert_string_equal(rig_text(line, "oom_evidence"), "certain");
        assert_int_equal(rig_int(line, "signal"), SIGKILL);
        assert_string_equal(rig_text(line, "died_in_phase"), i == 1 ? "timed" : "warmup");
    }
    assert_int_equal(rig_int(rig_line(&journal, "late"), "samples.count"), 9 - RIG_WARM_INFERENCES);
    assert_string_equal(rig_text(rig_line(&journal, "well"), "outcome"), "ok");
    assert_string_equal(rig_text(rig_line(&journal, "well-again"), "outcome"), "ok");
    // Killed in the same cgroup, by itself: that is no lack of memory.
    assert_string_equal(rig_text(rig_line(&journal, "kill"), "outcome"), "crashed");
    assert_string_equal(rig_text(rig_line(&journal, "not-again"), "outcome"), "cancelled");
    assert_non_null(strstr(rig_text(rig_line(&journal, "not-again"), "message"), "ended oom"));
    rig_journal_release(&journal);
    assert_true(rig_gone(supervisor, 5 * RIG_SECOND));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, rig_setup, remove_group);
}
