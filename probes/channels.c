// SPDX-License-Identifier: Apache-2.0
// Small helps for filling channels.
#include "probes/channels.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void ed_channel_missing(struct ed_channel *channel, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(channel->reason, sizeof channel->reason, format, args);
    va_end(args);
    channel->available = false;
}

const char *ed_channel_why(int number) {
    return number == EACCES ? "Permission denied; chmod a+r it, or run as root" : strerror(number);
}

void ed_channel_found(struct ed_channel *channel) {
    channel->reason[0] = 0;
    channel->available = true;
}

void ed_values_clear(int64_t *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        values[i] = ED_NO_VALUE;
}

void ed_channel_word(char *text) {
    for (char *p = text; *p; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') &&
            *p != '-' && *p != '_')
            *p = '_';
}

void ed_channels_number_duplicates(struct ed_channel *channels, const int *numbers, size_t n) {
    bool shared[ED_CHANNELS_MAX] = {false};
    if (n > ED_CHANNELS_MAX)
        n = ED_CHANNELS_MAX;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (strcmp(channels[i].id, channels[k].id) == 0)
                shared[i] = shared[k] = true;
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(channels[i].id);
        if (shared[i])
            snprintf(channels[i].id + used, sizeof channels[i].id - used, "@%d", numbers[i]);
    }
}

void ed_channels_none(struct ed_channel *channels, size_t capacity, size_t *n, const struct ed_channel *like,
                      const char *format, ...) {
    *n = 0;
    if (capacity == 0)
        return;
    va_list args;
    channels[0] = *like;
    va_start(args, format);
    vsnprintf(channels[0].reason, sizeof channels[0].reason, format, args);
    va_end(args);
    channels[0].available = false;
    *n = 1;
}

int64_t ed_tick_ns(void) {
    long per_second = sysconf(_SC_CLK_TCK);
    return per_second > 0 ? 1000000000 / per_second : 10000000;
}

int64_t ed_ticks_to_ns(int64_t ticks) {
    int64_t ns;
    return ticks < 0 || __builtin_mul_overflow(ticks, ed_tick_ns(), &ns) ? ED_NO_VALUE : ns;
}
