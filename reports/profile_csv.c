// SPDX-License-Identifier: Apache-2.0
// CSV of profiles: a header line, then one line an operator of every record that was profiled.
#include <inttypes.h>
#include <string.h>

#include "base/json_write.h"
#include "reports/csv_cell.h"
#include "reports/ops.h"
#include "reports/registry.h"
#include "reports/text.h"

struct profile_csv_state {
    const struct ed_report_info *info;
    const struct ed_sink *sink;
};

static enum ed_status profile_csv_begin(void *state, const struct ed_report_info *info,
                                        const struct ed_sink *sink, struct ed_error *err) {
    struct profile_csv_state *csv = state;
    struct ed_buffer line;
    *csv = (struct profile_csv_state){info, sink};
    ed_buffer_init(&line, ED_REPORT_MAX_BYTES);
    ed_buffer_text_append(&line, "case,device,engine,engine_version,backend,simulated,name,op,processor,"
                                 "calls,total_ns,share\r\n");
    enum ed_status status = ed_sink_flush(sink, &line, "the CSV header", err);
    ed_buffer_release(&line);
    return status;
}

static enum ed_status profile_csv_record(void *state, const struct ed_result *result, struct ed_error *err) {
    struct profile_csv_state *csv = state;
    const struct ed_report_op *ops;
    struct ed_buffer lines;
    size_t n;
    enum ed_status status = ed_ops_of(csv->info, result, &ops, &n, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&lines, ED_REPORT_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        const char *const before[] = {result->case_id, result->device, result->engine, result->engine_version,
                                      result->backend},
                          *const names[] = {ops[i].name, ops[i].op, ops[i].processor};
        char share[32];
        for (size_t k = 0; k < sizeof before / sizeof *before; k++) {
            ed_csv_cell(&lines, before[k], ED_REPORT_MAX_BYTES);
            ed_buffer_text_append(&lines, ",");
        }
        ed_buffer_text_append(&lines, !result->has[ED_FIELD_simulated] ? ""
                                      : result->simulated              ? "true"
                                                                       : "false");
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            ed_buffer_text_append(&lines, ",");
            ed_csv_cell(&lines, names[k], ED_REPORT_MAX_BYTES);
        }
        ed_json_format_real(share, ops[i].share);
        ed_buffer_printf(&lines, ",%" PRIu64 ",%" PRId64 ",%s\r\n", ops[i].calls, ops[i].total_ns, share);
    }
    status = ed_sink_flush(csv->sink, &lines, "the CSV of profiles", err);
    ed_buffer_release(&lines);
    return status;
}

static enum ed_status profile_csv_end(void *state, struct ed_error *err) {
    (void)state;
    (void)err;
    return ED_OK;
}

const struct ed_report ed_report_profile_csv = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "profile-csv",
    .summary = "one line an operator for spreadsheets, of cases that were profiled",
    .suffix = ".profile.csv",
    .state_bytes = sizeof(struct profile_csv_state),
    .begin = profile_csv_begin,
    .record = profile_csv_record,
    .end = profile_csv_end,
};
