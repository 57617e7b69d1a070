// SPDX-License-Identifier: Apache-2.0
// Clocks of the system. RAW is the one for durations that are reported; MONOTONIC for deadlines; BOOTTIME
// goes on in a suspend; REALTIME only names things for people.
#ifndef EDGEDYNO_BASE_CLOCK_H
#define EDGEDYNO_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t ed_clock_read_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#ifdef CLOCK_MONOTONIC_RAW
#define ED_CLOCK_RAW CLOCK_MONOTONIC_RAW
#else
#define ED_CLOCK_RAW CLOCK_MONOTONIC
#endif
#ifdef CLOCK_BOOTTIME
#define ED_CLOCK_BOOT CLOCK_BOOTTIME
#else
#define ED_CLOCK_BOOT CLOCK_MONOTONIC
#endif

static inline int64_t ed_clock_raw_ns(void) {
    return ed_clock_read_ns(ED_CLOCK_RAW);
}
static inline int64_t ed_clock_monotonic_ns(void) {
    return ed_clock_read_ns(CLOCK_MONOTONIC);
}

// All four at (nearly) one moment.
struct ed_clock_stamp {
    int64_t raw_ns, monotonic_ns, boot_ns, real_ns;
};
struct ed_clock_stamp ed_clock_stamp_now(void);

// What a timed sample costs and how fine it can be, measured on the spot in about 2 ms: `step_ns` is the
// smallest difference between distinct back-to-back readings, taken over the sorted set of differences, so
// that a slow call does not hide a fine clock; `floor_ns` the median cost of an empty sample (two readings).
struct ed_clock_quality {
    int64_t step_ns, floor_ns;
};
struct ed_clock_quality ed_clock_measure(void);

// "2026-11-21T08:15:00Z" for nanoseconds since 1970; `text` holds 32 bytes.
void ed_clock_format_utc(char text[32], int64_t real_ns);
// Sleeps on CLOCK_MONOTONIC until `deadline_ns`, going on after signals unless *stop (may be NULL) became
// non-zero.
void ed_clock_sleep_until(int64_t deadline_ns, const volatile int *stop);

#endif
