// SPDX-License-Identifier: Apache-2.0
// `adopt-self`: the runner that was pushed takes its own digest and its place. It needs no lease, since
// nothing else is changed by it.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runners/lease.h"
#include "runners/store_parts.h"

#define COPY_BYTES ((size_t)1 << 20)

// Whether it lies below WORK/staging, from where it may be moved. Elsewhere it belongs to somebody and is
// copied.
static bool is_staged(const struct ed_store *store, const char *self) {
    char staging[ED_PATH_BYTES], real[ED_PATH_BYTES];
    if (ed_store_path(staging, store, ED_WORK_STAGING, "", NULL) != ED_OK ||
        ed_path_real(real, staging, NULL) != ED_OK)
        return false;
    const size_t n = strlen(real);
    return !strncmp(self, real, n) && self[n] == '/';
}

static enum ed_status copy_bytes(int from, int to, const char *self, struct ed_error *err) {
    char *chunk = malloc(COPY_BYTES);
    enum ed_status status =
        chunk ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, self, "no memory to copy the program");
    ssize_t n = 0;
    while (status == ED_OK && (n = read(from, chunk, COPY_BYTES)) > 0)
        status = ed_path_write_all(to, chunk, (size_t)n, ED_WORK_OBJECTS, err);
    if (status == ED_OK && n < 0)
        status = ed_fail_errno(err, ED_ERR_IO, self, "cannot be read: %m");
    free(chunk);
    return status;
}

// Beside the objects under a temporary name, synced, with its mode; the digest is taken again, of what was
// written.
static enum ed_status place(const struct ed_store *store, const char *self, const char *sha256,
                            const char *name, struct ed_error *err) {
    char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES] = "";
    const int from = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const int to = from < 0 ? -1
                            : openat(store->objects_fd, name,
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
    enum ed_status status =
        from < 0 ? ed_fail_errno(err, ED_ERR_IO, self, "cannot be opened: %m")
        : to < 0 ? ed_fail_errno(err, ED_ERR_IO, ED_WORK_OBJECTS, "no file can be made in it: %m")
                 : copy_bytes(from, to, self, err);
    if (status == ED_OK)
        status = ed_store_sync(to, ED_WORK_OBJECTS, err);
    if (status == ED_OK && fchmod(to, 0500) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, ED_WORK_OBJECTS, "the program's mode cannot be set: %m");
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (status == ED_OK)
        status = ed_store_path(path, store, ED_WORK_OBJECTS, name, err);
    if (status == ED_OK)
        status = ed_digest_file(hex, NULL, path, err);
    if (status == ED_OK && strcmp(hex, sha256))
        status = ed_fail(err, ED_ERR_VERSION, self, "changed while it was copied; push it again");
    return status;
}

enum ed_status ed_store_adopt_self(const char *work, const char *self, const char *sha256,
                                   char path[ED_PATH_BYTES], struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES] = "", name[64] = "", real[ED_PATH_BYTES];
    struct ed_store store;
    struct ed_store_file file = {.name = "edgedyno-runner", .executable = true};
    bool here = false;
    int lock = -1;
    if (!ed_digest_ok(sha256))
        return ed_fail(err, ED_ERR_USAGE, NULL, "--sha256 expects 64 lower-case hexadecimal digits");
    memcpy(file.sha256, sha256, sizeof file.sha256);
    enum ed_status status = ed_digest_file(hex, &file.bytes, self, err);
    if (status == ED_OK && strcmp(hex, sha256))
        return ed_fail(err, ED_ERR_VERSION, self,
                       "the program has the digest %.12s..., expected %.12s...: it was damaged on its way; "
                       "push it again",
                       hex, sha256);
    if (status == ED_OK)
        status = ed_path_real(real, self, err);
    if (status != ED_OK)
        return status;
    status = ed_store_open(&store, work, err);
    if (status != ED_OK)
        return status;
    status = ed_store_object_check(&store, &file, NULL, true, &here, err);
    if (status == ED_OK && !here) {
        // Copied also where it could be moved: whoever pushed it may still have it open for writing.
        snprintf(name, sizeof name, ".new-self-%ld", (long)getpid());
        status = ed_store_remove(&store, ED_WORK_OBJECTS, name, err);
        if (status == ED_OK)
            status = place(&store, real, sha256, name, err);
    }
    if (status == ED_OK)
        status = ed_lease_lock(work, &lock, err);
    if (status == ED_OK && !here && renameat(store.objects_fd, name, store.objects_fd, sha256) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, sha256, "the program cannot be renamed to its place: %m");
    if (status == ED_OK && !here)
        status = ed_store_sync(store.objects_fd, ED_WORK_OBJECTS, err);
    if (status == ED_OK && fchmodat(store.objects_fd, sha256, 0500, 0) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, sha256, "the program's mode cannot be set: %m");
    if (status != ED_OK && name[0])
        ed_store_remove(&store, ED_WORK_OBJECTS, name, NULL);
    if (lock >= 0)
        close(lock);
    if (status == ED_OK && is_staged(&store, real))
        unlink(real);
    if (status == ED_OK)
        status = ed_store_path(path, &store, ED_WORK_OBJECTS, sha256, err);
    ed_store_close(&store);
    return status;
}
