// SPDX-License-Identifier: Apache-2.0
// The list of campaigns and cases: table, JSON, CSV.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "harness/cli/command_history.h"
#include "harness/cli/grid.h"
#include "reports/csv_cell.h"
#include "reports/scale.h"
#include "reports/text.h"
#include "reports/view.h"

#define DEVICE_WIDTH 20

static bool is_whole(int field) {
    const enum ed_result_type type = ed_result_fields()[field].type;
    return type == ED_RESULT_INT || type == ED_RESULT_SPANI;
}

const char *ed_history_metric(const struct ed_trend_series *series) {
    return series->n && series->points[0].record->accuracy_metric[0]
               ? series->points[0].record->accuracy_metric
               : NULL;
}

void ed_history_figure(char *text, size_t bytes, const struct ed_trend_series *series, double value,
                       double low, double high) {
    const int field = series->field;
    struct ed_view_figure figure;
    char number[64];
    if (!ed_view_figure_of(field, ed_history_metric(series), &figure)) {
        const char *unit = ed_result_fields()[field].unit;
        ed_json_format_real(number, value);
        snprintf(text, bytes, "%s%s%s", number, unit[0] ? " " : "", unit);
        return;
    }
    const struct ed_scale scale = ed_scale_pick(figure.kind, low, high, figure.digits);
    ed_text_fixed(number, sizeof number, value / scale.divisor, scale.decimals, false);
    snprintf(text, bytes, "%s%s%s", number, scale.unit[0] ? " " : "", scale.unit);
}

static enum ed_status list_campaigns(const struct ed_history_view *view,
                                     const struct ed_output_target *target, struct ed_buffer *out,
                                     struct ed_error *err) {
    static const char *const heads[] = {"STARTED", "CASES", "BLOCKS", "CAMPAIGN"};
    struct ed_grid grid;
    size_t r = 0;
    ed_grid_init(&grid, heads, 4);
    for (size_t i = 0; i < view->history.n_campaigns; i++) {
        const struct ed_history_campaign *c = &view->history.campaigns[i];
        size_t cases = 0;
        for (; r < view->history.n_records && view->history.records[r].campaign == i; r++)
            cases++;
        ed_grid_add(&grid, "%.10s %.5s", c->started_utc,
                    strlen(c->started_utc) > 11 ? c->started_utc + 11 : "");
        ed_grid_add(&grid, "%zu", cases);
        if (c->blocks_done < c->blocks_planned)
            ed_grid_add(&grid, "%" PRId64 " of %" PRId64, c->blocks_done, c->blocks_planned);
        else
            ed_grid_add(&grid, "%" PRId64, c->blocks_done);
        ed_grid_add(&grid, "%s%s%s%s%s%s", c->id, c->suite[0] ? " " : "", c->suite, c->label[0] ? " " : "",
                    c->label, ed_history_partial(c) ? " (partial)" : "");
    }
    enum ed_status status = ed_grid_print(&grid, target->columns, out, err);
    ed_grid_release(&grid);
    return status;
}

static void add_series(struct ed_grid *grid, const struct ed_trend_series *series) {
    const struct ed_trend_point *last = &series->points[series->n - 1];
    char figure[64], device[80];
    const size_t bytes = ed_text_prefix(series->device, DEVICE_WIDTH);
    const double size = fabs(last->value->value);
    snprintf(device, sizeof device, "%.*s%s", (int)bytes, series->device, series->device[bytes] ? "~" : "");
    ed_history_figure(figure, sizeof figure, series, last->value->value, size, size);
    ed_grid_add(grid, "%s", device);
    ed_grid_add(grid, "%zu", series->n);
    ed_grid_add(grid, "%s%s%s", figure, last->mark[0] ? " " : "", last->mark);
    ed_grid_add(grid, "%s%s%s", series->words, series->field == ED_FIELD_latency_p50_ns ? "" : "  ",
                series->field == ED_FIELD_latency_p50_ns ? "" : ed_result_fields()[series->field].key);
}

static enum ed_status list_cases(const struct ed_history_view *view, const struct ed_output_target *target,
                                 struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"DEVICE", "TIMES", "LATEST", "CASE"};
    struct ed_trends trends;
    struct ed_grid grid;
    enum ed_status status =
        ed_trends_make(&trends, &view->history, view->fields, view->n_fields, view->asked, NULL, err);
    if (status != ED_OK)
        return status;
    ed_grid_init(&grid, heads, 4);
    for (size_t i = 0; i < trends.n; i++)
        if (trends.items[i].n)
            add_series(&grid, &trends.items[i]);
    status = ed_grid_print(&grid, target->columns, out, err);
    ed_grid_release(&grid);
    ed_trends_release(&trends);
    return status;
}

static void number_json(struct ed_json_writer *json, const char *key, const char *end, int field,
                        double value) {
    char name[96];
    snprintf(name, sizeof name, "%s%s", key, end);
    if (is_whole(field))
        ed_json_int(json, name, (int64_t)llround(value));
    else
        ed_json_real(json, name, value);
}

static void record_json(struct ed_json_writer *json, const struct ed_history_record *r) {
    ed_json_object_begin(json, NULL);
    ed_json_text(json, "case", r->case_id);
    ed_json_text(json, "device", r->device);
    ed_json_text(json, "target", r->target);
    ed_json_text(json, "engine", r->engine);
    ed_json_text(json, "engine_version", r->engine_version);
    ed_json_text(json, "engine_build_sha256", r->engine_build_sha256);
    ed_json_text(json, "backend", r->backend);
    ed_json_text(json, "processor", r->processor);
    ed_json_text(json, "model", r->model);
    ed_json_text(json, "variant", r->variant);
    ed_json_text(json, "model_sha256", r->model_sha256);
    ed_json_int(json, "threads", r->threads);
    ed_json_text(json, "options", r->options);
    ed_json_text(json, "workload", r->workload);
    ed_json_text(json, "accuracy_metric", r->accuracy_metric);
    ed_json_bool(json, "simulated", r->simulated);
    ed_json_text(json, "outcome", r->outcome);
    ed_json_text(json, "verdict", r->verdict[0] ? r->verdict : NULL);
    ed_json_text(json, "invalid", r->invalid);
    ed_json_text(json, "hardware", r->hardware);
    for (size_t i = 0; i < r->n_values; i++) {
        const struct ed_history_value *v = &r->values[i];
        const char *key = ed_result_fields()[v->field].key;
        number_json(json, key, "", v->field, v->value);
        if (v->has_span) {
            number_json(json, key, "_low", v->field, v->low);
            number_json(json, key, "_high", v->field, v->high);
        }
    }
    ed_json_object_end(json);
}

static void list_json(const struct ed_history *history, struct ed_buffer *out) {
    struct ed_json_writer json;
    size_t r = 0;
    ed_json_writer_init(&json, out, true);
    ed_json_object_begin(&json, NULL);
    ed_json_array_begin(&json, "campaigns");
    for (size_t i = 0; i < history->n_campaigns; i++) {
        const struct ed_history_campaign *c = &history->campaigns[i];
        ed_json_object_begin(&json, NULL);
        ed_json_text(&json, "campaign", c->id);
        ed_json_text(&json, "started", c->started_utc);
        ed_json_text(&json, "suite", c->suite);
        ed_json_text(&json, "label", c->label);
        ed_json_text(&json, "edgedyno", c->version);
        ed_json_int(&json, "blocks_planned", c->blocks_planned);
        ed_json_int(&json, "blocks_done", c->blocks_done);
        ed_json_int(&json, "devices_absent", c->devices_absent);
        ed_json_bool(&json, "partial", ed_history_partial(c));
        ed_json_array_begin(&json, "records");
        for (; r < history->n_records && history->records[r].campaign == i; r++)
            record_json(&json, &history->records[r]);
        ed_json_array_end(&json);
        ed_json_object_end(&json);
    }
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_buffer_append(out, "\n", 1);
}

static void number_csv(struct ed_buffer *out, double value) {
    char text[32];
    ed_json_format_real(text, value);
    ed_buffer_printf(out, ",%s", text);
}

static void list_csv(const struct ed_history *history, struct ed_buffer *out) {
    ed_buffer_text_append(
        out, "campaign,started,suite,label,partial,case,device,engine,engine_version,"
             "engine_build_sha256,backend,model,variant,model_sha256,threads,options,workload,"
             "accuracy_metric,outcome,verdict,invalid,hardware,key,value,value_low,value_high\r\n");
    for (size_t i = 0; i < history->n_records; i++) {
        const struct ed_history_record *r = &history->records[i];
        const struct ed_history_campaign *c = &history->campaigns[r->campaign];
        char threads[32];
        snprintf(threads, sizeof threads, "%" PRId64, r->threads);
        const char *const texts[] = {c->id,
                                     c->started_utc,
                                     c->suite,
                                     c->label,
                                     ed_history_partial(c) ? "true" : "false",
                                     r->case_id,
                                     r->device,
                                     r->engine,
                                     r->engine_version,
                                     r->engine_build_sha256,
                                     r->backend,
                                     r->model,
                                     r->variant,
                                     r->model_sha256,
                                     threads,
                                     r->options,
                                     r->workload,
                                     r->accuracy_metric,
                                     r->outcome,
                                     r->verdict,
                                     r->invalid,
                                     r->hardware};
        for (size_t v = 0; v < r->n_values; v++) {
            for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
                ed_buffer_text_append(out, k ? "," : "");
                ed_csv_cell(out, texts[k], 4096);
            }
            ed_buffer_printf(out, ",%s", ed_result_fields()[r->values[v].field].key);
            number_csv(out, r->values[v].value);
            if (r->values[v].has_span) {
                number_csv(out, r->values[v].low);
                number_csv(out, r->values[v].high);
            } else
                ed_buffer_text_append(out, ",,");
            ed_buffer_text_append(out, "\r\n");
        }
    }
}

enum ed_status ed_history_render_list(const void *context, const struct ed_output_target *target,
                                      struct ed_buffer *out, struct ed_error *err) {
    const struct ed_history_view *view = context;
    enum ed_status status = ED_OK;
    if (strcmp(target->format, "json") == 0)
        list_json(&view->history, out);
    else if (strcmp(target->format, "csv") == 0)
        list_csv(&view->history, out);
    else {
        status = list_campaigns(view, target, out, err);
        ed_buffer_append(out, "\n", 1);
        if (status == ED_OK)
            status = list_cases(view, target, out, err);
    }
    return status;
}
