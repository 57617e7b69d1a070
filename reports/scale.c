// SPDX-License-Identifier: Apache-2.0
// Units of columns.
#include "reports/scale.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define DECIMALS_MAX 3
#define FINE_DECIMALS_MAX 6

struct unit {
    const char *word;
    double divisor;
};

static const struct unit times[] = {{"s", 1e9}, {"ms", 1e6}, {"\xC2\xB5s", 1e3}, {"ns", 1}, {NULL, 0}},
                         sizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1024}, {"B", 1}, {NULL, 0}},
                         energies[] = {{"J", 1e6}, {"mJ", 1e3}, {"\xC2\xB5J", 1}, {NULL, 0}};

static struct unit unit_pick(const struct unit *units, double smallest, double largest) {
    while (units[1].word && (largest < units->divisor || smallest < units->divisor / 100))
        units++;
    return *units;
}

struct ed_scale ed_scale_pick(enum ed_scale_kind kind, double smallest, double largest, int digits) {
    struct unit unit = {"", 1};
    switch (kind) {
    case ED_SCALE_TIME:
        unit = unit_pick(times, smallest, largest);
        break;
    case ED_SCALE_SIZE:
        unit = unit_pick(sizes, smallest, largest);
        break;
    case ED_SCALE_ENERGY:
        unit = unit_pick(energies, smallest, largest);
        break;
    case ED_SCALE_RATE:
        unit.word = "1/s";
        break;
    case ED_SCALE_TOKENS:
        unit.word = "tokens/s";
        break;
    case ED_SCALE_SHARE:
        return (struct ed_scale){"%", 0.01, 2};
    case ED_SCALE_TEMPERATURE:
        return (struct ed_scale){"\xC2\xB0"
                                 "C",
                                 1000, 1};
    case ED_SCALE_DECIBEL:
        return (struct ed_scale){"dB", 1, largest >= 100 ? 1 : 2};
    case ED_SCALE_NATS:
        unit.word = "nats";
        break;
    case ED_SCALE_PLAIN:
    case ED_SCALE_FINE:
        break;
    case ED_SCALE_COUNT:
        return (struct ed_scale){"", 1, 0};
    }
    struct ed_scale scale = {unit.word, unit.divisor, 0};
    const bool fine = kind == ED_SCALE_FINE || kind == ED_SCALE_NATS;
    double shown = smallest / unit.divisor;
    if (unit.divisor == 1 && kind != ED_SCALE_RATE && kind != ED_SCALE_TOKENS && kind != ED_SCALE_PLAIN &&
        !fine)
        return scale; // whole nanoseconds, bytes, microjoules
    int before = shown >= 1 ? (int)floor(log10(shown)) + 1 : 1;
    const int most = fine ? FINE_DECIMALS_MAX : DECIMALS_MAX;
    scale.decimals = digits - before;
    // The place of the first digit behind the point of what is below 1.
    if (fine && shown > 0 && shown < 1)
        scale.decimals = digits - 1 - (int)floor(log10(shown));
    scale.decimals = scale.decimals < 0 ? 0 : scale.decimals > most ? most : scale.decimals;
    return scale;
}
