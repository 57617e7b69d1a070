// SPDX-License-Identifier: Apache-2.0
// Reading a WAV file of one channel: 16-bit whole numbers or 32-bit floats, by the RIFF layout of "Multimedia
// Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991) and WAVE_FORMAT_EXTENSIBLE.
#ifndef EDGEDYNO_BASE_WAV_H
#define EDGEDYNO_BASE_WAV_H

#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

#define ED_WAV_SPEECH_HZ 16000 // what speech models take; edgedyno/backend.h has the same number
#define ED_WAV_MAX_SAMPLES ((size_t)2 * 3600 * ED_WAV_SPEECH_HZ) // two hours of speech

struct ed_wav {
    float *samples; // 16-bit ones divided by 32768, floats as they are; owned
    size_t n;       // at least 1
    int32_t rate_hz;
};

// ED_ERR_PARSE: no WAV, cut short, no samples, or floats that are no numbers. ED_ERR_UNSUPPORTED: several
// channels or another encoding, with what to do. ED_ERR_LIMIT: longer than ED_WAV_MAX_SAMPLES. On failure
// nothing is owned.
enum ed_status ed_wav_read(struct ed_wav *wav, const char *path, struct ed_error *err);
// The same; another rate than ED_WAV_SPEECH_HZ is ED_ERR_UNSUPPORTED, with what to do.
enum ed_status ed_wav_read_speech(struct ed_wav *wav, const char *path, struct ed_error *err);
void ed_wav_release(struct ed_wav *wav); // safe on a zeroed struct

#endif
