// SPDX-License-Identifier: Apache-2.0
// Files to and from a device, by its own cat and dd: they are there where no SFTP server is, and no slower.
#ifndef EDGEDYNO_DEVICES_SSH_TRANSFER_H
#define EDGEDYNO_DEVICES_SSH_TRANSFER_H

#include "devices/ssh/link.h"

// As `push` and `pull` of a transport.
enum ed_status ed_ssh_upload(struct ed_ssh_link *link, const struct ed_push_args *args, struct ed_error *err);
enum ed_status ed_ssh_download(struct ed_ssh_link *link, const char *remote_path, int64_t offset, int64_t bytes,
                               int local_fd, int64_t *got, int64_t deadline_ns, struct ed_error *err);

#endif
