// SPDX-License-Identifier: Apache-2.0
// Making data of recordings, with a cache.
#include "harness/data/speech_prepare.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json_write.h"
#include "base/npy.h"
#include "base/wav.h"
#include "harness/data/cache.h"
#include "harness/data/prepare.h"
#include "harness/data/speech.h"
#include "harness/suite_values.h"

#define KEY_MAX_BYTES (256u << 20)
#define PIECE 16384
#define FULL_SCALE 32768.0F

// Digest over all that the data comes from.
static enum ed_status make_key(char hex[ED_DIGEST_HEX_BYTES], const char *folder,
                               const struct ed_speech_set *set, struct ed_error *err) {
    char file[ED_PATH_BYTES], digest[ED_DIGEST_HEX_BYTES];
    struct ed_buffer text;
    enum ed_status status = ED_OK;
    ed_buffer_init(&text, KEY_MAX_BYTES);
    ed_buffer_printf(&text, "edgedyno " ED_VERSION " recordings\n");
    for (size_t i = 0; status == ED_OK && i < set->n; i++) {
        status = ed_path_join(file, folder, set->files[i], err);
        if (status == ED_OK)
            status = ed_digest_file(digest, NULL, file, err);
        ed_buffer_printf(&text, "%s %s\n", digest, set->files[i]);
        ed_digest_bytes(digest, set->texts[i], strlen(set->texts[i]));
        ed_buffer_printf(&text, "%s\n", digest);
    }
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the list of recordings", err);
    ed_digest_bytes(hex, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status read_recording(struct ed_wav *wav, const char *folder, const char *name,
                                     struct ed_error *err) {
    char file[ED_PATH_BYTES];
    memset(wav, 0, sizeof *wav);
    enum ed_status status = ed_path_join(file, folder, name, err);
    return status == ED_OK ? ed_wav_read_speech(wav, file, err) : status;
}

static bool fits_16_bits(const struct ed_wav *wav) {
    for (size_t i = 0; i < wav->n; i++) {
        const float whole = wav->samples[i] * FULL_SCALE;
        if (!(whole >= -32768.0F && whole <= 32767.0F) || whole != rintf(whole))
            return false;
    }
    return true;
}

// Where each recording ends, and whether 16 bits are exact for all.
static enum ed_status survey(const char *folder, const struct ed_speech_set *set, int64_t *ends, bool *narrow,
                             struct ed_error *err) {
    enum ed_status status = ED_OK;
    int64_t total = 0;
    *narrow = true;
    for (size_t i = 0; status == ED_OK && i < set->n; i++) {
        struct ed_wav wav;
        status = read_recording(&wav, folder, set->files[i], err);
        if (status == ED_OK) {
            total += (int64_t)wav.n;
            *narrow = *narrow && fits_16_bits(&wav);
        }
        ends[i] = total;
        ed_wav_release(&wav);
    }
    return status;
}

static enum ed_status write_recording(int fd, const char *path, const struct ed_wav *wav, bool narrow,
                                      struct ed_error *err) {
    int16_t piece[PIECE];
    if (!narrow)
        return ed_path_write_all(fd, wav->samples, wav->n * sizeof *wav->samples, path, err);
    enum ed_status status = ED_OK;
    for (size_t at = 0; status == ED_OK && at < wav->n; at += PIECE) {
        const size_t n = wav->n - at < PIECE ? wav->n - at : PIECE;
        for (size_t i = 0; i < n; i++)
            piece[i] = (int16_t)(wav->samples[at + i] * FULL_SCALE);
        status = ed_path_write_all(fd, piece, n * sizeof *piece, path, err);
    }
    return status;
}

static enum ed_status write_samples(int fd, const char *path, const char *folder,
                                    const struct ed_speech_set *set, const int64_t *ends, bool narrow,
                                    struct ed_error *err) {
    const int64_t shape[] = {ends[set->n - 1]};
    char header[1024];
    size_t bytes = 0;
    enum ed_status status =
        ed_npy_header(header, &bytes, narrow ? ED_DTYPE_I16 : ED_DTYPE_F32, 1, shape, err);
    if (status == ED_OK)
        status = ed_path_write_all(fd, header, bytes, path, err);
    for (size_t i = 0; status == ED_OK && i < set->n; i++) {
        struct ed_wav wav;
        status = read_recording(&wav, folder, set->files[i], err);
        if (status == ED_OK &&
            ((int64_t)wav.n != ends[i] - (i ? ends[i - 1] : 0) || (narrow && !fits_16_bits(&wav))))
            status = ed_fail(err, ED_ERR_PARSE, set->files[i], "changed while it was read");
        if (status == ED_OK)
            status = write_recording(fd, path, &wav, narrow, err);
        ed_wav_release(&wav);
    }
    return status;
}

static enum ed_status make_audio(const char *samples, const char *ends_path, const char *folder,
                                 const struct ed_speech_set *set, struct ed_error *err) {
    char part[ED_CACHE_PART_BYTES];
    bool narrow = true;
    int fd = -1;
    int64_t *ends = calloc(set->n, sizeof *ends);
    enum ed_status status =
        ends ? survey(folder, set, ends, &narrow, err)
             : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu recordings", set->n);
    ed_cache_part(part, samples);
    if (status == ED_OK) {
        fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        status = fd < 0 ? ed_fail_errno(err, ED_ERR_IO, part, "cannot be made: %m")
                        : ed_cache_publish(fd, part, samples,
                                           write_samples(fd, part, folder, set, ends, narrow, err), err);
    }
    if (status == ED_OK)
        status = ed_prepare_labels(ends_path, ends, set->n, err);
    if (fd >= 0)
        close(fd);
    free(ends);
    return status;
}

static enum ed_status write_transcripts(const char *path, const struct ed_speech_set *set,
                                        struct ed_error *err) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_SPEECH_SET_MAX_BYTES);
    for (size_t i = 0; i < set->n; i++) {
        struct ed_json_writer w;
        ed_json_writer_init(&w, &text, false);
        ed_json_object_begin(&w, NULL);
        ed_json_text(&w, "audio", set->files[i]);
        ed_json_text(&w, "text", set->texts[i]);
        ed_json_object_end(&w);
        ed_buffer_text_append(&text, "\n");
    }
    enum ed_status status = ed_buffer_status(&text, "the transcripts", err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status set_data(struct ed_suite_task *task, const char *samples, const char *ends,
                               const char *transcripts, struct ed_error *err) {
    struct ed_suite_input *data = realloc(task->data, 2 * sizeof *data);
    if (!data)
        return ed_suite_fail_memory(err);
    task->data = data;
    data[1] = (struct ed_suite_input){0};
    task->n_data = 2;
    enum ed_status status = ed_suite_text_set(&data[0].file, samples, err);
    if (status == ED_OK)
        status = ed_suite_text_set(&data[1].file, ends, err);
    if (status == ED_OK)
        status = ed_suite_text_set(&data[1].input, "ends", err);
    return status == ED_OK ? ed_suite_text_set(&task->labels, transcripts, err) : status;
}

enum ed_status ed_prepare_speech(struct ed_suite_task *task, struct ed_error *err) {
    char key[ED_DIGEST_HEX_BYTES], samples[ED_PATH_BYTES], ends[ED_PATH_BYTES], transcripts[ED_PATH_BYTES];
    const char *folder = task->data[0].file;
    struct ed_speech_set set;
    enum ed_status status = ed_speech_set_read(&set, folder, task->labels, err);
    if (status == ED_OK)
        status = make_key(key, folder, &set, err);
    if (status == ED_OK)
        status = ed_cache_path(samples, key, ".npy", err);
    if (status == ED_OK)
        status = ed_cache_path(ends, key, ".ends.npy", err);
    if (status == ED_OK)
        status = ed_cache_path(transcripts, key, ".transcripts.jsonl", err);
    // The ends are written last: where they are there, so are the samples.
    if (status == ED_OK && !(ed_cache_has(ends, set.n) && ed_path_exists(samples)))
        status = make_audio(samples, ends, folder, &set, err);
    if (status == ED_OK)
        status = write_transcripts(transcripts, &set, err);
    if (status == ED_OK)
        status = set_data(task, samples, ends, transcripts, err);
    ed_speech_set_release(&set);
    return status;
}
