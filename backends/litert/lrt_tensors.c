// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs of a signature: what the model declares, the engine's buffers, views of what a run left.
#include "backends/adapter_tensors.h"
#include "backends/litert/lrt.h"

static const struct {
    int engine;
    enum ed_dtype dtype;
} types[] = {
    {1, ED_DTYPE_F32},  {2, ED_DTYPE_I32},  {3, ED_DTYPE_U8},    {4, ED_DTYPE_I64},  {6, ED_DTYPE_BOOL},
    {7, ED_DTYPE_I16},  {9, ED_DTYPE_I8},   {10, ED_DTYPE_F16},  {11, ED_DTYPE_F64}, {13, ED_DTYPE_U64},
    {16, ED_DTYPE_U32}, {17, ED_DTYPE_U16}, {19, ED_DTYPE_BF16},
};

static enum ed_dtype dtype_from_engine(int type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].engine == type)
            return types[i].dtype;
    return ED_DTYPE_NONE;
}

static enum ed_status describe_type(const struct lrt_tensor_type *type, const char *what,
                                    struct ed_tensor_info *info, struct ed_error *err) {
    info->dtype = dtype_from_engine(type->element);
    if (info->dtype == ED_DTYPE_NONE)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "%s has elements of LiteRT's type %d; only numbers of whole bytes and booleans can be "
                       "measured",
                       what, type->element);
    if (type->layout.rank > ED_TENSOR_RANK_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%s has %u dimensions; at most %d are supported", what,
                       (unsigned)type->layout.rank, ED_TENSOR_RANK_MAX);
    info->rank = type->layout.rank;
    info->bytes = ed_dtype_bytes(info->dtype);
    for (uint32_t i = 0; i < info->rank; i++) {
        info->shape[i] = type->layout.dimensions[i];
        if (info->shape[i] < 0)
            return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                           "%s leaves dimension %u open; give the model a shape before it is measured", what,
                           i);
        if (__builtin_mul_overflow(info->bytes, (uint64_t)info->shape[i], &info->bytes))
            return ed_fail(err, ED_ERR_LIMIT, NULL, "%s is larger than the address space", what);
    }
    return ED_OK;
}

static void describe_quantization(const struct lrt_state *lrt, lrt_handle tensor,
                                  struct ed_tensor_info *info) {
    struct lrt_quantization quantization = {0};
    int kind = 0;
    if (lrt->api.GetQuantizationTypeId(tensor, &kind) || kind != LRT_QUANTIZED_PER_TENSOR ||
        lrt->api.GetPerTensorQuantization(tensor, &quantization))
        return;
    info->quantized = true;
    info->scale = (double)quantization.scale;
    info->zero_point = quantization.zero_point;
}

static enum ed_status describe_one(const struct lrt_state *lrt, lrt_handle signature, bool input,
                                   size_t index, struct ed_tensor_info *info, struct ed_error *err) {
    const char *side = input ? "input" : "output", *name = NULL;
    struct lrt_tensor_type type = {0};
    lrt_handle tensor = NULL;
    char what[192];
    memset(info, 0, sizeof *info);
    snprintf(what, sizeof what, "%s %zu", side, index);
    enum ed_status status = lrt_check(lrt,
                                      input ? lrt->api.GetSignatureInputName(signature, index, &name)
                                            : lrt->api.GetSignatureOutputName(signature, index, &name),
                                      what, err);
    if (!status && name && strlen(name) >= sizeof info->name)
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "%s has a name of %zu bytes; at most %zu are supported",
                         what, strlen(name), sizeof info->name - 1);
    if (status)
        return status;
    if (name && name[0])
        snprintf(info->name, sizeof info->name, "%s", name);
    else
        snprintf(info->name, sizeof info->name, "%s_%zu", side, index);
    snprintf(what, sizeof what, "%s %zu '%s'", side, index, info->name);
    status = lrt_check(lrt,
                       input ? lrt->api.GetSignatureInputTensorByIndex(signature, index, &tensor)
                             : lrt->api.GetSignatureOutputTensorByIndex(signature, index, &tensor),
                       what, err);
    if (!status)
        status = lrt_check(lrt, lrt->api.GetRankedTensorType(tensor, &type), what, err);
    if (!status)
        status = describe_type(&type, what, info, err);
    if (!status)
        describe_quantization(lrt, tensor, info);
    return status;
}

enum ed_status lrt_tensors_describe(struct lrt_state *lrt, struct ed_error *err) {
    struct ed_io *io = &lrt->io;
    lrt_handle signature = NULL;
    size_t n_inputs = 0, n_outputs = 0;
    io->n_inputs = io->n_outputs = 0;
    enum ed_status status = lrt_check(lrt, lrt->api.GetModelSignature(lrt->model, lrt->signature, &signature),
                                      "reading a signature", err);
    if (!status)
        status = lrt_check(lrt, lrt->api.GetNumSignatureInputs(signature, &n_inputs), "counting inputs", err);
    if (!status)
        status =
            lrt_check(lrt, lrt->api.GetNumSignatureOutputs(signature, &n_outputs), "counting outputs", err);
    if (!status && (n_inputs > ED_TENSORS_MAX || n_outputs > ED_TENSORS_MAX))
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "the model has %zu inputs and %zu outputs; at most %d of each are supported", n_inputs,
                       n_outputs, ED_TENSORS_MAX);
    for (size_t i = 0; !status && i < n_inputs; i++)
        status = describe_one(lrt, signature, true, i, &io->inputs[i], err);
    for (size_t i = 0; !status && i < n_outputs; i++)
        status = describe_one(lrt, signature, false, i, &io->outputs[i], err);
    if (!status)
        io->n_inputs = n_inputs, io->n_outputs = n_outputs;
    return status;
}

static enum ed_status make_one(struct lrt_state *lrt, lrt_handle signature, bool input, size_t index,
                               struct ed_error *err) {
    const struct ed_tensor_info *info = input ? &lrt->io.inputs[index] : &lrt->io.outputs[index];
    lrt_handle *buffer = input ? &lrt->inputs[index] : &lrt->outputs[index];
    lrt_handle tensor = NULL, wanted = NULL;
    struct lrt_tensor_type type = {0};
    size_t bytes = 0;
    int failed = input ? lrt->api.GetSignatureInputTensorByIndex(signature, index, &tensor)
                       : lrt->api.GetSignatureOutputTensorByIndex(signature, index, &tensor);
    if (!failed)
        failed = lrt->api.GetRankedTensorType(tensor, &type);
    if (!failed)
        failed = input ? lrt->api.GetCompiledModelInputBufferRequirements(lrt->compiled, lrt->signature,
                                                                          index, &wanted)
                       : lrt->api.GetCompiledModelOutputBufferRequirements(lrt->compiled, lrt->signature,
                                                                           index, &wanted);
    if (!failed)
        failed = lrt->api.CreateManagedTensorBufferFromRequirements(lrt->environment, &type, wanted, buffer);
    if (!failed)
        failed = lrt->api.GetTensorBufferPackedSize(*buffer, &bytes);
    enum ed_status status = lrt_check(lrt, failed, info->name, err);
    if (!status && bytes != info->bytes)
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "LiteRT makes a buffer of %zu bytes for '%s', which has %zu", bytes, info->name,
                       info->bytes);
    return status;
}

enum ed_status lrt_tensors_make(struct lrt_state *lrt, struct ed_error *err) {
    lrt_handle signature = NULL;
    enum ed_status status = lrt_check(lrt, lrt->api.GetModelSignature(lrt->model, lrt->signature, &signature),
                                      "reading a signature", err);
    for (size_t i = 0; i < lrt->io.n_inputs && !status; i++)
        status = make_one(lrt, signature, true, i, err);
    for (size_t i = 0; i < lrt->io.n_outputs && !status; i++)
        status = make_one(lrt, signature, false, i, err);
    lrt->bound = !status && !lrt->io.n_inputs;
    return status;
}

void lrt_tensors_unlock(struct lrt_state *lrt) {
    for (size_t i = 0; i < lrt->io.n_outputs; i++) {
        if (lrt->locked[i])
            lrt->api.UnlockTensorBuffer(lrt->outputs[i]);
        lrt->locked[i] = NULL;
    }
}

void lrt_tensors_release(struct lrt_state *lrt) {
    lrt_tensors_unlock(lrt);
    for (size_t i = 0; i < ED_TENSORS_MAX; i++) {
        if (lrt->inputs[i])
            lrt->api.DestroyTensorBuffer(lrt->inputs[i]);
        if (lrt->outputs[i])
            lrt->api.DestroyTensorBuffer(lrt->outputs[i]);
        lrt->inputs[i] = lrt->outputs[i] = NULL;
    }
    lrt->bound = lrt->ran = false;
}

enum ed_status lrt_tensors_bind(struct lrt_state *lrt, const struct ed_tensor *inputs, size_t n,
                                struct ed_error *err) {
    if (!lrt->compiled)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    lrt_tensors_unlock(lrt);
    lrt->bound = lrt->ran = false;
    enum ed_status status = ed_adapter_inputs_check(&lrt->io, inputs, n, err);
    for (size_t i = 0; i < n && !status; i++) {
        void *data = NULL;
        status = lrt_check(lrt, lrt->api.LockTensorBuffer(lrt->inputs[i], &data, LRT_LOCK_WRITE),
                           lrt->io.inputs[i].name, err);
        if (status)
            break;
        if (inputs[i].bytes)
            memcpy(data, inputs[i].data, inputs[i].bytes);
        status = lrt_check(lrt, lrt->api.UnlockTensorBuffer(lrt->inputs[i]), lrt->io.inputs[i].name, err);
    }
    lrt->bound = !status;
    return status;
}

enum ed_status lrt_tensors_view(struct lrt_state *lrt, size_t index, struct ed_tensor *view,
                                struct ed_error *err) {
    const struct ed_tensor_info *info = &lrt->io.outputs[index];
    memset(view, 0, sizeof *view);
    // It stays locked, and so in place, until the next run.
    if (!lrt->locked[index]) {
        enum ed_status status =
            lrt_check(lrt, lrt->api.LockTensorBuffer(lrt->outputs[index], &lrt->locked[index], LRT_LOCK_READ),
                      info->name, err);
        if (status) {
            lrt->locked[index] = NULL;
            return status;
        }
    }
    memcpy(view->name, info->name, sizeof view->name);
    memcpy(view->shape, info->shape, sizeof view->shape);
    view->dtype = info->dtype;
    view->rank = info->rank;
    view->bytes = info->bytes;
    view->data = lrt->locked[index];
    return ED_OK;
}
