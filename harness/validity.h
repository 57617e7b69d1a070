// SPDX-License-Identifier: Apache-2.0
// Whether what a block measured may be used: rules over plain numbers of the device's state during the block.
// A rule that holds is a reason with a stable word; each names the quantities that it voids, and no others.
// What is not known (ED_VALIDITY_UNKNOWN) makes no rule hold.
//
// The table of rules is in validity.c; docs/validity.md has the same rows (a test compares them).
#ifndef EDGEDYNO_HARNESS_VALIDITY_H
#define EDGEDYNO_HARNESS_VALIDITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reasons, by the words that stand in records. At most 32.
#define ED_VALIDITY_REASONS(X)              \
    X(THROTTLED, "throttled")               \
    X(CLOCKS_UNSTABLE, "clocks_unstable")   \
    X(NOT_COOLED, "not_cooled")             \
    X(CHARGING, "charging")                 \
    X(LOW_BATTERY, "low_battery")           \
    X(MEMORY_PRESSURE, "memory_pressure")   \
    X(BUSY, "busy")                         \
    X(GOVERNOR_CHANGED, "governor_changed") \
    X(SENSOR_LOST, "sensor_lost")           \
    X(CLOCK_STEPPED, "clock_stepped")       \
    X(SUSPENDED, "suspended")               \
    X(PAGE_CACHE_COLD, "page_cache_cold")   \
    X(SCREEN_ON, "screen_on")               \
    X(EMULATOR, "emulator")                 \
    X(DEBUG_BUILD, "debug_build")           \
    X(VIRTUAL_MACHINE, "virtual_machine")

enum ed_validity_reason {
#define ED_VALIDITY_REASON_NAME(name, word) ED_VALIDITY_##name,
    ED_VALIDITY_REASONS(ED_VALIDITY_REASON_NAME)
#undef ED_VALIDITY_REASON_NAME
        ED_VALIDITY_REASON_COUNT
};

// What a reason can void. The words are groups of result keys, or keys (edgedyno/result.h).
#define ED_VALIDITY_VOIDS(X)                 \
    X(LATENCY, "latency")                    \
    X(LANGUAGE, "language")                  \
    X(MEMORY, "memory")                      \
    X(POWER, "power")                        \
    X(HEAT, "heat")                          \
    X(LOAD, "load_ns")                       \
    X(FIRST_INFERENCE, "first_inference_ns") \
    X(COUNTERS, "counters")

enum ed_validity_void_index {
#define ED_VALIDITY_VOID_INDEX(name, word) ED_VALIDITY_VOID_INDEX_##name,
    ED_VALIDITY_VOIDS(ED_VALIDITY_VOID_INDEX)
#undef ED_VALIDITY_VOID_INDEX
        ED_VALIDITY_VOID_COUNT
};
enum ed_validity_void {
#define ED_VALIDITY_VOID_BIT(name, word) ED_VALIDITY_VOID_##name = 1 << ED_VALIDITY_VOID_INDEX_##name,
    ED_VALIDITY_VOIDS(ED_VALIDITY_VOID_BIT)
#undef ED_VALIDITY_VOID_BIT
};

#define ED_VALIDITY_UNKNOWN (-1.0) // of every fact; facts are never negative

// The state of a device during one block.
struct ed_validity_facts {
    double firmware_flags;     // flags of throttling or under-voltage that a Raspberry Pi's firmware raised
    double cooling_share;      // of the block, in which the kernel held a processor back for heat
    double limit_drop;         // by which share the highest frequency allowed lay below the device's highest
    double thermal_status;     // Android's; 0 none
    double gpu_flags;          // flags of slowing down of the card that the case runs on
    double clock_low_share;    // of readings in the timed window far below the median clock
    double warmer_mc;          // above the start of the session, where a cool-down ran out of time
    double charging;           // 1: a battery was charging, or a cable fed the device
    double battery_used_share; // of a battery that nothing charged
    double memory_stall_share; // of the timed window in which some task waited for memory
    double timed_major_faults; // of the worker, in the timed window
    double other_cpus;         // used by others in the timed window, as a share of the worker's own
    double run_wait_share;     // wait of the worker's threads for a processor, as a share of the same
    double governor_changes;   // 1: another one
    double sensors_lost;       // sensors of heat that stopped telling
    double clock_step_s;       // of the wall clock, beyond what steering it explains
    double suspended_s;        // asleep
    double load_major_faults;  // of the worker, while the model was loaded
    double load_read_share;    // of the model's files, read from the disk meanwhile
    double screen_on;          // 1
    double emulator, debug_build, virtual_machine; // 1
};
void ed_validity_facts_init(struct ed_validity_facts *facts); // all unknown

struct ed_validity_rule {
    enum ed_validity_reason reason;
    size_t fact; // offset of a double in the facts: the rule holds where it is above `limit`
    double limit;
    bool has_second; // and this one is above its limit as well
    size_t second;
    double second_limit;
    unsigned voids;   // enum ed_validity_void
    const char *what; // in which words it is told
    const char *limit_text, *source;
    const char *todo;
};

// All rows; a reason may have several.
const struct ed_validity_rule *ed_validity_rules(size_t *n);
const char *ed_validity_word(enum ed_validity_reason reason);
const char *ed_validity_void_word(enum ed_validity_void_index index);

// Rules that hold, as a set of reasons (bit i: reason i).
uint32_t ed_validity_judge(const struct ed_validity_facts *facts);
// All that these reasons void, as a set.
unsigned ed_validity_voids(uint32_t reasons);
// The first row of `reason` that holds for the facts; NULL where none does.
const struct ed_validity_rule *ed_validity_rule_of(const struct ed_validity_facts *facts,
                                                   enum ed_validity_reason reason);
// Those of `reasons` that void any of `quantities` (enum ed_validity_void); `energy_scope` of the sensor that
// gives the energy, "" none.
uint32_t ed_validity_voiding(uint32_t reasons, unsigned quantities, const char *energy_scope);
// What tells one side of a pair from the other: a state that both share does not void their comparison.
static inline uint32_t ed_validity_unshared(uint32_t a, uint32_t b) {
    return a ^ b;
}
static inline uint32_t ed_validity_of_first_alone(uint32_t a, uint32_t b) {
    return a & ~b;
}

#endif
