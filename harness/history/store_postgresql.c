// SPDX-License-Identifier: Apache-2.0
// A history that a team shares, in PostgreSQL. libpq is opened at run time, so that a machine without it has
// everything else; the few of its functions that are needed are declared here by its documented interface.
#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "harness/history/store.h"

#define LIBRARY "libpq.so.5"
#define COLUMNS_MAX 64
#define NUMBER_BYTES 32
// Types of columns, as catalog pg_type has them.
#define OID_INT8 20u
#define OID_INT4 23u
#define OID_FLOAT8 701u
// PostgreSQL's ExecStatusType and ConnStatusType.
#define CONNECTION_OK 0
#define PGRES_COMMAND_OK 1
#define PGRES_TUPLES_OK 2
// Whoever writes holds this lock until the end of the transaction.
#define LOCK_SQL "SELECT pg_advisory_xact_lock(7310027594712)"

struct conn_option { // PQconninfoOption
    char *keyword, *envvar, *compiled, *val, *label, *dispchar;
    int dispsize;
};

// X(type, name, arguments)
#define FUNCTIONS(X)                                                                                     \
    X(struct conn_option *, PQconninfoParse, (const char *, char **))                                    \
    X(void, PQconninfoFree, (struct conn_option *))                                                      \
    X(void, PQfreemem, (void *))                                                                         \
    X(void *, PQconnectdbParams, (const char *const *, const char *const *, int))                        \
    X(int, PQstatus, (const void *))                                                                     \
    X(char *, PQerrorMessage, (const void *))                                                            \
    X(void, PQfinish, (void *))                                                                          \
    X(int, PQsetClientEncoding, (void *, const char *))                                                  \
    X(char *, PQhost, (const void *))                                                                    \
    X(char *, PQdb, (const void *))                                                                      \
    X(void *, PQexecParams,                                                                              \
      (void *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int)) \
    X(int, PQresultStatus, (const void *))                                                               \
    X(char *, PQresultErrorField, (const void *, int))                                                   \
    X(int, PQntuples, (const void *))                                                                    \
    X(int, PQnfields, (const void *))                                                                    \
    X(unsigned, PQftype, (const void *, int))                                                            \
    X(char *, PQgetvalue, (const void *, int, int))                                                      \
    X(int, PQgetisnull, (const void *, int, int))                                                        \
    X(char *, PQcmdTuples, (void *))                                                                     \
    X(void, PQclear, (void *))                                                                           \
    X(void *, PQsetNoticeProcessor, (void *, void (*)(void *, const char *), void *))
#define MEMBER(type, name, arguments) type(*name) arguments;

struct pg_state {
    void *library, *connection;
    char name[ED_STORE_NAME_BYTES];
    bool in_transaction;
    FUNCTIONS(MEMBER)
};

static enum ed_status open_library(struct pg_state *state, struct ed_error *err) {
    state->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!state->library)
        return ed_fail(err, ED_ERR_UNSUPPORTED, "--store",
                       "PostgreSQL needs " LIBRARY ", which is not on this machine: install Debian's libpq5");
    const char *missing = NULL;
#define FIND(type, symbol, arguments)                          \
    *(void **)&state->symbol = dlsym(state->library, #symbol); \
    missing = state->symbol ? missing : #symbol;
    FUNCTIONS(FIND)
    return missing ? ed_fail(err, ED_ERR_UNSUPPORTED, LIBRARY,
                             "has no %s: it is too old or none of PostgreSQL's", missing)
                   : ED_OK;
}

static void silent(void *context, const char *message) {
    (void)context;
    (void)message;
}

// A password on a command line is seen by everybody on the machine, and stays in a shell's history.
static enum ed_status check_address(struct pg_state *state, const char *place, struct ed_error *err) {
    char *message = NULL;
    struct conn_option *options = state->PQconninfoParse(place, &message);
    enum ed_status status = ED_OK;
    if (!options)
        // The message may hold what stands where a password stands.
        status = ed_fail(err, ED_ERR_USAGE, "--store",
                         "is no address of PostgreSQL; write postgresql://USER@HOST:PORT/DATABASE");
    for (struct conn_option *option = options; status == ED_OK && option && option->keyword; option++)
        if (option->val && option->val[0] &&
            (strcmp(option->keyword, "password") == 0 || strcmp(option->keyword, "sslpassword") == 0))
            status =
                ed_fail(err, ED_ERR_USAGE, "--store",
                        "holds a password, which everybody on this machine could read: leave it out, and "
                        "put it into ~/.pgpass or PGPASSWORD");
    if (message)
        state->PQfreemem(message);
    if (options)
        state->PQconninfoFree(options);
    return status;
}

static void one_line(char *text) {
    size_t n = strlen(text);
    while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
        text[--n] = 0;
    for (; *text; text++)
        *text = *text == '\n' || *text == '\t' ? ' ' : *text;
}

static enum ed_status fail_connection(struct pg_state *state, struct ed_error *err) {
    char message[ED_ERROR_MESSAGE_BYTES - 200];
    snprintf(message, sizeof message, "%s", state->PQerrorMessage(state->connection));
    one_line(message);
    return ed_fail(err, ED_ERR_UNREACHABLE, state->name, "%s",
                   message[0] ? message : "no memory for a connection");
}

static enum ed_status fail_result(struct pg_state *state, const void *result, struct ed_error *err) {
    const char *sqlstate = result ? state->PQresultErrorField(result, 'C') : NULL;
    char message[ED_ERROR_MESSAGE_BYTES - 200];
    snprintf(message, sizeof message, "%s", state->PQerrorMessage(state->connection));
    one_line(message);
    if (!sqlstate || state->PQstatus(state->connection) != CONNECTION_OK)
        return ed_fail(err, ED_ERR_LINK_LOST, state->name, "the connection broke: %s; nothing of it was kept",
                       message);
    if (strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "57014") == 0)
        return ed_fail(err, ED_ERR_BUSY, state->name, "another program has been writing for %d s; try again",
                       ED_STORE_BUSY_MS / 1000);
    if (strcmp(sqlstate, "42501") == 0)
        return ed_fail(err, ED_ERR_REFUSED, state->name,
                       "%s; ask who keeps this database for the right to do so", message);
    if (strncmp(sqlstate, "53", 2) == 0)
        return ed_fail(err, ED_ERR_NO_SPACE, state->name, "%s", message);
    return ed_fail(err, ED_ERR_IO, state->name, "%s", message);
}

static enum ed_status pg_run(void *context, const char *sql, const struct ed_store_value *values, size_t n,
                             ed_store_row row, void *row_context, int64_t *changed, struct ed_error *err);

static enum ed_status pg_open(void *context, const char *place, bool write, char name[ED_STORE_NAME_BYTES],
                              struct ed_error *err) {
    struct pg_state *state = context;
    // What stands in the address goes before the first two.
    const char *const keywords[] = {"connect_timeout", "fallback_application_name", "dbname", NULL};
    const char *const words[] = {"15", "edgedyno", place, NULL};
    char setting[64];
    (void)write;
    snprintf(state->name, sizeof state->name, "postgresql");
    enum ed_status status = open_library(state, err);
    if (status == ED_OK)
        status = check_address(state, place, err);
    if (status != ED_OK)
        return status;
    state->connection = state->PQconnectdbParams(keywords, words, 1);
    if (state->connection) {
        const char *host = state->PQhost(state->connection), *db = state->PQdb(state->connection);
        snprintf(state->name, sizeof state->name, "postgresql %.200s %.200s", host ? host : "", db ? db : "");
        snprintf(name, ED_STORE_NAME_BYTES, "%s", state->name);
    }
    if (!state->connection || state->PQstatus(state->connection) != CONNECTION_OK ||
        state->PQsetClientEncoding(state->connection, "UTF8") != 0)
        return fail_connection(state, err);
    state->PQsetNoticeProcessor(state->connection, silent, NULL);
    snprintf(setting, sizeof setting, "SET lock_timeout = %d", ED_STORE_BUSY_MS);
    status = pg_run(state, setting, NULL, 0, NULL, NULL, NULL, err);
    return status == ED_OK ? pg_run(state, "SET extra_float_digits = 1", NULL, 0, NULL, NULL, NULL, err)
                           : status;
}

static enum ed_status pg_begin(void *context, bool write, struct ed_error *err) {
    struct pg_state *state = context;
    enum ed_status status = pg_run(state, write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                   NULL, 0, NULL, NULL, NULL, err);
    state->in_transaction = status == ED_OK;
    return status == ED_OK && write ? pg_run(state, LOCK_SQL, NULL, 0, NULL, NULL, NULL, err) : status;
}

static enum ed_status pg_commit(void *context, struct ed_error *err) {
    struct pg_state *state = context;
    enum ed_status status = pg_run(state, "COMMIT", NULL, 0, NULL, NULL, NULL, err);
    state->in_transaction = status != ED_OK;
    return status;
}

static void pg_rollback(void *context) {
    struct pg_state *state = context;
    if (state->in_transaction)
        pg_run(state, "ROLLBACK", NULL, 0, NULL, NULL, NULL, NULL);
    state->in_transaction = false;
}

static struct ed_store_value cell(const struct pg_state *state, const void *result, int row, int column) {
    if (state->PQgetisnull(result, row, column))
        return ed_store_null();
    const char *text = state->PQgetvalue(result, row, column);
    switch (state->PQftype(result, column)) {
    case OID_INT8:
    case OID_INT4:
        return ed_store_int(strtoll(text, NULL, 10));
    case OID_FLOAT8:
        return ed_store_real(strtod(text, NULL));
    default:
        return ed_store_text(text);
    }
}

static enum ed_status give_rows(const struct pg_state *state, const void *result, ed_store_row row,
                                void *row_context, struct ed_error *err) {
    struct ed_store_value cells[COLUMNS_MAX];
    const int rows = state->PQntuples(result), columns = state->PQnfields(result);
    enum ed_status status = ED_OK;
    for (int r = 0; status == ED_OK && row && r < rows; r++) {
        for (int c = 0; c < columns && c < COLUMNS_MAX; c++)
            cells[c] = cell(state, result, r, c);
        status = row(row_context, cells, (size_t)columns, err);
    }
    return status;
}

static enum ed_status pg_run(void *context, const char *sql, const struct ed_store_value *values, size_t n,
                             ed_store_row row, void *row_context, int64_t *changed, struct ed_error *err) {
    struct pg_state *state = context;
    const char *texts[ED_STORE_VALUES_MAX];
    char(*numbers)[NUMBER_BYTES] = NULL;
    enum ed_status status = ED_OK;
    if (n > ED_STORE_VALUES_MAX || (n && !(numbers = malloc(n * sizeof *numbers))))
        return ed_fail(err, ED_ERR_NO_MEMORY, state->name, "no memory for a statement");
    for (size_t i = 0; i < n; i++) {
        texts[i] = values[i].type == ED_STORE_NULL   ? NULL
                   : values[i].type == ED_STORE_TEXT ? values[i].text
                                                     : numbers[i];
        if (values[i].type == ED_STORE_INT)
            snprintf(numbers[i], NUMBER_BYTES, "%" PRId64, values[i].integer);
        else if (values[i].type == ED_STORE_REAL)
            ed_json_format_real(numbers[i], values[i].real);
    }
    void *result = state->PQexecParams(state->connection, sql, (int)n, NULL, texts, NULL, NULL, 0);
    const int code = result ? state->PQresultStatus(result) : -1;
    if (code != PGRES_COMMAND_OK && code != PGRES_TUPLES_OK)
        status = fail_result(state, result, err);
    if (status == ED_OK && changed)
        *changed = strtoll(state->PQcmdTuples(result), NULL, 10);
    if (status == ED_OK)
        status = give_rows(state, result, row, row_context, err);
    if (result)
        state->PQclear(result);
    free(numbers);
    return status;
}

static void pg_close(void *context) {
    struct pg_state *state = context;
    if (state->connection) {
        pg_rollback(state);
        state->PQfinish(state->connection);
    }
    // Not closed: libraries that it brought may have threads and handlers of their own.
    state->connection = NULL;
}

const struct ed_store_kind ed_store_postgresql = {
    .name = "postgresql",
    .state_bytes = sizeof(struct pg_state),
    .open = pg_open,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .run = pg_run,
    // Not to_regclass alone, which may answer from before the lock that the transaction waited for.
    .has_table = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = $1"
                 " AND pg_catalog.pg_table_is_visible(c.oid)) THEN 1 ELSE 0 END",
    .close = pg_close,
};
