// SPDX-License-Identifier: Apache-2.0
// What adapters for servers of language models share: one request is a prompt and what is generated behind
// it, streamed. How it is written and what a line of the answer means is the dialect's.
//
// A workload of P prompt tokens and N generated ones is a request for N + 1: the first token ends the prompt,
// as with an engine in this process, and N follow. Without a prompt the request has a short one, whose time
// up to the first token is not counted.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_SERVER_H
#define EDGEDYNO_BACKENDS_ADAPTER_SERVER_H

#include "backends/adapter_http.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/random.h"
#include "edgedyno/backend.h"

#define SRV_REQUESTS_MAX 256 // at a time
#define SRV_TOLD_MAX 4096    // requests whose counts are kept
#define SRV_COUNT_MOST 1e9   // tokens that a server may speak of,
#define SRV_NS_MOST 1e15     // and nanoseconds

struct srv;

// One request and what came of it.
struct srv_request {
    struct ed_http_call call;
    struct srv *srv;
    uint64_t ticket;
    size_t wanted;             // tokens asked for
    size_t together;           // of which so many were there in one look with the one before
    uint64_t look;             // at which the last one was there
    size_t heard;              // of which so many came as events
    int64_t prompt, generated; // by the server's own count; -1: it did not say
    int64_t cached;            // of the prompt's
    bool ended;                // the stream said that it is over
    char reason[32];           // why, in the server's word
    void (*on_token)(struct srv_request *request); // at each event with text
};

// What the server told of finished requests, for the facts.
struct srv_counts {
    int64_t prompt[SRV_TOLD_MAX];
    uint64_t requests, connects, tokens, together, cached;
};

// What one kind of server has of its own. An adapter has one, srv_dialect, and SRV_BACKEND beside it.
struct srv_dialect {
    const char *piece;    // for messages: what a line of a stream is, "an event"
    const char *go_on;    // what else to do where a model ends too early, or ""
    const char *textless; // and where tokens have no text
    // Reads its own options into `srv`; those of all servers (url, model, answer_limit) are read already.
    void (*read)(struct srv *srv, const struct ed_load_args *args);
    // The server is there, what it is called, and the model is chosen (srv->model).
    enum ed_status (*greet)(struct srv *srv, struct ed_error *err);
    // Has the model loaded; may do nothing.
    enum ed_status (*load)(struct srv *srv, struct ed_error *err);
    enum ed_status (*unload)(struct srv *srv, struct ed_error *err);
    const char *(*path)(const struct srv *srv);
    void (*body)(const struct srv *srv, struct ed_json_writer *w, const char *prompt, size_t tokens);
    // The object that a line of a stream holds; NULL: it says nothing that counts.
    const char *(*object)(struct srv_request *request, const char *line);
    // Takes what the object says, which is no error: tokens, counts, the end.
    void (*take)(struct srv_request *request, const cJSON *root);
    void (*facts)(const struct srv *srv, struct ed_facts *out); // its own, behind the common ones
};

extern const struct srv_dialect srv_dialect;
extern const struct ed_backend srv_backend;

struct srv {
    struct ed_http http;
    bool open, loaded, completions, ignore_eos, keep_loaded, unlisted;
    bool found; // the model is one that the server named, since nobody else did
    char model[200], version[64];
    int64_t answer_limit_ns;
    struct ed_workload workload;
    struct ed_random random;
    size_t words, base_words; // of a prompt as long as the workload's; of the shortest
    struct srv_request *requests[SRV_REQUESTS_MAX];
    struct srv_request *current; // of those, that of prefill and decode
    const struct ed_host *host;  // while a hook that was given one runs
    struct srv_counts counts;
    int64_t load_ns, load_told_ns; // of the request that loads it, by our clock, by the server's; -1
    struct {
        int64_t prompt_ns[SRV_TOLD_MAX], generate_ns[SRV_TOLD_MAX]; // by the server's clock
        uint64_t n;
    } told;
};

// adapter_server_request.c
enum ed_status srv_begin(struct srv *srv, size_t words, size_t tokens, uint64_t ticket,
                         struct srv_request **out, struct ed_error *err);
// Works on until it has finished; or, where `tokens` is not 0, has so many of them.
enum ed_status srv_wait(struct srv *srv, struct srv_request *request, size_t tokens, struct ed_error *err);
// Whether a finished request is what was asked for, and its counts.
enum ed_status srv_settle(struct srv *srv, struct srv_request *request, struct ed_error *err);
void srv_drop(struct srv *srv, struct srv_request *request);
void srv_drop_all(struct srv *srv);
// A count or a duration of the server's, below `most`; -1: it told none.
int64_t srv_number(const cJSON *object, const char *key, double most);
// An event with a token's text.
void srv_token(struct srv_request *request);
enum ed_status srv_silence(const struct srv *srv, const struct srv_request *request, struct ed_error *err);

// adapter_server_prompt.c
void srv_prompt(struct srv *srv, size_t words, struct ed_buffer *out);
// Finds how many words make a prompt of the workload's tokens, by asking.
enum ed_status srv_calibrate(struct srv *srv, struct ed_error *err);

// adapter_server_models.c
// A short answer in JSON: GET where `body` is NULL, else POST. Release the document.
enum ed_status srv_ask(struct srv *srv, const char *path, const char *body, struct ed_json_document *document,
                       struct ed_error *err);
// `models` are objects that have a name each, `key`.
// Whether the model is among them; a name without a tag is that of its latest, as Ollama has it.
bool srv_has_model(const struct srv *srv, const cJSON *models, const char *key);
// The model that was asked for has to be among them; where none was, the only one is taken.
enum ed_status srv_choose_model(struct srv *srv, const cJSON *models, const char *key, struct ed_error *err);

// adapter_server.c: the hooks.
enum ed_status srv_open(void *state, const struct ed_open_args *args, struct ed_error *err);
enum ed_status srv_survey(void *state, struct ed_survey *out, struct ed_error *err);
enum ed_status srv_load(void *state, const struct ed_load_args *args, struct ed_error *err);
enum ed_status srv_describe(void *state, struct ed_io *out, struct ed_error *err);
enum ed_status srv_run(void *state, struct ed_error *err);
enum ed_status srv_outputs(void *state, struct ed_tensor *views, size_t capacity, size_t *n,
                           struct ed_error *err);
enum ed_status srv_submit(void *state, uint64_t ticket, struct ed_error *err);
enum ed_status srv_progress(void *state, int64_t until_ns, const struct ed_host *host, struct ed_error *err);
enum ed_status srv_language(void *state, struct ed_language *out, struct ed_error *err);
enum ed_status srv_rewind(void *state, size_t keep, struct ed_error *err);
enum ed_status srv_prefill(void *state, const int32_t *tokens, size_t n, const struct ed_host *host,
                           struct ed_error *err);
enum ed_status srv_decode(void *state, size_t n, const struct ed_host *host, struct ed_error *err);
enum ed_status srv_processes(void *state, int64_t *pids, size_t capacity, size_t *n, struct ed_error *err);
enum ed_status srv_facts(void *state, struct ed_facts *out, struct ed_error *err);
enum ed_status srv_unload(void *state, struct ed_error *err);
void srv_close(void *state);

// The table of an adapter, whose manifest is included.
#define SRV_BACKEND                                                                                         \
    {                                                                                                       \
        .abi = ED_BACKEND_ABI, .struct_bytes = sizeof(struct ed_backend), .name = ED_MANIFEST_NAME,         \
        .summary = ED_MANIFEST_SUMMARY, .options = ed_manifest_options, .n_options = ED_MANIFEST_N_OPTIONS, \
        .state_bytes = sizeof(struct srv), .open = srv_open, .survey = srv_survey, .load = srv_load,        \
        .describe = srv_describe, .bind = ed_backend_no_bind, .run = srv_run, .submit = srv_submit,         \
        .wait = ed_backend_no_wait, .outputs = srv_outputs, .language = srv_language,                       \
        .tokenize = ed_backend_no_tokenize, .rewind = srv_rewind, .prefill = srv_prefill,                   \
        .decode = srv_decode, .logits = ed_backend_no_logits, .processes = srv_processes,                   \
        .placement = ed_backend_placement_not_proven, .op_profile = ed_backend_no_op_profile,               \
        .engine_memory = ed_backend_memory_unknown, .unload = srv_unload, .close = srv_close,               \
        .facts = srv_facts, .progress = srv_progress,                                                       \
    }

#endif
