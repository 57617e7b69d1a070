// SPDX-License-Identifier: Apache-2.0
// Package clients: the ordinary programs that bring an archive from where a package is published. Each is run
// with a list of arguments, never through a shell, in private directories; nothing of a package is executed.
#ifndef EDGEDYNO_DEVICES_CLIENT_H
#define EDGEDYNO_DEVICES_CLIENT_H

#include "devices/engines.h"

struct ed_client_job {
    const struct ed_engine_build *build; // for messages
    const struct ed_engine_package *package;
    const char *room;                    // private and empty; the client's directories are made in it
    const struct ed_log *log;            // may be NULL
    const struct ed_engine_watch *watch; // may be NULL
    int64_t before_bytes;                // of the build's packages that are here already
};

struct ed_client {
    const char *name;     // "pip"
    const char *source;   // "PyPI", for messages
    const char *expected; // what a package's name is, for messages
    bool (*package_ok)(const char *package);
    bool archive; // it brings an archive, whose digest is known
    // Brings the package, without what it depends on; `archive` is the one file that came. ED_ERR_NO_PROGRAM
    // where the client is missing, with what to install; ED_ERR_NO_SPACE for a full disk; ED_ERR_REFUSED
    // where the client itself failed, with its words.
    enum ed_status (*download)(const struct ed_client_job *job, char archive[ED_PATH_BYTES],
                               struct ed_error *err);
};

const struct ed_client *ed_client_find(const char *name); // NULL: none
extern const struct ed_client ed_client_pip, ed_client_npm, ed_client_maven, ed_client_apt, ed_client_dir,
    ed_client_source;

// How a build that no package has is come by, in words (ed_engine_build.source).
void ed_client_source_advice(char *text, size_t bytes, const struct ed_engine_build *build);

// What the clients share.
// A directory of the room; it is made.
enum ed_status ed_client_directory(char path[ED_PATH_BYTES], const struct ed_client_job *job,
                                   const char *name, struct ed_error *err);
// A client's run. All is borrowed.
struct ed_client_command {
    const char *const *argv;
    const char *program, *advice; // its name, and what to install where it does not exist
    const char *growing;          // the largest file in this directory is the archive, as far as it is here
};
// Runs it with a limit of an hour. ED_OK where it ended with 0; else as ed_client.download, told apart by
// what it said.
enum ed_status ed_client_run(const struct ed_client_job *job, const struct ed_client_command *command,
                             struct ed_error *err);
// Tells the job's watch, if there is one; `bytes` of this package's archive are here. False: it wants no
// more.
bool ed_client_tell(const struct ed_client_job *job, const char *doing, int64_t bytes);
// The one file of `directory` whose name ends so ("" any).
enum ed_status ed_client_archive(const struct ed_client_job *job, const char *directory, const char *ending,
                                 char archive[ED_PATH_BYTES], struct ed_error *err);

// Where Python is looked for: /usr/bin/python3, then python3 of PATH. NULL-terminated.
const char *const *ed_python_candidates(void);
// Moves *candidates (NULL-terminated, programs) on to the first that works and has `module`.
// ED_ERR_NO_PROGRAM says what is missing and which packages bring it.
enum ed_status ed_python_find(const char *const **candidates, const char *module, struct ed_error *err);

// Writes the package's files, and nothing else, from the archive (zip, tar, Debian package) to `directory`
// under their names of engines.json: regular files only, exactly as many bytes as it says, and no more read
// than an archive may sensibly unfold to.
enum ed_status ed_extract(const struct ed_client_job *job, const char *archive, const char *directory,
                          struct ed_error *err);

#endif
