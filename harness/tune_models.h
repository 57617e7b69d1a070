// SPDX-License-Identifier: Apache-2.0
// What `edgedyno tune` chooses from: variants of a model, and the one that accuracy is held against.
#ifndef EDGEDYNO_HARNESS_TUNE_MODELS_H
#define EDGEDYNO_HARNESS_TUNE_MODELS_H

#include "harness/suite.h"

// Bytes that all names begin with alike, up to and with a separator: "digits-" of digits-fp32 and
// digits-int8. 0 where nothing is left of one of them.
size_t ed_tune_common_bytes(const char *const *names, size_t n);

// Before the other flags, since shapes, inputs and tasks belong to models. Models of the command line become
// the variants of one, called by what their names begin with alike and each by the rest; a reference that is
// a file becomes a variant where it is none yet; then every model's reference is the one that was named.
// ED_ERR_USAGE names a model that lacks it.
enum ed_status ed_tune_models_settle(struct ed_suite *suite, struct ed_error *err);

#endif
