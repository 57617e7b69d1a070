// SPDX-License-Identifier: Apache-2.0
// One unit and one number of decimals for a whole column of figures.
#ifndef EDGEDYNO_REPORTS_SCALE_H
#define EDGEDYNO_REPORTS_SCALE_H

enum ed_scale_kind {
    ED_SCALE_TIME,        // ns
    ED_SCALE_SIZE,        // bytes
    ED_SCALE_RATE,        // a second
    ED_SCALE_TOKENS,      // tokens a second
    ED_SCALE_SHARE,       // fraction, shown in percent
    ED_SCALE_ENERGY,      // uj
    ED_SCALE_TEMPERATURE, // mc
    ED_SCALE_COUNT,
    ED_SCALE_PLAIN, // a number without a unit
    ED_SCALE_FINE,  // likewise, with up to 6 decimals
    ED_SCALE_DECIBEL,
    ED_SCALE_NATS, // with up to 6 decimals
};

struct ed_scale {
    const char *unit; // "ms"; "" for counts
    double divisor;
    int decimals;
};

// `smallest` and `largest` are absolute values of the column, smallest > 0 unless all are 0. The unit fits
// the largest without making the smallest less than a hundredth of it; the decimals give the smallest
// `digits` significant digits.
struct ed_scale ed_scale_pick(enum ed_scale_kind kind, double smallest, double largest, int digits);

#endif
