// SPDX-License-Identifier: Apache-2.0
// Behind the records: journals and samples of a campaign on disk.
#include "harness/detail.h"

#include <stdlib.h>
#include <string.h>

#include "edgedyno/wire.h"
#include "harness/blocks.h"
#include "harness/placement.h"
#include "harness/profile.h"
#include "harness/timeline.h"
#include "harness/validity_read.h"

#define PLACES_MAX 64
#define REASONS_BYTES 160
#define MOST 4e18 // so that a moment and a duration from a device can be added

// Of one record; lists are made when they are asked for.
struct detail_case {
    size_t device, index;
    struct ed_report_block *blocks;
    size_t n_blocks;
    struct ed_report_place *places;
    size_t n_places;
    bool has_blocks, has_places;
};

struct detail_device {
    bool loaded;
    struct ed_blocks blocks;
    int64_t *started_ns; // of each block, since the first
    // Blocks of case c: order[begin[c]..begin[c + 1] - 1], rising. Looking at all blocks for each case takes
    // seconds for some thousand of both.
    size_t *begin, *order;
    struct ed_validity_device validity;
    char (*reasons)[REASONS_BYTES]; // of each block
    bool has_channels;
    struct ed_report_channel *channels;
    size_t n_channels;
};

struct ed_detail {
    const struct ed_campaign *campaign;
    const struct ed_records *records;
    struct detail_device *devices;
    struct detail_case *cases; // one a record, in their order
    struct ed_report_source source;
    const char *only; // a block's id; NULL: all
};

static double moment(const cJSON *object, const char *stamp, const char *key) {
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(object, stamp);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(at, key);
    return cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble < MOST ? value->valuedouble
                                                                                        : 0;
}

// Blocks begin on the boot clock, which counts while the device sleeps. A reboot is seen by a clock that went
// back; from there on the wall clock says how much later it was.
static void place_in_time(struct detail_device *device) {
    double boot_base = 0, shift = 0, last_boot = 0, last_real = 0, last_at = 0;
    for (size_t i = 0; i < device->blocks.n; i++) {
        const cJSON *root = device->blocks.documents[i].root;
        const double boot = moment(root, "started", "boot_ns"),
                     real = 1000 * moment(root, "started", "real_us");
        if (i == 0)
            boot_base = boot;
        else if (boot < last_boot) {
            shift = last_at + (real > last_real ? real - last_real : 0);
            boot_base = boot;
        }
        double at = shift + boot - boot_base;
        at = at > 0 && at < MOST ? at : 0;
        device->started_ns[i] = (int64_t)at;
        last_boot = boot;
        last_real = real;
        last_at = at;
    }
}

static void sort_by_case(struct detail_device *device, size_t n_cases) {
    const struct ed_blocks *blocks = &device->blocks;
    // Counts, their sums, places; then each begin stands where it belongs, one further.
    for (size_t i = 0; i < blocks->n; i++)
        device->begin[blocks->items[i].case_index + 2]++;
    for (size_t c = 2; c < n_cases + 2; c++)
        device->begin[c] += device->begin[c - 1];
    for (size_t i = 0; i < blocks->n; i++)
        device->order[device->begin[blocks->items[i].case_index + 1]++] = i;
}

// What the block's times stand under, and what of its other figures: not power and counters, which have
// reasons of their own in the records.
static void describe_block(struct detail_device *device, size_t i) {
    const unsigned told = ED_VALIDITY_VOID_LATENCY | ED_VALIDITY_VOID_LANGUAGE | ED_VALIDITY_VOID_MEMORY |
                          ED_VALIDITY_VOID_LOAD | ED_VALIDITY_VOID_FIRST_INFERENCE;
    char *text = device->reasons[i];
    size_t used = 0;
    for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++)
        if (device->validity.of_blocks[i].reasons >> r & 1 && ed_validity_voids(UINT32_C(1) << r) & told &&
            used < REASONS_BYTES)
            used += (size_t)snprintf(text + used, REASONS_BYTES - used, "%s%s", used ? ", " : "",
                                     ed_validity_word((enum ed_validity_reason)r));
    if (!strcmp(device->blocks.items[i].warmup_state, "limit") && used < REASONS_BYTES)
        snprintf(text + used, REASONS_BYTES - used, "%swarmup_limit", used ? ", " : "");
}

static bool is_valid(const struct detail_device *device, size_t i) {
    return !(ed_validity_voids(device->validity.of_blocks[i].reasons) &
             (ED_VALIDITY_VOID_LATENCY | ED_VALIDITY_VOID_LANGUAGE));
}

static enum ed_status load(struct ed_detail *detail, size_t d, struct ed_error *err) {
    struct detail_device *device = &detail->devices[d];
    const size_t n_cases = detail->campaign->devices[d].n_cases;
    if (device->loaded)
        return ED_OK;
    // What is wrong in the journal was told when the records were made.
    enum ed_status status = ed_blocks_load(&device->blocks, &detail->campaign->devices[d], NULL, err);
    if (status != ED_OK)
        return status;
    device->started_ns = calloc(device->blocks.n + 1, sizeof *device->started_ns);
    device->reasons = calloc(device->blocks.n + 1, sizeof *device->reasons);
    device->begin = calloc(n_cases + 2, sizeof *device->begin);
    device->order = calloc(device->blocks.n + 1, sizeof *device->order);
    device->loaded = true;
    if (!device->started_ns || !device->reasons || !device->begin || !device->order)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a report");
    place_in_time(device);
    sort_by_case(device, n_cases);
    status = ed_validity_device_load(&device->validity, &device->blocks, &detail->campaign->devices[d], err);
    for (size_t i = 0; status == ED_OK && i < device->blocks.n; i++)
        describe_block(device, i);
    return status;
}

// The moment of a mark, as nanoseconds since the block's start; 0 where there is none.
static int64_t since_start(const cJSON *root, double raw) {
    const double start = moment(root, "started", "raw_ns");
    return raw > start && start > 0 && raw - start < MOST ? (int64_t)(raw - start) : 0;
}

static int64_t mark_after_load(const cJSON *root) {
    const cJSON *mark;
    cJSON_ArrayForEach(mark, cJSON_GetObjectItemCaseSensitive(root, "marks")) {
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(mark, "at");
        const cJSON *raw = cJSON_GetObjectItemCaseSensitive(mark, "raw_ns");
        if (cJSON_IsString(at) && !strcmp(at->valuestring, "after_load") && cJSON_IsNumber(raw))
            return since_start(root, raw->valuedouble);
    }
    return 0;
}

static const char *outcome_word(enum ed_outcome outcome) {
    static const char *const words[ED_OUTCOME_COUNT] = {
#define OUTCOME_WORD(name, word) [ED_OUTCOME_##name] = word,
        ED_OUTCOMES(OUTCOME_WORD)
#undef OUTCOME_WORD
    };
    return words[outcome];
}

static void fill_block(struct ed_report_block *out, const struct detail_device *device, size_t i) {
    const struct ed_block *block = &device->blocks.items[i];
    const cJSON *root = device->blocks.documents[i].root;
    const int64_t start = device->started_ns[i], length = since_start(root, moment(root, "ended", "raw_ns")),
                  loaded = mark_after_load(root),
                  begin = since_start(root, moment(root, "timed", "begin_raw_ns")),
                  end = since_start(root, moment(root, "timed", "end_raw_ns"));
    *out = (struct ed_report_block){
        .id = block->id,
        .outcome = outcome_word(block->outcome),
        .started_ns = start,
        .ended_ns = start + length,
        .loaded_ns = loaded ? start + loaded : 0,
        .timed_begin_ns = begin ? start + begin : 0,
        .timed_end_ns = end ? start + end : 0,
        .pass = block->pass,
        .samples_ns = block->samples,
        .n_samples = block->n_samples,
        .batch = block->batch,
        .valid = is_valid(device, i),
        .reasons = device->reasons[i],
    };
}

static enum ed_status find(struct ed_detail *detail, const struct ed_result *result, struct detail_case **out,
                           struct ed_error *err) {
    const struct ed_records *records = detail->records;
    if (result < records->items || result >= records->items + records->n)
        return ed_fail(err, ED_ERR_INTERNAL, result->case_id, "this record is not of the campaign");
    *out = &detail->cases[result - records->items];
    return load(detail, (*out)->device, err);
}

// Whether the report has the block at all, and that of a case whose timing it shares: blocks of further tasks
// of a case are its own.
static bool is_shown(const struct ed_detail *detail, const struct ed_block *block, bool shared) {
    return !block->skipped && (!detail->only || !strcmp(block->id, detail->only)) &&
           (!shared || strcmp(block->pass, ED_PASS_ACCURACY));
}

// The blocks of the case and the timing ones that it shares, in the order of the journal.
static void fill_case(struct ed_detail *detail, struct detail_case *c) {
    const struct detail_device *device = &detail->devices[c->device];
    const size_t timing = detail->campaign->devices[c->device].cases[c->index].timing, own = c->index;
    size_t a = device->begin[own], b = device->begin[timing];
    const size_t a_end = device->begin[own + 1], b_end = timing == own ? b : device->begin[timing + 1];
    while (a < a_end || b < b_end) {
        const bool shared = a == a_end || (b < b_end && device->order[b] < device->order[a]);
        const size_t i = device->order[shared ? b++ : a++];
        if (is_shown(detail, &device->blocks.items[i], shared))
            fill_block(&c->blocks[c->n_blocks++], device, i);
    }
}

static enum ed_status blocks_of(void *context, const struct ed_result *result,
                                const struct ed_report_block **blocks, size_t *n, struct ed_error *err) {
    struct ed_detail *detail = context;
    struct detail_case *c;
    *n = 0;
    enum ed_status status = find(detail, result, &c, err);
    if (status != ED_OK)
        return status;
    if (!c->has_blocks) {
        const size_t *begin = detail->devices[c->device].begin;
        const size_t timing = detail->campaign->devices[c->device].cases[c->index].timing;
        const size_t most = begin[c->index + 1] - begin[c->index] +
                            (timing == c->index ? 0 : begin[timing + 1] - begin[timing]);
        c->blocks = calloc(most + 1, sizeof *c->blocks);
        if (!c->blocks)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a report");
        fill_case(detail, c);
        c->has_blocks = true;
    }
    *blocks = c->blocks;
    *n = c->n_blocks;
    return ED_OK;
}

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

static uint32_t count_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= UINT32_MAX
               ? (uint32_t)value->valuedouble
               : 0;
}

static enum ed_status places_of(void *context, const struct ed_result *result,
                                const struct ed_report_place **places, size_t *n, struct ed_error *err) {
    struct ed_detail *detail = context;
    struct detail_case *c;
    *n = 0;
    enum ed_status status = find(detail, result, &c, err);
    if (status != ED_OK)
        return status;
    if (!c->has_places) {
        const cJSON *evidence = ed_placement_evidence(
            &detail->devices[c->device].blocks, c->index,
            detail->campaign->devices[c->device].cases[c->index].timing, result->backend, result->processor);
        const cJSON *placement = cJSON_GetObjectItemCaseSensitive(evidence, "placement");
        const cJSON *place;
        c->places = calloc(PLACES_MAX, sizeof *c->places);
        if (!c->places)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the places of a report");
        cJSON_ArrayForEach(place, cJSON_GetObjectItemCaseSensitive(placement, "places")) {
            if (c->n_places == PLACES_MAX)
                break;
            c->places[c->n_places++] = (struct ed_report_place){
                .name = text_of(place, "name"),
                .processor = text_of(place, "processor"),
                .operators = text_of(place, "operators"),
                .unit = text_of(placement, "unit"),
                .count = count_of(place, "count"),
                .total = count_of(placement, "total"),
            };
        }
        c->has_places = true;
    }
    *places = c->places;
    *n = c->n_places;
    return ED_OK;
}

// Of the block that the report is of, or of all.
static size_t only_block(const struct ed_detail *detail, const struct detail_device *device) {
    for (size_t i = 0; detail->only && i < device->blocks.n; i++)
        if (!strcmp(device->blocks.items[i].id, detail->only))
            return i;
    return SIZE_MAX;
}

static enum ed_status channels_of(void *context, const char *id, const struct ed_report_channel **channels,
                                  size_t *n, struct ed_error *err) {
    struct ed_detail *detail = context;
    enum ed_status status = ED_OK;
    *channels = NULL;
    *n = 0;
    for (size_t d = 0; status == ED_OK && d < detail->campaign->n_devices; d++) {
        struct detail_device *device = &detail->devices[d];
        if (strcmp(detail->campaign->devices[d].id, id))
            continue;
        status = load(detail, d, err);
        const size_t only = status == ED_OK ? only_block(detail, device) : SIZE_MAX;
        if (status == ED_OK && !device->has_channels && (!detail->only || only != SIZE_MAX))
            status = ed_timeline_channels(&device->blocks, device->started_ns, only, &device->channels,
                                          &device->n_channels, err);
        device->has_channels = status == ED_OK;
        *channels = device->channels;
        *n = device->n_channels;
    }
    return status;
}

static enum ed_status ops_of(void *context, const struct ed_result *result, const struct ed_report_op **ops,
                             size_t *n, struct ed_error *err) {
    const struct ed_detail *detail = context;
    (void)err;
    ed_profile_ops(detail->records, result, ops, n);
    return ED_OK;
}

enum ed_status ed_detail_new(struct ed_detail **out, const struct ed_campaign *campaign,
                             const struct ed_records *records, const char *only, struct ed_error *err) {
    struct ed_detail *detail = *out = calloc(1, sizeof *detail);
    size_t n = 0;
    if (detail) {
        detail->campaign = campaign;
        detail->records = records;
        detail->only = only;
        detail->devices = calloc(campaign->n_devices + 1, sizeof *detail->devices);
        detail->cases = calloc(records->n + 1, sizeof *detail->cases);
    }
    if (!detail || !detail->devices || !detail->cases) {
        ed_detail_free(detail);
        *out = NULL;
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a report of %zu cases", records->n);
    }
    for (size_t d = 0; d < campaign->n_devices; d++)
        for (size_t c = 0; c < campaign->devices[d].n_cases && n < records->n; c++)
            detail->cases[n++] = (struct detail_case){.device = d, .index = c};
    detail->source = (struct ed_report_source){detail, blocks_of, channels_of, ops_of, places_of};
    return ED_OK;
}

enum ed_status ed_detail_check(struct ed_detail *detail, struct ed_error *err) {
    const char *example = "";
    for (size_t d = 0; detail->only && d < detail->campaign->n_devices; d++) {
        enum ed_status status = load(detail, d, err);
        if (status != ED_OK)
            return status;
        if (only_block(detail, &detail->devices[d]) != SIZE_MAX)
            return ED_OK;
        if (detail->devices[d].blocks.n && !example[0])
            example = detail->devices[d].blocks.items[0].id;
    }
    return detail->only
               ? ed_fail(err, ED_ERR_NOT_FOUND, "--block", "this campaign has no block \"%.80s\"%s%s",
                         detail->only, example[0] ? "; it has such as " : "", example)
               : ED_OK;
}

void ed_detail_free(struct ed_detail *detail) {
    if (!detail)
        return;
    for (size_t i = 0; detail->cases && i < detail->records->n; i++) {
        free(detail->cases[i].blocks);
        free(detail->cases[i].places);
    }
    for (size_t d = 0; detail->devices && d < detail->campaign->n_devices; d++) {
        ed_blocks_release(&detail->devices[d].blocks);
        free(detail->devices[d].started_ns);
        free(detail->devices[d].reasons);
        free(detail->devices[d].begin);
        free(detail->devices[d].order);
        ed_validity_device_release(&detail->devices[d].validity);
        ed_timeline_channels_free(detail->devices[d].channels, detail->devices[d].n_channels);
    }
    free(detail->cases);
    free(detail->devices);
    free(detail);
}

const struct ed_report_source *ed_detail_source(const struct ed_detail *detail) {
    return &detail->source;
}
