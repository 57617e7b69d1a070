// SPDX-License-Identifier: Apache-2.0
// --sort and --group: their words, and the order that comes of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/order.h"

#define ROWS_MAX 16

static struct ed_result *row(struct ed_result *rows, size_t *n, const char *device, const char *variant,
                             int64_t threads, int64_t p50_ns) {
    struct ed_result *r = &rows[(*n)++];
    snprintf(r->case_id, sizeof r->case_id, "%s t%d", variant, (int)threads);
    ED_RESULT_SET_TEXT(r, device, device);
    ED_RESULT_SET_TEXT(r, variant, variant);
    ED_RESULT_SET(r, threads, threads);
    ED_RESULT_SET_TEXT(r, outcome, "ok");
    if (p50_ns >= 0)
        ED_RESULT_SET_SPAN(r, latency_p50_ns, p50_ns, 100 - p50_ns, p50_ns + 1);
    return r;
}

static struct ed_order order_of(const char *sort, const char *group) {
    struct ed_order order = {.n_sort = 0};
    struct ed_error err = {0};
    if ((sort && ed_order_sort_parse(&order, sort, &err)) ||
        (group && ed_order_group_parse(&order, group, &err)))
        fail_msg("%s: %s", err.where, err.message);
    return order;
}

// `wanted` names the rows by letters: 'a' is the first that was made.
static void order_is(const struct ed_result *made, size_t n, const char *sort, const char *group,
                     const char *wanted) {
    const struct ed_result *rows[ROWS_MAX];
    char got[ROWS_MAX + 1] = "";
    struct ed_order order = order_of(sort, group);
    for (size_t i = 0; i < n; i++)
        rows[i] = &made[i];
    assert_int_equal(ed_order_apply(&order, rows, n, NULL), ED_OK);
    for (size_t i = 0; i < n; i++)
        got[i] = (char)('a' + (rows[i] - made));
    if (strcmp(got, wanted) != 0)
        fail_msg("--sort %s --group %s: %s, not %s", sort ? sort : "-", group ? group : "-", got, wanted);
}

static void test_one_device_stays(void **state) {
    (void)state;
    struct ed_result *rows = calloc(ROWS_MAX, sizeof *rows);
    size_t n = 0;
    assert_non_null(rows);
    row(rows, &n, "x", "int8", 4, 5);
    row(rows, &n, "x", "fp32", 1, 4);
    row(rows, &n, "x", "int8", 1, 3);
    order_is(rows, n, NULL, NULL, "abc");
    order_is(rows, 1, "latency_p50_ns", "device", "a");
    order_is(rows, 0, "latency_p50_ns", "device", "");
    free(rows);
}

static void test_devices_are_compared(void **state) {
    (void)state;
    struct ed_result *rows = calloc(ROWS_MAX, sizeof *rows);
    size_t n = 0;
    assert_non_null(rows);
    row(rows, &n, "zeta", "fp32", 1, 10);  // a
    row(rows, &n, "zeta", "int8", 1, 4);   // b
    row(rows, &n, "zeta", "fp32", 2, 6);   // c
    row(rows, &n, "alpha", "fp32", 1, 20); // d
    row(rows, &n, "alpha", "int8", 1, -1); // e
    row(rows, &n, "alpha", "fp32", 2, 12); // f
    row(rows, &n, "alpha", "int4", 1, 2);  // g, of this device alone
    // Words come in the order in which they appear, not by their letters; a case of one device is among its
    // like.
    order_is(rows, n, NULL, NULL, "adbegcf");
    order_is(rows, n, "latency_p50_ns", NULL, "gbcafde");
    order_is(rows, n, "-latency_p50_ns", NULL, "dfacbge");
    order_is(rows, n, "latency_p50_ns_low", NULL, "dfacbge");
    order_is(rows, n, "device", NULL, "degfabc");
    order_is(rows, n, "variant,-device", NULL, "acdfgbe");
    order_is(rows, n, "threads,-latency_p50_ns", NULL, "dabgefc");
    order_is(rows, n, "case", NULL, "adcfgbe");
    order_is(rows, n, NULL, "device", "abcdegf");
    order_is(rows, n, NULL, "threads", "adbegcf");
    order_is(rows, n, "latency_p50_ns", "device", "gfdebca");
    order_is(rows, n, "latency_p50_ns", "variant,device", "gbecafd");
    order_is(rows, n, NULL, "case", "adbegcf");
    free(rows);
}

static void test_nulls_are_last(void **state) {
    (void)state;
    struct ed_result *rows = calloc(ROWS_MAX, sizeof *rows);
    size_t n = 0;
    assert_non_null(rows);
    struct ed_result *died = row(rows, &n, "x", "a", 1, 1); // a: a figure of blocks before the one that died
    row(rows, &n, "x", "b", 1, -1);                         // b
    row(rows, &n, "x", "c", 1, 9);                          // c
    struct ed_result *nan = row(rows, &n, "x", "d", 1, 7);  // d
    row(rows, &n, "x", "e", 1, 7);                          // e, equal to d
    ED_RESULT_SET_TEXT(died, outcome, "crashed");
    ED_RESULT_SET(nan, placed_ops_share, NAN);
    ED_RESULT_SET(&rows[4], placed_ops_share, 0.5);
    ED_RESULT_SET(&rows[2], throttled, true);
    ED_RESULT_SET(&rows[3], throttled, false);
    ED_RESULT_SET_TEXT(&rows[1], options, "x=1");
    order_is(rows, n, "latency_p50_ns", NULL, "decab");
    order_is(rows, n, "-latency_p50_ns", NULL, "cdeab");
    order_is(rows, n, "placed_ops_share", NULL, "eabcd");
    order_is(rows, n, "-placed_ops_share", NULL, "eabcd");
    order_is(rows, n, "throttled", NULL, "dcabe");
    order_is(rows, n, "-throttled", NULL, "cdabe");
    order_is(rows, n, "-options", NULL, "bacde");
    order_is(rows, n, NULL, "throttled", "abecd");
    order_is(rows, n, "-variant", "outcome", "edcba");
    free(rows);
}

static void refused(bool group, const char *text, const char *told) {
    struct ed_order order = {.n_sort = 0};
    struct ed_error err = {0};
    enum ed_status status =
        group ? ed_order_group_parse(&order, text, &err) : ed_order_sort_parse(&order, text, &err);
    assert_int_equal(status, ED_ERR_USAGE);
    assert_string_equal(err.where, group ? "--group" : "--sort");
    if (!strstr(err.message, told))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, err.message, told);
    assert_int_equal(order.n_sort + order.n_group, 0);
}

static void test_wrong_keys(void **state) {
    (void)state;
    char many[512] = "case";
    refused(false, "latency_p50", "the nearest is latency_p50_ns");
    refused(false, "device,-thread", "the nearest is threads");
    refused(false, "caze", "the nearest is case");
    refused(false, "device_low", "there is no result key");
    refused(false, "", "");
    refused(false, "device,", "");
    refused(false, "-", "there is no result key");
    refused(true, "-device", "there is no result key");
    refused(true, "latency_p50_ns", "measured figure");
    refused(true, "accuracy_value", "measured figure");
    refused(true, "model_file_bytes", "measured figure");
    for (int i = 0; i < ED_ORDER_KEYS_MAX; i++)
        strcat(many, ",case");
    refused(false, many, "more than 16");
    refused(true, many, "more than 16");
}

static void test_figure(void **state) {
    (void)state;
    struct ed_order order = order_of("device,threads,-latency_p90_ns_high,load_ns", NULL);
    assert_string_equal(ed_order_figure(&order), "latency_p90_ns");
    order = order_of("device,blocks", "variant,target");
    assert_null(ed_order_figure(&order));
    assert_int_equal(order.n_group, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_device_stays), cmocka_unit_test(test_devices_are_compared),
        cmocka_unit_test(test_nulls_are_last),   cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
