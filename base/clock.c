// SPDX-License-Identifier: Apache-2.0
// Clocks of the system: stamps, the quality of the RAW clock, sleeping.
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>

#include "base/stats/quantile.h"

#define QUALITY_SAMPLES_MAX 4096
#define QUALITY_SAMPLES_MIN 64
#define QUALITY_HALF_NS 1000000

struct ed_clock_stamp ed_clock_stamp_now(void) {
    struct ed_clock_stamp stamp;
    stamp.raw_ns = ed_clock_raw_ns();
    stamp.monotonic_ns = ed_clock_monotonic_ns();
    stamp.boot_ns = ed_clock_read_ns(ED_CLOCK_BOOT);
    stamp.real_ns = ed_clock_read_ns(CLOCK_REALTIME);
    return stamp;
}

// The smallest step of a clock from sorted differences of its readings. A clock that ticks every T ns shows
// differences near the multiples of T, each rounded down or up to a whole nanosecond: groups at most 1 ns
// wide, and T is the least distance between two groups (0 is a group too: two readings in one tick). A group
// of three or more neighbouring values cannot come from rounding, so the step is then 1 ns.
static int64_t step_of(const int64_t *differences, size_t n) {
    int64_t first = 0, last = 0, step = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t value = differences[i];
        if (value <= last)
            continue;
        if (value == last + 1 && first > 0) {
            if (value - first >= 2)
                return 1;
            last = value;
            continue;
        }
        if (step == 0 || value - first < step)
            step = value - first;
        first = last = value;
    }
    return step > 0 ? step : 1;
}

struct ed_clock_quality ed_clock_measure(void) {
    int64_t differences[QUALITY_SAMPLES_MAX];
    struct ed_clock_quality quality;
    volatile unsigned work = 0;
    int64_t start = ed_clock_raw_ns(), before, after;
    size_t n = 0;
    do {
        before = ed_clock_raw_ns();
        after = ed_clock_raw_ns();
        differences[n++] = after - before;
    } while (n < QUALITY_SAMPLES_MAX && (n < QUALITY_SAMPLES_MIN || after - start < QUALITY_HALF_NS));
    ed_quantile_sort(differences, n);
    quality.floor_ns = differences[n / 2];

    start = ed_clock_raw_ns();
    n = 0;
    do {
        before = ed_clock_raw_ns();
        // A call that always costs the same would hide how fine the clock is: a little work of changing
        // length between the readings brings out differences of every size.
        for (size_t i = 0; i < n % 61; i++)
            work++;
        after = ed_clock_raw_ns();
        differences[n++] = after - before;
    } while (n < QUALITY_SAMPLES_MAX && (n < QUALITY_SAMPLES_MIN || after - start < QUALITY_HALF_NS));
    ed_quantile_sort(differences, n);
    quality.step_ns = step_of(differences, n);
    return quality;
}

void ed_clock_format_utc(char text[32], int64_t real_ns) {
    time_t seconds = (time_t)(real_ns / 1000000000 - (real_ns % 1000000000 < 0));
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(text, 32, "1970-01-01T00:00:00Z");
}

void ed_clock_sleep_until(int64_t deadline_ns, const volatile int *stop) {
    // A signal that arrives between the look at *stop and the sleep would go unseen: then the loss is one
    // slice.
    const int64_t slice_ns = 200000000;
    for (;;) {
        int64_t now_ns = ed_clock_monotonic_ns(), until_ns = deadline_ns;
        struct timespec until;
        if (now_ns >= deadline_ns || (stop && *stop))
            return;
        if (stop && deadline_ns - now_ns > slice_ns)
            until_ns = now_ns + slice_ns;
        until.tv_sec = (time_t)(until_ns / 1000000000);
        until.tv_nsec = (long)(until_ns % 1000000000);
        if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINVAL)
            return;
    }
}
