// SPDX-License-Identifier: Apache-2.0
// Engines of a suite that are named with an address (command:FILE, openai:URL): they are no builds of the
// list before somebody names them.
#ifndef EDGEDYNO_HARNESS_ADDRESSES_H
#define EDGEDYNO_HARNESS_ADDRESSES_H

#include "devices/engines.h"
#include "harness/suite.h"

// Adds what the suite names, once. Before any plan is made: pointers into `engines` are void then.
enum ed_status ed_addresses_add(struct ed_engines *engines, const struct ed_suite *suite,
                                struct ed_error *err);

#endif
