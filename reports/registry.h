// SPDX-License-Identifier: Apache-2.0
// The output formats that --format and --export know. To add one: its file, a line in registry.c, a line in
// CMakeLists.txt and golden files.
//
// Life of a report: allocate `state_bytes` zeroed bytes aligned for any type, then begin, record for each,
// end. After a begin that returned ED_OK, `end` is called in any case, also after a failed record: it
// releases what the state holds. What `info` and `sink` point to outlives `end`.
#ifndef EDGEDYNO_REPORTS_REGISTRY_H
#define EDGEDYNO_REPORTS_REGISTRY_H

#include <stddef.h>

#include "edgedyno/report.h"

extern const struct ed_report ed_report_table, ed_report_markdown, ed_report_csv, ed_report_json,
    ed_report_jsonl, ed_report_profile_csv, ed_report_html, ed_report_plots, ed_report_svg, ed_report_png,
    ed_report_perfetto, ed_report_timeline, ed_report_junit, ed_report_github, ed_report_comment,
    ed_report_bmf, ed_report_benchmark_action, ed_report_choice;

// Every format, in the order in which help lists them.
const struct ed_report *const *ed_reports(size_t *n);
// NULL where there is none of that name.
const struct ed_report *ed_report_find(const char *name);
// ED_OK, or ED_ERR_VERSION for a wrong abi or size, ED_ERR_INTERNAL for an empty name, suffix or missing
// hook.
enum ed_status ed_report_check(const struct ed_report *report, struct ed_error *err);

#endif
