// SPDX-License-Identifier: Apache-2.0
// GitHub Markdown: one table with every figure and its interval, requirements below, notes folded away.
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

static void cell_append(struct ed_buffer *out, const char *text) {
    char trimmed[256];
    size_t n = strlen(text);
    const char *start = text + strspn(text, " ");
    n -= (size_t)(start - text);
    while (n > 0 && start[n - 1] == ' ')
        n--;
    if (n < sizeof trimmed) {
        memcpy(trimmed, start, n);
        trimmed[n] = '\0';
        start = trimmed;
    }
    ed_buffer_text_append(out, " ");
    ed_text_markdown(out, start);
    ed_buffer_text_append(out, " |");
}

static void heading_append(struct ed_buffer *out, const struct ed_report_info *info,
                           const struct ed_view *view) {
    const char *const words[] = {info->suite, info->campaign, info->started_utc};
    ed_buffer_text_append(out, "**edgedyno ");
    ed_text_markdown(out, info->version);
    ed_buffer_text_append(out, "**");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!*words[i])
            continue;
        ed_buffer_text_append(out, " \xC2\xB7 ");
        ed_text_markdown(out, words[i]);
    }
    ed_buffer_text_append(out, "\n\n");
    for (size_t i = 0; i < info->n_hardware; i++) {
        ed_buffer_text_append(out, "- ");
        ed_text_markdown(out, info->hardware[i].device);
        ed_buffer_text_append(out, ": ");
        ed_text_markdown(out, info->hardware[i].summary);
        ed_buffer_text_append(out, "\n");
    }
    for (size_t i = 0; i < info->n_absent; i++) {
        struct ed_buffer text;
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_notes_absent(&info->absent[i], &text);
        ed_buffer_text_append(out, "- **");
        ed_text_markdown(out, ed_buffer_text(&text));
        ed_buffer_text_append(out, "**\n");
        out->no_memory = out->no_memory || text.no_memory;
        ed_buffer_release(&text);
    }
    ed_buffer_text_append(out, info->n_hardware + info->n_absent > 0 ? "\n" : "");
    if (view->constants.size > 0) {
        ed_text_markdown(out, ed_buffer_text(&view->constants));
        ed_buffer_text_append(out, "\n\n");
    }
}

static void row_append(struct ed_buffer *out, const struct ed_view *view, size_t row) {
    struct ed_buffer outcome;
    ed_buffer_init(&outcome, ED_REPORT_MAX_BYTES);
    bool failed = ed_view_outcome(view->rows[row], &outcome), told = false;
    ed_buffer_printf(out, "| %zu |", row + 1);
    for (size_t i = 0; i < view->n_columns; i++) {
        const struct ed_view_column *column = &view->columns[i];
        if (failed && column->figure) {
            cell_append(out, told ? "" : ed_buffer_text(&outcome));
            told = true;
        } else if (column->field == ED_FIELD_verdict && strcmp(column->cells[row], "fail") == 0) {
            ed_buffer_text_append(out, " **fail** |");
        } else {
            cell_append(out, column->cells[row]);
        }
    }
    if (failed && !told)
        cell_append(out, ed_buffer_text(&outcome));
    ed_buffer_text_append(out, "\n");
    out->no_memory = out->no_memory || outcome.no_memory;
    ed_buffer_release(&outcome);
}

// Where no case has a figure, the outcomes need a column of their own.
static bool has_figures(const struct ed_view *view) {
    for (size_t i = 0; i < view->n_columns; i++)
        if (view->columns[i].figure)
            return true;
    return false;
}

static void head_append(struct ed_buffer *out, const struct ed_view *view, bool outcome_column) {
    ed_buffer_text_append(out, "| # |");
    for (size_t i = 0; i < view->n_columns; i++) {
        ed_buffer_printf(out, " %s%s%s |", view->columns[i].head, *view->columns[i].unit ? ", " : "",
                         view->columns[i].unit);
    }
    ed_buffer_text_append(out, outcome_column ? " outcome |\n|--:|" : "\n|--:|");
    for (size_t i = 0; i < view->n_columns; i++)
        ed_buffer_text_append(out, view->columns[i].figure ? "--:|" : ":--|");
    ed_buffer_text_append(out, outcome_column ? ":--|\n" : "\n");
}

// A table each group, since a table can have no line that spans it.
static void group_append(struct ed_buffer *out, const struct ed_view *view, size_t row) {
    struct ed_buffer text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    ed_view_group_text(view, row, &text);
    ed_buffer_text_append(out, row > 0 ? "\n#### " : "#### ");
    ed_text_markdown(out, ed_buffer_text(&text));
    ed_buffer_text_append(out, "\n\n");
    out->no_memory = out->no_memory || text.no_memory;
    ed_buffer_release(&text);
}

static void grid_append(struct ed_buffer *out, const struct ed_view *view) {
    bool outcome_column = false;
    for (size_t row = 0; row < view->n_rows; row++)
        outcome_column =
            outcome_column || (!has_figures(view) && strcmp(view->rows[row]->outcome, "ok") != 0);
    for (size_t row = 0; row < view->n_rows; row++) {
        bool begins = ed_view_group_begins(view, row);
        if (begins)
            group_append(out, view, row);
        if (begins || row == 0)
            head_append(out, view, outcome_column);
        row_append(out, view, row);
    }
    if (view->has_spans)
        ed_buffer_text_append(out, "\nIn square brackets: the 95 % interval.\n");
}

static void speed_warnings_append(struct ed_buffer *out, const struct ed_view *view) {
    static const char *const said[] = {
        "accuracy failed: do not use the speed", "outputs disagree: do not use the speed",
        "placement failed: do not use the speed", "simulated: times are not speed"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        size_t n = 0;
        const char *why;
        for (size_t row = 0; row < view->n_rows; row++)
            if (!ed_view_speed_usable(view->rows[row], &why) && strcmp(why, said[i]) == 0)
                ed_buffer_printf(out, "%s%zu", n++ ? ", " : "\nSpeed in parentheses, row ", row + 1);
        if (n > 0)
            ed_buffer_printf(out, ": **%s**\n", said[i]);
    }
}

// What every reader has to see of how the figures came about.
static void prominent_append(struct ed_buffer *out, const struct ed_notes *notes) {
    size_t n = 0;
    for (size_t i = 0; i < notes->n; i++) {
        const struct ed_note *note = &notes->items[i];
        if (!note->prominent)
            continue;
        ed_buffer_text_append(out, n++ ? "- " : "\n- ");
        ed_text_markdown(out, note->text);
        if (*note->rows)
            ed_buffer_printf(out, " (row%s %s)", strpbrk(note->rows, ",-") ? "s" : "", note->rows);
        ed_buffer_text_append(out, "\n");
    }
}

static enum ed_status requirements_append(struct ed_buffer *out, const struct ed_report_info *info,
                                          const struct ed_view *view, struct ed_error *err) {
    struct ed_judged judged;
    enum ed_status status = ed_judged_init(&judged, info, view, err);
    if (status == ED_OK && judged.n > 0)
        ed_buffer_text_append(out, "\n| requirement | row | verdict | on |\n|:--|--:|:--|:--|\n");
    for (size_t i = 0; status == ED_OK && i < judged.n; i++) {
        for (size_t row = 0; row < view->n_rows; row++) {
            const char *detail;
            enum ed_verdict verdict = ed_judged_find(view->rows[row], judged.texts[i], &detail);
            ed_buffer_text_append(out, "|");
            cell_append(out, judged.texts[i]);
            ed_buffer_printf(out, " %zu |", row + 1);
            ed_buffer_printf(out, verdict == ED_VERDICT_FAIL ? " **%s** |" : " %s |",
                             verdict == ED_VERDICT_NONE ? "not judged" : ed_verdict_word(verdict));
            cell_append(out, detail);
            ed_buffer_text_append(out, "\n");
        }
    }
    ed_judged_release(&judged);
    return status;
}

static void notes_append(struct ed_buffer *out, const struct ed_notes *notes, bool unmeasured,
                         const char *title) {
    size_t n = 0;
    for (size_t i = 0; i < notes->n; i++) {
        const struct ed_note *note = &notes->items[i];
        if (note->unmeasured != unmeasured || note->prominent)
            continue;
        if (n++ == 0)
            ed_buffer_printf(out, "\n<details><summary>%s</summary>\n\n", title);
        ed_buffer_text_append(out, "- ");
        ed_text_markdown(out, note->text);
        if (*note->rows)
            ed_buffer_printf(out, " (row%s %s)", strpbrk(note->rows, ",-") ? "s" : "", note->rows);
        ed_buffer_text_append(out, "\n");
    }
    if (n > 0)
        ed_buffer_text_append(out, "\n</details>\n");
}

static enum ed_status matrix_append(struct ed_buffer *out, const struct ed_report_info *info,
                                    const struct ed_view *view, struct ed_error *err) {
    struct ed_matrix matrix;
    enum ed_status status = ed_matrix_init(&matrix, info, view, err);
    if (status == ED_OK)
        ed_matrix_markdown(&matrix, out);
    ed_matrix_release(&matrix);
    return status;
}

static void gate_append(struct ed_buffer *out, const struct ed_report_gate *gate) {
    struct ed_buffer summary;
    ed_buffer_init(&summary, ED_REPORT_MAX_BYTES);
    ed_report_gate_summary(&summary, gate);
    ed_buffer_printf(out, "## %s\n\n", *gate->verdict ? gate->verdict : "no verdict");
    ed_text_markdown(out, ed_buffer_text(&summary));
    ed_buffer_text_append(out, "\n\n");
    out->no_memory = out->no_memory || summary.no_memory;
    ed_buffer_release(&summary);
    ed_report_gate_markdown(out, gate, NULL);
    ed_buffer_text_append(out, "\n");
}

static enum ed_status markdown_append(struct ed_buffer *out, const struct ed_report_info *info,
                                      const struct ed_view *view, struct ed_error *err) {
    struct ed_notes notes = {0};
    if (info->gate)
        gate_append(out, info->gate);
    if (info->choice)
        ed_choice_markdown(out, info->choice);
    heading_append(out, info, view);
    if (view->n_rows == 0) {
        ed_buffer_text_append(out, "no cases\n");
        return ED_OK;
    }
    enum ed_status status = matrix_append(out, info, view, err);
    if (status == ED_OK)
        status = ed_notes_init(&notes, view, err);
    if (status == ED_OK) {
        grid_append(out, view);
        speed_warnings_append(out, view);
        prominent_append(out, &notes);
        status = requirements_append(out, info, view, err);
    }
    if (status == ED_OK) {
        ed_buffer_text_append(out, "\n**");
        ed_notes_total(view, info, out);
        ed_buffer_text_append(out, "**\n");
        status = ed_ops_markdown(out, info, view->rows, view->n_rows, err);
    }
    if (status == ED_OK) {
        notes_append(out, &notes, false, "Notes");
        notes_append(out, &notes, true, "Not measured");
    }
    ed_notes_release(&notes);
    return status;
}

static enum ed_status markdown_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    struct ed_view view;
    struct ed_buffer out;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    enum ed_status status = ed_view_init(&view, records->info, records->items, records->n, ED_VIEW_FULL, err);
    if (status == ED_OK)
        status = markdown_append(&out, records->info, &view, err);
    if (status == ED_OK)
        status = ed_sink_flush(records->sink, &out, "the Markdown report", err);
    ed_view_release(&view);
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_markdown = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "markdown",
    .summary = "a GitHub table with notes, for pull requests and pages",
    .suffix = ".md",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = markdown_end,
};
