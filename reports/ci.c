// SPDX-License-Identifier: Apache-2.0
// Judgements as a list.
#include "reports/ci.h"

#include <string.h>

#include "reports/fields.h"
#include "reports/gate.h"
#include "reports/text.h"

static enum ed_status add(struct ed_ci_list *list, struct ed_ci_item item, struct ed_error *err) {
    if (list->n == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 32;
        struct ed_ci_item *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for %zu judgements", capacity);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n++] = item;
    return ED_OK;
}

static enum ed_verdict verdict_of(const struct ed_reason *reason) {
    const size_t n = strlen(ED_REQUIREMENT_CODE);
    return strncmp(reason->code, ED_REQUIREMENT_CODE, n) ? ED_VERDICT_NONE
                                                         : ed_verdict_of_word(reason->code + n);
}

// One that was allowed.
static const struct ed_reason *fallback_of(const struct ed_result *result) {
    for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++)
        if (!strcmp(result->reasons[i].code, "fallback_allowed"))
            return &result->reasons[i];
    return NULL;
}

static enum ed_status add_fallback(struct ed_ci_list *list, const struct ed_result *result,
                                   struct ed_error *err) {
    const struct ed_reason *reason = fallback_of(result);
    // A case has a record a task.
    for (size_t i = 0; reason && i < list->n; i++)
        if (list->items[i].told && !strcmp(list->items[i].device, result->device) &&
            !strcmp(list->items[i].group, result->case_id))
            return ED_OK;
    return reason ? add(list,
                        (struct ed_ci_item){result->device, result->case_id, "fallback allowed",
                                            ED_VERDICT_PASS, reason->text, true},
                        err)
                  : ED_OK;
}

static enum ed_status add_record(struct ed_ci_list *list, const struct ed_result *result,
                                 struct ed_error *err) {
    const char *const outcome = result->has[ED_FIELD_outcome] ? result->outcome : "";
    const bool ran = !strcmp(outcome, "ok");
    const struct ed_reason *why = ed_result_reason_find(result, "outcome");
    enum ed_status status = ED_OK;
    size_t n = 0;
    if (!ran) {
        const enum ed_verdict verdict =
            !*outcome || !strcmp(outcome, "cancelled") ? ED_VERDICT_INCONCLUSIVE : ED_VERDICT_FAIL;
        status = add(list,
                     (struct ed_ci_item){result->device, result->case_id, "outcome", verdict,
                                         why ? why->text : "not run", false},
                     err);
        n++;
    }
    for (size_t i = 0; status == ED_OK && i < result->n_reasons && i < ED_REASONS_MAX; i++) {
        const struct ed_reason *reason = &result->reasons[i];
        const bool placement = !strcmp(reason->code, "placement_short");
        const enum ed_verdict verdict = placement ? ED_VERDICT_FAIL : verdict_of(reason);
        if (verdict == ED_VERDICT_NONE)
            continue;
        status = add(list,
                     (struct ed_ci_item){result->device, result->case_id,
                                         placement ? "placement_observed" : reason->key, verdict,
                                         reason->text, false},
                     err);
        n++;
    }
    if (status == ED_OK && !n)
        status =
            add(list,
                (struct ed_ci_item){result->device, result->case_id, "outcome", ED_VERDICT_PASS, "ok", false},
                err);
    return status ? status : add_fallback(list, result, err);
}

enum ed_status ed_ci_list_make(struct ed_ci_list *list, const struct ed_records *records,
                               struct ed_error *err) {
    const struct ed_report_info *info = records->info;
    enum ed_status status = ED_OK;
    memset(list, 0, sizeof *list);
    for (size_t i = 0; status == ED_OK && info->gate && i < info->gate->n; i++) {
        const struct ed_report_gate_row *row = &info->gate->rows[i];
        status =
            add(list,
                (struct ed_ci_item){row->device, row->model, row->requirement ? row->requirement : row->key,
                                    ed_verdict_of_word(row->verdict), row->why, row->told},
                err);
    }
    for (size_t i = 0; status == ED_OK && info->choice && i < info->choice->n; i++) {
        const struct ed_report_choice_row *row = &info->choice->rows[i];
        status = add(list,
                     (struct ed_ci_item){row->device, *row->model ? row->model : "engine", "choice",
                                         ed_verdict_of_word(row->verdict), row->why, false},
                     err);
        const bool last = i + 1 == info->choice->n || strcmp(row->device, row[1].device) != 0;
        for (size_t k = 0; status == ED_OK && last && k < records->n; k++)
            if (!strcmp(records->items[k]->device, row->device))
                status = add_fallback(list, records->items[k], err);
    }
    // Records of one device stand together in the list, however they are shown.
    for (size_t i = 0; status == ED_OK && !info->gate && !info->choice && i < records->n; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || !strcmp(records->items[k]->device, records->items[i]->device);
        for (size_t k = i; status == ED_OK && !seen && k < records->n; k++)
            if (!strcmp(records->items[k]->device, records->items[i]->device))
                status = add_record(list, records->items[k], err);
    }
    for (size_t i = 0; status == ED_OK && i < info->n_absent; i++)
        status = add(list,
                     (struct ed_ci_item){info->absent[i].device, "device", "took part", ED_VERDICT_INVALID,
                                         info->absent[i].reason, false},
                     err);
    return status;
}

void ed_ci_list_release(struct ed_ci_list *list) {
    free(list->items);
    memset(list, 0, sizeof *list);
}

bool ed_ci_is_kept(const struct ed_report_info *info, const struct ed_result *result) {
    // Of a gate's cases only the candidates are judged.
    return !strcmp(result->outcome, "ok") && (!info->gate || !ed_result_is_null(result, ED_FIELD_verdict));
}

void ed_ci_name(struct ed_buffer *out, const struct ed_result *result) {
    ed_text_visible(out, result->device, sizeof result->device);
    ed_buffer_text_append(out, " / ");
    ed_text_visible(out, result->case_id, sizeof result->case_id);
    if (fallback_of(result))
        ed_buffer_text_append(out, " (fell back)");
}
