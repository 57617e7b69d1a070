// SPDX-License-Identifier: Apache-2.0
// What the parts of harness/energy.c share: the readings of a device (energy_readings.c), a sensor and its
// windows (energy_measure.c), and why one gives no figure (energy_why.c).
#ifndef EDGEDYNO_HARNESS_ENERGY_WORK_H
#define EDGEDYNO_HARNESS_ENERGY_WORK_H

#include "harness/energy.h"

#define ED_ENERGY_METER "meter.power" // an external meter as a channel

// What the evaluation of one source works on. All is borrowed.
struct ed_energy_work {
    struct ed_energy_device *device;
    const struct ed_timeline_channels *channels; // one list a job
    struct ed_timeline_times *times;             // one a block
    const struct ed_meter_data *meter;           // NULL: none
    bool phone;
};

// Readings of a channel in a span, failed ones left out; n 0 where there are none.
struct ed_energy_seen {
    double least, most, mean;
    size_t n;
};

// Whether block `b` has a timed window that counts.
bool ed_energy_is_timed(const struct ed_energy_work *work, size_t b);
// The readings of a channel by its name; NULL where the block's job has none such. The caller frees them.
// `sync_ns`: how well their clock is known on that of the block.
struct ed_energy_reading *ed_energy_readings_and_sync(const struct ed_energy_work *work, size_t b,
                                                      const char *id, size_t *n, double *sync_ns);
struct ed_energy_reading *ed_energy_readings_of(const struct ed_energy_work *work, size_t b, const char *id,
                                                size_t *n);
// In the timed window of a block, or in all of it. "" has no readings.
struct ed_energy_seen ed_energy_look(const struct ed_energy_work *work, size_t b, const char *id,
                                     bool whole_block);

// The source's sensor as the fullest block shows it: its step, its period, the voltage of a charge.
void ed_energy_study(const struct ed_energy_work *work, struct ed_energy_source *source);
// One block by this source.
enum ed_energy_status ed_energy_measure(const struct ed_energy_work *work,
                                        const struct ed_energy_source *source, size_t b,
                                        struct ed_energy_block *out);

__attribute__((format(printf, 3, 4))) void ed_energy_say(struct ed_energy_why *why, const char *code,
                                                         const char *format, ...);
void ed_energy_say_status(struct ed_energy_why *why, const struct ed_energy_source *source,
                          enum ed_energy_status status);
// Units and state of a battery: what is doubtful is no figure. False: *why says it.
bool ed_energy_battery_fits(const struct ed_energy_work *work, const struct ed_energy_source *source,
                            double power_uw, size_t b, struct ed_energy_why *why);
// There is none: what a device shows that is not there to be read. `channels` may be NULL.
void ed_energy_say_no_source(struct ed_energy_why *why, const struct ed_timeline_channels *channels);

#endif
