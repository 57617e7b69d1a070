// SPDX-License-Identifier: Apache-2.0
// The metrics of a task.
#include "harness/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "harness/quality.h"

size_t ed_metric_top(const char *metric) {
    if (ed_metric_is_questions(metric))
        return 1;
    return strncmp(metric, "top-", 4) ? 0 : strtoul(metric + 4, NULL, 10);
}

bool ed_metric_is_sqnr(const char *metric) {
    return !strcmp(metric, "sqnr");
}

bool ed_metric_is_signal(const char *metric) {
    return !strcmp(metric, "cosine") || ed_metric_is_sqnr(metric);
}

bool ed_metric_is_command(const char *metric) {
    return !strcmp(metric, ED_METRIC_COMMAND) || ed_metric_is_set(metric);
}

bool ed_metric_is_set(const char *metric) {
    return !strcmp(metric, ED_METRIC_SET);
}

bool ed_metric_is_questions(const char *metric) {
    return !strcmp(metric, ED_METRIC_CHOICE) || !strcmp(metric, ED_METRIC_MATCH);
}

bool ed_metric_is_speech(const char *metric) {
    return !strcmp(metric, ED_METRIC_SPEECH);
}

bool ed_metric_is_language(const char *metric) {
    return ed_metric_is_questions(metric) || ed_quality_is(metric);
}
