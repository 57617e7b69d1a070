// SPDX-License-Identifier: Apache-2.0
// Latencies that are known beforehand come out of the runner as they went in, on a machine with other load on
// it: a sample is never shorter than its script, and the median is not longer than a little.
#include "tests/runner/rig.h"

#include <unistd.h>

#include "base/clock.h"
#include "edgedyno/wire.h"

static int by_value(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t median(const int64_t *samples, size_t n) {
    int64_t *sorted = malloc(n * sizeof *sorted);
    assert_non_null(sorted);
    memcpy(sorted, samples, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    const int64_t middle = sorted[n / 2];
    free(sorted);
    return middle;
}

// 2 % and 20 us: what a busy machine may add to the median of a call of some 100 us, of which few are
// interrupted.
static bool close_above(int64_t found, int64_t script) {
    return found >= script && found < script + script / 50 + 20000;
}

static void test_constant(void **state) {
    static const int64_t scripts[] = {50000, 200000, 700000};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[128], id[32];
        struct rig_journal journal;
        size_t n = 0;
        snprintf(text, sizeof text, RIG_SCRIPT(", \"run\": {\"ns\": %lld}"), (long long)scripts[i]);
        snprintf(id, sizeof id, "constant-%zu", i);
        const struct rig_case c = {.model = rig_file("constant.json", text)};
        const struct rig_block block = {.id = "b", .inferences = 301};
        rig_run(&journal, &(struct rig_job){id, 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
        const cJSON *line = rig_line(&journal, "b");
        int64_t *samples = rig_samples(id, line, &n);
        assert_string_equal(rig_text(line, "outcome"), "ok");
        assert_int_equal(rig_int(line, "timed.batch"), 1);
        assert_int_equal(n, 301);
        for (size_t k = 0; k < n; k++)
            if (samples[k] < scripts[i])
                rig_fail("sample %zu is %lld ns, shorter than its script's %lld", k, (long long)samples[k],
                         (long long)scripts[i]);
        print_message("script %lld ns, median %lld ns\n", (long long)scripts[i],
                      (long long)median(samples, n));
        assert_true(close_above(median(samples, n), scripts[i]));
        // The sum of the samples lies inside the timed window.
        int64_t sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += samples[k];
        const int64_t window = rig_int(line, "timed.end_raw_ns") - rig_int(line, "timed.begin_raw_ns");
        assert_true(sum <= window && window <= rig_int(line, "wall_ns"));
        free(samples);
        rig_journal_release(&journal);
    }
}

// Every sample is that of its call: the list goes on where warm-up left it.
static void test_list(void **state) {
    static const int64_t list[] = {100000, 400000, 200000, 600000, 300000};
    struct rig_journal journal;
    size_t n = 0;
    (void)state;
    const struct rig_case c = {
        .model = rig_file("list.json",
                          RIG_SCRIPT(", \"run\": {\"ns\": [100000, 400000, 200000, 600000, 300000]}"))};
    const struct rig_block block = {.id = "b", .inferences = 505};
    rig_run(&journal, &(struct rig_job){"list", 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
    const cJSON *line = rig_line(&journal, "b");
    int64_t *samples = rig_samples("list", line, &n), *excess = malloc(505 * sizeof *excess);
    const int64_t warm = rig_int(line, "warmup.inferences");
    assert_non_null(excess);
    assert_int_equal(n, 505);
    for (size_t k = 0; k < n; k++) {
        excess[k] = samples[k] - list[(warm - 2 + (int64_t)k) % 5];
        if (excess[k] < 0)
            rig_fail("sample %zu is %lld ns, its script's call takes %lld", k, (long long)samples[k],
                     (long long)list[(warm - 2 + (int64_t)k) % 5]);
    }
    assert_true(median(excess, n) < 20000);
    assert_true(close_above(median(samples, n), 300000));
    free(samples);
    free(excess);
    rig_journal_release(&journal);
}

// First inference and warm-up are apart from what is timed; load has its own time.
static void test_first_and_load(void **state) {
    struct rig_journal journal;
    size_t n = 0;
    (void)state;
    const struct rig_case c = {
        .model = rig_file("first.json", "{\"type\": \"edgedyno-script\", \"load\": {\"ns\": 30000000}, "
                                        "\"warmup\": {\"ns\": [40000000, 3000000, 3000000]}, "
                                        "\"run\": {\"ns\": 100000}}")};
    const struct rig_block block = {.id = "b", .inferences = 200};
    rig_run(&journal, &(struct rig_job){"first", 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
    const cJSON *line = rig_line(&journal, "b");
    int64_t *samples = rig_samples("first", line, &n);
    assert_true(rig_int(line, "load_ns") >= 30000000);
    assert_true(rig_int(line, "first_inference_ns") >= 40000000);
    assert_true(rig_int(line, "warmup.inferences") >= 31);
    assert_true(rig_int(line, "warmup.ns") >= 250000000);
    assert_true(close_above(median(samples, n), 100000));
    free(samples);
    rig_journal_release(&journal);
}

// Inferences that are too short for the clock are timed in batches, whose sum is one sample.
static void test_batch(void **state) {
    struct rig_journal journal;
    size_t n = 0;
    (void)state;
    const struct rig_case c = {.model = rig_file("short.json", "{\"type\": \"edgedyno-script\"}")};
    const struct rig_block block = {.id = "b", .inferences = 100000};
    rig_run(&journal, &(struct rig_job){"batch", 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
    const cJSON *line = rig_line(&journal, "b");
    int64_t *samples = rig_samples("batch", line, &n);
    const int64_t batch = rig_int(line, "timed.batch"), step = rig_int(line, "clock.step_ns");
    assert_true(batch >= 1 && step >= 1);
    assert_int_equal(n, (100000 + batch - 1) / batch);
    if (batch > 1) // 1000 steps of the clock are a sample; the batch was chosen by the shortest call of
                   // warm-up
        assert_true(median(samples, n) >= 500 * step);
    free(samples);
    rig_journal_release(&journal);
}

// Both limits of a block: enough inferences and enough time, but never beyond the largest.
static void test_limits(void **state) {
    static const struct rig_block blocks[] = {
        {.id = "count", .min_inferences = 150, .min_ns = 1000000},
        {.id = "time", .min_inferences = 1, .min_ns = 100000000},
        {.id = "max-time", .min_inferences = 100000, .min_ns = 1000000, .max_ns = 50000000},
        {.id = "max-samples", .min_inferences = 100000, .min_ns = 1000000, .max_samples = 37},
    };
    struct rig_journal journal;
    (void)state;
    const struct rig_case c = {.model = rig_file("limits.json", RIG_SCRIPT(", \"run\": {\"ns\": 200000}"))};
    rig_run(&journal, &(struct rig_job){"limits", 0, &c, 1, blocks, 4}, "done", 60 * RIG_SECOND);
    assert_int_equal(rig_int(rig_line(&journal, "count"), "samples.count"), 150);
    const cJSON *line = rig_line(&journal, "time");
    const int64_t n = rig_int(line, "samples.count");
    assert_true(n >= 1 && n <= 100000000 / 200000 + 1);
    assert_true(rig_int(line, "timed.end_raw_ns") - rig_int(line, "timed.begin_raw_ns") >= 100000000);
    line = rig_line(&journal, "max-time");
    assert_true(rig_int(line, "samples.count") <= 50000000 / 200000 + 1);
    assert_int_equal(rig_int(rig_line(&journal, "max-samples"), "samples.count"), 37);
    // One after the other in one file, without a gap.
    static const char *const order[] = {"count", "time", "max-time", "max-samples"};
    int64_t offset = 0;
    for (size_t i = 0; i < 4; i++) {
        line = rig_line(&journal, order[i]);
        assert_int_equal(rig_int(line, "samples.offset"), offset);
        offset += 8 * rig_int(line, "samples.count");
    }
    rig_journal_release(&journal);
}

static void has_keys(const cJSON *line, const char *const *keys) {
    for (; *keys; keys++)
        if (!rig_find(line, *keys)) {
            char *text = cJSON_PrintUnformatted(line);
            rig_fail("no %s in %s", *keys, text);
        }
}

// What a controller builds results from is there, and nothing that is not known is.
static void test_journal_keys(void **state) {
    static const char *const job_keys[] = {"type",
                                           "wire",
                                           "job",
                                           "campaign",
                                           "runner_version",
                                           "started.raw_ns",
                                           "started.boot_ns",
                                           "started.real_us",
                                           "channels",
                                           NULL};
    static const char *const keys[] = {"type",
                                       "block",
                                       "case",
                                       "pass",
                                       "repetition",
                                       "outcome",
                                       "started.raw_ns",
                                       "started.monotonic_ns",
                                       "ended.boot_ns",
                                       "samples.offset",
                                       "samples.count",
                                       "clock.step_ns",
                                       "clock.floor_ns",
                                       "open_ns",
                                       "load_ns",
                                       "first_inference_ns",
                                       "warmup.ns",
                                       "warmup.state",
                                       "timed.batch",
                                       "marks",
                                       "wall_ns",
                                       "worker.spawn_ns",
                                       "worker.cpu_ns",
                                       "worker.minor_faults",
                                       "supervisor.cpu_ns",
                                       "probes",
                                       "evidence.placement.proven",
                                       "evidence.deterministic",
                                       "evidence.engine_version",
                                       "evidence.inputs",
                                       "evidence.outputs",
                                       "evidence.threads_seen",
                                       NULL};
    static const char *const absent[] = {"message", "died_in_phase", "exit_code", "signal",
                                         "cold",    "worker_output", "skipped"};
    static const char *const marks[] = {"before_load", "after_load", "after_warmup", "after_timed",
                                        "after_unload"};
    struct rig_journal journal;
    (void)state;
    const struct rig_case c = {
        .id = "A-case",
        .model =
            rig_file("keys.json",
                     RIG_SCRIPT(", \"run\": {\"ns\": 100000}, "
                                "\"inputs\": [{\"name\": \"x\", \"shape\": [2, 3]}], "
                                "\"outputs\": [{\"name\": \"y\", \"shape\": [2]}], \"threads\": 3, "
                                "\"placement\": {\"unit\": \"node\", \"total\": 1, \"proven\": true, "
                                "\"places\": [{\"name\": \"A\", \"processor\": \"npu\", \"count\": 1}]}"))};
    const struct rig_block block = {.id = "b", .inferences = 10};
    rig_run(&journal, &(struct rig_job){"keys", 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
    assert_int_equal(journal.n, 3);
    has_keys(journal.lines[0].root, job_keys);
    assert_string_equal(rig_text(journal.lines[0].root, "type"), "job");
    const cJSON *line = rig_line(&journal, "b");
    has_keys(line, keys);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (rig_find(line, absent[i]))
            rig_fail("%s in the line of a block that is ok", absent[i]);
    assert_string_equal(rig_text(line, "case"), "A-case");
    assert_int_equal(rig_int(line, "evidence.threads_seen"), 3);
    int64_t before = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_true(rig_mark(line, marks[i], "rss_bytes") > 0);
        assert_true(rig_mark(line, marks[i], "peak_bytes") > 0);
        assert_true(rig_mark(line, marks[i], "raw_ns") > before);
        before = rig_mark(line, marks[i], "raw_ns");
    }
    // A cold pass has its own.
    rig_journal_release(&journal);
    const struct rig_block cold = {.id = "c", .pass = ED_PASS_COLD};
    rig_run(&journal, &(struct rig_job){"keys-cold", 0, &c, 1, &cold, 1}, "done", 60 * RIG_SECOND);
    line = rig_line(&journal, "c");
    has_keys(line, (const char *const[]){"cold.resident_share", "load_ns", "first_inference_ns", NULL});
    assert_null(rig_find(line, "timed"));
    assert_int_equal(rig_int(line, "samples.count"), 0);
    rig_journal_release(&journal);
}

// What the supervisor costs while a block runs: memory and processor time.
static void test_supervisor_cost(void **state) {
    struct rig_journal journal;
    (void)state;
    const struct rig_case c = {.model = rig_file("cost.json", RIG_SCRIPT(", \"run\": {\"ns\": 200000}"))};
    const struct rig_block block = {.id = "b", .min_inferences = 1, .min_ns = 3 * RIG_SECOND};
    const struct rig_job job = {"cost", 0, &c, 1, &block, 1};
    pid_t supervisor = rig_start(&job);
    int64_t most = 0;
    assert_true(rig_worker(supervisor, 10 * RIG_SECOND) > 0);
    for (char text[64]; rig_proc_status(supervisor, "VmRSS", text, sizeof text); usleep(50000))
        most = strtoll(text, NULL, 10) > most ? strtoll(text, NULL, 10) : most;
    rig_wait("cost", 30 * RIG_SECOND);
    rig_journal_read(&journal, "cost");
    const cJSON *line = rig_line(&journal, "b");
    const double share = (double)rig_int(line, "supervisor.cpu_ns") / (double)rig_int(line, "wall_ns");
    print_message("supervisor: %lld kB resident, %.2f %% of a processor\n", (long long)most, 100 * share);
    assert_true(rig_int(line, "wall_ns") >= 3 * RIG_SECOND);
    if (!RIG_SANITIZED) {
        assert_true(most > 0 && most < 6144);
        assert_true(share < 0.03);
    }
    rig_journal_release(&journal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant),        cmocka_unit_test(test_list),
        cmocka_unit_test(test_first_and_load),  cmocka_unit_test(test_batch),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_journal_keys),
        cmocka_unit_test(test_supervisor_cost),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
