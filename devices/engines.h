// SPDX-License-Identifier: Apache-2.0
// Engine supply: engines.json names every engine build with its package, target, files, digests and licence;
// a store directory
// ($XDG_DATA_HOME/edgedyno/engines, or EDGEDYNO_ENGINE_STORE) holds those that are present as
// STORE/NAME@VERSION/TARGET/FILE. An engine that needs no library of its own (null, scripted) is always
// present.
#ifndef EDGEDYNO_DEVICES_ENGINES_H
#define EDGEDYNO_DEVICES_ENGINES_H

#include "base/digest.h"
#include "base/log.h"
#include "base/path.h"
#include "devices/catalogue.h"

struct ed_engine_file {
    char member[256]; // path inside the package
    char name[128];   // file name in the store
    char sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes;
    bool library; // the one that the adapter opens
};

// One package of a build: an archive that a package client brings, and a run of the build's files that come
// out of it.
struct ed_engine_package {
    char client[16];  // pip, npm, maven, apt, dir, source
    char name[256];   // as the client knows it, with its version; dir: an absolute path; source: a script of
                      // edgedyno's sources
    char python[16];  // pip's --python-version; "" for another client
    char **platforms; // pip's --platform words; NULL-terminated; empty for another client
    char archive_sha256[ED_DIGEST_HEX_BYTES]; // dir, source: ""
    int64_t archive_bytes;                    // 0: not stated
    size_t first, n_files;                    // of the build's files
};

// Who wants to know how far a fetch is. Called from the fetching thread, at most about five times a second
// while a client runs, and between the steps.
struct ed_engine_watch {
    // `bytes` of the build's archives are here, of `total`; both 0 where engines.json does not state the
    // sizes. `doing` is what happens now, in words. False ends the fetch with ED_ERR_CANCELLED.
    bool (*progress)(void *context, const char *doing, int64_t bytes, int64_t total);
    void *context;
};

enum ed_engine_state { ED_ENGINE_PRESENT, ED_ENGINE_FETCHABLE, ED_ENGINE_UNAVAILABLE };

struct ed_engine_build {
    char name[64], version[64], target[32];
    char id[130];                   // NAME@VERSION
    char package[256], licence[64]; // package: the names of its packages with " + " between them; "" for a
                                    // built-in one
    char libc[64];   // the GNU C library that its files need at least, such as "2.27"; "" not known
    char **backends; // which of its adapter's it has, by engines.json; NULL-terminated; NULL or empty: not
                     // known
    char note[128];  // what one has to know of it, such as "needs hardware"; ""
    struct ed_engine_package *packages; // none for a built-in one
    size_t n_packages;
    struct ed_engine_file *files; // of all packages, each with a name of its own
    size_t n_files;
    bool source; // no package has it: its package is a script that makes it, and it has no files. What was
                 // added under its name takes its place
    // Found by ed_engines_load:
    bool added; // by `engines add`: described in the store, not in engines.json
    enum ed_engine_state state;
    char reason[256];              // why not present
    char directory[ED_PATH_BYTES]; // absolute; "" for a built-in one
    char library[ED_PATH_BYTES];   // absolute; ""
    char adapter[ED_PATH_BYTES];   // the adapter's shared object for this target; "" where it is not built
    bool adapter_given;            // it came from outside (ed_engines_places.adapter)
    char address[ED_PATH_BYTES];   // of an engine that is named with one (NAME:ADDRESS); ""
    bool network;                  // it needs one, whatever its manifest says
    const struct ed_manifest *manifest;
};

struct ed_engines {
    struct ed_engine_build *builds; // in the order of engines.json, then those that were added, built-in ones
                                    // last
    size_t n;
    char store[ED_PATH_BYTES];
};

struct ed_engines_places {
    const char *engines_file; // NULL: $XDG_CONFIG_HOME/edgedyno/engines.json if it exists, else the list
                              // built into the program
    const char *store;        // NULL: as above
    const char *library_dir;  // PREFIX/lib/edgedyno: adapters lie below it, this machine's in
                              // TARGET/adapters/NAME.so, another target's in packs/TARGET/adapters/NAME.so
    const char *adapter_of, *adapter; // an adapter from outside for this machine's builds of an engine; NULL
                                      // none
};

enum ed_status ed_engines_load(struct ed_engines *engines, const struct ed_catalogue *catalogue,
                               const struct ed_engines_places *places, struct ed_error *err);
void ed_engines_release(struct ed_engines *engines);
// A build for every target that has the adapter, named by the file (absolute) or the URL that it is; nothing
// where it is there already. Pointers into `engines` are void then. What is wrong is ED_ERR_USAGE.
enum ed_status ed_engines_add_address(struct ed_engines *engines, const char *name, const char *address,
                                      struct ed_error *err);
// NULL: there is none.
const struct ed_engine_build *ed_engines_find_address(const struct ed_engines *engines, const char *name,
                                                      const char *address, const char *target);
// Whether the build may have the backend, by engines.json.
bool ed_engine_may_have(const struct ed_engine_build *build, const char *backend);
// Bytes of its files, by engines.json.
int64_t ed_engine_bytes(const struct ed_engine_build *build);
// Bytes of its archives, by engines.json; 0 where the size of one is not stated, or there are none.
int64_t ed_engine_archive_bytes(const struct ed_engine_build *build);
// The build for `target`; `version` NULL or "": the first of engines.json. ED_ERR_NOT_FOUND names the nearest
// engine or the versions there are.
enum ed_status ed_engines_find(const struct ed_engines *engines, const char *name, const char *version,
                               const char *target, const struct ed_engine_build **build,
                               struct ed_error *err);
// Brings a build into the store through its package client, offline when it is there already: download into a
// private directory, size and digest of the archive, members extracted, digest of each file, then one rename.
// A size or digest that differs is ED_ERR_VERSION with both.
// `watch` (may be NULL) hears how far it is. `brought` (may be NULL): false where it was whole already.
enum ed_status ed_engines_fetch(const struct ed_engines *engines, struct ed_engine_build *build,
                                const struct ed_log *log, const struct ed_engine_watch *watch, bool *brought,
                                struct ed_error *err);

#endif
