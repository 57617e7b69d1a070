// SPDX-License-Identifier: Apache-2.0
// What was really said in the audio of a case: FILE.txt beside FILE.wav. It is kept with the campaign, so
// that a report can be made again anywhere.
#ifndef EDGEDYNO_HARNESS_TRANSCRIPT_H
#define EDGEDYNO_HARNESS_TRANSCRIPT_H

#include "base/path.h"
#include "harness/suite.h"

// Copies the transcript of the model's audio into the campaign's data folder; `name` is then its place under
// `directory`, "" where there is no audio or no transcript. ED_ERR_LIMIT: more than can be compared.
enum ed_status ed_transcript_keep(char name[ED_PATH_BYTES], const char *directory,
                                  const struct ed_suite_model *model, struct ed_error *err);

#endif
