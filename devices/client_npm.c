// SPDX-License-Identifier: Apache-2.0
// The package client npm, for packages of the npm registry.
#include "devices/client.h"
#include "devices/client_names.h"

// [@SCOPE/]NAME@VERSION.
static bool package_ok(const char *text) {
    if (text[0] == '@') {
        const char *slash = strchr(text, '/');
        if (!slash || !ed_client_word(text + 1, (size_t)(slash - text - 1), "._-"))
            return false;
        text = slash + 1;
    }
    const char *at = strchr(text, '@');
    return at && ed_client_word(text, (size_t)(at - text), "._-") &&
           ed_client_version(at + 1, strlen(at + 1));
}

static enum ed_status download(const struct ed_client_job *job, char archive[ED_PATH_BYTES],
                               struct ed_error *err) {
    char directory[ED_PATH_BYTES], cache[ED_PATH_BYTES];
    const char *const argv[] = {"npm",
                                "pack",
                                "--ignore-scripts",
                                "--no-audit",
                                "--no-fund",
                                "--no-update-notifier",
                                "--loglevel=error",
                                "--cache",
                                cache,
                                "--pack-destination",
                                directory,
                                "--",
                                job->package->name,
                                NULL};
    enum ed_status status = ed_client_directory(directory, job, "download", err);
    if (!status)
        status = ed_client_directory(cache, job, "cache", err);
    const struct ed_client_command command = {
        argv, "npm", "run `apt-get install npm`, or put an npm first in PATH", cache};
    if (!status)
        status = ed_client_run(job, &command, err);
    return status ? status : ed_client_archive(job, directory, ".tgz", archive, err);
}

const struct ed_client ed_client_npm = {
    .name = "npm",
    .source = "npm",
    .expected = "a package with its version, such as \"@node-llama-cpp/linux-x64@3.22.1\"",
    .package_ok = package_ok,
    .archive = true,
    .download = download,
};
