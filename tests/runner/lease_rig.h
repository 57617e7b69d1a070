// SPDX-License-Identifier: Apache-2.0
// The lease of a device by the runner's own short command, for the tests of leases.
#ifndef EDGEDYNO_TESTS_RUNNER_LEASE_RIG_H
#define EDGEDYNO_TESTS_RUNNER_LEASE_RIG_H

#include "edgedyno/wire.h"
#include "tests/runner/rig.h"

#define LEASE_HOUR_NS (INT64_C(3600) * RIG_SECOND)

// `lease` with this message; released by rig_reply_release.
struct rig_reply lease_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
// A reply that must have come, with this `granted`. `token` (ED_WIRE_TOKEN_MAX_BYTES + 1, may be NULL) is the
// reply's.
void lease_take(const char *holder, const char *owner, int64_t for_ns, bool wait, bool granted, char *token);
void lease_release(const char *token);
// Takes until it is granted; fails after limit_ns.
void lease_take_within(const char *holder, const char *owner, int64_t limit_ns, char *token);
bool lease_granted(const struct rig_reply *reply);
// Removes every trace of a lease, so that the next test begins anew.
void lease_forget(void);
// WORK/NAME replaced as a whole.
void lease_write(const char *name, const char *text, size_t bytes);
void lease_boot_id(char boot_id[64]);
int64_t lease_boot_ns(void);

#endif
