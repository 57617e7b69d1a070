// SPDX-License-Identifier: Apache-2.0
// What fits a memory limit: the search over sizes (a batch, a context, a number of threads) and over the
// levers that an adapter marks. It knows nothing of devices: each point is asked for through a hook.
//
// Sizes double from the smallest until one does not fit; the one after that is tried as well, since a larger
// size may fit where a smaller does not; then the gap is halved until it is a thirty-second of the size. A
// point fits when all its blocks ended ok under the limit and nothing speaks against it: where swap grew, or
// nothing watched, it is in doubt, and counts as one that does not fit.
#ifndef EDGEDYNO_HARNESS_FIT_H
#define EDGEDYNO_HARNESS_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "edgedyno/error.h"
#include "edgedyno/wire.h"

#define ED_FIT_POINTS_MAX 160
#define ED_FIT_LEVERS_MAX 24
#define ED_FIT_SAVES_LEAST_BYTES (INT64_C(1) << 20) // less is noise, and no lever

// What becomes of a point; the words are those of ed_fit_word.
enum ed_fit_end {
    ED_FIT_NOT_TRIED,
    ED_FIT_FITS,
    ED_FIT_TOO_LARGE, // ended as out of memory
    ED_FIT_IN_DOUBT,  // it ran, and that it fits is not concluded
    ED_FIT_FAILED     // refused, crashed, timed out: not for lack of memory
};
const char *ed_fit_word(enum ed_fit_end end);

// A value of an option to try. `option` "threads" is the number of threads and no option of the engine.
struct ed_fit_lever {
    char option[64], value[64];
    enum ed_fit_end end;
    int64_t counted_bytes; // at the size that `at` says; -1 unknown
    int64_t saves_bytes;   // less than without it; negative where it needs more
    bool has_saves, used;  // used: among those that were combined
    char reason[256];
};

struct ed_fit_point {
    int64_t size;
    uint32_t levers; // bit i: lever i is set
    enum ed_fit_end end;
    int64_t counted_bytes; // what counts towards the limit: highest reading of anonymous memory plus swap; -1
    int64_t peak_bytes;    // highest of the kernel's peaks of resident memory; -1 unknown
    char reason[256];      // why it does not fit
    char method[32];       // that held the limit: "cgroup v2", "sampled"; "" unknown
    char campaign[ED_WIRE_ID_MAX_BYTES + 1];
};

struct ed_fit {
    int64_t least, most; // sizes to try
    int64_t largest;     // that fits, without levers; 0: none
    int64_t above;       // the smallest above it that was tried and does not; 0: none was, the search ended
    bool monotone;       // no larger size fits where a smaller does not
    int64_t fits_above, fails_below; // where that is not so: two such sizes
    struct ed_fit_lever levers[ED_FIT_LEVERS_MAX];
    size_t n_levers;
    int64_t levers_at; // size at which the levers were tried; 0: none were
    uint32_t combined; // levers that were combined; 0: none helped
    int64_t combined_largest, combined_above;
    struct ed_fit_point points[ED_FIT_POINTS_MAX]; // in the order of trying
    size_t n;
    bool over_time; // the search ended before it was done
};

struct ed_fit_hooks {
    void *context;
    // Measures one point: fills all but size and levers. ED_ERR_TIMEOUT: the time is over; any other failure
    // ends the search.
    enum ed_status (*measure)(void *context, struct ed_fit_point *point, struct ed_error *err);
};

// `fit` has least, most and levers; the rest is zero. What was found is there after a failure as well.
// Points are measured once.
enum ed_status ed_fit_search(struct ed_fit *fit, const struct ed_fit_hooks *hooks, struct ed_error *err);
// The point that was tried; NULL: none.
const struct ed_fit_point *ed_fit_find(const struct ed_fit *fit, int64_t size, uint32_t levers);
// 0 something fits; 1 nothing does; 3 it is not concluded; 4 it failed for another reason than memory.
int ed_fit_exit_code(const struct ed_fit *fit);

#endif
