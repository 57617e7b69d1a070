// SPDX-License-Identifier: Apache-2.0
// Reading the adapters' manifests.
#include "devices/catalogue.h"

#include <stdlib.h>
#include <strings.h>

#include "base/json_read.h"
#include "base/options.h"
#include "base/path.h"
#include "devices/embedded.h"
#include "devices/text_list.h"

#define MANIFESTS_MAX 256

static const char *const option_types[] = {
    [ED_OPTION_FLAG] = "flag", [ED_OPTION_INT] = "int",     [ED_OPTION_REAL] = "real",
    [ED_OPTION_TEXT] = "text", [ED_OPTION_WORD] = "word",   [ED_OPTION_DURATION] = "duration",
    [ED_OPTION_SIZE] = "size", [ED_OPTION_SHARE] = "share", [ED_OPTION_INT_LIST] = "int_list",
    [ED_OPTION_LIST] = "list", [ED_OPTION_PAIR] = "pair",   [ED_OPTION_PATH] = "path",
};

static bool is_format(const char *text) {
    // "*": it takes any file, and is chosen for none.
    return !strcmp(text, "*") ||
           (text[0] == '.' && text[1] != '\0' && !strchr(text, '/') && strlen(text) < 64);
}

static bool is_environment(const char *text) {
    const char *equals = strchr(text, '=');
    return equals && equals != text && strcspn(text, "= \t\n") == (size_t)(equals - text);
}

static bool is_any(const char *text) {
    return text[0] != '\0';
}

// A text that may be empty or absent: "" then.
static enum ed_status text_or_empty(const struct ed_json_at *object, const char *key, char *out, size_t bytes,
                                    struct ed_error *err) {
    struct ed_json_at at = ed_json_member(object, key);
    out[0] = '\0';
    if (at.value && cJSON_IsString(at.value) && at.value->valuestring[0] == '\0')
        return ED_OK;
    return ed_json_opt_string(object, key, out, bytes, err);
}

static enum ed_status read_text(const struct ed_json_at *object, const char *key, const char **out,
                                struct ed_error *err) {
    char text[1024];
    enum ed_status status = text_or_empty(object, key, text, sizeof text, err);
    if (!status && !(*out = strdup(text)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, key, "no memory for an option");
    return status;
}

static enum ed_status read_option(const struct ed_json_at *at, struct ed_option *option,
                                  struct ed_error *err) {
    static const char *const known[] = {"name", "type",  "unit", "default",      "min",
                                        "max",  "words", "help", "memory_lever", NULL};
    const char *type = NULL, *required = NULL;
    size_t n_types = sizeof option_types / sizeof option_types[0], found = 0;
    enum ed_status status = ed_json_known_keys(at, known, err);
    if (!status)
        status = ed_json_get_text(at, "name", &required, err);
    if (!status)
        status = ed_json_get_text(at, "help", &required, err);
    if (!status)
        status = ed_json_get_text(at, "type", &type, err);
    while (!status && found < n_types && strcmp(option_types[found], type) != 0)
        found++;
    if (!status && found == n_types) {
        struct ed_json_at place = ed_json_member(at, "type");
        return ed_json_fail(&place, err, "\"%.40s\" is no type of an option", type);
    }
    option->type = (enum ed_option_type)found;
    if (!status)
        status = read_text(at, "name", &option->name, err);
    if (!status)
        status = read_text(at, "unit", &option->unit, err);
    if (!status)
        status = read_text(at, "default", &option->fallback, err);
    if (!status)
        status = read_text(at, "words", &option->words, err);
    if (!status)
        status = read_text(at, "help", &option->help, err);
    if (!status)
        status = ed_json_opt_real(at, "min", -1e300, 1e300, &option->min, err);
    if (!status)
        status = ed_json_opt_real(at, "max", -1e300, 1e300, &option->max, err);
    if (!status && option->min > option->max)
        status = ed_json_fail(at, err, "its min is above its max");
    if (!status && (option->type == ED_OPTION_WORD) != (option->words[0] != '\0'))
        status = ed_json_fail(at, err, "\"words\" belong to the type \"word\", and to it alone");
    return status;
}

static enum ed_status read_levers(const struct ed_json_at *at, struct ed_manifest *manifest,
                                  const struct ed_option *option, struct ed_error *err) {
    const struct ed_json_at list = ed_json_member(at, "memory_lever");
    enum ed_status status = list.value ? ed_json_expect_array(&list, err) : ED_OK;
    struct ed_json_at value = ed_json_element(&list, 0);
    for (; !status && value.value; value = ed_json_next(&value)) {
        const char *text = "";
        struct ed_error inner = {0};
        status = ed_json_as_text(&value, &text, err);
        if (!status && ed_option_check(option, option->name, text, &inner))
            status = ed_json_fail(&value, err, "%s", inner.message);
        struct ed_manifest_lever *levers =
            status ? NULL : realloc(manifest->levers, (manifest->n_levers + 1) * sizeof *levers);
        if (!status && !levers)
            return ed_fail(err, ED_ERR_NO_MEMORY, option->name, "no memory for an option");
        if (status)
            return status;
        manifest->levers = levers;
        levers[manifest->n_levers] = (struct ed_manifest_lever){option->name, strdup(text)};
        if (!levers[manifest->n_levers].value)
            return ed_fail(err, ED_ERR_NO_MEMORY, option->name, "no memory for an option");
        manifest->n_levers++;
    }
    return status;
}

static enum ed_status read_options(const struct ed_json_at *manifest_at, struct ed_manifest *manifest,
                                   struct ed_error *err) {
    struct ed_json_at array = ed_json_member(manifest_at, "options");
    size_t n = ed_json_count(&array);
    enum ed_status status = ed_json_expect_array(&array, err);
    if (status || n == 0)
        return status;
    manifest->options = calloc(n, sizeof *manifest->options);
    if (!manifest->options)
        return ed_fail(err, ED_ERR_NO_MEMORY, manifest->name, "no memory for %zu options", n);
    manifest->n_options = n;
    for (size_t i = 0; i < n && !status; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        status = read_option(&at, &manifest->options[i], err);
        if (!status)
            status = read_levers(&at, manifest, &manifest->options[i], err);
        for (size_t j = 0; j < i && !status; j++)
            if (strcmp(manifest->options[i].name, manifest->options[j].name) == 0)
                status =
                    ed_json_fail(&at, err, "the option \"%s\" is there twice", manifest->options[i].name);
    }
    return status;
}

static enum ed_status read_backends(const struct ed_json_at *manifest_at, struct ed_manifest *manifest,
                                    struct ed_error *err) {
    static const char *const known[] = {"name", "processor", NULL};
    struct ed_json_at array = ed_json_member(manifest_at, "backends");
    size_t n = ed_json_count(&array);
    enum ed_status status = ed_json_expect_array(&array, err);
    if (!status && (n == 0 || n > ED_SURVEY_MAX))
        status = ed_json_fail(&array, err, "has %zu backends; 1 to %d are allowed", n, ED_SURVEY_MAX);
    if (status)
        return status;
    manifest->backends = calloc(n, sizeof *manifest->backends);
    if (!manifest->backends)
        return ed_fail(err, ED_ERR_NO_MEMORY, manifest->name, "no memory for %zu backends", n);
    manifest->n_backends = n;
    for (size_t i = 0; i < n && !status; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        struct ed_manifest_backend *backend = &manifest->backends[i];
        const char *word = NULL;
        int kind = 0;
        status = ed_json_known_keys(&at, known, err);
        if (!status)
            status = ed_json_get_string(&at, "name", backend->name, sizeof backend->name, err);
        if (!status)
            status = ed_json_get_text(&at, "processor", &word, err);
        while (!status && kind < ED_PROCESSOR_COUNT &&
               strcmp(ed_processor_word((enum ed_processor)kind), word) != 0)
            kind++;
        if (!status && !ed_path_name_ok(backend->name))
            status =
                ed_json_fail(&at, err, "\"%s\" is not a name of letters, digits and ._@+-", backend->name);
        if (!status && kind == ED_PROCESSOR_COUNT)
            status = ed_json_fail(
                &at, err, "\"%.40s\" is no processor; expected cpu, gpu, npu, remote or unknown", word);
        backend->processor = (enum ed_processor)kind;
        for (size_t j = 0; j < i && !status; j++)
            if (strcmp(backend->name, manifest->backends[j].name) == 0)
                status = ed_json_fail(&at, err, "the backend \"%s\" is there twice", backend->name);
    }
    return status;
}

static enum ed_status read_manifest(const struct ed_json_at *at, struct ed_manifest *manifest,
                                    struct ed_error *err) {
    static const char *const known[] = {"name",        "summary",       "abi",        "versions",
                                        "needs_model", "language",      "formats",    "library",
                                        "backends",    "environment",   "libc_floor", "network",
                                        "extra_files", "option_prefix", "options",    "language_asked",
                                        "address",     "requests",      "speech",     NULL};
    char **extra = NULL;
    int64_t abi = 0;
    enum ed_status status = ed_json_known_keys(at, known, err);
    if (!status)
        status = ed_json_get_int(at, "abi", 0, INT32_MAX, &abi, err);
    if (!status)
        status = ed_json_get_string(at, "name", manifest->name, sizeof manifest->name, err);
    if (!status && !ed_path_name_ok(manifest->name))
        status = ed_json_fail(at, err, "\"%s\" is not a name of letters, digits and ._@+-", manifest->name);
    if (!status && abi != ED_BACKEND_ABI)
        status = ed_fail(err, ED_ERR_VERSION, manifest->name,
                         "the adapter's abi is %lld; this edgedyno has %u", (long long)abi, ED_BACKEND_ABI);
    if (!status)
        status = ed_json_get_string(at, "summary", manifest->summary, sizeof manifest->summary, err);
    if (!status)
        status = text_or_empty(at, "versions", manifest->versions, sizeof manifest->versions, err);
    if (!status)
        status = text_or_empty(at, "library", manifest->library, sizeof manifest->library, err);
    if (!status)
        status = text_or_empty(at, "libc_floor", manifest->libc_floor, sizeof manifest->libc_floor, err);
    if (!status)
        status =
            text_or_empty(at, "option_prefix", manifest->option_prefix, sizeof manifest->option_prefix, err);
    if (!status)
        status = ed_json_get_bool(at, "needs_model", &manifest->needs_model, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "language", &manifest->language, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "speech", &manifest->speech, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "language_asked", &manifest->language_asked, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "requests", &manifest->requests, err);
    if (!status)
        status = ed_json_opt_bool(at, "network", &manifest->network, err);
    if (!status)
        status = text_or_empty(at, "address", manifest->address, sizeof manifest->address, err);
    if (!status && manifest->address[0] && strcmp(manifest->address, "file") &&
        strcmp(manifest->address, "url"))
        status = ed_json_fail(at, err, "the address \"%s\" is neither file nor url", manifest->address);
    if (!status)
        status = ed_text_list_read(at, "formats", is_format, "an ending such as \".onnx\"",
                                   &manifest->formats, err);
    if (!status)
        status = ed_text_list_read(at, "environment", is_environment, "of the form NAME=VALUE",
                                   &manifest->environment, err);
    if (!status)
        status = ed_text_list_read(at, "extra_files", is_any, "a file", &extra, err);
    ed_text_list_free(extra);
    if (!status)
        status = read_backends(at, manifest, err);
    return status ? status : read_options(at, manifest, err);
}

enum ed_status ed_catalogue_parse(struct ed_catalogue *catalogue, const char *name, const char *json,
                                  size_t bytes, struct ed_error *err) {
    struct ed_json_document document = {0};
    struct ed_json_at root;
    enum ed_status status = ed_json_parse(&document, name, json, bytes, err);
    bool single = false;
    size_t n = 0;
    memset(catalogue, 0, sizeof *catalogue);
    if (status)
        goto out;
    root = ed_json_root(&document);
    // A manifest.json by itself is a catalogue of one.
    single = cJSON_IsObject(root.value);
    if (!single)
        status = ed_json_expect_array(&root, err);
    n = single ? 1 : ed_json_count(&root);
    if (!status && n > MANIFESTS_MAX)
        status = ed_json_fail(&root, err, "has %zu manifests; at most %d are allowed", n, MANIFESTS_MAX);
    if (status || n == 0)
        goto out;
    catalogue->manifests = calloc(n, sizeof *catalogue->manifests);
    if (!catalogue->manifests) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for %zu manifests", n);
        goto out;
    }
    catalogue->n = n;
    for (size_t i = 0; i < n && !status; i++) {
        struct ed_json_at at = single ? root : ed_json_element(&root, i);
        status = read_manifest(&at, &catalogue->manifests[i], err);
        for (size_t j = 0; j < i && !status; j++)
            if (strcmp(catalogue->manifests[i].name, catalogue->manifests[j].name) == 0)
                status =
                    ed_json_fail(&at, err, "the adapter \"%s\" is there twice", catalogue->manifests[i].name);
    }
out:
    ed_json_document_release(&document);
    if (status)
        ed_catalogue_release(catalogue);
    return status;
}

enum ed_status ed_catalogue_load(struct ed_catalogue *catalogue, struct ed_error *err) {
    return ed_catalogue_parse(catalogue, "built-in manifests", (const char *)ed_embedded_manifests,
                              ed_embedded_manifests_bytes, err);
}

void ed_catalogue_release(struct ed_catalogue *catalogue) {
    for (size_t i = 0; i < catalogue->n; i++) {
        struct ed_manifest *manifest = &catalogue->manifests[i];
        for (size_t j = 0; j < manifest->n_options; j++) {
            const struct ed_option *option = &manifest->options[j];
            const char *const texts[] = {option->name, option->unit, option->fallback, option->words,
                                         option->help};
            for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
                free((void *)texts[k]);
        }
        for (size_t j = 0; j < manifest->n_levers; j++)
            free(manifest->levers[j].value);
        free(manifest->levers);
        free(manifest->options);
        free(manifest->backends);
        ed_text_list_free(manifest->formats);
        ed_text_list_free(manifest->environment);
    }
    free(catalogue->manifests);
    memset(catalogue, 0, sizeof *catalogue);
}

const struct ed_manifest *ed_catalogue_find(const struct ed_catalogue *catalogue, const char *engine) {
    for (size_t i = 0; i < catalogue->n; i++)
        if (strcmp(catalogue->manifests[i].name, engine) == 0)
            return &catalogue->manifests[i];
    return NULL;
}

const struct ed_manifest_backend *ed_manifest_find_backend(const struct ed_manifest *manifest,
                                                           const char *backend) {
    for (size_t i = 0; i < manifest->n_backends; i++)
        if (strcmp(manifest->backends[i].name, backend) == 0)
            return &manifest->backends[i];
    return NULL;
}

const struct ed_manifest *ed_catalogue_for_file(const struct ed_catalogue *catalogue, const char *file) {
    const char *base = ed_path_base(file);
    size_t n = strlen(base);
    for (size_t i = 0; i < catalogue->n; i++)
        for (char **format = catalogue->manifests[i].formats; *format; format++) {
            size_t ending = strlen(*format);
            if (n > ending && **format == '.' && strcasecmp(base + n - ending, *format) == 0)
                return &catalogue->manifests[i];
        }
    return NULL;
}
