// SPDX-License-Identifier: Apache-2.0
// Series and their change points.
#include "harness/history/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/changepoint.h"

// Barrett et al., "Virtual machine warmup blows hot and cold", OOPSLA 2017.
#define PENALTY(n) (15 * log((double)(n)))
// Differences below a thousandth are none that a campaign can repeat.
#define FLOOR_SHARE 0.001

struct item {
    const struct ed_history_record *record;
    char key[2048];    // what makes the series
    const char *along; // order: the start of the first campaign with its label's value
    char place[136];
    bool has_place;
    bool exact; // the build of the engine is part of the key
};

// The case's words; without the build of the engine where that may differ.
static void make_words(char out[ED_TREND_TEXT_BYTES], const struct item *item) {
    const struct ed_history_record *r = item->record;
    const char *engine = r->engine[0] ? strstr(r->case_id, r->engine) : NULL;
    const char *at = engine ? engine + strlen(r->engine) : NULL;
    const char *end = at && *at == '@' ? strchr(at, '/') : NULL;
    if (item->exact || !end)
        snprintf(out, ED_TREND_TEXT_BYTES, "%s", r->case_id);
    else
        snprintf(out, ED_TREND_TEXT_BYTES, "%.*s%s", (int)(at - r->case_id), r->case_id, end);
    if (r->accuracy_metric[0]) {
        const size_t used = strlen(out);
        snprintf(out + used, ED_TREND_TEXT_BYTES - used, " (%s)", r->accuracy_metric);
    }
}

static void make_key(struct item *item) {
    const struct ed_history_record *r = item->record;
    snprintf(item->key, sizeof item->key, "%s\n%s\n%s\n%s\n%s\n%lld\n%s\n%s\n%s\n%s", r->device, r->model,
             r->variant, r->engine, r->backend, (long long)r->threads, r->options, r->workload,
             r->accuracy_metric, item->exact ? r->case_id : "");
}

static int by_series(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    const int series = strcmp(x->key, y->key);
    if (series)
        return series;
    if (x->has_place != y->has_place)
        return x->has_place ? -1 : 1;
    const int along = strcmp(x->along, y->along);
    const int place = along ? along : strcmp(x->place, y->place);
    if (place)
        return place;
    // Records lie in the order of their campaigns' starts.
    return x->record < y->record ? -1 : x->record > y->record;
}

static void find_places(struct item *items, const struct ed_history *history, const char *along) {
    for (size_t i = 0; i < history->n_records; i++) {
        const struct ed_history_campaign *c = &history->campaigns[items[i].record->campaign];
        items[i].along = c->started_utc;
        items[i].has_place = true;
        if (!along)
            snprintf(items[i].place, sizeof items[i].place, "%s", c->started_utc);
        else
            items[i].has_place = ed_history_label(c->label, along, items[i].place, sizeof items[i].place);
    }
}

struct first {
    const char *place, *started;
};

static int by_place(const void *a, const void *b) {
    const struct first *x = a, *y = b;
    const int place = strcmp(x->place, y->place);
    return place ? place : strcmp(x->started, y->started);
}

static int by_place_alone(const void *a, const void *b) {
    return strcmp(((const struct first *)a)->place, ((const struct first *)b)->place);
}

// A commit that was measured again later stands where it was measured first.
static enum ed_status order_places(struct item *items, size_t n, struct ed_error *err) {
    struct first *all = calloc(n + 1, sizeof *all);
    size_t kept = 0;
    if (!all)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the trend");
    for (size_t i = 0; i < n; i++)
        all[i] = (struct first){items[i].place, items[i].along};
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(all[kept - 1].place, all[i].place) != 0)
            all[kept++] = all[i];
    for (size_t i = 0; i < n; i++) {
        const struct first key = {items[i].place, ""};
        const struct first *found = bsearch(&key, all, kept, sizeof *all, by_place_alone);
        items[i].along = found ? found->started : items[i].along;
    }
    free(all);
    return ED_OK;
}

// A campaign that measures several builds of an engine has as many series.
static void tell_apart(struct item *items, size_t n) {
    for (size_t begin = 0, end; begin < n; begin = end) {
        bool twice = false;
        for (end = begin + 1; end < n && strcmp(items[end].key, items[begin].key) == 0; end++)
            twice = twice || (items[end].record->campaign == items[end - 1].record->campaign &&
                              strcmp(items[end].record->case_id, items[end - 1].record->case_id) != 0);
        for (size_t i = begin; i < end; i++)
            items[i].exact = twice;
    }
    for (size_t i = 0; i < n; i++)
        make_key(&items[i]);
}

// Times of a simulator are no speed, and those of another processor are not of this series.
static bool is_time(int field) {
    const char *group = ed_result_fields()[field].group;
    return !strcmp(group, "latency") || !strcmp(group, "language") || !strcmp(group, "power");
}

static const char *mark_of(const struct ed_trend_point *point, int field) {
    if (point->record->outcome[0] && strcmp(point->record->outcome, "ok") != 0)
        return point->record->outcome;
    if (point->record->fell_back)
        return "fell back";
    if (point->record->simulated && is_time(field))
        return "simulated";
    // What voids a latency voids no memory; where the store does not know what was void, all was.
    if (ed_history_void(point->record, field) ||
        (!strcmp(point->record->verdict, "invalid") && !point->record->invalid[0]))
        return "invalid";
    if (point->campaign->blocks_done < point->campaign->blocks_planned)
        return "partial";
    return "";
}

static void describe(struct ed_trend_series *series, size_t segment) {
    struct ed_trend_segment *s = &series->segments[segment];
    double m2 = 0;
    for (size_t i = 0; i < series->n; i++) {
        const struct ed_trend_point *p = &series->points[i];
        if (p->segment != segment || p->mark[0])
            continue;
        const double delta = p->value->value - s->mean;
        s->mean += delta / (double)++s->n;
        m2 += delta * (p->value->value - s->mean);
    }
    s->sd = s->n > 1 ? sqrt(m2 / (double)(s->n - 1)) : 0;
}

// Points with a mark belong to the segment of the one before.
static void assign(struct ed_trend_series *series, const struct ed_changepoint_work *work) {
    size_t at = 0, segment = 0;
    for (size_t i = 0; i < series->n; i++) {
        struct ed_trend_point *p = &series->points[i];
        if (!p->mark[0]) {
            if (series->searched && segment + 1 < series->n_segments && at == work->ends[segment]) {
                segment++;
                p->first = true;
            }
            at++;
        }
        p->segment = segment;
    }
}

static enum ed_status search(struct ed_trend_series *series, struct ed_error *err) {
    struct ed_changepoint_work *work = malloc(sizeof *work);
    double *values = calloc(series->n + 1, sizeof *values);
    double size = 0;
    size_t n = 0;
    enum ed_status status = ED_OK;
    series->n_segments = 1;
    for (size_t i = 0; values && i < series->n; i++)
        if (!series->points[i].mark[0]) {
            values[n] = series->points[i].value->value;
            size += fabs(values[n++]);
        }
    if (work && values && n >= ED_TREND_LEAST && n <= ED_CHANGEPOINT_MAX) {
        const double least = FLOOR_SHARE * size / (double)n;
        const size_t found =
            ed_changepoint_find(values, n, least > 0 ? least * least : 1e-30, PENALTY(n), work);
        series->searched = found > 0;
        series->n_segments = found ? found : 1;
    }
    series->segments = calloc(series->n_segments, sizeof *series->segments);
    if (!work || !values || !series->segments)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the trend");
    else
        assign(series, work);
    for (size_t s = 0; status == ED_OK && s < series->n_segments; s++)
        describe(series, s);
    free(work);
    free(values);
    return status;
}

static enum ed_status add_series(struct ed_trends *trends, const struct ed_history *history,
                                 const struct item *items, size_t n, int field, struct ed_error *err) {
    struct ed_trend_series *grown = realloc(trends->items, (trends->n + 1) * sizeof *grown);
    if (!grown)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the trend");
    trends->items = grown;
    struct ed_trend_series *series = &grown[trends->n++];
    memset(series, 0, sizeof *series);
    series->field = field;
    series->device = items[0].record->device;
    make_words(series->words, &items[0]);
    series->points = calloc(n, sizeof *series->points);
    if (!series->points)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the trend");
    for (size_t i = 0; i < n; i++) {
        const struct ed_history_value *value = ed_history_find(items[i].record, field);
        if (!value)
            continue;
        if (!items[i].has_place) {
            series->left_out++;
            continue;
        }
        struct ed_trend_point *point = &series->points[series->n++];
        *point = (struct ed_trend_point){.record = items[i].record,
                                         .campaign = &history->campaigns[items[i].record->campaign],
                                         .value = value};
        memcpy(point->place, items[i].place, sizeof point->place);
        point->mark = mark_of(point, field);
    }
    return search(series, err);
}

static bool has_field(const struct item *items, size_t n, int field) {
    for (size_t i = 0; i < n; i++)
        if (ed_history_find(items[i].record, field))
            return true;
    return false;
}

enum ed_status ed_trends_make(struct ed_trends *trends, const struct ed_history *history, const int *fields,
                              size_t n_fields, bool each, const char *along, struct ed_error *err) {
    const size_t n = history->n_records;
    struct item *items = calloc(n + 1, sizeof *items);
    enum ed_status status = ED_OK;
    memset(trends, 0, sizeof *trends);
    if (!items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the trend");
    for (size_t i = 0; i < n; i++) {
        items[i].record = &history->records[i];
        items[i].along = "";
        make_key(&items[i]);
    }
    qsort(items, n, sizeof *items, by_series);
    tell_apart(items, n);
    find_places(items, history, along);
    if (along)
        status = order_places(items, n, err);
    qsort(items, n, sizeof *items, by_series);
    for (size_t begin = 0, end; status == ED_OK && begin < n; begin = end) {
        for (end = begin + 1; end < n && strcmp(items[end].key, items[begin].key) == 0; end++)
            ;
        bool any = false;
        for (size_t f = 0; status == ED_OK && f < n_fields && (each || !any); f++) {
            if (!has_field(items + begin, end - begin, fields[f]))
                continue;
            any = true;
            status = add_series(trends, history, items + begin, end - begin, fields[f], err);
        }
    }
    free(items);
    if (status != ED_OK)
        ed_trends_release(trends);
    return status;
}

void ed_trends_release(struct ed_trends *trends) {
    for (size_t i = 0; i < trends->n; i++) {
        free(trends->items[i].points);
        free(trends->items[i].segments);
    }
    free(trends->items);
    memset(trends, 0, sizeof *trends);
}
