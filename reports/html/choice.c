// SPDX-License-Identifier: Apache-2.0
// What was chosen for each device and model, and why; every configuration with its figures.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/choice.h"
#include "reports/fields.h"
#include "reports/html/page.h"
#include "reports/lines.h"
#include "reports/metric_unit.h"
#include "reports/text.h"

static void decision(struct ed_html_page *page, const struct ed_report_choice_row *row) {
    ed_buffer_text_append(&page->out, "<p class=\"headline ");
    ed_buffer_printf(&page->out, "%s\">", row->verdict);
    ed_html_verdict(&page->out, row->verdict, row->verdict);
    ed_buffer_text_append(&page->out, " <span><strong>");
    ed_html_text(page, row->device);
    ed_html_text(page, *row->model ? ", " : "");
    ed_html_text(page, row->model);
    ed_buffer_text_append(&page->out, "</strong>: ");
    ed_html_text(page, row->why);
    ed_buffer_text_append(&page->out, "</span></p>\n");
}

static void figure(struct ed_html_table *table, const struct ed_result *result, int field) {
    char text[64] = "-";
    double value = NAN;
    if (ed_result_number(result, field, 0, &value))
        ed_lines_value(text, sizeof text, field, value);
    else
        value = NAN;
    ed_html_table_number(table, text, value);
}

static void accuracy(struct ed_html_table *table, const struct ed_result *result) {
    char text[160] = "-", low[48], high[48];
    double value = NAN, ends[2];
    if (!ed_result_number(result, ED_FIELD_accuracy_drop, 0, &value)) {
        ed_html_table_number(table, text, NAN);
        return;
    }
    ed_metric_text(text, sizeof text, result->accuracy_metric, true, value);
    if (ed_result_number(result, ED_FIELD_accuracy_drop, -1, &ends[0]) &&
        ed_result_number(result, ED_FIELD_accuracy_drop, 1, &ends[1])) {
        ed_metric_text(low, sizeof low, result->accuracy_metric, true, ends[0]);
        ed_metric_text(high, sizeof high, result->accuracy_metric, true, ends[1]);
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " [%s to %s]", low, high);
    }
    ed_html_table_number(table, text, value);
}

// Columns that would say the same in every row, or nothing, are left out; why is told below the table.
struct columns {
    bool devices, energy, accuracy;
};

static struct columns columns_of(const struct ed_report_choice *choice, int key) {
    struct columns columns = {0};
    double value;
    for (size_t r = 0; r < choice->n; r++) {
        const struct ed_report_choice_row *row = &choice->rows[r];
        columns.devices = columns.devices || strcmp(row->device, choice->rows[0].device) != 0;
        for (size_t i = row->first; row->key == key && i < row->first + row->n; i++) {
            const struct ed_result *result = choice->candidates[i].result;
            columns.energy =
                columns.energy || ed_result_number(result, ED_FIELD_energy_per_inference_uj, 0, &value);
            columns.accuracy =
                columns.accuracy || ed_result_number(result, ED_FIELD_accuracy_drop, 0, &value);
        }
    }
    return columns;
}

static void candidate(struct ed_html_table *table, const struct ed_report_choice *choice,
                      const struct ed_report_choice_row *row, size_t i, const struct columns *columns) {
    const struct ed_report_candidate *c = &choice->candidates[i];
    char value[64], change[96], interval[192], both[300];
    struct ed_buffer name;
    ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
    ed_choice_name(&name, choice, row, i);
    ed_choice_value(value, sizeof value, row, c);
    ed_choice_change(change, sizeof change, c);
    ed_choice_interval(interval, sizeof interval, c);
    snprintf(both, sizeof both, "%s%s%s%s", change[0] ? change : "-", interval[0] ? " [" : "", interval,
             interval[0] ? "]" : "");
    ed_html_table_row(table);
    if (columns->devices)
        ed_html_table_text(table, row->device, NULL);
    ed_html_table_name(table, ed_buffer_text(&name));
    ed_html_table_text(table, c->reference && !*c->how ? "reference" : c->how, NULL);
    ed_html_table_text(table, c->state, ed_choice_state_verdict(c->state));
    ed_html_table_number(table, value, c->has_value ? c->value : NAN);
    ed_html_table_number(table, both, c->has_change ? c->change : NAN);
    figure(table, c->result, ED_FIELD_model_file_bytes);
    figure(table, c->result, ED_FIELD_memory_inference_peak_bytes);
    if (columns->energy)
        figure(table, c->result, ED_FIELD_energy_per_inference_uj);
    if (columns->accuracy)
        accuracy(table, c->result);
    ed_html_table_text(table, c->front ? "yes" : c->ran ? "no" : "", NULL);
    ed_html_table_text(table, c->why, NULL);
    table->html.no_memory = table->html.no_memory || name.no_memory;
    ed_buffer_release(&name);
}

static void head(struct ed_html_table *table, const char *key, const struct columns *columns) {
    const struct {
        const char *head;
        bool number, shown;
    } heads[] = {{"device", false, columns->devices},
                 {"configuration", false, true},
                 {"how", false, true},
                 {"state", false, true},
                 {key, true, true},
                 {"against the chosen", true, true},
                 {"size", true, true},
                 {"memory peak", true, true},
                 {"energy", true, columns->energy},
                 {"accuracy drop", true, columns->accuracy},
                 {"front", false, true},
                 {"why", false, true}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (heads[i].shown)
            ed_html_table_head(table, heads[i].head, "", heads[i].number);
}

// One table for all devices of a key, so that it can be filtered.
static void table_of(struct ed_html_page *page, const struct ed_report_choice *choice, int key) {
    struct ed_html_table table;
    const char *name = ed_result_fields()[key].key;
    char id[96];
    snprintf(id, sizeof id, "choice-%s", name);
    const struct columns columns = columns_of(choice, key);
    ed_html_table_begin(&table, page, id, "What there was to choose from",
                        ED_HTML_SORT | ED_HTML_FILTER | ED_HTML_WIDE);
    head(&table, name, &columns);
    for (size_t r = 0; r < choice->n; r++)
        for (size_t i = 0; choice->rows[r].key == key && i < choice->rows[r].n; i++)
            candidate(&table, choice, &choice->rows[r], choice->rows[r].first + i, &columns);
    ed_html_table_end(&table);
}

static void fronts(struct ed_html_page *page, const struct ed_report_choice *choice) {
    for (size_t r = 0; r < choice->n; r++) {
        const struct ed_report_choice_row *row = &choice->rows[r];
        struct ed_buffer words;
        ed_buffer_init(&words, ED_REPORT_MAX_BYTES);
        ed_choice_axes(&words, row);
        if (words.size) {
            ed_buffer_text_append(&page->out, "<p class=\"note\">");
            ed_html_text(page, row->device);
            ed_html_text(page, *row->model ? ", " : "");
            ed_html_text(page, row->model);
            ed_html_text(page, ": ");
            ed_html_text(page, ed_buffer_text(&words));
            ed_buffer_text_append(&page->out, "</p>\n");
        }
        page->no_memory = page->no_memory || words.no_memory;
        ed_buffer_release(&words);
    }
}

enum ed_status ed_html_choice(struct ed_html_page *page, struct ed_error *err) {
    const struct ed_report_choice *choice = page->info->choice;
    struct ed_buffer note;
    (void)err;
    if (!choice)
        return ED_OK;
    ed_html_section(page, "choice", "Choice");
    for (size_t r = 0; r < choice->n; r++)
        decision(page, &choice->rows[r]);
    for (size_t r = 0; r < choice->n; r++) {
        bool seen = false;
        for (size_t k = 0; k < r; k++)
            seen = seen || choice->rows[k].key == choice->rows[r].key;
        if (!seen)
            table_of(page, choice, choice->rows[r].key);
    }
    fronts(page, choice);
    ed_buffer_init(&note, ED_REPORT_MAX_BYTES);
    ed_choice_note(&note, choice);
    ed_buffer_text_append(&page->out, "<p class=\"note\">");
    ed_html_text(page, ed_buffer_text(&note));
    ed_buffer_text_append(&page->out, "</p>\n");
    ed_buffer_release(&note);
    ed_html_section_end(page);
    return ED_OK;
}
