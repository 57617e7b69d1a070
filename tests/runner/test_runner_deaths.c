// SPDX-License-Identifier: Apache-2.0
// Every way for a worker to end badly, in every phase: the block's line says what happened and where, keeps
// the samples from before, and the job goes on.
#include "tests/runner/rig.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edgedyno/wire.h"

#define COLD ED_PASS_COLD

struct death {
    const char *id, *script, *engine_script; // the latter in the engine's directory, for `open`
    const char *pass;
    int64_t timeout_ns;
    const char *outcome, *phase, *message; // a part of the message
    int signal, exit_code;
    int64_t samples;
};

static void expect(const cJSON *line, const struct death *death) {
    char *text = cJSON_PrintUnformatted(line);
    if (strcmp(rig_text(line, "outcome"), death->outcome) ||
        strcmp(rig_text(line, "died_in_phase"), death->phase) ||
        !strstr(rig_text(line, "message"), death->message) ||
        rig_int(line, "samples.count") != death->samples)
        rig_fail("%s: expected %s in %s with %lld samples and '%s': %s", death->id, death->outcome,
                 death->phase, (long long)death->samples, death->message, text);
    // A sanitizer turns the signal into an exit of its own.
    if (!(RIG_SANITIZED && death->signal == SIGSEGV) &&
        (rig_int(line, "signal") != death->signal || rig_int(line, "exit_code") != death->exit_code))
        rig_fail("%s: expected signal %d and exit status %d: %s", death->id, death->signal, death->exit_code,
                 text);
    if (rig_find(line, "oom_evidence"))
        rig_fail("%s: nothing ran out of memory: %s", death->id, text);
    assert_true(rig_int(line, "wall_ns") > 0);
    free(text);
}

// Every death has a case of its own and one block; behind each, a case that is well.
static void run_deaths(const char *id, const struct death *deaths, size_t n) {
    struct rig_case cases[16] = {{0}};
    struct rig_block blocks[32] = {{0}};
    char names[32][48];
    struct rig_journal journal;
    assert_true(n < 16);
    static char paths[33][ED_PATH_BYTES];
    snprintf(paths[32], ED_PATH_BYTES, "%s", rig_file("well.json", "{\"type\": \"edgedyno-script\"}"));
    cases[0].model = paths[32];
    for (size_t i = 0; i < n; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s-%s.json", id, deaths[i].id);
        snprintf(paths[2 * i], ED_PATH_BYTES, "%s", rig_file(name, deaths[i].script));
        cases[i + 1].model = paths[2 * i];
        if (deaths[i].engine_script) {
            snprintf(name, sizeof name, "%s-%s", id, deaths[i].id);
            snprintf(paths[2 * i + 1], ED_PATH_BYTES, "%s", rig_path(name));
            assert_int_equal(mkdir(paths[2 * i + 1], 0700), 0);
            snprintf(name, sizeof name, "%s-%s/script.json", id, deaths[i].id);
            rig_file(name, deaths[i].engine_script);
            cases[i + 1].directory = paths[2 * i + 1];
        }
        snprintf(names[2 * i], sizeof names[0], "%s", deaths[i].id);
        snprintf(names[2 * i + 1], sizeof names[0], "after-%s", deaths[i].id);
        blocks[2 * i] = (struct rig_block){.id = names[2 * i],
                                           .case_index = i + 1,
                                           .pass = deaths[i].pass,
                                           .inferences = 10,
                                           .timeout_ns = deaths[i].timeout_ns};
        blocks[2 * i + 1] = (struct rig_block){.id = names[2 * i + 1], .pass = COLD};
    }
    rig_run(&journal, &(struct rig_job){id, 0, cases, n + 1, blocks, 2 * n}, "done", 120 * RIG_SECOND);
    for (size_t i = 0; i < n; i++) {
        expect(rig_line(&journal, names[2 * i]), &deaths[i]);
        assert_string_equal(rig_text(rig_line(&journal, names[2 * i + 1]), "outcome"), "ok");
    }
    rig_journal_release(&journal);
}

static void test_phases(void **state) {
    static const struct death deaths[] = {
        {"open", "{\"type\": \"edgedyno-script\"}",
         "{\"type\": \"edgedyno-script\", \"open\": {\"fail\": \"abort\"}}", COLD, 0, "crashed", "open",
         "signal 6", SIGABRT, -1, 0},
        {"open-refuses", "{\"type\": \"edgedyno-script\"}",
         "{\"type\": \"edgedyno-script\", \"open\": {\"fail\": \"refuse\", \"message\": \"no licence\"}}",
         COLD, 0, "refused", "open", "no licence", 0, 0, 0},
        {"load", "{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"segv\"}}", NULL, COLD, 0, "crashed",
         "load", "", SIGSEGV, -1, 0},
        {"load-refuses",
         "{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"refuse\", \"message\": \"operator Foo is "
         "\\\"unknown\\\"\"}}",
         NULL, COLD, 0, "refused", "load", "operator Foo is \"unknown\"", 0, 0, 0},
        {"bind",
         "{\"type\": \"edgedyno-script\", \"inputs\": [{\"name\": \"x\", \"shape\": [\"batch\", 3]}]}", NULL,
         NULL, 0, "refused", "bind", "--shape x=", 0, 0, 0},
        {"run-0", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"abort\"}}", NULL, NULL, 0, "crashed",
         "warmup", "signal 6", SIGABRT, -1, 0},
        {"run-5",
         "{\"type\": \"edgedyno-script\", \"run\": {\"ns\": 1000000, \"fail\": \"abort\", \"fail_at\": 5}}",
         NULL, NULL, 0, "crashed", "warmup", "signal 6", SIGABRT, -1, 0},
        {"timed", RIG_SCRIPT(", \"run\": {\"ns\": 200000, \"fail\": \"abort\", \"fail_at\": 10}"), NULL, NULL,
         0, "crashed", "timed", "signal 6", SIGABRT, -1, 10 - RIG_WARM_INFERENCES},
        {"evidence",
         RIG_SCRIPT(
             ", \"run\": {\"ns\": 200000, \"fail\": \"refuse\", \"message\": \"enough\", \"fail_at\": 13}"),
         NULL, NULL, 0, "refused", "evidence", "enough", 0, 0, 10},
        {"unload", RIG_SCRIPT(", \"run\": {\"ns\": 200000}, \"unload\": {\"fail\": \"segv\"}"), NULL, NULL, 0,
         "crashed", "unload", "", SIGSEGV, -1, 10},
    };
    (void)state;
    run_deaths("phases", deaths, sizeof deaths / sizeof *deaths);
}

static void test_ways(void **state) {
    static const struct death deaths[] = {
        {"segv", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"segv\"}}", NULL, COLD, 0, "crashed",
         "warmup", "", SIGSEGV, -1, 0},
        {"kill", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"kill\"}}", NULL, COLD, 0, "crashed",
         "warmup", "ended by signal 9", SIGKILL, -1, 0},
        {"exit0", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"exit0\"}}", NULL, COLD, 0, "crashed",
         "warmup", "without a result (exit status 0)", 0, 0, 0},
        {"exit3", "{\"type\": \"edgedyno-script\", \"unload\": {\"fail\": \"exit3\"}}", NULL, COLD, 0,
         "crashed", "unload", "without a result (exit status 3)", 0, 3, 0},
        {"hang", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"hang\"}}", NULL, COLD, 700 * RIG_MS,
         "timeout", "warmup", "killed after its limit", SIGKILL, -1, 0},
        {"spin", "{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"spin\"}}", NULL, COLD, 700 * RIG_MS,
         "timeout", "load", "killed after its limit", SIGKILL, -1, 0},
        {"stopped", "{\"type\": \"edgedyno-script\", \"unload\": {\"fail\": \"stop\"}}", NULL, COLD,
         700 * RIG_MS, "timeout", "unload", "killed after its limit", SIGKILL, -1, 0},
    };
    (void)state;
    run_deaths("ways", deaths, sizeof deaths / sizeof *deaths);
}

// Samples from before a death are those of their calls.
static void test_samples_kept(void **state) {
    struct rig_journal journal;
    size_t n = 0;
    (void)state;
    const struct rig_case c = {
        .model = rig_file("kept.json", RIG_SCRIPT(", \"run\": {\"ns\": [300000, 100000], \"fail\": \"kill\", "
                                                  "\"fail_at\": 23}"))};
    const struct rig_block blocks[] = {{.id = "a", .inferences = 100}, {.id = "b", .inferences = 100}};
    rig_run(&journal, &(struct rig_job){"kept", 0, &c, 1, blocks, 2}, "done", 60 * RIG_SECOND);
    for (int i = 0; i < 2; i++) {
        const cJSON *line = rig_line(&journal, blocks[i].id);
        int64_t *samples = rig_samples("kept", line, &n);
        assert_int_equal(n, 20);
        assert_int_equal(rig_int(line, "samples.offset"), i * 160);
        for (size_t k = 0; k < n; k++)
            assert_true(samples[k] >= (k % 2 ? 300000 : 100000));
        assert_null(rig_find(line, "timed"));
        free(samples);
    }
    rig_journal_release(&journal);
}

// Killed from outside, without any sign that memory ran out.
static void test_killed_from_outside(void **state) {
    struct rig_journal journal;
    (void)state;
    const struct rig_case cases[] = {
        {.model = rig_file("hang.json", "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"hang\"}}")},
        {.model = rig_file("well.json", "{\"type\": \"edgedyno-script\"}")}};
    const struct rig_block blocks[] = {{.id = "killed", .pass = COLD},
                                       {.id = "next", .case_index = 1, .pass = COLD}};
    const struct rig_job job = {"outside", 0, cases, 2, blocks, 2};
    pid_t worker = rig_worker(rig_start(&job), 20 * RIG_SECOND);
    assert_true(worker > 0);
    assert_int_equal(kill(worker, SIGKILL), 0);
    assert_string_equal(rig_wait("outside", 20 * RIG_SECOND), "ended");
    rig_journal_read(&journal, "outside");
    const cJSON *line = rig_line(&journal, "killed");
    assert_string_equal(rig_text(line, "outcome"), "crashed");
    assert_int_equal(rig_int(line, "signal"), SIGKILL);
    assert_null(rig_find(line, "oom_evidence"));
    assert_null(strstr(rig_text(line, "message"), "memory"));
    assert_string_equal(rig_text(rig_line(&journal, "next"), "outcome"), "ok");
    rig_journal_release(&journal);
}

// A megabyte of bytes that are no text, on both streams: the end of it is in the journal as clean text, and
// nothing anywhere else.
static void test_garbage(void **state) {
    struct rig_journal journal;
    (void)state;
    const struct rig_case cases[] = {
        {.model = rig_file("garbage.json",
                           "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"garbage_stdout\"}, "
                           "\"unload\": {\"fail\": \"refuse\", \"message\": \"no\"}}")},
        {.model = rig_file("garbage-ok.json",
                           "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"garbage_stdout\"}}")}};
    const struct rig_block blocks[] = {{.id = "refused", .pass = COLD},
                                       {.id = "ok", .case_index = 1, .pass = COLD}};
    const struct rig_job job = {"garbage", 0, cases, 2, blocks, 2};
    struct rig_reply reply = rig_try_start(&job);
    assert_int_equal(reply.exit_code, 0);
    assert_true(reply.bytes < 300);
    rig_reply_release(&reply);
    assert_string_equal(rig_wait("garbage", 60 * RIG_SECOND), "ended");
    rig_journal_read(&journal, "garbage");
    const cJSON *line = rig_line(&journal, "refused");
    const char *tail = rig_text(line, "worker_output");
    assert_string_equal(rig_text(line, "outcome"), "refused");
    assert_true(strlen(tail) > 0 && strlen(tail) <= 3 * 2048);
    for (const char *p = journal.text; *p; p++)
        assert_true((unsigned char)*p >= ' ' || *p == '\n');
    assert_string_equal(rig_text(rig_line(&journal, "ok"), "outcome"), "ok");
    assert_null(rig_find(rig_line(&journal, "ok"), "worker_output"));
    assert_true(strlen(journal.text) < 64 << 10);
    rig_journal_release(&journal);
}

// One refusal is an answer; two crashes or timeouts are enough. What is not run is said, with the reason.
static void test_giving_up(void **state) {
    static const struct {
        const char *block, *outcome;
        bool skipped;
    } due[] = {{"refuse-1", "refused", false}, {"refuse-2", "cancelled", true}, {"crash-1", "crashed", false},
               {"crash-2", "crashed", false},  {"crash-3", "cancelled", true},  {"mixed-1", "timeout", false},
               {"mixed-2", "timeout", false},  {"mixed-3", "cancelled", true},  {"well", "ok", false},
               {"refuse-3", "cancelled", true}};
    struct rig_journal journal;
    (void)state;
    const struct rig_case cases[] = {
        {.model = rig_file(
             "refuse.json",
             "{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"refuse\", \"message\": \"no\"}}")},
        {.model = rig_file("crash.json", "{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"abort\"}}")},
        {.model = rig_file("hangs.json", "{\"type\": \"edgedyno-script\", \"load\": {\"fail\": \"hang\"}}")},
        {.model = rig_file("well.json", "{\"type\": \"edgedyno-script\"}")}};
    const struct rig_block blocks[] = {
        {.id = "refuse-1", .pass = COLD},
        {.id = "refuse-2", .pass = COLD},
        {.id = "crash-1", .case_index = 1, .pass = COLD},
        {.id = "crash-2", .case_index = 1, .pass = COLD},
        {.id = "crash-3", .case_index = 1, .pass = COLD},
        {.id = "mixed-1", .case_index = 2, .pass = COLD, .timeout_ns = 300 * RIG_MS},
        {.id = "mixed-2", .case_index = 2, .pass = COLD, .timeout_ns = 300 * RIG_MS},
        {.id = "mixed-3", .case_index = 2, .pass = COLD, .timeout_ns = 300 * RIG_MS},
        {.id = "well", .case_index = 3, .pass = COLD},
        {.id = "refuse-3", .pass = COLD},
    };
    rig_run(&journal, &(struct rig_job){"giving-up", 0, cases, 4, blocks, 10}, "done", 60 * RIG_SECOND);
    for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
        const cJSON *line = rig_line(&journal, due[i].block);
        assert_string_equal(rig_text(line, "outcome"), due[i].outcome);
        assert_int_equal(cJSON_IsTrue(rig_find(line, "skipped")), due[i].skipped);
        if (due[i].skipped)
            assert_non_null(strstr(rig_text(line, "message"), due[i].block[0] == 'r'   ? "ended refused"
                                                              : due[i].block[0] == 'c' ? "ended crashed"
                                                                                       : "ended timeout"));
    }
    rig_journal_release(&journal);
}

// An engine that overwrites the memory it shares with the supervisor harms its own block only.
static void test_wild_writer(void **state) {
    struct rig_journal journal;
    (void)state;
    const struct rig_case cases[] = {
        {.adapter = ED_WILD_ADAPTERS "/wild_ones.so"},
        {.adapter = ED_WILD_ADAPTERS "/wild_gigabyte.so"},
        {.adapter = ED_WILD_ADAPTERS "/wild_bytes.so"},
        {.model = rig_file("well.json", RIG_SCRIPT(", \"run\": {\"ns\": 100000}"))}};
    const struct rig_block blocks[] = {{.id = "wild-0", .inferences = 10},
                                       {.id = "wild-1", .case_index = 1, .inferences = 10},
                                       {.id = "wild-2", .case_index = 2, .inferences = 10},
                                       {.id = "well", .case_index = 3, .inferences = 10}};
    rig_run(&journal, &(struct rig_job){"wild", 0, cases, 4, blocks, 4}, "done", 60 * RIG_SECOND);
    for (int i = 0; i < 3; i++) {
        const cJSON *line = rig_line(&journal, blocks[i].id);
        assert_string_equal(rig_text(line, "outcome"), "crashed");
        assert_int_equal(rig_int(line, "signal"), SIGTERM);
        assert_int_equal(rig_int(line, "samples.count"), 0);
    }
    const cJSON *line = rig_line(&journal, "well");
    assert_string_equal(rig_text(line, "outcome"), "ok");
    assert_int_equal(rig_int(line, "samples.offset"), 0);
    assert_int_equal(rig_int(line, "samples.count"), 10);
    rig_journal_release(&journal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),       cmocka_unit_test(test_ways),
        cmocka_unit_test(test_samples_kept), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_giving_up),    cmocka_unit_test(test_killed_from_outside),
        cmocka_unit_test(test_wild_writer),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
