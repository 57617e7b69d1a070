// SPDX-License-Identifier: Apache-2.0
// In which unit the figures of a task are shown: a metric's name decides, since one result key holds shares,
// decibels and scores of a program of the user's.
#ifndef EDGEDYNO_REPORTS_METRIC_UNIT_H
#define EDGEDYNO_REPORTS_METRIC_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#include "edgedyno/result.h"
#include "reports/scale.h"

// The names of metrics, NULL behind the last; whether `word` is one.
const char *const *ed_metric_names(void);
bool ed_metric_is_name(const char *word);
// Of accuracy_value and accuracy_reference, or with `drop` of accuracy_drop. `metric` NULL or unknown:
// shares.
enum ed_scale_kind ed_metric_scale(const char *metric, bool drop);
// Whether the result key is one of the three, which `metric` decides; *drop then says which.
bool ed_metric_decides(int field, bool *drop);
// Whether a result key without a unit is a fraction, which is shown in percent; of accuracy the metric says.
bool ed_metric_is_fraction(int field);
// "dB", "nats"; "%" of shares, "" of what has no unit.
const char *ed_metric_unit(const char *metric, bool drop);
// "98.50 %", "41.2 dB", "0.0031 nats", "0.7512".
void ed_metric_text(char *text, size_t bytes, const char *metric, bool drop, double value);

#endif
