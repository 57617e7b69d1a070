// SPDX-License-Identifier: Apache-2.0
// The visible table of transports.
#ifndef EDGEDYNO_DEVICES_TRANSPORT_H
#define EDGEDYNO_DEVICES_TRANSPORT_H

#include "edgedyno/device.h"

const struct ed_transport *const *ed_transports(size_t *n);
const struct ed_transport *ed_transport_find(const char *name); // NULL: none
// What the libraries below need once, before threads use a transport. Again is fine.
enum ed_status ed_transports_start(struct ed_error *err);
// abi, size, no NULL hook, name and summary present.
enum ed_status ed_transport_check(const struct ed_transport *transport, struct ed_error *err);

#endif
