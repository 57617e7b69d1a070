// SPDX-License-Identifier: Apache-2.0
// The operators inside a delegate. XNNPACK's bytes are a header and a FlatBuffer of nodes, each of a kind.
#include "backends/executorch/et_nodes.h"

#include <stdio.h>
#include <string.h>

#define NODES_MAX 65536u

// In the order of the schema's union, from 1 on.
static const char *const kinds[] = {
    "Add",
    "FullyConnected",
    "Softmax",
    "Sigmoid",
    "Transpose",
    "Clamp",
    "Conv2d",
    "Divide",
    "ResizeBilinear2d",
    "ConstantPad",
    "AvgPooling2d",
    "Minimum",
    "DepthwiseConv2d",
    "MaxPooling2d",
    "Multiply",
    "Subtract",
    "Floor",
    "Convert",
    "GlobalAvgPooling2d",
    "Reshape",
    "ArgMaxPooling2d",
    "SquareRoot",
    "Ceiling",
    "Hardswish",
    "LeakyReLU",
    "Maximum",
    "Negate",
    "Square",
    "ELU",
    "Abs",
    "PReLU",
    "Concatenate2",
    "Concatenate3",
    "Concatenate4",
    "Slice",
    "ScaledDotProductAttention",
    "BatchMatrixMultiply",
    "Concatenate5",
    "ConvTranspose2d",
    "ReciprocalSquareRoot",
    "Log",
    "Gelu",
};

static const char *kind_name(uint64_t kind) {
    return kind && kind <= sizeof kinds / sizeof *kinds ? kinds[kind - 1] : "other";
}

// The FlatBuffer behind XNNPACK's header; none where the header is not understood.
static struct et_flat xnnpack_graph(const struct et_flat *data) {
    uint32_t offset = 0, bytes = 0;
    if (data->bytes < 30 || memcmp(data->data + 4, "XH00", 4) != 0)
        return (struct et_flat){NULL, 0};
    memcpy(&offset, data->data + 10, sizeof offset);
    memcpy(&bytes, data->data + 14, sizeof bytes);
    if (offset > data->bytes || bytes > data->bytes - offset)
        return (struct et_flat){NULL, 0};
    return (struct et_flat){data->data + offset, bytes};
}

// Each kind once, with how often.
static void list_kinds(const struct et_flat *flat, const struct et_flat_vector *nodes, char *text,
                       size_t bytes) {
    uint32_t counts[sizeof kinds / sizeof *kinds + 2] = {0};
    for (size_t i = 0; i < nodes->n; i++) {
        const uint64_t kind = et_flat_number(flat, et_flat_element_table(flat, nodes, i), 0, 1, 0);
        counts[kind < sizeof counts / sizeof *counts ? kind : 0]++;
    }
    text[0] = 0;
    for (size_t kind = 0; kind < sizeof counts / sizeof *counts; kind++) {
        const size_t used = strlen(text);
        if (counts[kind])
            snprintf(text + used, bytes - used, "%s%s", used ? "," : "", kind_name(kind));
    }
}

void et_nodes_read(struct et_delegate *delegate, const struct et_flat *data) {
    delegate->n_nodes = 1;
    delegate->nodes[0] = 0;
    if (strcmp(delegate->id, ET_XNNPACK) != 0)
        return;
    const struct et_flat flat = xnnpack_graph(data);
    const size_t root = flat.data ? et_flat_root(&flat, "XN01") : 0;
    const struct et_flat_vector nodes = et_flat_vector(&flat, root, 1, 4);
    if (!nodes.n || nodes.n > NODES_MAX)
        return;
    delegate->n_nodes = (uint32_t)nodes.n;
    list_kinds(&flat, &nodes, delegate->nodes, sizeof delegate->nodes);
}
