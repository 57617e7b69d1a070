// SPDX-License-Identifier: Apache-2.0
// Waiting for a device to cool down.
#include "runners/cool_down.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heat_channel.h"
#include "base/stats/quantile.h"
#include "edgedyno/wire.h"
#include "runners/block.h"
#include "runners/sampler_parts.h"

#define START_READINGS 5
#define START_STEP_NS INT64_C(50000000)
#define FIRST_STEP_NS \
    INT64_C(100000000) // of the first second: most of the heat of a short block goes at once
#define STEP_NS INT64_C(500000000)
#define LOST_AFTER 10 // readings that fail, one after the other

static int64_t read_now(const struct ed_cool_down *cool_down) {
    struct ed_sampler_source *source = &cool_down->sampler->sources[cool_down->source];
    source->probe->sample(source->state, source->values, source->n);
    return source->values[cool_down->channel];
}

// The named channel, or the best one. A sensor that another job's start was read by is not the same device's
// state by another sensor's number.
static void choose(struct ed_cool_down *cool_down, const struct ed_job *job) {
    int best = 0;
    for (size_t s = 0; s < cool_down->sampler->n; s++)
        for (size_t c = 0; c < cool_down->sampler->sources[s].n; c++) {
            const struct ed_channel *channel = &cool_down->sampler->sources[s].channels[c];
            int rank = ed_heat_channel_rank(channel->id, channel->quantity, job->cool_down.accelerated);
            if (job->cool_down.has_start)
                rank = !strcmp(channel->id, job->cool_down.channel);
            if (!channel->available || rank <= best)
                continue;
            best = rank;
            cool_down->source = s;
            cool_down->channel = c;
            snprintf(cool_down->id, sizeof cool_down->id, "%s", channel->id);
        }
    cool_down->has_channel = best > 0;
}

void ed_cool_down_init(struct ed_cool_down *cool_down, const struct ed_job *job, struct ed_sampler *sampler) {
    int64_t values[START_READINGS];
    size_t n = 0;
    memset(cool_down, 0, sizeof *cool_down);
    cool_down->sampler = sampler;
    cool_down->timeout_ns = job->cool_down.timeout_ns;
    if (!cool_down->timeout_ns)
        return;
    choose(cool_down, job);
    cool_down->has_start = cool_down->has_channel && job->cool_down.has_start;
    cool_down->start_mc = job->cool_down.start_mc;
    for (size_t i = 0; cool_down->has_channel && !cool_down->has_start && i < START_READINGS; i++) {
        if (i)
            ed_clock_sleep_until(ed_clock_monotonic_ns() + START_STEP_NS, NULL);
        values[n] = read_now(cool_down);
        n += values[n] != INT64_MIN;
    }
    if (ed_quantile_median(values, n, values, &cool_down->start_mc))
        cool_down->has_start = true;
}

bool ed_cool_down_wanted(const struct ed_cool_down *cool_down, const struct ed_job_block *block) {
    return cool_down->has_start && (ed_pass_is_timed(block->pass) || block->pass == ED_PASS_KIND_COLD);
}

static void keep(struct ed_cool_down *cool_down, int64_t at_ns, int64_t mc) {
    if (cool_down->n == ED_COOL_DOWN_READINGS)
        memmove(cool_down->readings, cool_down->readings + 1, --cool_down->n * sizeof cool_down->readings[0]);
    cool_down->readings[cool_down->n++] = (struct ed_cooling_reading){at_ns, mc};
}

// Of the last few, so that one reading that is off decides nothing.
static int64_t level(const struct ed_cool_down *cool_down) {
    int64_t values[START_READINGS], middle = INT64_MAX;
    size_t n = 0;
    for (size_t i = cool_down->n; i > 0 && n < START_READINGS; i--)
        values[n++] = cool_down->readings[i - 1].mc;
    ed_quantile_median(values, n, values, &middle);
    return middle;
}

// True: until then nobody asked the job to end.
static bool sleep_until(int64_t until_ns) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    for (int64_t now = ed_clock_monotonic_ns();; now = ed_clock_monotonic_ns()) {
        if (access(ED_JOB_STOP, F_OK) == 0)
            return false;
        if (now >= until_ns)
            return true;
        const int64_t rest = until_ns - now < ED_LOOK_PERIOD_NS ? until_ns - now : ED_LOOK_PERIOD_NS;
        const struct timespec timeout = {rest / 1000000000, rest % 1000000000};
        const int got = sigtimedwait(&set, NULL, &timeout);
        if (got == SIGTERM || got == SIGINT)
            return false;
    }
}

// What there is to wait for at all: the start, or where an earlier wait ended.
static int64_t limit_of(const struct ed_cool_down *cool_down) {
    const bool higher = cool_down->has_stayed && cool_down->stayed_mc > cool_down->start_mc;
    return (higher ? cool_down->stayed_mc : cool_down->start_mc) + ED_COOLING_TOLERANCE_MC;
}

static enum ed_cool_down_end wait_for(struct ed_cool_down *cool_down, int64_t begin_ns, int64_t timeout_ns,
                                      int64_t limit_mc, ed_cool_down_tell tell, void *context) {
    int64_t told_ns = 0;
    for (unsigned failed = 0;;) {
        const int64_t now = ed_clock_monotonic_ns(), waited = now - begin_ns, mc = read_now(cool_down);
        failed = mc == INT64_MIN ? failed + 1 : 0;
        if (failed == LOST_AFTER)
            return ED_COOL_DOWN_LOST;
        if (!failed)
            keep(cool_down, now, mc);
        const int64_t is = level(cool_down);
        if (is <= limit_mc && ed_cooling_settled(cool_down->readings, cool_down->n))
            return ED_COOL_DOWN_COOLED;
        if (waited >= timeout_ns)
            return is <= limit_mc ? ED_COOL_DOWN_COOLED : ED_COOL_DOWN_TIMEOUT;
        if (is > limit_mc && ed_cooling_flat(cool_down->readings, cool_down->n))
            return ED_COOL_DOWN_FLAT;
        if (!told_ns || now - told_ns >= ED_COOL_DOWN_TELL_NS) {
            told_ns = now;
            tell(context, timeout_ns - waited, is, limit_mc);
        }
        const int64_t step = waited < 10 * FIRST_STEP_NS ? FIRST_STEP_NS : STEP_NS,
                      next = waited + step < timeout_ns ? now + step : begin_ns + timeout_ns;
        if (!sleep_until(next))
            return ED_COOL_DOWN_STOPPED;
    }
}

void ed_cool_down_wait(struct ed_cool_down *cool_down, int64_t most_ns, ed_cool_down_tell tell, void *context,
                       struct ed_cool_down_result *result) {
    const int64_t begin_ns = ed_clock_monotonic_ns(), limit_mc = limit_of(cool_down);
    int64_t timeout_ns = cool_down->timeout_ns, first = read_now(cool_down);
    if (most_ns >= 0 && most_ns < timeout_ns)
        timeout_ns = most_ns;
    *result = (struct ed_cool_down_result){
        .end = ED_COOL_DOWN_COOLED, .start_mc = cool_down->start_mc, .timeout_ns = timeout_ns};
    snprintf(result->channel, sizeof result->channel, "%s", cool_down->id);
    cool_down->n = 0;
    if (first != INT64_MIN && first <= limit_mc) {
        keep(cool_down, begin_ns, first);
    } else {
        result->waited = true;
        result->end = wait_for(cool_down, begin_ns, timeout_ns, limit_mc, tell, context);
    }
    result->waited_ns = ed_clock_monotonic_ns() - begin_ns;
    result->now_mc = cool_down->n ? level(cool_down) : 0;
    result->cooled = cool_down->n && result->end != ED_COOL_DOWN_LOST &&
                     result->now_mc <= cool_down->start_mc + ED_COOLING_TOLERANCE_MC;
    if (result->end == ED_COOL_DOWN_COOLED && !result->cooled)
        result->end = ED_COOL_DOWN_FLAT;
    // A wait in vain is not repeated for what it could not reach.
    if (result->cooled) {
        cool_down->has_stayed = false;
    } else if (result->waited && (result->end == ED_COOL_DOWN_TIMEOUT || result->end == ED_COOL_DOWN_FLAT)) {
        cool_down->has_stayed = true;
        cool_down->stayed_mc = result->now_mc;
    }
    // Who asked while it waited hears of the block before it begins.
    if (result->waited && result->end != ED_COOL_DOWN_STOPPED) {
        tell(context, 0, result->now_mc, limit_mc);
        if (!sleep_until(ed_clock_monotonic_ns() + ED_COOL_DOWN_TELL_NS + STEP_NS))
            result->end = ED_COOL_DOWN_STOPPED;
    }
}

void ed_cool_down_write(const struct ed_cool_down_result *result, struct ed_json_writer *w) {
    static const char *const words[] = {[ED_COOL_DOWN_COOLED] = "cooled",
                                        [ED_COOL_DOWN_TIMEOUT] = "timeout",
                                        [ED_COOL_DOWN_FLAT] = "flat",
                                        [ED_COOL_DOWN_LOST] = "sensor_lost"};
    if (result->end == ED_COOL_DOWN_NONE || result->end == ED_COOL_DOWN_STOPPED)
        return;
    ed_json_object_begin(w, "cool_down");
    ed_json_text(w, "channel", result->channel);
    ed_json_text(w, "end", words[result->end]);
    if (result->end != ED_COOL_DOWN_LOST)
        ed_json_bool(w, "cooled", result->cooled);
    ed_json_int(w, "start_mc", result->start_mc);
    if (result->end != ED_COOL_DOWN_LOST)
        ed_json_int(w, "now_mc", result->now_mc);
    ed_json_int(w, "waited_ns", result->waited_ns);
    ed_json_int(w, "timeout_ns", result->timeout_ns);
    ed_json_object_end(w);
}
