// SPDX-License-Identifier: Apache-2.0
// Outputs of accuracy blocks.
#include "harness/outputs.h"

#include <math.h>
#include <string.h>

#include "harness/seal.h"

// IEEE 754 binary16.
static double half(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                        : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                       : ldexp(fraction, -24);
    return bits & 0x8000 ? -size : size;
}

static double brain(uint16_t bits) {
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

bool ed_npy_is_real(const struct ed_npy *npy) {
    return npy->dtype > ED_DTYPE_NONE && npy->dtype < ED_DTYPE_COUNT;
}

double ed_npy_real(const struct ed_npy *npy, size_t i) {
    switch (npy->dtype) {
    case ED_DTYPE_F32:
        return (double)((const float *)npy->data)[i];
    case ED_DTYPE_F64:
        return ((const double *)npy->data)[i];
    case ED_DTYPE_F16:
        return half(((const uint16_t *)npy->data)[i]);
    case ED_DTYPE_BF16:
        return brain(((const uint16_t *)npy->data)[i]);
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
    case ED_DTYPE_NONE:
    case ED_DTYPE_COUNT:
        break;
    }
    return NAN;
}

double ed_output_real(const struct ed_output_values *out, size_t i) {
    const double value = ed_npy_real(&out->npy, i);
    return out->quantized ? out->scale * (value - (double)out->zero_point) : value;
}

static enum ed_status find_block(const struct ed_block **found, const struct ed_blocks *blocks,
                                 size_t case_index, struct ed_error *err) {
    *found = NULL;
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->items[i].case_index == case_index && !strcmp(blocks->items[i].pass, ED_PASS_ACCURACY))
            *found = &blocks->items[i];
    if (!*found)
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "its accuracy block did not run");
    if ((*found)->outcome != ED_OUTCOME_OK)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "its accuracy block failed: %.400s", (*found)->message);
    return ED_OK;
}

static const cJSON *member(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

enum ed_status ed_output_check(const struct ed_block *block, int index, const char *path,
                               struct ed_error *err) {
    const uint64_t bit = index >= 0 && index < 64 ? UINT64_C(1) << index : 0;
    if (block->outputs_whole && *block->outputs_whole & bit)
        return ED_OK;
    enum ed_status status = ed_seal_output(path, block->evidence, index, err);
    if (status == ED_OK && block->outputs_whole)
        *block->outputs_whole |= bit;
    return status;
}

static enum ed_status path_of(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                              const struct ed_block *block, int index, struct ed_error *err) {
    const cJSON *file = cJSON_GetArrayItem(member(block->evidence, "output_files"), index);
    char relative[128];
    if (!cJSON_IsString(file) || !ed_path_name_ok(file->valuestring))
        return ed_fail(err, ED_ERR_PARSE, NULL, "the device kept no output for it");
    snprintf(relative, sizeof relative, ED_CAMPAIGN_OUTPUTS "/%s", file->valuestring);
    enum ed_status status = ed_path_join(path, device->directory, relative, err);
    return status == ED_OK ? ed_output_check(block, index, path, err) : status;
}

enum ed_status ed_output_path(char path[ED_PATH_BYTES], const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, size_t case_index, struct ed_error *err) {
    const struct ed_block *block;
    enum ed_status status = find_block(&block, blocks, case_index, err);
    return status == ED_OK ? path_of(path, device, block, 0, err) : status;
}

static enum ed_status open_output(struct ed_output_values *out, const struct ed_campaign_device *device,
                                  const struct ed_block *block, int index, struct ed_error *err) {
    const cJSON *info = cJSON_GetArrayItem(member(block->evidence, "model_outputs"), index);
    const cJSON *scale = member(info, "scale"), *zero_point = member(info, "zero_point"),
                *name = member(info, "name");
    enum ed_status status = path_of(out->path, device, block, index, err);
    if (status == ED_OK)
        status = ed_npy_open(&out->npy, out->path, err);
    if (status != ED_OK)
        return status;
    snprintf(out->name, sizeof out->name, "%s", cJSON_IsString(name) ? name->valuestring : "");
    // Only whole numbers are quantized; an adapter that gives a scale for others is not believed.
    out->quantized = cJSON_IsNumber(scale) && scale->valuedouble > 0 && isfinite(scale->valuedouble) &&
                     out->npy.dtype >= ED_DTYPE_I8;
    out->scale = out->quantized ? scale->valuedouble : 1;
    out->zero_point = out->quantized && cJSON_IsNumber(zero_point) && fabs(zero_point->valuedouble) < 1e9
                          ? (int64_t)zero_point->valuedouble
                          : 0;
    return ED_OK;
}

enum ed_status ed_output_open_at(struct ed_output_values *out, const struct ed_campaign_device *device,
                                 const struct ed_blocks *blocks, size_t case_index, size_t index, size_t *n,
                                 struct ed_error *err) {
    const struct ed_block *block;
    memset(out, 0, sizeof *out);
    *n = 0;
    enum ed_status status = find_block(&block, blocks, case_index, err);
    if (status != ED_OK)
        return status;
    const int files = cJSON_GetArraySize(member(block->evidence, "output_files"));
    *n = files > 0 && files <= ED_TENSORS_MAX ? (size_t)files : 0;
    if (index >= *n)
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "the device kept %zu outputs", *n);
    return open_output(out, device, block, (int)index, err);
}

enum ed_status ed_output_open(struct ed_output_values *out, const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, size_t case_index, const char *name,
                              struct ed_error *err) {
    const struct ed_block *block;
    memset(out, 0, sizeof *out);
    enum ed_status status = find_block(&block, blocks, case_index, err);
    if (status != ED_OK)
        return status;
    const cJSON *infos = member(block->evidence, "model_outputs");
    int index = name[0] ? -1 : 0;
    for (int i = 0; name[0] && i < cJSON_GetArraySize(infos); i++) {
        const cJSON *its = member(cJSON_GetArrayItem(infos, i), "name");
        if (cJSON_IsString(its) && !strcmp(its->valuestring, name))
            index = i;
    }
    if (index < 0)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the model has no output '%s'", name);
    return open_output(out, device, block, index, err);
}

void ed_output_close(struct ed_output_values *out) {
    ed_npy_close(&out->npy);
    memset(out, 0, sizeof *out);
}
