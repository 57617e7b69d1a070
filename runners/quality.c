// SPDX-License-Identifier: Apache-2.0
// Quality of a language model over a text.
#include "runners/quality.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/npy.h"
#include "base/path.h"
#include "runners/output_files.h"

#define COLUMNS_ALONE 1
#define COLUMNS_BOTH 4

struct quality {
    const struct ed_adapter *model, *reference; // reference NULL: none
    struct ed_language info;
    int32_t *tokens;
    size_t n_tokens, chunk;
    float *rows; // of one chunk
    int fd;
    char path[256];
};

static void no_tokens(void *context, enum ed_event event, uint32_t detail) {
    (void)context, (void)event, (void)detail;
}

static enum ed_status tokenize(struct quality *quality, const char *text, size_t bytes,
                               struct ed_error *err) {
    const struct ed_adapter *model = quality->model;
    size_t n = 0;
    enum ed_status status = model->backend->tokenize(model->state, text, bytes, NULL, 0, &n, err);
    if (status == ED_OK && n > (1u << 28))
        status = ed_fail(err, ED_ERR_LIMIT, NULL, "the text has %zu tokens, which are too many", n);
    if (status == ED_OK && !(quality->tokens = calloc(n + 1, sizeof *quality->tokens)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu tokens", n);
    if (status == ED_OK)
        status =
            model->backend->tokenize(model->state, text, bytes, quality->tokens, n, &quality->n_tokens, err);
    if (status == ED_OK && quality->n_tokens != n)
        status = ed_fail(err, ED_ERR_REFUSED, NULL,
                         "the text had %zu tokens, and %zu when it was asked again", n, quality->n_tokens);
    for (size_t i = 0; status == ED_OK && i < n; i++)
        if (quality->tokens[i] < 0 || quality->tokens[i] >= quality->info.vocabulary)
            status = ed_fail(err, ED_ERR_REFUSED, NULL, "token %zu of the text is %d, of a vocabulary of %d",
                             i, quality->tokens[i], quality->info.vocabulary);
    if (status == ED_OK && n < ED_QUALITY_CHUNK_MIN)
        status = ed_fail(err, ED_ERR_USAGE, NULL, "the text has %zu tokens; at least %d are needed", n,
                         ED_QUALITY_CHUNK_MIN);
    return status;
}

static enum ed_status read_text(struct quality *quality, const char *path, struct ed_error *err) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_QUALITY_TEXT_MAX_BYTES);
    enum ed_status status = ed_path_read(path, ED_QUALITY_TEXT_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = tokenize(quality, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    return status;
}

// Tokens of both must mean the same, or the comparison means nothing.
static enum ed_status check_reference(const struct quality *quality, const char *path, struct ed_error *err) {
    struct quality other = {.model = quality->reference, .info = quality->info};
    struct ed_language info;
    enum ed_status status = quality->reference->backend->language(quality->reference->state, &info, err);
    if (status == ED_OK && (info.vocabulary != quality->info.vocabulary || info.bos != quality->info.bos))
        status = ed_fail(err, ED_ERR_USAGE, NULL,
                         "the reference variant has %d tokens, this one %d: they are not forms of one model",
                         info.vocabulary, quality->info.vocabulary);
    if (status == ED_OK)
        status = read_text(&other, path, err);
    if (status == ED_OK && (other.n_tokens != quality->n_tokens ||
                            memcmp(other.tokens, quality->tokens, other.n_tokens * sizeof *other.tokens)))
        status =
            ed_fail(err, ED_ERR_USAGE, NULL,
                    "the reference variant cuts the text into other tokens: they are not forms of one model");
    free(other.tokens);
    return status;
}

enum ed_status ed_quality_logits(const struct ed_adapter *model, const int32_t *tokens, size_t n,
                                 int32_t vocabulary, const float **logits, struct ed_error *err) {
    const struct ed_host host = {NULL, no_tokens};
    size_t found = 0;
    enum ed_status status = model->backend->prefill(model->state, tokens, n, &host, err);
    if (status == ED_OK)
        status = model->backend->logits(model->state, logits, &found, err);
    if (status == ED_OK && found != n * (size_t)vocabulary)
        status =
            ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                    "the engine gives %zu logits for %zu tokens of a vocabulary of %d", found, n, vocabulary);
    return status;
}

double ed_quality_log_sum(const float *logits, size_t n, size_t *top) {
    double sum = 0;
    *top = 0;
    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[*top])
            *top = i;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)logits[i] - (double)logits[*top]);
    return log(sum) + (double)logits[*top];
}

static enum ed_status score(const struct quality *quality, const float *mine, const float *theirs,
                            int32_t next, float *row, struct ed_error *err) {
    const size_t n = (size_t)quality->info.vocabulary;
    size_t top = 0, their_top = 0;
    const double sum = ed_quality_log_sum(mine, n, &top);
    double divergence = 0;
    row[0] = (float)(sum - (double)mine[next]);
    if (!isfinite(sum))
        return ed_fail(err, ED_ERR_REFUSED, NULL, "the model's logits are not all numbers");
    if (!theirs)
        return ED_OK;
    const double their_sum = ed_quality_log_sum(theirs, n, &their_top);
    if (!isfinite(their_sum))
        return ed_fail(err, ED_ERR_REFUSED, NULL, "the reference variant's logits are not all numbers");
    for (size_t i = 0; i < n; i++) {
        const double theirs_log = (double)theirs[i] - their_sum;
        divergence += exp(theirs_log) * (theirs_log - ((double)mine[i] - sum));
    }
    row[1] = (float)(their_sum - (double)theirs[next]);
    row[2] = (float)(divergence > 0 ? divergence : 0);
    row[3] = top == their_top ? 1 : 0;
    return ED_OK;
}

// One chunk: the logits of token i tell what was expected of token i + 1.
static enum ed_status run_chunk(struct quality *quality, size_t first, struct ed_error *err) {
    const size_t columns = quality->reference ? COLUMNS_BOTH : COLUMNS_ALONE, chunk = quality->chunk;
    const size_t width = (size_t)quality->info.vocabulary;
    int32_t *tokens = quality->tokens + first;
    const int32_t kept = tokens[0];
    const float *mine = NULL, *theirs = NULL;
    float *row = quality->rows;
    enum ed_status status = quality->model->backend->rewind(quality->model->state, 0, err);
    if (status == ED_OK && quality->reference)
        status = quality->reference->backend->rewind(quality->reference->state, 0, err);
    if (quality->info.bos >= 0)
        tokens[0] = quality->info.bos;
    for (size_t at = 0; status == ED_OK && at + 1 < chunk; at += ED_QUALITY_PIECE) {
        const size_t n = chunk - 1 - at < ED_QUALITY_PIECE ? chunk - 1 - at : ED_QUALITY_PIECE;
        status = ed_quality_logits(quality->model, tokens + at, n, quality->info.vocabulary, &mine, err);
        if (status == ED_OK && quality->reference)
            status =
                ed_quality_logits(quality->reference, tokens + at, n, quality->info.vocabulary, &theirs, err);
        for (size_t i = at < chunk / 2 ? chunk / 2 - at : 0; status == ED_OK && i < n; i++, row += columns)
            status = score(quality, mine + i * width, theirs ? theirs + i * width : NULL, tokens[at + i + 1],
                           row, err);
    }
    tokens[0] = kept;
    return status;
}

static enum ed_status open_output(struct quality *quality, const struct ed_job_block *block, size_t chunks,
                                  size_t scored, struct ed_error *err) {
    const int64_t shape[] = {(int64_t)chunks, (int64_t)scored,
                             quality->reference ? COLUMNS_BOTH : COLUMNS_ALONE};
    char header[1024];
    size_t n = 0;
    enum ed_status status = ed_npy_header(header, &n, ED_DTYPE_F32, 3, shape, err);
    snprintf(quality->path, sizeof quality->path, ED_JOB_OUTPUTS "/%s.0.npy", block->id);
    if (status != ED_OK)
        return status;
    quality->fd = open(quality->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (quality->fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, quality->path, "cannot be made: %m");
    return ed_path_write_all(quality->fd, header, n, quality->path, err);
}

static enum ed_status run_text(struct quality *quality, const struct ed_job_block *block,
                               struct ed_json_writer *evidence, struct ed_error *err) {
    quality->chunk = quality->n_tokens < ED_QUALITY_CHUNK ? quality->n_tokens : ED_QUALITY_CHUNK;
    const size_t chunks = quality->n_tokens / quality->chunk,
                 scored = quality->chunk - 1 - quality->chunk / 2;
    const size_t bytes = scored * (quality->reference ? COLUMNS_BOTH : COLUMNS_ALONE) * sizeof(float);
    quality->rows = malloc(bytes);
    enum ed_status status = quality->rows ? open_output(quality, block, chunks, scored, err)
                                          : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a chunk");
    for (size_t i = 0; status == ED_OK && i < chunks; i++) {
        status = run_chunk(quality, i * quality->chunk, err);
        if (status == ED_OK)
            status = ed_path_write_all(quality->fd, quality->rows, bytes, quality->path, err);
    }
    if (status == ED_OK && fsync(quality->fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, quality->path, "cannot be synced: %m");
    if (status != ED_OK)
        return status;
    ed_json_uint(evidence, "samples", chunks * scored);
    ed_json_uint(evidence, "chunk_tokens", quality->chunk);
    return ed_output_files_write(evidence, (const char *const[]){quality->path}, 1, err);
}

enum ed_status ed_quality_run(const struct ed_adapter *adapter, const struct ed_quality_reference *reference,
                              const struct ed_job *job, const struct ed_job_block *block,
                              struct ed_json_writer *evidence, struct ed_error *err) {
    const struct ed_job_data *data = &job->data[job->cases[block->case_index].data];
    struct ed_adapter other = {0};
    struct quality quality = {.model = adapter, .fd = -1};
    enum ed_status status =
        data->n_inputs == 1
            ? adapter->backend->language(adapter->state, &quality.info, err)
            : ed_fail(err, ED_ERR_USAGE, NULL, "the task of a language model needs one text file");
    if (status == ED_OK && quality.info.vocabulary < 1)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "the engine says that the model has no vocabulary");
    if (status == ED_OK)
        status = read_text(&quality, data->inputs[0].file.path, err);
    if (status == ED_OK && reference->adapter) {
        status = ed_adapter_open(&other, reference->adapter, err);
        if (status == ED_OK)
            status = other.backend->open(other.state, reference->open, err);
        if (status == ED_OK)
            status = other.backend->load(other.state, reference->load, err);
        quality.reference = &other;
        if (status == ED_OK)
            status = check_reference(&quality, data->inputs[0].file.path, err);
    }
    if (status == ED_OK)
        status = run_text(&quality, block, evidence, err);
    if (other.backend && status == ED_OK) {
        status = other.backend->unload(other.state, err);
        other.backend->close(other.state);
    }
    ed_adapter_release(&other);
    if (quality.fd >= 0)
        close(quality.fd);
    free(quality.tokens);
    free(quality.rows);
    return status;
}
