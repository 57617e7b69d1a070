// SPDX-License-Identifier: Apache-2.0
// What a program that judges outputs prints: lines of JSON, in any order.
//   metric command      {"id": N, "score": S} for each sample, N from 0; "weight" may stand beside it, 1 where
//                       it does not
//   metric command-set  {"value": V} for all samples together, and {"draw": K, "value": V} for each row K of
//                       draws.npy, from 0: the same figure over the samples that the row names, one that
//                       stands there twice counting twice
#ifndef EDGEDYNO_HARNESS_SCORE_LINES_H
#define EDGEDYNO_HARNESS_SCORE_LINES_H

#include <stddef.h>

#include "edgedyno/error.h"

#define ED_SET_DRAWS 1000
#define ED_SET_SAMPLES_MAX 65536
#define ED_SET_DRAWS_FILE "draws.npy"

// Score and weight of each of `n` samples; `rows` has room for 2 * n. ED_ERR_PARSE names the line.
enum ed_status ed_score_lines_parse(double *rows, size_t n, const char *text, size_t bytes,
                                    struct ed_error *err);
// 1 + ED_SET_DRAWS rows of a figure and `samples`, the first of the data as they are. ED_ERR_PARSE likewise.
enum ed_status ed_score_set_parse(double *rows, size_t samples, const char *text, size_t bytes,
                                  struct ed_error *err);

#endif
