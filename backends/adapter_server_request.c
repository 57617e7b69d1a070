// SPDX-License-Identifier: Apache-2.0
// A request's life.
#include <stdlib.h>

#include "backends/adapter_server.h"
#include "backends/adapter_text.h"
#include "base/clock.h"

static bool on_line(void *context, const char *line, size_t bytes, struct ed_error *failure) {
    struct srv_request *request = context;
    return request->srv->dialect->line(request, line, bytes, failure);
}

enum ed_status srv_parse(struct ed_json_document *document, const char *text, struct ed_error *err) {
    static const char zero[] = "\\u0000", other[] = "\\u003f";
    char *copy = strdup(text);
    if (!copy)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a line of an answer");
    for (char *at = copy; (at = strstr(at, zero)); at += sizeof zero - 1)
        memcpy(at, other, sizeof other - 1);
    enum ed_status status = ed_json_parse(document, "an event", copy, strlen(copy), err);
    if (status == ED_OK && !cJSON_IsObject(document->root))
        status = ed_fail(err, ED_ERR_PARSE, NULL, "no object");
    free(copy);
    return status;
}

void srv_token(struct srv_request *request) {
    // The server sent it with the last one, or this worker was late: either way nothing is known between
    // them.
    request->together += request->heard && request->look == request->call.http->looks;
    request->look = request->call.http->looks;
    request->heard++;
    if (request->on_token)
        request->on_token(request);
}

enum ed_status srv_begin(struct srv *srv, size_t words, size_t tokens, uint64_t ticket,
                         struct srv_request **out, struct ed_error *err) {
    struct ed_buffer prompt, body;
    struct ed_json_writer w;
    size_t slot = 0;
    while (slot < SRV_REQUESTS_MAX && srv->requests[slot])
        slot++;
    if (slot == SRV_REQUESTS_MAX)
        return ed_fail(
            err, ED_ERR_LIMIT, srv->http.url,
            "%d requests are under way and none is done: the server does not keep up with this rate",
            SRV_REQUESTS_MAX);
    struct srv_request *request = calloc(1, sizeof *request);
    if (!request)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a request");
    *request = (struct srv_request){
        .srv = srv, .ticket = ticket, .wanted = tokens, .prompt = -1, .generated = -1, .cached = 0};
    request->call.on_line = on_line;
    request->call.context = request;
    ed_buffer_init(&prompt, ED_HTTP_LINE_MAX_BYTES * 7);
    ed_buffer_init(&body, ED_HTTP_LINE_MAX_BYTES * 8);
    srv_prompt(srv, words, &prompt);
    ed_json_writer_init(&w, &body, false);
    srv->dialect->body(srv, &w, ed_buffer_text(&prompt), tokens);
    enum ed_status status = ed_buffer_status(&prompt, "a prompt", err);
    if (status == ED_OK)
        status = ed_buffer_status(&body, "a request", err);
    if (status == ED_OK)
        status =
            ed_http_begin(&srv->http, &request->call, srv->dialect->path(srv), ed_buffer_text(&body), err);
    ed_buffer_release(&prompt);
    ed_buffer_release(&body);
    if (status != ED_OK) {
        free(request);
        return status;
    }
    *out = srv->requests[slot] = request;
    return ED_OK;
}

enum ed_status srv_silence(const struct srv *srv, const struct srv_request *request, struct ed_error *err) {
    return ed_fail(err, ED_ERR_TIMEOUT, srv->http.url,
                   "the server sent nothing for %.3g s after %zu of %zu tokens (-o answer_limit)",
                   (double)srv->answer_limit_ns / 1e9, request->heard, request->wanted);
}

enum ed_status srv_wait(struct srv *srv, struct srv_request *request, size_t tokens, struct ed_error *err) {
    enum ed_status status = ED_OK;
    while (status == ED_OK && !request->call.done && !(tokens && request->heard >= tokens)) {
        const int64_t until_ns = request->call.last_ns + srv->answer_limit_ns;
        if (ed_clock_monotonic_ns() >= until_ns)
            return srv_silence(srv, request, err);
        status = ed_http_turn(&srv->http, until_ns, err);
    }
    return status;
}

static enum ed_status no_stream(const struct srv_request *request, struct ed_error *err) {
    char words[200];
    const struct ed_buffer *kept = &request->call.kept;
    ed_adapter_text(words, sizeof words, ed_buffer_text(kept));
    if (!kept->size)
        return ed_fail(err, ED_ERR_REFUSED, request->call.what, "the server's answer is empty");
    return ed_fail(err, ED_ERR_REFUSED, request->call.what,
                   "the server did not answer as a stream of tokens, but with: %s", words);
}

static void count(struct srv *srv, const struct srv_request *request) {
    struct srv_counts *counts = &srv->counts;
    if (request->prompt >= 0)
        counts->prompt[counts->requests % SRV_TOLD_MAX] = request->prompt;
    counts->requests++;
    counts->connects += (uint64_t)(request->call.connects > 0 ? request->call.connects : 0);
    counts->tokens += request->wanted;
    counts->together += request->wanted - request->heard + request->together;
    counts->cached += (uint64_t)request->cached;
}

enum ed_status srv_settle(struct srv *srv, struct srv_request *request, struct ed_error *err) {
    const char *what = request->call.what;
    enum ed_status status = ed_http_verdict(&request->call, err);
    if (status != ED_OK)
        return status;
    if (!request->ended)
        return request->heard
                   ? ed_fail(err, ED_ERR_REFUSED, what,
                             "the stream ended after %zu of %zu tokens without saying that it was over",
                             request->heard, request->wanted)
                   : no_stream(request, err);
    const int64_t wanted = (int64_t)request->wanted, heard = (int64_t)request->heard;
    const int64_t generated = request->generated >= 0 ? request->generated : heard;
    if (generated < wanted)
        return ed_fail(
            err, ED_ERR_REFUSED, what,
            "the model ended after %lld of %lld tokens (%.31s); ask for fewer with -n, or have the server "
            "generate on (-o ignore_eos=1, where it knows that)",
            (long long)generated, (long long)wanted, request->reason[0] ? request->reason : "no reason");
    if (generated > wanted || heard > generated)
        return ed_fail(err, ED_ERR_REFUSED, what,
                       "%lld tokens were asked for, the server sent %lld and says that they were %lld",
                       (long long)wanted, (long long)heard, (long long)generated);
    if (!heard)
        return ed_fail(
            err, ED_ERR_REFUSED, what,
            "the server generated %lld tokens and none of them has a text, so that nobody knows when they "
            "came (-o api=completions may tell)",
            (long long)generated);
    count(srv, request);
    return ED_OK;
}

void srv_drop(struct srv *srv, struct srv_request *request) {
    for (size_t i = 0; i < SRV_REQUESTS_MAX; i++)
        if (srv->requests[i] == request)
            srv->requests[i] = NULL;
    if (srv->current == request)
        srv->current = NULL;
    ed_http_end(&request->call);
    free(request);
}

void srv_drop_all(struct srv *srv) {
    for (size_t i = 0; i < SRV_REQUESTS_MAX; i++)
        if (srv->requests[i])
            srv_drop(srv, srv->requests[i]);
}
