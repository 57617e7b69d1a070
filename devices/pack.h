// SPDX-License-Identifier: Apache-2.0
// The pack of a target: what this installation has to push to a device of it. It lies in
// LIBRARY_DIR/packs/TARGET/ (built for an old C library, by the build option ED_PACKS), else in
// LIBRARY_DIR/TARGET/ (built by this machine's compiler):
//   edgedyno-runner   adapters/NAME.so   libc/ (a C library with its own loader)   pack.json
//   pack.json: {"target":TEXT,"libc_floor":"2.27","libc":{"version":"2.36","loader":"ld-linux-aarch64.so.1"}}; "libc" where there is one
// A folder without pack.json has no libc, and its floor is unknown.
#ifndef EDGEDYNO_DEVICES_PACK_H
#define EDGEDYNO_DEVICES_PACK_H

#include "base/path.h"
#include "edgedyno/device.h"

struct ed_pack {
    char target[32];
    char directory[ED_PATH_BYTES], runner[ED_PATH_BYTES];
    char libc_floor[32];   // what the runner and adapters need; "" unknown
    char libc_version[32]; // of the pack's own C library; "" none
    char loader[64];       // its loader, a file of libc/
    char libc_dir[ED_PATH_BYTES];
    bool foreign;     // an Android device served by a Linux target: CPU only, not the app's build
    bool runner_libc; // the device cannot run the runner itself: it is started through the pack's loader
};

// The pack for a device. An Android device gets android-*, else linux-* with its libc. Another C library than
// glibc, or an older one than the floor, sets runner_libc. ED_ERR_UNSUPPORTED says which targets this
// installation has, and how another is made; also where a libc is needed that the pack does not have.
enum ed_status ed_pack_find(struct ed_pack *pack, const char *library_dir, const struct ed_identity *identity,
                            const char *id, struct ed_error *err);
// The adapter's file in the pack; ED_ERR_NOT_FOUND where it has none.
enum ed_status ed_pack_adapter(const struct ed_pack *pack, const char *name, char out[ED_PATH_BYTES],
                               struct ed_error *err);
// Whether an engine build that needs C library `floor` ("" unknown) must run with the pack's on this device.
bool ed_pack_needs_libc(const struct ed_pack *pack, const struct ed_identity *identity, const char *floor);

#endif
