// SPDX-License-Identifier: Apache-2.0
// The one table of result keys. The struct, JSON, CSV header, JSON Schema and the reference come from it;
// scripts of people rely on the keys. One record is one case and task. What was not measured is null with a
// reason in `reasons`, never zero.
//
// Columns of ED_RESULT_FIELDS(X): X(key, type, unit, group, help)
//   type  TEXT    char[ED_RESULT_TEXT_BYTES], null when empty
//         INT     int64_t
//         REAL    double
//         BOOL    bool
//         SPANI   int64_t with an interval: also key_low and key_high
//         SPANR   double with an interval: also key_low and key_high
#ifndef EDGEDYNO_RESULT_H
#define EDGEDYNO_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_RESULT_TEXT_BYTES 256
#define ED_REASONS_MAX 128

// clang-format off
#define ED_RESULT_FIELDS(X) \
    X(device, TEXT, "", "case", "id of the device") \
    X(target, TEXT, "", "case", "what the runner was built for") \
    X(engine, TEXT, "", "case", "name of the engine") \
    X(engine_version, TEXT, "", "case", "version of the engine build, as --on names it") \
    X(engine_build_sha256, TEXT, "", "case", "digest over the files of the engine build and its adapter") \
    X(backend, TEXT, "", "case", "backend asked for") \
    X(processor, TEXT, "", "case", "kind of processor of that backend: cpu, gpu, npu, remote") \
    X(model, TEXT, "", "case", "name of the model") \
    X(variant, TEXT, "", "case", "name of the variant of the model") \
    X(model_sha256, TEXT, "", "case", "digest over the files of the variant") \
    X(threads, INT, "", "case", "threads asked for; 0 is the engine's own default") \
    X(options, TEXT, "", "case", "backend options, KEY=VALUE separated by spaces") \
    X(workload, TEXT, "", "case", "what one inference is: scenario, batch, shapes") \
    X(label, TEXT, "", "case", "labels of the campaign, KEY=VALUE separated by spaces") \
    X(libc, TEXT, "", "case", "C library that the worker ran with: 'device 2.31', the device's own, or 'pack 2.36'") \
    X(variant_how, TEXT, "", "case", "how the variant was made: converted, ptq, qat, pruned, distilled; null where the suite does not say") \
    X(blocks, INT, "", "counts", "timing blocks that ended ok") \
    X(samples, INT, "", "counts", "timed inferences in these blocks") \
    X(campaign, TEXT, "", "counts", "id of the campaign") \
    X(seed, INT, "", "counts", "seed of the campaign's random order and inputs") \
    X(audio_ns, INT, "ns", "counts", "length of the audio that one inference transcribes") \
    X(outcome, TEXT, "", "counts", "ok, oom, crashed, timeout, refused, cancelled") \
    X(died_in_phase, TEXT, "", "counts", "phase in which a block ended that was not ok") \
    X(latency_p50_ns, SPANI, "ns", "latency", "median over blocks of the block's median latency") \
    X(latency_p90_ns, SPANI, "ns", "latency", "median over blocks of the block's 90th percentile") \
    X(latency_p95_ns, SPANI, "ns", "latency", "median over blocks of the block's 95th percentile") \
    X(latency_p99_ns, SPANI, "ns", "latency", "median over blocks of the block's 99th percentile") \
    X(latency_mean_ns, SPANI, "ns", "latency", "median over blocks of the block's mean latency") \
    X(latency_sd_ns, INT, "ns", "latency", "median over blocks of the standard deviation inside a block") \
    X(load_ns, SPANI, "ns", "latency", "time to load the model, page cache warm") \
    X(load_cold_cache_ns, SPANI, "ns", "latency", "time to load the model after its files left the page cache") \
    X(first_inference_ns, SPANI, "ns", "latency", "the first inference of a process") \
    X(real_time_factor, SPANR, "", "latency", "time of a transcription by the length of its audio: below 1 is faster than it is spoken") \
    X(encode_ns, SPANI, "ns", "latency", "time to encode the audio of a transcription, by the engine's own account") \
    X(throughput_per_s, SPANR, "1/s", "latency", "inferences per second of the timed window") \
    X(deadline_miss_share, REAL, "", "latency", "share of inferences that took longer than the deadline, from their intended start") \
    X(throughput_burst_per_s, REAL, "1/s", "sustained", "inferences per second of the first 30 s, or of the first tenth of a window below 5 min") \
    X(throughput_sustained_per_s, REAL, "1/s", "sustained", "inferences per second from where the speed last changed to the end") \
    X(throughput_retention, REAL, "", "sustained", "sustained by burst") \
    X(time_to_throttle_ns, INT, "ns", "sustained", "until the speed fell by 5 % below the burst's for good") \
    X(warmup_inferences, INT, "", "latency", "median number of warm-up inferences") \
    X(steady, TEXT, "", "latency", "yes, no, not testable: whether every block reached a steady state") \
    X(prefill_tokens_per_s, SPANR, "1/s", "language", "prompt tokens per second") \
    X(decode_tokens_per_s, SPANR, "1/s", "language", "generated tokens per second") \
    X(time_to_first_token_ns, SPANI, "ns", "language", "from the request to the first token") \
    X(inter_token_p50_ns, SPANI, "ns", "language", "median time between tokens") \
    X(inter_token_p99_ns, SPANI, "ns", "language", "99th percentile of the time between tokens") \
    X(model_file_bytes, INT, "bytes", "memory", "size of the variant's files") \
    X(engine_file_bytes, INT, "bytes", "memory", "size of the engine build's files and its adapter") \
    X(memory_before_load_bytes, INT, "bytes", "memory", "resident memory of the worker before the engine is opened") \
    X(memory_load_peak_bytes, SPANI, "bytes", "memory", "peak of resident memory while the engine opens and the model loads") \
    X(memory_after_load_bytes, INT, "bytes", "memory", "resident memory after the load") \
    X(memory_warmup_peak_bytes, SPANI, "bytes", "memory", "peak of resident memory during warm-up") \
    X(memory_inference_peak_bytes, SPANI, "bytes", "memory", "peak of resident memory during the timed inferences") \
    X(memory_after_unload_bytes, INT, "bytes", "memory", "resident memory after the model was unloaded") \
    X(anon_after_load_bytes, INT, "bytes", "memory", "anonymous part after the load") \
    X(file_after_load_bytes, INT, "bytes", "memory", "file-backed part after the load") \
    X(swap_after_load_bytes, INT, "bytes", "memory", "swapped part after the load") \
    X(sampled_peak_anon_bytes, INT, "bytes", "memory", "largest anonymous memory that the supervisor saw (sampled: a lower bound)") \
    X(sampled_peak_swap_bytes, INT, "bytes", "memory", "largest swapped memory that the supervisor saw (sampled: a lower bound)") \
    X(system_memory_drop_peak_bytes, INT, "bytes", "memory", "largest fall of the system's available memory during a block (sampled)") \
    X(weights_bytes, INT, "bytes", "memory", "weights, by the engine's own account") \
    X(arena_bytes, INT, "bytes", "memory", "arena, by the engine's own account") \
    X(kv_cache_bytes, INT, "bytes", "memory", "key-value cache, by the engine's own account") \
    X(compute_buffer_bytes, INT, "bytes", "memory", "compute buffers, by the engine's own account") \
    X(energy_per_inference_uj, SPANI, "uj", "power", "energy per inference, gross") \
    X(energy_net_per_inference_uj, SPANI, "uj", "power", "energy per inference, less the idle power") \
    X(energy_per_token_uj, SPANI, "uj", "power", "energy per generated token, gross, that of the prompt included") \
    X(energy_scope, TEXT, "", "power", "what the sensor covers; its name, method and period; the timed windows") \
    X(counters_per_inference, TEXT, "", "counters", "what the processor's counters counted for one inference, EVENT=COUNT separated by spaces: the events of --papi, else the common ones") \
    X(throttled, BOOL, "", "heat", "the device throttled during a block") \
    X(temperature_start_mc, INT, "mc", "heat", "temperature before the blocks, thousandths of a degree Celsius") \
    X(temperature_peak_mc, INT, "mc", "heat", "highest temperature in a block, thousandths of a degree Celsius") \
    X(placement_asked, TEXT, "", "placement", "processor asked for") \
    X(placement_offered, TEXT, "", "placement", "processors that the engine build offers on this device") \
    X(placement_observed, TEXT, "", "placement", "where the model ran, by the engine's evidence; 'not proven' where it gives none") \
    X(placed_ops_share, REAL, "", "placement", "share of operators on the processor asked for") \
    X(simulated, BOOL, "", "placement", "a simulator, an emulated device or a software GPU: times are not speed") \
    X(accuracy_task, TEXT, "", "accuracy", "name of the task") \
    X(threads_exist, INT, "", "work", "threads of the worker behind the timed window; median over blocks") \
    X(threads_busy, INT, "", "work", "threads that used more than 5 % of a CPU in the timed window; median over blocks") \
    X(cpus_used, REAL, "cpus", "work", "CPU time of all threads by the wall time of the timed window; median over blocks") \
    X(accuracy_metric, TEXT, "", "accuracy", "name of the metric") \
    X(accuracy_value, SPANR, "", "accuracy", "value of the metric in its own unit: a share as a fraction, decibels, nats, a perplexity, a score; its interval is over the samples") \
    X(accuracy_reference, REAL, "", "accuracy", "value of the metric of the reference variant") \
    X(accuracy_drop, SPANR, "", "accuracy", "reference less value, judged sample by sample") \
    X(accuracy_verdict, TEXT, "", "accuracy", "pass, fail, inconclusive: the drop against its limit") \
    X(kl_divergence_median, REAL, "nats", "accuracy", "of the tokens' KL divergences from the reference; accuracy_value is their mean") \
    X(kl_divergence_p99, REAL, "nats", "accuracy", "99th percentile of them") \
    X(kl_divergence_max, REAL, "nats", "accuracy", "the largest of them") \
    X(word_error_rate, REAL, "", "accuracy", "words replaced, left out or put in, by the words of the transcript beside the audio") \
    X(preprocess_sha256, TEXT, "", "accuracy", "digest of the preprocessing") \
    X(speed_usable, BOOL, "", "accuracy", "false where accuracy, agreement or placement failed: the speed is not to be used; true where accuracy or agreement passed") \
    X(agreement_reference, TEXT, "", "agreement", "case whose answers these are held against: the same data, another engine, backend or variant") \
    X(agreement_output, TEXT, "", "agreement", "output whose cosine is the lowest; each figure is that of the worst output") \
    X(agreement_samples, INT, "", "agreement", "samples that both answered") \
    X(agreement_cosine, REAL, "number", "agreement", "cosine similarity over all values of all samples") \
    X(agreement_max_abs, REAL, "number", "agreement", "largest absolute difference of a value") \
    X(agreement_sqnr_db, REAL, "dB", "agreement", "power of the reference over that of the difference; 300 where nothing differs") \
    X(agreement_top1, REAL, "", "agreement", "share of samples whose largest score is at the same place") \
    X(agreement_verdict, TEXT, "", "agreement", "pass, fail, inconclusive: what was required of the agreement") \
    X(verdict, TEXT, "", "judgement", "pass, fail, inconclusive, invalid; null where nothing was required")
// clang-format on

#define ED_RESULT_DECLARE_TEXT(key) char key[ED_RESULT_TEXT_BYTES];
#define ED_RESULT_DECLARE_INT(key) int64_t key;
#define ED_RESULT_DECLARE_REAL(key) double key;
#define ED_RESULT_DECLARE_BOOL(key) bool key;
#define ED_RESULT_DECLARE_SPANI(key) int64_t key, key##_low, key##_high;
#define ED_RESULT_DECLARE_SPANR(key) double key, key##_low, key##_high;
#define ED_RESULT_DECLARE(key, type, unit, group, help) ED_RESULT_DECLARE_##type(key)

// Index of every field, and the number of them.
#define ED_RESULT_INDEX(key, type, unit, group, help) ED_FIELD_##key,
enum ed_result_index { ED_RESULT_FIELDS(ED_RESULT_INDEX) ED_FIELD_COUNT };

// Why a key is null, void or judged as it is. `key` is a result key, a group of them ("latency"), or "" for
// the whole record; `code` is a stable word.
//
// Three codes only say what is outside of a case or of this version. They stand in every machine-readable
// format; formats for people leave them out, since they would bury what matters.
#define ED_REASON_NOT_APPLICABLE "not_applicable"
#define ED_REASON_NOT_MEASURED "not_measured"
#define ED_REASON_NOT_TOLD "engine_does_not_tell"
// A figure is null since the answer itself is wrong: what is required of it fails.
#define ED_REASON_WRONG_OUTPUT "wrong_output"
// How the figures came about where it is not as an app would run: every format says so.
#define ED_REASON_PACK_LIBC "pack_libc"
#define ED_REASON_NOT_THE_APPS_BUILD "not_the_apps_build"
#define ED_REASON_SHELL_PROCESS "shell_process"

struct ed_reason {
    char key[48];
    char code[48];
    char text[256];
};

// `has[i]`: the field was measured. `has_span[i]`: its interval was, too.
struct ed_result {
    char case_id[256]; // printed as "case": the same words for the same case in every campaign
    ED_RESULT_FIELDS(ED_RESULT_DECLARE)
    bool has[ED_FIELD_COUNT];
    bool has_span[ED_FIELD_COUNT];
    size_t n_reasons;
    struct ed_reason reasons[ED_REASONS_MAX];
};

enum ed_result_type {
    ED_RESULT_TEXT,
    ED_RESULT_INT,
    ED_RESULT_REAL,
    ED_RESULT_BOOL,
    ED_RESULT_SPANI,
    ED_RESULT_SPANR,
};

struct ed_result_field {
    const char *key;
    enum ed_result_type type;
    const char *unit, *group, *help;
    size_t offset, low_offset, high_offset; // into struct ed_result; low and high 0 without an interval
};

// The table, ED_FIELD_COUNT rows in the order above. Implemented in reports/result.c.
const struct ed_result_field *ed_result_fields(void);
// Index of `key`, which may be of the form KEY, KEY_low, KEY_high (then *end is 0, -1, +1); -1 where there is
// none.
int ed_result_find(const char *key, int *end);
// Adds a reason; more than ED_REASONS_MAX are counted in the last one's text.
__attribute__((format(printf, 4, 5))) void ed_result_reason(struct ed_result *result, const char *key,
                                                            const char *code, const char *format, ...);

// Setters that mark the field as measured: ED_RESULT_SET(r, samples, 5). Texts are cut to
// ED_RESULT_TEXT_BYTES.
#define ED_RESULT_SET(result, field, value) \
    ((result)->field = (value), (result)->has[ED_FIELD_##field] = true)
#define ED_RESULT_SET_TEXT(result, field, value)                      \
    (snprintf((result)->field, sizeof(result)->field, "%s", (value)), \
     (result)->has[ED_FIELD_##field] = (result)->field[0] != 0)
#define ED_RESULT_SET_SPAN(result, name, value, low, high)                                   \
    ((result)->name = (value), (result)->name##_low = (low), (result)->name##_high = (high), \
     (result)->has[ED_FIELD_##name] = true, (result)->has_span[ED_FIELD_##name] = true)

#endif
