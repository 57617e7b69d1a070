// SPDX-License-Identifier: Apache-2.0
// Options of the engines in a plan: lists of values crossed, one text a case, each checked against the
// engines.
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/options.h"
#include "harness/plan_parts.h"

static bool has_prefix(const struct ed_manifest *manifest, const char *key) {
    const size_t n = strlen(manifest->option_prefix);
    return n && !strncmp(key, manifest->option_prefix, n);
}

static bool knows_option(const struct ed_manifest *manifest, const char *key) {
    bool known = has_prefix(manifest, key);
    for (size_t k = 0; k < manifest->n_options; k++)
        known = known || !strcmp(manifest->options[k].name, key);
    return known;
}

static void append_option(char *out, size_t bytes, const struct ed_manifest *manifest, const char *key,
                          const char *value) {
    const size_t used = strlen(out);
    if (knows_option(manifest, key))
        snprintf(out + used, bytes - used, "%s%s=%s", used ? " " : "", key, value);
}

bool ed_plan_is_server(const struct ed_engine_build *build) {
    return build->address[0] && !strcmp(build->manifest->address, "url");
}

void ed_plan_options_join(char *out, size_t bytes, const struct ed_suite *suite,
                          const struct ed_engine_build *build, size_t number) {
    const struct ed_manifest *manifest = build->manifest;
    size_t places[ED_OPTIONS_GIVEN_MAX] = {0};
    out[0] = 0;
    if (ed_plan_is_server(build))
        append_option(out, bytes, manifest, "url", build->address);
    for (size_t i = 0; i < suite->n_options; i++)
        append_option(out, bytes, manifest, suite->options[i].key, suite->options[i].value);
    for (size_t i = suite->n_crossings; i-- > 0;)
        if (knows_option(manifest, suite->crossings[i].key)) {
            places[i] = number % suite->crossings[i].n_values;
            number /= suite->crossings[i].n_values;
        }
    for (size_t i = 0; i < suite->n_crossings; i++)
        append_option(out, bytes, manifest, suite->crossings[i].key, suite->crossings[i].values[places[i]]);
}

size_t ed_plan_options_count(const struct ed_suite *suite, const struct ed_manifest *manifest) {
    size_t n = 1;
    for (size_t i = 0; i < suite->n_crossings && n <= ED_WIRE_CASES_MAX; i++)
        if (knows_option(manifest, suite->crossings[i].key))
            n *= suite->crossings[i].n_values;
    return n <= ED_WIRE_CASES_MAX ? n : ED_WIRE_CASES_MAX + 1;
}

// An option must be known to an engine of the plan, and right for each that knows it.
static enum ed_status check_option(const struct ed_choices *choices, const char *key, const char *value,
                                   struct ed_error *err) {
    const char *known_names[256] = {NULL};
    size_t n_known = 0;
    bool known = false;
    for (size_t c = 0; c < choices->n; c++) {
        const struct ed_manifest *manifest = choices->items[c].build->manifest;
        known = known || has_prefix(manifest, key);
        for (size_t k = 0; k < manifest->n_options; k++) {
            if (n_known < 255)
                known_names[n_known++] = manifest->options[k].name;
            if (strcmp(manifest->options[k].name, key))
                continue;
            char where[128];
            snprintf(where, sizeof where, "option %.80s of %.30s", key, manifest->name);
            enum ed_status status = ed_option_check(&manifest->options[k], where, value, err);
            if (status != ED_OK)
                return status;
            known = true;
        }
    }
    if (known)
        return ED_OK;
    const char *near = ed_nearest(key, known_names);
    return ed_fail(err, ED_ERR_USAGE, "--option", "no engine of this run has an option '%s'%s%s%s", key,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum ed_status ed_plan_options_check(const struct ed_suite *suite, const struct ed_choices *choices,
                                     struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < suite->n_options; i++)
        status = check_option(choices, suite->options[i].key, suite->options[i].value, err);
    for (size_t i = 0; status == ED_OK && i < suite->n_crossings; i++) {
        const struct ed_suite_crossing *crossing = &suite->crossings[i];
        for (size_t k = 0; status == ED_OK && k < suite->n_options; k++)
            if (!strcmp(suite->options[k].key, crossing->key))
                status =
                    ed_fail(err, ED_ERR_USAGE, "option_lists",
                            "option '%s' has both a value and a list of values; keep one", crossing->key);
        for (size_t k = 0; status == ED_OK && k < crossing->n_values; k++)
            status = check_option(choices, crossing->key, crossing->values[k], err);
    }
    return status;
}
