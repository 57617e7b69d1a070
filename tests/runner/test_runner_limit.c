// SPDX-License-Identifier: Apache-2.0
// A worker under a memory limit, by a cgroup and by sampling: just under it runs, just over it ends as "oom"
// by the limit; nothing stays behind, also not of a supervisor that was killed. And a ballast: held, told,
// freed.
#include "tests/runner/rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/wire.h"
#include "runners/memory_group.h"
#include "runners/memory_limit.h"

#define MIB (INT64_C(1) << 20)
#define LIMIT_BYTES ((RIG_SANITIZED ? 512 : 128) * MIB)
#define NEAR_BYTES ((RIG_SANITIZED ? 32 : 6) * MIB) // of the limit, on both sides
#define BALLAST_BYTES (96 * MIB)
#define TOUCH_FIRST (16 * MIB)

static const char *script(const char *name, int64_t touch_bytes, const char *more) {
    char text[512];
    snprintf(
        text, sizeof text,
        "{\"type\": \"edgedyno-script\", \"load\": {\"touch_bytes\": %lld}, \"warmup\": {\"ns\": [270000000, "
        "270000000]}%s}",
        (long long)touch_bytes, more);
    return rig_file(name, text);
}

// The anonymous memory of a worker beside what its script touches.
static int64_t overhead(const char *job) {
    const struct rig_case c = {.model = script("plain.json", TOUCH_FIRST, "")};
    const struct rig_block b = {.id = "plain", .inferences = 3};
    struct rig_journal journal;
    rig_run(&journal, &(struct rig_job){job, 0, &c, 1, &b, 1}, "done", 60 * RIG_SECOND);
    const cJSON *line = rig_line(&journal, "plain");
    assert_null(rig_find(line, "memory_limit"));
    const int64_t own = rig_mark(line, "after_timed", "anon_bytes") - TOUCH_FIRST;
    rig_journal_release(&journal);
    assert_true(own > 0 && own < LIMIT_BYTES / 2);
    return own;
}

static bool note_left(char *text, size_t bytes) {
    char path[256];
    snprintf(path, sizeof path, "%s/" ED_MEMORY_GROUP_NOTE, rig_work);
    FILE *file = fopen(path, "re");
    text[0] = 0;
    if (!file)
        return false;
    const size_t n = fread(text, 1, bytes - 1, file);
    text[n] = 0;
    fclose(file);
    return true;
}

static void expect_near(const char *job, const char *method) {
    char first[64];
    snprintf(first, sizeof first, "%s-first", job);
    const int64_t own = overhead(first);
    const struct rig_case cases[] = {
        {.model = script("under.json", LIMIT_BYTES - own - NEAR_BYTES, ""), .mem_limit_bytes = LIMIT_BYTES},
        {.model = script("over.json", LIMIT_BYTES - own + NEAR_BYTES, ""), .mem_limit_bytes = LIMIT_BYTES},
        {.model = script("far.json", LIMIT_BYTES + LIMIT_BYTES / 4, "")}};
    const struct rig_block blocks[] = {{.id = "under", .inferences = 3},
                                       {.id = "over", .case_index = 1, .inferences = 3},
                                       {.id = "free", .case_index = 2, .inferences = 3},
                                       {.id = "again", .inferences = 3}};
    struct rig_journal journal;
    char left[ED_MEMORY_GROUP_PATH_BYTES];
    rig_run(&journal, &(struct rig_job){job, 0, cases, 3, blocks, 4}, "done", 120 * RIG_SECOND);
    const cJSON *under = rig_line(&journal, "under"), *over = rig_line(&journal, "over");
    const bool sampled = !strcmp(rig_text(under, "memory_limit.method"), "sampled");
    if (method)
        assert_string_equal(rig_text(under, "memory_limit.method"), method);
    if (sampled)
        assert_true(rig_text(under, "memory_limit.reason")[0] != 0);
    for (size_t i = 0; i < 4; i++) {
        const cJSON *line = rig_line(&journal, blocks[i].id);
        if (strcmp(rig_text(line, "outcome"), i == 1 ? "oom" : "ok") != 0)
            rig_fail("%s: %s %s", blocks[i].id, rig_text(line, "outcome"), rig_text(line, "message"));
    }
    assert_null(rig_find(rig_line(&journal, "free"), "memory_limit"));
    assert_int_equal(rig_int(under, "memory_limit.bytes"), LIMIT_BYTES);
    assert_true(rig_int(under, "memory_limit.readings") > 0);
    assert_true(rig_int(under, "memory_limit.anon_swap_peak_bytes") > LIMIT_BYTES - 2 * NEAR_BYTES);
    assert_true(rig_int(under, "memory_limit.anon_swap_peak_bytes") < LIMIT_BYTES);
    assert_null(rig_find(under, "memory_limit.overshoot_bytes"));
    assert_string_equal(rig_text(over, "oom_evidence"), "limit");
    assert_int_equal(rig_int(over, "signal"), SIGKILL);
    assert_non_null(strstr(rig_text(over, "message"), "over its memory limit of"));
    if (sampled) {
        const int64_t beyond = rig_int(over, "memory_limit.overshoot_bytes");
        assert_true(beyond > 0 && beyond <= 2 * NEAR_BYTES);
        assert_int_equal(rig_int(over, "memory_limit.anon_swap_peak_bytes"), LIMIT_BYTES + beyond);
        assert_int_equal(rig_int(over, "memory_limit.period_ns"), ED_MEMORY_LIMIT_PERIOD_NS);
    } else {
        const int64_t peak = rig_int(over, "memory_limit.group_peak_bytes");
        assert_true(peak > LIMIT_BYTES - MIB && peak <= LIMIT_BYTES);
        if (access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0)
            assert_true(cJSON_IsTrue(rig_find(under, "memory_limit.swap_excluded")));
    }
    assert_false(note_left(left, sizeof left));
    rig_journal_release(&journal);
}

static void test_sampled(void **state) {
    (void)state;
    setenv(ED_MEMORY_LIMIT_VARIABLE, "sampled", 1);
    expect_near("sampled", "sampled");
    unsetenv(ED_MEMORY_LIMIT_VARIABLE);
}

// Does this system let the test make a group as the runner does?
static bool groups_work(void) {
    struct ed_memory_group group;
    char reason[256];
    const int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const bool made = ed_memory_group_make(&group, root_fd, rig_work, LIMIT_BYTES, reason, sizeof reason);
    if (made)
        assert_true(ed_memory_group_remove(&group, root_fd, rig_work));
    else
        print_message("no memory cgroup here: %s\n", reason);
    close(root_fd);
    return made;
}

static void test_own_way(void **state) {
    (void)state;
    const bool groups = groups_work();
    expect_near("own-way", groups ? NULL : "sampled");
}

static void test_killed_supervisor(void **state) {
    char note[ED_MEMORY_GROUP_PATH_BYTES], path[ED_MEMORY_GROUP_PATH_BYTES + 2];
    struct stat st;
    (void)state;
    if (!groups_work()) {
        print_message("skipped: there is no group to leave behind\n");
        skip();
    }
    const struct rig_case c = {.model = script("long.json", TOUCH_FIRST, ", \"run\": {\"ns\": 50000000}"),
                               .mem_limit_bytes = LIMIT_BYTES};
    const struct rig_block b = {.id = "long", .inferences = 2000};
    const pid_t supervisor = rig_start(&(struct rig_job){"left", 0, &c, 1, &b, 1});
    const pid_t worker = rig_worker(supervisor, 20 * RIG_SECOND);
    assert_true(worker > 0);
    assert_true(note_left(note, sizeof note));
    snprintf(path, sizeof path, "/%s", note);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(kill(supervisor, SIGKILL), 0);
    assert_true(rig_gone(supervisor, 10 * RIG_SECOND));
    assert_true(rig_gone(worker, 10 * RIG_SECOND));
    const struct rig_case next = {.model = script("next.json", TOUCH_FIRST, "")};
    const struct rig_block one = {.id = "next", .inferences = 3};
    struct rig_journal journal;
    rig_run(&journal, &(struct rig_job){"next", 0, &next, 1, &one, 1}, "done", 60 * RIG_SECOND);
    rig_journal_release(&journal);
    assert_int_not_equal(stat(path, &st), 0);
    assert_false(note_left(note, sizeof note));
}

// The child of `parent` that holds a ballast; 0 where there is none.
static pid_t ballast_of(pid_t parent) {
    DIR *proc = opendir("/proc");
    pid_t found = 0;
    char value[64];
    assert_non_null(proc);
    for (struct dirent *entry; !found && (entry = readdir(proc));) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && rig_proc_status(pid, "PPid", value, sizeof value) &&
            strtol(value, NULL, 10) == parent && rig_proc_status(pid, "Name", value, sizeof value) &&
            !strncmp(value, "edgedyno-balla", 14))
            found = pid;
    }
    closedir(proc);
    return found;
}

static pid_t start_with_ballast(const char *job, pid_t *ballast) {
    const struct rig_case c = {.model = script("held.json", TOUCH_FIRST, ", \"run\": {\"ns\": 20000000}"),
                               .ballast_bytes = BALLAST_BYTES};
    const struct rig_block blocks[] = {{.id = "first", .inferences = 60}, {.id = "second", .inferences = 60}};
    char value[64];
    const pid_t supervisor = rig_start(&(struct rig_job){job, 0, &c, 1, blocks, 2});
    assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
    *ballast = ballast_of(supervisor);
    assert_true(*ballast > 0);
    assert_true(rig_proc_status(*ballast, "RssAnon", value, sizeof value));
    assert_true(strtol(value, NULL, 10) * 1024 >= BALLAST_BYTES);
    return supervisor;
}

static void test_ballast(void **state) {
    struct rig_journal journal;
    pid_t ballast = 0;
    (void)state;
    const pid_t supervisor = start_with_ballast("held", &ballast);
    assert_string_equal(rig_wait("held", 60 * RIG_SECOND), "ended");
    assert_true(rig_gone(ballast, 5 * RIG_SECOND));
    assert_true(rig_gone(supervisor, 5 * RIG_SECOND));
    rig_journal_read(&journal, "held");
    const struct ed_json_at root = ed_json_root(&journal.lines[0]);
    assert_int_equal(rig_int(root.value, "ballast.bytes"), BALLAST_BYTES);
    assert_string_equal(rig_text(rig_line(&journal, NULL), "reason"), "done");
    // What is held beside the worker is none of its memory.
    assert_true(rig_mark(rig_line(&journal, "second"), "after_timed", "anon_bytes") < BALLAST_BYTES);
    rig_journal_release(&journal);
}

static void test_ballast_ends(void **state) {
    struct rig_journal journal;
    pid_t ballast = 0;
    (void)state;
    const pid_t supervisor = start_with_ballast("ended", &ballast);
    assert_int_equal(kill(supervisor, SIGKILL), 0);
    assert_true(rig_gone(ballast, 10 * RIG_SECOND));
    start_with_ballast("lost", &ballast);
    assert_int_equal(kill(ballast, SIGKILL), 0);
    assert_string_equal(rig_wait("lost", 60 * RIG_SECOND), "ended");
    rig_journal_read(&journal, "lost");
    assert_string_equal(rig_text(rig_line(&journal, NULL), "reason"), "error");
    assert_non_null(strstr(rig_text(rig_line(&journal, NULL), "message"), "the ballast was lost"));
    rig_journal_release(&journal);
    start_with_ballast("stopped", &ballast);
    struct rig_reply reply = rig_call_job("stop", "stopped");
    rig_reply_release(&reply);
    assert_string_equal(rig_wait("stopped", 60 * RIG_SECOND), "ended");
    assert_true(rig_gone(ballast, 5 * RIG_SECOND));
}

static void test_ballast_too_large(void **state) {
    const struct rig_case c = {.model = script("small.json", TOUCH_FIRST, ""),
                               .ballast_bytes = INT64_C(1) << 48};
    const struct rig_block b = {.id = "small", .inferences = 3};
    (void)state;
    struct rig_reply reply = rig_try_start(&(struct rig_job){"large", 0, &c, 1, &b, 1});
    rig_expect_error(&reply, "limit", "do not fit");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sampled),           cmocka_unit_test(test_own_way),
        cmocka_unit_test(test_killed_supervisor), cmocka_unit_test(test_ballast),
        cmocka_unit_test(test_ballast_ends),      cmocka_unit_test(test_ballast_too_large)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
