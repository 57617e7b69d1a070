// SPDX-License-Identifier: Apache-2.0
// What an adb server knows: its list of devices, and what their states mean.
#ifndef EDGEDYNO_DEVICES_ADB_DEVICES_H
#define EDGEDYNO_DEVICES_ADB_DEVICES_H

#include "devices/adb/adb.h"
#include "devices/adb/server.h"

#define ED_ADB_DEVICES_MAX 256

// The text of host:devices-l. Up to `capacity` devices; *n is how many were stored. ED_ERR_PARSE for lines
// that no server writes (unprintable or over-long words).
enum ed_status ed_adb_devices_parse(const char *who, const char *text, struct ed_adb_device *devices,
                                    size_t capacity, size_t *n, struct ed_error *err);
enum ed_status ed_adb_devices_list(struct ed_adb_server *server, struct ed_adb_device *devices,
                                   size_t capacity, size_t *n, int64_t deadline_ns, struct ed_error *err);
// ED_OK for "device"; ED_ERR_KEY_REFUSED, ED_ERR_OFFLINE, ED_ERR_UNSUPPORTED with what to do.
enum ed_status ed_adb_state_check(const char *who, const char *state, struct ed_error *err);
// Finds `serial` ("": the only one there is) and waits a moment for one that is just coming; a serial
// HOST:PORT that is not connected is connected. ED_ERR_UNREACHABLE names those that are listed, ED_ERR_USAGE
// where "" fits several.
enum ed_status ed_adb_device_find(struct ed_adb_server *server, const char *serial, const char *who,
                                  char found[128], int64_t deadline_ns, struct ed_error *err);

#endif
