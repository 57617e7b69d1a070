// SPDX-License-Identifier: Apache-2.0
// The gate's decision.
#include "harness/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/distribution.h"
#include "base/stats/signed_rank.h"

static enum ed_status test(const struct ed_gate_series *series, struct ed_gate_decision *out,
                           struct ed_error *err) {
    const double tail = ed_look_nominal_p(ED_GATE_ALPHA_PASS);
    struct ed_shift_estimate shift;
    memset(out, 0, sizeof *out);
    out->verdict = ED_VERDICT_INCONCLUSIVE;
    out->p_worse = out->p_within = 1;
    const size_t all = series->n < ED_GATE_PAIRS_MAX ? series->n : ED_GATE_PAIRS_MAX;
    out->pairs = ed_look_reached(all);
    if (!all)
        return ED_OK;
    // Before the first look there is an effect to be seen, and nothing to be decided.
    if (!ed_shift_estimate(series->x, out->pairs ? out->pairs : all, tail, tail, &shift))
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "a comparison has a value that is not finite");
    out->has_effect = true;
    out->effect = shift.value;
    out->has_interval = shift.has_low_high;
    out->low = shift.low;
    out->high = shift.high;
    if (out->pairs) {
        out->p_worse = ed_signed_rank_greater(series->x, out->pairs, series->fail_above);
        out->p_within = ed_signed_rank_less(series->x, out->pairs, series->pass_below);
    }
    return ED_OK;
}

enum ed_status ed_gate_decide(const struct ed_gate_series *series, size_t n, size_t family,
                              struct ed_gate_decision *out, struct ed_error *err) {
    double *p = calloc(n + 1, sizeof *p);
    bool *worse = calloc(n + 1, sizeof *worse);
    enum ed_status status =
        p && worse ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu comparisons", n);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = test(&series[i], &out[i], err);
        p[i] = out[i].p_worse;
    }
    if (status == ED_OK)
        ed_holm(p, n, family, ED_GATE_ALPHA_FAIL, worse);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        if (out[i].p_within <= ed_look_nominal_p(ED_GATE_ALPHA_PASS))
            out[i].verdict = ED_VERDICT_PASS;
        else if (worse[i])
            out[i].verdict = ED_VERDICT_FAIL;
    }
    free(p);
    free(worse);
    return status;
}

// Of a shift that the test at level `nominal` finds with chance 90 %; the signed-rank test needs pi / 3 times
// the pairs of the t test when the noise is normal.
static double detectable(size_t pairs, double sd, double nominal) {
    const double pi = 3.14159265358979323846;
    if (!pairs || nominal < exp2(-(double)pairs))
        return INFINITY;
    return expm1(sd * sqrt(pi / 3 / (double)pairs) *
                 (ed_normal_quantile(1 - nominal) + ed_normal_quantile(0.9)));
}

double ed_gate_smallest_found(size_t pairs, double sd, size_t family) {
    return detectable(pairs, sd, ed_look_nominal_p(ED_GATE_ALPHA_FAIL / (double)(family ? family : 1)));
}

double ed_gate_smallest_passed(size_t pairs, double sd) {
    return detectable(pairs, sd, ed_look_nominal_p(ED_GATE_ALPHA_PASS));
}
