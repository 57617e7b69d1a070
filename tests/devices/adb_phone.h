// SPDX-License-Identifier: Apache-2.0
// A real phone's end for the adb tests: Debian 13's adbd in namespaces of the test's own, and an adb server
// there that the transport starts.
#ifndef EDGEDYNO_TESTS_DEVICES_ADB_PHONE_H
#define EDGEDYNO_TESTS_DEVICES_ADB_PHONE_H

#include "tests/devices/adb_place.h"

#define PHONE_PORT 7001
#define PHONE "127.0.0.1:7001"
#define OTHER_PORT 7002
#define OTHER "127.0.0.1:7002"
#define SMALL_DISK_BYTES (1 << 20)

extern pid_t phone, other_phone;

// Scratch folder, namespaces, a small tmpfs "small", a getprop, the phone. Skips the tests where a user gets
// no namespaces.
int phone_group_make(void **state);
int phone_group_remove(void **state);
void phone_start(pid_t *pid, int port);
void phone_server_end(void); // `adb kill-server`, which is fine where there is none

#endif
