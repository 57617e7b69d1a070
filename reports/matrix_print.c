// SPDX-License-Identifier: Apache-2.0
// The matrix as aligned text and as Markdown.
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/matrix.h"
#include "reports/text.h"

#define GAP 2
#define DEVICE_MOST 24 // a longer name is cut where the width is limited
#define HEAD_MOST 18

static const struct {
    enum ed_verdict verdict;
    const char *mark, *words;
} marks[] = {{ED_VERDICT_FAIL, "!", "! fail"},
             {ED_VERDICT_INCONCLUSIVE, "?", "? inconclusive"},
             {ED_VERDICT_INVALID, "x", "x invalid"}};
#define UNUSABLE "( ) do not use the speed, see the notes"

static const char *mark_of(enum ed_verdict verdict) {
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (marks[i].verdict == verdict)
            return marks[i].mark;
    return "";
}

static void cell_append(const struct ed_matrix *matrix, size_t device, size_t c, struct ed_buffer *out) {
    const struct ed_matrix_column *column = &matrix->columns[c];
    const struct ed_matrix_cell *cell = ed_matrix_cell(matrix, device, c);
    const char *mark = mark_of(cell->verdict);
    char value[48];
    if (!cell->present)
        return;
    if (cell->word || cell->several || !cell->known) {
        const char *word = cell->word ? cell->word : cell->several ? "several" : "-";
        ed_text_visible(out, word, ED_RESULT_TEXT_BYTES);
    } else {
        ed_text_fixed(value, sizeof value, cell->value / matrix->scale.divisor, matrix->scale.decimals,
                      false);
        ed_buffer_printf(out, "%s%s%s", cell->unusable ? "(" : "", value,
                         cell->unusable   ? ")"
                         : column->struck ? " "
                                          : "");
    }
    ed_buffer_text_append(out, *mark ? mark : column->marked ? " " : "");
}

static void title_append(const struct ed_matrix *matrix, const struct ed_matrix_part *part,
                         struct ed_buffer *out) {
    for (size_t i = 0; i < part->n_titles; i++) {
        const char *before = ed_naming_kind(part->titles[i])->constant;
        ed_buffer_text_append(out, " \xC2\xB7 ");
        ed_buffer_text_append(out, before ? before : "");
        ed_naming_text(out, matrix->columns[part->first].like, part->titles[i]);
    }
}

// Replaces the buffer's text by one of at most `most` columns.
static void shorten(struct ed_buffer *text, size_t most, bool *shortened) {
    size_t bytes;
    if (ed_text_width(ed_buffer_text(text)) <= most)
        return;
    char *cut = ed_buffer_detach(text, &bytes);
    if (!cut || !ed_view_cut(&cut, most))
        text->no_memory = true;
    else
        ed_buffer_text_append(text, cut);
    free(cut);
    *shortened = true;
}

// Paper for aligned text; `text` is where one cell is made.
struct sheet {
    const struct ed_matrix *matrix;
    struct ed_buffer *out, text;
    size_t *widths;            // of every column
    size_t width, first_width; // first_width: of the column of devices
    bool cut, shortened;       // names are cut where all do not fit
};

static const char *head_text(struct sheet *sheet, size_t column, enum ed_naming naming) {
    ed_buffer_clear(&sheet->text);
    ed_naming_text(&sheet->text, sheet->matrix->columns[column].like, naming);
    if (sheet->cut)
        shorten(&sheet->text, HEAD_MOST, &sheet->shortened);
    return ed_buffer_text(&sheet->text);
}

static const char *device_text(struct sheet *sheet, size_t device) {
    ed_buffer_clear(&sheet->text);
    ed_naming_text(&sheet->text, sheet->matrix->devices[device], ED_NAMING_DEVICE);
    if (sheet->cut)
        shorten(&sheet->text, DEVICE_MOST, &sheet->shortened);
    return ed_buffer_text(&sheet->text);
}

static const char *cell_text(struct sheet *sheet, size_t device, size_t column) {
    ed_buffer_clear(&sheet->text);
    cell_append(sheet->matrix, device, column, &sheet->text);
    return ed_buffer_text(&sheet->text);
}

static size_t widest(size_t width, const char *text) {
    size_t used = ed_text_width(text);
    return used > width ? used : width;
}

static size_t column_width(struct sheet *sheet, const struct ed_matrix_part *part, size_t column) {
    size_t width = 0;
    for (size_t i = 0; i < part->n_heads; i++)
        width = widest(width, head_text(sheet, column, part->heads[i]));
    for (size_t d = 0; d < sheet->matrix->n_devices; d++)
        width = widest(width, cell_text(sheet, d, column));
    return width;
}

static void first_column(struct sheet *sheet, const char *text) {
    ed_buffer_text_append(sheet->out, text);
    ed_text_repeat(sheet->out, ' ', sheet->first_width - ed_text_width(text));
}

static void right(struct sheet *sheet, size_t width, const char *text) {
    ed_text_repeat(sheet->out, ' ', GAP + width - ed_text_width(text));
    ed_buffer_text_append(sheet->out, text);
}

static void line_end(struct sheet *sheet) {
    struct ed_buffer *out = sheet->out;
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    ed_buffer_append(out, "\n", 1);
}

// Columns from..to-1 of the part.
static void columns_print(struct sheet *sheet, const struct ed_matrix_part *part, size_t from, size_t to) {
    const struct ed_matrix *matrix = sheet->matrix;
    ed_buffer_printf(sheet->out, "%s%s%s", matrix->figure.head, *matrix->scale.unit ? ", " : "",
                     matrix->scale.unit);
    title_append(matrix, part, sheet->out);
    line_end(sheet);
    for (size_t h = 0; h < part->n_heads; h++) {
        first_column(sheet, ed_naming_kind(part->heads[h])->head);
        for (size_t c = from; c < to; c++) {
            size_t width = sheet->widths[c];
            // Words end above the figures, not above their marks.
            size_t behind = (size_t)matrix->columns[c].struck + matrix->columns[c].marked;
            const char *text = head_text(sheet, c, part->heads[h]);
            behind = ed_text_width(text) + behind <= width ? behind : 0;
            right(sheet, width - behind, text);
            ed_text_repeat(sheet->out, ' ', behind);
        }
        line_end(sheet);
    }
    for (size_t d = 0; d < matrix->n_devices; d++) {
        if (!ed_matrix_has(matrix, d, part))
            continue;
        first_column(sheet, device_text(sheet, d));
        for (size_t c = from; c < to; c++)
            right(sheet, sheet->widths[c], cell_text(sheet, d, c));
        line_end(sheet);
    }
    ed_buffer_append(sheet->out, "\n", 1);
}

// "! a requirement failed · ? inconclusive": the marks that are there.
static void legend_append(const struct ed_matrix *matrix, struct ed_buffer *out) {
    bool used[sizeof marks / sizeof marks[0]] = {0}, struck = false;
    size_t n = 0;
    for (size_t i = 0; i < matrix->n_columns * matrix->n_devices; i++)
        for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++)
            used[m] = used[m] || (matrix->cells[i].present && matrix->cells[i].verdict == marks[m].verdict);
    for (size_t c = 0; c < matrix->n_columns; c++)
        struck = struck || matrix->columns[c].struck;
    for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++)
        if (used[m])
            ed_buffer_printf(out, "%s%s", n++ ? " \xC2\xB7 " : "", marks[m].words);
    if (struck)
        ed_buffer_printf(out, "%s%s", n++ ? " \xC2\xB7 " : "", UNUSABLE);
}

// Returns the width of the whole part.
static size_t widths_fill(struct sheet *sheet, const struct ed_matrix_part *part) {
    sheet->first_width = 0;
    for (size_t h = 0; h < part->n_heads; h++)
        sheet->first_width = widest(sheet->first_width, ed_naming_kind(part->heads[h])->head);
    for (size_t d = 0; d < sheet->matrix->n_devices; d++)
        if (ed_matrix_has(sheet->matrix, d, part))
            sheet->first_width = widest(sheet->first_width, device_text(sheet, d));
    size_t width = sheet->first_width;
    for (size_t c = part->first; c < part->first + part->n; c++) {
        sheet->widths[c] = column_width(sheet, part, c);
        width += GAP + sheet->widths[c];
    }
    return width;
}

static void part_print(struct sheet *sheet, const struct ed_matrix_part *part) {
    const size_t end = part->first + part->n;
    sheet->cut = false;
    if (widths_fill(sheet, part) > sheet->width) {
        sheet->cut = true;
        widths_fill(sheet, part);
    }
    for (size_t from = part->first; from < end;) {
        size_t used = sheet->first_width, to = from;
        while (to < end) {
            size_t width = GAP + sheet->widths[to];
            if (to > from && used + width > sheet->width)
                break;
            used += width;
            to++;
        }
        columns_print(sheet, part, from, to);
        from = to;
    }
}

void ed_matrix_text(const struct ed_matrix *matrix, size_t width, struct ed_buffer *out, bool *shortened) {
    struct sheet sheet = {.matrix = matrix, .out = out, .width = width};
    struct ed_matrix_part part;
    const size_t before = out->size;
    ed_buffer_init(&sheet.text, ED_REPORT_MAX_BYTES);
    sheet.widths = calloc(matrix->n_columns + 1, sizeof *sheet.widths);
    out->no_memory = out->no_memory || !sheet.widths;
    for (size_t c = 0; c < matrix->n_columns && sheet.widths; c += part.n) {
        ed_matrix_part(matrix, c, &part);
        part_print(&sheet, &part);
    }
    if (out->size > before) {
        ed_buffer_clear(&sheet.text);
        legend_append(matrix, &sheet.text);
        if (sheet.text.size > 0)
            ed_buffer_printf(out, "%s\n\n", ed_buffer_text(&sheet.text));
    }
    *shortened = *shortened || sheet.shortened;
    out->no_memory = out->no_memory || sheet.text.no_memory;
    free(sheet.widths);
    ed_buffer_release(&sheet.text);
}

static void markdown_cell(struct ed_buffer *out, const struct ed_buffer *text) {
    char trimmed[ED_RESULT_TEXT_BYTES + 8];
    size_t n = text->size;
    while (n > 0 && text->data[n - 1] == ' ')
        n--;
    snprintf(trimmed, sizeof trimmed, "%.*s", (int)n, ed_buffer_text(text));
    ed_buffer_text_append(out, " ");
    ed_text_markdown(out, trimmed);
    ed_buffer_text_append(out, " |");
}

static void markdown_part(const struct ed_matrix *matrix, const struct ed_matrix_part *part,
                          struct ed_buffer *out, struct ed_buffer *text) {
    ed_buffer_printf(out, "**%s%s%s**", matrix->figure.head, *matrix->scale.unit ? ", " : "",
                     matrix->scale.unit);
    ed_buffer_clear(text);
    title_append(matrix, part, text);
    ed_text_markdown(out, ed_buffer_text(text));
    ed_buffer_text_append(out, "\n\n| device |");
    for (size_t c = part->first; c < part->first + part->n; c++) {
        ed_buffer_clear(text);
        for (size_t h = 0; h < part->n_heads; h++) {
            const char *before = ed_naming_kind(part->heads[h])->constant;
            ed_buffer_printf(text, "%s%s", h ? " \xC2\xB7 " : "", before ? before : "");
            ed_naming_text(text, matrix->columns[c].like, part->heads[h]);
        }
        ed_buffer_text_append(out, " ");
        ed_text_markdown(out, ed_buffer_text(text));
        ed_buffer_text_append(out, " |");
    }
    ed_buffer_text_append(out, "\n|:--|");
    for (size_t c = 0; c < part->n; c++)
        ed_buffer_text_append(out, "--:|");
    ed_buffer_text_append(out, "\n");
    for (size_t d = 0; d < matrix->n_devices; d++) {
        if (!ed_matrix_has(matrix, d, part))
            continue;
        ed_buffer_clear(text);
        ed_naming_text(text, matrix->devices[d], ED_NAMING_DEVICE);
        ed_buffer_text_append(out, "| ");
        ed_text_markdown(out, ed_buffer_text(text));
        ed_buffer_text_append(out, " |");
        for (size_t c = part->first; c < part->first + part->n; c++) {
            ed_buffer_clear(text);
            cell_append(matrix, d, c, text);
            markdown_cell(out, text);
        }
        ed_buffer_text_append(out, "\n");
    }
    ed_buffer_text_append(out, "\n");
}

void ed_matrix_markdown(const struct ed_matrix *matrix, struct ed_buffer *out) {
    struct ed_matrix_part part;
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (size_t c = 0; c < matrix->n_columns; c += part.n) {
        ed_matrix_part(matrix, c, &part);
        markdown_part(matrix, &part, out, &text);
    }
    if (matrix->n_columns > 0) {
        ed_buffer_clear(&text);
        legend_append(matrix, &text);
        ed_text_markdown(out, ed_buffer_text(&text));
        ed_buffer_text_append(out, text.size > 0 ? "\n\n" : "");
    }
    out->no_memory = out->no_memory || text.no_memory;
    ed_buffer_release(&text);
}
