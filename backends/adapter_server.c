// SPDX-License-Identifier: Apache-2.0
// The hooks of adapters for servers.
#include "backends/adapter_server.h"
#include "backends/adapter_options.h"
#include "base/clock.h"
#include "base/stats/quantile.h"
#include "base/units.h"

#define SHORTEST_WORDS 8

enum ed_status srv_open(void *state, const struct ed_open_args *args, struct ed_error *err) {
    struct srv *srv = state;
    (void)args;
    enum ed_status status = ed_http_open(&srv->http, err);
    srv->open = status == ED_OK;
    // Without libcurl a survey has something to say; a load says it as an error.
    return status == ED_ERR_NOT_FOUND ? ED_OK : status;
}

enum ed_status srv_survey(void *state, struct ed_survey *out, struct ed_error *err) {
    const struct srv *srv = state;
    (void)err;
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "%s", srv->version[0] ? srv->version : "1");
    if (srv->loaded)
        snprintf(out->build_info, sizeof out->build_info, "model %s", srv->model);
    out->n_rows = 1;
    struct ed_survey_row *row = &out->rows[0];
    snprintf(row->backend, sizeof row->backend, "server");
    row->processor = ED_PROCESSOR_REMOTE;
    row->available = srv->open;
    if (srv->open)
        snprintf(row->device_name, sizeof row->device_name, "%.120s", srv->loaded ? srv->http.url : "");
    else
        snprintf(row->reason, sizeof row->reason, "libcurl is not on this device (Debian: libcurl4)");
    return ED_OK;
}

static enum ed_status take_options(struct srv *srv, const struct ed_load_args *args, struct ed_error *err) {
    const char *name = srv_backend.name, *url = ed_adapter_option(args, "url");
    const char *model = ed_adapter_option(args, "model"), *limit = ed_adapter_option(args, "answer_limit");
    if (strcmp(args->backend, "server"))
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "%s has no backend '%s'; it has server", name,
                       args->backend);
    if (!url)
        return ed_fail(err, ED_ERR_USAGE, "-o url", "no server was named; write --on %s:URL", name);
    if (args->workload.depth_tokens)
        return ed_fail(err, ED_ERR_UNSUPPORTED, "--depth",
                       "a server cannot be told to keep tokens in its cache; leave the depth out");
    if (args->all_logits)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "a server gives no logits, which this quality is found from");
    snprintf(srv->model, sizeof srv->model, "%s", model ? model : "");
    srv_dialect.read(srv, args);
    enum ed_status status = ed_units_duration(limit ? limit : "60 s", &srv->answer_limit_ns, err);
    if (status == ED_OK && srv->answer_limit_ns < 1)
        srv->answer_limit_ns = 1;
    return status == ED_OK ? ed_http_server(&srv->http, url, err) : status;
}

enum ed_status srv_load(void *state, const struct ed_load_args *args, struct ed_error *err) {
    struct srv *srv = state;
    enum ed_status status = ed_adapter_options_check(srv_backend.name, srv_backend.options,
                                                     srv_backend.n_options, NULL, args, err);
    if (status == ED_OK && !srv->open) {
        status = ed_http_open(&srv->http, err);
        srv->open = status == ED_OK;
    }
    if (status == ED_OK)
        status = take_options(srv, args, err);
    if (status != ED_OK)
        return status;
    srv->workload = args->workload;
    srv->base_words = SHORTEST_WORDS;
    srv->load_ns = srv->load_told_ns = -1;
    srv->found = false;
    memset(&srv->counts, 0, sizeof srv->counts);
    srv->told.n = 0;
    // Other prompts in every block: a server would find those of the last one in its cache.
    ed_random_init(&srv->random, ed_random_derive(args->seed ^ (uint64_t)ed_clock_raw_ns(), "prompts"));
    status = srv_dialect.greet(srv, err);
    if (status == ED_OK)
        status = srv_dialect.load(srv, err);
    srv->loaded = status == ED_OK;
    return status;
}

static enum ed_status no_tensors(const struct srv *srv, struct ed_error *err) {
    return ed_fail(err, ED_ERR_UNSUPPORTED, srv->http.url,
                   "a server of language models takes tokens (-p, -n), and no tensors");
}

enum ed_status srv_describe(void *state, struct ed_io *out, struct ed_error *err) {
    out->n_inputs = out->n_outputs = 0;
    return no_tensors(state, err);
}

enum ed_status srv_run(void *state, struct ed_error *err) {
    return no_tensors(state, err);
}

enum ed_status srv_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                           struct ed_error *err) {
    (void)views, (void)capacity;
    *n = 0;
    return no_tensors(state, err);
}

enum ed_status srv_language(void *state, struct ed_language *out, struct ed_error *err) {
    struct srv *srv = state;
    *out = (struct ed_language){-1, -1, -1, -1};
    if (!srv->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a model was asked for before it was loaded");
    return srv_calibrate(srv, err);
}

enum ed_status srv_rewind(void *state, size_t keep, struct ed_error *err) {
    struct srv *srv = state;
    if (keep)
        return ed_fail(err, ED_ERR_UNSUPPORTED, "--depth", "a server's cache cannot be cut");
    if (srv->current)
        srv_drop(srv, srv->current);
    return ED_OK;
}

static size_t wanted_tokens(const struct srv *srv) {
    return (size_t)srv->workload.generate_tokens + 1;
}

// Begins the request and waits for its first token.
static enum ed_status first_token(struct srv *srv, struct ed_error *err) {
    enum ed_status status = srv_rewind(srv, 0, err);
    if (status == ED_OK)
        status = srv_begin(srv, srv->words, wanted_tokens(srv), 0, &srv->current, err);
    if (status == ED_OK)
        status = srv_wait(srv, srv->current, 1, err);
    if (status == ED_OK && srv->current->call.done && !srv->current->heard)
        status = srv_settle(srv, srv->current, err);
    return status;
}

// A request that has brought all its tokens, to its end.
static enum ed_status complete(struct srv *srv, struct ed_error *err) {
    enum ed_status status = srv_wait(srv, srv->current, 0, err);
    if (status == ED_OK)
        status = srv_settle(srv, srv->current, err);
    return status;
}

enum ed_status srv_prefill(void *state, const int32_t *tokens, size_t n, const struct ed_host *host,
                           struct ed_error *err) {
    struct srv *srv = state;
    (void)tokens, (void)n, (void)host;
    enum ed_status status = first_token(srv, err);
    // Where nothing is generated the token was the only one.
    if (status == ED_OK && wanted_tokens(srv) == 1) {
        status = complete(srv, err);
        srv_drop(srv, srv->current);
    }
    return status;
}

static void emit_current(struct srv_request *request) {
    const struct ed_host *host = request->srv->host;
    if (host)
        host->emit(host->context, ED_EVENT_TOKEN, 0);
}

enum ed_status srv_decode(void *state, size_t n, const struct ed_host *host, struct ed_error *err) {
    struct srv *srv = state;
    enum ed_status status = ED_OK;
    if (n + 1 != wanted_tokens(srv))
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "%zu tokens were to be generated, the request is for %zu",
                       n, wanted_tokens(srv) - 1);
    if (!srv->current) {
        status = first_token(srv, err);
        if (status == ED_OK)
            host->emit(host->context, ED_EVENT_STAGE, 0);
    }
    if (status != ED_OK)
        return status;
    // Those that came with the first one.
    for (size_t i = 1; i < srv->current->heard && i <= n; i++)
        host->emit(host->context, ED_EVENT_TOKEN, 0);
    srv->host = host;
    srv->current->on_token = emit_current;
    status = complete(srv, err);
    srv->host = NULL;
    // Those that came together with others.
    for (size_t i = srv->current->heard; status == ED_OK && i <= n; i++)
        host->emit(host->context, ED_EVENT_TOKEN, 0);
    if (status == ED_OK)
        srv_drop(srv, srv->current);
    return status;
}

static void emit_ticket(struct srv_request *request) {
    const struct ed_host *host = request->srv->host;
    if (host)
        host->emit(host->context, ED_EVENT_TOKEN, (uint32_t)request->ticket);
}

enum ed_status srv_submit(void *state, uint64_t ticket, struct ed_error *err) {
    struct srv *srv = state;
    struct srv_request *request = NULL;
    if (!srv->loaded)
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a request before a model was loaded");
    enum ed_status status = srv_begin(srv, srv->words, wanted_tokens(srv), ticket, &request, err);
    if (status == ED_OK)
        request->on_token = emit_ticket;
    return status;
}

enum ed_status srv_progress(void *state, int64_t until_ns, const struct ed_host *host, struct ed_error *err) {
    struct srv *srv = state;
    srv->host = host;
    enum ed_status status = ed_http_turn(&srv->http, until_ns, err);
    const int64_t now = ed_clock_monotonic_ns();
    for (size_t i = 0; status == ED_OK && i < SRV_REQUESTS_MAX; i++) {
        struct srv_request *request = srv->requests[i];
        if (!request)
            continue;
        if (!request->call.done) {
            if (now - request->call.last_ns >= srv->answer_limit_ns)
                status = srv_silence(srv, request, err);
            continue;
        }
        status = srv_settle(srv, request, err);
        for (size_t k = request->heard; status == ED_OK && k < request->wanted; k++)
            host->emit(host->context, ED_EVENT_TOKEN, (uint32_t)request->ticket);
        if (status == ED_OK) {
            host->emit(host->context, ED_EVENT_STAGE, (uint32_t)request->ticket);
            srv_drop(srv, request);
        }
    }
    srv->host = NULL;
    return status;
}

enum ed_status srv_processes(void *state, int64_t *pids, size_t capacity, size_t *n, struct ed_error *err) {
    (void)state, (void)pids, (void)capacity;
    *n = 0;
    return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "the memory of a server cannot be measured from here");
}

static void add(struct ed_facts *facts, const char *key, int64_t value) {
    if (value < 0 || facts->n == ED_FACTS_MAX)
        return;
    snprintf(facts->items[facts->n].key, sizeof facts->items[0].key, "%s", key);
    facts->items[facts->n++].value = value;
}

static void add_told(struct ed_facts *out, struct srv *srv) {
    const size_t n = srv->told.n < SRV_TOLD_MAX ? (size_t)srv->told.n : SRV_TOLD_MAX;
    int64_t middle = 0;
    if (!n)
        return;
    ed_quantile_median(srv->told.prompt_ns, n, srv->told.prompt_ns, &middle);
    add(out, "server_prompt_p50_ns", middle);
    ed_quantile_median(srv->told.generate_ns, n, srv->told.generate_ns, &middle);
    add(out, "server_generate_p50_ns", middle);
}

enum ed_status srv_facts(void *state, struct ed_facts *out, struct ed_error *err) {
    struct srv *srv = state;
    struct srv_counts *counts = &srv->counts;
    const size_t n = counts->requests < SRV_TOLD_MAX ? (size_t)counts->requests : SRV_TOLD_MAX;
    int64_t middle = -1, least = INT64_MAX, most = -1;
    (void)err;
    memset(out, 0, sizeof *out);
    if (!n)
        return ED_OK;
    for (size_t i = 0; i < n; i++) {
        least = counts->prompt[i] < least ? counts->prompt[i] : least;
        most = counts->prompt[i] > most ? counts->prompt[i] : most;
    }
    ed_quantile_median(counts->prompt, n, counts->prompt, &middle);
    add(out, "requests", (int64_t)counts->requests);
    add(out, "connections", (int64_t)counts->connects);
    if (srv->workload.prompt_tokens) {
        add(out, "prompt_tokens_p50", middle);
        add(out, "prompt_tokens_min", least);
        add(out, "prompt_tokens_max", most);
    }
    add(out, "cached_prompt_tokens", (int64_t)counts->cached);
    add(out, "tokens", (int64_t)counts->tokens);
    add(out, "tokens_together", (int64_t)counts->together);
    add(out, "load_request_ns", srv->load_ns);
    add(out, "server_load_ns", srv->load_told_ns);
    add_told(out, srv);
    size_t used = (size_t)snprintf(out->note, sizeof out->note, "measured at %s, network and queue included",
                                   srv->http.url);
    if (srv->found)
        used += (size_t)snprintf(out->note + used, sizeof out->note - used,
                                 "; the model is %.60s, its only one", srv->model);
    if (srv->workload.prompt_tokens && middle >= 0)
        used += (size_t)snprintf(out->note + used, sizeof out->note - used,
                                 "; a prompt has %lld tokens by its count (%lld to %lld)", (long long)middle,
                                 (long long)least, (long long)most);
    if (counts->together)
        snprintf(out->note + used, sizeof out->note - used, "; %llu of %llu tokens came together",
                 (unsigned long long)counts->together, (unsigned long long)counts->tokens);
    srv_dialect.facts(srv, out);
    return ED_OK;
}

enum ed_status srv_unload(void *state, struct ed_error *err) {
    struct srv *srv = state;
    const bool loaded = srv->loaded;
    srv_drop_all(srv);
    srv->loaded = false;
    return loaded ? srv_dialect.unload(srv, err) : ED_OK;
}

void srv_close(void *state) {
    struct srv *srv = state;
    srv_drop_all(srv);
    if (srv->open)
        ed_http_close(&srv->http);
    srv->open = false;
}

__attribute__((visibility("default"))) const struct ed_backend *ed_adapter_entry(uint32_t abi);

const struct ed_backend *ed_adapter_entry(uint32_t abi) {
    return abi == ED_BACKEND_ABI ? &srv_backend : NULL;
}
