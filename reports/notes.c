// SPDX-License-Identifier: Apache-2.0
// Gathers the reasons of all records: equal ones become one note with its keys and rows.
#include "reports/notes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/text.h"

// One reason of one row; `order` is where it came up first.
struct entry {
    const struct ed_reason *reason;
    size_t row, order;
};

// Entries first..first+n-1 of the sorted list have equal key, code and text.
struct group {
    size_t first, n, order;
    bool merged; // its key is listed by an earlier group
};

struct gathering {
    const struct ed_view *view;
    struct entry *entries;
    struct group *groups;
    size_t n_entries, n_groups;
};

static const struct ed_reason accuracy_note = {"speed_usable", "",
                                               "( ) accuracy failed: do not use the speed"},
                              agreement_note = {"speed_usable", "",
                                                "( ) outputs disagree: do not use the speed"},
                              placement_note = {"speed_usable", "",
                                                "( ) placement failed: do not use the speed"},
                              simulated_note = {"simulated", "", "( ) simulated: times are not speed"},
                              throttled_note = {"throttled", "", "the device throttled during a block"},
                              steady_note = {"steady", "", "no steady state"};

static int entry_compare(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    int order = strcmp(x->reason->code, y->reason->code);
    order = order ? order : strcmp(x->reason->text, y->reason->text);
    order = order ? order : strcmp(x->reason->key, y->reason->key);
    if (order == 0)
        order = x->row < y->row ? -1 : x->row > y->row;
    return order ? order : (x->order < y->order ? -1 : x->order > y->order);
}

static int group_compare(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_of_requirement(const struct ed_reason *reason) {
    return strncmp(reason->code, ED_REQUIREMENT_CODE, strlen(ED_REQUIREMENT_CODE)) == 0;
}

static void entry_add(struct gathering *g, const struct ed_reason *reason, size_t row) {
    g->entries[g->n_entries] = (struct entry){reason, row, g->n_entries};
    g->n_entries++;
}

static bool is_background(const struct ed_reason *reason) {
    return strcmp(reason->code, ED_REASON_NOT_APPLICABLE) == 0 ||
           strcmp(reason->code, ED_REASON_NOT_MEASURED) == 0 || strcmp(reason->code, ED_REASON_NOT_TOLD) == 0;
}

// What every table has to say about a row, whether or not the record words it.
static void warnings_add(struct gathering *g, size_t row) {
    const struct ed_result *result = g->view->rows[row];
    const char *why;
    if (!ed_view_speed_usable(result, &why))
        entry_add(g,
                  why[0] == 'a'   ? &accuracy_note
                  : why[0] == 'o' ? &agreement_note
                  : why[0] == 'p' ? &placement_note
                                  : &simulated_note,
                  row);
    if (result->has[ED_FIELD_throttled] && result->throttled && !ed_result_reason_find(result, "throttled"))
        entry_add(g, &throttled_note, row);
    if (result->has[ED_FIELD_steady] && strcmp(result->steady, "no") == 0 &&
        !ed_result_reason_find(result, "steady"))
        entry_add(g, &steady_note, row);
}

static void gather(struct gathering *g) {
    for (size_t row = 0; row < g->view->n_rows; row++) {
        const struct ed_result *result = g->view->rows[row];
        warnings_add(g, row);
        for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++)
            if (!is_of_requirement(&result->reasons[i]) && !is_background(&result->reasons[i]))
                entry_add(g, &result->reasons[i], row);
    }
    qsort(g->entries, g->n_entries, sizeof *g->entries, entry_compare);
    for (size_t i = 0; i < g->n_entries; i++) {
        const struct ed_reason *a = i ? g->entries[i - 1].reason : NULL, *b = g->entries[i].reason;
        if (!a || strcmp(a->key, b->key) || strcmp(a->code, b->code) || strcmp(a->text, b->text))
            g->groups[g->n_groups++] = (struct group){i, 0, g->entries[i].order, false};
        struct group *group = &g->groups[g->n_groups - 1];
        group->n++;
        if (g->entries[i].order < group->order)
            group->order = g->entries[i].order;
    }
}

static bool same_note(const struct gathering *g, const struct group *a, const struct group *b) {
    const struct ed_reason *x = g->entries[a->first].reason, *y = g->entries[b->first].reason;
    if (a->n != b->n || strcmp(x->code, y->code) || strcmp(x->text, y->text))
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (g->entries[a->first + i].row != g->entries[b->first + i].row)
            return false;
    return true;
}

// "1-3, 7", or nothing where it is all rows. The rows of a group are in order; a reason may be twice in one
// row.
static void rows_append(struct ed_buffer *out, const struct gathering *g, const struct group *group) {
    size_t n = 0, different = 0;
    for (size_t i = 0; i < group->n; i++)
        different += i == 0 || g->entries[group->first + i].row != g->entries[group->first + i - 1].row;
    if (different == g->view->n_rows)
        return;
    for (size_t i = 0; i < group->n;) {
        size_t first = g->entries[group->first + i].row, last = first;
        for (i++; i < group->n && g->entries[group->first + i].row <= last + 1; i++)
            last = g->entries[group->first + i].row;
        ed_buffer_printf(out, "%s%zu", n++ ? ", " : "", first + 1);
        if (last > first)
            ed_buffer_printf(out, "%s%zu", last > first + 1 ? "-" : ", ", last + 1);
    }
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

static bool is_unmeasured(const struct gathering *g, const struct group *group) {
    const struct entry *entry = &g->entries[group->first];
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
static void note_text(struct ed_buffer *out, struct gathering *g, size_t i, bool *unmeasured) {
    const struct ed_reason *reason = g->entries[g->groups[i].first].reason;
    bool keyed = *reason->key != '\0' && *reason->code != '\0' && !is_prominent(reason);
    *unmeasured = is_unmeasured(g, &g->groups[i]);
    if (!keyed) {
        words_append(out, reason);
        return;
    }
    ed_text_visible(out, reason->key, sizeof reason->key);
    for (size_t j = i + 1; j < g->n_groups; j++) {
        struct group *other = &g->groups[j];
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

static bool notes_build(struct ed_notes *notes, struct gathering *g) {
    for (size_t i = 0; i < g->n_groups; i++) {
        struct ed_buffer text, rows;
        if (g->groups[i].merged)
            continue;
        struct ed_note *note = &notes->items[notes->n++];
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_buffer_init(&rows, ED_REPORT_MAX_BYTES);
        note_text(&text, g, i, &note->unmeasured);
        note->prominent = is_prominent(g->entries[g->groups[i].first].reason);
        rows_append(&rows, g, &g->groups[i]);
        note->text = text_detach(&text);
        note->rows = text_detach(&rows);
        if (!note->text || !note->rows)
            return false;
    }
    return true;
}

enum ed_status ed_notes_init(struct ed_notes *notes, const struct ed_view *view, struct ed_error *err) {
    struct gathering g = {.view = view};
    size_t most = 1;
    enum ed_status status = ED_OK;
    memset(notes, 0, sizeof *notes);
    for (size_t row = 0; row < view->n_rows; row++)
        most += view->rows[row]->n_reasons + 3;
    g.entries = calloc(most, sizeof *g.entries);
    g.groups = calloc(most, sizeof *g.groups);
    notes->items = calloc(most, sizeof *notes->items);
    if (g.entries && g.groups && notes->items) {
        gather(&g);
        qsort(g.groups, g.n_groups, sizeof *g.groups, group_compare);
    }
    if (!g.entries || !g.groups || !notes->items || !notes_build(notes, &g))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for the notes of %zu cases",
                         view->n_rows);
    free(g.entries);
    free(g.groups);
    return status;
}

void ed_notes_release(struct ed_notes *notes) {
    for (size_t i = 0; i < notes->n; i++) {
        free(notes->items[i].text);
        free(notes->items[i].rows);
    }
    free(notes->items);
    memset(notes, 0, sizeof *notes);
}
