// SPDX-License-Identifier: Apache-2.0
// What every engine build offers on the devices: from the build itself where it is present, else from its
// manifest.
#ifndef EDGEDYNO_HARNESS_CLI_SURVEY_H
#define EDGEDYNO_HARNESS_CLI_SURVEY_H

#include "base/json_write.h"
#include "harness/cli/grid.h"
#include "harness/cli/resources.h"

// One build on one device.
struct ed_survey_build {
    const struct ed_engine_build *build;
    const char *device; // NULL: a build for a target that no chosen device has
    bool surveyed;
    char why[512];           // not surveyed because
    struct ed_survey offers; // of the manifest, where not surveyed: their names and kinds alone
};

struct ed_survey_list {
    struct ed_survey_build *items; // owned
    size_t n;
    bool failed; // a device or a present build did not answer
    const char *store;
};

// Surveys every build on each of the devices. A device that cannot be reached is logged. `targets` is a
// pattern of the targets to list; NULL: this machine's and the devices'.
enum ed_status ed_survey_run(struct ed_survey_list *list, const struct ed_resources *resources,
                             const size_t *devices, size_t n_devices, const char *targets,
                             const struct ed_cli *cli, struct ed_error *err);
void ed_survey_release(struct ed_survey_list *list);
// Initialises the grid and fills it; the caller releases it.
void ed_survey_table(const struct ed_survey_list *list, struct ed_grid *grid);
void ed_survey_json(const struct ed_survey_list *list, struct ed_json_writer *json);

#endif
