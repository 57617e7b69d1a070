// SPDX-License-Identifier: Apache-2.0
// Small helps for filling channels, shared by the probes.
#ifndef EDGEDYNO_PROBES_CHANNELS_H
#define EDGEDYNO_PROBES_CHANNELS_H

#include "edgedyno/probe.h"

// A reading that failed.
#define ED_NO_VALUE INT64_MIN

// Marks the channel unavailable, with the reason (cut to fit).
__attribute__((format(printf, 2, 3))) void ed_channel_missing(struct ed_channel *channel, const char *format,
                                                              ...);
// Marks it available.
void ed_channel_found(struct ed_channel *channel);
// Sets n values to ED_NO_VALUE.
void ed_values_clear(int64_t *values, size_t n);
// Makes every character that has no place in an id '_'.
void ed_channel_word(char *text);
// Where channels share an id, "@" and their own number is added to each of them.
void ed_channels_number_duplicates(struct ed_channel *channels, const int *numbers, size_t n);
// The one unavailable channel of a probe that found nothing, made of `like`, where there is room for one.
__attribute__((format(printf, 5, 6))) void ed_channels_none(struct ed_channel *channels, size_t capacity,
                                                            size_t *n, const struct ed_channel *like,
                                                            const char *format, ...);
// Nanoseconds of one unit of /proc/stat's times on the running system.
int64_t ed_tick_ns(void);
// ticks * ed_tick_ns(); ED_NO_VALUE where negative or past int64.
int64_t ed_ticks_to_ns(int64_t ticks);

// The system's words for errno `number`, and for a file that this user may not read what mends it.
const char *ed_channel_why(int number);

#endif
