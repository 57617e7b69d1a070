// SPDX-License-Identifier: Apache-2.0
// The list of output formats.
#include "reports/registry.h"

#include <string.h>

static const struct ed_report *const reports[] = {
    &ed_report_table,
    &ed_report_markdown,
    &ed_report_csv,
    &ed_report_json,
    &ed_report_jsonl,
    &ed_report_profile_csv,
    &ed_report_html,
    &ed_report_plots,
    &ed_report_svg,
    &ed_report_png,
    &ed_report_perfetto,
    &ed_report_timeline,
    &ed_report_junit,
    &ed_report_github,
    &ed_report_comment,
    &ed_report_bmf,
    &ed_report_benchmark_action,
    &ed_report_choice,
};

const struct ed_report *const *ed_reports(size_t *n) {
    *n = sizeof reports / sizeof reports[0];
    return reports;
}

const struct ed_report *ed_report_find(const char *name) {
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++)
        if (strcmp(reports[i]->name, name) == 0)
            return reports[i];
    return NULL;
}

enum ed_status ed_report_check(const struct ed_report *report, struct ed_error *err) {
    const char *name = report->name ? report->name : "";
    if (report->abi != ED_REPORT_ABI || report->struct_bytes != sizeof *report)
        return ed_fail(err, ED_ERR_VERSION, name,
                       "built for report abi %u of %u bytes, this program has %u of %zu", report->abi,
                       report->struct_bytes, ED_REPORT_ABI, sizeof *report);
    if (!*name || !report->summary || !*report->summary || !report->suffix || report->suffix[0] != '.')
        return ed_fail(err, ED_ERR_INTERNAL, name,
                       "a report needs a name, a summary and a suffix such as \".md\"");
    if (!report->begin || !report->record || !report->end)
        return ed_fail(err, ED_ERR_INTERNAL, name, "a report needs all its hooks: begin, record, end");
    if (report->n_options > 0 && !report->options)
        return ed_fail(err, ED_ERR_INTERNAL, name, "a report with options needs their table");
    return ED_OK;
}
