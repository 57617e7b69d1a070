// SPDX-License-Identifier: Apache-2.0
// A worker without a network: engines send telemetry, and what an engine fetches while it is measured is no
// measurement. On Linux a network namespace of its own, where this user may make one: directly, or in a user
// namespace of its own.
#ifndef EDGEDYNO_RUNNERS_ISOLATE_H
#define EDGEDYNO_RUNNERS_ISOLATE_H

#include <stddef.h>

enum ed_isolation { ED_ISOLATION_NONE, ED_ISOLATION_NET, ED_ISOLATION_USER_NET };

// What this system allows, found out by trying it in a child. `reason` says why nothing works; "" otherwise.
enum ed_isolation ed_isolation_find(char *reason, size_t bytes);
// In the child, between fork and exec; allocates nothing. 0, or errno. Its own loopback address works.
int ed_isolate(enum ed_isolation isolation);

#endif
