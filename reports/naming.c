// SPDX-License-Identifier: Apache-2.0
// The words that tell cases apart.
#include "reports/naming.h"

#include <inttypes.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/text.h"

static const struct ed_naming_kind kinds[ED_NAMING_COUNT] = {
    {"campaign", NULL, ED_FIELD_campaign, false},
    {"device", "device ", ED_FIELD_device, false},
    {"engine", "", ED_FIELD_engine, false},
    {"backend", "", ED_FIELD_backend, false},
    {"model", "", ED_FIELD_model, false},
    {"variant", "", ED_FIELD_variant, false},
    {"threads", "threads ", ED_FIELD_threads, false},
    {"options", "", ED_FIELD_options, false},
    {"workload", "", ED_FIELD_workload, false},
    {"label", "", ED_FIELD_label, false},
    {"task", NULL, ED_FIELD_accuracy_task, false},
    {"ran on", "ran on ", ED_FIELD_placement_observed, true},
    {"metric", "metric ", ED_FIELD_accuracy_metric, true},
};

const struct ed_naming_kind *ed_naming_kind(enum ed_naming naming) {
    return &kinds[naming];
}

static void threads_append(struct ed_buffer *out, const struct ed_result *result) {
    if (result->has[ED_FIELD_threads] && result->threads == 0)
        ed_buffer_text_append(out, "default");
    else if (result->has[ED_FIELD_threads])
        ed_buffer_printf(out, "%" PRId64, result->threads);
}

void ed_naming_text(struct ed_buffer *out, const struct ed_result *r, enum ed_naming naming) {
    int field = kinds[naming].field;
    if (naming == ED_NAMING_ENGINE) {
        ed_text_visible(out, r->engine, sizeof r->engine);
        if (!ed_result_is_null(r, ED_FIELD_engine_version)) {
            ed_buffer_text_append(out, "@");
            ed_text_visible(out, r->engine_version, sizeof r->engine_version);
        }
    } else if (naming == ED_NAMING_THREADS) {
        threads_append(out, r);
    } else if (!ed_result_is_null(r, field)) {
        ed_text_visible(out, ed_result_text(r, field), ED_RESULT_TEXT_BYTES);
    }
}

static bool texts_equal(const struct ed_result *a, const struct ed_result *b, int field) {
    bool null = ed_result_is_null(a, field);
    if (null || ed_result_is_null(b, field))
        return null && ed_result_is_null(b, field);
    return strcmp(ed_result_text(a, field), ed_result_text(b, field)) == 0;
}

bool ed_naming_equal(const struct ed_result *a, const struct ed_result *b, enum ed_naming naming) {
    if (naming == ED_NAMING_THREADS)
        return a->has[ED_FIELD_threads] == b->has[ED_FIELD_threads] && a->threads == b->threads;
    return texts_equal(a, b, kinds[naming].field) &&
           (naming != ED_NAMING_ENGINE || texts_equal(a, b, ED_FIELD_engine_version));
}

void ed_naming_key_text(struct ed_buffer *out, const struct ed_result *r, int field) {
    if (field < 0) {
        ed_buffer_text_append(out, "case ");
        ed_text_visible(out, r->case_id, sizeof r->case_id);
        return;
    }
    const struct ed_result_field *row = &ed_result_fields()[field];
    if (ed_result_is_null(r, field)) {
        ed_buffer_printf(out, "%s -", row->key);
        return;
    }
    ed_buffer_printf(out, "%s ", row->key);
    if (field == ED_FIELD_threads)
        threads_append(out, r);
    else if (row->type == ED_RESULT_TEXT)
        ed_text_visible(out, ed_result_text(r, field), ED_RESULT_TEXT_BYTES);
    else if (row->type == ED_RESULT_BOOL)
        ed_buffer_text_append(out, ed_result_bool(r, field) ? "yes" : "no");
    else if (row->type == ED_RESULT_INT || row->type == ED_RESULT_SPANI)
        ed_buffer_printf(out, "%" PRId64, ed_result_int(r, field, 0));
}
