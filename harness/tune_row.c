// SPDX-License-Identifier: Apache-2.0
// From the configurations of a model to a choice.
#include "harness/tune_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/best.h"
#include "harness/tune_candidate.h"
#include "harness/tune_words.h"
#include "reports/fields.h"
#include "reports/front.h"

#define PLAIN_TAIL 0.025 // of a change where nothing is chosen from

// One row while it is made: its candidates, and their values by rounds.
struct row {
    struct ed_tune_candidate *items;
    size_t n, rounds;
    double *values; // n rows of `rounds`
    size_t *eligible, n_eligible;
    bool *in_set; // of the eligible
    int field;
    bool more_is_better;
};

static enum ed_status no_memory(struct ed_error *err) {
    return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a choice");
}

// The buffer's text is kept until the verdict is released; "" without memory.
static const char *keep(struct ed_tune_verdict *out, struct ed_buffer *text) {
    char **texts = realloc(out->texts, (out->n_texts + 1) * sizeof *texts);
    if (texts)
        out->texts = texts;
    char *kept = texts && text->size ? ed_buffer_detach(text, NULL) : NULL;
    if (kept)
        out->texts[out->n_texts++] = kept;
    ed_buffer_release(text);
    return kept ? kept : "";
}

static void row_release(struct row *row) {
    for (size_t i = 0; row->items && i < row->n; i++)
        ed_buffer_release(&row->items[i].why);
    free(row->items);
    free(row->values);
    free(row->eligible);
    free(row->in_set);
}

// The case of the configuration whose workload has the figure; where none has, its first one.
static size_t primary_of(const struct ed_campaign_device *device, size_t c, int field) {
    for (size_t i = c; i < device->n_cases; i++)
        if (ed_tune_is_timed(device, i) && ed_tune_same(&device->cases[i], &device->cases[c]) &&
            ed_tune_field_applies(field, &device->cases[i].workload_parts))
            return i;
    return c;
}

// Configurations of the model whose first case is `first`.
static enum ed_status gather(struct row *row, const struct ed_tune_judging *j, size_t first) {
    const struct ed_campaign_device *device = j->device;
    size_t most = 1;
    row->field =
        ed_tune_field(&j->campaign->tune, ed_workload_is_language(&device->cases[first].workload_parts),
                      &row->more_is_better);
    row->rounds = (size_t)(j->campaign->blocks > 0 ? j->campaign->blocks : 1);
    row->items = calloc(device->n_cases, sizeof *row->items);
    if (!row->items)
        return no_memory(j->err);
    for (size_t c = first; c < device->n_cases; c++) {
        bool seen =
            !ed_tune_is_timed(device, c) || strcmp(device->cases[c].model, device->cases[first].model) != 0;
        for (size_t i = first; i < c && !seen; i++)
            seen = ed_tune_is_timed(device, i) && ed_tune_same(&device->cases[i], &device->cases[c]);
        if (!seen)
            ed_tune_candidate_judge(&row->items[row->n++], j->campaign, device, j->records,
                                    primary_of(device, c, row->field), row->field);
    }
    for (size_t b = 0; b < j->blocks->n; b++)
        most = j->blocks->items[b].n_samples > most ? j->blocks->items[b].n_samples : most;
    int64_t *scratch = malloc(most * sizeof *scratch);
    row->values = calloc(row->n * row->rounds, sizeof *row->values);
    row->eligible = calloc(row->n, sizeof *row->eligible);
    row->in_set = calloc(row->n, sizeof *row->in_set);
    if (!scratch || !row->values || !row->eligible || !row->in_set) {
        free(scratch);
        return no_memory(j->err);
    }
    for (size_t i = 0; i < row->n; i++) {
        const enum ed_tune_state state = row->items[i].state;
        ed_tune_candidate_values(row->values + i * row->rounds, row->rounds, device, j->blocks, j->energy,
                                 row->items[i].primary, row->field, row->more_is_better, scratch);
        if (state == ED_TUNE_PASSES || (state == ED_TUNE_INCONCLUSIVE && j->campaign->tune.inconclusive_pass))
            row->eligible[row->n_eligible++] = i;
    }
    free(scratch);
    return ED_OK;
}

static const struct ed_result *result_of(const struct row *row, const struct ed_tune_judging *j, size_t i) {
    return &j->records[row->items[i].primary];
}

static double value_of(const struct row *row, const struct ed_tune_judging *j, size_t i) {
    double value = NAN;
    return ed_result_number(result_of(row, j, i), row->field, 0, &value) ? value : NAN;
}

// Whether a's figure is the better one; one that is known is.
static bool better(const struct row *row, double a, double b) {
    return isfinite(a) && (!isfinite(b) || (row->more_is_better ? a > b : a < b));
}

// The rule among those that cannot be told apart; of equals the first of the plan.
static bool preferred(const struct row *row, const struct ed_tune_judging *j, size_t a, size_t b) {
    const struct ed_result *x = result_of(row, j, a), *y = result_of(row, j, b);
    const int64_t most = INT64_MAX;
    const int64_t x_threads = x->threads ? x->threads : most, y_threads = y->threads ? y->threads : most;
    if (x->model_file_bytes != y->model_file_bytes)
        return x->model_file_bytes < y->model_file_bytes;
    if (x_threads != y_threads)
        return x_threads < y_threads;
    return better(row, value_of(row, j, a), value_of(row, j, b));
}

static void compare(const struct row *row, size_t a, size_t b, double tail, struct ed_best_difference *out) {
    ed_best_compare(row->values + a * row->rounds, row->values + b * row->rounds, row->rounds, tail, out);
}

// Fills in_set of the eligible; *unknown: none can be told from the best by so few rounds. SIZE_MAX: none is
// eligible.
static enum ed_status narrow(struct row *row, const struct ed_tune_judging *j, size_t *best, bool *unknown) {
    const size_t k = row->n_eligible;
    *best = SIZE_MAX;
    *unknown = false;
    for (size_t e = 0; e < k; e++)
        if (*best == SIZE_MAX || better(row, value_of(row, j, row->eligible[e]), value_of(row, j, *best)))
            *best = row->eligible[e];
    if (k < 2 || ed_tune_field_is_exact(row->field)) {
        for (size_t e = 0; e < k; e++)
            row->in_set[e] = !better(row, value_of(row, j, *best), value_of(row, j, row->eligible[e]));
        return ED_OK;
    }
    double *values = calloc(k * row->rounds, sizeof *values);
    if (!values)
        return no_memory(j->err);
    for (size_t e = 0; e < k; e++)
        memcpy(values + e * row->rounds, row->values + row->eligible[e] * row->rounds,
               row->rounds * sizeof *values);
    ed_best_set(values, k, row->rounds, ED_BEST_ALPHA, row->in_set);
    free(values);
    *unknown = true;
    for (size_t e = 0; e < k && *unknown; e++) {
        struct ed_best_difference difference;
        if (row->eligible[e] == *best)
            continue;
        compare(row, *best, row->eligible[e], ed_best_tail(k, ED_BEST_ALPHA), &difference);
        *unknown = !difference.has_low_high;
    }
    return ED_OK;
}

// One that too few rounds speak of is not preferred to the best median.
static size_t choose(const struct row *row, const struct ed_tune_judging *j, size_t best, bool by_rule) {
    size_t chosen = best;
    for (size_t e = 0; by_rule && e < row->n_eligible; e++) {
        const size_t i = row->eligible[e];
        struct ed_best_difference difference = {.has_low_high = true};
        if (!ed_tune_field_is_exact(row->field) && i != best)
            compare(row, best, i, ed_best_tail(row->n_eligible, ED_BEST_ALPHA), &difference);
        if (row->in_set[e] && difference.has_low_high && preferred(row, j, i, chosen))
            chosen = i;
    }
    return chosen;
}

static const char *state_word(const struct row *row, size_t i, size_t chosen) {
    static const char *const words[] = {[ED_TUNE_PASSES] = "passes",
                                        [ED_TUNE_INCONCLUSIVE] = "inconclusive",
                                        [ED_TUNE_NO_VALUE] = "not measured",
                                        [ED_TUNE_STOPPED] = "not measured",
                                        [ED_TUNE_INVALID] = "invalid",
                                        [ED_TUNE_FAILS] = "fail",
                                        [ED_TUNE_BROKEN] = "fail"};
    for (size_t e = 0; chosen != SIZE_MAX && e < row->n_eligible; e++)
        if (row->eligible[e] == i)
            return i == chosen ? "chosen" : row->in_set[e] ? "tied" : "slower";
    return words[row->items[i].state];
}

// Of `other` against the chosen one, as a share of it.
static void set_change(struct ed_report_candidate *other, const struct row *row,
                       const struct ed_tune_judging *j, size_t i, size_t chosen) {
    struct ed_best_difference difference;
    const double a = value_of(row, j, chosen), b = value_of(row, j, i);
    if (ed_tune_field_is_exact(row->field)) {
        other->has_change = a > 0 && b > 0;
        other->change = other->has_change ? b / a - 1 : 0;
        return;
    }
    const double tail = ed_best_tail(row->n_eligible, ED_BEST_ALPHA);
    compare(row, chosen, i, tail > 0 ? tail : PLAIN_TAIL, &difference);
    const double sign = row->more_is_better ? -1 : 1;
    other->rounds = difference.rounds;
    other->has_change = isfinite(difference.value);
    other->has_change_interval = other->has_change && difference.has_low_high;
    other->change = other->has_change ? expm1(sign * difference.value) : 0;
    if (!other->has_change_interval)
        return;
    other->change_low = expm1(sign * (row->more_is_better ? difference.high : difference.low));
    other->change_high = expm1(sign * (row->more_is_better ? difference.low : difference.high));
}

static void fill_candidates(struct ed_report_candidate *candidates, struct row *row,
                            const struct ed_tune_judging *j, size_t chosen) {
    for (size_t i = 0; i < row->n; i++) {
        struct ed_report_candidate *c = &candidates[i];
        const struct ed_result *result = result_of(row, j, i);
        const enum ed_tune_state state = row->items[i].state;
        *c = (struct ed_report_candidate){.result = result,
                                          .how = j->device->cases[row->items[i].primary].how,
                                          .reference = row->items[i].reference,
                                          .state = state_word(row, i, chosen),
                                          .beaten_by = SIZE_MAX};
        c->why = keep(j->out, &row->items[i].why);
        c->has_value = result->has[ED_FIELD_outcome] && !strcmp(result->outcome, "ok") &&
                       ed_result_number(result, row->field, 0, &c->value);
        c->has_interval = c->has_value && result->has_span[row->field] &&
                          ed_result_number(result, row->field, -1, &c->low) &&
                          ed_result_number(result, row->field, 1, &c->high);
        if (chosen != SIZE_MAX && i != chosen && c->has_value)
            set_change(c, row, j, i, chosen);
        // What was measured elsewhere than asked, or not on the device itself, is no figure of this choice.
        c->ran =
            c->has_value && state != ED_TUNE_INVALID && state != ED_TUNE_BROKEN &&
            !(result->has[ED_FIELD_placed_ops_share] && result->placed_ops_share < j->campaign->min_placed);
    }
}

// Whether the key says how fast an inference is, or tokens are.
static bool is_speed(int field, bool language) {
    return language || !strncmp(ed_result_fields()[field].key, "latency_", strlen("latency_")) ||
           field == ED_FIELD_throughput_per_s;
}

// What the front is over: what every candidate that ran has.
static void fill_front(struct ed_report_choice_row *out, struct ed_report_candidate *candidates,
                       const struct ed_tune_judging *j) {
    const int wanted[] = {out->key,
                          ED_FIELD_latency_p50_ns,
                          ED_FIELD_memory_inference_peak_bytes,
                          ED_FIELD_energy_per_inference_uj,
                          ED_FIELD_model_file_bytes,
                          ED_FIELD_accuracy_drop};
    struct ed_buffer without;
    bool any_ran = false;
    for (size_t i = 0; i < out->n; i++)
        any_ran = any_ran || candidates[i].ran;
    ed_buffer_init(&without, 1u << 16);
    const bool language = candidates[0].result->has[ED_FIELD_prefill_tokens_per_s] ||
                          candidates[0].result->has[ED_FIELD_decode_tokens_per_s];
    for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++) {
        const char *key = ed_result_fields()[wanted[w]].key;
        const struct ed_reason *why = NULL;
        bool all = false, again = false;
        double value;
        for (size_t v = 0; v < w; v++)
            again = again || wanted[v] == wanted[w];
        if (again || (w > 0 && wanted[w] == ED_FIELD_latency_p50_ns && is_speed(out->key, language)))
            continue;
        for (size_t i = 0; i < out->n; i++) {
            if (!candidates[i].ran)
                continue;
            all = true;
            if (!ed_result_number(candidates[i].result, wanted[w], 0, &value)) {
                why = ed_result_reason_find(candidates[i].result, key);
                all = false;
                break;
            }
        }
        if (all)
            out->axes[out->n_axes++] = wanted[w];
        else if (any_ran)
            ed_buffer_printf(&without, "%s%s (%.200s)", without.size ? ", " : "", key,
                             why ? why->text : "not measured");
    }
    for (size_t i = 0; i < out->n; i++) {
        size_t by = out->n;
        for (size_t k = 0; k < out->n && by == out->n; k++)
            if (candidates[i].ran && candidates[k].ran &&
                ed_front_beats(candidates[k].result, candidates[i].result, out->axes, out->n_axes))
                by = k;
        candidates[i].front = candidates[i].ran && by == out->n && out->n_axes > 0;
        candidates[i].beaten_by = by == out->n ? SIZE_MAX : out->first + by;
    }
    out->left_out = keep(j->out, &without);
}

static bool any(const struct row *row, enum ed_tune_state state) {
    for (size_t i = 0; i < row->n; i++)
        if (row->items[i].state == state)
            return true;
    return false;
}

static bool accuracy_is_required(const struct ed_campaign *campaign) {
    for (size_t i = 0; i < campaign->n_requirements; i++)
        if (!strcmp(ed_result_fields()[campaign->requirements[i].field].group, "accuracy"))
            return true;
    for (size_t i = 0; i < campaign->n_tasks; i++)
        if (campaign->tasks[i].has_threshold)
            return true;
    return false;
}

static size_t count_variants(const struct row *row, const struct ed_tune_judging *j) {
    size_t n = 0;
    for (size_t i = 0; i < row->n; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || !strcmp(result_of(row, j, k)->variant, result_of(row, j, i)->variant);
        n += !seen;
    }
    return n;
}

static enum ed_verdict judge(struct row *row, const struct ed_tune_judging *j,
                             struct ed_tune_row_facts *facts, size_t *chosen, enum ed_status *status) {
    const bool allowed = j->campaign->tune.inconclusive_pass;
    size_t best;
    bool unknown;
    *chosen = SIZE_MAX;
    facts->stopped = any(row, ED_TUNE_STOPPED);
    *status = narrow(row, j, &best, &unknown);
    if (*status != ED_OK)
        return ED_VERDICT_NONE;
    facts->rounds_needed = unknown ? ed_best_rounds(row->n_eligible, ED_BEST_ALPHA) : 0;
    if (best != SIZE_MAX && (allowed || (!facts->stopped && !unknown))) {
        *chosen = choose(row, j, best, !unknown);
        return ED_VERDICT_PASS;
    }
    if (best != SIZE_MAX || facts->stopped || any(row, ED_TUNE_INCONCLUSIVE) || any(row, ED_TUNE_NO_VALUE))
        return ED_VERDICT_INCONCLUSIVE;
    return any(row, ED_TUNE_INVALID) ? ED_VERDICT_INVALID : ED_VERDICT_FAIL;
}

static bool all_broken(const struct row *row) {
    for (size_t i = 0; i < row->n; i++)
        if (row->items[i].state != ED_TUNE_BROKEN)
            return false;
    return true;
}

enum ed_status ed_tune_row_add(const struct ed_tune_judging *j, size_t first) {
    struct ed_tune_verdict *out = j->out;
    struct row row = {0};
    struct ed_report_choice_row *rows = realloc(out->rows, (out->n_rows + 1) * sizeof *rows);
    out->rows = rows ? rows : out->rows;
    enum ed_status status = rows ? gather(&row, j, first) : no_memory(j->err);
    struct ed_report_candidate *candidates =
        status == ED_OK ? realloc(out->candidates, (out->n_candidates + row.n) * sizeof *candidates) : NULL;
    out->candidates = candidates ? candidates : out->candidates;
    if (status == ED_OK && !candidates)
        status = no_memory(j->err);
    if (status == ED_OK) {
        struct ed_tune_row_facts facts = {.candidates = row.items,
                                          .accuracy_required = accuracy_is_required(j->campaign),
                                          .variants = count_variants(&row, j),
                                          .eligible = row.n_eligible};
        struct ed_report_choice_row *made = &out->rows[out->n_rows];
        struct ed_buffer words;
        size_t chosen;
        const enum ed_verdict verdict = judge(&row, j, &facts, &chosen, &status);
        *made = (struct ed_report_choice_row){.device = j->device->id,
                                              .model = j->device->cases[first].model,
                                              .verdict = ed_verdict_word(verdict),
                                              .chosen = SIZE_MAX,
                                              .first = out->n_candidates,
                                              .n = row.n,
                                              .key = row.field,
                                              .more_is_better = row.more_is_better};
        if (status == ED_OK) {
            if (chosen != SIZE_MAX)
                made->chosen = made->first + chosen;
            fill_candidates(&out->candidates[made->first], &row, j, chosen);
            fill_front(made, &out->candidates[made->first], j);
            const struct ed_report_choice so_far = {.ties = ED_TUNE_TIES, .candidates = out->candidates};
            ed_buffer_init(&words, 1u << 20);
            ed_tune_words(&words, &so_far, made, &facts);
            made->why = keep(out, &words);
            const bool broken = all_broken(&row);
            out->n_broken += broken;
            out->n_failed += verdict == ED_VERDICT_FAIL && !broken;
            out->n_candidates += row.n;
            out->n_rows++;
        }
    }
    row_release(&row);
    return status;
}
