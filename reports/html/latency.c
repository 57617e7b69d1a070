// SPDX-License-Identifier: Apache-2.0
// Where the medians come from: all cases in one figure, then every inference of each case.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/quantile.h"
#include "reports/html/page.h"
#include "reports/text.h"

#define OVERVIEW_ROWS 40u // cases in one figure
#define FIGURES_MAX 60u   // cases that have one of their own
#define OPEN_MAX 8u       // more are folded away on a screen
#define POINTS_ALL 60000u // of all figures together
#define POINTS_MOST 2400u // of one
#define POINTS_LEAST 240u

static enum ed_status overview(struct ed_html_page *page, bool *any, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t first = 0; first < page->view.n_rows && status == ED_OK; first += OVERVIEW_ROWS) {
        const size_t left = page->view.n_rows - first;
        bool drawn;
        status = ed_plot_overview(&page->plots, page->info, &page->view, first,
                                  left < OVERVIEW_ROWS ? left : OVERVIEW_ROWS, &drawn, err);
        if (status != ED_OK || !drawn)
            continue;
        if (!*any)
            ed_html_section(page, "latency", "Latency, block by block");
        *any = true;
        ed_html_figure(
            page, "Circles: the median of each block (a cross: a block that is not valid). Diamond and bar: "
                  "the median over blocks and its 95 %% interval.");
    }
    return status;
}

static void block_row(struct ed_html_table *table, size_t row, const char *words,
                      const struct ed_report_block *block, int64_t *sorted) {
    static const struct { uint32_t num, den; } quantiles[] = {{0, 1}, {1, 2}, {9, 10}, {99, 100}, {1, 1}};
    char text[32];
    snprintf(text, sizeof text, "%zu", row + 1);
    ed_html_table_row(table);
    ed_html_table_number(table, text, (double)(row + 1));
    ed_html_table_text(table, words, NULL);
    ed_html_table_name(table, block->id);
    ed_html_table_text(table, block->outcome, block->outcome);
    snprintf(text, sizeof text, "%.3f", (double)block->started_ns / 1e9);
    ed_html_table_number(table, text, (double)block->started_ns);
    snprintf(text, sizeof text, "%zu", block->n_samples);
    ed_html_table_number(table, text, (double)block->n_samples);
    memcpy(sorted, block->samples_ns, block->n_samples * sizeof *sorted);
    ed_quantile_sort(sorted, block->n_samples);
    for (size_t q = 0; q < sizeof quantiles / sizeof quantiles[0]; q++) {
        int64_t ns = 0;
        if (quantiles[q].num == 0)
            ns = sorted[0];
        else
            ed_quantile_sorted(sorted, block->n_samples, quantiles[q].num, quantiles[q].den, &ns);
        ed_text_fixed(text, sizeof text, (double)ns / (double)block->batch / 1e3, 3, false);
        ed_html_table_number(table, text, (double)ns / (double)block->batch / 1e3);
    }
    ed_html_table_text(table, block->valid ? "yes" : "no", NULL);
    ed_html_table_text(table, block->reasons, NULL);
}

static enum ed_status blocks_table(struct ed_html_page *page, struct ed_error *err) {
    static const char *const heads[] = {"fastest", "p50", "p90", "p99", "slowest"};
    struct ed_html_table table;
    enum ed_status status = ED_OK;
    ed_buffer_text_append(&page->out, "<details><summary>Every block as a table</summary>\n");
    ed_html_table_begin(&table, page, "blocks", "Timing blocks", ED_HTML_SORT | ED_HTML_FILTER);
    ed_html_table_head(&table, "row", "", true);
    ed_html_table_head(&table, "case", "", false);
    ed_html_table_head(&table, "block", "", false);
    ed_html_table_head(&table, "outcome", "", false);
    ed_html_table_head(&table, "started", "s", true);
    ed_html_table_head(&table, "samples", "", true);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        ed_html_table_head(&table, heads[i],
                           "\xC2\xB5"
                           "s",
                           true);
    ed_html_table_head(&table, "valid", "", false);
    ed_html_table_head(&table, "reasons", "", false);
    for (size_t row = 0; row < page->view.n_rows && status == ED_OK; row++) {
        const struct ed_report_block *blocks;
        struct ed_buffer words;
        size_t n, most = 1;
        if (page->view.again[row].of_case)
            continue;
        status = ed_plot_blocks(page->info, page->view.rows[row], &blocks, &n, err);
        for (size_t b = 0; status == ED_OK && b < n; b++)
            most = blocks[b].n_samples > most ? blocks[b].n_samples : most;
        int64_t *sorted = malloc(most * sizeof *sorted);
        if (!sorted && status == ED_OK)
            status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the table of blocks");
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_plot_row_words(&words, &page->view, row);
        for (size_t b = 0; status == ED_OK && b < n; b++)
            if (ed_plot_block_is_timed(&blocks[b]))
                block_row(&table, row, ed_buffer_text(&words), &blocks[b], sorted);
        ed_buffer_release(&words);
        free(sorted);
    }
    ed_html_table_end(&table);
    ed_buffer_text_append(&page->out,
                          "<p class=\"note\">Nearest rank inside a block. Quantiles of too few samples say "
                          "little; the table of cases leaves them out.</p></details>\n");
    return status;
}

static enum ed_status distribution(struct ed_html_page *page, size_t row, size_t budget, bool folded,
                                   bool *drawn, struct ed_error *err) {
    struct ed_plot_thinned thinned;
    struct ed_buffer words, caption;
    const size_t before = page->plots.n;
    enum ed_status status =
        ed_plot_distribution(&page->plots, page->info, &page->view, row, budget, &thinned, err);
    *drawn = status == ED_OK && page->plots.n > before;
    if (!*drawn)
        return status;
    ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
    ed_buffer_init(&caption, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&words, "%zu \xC2\xB7 ", row + 1);
    ed_plot_row_words(&words, &page->view, row);
    ed_html_thinned(&caption, &thinned);
    if (thinned.above) {
        const struct ed_scale scale = ed_scale_pick(ED_SCALE_TIME, thinned.slowest_ns, thinned.slowest_ns, 3);
        char slowest[32];
        ed_text_fixed(slowest, sizeof slowest, thinned.slowest_ns / scale.divisor, scale.decimals, false);
        ed_buffer_printf(&caption, " Triangles: %zu slower than the frame shows, the slowest took %s %s.",
                         thinned.above, slowest, scale.unit);
    }
    ed_buffer_text_append(&page->out, folded ? "<details><summary>" : "<h3>");
    ed_html_text(page, ed_buffer_text(&words));
    ed_buffer_text_append(&page->out, folded ? "</summary>\n" : "</h3>\n");
    ed_html_figure(page, "%s%s Line and band: the median over blocks and its 95 %% interval.%s",
                   ed_buffer_text(&caption), thinned.stride > 1 ? " Grey: those two." : "",
                   thinned.logarithmic ? " The scale is logarithmic." : "");
    ed_buffer_text_append(&page->out, folded ? "</details>\n" : "");
    page->no_memory = page->no_memory || words.no_memory || caption.no_memory;
    ed_buffer_release(&words);
    ed_buffer_release(&caption);
    return status;
}

enum ed_status ed_html_latency(struct ed_html_page *page, struct ed_error *err) {
    bool any = false;
    size_t cases = 0, drawn = 0, left_out = 0;
    enum ed_status status = overview(page, &any, err);
    if (status != ED_OK || !any)
        return status;
    for (size_t row = 0; row < page->view.n_rows; row++)
        cases += !page->view.again[row].of_case;
    size_t budget = POINTS_ALL / (cases < FIGURES_MAX ? cases : FIGURES_MAX);
    budget = budget > POINTS_MOST ? POINTS_MOST : budget < POINTS_LEAST ? POINTS_LEAST : budget;
    for (size_t row = 0; row < page->view.n_rows && status == ED_OK; row++) {
        bool has;
        if (page->view.again[row].of_case)
            continue;
        if (drawn == FIGURES_MAX) {
            left_out++;
            continue;
        }
        status = distribution(page, row, budget, cases > OPEN_MAX, &has, err);
        drawn += has;
    }
    if (cases > OPEN_MAX)
        ed_html_folded(page);
    if (left_out > 0)
        ed_buffer_printf(
            &page->out,
            "<p class=\"note\">The first %u cases have a figure of their own, %zu have none; the table of "
            "blocks has all.</p>\n",
            FIGURES_MAX, left_out);
    if (status == ED_OK)
        status = blocks_table(page, err);
    ed_html_section_end(page);
    return status;
}
