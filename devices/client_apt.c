// SPDX-License-Identifier: Apache-2.0
// The package client apt, for Debian packages of this machine's package sources; apt checks the signed index.
#include "devices/client.h"
#include "devices/client_names.h"

// NAME[:ARCHITECTURE]=VERSION.
static bool package_ok(const char *text) {
    const char *equals = strchr(text, '=');
    const size_t name = strcspn(text, ":=");
    if (!equals || !ed_client_word(text, name, ".+-") ||
        (text[name] == ':' && !ed_client_word(text + name + 1, (size_t)(equals - text) - name - 1, "-")))
        return false;
    return ed_client_word(equals + 1, strlen(equals + 1), ".+~:-");
}

static enum ed_status download(const struct ed_client_job *job, char archive[ED_PATH_BYTES],
                               struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    // apt-get download writes to the current directory; as root it would ask a user of its own to, who
    // cannot.
    const char *const argv[] = {"env",
                                "-C",
                                directory,
                                "apt-get",
                                "-q",
                                "-o",
                                "APT::Sandbox::User=root",
                                "-o",
                                "Debug::NoLocking=1",
                                "download",
                                "--",
                                job->package->name,
                                NULL};
    enum ed_status status = ed_client_directory(directory, job, "download", err);
    const struct ed_client_command command = {argv, "apt-get", "use a machine with Debian's apt", directory};
    if (!status)
        status = ed_client_run(job, &command, err);
    return status ? status : ed_client_archive(job, directory, ".deb", archive, err);
}

const struct ed_client ed_client_apt = {
    .name = "apt",
    .source = "Debian",
    .expected = "a package with its version, such as \"libc6=2.36-9\"",
    .package_ok = package_ok,
    .archive = true,
    .download = download,
};
