// SPDX-License-Identifier: Apache-2.0
// Judging records by requirements.
#include "reports/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/fields.h"
#include "reports/metric_unit.h"
#include "reports/text.h"

#define FIGURE_BYTES 48
#define DETAIL_BYTES 224

static const char *const verdict_words[] = {"", "pass", "inconclusive", "invalid", "fail"};

const char *ed_verdict_word(enum ed_verdict verdict) {
    return (unsigned)verdict <= ED_VERDICT_FAIL ? verdict_words[verdict] : "";
}

enum ed_verdict ed_verdict_of_word(const char *word) {
    for (int i = ED_VERDICT_PASS; i <= ED_VERDICT_FAIL; i++)
        if (strcmp(word, verdict_words[i]) == 0)
            return (enum ed_verdict)i;
    return ED_VERDICT_NONE;
}

enum ed_verdict ed_verdict_combine(enum ed_verdict a, enum ed_verdict b) {
    return a > b ? a : b;
}

static long double limit_of(const struct ed_requirement *r) {
    return r->limit_is_int ? (long double)r->limit : (long double)r->limit_real;
}

// Integers stay exact: a long double of at least 64 bits of mantissa, or values below 2^53 (104 days in ns).
static long double value_of(const struct ed_result *result, int field, int end) {
    enum ed_result_type type = ed_result_fields()[field].type;
    if (type == ED_RESULT_INT || type == ED_RESULT_SPANI)
        return (long double)ed_result_int(result, field, end);
    return (long double)ed_result_real(result, field, end);
}

static bool holds(enum ed_requirement_op op, long double value, long double limit) {
    switch (op) {
    case ED_OP_LE:
        return value <= limit;
    case ED_OP_LT:
        return value < limit;
    case ED_OP_GE:
        return value >= limit;
    case ED_OP_GT:
        return value > limit;
    case ED_OP_EQ:
        return value == limit;
    case ED_OP_NE:
        return value != limit;
    }
    return false;
}

// PASS where every value of low..high satisfies the requirement, FAIL where none does.
static enum ed_verdict interval_judge(enum ed_requirement_op op, long double low, long double high,
                                      long double limit) {
    bool low_holds = holds(op, low, limit), high_holds = holds(op, high, limit);
    bool inside = low <= limit && limit <= high, point = low == high;
    if (op == ED_OP_EQ || op == ED_OP_NE) {
        bool equal = point && low == limit;
        if (inside && !equal)
            return ED_VERDICT_INCONCLUSIVE;
        return equal == (op == ED_OP_EQ) ? ED_VERDICT_PASS : ED_VERDICT_FAIL;
    }
    if (low_holds && high_holds)
        return ED_VERDICT_PASS;
    return low_holds || high_holds ? ED_VERDICT_INCONCLUSIVE : ED_VERDICT_FAIL;
}

struct figure_unit {
    const char *unit; // of the table
    const char *word;
    double divisor;
};

// Largest unit in which `value` is at least 1.
static struct figure_unit unit_pick(const char *unit, double value) {
    static const struct figure_unit units[] = {
        {"ns", "s", 1e9},          {"ns", "ms", 1e6},         {"ns", "us", 1e3},      {"ns", "ns", 1},
        {"bytes", "GiB", 1 << 30}, {"bytes", "MiB", 1 << 20}, {"bytes", "KiB", 1024}, {"bytes", "B", 1},
        {"uj", "J", 1e6},          {"uj", "mJ", 1e3},         {"uj", "uJ", 1},        {"mc", "C", 1000},
        {"mw", "W", 1e3},          {"mw", "mW", 1},           {"1/s", "/s", 1},
    };
    struct figure_unit found = {unit, "", 1};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].unit, unit) != 0)
            continue;
        found = units[i];
        if (fabs(value) >= units[i].divisor)
            break;
    }
    return found;
}

// Whether the figure is shown in percent. What a program says has no unit of its own: its limit's counts.
static bool is_share(const struct ed_requirement *r, const struct ed_result *result) {
    const char *metric = result->has[ED_FIELD_accuracy_metric] ? result->accuracy_metric : NULL;
    bool drop;
    if (!ed_metric_decides(r->field, &drop))
        return ed_metric_is_fraction(r->field);
    const enum ed_scale_kind kind = ed_metric_scale(metric, drop);
    return kind == ED_SCALE_SHARE || (kind == ED_SCALE_FINE && strchr(r->text, '%'));
}

// `value` with so many decimals that it stands on the same side of the limit as unrounded, three digits at
// least: a figure must not read "50.0 ms" where it failed "<= 50 ms".
static void figure_print(char text[FIGURE_BYTES], const struct ed_requirement *r,
                         const struct ed_result *result, double value) {
    const struct ed_result_field *row = &ed_result_fields()[r->field];
    const double limit = (double)limit_of(r);
    const bool share = is_share(r, result);
    bool drop;
    struct figure_unit unit = unit_pick(row->unit, value);
    if (ed_metric_decides(r->field, &drop) && !share)
        unit.word = ed_metric_unit(result->accuracy_metric, drop);
    double scaled = share ? value * 100 : value / unit.divisor,
           bound = share ? limit * 100 : limit / unit.divisor;
    bool whole = row->type == ED_RESULT_INT && !*row->unit;
    int decimals = whole ? 0 : share ? 2 : fabs(scaled) >= 100 ? 0 : fabs(scaled) >= 10 ? 1 : 2;
    if (unit.divisor == 1 && (row->type == ED_RESULT_INT || row->type == ED_RESULT_SPANI))
        decimals = 0;
    else if (!share && !*row->unit && fabs(scaled) < 1 && !whole)
        decimals = 4;
    for (; decimals < 6; decimals++) {
        double step = pow(10, decimals), rounded = round(scaled * step) / step;
        if ((value < limit) == (rounded < bound) && (value > limit) == (rounded > bound))
            break;
    }
    ed_text_fixed(text, FIGURE_BYTES, scaled, decimals, false);
    snprintf(text + strlen(text), FIGURE_BYTES - strlen(text), "%s%s",
             share                             ? " %"
             : *unit.word && *unit.word != '/' ? " "
                                               : "",
             unit.word);
}

static bool code_is_invalid(const struct ed_reason *reason) {
    return strncmp(reason->code, ED_INVALID_CODE, strlen(ED_INVALID_CODE)) == 0;
}

// A reason stands for a key, for a group of keys, or for the whole record.
static const struct ed_reason *invalid_find(const struct ed_result *result, int field) {
    const char *key = ed_result_fields()[field].key, *group = ed_result_fields()[field].group;
    for (size_t i = 0; i < result->n_reasons && i < ED_REASONS_MAX; i++) {
        const struct ed_reason *reason = &result->reasons[i];
        if (code_is_invalid(reason) &&
            (*reason->key == '\0' || strcmp(reason->key, key) == 0 || strcmp(reason->key, group) == 0))
            return reason;
    }
    return NULL;
}

static void reason_words(char *detail, size_t bytes, const struct ed_reason *reason, const char *otherwise) {
    if (!reason)
        snprintf(detail, bytes, "%s", otherwise);
    else if (*reason->text)
        snprintf(detail, bytes, "%s", reason->text);
    else
        snprintf(detail, bytes, "%s", reason->code);
}

static enum ed_verdict number_judge(const struct ed_requirement *r, const struct ed_result *result,
                                    char *detail, size_t bytes) {
    const char *key = ed_result_fields()[r->field].key;
    char value[FIGURE_BYTES], low[FIGURE_BYTES], high[FIGURE_BYTES];
    long double limit = limit_of(r);
    figure_print(value, r, result, (double)value_of(result, r->field, r->end));
    if (r->end != 0 || !ed_result_has_ends(r->field)) {
        snprintf(detail, bytes, "%s", value);
        return holds(r->op, value_of(result, r->field, r->end), limit) ? ED_VERDICT_PASS : ED_VERDICT_FAIL;
    }
    if (!result->has_span[r->field]) {
        char why[DETAIL_BYTES];
        bool of_task = strcmp(ed_result_fields()[r->field].group, "accuracy") == 0;
        bool few = result->has[ED_FIELD_blocks] && result->blocks < 6 && !of_task;
        reason_words(why, sizeof why, ed_result_reason_find(result, key),
                     few ? "the interval needs 6 blocks; use -r 6 or more" : "it has no interval");
        snprintf(detail, bytes, "%s, but %s", value, why);
        return ED_VERDICT_INCONCLUSIVE;
    }
    double lower, upper;
    if (!ed_result_number(result, r->field, -1, &lower) || !ed_result_number(result, r->field, 1, &upper) ||
        lower > upper) {
        snprintf(detail, bytes, "%s, but its interval is not one of finite numbers", value);
        return ED_VERDICT_INCONCLUSIVE;
    }
    figure_print(low, r, result, (double)value_of(result, r->field, -1));
    figure_print(high, r, result, (double)value_of(result, r->field, 1));
    snprintf(detail, bytes, "%s (%s to %s)", value, low, high);
    return interval_judge(r->op, value_of(result, r->field, -1), value_of(result, r->field, 1), limit);
}

static enum ed_verdict text_judge(const struct ed_requirement *r, const struct ed_result *result,
                                  char *detail, size_t bytes) {
    bool equal;
    if (ed_result_fields()[r->field].type == ED_RESULT_BOOL) {
        bool value = ed_result_bool(result, r->field);
        snprintf(detail, bytes, "%s", value ? "true" : "false");
        equal = value == (r->limit != 0);
    } else {
        snprintf(detail, bytes, "%s", ed_result_text(result, r->field));
        equal = strcmp(ed_result_text(result, r->field), r->limit_text) == 0;
    }
    return equal == (r->op == ED_OP_EQ) ? ED_VERDICT_PASS : ED_VERDICT_FAIL;
}

static bool ran(const struct ed_result *result) {
    return !result->has[ED_FIELD_outcome] || strcmp(result->outcome, "ok") == 0;
}

// Times, rates and energies: what a simulator or a software GPU cannot tell.
static bool is_speed(int field) {
    const struct ed_result_field *row = &ed_result_fields()[field];
    return strcmp(row->unit, "ns") == 0 || strcmp(row->unit, "1/s") == 0 || strcmp(row->unit, "uj") == 0 ||
           field == ED_FIELD_deadline_miss_share;
}

bool ed_requirement_applies(const struct ed_requirement *r, const struct ed_result *result) {
    if (!r->metric[0])
        return true;
    return result->has[ED_FIELD_accuracy_metric] && !strcmp(r->metric, result->accuracy_metric);
}

enum ed_verdict ed_requirement_judge(const struct ed_requirement *r, const struct ed_result *result,
                                     char *detail, size_t bytes) {
    const char *key = ed_result_fields()[r->field].key;
    enum ed_result_type type = ed_result_fields()[r->field].type;
    const struct ed_reason *invalid = invalid_find(result, r->field);
    double finite;
    bool about_outcome = r->field == ED_FIELD_outcome || r->field == ED_FIELD_died_in_phase;
    if (!ran(result) && !about_outcome) {
        bool phase = !ed_result_is_null(result, ED_FIELD_died_in_phase);
        snprintf(detail, bytes, "%s%s%s", result->outcome, phase ? " in " : "",
                 phase ? result->died_in_phase : "");
        return strcmp(result->outcome, "cancelled") == 0 ? ED_VERDICT_INCONCLUSIVE : ED_VERDICT_FAIL;
    }
    if (invalid) {
        reason_words(detail, bytes, invalid, "");
        return ED_VERDICT_INVALID;
    }
    if (is_speed(r->field) && result->has[ED_FIELD_simulated] && result->simulated) {
        snprintf(detail, bytes, "simulated: times are not speed");
        return ED_VERDICT_INVALID;
    }
    if (ed_result_is_null(result, r->field)) {
        const struct ed_reason *why = ed_result_reason_find(result, key);
        reason_words(detail, bytes, why, "not measured");
        return why && strcmp(why->code, ED_REASON_WRONG_OUTPUT) == 0 ? ED_VERDICT_FAIL
                                                                     : ED_VERDICT_INCONCLUSIVE;
    }
    if (type == ED_RESULT_TEXT || type == ED_RESULT_BOOL)
        return text_judge(r, result, detail, bytes);
    if (r->end != 0 && !result->has_span[r->field]) {
        reason_words(detail, bytes, ed_result_reason_find(result, key), "it has no interval");
        return ED_VERDICT_INCONCLUSIVE;
    }
    if (!ed_result_number(result, r->field, r->end, &finite)) {
        snprintf(detail, bytes, "the value is not a finite number");
        return ED_VERDICT_INCONCLUSIVE;
    }
    return number_judge(r, result, detail, bytes);
}

// Takes out the reasons of an earlier judgement.
static void judgement_clear(struct ed_result *result) {
    size_t kept = 0;
    for (size_t i = 0; i < result->n_reasons; i++)
        if (strncmp(result->reasons[i].code, ED_REQUIREMENT_CODE, strlen(ED_REQUIREMENT_CODE)) != 0)
            result->reasons[kept++] = result->reasons[i];
    result->n_reasons = kept;
}

// The judgement comes first, the record's own reasons behind it: a full list never swallows why a case
// failed.
static void reasons_put_first(struct ed_result *result, const struct ed_reason *first, size_t n) {
    size_t own = result->n_reasons, room = ED_REASONS_MAX - n;
    size_t fit = own <= room ? own : room;
    size_t dropped = 0;
    for (size_t i = fit; i < own; i++)
        dropped += ed_result_reason_count(&result->reasons[i]);
    memmove(result->reasons + n, result->reasons, fit * sizeof *first);
    memcpy(result->reasons, first, n * sizeof *first);
    result->n_reasons = n + fit;
    if (dropped > 0)
        ed_result_reason_more(result, dropped);
}

enum ed_verdict ed_result_judge(struct ed_result *result, const struct ed_requirement *requirements,
                                size_t n) {
    struct ed_reason reasons[ED_REQUIREMENTS_MAX];
    enum ed_verdict all = ED_VERDICT_NONE, accuracy = ED_VERDICT_NONE, agreement = ED_VERDICT_NONE;
    size_t n_reasons = 0;
    if (n == 0)
        return ED_VERDICT_NONE;
    judgement_clear(result);
    for (size_t i = 0; i < n; i++) {
        const struct ed_requirement *r = &requirements[i];
        const char *group = ed_result_fields()[r->field].group;
        char detail[DETAIL_BYTES];
        if (r->of_baseline || !ed_requirement_applies(r, result))
            continue;
        enum ed_verdict one = ed_requirement_judge(r, result, detail, sizeof detail);
        bool of_accuracy = r->field == ED_FIELD_accuracy_value || r->field == ED_FIELD_accuracy_drop;
        // The reference agrees with itself; what has no reference is not judged by one.
        const bool of_agreement = strcmp(group, "agreement") == 0;
        all = ed_verdict_combine(all, one);
        if (of_accuracy && ran(result))
            accuracy =
                ed_verdict_combine(accuracy, one == ED_VERDICT_INVALID ? ED_VERDICT_INCONCLUSIVE : one);
        if (of_agreement && ran(result))
            agreement =
                ed_verdict_combine(agreement, one == ED_VERDICT_INVALID ? ED_VERDICT_INCONCLUSIVE : one);
        if (one == ED_VERDICT_FAIL && ran(result) &&
            (of_accuracy || of_agreement || strcmp(group, "placement") == 0))
            ED_RESULT_SET(result, speed_usable, false);
        if (n_reasons < sizeof reasons / sizeof reasons[0]) {
            struct ed_reason *reason = &reasons[n_reasons++];
            memset(reason, 0, sizeof *reason);
            snprintf(reason->key, sizeof reason->key, "%s", ed_result_fields()[r->field].key);
            snprintf(reason->code, sizeof reason->code, "%s%s", ED_REQUIREMENT_CODE, ed_verdict_word(one));
            snprintf(reason->text, sizeof reason->text, "%s: %.*s", r->text,
                     (int)(sizeof reason->text - strlen(r->text) - 3), detail);
        }
    }
    reasons_put_first(result, reasons, n_reasons);
    if (accuracy != ED_VERDICT_NONE)
        ED_RESULT_SET_TEXT(result, accuracy_verdict, ed_verdict_word(accuracy));
    if (agreement != ED_VERDICT_NONE)
        ED_RESULT_SET_TEXT(result, agreement_verdict, ed_verdict_word(agreement));
    ED_RESULT_SET_TEXT(result, verdict, ed_verdict_word(all));
    return all;
}
