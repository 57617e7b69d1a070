// SPDX-License-Identifier: Apache-2.0
// `adopt`: what was pushed becomes objects and sets. The digests are taken before the lock, since they take
// long; a file is given an old time before that, so that whoever writes to it afterwards gives himself away,
// however coarse the clock of the file system is.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/lease_record.h"
#include "runners/store_parts.h"

struct adoption {
    struct ed_store store;
    const char *token;
    const struct ed_store_sets *sets;
    struct ed_store_file *files;
    size_t n_files;
    struct stat *staged; // per file: as it was when its digest was right; st_ino 0: not staged
    bool *here;          // per file: an object
    struct ed_digest_cache *digests;
    int staging_fd;
};

static void keep_first(enum ed_status *first, struct ed_error *err, enum ed_status status,
                       const struct ed_error *failure) {
    if (*first != ED_OK || status == ED_OK)
        return;
    *first = status;
    if (err)
        *err = *failure;
}

static void remove_staged(const struct adoption *adoption, const char *sha256) {
    char name[ED_WIRE_TOKEN_MAX_BYTES + sizeof ED_WORK_STAGING + 1];
    snprintf(name, sizeof name, ED_WORK_STAGING "/%s", adoption->token);
    (void)ed_store_remove(&adoption->store, name, sha256, NULL);
}

// Refuses everything but a plain file of this user with one name and the right size.
static enum ed_status check_plain(const struct adoption *adoption, const struct ed_store_file *file, int fd,
                                  struct ed_error *err) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return ed_fail_errno(err, ED_ERR_IO, file->name, "the staged file cannot be read: %m");
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1) {
        remove_staged(adoption, file->sha256);
        return ed_fail(err, ED_ERR_VERSION, file->name,
                       "what was staged for it is no plain file of this user and was removed; push it again");
    }
    if (st.st_size == file->bytes)
        return ED_OK;
    // Less may be a push that was cut off and can go on.
    if (st.st_size > file->bytes)
        remove_staged(adoption, file->sha256);
    return ed_fail(err, ED_ERR_VERSION, file->name,
                   "%lld bytes were staged, %lld were expected; push it again", (long long)st.st_size,
                   (long long)file->bytes);
}

static enum ed_status check_content(const struct adoption *adoption, const struct ed_store_file *file, int fd,
                                    struct stat *state, struct ed_error *err) {
    char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES] = "";
    const struct timespec old = {ed_clock_read_ns(CLOCK_REALTIME) / 1000000000 - 3600, 0};
    const struct timespec times[2] = {old, old};
    if (futimens(fd, times) != 0)
        return ed_fail_errno(err, ED_ERR_IO, file->name, "the time of the staged file cannot be set: %m");
    enum ed_status status = ed_store_sync(fd, file->name, err);
    if (status == ED_OK)
        status = ed_store_path(path, &adoption->store, ED_WORK_STAGING, adoption->token, err);
    if (status == ED_OK && strlen(path) + 1 + strlen(file->sha256) >= sizeof path)
        status = ed_fail(err, ED_ERR_LIMIT, path, "the path is too long; use a shorter work directory");
    if (status == ED_OK) {
        const size_t n = strlen(path);
        snprintf(path + n, sizeof path - n, "/%s", file->sha256);
        status = ed_digest_file(hex, NULL, path, err);
    }
    if (status == ED_OK && strcmp(hex, file->sha256)) {
        remove_staged(adoption, file->sha256);
        return ed_fail(
            err, ED_ERR_VERSION, file->name,
            "what was staged has the digest %.12s..., expected %.12s...: it was damaged on its way, or "
            "changed here while it was pushed; it was removed, push it again",
            hex, file->sha256);
    }
    if (status == ED_OK &&
        (fstat(fd, state) != 0 || state->st_mtim.tv_sec != old.tv_sec || state->st_mtim.tv_nsec != 0))
        status = ed_fail(err, ED_ERR_VERSION, file->name,
                         "was written to while its digest was taken; push it again");
    if (status != ED_OK)
        memset(state, 0, sizeof *state);
    return status;
}

static enum ed_status check_staged(const struct adoption *adoption, const struct ed_store_file *file,
                                   struct stat *state, struct ed_error *err) {
    const int fd = adoption->staging_fd < 0 ? -1
                                            : openat(adoption->staging_fd, file->sha256,
                                                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (adoption->staging_fd < 0 || errno == ENOENT))
        return ed_fail(err, ED_ERR_NOT_FOUND, file->name,
                       "neither lies on the device nor was it pushed (%.12s...); push it", file->sha256);
    if (fd < 0 && errno != EACCES) {
        remove_staged(adoption, file->sha256);
        return ed_fail(err, ED_ERR_VERSION, file->name,
                       "what was staged for it is no plain file and was removed; push it again");
    }
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, file->name, "the staged file cannot be opened: %m");
    enum ed_status status = check_plain(adoption, file, fd, err);
    if (status == ED_OK)
        status = check_content(adoption, file, fd, state, err);
    close(fd);
    return status;
}

// Everything that takes long. The first failure is reported, and the rest is adopted all the same.
static enum ed_status check_all(struct adoption *adoption, enum ed_status *first, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_error failure = {0};
    adoption->staged = calloc(adoption->n_files + 1, sizeof *adoption->staged);
    adoption->here = calloc(adoption->n_files + 1, sizeof *adoption->here);
    if (!adoption->staged || !adoption->here)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of %zu files", adoption->n_files);
    enum ed_status status = ed_path_join(path, adoption->store.work, ED_STORE_DIGESTS, err);
    if (status == ED_OK)
        status = ed_digest_cache_new(&adoption->digests, path, err);
    for (size_t i = 0; status == ED_OK && i < adoption->n_files; i++) {
        status = ed_store_object_check(&adoption->store, &adoption->files[i], adoption->digests, false,
                                       &adoption->here[i], err);
        if (status == ED_OK && !adoption->here[i])
            keep_first(first, err,
                       check_staged(adoption, &adoption->files[i], &adoption->staged[i], &failure), &failure);
    }
    return status;
}

static enum ed_status make_object(struct adoption *adoption, size_t index, struct ed_error *err) {
    const struct ed_store_file *file = &adoption->files[index];
    char path[ED_PATH_BYTES];
    struct stat now;
    if (fstatat(adoption->staging_fd, file->sha256, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
        !ed_digest_same_state(&now, &adoption->staged[index]))
        return ed_fail(err, ED_ERR_VERSION, file->name,
                       "was changed after its digest was taken; push it again");
    if (renameat(adoption->staging_fd, file->sha256, adoption->store.objects_fd, file->sha256) != 0)
        return ed_fail_errno(err, ED_ERR_IO, file->name, "cannot be moved to its place: %m");
    // Only now: what stays in staging may be written again by a push that begins anew.
    if (fchmodat(adoption->store.objects_fd, file->sha256, file->executable ? 0500 : 0400, 0) != 0)
        return ed_fail_errno(err, ED_ERR_IO, file->name, "its mode cannot be set: %m");
    adoption->here[index] = true;
    // The job that follows need not read it all again.
    if (ed_store_path(path, &adoption->store, ED_WORK_OBJECTS, file->sha256, NULL) == ED_OK)
        ed_digest_cache_learn(adoption->digests, path, file->sha256);
    return ED_OK;
}

static bool is_whole(const struct adoption *adoption, const struct ed_store_set *set, struct ed_error *err) {
    struct stat st;
    for (size_t i = 0; i < set->n_files; i++) {
        const struct ed_store_file *file =
            ed_store_find(adoption->files, adoption->n_files, set->files[i].sha256);
        if (!adoption->here[file - adoption->files] ||
            !ed_store_object_plain(&adoption->store, file->sha256, &st) || st.st_size != file->bytes) {
            ed_fail(err, ED_ERR_NOT_FOUND, file->name, "went while the push was adopted; push it again");
            return false;
        }
    }
    return true;
}

// Under the lock: renames, then sets, each synced before what stands on it.
static enum ed_status take_over(struct adoption *adoption, enum ed_status *first, struct ed_error *err) {
    struct ed_error failure = {0};
    enum ed_status status = ed_lease_check_locked(adoption->store.work, adoption->token, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; i < adoption->n_files; i++)
        if (adoption->staged[i].st_ino)
            keep_first(first, err, make_object(adoption, i, &failure), &failure);
    status = ed_store_sync(adoption->store.objects_fd, ED_WORK_OBJECTS, err);
    for (size_t i = 0; status == ED_OK && i < adoption->sets->n; i++) {
        if (is_whole(adoption, &adoption->sets->items[i], &failure))
            keep_first(first, err,
                       ed_store_set_make(&adoption->store, &adoption->sets->items[i], NULL, &failure),
                       &failure);
        else
            keep_first(first, err, ED_ERR_NOT_FOUND, &failure);
    }
    return status == ED_OK ? ed_store_sync(adoption->store.sets_fd, ED_WORK_SETS, err) : status;
}

enum ed_status ed_store_adopt(const char *work, const char *token, const struct ed_store_sets *sets,
                              struct ed_error *err) {
    struct adoption adoption = {.token = token, .sets = sets, .staging_fd = -1};
    enum ed_status first = ED_OK;
    int lock = -1;
    if (!ed_lease_token_ok(token, NULL))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.60s' is not a token of a lease", token);
    enum ed_status status = ed_store_open(&adoption.store, work, err);
    if (status != ED_OK)
        return status;
    status = ed_lease_check(work, token, err);
    if (status == ED_OK)
        status = ed_store_distinct(sets, &adoption.files, &adoption.n_files, err);
    if (status == ED_OK) {
        status = ed_store_directory(adoption.store.staging_fd, token, false, &adoption.staging_fd, err);
        // Nothing was staged: it may all be there.
        if (status == ED_ERR_NOT_FOUND)
            status = ED_OK;
    }
    if (status == ED_OK)
        status = check_all(&adoption, &first, err);
    if (status == ED_OK)
        status = ed_lease_lock(work, &lock, err);
    if (status == ED_OK)
        status = take_over(&adoption, &first, err);
    if (status == ED_OK)
        status = first;
    if (status == ED_OK) {
        unlinkat(adoption.store.work_fd, ED_STORE_WANTED, 0);
        // Only when nothing is left in it.
        unlinkat(adoption.store.staging_fd, token, AT_REMOVEDIR);
    }
    if (lock >= 0)
        close(lock);
    if (adoption.staging_fd >= 0)
        close(adoption.staging_fd);
    ed_digest_cache_free(adoption.digests);
    free(adoption.files);
    free(adoption.staged);
    free(adoption.here);
    ed_store_close(&adoption.store);
    return status;
}
