// SPDX-License-Identifier: Apache-2.0
// Memory, evidence and outcome of a case.
#include "harness/summary.h"

#include <stdlib.h>
#include <string.h>

#include "harness/placement.h"
#include "harness/validity.h"

// What a mark holds, by name.
enum size_of { PEAK, RSS, ANON, FILE_BACKED, SWAP };

static int64_t size_at(const struct ed_block *block, enum ed_block_mark mark, enum size_of what) {
    const struct ed_block_memory *memory = &block->memory[mark];
    if (!memory->set)
        return -1;
    switch (what) {
    case PEAK:
        // The peak since the mark before, which only counts if that one could reset it.
        return mark > 0 && !block->memory[mark - 1].peak_reset ? -1 : memory->peak_bytes;
    case RSS:
        return memory->rss_bytes;
    case ANON:
        return memory->anon_bytes;
    case FILE_BACKED:
        return memory->file_bytes;
    case SWAP:
        return memory->swap_bytes;
    }
    return -1;
}

static struct ed_span over_blocks(const struct ed_blocks *blocks, size_t case_index, enum ed_block_mark mark,
                                  enum size_of what, int64_t *values) {
    struct ed_span none = {0};
    size_t n = 0;
    for (size_t i = 0; i < blocks->n; i++)
        if (ed_block_counts(&blocks->items[i], case_index, ED_VALIDITY_VOID_MEMORY) &&
            (values[n++] = size_at(&blocks->items[i], mark, what)) < 0)
            return none;
    return ed_summary_span(values, n);
}

#define SET_PEAK(field, mark)                                                            \
    do {                                                                                 \
        const struct ed_span span = over_blocks(blocks, case_index, mark, PEAK, values); \
        if (span.has && span.has_interval)                                               \
            ED_RESULT_SET_SPAN(result, field, span.value, span.low, span.high);          \
        else if (span.has)                                                               \
            ED_RESULT_SET(result, field, span.value);                                    \
    } while (0)
#define SET_SIZE(field, mark, what)                                                      \
    do {                                                                                 \
        const struct ed_span span = over_blocks(blocks, case_index, mark, what, values); \
        if (span.has)                                                                    \
            ED_RESULT_SET(result, field, span.value);                                    \
    } while (0)

static const cJSON *first_evidence(const struct ed_blocks *blocks, size_t case_index) {
    for (size_t i = 0; i < blocks->n; i++)
        if (ed_block_is_timing(&blocks->items[i], case_index) && blocks->items[i].evidence)
            return blocks->items[i].evidence;
    return NULL;
}

static void engine_account(struct ed_result *result, const cJSON *evidence) {
    const cJSON *memory = cJSON_GetObjectItemCaseSensitive(evidence, "engine_memory");
    const struct {
        const char *key;
        int64_t *value;
        int field;
    } sizes[] = {{"weights_bytes", &result->weights_bytes, ED_FIELD_weights_bytes},
                 {"arena_bytes", &result->arena_bytes, ED_FIELD_arena_bytes},
                 {"kv_cache_bytes", &result->kv_cache_bytes, ED_FIELD_kv_cache_bytes},
                 {"compute_buffer_bytes", &result->compute_buffer_bytes, ED_FIELD_compute_buffer_bytes}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const cJSON *size = cJSON_GetObjectItemCaseSensitive(memory, sizes[i].key);
        if (cJSON_IsNumber(size) && size->valuedouble >= 0 && size->valuedouble < 9e15) {
            *sizes[i].value = (int64_t)size->valuedouble;
            result->has[sizes[i].field] = true;
        } else {
            ed_result_reason(result, sizes[i].key, ED_REASON_NOT_TOLD,
                             "the engine does not tell this through its adapter");
        }
    }
}

// The engine runs where this device's kernel cannot tell of it: then nothing here is its memory.
static bool is_elsewhere(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    static const char *const keys[] = {
        "memory_before_load_bytes", "memory_load_peak_bytes",      "memory_after_load_bytes",
        "anon_after_load_bytes",    "file_after_load_bytes",       "swap_after_load_bytes",
        "memory_warmup_peak_bytes", "memory_inference_peak_bytes", "memory_after_unload_bytes",
        "sampled_peak_anon_bytes",  "sampled_peak_swap_bytes",     "system_memory_drop_peak_bytes"};
    const cJSON *why =
        cJSON_GetObjectItemCaseSensitive(first_evidence(blocks, case_index), "processes_reason");
    for (size_t i = 0; cJSON_IsString(why) && i < sizeof keys / sizeof *keys; i++)
        ed_result_reason(result, keys[i], ED_REASON_NOT_MEASURED, "%.200s", why->valuestring);
    return cJSON_IsString(why);
}

// An engine of several processes: the probes follow the first one, which may only have started the others.
static bool has_children(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    static const char *const keys[] = {"sampled_peak_anon_bytes", "sampled_peak_swap_bytes"};
    double most = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        const cJSON *n = cJSON_GetObjectItemCaseSensitive(blocks->items[i].evidence, "processes");
        if (ed_block_is_timing(&blocks->items[i], case_index) && cJSON_IsNumber(n) && n->valuedouble > most)
            most = n->valuedouble;
    }
    for (size_t i = 0; most > 1 && i < sizeof keys / sizeof *keys; i++)
        ed_result_reason(result, keys[i], ED_REASON_NOT_MEASURED,
                         "the engine has up to %.0f processes, and the first alone is sampled", most);
    return most > 1;
}

void ed_summary_memory(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    if (is_elsewhere(result, blocks, case_index)) {
        engine_account(result, first_evidence(blocks, case_index));
        return;
    }
    int64_t *values = calloc(blocks->n ? blocks->n : 1, sizeof *values);
    int64_t anon = INT64_MIN, swap = INT64_MIN, drop = INT64_MIN;
    if (!values)
        return;
    SET_SIZE(memory_before_load_bytes, ED_BLOCK_BEFORE_LOAD, RSS);
    SET_PEAK(memory_load_peak_bytes, ED_BLOCK_AFTER_LOAD);
    SET_SIZE(memory_after_load_bytes, ED_BLOCK_AFTER_LOAD, RSS);
    SET_SIZE(anon_after_load_bytes, ED_BLOCK_AFTER_LOAD, ANON);
    SET_SIZE(file_after_load_bytes, ED_BLOCK_AFTER_LOAD, FILE_BACKED);
    SET_SIZE(swap_after_load_bytes, ED_BLOCK_AFTER_LOAD, SWAP);
    SET_PEAK(memory_warmup_peak_bytes, ED_BLOCK_AFTER_WARMUP);
    SET_PEAK(memory_inference_peak_bytes, ED_BLOCK_AFTER_TIMED);
    SET_SIZE(memory_after_unload_bytes, ED_BLOCK_AFTER_UNLOAD, RSS);
    free(values);
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (!ed_block_counts(block, case_index, ED_VALIDITY_VOID_MEMORY))
            continue;
        anon = block->sampled_anon_max > anon ? block->sampled_anon_max : anon;
        swap = block->sampled_swap_max > swap ? block->sampled_swap_max : swap;
        if (block->available_first != INT64_MIN && block->available_min != INT64_MIN &&
            block->available_first - block->available_min > drop)
            drop = block->available_first - block->available_min;
    }
    // No memory is below zero, whatever a journal says.
    const bool several = has_children(result, blocks, case_index);
    if (anon >= 0 && !several)
        ED_RESULT_SET(result, sampled_peak_anon_bytes, anon);
    if (swap >= 0 && !several)
        ED_RESULT_SET(result, sampled_peak_swap_bytes, swap);
    if (drop >= 0)
        ED_RESULT_SET(result, system_memory_drop_peak_bytes, drop);
    if (!result->has[ED_FIELD_memory_inference_peak_bytes] && result->blocks)
        ed_result_reason(result, "memory_inference_peak_bytes", "peak_not_reset",
                         "this system does not let a process reset its peak of memory");
    if (result->blocks)
        engine_account(result, first_evidence(blocks, case_index));
}

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

// In any of its blocks: each is a process that finds its devices by itself.
static bool is_simulated(const struct ed_result *result, const struct ed_blocks *blocks, size_t timing_case) {
    for (size_t i = 0; i < blocks->n; i++) {
        const cJSON *row, *evidence = blocks->items[i].evidence;
        if (!ed_block_is_timing(&blocks->items[i], timing_case))
            continue;
        cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(evidence, "backends")) {
            if (!strcmp(text_of(row, "backend"), result->backend) &&
                cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "simulated")))
                return true;
        }
    }
    return false;
}

void ed_summary_evidence(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index,
                         size_t timing_case) {
    const cJSON *evidence = first_evidence(blocks, timing_case), *row;
    size_t different = 0, n = 0;
    ED_RESULT_SET_TEXT(result, placement_asked, result->processor);
    if (!evidence)
        return;
    char offered[ED_RESULT_TEXT_BYTES] = "";
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(evidence, "backends")) {
        const size_t used = strlen(offered);
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "available")))
            snprintf(offered + used, sizeof offered - used, "%s%s", used ? "," : "", text_of(row, "backend"));
    }
    ED_RESULT_SET_TEXT(result, placement_offered, offered);
    ED_RESULT_SET(result, simulated, is_simulated(result, blocks, timing_case));
    ed_placement_fill(result, blocks, case_index, timing_case);
    for (size_t i = 0; i < blocks->n; i++) {
        if (!ed_block_is_timing(&blocks->items[i], timing_case))
            continue;
        const cJSON *same = cJSON_GetObjectItemCaseSensitive(blocks->items[i].evidence, "deterministic");
        if (!cJSON_IsBool(same))
            continue;
        n++;
        different += cJSON_IsFalse(same);
    }
    if (different)
        ed_result_reason(
            result, "", "not_deterministic",
            "not deterministic: two runs of one input gave different outputs in %zu of %zu blocks", different,
            n);
}

// Of the blocks of this case that tell it; `mixed` where they differ, as after a change between two runs.
static void worker_libc(const struct ed_blocks *blocks, size_t case_index, size_t timing_case, char *out,
                        size_t bytes, bool *pack, bool *mixed) {
    out[0] = '\0';
    *pack = *mixed = false;
    for (size_t i = 0; i < blocks->n; i++) {
        const size_t of = blocks->items[i].case_index;
        // Before its document is looked into: there are as many times as there are cases.
        if (of != case_index && of != timing_case)
            continue;
        struct ed_json_at root = ed_json_root(&blocks->documents[i]), libc = ed_json_member(&root, "libc");
        if (!libc.value) { // what the worker found out about itself
            root = ed_json_member(&root, "evidence");
            libc = ed_json_member(&root, "libc");
        }
        const char *version = "";
        bool of_pack = false;
        char text[64];
        if (!libc.value || ed_json_opt_text(&libc, "version", &version, NULL) != ED_OK ||
            ed_json_opt_bool(&libc, "pack", &of_pack, NULL) != ED_OK)
            continue;
        snprintf(text, sizeof text, "%s%s%.40s", of_pack ? "pack" : "device", version[0] ? " " : "", version);
        *mixed = *mixed || (out[0] && strcmp(out, text) != 0);
        // What differs from the device's own is what has to be said.
        if (!out[0] || (of_pack && !*pack))
            snprintf(out, bytes, "%s", text);
        *pack = *pack || of_pack;
    }
}

static void explain_pack_libc(struct ed_result *result, const struct ed_campaign_device *device, bool mixed) {
    char own[80] = "";
    if (!strcmp(device->libc, "none"))
        snprintf(own, sizeof own, ", which has none");
    else if (device->libc[0])
        snprintf(own, sizeof own, " (%s%s%s)", device->libc, device->libc_version[0] ? " " : "",
                 device->libc_version);
    ed_result_reason(result, "libc", ED_REASON_PACK_LIBC,
                     "pack libc%s: the %s %s with the pack's C library, not that of the device%s%s",
                     result->libc + strlen("pack"), device->runner_libc ? "worker and the runner" : "worker",
                     device->runner_libc ? "run" : "runs", own,
                     mixed ? "; other blocks of this case ran with another" : "");
}

void ed_summary_process(struct ed_result *result, const struct ed_campaign_device *device,
                        const struct ed_blocks *blocks, size_t case_index, size_t timing_case) {
    char libc[ED_RESULT_TEXT_BYTES], score[64] = "an unknown oom_score_adj";
    bool pack, mixed;
    worker_libc(blocks, case_index, timing_case, libc, sizeof libc, &pack, &mixed);
    ED_RESULT_SET_TEXT(result, libc, libc);
    if (pack)
        explain_pack_libc(result, device, mixed);
    else if (mixed)
        ed_result_reason(result, "libc", "libc_differs",
                         "blocks of this case ran with different C libraries");
    if (device->pack_foreign || (device->android && !strncmp(device->target, "linux-", 6)))
        ed_result_reason(result, "", ED_REASON_NOT_THE_APPS_BUILD,
                         "CPU only, not the app's build: a phone served by the build for %s", device->target);
    if (!device->android && strcmp(device->transport, "adb"))
        return;
    if (device->oom_score_adj != INT64_MIN)
        snprintf(score, sizeof score, "oom_score_adj %lld", (long long)device->oom_score_adj);
    ed_result_reason(result, "", ED_REASON_SHELL_PROCESS, "shell process, not an app: %s, cpuset %s", score,
                     device->cpuset[0] ? device->cpuset : "unknown");
}

void ed_summary_outcome(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index,
                        size_t timing_case) {
    // The first of these that a block has; "ok" is last.
    static const enum ed_outcome order[] = {ED_OUTCOME_OOM,     ED_OUTCOME_CRASHED,   ED_OUTCOME_TIMEOUT,
                                            ED_OUTCOME_REFUSED, ED_OUTCOME_CANCELLED, ED_OUTCOME_OK};
    static const char *const words[ED_OUTCOME_COUNT] = {
#define OUTCOME_WORD(name, word) [ED_OUTCOME_##name] = word,
        ED_OUTCOMES(OUTCOME_WORD)
#undef OUTCOME_WORD
    };
    for (size_t o = 0; o < sizeof order / sizeof *order; o++)
        for (size_t i = 0; i < blocks->n; i++) {
            const struct ed_block *block = &blocks->items[i];
            // A profile that failed says nothing against what was timed.
            if ((block->case_index != case_index && block->case_index != timing_case) ||
                block->outcome != order[o] || !strcmp(block->pass, ED_PASS_PROFILE))
                continue;
            ED_RESULT_SET_TEXT(result, outcome, words[order[o]]);
            if (block->died_in_phase[0])
                ED_RESULT_SET_TEXT(result, died_in_phase, block->died_in_phase);
            if (order[o] != ED_OUTCOME_OK)
                ed_result_reason(result, "outcome", words[order[o]], "%s block %lld: %s%s%s", block->pass,
                                 (long long)block->repetition, block->where, block->where[0] ? ": " : "",
                                 block->message[0] ? block->message : words[order[o]]);
            return;
        }
    ed_result_reason(result, "outcome", "not_run", "no block of this case has run");
}

void ed_summary_explain_nulls(struct ed_result *result) {
    const struct ed_result_field *fields = ed_result_fields();
    static const struct {
        const char *group, *code, *text;
    } whys[] = {
        {"language", ED_REASON_NOT_APPLICABLE, "not a language workload"},
        {"power", ED_REASON_NOT_MEASURED, "energy_per_inference_uj tells why"},
        {"heat", ED_REASON_NOT_MEASURED, "nothing that can be read on the device tells it"},
        {"accuracy", ED_REASON_NOT_APPLICABLE, "no task was given"},
        {"agreement", ED_REASON_NOT_APPLICABLE, "agreement_cosine tells why"},
        {"sustained", ED_REASON_NOT_APPLICABLE, "not the sustained scenario"},
    };
    for (size_t f = 0; f < ED_FIELD_COUNT; f++) {
        const char *code = ED_REASON_NOT_MEASURED, *text = "not measured in this case";
        bool known = result->has[f];
        for (size_t r = 0; !known && r < result->n_reasons; r++)
            known = !strcmp(result->reasons[r].key, fields[f].key);
        if (known || !strcmp(fields[f].group, "case") || !strcmp(fields[f].group, "judgement"))
            continue;
        for (size_t w = 0; w < sizeof whys / sizeof *whys; w++)
            if (!strcmp(fields[f].group, whys[w].group)) {
                code = whys[w].code;
                text = whys[w].text;
            }
        if (f == ED_FIELD_kl_divergence_median || f == ED_FIELD_kl_divergence_p99 ||
            f == ED_FIELD_kl_divergence_max)
            text = "the metric is not kl-divergence";
        if (f == ED_FIELD_agreement_cosine)
            text = "no task over tensors was given";
        if (f == ED_FIELD_agreement_verdict || f == ED_FIELD_died_in_phase ||
            f == ED_FIELD_deadline_miss_share || f == ED_FIELD_speed_usable ||
            f == ED_FIELD_accuracy_verdict || f == ED_FIELD_preprocess_sha256) {
            code = ED_REASON_NOT_APPLICABLE;
            text = f == ED_FIELD_died_in_phase         ? "no block died"
                   : f == ED_FIELD_deadline_miss_share ? "no deadline was given"
                   : f == ED_FIELD_preprocess_sha256   ? "the data are given as the model takes them"
                   : f == ED_FIELD_speed_usable        ? "nothing failed that forbids it"
                                                       : "nothing was required of it";
        }
        ed_result_reason(result, fields[f].key, code, "%s", text);
    }
}
