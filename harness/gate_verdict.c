// SPDX-License-Identifier: Apache-2.0
// From the rows of all devices to a verdict.
#include "harness/gate_verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "harness/gate_rows.h"
#include "reports/gate.h"

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
        struct ed_gate_judging j = {.out = out,
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
            ed_gate_pair_judge(&j);
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
    if (status == ED_OK)
        status = ed_gate_first_load(&out->first, campaign, err);
    if (status == ED_OK && out->first.known)
        out->report.first = &out->first.report;
    return status;
}

void ed_gate_verdict_release(struct ed_gate_verdict *verdict) {
    ed_gate_first_release(&verdict->first);
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
