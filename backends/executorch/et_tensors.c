// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs: the engine's tensors over the caller's data, and views of what a run left.
#include <stdio.h>
#include <string.h>

#include "backends/adapter_tensors.h"
#include "backends/executorch/et.h"
#include "backends/executorch/et_io.h"

static void lay(struct et_state *et, size_t index, const struct ed_tensor *given) {
    struct et_tensor *tensor = &et->inputs[index];
    int64_t elements = 1;
    for (uint32_t i = given->rank; i-- > 0;) {
        et->sizes[index][i] = (int32_t)given->shape[i];
        et->strides[index][i] = (int32_t)elements;
        elements *= given->shape[i];
    }
    *tensor = (struct et_tensor){.sizes = et->sizes[index],
                                 .order = et->order,
                                 .strides = et->strides[index],
                                 .data = given->data,
                                 .rank = (ssize_t)given->rank,
                                 .elements = (ssize_t)elements,
                                 .elements_max = (size_t)elements,
                                 .type = et_type_of(given->dtype)};
    et->values[index] = (struct et_value){tensor, ET_TAG_TENSOR};
}

enum ed_status et_tensors_bind(struct et_state *et, const struct ed_tensor *inputs, size_t n,
                               struct ed_error *err) {
    const struct ed_io *io = &et->program.io;
    if (!et->session.method.ok)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "inputs were bound before a model was loaded");
    et->bound = et->ran = false;
    enum ed_status status = ed_adapter_inputs_check(io, inputs, n, err);
    if (status)
        return status;
    for (uint8_t i = 0; i < ED_TENSOR_RANK_MAX; i++)
        et->order[i] = i;
    et->n_again = 0;
    for (size_t i = 0; i < n; i++) {
        lay(et, i, &inputs[i]);
        if (!et->program.aliased[i])
            et->again[et->n_again++] = i;
    }
    et_words_begin(et);
    status = et_check(et, et_session_give(et, &et->session, true), "taking the inputs", err);
    et->bound = !status;
    return status;
}

enum ed_status et_tensors_view(const struct et_state *et, size_t index, struct ed_tensor *view,
                               struct ed_error *err) {
    const struct ed_tensor_info *info = &et->program.io.outputs[index];
    const struct et_value *value = et->api.get_output(&et->session.method.value, index);
    memset(view, 0, sizeof *view);
    if (value->tag != ET_TAG_TENSOR || value->tensor->rank != (ssize_t)info->rank)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "'%s' is no tensor of %u dimensions after a run",
                       info->name, info->rank);
    memcpy(view->name, info->name, sizeof view->name);
    view->dtype = info->dtype;
    view->rank = info->rank;
    view->bytes = ed_dtype_bytes(info->dtype);
    for (uint32_t i = 0; i < info->rank; i++) {
        view->shape[i] = value->tensor->sizes[i];
        if (view->shape[i] < 0 || view->shape[i] > info->shape[i])
            return ed_fail(err, ED_ERR_REFUSED, NULL, "'%s' is larger after a run than the model says",
                           info->name);
        view->bytes *= (size_t)view->shape[i];
    }
    view->data = value->tensor->data;
    if (view->bytes && !view->data)
        return ed_fail(err, ED_ERR_REFUSED, NULL, "'%s' has no data after a run", info->name);
    return ED_OK;
}
