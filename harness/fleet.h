// SPDX-License-Identifier: Apache-2.0
// All members of a campaign at once: a thread each, so that a device that hangs costs the others nothing.
#ifndef EDGEDYNO_HARNESS_FLEET_H
#define EDGEDYNO_HARNESS_FLEET_H

#include "harness/member.h"

#define ED_FLEET_MAX 256

struct ed_fleet {
    struct ed_member_context context;
    struct ed_member *members; // those that were asked for; `status` says whether one takes part
    size_t n;
    size_t *present; // indices of those that do, in their order
    size_t n_present;
};

// `indices` are devices of the inventory. Opens them side by side. Those that fail are logged and left out;
// ED_OK while one at least takes part, else the first one's failure.
enum ed_status ed_fleet_open(struct ed_fleet *fleet, const struct ed_member_context *context,
                             const struct ed_inventory *inventory, const size_t *indices, size_t n,
                             bool describe, struct ed_error *err);
void ed_fleet_close(struct ed_fleet *fleet); // safe on a zeroed one

// Does `work` on every present member, side by side; `contexts` has one entry for each, in the order of
// `present`. A member whose work fails is logged and takes part no longer. ED_OK while one at least is left,
// else the first one's failure.
typedef enum ed_status (*ed_fleet_work)(struct ed_member *member, void *context, struct ed_error *err);
enum ed_status ed_fleet_each(struct ed_fleet *fleet, ed_fleet_work work, void *const *contexts,
                             struct ed_error *err);

// The member's index among the campaign's devices, by its id; SIZE_MAX: none.
size_t ed_fleet_device(const struct ed_campaign *campaign, const struct ed_member *member);
// Follows the campaign on all present members that it knows, and draws the progress meanwhile.
// The first failure is returned when all are done, the others are logged. *blocks_done may be NULL.
enum ed_status ed_fleet_follow(struct ed_fleet *fleet, const struct ed_campaign *campaign, bool leave_nothing,
                               int64_t *blocks_done, struct ed_error *err);

#endif
