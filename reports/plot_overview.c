// SPDX-License-Identifier: Apache-2.0
// All cases below each other: the median of every block as a point, the case's median and its interval.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/quantile.h"
#include "reports/plot_figures.h"
#include "reports/text.h"

#define ROW_HEIGHT 24
#define FRAME_HEIGHT 70
#define WORDS_WIDTH 30 // columns

struct medians {
    double *ns;
    size_t *rows; // of each
    bool *valid;
    size_t n, capacity;
    double low, high;
};

static bool add(struct medians *medians, size_t row, double ns, bool valid) {
    if (medians->n == medians->capacity) {
        const size_t capacity = medians->capacity ? 2 * medians->capacity : 64;
        double *values = realloc(medians->ns, capacity * sizeof *values);
        medians->ns = values ? values : medians->ns;
        size_t *rows = values ? realloc(medians->rows, capacity * sizeof *rows) : NULL;
        medians->rows = rows ? rows : medians->rows;
        bool *valids = rows ? realloc(medians->valid, capacity * sizeof *valids) : NULL;
        medians->valid = valids ? valids : medians->valid;
        if (!valids)
            return false;
        medians->capacity = capacity;
    }
    medians->ns[medians->n] = ns;
    medians->rows[medians->n] = row;
    medians->valid[medians->n++] = valid;
    medians->low = ns < medians->low ? ns : medians->low;
    medians->high = ns > medians->high ? ns : medians->high;
    return true;
}

static enum ed_status gather_row(const struct ed_report_info *info, const struct ed_result *result,
                                 size_t row, struct medians *medians, struct ed_error *err) {
    const struct ed_report_block *blocks;
    size_t n, most = 0;
    enum ed_status status = ed_plot_blocks(info, result, &blocks, &n, err);
    for (size_t b = 0; status == ED_OK && b < n; b++)
        most = blocks[b].n_samples > most ? blocks[b].n_samples : most;
    if (status != ED_OK || most == 0)
        return status;
    int64_t *scratch = malloc(most * sizeof *scratch);
    bool ok = scratch != NULL;
    for (size_t b = 0; b < n && ok; b++) {
        int64_t ns = 0;
        if (ed_plot_block_is_timed(&blocks[b]) &&
            ed_quantile_median(blocks[b].samples_ns, blocks[b].n_samples, scratch, &ns))
            ok = add(medians, row, (double)ns / (double)blocks[b].batch, blocks[b].valid);
    }
    free(scratch);
    return ok ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
}

static void data_append(struct ed_buffer *out, const struct medians *medians, size_t first, bool valid,
                        double divisor) {
    size_t drawn = 0;
    ed_buffer_printf(out, "$medians%d << EOD\n", valid);
    for (size_t i = 0; i < medians->n; i++) {
        if (medians->valid[i] != valid)
            continue;
        ed_plot_number(out, medians->ns[i] / divisor);
        ed_buffer_printf(out, " %zu\n", medians->rows[i] - first);
        drawn++;
    }
    ed_buffer_text_append(out, drawn ? "EOD\n" : "NaN NaN\nEOD\n");
}

static void cases_append(struct ed_buffer *out, const struct ed_view *view, size_t first, size_t n,
                         double divisor) {
    size_t drawn = 0;
    ed_buffer_text_append(out, "$cases << EOD\n");
    for (size_t i = 0; i < n; i++) {
        const struct ed_result *result = view->rows[first + i];
        if (!ed_view_ran(result) || !result->has[ED_FIELD_latency_p50_ns])
            continue;
        const bool span = result->has_span[ED_FIELD_latency_p50_ns];
        const int64_t values[] = {result->latency_p50_ns,
                                  span ? result->latency_p50_ns_low : result->latency_p50_ns,
                                  span ? result->latency_p50_ns_high : result->latency_p50_ns};
        for (size_t v = 0; v < 3; v++) {
            ed_plot_number(out, (double)values[v] / divisor);
            ed_buffer_text_append(out, " ");
        }
        ed_buffer_printf(out, "%zu\n", i);
        drawn++;
    }
    ed_buffer_text_append(out, drawn ? "EOD\n" : "NaN NaN NaN NaN\nEOD\n");
}

static void labels_append(struct ed_buffer *out, const struct ed_view *view, size_t first, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct ed_buffer words;
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_buffer_printf(&words, "%zu  ", first + i + 1);
        ed_plot_row_words(&words, view, first + i);
        ed_buffer_text_append(out, "set label ");
        ed_plot_text(out, ed_buffer_text(&words), WORDS_WIDTH);
        ed_buffer_printf(out, " at graph 0, first %zu right offset -1,0 textcolor rgb '" ED_PLOT_INK "'\n",
                         i);
        ed_buffer_clear(&words);
        if (ed_view_outcome(view->rows[first + i], &words)) {
            ed_buffer_text_append(out, "set label ");
            ed_plot_text(out, ed_buffer_text(&words), WORDS_WIDTH);
            ed_buffer_printf(out, " at graph 0, first %zu left offset 1,0 textcolor rgb '" ED_PLOT_BAD "'\n",
                             i);
        }
        out->no_memory = out->no_memory || words.no_memory;
        ed_buffer_release(&words);
    }
}

static void script_append(struct ed_plot *plot, const struct ed_view *view, size_t first, size_t n,
                          const struct medians *medians) {
    struct ed_buffer *out = &plot->script;
    const struct ed_scale scale = ed_scale_pick(ED_SCALE_TIME, medians->low, medians->high, 3);
    data_append(out, medians, first, true, scale.divisor);
    data_append(out, medians, first, false, scale.divisor);
    cases_append(out, view, first, n, scale.divisor);
    ed_plot_begin(out);
    labels_append(out, view, first, n);
    ed_plot_axis(out, "x", medians->low / scale.divisor, medians->high / scale.divisor, true);
    ed_buffer_printf(
        out,
        "set lmargin at screen 0.34\nset rmargin at screen 0.975\nset tmargin at screen %.4f\n"
        "set bmargin at screen %.4f\nset yrange [%zu.5:-0.5]\nset ytics 1\nset format y ''\n"
        "set xlabel 'median latency, %s'"
        " textcolor rgb '" ED_PLOT_INK "' offset 0,0.2\n"
        "plot $cases using 1:($4+0.2):2:3 with xerrorbars pt 13 ps 0.8 lw 1.5 lc rgb '" ED_PLOT_INK "', "
        "$medians1 using 1:($2-0.2) with points pt 6 ps 0.55 lw 1.3 lc rgb '%s', "
        "$medians0 using 1:($2-0.2) with points pt 2 ps 0.6 lw 1.3 lc rgb '" ED_PLOT_BAD "'\n",
        1 - 8.0 / plot->height, 58.0 / plot->height, n - 1, scale.unit, ed_plot_series[0]);
}

enum ed_status ed_plot_overview(struct ed_plots *plots, const struct ed_report_info *info,
                                const struct ed_view *view, size_t first, size_t n, bool *drawn,
                                struct ed_error *err) {
    struct medians medians = {.low = INFINITY};
    enum ed_status status = ED_OK;
    *drawn = false;
    for (size_t i = 0; i < n && status == ED_OK; i++)
        status = gather_row(info, view->rows[first + i], first + i, &medians, err);
    for (size_t i = 0; i < n && status == ED_OK; i++) {
        const struct ed_result *result = view->rows[first + i];
        if (!ed_view_ran(result) || !result->has_span[ED_FIELD_latency_p50_ns])
            continue;
        medians.low = fmin(medians.low, (double)result->latency_p50_ns_low);
        medians.high = fmax(medians.high, (double)result->latency_p50_ns_high);
    }
    if (status == ED_OK && medians.n > 0) {
        struct ed_plot *plot = ed_plot_add(plots, "overview", FRAME_HEIGHT + (int)n * ROW_HEIGHT);
        if (plot) {
            ed_buffer_printf(
                &plot->title,
                "Median latency of every block of rows %zu to %zu, with the median over blocks and "
                "its 95 %% interval",
                first + 1, first + n);
            script_append(plot, view, first, n, &medians);
        }
        *drawn = plot != NULL;
    }
    free(medians.ns);
    free(medians.rows);
    free(medians.valid);
    return status;
}
