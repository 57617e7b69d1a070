// SPDX-License-Identifier: Apache-2.0
// The off-line check for a steady state; see the header.
#include "base/stats/steady.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/stats/moments.h"
#include "base/stats/outlier.h"
#include "base/stats/reals.h"

#define PENALTY 15.0
#define SLACK_NS 1e6
#define SLACK_SHARE 0.01
#define CLOCK_SHARE 1e-3
#define TAIL_GROUPS 4

static void add_range(struct ed_moments *moments, const int64_t *samples_ns, const uint8_t *outlier,
                      size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        if (!outlier[i]) {
            ed_moments_add(moments, (double)samples_ns[i]);
        }
    }
}

// Fills points and point_start; a group of nothing but outliers makes no point. Returns the number of points.
static size_t reduce(const int64_t *samples_ns, size_t n, size_t group_samples, const uint8_t *outlier,
                     struct ed_steady_work *work) {
    size_t groups = n / group_samples;
    size_t points = 0;
    for (size_t g = 0; g < groups; g++) {
        size_t start = (size_t)((uint64_t)g * n / groups);
        size_t end = (size_t)((uint64_t)(g + 1) * n / groups);
        struct ed_moments moments = {0};
        add_range(&moments, samples_ns, outlier, start, end);
        if (moments.count > 0) {
            work->point_start[points] = start;
            work->points[points] = moments.mean;
            points++;
        }
    }
    return points;
}

static double median_of_points(struct ed_steady_work *work, size_t points) {
    memcpy(work->sorted, work->points, points * sizeof(*work->sorted));
    return ed_reals_median(work->sorted, points);
}

static void describe_segments(const int64_t *samples_ns, size_t n, const uint8_t *outlier,
                              struct ed_steady_work *work, size_t count) {
    size_t start = 0;
    for (size_t k = 0; k < count; k++) {
        size_t end = k + 1 == count ? n : work->point_start[work->changepoint.ends[k]];
        struct ed_moments moments = {0};
        add_range(&moments, samples_ns, outlier, start, end);
        work->segments[k].start = start;
        work->segments[k].end = end;
        work->segments[k].mean_ns = moments.mean;
        work->segments[k].variance_ns2 = moments.count < 2 ? 0.0 : ed_moments_variance(&moments);
        start = end;
    }
}

// variance / mean, a time; see the header on units.
static double spread_ns(const struct ed_steady_segment *segment) {
    return segment->mean_ns > 0.0 ? segment->variance_ns2 / segment->mean_ns : 0.0;
}

static bool segments_equal(const struct ed_steady_segment *segment, const struct ed_steady_segment *last,
                           double slack_ns) {
    return fabs(segment->mean_ns - last->mean_ns) <= spread_ns(segment) + fmax(spread_ns(last), slack_ns);
}

static size_t tail_of(size_t n, size_t group_samples) {
    size_t tail = n / 4 < ED_STEADY_TAIL ? n / 4 : ED_STEADY_TAIL;
    return tail < TAIL_GROUPS * group_samples ? TAIL_GROUPS * group_samples : tail;
}

void ed_steady_check(const int64_t *samples_ns, size_t n, uint8_t *outlier, struct ed_steady_work *work,
                     struct ed_steady_result *out) {
    memset(out, 0, sizeof(*out));
    out->verdict = ED_STEADY_NOT_TESTABLE;
    if (n < ED_STEADY_MIN_SAMPLES) {
        memset(outlier, 0, n);
        return;
    }
    out->outliers = ed_outlier_mark(samples_ns, n, outlier);
    out->group_samples = (n - 1) / ED_STEADY_MAX_POINTS + 1;
    out->tail_samples = tail_of(n, out->group_samples);
    size_t points = reduce(samples_ns, n, out->group_samples, outlier, work);
    double median_ns = median_of_points(work, points);
    double clock_ns = fmax(CLOCK_SHARE * median_ns, 1.0);
    double floor_ns2 = clock_ns * clock_ns / 12.0 / (double)out->group_samples;
    out->segment_count = ed_changepoint_find(work->points, points, floor_ns2, PENALTY * log((double)points),
                                             &work->changepoint);
    describe_segments(samples_ns, n, outlier, work, out->segment_count);
    out->segments = work->segments;

    double slack_ns = fmin(SLACK_NS, SLACK_SHARE * median_ns);
    size_t last = out->segment_count - 1;
    out->verdict = ED_STEADY_YES;
    for (size_t k = last; k-- > 0;) {
        if (!segments_equal(&work->segments[k], &work->segments[last], slack_ns)) {
            out->steady_from = work->segments[k].end;
            if (out->steady_from > n - out->tail_samples) {
                out->verdict = ED_STEADY_NO;
            }
            break;
        }
    }
}
