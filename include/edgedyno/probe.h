// SPDX-License-Identifier: Apache-2.0
// The contract of a probe: one source of measurements, sampled by the runner's supervisor. A channel that
// cannot be read says why; it never reads zero. All hooks are called from the supervisor's only thread.
#ifndef EDGEDYNO_PROBE_H
#define EDGEDYNO_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/option.h"

#define ED_PROBE_ABI 1u
#define ED_CHANNELS_MAX 128

enum ed_channel_kind { ED_CHANNEL_GAUGE, ED_CHANNEL_COUNTER };
enum ed_channel_scope {
    ED_SCOPE_PROCESS,
    ED_SCOPE_SYSTEM,
    ED_SCOPE_PACKAGE,
    ED_SCOPE_BOARD,
    ED_SCOPE_BATTERY
};

// One measured quantity. Values are int64 in `unit`. `wrap` is a counter's modulus, 0 where it has none.
struct ed_channel {
    char id[64];       // "process_memory.anon"
    char quantity[32]; // "memory", "temperature", "power", "frequency", "load"
    char unit[16];     // "bytes", "mc", "uw", "khz"
    enum ed_channel_kind kind;
    enum ed_channel_scope scope;
    int64_t wrap;
    int64_t period_ns;  // shortest useful period
    int64_t resolution; // resolution floor in `unit`; 0 where unknown
    char source[128];   // path or command it is read from
    bool available;
    char reason[128]; // why not; "" where available
};

struct ed_probe_args {
    int root_fd; // descriptor of "/", or of a fake or recorded tree; every path is opened below it
    int64_t pid; // the worker to watch; 0 before it exists
};

struct ed_probe {
    uint32_t abi;
    uint32_t struct_bytes;
    const char *name;
    const char *summary;
    const struct ed_option *options;
    size_t n_options;
    size_t state_bytes;

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
