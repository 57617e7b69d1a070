// SPDX-License-Identifier: Apache-2.0
// Ordering of records.
#include "reports/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/options.h"
#include "reports/fields.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_figure(int field) {
    const struct ed_result_field *row = field < 0 ? NULL : &ed_result_fields()[field];
    return row && (*row->unit || (row->type != ED_RESULT_TEXT && row->type != ED_RESULT_INT &&
                                  row->type != ED_RESULT_BOOL));
}

static bool is_null(const struct ed_result *r, const struct ed_order_key *key) {
    double ignored;
    if (key->field < 0)
        return r->case_id[0] == '\0';
    enum ed_result_type type = ed_result_fields()[key->field].type;
    if (is_figure(key->field) && r->has[ED_FIELD_outcome] && r->outcome[0] && strcmp(r->outcome, "ok") != 0)
        return true;
    return type == ED_RESULT_TEXT || type == ED_RESULT_BOOL
               ? ed_result_is_null(r, key->field)
               : !ed_result_number(r, key->field, key->end, &ignored);
}

// Of values that are there.
static int value_compare(const struct ed_result *a, const struct ed_result *b,
                         const struct ed_order_key *key) {
    if (key->field < 0)
        return strcmp(a->case_id, b->case_id);
    switch (ed_result_fields()[key->field].type) {
    case ED_RESULT_TEXT:
        return strcmp(ed_result_text(a, key->field), ed_result_text(b, key->field));
    case ED_RESULT_BOOL:
        return (int)ed_result_bool(a, key->field) - (int)ed_result_bool(b, key->field);
    case ED_RESULT_INT:
    case ED_RESULT_SPANI: {
        int64_t x = ed_result_int(a, key->field, key->end), y = ed_result_int(b, key->field, key->end);
        return x < y ? -1 : x > y;
    }
    case ED_RESULT_REAL:
    case ED_RESULT_SPANR: {
        double x = ed_result_real(a, key->field, key->end), y = ed_result_real(b, key->field, key->end);
        return x < y ? -1 : x > y;
    }
    }
    return 0;
}

static int key_compare(const struct ed_result *a, const struct ed_result *b, const struct ed_order_key *key) {
    bool a_null = is_null(a, key), b_null = is_null(b, key);
    if (a_null || b_null)
        return (int)a_null - (int)b_null;
    int order = value_compare(a, b, key);
    return key->descending ? -order : order;
}

bool ed_order_same(const struct ed_result *a, const struct ed_result *b, int field) {
    const struct ed_order_key key = {.field = field};
    return key_compare(a, b, &key) == 0;
}

// One record while it is ordered; `ranks` are compared after the keys.
struct item {
    const struct ed_result *row;
    size_t index;
    size_t *ranks;
};

struct ordering {
    const struct ed_order_key *keys;
    size_t n_keys, n_ranks;
};

static int item_compare(const void *a, const void *b, void *context) {
    const struct item *x = a, *y = b;
    const struct ordering *by = context;
    for (size_t i = 0; i < by->n_keys; i++) {
        int order = key_compare(x->row, y->row, &by->keys[i]);
        if (order != 0)
            return order;
    }
    for (size_t i = 0; i < by->n_ranks; i++)
        if (x->ranks[i] != y->ranks[i])
            return x->ranks[i] < y->ranks[i] ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void items_sort(struct item *items, size_t n, const struct ed_order_key *keys, size_t n_keys,
                       size_t n_ranks) {
    struct ordering by = {keys, n_keys, n_ranks};
    qsort_r(items, n, sizeof *items, item_compare, &by);
    for (size_t i = 0; i < n; i++)
        items[i].index = i;
}

// ranks[which] of every item: the place at which its values of `keys` are first seen.
static void ranks_fill(struct item *items, struct item *scratch, size_t n, const struct ed_order_key *keys,
                       size_t n_keys, size_t which) {
    struct ordering by = {keys, n_keys, 0};
    memcpy(scratch, items, n * sizeof *scratch);
    qsort_r(scratch, n, sizeof *scratch, item_compare, &by);
    for (size_t i = 0, first = 0; i < n; i++) {
        for (size_t k = 0; k < n_keys && first < i; k++)
            if (key_compare(scratch[i].row, scratch[first].row, &keys[k]) != 0)
                first = i;
        scratch[i].ranks[which] = scratch[first].index;
    }
}

// Orders by the first appearance of each field's values; `nested`: within those of the fields before it.
static void appearance_sort(struct item *items, struct item *scratch, size_t n, const int *fields,
                            size_t n_fields, bool nested) {
    struct ed_order_key keys[ED_ORDER_KEYS_MAX];
    for (size_t i = 0; i < n_fields; i++) {
        keys[i] = (struct ed_order_key){.field = fields[i]};
        ranks_fill(items, scratch, n, nested ? keys : &keys[i], nested ? i + 1 : 1, i);
    }
    items_sort(items, n, NULL, 0, n_fields);
}

enum ed_status ed_order_apply(const struct ed_order *order, const struct ed_result **rows, size_t n,
                              struct ed_error *err) {
    // No field that a case which died may lack: it would stand apart from its like.
    static const int by_case[] = {ED_FIELD_model,   ED_FIELD_engine,  ED_FIELD_backend,
                                  ED_FIELD_threads, ED_FIELD_options, ED_FIELD_workload,
                                  ED_FIELD_variant, ED_ORDER_CASE,    ED_FIELD_device};
    const size_t n_ranks = ED_ORDER_KEYS_MAX;
    _Static_assert(COUNT(by_case) <= ED_ORDER_KEYS_MAX, "there is a rank for every field");
    bool several = false;
    if (n < 2)
        return ED_OK;
    struct item *items = calloc(n, sizeof *items), *scratch = calloc(n, sizeof *scratch);
    size_t *ranks = calloc(n, n_ranks * sizeof *ranks);
    if (!items || !scratch || !ranks) {
        free(items);
        free(scratch);
        free(ranks);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory to order %zu records", n);
    }
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct item){rows[i], i, ranks + i * n_ranks};
        several = several || !ed_order_same(rows[i], rows[0], ED_FIELD_device);
    }
    if (several)
        appearance_sort(items, scratch, n, by_case, COUNT(by_case), false);
    if (order->n_sort > 0)
        items_sort(items, n, order->sort, order->n_sort, 0);
    if (order->n_group > 0)
        appearance_sort(items, scratch, n, order->group, order->n_group, true);
    for (size_t i = 0; i < n; i++)
        rows[i] = items[i].row;
    free(items);
    free(scratch);
    free(ranks);
    return ED_OK;
}

static enum ed_status key_find(const char *where, const char *text, int *field, int *end,
                               struct ed_error *err) {
    const char *known[ED_FIELD_COUNT + 2] = {"case"};
    *end = 0;
    *field = strcmp(text, "case") == 0 ? ED_ORDER_CASE : ed_result_find(text, end);
    if (*field >= 0 || strcmp(text, "case") == 0)
        return ED_OK;
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        known[i + 1] = ed_result_fields()[i].key;
    const char *near = ed_nearest(text, known);
    if (near)
        return ed_fail(err, ED_ERR_USAGE, where, "there is no result key \"%.80s\"; the nearest is %s", text,
                       near);
    return ed_fail(err, ED_ERR_USAGE, where,
                   "there is no result key \"%.80s\"; `edgedyno help --reference` lists them", text);
}

static enum ed_status keys_split(const char *where, const char *text, char ***parts, size_t *n,
                                 struct ed_error *err) {
    enum ed_status status = ed_options_list(text, where, parts, n, err);
    if (!status && *n > ED_ORDER_KEYS_MAX) {
        free(*parts);
        *parts = NULL;
        return ed_fail(err, ED_ERR_USAGE, where, "more than %d keys", ED_ORDER_KEYS_MAX);
    }
    return status;
}

enum ed_status ed_order_sort_parse(struct ed_order *order, const char *text, struct ed_error *err) {
    char **parts = NULL;
    size_t n = 0;
    enum ed_status status = keys_split("--sort", text, &parts, &n, err);
    for (size_t i = 0; parts && i < n && !status; i++) {
        struct ed_order_key *key = &order->sort[i];
        key->descending = parts[i][0] == '-';
        status = key_find("--sort", parts[i] + key->descending, &key->field, &key->end, err);
    }
    order->n_sort = status ? 0 : n;
    free(parts);
    return status;
}

enum ed_status ed_order_group_parse(struct ed_order *order, const char *text, struct ed_error *err) {
    char **parts = NULL;
    size_t n = 0;
    enum ed_status status = keys_split("--group", text, &parts, &n, err);
    for (size_t i = 0; parts && i < n && !status; i++) {
        int end = 0;
        status = key_find("--group", parts[i], &order->group[i], &end, err);
        if (!status && (end != 0 || is_figure(order->group[i])))
            status =
                ed_fail(err, ED_ERR_USAGE, "--group",
                        "%s is a measured figure, of which hardly two are equal; name a word or a count, "
                        "such as device, variant or threads, and sort by figures",
                        parts[i]);
    }
    order->n_group = status ? 0 : n;
    free(parts);
    return status;
}

const char *ed_order_figure(const struct ed_order *order) {
    for (size_t i = 0; i < order->n_sort; i++)
        if (is_figure(order->sort[i].field))
            return ed_result_fields()[order->sort[i].field].key;
    return NULL;
}
