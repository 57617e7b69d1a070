// SPDX-License-Identifier: Apache-2.0
// Running a data set through a model.
#include "runners/dataset.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "runners/output_files.h"

struct output_file {
    int fd;
    char path[256];
    int64_t row_bytes; // one sample
    enum ed_dtype dtype;
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
};

// Every output's first dimension must be the batch: only then a row belongs to a sample.
static enum ed_status open_output(struct output_file *file, const struct ed_job_block *block, size_t index,
                                  const struct ed_tensor *view, int64_t batch, int64_t samples,
                                  struct ed_error *err) {
    if (view->rank < 1 || view->shape[0] != batch || view->bytes % (size_t)batch)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, NULL,
            "output '%s' does not have the batch of %lld as its first dimension, so its rows are no samples",
            view->name, (long long)batch);
    char header[1024];
    size_t n = 0;
    file->dtype = view->dtype;
    file->rank = view->rank;
    memcpy(file->shape, view->shape, sizeof file->shape);
    file->shape[0] = samples;
    file->row_bytes = (int64_t)(view->bytes / (size_t)batch);
    enum ed_status status = ed_npy_header(header, &n, view->dtype, view->rank, file->shape, err);
    if (status != ED_OK)
        return status;
    snprintf(file->path, sizeof file->path, ED_JOB_OUTPUTS "/%s.%zu.npy", block->id, index);
    file->fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file->fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, file->path, "cannot be made: %m");
    return ed_path_write_all(file->fd, header, n, file->path, err);
}

static enum ed_status check_data(const struct ed_job_data *data, const struct ed_inputs *inputs,
                                 int64_t *samples, int64_t *batch, struct ed_error *err) {
    *samples = *batch = -1;
    for (size_t i = 0; i < data->n_inputs; i++) {
        size_t at = 0;
        enum ed_status status = ed_inputs_find(&inputs->io, data->inputs[i].input, &at, err);
        if (status != ED_OK)
            return status;
        const struct ed_npy *npy = &inputs->files[at];
        if (!npy->mapping || !npy->rank)
            return ed_fail(err, ED_ERR_USAGE, data->inputs[i].file.path,
                           "cannot serve as data: input '%s' is given by another file",
                           inputs->io.inputs[at].name);
        int64_t here = inputs->tensors[at].shape[0];
        if (*samples >= 0 && (*samples != npy->shape[0] || *batch != here))
            return ed_fail(
                err, ED_ERR_USAGE, data->inputs[i].file.path,
                "has %lld samples in batches of %lld, another input of the data %lld in batches of %lld",
                (long long)npy->shape[0], (long long)here, (long long)*samples, (long long)*batch);
        *samples = npy->shape[0];
        *batch = here;
    }
    if (*samples < 1 || *batch < 1)
        return ed_fail(err, ED_ERR_USAGE, NULL, "the data set has no samples");
    return ED_OK;
}

// The same as quantized by the model's own scale.
static enum ed_status quantize_batch(struct ed_inputs *inputs, size_t at, int64_t first, int64_t batch,
                                     int64_t samples, void *scratch, struct ed_error *err) {
    struct ed_tensor *tensor = &inputs->tensors[at];
    const size_t row = tensor->bytes / (size_t)batch, n = row / ed_dtype_bytes(tensor->dtype);
    enum ed_status status = ED_OK;
    for (int64_t k = 0; status == ED_OK && k < batch; k++) {
        const int64_t from = first + k < samples ? first + k : samples - 1;
        status = ed_inputs_quantize((char *)scratch + (size_t)k * row,
                                    (const float *)inputs->files[at].data + (size_t)from * n, n,
                                    &inputs->io.inputs[at], err);
    }
    tensor->data = scratch;
    return status;
}

// Points the data inputs at samples first..first+batch-1; the last batch is gathered into scratch when it
// runs over the end.
static enum ed_status point_inputs(const struct ed_job_data *data, struct ed_inputs *inputs, int64_t first,
                                   int64_t batch, int64_t samples, void *const *scratch,
                                   struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < data->n_inputs; i++) {
        size_t at = 0;
        if (ed_inputs_find(&inputs->io, data->inputs[i].input, &at, NULL) != ED_OK)
            continue;
        struct ed_tensor *tensor = &inputs->tensors[at];
        if (inputs->files[at].dtype != tensor->dtype) {
            status = quantize_batch(inputs, at, first, batch, samples, scratch[at], err);
            if (status != ED_OK)
                return status;
            continue;
        }
        const size_t row = tensor->bytes / (size_t)batch;
        const char *base = inputs->files[at].data;
        if (first + batch <= samples) {
            tensor->data = (void *)(uintptr_t)(base + (size_t)first * row);
            continue;
        }
        for (int64_t k = 0; k < batch; k++) {
            int64_t from = first + k < samples ? first + k : samples - 1;
            memcpy((char *)scratch[at] + (size_t)k * row, base + (size_t)from * row, row);
        }
        tensor->data = scratch[at];
    }
    return status;
}

static enum ed_status keep_outputs(const struct ed_backend *backend, void *state,
                                   const struct ed_job_block *block, struct output_file *files,
                                   size_t *n_files, int64_t first, int64_t batch, int64_t samples,
                                   struct ed_error *err) {
    struct ed_tensor *views = calloc(ED_TENSORS_MAX, sizeof *views);
    size_t n = 0;
    if (!views)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the views of the outputs");
    enum ed_status status = backend->outputs(state, views, ED_TENSORS_MAX, &n, err);
    if (status == ED_OK && (n < 1 || n > ED_TENSORS_MAX || (first > 0 && n != *n_files)))
        status =
            ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "the model gave %zu outputs, which cannot be kept", n);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        if (first == 0) {
            *n_files = i + 1;
            status = open_output(&files[i], block, i, &views[i], batch, samples, err);
        }
        if (status == ED_OK && (int64_t)views[i].bytes != files[i].row_bytes * batch)
            status = ed_fail(err, ED_ERR_REFUSED, NULL, "output '%s' changed its size between samples",
                             views[i].name);
        int64_t rows = first + batch <= samples ? batch : samples - first;
        if (status == ED_OK)
            status = ed_path_write_all(files[i].fd, views[i].data, (size_t)(rows * files[i].row_bytes),
                                       files[i].path, err);
    }
    free(views);
    return status;
}

enum ed_status ed_dataset_run(const struct ed_backend *backend, void *state, const struct ed_job *job,
                              const struct ed_job_block *block, struct ed_inputs *inputs,
                              struct ed_json_writer *evidence, struct ed_error *err) {
    const struct ed_job_data *data = &job->data[job->cases[block->case_index].data];
    struct output_file *files = calloc(ED_TENSORS_MAX, sizeof *files);
    void *scratch[ED_TENSORS_MAX] = {NULL};
    size_t n_files = 0;
    int64_t samples = 0, batch = 0;
    enum ed_status status = files ? check_data(data, inputs, &samples, &batch, err)
                                  : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the output files");
    for (size_t i = 0; status == ED_OK && i < inputs->n; i++) {
        scratch[i] = malloc(inputs->tensors[i].bytes ? inputs->tensors[i].bytes : 1);
        if (!scratch[i])
            status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a batch of %zu bytes",
                             inputs->tensors[i].bytes);
    }
    for (int64_t first = 0; status == ED_OK && first < samples; first += batch) {
        status = point_inputs(data, inputs, first, batch, samples, scratch, err);
        if (status == ED_OK)
            status = backend->bind(state, inputs->tensors, inputs->n, err);
        if (status == ED_OK)
            status = backend->run(state, err);
        if (status == ED_OK)
            status = keep_outputs(backend, state, block, files, &n_files, first, batch, samples, err);
    }
    if (status == ED_OK)
        ed_json_int(evidence, "samples", samples);
    const char *paths[ED_TENSORS_MAX];
    for (size_t i = 0; i < n_files; i++) {
        if (status == ED_OK && fsync(files[i].fd) != 0)
            status = ed_fail_errno(err, ED_ERR_IO, files[i].path, "cannot be synced: %m");
        if (files[i].fd > 0)
            close(files[i].fd);
        paths[i] = files[i].path;
    }
    if (status == ED_OK)
        status = ed_output_files_write(evidence, paths, n_files, err);
    for (size_t i = 0; i < ED_TENSORS_MAX; i++)
        free(scratch[i]);
    free(files);
    return status;
}
