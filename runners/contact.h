// SPDX-License-Identifier: Apache-2.0
// What every contact with a device does first: what a job changed and could not put back (it was killed, the
// device was restarted) is put back while no job runs. Who changes or puts back holds WORK/changed.lock: a
// supervisor for all of its life, so that nothing is put back beneath a running job.
#ifndef EDGEDYNO_RUNNERS_CONTACT_H
#define EDGEDYNO_RUNNERS_CONTACT_H

#include "base/buffer.h"
#include "base/path.h"

// Waits up to 60 s for whoever puts something back. *fd: close it.
enum ed_status ed_contact_lock(const char *work, int *fd, struct ed_error *err);
// Puts back at once where it can, else leaves it to the next contact. What was done goes to standard error.
void ed_contact_restore(const char *work);
// The same for whoever wants to know. ED_ERR_BUSY names the job that runs.
enum ed_status ed_contact_restore_told(const char *work, struct ed_buffer *restored, struct ed_buffer *failed,
                                       struct ed_error *err);

#endif
