// SPDX-License-Identifier: Apache-2.0
// From a device's journal to the facts that the rules of harness/validity.h judge, one set a block.
#ifndef EDGEDYNO_HARNESS_VALIDITY_READ_H
#define EDGEDYNO_HARNESS_VALIDITY_READ_H

#include "harness/timeline.h"
#include "harness/validity.h"

struct ed_validity_block {
    struct ed_validity_facts facts;
    uint32_t reasons;
    bool heat_known;           // something tells whether the device throttled
    bool throttled;            // also of a sustained case, for which it is what is measured and no reason
    bool has_start, has_peak;  // of the device's temperature
    int64_t start_mc, peak_mc; // before the block; highest in it
};

struct ed_validity_device {
    struct ed_validity_block *of_blocks; // in the order of ed_blocks
    size_t n;
    bool counters;        // hardware counters of the worker were read
    char temperature[64]; // the channel that speaks for the device; "" none
};

// Fails for lack of memory alone.
enum ed_status ed_validity_device_load(struct ed_validity_device *validity, const struct ed_blocks *blocks,
                                       const struct ed_campaign_device *device, struct ed_error *err);
void ed_validity_device_release(struct ed_validity_device *validity);

#endif
