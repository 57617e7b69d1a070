// SPDX-License-Identifier: Apache-2.0
// Who needs which object, and removing what nobody does. A set goes before its objects, so that what is
// killed in between leaves objects that no set names, and never a set without its objects.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/jobdir.h"
#include "runners/lease_record.h"
#include "runners/started.h"
#include "runners/store_parts.h"

#define STALE_NS (INT64_C(3600) * 1000000000)

static int by_digest(const void *a, const void *b) {
    const struct ed_store_object *left = a, *right = b;
    return strcmp(left->sha256, right->sha256);
}

static struct ed_store_object *find(const struct ed_store_room *room, const char *sha256) {
    struct ed_store_object key = {0};
    snprintf(key.sha256, sizeof key.sha256, "%s", sha256);
    return room->n_objects ? bsearch(&key, room->objects, room->n_objects, sizeof key, by_digest) : NULL;
}

static DIR *list(int directory, const char *what, struct ed_error *err) {
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (!stream) {
        ed_fail_errno(err, ED_ERR_IO, what, "cannot be listed: %m");
        if (fd >= 0)
            close(fd);
    }
    return stream;
}

static enum ed_status load_objects(struct ed_store_room *room, const struct ed_store *store,
                                   struct ed_error *err) {
    struct ed_started started;
    struct stat self = {0}, st;
    size_t capacity = 0;
    enum ed_status status = ED_OK;
    if (ed_started_find(&started, NULL, NULL) != ED_OK || stat(started.program, &self) != 0)
        memset(&self, 0, sizeof self);
    DIR *stream = list(store->objects_fd, ED_WORK_OBJECTS, err);
    if (!stream)
        return ED_ERR_IO;
    for (const struct dirent *entry; status == ED_OK && (entry = readdir(stream));) {
        if (!ed_digest_ok(entry->d_name) || !ed_store_object_plain(store, entry->d_name, &st))
            continue;
        if (room->n_objects == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            struct ed_store_object *more = realloc(room->objects, capacity * sizeof *more);
            if (!more) {
                status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of objects");
                break;
            }
            room->objects = more;
        }
        struct ed_store_object *object = &room->objects[room->n_objects++];
        *object = (struct ed_store_object){
            .bytes = (int64_t)st.st_size,
            // A wild time would overflow; only the order matters.
            .mtime_ns = (int64_t)st.st_mtim.tv_sec > INT64_C(9000000000) || st.st_mtim.tv_sec < 0
                            ? 0
                            : (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
            .executable = (st.st_mode & 0100) != 0,
            .own = self.st_ino && st.st_ino == self.st_ino && st.st_dev == self.st_dev};
        memcpy(object->sha256, entry->d_name, sizeof object->sha256);
    }
    closedir(stream);
    if (room->n_objects)
        qsort(room->objects, room->n_objects, sizeof *room->objects, by_digest);
    return status;
}

static void hold_set(struct ed_store_room *room, const char *id) {
    for (size_t i = 0; i < room->sets.n; i++)
        if (!strcmp(room->sets.items[i].id, id))
            room->held[i] = true;
}

static void hold_all(struct ed_store_room *room) {
    for (size_t i = 0; i < room->sets.n; i++)
        room->held[i] = true;
    for (size_t i = 0; i < room->n_objects; i++)
        room->objects[i].wanted = true;
}

// Every run of 64 hexadecimal digits in the job may be a set, by the path of its file, or an object.
static void hold_named(struct ed_store_room *room, const char *text) {
    static const char digits[] = "0123456789abcdef";
    while (*text) {
        const size_t n = strspn(text, digits);
        if (n == ED_DIGEST_HEX_BYTES - 1) {
            char id[ED_DIGEST_HEX_BYTES];
            snprintf(id, sizeof id, "%.*s", (int)n, text);
            hold_set(room, id);
            struct ed_store_object *object = find(room, id);
            if (object)
                object->wanted = true;
        }
        text += n ? n : 1;
    }
}

// The sets of the job that runs; all of them where it cannot be told which.
static void hold_job(struct ed_store_room *room, const struct ed_store *store) {
    char job[ED_WIRE_ID_MAX_BYTES + 1], path[ED_PATH_BYTES];
    struct ed_jobdir dir;
    struct ed_buffer text;
    const enum ed_status running = ed_jobdir_running(store->work, job, NULL);
    room->job_runs = running != ED_OK || job[0];
    if (!room->job_runs)
        return;
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    if (running == ED_OK && ed_jobdir_at(&dir, store->work, job, NULL) == ED_OK &&
        ed_jobdir_file(path, &dir, ED_JOB_FILE, NULL) == ED_OK &&
        ed_path_read(path, ED_WIRE_JOB_MAX_BYTES, &text, NULL) == ED_OK)
        hold_named(room, ed_buffer_text(&text));
    else
        hold_all(room);
    ed_buffer_release(&text);
}

static void hold_wanted(struct ed_store_room *room, const struct ed_store *store) {
    char path[ED_PATH_BYTES];
    struct ed_json_document document = {0};
    if (ed_path_join(path, store->work, ED_STORE_WANTED, NULL) != ED_OK ||
        ed_json_parse_file(&document, path, ED_WIRE_JOB_MAX_BYTES, NULL) != ED_OK)
        return;
    const struct ed_json_at root = ed_json_root(&document), sets = ed_json_member(&root, "sets"),
                            objects = ed_json_member(&root, "objects");
    for (struct ed_json_at at = ed_json_element(&sets, 0); at.value; at = ed_json_next(&at))
        if (cJSON_IsString(at.value))
            hold_set(room, at.value->valuestring);
    for (struct ed_json_at at = ed_json_element(&objects, 0); at.value; at = ed_json_next(&at)) {
        struct ed_store_object *object = cJSON_IsString(at.value) ? find(room, at.value->valuestring) : NULL;
        if (object)
            object->wanted = true;
    }
    ed_json_document_release(&document);
}

static void count(struct ed_store_room *room, size_t index, bool out) {
    const struct ed_store_set *set = &room->sets.items[index];
    for (size_t i = 0; i < set->n_files; i++) {
        struct ed_store_object *object = find(room, set->files[i].sha256);
        if (object)
            object->uses += out ? (size_t)-1 : 1;
    }
}

static bool needed(const struct ed_store_object *object) {
    return object->uses || object->wanted || object->runner || object->own;
}

// Programs that no set names are runners: the newest are kept, and all while a job is run by one of them.
static void keep_runners(struct ed_store_room *room, size_t runners) {
    for (size_t kept = 0; kept < runners || room->job_runs; kept++) {
        struct ed_store_object *newest = NULL;
        for (size_t i = 0; i < room->n_objects; i++) {
            struct ed_store_object *object = &room->objects[i];
            if (object->executable && !needed(object) && (!newest || object->mtime_ns > newest->mtime_ns))
                newest = object;
        }
        if (!newest)
            break;
        newest->runner = true;
    }
}

enum ed_status ed_store_room_load(struct ed_store_room *room, const struct ed_store *store, bool wanted,
                                  size_t runners, struct ed_error *err) {
    memset(room, 0, sizeof *room);
    enum ed_status status = ed_store_sets_scan(store, &room->sets, err);
    if (status == ED_OK)
        status = load_objects(room, store, err);
    room->held = calloc(room->sets.n + 1, sizeof *room->held);
    room->gone = calloc(room->sets.n + 1, sizeof *room->gone);
    if (status == ED_OK && (!room->held || !room->gone))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of sets");
    if (status != ED_OK) {
        ed_store_room_release(room);
        return status;
    }
    for (size_t i = 0; i < room->sets.n; i++)
        count(room, i, false);
    hold_job(room, store);
    if (wanted)
        hold_wanted(room, store);
    keep_runners(room, runners);
    return ED_OK;
}

void ed_store_room_release(struct ed_store_room *room) {
    ed_store_sets_release(&room->sets);
    free(room->held);
    free(room->gone);
    free(room->objects);
    memset(room, 0, sizeof *room);
}

int64_t ed_store_room_bytes(const struct ed_store_room *room) {
    int64_t sum = 0;
    for (size_t i = 0; i < room->n_objects; i++)
        if (needed(&room->objects[i]))
            sum += room->objects[i].bytes;
    return sum;
}

int64_t ed_store_room_drop(struct ed_store_room *room, size_t index) {
    const int64_t before = ed_store_room_bytes(room);
    count(room, index, true);
    room->gone[index] = true;
    return before - ed_store_room_bytes(room);
}

int64_t ed_store_room_undrop(struct ed_store_room *room, size_t index) {
    const int64_t before = ed_store_room_bytes(room);
    count(room, index, false);
    room->gone[index] = false;
    return ed_store_room_bytes(room) - before;
}

// Directories of sets that were not read as one are damaged.
static bool is_set(const struct ed_store_room *room, const char *name, bool *gone) {
    for (size_t i = 0; i < room->sets.n; i++)
        if (!strcmp(room->sets.items[i].id, name)) {
            *gone = room->gone[i];
            return true;
        }
    return false;
}

static enum ed_status remove_sets(const struct ed_store_room *room, const struct ed_store *store,
                                  struct ed_error *err) {
    DIR *stream = list(store->sets_fd, ED_WORK_SETS, err);
    enum ed_status status = stream ? ED_OK : ED_ERR_IO;
    for (const struct dirent *entry; status == ED_OK && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        char old[ED_DIGEST_HEX_BYTES + 8];
        bool gone = true;
        if (!strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        // A damaged set may be a running job's, and the links that it needs still good.
        if (ed_digest_ok(name) && (is_set(room, name, &gone) ? !gone : room->job_runs))
            continue;
        snprintf(old, sizeof old, ".old-%.64s", name);
        if (ed_digest_ok(name) && ed_store_remove(store, ED_WORK_SETS, old, NULL) == ED_OK &&
            renameat(store->sets_fd, name, store->sets_fd, old) == 0)
            name = old;
        status = ed_store_remove(store, ED_WORK_SETS, name, err);
    }
    if (stream)
        closedir(stream);
    return status == ED_OK ? ed_store_sync(store->sets_fd, ED_WORK_SETS, err) : status;
}

enum ed_status ed_store_room_apply(struct ed_store_room *room, const struct ed_store *store,
                                   int64_t *freed_bytes, struct ed_error *err) {
    enum ed_status status = remove_sets(room, store, err);
    DIR *stream = status == ED_OK ? list(store->objects_fd, ED_WORK_OBJECTS, err) : NULL;
    if (status == ED_OK && !stream)
        status = ED_ERR_IO;
    for (const struct dirent *entry; status == ED_OK && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        const struct ed_store_object *object = ed_digest_ok(name) ? find(room, name) : NULL;
        if (!strcmp(name, ".") || !strcmp(name, "..") || (object && needed(object)))
            continue;
        status = ed_store_remove(store, ED_WORK_OBJECTS, name, err);
        if (status == ED_OK && object)
            *freed_bytes += object->bytes;
    }
    if (stream)
        closedir(stream);
    return status;
}

// A runner that is being pushed without a lease is in a directory of its own, which is touched all the time.
static bool is_stale(int directory, const char *name) {
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    const int64_t now_s = ed_clock_read_ns(CLOCK_REALTIME) / 1000000000;
    return st.st_ctim.tv_sec < now_s - STALE_NS / 1000000000 ||
           st.st_ctim.tv_sec > now_s + STALE_NS / 1000000000;
}

enum ed_status ed_store_staging_sweep(const struct ed_store *store, const char *token, bool all,
                                      struct ed_error *err) {
    DIR *stream = list(store->staging_fd, ED_WORK_STAGING, err);
    enum ed_status status = stream ? ED_OK : ED_ERR_IO;
    for (const struct dirent *entry; status == ED_OK && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (!strcmp(name, ".") || !strcmp(name, "..") || (!all && !strcmp(name, token)))
            continue;
        if (ed_lease_token_ok(name, NULL) || is_stale(store->staging_fd, name))
            status = ed_store_remove(store, ED_WORK_STAGING, name, err);
    }
    if (stream)
        closedir(stream);
    return status;
}
