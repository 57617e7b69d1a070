// SPDX-License-Identifier: Apache-2.0
// Values with units: what is read, what is refused and with which words, and what is printed.
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef enum ed_status (*whole_fn)(const char *, int64_t *, struct ed_error *);
typedef enum ed_status (*real_fn)(const char *, double *, struct ed_error *);

struct whole_case {
    const char *text;
    int64_t value;
};

struct real_case {
    const char *text;
    double value;
};

// A text that is refused and a part of the message.
struct wrong_case {
    const char *text;
    const char *message;
};

static void check_whole(whole_fn parse, const struct whole_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct ed_error err = {0};
        int64_t value = -77;
        if (parse(cases[i].text, &value, &err) != ED_OK || value != cases[i].value)
            fail_msg("\"%s\": %lld, not %lld (%s)", cases[i].text, (long long)value,
                     (long long)cases[i].value, err.message);
    }
}

static void check_real(real_fn parse, const struct real_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct ed_error err = {0};
        double value = -77;
        if (parse(cases[i].text, &value, &err) != ED_OK || value != cases[i].value)
            fail_msg("\"%s\": %.17g, not %.17g (%s)", cases[i].text, value, cases[i].value, err.message);
    }
}

static void check_wrong_one(const struct wrong_case *wrong, enum ed_status status,
                            const struct ed_error *err) {
    if (status != ED_ERR_USAGE || !strstr(err->message, wrong->message))
        fail_msg("\"%s\": status %s, message \"%s\" without \"%s\"", wrong->text, ed_status_word(status),
                 err->message, wrong->message);
}

static void check_whole_wrong(whole_fn parse, const struct wrong_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct ed_error err = {0};
        int64_t value = -77;
        check_wrong_one(&cases[i], parse(cases[i].text, &value, &err), &err);
        assert_int_equal(value, -77);
    }
}

static void check_real_wrong(real_fn parse, const struct wrong_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct ed_error err = {0};
        double value = -77;
        check_wrong_one(&cases[i], parse(cases[i].text, &value, &err), &err);
        assert_true(value == -77);
    }
}

static void durations(void **state) {
    (void)state;
    static const struct whole_case right[] = {
        {"250 ns", 250},
        {"0 s", 0},
        {"-0 s", 0},
        {"1.5us", 1500},
        {"1.5 \xc2\xb5s", 1500},
        {"1.5 \xce\xbcs", 1500},
        {"5 ms", 5000000},
        {"0.1 s", 100000000},
        {".5 s", 500000000},
        {"1e3 ms", 1000000000},
        {"2E0ms", 2000000},
        {"2 s", 2000000000},
        {"2\tmin", 120000000000},
        {"1 h", 3600000000000},
        {"8760 h", INT64_C(31536000000000000)},
        {"31535999999999999 ns", INT64_C(31535999999999999)}, // beyond what a double holds exactly
        {"1.4 ns", 1},
        {"0.5 ns", 1},
    };
    static const struct wrong_case wrong[] = {
        {"", "a duration is missing; write for example \"5 ms\""},
        {"5", "\"5\" has no unit; write for example \"5 ms\" (units: ns, us, ms, s, min, h)"},
        {"0", "has no unit"},
        {"ms", "\"ms\" is not a duration"},
        {"5 MS", "\"MS\" in \"5 MS\" is not a unit of a duration; units are ns, us"},
        {"5 ms ", "\"ms \""},
        {" 5 ms", "is not a duration"},
        {"5 ms 3", "is not a unit"},
        {"5e ms", "\"e ms\""},
        {"5 e3ms", "is not a unit"},
        {"1.2.3 s", "\".3 s\""},
        {"1,5 s", "\",5 s\""},
        {"-5 ms", "is negative"},
        {"0x10 ms", "is not a unit"},
        {"inf s", "is not a duration"},
        {"nan s", "is not a duration"},
        {"8760.001 h", "too large; at most 8760 h (365 days)"},
        {"31536000000000001 ns", "too large"},
        {"99999999999999999999 ns", "too large"},
        {"1e300 s", "too large"},
        {"1e999 s", "is not a duration"},
        {"9223372036854775807 h", "too large"},
        {"0.4 ns", "too small; the smallest step is 1 ns"},
        {".", "is not a duration"},
        {"+", "is not a duration"},
        {"1000000000000000000000000000000000000000000000000000000000000000000000000 ns", "is not a duration"},
    };
    check_whole(ed_units_duration, right, COUNT(right));
    check_whole_wrong(ed_units_duration, wrong, COUNT(wrong));
}

static void sizes(void **state) {
    (void)state;
    static const struct whole_case right[] = {
        {"512 B", 512},
        {"1 kB", 1000},
        {"1 KiB", 1024},
        {"64 MiB", 64 * 1048576},
        {"1.5 GiB", INT64_C(1610612736)},
        {"100 MB", 100000000},
        {"2TB", INT64_C(2000000000000)},
        {"1 TiB", INT64_C(1099511627776)},
        {"9223372036854775807 B", INT64_MAX},
        {"0.1 KiB", 102},
    };
    static const struct wrong_case wrong[] = {
        {"64", "has no unit; write for example \"64 MiB\""},
        {"64 M", "\"M\" in \"64 M\" is not a unit of a size; units are B, KiB"},
        {"64 KB", "kB"},
        {"-1 B", "is negative; a size is at least 0"},
        {"9223372036854775808 B", "too large"},
        {"8388608 TiB", "too large; at most 8388607 TiB"},
        {"9.3e18 B", "too large"},
        {"0.4 B", "too small; the smallest step is 1 B"},
    };
    check_whole(ed_units_size, right, COUNT(right));
    check_whole_wrong(ed_units_size, wrong, COUNT(wrong));
}

static void shares(void **state) {
    (void)state;
    static const struct real_case right[] = {
        {"1 %", 0.01}, {"1%", 0.01},   {"0.01", 0.01}, {"-0.5", -0.5},     {"1", 1},
        {"-1", -1},    {"250 %", 2.5}, {"0", 0},       {"10000 %", 100.0}, {"-3%", -0.03},
    };
    static const struct wrong_case wrong[] = {
        {"5", "outside -1 to 1; write a percent sign (\"5 %\") if that is meant"},
        {"-1.001", "outside -1 to 1"},
        {"10000.1 %", "outside -10000 % to 10000 %"},
        {"1 percent", "is not a share; write \"1 %\" or 0.01"},
        {"0.01 ", "is not a share"},
        {"%", "is not a share; write for example \"1 %\""},
        {"", "a share is missing"},
        {"1 %%", "is not a share"},
        {"nan", "is not a share"},
    };
    check_real(ed_units_share, right, COUNT(right));
    check_real_wrong(ed_units_share, wrong, COUNT(wrong));
}

static void physical(void **state) {
    (void)state;
    static const struct real_case power[] = {
        {"12.5 mW", 12.5}, {"3 W", 3000}, {"500 uW", 0.5}, {"1 kW", 1e6}};
    static const struct real_case energy[] = {
        {"2 mJ", 2000}, {"15 uJ", 15}, {"0.5 J", 500000}, {"1.5 \xc2\xb5J", 1.5}};
    static const struct real_case heat[] = {{"45 C", 45000},
                                            {"45.5 C", 45500},
                                            {"45000 mC", 45000},
                                            {"-40 C", -40000},
                                            {"30 \xc2\xb0"
                                             "C",
                                             30000}};
    static const struct wrong_case power_wrong[] = {
        {"3", "has no unit; write for example \"12.5 mW\""},
        {"-3 W", "too low; a power is at least 0"},
        {"3 J", "is not a unit of a power; units are uW, mW, W, kW"},
        {"1e200 W", "too large"}};
    static const struct wrong_case energy_wrong[] = {{"3 W", "units are uJ, mJ, J, kJ"},
                                                     {"-1 J", "at least 0"}};
    static const struct wrong_case heat_wrong[] = {{"45", "has no unit; write for example \"45 C\""},
                                                   {"-300 C", "at least -273.15 C"},
                                                   {"300 K", "units are mC, C"}};
    check_real(ed_units_power, power, COUNT(power));
    check_real(ed_units_energy, energy, COUNT(energy));
    check_real(ed_units_temperature, heat, COUNT(heat));
    check_real_wrong(ed_units_power, power_wrong, COUNT(power_wrong));
    check_real_wrong(ed_units_energy, energy_wrong, COUNT(energy_wrong));
    check_real_wrong(ed_units_temperature, heat_wrong, COUNT(heat_wrong));
}

static void numbers(void **state) {
    (void)state;
    static const struct real_case right[] = {{"1e3", 1000}, {"-2.5", -2.5},
                                             {"+4", 4},     {"0.1", 0.1},
                                             {"1e-400", 0}, {"18446744073709551616", 18446744073709551616.0}};
    static const struct wrong_case wrong[] = {{"", "a number is missing"},
                                              {"inf", "is not a number"},
                                              {"nan", "is not a number"},
                                              {"0x10", "is not a number"},
                                              {"1e999", "is not a number"},
                                              {"1 ", "is not a number"},
                                              {" 1", "is not a number"},
                                              {"1e", "is not a number"},
                                              {"1,5", "\"1,5\" is not a number; write for example \"2.5\""}};
    static const struct whole_case whole[] = {{"0", 0},
                                              {"-7", -7},
                                              {"+8", 8},
                                              {"007", 7},
                                              {"9223372036854775807", INT64_MAX},
                                              {"-9223372036854775808", INT64_MIN}};
    static const struct wrong_case whole_wrong[] = {
        {"", "a whole number is missing; write for example \"4\""},
        {"1.0", "\"1.0\" is not a whole number"},
        {"1e3", "is not a whole number"},
        {"-", "is not a whole number"},
        {"four", "is not a whole number"},
        {"9223372036854775808", "does not fit in 64 bits"},
        {"-9223372036854775809", "does not fit in 64 bits"},
        {"9223372036854775808x", "is not a whole number"},
        {"4 ", "is not a whole number"}};
    check_real(ed_units_number, right, COUNT(right));
    check_real_wrong(ed_units_number, wrong, COUNT(wrong));
    check_whole(ed_units_integer, whole, COUNT(whole));
    check_whole_wrong(ed_units_integer, whole_wrong, COUNT(whole_wrong));
}

struct print_case {
    int64_t value;
    const char *text;
};

static void check_print(void (*print)(char *, size_t, int64_t), const struct print_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char text[32];
        print(text, sizeof text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

static const struct print_case printed_durations[] = {
    {0, "0 ns"},
    {850, "850 ns"},
    {999, "999 ns"},
    {1000, "1.00 us"},
    {1234567, "1.23 ms"},
    {1235000, "1.24 ms"},
    {9994999, "9.99 ms"},
    {9995000, "10.0 ms"}, // carries into a place more
    {12345678, "12.3 ms"},
    {123456789, "123 ms"},
    {999499999, "999 ms"},
    {999500000, "1.00 s"}, // carries into the next unit
    {59949999999, "59.9 s"},
    {60000000000, "1.00 min"},
    {90000000000, "1.50 min"},
    {5400000000000, "1.50 h"},
    {INT64_C(31536000000000000), "8760 h"},
    {-1234567, "-1.23 ms"},
    {-5, "-5 ns"},
    {INT64_MIN, "-2562048 h"},
    {INT64_MAX, "2562048 h"},
};

static const struct print_case printed_sizes[] = {
    {0, "0 B"},
    {1023, "1023 B"},
    {1024, "1.00 KiB"},
    {12 * 1048576, "12.0 MiB"},
    {1023 * 1024, "1023 KiB"},
    {1048575, "1024 KiB"},
    {INT64_C(1610612736), "1.50 GiB"},
    {INT64_MAX, "8.00 EiB"},
    {-2048, "-2.00 KiB"},
};

static void printing(void **state) {
    (void)state;
    char small[5];
    check_print(ed_units_print_duration, printed_durations, COUNT(printed_durations));
    check_print(ed_units_print_size, printed_sizes, COUNT(printed_sizes));
    ed_units_print_duration(small, sizeof small, 1234567);
    assert_string_equal(small, "1.23");
}

// What is printed reads back within half of its last digit.
static void round_trip(void **state) {
    (void)state;
    for (int64_t ns = 1; ns < INT64_C(30000000000000000); ns += ns / 7 + 1) {
        struct ed_error err = {0};
        char text[32];
        int64_t back = 0;
        ed_units_print_duration(text, sizeof text, ns);
        assert_int_equal(ed_units_duration(text, &back, &err), ED_OK);
        if (fabs((double)(back - ns)) > 0.00501 * (double)ns)
            fail_msg("%lld printed as %s reads back as %lld", (long long)ns, text, (long long)back);
    }
}

static void any_locale(void **state) {
    (void)state;
    // A locale with a decimal comma, where the system has one: the results must not change.
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < COUNT(names) && !found; i++)
        found = setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (!found) {
        setlocale(LC_ALL, "C");
        skip();
    }
    durations(NULL);
    shares(NULL);
    numbers(NULL);
    printing(NULL);
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),  cmocka_unit_test(sizes),      cmocka_unit_test(shares),
        cmocka_unit_test(physical),   cmocka_unit_test(numbers),    cmocka_unit_test(printing),
        cmocka_unit_test(round_trip), cmocka_unit_test(any_locale),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
