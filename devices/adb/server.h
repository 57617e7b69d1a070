// SPDX-License-Identifier: Apache-2.0
// An adb server: where it is, starting it, and its protocol (the smart socket): a request is 4 hexadecimal
// digits of length and text; the answer OKAY, or FAIL with a text framed likewise.
#ifndef EDGEDYNO_DEVICES_ADB_SERVER_H
#define EDGEDYNO_DEVICES_ADB_SERVER_H

#include "base/buffer.h"
#include "devices/adb/link.h"
#include "edgedyno/device.h"

#define ED_ADB_REQUEST_BYTES 65535 // longest text that four hexadecimal digits can frame

// Text is borrowed by links: a server outlives them.
struct ed_adb_server {
    char name[320]; // for messages: "adb server 127.0.0.1:5037"
    char host[256]; // "": the socket of `path`
    char path[108]; // AF_UNIX
    int port;
    bool is_local;         // `adb` here starts it
    bool was_started;      // by us: devices may take a moment to appear
    struct ed_address via; // host "": none. Its text lies in via_host and via_user
    char via_host[256], via_user[64];
    const struct ed_transport_context *context; // may be NULL
};

// From `via` ("" or NULL: this machine's server, wherever the environment says it is). ED_ERR_USAGE. Nothing
// is asked yet.
enum ed_status ed_adb_server_find(struct ed_adb_server *server, const char *via,
                                  const struct ed_transport_context *context, struct ed_error *err);
// Connects, and starts the server first where it is down. `who` is borrowed, for messages.
// ED_ERR_UNREACHABLE, ED_ERR_NO_PROGRAM (no adb), ED_ERR_TIMEOUT; through a lab host whatever its SSH says.
enum ed_status ed_adb_server_open(struct ed_adb_server *server, struct ed_adb_link *link, const char *who,
                                  int64_t deadline_ns, struct ed_error *err);
// Sends a request and takes OKAY. A FAIL becomes the status that its text means, with that text.
enum ed_status ed_adb_request(struct ed_adb_link *link, const char *request, int64_t deadline_ns,
                              struct ed_error *err);
// A framed text, into `out` (cleared first; holds at least ED_ADB_REQUEST_BYTES).
enum ed_status ed_adb_text(struct ed_adb_link *link, struct ed_buffer *out, int64_t deadline_ns,
                           struct ed_error *err);
// Open, request, text, close.
enum ed_status ed_adb_query(struct ed_adb_server *server, const char *request, struct ed_buffer *out,
                            int64_t deadline_ns, struct ed_error *err);
// A connection to `service` of one device: "host:transport:SERIAL", then the service. `who` is for messages.
enum ed_status ed_adb_service_open(struct ed_adb_server *server, struct ed_adb_link *link, const char *serial,
                                   const char *who, const char *service, int64_t deadline_ns,
                                   struct ed_error *err);
// ED_ERR_LINK_LOST and so on for the text of a FAIL; the message quotes it with control characters left out.
enum ed_status ed_adb_failed(const char *who, const char *text, struct ed_error *err);

#endif
