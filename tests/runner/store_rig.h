// SPDX-License-Identifier: Apache-2.0
// Sets of made-up files on a device, through the real runner's commands. Everything fails the test by itself.
#ifndef EDGEDYNO_TESTS_RUNNER_STORE_RIG_H
#define EDGEDYNO_TESTS_RUNNER_STORE_RIG_H

#include "base/digest.h"
#include "edgedyno/wire.h"
#include "tests/runner/rig.h"

// A file whose content is made of its seed.
struct thing_file {
    const char *name;
    unsigned seed;
    size_t bytes;
    bool executable;
};

#define THING_FILES 4

struct thing {
    const char *kind, *name, *variant, *version;
    struct thing_file files[THING_FILES]; // until a name is NULL
};

const char *thing_id(const struct thing *thing); // in a static buffer of the caller's turn (8 of them)
const char *thing_sha256(const struct thing_file *file);                            // likewise
void thing_put(const char *directory, const struct thing_file *file, size_t bytes); // its first bytes, by its
                                                                                    // digest
// WORK/objects/SHA256, WORK/sets/ID, WORK/sets/ID/NAME, by rig_path's turn.
const char *thing_object(const struct thing_file *file);
const char *thing_set(const struct thing *thing);
const char *thing_path(const struct thing *thing, const char *name);
// Its content on the device is what it must be.
bool thing_is_right(const char *path, const struct thing_file *file);

// A lease of this holder; the token in `token`.
void store_lease(const char *holder, char token[ED_WIRE_TOKEN_MAX_BYTES + 1]);
void store_release(const char *token);

// {"type":TYPE,"verify":B,"sets":[...]}
void store_message(struct ed_buffer *text, const char *type, bool verify, const struct thing *things,
                   size_t n);
struct rig_reply store_have(const struct thing *things, size_t n, bool verify);
struct rig_reply store_stage(const char *token, int64_t bytes, int64_t cache_max, int64_t free_min);
struct rig_reply store_adopt(const char *token, const struct thing *things, size_t n);
struct rig_reply store_clean(const char *token, const char *message); // the members behind "type"
// The directory of a stage that must succeed.
void store_staged(const char *token, int64_t bytes, char directory[ED_PATH_BYTES]);
// The whole way, which must succeed.
void store_push(const char *token, const struct thing *things, size_t n);
size_t store_count(const struct rig_reply *reply, const char *key); // elements of an array
int64_t store_number(const struct rig_reply *reply, const char *key);
bool store_is_whole(const struct thing *thing); // asks `have` for it alone
size_t store_entries(const char *part);         // of WORK/PART
void store_reset(void);                         // removes what the work directory has

#endif
