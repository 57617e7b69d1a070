// SPDX-License-Identifier: Apache-2.0
// What sensors cover: figures of energy are compared only where they cover the same.
#ifndef EDGEDYNO_REPORTS_ENERGY_SCOPE_H
#define EDGEDYNO_REPORTS_ENERGY_SCOPE_H

#include "edgedyno/result.h"

#define ED_ENERGY_SCOPES_MAX 8

// Whether the key is a figure of energy.
bool ed_energy_scoped(int field);
// The kinds of scope that figures of `field` have in these rows, in a fixed order, each as a heading
// ("energy battery"); one kind alone is the plain `head`. Static text, or `head`. Returns their number.
struct ed_energy_column {
    const char *head;
    int scope; // for ed_energy_of_scope; -1: every row
};
size_t ed_energy_columns(const struct ed_result *const *rows, size_t n, int field, const char *head,
                         struct ed_energy_column columns[ED_ENERGY_SCOPES_MAX]);
bool ed_energy_of_scope(const struct ed_result *result, int scope);

#endif
