// SPDX-License-Identifier: Apache-2.0
// What one inference of a case is, and when it begins: the scenario, and for language engines the tokens. The
// controller plans it, the wire carries it in a case, the worker runs it, adapters size their context by it.
#ifndef EDGEDYNO_WORKLOAD_H
#define EDGEDYNO_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_WORKLOAD_STREAMS_MAX 64
#define ED_WORKLOAD_TOKENS_MAX (1 << 20)
#define ED_WORKLOAD_RATE_MAX 1e6
#define ED_WORKLOAD_TEXT_BYTES 128

enum ed_scenario {
    ED_SCENARIO_SINGLE_STREAM, // the next begins when the last has ended
    ED_SCENARIO_FIXED_RATE,    // one begins every 1/rate, whether or not the last has ended
    ED_SCENARIO_POISSON,       // likewise, at random times of that mean rate
    ED_SCENARIO_OFFLINE,       // as many as `streams` at a time: throughput
    ED_SCENARIO_SUSTAINED,     // single-stream for `duration_ns`: what heat leaves of the speed
    ED_SCENARIO_COUNT
};

// "single-stream", "fixed-rate", "poisson", "offline", "sustained"; "" outside the range.
static inline const char *ed_scenario_word(enum ed_scenario scenario) {
    static const char *const words[ED_SCENARIO_COUNT] = {"single-stream", "fixed-rate", "poisson", "offline",
                                                         "sustained"};
    return (unsigned)scenario < ED_SCENARIO_COUNT ? words[scenario] : "";
}

// Zero bytes are single-stream over tensors. A workload with prompt or generate tokens is a language
// workload: one inference is `depth` tokens put into the cache untimed, then `prompt` tokens processed, then
// `generate` tokens generated one by one. With `speech` one inference is an audio file transcribed; what it
// consisted of is told where inferences begin one after the other (single-stream).
struct ed_workload {
    enum ed_scenario scenario;
    double rate_per_s;   // of fixed-rate and poisson; else 0
    int64_t duration_ns; // of sustained; else 0
    int32_t streams;     // of offline; else 0
    int64_t deadline_ns; // by which an inference ought to have ended, from its intended start; 0: none
    int32_t prompt_tokens, generate_tokens, depth_tokens;
    bool speech;
};

static inline bool ed_workload_is_language(const struct ed_workload *workload) {
    return workload->prompt_tokens > 0 || workload->generate_tokens > 0;
}

// Numbers that a timed transcription leaves among a block's samples. Times are in ns; those within the whole
// are no partition of it.
enum ed_speech_part {
    ED_SPEECH_WHOLE,       // from the audio to the text
    ED_SPEECH_FIRST_TOKEN, // until the first token could be chosen; -1: there was none
    ED_SPEECH_ENCODE,      // encoding, by the engine's own account; -1: it does not tell
    ED_SPEECH_DECODE,      // between tokens of one window of audio, all together
    ED_SPEECH_TOKENS,      // how many intervals these are: each window's first token has none
    ED_SPEECH_PARTS
};

static inline bool ed_workload_is_timed_speech(const struct ed_workload *workload) {
    return workload->speech && workload->scenario == ED_SCENARIO_SINGLE_STREAM;
}

// Numbers of one inference among a block's samples: 1 for tensors; of a language workload the prompt's time
// and that of each generated token; of timed speech the parts above.
static inline size_t ed_workload_stride(const struct ed_workload *workload) {
    return ed_workload_is_language(workload)       ? 1 + (size_t)workload->generate_tokens
           : ed_workload_is_timed_speech(workload) ? (size_t)ED_SPEECH_PARTS
                                                   : 1;
}

#endif
