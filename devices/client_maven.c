// SPDX-License-Identifier: Apache-2.0
// The package client Maven, for archives (jar, aar) of Maven Central.
#include "devices/client.h"
#include "devices/client_names.h"

#define PARTS_MAX 5

// GROUP:ARTIFACT:VERSION[:TYPE[:CLASSIFIER]], the third a version.
static bool package_ok(const char *text) {
    int parts = 0;
    while (parts < PARTS_MAX) {
        const size_t n = strcspn(text, ":");
        if (!(parts == 2 ? ed_client_version(text, n) : ed_client_word(text, n, "._-")))
            return false;
        parts++;
        text += n;
        if (!*text)
            return parts >= 3;
        text++;
    }
    return false;
}

// Where Maven keeps the artifact in its repository: GROUP with slashes, ARTIFACT.
static enum ed_status place(char path[ED_PATH_BYTES], const char *repository, const char *package,
                            struct ed_error *err) {
    char inner[sizeof((struct ed_engine_package *)0)->name];
    const size_t group = strcspn(package, ":"), n = group + 1 + strcspn(package + group + 1, ":");
    snprintf(inner, sizeof inner, "%.*s", (int)n, package);
    for (size_t i = 0; i <= group; i++)
        if (inner[i] == '.' || inner[i] == ':')
            inner[i] = '/';
    return ed_path_join(path, repository, inner, err);
}

static enum ed_status download(const struct ed_client_job *job, char archive[ED_PATH_BYTES],
                               struct ed_error *err) {
    char directory[ED_PATH_BYTES], repository[ED_PATH_BYTES], artifact[sizeof job->package->name + 16],
        output[ED_PATH_BYTES + 32], local[ED_PATH_BYTES + 32], growing[ED_PATH_BYTES];
    // In a directory of its own: a pom.xml of the current one would be obeyed.
    const char *const argv[] = {"env",
                                "-C",
                                directory,
                                "mvn",
                                "-B",
                                "-q",
                                "-Dstyle.color=never",
                                local,
                                "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
                                artifact,
                                output,
                                "-Dmdep.useBaseVersion=true",
                                NULL};
    enum ed_status status = ed_client_directory(directory, job, "download", err);
    if (!status)
        status = ed_client_directory(repository, job, "repository", err);
    if (!status)
        status = place(growing, repository, job->package->name, err);
    if (status)
        return status;
    snprintf(artifact, sizeof artifact, "-Dartifact=%s", job->package->name);
    snprintf(output, sizeof output, "-DoutputDirectory=%s", directory);
    snprintf(local, sizeof local, "-Dmaven.repo.local=%s", repository);
    const struct ed_client_command command = {
        argv, "mvn", "run `apt-get install maven`, or put an mvn first in PATH", growing};
    status = ed_client_run(job, &command, err);
    return status ? status : ed_client_archive(job, directory, "", archive, err);
}

const struct ed_client ed_client_maven = {
    .name = "maven",
    .source = "Maven Central",
    .expected = "GROUP:ARTIFACT:VERSION, with :TYPE behind it where that is not jar",
    .package_ok = package_ok,
    .archive = true,
    .download = download,
};
