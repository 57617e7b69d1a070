// SPDX-License-Identifier: Apache-2.0
// The store's directories.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runners/store_parts.h"

enum ed_status ed_store_path(char out[ED_PATH_BYTES], const struct ed_store *store, const char *part,
                             const char *name, struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(directory, store->work, part, err);
    return status == ED_OK ? ed_path_join(out, directory, name, err) : status;
}

enum ed_status ed_store_directory(int parent, const char *name, bool make, int *fd, struct ed_error *err) {
    struct stat st;
    if (make && mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return ed_fail_errno(err, ED_ERR_IO, name, "the directory cannot be made: %m");
    *fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return ed_fail(err, ED_ERR_REFUSED, name,
                       "a link or a file stands in the work directory where a directory belongs; remove it");
    if (*fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, name, "the directory cannot be opened: %m");
    if (fstat(*fd, &st) != 0 || st.st_uid != geteuid()) {
        close(*fd);
        *fd = -1;
        return ed_fail(err, ED_ERR_REFUSED, name,
                       "a directory of the work directory belongs to another user (%u); remove it",
                       (unsigned)st.st_uid);
    }
    return ED_OK;
}

// What others can write to cannot be trusted, whatever its digests were.
static enum ed_status check_owner(const struct ed_store *store, struct ed_error *err) {
    struct stat st;
    if (fstat(store->work_fd, &st) != 0)
        return ed_fail_errno(err, ED_ERR_IO, store->work, "cannot be read: %m");
    if (st.st_uid != geteuid())
        return ed_fail(err, ED_ERR_REFUSED, store->work,
                       "the work directory belongs to user %u, not to %u who runs this; choose another",
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & 022)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, store->work,
            "others can write to the work directory (mode %04o); choose one that is this user's alone (mode "
            "0700), on a file system that keeps permissions and symbolic links, such as ext4 or f2fs",
            (unsigned)st.st_mode & 07777);
    return ED_OK;
}

enum ed_status ed_store_open(struct ed_store *store, const char *work, struct ed_error *err) {
    *store = (struct ed_store){work, -1, -1, -1, -1};
    if (work[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, work, "the work directory must be an absolute path");
    enum ed_status status = ed_path_make(work, 0700, err);
    if (status != ED_OK)
        return status;
    store->work_fd = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->work_fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, work, "the work directory cannot be opened: %m");
    status = check_owner(store, err);
    if (status == ED_OK)
        status = ed_store_directory(store->work_fd, ED_WORK_OBJECTS, true, &store->objects_fd, err);
    if (status == ED_OK)
        status = ed_store_directory(store->work_fd, ED_WORK_SETS, true, &store->sets_fd, err);
    if (status == ED_OK)
        status = ed_store_directory(store->work_fd, ED_WORK_STAGING, true, &store->staging_fd, err);
    if (status != ED_OK)
        ed_store_close(store);
    return status;
}

void ed_store_close(struct ed_store *store) {
    int *const fds[] = {&store->work_fd, &store->objects_fd, &store->sets_fd, &store->staging_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

enum ed_status ed_store_remove(const struct ed_store *store, const char *part, const char *name,
                               struct ed_error *err) {
    char path[ED_PATH_BYTES];
    if (!name[0] || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
        return ed_fail(err, ED_ERR_INTERNAL, part, "'%.80s' is no name in a directory", name);
    enum ed_status status = ed_store_path(path, store, part, name, err);
    return status == ED_OK ? ed_path_remove(path, err) : status;
}

int64_t ed_store_free_bytes(const struct ed_store *store) {
    struct statvfs disk;
    if (fstatvfs(store->work_fd, &disk) != 0)
        return 0;
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

enum ed_status ed_store_sync(int fd, const char *what, struct ed_error *err) {
    // Some file systems know no sync of a directory.
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        return ed_fail_errno(err, ED_ERR_IO, what, "cannot be synced to disk: %m");
    return ED_OK;
}
