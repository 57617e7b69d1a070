// SPDX-License-Identifier: Apache-2.0
// From a campaign's directory to its records and their judgement.
#include <stdlib.h>
#include <string.h>

#include "edgedyno/wire.h"
#include "harness/accuracy.h"
#include "harness/agreement.h"
#include "harness/blocks.h"
#include "harness/energy.h"
#include "harness/gate_verdict.h"
#include "harness/profile.h"
#include "harness/summary.h"
#include "harness/tune_verdict.h"
#include "harness/validity_read.h"

static void fill_case(struct ed_result *result, const struct ed_campaign *campaign,
                      const struct ed_campaign_device *device, const struct ed_campaign_case *c) {
    snprintf(result->case_id, sizeof result->case_id, "%s", c->case_id);
    ED_RESULT_SET_TEXT(result, device, device->id);
    ED_RESULT_SET_TEXT(result, target, device->target);
    ED_RESULT_SET_TEXT(result, engine, c->engine);
    ED_RESULT_SET_TEXT(result, engine_version, c->engine_version);
    ED_RESULT_SET_TEXT(result, engine_build_sha256, c->engine_build_sha256);
    ED_RESULT_SET_TEXT(result, backend, c->backend);
    ED_RESULT_SET_TEXT(result, processor, c->processor);
    ED_RESULT_SET_TEXT(result, model, c->model);
    ED_RESULT_SET_TEXT(result, variant, c->variant);
    if (c->how[0])
        ED_RESULT_SET_TEXT(result, variant_how, c->how);
    ED_RESULT_SET_TEXT(result, model_sha256, c->model_sha256);
    ED_RESULT_SET_TEXT(result, options, c->options);
    ED_RESULT_SET_TEXT(result, workload, c->workload);
    ED_RESULT_SET_TEXT(result, label, campaign->label);
    ED_RESULT_SET_TEXT(result, campaign, campaign->id);
    ED_RESULT_SET(result, threads, c->threads);
    ED_RESULT_SET(result, seed, campaign->seed);
    if (c->has_model)
        ED_RESULT_SET(result, model_file_bytes, c->model_file_bytes);
    else
        ed_result_reason(result, "model_file_bytes", "no_model", "the engine runs without a model");
    ED_RESULT_SET(result, engine_file_bytes, c->engine_file_bytes);
}

// A case that ran elsewhere than it was asked to has failed, whatever its figures say, unless that was
// allowed; then it is shown all the same.
static void judge_placement(struct ed_result *result, bool allow_fallback, double min_placed) {
    if (!result->has[ED_FIELD_placed_ops_share] || result->placed_ops_share >= 1)
        return;
    if (allow_fallback || result->placed_ops_share >= min_placed) {
        ed_result_reason(result, "placement_observed", "fallback_allowed", "asked %s; %s",
                         result->placement_asked, result->placement_observed);
        return;
    }
    ED_RESULT_SET_TEXT(result, verdict, ed_verdict_word(ED_VERDICT_FAIL));
    ED_RESULT_SET(result, speed_usable, false);
    ed_result_reason(result, "placement_observed", "placement_short", "asked %s; %s", result->placement_asked,
                     result->placement_observed);
}

static bool is_baseline(const struct ed_campaign_device *device, size_t case_index) {
    for (size_t p = 0; p < device->n_pairs; p++)
        if (device->pairs[p].baseline == device->cases[case_index].timing)
            return true;
    return false;
}

// A gate's verdict, and what it leaves to a resume.
static enum ed_status add_gate(const struct ed_campaign *campaign, struct ed_records *records,
                               struct ed_error *err) {
    records->gate = calloc(1, sizeof *records->gate);
    if (!records->gate)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a gate's verdict");
    enum ed_status status = ed_gate_verdict_make(records->gate, campaign, records, err);
    records->blocks_left = records->gate->blocks_left;
    records->blocks_planned = records->blocks_done + records->blocks_left;
    records->gate->exit_code = ed_gate_exit_code(records->gate, campaign, records->usage_error);
    return status;
}

// The suite's limits, and that of the task.
static void judge_required(struct ed_result *result, const struct ed_campaign *campaign, int64_t task) {
    struct ed_requirement all[ED_REQUIREMENTS_MAX + 1];
    size_t n = 0;
    for (; n < campaign->n_requirements && n < ED_REQUIREMENTS_MAX; n++)
        all[n] = campaign->requirements[n];
    if (task >= 0 && campaign->tasks[task].has_threshold)
        all[n++] = campaign->tasks[task].threshold;
    ed_result_judge(result, all, n);
}

// Where nothing that is not valid is accepted, it needs no requirement to be so.
static void judge_refused(struct ed_result *result) {
    for (size_t i = 0; i < result->n_reasons; i++)
        if (!strncmp(result->reasons[i].code, ED_INVALID_CODE "_", sizeof ED_INVALID_CODE) &&
            !strcmp(result->reasons[i].key, ed_validity_void_word(ED_VALIDITY_VOID_INDEX_LATENCY)))
            ED_RESULT_SET_TEXT(
                result, verdict,
                ed_verdict_word(ed_verdict_combine(ed_verdict_of_word(result->verdict), ED_VERDICT_INVALID)));
}

// What passed on its answers, and failed nowhere, may be used.
static void judge_speed(struct ed_result *result) {
    const char *const pass = ed_verdict_word(ED_VERDICT_PASS);
    const bool accuracy = result->has[ED_FIELD_accuracy_verdict],
               agreement = result->has[ED_FIELD_agreement_verdict];
    if (!result->has[ED_FIELD_speed_usable] && (accuracy || agreement) &&
        (!accuracy || !strcmp(result->accuracy_verdict, pass)) &&
        (!agreement || !strcmp(result->agreement_verdict, pass)))
        ED_RESULT_SET(result, speed_usable, true);
}

static enum ed_status add_device(const struct ed_campaign *campaign, const struct ed_campaign_device *device,
                                 struct ed_records *records, struct ed_buffer *warnings,
                                 struct ed_error *err) {
    struct ed_blocks blocks;
    struct ed_energy_device energy = {0};
    struct ed_validity_device validity = {0};
    struct ed_error failure = {0};
    enum ed_status status = ed_blocks_load(&blocks, device, warnings, err);
    if (status != ED_OK)
        return status;
    status = ed_energy_load(&energy, device, &blocks, err);
    if (status == ED_OK)
        status = ed_validity_device_load(&validity, &blocks, device, err);
    if (status != ED_OK)
        goto out;
    records->blocks_planned += device->n_blocks;
    // Blocks that were repeated are none of the plan's.
    records->blocks_done += blocks.n < device->n_blocks ? blocks.n : device->n_blocks;
    for (size_t i = 0; i < blocks.n && !records->usage_error; i++) {
        const struct ed_block *block = &blocks.items[i];
        if (block->outcome != ED_OUTCOME_REFUSED || strcmp(block->status, ed_status_word(ED_ERR_USAGE)))
            continue;
        records->usage_error = true;
        snprintf(records->usage_message, sizeof records->usage_message, "%s: %s%s%s",
                 device->cases[block->case_index].case_id, block->where, block->where[0] ? ": " : "",
                 block->message);
    }
    for (size_t c = 0; c < device->n_cases && failure.code == ED_OK; c++) {
        struct ed_agreement_notes agreement;
        struct ed_profile *profile = &records->profiles[records->n];
        struct ed_result *result = &records->items[records->n++];
        fill_case(result, campaign, device, &device->cases[c]);
        ed_summary_process(result, device, &blocks, c, device->cases[c].timing);
        ed_summary_outcome(result, &blocks, c, device->cases[c].timing);
        ed_summary_validity(result, &validity, &blocks, device->cases[c].timing,
                            ed_workload_is_language(&device->cases[c].workload_parts) ||
                                ed_workload_is_timed_speech(&device->cases[c].workload_parts),
                            energy.source.scope);
        ed_summary_latency(result, &device->cases[c], &blocks, device->cases[c].timing, &failure);
        ed_summary_language(result, &device->cases[c], &blocks, device->cases[c].timing, &failure);
        ed_summary_speech(result, &device->cases[c], &blocks, device->cases[c].timing, &failure);
        ed_summary_sustained(result, &device->cases[c], &blocks, device->cases[c].timing, &failure);
        ed_summary_scenario(result, &device->cases[c], &blocks, device->cases[c].timing);
        ed_summary_memory(result, &blocks, device->cases[c].timing);
        ed_summary_energy(result, &energy, device->cases[c].timing,
                          device->cases[c].workload_parts.generate_tokens);
        ed_summary_counters(result, campaign, &blocks, device->cases[c].timing, &failure);
        ed_summary_evidence(result, &blocks, c, device->cases[c].timing);
        // Whatever the engine says of the backend: the processor under it is a program.
        if (device->emulator > 0)
            ED_RESULT_SET(result, simulated, true);
        ed_summary_worker(result, &blocks, device->cases[c].timing);
        if (device->cases[c].timing == c)
            ed_profile_load(profile, device, &blocks, c, result, &failure);
        ed_accuracy_fill(result, campaign, device, &blocks, c);
        ed_agreement_fill(result, campaign, device, &blocks, c, &agreement);
        // What is required is required of the candidate.
        if (!is_baseline(device, c)) {
            judge_required(result, campaign, device->cases[c].task);
            ed_agreement_explain(result, campaign->requirements, campaign->n_requirements, &agreement);
        }
        ed_summary_limit(result, &device->cases[c], campaign->ballast_bytes, &blocks, c);
        if (!strcmp(campaign->on_invalid, "refuse"))
            judge_refused(result);
        judge_placement(result, campaign->allow_fallback, campaign->min_placed);
        judge_speed(result);
        ed_summary_explain_nulls(result);
    }
    if (failure.code != ED_OK)
        status = ed_fail(err, failure.code, NULL, "%s", failure.message);
    if (status == ED_OK && records->tune)
        status = ed_tune_verdict_add(records->tune, campaign, device, &blocks, &energy,
                                     &records->items[records->n - device->n_cases], err);
out:
    ed_validity_device_release(&validity);
    ed_energy_device_release(&energy);
    ed_blocks_release(&blocks);
    return status;
}

enum ed_status ed_campaign_records(const struct ed_campaign *campaign, struct ed_records *records,
                                   struct ed_buffer *warnings, struct ed_error *err) {
    size_t n = 0;
    enum ed_status status = ED_OK;
    memset(records, 0, sizeof *records);
    records->devices_absent = campaign->n_absent;
    for (size_t d = 0; d < campaign->n_devices; d++)
        n += campaign->devices[d].n_cases;
    records->items = calloc(n ? n : 1, sizeof *records->items);
    records->profiles = calloc(n ? n : 1, sizeof *records->profiles);
    if (!records->items || !records->profiles) {
        ed_records_release(records);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu records", n);
    }
    if (campaign->tune.active && !(records->tune = calloc(1, sizeof *records->tune)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a choice");
    for (size_t d = 0; status == ED_OK && d < campaign->n_devices; d++)
        status = add_device(campaign, &campaign->devices[d], records, warnings, err);
    records->blocks_left =
        records->blocks_planned > records->blocks_done ? records->blocks_planned - records->blocks_done : 0;
    if (status == ED_OK && records->tune)
        ed_tune_verdict_end(records->tune, campaign, records->usage_error);
    if (status == ED_OK && campaign->gate.active)
        status = add_gate(campaign, records, err);
    if (status != ED_OK)
        ed_records_release(records);
    return status;
}

void ed_records_release(struct ed_records *records) {
    for (size_t i = 0; records->profiles && i < records->n; i++)
        ed_profile_release(&records->profiles[i]);
    free(records->profiles);
    if (records->gate)
        ed_gate_verdict_release(records->gate);
    free(records->gate);
    if (records->tune)
        ed_tune_verdict_release(records->tune);
    free(records->tune);
    free(records->items);
    memset(records, 0, sizeof *records);
}

const char *ed_campaign_command(const struct ed_campaign *campaign) {
    return campaign->gate.active ? "gate" : campaign->tune.active ? "tune" : "run";
}

int ed_records_exit_code(const struct ed_records *records) {
    if (records->gate)
        return records->gate->exit_code;
    if (records->tune)
        return records->tune->exit_code;
    bool failed = false, broken = records->devices_absent > 0, invalid = false, inconclusive = false;
    for (size_t i = 0; i < records->n; i++) {
        const struct ed_result *result = &records->items[i];
        const enum ed_verdict verdict = ed_verdict_of_word(result->verdict);
        failed = failed || verdict == ED_VERDICT_FAIL;
        invalid = invalid || verdict == ED_VERDICT_INVALID;
        inconclusive = inconclusive || verdict == ED_VERDICT_INCONCLUSIVE;
        broken = broken || (result->has[ED_FIELD_outcome] && strcmp(result->outcome, "ok") &&
                            strcmp(result->outcome, "cancelled"));
    }
    return records->usage_error ? 2 : failed ? 1 : broken ? 4 : invalid ? 5 : inconclusive ? 3 : 0;
}
