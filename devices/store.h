// SPDX-License-Identifier: Apache-2.0
// Private directories inside the engine store, in which a build is put together before one rename makes it
// visible.
#ifndef EDGEDYNO_DEVICES_STORE_H
#define EDGEDYNO_DEVICES_STORE_H

#include "base/path.h"

struct ed_store_room {
    char path[ED_PATH_BYTES]; // STORE/.fetch-PID-XXXXXX; "" where there is none
    int lock;                 // held while the room is in use; the kernel lets it go with its process
};

// Makes the store where it is missing, removes rooms whose owners are gone, and makes a new room.
enum ed_status ed_store_room_open(struct ed_store_room *room, const char *store, struct ed_error *err);
// Removes it with all that is left in it. Safe on one whose opening failed.
void ed_store_room_close(struct ed_store_room *room);

#endif
