// SPDX-License-Identifier: Apache-2.0
// Reading what ed_report_gate_json wrote.
#include "harness/gate_first.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/campaign.h"

#define PAIRS_MOST 1000

static bool number(const struct ed_json_at *at, const char *key, double *out) {
    const struct ed_json_at member = ed_json_member(at, key);
    *out =
        cJSON_IsNumber(member.value) && isfinite(member.value->valuedouble) ? member.value->valuedouble : 0;
    return cJSON_IsNumber(member.value) && isfinite(member.value->valuedouble);
}

static enum ed_status read_verdict(const struct ed_json_at *at, const char **out, struct ed_error *err) {
    const char *word = "";
    enum ed_status status = ed_json_get_text(at, "verdict", &word, err);
    const enum ed_verdict verdict = status == ED_OK ? ed_verdict_of_word(word) : ED_VERDICT_NONE;
    if (status == ED_OK && verdict == ED_VERDICT_NONE)
        status = ed_json_fail(at, err, "\"%.40s\" is no verdict", word);
    *out = ed_verdict_word(verdict);
    return status;
}

static enum ed_status read_row(const struct ed_json_at *at, struct ed_report_gate_row *row,
                               struct ed_error *err) {
    const struct {
        const char *key, **out;
    } texts[] = {{"device", &row->device},
                 {"model", &row->model},
                 {"baseline_case", &row->baseline_case},
                 {"candidate_case", &row->candidate_case},
                 {"key", &row->key},
                 {"why", &row->why}};
    int64_t pairs = 0;
    double low = 0, high = 0;
    enum ed_status status = read_verdict(at, &row->verdict, err);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i].out = "";
        const struct ed_json_at member = ed_json_member(at, texts[i].key);
        if (cJSON_IsString(member.value))
            *texts[i].out = member.value->valuestring;
    }
    if (status == ED_OK && ed_result_find(row->key, NULL) < 0)
        status = ed_json_fail(at, err, "there is no result key \"%.64s\"", row->key);
    if (status == ED_OK)
        status = ed_json_opt_text(at, "requirement", &row->requirement, err);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "pairs", 0, PAIRS_MOST, &pairs, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "change_absolute", &row->absolute, err);
    row->pairs = (size_t)pairs;
    const bool baseline = number(at, "baseline", &row->baseline),
               candidate = number(at, "candidate", &row->candidate);
    row->has_values = baseline && candidate;
    row->has_change = number(at, "change", &row->change);
    row->has_interval = number(at, "change_low", &low);
    row->has_interval = number(at, "change_high", &high) && row->has_interval;
    row->low = low;
    row->high = high;
    number(at, "mde", &row->mde);
    return status;
}

enum ed_status ed_gate_first_load(struct ed_gate_first *out, const struct ed_campaign *campaign,
                                  struct ed_error *err) {
    char path[ED_PATH_BYTES];
    memset(out, 0, sizeof *out);
    if (!campaign->gate.confirms[0])
        return ED_OK;
    enum ed_status status = ed_path_join(path, campaign->directory, ED_CAMPAIGN_FILE, err);
    if (status == ED_OK)
        status = ed_json_parse_file(&out->document, path, ED_CAMPAIGN_FILE_MAX_BYTES, err);
    const struct ed_json_at root = ed_json_root(&out->document),
                            at = ed_json_member(&root, ED_CAMPAIGN_FIRST),
                            list = ed_json_member(&at, "comparisons");
    if (status != ED_OK || !at.value)
        return status;
    const size_t n = ed_json_count(&list);
    status = ed_json_expect_array(&list, err);
    if (status == ED_OK)
        status = read_verdict(&at, &out->report.verdict, err);
    if (status == ED_OK)
        status = ed_json_get_text(&at, "summary", &out->report.summary, err);
    out->rows = calloc(n + 1, sizeof *out->rows);
    if (status == ED_OK && !out->rows)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the gate that is repeated");
    struct ed_json_at element = ed_json_element(&list, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, element = ed_json_next(&element))
        status = read_row(&element, &out->rows[i], err);
    out->report.confirms = "";
    out->report.n = n;
    out->report.rows = out->rows;
    out->known = status == ED_OK;
    return status;
}

void ed_gate_first_release(struct ed_gate_first *first) {
    ed_json_document_release(&first->document);
    free(first->rows);
    memset(first, 0, sizeof *first);
}
