// SPDX-License-Identifier: Apache-2.0
// Single values of a suite, as its file and the command line give them alike. Messages have no `where`: the
// caller knows the place.
#ifndef EDGEDYNO_HARNESS_SUITE_VALUES_H
#define EDGEDYNO_HARNESS_SUITE_VALUES_H

#include "base/buffer.h"
#include "harness/suite.h"

enum ed_status ed_suite_fail_memory(struct ed_error *err);
// *out becomes a copy of `text`; what it was before is freed.
enum ed_status ed_suite_text_set(char **out, const char *text, struct ed_error *err);
// NAME[@VERSION][/BACKEND], where version and backend may be globs with '*'; or NAME:ADDRESS, a file or a
// URL.
enum ed_status ed_suite_on_check(const char *text, struct ed_error *err);
// The address in such a text; NULL where it has none.
const char *ed_suite_on_address(const char *text);
// The file of `command:FILE` becomes absolute; any other text stays. As ed_suite_file_resolve.
enum ed_status ed_suite_on_resolve(char **text, const char *directory, struct ed_error *err);
// Bytes of NAME in such a text.
size_t ed_suite_on_name_bytes(const char *text);
// WORD[:VALUE] as `--scenario` has it; fixed-rate and poisson without a value have a rate of 0.
#define ED_SUITE_SCENARIO_BYTES 48
#define ED_SUITE_SUSTAINED_MIN_NS INT64_C(1000000000)
#define ED_SUITE_SUSTAINED_MAX_NS (INT64_C(24) * 3600 * 1000000000)
enum ed_status ed_suite_scenario_parse(const char *text, struct ed_workload *workload, struct ed_error *err);
// "0,2-3", numbers up to ED_SUITE_CPU_MAX, ranges upwards, no spaces.
enum ed_status ed_suite_cpus_check(const char *text, struct ed_error *err);
// ED_ERR_USAGE where the elements are too many for an int64_t of bytes.
enum ed_status ed_suite_shape_check(const struct ed_suite_shape *shape, struct ed_error *err);
// The file `text`, relative to `directory` (absolute), must exist, be regular and be readable; *out is its
// absolute path. Symbolic links stay, since the names of files may matter to the engine. ED_ERR_NOT_FOUND,
// ED_ERR_USAGE, ED_ERR_LIMIT.
enum ed_status ed_suite_file_resolve(char **out, const char *directory, const char *text,
                                     struct ed_error *err);
// The same, or a folder.
enum ed_status ed_suite_place_resolve(char **out, const char *directory, const char *text,
                                      struct ed_error *err);
// A side of a gate: *text becomes the absolute path where a regular file of that name exists in `directory`,
// else stays.
enum ed_status ed_suite_side_resolve(char **text, const char *directory, struct ed_error *err);
// `list` is the address of a pointer to *n elements of `bytes` each, which grow by a zeroed one, returned;
// NULL without memory.
void *ed_suite_list_grow(void *list, size_t *n, size_t bytes);
// Releases what the elements own, and the list.
void ed_suite_model_release(struct ed_suite_model *model); // leaves it zeroed, keeps the struct
void ed_suite_texts_release(char **texts, size_t n);
void ed_suite_pairs_release(struct ed_suite_pair *pairs, size_t n);
// Fills a name of the kind of ED_SUITE_RULE_NAME from the last component of `path` without its ending: other
// bytes become '_', and it is cut to 64 bytes. Never empty.
void ed_suite_name_make(char name[65], const char *path);

#endif
