// SPDX-License-Identifier: Apache-2.0
// The columns of figures: which there are, and their values in one unit a column.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/energy_scope.h"
#include "reports/fields.h"
#include "reports/metric_unit.h"
#include "reports/text.h"
#include "reports/view_columns.h"

#define PEAK (-1) // the largest of the peaks of resident memory
// Values and drops of metrics that are no shares, by their units.
#define DECIBELS (-2)
#define PERPLEXITY (-3)
#define NATS (-4)
#define SCORE (-5)
#define NATS_DROP (-6)
#define SCORE_DROP (-7)
#define ERRORS (-8) // the value of a metric that counts errors, as a share
#define NUMBER_BYTES 48
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum shown { ALWAYS, NARROW_ONLY, WIDE_ONLY };

struct figure {
    int field;
    const char *head;
    enum ed_scale_kind kind;
    int digits;
    bool speed;
    enum shown shown;
    int rank;
};

static const struct figure figures[] = {
    {ED_FIELD_blocks, "blocks", ED_SCALE_COUNT, 3, false, WIDE_ONLY, 21},
    {ED_FIELD_real_time_factor, "RTF", ED_SCALE_PLAIN, 3, true, ALWAYS, 1},
    {ED_FIELD_prefill_tokens_per_s, "prefill", ED_SCALE_TOKENS, 3, true, ALWAYS, 1},
    {ED_FIELD_decode_tokens_per_s, "decode", ED_SCALE_TOKENS, 3, true, ALWAYS, 0},
    {ED_FIELD_time_to_first_token_ns, "first token", ED_SCALE_TIME, 3, true, WIDE_ONLY, 9},
    {ED_FIELD_encode_ns, "encode", ED_SCALE_TIME, 3, true, WIDE_ONLY, 11},
    {ED_FIELD_inter_token_p50_ns, "token p50", ED_SCALE_TIME, 3, true, WIDE_ONLY, 17},
    {ED_FIELD_inter_token_p99_ns, "token p99", ED_SCALE_TIME, 3, true, WIDE_ONLY, 13},
    {ED_FIELD_latency_p50_ns, "latency p50", ED_SCALE_TIME, 3, true, ALWAYS, 0},
    {ED_FIELD_latency_mean_ns, "mean", ED_SCALE_TIME, 3, true, ALWAYS, 1},
    {ED_FIELD_latency_p90_ns, "p90", ED_SCALE_TIME, 3, true, ALWAYS, 4},
    {ED_FIELD_latency_p95_ns, "p95", ED_SCALE_TIME, 3, true, WIDE_ONLY, 16},
    {ED_FIELD_latency_p99_ns, "p99", ED_SCALE_TIME, 3, true, WIDE_ONLY, 10},
    {ED_FIELD_throughput_per_s, "rate", ED_SCALE_RATE, 3, true, ALWAYS, 8},
    {ED_FIELD_throughput_burst_per_s, "burst", ED_SCALE_RATE, 3, true, ALWAYS, 9},
    {ED_FIELD_throughput_sustained_per_s, "sustained", ED_SCALE_RATE, 3, true, ALWAYS, 1},
    {ED_FIELD_throughput_retention, "retention", ED_SCALE_SHARE, 3, true, ALWAYS, 2},
    {ED_FIELD_deadline_miss_share, "missed", ED_SCALE_SHARE, 3, true, ALWAYS, 3},
    {ED_FIELD_first_inference_ns, "first", ED_SCALE_TIME, 3, true, WIDE_ONLY, 18},
    {ED_FIELD_load_ns, "load", ED_SCALE_TIME, 3, true, WIDE_ONLY, 12},
    {ED_FIELD_load_cold_cache_ns, "cold load", ED_SCALE_TIME, 3, true, WIDE_ONLY, 20},
    {PEAK, "peak mem", ED_SCALE_SIZE, 3, false, NARROW_ONLY, 2},
    {ED_FIELD_memory_load_peak_bytes, "load peak", ED_SCALE_SIZE, 3, false, WIDE_ONLY, 3},
    {ED_FIELD_memory_after_load_bytes, "after load", ED_SCALE_SIZE, 3, false, WIDE_ONLY, 14},
    {ED_FIELD_memory_inference_peak_bytes, "run peak", ED_SCALE_SIZE, 3, false, WIDE_ONLY, 2},
    {ED_FIELD_energy_per_inference_uj, "energy", ED_SCALE_ENERGY, 3, false, WIDE_ONLY, 5},
    {ED_FIELD_temperature_peak_mc, "hottest", ED_SCALE_TEMPERATURE, 3, false, WIDE_ONLY, 22},
    {ED_FIELD_accuracy_value, "accuracy", ED_SCALE_SHARE, 4, false, ALWAYS, 6},
    {ED_FIELD_word_error_rate, "word errors", ED_SCALE_SHARE, 3, false, ALWAYS, 6},
    {ERRORS, "corpus WER", ED_SCALE_SHARE, 4, false, ALWAYS, 6},
    {DECIBELS, "SQNR", ED_SCALE_DECIBEL, 4, false, ALWAYS, 6},
    {PERPLEXITY, "perplexity", ED_SCALE_PLAIN, 4, false, ALWAYS, 6},
    {NATS, "divergence", ED_SCALE_NATS, 3, false, ALWAYS, 6},
    {SCORE, "score", ED_SCALE_FINE, 4, false, ALWAYS, 6},
    {ED_FIELD_accuracy_drop, "drop", ED_SCALE_SHARE, 3, false, ALWAYS, 0},
    {NATS_DROP, "drop", ED_SCALE_NATS, 3, false, ALWAYS, 0},
    {SCORE_DROP, "drop", ED_SCALE_FINE, 3, false, ALWAYS, 0},
    {ED_FIELD_agreement_cosine, "cosine", ED_SCALE_FINE, 4, false, WIDE_ONLY, 24},
    {ED_FIELD_agreement_sqnr_db, "SQNR dB", ED_SCALE_PLAIN, 3, false, WIDE_ONLY, 11},
    {ED_FIELD_agreement_max_abs, "max diff", ED_SCALE_FINE, 2, false, WIDE_ONLY, 25},
    {ED_FIELD_agreement_top1, "same top", ED_SCALE_SHARE, 3, false, WIDE_ONLY, 23},
};

bool ed_view_figure_of(int field, const char *metric, struct ed_view_figure *out) {
    bool drop;
    if (!ed_view_figure(field, out))
        return false;
    if (ed_metric_decides(field, &drop))
        out->kind = ed_metric_scale(metric, drop);
    return true;
}

bool ed_view_figure(int field, struct ed_view_figure *out) {
    static const struct {
        const char *unit;
        enum ed_scale_kind kind;
    } kinds[] = {{"ns", ED_SCALE_TIME},   {"bytes", ED_SCALE_SIZE},     {"1/s", ED_SCALE_RATE},
                 {"uj", ED_SCALE_ENERGY}, {"mc", ED_SCALE_TEMPERATURE}, {"", ED_SCALE_COUNT}};
    const struct ed_result_field *row = &ed_result_fields()[field];
    if (row->type == ED_RESULT_TEXT || row->type == ED_RESULT_BOOL)
        return false;
    for (size_t i = 0; i < COUNT(figures); i++) {
        const struct figure *figure = &figures[i];
        if (figure->field != field)
            continue;
        *out = (struct ed_view_figure){figure->head, figure->kind, figure->digits, figure->speed};
        return true;
    }
    *out = (struct ed_view_figure){row->key, ED_SCALE_COUNT, 3,
                                   strcmp(row->group, "latency") == 0 || strcmp(row->group, "language") == 0};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(row->unit, kinds[i].unit) == 0)
            out->kind = kinds[i].kind;
    if (!*row->unit && row->type != ED_RESULT_INT)
        out->kind = ED_SCALE_SHARE; // numbers without a unit are fractions
    return true;
}

static bool is_latency(int field) {
    return field == ED_FIELD_throughput_per_s ||
           (field >= 0 && field < ED_FIELD_COUNT && !strncmp(ed_result_fields()[field].key, "latency_", 8));
}

// What an inference of so many tokens takes as a whole is said by its tokens.
static bool is_language(const struct ed_result *result) {
    return !result->has[ED_FIELD_real_time_factor] &&
           (result->has[ED_FIELD_prefill_tokens_per_s] || result->has[ED_FIELD_decode_tokens_per_s]);
}

bool ed_view_no_share(const struct ed_result *result) {
    return result->has[ED_FIELD_accuracy_metric] &&
           ed_metric_scale(result->accuracy_metric, false) != ED_SCALE_SHARE;
}

// The result key that a column shows; its own figures stand for themselves.
static int key_of(int field) {
    return field == NATS_DROP || field == SCORE_DROP ? ED_FIELD_accuracy_drop
           : field < PEAK                            ? ED_FIELD_accuracy_value
                                                     : field;
}

static bool is_word_errors(const struct ed_result *result) {
    return result->has[ED_FIELD_accuracy_metric] && !strcmp(result->accuracy_metric, "word-error-rate");
}

// Whether the row's metric has this column's unit; errors have a column of their own.
static bool has_unit(const struct ed_result *result, int field) {
    const char *metric = result->has[ED_FIELD_accuracy_metric] ? result->accuracy_metric : NULL;
    bool drop;
    if (!ed_metric_decides(key_of(field), &drop))
        return true;
    if (!drop && (field == ERRORS || field == ED_FIELD_accuracy_value) &&
        is_word_errors(result) != (field == ERRORS))
        return false;
    for (size_t i = 0; i < COUNT(figures); i++)
        if (figures[i].field == field)
            return figures[i].kind == ed_metric_scale(metric, drop);
    return true;
}

struct value {
    bool known, span, lower_bound;
    double value, low, high;
};

static struct value value_get(const struct ed_view *view, size_t row, int field) {
    const struct ed_result *result = view->rows[row];
    static const int peaks[] = {ED_FIELD_memory_load_peak_bytes, ED_FIELD_memory_warmup_peak_bytes,
                                ED_FIELD_memory_inference_peak_bytes};
    struct value v = {0};
    double one;
    if (!ed_view_ran(result) || (is_latency(field) && is_language(result)) || !has_unit(result, field) ||
        (view->scoped && !ed_energy_of_scope(result, view->scope)))
        return v;
    field = key_of(field);
    if (field != PEAK) {
        v.known = ed_result_number(result, field, 0, &v.value);
        v.span = v.known && ed_result_has_ends(field) && ed_result_number(result, field, -1, &v.low) &&
                 ed_result_number(result, field, 1, &v.high);
        return v;
    }
    for (int i = 0; i < 3; i++) {
        if (ed_result_number(result, peaks[i], 0, &one)) {
            v.value = v.known && v.value > one ? v.value : one;
            v.known = true;
        } else if (i != 1) {
            v.lower_bound = true;
        }
    }
    return v;
}

static bool has_room_for_span(const struct ed_view *view, int field) {
    if (view->style == ED_VIEW_FULL)
        return key_of(field) >= 0;
    return field == ED_FIELD_latency_p50_ns || field == ED_FIELD_latency_mean_ns ||
           key_of(field) == ED_FIELD_accuracy_drop || field == ED_FIELD_prefill_tokens_per_s ||
           field == ED_FIELD_decode_tokens_per_s;
}

// "12.31" and "±0.12", or "12.31" and "12.19 to 12.43".
static void number_texts(const struct ed_view *view, const struct figure *figure,
                         const struct ed_scale *scale, const struct value *v, char value[NUMBER_BYTES],
                         char span[2 * NUMBER_BYTES]) {
    value[0] = span[0] = '\0';
    if (!v->known) {
        snprintf(value, NUMBER_BYTES, "-");
        return;
    }
    if (v->lower_bound)
        snprintf(value, NUMBER_BYTES, ">=");
    size_t used = strlen(value);
    ed_text_fixed(value + used, NUMBER_BYTES - used, v->value / scale->divisor, scale->decimals, false);
    if (!v->span || !has_room_for_span(view, figure->field))
        return;
    if (view->style == ED_VIEW_FULL) {
        char low[NUMBER_BYTES], high[NUMBER_BYTES];
        ed_text_fixed(low, sizeof low, v->low / scale->divisor, scale->decimals, false);
        ed_text_fixed(high, sizeof high, v->high / scale->divisor, scale->decimals, false);
        snprintf(span, (size_t)2 * NUMBER_BYTES, "[%.40s to %.40s]", low, high);
    } else {
        char half[NUMBER_BYTES];
        double farther = fmax(v->value - v->low, v->high - v->value);
        ed_text_fixed(half, sizeof half, farther / scale->divisor, scale->decimals, true);
        snprintf(span, (size_t)2 * NUMBER_BYTES, "\xC2\xB1%s", half);
    }
}

static void figure_cells(struct ed_view *view, const struct figure *figure, struct ed_view_column *column,
                         const struct ed_scale *scale) {
    char value[NUMBER_BYTES], span[2 * NUMBER_BYTES];
    size_t value_width = 0, span_width = 0;
    bool struck = false;
    const char *why;
    for (size_t i = 0; i < view->n_rows; i++) {
        struct value v = value_get(view, i, figure->field);
        number_texts(view, figure, scale, &v, value, span);
        value_width = strlen(value) > value_width ? strlen(value) : value_width;
        span_width = ed_text_width(span) > span_width ? ed_text_width(span) : span_width;
        struck = struck || (v.known && figure->speed && !ed_view_speed_usable(view->rows[i], &why));
    }
    view->has_spans = view->has_spans || (span_width > 0);
    for (size_t i = 0; i < view->n_rows; i++) {
        struct ed_buffer text;
        struct value v = value_get(view, i, figure->field);
        bool row_struck = v.known && figure->speed && !ed_view_speed_usable(view->rows[i], &why);
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        number_texts(view, figure, scale, &v, value, span);
        ed_text_repeat(&text, ' ', value_width - strlen(value) + (struck && !row_struck));
        ed_buffer_printf(&text, "%s%s", row_struck ? "(" : "", value);
        bool gap_first = span_width > 0 && view->style != ED_VIEW_FULL && *span;
        ed_text_repeat(&text, ' ', gap_first ? 1 + span_width - ed_text_width(span) : *span ? 1 : 0);
        ed_buffer_printf(&text, "%s%s", span, row_struck ? ")" : struck ? " " : "");
        size_t used = *span == '\0' ? 0 : 1 + (gap_first ? span_width : ed_text_width(span));
        ed_text_repeat(&text, ' ', span_width > 0 ? 1 + span_width - used : 0);
        ed_view_cell_take(view, column, i, &text);
    }
}

static void figure_column(struct ed_view *view, const struct figure *figure) {
    double smallest = INFINITY, largest = 0, narrowest = INFINITY;
    bool any = false;
    for (size_t i = 0; i < view->n_rows; i++) {
        struct value v = value_get(view, i, figure->field);
        double size = fabs(v.value);
        any = any || v.known;
        if (v.known && size > 0)
            smallest = size < smallest ? size : smallest;
        largest = v.known && size > largest ? size : largest;
        double half =
            v.span && has_room_for_span(view, figure->field) ? fmax(v.value - v.low, v.high - v.value) : 0;
        narrowest = half > 0 && half < narrowest ? half : narrowest;
    }
    if (!any)
        return;
    struct ed_scale scale = ed_scale_pick(figure->kind, largest > 0 ? smallest : 0, largest, figure->digits);
    // An interval of a few units of the last digit needs one digit more, or it says too little.
    bool fine = scale.divisor > 1 || figure->kind == ED_SCALE_RATE;
    if (fine && scale.decimals < 3 && narrowest / scale.divisor < 5 * pow(10, -scale.decimals))
        scale.decimals++;
    struct ed_view_column *column = ed_view_column_add(view, figure->head, scale.unit, key_of(figure->field));
    if (!column)
        return;
    column->figure = true;
    column->speed = figure->speed;
    column->rank = figure->rank;
    figure_cells(view, figure, column, &scale);
    ed_view_width_update(view, column);
}

// Energies of sensors that cover different things never share a column.
static void figure_columns(struct ed_view *view, const struct figure *figure) {
    struct ed_energy_column columns[ED_ENERGY_SCOPES_MAX];
    if (!ed_energy_scoped(figure->field)) {
        figure_column(view, figure);
        return;
    }
    const size_t n = ed_energy_columns(view->rows, view->n_rows, figure->field, figure->head, columns);
    for (size_t i = 0; i < n; i++) {
        struct figure one = *figure;
        one.head = columns[i].head;
        view->scoped = true;
        view->scope = columns[i].scope;
        figure_column(view, &one);
    }
    view->scoped = false;
}

// A mean is shown where a row has no median: a model too fast for the clock is timed in batches.
static bool is_wanted(const struct ed_view *view, const struct figure *figure) {
    if (figure->shown == (view->style == ED_VIEW_NARROW ? WIDE_ONLY : NARROW_ONLY))
        return false;
    if (figure->field != ED_FIELD_latency_mean_ns)
        return true;
    for (size_t i = 0; i < view->n_rows; i++)
        if (ed_result_is_null(view->rows[i], ED_FIELD_latency_p50_ns) && ed_view_ran(view->rows[i]))
            return true;
    return false;
}

void ed_view_figures_add(struct ed_view *view) {
    for (size_t i = 0; i < COUNT(figures); i++)
        if (is_wanted(view, &figures[i]))
            figure_columns(view, &figures[i]);
}
