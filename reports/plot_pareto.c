// SPDX-License-Identifier: Apache-2.0
// Accuracy against latency. The front joins the rows that no other row beats in both.
#include <math.h>
#include <string.h>

#include "reports/plot_figures.h"
#include "reports/text.h"

#define HEIGHT 320
#define WORDS_WIDTH 30 // columns

// Shares in percent, everything else as it is.
static double accuracy(const struct ed_result *result) {
    return (ed_view_no_share(result) ? 1 : 100) * result->accuracy_value;
}

static void data_append(struct ed_buffer *out, const struct ed_view *view, const size_t *rows,
                        const bool *front, size_t n, bool of_front, double divisor) {
    size_t drawn = 0;
    ed_buffer_printf(out, "$%s << EOD\n", of_front ? "front" : "behind");
    for (size_t i = 0; i < n; i++) {
        const struct ed_result *result = view->rows[rows[i]];
        const bool span = result->has_span[ED_FIELD_latency_p50_ns];
        const int64_t ns[] = {result->latency_p50_ns,
                              span ? result->latency_p50_ns_low : result->latency_p50_ns,
                              span ? result->latency_p50_ns_high : result->latency_p50_ns};
        if (front[i] != of_front)
            continue;
        for (size_t v = 0; v < 3; v++) {
            ed_plot_number(out, (double)ns[v] / divisor);
            ed_buffer_text_append(out, " ");
        }
        ed_plot_number(out, accuracy(result));
        ed_buffer_text_append(out, "\n");
        drawn++;
    }
    ed_buffer_text_append(out, drawn ? "EOD\n" : "NaN NaN NaN NaN\nEOD\n");
}

// Rising by latency, as the line of the front goes.
static void line_append(struct ed_buffer *out, const struct ed_view *view, const size_t *rows,
                        const bool *front, size_t n, double divisor) {
    int64_t last = -1;
    ed_buffer_text_append(out, "$line << EOD\n");
    for (;;) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (front[i] && view->rows[rows[i]]->latency_p50_ns > last &&
                (best == n || view->rows[rows[i]]->latency_p50_ns < view->rows[rows[best]]->latency_p50_ns))
                best = i;
        if (best == n)
            break;
        last = view->rows[rows[best]]->latency_p50_ns;
        ed_plot_number(out, (double)last / divisor);
        ed_buffer_text_append(out, " ");
        ed_plot_number(out, accuracy(view->rows[rows[best]]));
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_text_append(out, last < 0 ? "NaN NaN\nEOD\n" : "EOD\n");
}

static void labels_append(struct ed_buffer *out, const struct ed_view *view, const size_t *rows, size_t n,
                          double middle_ns, double divisor) {
    static const char *const heights[] = {"0.9", "-0.9", "1.9", "-1.9"}; // lines
    for (size_t i = 0; i < n; i++) {
        const struct ed_result *result = view->rows[rows[i]];
        const bool left = (double)result->latency_p50_ns > middle_ns;
        size_t before = 0; // points to the left decide how high the words go, so that neighbours differ
        for (size_t k = 0; k < n; k++)
            before += view->rows[rows[k]]->latency_p50_ns < result->latency_p50_ns ||
                      (view->rows[rows[k]]->latency_p50_ns == result->latency_p50_ns && k < i);
        struct ed_buffer words;
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_buffer_printf(&words, "%zu  ", rows[i] + 1);
        ed_plot_row_words(&words, view, rows[i]);
        ed_buffer_text_append(out, "set label ");
        ed_plot_text(out, ed_buffer_text(&words), WORDS_WIDTH);
        ed_buffer_text_append(out, " at first ");
        ed_plot_number(out, (double)result->latency_p50_ns / divisor);
        ed_buffer_text_append(out, ", first ");
        ed_plot_number(out, accuracy(result));
        ed_buffer_printf(out, " %s offset %s,%s textcolor rgb '" ED_PLOT_INK "'\n", left ? "right" : "left",
                         left ? "0.6" : "-0.6", heights[before % 4]);
        out->no_memory = out->no_memory || words.no_memory;
        ed_buffer_release(&words);
    }
}

void ed_plot_pareto(struct ed_plots *plots, const struct ed_view *view, const size_t *rows, const bool *front,
                    size_t n) {
    double low = INFINITY, high = 0, worst = INFINITY, best = -INFINITY;
    struct ed_plot *plot = n ? ed_plot_add(plots, "accuracy", HEIGHT) : NULL;
    if (!plot)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct ed_result *result = view->rows[rows[i]];
        const bool span = result->has_span[ED_FIELD_latency_p50_ns];
        low = fmin(low, (double)(span ? result->latency_p50_ns_low : result->latency_p50_ns));
        high = fmax(high, (double)(span ? result->latency_p50_ns_high : result->latency_p50_ns));
        worst = fmin(worst, accuracy(result));
        best = fmax(best, accuracy(result));
    }
    struct ed_buffer *out = &plot->script;
    const struct ed_scale scale = ed_scale_pick(ED_SCALE_TIME, low, high, 3);
    const double middle_ns = low > 0 && high / low > 20 ? sqrt(low * high) : (low + high) / 2;
    ed_buffer_printf(&plot->title, "Accuracy against median latency of %zu cases, with the Pareto front", n);
    data_append(out, view, rows, front, n, true, scale.divisor);
    data_append(out, view, rows, front, n, false, scale.divisor);
    line_append(out, view, rows, front, n, scale.divisor);
    ed_plot_begin(out);
    ed_plot_axis(out, "x", low / scale.divisor, high / scale.divisor, true);
    // What is equal, or nearly so, is not to look far apart: half a point of a share, 5 % of anything else.
    const struct ed_result *first = view->rows[rows[0]];
    const bool share = !ed_view_no_share(first);
    const double least = share ? 1 : fmax(0.1 * fabs(best), 1e-6);
    const double room = best - worst > least ? 0.15 * (best - worst) : least / 2;
    ed_buffer_text_append(out, "set yrange [");
    ed_plot_number(out, worst - room);
    ed_buffer_text_append(out, ":");
    ed_plot_number(out, best + room);
    ed_buffer_text_append(out, "]\nset format y '%g'\n");
    labels_append(out, view, rows, n, middle_ns, scale.divisor);
    ed_plot_ylabel(out,
                   !strcmp(first->accuracy_metric, "word-error-rate") ? "word error rate, %"
                   : share                                            ? "accuracy, %"
                   : !strcmp(first->accuracy_metric, "perplexity")    ? "perplexity"
                   : !strcmp(first->accuracy_metric, "kl-divergence") ? "KL divergence, nats"
                   : !strcmp(first->accuracy_metric, "sqnr")          ? "SQNR, dB"
                                                                      : "value of the metric",
                   "");
    ed_buffer_printf(
        out,
        "set lmargin at screen 0.10\nset rmargin at screen 0.975\nset tmargin at screen 0.96\n"
        "set bmargin at screen 0.19\n"
        "set xlabel 'median latency, %s, with its 95 %% interval' textcolor rgb '" ED_PLOT_INK
        "' offset 0,0.2\n"
        "plot $line with steps lw 1.5 lc rgb '%s', $behind using 1:4:2:3 with xerrorbars pt 6 ps 0.9 "
        "lw 1 lc rgb '" ED_PLOT_MUTED "', $front using 1:4:2:3 with xerrorbars pt 7 ps 0.9 lw 1 lc rgb "
        "'%s'\n",
        scale.unit, ed_plot_series[2], ed_plot_series[2]);
}
