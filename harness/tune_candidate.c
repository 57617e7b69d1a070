// SPDX-License-Identifier: Apache-2.0
// How a configuration went, over all its cases and tasks.
#include "harness/tune_candidate.h"

#include <math.h>
#include <string.h>

#include "harness/gate_metrics.h"
#include "harness/validity.h"
#include "reports/fields.h"

#define REASONS_SHOWN 3

bool ed_tune_same(const struct ed_campaign_case *a, const struct ed_campaign_case *b) {
    return !strcmp(a->model, b->model) && !strcmp(a->variant, b->variant) && !strcmp(a->engine, b->engine) &&
           !strcmp(a->engine_version, b->engine_version) &&
           !strcmp(a->engine_build_sha256, b->engine_build_sha256) && !strcmp(a->backend, b->backend) &&
           !strcmp(a->options, b->options) && a->threads == b->threads;
}

// The gravest state stays, with the reasons for it alone.
__attribute__((format(printf, 4, 5))) static void tell(struct ed_tune_candidate *out, size_t *shown,
                                                       enum ed_tune_state state, const char *format, ...) {
    char text[400];
    va_list arguments;
    if (state < out->state)
        return;
    if (state > out->state) {
        ed_buffer_clear(&out->why);
        *shown = 0;
    }
    out->state = state;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    // Cases of one configuration often fail for one reason.
    if (strstr(ed_buffer_text(&out->why), text))
        return;
    if (++*shown > REASONS_SHOWN)
        return;
    ed_buffer_printf(&out->why, "%s%s", *shown > 1 ? "; " : "", text);
}

static bool is_invalid(const struct ed_reason *reason, const char *key, const char *group) {
    return !strncmp(reason->code, ED_INVALID_CODE, strlen(ED_INVALID_CODE)) &&
           (!reason->key[0] || !strcmp(reason->key, key) || !strcmp(reason->key, group));
}

static void judge_requirements(struct ed_tune_candidate *out, size_t *shown, const struct ed_result *r) {
    const size_t n = strlen(ED_REQUIREMENT_CODE);
    for (size_t i = 0; i < r->n_reasons && i < ED_REASONS_MAX; i++) {
        const struct ed_reason *reason = &r->reasons[i];
        const enum ed_verdict verdict = strncmp(reason->code, ED_REQUIREMENT_CODE, n)
                                            ? ED_VERDICT_NONE
                                            : ed_verdict_of_word(reason->code + n);
        if (verdict == ED_VERDICT_FAIL)
            tell(out, shown, ED_TUNE_FAILS, "%s", reason->text);
        else if (verdict == ED_VERDICT_INVALID)
            tell(out, shown, ED_TUNE_INVALID, "%s", reason->text);
        else if (verdict == ED_VERDICT_INCONCLUSIVE)
            tell(out, shown, ED_TUNE_INCONCLUSIVE, "%s", reason->text);
        else if (!strcmp(reason->code, "placement_short"))
            tell(out, shown, ED_TUNE_FAILS, "fell back: %s", reason->text);
    }
    // What came to a verdict without a requirement of its own: a limit of memory that was not watched.
    const enum ed_verdict all = r->has[ED_FIELD_verdict] ? ed_verdict_of_word(r->verdict) : ED_VERDICT_NONE;
    if (all == ED_VERDICT_FAIL && out->state < ED_TUNE_FAILS)
        tell(out, shown, ED_TUNE_FAILS, "it failed what was required");
    else if (all == ED_VERDICT_INVALID && out->state < ED_TUNE_INVALID)
        tell(out, shown, ED_TUNE_INVALID, "it was measured in a bad state of the device");
    else if (all == ED_VERDICT_INCONCLUSIVE && out->state < ED_TUNE_INCONCLUSIVE)
        tell(out, shown, ED_TUNE_INCONCLUSIVE, "what was required is not decided");
}

static void judge_case(struct ed_tune_candidate *out, size_t *shown, const struct ed_campaign *campaign,
                       const struct ed_result *r) {
    const char *outcome = r->has[ED_FIELD_outcome] ? r->outcome : "";
    const struct ed_reason *why = ed_result_reason_find(r, "outcome");
    if (!*outcome || !strcmp(outcome, "cancelled")) {
        tell(out, shown, ED_TUNE_STOPPED, "not measured, since the campaign was stopped");
        return;
    }
    if (strcmp(outcome, "ok")) {
        tell(out, shown, ED_TUNE_BROKEN, "%s%s%s%s%.300s", outcome, r->died_in_phase[0] ? " in " : "",
             r->died_in_phase, why ? ": " : "", why ? why->text : "");
        return;
    }
    judge_requirements(out, shown, r);
    if (r->has[ED_FIELD_placed_ops_share] && r->placed_ops_share < campaign->min_placed &&
        out->state < ED_TUNE_FAILS)
        tell(out, shown, ED_TUNE_FAILS, "fell back, which was allowed but is not chosen: asked %s; %s",
             r->placement_asked, r->placement_observed);
    if (r->has[ED_FIELD_simulated] && r->simulated)
        tell(out, shown, ED_TUNE_INVALID, "simulated: times are not speed");
    if (r->has[ED_FIELD_speed_usable] && !r->speed_usable && out->state < ED_TUNE_FAILS)
        tell(out, shown, ED_TUNE_FAILS, "its speed is not to be used");
}

static void judge_figure(struct ed_tune_candidate *out, size_t *shown, const struct ed_result *r, int field) {
    const struct ed_result_field *row = &ed_result_fields()[field];
    double value;
    for (size_t i = 0; i < r->n_reasons && i < ED_REASONS_MAX; i++)
        if (is_invalid(&r->reasons[i], row->key, row->group))
            tell(out, shown, ED_TUNE_INVALID, "%s: %s", row->key, r->reasons[i].text);
    if (ed_result_number(r, field, 0, &value))
        return;
    const struct ed_reason *why = ed_result_reason_find(r, row->key);
    tell(out, shown, ED_TUNE_NO_VALUE, "no %s: %s", row->key, why ? why->text : "not measured");
}

void ed_tune_candidate_judge(struct ed_tune_candidate *out, const struct ed_campaign *campaign,
                             const struct ed_campaign_device *device, const struct ed_result *records,
                             size_t primary, int field) {
    size_t shown = 0;
    out->primary = primary;
    out->state = ED_TUNE_PASSES;
    out->reference = device->cases[primary].of_reference;
    ed_buffer_init(&out->why, 1u << 16);
    for (size_t c = 0; c < device->n_cases; c++) {
        if (!ed_tune_same(&device->cases[c], &device->cases[primary]))
            continue;
        judge_case(out, &shown, campaign, &records[c]);
    }
    if (out->state < ED_TUNE_NO_VALUE)
        judge_figure(out, &shown, &records[primary], field);
}

void ed_tune_candidate_values(double *values, size_t rounds, const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, const struct ed_energy_device *energy,
                              size_t primary, int field, bool more_is_better, int64_t *scratch) {
    const struct ed_gate_metric *metric = ed_gate_metric_find(field);
    for (size_t r = 0; r < rounds; r++)
        values[r] = NAN;
    for (size_t b = 0; metric && b < blocks->n; b++) {
        const struct ed_block *block = &blocks->items[b];
        if (block->case_index != primary || strcmp(block->pass, ED_PASS_TIMING) || block->skipped ||
            block->outcome != ED_OUTCOME_OK || block->repetition < 1 ||
            (uint64_t)block->repetition > rounds || (block->left_out & ed_gate_metric_quantities(metric)))
            continue;
        const double value =
            metric->value
                ? ed_gate_metric_value(metric, block, &device->cases[primary].workload_parts, scratch)
                : ed_energy_of_block(energy, blocks, b);
        if (isfinite(value) && value > 0)
            values[block->repetition - 1] = more_is_better ? -log(value) : log(value);
    }
}
