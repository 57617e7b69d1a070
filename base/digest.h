// SPDX-License-Identifier: Apache-2.0
// SHA-256 by libmd, of bytes, files and sets of files; and a cache of file digests that trusts one while
// size, mtime, ctime, inode and device of the file are the same.
#ifndef EDGEDYNO_BASE_DIGEST_H
#define EDGEDYNO_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

#define ED_DIGEST_HEX_BYTES 65 // 64 lower-case hex digits and the NUL

void ed_digest_bytes(char hex[ED_DIGEST_HEX_BYTES], const void *bytes, size_t n);
// Whole file; *size may be NULL. ED_ERR_IO when the file changed while it was read.
enum ed_status ed_digest_file(char hex[ED_DIGEST_HEX_BYTES], int64_t *size, const char *path,
                              struct ed_error *err);
// Digest over several files: SHA-256 of the lines "HEX  SIZE  BASENAME\n" in the given order; for one file it
// is that file's own digest, so that `sha256sum FILE` shows the same.
void ed_digest_set(char hex[ED_DIGEST_HEX_BYTES], const char *const *hexes, const int64_t *sizes,
                   const char *const *names, size_t n);
struct stat;
// The same file in the same state, as far as the file system tells.
bool ed_digest_same_state(const struct stat *a, const struct stat *b);
bool ed_digest_ok(const char *hex); // 64 lower-case hex digits

// The cache: a JSON-lines file, bounded to 10,000 newest entries, replaced atomically; a damaged one is
// treated as empty. One process may use it while another replaces it. NULL cache: always computed.
struct ed_digest_cache;
enum ed_status ed_digest_cache_new(struct ed_digest_cache **cache, const char *path, struct ed_error *err);
enum ed_status ed_digest_cache_file(struct ed_digest_cache *cache, char hex[ED_DIGEST_HEX_BYTES],
                                    int64_t *size, const char *path, bool verify, struct ed_error *err);
// The caller has just taken the file's digest and vouches that a later write would show: it had set the
// file's mtime to the past before, and it was still so afterwards. Kept whatever the clock's grain is.
void ed_digest_cache_learn(struct ed_digest_cache *cache, const char *path, const char *hex);
// Writes what is new, and frees; a failed write is not an error (the cache is only a cache). A digest of a
// file modified less than two seconds before it was hashed is not stored (a later write could keep the same
// mtime).
void ed_digest_cache_free(struct ed_digest_cache *cache);

#endif
