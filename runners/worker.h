// SPDX-License-Identifier: Apache-2.0
// The worker: a fresh process that runs one block and is gone. Its current directory is the job's; block.json
// says what to do; the descriptor of the shared mapping is inherited.
#ifndef EDGEDYNO_RUNNERS_WORKER_H
#define EDGEDYNO_RUNNERS_WORKER_H

#define ED_WORKER_BLOCK_FILE "block.json"
#define ED_WORKER_MAP_FD 3

// Exit status of the process: 0 when the block ended by the worker's own will (its status is in the mapping),
// 2 when it could not start.
int ed_worker_main(void);

#endif
