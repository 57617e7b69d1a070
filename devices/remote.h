// SPDX-License-Identifier: Apache-2.0
// The controller's side of the wire: the runner's short commands through any transport. Replies are hostile
// until checked.
#ifndef EDGEDYNO_DEVICES_REMOTE_H
#define EDGEDYNO_DEVICES_REMOTE_H

#include "base/buffer.h"
#include "base/json_read.h"
#include "base/path.h"
#include "edgedyno/backend.h"
#include "edgedyno/device.h"
#include "edgedyno/wire.h"

struct ed_remote {
    const struct ed_transport *transport; // connected; owned by the caller with its state
    void *state;
    char device[64];            // for messages
    char runner[ED_PATH_BYTES]; // the runner's path on the device
    char loader[ED_PATH_BYTES]; // the runner is started through this loader of a pack's libc; "": directly
    char work_dir[ED_PATH_BYTES];
};

enum ed_remote_state { ED_REMOTE_RUNNING, ED_REMOTE_ENDED, ED_REMOTE_DIED };

struct ed_remote_status {
    enum ed_remote_state state;
    char reason[32]; // of an ended job
    char message[512];
    char block[ED_WIRE_ID_MAX_BYTES + 1]; // that runs now
    int64_t journal_bytes, blocks_done, blocks_total, next_news_ns, left_ns;
    // Before `block` the device cools down, for so long at most; thousandths of a degree. -1: it does not.
    int64_t cooling_ns, cooling_now_mc, cooling_limit_mc;
    // The device's CLOCK_MONOTONIC at some moment between the two readings of CLOCK_REALTIME here; 0: not
    // told.
    int64_t device_monotonic_ns, asked_real_ns, answered_real_ns;
    bool lease_lost; // the token given with the question does not hold the lease any more
};

// The runner answers, and speaks this wire's major version.
enum ed_status ed_remote_check(const struct ed_remote *remote, struct ed_error *err);
// The description of the device, as a parsed document that the caller releases.
enum ed_status ed_remote_hardware(const struct ed_remote *remote, struct ed_json_document *reply,
                                  struct ed_error *err);
// What an engine build offers there. `engine_dir` and `library` may be "", `environment` (NAME=VALUE,
// NULL-terminated) NULL. A survey that crashes is ED_ERR_REFUSED with what is known, one that hangs for 20 s
// ED_ERR_TIMEOUT.
struct ed_remote_survey_args {
    const char *adapter, *engine_dir, *library;
    char *const *environment;
};
enum ed_status ed_remote_survey(const struct ed_remote *remote, const struct ed_remote_survey_args *args,
                                struct ed_survey *out, struct ed_error *err);
// The job that runs on the device now, "" where none does.
enum ed_status ed_remote_running(const struct ed_remote *remote, char job[ED_WIRE_ID_MAX_BYTES + 1],
                                 struct ed_error *err);
// ED_ERR_BUSY: another job, or a job of that id, is there.
enum ed_status ed_remote_start(const struct ed_remote *remote, const char *job, size_t bytes,
                               struct ed_error *err);
// ED_ERR_NOT_FOUND: the device knows no such job.
enum ed_status ed_remote_status(const struct ed_remote *remote, const char *job_id,
                                struct ed_remote_status *out, struct ed_error *err);
// The same, and the lease of `token` lasts at least extend_ns from now.
enum ed_status ed_remote_status_renew(const struct ed_remote *remote, const char *job_id, const char *token,
                                      int64_t extend_ns, struct ed_remote_status *out, struct ed_error *err);
// Appends at most `max` bytes of a job's file from `from` to `out`.
enum ed_status ed_remote_read(const struct ed_remote *remote, const char *job_id, const char *file,
                              int64_t from, int64_t max, struct ed_buffer *out, struct ed_error *err);
// `by` says who, for the journal; may be "".
enum ed_status ed_remote_stop(const struct ed_remote *remote, const char *job_id, const char *by,
                              struct ed_error *err);
enum ed_status ed_remote_forget(const struct ed_remote *remote, const char *job_id, struct ed_error *err);

// The lease (wire.h, runners/lease.h).
struct ed_remote_lease {
    bool granted;
    char token[ED_WIRE_TOKEN_MAX_BYTES + 1];
    char holder[ED_WIRE_ID_MAX_BYTES + 1], owner[ED_WIRE_OWNER_MAX_BYTES + 1], purpose[256];
    int64_t left_ns;
    char reserved_by[ED_WIRE_OWNER_MAX_BYTES + 1];
    int64_t reserved_left_ns;
    int ahead;
    char job[ED_WIRE_ID_MAX_BYTES + 1]; // that runs now; ""
};
struct ed_remote_lease_ask {
    const char *action;                           // take, renew, release, reserve, unreserve, show
    const char *holder, *owner, *purpose, *token; // NULL: ""
    int64_t for_ns;
    bool wait;
};
enum ed_status ed_remote_lease(const struct ed_remote *remote, const struct ed_remote_lease_ask *ask,
                               struct ed_remote_lease *out, struct ed_error *err);
// "anna@ci-7" of this process.
void ed_remote_owner(char owner[ED_WIRE_OWNER_MAX_BYTES + 1]);

// What lies there (wire.h). The reply is checked by the caller's parser: harness and cli read it as JSON.
enum ed_status ed_remote_sets(const struct ed_remote *remote, struct ed_json_document *reply,
                              struct ed_error *err);
// Removes sets: `ids` (n_ids of them), or all but the newest `keep` versions (-1: not so), or everything.
enum ed_status ed_remote_clean(const struct ed_remote *remote, const char *token, const char *const *ids,
                               size_t n_ids, int keep, bool all, size_t *removed, int64_t *freed_bytes,
                               struct ed_error *err);
// Puts back what an ended job changed; lines of what was and was not put back are appended to `lines`.
enum ed_status ed_remote_restore(const struct ed_remote *remote, struct ed_buffer *lines,
                                 struct ed_error *err);
enum ed_status ed_remote_doctor(const struct ed_remote *remote, struct ed_json_document *reply,
                                struct ed_error *err);

// What every probe reads there now; `papi` names events, "" for the common ones. The reply is checked by the
// caller's parser. ED_ERR_BUSY while a job runs.
enum ed_status ed_remote_probe(const struct ed_remote *remote, const char *papi,
                               struct ed_json_document *reply, struct ed_error *err);
// One entry of a snapshot, borrowed during the call. Names are checked: a path is relative, below proc/ or
// sys/, without "." and ".."; a command's name is one component.
struct ed_remote_entry {
    bool command;
    const char *name;
    const char *status; // "": fine; the errno's name of a file, exit status or status word of a command
    const char *text;   // NULL: none
};
// Calls `take` for each entry, and fails when it does, when an entry is not of its form, or when the last
// line is missing. *left_out: what did not fit.
enum ed_status ed_remote_snapshot(const struct ed_remote *remote,
                                  enum ed_status (*take)(void *context, const struct ed_remote_entry *entry,
                                                         struct ed_error *err),
                                  void *context, int64_t *left_out, struct ed_error *err);

#endif
