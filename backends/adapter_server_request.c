// SPDX-License-Identifier: Apache-2.0
// A request's life.
#include <stdlib.h>

#include "backends/adapter_server.h"
#include "base/clock.h"

// An object in a line's text. A model may well generate the character 0, which no text of ours holds.
static enum ed_status parse(struct ed_json_document *document, const char *text) {
    static const char zero[] = "\\u0000", other[] = "\\u003f";
    char *copy = strdup(text);
    if (!copy)
        return ED_ERR_NO_MEMORY;
    for (char *at = copy; (at = strstr(at, zero)); at += sizeof zero - 1)
        memcpy(at, other, sizeof other - 1);
    enum ed_status status = ed_json_parse(document, "a line", copy, strlen(copy), NULL);
    free(copy);
    return status == ED_OK && !cJSON_IsObject(document->root) ? ED_ERR_PARSE : status;
}

int64_t srv_number(const cJSON *object, const char *key, double most) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < most
               ? (int64_t)value->valuedouble
               : -1;
}

static void take(struct srv_request *request, const cJSON *root, const char *text, struct ed_error *failure) {
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(root, "error");
    const char *told = ed_http_error(root);
    char words[300];
    if (error && !cJSON_IsNull(error)) {
        ed_http_words(&request->srv->http, told ? told : text, words, sizeof words);
        ed_fail(failure, ED_ERR_REFUSED, request->call.what, "after %zu tokens the server said: %s",
                request->heard, words);
        return;
    }
    srv_dialect.take(request, root);
    if (request->heard > request->wanted)
        ed_fail(failure, ED_ERR_REFUSED, request->call.what,
                "the server sent more than the %zu tokens that were asked for", request->wanted);
}

static bool on_line(void *context, const char *line, size_t bytes, struct ed_error *failure) {
    struct srv_request *request = context;
    struct ed_json_document document = {0};
    const char *text = bytes ? srv_dialect.object(request, line) : NULL;
    char words[200];
    if (!text)
        return true;
    if (parse(&document, text) == ED_OK) {
        take(request, document.root, text, failure);
    } else {
        ed_http_words(&request->srv->http, text, words, sizeof words);
        ed_fail(failure, ED_ERR_REFUSED, request->call.what, "the server sent %s that is no JSON object: %s",
                srv_dialect.piece, words);
    }
    ed_json_document_release(&document);
    return !failure->code;
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
    srv_dialect.body(srv, &w, ed_buffer_text(&prompt), tokens);
    enum ed_status status = ed_buffer_status(&prompt, "a prompt", err);
    if (status == ED_OK)
        status = ed_buffer_status(&body, "a request", err);
    if (status == ED_OK)
        status = ed_http_begin(&srv->http, &request->call, srv_dialect.path(srv), ed_buffer_text(&body), err);
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
    ed_http_words(request->call.http, ed_buffer_text(kept), words, sizeof words);
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
        return ed_fail(err, ED_ERR_REFUSED, what,
                       "the model ended after %lld of %lld tokens (%.31s); ask for fewer with -n%s",
                       (long long)generated, (long long)wanted,
                       request->reason[0] ? request->reason : "no reason", srv_dialect.go_on);
    if (generated > wanted || heard > generated)
        return ed_fail(err, ED_ERR_REFUSED, what,
                       "%lld tokens were asked for, the server sent %lld and says that they were %lld",
                       (long long)wanted, (long long)heard, (long long)generated);
    if (!heard)
        return ed_fail(err, ED_ERR_REFUSED, what,
                       "the server generated %lld tokens and none of them has a text, so that nobody knows "
                       "when they came%s",
                       (long long)generated, srv_dialect.textless);
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
