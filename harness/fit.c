// SPDX-License-Identifier: Apache-2.0
// The search.
#include "harness/fit.h"

#include <string.h>

#define FINE 32 // a gap of a size by this is not halved any more

struct search {
    struct ed_fit *fit;
    const struct ed_fit_hooks *hooks;
    struct ed_error *err;
    enum ed_status status;
};

const char *ed_fit_word(enum ed_fit_end end) {
    static const char *const words[] = {[ED_FIT_NOT_TRIED] = "not tried",
                                        [ED_FIT_FITS] = "fits",
                                        [ED_FIT_TOO_LARGE] = "too large",
                                        [ED_FIT_IN_DOUBT] = "in doubt",
                                        [ED_FIT_FAILED] = "failed"};
    return (unsigned)end < sizeof words / sizeof words[0] ? words[end] : "";
}

const struct ed_fit_point *ed_fit_find(const struct ed_fit *fit, int64_t size, uint32_t levers) {
    for (size_t i = 0; i < fit->n; i++)
        if (fit->points[i].size == size && fit->points[i].levers == levers)
            return &fit->points[i];
    return NULL;
}

// Measured, or found among those that were. NULL ends the search: search->status, or the time is over.
static const struct ed_fit_point *ask(struct search *search, int64_t size, uint32_t levers) {
    struct ed_fit *fit = search->fit;
    const struct ed_fit_point *known = ed_fit_find(fit, size, levers);
    if (known)
        return known;
    if (search->status != ED_OK || fit->over_time || fit->n == ED_FIT_POINTS_MAX)
        return NULL;
    struct ed_fit_point *point = &fit->points[fit->n];
    *point = (struct ed_fit_point){.size = size, .levers = levers, .counted_bytes = -1, .peak_bytes = -1};
    search->status = search->hooks->measure(search->hooks->context, point, search->err);
    if (search->status == ED_ERR_TIMEOUT) {
        search->status = ED_OK;
        fit->over_time = true;
    } else if (search->status == ED_OK) {
        fit->n++;
        return point;
    }
    return NULL;
}

static bool fits(const struct ed_fit_point *point) {
    return point && point->end == ED_FIT_FITS;
}

// From a size that fits upwards. *above: the smallest that was tried and does not fit; 0 where all did.
static void climb(struct search *search, uint32_t levers, int64_t from, int64_t *largest, int64_t *above) {
    const int64_t most = search->fit->most;
    const struct ed_fit_point *point = NULL;
    int64_t low = from, high = 0;
    while (!high && low < most) {
        const int64_t next = low > most / 2 ? most : 2 * low;
        if (!(point = ask(search, next, levers)))
            break;
        if (fits(point))
            low = next;
        else
            high = next;
    }
    // One beyond: what is seen to fit there shows that sizes do not go by memory alone.
    const struct ed_fit_point *end = high ? ed_fit_find(search->fit, high, levers) : NULL;
    if (end && end->end != ED_FIT_FAILED && high < most)
        ask(search, high > most / 2 ? most : 2 * high, levers);
    while (high - low > 1 && high - low > low / FINE) {
        const int64_t middle = low + (high - low) / 2;
        if (!(point = ask(search, middle, levers)))
            break;
        if (fits(point))
            low = middle;
        else
            high = middle;
    }
    *largest = low;
    *above = high;
}

// Over all points without levers: does a larger one fit where a smaller does not?
static void look_for_gaps(struct ed_fit *fit) {
    fit->monotone = true;
    for (size_t i = 0; i < fit->n; i++)
        for (size_t k = 0; k < fit->n; k++) {
            const struct ed_fit_point *small = &fit->points[i], *large = &fit->points[k];
            if (small->levers || large->levers || small->size >= large->size || fits(small) || !fits(large))
                continue;
            if (fit->monotone || large->size > fit->fits_above) {
                fit->fits_above = large->size;
                fit->fails_below = small->size;
            }
            fit->monotone = false;
        }
}

static void try_levers(struct search *search) {
    struct ed_fit *fit = search->fit;
    const int64_t at = fit->largest ? fit->largest : fit->least;
    const struct ed_fit_point *plain = ed_fit_find(fit, at, 0);
    const int64_t without = fits(plain) ? plain->counted_bytes : -1;
    fit->levers_at = fit->n_levers ? at : 0;
    for (size_t i = 0; i < fit->n_levers; i++) {
        struct ed_fit_lever *lever = &fit->levers[i];
        const struct ed_fit_point *point = ask(search, at, UINT32_C(1) << i);
        lever->counted_bytes = -1;
        if (!point)
            return;
        lever->end = point->end;
        lever->counted_bytes = point->counted_bytes;
        snprintf(lever->reason, sizeof lever->reason, "%s", point->reason);
        lever->has_saves = fits(point) && without >= 0 && point->counted_bytes >= 0;
        lever->saves_bytes = lever->has_saves ? without - point->counted_bytes : 0;
    }
}

// Whether a lever is worth combining: it saves, or it alone makes fit what does not.
static bool helps(const struct ed_fit *fit, const struct ed_fit_lever *lever) {
    if (lever->end != ED_FIT_FITS)
        return false;
    return !fit->largest || (lever->has_saves && lever->saves_bytes >= ED_FIT_SAVES_LEAST_BYTES);
}

// Of one option the value that needs least.
static void choose_levers(struct ed_fit *fit) {
    for (size_t i = 0; i < fit->n_levers; i++) {
        struct ed_fit_lever *lever = &fit->levers[i];
        lever->used = helps(fit, lever);
        for (size_t k = 0; lever->used && k < fit->n_levers; k++) {
            const struct ed_fit_lever *other = &fit->levers[k];
            if (k != i && !strcmp(other->option, lever->option) && helps(fit, other) &&
                (other->counted_bytes < lever->counted_bytes ||
                 (other->counted_bytes == lever->counted_bytes && k < i)))
                lever->used = false;
        }
        if (lever->used)
            fit->combined |= UINT32_C(1) << i;
    }
}

enum ed_status ed_fit_search(struct ed_fit *fit, const struct ed_fit_hooks *hooks, struct ed_error *err) {
    struct search search = {fit, hooks, err, ED_OK};
    const struct ed_fit_point *first = ask(&search, fit->least, 0);
    fit->monotone = true;
    // What fails for another reason than memory is not mended by any lever.
    if (!first || first->end == ED_FIT_FAILED)
        return search.status;
    if (fits(first))
        climb(&search, 0, fit->least, &fit->largest, &fit->above);
    else
        fit->above = fit->least;
    look_for_gaps(fit);
    try_levers(&search);
    choose_levers(fit);
    const struct ed_fit_point *end = ed_fit_find(fit, fit->above, 0);
    if (fit->combined && end && end->end != ED_FIT_FAILED) {
        const int64_t from = fit->largest ? fit->largest : fit->least;
        const struct ed_fit_point *both = ask(&search, from, fit->combined);
        if (fits(both))
            climb(&search, fit->combined, from, &fit->combined_largest, &fit->combined_above);
    }
    return search.status;
}

int ed_fit_exit_code(const struct ed_fit *fit) {
    bool doubt = fit->over_time, failed = false;
    if (fit->largest || fit->combined_largest)
        return 0;
    for (size_t i = 0; i < fit->n_levers; i++)
        if (fit->levers[i].end == ED_FIT_FITS)
            return 0;
    for (size_t i = 0; i < fit->n; i++) {
        doubt = doubt || fit->points[i].end == ED_FIT_IN_DOUBT;
        failed = failed || (fit->points[i].end == ED_FIT_FAILED && !fit->points[i].levers);
    }
    return failed ? 4 : doubt ? 3 : 1;
}
