// SPDX-License-Identifier: Apache-2.0
// The on-line warm-up rule; see the header.
#include "base/stats/warmup.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

const struct ed_warmup_limits ed_warmup_default_limits = {
    .fast_weight = 0.1,
    .slow_weight = 0.005,
    .tolerance = 0.04,
    .agreements = 40,
    .min_inferences = 30,
    .min_ns = 250000000,
    .max_ns = 8000000000,
};

void ed_warmup_init(struct ed_warmup *warmup, const struct ed_warmup_limits *limits) {
    memset(warmup, 0, sizeof(*warmup));
    warmup->limits = limits != NULL ? *limits : ed_warmup_default_limits;
    warmup->state = ED_WARMUP_CONTINUE;
}

static void average_add(double *average, double *sum, double weight, double value) {
    *average += weight * (value - *average);
    *sum += weight * (1.0 - *sum);
}

static bool averages_agree(const struct ed_warmup *warmup) {
    double fast = warmup->fast_ns / warmup->fast_sum;
    double slow = warmup->slow_ns / warmup->slow_sum;
    return fabs(fast - slow) <= warmup->limits.tolerance * slow;
}

static enum ed_warmup_state judge(const struct ed_warmup *warmup, int64_t inference_ns, int64_t spent_ns) {
    const struct ed_warmup_limits *limits = &warmup->limits;
    if (warmup->inferences == 2) {
        int64_t faster_ns = warmup->first_ns < inference_ns ? warmup->first_ns : inference_ns;
        if ((double)faster_ns * limits->min_inferences > (double)limits->max_ns) {
            return ED_WARMUP_NOT_TESTABLE;
        }
    }
    if (warmup->agreed > limits->agreements && warmup->inferences >= limits->min_inferences &&
        spent_ns >= limits->min_ns) {
        return ED_WARMUP_STEADY;
    }
    if (spent_ns >= limits->max_ns) {
        // The first inference feeds no average, so agreements + 1 in a row need agreements + 2 inferences.
        uint32_t reachable = limits->agreements + 2;
        bool enough = warmup->inferences >= reachable && warmup->inferences >= limits->min_inferences;
        return enough ? ED_WARMUP_LIMIT : ED_WARMUP_NOT_TESTABLE;
    }
    return ED_WARMUP_CONTINUE;
}

enum ed_warmup_state ed_warmup_add(struct ed_warmup *warmup, int64_t inference_ns, int64_t elapsed_ns) {
    if (warmup->state != ED_WARMUP_CONTINUE) {
        return warmup->state;
    }
    warmup->inferences++;
    if (warmup->inferences == 1) {
        warmup->first_ns = inference_ns;
        warmup->start_ns = elapsed_ns;
        return ED_WARMUP_CONTINUE;
    }
    const struct ed_warmup_limits *limits = &warmup->limits;
    average_add(&warmup->fast_ns, &warmup->fast_sum, limits->fast_weight, (double)inference_ns);
    average_add(&warmup->slow_ns, &warmup->slow_sum, limits->slow_weight, (double)inference_ns);
    warmup->agreed = averages_agree(warmup) ? warmup->agreed + 1 : 0;
    warmup->state = judge(warmup, inference_ns, elapsed_ns - warmup->start_ns);
    return warmup->state;
}

const char *ed_warmup_state_name(enum ed_warmup_state state) {
    switch (state) {
    case ED_WARMUP_CONTINUE:
        return "continue";
    case ED_WARMUP_STEADY:
        return "steady";
    case ED_WARMUP_LIMIT:
        return "limit";
    case ED_WARMUP_NOT_TESTABLE:
        return "not testable";
    }
    return "unknown";
}
