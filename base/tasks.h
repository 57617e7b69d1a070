// SPDX-License-Identifier: Apache-2.0
// Threads of the calling process, as the kernel counts them.
#ifndef EDGEDYNO_BASE_TASKS_H
#define EDGEDYNO_BASE_TASKS_H

// How many there are now; -1 where /proc cannot be read.
int ed_tasks_count(void);

#endif
