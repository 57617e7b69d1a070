// SPDX-License-Identifier: Apache-2.0
// The figures as files, SVG or PNG, and a list of them.
#include <stdlib.h>
#include <string.h>

#include "reports/csv_cell.h"
#include "reports/front.h"
#include "reports/plot_figures.h"
#include "reports/records.h"
#include "reports/registry.h"
#include "reports/text.h"

#define OVERVIEW_ROWS 40u
#define POINTS_OF_ONE 6000u
#define LIST "figures.csv"

static enum ed_status fronts(struct ed_plots *plots, const struct ed_view *view, struct ed_error *err) {
    size_t *rows = calloc(view->n_rows + 1, sizeof *rows);
    bool *front = calloc(view->n_rows + 1, sizeof *front);
    enum ed_status status =
        rows && front ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
    for (size_t row = 0; status == ED_OK && row < view->n_rows; row++) {
        const size_t n = ed_front_begins(view, row) ? ed_front_rows(view, row, rows) : 0;
        for (size_t i = 0; i < n; i++)
            front[i] = ed_front_beaten_by(view, rows, n, i) == n;
        if (n > 1)
            ed_plot_pareto(plots, view, rows, front, n);
    }
    free(rows);
    free(front);
    return status;
}

static enum ed_status gather(struct ed_plots *plots, const struct ed_report_info *info,
                             const struct ed_view *view, struct ed_error *err) {
    struct ed_plot_thinned thinned;
    enum ed_status status = ED_OK;
    bool drawn;
    for (size_t first = 0; first < view->n_rows && status == ED_OK; first += OVERVIEW_ROWS) {
        const size_t left = view->n_rows - first;
        status = ed_plot_overview(plots, info, view, first, left < OVERVIEW_ROWS ? left : OVERVIEW_ROWS,
                                  &drawn, err);
    }
    for (size_t row = 0; row < view->n_rows && status == ED_OK; row++)
        if (!view->again[row].of_case)
            status = ed_plot_distribution(plots, info, view, row, POINTS_OF_ONE, &thinned, err);
    for (size_t first = 0; first < view->n_rows && status == ED_OK; first += ED_PLOT_SERIES) {
        const size_t left = view->n_rows - first;
        ed_plot_memory(plots, view, first, left < ED_PLOT_SERIES ? left : ED_PLOT_SERIES, &drawn);
    }
    for (size_t row = 0; row < view->n_rows && status == ED_OK; row++)
        if (!view->again[row].device)
            status =
                ed_plot_timeline(plots, info, view, view->rows[row]->device, POINTS_OF_ONE, &thinned, err);
    return status == ED_OK ? fronts(plots, view, err) : status;
}

static enum ed_status list_write(const struct ed_plots *plots, const struct ed_sink *sink, const char *suffix,
                                 struct ed_error *err) {
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&out, "file,what\r\n");
    for (size_t i = 0; i < plots->n; i++) {
        ed_buffer_printf(&out, "%s%s,", plots->items[i].id, suffix);
        ed_csv_cell(&out, ed_buffer_text(&plots->items[i].title), plots->items[i].title.size);
        ed_buffer_text_append(&out, "\r\n");
    }
    enum ed_status status = sink->file(sink->context, LIST, err);
    if (status == ED_OK)
        status = ed_sink_flush(sink, &out, "the list of figures", err);
    ed_buffer_release(&out);
    return status;
}

static enum ed_status one_write(struct ed_plot *plot, const struct ed_report_info *info,
                                const struct ed_sink *sink, const char *suffix, struct ed_error *err) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", plot->id, suffix);
    enum ed_status status = sink->file(sink->context, name, err);
    if (status != ED_OK)
        return status;
    return plot->svg ? sink->write(sink->context, plot->svg, plot->svg_bytes, err)
                     : ed_plot_png(plot, info->plotter, sink, err);
}

static enum ed_status figures_write(const struct ed_records *records, bool png, struct ed_error *err) {
    const struct ed_report_info *info = records->info;
    const char *suffix = png ? ".png" : ".svg";
    struct ed_plots plots = {0};
    struct ed_view view;
    if (!records->sink->file || !info->plotter)
        return ed_fail(err, ED_ERR_UNSUPPORTED, suffix + 1, "figures are several files, made by gnuplot");
    enum ed_status status = ed_view_init(&view, info, records->items, records->n, ED_VIEW_FULL, err);
    if (status == ED_OK)
        status = gather(&plots, info, &view, err);
    if (status == ED_OK && plots.no_memory)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
    if (status == ED_OK && !png)
        status = ed_plots_draw(&plots, info->plotter, ED_PLOT_FILE, err);
    for (size_t i = 0; i < plots.n && status == ED_OK; i++)
        status = one_write(&plots.items[i], info, records->sink, suffix, err);
    if (status == ED_OK)
        status = list_write(&plots, records->sink, suffix, err);
    ed_plots_release(&plots);
    ed_view_release(&view);
    return status;
}

static enum ed_status svg_end(void *state, struct ed_error *err) {
    const enum ed_status status = figures_write(state, false, err);
    ed_records_release(state);
    return status;
}

static enum ed_status png_end(void *state, struct ed_error *err) {
    const enum ed_status status = figures_write(state, true, err);
    ed_records_release(state);
    return status;
}

const struct ed_report ed_report_svg = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "svg",
    .summary = "a directory of figures by gnuplot, for pages and documents",
    .suffix = ".svg",
    .directory = true,
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = svg_end,
};

const struct ed_report ed_report_png = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "png",
    .summary = "a directory of figures by gnuplot, for what takes no SVG",
    .suffix = ".png",
    .directory = true,
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = png_end,
};
