// SPDX-License-Identifier: Apache-2.0
// When to stop warming up, decided on line by rule and not by count. The rule is that of AndroidX Benchmark's
// WarmupManager: two exponential averages of the inference time, a fast and a slow one, agree within 4 % for
// more than 40 inferences in a row, after at least 30 inferences and 0.25 s, and never beyond 8 s.
//
// Where this differs, and why:
// - Averages are bias-corrected: after k values the weights are scaled to sum to one. AndroidX starts both
//   averages at the first value, so a slow first value stays in the slow average with weight 0.995^k for
//   hundreds of inferences. Corrected, both are plain weighted means from the start, and agree on constant
//   data at once.
// - The first inference feeds no average and starts the time limits' clock: it does one-off work (lazy
//   allocation, shader compilation), is reported apart, and may be a thousand times longer than the rest.
//   It counts as one inference.
// - If 30 inferences of the faster of the first two would take over 8 s, the second answers NOT_TESTABLE:
//   warm-up is two inferences. So does reaching 8 s with so few inferences that agreement was out of reach
//   (fewer than 42 by default): that a slow model cannot be judged is no sign of unsteadiness.
//
// The state is the caller's and small; no allocation, lock or system call. One thread at a time.
#ifndef EDGEDYNO_BASE_STATS_WARMUP_H
#define EDGEDYNO_BASE_STATS_WARMUP_H

#include <stdint.h>

enum ed_warmup_state {
    ED_WARMUP_CONTINUE,
    ED_WARMUP_STEADY,       // the averages agreed
    ED_WARMUP_LIMIT,        // the time was up before they did: the block says so and keeps its data
    ED_WARMUP_NOT_TESTABLE, // too slow to judge
};

struct ed_warmup_limits {
    double fast_weight;      // weight of the newest value, (0, 1]
    double slow_weight;      // (0, 1]
    double tolerance;        // |fast - slow| <= tolerance * slow
    uint32_t agreements;     // more than this many in a row
    uint32_t min_inferences; // at least 2
    int64_t min_ns;
    int64_t max_ns;
};

// 0.1, 0.005, 0.04, 40, 30, 0.25 s, 8 s.
extern const struct ed_warmup_limits ed_warmup_default_limits;

struct ed_warmup {
    struct ed_warmup_limits limits;
    enum ed_warmup_state state;
    uint32_t inferences; // seen so far, the first included: this is warmup_inferences
    uint32_t agreed;     // in a row, up to now
    int64_t start_ns;    // elapsed time at the end of the first inference
    int64_t first_ns;
    double fast_ns; // the averages, before bias correction
    double slow_ns;
    double fast_sum; // sums of the weights given so far
    double slow_sum;
};

// limits NULL means the defaults. The limits are copied.
void ed_warmup_init(struct ed_warmup *warmup, const struct ed_warmup_limits *limits);

// Tells the rule of one more warm-up inference: how long it took, and the time since warm-up began, both from
// the same clock. Anything but CONTINUE is final, and is answered again if called again.
enum ed_warmup_state ed_warmup_add(struct ed_warmup *warmup, int64_t inference_ns, int64_t elapsed_ns);

// "continue", "steady", "limit", "not testable". Static.
const char *ed_warmup_state_name(enum ed_warmup_state state);

#endif
