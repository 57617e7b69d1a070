// SPDX-License-Identifier: Apache-2.0
// The first page, to be signed: what was required, what holds, of what and on what.
#include <stdio.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/html/page.h"
#include "reports/naming.h"
#include "reports/text.h"

#define FAILURES_SHOWN 20

// What the page as a whole says. A failed requirement is the gravest, then what was not measured at all, as
// the exit status has it.
static const char *overall(const struct ed_html_page *page, const char **sentence) {
    enum ed_verdict verdict = ED_VERDICT_NONE;
    if (page->info->gate) {
        *sentence = page->info->gate->summary;
        return page->info->gate->verdict;
    }
    bool incomplete = page->info->n_absent > 0 || page->view.n_rows == 0;
    size_t judged = 0;
    for (size_t row = 0; row < page->view.n_rows; row++) {
        const struct ed_result *result = page->view.rows[row];
        incomplete = incomplete || !result->has[ED_FIELD_outcome] || strcmp(result->outcome, "ok") != 0;
        judged += result->has[ED_FIELD_verdict];
        verdict = ed_verdict_combine(verdict, ed_result_is_null(result, ED_FIELD_verdict)
                                                  ? ED_VERDICT_NONE
                                                  : ed_verdict_of_word(result->verdict));
    }
    if (verdict == ED_VERDICT_FAIL) {
        *sentence = "At least one requirement does not hold.";
        return "fail";
    }
    if (incomplete) {
        *sentence =
            page->view.n_rows ? "Not everything that was asked for was measured." : "Nothing was measured.";
        return "incomplete";
    }
    switch (verdict) {
    case ED_VERDICT_PASS:
        *sentence = judged == page->view.n_rows ? "Every requirement holds on every row."
                                                : "Every requirement that was judged holds.";
        return "pass";
    case ED_VERDICT_INVALID:
        *sentence = "Some measurements are void; see context and reasons.";
        return "invalid";
    case ED_VERDICT_INCONCLUSIVE:
        *sentence = "The measurements do not decide every requirement.";
        return "inconclusive";
    default:
        *sentence = "Nothing was required; these are measurements, not a decision.";
        return "";
    }
}

static void headline(struct ed_html_page *page) {
    const struct ed_report_info *info = page->info;
    const char *sentence, *word = overall(page, &sentence);
    // What a variant fails is no failure of the choice.
    if (info->choice) {
        word = info->choice->verdict;
        sentence = info->choice->summary;
    }
    struct ed_buffer total;
    ed_buffer_text_append(&page->out, "<header>\n<h1>");
    ed_html_text(page, *info->suite ? info->suite : info->gate ? "Gate" : "Measurement of models");
    ed_buffer_text_append(&page->out, "</h1>\n<p class=\"meta\">");
    ed_buffer_text_append(&page->out, "campaign <strong>");
    ed_html_text(page, info->campaign);
    ed_buffer_text_append(&page->out, "</strong>, started ");
    ed_html_text(page, info->started_utc);
    ed_buffer_text_append(&page->out, ", measured by edgedyno ");
    ed_html_text(page, info->version);
    if (page->view.n_rows > 0 && !ed_result_is_null(page->view.rows[0], ED_FIELD_label)) {
        ed_buffer_text_append(&page->out, ", ");
        ed_html_text(page, page->view.rows[0]->label);
    }
    if (info->gate && *info->gate->confirms) {
        ed_buffer_text_append(&page->out, ", repeats the fail of ");
        ed_html_text(page, info->gate->confirms);
        if (info->gate->first) {
            ed_buffer_text_append(&page->out, " (");
            ed_html_text(page, info->gate->first->summary);
            ed_buffer_text_append(&page->out, ")");
        }
    }
    ed_buffer_text_append(&page->out, "</p>\n<p class=\"headline ");
    ed_buffer_printf(&page->out, "%s\">", *word ? word : "none");
    ed_html_verdict(&page->out, word, *word ? word : "no verdict");
    ed_buffer_text_append(&page->out, " <span>");
    ed_html_text(page, sentence);
    ed_buffer_init(&total, ED_REPORT_MAX_BYTES);
    if (!info->gate)
        ed_notes_total(&page->view, info, &total);
    ed_buffer_text_append(&page->out, " <span class=\"total\">");
    ed_html_text(page, ed_buffer_text(&total));
    ed_buffer_text_append(&page->out, "</span></span></p>\n</header>\n");
    page->no_memory = page->no_memory || total.no_memory;
    ed_buffer_release(&total);
}

static void requirements(struct ed_html_page *page) {
    static const enum ed_verdict order[] = {ED_VERDICT_PASS, ED_VERDICT_FAIL, ED_VERDICT_INCONCLUSIVE,
                                            ED_VERDICT_INVALID, ED_VERDICT_NONE};
    struct ed_html_table table;
    if (page->judged.n == 0)
        return;
    ed_html_table_begin(&table, page, "requirements", "What was required", ED_HTML_PLAIN);
    ed_html_table_head(&table, "requirement", "", false);
    ed_html_table_head(&table, "verdict", "", false);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        ed_html_table_head(&table, order[i] == ED_VERDICT_NONE ? "not judged" : ed_verdict_word(order[i]), "",
                           true);
    for (size_t r = 0; r < page->judged.n; r++) {
        size_t n[ED_VERDICT_FAIL + 1] = {0};
        enum ed_verdict all = ED_VERDICT_NONE;
        for (size_t row = 0; row < page->view.n_rows; row++) {
            const char *detail;
            enum ed_verdict one = ed_judged_find(page->view.rows[row], page->judged.texts[r], &detail);
            n[one]++;
            all = ed_verdict_combine(all, one);
        }
        ed_html_table_row(&table);
        ed_html_table_name(&table, page->judged.texts[r]);
        ed_html_table_text(&table, all == ED_VERDICT_NONE ? "not judged" : ed_verdict_word(all),
                           ed_verdict_word(all));
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
            char text[24];
            snprintf(text, sizeof text, "%zu", n[order[i]]);
            ed_html_table_number(&table, text, (double)n[order[i]]);
        }
    }
    ed_html_table_end(&table);
}

static void row_name(struct ed_buffer *out, const struct ed_html_page *page, size_t row) {
    ed_plot_row_words(out, &page->view, row);
}

static void finding(struct ed_html_table *table, const struct ed_html_page *page, size_t row,
                    const char *what, const char *verdict, const char *detail) {
    char number[24];
    struct ed_buffer name;
    ed_buffer_init(&name, ED_REPORT_MAX_BYTES);
    row_name(&name, page, row);
    snprintf(number, sizeof number, "%zu", row + 1);
    ed_html_table_row(table);
    ed_html_table_number(table, number, (double)(row + 1));
    ed_html_table_name(table, ed_buffer_text(&name));
    ed_html_table_text(table, what, NULL);
    ed_html_table_text(table, verdict, verdict);
    ed_html_table_text(table, detail, NULL);
    table->html.no_memory = table->html.no_memory || name.no_memory;
    ed_buffer_release(&name);
}

// What keeps the page from "pass", the gravest first; the whole list is in the table of cases. With a table
// it is written, without one it is counted.
static size_t findings_each(struct ed_html_table *table, const struct ed_html_page *page,
                            enum ed_verdict grade) {
    size_t n = 0;
    for (size_t row = 0; row < page->view.n_rows; row++) {
        const struct ed_result *result = page->view.rows[row];
        for (size_t r = 0; r < page->judged.n; r++) {
            const char *detail;
            if (ed_judged_find(result, page->judged.texts[r], &detail) != grade)
                continue;
            if (table && n < FAILURES_SHOWN)
                finding(table, page, row, page->judged.texts[r], ed_verdict_word(grade), detail);
            n++;
        }
        const struct ed_reason *reason = ed_result_reason_find(result, "placement_observed");
        if (grade == ED_VERDICT_FAIL && reason && strcmp(reason->code, "placement_short") == 0) {
            if (table && n < FAILURES_SHOWN)
                finding(table, page, row, "placement as asked", "fail", reason->text);
            n++;
        }
        if (grade == ED_VERDICT_FAIL && page->judged.n == 0 && !ed_view_ran(result)) {
            if (table && n < FAILURES_SHOWN)
                finding(table, page, row, "ends well", result->outcome, result->died_in_phase);
            n++;
        }
    }
    return n;
}

static void findings(struct ed_html_page *page) {
    static const struct {
        enum ed_verdict grade;
        const char *id, *caption;
    } grades[] = {{ED_VERDICT_FAIL, "failures", "What does not hold"},
                  {ED_VERDICT_INVALID, "invalid", "What was measured under wrong circumstances"},
                  {ED_VERDICT_INCONCLUSIVE, "undecided", "What is not decided"}};
    for (size_t g = 0; g < sizeof grades / sizeof grades[0]; g++) {
        struct ed_html_table table;
        const size_t n = findings_each(NULL, page, grades[g].grade);
        if (n == 0)
            continue;
        ed_html_table_begin(&table, page, grades[g].id, grades[g].caption,
                            n > 8 ? ED_HTML_SORT : ED_HTML_PLAIN);
        ed_html_table_head(&table, "row", "", true);
        ed_html_table_head(&table, "case", "", false);
        ed_html_table_head(&table, "requirement", "", false);
        ed_html_table_head(&table, "verdict", "", false);
        ed_html_table_head(&table, "on", "", false);
        findings_each(&table, page, grades[g].grade);
        ed_html_table_end(&table);
        if (n > FAILURES_SHOWN)
            ed_buffer_printf(
                &page->out,
                "<p class=\"note\">The first %d of %zu; records.csv has the reasons of all.</p>\n",
                FAILURES_SHOWN, n);
    }
}

static void prominent(struct ed_html_page *page) {
    size_t n = 0;
    for (size_t i = 0; i < page->info->n_absent; i++) {
        struct ed_buffer text;
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_notes_absent(&page->info->absent[i], &text);
        ed_buffer_text_append(&page->out, n++ ? "<li><strong>" : "<ul class=\"warn\">\n<li><strong>");
        ed_html_text(page, ed_buffer_text(&text));
        ed_buffer_text_append(&page->out, "</strong></li>\n");
        page->no_memory = page->no_memory || text.no_memory;
        ed_buffer_release(&text);
    }
    for (size_t i = 0; i < page->notes.n; i++) {
        const struct ed_note *note = &page->notes.items[i];
        if (!note->prominent && !(note->text[0] == '(' && note->text[1] == ' '))
            continue;
        ed_buffer_text_append(&page->out, n++ ? "<li>" : "<ul class=\"warn\">\n<li>");
        ed_html_text(page, note->text);
        if (*note->rows)
            ed_buffer_printf(&page->out, " (row%s %s)", strpbrk(note->rows, ",-") ? "s" : "", note->rows);
        ed_buffer_text_append(&page->out, "</li>\n");
    }
    ed_buffer_text_append(&page->out, n ? "</ul>\n" : "");
}

// The row says nothing that an earlier one does not say, or any that says more: a case that died early knows
// less of its device.
static bool said_elsewhere(const struct ed_view *view, size_t row, const int *fields, size_t n_fields) {
    const struct ed_result *mine = view->rows[row];
    for (size_t i = 0; i < view->n_rows; i++) {
        const struct ed_result *other = view->rows[i];
        bool same = i != row, more = false;
        for (size_t f = 0; f < n_fields && same; f++) {
            if (ed_result_is_null(mine, fields[f]) && !ed_result_is_null(other, fields[f]))
                more = true;
            else
                same = strcmp(ed_result_text(other, fields[f]), ed_result_text(mine, fields[f])) == 0;
        }
        if (same && (more || i < row))
            return true;
    }
    return false;
}

static const char *hardware_of(const struct ed_report_info *info, const char *device) {
    for (size_t i = 0; i < info->n_hardware; i++)
        if (strcmp(info->hardware[i].device, device) == 0)
            return info->hardware[i].summary;
    return "";
}

// One line for each set of values of the fields.
static void distinct(struct ed_html_page *page, const char *id, const char *caption, const int *fields,
                     const char *const *heads, size_t n, bool size, bool hardware) {
    struct ed_html_table table;
    ed_html_table_begin(&table, page, id, caption, ED_HTML_PLAIN);
    for (size_t i = 0; i < n; i++)
        ed_html_table_head(&table, heads[i], "", false);
    if (size)
        ed_html_table_head(&table, "size", "bytes", true);
    if (hardware)
        ed_html_table_head(&table, "what it is", "", false);
    for (size_t row = 0; row < page->view.n_rows; row++) {
        const struct ed_result *result = page->view.rows[row];
        if (said_elsewhere(&page->view, row, fields, n))
            continue;
        ed_html_table_row(&table);
        for (size_t i = 0; i < n; i++) {
            const char *text = ed_result_is_null(result, fields[i]) ? "" : ed_result_text(result, fields[i]);
            if (i == 0)
                ed_html_table_name(&table, text);
            else
                ed_html_table_text(&table, text, NULL);
        }
        if (size) {
            char text[32] = "-";
            double bytes = 0;
            const bool known = ed_result_number(result, ED_FIELD_model_file_bytes, 0, &bytes);
            if (known)
                snprintf(text, sizeof text, "%.0f", bytes);
            ed_html_table_number(&table, text, bytes);
        }
        if (hardware)
            ed_html_table_text(&table, hardware_of(page->info, result->device), NULL);
    }
    ed_html_table_end(&table);
}

static void identities(struct ed_html_page *page) {
    static const int models[] = {ED_FIELD_model, ED_FIELD_variant, ED_FIELD_model_sha256};
    static const char *const model_heads[] = {"model", "variant", "SHA-256"};
    static const int engines[] = {ED_FIELD_engine, ED_FIELD_engine_version, ED_FIELD_backend, ED_FIELD_target,
                                  ED_FIELD_engine_build_sha256};
    static const char *const engine_heads[] = {"engine", "version", "backend", "target",
                                               "SHA-256 of the build"};
    static const int devices[] = {ED_FIELD_device, ED_FIELD_target, ED_FIELD_libc};
    static const char *const device_heads[] = {"device", "target", "C library"};
    if (page->view.n_rows == 0)
        return;
    ed_buffer_text_append(&page->out, "<h3>What was measured</h3>\n");
    distinct(page, "models", "Models, by the digest over their files", models, model_heads, 3, true, false);
    distinct(page, "engines", "Engine builds", engines, engine_heads, 5, false, false);
    distinct(page, "devices", "Devices", devices, device_heads, 3, false, true);
}

static void signatures(struct ed_html_page *page) {
    ed_buffer_text_append(
        &page->out,
        "<div class=\"sign\" role=\"group\" aria-label=\"Lines for signatures\">"
        "<div><p>Decision</p></div><div><p>Name and signature</p></div><div><p>Date</p></div></div>\n");
}

enum ed_status ed_html_summary(struct ed_html_page *page, struct ed_error *err) {
    (void)err;
    headline(page);
    ed_html_section(page, "summary", "Summary");
    prominent(page);
    requirements(page);
    findings(page);
    identities(page);
    signatures(page);
    ed_html_section_end(page);
    return ED_OK;
}
