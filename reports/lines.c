// SPDX-License-Identifier: Apache-2.0
// Lines for a terminal.
#include "reports/lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "edgedyno/result.h"
#include "reports/metric_unit.h"
#include "reports/text.h"
#include "reports/verdict.h"

static const char *unit_of(const struct ed_result_field *field) {
    if (!field || !strcmp(field->unit, "number"))
        return "";
    // What is counted stands in the key.
    return strcmp(field->unit, "1/s") ? field->unit : "/s";
}

void ed_lines_value(char *text, size_t bytes, int index, double value) {
    const struct ed_result_field *field = index < 0 ? NULL : &ed_result_fields()[index];
    const char *unit = unit_of(field);
    char unsigned_text[48];
    const double size = fabs(value);
    if (field && !strcmp(field->unit, "ns") && size < 9e18)
        ed_units_print_duration(unsigned_text, sizeof unsigned_text, (int64_t)llround(size));
    else if (field && !strcmp(field->unit, "bytes") && size < 9e18)
        ed_units_print_size(unsigned_text, sizeof unsigned_text, (int64_t)llround(size));
    else if (field && ed_metric_is_fraction(index))
        snprintf(unsigned_text, sizeof unsigned_text, "%.2f %%", size * 100);
    else
        // Four digits, and never an exponent where a person would write the number out.
        snprintf(unsigned_text, sizeof unsigned_text, size >= 1e4 && size < 1e12 ? "%.0f%s%s" : "%.4g%s%s",
                 size, *unit ? " " : "", unit);
    snprintf(text, bytes, "%s%s", value < 0 ? "-" : "", unsigned_text);
}

void ed_lines_value_of(char *text, size_t bytes, int index, const char *metric, double value) {
    bool drop;
    if (ed_metric_decides(index, &drop))
        ed_metric_text(text, bytes, metric, drop, value);
    else
        ed_lines_value(text, bytes, index, value);
}

void ed_lines_share(char *text, size_t bytes, double share, const char *unit) {
    char number[64];
    ed_text_fixed(number, sizeof number, share * 100, fabs(share) < 0.0995 ? 2 : 1, false);
    snprintf(text, bytes, "%s%s%s", share > 0 ? "+" : "", number, unit);
}

static const char *colour_of(const char *verdict) {
    switch (ed_verdict_of_word(verdict)) {
    case ED_VERDICT_PASS:
        return "\x1b[32m";
    case ED_VERDICT_FAIL:
        return "\x1b[1;31m";
    default:
        return "\x1b[33m";
    }
}

void ed_lines_verdict(struct ed_buffer *out, const char *word, const char *verdict, bool colour) {
    ed_buffer_printf(out, "%s%s%s", colour ? colour_of(verdict) : "", word, colour ? "\x1b[0m" : "");
}

void ed_lines_cell(struct ed_buffer *out, const char *text, size_t columns, bool fill) {
    struct ed_buffer safe;
    ed_buffer_init(&safe, ED_REPORT_MAX_BYTES);
    ed_text_visible(&safe, text, strlen(text));
    const char *shown = ed_buffer_text(&safe);
    size_t width = ed_text_width(shown), used = safe.size;
    if (width > columns) {
        used = ed_text_prefix(shown, columns > 3 ? columns - 3 : columns);
        width = ed_text_width_n(shown, used);
    }
    ed_buffer_append(out, shown, used);
    if (used < safe.size && columns > 3) {
        ed_buffer_text_append(out, "...");
        width += 3;
    }
    if (fill && width < columns)
        ed_text_repeat(out, ' ', columns - width);
    out->no_memory = out->no_memory || safe.no_memory;
    ed_buffer_release(&safe);
}

void ed_lines_paragraph(struct ed_buffer *out, const char *text, size_t indent, size_t width) {
    struct ed_buffer safe;
    ed_buffer_init(&safe, ED_REPORT_MAX_BYTES);
    ed_text_visible(&safe, text, strlen(text));
    const char *p = ed_buffer_text(&safe);
    const size_t room = width > indent + 20 ? width - indent : 20;
    while (*p) {
        size_t n = ed_text_prefix(p, room);
        if (p[n] != '\0' && p[n] != ' ') {
            size_t at = n;
            while (at > 0 && p[at - 1] != ' ')
                at--;
            n = at ? at : n;
        }
        ed_text_repeat(out, ' ', indent);
        size_t shown = n;
        while (shown > 0 && p[shown - 1] == ' ')
            shown--;
        ed_buffer_append(out, p, shown);
        ed_buffer_text_append(out, "\n");
        p += n;
        p += strspn(p, " ");
    }
    out->no_memory = out->no_memory || safe.no_memory;
    ed_buffer_release(&safe);
}
