// SPDX-License-Identifier: Apache-2.0
// --on-invalid: further blocks in place of those that are not valid, or an end at the first of them. A plan
// has as many spare timing blocks as planned ones for each case, behind all others; which of them run is
// chosen here.
#ifndef EDGEDYNO_HARNESS_REPEAT_H
#define EDGEDYNO_HARNESS_REPEAT_H

#include "harness/drive.h"

struct ed_repeat;

// `stages` has the hooks for a drive of that device. Free after the drive. One thread. When all planned
// blocks are here, a case gets as many spare ones as it has blocks whose latency is void, until as many as
// planned are valid, none is left, or the campaign's time is over. What another block cannot mend (an
// emulator, a debug build) is not repeated, nor is a case of which a block failed.
enum ed_status ed_repeat_new(struct ed_repeat **out, const struct ed_campaign *campaign, size_t device,
                             struct ed_drive_stages *stages, struct ed_error *err);
void ed_repeat_free(struct ed_repeat *repeat); // safe on NULL

// Whether the journal holds a timing block whose latency is void; then `words` names it and the reason.
bool ed_repeat_refuses(const struct ed_campaign_device *device, char *words, size_t bytes);

#endif
