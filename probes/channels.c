// SPDX-License-Identifier: Apache-2.0
// Small helps for filling channels.
#include "probes/channels.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void ed_channel_missing(struct ed_channel *channel, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(channel->reason, sizeof channel->reason, format, args);
    va_end(args);
    channel->available = false;
}

void ed_channel_found(struct ed_channel *channel) {
    channel->reason[0] = 0;
    channel->available = true;
}

void ed_values_clear(int64_t *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        values[i] = ED_NO_VALUE;
}

int64_t ed_tick_ns(void) {
    long per_second = sysconf(_SC_CLK_TCK);
    return per_second > 0 ? 1000000000 / per_second : 10000000;
}

int64_t ed_ticks_to_ns(int64_t ticks) {
    int64_t ns;
    return ticks < 0 || __builtin_mul_overflow(ticks, ed_tick_ns(), &ns) ? ED_NO_VALUE : ns;
}
