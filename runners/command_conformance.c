// SPDX-License-Identifier: Apache-2.0
// `edgedyno-runner conformance`: does an adapter, with its engine, obey its contract here? One line for each
// check.
#include <string.h>
#include <unistd.h>

#include "runners/commands.h"
#include "runners/conformance.h"
#include "runners/reply.h"

#define MODEL_FILES_MAX 16

static const char *text_of(const struct ed_arguments *arguments, const char *name) {
    const char *text = ed_arguments_get(arguments, name);
    return text ? text : "";
}

enum ed_status ed_command_conformance(const struct ed_arguments *arguments, const char *program,
                                      struct ed_error *err) {
    struct ed_conformance_result results[ED_CONFORMANCE_MAX];
    const char *models[MODEL_FILES_MAX];
    struct ed_conformance_subject subject = {
        .adapter = ed_arguments_get(arguments, "adapter"),
        .manifest = ed_arguments_get(arguments, "manifest"),
        .scratch_dir = ed_arguments_get(arguments, "scratch"),
        .engine_dir = text_of(arguments, "engine-dir"),
        .engine_library = text_of(arguments, "library"),
        .backend = ed_arguments_get(arguments, "backend"),
        .option_key = ed_arguments_get(arguments, "option-key"),
        .option_value = ed_arguments_get(arguments, "option-value"),
        .wrong_value = ed_arguments_get(arguments, "option-wrong"),
        .model_files = models,
    };
    struct ed_reply reply;
    size_t n = 0;
    (void)program;
    ed_command_environment(arguments);
    for (size_t i = 0; i < arguments->n_values && subject.n_model_files < MODEL_FILES_MAX; i++)
        if (!strcmp(arguments->values[i].option->name, "model"))
            models[subject.n_model_files++] = arguments->values[i].text;
    subject.model_wanted = ed_arguments_has(arguments, "needs-model") && !subject.n_model_files;
    enum ed_status status = ed_conformance_run(&subject, results, &n, err);
    if (status != ED_OK)
        return status;
    ed_reply_begin(&reply, "conformance");
    ed_json_array_begin(&reply.json, "checks");
    for (size_t i = 0; i < n; i++) {
        ed_json_object_begin(&reply.json, NULL);
        ed_json_text(&reply.json, "name", results[i].name);
        ed_json_text(&reply.json, "verdict", ed_conformance_word(results[i].verdict));
        if (results[i].words[0])
            ed_json_text(&reply.json, "words", results[i].words);
        ed_json_object_end(&reply.json);
    }
    ed_json_array_end(&reply.json);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}
