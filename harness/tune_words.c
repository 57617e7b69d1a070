// SPDX-License-Identifier: Apache-2.0
// Why it is that one.
#include "harness/tune_words.h"

#include <math.h>
#include <string.h>

#include "reports/choice.h"
#include "reports/fields.h"
#include "reports/lines.h"

#define SHOWN 4

struct telling {
    struct ed_buffer *out;
    const struct ed_report_choice *report;
    const struct ed_report_choice_row *row;
    const struct ed_tune_row_facts *facts;
};

static const struct ed_report_candidate *candidate(const struct telling *t, size_t i) {
    return &t->report->candidates[t->row->first + i];
}

static bool is_state(const struct telling *t, size_t i, const char *state) {
    return strcmp(candidate(t, i)->state, state) == 0;
}

static void name(const struct telling *t, size_t i) {
    ed_choice_name(t->out, t->report, t->row, t->row->first + i);
}

// " +40.1 % (+38.0 to +42.3 %)"
static void change(const struct telling *t, size_t i) {
    char text[96], interval[192];
    ed_choice_change(text, sizeof text, candidate(t, i));
    ed_choice_interval(interval, sizeof interval, candidate(t, i));
    if (!text[0])
        return;
    ed_buffer_printf(t->out, " %s", text);
    if (interval[0])
        ed_buffer_printf(t->out, " (%s)", interval);
}

static bool better(const struct telling *t, double a, double b) {
    return t->row->more_is_better ? a > b : a < b;
}

// The best one of those that `is` accepts; row->n: none.
static size_t best_of(const struct telling *t, bool (*is)(const struct telling *t, size_t i)) {
    size_t best = t->row->n;
    for (size_t i = 0; i < t->row->n; i++)
        if (t->row->first + i != t->row->chosen && candidate(t, i)->has_value &&
            candidate(t, i)->has_change && is(t, i) &&
            (best == t->row->n || better(t, candidate(t, i)->value, candidate(t, best)->value)))
            best = i;
    return best;
}

static bool is_reference(const struct telling *t, size_t i) {
    return candidate(t, i)->reference;
}

static bool is_slower(const struct telling *t, size_t i) {
    return is_state(t, i, "slower");
}

static void figure(const struct telling *t) {
    const struct ed_report_candidate *chosen = &t->report->candidates[t->row->chosen];
    char value[64], low[64], high[64];
    ed_choice_value(value, sizeof value, t->row, chosen);
    ed_buffer_printf(t->out, ": %s %s", ed_result_fields()[t->row->key].key, value);
    if (!chosen->has_interval)
        return;
    ed_lines_value_of(low, sizeof low, t->row->key, chosen->result->accuracy_metric, chosen->low);
    ed_lines_value_of(high, sizeof high, t->row->key, chosen->result->accuracy_metric, chosen->high);
    ed_buffer_printf(t->out, " (%s to %s)", low, high);
}

static void what_it_beats(const struct telling *t) {
    const size_t n = t->row->n, reference = best_of(t, is_reference), next = best_of(t, is_slower);
    const bool of_reference = t->report->candidates[t->row->chosen].reference;
    if (of_reference)
        ed_buffer_text_append(t->out, " It runs the reference variant.");
    if (reference < n && !of_reference) {
        ed_buffer_text_append(t->out, " Against it the reference, ");
        name(t, reference);
        ed_buffer_text_append(t->out, ", has");
        change(t, reference);
        ed_buffer_text_append(t->out, ".");
    }
    if (next < n && (next != reference || of_reference)) {
        ed_buffer_text_append(t->out, " The next that is told apart, ");
        name(t, next);
        ed_buffer_text_append(t->out, ", has");
        change(t, next);
        ed_buffer_text_append(t->out, ".");
    }
}

// How much worse than one of the tied the chosen one may be.
static void ties(const struct telling *t) {
    double most = 0;
    size_t n = 0;
    bool known = true;
    for (size_t i = 0; i < t->row->n; i++) {
        if (!is_state(t, i, "tied"))
            continue;
        if (n < SHOWN) {
            ed_buffer_text_append(t->out, n ? ", " : " Not told apart from the best: ");
            name(t, i);
        }
        n++;
        known = known && candidate(t, i)->has_change_interval;
        const double end =
            t->row->more_is_better ? candidate(t, i)->change_high : candidate(t, i)->change_low;
        // The chosen one's excess over this one.
        const double excess = known ? t->row->more_is_better ? 1 - 1 / (1 + end) : 1 / (1 + end) - 1 : 0;
        most = excess > most ? excess : most;
    }
    if (!n)
        return;
    if (n > SHOWN)
        ed_buffer_printf(t->out, " and %zu more", n - SHOWN);
    if (t->facts->rounds_needed)
        ed_buffer_printf(t->out, "; the rounds are too few (it takes %zu), and the best median was taken",
                         t->facts->rounds_needed);
    else
        ed_buffer_printf(t->out, "; %s decided", t->report->ties);
    if (known && most > 0)
        ed_buffer_printf(t->out, ", which costs at most %.2g %%", 100 * most);
    ed_buffer_text_append(t->out, ".");
}

// The rule may have preferred one of which the median is not the best.
static bool is_best(const struct telling *t) {
    const struct ed_report_candidate *chosen = &t->report->candidates[t->row->chosen];
    for (size_t i = 0; i < t->row->n; i++)
        if (is_state(t, i, "tied") && candidate(t, i)->has_value &&
            better(t, candidate(t, i)->value, chosen->value))
            return false;
    return true;
}

static void rank(const struct telling *t) {
    const char *best = t->row->more_is_better ? "most" : "least";
    if (t->facts->eligible == 1)
        ed_buffer_text_append(t->out, ", the only one that passes.");
    else
        ed_buffer_printf(t->out, ", %s %s of %zu that pass.", is_best(t) ? "the" : "among the", best,
                         t->facts->eligible);
}

// Whether an earlier one is in the same state for the same reason, which is told once.
static bool is_told(const struct telling *t, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (!strcmp(candidate(t, k)->state, candidate(t, i)->state) &&
            !strcmp(candidate(t, k)->why, candidate(t, i)->why))
            return true;
    return false;
}

static void others(const struct telling *t, const char *state, const char *head) {
    size_t n = 0;
    for (size_t i = 0; i < t->row->n; i++) {
        if (!is_state(t, i, state) || is_told(t, i))
            continue;
        if (n++ >= SHOWN)
            continue;
        ed_buffer_text_append(t->out, n > 1 ? "; " : head);
        name(t, i);
        for (size_t k = i + 1; k < t->row->n; k++)
            if (is_state(t, k, state) && !strcmp(candidate(t, k)->why, candidate(t, i)->why)) {
                ed_buffer_text_append(t->out, "; ");
                name(t, k);
            }
        ed_buffer_printf(t->out, " (%.300s)", candidate(t, i)->why);
    }
    if (n > SHOWN)
        ed_buffer_printf(t->out, "; and %zu more reasons", n - SHOWN);
    ed_buffer_text_append(t->out, n ? "." : "");
}

static void not_chosen(const struct telling *t) {
    const struct ed_tune_row_facts *facts = t->facts;
    if (facts->stopped && facts->eligible)
        ed_buffer_text_append(t->out, "not decided: the campaign was stopped before every configuration was "
                                      "measured; --resume goes on, or --max-time was too short.");
    else if (facts->rounds_needed)
        ed_buffer_printf(
            t->out,
            "not decided: %zu configurations pass, and the rounds are too few to tell any of them "
            "apart; it takes %zu that are valid (-r %zu).",
            facts->eligible, facts->rounds_needed, facts->rounds_needed);
    else if (!strcmp(t->row->verdict, ed_verdict_word(ED_VERDICT_INCONCLUSIVE)))
        ed_buffer_text_append(t->out, "not decided: none passes for sure.");
    else if (!strcmp(t->row->verdict, ed_verdict_word(ED_VERDICT_INVALID)))
        ed_buffer_text_append(t->out, "invalid: no measurement is to be used.");
    else
        ed_buffer_text_append(t->out, "none passes.");
}

void ed_tune_words(struct ed_buffer *out, const struct ed_report_choice *report,
                   const struct ed_report_choice_row *row, const struct ed_tune_row_facts *facts) {
    const struct telling t = {out, report, row, facts};
    if (row->chosen != SIZE_MAX) {
        const struct ed_result *result = report->candidates[row->chosen].result;
        name(&t, row->chosen - row->first);
        figure(&t);
        rank(&t);
        what_it_beats(&t);
        ties(&t);
        if (!strcmp(result->placement_observed, "not proven") && strcmp(result->processor, "cpu"))
            ed_buffer_printf(out, " That it ran on the %s is not proven.", result->processor);
    } else {
        not_chosen(&t);
    }
    others(&t, "fail", " Failed: ");
    others(&t, "inconclusive", " Inconclusive: ");
    others(&t, "invalid", " Invalid: ");
    others(&t, "not measured", " Not measured: ");
    if (!facts->accuracy_required && facts->variants > 1)
        ed_buffer_text_append(out,
                              " No requirement names accuracy: how right the answers are was not judged.");
}
