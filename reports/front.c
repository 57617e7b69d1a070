// SPDX-License-Identifier: Apache-2.0
// Which rows can be chosen from, and which of them no other beats.
#include "reports/front.h"

#include <math.h>
#include <string.h>

#include "reports/fields.h"

bool ed_front_more_is_better(const struct ed_result *result, int field) {
    // Metrics of which less is better; of all others more is.
    static const char *const less[] = {"perplexity", "kl-divergence", "word-error-rate"};
    if (field != ED_FIELD_accuracy_value)
        return strcmp(ed_result_fields()[field].unit, "1/s") == 0;
    for (size_t i = 0; i < sizeof less / sizeof less[0]; i++)
        if (strcmp(result->accuracy_metric, less[i]) == 0)
            return false;
    return true;
}

// Of a metric of the user's own its drop tells: it grows as the value gets worse.
static bool accuracy_is_less(const struct ed_result *result) {
    return result->has[ED_FIELD_accuracy_drop] && result->has[ED_FIELD_accuracy_reference] &&
           result->accuracy_drop != 0 &&
           (result->accuracy_drop > 0) == (result->accuracy_value > result->accuracy_reference);
}

bool ed_front_beats(const struct ed_result *other, const struct ed_result *mine, const int *axes, size_t n) {
    bool better = false;
    for (size_t i = 0; i < n; i++) {
        double a, b;
        if (!ed_result_number(other, axes[i], 0, &a) || !ed_result_number(mine, axes[i], 0, &b))
            continue;
        const bool more =
            ed_front_more_is_better(mine, axes[i]) &&
            (axes[i] != ED_FIELD_accuracy_value || (!accuracy_is_less(mine) && !accuracy_is_less(other)));
        if (more ? a < b : a > b)
            return false;
        better = better || (more ? a > b : a < b);
    }
    return better;
}

bool ed_front_has(const struct ed_result *result) {
    return ed_view_ran(result) && result->has[ED_FIELD_accuracy_value] &&
           result->has[ED_FIELD_latency_p50_ns] && isfinite(result->accuracy_value);
}

static bool same_choice(const struct ed_result *a, const struct ed_result *b) {
    return strcmp(a->device, b->device) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->accuracy_metric, b->accuracy_metric) == 0 && strcmp(a->workload, b->workload) == 0;
}

size_t ed_front_beaten_by(const struct ed_view *view, const size_t *rows, size_t n, size_t i) {
    static const int axes[] = {ED_FIELD_latency_p50_ns, ED_FIELD_accuracy_value};
    for (size_t k = 0; k < n; k++)
        if (ed_front_beats(view->rows[rows[k]], view->rows[rows[i]], axes, 2))
            return k;
    return n;
}

size_t ed_front_rows(const struct ed_view *view, size_t row, size_t *rows) {
    size_t n = 0;
    for (size_t i = row; i < view->n_rows; i++)
        if (ed_front_has(view->rows[i]) && same_choice(view->rows[i], view->rows[row]))
            rows[n++] = i;
    return n;
}

bool ed_front_begins(const struct ed_view *view, size_t row) {
    for (size_t i = 0; i < row; i++)
        if (ed_front_has(view->rows[i]) && same_choice(view->rows[i], view->rows[row]))
            return false;
    return ed_front_has(view->rows[row]);
}
