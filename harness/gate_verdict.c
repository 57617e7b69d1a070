// SPDX-License-Identifier: Apache-2.0
// From comparisons and records to rows and a verdict.
#include "harness/gate_verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/units.h"
#include "harness/gate_device.h"
#include "harness/validity.h"
#include "reports/fields.h"
#include "reports/gate.h"

#define GATE_CODE "gate_"

struct judging {
    struct ed_gate_verdict *out;
    const struct ed_campaign *campaign;
    const struct ed_campaign_device *device;
    struct ed_result *records; // of the device, one a case
    const struct ed_gate_device *gate;
    const struct ed_gate_stage *stage; // what would come next
    size_t left_out;                   // lines of the journal
    size_t pair;
};

static const struct ed_campaign_pair *pair_of(const struct judging *j) {
    return &j->device->pairs[j->pair];
}

// A row of the pair with its words filled in; `why` comes later.
static struct ed_report_gate_row *add_row(struct judging *j, const char *key, char **why) {
    struct ed_report_gate_row *row = &j->out->rows[j->out->n_rows];
    const struct ed_campaign_case *candidate = &j->device->cases[pair_of(j)->candidate];
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
                                       .baseline_case = j->device->cases[pair_of(j)->baseline].case_id,
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

static void add_outcome(struct judging *j) {
    const struct ed_block *const *bad = j->gate->pairs[j->pair].bad;
    char words[2][320], *why;
    struct ed_report_gate_row *row = add_row(j, "outcome", &why);
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
static bool is_void(const struct judging *j, const struct ed_gate_cell *cell, char *why) {
    const struct ed_result *sides[2] = {&j->records[pair_of(j)->baseline],
                                        &j->records[pair_of(j)->candidate]};
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

static void explain(const struct judging *j, const struct ed_gate_cell *cell, char *why) {
    const struct ed_gate_decision *d = &cell->decision;
    const struct ed_gate_progress *progress = &j->gate->pairs[cell->pair];
    const size_t bytes = sizeof j->out->texts[0];
    char allowed[64], stopped[128] = "";
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
    if (j->stage->out_of_time)
        snprintf(stopped, sizeof stopped, "; --max-time has no room for the next look");
    else if (j->stage->more)
        snprintf(stopped, sizeof stopped, "; the gate was stopped, and --resume goes on");
    if (!cell->n && progress->home)
        snprintf(why, bytes, "the blocks do not have it: %s",
                 ed_result_reason_find(&j->records[pair_of(j)->candidate],
                                       ed_result_fields()[cell->metric->field].key)
                     ? ed_result_reason_find(&j->records[pair_of(j)->candidate],
                                             ed_result_fields()[cell->metric->field].key)
                           ->text
                     : "not measured");
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
static bool is_incomplete(const struct judging *j, const struct ed_gate_cell *cell, char *why) {
    if (cell->decision.verdict != ED_VERDICT_PASS || !cell->missing)
        return false;
    snprintf(why, sizeof j->out->texts[0], "in %zu of %zu pairs a block does not have it, and all others do",
             cell->missing, cell->missing + cell->n);
    return true;
}

static void add_cell(struct judging *j, const struct ed_gate_cell *cell) {
    const struct ed_gate_decision *d = &cell->decision;
    char *why;
    struct ed_report_gate_row *row = add_row(j, ed_result_fields()[cell->metric->field].key, &why);
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

// A key that blocks do not have one by one, such as the size of a file: plain values.
static void add_whole(struct judging *j, const struct ed_requirement *r) {
    const struct ed_result *a = &j->records[pair_of(j)->baseline], *b = &j->records[pair_of(j)->candidate];
    char *why;
    struct ed_report_gate_row *row = add_row(j, ed_result_fields()[r->field].key, &why);
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

static void add_limit_of(struct judging *j, const struct ed_requirement *r, size_t c) {
    char *why;
    struct ed_report_gate_row *row = add_row(j, ed_result_fields()[r->field].key, &why);
    row->requirement = r->text;
    if (j->records[c].has[ED_FIELD_accuracy_metric])
        row->metric = j->records[c].accuracy_metric;
    row->verdict = ed_verdict_word(ed_requirement_judge(r, &j->records[c], why, sizeof j->out->texts[0]));
    row->has_values = ed_result_number(&j->records[pair_of(j)->baseline], r->field, r->end, &row->baseline) &&
                      ed_result_number(&j->records[c], r->field, r->end, &row->candidate);
}

// A limit, judged on the candidate's own record: of accuracy for every task, else once.
static void add_limit(struct judging *j, const struct ed_requirement *r) {
    const bool of_task = !strcmp(ed_result_fields()[r->field].group, "accuracy");
    for (size_t c = 0; c < j->device->n_cases; c++)
        if (j->device->cases[c].timing == pair_of(j)->candidate && (c == pair_of(j)->candidate || of_task))
            add_limit_of(j, r, c);
}

// The limits of the candidate's tasks themselves.
static void add_thresholds(struct judging *j) {
    for (size_t c = 0; c < j->device->n_cases; c++) {
        const int64_t task = j->device->cases[c].task;
        if (j->device->cases[c].timing == pair_of(j)->candidate && task >= 0 &&
            j->campaign->tasks[task].has_threshold)
            add_limit_of(j, &j->campaign->tasks[task].threshold, c);
    }
}

// Short of what was asked, or allowed to be; NULL: as asked.
static const struct ed_reason *fallback_of(const struct ed_result *record, bool *allowed) {
    for (size_t i = 0; i < record->n_reasons && i < ED_REASONS_MAX; i++) {
        *allowed = !strcmp(record->reasons[i].code, "fallback_allowed");
        if (*allowed || !strcmp(record->reasons[i].code, "placement_short"))
            return &record->reasons[i];
    }
    return NULL;
}

// A candidate that fell back has failed; beside a baseline that did, nothing is decided, for it is another
// processor that the candidate is held against. What was allowed is told.
static void add_placement(struct judging *j) {
    const char *const names[] = {"candidate", "baseline"};
    const size_t records[] = {pair_of(j)->candidate, pair_of(j)->baseline};
    struct ed_report_gate_row *row = NULL;
    enum ed_verdict all = ED_VERDICT_PASS;
    char *why = NULL;
    size_t used = 0;
    for (size_t side = 0; side < 2; side++) {
        bool allowed = false;
        const struct ed_reason *reason = fallback_of(&j->records[records[side]], &allowed);
        if (!reason)
            continue;
        row = row ? row : add_row(j, "placement_observed", &why);
        all = ed_verdict_combine(all, allowed     ? ED_VERDICT_PASS
                                      : side == 0 ? ED_VERDICT_FAIL
                                                  : ED_VERDICT_INVALID);
        if (used < sizeof j->out->texts[0])
            used += (size_t)snprintf(why + used, sizeof j->out->texts[0] - used,
                                     "%sthe %s fell back%s: %.230s", used ? "; " : "", names[side],
                                     allowed ? ", which was allowed" : "", reason->text);
    }
    if (row) {
        row->verdict = ed_verdict_word(all);
        row->told = true;
    }
}

// What is missing or damaged of the campaign's files. A fail stays one; nothing passes beside it.
static void add_doubts(struct judging *j) {
    const struct ed_gate_progress *progress = &j->gate->pairs[j->pair];
    const size_t bytes = sizeof j->out->texts[0];
    char *why;
    if (j->left_out || progress->empty || progress->unread) {
        add_row(j, "blocks", &why)->verdict = ed_verdict_word(ED_VERDICT_INVALID);
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
        add_row(j, "accuracy_value", &why)->verdict = ed_verdict_word(ED_VERDICT_INCONCLUSIVE);
        snprintf(why, bytes, "%zu of its accuracy blocks are not here", progress->unanswered);
    }
}

static void judge_pair(struct judging *j) {
    const struct ed_block *const *bad = j->gate->pairs[j->pair].bad;
    const size_t first = j->out->n_rows;
    if (bad[0] || bad[1])
        add_outcome(j);
    for (size_t i = 0; !bad[0] && !bad[1] && i < j->gate->n_cells; i++)
        if (j->gate->cells[i].pair == j->pair)
            add_cell(j, &j->gate->cells[i]);
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
    struct ed_result *record = &j->records[pair_of(j)->candidate];
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

static size_t rows_most(const struct ed_campaign *campaign) {
    size_t most = 0;
    for (size_t d = 0; d < campaign->n_devices; d++)
        most +=
            campaign->devices[d].n_pairs * (campaign->gate.n_metrics + 4) +
            (campaign->devices[d].n_pairs + campaign->devices[d].n_cases) * (campaign->n_requirements + 1);
    return most;
}

static enum ed_status judge_device(struct ed_gate_verdict *out, const struct ed_campaign *campaign, size_t d,
                                   struct ed_result *records, struct ed_error *err) {
    const struct ed_campaign_device *device = &campaign->devices[d];
    struct ed_blocks blocks;
    struct ed_gate_device gate = {0};
    struct ed_gate_stage stage = {0};
    const size_t first = out->n_rows;
    enum ed_status status = ed_blocks_load(&blocks, device, NULL, err);
    if (status != ED_OK)
        return status;
    status = ed_gate_device_make(&gate, campaign, device, &blocks, err);
    if (status == ED_OK) {
        struct judging j = {.out = out,
                            .campaign = campaign,
                            .device = device,
                            .records = records,
                            .gate = &gate,
                            .stage = &stage,
                            .left_out = blocks.n_left_out};
        ed_gate_stage_next(&stage, &campaign->gate, &gate);
        if (stage.more)
            out->blocks_left += stage.pairs ? 2 * gate.going * (stage.pairs - gate.home) : 2 * gate.going;
        for (j.pair = 0; j.pair < device->n_pairs; j.pair++)
            judge_pair(&j);
    }
    enum ed_verdict all = ED_VERDICT_NONE;
    for (size_t i = first; i < out->n_rows; i++)
        all = ed_verdict_combine(all, ed_verdict_of_word(out->rows[i].verdict));
    out->devices_judged += all == ED_VERDICT_PASS || all == ED_VERDICT_FAIL;
    ed_gate_device_release(&gate);
    ed_blocks_release(&blocks);
    return status;
}

static void sum_up(struct ed_gate_verdict *out, const struct ed_campaign *campaign) {
    size_t n[ED_VERDICT_FAIL + 1] = {0};
    const struct ed_report_gate_row *worst = NULL;
    for (size_t i = 0; i < out->n_rows; i++) {
        const enum ed_verdict verdict = ed_verdict_of_word(out->rows[i].verdict);
        n[verdict]++;
        if (verdict > out->verdict) {
            out->verdict = verdict;
            worst = &out->rows[i];
        }
    }
    if (!out->n_rows)
        out->verdict = ED_VERDICT_INCONCLUSIVE;
    out->enough_devices =
        campaign->gate.need ? (int64_t)out->devices_judged >= campaign->gate.need : campaign->n_absent == 0;
    size_t used = (size_t)snprintf(out->summary, sizeof out->summary, "%zu passed", n[ED_VERDICT_PASS]);
    static const struct {
        enum ed_verdict verdict;
        const char *word;
    } others[] = {{ED_VERDICT_FAIL, "failed"},
                  {ED_VERDICT_INVALID, "invalid"},
                  {ED_VERDICT_INCONCLUSIVE, "inconclusive"}};
    for (size_t i = 0; i < 3; i++)
        if (n[others[i].verdict] && used < sizeof out->summary)
            used += (size_t)snprintf(out->summary + used, sizeof out->summary - used, ", %zu %s",
                                     n[others[i].verdict], others[i].word);
    if (worst && out->verdict > ED_VERDICT_PASS && used < sizeof out->summary)
        snprintf(out->summary + used, sizeof out->summary - used, "; first %s on %s: %.200s",
                 worst->requirement ? worst->requirement : worst->key, worst->device, worst->why);
    out->report = (struct ed_report_gate){.verdict = ed_verdict_word(out->verdict),
                                          .summary = out->summary,
                                          .confirms = campaign->gate.confirms,
                                          .n = out->n_rows,
                                          .rows = out->rows};
}

enum ed_status ed_gate_verdict_make(struct ed_gate_verdict *out, const struct ed_campaign *campaign,
                                    struct ed_records *records, struct ed_error *err) {
    const size_t most = rows_most(campaign);
    enum ed_status status = ED_OK;
    size_t first = 0;
    memset(out, 0, sizeof *out);
    out->rows = calloc(most + 1, sizeof *out->rows);
    out->texts = calloc(most + 1, sizeof *out->texts);
    out->models = calloc(most + 1, sizeof *out->models);
    if (!out->rows || !out->texts || !out->models)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a gate's verdict");
    for (size_t d = 0; status == ED_OK && d < campaign->n_devices; d++) {
        status = judge_device(out, campaign, d, &records->items[first], err);
        first += campaign->devices[d].n_cases;
    }
    if (status == ED_OK)
        sum_up(out, campaign);
    return status;
}

void ed_gate_verdict_release(struct ed_gate_verdict *verdict) {
    free(verdict->rows);
    free(verdict->texts);
    free(verdict->models);
    memset(verdict, 0, sizeof *verdict);
}

int ed_gate_exit_code(const struct ed_gate_verdict *verdict, const struct ed_campaign *campaign,
                      bool usage_error) {
    static const int inconclusive[] = {3, 0, 1};
    if (usage_error)
        return 2;
    const int open = inconclusive[campaign->gate.inconclusive];
    if (verdict->verdict == ED_VERDICT_FAIL || (verdict->verdict == ED_VERDICT_INCONCLUSIVE && open == 1))
        return 1;
    if (!verdict->enough_devices)
        return 4;
    return verdict->verdict == ED_VERDICT_INVALID        ? 5
           : verdict->verdict == ED_VERDICT_INCONCLUSIVE ? open
                                                         : 0;
}

enum ed_status ed_gate_record_write(const struct ed_campaign *campaign, struct ed_error *err) {
    struct ed_records records = {0};
    struct ed_buffer text;
    struct ed_json_writer w;
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_campaign_records(campaign, &records, NULL, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&text, 64u << 20);
    ed_json_writer_init(&w, &text, true);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "edgedyno", ED_VERSION);
    ed_json_text(&w, "campaign", campaign->id);
    ed_json_int(&w, "exit_status", ed_records_exit_code(&records));
    ed_json_bool(&w, "finished", records.gate->blocks_left == 0);
    ed_report_gate_json(&w, "gate", &records.gate->report);
    ed_json_object_end(&w);
    ed_buffer_text_append(&text, "\n");
    status = ed_buffer_status(&text, ED_GATE_FILE, err);
    if (status == ED_OK)
        status = ed_path_join(path, campaign->directory, ED_GATE_FILE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    ed_records_release(&records);
    return status;
}
