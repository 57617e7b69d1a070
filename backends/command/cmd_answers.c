// SPDX-License-Identifier: Apache-2.0
// What a program answers, checked.
#include "backends/adapter_text.h"
#include "backends/command/cmd.h"

enum ed_status cmd_take_answer(struct cmd_state *cmd, const char *line, size_t bytes, const char *what,
                               struct ed_error *err) {
    char words[512];
    bool ok = false;
    ed_json_document_release(&cmd->answer);
    if (ed_json_parse(&cmd->answer, "the program's answer", line, bytes, NULL) != ED_OK ||
        !cJSON_IsObject(cmd->answer.root)) {
        ed_adapter_text(words, sizeof words, line);
        return ed_fail(err, ED_ERR_REFUSED, cmd->path,
                       "the program answered '%s' with \"%.300s\", which is no JSON object; what it prints "
                       "belongs on standard error",
                       what, words);
    }
    const struct ed_json_at root = ed_json_root(&cmd->answer);
    const cJSON *said = cJSON_GetObjectItemCaseSensitive(root.value, "error");
    enum ed_status status = ed_json_get_bool(&root, "ok", &ok, err);
    if (status == ED_OK && !ok) {
        ed_adapter_text(words, sizeof words, cJSON_IsString(said) ? said->valuestring : "");
        status = ed_fail(err, ED_ERR_REFUSED, cmd->path, "%s: %s", what,
                         words[0] ? words : "the program refused without a word (\"error\")");
    }
    return status;
}

enum ed_status cmd_ask(struct cmd_state *cmd, const struct ed_buffer *request, const char *what,
                       int64_t limit_ns, struct ed_error *err) {
    const char *line = NULL;
    size_t bytes = 0;
    enum ed_status status = ed_buffer_status(request, "a question to the program", err);
    if (status == ED_OK)
        status =
            cmd_exchange(cmd, ed_buffer_text(request), request->size, what, limit_ns, &line, &bytes, err);
    return status == ED_OK ? cmd_take_answer(cmd, line, bytes, what, err) : status;
}

// A size, -1 or a name for one that is open.
static enum ed_status read_shape(const struct ed_json_at *at, struct ed_tensor_info *info,
                                 struct ed_error *err) {
    const struct ed_json_at shape = ed_json_member(at, "shape");
    int64_t count = 1;
    bool open = false;
    enum ed_status status = ed_json_expect_array(&shape, err);
    if (status == ED_OK && ed_json_count(&shape) > ED_TENSOR_RANK_MAX)
        status = ed_json_fail(&shape, err, "has %zu dimensions; at most %d are supported",
                              ed_json_count(&shape), ED_TENSOR_RANK_MAX);
    for (struct ed_json_at one = ed_json_element(&shape, 0); status == ED_OK && one.value;
         one = ed_json_next(&one)) {
        int64_t *size = &info->shape[info->rank];
        if (cJSON_IsString(one.value)) {
            *size = -1;
            snprintf(info->symbols[info->rank], sizeof info->symbols[0], "%s", one.value->valuestring);
        } else {
            status = ed_json_as_int(&one, -1, INT64_C(1) << 40, size, err);
        }
        info->rank++;
        open = open || *size < 0;
        if (status == ED_OK && *size >= 0 && __builtin_mul_overflow(count, *size, &count))
            status = ed_json_fail(&shape, err, "has more elements than there can be");
    }
    size_t bytes = 0;
    if (status == ED_OK && __builtin_mul_overflow((size_t)count, ed_dtype_bytes(info->dtype), &bytes))
        status = ed_json_fail(&shape, err, "has more bytes than there can be");
    info->bytes = open ? 0 : bytes;
    return status;
}

static enum ed_status read_tensors(const struct ed_json_at *root, const char *key,
                                   struct ed_tensor_info *infos, size_t *n, struct ed_error *err) {
    const struct ed_json_at list = ed_json_member(root, key);
    *n = 0;
    enum ed_status status = ed_json_expect_array(&list, err);
    if (status == ED_OK && ed_json_count(&list) > ED_TENSORS_MAX)
        status = ed_json_fail(&list, err, "has %zu tensors; at most %d are supported", ed_json_count(&list),
                              ED_TENSORS_MAX);
    for (struct ed_json_at at = ed_json_element(&list, 0); status == ED_OK && at.value;
         at = ed_json_next(&at)) {
        struct ed_tensor_info *info = &infos[*n];
        const char *dtype = NULL;
        memset(info, 0, sizeof *info);
        status = ed_json_get_string(&at, "name", info->name, sizeof info->name, err);
        if (status == ED_OK)
            status = ed_json_get_text(&at, "dtype", &dtype, err);
        for (unsigned d = 1; status == ED_OK && d < ED_DTYPE_COUNT; d++)
            if (!strcmp(dtype, ed_dtype_name((enum ed_dtype)d)))
                info->dtype = (enum ed_dtype)d;
        if (status == ED_OK && !info->dtype)
            status = ed_json_fail(&at, err,
                                  "\"%.40s\" is no type; NumPy's names are: float32, int8, bool ...", dtype);
        if (status == ED_OK)
            status = read_shape(&at, info, err);
        for (size_t i = 0; status == ED_OK && i < *n; i++)
            if (!strcmp(infos[i].name, info->name))
                status = ed_json_fail(&at, err, "\"%.60s\" is there twice", info->name);
        ++*n;
    }
    return status;
}

enum ed_status cmd_read_io(struct cmd_state *cmd, struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(&cmd->answer);
    memset(&cmd->io, 0, sizeof cmd->io);
    enum ed_status status = read_tensors(&root, "inputs", cmd->io.inputs, &cmd->io.n_inputs, err);
    return status == ED_OK ? read_tensors(&root, "outputs", cmd->io.outputs, &cmd->io.n_outputs, err)
                           : status;
}

// {"ok": true, "unit": "layer", "places": [{"name": "npu0", "processor": "npu", "count": 9}]}; an answer
// without places is none.
enum ed_status cmd_read_placement(struct cmd_state *cmd, struct ed_placement *out, struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(&cmd->answer), list = ed_json_member(&root, "places");
    memset(out, 0, sizeof *out);
    if (!list.value)
        return ED_OK;
    snprintf(out->unit, sizeof out->unit, "operator");
    enum ed_status status = ed_json_expect_array(&list, err);
    if (status == ED_OK)
        status = ed_json_opt_string(&root, "unit", out->unit, sizeof out->unit, err);
    if (status == ED_OK && ed_json_count(&list) > ED_PLACES_MAX)
        status = ed_json_fail(&list, err, "has more than %d places", ED_PLACES_MAX);
    for (struct ed_json_at at = ed_json_element(&list, 0); status == ED_OK && at.value;
         at = ed_json_next(&at)) {
        const char *processor = "unknown";
        int64_t count = 0;
        status =
            ed_json_get_string(&at, "name", out->places[out->n_places].name, sizeof out->places[0].name, err);
        if (status == ED_OK)
            status = ed_json_opt_text(&at, "processor", &processor, err);
        if (status == ED_OK)
            status = ed_json_get_int(&at, "count", 0, 1 << 20, &count, err);
        if (status == ED_OK)
            status = ed_json_opt_string(&at, "operators", out->places[out->n_places].operators,
                                        sizeof out->places[0].operators, err);
        for (unsigned p = 0; p < ED_PROCESSOR_COUNT; p++)
            if (!strcmp(processor, ed_processor_word((enum ed_processor)p)))
                out->places[out->n_places].processor = (enum ed_processor)p;
        out->places[out->n_places++].count = (uint32_t)count;
        out->total += (uint32_t)count;
    }
    if (status == ED_OK) {
        out->proven = true;
        snprintf(out->detail, sizeof out->detail, "by the program's own word");
    }
    return status;
}
