// SPDX-License-Identifier: Apache-2.0
// Mean and variance; see the header.
#include "base/stats/moments.h"

#include <math.h>

void ed_moments_add(struct ed_moments *moments, double value) {
    moments->count++;
    double before = value - moments->mean;
    moments->mean += before / (double)moments->count;
    moments->squares += before * (value - moments->mean);
}

double ed_moments_mean(const struct ed_moments *moments) {
    return moments->count == 0 ? NAN : moments->mean;
}

double ed_moments_variance(const struct ed_moments *moments) {
    return moments->count < 2 ? NAN : moments->squares / (double)(moments->count - 1);
}

double ed_moments_sd(const struct ed_moments *moments) {
    return sqrt(ed_moments_variance(moments));
}
