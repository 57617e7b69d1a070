// SPDX-License-Identifier: Apache-2.0
// Gathers the reasons of all records: equal ones become one note with its keys and rows.
#include "reports/notes.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/reason_groups.h"
#include "reports/text.h"

#define NOTES_OF_OUR_OWN 3 // at most, a row

static const struct ed_reason accuracy_note = {"speed_usable", "",
                                               "( ) accuracy failed: do not use the speed"},
                              agreement_note = {"speed_usable", "",
                                                "( ) outputs disagree: do not use the speed"},
                              placement_note = {"speed_usable", "",
                                                "( ) placement failed: do not use the speed"},
                              simulated_note = {"simulated", "", "( ) simulated: times are not speed"},
                              throttled_note = {"throttled", "", "the device throttled during a block"},
                              steady_note = {"steady", "", "no steady state"};

static bool is_of_requirement(const struct ed_reason *reason) {
    return strncmp(reason->code, ED_REQUIREMENT_CODE, strlen(ED_REQUIREMENT_CODE)) == 0;
}

static bool is_background(const struct ed_reason *reason) {
    return strcmp(reason->code, ED_REASON_NOT_APPLICABLE) == 0 ||
           strcmp(reason->code, ED_REASON_NOT_MEASURED) == 0 || strcmp(reason->code, ED_REASON_NOT_TOLD) == 0;
}

// What every table has to say about a row, whether or not the record words it.
static void warnings_add(struct ed_reason_groups *g, size_t row) {
    const struct ed_result *result = g->view->rows[row];
    const char *why;
    if (!ed_view_speed_usable(result, &why))
        ed_reason_groups_add(g,
                             why[0] == 'a'   ? &accuracy_note
                             : why[0] == 'o' ? &agreement_note
                             : why[0] == 'p' ? &placement_note
                                             : &simulated_note,
                             row);
    if (result->has[ED_FIELD_throttled] && result->throttled && !ed_result_reason_find(result, "throttled"))
        ed_reason_groups_add(g, &throttled_note, row);
    if (result->has[ED_FIELD_steady] && strcmp(result->steady, "no") == 0 &&
        !ed_result_reason_find(result, "steady"))
        ed_reason_groups_add(g, &steady_note, row);
}

static void gather(struct ed_reason_groups *g) {
    for (size_t row = 0; row < g->view->n_rows; row++) {
        const struct ed_result *result = g->view->rows[row];
        warnings_add(g, row);
        for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++)
            if (!is_of_requirement(&result->reasons[i]) && !is_background(&result->reasons[i]))
                ed_reason_groups_add(g, &result->reasons[i], row);
    }
}

static bool same_note(const struct ed_reason_groups *g, const struct ed_reason_group *a,
                      const struct ed_reason_group *b) {
    if (a->n != b->n || a->words != b->words)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (g->entries[a->first + i].row != g->entries[b->first + i].row)
            return false;
    return true;
}

static bool column_shown(const struct ed_view *view, int field) {
    for (size_t i = 0; i < view->n_columns; i++) {
        int of_column = view->columns[i].field;
        bool peak = of_column == -1 && (field == ED_FIELD_memory_load_peak_bytes ||
                                        field == ED_FIELD_memory_inference_peak_bytes);
        if (!view->columns[i].left_out && (of_column == field || peak))
            return true;
    }
    return false;
}

static bool is_unmeasured(const struct ed_reason_groups *g, const struct ed_reason_group *group) {
    const struct ed_reason_entry *entry = &g->entries[group->first];
    int end, field = ed_result_find(entry->reason->key, &end);
    return field >= 0 && ed_result_is_null(g->view->rows[entry->row], field) && !column_shown(g->view, field);
}

// Whether `text` has the words of `code` in it, letter case and apostrophes aside: "CPU only, not the app's
// build" has "not the apps build".
static bool words_are_in(const char *text, const char *code) {
    for (bool start = true; *text; start = *text == ' ', text++) {
        const char *t = text, *c = code;
        while (start && *c && *t &&
               (tolower((unsigned char)*t) == tolower((unsigned char)*c) || *t == '\'')) {
            c += *t != '\'';
            t++;
        }
        if (start && *c == '\0')
            return true;
    }
    return false;
}

static bool is_prominent(const struct ed_reason *reason) {
    static const char *const codes[] = {ED_REASON_PACK_LIBC, ED_REASON_NOT_THE_APPS_BUILD,
                                        ED_REASON_SHELL_PROCESS};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(reason->code, codes[i]) == 0)
            return true;
    return false;
}

static void words_append(struct ed_buffer *out, const struct ed_reason *reason) {
    char code[sizeof reason->code];
    snprintf(code, sizeof code, "%s", reason->code);
    for (char *p = code; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    // A text that says the word itself needs no second one.
    bool said = *code == '\0' || strncmp(reason->text, code, strlen(code)) == 0 ||
                strcmp(code, "more reasons") == 0 ||
                (is_prominent(reason) && words_are_in(reason->text, code));
    if (!said)
        ed_text_visible(out, code, sizeof code);
    if (!said && *reason->text)
        ed_buffer_text_append(out, ": ");
    ed_text_visible(out, reason->text, sizeof reason->text);
}

// Keys of groups with the same words and rows are listed together; `i` is the first of them.
static void note_text(struct ed_buffer *out, struct ed_reason_groups *g, size_t i, bool *unmeasured) {
    const struct ed_reason *reason = g->entries[g->groups[i].first].reason;
    bool keyed = *reason->key != '\0' && *reason->code != '\0' && !is_prominent(reason);
    *unmeasured = is_unmeasured(g, &g->groups[i]);
    if (!keyed) {
        words_append(out, reason);
        return;
    }
    ed_text_visible(out, reason->key, sizeof reason->key);
    for (size_t j = g->groups[i].next; j != SIZE_MAX; j = g->groups[j].next) {
        struct ed_reason_group *other = &g->groups[j];
        if (other->merged || *g->entries[other->first].reason->key == '\0' ||
            !same_note(g, &g->groups[i], other) || is_unmeasured(g, other) != *unmeasured)
            continue;
        other->merged = true;
        ed_buffer_text_append(out, ", ");
        ed_text_visible(out, g->entries[other->first].reason->key, sizeof reason->key);
    }
    ed_buffer_text_append(out, ": ");
    words_append(out, reason);
}

static char *text_detach(struct ed_buffer *buffer) {
    size_t bytes;
    return buffer->data ? ed_buffer_detach(buffer, &bytes) : strdup("");
}

static bool notes_build(struct ed_notes *notes, struct ed_reason_groups *g) {
    for (size_t i = 0; i < g->n_groups; i++) {
        struct ed_buffer text, rows;
        if (g->groups[i].merged)
            continue;
        struct ed_note *note = &notes->items[notes->n++];
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_buffer_init(&rows, ED_REPORT_MAX_BYTES);
        note_text(&text, g, i, &note->unmeasured);
        note->prominent = is_prominent(g->entries[g->groups[i].first].reason);
        ed_reason_rows_append(&rows, g, &g->groups[i]);
        note->text = text_detach(&text);
        note->rows = text_detach(&rows);
        if (!note->text || !note->rows)
            return false;
    }
    return true;
}

enum ed_status ed_notes_init(struct ed_notes *notes, const struct ed_view *view, struct ed_error *err) {
    struct ed_reason_groups g;
    bool ok = ed_reason_groups_init(&g, view, NOTES_OF_OUR_OWN);
    memset(notes, 0, sizeof *notes);
    if (ok) {
        gather(&g);
        ok = ed_reason_groups_make(&g);
        notes->items = calloc(g.n_groups + 1, sizeof *notes->items);
        ok = ok && notes->items && notes_build(notes, &g);
        ed_reason_groups_release(&g);
    }
    return ok ? ED_OK
              : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the notes of %zu cases",
                        view->n_rows);
}

void ed_notes_release(struct ed_notes *notes) {
    for (size_t i = 0; i < notes->n; i++) {
        free(notes->items[i].text);
        free(notes->items[i].rows);
    }
    free(notes->items);
    memset(notes, 0, sizeof *notes);
}
