// SPDX-License-Identifier: Apache-2.0
// Samples on their way into a figure.
#include <string.h>

#include "reports/naming.h"
#include "reports/plot_figures.h"
#include "reports/text.h"

void ed_plot_row_words(struct ed_buffer *out, const struct ed_view *view, size_t row) {
    size_t n = 0;
    for (size_t i = 0; i < view->n_columns; i++) {
        const struct ed_view_column *column = &view->columns[i];
        if (!column->identity || !*column->cells[row])
            continue;
        ed_buffer_text_append(out, n++ ? " \xC2\xB7 " : "");
        ed_buffer_text_append(out, column->field == ED_FIELD_threads ? "t" : "");
        ed_buffer_text_append(out, column->cells[row]);
    }
    if (n == 0)
        ed_text_visible(out, view->rows[row]->case_id, sizeof view->rows[row]->case_id);
}

enum ed_status ed_plot_blocks(const struct ed_report_info *info, const struct ed_result *result,
                              const struct ed_report_block **blocks, size_t *n, struct ed_error *err) {
    *n = 0;
    *blocks = NULL;
    return info->source ? info->source->blocks(info->source->context, result, blocks, n, err) : ED_OK;
}

bool ed_plot_block_is_timed(const struct ed_report_block *block) {
    return strcmp(block->pass, "timing") == 0 && block->n_samples > 0 && block->batch > 0;
}

size_t ed_plot_stride(size_t total, size_t budget) {
    if (total <= budget || budget < 3)
        return 1;
    const size_t runs = budget / 3;
    return (total + runs - 1) / runs;
}

size_t ed_plot_thin(const int64_t *samples, size_t n, size_t first, size_t stride, size_t indices[3]) {
    const size_t end = n - first < stride ? n : first + stride;
    size_t fastest = first, slowest = first, kept = 0;
    for (size_t i = first; i < end; i++) {
        fastest = samples[i] < samples[fastest] ? i : fastest;
        slowest = samples[i] > samples[slowest] ? i : slowest;
    }
    const size_t sorted[3] = {first, fastest < slowest ? fastest : slowest,
                              fastest < slowest ? slowest : fastest};
    for (size_t i = 0; i < 3; i++)
        if (kept == 0 || indices[kept - 1] != sorted[i])
            indices[kept++] = sorted[i];
    return kept;
}
