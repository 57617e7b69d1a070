// SPDX-License-Identifier: Apache-2.0
// The lease of a device: one campaign at a time, across controllers and hosts. The record WORK/lease.json is
// read and replaced under a lock that is held for microseconds (WORK/lease.lock), by short commands and by
// the supervisor alike.
//
//   {"counter":N,"holder":ID,"token":TOKEN,"owner":TEXT,"purpose":TEXT,"boot_id":TEXT,"expires_boot_ns":N,
//    "reserved_by":TEXT,"reserved_boot_ns":N,"reserved_until_us":N}
//
// Expiry counts on CLOCK_BOOTTIME, so that a stepped clock changes nothing; a record of another boot has
// expired, but for a reservation, which then goes by the real clock. `counter` never goes back, and a token
// is "COUNTER-RANDOM": whoever has an older one cannot write any more. A holder is one campaign (its id): a
// controller that is started again for it takes its lease over at once, under a new token. A torn or damaged
// record is an error that names the file, never a free device; an empty or missing one is a free device with
// counter 0.
//
// Tickets: who asks with `wait` and is not served leaves WORK/tickets/HOLDER.json {"owner","created_boot_ns",
// "seen_boot_ns","boot_id"} and is live as long as it asks again within ED_LEASE_TICKET_NS. A free device is
// given to the oldest live ticket alone; who asks without `wait` is refused while there is one. Dead tickets
// are removed.
#ifndef EDGEDYNO_RUNNERS_LEASE_H
#define EDGEDYNO_RUNNERS_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/path.h"
#include "edgedyno/wire.h"

#define ED_LEASE_TICKET_NS INT64_C(30000000000)
#define ED_LEASE_MAX_NS (INT64_C(30) * 24 * 3600 * 1000000000)

struct ed_lease_view {
    bool granted;                            // the asker holds it now
    char token[ED_WIRE_TOKEN_MAX_BYTES + 1]; // the asker's, where granted; else ""
    char holder[ED_WIRE_ID_MAX_BYTES + 1], owner[ED_WIRE_OWNER_MAX_BYTES + 1], purpose[256]; // of the live
                                                                                             // lease; "" free
    int64_t left_ns;                               // of the live lease
    char reserved_by[ED_WIRE_OWNER_MAX_BYTES + 1]; // "" not reserved
    int64_t reserved_left_ns;
    int ahead; // live tickets before the asker's
};

struct ed_lease_ask {
    const char *holder, *owner, *purpose; // checked: a name; printable text
    int64_t for_ns;                       // 1 .. ED_LEASE_MAX_NS
    bool wait;
};

// Not granted is ED_OK with who holds it. A reservation of the same owner does not stand in the way.
enum ed_status ed_lease_take(const char *work, const struct ed_lease_ask *ask, struct ed_lease_view *view,
                             struct ed_error *err);
// The token's lease lasts at least for_ns from now; never shorter than it was. ED_ERR_BUSY: the token does
// not hold the lease any more (names who does).
enum ed_status ed_lease_renew(const char *work, const char *token, int64_t for_ns, struct ed_error *err);
// Gives it up; a token that does not hold it any more is fine. The holder's ticket goes too.
enum ed_status ed_lease_release(const char *work, const char *token, struct ed_error *err);
// Gives up a place in the queue.
enum ed_status ed_lease_leave(const char *work, const char *holder, struct ed_error *err);
// Only `owner`'s campaigns are given a lease until then; a running one of somebody else stays. ED_ERR_BUSY
// where somebody else reserved it; for_ns 0 ends one's own reservation.
enum ed_status ed_lease_reserve(const char *work, const char *owner, int64_t for_ns,
                                struct ed_lease_view *view, struct ed_error *err);
enum ed_status ed_lease_show(const char *work, struct ed_lease_view *view, struct ed_error *err);
// ED_OK while `token` holds an unexpired lease, ED_ERR_BUSY else (expired, or somebody else's; says which).
enum ed_status ed_lease_check(const char *work, const char *token, struct ed_error *err);

// Holds the record's lock, so that a check and what follows from it are one step (adopting a push). *fd:
// close it.
enum ed_status ed_lease_lock(const char *work, int *fd, struct ed_error *err);
enum ed_status ed_lease_check_locked(const char *work, const char *token, struct ed_error *err);

#endif
