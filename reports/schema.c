// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of the formats "json" and "jsonl", from the table of result keys.
#include "reports/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "reports/fields.h"

static void type_write(struct ed_json_writer *w, const char *type, bool nullable) {
    if (!nullable) {
        ed_json_text(w, "type", type);
        return;
    }
    ed_json_array_begin(w, "type");
    ed_json_text(w, NULL, type);
    ed_json_text(w, NULL, "null");
    ed_json_array_end(w);
}

static void simple_write(struct ed_json_writer *w, const char *key, const char *type, bool nullable,
                         const char *description) {
    ed_json_object_begin(w, key);
    type_write(w, type, nullable);
    if (description)
        ed_json_text(w, "description", description);
    ed_json_object_end(w);
}

static void words_write(struct ed_json_writer *w, const char *words) {
    ed_json_array_begin(w, "enum");
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, "|");
        ed_json_text_n(w, NULL, p, n);
        p += n + (p[n] == '|');
    }
    ed_json_null(w, NULL);
    ed_json_array_end(w);
}

static void field_write(struct ed_json_writer *w, int index) {
    static const char *const types[] = {"string", "integer", "number", "boolean", "integer", "number"};
    const struct ed_result_field *field = &ed_result_fields()[index];
    const char *type = types[field->type];
    char text[320], name[64];
    snprintf(text, sizeof text, "%s%s%s%s", field->help, *field->unit ? " [" : "", field->unit,
             *field->unit ? "]" : "");
    ed_json_object_begin(w, field->key);
    type_write(w, type, true);
    if (ed_result_words(index))
        words_write(w, ed_result_words(index));
    ed_json_text(w, "description", text);
    ed_json_object_end(w);
    if (field->type != ED_RESULT_SPANI && field->type != ED_RESULT_SPANR)
        return;
    for (int high = 0; high < 2; high++) {
        snprintf(name, sizeof name, "%s_%s", field->key, high ? "high" : "low");
        snprintf(text, sizeof text, "%s end of the interval of %s", high ? "upper" : "lower", field->key);
        simple_write(w, name, type, true, text);
    }
}

static void names_write(struct ed_json_writer *w) {
    ed_json_array_begin(w, "required");
    ed_json_text(w, NULL, "case");
    for (int i = 0; i < ED_FIELD_COUNT; i++) {
        const struct ed_result_field *field = &ed_result_fields()[i];
        char name[64];
        ed_json_text(w, NULL, field->key);
        if (field->type != ED_RESULT_SPANI && field->type != ED_RESULT_SPANR)
            continue;
        snprintf(name, sizeof name, "%s_low", field->key);
        ed_json_text(w, NULL, name);
        snprintf(name, sizeof name, "%s_high", field->key);
        ed_json_text(w, NULL, name);
    }
    ed_json_text(w, NULL, "reasons");
    ed_json_array_end(w);
}

static void array_of(struct ed_json_writer *w, const char *key, const char *reference) {
    ed_json_object_begin(w, key);
    ed_json_text(w, "type", "array");
    ed_json_object_begin(w, "items");
    ed_json_text(w, "$ref", reference);
    ed_json_object_end(w);
    ed_json_object_end(w);
}

static void required_write(struct ed_json_writer *w, const char *const *names) {
    ed_json_array_begin(w, "required");
    for (; *names; names++)
        ed_json_text(w, NULL, *names);
    ed_json_array_end(w);
}

static void texts_object_write(struct ed_json_writer *w, const char *key, const char *description,
                               const char *const *names) {
    ed_json_object_begin(w, key);
    ed_json_text(w, "type", "object");
    ed_json_text(w, "description", description);
    ed_json_object_begin(w, "properties");
    for (const char *const *name = names; *name; name++)
        simple_write(w, *name, "string", false, NULL);
    ed_json_object_end(w);
    required_write(w, names);
    ed_json_object_end(w);
}

static void op_write(struct ed_json_writer *w) {
    static const char *const names[] = {"name", "op", "processor", "calls", "total_ns", "share", NULL};
    ed_json_object_begin(w, "op");
    ed_json_text(w, "type", "object");
    ed_json_text(w, "description",
                 "one operator of a case that was profiled, longest first; a pass of its own, not the speed");
    ed_json_object_begin(w, "properties");
    simple_write(w, "name", "string", false, "the engine's name of this node or layer");
    simple_write(w, "op", "string", false, "its type");
    simple_write(w, "processor", "string", false, "cpu, gpu, npu, remote or unknown");
    simple_write(w, "calls", "integer", false, "over all profiled runs");
    simple_write(w, "total_ns", "integer", false, "time over all profiled runs [ns]");
    simple_write(w, "share", "number", false, "of the time of all operators [fraction]");
    ed_json_object_end(w);
    required_write(w, names);
    ed_json_object_end(w);
}

static void record_write(struct ed_json_writer *w) {
    ed_json_object_begin(w, "record");
    ed_json_text(w, "type", "object");
    ed_json_text(w, "description", "one case and task; what was not measured is null with a reason");
    ed_json_object_begin(w, "properties");
    simple_write(w, "case", "string", false, "the same words for the same case in every campaign");
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        field_write(w, i);
    array_of(w, "reasons", "#/$defs/reason");
    array_of(w, "ops", "#/$defs/op");
    ed_json_object_end(w);
    names_write(w);
    ed_json_object_end(w);
}

static void document_write(struct ed_json_writer *w) {
    static const char *const required[] = {"edgedyno", "campaign",     "started", "suite", "hardware",
                                           "absent",   "requirements", "records", NULL};
    ed_json_object_begin(w, "document");
    ed_json_text(w, "type", "object");
    ed_json_object_begin(w, "properties");
    simple_write(w, "edgedyno", "string", false, "version of edgedyno");
    simple_write(w, "campaign", "string", false, "id of the campaign");
    simple_write(w, "started", "string", false, "UTC, as 2026-11-21T08:15:00Z");
    simple_write(w, "suite", "string", false, "name of the suite; empty for models on the command line");
    array_of(w, "hardware", "#/$defs/hardware");
    array_of(w, "absent", "#/$defs/absent");
    ed_json_object_begin(w, "requirements");
    ed_json_text(w, "type", "array");
    simple_write(w, "items", "string", false, "a requirement as written");
    ed_json_object_end(w);
    array_of(w, "records", "#/$defs/record");
    ed_json_object_end(w);
    required_write(w, required);
    ed_json_object_end(w);
}

static void choice_write(struct ed_json_writer *w, const char *key, const char *reference) {
    ed_json_object_begin(w, key);
    ed_json_text(w, "$ref", reference);
    ed_json_object_end(w);
}

void ed_report_schema(struct ed_buffer *out) {
    static const char *const reason[] = {"key", "code", "text", NULL},
                             *const hardware[] = {"device", "summary", NULL},
                             *const absent[] = {"device", "reason", NULL},
                             *const records[] = {"records", NULL};
    struct ed_json_writer writer, *w = &writer;
    ed_json_writer_init(w, out, true);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    ed_json_text(w, "title",
                 "edgedyno results: a document of format json, or one record (a line of format jsonl)");
    ed_json_text(w, "type", "object");
    ed_json_object_begin(w, "if");
    required_write(w, records);
    ed_json_object_end(w);
    choice_write(w, "then", "#/$defs/document");
    choice_write(w, "else", "#/$defs/record");
    ed_json_object_begin(w, "$defs");
    texts_object_write(
        w, "reason", "why a key is null, void or judged as it is; key is empty for the whole record", reason);
    texts_object_write(w, "hardware", "one device of the campaign", hardware);
    texts_object_write(w, "absent", "a device that was asked for and could not take part", absent);
    op_write(w);
    record_write(w);
    document_write(w);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_buffer_append(out, "\n", 1);
}
