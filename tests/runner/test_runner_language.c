// SPDX-License-Identifier: Apache-2.0
// Language workloads in the runner: times of prompt and tokens that are known beforehand, what is timed and
// what is not, and engines that do not do what they were asked.
#include "tests/runner/rig.h"

#include "edgedyno/wire.h"

#define SETTLED "\"warmup_ns\": 270000000"
#define TALK(more) "{\"type\": \"edgedyno-script\", \"language\": {" more "}}"

static const cJSON *run(struct rig_journal *journal, const char *id, const char *script, struct rig_case c,
                        int64_t inferences) {
    c.model = rig_file("talk.json", script);
    const struct rig_block block = {.id = "b", .inferences = inferences};
    rig_run(journal, &(struct rig_job){id, 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
    return rig_line(journal, "b");
}

static void test_times(void **state) {
    static const int64_t token_ns[] = {200000, 300000, 400000};
    struct rig_journal journal;
    size_t n = 0;
    (void)state;
    const cJSON *line = run(
        &journal, "times",
        TALK(SETTLED ", \"prefill_ns_per_token\": 50000, \"token_ns\": [200000, 300000, 400000], \"bos\": 1"),
        (struct rig_case){.prompt = 16, .generate = 3}, 20);
    assert_string_equal(rig_text(line, "outcome"), "ok");
    assert_int_equal(rig_int(line, "samples.stride"), 4);
    int64_t *samples = rig_samples("times", line, &n), total = 0;
    assert_int_equal(n, 20 * 4);
    for (size_t i = 0; i < n; i++) {
        const int64_t least = i % 4 ? token_ns[i % 4 - 1] : 16 * 50000;
        if (samples[i] < least)
            rig_fail("number %zu is %lld ns, shorter than its script's %lld", i, (long long)samples[i],
                     (long long)least);
        total += samples[i];
    }
    assert_true(total <= rig_int(line, "timed.end_raw_ns") - rig_int(line, "timed.begin_raw_ns"));
    // Two slow inferences and one behind the mark.
    assert_int_equal(rig_int(line, "warmup.inferences"), 3);
    assert_true(rig_int(line, "first_inference_ns") >= 270000000 + 800000 + 900000);
    assert_int_equal(rig_int(line, "evidence.language.vocabulary"), 256);
    assert_int_equal(rig_int(line, "evidence.language.context_tokens"), 19);
    assert_true(cJSON_IsTrue(rig_find(line, "evidence.deterministic")));
    free(samples);
    rig_journal_release(&journal);
}

// Only generated tokens: the prompt's number is 0. Only a prompt: one number an inference, as for tensors.
static void test_halves(void **state) {
    struct rig_journal journal;
    size_t n = 0;
    (void)state;
    const cJSON *line = run(&journal, "generate", TALK(SETTLED ", \"token_ns\": 100000"),
                            (struct rig_case){.generate = 5}, 4);
    int64_t *samples = rig_samples("generate", line, &n);
    assert_int_equal(n, 4 * 6);
    for (size_t i = 0; i < n; i++)
        assert_true(i % 6 ? samples[i] >= 100000 : samples[i] == 0);
    free(samples);
    rig_journal_release(&journal);
    line = run(&journal, "prompt", TALK(SETTLED ", \"prefill_ns_per_token\": 100000"),
               (struct rig_case){.prompt = 5}, 4);
    samples = rig_samples("prompt", line, &n);
    assert_int_equal(n, 4);
    assert_null(rig_find(line, "samples.stride"));
    for (size_t i = 0; i < n; i++)
        assert_true(samples[i] >= 500000);
    free(samples);
    rig_journal_release(&journal);
}

// The depth's tokens cost 200 ms, and no time says so; with a cache that cannot be cut they are put there in
// every inference, which the window says.
static void test_depth(void **state) {
    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        struct rig_journal journal;
        size_t n = 0;
        const cJSON *line = run(&journal, cut ? "cut" : "empty",
                                cut ? TALK("\"prefill_ns_per_token\": 2000000, \"cut\": true")
                                    : TALK("\"prefill_ns_per_token\": 2000000, \"cut\": false"),
                                (struct rig_case){.prompt = 1, .depth = 100}, 3);
        int64_t *samples = rig_samples(cut ? "cut" : "empty", line, &n);
        assert_string_equal(rig_text(line, "outcome"), "ok");
        assert_int_equal(n, 3);
        for (size_t i = 0; i < n; i++)
            if (samples[i] < 2000000 || samples[i] > 190000000)
                rig_fail("a prompt of 2 ms behind a depth of 200 ms took %lld ns", (long long)samples[i]);
        const int64_t window = rig_int(line, "timed.end_raw_ns") - rig_int(line, "timed.begin_raw_ns");
        if (!cut)
            assert_true(window >= 3 * 202 * RIG_MS);
        free(samples);
        rig_journal_release(&journal);
    }
}

static void test_refused(void **state) {
    static const struct {
        const char *script, *status, *words;
        int64_t depth;
    } rows[] = {
        {"{\"type\": \"edgedyno-script\"}", "unsupported", "takes tensors", 0},
        {TALK(SETTLED ", \"emit\": 2"), "refused", "the engine told of 8", 0},
        {TALK(SETTLED ", \"emit\": 0"), "refused", "the engine told of 0", 0},
        {TALK("\"context_tokens\": 8"), "limit", "has room for 8", 4},
        {TALK("\"vocabulary\": 4, \"bos\": 4"), "refused", "cannot be", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig_journal journal;
        char id[32];
        snprintf(id, sizeof id, "refused-%zu", i);
        const cJSON *line = run(&journal, id, rows[i].script,
                                (struct rig_case){.prompt = 2, .generate = 4, .depth = rows[i].depth}, 2);
        assert_string_equal(rig_text(line, "outcome"), "refused");
        assert_string_equal(rig_text(line, "status"), rows[i].status);
        if (!strstr(rig_text(line, "message"), rows[i].words))
            rig_fail("no \"%s\" in: %s", rows[i].words, rig_text(line, "message"));
        assert_int_equal(rig_int(line, "samples.count"), 0);
        rig_journal_release(&journal);
    }
}

// More numbers than a block keeps: refused before anything runs. Without an exact count the block ends where
// its room ends.
static void test_room(void **state) {
    (void)state;
    const struct rig_case c = {.model = rig_file("talk.json", TALK(SETTLED)), .generate = 999};
    struct rig_block block = {.id = "b", .inferences = 1001};
    struct rig_reply reply = rig_try_start(&(struct rig_job){"room", 0, &c, 1, &block, 1});
    rig_expect_error(&reply, "usage", "a block keeps the times of 1000000");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),   cmocka_unit_test(test_halves), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
