// SPDX-License-Identifier: Apache-2.0
// The list of devices of an adb server, and what a device's state means.
#include "devices/adb/devices.h"

#include <ctype.h>

#define LIST_TEXT_BYTES (ED_ADB_REQUEST_BYTES + 1)

// Copies a word of printable ASCII.
static bool take_word(char *to, size_t bytes, const char *from, size_t n) {
    if (n == 0 || n >= bytes)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isprint((unsigned char)from[i]) || (unsigned char)from[i] >= 0x7f)
            return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

// "SERIAL   STATE key:value ..."; a device without a serial number says so in words.
static bool parse_line(const char *line, size_t n, struct ed_adb_device *device) {
    static const char nameless[] = "(no serial number)", barred[] = "no permissions", model[] = " model:";
    const char *end = line + n, *at, *word;
    memset(device, 0, sizeof *device);
    at = n >= sizeof nameless - 1 && memcmp(line, nameless, sizeof nameless - 1) == 0
             ? line + sizeof nameless - 1
             : memchr(line, ' ', n);
    if (!at || !take_word(device->serial, sizeof device->serial, line, (size_t)(at - line)))
        return false;
    while (at < end && *at == ' ')
        at++;
    word = at;
    if ((size_t)(end - at) >= sizeof barred - 1 && memcmp(at, barred, sizeof barred - 1) == 0)
        at += sizeof barred - 1;
    else
        while (at < end && *at != ' ')
            at++;
    if (!take_word(device->state, sizeof device->state, word, (size_t)(at - word)))
        return false;
    word = memmem(at, (size_t)(end - at), model, sizeof model - 1);
    if (word) {
        word += sizeof model - 1;
        at = memchr(word, ' ', (size_t)(end - word));
        if (!take_word(device->model, sizeof device->model, word, (size_t)((at ? at : end) - word)))
            device->model[0] = '\0';
    }
    return true;
}

enum ed_status ed_adb_devices_parse(const char *who, const char *text, struct ed_adb_device *devices,
                                    size_t capacity, size_t *n, struct ed_error *err) {
    *n = 0;
    for (size_t number = 1; *text; number++) {
        struct ed_adb_device device;
        size_t bytes = strcspn(text, "\n");
        if (bytes > 0 && !parse_line(text, bytes, &device))
            return ed_fail(err, ED_ERR_PARSE, who, "line %zu of its list of devices is none that adb writes",
                           number);
        if (bytes > 0 && *n < capacity)
            devices[(*n)++] = device;
        text += bytes + (text[bytes] == '\n');
    }
    return ED_OK;
}

enum ed_status ed_adb_devices_list(struct ed_adb_server *server, struct ed_adb_device *devices,
                                   size_t capacity, size_t *n, int64_t deadline_ns, struct ed_error *err) {
    struct ed_buffer text;
    enum ed_status status;
    *n = 0;
    ed_buffer_init(&text, LIST_TEXT_BYTES);
    status = ed_adb_query(server, "host:devices-l", &text, deadline_ns, err);
    if (!status && memchr(ed_buffer_text(&text), '\0', text.size))
        status = ed_fail(err, ED_ERR_PARSE, server->name, "its list of devices holds a NUL");
    if (!status)
        status = ed_adb_devices_parse(server->name, ed_buffer_text(&text), devices, capacity, n, err);
    ed_buffer_release(&text);
    return status;
}

enum ed_status ed_adb_devices(const char *via, const struct ed_transport_context *context,
                              struct ed_adb_device *devices, size_t capacity, size_t *n, int64_t deadline_ns,
                              struct ed_error *err) {
    struct ed_adb_server server;
    enum ed_status status = ed_adb_server_find(&server, via, context, err);
    *n = 0;
    return status ? status : ed_adb_devices_list(&server, devices, capacity, n, deadline_ns, err);
}

// How it ends where a state is not "device".
static const struct {
    const char *state;
    enum ed_status status;
    const char *advice;
} states[] = {
    {"unauthorized", ED_ERR_KEY_REFUSED,
     "the phone has not accepted this computer's key: unlock it and accept the prompt \"Allow USB "
     "debugging\"; where "
     "there is no prompt, run `adb kill-server`, plug the phone in again, or revoke the authorisations in "
     "its "
     "developer options"},
    {"authorizing", ED_ERR_KEY_REFUSED,
     "the phone is still deciding about this computer's key: unlock it and accept the prompt \"Allow USB "
     "debugging\""},
    {"no permissions", ED_ERR_KEY_REFUSED,
     "this user may not open the USB device: install android-sdk-platform-tools-common (udev rules), join "
     "the group "
     "plugdev, log in again, then run `adb kill-server` and plug the phone in again"},
    {"offline", ED_ERR_OFFLINE,
     "adb knows the device, but it does not answer: plug it in again, wake it, or run `adb reconnect "
     "offline`"},
    {"connecting", ED_ERR_OFFLINE,
     "adb is still connecting to the device: try again, or run `adb reconnect`"},
    {"detached", ED_ERR_OFFLINE, "adb has let go of the device: run `adb attach` with its serial"},
    {"recovery", ED_ERR_UNSUPPORTED, "the device is in recovery: restart it into Android (`adb reboot`)"},
    {"rescue", ED_ERR_UNSUPPORTED, "the device is in rescue mode: restart it into Android (`adb reboot`)"},
    {"sideload", ED_ERR_UNSUPPORTED,
     "the device is in sideload mode: restart it into Android (`adb reboot`)"},
    {"bootloader", ED_ERR_UNSUPPORTED,
     "the device is in its bootloader: restart it into Android (`fastboot reboot`)"},
};

enum ed_status ed_adb_state_check(const char *who, const char *state, struct ed_error *err) {
    if (strcmp(state, "device") == 0)
        return ED_OK;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i].state, state) == 0)
            return ed_fail(err, states[i].status, who, "%s", states[i].advice);
    return ed_fail(
        err, ED_ERR_UNSUPPORTED, who,
        "adb shows the device as '%.31s', and only 'device' can be measured: restart it into Android", state);
}
