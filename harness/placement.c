// SPDX-License-Identifier: Apache-2.0
// From the engine's evidence to where a case ran.
#include "harness/placement.h"

#include <stdio.h>
#include <string.h>

enum seen { SHORT, UNPROVEN, WHOLE };

// What one block's evidence shows.
struct view {
    enum seen seen;
    bool has_share;
    double share;
    const char *why; // it proves nothing; NULL: it does
    char text[ED_RESULT_TEXT_BYTES];
};

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

// The engine's own name of the backend that was asked for; "" where its survey does not list it.
static const char *native_name(const cJSON *evidence, const char *backend) {
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(evidence, "backends")) {
        if (!strcmp(text_of(row, "backend"), backend))
            return text_of(row, "native");
    }
    return "";
}

// "cpu: 9 of 9 nodes"; the share that runs where it was asked to: by the engine's own name of the backend,
// since two backends can share a processor (XNNPACK that falls back to the default kernels stays on the CPU),
// else by the kind of processor.
static void look(struct view *view, const cJSON *evidence, const char *backend, const char *wanted) {
    const char *native = native_name(evidence, backend);
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(evidence, "placement");
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(info, "total"), *place;
    double asked = 0, placed = 0;
    bool sensible = true;
    *view = (struct view){.seen = UNPROVEN, .why = "the engine gives no evidence of where the model ran"};
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(info, "proven")) || !cJSON_IsNumber(total))
        return;
    cJSON_ArrayForEach(place, cJSON_GetObjectItemCaseSensitive(info, "places")) {
        const cJSON *count = cJSON_GetObjectItemCaseSensitive(place, "count");
        const size_t used = strlen(view->text);
        const double n = cJSON_IsNumber(count) ? count->valuedouble : 0;
        placed += n;
        sensible = sensible && n >= 0 && placed <= total->valuedouble;
        const char *where = text_of(place, "processor");
        // A provider can be told to compute on something else than what its backend stands for.
        const bool elsewhere =
            strcmp(where, "unknown") != 0 && strcmp(where, wanted) != 0 && strcmp(wanted, "unknown") != 0;
        const bool as_asked =
            native[0] ? !strcmp(text_of(place, "name"), native) && !elsewhere : !strcmp(where, wanted);
        // What ran elsewhere is named.
        const char *operators = as_asked ? "" : text_of(place, "operators");
        snprintf(view->text + used, sizeof view->text - used, "%s%s: %.0f of %.0f %ss (%s%s%.120s)",
                 used ? ", " : "", where, n, total->valuedouble, text_of(info, "unit"),
                 text_of(place, "name"), operators[0] ? ": " : "", operators);
        if (as_asked)
            asked += n;
    }
    // More than all, or less than none, is no evidence.
    if (!sensible) {
        view->why = "the engine places more or fewer operators than the model has";
        return;
    }
    view->why = NULL;
    view->has_share = total->valuedouble > 0;
    view->share = view->has_share ? asked / total->valuedouble : 1;
    view->seen = view->share < 1 ? SHORT : WHOLE;
    if (!view->text[0])
        snprintf(view->text, sizeof view->text, "nothing to place");
}

// Of the same case in another pass: where it fell short, its timing blocks may as well.
static bool is_beside(const struct ed_block *block, size_t case_index) {
    return block->case_index == case_index && block->outcome == ED_OUTCOME_OK && !block->skipped &&
           (!strcmp(block->pass, ED_PASS_ACCURACY) || !strcmp(block->pass, ED_PASS_PILOT));
}

static bool is_worse(const struct view *one, const struct view *other) {
    return one->seen < other->seen ||
           (one->seen == SHORT && other->seen == SHORT && one->share < other->share);
}

// The view that speaks for the case; `n` blocks were looked at, `alike` of them show the same.
struct spoken {
    const cJSON *evidence;
    struct view view;
    size_t n, alike;
};

static void choose(struct spoken *spoken, const struct ed_blocks *blocks, size_t case_index,
                   size_t timing_case, const char *backend, const char *asked) {
    memset(spoken, 0, sizeof *spoken);
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        const bool timing = ed_block_is_timing(block, timing_case);
        struct view view;
        if (!block->evidence || (!timing && !is_beside(block, case_index)))
            continue;
        look(&view, block->evidence, backend, asked);
        if (!timing && view.seen != SHORT)
            continue;
        spoken->n++;
        if (!spoken->evidence || is_worse(&view, &spoken->view)) {
            spoken->evidence = block->evidence;
            spoken->view = view;
            spoken->alike = 0;
        }
        spoken->alike += !is_worse(&spoken->view, &view) && !strcmp(spoken->view.text, view.text);
    }
}

const cJSON *ed_placement_evidence(const struct ed_blocks *blocks, size_t case_index, size_t timing_case,
                                   const char *backend, const char *asked) {
    struct spoken spoken;
    choose(&spoken, blocks, case_index, timing_case, backend, asked);
    return spoken.evidence;
}

void ed_placement_fill(struct ed_result *result, const struct ed_blocks *blocks, size_t case_index,
                       size_t timing_case) {
    struct spoken spoken;
    choose(&spoken, blocks, case_index, timing_case, result->backend, result->placement_asked);
    const struct view *view = &spoken.view;
    if (!spoken.evidence)
        return;
    if (view->why) {
        ED_RESULT_SET_TEXT(result, placement_observed, "not proven");
        ed_result_reason(result, "placed_ops_share", "not_proven", "%s", view->why);
    } else {
        ED_RESULT_SET_TEXT(result, placement_observed, view->text);
        if (view->has_share)
            ED_RESULT_SET(result, placed_ops_share, view->share);
        else
            ed_result_reason(result, "placed_ops_share", "nothing_to_place", "the model has no operators");
    }
    if (spoken.alike < spoken.n)
        ed_result_reason(result, "", "placement_differs",
                         "placed otherwise in %zu of %zu blocks; shown is the least that ran as asked",
                         spoken.n - spoken.alike, spoken.n);
}
