// SPDX-License-Identifier: Apache-2.0
// From a pair's blocks, comparisons and records to its rows.
#include "harness/gate_rows.h"

#include <stdio.h>
#include <string.h>

#include "reports/fields.h"

#define GATE_CODE "gate_"

struct ed_report_gate_row *ed_gate_row_add(struct ed_gate_judging *j, const char *key, char **why) {
    struct ed_report_gate_row *row = &j->out->rows[j->out->n_rows];
    const struct ed_campaign_case *candidate = &j->device->cases[ed_gate_judged_pair(j)->candidate];
    char *model = j->out->models[j->out->n_rows];
    bool several = false;
    for (size_t p = 0; p < j->device->n_pairs; p++)
        several = several || (p != j->pair && !strcmp(j->device->cases[j->device->pairs[p].candidate].model,
                                                      candidate->model));
    snprintf(model, sizeof j->out->models[0], "%s",
             several               ? candidate->case_id
             : candidate->model[0] ? candidate->model
                                   : candidate->engine);
    *why = j->out->texts[j->out->n_rows++];
    *row = (struct ed_report_gate_row){.device = j->device->id,
                                       .model = model,
                                       .baseline_case =
                                           j->device->cases[ed_gate_judged_pair(j)->baseline].case_id,
                                       .candidate_case = candidate->case_id,
                                       .key = key,
                                       .verdict = "",
                                       .why = *why};
    return row;
}

static const char *outcome_word(const struct ed_block *block) {
    static const char *const words[ED_OUTCOME_COUNT] = {
        [ED_OUTCOME_OK] = "ran",
        [ED_OUTCOME_OOM] = "ran out of memory",
        [ED_OUTCOME_CRASHED] = "crashed",
        [ED_OUTCOME_TIMEOUT] = "ran out of time",
        [ED_OUTCOME_REFUSED] = "was refused",
        [ED_OUTCOME_CANCELLED] = "was cancelled",
    };
    return words[block->outcome];
}

// Of a side that did not run: "ran out of memory in load (timing block 3: message)".
static void describe_bad(char *text, size_t bytes, const struct ed_block *block) {
    snprintf(text, bytes, "%s%s%s (%s block %lld%s%.160s)", outcome_word(block),
             block->died_in_phase[0] ? " in " : "", block->died_in_phase, block->pass,
             (long long)block->repetition, block->message[0] ? ": " : "", block->message);
}

static void add_outcome(struct ed_gate_judging *j) {
    const struct ed_block *const *bad = j->gate->pairs[j->pair].bad;
    char words[2][320], *why;
    struct ed_report_gate_row *row = ed_gate_row_add(j, "outcome", &why);
    for (size_t side = 0; side < 2; side++)
        if (bad[side])
            describe_bad(words[side], sizeof words[side], bad[side]);
    row->verdict = ed_verdict_word(bad[0] ? ED_VERDICT_INVALID : ED_VERDICT_FAIL);
    if (!bad[0])
        snprintf(why, sizeof j->out->texts[0], "the candidate %s; the baseline ran", words[1]);
    else if (bad[1])
        snprintf(why, sizeof j->out->texts[0], "neither ran: the baseline %.230s; the candidate %.230s",
                 words[0], words[1]);
    else
        snprintf(why, sizeof j->out->texts[0], "the baseline %s, so there is nothing to compare with",
                 words[0]);
}

// A key that blocks do not have one by one, such as the size of a file: plain values.
static void add_whole(struct ed_gate_judging *j, const struct ed_requirement *r) {
    const struct ed_result *a = &j->records[ed_gate_judged_pair(j)->baseline],
                           *b = &j->records[ed_gate_judged_pair(j)->candidate];
    char *why;
    struct ed_report_gate_row *row = ed_gate_row_add(j, ed_result_fields()[r->field].key, &why);
    row->requirement = r->text;
    row->metric = b->has[ED_FIELD_accuracy_metric] ? b->accuracy_metric : NULL;
    row->has_values = ed_result_number(a, r->field, r->end, &row->baseline) &&
                      ed_result_number(b, r->field, r->end, &row->candidate);
    if (!row->has_values) {
        row->verdict = ed_verdict_word(ED_VERDICT_INCONCLUSIVE);
        snprintf(why, sizeof j->out->texts[0], "not measured on both sides");
        return;
    }
    const double limit = r->relative ? row->baseline * (1 + r->limit_real)
                                     : row->baseline + (r->limit_is_int ? (double)r->limit : r->limit_real);
    const bool holds = r->op == ED_OP_LE   ? row->candidate <= limit
                       : r->op == ED_OP_LT ? row->candidate < limit
                       : r->op == ED_OP_GE ? row->candidate >= limit
                                           : row->candidate > limit;
    row->verdict = ed_verdict_word(holds ? ED_VERDICT_PASS : ED_VERDICT_FAIL);
    row->more_is_worse = r->op == ED_OP_LE || r->op == ED_OP_LT;
    // Of fractions and of what a metric has as its unit the difference is told.
    row->absolute = !*ed_result_fields()[r->field].unit && !r->limit_is_int;
    row->has_change = row->absolute || row->baseline > 0;
    row->change = row->absolute     ? row->candidate - row->baseline
                  : row->has_change ? row->candidate / row->baseline - 1
                                    : 0;
    snprintf(why, sizeof j->out->texts[0], "compared as it is");
}

static void add_limit_of(struct ed_gate_judging *j, const struct ed_requirement *r, size_t c) {
    char *why;
    struct ed_report_gate_row *row = ed_gate_row_add(j, ed_result_fields()[r->field].key, &why);
    row->requirement = r->text;
    if (j->records[c].has[ED_FIELD_accuracy_metric])
        row->metric = j->records[c].accuracy_metric;
    row->verdict = ed_verdict_word(ed_requirement_judge(r, &j->records[c], why, sizeof j->out->texts[0]));
    row->has_values =
        ed_result_number(&j->records[ed_gate_judged_pair(j)->baseline], r->field, r->end, &row->baseline) &&
        ed_result_number(&j->records[c], r->field, r->end, &row->candidate);
}

// A limit, judged on the candidate's own record: of accuracy for every task, else once.
static void add_limit(struct ed_gate_judging *j, const struct ed_requirement *r) {
    const bool of_task = !strcmp(ed_result_fields()[r->field].group, "accuracy");
    for (size_t c = 0; c < j->device->n_cases; c++)
        if (j->device->cases[c].timing == ed_gate_judged_pair(j)->candidate &&
            (c == ed_gate_judged_pair(j)->candidate || of_task) && ed_requirement_applies(r, &j->records[c]))
            add_limit_of(j, r, c);
}

// The limits of the candidate's tasks themselves.
static void add_thresholds(struct ed_gate_judging *j) {
    for (size_t c = 0; c < j->device->n_cases; c++) {
        const int64_t task = j->device->cases[c].task;
        if (j->device->cases[c].timing == ed_gate_judged_pair(j)->candidate && task >= 0 &&
            j->campaign->tasks[task].has_threshold)
            add_limit_of(j, &j->campaign->tasks[task].threshold, c);
    }
}

// The record of this case, or of a further task of it, of which least ran as it was asked to; NULL: all did.
// By the figure itself, since a list of reasons may be full.
static const struct ed_result *fallback_of(const struct ed_gate_judging *j, size_t timing) {
    const struct ed_result *least = NULL;
    for (size_t c = 0; c < j->device->n_cases; c++) {
        const struct ed_result *record = &j->records[c];
        if (j->device->cases[c].timing == timing && record->has[ED_FIELD_placed_ops_share] &&
            record->placed_ops_share < (least ? least->placed_ops_share : 1))
            least = record;
    }
    return least;
}

// A candidate that fell back has failed; beside a baseline that did, nothing is decided, for it is another
// processor that the candidate is held against. What was allowed is told.
static void add_placement(struct ed_gate_judging *j) {
    const char *const names[] = {"candidate", "baseline"};
    const size_t cases[] = {ed_gate_judged_pair(j)->candidate, ed_gate_judged_pair(j)->baseline};
    struct ed_report_gate_row *row = NULL;
    enum ed_verdict all = ED_VERDICT_PASS;
    char *why = NULL;
    size_t used = 0;
    for (size_t side = 0; side < 2; side++) {
        const struct ed_result *record = fallback_of(j, cases[side]);
        if (!record)
            continue;
        const bool allowed =
            j->campaign->allow_fallback || record->placed_ops_share >= j->campaign->min_placed;
        row = row ? row : ed_gate_row_add(j, "placement_observed", &why);
        all = ed_verdict_combine(all, allowed     ? ED_VERDICT_PASS
                                      : side == 0 ? ED_VERDICT_FAIL
                                                  : ED_VERDICT_INVALID);
        if (used < sizeof j->out->texts[0])
            used += (size_t)snprintf(why + used, sizeof j->out->texts[0] - used,
                                     "%sthe %s fell back%s: asked %.30s; %.190s", used ? "; " : "",
                                     names[side], allowed ? ", which was allowed" : "",
                                     record->placement_asked, record->placement_observed);
    }
    if (row) {
        row->verdict = ed_verdict_word(all);
        row->told = true;
    }
}

// What is missing or damaged of the campaign's files. A fail stays one; nothing passes beside it.
static void add_doubts(struct ed_gate_judging *j) {
    const struct ed_gate_progress *progress = &j->gate->pairs[j->pair];
    const size_t bytes = sizeof j->out->texts[0];
    char *why;
    if (j->left_out || progress->empty || progress->unread) {
        ed_gate_row_add(j, "blocks", &why)->verdict = ed_verdict_word(ED_VERDICT_INVALID);
        if (j->left_out)
            snprintf(why, bytes,
                     "%zu lines of the device's journal are damaged, and nobody knows what they told",
                     j->left_out);
        else if (progress->empty)
            snprintf(why, bytes, "%zu blocks ended well, and their samples are not here", progress->empty);
        else
            snprintf(
                why, bytes,
                "what the device's sensors read in %zu blocks is not here, so that its state is not known",
                progress->unread);
    }
    if (progress->unanswered && progress->piloted && !j->stage->more) {
        ed_gate_row_add(j, "accuracy_value", &why)->verdict = ed_verdict_word(ED_VERDICT_INCONCLUSIVE);
        snprintf(why, bytes, "%zu of its accuracy blocks are not here", progress->unanswered);
    }
}

void ed_gate_pair_judge(struct ed_gate_judging *j) {
    const struct ed_block *const *bad = j->gate->pairs[j->pair].bad;
    const size_t first = j->out->n_rows;
    if (bad[0] || bad[1])
        add_outcome(j);
    for (size_t i = 0; !bad[0] && !bad[1] && i < j->gate->n_cells; i++)
        if (j->gate->cells[i].pair == j->pair)
            ed_gate_row_compare(j, &j->gate->cells[i]);
    for (size_t i = 0; !bad[0] && !bad[1] && i < j->campaign->n_requirements; i++) {
        const struct ed_requirement *r = &j->campaign->requirements[i];
        if (!r->of_baseline)
            add_limit(j, r);
        else if (!ed_gate_metric_find(r->field))
            add_whole(j, r);
    }
    if (!bad[0] && !bad[1])
        add_thresholds(j);
    add_placement(j);
    add_doubts(j);
    enum ed_verdict all = ED_VERDICT_NONE;
    for (size_t i = first; i < j->out->n_rows; i++)
        all = ed_verdict_combine(all, ed_verdict_of_word(j->out->rows[i].verdict));
    if (all == ED_VERDICT_NONE)
        all = ED_VERDICT_INCONCLUSIVE;
    struct ed_result *record = &j->records[ed_gate_judged_pair(j)->candidate];
    ED_RESULT_SET_TEXT(record, verdict, ed_verdict_word(all));
    for (size_t i = first; i < j->out->n_rows; i++) {
        const struct ed_report_gate_row *row = &j->out->rows[i];
        char code[32];
        snprintf(code, sizeof code, GATE_CODE "%s", row->verdict);
        // What was required has its reason already.
        if (!row->requirement || row->pairs)
            ed_result_reason(record, row->key, code, "%s%s%s", row->requirement ? row->requirement : "",
                             row->requirement ? ": " : "", row->why);
    }
}
