// SPDX-License-Identifier: Apache-2.0
// The value of a task's metric, and its drop against the reference.
#include "harness/accuracy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/stats/bootstrap.h"
#include "base/stats/proportion.h"
#include "harness/certify.h"
#include "harness/metrics.h"
#include "harness/outputs.h"
#include "harness/quality.h"
#include "harness/score_lines.h"
#include "harness/value_span.h"

#define KEY_VALUE "accuracy_value"
#define KEY_DROP "accuracy_drop"

enum ed_status ed_accuracy_outputs(const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   size_t case_index, const struct ed_campaign_task *task,
                                   char path[ED_PATH_BYTES], struct ed_error *err) {
    struct ed_output_values output;
    enum ed_status status = ed_output_open(&output, device, blocks, case_index, task->output, err);
    if (status == ED_OK)
        memcpy(path, output.path, ED_PATH_BYTES);
    ed_output_close(&output);
    return status;
}

struct discordance {
    size_t n, samples; // that they count for, and that there are
    uint64_t b, c;
};

// A drop that is above a lower limit is the gain below the opposite one.
static double needed_shares(const void *context, double limit, bool upper) {
    const struct discordance *d = context;
    const uint64_t n = upper ? ed_proportion_needed(d->n, d->b, d->c, limit, ED_SCORES_CONFIDENCE)
                             : ed_proportion_needed(d->n, d->c, d->b, -limit, ED_SCORES_CONFIDENCE);
    return (double)n * (double)d->samples / (double)d->n;
}

static void compare_shares(struct ed_result *result, const struct ed_campaign *campaign,
                           const struct ed_campaign_task *task, const struct ed_scores *reference,
                           const struct ed_scores *mine, double sign) {
    struct ed_paired_drop drop;
    struct discordance d = {.n = ed_scores_alike(mine), .samples = ed_scores_samples(mine)};
    for (size_t i = 0; i < mine->n; i++) {
        d.b += sign * (reference->values[i] - mine->values[i]) > 0;
        d.c += sign * (reference->values[i] - mine->values[i]) < 0;
    }
    if (ed_proportion_drop(d.n, d.b, d.c, ED_SCORES_CONFIDENCE, &drop) != ED_PAIRED_OK)
        return;
    ED_RESULT_SET_SPAN(result, accuracy_drop, drop.drop, drop.low, drop.high);
    const struct ed_certify figure = {ED_FIELD_accuracy_drop, "samples", d.samples, needed_shares, &d, false};
    ed_certify_advise(result, campaign, task, &figure);
}

static void advise_by_root(struct ed_result *result, const struct ed_campaign *campaign,
                           const struct ed_campaign_task *task, int field, size_t n) {
    const struct ed_certify figure = {field, "samples", n, NULL, NULL, false};
    ed_certify_advise(result, campaign, task, &figure);
}

// The interval of a mean, or of a difference of two, drawn again over samples; drop = sign * (other - one).
static void set_span(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct ed_campaign_task *task, const struct ed_scores *one,
                     const struct ed_scores *other, double drop, double sign) {
    const struct ed_bootstrap_scores a = {one->values, one->weights};
    const struct ed_bootstrap_scores b = {other ? other->values : NULL, other ? other->weights : NULL};
    const uint64_t seed = ed_random_derive((uint64_t)campaign->seed, "bootstrap");
    double low = 0, high = 0;
    if (!ed_bootstrap_weighted(&a, other ? &b : NULL, one->n, seed, ED_SCORES_CONFIDENCE, &low, &high)) {
        ED_RESULT_SET(result, accuracy_drop, drop);
        ed_value_no_interval(result, KEY_DROP, one->n);
        return;
    }
    // `low` and `high` are of one less other, whose mean is -drop / sign.
    const double offset = other ? 0 : sign > 0 ? 1 : 0;
    const double ends[] = {offset - sign * low, offset - sign * high};
    ED_RESULT_SET_SPAN(result, accuracy_drop, drop, fmin(ends[0], ends[1]), fmax(ends[0], ends[1]));
    advise_by_root(result, campaign, task, ED_FIELD_accuracy_drop, one->n);
}

static bool no_difference(const struct ed_scores *a, const struct ed_scores *b) {
    for (size_t i = 0; i < a->n; i++)
        if (a->values[i] != b->values[i] ||
            (a->weights ? a->weights[i] : 1) != (b->weights ? b->weights[i] : 1))
            return false;
    return true;
}

// The percentile interval of the difference of two figures, each draw's of the same samples on both sides.
static void compare_sets(struct ed_result *result, const struct ed_campaign *campaign,
                         const struct ed_campaign_task *task, const struct ed_scores *reference,
                         const struct ed_scores *mine, double sign) {
    const double drop = sign * (reference->values[0] - mine->values[0]);
    double draws[ED_SET_DRAWS], low = 0, high = 0;
    if (mine->samples < ED_BOOTSTRAP_MIN_CLUSTERS) {
        ED_RESULT_SET(result, accuracy_drop, drop);
        ed_value_no_interval(result, KEY_DROP, mine->samples);
        return;
    }
    for (size_t d = 0; d < ED_SET_DRAWS; d++)
        draws[d] = sign * (reference->values[1 + d] - mine->values[1 + d]);
    if (!ed_scores_draws(draws, mine->samples, &low, &high)) {
        ED_RESULT_SET(result, accuracy_drop, drop);
        ed_result_reason(result, KEY_DROP, "no_spread",
                         "no draw of the samples differs from another; how sure that is cannot be told");
        return;
    }
    ED_RESULT_SET_SPAN(result, accuracy_drop, drop, low, high);
    advise_by_root(result, campaign, task, ED_FIELD_accuracy_drop, mine->samples);
}

void ed_accuracy_compare(struct ed_result *result, const struct ed_campaign *campaign,
                         const struct ed_campaign_task *task, const struct ed_scores *reference,
                         const struct ed_scores *mine) {
    const bool errors = ed_metric_is_speech(task->metric);
    const double sign = task->lower_is_better || errors ? -1 : 1;
    const bool same = reference->n == mine->n && no_difference(reference, mine),
               alone = same && (errors || ed_scores_within_unit(mine));
    if (ed_scores_samples(reference) != ed_scores_samples(mine))
        ed_result_reason(result, KEY_DROP, "reference_not_paired",
                         "the reference ran %zu samples, this variant %zu", ed_scores_samples(reference),
                         ed_scores_samples(mine));
    else if (mine->set && !alone)
        compare_sets(result, campaign, task, reference, mine, sign);
    else if ((reference->shares && mine->shares) || alone)
        compare_shares(result, campaign, task, reference, mine, sign);
    else if (same) {
        // Of scores without bounds, the first that differs could differ by anything.
        ED_RESULT_SET(result, accuracy_drop, 0.0);
        ed_result_reason(result, KEY_DROP, "no_spread",
                         "no sample differs from the reference's, and the scores are not all within 0 and 1; "
                         "how sure that is cannot be told");
    } else
        set_span(result, campaign, task, mine, reference,
                 sign * (ed_scores_mean(reference) - ed_scores_mean(mine)), sign);
}

static double decibels(double noise) {
    return noise > 0 ? fmin(-10 * log10(noise), ED_METRIC_SQNR_MAX_DB) : ED_METRIC_SQNR_MAX_DB;
}

// What the ends of the drop are as values.
static void set_signal_value(struct ed_result *result, const struct ed_campaign *campaign,
                             const struct ed_campaign_task *task, bool sqnr, size_t n) {
    if (!result->has_span[ED_FIELD_accuracy_drop])
        return;
    const double low = result->accuracy_drop_low, high = result->accuracy_drop_high;
    ED_RESULT_SET_SPAN(result, accuracy_value, result->accuracy_value, sqnr ? decibels(high) : 1 - high,
                       sqnr ? decibels(low) : 1 - low);
    advise_by_root(result, campaign, task, ED_FIELD_accuracy_value, n);
}

// Cosine and SQNR: the reference is the measure itself.
static void fill_signal(struct ed_result *result, const struct ed_campaign *campaign,
                        const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                        size_t case_index) {
    const struct ed_campaign_case *c = &device->cases[case_index];
    const struct ed_campaign_task *task = &campaign->tasks[c->task];
    const bool sqnr = ed_metric_is_sqnr(task->metric);
    const double perfect = sqnr ? ED_METRIC_SQNR_MAX_DB : 1;
    struct ed_scores scores = {0};
    struct ed_error why = {0};
    if (c->reference == SIZE_MAX) {
        ed_result_reason(result, KEY_VALUE, "no_reference",
                         "the reference variant does not run with this engine, backend and thread count");
        return;
    }
    if (ed_scores_signal(&scores, campaign, device, blocks, case_index, c->reference, &why) != ED_OK) {
        ed_result_reason(result, KEY_VALUE, "not_scored", "%s%s%s", why.where, why.where[0] ? ": " : "",
                         why.message);
    } else if (c->reference == case_index) {
        ED_RESULT_SET_SPAN(result, accuracy_value, perfect, perfect, perfect);
        ED_RESULT_SET(result, accuracy_reference, perfect);
        ED_RESULT_SET_SPAN(result, accuracy_drop, 0.0, 0.0, 0.0);
    } else {
        const double mean = ed_scores_mean(&scores), noise = sqnr && !isnan(mean) ? mean : 0;
        ED_RESULT_SET(result, accuracy_value, sqnr ? decibels(noise) : mean);
        ED_RESULT_SET(result, accuracy_reference, perfect);
        // A cosine's loss is 1 less its mean; a noise is the loss itself.
        set_span(result, campaign, task, &scores, NULL, sqnr ? noise : 1 - mean, sqnr ? -1 : 1);
        set_signal_value(result, campaign, task, sqnr, scores.n);
    }
    ed_scores_release(&scores);
}

static void fill_scores(struct ed_result *result, const struct ed_campaign *campaign,
                        const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                        size_t case_index) {
    const struct ed_campaign_case *c = &device->cases[case_index];
    const struct ed_campaign_task *task = &campaign->tasks[c->task];
    struct ed_scores mine = {0}, reference = {0};
    struct ed_error why = {0};
    if (ed_scores_make(&mine, campaign, device, blocks, case_index, &why) != ED_OK ||
        isnan(ed_scores_mean(&mine))) {
        ed_result_reason(result, KEY_VALUE, "not_scored", "%s%s%s", why.where, why.where[0] ? ": " : "",
                         why.message[0] ? why.message : "no sample has a weight");
        goto out;
    }
    ED_RESULT_SET(result, accuracy_value, ed_scores_mean(&mine));
    ed_value_set_span(result, campaign, task, &mine);
    if (mine.not_numbers)
        ed_result_reason(
            result, KEY_VALUE, "not_a_number",
            "%zu of %zu samples have an output that is NaN, which is never right; the first is sample "
            "%zu",
            mine.not_numbers, mine.n, mine.first_not_number);
    if (c->reference == case_index) {
        ED_RESULT_SET(result, accuracy_reference, result->accuracy_value);
        ED_RESULT_SET_SPAN(result, accuracy_drop, 0.0, 0.0, 0.0);
        goto out;
    }
    if (c->reference == SIZE_MAX) {
        ed_result_reason(result, KEY_DROP, "no_reference",
                         "the reference variant does not run with this engine, backend and thread count");
        goto out;
    }
    if (ed_scores_make(&reference, campaign, device, blocks, c->reference, &why) != ED_OK ||
        isnan(ed_scores_mean(&reference))) {
        ed_result_reason(result, KEY_DROP, "reference_not_scored", "the reference variant: %s", why.message);
        goto out;
    }
    ED_RESULT_SET(result, accuracy_reference, ed_scores_mean(&reference));
    ed_accuracy_compare(result, campaign, task, &reference, &mine);
out:
    ed_scores_release(&mine);
    ed_scores_release(&reference);
}

void ed_accuracy_fill(struct ed_result *result, const struct ed_campaign *campaign,
                      const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                      size_t case_index) {
    const struct ed_campaign_case *c = &device->cases[case_index];
    if (c->task < 0)
        return;
    const struct ed_campaign_task *task = &campaign->tasks[c->task];
    ED_RESULT_SET_TEXT(result, accuracy_task, task->name);
    ED_RESULT_SET_TEXT(result, accuracy_metric, task->metric);
    if (task->preprocess_sha256[0])
        ED_RESULT_SET_TEXT(result, preprocess_sha256, task->preprocess_sha256);
    if (ed_quality_is(task->metric))
        ed_quality_fill(result, campaign, device, blocks, case_index);
    else if (ed_metric_is_signal(task->metric))
        fill_signal(result, campaign, device, blocks, case_index);
    else
        fill_scores(result, campaign, device, blocks,
                    ed_metric_is_language(task->metric) ? ed_quality_judged_case(device, case_index)
                                                        : case_index);
}
