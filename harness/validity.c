// SPDX-License-Identifier: Apache-2.0
// The rules.
#include "harness/validity.h"

#include <string.h>

#define FACT(name) offsetof(struct ed_validity_facts, name)
#define SPEED (ED_VALIDITY_VOID_LATENCY | ED_VALIDITY_VOID_LANGUAGE)
#define RUN (SPEED | ED_VALIDITY_VOID_POWER)
#define ALL (RUN | ED_VALIDITY_VOID_HEAT | ED_VALIDITY_VOID_COUNTERS)
#define LOADING (ED_VALIDITY_VOID_LOAD | ED_VALIDITY_VOID_FIRST_INFERENCE)

static const char cool_it[] =
    "cool the device (a fan, a pause, lower --threads), or measure its sustained speed on purpose";

static const struct ed_validity_rule rules[] = {
    {ED_VALIDITY_THROTTLED, FACT(firmware_flags), 0, false, 0, 0, RUN,
     "the firmware throttled, or capped the clock for heat or a weak supply", "any flag",
     "Raspberry Pi documentation, get_throttled", "cool the device; use the supply that the maker names"},
    {ED_VALIDITY_THROTTLED, FACT(cooling_share), 0, false, 0, 0, RUN,
     "the kernel held the processor back for heat", "more than 0 of the block",
     "a cooling device of a processor outside of state 0 (kernel: driver-api/thermal)", cool_it},
    {ED_VALIDITY_THROTTLED, FACT(limit_drop), 0.01, false, 0, 0, RUN, "the highest clock allowed was lowered",
     "more than 1 % below the device's highest", "scaling_max_freq; 1 % is this project's choice", cool_it},
    {ED_VALIDITY_THROTTLED, FACT(thermal_status), 0, false, 0, 0, RUN, "Android reports throttling",
     "status light or worse", "Android: PowerManager.THERMAL_STATUS_LIGHT", cool_it},
    {ED_VALIDITY_THROTTLED, FACT(gpu_flags), 0, false, 0, 0, RUN, "the card slowed down for heat or power",
     "any flag of slowing down", "NVML: nvmlClocksThrottleReasons", "cool the card; use a stronger supply"},
    {ED_VALIDITY_CLOCKS_UNSTABLE, FACT(clock_low_share), 0.1, false, 0, 0, RUN,
     "the processor's clock fell in the timed window",
     "more than 10 % of the readings below 80 % of their median", "this project's choice",
     "fix the clock (`settings` of the device), or --pin the cores"},
    {ED_VALIDITY_NOT_COOLED, FACT(warmer_mc), 1000, false, 0, 0, RUN | ED_VALIDITY_VOID_HEAT,
     "the device did not cool down before the block", "more than 1 C above the session's start",
     "this project's choice", "let the device rest, or cool it"},
    {ED_VALIDITY_CHARGING, FACT(charging), 0, false, 0, 0, ED_VALIDITY_VOID_POWER,
     "a battery charged, or a cable fed the device", "any", "docs/energy.md",
     "unplug it (adb over Wi-Fi), or use power rails or an external meter"},
    {ED_VALIDITY_LOW_BATTERY, FACT(battery_used_share), 0.75, false, 0, 0, RUN, "the battery is low",
     "less than 25 % left, and nothing charges it", "AndroidX Benchmark, LOW-BATTERY",
     "charge the device: systems save power when little is left"},
    {ED_VALIDITY_MEMORY_PRESSURE, FACT(memory_stall_share), 0.01, false, 0, 0, RUN | ED_VALIDITY_VOID_MEMORY,
     "tasks waited for memory", "more than 1 % of the timed window",
     "PSI, memory some; 1 % is this project's choice", "close other programs; take a smaller variant"},
    {ED_VALIDITY_MEMORY_PRESSURE, FACT(timed_major_faults), 10, false, 0, 0, RUN | ED_VALIDITY_VOID_MEMORY,
     "pages were read from the disk while it was timed", "more than 10 major faults of the worker",
     "this project's choice", "close other programs; take a smaller variant"},
    {ED_VALIDITY_BUSY, FACT(other_cpus), 0.5, true, FACT(run_wait_share), 0.25, RUN,
     "other processes took the processor from it",
     "others used more than 50 % of the worker's processors, and it waited for more than 25 % of them",
     "this project's choice", "end other work on the device; --pin the worker"},
    {ED_VALIDITY_GOVERNOR_CHANGED, FACT(governor_changes), 0, false, 0, 0, RUN,
     "the governor of the clock changed", "any", "scaling_governor",
     "find what changes it; set it by `settings` of the device"},
    {ED_VALIDITY_SENSOR_LOST, FACT(sensors_lost), 0, false, 0, 0, ED_VALIDITY_VOID_HEAT,
     "a sensor of heat stopped telling", "any", "a failed reading behind the block, and none before it",
     "look at `edgedyno devices probe`"},
    {ED_VALIDITY_CLOCK_STEPPED, FACT(clock_step_s), 0.05, false, 0, 0, 0, "the wall clock was set",
     "more than 50 ms, and 0.1 % of the block", "adjtimex(2) steers by at most 0.05 %",
     "nothing: no figure stands on the wall clock; dates in the journal may be off"},
    {ED_VALIDITY_SUSPENDED, FACT(suspended_s), 0.01, false, 0, 0, ALL, "the device slept", "more than 10 ms",
     "CLOCK_BOOTTIME less CLOCK_MONOTONIC (clock_gettime(2))",
     "keep it awake: settings of power, a wake lock, a cable"},
    {ED_VALIDITY_PAGE_CACHE_COLD, FACT(load_major_faults), 64, false, 0, 0, LOADING,
     "the model was loaded from the disk", "more than 64 major faults while it was loaded",
     "this project's choice", "nothing, where warm blocks are left; else more blocks or more free memory"},
    {ED_VALIDITY_PAGE_CACHE_COLD, FACT(load_read_share), 0.5, false, 0, 0, LOADING,
     "the model was loaded from the disk", "more than half of its bytes, for models of 16 MiB and more",
     "this project's choice", "nothing, where warm blocks are left; else more blocks or more free memory"},
    {ED_VALIDITY_SCREEN_ON, FACT(screen_on), 0, false, 0, 0, ED_VALIDITY_VOID_POWER, "the screen was on",
     "any", "dumpsys power", "turn it off: its power is in that of the device"},
    {ED_VALIDITY_EMULATOR, FACT(emulator), 0, false, 0, 0, ALL, "an emulator, not a device", "any",
     "the board's name, and what QEMU shows; AndroidX Benchmark, EMULATOR", "use a real device"},
    {ED_VALIDITY_DEBUG_BUILD, FACT(debug_build), 0, false, 0, 0, ALL, "the engine is built for debugging",
     "any", "the engine's own words", "use a release build"},
    {ED_VALIDITY_VIRTUAL_MACHINE, FACT(virtual_machine), 0, false, 0, 0,
     ED_VALIDITY_VOID_POWER | ED_VALIDITY_VOID_COUNTERS,
     "a virtual machine: its counters and power are not the hardware's", "any", "`edgedyno devices -v`",
     "use the machine itself for energy and counters"},
};

const struct ed_validity_rule *ed_validity_rules(size_t *n) {
    *n = sizeof rules / sizeof rules[0];
    return rules;
}

const char *ed_validity_word(enum ed_validity_reason reason) {
    static const char *const words[] = {
#define REASON_WORD(name, word) word,
        ED_VALIDITY_REASONS(REASON_WORD)
#undef REASON_WORD
    };
    return (unsigned)reason < ED_VALIDITY_REASON_COUNT ? words[reason] : "";
}

const char *ed_validity_void_word(enum ed_validity_void_index index) {
    static const char *const words[] = {
#define VOID_WORD(name, word) word,
        ED_VALIDITY_VOIDS(VOID_WORD)
#undef VOID_WORD
    };
    return (unsigned)index < ED_VALIDITY_VOID_COUNT ? words[index] : "";
}

void ed_validity_facts_init(struct ed_validity_facts *facts) {
    double *all = (double *)facts;
    for (size_t i = 0; i < sizeof *facts / sizeof *all; i++)
        all[i] = ED_VALIDITY_UNKNOWN;
}

static bool holds(const struct ed_validity_rule *rule, const struct ed_validity_facts *facts) {
    const double first = *(const double *)((const char *)facts + rule->fact),
                 second = *(const double *)((const char *)facts + rule->second);
    return first > rule->limit && (!rule->has_second || second > rule->second_limit);
}

// Whether a reason that voids power does so for figures of a sensor of that scope ("battery"): power from a
// cable and the light of a screen are in what a battery gives; a virtual machine says nothing of a meter
// outside.
static bool voids_power(enum ed_validity_reason reason, const char *scope) {
    if (reason == ED_VALIDITY_CHARGING)
        return !strcmp(scope, "battery");
    if (reason == ED_VALIDITY_SCREEN_ON)
        return !strcmp(scope, "battery") || !strcmp(scope, "board") || !strcmp(scope, "external");
    return reason != ED_VALIDITY_VIRTUAL_MACHINE || strcmp(scope, "external") != 0;
}

const struct ed_validity_rule *ed_validity_rule_of(const struct ed_validity_facts *facts,
                                                   enum ed_validity_reason reason) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].reason == reason && holds(&rules[i], facts))
            return &rules[i];
    return NULL;
}

uint32_t ed_validity_judge(const struct ed_validity_facts *facts) {
    uint32_t reasons = 0;
    for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++)
        if (ed_validity_rule_of(facts, (enum ed_validity_reason)r))
            reasons |= UINT32_C(1) << r;
    return reasons;
}

unsigned ed_validity_voids(uint32_t reasons) {
    unsigned voids = 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (reasons >> rules[i].reason & 1)
            voids |= rules[i].voids;
    return voids;
}

uint32_t ed_validity_voiding(uint32_t reasons, unsigned quantities, const char *energy_scope) {
    uint32_t found = 0;
    for (unsigned r = 0; r < ED_VALIDITY_REASON_COUNT; r++) {
        unsigned voids = reasons >> r & 1 ? ed_validity_voids(UINT32_C(1) << r) : 0;
        if (!voids_power((enum ed_validity_reason)r, energy_scope))
            voids &= ~(unsigned)ED_VALIDITY_VOID_POWER;
        if (voids & quantities)
            found |= UINT32_C(1) << r;
    }
    return found;
}
