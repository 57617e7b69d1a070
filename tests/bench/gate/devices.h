// SPDX-License-Identifier: Apache-2.0
// Simulated devices: how long a block's median inference takes, in units of the true median. Guessed, not
// measured: they are there to try rules of decision on noise of known kinds. Logarithms of times add up:
//
//   process   one draw a process, of this standard deviation: memory layout, hash seeds, placement on cores
//   heavy     draws are Student's t with 3 degrees of freedom (scaled to that standard deviation), not normal
//   sample    standard deviation of one inference inside a process
//   walk      a random walk, its step a block: slow change of the room, of other load
//   saw       heat: rises linearly to this over saw_blocks blocks, falls back at once; its phase is random
//   burst     another program: begins with chance burst_begin a block, ends with chance burst_end, and adds this
//   outlier   a block is hit with chance outlier_chance by an exponential draw of this mean
#ifndef EDGEDYNO_TESTS_BENCH_GATE_DEVICES_H
#define EDGEDYNO_TESTS_BENCH_GATE_DEVICES_H

#include <stdbool.h>

#include "base/random.h"

struct device {
    const char *name;
    double mde; // that a gate on such a device is given
    double process;
    bool heavy;
    double sample, walk, saw, saw_blocks, burst, burst_begin, burst_end, outlier, outlier_chance;
};

static const struct device devices[] = {
    {.name = "Pi-like",
     .mde = 0.02,
     .process = 0.006,
     .sample = 0.01,
     .walk = 0.001,
     .saw = 0.01,
     .saw_blocks = 50,
     .outlier = 0.05,
     .outlier_chance = 0.02},
    {.name = "phone-like",
     .mde = 0.02,
     .process = 0.008,
     .heavy = true,
     .sample = 0.03,
     .walk = 0.002,
     .saw = 0.06,
     .saw_blocks = 30,
     .burst = 0.04,
     .burst_begin = 0.02,
     .burst_end = 0.3,
     .outlier = 0.1,
     .outlier_chance = 0.03},
    {.name = "hostile",
     .mde = 0.1,
     .process = 0.03,
     .heavy = true,
     .sample = 0.1,
     .walk = 0.01,
     .saw = 0.15,
     .saw_blocks = 13,
     .burst = 0.25,
     .burst_begin = 0.08,
     .burst_end = 0.25,
     .outlier = 0.4,
     .outlier_chance = 0.05},
};

// The state of a device as it goes on from block to block.
struct moment {
    const struct device *device;
    struct ed_random *random;
    double walk, phase;
    bool burst;
    double block;
};

static inline double draw(struct ed_random *random, double sd, bool heavy) {
    double z = ed_random_normal(random), squares = 0;
    if (!heavy)
        return sd * z;
    for (int i = 0; i < 3; i++) {
        const double y = ed_random_normal(random);
        squares += y * y;
    }
    return sd * z / __builtin_sqrt(squares); // t3 has variance 3: z / sqrt(squares / 3) / sqrt(3)
}

static inline void moment_begin(struct moment *moment, const struct device *device,
                                struct ed_random *random) {
    *moment = (struct moment){.device = device, .random = random, .phase = ed_random_uniform(random)};
    moment->burst =
        device->burst_begin > 0 &&
        ed_random_uniform(random) < device->burst_begin / (device->burst_begin + device->burst_end);
}

static inline double draw_process(const struct moment *moment) {
    return draw(moment->random, moment->device->process, moment->device->heavy);
}

// What the surroundings add to the next block, and time goes on.
static inline double surroundings(struct moment *moment) {
    const struct device *d = moment->device;
    double sum = moment->walk;
    if (d->saw > 0) {
        const double turns = moment->block / d->saw_blocks + moment->phase;
        sum += d->saw * (turns - __builtin_floor(turns));
    }
    sum += moment->burst ? d->burst : 0;
    if (ed_random_uniform(moment->random) < d->outlier_chance)
        sum += -d->outlier * __builtin_log(1 - ed_random_uniform(moment->random));
    moment->walk += d->walk * ed_random_normal(moment->random);
    moment->burst = moment->burst ? ed_random_uniform(moment->random) >= d->burst_end
                                  : ed_random_uniform(moment->random) < d->burst_begin;
    moment->block++;
    return sum;
}

#endif
