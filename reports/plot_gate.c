// SPDX-License-Identifier: Apache-2.0
// A gate's comparisons below each other: the change with its interval, and where a change begins to matter.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/plot_figures.h"
#include "reports/text.h"

#define ROW_HEIGHT 24
#define FRAME_HEIGHT 70
#define WORDS_WIDTH 38 // columns

static bool drawable(const struct ed_report_gate_row *row) {
    return row->has_change && row->has_interval && !row->absolute && row->mde > 0;
}

static void label_append(struct ed_buffer *out, const struct ed_report_gate *gate,
                         const struct ed_report_gate_row *row, size_t y) {
    struct ed_buffer words;
    ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&words, row->key);
    bool devices = false, models = false;
    for (size_t i = 0; i < gate->n; i++) {
        devices = devices || strcmp(gate->rows[i].device, row->device);
        models = models || strcmp(gate->rows[i].model, row->model);
    }
    if (models)
        ed_buffer_printf(&words, " \xC2\xB7 %s", row->model);
    if (devices)
        ed_buffer_printf(&words, " \xC2\xB7 %s", row->device);
    ed_buffer_text_append(out, "set label ");
    ed_plot_text(out, ed_buffer_text(&words), WORDS_WIDTH);
    ed_buffer_printf(out, " at graph 0, first %zu right offset -1,0 textcolor rgb '" ED_PLOT_INK "'\n", y);
    out->no_memory = out->no_memory || words.no_memory;
    ed_buffer_release(&words);
}

// Worse is to the right, so that rows of which more is better are turned round. The frame holds the changes
// and what matters; an interval of little knowledge is not to press all others flat.
static void row_append(struct ed_buffer *out, const struct ed_report_gate_row *row, size_t y, double *low,
                       double *high) {
    const double sign = row->more_is_worse ? 100 : -100;
    const double ends[] = {sign * row->low, sign * row->high};
    const double values[] = {sign * row->change, fmin(ends[0], ends[1]), fmax(ends[0], ends[1]),
                             100 * row->mde};
    const double reach = 2 * fmax(fabs(values[0]), values[3]);
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        ed_plot_number(out, values[v]);
        ed_buffer_text_append(out, " ");
        *low = fmin(*low, fmax(values[v], -reach));
        *high = fmax(*high, fmin(values[v], reach));
    }
    ed_buffer_printf(out, "%zu\n", y);
}

size_t ed_plot_gate(struct ed_plots *plots, const struct ed_report_gate *gate, size_t most) {
    double low = 0, high = 0;
    size_t n = 0, y = 0;
    for (size_t i = 0; i < gate->n; i++)
        n += drawable(&gate->rows[i]);
    n = n < most ? n : most;
    struct ed_plot *plot = n ? ed_plot_add(plots, "gate", FRAME_HEIGHT + (int)n * ROW_HEIGHT) : NULL;
    if (!plot)
        return 0;
    struct ed_buffer *out = &plot->script;
    ed_buffer_printf(&plot->title,
                     "The candidate's change in %zu comparisons with its interval, and the smallest change "
                     "that matters",
                     n);
    ed_buffer_text_append(out, "$rows << EOD\n");
    for (size_t i = 0; i < gate->n && y < n; i++)
        if (drawable(&gate->rows[i]))
            row_append(out, &gate->rows[i], y++, &low, &high);
    ed_buffer_text_append(out, "EOD\n");
    ed_plot_begin(out);
    y = 0;
    for (size_t i = 0; i < gate->n && y < n; i++)
        if (drawable(&gate->rows[i]))
            label_append(out, gate, &gate->rows[i], y++);
    const double room = 0.04 * (high - low);
    ed_buffer_text_append(out, "set xrange [");
    ed_plot_number(out, low - room);
    ed_buffer_text_append(out, ":");
    ed_plot_number(out, high + room);
    ed_buffer_printf(
        out,
        "]\nset format x '%%+g'\nset lmargin at screen 0.42\nset rmargin at screen 0.975\n"
        "set tmargin at screen %.4f\nset bmargin at screen %.4f\nset yrange [%zu.5:-0.5]\nset ytics 1\n"
        "set format y ''\nset arrow from first 0, graph 0 to first 0, graph 1 nohead lc rgb '" ED_PLOT_MUTED
        "' lw 1\n"
        "set xlabel 'change, %%; worse to the right' textcolor rgb '" ED_PLOT_INK "' offset 0,0.2\n"
        "plot $rows using (0):5:(0):4:($5-0.32):($5+0.32) with boxxyerror fs solid noborder lc rgb "
        "'" ED_PLOT_BAND "', $rows using 1:5:2:3 with xerrorbars pt 7 ps 0.7 lw 1.6 lc rgb '%s'\n",
        1 - 8.0 / plot->height, 58.0 / plot->height, n - 1, ed_plot_series[0]);
    return n;
}
