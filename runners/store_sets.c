// SPDX-License-Identifier: Apache-2.0
// Sets on the disk: a directory of links and its set.json. A set is made under another name and renamed, and
// moved away before it is removed, so that half a set is never seen.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/store_parts.h"

#define TARGET_BYTES (sizeof "../../" ED_WORK_OBJECTS "/" + ED_DIGEST_HEX_BYTES)

static void target_of(char target[TARGET_BYTES], const char *sha256) {
    snprintf(target, TARGET_BYTES, "../../" ED_WORK_OBJECTS "/%s", sha256);
}

static enum ed_status read_file(int fd, struct ed_buffer *text, struct stat *st, struct ed_error *err) {
    char chunk[16384];
    ssize_t n;
    int file = openat(fd, ED_SET_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, st) != 0 || !S_ISREG(st->st_mode)) {
        if (file >= 0)
            close(file);
        return ed_fail(err, ED_ERR_PARSE, ED_SET_FILE, "the set has no file that describes it");
    }
    while ((n = read(file, chunk, sizeof chunk)) > 0)
        ed_buffer_append(text, chunk, (size_t)n);
    close(file);
    if (n < 0)
        return ed_fail(err, ED_ERR_PARSE, ED_SET_FILE, "cannot be read");
    return ed_buffer_status(text, ED_SET_FILE, err);
}

static enum ed_status check_links(int fd, const struct ed_store_set *set, struct ed_error *err) {
    for (size_t i = 0; i < set->n_files; i++) {
        char wanted[TARGET_BYTES], found[TARGET_BYTES + 1];
        target_of(wanted, set->files[i].sha256);
        ssize_t n = readlinkat(fd, set->files[i].name, found, sizeof found);
        if (n < 0 || (size_t)n != strlen(wanted) || memcmp(found, wanted, (size_t)n))
            return ed_fail(err, ED_ERR_PARSE, set->files[i].name,
                           "is not the link that the set's description says");
    }
    return ED_OK;
}

enum ed_status ed_store_set_read(const struct ed_store *store, const char *id, struct ed_store_set *set,
                                 struct ed_error *err) {
    struct ed_json_document document = {0};
    struct ed_buffer text;
    struct ed_error failure = {0};
    struct stat st;
    int fd = -1;
    memset(set, 0, sizeof *set);
    if (fstatat(store->sets_fd, id, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return ed_fail(err, ED_ERR_NOT_FOUND, id, "there is no such set");
    ed_buffer_init(&text, ED_STORE_SET_FILE_MAX_BYTES);
    enum ed_status status = ed_store_directory(store->sets_fd, id, false, &fd, &failure);
    if (status == ED_OK)
        status = read_file(fd, &text, &st, &failure);
    if (status == ED_OK)
        status = ed_json_parse(&document, ED_SET_FILE, ed_buffer_text(&text), text.size, &failure);
    if (status == ED_OK) {
        const struct ed_json_at root = ed_json_root(&document);
        status = ed_store_set_parse(set, &root, &failure);
    }
    if (status == ED_OK && strcmp(set->id, id))
        status = ed_fail(&failure, ED_ERR_PARSE, ED_SET_FILE, "describes another set");
    if (status == ED_OK)
        status = check_links(fd, set, &failure);
    if (status == ED_OK)
        set->used_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
    ed_json_document_release(&document);
    ed_buffer_release(&text);
    if (fd >= 0)
        close(fd);
    if (status == ED_OK)
        return ED_OK;
    ed_store_set_release(set);
    if (status == ED_ERR_NO_MEMORY) {
        if (err)
            *err = failure;
        return status;
    }
    return ed_fail(err, ED_ERR_PARSE, id, "the set is damaged: %s", failure.message);
}

bool ed_store_set_same(const struct ed_store_set *a, const struct ed_store_set *b) {
    bool same = a->n_files == b->n_files;
    for (size_t i = 0; same && i < a->n_files; i++)
        same = !strcmp(a->files[i].name, b->files[i].name) &&
               !strcmp(a->files[i].sha256, b->files[i].sha256) && a->files[i].bytes == b->files[i].bytes &&
               a->files[i].executable == b->files[i].executable;
    return same;
}

static enum ed_status write_description(int fd, const struct ed_store_set *set, struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer w;
    struct ed_store_set copy = *set;
    copy.made_us = ed_clock_read_ns(CLOCK_REALTIME) / 1000;
    ed_buffer_init(&text, ED_STORE_SET_FILE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_store_set_write(&w, &copy, SIZE_MAX);
    ed_json_int(&w, "used_us", copy.made_us);
    ed_json_object_end(&w);
    enum ed_status status = ed_buffer_status(&text, "the description of a set", err);
    int file = -1;
    if (status == ED_OK) {
        file = openat(fd, ED_SET_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        status = file < 0 ? ed_fail_errno(err, ED_ERR_IO, ED_SET_FILE, "cannot be made: %m")
                          : ed_path_write_all(file, ed_buffer_text(&text), text.size, ED_SET_FILE, err);
    }
    if (status == ED_OK)
        status = ed_store_sync(file, ED_SET_FILE, err);
    if (file >= 0)
        close(file);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status make_link(const struct ed_store *store, int fd, const char *sha256, const char *name,
                                struct ed_error *err) {
    char target[TARGET_BYTES];
    target_of(target, sha256);
    if (symlinkat(target, fd, name) == 0)
        return ED_OK;
    if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EINVAL)
        return ed_fail(err, ED_ERR_UNSUPPORTED, store->work,
                       "its file system has no symbolic links (%s), as FAT and exFAT; set \"work_dir\" of "
                       "this device to "
                       "a directory on another one, such as ext4 or f2fs",
                       strerror(errno));
    return ed_fail_errno(err, ED_ERR_IO, name, "the link of a set cannot be made: %m");
}

enum ed_status ed_store_links_check(const struct ed_store *store, struct ed_error *err) {
    static const char name[] = ".new-link", none[] = "0";
    if (unlinkat(store->sets_fd, name, 0) != 0 && errno != ENOENT)
        return ed_fail_errno(err, ED_ERR_IO, ED_WORK_SETS, "cannot be written to: %m");
    enum ed_status status = make_link(store, store->sets_fd, none, name, err);
    if (status == ED_OK)
        unlinkat(store->sets_fd, name, 0);
    return status;
}

// An object that a set wants to be started may have come as data.
static enum ed_status make_executable(const struct ed_store *store, const struct ed_store_set *set,
                                      struct ed_error *err) {
    struct stat st;
    for (size_t i = 0; i < set->n_files; i++)
        if (set->files[i].executable &&
            fstatat(store->objects_fd, set->files[i].sha256, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && !(st.st_mode & 0100) &&
            fchmodat(store->objects_fd, set->files[i].sha256, 0500, 0) != 0)
            return ed_fail_errno(err, ED_ERR_IO, set->files[i].name, "cannot be made executable: %m");
    return ED_OK;
}

// Moves what stands in the way to a name that the next sweep removes.
static enum ed_status move_away(const struct ed_store *store, const char *id, struct ed_error *err) {
    char old[ED_DIGEST_HEX_BYTES + 8];
    snprintf(old, sizeof old, ".old-%s", id);
    enum ed_status status = ed_store_remove(store, ED_WORK_SETS, old, err);
    if (status == ED_OK && renameat(store->sets_fd, id, store->sets_fd, old) != 0 && errno != ENOENT)
        status = ed_fail_errno(err, ED_ERR_IO, id, "a damaged set cannot be moved away: %m");
    return status;
}

static enum ed_status fill(const struct ed_store *store, const char *name, const struct ed_store_set *set,
                           struct ed_error *err) {
    int fd = -1;
    if (mkdirat(store->sets_fd, name, 0700) != 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_WORK_SETS, "a set cannot be made: %m");
    enum ed_status status = ed_store_directory(store->sets_fd, name, false, &fd, err);
    for (size_t i = 0; status == ED_OK && i < set->n_files; i++)
        status = make_link(store, fd, set->files[i].sha256, set->files[i].name, err);
    if (status == ED_OK)
        status = write_description(fd, set, err);
    if (status == ED_OK)
        status = ed_store_sync(fd, ED_WORK_SETS, err);
    if (fd >= 0)
        close(fd);
    return status;
}

enum ed_status ed_store_set_make(const struct ed_store *store, const struct ed_store_set *set, bool *made,
                                 struct ed_error *err) {
    char name[ED_DIGEST_HEX_BYTES + 8];
    struct ed_store_set found;
    if (made)
        *made = false;
    enum ed_status status = ed_store_set_read(store, set->id, &found, err);
    if (status == ED_OK) {
        const bool same = ed_store_set_same(&found, set);
        ed_store_set_release(&found);
        if (!same)
            return ed_fail(
                err, ED_ERR_USAGE, set->id,
                "a set of this id is there with other files; remove it with `edgedyno devices clean ID`");
        return make_executable(store, set, err);
    }
    if (status != ED_ERR_NOT_FOUND && status != ED_ERR_PARSE)
        return status;
    const bool damaged = status == ED_ERR_PARSE;
    snprintf(name, sizeof name, ".new-%s", set->id);
    status = ed_store_remove(store, ED_WORK_SETS, name, err);
    if (status == ED_OK)
        status = fill(store, name, set, err);
    if (status == ED_OK)
        status = make_executable(store, set, err);
    if (status == ED_OK && damaged)
        status = move_away(store, set->id, err);
    if (status == ED_OK && renameat(store->sets_fd, name, store->sets_fd, set->id) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, set->id, "a finished set cannot be renamed: %m");
    if (status != ED_OK)
        ed_store_remove(store, ED_WORK_SETS, name, NULL);
    if (made)
        *made = status == ED_OK;
    return status;
}

static int by_use(const void *a, const void *b) {
    const struct ed_store_set *left = a, *right = b;
    if (left->used_us != right->used_us)
        return left->used_us > right->used_us ? -1 : 1;
    return strcmp(left->id, right->id);
}

// Bytes of its files that are here, each object once.
static int64_t bytes_here(const struct ed_store *store, const struct ed_store_set *set) {
    const struct ed_store_sets one = {(struct ed_store_set *)(uintptr_t)set, 1};
    struct ed_store_file *files;
    struct stat st;
    size_t n;
    int64_t sum = 0;
    if (ed_store_distinct(&one, &files, &n, NULL) != ED_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (ed_store_object_plain(store, files[i].sha256, &st))
            sum += (int64_t)st.st_size;
    free(files);
    return sum;
}

static enum ed_status append(struct ed_store_sets *sets, size_t *capacity, const struct ed_store_set *set,
                             struct ed_error *err) {
    if (sets->n == *capacity) {
        const size_t more = *capacity ? 2 * *capacity : 32;
        struct ed_store_set *items = realloc(sets->items, more * sizeof *items);
        if (!items)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of sets");
        sets->items = items;
        *capacity = more;
    }
    sets->items[sets->n++] = *set;
    return ED_OK;
}

enum ed_status ed_store_sets_scan(const struct ed_store *store, struct ed_store_sets *sets,
                                  struct ed_error *err) {
    size_t capacity = 0;
    enum ed_status status = ED_OK;
    memset(sets, 0, sizeof *sets);
    // A descriptor of its own: one that is shared keeps its place in the directory.
    int fd = openat(store->sets_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (!stream) {
        status = ed_fail_errno(err, ED_ERR_IO, ED_WORK_SETS, "cannot be listed: %m");
        if (fd >= 0)
            close(fd);
        return status;
    }
    for (const struct dirent *entry; status == ED_OK && (entry = readdir(stream));) {
        struct ed_store_set set;
        if (!ed_digest_ok(entry->d_name))
            continue;
        status = ed_store_set_read(store, entry->d_name, &set, err);
        if (status == ED_OK) {
            set.bytes = bytes_here(store, &set);
            status = append(sets, &capacity, &set, err);
            if (status != ED_OK)
                ed_store_set_release(&set);
        } else if (status == ED_ERR_PARSE || status == ED_ERR_NOT_FOUND) {
            status = ED_OK;
        }
    }
    closedir(stream);
    if (status == ED_OK && sets->n)
        qsort(sets->items, sets->n, sizeof *sets->items, by_use);
    if (status != ED_OK)
        ed_store_sets_release(sets);
    return status;
}

enum ed_status ed_store_list(const char *work, struct ed_store_sets *sets, struct ed_error *err) {
    struct ed_store store;
    memset(sets, 0, sizeof *sets);
    enum ed_status status = ed_store_open(&store, work, err);
    if (status == ED_OK)
        status = ed_store_sets_scan(&store, sets, err);
    ed_store_close(&store);
    return status;
}
