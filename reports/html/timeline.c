// SPDX-License-Identifier: Apache-2.0
// A figure a device: what happened when.
#include <stdio.h>
#include <string.h>

#include "reports/html/page.h"
#include "reports/text.h"

#define FIGURES_MAX 64u
#define OPEN_MAX 4u
#define POINTS_ALL 60000u
#define POINTS_MOST 4000u
#define POINTS_LEAST 400u

// What the device has no readings of, in words.
static enum ed_status missing(struct ed_html_page *page, const char *device, struct ed_buffer *out,
                              struct ed_error *err) {
    static const struct {
        const char *quantity, *words;
    } wanted[] = {{"temperature", "temperature"}, {"frequency", "clocks"}, {"power", "power"}};
    const struct ed_report_source *source = page->info->source;
    const struct ed_report_channel *channels;
    size_t n = 0, named = 0;
    enum ed_status status = source->channels(source->context, device, &channels, &n, err);
    for (size_t w = 0; status == ED_OK && w < sizeof wanted / sizeof wanted[0]; w++) {
        bool has = false;
        for (size_t c = 0; c < n; c++)
            has = has || (!strcmp(channels[c].quantity, wanted[w].quantity) && channels[c].n > 0);
        if (!has)
            ed_buffer_printf(out, "%s%s", named++ ? ", " : " Without a timeline here: ", wanted[w].words);
    }
    ed_buffer_text_append(out, named ? "." : "");
    return status;
}

enum ed_status ed_html_timeline(struct ed_html_page *page, struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t devices = 0, drawn = 0;
    for (size_t row = 0; row < page->view.n_rows; row++)
        devices += !page->view.again[row].device;
    size_t budget = devices ? POINTS_ALL / devices : 0;
    budget = budget > POINTS_MOST ? POINTS_MOST : budget < POINTS_LEAST ? POINTS_LEAST : budget;
    for (size_t row = 0; row < page->view.n_rows && status == ED_OK && drawn < FIGURES_MAX; row++) {
        const char *device = page->view.rows[row]->device;
        const size_t before = page->plots.n;
        struct ed_plot_thinned thinned;
        struct ed_buffer caption;
        if (page->view.again[row].device)
            continue;
        status = ed_plot_timeline(&page->plots, page->info, &page->view, device, budget, &thinned, err);
        if (status != ED_OK || page->plots.n == before)
            continue;
        if (drawn++ == 0)
            ed_html_section(page, "timeline", "Timeline");
        ed_buffer_init(&caption, ED_REPORT_MAX_BYTES);
        ed_html_thinned(&caption, &thinned);
        status = missing(page, device, &caption, err);
        ed_buffer_text_append(&page->out, devices > OPEN_MAX ? "<details><summary>" : "<h3>");
        ed_html_text(page, device);
        ed_buffer_text_append(&page->out, devices > OPEN_MAX ? "</summary>\n" : "</h3>\n");
        ed_html_figure(page,
                       "%s Behind it, blue: timed; grey: loading and warming up; a red line: the device "
                       "began to throttle.%s",
                       ed_buffer_text(&caption), thinned.logarithmic ? " The scale is logarithmic." : "");
        ed_buffer_text_append(&page->out, devices > OPEN_MAX ? "</details>\n" : "");
        page->no_memory = page->no_memory || caption.no_memory;
        ed_buffer_release(&caption);
    }
    if (drawn > 0 && devices > FIGURES_MAX)
        ed_buffer_printf(&page->out, "<p class=\"note\">The first %u of %zu devices are shown.</p>\n",
                         FIGURES_MAX, devices);
    if (drawn > 0 && devices > OPEN_MAX)
        ed_html_folded(page);
    if (drawn > 0)
        ed_html_section_end(page);
    return status;
}
