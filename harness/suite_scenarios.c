// SPDX-License-Identifier: Apache-2.0
// What a suite says of scenarios: WORD[:VALUE], their rates and the deadline, from its file and from flags.
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/options.h"
#include "base/units.h"
#include "harness/suite_read.h"
#include "harness/suite_values.h"

#define EXAMPLES \
    "single-stream, fixed-rate:50/s, poisson:50/s, offline:4 (streams at a time), sustained:10min"

// "50", "50/s", "0.5 /s"; the message says what it is a rate of.
static enum ed_status rate_parse(const char *text, double *out, struct ed_error *err) {
    char number[64];
    size_t n = strlen(text);
    if (n >= 2 && !strcmp(text + n - 2, "/s"))
        n -= 2;
    while (n && text[n - 1] == ' ')
        n--;
    if (n && n < sizeof number) {
        memcpy(number, text, n);
        number[n] = 0;
        if (ed_units_number(number, out, NULL) == ED_OK && *out > 0 && *out <= ED_WORKLOAD_RATE_MAX)
            return ED_OK;
    }
    return ed_fail(err, ED_ERR_USAGE, NULL,
                   "\"%.40s\" is no rate; write arrivals a second, above 0 and up to 1000000, such as 50/s",
                   text);
}

static bool is_rated(const struct ed_workload *w) {
    return w->scenario == ED_SCENARIO_FIXED_RATE || w->scenario == ED_SCENARIO_POISSON;
}

static enum ed_status value_parse(struct ed_workload *w, const char *value, struct ed_error *err) {
    int64_t streams = 0;
    switch (w->scenario) {
    case ED_SCENARIO_SINGLE_STREAM:
        return value ? ed_fail(err, ED_ERR_USAGE, NULL,
                               "single-stream has no value; leave out \":%.40s\" (several at a time is "
                               "offline:N)",
                               value)
                     : ED_OK;
    case ED_SCENARIO_FIXED_RATE:
    case ED_SCENARIO_POISSON:
        return value ? rate_parse(value, &w->rate_per_s, err) : ED_OK; // the rates stand apart
    case ED_SCENARIO_OFFLINE:
        if (!value || ed_units_integer(value, &streams, NULL) != ED_OK || streams < 1 ||
            streams > ED_WORKLOAD_STREAMS_MAX)
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "offline needs how many inferences run at a time, 1 to %d, such as offline:4",
                           ED_WORKLOAD_STREAMS_MAX);
        w->streams = (int32_t)streams;
        return ED_OK;
    case ED_SCENARIO_SUSTAINED:
        if (!value || ed_units_duration(value, &w->duration_ns, NULL) != ED_OK ||
            w->duration_ns < ED_SUITE_SUSTAINED_MIN_NS || w->duration_ns > ED_SUITE_SUSTAINED_MAX_NS)
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "sustained needs how long it lasts, 1 s to 24 h, such as sustained:10min");
        return ED_OK;
    case ED_SCENARIO_COUNT:
        break;
    }
    return ed_fail(err, ED_ERR_INTERNAL, NULL, "a scenario without a name");
}

enum ed_status ed_suite_scenario_parse(const char *text, struct ed_workload *w, struct ed_error *err) {
    const char *known[ED_SCENARIO_COUNT + 1] = {0}, *colon = strchr(text, ':'), *near;
    char word[ED_SUITE_SCENARIO_BYTES];
    unsigned scenario = 0;
    memset(w, 0, sizeof *w);
    snprintf(word, sizeof word, "%.*s", (int)(colon ? colon - text : (ptrdiff_t)strlen(text)), text);
    for (unsigned i = 0; i < ED_SCENARIO_COUNT; i++)
        known[i] = ed_scenario_word(i);
    while (scenario < ED_SCENARIO_COUNT && strcmp(word, known[scenario]))
        scenario++;
    if (scenario == ED_SCENARIO_COUNT) {
        near = ed_nearest(word, known);
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.40s\" is no scenario%s%s%s; there are " EXAMPLES, word,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    w->scenario = scenario;
    return value_parse(w, colon ? colon + 1 : NULL, err);
}

static enum ed_status scenario_add(struct ed_suite *suite, const char *text, struct ed_error *err) {
    struct ed_workload fresh, *place;
    enum ed_status status = ed_suite_scenario_parse(text, &fresh, err);
    for (size_t i = 0; !status && i < suite->n_scenarios; i++)
        if (!memcmp(&suite->scenarios[i], &fresh, sizeof fresh))
            status = ed_fail(err, ED_ERR_USAGE, NULL, "\"%.40s\" stands twice in the list; remove one", text);
    if (!status && suite->n_scenarios >= ED_SUITE_WORKLOADS_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d scenarios", ED_SUITE_WORKLOADS_MAX);
    if (status)
        return status;
    place = ed_suite_list_grow(&suite->scenarios, &suite->n_scenarios, sizeof *place);
    if (!place)
        return ed_suite_fail_memory(err);
    // As bytes, padding included, since that is how they are compared.
    memcpy(place, &fresh, sizeof fresh);
    return ED_OK;
}

enum ed_status ed_suite_add_scenarios(struct ed_suite *suite, const char *list, struct ed_error *err) {
    struct ed_error inner = {0};
    char **parts = NULL;
    size_t n = 0;
    enum ed_status status = ed_options_list(list, "--scenario", &parts, &n, err);
    for (size_t i = 0; i < n && !status; i++)
        if (scenario_add(suite, parts[i], &inner))
            status = ed_fail(err, inner.code, "--scenario", "%s", inner.message);
    free(parts);
    return status;
}

static enum ed_status rate_put(double **rates, size_t *n, double rate, const char *text,
                               struct ed_error *err) {
    double *place;
    for (size_t i = 0; i < *n; i++)
        if ((*rates)[i] == rate)
            return ed_fail(err, ED_ERR_USAGE, NULL, "%.40s stands twice in the list; remove one", text);
    if (*n >= ED_SUITE_WORKLOADS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d rates", ED_SUITE_WORKLOADS_MAX);
    if (!(place = ed_suite_list_grow(rates, n, sizeof *place)))
        return ed_suite_fail_memory(err);
    *place = rate;
    return ED_OK;
}

enum ed_status ed_suite_set_rates(struct ed_suite *suite, const char *list, struct ed_error *err) {
    struct ed_error inner = {0};
    char **parts = NULL;
    double *rates = NULL, rate = 0;
    size_t n = 0, n_rates = 0;
    enum ed_status status = ed_options_list(list, "--rate", &parts, &n, err);
    for (size_t i = 0; i < n && !status; i++)
        if (rate_parse(parts[i], &rate, &inner) || rate_put(&rates, &n_rates, rate, parts[i], &inner))
            status = ed_fail(err, inner.code, "--rate", "%s", inner.message);
    free(parts);
    if (status) {
        free(rates);
        return status;
    }
    free(suite->rates);
    suite->rates = rates;
    suite->n_rates = n_rates;
    return ED_OK;
}

enum ed_status ed_suite_scenarios_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                       const struct ed_suite_key *key, struct ed_workload **out, size_t *n) {
    struct ed_suite list = {0};
    struct ed_error inner = {0};
    size_t index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "scenarios", reader->err);
    for (const cJSON *child = status ? NULL : at->value->child; child && !status;
         child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        const char *text = NULL;
        status = ed_json_as_text(&place, &text, reader->err);
        if (!status && scenario_add(&list, text, &inner))
            status = ed_json_fail(&place, reader->err, "%s", inner.message);
    }
    *out = list.scenarios;
    *n = list.n_scenarios;
    return status;
}

enum ed_status ed_suite_rates_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, double **out, size_t *n) {
    struct ed_error inner = {0};
    size_t index = 0;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "rates", reader->err);
    for (const cJSON *child = status ? NULL : at->value->child; child && !status;
         child = child->next, index++) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        char text[40];
        const double rate = cJSON_IsNumber(child) ? child->valuedouble : 0;
        if (!cJSON_IsNumber(child))
            status = ed_suite_fail_kind(&place, "a number of arrivals a second", reader->err);
        else if (!(rate > 0 && rate <= ED_WORKLOAD_RATE_MAX))
            status = ed_json_fail(&place, reader->err,
                                  "is outside of the rates, above 0 and up to 1000000 a second");
        snprintf(text, sizeof text, "%g", rate);
        if (!status && rate_put(out, n, rate, text, &inner))
            status = ed_json_fail(&place, reader->err, "%s", inner.message);
    }
    return status;
}

enum ed_status ed_suite_scenarios_check(const struct ed_suite *suite, struct ed_error *err) {
    bool rated = false, open = false;
    for (size_t i = 0; i < suite->n_scenarios; i++) {
        const struct ed_workload *w = &suite->scenarios[i];
        rated = rated || is_rated(w);
        open = open || (is_rated(w) && w->rate_per_s <= 0);
        if (suite->gate.active && w->scenario == ED_SCENARIO_SUSTAINED)
            return ed_fail(err, ED_ERR_USAGE, "--scenario",
                           "a gate compares short blocks in pairs; sustained is measured by `edgedyno run`");
    }
    if (open && !suite->n_rates)
        return ed_fail(err, ED_ERR_USAGE, "--scenario",
                       "fixed-rate and poisson need a rate: write fixed-rate:50/s, or add --rate 50,100");
    if (suite->n_rates && !open)
        return ed_fail(err, ED_ERR_USAGE, "--rate",
                       rated
                           ? "every scenario has a rate already; write --scenario fixed-rate or poisson "
                             "without one"
                           : "only fixed-rate and poisson have a rate; add --scenario fixed-rate or poisson");
    return ED_OK;
}
