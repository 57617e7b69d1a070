// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices clean`: removes what lies on devices between campaigns.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "harness/cli/command_devices.h"
#include "harness/cli/command_devices_store.h"

#define LEASE_NS INT64_C(120000000000)

struct cleaning {
    const struct ed_device_entry *entry;
    struct ed_buffer removed; // lines
    size_t n_removed;
    int64_t freed_bytes;
    enum ed_status status;
    struct ed_error err;
};

struct cleanings {
    const struct ed_devices *devices;
    struct cleaning *items;
    size_t n;
    int keep; // -1: everything goes
    char holder[ED_WIRE_ID_MAX_BYTES + 1], owner[ED_WIRE_OWNER_MAX_BYTES + 1];
};

static enum ed_status take(const struct cleanings *cleanings, const struct ed_remote *remote,
                           struct ed_remote_lease *lease, struct ed_error *err) {
    const struct ed_remote_lease_ask ask = {.action = "take",
                                            .holder = cleanings->holder,
                                            .owner = cleanings->owner,
                                            .purpose = "devices clean",
                                            .for_ns = LEASE_NS};
    char holder[512], until[96];
    enum ed_status status = ed_remote_lease(remote, &ask, lease, err);
    if (status || lease->granted)
        return status;
    ed_devices_holder(lease, holder, sizeof holder);
    if (!holder[0] && lease->reserved_by[0]) {
        ed_devices_until(lease->reserved_left_ns, until, sizeof until);
        snprintf(holder, sizeof holder, "%s reserved it until %s", lease->reserved_by, until);
    }
    return ed_fail(err, ED_ERR_BUSY, remote->device,
                   "nothing was removed, since somebody else has it: %s; try again then",
                   holder[0] ? holder : "others wait for it");
}

static enum ed_status clean_under_lease(const struct cleanings *cleanings, struct cleaning *cleaning,
                                        const struct ed_remote *remote, const char *token,
                                        struct ed_error *err) {
    struct ed_stored before = {0}, after = {0};
    enum ed_status status = ed_stored_read(&before, remote, err);
    if (!status)
        status = ed_remote_clean(remote, token, NULL, 0, cleanings->keep, cleanings->keep < 0,
                                 &cleaning->n_removed, &cleaning->freed_bytes, err);
    if (!status)
        status = ed_stored_read(&after, remote, err);
    for (size_t i = 0; i < before.n && !status; i++) {
        const struct ed_stored_set *set = &before.items[i];
        char size[32];
        if (ed_stored_has(&after, set->id))
            continue;
        ed_units_print_size(size, sizeof size, set->bytes);
        ed_buffer_printf(&cleaning->removed, "%s: removed %s %s%s%s%s%s, %s\n", cleaning->entry->id,
                         set->kind, set->name, set->variant[0] ? " " : "", set->variant,
                         set->version[0] ? " " : "", set->version, size);
    }
    ed_stored_release(&before);
    ed_stored_release(&after);
    return status;
}

static void clean(void *context, size_t i) {
    const struct cleanings *cleanings = context;
    struct cleaning *cleaning = &cleanings->items[i];
    struct ed_remote_lease lease = {0}, released;
    enum ed_session_depth reached;
    struct ed_session session = {0};
    cleaning->entry = ed_devices_entry(cleanings->devices, i);
    ed_buffer_init(&cleaning->removed, 4u << 20);
    cleaning->status = ed_devices_open(cleanings->devices, &session, cleaning->entry, ED_SESSION_READY,
                                       &reached, &cleaning->err);
    if (cleaning->status)
        return;
    cleaning->status = take(cleanings, &session.remote, &lease, &cleaning->err);
    if (!cleaning->status) {
        cleaning->status =
            clean_under_lease(cleanings, cleaning, &session.remote, lease.token, &cleaning->err);
        const struct ed_remote_lease_ask release = {
            .action = "release", .token = lease.token, .holder = cleanings->holder};
        ed_remote_lease(&session.remote, &release, &released, NULL);
    }
    ed_session_close(&session);
}

// Texts of the device go through the grid's safe printing elsewhere; here a line must not hold more than a
// line.
static void make_safe(struct ed_buffer *text) {
    for (size_t i = 0; i < text->size; i++)
        if (((unsigned char)text->data[i] < ' ' && text->data[i] != '\n') || text->data[i] == 0x7f)
            text->data[i] = '?';
}

static int tell(const struct cleanings *cleanings) {
    struct ed_buffer text;
    char size[32];
    ed_buffer_init(&text, 8u << 20);
    for (size_t i = 0; i < cleanings->n; i++) {
        struct cleaning *cleaning = &cleanings->items[i];
        if (cleaning->status)
            continue;
        make_safe(&cleaning->removed);
        ed_units_print_size(size, sizeof size, cleaning->freed_bytes);
        ed_buffer_text_append(&text, ed_buffer_text(&cleaning->removed));
        ed_buffer_printf(&text, "%s: %zu removed, %s freed\n", cleaning->entry->id, cleaning->n_removed,
                         size);
    }
    int code = ed_cli_print_buffer(cleanings->devices->cli, &text);
    ed_buffer_release(&text);
    return code;
}

int ed_devices_clean(struct ed_devices *devices) {
    const char *keep = ed_arguments_get(devices->cli->arguments, "keep");
    struct cleanings cleanings = {
        .devices = devices, .n = devices->n_indices, .keep = keep ? atoi(keep) : -1};
    int code = ED_EXIT_PASS;
    snprintf(cleanings.holder, sizeof cleanings.holder, "clean-%ld", (long)getpid());
    ed_remote_owner(cleanings.owner);
    cleanings.items = calloc(cleanings.n + 1, sizeof *cleanings.items);
    if (!cleanings.items) {
        struct ed_error err = {0};
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(devices->cli, &err);
    }
    ed_devices_each(devices, cleanings.n, clean, &cleanings);
    for (size_t i = 0; i < cleanings.n; i++)
        if (cleanings.items[i].status) {
            ed_devices_fail(devices, cleanings.items[i].entry, &cleanings.items[i].err);
            code = ED_EXIT_DEVICE;
        }
    code = ed_cli_exit_combine(code, tell(&cleanings));
    for (size_t i = 0; i < cleanings.n; i++)
        ed_buffer_release(&cleanings.items[i].removed);
    free(cleanings.items);
    return code;
}
