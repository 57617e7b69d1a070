// SPDX-License-Identifier: Apache-2.0
// What figures there are. Each is added to the list where the records have something to draw; what was
// thinned is told, so that the caption can say it.
#ifndef EDGEDYNO_REPORTS_PLOT_FIGURES_H
#define EDGEDYNO_REPORTS_PLOT_FIGURES_H

#include "reports/plot.h"

// How a figure of samples came about. Of every run of `stride` samples the first, the fastest and the slowest
// are drawn.
struct ed_plot_thinned {
    size_t drawn, total, stride, blocks;
    bool logarithmic;
    size_t above;      // slower than the frame: of all, not only of those that are drawn
    double slowest_ns; // of all, where there are such
};

// "fp32 · t2": what tells row `row` from the others, as visible text.
void ed_plot_row_words(struct ed_buffer *out, const struct ed_view *view, size_t row);

// The medians of all blocks of rows first..first+n-1, one line a row, with the interval of the case.
// *row_drawn says whether there was anything. Needs info->source.
enum ed_status ed_plot_overview(struct ed_plots *plots, const struct ed_report_info *info,
                                const struct ed_view *view, size_t first, size_t n, bool *drawn,
                                struct ed_error *err);
// Every inference of a case in order, and the distribution of each block. At most about `budget` points.
enum ed_status ed_plot_distribution(struct ed_plots *plots, const struct ed_report_info *info,
                                    const struct ed_view *view, size_t row, size_t budget,
                                    struct ed_plot_thinned *thinned, struct ed_error *err);
// Resident memory by phase, rows first..first+n-1 (at most ED_PLOT_SERIES).
void ed_plot_memory(struct ed_plots *plots, const struct ed_view *view, size_t first, size_t n, bool *drawn);
// One device over its campaign: latency, and what the probes told.
enum ed_status ed_plot_timeline(struct ed_plots *plots, const struct ed_report_info *info,
                                const struct ed_view *view, const char *device, size_t budget,
                                struct ed_plot_thinned *thinned, struct ed_error *err);
// Accuracy against latency over the rows in `rows`; `front` says of each whether no other is better in both.
void ed_plot_pareto(struct ed_plots *plots, const struct ed_view *view, const size_t *rows, const bool *front,
                    size_t n);

// The changes of a gate that have an interval and a smallest change that matters, at most `most` of them; how
// many. 0: no figure.
size_t ed_plot_gate(struct ed_plots *plots, const struct ed_report_gate *gate, size_t most);

// Blocks of a row that have samples, by info->source; n 0 without one.
enum ed_status ed_plot_blocks(const struct ed_report_info *info, const struct ed_result *result,
                              const struct ed_report_block **blocks, size_t *n, struct ed_error *err);
bool ed_plot_block_is_timed(const struct ed_report_block *block);
// The run of at most `stride` samples from `first` on: indices, rising, of its first, fastest and slowest
// one.
size_t ed_plot_thin(const int64_t *samples, size_t n, size_t first, size_t stride, size_t indices[3]);
// The stride by which `total` samples become at most about `budget` points; 1 keeps all.
size_t ed_plot_stride(size_t total, size_t budget);

#endif
