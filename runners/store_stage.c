// SPDX-License-Identifier: Apache-2.0
// `stage`: a place for a push, and room for it.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "runners/lease_record.h"
#include "runners/store_parts.h"

#define RUNNERS_KEPT 2

// How many bytes more must go: the larger of what the limit and what the disk want. 0: it fits.
static int64_t lack(const struct ed_store_stage_args *args, int64_t stored, int64_t disk_free) {
    int64_t by_limit = 0, by_disk = args->free_min_bytes + args->bytes - disk_free;
    if (args->cache_max_bytes > 0)
        by_limit = stored + args->bytes - args->cache_max_bytes;
    const int64_t most = by_limit > by_disk ? by_limit : by_disk;
    return most > 0 ? most : 0;
}

static enum ed_status no_room(const struct ed_store *store, const struct ed_store_stage_args *args,
                              int64_t missing, int64_t stored, int64_t disk_free, struct ed_error *err) {
    char more[32], push[32], held[32], free_now[32], stays[32], limit[32];
    ed_units_print_size(more, sizeof more, missing);
    ed_units_print_size(push, sizeof push, args->bytes);
    ed_units_print_size(held, sizeof held, stored);
    ed_units_print_size(free_now, sizeof free_now, disk_free);
    ed_units_print_size(stays, sizeof stays, args->free_min_bytes);
    ed_units_print_size(limit, sizeof limit, args->cache_max_bytes);
    return ed_fail(
        err, ED_ERR_NO_SPACE, store->work,
        "%s are missing for a push of %s: %s would be free, of which %s are to stay so, and %s of what lies "
        "there is in use%s%s. Free space on that file system, `edgedyno devices clean ID`, or change the "
        "device's limits",
        more, push, free_now, stays, held, args->cache_max_bytes ? ", with a limit of " : "",
        args->cache_max_bytes ? limit : "");
}

// Plans first: a push that does not fit anyway costs no set its place.
static enum ed_status make_room(const struct ed_store *store, const struct ed_store_stage_args *args,
                                int64_t *evicted_bytes, struct ed_error *err) {
    struct ed_store_room room;
    enum ed_status status = ed_store_room_load(&room, store, true, RUNNERS_KEPT, err);
    if (status != ED_OK)
        return status;
    int64_t all = 0, stored = ed_store_room_bytes(&room);
    for (size_t i = 0; i < room.n_objects; i++)
        all += room.objects[i].bytes;
    // Junk goes first and is counted as free.
    int64_t disk_free = ed_store_free_bytes(store) + all - stored;
    for (size_t i = room.sets.n; i-- > 0 && lack(args, stored, disk_free) > 0;) {
        if (room.held[i])
            continue;
        const int64_t freed = ed_store_room_drop(&room, i);
        stored -= freed;
        disk_free += freed;
    }
    // What went in vain, since its files are others' too, or since one that came later was large enough
    // alone, stays.
    for (size_t i = 0; i < room.sets.n && lack(args, stored, disk_free) == 0; i++) {
        if (!room.gone[i])
            continue;
        const int64_t more = ed_store_room_undrop(&room, i);
        if (lack(args, stored + more, disk_free - more) > 0) {
            ed_store_room_drop(&room, i);
            continue;
        }
        stored += more;
        disk_free -= more;
    }
    const int64_t missing = lack(args, stored, disk_free);
    if (missing > 0)
        status = no_room(store, args, missing, stored, disk_free, err);
    else
        status = ed_store_room_apply(&room, store, evicted_bytes, err);
    ed_store_room_release(&room);
    return status;
}

static enum ed_status make_directory(const struct ed_store *store, const char *token,
                                     char directory[ED_PATH_BYTES], struct ed_error *err) {
    struct stat st;
    int fd = -1;
    if (fstatat(store->staging_fd, token, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
        const enum ed_status removed = ed_store_remove(store, ED_WORK_STAGING, token, err);
        if (removed != ED_OK)
            return removed;
    }
    enum ed_status status = ed_store_directory(store->staging_fd, token, true, &fd, err);
    if (fd >= 0)
        close(fd);
    return status == ED_OK ? ed_store_path(directory, store, ED_WORK_STAGING, token, err) : status;
}

enum ed_status ed_store_stage(const char *work, const struct ed_store_stage_args *args,
                              char directory[ED_PATH_BYTES], int64_t *evicted_bytes, struct ed_error *err) {
    const int64_t most = INT64_C(1) << 53;
    struct ed_store store;
    int lock = -1;
    *evicted_bytes = 0;
    if (!ed_lease_token_ok(args->token, NULL))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.60s' is not a token of a lease", args->token);
    if (args->bytes < 0 || args->bytes > most || args->cache_max_bytes < 0 || args->cache_max_bytes > most ||
        args->free_min_bytes < 0 || args->free_min_bytes > most)
        return ed_fail(err, ED_ERR_USAGE, NULL, "a size is not within 0 and 2^53 bytes");
    enum ed_status status = ed_store_open(&store, work, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_lock(work, &lock, err);
    if (status == ED_OK)
        status = ed_lease_check_locked(work, args->token, err);
    if (status == ED_OK)
        status = ed_store_staging_sweep(&store, args->token, false, err);
    if (status == ED_OK)
        status = make_room(&store, args, evicted_bytes, err);
    if (status == ED_OK)
        status = ed_store_links_check(&store, err);
    if (status == ED_OK)
        status = make_directory(&store, args->token, directory, err);
    if (lock >= 0)
        close(lock);
    ed_store_close(&store);
    return status;
}

enum ed_status ed_store_unstage(const char *work, struct ed_error *err) {
    struct ed_store store;
    int lock = -1;
    enum ed_status status = ed_store_open(&store, work, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_lock(work, &lock, err);
    if (status == ED_OK)
        status = ed_store_staging_sweep(&store, "", true, err);
    if (lock >= 0)
        close(lock);
    ed_store_close(&store);
    return status;
}
