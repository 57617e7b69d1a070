// SPDX-License-Identifier: Apache-2.0
// A device and the short commands of its runner that need no job: hardware, survey.
#ifndef EDGEDYNO_HARNESS_CLI_RUNNER_CALL_H
#define EDGEDYNO_HARNESS_CLI_RUNNER_CALL_H

#include "base/json_read.h"
#include "base/path.h"
#include "devices/inventory.h"

struct ed_runner_device {
    const struct ed_device_entry *entry;
    const struct ed_transport *transport; // NULL: not connected
    void *state;                          // owned
    struct ed_identity identity;
    char runner[ED_PATH_BYTES]; // on the device
    char busy_job[65];          // the job that runs there; "" where none does
};

// Connects and identifies. ED_ERR_UNSUPPORTED for a transport of which this version has none.
enum ed_status ed_runner_device_open(struct ed_runner_device *device, const struct ed_device_entry *entry,
                                     const char *library_dir, struct ed_error *err);
void ed_runner_device_close(struct ed_runner_device *device); // safe on a zeroed struct
// Runs RUNNER WORDS... with `environment` ("K=V") added (both NULL-terminated, environment may be NULL) and
// parses its reply, whose "type" must be `type`. A failure that the runner reports becomes `err`; one that
// dies or hangs longer than `limit_ns` says how.
enum ed_status ed_runner_call(struct ed_runner_device *device, const char *const *words,
                              char *const *environment, const char *type, int64_t limit_ns,
                              struct ed_json_document *reply, struct ed_error *err);

#endif
