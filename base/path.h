// SPDX-License-Identifier: Apache-2.0
// Files and directories: joining, creating, reading with a limit, replacing atomically, syncing. Paths are at
// most ED_PATH_BYTES.
#ifndef EDGEDYNO_BASE_PATH_H
#define EDGEDYNO_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "edgedyno/error.h"

#define ED_PATH_BYTES 4096

// "a" + "b/c" -> "a/b/c"; an absolute `name` replaces `directory`; "" as directory gives `name`. ED_ERR_LIMIT
// when too long.
enum ed_status ed_path_join(char out[ED_PATH_BYTES], const char *directory, const char *name,
                            struct ed_error *err);
// Directory part ("." where there is none) and last component.
void ed_path_directory(char out[ED_PATH_BYTES], const char *path);
const char *ed_path_base(const char *path);
// Absolute and without . and .., the file must exist.
enum ed_status ed_path_real(char out[ED_PATH_BYTES], const char *path, struct ed_error *err);
// A name that came from outside and is to be one component: [A-Za-z0-9._@+-], 1..64 bytes, not starting with
// '.' or '-'.
bool ed_path_name_ok(const char *name);
bool ed_path_exists(const char *path);
bool ed_path_is_directory(const char *path);
// Makes the directory and its missing parents with `mode`; an existing directory is fine.
enum ed_status ed_path_make(const char *path, mode_t mode, struct ed_error *err);
// Removes a file or a whole tree, never following a symbolic link; a missing one is fine.
enum ed_status ed_path_remove(const char *path, struct ed_error *err);
// Reads a regular file of at most max_bytes into `out` (cleared first).
enum ed_status ed_path_read(const char *path, size_t max_bytes, struct ed_buffer *out, struct ed_error *err);
// Writes to a temporary name beside it, syncs it, renames it over `path`, syncs the directory. Half a file is
// never seen.
enum ed_status ed_path_write_atomic(const char *path, const void *bytes, size_t n, mode_t mode,
                                    struct ed_error *err);
// The same without syncing, for one of many files: whoever calls syncs them, and the directory, together.
enum ed_status ed_path_write_unsynced(const char *path, const void *bytes, size_t n, mode_t mode,
                                      struct ed_error *err);
// write() until done; `where` names the file in the message.
enum ed_status ed_path_write_all(int fd, const void *bytes, size_t n, const char *where,
                                 struct ed_error *err);
enum ed_status ed_path_sync_directory(const char *path, struct ed_error *err);
// XDG folders with "edgedyno" behind: state ($XDG_STATE_HOME or ~/.local/state), data (~/.local/share), cache
// (~/.cache), config (~/.config). Not created. ED_ERR_NOT_FOUND without HOME and the variable.
enum ed_xdg { ED_XDG_STATE, ED_XDG_DATA, ED_XDG_CACHE, ED_XDG_CONFIG };
enum ed_status ed_path_xdg(char out[ED_PATH_BYTES], enum ed_xdg kind, struct ed_error *err);
// The running program's own file.
enum ed_status ed_path_self(char out[ED_PATH_BYTES], struct ed_error *err);

#endif
