// SPDX-License-Identifier: Apache-2.0
// Putting a worker's command line together.
#include "runners/launch.h"

#include <string.h>

#include "runners/started.h"

static enum ed_status add_directory(struct ed_launch *launch, const char *directory, bool is_list,
                                    struct ed_error *err) {
    const size_t used = strlen(launch->library_path);
    if (!directory[0])
        return ED_OK;
    if (!is_list && strpbrk(directory, ":;"))
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, directory,
            "a directory of libraries with a colon or a semicolon in its path cannot be given to a C "
            "library's loader; choose another work directory");
    if ((size_t)snprintf(launch->library_path + used, sizeof launch->library_path - used, "%s%s",
                         used ? ":" : "", directory) >= sizeof launch->library_path - used)
        return ed_fail(err, ED_ERR_LIMIT, directory, "the list of library directories is too long");
    return ED_OK;
}

static const char *variable(char *const *environment, const char *name) {
    const size_t n = strlen(name);
    for (; *environment; environment++)
        if (!strncmp(*environment, name, n) && (*environment)[n] == '=')
            return *environment + n + 1;
    return "";
}

enum ed_status ed_launch_worker(struct ed_launch *launch, const char *runner,
                                const struct ed_job_engine *engine, char *const *environment,
                                struct ed_error *err) {
    struct ed_started started;
    char directory[ED_PATH_BYTES] = "";
    memset(launch, 0, sizeof *launch);
    enum ed_status status = ed_path_join(launch->program, "", runner, err);
    if (status == ED_OK)
        status = ed_started_find(&started, NULL, err);
    if (status != ED_OK)
        return status;
    if (engine->libc_directory[0]) {
        status = ed_path_join(launch->loader, engine->libc_directory, engine->libc_loader, err);
        if (status == ED_OK)
            status = add_directory(launch, engine->libc_directory, false, err);
    } else if (started.loader[0]) {
        memcpy(launch->loader, started.loader, sizeof launch->loader);
        status = add_directory(launch, started.library_path, true, err);
    } else {
        launch->argv[0] = "edgedyno-runner";
        launch->argv[1] = "worker";
        return ED_OK;
    }
    if (status == ED_OK)
        status = add_directory(launch, engine->directory, false, err);
    if (status == ED_OK && engine->library[0]) {
        ed_path_directory(directory, engine->library);
        if (strcmp(directory, engine->directory))
            status = add_directory(launch, directory, false, err);
    }
    if (status == ED_OK)
        status = add_directory(launch, variable(environment, "LD_LIBRARY_PATH"), true, err);
    size_t n = 0;
    launch->argv[n++] = launch->loader;
    if (launch->library_path[0]) {
        launch->argv[n++] = "--library-path";
        launch->argv[n++] = launch->library_path;
    }
    launch->argv[n++] = launch->program;
    launch->argv[n] = "worker";
    return status;
}

const char *ed_launch_file(const struct ed_launch *launch) {
    return launch->loader[0] ? launch->loader : launch->program;
}
