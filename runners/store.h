// SPDX-License-Identifier: Apache-2.0
// What lies on a device between campaigns. WORK/objects/SHA256 are files, named by their digest and mode 0400
// (0500 where executable); WORK/sets/ID/ are directories of relative symbolic links NAME ->
// ../../objects/SHA256, with set.json (the SET of wire.h and "made_us", "used_us"). An object that no set
// names is removed with the next clean or stage, but for runners: an object that is executable and in no set
// is one (kept: the one that runs and the newest two).
//
// A digest is trusted while size, mtime, ctime and inode are those of when it was taken (base/digest.h's
// cache in WORK/digests.jsonl); `verify` takes them all anew. An object that is not what its name says is
// removed and missing.
#ifndef EDGEDYNO_RUNNERS_STORE_H
#define EDGEDYNO_RUNNERS_STORE_H

#include "base/digest.h"
#include "base/json_read.h"
#include "base/path.h"
#include "edgedyno/wire.h"

struct ed_store_file {
    char name[ED_WIRE_ID_MAX_BYTES + 1]; // one component: ed_path_name_ok, so no path leads out
    char sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes;
    bool executable;
};

struct ed_store_set {
    char id[ED_DIGEST_HEX_BYTES]; // digest over kind, name, version and files (devices/sets.h makes it; here
                                  // it is a name)
    char kind[16], name[128], variant[128], version[64];
    struct ed_store_file *files;
    size_t n_files;
    int64_t bytes, made_us, used_us; // of those that are here
};

struct ed_store_sets {
    struct ed_store_set *items;
    size_t n;
};

// From {"sets":[...]} of a message; hostile until checked.
enum ed_status ed_store_sets_parse(struct ed_store_sets *sets, const struct ed_json_at *message,
                                   struct ed_error *err);
void ed_store_sets_release(struct ed_store_sets *sets);

// What is missing for `sets`, each object once; `staged_bytes` are those of WORK/staging/*/SHA256 of any
// token that still holds the lease. A set whose objects are all here but which is not made yet is made. Sets
// that are whole are marked as used now. Arrays have wanted->n and the number of distinct files as capacity
// at most; owned by the caller.
struct ed_store_missing {
    char sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes, staged_bytes;
};
struct ed_store_have {
    int64_t free_bytes;
    const struct ed_store_set **whole;
    size_t n_whole;
    struct ed_store_missing *missing;
    size_t n_missing;
};
enum ed_status ed_store_have(const char *work, const struct ed_store_sets *wanted, bool verify,
                             struct ed_store_have *out, struct ed_error *err);
void ed_store_have_release(struct ed_store_have *have);

// Makes WORK/staging/TOKEN for the lease's holder, removes other tokens' leftovers, and makes room for
// `bytes`: sets are evicted by the time of their last use, oldest first, until cache_max (0: no limit) and
// free_min hold; sets of a running job and of `keep` are never. ED_ERR_NO_SPACE says how much is missing and
// what to do.
struct ed_store_stage_args {
    const char *token;
    int64_t bytes, cache_max_bytes, free_min_bytes;
};
enum ed_status ed_store_stage(const char *work, const struct ed_store_stage_args *args,
                              char directory[ED_PATH_BYTES], int64_t *evicted_bytes, struct ed_error *err);
// A job starts: its files are adopted, so what is still staged is of controllers that came to no end. A
// runner that is being pushed without a lease stays.
enum ed_status ed_store_unstage(const char *work, struct ed_error *err);
// Checks size and digest of every staged object that a set needs, makes it an object (rename), makes the
// sets. Under the lease's lock, with the token checked. ED_ERR_VERSION for a digest that differs (the staged
// file is removed), ED_ERR_NOT_FOUND for one that is missing.
enum ed_status ed_store_adopt(const char *work, const char *token, const struct ed_store_sets *sets,
                              struct ed_error *err);
// All sets, the last used first.
enum ed_status ed_store_list(const char *work, struct ed_store_sets *sets, struct ed_error *err);
// Removes the sets named by `ids`; with keep >= 0 all but the newest `keep` versions (by made_us) of each
// kind and name+variant; with `all` everything, runners but the running one too. Then objects that nothing
// names.
struct ed_store_clean_args {
    const char *token;
    char (*ids)[ED_DIGEST_HEX_BYTES];
    size_t n_ids;
    int keep; // -1: not by versions
    bool all;
};
enum ed_status ed_store_clean(const char *work, const struct ed_store_clean_args *args,
                              struct ed_store_sets *removed, int64_t *freed_bytes, struct ed_error *err);
// The program `self` (absolute) becomes an object; see adopt-self in wire.h.
enum ed_status ed_store_adopt_self(const char *work, const char *self, const char *sha256,
                                   char path[ED_PATH_BYTES], struct ed_error *err);

#endif
