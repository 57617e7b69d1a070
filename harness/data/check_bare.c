// SPDX-License-Identifier: Apache-2.0
// A suite from a model and its data.
#include "harness/data/check_bare.h"

#include <string.h>

#include "base/affix.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/path.h"
#include "harness/metrics.h"

#define OBJECT_MAX_BYTES (1u << 20)

// The metric that data of this kind has where none is named.
static const char *usual_metric(const char *file) {
    return ed_affix_ends(file, ".jsonl")                             ? ED_METRIC_CHOICE
           : ed_affix_ends(file, ".npy") || ed_affix_ends(file, "/") ? "top-1"
           : ed_path_is_directory(file)                              ? "top-1"
                                                                     : "perplexity";
}

// Once parsed, so that a mistake in it is told by its flag.
static enum ed_status read_preprocess(struct ed_buffer *text, const char *given, struct ed_error *err) {
    struct ed_json_document document = {0};
    struct ed_error inner = {0};
    enum ed_status status = ED_OK;
    if (given[strspn(given, " \t\n")] == '{')
        ed_buffer_text_append(text, given);
    else
        status = ed_path_read(given, OBJECT_MAX_BYTES, text, err);
    if (status == ED_OK)
        status = ed_buffer_status(text, "--preprocess", err);
    if (status == ED_OK &&
        ed_json_parse(&document, "--preprocess", ed_buffer_text(text), text->size, &inner) != ED_OK)
        status = ed_fail(err, ED_ERR_USAGE, "--preprocess",
                         "\"%.60s\" is neither a file nor the suite's object, such as '{\"resize\": [256], "
                         "\"crop\": [224]}': %.200s",
                         given, inner.message);
    ed_json_document_release(&document);
    return status;
}

// `name` ends at a "=".
static void write_input(struct ed_json_writer *w, const char *name, const char *file) {
    char input[256];
    snprintf(input, sizeof input, "%.*s", (int)strcspn(name, "="), name);
    ed_json_object_begin(w, "inputs");
    ed_json_text(w, input, file);
    ed_json_object_end(w);
}

static void write_data(struct ed_json_writer *w, const char *key, const char *data) {
    const char *equals = strchr(data, '=');
    char input[256];
    if (!equals || ed_path_exists(data)) {
        ed_json_text(w, key, data);
        return;
    }
    snprintf(input, sizeof input, "%.*s", (int)(equals - data), data);
    ed_json_object_begin(w, key);
    ed_json_text(w, input, equals + 1);
    ed_json_object_end(w);
}

static void write_model(struct ed_json_writer *w, const struct ed_check_bare *bare, const char *preprocess) {
    const char *equals = strchr(bare->data, '='),
               *file = equals && !ed_path_exists(bare->data) ? equals + 1 : bare->data;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(ed_path_base(bare->model), "."),
             ed_path_base(bare->model));
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", ed_path_name_ok(name) ? name : "model");
    ed_json_array_begin(w, "variants");
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "name", "model");
    ed_json_text(w, "file", bare->model);
    ed_json_object_end(w);
    ed_json_array_end(w);
    if (preprocess[0])
        ed_json_raw(w, "preprocess", preprocess);
    if (ed_affix_ends(file, ".wav")) {
        write_input(w, file == bare->data ? "audio" : bare->data, file);
    } else {
        ed_json_array_begin(w, "tasks");
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", "data");
        write_data(w, "data", bare->data);
        if (bare->labels)
            ed_json_text(w, "labels", bare->labels);
        ed_json_text(w, "metric", bare->metric ? bare->metric : usual_metric(file));
        ed_json_object_end(w);
        ed_json_array_end(w);
    }
    ed_json_object_end(w);
}

enum ed_status ed_check_bare_suite(struct ed_suite *suite, const struct ed_check_bare *bare,
                                   struct ed_error *err) {
    char here[ED_PATH_BYTES];
    struct ed_buffer text, preprocess;
    struct ed_json_writer w;
    ed_buffer_init(&text, OBJECT_MAX_BYTES + 65536);
    ed_buffer_init(&preprocess, OBJECT_MAX_BYTES);
    enum ed_status status = ed_path_real(here, ".", err);
    if (status == ED_OK && bare->preprocess)
        status = read_preprocess(&preprocess, bare->preprocess, err);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "name", "data-check");
    ed_json_array_begin(&w, "models");
    write_model(&w, bare, ed_buffer_text(&preprocess));
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the check", err);
    if (status == ED_OK)
        status = ed_suite_parse(suite, "the command line", here, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&preprocess);
    ed_buffer_release(&text);
    return status;
}
