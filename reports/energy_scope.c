// SPDX-License-Identifier: Apache-2.0
// Telling scopes of energy apart by the first word of energy_scope.
#include "reports/energy_scope.h"

#include <string.h>

#include "reports/fields.h"

static const struct {
    const char *word, *head;
} scopes[] = {{"external", "energy external"},
              {"board", "energy board"},
              {"battery", "energy battery"},
              {"package", "energy package"},
              {"accelerator", "energy accelerator"}};
enum { N_SCOPES = sizeof scopes / sizeof scopes[0], OTHER = N_SCOPES };

bool ed_energy_scoped(int field) {
    return field >= 0 && strcmp(ed_result_fields()[field].unit, "uj") == 0;
}

static int scope_of(const struct ed_result *result) {
    for (int i = 0; i < N_SCOPES; i++) {
        const size_t n = strlen(scopes[i].word);
        if (result->has[ED_FIELD_energy_scope] && !strncmp(result->energy_scope, scopes[i].word, n) &&
            result->energy_scope[n] == ':')
            return i;
    }
    return OTHER;
}

bool ed_energy_of_scope(const struct ed_result *result, int scope) {
    return scope < 0 || scope_of(result) == scope;
}

size_t ed_energy_columns(const struct ed_result *const *rows, size_t n, int field, const char *head,
                         struct ed_energy_column columns[ED_ENERGY_SCOPES_MAX]) {
    bool there[N_SCOPES + 1] = {false};
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (!ed_result_is_null(rows[i], field))
            there[scope_of(rows[i])] = true;
    for (int i = 0; i <= N_SCOPES; i++)
        if (there[i])
            columns[found++] = (struct ed_energy_column){i < N_SCOPES ? scopes[i].head : "energy other", i};
    if (found < 2)
        columns[0] = (struct ed_energy_column){head, -1};
    return found < 2 ? 1 : found;
}
