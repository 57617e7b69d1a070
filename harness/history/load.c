// SPDX-License-Identifier: Apache-2.0
// Campaigns out of the store. What a store holds may come from anywhere: texts are cut to their fields,
// numbers are checked.
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/history/history.h"

#define ROWS_MAX ((size_t)20000000)
#define COLUMNS_LABELS_MAX 32
#define FIELDS_MAX 64

struct load {
    struct ed_history *history;
    const struct ed_history_filter *filter;
    size_t capacity, campaign; // of the list that is being read; where the search for a campaign goes on
    size_t record;
    size_t value_capacity;
};

static enum ed_status grow(void **items, size_t n, size_t *capacity, size_t bytes, struct ed_error *err) {
    if (n < *capacity)
        return ED_OK;
    const size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = wanted <= ROWS_MAX ? realloc(*items, wanted * bytes) : NULL;
    if (!grown)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu rows of the history; ask for less",
                       wanted);
    *items = grown;
    *capacity = wanted;
    return ED_OK;
}
#define COPY(field, cell) snprintf(field, sizeof(field), "%s", (cell).text)

static enum ed_status damaged(struct ed_error *err) {
    return ed_fail(
        err, ED_ERR_PARSE, NULL,
        "the store holds what no import writes: it is damaged; import the campaigns into a new one");
}

static enum ed_status take_campaign(void *context, const struct ed_store_value *cells, size_t n,
                                    struct ed_error *err) {
    struct load *load = context;
    struct ed_history *history = load->history;
    if (n != 8)
        return damaged(err);
    enum ed_status status = grow((void **)&history->campaigns, history->n_campaigns, &load->capacity,
                                 sizeof *history->campaigns, err);
    if (status != ED_OK)
        return status;
    struct ed_history_campaign *c = &history->campaigns[history->n_campaigns++];
    memset(c, 0, sizeof *c);
    COPY(c->id, cells[0]);
    COPY(c->started_utc, cells[1]);
    COPY(c->suite, cells[2]);
    COPY(c->label, cells[3]);
    COPY(c->version, cells[4]);
    c->blocks_planned = cells[5].integer;
    c->blocks_done = cells[6].integer;
    c->devices_absent = cells[7].integer;
    return ED_OK;
}

static bool device_wanted(const struct ed_history_filter *filter, const char *device) {
    for (size_t i = 0; i < filter->n_devices; i++)
        if (fnmatch(filter->devices[i], device, 0) == 0)
            return true;
    return filter->n_devices == 0;
}

static bool words_wanted(const struct ed_history_filter *filter, const char *text) {
    for (size_t i = 0; i < filter->n_words; i++)
        if (!strcasestr(text, filter->words[i]))
            return false;
    return true;
}

static const struct ed_history_campaign *seek(struct load *load, const char *id) {
    struct ed_history *history = load->history;
    // Rows come in the order of the campaigns.
    while (load->campaign < history->n_campaigns && strcmp(history->campaigns[load->campaign].id, id) != 0)
        load->campaign++;
    return load->campaign < history->n_campaigns ? &history->campaigns[load->campaign] : NULL;
}

static enum ed_status take_record(void *context, const struct ed_store_value *cells, size_t n,
                                  struct ed_error *err) {
    struct load *load = context;
    struct ed_history *history = load->history;
    if (n != 23 || !seek(load, cells[0].text))
        return damaged(err);
    if (!device_wanted(load->filter, cells[3].text) || !words_wanted(load->filter, cells[2].text))
        return ED_OK;
    enum ed_status status =
        grow((void **)&history->records, history->n_records, &load->capacity, sizeof *history->records, err);
    if (status != ED_OK)
        return status;
    struct ed_history_record *r = &history->records[history->n_records++];
    memset(r, 0, sizeof *r);
    r->campaign = load->campaign;
    r->record = cells[1].integer;
    COPY(r->case_id, cells[2]);
    COPY(r->device, cells[3]);
    COPY(r->target, cells[4]);
    COPY(r->engine, cells[5]);
    COPY(r->engine_version, cells[6]);
    COPY(r->engine_build_sha256, cells[7]);
    COPY(r->backend, cells[8]);
    COPY(r->processor, cells[9]);
    COPY(r->model, cells[10]);
    COPY(r->variant, cells[11]);
    COPY(r->model_sha256, cells[12]);
    r->threads = cells[13].integer;
    COPY(r->options, cells[14]);
    COPY(r->workload, cells[15]);
    COPY(r->accuracy_metric, cells[16]);
    r->simulated = cells[17].integer != 0;
    COPY(r->outcome, cells[18]);
    COPY(r->verdict, cells[19]);
    COPY(r->invalid, cells[20]);
    COPY(r->hardware, cells[21]);
    r->fell_back = cells[22].type == ED_STORE_REAL && cells[22].real < 1;
    return ED_OK;
}

static bool field_wanted(const struct ed_history_filter *filter, int field) {
    for (size_t i = 0; i < filter->n_fields; i++)
        if (filter->fields[i] == field)
            return true;
    return filter->n_fields == 0;
}

static bool is_number(const struct ed_store_value *cell) {
    return (cell->type == ED_STORE_REAL || cell->type == ED_STORE_INT) && isfinite(cell->real);
}

static enum ed_status take_value(void *context, const struct ed_store_value *cells, size_t n,
                                 struct ed_error *err) {
    struct load *load = context;
    struct ed_history *history = load->history;
    int end = 0;
    if (n != 6 || !seek(load, cells[0].text) || !is_number(&cells[3]))
        return damaged(err);
    const int field = ed_result_find(cells[2].text, &end);
    // A key of another version of this program is none that this one can show.
    if (field < 0 || end != 0 || !field_wanted(load->filter, field))
        return ED_OK;
    for (; load->record < history->n_records; load->record++) {
        const struct ed_history_record *r = &history->records[load->record];
        if (r->campaign > load->campaign || (r->campaign == load->campaign && r->record >= cells[1].integer))
            break;
        load->value_capacity = 0;
    }
    if (load->record == history->n_records)
        return ED_OK;
    struct ed_history_record *r = &history->records[load->record];
    if (r->campaign != load->campaign || r->record != cells[1].integer)
        return ED_OK;
    enum ed_status status =
        grow((void **)&r->values, r->n_values, &load->value_capacity, sizeof *r->values, err);
    if (status != ED_OK)
        return status;
    const bool span = is_number(&cells[4]) && is_number(&cells[5]);
    r->values[r->n_values++] = (struct ed_history_value){field, cells[3].real, span ? cells[4].real : 0,
                                                         span ? cells[5].real : 0, span};
    return ED_OK;
}

// " WHERE EXISTS (...)" for every label, with its values.
static enum ed_status where_labels(const struct ed_history_filter *filter, struct ed_buffer *sql,
                                   struct ed_store_value *values, char (*keys)[64], size_t *n,
                                   struct ed_error *err) {
    if (filter->n_labels > COLUMNS_LABELS_MAX)
        return ed_fail(err, ED_ERR_USAGE, "--label", "more than %d labels", COLUMNS_LABELS_MAX);
    for (size_t i = 0; i < filter->n_labels; i++) {
        const char *equals = strchr(filter->labels[i], '=');
        const size_t bytes = equals ? (size_t)(equals - filter->labels[i]) : 0;
        if (!equals || bytes == 0 || bytes >= sizeof keys[0])
            return ed_fail(err, ED_ERR_USAGE, "--label", "\"%.80s\" is not KEY=VALUE", filter->labels[i]);
        snprintf(keys[i], sizeof keys[i], "%.*s", (int)bytes, filter->labels[i]);
        values[(*n)++] = ed_store_text(keys[i]);
        values[(*n)++] = ed_store_text(equals + 1);
        ed_buffer_printf(sql,
                         "%sEXISTS (SELECT 1 FROM edgedyno_label l WHERE l.campaign = c.id AND l.name = $%zu"
                         " AND l.value = $%zu)",
                         i ? " AND " : " WHERE ", *n - 1, *n);
    }
    return ED_OK;
}

// A trend of one key needs not a hundredth of the values.
static void where_fields(const struct ed_history_filter *filter, struct ed_buffer *sql,
                         struct ed_store_value *values, size_t *n) {
    if (filter->n_fields > FIELDS_MAX)
        return;
    for (size_t i = 0; i < filter->n_fields; i++) {
        values[(*n)++] = ed_store_text(ed_result_fields()[filter->fields[i]].key);
        ed_buffer_printf(sql, "%s$%zu",
                         i                  ? ", "
                         : filter->n_labels ? " AND v.name IN ("
                                            : " WHERE v.name IN (",
                         *n);
    }
    ed_buffer_text_append(sql, filter->n_fields ? ")" : "");
}

static enum ed_status select_rows(struct load *load, struct ed_store *store, const char *select,
                                  const char *order, ed_store_row row, struct ed_error *err) {
    struct ed_store_value values[2 * COLUMNS_LABELS_MAX + FIELDS_MAX];
    char keys[COLUMNS_LABELS_MAX][64];
    struct ed_buffer sql;
    size_t n = 0;
    load->capacity = load->campaign = load->record = 0;
    ed_buffer_init(&sql, 1u << 16);
    ed_buffer_text_append(&sql, select);
    enum ed_status status = where_labels(load->filter, &sql, values, keys, &n, err);
    if (status == ED_OK && row == take_value)
        where_fields(load->filter, &sql, values, &n);
    ed_buffer_text_append(&sql, order);
    if (status == ED_OK)
        status = ed_buffer_status(&sql, "a statement", err);
    if (status == ED_OK)
        status = ed_store_run(store, ed_buffer_text(&sql), values, n, row, load, NULL, err);
    ed_buffer_release(&sql);
    return status;
}

// Campaigns without a record that is wanted go.
static enum ed_status compact(struct ed_history *history, struct ed_error *err) {
    size_t kept = 0;
    size_t *places = calloc(history->n_campaigns + 1, sizeof *places);
    if (!places)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the history");
    for (size_t i = 0; i < history->n_records; i++)
        places[history->records[i].campaign] = 1;
    for (size_t i = 0; i < history->n_campaigns; i++) {
        if (!places[i])
            continue;
        places[i] = kept;
        history->campaigns[kept++] = history->campaigns[i];
    }
    for (size_t i = 0; i < history->n_records; i++)
        history->records[i].campaign = places[history->records[i].campaign];
    history->n_campaigns = kept;
    free(places);
    return ED_OK;
}

enum ed_status ed_history_load(struct ed_history *history, struct ed_store *store,
                               const struct ed_history_filter *filter, struct ed_error *err) {
    struct load load = {.history = history, .filter = filter};
    memset(history, 0, sizeof *history);
    enum ed_status status = ed_store_begin(store, false, err);
    if (status == ED_OK)
        status = select_rows(
            &load, store,
            "SELECT c.id, c.started, c.suite, c.label, c.version, c.blocks_planned, c.blocks_done,"
            " c.devices_absent FROM edgedyno_campaign c",
            " ORDER BY c.started, c.id", take_campaign, err);
    if (status == ED_OK)
        status = select_rows(
            &load, store,
            "SELECT k.campaign, k.record, k.case_id, k.device, k.target, k.engine, k.engine_version,"
            " k.engine_build_sha256, k.backend, k.processor, k.model, k.variant, k.model_sha256,"
            " k.threads, k.options, k.workload, k.accuracy_metric, k.simulated, k.outcome, k.verdict, "
            "k.invalid,"
            " k.hardware,"
            " (SELECT p.value FROM edgedyno_value p WHERE p.campaign = k.campaign AND p.record = k.record"
            " AND p.name = 'placed_ops_share')"
            " FROM edgedyno_case k JOIN edgedyno_campaign c ON c.id = k.campaign",
            " ORDER BY c.started, c.id, k.record", take_record, err);
    if (status == ED_OK)
        status = select_rows(&load, store,
                             "SELECT v.campaign, v.record, v.name, v.value, v.low, v.high"
                             " FROM edgedyno_value v JOIN edgedyno_campaign c ON c.id = v.campaign",
                             " ORDER BY c.started, c.id, v.record, v.name", take_value, err);
    status = ed_store_end(store, status, err);
    if (status == ED_OK)
        status = compact(history, err);
    if (status != ED_OK)
        ed_history_release(history);
    return status;
}

void ed_history_release(struct ed_history *history) {
    for (size_t i = 0; i < history->n_records; i++)
        free(history->records[i].values);
    free(history->records);
    free(history->campaigns);
    memset(history, 0, sizeof *history);
}

const struct ed_history_value *ed_history_find(const struct ed_history_record *record, int field) {
    for (size_t i = 0; i < record->n_values; i++)
        if (record->values[i].field == field)
            return &record->values[i];
    return NULL;
}

bool ed_history_void(const struct ed_history_record *record, int field) {
    const struct ed_result_field *f = &ed_result_fields()[field];
    const bool of_speed =
        !strcmp(f->group, "latency") || !strcmp(f->group, "language") || !strcmp(f->group, "power");
    char word[8];
    return (record->simulated && of_speed) ||
           ed_history_label(record->invalid, f->group, word, sizeof word) ||
           ed_history_label(record->invalid, f->key, word, sizeof word);
}

bool ed_history_partial(const struct ed_history_campaign *campaign) {
    return campaign->blocks_done < campaign->blocks_planned || campaign->devices_absent > 0;
}

bool ed_history_label(const char *label, const char *key, char *out, size_t bytes) {
    const size_t n = strlen(key);
    for (; *label; label += strcspn(label, " "), label += strspn(label, " ")) {
        if (strncmp(label, key, n) != 0 || label[n] != '=')
            continue;
        const size_t value = strcspn(label + n + 1, " ");
        snprintf(out, bytes, "%.*s", (int)(value < bytes ? value : bytes - 1), label + n + 1);
        return true;
    }
    return false;
}
