// SPDX-License-Identifier: Apache-2.0
// Words of a command line to disk and back.
#include "harness/cli/kept_words.h"

#include <string.h>

#define WORDS_MAX 512
#define WORD_MAX_BYTES (1u << 20)

static bool is_left_out(const char *name, const char *const *left_out) {
    while (*left_out && strcmp(*left_out, name) != 0)
        left_out++;
    return *left_out != NULL;
}

enum ed_status ed_kept_words_write(struct ed_json_writer *w, const struct ed_arguments *arguments,
                                   const char *const *left_out, struct ed_error *err) {
    char here[ED_PATH_BYTES] = "";
    struct ed_buffer word;
    ed_buffer_init(&word, WORD_MAX_BYTES);
    enum ed_status status = ed_path_real(here, ".", err);
    ed_json_array_begin(w, "words");
    for (size_t i = 0; i < arguments->n_values; i++) {
        const struct ed_option_value *value = &arguments->values[i];
        if (is_left_out(value->option->name, left_out))
            continue;
        ed_buffer_clear(&word);
        ed_buffer_printf(&word, "--%s", value->option->name);
        if (value->option->type != ED_OPTION_FLAG)
            ed_buffer_printf(&word, "=%s", value->text);
        if (status == ED_OK)
            status = ed_buffer_status(&word, "the command line", err);
        ed_json_text(w, NULL, ed_buffer_text(&word));
    }
    if (arguments->n_operands)
        ed_json_text(w, NULL, "--");
    for (size_t i = 0; i < arguments->n_operands; i++)
        ed_json_text(w, NULL, arguments->operands[i]);
    ed_json_array_end(w);
    ed_json_text(w, "directory", here);
    ed_buffer_release(&word);
    return status;
}

enum ed_status ed_kept_words_read(struct ed_arguments *arguments, const char **directory,
                                  const struct ed_json_at *object, const struct ed_cli_command *command,
                                  struct ed_error *err) {
    const struct ed_option *tables[ED_CLI_GROUPS_MAX];
    size_t counts[ED_CLI_GROUPS_MAX];
    const struct ed_option_set set = {tables, counts, command->n_groups};
    const char *words[WORDS_MAX + 1] = {command->name};
    for (size_t i = 0; i < command->n_groups; i++) {
        tables[i] = command->groups[i]->options;
        counts[i] = command->groups[i]->n;
    }
    const struct ed_json_at list = ed_json_member(object, "words");
    enum ed_status status = ed_json_get_text(object, "directory", directory, err);
    if (status == ED_OK)
        status = ed_json_expect_array(&list, err);
    const size_t n = status == ED_OK ? ed_json_count(&list) : 0;
    if (n > WORDS_MAX - 1)
        return ed_json_fail(&list, err, "has %zu words; at most %d have room", n, WORDS_MAX - 1);
    struct ed_json_at word = ed_json_element(&list, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, word = ed_json_next(&word))
        status = ed_json_as_text(&word, &words[i + 1], err);
    return status == ED_OK ? ed_arguments_parse(arguments, &set, (int)n + 1, words, err) : status;
}
