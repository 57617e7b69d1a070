// SPDX-License-Identifier: Apache-2.0
// Scores of samples.
#include "harness/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/metrics.h"
#include "harness/outputs.h"
#include "harness/score_lines.h"
#include "harness/score_words.h"
#include "harness/seal.h"

void ed_scores_release(struct ed_scores *scores) {
    free(scores->values);
    free(scores->weights);
    memset(scores, 0, sizeof *scores);
}

double ed_scores_mean(const struct ed_scores *scores) {
    if (scores->set)
        return scores->values[0];
    const struct ed_bootstrap_scores all = {scores->values, scores->weights};
    return ed_bootstrap_weighted_mean(&all, scores->n);
}

size_t ed_scores_alike(const struct ed_scores *scores) {
    double most = 0, sum = 0, squares = 0;
    for (size_t i = 0; scores->weights && i < scores->n; i++)
        most = scores->weights[i] > most ? scores->weights[i] : most;
    if (!(most > 0))
        return ed_scores_samples(scores);
    for (size_t i = 0; i < scores->n; i++) {
        const double weight = scores->weights[i] / most;
        sum += weight;
        squares += weight * weight;
    }
    return (size_t)(sum * sum / squares * (1 + 1e-9));
}

bool ed_scores_within_unit(const struct ed_scores *scores) {
    const double rounding = 1e-9; // of a program's sums
    for (size_t i = 0; i < scores->n; i++)
        if (!(scores->values[i] >= -rounding && scores->values[i] <= 1 + rounding))
            return false;
    return true;
}

bool ed_scores_even(const struct ed_scores *scores) {
    for (size_t i = 1; i < scores->n; i++)
        if (scores->values[i] != scores->values[0])
            return false;
    return true;
}

bool ed_scores_draws(double *draws, size_t samples, double *low, double *high) {
    ed_bootstrap_middle(draws, ED_SET_DRAWS, samples, ED_SCORES_CONFIDENCE, low, high);
    return draws[0] < draws[ED_SET_DRAWS - 1];
}

static enum ed_status make_room(struct ed_scores *scores, size_t n, bool weights, struct ed_error *err) {
    memset(scores, 0, sizeof *scores);
    scores->values = calloc(n + 1, sizeof *scores->values);
    scores->weights = weights ? calloc(n + 1, sizeof *scores->weights) : NULL;
    if (!scores->values || (weights && !scores->weights))
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to judge %zu samples", n);
    scores->n = n;
    return ED_OK;
}

// Top-k: fewer than k classes have a higher score; of equal scores the lower index counts as higher, as
// argmax has it. A score that is no number is never right.
static bool right(const struct ed_output_values *scores, size_t sample, size_t classes, double label,
                  size_t k) {
    const size_t truth = (size_t)label;
    const double mine = ed_output_real(scores, sample * classes + truth);
    size_t higher = 0;
    if (isnan(mine))
        return false;
    for (size_t c = 0; c < classes; c++) {
        const double other = ed_output_real(scores, sample * classes + c);
        higher += isnan(other) || other > mine || (other == mine && c < truth);
    }
    return higher < k;
}

// A label that no answer could match would count as a wrong answer, and the score would say so of the model.
static enum ed_status check_label(double label, size_t sample, size_t classes, const char *labels,
                                  struct ed_error *err) {
    if (label >= 0 && label < (double)classes && floor(label) == label)
        return ED_OK;
    return ed_fail(
        err, ED_ERR_USAGE, labels,
        "sample %zu has the label %g, and the output has %zu classes: labels are whole numbers from 0 "
        "to %zu",
        sample, label, classes, classes - 1);
}

static bool has_nan(const struct ed_output_values *outputs, size_t sample, size_t classes) {
    for (size_t c = 0; c < classes; c++)
        if (isnan(ed_output_real(outputs, sample * classes + c)))
            return true;
    return false;
}

static enum ed_status make_top(struct ed_scores *scores, const struct ed_output_values *outputs,
                               const struct ed_npy *truth, const char *labels, size_t k,
                               struct ed_error *err) {
    const struct ed_npy *npy = &outputs->npy;
    if (!ed_npy_is_real(npy) || npy->rank < 2 || npy->shape[0] < 1)
        return ed_fail(err, ED_ERR_UNSUPPORTED, outputs->path,
                       "holds %s of rank %u; a class score needs numbers, a row a sample",
                       ed_dtype_name(npy->dtype), npy->rank);
    if (!ed_npy_is_real(truth) || truth->rank < 1 || truth->count != npy->shape[0])
        return ed_fail(err, ED_ERR_USAGE, labels, "has %lld labels for %lld samples", (long long)truth->count,
                       (long long)npy->shape[0]);
    const size_t n = (size_t)npy->shape[0], classes = (size_t)npy->count / n;
    if (classes < 2)
        return ed_fail(err, ED_ERR_UNSUPPORTED, outputs->path,
                       "has %zu scores a sample, which is no choice between classes", classes);
    enum ed_status status = make_room(scores, n, false, err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        const double label = ed_npy_real(truth, i);
        status = check_label(label, i, classes, labels, err);
        if (status != ED_OK)
            break;
        scores->values[i] = right(outputs, i, classes, label, k) ? 1 : 0;
        if (has_nan(outputs, i, classes) && !scores->not_numbers++)
            scores->first_not_number = i;
    }
    scores->shares = true;
    return status;
}

static enum ed_status score_top(struct ed_scores *scores, const struct ed_campaign_task *task,
                                const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                size_t case_index, struct ed_error *err) {
    struct ed_output_values outputs = {0};
    struct ed_npy truth = {0};
    enum ed_status status = ed_output_open(&outputs, device, blocks, case_index, task->output, err);
    if (status == ED_OK)
        status = ed_seal_data(task->labels, err);
    if (status == ED_OK)
        status = ed_npy_open(&truth, task->labels, err);
    if (status == ED_OK)
        status = make_top(scores, &outputs, &truth, task->labels, ed_metric_top(task->metric), err);
    ed_output_close(&outputs);
    ed_npy_close(&truth);
    return status;
}

enum ed_status ed_scores_path(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                              size_t case_index, struct ed_error *err) {
    char name[128];
    snprintf(name, sizeof name, ED_SCORES_FOLDER "/c%zu.npy", case_index);
    return ed_path_join(path, device->directory, name, err);
}

enum ed_status ed_scores_failure_path(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                                      size_t case_index, struct ed_error *err) {
    char name[128];
    snprintf(name, sizeof name, ED_SCORES_FOLDER "/c%zu.txt", case_index);
    return ed_path_join(path, device->directory, name, err);
}

// Why there are no scores.
static enum ed_status not_told(const struct ed_campaign_device *device, size_t case_index,
                               struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    ed_buffer_init(&text, 1024);
    enum ed_status status = ed_scores_failure_path(path, device, case_index, err);
    if (status == ED_OK && ed_path_exists(path))
        status = ed_path_read(path, 1024, &text, err);
    if (status == ED_OK)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "%.480s",
                         text.size ? ed_buffer_text(&text)
                                   : "the task's program has not judged this case; it runs when all blocks "
                                     "are home, also by --resume");
    ed_buffer_release(&text);
    return status;
}

// A figure of all samples together, and of what was drawn from them.
static enum ed_status fill_set(struct ed_scores *scores, const double *rows, const char *path,
                               struct ed_error *err) {
    const double samples = rows[1];
    if (scores->n != ED_SET_DRAWS + 1 || !(samples >= 1 && samples <= ED_SET_SAMPLES_MAX))
        return ed_fail(err, ED_ERR_PARSE, path, "does not hold the figures of %d draws", ED_SET_DRAWS);
    for (size_t i = 0; i < scores->n; i++) {
        if (!isfinite(rows[2 * i]))
            return ed_fail(err, ED_ERR_PARSE, path, "figure %zu is no number", i);
        scores->values[i] = rows[2 * i];
    }
    scores->set = true;
    scores->samples = (size_t)samples;
    return ED_OK;
}

static enum ed_status fill_told(struct ed_scores *scores, const double *rows, const char *path,
                                struct ed_error *err) {
    scores->shares = true;
    for (size_t i = 0; i < scores->n; i++) {
        const double *row = rows + 2 * i;
        if (!isfinite(row[0]) || !(row[1] >= 0 && isfinite(row[1])))
            return ed_fail(err, ED_ERR_PARSE, path, "sample %zu has a score that is no number", i);
        scores->values[i] = row[0];
        scores->weights[i] = row[1];
        scores->shares = scores->shares && (row[0] == 0 || row[0] == 1) && row[1] == 1;
    }
    return ED_OK;
}

// What the user's program said when the campaign ended.
static enum ed_status score_told(struct ed_scores *scores, const struct ed_campaign_device *device,
                                 size_t case_index, bool set, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_npy npy = {0};
    enum ed_status status = ed_scores_path(path, device, case_index, err);
    if (status == ED_OK && !ed_path_exists(path))
        return not_told(device, case_index, err);
    if (status == ED_OK)
        status = ed_npy_open(&npy, path, err);
    if (status == ED_OK &&
        (npy.dtype != ED_DTYPE_F64 || npy.rank != 2 || npy.shape[1] != 2 || npy.shape[0] < 1))
        status = ed_fail(err, ED_ERR_PARSE, path, "does not hold scores and weights");
    if (status == ED_OK)
        status = make_room(scores, (size_t)npy.shape[0], !set, err);
    if (status == ED_OK)
        status = set ? fill_set(scores, npy.data, path, err) : fill_told(scores, npy.data, path, err);
    ed_npy_close(&npy);
    return status;
}

enum ed_status ed_scores_make(struct ed_scores *scores, const struct ed_campaign *campaign,
                              const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                              size_t case_index, struct ed_error *err) {
    const struct ed_campaign_task *task = &campaign->tasks[device->cases[case_index].task];
    memset(scores, 0, sizeof *scores);
    if (ed_metric_is_speech(task->metric))
        return ed_scores_words(scores, task, device, blocks, case_index, err);
    return ed_metric_is_command(task->metric)
               ? score_told(scores, device, case_index, ed_metric_is_set(task->metric), err)
               : score_top(scores, task, device, blocks, case_index, err);
}

// One sample: both sums of squares and the product, of numbers alone.
static enum ed_status score_sample(const struct ed_output_values *mine, const struct ed_output_values *theirs,
                                   size_t sample, size_t width, bool sqnr, struct ed_scores *scores,
                                   struct ed_error *err) {
    double signal = 0, power = 0, product = 0, noise = 0;
    for (size_t k = 0; k < width; k++) {
        const double v = ed_output_real(mine, sample * width + k),
                     r = ed_output_real(theirs, sample * width + k);
        if (!isfinite(v) || !isfinite(r))
            return ed_fail(err, ED_ERR_PARSE, isfinite(r) ? mine->path : theirs->path,
                           "sample %zu has an output that is no number", sample);
        signal += r * r;
        power += v * v;
        product += v * r;
        noise += (v - r) * (v - r);
    }
    if (sqnr) {
        // A sample without signal has no ratio of its own; its noise counts all the same.
        const double least = noise * 1e-30, weight = signal > least ? signal : least;
        scores->weights[sample] = weight;
        scores->values[sample] = weight > 0 ? noise / weight : 0;
        return ED_OK;
    }
    // Two outputs that are all zero point the same way; one alone points nowhere.
    const double cosine = signal > 0 && power > 0 ? product / (sqrt(signal) * sqrt(power))
                          : signal == power       ? 1
                                                  : 0;
    scores->values[sample] = cosine > 1 ? 1 : cosine;
    return ED_OK;
}

static bool same_shape(const struct ed_npy *a, const struct ed_npy *b) {
    bool same = a->rank == b->rank && a->rank > 0;
    for (uint32_t d = 0; same && d < a->rank; d++)
        same = a->shape[d] == b->shape[d];
    return same && a->shape[0] > 0 && a->count >= a->shape[0];
}

enum ed_status ed_scores_signal(struct ed_scores *scores, const struct ed_campaign *campaign,
                                const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                size_t case_index, size_t reference_index, struct ed_error *err) {
    const struct ed_campaign_task *task = &campaign->tasks[device->cases[case_index].task];
    const bool sqnr = ed_metric_is_sqnr(task->metric);
    struct ed_output_values mine = {0}, theirs = {0};
    memset(scores, 0, sizeof *scores);
    enum ed_status status = ed_output_open(&mine, device, blocks, case_index, task->output, err);
    if (status == ED_OK)
        status = ed_output_open(&theirs, device, blocks, reference_index, task->output, err);
    if (status == ED_OK && !same_shape(&mine.npy, &theirs.npy))
        status = ed_fail(err, ED_ERR_UNSUPPORTED, mine.path,
                         "has another shape than the reference variant's output");
    const size_t n = status == ED_OK ? (size_t)mine.npy.shape[0] : 0;
    if (status == ED_OK)
        status = make_room(scores, n, sqnr, err);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        status = score_sample(&mine, &theirs, i, (size_t)mine.npy.count / n, sqnr, scores, err);
    ed_output_close(&mine);
    ed_output_close(&theirs);
    return status;
}
