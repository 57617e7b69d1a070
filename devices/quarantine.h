// SPDX-License-Identifier: Apache-2.0
// Devices that failed in a way that trying again does not mend. They are left out of runs until `edgedyno
// devices check ID` passes. Kept in $XDG_STATE_HOME/edgedyno/quarantine.json, one entry a device (id and
// address, so that another fleet's device of the same name is not meant), replaced atomically under a lock.
#ifndef EDGEDYNO_DEVICES_QUARANTINE_H
#define EDGEDYNO_DEVICES_QUARANTINE_H

#include "devices/inventory.h"

// Whether it helps to try again: a lost link, a time-out, nobody answering, a busy device.
bool ed_status_is_transient(enum ed_status status);
// Whether the failure speaks of the device (a refused key, a full disk, lies on the wire), not of what was
// asked of it.
bool ed_status_is_of_device(enum ed_status status);
// Puts it in, with the reason. Without a home this does nothing.
void ed_quarantine_add(const struct ed_device_entry *entry, const struct ed_error *why);
void ed_quarantine_remove(const struct ed_device_entry *entry);
// true: `why` (ED_ERROR_MESSAGE_BYTES) says since when and what for.
bool ed_quarantine_find(const struct ed_device_entry *entry, char *why, size_t why_bytes);

#endif
