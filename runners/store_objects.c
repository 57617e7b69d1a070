// SPDX-License-Identifier: Apache-2.0
// Files by their digest.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runners/lease.h"
#include "runners/store_parts.h"

bool ed_store_object_plain(const struct ed_store *store, const char *sha256, struct stat *st) {
    return fstatat(store->objects_fd, sha256, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode) &&
           st->st_uid == geteuid();
}

// Removes what was judged and nothing that was put in its place meanwhile. Adopting renames under the lock,
// and so the lock is held between the last look and the removal.
static enum ed_status remove_judged(const struct ed_store *store, const char *sha256,
                                    const struct stat *judged, struct ed_error *err) {
    struct stat now;
    int lock = -1;
    enum ed_status status = ed_lease_lock(store->work, &lock, err);
    if (status != ED_OK)
        return status;
    if (fstatat(store->objects_fd, sha256, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == judged->st_ino &&
        now.st_ctim.tv_sec == judged->st_ctim.tv_sec && now.st_ctim.tv_nsec == judged->st_ctim.tv_nsec)
        status = ed_store_remove(store, ED_WORK_OBJECTS, sha256, err);
    close(lock);
    return status;
}

enum ed_status ed_store_object_check(const struct ed_store *store, const struct ed_store_file *file,
                                     struct ed_digest_cache *cache, bool verify, bool *here,
                                     struct ed_error *err) {
    char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES] = "";
    struct ed_error failure = {0};
    struct stat st;
    int64_t bytes = 0;
    *here = false;
    if (fstatat(store->objects_fd, file->sha256, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return ED_OK;
        return ed_fail_errno(err, ED_ERR_IO, file->sha256, "cannot be looked at in " ED_WORK_OBJECTS ": %m");
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return remove_judged(store, file->sha256, &st, err);
    enum ed_status status = ed_store_path(path, store, ED_WORK_OBJECTS, file->sha256, err);
    if (status != ED_OK)
        return status;
    status = ed_digest_cache_file(cache, hex, &bytes, path, verify, &failure);
    if (status == ED_ERR_NO_MEMORY) {
        if (err)
            *err = failure;
        return status;
    }
    if (status == ED_ERR_NOT_FOUND)
        return ED_OK;
    // A file that cannot be read is as good as none.
    if (status != ED_OK || strcmp(hex, file->sha256))
        return remove_judged(store, file->sha256, &st, err);
    if (bytes != file->bytes)
        return ed_fail(err, ED_ERR_USAGE, file->name,
                       "the file with digest %.12s... has %lld bytes, and not %lld", file->sha256,
                       (long long)bytes, (long long)file->bytes);
    *here = true;
    return ED_OK;
}
