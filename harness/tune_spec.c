// SPDX-License-Identifier: Apache-2.0
// Reading, checking and freezing what a choice was asked for.
#include "harness/tune_spec.h"

#include <string.h>

#include "base/digest.h"
#include "base/nearest.h"
#include "base/stats/best.h"
#include "harness/gate_metrics.h"

#define WHERE "--minimize"
#define KEYS_MAX 64
#define RULE "smaller model files, then fewer threads, then the better figure"

bool ed_tune_field_is_exact(int field) {
    return field == ED_FIELD_model_file_bytes;
}

bool ed_tune_field_applies(int field, const struct ed_workload *workload) {
    switch (field) {
    case ED_FIELD_prefill_tokens_per_s:
    case ED_FIELD_time_to_first_token_ns:
        return workload->prompt_tokens > 0;
    case ED_FIELD_decode_tokens_per_s:
        return workload->generate_tokens > 0;
    default:
        return true;
    }
}

int ed_tune_field(const struct ed_tune_spec *spec, bool language, bool *more_is_better) {
    *more_is_better = spec->field >= 0 ? spec->more_is_better : language;
    return spec->field >= 0 ? spec->field : language ? ED_FIELD_decode_tokens_per_s : ED_FIELD_latency_p50_ns;
}

// Of a key that can be chosen by: whether more of it is better.
static bool known(int field, bool *more_is_better) {
    const struct ed_gate_metric *metric = ed_gate_metric_find(field);
    *more_is_better = metric && !metric->more_is_worse;
    return metric || ed_tune_field_is_exact(field);
}

static enum ed_status fail_key(const char *key, struct ed_error *err) {
    const char *names[KEYS_MAX + 1] = {NULL};
    char list[1024] = "";
    size_t n = 0;
    bool more;
    for (int f = 0; f < ED_FIELD_COUNT && n < KEYS_MAX; f++) {
        if (!known(f, &more))
            continue;
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", ed_result_fields()[f].key);
        names[n++] = ed_result_fields()[f].key;
    }
    const char *near = ed_nearest(key, names);
    return near ? ed_fail(err, ED_ERR_USAGE, WHERE, "\"%.64s\" is no key to choose by; the nearest is %s",
                          key, near)
                : ed_fail(err, ED_ERR_USAGE, WHERE, "\"%.64s\" is no key to choose by; these are: %s", key,
                          list);
}

static enum ed_status read_key(struct ed_tune_spec *spec, const char *text, struct ed_error *err) {
    int end = 0;
    const bool minus = text[0] == '-';
    const char *key = text + minus;
    const int field = ed_result_find(key, &end);
    if (field < 0 || end || !known(field, &spec->more_is_better))
        return fail_key(key, err);
    if (spec->more_is_better && !minus)
        return ed_fail(err, ED_ERR_USAGE, WHERE, "of %s more is better: write --minimize=-%s for the largest",
                       key, key);
    if (!spec->more_is_better && minus)
        return ed_fail(err, ED_ERR_USAGE, WHERE, "of %s less is better: leave out the '-'", key);
    spec->field = field;
    return ED_OK;
}

enum ed_status ed_tune_spec_make(struct ed_tune_spec *spec, const struct ed_suite *suite,
                                 struct ed_error *err) {
    *spec = (struct ed_tune_spec){.active = suite->tune.active, .field = -1};
    if (!spec->active)
        return ED_OK;
    spec->inconclusive_pass = strcmp(suite->tune.inconclusive, "pass") == 0;
    return suite->tune.minimize[0] ? read_key(spec, suite->tune.minimize, err) : ED_OK;
}

static const char *key_of(const struct ed_tune_spec *spec) {
    return spec->field < 0 ? "" : ed_result_fields()[spec->field].key;
}

static void digest_of(const struct ed_tune_spec *spec, char hex[ED_DIGEST_HEX_BYTES]) {
    char text[256];
    snprintf(text, sizeof text, "%s %d %d " RULE "\n", key_of(spec), spec->more_is_better,
             spec->inconclusive_pass);
    ed_digest_bytes(hex, text, strlen(text));
}

void ed_tune_spec_write(struct ed_json_writer *w, const struct ed_tune_spec *spec) {
    char hex[ED_DIGEST_HEX_BYTES];
    if (!spec->active)
        return;
    ed_json_object_begin(w, "tune");
    ed_json_text(w, "minimize", key_of(spec));
    ed_json_bool(w, "more_is_better", spec->more_is_better);
    ed_json_bool(w, "inconclusive_pass", spec->inconclusive_pass);
    ed_json_real(w, "alpha", ED_BEST_ALPHA);
    ed_json_text(w, "ties", RULE);
    digest_of(spec, hex);
    ed_json_text(w, "sha256", hex);
    ed_json_object_end(w);
}

enum ed_status ed_tune_spec_read(const struct ed_json_at *root, struct ed_tune_spec *spec,
                                 struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, "tune");
    const char *frozen = "";
    char hex[ED_DIGEST_HEX_BYTES];
    int end = 0;
    bool more;
    *spec = (struct ed_tune_spec){.field = -1};
    if (!at.value)
        return ED_OK;
    spec->active = true;
    enum ed_status status = ed_json_expect_object(&at, err);
    const cJSON *key = status == ED_OK ? cJSON_GetObjectItemCaseSensitive(at.value, "minimize") : NULL;
    if (status == ED_OK && cJSON_IsString(key) && key->valuestring[0]) {
        spec->field = ed_result_find(key->valuestring, &end);
        if (spec->field < 0 || end || !known(spec->field, &more))
            status = ed_json_fail(&at, err, "\"%.64s\" is no key to choose by", key->valuestring);
    }
    if (status == ED_OK)
        status = ed_json_opt_bool(&at, "more_is_better", &spec->more_is_better, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(&at, "inconclusive_pass", &spec->inconclusive_pass, err);
    if (status == ED_OK)
        status = ed_json_get_text(&at, "sha256", &frozen, err);
    if (status != ED_OK)
        return status;
    digest_of(spec, hex);
    return strcmp(hex, frozen) == 0
               ? ED_OK
               : ed_json_fail(&at, err,
                              "\"tune\" was changed after the campaign began; put it back, or run a campaign "
                              "with the new words");
}
