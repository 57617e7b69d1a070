// SPDX-License-Identifier: Apache-2.0
// A channel's value as a person reads it.
#ifndef EDGEDYNO_HARNESS_CLI_CHANNEL_TEXT_H
#define EDGEDYNO_HARNESS_CLI_CHANNEL_TEXT_H

#include <stddef.h>
#include <stdint.h>

// "52.1 C", "2.05 W", "1.80 GHz", "83.0 %", "0x50000"; the plain number and the unit where it is not known.
void ed_channel_text_value(char *text, size_t bytes, const char *unit, int64_t value);
// A counter's change over a time as a rate: energy as power ("2.05 W"), bytes and counts a second, time as
// its share ("12.0 %"). `wrap` is the counter's modulus, 0: none. "" where the counter went back.
void ed_channel_text_rate(char *text, size_t bytes, const char *unit, int64_t first, int64_t last,
                          int64_t wrap, int64_t between_ns);

#endif
