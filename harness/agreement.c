// SPDX-License-Identifier: Apache-2.0
// Figures of how a case's answers agree with the reference's.
#include "harness/agreement.h"

#include <math.h>
#include <string.h>

#include "base/stats/agreement.h"
#include "harness/agreement_outputs.h"
#include "harness/metrics.h"

#define KEY_REFERENCE "agreement_reference"

// What goes with an output of the reference.
struct match {
    const struct ed_agreement_output *output; // NULL: nothing
    enum ed_agreement_layout layout;
};

struct figures {
    struct ed_agreement all;
    uint64_t same_top, tops; // samples
};

// The worst of the outputs so far.
struct worst {
    bool any, any_top;
    double cosine, max_abs, sqnr_db, top1;
    char output[ED_TENSOR_NAME_BYTES];
};

static void text_shape(char *text, size_t bytes, const struct ed_agreement_output *output) {
    size_t used = 0;
    text[0] = 0;
    for (uint32_t d = 0; d < output->npy.rank && used < bytes; d++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%lld", d ? "x" : "",
                                 (long long)output->npy.shape[d]);
}

// By name, then by a shape that only one has.
static void match_all(const struct ed_agreement_outputs *reference, const struct ed_agreement_outputs *mine,
                      struct match *matches, bool *taken) {
    for (size_t r = 0; r < reference->n; r++)
        for (size_t m = 0; m < mine->n && !matches[r].output; m++) {
            const enum ed_agreement_layout layout =
                ed_agreement_layout(&reference->items[r], &mine->items[m]);
            if (taken[m] || layout == ED_LAYOUT_NONE ||
                strcmp(reference->items[r].name, mine->items[m].name) != 0)
                continue;
            matches[r] = (struct match){&mine->items[m], layout};
            taken[m] = true;
        }
    for (int moved = 0; moved < 2; moved++)
        for (size_t r = 0; r < reference->n; r++) {
            size_t found = 0, rivals = 0, at = 0;
            for (size_t m = 0; m < mine->n; m++) {
                const enum ed_agreement_layout layout =
                    ed_agreement_layout(&reference->items[r], &mine->items[m]);
                if (!taken[m] && layout != ED_LAYOUT_NONE && (layout != ED_LAYOUT_SAME) == moved) {
                    found++;
                    at = m;
                }
            }
            for (size_t o = 0; found == 1 && o < reference->n; o++)
                rivals += o != r && !matches[o].output &&
                          ed_agreement_layout(&reference->items[o], &mine->items[at]) != ED_LAYOUT_NONE;
            if (matches[r].output || found != 1 || rivals)
                continue;
            matches[r] =
                (struct match){&mine->items[at], ed_agreement_layout(&reference->items[r], &mine->items[at])};
            taken[at] = true;
        }
}

static const struct ed_agreement_output *find_name(const struct ed_agreement_outputs *outputs,
                                                   const char *name) {
    for (size_t i = 0; i < outputs->n; i++)
        if (!strcmp(outputs->items[i].name, name))
            return &outputs->items[i];
    return NULL;
}

static size_t top_of(const struct ed_agreement_output *output, size_t first, size_t n) {
    size_t top = 0;
    for (size_t i = 1; i < n; i++)
        if (ed_agreement_value(output, first + i) > ed_agreement_value(output, first + top))
            top = i;
    return top;
}

static void compare(struct figures *figures, const struct ed_agreement_output *reference,
                    const struct match *match) {
    int64_t shape[ED_TENSOR_RANK_MAX];
    const uint32_t rank = ed_agreement_sample_shape(reference, shape);
    const size_t samples = (size_t)reference->npy.shape[0], each = (size_t)reference->npy.count / samples;
    memset(figures, 0, sizeof *figures);
    for (size_t s = 0; s < samples; s++) {
        for (size_t i = 0; i < each; i++)
            ed_agreement_add(
                &figures->all, ed_agreement_value(reference, s * each + i),
                ed_agreement_value(match->output,
                                   s * each + ed_agreement_place(match->layout, shape, rank, i)));
        // A row of scores has one dimension; of a picture the largest value says nothing.
        if (rank != 1 || each < 2)
            continue;
        figures->tops++;
        figures->same_top += top_of(reference, s * each, each) == top_of(match->output, s * each, each);
    }
}

static void note(char *text, size_t bytes, const char *output, const char *format, double value) {
    char figure[48];
    snprintf(figure, sizeof figure, format, value);
    snprintf(text, bytes, "output '%.60s': %s", output, figure);
}

static void take_worst(struct worst *worst, struct ed_agreement_notes *notes, const char *name,
                       const struct figures *figures) {
    const double cosine = ed_agreement_cosine(&figures->all), sqnr = ed_agreement_sqnr_db(&figures->all),
                 largest = ed_agreement_largest(&figures->all);
    if (!worst->any || !(cosine >= worst->cosine)) {
        worst->cosine = cosine;
        snprintf(worst->output, sizeof worst->output, "%s", name);
        note(notes->cosine, sizeof notes->cosine, name, "cosine %.6g", cosine);
    }
    if (!worst->any || !(largest <= worst->max_abs)) {
        worst->max_abs = largest;
        note(notes->max_abs, sizeof notes->max_abs, name, "largest difference %.6g", largest);
    }
    if (!worst->any || !(sqnr >= worst->sqnr_db)) {
        worst->sqnr_db = sqnr;
        note(notes->sqnr_db, sizeof notes->sqnr_db, name, "SQNR %.4g dB", sqnr);
    }
    worst->any = true;
    if (!figures->tops)
        return;
    const double top1 = (double)figures->same_top / (double)figures->tops;
    if (!worst->any_top || top1 < worst->top1) {
        worst->top1 = top1;
        snprintf(notes->top1, sizeof notes->top1, "output '%.60s': the same top in %llu of %llu samples",
                 name, (unsigned long long)figures->same_top, (unsigned long long)figures->tops);
    }
    worst->any_top = true;
}

// Nothing is compared; what was required of it is inconclusive, or fails where the answer itself is wrong.
__attribute__((format(printf, 3, 4))) static void leave_null(struct ed_result *result, const char *code,
                                                             const char *format, ...) {
    static const char *const keys[] = {"agreement_cosine", "agreement_max_abs", "agreement_sqnr_db",
                                       "agreement_top1"};
    char text[sizeof result->reasons[0].text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!strcmp(code, ED_REASON_WRONG_OUTPUT))
        ED_RESULT_SET(result, speed_usable, false);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ed_result_reason(result, keys[i], code, "%s", text);
}

static void leave_unmatched(struct ed_result *result, const struct ed_agreement_output *reference, bool only,
                            const struct ed_agreement_outputs *mine) {
    const struct ed_agreement_output *same_name = find_name(mine, reference->name);
    char wanted[96], found[96];
    text_shape(wanted, sizeof wanted, reference);
    if (!same_name && only && mine->n == 1)
        same_name = &mine->items[0];
    if (same_name) {
        text_shape(found, sizeof found, same_name);
        leave_null(result, ED_REASON_WRONG_OUTPUT, "output '%.50s' has the shape %s, the reference's %s",
                   same_name->name, found, wanted);
        return;
    }
    leave_null(
        result, "not_compared",
        "none of its %zu outputs has the name of the reference's '%.50s', nor is one alone of its shape %s",
        mine->n, reference->name, wanted);
}

static void set_figures(struct ed_result *result, const struct worst *worst, int64_t samples) {
    ED_RESULT_SET(result, agreement_samples, samples);
    ED_RESULT_SET_TEXT(result, agreement_output, worst->output);
    if (isfinite(worst->cosine))
        ED_RESULT_SET(result, agreement_cosine, worst->cosine);
    else
        ed_result_reason(result, "agreement_cosine", "too_large",
                         "the squares of the values are beyond a double");
    if (isfinite(worst->sqnr_db))
        ED_RESULT_SET(result, agreement_sqnr_db, worst->sqnr_db);
    else
        ed_result_reason(result, "agreement_sqnr_db", "too_large",
                         "the squares of the values are beyond a double");
    ED_RESULT_SET(result, agreement_max_abs, worst->max_abs);
    if (worst->any_top)
        ED_RESULT_SET(result, agreement_top1, worst->top1);
    else
        ed_result_reason(result, "agreement_top1", ED_REASON_NOT_APPLICABLE,
                         "no output is a row of scores for each sample");
}

static void compare_all(struct ed_result *result, const struct ed_agreement_outputs *reference,
                        const struct ed_agreement_outputs *mine, struct ed_agreement_notes *notes) {
    struct match matches[ED_TENSORS_MAX] = {{0}};
    bool taken[ED_TENSORS_MAX] = {false};
    struct worst worst = {0};
    match_all(reference, mine, matches, taken);
    for (size_t r = 0; r < reference->n; r++) {
        const struct ed_agreement_output *output = &reference->items[r];
        struct figures figures;
        if (!matches[r].output) {
            leave_unmatched(result, output, reference->n == 1, mine);
            return;
        }
        if (ed_agreement_is_real(output) != ed_agreement_is_real(matches[r].output)) {
            leave_null(result, "not_compared", "output '%.50s' is %s%s, the reference's %s%s", output->name,
                       ed_dtype_name(matches[r].output->npy.dtype),
                       ed_agreement_is_real(matches[r].output) ? "" : " without a scale",
                       ed_dtype_name(output->npy.dtype),
                       ed_agreement_is_real(output) ? "" : " without a scale");
            return;
        }
        compare(&figures, output, &matches[r]);
        if (figures.all.reference_broken) {
            leave_null(result, "reference_not_finite",
                       "the reference's output '%.50s' has %llu of %llu values that are no number",
                       output->name, (unsigned long long)figures.all.reference_broken,
                       (unsigned long long)figures.all.added);
            return;
        }
        if (figures.all.not_finite) {
            leave_null(result, ED_REASON_WRONG_OUTPUT,
                       "output '%.50s' has %llu of %llu values that are infinite or no number where the "
                       "reference's are not",
                       matches[r].output->name, (unsigned long long)figures.all.not_finite,
                       (unsigned long long)figures.all.added);
            return;
        }
        if (!figures.all.count) {
            leave_null(result, "not_compared", "output '%.50s' has no finite values", output->name);
            return;
        }
        take_worst(&worst, notes, matches[r].output->name, &figures);
        if (matches[r].layout != ED_LAYOUT_SAME)
            ed_result_reason(
                result, KEY_REFERENCE, "layout", "output '%.60s' has its channels %s, the reference's %s",
                matches[r].output->name, matches[r].layout == ED_LAYOUT_CHANNELS_LAST ? "last" : "first",
                matches[r].layout == ED_LAYOUT_CHANNELS_LAST ? "first" : "last");
    }
    set_figures(result, &worst, reference->samples);
}

void ed_agreement_fill(struct ed_result *result, const struct ed_campaign *campaign,
                       const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                       size_t case_index, struct ed_agreement_notes *notes) {
    const struct ed_campaign_case *c = &device->cases[case_index];
    struct ed_agreement_outputs reference = {0}, mine = {0};
    struct ed_error why = {0};
    memset(notes, 0, sizeof *notes);
    if (c->task < 0 || ed_metric_is_language(campaign->tasks[c->task].metric) ||
        ed_metric_is_speech(campaign->tasks[c->task].metric))
        return;
    if (c->agreement == case_index) {
        ED_RESULT_SET_TEXT(result, agreement_reference, c->case_id);
        // It agrees with itself, where it answered at all.
        if (ed_agreement_outputs_load(&mine, campaign, device, blocks, case_index, &why) != ED_OK) {
            leave_null(result, "not_compared", "%s", why.message);
            ed_agreement_outputs_release(&mine);
            return;
        }
        ed_agreement_outputs_release(&mine);
        ED_RESULT_SET(result, agreement_cosine, 1.0);
        ED_RESULT_SET(result, agreement_max_abs, 0.0);
        ED_RESULT_SET(result, agreement_sqnr_db, ED_AGREEMENT_SQNR_MAX_DB);
        ED_RESULT_SET(result, agreement_top1, 1.0);
        return;
    }
    if (c->agreement >= device->n_cases) {
        leave_null(result, "no_reference", "no case that has the same data was named for it");
        return;
    }
    ED_RESULT_SET_TEXT(result, agreement_reference, device->cases[c->agreement].case_id);
    if (ed_agreement_outputs_load(&mine, campaign, device, blocks, case_index, &why) != ED_OK)
        leave_null(result, "not_compared", "%s", why.message);
    else if (ed_agreement_outputs_load(&reference, campaign, device, blocks, c->agreement, &why) != ED_OK)
        leave_null(result, "not_compared", "the reference: %s", why.message);
    else if (reference.samples != mine.samples)
        leave_null(result, "not_compared", "it ran %lld samples, the reference %lld", (long long)mine.samples,
                   (long long)reference.samples);
    else
        compare_all(result, &reference, &mine, notes);
    ed_agreement_outputs_release(&mine);
    ed_agreement_outputs_release(&reference);
}

void ed_agreement_explain(struct ed_result *result, const struct ed_requirement *requirements,
                          size_t n_requirements, const struct ed_agreement_notes *notes) {
    for (size_t i = 0; i < n_requirements; i++) {
        const struct ed_requirement *r = &requirements[i];
        const struct {
            int field;
            const char *words;
        } figures[] = {{ED_FIELD_agreement_cosine, notes->cosine},
                       {ED_FIELD_agreement_max_abs, notes->max_abs},
                       {ED_FIELD_agreement_sqnr_db, notes->sqnr_db},
                       {ED_FIELD_agreement_top1, notes->top1}};
        char detail[224];
        for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++)
            if (figures[f].field == r->field && !r->of_baseline && figures[f].words[0] &&
                ed_requirement_judge(r, result, detail, sizeof detail) == ED_VERDICT_FAIL)
                ed_result_reason(result, "speed_usable", "disagrees",
                                 "%.40s@%.24s/%.20s, %s, and %s was required; reference: %.80s",
                                 result->engine, result->engine_version, result->backend, figures[f].words,
                                 r->text, result->agreement_reference);
    }
}
