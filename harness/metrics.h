// SPDX-License-Identifier: Apache-2.0
// The metrics of a task: what they need, and what they are called.
//
// metric           data                    accuracy_value                        accuracy_drop
// top-K            tensors or images       share of samples, the label among     reference less value
//                                          the K highest scores
// cosine           tensors or images       mean over samples of the cosine       1 less value
//                                          between outputs and the reference's
// sqnr             tensors or images       10 log10(signal / noise) in dB        noise / signal
// command          tensors or images       weighted mean of the scores that a    reference less value (value
//                                          program of the user's prints          less it: lower_is_better)
// command-set      tensors or images       what such a program says of all       likewise
//                                          samples together
// multiple-choice  JSONL questions         share of questions, the right choice  reference less value
//                                          being the likeliest
// exact-match      JSONL questions         share of questions, greedy decoding   reference less value
//                                          giving the answer's tokens
// perplexity, kl-divergence, same-top      text; harness/quality.h
// word-error-rate  recordings with         wrong words of all recordings over    value less reference
//                  transcripts             words of all transcripts
//
// signal is the sum over all samples and elements of r^2, noise that of (v - r)^2, v the variant's outputs
// and r the reference's, both as real numbers. At most ED_METRIC_SQNR_MAX_DB are told.
#ifndef EDGEDYNO_HARNESS_METRICS_H
#define EDGEDYNO_HARNESS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#define ED_METRIC_WORDS                                                                                \
    "top-1|top-3|top-5|top-10|cosine|sqnr|command|command-set|multiple-choice|exact-match|perplexity|" \
    "kl-divergence|same-top|" ED_METRIC_SPEECH
#define ED_METRIC_SPEECH "word-error-rate"
#define ED_METRIC_CHOICE "multiple-choice"
#define ED_METRIC_MATCH "exact-match"
#define ED_METRIC_COMMAND "command"
#define ED_METRIC_SET "command-set"
#define ED_METRIC_SQNR_MAX_DB 300.0

// K of "top-K"; of questions, whose outputs are a score for each choice, 1; else 0.
size_t ed_metric_top(const char *metric);
// Judged by the reference's outputs alone: cosine, sqnr.
bool ed_metric_is_signal(const char *metric);
bool ed_metric_is_sqnr(const char *metric);
// Judged by a program of the user's, sample by sample or all together.
bool ed_metric_is_command(const char *metric);
bool ed_metric_is_set(const char *metric); // all together
// Over JSONL questions of a language model.
bool ed_metric_is_questions(const char *metric);
// Over recordings, of a speech model.
bool ed_metric_is_speech(const char *metric);
// Of a language model.
bool ed_metric_is_language(const char *metric);

#endif
