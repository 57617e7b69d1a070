// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs: what the model declares, values over the caller's buffers, and views of what a run
// left.
#include "backends/adapter_tensors.h"
#include "backends/onnxruntime/ort.h"

static const struct {
    int engine;
    enum ed_dtype dtype;
} types[] = {
    {1, ED_DTYPE_F32},  {2, ED_DTYPE_U8},   {3, ED_DTYPE_I8},    {4, ED_DTYPE_U16},  {5, ED_DTYPE_I16},
    {6, ED_DTYPE_I32},  {7, ED_DTYPE_I64},  {9, ED_DTYPE_BOOL},  {10, ED_DTYPE_F16}, {11, ED_DTYPE_F64},
    {12, ED_DTYPE_U32}, {13, ED_DTYPE_U64}, {16, ED_DTYPE_BF16},
};

enum ed_dtype ort_dtype_from_engine(int type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].engine == type)
            return types[i].dtype;
    return ED_DTYPE_NONE;
}

int ort_dtype_to_engine(enum ed_dtype dtype) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == dtype)
            return types[i].engine;
    return 0;
}

// Fills `info` from a tensor's type; `what` is "input 0 'x'".
static enum ed_status describe_tensor(struct ort_state *ort, const struct ort_tensor_info *type,
                                      const char *what, struct ed_tensor_info *info, struct ed_error *err) {
    const char *symbols[ED_TENSOR_RANK_MAX] = {0};
    int element = 0;
    size_t rank = 0;
    enum ed_status status = ort_check(ort, ort_get_element_type(ort->api, type, &element), what, err);
    if (!status)
        status = ort_check(ort, ort_get_dimensions_count(ort->api, type, &rank), what, err);
    if (status)
        return status;
    info->dtype = ort_dtype_from_engine(element);
    if (info->dtype == ED_DTYPE_NONE)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "%s has %s elements (type %d of ONNX); only numbers and booleans can be measured",
                       what, element == 8 ? "text" : "unsupported", element);
    if (rank > ED_TENSOR_RANK_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%s has %zu dimensions; at most %d are supported", what, rank,
                       ED_TENSOR_RANK_MAX);
    info->rank = (uint32_t)rank;
    status = ort_check(ort, ort_get_dimensions(ort->api, type, info->shape, rank), what, err);
    if (!status)
        status = ort_check(ort, ort_get_symbolic_dimensions(ort->api, type, symbols, rank), what, err);
    if (status)
        return status;
    bool symbolic = false;
    for (size_t i = 0; i < rank; i++) {
        if (info->shape[i] >= 0)
            continue;
        symbolic = true;
        info->shape[i] = -1;
        snprintf(info->symbols[i], sizeof info->symbols[i], "%s", symbols[i] ? symbols[i] : "");
    }
    if (!symbolic && !ed_adapter_tensor_bytes(info->dtype, info->shape, info->rank, &info->bytes))
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%s is larger than the address space", what);
    return ED_OK;
}

static enum ed_status describe_one(struct ort_state *ort, bool input, size_t index,
                                   struct ed_tensor_info *info, struct ed_error *err) {
    static const char *const kinds[] = {"nothing", "a tensor",        "a sequence", "a map",
                                        "opaque",  "a sparse tensor", "optional"};
    const char *side = input ? "input" : "output";
    struct ort_type_info *type = NULL;
    const struct ort_tensor_info *tensor = NULL;
    char *name = NULL;
    char what[192];
    int kind = 0;
    memset(info, 0, sizeof *info);
    snprintf(what, sizeof what, "%s %zu", side, index);
    enum ed_status status =
        ort_check(ort,
                  ort_get_name(ort->api, input ? ORT_SESSION_GET_INPUT_NAME : ORT_SESSION_GET_OUTPUT_NAME,
                               ort->session, index, ort->allocator, &name),
                  what, err);
    if (status)
        goto out;
    snprintf(what, sizeof what, "%s %zu '%.120s'", side, index, name);
    if (strlen(name) >= sizeof info->name) {
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "%s has a name of %zu bytes; at most %zu are supported",
                         what, strlen(name), sizeof info->name - 1);
        goto out;
    }
    memcpy(info->name, name, strlen(name) + 1);
    status =
        ort_check(ort,
                  ort_get_type_info(
                      ort->api, input ? ORT_SESSION_GET_INPUT_TYPE_INFO : ORT_SESSION_GET_OUTPUT_TYPE_INFO,
                      ort->session, index, &type),
                  what, err);
    if (!status)
        status = ort_check(ort, ort_get_onnx_type(ort->api, type, &kind), what, err);
    if (!status && kind != ORT_ONNX_TENSOR)
        status = ed_fail(
            err, ED_ERR_UNSUPPORTED, NULL, "%s of the model is %s; only tensors can be measured", what,
            kind >= 0 && (size_t)kind < sizeof kinds / sizeof *kinds ? kinds[kind] : "of an unknown kind");
    if (!status)
        status = ort_check(ort, ort_cast_to_tensor_info(ort->api, type, &tensor), what, err);
    if (!status && !tensor)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "%s: the engine gives no type", what);
    if (!status)
        status = describe_tensor(ort, tensor, what, info, err);
out:
    if (type)
        ort_release_type_info(ort->api, type);
    if (name)
        ort_check(ort, ort_allocator_free(ort->api, ort->allocator, name), what, NULL);
    return status;
}

enum ed_status ort_tensors_describe(struct ort_state *ort, struct ed_error *err) {
    struct ed_io *io = &ort->io;
    io->n_inputs = io->n_outputs = 0;
    size_t n_inputs = 0, n_outputs = 0;
    enum ed_status status =
        ort_check(ort, ort_get_count(ort->api, ORT_SESSION_GET_INPUT_COUNT, ort->session, &n_inputs),
                  "counting inputs", err);
    if (!status)
        status =
            ort_check(ort, ort_get_count(ort->api, ORT_SESSION_GET_OUTPUT_COUNT, ort->session, &n_outputs),
                      "counting outputs", err);
    if (!status && (n_inputs > ED_TENSORS_MAX || n_outputs > ED_TENSORS_MAX))
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "the model has %zu inputs and %zu outputs; at most %d of each are supported", n_inputs,
                       n_outputs, ED_TENSORS_MAX);
    for (size_t i = 0; !status && i < n_inputs; i++) {
        status = describe_one(ort, true, i, &io->inputs[i], err);
        ort->input_names[i] = io->inputs[i].name;
    }
    for (size_t i = 0; !status && i < n_outputs; i++) {
        status = describe_one(ort, false, i, &io->outputs[i], err);
        ort->output_names[i] = io->outputs[i].name;
    }
    if (!status)
        io->n_inputs = n_inputs, io->n_outputs = n_outputs, ort->bound = !n_inputs;
    return status;
}

void ort_tensors_release_outputs(struct ort_state *ort) {
    for (size_t i = 0; i < ED_TENSORS_MAX; i++) {
        if (ort->outputs[i])
            ort_release_value(ort->api, ort->outputs[i]);
        ort->outputs[i] = NULL;
    }
    ort->ran = false;
}

void ort_tensors_release(struct ort_state *ort) {
    ort_tensors_release_outputs(ort);
    for (size_t i = 0; i < ED_TENSORS_MAX; i++) {
        if (ort->inputs[i])
            ort_release_value(ort->api, (struct ort_value *)(uintptr_t)ort->inputs[i]);
        ort->inputs[i] = NULL;
    }
    ort->bound = false;
}

enum ed_status ort_tensors_bind(struct ort_state *ort, const struct ed_tensor *inputs, size_t n,
                                struct ed_error *err) {
    if (!ort->session)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    // Outputs go as well: one may share the memory of an input that the caller is about to free.
    ort_tensors_release(ort);
    enum ed_status status = ed_adapter_inputs_check(&ort->io, inputs, n, err);
    for (size_t i = 0; i < n && !status; i++) {
        struct ort_value *value = NULL;
        status = ort_check(ort,
                           ort_create_tensor_with_data(ort->api, ort->cpu_memory,
                                                       inputs[i].bytes ? inputs[i].data : &ort->empty,
                                                       inputs[i].bytes, inputs[i].shape, inputs[i].rank,
                                                       ort_dtype_to_engine(inputs[i].dtype), &value),
                           ort->io.inputs[i].name, err);
        ort->inputs[i] = value;
    }
    if (status)
        ort_tensors_release(ort);
    ort->bound = !status;
    return status;
}

enum ed_status ort_tensors_view(struct ort_state *ort, size_t index, struct ed_tensor *view,
                                struct ed_error *err) {
    const char *name = ort->io.outputs[index].name;
    struct ort_tensor_info *type = NULL;
    struct ed_tensor_info info = {0};
    int is_tensor = 0;
    enum ed_status status =
        ort_check(ort, ort_is_tensor(ort->api, ort->outputs[index], &is_tensor), name, err);
    if (!status && !is_tensor)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "output '%s' is no tensor", name);
    if (!status)
        status = ort_check(ort, ort_get_type_and_shape(ort->api, ort->outputs[index], &type), name, err);
    if (!status)
        status = describe_tensor(ort, type, name, &info, err);
    memset(view, 0, sizeof *view);
    if (!status)
        status = ort_check(ort, ort_get_tensor_data(ort->api, ort->outputs[index], &view->data), name, err);
    if (!status) {
        memcpy(view->name, name, sizeof view->name);
        memcpy(view->shape, info.shape, sizeof view->shape);
        view->dtype = info.dtype;
        view->rank = info.rank;
        view->bytes = info.bytes;
    }
    if (type)
        ort_release_tensor_info(ort->api, type);
    return status;
}
