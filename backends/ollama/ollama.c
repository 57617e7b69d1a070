// SPDX-License-Identifier: Apache-2.0
// Ollama's own interface: /api/generate in lines of JSON, with its own counts and durations; a model is
// loaded anew for each block, by the server's word and by our clock.
#include <time.h>

#include "backends/adapter_options.h"
#include "backends/adapter_server.h"
#include "base/clock.h"
#include "ollama_manifest.h"

#define ROOM_TOKENS 64 // of the context, beside prompt and generated tokens

static void read_options(struct srv *srv, const struct ed_load_args *args) {
    const char *keep = ed_adapter_option(args, "keep_loaded");
    srv->keep_loaded = keep && ed_adapter_flag(keep);
}

static enum ed_status greet(struct srv *srv, struct ed_error *err) {
    struct ed_json_document version = {0}, tags = {0};
    enum ed_status status = srv_ask(srv, "/api/version", NULL, &version, err);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(version.root, "version"));
    ed_http_words(&srv->http, text ? text : "", srv->version, sizeof srv->version);
    if (status == ED_OK)
        status = srv_ask(srv, "/api/tags", NULL, &tags, err);
    if (status == ED_OK)
        status = srv_choose_model(srv, cJSON_GetObjectItemCaseSensitive(tags.root, "models"), "name", err);
    ed_json_document_release(&version);
    ed_json_document_release(&tags);
    return status;
}

static enum ed_status is_loaded(struct srv *srv, bool *loaded, struct ed_error *err) {
    struct ed_json_document running = {0};
    enum ed_status status = srv_ask(srv, "/api/ps", NULL, &running, err);
    *loaded = srv_has_model(srv, cJSON_GetObjectItemCaseSensitive(running.root, "models"), "name");
    ed_json_document_release(&running);
    return status;
}

static void options(const struct srv *srv, struct ed_json_writer *w, size_t tokens) {
    ed_json_object_begin(w, "options");
    // The same for every request: another context would have the model loaded again.
    ed_json_int(w, "num_ctx",
                (int64_t)srv->workload.prompt_tokens + srv->workload.generate_tokens + ROOM_TOKENS);
    ed_json_int(w, "temperature", 0);
    if (tokens)
        ed_json_uint(w, "num_predict", tokens);
    ed_json_object_end(w);
}

// A request without a prompt: the model is loaded, or with `keep` of 0 unloaded.
static enum ed_status keep_alive(struct srv *srv, bool keep, struct ed_json_document *answer,
                                 struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, 4096);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "model", srv->model);
    ed_json_bool(&w, "stream", false);
    if (keep)
        ed_json_text(&w, "keep_alive", "60m");
    else
        ed_json_int(&w, "keep_alive", 0);
    options(srv, &w, 0);
    ed_json_object_end(&w);
    enum ed_status status = srv_ask(srv, "/api/generate", ed_buffer_text(&text), answer, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status unload(struct srv *srv, struct ed_error *err) {
    struct ed_json_document answer = {0};
    const struct timespec pause = {0, 20000000};
    const int64_t until_ns = ed_clock_monotonic_ns() + srv->answer_limit_ns;
    bool there = !srv->keep_loaded;
    enum ed_status status = there ? keep_alive(srv, false, &answer, err) : ED_OK;
    ed_json_document_release(&answer);
    while (status == ED_OK && there) {
        status = is_loaded(srv, &there, err);
        if (status == ED_OK && there && ed_clock_monotonic_ns() > until_ns)
            status = ed_fail(err, ED_ERR_TIMEOUT, srv->http.url, "the server does not let go of the model");
        if (there)
            nanosleep(&pause, NULL);
    }
    return status;
}

static enum ed_status load(struct srv *srv, struct ed_error *err) {
    struct ed_json_document answer = {0};
    bool there = false;
    enum ed_status status = srv->keep_loaded ? ED_OK : is_loaded(srv, &there, err);
    // Somebody else's, or left by a block that died.
    if (status == ED_OK && there)
        status = unload(srv, err);
    const int64_t before = ed_clock_raw_ns();
    if (status == ED_OK)
        status = keep_alive(srv, true, &answer, err);
    if (status == ED_OK) {
        srv->load_ns = ed_clock_raw_ns() - before;
        srv->load_told_ns = srv_number(answer.root, "load_duration", SRV_NS_MOST);
    }
    ed_json_document_release(&answer);
    return status;
}

static const char *path(const struct srv *srv) {
    (void)srv;
    return "/api/generate";
}

static void body(const struct srv *srv, struct ed_json_writer *w, const char *prompt, size_t tokens) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "model", srv->model);
    ed_json_text(w, "prompt", prompt);
    ed_json_bool(w, "raw", true);
    ed_json_bool(w, "stream", true);
    ed_json_text(w, "keep_alive", "60m");
    options(srv, w, tokens);
    ed_json_object_end(w);
}

static void take_end(struct srv_request *request, const cJSON *root) {
    struct srv *srv = request->srv;
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(root, "done_reason");
    const int64_t prompt_ns = srv_number(root, "prompt_eval_duration", SRV_NS_MOST);
    const int64_t generate_ns = srv_number(root, "eval_duration", SRV_NS_MOST);
    request->ended = true;
    request->prompt = srv_number(root, "prompt_eval_count", SRV_COUNT_MOST);
    request->generated = srv_number(root, "eval_count", SRV_COUNT_MOST);
    if (cJSON_IsString(reason))
        ed_http_words(&srv->http, reason->valuestring, request->reason, sizeof request->reason);
    if (request->wanted > 1 && prompt_ns >= 0 && generate_ns >= 0) {
        srv->told.prompt_ns[srv->told.n % SRV_TOLD_MAX] = prompt_ns;
        srv->told.generate_ns[srv->told.n++ % SRV_TOLD_MAX] = generate_ns;
    }
}

// Every line is an object.
static const char *object(struct srv_request *request, const char *line) {
    (void)request;
    return line;
}

static void take(struct srv_request *request, const cJSON *root) {
    const char *response = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "response"));
    const bool done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "done"));
    // A single token without a text comes with the end.
    if ((response && response[0]) || (done && !request->heard && request->wanted == 1))
        srv_token(request);
    if (done)
        take_end(request, root);
}

static void facts(const struct srv *srv, struct ed_facts *out) {
    const size_t used = strlen(out->note);
    if (srv->load_told_ns >= 0 && used < sizeof out->note)
        snprintf(out->note + used, sizeof out->note - used, "; loaded in %.3g s by its own word",
                 (double)srv->load_told_ns / 1e9);
}

const struct srv_dialect srv_dialect = {
    .piece = "a line",
    .go_on = "",
    .textless = "",
    .read = read_options,
    .greet = greet,
    .load = load,
    .unload = unload,
    .path = path,
    .body = body,
    .object = object,
    .take = take,
    .facts = facts,
};

const struct ed_backend srv_backend = SRV_BACKEND;
