// SPDX-License-Identifier: Apache-2.0
// What the parts of the store share (runners/store.h). Everything below WORK is reached through open
// directories, and a name that a symbolic link stands for is never followed: what is not a plain file or
// directory of this user is junk.
//
// Names in WORK/sets and WORK/objects that are no digest are temporary (".new-ID", ".old-ID") or junk; they
// are removed by whoever holds the lease's lock.
#ifndef EDGEDYNO_RUNNERS_STORE_PARTS_H
#define EDGEDYNO_RUNNERS_STORE_PARTS_H

#include <sys/stat.h>

#include "base/json_write.h"
#include "runners/store.h"

#define ED_STORE_DIGESTS "digests.jsonl"
#define ED_STORE_WANTED "wanted.json" // what the last `have` found wanting: {"sets":[ID],"objects":[SHA256]}
#define ED_STORE_SET_FILE_MAX_BYTES (1u << 20)

// An open work directory; close it. The descriptors are -1 where it is closed.
struct ed_store {
    const char *work; // borrowed
    int work_fd, objects_fd, sets_fd, staging_fd;
};
// Makes what is missing, with mode 0700. ED_ERR_UNSUPPORTED: others can write to it; ED_ERR_REFUSED: it is
// not this user's.
enum ed_status ed_store_open(struct ed_store *store, const char *work, struct ed_error *err);
void ed_store_close(struct ed_store *store);
// A directory below `parent` that is no link and belongs to this user; made where it is missing and `make` is
// set. ED_ERR_NOT_FOUND where it is not there. *fd: close it.
enum ed_status ed_store_directory(int parent, const char *name, bool make, int *fd, struct ed_error *err);
// WORK/PART/NAME; "" as name gives WORK/PART.
enum ed_status ed_store_path(char out[ED_PATH_BYTES], const struct ed_store *store, const char *part,
                             const char *name, struct ed_error *err);
// A file or tree of WORK/PART whose name was read there or checked.
enum ed_status ed_store_remove(const struct ed_store *store, const char *part, const char *name,
                               struct ed_error *err);
int64_t ed_store_free_bytes(const struct ed_store *store);
enum ed_status ed_store_sync(int fd, const char *what, struct ed_error *err);

// One set as it comes over the wire and stands in set.json.
enum ed_status ed_store_set_parse(struct ed_store_set *set, const struct ed_json_at *at,
                                  struct ed_error *err);
void ed_store_set_release(struct ed_store_set *set);
// Its members, with at most `files_max` files.
void ed_store_set_write(struct ed_json_writer *w, const struct ed_store_set *set, size_t files_max);
// Every different file of the sets once, by digest; freed by the caller, its elements borrowed from `sets`.
// `executable` of an element is that of any of them. ED_ERR_USAGE where a digest comes with two sizes.
enum ed_status ed_store_distinct(const struct ed_store_sets *sets, struct ed_store_file **files, size_t *n,
                                 struct ed_error *err);
// Where `sha256` is in such a list, NULL where it is not.
const struct ed_store_file *ed_store_find(const struct ed_store_file *files, size_t n, const char *sha256);

// Whether the object is there and is what its name says. One that is not is removed, for which the lease's
// lock is taken: the caller does not hold it. ED_ERR_USAGE: it is right, but of another size than `file`
// says.
enum ed_status ed_store_object_check(const struct ed_store *store, const struct ed_store_file *file,
                                     struct ed_digest_cache *cache, bool verify, bool *here,
                                     struct ed_error *err);
// A plain file of this user and of this size, without a look at its content.
bool ed_store_object_plain(const struct ed_store *store, const char *sha256, struct stat *st);

// The set in WORK/sets/ID. ED_ERR_NOT_FOUND: none; ED_ERR_PARSE: damaged (its file, or a link that is not as
// it says).
enum ed_status ed_store_set_read(const struct ed_store *store, const char *id, struct ed_store_set *set,
                                 struct ed_error *err);
// Makes the set, under the lock; one that is whole is left, a damaged one replaced. *made may be NULL. Its
// objects are there. ED_ERR_UNSUPPORTED: a file system without symbolic links. WORK/sets is not synced.
enum ed_status ed_store_set_make(const struct ed_store *store, const struct ed_store_set *set, bool *made,
                                 struct ed_error *err);
// Whether two descriptions name the same files.
bool ed_store_set_same(const struct ed_store_set *a, const struct ed_store_set *b);
// A link can be made in WORK/sets; ED_ERR_UNSUPPORTED names the file system's fault and what to do.
enum ed_status ed_store_links_check(const struct ed_store *store, struct ed_error *err);
// All sets that are not damaged, the last used first; `bytes` are those of objects that are there.
enum ed_status ed_store_sets_scan(const struct ed_store *store, struct ed_store_sets *sets,
                                  struct ed_error *err);

// What lies there, for removing: objects with who needs them. Under the lock.
struct ed_store_object {
    char sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes, mtime_ns;
    size_t uses; // files of sets that are not gone
    bool executable, own, wanted, runner;
};
struct ed_store_room {
    struct ed_store_sets sets;       // the last used first
    bool *held, *gone;               // per set: never to be removed; removed (or planned to be)
    struct ed_store_object *objects; // by digest
    size_t n_objects;
    bool job_runs;
};
// `wanted`: what the last `have` missed is held, too. `runners`: how many are kept beside the one that runs.
enum ed_status ed_store_room_load(struct ed_store_room *room, const struct ed_store *store, bool wanted,
                                  size_t runners, struct ed_error *err);
void ed_store_room_release(struct ed_store_room *room);
// Counts the set out, and in again; the bytes that nothing else needs are returned.
int64_t ed_store_room_drop(struct ed_store_room *room, size_t index);
int64_t ed_store_room_undrop(struct ed_store_room *room, size_t index);
int64_t ed_store_room_bytes(const struct ed_store_room *room); // of all objects that would stay
// Removes the sets that were dropped, damaged sets, temporary files, and objects that nothing needs.
enum ed_status ed_store_room_apply(struct ed_store_room *room, const struct ed_store *store,
                                   int64_t *freed_bytes, struct ed_error *err);
// Removes directories of other tokens, with `all` of this one too, and whatever else is older than an hour.
enum ed_status ed_store_staging_sweep(const struct ed_store *store, const char *token, bool all,
                                      struct ed_error *err);

#endif
