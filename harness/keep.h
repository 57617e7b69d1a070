// SPDX-License-Identifier: Apache-2.0
// Keeping what a device measured: its journal, samples, readings and outputs in the campaign's directory. A
// journal line is appended and synced only after its samples, readings and outputs are, so that every line in
// the journal is whole with all that belongs to it.
#ifndef EDGEDYNO_HARNESS_KEEP_H
#define EDGEDYNO_HARNESS_KEEP_H

#include "devices/remote.h"
#include "harness/campaign.h"

struct ed_keep_block {
    char id[ED_WIRE_ID_MAX_BYTES + 1];
    bool done;
};

// A file of the campaign that grows by what the jobs' own files of that name hold, one job after the other.
struct ed_keep_file {
    int fd;
    int64_t base;  // where the job's part begins
    int64_t bytes; // here
    int64_t named; // of them, by lines that are here, and by jobs before; what is behind was being fetched
};

struct ed_keep {
    char directory[ED_PATH_BYTES];
    int journal_fd;
    struct ed_keep_file samples, timeline;
    char job[ED_WIRE_ID_MAX_BYTES + 1]; // attached last; "" none
    size_t n_jobs;
    int64_t journal_bytes;
    int64_t job_journal_bytes;     // of that job's journal, here
    struct ed_keep_block *planned; // every block of the device's job.json, by id
    size_t n_planned, n_done;      // n_done of them are here
};

// ED_ERR_BUSY when another edgedyno works on this campaign.
enum ed_status ed_keep_open(struct ed_keep *keep, const struct ed_campaign_device *device,
                            struct ed_error *err);
void ed_keep_close(struct ed_keep *keep);
bool ed_keep_has(const struct ed_keep *keep, const char *block);
// A new job begins: its attach line.
enum ed_status ed_keep_attach(struct ed_keep *keep, const char *job, struct ed_error *err);
// Brings the job's journal up to `there_bytes` home. A block that was not planned, or came before, is
// ED_ERR_PARSE and not kept.
enum ed_status ed_keep_fetch(struct ed_keep *keep, const struct ed_remote *remote, int64_t there_bytes,
                             struct ed_error *err);

#endif
