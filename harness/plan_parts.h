// SPDX-License-Identifier: Apache-2.0
// What the parts of the planner (plan*.c) ask of each other.
#ifndef EDGEDYNO_HARNESS_PLAN_PARTS_H
#define EDGEDYNO_HARNESS_PLAN_PARTS_H

#include "harness/plan.h"

// --- plan_options.c
// Named with the address of a server: what it has is there, and none of our files.
bool ed_plan_is_server(const struct ed_engine_build *build);
// Every option that was given is known to an engine of the plan, and right for each that knows it:
// ED_ERR_USAGE with the nearest name.
enum ed_status ed_plan_options_check(const struct ed_suite *suite, const struct ed_choices *choices,
                                     struct ed_error *err);
// Combinations of the option lists that this engine knows; ED_WIRE_CASES_MAX + 1 where there are more.
size_t ed_plan_options_count(const struct ed_suite *suite, const struct ed_manifest *manifest);
// The options of combination `number` as "KEY=VALUE KEY=VALUE", the last list changing fastest. What has no
// room is cut off: full means too long.
void ed_plan_options_join(char *out, size_t bytes, const struct ed_suite *suite,
                          const struct ed_engine_build *build, size_t number);

// --- plan_case.c
bool ed_plan_is_reference(const struct ed_suite_model *model, const struct ed_suite_variant *variant);
// One case for each combination of the option lists and each workload. `model` and `variant` are NULL for an
// engine that needs none. ED_ERR_LIMIT where there are too many cases, or an option list has no room.
enum ed_status ed_plan_case_add(struct ed_plan *plan, const struct ed_suite *suite,
                                const struct ed_choice *choice, const struct ed_suite_model *model,
                                const struct ed_suite_variant *variant, int64_t threads,
                                struct ed_error *err);

// --- plan_server.c
// A server's model is named by an option, and its rows are of that model; of a choice among several models of
// a server, they are variants of one.
void ed_plan_server_model(struct ed_campaign_case *c, const struct ed_suite *suite);

// --- plan_tasks.c
// A text is judged once for all tests of a variant: what is asked of it does not change its answers.
bool ed_plan_judged_before(const struct ed_plan *plan, size_t index);
// The first task of a model is its timing cases', each further one makes cases of its own; then every case
// has its reference. ED_ERR_USAGE for a metric that the engine has no answers for.
enum ed_status ed_plan_tasks_add(struct ed_plan *plan, const struct ed_suite *suite, struct ed_error *err);

// --- plan_limits.c
// What is required of tasks fits their metrics, and some task has the metric that a limit names: ED_ERR_USAGE
// says what to write.
enum ed_status ed_plan_limits_check(const struct ed_plan *plan, const struct ed_suite *suite,
                                    struct ed_error *err);

// --- plan_blocks.c and plan_gate.c
// `blocks` has room.
void ed_plan_block_add(struct ed_plan *plan, size_t case_index, const char *pass, int64_t repetition);
// Rounds in random order; sustained cases, profiles and spare blocks behind them.
enum ed_status ed_plan_blocks_add(struct ed_plan *plan, const struct ed_suite *suite, int64_t seed,
                                  struct ed_error *err);
enum ed_status ed_plan_gate_blocks(struct ed_plan *plan, const struct ed_suite *suite, int64_t seed,
                                   struct ed_error *err);

// --- plan_tune.c
// The case that case `index` of a choice is judged against: one case of the reference variant, on the first
// CPU backend where there is one, speaks for all, so that a backend that answers otherwise is seen; the
// variant's other numbers of threads there are references of their own. `exact`: the one that differs in
// nothing but the variant, for metrics that need both in one process.
size_t ed_plan_tune_reference(const struct ed_plan *plan, size_t index, size_t exact);
// A choice needs one figure of each configuration: ED_ERR_USAGE where several workloads have one, or none.
enum ed_status ed_plan_tune_check(const struct ed_plan *plan, const struct ed_suite *suite,
                                  struct ed_error *err);

#endif
