// SPDX-License-Identifier: Apache-2.0
// Makes a view fit a width: first the columns of high rank go, then texts are cut in the middle, then the
// other columns go.
#include <stdlib.h>
#include <string.h>

#include "reports/text.h"
#include "reports/view.h"

#define EXTRA_RANK 9    // columns of this rank and above go before a text is cut
#define TEXT_ROOMY 20   // texts are cut to this before figures of lower rank go
#define TEXT_SHORTEST 8 // and to this after them

size_t ed_view_width(const struct ed_view *view, size_t gap) {
    size_t width = 0, n = 0;
    for (size_t i = 0; i < view->n_columns; i++) {
        if (view->columns[i].left_out)
            continue;
        width += view->columns[i].width + (n++ > 0 ? gap : 0);
    }
    return width;
}

static bool column_drop(struct ed_view *view, int least_rank) {
    struct ed_view_column *worst = NULL;
    for (size_t i = 0; i < view->n_columns; i++) {
        struct ed_view_column *column = &view->columns[i];
        if (!column->left_out && column->rank >= least_rank && (!worst || column->rank > worst->rank))
            worst = column;
    }
    if (worst)
        worst->left_out = true;
    return worst != NULL;
}

// Both ends of the text are kept, which is where names differ.
bool ed_view_cut(char **cell, size_t width) {
    char *text = *cell;
    size_t whole = ed_text_width(text);
    if (whole <= width)
        return true;
    size_t tail_width = (width - 1) / 2, head = ed_text_prefix(text, width - 1 - tail_width);
    size_t tail = ed_text_prefix(text, whole - tail_width), bytes = strlen(text);
    // A wide character on the boundary: start behind it.
    while (tail < bytes && ed_text_width(text + tail) > tail_width)
        tail += ed_text_prefix(text + tail, 2);
    char *cut = malloc(head + strlen("\xE2\x80\xA6") + bytes - tail + 1);
    if (!cut)
        return false;
    memcpy(cut, text, head);
    memcpy(cut + head, "\xE2\x80\xA6", 3);
    memcpy(cut + head + 3, text + tail, bytes - tail + 1);
    free(text);
    *cell = cut;
    return true;
}

// Cuts the widest text column by at most `excess`, down to `shortest`. False where there is none left to cut.
static bool texts_cut(struct ed_view *view, size_t excess, size_t shortest, struct ed_error *err,
                      enum ed_status *status) {
    struct ed_view_column *widest = NULL;
    for (size_t i = 0; i < view->n_columns; i++) {
        struct ed_view_column *column = &view->columns[i];
        if (column->identity && !column->left_out && column->width > shortest &&
            (!widest || column->width > widest->width))
            widest = column;
    }
    if (!widest)
        return false;
    size_t width = widest->width > shortest + excess ? widest->width - excess : shortest;
    size_t head = ed_text_width(widest->head);
    width = width < head ? head : width;
    if (width == widest->width)
        return false;
    for (size_t i = 0; i < view->n_rows; i++) {
        if (!ed_view_cut(&widest->cells[i], width)) {
            *status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for a table of %zu cases",
                              view->n_rows);
            return false;
        }
    }
    widest->width = width;
    return true;
}

enum ed_status ed_view_fit(struct ed_view *view, size_t width, size_t fixed, size_t gap, bool *shortened,
                           struct ed_error *err) {
    enum ed_status status = ED_OK;
    *shortened = false;
    for (;;) {
        size_t used = ed_view_width(view, gap) + fixed;
        if (used <= width)
            return ED_OK;
        if (column_drop(view, EXTRA_RANK))
            continue;
        bool cut = texts_cut(view, used - width, TEXT_ROOMY, err, &status);
        if (!cut && status == ED_OK && column_drop(view, 1))
            continue;
        cut = cut || (status == ED_OK && texts_cut(view, used - width, TEXT_SHORTEST, err, &status));
        if (!cut)
            return status; // a terminal that is too narrow for one figure gets a longer line
        *shortened = true;
    }
}
