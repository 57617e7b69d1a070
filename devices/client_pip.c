// SPDX-License-Identifier: Apache-2.0
// The package client pip, for wheels from PyPI.
#include "devices/client.h"
#include "devices/client_names.h"

#define ARGUMENTS_MAX (32 + 2 * 64)
#define ADVICE "run `apt-get install python3 python3-pip`"

static const char download_program[] = "import sys\n"
                                       "sys.path[:] = [p for p in sys.path if p]\n"
                                       "import os, runpy\n"
                                       "os.environ['TMPDIR'] = sys.argv[1]\n"
                                       "sys.argv[:2] = ['pip']\n"
                                       "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n";

// NAME==VERSION, so that nothing can be taken for an option of the client, nor a newer package come instead.
static bool package_ok(const char *text) {
    const char *equals = strstr(text, "==");
    return equals && ed_client_word(text, (size_t)(equals - text), "._-") &&
           ed_client_version(equals + 2, strlen(equals + 2));
}

static enum ed_status download_with(const char *python, int attempt, const struct ed_client_job *job,
                                    char archive[ED_PATH_BYTES], struct ed_error *err) {
    char directory[ED_PATH_BYTES], scratch[ED_PATH_BYTES], name[32];
    const char *argv[ARGUMENTS_MAX] = {python,
                                       "-c",
                                       download_program,
                                       scratch,
                                       "download",
                                       "--no-deps",
                                       "--only-binary=:all:",
                                       "--no-input",
                                       "--disable-pip-version-check",
                                       "--progress-bar",
                                       "off",
                                       "--quiet",
                                       "--retries",
                                       "2",
                                       "--implementation",
                                       "cp",
                                       "--python-version",
                                       job->package->python,
                                       "-d",
                                       directory};
    enum ed_status status;
    size_t n = 0;
    snprintf(name, sizeof name, "download-%d", attempt);
    status = ed_client_directory(directory, job, name, err);
    snprintf(name, sizeof name, "scratch-%d", attempt);
    if (!status)
        status = ed_client_directory(scratch, job, name, err);
    if (status)
        return status;
    while (argv[n])
        n++;
    for (size_t i = 0; job->package->platforms[i] && n + 4 < ARGUMENTS_MAX; i++) {
        argv[n++] = "--platform";
        argv[n++] = job->package->platforms[i];
    }
    argv[n++] = job->package->name;
    argv[n] = NULL;
    const struct ed_client_command command = {argv, "pip", ADVICE, scratch};
    status = ed_client_run(job, &command, err);
    return status ? status : ed_client_archive(job, directory, "", archive, err);
}

// One Python's pip may fail where another's works: certificates, a configuration, an old version.
// ED_ERR_REFUSED is such a failure.
static enum ed_status download(const struct ed_client_job *job, char archive[ED_PATH_BYTES],
                               struct ed_error *err) {
    const char *const *candidates = ed_python_candidates();
    enum ed_status status = ed_python_find(&candidates, "pip", err);
    struct ed_error next = {0};
    for (int attempt = 0; !status; attempt++) {
        status = download_with(*candidates, attempt, job, archive, err);
        if (status != ED_ERR_REFUSED)
            return status;
        candidates++;
        if (ed_python_find(&candidates, "pip", &next))
            return status;
        if (job->log && err)
            ed_log_line(job->log, ED_LOG_DETAIL, "%s", err->message);
        status = ED_OK;
    }
    return status;
}

const struct ed_client ed_client_pip = {
    .name = "pip",
    .source = "PyPI",
    .expected = "a package with its version, such as \"onnxruntime==1.27.0\"",
    .package_ok = package_ok,
    .archive = true,
    .download = download,
};
