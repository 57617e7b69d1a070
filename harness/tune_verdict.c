// SPDX-License-Identifier: Apache-2.0
// Over all devices: the verdict, the exit status, choice.json.
#include "harness/tune_verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/stats/best.h"
#include "harness/tune_row.h"
#include "reports/choice.h"
#include "reports/text.h"

enum ed_status ed_tune_verdict_add(struct ed_tune_verdict *out, const struct ed_campaign *campaign,
                                   const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                                   const struct ed_energy_device *energy, const struct ed_result *records,
                                   struct ed_error *err) {
    const struct ed_tune_judging j = {out, campaign, device, blocks, energy, records, err};
    enum ed_status status = ED_OK;
    for (size_t c = 0; c < device->n_cases && status == ED_OK; c++) {
        bool seen = !ed_tune_is_timed(device, c);
        for (size_t i = 0; i < c && !seen; i++)
            seen = ed_tune_is_timed(device, i) && !strcmp(device->cases[i].model, device->cases[c].model);
        if (!seen)
            status = ed_tune_row_add(&j, c);
    }
    return status;
}

static int exit_code(const struct ed_tune_verdict *verdict, const struct ed_campaign *campaign,
                     bool usage_error) {
    bool invalid = false, open = false;
    for (size_t i = 0; i < verdict->n_rows; i++) {
        const enum ed_verdict one = ed_verdict_of_word(verdict->rows[i].verdict);
        invalid = invalid || one == ED_VERDICT_INVALID;
        open = open || one == ED_VERDICT_INCONCLUSIVE;
    }
    return usage_error                               ? 2
           : verdict->n_failed                       ? 1
           : verdict->n_broken || campaign->n_absent ? 4
           : invalid                                 ? 5
           : open || !verdict->n_rows                ? 3
                                                     : 0;
}

void ed_tune_verdict_end(struct ed_tune_verdict *out, const struct ed_campaign *campaign, bool usage_error) {
    size_t n[ED_VERDICT_FAIL + 1] = {0};
    enum ed_verdict all = ED_VERDICT_NONE;
    for (size_t i = 0; i < out->n_rows; i++) {
        const enum ed_verdict verdict = ed_verdict_of_word(out->rows[i].verdict);
        n[verdict]++;
        all = ed_verdict_combine(all, verdict);
    }
    static const struct {
        enum ed_verdict verdict;
        const char *words;
    } others[] = {{ED_VERDICT_FAIL, "none passes"},
                  {ED_VERDICT_INVALID, "invalid"},
                  {ED_VERDICT_INCONCLUSIVE, "inconclusive"}};
    size_t used = (size_t)snprintf(out->summary, sizeof out->summary, "%zu of %zu chosen", n[ED_VERDICT_PASS],
                                   out->n_rows);
    for (size_t i = 0; i < 3; i++)
        if (n[others[i].verdict] && used < sizeof out->summary)
            used += (size_t)snprintf(out->summary + used, sizeof out->summary - used, ", %zu: %s",
                                     n[others[i].verdict], others[i].words);
    // One line for one choice: what it is.
    if (out->n_rows == 1 && out->rows[0].chosen != SIZE_MAX && used < sizeof out->summary) {
        const struct ed_report_choice so_far = {.ties = ED_TUNE_TIES, .candidates = out->candidates};
        struct ed_buffer name;
        ed_buffer_init(&name, 1u << 16);
        ed_choice_name(&name, &so_far, &out->rows[0], out->rows[0].chosen);
        snprintf(out->summary + used, sizeof out->summary - used, ": %.300s", ed_buffer_text(&name));
        ed_buffer_release(&name);
    } else if (campaign->n_absent && used < sizeof out->summary) {
        snprintf(out->summary + used, sizeof out->summary - used, "; %zu device%s took no part",
                 campaign->n_absent, campaign->n_absent == 1 ? "" : "s");
    }
    out->exit_code = exit_code(out, campaign, usage_error);
    out->report = (struct ed_report_choice){.verdict = ed_verdict_word(all),
                                            .summary = out->summary,
                                            .ties = ED_TUNE_TIES,
                                            .alpha = ED_BEST_ALPHA,
                                            .inconclusive_pass = campaign->tune.inconclusive_pass,
                                            .n = out->n_rows,
                                            .rows = out->rows,
                                            .n_candidates = out->n_candidates,
                                            .candidates = out->candidates};
}

void ed_tune_verdict_release(struct ed_tune_verdict *verdict) {
    for (size_t i = 0; i < verdict->n_texts; i++)
        free(verdict->texts[i]);
    free(verdict->texts);
    free(verdict->rows);
    free(verdict->candidates);
    memset(verdict, 0, sizeof *verdict);
}

enum ed_status ed_tune_record_write(const struct ed_campaign *campaign, struct ed_error *err) {
    struct ed_records records = {0};
    struct ed_buffer text;
    char path[ED_PATH_BYTES];
    struct ed_report_absent *absent = calloc(campaign->n_absent + 1, sizeof *absent);
    const char **requirements = calloc(campaign->n_requirements + 1, sizeof *requirements);
    struct ed_report_info info = {.campaign = campaign->id,
                                  .started_utc = campaign->started_utc,
                                  .version = campaign->version,
                                  .suite = campaign->suite,
                                  .requirements = requirements,
                                  .n_absent = campaign->n_absent,
                                  .absent = absent};
    enum ed_status status =
        absent && requirements ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a choice");
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    if (status == ED_OK)
        status = ed_campaign_records(campaign, &records, NULL, err);
    if (status == ED_OK) {
        for (size_t i = 0; i < campaign->n_absent; i++)
            absent[i] = (struct ed_report_absent){campaign->absent[i].id, campaign->absent[i].reason};
        for (size_t i = 0; i < campaign->n_requirements; i++)
            if (!campaign->requirements[i].of_baseline)
                requirements[info.n_requirements++] = campaign->requirements[i].text;
        info.choice = &records.tune->report;
        ed_choice_json(&text, &info);
        status = ed_buffer_status(&text, ED_TUNE_FILE, err);
    }
    if (status == ED_OK)
        status = ed_path_join(path, campaign->directory, ED_TUNE_FILE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    ed_records_release(&records);
    free(absent);
    free(requirements);
    return status;
}
