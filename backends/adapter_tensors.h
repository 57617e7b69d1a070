// SPDX-License-Identifier: Apache-2.0
// What every adapter of models with tensors does before it binds inputs: they are held against what the model
// asks for, since an engine may read behind the end of what is too short.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_TENSORS_H
#define EDGEDYNO_BACKENDS_ADAPTER_TENSORS_H

#include <stdbool.h>

#include "edgedyno/backend.h"

// Bytes of a tensor; false where a dimension is negative or the product does not fit.
static inline bool ed_adapter_tensor_bytes(enum ed_dtype dtype, const int64_t *shape, uint32_t rank,
                                           size_t *out) {
    size_t bytes = ed_dtype_bytes(dtype);
    for (uint32_t i = 0; i < rank; i++)
        if (shape[i] < 0 || __builtin_mul_overflow(bytes, (uint64_t)shape[i], &bytes))
            return false;
    *out = bytes;
    return true;
}

static inline enum ed_status ed_adapter_input_check(const struct ed_tensor_info *info,
                                                    const struct ed_tensor *given, struct ed_error *err) {
    size_t bytes = 0;
    if (given->dtype != info->dtype)
        return ed_fail(err, ED_ERR_USAGE, NULL, "input '%s' is %s, data of %s were given", info->name,
                       ed_dtype_name(info->dtype), ed_dtype_name(given->dtype));
    if (given->rank != info->rank)
        return ed_fail(err, ED_ERR_USAGE, NULL, "input '%s' has %u dimensions, data with %u were given",
                       info->name, info->rank, given->rank);
    for (uint32_t i = 0; i < info->rank; i++)
        if (given->shape[i] < 0 || (info->shape[i] >= 0 && given->shape[i] != info->shape[i]))
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "dimension %u of input '%s' is %lld, data with %lld were given", i, info->name,
                           (long long)info->shape[i], (long long)given->shape[i]);
    if (!ed_adapter_tensor_bytes(given->dtype, given->shape, given->rank, &bytes) || bytes != given->bytes ||
        (bytes && !given->data))
        return ed_fail(err, ED_ERR_USAGE, NULL, "input '%s' needs %zu bytes for its shape, %zu were given",
                       info->name, bytes, given->bytes);
    return ED_OK;
}

// As many inputs as the model has, and each of its type and shape; a dimension that is negative in `io` is
// open. ED_ERR_USAGE says what is not.
static inline enum ed_status ed_adapter_inputs_check(const struct ed_io *io, const struct ed_tensor *inputs,
                                                     size_t n, struct ed_error *err) {
    enum ed_status status = ED_OK;
    if (n != io->n_inputs)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the model has %zu inputs, %zu were given", io->n_inputs, n);
    for (size_t i = 0; i < n && !status; i++)
        status = ed_adapter_input_check(&io->inputs[i], &inputs[i], err);
    return status;
}

#endif
