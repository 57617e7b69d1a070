// SPDX-License-Identifier: Apache-2.0
// The reference of result keys as Markdown, from their table.
#include <string.h>

#include "reports/fields.h"
#include "reports/schema.h"
#include "reports/text.h"

static void row_append(struct ed_buffer *out, int index) {
    static const char *const types[] = {"text",    "integer",           "number",
                                        "boolean", "integer, interval", "number, interval"};
    const struct ed_result_field *field = &ed_result_fields()[index];
    ed_buffer_printf(out, "| `%s` | %s | %s | ", field->key, types[field->type], field->unit);
    ed_text_markdown(out, field->help);
    ed_buffer_text_append(out, " |\n");
}

void ed_result_reference(struct ed_buffer *out) {
    const struct ed_result_field *fields = ed_result_fields();
    ed_buffer_text_append(out, "One record is one case and task. `case` comes first and names the case by "
                               "the same words in every campaign;\n"
                               "`reasons`, a list of {key, code, text}, comes last. What was not measured is "
                               "null (JSON) or empty (CSV) with a\n"
                               "reason, never zero. A key with an interval has two more keys (columns in "
                               "CSV) behind it, its name with `_low`\n"
                               "and `_high`. Shares and accuracies are fractions: 0.01 is 1 %.\n");
    for (int i = 0; i < ED_FIELD_COUNT; i++) {
        if (i == 0 || strcmp(fields[i].group, fields[i - 1].group) != 0)
            ed_buffer_printf(out, "\n### %s\n\n| key | type | unit | meaning |\n|---|---|---|---|\n",
                             fields[i].group);
        row_append(out, i);
    }
    ed_buffer_text_append(
        out, "\nIn CSV, `reasons` is one column, `KEY:CODE: TEXT` separated by semicolons. A text that a\n"
             "spreadsheet would take for a formula (it begins with = + - @, tab or carriage return) has an\n"
             "apostrophe before it.\n");
}
