// SPDX-License-Identifier: Apache-2.0
// The transport to this very machine. It goes through the same short commands as a remote one; only push and
// pull know that the files are already here.
#ifndef EDGEDYNO_DEVICES_LOCAL_H
#define EDGEDYNO_DEVICES_LOCAL_H

#include "edgedyno/device.h"

extern const struct ed_transport ed_transport_local;

#endif
