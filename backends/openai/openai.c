// SPDX-License-Identifier: Apache-2.0
// OpenAI's interface: /chat/completions or /completions, as server-sent events; /models.
#include "backends/adapter_options.h"
#include "backends/adapter_server.h"
#include "backends/adapter_text.h"
#include "openai_manifest.h"

static void read_options(struct srv *srv, const struct ed_load_args *args, struct srv_asked *out) {
    const char *api = ed_adapter_option(args, "api"), *eos = ed_adapter_option(args, "ignore_eos");
    out->url = ed_adapter_option(args, "url");
    out->model = ed_adapter_option(args, "model");
    out->answer_limit = ed_adapter_option(args, "answer_limit");
    srv->completions = api && !strcmp(api, "completions");
    srv->ignore_eos = eos && ed_adapter_flag(eos);
}

// The models that the server lists; where none was named and it has one alone, that one.
static enum ed_status greet(struct srv *srv, struct ed_error *err) {
    struct ed_buffer answer;
    struct ed_json_document document = {0};
    char names[300] = "";
    size_t n = 0;
    enum ed_status status = ed_http_ask(&srv->http, "/models", NULL, srv->answer_limit_ns, &answer, err);
    // Not every server has a list; a name is enough then.
    if (status == ED_ERR_NOT_FOUND && srv->model[0]) {
        memset(err, 0, sizeof *err);
        ed_buffer_release(&answer);
        return ED_OK;
    }
    if (status == ED_OK)
        status = ed_json_parse(&document, "the server's list of models", ed_buffer_text(&answer), answer.size,
                               err);
    ed_buffer_release(&answer);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(document.root, "data")) {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(one, "id");
        const size_t used = strlen(names);
        if (!cJSON_IsString(id))
            continue;
        if (n++ == 0 && !srv->model[0])
            snprintf(srv->model, sizeof srv->model, "%s", id->valuestring);
        snprintf(names + used, sizeof names - used, "%s%.80s", used ? ", " : "", id->valuestring);
    }
    ed_json_document_release(&document);
    if (status == ED_OK && !srv->model[0])
        status =
            ed_fail(err, ED_ERR_USAGE, srv->http.url, "the server lists no model; name one: -o model=NAME");
    return status;
}

static enum ed_status load(struct srv *srv, struct ed_error *err) {
    (void)srv, (void)err;
    return ED_OK;
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

static int64_t number_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 1e9
               ? (int64_t)value->valuedouble
               : -1;
}

static void take_usage(struct srv_request *request, const cJSON *usage) {
    const cJSON *details = cJSON_GetObjectItemCaseSensitive(usage, "prompt_tokens_details");
    if (!cJSON_IsObject(usage))
        return;
    request->prompt = number_of(usage, "prompt_tokens");
    request->generated = number_of(usage, "completion_tokens");
    const int64_t cached = number_of(details, "cached_tokens");
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
        snprintf(request->reason, sizeof request->reason, "%.31s", reason->valuestring);
    }
}

static bool line(struct srv_request *request, const char *text, size_t bytes, struct ed_error *failure) {
    struct ed_json_document document = {0};
    char words[300];
    (void)bytes;
    // Comments, names of events and empty lines mean nothing; what is no event at all is judged at the end.
    if (strncmp(text, "data:", 5))
        return true;
    text += 5 + (text[5] == ' ');
    if (!strcmp(text, "[DONE]")) {
        request->ended = true;
        return true;
    }
    if (srv_parse(&document, text, NULL) != ED_OK) {
        ed_adapter_text(words, sizeof words, text);
        ed_json_document_release(&document);
        ed_fail(failure, ED_ERR_REFUSED, request->call.what,
                "the server sent an event that is no JSON object: %.200s", words);
        return false;
    }
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(document.root, "error");
    if (error && !cJSON_IsNull(error)) {
        const cJSON *message = cJSON_GetObjectItemCaseSensitive(error, "message");
        ed_adapter_text(words, sizeof words,
                        cJSON_IsString(message) ? message->valuestring
                        : cJSON_IsString(error) ? error->valuestring
                                                : text);
        ed_fail(failure, ED_ERR_REFUSED, request->call.what, "after %zu tokens the server said: %.280s",
                request->heard, words);
        ed_json_document_release(&document);
        return false;
    }
    take_choice(request, document.root);
    take_usage(request, cJSON_GetObjectItemCaseSensitive(document.root, "usage"));
    ed_json_document_release(&document);
    if (request->heard > request->wanted) {
        ed_fail(failure, ED_ERR_REFUSED, request->call.what,
                "the server sent more than the %zu tokens that were asked for", request->wanted);
        return false;
    }
    return true;
}

static const struct srv_dialect dialect = {
    .name = ED_MANIFEST_NAME,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .read = read_options,
    .greet = greet,
    .load = load,
    .unload = load,
    .path = path,
    .body = body,
    .line = line,
};

static enum ed_status hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    (void)args;
    return srv_open(state, &dialect, err);
}

static const struct ed_backend openai_backend =
    SRV_BACKEND(ED_MANIFEST_NAME, ED_MANIFEST_SUMMARY, ed_manifest_options, ED_MANIFEST_N_OPTIONS, hook_open);

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &openai_backend : NULL;
}
