// SPDX-License-Identifier: Apache-2.0
// The memory limit of a case: who held it, and whether it tells that the case fits.
#include <string.h>

#include "base/units.h"
#include "harness/summary.h"

// Over the blocks of a case that ran.
struct limits {
    size_t blocks, unwatched, sampled;
    char method[32];  // of the cgroups
    char reason[256]; // why there was none
    bool swap_open;   // a cgroup that does not exclude swap
    int64_t peak_bytes, period_ns, gap_ns;
    int64_t swap_bytes, system_bytes; // highest of the worker; sum of the system
};

static int64_t number_of(const struct ed_json_at *object, const char *key) {
    int64_t value = 0;
    return ed_json_opt_int(object, key, 0, INT64_C(1) << 53, &value, NULL) == ED_OK ? value : 0;
}

static void raise_to(int64_t *highest, int64_t value) {
    *highest = value > *highest ? value : *highest;
}

static void add_block(struct limits *limits, const struct ed_json_at *limit) {
    const char *method = "", *reason = "";
    bool excluded = true;
    limits->blocks++;
    if (!limit->value || ed_json_opt_text(limit, "method", &method, NULL) != ED_OK || !method[0]) {
        limits->unwatched++;
        return;
    }
    const bool sampled = !strcmp(method, "sampled");
    limits->unwatched += number_of(limit, "readings") == 0 && sampled;
    if (sampled) {
        limits->sampled++;
        raise_to(&limits->gap_ns, number_of(limit, "gap_ns"));
        raise_to(&limits->period_ns, number_of(limit, "period_ns"));
        if (ed_json_opt_text(limit, "reason", &reason, NULL) == ED_OK)
            snprintf(limits->reason, sizeof limits->reason, "%s", reason);
    } else {
        snprintf(limits->method, sizeof limits->method, "%s", method);
        limits->swap_open =
            limits->swap_open || ed_json_opt_bool(limit, "swap_excluded", &excluded, NULL) || !excluded;
    }
    raise_to(&limits->peak_bytes, number_of(limit, "anon_swap_peak_bytes"));
    raise_to(&limits->swap_bytes, number_of(limit, "swap_bytes"));
    if (__builtin_add_overflow(limits->system_bytes, number_of(limit, "system_swapped_out_bytes"),
                               &limits->system_bytes))
        limits->system_bytes = INT64_MAX;
}

static void tell_method(struct ed_result *result, const struct limits *limits, int64_t limit_bytes) {
    char size[32], peak[32], gap[32];
    ed_units_print_size(size, sizeof size, limit_bytes);
    ed_units_print_size(peak, sizeof peak, limits->peak_bytes);
    ed_units_print_duration(gap, sizeof gap, limits->gap_ns);
    if (limits->method[0] && !limits->sampled)
        ed_result_reason(result, "", "memory_limit",
                         "memory limit %s, held by a memory %s of the worker's own, %s; highest reading of "
                         "anonymous memory plus swap %s",
                         size, limits->method, limits->swap_open ? "which leaves it swap" : "without swap",
                         peak);
    else
        ed_result_reason(result, "", "memory_limit",
                         "memory limit %s, held by sampling every %lld ms (longest gap %s)%s: a shorter peak "
                         "is not seen; no cgroup: %.160s; highest reading of anonymous memory plus swap %s",
                         size, (long long)(limits->period_ns / 1000000), gap,
                         limits->method[0] ? " in some blocks, by a cgroup in others" : "",
                         limits->reason[0] ? limits->reason : "not told", peak);
}

static void tell_doubt(struct ed_result *result, const struct limits *limits) {
    char worker[32], system[32];
    ed_units_print_size(worker, sizeof worker, limits->swap_bytes);
    ed_units_print_size(system, sizeof system, limits->system_bytes);
    if (limits->unwatched)
        ed_result_reason(
            result, "outcome", "fit_not_concluded",
            "whether it fits its memory limit is not concluded: nothing watched it in %zu of %zu "
            "blocks",
            limits->unwatched, limits->blocks);
    else
        ed_result_reason(
            result, "outcome", "fit_not_concluded",
            "whether it fits its memory limit is not concluded: swap grew while it ran (%s of the "
            "worker, %s written by the whole system)",
            worker, system);
}

void ed_summary_limit(struct ed_result *result, const struct ed_campaign_case *c, int64_t ballast_bytes,
                      const struct ed_blocks *blocks, size_t case_index) {
    struct limits limits = {0};
    char size[32];
    if (ballast_bytes) {
        ed_units_print_size(size, sizeof size, ballast_bytes);
        ed_result_reason(result, "", "ballast", "beside it %s of memory were held, as by other apps", size);
    }
    for (size_t i = 0; c->mem_limit_bytes && i < blocks->n; i++) {
        const size_t of = blocks->items[i].case_index;
        const struct ed_json_at root = ed_json_root(&blocks->documents[i]);
        const struct ed_json_at limit = ed_json_member(&root, "memory_limit");
        const char *pass = blocks->items[i].pass;
        const bool limited =
            !strcmp(pass, ED_PASS_TIMING) || !strcmp(pass, ED_PASS_PILOT) || !strcmp(pass, ED_PASS_COLD);
        if ((of == case_index || of == c->timing) && limited && !blocks->items[i].skipped)
            add_block(&limits, &limit);
    }
    if (!limits.blocks)
        return;
    if (limits.unwatched < limits.blocks)
        tell_method(result, &limits, c->mem_limit_bytes);
    if (!result->has[ED_FIELD_outcome] || strcmp(result->outcome, "ok") != 0 ||
        !(limits.unwatched || limits.swap_bytes || limits.system_bytes))
        return;
    tell_doubt(result, &limits);
    const enum ed_verdict now =
        result->has[ED_FIELD_verdict] ? ed_verdict_of_word(result->verdict) : ED_VERDICT_NONE;
    ED_RESULT_SET_TEXT(result, verdict, ed_verdict_word(ed_verdict_combine(now, ED_VERDICT_INCONCLUSIVE)));
}
