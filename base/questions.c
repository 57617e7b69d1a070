// SPDX-License-Identifier: Apache-2.0
// Reading questions.
#include "base/questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/path.h"

void ed_questions_release(struct ed_questions *questions) {
    for (size_t i = 0; i < questions->n; i++) {
        struct ed_question *question = &questions->items[i];
        for (size_t k = 0; k < question->n_choices; k++)
            free(question->choices[k]);
        free(question->choices);
        free(question->prompt);
        free(question->id);
    }
    free(questions->items);
    memset(questions, 0, sizeof *questions);
}

static enum ed_status no_memory(struct ed_error *err) {
    return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the questions");
}

static enum ed_status add_choice(struct ed_question *question, const char *text, struct ed_error *err) {
    question->choices[question->n_choices] = strdup(text);
    return question->choices[question->n_choices] ? (question->n_choices++, ED_OK) : no_memory(err);
}

static enum ed_status read_choices(struct ed_question *question, const struct ed_json_at *at,
                                   struct ed_error *err) {
    const struct ed_json_at list = ed_json_member(at, "choices");
    const size_t n = ed_json_count(&list);
    enum ed_status status = ed_json_expect_array(&list, err);
    if (status == ED_OK && (n < 2 || n > ED_QUESTIONS_CHOICES_MAX))
        status =
            ed_json_fail(&list, err, "has %zu choices; 2 to %d are possible", n, ED_QUESTIONS_CHOICES_MAX);
    if (status == ED_OK && !(question->choices = calloc(n, sizeof *question->choices)))
        status = no_memory(err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        const struct ed_json_at element = ed_json_element(&list, i);
        const char *text = "";
        status = ed_json_as_text(&element, &text, err);
        if (status == ED_OK)
            status = add_choice(question, text, err);
    }
    return status == ED_OK ? ed_json_get_int(at, "answer", 0, (int64_t)n - 1, &question->answer, err)
                           : status;
}

static enum ed_status read_answer(struct ed_question *question, const struct ed_json_at *at,
                                  struct ed_error *err) {
    const char *text = "";
    enum ed_status status = ed_json_get_text(at, "answer", &text, err);
    if (status == ED_OK && !(question->choices = calloc(1, sizeof *question->choices)))
        status = no_memory(err);
    return status == ED_OK ? add_choice(question, text, err) : status;
}

// Texts and numbers are kept apart: "7" is not 7.
static enum ed_status read_id(struct ed_question *question, const struct ed_json_at *at,
                              struct ed_error *err) {
    const struct ed_json_at id = ed_json_member(at, "id");
    char number[64];
    if (!id.value || cJSON_IsNull(id.value))
        return ED_OK;
    if (!cJSON_IsString(id.value) && !cJSON_IsNumber(id.value))
        return ed_json_fail(&id, err, "is neither a text nor a number");
    snprintf(number, sizeof number, "%.17g", cJSON_IsNumber(id.value) ? id.value->valuedouble : 0);
    const char *text = cJSON_IsString(id.value) ? id.value->valuestring : number;
    const size_t bytes = strlen(text) + 3;
    question->id = malloc(bytes);
    if (!question->id)
        return no_memory(err);
    snprintf(question->id, bytes, cJSON_IsString(id.value) ? "\"%s\"" : "%s", text);
    return ED_OK;
}

static int by_id(const void *a, const void *b) {
    const struct ed_question *x = *(const struct ed_question *const *)a,
                             *y = *(const struct ed_question *const *)b;
    const int order = strcmp(x->id, y->id);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static enum ed_status check_ids(const struct ed_questions *questions, const char *where,
                                struct ed_error *err) {
    const struct ed_question **sorted = calloc(questions->n + 1, sizeof *sorted);
    enum ed_status status = sorted ? ED_OK : no_memory(err);
    size_t n = 0;
    for (size_t i = 0; sorted && i < questions->n; i++)
        if (questions->items[i].id)
            sorted[n++] = &questions->items[i];
    if (n)
        qsort(sorted, n, sizeof *sorted, by_id);
    for (size_t i = 1; status == ED_OK && i < n; i++)
        if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
            status = ed_fail(err, ED_ERR_USAGE, where, "lines %zu and %zu have the same id, %.80s",
                             sorted[i - 1]->line, sorted[i]->line, sorted[i]->id);
    free(sorted);
    return status;
}

static enum ed_status read_question(struct ed_questions *questions, const struct ed_json_at *at,
                                    struct ed_error *err) {
    struct ed_question *question = &questions->items[questions->n++];
    const char *prompt = "";
    memset(question, 0, sizeof *question);
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "prompt", &prompt, err);
    if (status == ED_OK && !(question->prompt = strdup(prompt)))
        status = no_memory(err);
    if (status == ED_OK)
        status = read_id(question, at, err);
    if (status == ED_OK)
        status = questions->match ? read_answer(question, at, err) : read_choices(question, at, err);
    if (question->n_choices > questions->most_choices)
        questions->most_choices = question->n_choices;
    return status;
}

static enum ed_status read_line(struct ed_questions *questions, const char *text, size_t bytes, size_t line,
                                const char *where, struct ed_error *err) {
    struct ed_json_document document = {0};
    char name[256];
    const size_t n = questions->n;
    snprintf(name, sizeof name, "%.200s line %zu", where, line);
    if (n >= ED_QUESTIONS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, where, "has more than %d questions", ED_QUESTIONS_MAX);
    if (bytes > ED_QUESTIONS_LINE_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, name, "has %zu bytes; at most %u are allowed", bytes,
                       ED_QUESTIONS_LINE_MAX_BYTES);
    // Room doubles; n is limited above. reallocarray would ask for glibc 2.26.
    if ((n & (n - 1)) == 0) {
        struct ed_question *items = realloc(questions->items, (n ? 2 * n : 1) * sizeof *items);
        if (!items)
            return no_memory(err);
        questions->items = items;
    }
    enum ed_status status = ed_json_parse(&document, name, text, bytes, err);
    if (status == ED_OK) {
        const struct ed_json_at root = ed_json_root(&document);
        status = read_question(questions, &root, err);
        if (questions->n > n)
            questions->items[n].line = line;
    }
    ed_json_document_release(&document);
    return status;
}

enum ed_status ed_questions_parse(struct ed_questions *questions, const char *text, size_t bytes, bool match,
                                  const char *where, struct ed_error *err) {
    const char *end = text + bytes;
    enum ed_status status = ED_OK;
    memset(questions, 0, sizeof *questions);
    questions->match = match;
    for (size_t line = 1; status == ED_OK && text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const size_t n = (size_t)((stop ? stop : end) - text);
        if (n > strspn(text, " \t\r"))
            status = read_line(questions, text, n, line, where, err);
        text += n + 1;
    }
    if (status == ED_OK && !questions->n)
        status = ed_fail(err, ED_ERR_USAGE, where, "has no questions");
    if (status == ED_OK)
        status = check_ids(questions, where, err);
    if (status != ED_OK)
        ed_questions_release(questions);
    return status;
}

enum ed_status ed_questions_read(struct ed_questions *questions, const char *path, bool match,
                                 struct ed_error *err) {
    struct ed_buffer text;
    memset(questions, 0, sizeof *questions);
    ed_buffer_init(&text, ED_QUESTIONS_FILE_MAX_BYTES);
    enum ed_status status = ed_path_read(path, ED_QUESTIONS_FILE_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = ed_questions_parse(questions, ed_buffer_text(&text), text.size, match, path, err);
    ed_buffer_release(&text);
    return status;
}
