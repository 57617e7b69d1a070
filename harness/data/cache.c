// SPDX-License-Identifier: Apache-2.0
// The cache of prepared data.
#include "harness/data/cache.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/npy.h"

enum ed_status ed_cache_path(char path[ED_PATH_BYTES], const char *key, const char *ending,
                             struct ed_error *err) {
    char cache[ED_PATH_BYTES], name[128];
    snprintf(name, sizeof name, "%s%s", key, ending);
    enum ed_status status = ed_path_xdg(cache, ED_XDG_CACHE, err);
    if (status == ED_OK)
        status = ed_path_join(path, cache, "data", err);
    if (status == ED_OK)
        status = ed_path_make(path, 0755, err);
    if (status != ED_OK)
        return status;
    memcpy(cache, path, sizeof cache);
    return ed_path_join(path, cache, name, err);
}

bool ed_cache_has(const char *path, size_t n) {
    struct ed_npy npy = {0};
    const bool good = ed_npy_open(&npy, path, NULL) == ED_OK && npy.rank > 0 && npy.shape[0] == (int64_t)n;
    ed_npy_close(&npy);
    return good;
}

enum ed_status ed_cache_publish(int fd, const char *part, const char *path, enum ed_status status,
                                struct ed_error *err) {
    if (status == ED_OK && fsync(fd) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, part, "cannot be synced: %m");
    if (status == ED_OK && rename(part, path) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    if (status != ED_OK)
        unlink(part);
    return status;
}

void ed_cache_part(char part[ED_CACHE_PART_BYTES], const char *path) {
    snprintf(part, ED_CACHE_PART_BYTES, "%s.part-%ld", path, (long)getpid());
}
