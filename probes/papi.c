// SPDX-License-Identifier: Apache-2.0
// Hardware counters of the worker and of threads that it starts, through PAPI where that is installed: opened
// at run time, with declarations of our own that hold for versions 5 to 7. Without a counter in the processor
// that the system shows (most virtual machines) the library is not even opened, unless events were named. All
// events are one set: what does not fit into the processor's counters together is refused by PAPI, and the
// channel says so.
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "edgedyno/backend.h"
#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define EVENTS_MAX 16
#define NAME_BYTES 48
#define DEVICES "sys/bus/event_source/devices"

// Values of papi.h.
enum {
    OK = 0,
    NO_EVENT = -7,
    NO_PERMISSION = -15,
    NULL_SET = -1,
    OPTION_LIBRARY_VERSION = 21,
    OPTION_INHERIT = 28
};

struct functions {
    int (*get_opt)(int option, void *pointer);
    int (*init)(int version);
    char *(*error_text)(int code);
    int (*set_new)(int *set);
    int (*set_component)(int set, int component);
    int (*set_opt)(int option, void *pointer);
    int (*attach)(int set, unsigned long pid);
    int (*add)(int set, const char *name);
    int (*start)(int set);
    int (*read)(int set, long long *values);
    int (*stop)(int set, long long *values);
    int (*clear)(int set);
    int (*free_set)(int *set);
    void (*shutdown)(void);
};

struct papi {
    void *handle;
    struct functions calls;
    bool started, counting;
    int set;
    size_t n, n_counted; // events, and those of them in the running set
    char names[EVENTS_MAX][NAME_BYTES];
    bool available[EVENTS_MAX];
    size_t place[EVENTS_MAX]; // in the set, of those that are available
};

static const char *const default_events[] = {"PAPI_TOT_CYC", "PAPI_TOT_INS", "PAPI_L3_TCM", "PAPI_BR_MSP"};
static const char *const libraries[] = {"libpapi.so.7.2", "libpapi.so.7.1", "libpapi.so.7.0",
                                        "libpapi.so.7",   "libpapi.so.6.0", "libpapi.so.6",
                                        "libpapi.so.5.7", "libpapi.so.5",   "libpapi.so"};

static const char *find_functions(void *handle, struct functions *calls) {
    const struct {
        const char *name;
        void **place;
    } wanted[] = {
        {"PAPI_get_opt", (void **)&calls->get_opt},
        {"PAPI_library_init", (void **)&calls->init},
        {"PAPI_strerror", (void **)&calls->error_text},
        {"PAPI_create_eventset", (void **)&calls->set_new},
        {"PAPI_assign_eventset_component", (void **)&calls->set_component},
        {"PAPI_set_opt", (void **)&calls->set_opt},
        {"PAPI_attach", (void **)&calls->attach},
        {"PAPI_add_named_event", (void **)&calls->add},
        {"PAPI_start", (void **)&calls->start},
        {"PAPI_read", (void **)&calls->read},
        {"PAPI_stop", (void **)&calls->stop},
        {"PAPI_cleanup_eventset", (void **)&calls->clear},
        {"PAPI_destroy_eventset", (void **)&calls->free_set},
        {"PAPI_shutdown", (void **)&calls->shutdown},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].place = dlsym(handle, wanted[i].name)))
            return wanted[i].name;
    return NULL;
}

static void add_event(struct papi *state, const char *name, size_t n) {
    if (n == 0 || n >= NAME_BYTES || state->n == EVENTS_MAX)
        return;
    memcpy(state->names[state->n], name, n);
    state->names[state->n++][n] = 0;
}

// The user's events, or the common ones. Whether any was named.
static bool choose_events(struct papi *state, const struct ed_probe_args *args) {
    for (size_t i = 0; i < args->n_options; i++)
        if (strcmp(args->options[i].key, "events") == 0)
            for (const char *p = args->options[i].value; *p;) {
                const size_t n = strcspn(p, ",");
                add_event(state, p, n);
                p += n + (p[n] == ',');
            }
    if (state->n)
        return true;
    for (size_t i = 0; i < sizeof default_events / sizeof *default_events; i++)
        add_event(state, default_events[i], strlen(default_events[i]));
    return false;
}

static bool has_counters(int root_fd) {
    static const char *const prefixes[] = {"cpu", "armv7", "armv8", "arm_", "apple_", "riscv"};
    char names[1][ED_PROC_NAME_BYTES];
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (ed_proc_list_names(root_fd, DEVICES, prefixes[i], names, 1) > 0)
            return true;
    return false;
}

static bool open_library(struct papi *state, const struct ed_probe_host *host, char *why, size_t bytes) {
    struct ed_error err = {0}, first = {0};
    for (size_t i = 0; !state->handle && i < sizeof libraries / sizeof *libraries; i++) {
        state->handle = host->library(host->context, libraries[i], &err);
        if (i == 0)
            first = err;
    }
    if (!state->handle) {
        snprintf(why, bytes, "PAPI is not installed: %.80s", first.message);
        return false;
    }
    const char *missing = find_functions(state->handle, &state->calls);
    if (missing) {
        snprintf(why, bytes, "libpapi has no %s", missing);
        return false;
    }
    const int version = state->calls.get_opt(OPTION_LIBRARY_VERSION, NULL), major = version >> 24;
    if (version <= 0 || major < 5 || major > 7) {
        snprintf(why, bytes, "libpapi has major version %d, this program knows 5 to 7", major);
        return false;
    }
    const int answer = state->calls.init(version & (int)0xffff0000u);
    state->started = answer == (version & (int)0xffff0000u);
    if (!state->started)
        snprintf(why, bytes, "PAPI_library_init: %.80s",
                 answer < 0 ? state->calls.error_text(answer) : "wrong version");
    return state->started;
}

// A set that counts `pid` with the events that are available; on the first time (`reasons`) finds out which
// ones are.
static int set_make(struct papi *state, int64_t pid, char (*reasons)[96]) {
    // PAPI_option_t is a union of less than this that begins with these two for the option.
    union {
        struct {
            int set, inherit;
        } inherit;
        char room[1024];
    } option = {.room = {0}};
    const struct functions *calls = &state->calls;
    state->set = NULL_SET;
    int code = calls->set_new(&state->set);
    if (code != OK)
        return code;
    option.inherit.set = state->set;
    option.inherit.inherit = 1;
    code = calls->set_component(state->set, 0);
    if (code == OK)
        code = calls->set_opt(OPTION_INHERIT, &option);
    if (code == OK)
        code = calls->attach(state->set, (unsigned long)pid);
    state->n_counted = 0;
    for (size_t i = 0; code == OK && i < state->n; i++) {
        const int refused = reasons || state->available[i] ? calls->add(state->set, state->names[i]) : OK;
        if (reasons && refused != OK)
            snprintf(reasons[i], sizeof reasons[i], "PAPI refuses %s: %.40s", state->names[i],
                     calls->error_text(refused));
        if (reasons)
            state->available[i] = refused == OK;
        else if (refused != OK)
            code = refused;
        if (refused == OK && state->available[i])
            state->place[i] = state->n_counted++;
    }
    if (code == OK && state->n_counted)
        code = calls->start(state->set);
    state->counting = code == OK && state->n_counted > 0;
    return code;
}

static void set_end(struct papi *state) {
    long long values[EVENTS_MAX];
    if (state->set == NULL_SET || !state->started)
        return;
    if (state->counting)
        state->calls.stop(state->set, values);
    state->calls.clear(state->set);
    state->calls.free_set(&state->set);
    state->counting = false;
    state->set = NULL_SET;
}

static void papi_attach(void *opaque, int64_t pid) {
    struct papi *state = opaque;
    if (!state->started)
        return;
    set_end(state);
    if (pid > 0 && set_make(state, pid, NULL) != OK)
        set_end(state);
}

static enum ed_status papi_detect(void *opaque, const struct ed_probe_args *args, struct ed_channel *channels,
                                  size_t capacity, size_t *n, struct ed_error *err) {
    (void)err;
    struct papi *state = opaque;
    char why[128] = "", reasons[EVENTS_MAX][96] = {{0}};
    memset(state, 0, sizeof *state);
    state->set = NULL_SET;
    const bool named = choose_events(state, args);
    if (!named && !has_counters(args->root_fd))
        snprintf(why, sizeof why,
                 "/" DEVICES " has no counters of the processor (usual in a virtual machine)");
    else if (open_library(state, args->host, why, sizeof why)) {
        const int code = set_make(state, getpid(), reasons);
        if (code != OK)
            snprintf(why, sizeof why, "PAPI cannot watch a process: %.40s%s", state->calls.error_text(code),
                     code == NO_EVENT        ? " (without a counter in the processor it attaches to none)"
                     : code == NO_PERMISSION ? " (kernel.perf_event_paranoid above 2 forbids it)"
                                             : "");
        set_end(state);
    }
    *n = state->n < capacity ? state->n : capacity;
    for (size_t i = 0; i < *n; i++) {
        struct ed_channel *channel = &channels[i];
        char word[NAME_BYTES];
        snprintf(word, sizeof word, "%s", state->names[i]);
        ed_channel_word(word);
        *channel = (struct ed_channel){.quantity = "count",
                                       .unit = "count",
                                       .kind = ED_CHANNEL_COUNTER,
                                       .scope = ED_SCOPE_PROCESS,
                                       .period_ns = 50000000,
                                       .resolution = 1};
        snprintf(channel->id, sizeof channel->id, "papi.%s", word);
        snprintf(channel->source, sizeof channel->source, "PAPI %s", state->names[i]);
        if (why[0] || reasons[i][0])
            ed_channel_missing(channel, "%s", why[0] ? why : reasons[i]);
        else
            ed_channel_found(channel);
        state->available[i] = channel->available;
    }
    papi_attach(state, args->pid);
    return ED_OK;
}

static void papi_sample(void *opaque, int64_t *values, size_t n) {
    struct papi *state = opaque;
    long long now[EVENTS_MAX];
    ed_values_clear(values, n);
    if (!state->counting || state->calls.read(state->set, now) != OK)
        return;
    for (size_t i = 0; i < n && i < state->n; i++)
        if (state->available[i] && now[state->place[i]] >= 0)
            values[i] = now[state->place[i]];
}

static void papi_close(void *opaque) {
    struct papi *state = opaque;
    set_end(state);
    if (state->started)
        state->calls.shutdown();
    if (state->handle)
        dlclose(state->handle);
    memset(state, 0, sizeof *state);
}

static const struct ed_option options[] = {
    {"events", 0, ED_OPTION_LIST, "EVENT,...", "PAPI_TOT_CYC,PAPI_TOT_INS,PAPI_L3_TCM,PAPI_BR_MSP", 0, 0, "",
     "the events to count, by PAPI's names", 0},
};

const struct ed_probe ed_probe_papi = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "papi",
    .summary = "hardware counters of the worker, through PAPI",
    .options = options,
    .n_options = 1,
    .state_bytes = sizeof(struct papi),
    .files = (const char *const[]){DEVICES "/*/type", NULL},
    .detect = papi_detect,
    .attach = papi_attach,
    .sample = papi_sample,
    .close = papi_close,
};
