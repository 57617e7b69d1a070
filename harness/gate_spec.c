// SPDX-License-Identifier: Apache-2.0
// Reading, checking and freezing what a gate was asked.
#include "harness/gate_spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/nearest.h"
#include "base/options.h"
#include "base/units.h"
#include "harness/gate.h"
#include "harness/gate_metrics.h"

static const char *const inconclusive_words[] = {"", "pass", "fail"};

static enum ed_status find_metric(const char *where, const char *key, int *field, struct ed_error *err) {
    const char *known[ED_GATE_METRICS_MAX + 1] = {NULL};
    char list[1024] = "";
    size_t n;
    const struct ed_gate_metric *metrics = ed_gate_metrics(&n);
    for (size_t i = 0; i < n && i < ED_GATE_METRICS_MAX; i++) {
        known[i] = ed_result_fields()[metrics[i].field].key;
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", known[i]);
        if (strcmp(known[i], key) == 0) {
            *field = metrics[i].field;
            return ED_OK;
        }
    }
    const char *near = ed_nearest(key, known);
    return near ? ed_fail(err, ED_ERR_USAGE, where,
                          "\"%.64s\" cannot be compared block by block; the nearest is %s", key, near)
                : ed_fail(err, ED_ERR_USAGE, where,
                          "\"%.64s\" cannot be compared block by block; these can: %s", key, list);
}

static void add_metric(struct ed_gate_spec *spec, int field) {
    for (size_t i = 0; i < spec->n_metrics; i++)
        if (spec->metrics[i].field == field)
            return;
    if (spec->n_metrics < ED_GATE_METRICS_MAX) {
        spec->metrics[spec->n_metrics].field = field;
        spec->metrics[spec->n_metrics++].mde = 0;
    }
}

static enum ed_status choose_metrics(struct ed_gate_spec *spec, const char *list, struct ed_error *err) {
    char **keys = NULL;
    size_t n = 0;
    if (!list[0]) {
        const struct ed_gate_metric *metrics = ed_gate_metrics(&n);
        for (size_t i = 0; i < n; i++)
            if (metrics[i].by_default)
                add_metric(spec, metrics[i].field);
        return ED_OK;
    }
    enum ed_status status = ed_options_list(list, "--metric", &keys, &n, err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        int field = 0;
        status = find_metric("--metric", keys[i] + strspn(keys[i], " "), &field, err);
        if (status == ED_OK)
            add_metric(spec, field);
    }
    spec->chosen = true;
    free(keys);
    return status;
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    for (size_t n = strlen(text); n > 0 && strchr(" \t", text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static enum ed_status read_share(const char *text, double *share, struct ed_error *err) {
    struct ed_error cause = {0};
    if (ed_units_share(text, share, &cause) != ED_OK)
        return ed_fail(err, ED_ERR_USAGE, "--mde", "%s", cause.message);
    if (*share < ED_GATE_MDE_LEAST || *share > ED_GATE_MDE_MOST)
        return ed_fail(err, ED_ERR_USAGE, "--mde",
                       "\"%.40s\" is not from 0.01 %% to 100 %%: the smallest slowdown that matters", text);
    return ED_OK;
}

// "2 %", and then "KEY = 20 %" for single metrics. What a metric has by itself gives way to a share that is
// larger.
static enum ed_status read_mde(struct ed_gate_spec *spec, const char *text, struct ed_error *err) {
    double general = ED_GATE_MDE;
    char **parts = NULL;
    size_t n = 0;
    enum ed_status status = text[0] ? ed_options_list(text, "--mde", &parts, &n, err) : ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        double share = 0;
        int field = 0;
        char *equals = strchr(parts[i], '='), *value = trim(equals ? equals + 1 : parts[i]);
        if (equals)
            *equals = '\0';
        status = read_share(value, &share, err);
        if (status == ED_OK && !equals)
            general = share;
        else if (status == ED_OK)
            status = find_metric("--mde", trim(parts[i]), &field, err);
        for (size_t k = 0; status == ED_OK && equals && k < spec->n_metrics; k++)
            if (spec->metrics[k].field == field)
                spec->metrics[k].mde = share;
    }
    free(parts);
    for (size_t k = 0; status == ED_OK && k < spec->n_metrics; k++) {
        const double own = ed_gate_metric_find(spec->metrics[k].field)->mde;
        if (!(spec->metrics[k].mde > 0))
            spec->metrics[k].mde = own > general ? own : general;
    }
    return status;
}

enum ed_status ed_gate_spec_make(struct ed_gate_spec *spec, const struct ed_suite *suite,
                                 struct ed_error *err) {
    memset(spec, 0, sizeof *spec);
    if (!suite->gate.active)
        return ED_OK;
    spec->active = true;
    spec->pairs = ED_GATE_PAIRS_MAX;
    spec->need = suite->gate.need;
    spec->max_time_ns = suite->max_time_ns;
    spec->min_ns = suite->block_min_ns;
    spec->max_ns = suite->block_max_ns;
    spec->min_inferences = suite->block_min_inferences;
    spec->inferences = suite->block_inferences;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(suite->gate.inconclusive, inconclusive_words[i]) == 0)
            spec->inconclusive = (enum ed_gate_inconclusive)i;
    spec->confirm = suite->gate.confirm;
    snprintf(spec->confirms, sizeof spec->confirms, "%s", suite->gate.confirms);
    enum ed_status status = choose_metrics(spec, suite->gate.metric, err);
    return status == ED_OK ? read_mde(spec, suite->gate.mde, err) : status;
}

// Everything that decides, in one text.
static void digest_of(const struct ed_gate_spec *spec, char hex[ED_DIGEST_HEX_BYTES]) {
    struct ed_buffer text;
    char real[32];
    ed_buffer_init(&text, 1u << 16);
    ed_buffer_printf(&text, "%d %lld %lld %zu %d %lld %lld %lld %lld %s\n", spec->chosen,
                     (long long)spec->need, (long long)spec->max_time_ns, spec->family,
                     (int)spec->inconclusive, (long long)spec->min_ns, (long long)spec->max_ns,
                     (long long)spec->min_inferences, (long long)spec->inferences, spec->confirms);
    // What was frozen without spare pairs says nothing of them.
    if (spec->pairs > ED_GATE_PAIRS_MAX)
        ed_buffer_printf(&text, "pairs %zu\n", spec->pairs);
    for (size_t i = 0; i < spec->n_metrics; i++) {
        ed_json_format_real(real, spec->metrics[i].mde);
        ed_buffer_printf(&text, "%s %s\n", ed_result_fields()[spec->metrics[i].field].key, real);
    }
    ed_digest_bytes(hex, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
}

void ed_gate_spec_write(struct ed_json_writer *w, const struct ed_gate_spec *spec) {
    char hex[ED_DIGEST_HEX_BYTES];
    if (!spec->active)
        return;
    ed_json_object_begin(w, "gate");
    ed_json_real(w, "alpha_fail", ED_GATE_ALPHA_FAIL);
    ed_json_real(w, "alpha_pass", ED_GATE_ALPHA_PASS);
    ed_json_array_begin(w, "looks");
    for (size_t i = 0; i < ED_LOOKS; i++)
        ed_json_uint(w, NULL, ed_look_pairs(i));
    ed_json_array_end(w);
    ed_json_array_begin(w, "metrics");
    for (size_t i = 0; i < spec->n_metrics; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "key", ed_result_fields()[spec->metrics[i].field].key);
        ed_json_real(w, "mde", spec->metrics[i].mde);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_bool(w, "chosen", spec->chosen);
    ed_json_text(w, "inconclusive", inconclusive_words[spec->inconclusive]);
    ed_json_int(w, "need", spec->need);
    ed_json_int(w, "max_time_ns", spec->max_time_ns);
    ed_json_uint(w, "pairs", spec->pairs);
    ed_json_uint(w, "family", spec->family);
    ed_json_int(w, "min_ns", spec->min_ns);
    ed_json_int(w, "max_ns", spec->max_ns);
    ed_json_int(w, "min_inferences", spec->min_inferences);
    ed_json_int(w, "inferences", spec->inferences);
    ed_json_bool(w, "confirm", spec->confirm);
    ed_json_text(w, "confirms", spec->confirms);
    digest_of(spec, hex);
    ed_json_text(w, "sha256", hex);
    ed_json_object_end(w);
}

static enum ed_status read_metrics(const struct ed_json_at *at, struct ed_gate_spec *spec,
                                   struct ed_error *err) {
    const struct ed_json_at list = ed_json_member(at, "metrics");
    enum ed_status status = ed_json_expect_array(&list, err);
    if (status == ED_OK && ed_json_count(&list) > ED_GATE_METRICS_MAX)
        status = ed_json_fail(&list, err, "has more than %d metrics", ED_GATE_METRICS_MAX);
    for (struct ed_json_at item = ed_json_element(&list, 0); status == ED_OK && item.value;
         item = ed_json_next(&item)) {
        const char *key = "";
        int end = 0;
        double mde = 0;
        status = ed_json_get_text(&item, "key", &key, err);
        if (status == ED_OK)
            status = ed_json_get_real(&item, "mde", ED_GATE_MDE_LEAST, ED_GATE_MDE_MOST, &mde, err);
        const int field = status == ED_OK ? ed_result_find(key, &end) : -1;
        if (status == ED_OK && (field < 0 || end || !ed_gate_metric_find(field)))
            status = ed_json_fail(&item, err, "\"%.64s\" is nothing that a gate compares", key);
        if (status != ED_OK)
            break;
        spec->metrics[spec->n_metrics].field = field;
        spec->metrics[spec->n_metrics++].mde = mde;
    }
    return status;
}

enum ed_status ed_gate_spec_read(const struct ed_json_at *root, struct ed_gate_spec *spec,
                                 struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, "gate");
    const int64_t most = INT64_C(1) << 52;
    const char *word = "", *confirms = "", *frozen = "";
    char hex[ED_DIGEST_HEX_BYTES];
    int64_t family = 0, pairs = ED_GATE_PAIRS_MAX;
    memset(spec, 0, sizeof *spec);
    if (!at.value)
        return ED_OK;
    spec->active = true;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status != ED_OK || (status = read_metrics(&at, spec, err)) ||
        (status = ed_json_opt_bool(&at, "chosen", &spec->chosen, err)) ||
        (status = ed_json_opt_bool(&at, "confirm", &spec->confirm, err)) ||
        (status = ed_json_get_int(&at, "need", 0, 1000, &spec->need, err)) ||
        (status = ed_json_get_int(&at, "max_time_ns", 0, most, &spec->max_time_ns, err)) ||
        (status = ed_json_opt_int(&at, "pairs", ED_GATE_PAIRS_MAX, ED_GATE_PAIRS_MAX + ED_GATE_PAIRS_SPARE,
                                  &pairs, err)) ||
        (status = ed_json_get_int(&at, "family", 0, 10000000, &family, err)) ||
        (status = ed_json_get_int(&at, "min_ns", 0, most, &spec->min_ns, err)) ||
        (status = ed_json_get_int(&at, "max_ns", 1, most, &spec->max_ns, err)) ||
        (status = ed_json_get_int(&at, "min_inferences", 1, most, &spec->min_inferences, err)) ||
        (status = ed_json_get_int(&at, "inferences", 0, most, &spec->inferences, err)) ||
        (status = ed_json_get_text(&at, "sha256", &frozen, err)))
        return status;
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(at.value, "inconclusive");
    word = cJSON_IsString(text) ? text->valuestring : "";
    text = cJSON_GetObjectItemCaseSensitive(at.value, "confirms");
    confirms = cJSON_IsString(text) ? text->valuestring : "";
    for (size_t i = 0; i < 3; i++)
        if (strcmp(word, inconclusive_words[i]) == 0)
            spec->inconclusive = (enum ed_gate_inconclusive)i;
    snprintf(spec->confirms, sizeof spec->confirms, "%s", confirms);
    spec->family = (size_t)family;
    spec->pairs = (size_t)pairs;
    digest_of(spec, hex);
    return strcmp(hex, frozen) == 0
               ? ED_OK
               : ed_json_fail(
                     &at, err,
                     "\"gate\" was changed after the campaign began; put it back, or run a gate with "
                     "the new limits");
}

size_t ed_gate_spec_tests(const struct ed_gate_spec *spec, const struct ed_requirement *requirements,
                          size_t n, bool language) {
    size_t tests = 0;
    for (size_t i = 0; i < spec->n_metrics; i++)
        tests += spec->chosen || language || !ed_gate_metric_find(spec->metrics[i].field)->of_language;
    for (size_t i = 0; i < n; i++)
        tests += requirements[i].of_baseline && ed_gate_metric_find(requirements[i].field);
    return tests;
}
