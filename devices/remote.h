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
    char work_dir[ED_PATH_BYTES];
};

enum ed_remote_state { ED_REMOTE_RUNNING, ED_REMOTE_ENDED, ED_REMOTE_DIED };

struct ed_remote_status {
    enum ed_remote_state state;
    char reason[32]; // of an ended job
    char message[512];
    char block[ED_WIRE_ID_MAX_BYTES + 1]; // that runs now
    int64_t journal_bytes, blocks_done, blocks_total, next_news_ns, left_ns;
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
// Appends at most `max` bytes of a job's file from `from` to `out`.
enum ed_status ed_remote_read(const struct ed_remote *remote, const char *job_id, const char *file,
                              int64_t from, int64_t max, struct ed_buffer *out, struct ed_error *err);
enum ed_status ed_remote_stop(const struct ed_remote *remote, const char *job_id, struct ed_error *err);
enum ed_status ed_remote_forget(const struct ed_remote *remote, const char *job_id, struct ed_error *err);

#endif
