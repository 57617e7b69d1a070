// SPDX-License-Identifier: Apache-2.0
// The lease of a device by the runner's own short command, for the tests of leases.
#ifndef EDGEDYNO_TESTS_RUNNER_LEASE_RIG_H
#define EDGEDYNO_TESTS_RUNNER_LEASE_RIG_H

#include "edgedyno/wire.h"
#include "tests/runner/rig.h"

#define LEASE_HOUR_NS (INT64_C(3600) * RIG_SECOND)
#define TOKEN_BYTES (ED_WIRE_TOKEN_MAX_BYTES + 1)
// Scripts of jobs; a slow block takes 0.2 s at the least.
#define WELL "{\"type\": \"edgedyno-script\"}"
#define HANG "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"hang\"}}"
#define SLOW "{\"type\": \"edgedyno-script\", \"load\": {\"ns\": 200000000}}"
#define BLOCKS 40 // of a job at the most

// `lease` with this message; released by rig_reply_release.
struct rig_reply lease_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
// A reply that must have come, with this `granted`. `token` (ED_WIRE_TOKEN_MAX_BYTES + 1, may be NULL) is the
// reply's.
void lease_take(const char *holder, const char *owner, int64_t for_ns, bool wait, bool granted, char *token);
void lease_release(const char *token);
// Takes until it is granted; fails after limit_ns.
void lease_take_within(const char *holder, const char *owner, int64_t limit_ns, char *token);
bool lease_granted(const struct rig_reply *reply);
struct rig_reply lease_show(void);
int64_t lease_counter_of(const char *token);
// Removes every trace of a lease, so that the next test begins anew.
void lease_forget(void);
// WORK/NAME replaced as a whole.
void lease_write(const char *name, const char *text, size_t bytes);
void lease_boot_id(char boot_id[64]);
int64_t lease_boot_ns(void);

// A job of `n` blocks of the script; `more` is put into its message ("\"lease\":{...}"; "" for nothing).
struct rig_reply lease_try_start(const char *id, const char *script, size_t n, const char *more);
pid_t lease_start(const char *id, const char *script, size_t n, const char *more); // the supervisor
const char *lease_of(const char *token, int64_t for_ns);                           // such a `more`
// The job's end line must have this reason, and these words in its message; no block failed.
void lease_expect_end(const char *id, const char *reason, const char *words);
void lease_stop(const char *id);

#endif
