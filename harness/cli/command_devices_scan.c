// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices scan`: what adb and ~/.ssh/config know and the fleet does not.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/adb/adb.h"
#include "devices/ssh/config.h"
#include "harness/cli/command_devices.h"

#define CANDIDATES_MAX 512
#define ADB_DEVICES_MAX 64
#define ADB_NS INT64_C(20000000000)

struct candidate {
    struct ed_device_entry entry;
    struct ed_identity identity;
    const char *state; // "known", "added", "not added"
    bool reachable;
    char known_as[64];
    char why[ED_ERROR_MESSAGE_BYTES];
};

struct scan {
    const struct ed_devices *devices;
    struct candidate *items;
    size_t n;
    bool too_many;
};

// The fleet's device at that address; NULL: none. A Host of ~/.ssh/config goes by its name.
static const struct ed_device_entry *find_known(const struct ed_inventory *inventory,
                                                const struct ed_device_entry *entry) {
    for (size_t i = 0; i < inventory->n; i++) {
        const struct ed_device_entry *device = &inventory->devices[i];
        if (strcmp(device->transport, entry->transport) == 0 && strcmp(device->host, entry->host) == 0 &&
            strcmp(device->serial, entry->serial) == 0 && strcmp(device->via, entry->via) == 0)
            return device;
    }
    return NULL;
}

static struct candidate *new_candidate(struct scan *scan, const char *transport) {
    if (scan->n == CANDIDATES_MAX) {
        scan->too_many = true;
        return NULL;
    }
    struct candidate *item = &scan->items[scan->n++];
    snprintf(item->entry.transport, sizeof item->entry.transport, "%s", transport);
    item->state = "not added";
    return item;
}

static void settle_known(const struct scan *scan, struct candidate *item) {
    const struct ed_device_entry *known = find_known(&scan->devices->resources.inventory, &item->entry);
    if (!known)
        return;
    item->state = "known";
    snprintf(item->known_as, sizeof item->known_as, "%s", known->id);
}

static void add_host(void *context, const char *name) {
    struct ed_device_entry entry = {0};
    char address[320];
    snprintf(address, sizeof address, "ssh://%.300s", name);
    struct candidate *item = new_candidate(context, "ssh");
    if (!item)
        return;
    if (ed_device_address_parse(&entry, address, NULL) == ED_OK)
        memcpy(item->entry.host, entry.host, sizeof item->entry.host);
    else {
        snprintf(item->entry.host, sizeof item->entry.host, "%.255s", name);
        snprintf(item->why, sizeof item->why,
                 "its name cannot stand in an address; add a Host with a plain name");
    }
    settle_known(context, item);
}

static void add_phones(struct scan *scan) {
    struct ed_adb_device *phones = calloc(ADB_DEVICES_MAX, sizeof *phones);
    struct ed_error err = {0};
    size_t n = 0;
    enum ed_status status = phones ? ed_adb_devices("", &scan->devices->context, phones, ADB_DEVICES_MAX, &n,
                                                    ed_clock_monotonic_ns() + ADB_NS, &err)
                                   : ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the phones");
    if (status)
        ed_log_line(&scan->devices->cli->log, ED_LOG_WARNING, "adb was not asked: %s", err.message);
    for (size_t i = 0; !status && i < n; i++) {
        struct candidate *item = new_candidate(scan, "adb");
        if (!item)
            break;
        snprintf(item->entry.serial, sizeof item->entry.serial, "%s", phones[i].serial);
        settle_known(scan, item);
    }
    free(phones);
}

static void try_candidate(void *context, size_t i) {
    const struct scan *scan = context;
    struct candidate *item = &scan->items[i];
    struct ed_device_entry entry = item->entry;
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error err = {0};
    if (strcmp(item->state, "known") == 0 || item->why[0])
        return;
    snprintf(entry.id, sizeof entry.id, "%.63s", entry.serial[0] ? entry.serial : entry.host);
    if (ed_devices_open(scan->devices, &session, &entry, ED_SESSION_IDENTIFIED, &reached, &err)) {
        snprintf(item->why, sizeof item->why, "%s", err.message);
        return;
    }
    item->identity = session.identity;
    ed_session_close(&session);
    if (strcmp(entry.transport, "ssh") == 0 && ed_devices_pin(scan->devices, &entry))
        memcpy(item->entry.host_key, entry.host_key, sizeof item->entry.host_key);
    item->reachable = true;
}

// The reachable ones get their ids, one after the other so that none is given twice, and go into the file
// together.
static enum ed_status write_found(struct scan *scan, struct ed_error *err) {
    const struct ed_inventory *inventory = &scan->devices->resources.inventory;
    struct ed_inventory taken = {0};
    struct ed_device_entry *found = calloc(scan->n + 1, sizeof *found);
    size_t n = 0;
    taken.devices = calloc(inventory->n + scan->n + 1, sizeof *taken.devices);
    enum ed_status status =
        found && taken.devices ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
    if (!status && inventory->n)
        memcpy(taken.devices, inventory->devices, inventory->n * sizeof *taken.devices);
    taken.n = inventory->n;
    for (size_t i = 0; i < scan->n && !status; i++)
        if (scan->items[i].reachable) {
            ed_device_id_suggest(scan->items[i].entry.id, &scan->items[i].entry, &taken);
            taken.devices[taken.n++] = found[n++] = scan->items[i].entry;
        }
    if (!status && n)
        status = ed_inventory_add(ed_devices_file(scan->devices), found, n, err);
    for (size_t i = 0; i < scan->n && !status; i++)
        if (scan->items[i].reachable)
            scan->items[i].state = "added";
    free(taken.devices);
    free(found);
    return status;
}

static const char *id_of(const struct candidate *item) {
    return item->known_as[0] ? item->known_as : item->entry.id;
}

static void print_table(const struct scan *scan, struct ed_grid *grid) {
    for (size_t i = 0; i < scan->n; i++) {
        const struct candidate *item = &scan->items[i];
        char address[640], about[640] = "";
        ed_devices_address(&item->entry, address, sizeof address);
        if (item->reachable)
            ed_devices_describe(&item->identity, about, sizeof about);
        ed_grid_add(grid, "%s", id_of(item)[0] ? id_of(item) : "-");
        ed_grid_add(grid, "%s", address);
        ed_grid_add(grid, "%s", item->state);
        ed_grid_add(grid, "%s%s%s", item->identity.target, item->identity.target[0] ? ", " : "",
                    item->reachable ? about : item->why);
    }
}

static void print_json(const struct scan *scan, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    ed_json_array_begin(json, "found");
    for (size_t i = 0; i < scan->n; i++) {
        const struct candidate *item = &scan->items[i];
        char address[640];
        ed_devices_address(&item->entry, address, sizeof address);
        ed_json_object_begin(json, NULL);
        ed_json_text_or_null(json, "id", id_of(item));
        ed_json_text(json, "address", address);
        ed_json_text(json, "state", item->state);
        ed_json_text_or_null(json, "reason", item->why);
        ed_json_text_or_null(json, "target", item->identity.target);
        ed_json_text_or_null(json, "model", item->identity.model);
        ed_json_text_or_null(json, "kernel", item->identity.kernel);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"device", "address", "state", "about"};
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

int ed_devices_scan(struct ed_devices *devices) {
    struct scan scan = {.devices = devices};
    struct ed_error err = {0};
    int code;
    scan.items = calloc(CANDIDATES_MAX, sizeof *scan.items);
    if (!scan.items) {
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(devices->cli, &err);
    }
    add_phones(&scan);
    if (ed_ssh_config_names(NULL, add_host, &scan, &err))
        ed_log_line(&devices->cli->log, ED_LOG_WARNING, "~/.ssh/config was not read: %s", err.message);
    if (scan.too_many)
        ed_log_line(&devices->cli->log, ED_LOG_WARNING, "only the first %d were looked at", CANDIDATES_MAX);
    ed_devices_each(devices, scan.n, try_candidate, &scan);
    if (!scan.n)
        ed_log_line(&devices->cli->log, ED_LOG_INFO, "neither adb nor ~/.ssh/config knows a device");
    code = write_found(&scan, &err) ? ed_cli_fail(devices->cli, &err) : ED_EXIT_PASS;
    code = ed_cli_exit_combine(code, ed_output_write(&devices->output, devices->cli, render, &scan));
    free(scan.items);
    return code;
}
