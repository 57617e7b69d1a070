// SPDX-License-Identifier: Apache-2.0
// Binding processes to CPUs: the worker to those of --pin, the supervisor to the rest. Kernel numbers ("OS
// indexes") throughout.
#ifndef EDGEDYNO_RUNNERS_HARDWARE_PINNING_H
#define EDGEDYNO_RUNNERS_HARDWARE_PINNING_H

#include <stdbool.h>
#include <stddef.h>

#include "edgedyno/error.h"

#define ED_PIN_CPUS_MAX 1024

// A set of CPUs by number.
struct ed_cpu_set {
    unsigned char bits[ED_PIN_CPUS_MAX / 8];
};

bool ed_cpu_set_has(const struct ed_cpu_set *set, unsigned cpu);
size_t ed_cpu_set_count(const struct ed_cpu_set *set);
// "0,2-3"; `text` is cut to fit.
void ed_cpu_set_print(const struct ed_cpu_set *set, char *text, size_t bytes);
// Parses "0,2-3" (spaces around the numbers are fine). ED_ERR_USAGE for anything else, an empty list, a range
// that runs backwards, or a number from ED_PIN_CPUS_MAX on.
enum ed_status ed_cpu_set_parse(const char *text, struct ed_cpu_set *set, struct ed_error *err);

// The CPUs that exist here and that the system (cgroup cpusets) lets this process use, by hwloc.
struct ed_pinning {
    void *topology; // hwloc's
    struct ed_cpu_set allowed, start;
};

// Loads the topology and notes where the process may run now (`start`). Takes about a millisecond; do it
// once, before fork. ED_ERR_UNSUPPORTED where hwloc cannot tell. Release with ed_pinning_release (safe on a
// zeroed struct).
enum ed_status ed_pinning_init(struct ed_pinning *pinning, struct ed_error *err);
void ed_pinning_release(struct ed_pinning *pinning);
// ED_ERR_USAGE with the existing or allowed CPUs in the message where one of the set is not among them.
enum ed_status ed_pinning_check(const struct ed_pinning *pinning, const struct ed_cpu_set *set,
                                struct ed_error *err);
// The CPUs of `start` that are not in `set`: for the supervisor. False where none is left; *rest is then
// `start`.
bool ed_pinning_rest(const struct ed_pinning *pinning, const struct ed_cpu_set *set, struct ed_cpu_set *rest);
// Binds the calling process, all its threads, and checks that the system really did; a program that it
// executes later inherits it. May be called between fork and exec of a process with one thread.
// ED_ERR_UNSUPPORTED or ED_ERR_IO.
enum ed_status ed_pinning_bind(const struct ed_pinning *pinning, const struct ed_cpu_set *set,
                               struct ed_error *err);

#endif
