// SPDX-License-Identifier: Apache-2.0
// OpenAI's interface: /chat/completions or /completions, as server-sent events; /models.
#include "backends/adapter_options.h"
#include "backends/adapter_server.h"
#include "openai_manifest.h"

static bool is_set(const struct ed_load_args *args, const char *key) {
    const char *value = ed_adapter_option(args, key);
    return value && ed_adapter_flag(value);
}

static void read_options(struct srv *srv, const struct ed_load_args *args) {
    const char *api = ed_adapter_option(args, "api");
    srv->completions = api && !strcmp(api, "completions");
    srv->ignore_eos = is_set(args, "ignore_eos");
    srv->unlisted = is_set(args, "unlisted");
}

static enum ed_status greet(struct srv *srv, struct ed_error *err) {
    struct ed_json_document document = {0};
    enum ed_status status = srv_ask(srv, "/models", NULL, &document, err);
    // Not every server has a list; a name is enough then.
    const bool no_list = status == ED_ERR_NOT_FOUND && srv->model[0];
    if (status == ED_OK && !(srv->unlisted && srv->model[0]))
        status = srv_choose_model(srv, cJSON_GetObjectItemCaseSensitive(document.root, "data"), "id", err);
    ed_json_document_release(&document);
    if (no_list)
        memset(err, 0, sizeof *err);
    return no_list ? ED_OK : status;
}

static enum ed_status nothing(struct srv *srv, struct ed_error *err) {
    (void)srv, (void)err;
    return ED_OK;
}

static void no_facts(const struct srv *srv, struct ed_facts *out) {
    (void)srv, (void)out;
}

static const char *path(const struct srv *srv) {
    return srv->completions ? "/completions" : "/chat/completions";
}

static void body(const struct srv *srv, struct ed_json_writer *w, const char *prompt, size_t tokens) {
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "model", srv->model);
    if (srv->completions) {
        ed_json_text(w, "prompt", prompt);
    } else {
        ed_json_array_begin(w, "messages");
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "role", "user");
        ed_json_text(w, "content", prompt);
        ed_json_object_end(w);
        ed_json_array_end(w);
    }
    ed_json_uint(w, "max_tokens", tokens);
    ed_json_int(w, "temperature", 0);
    ed_json_bool(w, "stream", true);
    ed_json_object_begin(w, "stream_options");
    ed_json_bool(w, "include_usage", true);
    ed_json_object_end(w);
    if (srv->ignore_eos)
        ed_json_bool(w, "ignore_eos", true);
    ed_json_object_end(w);
}

static bool has_text(const cJSON *object, const char *key) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(text) && text->valuestring[0];
}

static void take_usage(struct srv_request *request, const cJSON *usage) {
    const cJSON *details = cJSON_GetObjectItemCaseSensitive(usage, "prompt_tokens_details");
    if (!cJSON_IsObject(usage))
        return;
    request->prompt = srv_number(usage, "prompt_tokens", SRV_COUNT_MOST);
    request->generated = srv_number(usage, "completion_tokens", SRV_COUNT_MOST);
    const int64_t cached = srv_number(details, "cached_tokens", SRV_COUNT_MOST);
    request->cached = cached > 0 ? cached : 0;
}

static void take_choice(struct srv_request *request, const cJSON *root) {
    const cJSON *choice = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "choices"), 0);
    const cJSON *delta = cJSON_GetObjectItemCaseSensitive(choice, "delta");
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(choice, "finish_reason");
    // Of /completions every event before the end is a token, one without a text too (half a character, a
    // token for control); of /chat/completions some only say who speaks. Models that think tell their
    // thoughts apart.
    const bool bare = request->srv->completions &&
                      cJSON_IsString(cJSON_GetObjectItemCaseSensitive(choice, "text")) &&
                      !cJSON_IsString(reason);
    if (bare || has_text(choice, "text") || has_text(delta, "content") ||
        has_text(delta, "reasoning_content") || has_text(delta, "reasoning"))
        srv_token(request);
    if (cJSON_IsString(reason)) {
        // A single token without a text comes with the end.
        if (!request->heard && request->wanted == 1)
            srv_token(request);
        request->ended = true;
        ed_http_words(&request->srv->http, reason->valuestring, request->reason, sizeof request->reason);
    }
}

// Comments, names of events and empty lines mean nothing; what is no event at all is judged at the end.
static const char *object(struct srv_request *request, const char *line) {
    if (strncmp(line, "data:", 5))
        return NULL;
    line += 5 + (line[5] == ' ');
    if (strcmp(line, "[DONE]"))
        return line;
    request->ended = true;
    return NULL;
}

static void take(struct srv_request *request, const cJSON *root) {
    take_choice(request, root);
    take_usage(request, cJSON_GetObjectItemCaseSensitive(root, "usage"));
}

const struct srv_dialect srv_dialect = {
    .piece = "an event",
    .go_on = ", or have the server generate on (-o ignore_eos=1, where it knows that)",
    .textless = " (-o api=completions may tell)",
    .read = read_options,
    .greet = greet,
    .load = nothing,
    .unload = nothing,
    .path = path,
    .body = body,
    .object = object,
    .take = take,
    .facts = no_facts,
};

const struct ed_backend srv_backend = SRV_BACKEND;
