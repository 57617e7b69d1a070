// SPDX-License-Identifier: Apache-2.0
// Channel values for people.
#include "harness/cli/channel_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

struct scale {
    const char *unit;
    double factor; // into the unit that is shown
    const char *shown;
};
static const struct scale scales[] = {
    {"mc", 1e-3, "C"}, {"uw", 1e-6, "W"},    {"uj", 1e-6, "J"},    {"uv", 1e-6, "V"},
    {"ua", 1e-6, "A"}, {"uah", 1e-3, "mAh"}, {"khz", 1e-6, "GHz"}, {"permille", 1e-1, "%"},
};

// Three significant digits; milli where that reads better.
static void print_scaled(char *text, size_t bytes, double value, const char *unit) {
    const double size = fabs(value);
    const bool milli = size > 0 && size < 0.1 && (strchr("WJVA", unit[0]) && !unit[1]);
    const double shown = milli ? value * 1000 : value, shown_size = fabs(shown);
    const int digits = shown_size >= 100 || shown == 0 ? 0 : shown_size >= 10 ? 1 : 2;
    snprintf(text, bytes, "%.*f %s%s", digits, shown, milli ? "m" : "", unit);
}

void ed_channel_text_value(char *text, size_t bytes, const char *unit, int64_t value) {
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++)
        if (strcmp(unit, scales[i].unit) == 0) {
            // A temperature of 100 degrees has its tenths too.
            if (strcmp(unit, "mc") == 0)
                snprintf(text, bytes, "%.1f C", (double)value / 1000);
            else if (strcmp(unit, "khz") == 0 && value < 1000000)
                print_scaled(text, bytes, (double)value / 1000, "MHz");
            else
                print_scaled(text, bytes, (double)value * scales[i].factor, scales[i].shown);
            return;
        }
    int64_t ns;
    if (strcmp(unit, "bytes") == 0 && value >= 0)
        ed_units_print_size(text, bytes, value);
    else if (strcmp(unit, "ns") == 0 && value >= 0)
        ed_units_print_duration(text, bytes, value);
    else if (strcmp(unit, "us") == 0 && value >= 0 && !__builtin_mul_overflow(value, 1000, &ns))
        ed_units_print_duration(text, bytes, ns);
    else if (strcmp(unit, "bits") == 0)
        snprintf(text, bytes, "0x%" PRIx64, (uint64_t)value);
    else if (strcmp(unit, "count") == 0)
        snprintf(text, bytes, "%" PRId64, value);
    else
        snprintf(text, bytes, "%" PRId64 " %.16s", value, unit);
}

void ed_channel_text_rate(char *text, size_t bytes, const char *unit, int64_t first, int64_t last,
                          int64_t wrap, int64_t between_ns) {
    int64_t change;
    text[0] = 0;
    if (between_ns <= 0 || __builtin_sub_overflow(last, first, &change) ||
        (change < 0 && (wrap <= 0 || __builtin_add_overflow(change, wrap, &change) || change < 0)))
        return;
    const double seconds = (double)between_ns / 1e9, rate = (double)change / seconds;
    if (strcmp(unit, "uj") == 0) {
        print_scaled(text, bytes, rate / 1e6, "W");
    } else if (strcmp(unit, "ns") == 0 || strcmp(unit, "us") == 0) {
        print_scaled(text, bytes, rate / (strcmp(unit, "ns") == 0 ? 1e7 : 1e4), "%");
    } else if (strcmp(unit, "bytes") == 0 && rate < 9e18) {
        char size[32];
        ed_units_print_size(size, sizeof size, (int64_t)rate);
        snprintf(text, bytes, "%s/s", size);
    } else {
        snprintf(text, bytes, rate >= 1e6 ? "%.3g /s" : "%.0f /s", rate);
    }
}
