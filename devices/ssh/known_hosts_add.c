// SPDX-License-Identifier: Apache-2.0
// A new line in known_hosts. Appended with one write under a lock, not by a rename: OpenSSH appends too, and
// its line must not get lost in between.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/ssh/base64.h"
#include "devices/ssh/known_hosts.h"

#define AGAIN_NS 10000000

static enum ed_status lock(int fd, const char *path, int64_t deadline_ns, struct ed_error *err) {
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int64_t now_ns = ed_clock_monotonic_ns();
        if (errno != EWOULDBLOCK && errno != EINTR)
            return ed_fail_errno(err, ED_ERR_IO, path, "cannot be locked: %m");
        if (now_ns >= deadline_ns)
            return ed_fail(err, ED_ERR_TIMEOUT, path, "somebody else keeps it locked");
        ed_clock_sleep_until(now_ns + AGAIN_NS, NULL);
    }
    return ED_OK;
}

static enum ed_status append(int fd, const char *path, const char *name, int port, const unsigned char *blob,
                             size_t n_blob, struct ed_error *err) {
    char base64[4 * ((ED_SSH_KEY_BLOB_BYTES + 2) / 3) + 1], type[64], last = '\n';
    struct ed_buffer line;
    struct stat info;
    enum ed_status status;
    if (fstat(fd, &info) != 0 || (info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) != 1))
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m");
    ed_buffer_init(&line, 8192);
    ed_ssh_blob_type(type, blob, n_blob);
    ed_base64_encode(base64, blob, n_blob, true);
    if (last != '\n')
        ed_buffer_text_append(&line, "\n");
    if (port == 22 || !port)
        ed_buffer_printf(&line, "%s %s %s\n", name, type, base64);
    else
        ed_buffer_printf(&line, "[%s]:%d %s %s\n", name, port, type, base64);
    status = ed_buffer_status(&line, path, err);
    if (!status)
        status = ed_path_write_all(fd, ed_buffer_text(&line), line.size, path, err);
    if (!status && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
    ed_buffer_release(&line);
    return status;
}

enum ed_status ed_ssh_known_hosts_add(const char *path, const char *name, int port, const unsigned char *blob,
                                      size_t n_blob, int64_t deadline_ns, struct ed_error *err) {
    struct ed_ssh_known_hosts known = {0};
    char folder[ED_PATH_BYTES];
    enum ed_status status;
    int fd;
    if (n_blob > ED_SSH_KEY_BLOB_BYTES || strpbrk(name, " \t\r\n,*?!|") || !name[0])
        return ed_fail(err, ED_ERR_LIMIT, path, "the host's key or name does not fit into a line");
    ed_path_directory(folder, path);
    status = ed_path_make(folder, 0700, err);
    if (status)
        return status;
    fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened to take the host's key in: %m");
    status = lock(fd, path, deadline_ns, err);
    if (!status)
        status = ed_ssh_known_hosts_read(&known, path, name, port, err);
    if (!status)
        switch (ed_ssh_known_hosts_judge(&known, blob, n_blob, NULL)) {
        case ED_SSH_KEY_KNOWN:
            break;
        case ED_SSH_KEY_UNKNOWN:
            status = append(fd, path, name, port, blob, n_blob, err);
            break;
        default:
            status = ed_fail(err, ED_ERR_KEY_REFUSED, path,
                             "another key of '%s' was taken in at the same moment", name);
        }
    ed_ssh_known_hosts_release(&known);
    close(fd);
    return status;
}
