// SPDX-License-Identifier: Apache-2.0
// What the subcommands of `edgedyno devices` share.
#ifndef EDGEDYNO_HARNESS_CLI_COMMAND_DEVICES_H
#define EDGEDYNO_HARNESS_CLI_COMMAND_DEVICES_H

#include "base/json_write.h"
#include "devices/session.h"
#include "harness/cli/ask.h"
#include "harness/cli/grid.h"
#include "harness/cli/output.h"
#include "harness/cli/resources.h"

struct ed_devices {
    struct ed_cli *cli;
    struct ed_resources resources; // of add and scan the fleet alone
    struct ed_output output;       // of those that list
    struct ed_transport_context context;
    const size_t *indices; // devices that the operands name; all where there are none
    size_t n_indices;
};

// One subcommand: returns the exit status.
int ed_devices_list(struct ed_devices *devices);
int ed_devices_add(struct ed_devices *devices);
int ed_devices_scan(struct ed_devices *devices);
int ed_devices_check(struct ed_devices *devices);
int ed_devices_probe(struct ed_devices *devices);
int ed_devices_snapshot(struct ed_devices *devices);
int ed_devices_models(struct ed_devices *devices);
int ed_devices_clean(struct ed_devices *devices);
int ed_devices_stop(struct ed_devices *devices);
int ed_devices_reserve(struct ed_devices *devices);

const struct ed_device_entry *ed_devices_entry(const struct ed_devices *devices, size_t i); // of indices[i]

// Calls `work` for 0 <= i < n, many at once, each in a thread of its own; a line on a terminal counts them.
// `work` writes to its own place alone.
void ed_devices_each(const struct ed_devices *devices, size_t n, void (*work)(void *context, size_t i),
                     void *context);

// How far a session came: -1 not even connected.
#define ED_DEVICES_NOWHERE ((enum ed_session_depth) - 1)
// Opens a session. On failure session->identity still has what was found out where *reached says so.
enum ed_status ed_devices_open(const struct ed_devices *devices, struct ed_session *session,
                               const struct ed_device_entry *entry, enum ed_session_depth depth,
                               enum ed_session_depth *reached, struct ed_error *err);

// "ssh://pi@host:22", "adb:SERIAL@ssh://host", "local".
void ed_devices_address(const struct ed_device_entry *entry, char *text, size_t bytes);
// "Raspberry Pi 5, Linux 6.6, glibc 2.36, 45 GiB free", as much of it as is known.
void ed_devices_describe(const struct ed_identity *identity, char *text, size_t bytes);
// "2026-11-21 14:05 (12.0 min)", on this machine's clock.
void ed_devices_until(int64_t left_ns, char *text, size_t bytes);
// Whether somebody holds the device: "anna@ci-7 holds it until ... (campaign x)"; "" where nobody does.
void ed_devices_holder(const struct ed_remote_lease *lease, char *text, size_t bytes);
// Finds the host key that was just used in known_hosts and pins it, so that the fleet's file alone says who
// the device is. The pin is tried before it is kept. False: it could not be found.
bool ed_devices_pin(const struct ed_devices *devices, struct ed_device_entry *entry);
// The fleet's file that add and scan write: --devices, what was found, or "" for the configuration folder's.
const char *ed_devices_file(const struct ed_devices *devices);
// Tells the error with the device's id in front, as failures of one among several are told.
int ed_devices_fail(const struct ed_devices *devices, const struct ed_device_entry *entry,
                    const struct ed_error *err);

void ed_devices_text_or_null(struct ed_json_writer *json, const char *key, const char *text);

#endif
