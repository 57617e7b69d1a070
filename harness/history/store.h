// SPDX-License-Identifier: Apache-2.0
// Where finished campaigns are kept over time. A kind of store runs statements; what the tables are and what
// they mean is the same for all kinds (schema.c, import.c, load.c). Statements use the SQL that SQLite and
// PostgreSQL have in common, with $1, $2 ... for values: no text from outside is ever part of a statement.
// One store belongs to one thread.
#ifndef EDGEDYNO_HARNESS_HISTORY_STORE_H
#define EDGEDYNO_HARNESS_HISTORY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

#define ED_STORE_SCHEMA 2       // version of the tables
#define ED_STORE_VALUES_MAX 960 // of one statement; SQLite before 3.32 takes 999
#define ED_STORE_NAME_BYTES 512
// How long a program waits for another one that writes.
#define ED_STORE_BUSY_MS 30000

enum ed_store_type { ED_STORE_NULL, ED_STORE_INT, ED_STORE_REAL, ED_STORE_TEXT };

// A value of a statement, and a cell of its answer. `text` is valid UTF-8, borrowed; of a cell until the next
// row, and "" where it is no text.
struct ed_store_value {
    enum ed_store_type type;
    int64_t integer; // of INT
    double real;     // of INT and REAL
    const char *text;
};

typedef enum ed_status (*ed_store_row)(void *context, const struct ed_store_value *cells, size_t n,
                                       struct ed_error *err);

struct ed_store_kind {
    const char *name;
    size_t state_bytes; // zeroed before `open`
    // `place` is what --store names. `write` false: ED_ERR_NOT_FOUND where there is nothing yet. `name` gets
    // what messages call it: never a password.
    enum ed_status (*open)(void *state, const char *place, bool write, char name[ED_STORE_NAME_BYTES],
                           struct ed_error *err);
    // A transaction. One that writes excludes every other that writes; one that reads sees one state.
    enum ed_status (*begin)(void *state, bool write, struct ed_error *err);
    enum ed_status (*commit)(void *state, struct ed_error *err);
    void (*rollback)(void *state);
    // One statement. `row` may be NULL; a status other than ED_OK from it ends the statement. `changed` (may
    // be NULL) gets the number of rows that were written.
    enum ed_status (*run)(void *state, const char *sql, const struct ed_store_value *values, size_t n,
                          ed_store_row row, void *context, int64_t *changed, struct ed_error *err);
    const char *has_table;      // a statement: one row with 1 where table $1 exists, else 0
    void (*close)(void *state); // safe after a failed open
};

extern const struct ed_store_kind ed_store_sqlite, ed_store_postgresql;

struct ed_store {
    const struct ed_store_kind *kind;
    void *state;
    char name[ED_STORE_NAME_BYTES]; // for messages
};

// `place` NULL: $XDG_STATE_HOME/edgedyno/history.sqlite. "postgresql://..." is PostgreSQL, any other text the
// file of an SQLite database. `write` makes what is missing: directory, file, tables. ED_ERR_NOT_FOUND:
// there is nothing to read yet; ED_ERR_VERSION: tables of a newer program; ED_ERR_PARSE: damaged.
enum ed_status ed_store_open(struct ed_store *store, const char *place, bool write, struct ed_error *err);
void ed_store_close(struct ed_store *store); // safe on a zeroed struct

// The hooks with the store's state; after a failure of anything between begin and end, end with `status`
// rolls back and returns it.
enum ed_status ed_store_begin(struct ed_store *store, bool write, struct ed_error *err);
enum ed_status ed_store_end(struct ed_store *store, enum ed_status status, struct ed_error *err);
enum ed_status ed_store_run(struct ed_store *store, const char *sql, const struct ed_store_value *values,
                            size_t n, ed_store_row row, void *context, int64_t *changed,
                            struct ed_error *err);

static inline struct ed_store_value ed_store_text(const char *text) {
    return (struct ed_store_value){.type = ED_STORE_TEXT, .text = text};
}
static inline struct ed_store_value ed_store_int(int64_t integer) {
    return (struct ed_store_value){
        .type = ED_STORE_INT, .integer = integer, .real = (double)integer, .text = ""};
}
static inline struct ed_store_value ed_store_real(double real) {
    return (struct ed_store_value){.type = ED_STORE_REAL, .real = real, .text = ""};
}
static inline struct ed_store_value ed_store_null(void) {
    return (struct ed_store_value){.type = ED_STORE_NULL, .text = ""};
}

#endif
