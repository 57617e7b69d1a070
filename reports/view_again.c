// SPDX-License-Identifier: Apache-2.0
// Which rows are of a case, or of a device, that a row above them is of.
#include <stdlib.h>
#include <string.h>

#include "reports/view.h"

struct row {
    const struct ed_result *result;
    size_t at;
};

static int row_compare(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int order = strcmp(x->result->device, y->result->device);
    order = order ? order : strcmp(x->result->case_id, y->result->case_id);
    return order ? order : x->at < y->at ? -1 : x->at > y->at;
}

bool ed_view_again_fill(struct ed_view *view) {
    struct row *sorted = calloc(view->n_rows + 1, sizeof *sorted);
    view->again = calloc(view->n_rows + 1, sizeof *view->again);
    if (!sorted || !view->again) {
        free(sorted);
        return false;
    }
    for (size_t i = 0; i < view->n_rows; i++)
        sorted[i] = (struct row){view->rows[i], i};
    qsort(sorted, view->n_rows, sizeof *sorted, row_compare);
    for (size_t i = 0, end; i < view->n_rows; i = end) {
        size_t first = sorted[i].at;
        for (end = i; end < view->n_rows && !strcmp(sorted[end].result->device, sorted[i].result->device);
             end++) {
            first = sorted[end].at < first ? sorted[end].at : first;
            view->again[sorted[end].at].device = true;
            view->again[sorted[end].at].of_case =
                end > i && !strcmp(sorted[end].result->case_id, sorted[end - 1].result->case_id);
        }
        view->again[first].device = false;
    }
    free(sorted);
    return true;
}
