// SPDX-License-Identifier: Apache-2.0
// Requests to an adb server and its answers.
#include "devices/adb/server.h"

#include <ctype.h>

// What adb's words mean to us; the first row that is part of the text counts.
static const struct {
    const char *part;
    enum ed_status status;
    const char *advice;
} meanings[] = {
    {"unauthorized", ED_ERR_KEY_REFUSED,
     "; unlock the phone and accept this computer's key (`adb kill-server` and plugging it in again asks "
     "anew)"},
    {"still authorizing", ED_ERR_KEY_REFUSED, "; unlock the phone and accept this computer's key"},
    {"insufficient permissions", ED_ERR_KEY_REFUSED,
     "; this user may not open the USB device: install android-sdk-platform-tools-common (udev rules), join "
     "the group "
     "plugdev, log in again and run `adb kill-server`"},
    {"no permissions", ED_ERR_KEY_REFUSED,
     "; this user may not open the USB device: install android-sdk-platform-tools-common (udev rules), join "
     "the group "
     "plugdev, log in again and run `adb kill-server`"},
    {"offline", ED_ERR_OFFLINE, "; plug it in again, or `adb reconnect`"},
    {"more than one", ED_ERR_USAGE, "; name one by its serial"},
    {"not found", ED_ERR_UNREACHABLE, "; `adb devices` lists what there is"},
    {"no devices", ED_ERR_UNREACHABLE, "; plug one in and enable USB debugging"},
    {"no such device", ED_ERR_UNREACHABLE, ""},
    {"closed", ED_ERR_LINK_LOST, "; the device went away, or does not offer this service"},
};

enum ed_status ed_adb_failed(const char *who, const char *text, struct ed_error *err) {
    char clean[300];
    size_t n = 0;
    for (; *text && n + 1 < sizeof clean; text++)
        if (!iscntrl((unsigned char)*text))
            clean[n++] = *text;
        else if (n > 0 && clean[n - 1] != ' ')
            clean[n++] = ' ';
    clean[n] = '\0';
    if (!n)
        return ed_fail(err, ED_ERR_UNREACHABLE, who,
                       "adb refused without a reason; `adb devices` lists what there is");
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strstr(clean, meanings[i].part))
            return ed_fail(err, meanings[i].status, who, "adb said: %s%s", clean, meanings[i].advice);
    return ed_fail(err, ED_ERR_REFUSED, who, "adb said: %s", clean);
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static enum ed_status not_adb(const struct ed_adb_link *link, const char bytes[4], struct ed_error *err) {
    char seen[5] = "";
    for (int i = 0; i < 4; i++)
        seen[i] = isprint((unsigned char)bytes[i]) ? bytes[i] : '?';
    return ed_fail(err, ED_ERR_PARSE, link->who,
                   "what answers is no adb server (it sent '%s'): check ADB_SERVER_SOCKET and "
                   "ANDROID_ADB_SERVER_PORT",
                   seen);
}

enum ed_status ed_adb_text(struct ed_adb_link *link, struct ed_buffer *out, int64_t deadline_ns,
                           struct ed_error *err) {
    char digits[4];
    size_t left = 0;
    enum ed_status status = ed_adb_link_receive(link, digits, sizeof digits, deadline_ns, err);
    ed_buffer_clear(out);
    if (status)
        return status;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(digits[i]);
        if (digit < 0)
            return not_adb(link, digits, err);
        left = left * 16 + (size_t)digit;
    }
    while (left > 0) {
        const char *bytes;
        size_t n;
        status = ed_adb_link_peek(link, &bytes, &n, deadline_ns, err);
        if (status)
            return status;
        if (n > left)
            n = left;
        ed_buffer_append(out, bytes, n);
        ed_adb_link_skip(link, n);
        left -= n;
    }
    return ed_buffer_status(out, link->who, err);
}

// OKAY, or the status of a FAIL.
static enum ed_status take_answer(struct ed_adb_link *link, int64_t deadline_ns, struct ed_error *err) {
    struct ed_buffer text;
    char word[4];
    enum ed_status status = ed_adb_link_receive(link, word, sizeof word, deadline_ns, err);
    if (status || memcmp(word, "OKAY", 4) == 0)
        return status;
    if (memcmp(word, "FAIL", 4) != 0)
        return not_adb(link, word, err);
    ed_buffer_init(&text, ED_ADB_REQUEST_BYTES);
    status = ed_adb_text(link, &text, deadline_ns, err);
    if (!status)
        status = ed_adb_failed(link->who, ed_buffer_text(&text), err);
    ed_buffer_release(&text);
    return status;
}

enum ed_status ed_adb_request(struct ed_adb_link *link, const char *request, int64_t deadline_ns,
                              struct ed_error *err) {
    char digits[5];
    size_t n = strlen(request);
    enum ed_status status;
    if (n > ED_ADB_REQUEST_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, link->who,
                       "a request of %zu bytes is longer than the %d that adb takes", n,
                       ED_ADB_REQUEST_BYTES);
    snprintf(digits, sizeof digits, "%04x", (unsigned)n);
    status = ed_adb_link_send(link, digits, 4, deadline_ns, err);
    if (!status)
        status = ed_adb_link_send(link, request, n, deadline_ns, err);
    return status ? status : take_answer(link, deadline_ns, err);
}

enum ed_status ed_adb_query(struct ed_adb_server *server, const char *request, struct ed_buffer *out,
                            int64_t deadline_ns, struct ed_error *err) {
    struct ed_adb_link link;
    enum ed_status status = ed_adb_server_open(server, &link, server->name, deadline_ns, err);
    if (!status)
        status = ed_adb_request(&link, request, deadline_ns, err);
    if (!status)
        status = ed_adb_text(&link, out, deadline_ns, err);
    ed_adb_link_close(&link);
    return status;
}

enum ed_status ed_adb_service_open(struct ed_adb_server *server, struct ed_adb_link *link, const char *serial,
                                   const char *who, const char *service, int64_t deadline_ns,
                                   struct ed_error *err) {
    char transport[192];
    enum ed_status status = ed_adb_server_open(server, link, who, deadline_ns, err);
    snprintf(transport, sizeof transport, "host:transport:%.127s", serial);
    if (!status)
        status = ed_adb_request(link, transport, deadline_ns, err);
    if (!status)
        status = ed_adb_request(link, service, deadline_ns, err);
    if (status)
        ed_adb_link_close(link);
    return status;
}
