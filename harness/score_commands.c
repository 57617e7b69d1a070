// SPDX-License-Identifier: Apache-2.0
// Running the programs that judge tasks.
#include "harness/score_commands.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "base/random.h"
#include "devices/process.h"
#include "harness/metrics.h"
#include "harness/outputs.h"
#include "harness/score_lines.h"
#include "harness/scores.h"
#include "harness/suite_keys.h"

#define DEADLINE_NS (INT64_C(6) * 3600 * 1000000000)
#define PRINTED_MAX_BYTES (1u << 30)
#define SAMPLES_MAX (INT64_C(1) << 32)

// Real numbers of a quantized output.
static enum ed_status write_real(const char *path, const struct ed_output_values *output,
                                 struct ed_error *err) {
    float row[4096];
    char header[1024];
    size_t bytes = 0, used = 0;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    enum ed_status status =
        ed_npy_header(header, &bytes, ED_DTYPE_F32, output->npy.rank, output->npy.shape, err);
    if (status == ED_OK)
        status = ed_path_write_all(fd, header, bytes, path, err);
    for (size_t i = 0; status == ED_OK && i < (size_t)output->npy.count; i++) {
        row[used++] = (float)ed_output_real(output, i);
        if (used < sizeof row / sizeof *row && i + 1 < (size_t)output->npy.count)
            continue;
        status = ed_path_write_all(fd, row, used * sizeof *row, path, err);
        used = 0;
    }
    close(fd);
    return status;
}

struct judging {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    const struct ed_blocks *blocks;
    size_t case_index;
    char folder[ED_PATH_BYTES]; // of this case, removed afterwards
};

static enum ed_status lay_output(const struct judging *j, size_t index, struct ed_json_writer *w, size_t *n,
                                 size_t *samples, struct ed_error *err) {
    struct ed_output_values output;
    char name[32], path[ED_PATH_BYTES];
    snprintf(name, sizeof name, "output%zu.npy", index);
    enum ed_status status = ed_path_join(path, j->folder, name, err);
    if (status == ED_OK)
        status = ed_output_open_at(&output, j->device, j->blocks, j->case_index, index, n, err);
    if (status != ED_OK)
        return status;
    if (output.npy.rank < 1 || output.npy.shape[0] < 1 || output.npy.shape[0] > SAMPLES_MAX)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, output.path, "holds no samples");
    else if (index && *samples != (size_t)output.npy.shape[0])
        status = ed_fail(err, ED_ERR_PARSE, output.path, "has another number of samples than output 0");
    else if (output.quantized)
        status = write_real(path, &output, err);
    else if (symlink(output.path, path) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    if (status == ED_OK) {
        *samples = (size_t)output.npy.shape[0];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", output.name);
        ed_json_text(w, "file", path);
        ed_json_object_end(w);
    }
    ed_output_close(&output);
    return status;
}

// What the figure is worked out over again: numbers of samples, a draw a row. They hang on the number of
// samples alone, so that every case of every campaign over the same data has the same ones.
static enum ed_status lay_draws(const struct judging *j, size_t n, struct ed_error *err) {
    const int64_t shape[] = {ED_SET_DRAWS, (int64_t)n};
    char header[1024], path[ED_PATH_BYTES];
    struct ed_random random;
    size_t bytes = 0;
    if (n > ED_SET_SAMPLES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "%zu samples; a figure over all of them together takes at most %d", n,
                       ED_SET_SAMPLES_MAX);
    int32_t *row = calloc(n + 1, sizeof *row);
    enum ed_status status =
        row ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for draws of %zu samples", n);
    if (status == ED_OK)
        status = ed_path_join(path, j->folder, ED_SET_DRAWS_FILE, err);
    if (status == ED_OK)
        status = ed_npy_header(header, &bytes, ED_DTYPE_I32, 2, shape, err);
    const int fd = status == ED_OK ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (status == ED_OK && fd < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    if (status == ED_OK)
        status = ed_path_write_all(fd, header, bytes, path, err);
    ed_random_init(&random, ed_random_derive(0, ED_METRIC_SET));
    for (size_t d = 0; status == ED_OK && d < ED_SET_DRAWS; d++) {
        for (size_t i = 0; i < n; i++)
            row[i] = (int32_t)ed_random_below(&random, n);
        status = ed_path_write_all(fd, row, n * sizeof *row, path, err);
    }
    if (fd >= 0)
        close(fd);
    free(row);
    return status;
}

static bool is_set(const struct judging *j) {
    return ed_metric_is_set(j->campaign->tasks[j->device->cases[j->case_index].task].metric);
}

static enum ed_status lay_task(const struct judging *j, size_t *samples, struct ed_error *err) {
    const struct ed_campaign_case *c = &j->device->cases[j->case_index];
    const struct ed_campaign_task *task = &j->campaign->tasks[c->task];
    struct ed_buffer text;
    struct ed_json_writer w;
    char path[ED_PATH_BYTES];
    size_t n = 1;
    enum ed_status status = ED_OK;
    ed_buffer_init(&text, 1u << 20);
    ed_json_writer_init(&w, &text, true);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "task", task->name);
    ed_json_text(&w, "case", c->case_id);
    if (task->labels[0])
        ed_json_text(&w, "labels", task->labels);
    else
        ed_json_null(&w, "labels");
    ed_json_array_begin(&w, "outputs");
    for (size_t i = 0; status == ED_OK && i < n; i++)
        status = lay_output(j, i, &w, &n, samples, err);
    ed_json_array_end(&w);
    ed_json_uint(&w, "samples", *samples);
    if (status == ED_OK && is_set(j)) {
        status = lay_draws(j, *samples, err);
        if (status == ED_OK)
            status = ed_path_join(path, j->folder, ED_SET_DRAWS_FILE, err);
        ed_json_text(&w, "draws", path);
    }
    ed_json_object_end(&w);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "task.json", err);
    if (status == ED_OK)
        status = ed_path_join(path, j->folder, "task.json", err);
    if (status == ED_OK)
        status = ed_path_write_unsynced(path, ed_buffer_text(&text), text.size, 0600, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status keep_rows(const struct judging *j, const double *rows, size_t n, struct ed_error *err) {
    const int64_t shape[] = {(int64_t)n, 2};
    char header[1024], path[ED_PATH_BYTES];
    size_t bytes = 0;
    struct ed_buffer text;
    ed_buffer_init(&text, sizeof header + n * 2 * sizeof *rows);
    enum ed_status status = ed_npy_header(header, &bytes, ED_DTYPE_F64, 2, shape, err);
    ed_buffer_append(&text, header, bytes);
    ed_buffer_append(&text, rows, n * 2 * sizeof *rows);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the scores", err);
    if (status == ED_OK)
        status = ed_scores_path(path, j->device, j->case_index, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}

// `n` samples in; rows of scores out.
static enum ed_status run_program(const struct judging *j, double **rows, size_t *n, struct ed_error *err) {
    const struct ed_campaign_task *task = &j->campaign->tasks[j->device->cases[j->case_index].task];
    const char *argv[ED_SUITE_COMMAND_MAX + 2] = {NULL};
    struct ed_spawn_result result;
    size_t words = 0;
    for (; words < task->n_command && words < ED_SUITE_COMMAND_MAX; words++)
        argv[words] = task->command[words];
    argv[words] = j->folder;
    const struct ed_spawn_args args = {.argv = argv,
                                       .out_limit_bytes = PRINTED_MAX_BYTES,
                                       .deadline_ns = ed_clock_monotonic_ns() + DEADLINE_NS};
    ed_spawn_result_init(&result);
    enum ed_status status = ed_process_run(&args, &result, err);
    if (status == ED_OK && (result.exit_code != 0 || result.signal)) {
        const size_t told = result.err_bytes < 160 ? result.err_bytes : 160;
        status = ed_fail(err, ED_ERR_REFUSED, argv[0], "ended with %s %d%s%.*s",
                         result.signal ? "signal" : "exit status",
                         result.signal ? result.signal : result.exit_code, told ? ": " : "", (int)told,
                         told ? result.err_out + result.err_bytes - told : "");
    }
    if (status == ED_OK && !(*rows = calloc(*n > ED_SET_DRAWS ? *n : ED_SET_DRAWS + 1, 2 * sizeof **rows)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu scores", *n);
    if (status == ED_OK && is_set(j)) {
        status = ed_score_set_parse(*rows, *n, result.out, result.out_bytes, err);
        *n = ED_SET_DRAWS + 1;
    } else if (status == ED_OK) {
        status = ed_score_lines_parse(*rows, *n, result.out, result.out_bytes, err);
    }
    ed_spawn_result_release(&result);
    return status;
}

// Why there is no score, for the record.
static enum ed_status keep_failure(const struct judging *j, const struct ed_error *why,
                                   struct ed_error *err) {
    char path[ED_PATH_BYTES], text[512];
    enum ed_status status = ed_scores_failure_path(path, j->device, j->case_index, err);
    const int n =
        snprintf(text, sizeof text, "%.200s%s%.280s", why->where, why->where[0] ? ": " : "", why->message);
    for (int i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
            text[i] = ' ';
    return status == ED_OK ? ed_path_write_atomic(path, text, strlen(text), 0644, err) : status;
}

static enum ed_status judge_case(struct judging *j, struct ed_error *err) {
    struct ed_error why = {0};
    double *rows = NULL;
    char name[64];
    size_t n = 0;
    snprintf(name, sizeof name, ED_SCORES_FOLDER "/c%zu.work", j->case_index);
    enum ed_status status = ed_path_join(j->folder, j->device->directory, name, err);
    if (status == ED_OK)
        status = ed_path_remove(j->folder, err);
    if (status == ED_OK)
        status = ed_path_make(j->folder, 0755, err);
    if (status != ED_OK)
        return status;
    enum ed_status judged = lay_task(j, &n, &why);
    if (judged == ED_OK)
        judged = run_program(j, &rows, &n, &why);
    status = judged == ED_OK ? keep_rows(j, rows, n, err) : keep_failure(j, &why, err);
    free(rows);
    if (status == ED_OK)
        status = ed_path_remove(j->folder, err);
    return status;
}

static enum ed_status judge_device(const struct ed_campaign *campaign,
                                   const struct ed_campaign_device *device, struct ed_error *err) {
    struct ed_blocks blocks = {0};
    char path[ED_PATH_BYTES];
    bool any = false;
    for (size_t c = 0; c < device->n_cases; c++)
        any = any || (device->cases[c].task >= 0 && campaign->tasks[device->cases[c].task].n_command);
    enum ed_status status = any ? ed_blocks_load(&blocks, device, NULL, err) : ED_OK;
    for (size_t c = 0; any && status == ED_OK && c < device->n_cases; c++) {
        struct judging j = {.campaign = campaign, .device = device, .blocks = &blocks, .case_index = c};
        if (device->cases[c].task < 0 || !campaign->tasks[device->cases[c].task].n_command)
            continue;
        status = ed_scores_path(path, device, c, err);
        if (status == ED_OK && !ed_path_exists(path))
            status = judge_case(&j, err);
    }
    if (any)
        ed_blocks_release(&blocks);
    return status;
}

enum ed_status ed_score_commands(const struct ed_campaign *campaign, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t d = 0; status == ED_OK && d < campaign->n_devices; d++)
        status = judge_device(campaign, &campaign->devices[d], err);
    return status;
}
