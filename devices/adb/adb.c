// SPDX-License-Identifier: Apache-2.0
// The transport over adb. Nothing stays open between calls: every one has its own connection to the server.
#include "devices/adb/adb.h"

#include "devices/adb/devices.h"
#include "devices/adb/state.h"
#include "devices/identify.h"

// `feature` as a whole word of a list with commas.
static bool has_feature(const char *list, const char *feature) {
    size_t n = strlen(feature);
    for (const char *at = list; (at = strstr(at, feature)); at += n)
        if ((at == list || at[-1] == ',') && (!at[n] || at[n] == ','))
            return true;
    return false;
}

static enum ed_status ask_features(struct ed_adb_state *adb, int64_t deadline_ns, struct ed_error *err) {
    struct ed_buffer text;
    char request[192];
    enum ed_status status;
    ed_buffer_init(&text, ED_ADB_REQUEST_BYTES + 1);
    snprintf(request, sizeof request, "host-serial:%s:features", adb->serial);
    status = ed_adb_query(&adb->server, request, &text, deadline_ns, err);
    if (!status && !has_feature(ed_buffer_text(&text), "shell_v2"))
        status = ed_fail(
            err, ED_ERR_UNSUPPORTED, adb->who,
            "the device's adb has no shell_v2, without which exit codes are lost: it needs Android 7 or "
            "newer, and adb 1.0.36 or newer here");
    adb->has_stat_v2 = !status && has_feature(ed_buffer_text(&text), "stat_v2");
    ed_buffer_release(&text);
    return status;
}

static enum ed_status check_serial(const char *serial, struct ed_error *err) {
    if (strlen(serial) > 127)
        return ed_fail(err, ED_ERR_USAGE, "serial", "is longer than 127 bytes");
    for (const char *at = serial; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '/' || *at == ';')
            return ed_fail(err, ED_ERR_USAGE, "serial",
                           "holds a character that no serial has: give it as `adb devices` shows it");
    return ED_OK;
}

static enum ed_status adb_connect(void *state, const struct ed_address *address,
                                  const struct ed_transport_context *context, int64_t deadline_ns,
                                  struct ed_error *err) {
    const char *serial = address->serial ? address->serial : "";
    struct ed_adb_state *adb = state;
    enum ed_status status = check_serial(serial, err);
    memset(adb, 0, sizeof *adb);
    adb->id = address->id && address->id[0] ? address->id : "adb";
    adb->work_dir = address->work_dir ? address->work_dir : "";
    snprintf(adb->who, sizeof adb->who, "%.63s%s%.120s", adb->id, serial[0] ? " adb:" : "", serial);
    if (!status && adb->work_dir[0] && adb->work_dir[0] != '/')
        status = ed_fail(err, ED_ERR_USAGE, adb->work_dir, "work_dir must be an absolute path");
    if (!status)
        status = ed_adb_server_find(&adb->server, address->via, context, err);
    if (!status)
        status = ed_adb_device_find(&adb->server, serial, adb->who, adb->serial, deadline_ns, err);
    if (!status)
        status = ask_features(adb, deadline_ns, err);
    if (status)
        adb->serial[0] = '\0';
    return status;
}

static enum ed_status adb_identify(void *state, struct ed_identity *out, int64_t deadline_ns,
                                   struct ed_error *err) {
    struct ed_adb_state *adb = state;
    enum ed_status status = ed_adb_begin(adb, "identify", err);
    return status ? status
                  : ed_identify(&ed_transport_adb, adb, adb->id, adb->work_dir, out, deadline_ns, err);
}

static void adb_disconnect(void *state) {
    memset(state, 0, sizeof(struct ed_adb_state));
}

const struct ed_transport ed_transport_adb = {
    .abi = ED_TRANSPORT_ABI,
    .struct_bytes = sizeof(struct ed_transport),
    .name = "adb",
    .summary = "an Android device, over its adb server's socket",
    .options = NULL,
    .n_options = 0,
    .state_bytes = sizeof(struct ed_adb_state),
    .in_place = false,
    .can_resume = false,
    .connect = adb_connect,
    .identify = adb_identify,
    .spawn = ed_adb_spawn,
    .push = ed_adb_push,
    .pull = ed_adb_pull,
    .kill = ed_adb_kill,
    .disconnect = adb_disconnect,
};
