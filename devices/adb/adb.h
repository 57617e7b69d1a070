// SPDX-License-Identifier: Apache-2.0
// The transport over adb: talks to the adb server's socket (ADB_SERVER_SOCKET, ANDROID_ADB_SERVER_ADDRESS and
// _PORT, else 127.0.0.1:5037), which is started with the program `adb` where it is down; through a lab host's
// SSH where the address has `via`.
#ifndef EDGEDYNO_DEVICES_ADB_H
#define EDGEDYNO_DEVICES_ADB_H

#include "edgedyno/device.h"

extern const struct ed_transport ed_transport_adb;

struct ed_adb_device {
    char serial[128], state[32], model[64]; // state: "device", "unauthorized", "offline", "no permissions",
                                            // "recovery", ...
};
// What the server knows, `capacity` at most. `via` as in struct ed_address, "" for this machine's.
enum ed_status ed_adb_devices(const char *via, const struct ed_transport_context *context,
                              struct ed_adb_device *devices, size_t capacity, size_t *n, int64_t deadline_ns,
                              struct ed_error *err);
// A port of this machine's loopback whose connections the device gets at its own `device_port` (adb forward).
enum ed_status ed_adb_forward(const char *serial, int device_port, int *local_port, int64_t deadline_ns,
                              struct ed_error *err);
enum ed_status ed_adb_forward_remove(const char *serial, int local_port, int64_t deadline_ns,
                                     struct ed_error *err);

#endif
