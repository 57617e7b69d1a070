// SPDX-License-Identifier: Apache-2.0
// Ports of this machine whose connections the device gets.
#include <stdlib.h>

#include "devices/adb/adb.h"
#include "devices/adb/server.h"

// 0 where it is none.
static int parse_port(const char *text) {
    char *end;
    long port = strtol(text, &end, 10);
    return end == text || *end || port < 1 || port > 65535 ? 0 : (int)port;
}

// "host-serial:SERIAL:WHAT", or for the only device "host:WHAT". Two OKAYs: the request was understood, and
// done.
static enum ed_status ask(const char *serial, const char *what, int *port, int64_t deadline_ns,
                          struct ed_error *err) {
    struct ed_adb_server server;
    struct ed_adb_link link;
    struct ed_buffer text;
    char request[256], word[4];
    enum ed_status status = ed_adb_server_find(&server, "", NULL, err);
    ed_adb_link_init(&link);
    ed_buffer_init(&text, ED_ADB_REQUEST_BYTES);
    if (strlen(serial) > 127)
        status = ed_fail(err, ED_ERR_USAGE, serial, "is too long for a serial");
    if (serial[0])
        snprintf(request, sizeof request, "host-serial:%s:%s", serial, what);
    else
        snprintf(request, sizeof request, "host:%s", what);
    if (!status)
        status = ed_adb_server_open(&server, &link, serial[0] ? serial : server.name, deadline_ns, err);
    if (!status)
        status = ed_adb_request(&link, request, deadline_ns, err);
    if (!status)
        status = ed_adb_link_receive(&link, word, sizeof word, deadline_ns, err);
    if (!status && memcmp(word, "OKAY", 4) != 0) {
        status = ed_adb_text(&link, &text, deadline_ns, err);
        if (!status)
            status = ed_adb_failed(link.who, ed_buffer_text(&text), err);
    }
    if (!status && port) {
        status = ed_adb_text(&link, &text, deadline_ns, err);
        *port = status ? 0 : parse_port(ed_buffer_text(&text));
        if (!status && *port == 0)
            status = ed_fail(err, ED_ERR_PARSE, link.who, "adb forwarded, but named no port");
    }
    ed_buffer_release(&text);
    ed_adb_link_close(&link);
    return status;
}

enum ed_status ed_adb_forward(const char *serial, int device_port, int *local_port, int64_t deadline_ns,
                              struct ed_error *err) {
    char what[64];
    *local_port = 0;
    snprintf(what, sizeof what, "forward:tcp:0;tcp:%d", device_port);
    return ask(serial, what, local_port, deadline_ns, err);
}

enum ed_status ed_adb_forward_remove(const char *serial, int local_port, int64_t deadline_ns,
                                     struct ed_error *err) {
    char what[64];
    snprintf(what, sizeof what, "killforward:tcp:%d", local_port);
    return ask(serial, what, NULL, deadline_ns, err);
}
