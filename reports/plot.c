// SPDX-License-Identifier: Apache-2.0
// The list of figures, and what their commands have in common.
#include "reports/plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/utf8.h"
#include "reports/text.h"

#define FONT "sans-serif"
#define PNG_SCALE 2
#define LOG_FROM 20.0   // times
#define LABEL_Y 1000000 // beyond those that gnuplot counts itself
#define LABEL_Y_WIDTH 40

const char *const ed_plot_series[ED_PLOT_SERIES] = {"#0072b2", "#c24e00", "#007f5f",
                                                    "#a5477f", "#7a5c00", "#3f4a9a"};

struct ed_plot *ed_plot_add(struct ed_plots *plots, const char *kind, int height) {
    size_t of_kind = 1, bytes = strlen(kind);
    if (plots->n == plots->capacity) {
        const size_t capacity = plots->capacity ? 2 * plots->capacity : 16;
        struct ed_plot *items = realloc(plots->items, capacity * sizeof *items);
        if (!items) {
            plots->no_memory = true;
            return NULL;
        }
        plots->items = items;
        plots->capacity = capacity;
    }
    for (size_t i = 0; i < plots->n; i++)
        of_kind += strncmp(plots->items[i].id, kind, bytes) == 0 && plots->items[i].id[bytes] == '-';
    struct ed_plot *plot = &plots->items[plots->n++];
    memset(plot, 0, sizeof *plot);
    snprintf(plot->id, sizeof plot->id, "%.30s-%zu", kind, of_kind);
    ed_buffer_init(&plot->title, ED_REPORT_MAX_BYTES);
    ed_buffer_init(&plot->script, ED_REPORT_MAX_BYTES);
    plot->height = height;
    return plot;
}

void ed_plots_release(struct ed_plots *plots) {
    for (size_t i = 0; i < plots->n; i++) {
        ed_buffer_release(&plots->items[i].title);
        ed_buffer_release(&plots->items[i].script);
        free(plots->items[i].svg);
    }
    free(plots->items);
    free(plots->defs);
    memset(plots, 0, sizeof *plots);
}

void ed_plot_text(struct ed_buffer *out, const char *text, size_t width) {
    struct ed_buffer visible;
    ed_buffer_init(&visible, ED_REPORT_MAX_BYTES);
    ed_text_visible(&visible, text, strlen(text));
    const char *from = ed_buffer_text(&visible);
    const bool cut = ed_text_width(from) > width;
    const size_t bytes = cut ? ed_text_prefix(from, width - 1) : strlen(from);
    ed_buffer_text_append(out, "'");
    for (size_t i = 0; i < bytes; i++) {
        if (from[i] == '\'')
            ed_buffer_text_append(out, "''");
        else if (from[i] == '`') // gnuplot would run what stands between two of them
            ed_buffer_text_append(out, "\xCB\x8B");
        else
            ed_buffer_append(out, &from[i], 1);
    }
    ed_buffer_text_append(out, cut ? "\xE2\x80\xA6'" : "'");
    out->no_memory = out->no_memory || visible.no_memory;
    ed_buffer_release(&visible);
}

void ed_plot_number(struct ed_buffer *out, double value) {
    char text[32];
    if (!isfinite(value)) {
        ed_buffer_text_append(out, "NaN");
        return;
    }
    ed_json_format_real(text, value);
    ed_buffer_text_append(out, text);
}

// 1, 2 and 5 times powers of ten; only the powers where there would be too many.
static void log_tics(struct ed_buffer *out, const char *axis, double low, double high) {
    static const int steps[] = {1, 2, 5};
    const int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    const int n_steps = last - first > 4 ? 1 : 3;
    size_t n = 0;
    ed_buffer_printf(out, "set %stics (", axis);
    for (int decade = first; decade <= last; decade++) {
        for (int s = 0; s < n_steps; s++) {
            const double at = steps[s] * pow(10, decade);
            if (at < low || at > high)
                continue;
            ed_buffer_text_append(out, n++ ? ", " : "");
            ed_plot_number(out, at);
        }
    }
    ed_buffer_text_append(out, ")\n");
}

void ed_plot_axis(struct ed_buffer *out, const char *axis, double low, double high, bool labels) {
    const bool logarithmic = low > 0 && high / low > LOG_FROM;
    if (logarithmic) {
        low /= 1.15;
        high *= 1.15;
        ed_buffer_printf(out, "set logscale %s 10\n", axis);
    } else {
        const double room = high > low ? 0.06 * (high - low) : high != 0 ? 0.1 * fabs(high) : 1;
        low = low >= 0 && low - room < 0 ? 0 : low - room;
        high += room;
        ed_buffer_printf(out, "unset logscale %s\nset %stics autofreq\n", axis, axis);
    }
    if (logarithmic)
        log_tics(out, axis, low, high);
    ed_buffer_printf(out, "set format %s '%s'\nset %srange [", axis, labels ? "%g" : "", axis);
    ed_plot_number(out, low);
    ed_buffer_text_append(out, ":");
    ed_plot_number(out, high);
    ed_buffer_text_append(out, "]\n");
}

void ed_plot_ylabel(struct ed_buffer *out, const char *what, const char *unit) {
    struct ed_buffer words;
    if (!*what && !*unit) {
        ed_buffer_printf(out, "unset label %d\n", LABEL_Y);
        return;
    }
    ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&words, "%s%s%s", what, *what && *unit ? ", " : "", unit);
    ed_buffer_printf(out, "set label %d ", LABEL_Y);
    ed_plot_text(out, ed_buffer_text(&words), LABEL_Y_WIDTH);
    ed_buffer_text_append(out,
                          " at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '" ED_PLOT_INK "'\n");
    out->no_memory = out->no_memory || words.no_memory;
    ed_buffer_release(&words);
}

void ed_plot_begin(struct ed_buffer *out) {
    ed_buffer_text_append(out, "unset key\nset border 3 lc rgb '" ED_PLOT_MUTED "' lw 1\n"
                               "set tics nomirror out scale 0.5 textcolor rgb '" ED_PLOT_INK "'\n"
                               "set grid lt 1 lc rgb '" ED_PLOT_GRID
                               "' lw 1\nset samples 2\nset datafile missing 'NaN'\n");
}

// gnuplot's own settings from one figure to the next.
static void settings(struct ed_buffer *out) {
    ed_buffer_text_append(out, "reset\nset encoding utf8\nset decimalsign '.'\n");
}

static enum ed_status collect(void *context, const char *bytes, size_t n, struct ed_error *err) {
    ed_buffer_append(context, bytes, n);
    return ed_buffer_status(context, "the figures", err);
}

// Each figure ends with its closing tag, and no text of it can have one.
static enum ed_status split(struct ed_plots *plots, const struct ed_buffer *all, enum ed_plot_style style,
                            struct ed_error *err) {
    static const char closing[] = "</svg>";
    const char *at = ed_buffer_text(all), *const stop = at + all->size;
    for (size_t i = 0; i < plots->n; i++) {
        struct ed_plot *plot = &plots->items[i];
        const char *end = memmem(at, (size_t)(stop - at), closing, sizeof closing - 1);
        struct ed_buffer out;
        if (!end)
            return ed_fail(err, ED_ERR_IO, "gnuplot", "has drawn %zu of %zu figures", i, plots->n);
        end += sizeof closing - 1;
        end += *end == '\n';
        ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
        while (at < end && *at == '\n')
            at++;
        if (style == ED_PLOT_FILE)
            ed_buffer_append(&out, at, (size_t)(end - at));
        else
            ed_plot_svg_page(&out, at, (size_t)(end - at), ed_buffer_text(&plot->title));
        if (style == ED_PLOT_PAGE && !plots->defs) {
            struct ed_buffer defs;
            ed_buffer_init(&defs, ED_REPORT_MAX_BYTES);
            ed_plot_svg_defs(&defs, at, (size_t)(end - at));
            plots->defs = ed_buffer_detach(&defs, &plots->defs_bytes);
            ed_buffer_release(&defs);
        }
        plot->svg = ed_buffer_detach(&out, &plot->svg_bytes);
        ed_buffer_release(&out);
        if (!plot->svg)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
        at = end;
    }
    return ED_OK;
}

enum ed_status ed_plots_draw(struct ed_plots *plots, const struct ed_report_plotter *plotter,
                             enum ed_plot_style style, struct ed_error *err) {
    struct ed_buffer script, all;
    const struct ed_sink sink = {.context = &all, .write = collect};
    enum ed_status status = ED_OK;
    ed_buffer_init(&script, ED_REPORT_MAX_BYTES);
    ed_buffer_init(&all, ED_REPORT_MAX_BYTES);
    for (size_t i = 0; i < plots->n; i++) {
        const struct ed_plot *plot = &plots->items[i];
        plots->no_memory = plots->no_memory || plot->script.no_memory || plot->title.no_memory;
        settings(&script);
        ed_buffer_printf(
            &script, "set terminal svg size %d,%d dynamic noenhanced font '" FONT ",13' name 'p%zu'%s\n",
            ED_PLOT_WIDTH, plot->height, i + 1, style == ED_PLOT_FILE ? " background '#ffffff'" : "");
        ed_buffer_append(&script, ed_buffer_text(&plot->script), plot->script.size);
        ed_buffer_text_append(&script, "set output\n");
    }
    if (plots->no_memory)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
    if (status == ED_OK)
        status = ed_buffer_status(&script, "the figures", err);
    if (status == ED_OK && plots->n > 0)
        status = plotter->draw(plotter->context, ed_buffer_text(&script), script.size, &sink, err);
    if (status == ED_OK)
        status = split(plots, &all, style, err);
    ed_buffer_release(&script);
    ed_buffer_release(&all);
    return status;
}

// Letters that no font of the machine has are boxes to a browser, but black areas over the whole figure to
// the PNG terminal. DejaVu, which comes with it, has these: Latin to Arabic, punctuation, arrows,
// mathematics.
static bool has_letter(unsigned long code) {
    return code < 0x0700 || (code >= 0x1E00 && code < 0x2C00);
}

static void letters_append(struct ed_buffer *out, const struct ed_buffer *script) {
    const char *at = ed_buffer_text(script), *const end = at + script->size;
    while (at < end) {
        const size_t n = ed_utf8_length(at, (size_t)(end - at));
        const unsigned char *b = (const unsigned char *)at;
        const unsigned long code =
            n == 4   ? (b[0] & 7ul) << 18 | (b[1] & 63ul) << 12 | (b[2] & 63ul) << 6 | (b[3] & 63ul)
            : n == 3 ? (b[0] & 15ul) << 12 | (b[1] & 63ul) << 6 | (b[2] & 63ul)
                     : 0;
        if (has_letter(code))
            ed_buffer_append(out, at, n ? n : 1);
        else
            ed_buffer_text_append(out, "\xE2\x96\xA1");
        at += n ? n : 1;
    }
}

// A size in points, of which four make three pixels, unlike the svg terminal's.
enum ed_status ed_plot_png(const struct ed_plot *plot, const struct ed_report_plotter *plotter,
                           const struct ed_sink *sink, struct ed_error *err) {
    struct ed_buffer script;
    ed_buffer_init(&script, ED_REPORT_MAX_BYTES);
    settings(&script);
    ed_buffer_printf(&script,
                     "set terminal pngcairo size %d,%d noenhanced font '" FONT
                     ",9.75' fontscale %d linewidth %d "
                     "pointscale %d background '#ffffff'\n",
                     PNG_SCALE * ED_PLOT_WIDTH, PNG_SCALE * plot->height, PNG_SCALE, PNG_SCALE, PNG_SCALE);
    letters_append(&script, &plot->script);
    ed_buffer_text_append(&script, "set output\n");
    enum ed_status status = ed_buffer_status(&script, "a figure", err);
    if (status == ED_OK)
        status = plotter->draw(plotter->context, ed_buffer_text(&script), script.size, sink, err);
    ed_buffer_release(&script);
    return status;
}
