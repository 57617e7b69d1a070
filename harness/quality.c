// SPDX-License-Identifier: Apache-2.0
// Quality of a language model over a text.
#include "harness/quality.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/npy.h"
#include "base/random.h"
#include "base/stats/bootstrap.h"
#include "base/stats/proportion.h"
#include "base/stats/reals.h"
#include "harness/accuracy.h"
#include "harness/certify.h"

#define ROUNDING 0.01
#define KEY_VALUE "accuracy_value"
#define KEY_DROP "accuracy_drop"
#define PERPLEXITY "perplexity"
#define DIVERGENCE "kl-divergence"
#define SAME_TOP "same-top"
// Columns of a token: -ln p, the reference's -ln p, divergence, same likeliest token.
enum { COST, DIVERGED = 2, SAME = 3, COLUMNS = 4 };

// One column of every scored token, in chunks of one size.
struct column {
    double *values;
    size_t chunks, scored;
};

bool ed_quality_is(const char *metric) {
    return !strcmp(metric, PERPLEXITY) || ed_quality_needs_reference(metric);
}

bool ed_quality_needs_reference(const char *metric) {
    return !strcmp(metric, DIVERGENCE) || !strcmp(metric, SAME_TOP);
}

// Costs and divergences are none below zero, but for what rounding leaves.
static bool is_figure(double value, size_t index) {
    return isfinite(value) && (index == SAME ? value == 0 || value == 1 : value >= -ROUNDING);
}

static enum ed_status read_column(struct column *column, const char *path, size_t index,
                                  struct ed_error *err) {
    struct ed_npy npy = {0};
    memset(column, 0, sizeof *column);
    enum ed_status status = ed_npy_open(&npy, path, err);
    if (status == ED_OK && (npy.dtype != ED_DTYPE_F32 || npy.rank != 3 || npy.count < 1 ||
                            (npy.shape[2] != 1 && npy.shape[2] != COLUMNS)))
        status = ed_fail(err, ED_ERR_PARSE, path, "is not what a block over a text leaves");
    if (status == ED_OK && index >= (size_t)npy.shape[2])
        status = ed_fail(err, ED_ERR_PARSE, path, "was made without the reference variant");
    const size_t n = status == ED_OK ? (size_t)(npy.count / npy.shape[2]) : 0;
    if (status == ED_OK && !(column->values = calloc(n, sizeof *column->values)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu tokens", n);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        column->values[i] = (double)((const float *)npy.data)[i * (size_t)npy.shape[2] + index];
        if (!is_figure(column->values[i], index))
            status = ed_fail(err, ED_ERR_PARSE, path, "token %zu has a figure that none can have", i);
    }
    if (status == ED_OK) {
        column->chunks = (size_t)npy.shape[0];
        column->scored = (size_t)npy.shape[1];
    }
    ed_npy_close(&npy);
    return status;
}

static enum ed_status read_case(struct column *column, const struct ed_campaign *campaign,
                                const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                size_t case_index, size_t index, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_accuracy_outputs(device, blocks, case_index,
                                                &campaign->tasks[device->cases[case_index].task], path, err);
    return status == ED_OK ? read_column(column, path, index, err) : status;
}

static double mean(const struct column *column) {
    const size_t n = column->chunks * column->scored;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += column->values[i];
    return sum / (double)n;
}

// The interval of the mean over tokens, of which each chunk's mean is drawn as a whole.
static bool interval(const struct ed_campaign *campaign, const struct column *column, double *low,
                     double *high) {
    double *means = calloc(column->chunks, sizeof *means);
    for (size_t c = 0; means && c < column->chunks; c++) {
        const struct column one = {column->values + c * column->scored, 1, column->scored};
        means[c] = mean(&one);
    }
    const uint64_t seed = ed_random_derive((uint64_t)campaign->seed, "bootstrap");
    const bool drawn =
        means && ed_bootstrap_mean(means, column->chunks, seed, ED_SCORES_CONFIDENCE, low, high);
    free(means);
    return drawn;
}

static void too_few(struct ed_result *result, const char *key, const struct column *column) {
    ed_result_reason(result, key, "few_chunks",
                     "the text has %zu chunks; an interval over them needs %d: give a longer text",
                     column->chunks, ED_BOOTSTRAP_MIN_CLUSTERS);
}

static void advise(struct ed_result *result, const struct ed_campaign *campaign,
                   const struct ed_campaign_task *task, int field, size_t chunks, bool logarithmic) {
    const struct ed_certify figure = {field, "chunks of the text", chunks, NULL, NULL, logarithmic};
    ed_certify_advise(result, campaign, task, &figure);
}

// The drop is the mean of `values`.
static void set_drop(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct ed_campaign_task *task, const struct column *column) {
    double low = 0, high = 0;
    if (interval(campaign, column, &low, &high)) {
        ED_RESULT_SET_SPAN(result, accuracy_drop, mean(column), low, high);
        advise(result, campaign, task, ED_FIELD_accuracy_drop, column->chunks, false);
    } else {
        ED_RESULT_SET(result, accuracy_drop, mean(column));
        too_few(result, KEY_DROP, column);
    }
}

// Sorts the tokens, so that it comes last.
static void tell_divergence(struct ed_result *result, struct column *column) {
    const size_t n = column->chunks * column->scored;
    ed_reals_sort(column->values, n);
    ED_RESULT_SET(result, kl_divergence_median, column->values[(n + 1) / 2 - 1]);
    ED_RESULT_SET(result, kl_divergence_p99, column->values[(99 * n + 99) / 100 - 1]);
    ED_RESULT_SET(result, kl_divergence_max, column->values[n - 1]);
    ed_result_reason(result, KEY_VALUE, "divergence",
                     "KL divergence over %zu tokens: mean %.6g, median %.6g, p99 %.6g, max %.6g nats", n,
                     result->accuracy_value, result->kl_divergence_median, result->kl_divergence_p99,
                     result->kl_divergence_max);
}

// Chunks that would do where no token has another likeliest one: as many of all tokens may have, as none of
// so many has shown.
static double needed_unseen(const void *context, double limit, bool upper) {
    const struct column *column = context;
    const double tokens = log((1 - ED_SCORES_CONFIDENCE) / 2) / log1p(-(upper ? limit : 1 - limit));
    return ceil(tokens / (double)column->scored);
}

// Chunks of which none differs from another have no width, and are no certainty for that.
static void set_same(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct ed_campaign_task *task, const struct column *column) {
    const double unseen = ed_proportion_unseen(column->chunks * column->scored, ED_SCORES_CONFIDENCE);
    struct ed_certify figure = {
        ED_FIELD_accuracy_drop, "chunks of the text", column->chunks, needed_unseen, column, false};
    ED_RESULT_SET_SPAN(result, accuracy_drop, 0.0, 0.0, unseen);
    ED_RESULT_SET_SPAN(result, accuracy_value, 1.0, 1 - unseen, 1.0);
    ed_certify_advise(result, campaign, task, &figure);
    figure.field = ED_FIELD_accuracy_value;
    ed_certify_advise(result, campaign, task, &figure);
}

static void against_reference(struct ed_result *result, const struct ed_campaign *campaign,
                              const struct ed_campaign_task *task, bool divergence, struct column *column) {
    const size_t n = column->chunks * column->scored;
    ED_RESULT_SET(result, accuracy_value, mean(column));
    ED_RESULT_SET(result, accuracy_reference, divergence ? 0.0 : 1.0);
    for (size_t i = 0; !divergence && i < n; i++)
        column->values[i] = 1 - column->values[i];
    set_drop(result, campaign, task, column);
    // The drop is the value, or what it lacks of 1.
    const double low = result->accuracy_drop_low, high = result->accuracy_drop_high;
    if (!divergence && result->has_span[ED_FIELD_accuracy_drop] && !(high > 0)) {
        set_same(result, campaign, task, column);
    } else if (result->has_span[ED_FIELD_accuracy_drop]) {
        ED_RESULT_SET_SPAN(result, accuracy_value, result->accuracy_value, divergence ? low : 1 - high,
                           divergence ? high : 1 - low);
        advise(result, campaign, task, ED_FIELD_accuracy_value, column->chunks, false);
    } else if (ed_certify_asked(campaign, task, ED_FIELD_accuracy_value)) {
        too_few(result, KEY_VALUE, column);
    }
    if (divergence)
        tell_divergence(result, column);
}

static bool set_perplexity(struct ed_result *result, const struct ed_campaign *campaign,
                           const struct ed_campaign_task *task, const struct column *column) {
    const double value = exp(mean(column));
    double low = 0, high = 0;
    if (!isfinite(value)) {
        ed_result_reason(result, KEY_VALUE, "too_large", "the perplexity is beyond a double");
        return false;
    }
    ED_RESULT_SET(result, accuracy_value, value);
    if (interval(campaign, column, &low, &high) && isfinite(exp(high))) {
        ED_RESULT_SET_SPAN(result, accuracy_value, value, exp(low), exp(high));
        advise(result, campaign, task, ED_FIELD_accuracy_value, column->chunks, true);
    } else if (ed_certify_asked(campaign, task, ED_FIELD_accuracy_value)) {
        too_few(result, KEY_VALUE, column);
    }
    return true;
}

static void fill_perplexity(struct ed_result *result, const struct ed_campaign *campaign,
                            const struct ed_campaign_task *task, struct column *mine,
                            const struct column *reference) {
    const size_t n = mine->chunks * mine->scored;
    if (!set_perplexity(result, campaign, task, mine) || !reference)
        return;
    ED_RESULT_SET(result, accuracy_reference, fmin(exp(mean(reference)), DBL_MAX));
    if (mine->chunks != reference->chunks || mine->scored != reference->scored) {
        ed_result_reason(result, KEY_DROP, "reference_not_paired",
                         "the reference scored %zu tokens, this variant %zu",
                         reference->chunks * reference->scored, n);
        return;
    }
    // Token by token: what is hard for both does not widen the interval.
    for (size_t i = 0; i < n; i++)
        mine->values[i] -= reference->values[i];
    set_drop(result, campaign, task, mine);
}

size_t ed_quality_judged_case(const struct ed_campaign_device *device, size_t index) {
    const struct ed_campaign_case *c = &device->cases[index];
    for (size_t i = 0; i < index; i++) {
        const struct ed_campaign_case *other = &device->cases[i];
        if (other->task == c->task && other->threads == c->threads && !strcmp(other->model, c->model) &&
            !strcmp(other->variant, c->variant) && !strcmp(other->engine, c->engine) &&
            !strcmp(other->engine_build_sha256, c->engine_build_sha256) &&
            !strcmp(other->backend, c->backend) && !strcmp(other->options, c->options))
            return i;
    }
    return index;
}

void ed_quality_fill(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                     size_t case_index) {
    const struct ed_campaign_case *c = &device->cases[ed_quality_judged_case(device, case_index)];
    const struct ed_campaign_task *task = &campaign->tasks[c->task];
    const char *metric = task->metric;
    case_index = ed_quality_judged_case(device, case_index);
    const bool own = c->reference == case_index, needs = ed_quality_needs_reference(metric);
    struct column mine = {0}, reference = {0};
    struct ed_error why = {0};
    const size_t index = own || !needs ? COST : !strcmp(metric, DIVERGENCE) ? DIVERGED : SAME;
    if (read_case(&mine, campaign, device, blocks, case_index, index, &why) != ED_OK) {
        ed_result_reason(result, KEY_VALUE, "not_scored", "%s%s%s", why.where, why.where[0] ? ": " : "",
                         why.message);
    } else if (own) {
        const double itself = !strcmp(metric, DIVERGENCE) ? 0 : 1;
        if (needs)
            ED_RESULT_SET_SPAN(result, accuracy_value, itself, itself, itself);
        else
            set_perplexity(result, campaign, task, &mine);
        if (result->has[ED_FIELD_accuracy_value])
            ED_RESULT_SET(result, accuracy_reference, result->accuracy_value);
        ED_RESULT_SET_SPAN(result, accuracy_drop, 0.0, 0.0, 0.0);
        if (!strcmp(metric, DIVERGENCE)) {
            ED_RESULT_SET(result, kl_divergence_median, 0.0);
            ED_RESULT_SET(result, kl_divergence_p99, 0.0);
            ED_RESULT_SET(result, kl_divergence_max, 0.0);
        }
    } else if (needs) {
        against_reference(result, campaign, task, index == DIVERGED, &mine);
    } else if (c->reference == SIZE_MAX) {
        fill_perplexity(result, campaign, task, &mine, NULL);
        ed_result_reason(result, KEY_DROP, "no_reference",
                         "the reference variant does not run with this engine, backend and thread count");
    } else if (read_case(&reference, campaign, device, blocks, c->reference, COST, &why) != ED_OK) {
        fill_perplexity(result, campaign, task, &mine, NULL);
        ed_result_reason(result, KEY_DROP, "reference_not_scored", "the reference variant: %s", why.message);
    } else {
        fill_perplexity(result, campaign, task, &mine, &reference);
    }
    free(mine.values);
    free(reference.values);
}
