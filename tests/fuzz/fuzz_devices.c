// SPDX-License-Identifier: Apache-2.0
// Fuzz target: devices.json, engines.json and manifests. The first byte chooses the reader: 'd', 'e' or 'm'.
// What is accepted must keep the promises of the headers.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/path.h"
#include "devices/engines_file.h"
#include "devices/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

static void read_devices(const char *text, size_t size) {
    static const char *const all[] = {"*"};
    struct ed_inventory inventory;
    struct ed_error err = {0};
    size_t indices[2000], n = 0;
    if (ed_inventory_parse(&inventory, "input", text, size, &err)) {
        check(inventory.n == 0 && inventory.devices == NULL && err.message[0] != '\0');
        return;
    }
    check(!ed_inventory_select(&inventory, all, 1, indices, 2000, &n, &err) && n == inventory.n);
    for (size_t i = 0; i < inventory.n; i++)
        check(ed_path_name_ok(inventory.devices[i].id) && inventory.devices[i].host[0] != '-' &&
              (!inventory.devices[i].work_dir[0] || inventory.devices[i].work_dir[0] == '/'));
    ed_inventory_release(&inventory);
}

static void read_engines(const char *text, size_t size) {
    struct ed_engines engines;
    struct ed_error err = {0};
    if (ed_engines_parse(&engines, "input", text, size, &err)) {
        check(engines.n == 0 && engines.builds == NULL && err.message[0] != '\0');
        return;
    }
    for (size_t i = 0; i < engines.n; i++) {
        const struct ed_engine_build *build = &engines.builds[i];
        check(ed_path_name_ok(build->name) && ed_path_name_ok(build->version) &&
              ed_path_name_ok(build->target));
        check(build->n_packages > 0 && build->n_files > 0);
        for (size_t j = 0; j < build->n_packages; j++) {
            const struct ed_engine_package *package = &build->packages[j];
            check(package->name[0] != '-' && package->n_files > 0 &&
                  package->first + package->n_files <= build->n_files);
            check(strcmp(package->client, "dir") == 0 || ed_digest_ok(package->archive_sha256));
            check(strcmp(package->client, "pip") != 0 || package->platforms[0]);
        }
        for (size_t j = 0; j < build->n_files; j++)
            check(ed_path_name_ok(build->files[j].name) && build->files[j].bytes > 0);
    }
    ed_engines_release(&engines);
}

static void read_manifests(const char *text, size_t size) {
    struct ed_catalogue catalogue;
    struct ed_error err = {0};
    if (ed_catalogue_parse(&catalogue, "input", text, size, &err)) {
        check(catalogue.n == 0 && catalogue.manifests == NULL && err.message[0] != '\0');
        return;
    }
    for (size_t i = 0; i < catalogue.n; i++)
        check(ed_catalogue_find(&catalogue, catalogue.manifests[i].name) == &catalogue.manifests[i]);
    ed_catalogue_for_file(&catalogue, "a.onnx");
    ed_catalogue_release(&catalogue);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    if (data[0] == 'd')
        read_devices((const char *)data + 1, size - 1);
    else if (data[0] == 'e')
        read_engines((const char *)data + 1, size - 1);
    else if (data[0] == 'm')
        read_manifests((const char *)data + 1, size - 1);
    return 0;
}
