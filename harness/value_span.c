// SPDX-License-Identifier: Apache-2.0
// Intervals of figures that are not held against a reference.
#include "harness/value_span.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "base/stats/proportion.h"
#include "harness/certify.h"
#include "harness/metrics.h"
#include "harness/score_lines.h"

#define KEY_VALUE "accuracy_value"

struct share {
    size_t n, samples; // that they count for, and that there are
    uint64_t right;
    double value;
};

static double needed_share(const void *context, double limit, bool upper) {
    const struct share *s = context;
    return (double)ed_proportion_exact_needed(s->n, s->right, limit, upper, ED_SCORES_CONFIDENCE);
}

// By the share that may have another score: it takes the value that part of the way to the end of the range.
static double needed_even(const void *context, double limit, bool upper) {
    const struct share *s = context;
    const double range = upper ? 1 - s->value : s->value, way = upper ? limit - s->value : s->value - limit;
    if (way >= range)
        return 1;
    const double alike = ceil(log((1 - ED_SCORES_CONFIDENCE) / 2) / log1p(-way / range));
    return alike * (double)s->samples / (double)s->n;
}

static void set_share(struct ed_result *result, const struct ed_campaign *campaign,
                      const struct ed_campaign_task *task, const struct ed_scores *scores) {
    struct share share = {.n = scores->n, .samples = scores->n};
    double low = 0, high = 0;
    for (size_t i = 0; i < scores->n; i++)
        share.right += scores->values[i] > 0;
    if (ed_proportion_exact(share.n, share.right, ED_SCORES_CONFIDENCE, &low, &high) != ED_PAIRED_OK)
        return;
    const struct ed_certify figure = {
        ED_FIELD_accuracy_value, "samples", share.n, needed_share, &share, false};
    ED_RESULT_SET_SPAN(result, accuracy_value, result->accuracy_value, low, high);
    ed_certify_advise(result, campaign, task, &figure);
}

static void set_even(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct ed_campaign_task *task, const struct ed_scores *scores) {
    const double value = result->accuracy_value;
    const struct share share = {
        .n = ed_scores_alike(scores), .samples = ed_scores_samples(scores), .value = value};
    const double unseen = ed_proportion_unseen(share.n, ED_SCORES_CONFIDENCE);
    const struct ed_certify figure = {
        ED_FIELD_accuracy_value, "samples", share.samples, needed_even, &share, false};
    if (!isfinite(unseen))
        return;
    ED_RESULT_SET_SPAN(result, accuracy_value, value, value * (1 - unseen), value + unseen * (1 - value));
    ed_certify_advise(result, campaign, task, &figure);
}

static bool draw(const struct ed_campaign *campaign, const struct ed_scores *scores, double *low,
                 double *high) {
    const struct ed_bootstrap_scores all = {scores->values, scores->weights};
    double draws[ED_SET_DRAWS];
    if (!scores->set)
        return ed_bootstrap_weighted(&all, NULL, scores->n,
                                     ed_random_derive((uint64_t)campaign->seed, "bootstrap"),
                                     ED_SCORES_CONFIDENCE, low, high);
    memcpy(draws, scores->values + 1, sizeof draws);
    return scores->samples >= ED_BOOTSTRAP_MIN_CLUSTERS && ed_scores_draws(draws, scores->samples, low, high);
}

void ed_value_no_interval(struct ed_result *result, const char *key, size_t n) {
    if (n < ED_BOOTSTRAP_MIN_CLUSTERS)
        ed_result_reason(result, key, "few_samples", "an interval over samples needs %d of them, not %zu",
                         ED_BOOTSTRAP_MIN_CLUSTERS, n);
    else
        ed_result_reason(result, key, "few_samples",
                         "most draws of the %zu samples have no weight, so that there is no interval", n);
}

void ed_value_set_span(struct ed_result *result, const struct ed_campaign *campaign,
                       const struct ed_campaign_task *task, const struct ed_scores *scores) {
    const size_t samples = ed_scores_samples(scores);
    const bool asked = ed_certify_asked(campaign, task, ED_FIELD_accuracy_value),
               even = ed_scores_even(scores);
    double low = 0, high = 0;
    if (scores->shares) {
        set_share(result, campaign, task, scores);
    } else if (even && ed_scores_within_unit(scores)) {
        set_even(result, campaign, task, scores);
    } else if (even) {
        if (asked)
            ed_result_reason(result, KEY_VALUE, "no_spread",
                             "no sample differs from another, and the scores are not all within 0 and 1; how "
                             "sure that is cannot be told");
    } else if (draw(campaign, scores, &low, &high)) {
        const struct ed_certify figure = {ED_FIELD_accuracy_value, "samples", samples, NULL, NULL, false};
        ED_RESULT_SET_SPAN(result, accuracy_value, result->accuracy_value, low, high);
        ed_certify_advise(result, campaign, task, &figure);
    } else if (asked) {
        ed_value_no_interval(result, KEY_VALUE, samples);
    }
}
