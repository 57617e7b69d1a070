// SPDX-License-Identifier: Apache-2.0
// Tensors to a program and back: .npy files in a folder of its own, and outputs also as values in its answer.
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/command/cmd.h"
#include "base/npy.h"

static enum ed_status write_npy(const char *path, const struct ed_tensor *tensor, struct ed_error *err) {
    char header[1024];
    size_t n = 0;
    enum ed_status status = ed_npy_header(header, &n, tensor->dtype, tensor->rank, tensor->shape, err);
    const int fd = status == ED_OK ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (status == ED_OK && fd < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    if (status == ED_OK)
        status = ed_path_write_all(fd, header, n, path, err);
    if (status == ED_OK)
        status = ed_path_write_all(fd, tensor->data, tensor->bytes, path, err);
    if (fd >= 0)
        close(fd);
    return status;
}

static void file_name(const struct cmd_state *cmd, char *out, size_t bytes, const char *kind, size_t index) {
    snprintf(out, bytes, "%.4000s/%s%zu.npy", cmd->scratch, kind, index);
}

enum ed_status cmd_write_inputs(struct cmd_state *cmd, const struct ed_tensor *inputs, size_t n,
                                struct ed_error *err) {
    struct ed_buffer request;
    struct ed_json_writer w;
    enum ed_status status = ED_OK;
    char path[ED_PATH_BYTES];
    if (n != cmd->io.n_inputs)
        return ed_fail(err, ED_ERR_USAGE, NULL, "%zu inputs were given, the model has %zu", n,
                       cmd->io.n_inputs);
    ed_buffer_init(&request, 1u << 20);
    ed_json_writer_init(&w, &request, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "do", "bind");
    ed_json_object_begin(&w, "inputs");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        file_name(cmd, path, sizeof path, "input", i);
        ed_json_text(&w, cmd->io.inputs[i].name, path);
        status = write_npy(path, &inputs[i], err);
    }
    ed_json_object_end(&w);
    ed_json_object_end(&w);
    ed_buffer_text_append(&request, "\n");
    if (status == ED_OK)
        status = cmd_ask(cmd, &request, "bind", cmd->answer_limit_ns, err);
    ed_buffer_release(&request);
    return status;
}

static enum ed_status room(struct cmd_output *output, const struct ed_tensor_info *info, int64_t count,
                           struct ed_error *err) {
    output->bytes = (size_t)count * ed_dtype_bytes(info->dtype);
    free(output->data);
    output->data = malloc(output->bytes ? output->bytes : 1);
    return output->data ? ED_OK
                        : ed_fail(err, ED_ERR_NO_MEMORY, info->name, "no memory for an output of %zu bytes",
                                  output->bytes);
}

static enum ed_status take_file(struct cmd_output *output, const struct ed_tensor_info *info,
                                const char *path, struct ed_error *err) {
    struct ed_npy npy = {0};
    enum ed_status status = ed_npy_open(&npy, path, err);
    if (status == ED_OK && npy.dtype != info->dtype)
        status = ed_fail(err, ED_ERR_REFUSED, path, "output '%s' was described as %s, and its file holds %s",
                         info->name, ed_dtype_name(info->dtype), ed_dtype_name(npy.dtype));
    if (status == ED_OK)
        status = room(output, info, npy.count, err);
    if (status == ED_OK) {
        memcpy(output->data, npy.data, output->bytes);
        output->rank = npy.rank;
        memcpy(output->shape, npy.shape, sizeof output->shape);
    }
    ed_npy_close(&npy);
    return status;
}

// One number, if the type can hold it.
static bool store(enum ed_dtype dtype, const cJSON *item, void *data, size_t at) {
    static const double most[ED_DTYPE_COUNT] = {[ED_DTYPE_I8] = 127,
                                                [ED_DTYPE_U8] = 255,
                                                [ED_DTYPE_I16] = 32767,
                                                [ED_DTYPE_U16] = 65535,
                                                [ED_DTYPE_I32] = 2147483647,
                                                [ED_DTYPE_U32] = 4294967295.0,
                                                [ED_DTYPE_I64] = 9007199254740992.0,
                                                [ED_DTYPE_U64] = 9007199254740992.0,
                                                [ED_DTYPE_BOOL] = 1};
    static const double least[ED_DTYPE_COUNT] = {[ED_DTYPE_I8] = -128,
                                                 [ED_DTYPE_I16] = -32768,
                                                 [ED_DTYPE_I32] = -2147483648.0,
                                                 [ED_DTYPE_I64] = -9007199254740992.0};
    const double value = cJSON_IsBool(item) ? cJSON_IsTrue(item) : item->valuedouble;
    if (!cJSON_IsNumber(item) && !cJSON_IsBool(item))
        return false;
    if (dtype == ED_DTYPE_F32)
        ((float *)data)[at] = (float)value;
    else if (dtype == ED_DTYPE_F64)
        ((double *)data)[at] = value;
    else if (!most[dtype] || value < least[dtype] || value > most[dtype] || value != floor(value))
        return false;
    switch (dtype) {
    case ED_DTYPE_I8:
        ((int8_t *)data)[at] = (int8_t)value;
        break;
    case ED_DTYPE_U8:
    case ED_DTYPE_BOOL:
        ((uint8_t *)data)[at] = (uint8_t)value;
        break;
    case ED_DTYPE_I16:
        ((int16_t *)data)[at] = (int16_t)value;
        break;
    case ED_DTYPE_U16:
        ((uint16_t *)data)[at] = (uint16_t)value;
        break;
    case ED_DTYPE_I32:
        ((int32_t *)data)[at] = (int32_t)value;
        break;
    case ED_DTYPE_U32:
        ((uint32_t *)data)[at] = (uint32_t)value;
        break;
    case ED_DTYPE_I64:
        ((int64_t *)data)[at] = (int64_t)value;
        break;
    case ED_DTYPE_U64:
        ((uint64_t *)data)[at] = (uint64_t)value;
        break;
    case ED_DTYPE_F32:
    case ED_DTYPE_F64:
    case ED_DTYPE_NONE:
    case ED_DTYPE_F16:
    case ED_DTYPE_BF16:
    case ED_DTYPE_COUNT:
        break;
    }
    return true;
}

// Lists of one length at each depth, numbers at the last.
static bool fill(const struct ed_tensor_info *info, const struct cmd_output *output, const cJSON *item,
                 uint32_t depth, size_t *at) {
    if (depth == output->rank)
        return store(info->dtype, item, output->data, (*at)++);
    if (!cJSON_IsArray(item))
        return false;
    int64_t n = 0;
    for (const cJSON *one = item->child; one; one = one->next, n++)
        if (n >= output->shape[depth] || !fill(info, output, one, depth + 1, at))
            return false;
    return n == output->shape[depth];
}

static enum ed_status take_values(struct cmd_output *output, const struct ed_tensor_info *info,
                                  const cJSON *values, struct ed_error *err) {
    const cJSON *item = values;
    int64_t count = 1;
    size_t at = 0;
    output->rank = info->rank;
    for (uint32_t d = 0; d < info->rank; d++) {
        const int n = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : -1;
        if (n < 0 || __builtin_mul_overflow(count, (int64_t)n, &count))
            return ed_fail(err, ED_ERR_REFUSED, info->name,
                           "the values of this output are no lists of %u levels, as it was described",
                           info->rank);
        output->shape[d] = n;
        item = item->child;
    }
    // Every number took at least a byte of the answer, which is limited; so a list cannot lie about its size.
    if (count > (int64_t)CMD_LINE_MAX_BYTES)
        return ed_fail(err, ED_ERR_REFUSED, info->name, "the values of this output are not of one size");
    enum ed_status status = room(output, info, count, err);
    if (status == ED_OK && (!fill(info, output, values, 0, &at) || (int64_t)at != count))
        status =
            ed_fail(err, ED_ERR_REFUSED, info->name,
                    "the values of this output are no %s of one size at each level; write what JSON cannot "
                    "hold (float16, NaN, numbers beyond 2^53) to its .npy file",
                    ed_dtype_name(info->dtype));
    return status;
}

// Described sizes that are known must be those that came.
static enum ed_status check(const struct cmd_output *output, const struct ed_tensor_info *info,
                            struct ed_error *err) {
    bool same = output->rank == info->rank;
    for (uint32_t d = 0; same && d < info->rank; d++)
        same = info->shape[d] < 0 || info->shape[d] == output->shape[d];
    return same
               ? ED_OK
               : ed_fail(err, ED_ERR_REFUSED, info->name, "this output has not the shape that was described");
}

enum ed_status cmd_fetch_outputs(struct cmd_state *cmd, struct ed_error *err) {
    struct ed_buffer request;
    struct ed_json_writer w;
    char path[ED_PATH_BYTES];
    ed_buffer_init(&request, 1u << 20);
    ed_json_writer_init(&w, &request, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "do", "outputs");
    ed_json_object_begin(&w, "files");
    for (size_t i = 0; i < cmd->io.n_outputs; i++) {
        file_name(cmd, path, sizeof path, "output", i);
        unlink(path); // an old answer is none
        ed_json_text(&w, cmd->io.outputs[i].name, path);
    }
    ed_json_object_end(&w);
    ed_json_object_end(&w);
    ed_buffer_text_append(&request, "\n");
    enum ed_status status = cmd_ask(cmd, &request, "outputs", cmd->answer_limit_ns, err);
    ed_buffer_release(&request);
    const cJSON *values =
        status == ED_OK ? cJSON_GetObjectItemCaseSensitive(cmd->answer.root, "values") : NULL;
    for (size_t i = 0; status == ED_OK && i < cmd->io.n_outputs; i++) {
        const struct ed_tensor_info *info = &cmd->io.outputs[i];
        const cJSON *inside = cJSON_GetObjectItemCaseSensitive(values, info->name);
        file_name(cmd, path, sizeof path, "output", i);
        if (!inside && !ed_path_exists(path))
            return ed_fail(err, ED_ERR_REFUSED, info->name,
                           "the program gave no values for this output and did not write its file");
        status = inside ? take_values(&cmd->outputs[i], info, inside, err)
                        : take_file(&cmd->outputs[i], info, path, err);
        if (status == ED_OK)
            status = check(&cmd->outputs[i], info, err);
    }
    cmd->fetched = status == ED_OK;
    return status;
}

void cmd_forget_outputs(struct cmd_state *cmd) {
    for (size_t i = 0; i < ED_TENSORS_MAX; i++)
        free(cmd->outputs[i].data);
    memset(cmd->outputs, 0, sizeof cmd->outputs);
    cmd->fetched = false;
}
