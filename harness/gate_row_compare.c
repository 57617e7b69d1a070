// SPDX-License-Identifier: Apache-2.0
// What a comparison of two cases says, in a row.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "harness/gate_rows.h"
#include "harness/validity.h"
#include "reports/fields.h"

static void validity_words(char *text, size_t bytes, uint32_t reasons) {
    text[0] = '\0';
    for (int i = 0; i < ED_VALIDITY_REASON_COUNT; i++) {
        const size_t used = strlen(text);
        if (reasons >> i & 1)
            snprintf(text + used, bytes - used, "%s%s", used ? ", " : "",
                     ed_validity_word((enum ed_validity_reason)i));
    }
}

// A state that both sides of a pair share does not void it; where one side alone was so in most of the pairs,
// what is left is not the same device for both.
static bool is_void(const struct ed_gate_judging *j, const struct ed_gate_cell *cell, char *why) {
    const struct ed_result *sides[2] = {&j->records[ed_gate_judged_pair(j)->baseline],
                                        &j->records[ed_gate_judged_pair(j)->candidate]};
    const struct ed_result_field *field = &ed_result_fields()[cell->metric->field];
    for (size_t side = 0; side < 2; side++)
        if ((!strcmp(field->unit, "ns") || !strcmp(field->unit, "1/s") || !strcmp(field->unit, "uj")) &&
            sides[side]->has[ED_FIELD_simulated] && sides[side]->simulated) {
            snprintf(why, sizeof j->out->texts[0], "simulated: times are not speed");
            return true;
        }
    if (2 * cell->voided <= cell->voided + cell->n)
        return false;
    char words[200];
    validity_words(words, sizeof words, cell->voiding);
    snprintf(why, sizeof j->out->texts[0], "in %zu of %zu pairs one side alone was: %s", cell->voided,
             cell->voided + cell->n, words);
    return true;
}

static void allowed_words(char *text, size_t bytes, const struct ed_gate_cell *cell) {
    if (cell->requirement)
        snprintf(text, bytes, "what is allowed");
    else
        snprintf(text, bytes, "%.3g %%", cell->mde * 100);
}

// Of a comparison of which no pair of blocks has both values.
static void lacking_words(char *text, size_t bytes, const struct ed_gate_judging *j,
                          const struct ed_gate_cell *cell) {
    const char *key = ed_result_fields()[cell->metric->field].key;
    const struct ed_campaign_pair *pair = ed_gate_judged_pair(j);
    const struct ed_reason *candidate = ed_result_reason_find(&j->records[pair->candidate], key),
                           *baseline = ed_result_reason_find(&j->records[pair->baseline], key);
    if (candidate)
        snprintf(text, bytes, "the blocks do not have it: %.300s", candidate->text);
    else if (baseline)
        snprintf(text, bytes, "the baseline's blocks do not have it: %.300s", baseline->text);
    else
        snprintf(text, bytes, "the blocks do not have it: not measured");
}

static void explain(const struct ed_gate_judging *j, const struct ed_gate_cell *cell, char *why) {
    const struct ed_gate_decision *d = &cell->decision;
    const struct ed_gate_progress *progress = &j->gate->pairs[cell->pair];
    const size_t bytes = sizeof j->out->texts[0];
    char allowed[64], least[32], stopped[160] = "";
    allowed_words(allowed, sizeof allowed, cell);
    if (d->verdict == ED_VERDICT_PASS) {
        snprintf(why, bytes,
                 d->has_interval && d->low > 0 && !cell->requirement ? "worse, but surely by less than %s"
                                                                     : "surely within %s",
                 allowed);
        return;
    }
    if (d->verdict == ED_VERDICT_FAIL) {
        snprintf(why, bytes,
                 cell->requirement ? "surely beyond %s (p %.2g)" : "worse, and not surely within %s (p %.2g)",
                 allowed, d->p_worse);
        return;
    }
    if (j->stage->out_of_time) {
        ed_units_print_duration(least, sizeof least, j->stage->least_ns);
        snprintf(stopped, sizeof stopped,
                 "; --max-time has no room for the next look, which is reached after about %s", least);
    } else if (j->stage->more)
        snprintf(stopped, sizeof stopped, "; the gate was stopped, and --resume goes on");
    if (!cell->n && progress->home)
        lacking_words(why, bytes, j, cell);
    else if (!d->pairs)
        snprintf(why, bytes, "%zu pairs of blocks; the first look needs %zu%s", cell->n, ed_look_pairs(0),
                 stopped);
    else if (d->has_interval && d->high > 0 && d->low <= 0)
        snprintf(why, bytes, "%zu pairs cannot tell no change from %s%s", d->pairs, allowed, stopped);
    else
        snprintf(why, bytes, "%zu pairs cannot tell whether it is within %s%s", d->pairs, allowed, stopped);
}

// In the key's own direction: a share of the baseline's value, or a difference.
static double shown(const struct ed_gate_cell *cell, double x) {
    const double sign = cell->more_is_worse ? 1 : -1;
    if (cell->ratio)
        return expm1(sign * x);
    const struct ed_requirement *r = cell->requirement;
    return sign * x + (r->limit_is_int ? (double)r->limit : r->limit_real);
}

// What passes must not have been missing where it would have failed.
static bool is_incomplete(const struct ed_gate_judging *j, const struct ed_gate_cell *cell, char *why) {
    if (cell->decision.verdict != ED_VERDICT_PASS || !cell->missing)
        return false;
    snprintf(why, sizeof j->out->texts[0], "in %zu of %zu pairs a block does not have it, and all others do",
             cell->missing, cell->missing + cell->n);
    return true;
}

void ed_gate_row_compare(struct ed_gate_judging *j, const struct ed_gate_cell *cell) {
    const struct ed_gate_decision *d = &cell->decision;
    char *why;
    struct ed_report_gate_row *row = ed_gate_row_add(j, ed_result_fields()[cell->metric->field].key, &why);
    row->requirement = cell->requirement ? cell->requirement->text : NULL;
    row->verdict = ed_verdict_word(d->verdict);
    row->mde = cell->requirement ? 0 : cell->mde;
    row->pairs = d->pairs ? d->pairs : cell->n;
    row->absolute = !cell->ratio;
    row->more_is_worse = cell->more_is_worse;
    row->has_values = isfinite(cell->baseline) && isfinite(cell->candidate);
    row->baseline = row->has_values ? cell->baseline : 0;
    row->candidate = row->has_values ? cell->candidate : 0;
    row->has_change = d->has_effect;
    row->has_interval = d->has_interval;
    row->change = d->has_effect ? shown(cell, d->effect) : 0;
    row->low = d->has_interval ? shown(cell, cell->more_is_worse ? d->low : d->high) : 0;
    row->high = d->has_interval ? shown(cell, cell->more_is_worse ? d->high : d->low) : 0;
    if (is_void(j, cell, why)) {
        row->verdict = ed_verdict_word(ED_VERDICT_INVALID);
        return;
    }
    if (is_incomplete(j, cell, why)) {
        row->verdict = ed_verdict_word(ED_VERDICT_INCONCLUSIVE);
        return;
    }
    explain(j, cell, why);
    if (cell->voided) {
        char words[200];
        const size_t used = strlen(why);
        validity_words(words, sizeof words, cell->voiding);
        snprintf(why + used, sizeof j->out->texts[0] - used,
                 "; %zu of %zu pairs left out: one side alone was %s", cell->voided, cell->voided + cell->n,
                 words);
    }
}
