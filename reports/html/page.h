// SPDX-License-Identifier: Apache-2.0
// What the parts of the HTML report share: the records as a view, the page that grows, its tables and
// figures. A table is written once and comes out twice, as HTML and as the CSV file that its link carries.
#ifndef EDGEDYNO_REPORTS_HTML_PAGE_H
#define EDGEDYNO_REPORTS_HTML_PAGE_H

#include "base/buffer.h"
#include "reports/html/escape.h"
#include "reports/matrix.h"
#include "reports/notes.h"
#include "reports/plot_figures.h"
#include "reports/view.h"

struct ed_html_page {
    const struct ed_report_info *info;
    struct ed_view view;
    struct ed_notes notes;
    struct ed_judged judged;
    struct ed_matrix matrix;
    struct ed_plots plots;
    struct ed_buffer out; // figures are marks in it until they are drawn
    bool no_memory;
};

enum { ED_HTML_PLAIN = 0, ED_HTML_SORT = 1, ED_HTML_FILTER = 2, ED_HTML_WIDE = 4 };

struct ed_html_table {
    struct ed_buffer *out, html, csv;
    const char *id;
    unsigned flags;
    size_t row, cell;
    bool in_row;
};

// `id` is a word: of the element, and of the CSV file. Heads first, then rows of cells.
void ed_html_table_begin(struct ed_html_table *table, struct ed_html_page *page, const char *id,
                         const char *caption, unsigned flags);
// `unit` "" where there is none; `number`: set to the right.
void ed_html_table_head(struct ed_html_table *table, const char *text, const char *unit, bool number);
void ed_html_table_row(struct ed_html_table *table);
// Any text. `verdict` is a word of struct ed_verdict for colour and sign, or NULL.
void ed_html_table_text(struct ed_html_table *table, const char *text, const char *verdict);
// Which rows something is said of: "1-3, 7" or "all". A number in the table's filter finds them.
void ed_html_table_rows(struct ed_html_table *table, const char *rows);
// The row's own name.
void ed_html_table_name(struct ed_html_table *table, const char *text);
// As shown ("12.3 [12.1 to 12.5]", "(4.2)", "-"), and the value that it sorts by; NaN sorts last.
void ed_html_table_number(struct ed_html_table *table, const char *shown, double value);
// A share, 0 to 1, as percent with a bar.
void ed_html_table_share(struct ed_html_table *table, double share);
void ed_html_table_end(struct ed_html_table *table);

// A link that carries a file: a long one packed, as NAME.gz, which the page's script unpacks again.
void ed_html_file(struct ed_buffer *out, const char *name, const char *type, const char *words,
                  const struct ed_buffer *bytes);
// Appends the bytes as a gzip file. What fails is no memory.
void ed_html_gzip(struct ed_buffer *out, const char *bytes, size_t n);
// The figure that was added last to page->plots, and what is below it: visible text.
__attribute__((format(printf, 2, 3))) void ed_html_figure(struct ed_html_page *page, const char *format, ...);
void ed_html_section(struct ed_html_page *page, const char *id, const char *title);
void ed_html_section_end(struct ed_html_page *page);
void ed_html_text(struct ed_html_page *page, const char *text); // escaped
// "drawn are 1200 of 50000 inferences: of every 125 in a row the first, the fastest and the slowest", or that
// all are.
void ed_html_thinned(struct ed_buffer *out, const struct ed_plot_thinned *thinned);
// For paper alone: that what is folded is not printed.
void ed_html_folded(struct ed_html_page *page);
// A word's sign and form: <span class="verdict fail">. The word is one of the verdicts or outcomes.
void ed_html_verdict(struct ed_buffer *out, const char *word, const char *shown);

// The parts, in their order on the page. Each writes a section, or nothing where it has nothing to say.
enum ed_status ed_html_summary(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_gate(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_choice(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_cases(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_latency(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_memory(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_timeline(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_accuracy(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_placement(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_ops(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_context(struct ed_html_page *page, struct ed_error *err);
enum ed_status ed_html_reasons(struct ed_html_page *page, struct ed_error *err); // inside of context
enum ed_status ed_html_data(struct ed_html_page *page, struct ed_error *err);

// report.css and report.js, embedded by the build; terminated.
extern const char ed_html_css[], ed_html_js[];
extern const size_t ed_html_css_bytes, ed_html_js_bytes;

#endif
