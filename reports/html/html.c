// SPDX-License-Identifier: Apache-2.0
// One file that explains a campaign: opens offline, prints, works in the dark and without a mouse. It names
// no address, and its policy (Content-Security-Policy) lets a browser fetch nothing and run only the script
// that is in it.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "reports/html/page.h"
#include "reports/records.h"
#include "reports/registry.h"
#include "reports/text.h"

// Around the number of a figure; no text has these characters, since control characters are made visible.
#define MARK_BEGIN '\x01'
#define MARK_END '\x02'
#define FIGURE_TEXT_BYTES 2048

void ed_html_text(struct ed_html_page *page, const char *text) {
    ed_html_escape(&page->out, text, strlen(text));
}

void ed_html_section(struct ed_html_page *page, const char *id, const char *title) {
    ed_buffer_printf(&page->out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", id,
                     id, id);
    ed_html_text(page, title);
    ed_buffer_text_append(&page->out, "</h2>\n");
}

void ed_html_section_end(struct ed_html_page *page) {
    ed_buffer_text_append(&page->out, "</section>\n");
}

void ed_html_figure(struct ed_html_page *page, const char *format, ...) {
    char caption[FIGURE_TEXT_BYTES];
    va_list arguments;
    if (page->plots.n == 0)
        return;
    va_start(arguments, format);
    vsnprintf(caption, sizeof caption, format, arguments);
    va_end(arguments);
    ed_buffer_printf(&page->out, "<figure id=\"%s\">\n%c%zu%c<figcaption>",
                     page->plots.items[page->plots.n - 1].id, MARK_BEGIN, page->plots.n - 1, MARK_END);
    ed_html_text(page, caption);
    ed_buffer_text_append(&page->out, "</figcaption></figure>\n");
}

void ed_html_folded(struct ed_html_page *page) {
    ed_buffer_text_append(&page->out,
                          "<p class=\"note paper\">Folded figures are not printed; those that are open on "
                          "the screen are.</p>\n");
}

void ed_html_thinned(struct ed_buffer *out, const struct ed_plot_thinned *thinned) {
    if (thinned->stride <= 1)
        ed_buffer_printf(out, "A point for each of %zu samples of %zu blocks.", thinned->total,
                         thinned->blocks);
    else
        ed_buffer_printf(
            out,
            "%zu of %zu samples of %zu blocks: of every %zu in a row the first, the fastest and the "
            "slowest.",
            thinned->drawn, thinned->total, thinned->blocks, thinned->stride);
}

static void head(struct ed_html_page *page) {
    char hex[ED_DIGEST_HEX_BYTES];
    unsigned char digest[32];
    ed_digest_bytes(hex, ed_html_js, ed_html_js_bytes);
    for (size_t i = 0; i < sizeof digest; i++) {
        const char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
        digest[i] = (unsigned char)strtoul(two, NULL, 16);
    }
    ed_buffer_text_append(&page->out,
                          "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                          "style-src 'unsafe-inline'; script-src 'sha256-");
    ed_html_base64(&page->out, digest, sizeof digest);
    ed_buffer_text_append(&page->out,
                          "'; base-uri 'none'; form-action 'none'\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                          "<meta name=\"color-scheme\" content=\"light dark\">\n"
                          "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    ed_html_text(page, *page->info->suite ? page->info->suite : page->info->campaign);
    ed_buffer_text_append(&page->out, " \xC2\xB7 edgedyno</title>\n<style>\n");
    ed_buffer_append(&page->out, ed_html_css, ed_html_css_bytes);
    ed_buffer_text_append(&page->out, "</style>\n</head>\n<body>\n"
                                      "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
}

struct part {
    const char *id, *word;
    enum ed_status (*write)(struct ed_html_page *page, struct ed_error *err);
};

static const struct part parts[] = {
    {"summary", "Summary", ed_html_summary},       {"gate", "Gate", ed_html_gate},
    {"choice", "Choice", ed_html_choice},          {"results", "Devices and variants", ed_html_cases},
    {"latency", "Latency", ed_html_latency},       {"memory", "Memory", ed_html_memory},
    {"timeline", "Timeline", ed_html_timeline},    {"accuracy", "Accuracy", ed_html_accuracy},
    {"placement", "Placement", ed_html_placement}, {"operators", "Operators", ed_html_ops},
    {"context", "Context", ed_html_context},       {"data", "Data", ed_html_data},
};
#define PARTS (sizeof parts / sizeof parts[0])

// The body first, since only then is known which parts there are.
static enum ed_status body(struct ed_html_page *page, struct ed_error *err) {
    struct ed_buffer before = page->out;
    bool has[PARTS] = {false};
    enum ed_status status = ED_OK;
    ed_buffer_init(&page->out, ED_REPORT_MAX_BYTES);
    for (size_t i = 0; i < PARTS && status == ED_OK; i++) {
        const size_t size = page->out.size;
        status = parts[i].write(page, err);
        has[i] = page->out.size > size;
    }
    ed_buffer_text_append(&before, "<nav aria-label=\"Parts of this report\"><ul>\n");
    for (size_t i = 0; i < PARTS; i++)
        if (has[i])
            ed_buffer_printf(&before, "<li><a href=\"#%s\">%s</a></li>\n", parts[i].id, parts[i].word);
    ed_buffer_text_append(&before, "</ul></nav>\n<main id=\"main\">\n");
    ed_buffer_append(&before, ed_buffer_text(&page->out), page->out.size);
    before.no_memory = before.no_memory || page->out.no_memory;
    before.too_large = before.too_large || page->out.too_large;
    ed_buffer_release(&page->out);
    page->out = before;
    ed_buffer_text_append(&page->out, "</main>\n<script>");
    ed_buffer_append(&page->out, ed_html_js, ed_html_js_bytes);
    ed_buffer_text_append(&page->out, "</script>\n</body>\n</html>\n");
    return status;
}

// Why there are no figures; visible text, "" where there are.
static enum ed_status draw(struct ed_html_page *page, char *why, size_t why_bytes, struct ed_error *err) {
    struct ed_error failure = {0};
    enum ed_status status = ED_OK;
    why[0] = '\0';
    if (page->plots.no_memory)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the figures");
    if (!page->info->plotter)
        status = ed_fail(&failure, ED_ERR_UNSUPPORTED, "figures", "they were not asked for");
    else
        status = ed_plots_draw(&page->plots, page->info->plotter, ED_PLOT_PAGE, &failure);
    if (status == ED_ERR_NO_MEMORY)
        return ed_fail(err, status, failure.where, "%s", failure.message);
    if (status == ED_ERR_NO_PROGRAM)
        snprintf(why, why_bytes,
                 "no figure: gnuplot is not installed (Debian's gnuplot-nox); the tables have it all");
    else if (status != ED_OK)
        snprintf(why, why_bytes, "no figure: %.200s %.600s", failure.where, failure.message);
    return ED_OK;
}

// The page with the figures in their places.
static enum ed_status flush(struct ed_html_page *page, const struct ed_sink *sink, struct ed_error *err) {
    char why[FIGURE_TEXT_BYTES];
    struct ed_buffer out;
    enum ed_status status = draw(page, why, sizeof why, err);
    if (status != ED_OK)
        return status;
    page->out.no_memory = page->out.no_memory || page->no_memory;
    status = ed_buffer_status(&page->out, "the HTML report", err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    const char *at = ed_buffer_text(&page->out);
    const char *const stop = at + page->out.size;
    for (const char *mark; (mark = memchr(at, MARK_BEGIN, (size_t)(stop - at)));) {
        size_t i = 0;
        ed_buffer_append(&out, at, (size_t)(mark - at));
        for (mark++; *mark >= '0' && *mark <= '9'; mark++)
            i = 10 * i + (size_t)(*mark - '0');
        if (*why) {
            ed_buffer_text_append(&out, "<p class=\"nofigure\">");
            ed_html_escape(&out, why, strlen(why));
            ed_buffer_text_append(&out, "</p>");
        } else if (i < page->plots.n && page->plots.items[i].svg) {
            if (i == 0 && page->plots.defs) {
                ed_buffer_text_append(&out, "<svg class=\"defs\" aria-hidden=\"true\">");
                ed_buffer_append(&out, page->plots.defs, page->plots.defs_bytes);
                ed_buffer_text_append(&out, "</svg>\n");
            }
            ed_buffer_append(&out, page->plots.items[i].svg, page->plots.items[i].svg_bytes);
        }
        at = mark + (*mark == MARK_END);
        status = ed_sink_flush(sink, &out, "the HTML report", err);
        if (status != ED_OK)
            break;
    }
    ed_buffer_text_append(&out, at);
    if (status == ED_OK)
        status = ed_sink_flush(sink, &out, "the HTML report", err);
    ed_buffer_release(&out);
    return status;
}

static enum ed_status html_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    struct ed_html_page page = {.info = records->info};
    ed_buffer_init(&page.out, ED_REPORT_MAX_BYTES);
    enum ed_status status =
        ed_view_init(&page.view, records->info, records->items, records->n, ED_VIEW_FULL, err);
    if (status == ED_OK)
        status = ed_notes_init(&page.notes, &page.view, err);
    if (status == ED_OK)
        status = ed_judged_init(&page.judged, records->info, &page.view, err);
    if (status == ED_OK)
        status = ed_matrix_init(&page.matrix, records->info, &page.view, err);
    if (status == ED_OK) {
        head(&page);
        status = body(&page, err);
    }
    if (status == ED_OK)
        status = flush(&page, records->sink, err);
    ed_plots_release(&page.plots);
    ed_matrix_release(&page.matrix);
    ed_judged_release(&page.judged);
    ed_notes_release(&page.notes);
    ed_view_release(&page.view);
    ed_buffer_release(&page.out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_html = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "html",
    .summary = "one page with figures, to sign, to send and to print",
    .suffix = ".html",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = html_end,
};
