// SPDX-License-Identifier: Apache-2.0
// The energy of a case: from its blocks' windows to the fields of a record.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/energy.h"
#include "harness/summary.h"
#include "harness/validity.h"

#define COVER 2     // of a standard uncertainty: about 95 %
#define LEAST_UJ 10 // below, an integer of microjoules would be off by more than 5 %

static const char gross_key[] = "energy_per_inference_uj", net_key[] = "energy_net_per_inference_uj",
                  token_key[] = "energy_per_token_uj";

// The figures of one quantity: of each block, and of all as one.
struct quantity {
    int64_t *blocks_nj;
    size_t n;
    struct ed_energy_figure pooled;
    double common_uj; // part of the pooled uncertainty that no number of blocks makes smaller
};

// The median over blocks, where blocks tell something by themselves; else all windows as one. The interval is
// that over blocks, made wider by what is the same in all of them; never narrower than the sensor's own.
static bool span_of(struct quantity *quantity, bool by_block, double *value, double *low, double *high) {
    const double u = COVER * quantity->pooled.u_uj;
    *value = quantity->pooled.value_uj;
    *low = *value - u;
    *high = *value + u;
    if (!by_block)
        return true;
    const struct ed_span span = ed_summary_span(quantity->blocks_nj, quantity->n);
    if (!span.has)
        return false;
    *value = (double)span.value * 1e-3;
    *low = *value - u;
    *high = *value + u;
    if (span.has_interval) {
        const double common = COVER * quantity->common_uj;
        *low = fmin(*low, (double)span.low * 1e-3 - common);
        *high = fmax(*high, (double)span.high * 1e-3 + common);
    }
    return true;
}

static int64_t rounded(double value) {
    return fabs(value) < 9e18 ? (int64_t)llround(value) : 0;
}

// What a case's blocks give together.
struct case_energy {
    struct ed_energy_sum sum;
    struct quantity gross, net;
    size_t lost, silent; // timing blocks that ended ok and have no part
    double longest_s, update_s;
    bool by_block;
};

static bool gather(struct case_energy *all, const struct ed_energy_device *device, size_t timing) {
    const struct ed_blocks *blocks = device->blocks;
    const double gain = device->source.sensor.gain;
    double idle_common_uj = 0;
    memset(all, 0, sizeof *all);
    all->gross.blocks_nj = calloc(blocks->n + 1, sizeof *all->gross.blocks_nj);
    all->net.blocks_nj = calloc(blocks->n + 1, sizeof *all->net.blocks_nj);
    if (!all->gross.blocks_nj || !all->net.blocks_nj)
        return false;
    all->by_block = true;
    for (size_t b = 0; b < blocks->n; b++) {
        const struct ed_block *block = &blocks->items[b];
        const struct ed_energy_block *energy = &device->of_blocks[b];
        struct ed_energy_why why;
        if (!ed_block_counts(block, timing, ED_VALIDITY_VOID_POWER))
            continue;
        if (!energy->has) {
            all->lost += energy->lost;
            all->silent += !energy->lost;
            continue;
        }
        const double n = (double)block->n_samples * (double)block->batch;
        struct ed_energy_sum one = {0};
        ed_energy_add(&one, &energy->part, n, energy->has_idle, energy->idle_uw, energy->u_idle_uw);
        ed_energy_add(&all->sum, &energy->part, n, energy->has_idle, energy->idle_uw, energy->u_idle_uw);
        all->by_block = all->by_block && ed_energy_enough(&device->source, &one, &why);
        all->gross.blocks_nj[all->gross.n++] = rounded(1e3 * ed_energy_gross(&one, gain).value_uj);
        if (energy->has_idle)
            all->net.blocks_nj[all->net.n++] = rounded(1e3 * ed_energy_net(&one, gain).value_uj);
        idle_common_uj += energy->u_idle_uw * energy->part.duration_s;
        all->update_s = energy->part.update_s;
        all->longest_s = fmax(all->longest_s, energy->part.duration_s);
    }
    if (!all->sum.windows || all->sum.inferences <= 0)
        return true;
    all->gross.pooled = ed_energy_gross(&all->sum, gain);
    all->net.pooled = ed_energy_net(&all->sum, gain);
    all->gross.common_uj = hypot(all->sum.common_uj, gain * all->sum.energy_uj) / all->sum.inferences;
    all->net.common_uj = hypot(all->gross.common_uj, idle_common_uj / all->sum.inferences);
    return true;
}

static const char *method_word(enum ed_energy_kind kind) {
    return kind == ED_ENERGY_COUNTER ? "counter"
           : kind == ED_ENERGY_GAUGE ? "power, integrated"
                                     : "what was left";
}

// "package: powercap.package-0, counter, update 1 ms, 10 timed windows of 10.3 s in all"
static void set_scope(struct ed_result *result, const struct ed_energy_device *device,
                      const struct case_energy *all) {
    const struct ed_energy_source *source = &device->source;
    char text[ED_RESULT_TEXT_BYTES], more[32] = "", silent[40] = "";
    if (source->n_ids > 1)
        snprintf(more, sizeof more, " and %zu more", source->n_ids - 1);
    if (all->silent)
        snprintf(silent, sizeof silent, " of %zu", all->sum.windows + all->silent);
    snprintf(text, sizeof text, "%s: %.64s%s, %s, update %.3g ms, %zu%s timed window%s, %.3g s in all, k=2%s",
             source->scope, source->ids[0], more, method_word(source->sensor.kind), all->update_s * 1e3,
             all->sum.windows, silent, all->sum.windows == 1 ? "" : "s", all->sum.duration_s,
             source->sensor.gain > 0 ? "" : ", gain not known");
    ED_RESULT_SET_TEXT(result, energy_scope, text);
}

static void set_gross(struct ed_result *result, struct case_energy *all, int64_t tokens) {
    double value, low, high;
    if (!span_of(&all->gross, all->by_block, &value, &low, &high))
        return;
    if (value < LEAST_UJ)
        ed_result_reason(result, gross_key, "below_unit",
                         "%.3g nJ (from %.3g to %.3g): too little for a whole number of microjoules",
                         value * 1e3, low * 1e3, high * 1e3);
    else
        ED_RESULT_SET_SPAN(result, energy_per_inference_uj, rounded(value), rounded(fmax(low, 0)),
                           rounded(high));
    if (tokens <= 0)
        ed_result_reason(result, token_key, ED_REASON_NOT_APPLICABLE, "no tokens are generated");
    else if (value / (double)tokens >= LEAST_UJ)
        ED_RESULT_SET_SPAN(result, energy_per_token_uj, rounded(value / (double)tokens),
                           rounded(fmax(low, 0) / (double)tokens), rounded(high / (double)tokens));
    else
        ed_result_reason(result, token_key, "below_unit",
                         "%.3g nJ: too little for a whole number of microjoules",
                         value / (double)tokens * 1e3);
}

static void set_net(struct ed_result *result, struct case_energy *all) {
    double value, low, high;
    if (!all->sum.has_idle || all->net.n != all->gross.n) {
        ed_result_reason(result, net_key, "idle_unknown",
                         "the idle power before or after a block could not be measured");
        return;
    }
    if (!span_of(&all->net, all->by_block, &value, &low, &high))
        return;
    // With zero inside its interval it is still a figure; that it is tiny is said by the interval.
    if (fabs(value) < LEAST_UJ && fmax(fabs(low), fabs(high)) < LEAST_UJ)
        ed_result_reason(result, net_key, "below_unit",
                         "%.3g nJ (from %.3g to %.3g): too little for a whole number of microjoules",
                         value * 1e3, low * 1e3, high * 1e3);
    else
        ED_RESULT_SET_SPAN(result, energy_net_per_inference_uj, rounded(value), rounded(low), rounded(high));
}

void ed_summary_energy(struct ed_result *result, const struct ed_energy_device *device, size_t timing,
                       int64_t tokens) {
    struct case_energy all = {0};
    struct ed_energy_why why;
    if (device->others[0])
        ed_result_reason(result, "energy_scope", ED_REASON_NOT_MEASURED,
                         "also there, of another scope or part: %s", device->others);
    if (!device->source.n_ids) {
        const bool none = !strcmp(device->why.code, "no_power_sensor");
        if (device->why.code[0])
            ed_result_reason(result, gross_key, none ? ED_REASON_NOT_MEASURED : device->why.code, "%s",
                             device->why.text);
        return;
    }
    if (!gather(&all, device, timing))
        ed_result_reason(result, gross_key, ED_REASON_NOT_MEASURED, "no memory");
    else if (all.lost)
        ed_result_reason(
            result, gross_key, "sensor_lost",
            "%zu of %zu timed windows have no energy by %s: it stopped telling, or told what cannot be",
            all.lost, all.lost + all.silent + all.sum.windows, device->source.ids[0]);
    else if (!ed_energy_enough(&device->source, &all.sum, &why))
        ed_result_reason(result, gross_key, why.code, "%s", why.text);
    else {
        set_gross(result, &all, tokens);
        set_net(result, &all);
        set_scope(result, device, &all);
        if (device->why.code[0])
            ed_result_reason(result, "energy_scope", device->why.code, "not by a better sensor: %.220s",
                             device->why.text);
    }
    free(all.gross.blocks_nj);
    free(all.net.blocks_nj);
}
