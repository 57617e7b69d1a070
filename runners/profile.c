// SPDX-License-Identifier: Apache-2.0
// Profiling one case.
#include "runners/profile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "runners/output_files.h"

#define PACE_RUNS 3
#define RUNS_LEAST 5
#define RUNS_MOST 200
#define BUDGET_NS INT64_C(1000000000)
#define FILE_MAX_BYTES (4u << 20)
#define CALLS_MOST (UINT64_C(1) << 48)
#define TOTAL_MOST_NS (INT64_C(1) << 53)

// How many runs fit the budget, by the shortest of a few. A language engine has no `run` to try.
static enum ed_status choose_runs(const struct ed_backend *backend, void *state,
                                  const struct ed_job_block *block, bool language, uint32_t *runs,
                                  struct ed_error *err) {
    int64_t shortest_ns = INT64_MAX;
    *runs = RUNS_LEAST;
    if (language)
        return ED_OK;
    for (int i = 0; i < PACE_RUNS; i++) {
        const int64_t before = ed_clock_raw_ns();
        enum ed_status status = backend->run(state, err);
        if (status != ED_OK)
            return status;
        const int64_t took_ns = ed_clock_raw_ns() - before;
        shortest_ns = took_ns < shortest_ns ? took_ns : shortest_ns;
        if (took_ns > BUDGET_NS)
            break;
    }
    int64_t n = block->inferences > 0 ? block->inferences : BUDGET_NS / (shortest_ns > 0 ? shortest_ns : 1);
    n = n < RUNS_LEAST ? RUNS_LEAST : n;
    *runs = (uint32_t)(n > RUNS_MOST ? RUNS_MOST : n);
    return ED_OK;
}

static enum ed_status check_row(const struct ed_op_profile_row *row, size_t index, struct ed_error *err) {
    if (!memchr(row->name, 0, sizeof row->name) || !memchr(row->op, 0, sizeof row->op))
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "row %zu of the adapter's profile has a name without its end", index);
    if (row->calls > CALLS_MOST || row->total_ns < 0 || row->total_ns > TOTAL_MOST_NS)
        return ed_fail(err, ED_ERR_REFUSED, NULL,
                       "row %zu of the adapter's profile has %llu calls of %lld ns together", index,
                       (unsigned long long)row->calls, (long long)row->total_ns);
    return ED_OK;
}

static enum ed_status write_rows(const struct ed_op_profile_row *rows, size_t n, const char *path,
                                 struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, FILE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_array_begin(&w, "ops");
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(rows[i].op, ED_PROFILE_WHOLE_RUN))
            continue;
        ed_json_object_begin(&w, NULL);
        ed_json_text(&w, "name", rows[i].name);
        ed_json_text(&w, "op", rows[i].op);
        ed_json_text(&w, "processor", ed_processor_word(rows[i].processor));
        ed_json_uint(&w, "calls", rows[i].calls);
        ed_json_int(&w, "total_ns", rows[i].total_ns);
        ed_json_object_end(&w);
    }
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    enum ed_status status = ed_buffer_status(&text, path, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0600, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status tell(struct ed_json_writer *evidence, const struct ed_op_profile_row *rows, size_t kept,
                           size_t n, uint32_t runs, const char *path, struct ed_error *err) {
    int64_t run_ns = -1;
    size_t ops = kept;
    for (size_t i = 0; i < kept; i++) {
        if (strcmp(rows[i].op, ED_PROFILE_WHOLE_RUN))
            continue;
        ops--;
        if (rows[i].calls) {
            runs = (uint32_t)(rows[i].calls < UINT32_MAX ? rows[i].calls : UINT32_MAX);
            run_ns = rows[i].total_ns / (int64_t)rows[i].calls;
        }
    }
    ed_json_object_begin(evidence, "profile");
    ed_json_uint(evidence, "runs", runs);
    if (run_ns >= 0)
        ed_json_int(evidence, "run_ns", run_ns);
    ed_json_uint(evidence, "ops", ops);
    ed_json_uint(evidence, "left_out", n - kept);
    ed_json_object_end(evidence);
    return ed_output_files_write(evidence, (const char *const[]){path}, 1, err);
}

enum ed_status ed_profile_run(const struct ed_backend *backend, void *state, const struct ed_job_block *block,
                              bool language, struct ed_json_writer *evidence, struct ed_error *err) {
    struct ed_op_profile_row *rows = calloc(ED_PROFILE_OPS_MAX, sizeof *rows);
    struct ed_error failure = {0};
    char path[256];
    uint32_t runs = 0;
    size_t n = 0;
    if (!rows)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the rows of a profile");
    enum ed_status status = choose_runs(backend, state, block, language, &runs, err);
    if (status != ED_OK)
        goto out;
    if (backend->op_profile(state, runs, rows, ED_PROFILE_OPS_MAX, &n, &failure) != ED_OK) {
        ed_json_text(evidence, "profile_reason", failure.message);
        goto out;
    }
    const size_t kept = n < ED_PROFILE_OPS_MAX ? n : ED_PROFILE_OPS_MAX;
    for (size_t i = 0; status == ED_OK && i < kept; i++)
        status = check_row(&rows[i], i, err);
    snprintf(path, sizeof path, ED_JOB_OUTPUTS "/%s.ops.json", block->id);
    if (status == ED_OK)
        status = write_rows(rows, kept, path, err);
    if (status == ED_OK)
        status = tell(evidence, rows, kept, n, runs, path, err);
out:
    free(rows);
    return status;
}
