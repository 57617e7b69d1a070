// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs: what the model declares, tensors over the caller's buffers, and views of what a run
// left.
#include "backends/adapter_tensors.h"
#include "backends/openvino/ov.h"

static const struct {
    int engine;
    enum ed_dtype dtype;
} types[] = {
    {1, ED_DTYPE_BOOL}, {2, ED_DTYPE_BF16}, {3, ED_DTYPE_F16},  {4, ED_DTYPE_F32},  {5, ED_DTYPE_F64},
    {7, ED_DTYPE_I8},   {8, ED_DTYPE_I16},  {9, ED_DTYPE_I32},  {10, ED_DTYPE_I64}, {16, ED_DTYPE_U8},
    {17, ED_DTYPE_U16}, {18, ED_DTYPE_U32}, {19, ED_DTYPE_U64},
};

static enum ed_dtype dtype_from_engine(int type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].engine == type)
            return types[i].dtype;
    return ED_DTYPE_NONE;
}

static int dtype_to_engine(enum ed_dtype dtype) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == dtype)
            return types[i].engine;
    return 0;
}

static enum ed_status describe_shape(const struct ov_partial_shape *shape, const char *what,
                                     struct ed_tensor_info *info, struct ed_error *err) {
    bool symbolic = false;
    if (shape->rank.min != shape->rank.max)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "%s has no fixed number of dimensions; give the model a shape before it is measured",
                       what);
    if (shape->rank.min < 0 || shape->rank.min > ED_TENSOR_RANK_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%s has %lld dimensions; at most %d are supported", what,
                       (long long)shape->rank.min, ED_TENSOR_RANK_MAX);
    info->rank = (uint32_t)shape->rank.min;
    for (uint32_t i = 0; i < info->rank; i++) {
        const struct ov_dimension *dimension = &shape->dims[i];
        const bool fixed = dimension->min == dimension->max && dimension->min >= 0;
        info->shape[i] = fixed ? dimension->min : -1;
        symbolic = symbolic || !fixed;
    }
    if (!symbolic && !ed_adapter_tensor_bytes(info->dtype, info->shape, info->rank, &info->bytes))
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%s is larger than the address space", what);
    return ED_OK;
}

// A tensor may have no name, or share one; then it is called by its place.
static void set_name(const struct ov_state *ov, const struct ov_port *port, const char *side,
                     struct ed_tensor_info *infos, size_t index) {
    struct ed_tensor_info *info = &infos[index];
    char *name = NULL;
    bool good =
        !ov->api.port_get_any_name(port, &name) && name && name[0] && strlen(name) < sizeof info->name;
    for (size_t i = 0; good && i < index; i++)
        good = strcmp(infos[i].name, name) != 0;
    if (good)
        snprintf(info->name, sizeof info->name, "%s", name);
    else
        snprintf(info->name, sizeof info->name, "%s_%zu", side, index);
    ov->api.free(name);
}

static enum ed_status describe_one(const struct ov_state *ov, bool input, struct ed_tensor_info *infos,
                                   size_t index, struct ed_error *err) {
    const char *side = input ? "input" : "output";
    struct ed_tensor_info *info = &infos[index];
    struct ov_partial_shape shape = {0};
    struct ov_port *port = NULL;
    int type = 0;
    char what[192];
    memset(info, 0, sizeof *info);
    snprintf(what, sizeof what, "%s %zu", side, index);
    enum ed_status status =
        ov_check(ov,
                 input ? ov->api.compiled_model_input_by_index(ov->compiled, index, &port)
                       : ov->api.compiled_model_output_by_index(ov->compiled, index, &port),
                 what, err);
    if (status)
        return status;
    set_name(ov, port, side, infos, index);
    snprintf(what, sizeof what, "%s %zu '%s'", side, index, info->name);
    status = ov_check(ov, ov->api.port_get_element_type(port, &type), what, err);
    if (!status) {
        info->dtype = dtype_from_engine(type);
        if (info->dtype == ED_DTYPE_NONE)
            status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                             "%s has elements of OpenVINO's type %d; only numbers of whole bytes and "
                             "booleans can be measured",
                             what, type);
    }
    if (!status)
        status = ov_check(ov, ov->api.port_get_partial_shape(port, &shape), what, err);
    if (!status) {
        status = describe_shape(&shape, what, info, err);
        ov->api.partial_shape_free(&shape);
    }
    ov->api.output_const_port_free(port);
    return status;
}

enum ed_status ov_tensors_describe(struct ov_state *ov, struct ed_error *err) {
    struct ed_io *io = &ov->io;
    size_t n_inputs = 0, n_outputs = 0;
    io->n_inputs = io->n_outputs = 0;
    enum ed_status status =
        ov_check(ov, ov->api.compiled_model_inputs_size(ov->compiled, &n_inputs), "counting inputs", err);
    if (!status)
        status = ov_check(ov, ov->api.compiled_model_outputs_size(ov->compiled, &n_outputs),
                          "counting outputs", err);
    if (!status && (n_inputs > ED_TENSORS_MAX || n_outputs > ED_TENSORS_MAX))
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "the model has %zu inputs and %zu outputs; at most %d of each are supported", n_inputs,
                       n_outputs, ED_TENSORS_MAX);
    for (size_t i = 0; !status && i < n_inputs; i++)
        status = describe_one(ov, true, io->inputs, i, err);
    for (size_t i = 0; !status && i < n_outputs; i++)
        status = describe_one(ov, false, io->outputs, i, err);
    if (!status)
        io->n_inputs = n_inputs, io->n_outputs = n_outputs, ov->bound = !n_inputs;
    return status;
}

static void release(const struct ov_state *ov, struct ov_tensor **tensors) {
    for (size_t i = 0; i < ED_TENSORS_MAX; i++) {
        if (tensors[i])
            ov->api.tensor_free(tensors[i]);
        tensors[i] = NULL;
    }
}

void ov_tensors_release(struct ov_state *ov) {
    release(ov, ov->outputs);
    release(ov, ov->inputs);
    ov->bound = ov->ran = false;
}

enum ed_status ov_tensors_give(const struct ov_state *ov, struct ov_request *request, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < ov->io.n_inputs && !status; i++)
        status = ov_check(ov, ov->api.infer_request_set_input_tensor_by_index(request, i, ov->inputs[i]),
                          ov->io.inputs[i].name, err);
    return status;
}

enum ed_status ov_tensors_bind(struct ov_state *ov, const struct ed_tensor *inputs, size_t n,
                               struct ed_error *err) {
    if (!ov->compiled)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    ov_tensors_release(ov);
    enum ed_status status = ed_adapter_inputs_check(&ov->io, inputs, n, err);
    for (size_t i = 0; i < n && !status; i++) {
        const struct ov_shape shape = {inputs[i].rank, (int64_t *)(uintptr_t)inputs[i].shape};
        status = ov_check(ov,
                          ov->api.tensor_create_from_host_ptr(dtype_to_engine(inputs[i].dtype), shape,
                                                              inputs[i].bytes ? inputs[i].data : &ov->empty,
                                                              &ov->inputs[i]),
                          ov->io.inputs[i].name, err);
    }
    for (size_t i = 0; i < ov->n_requests && !status; i++)
        status = ov_tensors_give(ov, ov->requests[i], err);
    if (status)
        ov_tensors_release(ov);
    ov->bound = !status;
    return status;
}

enum ed_status ov_tensors_view(struct ov_state *ov, size_t index, struct ed_tensor *view,
                               struct ed_error *err) {
    const struct ed_tensor_info *info = &ov->io.outputs[index];
    struct ov_shape shape = {0};
    int type = 0;
    memset(view, 0, sizeof *view);
    if (ov->outputs[index])
        ov->api.tensor_free(ov->outputs[index]);
    ov->outputs[index] = NULL;
    enum ed_status status = ov_check(
        ov,
        ov->api.infer_request_get_output_tensor_by_index(ov->requests[ov->last], index, &ov->outputs[index]),
        info->name, err);
    if (!status)
        status = ov_check(ov, ov->api.tensor_get_element_type(ov->outputs[index], &type), info->name, err);
    if (!status)
        status = ov_check(ov, ov->api.tensor_get_shape(ov->outputs[index], &shape), info->name, err);
    if (status)
        return status;
    if (shape.rank < 0 || shape.rank > ED_TENSOR_RANK_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "output '%s' has %lld dimensions; at most %d are supported",
                         info->name, (long long)shape.rank, ED_TENSOR_RANK_MAX);
    if (!status) {
        snprintf(view->name, sizeof view->name, "%s", info->name);
        view->rank = (uint32_t)shape.rank;
        view->dtype = dtype_from_engine(type);
        if (shape.rank)
            memcpy(view->shape, shape.dims, (size_t)shape.rank * sizeof *shape.dims);
        status =
            ov_check(ov, ov->api.tensor_get_byte_size(ov->outputs[index], &view->bytes), info->name, err);
    }
    if (!status && view->bytes)
        status = ov_check(ov, ov->api.tensor_data(ov->outputs[index], &view->data), info->name, err);
    ov->api.shape_free(&shape);
    return status;
}
