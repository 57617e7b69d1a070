// SPDX-License-Identifier: Apache-2.0
// Tasks that a program of the user's judges. When the blocks of a campaign are home the program runs once for
// each case, as COMMAND... FOLDER, where FOLDER holds
//   task.json    {"task", "case", "samples", "labels": PATH or null, "outputs": [{"name", "file": PATH}]}
//   outputN.npy  the model's output N of all samples, in their order; of a quantized one the real numbers, as
//                float32
//   draws.npy    of the metric command-set: int32 of [ED_SET_DRAWS, samples], numbers of samples, a draw a row;
//                task.json then names it as "draws"
// It prints lines as harness/score_lines.h has them. What it said is kept in the campaign (harness/scores.h),
// so that a report runs nothing.
#ifndef EDGEDYNO_HARNESS_SCORE_COMMANDS_H
#define EDGEDYNO_HARNESS_SCORE_COMMANDS_H

#include "harness/campaign.h"

// Cases that have scores already are left alone. A program that fails is no error of the campaign: why it
// failed is kept, and is the reason for the value that is missing. Errors are those of reading and writing
// the campaign.
enum ed_status ed_score_commands(const struct ed_campaign *campaign, struct ed_error *err);

#endif
