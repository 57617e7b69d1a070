// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs of a method, by the tables of its plan.
#include "backends/executorch/et_io.h"

#include <stdio.h>
#include <string.h>

enum { PLAN_VALUES = 2, PLAN_INPUTS = 3, PLAN_OUTPUTS = 4 };
enum {
    TENSOR_TYPE = 0,
    TENSOR_SIZES = 2,
    TENSOR_ORDER = 3,
    TENSOR_DATA = 5,
    TENSOR_PLANNED = 6,
    TENSOR_DYNAMISM = 8
};
enum { VALUE_TENSOR = 5, DYNAMISM_UNBOUND = 2 };

static const struct {
    int engine;
    enum ed_dtype dtype;
} types[] = {
    {0, ED_DTYPE_U8},   {1, ED_DTYPE_I8},   {2, ED_DTYPE_I16},  {3, ED_DTYPE_I32},   {4, ED_DTYPE_I64},
    {5, ED_DTYPE_F16},  {6, ED_DTYPE_F32},  {7, ED_DTYPE_F64},  {11, ED_DTYPE_BOOL}, {15, ED_DTYPE_BF16},
    {27, ED_DTYPE_U16}, {28, ED_DTYPE_U32}, {29, ED_DTYPE_U64},
};

static enum ed_dtype dtype_from_engine(uint64_t type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((uint64_t)types[i].engine == type)
            return types[i].dtype;
    return ED_DTYPE_NONE;
}

int8_t et_type_of(enum ed_dtype dtype) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == dtype)
            return (int8_t)types[i].engine;
    return -1;
}

static enum ed_status read_tensor(const struct et_flat *flat, size_t tensor, const char *what,
                                  struct ed_tensor_info *info, struct ed_error *err) {
    const struct et_flat_vector sizes = et_flat_vector(flat, tensor, TENSOR_SIZES, 4),
                                order = et_flat_vector(flat, tensor, TENSOR_ORDER, 1);
    const uint64_t type = et_flat_number(flat, tensor, TENSOR_TYPE, 1, 0);
    info->dtype = dtype_from_engine(type);
    if (info->dtype == ED_DTYPE_NONE)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, NULL,
            "%s has elements of ExecuTorch's type %llu; only numbers of whole bytes and booleans can be "
            "measured",
            what, (unsigned long long)type);
    if (sizes.n > ED_TENSOR_RANK_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%s has %zu dimensions; at most %d are supported", what,
                       sizes.n, ED_TENSOR_RANK_MAX);
    if (et_flat_number(flat, tensor, TENSOR_DYNAMISM, 1, 0) == DYNAMISM_UNBOUND)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "%s has no bound on its shape; export the model with one", what);
    info->rank = (uint32_t)sizes.n;
    info->bytes = ed_dtype_bytes(info->dtype);
    for (size_t i = 0; i < sizes.n; i++) {
        info->shape[i] = (int32_t)(uint32_t)et_flat_element(flat, &sizes, i, 4);
        if (info->shape[i] < 0 || __builtin_mul_overflow(info->bytes, (uint64_t)info->shape[i], &info->bytes))
            return ed_fail(err, ED_ERR_LIMIT, NULL, "%s is larger than the address space", what);
        if (order.n == sizes.n && et_flat_element(flat, &order, i, 1) != i)
            return ed_fail(
                err, ED_ERR_UNSUPPORTED, NULL,
                "%s does not lie in C order (channels last?); export the model with contiguous inputs and "
                "outputs",
                what);
    }
    return ED_OK;
}

// An output may be an input that is handed through.
static bool is_input(const struct et_flat *flat, size_t plan, uint64_t value) {
    const struct et_flat_vector inputs = et_flat_vector(flat, plan, PLAN_INPUTS, 4);
    for (size_t i = 0; i < inputs.n; i++)
        if (et_flat_element(flat, &inputs, i, 4) == value)
            return true;
    return false;
}

static enum ed_status read_tensors(struct et_program *program, const struct et_flat *flat, size_t plan,
                                   bool input, struct ed_error *err) {
    const struct et_flat_vector values = et_flat_vector(flat, plan, PLAN_VALUES, 4),
                                list = et_flat_vector(flat, plan, input ? PLAN_INPUTS : PLAN_OUTPUTS, 4);
    struct ed_tensor_info *infos = input ? program->io.inputs : program->io.outputs;
    const char *side = input ? "input" : "output";
    enum ed_status status = ED_OK;
    if (list.n > ED_TENSORS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the model has %zu %ss; at most %d are supported", list.n,
                       side, ED_TENSORS_MAX);
    for (size_t i = 0; i < list.n && !status; i++) {
        const size_t value = et_flat_element_table(flat, &values, et_flat_element(flat, &list, i, 4));
        const size_t tensor = et_flat_table(flat, value, 1);
        char what[64];
        memset(&infos[i], 0, sizeof infos[i]);
        snprintf(infos[i].name, sizeof infos[i].name, "%s_%zu", side, i);
        snprintf(what, sizeof what, "%s %zu", side, i);
        if (et_flat_number(flat, value, 0, 1, 0) != VALUE_TENSOR || !tensor)
            return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "%s is no tensor; only tensors can be measured",
                           what);
        status = read_tensor(flat, tensor, what, &infos[i], err);
        const bool planned =
            et_flat_table(flat, tensor, TENSOR_PLANNED) || et_flat_number(flat, tensor, TENSOR_DATA, 4, 0);
        if (input)
            program->aliased[i] = !planned;
        else
            program->unplanned[i] = !planned && !is_input(flat, plan, et_flat_element(flat, &list, i, 4));
    }
    *(input ? &program->io.n_inputs : &program->io.n_outputs) = list.n;
    return status;
}

enum ed_status et_io_read(struct et_program *program, const struct et_flat *flat, size_t plan,
                          struct ed_error *err) {
    enum ed_status status = read_tensors(program, flat, plan, true, err);
    return status ? status : read_tensors(program, flat, plan, false, err);
}
