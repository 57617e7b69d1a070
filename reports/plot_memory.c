// SPDX-License-Identifier: Apache-2.0
// Resident memory from phase to phase. Peaks are the kernel's own, the levels between them are read at the
// marks.
#include <math.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/plot_figures.h"
#include "reports/text.h"

#define HEIGHT 270
#define WORDS_WIDTH 28 // columns

static const struct {
    int field;
    const char *words;
} phases[] = {
    {ED_FIELD_memory_before_load_bytes, "before load"},  {ED_FIELD_memory_load_peak_bytes, "load, peak"},
    {ED_FIELD_memory_after_load_bytes, "after load"},    {ED_FIELD_memory_warmup_peak_bytes, "warm-up, peak"},
    {ED_FIELD_memory_inference_peak_bytes, "run, peak"}, {ED_FIELD_memory_after_unload_bytes, "after unload"},
};
#define PHASES (sizeof phases / sizeof phases[0])

static bool has_any(const struct ed_result *result) {
    size_t n = 0;
    for (size_t p = 0; p < PHASES; p++)
        n += result->has[phases[p].field];
    return n > 1;
}

static void data_append(struct ed_buffer *out, const struct ed_result *result, size_t i, double divisor) {
    ed_buffer_printf(out, "$row%zu << EOD\n", i);
    for (size_t p = 0; p < PHASES; p++) {
        double value = NAN;
        ed_result_number(result, phases[p].field, 0, &value);
        ed_buffer_printf(out, "%zu ", p);
        ed_plot_number(out, value / divisor);
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_text_append(out, "EOD\n");
}

static void script_append(struct ed_plot *plot, const struct ed_view *view, size_t first, size_t n,
                          const struct ed_scale *scale, double high) {
    static const int points[ED_PLOT_SERIES] = {7, 5, 9, 13, 11, 15};
    struct ed_buffer *out = &plot->script;
    size_t drawn = 0;
    for (size_t i = 0; i < n; i++)
        data_append(out, view->rows[first + i], i, scale->divisor);
    ed_plot_begin(out);
    ed_buffer_text_append(out,
                          "set key above left horizontal Left reverse samplen 2 textcolor rgb '" ED_PLOT_INK
                          "'\nset xrange [-0.4:5.4]\nset xtics (");
    for (size_t p = 0; p < PHASES; p++)
        ed_buffer_printf(out, "%s'%s' %zu", p ? ", " : "", phases[p].words, p);
    ed_buffer_text_append(out, ")\n");
    ed_plot_ylabel(out, "resident", scale->unit);
    ed_buffer_printf(out,
                     "set yrange [0:%.6g]\nset lmargin at screen 0.10\nset rmargin at screen 0.975\n"
                     "set bmargin at screen 0.12\nplot ",
                     1.08 * high / scale->divisor);
    for (size_t i = 0; i < n; i++) {
        struct ed_buffer words;
        if (!has_any(view->rows[first + i]))
            continue;
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_buffer_printf(&words, "%zu  ", first + i + 1);
        ed_plot_row_words(&words, view, first + i);
        ed_buffer_printf(out, "%s$row%zu with linespoints lw 1.5 pt %d ps 0.7 lc rgb '%s' title ",
                         drawn++ ? ", " : "", i, points[i % ED_PLOT_SERIES],
                         ed_plot_series[i % ED_PLOT_SERIES]);
        ed_plot_text(out, ed_buffer_text(&words), WORDS_WIDTH);
        out->no_memory = out->no_memory || words.no_memory;
        ed_buffer_release(&words);
    }
    ed_buffer_text_append(out, "\n");
}

void ed_plot_memory(struct ed_plots *plots, const struct ed_view *view, size_t first, size_t n, bool *drawn) {
    double high = 0, low = INFINITY, value;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        any = any || has_any(view->rows[first + i]);
        for (size_t p = 0; p < PHASES; p++) {
            if (!ed_result_number(view->rows[first + i], phases[p].field, 0, &value))
                continue;
            high = fmax(high, value);
            low = fmin(low, value);
        }
    }
    *drawn = false;
    if (!any || !(high > 0))
        return;
    const struct ed_scale scale = ed_scale_pick(ED_SCALE_SIZE, fmax(low, high / 50), high, 3);
    struct ed_plot *plot = ed_plot_add(plots, "memory", HEIGHT);
    if (!plot)
        return;
    *drawn = true;
    ed_buffer_printf(&plot->title, "Resident memory by phase, rows %zu to %zu", first + 1, first + n);
    script_append(plot, view, first, n, &scale, high);
}
