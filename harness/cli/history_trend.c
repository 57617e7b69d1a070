// SPDX-License-Identifier: Apache-2.0
// Trends: table with a small figure, JSON, CSV.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "base/stats/changepoint.h"
#include "harness/cli/command_history.h"
#include "harness/cli/grid.h"
#include "reports/csv_cell.h"
#include "reports/text.h"

#define COLUMNS_USUAL 80
#define PLACE_WIDTH 16
#define NOTE \
    "changes are for finding a cause, not for blocking: `edgedyno gate` compares two builds side by side"

static void sizes(const struct ed_trend_series *series, double *low, double *high) {
    *low = *high = series->n ? fabs(series->points[0].value->value) : 0;
    for (size_t i = 0; i < series->n; i++) {
        const double size = fabs(series->points[i].value->value);
        *low = size < *low ? size : *low;
        *high = size > *high ? size : *high;
    }
}

// One bar a point, the newest at the right; · is a point that takes no part.
static void sparkline(const struct ed_trend_series *series, size_t width, struct ed_buffer *out) {
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const size_t first = series->n > width ? series->n - width : 0;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = first; i < series->n; i++) {
        low = fmin(low, series->points[i].value->value);
        high = fmax(high, series->points[i].value->value);
    }
    for (size_t i = first; i < series->n; i++) {
        const double share = high > low ? (series->points[i].value->value - low) / (high - low) : 0.5;
        ed_buffer_text_append(out, series->points[i].mark[0] ? "·" : bars[(int)(share * 7 + 0.5)]);
    }
}

static void change_text(char *text, size_t bytes, const struct ed_trend_series *series,
                        const struct ed_trend_point *point, double low, double high) {
    const struct ed_trend_segment *before = &series->segments[point->segment - 1],
                                  *after = &series->segments[point->segment];
    char from[64], to[64], share[32] = "";
    ed_history_figure(from, sizeof from, series, before->mean, low, high);
    ed_history_figure(to, sizeof to, series, after->mean, low, high);
    if (before->mean != 0)
        snprintf(share, sizeof share, ", %+.1f %%", 100 * (after->mean - before->mean) / fabs(before->mean));
    snprintf(text, bytes, "changed: %s to %s%s", from, to, share);
}

// What else is new at this point: the machine, an engine, its files, the model.
static void other_text(char *text, size_t bytes, const struct ed_trend_series *series, size_t i) {
    const struct ed_history_record *now = series->points[i].record,
                                   *before = i ? series->points[i - 1].record : now;
    const bool version = strcmp(now->engine_version, before->engine_version) != 0;
    const char *const news[] = {
        now->hardware[0] && before->hardware[0] && strcmp(now->hardware, before->hardware) ? "hardware" : "",
        version                                                         ? "engine version"
        : strcmp(now->engine_build_sha256, before->engine_build_sha256) ? "engine build"
                                                                        : "",
        strcmp(now->model_sha256, before->model_sha256) ? "model file" : ""};
    size_t used = 0;
    text[0] = 0;
    for (size_t k = 0; k < sizeof news / sizeof news[0]; k++)
        if (news[k][0] && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? ", " : "other ", news[k]);
}

static void add_point(struct ed_grid *grid, const struct ed_trend_series *series, size_t i, bool along,
                      double low, double high) {
    const struct ed_trend_point *point = &series->points[i];
    const struct ed_trend_point *before = i ? &series->points[i - 1] : NULL;
    char value[64], from[64] = "", to[64] = "", change[256] = "", other[80];
    const char *started = point->campaign->started_utc;
    other_text(other, sizeof other, series, i);
    ed_history_figure(value, sizeof value, series, point->value->value, low, high);
    if (point->value->has_span) {
        ed_history_figure(from, sizeof from, series, point->value->low, low, high);
        ed_history_figure(to, sizeof to, series, point->value->high, low, high);
        from[strcspn(from, " ")] = 0;
        to[strcspn(to, " ")] = 0;
    }
    if (point->first && before)
        change_text(change, sizeof change, series, point, low, high);
    if (along) {
        const size_t bytes = ed_text_prefix(point->place, PLACE_WIDTH);
        ed_grid_add(grid, "%.*s%s", (int)bytes, point->place, point->place[bytes] ? "~" : "");
    }
    ed_grid_add(grid, "%.10s %.5s", started, strlen(started) > 11 ? started + 11 : "");
    ed_grid_add(grid, "%s", value);
    ed_grid_add(grid, "%s%s%s", from, from[0] ? "..." : "", to);
    ed_grid_add(grid, "%s%s%s%s%s", point->mark, point->mark[0] && (change[0] || other[0]) ? "; " : "",
                change, change[0] && other[0] ? "; " : "", other);
}

static enum ed_status series_table(const struct ed_history_view *view, const struct ed_trend_series *series,
                                   const struct ed_output_target *target, struct ed_buffer *out,
                                   struct ed_error *err) {
    const size_t width = target->columns > 20 ? (size_t)target->columns : COLUMNS_USUAL;
    const char *heads[] = {"", "STARTED", "VALUE", "95 % INTERVAL", "NOTE"};
    struct ed_buffer place;
    struct ed_grid grid;
    double low, high;
    size_t taking = 0;
    for (size_t i = 0; i < series->n; i++)
        taking += !series->points[i].mark[0];
    ed_buffer_init(&place, 4096);
    ed_text_visible(&place, view->along ? view->along : "", 64);
    heads[0] = ed_buffer_text(&place);
    sizes(series, &low, &high);
    ed_text_visible(out, series->words, sizeof series->words);
    ed_buffer_text_append(out, "\n  ");
    ed_text_visible(out, series->device, 64);
    ed_buffer_printf(out, ", %s\n  ", ed_result_fields()[series->field].key);
    sparkline(series, width - 4, out);
    ed_buffer_append(out, "\n", 1);
    ed_grid_init(&grid, view->along ? heads : heads + 1, view->along ? 5 : 4);
    for (size_t i = 0; i < series->n; i++)
        add_point(&grid, series, i, view->along != NULL, low, high);
    enum ed_status status = ed_grid_print(&grid, target->columns, out, err);
    ed_grid_release(&grid);
    ed_buffer_release(&place);
    if (!series->searched && taking > ED_CHANGEPOINT_MAX)
        ed_buffer_printf(out, "  %zu points: changes are looked for in %d at most; --label keeps fewer\n",
                         taking, ED_CHANGEPOINT_MAX);
    else if (!series->searched && taking < series->n)
        ed_buffer_printf(
            out, "  %zu of %zu points take part, the others say why not: changes are looked for from %d on\n",
            taking, series->n, ED_TREND_LEAST);
    else if (!series->searched)
        ed_buffer_printf(out, "  %zu point%s: changes are looked for from %d on\n", taking,
                         taking == 1 ? "" : "s", ED_TREND_LEAST);
    if (series->left_out)
        ed_buffer_printf(out, "  left out, without this label: %zu\n", series->left_out);
    ed_buffer_append(out, "\n", 1);
    return status;
}

static void point_json(struct ed_json_writer *json, const struct ed_trend_point *point) {
    ed_json_object_begin(json, NULL);
    ed_json_text(json, "place", point->place);
    ed_json_text(json, "started", point->campaign->started_utc);
    ed_json_text(json, "campaign", point->campaign->id);
    ed_json_real(json, "value", point->value->value);
    if (point->value->has_span) {
        ed_json_real(json, "value_low", point->value->low);
        ed_json_real(json, "value_high", point->value->high);
    }
    ed_json_text(json, "engine_version", point->record->engine_version);
    ed_json_text(json, "engine_build_sha256", point->record->engine_build_sha256);
    ed_json_text(json, "model_sha256", point->record->model_sha256);
    ed_json_text(json, "hardware", point->record->hardware);
    ed_json_text(json, "mark", point->mark[0] ? point->mark : NULL);
    ed_json_uint(json, "segment", point->segment);
    ed_json_bool(json, "change", point->first);
    ed_json_object_end(json);
}

static void trend_json(const struct ed_history_view *view, struct ed_buffer *out) {
    struct ed_json_writer json;
    ed_json_writer_init(&json, out, true);
    ed_json_object_begin(&json, NULL);
    ed_json_text(&json, "along", view->along);
    ed_json_text(&json, "note", NOTE);
    ed_json_array_begin(&json, "series");
    for (size_t s = 0; s < view->trends.n; s++) {
        const struct ed_trend_series *series = &view->trends.items[s];
        ed_json_object_begin(&json, NULL);
        ed_json_text(&json, "case", series->words);
        ed_json_text(&json, "device", series->device);
        ed_json_text(&json, "key", ed_result_fields()[series->field].key);
        ed_json_text(&json, "unit", ed_result_fields()[series->field].unit);
        ed_json_bool(&json, "searched", series->searched);
        ed_json_uint(&json, "left_out", series->left_out);
        ed_json_array_begin(&json, "segments");
        for (size_t k = 0; k < series->n_segments; k++) {
            ed_json_object_begin(&json, NULL);
            ed_json_uint(&json, "points", series->segments[k].n);
            ed_json_real(&json, "mean", series->segments[k].mean);
            ed_json_real(&json, "sd", series->segments[k].sd);
            ed_json_object_end(&json);
        }
        ed_json_array_end(&json);
        ed_json_array_begin(&json, "points");
        for (size_t i = 0; i < series->n; i++)
            point_json(&json, &series->points[i]);
        ed_json_array_end(&json);
        ed_json_object_end(&json);
    }
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_buffer_append(out, "\n", 1);
}

static void trend_csv(const struct ed_history_view *view, struct ed_buffer *out) {
    ed_buffer_text_append(out, "device,case,key,place,started,campaign,engine_version,engine_build_sha256,"
                               "model_sha256,mark,value,value_low,value_high,segment,change\r\n");
    for (size_t s = 0; s < view->trends.n; s++) {
        const struct ed_trend_series *series = &view->trends.items[s];
        for (size_t i = 0; i < series->n; i++) {
            const struct ed_trend_point *p = &series->points[i];
            const char *const texts[] = {series->device,
                                         series->words,
                                         ed_result_fields()[series->field].key,
                                         p->place,
                                         p->campaign->started_utc,
                                         p->campaign->id,
                                         p->record->engine_version,
                                         p->record->engine_build_sha256,
                                         p->record->model_sha256,
                                         p->mark};
            const double values[] = {p->value->value, p->value->low, p->value->high};
            for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
                ed_buffer_text_append(out, k ? "," : "");
                ed_csv_cell(out, texts[k], 4096);
            }
            for (size_t k = 0; k < 3; k++) {
                char number[32] = "";
                if (k == 0 || p->value->has_span)
                    ed_json_format_real(number, values[k]);
                ed_buffer_printf(out, ",%s", number);
            }
            ed_buffer_printf(out, ",%zu,%s\r\n", p->segment, p->first ? "true" : "false");
        }
    }
}

enum ed_status ed_history_render_trend(const void *context, const struct ed_output_target *target,
                                       struct ed_buffer *out, struct ed_error *err) {
    const struct ed_history_view *view = context;
    enum ed_status status = ED_OK;
    if (strcmp(target->format, "plot") == 0)
        return ed_history_render_plot(view, target, out, err);
    if (strcmp(target->format, "json") == 0)
        trend_json(view, out);
    else if (strcmp(target->format, "csv") == 0)
        trend_csv(view, out);
    else {
        for (size_t i = 0; status == ED_OK && i < view->trends.n; i++)
            status = series_table(view, &view->trends.items[i], target, out, err);
        ed_buffer_text_append(
            out, target->columns && target->columns < 100
                     ? "changes are for finding a cause, not for blocking:\n`edgedyno gate` compares two "
                       "builds side by side\n"
                     : NOTE "\n");
    }
    return status;
}
