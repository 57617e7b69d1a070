// SPDX-License-Identifier: Apache-2.0
// Sampling between blocks.
#include "runners/idle.h"

#include <signal.h>
#include <unistd.h>

static int64_t window_ns(const struct ed_block_context *context) {
    int64_t period_ns;
    if (!ed_sampler_has_power(context->sampler, &period_ns))
        return context->job->external_meter ? ED_IDLE_MIN_NS : 0;
    const int64_t wanted_ns = period_ns < ED_IDLE_MAX_NS ? period_ns * ED_IDLE_PERIODS : ED_IDLE_MAX_NS;
    return wanted_ns < ED_IDLE_MIN_NS   ? ED_IDLE_MIN_NS
           : wanted_ns > ED_IDLE_MAX_NS ? ED_IDLE_MAX_NS
                                        : wanted_ns;
}

bool ed_idle_wanted(const struct ed_block_context *context, size_t block_index) {
    return context->job->blocks[block_index].pass == ED_PASS_KIND_TIMING && window_ns(context) > 0;
}

int64_t ed_idle_length_ns(const struct ed_block_context *context) {
    const int64_t length_ns = window_ns(context);
    return length_ns ? ED_IDLE_SETTLE_NS + length_ns : 0;
}

bool ed_idle_watch(const struct ed_block_context *context, struct ed_idle_window *window) {
    const int64_t length_ns = window_ns(context);
    int64_t now = ed_clock_monotonic_ns(), next_look_ns = 0;
    sigset_t set;
    *window = (struct ed_idle_window){0};
    if (!length_ns)
        return true;
    const int64_t begin_ns = now + ED_IDLE_SETTLE_NS, end_ns = begin_ns + length_ns;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    while (now < end_ns) {
        if (now >= next_look_ns) {
            next_look_ns = now + ED_LOOK_PERIOD_NS;
            if (access(ED_JOB_STOP, F_OK) == 0)
                return false;
        }
        int64_t wake = ed_sampler_step(context->sampler);
        wake = next_look_ns < wake ? next_look_ns : wake;
        wake = end_ns < wake ? end_ns : wake;
        now = ed_clock_monotonic_ns();
        const int64_t rest = wake > now ? wake - now : 0;
        const struct timespec timeout = {rest / 1000000000, rest % 1000000000};
        const int got = sigtimedwait(&set, NULL, &timeout);
        if (got == SIGTERM || got == SIGINT)
            return false;
        now = ed_clock_monotonic_ns();
    }
    ed_sampler_enclose(context->sampler);
    *window = (struct ed_idle_window){begin_ns, end_ns};
    return true;
}
