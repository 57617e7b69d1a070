// SPDX-License-Identifier: Apache-2.0
// Pairing the cases of two campaigns, and comparing their blocks.
#include "harness/compare.h"

#include <stdlib.h>
#include <string.h>

#include "harness/compare_accuracy.h"
#include "harness/compare_values.h"
#include "harness/summary.h"

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

static void tell_changes(char text[512], const struct ed_campaign_case *a, const struct ed_campaign_case *b) {
    if (strcmp(a->variant, b->variant) != 0)
        ed_compare_tell(text, "variant %.60s -> %.60s", a->variant[0] ? a->variant : "-",
                        b->variant[0] ? b->variant : "-");
    else if (strcmp(a->model_sha256, b->model_sha256) != 0)
        ed_compare_tell(text, "model file %.8s -> %.8s", a->model_sha256, b->model_sha256);
    if (strcmp(a->engine_version, b->engine_version) != 0)
        ed_compare_tell(text, "%.40s %.40s -> %.40s", a->engine, a->engine_version, b->engine_version);
    else if (strcmp(a->engine_build_sha256, b->engine_build_sha256) != 0)
        ed_compare_tell(text, "engine build %.8s -> %.8s", a->engine_build_sha256, b->engine_build_sha256);
}

// Why nothing of two devices can be compared; "" where it can.
static void unlike(char why[512], const struct ed_campaign_device *a, const struct ed_campaign_device *b) {
    why[0] = 0;
    if (strcmp(a->summary, b->summary) != 0)
        ed_compare_tell(why, "the device is another one or has changed: %.200s; then %.200s", a->summary,
                        b->summary);
    else if (strcmp(a->libc, b->libc) != 0 || strcmp(a->libc_version, b->libc_version) != 0)
        ed_compare_tell(why, "its C library has changed: %s %s, then %s %s", a->libc, a->libc_version,
                        b->libc, b->libc_version);
    else if (strcmp(a->target, b->target) != 0)
        ed_compare_tell(why, "the runner was built for %s, then for %s", a->target, b->target);
}

// Times and power of a device that was set otherwise are those of another one; what a process holds is not.
static bool is_comparable(const struct ed_compare_case *out, const struct ed_gate_metric *metric,
                          const struct ed_compare_device *first, const struct ed_compare_device *other) {
    if (out->unlike[0])
        return ed_gate_metric_quantities(metric) & ED_VALIDITY_VOID_MEMORY;
    return metric->field != ED_FIELD_energy_per_inference_uj ||
           !strcmp(first->energy.source.scope, other->energy.source.scope);
}

// Where a case ran, as its record says.
static enum ed_status read_placement(struct ed_result **out, const struct ed_compare_device *side, size_t c,
                                     struct ed_error *err) {
    struct ed_result *result = *out = calloc(1, sizeof *result);
    if (!result)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a record");
    ED_RESULT_SET_TEXT(result, backend, side->device->cases[c].backend);
    ED_RESULT_SET_TEXT(result, processor, side->device->cases[c].processor);
    ed_summary_evidence(result, &side->blocks, c, c);
    return ED_OK;
}

static void tell_placement(struct ed_compare_case *out, const char *which,
                           const struct ed_compare_device *side, const struct ed_result *result) {
    const bool fell = result->has[ED_FIELD_placed_ops_share] && result->placed_ops_share < 1;
    const bool simulated =
        side->device->emulator > 0 || (result->has[ED_FIELD_simulated] && result->simulated);
    const bool allowed =
        side->campaign->allow_fallback || result->placed_ops_share >= side->campaign->min_placed;
    const size_t used = strlen(out->placement);
    if (fell || simulated)
        snprintf(
            out->placement + used, sizeof out->placement - used, "%s%s %s%s%s%.64s%s%.300s", used ? "; " : "",
            which, simulated ? "simulated, times are not speed" : "", fell && simulated ? "; " : "",
            !fell     ? ""
            : allowed ? "fell back, which was allowed: asked "
                      : "fell back: asked ",
            fell ? result->placement_asked : "", fell ? "; " : "", fell ? result->placement_observed : "");
}

static enum ed_status tell_placements(struct ed_compare_case *out, const struct ed_compare_device *first,
                                      size_t a, const struct ed_compare_device *other, size_t b,
                                      struct ed_error *err) {
    struct ed_result *mine = NULL, *theirs = NULL;
    enum ed_status status = read_placement(&mine, first, a, err);
    if (!status)
        status = read_placement(&theirs, other, b, err);
    if (!status) {
        if (mine->has[ED_FIELD_placed_ops_share] && theirs->has[ED_FIELD_placed_ops_share] &&
            (mine->placed_ops_share > theirs->placed_ops_share ||
             mine->placed_ops_share < theirs->placed_ops_share))
            ed_compare_tell(out->changed, "ran on %.120s -> %.120s", mine->placement_observed,
                            theirs->placement_observed);
        tell_placement(out, "first", first, mine);
        tell_placement(out, "then", other, theirs);
    }
    free(mine);
    free(theirs);
    return status;
}

static enum ed_status compare_case(struct ed_compare_case *out, const struct ed_compare_device *first,
                                   size_t a, const struct ed_compare_device *other, size_t b,
                                   struct ed_error *err) {
    size_t n = 0;
    const struct ed_gate_metric *metrics = ed_gate_metrics(&n);
    const char *const scopes[] = {first->energy.source.scope, other->energy.source.scope};
    tell_changes(out->changed, &first->device->cases[a], &other->device->cases[b]);
    enum ed_status status = tell_placements(out, first, a, other, b, err);
    if (status != ED_OK)
        return status;
    ed_compare_unlike_context(out->unlike, first, a, other, b);
    if (scopes[0][0] && scopes[1][0] && strcmp(scopes[0], scopes[1]) != 0)
        ed_compare_tell(out->changed, "energy of the %s -> of the %s, which do not compare", scopes[0],
                        scopes[1]);
    out->rows = calloc(n, sizeof *out->rows);
    if (!out->rows)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison");
    for (size_t i = 0; i < n; i++)
        if (is_comparable(out, &metrics[i], first, other))
            out->n_rows += ed_compare_row_make(&out->rows[out->n_rows], first, a, other, b, &metrics[i]);
    if (!out->n_rows && ed_compare_blocks(first, a) && ed_compare_blocks(other, b))
        ed_compare_tell(out->why,
                        out->unlike[0] ? "the device was set otherwise: %s"
                                       : "the two campaigns measured no figure of it alike%s",
                        out->unlike);
    else if (!out->n_rows)
        ed_compare_tell(out->why, "no block of it ended well in %s",
                        ed_compare_blocks(first, a) ? other->campaign->id : first->campaign->id);
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

// Cases of the other campaign that nothing of the first one stands beside. `used` has those that something
// does; NULL: the first campaign has no such device.
static enum ed_status tell_rest(struct ed_compare *compare, size_t run, const bool *used,
                                const struct ed_campaign_device *other, struct ed_error *err) {
    for (size_t i = 0; i < other->n_cases; i++) {
        if (!is_timed(other, i) || (used && used[i]))
            continue;
        struct ed_compare_case *out = add_case(compare, run, other, other->cases[i].case_id, err);
        if (!out)
            return ED_ERR_NO_MEMORY;
        ed_compare_tell(out->why, "%s",
                        used ? "the first campaign has no such case"
                             : "the first campaign has no such device");
    }
    return ED_OK;
}

static bool any_compared(const struct ed_compare_case *c) {
    bool any = false;
    for (size_t i = 0; i < c->n_rows && !any; i++)
        any = c->rows[i].word != ED_COMPARE_NOT_VALID;
    for (size_t i = 0; i < c->n_tasks && !any; i++)
        any = c->tasks[i].has_drop;
    return any;
}

static enum ed_status compare_devices(struct ed_compare *compare, size_t run, struct ed_compare_device *first,
                                      struct ed_compare_device *other, struct ed_error *err) {
    char why[512];
    enum ed_status status = ED_OK;
    bool *used = calloc(other->device->n_cases + 1, sizeof *used);
    if (!used)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a comparison");
    unlike(why, first->device, other->device);
    for (size_t c = 0; status == ED_OK && c < first->device->n_cases; c++) {
        if (!is_timed(first->device, c))
            continue;
        const size_t counterpart = find_counterpart(first->device, c, other->device);
        struct ed_compare_case *out =
            add_case(compare, run, first->device, first->device->cases[c].case_id, err);
        if (counterpart != SIZE_MAX)
            used[counterpart] = true;
        if (!out)
            status = ED_ERR_NO_MEMORY;
        else if (why[0])
            snprintf(out->why, sizeof out->why, "%s", why);
        else if (counterpart == SIZE_MAX)
            ed_compare_tell(out->why, "the other campaign has no such case");
        else
            status = compare_case(out, first, c, other, counterpart, err);
        compare->n_compared += status == ED_OK && any_compared(out);
    }
    if (status == ED_OK)
        status = tell_rest(compare, run, used, other->device, err);
    free(used);
    return status;
}

static const struct ed_campaign_device *find_device(const struct ed_campaign *campaign, const char *id) {
    for (size_t i = 0; i < campaign->n_devices; i++)
        if (!strcmp(campaign->devices[i].id, id))
            return &campaign->devices[i];
    return NULL;
}

static enum ed_status compare_device(struct ed_compare *compare, size_t run, size_t d,
                                     struct ed_buffer *warnings, struct ed_error *err) {
    const struct ed_campaign *campaign = compare->campaigns[0], *other = compare->campaigns[run];
    struct ed_compare_device mine = {.campaign = campaign, .device = &campaign->devices[d]};
    struct ed_compare_device theirs = {.campaign = other,
                                       .device = find_device(other, campaign->devices[d].id)};
    if (!theirs.device) {
        struct ed_compare_case *out = add_case(compare, run, mine.device, "", err);
        if (!out)
            return ED_ERR_NO_MEMORY;
        ed_compare_tell(out->why, "the other campaign has no such device");
        return ED_OK;
    }
    enum ed_status status = ed_compare_device_load(&mine, warnings, err);
    if (status == ED_OK)
        status = ed_compare_device_load(&theirs, warnings, err);
    if (status == ED_OK)
        status = compare_devices(compare, run, &mine, &theirs, err);
    ed_compare_device_release(&theirs);
    ed_compare_device_release(&mine);
    return status;
}

static enum ed_status compare_run(struct ed_compare *compare, size_t run, struct ed_buffer *warnings,
                                  struct ed_error *err) {
    const struct ed_campaign *first = compare->campaigns[0], *other = compare->campaigns[run];
    enum ed_status status = ED_OK;
    for (size_t d = 0; status == ED_OK && d < first->n_devices; d++)
        status = compare_device(compare, run, d, warnings, err);
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
