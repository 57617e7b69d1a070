// SPDX-License-Identifier: Apache-2.0
// What the commands that touch devices need: the catalogue of adapters, the engine builds, the fleet.
#ifndef EDGEDYNO_HARNESS_CLI_RESOURCES_H
#define EDGEDYNO_HARNESS_CLI_RESOURCES_H

#include "devices/engines.h"
#include "devices/inventory.h"
#include "harness/cli/cli.h"

struct ed_resources {
    struct ed_catalogue catalogue;
    struct ed_engines engines;
    struct ed_inventory inventory;
    char adapter[ED_PATH_BYTES], manifest[ED_PATH_BYTES]; // of --adapter; "" where it is not given
};

enum ed_status ed_resources_load(struct ed_resources *resources, const struct ed_cli *cli,
                                 struct ed_error *err);
void ed_resources_release(struct ed_resources *resources); // safe on a zeroed struct
// Indices of the devices that the flag --device names, `local` where it is not given; *indices is owned by
// the caller (free).
enum ed_status ed_resources_select(const struct ed_resources *resources, const struct ed_cli *cli,
                                   size_t **indices, size_t *n, struct ed_error *err);

#endif
