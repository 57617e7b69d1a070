// SPDX-License-Identifier: Apache-2.0
// Private directories inside the engine store. A room's owner holds a lock on the file `lock` in it; a room
// whose lock can be had belongs to nobody. Looking for such rooms and making new ones happens under the lock
// of the whole store, so that a room which has no lock yet is never taken for a left one.
#include "devices/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define ROOM_PREFIX ".fetch-"
#define LOCK_NAME "lock"

static int lock_file(const char *path, int flags, int how) {
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600), got;
    if (fd < 0)
        return -1;
    do
        got = flock(fd, how);
    while (got != 0 && errno == EINTR);
    if (got != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

// What cannot be removed now is left to the next one: it costs room, and nothing else.
static void remove_left_rooms(const char *store) {
    DIR *stream = opendir(store);
    struct dirent *entry;
    while (stream && (entry = readdir(stream)) != NULL) {
        char path[ED_PATH_BYTES], lock_path[ED_PATH_BYTES];
        int lock;
        if (strncmp(entry->d_name, ROOM_PREFIX, strlen(ROOM_PREFIX)) != 0 ||
            ed_path_join(path, store, entry->d_name, NULL) || ed_path_join(lock_path, path, LOCK_NAME, NULL))
            continue;
        lock = lock_file(lock_path, 0, LOCK_EX | LOCK_NB);
        if (lock >= 0 || errno == ENOENT)
            ed_path_remove(path, NULL);
        if (lock >= 0)
            close(lock);
    }
    if (stream)
        closedir(stream);
}

enum ed_status ed_store_room_open(struct ed_store_room *room, const char *store, struct ed_error *err) {
    char path[ED_PATH_BYTES], name[64];
    enum ed_status status;
    int store_lock = -1;
    room->path[0] = '\0';
    room->lock = -1;
    status = ed_path_make(store, 0755, err);
    if (!status)
        status = ed_path_join(path, store, ".lock", err);
    if (status)
        return status;
    store_lock = lock_file(path, O_CREAT, LOCK_EX);
    if (store_lock < 0)
        return ed_fail_errno(err, ED_ERR_IO, path,
                             "the engine store cannot be locked: %m; set EDGEDYNO_ENGINE_STORE to a "
                             "directory that you may write to");
    remove_left_rooms(store);
    snprintf(name, sizeof name, ROOM_PREFIX "%ld-XXXXXX", (long)getpid());
    status = ed_path_join(path, store, name, err);
    if (!status && !mkdtemp(path))
        status = ed_fail_errno(err, ED_ERR_IO, store, "no directory can be made in the engine store: %m");
    if (status)
        goto out;
    memcpy(room->path, path, strlen(path) + 1);
    status = ed_path_join(path, room->path, LOCK_NAME, err);
    if (status)
        goto out;
    room->lock = lock_file(path, O_CREAT | O_EXCL, LOCK_EX | LOCK_NB);
    if (room->lock < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be made and locked: %m");
out:
    close(store_lock);
    if (status)
        ed_store_room_close(room);
    return status;
}

void ed_store_room_close(struct ed_store_room *room) {
    if (room->path[0])
        ed_path_remove(room->path, NULL);
    if (room->lock >= 0)
        close(room->lock);
    room->path[0] = '\0';
    room->lock = -1;
}
