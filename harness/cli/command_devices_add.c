// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices add`: a device into the fleet's file, after it was seen to be one.
#include <string.h>

#include "harness/cli/command_devices.h"

static enum ed_status check_new(const struct ed_inventory *inventory, const struct ed_device_entry *entry,
                                const char *address, struct ed_error *err) {
    char other[640];
    for (size_t i = 0; i < inventory->n; i++) {
        ed_devices_address(&inventory->devices[i], other, sizeof other);
        if (strcmp(inventory->devices[i].transport, entry->transport) == 0 && strcmp(other, address) == 0)
            return ed_fail(err, ED_ERR_USAGE, address, "is there already, as '%s' in %.600s",
                           inventory->devices[i].id, inventory->devices[i].file);
        if (inventory->devices[i].file[0] && strcmp(inventory->devices[i].id, entry->id) == 0)
            return ed_fail(err, ED_ERR_USAGE, entry->id,
                           "is already the id of a device in %.600s; choose another one with --id",
                           inventory->devices[i].file);
    }
    return ED_OK;
}

static int tell(const struct ed_devices *devices, const struct ed_device_entry *entry,
                const struct ed_identity *identity, const char *address, const char *file) {
    struct ed_buffer text;
    char about[512];
    ed_buffer_init(&text, 64u << 10);
    ed_devices_describe(identity, about, sizeof about);
    ed_buffer_printf(&text, "%s: %s, %s\n", entry->id, identity->target, about);
    ed_buffer_printf(&text, "  address:        %s\n  work directory: %s\n", address, identity->work_dir);
    if (identity->android)
        ed_buffer_printf(&text, "  shell process, not app: oom_score_adj %d%s%s\n", identity->oom_score_adj,
                         identity->cpuset[0] ? ", cpuset " : "", identity->cpuset);
    if (entry->host_key[0])
        ed_buffer_printf(&text, "  host key:       %.*s, pinned\n", (int)strcspn(entry->host_key, " "),
                         entry->host_key);
    ed_buffer_printf(&text, "  written to:     %s\n", file);
    int code = ed_cli_print_buffer(devices->cli, &text);
    ed_buffer_release(&text);
    ed_log_line(&devices->cli->log, ED_LOG_INFO, "check it: edgedyno devices check %s", entry->id);
    return code;
}

int ed_devices_add(struct ed_devices *devices) {
    const struct ed_arguments *arguments = devices->cli->arguments;
    const char *text = arguments->operands[1], *id = ed_arguments_get(arguments, "id");
    struct ed_device_entry entry = {0};
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error err = {0};
    char address[640], file[ED_PATH_BYTES];
    enum ed_status status = ed_device_address_parse(&entry, text, &err);
    if (!status && id && (!ed_path_name_ok(id) || strlen(id) >= sizeof entry.id))
        status = ed_fail(
            &err, ED_ERR_USAGE, "--id",
            "\"%.80s\" is no id: a name of at most 63 letters, digits and ._@+- that begins with neither "
            "'.' nor '-'",
            id);
    if (!status && id)
        memcpy(entry.id, id, strlen(id) + 1);
    else if (!status)
        ed_device_id_suggest(entry.id, &entry, &devices->resources.inventory);
    if (!status) {
        ed_devices_address(&entry, address, sizeof address);
        status = check_new(&devices->resources.inventory, &entry, address, &err);
    }
    if (status)
        return ed_cli_fail(devices->cli, &err);
    status = ed_devices_open(devices, &session, &entry, ED_SESSION_IDENTIFIED, &reached, &err);
    if (status) {
        int code = ed_cli_fail(devices->cli, &err);
        ed_log_line(&devices->cli->log, ED_LOG_INFO, "nothing was written");
        return code;
    }
    ed_session_close(&session);
    if (strcmp(entry.transport, "ssh") == 0 && !ed_devices_pin(devices, &entry))
        ed_log_line(&devices->cli->log, ED_LOG_WARNING, "%s: its host key is not pinned; known_hosts decides",
                    entry.id);
    status = ed_inventory_add(ed_devices_file(devices), &entry, 1, &err);
    if (status)
        return ed_cli_fail(devices->cli, &err);
    snprintf(file, sizeof file, "%s", ed_devices_file(devices));
    if (!file[0] && !ed_path_xdg(file, ED_XDG_CONFIG, NULL))
        strncat(file, "/devices.json", sizeof file - strlen(file) - 1);
    return tell(devices, &entry, &session.identity, address, file);
}
