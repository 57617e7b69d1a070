// SPDX-License-Identifier: Apache-2.0
// Making tensors of data sets, with a cache.
#include "harness/data/prepare.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/npy.h"
#include "base/path.h"
#include "base/questions.h"
#include "devices/process.h"
#include "harness/data/cache.h"
#include "harness/data/folder.h"
#include "harness/data/speech_prepare.h"
#include "harness/metrics.h"
#include "harness/outputs.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"

#define KEY_MAX_BYTES (1u << 30)
#define COMMAND_DEADLINE_NS (INT64_C(6) * 3600 * 1000000000)
#define COMMAND_WORDS_MAX (ED_SUITE_COMMAND_MAX + 2)

enum ed_status ed_prepare_labels(const char *path, const int64_t *labels, size_t n, struct ed_error *err) {
    const int64_t shape[] = {(int64_t)n};
    char header[1024];
    size_t size = 0;
    struct ed_buffer text;
    ed_buffer_init(&text, sizeof header + n * sizeof *labels);
    enum ed_status status = ed_npy_header(header, &size, ED_DTYPE_I64, 1, shape, err);
    ed_buffer_append(&text, header, size);
    ed_buffer_append(&text, labels, n * sizeof *labels);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the labels", err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status write_header(int fd, const char *path, const struct ed_preprocess *p,
                                   const struct ed_preprocess_size *size, size_t n, struct ed_error *err) {
    const int64_t shape[] = {(int64_t)n, size->shape[0], size->shape[1], size->shape[2]};
    char header[1024];
    size_t bytes = 0;
    enum ed_status status =
        ed_npy_header(header, &bytes, p->bytes ? ED_DTYPE_U8 : ED_DTYPE_F32, 4, shape, err);
    return status == ED_OK ? ed_path_write_all(fd, header, bytes, path, err) : status;
}

static enum ed_status write_images(int fd, const char *path, const struct ed_preprocess *p,
                                   const char *folder, char *const *relative, size_t n,
                                   struct ed_error *err) {
    struct ed_preprocess_size first = {0}, size = {0};
    char file[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        void *tensor = NULL;
        status = ed_path_join(file, folder, relative[i], err);
        if (status == ED_OK)
            status = ed_preprocess_file(&tensor, &size, p, file, err);
        if (status == ED_OK && i == 0) {
            first = size;
            status = write_header(fd, path, p, &size, n, err);
        }
        if (status == ED_OK && (size.width != first.width || size.height != first.height))
            status = ed_fail(err, ED_ERR_USAGE, file,
                             "becomes %zu x %zu, and the first image %zu x %zu: give \"preprocess\" a resize "
                             "to two numbers, or a crop",
                             size.height, size.width, first.height, first.width);
        if (status == ED_OK)
            status = ed_path_write_all(fd, tensor, size.n_bytes, path, err);
        free(tensor);
    }
    return status;
}

enum ed_status ed_prepare_images(const char *path, const struct ed_preprocess *p, const char *folder,
                                 char *const *relative, size_t n, struct ed_error *err) {
    char part[ED_PATH_BYTES + 32];
    ed_cache_part(part, path);
    const int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, part, "cannot be made: %m");
    enum ed_status status =
        ed_cache_publish(fd, part, path, write_images(fd, part, p, folder, relative, n, err), err);
    close(fd);
    return status;
}

// What the user's program wrote is data of `n` samples, or it is not taken.
static enum ed_status check_written(const char *part, size_t n, const char *program, struct ed_error *err) {
    struct ed_npy npy = {0};
    enum ed_status status = ed_npy_open(&npy, part, err);
    if (status == ED_OK && (npy.rank < 1 || npy.shape[0] != (int64_t)n))
        status = ed_fail(err, ED_ERR_USAGE, program, "wrote %lld samples for %zu files",
                         npy.rank ? (long long)npy.shape[0] : 0, n);
    ed_npy_close(&npy);
    return status;
}

// COMMAND... LIST OUT.npy: LIST has the absolute path of each file on a line of its own.
static enum ed_status run_command(const char *part, const struct ed_suite_preprocess *preprocess,
                                  const char *folder, char *const *relative, size_t n, struct ed_error *err) {
    const char *argv[COMMAND_WORDS_MAX + 1] = {NULL};
    char list[ED_PATH_BYTES + 64], file[ED_PATH_BYTES];
    struct ed_spawn_result result;
    struct ed_buffer text;
    size_t words = 0;
    enum ed_status status = ED_OK;
    ed_spawn_result_init(&result);
    ed_buffer_init(&text, KEY_MAX_BYTES);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = ed_path_join(file, folder, relative[i], err);
        ed_buffer_printf(&text, "%s\n", file);
    }
    snprintf(list, sizeof list, "%.4140s.list", part);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the list of images", err);
    if (status == ED_OK)
        status = ed_path_write_atomic(list, ed_buffer_text(&text), text.size, 0600, err);
    for (; words < preprocess->n_command && words < ED_SUITE_COMMAND_MAX; words++)
        argv[words] = preprocess->command[words];
    argv[words++] = list;
    argv[words] = part;
    const struct ed_spawn_args args = {.argv = argv,
                                       .out_limit_bytes = 1u << 20,
                                       .deadline_ns = ed_clock_monotonic_ns() + COMMAND_DEADLINE_NS};
    if (status == ED_OK)
        status = ed_process_run(&args, &result, err);
    if (status == ED_OK && (result.exit_code != 0 || result.signal)) {
        const size_t told = result.err_bytes < 300 ? result.err_bytes : 300;
        status = ed_fail(err, ED_ERR_USAGE, argv[0], "preprocessing ended with %s %d%s%.*s",
                         result.signal ? "signal" : "exit status",
                         result.signal ? result.signal : result.exit_code, told ? ": " : "", (int)told,
                         told ? result.err_out + result.err_bytes - told : "");
    }
    if (status == ED_OK)
        status = check_written(part, n, argv[0], err);
    unlink(list);
    ed_spawn_result_release(&result);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status make_by_command(const char *path, const struct ed_suite_preprocess *preprocess,
                                      const char *folder, char *const *relative, size_t n,
                                      struct ed_error *err) {
    char part[ED_PATH_BYTES + 32];
    ed_cache_part(part, path);
    enum ed_status status = run_command(part, preprocess, folder, relative, n, err);
    const int fd = status == ED_OK ? open(part, O_RDONLY | O_CLOEXEC) : -1;
    if (status == ED_OK && fd < 0)
        status = ed_fail_errno(err, ED_ERR_IO, part, "cannot be read: %m");
    status = ed_cache_publish(fd, part, path, status, err);
    if (fd >= 0)
        close(fd);
    return status;
}

// Digest over all that the tensors come from.
static enum ed_status make_key(char hex[ED_DIGEST_HEX_BYTES], const char *preprocess, const char *folder,
                               const struct ed_folder *images, struct ed_error *err) {
    char file[ED_PATH_BYTES], digest[ED_DIGEST_HEX_BYTES];
    struct ed_buffer text;
    enum ed_status status = ED_OK;
    ed_buffer_init(&text, KEY_MAX_BYTES);
    ed_buffer_printf(&text, "edgedyno " ED_VERSION " data\npreprocess %s\n", preprocess);
    for (size_t i = 0; status == ED_OK && i < images->n; i++) {
        status = ed_path_join(file, folder, images->files[i], err);
        if (status == ED_OK)
            status = ed_digest_file(digest, NULL, file, err);
        ed_buffer_printf(&text, "%s %lld %s\n", digest, (long long)images->labels[i], images->files[i]);
    }
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the list of images", err);
    ed_digest_bytes(hex, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status prepare_images(const struct ed_suite_model *model, struct ed_suite_task *task,
                                     struct ed_error *err) {
    char key[ED_DIGEST_HEX_BYTES], data[ED_PATH_BYTES], labels[ED_PATH_BYTES];
    const char *folder = task->data[0].file;
    struct ed_folder images;
    enum ed_status status = ed_folder_read(&images, folder, task->labels, err);
    if (status == ED_OK && !images.labelled && ed_metric_top(task->metric))
        status = ed_fail(err, ED_ERR_USAGE, folder,
                         "has no labels: put a " ED_FOLDER_LABELS " of FILE,CLASS into it, or the images "
                         "into a folder a class");
    if (status == ED_OK)
        status = ed_preprocess_digest(task->preprocess_sha256, &model->preprocess, err);
    if (status == ED_OK)
        status = make_key(key, task->preprocess_sha256, folder, &images, err);
    if (status == ED_OK)
        status = ed_cache_path(data, key, ".npy", err);
    if (status == ED_OK)
        status = ed_cache_path(labels, key, ".labels.npy", err);
    if (status == ED_OK && !ed_cache_has(data, images.n)) {
        struct ed_preprocess p;
        ed_preprocess_of_suite(&p, &model->preprocess);
        status = model->preprocess.n_command
                     ? make_by_command(data, &model->preprocess, folder, images.files, images.n, err)
                     : ed_prepare_images(data, &p, folder, images.files, images.n, err);
    }
    if (status == ED_OK && images.labelled && !ed_metric_is_signal(task->metric)) {
        status = ed_prepare_labels(labels, images.labels, images.n, err);
        if (status == ED_OK)
            status = ed_suite_text_set(&task->labels, labels, err);
    }
    if (status == ED_OK)
        status = ed_suite_text_set(&task->data[0].file, data, err);
    ed_folder_release(&images);
    return status;
}

static enum ed_status prepare_questions(struct ed_suite_task *task, struct ed_error *err) {
    char digest[ED_DIGEST_HEX_BYTES], labels[ED_PATH_BYTES];
    const bool match = !strcmp(task->metric, ED_METRIC_MATCH);
    struct ed_questions questions;
    enum ed_status status = ed_questions_read(&questions, task->data[0].file, match, err);
    int64_t *answers = status == ED_OK ? calloc(questions.n, sizeof *answers) : NULL;
    if (status == ED_OK && !answers)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the answers");
    // Of an answer in words the runner tells two scores: that it did not match, and that it did.
    for (size_t i = 0; status == ED_OK && i < questions.n; i++)
        answers[i] = match ? 1 : questions.items[i].answer;
    if (status == ED_OK)
        status = ed_digest_file(digest, NULL, task->data[0].file, err);
    if (status == ED_OK)
        status = ed_cache_path(labels, digest, match ? ".matches.npy" : ".choices.npy", err);
    if (status == ED_OK)
        status = ed_prepare_labels(labels, answers, questions.n, err);
    if (status == ED_OK)
        status = ed_suite_text_set(&task->labels, labels, err);
    free(answers);
    ed_questions_release(&questions);
    return status;
}

// Labels of tensors that no answer can be held against are told before anything is measured; how many classes
// there are only the outputs tell.
static enum ed_status check_labels(const struct ed_suite_task *task, struct ed_error *err) {
    struct ed_npy data = {0}, labels = {0};
    enum ed_status status = ed_npy_open(&data, task->data[0].file, err);
    if (status == ED_OK)
        status = ed_npy_open(&labels, task->labels, err);
    if (status == ED_OK && data.rank < 1)
        status = ed_fail(err, ED_ERR_USAGE, task->data[0].file,
                         "holds one number; its first dimension counts samples");
    if (status == ED_OK && (!ed_npy_is_real(&labels) || labels.rank < 1 || labels.count != data.shape[0]))
        status = ed_fail(err, ED_ERR_USAGE, task->labels,
                         "has %lld labels, and %s %lld samples: one number for each is needed",
                         (long long)labels.count, ed_path_base(task->data[0].file), (long long)data.shape[0]);
    for (size_t i = 0; status == ED_OK && i < (size_t)labels.count; i++) {
        const double label = ed_npy_real(&labels, i);
        if (!(label >= 0 && floor(label) == label))
            status = ed_fail(err, ED_ERR_USAGE, task->labels,
                             "sample %zu has the label %g; labels are whole numbers from 0", i, label);
    }
    ed_npy_close(&data);
    ed_npy_close(&labels);
    return status;
}

enum ed_status ed_prepare_suite(struct ed_suite *suite, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t m = 0; m < suite->n_models; m++)
        for (size_t t = 0; status == ED_OK && t < suite->models[m].n_tasks; t++) {
            struct ed_suite_task *task = &suite->models[m].tasks[t];
            const size_t n = strlen(task->labels);
            const char *folder = task->n_data == 1 ? task->data[0].file : "";
            if (ed_metric_is_questions(task->metric))
                status = prepare_questions(task, err);
            else if (ed_metric_is_speech(task->metric))
                status = ed_path_is_directory(folder) ? ed_prepare_speech(task, err) : ED_OK;
            else if (ed_path_is_directory(folder))
                status = prepare_images(&suite->models[m], task, err);
            else if (n > 4 && !strcmp(task->labels + n - 4, ".csv"))
                status = ed_fail(err, ED_ERR_USAGE, task->labels,
                                 "labels of tensors are an .npy; a .csv belongs to a folder of images");
            else if (task->labels[0] && ed_metric_top(task->metric))
                status = check_labels(task, err);
        }
    return status;
}
