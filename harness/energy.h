// SPDX-License-Identifier: Apache-2.0
// Which sensor a device's energy figures come from, and what it says of each block. One device has one sensor
// (or a sum of equal ones, such as two processor packages), so that its figures can stand side by side.
//
// The order of preference, of which the first that gives a figure is taken: what it covers (an external
// meter, the board, the battery; then the accelerator before the package where the case runs on one, else
// behind it), then how (an energy counter, a power gauge, what is left in a battery), then the larger one.
#ifndef EDGEDYNO_HARNESS_ENERGY_H
#define EDGEDYNO_HARNESS_ENERGY_H

#include "edgedyno/result.h"
#include "harness/meter.h"
#include "harness/timeline.h"

#define ED_ENERGY_PARTS_MAX 8 // channels of one sum

// Why there is no figure; "" where there is one.
struct ed_energy_why {
    char code[48];
    char text[256];
};

struct ed_energy_block {
    bool has;  // its part of the figures
    bool lost; // the sensor failed in its window; else a slow one just told nothing then
    struct ed_energy_part part;
    bool has_idle;
    double idle_uw, u_idle_uw;
};

struct ed_energy_source {
    char scope[16];                    // "battery"; "" where there is no sensor at all
    char ids[ED_ENERGY_PARTS_MAX][64]; // channels, all of one kind
    size_t n_ids;
    char voltage[64];               // of a charge in uAh
    char status[64];                // of the battery
    struct ed_energy_sensor sensor; // as the first channel describes it, update_ns 0 where unknown
    int64_t period_ns;
};

// What is known of a device's energy. `blocks` is borrowed.
struct ed_energy_device {
    const struct ed_blocks *blocks;
    struct ed_energy_source source;
    struct ed_energy_block *of_blocks; // one a block
    struct ed_energy_why why;          // of the best source, where none gives a figure
    char others[256];                  // sensors that are there and not used
};

// Fails for lack of memory alone. `accelerator`: cases of the device run on a GPU or NPU; `phone`: Android.
// `meter` may be NULL.
enum ed_status ed_energy_device_load(struct ed_energy_device *device, const struct ed_blocks *blocks,
                                     const struct ed_meter_data *meter, bool accelerator, bool phone,
                                     struct ed_error *err);
// The same for a device of a campaign: with the data of its meter, and what it runs on.
enum ed_status ed_energy_load(struct ed_energy_device *energy, const struct ed_campaign_device *device,
                              const struct ed_blocks *blocks, struct ed_error *err);
// Whether the windows of `sum` are above what the source resolves. If not, *why says how long they would have
// to be.
bool ed_energy_enough(const struct ed_energy_source *source, const struct ed_energy_sum *sum,
                      struct ed_energy_why *why);
// Gross energy of one inference of block `b` by its own window alone; NaN where that resolves none.
double ed_energy_of_block(const struct ed_energy_device *device, const struct ed_blocks *blocks, size_t b);
// The power fields of a record. `timing`: index of the case whose timing blocks speak for it; `tokens` that
// one inference generates, 0 where it generates none.
void ed_summary_energy(struct ed_result *result, const struct ed_energy_device *device, size_t timing,
                       int64_t tokens);
void ed_energy_device_release(struct ed_energy_device *device);

#endif
