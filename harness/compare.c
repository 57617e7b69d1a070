// SPDX-License-Identifier: Apache-2.0
// Pairing the cases of two campaigns, and comparing their blocks.
#include "harness/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/rank_sum.h"
#include "harness/blocks.h"
#include "harness/compare_accuracy.h"
#include "harness/gate_metrics.h"

#define TAIL 0.025

// One side of a comparison: a device of a campaign with its blocks.
struct side {
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    struct ed_blocks blocks;
};

static bool is_timed(const struct ed_campaign_device *device, size_t c) {
    return device->cases[c].timing == c;
}

// What makes two cases the same one: everything that is not what a new build or a new model changes.
static bool same_asked(const struct ed_campaign_case *a, const struct ed_campaign_case *b) {
    return !strcmp(a->model, b->model) && !strcmp(a->engine, b->engine) && !strcmp(a->backend, b->backend) &&
           a->threads == b->threads && !strcmp(a->options, b->options) && !strcmp(a->workload, b->workload);
}

// The counterpart: of the same variant, with the same engine version where there are several; else of another
// variant where neither side leaves a choice. SIZE_MAX: none.
static size_t find_counterpart(const struct ed_campaign_device *first, size_t c,
                               const struct ed_campaign_device *other) {
    const struct ed_campaign_case *mine = &first->cases[c];
    size_t same_variant = SIZE_MAX, any = SIZE_MAX, n_variant = 0, n_any = 0, n_mine = 0;
    for (size_t i = 0; i < other->n_cases; i++) {
        const struct ed_campaign_case *candidate = &other->cases[i];
        if (!is_timed(other, i) || !same_asked(mine, candidate))
            continue;
        any = i;
        n_any++;
        if (strcmp(mine->variant, candidate->variant) != 0)
            continue;
        if (!strcmp(mine->engine_version, candidate->engine_version))
            return i;
        same_variant = i;
        n_variant++;
    }
    for (size_t i = 0; i < first->n_cases; i++)
        n_mine += is_timed(first, i) && same_asked(mine, &first->cases[i]);
    if (n_variant == 1)
        return same_variant;
    return n_any == 1 && n_mine == 1 ? any : SIZE_MAX;
}

__attribute__((format(printf, 2, 3))) static void tell(char text[512], const char *format, ...) {
    const size_t used = strlen(text);
    va_list arguments;
    if (used + 3 >= 512)
        return;
    if (used)
        memcpy(text + used, ", ", 3);
    va_start(arguments, format);
    vsnprintf(text + strlen(text), 512 - strlen(text), format, arguments);
    va_end(arguments);
}

static void tell_changes(char text[512], const struct ed_campaign_case *a, const struct ed_campaign_case *b) {
    if (strcmp(a->variant, b->variant) != 0)
        tell(text, "variant %.60s -> %.60s", a->variant[0] ? a->variant : "-",
             b->variant[0] ? b->variant : "-");
    else if (strcmp(a->model_sha256, b->model_sha256) != 0)
        tell(text, "model file %.8s -> %.8s", a->model_sha256, b->model_sha256);
    if (strcmp(a->engine_version, b->engine_version) != 0)
        tell(text, "%.40s %.40s -> %.40s", a->engine, a->engine_version, b->engine_version);
    else if (strcmp(a->engine_build_sha256, b->engine_build_sha256) != 0)
        tell(text, "engine build %.8s -> %.8s", a->engine_build_sha256, b->engine_build_sha256);
}

// Why nothing of two devices can be compared; "" where it can.
static void unlike(char why[512], const struct ed_campaign_device *a, const struct ed_campaign_device *b) {
    why[0] = 0;
    if (strcmp(a->summary, b->summary) != 0)
        tell(why, "the device is another one or has changed: %.200s; then %.200s", a->summary, b->summary);
    else if (strcmp(a->libc, b->libc) != 0 || strcmp(a->libc_version, b->libc_version) != 0)
        tell(why, "its C library has changed: %s %s, then %s %s", a->libc, a->libc_version, b->libc,
             b->libc_version);
    else if (strcmp(a->target, b->target) != 0)
        tell(why, "the runner was built for %s, then for %s", a->target, b->target);
}

// Values of every timing block of the case that ended well; the caller frees. NULL: no memory.
static double *values_of(const struct side *side, size_t c, const struct ed_gate_metric *metric, size_t *n) {
    const struct ed_blocks *blocks = &side->blocks;
    size_t most = 0;
    *n = 0;
    for (size_t i = 0; i < blocks->n; i++)
        most = blocks->items[i].n_samples > most ? blocks->items[i].n_samples : most;
    double *values = calloc(blocks->n + 1, sizeof *values);
    int64_t *scratch = malloc((most + 1) * sizeof *scratch);
    for (size_t i = 0; values && scratch && i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (block->case_index != c || block->skipped || block->outcome != ED_OUTCOME_OK ||
            strcmp(block->pass, ED_PASS_TIMING) != 0)
            continue;
        const double value =
            ed_gate_metric_value(metric, block, &side->device->cases[c].workload_parts, scratch);
        if (isfinite(value) && value > 0 && *n < ED_RANK_SUM_MAX)
            values[(*n)++] = value;
    }
    free(scratch);
    return values;
}

static bool has_block(const struct side *side, size_t c) {
    for (size_t i = 0; i < side->blocks.n; i++) {
        const struct ed_block *block = &side->blocks.items[i];
        if (block->case_index == c && !block->skipped && block->outcome == ED_OUTCOME_OK &&
            strcmp(block->pass, ED_PASS_TIMING) == 0)
            return true;
    }
    return false;
}

static int by_value(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

// By nearest rank, as records have it. Sorts.
static double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, by_value);
    return values[(n - 1) / 2];
}

// False: one side has no value of it.
static bool compare_key(struct ed_compare_row *row, const struct side *first, size_t a,
                        const struct side *other, size_t b, const struct ed_gate_metric *metric) {
    *row = (struct ed_compare_row){.field = metric->field, .more_is_worse = metric->more_is_worse};
    double *mine = values_of(first, a, metric, &row->n_first);
    double *theirs = values_of(other, b, metric, &row->n_other);
    struct ed_rank_sum_shift shift = {0};
    bool done = mine && theirs && row->n_first && row->n_other;
    if (done) {
        row->first = median(mine, row->n_first);
        row->other = median(theirs, row->n_other);
        for (size_t i = 0; i < row->n_first; i++)
            mine[i] = log(mine[i]);
        for (size_t i = 0; i < row->n_other; i++)
            theirs[i] = log(theirs[i]);
        done = ed_rank_sum_shift(mine, row->n_first, theirs, row->n_other, TAIL, &shift);
    }
    free(mine);
    free(theirs);
    if (!done)
        return false;
    row->change = expm1(shift.value);
    row->has_interval = shift.has_low_high;
    row->word = ED_COMPARE_TOO_FEW;
    if (!row->has_interval)
        return true;
    row->low = expm1(shift.low);
    row->high = expm1(shift.high);
    const bool more = row->low > 0, less = row->high < 0;
    row->word = !more && !less               ? ED_COMPARE_NOT_SHOWN
                : more == row->more_is_worse ? ED_COMPARE_WORSE
                                             : ED_COMPARE_BETTER;
    return true;
}

static enum ed_status compare_case(struct ed_compare_case *out, const struct side *first, size_t a,
                                   const struct side *other, size_t b, struct ed_error *err) {
    size_t n = 0;
    const struct ed_gate_metric *metrics = ed_gate_metrics(&n);
    tell_changes(out->changed, &first->device->cases[a], &other->device->cases[b]);
    out->rows = calloc(n, sizeof *out->rows);
    if (!out->rows)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison");
    for (size_t i = 0; i < n; i++)
        out->n_rows += compare_key(&out->rows[out->n_rows], first, a, other, b, &metrics[i]);
    if (!out->n_rows && has_block(first, a) && has_block(other, b))
        tell(out->why, "the two campaigns measured no figure of it alike");
    else if (!out->n_rows)
        tell(out->why, "no block of it ended well in %s",
             has_block(first, a) ? other->campaign->id : first->campaign->id);
    const struct ed_compare_side mine = {first->campaign, first->device, &first->blocks, a},
                                 theirs = {other->campaign, other->device, &other->blocks, b};
    return ed_compare_tasks(out, &mine, &theirs, err);
}

static struct ed_compare_case *add_case(struct ed_compare *compare, size_t run,
                                        const struct ed_campaign_device *device, const char *what,
                                        struct ed_error *err) {
    struct ed_compare_case *cases = realloc(compare->cases, (compare->n_cases + 1) * sizeof *cases);
    if (!cases) {
        ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison");
        return NULL;
    }
    compare->cases = cases;
    struct ed_compare_case *added = &cases[compare->n_cases++];
    memset(added, 0, sizeof *added);
    added->run = run;
    snprintf(added->device, sizeof added->device, "%s", device->id);
    snprintf(added->what, sizeof added->what, "%s", what);
    return added;
}

// Cases of the other campaign that nothing of the first one stands beside.
static enum ed_status tell_rest(struct ed_compare *compare, size_t run,
                                const struct ed_campaign_device *first,
                                const struct ed_campaign_device *other, struct ed_error *err) {
    for (size_t i = 0; i < other->n_cases; i++) {
        bool used = !is_timed(other, i);
        for (size_t c = 0; first && c < first->n_cases && !used; c++)
            used = is_timed(first, c) && find_counterpart(first, c, other) == i;
        if (used)
            continue;
        struct ed_compare_case *out = add_case(compare, run, other, other->cases[i].case_id, err);
        if (!out)
            return ED_ERR_NO_MEMORY;
        tell(out->why, "%s",
             first ? "the first campaign has no such case" : "the first campaign has no such device");
    }
    return ED_OK;
}

static enum ed_status compare_devices(struct ed_compare *compare, size_t run, struct side *first,
                                      struct side *other, struct ed_error *err) {
    char why[512];
    unlike(why, first->device, other->device);
    for (size_t c = 0; c < first->device->n_cases; c++) {
        if (!is_timed(first->device, c))
            continue;
        struct ed_compare_case *out =
            add_case(compare, run, first->device, first->device->cases[c].case_id, err);
        if (!out)
            return ED_ERR_NO_MEMORY;
        const size_t counterpart = find_counterpart(first->device, c, other->device);
        enum ed_status status = ED_OK;
        if (why[0])
            snprintf(out->why, sizeof out->why, "%s", why);
        else if (counterpart == SIZE_MAX)
            tell(out->why, "the other campaign has no such case");
        else
            status = compare_case(out, first, c, other, counterpart, err);
        if (status != ED_OK)
            return status;
        compare->n_compared += out->n_rows > 0;
    }
    return tell_rest(compare, run, first->device, other->device, err);
}

static const struct ed_campaign_device *find_device(const struct ed_campaign *campaign, const char *id) {
    for (size_t i = 0; i < campaign->n_devices; i++)
        if (!strcmp(campaign->devices[i].id, id))
            return &campaign->devices[i];
    return NULL;
}

static enum ed_status compare_run(struct ed_compare *compare, size_t run, struct ed_buffer *warnings,
                                  struct ed_error *err) {
    const struct ed_campaign *first = compare->campaigns[0], *other = compare->campaigns[run];
    enum ed_status status = ED_OK;
    for (size_t d = 0; status == ED_OK && d < first->n_devices; d++) {
        struct side mine = {.campaign = first, .device = &first->devices[d]};
        struct side theirs = {.campaign = other, .device = find_device(other, first->devices[d].id)};
        if (!theirs.device) {
            struct ed_compare_case *out = add_case(compare, run, mine.device, "", err);
            if (!out)
                return ED_ERR_NO_MEMORY;
            tell(out->why, "the other campaign has no such device");
            continue;
        }
        status = ed_blocks_load(&mine.blocks, mine.device, warnings, err);
        if (status == ED_OK) {
            status = ed_blocks_load(&theirs.blocks, theirs.device, warnings, err);
            if (status == ED_OK) {
                status = compare_devices(compare, run, &mine, &theirs, err);
                ed_blocks_release(&theirs.blocks);
            }
            ed_blocks_release(&mine.blocks);
        }
    }
    for (size_t d = 0; status == ED_OK && d < other->n_devices; d++)
        if (!find_device(first, other->devices[d].id))
            status = tell_rest(compare, run, NULL, &other->devices[d], err);
    return status;
}

enum ed_status ed_compare_make(struct ed_compare *compare, const struct ed_campaign *const *campaigns,
                               size_t n, struct ed_buffer *warnings, struct ed_error *err) {
    enum ed_status status = ED_OK;
    *compare = (struct ed_compare){.campaigns = campaigns, .n_campaigns = n};
    for (size_t run = 1; status == ED_OK && run < n; run++)
        status = compare_run(compare, run, warnings, err);
    return status;
}

void ed_compare_release(struct ed_compare *compare) {
    for (size_t i = 0; i < compare->n_cases; i++) {
        free(compare->cases[i].rows);
        free(compare->cases[i].tasks);
    }
    free(compare->cases);
    memset(compare, 0, sizeof *compare);
}
