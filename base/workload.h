// SPDX-License-Identifier: Apache-2.0
// Workloads as text for people and as JSON for the wire and the campaign.
#ifndef EDGEDYNO_BASE_WORKLOAD_H
#define EDGEDYNO_BASE_WORKLOAD_H

#include <stddef.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "edgedyno/workload.h"

// "single-stream", "fixed-rate 50/s deadline 20 ms", "offline x4", "sustained 10 min", "pp512", "tg128",
// "pp512+tg128 @ d1024", "speech". Cut to fit; ED_WORKLOAD_TEXT_BYTES hold any.
void ed_workload_print(char *text, size_t bytes, const struct ed_workload *workload);
// {"scenario":WORD} and those of rate_per_s, duration_ns, streams, deadline_ns, prompt_tokens,
// generate_tokens, depth_tokens, speech that are not 0.
void ed_workload_write(struct ed_json_writer *writer, const char *key, const struct ed_workload *workload);
// Reads member `key` of `object`, which may be absent (single-stream). Every number is checked against its
// limit, and that the scenario has what it needs and nothing that it does not know. ED_ERR_PARSE.
enum ed_status ed_workload_read(const struct ed_json_at *object, const char *key,
                                struct ed_workload *workload, struct ed_error *err);
// The same rules for one that was made otherwise; `where` is for the message. ED_ERR_USAGE.
enum ed_status ed_workload_check(const struct ed_workload *workload, const char *where, struct ed_error *err);

#endif
