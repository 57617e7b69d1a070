// SPDX-License-Identifier: Apache-2.0
// Inside of sessions: putting the runner itself on a device, the one thing that is pushed without a lease.
#ifndef EDGEDYNO_DEVICES_SESSION_RUNNER_H
#define EDGEDYNO_DEVICES_SESSION_RUNNER_H

#include "devices/session.h"

// Fills session->remote.runner and .loader, and pushes what is missing of them. A device whose C library
// cannot carry the runner gets the pack's at WORK/runtime/ID, checked by the device's own sha256sum before it
// is used.
enum ed_status ed_session_place_runner(struct ed_session *session, bool verify, struct ed_error *err);

#endif
