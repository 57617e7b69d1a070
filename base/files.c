// SPDX-License-Identifier: Apache-2.0
// Reading and changing files and directories: the second half of base/path.h.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"

#define REMOVE_DEPTH_MAX 200
#define REMOVE_PASSES 3
#define TEMPORARY_TRIES 100

static enum ed_status make_one(const char *path, mode_t mode, struct ed_error *err) {
    int number;
    if (mkdir(path, mode) == 0)
        return ED_OK;
    number = errno;
    // An existing directory answers EEXIST, but EROFS or EACCES on some systems.
    if (ed_path_is_directory(path))
        return ED_OK;
    errno = number;
    if (number == EEXIST || number == ENOTDIR)
        return ed_fail(err, ED_ERR_IO, path,
                       "is no directory, nor lies in one; remove the file or choose another path");
    return ed_fail_errno(err, ED_ERR_IO, path, "the directory cannot be made: %m");
}

enum ed_status ed_path_make(const char *path, mode_t mode, struct ed_error *err) {
    char part[ED_PATH_BYTES];
    enum ed_status status;
    size_t n = strlen(path), at = 0;
    if (n == 0)
        return ed_fail(err, ED_ERR_USAGE, "", "the name of the directory to be made is empty");
    if (n >= ED_PATH_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, path, "the path is longer than %d bytes", ED_PATH_BYTES - 1);
    memcpy(part, path, n + 1);
    while (at < n) {
        char kept;
        while (part[at] == '/')
            at++;
        at += strcspn(part + at, "/");
        kept = part[at];
        part[at] = '\0';
        status = make_one(part, mode, err);
        if (status)
            return status;
        part[at] = kept;
        while (part[at] == '/')
            at++;
    }
    return ED_OK;
}

// What ed_path_remove hands down a tree.
struct removal {
    const char *path; // for messages
    dev_t device;
    struct ed_error *err;
};

static enum ed_status remove_entry(const struct removal *removal, int parent, const char *name, int depth);

// Removes what is in the directory `fd`, and closes it.
static enum ed_status remove_inside(const struct removal *removal, int fd, int depth) {
    enum ed_status status = ED_OK;
    struct dirent *entry;
    DIR *stream = fdopendir(fd);
    if (!stream) {
        status = ed_fail_errno(removal->err, ED_ERR_IO, removal->path, "cannot be listed: %m");
        close(fd);
        return status;
    }
    while (!status && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = remove_entry(removal, dirfd(stream), entry->d_name, depth + 1);
    if (!status && errno != 0)
        status = ed_fail_errno(removal->err, ED_ERR_IO, removal->path, "cannot be listed: %m");
    closedir(stream);
    return status;
}

static enum ed_status remove_entry(const struct removal *removal, int parent, const char *name, int depth) {
    enum ed_status status;
    struct stat info;
    int fd, number;
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return ED_OK;
    number = errno;
    // POSIX says EPERM for a directory, Linux EISDIR; a read-only file system must keep its own words.
    if (errno != EISDIR && errno != EPERM)
        return ed_fail_errno(removal->err, ED_ERR_IO, removal->path, "'%s' in it cannot be removed: %m",
                             name);
    if (depth > REMOVE_DEPTH_MAX)
        return ed_fail(removal->err, ED_ERR_LIMIT, removal->path,
                       "directories in it are nested deeper than %d; remove it by hand", REMOVE_DEPTH_MAX);
    for (int pass = 0; pass < REMOVE_PASSES; pass++) {
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            return ED_OK;
        if (fd < 0) {
            errno = errno == ENOTDIR ? number : errno;
            return ed_fail_errno(removal->err, ED_ERR_IO, removal->path, "'%s' in it cannot be removed: %m",
                                 name);
        }
        if (fstat(fd, &info) != 0 || info.st_dev != removal->device) {
            close(fd);
            return ed_fail(removal->err, ED_ERR_BUSY, removal->path,
                           "'%s' in it is another file system; unmount it first", name);
        }
        status = remove_inside(removal, fd, depth);
        if (status)
            return status;
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return ED_OK;
        // Somebody made a file meanwhile, or the file system skipped one while others were removed.
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
    }
    return ed_fail_errno(removal->err, ED_ERR_IO, removal->path, "'%s' in it cannot be removed: %m", name);
}

enum ed_status ed_path_remove(const char *path, struct ed_error *err) {
    struct removal removal = {.path = path, .err = err};
    char trimmed[ED_PATH_BYTES];
    size_t n = strlen(path);
    struct stat info;
    const char *base;
    if (n >= sizeof trimmed)
        return ed_fail(err, ED_ERR_LIMIT, path, "the path is longer than %d bytes", ED_PATH_BYTES - 1);
    memcpy(trimmed, path, n + 1);
    // "link/" would be followed, "link" is not.
    while (n > 0 && trimmed[n - 1] == '/')
        trimmed[--n] = '\0';
    base = ed_path_base(trimmed);
    if (n == 0 || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return ed_fail(err, ED_ERR_USAGE, path,
                       "is not the name of a file or a directory that may be removed");
    if (lstat(trimmed, &info) != 0)
        return errno == ENOENT ? ED_OK : ed_fail_errno(err, ED_ERR_IO, path, "cannot be removed: %m");
    removal.device = info.st_dev;
    return remove_entry(&removal, AT_FDCWD, trimmed, 0);
}

enum ed_status ed_path_read(const char *path, size_t max_bytes, struct ed_buffer *out, struct ed_error *err) {
    char chunk[16384];
    enum ed_status status = ED_OK;
    struct stat info;
    ssize_t n;
    int fd;
    ed_buffer_clear(out);
    // Without O_NONBLOCK a named pipe would be waited for.
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (fstat(fd, &info) != 0) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m");
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        status = ed_fail(err, ED_ERR_IO, path, "%s; a file was expected",
                         S_ISDIR(info.st_mode) ? "is a directory" : "is not a regular file");
        goto out;
    }
    // Files of /proc and /sys say 0 or a page: what is read counts, not what is promised.
    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m");
            goto out;
        }
        if ((size_t)n > max_bytes - out->size) {
            status = ed_fail(err, ED_ERR_LIMIT, path, "is larger than the limit of %zu bytes for such a file",
                             max_bytes);
            goto out;
        }
        ed_buffer_append(out, chunk, (size_t)n);
        status = ed_buffer_status(out, path, err);
        if (status)
            goto out;
    }
out:
    close(fd);
    return status;
}

enum ed_status ed_path_write_all(int fd, const void *bytes, size_t n, const char *where,
                                 struct ed_error *err) {
    const char *at = bytes;
    while (n > 0) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN) {
            struct pollfd wanted = {.fd = fd, .events = POLLOUT};
            if (poll(&wanted, 1, -1) >= 0 || errno == EINTR)
                continue;
        }
        if (written == 0)
            errno = EIO;
        if (written <= 0)
            return ed_fail_errno(err, ED_ERR_IO, where, "cannot be written: %m");
        at += written;
        n -= (size_t)written;
    }
    return ED_OK;
}

enum ed_status ed_path_sync_directory(const char *path, struct ed_error *err) {
    enum ed_status status = ED_OK;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "the directory cannot be opened: %m");
    // Some file systems (FUSE, network shares) know no sync of a directory and say EINVAL.
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the directory cannot be synced to disk: %m");
    close(fd);
    return status;
}

// The name that a rename may replace: `path`, or what it leads to where it is a symbolic link. Anything but a
// regular file is refused: renaming over /dev/null would remove the device.
static enum ed_status write_target(char target[ED_PATH_BYTES], const char *path, struct ed_error *err) {
    enum ed_status status = ed_path_join(target, "", path, err);
    struct stat info;
    if (status)
        return status;
    if (path[0] == '\0')
        return ed_fail(err, ED_ERR_USAGE, "", "the name of the file to be written is empty");
    if (lstat(target, &info) != 0)
        return errno == ENOENT ? ED_OK : ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
    if (S_ISLNK(info.st_mode)) {
        status = ed_path_real(target, path, err);
        if (status)
            return status;
        if (lstat(target, &info) != 0)
            return ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
    }
    if (!S_ISREG(info.st_mode))
        return ed_fail(err, ED_ERR_IO, path, "%s and cannot be replaced by a file; choose another path",
                       S_ISDIR(info.st_mode) ? "is a directory" : "is not a regular file");
    return ED_OK;
}

// A new file beside `target`; the name is made of what no other thread or process has, and O_EXCL settles the
// rest.
static int open_temporary(char temporary[ED_PATH_BYTES], const char *directory, const char *target,
                          mode_t mode) {
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        char name[256];
        struct timespec now;
        int fd;
        clock_gettime(CLOCK_MONOTONIC, &now);
        snprintf(name, sizeof name, ".%.180s.%ld-%ld-%d.tmp", ed_path_base(target), (long)getpid(),
                 now.tv_nsec, i);
        if (ed_path_join(temporary, directory, name, NULL)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static enum ed_status replace(const char *path, const void *bytes, size_t n, mode_t mode, bool sync,
                              struct ed_error *err) {
    char target[ED_PATH_BYTES], temporary[ED_PATH_BYTES], directory[ED_PATH_BYTES];
    enum ed_status status = write_target(target, path, err);
    int fd;
    if (status)
        return status;
    ed_path_directory(directory, target);
    fd = open_temporary(temporary, directory, target, mode);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "no file can be made in its directory: %m");
    status = ed_path_write_all(fd, bytes, n, path, err);
    if (!status && sync && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be synced to disk: %m");
    if (close(fd) != 0 && !status)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
    if (!status && rename(temporary, target) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the finished file cannot be renamed to this: %m");
    if (status) {
        unlink(temporary);
        return status;
    }
    return sync ? ed_path_sync_directory(directory, err) : ED_OK;
}

enum ed_status ed_path_write_atomic(const char *path, const void *bytes, size_t n, mode_t mode,
                                    struct ed_error *err) {
    return replace(path, bytes, n, mode, true, err);
}

enum ed_status ed_path_write_unsynced(const char *path, const void *bytes, size_t n, mode_t mode,
                                      struct ed_error *err) {
    return replace(path, bytes, n, mode, false, err);
}
