// SPDX-License-Identifier: Apache-2.0
// A folder of recordings with what is said in them. Where the words stand, by the first of these that there
// is:
//   a .tsv that the task names, or transcripts.tsv in the folder: a heading with the columns "path" and
//     "sentence", as Common Voice has them, and a line a recording; other columns are left alone, quotes mean
//     nothing. Paths are relative to the folder and stay in it. Recordings that no line names take no part.
//   NAME.txt beside each NAME.wav, in the order of the names by their bytes. None may be missing, and a file of
//     another audio format is refused: nothing is left out in silence.
// Transcripts are UTF-8 with at least one word (base/words.h). The audio itself is not read here.
#ifndef EDGEDYNO_HARNESS_DATA_SPEECH_H
#define EDGEDYNO_HARNESS_DATA_SPEECH_H

#include <stddef.h>

#include "edgedyno/error.h"

#define ED_SPEECH_SET_MAX 100000
#define ED_SPEECH_SET_TRANSCRIPTS "transcripts.tsv"
#define ED_SPEECH_SET_MAX_BYTES (64u << 20) // of all transcripts

struct ed_speech_set {
    char **files; // relative to the folder; names end in .wav
    char **texts;
    size_t n;
};

// `transcripts` is a .tsv, or "" for the folder's own. ED_ERR_USAGE names the file or line that is wrong.
enum ed_status ed_speech_set_read(struct ed_speech_set *set, const char *folder, const char *transcripts,
                                  struct ed_error *err);
// The same of the lines of a .tsv.
enum ed_status ed_speech_set_parse(struct ed_speech_set *set, const char *text, size_t bytes,
                                   const char *where, struct ed_error *err);
void ed_speech_set_release(struct ed_speech_set *set); // safe on a zeroed one

#endif
