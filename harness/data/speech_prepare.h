// SPDX-License-Identifier: Apache-2.0
// Recordings become data for a device, once, on the host. The task then has two files of data, in this order:
//   samples of all recordings one after the other: int16 where that is exact, else float32 (base/wav.h)
//   where each recording ends among them, int64
// and as labels their transcripts, a line of JSON each: {"audio": NAME, "text": TEXT}. All lie in the cache.
#ifndef EDGEDYNO_HARNESS_DATA_SPEECH_PREPARE_H
#define EDGEDYNO_HARNESS_DATA_SPEECH_PREPARE_H

#include "harness/suite.h"

// The task's only data is a folder (speech.h). Every recording is read whole: one that is no WAV of one
// channel at 16 kHz is the error of base/wav.h, with its name.
enum ed_status ed_prepare_speech(struct ed_suite_task *task, struct ed_error *err);

#endif
