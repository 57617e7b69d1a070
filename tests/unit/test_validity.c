// SPDX-License-Identifier: Apache-2.0
// Every rule just at its limit and just above it, what each reason voids, and the table of docs/validity.md.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/path.h"
#include "harness/validity.h"

static double *fact(struct ed_validity_facts *facts, size_t offset) {
    return (double *)((char *)facts + offset);
}

static void test_unknown(void **state) {
    struct ed_validity_facts facts;
    (void)state;
    ed_validity_facts_init(&facts);
    assert_int_equal(ed_validity_judge(&facts), 0);
    memset(&facts, 0, sizeof facts);
    assert_int_equal(ed_validity_judge(&facts), 0);
}

static void test_limits(void **state) {
    size_t n = 0;
    const struct ed_validity_rule *rules = ed_validity_rules(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct ed_validity_facts facts;
        const struct ed_validity_rule *rule = &rules[i];
        ed_validity_facts_init(&facts);
        if (rule->has_second)
            *fact(&facts, rule->second) = 2 * rule->second_limit;
        *fact(&facts, rule->fact) = rule->limit;
        assert_int_equal(ed_validity_judge(&facts), 0);
        *fact(&facts, rule->fact) = nextafter(rule->limit, INFINITY);
        assert_int_equal(ed_validity_judge(&facts), UINT32_C(1) << rule->reason);
        assert_ptr_equal(ed_validity_rule_of(&facts, rule->reason), rule);
        if (!rule->has_second)
            continue;
        *fact(&facts, rule->second) = rule->second_limit;
        assert_int_equal(ed_validity_judge(&facts), 0);
        *fact(&facts, rule->second) = ED_VALIDITY_UNKNOWN;
        assert_int_equal(ed_validity_judge(&facts), 0);
    }
}

// The limits themselves, so that nobody moves one unseen.
static void test_figures(void **state) {
    static const struct {
        size_t fact;
        double below, above;
        enum ed_validity_reason reason;
    } cases[] = {
        {offsetof(struct ed_validity_facts, firmware_flags), 0, 1, ED_VALIDITY_THROTTLED},
        {offsetof(struct ed_validity_facts, cooling_share), 0, 0.001, ED_VALIDITY_THROTTLED},
        {offsetof(struct ed_validity_facts, limit_drop), 0.0099, 0.0101, ED_VALIDITY_THROTTLED},
        {offsetof(struct ed_validity_facts, thermal_status), 0, 1, ED_VALIDITY_THROTTLED},
        {offsetof(struct ed_validity_facts, gpu_flags), 0, 8, ED_VALIDITY_THROTTLED},
        {offsetof(struct ed_validity_facts, clock_low_share), 0.099, 0.101, ED_VALIDITY_CLOCKS_UNSTABLE},
        {offsetof(struct ed_validity_facts, warmer_mc), 1000, 1001, ED_VALIDITY_NOT_COOLED},
        {offsetof(struct ed_validity_facts, charging), 0, 1, ED_VALIDITY_CHARGING},
        {offsetof(struct ed_validity_facts, battery_used_share), 0.75, 0.76, ED_VALIDITY_LOW_BATTERY},
        {offsetof(struct ed_validity_facts, memory_stall_share), 0.0099, 0.0101, ED_VALIDITY_MEMORY_PRESSURE},
        {offsetof(struct ed_validity_facts, timed_major_faults), 10, 11, ED_VALIDITY_MEMORY_PRESSURE},
        {offsetof(struct ed_validity_facts, governor_changes), 0, 1, ED_VALIDITY_GOVERNOR_CHANGED},
        {offsetof(struct ed_validity_facts, sensors_lost), 0, 1, ED_VALIDITY_SENSOR_LOST},
        {offsetof(struct ed_validity_facts, clock_step_s), 0.049, 0.051, ED_VALIDITY_CLOCK_STEPPED},
        {offsetof(struct ed_validity_facts, suspended_s), 0.0099, 0.0101, ED_VALIDITY_SUSPENDED},
        {offsetof(struct ed_validity_facts, load_major_faults), 64, 65, ED_VALIDITY_PAGE_CACHE_COLD},
        {offsetof(struct ed_validity_facts, load_read_share), 0.49, 0.51, ED_VALIDITY_PAGE_CACHE_COLD},
        {offsetof(struct ed_validity_facts, screen_on), 0, 1, ED_VALIDITY_SCREEN_ON},
        {offsetof(struct ed_validity_facts, emulator), 0, 1, ED_VALIDITY_EMULATOR},
        {offsetof(struct ed_validity_facts, debug_build), 0, 1, ED_VALIDITY_DEBUG_BUILD},
        {offsetof(struct ed_validity_facts, virtual_machine), 0, 1, ED_VALIDITY_VIRTUAL_MACHINE},
    };
    struct ed_validity_facts facts;
    size_t n = 0;
    (void)state;
    ed_validity_rules(&n);
    // The rule that needs two facts is below.
    assert_int_equal(n, sizeof cases / sizeof cases[0] + 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ed_validity_facts_init(&facts);
        *fact(&facts, cases[i].fact) = cases[i].below;
        assert_int_equal(ed_validity_judge(&facts), 0);
        *fact(&facts, cases[i].fact) = cases[i].above;
        assert_int_equal(ed_validity_judge(&facts), UINT32_C(1) << cases[i].reason);
    }
    ed_validity_facts_init(&facts);
    facts.other_cpus = 0.51;
    assert_int_equal(ed_validity_judge(&facts), 0);
    facts.run_wait_share = 0.249;
    assert_int_equal(ed_validity_judge(&facts), 0);
    facts.run_wait_share = 0.251;
    assert_int_equal(ed_validity_judge(&facts), UINT32_C(1) << ED_VALIDITY_BUSY);
    facts.other_cpus = 0.49;
    assert_int_equal(ed_validity_judge(&facts), 0);
}

static unsigned voids(enum ed_validity_reason reason) {
    return ed_validity_voids(UINT32_C(1) << reason);
}

static void test_voids(void **state) {
    const unsigned speed = ED_VALIDITY_VOID_LATENCY | ED_VALIDITY_VOID_LANGUAGE;
    (void)state;
    assert_int_equal(voids(ED_VALIDITY_CHARGING), ED_VALIDITY_VOID_POWER);
    assert_int_equal(voids(ED_VALIDITY_SCREEN_ON), ED_VALIDITY_VOID_POWER);
    assert_int_equal(voids(ED_VALIDITY_VIRTUAL_MACHINE), ED_VALIDITY_VOID_POWER | ED_VALIDITY_VOID_COUNTERS);
    assert_int_equal(voids(ED_VALIDITY_CLOCK_STEPPED), 0);
    assert_int_equal(voids(ED_VALIDITY_SENSOR_LOST), ED_VALIDITY_VOID_HEAT);
    assert_int_equal(voids(ED_VALIDITY_PAGE_CACHE_COLD),
                     ED_VALIDITY_VOID_LOAD | ED_VALIDITY_VOID_FIRST_INFERENCE);
    assert_int_equal(voids(ED_VALIDITY_THROTTLED), speed | ED_VALIDITY_VOID_POWER);
    assert_int_equal(voids(ED_VALIDITY_BUSY), speed | ED_VALIDITY_VOID_POWER);
    assert_int_equal(voids(ED_VALIDITY_MEMORY_PRESSURE),
                     speed | ED_VALIDITY_VOID_POWER | ED_VALIDITY_VOID_MEMORY);
    // Every reason has a rule.
    for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++) {
        size_t n = 0, found = 0;
        const struct ed_validity_rule *rules = ed_validity_rules(&n);
        for (size_t i = 0; i < n; i++)
            found += rules[i].reason == r;
        assert_true(found > 0);
    }
}

static void test_pairs(void **state) {
    const uint32_t vm = UINT32_C(1) << ED_VALIDITY_VIRTUAL_MACHINE, hot = UINT32_C(1)
                                                                          << ED_VALIDITY_THROTTLED;
    (void)state;
    assert_int_equal(ed_validity_of_first_alone(vm | hot, vm), hot);
    assert_int_equal(ed_validity_of_first_alone(vm, vm | hot), 0);
    assert_int_equal(ed_validity_unshared(vm, vm | hot), hot);
    assert_int_equal(ed_validity_unshared(vm | hot, vm | hot), 0);
}

// The table of the page: its lines between two marks. UPDATE_GOLDEN=1 writes them anew.
static void test_page(void **state) {
    static const char begin[] = "<!-- rules -->\n", end[] = "<!-- end of rules -->";
    struct ed_buffer page, table, fresh;
    size_t n = 0;
    const struct ed_validity_rule *rules = ed_validity_rules(&n);
    const char *path = ED_SOURCE_DIR "/docs/validity.md";
    (void)state;
    ed_buffer_init(&page, 1 << 20);
    ed_buffer_init(&table, 1 << 20);
    ed_buffer_init(&fresh, 1 << 20);
    ed_buffer_printf(
        &table, "| reason | what | holds where | by | voids | what to do |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        ed_buffer_printf(&table, "| `%s` | %s | %s | %s |", ed_validity_word(rules[i].reason), rules[i].what,
                         rules[i].limit_text, rules[i].source);
        for (unsigned v = 0; v < ED_VALIDITY_VOID_COUNT; v++)
            if (rules[i].voids >> v & 1)
                ed_buffer_printf(&table, " `%s`", ed_validity_void_word((enum ed_validity_void_index)v));
        ed_buffer_printf(&table, "%s | %s |\n", rules[i].voids ? "" : " nothing", rules[i].todo);
    }
    assert_int_equal(ed_path_read(path, 1 << 20, &page, NULL), ED_OK);
    const char *text = ed_buffer_text(&page), *from = strstr(text, begin), *to = strstr(text, end);
    assert_non_null(from);
    assert_non_null(to);
    from += strlen(begin);
    ed_buffer_printf(&fresh, "%.*s%s%s", (int)(from - text), text, ed_buffer_text(&table), to);
    if (getenv("UPDATE_GOLDEN"))
        assert_int_equal(ed_path_write_atomic(path, ed_buffer_text(&fresh), fresh.size, 0644, NULL), ED_OK);
    else
        assert_string_equal(text, ed_buffer_text(&fresh));
    ed_buffer_release(&page);
    ed_buffer_release(&table);
    ed_buffer_release(&fresh);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_limits), cmocka_unit_test(test_figures),
        cmocka_unit_test(test_voids),   cmocka_unit_test(test_pairs),  cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
