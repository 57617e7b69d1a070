// SPDX-License-Identifier: Apache-2.0
// A campaign's records through a report. Nothing of this moment goes in: the same campaign gives the same
// bytes.
#include <stdlib.h>
#include <string.h>

#include "harness/cli/output.h"
#include "harness/detail.h"
#include "harness/gate_verdict.h"
#include "harness/gnuplot.h"
#include "harness/tune_verdict.h"
#include "reports/registry.h"

// Of a format of several files the buffer holds the one that is being written.
struct place {
    struct ed_buffer *out;
    const char *directory; // NULL: one stream
    char path[ED_PATH_BYTES];
};

static enum ed_status append(void *context, const char *bytes, size_t n, struct ed_error *err) {
    struct place *place = context;
    ed_buffer_append(place->out, bytes, n);
    return ed_buffer_status(place->out, "the report", err);
}

static enum ed_status finish_file(struct place *place, struct ed_error *err) {
    if (!place->path[0])
        return ED_OK;
    enum ed_status status =
        ed_path_write_atomic(place->path, ed_buffer_text(place->out), place->out->size, 0644, err);
    ed_buffer_clear(place->out);
    place->path[0] = '\0';
    return status;
}

static enum ed_status begin_file(void *context, const char *name, struct ed_error *err) {
    struct place *place = context;
    enum ed_status status = finish_file(place, err);
    if (status == ED_OK && !ed_path_name_ok(name))
        status = ed_fail(err, ED_ERR_INTERNAL, name, "is no name of a file");
    return status == ED_OK ? ed_path_join(place->path, place->directory, name, err) : status;
}

static enum ed_status render(const struct ed_report *report, const struct ed_report_info *info,
                             const struct ed_result *const *rows, const char *directory,
                             struct ed_buffer *out, struct ed_error *err) {
    struct place place = {.out = out, .directory = directory};
    const struct ed_sink sink = {.context = &place, .write = append, .file = directory ? begin_file : NULL};
    struct ed_error ignored = {0};
    void *state = calloc(1, report->state_bytes ? report->state_bytes : 1);
    if (!state)
        return ed_fail(err, ED_ERR_NO_MEMORY, report->name, "no memory for the report");
    enum ed_status status = report->begin(state, info, &sink, err);
    if (!status) {
        for (size_t i = 0; i < info->n_records && !status; i++)
            status = report->record(state, rows[i], err);
        enum ed_status ended = report->end(state, status ? &ignored : err);
        status = status ? status : ended;
    }
    if (!status)
        status = finish_file(&place, err);
    free(state);
    return status;
}

enum ed_status ed_output_render_campaign(const void *context, const struct ed_output_target *target,
                                         struct ed_buffer *out, struct ed_error *err) {
    const struct ed_output_campaign *of = context;
    const struct ed_campaign *campaign = of->campaign;
    const struct ed_report *report =
        ed_report_find(of->block && !strcmp(target->format, "csv") ? "timeline" : target->format);
    struct ed_report_hardware *hardware = calloc(campaign->n_devices + 1, sizeof *hardware);
    struct ed_report_absent *absent = calloc(campaign->n_absent + 1, sizeof *absent);
    const char **requirements = calloc(campaign->n_requirements + 1, sizeof *requirements);
    const struct ed_result **rows = calloc(of->records->n + 1, sizeof *rows);
    size_t n_requirements = 0;
    struct ed_detail *detail = NULL;
    enum ed_status status = ed_detail_new(&detail, campaign, of->records, of->block, err);
    if (!status)
        status = ed_detail_check(detail, err);
    if (status)
        goto out;
    if (!report)
        status = ed_fail(err, ED_ERR_INTERNAL, target->format, "there is no such report");
    else if (!hardware || !absent || !requirements || !rows)
        status = ed_fail(err, ED_ERR_NO_MEMORY, target->format, "no memory for the report");
    else {
        for (size_t i = 0; i < campaign->n_devices; i++)
            hardware[i] = (struct ed_report_hardware){campaign->devices[i].id, campaign->devices[i].summary};
        for (size_t i = 0; i < campaign->n_requirements; i++)
            if (!campaign->requirements[i].of_baseline)
                requirements[n_requirements++] = campaign->requirements[i].text;
        for (size_t i = 0; i < campaign->n_absent; i++)
            absent[i] = (struct ed_report_absent){campaign->absent[i].id, campaign->absent[i].reason};
        for (size_t i = 0; i < of->records->n; i++)
            rows[i] = &of->records->items[i];
        const struct ed_report_info info = {
            .campaign = campaign->id,
            .started_utc = campaign->started_utc,
            .version = campaign->version,
            .suite = campaign->suite,
            .columns = target->columns,
            .colour = target->colour,
            .n_records = of->records->n,
            .n_hardware = campaign->n_devices,
            .hardware = hardware,
            .n_requirements = n_requirements,
            .requirements = requirements,
            .n_absent = campaign->n_absent,
            .absent = absent,
            .n_groups = of->order->n_group,
            .groups = of->order->group,
            .gate = of->records->gate ? &of->records->gate->report : NULL,
            .choice = of->records->tune ? &of->records->tune->report : NULL,
            .figure = ed_order_figure(of->order),
            .source = ed_detail_source(detail),
            .plotter = &ed_gnuplot,
        };
        status = ed_order_apply(of->order, rows, of->records->n, err);
        if (!status)
            status = render(report, &info, rows, target->directory, out, err);
    }
out:
    ed_detail_free(detail);
    free(hardware);
    free(absent);
    free(requirements);
    free(rows);
    return status;
}
