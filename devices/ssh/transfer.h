// SPDX-License-Identifier: Apache-2.0
// Files to and from a device, by its own cat and dd: they are there where no SFTP server is, and no slower.
//
// An SSH channel carries a window's worth of bytes each round trip (OpenSSH 2 MiB, dropbear 24 KiB), so over
// a long link a large file goes through several channels at once, in stripes. While that goes on the file's
// mode is 0700 and there may be holes in its last ED_SSH_HOLES_BYTES, otherwise the mode is 0600 and there
// are none; what continues a file looks at that.
#ifndef EDGEDYNO_DEVICES_SSH_TRANSFER_H
#define EDGEDYNO_DEVICES_SSH_TRANSFER_H

#include "devices/ssh/channel.h"

#define ED_SSH_LANES_MAX 8
#define ED_SSH_STRIPE_BYTES (512 << 10)
// The lane that is behind holds a window of 2 MiB and a stripe, of which others lie ED_SSH_LANES_MAX apart,
// and who is ahead of it is at most ED_SSH_AHEAD_STRIPES further.
#define ED_SSH_AHEAD_STRIPES 16
#define ED_SSH_HOLES_BYTES (32 << 20)

// As `push` and `pull` of a transport.
enum ed_status ed_ssh_upload(struct ed_ssh_link *link, const struct ed_push_args *args, struct ed_error *err);
enum ed_status ed_ssh_download(struct ed_ssh_link *link, const char *remote_path, int64_t offset,
                               int64_t bytes, int local_fd, int64_t *got, int64_t deadline_ns,
                               struct ed_error *err);

// One upload, for the files that share the work.
struct ed_ssh_upload {
    const struct ed_push_args *args;
    struct ed_ssh_link *link;
    int fd;
    int64_t size_bytes;                        // of the local file
    int64_t from_bytes;                        // where sending begins: the offset, or before it
    int64_t given_bytes, sent_bytes, moved_ns; // handed over since then; acknowledged; when that last changed
};
// The first lane: makes the file or cuts it, says where it is to be continued, then takes all (`n_lanes` 1)
// or stripes.
enum ed_status ed_ssh_upload_lanes(struct ed_ssh_upload *upload, size_t n_lanes, struct ed_error *err);
// Gives all from `from_bytes` on to a command that has started, and waits for its end.
enum ed_status ed_ssh_upload_rest(struct ed_ssh_upload *upload, struct ed_ssh_command *command,
                                  struct ed_error *err);
enum ed_status ed_ssh_upload_read(const struct ed_ssh_upload *upload, char *bytes, size_t n, int64_t at,
                                  struct ed_error *err);
void ed_ssh_upload_count(struct ed_ssh_upload *upload);
// When it is given up if nothing moves any more: the deadline at the latest.
int64_t ed_ssh_upload_stall_ns(const struct ed_ssh_upload *upload);
// Waits; ED_ERR_TIMEOUT at the deadline, or when nothing moves.
enum ed_status ed_ssh_upload_wait(struct ed_ssh_upload *upload, uint64_t mark, struct ed_error *err);
// What a script's end means. `all`: it had been given everything.
enum ed_status ed_ssh_upload_judge(const struct ed_ssh_upload *upload, const struct ed_spawn_result *result,
                                   bool all, struct ed_error *err);

#endif
