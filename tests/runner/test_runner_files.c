// SPDX-License-Identifier: Apache-2.0
// Nothing is measured with other files than those the controller named: not at the start, not when one
// changes later. And a job that is wrong in any way is refused before anything runs.
#include "tests/runner/rig.h"

#include <unistd.h>

#include "edgedyno/wire.h"

static const struct rig_block one = {.id = "b", .pass = ED_PASS_COLD};

static void refused(const struct rig_job *job, const char *status, const char *words) {
    struct rig_reply reply = rig_try_start(job);
    rig_expect_error(&reply, status, words);
    reply = rig_call_job("status", job->id);
    rig_expect_error(&reply, "not_found", job->id);
}

static void test_wrong_files(void **state) {
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    (void)state;
    const char *model = rig_file("model.json", "{\"type\": \"edgedyno-script\"}");
    struct rig_case c = {.model = model, .sha256 = zeros};
    const struct rig_job job = {"files", 0, &c, 1, &one, 1};
    refused(&job, "version", "model.json");
    c = (struct rig_case){.model = model, .wrong_bytes = 7};
    refused(&job, "version", "expected 7 bytes");
    c = (struct rig_case){.model = rig_path("missing.json")};
    refused(&job, "not_found", "missing.json");
    c = (struct rig_case){.model = model, .adapter = rig_path("missing.so")};
    refused(&job, "not_found", "missing.so");
    c = (struct rig_case){.model = rig_home}; // a directory
    refused(&job, "io", "edgedyno-runner-");
    // An adapter that is no adapter is found out by the worker, in words.
    c = (struct rig_case){.model = model, .adapter = model};
    struct rig_journal journal;
    rig_run(&journal, &job, "done", 20 * RIG_SECOND);
    const cJSON *line = rig_line(&journal, "b");
    assert_string_equal(rig_text(line, "outcome"), "refused");
    assert_string_equal(rig_text(line, "died_in_phase"), "open");
    assert_non_null(strstr(rig_text(line, "message"), "does not load"));
    rig_journal_release(&journal);
}

// A model that is replaced while another case runs: its later blocks are refused with the reason, the other
// case goes on.
static void test_change(void **state) {
    struct rig_journal journal;
    char changing[ED_PATH_BYTES], steady[ED_PATH_BYTES];
    (void)state;
    snprintf(changing, sizeof changing, "%s",
             rig_file("changing.json", "{\"type\": \"edgedyno-script\", \"threads\": 1}"));
    snprintf(steady, sizeof steady, "%s",
             rig_file("steady.json", "{\"type\": \"edgedyno-script\", \"load\": {\"ns\": 1500000000}}"));
    const struct rig_case cases[] = {{.model = changing}, {.model = steady}};
    const struct rig_block blocks[] = {{.id = "before", .pass = ED_PASS_COLD},
                                       {.id = "meanwhile", .case_index = 1, .pass = ED_PASS_COLD},
                                       {.id = "after", .pass = ED_PASS_COLD},
                                       {.id = "later", .pass = ED_PASS_COLD},
                                       {.id = "steady", .case_index = 1, .pass = ED_PASS_COLD}};
    rig_start(&(struct rig_job){"change", 0, cases, 2, blocks, 5});
    rig_wait_block("change", "meanwhile", 20 * RIG_SECOND);
    rig_file("changing.json", "{\"type\": \"edgedyno-script\", \"threads\": 2}"); // of the same size
    assert_string_equal(rig_wait("change", 30 * RIG_SECOND), "ended");
    rig_journal_read(&journal, "change");
    assert_string_equal(rig_text(rig_line(&journal, NULL), "reason"), "done");
    assert_string_equal(rig_text(rig_line(&journal, "before"), "outcome"), "ok");
    assert_string_equal(rig_text(rig_line(&journal, "after"), "outcome"), "refused");
    assert_non_null(strstr(rig_text(rig_line(&journal, "after"), "message"), "changing.json"));
    assert_non_null(strstr(rig_text(rig_line(&journal, "after"), "message"), "changed"));
    assert_string_equal(rig_text(rig_line(&journal, "later"), "outcome"), "cancelled");
    assert_string_equal(rig_text(rig_line(&journal, "meanwhile"), "outcome"), "ok");
    assert_string_equal(rig_text(rig_line(&journal, "steady"), "outcome"), "ok");
    rig_journal_release(&journal);
}

static void try_text(const char *text, size_t bytes, const char *status, const char *words) {
    struct rig_reply reply = rig_call(text, bytes, (const char *[]){"start", "--work", rig_work, NULL});
    rig_expect_error(&reply, status, words);
}

static void test_hostile_jobs(void **state) {
    struct ed_buffer text;
    char jobs[ED_PATH_BYTES];
    (void)state;
    const struct rig_case c = {.model = rig_file("model.json", "{\"type\": \"edgedyno-script\"}")};
    rig_job_text(&text, &(struct rig_job){"hostile", 0, &c, 1, &one, 1});
    const size_t n = text.size;
    for (size_t cut = 0; cut < n; cut += n / 23 + 1)
        try_text(ed_buffer_text(&text), cut, "parse", "job on standard input");
    try_text("{}", 2, "usage", "type");
    try_text("[]", 2, "usage", "expected an object");
    try_text("{\"type\":\"journal\",\"wire\":\"1.0\"}", 31, "usage", "type");
    try_text("{\"type\":\"job\",\"wire\":\"2.0\"}", 27, "version", "2.0");
    try_text("{\"type\":\"job\",\"wire\":\"\"}", 24, "usage", "wire");
    try_text("{\"type\":\"job\",\"wire\":\"1.0\",\"job\":\"a/b\"}", 39, "usage", "/job");
    try_text("{\"type\":\"job\",\"wire\":\"1.0\",\"job\":\"..\"}", 38, "usage", "/job");
    // Larger than a message may be: white space around a good job.
    const size_t large = 17u << 20;
    char *spaces = malloc(large);
    assert_non_null(spaces);
    memset(spaces, ' ', large);
    memcpy(spaces, ed_buffer_text(&text), n);
    try_text(spaces, large, "limit", "limit");
    memset(spaces, '[', large);
    try_text(spaces, 1 << 20, "limit", "nested");
    free(spaces);
    ed_buffer_release(&text);
    // None of them has left anything.
    snprintf(jobs, sizeof jobs, "%s/jobs/hostile", rig_work);
    assert_false(ed_path_exists(jobs));
    const struct rig_job job = {"../hostile", 0, &c, 1, &one, 1};
    struct rig_reply reply = rig_try_start(&job);
    rig_expect_error(&reply, "usage", "/job");
    // A work directory that cannot be made.
    rig_job_text(&text, &(struct rig_job){"hostile", 0, &c, 1, &one, 1});
    char work[ED_PATH_BYTES];
    snprintf(work, sizeof work, "%s/model.json/work", rig_home);
    reply = rig_call(ed_buffer_text(&text), text.size, (const char *[]){"start", "--work", work, NULL});
    rig_expect_error(&reply, "io", "model.json");
    ed_buffer_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrong_files), cmocka_unit_test(test_change),
                                       cmocka_unit_test(test_hostile_jobs)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
