// SPDX-License-Identifier: Apache-2.0
// `clean`: removing sets on somebody's word.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runners/lease_record.h"
#include "runners/started.h"
#include "runners/store_parts.h"

#define RUNNERS_KEPT 2
#define RUNTIME "runtime" // C libraries that carry the runner itself, one directory each

static bool is_named(const struct ed_store_clean_args *args, const char *id) {
    for (size_t i = 0; i < args->n_ids; i++)
        if (!strcmp(args->ids[i], id))
            return true;
    return false;
}

// How many versions of the same thing are newer.
static int newer(const struct ed_store_sets *sets, size_t index) {
    const struct ed_store_set *set = &sets->items[index];
    int n = 0;
    for (size_t i = 0; i < sets->n; i++) {
        const struct ed_store_set *other = &sets->items[i];
        if (strcmp(other->kind, set->kind) || strcmp(other->name, set->name) ||
            strcmp(other->variant, set->variant))
            continue;
        n += other->made_us > set->made_us ||
             (other->made_us == set->made_us && strcmp(other->id, set->id) > 0);
    }
    return n;
}

static enum ed_status plan(struct ed_store_room *room, const struct ed_store_clean_args *args,
                           struct ed_error *err) {
    if (args->all && room->job_runs)
        return ed_fail(err, ED_ERR_BUSY, NULL, "a job runs here: stop it before everything is removed");
    for (size_t i = 0; i < room->sets.n; i++) {
        const struct ed_store_set *set = &room->sets.items[i];
        const bool named = is_named(args, set->id);
        if (named && room->held[i])
            return ed_fail(err, ED_ERR_BUSY, set->name, "a job that runs here uses it: stop that first");
        if (args->all || named || (args->keep >= 0 && !room->held[i] && newer(&room->sets, i) >= args->keep))
            ed_store_room_drop(room, i);
    }
    return ED_OK;
}

// The C libraries of other runners than the one that runs.
static enum ed_status remove_runtimes(const struct ed_store *store, struct ed_error *err) {
    struct ed_started started;
    struct stat own = {0}, st;
    int fd = -1;
    enum ed_status status = ed_started_find(&started, NULL, err);
    if (status == ED_OK && started.library_path[0] && stat(started.library_path, &own) != 0)
        memset(&own, 0, sizeof own);
    if (status != ED_OK)
        return status;
    status = ed_store_directory(store->work_fd, RUNTIME, false, &fd, err);
    if (status == ED_ERR_NOT_FOUND)
        return ED_OK;
    DIR *stream = status == ED_OK ? fdopendir(fd) : NULL;
    if (status == ED_OK && !stream) {
        close(fd);
        return ed_fail_errno(err, ED_ERR_IO, RUNTIME, "cannot be listed: %m");
    }
    for (const struct dirent *entry; status == ED_OK && (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        const bool is_own = own.st_ino &&
                            fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                            st.st_ino == own.st_ino && st.st_dev == own.st_dev;
        if (!is_own)
            status = ed_store_remove(store, RUNTIME, entry->d_name, err);
    }
    if (stream)
        closedir(stream);
    return status;
}

static enum ed_status remove_rest(const struct ed_store *store, const struct ed_store_clean_args *args,
                                  struct ed_error *err) {
    enum ed_status status = ed_store_staging_sweep(store, args->token, args->all, err);
    unlinkat(store->work_fd, ED_STORE_WANTED, 0);
    if (status != ED_OK || !args->all)
        return status;
    unlinkat(store->work_fd, ED_STORE_DIGESTS, 0);
    return remove_runtimes(store, err);
}

// Those that are gone change their owner.
static enum ed_status take_removed(struct ed_store_room *room, struct ed_store_sets *removed,
                                   struct ed_error *err) {
    removed->items = calloc(room->sets.n + 1, sizeof *removed->items);
    if (!removed->items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of sets");
    for (size_t i = 0; i < room->sets.n; i++)
        if (room->gone[i]) {
            removed->items[removed->n++] = room->sets.items[i];
            room->sets.items[i].files = NULL;
            room->sets.items[i].n_files = 0;
        }
    return ED_OK;
}

enum ed_status ed_store_clean(const char *work, const struct ed_store_clean_args *args,
                              struct ed_store_sets *removed, int64_t *freed_bytes, struct ed_error *err) {
    struct ed_store store;
    struct ed_store_room room = {0};
    int lock = -1;
    *freed_bytes = 0;
    memset(removed, 0, sizeof *removed);
    if (!ed_lease_token_ok(args->token, NULL))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.60s' is not a token of a lease", args->token);
    enum ed_status status = ed_store_open(&store, work, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_lock(work, &lock, err);
    if (status == ED_OK)
        status = ed_lease_check_locked(work, args->token, err);
    if (status == ED_OK)
        status = ed_store_room_load(&room, &store, false, args->all ? 0 : RUNNERS_KEPT, err);
    if (status == ED_OK)
        status = plan(&room, args, err);
    if (status == ED_OK)
        status = ed_store_room_apply(&room, &store, freed_bytes, err);
    if (status == ED_OK)
        status = remove_rest(&store, args, err);
    if (status == ED_OK)
        status = take_removed(&room, removed, err);
    if (lock >= 0)
        close(lock);
    ed_store_room_release(&room);
    ed_store_close(&store);
    return status;
}
