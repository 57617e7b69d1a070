// SPDX-License-Identifier: Apache-2.0
// Planned looks and Holm's correction.
#include "base/stats/sequential.h"

#include <math.h>

static const size_t looks[ED_LOOKS] = {8, 12, 16, 24, 32, 48, 64};

size_t ed_look_pairs(size_t look) {
    return look < ED_LOOKS ? looks[look] : 0;
}

size_t ed_look_reached(size_t pairs) {
    size_t reached = 0;
    for (size_t i = 0; i < ED_LOOKS && looks[i] <= pairs; i++)
        reached = looks[i];
    return reached;
}

size_t ed_look_next(size_t pairs) {
    for (size_t i = 0; i < ED_LOOKS; i++)
        if (looks[i] > pairs)
            return looks[i];
    return 0;
}

// Falling. Of 1e8 trials; the chance of a rejection is two standard errors below alpha at least, and less
// where no p-value lies in between.
static const struct {
    double alpha, nominal;
} table[] = {
    {0.05, 0.01329751},         {0.02, 0.004643739},        {0.01, 0.002575935},
    {0.01 / 2, 0.001220123},    {0.01 / 3, 0.0007797868},   {0.01 / 4, 0.0006022659},
    {0.01 / 5, 0.0004852743},   {0.01 / 6, 0.0003893343},   {0.01 / 7, 0.0003249052},
    {0.01 / 8, 0.00028321},     {0.01 / 9, 0.0002441409},   {0.01 / 10, 0.0002407599},
    {0.01 / 12, 0.0002136233},  {0.01 / 14, 0.0001835158},  {0.01 / 16, 0.0001606169},
    {0.01 / 18, 0.0001468353},  {0.01 / 20, 0.0001281812},  {0.01 / 24, 0.0001066796},
    {0.01 / 28, 8.853159e-05},  {0.01 / 32, 7.48039e-05},   {0.01 / 40, 6.343448e-05},
    {0.01 / 48, 5.196286e-05},  {0.01 / 64, 3.814701e-05},  {0.01 / 96, 2.68749e-05},
    {0.01 / 128, 1.829864e-05}, {0.01 / 192, 1.489561e-05}, {0.01 / 256, 1.099054e-05},
};

double ed_look_nominal_p(double alpha) {
    if (!(alpha > 0 && alpha <= 0.05))
        return 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (alpha >= table[i].alpha * (1 - 1e-9)) // 0.01 / 3 is not the same number everywhere
            return table[i].nominal;
    return alpha / ED_LOOKS;
}

size_t ed_holm(const double *p, size_t n, size_t family, double alpha, bool *rejected) {
    size_t count = 0;
    family = family < n ? n : family;
    for (size_t i = 0; i < n; i++)
        rejected[i] = false;
    // The smallest that is left, as long as it is small enough; n is a few dozen.
    for (; count < n; count++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (!rejected[i] && !isnan(p[i]) && (best == n || p[i] < p[best]))
                best = i;
        if (best == n || p[best] > ed_look_nominal_p(alpha / (double)(family - count)))
            break;
        rejected[best] = true;
    }
    return count;
}
