// SPDX-License-Identifier: Apache-2.0
// From text to a document: strict check, tree by cJSON, doubled keys. Getting at values is in
// base/json_read.c.
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/json_scan.h"
#include "base/path.h"

// Up to this many members are compared pairwise, more are sorted.
#define PAIRWISE_MAX 16

static bool is_comment(const char *key) {
    return key[0] == '$' || strncmp(key, "//", 2) == 0;
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Sets *doubled to a key that occurs twice in `object`, or to NULL.
static enum ed_status find_doubled(const cJSON *object, const char **doubled, struct ed_error *err) {
    const char *few[PAIRWISE_MAX], **keys = few;
    const cJSON *member;
    size_t n = 0;
    *doubled = NULL;
    cJSON_ArrayForEach(member, object) n += !is_comment(member->string);
    if (n > PAIRWISE_MAX) {
        keys = malloc(n * sizeof *keys);
        if (!keys)
            return ed_fail(err, ED_ERR_NO_MEMORY, "", "no memory to check an object of %zu members", n);
    }
    n = 0;
    cJSON_ArrayForEach(member, object) if (!is_comment(member->string)) keys[n++] = member->string;
    if (n > PAIRWISE_MAX) {
        qsort(keys, n, sizeof *keys, compare_keys);
        for (size_t i = 1; i < n && !*doubled; i++)
            if (strcmp(keys[i - 1], keys[i]) == 0)
                *doubled = keys[i];
        free(keys);
        return ED_OK;
    }
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i && !*doubled; j++)
            if (strcmp(keys[i], keys[j]) == 0)
                *doubled = keys[i];
    return ED_OK;
}

static enum ed_status check_doubled(const struct ed_json_at *at, struct ed_error *err) {
    enum ed_status status = ED_OK;
    const char *doubled = NULL;
    size_t index = 0;
    if (cJSON_IsObject(at->value))
        status = find_doubled(at->value, &doubled, err);
    if (doubled) {
        struct ed_json_at member = ed_json_member(at, doubled);
        ed_json_fail(&member, err, "this key stands twice in its object; remove one");
        if (err)
            err->code = ED_ERR_PARSE;
        status = ED_ERR_PARSE;
    }
    for (const cJSON *child = at->value->child; child && !status; child = child->next, index++) {
        struct ed_json_at inner = {
            .document = at->document, .value = child, .parent = at, .key = child->string, .index = index};
        if (child->child)
            status = check_doubled(&inner, err);
    }
    return status;
}

enum ed_status ed_json_parse(struct ed_json_document *document, const char *name, const char *text,
                             size_t bytes, struct ed_error *err) {
    size_t name_bytes = strlen(name);
    struct ed_json_at root;
    enum ed_status status;
    memset(document, 0, sizeof *document);
    // The end of a long path says more than its start.
    if (name_bytes < sizeof document->name)
        memcpy(document->name, name, name_bytes + 1);
    else
        snprintf(document->name, sizeof document->name, "...%s",
                 name + name_bytes - (sizeof document->name - 4));
    if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        bytes -= 3;
    }
    status = ed_json_scan(document->name, text, bytes, err);
    if (status)
        return status;
    document->root = cJSON_ParseWithLengthOpts(text, bytes, NULL, 0);
    // Whatever passed the check is JSON within the limits of cJSON.
    if (!document->root)
        return ed_fail(err, ED_ERR_NO_MEMORY, document->name, "no memory for a document of %zu bytes", bytes);
    root = ed_json_root(document);
    status = check_doubled(&root, err);
    if (status)
        ed_json_document_release(document);
    return status;
}

enum ed_status ed_json_parse_file(struct ed_json_document *document, const char *path, size_t max_bytes,
                                  struct ed_error *err) {
    struct ed_buffer text;
    enum ed_status status;
    memset(document, 0, sizeof *document);
    ed_buffer_init(&text, max_bytes);
    status = ed_path_read(path, max_bytes, &text, err);
    if (!status)
        status = ed_json_parse(document, path, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    return status;
}

void ed_json_document_release(struct ed_json_document *document) {
    cJSON_Delete(document->root);
    document->root = NULL;
}
