// SPDX-License-Identifier: Apache-2.0
// The two sides of a gate: from words to variants of the suite's models or to engines.
#ifndef EDGEDYNO_HARNESS_GATE_SIDES_H
#define EDGEDYNO_HARNESS_GATE_SIDES_H

#include "harness/suite.h"

// Before the other flags, since shapes and inputs belong to models: where there is no model and the sides
// are files, makes one with the variants "baseline" and "candidate"; where the suite has one model, adds them
// to it. A word that is no file and no variant is looked for among the kept baselines.
enum ed_status ed_gate_sides_add(struct ed_suite *suite, struct ed_error *err);
// After all flags: every model has both sides, or both engines are named; suite->gate.side_on and
// side_variant say which. ED_ERR_USAGE says what is missing.
enum ed_status ed_gate_sides_settle(struct ed_suite *suite, struct ed_error *err);

#endif
