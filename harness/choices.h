// SPDX-License-Identifier: Apache-2.0
// From the words of --on to engine builds and backends.
#ifndef EDGEDYNO_HARNESS_CHOICES_H
#define EDGEDYNO_HARNESS_CHOICES_H

#include "devices/engines.h"
#include "harness/suite.h"

// One engine build with one of its backends.
struct ed_choice {
    const struct ed_engine_build *build;
    const struct ed_manifest_backend *backend;
};

struct ed_choices {
    struct ed_choice *items; // distinct, in the order in which they were named
    size_t n;
};

// What an engine build offers on the device itself: what a star among the backends may mean, and whether a
// backend other than the CPU is there at all.
struct ed_offers {
    void *context;
    // *why: the engine's words where it is not, "" where there are none; of no meaning where it is.
    bool (*usable)(void *context, const struct ed_engine_build *build, const char *backend, const char **why);
};

// Resolves every --on of the suite (stars too) for `target`; without any, each model's default engine on the
// CPU. Everything that is wrong is ED_ERR_USAGE. Release in any case.
enum ed_status ed_choices_make(struct ed_choices *choices, const struct ed_suite *suite,
                               const struct ed_catalogue *catalogue, const struct ed_engines *engines,
                               const char *target, const struct ed_offers *offers, struct ed_error *err);
void ed_choices_release(struct ed_choices *choices);
// Does the engine open files of this ending?
bool ed_choice_opens(const struct ed_manifest *manifest, const char *file);

#endif
