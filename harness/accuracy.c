// SPDX-License-Identifier: Apache-2.0
// Top-k accuracy, and its drop against the reference.
#include "harness/accuracy.h"

#include <stdlib.h>
#include <string.h>

#include "base/npy.h"
#include "base/stats/proportion.h"
#include "harness/quality.h"

#define CONFIDENCE 0.95
#define KEY_VALUE "accuracy_value"
#define KEY_DROP "accuracy_drop"

// Which samples were right; n is the number of samples.
struct verdicts {
    unsigned char *right;
    size_t n, n_right;
};

static double element(const struct ed_npy *npy, size_t i) {
    switch (npy->dtype) {
    case ED_DTYPE_F32:
        return ((const float *)npy->data)[i];
    case ED_DTYPE_F64:
        return ((const double *)npy->data)[i];
    case ED_DTYPE_I8:
        return ((const int8_t *)npy->data)[i];
    case ED_DTYPE_U8:
    case ED_DTYPE_BOOL:
        return ((const uint8_t *)npy->data)[i];
    case ED_DTYPE_I16:
        return ((const int16_t *)npy->data)[i];
    case ED_DTYPE_U16:
        return ((const uint16_t *)npy->data)[i];
    case ED_DTYPE_I32:
        return ((const int32_t *)npy->data)[i];
    case ED_DTYPE_U32:
        return ((const uint32_t *)npy->data)[i];
    case ED_DTYPE_I64:
        return (double)((const int64_t *)npy->data)[i];
    case ED_DTYPE_U64:
        return (double)((const uint64_t *)npy->data)[i];
    default:
        return 0;
    }
}

static bool has_elements(enum ed_dtype dtype) {
    return dtype != ED_DTYPE_NONE && dtype != ED_DTYPE_F16 && dtype != ED_DTYPE_BF16 &&
           dtype < ED_DTYPE_COUNT;
}

// Top-k: fewer than k classes have a higher score; of equal scores the lower index counts as higher, as
// argmax has it. A score that is no number is never right.
static bool right(const struct ed_npy *scores, size_t sample, size_t classes, int64_t label, size_t k) {
    if (label < 0 || (size_t)label >= classes)
        return false;
    const double mine = element(scores, sample * classes + (size_t)label);
    size_t higher = 0;
    if (mine != mine)
        return false;
    for (size_t c = 0; c < classes; c++) {
        const double other = element(scores, sample * classes + c);
        higher += other != other || other > mine || (other == mine && c < (size_t)label);
    }
    return higher < k;
}

static enum ed_status score(const char *outputs, const char *labels, size_t k, struct verdicts *verdicts,
                            struct ed_error *err) {
    struct ed_npy scores = {0}, truth = {0};
    enum ed_status status = ed_npy_open(&scores, outputs, err);
    if (status == ED_OK)
        status = ed_npy_open(&truth, labels, err);
    if (status == ED_OK && (!has_elements(scores.dtype) || scores.rank < 2 || scores.shape[0] < 1))
        status = ed_fail(err, ED_ERR_UNSUPPORTED, outputs,
                         "holds %s of rank %u; a class score needs numbers, a row a sample",
                         ed_dtype_name(scores.dtype), scores.rank);
    if (status == ED_OK && (!has_elements(truth.dtype) || truth.rank < 1 || truth.count != scores.shape[0]))
        status = ed_fail(err, ED_ERR_USAGE, labels, "has %lld labels for %lld samples",
                         (long long)truth.count, (long long)scores.shape[0]);
    const size_t n = status == ED_OK ? (size_t)scores.shape[0] : 0;
    const size_t classes = n ? (size_t)scores.count / n : 0;
    if (status == ED_OK && classes < 2)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, outputs,
                         "has %zu scores a sample, which is no choice between classes", classes);
    if (status == ED_OK && !(verdicts->right = calloc(n, 1)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to judge %zu samples", n);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        verdicts->right[i] = right(&scores, i, classes, (int64_t)element(&truth, i), k);
        verdicts->n_right += verdicts->right[i];
    }
    verdicts->n = n;
    ed_npy_close(&scores);
    ed_npy_close(&truth);
    return status;
}

enum ed_status ed_accuracy_outputs(const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   size_t case_index, const struct ed_campaign_task *task,
                                   char path[ED_PATH_BYTES], struct ed_error *err) {
    const struct ed_block *block = NULL;
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->items[i].case_index == case_index && !strcmp(blocks->items[i].pass, ED_PASS_ACCURACY))
            block = &blocks->items[i];
    if (!block)
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "its accuracy block did not run");
    if (block->outcome != ED_OUTCOME_OK)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "its accuracy block failed: %.400s", block->message);
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(block->evidence, "output_files");
    const cJSON *infos = cJSON_GetObjectItemCaseSensitive(block->evidence, "model_outputs");
    int index = 0;
    if (task->output[0]) {
        index = -1;
        for (int i = 0; i < cJSON_GetArraySize(infos); i++) {
            const cJSON *name = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(infos, i), "name");
            if (cJSON_IsString(name) && !strcmp(name->valuestring, task->output))
                index = i;
        }
        if (index < 0)
            return ed_fail(err, ED_ERR_USAGE, NULL, "the model has no output '%s'", task->output);
    }
    const cJSON *file = cJSON_GetArrayItem(files, index);
    char name[128];
    if (!cJSON_IsString(file) || !ed_path_name_ok(file->valuestring))
        return ed_fail(err, ED_ERR_PARSE, NULL, "the device kept no output for it");
    snprintf(name, sizeof name, ED_CAMPAIGN_OUTPUTS "/%s", file->valuestring);
    return ed_path_join(path, device->directory, name, err);
}

static enum ed_status score_case(const struct ed_campaign *campaign, const struct ed_campaign_device *device,
                                 const struct ed_blocks *blocks, size_t case_index, struct verdicts *verdicts,
                                 struct ed_error *err) {
    char outputs[ED_PATH_BYTES];
    const struct ed_campaign_task *task = &campaign->tasks[device->cases[case_index].task];
    const size_t k = !strcmp(task->metric, "top-5") ? 5 : 1;
    enum ed_status status = ed_accuracy_outputs(device, blocks, case_index, task, outputs, err);
    return status == ED_OK ? score(outputs, task->labels, k, verdicts, err) : status;
}

// Where the samples cannot certify the limit: how many would, if the shares stayed as they are.
static void advise(struct ed_result *result, const struct ed_campaign *campaign, size_t n, uint64_t b,
                   uint64_t c) {
    for (size_t i = 0; i < campaign->n_requirements; i++) {
        const struct ed_requirement *r = &campaign->requirements[i];
        if (r->field != ED_FIELD_accuracy_drop || (r->op != ED_OP_LE && r->op != ED_OP_LT) ||
            ed_noninferiority(result->accuracy_drop_low, result->accuracy_drop_high, r->limit_real) !=
                ED_NONINFERIORITY_INCONCLUSIVE)
            continue;
        const uint64_t needed = ed_proportion_needed(n, b, c, r->limit_real, CONFIDENCE);
        if (needed)
            ed_result_reason(result, KEY_DROP, "too_few_samples",
                             "%zu samples cannot certify this limit; about %llu would, if the shares stay", n,
                             (unsigned long long)needed);
        else
            ed_result_reason(result, KEY_DROP, "at_the_limit",
                             "the drop itself is not below the limit: no number of samples would certify it");
    }
}

static void compare(struct ed_result *result, const struct ed_campaign *campaign,
                    const struct verdicts *reference, const struct verdicts *mine) {
    struct ed_paired_drop drop;
    uint64_t b = 0, c = 0;
    for (size_t i = 0; i < mine->n; i++) {
        b += reference->right[i] && !mine->right[i];
        c += !reference->right[i] && mine->right[i];
    }
    if (ed_proportion_drop(mine->n, b, c, CONFIDENCE, &drop) != ED_PAIRED_OK)
        return;
    ED_RESULT_SET_SPAN(result, accuracy_drop, drop.drop, drop.low, drop.high);
    advise(result, campaign, mine->n, b, c);
}

void ed_accuracy_fill(struct ed_result *result, const struct ed_campaign *campaign,
                      const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                      size_t case_index) {
    const struct ed_campaign_case *c = &device->cases[case_index];
    struct verdicts mine = {0}, reference = {0};
    struct ed_error why = {0};
    if (c->task < 0)
        return;
    ED_RESULT_SET_TEXT(result, accuracy_metric, campaign->tasks[c->task].metric);
    if (ed_quality_is(campaign->tasks[c->task].metric)) {
        ed_quality_fill(result, campaign, device, blocks, case_index);
        return;
    }
    if (score_case(campaign, device, blocks, case_index, &mine, &why) != ED_OK) {
        ed_result_reason(result, KEY_VALUE, "not_scored", "%s%s%s", why.where, why.where[0] ? ": " : "",
                         why.message);
        goto out;
    }
    ED_RESULT_SET(result, accuracy_value, (double)mine.n_right / (double)mine.n);
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
    if (score_case(campaign, device, blocks, c->reference, &reference, &why) != ED_OK) {
        ed_result_reason(result, KEY_DROP, "reference_not_scored", "the reference variant: %s", why.message);
        goto out;
    }
    ED_RESULT_SET(result, accuracy_reference, (double)reference.n_right / (double)reference.n);
    if (reference.n == mine.n)
        compare(result, campaign, &reference, &mine);
    else
        ed_result_reason(result, KEY_DROP, "reference_not_paired",
                         "the reference ran %zu samples, this variant %zu", reference.n, mine.n);
out:
    free(mine.right);
    free(reference.right);
}
