// SPDX-License-Identifier: Apache-2.0
// Making the inputs of a case.
#include "runners/inputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/wav.h"
#include "runners/recordings.h"

int64_t ed_shape_count(const int64_t *shape, uint32_t rank) {
    int64_t count = 1;
    for (uint32_t d = 0; d < rank; d++)
        if (shape[d] < 0 || __builtin_mul_overflow(count, shape[d], &count))
            return -1;
    return count;
}

void ed_shape_print(char *text, size_t bytes, const struct ed_tensor_info *info) {
    size_t used = 0;
    if (bytes)
        text[0] = 0;
    for (uint32_t d = 0; d < info->rank && used < bytes; d++) {
        int n = info->shape[d] >= 0
                    ? snprintf(text + used, bytes - used, "%s%lld", d ? "x" : "", (long long)info->shape[d])
                    : snprintf(text + used, bytes - used, "%s%s", d ? "x" : "",
                               info->symbols[d][0] ? info->symbols[d] : "?");
        used += n > 0 ? (size_t)n : 0;
    }
}

enum ed_status ed_inputs_find(const struct ed_io *io, const char *name, size_t *index, struct ed_error *err) {
    if (!name[0] && io->n_inputs == 1) {
        *index = 0;
        return ED_OK;
    }
    char known[512] = "";
    for (size_t i = 0; i < io->n_inputs; i++) {
        if (!strcmp(io->inputs[i].name, name)) {
            *index = i;
            return ED_OK;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%.60s", i ? ", " : "", io->inputs[i].name);
    }
    if (!name[0])
        return ed_fail(err, ED_ERR_USAGE, NULL, "the model has %zu inputs (%s): say which one, as NAME=...",
                       io->n_inputs, known);
    return ed_fail(err, ED_ERR_USAGE, NULL, "the model has no input '%.100s'; it has: %s", name,
                   known[0] ? known : "none");
}

static enum ed_status apply_shapes(struct ed_inputs *inputs, const struct ed_job_case *c, bool *given,
                                   struct ed_error *err) {
    for (size_t i = 0; i < c->n_shapes; i++) {
        size_t at;
        enum ed_status status = ed_inputs_find(&inputs->io, c->shapes[i].input, &at, err);
        if (status != ED_OK)
            return status;
        const struct ed_tensor_info *info = &inputs->io.inputs[at];
        struct ed_tensor *tensor = &inputs->tensors[at];
        char shape[128];
        ed_shape_print(shape, sizeof shape, info);
        if (c->shapes[i].rank != info->rank)
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "--shape gives input '%s' %u dimensions, the model has %u (%s)", info->name,
                           c->shapes[i].rank, info->rank, shape);
        for (uint32_t d = 0; d < info->rank; d++) {
            if (info->shape[d] >= 0 && info->shape[d] != c->shapes[i].shape[d])
                return ed_fail(
                    err, ED_ERR_USAGE, NULL,
                    "--shape gives dimension %u of input '%s' as %lld, the model fixes it to %lld (%s)", d,
                    info->name, (long long)c->shapes[i].shape[d], (long long)info->shape[d], shape);
            tensor->shape[d] = c->shapes[i].shape[d];
        }
        given[at] = true;
    }
    return ED_OK;
}

bool ed_inputs_quantizes(const struct ed_tensor_info *info) {
    return info->quantized && info->scale > 0 && isfinite(info->scale) && info->dtype >= ED_DTYPE_I8 &&
           info->dtype <= ED_DTYPE_U16;
}

enum ed_status ed_inputs_quantize(void *out, const float *from, size_t n, const struct ed_tensor_info *info,
                                  struct ed_error *err) {
    const bool is_signed = info->dtype == ED_DTYPE_I8 || info->dtype == ED_DTYPE_I16;
    const int bits = info->dtype == ED_DTYPE_I8 || info->dtype == ED_DTYPE_U8 ? 8 : 16;
    const double low = is_signed ? -ldexp(1, bits - 1) : 0, high = low + ldexp(1, bits) - 1;
    for (size_t i = 0; i < n; i++) {
        double value = nearbyint((double)from[i] / info->scale) + (double)info->zero_point;
        if (isnan(value))
            return ed_fail(err, ED_ERR_USAGE, NULL, "the data of input '%s' has a value that is no number",
                           info->name);
        value = value < low ? low : value > high ? high : value;
        if (bits == 8)
            ((uint8_t *)out)[i] = (uint8_t)(int)value;
        else
            ((uint16_t *)out)[i] = (uint16_t)(int)value;
    }
    return ED_OK;
}

// What a file holds is not what the input takes: the first of its samples by the input's scale. A data set's
// others are converted batch by batch (runners/dataset.c).
static enum ed_status quantize_first(struct ed_inputs *inputs, size_t at, struct ed_error *err) {
    const struct ed_tensor_info *info = &inputs->io.inputs[at];
    struct ed_tensor *tensor = &inputs->tensors[at];
    const int64_t count = ed_shape_count(tensor->shape, tensor->rank);
    if (posix_memalign(&inputs->owned[at], 64, (size_t)count * 2 + 64) != 0)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for input '%s'", info->name);
    tensor->data = inputs->owned[at];
    return ed_inputs_quantize(tensor->data, inputs->files[at].data, (size_t)count, info, err);
}

// Audio as the only dimension of a float32 input.
static enum ed_status use_audio(struct ed_inputs *inputs, size_t at, const char *path, struct ed_error *err) {
    const struct ed_tensor_info *info = &inputs->io.inputs[at];
    struct ed_tensor *tensor = &inputs->tensors[at];
    struct ed_wav wav;
    if (info->dtype != ED_DTYPE_F32 || info->rank != 1)
        return ed_fail(err, ED_ERR_USAGE, path,
                       "is for audio, and input '%s' of the model takes %s of %u dimensions", info->name,
                       ed_dtype_name(info->dtype), info->rank);
    enum ed_status status = ed_wav_read_speech(&wav, path, err);
    if (status != ED_OK)
        return status;
    inputs->owned[at] = wav.samples;
    if (tensor->shape[0] >= 0 && tensor->shape[0] != (int64_t)wav.n)
        return ed_fail(err, ED_ERR_USAGE, path, "holds %zu samples, input '%s' wants %lld", wav.n, info->name,
                       (long long)tensor->shape[0]);
    tensor->shape[0] = (int64_t)wav.n;
    tensor->data = wav.samples;
    return ED_OK;
}

// A speech engine's files are audio unless they say that they are arrays.
static bool is_audio(const char *path, bool speech) {
    char magic[6] = "";
    FILE *file = fopen(path, "rbe");
    const size_t n = file ? fread(magic, 1, sizeof magic, file) : 0;
    if (file)
        fclose(file);
    return speech ? n < 6 || memcmp(magic, "\x93NUMPY", 6) != 0 : n >= 4 && !memcmp(magic, "RIFF", 4);
}

// A file or one sample of a data set as the data of one input.
static enum ed_status use_file(struct ed_inputs *inputs, size_t at, const char *path, bool one_sample,
                               bool shape_given, struct ed_error *err) {
    const struct ed_tensor_info *info = &inputs->io.inputs[at];
    struct ed_tensor *tensor = &inputs->tensors[at];
    struct ed_npy *npy = &inputs->files[at];
    char shape[128];
    enum ed_status status = ed_npy_open(npy, path, err);
    if (status != ED_OK)
        return status;
    ed_shape_print(shape, sizeof shape, info);
    const bool convert = npy->dtype == ED_DTYPE_F32 && ed_inputs_quantizes(info);
    if (npy->dtype != info->dtype && !convert)
        return ed_fail(err, ED_ERR_USAGE, path, "holds %s, input '%s' of the model is %s",
                       ed_dtype_name(npy->dtype), info->name, ed_dtype_name(info->dtype));
    if (npy->rank != info->rank)
        return ed_fail(err, ED_ERR_USAGE, path, "has %u dimensions, input '%s' of the model has %u (%s)",
                       npy->rank, info->name, info->rank, shape);
    for (uint32_t d = 0; d < info->rank; d++) {
        const bool sample = one_sample && d == 0;
        if (tensor->shape[d] < 0)
            tensor->shape[d] = sample ? 1 : npy->shape[d];
        if (sample ? npy->shape[d] < tensor->shape[d] : npy->shape[d] != tensor->shape[d])
            return ed_fail(err, ED_ERR_USAGE, path, "dimension %u is %lld, input '%s' wants %lld%s (%s)", d,
                           (long long)npy->shape[d], info->name, (long long)tensor->shape[d],
                           sample ? " or more" : "", shape_given ? "by --shape" : shape);
    }
    if (convert)
        return quantize_first(inputs, at, err);
    // Engines take a mutable pointer but do not write to inputs; the file is mapped read-only, so one that
    // did would be found out.
    tensor->data = (void *)(uintptr_t)npy->data;
    return ED_OK;
}

static void fill_random(void *data, int64_t count, enum ed_dtype dtype, struct ed_random *random) {
    for (int64_t i = 0; i < count; i++) {
        switch (dtype) {
        case ED_DTYPE_F32:
            ((float *)data)[i] = (float)(ed_random_below(random, 1u << 24)) / (float)(1u << 24);
            break;
        case ED_DTYPE_F64:
            ((double *)data)[i] = ed_random_uniform(random);
            break;
        case ED_DTYPE_F16: // 0x3c00 is 1.0; every positive pattern below it lies in 0..1, the normal ones
                           // from 0x0400
            ((uint16_t *)data)[i] = (uint16_t)(0x3000 + ed_random_below(random, 0x0c00));
            break;
        case ED_DTYPE_BF16: // 0x3f80 is 1.0
            ((uint16_t *)data)[i] = (uint16_t)(0x3d00 + ed_random_below(random, 0x0280));
            break;
        case ED_DTYPE_I8:
        case ED_DTYPE_U8:
            ((uint8_t *)data)[i] = (uint8_t)ed_random_below(random, 256);
            break;
        case ED_DTYPE_BOOL:
            ((uint8_t *)data)[i] = (uint8_t)ed_random_below(random, 2);
            break;
        case ED_DTYPE_I16:
        case ED_DTYPE_U16:
            ((uint16_t *)data)[i] = (uint16_t)ed_random_below(random, 10);
            break;
        case ED_DTYPE_I32:
        case ED_DTYPE_U32:
            ((uint32_t *)data)[i] = (uint32_t)ed_random_below(random, 10);
            break;
        case ED_DTYPE_I64:
        case ED_DTYPE_U64:
            ((uint64_t *)data)[i] = ed_random_below(random, 10);
            break;
        case ED_DTYPE_NONE:
        case ED_DTYPE_COUNT:
            return;
        }
    }
}

static enum ed_status make_random(struct ed_inputs *inputs, size_t at, uint64_t seed, bool speech,
                                  struct ed_error *err) {
    const struct ed_tensor_info *info = &inputs->io.inputs[at];
    struct ed_tensor *tensor = &inputs->tensors[at];
    char shape[128];
    ed_shape_print(shape, sizeof shape, info);
    for (uint32_t d = 0; d < info->rank; d++)
        if (tensor->shape[d] < 0 && speech)
            return ed_fail(
                err, ED_ERR_USAGE, NULL,
                "there is no audio: give it as --input FILE.wav, or noise of N samples as --shape %s=N",
                info->name);
        else if (tensor->shape[d] < 0)
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "dimension %u%s%s%s of input '%s' is symbolic (%s): give its size, as --shape "
                           "%s=... with a number for each dimension",
                           d, info->symbols[d][0] ? " ('" : "", info->symbols[d],
                           info->symbols[d][0] ? "')" : "", info->name, shape, info->name);
    int64_t count = ed_shape_count(tensor->shape, info->rank);
    size_t bytes = 0;
    if (count < 0 || __builtin_mul_overflow((size_t)count, ed_dtype_bytes(info->dtype), &bytes) ||
        bytes > (SIZE_MAX >> 2))
        return ed_fail(err, ED_ERR_LIMIT, NULL, "input '%s' (%s) is too large", info->name, shape);
    if (!ed_dtype_bytes(info->dtype))
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "input '%s' has a type that cannot be made from a seed: give it as a .npy file",
                       info->name);
    if (posix_memalign(&inputs->owned[at], 64, bytes ? bytes : 1) != 0)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for input '%s' of %zu bytes", info->name,
                       bytes);
    struct ed_random random;
    char label[32];
    snprintf(label, sizeof label, "input-%zu", at);
    ed_random_init(&random, ed_random_derive(seed, label));
    fill_random(inputs->owned[at], count, info->dtype, &random);
    tensor->data = inputs->owned[at];
    return ED_OK;
}

static enum ed_status use_files(struct ed_inputs *inputs, const struct ed_job_input *files, size_t n,
                                bool samples, bool speech, const bool *shape_given, struct ed_error *err) {
    for (size_t i = 0; i < n; i++) {
        size_t at;
        enum ed_status status = ed_inputs_find(&inputs->io, files[i].input, &at, err);
        if (status == ED_OK && !inputs->tensors[at].data)
            status = !samples && is_audio(files[i].file.path, speech)
                         ? use_audio(inputs, at, files[i].file.path, err)
                         : use_file(inputs, at, files[i].file.path, samples, shape_given[at], err);
        if (status != ED_OK)
            return status;
    }
    return ED_OK;
}

enum ed_status ed_inputs_make(struct ed_inputs *inputs, const struct ed_job *job, const struct ed_job_case *c,
                              uint64_t seed, struct ed_error *err) {
    bool shape_given[ED_TENSORS_MAX] = {false};
    inputs->n = inputs->io.n_inputs;
    for (size_t i = 0; i < inputs->n; i++) {
        const struct ed_tensor_info *info = &inputs->io.inputs[i];
        struct ed_tensor *tensor = &inputs->tensors[i];
        memcpy(tensor->name, info->name, sizeof tensor->name);
        tensor->dtype = info->dtype;
        tensor->rank = info->rank;
        memcpy(tensor->shape, info->shape, sizeof tensor->shape);
    }
    enum ed_status status = apply_shapes(inputs, c, shape_given, err);
    if (status == ED_OK)
        status = use_files(inputs, c->inputs, c->n_inputs, false, c->workload.speech, shape_given, err);
    if (status == ED_OK && c->data >= 0 && job->data[c->data].speech)
        status = ed_recordings_first(inputs, &job->data[c->data], err);
    else if (status == ED_OK && c->data >= 0)
        status = use_files(inputs, job->data[c->data].inputs, job->data[c->data].n_inputs, true,
                           c->workload.speech, shape_given, err);
    for (size_t i = 0; status == ED_OK && i < inputs->n; i++) {
        struct ed_tensor *tensor = &inputs->tensors[i];
        if (!tensor->data)
            status = make_random(inputs, i, seed, c->workload.speech, err);
        if (status == ED_OK)
            tensor->bytes =
                (size_t)ed_shape_count(tensor->shape, tensor->rank) * ed_dtype_bytes(tensor->dtype);
    }
    return status;
}

void ed_inputs_release(struct ed_inputs *inputs) {
    for (size_t i = 0; i < ED_TENSORS_MAX; i++) {
        free(inputs->owned[i]);
        inputs->owned[i] = NULL;
        ed_npy_close(&inputs->files[i]);
    }
}
