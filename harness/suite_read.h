// SPDX-License-Identifier: Apache-2.0
// Reading of single keys of a suite's file, by kind. Objects are read in suite_parse.c.
#ifndef EDGEDYNO_HARNESS_SUITE_READ_H
#define EDGEDYNO_HARNESS_SUITE_READ_H

#include "harness/suite_keys.h"

// What a reading needs besides the value.
struct ed_suite_reader {
    const char *directory; // absolute; paths are relative to it
    struct ed_error *err;
};

// The child of an array or object as a place of its own.
struct ed_json_at ed_suite_child(const struct ed_json_at *parent, const cJSON *child, size_t index);
// Fails with "expected WANTED, found ...".
enum ed_status ed_suite_fail_kind(const struct ed_json_at *at, const char *wanted, struct ed_error *err);
// The number of children must be in the key's range.
enum ed_status ed_suite_count_check(const struct ed_json_at *at, const struct ed_suite_key *key,
                                    const char *noun, struct ed_error *err);
// Reads the value at `at`, of any kind but ED_SUITE_MEMBERS and ED_SUITE_OBJECTS, into the struct `base`.
// Lists get their count before their elements are read, so that a release after a failure finds all of them.
enum ed_status ed_suite_value_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, void *base);

// --- suite_language.c
struct ed_suite_tokens;
struct ed_suite_crossing;
enum ed_status ed_suite_pairs_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, struct ed_suite_tokens **out, size_t *n);
enum ed_status ed_suite_crossings_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                       const struct ed_suite_key *key, struct ed_suite_crossing **out,
                                       size_t *n);

// --- suite_tasks.c
enum ed_status ed_suite_command_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                     const struct ed_suite_key *key, char ***out, size_t *n);
enum ed_status ed_suite_sizes_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, int64_t **out, size_t *n);
enum ed_status ed_suite_reals_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, double **out, size_t *n);
enum ed_status ed_suite_ratio_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   double *out);

// --- suite_scenarios.c
struct ed_workload;
enum ed_status ed_suite_scenarios_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                       const struct ed_suite_key *key, struct ed_workload **out, size_t *n);
enum ed_status ed_suite_rates_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, double **out, size_t *n);

#endif
