// SPDX-License-Identifier: Apache-2.0
// `have`: what is missing for some sets.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/lease_record.h"
#include "runners/store_parts.h"

struct asked {
    struct ed_store store;
    const struct ed_store_sets *wanted;
    struct ed_store_file *files; // every different one, by digest
    size_t n_files;
    bool *here; // per file
};

static enum ed_status look_at_objects(struct asked *asked, bool verify, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_digest_cache *cache = NULL;
    asked->here = calloc(asked->n_files + 1, sizeof *asked->here);
    if (!asked->here)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of %zu files", asked->n_files);
    enum ed_status status = ed_path_join(path, asked->store.work, ED_STORE_DIGESTS, err);
    if (status == ED_OK)
        status = ed_digest_cache_new(&cache, path, err);
    for (size_t i = 0; status == ED_OK && i < asked->n_files; i++)
        status = ed_store_object_check(&asked->store, &asked->files[i], cache, verify, &asked->here[i], err);
    ed_digest_cache_free(cache);
    return status;
}

static bool has_objects(const struct asked *asked, const struct ed_store_set *set) {
    for (size_t i = 0; i < set->n_files; i++)
        if (!asked->here[ed_store_find(asked->files, asked->n_files, set->files[i].sha256) - asked->files])
            return false;
    return true;
}

// With the lock held an object cannot go any more; whether it went before is looked up again.
static bool still_has_objects(const struct asked *asked, const struct ed_store_set *set) {
    struct stat st;
    for (size_t i = 0; i < set->n_files; i++)
        if (!ed_store_object_plain(&asked->store, set->files[i].sha256, &st) ||
            st.st_size != set->files[i].bytes)
            return false;
    return true;
}

// Makes the sets that only lack being made. Those whose objects went meanwhile are not whole: the next
// question tells.
static enum ed_status make_sets(struct asked *asked, bool *whole, struct ed_error *err) {
    int lock = -1;
    bool any = false, changed = false, made;
    for (size_t i = 0; i < asked->wanted->n; i++) {
        const struct ed_store_set *set = &asked->wanted->items[i];
        struct ed_store_set found;
        if (!has_objects(asked, set))
            continue;
        whole[i] = ed_store_set_read(&asked->store, set->id, &found, NULL) == ED_OK;
        if (whole[i]) {
            whole[i] = ed_store_set_same(&found, set);
            ed_store_set_release(&found);
        }
        any = any || !whole[i];
    }
    if (!any)
        return ED_OK;
    enum ed_status status = ed_lease_lock(asked->store.work, &lock, err);
    for (size_t i = 0; status == ED_OK && i < asked->wanted->n; i++) {
        const struct ed_store_set *set = &asked->wanted->items[i];
        if (whole[i] || !has_objects(asked, set) || !still_has_objects(asked, set))
            continue;
        status = ed_store_set_make(&asked->store, set, &made, err);
        whole[i] = status == ED_OK;
        changed = changed || (status == ED_OK && made);
    }
    if (changed) {
        struct ed_error failure = {0};
        const enum ed_status synced = ed_store_sync(asked->store.sets_fd, ED_WORK_SETS, &failure);
        if (status == ED_OK && synced != ED_OK) {
            status = synced;
            if (err)
                *err = failure;
        }
    }
    if (lock >= 0)
        close(lock);
    return status;
}

// One moment for all of them, as the time of their description. Where it cannot be set the set only looks
// older.
static void mark_used(const struct asked *asked, const bool *whole) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct timespec times[2] = {now, now};
    for (size_t i = 0; i < asked->wanted->n; i++) {
        char path[ED_DIGEST_HEX_BYTES + sizeof ED_SET_FILE + 1];
        snprintf(path, sizeof path, "%s/" ED_SET_FILE, asked->wanted->items[i].id);
        if (whole[i])
            (void)utimensat(asked->store.sets_fd, path, times, AT_SYMLINK_NOFOLLOW);
    }
}

// The staging directory of the token that holds the lease; -1 where there is none.
static int open_staging(const struct ed_store *store) {
    int found = -1, fd = openat(store->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (!stream && fd >= 0)
        close(fd);
    for (const struct dirent *entry; stream && found < 0 && (entry = readdir(stream));)
        if (ed_lease_token_ok(entry->d_name, NULL) &&
            ed_lease_check(store->work, entry->d_name, NULL) == ED_OK &&
            ed_store_directory(store->staging_fd, entry->d_name, false, &found, NULL) != ED_OK)
            found = -1;
    if (stream)
        closedir(stream);
    return found;
}

static enum ed_status list_missing(const struct asked *asked, struct ed_store_have *out,
                                   struct ed_error *err) {
    struct stat st;
    out->missing = calloc(asked->n_files + 1, sizeof *out->missing);
    if (!out->missing)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of %zu files", asked->n_files);
    int staging = -1;
    for (size_t i = 0; i < asked->n_files; i++) {
        const struct ed_store_file *file = &asked->files[i];
        if (asked->here[i])
            continue;
        if (out->n_missing == 0)
            staging = open_staging(&asked->store);
        struct ed_store_missing *missing = &out->missing[out->n_missing++];
        memcpy(missing->sha256, file->sha256, sizeof missing->sha256);
        missing->bytes = file->bytes;
        // More than it can be is no beginning of it.
        if (staging >= 0 && fstatat(staging, file->sha256, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_size <= file->bytes)
            missing->staged_bytes = (int64_t)st.st_size;
    }
    if (staging >= 0)
        close(staging);
    return ED_OK;
}

// So that `stage`, which makes room for what is missing, does not remove what is not. A disk that is too full
// for the note is what `stage` is about to help: it goes on without.
static void note_wanted(const struct asked *asked) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_array_begin(&w, "sets");
    for (size_t i = 0; i < asked->wanted->n; i++)
        ed_json_text(&w, NULL, asked->wanted->items[i].id);
    ed_json_array_end(&w);
    ed_json_array_begin(&w, "objects");
    for (size_t i = 0; i < asked->n_files; i++)
        ed_json_text(&w, NULL, asked->files[i].sha256);
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    if (ed_path_join(path, asked->store.work, ED_STORE_WANTED, NULL) == ED_OK &&
        (ed_buffer_status(&text, ED_STORE_WANTED, NULL) != ED_OK ||
         ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0600, NULL) != ED_OK))
        unlinkat(asked->store.work_fd, ED_STORE_WANTED, 0);
    ed_buffer_release(&text);
}

enum ed_status ed_store_have(const char *work, const struct ed_store_sets *wanted, bool verify,
                             struct ed_store_have *out, struct ed_error *err) {
    struct asked asked = {.wanted = wanted};
    bool *whole = NULL;
    memset(out, 0, sizeof *out);
    enum ed_status status = ed_store_open(&asked.store, work, err);
    if (status != ED_OK)
        return status;
    status = ed_store_distinct(wanted, &asked.files, &asked.n_files, err);
    if (status == ED_OK)
        status = look_at_objects(&asked, verify, err);
    whole = calloc(wanted->n + 1, sizeof *whole);
    out->whole = calloc(wanted->n + 1, sizeof(*out->whole));
    if (status == ED_OK && (!whole || !out->whole))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of %zu sets", wanted->n);
    if (status == ED_OK)
        status = make_sets(&asked, whole, err);
    if (status == ED_OK)
        status = list_missing(&asked, out, err);
    if (status == ED_OK) {
        mark_used(&asked, whole);
        for (size_t i = 0; i < wanted->n; i++)
            if (whole[i])
                out->whole[out->n_whole++] = &wanted->items[i];
        if (out->n_missing)
            note_wanted(&asked);
        out->free_bytes = ed_store_free_bytes(&asked.store);
    }
    if (status != ED_OK)
        ed_store_have_release(out);
    free(whole);
    free(asked.here);
    free(asked.files);
    ed_store_close(&asked.store);
    return status;
}

void ed_store_have_release(struct ed_store_have *have) {
    free((void *)have->whole);
    free(have->missing);
    memset(have, 0, sizeof *have);
}
