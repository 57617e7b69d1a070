// SPDX-License-Identifier: Apache-2.0
// What every adapter does with `-o KEY=VALUE`: check each one against the table made from its manifest, and
// look values up.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_OPTIONS_H
#define EDGEDYNO_BACKENDS_ADAPTER_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/options.h"
#include "edgedyno/backend.h"

// The last value of `key`, or NULL where it was not given. Borrowed.
static inline const char *ed_adapter_option(const struct ed_load_args *args, const char *key) {
    const char *found = NULL;
    for (size_t i = 0; i < args->n_options; i++)
        if (!strcmp(args->options[i].key, key))
            found = args->options[i].value;
    return found;
}

// A flag's value, already checked: "1" and "true" are true.
static inline bool ed_adapter_flag(const char *value) {
    return !strcmp(value, "1") || !strcmp(value, "true");
}

// Likewise, and `otherwise` where it was not given.
static inline const char *ed_adapter_option_or(const struct ed_load_args *args, const char *key,
                                               const char *otherwise) {
    const char *given = ed_adapter_option(args, key);
    return given ? given : otherwise;
}

static inline bool ed_adapter_flag_or(const struct ed_load_args *args, const char *key, bool otherwise) {
    const char *given = ed_adapter_option(args, key);
    return given ? ed_adapter_flag(given) : otherwise;
}

// Every given key must be a row of the table and its value must fit; an unknown key is ED_ERR_USAGE and names
// the nearest one. Keys that begin with `free_prefix` (NULL: none) are left to the caller.
static inline enum ed_status ed_adapter_options_check(const char *adapter, const struct ed_option *table,
                                                      size_t n, const char *free_prefix,
                                                      const struct ed_load_args *args, struct ed_error *err) {
    const char *names[128];
    size_t n_names = 0;
    for (size_t i = 0; i < n && n_names < 127; i++)
        names[n_names++] = table[i].name;
    names[n_names] = NULL;
    for (size_t i = 0; i < args->n_options; i++) {
        const char *key = args->options[i].key;
        const struct ed_option *row = NULL;
        char where[160];
        if (free_prefix && !strncmp(key, free_prefix, strlen(free_prefix)))
            continue;
        for (size_t j = 0; j < n && !row; j++)
            row = strcmp(table[j].name, key) ? NULL : &table[j];
        snprintf(where, sizeof where, "-o %.120s", key);
        if (!row) {
            const char *near = ed_nearest(key, names);
            if (near)
                return ed_fail(err, ED_ERR_USAGE, where, "%s has no option '%.120s'; did you mean '%s'?",
                               adapter, key, near);
            return ed_fail(err, ED_ERR_USAGE, where,
                           "%s has no option '%.120s'; `edgedyno help --reference` lists what it has",
                           adapter, key);
        }
        enum ed_status status = ed_option_check(row, where, args->options[i].value, err);
        if (status)
            return status;
    }
    return ED_OK;
}

#endif
