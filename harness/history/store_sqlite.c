// SPDX-License-Identifier: Apache-2.0
// A history in one SQLite file of one person: write-ahead log, so that reading and writing do not wait for
// each other.
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "harness/history/store.h"

#define SQL_MAX_BYTES (1u << 20)
#define TEXT_MAX_BYTES (1 << 20)
#define COLUMNS_MAX 64

struct sqlite_state {
    sqlite3 *db;
    char name[ED_STORE_NAME_BYTES];
    bool in_transaction;
};

static enum ed_status fail(const struct sqlite_state *state, int code, struct ed_error *err) {
    const int known = code & 0xff;
    if (known == SQLITE_CORRUPT || known == SQLITE_NOTADB || known == SQLITE_FORMAT)
        return ed_fail(
            err, ED_ERR_PARSE, state->name,
            "is damaged or no history (%s); move it away and import the campaigns again: all of it "
            "is made from them",
            sqlite3_errstr(code));
    if (known == SQLITE_FULL || (state->db && sqlite3_system_errno(state->db) == ENOSPC))
        return ed_fail(err, ED_ERR_NO_SPACE, state->name,
                       "the disk is full; nothing of this import was kept: make room, then import again");
    if (known == SQLITE_BUSY || known == SQLITE_LOCKED)
        return ed_fail(err, ED_ERR_BUSY, state->name,
                       "another program has been writing for %d s; try again when it has ended",
                       ED_STORE_BUSY_MS / 1000);
    if (known == SQLITE_NOMEM)
        return ed_fail(err, ED_ERR_NO_MEMORY, state->name, "no memory for the store");
    if (known == SQLITE_READONLY || known == SQLITE_CANTOPEN || known == SQLITE_PERM)
        return ed_fail(err, ED_ERR_IO, state->name,
                       "cannot be opened or written (%s); its directory has to be writable, too",
                       sqlite3_errstr(code));
    return ed_fail(err, ED_ERR_IO, state->name, "%s",
                   state->db ? sqlite3_errmsg(state->db) : sqlite3_errstr(code));
}

static enum ed_status execute(struct sqlite_state *state, const char *sql, struct ed_error *err) {
    const int code = sqlite3_exec(state->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ED_OK : fail(state, code, err);
}

// The file is made before SQLite opens it, so that nobody else can read it, nor what SQLite puts beside it.
static enum ed_status make_file(const char *place, bool write, struct ed_error *err) {
    struct stat file;
    if (write) {
        const int fd = open(place, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return ed_fail_errno(err, ED_ERR_IO, place, "the store cannot be made: %m");
        if (fd >= 0)
            close(fd);
    }
    if (stat(place, &file) != 0 && errno == ENOENT)
        return ed_fail(err, ED_ERR_NOT_FOUND, place,
                       "there is no history yet; `edgedyno history import RUN` begins one");
    if (stat(place, &file) != 0)
        return ed_fail_errno(err, ED_ERR_IO, place, "the store cannot be looked at: %m");
    return S_ISREG(file.st_mode) ? ED_OK
                                 : ed_fail(err, ED_ERR_USAGE, place,
                                           "is no file; --store takes a file or postgresql://HOST/DATABASE");
}

static enum ed_status take_check(void *context, const struct ed_store_value *cells, size_t n,
                                 struct ed_error *err) {
    (void)n;
    (void)err;
    if (strcmp(cells[0].text, "ok") != 0)
        *(bool *)context = true;
    return ED_OK;
}

static enum ed_status sqlite_run(void *context, const char *sql, const struct ed_store_value *values,
                                 size_t n, ed_store_row row, void *row_context, int64_t *changed,
                                 struct ed_error *err);

static enum ed_status sqlite_open(void *context, const char *place, bool write,
                                  char name[ED_STORE_NAME_BYTES], struct ed_error *err) {
    struct sqlite_state *state = context;
    bool damaged = false;
    snprintf(state->name, sizeof state->name, "%s", place);
    snprintf(name, ED_STORE_NAME_BYTES, "%s", place);
    enum ed_status status = make_file(place, write, err);
    if (status != ED_OK)
        return status;
    const int code = sqlite3_open_v2(place, &state->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK)
        return fail(state, code, err);
    sqlite3_busy_timeout(state->db, ED_STORE_BUSY_MS);
    sqlite3_limit(state->db, SQLITE_LIMIT_LENGTH, TEXT_MAX_BYTES);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    status = execute(state,
                     "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL", err);
    if (status == ED_OK && write)
        status = execute(state, "PRAGMA journal_mode = WAL", err);
    // A page that was damaged on the disk must not become a figure.
    if (status == ED_OK)
        status = sqlite_run(state, "PRAGMA quick_check(1)", NULL, 0, take_check, &damaged, NULL, err);
    return status == ED_OK && damaged ? fail(state, SQLITE_CORRUPT, err) : status;
}

static enum ed_status sqlite_begin(void *context, bool write, struct ed_error *err) {
    struct sqlite_state *state = context;
    enum ed_status status = execute(state, write ? "BEGIN IMMEDIATE" : "BEGIN", err);
    state->in_transaction = status == ED_OK;
    return status;
}

static enum ed_status sqlite_commit(void *context, struct ed_error *err) {
    struct sqlite_state *state = context;
    enum ed_status status = execute(state, "COMMIT", err);
    state->in_transaction = status != ED_OK;
    return status;
}

static void sqlite_rollback(void *context) {
    struct sqlite_state *state = context;
    if (state->in_transaction)
        sqlite3_exec(state->db, "ROLLBACK", NULL, NULL, NULL);
    state->in_transaction = false;
}

static int bind(sqlite3_stmt *statement, int at, const struct ed_store_value *value) {
    switch (value->type) {
    case ED_STORE_INT:
        return sqlite3_bind_int64(statement, at, value->integer);
    case ED_STORE_REAL:
        return sqlite3_bind_double(statement, at, value->real);
    case ED_STORE_TEXT:
        return sqlite3_bind_text(statement, at, value->text, -1, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

static struct ed_store_value cell(sqlite3_stmt *statement, int at) {
    switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER:
        return ed_store_int(sqlite3_column_int64(statement, at));
    case SQLITE_FLOAT:
        return ed_store_real(sqlite3_column_double(statement, at));
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(statement, at);
        return ed_store_text(text ? text : "");
    }
    default:
        return ed_store_null();
    }
}

// SQLite numbers its values ?1, ?2 ...
static enum ed_status prepare(struct sqlite_state *state, const char *sql, sqlite3_stmt **statement,
                              struct ed_error *err) {
    struct ed_buffer own;
    ed_buffer_init(&own, SQL_MAX_BYTES);
    ed_buffer_text_append(&own, sql);
    enum ed_status status = ed_buffer_status(&own, "a statement", err);
    for (size_t i = 0; status == ED_OK && i < own.size; i++)
        own.data[i] = own.data[i] == '$' ? '?' : own.data[i];
    if (status == ED_OK) {
        const int code = sqlite3_prepare_v2(state->db, own.data, (int)own.size, statement, NULL);
        status = code == SQLITE_OK ? ED_OK : fail(state, code, err);
    }
    ed_buffer_release(&own);
    return status;
}

static enum ed_status sqlite_run(void *context, const char *sql, const struct ed_store_value *values,
                                 size_t n, ed_store_row row, void *row_context, int64_t *changed,
                                 struct ed_error *err) {
    struct sqlite_state *state = context;
    struct ed_store_value cells[COLUMNS_MAX];
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_OK;
    enum ed_status status = prepare(state, sql, &statement, err);
    for (size_t i = 0; status == ED_OK && code == SQLITE_OK && i < n; i++)
        code = bind(statement, (int)i + 1, &values[i]);
    if (status == ED_OK && code == SQLITE_OK) {
        const int columns = sqlite3_column_count(statement);
        while (status == ED_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
            for (int c = 0; c < columns && c < COLUMNS_MAX; c++)
                cells[c] = cell(statement, c);
            if (row)
                status = row(row_context, cells, (size_t)columns, err);
        }
    }
    if (status == ED_OK && code != SQLITE_OK && code != SQLITE_DONE)
        status = fail(state, code, err);
    if (status == ED_OK && changed)
        *changed = sqlite3_changes64(state->db);
    sqlite3_finalize(statement);
    return status;
}

static void sqlite_close(void *context) {
    struct sqlite_state *state = context;
    sqlite_rollback(state);
    sqlite3_close(state->db);
    state->db = NULL;
}

const struct ed_store_kind ed_store_sqlite = {
    .name = "sqlite",
    .state_bytes = sizeof(struct sqlite_state),
    .open = sqlite_open,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .run = sqlite_run,
    .has_table = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
    .close = sqlite_close,
};
