// SPDX-License-Identifier: Apache-2.0
// Finding the device that is meant: by serial, the only one, over the network, and one that is just coming.
#include <ctype.h>
#include <stdlib.h>

#include "base/affix.h"
#include "base/clock.h"
#include "devices/adb/devices.h"

// How long a device that is just coming (server started, connected, authorizing) is waited for.
#define COMING_NS 3000000000
#define ASK_AGAIN_NS 100000000

// "SERIAL (STATE), ..." of those that are listed.
static const char *describe(char text[600], const struct ed_adb_device *devices, size_t n) {
    size_t used = 0;
    snprintf(text, 600, "none");
    for (size_t i = 0; i < n && used < 500; i++)
        used += (size_t)snprintf(text + used, 600 - used, "%s%.60s (%s)", i ? ", " : "", devices[i].serial,
                                 devices[i].state);
    if (used >= 500)
        snprintf(text + 500, 100, "...");
    return text;
}

// Wireless debugging: HOST:PORT, as adb itself writes it.
static bool is_network(const char *serial) {
    const char *colon = strrchr(serial, ':');
    size_t n = colon ? strspn(colon + 1, "0123456789") : 0;
    return colon && colon > serial && n >= 1 && n <= 5 && !colon[1 + n];
}

// "host:disconnect:" or "host:connect:"; adb's answer is a text either way.
static enum ed_status ask_network(struct ed_adb_server *server, const char *what, const char *serial,
                                  char said[256], int64_t deadline_ns, struct ed_error *err) {
    struct ed_buffer text;
    char request[192];
    enum ed_status status;
    size_t n = 0;
    ed_buffer_init(&text, ED_ADB_REQUEST_BYTES);
    snprintf(request, sizeof request, "host:%s:%.127s", what, serial);
    status = ed_adb_query(server, request, &text, deadline_ns, err);
    for (const char *at = ed_buffer_text(&text); *at && n + 1 < 256; at++)
        if (isprint((unsigned char)*at))
            said[n++] = *at;
    said[n] = '\0';
    ed_buffer_release(&text);
    return status;
}

// Tries to connect. What was connected before the device restarted is let go first, since adb calls it
// connected still, whether it lists it or not.
static enum ed_status connect_network(struct ed_adb_server *server, const char *serial, bool let_go,
                                      char said[256], int64_t deadline_ns, struct ed_error *err) {
    // It may be gone by now, which is as good.
    if (let_go)
        ask_network(server, "disconnect", serial, said, deadline_ns, NULL);
    return ask_network(server, "connect", serial, said, deadline_ns, err);
}

static enum ed_status judge(const struct ed_adb_device *devices, size_t n, const char *serial,
                            const char *who, const char *said, const struct ed_adb_device **picked,
                            struct ed_error *err) {
    char text[600];
    *picked = NULL;
    if (!serial[0] && n > 1)
        return ed_fail(err, ED_ERR_USAGE, who,
                       "several devices are there: name one by its serial; listed: %s",
                       describe(text, devices, n));
    for (size_t i = 0; i < n && !*picked; i++)
        if (!serial[0] || strcmp(devices[i].serial, serial) == 0)
            *picked = &devices[i];
    if (*picked)
        return ed_adb_state_check(who, (*picked)->state, err);
    if (!serial[0])
        return ed_fail(err, ED_ERR_UNREACHABLE, who,
                       "adb lists no device: plug one in and enable USB debugging in its developer options");
    if (said[0])
        return ed_fail(
            err, ED_ERR_UNREACHABLE, who,
            "adb cannot connect to %.127s; it said: %s; is wireless debugging on, and the port right?",
            serial, said);
    return ed_fail(err, ED_ERR_UNREACHABLE, who,
                   "adb knows no device %.127s: is it plugged in, is USB debugging on? listed: %s", serial,
                   describe(text, devices, n));
}

// A search for one device; what is just coming is waited for until `until_ns`.
struct search {
    const char *serial;
    char said[256];   // adb's answer to a request to connect
    bool tried;       // to connect
    int64_t until_ns; // 0: nothing was waited for yet
};

static bool is_state(const struct ed_adb_device *device, const char *state) {
    return device && strcmp(device->state, state) == 0;
}

// Whether another look may find more: after a request to connect, or where adb has just seen the device.
static bool may_come(const struct search *search, const struct ed_adb_server *server,
                     const struct ed_adb_device *picked) {
    if (is_state(picked, "connecting") || is_state(picked, "authorizing"))
        return true;
    if (picked)
        return is_state(picked, "offline") && (search->tried || server->was_started);
    return search->tried
               ? ed_affix_begins(search->said, "connected") || ed_affix_begins(search->said, "already")
               : server->was_started;
}

// True where the list is to be looked at again; otherwise *status is what the search ends with.
static bool look_again(struct search *search, struct ed_adb_server *server,
                       const struct ed_adb_device *picked, enum ed_status *status, int64_t deadline_ns,
                       struct ed_error *err) {
    int64_t now_ns = ed_clock_monotonic_ns();
    bool can_connect = is_network(search->serial) && (!picked || is_state(picked, "offline"));
    if (!search->until_ns)
        search->until_ns = now_ns + COMING_NS;
    if (can_connect &&
        (!search->tried || (ed_affix_begins(search->said, "already") && now_ns < search->until_ns))) {
        enum ed_status asked =
            connect_network(server, search->serial, picked || search->tried, search->said, deadline_ns, err);
        if (asked) {
            *status = asked;
            return false;
        }
        if (!search->tried)
            search->until_ns = ed_clock_monotonic_ns() + COMING_NS;
        search->tried = true;
        if (!ed_affix_begins(search->said, "already"))
            return true;
    } else if (!may_come(search, server, picked)) {
        return false;
    }
    now_ns = ed_clock_monotonic_ns();
    if (now_ns >= search->until_ns || now_ns + ASK_AGAIN_NS >= deadline_ns)
        return false;
    ed_clock_sleep_until(now_ns + ASK_AGAIN_NS, NULL);
    return true;
}

enum ed_status ed_adb_device_find(struct ed_adb_server *server, const char *serial, const char *who,
                                  char found[128], int64_t deadline_ns, struct ed_error *err) {
    struct ed_adb_device *devices = calloc(ED_ADB_DEVICES_MAX, sizeof *devices);
    struct search search = {.serial = serial};
    const struct ed_adb_device *picked;
    enum ed_status status;
    size_t n;
    if (!devices)
        return ed_fail(err, ED_ERR_NO_MEMORY, who, "no memory for a list of devices");
    do {
        status = ed_adb_devices_list(server, devices, ED_ADB_DEVICES_MAX, &n, deadline_ns, err);
        if (status)
            break;
        status = judge(devices, n, serial, who, search.said, &picked, err);
        if (!status)
            snprintf(found, 128, "%s", picked->serial);
    } while (status && status != ED_ERR_USAGE &&
             look_again(&search, server, picked, &status, deadline_ns, err));
    free(devices);
    return status;
}
