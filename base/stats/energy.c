// SPDX-License-Identifier: Apache-2.0
// Energy of a window from a sensor's readings.
#include "base/stats/energy.h"

#include <math.h>
#include <string.h>

#include "base/stats/distribution.h"
#include "base/stats/quantile.h"

#define CHANGES_MIN 8
#define DELAY \
    0.75 // of an update: between that of a sensor that shows what is now and of one that shows a mean
#define DELAY_U 0.38 // sqrt((1/4)^2 + 1/12)
#define SUPPORT 2    // updates that a reading may tell of: a mean over one that is shown for the next
#define LOST_SHARE 0.2
#define GAP_FACTOR 4 // a gap of more than so many usual ones is a loss

static bool good(const struct ed_energy_reading *reading) {
    return reading->value != ED_ENERGY_NO_VALUE;
}

static double step_of(const struct ed_energy_sensor *sensor) {
    return (sensor->resolution > 0 ? sensor->resolution : 1) * sensor->unit;
}

// What a counter or store says was used from a to b, in uJ. A counter that fell has wrapped or was reset.
static double used_uj(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *a,
                      const struct ed_energy_reading *b) {
    double rise = (double)b->value - (double)a->value;
    if (sensor->kind == ED_ENERGY_STORE)
        return -rise * sensor->unit;
    if (rise < 0 && sensor->wrap > 0)
        rise += (double)sensor->wrap;
    return rise * sensor->unit;
}

static bool plausible(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *a,
                      const struct ed_energy_reading *b) {
    const double s = (double)(b->at_ns - a->at_ns + sensor->update_ns) * 1e-9, most = sensor->most_uw * s;
    const double used = used_uj(sensor, a, b);
    // One step may fall into any interval. A store may be corrected upwards by some.
    const double slack = 2 * step_of(sensor);
    return used <= most + slack && used >= (sensor->kind == ED_ENERGY_STORE ? -most - slack : 0);
}

static size_t next_good(const struct ed_energy_reading *readings, size_t n, size_t from) {
    while (from < n && !good(&readings[from]))
        from++;
    return from;
}

size_t ed_energy_clean(const struct ed_energy_sensor *sensor, struct ed_energy_reading *readings, size_t n) {
    size_t marked = 0;
    int64_t last_ns = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        if (!good(&readings[i]))
            continue;
        if (last_ns != INT64_MIN && readings[i].at_ns <= last_ns) {
            readings[i].value = ED_ENERGY_NO_VALUE;
            marked++;
            continue;
        }
        last_ns = readings[i].at_ns;
        if (sensor->kind == ED_ENERGY_GAUGE &&
            fabs((double)readings[i].value) * sensor->unit > sensor->most_uw) {
            readings[i].value = ED_ENERGY_NO_VALUE;
            marked++;
        }
    }
    if (sensor->kind == ED_ENERGY_GAUGE)
        return marked;
    size_t a = next_good(readings, n, 0), b = next_good(readings, n, a + 1);
    for (size_t c = next_good(readings, n, b + 1); b < n; c = next_good(readings, n, c + 1)) {
        const bool ab = plausible(sensor, &readings[a], &readings[b]),
                   bc = c >= n || plausible(sensor, &readings[b], &readings[c]),
                   ac = c < n && plausible(sensor, &readings[a], &readings[c]);
        if (ac && !(ab && bc)) { // b alone does not fit
            readings[b].value = ED_ENERGY_NO_VALUE;
            marked++;
            b = c;
            continue;
        }
        if (!ab && c >= n) { // the last one
            readings[b].value = ED_ENERGY_NO_VALUE;
            marked++;
            break;
        }
        if (!ab && bc && a == next_good(readings, n, 0)) { // the first one
            readings[a].value = ED_ENERGY_NO_VALUE;
            marked++;
        }
        a = b;
        b = c;
    }
    return marked;
}

int64_t ed_energy_update_ns(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                            size_t n) {
    enum { KEPT = 255 };
    int64_t gaps[KEPT], changed_ns = 0;
    size_t seen = 0, last = n;
    for (size_t i = 0; i < n && seen < KEPT; i++) {
        if (!good(&readings[i]))
            continue;
        if (last < n && readings[i].value != readings[last].value) {
            if (changed_ns)
                gaps[seen++] = readings[i].at_ns - changed_ns;
            changed_ns = readings[i].at_ns;
        }
        last = i;
    }
    if (seen < CHANGES_MIN)
        return sensor->update_ns;
    const int64_t median = ed_quantile_select_rank(gaps, seen, seen / 2 + 1);
    if (!sensor->update_ns)
        return median;
    return median < sensor->update_ns / 2   ? sensor->update_ns / 2
           : median > 4 * sensor->update_ns ? 4 * sensor->update_ns
                                            : median;
}

// Where one end of the window lies: what was used up to it since `base`, and how well that is known.
struct edge {
    double used_uj, variance;
};

static enum ed_energy_status counter_edge(const struct ed_energy_sensor *sensor,
                                          const struct ed_energy_reading *readings, size_t n, int64_t at_ns,
                                          bool is_end, struct edge *edge) {
    size_t a = next_good(readings, n, 0), b = a;
    double used = 0;
    if (a >= n)
        return ED_ENERGY_NO_READINGS;
    if (readings[a].at_ns > at_ns)
        return is_end ? ED_ENERGY_NO_READINGS : ED_ENERGY_LOST;
    for (b = next_good(readings, n, a + 1); b < n && readings[b].at_ns < at_ns;
         b = next_good(readings, n, b + 1)) {
        if (!plausible(sensor, &readings[a], &readings[b]))
            return ED_ENERGY_BROKEN;
        used += used_uj(sensor, &readings[a], &readings[b]);
        a = b;
    }
    if (b >= n && readings[a].at_ns < at_ns)
        return ED_ENERGY_LOST;
    if (b >= n)
        b = a;
    if (!plausible(sensor, &readings[a], &readings[b]) && a != b)
        return ED_ENERGY_BROKEN;
    const double gap_ns = (double)(readings[b].at_ns - readings[a].at_ns),
                 d = a == b ? 0 : used_uj(sensor, &readings[a], &readings[b]),
                 f = gap_ns > 0 ? (double)(at_ns - readings[a].at_ns) / gap_ns : 0;
    // A counter that can wrap more than once in the gap counts nothing.
    if (sensor->wrap > 0 && sensor->most_uw * gap_ns * 1e-9 >= (double)sensor->wrap * sensor->unit)
        return ED_ENERGY_BROKEN;
    edge->used_uj = used + d * f;
    edge->variance = d * d * f * (1 - f) / 3;
    return ED_ENERGY_OK;
}

static void counter_window(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                           size_t n, int64_t begin_ns, int64_t end_ns, struct ed_energy_part *part) {
    struct edge begin = {0}, end = {0};
    const double step = step_of(sensor);
    part->status = counter_edge(sensor, readings, n, begin_ns, false, &begin);
    if (part->status == ED_ENERGY_OK)
        part->status = counter_edge(sensor, readings, n, end_ns, true, &end);
    if (part->status != ED_ENERGY_OK)
        return;
    part->energy_uj = end.used_uj - begin.used_uj;
    part->power_uw = part->energy_uj / part->duration_s;
    const double late_uj = fabs(part->power_uw) * part->update_s;
    part->variance = begin.variance + end.variance + late_uj * late_uj / 6 + step * step / 6;
    part->steps = part->energy_uj / step;
    if (sensor->kind == ED_ENERGY_COUNTER && part->energy_uj < 0)
        part->status = ED_ENERGY_BROKEN;
}

// Readings of a gauge in the window, each weighted by the time up to half way to its neighbours.
struct mean {
    double weight, weight_squares, sum, squares, longest_s;
    size_t n, negative, positive;
    double gaps_s;  // usual one, as a mean
    double updates; // of the sensor that were seen: two readings of one count once
};

// `from_ns` and `to_ns` bound the readings' own times, which stand for delay_ns earlier.
static struct mean mean_of(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                           size_t n, int64_t from_ns, int64_t to_ns, double update_s) {
    struct mean mean = {0};
    int64_t before = from_ns, first = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        if (!good(&readings[i]) || readings[i].at_ns < from_ns || readings[i].at_ns > to_ns)
            continue;
        const size_t next = next_good(readings, n, i + 1);
        const bool is_last = next >= n || readings[next].at_ns > to_ns;
        const int64_t behind =
            is_last ? to_ns : readings[i].at_ns + (readings[next].at_ns - readings[i].at_ns) / 2;
        const double w = (double)(behind - before) * 1e-9, value = (double)readings[i].value * sensor->unit;
        const double gap =
            mean.n ? (double)(readings[i].at_ns - last) * 1e-9 : (double)(readings[i].at_ns - from_ns) * 1e-9;
        mean.longest_s = gap > mean.longest_s ? gap : mean.longest_s;
        if (is_last && (double)(to_ns - readings[i].at_ns) * 1e-9 > mean.longest_s)
            mean.longest_s = (double)(to_ns - readings[i].at_ns) * 1e-9;
        mean.updates += mean.n && gap < update_s ? gap / update_s : 1;
        first = mean.n ? first : readings[i].at_ns;
        last = readings[i].at_ns;
        mean.n++;
        mean.weight += w;
        mean.weight_squares += w * w;
        mean.sum += w * value;
        mean.squares += w * value * value;
        mean.negative += value < 0;
        mean.positive += value > 0;
        before = behind;
    }
    mean.gaps_s = mean.n > 1 ? (double)(last - first) * 1e-9 / (double)(mean.n - 1) : 0;
    return mean;
}

static double t_factor(double updates) {
    const double df = updates - 1;
    return df >= 1 ? ed_student_quantile(0.975, df) / 1.96 : 6.5;
}

static void gauge_window(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                         size_t n, int64_t begin_ns, int64_t end_ns, double *late_ns,
                         struct ed_energy_part *part) {
    const int64_t update_ns = (int64_t)(part->update_s * 1e9),
                  delay_ns = (int64_t)(DELAY * (double)update_ns);
    // Readings that tell of the window alone; where they are too few, those that mostly do.
    struct mean mean = mean_of(sensor, readings, n, begin_ns + SUPPORT * update_ns, end_ns, part->update_s);
    *late_ns = 0;
    if ((double)(end_ns - begin_ns - SUPPORT * update_ns) <
            (double)ED_ENERGY_UPDATES_MIN * (double)update_ns ||
        mean.n < ED_ENERGY_UPDATES_MIN) {
        mean = mean_of(sensor, readings, n, begin_ns + delay_ns, end_ns + delay_ns, part->update_s);
        *late_ns = DELAY_U * (double)update_ns;
    }
    if (mean.n == 0 || mean.weight <= 0)
        return;
    if ((mean.negative && mean.positive) || (mean.negative && !sensor->either_sign)) {
        part->status = ED_ENERGY_SIGN;
        return;
    }
    if (mean.n > 1 && mean.longest_s > LOST_SHARE * part->duration_s &&
        mean.longest_s > GAP_FACTOR * mean.gaps_s && mean.longest_s > GAP_FACTOR * part->update_s) {
        part->status = ED_ENERGY_LOST;
        return;
    }
    const double value = mean.sum / mean.weight,
                 free_updates = mean.weight * mean.weight / mean.weight_squares;
    double spread = mean.squares / mean.weight - value * value;
    part->updates = free_updates < mean.updates ? free_updates : mean.updates;
    // Of the readings themselves: n - 1 of n are free.
    spread = spread > 0 && part->updates > 1 ? spread * part->updates / (part->updates - 1) : 0;
    const double u = part->duration_s * sqrt(spread / part->updates) * t_factor(part->updates);
    part->status = ED_ENERGY_OK;
    part->power_uw = fabs(value);
    part->energy_uj = part->power_uw * part->duration_s;
    part->variance = u * u;
    part->common_uj = part->duration_s * step_of(sensor) / sqrt(12);
}

void ed_energy_window(const struct ed_energy_sensor *sensor, const struct ed_energy_reading *readings,
                      size_t n, int64_t begin_ns, int64_t end_ns, double sync_ns, double step_uw,
                      struct ed_energy_part *part) {
    double late_ns = 0;
    memset(part, 0, sizeof *part);
    part->status = ED_ENERGY_NO_READINGS;
    if (end_ns <= begin_ns || n == 0)
        return;
    part->duration_s = (double)(end_ns - begin_ns) * 1e-9;
    part->update_s = (double)(sensor->update_ns > 0 ? sensor->update_ns : 0) * 1e-9;
    if (sensor->kind == ED_ENERGY_GAUGE)
        gauge_window(sensor, readings, n, begin_ns, end_ns, &late_ns, part);
    else
        counter_window(sensor, readings, n, begin_ns, end_ns, part);
    if (part->status != ED_ENERGY_OK) {
        *part = (struct ed_energy_part){.status = part->status};
        return;
    }
    int64_t spread_ns = 0;
    for (size_t i = 0; i < n; i++)
        if (good(&readings[i]) && readings[i].at_ns >= begin_ns && readings[i].at_ns <= end_ns &&
            readings[i].spread_ns > spread_ns)
            spread_ns = readings[i].spread_ns;
    const double step = step_uw >= 0 ? step_uw : fabs(part->power_uw),
                 square = sync_ns * sync_ns + late_ns * late_ns + (double)spread_ns * (double)spread_ns / 3;
    part->variance += 2 * step * step * square * 1e-18;
}

bool ed_energy_idle(const struct ed_energy_part *before, const struct ed_energy_part *after, double *power_uw,
                    double *u_uw) {
    const struct ed_energy_part *const parts[] = {before, after};
    double sum = 0, variance = 0, common = 0;
    int n = 0;
    for (int i = 0; i < 2; i++) {
        if (parts[i]->status != ED_ENERGY_OK || parts[i]->duration_s <= 0)
            continue;
        n++;
        sum += parts[i]->power_uw;
        variance += parts[i]->variance / (parts[i]->duration_s * parts[i]->duration_s);
        common += parts[i]->common_uj / parts[i]->duration_s;
    }
    if (!n)
        return false;
    const double drift = n == 2 ? before->power_uw - after->power_uw : 0;
    *power_uw = sum / n;
    *u_uw = sqrt(variance / (n * n) + common * common / (n * n) + drift * drift / 12);
    return true;
}

void ed_energy_add(struct ed_energy_sum *sum, const struct ed_energy_part *part, double inferences,
                   bool has_idle, double idle_uw, double u_idle_uw) {
    sum->has_idle = (sum->windows == 0 || sum->has_idle) && has_idle;
    sum->windows++;
    sum->energy_uj += part->energy_uj;
    sum->duration_s += part->duration_s;
    sum->inferences += inferences;
    sum->variance += part->variance;
    sum->common_uj += part->common_uj;
    sum->steps += part->steps;
    sum->updates += part->updates;
    if (has_idle) {
        sum->idle_uj += idle_uw * part->duration_s;
        sum->idle_common_uj += u_idle_uw * part->duration_s;
    }
}

static struct ed_energy_figure figure(double energy_uj, double variance, double gain_uj, double inferences) {
    const struct ed_energy_figure out = {energy_uj / inferences,
                                         sqrt(variance + gain_uj * gain_uj) / inferences};
    return out;
}

struct ed_energy_figure ed_energy_gross(const struct ed_energy_sum *sum, double gain) {
    return figure(sum->energy_uj, sum->variance + sum->common_uj * sum->common_uj, gain * sum->energy_uj,
                  sum->inferences);
}

struct ed_energy_figure ed_energy_net(const struct ed_energy_sum *sum, double gain) {
    const double net = sum->energy_uj - sum->idle_uj;
    return figure(net,
                  sum->variance + sum->common_uj * sum->common_uj + sum->idle_common_uj * sum->idle_common_uj,
                  gain * net, sum->inferences);
}

bool ed_energy_resolved(const struct ed_energy_sensor *sensor, const struct ed_energy_sum *sum,
                        double update_s, double *needed_s, bool *at_least) {
    *at_least = false;
    if (sensor->kind == ED_ENERGY_GAUGE) {
        *needed_s = ED_ENERGY_UPDATES_MIN * update_s;
        // A mean of what is zero or one step is a matter of luck.
        const double step = step_of(sensor);
        if (sum->updates >= ED_ENERGY_UPDATES_MIN && sum->energy_uj >= 2 * step * sum->duration_s)
            return true;
        if (sum->updates >= ED_ENERGY_UPDATES_MIN)
            *needed_s = INFINITY;
        return false;
    }
    *needed_s = sum->duration_s * ED_ENERGY_STEPS_MIN / (sum->steps > 1 ? sum->steps : 1);
    *at_least = sum->steps < 1;
    return sum->steps >= ED_ENERGY_STEPS_MIN;
}
