// SPDX-License-Identifier: Apache-2.0
// Questions to a language model (base/questions.h), answered by the logits of its own tokens.
//
// A choice is judged as the text that follows the prompt: prompt and choice are cut into tokens together, and
// those behind what the prompt alone has in common with them are the choice's; its score is the sum of their
// log-probabilities. An answer in words matches where each of its tokens is the likeliest behind those before
// it, which is where greedy decoding gives them. The model's bos, where it has one, comes before the prompt.
#ifndef EDGEDYNO_RUNNERS_QUESTIONS_H
#define EDGEDYNO_RUNNERS_QUESTIONS_H

#include "base/json_write.h"
#include "runners/adapter.h"
#include "runners/job.h"

// `adapter` has its model loaded with all_logits, for ED_QUALITY_CHUNK tokens; a longer question is
// ED_ERR_LIMIT. Writes outputs/BLOCK.0.npy, float32: of choices [questions, most choices], -inf where a
// question has fewer; of words [questions, 2], 1 in the second column where it matches, else in the first.
// Into the evidence: "samples" (questions), "output_files" and "output_sha256".
enum ed_status ed_questions_run(const struct ed_adapter *adapter, const struct ed_job *job,
                                const struct ed_job_block *block, struct ed_json_writer *evidence,
                                struct ed_error *err);

#endif
