// SPDX-License-Identifier: Apache-2.0
// What the subcommands of `edgedyno devices` share.
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "harness/cli/command_devices.h"

const struct ed_device_entry *ed_devices_entry(const struct ed_devices *devices, size_t i) {
    return &devices->resources.inventory.devices[devices->indices[i]];
}

enum ed_status ed_devices_open(const struct ed_devices *devices, struct ed_session *session,
                               const struct ed_device_entry *entry, enum ed_session_depth depth,
                               enum ed_session_depth *reached, struct ed_error *err) {
    const struct ed_session_args args = {
        .library_dir = devices->cli->library_dir, .context = &devices->context, .depth = depth};
    *reached = ED_DEVICES_NOWHERE;
    return ed_session_open(session, entry, &args, reached, err);
}

void ed_devices_address(const struct ed_device_entry *entry, char *text, size_t bytes) {
    const bool is_adb = entry->serial[0] != '\0', brackets = strchr(entry->host, ':') != NULL;
    char port[16] = "";
    if (entry->port)
        snprintf(port, sizeof port, ":%d", entry->port);
    if (is_adb)
        snprintf(text, bytes, "adb:%s%s%s", entry->serial, entry->via[0] ? "@" : "", entry->via);
    else if (entry->host[0])
        snprintf(text, bytes, "ssh://%s%s%s%s%s%s%s%s", entry->user, entry->user[0] ? "@" : "",
                 brackets ? "[" : "", entry->host, brackets ? "]" : "", port, entry->via[0] ? " via " : "",
                 entry->via);
    else
        snprintf(text, bytes, "%s", entry->transport);
}

static void add(char *text, size_t bytes, const char *part) {
    size_t used = strlen(text);
    if (part[0])
        snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", part);
}

void ed_devices_describe(const struct ed_identity *identity, char *text, size_t bytes) {
    char part[128], size[32];
    text[0] = '\0';
    add(text, bytes, identity->model);
    add(text, bytes, identity->kernel);
    snprintf(part, sizeof part, "%s%s%s", strcmp(identity->libc, "none") ? identity->libc : "no C library",
             identity->libc_version[0] ? " " : "", identity->libc_version);
    add(text, bytes, part);
    if (identity->free_bytes >= 0) {
        ed_units_print_size(size, sizeof size, identity->free_bytes);
        snprintf(part, sizeof part, "%s free", size);
        add(text, bytes, part);
    }
}

void ed_devices_until(int64_t left_ns, char *text, size_t bytes) {
    char when[32] = "", left[32];
    struct tm local;
    time_t at = time(NULL) + (time_t)(left_ns / INT64_C(1000000000));
    if (localtime_r(&at, &local))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
    ed_units_print_duration(left, sizeof left, left_ns);
    snprintf(text, bytes, "%s (%s)", when, left);
}

void ed_devices_holder(const struct ed_remote_lease *lease, char *text, size_t bytes) {
    char until[96];
    text[0] = '\0';
    if (lease->holder[0]) {
        const char *job = lease->job;
        ed_devices_until(lease->left_ns, until, sizeof until);
        snprintf(text, bytes, "%s holds it until %s%s%s%s%s%s",
                 lease->owner[0] ? lease->owner : lease->holder, until, lease->purpose[0] ? ": " : "",
                 lease->purpose, job[0] ? ", job " : "", job, job[0] ? " runs" : "");
    } else if (lease->job[0])
        snprintf(text, bytes, "job %s runs", lease->job);
}

const char *ed_devices_file(const struct ed_devices *devices) {
    const char *given = ed_arguments_get(devices->cli->arguments, "devices");
    return given ? given : devices->resources.inventory.path;
}

int ed_devices_fail(const struct ed_devices *devices, const struct ed_device_entry *entry,
                    const struct ed_error *err) {
    struct ed_error told = *err;
    if (strcmp(err->where, entry->id) != 0)
        snprintf(told.where, sizeof told.where, "%s%s%.180s", entry->id, err->where[0] ? ": " : "",
                 err->where);
    return ed_cli_fail(devices->cli, &told);
}
