// SPDX-License-Identifier: Apache-2.0
// The job's journal: one line per finished block, its samples in samples.bin, its readings in timeline.bin. A
// line is written and synced before the next block starts, and only after its samples, readings and outputs
// are; a line is never half there for a reader, who takes whole lines only.
#ifndef EDGEDYNO_RUNNERS_JOURNAL_H
#define EDGEDYNO_RUNNERS_JOURNAL_H

#include "runners/ballast.h"
#include "runners/block.h"

struct ed_journal {
    int fd, samples_fd, timeline_fd;
    int64_t samples_bytes, timeline_bytes; // so far
};

// Opens (makes) the files in the current directory.
enum ed_status ed_journal_open(struct ed_journal *journal, struct ed_error *err);
void ed_journal_close(struct ed_journal *journal);
// First line, with the job's settings where they are `applied`, and with its ballast.
enum ed_status ed_journal_begin(struct ed_journal *journal, const struct ed_job *job,
                                const struct ed_sampler *sampler, bool applied,
                                const struct ed_ballast *ballast, struct ed_error *err);
// A finished block with its samples and the sampler's timeline.
enum ed_status ed_journal_block(struct ed_journal *journal, const struct ed_block_context *context,
                                size_t block_index, const struct ed_block_result *result,
                                struct ed_error *err);
// A block that is not run, with the reason, so that nobody waits for it.
enum ed_status ed_journal_skipped(struct ed_journal *journal, const struct ed_job *job, size_t block_index,
                                  enum ed_outcome outcome, const char *message, struct ed_error *err);
// Last line. `reason` is done, stopped, deadline, lease or error.
enum ed_status ed_journal_end(struct ed_journal *journal, const struct ed_job *job, const char *reason,
                              const char *message, struct ed_error *err);

#endif
