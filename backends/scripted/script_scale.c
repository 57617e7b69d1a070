// SPDX-License-Identifier: Apache-2.0
// Memory that grows with what is asked for: the section "scales" of a script.
#include <stdlib.h>

#include "backends/scripted/script.h"

static enum ed_status read_at(struct script *script, const struct ed_json_at *list, struct ed_error *err) {
    enum ed_status status = list->value ? ed_json_expect_object(list, err) : ED_OK;
    const size_t n = status == ED_OK ? ed_json_count(list) : 0;
    if (n > SCRIPT_SCALES_MAX)
        return ed_json_fail(list, err, "has %zu sizes; at most %d are kept", n, SCRIPT_SCALES_MAX);
    for (const cJSON *size = n ? list->value->child : NULL; size; size = size->next) {
        char *end = NULL;
        const long long value = strtoll(size->string, &end, 10);
        if (value < 1 || *end || !cJSON_IsNumber(size) || size->valuedouble < 0 ||
            size->valuedouble > (double)SCRIPT_TOUCH_MAX)
            return ed_json_fail(list, err, "\"%.40s\": a size above 0, and bytes", size->string);
        script->scale_sizes[script->n_scale_at] = value;
        script->scale_at[script->n_scale_at++] = (int64_t)size->valuedouble;
    }
    return status;
}

enum ed_status script_scales_read(struct script *script, const struct ed_json_at *root,
                                  struct ed_error *err) {
    static const char *const known[] = {"by", "bytes", "at", NULL};
    static const char *const words[] = {"", "batch", "threads", "context"};
    const struct ed_json_at at = ed_json_member(root, "scales"), list = ed_json_member(&at, "at");
    const char *by = "";
    if (!at.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status == ED_OK)
        status = ed_json_known_keys(&at, known, err);
    if (status == ED_OK)
        status = ed_json_get_text(&at, "by", &by, err);
    for (int i = 1; status == ED_OK && i < 4; i++)
        if (!strcmp(by, words[i]))
            script->scale = (enum script_scale)i;
    if (status == ED_OK && script->scale == SCRIPT_SCALE_NONE)
        return ed_json_fail(&at, err, "\"by\" is batch, threads or context");
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "bytes", 0, SCRIPT_TOUCH_MAX, &script->scale_bytes, err);
    return status == ED_OK ? read_at(script, &list, err) : status;
}

int64_t script_scaled_bytes(const struct script *script, enum script_scale by, int64_t size) {
    int64_t bytes;
    if (script->scale != by)
        return 0;
    for (size_t i = 0; i < script->n_scale_at; i++)
        if (script->scale_sizes[i] == size)
            return script->scale_at[i];
    return size < 0 || __builtin_mul_overflow(script->scale_bytes, size, &bytes) || bytes > SCRIPT_TOUCH_MAX
               ? SCRIPT_TOUCH_MAX
               : bytes;
}
