// SPDX-License-Identifier: Apache-2.0
// Figures for a terminal, out of characters: the medians of the blocks of all cases on one scale, then the
// distribution of each case. 80 columns unless the terminal says otherwise.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/interval.h"
#include "base/stats/quantile.h"
#include "reports/plot_figures.h"
#include "reports/records.h"
#include "reports/registry.h"
#include "reports/text.h"

#define COLUMNS_USUAL 80
#define COLUMNS_LEAST 40
#define WORDS_MOST 26
#define CURVE_ROWS 6 // lines of a distribution; each has four dots
#define CURVE_COLUMNS 60
#define AXIS_COLUMNS 7
#define SHARES 240 // points of a curve
#define LOG_FROM 20.0

struct axis {
    double low, high; // in nanoseconds
    bool logarithmic;
    struct ed_scale scale;
};

struct medians {
    double *ns;
    bool *valid;
    size_t n;
};

static void axis_set(struct axis *axis, double low, double high) {
    *axis = (struct axis){low, high, low > 0 && high / low > LOG_FROM,
                          ed_scale_pick(ED_SCALE_TIME, low, high, 3)};
}

// 0 to 1 from the axis' low end to its high one.
static double axis_at(const struct axis *axis, double ns) {
    if (!(axis->high > axis->low))
        return 0.5;
    const double at = axis->logarithmic ? log(ns / axis->low) / log(axis->high / axis->low)
                                        : (ns - axis->low) / (axis->high - axis->low);
    return at < 0 ? 0 : at > 1 ? 1 : at;
}

static enum ed_status medians_of(const struct ed_report_info *info, const struct ed_result *result,
                                 struct medians *medians, struct ed_error *err) {
    const struct ed_report_block *blocks;
    size_t n, most = 0;
    memset(medians, 0, sizeof *medians);
    enum ed_status status = ed_plot_blocks(info, result, &blocks, &n, err);
    for (size_t b = 0; status == ED_OK && b < n; b++)
        most = blocks[b].n_samples > most ? blocks[b].n_samples : most;
    if (status != ED_OK || most == 0)
        return status;
    int64_t *scratch = malloc(most * sizeof *scratch);
    medians->ns = malloc(n * sizeof *medians->ns);
    medians->valid = malloc(n * sizeof *medians->valid);
    const bool room = scratch && medians->ns && medians->valid;
    for (size_t b = 0; room && b < n; b++) {
        int64_t ns;
        if (!ed_plot_block_is_timed(&blocks[b]) ||
            !ed_quantile_median(blocks[b].samples_ns, blocks[b].n_samples, scratch, &ns))
            continue;
        medians->valid[medians->n] = blocks[b].valid;
        medians->ns[medians->n++] = (double)ns / (double)blocks[b].batch;
    }
    status = room ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for figures");
    free(scratch);
    return status;
}

static void number_append(struct ed_buffer *out, const struct axis *axis, double ns) {
    char text[48];
    ed_text_fixed(text, sizeof text, ns / axis->scale.divisor, axis->scale.decimals, false);
    ed_buffer_text_append(out, text);
}

// The words of a row, padded or cut to `width` columns.
static void words_append(struct ed_buffer *out, const struct ed_view *view, size_t row, size_t width) {
    struct ed_buffer words;
    ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&words, "%zu  ", row + 1);
    ed_plot_row_words(&words, view, row);
    const char *text = ed_buffer_text(&words);
    const bool cut = ed_text_width(text) > width;
    const size_t bytes = cut ? ed_text_prefix(text, width - 1) : strlen(text);
    ed_buffer_append(out, text, bytes);
    ed_buffer_text_append(out, cut ? "\xE2\x80\xA6" : "");
    const size_t used = ed_text_width_n(text, bytes) + cut;
    ed_text_repeat(out, ' ', used < width ? width - used : 0);
    out->no_memory = out->no_memory || words.no_memory;
    ed_buffer_release(&words);
}

static void strip_append(struct ed_buffer *out, const struct ed_result *result, const struct medians *medians,
                         const struct axis *axis, size_t width) {
    // ─ x · o ◆
    static const char *const signs[] = {" ", "\xE2\x94\x80", "x", "\xC2\xB7", "o", "\xE2\x97\x86"};
    unsigned char cells[512] = {0};
    width = width < sizeof cells ? width : sizeof cells;
    const double last = (double)width - 1;
    if (result->has_span[ED_FIELD_latency_p50_ns]) {
        const size_t from = (size_t)lround(last * axis_at(axis, (double)result->latency_p50_ns_low)),
                     to = (size_t)lround(last * axis_at(axis, (double)result->latency_p50_ns_high));
        memset(&cells[from], 1, to - from + 1);
    }
    for (size_t i = 0; i < medians->n; i++) {
        unsigned char *cell = &cells[lround(last * axis_at(axis, medians->ns[i]))];
        *cell = !medians->valid[i] ? (*cell < 2 ? 2 : *cell) : *cell < 3 ? 3 : 4; // one block, or several
    }
    if (result->has[ED_FIELD_latency_p50_ns])
        cells[lround(last * axis_at(axis, (double)result->latency_p50_ns))] = 5;
    size_t end = width;
    while (end > 0 && cells[end - 1] == 0)
        end--;
    for (size_t i = 0; i < end; i++)
        ed_buffer_text_append(out, signs[cells[i]]);
}

static void scale_append(struct ed_buffer *out, const struct axis *axis, size_t indent, size_t width) {
    struct ed_buffer low, high;
    ed_buffer_init(&low, ED_REPORT_MAX_BYTES);
    ed_buffer_init(&high, ED_REPORT_MAX_BYTES);
    number_append(&low, axis, axis->low);
    number_append(&high, axis, axis->high);
    ed_buffer_printf(&high, " %s%s", axis->scale.unit, axis->logarithmic ? ", logarithmic" : "");
    const size_t used = ed_text_width(ed_buffer_text(&low)) + ed_text_width(ed_buffer_text(&high));
    ed_text_repeat(out, ' ', indent);
    ed_buffer_text_append(out, ed_buffer_text(&low));
    ed_text_repeat(out, ' ', used < width ? width - used : 1);
    ed_buffer_text_append(out, ed_buffer_text(&high));
    ed_buffer_text_append(out, "\n");
    out->no_memory = out->no_memory || low.no_memory || high.no_memory;
    ed_buffer_release(&low);
    ed_buffer_release(&high);
}

static enum ed_status strips_append(struct ed_buffer *out, const struct ed_report_info *info,
                                    const struct ed_view *view, size_t columns, struct ed_error *err) {
    struct medians *medians = calloc(view->n_rows + 1, sizeof *medians);
    enum ed_status status =
        medians ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for figures");
    double low = INFINITY, high = 0;
    bool any_void = false;
    size_t words = 8;
    for (size_t row = 0; status == ED_OK && row < view->n_rows; row++) {
        const struct ed_result *result = view->rows[row];
        struct ed_buffer text;
        status = medians_of(info, result, &medians[row], err);
        for (size_t i = 0; i < medians[row].n; i++) {
            low = fmin(low, medians[row].ns[i]);
            high = fmax(high, medians[row].ns[i]);
            any_void = any_void || !medians[row].valid[i];
        }
        if (ed_view_ran(result) && result->has[ED_FIELD_latency_p50_ns]) {
            const bool span = result->has_span[ED_FIELD_latency_p50_ns];
            low = fmin(low, (double)(span ? result->latency_p50_ns_low : result->latency_p50_ns));
            high = fmax(high, (double)(span ? result->latency_p50_ns_high : result->latency_p50_ns));
        }
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_plot_row_words(&text, view, row);
        const size_t width = 5 + ed_text_width(ed_buffer_text(&text));
        words = width > words ? width : words;
        ed_buffer_release(&text);
    }
    words = words > WORDS_MOST ? WORDS_MOST : words;
    if (status == ED_OK && high > 0) {
        struct axis axis;
        axis_set(&axis, low, high);
        ed_buffer_text_append(
            out, "median latency: of each block (\xC2\xB7, o several), over blocks (\xE2\x97\x86), 95 % "
                 "interval (\xE2\x94\x80)\n");
        ed_buffer_text_append(out, any_void ? "x: a block that is not valid\n" : "");
        for (size_t row = 0; row < view->n_rows; row++) {
            words_append(out, view, row, words);
            ed_buffer_text_append(out, "|");
            if (!ed_view_outcome(view->rows[row], out))
                strip_append(out, view->rows[row], &medians[row], &axis, columns - words - 1);
            ed_buffer_text_append(out, "\n");
        }
        scale_append(out, &axis, words + 1, columns - words - 1);
        ed_buffer_text_append(out, "\n");
    }
    for (size_t row = 0; medians && row < view->n_rows; row++) {
        free(medians[row].ns);
        free(medians[row].valid);
    }
    free(medians);
    return status;
}

static size_t count_valid(const struct ed_report_block *blocks, size_t n) {
    size_t valid = 0;
    for (size_t b = 0; b < n; b++)
        valid += ed_plot_block_is_timed(&blocks[b]) && blocks[b].valid;
    return valid;
}

// At every share the median over blocks of the block's quantile, as the figures of the tables are: of valid
// blocks, where there are enough of them.
static enum ed_status curve_of(const struct ed_report_info *info, const struct ed_result *result,
                               double curve[SHARES], bool *any, struct ed_error *err) {
    const struct ed_report_block *blocks;
    size_t n, used = 0, most = 0;
    *any = false;
    enum ed_status status = ed_plot_blocks(info, result, &blocks, &n, err);
    for (size_t b = 0; status == ED_OK && b < n; b++)
        most = blocks[b].n_samples > most ? blocks[b].n_samples : most;
    if (status != ED_OK || most == 0)
        return status;
    int64_t *sorted = malloc(most * sizeof *sorted), *quantiles = malloc(n * SHARES * sizeof *quantiles),
            *scratch = malloc(n * sizeof *scratch);
    if (sorted && quantiles && scratch) {
        const bool all = count_valid(blocks, n) < ED_INTERVAL_MIN_BLOCKS;
        for (size_t b = 0; b < n; b++) {
            if (!ed_plot_block_is_timed(&blocks[b]) || !(all || blocks[b].valid))
                continue;
            memcpy(sorted, blocks[b].samples_ns, blocks[b].n_samples * sizeof *sorted);
            ed_quantile_sort(sorted, blocks[b].n_samples);
            for (uint32_t s = 0; s < SHARES; s++) {
                int64_t ns = 0;
                ed_quantile_sorted(sorted, blocks[b].n_samples, s + 1, SHARES, &ns);
                quantiles[s * n + used] = ns / blocks[b].batch;
            }
            used++;
        }
        for (size_t s = 0; s < SHARES && used > 0; s++) {
            int64_t ns = 0;
            ed_quantile_median(&quantiles[s * n], used, scratch, &ns);
            curve[s] = (double)ns;
        }
        *any = used > 0;
    } else {
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for figures");
    }
    free(sorted);
    free(quantiles);
    free(scratch);
    return status;
}

// Braille: dots of two columns and four rows, U+2800 and a bit each.
static void curve_append(struct ed_buffer *out, const double curve[SHARES], size_t columns) {
    static const unsigned char bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    unsigned char cells[CURVE_ROWS][CURVE_COLUMNS] = {{0}};
    const size_t width = columns - AXIS_COLUMNS < CURVE_COLUMNS ? columns - AXIS_COLUMNS : CURVE_COLUMNS;
    struct axis axis;
    axis_set(&axis, curve[0], curve[SHARES - 1]);
    for (size_t s = 0; s < SHARES; s++) {
        const size_t x = (size_t)lround((2 * (double)width - 1) * axis_at(&axis, curve[s])),
                     y = 4 * CURVE_ROWS - 1 - s * (4 * CURVE_ROWS) / SHARES;
        cells[y / 4][x / 2] |= bits[y % 4][x % 2];
    }
    for (size_t r = 0; r < CURVE_ROWS; r++) {
        size_t end = width;
        ed_buffer_text_append(out, r == 0 ? " 100 % |" : r == CURVE_ROWS / 2 ? "  50 % |" : "       |");
        while (end > 0 && cells[r][end - 1] == 0)
            end--;
        for (size_t c = 0; c < end; c++) {
            const char braille[3] = {(char)0xE2, (char)(0xA0 | cells[r][c] >> 6),
                                     (char)(0x80 | (cells[r][c] & 0x3F))};
            if (cells[r][c])
                ed_buffer_append(out, braille, sizeof braille);
            else
                ed_buffer_append(out, " ", 1);
        }
        ed_buffer_text_append(out, "\n");
    }
    scale_append(out, &axis, AXIS_COLUMNS + 1, width);
}

static enum ed_status curves_append(struct ed_buffer *out, const struct ed_report_info *info,
                                    const struct ed_view *view, size_t columns, struct ed_error *err) {
    enum ed_status status = ED_OK;
    bool told = false;
    for (size_t row = 0; row < view->n_rows && status == ED_OK; row++) {
        double curve[SHARES];
        bool any;
        status = curve_of(info, view->rows[row], curve, &any, err);
        if (status != ED_OK || !any)
            continue;
        if (!told)
            ed_buffer_text_append(out, "share of inferences at most so slow: median over blocks\n");
        told = true;
        words_append(out, view, row, columns);
        while (out->size > 0 && out->data[out->size - 1] == ' ')
            out->data[--out->size] = '\0';
        ed_buffer_text_append(out, "\n");
        curve_append(out, curve, columns);
    }
    return status;
}

static enum ed_status plots_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    const int asked = records->info->columns;
    const size_t columns = asked <= 0 ? COLUMNS_USUAL : asked < COLUMNS_LEAST ? COLUMNS_LEAST : (size_t)asked;
    struct ed_view view;
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    enum ed_status status = ed_view_init(&view, records->info, records->items, records->n, ED_VIEW_FULL, err);
    if (status == ED_OK)
        status = strips_append(&out, records->info, &view, columns, err);
    if (status == ED_OK)
        status = curves_append(&out, records->info, &view, columns, err);
    if (status == ED_OK && out.size == 0)
        ed_buffer_text_append(&out, "no latency to draw\n");
    if (status == ED_OK)
        status = ed_sink_flush(records->sink, &out, "the figures", err);
    ed_view_release(&view);
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_plots = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "plots",
    .summary = "medians of blocks and distributions, drawn with characters for a terminal",
    .suffix = ".plots",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = plots_end,
};
