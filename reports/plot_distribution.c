// SPDX-License-Identifier: Apache-2.0
// A case's inferences: left every one in order, block after block; right the share of each block that is at
// most so slow. The blocks are not pooled: the unit of every statement is the block.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/quantile.h"
#include "reports/plot_figures.h"
#include "reports/text.h"

#define HEIGHT 270
#define BLOCKS_LABELLED 24

// Of every block: its fastest inference, then every 25 thousandths, closer together in the tail.
#define SHARES 45
#define SHARE_BULK 38 // 950 thousandths

struct timed {
    const struct ed_report_block **blocks;
    double (*curves_ns)[SHARES]; // of each block
    size_t n, samples;
    double low_ns, high_ns; // of one inference
    double top_ns;          // what the frame has; slower ones are drawn at its edge
    size_t above;           // how many of these
};

static uint32_t share_of(size_t i) {
    return (uint32_t)(i <= SHARE_BULK       ? 25 * i
                      : i <= SHARE_BULK + 4 ? 950 + 10 * (i - SHARE_BULK)
                                            : 990 + 5 * (i - SHARE_BULK - 4));
}

static double of_one(const struct ed_report_block *block, int64_t ns) {
    return (double)ns / (double)block->batch;
}

static void curve(double out[SHARES], const struct ed_report_block *block, int64_t *sorted) {
    memcpy(sorted, block->samples_ns, block->n_samples * sizeof *sorted);
    ed_quantile_sort(sorted, block->n_samples);
    out[0] = of_one(block, sorted[0]);
    for (size_t i = 1; i < SHARES; i++) {
        int64_t ns = 0;
        ed_quantile_sorted(sorted, block->n_samples, share_of(i), 1000, &ns);
        out[i] = of_one(block, ns);
    }
}

// Where a few inferences are far slower than the rest the frame is the rest's, or that would be a flat line:
// twice as high as 95 % of every block reach.
static void frame(struct timed *timed) {
    double bulk_ns = 0;
    for (size_t b = 0; b < timed->n; b++) {
        timed->low_ns = fmin(timed->low_ns, timed->curves_ns[b][0]);
        timed->high_ns = fmax(timed->high_ns, timed->curves_ns[b][SHARES - 1]);
        bulk_ns = fmax(bulk_ns, timed->curves_ns[b][SHARE_BULK]);
    }
    const double top_ns = fmax(2 * bulk_ns - timed->low_ns, 1.25 * bulk_ns);
    timed->top_ns = timed->high_ns > 1.5 * top_ns ? top_ns : timed->high_ns;
    for (size_t b = 0; b < timed->n; b++)
        for (size_t i = 0; i < timed->blocks[b]->n_samples; i++)
            timed->above += of_one(timed->blocks[b], timed->blocks[b]->samples_ns[i]) > timed->top_ns;
}

static enum ed_status gather(const struct ed_report_info *info, const struct ed_result *result,
                             struct timed *timed, struct ed_error *err) {
    const struct ed_report_block *blocks;
    size_t n, most = 0;
    memset(timed, 0, sizeof *timed);
    timed->low_ns = INFINITY;
    enum ed_status status = ed_plot_blocks(info, result, &blocks, &n, err);
    if (status != ED_OK || n == 0)
        return status;
    for (size_t b = 0; b < n; b++)
        most = blocks[b].n_samples > most ? blocks[b].n_samples : most;
    int64_t *sorted = malloc((most + 1) * sizeof *sorted);
    timed->blocks = calloc(n, sizeof *timed->blocks);
    timed->curves_ns = calloc(n, sizeof *timed->curves_ns);
    if (!sorted || !timed->blocks || !timed->curves_ns) {
        free(sorted);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
    }
    for (size_t b = 0; b < n; b++) {
        if (!ed_plot_block_is_timed(&blocks[b]))
            continue;
        curve(timed->curves_ns[timed->n], &blocks[b], sorted);
        timed->blocks[timed->n++] = &blocks[b];
        timed->samples += blocks[b].n_samples;
    }
    free(sorted);
    frame(timed);
    return ED_OK;
}

static void pair_append(struct ed_buffer *out, double x, double y) {
    ed_plot_number(out, x);
    ed_buffer_text_append(out, " ");
    ed_plot_number(out, y);
    ed_buffer_text_append(out, "\n");
}

enum part { FIRST, EXTREME, VOID, ABOVE, PARTS };
static const char *const part_names[PARTS] = {"$first", "$extreme", "$void", "$above"};

static enum part part_of(const struct timed *timed, const struct ed_report_block *block, size_t i,
                         bool first) {
    if (of_one(block, block->samples_ns[i]) > timed->top_ns)
        return ABOVE;
    return !block->valid ? VOID : first ? FIRST : EXTREME;
}

// Every block has the same width, however many inferences it has. The fastest and the slowest of a run are
// drawn apart from its first, which is typical.
static size_t points_append(struct ed_buffer *out, const struct timed *timed, enum part part, size_t stride,
                            double divisor) {
    size_t drawn = 0;
    ed_buffer_printf(out, "%s << EOD\n", part_names[part]);
    for (size_t b = 0; b < timed->n; b++) {
        const struct ed_report_block *block = timed->blocks[b];
        for (size_t first = 0; first < block->n_samples; first += stride) {
            size_t kept[3];
            const size_t n = ed_plot_thin(block->samples_ns, block->n_samples, first, stride, kept);
            for (size_t k = 0; k < n; k++) {
                if (part_of(timed, block, kept[k], kept[k] == first) != part)
                    continue;
                const double x = (double)(b + 1) + 0.9 * ((double)kept[k] / (double)block->n_samples - 0.5);
                const double y = fmin(of_one(block, block->samples_ns[kept[k]]), timed->top_ns) / divisor;
                pair_append(out, round(x * 1e4) / 1e4, y);
                drawn++;
            }
        }
    }
    ed_buffer_text_append(out, drawn ? "EOD\n" : "NaN NaN\nEOD\n");
    return drawn;
}

static void curves_append(struct ed_buffer *out, const struct timed *timed, bool valid, double divisor) {
    bool any = false;
    ed_buffer_printf(out, "$curves%d << EOD\n", valid);
    for (size_t b = 0; b < timed->n; b++) {
        if (timed->blocks[b]->valid != valid)
            continue;
        ed_buffer_text_append(out, any ? "\n" : "");
        for (size_t i = 0; i < SHARES; i++)
            pair_append(out, share_of(i) / 1000.0, timed->curves_ns[b][i] / divisor);
        any = true;
    }
    ed_buffer_text_append(out, any ? "EOD\n" : "NaN NaN\nEOD\n");
}

// The case's median and its interval lie behind both halves.
static void median_append(struct ed_buffer *out, const struct ed_result *result, double divisor) {
    if (!result->has[ED_FIELD_latency_p50_ns])
        return;
    if (result->has_span[ED_FIELD_latency_p50_ns]) {
        ed_buffer_text_append(out, "set object 1 rectangle from graph 0, first ");
        ed_plot_number(out, (double)result->latency_p50_ns_low / divisor);
        ed_buffer_text_append(out, " to graph 1, first ");
        ed_plot_number(out, (double)result->latency_p50_ns_high / divisor);
        ed_buffer_text_append(out, " fillcolor rgb '" ED_PLOT_BAND "' fillstyle solid noborder behind\n");
    }
    ed_buffer_text_append(out, "set arrow 1 from graph 0, first ");
    ed_plot_number(out, (double)result->latency_p50_ns / divisor);
    ed_buffer_text_append(out, " to graph 1, first ");
    ed_plot_number(out, (double)result->latency_p50_ns / divisor);
    ed_buffer_text_append(out, " nohead lw 1 lc rgb '" ED_PLOT_INK "' front\n");
}

static void script_append(struct ed_plot *plot, const struct ed_result *result, const struct timed *timed,
                          struct ed_plot_thinned *thinned) {
    struct ed_buffer *out = &plot->script;
    const struct ed_scale scale = ed_scale_pick(ED_SCALE_TIME, timed->low_ns, timed->top_ns, 3);
    for (int part = 0; part < PARTS; part++)
        thinned->drawn += points_append(out, timed, (enum part)part, thinned->stride, scale.divisor);
    curves_append(out, timed, true, scale.divisor);
    curves_append(out, timed, false, scale.divisor);
    thinned->logarithmic = timed->low_ns > 0 && timed->top_ns / timed->low_ns > 20;
    thinned->above = timed->above;
    thinned->slowest_ns = timed->high_ns;
    ed_buffer_text_append(out, "set multiplot\n");
    ed_plot_begin(out);
    ed_plot_axis(out, "y", timed->low_ns / scale.divisor, timed->top_ns / scale.divisor, true);
    median_append(out, result, scale.divisor);
    ed_plot_ylabel(out, "latency", scale.unit);
    ed_buffer_printf(
        out,
        "set lmargin at screen 0.10\nset rmargin at screen 0.62\nset tmargin at screen 0.95\n"
        "set bmargin at screen 0.225\nset xrange [0.4:%zu.6]\nset xtics %d, %zu\n"
        "set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '" ED_PLOT_INK
        "' offset 0,0.2\n"
        "plot $extreme with points pt 7 ps 0.2 lc rgb '" ED_PLOT_MUTED "', "
        "$first with points pt 7 ps 0.3 lc rgb '%s', "
        "$void with points pt 2 ps 0.35 lc rgb '" ED_PLOT_BAD "', "
        "$above with points pt 9 ps 0.5 lc rgb '" ED_PLOT_INK "'\n",
        timed->n, 1, 1 + timed->n / BLOCKS_LABELLED, ed_plot_series[0]);
    ed_plot_axis(out, "y", timed->low_ns / scale.divisor, timed->top_ns / scale.divisor, false);
    ed_plot_ylabel(out, "", "");
    ed_buffer_printf(
        out,
        "set lmargin at screen 0.66\nset rmargin at screen 0.975\nset format x '%%g'\n"
        "set xrange [0:1]\nset xtics (0, 0.25, 0.5, 0.75, 1)\n"
        "set xlabel 'share of the block at most so slow' textcolor rgb '" ED_PLOT_INK "' offset 0,0.2\n"
        "plot $curves1 with lines lw 1 lc rgb '%s', $curves0 with lines lw 1 dt 2 lc rgb '" ED_PLOT_BAD
        "'\nunset multiplot\n",
        ed_plot_series[0]);
}

enum ed_status ed_plot_distribution(struct ed_plots *plots, const struct ed_report_info *info,
                                    const struct ed_view *view, size_t row, size_t budget,
                                    struct ed_plot_thinned *thinned, struct ed_error *err) {
    struct timed timed;
    memset(thinned, 0, sizeof *thinned);
    enum ed_status status = gather(info, view->rows[row], &timed, err);
    if (status == ED_OK && timed.n > 0) {
        struct ed_plot *plot = ed_plot_add(plots, "distribution", HEIGHT);
        thinned->total = timed.samples;
        thinned->blocks = timed.n;
        thinned->stride = ed_plot_stride(timed.samples, budget);
        if (plot) {
            ed_buffer_printf(&plot->title, "Row %zu, ", row + 1);
            ed_plot_row_words(&plot->title, view, row);
            ed_buffer_printf(
                &plot->title,
                ": latency of the inferences of %zu blocks in order, and the distribution of each block",
                timed.n);
            script_append(plot, view->rows[row], &timed, thinned);
            if (timed.above)
                ed_buffer_printf(&plot->title, "; %zu slower ones as triangles at the top", timed.above);
        }
    }
    free(timed.blocks);
    free(timed.curves_ns);
    return status;
}
