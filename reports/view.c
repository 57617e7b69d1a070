// SPDX-License-Identifier: Apache-2.0
// Builds the grid of texts: identity columns, figures in one unit a column, the verdict.
#include "reports/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/energy_scope.h"
#include "reports/fields.h"
#include "reports/metric_unit.h"
#include "reports/naming.h"
#include "reports/order.h"
#include "reports/text.h"

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

bool ed_view_ran(const struct ed_result *result) {
    return ed_result_is_null(result, ED_FIELD_outcome) || strcmp(result->outcome, "ok") == 0;
}

bool ed_view_outcome(const struct ed_result *result, struct ed_buffer *out) {
    if (ed_view_ran(result))
        return false;
    ed_text_visible(out, result->outcome, sizeof result->outcome);
    if (!ed_result_is_null(result, ED_FIELD_died_in_phase)) {
        ed_buffer_text_append(out, " in ");
        ed_text_visible(out, result->died_in_phase, sizeof result->died_in_phase);
    }
    if (result->has[ED_FIELD_blocks] && result->blocks > 0)
        ed_buffer_printf(out, ", %" PRId64 " block%s ok", result->blocks, result->blocks == 1 ? "" : "s");
    return true;
}

bool ed_view_speed_usable(const struct ed_result *result, const char **why) {
    bool accuracy = strcmp(result->accuracy_verdict, "fail") == 0 && result->has[ED_FIELD_accuracy_verdict];
    const struct ed_reason *wrong = ed_result_reason_find(result, "agreement_cosine");
    bool agreement =
        (strcmp(result->agreement_verdict, "fail") == 0 && result->has[ED_FIELD_agreement_verdict]) ||
        (wrong && strcmp(wrong->code, ED_REASON_WRONG_OUTPUT) == 0);
    *why = NULL;
    if (result->has[ED_FIELD_speed_usable] && !result->speed_usable)
        *why = accuracy    ? "accuracy failed: do not use the speed"
               : agreement ? "outputs disagree: do not use the speed"
                           : "placement failed: do not use the speed";
    else if (result->has[ED_FIELD_simulated] && result->simulated)
        *why = "simulated: times are not speed";
    return *why == NULL;
}

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

static struct ed_view_column *column_add(struct ed_view *view, const char *head, const char *unit,
                                         int field) {
    struct ed_view_column *column = &view->columns[view->n_columns];
    memset(column, 0, sizeof *column);
    column->head = head;
    column->unit = unit;
    column->field = field;
    column->cells = calloc(view->n_rows ? view->n_rows : 1, sizeof *column->cells);
    if (!column->cells) {
        view->no_memory = true;
        return NULL;
    }
    view->n_columns++;
    return column;
}

static void cell_take(struct ed_view *view, struct ed_view_column *column, size_t row,
                      struct ed_buffer *text) {
    size_t bytes;
    ed_buffer_text_append(text, "");
    column->cells[row] = text->data ? ed_buffer_detach(text, &bytes) : strdup("");
    if (!column->cells[row])
        view->no_memory = true;
}

static void width_update(struct ed_view *view, struct ed_view_column *column) {
    size_t head = ed_text_width(column->head), unit = ed_text_width(column->unit);
    column->width = head > unit ? head : unit;
    for (size_t i = 0; i < view->n_rows && !view->no_memory; i++) {
        size_t cell = ed_text_width(column->cells[i]);
        column->width = cell > column->width ? cell : column->width;
    }
}

static void identity_column(struct ed_view *view, enum ed_naming naming) {
    const struct ed_naming_kind *kind = ed_naming_kind(naming);
    struct ed_view_column *column = column_add(view, kind->head, "", kind->field);
    if (!column)
        return;
    column->identity = !kind->how;
    column->rank = column->identity ? 0 : 19;
    for (size_t i = 0; i < view->n_rows; i++) {
        struct ed_buffer text;
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_naming_text(&text, view->rows[i], naming);
        cell_take(view, column, i, &text);
    }
    width_update(view, column);
}

static bool identity_differs(const struct ed_view *view, enum ed_naming naming) {
    for (size_t i = 1; i < view->n_rows; i++)
        if (!ed_naming_equal(view->rows[i], view->rows[0], naming))
            return true;
    return false;
}

bool ed_view_group_begins(const struct ed_view *view, size_t row) {
    bool begins = view->n_groups > 0 && row == 0;
    for (size_t i = 0; i < view->n_groups && row > 0 && !begins; i++)
        begins = !ed_order_same(view->rows[row], view->rows[row - 1], view->groups[i]);
    return begins;
}

void ed_view_group_text(const struct ed_view *view, size_t row, struct ed_buffer *out) {
    for (size_t i = 0; i < view->n_groups; i++) {
        ed_buffer_text_append(out, i ? " \xC2\xB7 " : "");
        ed_naming_key_text(out, view->rows[row], view->groups[i]);
    }
}

// Whether the line above each group says it for all of its rows.
static bool identity_is_grouped(const struct ed_view *view, enum ed_naming naming) {
    bool named = false;
    for (size_t i = 0; i < view->n_groups; i++)
        named = named || view->groups[i] == ED_ORDER_CASE || view->groups[i] == ed_naming_kind(naming)->field;
    for (size_t i = 1; i < view->n_rows && named; i++)
        named = ed_view_group_begins(view, i) || ed_naming_equal(view->rows[i], view->rows[i - 1], naming);
    return named;
}

// "onnxruntime@1.27.0/cpu" is one word where both halves are equal in every row.
static void constant_append(struct ed_view *view, enum ed_naming naming) {
    struct ed_buffer *out = &view->constants, text;
    ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
    if (view->n_rows > 0)
        ed_naming_text(&text, view->rows[0], naming);
    if (text.size > 0) {
        bool joined = naming == ED_NAMING_BACKEND && view->engine_is_constant,
             unproven = naming == ED_NAMING_RAN_ON && strncmp(ed_buffer_text(&text), "not ", 4) == 0;
        if (out->size > 0)
            ed_buffer_text_append(out, joined ? "/" : " \xC2\xB7 ");
        ed_buffer_text_append(out, unproven ? "placement " : ed_naming_kind(naming)->constant);
        ed_buffer_text_append(out, ed_buffer_text(&text));
        view->engine_is_constant = view->engine_is_constant || naming == ED_NAMING_ENGINE;
    }
    view->no_memory = view->no_memory || text.no_memory;
    ed_buffer_release(&text);
}

// `how` picks those that say how a case went; `name` has a column in any case (ED_NAMING_COUNT: none).
static void identities_build(struct ed_view *view, bool how, enum ed_naming name) {
    bool several_devices = false;
    for (int id = 0; id < ED_NAMING_COUNT; id++) {
        enum ed_naming naming = (enum ed_naming)id;
        if (ed_naming_kind(naming)->how != how || identity_is_grouped(view, naming))
            continue;
        if (identity_differs(view, naming) || naming == name) {
            if (naming == ED_NAMING_DEVICE)
                several_devices = true;
            else if (!how || view->style != ED_VIEW_NARROW)
                identity_column(view, naming);
        } else if (ed_naming_kind(naming)->constant) {
            constant_append(view, naming);
        }
    }
    // Last, beside the figures: the rows of one case are compared by it.
    if (several_devices)
        identity_column(view, ED_NAMING_DEVICE);
}

// A row must be called something, also where nothing tells it apart.
static enum ed_naming name_pick(const struct ed_view *view) {
    if (view->n_groups > 0)
        return ED_NAMING_COUNT; // the line above says it
    for (int id = 0; id < ED_NAMING_COUNT; id++)
        if (!ed_naming_kind((enum ed_naming)id)->how && identity_differs(view, (enum ed_naming)id))
            return ED_NAMING_COUNT;
    return view->n_rows > 0 && ed_result_is_null(view->rows[0], ED_FIELD_variant) ? ED_NAMING_MODEL
                                                                                  : ED_NAMING_VARIANT;
}

struct value {
    bool known, span, lower_bound;
    double value, low, high;
};

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
        cell_take(view, column, i, &text);
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
    struct ed_view_column *column = column_add(view, figure->head, scale.unit, key_of(figure->field));
    if (!column)
        return;
    column->figure = true;
    column->speed = figure->speed;
    column->rank = figure->rank;
    figure_cells(view, figure, column, &scale);
    width_update(view, column);
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

static void verdict_column(struct ed_view *view) {
    bool any = false;
    for (size_t i = 0; i < view->n_rows; i++)
        any = any || !ed_result_is_null(view->rows[i], ED_FIELD_verdict);
    struct ed_view_column *column = any ? column_add(view, "verdict", "", ED_FIELD_verdict) : NULL;
    if (!column)
        return;
    for (size_t i = 0; i < view->n_rows; i++) {
        struct ed_buffer text;
        bool none = ed_result_is_null(view->rows[i], ED_FIELD_verdict);
        ed_buffer_init(&text, ED_REPORT_MAX_BYTES);
        ed_text_visible(&text, none ? "-" : view->rows[i]->verdict, ED_RESULT_TEXT_BYTES);
        cell_take(view, column, i, &text);
    }
    width_update(view, column);
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

enum ed_status ed_view_init(struct ed_view *view, const struct ed_report_info *info,
                            const struct ed_result *const *rows, size_t n_rows, enum ed_view_style style,
                            struct ed_error *err) {
    memset(view, 0, sizeof *view);
    view->style = style;
    view->rows = rows;
    view->n_rows = n_rows;
    view->groups = info->groups;
    view->n_groups = info->n_groups;
    ed_buffer_init(&view->constants, ED_REPORT_MAX_BYTES);
    identities_build(view, false, name_pick(view));
    for (size_t i = 0; i < COUNT(figures); i++)
        if (is_wanted(view, &figures[i]))
            figure_columns(view, &figures[i]);
    identities_build(view, true, ED_NAMING_COUNT);
    verdict_column(view);
    if (!ed_view_again_fill(view) || view->no_memory || view->constants.no_memory)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "not enough memory for a table of %zu cases", n_rows);
    return ED_OK;
}

void ed_view_release(struct ed_view *view) {
    for (size_t i = 0; i < view->n_columns; i++) {
        for (size_t row = 0; row < view->n_rows; row++)
            free(view->columns[i].cells[row]);
        free(view->columns[i].cells);
    }
    ed_buffer_release(&view->constants);
    free(view->again);
    memset(view, 0, sizeof *view);
}
