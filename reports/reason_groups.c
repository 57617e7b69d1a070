// SPDX-License-Identifier: Apache-2.0
// Sorts reasons by what they say, and groups by where they came up.
#include "reports/reason_groups.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int words_compare(const struct ed_reason *a, const struct ed_reason *b) {
    const int order = strcmp(a->code, b->code);
    return order ? order : strcmp(a->text, b->text);
}

static int entry_compare(const void *a, const void *b) {
    const struct ed_reason_entry *x = a, *y = b;
    int order = words_compare(x->reason, y->reason);
    order = order ? order : strcmp(x->reason->key, y->reason->key);
    if (order == 0)
        order = x->row < y->row ? -1 : x->row > y->row;
    return order ? order : (x->order < y->order ? -1 : x->order > y->order);
}

static int group_compare(const void *a, const void *b) {
    const struct ed_reason_group *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

bool ed_reason_groups_init(struct ed_reason_groups *g, const struct ed_view *view, size_t more) {
    size_t most = 1;
    memset(g, 0, sizeof *g);
    g->view = view;
    for (size_t row = 0; row < view->n_rows; row++)
        most += view->rows[row]->n_reasons + more;
    g->entries = calloc(most, sizeof *g->entries);
    g->groups = calloc(most, sizeof *g->groups);
    if (g->entries && g->groups)
        return true;
    ed_reason_groups_release(g);
    return false;
}

void ed_reason_groups_release(struct ed_reason_groups *g) {
    free(g->entries);
    free(g->groups);
    memset(g, 0, sizeof *g);
}

void ed_reason_groups_add(struct ed_reason_groups *g, const struct ed_reason *reason, size_t row) {
    g->entries[g->n_entries] = (struct ed_reason_entry){reason, row, g->n_entries};
    g->n_entries++;
}

bool ed_reason_groups_make(struct ed_reason_groups *g) {
    size_t words = 0;
    qsort(g->entries, g->n_entries, sizeof *g->entries, entry_compare);
    for (size_t i = 0; i < g->n_entries; i++) {
        const struct ed_reason *a = i ? g->entries[i - 1].reason : NULL, *b = g->entries[i].reason;
        const bool new_words = !a || words_compare(a, b) != 0;
        words += new_words;
        if (new_words || strcmp(a->key, b->key) != 0)
            g->groups[g->n_groups++] = (struct ed_reason_group){
                .first = i, .order = g->entries[i].order, .words = words - 1, .next = SIZE_MAX};
        struct ed_reason_group *group = &g->groups[g->n_groups - 1];
        group->n++;
        if (g->entries[i].order < group->order)
            group->order = g->entries[i].order;
    }
    qsort(g->groups, g->n_groups, sizeof *g->groups, group_compare);
    size_t *last = malloc((words + 1) * sizeof *last);
    if (!last)
        return false;
    memset(last, 0xFF, (words + 1) * sizeof *last);
    for (size_t i = g->n_groups; i-- > 0;) {
        g->groups[i].next = last[g->groups[i].words];
        last[g->groups[i].words] = i;
    }
    free(last);
    return true;
}

// The rows of a group are in order; a reason may be twice in one row.
void ed_reason_rows_append(struct ed_buffer *out, const struct ed_reason_groups *g,
                           const struct ed_reason_group *group) {
    size_t n = 0, different = 0;
    for (size_t i = 0; i < group->n; i++)
        different += i == 0 || g->entries[group->first + i].row != g->entries[group->first + i - 1].row;
    if (different == g->view->n_rows)
        return;
    for (size_t i = 0; i < group->n;) {
        size_t first = g->entries[group->first + i].row, last = first;
        for (i++; i < group->n && g->entries[group->first + i].row <= last + 1; i++)
            last = g->entries[group->first + i].row;
        ed_buffer_printf(out, "%s%zu", n++ ? ", " : "", first + 1);
        if (last > first)
            ed_buffer_printf(out, "%s%zu", last > first + 1 ? "-" : ", ", last + 1);
    }
}
