// SPDX-License-Identifier: Apache-2.0
// Requests to a server whose answers come in lines, several at a time, by libcurl.
//
// The key of a server is the environment variable ED_HTTP_KEY_VARIABLE of the worker and nowhere else: it
// goes over TLS or to this very machine only, and is taken out of whatever the server says before that
// becomes part of a message: all that is quoted of a server goes through ed_http_words.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_HTTP_H
#define EDGEDYNO_BACKENDS_ADAPTER_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/adapter_curl.h"
#include "base/buffer.h"
#include "base/json_read.h"

#define ED_HTTP_KEY_VARIABLE "EDGEDYNO_API_KEY"
#define ED_HTTP_LINE_MAX_BYTES (1u << 20)
#define ED_HTTP_KEPT_MAX_BYTES (8u << 10) // of an answer that is an error

struct ed_http {
    struct ed_curl curl;
    void *multi;
    char url[256]; // of the server, without a slash at its end
    bool here;     // it is this very machine: no proxy of the environment comes between
    void *headers; // of every request
    char key[1024];
    uint64_t heard; // pieces of answers that have come
    uint64_t looks; // how often it was looked for some
};

struct ed_http_call {
    struct ed_http *http; // NULL: not in use
    void *easy;
    char words[256]; // libcurl's
    char what[64];   // for messages: "POST /chat/completions"
    struct ed_buffer body;
    struct ed_buffer line;
    struct ed_buffer kept; // the beginning of the answer
    // Each line of the answer without its end, as it comes; false ends the request, and `failure` has said
    // why.
    bool (*on_line)(void *context, const char *line, size_t bytes, struct ed_error *failure);
    void *context;
    struct ed_error failure;
    int64_t last_ns; // when something came, or when it began; monotonic
    long status;     // of HTTP; 0 while there is none
    long connects;   // new connections that it took
    int result;      // of libcurl, once done
    bool done;
};

enum ed_status ed_http_open(struct ed_http *http, struct ed_error *err);
// From now on requests go to `url`.
enum ed_status ed_http_server(struct ed_http *http, const char *url, struct ed_error *err);
void ed_http_close(struct ed_http *http); // every call has ended; safe on a zeroed struct
// Begins a request: POST with `body` (JSON), GET where that is NULL. `call` stays where it is until it ends.
enum ed_status ed_http_begin(struct ed_http *http, struct ed_http_call *call, const char *path,
                             const char *body, struct ed_error *err);
// Works on all requests that have begun, waiting until `until_ns` (monotonic) at most for something to
// happen.
enum ed_status ed_http_turn(struct ed_http *http, int64_t until_ns, struct ed_error *err);
// What the server said, as words for a message or a result: without the key, on one line, `bytes` at most.
void ed_http_words(const struct ed_http *http, const char *text, char *out, size_t bytes);
// The words of an error in an answer, {"error": {"message": TEXT}} or {"error": TEXT}; NULL: it has none.
const char *ed_http_error(const cJSON *answer);
// How a finished request went: ED_OK for a whole answer with status 200, else the server's or libcurl's
// words.
enum ed_status ed_http_verdict(const struct ed_http_call *call, struct ed_error *err);
void ed_http_end(struct ed_http_call *call); // also of one that is under way; safe on a zeroed struct
// The whole of a short answer, or why there is none within `limit_ns`.
enum ed_status ed_http_ask(struct ed_http *http, const char *path, const char *body, int64_t limit_ns,
                           struct ed_buffer *answer, struct ed_error *err);

#endif
