// SPDX-License-Identifier: Apache-2.0
// A gate on one device, look by look: what the drive asks of the device next.
#ifndef EDGEDYNO_HARNESS_GATE_STAGES_H
#define EDGEDYNO_HARNESS_GATE_STAGES_H

#include "harness/drive.h"

struct ed_gate_stages;

// `stages` has the hooks for a drive of that device. Free after the drive. One thread.
enum ed_status ed_gate_stages_new(struct ed_gate_stages **out, const struct ed_campaign *campaign,
                                  size_t device, struct ed_drive_stages *stages, struct ed_error *err);
void ed_gate_stages_free(struct ed_gate_stages *gate);

#endif
