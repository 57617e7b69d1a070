// SPDX-License-Identifier: Apache-2.0
// Units of metrics.
#include "reports/metric_unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/text.h"

// What a program says may be anything, and so is its difference; a cosine is no share, what it loses of 1 is
// one. Noise by signal, and what a perplexity grows by, are shares of something.
static const struct {
    const char *metric;
    enum ed_scale_kind value, drop;
} rows[] = {{"sqnr", ED_SCALE_DECIBEL, ED_SCALE_SHARE},     {"cosine", ED_SCALE_FINE, ED_SCALE_SHARE},
            {"perplexity", ED_SCALE_PLAIN, ED_SCALE_SHARE}, {"kl-divergence", ED_SCALE_NATS, ED_SCALE_NATS},
            {"command", ED_SCALE_FINE, ED_SCALE_FINE},      {"command-set", ED_SCALE_FINE, ED_SCALE_FINE}};

static const char *const names[] = {
    "top-1",         "top-3",           "top-5",      "top-10",   "cosine",          "sqnr",
    "command",       "command-set",     "perplexity", "same-top", "multiple-choice", "exact-match",
    "kl-divergence", "word-error-rate", NULL};

const char *const *ed_metric_names(void) {
    return names;
}

bool ed_metric_is_name(const char *word) {
    for (size_t i = 0; names[i]; i++)
        if (!strcmp(names[i], word))
            return true;
    return false;
}

enum ed_scale_kind ed_metric_scale(const char *metric, bool drop) {
    for (size_t i = 0; metric && i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].metric, metric))
            return drop ? rows[i].drop : rows[i].value;
    return ED_SCALE_SHARE;
}

bool ed_metric_decides(int field, bool *drop) {
    *drop = field == ED_FIELD_accuracy_drop;
    return *drop || field == ED_FIELD_accuracy_value || field == ED_FIELD_accuracy_reference;
}

bool ed_metric_is_fraction(int field) {
    const struct ed_result_field *row = &ed_result_fields()[field];
    const bool real = row->type == ED_RESULT_REAL || row->type == ED_RESULT_SPANR;
    return real && !*row->unit && field != ED_FIELD_real_time_factor;
}

const char *ed_metric_unit(const char *metric, bool drop) {
    return ed_scale_pick(ed_metric_scale(metric, drop), 1, 1, 3).unit;
}

void ed_metric_text(char *text, size_t bytes, const char *metric, bool drop, double value) {
    const enum ed_scale_kind kind = ed_metric_scale(metric, drop);
    const struct ed_scale scale = ed_scale_pick(kind, fabs(value), fabs(value), 4);
    char number[64];
    ed_text_fixed(number, sizeof number, value / scale.divisor, scale.decimals, false);
    snprintf(text, bytes, "%s%s%s", number, scale.unit[0] ? " " : "", scale.unit);
}
