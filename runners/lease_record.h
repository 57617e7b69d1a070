// SPDX-License-Identifier: Apache-2.0
// The parts of a lease (runners/lease.h): its record, and the queue of those who wait. Everything here that
// changes a file is called under the record's lock (ed_lease_lock).
#ifndef EDGEDYNO_RUNNERS_LEASE_RECORD_H
#define EDGEDYNO_RUNNERS_LEASE_RECORD_H

#include "base/buffer.h"
#include "runners/lease.h"

#define ED_LEASE_RECORD_MAX_BYTES 8192
#define ED_LEASE_PURPOSE_MAX_BYTES 255
#define ED_LEASE_BOOT_ID_BYTES 64
#define ED_LEASE_TICKETS_MAX 256 // controllers that wait; one more is refused

struct ed_lease_record {
    int64_t counter;                         // of the last token, 0 .. 2^53
    char holder[ED_WIRE_ID_MAX_BYTES + 1];   // "" free
    char token[ED_WIRE_TOKEN_MAX_BYTES + 1]; // "" exactly where holder is
    char owner[ED_WIRE_OWNER_MAX_BYTES + 1];
    char purpose[ED_LEASE_PURPOSE_MAX_BYTES + 1];
    char boot_id[ED_LEASE_BOOT_ID_BYTES]; // of both moments on the boot clock
    int64_t expires_boot_ns;
    char reserved_by[ED_WIRE_OWNER_MAX_BYTES + 1]; // "" not reserved
    int64_t reserved_boot_ns, reserved_until_us;
};

// The moment against which a record is read.
struct ed_lease_now {
    int64_t boot_ns, real_us;
    char boot_id[ED_LEASE_BOOT_ID_BYTES]; // "unknown" where the kernel does not tell
};
void ed_lease_now(struct ed_lease_now *now);

// Text of a person: 1 .. max bytes (0 too with `may_be_empty`) of UTF-8 without control characters.
bool ed_lease_text_ok(const char *text, size_t max, bool may_be_empty);
// "COUNTER-8 hex digits", the counter without leading zeros; *counter may be NULL.
bool ed_lease_token_ok(const char *token, int64_t *counter);

// An empty text is a free device with counter 0; anything that is not wholly a record is ED_ERR_PARSE.
enum ed_status ed_lease_record_parse(struct ed_lease_record *record, const char *name, const char *text,
                                     size_t bytes, struct ed_error *err);
void ed_lease_record_write(const struct ed_lease_record *record, struct ed_buffer *out);
// WORK/lease.json as it is now; a missing one is free. The failure names the file and what to do.
enum ed_status ed_lease_record_load(const char *work, struct ed_lease_record *record, struct ed_error *err);
enum ed_status ed_lease_record_store(const char *work, const struct ed_lease_record *record,
                                     struct ed_error *err);
// Nanoseconds that the lease, and the reservation, still have at `now`; 0: expired or none.
int64_t ed_lease_left_ns(const struct ed_lease_record *record, const struct ed_lease_now *now);
int64_t ed_lease_reserved_left_ns(const struct ed_lease_record *record, const struct ed_lease_now *now);
// Rewrites what has run out as free, and a reservation of another boot in terms of this one.
void ed_lease_record_settle(struct ed_lease_record *record, const struct ed_lease_now *now);
// ED_OK while `token` holds the lease; else ED_ERR_BUSY with who does. One check for everybody.
enum ed_status ed_lease_record_check(const struct ed_lease_record *record, const struct ed_lease_now *now,
                                     const char *token, struct ed_error *err);

// As ed_lease_renew, under the lock; *record is what it is afterwards.
enum ed_status ed_lease_renew_locked(const char *work, const char *token, int64_t for_ns,
                                     struct ed_lease_record *record, struct ed_error *err);

// The queue. A ticket is live as long as its holder asks again within ED_LEASE_TICKET_NS.
struct ed_lease_ticket {
    char holder[ED_WIRE_ID_MAX_BYTES + 1];
    char owner[ED_WIRE_OWNER_MAX_BYTES + 1];
    int64_t created_boot_ns, seen_boot_ns;
};
struct ed_lease_tickets {
    struct ed_lease_ticket items[ED_LEASE_TICKETS_MAX]; // the oldest first
    size_t n;
};
// The live ones; `sweep` removes everything else in the directory.
enum ed_status ed_lease_tickets_load(const char *work, const struct ed_lease_now *now, bool sweep,
                                     struct ed_lease_tickets *tickets, struct ed_error *err);
enum ed_status ed_lease_ticket_store(const char *work, const struct ed_lease_ticket *ticket,
                                     const struct ed_lease_now *now, struct ed_error *err);
enum ed_status ed_lease_ticket_remove(const char *work, const char *holder, struct ed_error *err);

#endif
