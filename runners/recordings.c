// SPDX-License-Identifier: Apache-2.0
// Recordings through a speech model.
#include "runners/recordings.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/wav.h"
#include "base/words.h"
#include "runners/output_files.h"

#define FULL_SCALE 32768.0F
#define LINE_MAX_BYTES (8u << 20) // a text whose every byte is escaped

struct recordings {
    struct ed_npy samples, ends;
    size_t n, longest;
};

static void recordings_close(struct recordings *recordings) {
    ed_npy_close(&recordings->samples);
    ed_npy_close(&recordings->ends);
}

static int64_t end_of(const struct recordings *recordings, size_t i) {
    return ((const int64_t *)recordings->ends.data)[i];
}

static int64_t begin_of(const struct recordings *recordings, size_t i) {
    return i ? end_of(recordings, i - 1) : 0;
}

static enum ed_status recordings_open(struct recordings *recordings, const struct ed_job_data *data,
                                      struct ed_error *err) {
    const char *const samples = data->inputs[0].file.path, *const ends = data->inputs[1].file.path;
    memset(recordings, 0, sizeof *recordings);
    enum ed_status status = ed_npy_open(&recordings->samples, samples, err);
    if (status == ED_OK)
        status = ed_npy_open(&recordings->ends, ends, err);
    const struct ed_npy *s = &recordings->samples, *e = &recordings->ends;
    if (status == ED_OK && (s->rank != 1 || (s->dtype != ED_DTYPE_I16 && s->dtype != ED_DTYPE_F32)))
        status = ed_fail(err, ED_ERR_USAGE, samples, "does not hold the samples of recordings");
    if (status == ED_OK && (e->rank != 1 || e->dtype != ED_DTYPE_I64 || e->count < 1))
        status = ed_fail(err, ED_ERR_USAGE, ends, "does not hold the ends of recordings");
    recordings->n = status == ED_OK ? (size_t)e->count : 0;
    for (size_t i = 0; status == ED_OK && i < recordings->n; i++) {
        const int64_t begin = begin_of(recordings, i), end = end_of(recordings, i);
        if (end <= begin || end > s->count || end - begin > (int64_t)ED_WAV_MAX_SAMPLES)
            status = ed_fail(err, ED_ERR_USAGE, ends, "recording %zu ends where none can", i + 1);
        else if ((size_t)(end - begin) > recordings->longest)
            recordings->longest = (size_t)(end - begin);
    }
    if (status == ED_OK && end_of(recordings, recordings->n - 1) != s->count)
        status = ed_fail(err, ED_ERR_USAGE, ends, "does not end where the samples do");
    if (status != ED_OK)
        recordings_close(recordings);
    return status;
}

// Recording `i` as floats; `out` has room for the longest.
static enum ed_status take(const struct recordings *recordings, size_t i, float *out, size_t *n,
                           struct ed_error *err) {
    const size_t first = (size_t)begin_of(recordings, i);
    *n = (size_t)end_of(recordings, i) - first;
    for (size_t k = 0; k < *n; k++) {
        out[k] = recordings->samples.dtype == ED_DTYPE_I16
                     ? (float)((const int16_t *)recordings->samples.data)[first + k] / FULL_SCALE
                     : ((const float *)recordings->samples.data)[first + k];
        if (!isfinite(out[k]))
            return ed_fail(err, ED_ERR_USAGE, NULL, "has a sample that is no number");
    }
    return ED_OK;
}

static float *make_room(const struct recordings *recordings, struct ed_error *err) {
    float *room = malloc(recordings->longest * sizeof *room);
    if (!room)
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a recording of %zu samples", recordings->longest);
    return room;
}

static enum ed_status check_model(const struct ed_inputs *inputs, struct ed_error *err) {
    return inputs->n == 1 && inputs->io.inputs[0].dtype == ED_DTYPE_F32 && inputs->io.inputs[0].rank == 1
               ? ED_OK
               : ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                         "recordings are for a model with one input, of float32 in one dimension");
}

enum ed_status ed_recordings_first(struct ed_inputs *inputs, const struct ed_job_data *data,
                                   struct ed_error *err) {
    struct recordings recordings;
    size_t n = 0;
    enum ed_status status = check_model(inputs, err);
    if (status != ED_OK || inputs->tensors[0].data || inputs->tensors[0].shape[0] >= 0)
        return status;
    status = recordings_open(&recordings, data, err);
    if (status != ED_OK)
        return status;
    float *samples = make_room(&recordings, err);
    status = samples ? take(&recordings, 0, samples, &n, err) : ED_ERR_NO_MEMORY;
    recordings_close(&recordings);
    inputs->owned[0] = samples;
    inputs->tensors[0].data = samples;
    inputs->tensors[0].shape[0] = (int64_t)n;
    return status;
}

static enum ed_status write_text(const struct ed_tensor *views, size_t n, struct ed_buffer *line, int fd,
                                 const char *path, struct ed_error *err) {
    const struct ed_tensor *text = NULL;
    struct ed_json_writer w;
    for (size_t i = 0; i < n && i < ED_TENSORS_MAX; i++)
        if (!strncmp(views[i].name, ED_SPEECH_TEXT, sizeof views[i].name) && views[i].dtype == ED_DTYPE_U8)
            text = &views[i];
    if (!text)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "the engine gives no text");
    if (text->bytes > ED_WORDS_TEXT_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "its text has %zu bytes; at most %u can be compared",
                       text->bytes, ED_WORDS_TEXT_MAX_BYTES);
    ed_buffer_clear(line);
    ed_json_writer_init(&w, line, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text_n(&w, "text", text->data, text->bytes);
    ed_json_object_end(&w);
    ed_buffer_text_append(line, "\n");
    enum ed_status status = ed_buffer_status(line, path, err);
    return status == ED_OK ? ed_path_write_all(fd, ed_buffer_text(line), line->size, path, err) : status;
}

static enum ed_status transcribe_all(const struct ed_backend *backend, void *state,
                                     const struct recordings *recordings, const struct ed_inputs *inputs,
                                     int fd, const char *path, struct ed_error *err) {
    struct ed_tensor audio = inputs->tensors[0], *views = calloc(ED_TENSORS_MAX, sizeof *views);
    float *room = make_room(recordings, err);
    struct ed_buffer line;
    enum ed_status status = room ? ED_OK : ED_ERR_NO_MEMORY;
    if (!views)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the views of the outputs");
    ed_buffer_init(&line, LINE_MAX_BYTES);
    for (size_t i = 0; status == ED_OK && i < recordings->n; i++) {
        size_t n = 0, n_views = 0;
        status = take(recordings, i, room, &n, err);
        audio.data = room;
        audio.shape[0] = (int64_t)n;
        audio.bytes = n * sizeof *room;
        if (status == ED_OK)
            status = backend->bind(state, &audio, 1, err);
        if (status == ED_OK)
            status = backend->run(state, err);
        if (status == ED_OK)
            status = backend->outputs(state, views, ED_TENSORS_MAX, &n_views, err);
        if (status == ED_OK)
            status = write_text(views, n_views, &line, fd, path, err);
        if (status != ED_OK && err && !err->where[0])
            snprintf(err->where, sizeof err->where, "recording %zu of %zu", i + 1, recordings->n);
    }
    if (status == ED_OK && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be synced: %m");
    ed_buffer_release(&line);
    free(room);
    free(views);
    return status;
}

enum ed_status ed_recordings_run(const struct ed_backend *backend, void *state, const struct ed_job *job,
                                 const struct ed_job_block *block, const struct ed_inputs *inputs,
                                 struct ed_json_writer *evidence, struct ed_error *err) {
    struct recordings recordings = {0};
    char path[256];
    snprintf(path, sizeof path, ED_JOB_OUTPUTS "/%s.0.jsonl", block->id);
    enum ed_status status = check_model(inputs, err);
    if (status == ED_OK)
        status = recordings_open(&recordings, &job->data[job->cases[block->case_index].data], err);
    if (status != ED_OK)
        return status;
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    status = fd < 0 ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m")
                    : transcribe_all(backend, state, &recordings, inputs, fd, path, err);
    if (fd >= 0)
        close(fd);
    if (status == ED_OK) {
        ed_json_uint(evidence, "samples", recordings.n);
        status = ed_output_files_write(evidence, (const char *const[]){path}, 1, err);
    }
    recordings_close(&recordings);
    return status;
}
