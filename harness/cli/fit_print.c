// SPDX-License-Identifier: Apache-2.0
// The result of a search, for people and for programs.
#include <string.h>

#include "base/json_write.h"
#include "base/units.h"
#include "harness/cli/fit_points.h"
#include "harness/cli/grid.h"
#include "reports/csv_cell.h"
#include "reports/text.h"

#define MIB (1 << 20)
#define SUMMARY_MAX_BYTES (1u << 20)

static void print_mib(char *out, size_t bytes, int64_t size, bool sign) {
    if (size < 0 && !sign)
        snprintf(out, bytes, "-");
    else if (sign && size > -MIB / 20 && size < MIB / 20)
        snprintf(out, bytes, "0.0");
    else
        snprintf(out, bytes, sign ? "%+.1f" : "%.1f", (double)size / MIB);
}

static void name_levers(const struct ed_fit *fit, uint32_t levers, char *out, size_t bytes) {
    out[0] = 0;
    for (size_t i = 0; i < fit->n_levers; i++) {
        const size_t used = strlen(out);
        if (levers >> i & 1)
            snprintf(out + used, bytes - used, "%s%s=%s", used ? " " : "", fit->levers[i].option,
                     fit->levers[i].value);
    }
}

// "batch 24 fits, batch 25 does not: 498.0 MiB of 512 MiB, 14.0 MiB to spare"
static void print_largest(struct ed_buffer *out, const struct ed_fit_run *run, int64_t largest, int64_t above,
                          uint32_t levers) {
    const char *what = ed_fit_what_word(run->what);
    const struct ed_fit_point *point = ed_fit_find(&run->fit, largest, levers);
    char limit[32];
    ed_units_print_size(limit, sizeof limit, run->limit_bytes);
    const struct ed_fit_point *end = ed_fit_find(&run->fit, above, levers);
    ed_buffer_printf(out, "%s %lld fits", what, (long long)largest);
    if (end && end->end == ED_FIT_FAILED)
        ed_buffer_printf(out, ", %s %lld failed, and not for memory", what, (long long)above);
    else if (above == largest + 1)
        ed_buffer_printf(out, ", %s %lld does not", what, (long long)above);
    else if (above)
        ed_buffer_printf(out, ", %s %lld does not (between them nothing was tried)", what, (long long)above);
    else if (largest == run->fit.most)
        ed_buffer_printf(out, ", the largest that was to be tried");
    if (point && point->counted_bytes >= 0)
        ed_buffer_printf(out, ": %.1f MiB of %s, %.1f MiB to spare", (double)point->counted_bytes / MIB,
                         limit, (double)(run->limit_bytes - point->counted_bytes) / MIB);
}

static void print_summary(struct ed_buffer *out, const struct ed_fit_run *run) {
    const struct ed_fit *fit = &run->fit;
    const char *what = ed_fit_what_word(run->what);
    const struct ed_fit_point *first = fit->n ? &fit->points[0] : NULL;
    char limit[32], ballast[32], levers[512], method[64] = "";
    ed_units_print_size(limit, sizeof limit, run->limit_bytes);
    for (size_t i = 0; i < fit->n && !method[0]; i++)
        snprintf(method, sizeof method, "%s", fit->points[i].method);
    if (fit->largest)
        print_largest(out, run, fit->largest, fit->above, 0);
    else if (first)
        ed_buffer_printf(out, "no %s fits %s: %lld %s", what, limit, (long long)fit->least,
                         first->end == ED_FIT_TOO_LARGE  ? "is too large"
                         : first->end == ED_FIT_IN_DOUBT ? "is in doubt"
                                                         : "failed");
    else
        ed_buffer_printf(out, "nothing was measured");
    ed_buffer_text_append(out, "\n");
    if (!fit->monotone)
        ed_buffer_printf(out,
                         "not monotone: %s %lld fits and %s %lld does not; the sizes that were tried are not "
                         "all there are\n",
                         what, (long long)fit->fits_above, what, (long long)fit->fails_below);
    if (fit->combined_largest) {
        name_levers(fit, fit->combined, levers, sizeof levers);
        ed_buffer_printf(out, "with %s: ", levers);
        print_largest(out, run, fit->combined_largest, fit->combined_above, fit->combined);
        ed_buffer_text_append(out, "\n");
    }
    if (fit->over_time)
        ed_buffer_printf(out, "the time was over before the search was done\n");
    for (size_t i = 0; i < fit->n; i++)
        if (fit->points[i].end == ED_FIT_FAILED || fit->points[i].end == ED_FIT_IN_DOUBT) {
            name_levers(fit, fit->points[i].levers, levers, sizeof levers);
            ed_buffer_printf(out, "%s %lld%s%s: %s: %s\n", what, (long long)fit->points[i].size,
                             levers[0] ? " with " : "", levers, ed_fit_word(fit->points[i].end),
                             fit->points[i].reason);
        }
    if (run->ballast_bytes) {
        ed_units_print_size(ballast, sizeof ballast, run->ballast_bytes);
        ed_buffer_printf(out, "beside it %s of memory were held, as by other apps\n", ballast);
    }
    if (method[0])
        ed_buffer_printf(out,
                         "the limit was held by %s; MiB are anonymous memory plus swap, read every %s ms: a "
                         "shorter peak is not in them%s\n",
                         method[0] == 'c' ? "a memory cgroup" : "sampling", method[0] == 'c' ? "100" : "10",
                         method[0] == 'c' ? ", but cannot pass the limit" : "");
}

enum style { TABLE, MARKDOWN };

static enum ed_status print_levers(struct ed_buffer *out, const struct ed_fit_run *run, enum style style,
                                   int columns, struct ed_error *err) {
    static const char *const heads[] = {"lever", "MiB", "saves MiB", "result"};
    const struct ed_fit *fit = &run->fit;
    struct ed_grid grid;
    if (!fit->levers_at)
        return ED_OK;
    ed_buffer_printf(out, "\nlevers, at %s %lld:\n%s", ed_fit_what_word(run->what), (long long)fit->levers_at,
                     style == MARKDOWN ? "\n| lever | MiB | saves MiB | result |\n|---|---:|---:|---|\n"
                                       : "");
    ed_grid_init(&grid, heads, 4);
    for (size_t i = 0; i < fit->n_levers; i++) {
        const struct ed_fit_lever *lever = &fit->levers[i];
        char name[140], counted[32], saves[32] = "-", result[300];
        snprintf(name, sizeof name, "%s=%s", lever->option, lever->value);
        print_mib(counted, sizeof counted, lever->counted_bytes, false);
        if (lever->has_saves)
            print_mib(saves, sizeof saves, lever->saves_bytes, true);
        snprintf(result, sizeof result, "%s%s%.200s", ed_fit_word(lever->end),
                 lever->end == ED_FIT_FAILED ? ": " : "", lever->end == ED_FIT_FAILED ? lever->reason : "");
        if (style == MARKDOWN)
            ed_buffer_printf(out, "| `%s` | %s | %s | %s |\n", name, counted, saves, result);
        ed_grid_add(&grid, "%s", name);
        ed_grid_add(&grid, "%s", counted);
        ed_grid_add(&grid, "%s", saves);
        ed_grid_add(&grid, "%s", result);
    }
    enum ed_status status = style == TABLE ? ed_grid_print(&grid, columns, out, err) : ED_OK;
    ed_grid_release(&grid);
    return status;
}

static enum ed_status print_points(struct ed_buffer *out, const struct ed_fit_run *run, enum style style,
                                   int columns, struct ed_error *err) {
    const char *const heads[] = {ed_fit_what_word(run->what), "MiB", "peak MiB", "result", "with"};
    const struct ed_fit *fit = &run->fit;
    struct ed_grid grid;
    ed_buffer_printf(out, "\n%s", style == MARKDOWN ? "" : "tried:\n");
    if (style == MARKDOWN)
        ed_buffer_printf(out, "| %s | MiB | peak MiB | result | with |\n|---:|---:|---:|---|---|\n",
                         heads[0]);
    ed_grid_init(&grid, heads, 5);
    for (size_t i = 0; i < fit->n; i++) {
        const struct ed_fit_point *point = &fit->points[i];
        char counted[32], peak[32], levers[512];
        print_mib(counted, sizeof counted, point->counted_bytes, false);
        print_mib(peak, sizeof peak, point->peak_bytes, false);
        name_levers(fit, point->levers, levers, sizeof levers);
        if (style == MARKDOWN)
            ed_buffer_printf(out, "| %lld | %s | %s | %s | %s |\n", (long long)point->size, counted, peak,
                             ed_fit_word(point->end), levers);
        ed_grid_add(&grid, "%lld", (long long)point->size);
        ed_grid_add(&grid, "%s", counted);
        ed_grid_add(&grid, "%s", peak);
        ed_grid_add(&grid, "%s", ed_fit_word(point->end));
        ed_grid_add(&grid, "%s", levers);
    }
    enum ed_status status = style == TABLE ? ed_grid_print(&grid, columns, out, err) : ED_OK;
    ed_grid_release(&grid);
    return status;
}

// The lines of `text`, broken at the terminal's width.
static enum ed_status print_broken(struct ed_buffer *out, const struct ed_buffer *text, int columns,
                                   struct ed_error *err) {
    enum ed_status status = ed_buffer_status(text, "the summary of a search", err);
    for (const char *at = ed_buffer_text(text); status == ED_OK && *at;) {
        const size_t bytes = strcspn(at, "\n");
        struct ed_buffer line;
        struct ed_grid grid;
        ed_buffer_init(&line, SUMMARY_MAX_BYTES);
        ed_text_visible(&line, at, bytes);
        const char *const cells[] = {ed_buffer_text(&line)};
        ed_grid_init(&grid, cells, 1);
        status = ed_grid_print(&grid, columns, out, err);
        ed_grid_release(&grid);
        ed_buffer_release(&line);
        at += bytes + (at[bytes] == '\n');
    }
    return status;
}

static enum ed_status print_text(const struct ed_fit_results *results, enum style style, int columns,
                                 struct ed_buffer *out, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < results->n; i++) {
        const struct ed_fit_run *run = &results->runs[i];
        ed_buffer_printf(out, "%s%s%s%s\n\n", i ? "\n" : "", style == MARKDOWN ? "### " : "", run->device,
                         style == MARKDOWN ? "" : ":");
        struct ed_buffer text;
        ed_buffer_init(&text, SUMMARY_MAX_BYTES);
        print_summary(style == TABLE ? &text : out, run);
        status = print_broken(out, &text, columns, err);
        ed_buffer_release(&text);
        if (status == ED_OK)
            status = print_levers(out, run, style, columns, err);
        if (status == ED_OK)
            status = print_points(out, run, style, columns, err);
    }
    return status;
}

static void write_size(struct ed_json_writer *w, const char *key, int64_t size) {
    if (size)
        ed_json_int(w, key, size);
    else
        ed_json_null(w, key);
}

static void write_bytes(struct ed_json_writer *w, const char *key, int64_t bytes, bool has) {
    if (has)
        ed_json_int(w, key, bytes);
    else
        ed_json_null(w, key);
}

static void write_used(struct ed_json_writer *w, const struct ed_fit *fit, uint32_t levers) {
    ed_json_object_begin(w, "levers");
    for (size_t i = 0; i < fit->n_levers; i++)
        if (levers >> i & 1)
            ed_json_text(w, fit->levers[i].option, fit->levers[i].value);
    ed_json_object_end(w);
}

static void write_headroom(struct ed_json_writer *w, const struct ed_fit_run *run, int64_t size,
                           uint32_t levers) {
    const struct ed_fit_point *point = size ? ed_fit_find(&run->fit, size, levers) : NULL;
    const bool known = point && point->counted_bytes >= 0;
    write_bytes(w, "counted_bytes", known ? point->counted_bytes : 0, known);
    write_bytes(w, "headroom_bytes", known ? run->limit_bytes - point->counted_bytes : 0, known);
}

static void write_run(struct ed_json_writer *w, const struct ed_fit_run *run) {
    const struct ed_fit *fit = &run->fit;
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "device", run->device);
    ed_json_text(w, "search", ed_fit_what_word(run->what));
    ed_json_int(w, "limit_bytes", run->limit_bytes);
    if (run->ballast_bytes)
        ed_json_int(w, "ballast_bytes", run->ballast_bytes);
    write_size(w, "largest", fit->largest);
    write_size(w, "smallest_that_does_not_fit", fit->above);
    write_headroom(w, run, fit->largest, 0);
    ed_json_bool(w, "monotone", fit->monotone);
    if (!fit->monotone) {
        ed_json_int(w, "fits_above", fit->fits_above);
        ed_json_int(w, "fails_below", fit->fails_below);
    }
    ed_json_bool(w, "over_time", fit->over_time);
    write_size(w, "levers_at", fit->levers_at);
    ed_json_array_begin(w, "levers");
    for (size_t i = 0; i < fit->n_levers; i++) {
        const struct ed_fit_lever *lever = &fit->levers[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "option", lever->option);
        ed_json_text(w, "value", lever->value);
        ed_json_text(w, "result", ed_fit_word(lever->end));
        write_bytes(w, "counted_bytes", lever->counted_bytes, lever->counted_bytes >= 0);
        write_bytes(w, "saves_bytes", lever->saves_bytes, lever->has_saves);
        ed_json_bool(w, "combined", lever->used);
        if (lever->reason[0])
            ed_json_text(w, "reason", lever->reason);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    if (fit->combined) {
        ed_json_object_begin(w, "combined");
        write_used(w, fit, fit->combined);
        write_size(w, "largest", fit->combined_largest);
        write_size(w, "smallest_that_does_not_fit", fit->combined_above);
        write_headroom(w, run, fit->combined_largest, fit->combined);
        ed_json_object_end(w);
    }
    ed_json_array_begin(w, "points");
    for (size_t i = 0; i < fit->n; i++) {
        const struct ed_fit_point *point = &fit->points[i];
        ed_json_object_begin(w, NULL);
        ed_json_int(w, "size", point->size);
        write_used(w, fit, point->levers);
        ed_json_text(w, "result", ed_fit_word(point->end));
        write_bytes(w, "counted_bytes", point->counted_bytes, point->counted_bytes >= 0);
        write_bytes(w, "peak_bytes", point->peak_bytes, point->peak_bytes >= 0);
        ed_json_text(w, "method", point->method[0] ? point->method : NULL);
        if (point->reason[0])
            ed_json_text(w, "reason", point->reason);
        ed_json_text(w, "campaign", point->campaign);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_object_end(w);
}

static void write_json(const struct ed_fit_results *results, struct ed_buffer *out) {
    struct ed_json_writer w;
    ed_json_writer_init(&w, out, true);
    ed_json_object_begin(&w, NULL);
    ed_json_array_begin(&w, "fit");
    for (size_t i = 0; i < results->n; i++)
        write_run(&w, &results->runs[i]);
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    ed_buffer_append(out, "\n", 1);
}

// A point a row.
static void write_csv(const struct ed_fit_results *results, struct ed_buffer *out) {
    ed_buffer_text_append(
        out, "device,search,size,levers,result,counted_bytes,peak_bytes,limit_bytes,method,reason\n");
    for (size_t i = 0; i < results->n; i++) {
        const struct ed_fit_run *run = &results->runs[i];
        for (size_t p = 0; p < run->fit.n; p++) {
            const struct ed_fit_point *point = &run->fit.points[p];
            char levers[512];
            name_levers(&run->fit, point->levers, levers, sizeof levers);
            ed_csv_cell(out, run->device, SIZE_MAX);
            ed_buffer_printf(out, ",%s,%lld,", ed_fit_what_word(run->what), (long long)point->size);
            ed_csv_cell(out, levers, SIZE_MAX);
            ed_buffer_printf(out, ",%s,", ed_fit_word(point->end));
            if (point->counted_bytes >= 0)
                ed_buffer_printf(out, "%lld", (long long)point->counted_bytes);
            ed_buffer_text_append(out, ",");
            if (point->peak_bytes >= 0)
                ed_buffer_printf(out, "%lld", (long long)point->peak_bytes);
            ed_buffer_printf(out, ",%lld,%s,", (long long)run->limit_bytes, point->method);
            ed_csv_cell(out, point->reason, SIZE_MAX);
            ed_buffer_text_append(out, "\n");
        }
    }
}

enum ed_status ed_fit_render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    const struct ed_fit_results *results = context;
    if (!strcmp(target->format, "json"))
        write_json(results, out);
    else if (!strcmp(target->format, "csv"))
        write_csv(results, out);
    else
        return print_text(results, strcmp(target->format, "markdown") ? TABLE : MARKDOWN, target->columns,
                          out, err);
    return ED_OK;
}
