// SPDX-License-Identifier: Apache-2.0
// Which rows can be chosen from, and which of them no other beats.
#include "reports/front.h"

#include <math.h>
#include <string.h>

bool ed_front_has(const struct ed_result *result) {
    return ed_view_ran(result) && result->has[ED_FIELD_accuracy_value] &&
           result->has[ED_FIELD_latency_p50_ns] && isfinite(result->accuracy_value) &&
           !ed_view_no_share(result);
}

static bool same_choice(const struct ed_result *a, const struct ed_result *b) {
    return strcmp(a->device, b->device) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->accuracy_metric, b->accuracy_metric) == 0 && strcmp(a->workload, b->workload) == 0;
}

size_t ed_front_beaten_by(const struct ed_view *view, const size_t *rows, size_t n, size_t i) {
    const struct ed_result *mine = view->rows[rows[i]];
    for (size_t k = 0; k < n; k++) {
        const struct ed_result *other = view->rows[rows[k]];
        const bool as_good =
            other->latency_p50_ns <= mine->latency_p50_ns && other->accuracy_value >= mine->accuracy_value;
        if (as_good &&
            (other->latency_p50_ns < mine->latency_p50_ns || other->accuracy_value > mine->accuracy_value))
            return k;
    }
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
