// SPDX-License-Identifier: Apache-2.0
// Quality of a language model over a text: what each token would have cost, and how far the next-token
// distribution is from that of the reference variant, which is loaded beside it.
//
// The text is cut into chunks of ED_QUALITY_CHUNK tokens, each with an empty cache and, where the model has
// one, its bos in place of the first token; the second half of a chunk is scored. That is what llama.cpp's
// own perplexity tool does, so that figures can be held against it. Never more than ED_QUALITY_PIECE rows of
// logits are in memory for each model.
#ifndef EDGEDYNO_RUNNERS_QUALITY_H
#define EDGEDYNO_RUNNERS_QUALITY_H

#include "base/json_write.h"
#include "runners/adapter.h"
#include "runners/job.h"

#define ED_QUALITY_CHUNK 512
#define ED_QUALITY_CHUNK_MIN 16 // a text with fewer tokens is refused
#define ED_QUALITY_PIECE 128
#define ED_QUALITY_TEXT_MAX_BYTES (64u << 20)

// A reference that is to be loaded as the model was; model NULL: none.
struct ed_quality_reference {
    const struct ed_open_args *open;
    const struct ed_load_args *load; // with the reference's files
    const char *adapter;             // the shared object; NULL: no reference
};

// ln of the sum of exp of n logits, about the largest so that nothing overflows; *top is the first likeliest.
double ed_quality_log_sum(const float *logits, size_t n, size_t *top);
// Logits behind each of n tokens, at most ED_QUALITY_PIECE, put behind what the cache holds; rows of
// `vocabulary`, borrowed until the next call.
enum ed_status ed_quality_logits(const struct ed_adapter *model, const int32_t *tokens, size_t n,
                                 int32_t vocabulary, const float **logits, struct ed_error *err);

// `adapter` has its model loaded with all_logits, for ED_QUALITY_CHUNK tokens. Writes outputs/BLOCK.0.npy,
// float32 of [chunks, scored tokens, columns]: -ln p of the text's token; with a reference also its -ln p,
// the Kullback-Leibler divergence of the model from the reference in nats, and 1 where both find the same
// token likeliest. Into the evidence: "samples" (scored tokens), "chunk_tokens", "output_files" and
// "output_sha256".
enum ed_status ed_quality_run(const struct ed_adapter *adapter, const struct ed_quality_reference *reference,
                              const struct ed_job *job, const struct ed_job_block *block,
                              struct ed_json_writer *evidence, struct ed_error *err);

#endif
