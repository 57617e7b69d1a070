// SPDX-License-Identifier: Apache-2.0
// CSV by RFC 4180: a header line, then one line a record. A text that a spreadsheet would take for a formula
// gets an apostrophe.
#include <inttypes.h>
#include <string.h>

#include "base/json_write.h"
#include "reports/csv_cell.h"
#include "reports/fields.h"
#include "reports/registry.h"
#include "reports/text.h"

struct csv_state {
    const struct ed_sink *sink;
};

void ed_csv_cell(struct ed_buffer *out, const char *text, size_t max) {
    struct ed_buffer valid;
    ed_buffer_init(&valid, ED_REPORT_MAX_BYTES);
    ed_text_valid(&valid, text, max);
    out->no_memory = out->no_memory || valid.no_memory;
    const char *safe = ed_buffer_text(&valid);
    bool formula = *safe != '\0' && strchr("=+-@\t\r", *safe) != NULL;
    bool quoted =
        strpbrk(safe, ",\"\r\n") != NULL || *safe == ' ' || (*safe && safe[strlen(safe) - 1] == ' ');
    if (quoted)
        ed_buffer_append(out, "\"", 1);
    if (formula)
        ed_buffer_append(out, "'", 1);
    for (const char *p = safe; *p; p++)
        ed_buffer_append(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    if (quoted)
        ed_buffer_append(out, "\"", 1);
    ed_buffer_release(&valid);
}

static enum ed_status csv_begin(void *state, const struct ed_report_info *info, const struct ed_sink *sink,
                                struct ed_error *err) {
    struct csv_state *csv = state;
    struct ed_buffer line;
    (void)info;
    csv->sink = sink;
    ed_buffer_init(&line, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&line, "case");
    for (int i = 0; i < ED_FIELD_COUNT; i++) {
        const char *key = ed_result_fields()[i].key;
        ed_buffer_printf(&line, ",%s", key);
        if (ed_result_has_ends(i))
            ed_buffer_printf(&line, ",%s_low,%s_high", key, key);
    }
    ed_buffer_text_append(&line, ",reasons\r\n");
    enum ed_status status = ed_sink_flush(sink, &line, "the CSV header", err);
    ed_buffer_release(&line);
    return status;
}

static void number_append(struct ed_buffer *out, const struct ed_result *result, int field, int end) {
    enum ed_result_type type = ed_result_fields()[field].type;
    char text[32];
    double value;
    ed_buffer_append(out, ",", 1);
    if (!ed_result_number(result, field, end, &value))
        return;
    if (type == ED_RESULT_INT || type == ED_RESULT_SPANI) {
        ed_buffer_printf(out, "%" PRId64, ed_result_int(result, field, end));
    } else {
        ed_json_format_real(text, value);
        ed_buffer_text_append(out, text);
    }
}

static void field_append(struct ed_buffer *out, const struct ed_result *result, int field) {
    enum ed_result_type type = ed_result_fields()[field].type;
    if (type == ED_RESULT_TEXT || type == ED_RESULT_BOOL) {
        ed_buffer_append(out, ",", 1);
        if (ed_result_is_null(result, field))
            return;
        if (type == ED_RESULT_TEXT)
            ed_csv_cell(out, ed_result_text(result, field), ED_RESULT_TEXT_BYTES);
        else
            ed_buffer_text_append(out, ed_result_bool(result, field) ? "true" : "false");
        return;
    }
    number_append(out, result, field, 0);
    if (ed_result_has_ends(field)) {
        number_append(out, result, field, -1);
        number_append(out, result, field, 1);
    }
}

static enum ed_status csv_record(void *state, const struct ed_result *result, struct ed_error *err) {
    struct csv_state *csv = state;
    struct ed_buffer line, reasons;
    ed_buffer_init(&line, ED_REPORT_MAX_BYTES);
    ed_buffer_init(&reasons, ED_REPORT_MAX_BYTES);
    ed_csv_cell(&line, result->case_id, sizeof result->case_id);
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        field_append(&line, result, i);
    ed_buffer_append(&line, ",", 1);
    for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++) {
        const struct ed_reason *reason = &result->reasons[i];
        ed_buffer_printf(&reasons, "%s%s:%s: %s", i ? "; " : "", reason->key, reason->code, reason->text);
    }
    line.no_memory = line.no_memory || reasons.no_memory;
    ed_csv_cell(&line, ed_buffer_text(&reasons), ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&line, "\r\n");
    enum ed_status status = ed_sink_flush(csv->sink, &line, "a CSV line", err);
    ed_buffer_release(&reasons);
    ed_buffer_release(&line);
    return status;
}

static enum ed_status csv_end(void *state, struct ed_error *err) {
    (void)state;
    (void)err;
    return ED_OK;
}

const struct ed_report ed_report_csv = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "csv",
    .summary = "one line a case for spreadsheets, every key a column",
    .suffix = ".csv",
    .state_bytes = sizeof(struct csv_state),
    .begin = csv_begin,
    .record = csv_record,
    .end = csv_end,
};
