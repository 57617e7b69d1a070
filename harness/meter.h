// SPDX-License-Identifier: Apache-2.0
// An external power meter: a program of this machine that prints what a device draws while a campaign runs.
// Each line of its standard output is "TIME WATTS": TIME in seconds since 1970 by this machine's clock, with
// decimals, or the word `now` for the moment when the line arrives (it is known to 10 ms then); WATTS a
// decimal number. Empty lines and lines that begin with '#' are left out. Times do not go back. What else it
// prints is counted, and ends the meter when it is too much; nothing that it prints is trusted.
//
// What it told lies in the device's part of the campaign, METER_FILE, as records of the timeline's form whose
// time is CLOCK_REALTIME of this machine: powers in microwatts, and readings of the device's clock, by which
// the two are aligned.
#ifndef EDGEDYNO_HARNESS_METER_H
#define EDGEDYNO_HARNESS_METER_H

#include "base/stats/energy.h"
#include "edgedyno/error.h"
#include "edgedyno/wire.h"

#define ED_METER_FILE "meter.bin"
#define ED_METER_WORDS "meter.txt" // why it ended early; missing where it did not
#define ED_METER_MAX_BYTES (INT64_C(256) << 20)

// `channel` of a record.
enum ed_meter_kind {
    ED_METER_POWER, // value: microwatts
    ED_METER_CLOCK, // value: CLOCK_MONOTONIC of the device, within +- spread_ns
    ED_METER_GAIN,  // value: thousandths; once a campaign
};

// One line, without its line feed. False where it is none of the form. `now_ns` is what `now` means.
bool ed_meter_line(const char *line, size_t bytes, int64_t now_ns, struct ed_timeline_record *out);

struct ed_meter;
// Starts the program (argv, looked up in PATH) with a thread that reads it. `directory`: of the device.
enum ed_status ed_meter_start(struct ed_meter **meter, char *const *command, int gain_permille,
                              const char *directory, struct ed_error *err);
// A reading of the device's clock, taken between two moments here. NULL is fine.
void ed_meter_clock(struct ed_meter *meter, int64_t asked_real_ns, int64_t answered_real_ns,
                    int64_t device_monotonic_ns);
// Ends it, and everything that it started. NULL is fine. `why` (at least 256 bytes) says why it had ended
// before, "" where it had not.
void ed_meter_stop(struct ed_meter *meter, char why[256]);

// --- for reports

struct ed_meter_data {
    struct ed_timeline_record *records; // in the order of time
    size_t n;
    bool has_power;
    int64_t period_ns; // usual time between two powers
    double gain;
    char why[256]; // the meter failed; "" where it did not, or there is none
};
// No file is fine. Fails for lack of memory alone.
enum ed_status ed_meter_load(struct ed_meter_data *data, const char *directory, struct ed_error *err);
void ed_meter_data_release(struct ed_meter_data *data);
// Powers between two moments of the device's CLOCK_MONOTONIC, on that clock; `sync_ns` is the standard
// uncertainty with which the clocks are aligned there. Allocated, freed by the caller; NULL and 0 where there
// are none, or where no reading of the device's clock is within a quarter of an hour.
struct ed_energy_reading *ed_meter_readings(const struct ed_meter_data *data, int64_t begin_ns,
                                            int64_t end_ns, size_t *n, double *sync_ns);

#endif
