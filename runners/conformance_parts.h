// SPDX-License-Identifier: Apache-2.0
// What the files of the conformance checks share. A check runs in a process of its own: it returns when all
// is well, and ends the process by ed_check_fail or ed_check_skip otherwise, so that nothing in it is ever
// cleaned up.
#ifndef EDGEDYNO_RUNNERS_CONFORMANCE_PARTS_H
#define EDGEDYNO_RUNNERS_CONFORMANCE_PARTS_H

#include <stdbool.h>

#include "base/path.h"
#include "runners/adapter.h"
#include "runners/conformance.h"
#include "runners/inputs.h"

// Lies in memory that is shared with the process that waits.
struct ed_check {
    const struct ed_conformance_subject *subject;
    bool done;
    enum ed_conformance_verdict verdict;
    char words[512];
    char doing[96]; // the last step begun: what a crash is blamed on
};

struct ed_check_row {
    const char *name;
    void (*run)(struct ed_check *check);
};

extern const struct ed_check_row ed_checks_table[]; // of the adapter's table, its survey, its options
extern const size_t ed_checks_table_n;
extern const struct ed_check_row ed_checks_model[]; // of loading and running
extern const size_t ed_checks_model_n;
extern const struct ed_check_row ed_checks_damage[]; // of what must not load, and of what must not grow
extern const size_t ed_checks_damage_n;

__attribute__((noreturn, format(printf, 2, 3))) void ed_check_fail(struct ed_check *check, const char *format,
                                                                   ...);
__attribute__((noreturn, format(printf, 2, 3))) void ed_check_skip(struct ed_check *check, const char *format,
                                                                   ...);
__attribute__((format(printf, 2, 3))) void ed_check_doing(struct ed_check *check, const char *format, ...);
// Fails with the step and the error's words where status is not ED_OK.
void ed_check_ok(struct ed_check *check, enum ed_status status, const struct ed_error *err);
// An error was due: fails where there was none, or where it has no words. `must_name` has to be in its words
// or its place; NULL: nothing.
void ed_check_refused(struct ed_check *check, enum ed_status status, const struct ed_error *err,
                      const char *must_name);

// The adapter, opened; its engine's `open` was called.
struct ed_adapter ed_check_open(struct ed_check *check);
// `load` with the subject's model and backend, and these options.
enum ed_status ed_check_load(struct ed_check *check, const struct ed_adapter *adapter,
                             const struct ed_option_given *options, size_t n_options, struct ed_error *err);
// Loads the good model, describes it, makes its inputs and binds them. The inputs stay with the process.
struct ed_inputs *ed_check_bind(struct ed_check *check, const struct ed_adapter *adapter);
void ed_check_run(struct ed_check *check, const struct ed_adapter *adapter);
void ed_check_unload(struct ed_check *check, const struct ed_adapter *adapter);

// Outputs of the last run, copied.
struct ed_check_outputs {
    size_t n;
    struct ed_tensor views[ED_TENSORS_MAX]; // their data is the copy
};
struct ed_check_outputs *ed_check_outputs(struct ed_check *check, const struct ed_adapter *adapter,
                                          const struct ed_io *io);
// Fails with `what` where they differ.
void ed_check_same(struct ed_check *check, const struct ed_check_outputs *a, const struct ed_check_outputs *b,
                   const char *what);

#endif
