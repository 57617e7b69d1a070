// SPDX-License-Identifier: Apache-2.0
// The contract of a probe: one source of measurements, sampled by the runner's supervisor. A channel that
// cannot be read says why; it never reads zero. All hooks are called from the supervisor's only thread. A
// probe reads files below a root descriptor, runs commands and opens libraries only through its arguments, so
// that a recorded machine serves as well as this one.
#ifndef EDGEDYNO_PROBE_H
#define EDGEDYNO_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"

struct ed_option_given; // edgedyno/backend.h

#define ED_PROBE_ABI 2u
#define ED_CHANNELS_MAX 128

enum ed_channel_kind { ED_CHANNEL_GAUGE, ED_CHANNEL_COUNTER };
enum ed_channel_scope {
    ED_SCOPE_PROCESS,
    ED_SCOPE_SYSTEM,
    ED_SCOPE_PACKAGE, // a chip, or a part of one: a RAPL domain, a rail
    ED_SCOPE_BOARD,   // all that one supply feeds
    ED_SCOPE_BATTERY,
    ED_SCOPE_ACCELERATOR, // a GPU or NPU with memory or a supply of its own
    ED_SCOPE_EXTERNAL,    // an instrument outside of the device
    ED_SCOPE_COUNT
};
static inline const char *ed_scope_word(enum ed_channel_scope scope) {
    static const char *const words[ED_SCOPE_COUNT] = {"process", "system",      "package", "board",
                                                      "battery", "accelerator", "external"};
    return (unsigned)scope < ED_SCOPE_COUNT ? words[scope] : "";
}

// One measured quantity. Values are int64 in `unit`. `wrap` is a counter's modulus, 0 where it has none.
struct ed_channel {
    char id[64];       // "process_memory.anon"
    char quantity[32]; // "memory", "temperature", "power", "energy", "voltage", "current", "charge",
                       // "frequency", "load", "time", "count", "flags", "state"
    char unit[16]; // "bytes", "mc", "uw", "uj", "uv", "ua", "uah", "khz", "permille", "ns", "us", "count",
                   // "bits"
    enum ed_channel_kind kind;
    enum ed_channel_scope scope;
    int64_t wrap;
    int64_t period_ns;  // shortest useful period
    int64_t resolution; // resolution floor in `unit`; 0 where unknown
    // Whether the sensor's value is what holds now or a mean over its own update period: what an energy
    // figure may be made of (notes on power in docs/energy.md).
    int64_t update_ns; // the sensor's own period, 0 where unknown
    char source[128];  // path or command it is read from
    bool available;
    char reason[128]; // why not; "" where available
};

// How a probe reaches what is no file. On a recorded machine, `command` plays back what was recorded and
// `library` finds nothing.
struct ed_probe_host {
    void *context;
    // Runs argv (no shell) with an end to its time and its output, standard output into `out`, terminated,
    // cut to `bytes`. ED_OK with *exit_status, or ED_ERR_NOT_FOUND, ED_ERR_TIMEOUT, ED_ERR_IO.
    enum ed_status (*command)(void *context, const char *const *argv, char *out, size_t bytes,
                              int *exit_status, struct ed_error *err);
    // dlopen; NULL with the reason in err. The caller closes it with dlclose.
    void *(*library)(void *context, const char *name, struct ed_error *err);
};

struct ed_probe_args {
    int root_fd; // descriptor of "/", or of a fake or recorded tree; every path is opened below it
    int64_t pid; // the worker to watch; 0 before it exists
    const struct ed_probe_host *host;      // never NULL
    const struct ed_option_given *options; // of this probe alone, checked against its table
    size_t n_options;
};

enum ed_probe_flag {
    // A sample takes milliseconds or a process of its own: left out while a block is timed unless it was
    // asked
    // for, and never taken more often than its channels' period.
    ED_PROBE_COSTLY = 1u << 0,
};

struct ed_probe {
    uint32_t abi;
    uint32_t struct_bytes;
    const char *name;
    const char *summary;
    const struct ed_option *options;
    size_t n_options;
    size_t state_bytes;
    unsigned flags; // enum ed_probe_flag
    // What a snapshot of a machine must hold for this probe, each NULL or ended by NULL: files below the
    // root,
    // '*' standing for any text within one component and PID for the worker; commands, one blank between the
    // words, and behind " # " what a line of the output must hold to be kept.
    const char *const *files;
    const char *const *commands;

    // Finds the channels; fills at most `capacity`, *n is their number. Never fails because a source is
    // missing.
    enum ed_status (*detect)(void *state, const struct ed_probe_args *args, struct ed_channel *channels,
                             size_t capacity, size_t *n, struct ed_error *err);
    // The worker to watch from now on.
    void (*attach)(void *state, int64_t pid);
    // One value per channel of detect, INT64_MIN where this reading failed.
    void (*sample)(void *state, int64_t *values, size_t n);
    void (*close)(void *state);
};

// For probes that watch the system and not a process.
static inline void ed_probe_no_attach(void *state, int64_t pid) {
    (void)state, (void)pid;
}

#endif
