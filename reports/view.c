// SPDX-License-Identifier: Apache-2.0
// Builds the grid of texts: identity columns, figures, the verdict.
#include "reports/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/naming.h"
#include "reports/order.h"
#include "reports/text.h"
#include "reports/view_columns.h"

bool ed_view_ran(const struct ed_result *result) {
    return ed_result_is_null(result, ED_FIELD_outcome) || strcmp(result->outcome, "ok") == 0;
}

bool ed_view_outcome(const struct ed_result *result, struct ed_buffer *out) {
    if (ed_view_ran(result))
        return false;
    ed_text_visible(out, result->outcome, sizeof result->outcome);
    if (!ed_result_is_null(result, ED_FIELD_died_in_phase)) {
        ed_buffer_text_append(out, " in ");
        ed_text_visible(out, result->died_in_phase, sizeof result->died_in_phase);
    }
    if (result->has[ED_FIELD_blocks] && result->blocks > 0)
        ed_buffer_printf(out, ", %" PRId64 " block%s ok", result->blocks, result->blocks == 1 ? "" : "s");
    return true;
}

bool ed_view_speed_usable(const struct ed_result *result, const char **why) {
    bool accuracy = strcmp(result->accuracy_verdict, "fail") == 0 && result->has[ED_FIELD_accuracy_verdict];
    const struct ed_reason *wrong = ed_result_reason_find(result, "agreement_cosine");
    bool agreement =
        (strcmp(result->agreement_verdict, "fail") == 0 && result->has[ED_FIELD_agreement_verdict]) ||
        (wrong && strcmp(wrong->code, ED_REASON_WRONG_OUTPUT) == 0);
    *why = NULL;
    if (result->has[ED_FIELD_speed_usable] && !result->speed_usable)
        *why = accuracy    ? "accuracy failed: do not use the speed"
               : agreement ? "outputs disagree: do not use the speed"
                           : "placement failed: do not use the speed";
    else if (result->has[ED_FIELD_simulated] && result->simulated)
        *why = "simulated: times are not speed";
    return *why == NULL;
}

struct ed_view_column *ed_view_column_add(struct ed_view *view, const char *head, const char *unit,
                                          int field) {
    struct ed_view_column *column = &view->columns[view->n_columns];
    memset(column, 0, sizeof *column);
    column->head = head;
    column->unit = unit;
    column->field = field;
    column->cells = calloc(view->n_rows ? view->n_rows : 1, sizeof *column->cells);
    if (!column->cells) {
        view->no_memory = true;
        return NULL;
    }
    view->n_columns++;
    return column;
}

void ed_view_cell_take(struct ed_view *view, struct ed_view_column *column, size_t row,
                       struct ed_buffer *text) {
    size_t bytes;
    ed_buffer_text_append(text, "");
    column->cells[row] = text->data ? ed_buffer_detach(text, &bytes) : strdup("");
    if (!column->cells[row])
        view->no_memory = true;
}

void ed_view_width_update(struct ed_view *view, struct ed_view_column *column) {
    size_t head = ed_text_width(column->head), unit = ed_text_width(column->unit);
    column->width = head > unit ? head : unit;
    for (size_t i = 0; i < view->n_rows && !view->no_memory; i++) {
        size_t cell = ed_text_width(column->cells[i]);
        column->width = cell > column->width ? cell : column->width;
    }
}

static void identity_column(struct ed_view *view, enum ed_naming naming) {
    const struct ed_naming_kind *kind = ed_naming_kind(naming);
    struct ed_view_column *column = ed_view_column_add(view, kind->head, "", kind->field);
    if (!column)
        return;
    column->identity = !kind->how;
    column->rank = column->identity ? 0 : 19;
    for (size_t i = 0; i < view->n_rows; i++) {
        struct ed_buffer text;
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_naming_text(&text, view->rows[i], naming);
        ed_view_cell_take(view, column, i, &text);
    }
    ed_view_width_update(view, column);
}

static bool identity_differs(const struct ed_view *view, enum ed_naming naming) {
    for (size_t i = 1; i < view->n_rows; i++)
        if (!ed_naming_equal(view->rows[i], view->rows[0], naming))
            return true;
    return false;
}

bool ed_view_group_begins(const struct ed_view *view, size_t row) {
    bool begins = view->n_groups > 0 && row == 0;
    for (size_t i = 0; i < view->n_groups && row > 0 && !begins; i++)
        begins = !ed_order_same(view->rows[row], view->rows[row - 1], view->groups[i]);
    return begins;
}

void ed_view_group_text(const struct ed_view *view, size_t row, struct ed_buffer *out) {
    for (size_t i = 0; i < view->n_groups; i++) {
        ed_buffer_text_append(out, i ? " \xC2\xB7 " : "");
        ed_naming_key_text(out, view->rows[row], view->groups[i]);
    }
}

// Whether the line above each group says it for all of its rows.
static bool identity_is_grouped(const struct ed_view *view, enum ed_naming naming) {
    bool named = false;
    for (size_t i = 0; i < view->n_groups; i++)
        named = named || view->groups[i] == ED_ORDER_CASE || view->groups[i] == ed_naming_kind(naming)->field;
    for (size_t i = 1; i < view->n_rows && named; i++)
        named = ed_view_group_begins(view, i) || ed_naming_equal(view->rows[i], view->rows[i - 1], naming);
    return named;
}

// "onnxruntime@1.27.0/cpu" is one word where both halves are equal in every row.
static void constant_append(struct ed_view *view, enum ed_naming naming) {
    struct ed_buffer *out = &view->constants, text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    if (view->n_rows > 0)
        ed_naming_text(&text, view->rows[0], naming);
    if (text.size > 0) {
        bool joined = naming == ED_NAMING_BACKEND && view->engine_is_constant,
             unproven = naming == ED_NAMING_RAN_ON && strncmp(ed_buffer_text(&text), "not ", 4) == 0;
        if (out->size > 0)
            ed_buffer_text_append(out, joined ? "/" : " \xC2\xB7 ");
        ed_buffer_text_append(out, unproven ? "placement " : ed_naming_kind(naming)->constant);
        ed_buffer_text_append(out, ed_buffer_text(&text));
        view->engine_is_constant = view->engine_is_constant || naming == ED_NAMING_ENGINE;
    }
    view->no_memory = view->no_memory || text.no_memory;
    ed_buffer_release(&text);
}

// `how` picks those that say how a case went; `name` has a column in any case (ED_NAMING_COUNT: none).
static void identities_build(struct ed_view *view, bool how, enum ed_naming name) {
    bool several_devices = false;
    for (int id = 0; id < ED_NAMING_COUNT; id++) {
        enum ed_naming naming = (enum ed_naming)id;
        if (ed_naming_kind(naming)->how != how || identity_is_grouped(view, naming))
            continue;
        if (identity_differs(view, naming) || naming == name) {
            if (naming == ED_NAMING_DEVICE)
                several_devices = true;
            else if (!how || view->style != ED_VIEW_NARROW)
                identity_column(view, naming);
        } else if (ed_naming_kind(naming)->constant) {
            constant_append(view, naming);
        }
    }
    // Last, beside the figures: the rows of one case are compared by it.
    if (several_devices)
        identity_column(view, ED_NAMING_DEVICE);
}

// A row must be called something, also where nothing tells it apart.
static enum ed_naming name_pick(const struct ed_view *view) {
    if (view->n_groups > 0)
        return ED_NAMING_COUNT; // the line above says it
    for (int id = 0; id < ED_NAMING_COUNT; id++)
        if (!ed_naming_kind((enum ed_naming)id)->how && identity_differs(view, (enum ed_naming)id))
            return ED_NAMING_COUNT;
    return view->n_rows > 0 && ed_result_is_null(view->rows[0], ED_FIELD_variant) ? ED_NAMING_MODEL
                                                                                  : ED_NAMING_VARIANT;
}

static void verdict_column(struct ed_view *view) {
    bool any = false;
    for (size_t i = 0; i < view->n_rows; i++)
        any = any || !ed_result_is_null(view->rows[i], ED_FIELD_verdict);
    struct ed_view_column *column = any ? ed_view_column_add(view, "verdict", "", ED_FIELD_verdict) : NULL;
    if (!column)
        return;
    for (size_t i = 0; i < view->n_rows; i++) {
        struct ed_buffer text;
        bool none = ed_result_is_null(view->rows[i], ED_FIELD_verdict);
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_text_visible(&text, none ? "-" : view->rows[i]->verdict, ED_RESULT_TEXT_BYTES);
        ed_view_cell_take(view, column, i, &text);
    }
    ed_view_width_update(view, column);
}

enum ed_status ed_view_init(struct ed_view *view, const struct ed_report_info *info,
                            const struct ed_result *const *rows, size_t n_rows, enum ed_view_style style,
                            struct ed_error *err) {
    memset(view, 0, sizeof *view);
    view->style = style;
    view->rows = rows;
    view->n_rows = n_rows;
    view->groups = info->groups;
    view->n_groups = info->n_groups;
    ed_buffer_init(&view->constants, ED_REPORT_MAX_BYTES);
    identities_build(view, false, name_pick(view));
    ed_view_figures_add(view);
    identities_build(view, true, ED_NAMING_COUNT);
    verdict_column(view);
    if (!ed_view_again_fill(view) || view->no_memory || view->constants.no_memory)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for a table of %zu cases", n_rows);
    return ED_OK;
}

void ed_view_release(struct ed_view *view) {
    for (size_t i = 0; i < view->n_columns; i++) {
        for (size_t row = 0; row < view->n_rows; row++)
            free(view->columns[i].cells[row]);
        free(view->columns[i].cells);
    }
    ed_buffer_release(&view->constants);
    free(view->again);
    memset(view, 0, sizeof *view);
}
