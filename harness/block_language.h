// SPDX-License-Identifier: Apache-2.0
// What the times of a language block's tokens are good for. A server may send many tokens at a time, or all
// of them at its end; then times between tokens are those of their arrival, and a time to the first token has
// the making of others in it. Whoever makes a figure of such times asks here first.
#ifndef EDGEDYNO_HARNESS_BLOCK_LANGUAGE_H
#define EDGEDYNO_HARNESS_BLOCK_LANGUAGE_H

#include "harness/blocks.h"

// Shares of a block's tokens. Beyond the first no times between tokens are told, beyond the second no rate of
// tokens, and without a prompt no latency, which is then the time from the first token to the last.
#define ED_TOGETHER_SHARE 0.05
#define ED_TOGETHER_MOST_SHARE 0.6
// Of those behind the first of each answer: it was not streamed, and nothing is the first token's time.
#define ED_TOGETHER_WHOLE_SHARE 0.9

// Whether more than that share came with the token before.
bool ed_block_came_together(const struct ed_block *block, double share);
bool ed_block_not_streamed(const struct ed_block *block);
// A server counts the tokens of a prompt itself; else they are as many as were asked for.
int64_t ed_block_prompt_tokens(const struct ed_block *block, const struct ed_workload *workload);
// Whether the block's tokens came so that it has no figure of the result key `field` (enum ed_result_index).
bool ed_block_withholds(const struct ed_block *block, const struct ed_workload *workload, int field);

#endif
