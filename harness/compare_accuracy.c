// SPDX-License-Identifier: Apache-2.0
// Accuracy in a comparison of campaigns.
#include "harness/compare_accuracy.h"

#include <stdlib.h>
#include <string.h>

#include "harness/accuracy.h"
#include "harness/metrics.h"
#include "harness/quality.h"
#include "harness/scores.h"

static const struct ed_campaign_task *task_of(const struct ed_compare_side *side, size_t c) {
    return &side->campaign->tasks[side->device->cases[c].task];
}

static bool is_ours(const struct ed_compare_side *side, size_t c) {
    return side->device->cases[c].timing == side->case_index && side->device->cases[c].task >= 0;
}

// The other side's case with the same task; SIZE_MAX: none.
static size_t find_task(const struct ed_compare_side *other, const struct ed_campaign_task *task) {
    for (size_t c = 0; c < other->device->n_cases; c++)
        if (is_ours(other, c) && !strcmp(task_of(other, c)->name, task->name) &&
            !strcmp(task_of(other, c)->metric, task->metric))
            return c;
    return SIZE_MAX;
}

static bool value_of(const struct ed_compare_side *side, size_t c, double *value, struct ed_error *err) {
    struct ed_result *result = calloc(1, sizeof *result);
    if (!result)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison") == ED_OK;
    ed_accuracy_fill(result, side->campaign, side->device, side->blocks, c);
    const bool has = result->has[ED_FIELD_accuracy_value];
    *value = result->accuracy_value;
    free(result);
    return has;
}

// Why scores of the two are not those of the same samples; NULL where they are.
static const char *unlike(const struct ed_campaign_task *a, const struct ed_campaign_task *b) {
    if (!ed_metric_top(a->metric) && !ed_metric_is_command(a->metric) && !ed_metric_is_speech(a->metric))
        return "each is held against its own campaign's reference";
    if (!a->data_sha256[0] || !b->data_sha256[0])
        return "one of the campaigns does not say which data it used";
    if (strcmp(a->data_sha256, b->data_sha256) != 0 ||
        strcmp(ed_path_base(a->labels), ed_path_base(b->labels)) != 0)
        return "the data or the labels are not the same";
    return NULL;
}

static enum ed_status compare_scores(struct ed_compare_task *out, const struct ed_compare_side *first,
                                     size_t a, const struct ed_compare_side *other, size_t b,
                                     struct ed_error *err) {
    const struct ed_campaign_task *task = task_of(first, a);
    struct ed_scores mine = {0}, theirs = {0};
    struct ed_error why = {0};
    struct ed_result *result = calloc(1, sizeof *result);
    if (!result)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison");
    if (ed_metric_is_language(task->metric)) {
        a = ed_quality_judged_case(first->device, a);
        b = ed_quality_judged_case(other->device, b);
    }
    if (ed_scores_make(&mine, first->campaign, first->device, first->blocks, a, &why) != ED_OK ||
        ed_scores_make(&theirs, other->campaign, other->device, other->blocks, b, &why) != ED_OK) {
        snprintf(out->why, sizeof out->why, "%.250s", why.message);
    } else if (ed_scores_samples(&mine) != ed_scores_samples(&theirs)) {
        snprintf(out->why, sizeof out->why, "%zu samples, then %zu", ed_scores_samples(&mine),
                 ed_scores_samples(&theirs));
    } else {
        ed_accuracy_compare(result, first->campaign, task, &mine, &theirs);
        out->samples = ed_scores_samples(&mine);
        out->has_drop = result->has[ED_FIELD_accuracy_drop];
        out->has_interval = result->has_span[ED_FIELD_accuracy_drop];
        out->drop = result->accuracy_drop;
        out->low = result->accuracy_drop_low;
        out->high = result->accuracy_drop_high;
        out->word = !out->has_interval ? ED_COMPARE_TOO_FEW
                    : out->low > 0     ? ED_COMPARE_WORSE
                    : out->high < 0    ? ED_COMPARE_BETTER
                                       : ED_COMPARE_NOT_SHOWN;
    }
    ed_scores_release(&mine);
    ed_scores_release(&theirs);
    free(result);
    return ED_OK;
}

enum ed_status ed_compare_tasks(struct ed_compare_case *out, const struct ed_compare_side *first,
                                const struct ed_compare_side *other, struct ed_error *err) {
    enum ed_status status = ED_OK;
    out->tasks = calloc(first->device->n_cases + 1, sizeof *out->tasks);
    if (!out->tasks)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison");
    for (size_t a = 0; status == ED_OK && a < first->device->n_cases; a++) {
        if (!is_ours(first, a))
            continue;
        const struct ed_campaign_task *task = task_of(first, a);
        struct ed_compare_task *row = &out->tasks[out->n_tasks];
        const size_t b = find_task(other, task);
        if (b == SIZE_MAX || !value_of(first, a, &row->first, err) || !value_of(other, b, &row->other, err))
            continue;
        out->n_tasks++;
        snprintf(row->task, sizeof row->task, "%s", task->name);
        snprintf(row->metric, sizeof row->metric, "%s", task->metric);
        row->word = ED_COMPARE_TOO_FEW;
        const char *why = unlike(task, task_of(other, b));
        if (why)
            snprintf(row->why, sizeof row->why, "%s", why);
        else
            status = compare_scores(row, first, a, other, b, err);
    }
    return status;
}
