// SPDX-License-Identifier: Apache-2.0
// Which kind of store it is, and its tables.
#include "harness/history/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/path.h"

#define DEFAULT_FILE "history.sqlite"

// What makes version k + 1 out of version k. A released step is never changed.
static const char *const first_tables[] = {
    "CREATE TABLE edgedyno_campaign (id TEXT NOT NULL PRIMARY KEY, started TEXT NOT NULL, suite TEXT NOT "
    "NULL,"
    " label TEXT NOT NULL, version TEXT NOT NULL, blocks_planned BIGINT NOT NULL, blocks_done BIGINT NOT "
    "NULL,"
    " devices_absent BIGINT NOT NULL)",
    "CREATE TABLE edgedyno_label (campaign TEXT NOT NULL REFERENCES edgedyno_campaign (id) ON DELETE CASCADE,"
    " name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (campaign, name))",
    "CREATE TABLE edgedyno_case (campaign TEXT NOT NULL REFERENCES edgedyno_campaign (id) ON DELETE CASCADE,"
    " record BIGINT NOT NULL, case_id TEXT NOT NULL, device TEXT NOT NULL, target TEXT NOT NULL,"
    " engine TEXT NOT NULL, engine_version TEXT NOT NULL, engine_build_sha256 TEXT NOT NULL,"
    " backend TEXT NOT NULL, processor TEXT NOT NULL, model TEXT NOT NULL, variant TEXT NOT NULL,"
    " model_sha256 TEXT NOT NULL, threads BIGINT NOT NULL, options TEXT NOT NULL, workload TEXT NOT NULL,"
    " accuracy_metric TEXT NOT NULL, simulated BIGINT NOT NULL, outcome TEXT NOT NULL, verdict TEXT NOT NULL,"
    " PRIMARY KEY (campaign, record))",
    "CREATE TABLE edgedyno_value (campaign TEXT NOT NULL, record BIGINT NOT NULL, name TEXT NOT NULL,"
    " value DOUBLE PRECISION NOT NULL, low DOUBLE PRECISION, high DOUBLE PRECISION,"
    " PRIMARY KEY (campaign, record, name),"
    " FOREIGN KEY (campaign, record) REFERENCES edgedyno_case (campaign, record) ON DELETE CASCADE)",
    "CREATE INDEX edgedyno_value_by_name ON edgedyno_value (name, campaign, record)",
    "CREATE INDEX edgedyno_label_by_value ON edgedyno_label (name, value)",
    NULL,
};
// What voids figures of a case, and the machine behind the device's name; "" where an older import does not
// say.
static const char *const state_columns[] = {
    "ALTER TABLE edgedyno_case ADD COLUMN invalid TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE edgedyno_case ADD COLUMN hardware TEXT NOT NULL DEFAULT ''",
    NULL,
};
static const char *const *const steps[ED_STORE_SCHEMA] = {first_tables, state_columns};

enum ed_status ed_store_run(struct ed_store *store, const char *sql, const struct ed_store_value *values,
                            size_t n, ed_store_row row, void *context, int64_t *changed,
                            struct ed_error *err) {
    return store->kind->run(store->state, sql, values, n, row, context, changed, err);
}

enum ed_status ed_store_begin(struct ed_store *store, bool write, struct ed_error *err) {
    return store->kind->begin(store->state, write, err);
}

enum ed_status ed_store_end(struct ed_store *store, enum ed_status status, struct ed_error *err) {
    if (status == ED_OK)
        status = store->kind->commit(store->state, err);
    if (status != ED_OK)
        store->kind->rollback(store->state);
    return status;
}

static enum ed_status take_int(void *context, const struct ed_store_value *cells, size_t n,
                               struct ed_error *err) {
    if (n != 1 || cells[0].type != ED_STORE_INT)
        return ed_fail(err, ED_ERR_PARSE, NULL, "the store's version is no number: it is damaged");
    *(int64_t *)context = cells[0].integer;
    return ED_OK;
}

// 0: no tables yet.
static enum ed_status read_version(struct ed_store *store, int64_t *version, struct ed_error *err) {
    const struct ed_store_value table = ed_store_text("edgedyno_schema");
    int64_t exists = 0;
    *version = 0;
    enum ed_status status =
        ed_store_run(store, store->kind->has_table, &table, 1, take_int, &exists, NULL, err);
    if (status == ED_OK && exists)
        status =
            ed_store_run(store, "SELECT version FROM edgedyno_schema", NULL, 0, take_int, version, NULL, err);
    if (status == ED_OK && (*version < 0 || *version > ED_STORE_SCHEMA))
        status =
            ed_fail(err, ED_ERR_VERSION, store->name,
                    "its tables have version %lld, and this program knows versions up to %d: use a newer "
                    "edgedyno",
                    (long long)*version, ED_STORE_SCHEMA);
    return status;
}

static enum ed_status migrate(struct ed_store *store, struct ed_error *err) {
    int64_t version;
    enum ed_status status = ed_store_begin(store, true, err);
    if (status != ED_OK)
        return status;
    status = read_version(store, &version, err);
    if (status == ED_OK && version == 0) {
        status = ed_store_run(store, "CREATE TABLE edgedyno_schema (version BIGINT NOT NULL)", NULL, 0, NULL,
                              NULL, NULL, err);
        if (status == ED_OK)
            status = ed_store_run(store, "INSERT INTO edgedyno_schema (version) VALUES (0)", NULL, 0, NULL,
                                  NULL, NULL, err);
    }
    for (; status == ED_OK && version < ED_STORE_SCHEMA; version++) {
        const struct ed_store_value next = ed_store_int(version + 1);
        for (const char *const *sql = steps[version]; status == ED_OK && *sql; sql++)
            status = ed_store_run(store, *sql, NULL, 0, NULL, NULL, NULL, err);
        if (status == ED_OK)
            status = ed_store_run(store, "UPDATE edgedyno_schema SET version = $1", &next, 1, NULL, NULL,
                                  NULL, err);
    }
    return ed_store_end(store, status, err);
}

static enum ed_status choose(struct ed_store *store, const char *place, struct ed_error *err) {
    static const char *const known[] = {"postgresql", "postgres", NULL};
    const char *scheme = strstr(place, "://");
    char word[32];
    store->kind = &ed_store_sqlite;
    if (!place[0])
        return ed_fail(err, ED_ERR_USAGE, "--store", "is empty; write a file, or postgresql://HOST/DATABASE");
    if (!scheme || memchr(place, '/', (size_t)(scheme - place)))
        return ED_OK;
    snprintf(word, sizeof word, "%.*s", (int)(scheme - place < 31 ? scheme - place : 31), place);
    if (strcmp(word, known[0]) == 0 || strcmp(word, known[1]) == 0) {
        store->kind = &ed_store_postgresql;
        return ED_OK;
    }
    const char *near = ed_nearest(word, known);
    return ed_fail(err, ED_ERR_USAGE, "--store",
                   "there is no store \"%s://\"%s%s%s; write a file, or postgresql://HOST/DATABASE", word,
                   near ? "; did you mean " : "", near ? near : "", near ? "://" : "");
}

enum ed_status ed_store_open(struct ed_store *store, const char *place, bool write, struct ed_error *err) {
    char directory[ED_PATH_BYTES], path[ED_PATH_BYTES];
    int64_t version = 0;
    enum ed_status status = ED_OK;
    memset(store, 0, sizeof *store);
    if (!place) {
        status = ed_path_xdg(directory, ED_XDG_STATE, err);
        if (status == ED_OK && write)
            status = ed_path_make(directory, 0700, err);
        if (status == ED_OK)
            status = ed_path_join(path, directory, DEFAULT_FILE, err);
        place = path;
    }
    if (status == ED_OK)
        status = choose(store, place, err);
    if (status != ED_OK)
        return status;
    store->state = calloc(1, store->kind->state_bytes);
    if (!store->state)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the store");
    status = store->kind->open(store->state, place, write, store->name, err);
    if (status == ED_OK)
        status = read_version(store, &version, err);
    if (status == ED_OK && version < ED_STORE_SCHEMA && (write || version > 0)) {
        struct ed_error why = {0};
        status = migrate(store, &why);
        if (status != ED_OK && version > 0)
            ed_fail(err, status, store->name,
                    "its tables are of an older version, and were not brought up to date: %.400s; who may "
                    "change tables does it by `edgedyno history import`",
                    why.message);
        else if (status != ED_OK)
            *err = why;
    } else if (status == ED_OK && version == 0)
        status = ed_fail(err, ED_ERR_NOT_FOUND, store->name,
                         "holds no history yet; `edgedyno history import RUN` begins one");
    if (status != ED_OK)
        ed_store_close(store);
    return status;
}

void ed_store_close(struct ed_store *store) {
    if (store->state)
        store->kind->close(store->state);
    free(store->state);
    memset(store, 0, sizeof *store);
}
