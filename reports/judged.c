// SPDX-License-Identifier: Apache-2.0
// How the requirements went over all records, read from the reasons that the judgement left.
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/notes.h"
#include "reports/text.h"

// The verdict that a reason of a requirement carries; ED_VERDICT_NONE for any other reason.
static enum ed_verdict reason_verdict(const struct ed_reason *reason) {
    size_t n = strlen(ED_REQUIREMENT_CODE);
    return strncmp(reason->code, ED_REQUIREMENT_CODE, n) == 0 ? ed_verdict_of_word(reason->code + n)
                                                              : ED_VERDICT_NONE;
}

static bool is_about(const struct ed_reason *reason, const char *requirement) {
    size_t n = strlen(requirement);
    return strncmp(reason->text, requirement, n) == 0 && strncmp(reason->text + n, ": ", 2) == 0;
}

enum ed_verdict ed_judged_find(const struct ed_result *result, const char *requirement, const char **detail) {
    for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++) {
        const struct ed_reason *reason = &result->reasons[i];
        enum ed_verdict verdict = reason_verdict(reason);
        if (verdict == ED_VERDICT_NONE || !is_about(reason, requirement))
            continue;
        *detail = reason->text + strlen(requirement) + 2;
        return verdict;
    }
    *detail = "";
    return ED_VERDICT_NONE;
}

static bool text_add(struct ed_judged *judged, const char *text, size_t n) {
    char **grown = realloc(judged->texts, (judged->n + 1) * sizeof *grown);
    if (!grown)
        return false;
    judged->texts = grown;
    grown[judged->n] = strndup(text, n);
    return grown[judged->n] && ++judged->n > 0;
}

static bool is_listed(const struct ed_judged *judged, const struct ed_reason *reason) {
    for (size_t i = 0; i < judged->n; i++)
        if (is_about(reason, judged->texts[i]))
            return true;
    return false;
}

enum ed_status ed_judged_init(struct ed_judged *judged, const struct ed_report_info *info,
                              const struct ed_view *view, struct ed_error *err) {
    bool ok = true;
    memset(judged, 0, sizeof *judged);
    for (size_t i = 0; i < info->n_requirements && ok; i++) {
        const char *text = info->requirements[i] + strspn(info->requirements[i], " \t\r\n");
        size_t n = strlen(text);
        while (n > 0 && strchr(" \t\r\n", text[n - 1]))
            n--;
        ok = text_add(judged, text, n);
    }
    for (size_t row = 0; row < view->n_rows && ok; row++) {
        const struct ed_result *result = view->rows[row];
        for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX && ok; i++) {
            const struct ed_reason *reason = &result->reasons[i];
            const char *end = strstr(reason->text, ": ");
            if (reason_verdict(reason) != ED_VERDICT_NONE && end && !is_listed(judged, reason))
                ok = text_add(judged, reason->text, (size_t)(end - reason->text));
        }
    }
    return ok ? ED_OK
              : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the list of requirements");
}

void ed_judged_release(struct ed_judged *judged) {
    for (size_t i = 0; i < judged->n; i++)
        free(judged->texts[i]);
    free(judged->texts);
    memset(judged, 0, sizeof *judged);
}

static void outcomes_append(const struct ed_view *view, struct ed_buffer *out) {
    static const char *const words[] = {"ok", "oom", "crashed", "timeout", "refused", "cancelled"};
    size_t n[sizeof words / sizeof words[0]] = {0}, unknown = 0;
    for (size_t row = 0; row < view->n_rows; row++) {
        bool found = false;
        for (size_t i = 0; i < sizeof words / sizeof words[0] && !found; i++) {
            found = strcmp(view->rows[row]->outcome, words[i]) == 0;
            n[i] += found;
        }
        unknown += !found;
    }
    ed_buffer_printf(out, "%zu case%s:", view->n_rows, view->n_rows == 1 ? "" : "s");
    size_t shown = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (n[i] > 0)
            ed_buffer_printf(out, "%s %zu %s", shown++ ? "," : "", n[i], words[i]);
    if (unknown > 0)
        ed_buffer_printf(out, "%s %zu of unknown outcome", shown ? "," : "", unknown);
}

void ed_notes_absent(const struct ed_report_absent *absent, struct ed_buffer *out) {
    ed_buffer_text_append(out, "not measured: ");
    ed_text_visible(out, absent->device, strlen(absent->device));
    if (*absent->reason) {
        ed_buffer_text_append(out, " (");
        ed_text_visible(out, absent->reason, strlen(absent->reason));
        ed_buffer_text_append(out, ")");
    }
}

void ed_notes_total(const struct ed_view *view, const struct ed_report_info *info, struct ed_buffer *out) {
    static const struct {
        enum ed_verdict verdict;
        const char *word;
    } order[] = {{ED_VERDICT_PASS, "passed"},
                 {ED_VERDICT_FAIL, "failed"},
                 {ED_VERDICT_INCONCLUSIVE, "inconclusive"},
                 {ED_VERDICT_INVALID, "invalid"},
                 {ED_VERDICT_NONE, "not judged"}};
    size_t n[ED_VERDICT_FAIL + 1] = {0}, shown = 0;
    for (size_t row = 0; row < view->n_rows; row++) {
        bool none = ed_result_is_null(view->rows[row], ED_FIELD_verdict);
        n[none ? ED_VERDICT_NONE : ed_verdict_of_word(view->rows[row]->verdict)]++;
    }
    if (view->n_rows == 0) {
        ed_buffer_text_append(out, "no cases");
    } else if (n[ED_VERDICT_NONE] == view->n_rows) {
        outcomes_append(view, out);
    } else {
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
            if (n[order[i].verdict] > 0)
                ed_buffer_printf(out, "%s%zu %s", shown++ ? ", " : "", n[order[i].verdict], order[i].word);
    }
    if (info->n_absent > 0)
        ed_buffer_printf(out, "; %zu device%s not measured", info->n_absent, info->n_absent == 1 ? "" : "s");
}
