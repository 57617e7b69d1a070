// SPDX-License-Identifier: Apache-2.0
// The choice of a variant for people and programs: parts that formats put before their records.
#ifndef EDGEDYNO_REPORTS_CHOICE_H
#define EDGEDYNO_REPORTS_CHOICE_H

#include "base/buffer.h"
#include "base/json_write.h"
#include "edgedyno/report.h"

#define ED_CHOICE_FORMAT 1 // of choice.json

// The candidate in words: its variant, and what else tells the candidates of the row apart ("int8, 2
// threads").
void ed_choice_name(struct ed_buffer *out, const struct ed_report_choice *choice,
                    const struct ed_report_choice_row *row, size_t candidate);
// "+40.1 %" and "+38.0 to +42.3 %" against the chosen one; "" where there is none.
void ed_choice_change(char *text, size_t bytes, const struct ed_report_candidate *candidate);
void ed_choice_interval(char *text, size_t bytes, const struct ed_report_candidate *candidate);
// The candidate's value of the key that is chosen by, "-" where it has none.
void ed_choice_value(char *text, size_t bytes, const struct ed_report_choice_row *row,
                     const struct ed_report_candidate *candidate);
// What a reader of the table must know: the chance, the rule for ties, the bias of the chosen one's figure.
void ed_choice_note(struct ed_buffer *out, const struct ed_report_choice *choice);
// "Front over latency_p50_ns, model_file_bytes; without energy_per_inference_uj (no sensor)."; "" where there
// is nothing to say.
void ed_choice_axes(struct ed_buffer *out, const struct ed_report_choice_row *row);
// The verdict that a state of a candidate looks like: "fail" and the like, "pass" for the chosen one; "".
const char *ed_choice_state_verdict(const char *state);

// The members "verdict" to "devices" of choice.json, into the object that is open.
void ed_choice_json_members(struct ed_json_writer *writer, const struct ed_report_choice *choice);
// choice.json as a whole; `text` is to be written as it is.
void ed_choice_json(struct ed_buffer *text, const struct ed_report_info *info);
// Its JSON Schema.
void ed_choice_schema(struct ed_buffer *out);
// For a terminal of `width` columns (SIZE_MAX: no limit), at least 60.
void ed_choice_text(struct ed_buffer *out, const struct ed_report_choice *choice, size_t width, bool colour);
void ed_choice_markdown(struct ed_buffer *out, const struct ed_report_choice *choice);

#endif
