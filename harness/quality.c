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
#include "base/stats/reals.h"
#include "harness/accuracy.h"

#define CONFIDENCE 0.95
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

// The drop is the mean of `values`, of which each chunk's mean is drawn as a whole.
static void set_drop(struct ed_result *result, const struct ed_campaign *campaign,
                     const struct column *column) {
    double low = 0, high = 0, *means = calloc(column->chunks, sizeof *means);
    for (size_t c = 0; means && c < column->chunks; c++) {
        const struct column one = {column->values + c * column->scored, 1, column->scored};
        means[c] = mean(&one);
    }
    const uint64_t seed = ed_random_derive((uint64_t)campaign->seed, "bootstrap");
    const double drop = mean(column);
    if (means && ed_bootstrap_mean(means, column->chunks, seed, CONFIDENCE, &low, &high)) {
        ED_RESULT_SET_SPAN(result, accuracy_drop, drop, low, high);
    } else {
        ED_RESULT_SET(result, accuracy_drop, drop);
        ed_result_reason(result, KEY_DROP, "few_chunks",
                         "the text has %zu chunks; an interval over them needs %d: give a longer text",
                         column->chunks, ED_BOOTSTRAP_MIN_CLUSTERS);
    }
    free(means);
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

static void against_reference(struct ed_result *result, const struct ed_campaign *campaign, bool divergence,
                              struct column *column) {
    const size_t n = column->chunks * column->scored;
    ED_RESULT_SET(result, accuracy_value, mean(column));
    ED_RESULT_SET(result, accuracy_reference, divergence ? 0.0 : 1.0);
    for (size_t i = 0; !divergence && i < n; i++)
        column->values[i] = 1 - column->values[i];
    set_drop(result, campaign, column);
    if (divergence)
        tell_divergence(result, column);
}

static bool set_perplexity(struct ed_result *result, const struct column *column) {
    const double value = exp(mean(column));
    if (isfinite(value))
        ED_RESULT_SET(result, accuracy_value, value);
    else
        ed_result_reason(result, KEY_VALUE, "too_large", "the perplexity is beyond a double");
    return isfinite(value);
}

static void fill_perplexity(struct ed_result *result, const struct ed_campaign *campaign, struct column *mine,
                            const struct column *reference) {
    const size_t n = mine->chunks * mine->scored;
    if (!set_perplexity(result, mine) || !reference)
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
    set_drop(result, campaign, mine);
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
    const char *metric = campaign->tasks[c->task].metric;
    case_index = ed_quality_judged_case(device, case_index);
    const bool own = c->reference == case_index, needs = ed_quality_needs_reference(metric);
    struct column mine = {0}, reference = {0};
    struct ed_error why = {0};
    const size_t index = own || !needs ? COST : !strcmp(metric, DIVERGENCE) ? DIVERGED : SAME;
    if (read_case(&mine, campaign, device, blocks, case_index, index, &why) != ED_OK) {
        ed_result_reason(result, KEY_VALUE, "not_scored", "%s%s%s", why.where, why.where[0] ? ": " : "",
                         why.message);
    } else if (own) {
        const double itself = !needs ? fmin(exp(mean(&mine)), DBL_MAX) : !strcmp(metric, DIVERGENCE) ? 0 : 1;
        ED_RESULT_SET(result, accuracy_value, itself);
        ED_RESULT_SET(result, accuracy_reference, itself);
        ED_RESULT_SET_SPAN(result, accuracy_drop, 0.0, 0.0, 0.0);
        if (!strcmp(metric, DIVERGENCE)) {
            ED_RESULT_SET(result, kl_divergence_median, 0.0);
            ED_RESULT_SET(result, kl_divergence_p99, 0.0);
            ED_RESULT_SET(result, kl_divergence_max, 0.0);
        }
    } else if (needs) {
        against_reference(result, campaign, index == DIVERGED, &mine);
    } else if (c->reference == SIZE_MAX) {
        fill_perplexity(result, campaign, &mine, NULL);
        ed_result_reason(result, KEY_DROP, "no_reference",
                         "the reference variant does not run with this engine, backend and thread count");
    } else if (read_case(&reference, campaign, device, blocks, c->reference, COST, &why) != ED_OK) {
        fill_perplexity(result, campaign, &mine, NULL);
        ed_result_reason(result, KEY_DROP, "reference_not_scored", "the reference variant: %s", why.message);
    } else {
        fill_perplexity(result, campaign, &mine, &reference);
    }
    free(mine.values);
    free(reference.values);
}
