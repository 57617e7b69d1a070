// SPDX-License-Identifier: Apache-2.0
// Parsing of requirements.
#include <string.h>

#include "base/nearest.h"
#include "base/units.h"
#include "reports/fields.h"
#include "reports/metric_unit.h"
#include "reports/verdict.h"

#define KEY_BYTES 64
#define NAMES_MAX 32

enum kind {
    KIND_DURATION,
    KIND_SIZE,
    KIND_SHARE,
    KIND_ENERGY,
    KIND_POWER,
    KIND_TEMPERATURE,
    KIND_RATE,
    KIND_COUNT,
    KIND_NUMBER,
    KIND_METRIC
};

static const char *kind_noun(enum kind kind) {
    static const char *const nouns[] = {
        "a duration (ns, us, ms, s, min, h)",
        "a size (B, KiB, MiB, GiB, kB, MB, GB)",
        "a share (1 % or 0.01)",
        "an energy (uJ, mJ, J)",
        "a power (mW, W)",
        "a temperature (C)",
        "a number a second (100)",
        "a whole number",
        "a number",
        "a figure in the metric's own unit (1 %, 40, 30 dB, 0.01 nats)",
    };
    return nouns[kind];
}

static enum kind field_kind(const struct ed_result_field *field) {
    bool real = field->type == ED_RESULT_REAL || field->type == ED_RESULT_SPANR;
    if (strcmp(field->unit, "ns") == 0)
        return KIND_DURATION;
    if (strcmp(field->unit, "bytes") == 0)
        return KIND_SIZE;
    if (strcmp(field->unit, "uj") == 0)
        return KIND_ENERGY;
    if (strcmp(field->unit, "mw") == 0)
        return KIND_POWER;
    if (strcmp(field->unit, "mc") == 0)
        return KIND_TEMPERATURE;
    if (strcmp(field->unit, "1/s") == 0)
        return KIND_RATE;
    if (*field->unit)
        return KIND_NUMBER;
    return real ? KIND_SHARE : KIND_COUNT;
}

// What `value` is, if not of the kind that was wanted; -1 where it is nothing known. A bare number belongs to
// no kind.
static int kind_of_value(const char *value) {
    int64_t whole;
    double real;
    if (ed_units_duration(value, &whole, NULL) == ED_OK)
        return KIND_DURATION;
    if (ed_units_size(value, &whole, NULL) == ED_OK)
        return KIND_SIZE;
    if (ed_units_energy(value, &real, NULL) == ED_OK)
        return KIND_ENERGY;
    if (ed_units_power(value, &real, NULL) == ED_OK)
        return KIND_POWER;
    if (ed_units_temperature(value, &real, NULL) == ED_OK)
        return KIND_TEMPERATURE;
    if (strchr(value, '%') && ed_units_share(value, &real, NULL) == ED_OK)
        return KIND_SHARE;
    return -1;
}

// "100 /s", "100/s", "100 1/s", "100 per s": the number alone.
static void rate_unit_cut(char *value) {
    static const char *const units[] = {"1/s", "/s", "per s", "s^-1"};
    size_t n = strlen(value);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i]);
        bool apart = n > unit && (value[n - unit - 1] == ' ' || units[i][0] == '/');
        if (!apart || strcmp(value + n - unit, units[i]) != 0)
            continue;
        n -= unit;
        while (n > 0 && value[n - 1] == ' ')
            n--;
        value[n] = '\0';
        return;
    }
}

// "1 %", "40", "30 dB", "0.01 nats".
static enum ed_status metric_parse(struct ed_requirement *out, const char *value, struct ed_error *err) {
    static const struct {
        const char *word;
        enum ed_limit_unit unit;
    } units[] = {{"dB", ED_LIMIT_DECIBEL}, {"nats", ED_LIMIT_NATS}};
    char number[ED_REQUIREMENT_TEXT_MAX + 1];
    if (strchr(value, '%')) {
        out->unit = ED_LIMIT_PERCENT;
        return ed_units_share(value, &out->limit_real, err);
    }
    snprintf(number, sizeof number, "%s", value);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(value), unit = strlen(units[i].word);
        if (n <= unit || strcmp(value + n - unit, units[i].word))
            continue;
        for (n -= unit; n > 0 && number[n - 1] == ' '; n--)
            ;
        number[n] = '\0';
        out->unit = units[i].unit;
    }
    return ed_units_number(number, &out->limit_real, err);
}

static enum ed_status number_parse(struct ed_requirement *out, const char *key, const char *text,
                                   struct ed_error *err) {
    bool drop;
    const bool of_task = ed_metric_decides(out->field, &drop);
    enum kind kind = of_task ? KIND_METRIC : field_kind(&ed_result_fields()[out->field]);
    struct ed_error cause = {0};
    enum ed_status status = ED_OK;
    char value[ED_REQUIREMENT_TEXT_MAX + 1];
    snprintf(value, sizeof value, "%s", text);
    switch (kind) {
    case KIND_DURATION:
        status = ed_units_duration(value, &out->limit, &cause);
        out->limit_is_int = true;
        break;
    case KIND_SIZE:
        status = ed_units_size(value, &out->limit, &cause);
        out->limit_is_int = true;
        break;
    case KIND_COUNT:
        status = ed_units_integer(value, &out->limit, &cause);
        out->limit_is_int = true;
        break;
    case KIND_SHARE:
        status = ed_units_share(value, &out->limit_real, &cause);
        break;
    case KIND_METRIC:
        status = metric_parse(out, value, &cause);
        break;
    case KIND_ENERGY:
        status = ed_units_energy(value, &out->limit_real, &cause);
        break;
    case KIND_POWER:
        status = ed_units_power(value, &out->limit_real, &cause);
        break;
    case KIND_TEMPERATURE:
        status = ed_units_temperature(value, &out->limit_real, &cause);
        break;
    case KIND_RATE:
        rate_unit_cut(value);
        status = ed_units_number(value, &out->limit_real, &cause);
        break;
    case KIND_NUMBER:
        status = ed_units_number(value, &out->limit_real, &cause);
        break;
    }
    if (status == ED_OK)
        return ED_OK;
    int other = kind_of_value(value);
    if (other >= 0 && other != (int)kind)
        return ed_fail(err, ED_ERR_USAGE, out->text, "%s is compared with %s, but \"%s\" is %s", key,
                       kind_noun(kind), text, kind_noun((enum kind)other));
    return ed_fail(err, ED_ERR_USAGE, out->text, "%s is compared with %s: %s", key, kind_noun(kind),
                   cause.message);
}

// What stands behind "baseline": nothing, or a sign and a value.
static enum ed_status baseline_parse(struct ed_requirement *out, const char *key, const char *text,
                                     struct ed_error *err) {
    const bool less = *text == '-', share = field_kind(&ed_result_fields()[out->field]) == KIND_SHARE;
    enum ed_status status = ED_OK;
    out->of_baseline = true;
    if (out->metric[0])
        return ed_fail(err, ED_ERR_USAGE, out->text,
                       "against a baseline write accuracy_drop, which is judged sample by sample: "
                       "\"accuracy_drop <= 1 %%\"");
    if (out->op == ED_OP_EQ || out->op == ED_OP_NE)
        return ed_fail(err, ED_ERR_USAGE, out->text, "only <= < >= > compare with the baseline");
    out->relative = !share;
    if (*text == '\0')
        return ED_OK;
    if (!less && *text != '+')
        return ed_fail(err, ED_ERR_USAGE, out->text,
                       "behind \"baseline\" stands nothing, or + or - and a value: \"%s <= baseline + 2 %%\"",
                       key);
    text += 1 + strspn(text + 1, " \t\r\n");
    out->relative = !share && strchr(text, '%') != NULL;
    if (out->relative) {
        struct ed_error cause = {0};
        status = ed_units_share(text, &out->limit_real, &cause);
        if (status != ED_OK)
            return ed_fail(err, ED_ERR_USAGE, out->text, "%s", cause.message);
    } else {
        struct ed_error cause = {0};
        double value;
        status = number_parse(out, key, text, &cause);
        // Who leaves the unit out may as well have meant a share of the baseline.
        const bool bare = status != ED_OK && ed_units_number(text, &value, NULL) == ED_OK;
        if (status != ED_OK)
            ed_fail(err, status, cause.where, "%s%s%.40s%s", cause.message, bare ? "; or \"" : "",
                    bare ? text : "", bare ? " %\" of the baseline" : "");
    }
    if (status == ED_OK && less) {
        out->limit = -out->limit;
        out->limit_real = -out->limit_real;
    }
    if (status == ED_OK && out->relative && out->limit_real <= -1)
        return ed_fail(err, ED_ERR_USAGE, out->text, "less than nothing of the baseline is no limit");
    return status;
}

static bool is_word_of(const char *words, const char *value) {
    size_t n = strlen(value);
    for (const char *p = words; *p;) {
        size_t length = strcspn(p, "|");
        if (length == n && memcmp(p, value, n) == 0)
            return true;
        p += length + (p[length] == '|');
    }
    return false;
}

static enum ed_status text_parse(struct ed_requirement *out, const char *key, const char *value,
                                 struct ed_error *err) {
    const char *words = ed_result_words(out->field);
    if (words && !is_word_of(words, value))
        return ed_fail(err, ED_ERR_USAGE, out->text, "%s is never \"%s\"; it is one of: %s", key, value,
                       words);
    snprintf(out->limit_text, sizeof out->limit_text, "%s", value);
    return ED_OK;
}

static enum ed_status bool_parse(struct ed_requirement *out, const char *key, const char *value,
                                 struct ed_error *err) {
    bool yes = strcmp(value, "true") == 0 || strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "false") != 0 && strcmp(value, "no") != 0)
        return ed_fail(err, ED_ERR_USAGE, out->text, "%s is true or false, not \"%s\"", key, value);
    out->limit = yes;
    out->limit_is_int = true;
    return ED_OK;
}

// What people call figures of tasks, in the words that stand here.
static const char *other_word(const char *key) {
    static const struct {
        const char *key, *words;
    } others[] = {
        {"accuracy", "accuracy_drop (against the reference), or the metric's own name, such as top-1"},
        {"wer", "word-error-rate"},
        {"ppl", "perplexity"},
        {"kld", "kl-divergence"},
        {"kl", "kl-divergence"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].key, key) == 0)
            return others[i].words;
    return NULL;
}

static enum ed_status key_find(struct ed_requirement *out, const char *key, struct ed_error *err) {
    const char *known[ED_FIELD_COUNT + NAMES_MAX + 1] = {0};
    out->field = ed_result_find(key, &out->end);
    if (out->field >= 0)
        return ED_OK;
    if (ed_metric_is_name(key)) {
        out->field = ED_FIELD_accuracy_value;
        snprintf(out->metric, sizeof out->metric, "%s", key);
        return ED_OK;
    }
    for (int i = 0; i < ED_FIELD_COUNT; i++)
        known[i] = ed_result_fields()[i].key;
    for (size_t i = 0; ed_metric_names()[i] && i < NAMES_MAX; i++)
        known[ED_FIELD_COUNT + i] = ed_metric_names()[i];
    const char *near = other_word(key) ? other_word(key) : ed_nearest(key, known);
    if (near)
        return ed_fail(err, ED_ERR_USAGE, out->text,
                       "there is no result key or metric \"%s\"; the nearest is %s", key, near);
    return ed_fail(err, ED_ERR_USAGE, out->text,
                   "there is no result key or metric \"%s\"; write for example \"latency_p90_ns <= 50 ms\"",
                   key);
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The operator at `text`, and its length; 0 where there is none.
static size_t op_scan(const char *text, enum ed_requirement_op *op) {
    static const struct {
        const char *word;
        enum ed_requirement_op op;
    } ops[] = {{"<=", ED_OP_LE}, {">=", ED_OP_GE}, {"==", ED_OP_EQ},
               {"!=", ED_OP_NE}, {"<", ED_OP_LT},  {">", ED_OP_GT}};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        size_t n = strlen(ops[i].word);
        if (strncmp(text, ops[i].word, n) == 0) {
            *op = ops[i].op;
            return n;
        }
    }
    return 0;
}

static enum ed_status text_copy(struct ed_requirement *out, const char *text, struct ed_error *err) {
    while (is_space(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && is_space(text[n - 1]))
        n--;
    if (n > ED_REQUIREMENT_TEXT_MAX)
        return ed_fail(err, ED_ERR_USAGE, NULL, "a requirement has at most %d characters: \"%.60s...\"",
                       ED_REQUIREMENT_TEXT_MAX, text);
    memcpy(out->text, text, n);
    for (const char *p = out->text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return ed_fail(err, ED_ERR_USAGE, NULL, "a requirement is one line of plain text");
    return ED_OK;
}

// What the metric's figures are, and a limit on one as an example.
static const char *figures_noun(enum ed_scale_kind kind) {
    switch (kind) {
    case ED_SCALE_SHARE:
        return "a share, in percent or as a fraction of 1";
    case ED_SCALE_DECIBEL:
        return "in decibels: write \"30 dB\"";
    case ED_SCALE_NATS:
        return "in nats: write \"0.01 nats\"";
    default:
        return "a plain number, without a unit";
    }
}

enum ed_status ed_requirement_fits(const struct ed_requirement *r, const char *metric, struct ed_error *err) {
    bool drop;
    if (!ed_metric_decides(r->field, &drop) || (r->metric[0] && strcmp(r->metric, metric)))
        return ED_OK;
    const enum ed_scale_kind kind = ed_metric_scale(metric, drop);
    const bool bare = r->unit == ED_LIMIT_BARE, percent = r->unit == ED_LIMIT_PERCENT;
    const bool fits = kind == ED_SCALE_SHARE     ? bare || percent
                      : kind == ED_SCALE_DECIBEL ? bare || r->unit == ED_LIMIT_DECIBEL
                      : kind == ED_SCALE_NATS    ? bare || percent || r->unit == ED_LIMIT_NATS
                      : kind == ED_SCALE_FINE    ? bare || percent
                                                 : bare;
    if (!fits)
        return ed_fail(err, ED_ERR_USAGE, r->text, "the %s of the metric %s is %s", drop ? "drop" : "value",
                       metric, figures_noun(kind));
    if (kind == ED_SCALE_SHARE && bare && (r->limit_real > 1 || r->limit_real < -1))
        return ed_fail(err, ED_ERR_USAGE, r->text,
                       "the %s of the metric %s is a share, and %g as a fraction is outside -1 to 1; write a "
                       "percent sign (\"%g %%\") if that is meant",
                       drop ? "drop" : "value", metric, r->limit_real, r->limit_real);
    return ED_OK;
}

enum ed_status ed_requirement_parse(struct ed_requirement *out, const char *text, struct ed_error *err) {
    char key[KEY_BYTES];
    memset(out, 0, sizeof *out);
    enum ed_status status = text_copy(out, text, err);
    if (status)
        return status;
    size_t key_bytes = strcspn(out->text, "<>=! \t\r\n");
    size_t at = key_bytes;
    while (is_space(out->text[at]))
        at++;
    size_t op_bytes = op_scan(out->text + at, &out->op);
    if (key_bytes == 0 || op_bytes == 0) {
        bool single = out->text[at] == '=';
        return ed_fail(err, ED_ERR_USAGE, out->text,
                       "a requirement is KEY OP VALUE with OP one of <= < >= > == !=%s",
                       single ? "; for equality write ==" : ", for example \"latency_p90_ns <= 50 ms\"");
    }
    snprintf(key, sizeof key, "%.*s", (int)(key_bytes < sizeof key ? key_bytes : sizeof key - 1), out->text);
    status = key_find(out, key, err);
    if (status)
        return status;
    if (out->field == ED_FIELD_verdict || out->field == ED_FIELD_accuracy_verdict ||
        out->field == ED_FIELD_agreement_verdict || out->field == ED_FIELD_speed_usable)
        return ed_fail(
            err, ED_ERR_USAGE, out->text,
            "%s is what requirements decide, so none can ask for it; require accuracy_drop or another "
            "figure",
            key);
    const char *value = out->text + at + op_bytes;
    while (is_space(*value))
        value++;
    if (*value == '\0')
        return ed_fail(err, ED_ERR_USAGE, out->text, "the value is missing behind the operator");
    enum ed_result_type type = ed_result_fields()[out->field].type;
    if (type != ED_RESULT_TEXT && type != ED_RESULT_BOOL) {
        const size_t word = strlen("baseline");
        if (strncmp(value, "baseline", word) == 0 && strchr(" \t\r\n+-", value[word]))
            return baseline_parse(out, key, value + word + strspn(value + word, " \t\r\n"), err);
        status = number_parse(out, key, value, err);
        return status == ED_OK && out->metric[0] ? ed_requirement_fits(out, out->metric, err) : status;
    }
    if (out->op != ED_OP_EQ && out->op != ED_OP_NE)
        return ed_fail(err, ED_ERR_USAGE, out->text, "%s is %s; only == and != compare it", key,
                       type == ED_RESULT_TEXT ? "a text" : "true or false");
    return type == ED_RESULT_TEXT ? text_parse(out, key, value, err) : bool_parse(out, key, value, err);
}
