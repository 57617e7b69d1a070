// SPDX-License-Identifier: Apache-2.0
// What the engine builds that a suite asks for offer on each device. It is asked of the devices side by side,
// before the plans are made, and only for builds whose backends are not known without asking.
#ifndef EDGEDYNO_HARNESS_SURVEYS_H
#define EDGEDYNO_HARNESS_SURVEYS_H

#include "harness/fleet.h"
#include "harness/measure.h"

struct ed_surveys_item {
    const struct ed_engine_build *build;
    struct ed_survey survey; // no rows where asking failed
};

// Of one device.
struct ed_surveys {
    struct ed_surveys_item *items;
    size_t n;
};

// Fills one table for each present member of the fleet, in their order; `tables` has room for all of them and
// is zeroed. A device that is held by somebody else, or lost, takes part no longer; its table goes with it.
// The engines' files have to be there for the question, so that such a device is leased from here on.
enum ed_status ed_surveys_make(struct ed_surveys *tables, struct ed_fleet *fleet,
                               const struct ed_measure_args *args, const struct ed_suite *suite,
                               struct ed_digest_cache *digests, struct ed_error *err);
void ed_surveys_release(struct ed_surveys *surveys); // safe on a zeroed one
// For struct ed_offers; `context` is a struct ed_surveys, which *why is borrowed from.
bool ed_surveys_usable(void *context, const struct ed_engine_build *build, const char *backend,
                       const char **why);

#endif
