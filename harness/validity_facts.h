// SPDX-License-Identifier: Apache-2.0
// Inside of harness/validity_read.c: one block as it is looked at, and its facts.
#ifndef EDGEDYNO_HARNESS_VALIDITY_FACTS_H
#define EDGEDYNO_HARNESS_VALIDITY_FACTS_H

#include "harness/validity_read.h"

// One channel in a span of time.
struct ed_validity_seen {
    size_t n, failures, positive;
    bool last_failed;
    int64_t first, last, least, most;
    uint64_t bits;
    int64_t first_ns, last_ns;
};

// What is worked on: one block.
struct ed_validity_look {
    const struct ed_block *block;
    const struct ed_timeline_channels *channels;
    struct ed_timeline_times times;
    struct ed_validity_seen *whole, *timed; // by channel
    struct ed_json_at before, after, root;
    const int64_t *highest; // by channel, over the job: limits of the clock
    const struct ed_campaign_case *c;
};

// Whether `text` holds `word`, which is in small letters; capitals in the text count as small ones.
bool ed_validity_holds_word(const char *text, const char *word);
// Of the reading before or behind a block.
bool ed_validity_around(const struct ed_json_at *context, const char *id, int64_t *value);
// Fills all but whether a rule holds. `heat`: the channel that speaks for the temperature; "" none.
void ed_validity_study(struct ed_validity_look *look, const struct ed_campaign_device *device,
                       const char *heat, struct ed_validity_block *out);

#endif
