// SPDX-License-Identifier: Apache-2.0
// Does an adapter obey edgedyno/backend.h? Every check opens the adapter in a process of its own, so that a
// crash, a hang or an exit is a failed check and nothing else suffers.
#ifndef EDGEDYNO_RUNNERS_CONFORMANCE_H
#define EDGEDYNO_RUNNERS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/backend.h"

#define ED_CONFORMANCE_MAX 40 // more than there are checks

enum ed_conformance_verdict { ED_CONFORMANCE_OK, ED_CONFORMANCE_FAILED, ED_CONFORMANCE_NOT_APPLICABLE };

// What is checked, and with what. Paths are absolute; everything is borrowed. Zero-initialise: "" and NULL
// mean "not given", and checks that stand on something not given are not applicable.
struct ed_conformance_subject {
    const char *adapter;  // the shared object
    const char *manifest; // its manifest.json
    const char *engine_dir, *engine_library;
    const char *scratch_dir;        // private and writable; files are made in it and left there
    const char *const *model_files; // a model that must load, run, and answer the same twice
    size_t n_model_files;           // 0: the engine needs no model
    bool model_wanted;              // it needs one, which was not given: what loads one does not apply
    const char *backend;            // the model runs on it
    int64_t symbolic_size;          // what a symbolic dimension is given; 0: 1
    const char *option_key, *option_value, *wrong_value; // an option, a value it takes, one it must refuse
    const char *const *damaged; // files that must not load, beside those made from the model
    size_t n_damaged;
    int64_t growth_max_bytes; // of resident memory in 50 loads; 0: 2 MiB
    int64_t timeout_ns;       // of one check; 0: 60 s
};

struct ed_conformance_result {
    const char *name; // "load_truncated"; lives for ever
    enum ed_conformance_verdict verdict;
    char words[512]; // why it failed or does not apply; "" where it is ok
};

// "ok", "failed", "not applicable".
const char *ed_conformance_word(enum ed_conformance_verdict verdict);
// Runs every check. `results` has room for ED_CONFORMANCE_MAX; *n is how many were run. A failed check is no
// failure of this function: ED_ERR_IO and the like say that the checks themselves could not be run. One
// thread; the caller has none beside.
enum ed_status ed_conformance_run(const struct ed_conformance_subject *subject,
                                  struct ed_conformance_result *results, size_t *n, struct ed_error *err);

#endif
