// SPDX-License-Identifier: Apache-2.0
// Ollama's own interface: /api/generate in lines of JSON, with its own counts and durations; a model is
// loaded anew for each block, by the server's word and by our clock.
#include <time.h>

#include "backends/adapter_options.h"
#include "backends/adapter_server.h"
#include "backends/adapter_text.h"
#include "base/clock.h"
#include "ollama_manifest.h"

#define ROOM_TOKENS 64 // of the context, beside prompt and generated tokens

static void read_options(struct srv *srv, const struct ed_load_args *args, struct srv_asked *out) {
    const char *keep = ed_adapter_option(args, "keep_loaded");
    out->url = ed_adapter_option(args, "url");
    out->model = ed_adapter_option(args, "model");
    out->answer_limit = ed_adapter_option(args, "answer_limit");
    srv->keep_loaded = keep && ed_adapter_flag(keep);
}

static enum ed_status ask(struct srv *srv, const char *path, const char *text,
                          struct ed_json_document *document, struct ed_error *err) {
    struct ed_buffer answer;
    enum ed_status status = ed_http_ask(&srv->http, path, text, srv->answer_limit_ns, &answer, err);
    if (status == ED_OK)
        status = ed_json_parse(document, "Ollama's answer", ed_buffer_text(&answer), answer.size, err);
    ed_buffer_release(&answer);
    return status;
}

// Whether the list at `path` has the model; where none was named and it has one alone, that one is taken.
static enum ed_status find_model(struct srv *srv, const char *path, bool *found, struct ed_error *err) {
    struct ed_json_document document = {0};
    enum ed_status status = ask(srv, path, NULL, &document, err);
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(document.root, "models"), *one;
    const cJSON *only = cJSON_GetArraySize(models) == 1 ? cJSON_GetArrayItem(models, 0) : NULL;
    const cJSON *only_name = cJSON_GetObjectItemCaseSensitive(only, "name");
    if (!srv->model[0] && cJSON_IsString(only_name))
        snprintf(srv->model, sizeof srv->model, "%s", only_name->valuestring);
    const size_t n = strlen(srv->model);
    *found = false;
    cJSON_ArrayForEach(one, models) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(one, "name");
        // A name without a tag is that of its latest.
        *found = *found || (cJSON_IsString(name) && n && !strncmp(name->valuestring, srv->model, n) &&
                            (!name->valuestring[n] ||
                             (!strchr(srv->model, ':') && !strcmp(name->valuestring + n, ":latest"))));
    }
    ed_json_document_release(&document);
    return status;
}

static enum ed_status greet(struct srv *srv, struct ed_error *err) {
    struct ed_json_document document = {0};
    bool found = false;
    enum ed_status status = ask(srv, "/api/version", NULL, &document, err);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(document.root, "version");
    if (cJSON_IsString(version))
        snprintf(srv->version, sizeof srv->version, "%.60s", version->valuestring);
    ed_json_document_release(&document);
    if (status == ED_OK)
        status = find_model(srv, "/api/tags", &found, err);
    if (status == ED_OK && !srv->model[0])
        return ed_fail(err, ED_ERR_USAGE, srv->http.url,
                       "the server has not one model alone; name one: -o model=NAME (`ollama list`)");
    if (status == ED_OK && !found)
        status = ed_fail(err, ED_ERR_NOT_FOUND, srv->http.url,
                         "the server has no model '%.100s' (`ollama list`)", srv->model);
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
    enum ed_status status = ask(srv, "/api/generate", ed_buffer_text(&text), answer, err);
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
        status = find_model(srv, "/api/ps", &there, err);
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
    enum ed_status status = srv->keep_loaded ? ED_OK : find_model(srv, "/api/ps", &there, err);
    // Somebody else's, or left by a block that died.
    if (status == ED_OK && there)
        status = unload(srv, err);
    const int64_t before = ed_clock_raw_ns();
    if (status == ED_OK)
        status = keep_alive(srv, true, &answer, err);
    const cJSON *told = cJSON_GetObjectItemCaseSensitive(answer.root, "load_duration");
    if (status == ED_OK)
        srv->load_ns = ed_clock_raw_ns() - before;
    if (status == ED_OK && cJSON_IsNumber(told) && told->valuedouble > 0 && told->valuedouble < 1e15)
        srv->load_told_ns = (int64_t)told->valuedouble;
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

static int64_t number_of(const cJSON *object, const char *key, double most) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < most
               ? (int64_t)value->valuedouble
               : -1;
}

static void take_end(struct srv_request *request, const cJSON *root) {
    struct srv *srv = request->srv;
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(root, "done_reason");
    const int64_t prompt_ns = number_of(root, "prompt_eval_duration", 1e15);
    const int64_t generate_ns = number_of(root, "eval_duration", 1e15);
    request->ended = true;
    request->prompt = number_of(root, "prompt_eval_count", 1e9);
    request->generated = number_of(root, "eval_count", 1e9);
    if (cJSON_IsString(reason))
        snprintf(request->reason, sizeof request->reason, "%.31s", reason->valuestring);
    if (request->wanted > 1 && prompt_ns >= 0 && generate_ns >= 0) {
        srv->told.prompt_ns[srv->told.n % SRV_TOLD_MAX] = prompt_ns;
        srv->told.generate_ns[srv->told.n++ % SRV_TOLD_MAX] = generate_ns;
    }
}

static bool line(struct srv_request *request, const char *text, size_t bytes, struct ed_error *failure) {
    struct ed_json_document document = {0};
    char words[300];
    if (!bytes)
        return true;
    if (srv_parse(&document, text, NULL) != ED_OK) {
        ed_adapter_text(words, sizeof words, text);
        ed_json_document_release(&document);
        ed_fail(failure, ED_ERR_REFUSED, request->call.what,
                "the server sent a line that is no JSON object: %.200s", words);
        return false;
    }
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(document.root, "error");
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(document.root, "response");
    if (cJSON_IsString(error)) {
        ed_adapter_text(words, sizeof words, error->valuestring);
        ed_fail(failure, ED_ERR_REFUSED, request->call.what, "after %zu tokens the server said: %.280s",
                request->heard, words);
    } else if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(document.root, "done"))) {
        take_end(request, document.root);
    } else if (cJSON_IsString(response) && response->valuestring[0]) {
        srv_token(request);
    }
    ed_json_document_release(&document);
    if (!failure->code && request->heard > request->wanted)
        ed_fail(failure, ED_ERR_REFUSED, request->call.what,
                "the server sent more than the %zu tokens that were asked for", request->wanted);
    return !failure->code;
}

static void facts(const struct srv *srv, struct ed_facts *out) {
    const size_t used = strlen(out->note);
    if (srv->load_told_ns >= 0 && used < sizeof out->note)
        snprintf(out->note + used, sizeof out->note - used, "; it loaded the model in %.3g s by its own word",
                 (double)srv->load_told_ns / 1e9);
}

static const struct srv_dialect dialect = {
    .name = ED_MANIFEST_NAME,
    .options = ed_manifest_options,
    .n_options = ED_MANIFEST_N_OPTIONS,
    .read = read_options,
    .greet = greet,
    .load = load,
    .unload = unload,
    .path = path,
    .body = body,
    .line = line,
    .facts = facts,
};

static enum ed_status hook_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    (void)args;
    return srv_open(state, &dialect, err);
}

static const struct ed_backend ollama_backend =
    SRV_BACKEND(ED_MANIFEST_NAME, ED_MANIFEST_SUMMARY, ed_manifest_options, ED_MANIFEST_N_OPTIONS, hook_open);

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &ollama_backend : NULL;
}
