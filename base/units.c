// SPDX-License-Identifier: Apache-2.0
// Values with units: parsing by one table per quantity, and printing for people.
#include "base/units.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define NUMBER_TEXT_MAX 63
#define DURATION_MAX_NS (INT64_C(365) * 24 * 3600 * 1000000000)

struct unit {
    const char *word;
    int64_t factor; // of the quantity's base unit
};

// One quantity: how messages call it, its units (words NULL-terminated), and those to list for the user.
struct quantity {
    const char *noun;
    const char *example;
    const char *listed;
    const struct unit *units;
};

// A number and where it ends. `integral` means that `whole` holds it exactly.
struct number {
    double real;
    bool integral, negative;
    uint64_t whole;
    const char *end;
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static double decimal_to_double(const char *text) {
    // newlocale of "C" hands out a static object: nothing is allocated, and the program's locale has no say.
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double value = NAN;
    if (c_locale != (locale_t)0) {
        value = strtod_l(text, NULL, c_locale);
        freelocale(c_locale);
    }
    return value;
}

// [+-] digits [. digits] [e [+-] digits]; an 'e' without digits behind it belongs to the unit.
static bool number_scan(struct number *out, const char *text) {
    const char *p = text;
    bool overflow = false;
    size_t digits = 0;

    memset(out, 0, sizeof *out);
    out->integral = true;
    if (*p == '+' || *p == '-')
        out->negative = *p++ == '-';
    for (; is_digit(*p); p++, digits++) {
        if (__builtin_mul_overflow(out->whole, (uint64_t)10, &out->whole) ||
            __builtin_add_overflow(out->whole, (uint64_t)(*p - '0'), &out->whole))
            overflow = true;
    }
    if (*p == '.') {
        out->integral = false;
        for (p++; is_digit(*p); p++)
            digits++;
    }
    if (digits == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        const char *q = p + 1;
        if (*q == '+' || *q == '-')
            q++;
        if (is_digit(*q)) {
            out->integral = false;
            while (is_digit(*q))
                q++;
            p = q;
        }
    }
    if (overflow)
        out->integral = false;
    out->end = p;

    char copy[NUMBER_TEXT_MAX + 1];
    size_t length = (size_t)(p - text);
    if (length > NUMBER_TEXT_MAX)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    out->real = decimal_to_double(copy);
    return isfinite(out->real);
}

static enum ed_status fail_not_number(struct ed_error *err, const char *text,
                                      const struct quantity *quantity) {
    if (*text == '\0')
        return ed_fail(err, ED_ERR_USAGE, NULL, "%s is missing; write for example \"%s\"", quantity->noun,
                       quantity->example);
    return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is not %s; write for example \"%s\"", text,
                   quantity->noun, quantity->example);
}

// Number and unit; *factor is that of the unit found.
static enum ed_status quantity_scan(const struct quantity *quantity, const char *text, struct number *number,
                                    int64_t *factor, struct ed_error *err) {
    if (!number_scan(number, text))
        return fail_not_number(err, text, quantity);
    const char *word = number->end;
    while (*word == ' ' || *word == '\t')
        word++;
    if (*word == '\0')
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" has no unit; write for example \"%s\" (units: %s)",
                       text, quantity->example, quantity->listed);
    for (const struct unit *unit = quantity->units; unit->word; unit++) {
        if (strcmp(unit->word, word) == 0) {
            *factor = unit->factor;
            return ED_OK;
        }
    }
    return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.40s\" in \"%.80s\" is not a unit of %s; units are %s", word,
                   text, quantity->noun, quantity->listed);
}

// Non-negative, in whole base units after rounding, 0..max. Integers are exact over the whole range.
static enum ed_status quantity_whole(const struct quantity *quantity, const char *text, int64_t max,
                                     const char *max_words, int64_t *out, struct ed_error *err) {
    struct number number;
    int64_t factor = 1;
    enum ed_status status = quantity_scan(quantity, text, &number, &factor, err);
    if (status)
        return status;
    if (number.negative && number.real != 0)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is negative; %s is at least 0", text,
                       quantity->noun);

    uint64_t whole = 0;
    bool too_large;
    if (number.integral) {
        too_large = __builtin_mul_overflow(number.whole, (uint64_t)factor, &whole) || whole > (uint64_t)max;
    } else {
        double scaled = round(number.real * (double)factor);
        // 2^63 is the first double that int64_t cannot hold.
        too_large = scaled >= 9223372036854775808.0 || (int64_t)scaled > max;
        if (!too_large)
            whole = (uint64_t)scaled;
        if (!too_large && whole == 0 && number.real != 0)
            return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is too small; the smallest step is 1 %s", text,
                           quantity->units[0].word);
    }
    if (too_large)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is too large; at most %s", text, max_words);
    *out = (int64_t)whole;
    return ED_OK;
}

enum ed_status ed_units_duration(const char *text, int64_t *out_ns, struct ed_error *err) {
    static const struct unit units[] = {{"ns", 1},
                                        {"us", 1000},
                                        {"\xc2\xb5s", 1000}, // U+00B5 micro sign
                                        {"\xce\xbcs", 1000}, // U+03BC Greek small mu
                                        {"ms", 1000000},
                                        {"s", 1000000000},
                                        {"min", INT64_C(60) * 1000000000},
                                        {"h", INT64_C(3600) * 1000000000},
                                        {NULL, 0}};
    static const struct quantity quantity = {"a duration", "5 ms", "ns, us, ms, s, min, h", units};
    return quantity_whole(&quantity, text, DURATION_MAX_NS, "8760 h (365 days)", out_ns, err);
}

enum ed_status ed_units_size(const char *text, int64_t *out_bytes, struct ed_error *err) {
    static const struct unit units[] = {{"B", 1},
                                        {"kB", 1000},
                                        {"MB", 1000000},
                                        {"GB", 1000000000},
                                        {"TB", INT64_C(1000000000000)},
                                        {"KiB", INT64_C(1) << 10},
                                        {"MiB", INT64_C(1) << 20},
                                        {"GiB", INT64_C(1) << 30},
                                        {"TiB", INT64_C(1) << 40},
                                        {NULL, 0}};
    static const struct quantity quantity = {"a size", "64 MiB", "B, KiB, MiB, GiB, TiB, kB, MB, GB, TB",
                                             units};
    return quantity_whole(&quantity, text, INT64_MAX, "8388607 TiB", out_bytes, err);
}

enum ed_status ed_units_share(const char *text, double *out, struct ed_error *err) {
    static const struct quantity quantity = {"a share", "1 %", "%", NULL};
    struct number number;
    if (!number_scan(&number, text))
        return fail_not_number(err, text, &quantity);
    const char *rest = number.end;
    while (*rest == ' ' || *rest == '\t')
        rest++;
    double limit = 1, value = number.real;
    if (strcmp(rest, "%") == 0) {
        limit = 100;
        value /= 100;
    } else if (rest[0] != '\0' || rest != number.end) {
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is not a share; write \"1 %%\" or 0.01", text);
    }
    if (fabs(value) > limit && limit == 1)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "\"%.80s\" as a fraction is outside -1 to 1; write a percent sign (\"%.40s %%\") if "
                       "that is meant",
                       text, text);
    if (fabs(value) > limit)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is outside -10000 %% to 10000 %%", text);
    *out = value;
    return ED_OK;
}

// A real number of thousandths of the quantity's second base; `min` in the unit of `out`.
static enum ed_status quantity_real(const struct quantity *quantity, const char *text, double divisor,
                                    double min, const char *min_words, double *out, struct ed_error *err) {
    struct number number;
    int64_t factor = 1;
    enum ed_status status = quantity_scan(quantity, text, &number, &factor, err);
    if (status)
        return status;
    double value = number.real * (double)factor / divisor;
    if (value < min)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is too low; %s is at least %s", text,
                       quantity->noun, min_words);
    if (value > 1e15)
        return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" is too large to be %s", text, quantity->noun);
    *out = value;
    return ED_OK;
}

enum ed_status ed_units_power(const char *text, double *out_mw, struct ed_error *err) {
    static const struct unit units[] = {{"uW", 1},      {"\xc2\xb5W", 1},   {"\xce\xbcW", 1}, {"mW", 1000},
                                        {"W", 1000000}, {"kW", 1000000000}, {NULL, 0}};
    static const struct quantity quantity = {"a power", "12.5 mW", "uW, mW, W, kW", units};
    return quantity_real(&quantity, text, 1000, 0, "0", out_mw, err);
}

enum ed_status ed_units_energy(const char *text, double *out_uj, struct ed_error *err) {
    static const struct unit units[] = {{"uJ", 1},      {"\xc2\xb5J", 1},   {"\xce\xbcJ", 1}, {"mJ", 1000},
                                        {"J", 1000000}, {"kJ", 1000000000}, {NULL, 0}};
    static const struct quantity quantity = {"an energy", "2 mJ", "uJ, mJ, J, kJ", units};
    return quantity_real(&quantity, text, 1, 0, "0", out_uj, err);
}

enum ed_status ed_units_temperature(const char *text, double *out_mc, struct ed_error *err) {
    static const struct unit units[] = {{"mC", 1},
                                        {"C", 1000},
                                        {"\xc2\xb0"
                                         "C",
                                         1000},
                                        {NULL, 0}};
    static const struct quantity quantity = {"a temperature", "45 C", "mC, C", units};
    return quantity_real(&quantity, text, 1, -273150, "-273.15 C", out_mc, err);
}

enum ed_status ed_units_number(const char *text, double *out, struct ed_error *err) {
    static const struct quantity quantity = {"a number", "2.5", "", NULL};
    struct number number;
    if (!number_scan(&number, text) || *number.end != '\0')
        return fail_not_number(err, text, &quantity);
    *out = number.real;
    return ED_OK;
}

enum ed_status ed_units_integer(const char *text, int64_t *out, struct ed_error *err) {
    static const struct quantity quantity = {"a whole number", "4", "", NULL};
    const char *p = text;
    int64_t value = 0;
    bool negative = false;

    if (*p == '+' || *p == '-')
        negative = *p++ == '-';
    if (!is_digit(*p))
        return fail_not_number(err, text, &quantity);
    for (; is_digit(*p); p++) {
        int digit = *p - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value)) {
            while (is_digit(*p))
                p++;
            if (*p != '\0')
                return fail_not_number(err, text, &quantity);
            return ed_fail(err, ED_ERR_USAGE, NULL, "\"%.80s\" does not fit in 64 bits", text);
        }
    }
    if (*p != '\0')
        return fail_not_number(err, text, &quantity);
    *out = value;
    return ED_OK;
}

// magnitude * scale / factor, rounded half up. Whole numbers, so that what lies on the edge of two figures is
// not decided by the error of a double.
static uint64_t scale_rounded(uint64_t magnitude, uint64_t scale, uint64_t factor) {
    uint64_t whole = magnitude / factor, rest = magnitude % factor;
    // Only powers of two are that large: a rest below 2^-50 of the unit shows in no digit.
    for (; factor > UINT64_C(1) << 50; factor /= 2)
        rest /= 2;
    return whole * scale + (rest * scale + factor / 2) / factor;
}

// Three significant digits; printf's own decimal point would belong to the locale. False: it rounds to 1000
// or more.
static bool print_three_digits(char *text, size_t bytes, bool negative, uint64_t magnitude,
                               const struct unit *unit) {
    static const uint64_t scales[] = {1, 10, 100};
    const char *sign = negative ? "-" : "";
    uint64_t n = 0;
    for (int decimals = 2; decimals > 0; decimals--) {
        uint64_t scale = scales[decimals];
        n = scale_rounded(magnitude, scale, (uint64_t)unit->factor);
        if (n < 1000) {
            snprintf(text, bytes, decimals == 1 ? "%s%d.%01d %s" : "%s%d.%02d %s", sign, (int)(n / scale),
                     (int)(n % scale), unit->word);
            return true;
        }
    }
    n = scale_rounded(magnitude, 1, (uint64_t)unit->factor);
    snprintf(text, bytes, "%s%llu %s", sign, (unsigned long long)n, unit->word);
    return n < 1000;
}

// `units` goes up, the first has factor 1 and is printed whole. A unit is left when the value reaches the
// next one, or rounds to 1000.
static void print_in_units(char *text, size_t bytes, int64_t value, const struct unit *units,
                           bool step_at_1000) {
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const struct unit *unit = units;
    while (unit[1].word && magnitude >= (uint64_t)unit[1].factor)
        unit++;
    if (unit == units) {
        snprintf(text, bytes, "%lld %s", (long long)value, unit->word);
        return;
    }
    if (!print_three_digits(text, bytes, value < 0, magnitude, unit) && step_at_1000 && unit[1].word)
        print_three_digits(text, bytes, value < 0, magnitude, &unit[1]);
}

void ed_units_print_duration(char *text, size_t bytes, int64_t ns) {
    static const struct unit units[] = {{"ns", 1},
                                        {"us", 1000},
                                        {"ms", 1000000},
                                        {"s", 1000000000},
                                        {"min", INT64_C(60) * 1000000000},
                                        {"h", INT64_C(3600) * 1000000000},
                                        {NULL, 0}};
    print_in_units(text, bytes, ns, units, true);
}

void ed_units_print_size(char *text, size_t bytes, int64_t size_bytes) {
    static const struct unit units[] = {{"B", 1},
                                        {"KiB", INT64_C(1) << 10},
                                        {"MiB", INT64_C(1) << 20},
                                        {"GiB", INT64_C(1) << 30},
                                        {"TiB", INT64_C(1) << 40},
                                        {"PiB", INT64_C(1) << 50},
                                        {"EiB", INT64_C(1) << 60},
                                        {NULL, 0}};
    print_in_units(text, bytes, size_bytes, units, false);
}
