// SPDX-License-Identifier: Apache-2.0
// Workloads: their text, their way over the wire, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/workload.h"

#define SECOND_NS INT64_C(1000000000)

static const struct {
    struct ed_workload workload;
    const char *text;
} good[] = {
    {{0}, "single-stream"},
    {{.deadline_ns = 20000000}, "single-stream deadline 20 ms"},
    {{.scenario = ED_SCENARIO_FIXED_RATE, .rate_per_s = 50, .deadline_ns = 1500000},
     "fixed-rate 50/s deadline 1500 us"},
    {{.scenario = ED_SCENARIO_POISSON, .rate_per_s = 0.5}, "poisson 0.5/s"},
    {{.scenario = ED_SCENARIO_OFFLINE, .streams = 4}, "offline x4"},
    {{.scenario = ED_SCENARIO_SUSTAINED, .duration_ns = 600 * SECOND_NS}, "sustained 10 min"},
    {{.prompt_tokens = 512}, "pp512"},
    {{.prompt_tokens = 512, .generate_tokens = 128, .depth_tokens = 1024}, "pp512+tg128 @ d1024"},
    {{.speech = true}, "speech"},
    {{.scenario = ED_SCENARIO_OFFLINE, .streams = 4, .speech = true}, "speech offline x4"},
    {{.generate_tokens = 1, .scenario = ED_SCENARIO_OFFLINE, .streams = 64}, "tg1 offline x64"},
};

static const struct ed_workload bad[] = {
    {.scenario = ED_SCENARIO_FIXED_RATE},
    {.scenario = ED_SCENARIO_COUNT},
    {.rate_per_s = 1},
    {.scenario = ED_SCENARIO_OFFLINE},
    {.scenario = ED_SCENARIO_OFFLINE, .streams = 65},
    {.streams = 2},
    {.scenario = ED_SCENARIO_SUSTAINED},
    {.duration_ns = 5},
    {.deadline_ns = -1},
    {.prompt_tokens = -1, .generate_tokens = 2},
    {.generate_tokens = ED_WORKLOAD_TOKENS_MAX + 1},
    {.depth_tokens = 8},
    {.speech = true, .prompt_tokens = 8},
};

static void test_round_trip(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[ED_WORKLOAD_TEXT_BYTES];
        struct ed_buffer json;
        struct ed_json_writer writer;
        struct ed_json_document document = {0};
        struct ed_workload read;
        struct ed_error err = {0};
        ed_workload_print(text, sizeof text, &good[i].workload);
        assert_string_equal(text, good[i].text);
        assert_int_equal(ed_workload_check(&good[i].workload, "x", &err), ED_OK);
        ed_buffer_init(&json, 4096);
        ed_json_writer_init(&writer, &json, false);
        ed_json_object_begin(&writer, NULL);
        ed_workload_write(&writer, "workload", &good[i].workload);
        ed_json_object_end(&writer);
        assert_int_equal(ed_json_parse(&document, "test", ed_buffer_text(&json), json.size, &err), ED_OK);
        const struct ed_json_at root = ed_json_root(&document);
        assert_int_equal(ed_workload_read(&root, "workload", &read, &err), ED_OK);
        assert_int_equal(read.scenario, good[i].workload.scenario);
        assert_true(read.rate_per_s == good[i].workload.rate_per_s);
        assert_int_equal(read.duration_ns, good[i].workload.duration_ns);
        assert_int_equal(read.streams, good[i].workload.streams);
        assert_int_equal(read.deadline_ns, good[i].workload.deadline_ns);
        assert_int_equal(read.prompt_tokens, good[i].workload.prompt_tokens);
        assert_int_equal(read.generate_tokens, good[i].workload.generate_tokens);
        assert_int_equal(read.depth_tokens, good[i].workload.depth_tokens);
        ed_json_document_release(&document);
        ed_buffer_release(&json);
    }
}

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ed_error err = {0};
        if (ed_workload_check(&bad[i], "--scenario", &err) != ED_ERR_USAGE)
            fail_msg("workload %zu was taken", i);
        assert_string_equal(err.where, "--scenario");
    }
}

static void test_wire_refused(void **state) {
    static const char *const texts[] = {
        "{\"workload\":5}",
        "{\"workload\":{}}",
        "{\"workload\":{\"scenario\":\"x\"}}",
        "{\"workload\":{\"scenario\":\"poisson\"}}",
        "{\"workload\":{\"scenario\":\"poisson\",\"rate_per_s\":1e300}}",
        "{\"workload\":{\"scenario\":\"offline\",\"streams\":9223372036854775807}}",
        "{\"workload\":{\"scenario\":\"single-stream\",\"prompt_tokens\":-5}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ed_json_document document = {0};
        struct ed_workload read;
        struct ed_error err = {0};
        assert_int_equal(ed_json_parse(&document, "test", texts[i], strlen(texts[i]), &err), ED_OK);
        const struct ed_json_at root = ed_json_root(&document);
        if (ed_workload_read(&root, "workload", &read, &err) == ED_OK)
            fail_msg("%s was taken", texts[i]);
        ed_json_document_release(&document);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_wire_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
