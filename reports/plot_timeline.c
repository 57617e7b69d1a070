// SPDX-License-Identifier: Apache-2.0
// One device from its first block to its last: latency of the inferences where they happened, and below it
// what the probes told of temperature, clocks and power. Grey is loading and warming up, blue what was timed.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/affix.h"
#include "reports/order.h"
#include "reports/plot_figures.h"
#include "reports/text.h"

#define LATENCY_HEIGHT 210
#define PANEL_HEIGHT 124
#define FOOT_HEIGHT 52
#define KEY_ROW_HEIGHT 20
#define KEY_WIDTH 30u // columns
#define KEY_PIXELS 665u
#define KEY_SAMPLE_PIXELS 50u
#define KEY_LETTER_PIXELS 9u
#define PHASES_MAX 400 // blocks that are shaded; more would be stripes
#define READINGS_MAX 600u
#define MARKS_MAX 200u
#define CHANNELS_MAX ED_PLOT_SERIES

static const struct panel {
    const char *quantity, *words;
    double divisor; // of the unit that channels of this quantity have
} panels[] = {
    {"temperature",
     "\xC2\xB0"
     "C",
     1000},
    {"frequency", "GHz", 1e6},
    {"power", "W", 1e6},
};
#define PANELS (sizeof panels / sizeof panels[0])

struct timeline {
    const struct ed_view *view;
    const char *device;
    const struct ed_report_channel *channels;
    size_t n_channels, rows;
    double low_ns, high_ns, end_ns; // of latency; the last moment
    size_t samples;
    double unit_ns; // of the time axis
    const char *unit;
    size_t key_rows; // lines of the legend
};

// Of the device. A case with several tasks has several rows and one set of timing blocks.
static bool is_drawn(const struct timeline *line, size_t row) {
    return !line->view->again[row].of_case && strcmp(line->view->rows[row]->device, line->device) == 0;
}

static enum ed_status gather(const struct ed_report_info *info, struct timeline *line, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t row = 0; row < line->view->n_rows && status == ED_OK; row++) {
        const struct ed_report_block *blocks;
        size_t n = 0;
        if (!is_drawn(line, row))
            continue;
        line->rows++;
        status = ed_plot_blocks(info, line->view->rows[row], &blocks, &n, err);
        for (size_t b = 0; b < n; b++) {
            line->end_ns = fmax(line->end_ns, (double)blocks[b].ended_ns);
            if (!ed_plot_block_is_timed(&blocks[b]))
                continue;
            line->samples += blocks[b].n_samples;
            for (size_t i = 0; i < blocks[b].n_samples; i++) {
                const double ns = (double)blocks[b].samples_ns[i] / (double)blocks[b].batch;
                line->low_ns = ns < line->low_ns ? ns : line->low_ns;
                line->high_ns = ns > line->high_ns ? ns : line->high_ns;
            }
        }
    }
    if (status == ED_OK && info->source)
        status = info->source->channels(info->source->context, line->device, &line->channels,
                                        &line->n_channels, err);
    line->unit = line->end_ns > 600e9 ? "min" : "s";
    line->unit_ns = line->end_ns > 600e9 ? 60e9 : 1e9;
    return status;
}

// Samples come one after the other: each is where the sum of those before it, stretched over the timed
// window, says.
static size_t block_append(struct ed_buffer *out, const struct timeline *line,
                           const struct ed_report_block *block, size_t stride, double divisor) {
    double sum = 0, before = 0;
    size_t at = 0, drawn = 0;
    for (size_t i = 0; i < block->n_samples; i++)
        sum += (double)block->samples_ns[i];
    const double window = (double)(block->timed_end_ns - block->timed_begin_ns);
    for (size_t first = 0; first < block->n_samples; first += stride) {
        size_t kept[3];
        const size_t n = ed_plot_thin(block->samples_ns, block->n_samples, first, stride, kept);
        for (size_t k = 0; k < n; k++) {
            for (; at < kept[k]; at++)
                before += (double)block->samples_ns[at];
            const double when = (double)block->timed_begin_ns + (sum > 0 ? window * (before / sum) : 0);
            ed_plot_number(out, round(when / line->unit_ns * 1e4) / 1e4);
            ed_buffer_text_append(out, " ");
            ed_plot_number(out, (double)block->samples_ns[kept[k]] / (double)block->batch / divisor);
            ed_buffer_text_append(out, "\n");
        }
        drawn += n;
    }
    return drawn;
}

static enum ed_status latency_append(struct ed_buffer *out, const struct ed_report_info *info,
                                     const struct timeline *line, double divisor,
                                     struct ed_plot_thinned *thinned, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t row = 0, series = 0; row < line->view->n_rows && status == ED_OK; row++) {
        const struct ed_report_block *blocks;
        size_t n, drawn = 0;
        if (!is_drawn(line, row))
            continue;
        status = ed_plot_blocks(info, line->view->rows[row], &blocks, &n, err);
        ed_buffer_printf(out, "$case%zu << EOD\n", series++);
        for (size_t b = 0; status == ED_OK && b < n; b++) {
            if (!ed_plot_block_is_timed(&blocks[b]))
                continue;
            drawn += block_append(out, line, &blocks[b], thinned->stride, divisor);
            thinned->blocks++;
        }
        thinned->drawn += drawn;
        ed_buffer_text_append(out, drawn ? "EOD\n" : "NaN NaN\nEOD\n");
    }
    return status;
}

static void shade(struct ed_buffer *out, const struct timeline *line, size_t *n, int64_t from_ns,
                  int64_t to_ns, const char *colour) {
    if (to_ns <= from_ns)
        return;
    ed_buffer_printf(out, "set object %zu rectangle from first ", ++*n);
    ed_plot_number(out, (double)from_ns / line->unit_ns);
    ed_buffer_text_append(out, ", graph 0 to first ");
    ed_plot_number(out, (double)to_ns / line->unit_ns);
    ed_buffer_printf(out, ", graph 1 fillcolor rgb '%s' fillstyle solid noborder behind\n", colour);
}

static enum ed_status phases_append(struct ed_buffer *out, const struct ed_report_info *info,
                                    const struct timeline *line, struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t shaded = 0;
    for (size_t row = 0; row < line->view->n_rows && status == ED_OK; row++) {
        const struct ed_report_block *blocks;
        size_t n = 0;
        if (!is_drawn(line, row))
            continue;
        status = ed_plot_blocks(info, line->view->rows[row], &blocks, &n, err);
        for (size_t b = 0; b < n && shaded < (size_t)2 * PHASES_MAX; b++) {
            const struct ed_report_block *block = &blocks[b];
            const bool timed = block->timed_end_ns > block->timed_begin_ns;
            shade(out, line, &shaded, block->started_ns, timed ? block->timed_begin_ns : block->ended_ns,
                  ED_PLOT_WARM);
            if (timed)
                shade(out, line, &shaded, block->timed_begin_ns, block->timed_end_ns, ED_PLOT_BAND);
        }
    }
    return status;
}

// Readings of a channel, every so many of them.
static void channel_append(struct ed_buffer *out, const struct timeline *line, size_t c, double divisor) {
    const struct ed_report_channel *channel = &line->channels[c];
    const size_t step = (channel->n + READINGS_MAX - 1) / READINGS_MAX;
    ed_buffer_printf(out, "$channel%zu << EOD\n", c);
    for (size_t i = 0; i < channel->n; i += step) {
        ed_plot_number(out, (double)channel->at_ns[i] / line->unit_ns);
        ed_buffer_text_append(out, " ");
        ed_plot_number(out, (double)channel->values[i] / divisor);
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_text_append(out, channel->n ? "EOD\n" : "NaN NaN\nEOD\n");
}

// Whether the reading says that the device slows itself down at this moment. Not: what a Raspberry Pi
// remembers since its start (bits 16 to 19), and an NVIDIA card's reasons that are its user's or that it is
// idle (bits 0, 1, 8). Android's thermal status begins to slow down at 2, "moderate".
static bool is_throttling(const struct ed_report_channel *channel, int64_t value) {
    if (ed_affix_ends(channel->id, ".throttled"))
        return (value & 0xF) != 0;
    if (ed_affix_ends(channel->id, "throttle_reasons"))
        return (value & ~INT64_C(0x103)) != 0;
    return ed_affix_ends(channel->id, "thermal_status") && value >= 2;
}

static void throttle_marks(struct ed_buffer *out, const struct timeline *line) {
    size_t marks = 0;
    for (size_t c = 0; c < line->n_channels; c++) {
        const struct ed_report_channel *channel = &line->channels[c];
        bool was = false;
        for (size_t i = 0; i < channel->n && marks < MARKS_MAX; i++) {
            const bool is = is_throttling(channel, channel->values[i]);
            if (is && !was) {
                ed_buffer_text_append(out, "set arrow from first ");
                ed_plot_number(out, (double)channel->at_ns[i] / line->unit_ns);
                ed_buffer_text_append(out, ", graph 0 to first ");
                ed_plot_number(out, (double)channel->at_ns[i] / line->unit_ns);
                ed_buffer_text_append(out, ", graph 1 nohead lw 1.5 lc rgb '" ED_PLOT_BAD "' front\n");
                marks++;
            }
            was = is;
        }
    }
}

// 1, 2 or 5 times a power of ten: about four of them from low to high.
static double step_of(double low, double high) {
    const double raw = (high - low) / 4, power = pow(10, floor(log10(raw))), part = raw / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static bool panel_has(const struct timeline *line, size_t p, size_t c) {
    return strcmp(line->channels[c].quantity, panels[p].quantity) == 0 && line->channels[c].n > 0;
}

static size_t panel_count(const struct timeline *line, size_t p) {
    size_t n = 0;
    for (size_t c = 0; c < line->n_channels; c++)
        n += panel_has(line, p, c);
    return n < CHANNELS_MAX ? n : CHANNELS_MAX;
}

static void panel_append(struct ed_buffer *out, const struct timeline *line, size_t p, double top,
                         double bottom, bool last) {
    double low = INFINITY, high = -INFINITY;
    size_t n = 0;
    for (size_t c = 0; c < line->n_channels; c++) {
        for (size_t i = 0; panel_has(line, p, c) && i < line->channels[c].n; i++) {
            low = fmin(low, (double)line->channels[c].values[i] / panels[p].divisor);
            high = fmax(high, (double)line->channels[c].values[i] / panels[p].divisor);
        }
    }
    const double room = fmax(0.1 * (high - low), 0.02 * fabs(high) + 0.01);
    ed_buffer_printf(
        out,
        "set tmargin at screen %.4f\nset bmargin at screen %.4f\nunset logscale y\n"
        "set format y '%%g'\nset format x '%s'\nset ytics %.9g\nset yrange [%.9g:%.9g]\n"
        "set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '" ED_PLOT_INK
        "'\n",
        top, bottom, last ? "%g" : "", step_of(low - room, high + room), low - room, high + room);
    ed_plot_ylabel(out, "", panels[p].words);
    if (!last)
        ed_buffer_text_append(out, "unset xlabel\n");
    else
        ed_buffer_printf(
            out, "set xlabel 'time since the first block, %s' textcolor rgb '" ED_PLOT_INK "' offset 0,0.2\n",
            line->unit);
    ed_buffer_text_append(out, "plot ");
    for (size_t c = 0; c < line->n_channels && n < CHANNELS_MAX; c++) {
        if (!panel_has(line, p, c))
            continue;
        ed_buffer_printf(out, "%s$channel%zu with lines lw 1.3 dt %zu lc rgb '%s' title ", n ? ", " : "", c,
                         n + 1, ed_plot_series[n]);
        ed_plot_text(out, line->channels[c].id, 24);
        n++;
    }
    ed_buffer_text_append(out, "\n");
}

static bool is_named(const struct timeline *line) {
    return line->rows > 1 && line->rows <= ED_PLOT_SERIES;
}

static void name_append(struct ed_buffer *out, const struct timeline *line, size_t row) {
    ed_buffer_printf(out, "%zu  ", row + 1);
    ed_plot_row_words(out, line->view, row);
}

// gnuplot gives every name the room of the longest.
static size_t count_key_rows(const struct timeline *line) {
    size_t longest = 0;
    for (size_t row = 0; is_named(line) && row < line->view->n_rows; row++) {
        struct ed_buffer words;
        if (!is_drawn(line, row))
            continue;
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        name_append(&words, line, row);
        const size_t width = ed_text_width(ed_buffer_text(&words));
        longest = width > longest ? width : longest;
        ed_buffer_release(&words);
    }
    longest = longest < KEY_WIDTH ? longest : KEY_WIDTH;
    const size_t columns = KEY_PIXELS / (KEY_SAMPLE_PIXELS + KEY_LETTER_PIXELS * longest);
    return is_named(line) ? (line->rows + columns - 1) / columns : 1;
}

static void cases_plot(struct ed_buffer *out, const struct timeline *line) {
    static const int points[ED_PLOT_SERIES] = {7, 5, 9, 13, 11, 15};
    const bool named = is_named(line);
    size_t series = 0;
    ed_buffer_text_append(out, "plot ");
    for (size_t row = 0; row < line->view->n_rows; row++) {
        struct ed_buffer words;
        if (!is_drawn(line, row))
            continue;
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        name_append(&words, line, row);
        const size_t look = named ? series : 0;
        ed_buffer_printf(out, "%s$case%zu with points pt %d ps %s lc rgb '%s' notitle", series ? ", " : "",
                         series, points[look], look ? "0.32" : "0.28", ed_plot_series[look]);
        // A point as small as those of the figure cannot be told from another in the legend.
        if (named) {
            ed_buffer_printf(out, ", NaN with points pt %d ps 0.8 lc rgb '%s' title ", points[look],
                             ed_plot_series[look]);
            ed_plot_text(out, ed_buffer_text(&words), KEY_WIDTH);
        }
        out->no_memory = out->no_memory || words.no_memory;
        ed_buffer_release(&words);
        series++;
    }
    ed_buffer_text_append(out, "\n");
}

static enum ed_status script_append(struct ed_plot *plot, const struct ed_report_info *info,
                                    const struct timeline *line, size_t n_panels,
                                    struct ed_plot_thinned *thinned, struct ed_error *err) {
    struct ed_buffer *out = &plot->script;
    const struct ed_scale scale = ed_scale_pick(ED_SCALE_TIME, line->low_ns, line->high_ns, 3);
    const double height = plot->height;
    const double above = KEY_ROW_HEIGHT * (double)line->key_rows;
    double bottom = 1 - (LATENCY_HEIGHT - KEY_ROW_HEIGHT - 8 + above) / height;
    size_t shown = 0;
    enum ed_status status = latency_append(out, info, line, scale.divisor, thinned, err);
    for (size_t c = 0; c < line->n_channels; c++)
        for (size_t p = 0; p < PANELS; p++)
            if (panel_has(line, p, c))
                channel_append(out, line, c, panels[p].divisor);
    ed_buffer_text_append(out, "set multiplot\n");
    ed_plot_begin(out);
    if (status == ED_OK)
        status = phases_append(out, info, line, err);
    throttle_marks(out, line);
    ed_plot_axis(out, "y", line->low_ns / scale.divisor, line->high_ns / scale.divisor, true);
    thinned->logarithmic = line->low_ns > 0 && line->high_ns / line->low_ns > 20;
    ed_buffer_printf(
        out,
        "set key above left horizontal Left reverse samplen 1 textcolor rgb '" ED_PLOT_INK "'\n"
        "set lmargin at screen 0.10\nset rmargin at screen 0.975\nset tmargin at screen %.4f\n"
        "set bmargin at screen %.4f\nset xrange [0:%.9g]\nset xtics autofreq\nset format x '%s'\n",
        1 - (14 + above) / height, bottom, line->end_ns / line->unit_ns, n_panels ? "" : "%g");
    ed_plot_ylabel(out, "latency", scale.unit);
    if (n_panels == 0)
        ed_buffer_printf(
            out, "set xlabel 'time since the first block, %s' textcolor rgb '" ED_PLOT_INK "' offset 0,0.2\n",
            line->unit);
    cases_plot(out, line);
    for (size_t p = 0; p < PANELS; p++) {
        if (panel_count(line, p) == 0)
            continue;
        const double top = bottom - 26 / height;
        bottom -= PANEL_HEIGHT / height;
        panel_append(out, line, p, top, bottom, ++shown == n_panels);
    }
    ed_buffer_text_append(out, "unset multiplot\n");
    return status;
}

enum ed_status ed_plot_timeline(struct ed_plots *plots, const struct ed_report_info *info,
                                const struct ed_view *view, const char *device, size_t budget,
                                struct ed_plot_thinned *thinned, struct ed_error *err) {
    struct timeline line = {.view = view, .device = device, .low_ns = INFINITY};
    size_t n_panels = 0;
    memset(thinned, 0, sizeof *thinned);
    enum ed_status status = gather(info, &line, err);
    if (status != ED_OK || line.samples == 0 || !(line.end_ns > 0))
        return status;
    for (size_t p = 0; p < PANELS; p++)
        n_panels += panel_count(&line, p) > 0;
    line.key_rows = count_key_rows(&line);
    thinned->total = line.samples;
    thinned->stride = ed_plot_stride(line.samples, budget);
    struct ed_plot *plot = ed_plot_add(plots, "timeline",
                                       LATENCY_HEIGHT + KEY_ROW_HEIGHT * ((int)line.key_rows - 1) +
                                           (int)n_panels * PANEL_HEIGHT + FOOT_HEIGHT);
    if (!plot)
        return ED_OK;
    ed_buffer_text_append(&plot->title, "Device ");
    ed_text_visible(&plot->title, device, strlen(device));
    ed_buffer_text_append(&plot->title, " over the campaign: latency of the inferences");
    for (size_t p = 0; p < PANELS; p++)
        if (panel_count(&line, p) > 0)
            ed_buffer_printf(&plot->title, ", %s", panels[p].quantity);
    return script_append(plot, info, &line, n_panels, thinned, err);
}
