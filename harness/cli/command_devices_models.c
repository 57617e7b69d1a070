// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices models`: what lies on devices between campaigns.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "harness/cli/command_devices.h"
#include "harness/cli/command_devices_store.h"

#define DIGEST_SHOWN 12

struct shelf {
    const struct ed_device_entry *entry;
    struct ed_stored stored;
    enum ed_status status;
    struct ed_error err;
};

struct shelves {
    const struct ed_devices *devices;
    struct shelf *items;
    size_t n;
};

static void look(void *context, size_t i) {
    const struct shelves *shelves = context;
    struct shelf *shelf = &shelves->items[i];
    enum ed_session_depth reached;
    struct ed_session session = {0};
    shelf->entry = ed_devices_entry(shelves->devices, i);
    shelf->status =
        ed_devices_open(shelves->devices, &session, shelf->entry, ED_SESSION_READY, &reached, &shelf->err);
    if (shelf->status)
        return;
    shelf->status = ed_stored_read(&shelf->stored, &session.remote, &shelf->err);
    ed_session_close(&session);
}

static void print_table(const struct shelves *shelves, struct ed_grid *grid) {
    for (size_t i = 0; i < shelves->n; i++)
        for (size_t k = 0; k < shelves->items[i].stored.n; k++) {
            const struct ed_stored_set *set = &shelves->items[i].stored.items[k];
            char size[32], used[32];
            ed_units_print_size(size, sizeof size, set->bytes);
            ed_clock_format_utc(used, set->used_us * 1000);
            ed_grid_add(grid, "%s", shelves->items[i].entry->id);
            ed_grid_add(grid, "%s", set->kind);
            ed_grid_add(grid, "%s", set->name);
            ed_grid_add(grid, "%s", set->variant[0] ? set->variant : "-");
            ed_grid_add(grid, "%s", set->version[0] ? set->version : "-");
            ed_grid_add(grid, "%s", size);
            ed_grid_add(grid, "%s", set->used_us ? used : "-");
            ed_grid_add(grid, "%.*s", DIGEST_SHOWN, set->id);
        }
}

static void print_json(const struct shelves *shelves, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    ed_json_array_begin(json, "devices");
    for (size_t i = 0; i < shelves->n; i++) {
        const struct shelf *shelf = &shelves->items[i];
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", shelf->entry->id);
        ed_json_text_or_null(json, "error", shelf->status ? shelf->err.message : "");
        if (!shelf->status && shelf->stored.free_bytes >= 0)
            ed_json_int(json, "free_bytes", shelf->stored.free_bytes);
        else
            ed_json_null(json, "free_bytes");
        ed_json_array_begin(json, "sets");
        for (size_t k = 0; k < shelf->stored.n; k++) {
            const struct ed_stored_set *set = &shelf->stored.items[k];
            ed_json_object_begin(json, NULL);
            ed_json_text(json, "kind", set->kind);
            ed_json_text(json, "name", set->name);
            ed_json_text_or_null(json, "variant", set->variant);
            ed_json_text_or_null(json, "version", set->version);
            ed_json_int(json, "bytes", set->bytes);
            ed_json_int(json, "used_us", set->used_us);
            ed_json_text(json, "digest", set->id);
            ed_json_object_end(json);
        }
        ed_json_array_end(json);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"device",  "kind", "name",      "variant",
                                        "version", "size", "last used", "digest"};
    enum ed_status status = ED_OK;
    if (strcmp(target->format, "json") == 0) {
        struct ed_json_writer json;
        ed_json_writer_init(&json, out, true);
        print_json(context, &json);
        ed_buffer_append(out, "\n", 1);
    } else {
        struct ed_grid grid;
        ed_grid_init(&grid, heads, sizeof heads / sizeof heads[0]);
        print_table(context, &grid);
        status = ed_grid_print(&grid, target->columns, out, err);
        ed_grid_release(&grid);
    }
    return status;
}

int ed_devices_models(struct ed_devices *devices) {
    struct shelves shelves = {.devices = devices, .n = devices->n_indices};
    int code = ED_EXIT_PASS;
    shelves.items = calloc(shelves.n + 1, sizeof *shelves.items);
    if (!shelves.items) {
        struct ed_error err = {0};
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(devices->cli, &err);
    }
    ed_devices_each(devices, shelves.n, look, &shelves);
    for (size_t i = 0; i < shelves.n; i++)
        if (shelves.items[i].status) {
            ed_devices_fail(devices, shelves.items[i].entry, &shelves.items[i].err);
            code = ED_EXIT_DEVICE;
        }
    code = ed_cli_exit_combine(code, ed_output_write(&devices->output, devices->cli, render, &shelves));
    for (size_t i = 0; i < shelves.n; i++)
        ed_stored_release(&shelves.items[i].stored);
    free(shelves.items);
    return code;
}
