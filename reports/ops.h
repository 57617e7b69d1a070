// SPDX-License-Identifier: Apache-2.0
// The operators that weigh most in a record's profile, for the formats for people.
#ifndef EDGEDYNO_REPORTS_OPS_H
#define EDGEDYNO_REPORTS_OPS_H

#include "base/buffer.h"
#include "base/json_write.h"
#include "edgedyno/report.h"

#define ED_OPS_TOP 10

// Whatever the source knows of a record's operators; n = 0 where there is no source or no profile.
enum ed_status ed_ops_of(const struct ed_report_info *info, const struct ed_result *result,
                         const struct ed_report_op **ops, size_t *n, struct ed_error *err);
// The longest ED_OPS_TOP of each record that was profiled. As aligned text within info->columns, or as folded
// Markdown tables; nothing where no record was profiled. `rows` are in the order of the report: where there
// is more than one, each is told by its number. Times whose speed is not to be used stand in parentheses.
enum ed_status ed_ops_text(struct ed_buffer *out, const struct ed_report_info *info,
                           const struct ed_result *const *rows, size_t n_rows, struct ed_error *err);
enum ed_status ed_ops_markdown(struct ed_buffer *out, const struct ed_report_info *info,
                               const struct ed_result *const *rows, size_t n_rows, struct ed_error *err);
// "ops": [{name, op, processor, calls, total_ns, share}] into the writer's open object; nothing where the
// record was not profiled.
enum ed_status ed_ops_json(struct ed_json_writer *writer, const struct ed_report_info *info,
                           const struct ed_result *result, struct ed_error *err);

#endif
