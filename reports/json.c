// SPDX-License-Identifier: Apache-2.0
// JSON: one document with the campaign and its records; and the JSON form of a record, which jsonl.c shares.
#include <stdio.h>

#include "base/json_write.h"
#include "reports/choice.h"
#include "reports/fields.h"
#include "reports/gate.h"
#include "reports/json_record.h"
#include "reports/ops.h"
#include "reports/registry.h"
#include "reports/text.h"

struct json_state {
    const struct ed_report_info *info;
    const struct ed_sink *sink;
    struct ed_buffer out;
    struct ed_json_writer writer;
};

static void number_write(struct ed_json_writer *writer, const char *key, const struct ed_result *result,
                         int field, int end) {
    enum ed_result_type type = ed_result_fields()[field].type;
    double value;
    if (!ed_result_number(result, field, end, &value))
        ed_json_null(writer, key);
    else if (type == ED_RESULT_INT || type == ED_RESULT_SPANI)
        ed_json_int(writer, key, ed_result_int(result, field, end));
    else
        ed_json_real(writer, key, value);
}

static void field_write(struct ed_json_writer *writer, const struct ed_result *result, int field) {
    const struct ed_result_field *row = &ed_result_fields()[field];
    char name[64];
    switch (row->type) {
    case ED_RESULT_TEXT:
        ed_json_text(writer, row->key,
                     ed_result_is_null(result, field) ? NULL : ed_result_text(result, field));
        break;
    case ED_RESULT_BOOL:
        if (ed_result_is_null(result, field))
            ed_json_null(writer, row->key);
        else
            ed_json_bool(writer, row->key, ed_result_bool(result, field));
        break;
    case ED_RESULT_INT:
    case ED_RESULT_REAL:
        number_write(writer, row->key, result, field, 0);
        break;
    case ED_RESULT_SPANI:
    case ED_RESULT_SPANR:
        number_write(writer, row->key, result, field, 0);
        snprintf(name, sizeof name, "%s_low", row->key);
        number_write(writer, name, result, field, -1);
        snprintf(name, sizeof name, "%s_high", row->key);
        number_write(writer, name, result, field, 1);
        break;
    }
}

enum ed_status ed_result_json(struct ed_json_writer *writer, const char *key,
                              const struct ed_report_info *info, const struct ed_result *result,
                              struct ed_error *err) {
    enum ed_status status = ED_OK;
    ed_json_object_begin(writer, key);
    ed_json_text(writer, "case", result->case_id);
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        field_write(writer, result, i);
    ed_json_array_begin(writer, "reasons");
    for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "key", result->reasons[i].key);
        ed_json_text(writer, "code", result->reasons[i].code);
        ed_json_text(writer, "text", result->reasons[i].text);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
    if (info)
        status = ed_ops_json(writer, info, result, err);
    ed_json_object_end(writer);
    return status;
}

static enum ed_status json_begin(void *state, const struct ed_report_info *info, const struct ed_sink *sink,
                                 struct ed_error *err) {
    struct json_state *json = state;
    struct ed_json_writer *writer = &json->writer;
    json->info = info;
    json->sink = sink;
    ed_buffer_init(&json->out, ED_REPORT_MAX_BYTES);
    ed_json_writer_init(writer, &json->out, true);
    ed_json_object_begin(writer, NULL);
    ed_json_text(writer, "edgedyno", info->version);
    ed_json_text(writer, "campaign", info->campaign);
    ed_json_text(writer, "started", info->started_utc);
    ed_json_text(writer, "suite", info->suite);
    ed_json_array_begin(writer, "hardware");
    for (size_t i = 0; i < info->n_hardware; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "device", info->hardware[i].device);
        ed_json_text(writer, "summary", info->hardware[i].summary);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
    ed_json_array_begin(writer, "absent");
    for (size_t i = 0; i < info->n_absent; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "device", info->absent[i].device);
        ed_json_text(writer, "reason", info->absent[i].reason);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
    ed_json_array_begin(writer, "requirements");
    for (size_t i = 0; i < info->n_requirements; i++)
        ed_json_text(writer, NULL, info->requirements[i]);
    ed_json_array_end(writer);
    if (info->gate)
        ed_report_gate_json(writer, "gate", info->gate);
    if (info->choice) {
        ed_json_object_begin(writer, "choice");
        ed_choice_json_members(writer, info->choice);
        ed_json_object_end(writer);
    }
    ed_json_array_begin(writer, "records");
    enum ed_status status = ed_sink_flush(sink, &json->out, "the JSON report", err);
    if (status)
        ed_buffer_release(&json->out); // `end` is not called after a begin that failed
    return status;
}

static enum ed_status json_record(void *state, const struct ed_result *result, struct ed_error *err) {
    struct json_state *json = state;
    enum ed_status status = ed_result_json(&json->writer, NULL, json->info, result, err);
    return status ? status : ed_sink_flush(json->sink, &json->out, "the JSON report", err);
}

static enum ed_status json_end(void *state, struct ed_error *err) {
    struct json_state *json = state;
    ed_json_array_end(&json->writer);
    ed_json_object_end(&json->writer);
    ed_buffer_append(&json->out, "\n", 1);
    enum ed_status status = ed_sink_flush(json->sink, &json->out, "the JSON report", err);
    ed_buffer_release(&json->out);
    if (status == ED_OK && json->writer.misuse)
        return ed_fail(err, ED_ERR_INTERNAL, "json", "the JSON report is unbalanced: a defect of edgedyno");
    return status;
}

const struct ed_report ed_report_json = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "json",
    .summary = "one JSON document with the campaign and its records",
    .suffix = ".json",
    .state_bytes = sizeof(struct json_state),
    .begin = json_begin,
    .record = json_record,
    .end = json_end,
};
