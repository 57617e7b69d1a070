// SPDX-License-Identifier: Apache-2.0
// Lists of texts from JSON.
#include "devices/text_list.h"

#include <stdlib.h>
#include <string.h>

static enum ed_status read_list(const struct ed_json_at *object, const char *key,
                                bool (*ok)(const char *text), const char *expected, bool unique, char ***out,
                                struct ed_error *err) {
    struct ed_json_at array = ed_json_member(object, key);
    size_t n = ed_json_count(&array);
    enum ed_status status = ED_OK;
    char **list;
    *out = NULL;
    if (array.value)
        status = ed_json_expect_array(&array, err);
    if (status)
        return status;
    if (n > ED_TEXT_LIST_MAX)
        return ed_json_fail(&array, err, "has %zu elements; at most %d are allowed", n, ED_TEXT_LIST_MAX);
    list = calloc(n + 1, sizeof *list);
    if (!list)
        return ed_fail(err, ED_ERR_NO_MEMORY, key, "no memory for %zu texts", n);
    for (size_t i = 0; i < n; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        const char *text = NULL;
        status = ed_json_as_text(&at, &text, err);
        if (!status && !ok(text))
            status = ed_json_fail(&at, err, "\"%.100s\" is not %s", text, expected);
        for (size_t j = 0; unique && j < i && !status; j++)
            if (strcmp(list[j], text) == 0)
                status = ed_json_fail(&at, err, "\"%.100s\" is in the list twice", text);
        if (!status && !(list[i] = strdup(text)))
            status = ed_fail(err, ED_ERR_NO_MEMORY, key, "no memory for %zu texts", n);
        if (status) {
            ed_text_list_free(list);
            return status;
        }
    }
    *out = list;
    return ED_OK;
}

enum ed_status ed_text_list_read(const struct ed_json_at *object, const char *key,
                                 bool (*ok)(const char *text), const char *expected, char ***out,
                                 struct ed_error *err) {
    return read_list(object, key, ok, expected, true, out, err);
}

enum ed_status ed_text_list_read_words(const struct ed_json_at *object, const char *key,
                                       bool (*ok)(const char *text), const char *expected, char ***out,
                                       struct ed_error *err) {
    return read_list(object, key, ok, expected, false, out, err);
}

void ed_text_list_free(char **list) {
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}
