// SPDX-License-Identifier: Apache-2.0
// Outputs of accuracy blocks as real numbers.
#include "harness/agreement_outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/outputs.h"

static const struct ed_block *find_block(const struct ed_blocks *blocks, size_t case_index) {
    const struct ed_block *block = NULL;
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->items[i].case_index == case_index && !strcmp(blocks->items[i].pass, ED_PASS_ACCURACY))
            block = &blocks->items[i];
    return block;
}

static void read_info(struct ed_agreement_output *output, const cJSON *info) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(info, "name");
    const cJSON *scale = cJSON_GetObjectItemCaseSensitive(info, "scale");
    const cJSON *zero = cJSON_GetObjectItemCaseSensitive(info, "zero_point");
    snprintf(output->name, sizeof output->name, "%s", cJSON_IsString(name) ? name->valuestring : "");
    output->quantized = cJSON_IsNumber(scale) && isfinite(scale->valuedouble) && scale->valuedouble > 0;
    output->scale = output->quantized ? scale->valuedouble : 1;
    output->zero_point =
        cJSON_IsNumber(zero) && fabs(zero->valuedouble) < 9e15 ? (int64_t)zero->valuedouble : 0;
}

static enum ed_status open_output(struct ed_agreement_output *output, const struct ed_campaign_device *device,
                                  const struct ed_block *block, int index, struct ed_error *err) {
    const cJSON *file =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(block->evidence, "output_files"), index);
    char name[128], path[ED_PATH_BYTES];
    if (!cJSON_IsString(file) || !ed_path_name_ok(file->valuestring))
        return ed_fail(err, ED_ERR_PARSE, NULL, "the device kept no output for it");
    snprintf(name, sizeof name, ED_CAMPAIGN_OUTPUTS "/%s", file->valuestring);
    enum ed_status status = ed_path_join(path, device->directory, name, err);
    if (status == ED_OK)
        status = ed_output_check(block, index, path, err);
    if (status == ED_OK)
        status = ed_npy_open(&output->npy, path, err);
    if (status == ED_OK && (output->npy.rank < 1 || output->npy.shape[0] < 1 || output->npy.count < 1))
        status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "output '%.60s' is empty", output->name);
    return status;
}

enum ed_status ed_agreement_outputs_load(struct ed_agreement_outputs *outputs,
                                         const struct ed_campaign *campaign,
                                         const struct ed_campaign_device *device,
                                         const struct ed_blocks *blocks, size_t case_index,
                                         struct ed_error *err) {
    const struct ed_block *block = find_block(blocks, case_index);
    const char *only = campaign->tasks[device->cases[case_index].task].output;
    enum ed_status status = ED_OK;
    memset(outputs, 0, sizeof *outputs);
    if (!block)
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "its accuracy block did not run");
    if (block->outcome != ED_OUTCOME_OK)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "its accuracy block failed: %.160s", block->message);
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(block->evidence, "output_files");
    const cJSON *infos = cJSON_GetObjectItemCaseSensitive(block->evidence, "model_outputs");
    const int n = cJSON_GetArraySize(files);
    if (n < 1 || n > ED_TENSORS_MAX || cJSON_GetArraySize(infos) != n)
        return ed_fail(err, ED_ERR_PARSE, NULL, "the device kept %d outputs of a model that has %d", n,
                       cJSON_GetArraySize(infos));
    if (!(outputs->items = calloc((size_t)n, sizeof *outputs->items)))
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %d outputs", n);
    for (int i = 0; status == ED_OK && i < n; i++) {
        struct ed_agreement_output *output = &outputs->items[outputs->n];
        read_info(output, cJSON_GetArrayItem(infos, i));
        if (only[0] && strcmp(only, output->name) != 0)
            continue;
        outputs->n++;
        status = open_output(output, device, block, i, err);
        if (status == ED_OK && outputs->n > 1 && output->npy.shape[0] != outputs->samples)
            status = ed_fail(err, ED_ERR_PARSE, NULL, "its outputs are of different numbers of samples");
        outputs->samples = status == ED_OK ? output->npy.shape[0] : 0;
    }
    if (status == ED_OK && !outputs->n)
        status = ed_fail(err, ED_ERR_USAGE, NULL, "the model has no output '%.60s'", only);
    return status;
}

void ed_agreement_outputs_release(struct ed_agreement_outputs *outputs) {
    for (size_t i = 0; i < outputs->n; i++)
        ed_npy_close(&outputs->items[i].npy);
    free(outputs->items);
    memset(outputs, 0, sizeof *outputs);
}

uint32_t ed_agreement_sample_shape(const struct ed_agreement_output *output,
                                   int64_t shape[ED_TENSOR_RANK_MAX]) {
    uint32_t rank = 0;
    for (uint32_t d = 1; d < output->npy.rank; d++)
        if (output->npy.shape[d] != 1)
            shape[rank++] = output->npy.shape[d];
    return rank;
}

enum ed_agreement_layout ed_agreement_layout(const struct ed_agreement_output *reference,
                                             const struct ed_agreement_output *other) {
    int64_t a[ED_TENSOR_RANK_MAX], b[ED_TENSOR_RANK_MAX];
    const uint32_t rank = ed_agreement_sample_shape(reference, a);
    if (rank != ed_agreement_sample_shape(other, b))
        return ED_LAYOUT_NONE;
    const size_t rest = (rank - 1) * sizeof a[0];
    if (rank == 0 || memcmp(a, b, rank * sizeof a[0]) == 0)
        return ED_LAYOUT_SAME;
    if (rank > 1 && a[0] == b[rank - 1] && memcmp(a + 1, b, rest) == 0)
        return ED_LAYOUT_CHANNELS_LAST;
    if (rank > 1 && b[0] == a[rank - 1] && memcmp(b + 1, a, rest) == 0)
        return ED_LAYOUT_CHANNELS_FIRST;
    return ED_LAYOUT_NONE;
}

size_t ed_agreement_place(enum ed_agreement_layout layout, const int64_t *reference_shape, uint32_t rank,
                          size_t i) {
    size_t count = 1;
    for (uint32_t d = 0; d < rank; d++)
        count *= (size_t)reference_shape[d];
    if (layout == ED_LAYOUT_CHANNELS_LAST) {
        const size_t channels = (size_t)reference_shape[0], spots = count / channels;
        return i % spots * channels + i / spots;
    }
    if (layout == ED_LAYOUT_CHANNELS_FIRST) {
        const size_t channels = (size_t)reference_shape[rank - 1], spots = count / channels;
        return i % channels * spots + i / channels;
    }
    return i;
}

static bool is_float(enum ed_dtype dtype) {
    return dtype == ED_DTYPE_F32 || dtype == ED_DTYPE_F64 || dtype == ED_DTYPE_F16 || dtype == ED_DTYPE_BF16;
}

bool ed_agreement_is_real(const struct ed_agreement_output *output) {
    return output->quantized || is_float(output->npy.dtype);
}

double ed_agreement_value(const struct ed_agreement_output *output, size_t i) {
    const double raw = ed_npy_real(&output->npy, i);
    return output->quantized && !is_float(output->npy.dtype)
               ? output->scale * (raw - (double)output->zero_point)
               : raw;
}
