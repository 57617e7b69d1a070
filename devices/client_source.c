// SPDX-License-Identifier: Apache-2.0
// In place of a package client: no package has the build, and a script of edgedyno's sources makes it. It is
// not run from here, for it takes minutes, a compiler and the sources; its result is a directory for `engines
// add`.
#include "devices/client.h"
#include "devices/client_names.h"

// A file of the source tree, such as deps/engine-NAME.sh.
static bool package_ok(const char *text) {
    return ed_client_word(text, strlen(text), "/.+_-") && !strstr(text, "..");
}

void ed_client_source_advice(char *text, size_t bytes, const struct ed_engine_build *build) {
    snprintf(text, bytes,
             "no package has it: %.60s %.31s DIR builds it; then `edgedyno engines add %.40s DIR --as %.40s "
             "--target %.31s`",
             build->package, build->target, build->name, build->version, build->target);
}

static enum ed_status download(const struct ed_client_job *job, char archive[ED_PATH_BYTES],
                               struct ed_error *err) {
    char words[256];
    archive[0] = '\0';
    ed_client_source_advice(words, sizeof words, job->build);
    return ed_fail(err, ED_ERR_UNSUPPORTED, job->build->id, "%s", words);
}

const struct ed_client ed_client_source = {
    .name = "source",
    .source = "its sources",
    .expected = "the path of a script in edgedyno's sources",
    .package_ok = package_ok,
    .download = download,
};
