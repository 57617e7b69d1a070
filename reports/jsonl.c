// SPDX-License-Identifier: Apache-2.0
// JSON lines: one record a line, nothing else.
#include "reports/json_record.h"
#include "reports/registry.h"
#include "reports/text.h"

struct jsonl_state {
    const struct ed_report_info *info;
    const struct ed_sink *sink;
};

static enum ed_status jsonl_begin(void *state, const struct ed_report_info *info, const struct ed_sink *sink,
                                  struct ed_error *err) {
    struct jsonl_state *jsonl = state;
    (void)err;
    jsonl->info = info;
    jsonl->sink = sink;
    return ED_OK;
}

static enum ed_status jsonl_record(void *state, const struct ed_result *result, struct ed_error *err) {
    struct jsonl_state *jsonl = state;
    struct ed_json_writer writer;
    struct ed_buffer line;
    ed_buffer_init(&line, ED_REPORT_MAX_BYTES);
    ed_json_writer_init(&writer, &line, false);
    enum ed_status status = ed_result_json(&writer, NULL, jsonl->info, result, err);
    ed_buffer_append(&line, "\n", 1);
    if (status == ED_OK)
        status = ed_sink_flush(jsonl->sink, &line, "a JSON line", err);
    ed_buffer_release(&line);
    return status;
}

static enum ed_status jsonl_end(void *state, struct ed_error *err) {
    (void)state;
    (void)err;
    return ED_OK;
}

const struct ed_report ed_report_jsonl = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "jsonl",
    .summary = "one JSON record a line",
    .suffix = ".jsonl",
    .state_bytes = sizeof(struct jsonl_state),
    .begin = jsonl_begin,
    .record = jsonl_record,
    .end = jsonl_end,
};
