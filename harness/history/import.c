// SPDX-License-Identifier: Apache-2.0
// A campaign into the store, in one transaction.
#include <string.h>

#include "harness/history/history.h"
#include "reports/fields.h"
#include "reports/text.h"

#define TEXTS_MAX 24
#define VALUE_COLUMNS 6

// The texts of one row, made valid UTF-8: a campaign's files may hold anything.
struct texts {
    struct ed_buffer items[TEXTS_MAX];
    size_t n;
};

static struct ed_store_value keep(struct texts *texts, const char *text) {
    struct ed_buffer *out = &texts->items[texts->n++];
    ed_buffer_init(out, 1u << 16);
    ed_text_valid(out, text, strlen(text));
    return ed_store_text(ed_buffer_text(out));
}

static enum ed_status release(struct texts *texts, enum ed_status status, struct ed_error *err) {
    for (size_t i = 0; i < texts->n; i++) {
        if (status == ED_OK)
            status = ed_buffer_status(&texts->items[i], "a text of the campaign", err);
        ed_buffer_release(&texts->items[i]);
    }
    return status;
}

struct found {
    bool any;
    char started[32];
    int64_t blocks_done;
};

static enum ed_status take_found(void *context, const struct ed_store_value *cells, size_t n,
                                 struct ed_error *err) {
    struct found *found = context;
    (void)n;
    (void)err;
    found->any = true;
    snprintf(found->started, sizeof found->started, "%s", cells[0].text);
    found->blocks_done = cells[1].integer;
    return ED_OK;
}

static enum ed_status insert_campaign(struct ed_store *store, const struct ed_campaign *campaign,
                                      const struct ed_records *records, struct ed_error *err) {
    struct texts texts = {0};
    const struct ed_store_value values[] = {
        keep(&texts, campaign->id),
        keep(&texts, campaign->started_utc),
        keep(&texts, campaign->suite),
        keep(&texts, campaign->label),
        keep(&texts, campaign->version),
        ed_store_int((int64_t)records->blocks_planned),
        ed_store_int((int64_t)records->blocks_done),
        ed_store_int((int64_t)records->devices_absent),
    };
    enum ed_status status =
        ed_store_run(store,
                     "INSERT INTO edgedyno_campaign (id, started, suite, label, version, blocks_planned,"
                     " blocks_done, devices_absent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                     values, sizeof values / sizeof values[0], NULL, NULL, NULL, err);
    return release(&texts, status, err);
}

// The first of two labels with one key, as everywhere.
static enum ed_status insert_labels(struct ed_store *store, const struct ed_campaign *campaign,
                                    struct ed_error *err) {
    char label[sizeof campaign->label];
    char *rest = label;
    enum ed_status status = ED_OK;
    snprintf(label, sizeof label, "%s", campaign->label);
    for (char *pair; status == ED_OK && (pair = strsep(&rest, " "));) {
        char *equals = strchr(pair, '=');
        struct texts texts = {0};
        if (!equals)
            continue;
        *equals = 0;
        const struct ed_store_value values[] = {keep(&texts, campaign->id), keep(&texts, pair),
                                                keep(&texts, equals + 1)};
        status = ed_store_run(store,
                              "INSERT INTO edgedyno_label (campaign, name, value) VALUES ($1, $2, $3)"
                              " ON CONFLICT (campaign, name) DO NOTHING",
                              values, 3, NULL, NULL, NULL, err);
        status = release(&texts, status, err);
    }
    return status;
}

// What is void of a record, as harness/summary_validity.c tells it: "latency=throttled".
static void void_words(char out[256], const struct ed_result *r) {
    static const char invalid[] = ED_INVALID_CODE "_";
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < r->n_reasons && used < 255; i++)
        if (r->reasons[i].key[0] && !strncmp(r->reasons[i].code, invalid, sizeof invalid - 1))
            used += (size_t)snprintf(out + used, 256 - used, "%s%s=%s", used ? " " : "", r->reasons[i].key,
                                     r->reasons[i].code + sizeof invalid - 1);
}

static const char *hardware_of(const struct ed_campaign *campaign, const char *device) {
    for (size_t i = 0; i < campaign->n_devices; i++)
        if (!strcmp(campaign->devices[i].id, device))
            return campaign->devices[i].summary;
    return "";
}

static enum ed_status insert_record(struct ed_store *store, const struct ed_campaign *campaign,
                                    int64_t number, const struct ed_result *r, struct ed_error *err) {
    struct texts t = {0};
    char invalid[256];
    void_words(invalid, r);
    const struct ed_store_value values[] = {
        keep(&t, campaign->id),
        ed_store_int(number),
        keep(&t, r->case_id),
        keep(&t, r->device),
        keep(&t, r->target),
        keep(&t, r->engine),
        keep(&t, r->engine_version),
        keep(&t, r->engine_build_sha256),
        keep(&t, r->backend),
        keep(&t, r->processor),
        keep(&t, r->model),
        keep(&t, r->variant),
        keep(&t, r->model_sha256),
        ed_store_int(r->threads),
        keep(&t, r->options),
        keep(&t, r->workload),
        keep(&t, r->accuracy_metric),
        ed_store_int(r->has[ED_FIELD_simulated] && r->simulated),
        keep(&t, r->outcome),
        keep(&t, r->verdict),
        keep(&t, invalid),
        keep(&t, hardware_of(campaign, r->device)),
    };
    enum ed_status status = ed_store_run(
        store,
        "INSERT INTO edgedyno_case (campaign, record, case_id, device, target, engine, engine_version,"
        " engine_build_sha256, backend, processor, model, variant, model_sha256, threads, options, workload,"
        " accuracy_metric, simulated, outcome, verdict, invalid, hardware) VALUES ($1, $2, $3, $4, $5, $6, "
        "$7,"
        " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        values, sizeof values / sizeof values[0], NULL, NULL, NULL, err);
    return release(&t, status, err);
}

static bool is_figure(int field) {
    return field != ED_FIELD_threads && field != ED_FIELD_seed;
}

// All values of a record in one statement: one way to a server and back.
static enum ed_status insert_values(struct ed_store *store, const struct ed_campaign *campaign,
                                    int64_t number, const struct ed_result *result, size_t *n_values,
                                    struct ed_error *err) {
    struct ed_store_value values[ED_STORE_VALUES_MAX];
    struct ed_buffer sql;
    size_t n = 0;
    ed_buffer_init(&sql, 1u << 20);
    ed_buffer_text_append(&sql,
                          "INSERT INTO edgedyno_value (campaign, record, name, value, low, high) VALUES ");
    for (int field = 0; field < ED_FIELD_COUNT && n + VALUE_COLUMNS <= ED_STORE_VALUES_MAX; field++) {
        double value, low, high;
        if (!is_figure(field) || !ed_result_number(result, field, 0, &value))
            continue;
        const bool span =
            ed_result_number(result, field, -1, &low) && ed_result_number(result, field, 1, &high);
        ed_buffer_printf(&sql, "%s($%zu, $%zu, $%zu, $%zu, $%zu, $%zu)", n ? ", " : "", n + 1, n + 2, n + 3,
                         n + 4, n + 5, n + 6);
        values[n++] = ed_store_text(campaign->id);
        values[n++] = ed_store_int(number);
        values[n++] = ed_store_text(ed_result_fields()[field].key);
        values[n++] = ed_store_real(value);
        values[n++] = span ? ed_store_real(low) : ed_store_null();
        values[n++] = span ? ed_store_real(high) : ed_store_null();
    }
    enum ed_status status = ed_buffer_status(&sql, "a statement", err);
    if (status == ED_OK && n)
        status = ed_store_run(store, ed_buffer_text(&sql), values, n, NULL, NULL, NULL, err);
    ed_buffer_release(&sql);
    *n_values += n / VALUE_COLUMNS;
    return status;
}
_Static_assert(ED_FIELD_COUNT *VALUE_COLUMNS <= ED_STORE_VALUES_MAX, "a record fits into one statement");

static enum ed_status look_up(struct ed_store *store, const struct ed_campaign *campaign,
                              const struct ed_records *records, struct ed_history_import *done,
                              struct ed_error *err) {
    const struct ed_store_value id = ed_store_text(campaign->id);
    struct found found = {0};
    enum ed_status status =
        ed_store_run(store, "SELECT started, blocks_done FROM edgedyno_campaign WHERE id = $1", &id, 1,
                     take_found, &found, NULL, err);
    if (status != ED_OK || !found.any)
        return status;
    if (strcmp(found.started, campaign->started_utc) != 0)
        return ed_fail(err, ED_ERR_USAGE, campaign->directory,
                       "the history holds another campaign with the id %s, of %s", campaign->id,
                       found.started);
    done->state = found.blocks_done >= (int64_t)records->blocks_done ? ED_HISTORY_SAME : ED_HISTORY_MORE;
    if (done->state == ED_HISTORY_MORE) {
        static const char *const removals[] = {
            "DELETE FROM edgedyno_value WHERE campaign = $1", "DELETE FROM edgedyno_case WHERE campaign = $1",
            "DELETE FROM edgedyno_label WHERE campaign = $1", "DELETE FROM edgedyno_campaign WHERE id = $1"};
        for (size_t i = 0; status == ED_OK && i < sizeof removals / sizeof removals[0]; i++)
            status = ed_store_run(store, removals[i], &id, 1, NULL, NULL, NULL, err);
    }
    return status;
}

enum ed_status ed_history_import(struct ed_store *store, const struct ed_campaign *campaign,
                                 const struct ed_records *records, struct ed_history_import *done,
                                 struct ed_error *err) {
    *done = (struct ed_history_import){.cases = records->n,
                                       .partial = records->blocks_left > 0 || records->devices_absent > 0};
    if (records->blocks_done == 0)
        return ed_fail(err, ED_ERR_USAGE, campaign->directory,
                       "nothing of this campaign has been measured; `edgedyno %s --resume DIR` does it",
                       ed_campaign_command(campaign));
    enum ed_status status = ed_store_begin(store, true, err);
    if (status == ED_OK)
        status = look_up(store, campaign, records, done, err);
    if (status == ED_OK && done->state != ED_HISTORY_SAME) {
        status = insert_campaign(store, campaign, records, err);
        if (status == ED_OK)
            status = insert_labels(store, campaign, err);
        for (size_t i = 0; status == ED_OK && i < records->n; i++) {
            status = insert_record(store, campaign, (int64_t)i, &records->items[i], err);
            if (status == ED_OK)
                status = insert_values(store, campaign, (int64_t)i, &records->items[i], &done->values, err);
        }
    }
    return ed_store_end(store, status, err);
}
