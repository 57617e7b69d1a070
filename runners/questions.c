// SPDX-License-Identifier: Apache-2.0
// Questions to a language model.
#include "runners/questions.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/npy.h"
#include "base/path.h"
#include "base/questions.h"
#include "runners/output_files.h"
#include "runners/quality.h"

#define TOKENS_MAX ED_QUALITY_CHUNK

struct asking {
    const struct ed_adapter *model;
    struct ed_language info;
    int32_t prompt[TOKENS_MAX], whole[TOKENS_MAX];
};

// Tokens of both texts one after the other, behind the bos.
static enum ed_status tokenize(const struct asking *asking, const char *prompt, const char *choice,
                               int32_t tokens[TOKENS_MAX], size_t *n, struct ed_error *err) {
    const struct ed_backend *backend = asking->model->backend;
    const size_t first = asking->info.bos >= 0, bytes = strlen(prompt) + strlen(choice);
    size_t found = 0;
    char *text = malloc(bytes + 1);
    if (!text)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a question");
    snprintf(text, bytes + 1, "%s%s", prompt, choice);
    tokens[0] = asking->info.bos;
    enum ed_status status =
        backend->tokenize(asking->model->state, text, bytes, tokens + first, TOKENS_MAX - first, &found, err);
    free(text);
    if (status == ED_OK && found > TOKENS_MAX - first)
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "has %zu tokens; at most %zu are possible", found,
                         TOKENS_MAX - first);
    *n = found + first;
    for (size_t i = 0; status == ED_OK && i < *n; i++)
        if (tokens[i] < 0 || tokens[i] >= asking->info.vocabulary)
            status = ed_fail(err, ED_ERR_REFUSED, NULL, "has token %d, of a vocabulary of %d", tokens[i],
                             asking->info.vocabulary);
    return status;
}

// Sum of ln p of tokens first..n-1, each behind those before it; *greedy: each is the likeliest.
static enum ed_status weigh(struct asking *asking, size_t first, size_t n, double *sum, bool *greedy,
                            struct ed_error *err) {
    const struct ed_backend *backend = asking->model->backend;
    const size_t width = (size_t)asking->info.vocabulary;
    enum ed_status status = backend->rewind(asking->model->state, 0, err);
    *sum = 0;
    *greedy = true;
    for (size_t at = 0; status == ED_OK && at + 1 < n; at += ED_QUALITY_PIECE) {
        const size_t rows = n - 1 - at < ED_QUALITY_PIECE ? n - 1 - at : ED_QUALITY_PIECE;
        const float *logits = NULL;
        status =
            ed_quality_logits(asking->model, asking->whole + at, rows, asking->info.vocabulary, &logits, err);
        for (size_t i = first > at + 1 ? first - at - 1 : 0; status == ED_OK && i < rows; i++) {
            const int32_t next = asking->whole[at + i + 1];
            size_t top = 0;
            const double all = ed_quality_log_sum(logits + i * width, width, &top);
            if (!isfinite(all))
                status = ed_fail(err, ED_ERR_REFUSED, NULL, "the model's logits are not all numbers");
            *sum += (double)logits[i * width + (size_t)next] - all;
            *greedy = *greedy && top == (size_t)next;
        }
    }
    return status;
}

static enum ed_status ask(struct asking *asking, const struct ed_question *question, bool match, float *row,
                          struct ed_error *err) {
    size_t n_prompt = 0, n = 0;
    enum ed_status status = tokenize(asking, question->prompt, "", asking->prompt, &n_prompt, err);
    for (size_t k = 0; status == ED_OK && k < question->n_choices; k++) {
        double sum = 0;
        bool greedy = false;
        size_t first = 0;
        status = tokenize(asking, question->prompt, question->choices[k], asking->whole, &n, err);
        while (first < n_prompt && first < n && asking->prompt[first] == asking->whole[first])
            first++;
        if (status == ED_OK && (first < 1 || first >= n))
            status =
                ed_fail(err, ED_ERR_USAGE, NULL, "choice %zu has no tokens behind those of the prompt", k);
        if (status == ED_OK)
            status = weigh(asking, first, n, &sum, &greedy, err);
        if (match) {
            row[0] = greedy ? 0 : 1;
            row[1] = greedy ? 1 : 0;
        } else {
            row[k] = (float)sum;
        }
    }
    return status;
}

static enum ed_status ask_all(struct asking *asking, const struct ed_questions *questions, int fd,
                              const char *path, struct ed_error *err) {
    const size_t width = questions->match ? 2 : questions->most_choices;
    const int64_t shape[] = {(int64_t)questions->n, (int64_t)width};
    float row[ED_QUESTIONS_CHOICES_MAX];
    char header[1024];
    size_t bytes = 0;
    enum ed_status status = ed_npy_header(header, &bytes, ED_DTYPE_F32, 2, shape, err);
    if (status == ED_OK)
        status = ed_path_write_all(fd, header, bytes, path, err);
    for (size_t i = 0; status == ED_OK && i < questions->n; i++) {
        for (size_t k = 0; k < width; k++)
            row[k] = -INFINITY;
        status = ask(asking, &questions->items[i], questions->match, row, err);
        if (status != ED_OK && err && !err->where[0])
            snprintf(err->where, sizeof err->where, "question %zu", i + 1);
        if (status == ED_OK)
            status = ed_path_write_all(fd, row, width * sizeof *row, path, err);
    }
    if (status == ED_OK && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be synced: %m");
    return status;
}

enum ed_status ed_questions_run(const struct ed_adapter *adapter, const struct ed_job *job,
                                const struct ed_job_block *block, struct ed_json_writer *evidence,
                                struct ed_error *err) {
    const struct ed_job_data *data = &job->data[job->cases[block->case_index].data];
    struct ed_questions questions = {0};
    struct asking *asking = calloc(1, sizeof *asking);
    char path[256];
    int fd = -1;
    if (!asking)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the questions");
    asking->model = adapter;
    snprintf(path, sizeof path, ED_JOB_OUTPUTS "/%s.0.npy", block->id);
    enum ed_status status = data->n_inputs == 1
                                ? adapter->backend->language(adapter->state, &asking->info, err)
                                : ed_fail(err, ED_ERR_USAGE, NULL, "questions are one file");
    if (status == ED_OK && asking->info.vocabulary < 1)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "the engine says that the model has no vocabulary");
    if (status == ED_OK)
        status = ed_questions_read(&questions, data->inputs[0].file.path, data->match, err);
    if (status == ED_OK) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        status = fd < 0 ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m")
                        : ask_all(asking, &questions, fd, path, err);
    }
    if (fd >= 0)
        close(fd);
    if (status == ED_OK) {
        ed_json_uint(evidence, "samples", questions.n);
        status = ed_output_files_write(evidence, (const char *const[]){path}, 1, err);
    }
    ed_questions_release(&questions);
    free(asking);
    return status;
}
