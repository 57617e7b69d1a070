// SPDX-License-Identifier: Apache-2.0
// For services that keep figures over time: Bencher Metric Format, an object a benchmark with its measures;
// and the array that github-action-benchmark reads as "customSmallerIsBetter". Of a gate only the candidates.
#include <string.h>

#include "base/json_write.h"
#include "reports/ci.h"
#include "reports/fields.h"
#include "reports/registry.h"
#include "reports/text.h"
#include "reports/view.h"

// Measured figures of latency, language, memory and power; no ids, no counts. Of what ran elsewhere, answers
// wrongly or is simulated no times: nobody is to take them for speed.
static bool is_measure(const struct ed_result *result, int field) {
    static const char *const groups[] = {"latency", "language", "memory", "power"};
    const struct ed_result_field *row = &ed_result_fields()[field];
    const char *why;
    if (!ed_view_speed_usable(result, &why) && strcmp(row->group, "memory") != 0)
        return false;
    if (row->type == ED_RESULT_TEXT || row->type == ED_RESULT_BOOL || !*row->unit)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(row->group, groups[i]))
            return true;
    return false;
}

static bool smaller_is_better(int field) {
    return strcmp(ed_result_fields()[field].unit, "1/s") != 0;
}

static void bmf_record(struct ed_json_writer *w, const struct ed_result *result) {
    struct ed_buffer name;
    double value, end;
    ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
    ed_ci_name(&name, result);
    ed_json_object_begin(w, ed_buffer_text(&name));
    for (int field = 0; field < ED_FIELD_COUNT; field++) {
        if (!is_measure(result, field) || !ed_result_number(result, field, 0, &value))
            continue;
        ed_json_object_begin(w, ed_result_fields()[field].key);
        ed_json_real(w, "value", value);
        if (result->has_span[field] && ed_result_number(result, field, -1, &end))
            ed_json_real(w, "lower_value", end);
        if (result->has_span[field] && ed_result_number(result, field, 1, &end))
            ed_json_real(w, "upper_value", end);
        ed_json_object_end(w);
    }
    ed_json_object_end(w);
    ed_buffer_release(&name);
}

static void benchmark_record(struct ed_json_writer *w, const struct ed_result *result) {
    struct ed_buffer name;
    char range[96], low_text[32], high_text[32];
    double value, low, high;
    ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
    for (int field = 0; field < ED_FIELD_COUNT; field++) {
        if (!is_measure(result, field) || !smaller_is_better(field) ||
            !ed_result_number(result, field, 0, &value))
            continue;
        ed_buffer_clear(&name);
        ed_ci_name(&name, result);
        ed_buffer_printf(&name, " %s", ed_result_fields()[field].key);
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", ed_buffer_text(&name));
        ed_json_text(w, "unit", ed_result_fields()[field].unit);
        ed_json_real(w, "value", value);
        if (result->has_span[field] && ed_result_number(result, field, -1, &low) &&
            ed_result_number(result, field, 1, &high)) {
            ed_json_format_real(low_text, low);
            ed_json_format_real(high_text, high);
            snprintf(range, sizeof range, "%s to %s", low_text, high_text);
            ed_json_text(w, "range", range);
        }
        ed_json_object_end(w);
    }
    ed_buffer_release(&name);
}

// A case has a record a task; the figures are the same in each.
static bool is_first(const struct ed_records *records, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (!strcmp(records->items[k]->device, records->items[i]->device) &&
            !strcmp(records->items[k]->case_id, records->items[i]->case_id) &&
            ed_ci_is_kept(records->info, records->items[k]))
            return false;
    return true;
}

static enum ed_status finish(struct ed_records *records, bool bmf, const char *what, struct ed_error *err) {
    struct ed_buffer out;
    struct ed_json_writer w;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    ed_json_writer_init(&w, &out, true);
    if (bmf)
        ed_json_object_begin(&w, NULL);
    else
        ed_json_array_begin(&w, NULL);
    for (size_t i = 0; i < records->n; i++) {
        if (!ed_ci_is_kept(records->info, records->items[i]) || !is_first(records, i))
            continue;
        if (bmf)
            bmf_record(&w, records->items[i]);
        else
            benchmark_record(&w, records->items[i]);
    }
    if (bmf)
        ed_json_object_end(&w);
    else
        ed_json_array_end(&w);
    ed_buffer_text_append(&out, "\n");
    enum ed_status status = ed_sink_flush(records->sink, &out, what, err);
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

static enum ed_status bmf_end(void *state, struct ed_error *err) {
    return finish(state, true, "the Bencher Metric Format", err);
}

static enum ed_status benchmark_end(void *state, struct ed_error *err) {
    return finish(state, false, "the array of figures", err);
}

const struct ed_report ed_report_bmf = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "bmf",
    .summary = "Bencher Metric Format",
    .suffix = ".bmf",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = bmf_end,
};

const struct ed_report ed_report_benchmark_action = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "benchmark-action",
    .summary = "the array that github-action-benchmark reads (customSmallerIsBetter)",
    .suffix = ".benchmark",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = benchmark_end,
};
