// SPDX-License-Identifier: Apache-2.0
// Tables of the page, and the CSV files that they carry.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "reports/csv_cell.h"
#include "reports/html/page.h"
#include "reports/text.h"

// Short files stay readable in the page's source; long ones take as little room as they can.
#define PACKED_FROM_BYTES 32768u
// A word of more columns may break on paper; "CPUExecutionProvider" has 20.
#define WORD_WIDTH 16u

void ed_html_table_begin(struct ed_html_table *table, struct ed_html_page *page, const char *id,
                         const char *caption, unsigned flags) {
    *table = (struct ed_html_table){.out = &page->out, .id = id, .flags = flags};
    ed_buffer_init(&table->html, ED_REPORT_MAX_BYTES);
    ed_buffer_init(&table->csv, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&table->html,
                     "<table id=\"%s\" aria-labelledby=\"%s-caption\" class=\"data%s%s%s\">\n<thead><tr>", id,
                     id, flags & ED_HTML_SORT ? " sort" : "", flags & ED_HTML_FILTER ? " filter" : "",
                     flags & ED_HTML_WIDE ? " wide" : "");
    ed_buffer_printf(&page->out, "<div class=\"top\"><p class=\"caption\" id=\"%s-caption\">", id);
    ed_html_escape(&page->out, caption, strlen(caption));
    ed_buffer_text_append(&page->out, "</p>");
}

static void csv_separate(struct ed_html_table *table) {
    ed_buffer_text_append(&table->csv, table->cell++ ? "," : "");
}

// Figures are padded for a terminal, which a page does not need.
static void trim(struct ed_buffer *out, const char *text) {
    size_t n;
    text += strspn(text, " ");
    n = strlen(text);
    while (n > 0 && text[n - 1] == ' ')
        n--;
    ed_buffer_append(out, text, n);
}

void ed_html_table_head(struct ed_html_table *table, const char *text, const char *unit, bool number) {
    struct ed_buffer head;
    ed_buffer_init(&head, ED_REPORT_MAX_BYTES);
    ed_buffer_printf(&head, "%s%s%s", text, *unit ? ", " : "", unit);
    csv_separate(table);
    ed_csv_cell(&table->csv, ed_buffer_text(&head), head.size);
    ed_buffer_printf(&table->html, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
    ed_html_escape(&table->html, text, strlen(text));
    if (*unit) {
        ed_buffer_text_append(&table->html, "<small>, ");
        ed_html_escape(&table->html, unit, strlen(unit));
        ed_buffer_text_append(&table->html, "</small>");
    }
    ed_buffer_text_append(&table->html, "</th>");
    ed_buffer_release(&head);
}

void ed_html_table_row(struct ed_html_table *table) {
    ed_buffer_text_append(&table->html, table->row++ ? "</tr>\n<tr>" : "</tr></thead>\n<tbody>\n<tr>");
    ed_buffer_text_append(&table->csv, "\r\n");
    table->cell = 0;
}

void ed_html_verdict(struct ed_buffer *out, const char *word, const char *shown) {
    static const struct {
        const char *word, *form, *sign;
    } forms[] = {{"pass", "pass", "\xE2\x9C\x93"},
                 {"fail", "fail", "\xE2\x9C\x97"},
                 {"inconclusive", "open", "?"},
                 {"invalid", "open", "\xE2\x8A\x98"},
                 {"oom", "fail", "\xE2\x9C\x97"},
                 {"crashed", "fail", "\xE2\x9C\x97"},
                 {"timeout", "fail", "\xE2\x9C\x97"},
                 {"refused", "fail", "\xE2\x9C\x97"},
                 {"cancelled", "open", "\xE2\x8A\x98"},
                 {"not run", "open", "\xE2\x8A\x98"},
                 {"incomplete", "open", "!"}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(word, forms[i].word) != 0)
            continue;
        ed_buffer_printf(out, "<span class=\"verdict %s\"><span aria-hidden=\"true\">%s</span> ",
                         forms[i].form, forms[i].sign);
        ed_html_escape(out, shown, strlen(shown));
        ed_buffer_text_append(out, "</span>");
        return;
    }
    ed_html_escape(out, shown, strlen(shown));
}

static const char *class_of(const char *text) {
    for (size_t n; *text; text += n + (text[n] == ' ')) {
        n = strcspn(text, " ");
        if (n > WORD_WIDTH && ed_text_width_n(text, n) > WORD_WIDTH)
            return " class=\"long\"";
    }
    return "";
}

void ed_html_table_text(struct ed_html_table *table, const char *text, const char *verdict) {
    csv_separate(table);
    ed_csv_cell(&table->csv, text, strlen(text));
    ed_buffer_printf(&table->html, "<td%s>", class_of(text));
    if (verdict)
        ed_html_verdict(&table->html, verdict, text);
    else
        ed_html_escape(&table->html, text, strlen(text));
    ed_buffer_text_append(&table->html, "</td>");
}

void ed_html_table_rows(struct ed_html_table *table, const char *rows) {
    csv_separate(table);
    ed_csv_cell(&table->csv, rows, strlen(rows));
    ed_buffer_text_append(&table->html, "<td class=\"rows\">");
    ed_html_escape(&table->html, rows, strlen(rows));
    ed_buffer_text_append(&table->html, "</td>");
}

void ed_html_table_name(struct ed_html_table *table, const char *text) {
    csv_separate(table);
    ed_csv_cell(&table->csv, text, strlen(text));
    ed_buffer_printf(&table->html, "<th scope=\"row\"%s>", class_of(text));
    ed_html_escape(&table->html, text, strlen(text));
    ed_buffer_text_append(&table->html, "</th>");
}

// A spreadsheet takes what begins with a sign for a formula, unless it is a number, with its interval or not.
static bool is_formula(const char *text) {
    const size_t n = strspn(text, "+-.0123456789e");
    return text[0] == '+' || (text[0] == '-' && text[n] && strncmp(text + n, " [", 2) != 0);
}

// The text is the value itself, so that the script needs no other to sort by.
static bool says_itself(const char *text, double value) {
    char *end;
    return *text && strspn(text, "-.0123456789") == strlen(text) && strtod(text, &end) == value && !*end;
}

void ed_html_table_number(struct ed_html_table *table, const char *shown, double value) {
    struct ed_buffer text;
    char number[32];
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    trim(&text, shown);
    csv_separate(table);
    // A lone minus stands for "not measured"; a negative number is no formula.
    const char *csv = ed_buffer_text(&text);
    if (isfinite(value) && strpbrk(csv, "=,\"") == NULL && !is_formula(csv))
        ed_buffer_text_append(&table->csv, csv);
    else if (strcmp(csv, "-") != 0)
        ed_csv_cell(&table->csv, csv, strlen(csv));
    ed_buffer_text_append(&table->html, "<td class=\"n\"");
    if (isfinite(value) && !says_itself(csv, value)) {
        ed_json_format_real(number, value);
        ed_buffer_printf(&table->html, " data-v=\"%s\"", number);
    }
    ed_buffer_text_append(&table->html, ">");
    ed_html_escape(&table->html, csv, strlen(csv));
    ed_buffer_text_append(&table->html, "</td>");
    ed_buffer_release(&text);
}

void ed_html_table_share(struct ed_html_table *table, double share) {
    char percent[32], number[32];
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    ed_text_fixed(percent, sizeof percent, 100 * share, 1, false);
    ed_json_format_real(number, share);
    csv_separate(table);
    ed_buffer_text_append(&table->csv, percent);
    ed_buffer_printf(&table->html, "<td class=\"n share\" data-v=\"%s\" style=\"--share:%s%%\">%s</td>",
                     number, percent, percent);
}

void ed_html_file(struct ed_buffer *out, const char *name, const char *type, const char *words,
                  const struct ed_buffer *bytes) {
    const bool packed = bytes->size >= PACKED_FROM_BYTES;
    out->no_memory = out->no_memory || bytes->no_memory;
    ed_buffer_printf(out, "<a class=\"file\" download=\"%s%s\" href=\"data:", name, packed ? ".gz" : "");
    if (packed) {
        struct ed_buffer small;
        ed_buffer_init(&small, ED_REPORT_MAX_BYTES);
        ed_html_gzip(&small, ed_buffer_text(bytes), bytes->size);
        ed_buffer_printf(out, "application/gzip;base64,");
        ed_html_base64(out, (const unsigned char *)ed_buffer_text(&small), small.size);
        out->no_memory = out->no_memory || small.no_memory;
        ed_buffer_release(&small);
    } else {
        ed_buffer_printf(out, "%s;charset=utf-8,", type);
        ed_html_percent(out, ed_buffer_text(bytes), bytes->size);
    }
    ed_buffer_printf(out, "\">%s%s</a>", words, packed ? ".gz" : "");
}

void ed_html_table_end(struct ed_html_table *table) {
    char name[80], words[96];
    if (table->row == 0)
        ed_buffer_text_append(&table->html, "</tr></thead>\n<tbody>\n");
    else
        ed_buffer_text_append(&table->html, "</tr>\n");
    ed_buffer_text_append(&table->html, "</tbody></table>");
    ed_buffer_text_append(&table->csv, "\r\n");
    snprintf(name, sizeof name, "%s.csv", table->id);
    snprintf(words, sizeof words, "%s.csv", table->id);
    ed_buffer_printf(table->out, "<div class=\"tools\" id=\"%s-tools\">", table->id);
    ed_html_file(table->out, name, "text/csv", words, &table->csv);
    ed_buffer_printf(table->out,
                     "</div></div>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
                     "aria-labelledby=\"%s-caption\">",
                     table->id);
    ed_buffer_append(table->out, ed_buffer_text(&table->html), table->html.size);
    ed_buffer_text_append(table->out, "</div>\n");
    table->out->no_memory = table->out->no_memory || table->html.no_memory || table->csv.no_memory;
    ed_buffer_release(&table->html);
    ed_buffer_release(&table->csv);
}
