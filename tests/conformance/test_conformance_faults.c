// SPDX-License-Identifier: Apache-2.0
// The checks find what they are for: adapters with one fault each must fail the right check with the right
// words, one without a fault none, and every check has a fault that it finds.
#include "tests/conformance/scratch.h"

static char model[128], damaged[128];

static const struct {
    const char *fault, *check, *words;
} faults[] = {
    {"ABI", "table", "abi 2"},
    {"ENTRY", "entry", "abi 0"},
    {"NULL_HOOK", "table", "'wait' is NULL"},
    {"OPTION_ROW", "option_rows", "own default"},
    {"MANIFEST", "manifest", "has 1 options, the adapter 2"},
    {"OPEN_ONCE", "open_close_twice", "it is open already"},
    {"SURVEY", "survey", "'gpu' is not available without a reason"},
    {"BACKEND", "unknown_backend", "there was no error"},
    {"OPTION_ANY", "unknown_option", "there was no error"},
    {"OPTION_VALUE", "wrong_option_value", "there was no error"},
    {"OPTION_REFUSED", "option", "mode is fast or slow"},
    {"TOO_MANY", "describe", "65 outputs"},
    {"SAME_NAME", "describe", "output 'y' is there twice"},
    {"BYTES", "describe", "'x' says 12 bytes"},
    {"VIEW_BYTES", "outputs", "'y' has 12 bytes"},
    {"OVERRUN", "outputs_capacity", "room for 0 wrote more"},
    {"RANDOM", "outputs_repeat", "second run"},
    {"CLOBBER", "outputs_stay", "output 0 changed"},
    {"WRITES_INPUT", "inputs_unchanged", "run with inputs that cannot be written: it crashed with signal 11"},
    {"RELOAD", "reload", "after unload and load"},
    {"PLACEMENT", "placement", "have 2 node, the total is 3"},
    {"MEMORY", "engine_memory", "-5"},
    {"LOADS_ANYTHING", "load_missing", "there was no error"},
    {"LOADS_ANYTHING", "load_empty", "there was no error"},
    {"LOADS_ANYTHING", "load_truncated", "there was no error"},
    {"LOADS_LONG", "load_random", "there was no error"},
    {"LOADS_LONG", "load_damaged", "there was no error"},
    {"NO_WORDS", "load_missing", "without a message"},
    {"AFTER_ERROR", "load_empty", "it failed before"},
    {"PRINTS_OPEN", "quiet", "open printed 8 bytes to standard output"},
    {"PRINTS_RUN", "quiet", "run printed 24 bytes to standard output"},
    {"WARNS_RUN", "quiet", "run printed 24 bytes to standard error"},
    {"THREAD", "threads", "1 threads are left"},
    {"LEAK", "memory_growth", "50 loads"},
    {"CRASH_UNLOAD", "reload", "unload: it crashed with signal 11"},
    {"ABORT_SURVEY", "survey", "survey: it crashed with signal 6"},
    {"EXIT_RUN", "outputs", "run: it ended the process with exit status 0"},
    {"HANG_EMPTY", "load_empty", "did not return in time"},
};
enum { N_FAULTS = sizeof faults / sizeof *faults };

static size_t check(const char *fault, struct ed_conformance_result *results) {
    char adapter[ED_PATH_BYTES];
    const char *const files[] = {model}, *const bad_files[] = {damaged};
    struct ed_error err = {0};
    size_t n = 0;
    snprintf(adapter, sizeof adapter, ED_BAD_ADAPTERS "/bad_%s.so", fault);
    const struct ed_conformance_subject subject = {
        .adapter = adapter,
        .manifest = ED_SOURCE_DIR "/tests/conformance/bad_manifest.json",
        .scratch_dir = scratch,
        .model_files = files,
        .n_model_files = 1,
        .backend = "cpu",
        .option_key = "mode",
        .option_value = "slow",
        .wrong_value = "sideways",
        .damaged = bad_files,
        .n_damaged = 1,
        .growth_max_bytes = GROWTH_MAX_BYTES,
        .timeout_ns = !strcmp(fault, "HANG_EMPTY") ? INT64_C(2000000000) : 0};
    if (ed_conformance_run(&subject, results, &n, &err) != ED_OK)
        fail_msg("%s: %s", err.where, err.message);
    return n;
}

static void test_none(void **state) {
    static struct ed_conformance_result results[ED_CONFORMANCE_MAX];
    (void)state;
    const size_t n = check("NONE", results);
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict != ED_CONFORMANCE_OK)
            fail_msg("%s: %s: %s", results[i].name, ed_conformance_word(results[i].verdict),
                     results[i].words);
        size_t found = 0;
        for (size_t k = 0; k < N_FAULTS; k++)
            found += !strcmp(faults[k].check, results[i].name);
        if (!found)
            fail_msg("no fault shows that the check '%s' can fail", results[i].name);
    }
    assert_true(n >= 25);
}

static void test_faults(void **state) {
    static struct ed_conformance_result results[ED_CONFORMANCE_MAX];
    size_t wrong = 0;
    (void)state;
    for (size_t k = 0; k < N_FAULTS; k++) {
        const size_t n = check(faults[k].fault, results);
        const struct ed_conformance_result *result = NULL;
        for (size_t i = 0; i < n; i++)
            if (!strcmp(results[i].name, faults[k].check))
                result = &results[i];
        if (result && result->verdict == ED_CONFORMANCE_FAILED && strstr(result->words, faults[k].words))
            continue;
        print_error("%s: %s should have failed with '%s': %s '%s'\n", faults[k].fault, faults[k].check,
                    faults[k].words, result ? ed_conformance_word(result->verdict) : "no such check",
                    result ? result->words : "");
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

// What cannot be checked is said, not passed over.
static void test_subjects(void **state) {
    static struct ed_conformance_result results[ED_CONFORMANCE_MAX];
    struct ed_conformance_subject subject = {
        .adapter = ED_BAD_ADAPTERS "/nothing.so", .backend = "cpu", .scratch_dir = scratch};
    struct ed_error err = {0};
    size_t n = 0;
    (void)state;
    assert_int_equal(ed_conformance_run(&subject, results, &n, &err), ED_OK);
    assert_true(n >= 25);
    assert_int_equal(results[0].verdict, ED_CONFORMANCE_FAILED);
    assert_non_null(strstr(results[0].words, "does not load"));
    subject.adapter = "nothing.so";
    assert_int_equal(ed_conformance_run(&subject, results, &n, &err), ED_ERR_USAGE);
    assert_int_equal(n, 0);
}

static int make_models(void **state) {
    char text[64] = "MODEL";
    if (make_scratch(state) != 0)
        return -1;
    snprintf(model, sizeof model, "%s/good.model", scratch);
    snprintf(damaged, sizeof damaged, "%s/damaged.model", scratch);
    if (ed_path_write_atomic(model, text, sizeof text, 0600, NULL) != ED_OK)
        return -1;
    text[0] = 'm';
    return ed_path_write_atomic(damaged, text, sizeof text, 0600, NULL) == ED_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none), cmocka_unit_test(test_faults),
                                       cmocka_unit_test(test_subjects)};
    return cmocka_run_group_tests(tests, make_models, remove_scratch);
}
