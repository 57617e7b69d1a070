// SPDX-License-Identifier: Apache-2.0
// Cosine, largest difference and signal-to-quantization-noise ratio.
#include "base/stats/agreement.h"

#include <math.h>

void ed_agreement_add(struct ed_agreement *agreement, double reference, double other) {
    const uint64_t at = agreement->added++;
    if (isnan(reference)) {
        agreement->reference_broken++;
        return;
    }
    if (!isfinite(reference) || !isfinite(other)) {
        if (reference == other)
            agreement->same_infinite++;
        else
            agreement->not_finite++;
        return;
    }
    const double difference = fabs(other - reference);
    agreement->count++;
    agreement->dot += reference * other;
    agreement->reference_squares += reference * reference;
    agreement->other_squares += other * other;
    agreement->noise_squares += difference * difference;
    if (difference > agreement->largest) {
        agreement->largest = difference;
        agreement->largest_at = at;
    }
}

double ed_agreement_cosine(const struct ed_agreement *agreement) {
    // A product of two roots: that of the squares' product would overflow sooner.
    const double norm = sqrt(agreement->reference_squares) * sqrt(agreement->other_squares);
    if (!agreement->count)
        return NAN;
    if (!(norm > 0))
        return agreement->noise_squares > 0 ? 0 : 1;
    const double cosine = agreement->dot / norm;
    // Rounding may end a little beyond. Numbers whose squares are too large have no cosine here.
    return isfinite(cosine) ? fmax(-1, fmin(1, cosine)) : NAN;
}

double ed_agreement_sqnr_db(const struct ed_agreement *agreement) {
    if (!agreement->count)
        return NAN;
    if (!(agreement->noise_squares > 0))
        return ED_AGREEMENT_SQNR_MAX_DB;
    const double db = 10 * (log10(agreement->reference_squares) - log10(agreement->noise_squares));
    if (isnan(db))
        return NAN;
    return fmax(-ED_AGREEMENT_SQNR_MAX_DB, fmin(ED_AGREEMENT_SQNR_MAX_DB, db));
}

double ed_agreement_largest(const struct ed_agreement *agreement) {
    return agreement->count ? agreement->largest : NAN;
}
