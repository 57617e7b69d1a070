// SPDX-License-Identifier: Apache-2.0
// Trends as a figure: a panel a series, its points with their intervals, the mean of every segment.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/command_history.h"
#include "harness/gnuplot.h"
#include "reports/plot.h"
#include "reports/scale.h"
#include "reports/text.h"
#include "reports/view.h"

#define PANEL_HEIGHT 260
#define PANELS_MAX 60
#define LABELS_MAX 10
#define LABEL_WIDTH 16
#define TITLE_WIDTH 90

static struct ed_scale scale_of(const struct ed_trend_series *series) {
    struct ed_view_figure figure;
    double low = INFINITY, high = 0;
    if (!ed_view_figure_of(series->field, ed_history_metric(series), &figure))
        return (struct ed_scale){ed_result_fields()[series->field].unit, 1, 0};
    for (size_t i = 0; i < series->n; i++) {
        low = fmin(low, fabs(series->points[i].value->value));
        high = fmax(high, fabs(series->points[i].value->value));
    }
    return ed_scale_pick(figure.kind, isfinite(low) ? low : 0, high, figure.digits);
}

static void data_append(struct ed_buffer *out, const struct ed_trend_series *series, size_t panel,
                        bool marked, double divisor) {
    size_t drawn = 0;
    ed_buffer_printf(out, "$%s%zu << EOD\n", marked ? "marked" : "points", panel);
    for (size_t i = 0; i < series->n; i++) {
        const struct ed_history_value *v = series->points[i].value;
        const double values[] = {v->value, v->has_span ? v->low : v->value, v->has_span ? v->high : v->value};
        if ((series->points[i].mark[0] != 0) != marked)
            continue;
        ed_buffer_printf(out, "%zu", i);
        for (size_t k = 0; k < 3; k++) {
            ed_buffer_append(out, " ", 1);
            ed_plot_number(out, values[k] / divisor);
        }
        ed_buffer_append(out, "\n", 1);
        drawn++;
    }
    ed_buffer_text_append(out, drawn ? "EOD\n" : "NaN NaN NaN NaN\nEOD\n");
}

// A line from the first point of each segment to its last, and nothing between them.
static void means_append(struct ed_buffer *out, const struct ed_trend_series *series, size_t panel,
                         double divisor) {
    ed_buffer_printf(out, "$means%zu << EOD\nNaN NaN\n", panel);
    for (size_t i = 0; i < series->n; i++) {
        const struct ed_trend_point *p = &series->points[i];
        if (!series->segments[p->segment].n)
            continue;
        ed_buffer_printf(out, "%s%zu ", p->first ? "\n" : "", i);
        ed_plot_number(out, series->segments[p->segment].mean / divisor);
        ed_buffer_append(out, "\n", 1);
    }
    ed_buffer_text_append(out, "EOD\n");
}

static void range_append(struct ed_buffer *out, const struct ed_trend_series *series, double divisor) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < series->n; i++) {
        const struct ed_history_value *v = series->points[i].value;
        low = fmin(low, v->has_span ? v->low : v->value);
        high = fmax(high, v->has_span ? v->high : v->value);
    }
    ed_plot_axis(out, "y", isfinite(low) ? low / divisor : 0, isfinite(high) ? high / divisor : 1, true);
}

static void places_append(struct ed_buffer *out, const struct ed_trend_series *series) {
    const size_t step = series->n / LABELS_MAX + 1;
    ed_buffer_text_append(out, "set xtics rotate by 30 right (");
    for (size_t i = 0; i < series->n; i += step) {
        ed_buffer_text_append(out, i ? ", " : "");
        ed_plot_text(out, series->points[i].place, LABEL_WIDTH);
        ed_buffer_printf(out, " %zu", i);
    }
    ed_buffer_printf(out, ")\nset xrange [-0.5:%zu.5]\n", series->n ? series->n - 1 : 0);
}

static void panel_append(struct ed_buffer *out, const struct ed_trend_series *series, size_t panel) {
    const struct ed_scale scale = scale_of(series);
    struct ed_buffer title;
    ed_buffer_init(&title, 8192);
    ed_buffer_printf(&title, "%s, %s: %s%s%s", series->words, series->device,
                     ed_result_fields()[series->field].key, scale.unit[0] ? ", " : "", scale.unit);
    ed_plot_begin(out);
    range_append(out, series, scale.divisor);
    places_append(out, series);
    ed_buffer_text_append(out, "set title ");
    ed_plot_text(out, ed_buffer_text(&title), TITLE_WIDTH);
    bool marked = false;
    for (size_t i = 0; i < series->n; i++)
        marked = marked || series->points[i].mark[0];
    ed_buffer_printf(
        out,
        " offset 0,0.6 textcolor rgb '" ED_PLOT_INK "'\n"
        "set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '" ED_PLOT_INK "'\n"
        "plot $means%zu using 1:2 with lines lc rgb '%s' lw 2 %s, $points%zu using 1:2:3:4 with yerrorbars"
        " pt 7 ps 0.5 lc rgb '%s' lw 1 notitle, $marked%zu using 1:2:3:4 with yerrorbars pt 6 ps 0.5 lc rgb "
        "'" ED_PLOT_MUTED "' lw 1 %s\n",
        panel, ed_plot_series[1], series->searched ? "title 'mean from change to change'" : "notitle", panel,
        ed_plot_series[0], panel, marked ? "title 'takes no part'" : "notitle");
    ed_buffer_release(&title);
}

static void script_append(struct ed_buffer *out, const struct ed_trends *trends, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double divisor = scale_of(&trends->items[i]).divisor;
        data_append(out, &trends->items[i], i, false, divisor);
        data_append(out, &trends->items[i], i, true, divisor);
        means_append(out, &trends->items[i], i, divisor);
    }
    ed_buffer_printf(out, "set multiplot layout %zu,1\n", n);
    for (size_t i = 0; i < n; i++)
        panel_append(out, &trends->items[i], i);
    ed_buffer_text_append(out, "unset multiplot\n");
}

static enum ed_status append(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the figure", err);
}

enum ed_status ed_history_render_plot(const struct ed_history_view *view,
                                      const struct ed_output_target *target, struct ed_buffer *out,
                                      struct ed_error *err) {
    const struct ed_sink sink = {.context = out, .write = append};
    const char *ending = strrchr(target->path, '.');
    const size_t n = view->trends.n;
    struct ed_plots plots = {0};
    if (n > PANELS_MAX)
        return ed_fail(
            err, ED_ERR_USAGE, "--export",
            "%zu series are more than a figure has room for (%d): name fewer by words, -d or --metric", n,
            PANELS_MAX);
    struct ed_plot *plot = ed_plot_add(&plots, "trend", (int)n * PANEL_HEIGHT);
    if (!plot)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the figure");
    script_append(&plot->script, &view->trends, n);
    enum ed_status status = ed_buffer_status(&plot->script, "the figure", err);
    if (status == ED_OK && ending && strcmp(ending, ".png") == 0)
        status = ed_plot_png(plot, &ed_gnuplot, &sink, err);
    else if (status == ED_OK) {
        status = ed_plots_draw(&plots, &ed_gnuplot, ED_PLOT_FILE, err);
        if (status == ED_OK)
            ed_buffer_append(out, plots.items[0].svg, plots.items[0].svg_bytes);
    }
    ed_plots_release(&plots);
    return status;
}
