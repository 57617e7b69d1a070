// SPDX-License-Identifier: Apache-2.0
// A device that takes part in a campaign: opened with patience, leased, given its files, and driven to the
// end over a link that may fail. One thread at a time uses a member; different members are used by different
// threads.
#ifndef EDGEDYNO_HARNESS_MEMBER_H
#define EDGEDYNO_HARNESS_MEMBER_H

#include <signal.h>

#include "base/log.h"
#include "devices/session.h"
#include "harness/campaign.h"
#include "harness/files.h"
#include "harness/progress.h"

// What all members share; read only while threads run.
struct ed_member_context {
    const char *library_dir;
    const struct ed_transport_context *transport; // may be NULL
    const struct ed_log *log;
    struct ed_progress *progress;             // may be NULL
    const volatile sig_atomic_t *interrupted; // may be NULL: never
    const char *holder;                       // of the lease: the campaign's id
    const char *purpose;                      // what people are told who find the device busy
    int64_t wait_ns;                          // how long to wait for a busy device; 0: not at all
    int64_t patience_ns;                      // how long to try a lost link again; 0: two minutes
    bool verify;
};

struct ed_member {
    const struct ed_member_context *context;
    const struct ed_device_entry *entry;
    size_t line; // its line in the progress
    struct ed_session session;
    bool open;
    bool pushed;      // since the last connection
    int64_t heard_ns; // CLOCK_MONOTONIC: when the device answered last, or took more of a file
    char token[ED_WIRE_TOKEN_MAX_BYTES + 1]; // "" no lease
    struct ed_json_document hardware;
    char *hardware_json; // owned by cJSON
    char summary[512];
    struct ed_files files;
    bool has_files;
    enum ed_status status;   // of opening
    struct ed_error failure; // why it does not take part
};

void ed_member_init(struct ed_member *member, const struct ed_member_context *context,
                    const struct ed_device_entry *entry, size_t line);
void ed_member_release(struct ed_member *member); // gives the lease back where the link allows it

// Connects, identifies, puts the runner there and, with `describe`, asks for the hardware. What is transient
// is tried three times with growing pauses; what is not puts the device into quarantine. A device in
// quarantine is refused.
enum ed_status ed_member_open(struct ed_member *member, bool describe, struct ed_error *err);
// Takes the lease, or takes it over from an earlier life of this campaign; waits where the context says so.
// ED_ERR_BUSY says who has it and until when.
enum ed_status ed_member_lease(struct ed_member *member, struct ed_error *err);
// Brings the files there, under the lease.
enum ed_status ed_member_push(struct ed_member *member, struct ed_error *err);

struct ed_member_result {
    enum ed_status status;
    struct ed_error failure;
    int64_t done; // blocks that are home
};
// Runs the member's part of the campaign to its end: lease, files, job, journal. A lost link is connected
// again with growing pauses for as long as the job may run on; the device's job does not care. With
// `leave_nothing` models and data are removed at the end. Every finished block is on disk whatever happens.
void ed_member_follow(struct ed_member *member, const struct ed_campaign *campaign, size_t device,
                      bool leave_nothing, struct ed_member_result *result);

#endif
