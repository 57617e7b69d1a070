// SPDX-License-Identifier: Apache-2.0
// The format for a terminal: one row a case with what tells cases apart, figures aligned under their unit;
// below it the requirements, the notes and a total. 80 columns show the figures that decide; 120 and more, or
// no limit, show all.
#include <stdio.h>
#include <string.h>

#include "reports/choice.h"
#include "reports/fields.h"
#include "reports/gate.h"
#include "reports/matrix.h"
#include "reports/notes.h"
#include "reports/ops.h"
#include "reports/records.h"
#include "reports/registry.h"
#include "reports/text.h"

#define GAP 2
#define WIDE_COLUMNS 120
#define WIDTH_LEAST 20

struct paper {
    struct ed_buffer out;
    const struct ed_report_info *info;
    size_t width;        // SIZE_MAX: no limit
    size_t number_width; // of the row numbers; 0: none are shown
};

static void newline(struct paper *paper) {
    while (paper->out.size > 0 && paper->out.data[paper->out.size - 1] == ' ')
        paper->out.data[--paper->out.size] = '\0';
    ed_buffer_append(&paper->out, "\n", 1);
}

// Where to break `text` of which `fits` bytes fit: behind the last separator " · " where there is one, else
// behind the last space.
static size_t break_find(const char *text, size_t fits) {
    size_t used = fits;
    for (size_t i = fits; i >= 4; i--)
        if (memcmp(text + i - 4, " \xC2\xB7 ", 4) == 0)
            return i;
    while (used > 0 && text[used - 1] != ' ')
        used--;
    return used > 0 ? used : fits; // a word longer than the line
}

// Visible text broken at spaces; the first line begins at column `at`, the others are indented by `indent`.
// Ends the line.
static void wrap(struct paper *paper, size_t at, size_t indent, const char *text) {
    while (*text) {
        size_t room = paper->width > at + WIDTH_LEAST ? paper->width - at : WIDTH_LEAST;
        size_t fits = ed_text_prefix(text, room);
        size_t used = text[fits] == '\0' ? fits : break_find(text, fits + (text[fits] == ' '));
        ed_buffer_append(&paper->out, text, used);
        newline(paper);
        text += used;
        text += strspn(text, " ");
        if (*text)
            ed_text_repeat(&paper->out, ' ', indent);
        at = indent;
    }
}

static void line(struct paper *paper, size_t indent, size_t hang, const struct ed_buffer *text) {
    ed_text_repeat(&paper->out, ' ', indent);
    wrap(paper, indent, hang, ed_buffer_text(text));
}

static void line_coloured(struct paper *paper, const char *colour, const struct ed_buffer *text) {
    struct ed_buffer *out = &paper->out;
    ed_buffer_text_append(out, paper->info->colour ? colour : "");
    line(paper, 0, 2, text);
    if (!paper->info->colour || out->size == 0)
        return;
    out->data[--out->size] = '\0'; // the line's end comes after the colour's
    ed_buffer_text_append(out, "\x1b[0m\n");
}

static void join(struct ed_buffer *out, const char *text) {
    if (!text || !*text)
        return;
    if (out->size > 0)
        ed_buffer_text_append(out, " \xC2\xB7 ");
    ed_text_visible(out, text, strlen(text));
}

static void heading(struct paper *paper, const struct ed_view *view) {
    const struct ed_report_info *info = paper->info;
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&text, "edgedyno ");
    ed_text_visible(&text, info->version, strlen(info->version));
    join(&text, info->suite);
    join(&text, info->campaign);
    join(&text, info->started_utc);
    line(paper, 0, 2, &text);
    for (size_t i = 0; i < info->n_hardware; i++) {
        ed_buffer_clear(&text);
        ed_text_visible(&text, info->hardware[i].device, strlen(info->hardware[i].device));
        ed_buffer_text_append(&text, ": ");
        ed_text_visible(&text, info->hardware[i].summary, strlen(info->hardware[i].summary));
        line(paper, 0, 2, &text);
    }
    for (size_t i = 0; i < info->n_absent; i++) {
        ed_buffer_clear(&text);
        ed_notes_absent(&info->absent[i], &text);
        line_coloured(paper, "\x1b[1;31m", &text);
    }
    if (view->constants.size > 0)
        line(paper, 0, 2, &view->constants);
    newline(paper);
    paper->out.no_memory = paper->out.no_memory || text.no_memory;
    ed_buffer_release(&text);
}

static const char *verdict_colour(const char *word) {
    switch (ed_verdict_of_word(word)) {
    case ED_VERDICT_PASS:
        return "\x1b[32m";
    case ED_VERDICT_FAIL:
        return "\x1b[1;31m";
    case ED_VERDICT_INCONCLUSIVE:
        return "\x1b[33m";
    case ED_VERDICT_INVALID:
        return "\x1b[35m";
    case ED_VERDICT_NONE:
        break;
    }
    return NULL;
}

static void verdict_word(struct paper *paper, const char *word) {
    const char *colour = paper->info->colour ? verdict_colour(word) : NULL;
    ed_buffer_text_append(&paper->out, colour ? colour : "");
    ed_buffer_text_append(&paper->out, word);
    ed_buffer_text_append(&paper->out, colour ? "\x1b[0m" : "");
}

static void cell(struct paper *paper, const struct ed_view_column *column, const char *text) {
    size_t used = ed_text_width(text), pad = column->width > used ? column->width - used : 0;
    if (column->figure)
        ed_text_repeat(&paper->out, ' ', pad);
    if (column->field == ED_FIELD_verdict)
        verdict_word(paper, text);
    else
        ed_buffer_text_append(&paper->out, text);
    if (!column->figure)
        ed_text_repeat(&paper->out, ' ', pad);
}

// Begins a cell of a line: the gap that separates it from what is before.
static void gap(struct paper *paper, bool *first) {
    ed_text_repeat(&paper->out, ' ', *first ? 0 : GAP);
    *first = false;
}

static void head_line(struct paper *paper, const struct ed_view *view, bool units) {
    bool first = paper->number_width == 0;
    ed_text_repeat(&paper->out, ' ', paper->number_width);
    for (size_t i = 0; i < view->n_columns; i++) {
        const struct ed_view_column *column = &view->columns[i];
        if (column->left_out)
            continue;
        gap(paper, &first);
        // Words stand on the lower line, beside the units of the figures.
        const char *text = column->figure ? (units && *column->unit ? column->unit
                                             : units                ? ""
                                                                    : column->head)
                           : units        ? column->head
                                          : "";
        size_t used = ed_text_width(text), pad = column->width > used ? column->width - used : 0;
        ed_text_repeat(&paper->out, ' ', column->figure ? pad : 0);
        ed_buffer_text_append(&paper->out, text);
        ed_text_repeat(&paper->out, ' ', column->figure ? 0 : pad);
    }
    newline(paper);
}

static size_t figures_width(const struct ed_view *view) {
    size_t width = 0, n = 0;
    for (size_t i = 0; i < view->n_columns; i++)
        if (view->columns[i].figure && !view->columns[i].left_out)
            width += view->columns[i].width + (n++ > 0 ? GAP : 0);
    return width;
}

// `area` is the width of all figures together, which the outcome of a case that is not ok takes.
static void row_line(struct paper *paper, const struct ed_view *view, size_t row, size_t area,
                     size_t figures) {
    struct ed_buffer outcome;
    bool first = paper->number_width == 0, area_done = false;
    ed_buffer_init(&outcome, ED_REPORT_MAX_BYTES);
    bool failed = ed_view_outcome(view->rows[row], &outcome);
    if (paper->number_width > 0)
        ed_buffer_printf(&paper->out, "%*zu", (int)paper->number_width, row + 1);
    for (size_t i = 0; i < view->n_columns; i++) {
        const struct ed_view_column *column = &view->columns[i];
        bool last_figure = column->figure && (i + 1 == view->n_columns || !view->columns[i + 1].figure);
        if (!column->left_out && !(failed && column->figure && area_done)) {
            gap(paper, &first);
            if (failed && column->figure) {
                ed_buffer_text_append(&paper->out, ed_buffer_text(&outcome));
                ed_text_repeat(&paper->out, ' ', area - ed_text_width(ed_buffer_text(&outcome)));
                area_done = true;
            } else {
                cell(paper, column, column->cells[row]);
            }
        }
        if (last_figure && !failed)
            ed_text_repeat(&paper->out, ' ', area - figures);
    }
    if (failed && figures == 0) {
        gap(paper, &first);
        ed_buffer_text_append(&paper->out, ed_buffer_text(&outcome));
    }
    newline(paper);
    paper->out.no_memory = paper->out.no_memory || outcome.no_memory;
    ed_buffer_release(&outcome);
}

static void left_out_line(struct paper *paper, const struct ed_view *view) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (size_t i = 0; i < view->n_columns; i++)
        if (view->columns[i].left_out)
            ed_buffer_printf(&text, "%s%s",
                             text.size ? ", " : "not shown at this width: ", view->columns[i].head);
    if (text.size > 0)
        line(paper, 0, 2, &text);
    ed_buffer_release(&text);
}

static void group_line(struct paper *paper, const struct ed_view *view, size_t row) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    if (row > 0)
        newline(paper);
    ed_view_group_text(view, row, &text);
    line_coloured(paper, "\x1b[1m", &text);
    paper->out.no_memory = paper->out.no_memory || text.no_memory;
    ed_buffer_release(&text);
}

static void grid(struct paper *paper, const struct ed_view *view, bool shortened) {
    size_t figures = figures_width(view), area = figures;
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (size_t row = 0; row < view->n_rows; row++) {
        ed_buffer_clear(&text);
        if (figures > 0 && ed_view_outcome(view->rows[row], &text)) {
            size_t width = ed_text_width(ed_buffer_text(&text));
            area = width > area ? width : area;
        }
    }
    head_line(paper, view, false);
    head_line(paper, view, true);
    for (size_t row = 0; row < view->n_rows; row++) {
        if (ed_view_group_begins(view, row))
            group_line(paper, view, row);
        row_line(paper, view, row, area, figures);
    }
    bool any_left_out = false;
    for (size_t i = 0; i < view->n_columns; i++)
        any_left_out = any_left_out || view->columns[i].left_out;
    if (view->has_spans || any_left_out || shortened)
        newline(paper);
    if (view->has_spans) {
        ed_buffer_clear(&text);
        ed_buffer_text_append(&text, "\xC2\xB1 is the distance to the farther end of the 95 % interval");
        line(paper, 0, 2, &text);
    }
    left_out_line(paper, view);
    if (shortened) {
        ed_buffer_clear(&text);
        ed_buffer_text_append(
            &text, "names with \xE2\x80\xA6 are cut; a wider terminal or another format has them whole");
        line(paper, 0, 2, &text);
    }
    ed_buffer_release(&text);
}

static void judged_lines(struct paper *paper, const struct ed_view *view, const char *requirement) {
    size_t n[ED_VERDICT_FAIL + 1] = {0}, shown = 0;
    static const char *const words[] = {"not judged", "passed", "inconclusive", "invalid", "failed"};
    static const enum ed_verdict order[] = {ED_VERDICT_PASS, ED_VERDICT_FAIL, ED_VERDICT_INCONCLUSIVE,
                                            ED_VERDICT_INVALID, ED_VERDICT_NONE};
    const char *detail;
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (size_t row = 0; row < view->n_rows; row++)
        n[ed_judged_find(view->rows[row], requirement, &detail)]++;
    ed_text_visible(&text, requirement, strlen(requirement));
    ed_buffer_text_append(&text, ": ");
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (n[order[i]] > 0)
            ed_buffer_printf(&text, "%s%zu %s", shown++ ? ", " : "", n[order[i]], words[order[i]]);
    line(paper, 2, 4, &text);
    for (size_t row = 0; row < view->n_rows; row++) {
        enum ed_verdict verdict = ed_judged_find(view->rows[row], requirement, &detail);
        if (verdict == ED_VERDICT_NONE || (verdict == ED_VERDICT_PASS && view->n_rows > 1))
            continue;
        ed_buffer_clear(&text);
        ed_text_repeat(&paper->out, ' ', 4);
        if (paper->number_width > 0)
            ed_buffer_printf(&paper->out, "%*zu  ", (int)paper->number_width, row + 1);
        size_t at = 4 + (paper->number_width ? paper->number_width + 2 : 0) + strlen("inconclusive") + 2;
        verdict_word(paper, ed_verdict_word(verdict));
        ed_text_repeat(&paper->out, ' ', 2 + strlen("inconclusive") - strlen(ed_verdict_word(verdict)));
        ed_text_visible(&text, detail, strlen(detail));
        wrap(paper, at, at, *ed_buffer_text(&text) ? ed_buffer_text(&text) : "-");
    }
    ed_buffer_release(&text);
}

static enum ed_status requirements(struct paper *paper, const struct ed_view *view, struct ed_error *err) {
    struct ed_judged judged;
    enum ed_status status = ed_judged_init(&judged, paper->info, view, err);
    if (status == ED_OK && judged.n > 0) {
        newline(paper);
        ed_buffer_text_append(&paper->out, "requirements\n");
        for (size_t i = 0; i < judged.n; i++)
            judged_lines(paper, view, judged.texts[i]);
    }
    ed_judged_release(&judged);
    return status;
}

static void notes_section(struct paper *paper, const struct ed_notes *notes, const char *title,
                          bool unmeasured) {
    bool titled = false;
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    for (size_t i = 0; i < notes->n; i++) {
        const struct ed_note *note = &notes->items[i];
        if (note->unmeasured != unmeasured)
            continue;
        if (!titled) {
            newline(paper);
            ed_buffer_printf(&paper->out, "%s\n", title);
            titled = true;
        }
        ed_buffer_clear(&text);
        ed_buffer_text_append(&text, note->text);
        if (*note->rows)
            ed_buffer_printf(&text, "  [%s]", note->rows);
        line(paper, 2, 4, &text);
    }
    paper->out.no_memory = paper->out.no_memory || text.no_memory;
    ed_buffer_release(&text);
}

static enum ed_status below(struct paper *paper, const struct ed_view *view, struct ed_error *err) {
    struct ed_notes notes;
    struct ed_buffer total;
    enum ed_status status = requirements(paper, view, err);
    if (status)
        return status;
    status = ed_ops_text(&paper->out, paper->info, view->rows, view->n_rows, err);
    if (status)
        return status;
    status = ed_notes_init(&notes, view, err);
    if (status == ED_OK) {
        notes_section(paper, &notes, paper->number_width ? "notes [rows]" : "notes", false);
        notes_section(paper, &notes, paper->number_width ? "not measured [rows]" : "not measured", true);
        newline(paper);
        ed_buffer_init(&total, ED_REPORT_MAX_BYTES);
        ed_notes_total(view, paper->info, &total);
        line(paper, 0, 0, &total);
        ed_buffer_release(&total);
    }
    ed_notes_release(&notes);
    return status;
}

static enum ed_status matrix(struct paper *paper, const struct ed_view *view, bool *shortened,
                             struct ed_error *err) {
    struct ed_matrix matrix;
    enum ed_status status = ed_matrix_init(&matrix, paper->info, view, err);
    if (status == ED_OK)
        ed_matrix_text(&matrix, paper->width, &paper->out, shortened);
    ed_matrix_release(&matrix);
    return status;
}

static enum ed_status table_print(struct ed_records *records, struct paper *paper, struct ed_view *view,
                                  struct ed_error *err) {
    bool shortened = false;
    enum ed_status status = ED_OK;
    if (paper->width != SIZE_MAX)
        status = ed_view_fit(view, paper->width, paper->number_width ? paper->number_width + GAP : 0, GAP,
                             &shortened, err);
    if (status)
        return status;
    if (paper->info->gate)
        ed_report_gate_text(&paper->out, paper->info->gate, paper->width, paper->info->colour);
    if (paper->info->choice)
        ed_choice_text(&paper->out, paper->info->choice, paper->width, paper->info->colour);
    heading(paper, view);
    status = matrix(paper, view, &shortened, err);
    if (status)
        return status;
    if (view->n_rows > 0)
        grid(paper, view, shortened);
    status = view->n_rows > 0 ? below(paper, view, err) : ED_OK;
    if (view->n_rows == 0)
        ed_buffer_text_append(&paper->out, "no cases\n");
    return status ? status : ed_sink_flush(records->sink, &paper->out, "the table", err);
}

static enum ed_status table_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    int columns = records->info->columns;
    struct paper paper = {.info = records->info, .width = columns > 0 ? (size_t)columns : SIZE_MAX};
    struct ed_view view;
    bool wide = columns <= 0 || columns >= WIDE_COLUMNS;
    ed_buffer_init(&paper.out, ED_REPORT_MAX_BYTES);
    if (records->n > 1)
        for (size_t n = records->n; n > 0; n /= 10)
            paper.number_width++;
    enum ed_status status = ed_view_init(&view, records->info, records->items, records->n,
                                         wide ? ED_VIEW_WIDE : ED_VIEW_NARROW, err);
    if (status == ED_OK)
        status = table_print(records, &paper, &view, err);
    ed_view_release(&view);
    ed_buffer_release(&paper.out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_table = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "table",
    .summary = "aligned text for a terminal",
    .suffix = ".txt",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = table_end,
};
