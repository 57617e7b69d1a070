// SPDX-License-Identifier: Apache-2.0
// How far one list of numbers is from another that it ought to equal: cosine, largest difference, SQNR. Pure,
// thread-safe where the state is, no allocation.
#ifndef EDGEDYNO_BASE_STATS_AGREEMENT_H
#define EDGEDYNO_BASE_STATS_AGREEMENT_H

#include <stdint.h>

// Where nothing differs, and where noise is all there is: figures that a double can still tell from others.
#define ED_AGREEMENT_SQNR_MAX_DB 300.0

// Zero-initialised is empty. The caller owns it.
struct ed_agreement {
    uint64_t count;            // pairs of finite numbers
    uint64_t same_infinite;    // pairs of equal infinities: they agree, and are in no figure
    uint64_t not_finite;       // pairs in which only the other one is finite, or infinities of unlike sign
    uint64_t reference_broken; // pairs whose reference is no number
    double dot, reference_squares, other_squares, noise_squares, largest;
    uint64_t largest_at; // which pair, counted over all that were added
    uint64_t added;
};

void ed_agreement_add(struct ed_agreement *agreement, double reference, double other);
// All figures below are over the finite pairs; NaN where there are none, or where their squares are beyond a
// double.

// In -1..1. Of two lists of zeros 1; of one beside another list 0.
double ed_agreement_cosine(const struct ed_agreement *agreement);
// 10 log10 of the reference's power over that of the difference, in dB, kept within ED_AGREEMENT_SQNR_MAX_DB.
double ed_agreement_sqnr_db(const struct ed_agreement *agreement);
double ed_agreement_largest(const struct ed_agreement *agreement);

#endif
