// SPDX-License-Identifier: Apache-2.0
// Catalogue, engine builds and fleet for a command.
#include "harness/cli/resources.h"

#include <stdlib.h>
#include <string.h>

#include "devices/elf.h"

static enum ed_status take_adapter(struct ed_resources *resources, const char *adapter,
                                   struct ed_engines_places *places, struct ed_error *err) {
    struct ed_elf elf;
    enum ed_status status = ed_path_real(resources->adapter, adapter, err);
    if (!status)
        status = ed_elf_read(&elf, resources->adapter, err);
    if (!status)
        status = ed_elf_fits(&elf, ED_TARGET, resources->adapter, err);
    if (!status)
        status = ed_catalogue_adopt(&resources->catalogue, resources->adapter, resources->manifest,
                                    &places->adapter_of, err);
    places->adapter = resources->adapter;
    if (status == ED_ERR_NOT_FOUND && err)
        status = err->code = ED_ERR_USAGE;
    return status;
}

enum ed_status ed_resources_load(struct ed_resources *resources, const struct ed_cli *cli,
                                 struct ed_error *err) {
    struct ed_engines_places places = {.library_dir = cli->library_dir};
    const char *adapter = ed_arguments_get(cli->arguments, "adapter");
    memset(resources, 0, sizeof *resources);
    enum ed_status status = ED_OK;
    if (!ed_path_is_directory(cli->library_dir))
        status = ed_fail(err, ED_ERR_NO_PROGRAM, cli->library_dir,
                         "the folder with the runner and the adapters is missing; install edgedyno whole "
                         "(bin/ and lib/ beside each other)");
    if (!status)
        status = ed_catalogue_load(&resources->catalogue, err);
    if (!status && adapter)
        status = take_adapter(resources, adapter, &places, err);
    if (!status)
        status = ed_engines_load(&resources->engines, &resources->catalogue, &places, err);
    if (!status)
        status = ed_inventory_load(&resources->inventory, ed_arguments_get(cli->arguments, "devices"), err);
    if (status)
        ed_resources_release(resources);
    return status;
}

void ed_resources_release(struct ed_resources *resources) {
    ed_inventory_release(&resources->inventory);
    ed_engines_release(&resources->engines);
    ed_catalogue_release(&resources->catalogue);
    memset(resources, 0, sizeof *resources);
}

enum ed_status ed_resources_select(const struct ed_resources *resources, const struct ed_cli *cli,
                                   size_t **indices, size_t *n, struct ed_error *err) {
    const char *list = ed_arguments_get(cli->arguments, "device");
    size_t n_parts = 0;
    char **parts = NULL;
    *n = 0;
    *indices = calloc(resources->inventory.n + 1, sizeof **indices);
    enum ed_status status = *indices
                                ? ed_options_list(list ? list : "local", "--device", &parts, &n_parts, err)
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
    if (!status)
        status = ed_inventory_select(&resources->inventory, (const char *const *)parts, n_parts, *indices,
                                     resources->inventory.n, n, err);
    free(parts);
    if (status) {
        free(*indices);
        *indices = NULL;
    }
    return status;
}
