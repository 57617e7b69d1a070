// SPDX-License-Identifier: Apache-2.0
// Manifests of adapters from outside the tree, and the built-in ones as text.
#include <stdlib.h>

#include "base/json_read.h"
#include "devices/catalogue.h"
#include "devices/embedded.h"

#define MANIFEST_MAX_BYTES (1u << 20)

// NAME.json beside NAME.so, else manifest.json.
static enum ed_status find_manifest(char path[ED_PATH_BYTES], const char *adapter, struct ed_error *err) {
    char directory[ED_PATH_BYTES], name[300];
    const char *base = ed_path_base(adapter), *dot = strrchr(base, '.');
    const size_t stem = dot ? (size_t)(dot - base) : strlen(base);
    if (stem > 250)
        return ed_fail(err, ED_ERR_LIMIT, adapter, "its name is too long");
    ed_path_directory(directory, adapter);
    snprintf(name, sizeof name, "%.*s.json", (int)stem, base);
    enum ed_status status = ed_path_join(path, directory, name, err);
    if (!status && !ed_path_exists(path))
        status = ed_path_join(path, directory, "manifest.json", err);
    if (!status && !ed_path_exists(path))
        status =
            ed_fail(err, ED_ERR_NOT_FOUND, adapter,
                    "there is neither %s nor manifest.json beside it; an adapter needs its manifest", name);
    return status;
}

static enum ed_status insert(struct ed_catalogue *catalogue, struct ed_catalogue *one, struct ed_error *err) {
    struct ed_catalogue old = {0};
    for (size_t i = 0; i < catalogue->n; i++)
        if (strcmp(catalogue->manifests[i].name, one->manifests[0].name) == 0) {
            old.manifests = malloc(sizeof *old.manifests);
            if (!old.manifests)
                return ed_fail(err, ED_ERR_NO_MEMORY, "--adapter", "no memory for its manifest");
            old.manifests[0] = catalogue->manifests[i];
            old.n = 1;
            catalogue->manifests[i] = one->manifests[0];
            ed_catalogue_release(&old);
            return ED_OK;
        }
    struct ed_manifest *manifests = realloc(catalogue->manifests, (catalogue->n + 1) * sizeof *manifests);
    if (!manifests)
        return ed_fail(err, ED_ERR_NO_MEMORY, "--adapter", "no memory for its manifest");
    catalogue->manifests = manifests;
    manifests[catalogue->n++] = one->manifests[0];
    return ED_OK;
}

enum ed_status ed_catalogue_adopt(struct ed_catalogue *catalogue, const char *adapter,
                                  char manifest_path[ED_PATH_BYTES], const char **name,
                                  struct ed_error *err) {
    struct ed_catalogue one = {0};
    struct ed_buffer text;
    char wanted[64];
    ed_buffer_init(&text, MANIFEST_MAX_BYTES);
    enum ed_status status = find_manifest(manifest_path, adapter, err);
    if (!status)
        status = ed_path_read(manifest_path, MANIFEST_MAX_BYTES, &text, err);
    if (!status)
        status = ed_catalogue_parse(&one, manifest_path, ed_buffer_text(&text), text.size, err);
    if (!status && one.n != 1)
        status = ed_fail(err, ED_ERR_USAGE, manifest_path, "has %zu manifests; one is expected", one.n);
    if (!status) {
        memcpy(wanted, one.manifests[0].name, sizeof wanted);
        status = insert(catalogue, &one, err);
        // Its one manifest belongs to the catalogue now.
        if (!status) {
            one.n = 0;
            *name = ed_catalogue_find(catalogue, wanted)->name;
        }
    }
    ed_catalogue_release(&one);
    ed_buffer_release(&text);
    return status;
}

enum ed_status ed_catalogue_text(const char *engine, struct ed_buffer *out, struct ed_error *err) {
    struct ed_json_document document = {0};
    char *text = NULL;
    enum ed_status status =
        ed_json_parse(&document, "built-in manifests", (const char *)ed_embedded_manifests,
                      ed_embedded_manifests_bytes, err);
    const struct ed_json_at root = ed_json_root(&document);
    for (size_t i = 0; !status && i < ed_json_count(&root) && !text; i++) {
        const struct ed_json_at at = ed_json_element(&root, i);
        const struct ed_json_at name = ed_json_member(&at, "name");
        if (name.value && cJSON_IsString(name.value) && strcmp(name.value->valuestring, engine) == 0)
            text = cJSON_Print(at.value);
    }
    if (!status && !text)
        status = ed_fail(err, ED_ERR_NOT_FOUND, engine, "there is no built-in manifest of this name");
    if (!status)
        ed_buffer_text_append(out, text);
    cJSON_free(text);
    ed_json_document_release(&document);
    return status;
}
