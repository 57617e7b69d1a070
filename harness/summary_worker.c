// SPDX-License-Identifier: Apache-2.0
// Threads and the network: what a worker did beside what it was asked; and what an engine told besides.
#include <stdlib.h>
#include <string.h>

#include "base/stats/reals.h"
#include "harness/summary.h"

#define NAMES_MAX 256 // of threads that are looked at: each is compared with all

static const cJSON *member(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double number_of(const cJSON *object, const char *key) {
    const cJSON *value = member(object, key);
    return cJSON_IsNumber(value) ? value->valuedouble : 0;
}

static bool is_timing(const struct ed_block *block, size_t case_index) {
    return block->case_index == case_index && !strcmp(block->pass, ED_PASS_TIMING) && !block->skipped;
}

// Names of the threads that worked, with how many there were of each.
static void name_threads(const cJSON *threads, char *text, size_t bytes) {
    const cJSON *one, *other;
    size_t used = 0, n = 0;
    text[0] = 0;
    cJSON_ArrayForEach(one, member(threads, "working")) {
        const cJSON *name = member(one, "name");
        int same = 0, before = 0;
        bool seen = false;
        if (used >= bytes || ++n > NAMES_MAX)
            break;
        if (!cJSON_IsString(name))
            continue;
        cJSON_ArrayForEach(other, member(threads, "working")) {
            const cJSON *second = member(other, "name");
            seen = seen || other == one;
            if (cJSON_IsString(second) && !strcmp(second->valuestring, name->valuestring)) {
                same++;
                before += !seen;
            }
        }
        if (!before && same == 1)
            used +=
                (size_t)snprintf(text + used, bytes - used, "%s%.16s", used ? ", " : "", name->valuestring);
        else if (!before)
            used += (size_t)snprintf(text + used, bytes - used, "%s%d %.16s", used ? ", " : "", same,
                                     name->valuestring);
    }
}

// The lower median over the timing blocks; below 0 where none tells it.
static double median_of(const struct ed_blocks *blocks, size_t case_index, const char *key) {
    double *values = calloc(blocks->n + 1, sizeof *values), found = -1;
    size_t n = 0;
    for (size_t i = 0; values && i < blocks->n; i++) {
        if (!is_timing(&blocks->items[i], case_index))
            continue;
        const cJSON *value = member(member(blocks->items[i].evidence, "threads"), key);
        if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 1e9)
            values[n++] = value->valuedouble;
    }
    if (n)
        found = ed_reals_median(values, n);
    free(values);
    return found;
}

static void figures(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    const double exist = median_of(blocks, case_index, "exist"), busy = median_of(blocks, case_index, "busy"),
                 cpus = median_of(blocks, case_index, "cpus");
    if (exist >= 0)
        ED_RESULT_SET(result, threads_exist, (int64_t)exist);
    if (busy >= 0)
        ED_RESULT_SET(result, threads_busy, (int64_t)busy);
    if (cpus >= 0)
        ED_RESULT_SET(result, cpus_used, cpus);
}

// The block with the most threads that worked speaks for the case.
static void threads(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    const cJSON *most = NULL;
    size_t beyond = 0, n = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        if (!is_timing(&blocks->items[i], case_index))
            continue;
        const cJSON *found = member(blocks->items[i].evidence, "threads");
        const double asked = number_of(found, "asked");
        if (!found || asked < 1)
            continue;
        n++;
        beyond += number_of(found, "busy") > asked;
        if (!most || number_of(found, "busy") > number_of(most, "busy"))
            most = found;
    }
    // A single block may have met something that an engine does once.
    if (!most || beyond * 2 < n || beyond == 0)
        return;
    char names[128];
    name_threads(most, names, sizeof names);
    ed_result_reason(result, "threads", "more_threads",
                     "%.0f asked for, %.0f worked in %zu of %zu blocks: %.1f CPUs in all (%s)",
                     number_of(most, "asked"), number_of(most, "busy"), beyond, n, number_of(most, "cpus"),
                     names);
}

// Engines make as many threads as they are told; those beyond the processors only wait for one another.
static void processors(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    size_t beyond = 0, n = 0;
    double fewest = 0, most = 0;
    for (size_t i = 0; i < blocks->n; i++) {
        const cJSON *evidence = blocks->items[i].evidence;
        const double may = number_of(evidence, "processors");
        double asked = number_of(member(evidence, "threads"), "asked");
        if (!is_timing(&blocks->items[i], case_index) || !(may >= 1 && may < 1e9))
            continue;
        n++;
        asked = asked >= 1 && asked < 1e9 ? asked : (double)result->threads;
        if (asked <= may)
            continue;
        fewest = beyond++ && fewest <= may ? fewest : may;
        most = asked > most ? asked : most;
    }
    if (!beyond)
        return;
    char where[64] = "";
    if (beyond < n)
        snprintf(where, sizeof where, " in %zu of %zu blocks", beyond, n);
    ed_result_reason(result, "threads", "more_than_cpus",
                     "%.0f asked for, %.0f processor%s that the worker may run on%s: they take turns", most,
                     fewest, fewest > 1 ? "s" : "", where);
}

static void network(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    for (size_t i = 0; i < blocks->n; i++) {
        if (!is_timing(&blocks->items[i], case_index))
            continue;
        const struct ed_json_at root = ed_json_root(&blocks->documents[i]);
        const cJSON *found = member(root.value, "network"), *why = member(found, "reason");
        if (!cJSON_IsFalse(member(found, "isolated")))
            continue;
        ed_result_reason(result, "", "network_open", "the engine could reach the network%s%.120s",
                         cJSON_IsString(why) ? ": " : "", cJSON_IsString(why) ? why->valuestring : "");
        return;
    }
}

// As the first block has it: the numbers of the others are in the journal.
static void engine_note(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    for (size_t i = 0; i < blocks->n; i++) {
        if (!is_timing(&blocks->items[i], case_index))
            continue;
        const cJSON *note = member(member(blocks->items[i].evidence, "facts"), "note");
        if (!cJSON_IsString(note))
            continue;
        ed_result_reason(result, "", "engine_note", "%.500s", note->valuestring);
        return;
    }
}

void ed_summary_worker(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index) {
    engine_note(result, blocks, case_index);
    figures(result, blocks, case_index);
    threads(result, blocks, case_index);
    processors(result, blocks, case_index);
    network(result, blocks, case_index);
}
