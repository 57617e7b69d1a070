// SPDX-License-Identifier: Apache-2.0
// Limits on a task's figures that its samples leave open: how many would decide, or why none can.
#ifndef EDGEDYNO_HARNESS_CERTIFY_H
#define EDGEDYNO_HARNESS_CERTIFY_H

#include "edgedyno/result.h"
#include "harness/campaign.h"

// A figure of a task and what it hangs on.
struct ed_certify {
    int field;        // ED_FIELD_accuracy_value, ED_FIELD_accuracy_drop
    const char *what; // what there are `n` of: "samples", "chunks of the text"
    size_t n;
    // How many would bring the interval within the limit, which is an upper one or a lower one; 0: none
    // would. NULL: the interval shrinks with the root of the number.
    double (*needed)(const void *context, double limit, bool upper);
    const void *context;
    bool logarithmic; // it is the figure's logarithm whose interval is even
};

// Whether some requirement that applies to the task is a limit on the field.
bool ed_certify_asked(const struct ed_campaign *campaign, const struct ed_campaign_task *task, int field);
// A reason for each such limit that the record's interval leaves open: "too_few_samples" with the number that
// would do if all stayed as it is, or "at_the_limit".
void ed_certify_advise(struct ed_result *result, const struct ed_campaign *campaign,
                       const struct ed_campaign_task *task, const struct ed_certify *figure);

#endif
