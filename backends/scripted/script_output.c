// SPDX-License-Identifier: Apache-2.0
// What the scripted engine answers: functions of the inputs' bytes.
#include "backends/scripted/script.h"

#include <math.h>
#include <stdlib.h>

// FNV-1a over bytes, then a finalizer that spreads every bit (the constants of MurmurHash3's).
static uint64_t hash_bytes(uint64_t seed, const void *data, size_t bytes) {
    const unsigned char *at = data;
    uint64_t hash = UINT64_C(1469598103934665603) ^ seed;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

// In 0..1, 1 not included, with 24 bits: the same number as float and as double.
static double hash_share(uint64_t hash) {
    return (double)(hash >> 40) * 0x1p-24;
}

// IEEE 754 binary16, rounded towards zero; too small is 0, too large is infinite.
static uint16_t half_bits(double real) {
    int exponent = 0;
    double fraction = frexp(fabs(real), &exponent); // 0.5..1
    uint16_t sign = real < 0 ? 0x8000 : 0;
    exponent += 14;
    if (fraction == 0 || exponent <= 0)
        return sign;
    if (exponent > 30)
        return sign | 0x7c00;
    return (uint16_t)(sign | exponent << 10 | (int)((fraction * 2 - 1) * 1024));
}

static void element_set(struct ed_tensor *tensor, size_t i, double real, uint64_t bits, bool from_hash) {
    unsigned char *at = (unsigned char *)tensor->data + i * ed_dtype_bytes(tensor->dtype);
    float single = (float)real;
    uint16_t half = half_bits(real);
    uint64_t integer = from_hash ? bits : (uint64_t)(int64_t)real;
    switch (tensor->dtype) {
    case ED_DTYPE_F32:
        memcpy(at, &single, sizeof single);
        break;
    case ED_DTYPE_F64:
        memcpy(at, &real, sizeof real);
        break;
    case ED_DTYPE_F16:
        memcpy(at, &half, sizeof half);
        break;
    case ED_DTYPE_BF16: {
        uint32_t whole;
        memcpy(&whole, &single, sizeof whole);
        half = (uint16_t)(whole >> 16);
        memcpy(at, &half, sizeof half);
        break;
    }
    case ED_DTYPE_BOOL:
        *at = integer & 1;
        break;
    default:
        for (size_t byte = 0; byte < ed_dtype_bytes(tensor->dtype); byte++)
            at[byte] = (unsigned char)(integer >> (8 * byte));
        break;
    }
}

static size_t tensor_count(const struct ed_tensor *tensor) {
    size_t size = ed_dtype_bytes(tensor->dtype);
    return size ? tensor->bytes / size : 0;
}

static double element_get(const struct ed_tensor *tensor, size_t i) {
    const unsigned char *at = (const unsigned char *)tensor->data + i * ed_dtype_bytes(tensor->dtype);
    union {
        float f32;
        double f64;
        int8_t i8;
        int16_t i16;
        uint16_t u16;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
    } value;
    memset(&value, 0, sizeof value);
    memcpy(&value, at, ed_dtype_bytes(tensor->dtype));
    switch (tensor->dtype) {
    case ED_DTYPE_F32:
        return (double)value.f32;
    case ED_DTYPE_F64:
        return value.f64;
    case ED_DTYPE_I8:
        return value.i8;
    case ED_DTYPE_U8:
    case ED_DTYPE_BOOL:
        return *at;
    case ED_DTYPE_I16:
        return value.i16;
    case ED_DTYPE_U16:
        return value.u16;
    case ED_DTYPE_I32:
        return value.i32;
    case ED_DTYPE_U32:
        return value.u32;
    case ED_DTYPE_I64:
    case ED_DTYPE_U64:
        return (double)value.i64;
    default:
        return 0;
    }
}

// Logits that choose the class named by each sample's first element, or the one after it for the wrong share.
static void fill_logits(const struct script *script, const struct ed_tensor *input,
                        struct ed_tensor *logits) {
    size_t samples = (size_t)logits->shape[0], classes = (size_t)logits->shape[1];
    size_t values = samples ? tensor_count(input) / samples : 0;
    if (!classes)
        return;
    for (size_t sample = 0; sample < samples; sample++) {
        size_t first = sample * values, label = 0;
        uint64_t hash = 0;
        if (values) {
            double element = element_get(input, first);
            size_t size = ed_dtype_bytes(input->dtype);
            label = element >= 0 && element < 1e15 ? (size_t)element % classes : 0;
            hash = hash_bytes(0, (const char *)input->data + first * size, values * size);
        }
        if (hash_share(hash) < script->argmax_wrong_share)
            label = (label + 1) % classes;
        for (size_t c = 0; c < classes; c++)
            element_set(logits, sample * classes + c,
                        c == label ? 5 : 0.25 * hash_share(hash_bytes(c, &hash, sizeof hash)), 0, false);
    }
}

// The shape is that of the moved tensor: what another engine has as [N, C, rest] is here [N, rest, C].
static void move_channels(struct ed_tensor *tensor) {
    const size_t samples = (size_t)tensor->shape[0], each = samples ? tensor_count(tensor) / samples : 0,
                 channels = (size_t)tensor->shape[tensor->rank - 1], spots = channels ? each / channels : 0;
    float *values = tensor->data, *copy = malloc(each * sizeof *copy + 1);
    for (size_t s = 0; copy && s < samples; s++) {
        memcpy(copy, values + s * each, each * sizeof *copy);
        for (size_t i = 0; i < each; i++)
            values[s * each + i % spots * channels + i / spots] = copy[i];
    }
    free(copy);
}

// What the script wants otherwise than it would be right.
static void spoil(const struct script *script, struct ed_tensor *tensor) {
    float *values = tensor->data;
    const size_t n = tensor_count(tensor);
    if (tensor->dtype != ED_DTYPE_F32 || !n)
        return;
    if (script->channels_last && tensor->rank > 2)
        move_channels(tensor);
    for (size_t i = 0; script->noise > 0 && i < n; i++)
        values[i] += (float)(script->noise * (2 * hash_share(hash_bytes(7, &i, sizeof i)) - 1));
    if (script->broken)
        values[n / 2] = NAN;
}

void script_outputs_fill(const struct script *script, const struct ed_tensor *inputs, size_t n_inputs,
                         struct ed_tensor *outputs, size_t n_outputs, uint64_t run) {
    uint64_t seed = script->output == SCRIPT_OUTPUT_NONDETERMINISTIC ? run + 1 : 0;
    if (script->output != SCRIPT_OUTPUT_CONSTANT)
        for (size_t i = 0; i < n_inputs; i++)
            seed = hash_bytes(seed, inputs[i].data, inputs[i].bytes);
    for (size_t o = 0; o < n_outputs; o++) {
        struct ed_tensor *out = &outputs[o];
        if (!o && script->argmax_wrong_share >= 0) {
            fill_logits(script, &inputs[0], out);
        } else if (script->output == SCRIPT_OUTPUT_ECHO) {
            size_t bytes = n_inputs && inputs[0].bytes < out->bytes ? inputs[0].bytes
                           : n_inputs                               ? out->bytes
                                                                    : 0;
            memset(out->data, 0, out->bytes);
            memcpy(out->data, n_inputs ? inputs[0].data : out->data, bytes);
        } else {
            bool constant = script->output == SCRIPT_OUTPUT_CONSTANT;
            for (size_t i = 0; i < tensor_count(out); i++) {
                uint64_t place[2] = {o, i}, bits = constant ? 0 : hash_bytes(seed, place, sizeof place);
                element_set(out, i, constant ? script->constant : hash_share(bits), bits, !constant);
            }
        }
        spoil(script, out);
    }
}
