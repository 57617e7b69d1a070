// SPDX-License-Identifier: Apache-2.0
// The model of a case at a server.
#include <string.h>

#include "harness/plan_parts.h"
#include "harness/tune_models.h"

#define MODEL_OPTION "model"

static const char *option_of(const struct ed_campaign_case *c, size_t *bytes) {
    static const char inner[] = " " MODEL_OPTION "=";
    const char *at = !strncmp(c->options, inner + 1, sizeof inner - 2) ? c->options + sizeof inner - 2 : NULL;
    if (!at && (at = strstr(c->options, inner)))
        at += sizeof inner - 1;
    *bytes = at ? strcspn(at, " ") : 0;
    return at;
}

void ed_plan_server_model(struct ed_campaign_case *c, const struct ed_suite *suite) {
    const struct ed_suite_crossing *several = NULL;
    size_t bytes;
    const char *name = option_of(c, &bytes);
    if (!name)
        return;
    snprintf(c->model, sizeof c->model, "%.*s", (int)bytes, name);
    for (size_t i = 0; suite->tune.active && i < suite->n_crossings; i++)
        if (!strcmp(suite->crossings[i].key, MODEL_OPTION) && suite->crossings[i].n_values > 1)
            several = &suite->crossings[i];
    if (!several)
        return;
    const size_t common = ed_tune_common_bytes((const char *const *)several->values, several->n_values);
    snprintf(c->variant, sizeof c->variant, "%.*s", (int)bytes, name);
    snprintf(c->model, sizeof c->model, "%.*s", common ? (int)common - 1 : (int)strlen(several->values[0]),
             several->values[0]);
}
