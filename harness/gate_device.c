// SPDX-License-Identifier: Apache-2.0
// From a device's journal to comparisons.
#include "harness/gate_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/reals.h"
#include "harness/block_language.h"
#include "harness/energy.h"
#include "harness/validity_read.h"

#define REPETITIONS ((size_t)(ED_GATE_PAIRS_MAX + ED_GATE_PAIRS_SPARE))
#define MOST_NS 4e18 // of times in a journal that nobody can have used

// The timing blocks and pilots of a device by case and repetition; NULL: not here.
struct table {
    const struct ed_campaign_device *device;
    const struct ed_block **timing; // [case * REPETITIONS + repetition - 1]
    const struct ed_block **pilots; // [case]
    const struct ed_blocks *blocks;
    double *energy_uj;     // of one inference, one a block; NaN: not known
    char energy_scope[16]; // of the sensor that tells it; "" none
    struct ed_validity_device validity;
    int64_t *scratch;
};

static void table_release(struct table *table) {
    free(table->timing);
    free(table->pilots);
    free(table->energy_uj);
    ed_validity_device_release(&table->validity);
    free(table->scratch);
}

// Energy is judged as the records have it: what one block's window resolves.
static enum ed_status fill_energy(struct table *table, struct ed_error *err) {
    struct ed_energy_device energy;
    enum ed_status status = ed_energy_load(&energy, table->device, table->blocks, err);
    for (size_t b = 0; status == ED_OK && b < table->blocks->n; b++)
        table->energy_uj[b] = ed_energy_of_block(&energy, table->blocks, b);
    if (status != ED_OK)
        return status;
    snprintf(table->energy_scope, sizeof table->energy_scope, "%s", energy.source.scope);
    ed_energy_device_release(&energy);
    return ED_OK;
}

static enum ed_status table_make(struct table *table, const struct ed_campaign_device *device,
                                 const struct ed_blocks *blocks, struct ed_error *err) {
    size_t most = 1;
    table->device = device;
    table->blocks = blocks;
    table->energy_uj = calloc(blocks->n + 1, sizeof *table->energy_uj);
    for (size_t i = 0; i < blocks->n; i++)
        most = blocks->items[i].n_samples > most ? blocks->items[i].n_samples : most;
    table->timing = calloc(device->n_cases * REPETITIONS + 1, sizeof *table->timing);
    table->pilots = calloc(device->n_cases + 1, sizeof *table->pilots);
    table->scratch = calloc(most, sizeof *table->scratch);
    if (!table->timing || !table->pilots || !table->scratch || !table->energy_uj)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the blocks of a gate");
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        if (!strcmp(block->pass, ED_PASS_PILOT))
            table->pilots[block->case_index] = block;
        if (!strcmp(block->pass, ED_PASS_TIMING) && block->repetition >= 1 &&
            block->repetition <= (int64_t)REPETITIONS)
            table->timing[block->case_index * REPETITIONS + (size_t)block->repetition - 1] = block;
    }
    enum ed_status status = ed_validity_device_load(&table->validity, blocks, device, err);
    return status == ED_OK ? fill_energy(table, err) : status;
}

// The states that one of the blocks alone had and that void this metric.
static uint32_t unshared(const struct table *table, const struct ed_gate_metric *metric,
                         const struct ed_block *a, const struct ed_block *b) {
    const struct ed_validity_block *of = table->validity.of_blocks;
    const uint32_t reasons =
        of ? ed_validity_unshared(of[a - table->blocks->items].reasons, of[b - table->blocks->items].reasons)
           : 0;
    return ed_validity_voiding(reasons, ed_gate_metric_quantities(metric), table->energy_scope);
}

static bool is_ok(const struct ed_block *block) {
    return block && block->outcome == ED_OUTCOME_OK;
}

static double value_of(const struct table *table, const struct ed_gate_metric *metric,
                       const struct ed_block *block) {
    if (metric->field == ED_FIELD_energy_per_inference_uj) {
        const double value = table->energy_uj[block - table->blocks->items];
        return value > 0 ? value : NAN;
    }
    return ed_gate_metric_value(metric, block, &table->device->cases[block->case_index].workload_parts,
                                table->scratch);
}

static int64_t typical_ns(const struct table *table, const struct ed_block *block) {
    const double value = value_of(
        table, ed_gate_metric_find(block->batch > 1 ? ED_FIELD_latency_mean_ns : ED_FIELD_latency_p50_ns),
        block);
    // Of tokens that came together only the whole block's time is known.
    if (!isfinite(value) && block->timed_ns > 0 && block->n_samples)
        return block->timed_ns / (int64_t)block->n_samples / block->batch + 1;
    return isfinite(value) && value >= 1 ? (int64_t)value : 1;
}

// Enough of the faster side for the least time of a block, not more of the slower side than its most.
static int64_t inferences_of(const struct ed_gate_spec *spec, const struct ed_block *a,
                             const struct ed_block *b, const struct table *table) {
    if (spec->inferences)
        return spec->inferences;
    const int64_t x = typical_ns(table, a), y = typical_ns(table, b), fast = x < y ? x : y,
                  slow = x < y ? y : x;
    int64_t n = (spec->min_ns + fast - 1) / fast;
    n = n < spec->min_inferences ? spec->min_inferences : n;
    n = n > spec->max_ns / slow ? spec->max_ns / slow : n;
    n = n > (int64_t)ED_WIRE_SAMPLES_MAX ? (int64_t)ED_WIRE_SAMPLES_MAX : n;
    return n < 1 ? 1 : n;
}

// What is missing of blocks that are here: nothing may pass by it.
static void fill_doubts(struct ed_gate_progress *progress, const struct ed_campaign_device *device,
                        const struct ed_campaign_pair *pair, const struct ed_blocks *blocks) {
    for (size_t i = 0; i < blocks->n; i++) {
        const struct ed_block *block = &blocks->items[i];
        const size_t of = device->cases[block->case_index].timing;
        const bool timing = !strcmp(block->pass, ED_PASS_TIMING);
        if ((of != pair->baseline && of != pair->candidate) || !is_ok(block) ||
            (!timing && strcmp(block->pass, ED_PASS_PILOT)))
            continue;
        progress->empty += !block->n_samples;
        progress->unread += timing && (block->readings_lost || block->job >= blocks->n_jobs);
    }
    for (size_t c = 0; c < device->n_cases; c++) {
        bool here = device->cases[c].task < 0 ||
                    (device->cases[c].timing != pair->baseline && device->cases[c].timing != pair->candidate);
        for (size_t i = 0; i < blocks->n && !here; i++)
            here = blocks->items[i].case_index == c && !strcmp(blocks->items[i].pass, ED_PASS_ACCURACY);
        progress->unanswered += !here;
    }
}

static void fill_progress(struct ed_gate_progress *progress, const struct ed_campaign_device *device,
                          const struct ed_campaign_pair *pair, const struct ed_gate_spec *spec,
                          const struct table *table, const struct ed_blocks *blocks) {
    const size_t cases[2] = {pair->baseline, pair->candidate};
    const struct ed_block *const *pilots = table->pilots;
    for (size_t i = 0; i < blocks->n; i++)
        for (size_t side = 0; side < 2; side++) {
            const struct ed_block *block = &blocks->items[i];
            // A further task of the case counts as the case.
            if (device->cases[block->case_index].timing == cases[side] && !progress->bad[side] &&
                block->outcome != ED_OUTCOME_OK && block->outcome != ED_OUTCOME_CANCELLED)
                progress->bad[side] = block;
        }
    while (progress->home < REPETITIONS && table->timing[cases[0] * REPETITIONS + progress->home] &&
           table->timing[cases[1] * REPETITIONS + progress->home])
        progress->home++;
    progress->piloted = pilots[cases[0]] && pilots[cases[1]];
    if (is_ok(pilots[cases[0]]) && is_ok(pilots[cases[1]])) {
        progress->batched = pilots[cases[0]]->batch > 1 || pilots[cases[1]]->batch > 1;
        progress->inferences = inferences_of(spec, pilots[cases[0]], pilots[cases[1]], table);
    }
    fill_doubts(progress, device, pair, blocks);
}

static double difference(const struct ed_gate_cell *cell, double a, double b) {
    const struct ed_requirement *r = cell->requirement;
    if (cell->ratio)
        return cell->more_is_worse ? log(b / a) : log(a / b);
    const double limit = r->limit_is_int ? (double)r->limit : r->limit_real;
    return cell->more_is_worse ? b - a - limit : a - b + limit;
}

// What is to be shown: against what, and which way is worse.
static void aim(struct ed_gate_cell *cell) {
    const struct ed_requirement *r = cell->requirement;
    cell->ratio = !r || r->relative;
    cell->more_is_worse = r ? r->op == ED_OP_LE || r->op == ED_OP_LT : cell->metric->more_is_worse;
    if (!r) {
        cell->series.pass_below = log1p(cell->mde);
    } else if (r->relative) {
        const double limit = log1p(r->limit_real);
        cell->series.fail_above = cell->series.pass_below = cell->more_is_worse ? limit : -limit;
    }
}

static bool withholds(const struct table *table, const struct ed_gate_metric *metric,
                      const struct ed_block *block) {
    return block &&
           ed_block_withholds(block, &table->device->cases[block->case_index].workload_parts, metric->field);
}

// Figures that do not come of samples: a block that ended well has them, or none of that engine and device
// has.
static bool is_told(const struct ed_gate_metric *metric) {
    return metric->field == ED_FIELD_load_ns || metric->field == ED_FIELD_first_inference_ns ||
           !strcmp(ed_result_fields()[metric->field].group, "memory");
}

static enum ed_status fill_cell(struct ed_gate_cell *cell, const struct ed_campaign_pair *pair,
                                const struct ed_gate_progress *progress, const struct table *table,
                                struct ed_error *err) {
    double values[2][REPETITIONS];
    aim(cell);
    cell->x = calloc(REPETITIONS, sizeof *cell->x);
    if (!cell->x)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the comparisons of a gate");
    for (size_t i = 0; i < progress->home; i++) {
        const struct ed_block *a = table->timing[pair->baseline * REPETITIONS + i],
                              *b = table->timing[pair->candidate * REPETITIONS + i];
        if (!is_ok(a) || !is_ok(b))
            continue;
        const uint32_t voiding = unshared(table, cell->metric, a, b);
        cell->voiding |= voiding;
        cell->voided += voiding != 0;
        if (voiding)
            continue;
        values[0][cell->n] = value_of(table, cell->metric, a);
        values[1][cell->n] = value_of(table, cell->metric, b);
        const double x = difference(cell, values[0][cell->n], values[1][cell->n]);
        if (isfinite(x))
            cell->x[cell->n++] = x;
        else
            cell->missing += is_told(cell->metric) || withholds(table, cell->metric, a) ||
                             withholds(table, cell->metric, b);
    }
    // Shown are the values of the pairs that decide.
    const size_t used = ed_look_reached(cell->n) ? ed_look_reached(cell->n) : cell->n;
    for (size_t side = 0; side < 2; side++)
        ed_reals_sort(values[side], used);
    cell->baseline = ed_reals_midpoint(values[0], used);
    cell->candidate = ed_reals_midpoint(values[1], used);
    cell->series.x = cell->x;
    cell->series.n = cell->n;
    return ED_OK;
}

static bool side_has(const struct ed_gate_metric *metric, size_t case_index, const struct table *table) {
    const struct ed_block *pilot = table->pilots[case_index];
    if (is_ok(pilot) && isfinite(value_of(table, metric, pilot)))
        return true;
    for (size_t i = 0; i < REPETITIONS; i++) {
        const struct ed_block *block = table->timing[case_index * REPETITIONS + i];
        if (is_ok(block) && isfinite(value_of(table, metric, block)))
            return true;
    }
    return false;
}

// Whether the blocks have it: the pilots tell, before anything is compared; of energy the first pair; of what
// every block has, any. What one side alone withholds, or both, is no figure that they lack: nothing passes
// without it.
static bool is_there(const struct ed_gate_metric *metric, const struct ed_campaign_pair *pair,
                     const struct table *table) {
    if (is_told(metric))
        return side_has(metric, pair->baseline, table) && side_has(metric, pair->candidate, table);
    const bool energy = metric->field == ED_FIELD_energy_per_inference_uj; // no pilot has any
    const struct ed_block *a = energy ? table->timing[pair->baseline * REPETITIONS]
                                      : table->pilots[pair->baseline],
                          *b = energy ? table->timing[pair->candidate * REPETITIONS]
                                      : table->pilots[pair->candidate];
    if (is_ok(a) && is_ok(b) && (withholds(table, metric, a) || withholds(table, metric, b)))
        return true;
    return is_ok(a) && is_ok(b) && isfinite(value_of(table, metric, a)) &&
           isfinite(value_of(table, metric, b));
}

static enum ed_status add_cells(struct ed_gate_device *out, const struct ed_campaign *campaign,
                                const struct ed_campaign_pair *pair, size_t index, const struct table *table,
                                struct ed_error *err) {
    const struct ed_gate_spec *spec = &campaign->gate;
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < spec->n_metrics; i++) {
        int field = spec->metrics[i].field;
        // Inferences that are timed in batches have a mean alone.
        if (!spec->chosen && field == ED_FIELD_latency_p50_ns && out->pairs[index].batched)
            field = ED_FIELD_latency_mean_ns;
        const struct ed_gate_metric *metric = ed_gate_metric_find(field);
        if (!spec->chosen && !is_there(metric, pair, table))
            continue;
        struct ed_gate_cell *cell = &out->cells[out->n_cells++];
        *cell = (struct ed_gate_cell){.pair = index, .metric = metric, .mde = spec->metrics[i].mde};
        status = fill_cell(cell, pair, &out->pairs[index], table, err);
    }
    for (size_t i = 0; status == ED_OK && i < campaign->n_requirements; i++) {
        const struct ed_requirement *requirement = &campaign->requirements[i];
        const struct ed_gate_metric *metric = ed_gate_metric_find(requirement->field);
        if (!requirement->of_baseline || !metric)
            continue;
        struct ed_gate_cell *cell = &out->cells[out->n_cells++];
        *cell = (struct ed_gate_cell){.pair = index, .metric = metric, .requirement = requirement};
        status = fill_cell(cell, pair, &out->pairs[index], table, err);
    }
    return status;
}

static enum ed_status decide(struct ed_gate_device *out, const struct ed_gate_spec *spec,
                             struct ed_error *err) {
    struct ed_gate_series *series = calloc(out->n_cells + 1, sizeof *series);
    struct ed_gate_decision *decisions = calloc(out->n_cells + 1, sizeof *decisions);
    enum ed_status status =
        series && decisions ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a gate's decision");
    for (size_t i = 0; status == ED_OK && i < out->n_cells; i++)
        series[i] = out->cells[i].series;
    if (status == ED_OK)
        status = ed_gate_decide(series, out->n_cells, spec->family, decisions, err);
    for (size_t i = 0; status == ED_OK && i < out->n_cells; i++)
        out->cells[i].decision = decisions[i];
    free(series);
    free(decisions);
    return status;
}

static void sum_up(struct ed_gate_device *out, const struct ed_blocks *blocks) {
    double sum[2] = {0}, used_ns = 0;
    size_t n[2] = {0};
    out->home = REPETITIONS;
    for (size_t p = 0; p < out->n_pairs; p++) {
        if (out->pairs[p].bad[0] || out->pairs[p].bad[1])
            continue;
        out->going++;
        out->home = out->pairs[p].home < out->home ? out->pairs[p].home : out->home;
    }
    for (size_t i = 0; i < blocks->n; i++) {
        const bool timing = !strcmp(blocks->items[i].pass, ED_PASS_TIMING),
                   pilot = !strcmp(blocks->items[i].pass, ED_PASS_PILOT);
        const double wall = blocks->items[i].wall_ns > 0 ? (double)blocks->items[i].wall_ns : 0;
        used_ns += wall;
        if (timing || pilot) {
            sum[pilot] += wall;
            n[pilot]++;
        }
    }
    out->used_ns = (int64_t)fmin(used_ns, MOST_NS);
    out->block_ns = n[0] ? (int64_t)(sum[0] / (double)n[0]) : n[1] ? (int64_t)(sum[1] / (double)n[1]) : 0;
    out->decided = ed_look_reached(out->home) > 0;
    for (size_t i = 0; i < out->n_cells; i++)
        out->decided = out->decided && !ed_gate_cell_open(out, &out->cells[i]);
}

bool ed_gate_cell_open(const struct ed_gate_device *gate, const struct ed_gate_cell *cell) {
    const struct ed_gate_progress *progress = &gate->pairs[cell->pair];
    if (progress->bad[0] || progress->bad[1] || cell->decision.verdict != ED_VERDICT_INCONCLUSIVE)
        return false;
    // What the blocks do not have will not come either.
    if (progress->home && !cell->n && !cell->voided)
        return false;
    return cell->voided + cell->missing <= cell->n || progress->home < 2 * ed_look_pairs(0);
}

enum ed_status ed_gate_device_make(struct ed_gate_device *out, const struct ed_campaign *campaign,
                                   const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   struct ed_error *err) {
    struct table table = {0};
    memset(out, 0, sizeof *out);
    enum ed_status status = table_make(&table, device, blocks, err);
    const size_t most = device->n_pairs * (campaign->gate.n_metrics + campaign->n_requirements);
    out->cells = calloc(most + 1, sizeof *out->cells);
    out->pairs = calloc(device->n_pairs + 1, sizeof *out->pairs);
    if (status == ED_OK && (!out->cells || !out->pairs))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the comparisons of a gate");
    for (size_t p = 0; status == ED_OK && p < device->n_pairs; p++) {
        out->n_pairs = p + 1;
        fill_progress(&out->pairs[p], device, &device->pairs[p], &campaign->gate, &table, blocks);
        status = add_cells(out, campaign, &device->pairs[p], p, &table, err);
    }
    if (status == ED_OK)
        status = decide(out, &campaign->gate, err);
    if (status == ED_OK)
        sum_up(out, blocks);
    table_release(&table);
    return status;
}

void ed_gate_device_release(struct ed_gate_device *gate) {
    for (size_t i = 0; i < gate->n_cells; i++)
        free(gate->cells[i].x);
    free(gate->cells);
    free(gate->pairs);
    memset(gate, 0, sizeof *gate);
}

// The fewest pairs with which an open comparison comes to a look that it has not had. A void pair is made up
// for before the look, so that every look is made with as many pairs as it is made for.
static void aim_stage(struct ed_gate_stage *stage, const struct ed_gate_spec *spec,
                      const struct ed_gate_device *gate) {
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < gate->n_cells; i++) {
        const struct ed_gate_cell *cell = &gate->cells[i];
        const size_t look = ed_look_next(cell->n);
        if (!look || !ed_gate_cell_open(gate, cell) || gate->pairs[cell->pair].home + look - cell->n >= least)
            continue;
        least = gate->pairs[cell->pair].home + look - cell->n;
        stage->look = look;
    }
    // Without a comparison yet the first pairs tell what there is to compare.
    if (least == SIZE_MAX && !ed_look_reached(gate->home))
        least = stage->look = ed_look_pairs(0);
    if (least == SIZE_MAX)
        return;
    least += least % 2;
    least = least < spec->pairs ? least : spec->pairs;
    stage->pairs = least > gate->home ? least : 0;
    stage->again = stage->pairs > stage->look ? stage->pairs - stage->look : 0;
}

void ed_gate_stage_next(struct ed_gate_stage *stage, const struct ed_gate_spec *spec,
                        const struct ed_gate_device *gate) {
    bool piloted = true;
    *stage = (struct ed_gate_stage){0};
    for (size_t p = 0; p < gate->n_pairs; p++)
        piloted = piloted && (gate->pairs[p].piloted || gate->pairs[p].bad[0] || gate->pairs[p].bad[1]);
    if (!gate->going || gate->decided)
        return;
    if (!piloted) {
        stage->more = true;
        return;
    }
    if (spec->pairs > ED_GATE_PAIRS_MAX)
        aim_stage(stage, spec, gate);
    else
        stage->pairs = stage->look = ed_look_next(gate->home);
    const double needed_ns = (double)((stage->pairs - gate->home) * 2 * gate->going) * (double)gate->block_ns,
                 least_ns = (double)gate->used_ns + needed_ns;
    stage->out_of_time = stage->pairs && spec->max_time_ns && least_ns > (double)spec->max_time_ns;
    stage->least_ns = least_ns < (double)INT64_MAX / 2 ? (int64_t)least_ns : INT64_MAX / 2;
    stage->more = stage->pairs && !stage->out_of_time;
}
