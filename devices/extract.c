// SPDX-License-Identifier: Apache-2.0
// Taking an engine's files out of a package: by Python's readers of archives (devices/extract.py).
#include <stdlib.h>

#include "base/clock.h"
#include "devices/client.h"
#include "devices/embedded.h"
#include "devices/process.h"
#include "devices/words.h"

#define EXTRACT_TIME_NS 900000000000ll
#define OUTPUT_LIMIT_BYTES (1u << 20)
#define EXIT_NO_SPACE 28
#define ARGUMENTS_BEFORE 5

static enum ed_status judge(const struct ed_client_job *job, const struct ed_spawn_result *result,
                            const char *directory, struct ed_error *err) {
    char said[ED_WORDS_BYTES];
    if (result->exit_code == 0)
        return ED_OK;
    ed_words_said(said, result->err_out);
    if (result->exit_code == EXIT_NO_SPACE)
        return ed_fail(err, ED_ERR_NO_SPACE, directory,
                       "the disk is full: the files of %s do not fit; make room, or set "
                       "EDGEDYNO_ENGINE_STORE to another directory",
                       job->build->id);
    return ed_fail(err, ED_ERR_IO, job->package->name, "its files cannot be taken out of the archive%s",
                   said);
}

enum ed_status ed_extract(const struct ed_client_job *job, const char *archive, const char *directory,
                          struct ed_error *err) {
    const size_t n_files = job->package->n_files;
    const struct ed_engine_file *files = &job->build->files[job->package->first];
    const char **argv = calloc(ARGUMENTS_BEFORE + 1 + 3 * n_files, sizeof *argv);
    char(*paths)[ED_PATH_BYTES] = calloc(n_files, sizeof *paths);
    char(*sizes)[32] = calloc(n_files, sizeof *sizes);
    char *program = calloc(1, ed_embedded_extract_bytes + 1);
    const char *const *python = ed_python_candidates();
    struct ed_spawn_result result = {0};
    struct ed_spawn_args args = {.argv = argv, .out_limit_bytes = OUTPUT_LIMIT_BYTES};
    enum ed_status status = ED_OK;
    size_t n = 0;
    if (!argv || !paths || !sizes || !program) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, archive, "no memory for the names of %zu files", n_files);
        goto out;
    }
    status = ed_python_find(&python, "zipfile", err);
    if (status)
        goto out;
    memcpy(program, ed_embedded_extract, ed_embedded_extract_bytes);
    argv[n++] = *python;
    argv[n++] = "-I";
    argv[n++] = "-c";
    argv[n++] = program;
    argv[n++] = archive;
    for (size_t i = 0; i < n_files && !status; i++) {
        status = ed_path_join(paths[i], directory, files[i].name, err);
        snprintf(sizes[i], sizeof sizes[i], "%lld", (long long)files[i].bytes);
        argv[n++] = files[i].member;
        argv[n++] = paths[i];
        argv[n++] = sizes[i];
    }
    args.deadline_ns = ed_clock_monotonic_ns() + EXTRACT_TIME_NS;
    if (!status)
        status = ed_process_run(&args, &result, err);
    if (!status)
        status = judge(job, &result, directory, err);
out:
    ed_spawn_result_release(&result);
    free(program);
    free(argv);
    free(paths);
    free(sizes);
    return status;
}
