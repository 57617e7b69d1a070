// SPDX-License-Identifier: Apache-2.0
// Reading what describes a program.
#include "base/command_file.h"

#include "base/path.h"

static enum ed_status texts(const struct ed_json_at *root, const char *key, const char **out, size_t max,
                            size_t *n, struct ed_error *err) {
    const struct ed_json_at list = ed_json_member(root, key);
    if (!list.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_array(&list, err);
    if (status == ED_OK && ed_json_count(&list) > max)
        status =
            ed_json_fail(&list, err, "has %zu entries; at most %zu are allowed", ed_json_count(&list), max);
    for (struct ed_json_at at = ed_json_element(&list, 0); status == ED_OK && at.value;
         at = ed_json_next(&at)) {
        status = ed_json_as_text(&at, &out[*n], err);
        *n += status == ED_OK;
    }
    return status;
}

static enum ed_status variables(const struct ed_json_at *root, struct ed_command_file *file,
                                struct ed_error *err) {
    const struct ed_json_at object = ed_json_member(root, "environment");
    if (!object.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_object(&object, err);
    if (status == ED_OK && ed_json_count(&object) > ED_COMMAND_VARIABLES_MAX)
        status = ed_json_fail(&object, err, "has more than %d variables", ED_COMMAND_VARIABLES_MAX);
    for (const cJSON *one = status == ED_OK ? object.value->child : NULL; one && status == ED_OK;
         one = one->next) {
        if (!cJSON_IsString(one) || !one->string[0] || strchr(one->string, '='))
            return ed_json_fail(&object, err, "\"%.60s\" is no variable with a text as its value",
                                one->string);
        file->names[file->n_variables] = one->string;
        file->values[file->n_variables++] = one->valuestring;
    }
    return status;
}

static enum ed_status describe(struct ed_command_file *file, const char *path, struct ed_error *err) {
    static const char *const known[] = {"command", "files", "environment", "processor", "network", NULL};
    enum ed_status status = ed_json_parse_file(&file->document, path, ED_COMMAND_FILE_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&file->document);
    status = ed_json_expect_object(&root, err);
    if (status == ED_OK)
        status = ed_json_known_keys(&root, known, err);
    if (status == ED_OK)
        status = texts(&root, "command", file->words, ED_COMMAND_WORDS_MAX, &file->n_words, err);
    if (status == ED_OK && !file->n_words)
        status = ed_json_fail(&root, err, "needs \"command\": the program and its arguments, as a list");
    if (status == ED_OK)
        status = texts(&root, "files", file->files, ED_COMMAND_FILES_MAX, &file->n_files, err);
    for (size_t i = 0; status == ED_OK && i < file->n_files; i++) {
        bool twice = !strcmp(file->files[i], ed_path_base(path));
        for (size_t k = 0; k < i; k++)
            twice = twice || !strcmp(file->files[i], file->files[k]);
        if (!ed_path_name_ok(file->files[i]) || twice)
            status =
                ed_json_fail(&root, err,
                             "\"%.80s\" in \"files\": each is the name of another file beside this one, of "
                             "letters, digits and ._@+- (at most 64)",
                             file->files[i]);
    }
    if (status == ED_OK)
        status = variables(&root, file, err);
    if (status == ED_OK)
        status = ed_json_opt_text(&root, "processor", &file->processor, err);
    if (status == ED_OK && strcmp(file->processor, "cpu") && strcmp(file->processor, "gpu") &&
        strcmp(file->processor, "npu"))
        status =
            ed_json_fail(&root, err, "the processor \"%.40s\" is none of cpu, gpu, npu", file->processor);
    return status == ED_OK ? ed_json_opt_bool(&root, "network", &file->network, err) : status;
}

enum ed_status ed_command_file_read(struct ed_command_file *file, const char *path, struct ed_error *err) {
    const char *base = ed_path_base(path), *dot = strrchr(base, '.');
    memset(file, 0, sizeof *file);
    file->processor = "cpu";
    if (dot && !strcmp(dot, ".json"))
        return describe(file, path, err);
    file->words[file->n_words++] = base;
    return ED_OK;
}

void ed_command_file_release(struct ed_command_file *file) {
    ed_json_document_release(&file->document);
    memset(file, 0, sizeof *file);
}
