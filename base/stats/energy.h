// SPDX-License-Identifier: Apache-2.0
// From readings of a power or energy sensor to the energy of a window, with its uncertainty. Pure,
// thread-safe, no allocation. docs/energy.md has the reasons; times are nanoseconds on the clock of the
// readings, energies microjoules, powers microwatts, uncertainties standard ones (k = 1) unless said.
//
// u^2 = u_sampling^2 + 2 (dP sigma_sync)^2 + (T u_idle)^2 + (E u_gain)^2, JCGM 100:2008 (GUM) 5.1, with
//   u_sampling  a counter: at each end the rise d of the gap that holds it, of which the part f is inside:
//               d^2 f (1 - f) / 3 (the energy lies anywhere in the gap); its update period, (P update)^2 / 12;
//               its steps, step^2 / 12. A gauge: (T s)^2 / n with the n updates in the window, s their spread,
//               widened by Student's t for few of them; its steps, T step / sqrt(12), the same in every window.
//   dP          the step of power at the window's ends, sigma_sync how well they are known on that clock.
#ifndef EDGEDYNO_BASE_STATS_ENERGY_H
#define EDGEDYNO_BASE_STATS_ENERGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_ENERGY_NO_VALUE INT64_MIN // a reading that failed
#define ED_ENERGY_UPDATES_MIN 3      // fewer updates of a gauge are no mean
#define ED_ENERGY_STEPS_MIN 10       // fewer steps of a counter are below its floor

struct ed_energy_reading {
    int64_t at_ns;
    int64_t spread_ns; // it was taken within +- this
    int64_t value;
};

enum ed_energy_kind {
    ED_ENERGY_COUNTER, // rises by what was used
    ED_ENERGY_GAUGE,   // power, now or over its own update period
    ED_ENERGY_STORE,   // what is left; falls by what was used
};

struct ed_energy_sensor {
    enum ed_energy_kind kind;
    double unit;       // one unit of a value in uJ (counter, store) or uW (gauge)
    int64_t wrap;      // modulus of a counter in its units; 0: it has none
    double resolution; // in units of the value; 0: one unit
    int64_t update_ns; // its own period; 0 unknown: the readings' own rhythm tells
    double gain;       // relative uncertainty of its scale; 0 where it is not known
    double most_uw;    // more than this it cannot see: what would be more is a torn reading
    bool either_sign;  // a gauge whose maker's sign is not known: all one sign is that sign's size
};

enum ed_energy_status {
    ED_ENERGY_OK,
    ED_ENERGY_NO_READINGS, // none in or around the window, or too few
    ED_ENERGY_LOST,        // readings end before the window does, or fail for more than a fifth of it
    ED_ENERGY_BROKEN, // values that no device makes: jumps, a counter that was reset, a wrap that was missed
    ED_ENERGY_SIGN,   // negative power, or both signs
};

struct ed_energy_part {
    enum ed_energy_status status;
    double energy_uj, duration_s, power_uw;
    double variance;  // uJ^2 of what is independent between windows
    double common_uj; // uncertainty that is the same in every window
    double steps;     // of a counter or store in the window, in resolutions
    double updates;   // of a gauge in the window
    double update_s;  // the period that was taken for the sensor's own
};

// Marks single readings that no device makes (a torn read looks like a jump and back) as failed, and those
// that are not later than the one before. Returns how many. In place, once, before the windows.
size_t ed_energy_clean(const struct ed_energy_sensor *sensor, struct ed_energy_reading *readings, size_t n);

// The sensor's update period as the readings show it: the median time between two changes, between half of
// and four times what is declared; what is declared where fewer than eight changes are seen.
int64_t ed_energy_update_ns(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                            size_t n);

// The energy between begin_ns and end_ns. `sync_ns`: standard uncertainty of either end on the readings'
// clock; `step_uw`: step of power at the ends, negative where it is not known (then all of the power).
// Readings are in order of time. part->status tells what is wrong, and then the rest is zero.
void ed_energy_window(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                      size_t n, int64_t begin_ns, int64_t end_ns, double sync_ns, double step_uw,
                      struct ed_energy_part *part);

// Power without load, from the windows before and behind one: their mean. Either may be missing (status not
// OK); false where both are. The drift between them is in *u_uw.
bool ed_energy_idle(const struct ed_energy_part *before, const struct ed_energy_part *after, double *power_uw,
                    double *u_uw);

// Several windows of one case as one: begin with a zeroed sum.
struct ed_energy_sum {
    double energy_uj, duration_s, inferences;
    double variance, common_uj, steps, updates;
    double idle_uj, idle_common_uj; // P_idle T, and T u_idle
    bool has_idle;                  // in all of them
    size_t windows;
};
void ed_energy_add(struct ed_energy_sum *sum, const struct ed_energy_part *part, double inferences,
                   bool has_idle, double idle_uw, double u_idle_uw);

struct ed_energy_figure {
    double value_uj; // per inference
    double u_uj;     // standard uncertainty of it
};
// Gross, and net of idle (only with has_idle).
struct ed_energy_figure ed_energy_gross(const struct ed_energy_sum *sum, double gain);
struct ed_energy_figure ed_energy_net(const struct ed_energy_sum *sum, double gain);
// Whether the sum is above what the sensor resolves. If not, *needed_s is the timed time that it would take,
// and *at_least whether that is only a lower bound.
bool ed_energy_resolved(const struct ed_energy_sensor *sensor, const struct ed_energy_sum *sum,
                        double update_s, double *needed_s, bool *at_least);

#endif
