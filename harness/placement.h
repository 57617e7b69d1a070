// SPDX-License-Identifier: Apache-2.0
// Where a case ran, by the engine's evidence in every block: each is a process of its own, which may find the
// accelerator taken and fall back by itself.
#ifndef EDGEDYNO_HARNESS_PLACEMENT_H
#define EDGEDYNO_HARNESS_PLACEMENT_H

#include "harness/blocks.h"

// The evidence that speaks for the case: of the block that ran least where it was asked to; where none fell
// short, of a timing block that proves nothing; else of the first timing block. An accuracy block or
// pilot of `case_index` counts where it fell short. `backend` and `asked` are those of the record. NULL:
// there is none.
const cJSON *ed_placement_evidence(const struct ed_blocks *blocks, size_t case_index, size_t timing_case,
                                   const char *backend, const char *asked);
// Fills placement_observed and placed_ops_share from it, with the reason where blocks differ. The record has
// its backend and placement_asked.
void ed_placement_fill(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index,
                       size_t timing_case);

#endif
