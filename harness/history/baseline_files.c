// SPDX-License-Identifier: Apache-2.0
// Places, lock and copies.
#include "harness/history/baseline_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)1 << 30)
#define BUFFER_BYTES 65536

enum ed_status ed_baseline_place(char out[ED_PATH_BYTES], const char *part, struct ed_error *err) {
    char data[ED_PATH_BYTES], name[512];
    enum ed_status status = ed_path_xdg(data, ED_XDG_DATA, err);
    snprintf(name, sizeof name, "baselines%s%s", part[0] ? "/" : "", part);
    return status == ED_OK ? ed_path_join(out, data, name, err) : status;
}

enum ed_status ed_baseline_name_place(char out[ED_PATH_BYTES], const char *name, struct ed_error *err) {
    char part[128];
    if (!ed_path_name_ok(name))
        return ed_fail(
            err, ED_ERR_USAGE, "baseline",
            "\"%.80s\" is no name: letters, digits and . _ @ + -, at most 64, not starting with . or -",
            name);
    snprintf(part, sizeof part, "names/%s.json", name);
    return ed_baseline_place(out, part, err);
}

enum ed_status ed_baseline_set_place(char out[ED_PATH_BYTES], const char *set, struct ed_error *err) {
    char part[128];
    if (!ed_digest_ok(set))
        return ed_fail(err, ED_ERR_PARSE, "baseline", "names no set of files by its digest");
    snprintf(part, sizeof part, "sets/%s", set);
    return ed_baseline_place(out, part, err);
}

static bool component_ok(const char *name, size_t n) {
    if (n == 0 || n > 255 || (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.'))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 32 || name[i] == 127)
            return false;
    return true;
}

bool ed_baseline_file_name_ok(const char *name) {
    const char *slash = strchr(name, '/');
    if (!slash)
        return component_ok(name, strlen(name));
    return component_ok(name, (size_t)(slash - name)) && !strchr(slash + 1, '/') &&
           component_ok(slash + 1, strlen(slash + 1));
}

enum ed_status ed_baseline_lock(int *fd, struct ed_error *err) {
    static const char *const folders[] = {"names", "sets"};
    char path[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    *fd = -1;
    for (size_t i = 0; status == ED_OK && i < 2; i++) {
        status = ed_baseline_place(path, folders[i], err);
        if (status == ED_OK)
            status = ed_path_make(path, 0700, err);
    }
    if (status == ED_OK)
        status = ed_baseline_place(path, ".lock", err);
    if (status != ED_OK)
        return status;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0 || flock(*fd, LOCK_EX) != 0) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be locked: %m");
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
    return status;
}

// By the system where it can, which shares the blocks on file systems that do.
static enum ed_status copy_bytes(int from, int to, const char *path, struct ed_error *err) {
    static const size_t piece = PIECE_BYTES;
    char buffer[BUFFER_BYTES];
    ssize_t n;
    while ((n = copy_file_range(from, NULL, to, NULL, piece, 0)) > 0)
        ;
    if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP &&
        errno != EPERM)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be copied: %m");
    while ((n = read(from, buffer, sizeof buffer)) > 0) {
        enum ed_status status = ed_path_write_all(to, buffer, (size_t)n, path, err);
        if (status != ED_OK)
            return status;
    }
    return n < 0 ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m") : ED_OK;
}

enum ed_status ed_baseline_copy(const char *from, const char *to, const char *sha256, struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    enum ed_status status = ED_OK;
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    const int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (in < 0)
        status = ed_fail_errno(err, ED_ERR_IO, from, "cannot be read: %m");
    else if (out < 0)
        status = ed_fail_errno(err, ED_ERR_IO, to, "cannot be made: %m");
    if (status == ED_OK)
        status = copy_bytes(in, out, from, err);
    if (status == ED_OK && fsync(out) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, to, "cannot be synced: %m");
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    if (status == ED_OK)
        status = ed_digest_file(hex, NULL, to, err);
    if (status == ED_OK && strcmp(hex, sha256) != 0)
        status = ed_fail(err, ED_ERR_IO, from, "changed while it was copied; try again");
    return status;
}

enum ed_status ed_baseline_engines_load(struct ed_baseline_engines *engines, struct ed_error *err) {
    char self[ED_PATH_BYTES], bin[ED_PATH_BYTES], prefix[ED_PATH_BYTES], library[ED_PATH_BYTES];
    memset(engines, 0, sizeof *engines);
    enum ed_status status = ed_path_self(self, err);
    if (status != ED_OK)
        return status;
    ed_path_directory(bin, self);
    ed_path_directory(prefix, bin);
    const struct ed_engines_places places = {.library_dir = library};
    status = ed_path_join(library, prefix, "lib/edgedyno", err);
    if (status == ED_OK)
        status = ed_catalogue_load(&engines->catalogue, err);
    if (status == ED_OK)
        status = ed_engines_load(&engines->engines, &engines->catalogue, &places, err);
    if (status != ED_OK)
        ed_baseline_engines_release(engines);
    return status;
}

void ed_baseline_engines_release(struct ed_baseline_engines *engines) {
    ed_engines_release(&engines->engines);
    ed_catalogue_release(&engines->catalogue);
    memset(engines, 0, sizeof *engines);
}

enum ed_status ed_baseline_on_split(const char *on, char engine[64], char version[64], char backend[64],
                                    struct ed_error *err) {
    const size_t whole = strcspn(on, "/"), name = strcspn(on, "@/");
    const size_t version_bytes = name < whole ? whole - name - 1 : 0;
    const char *back = on[whole] == '/' ? on + whole + 1 : "";
    if (name == 0 || name > 63 || version_bytes > 63 || strlen(back) > 63 || strpbrk(on, ",* \t\n") ||
        (name < whole && version_bytes == 0) || (on[whole] == '/' && !back[0]))
        return ed_fail(err, ED_ERR_USAGE, "baseline",
                       "\"on=%.100s\" is no engine; write on=ENGINE@VERSION or on=ENGINE@VERSION/BACKEND",
                       on);
    snprintf(engine, 64, "%.*s", (int)name, on);
    snprintf(version, 64, "%.*s", (int)version_bytes, version_bytes ? on + name + 1 : "");
    snprintf(backend, 64, "%s", back);
    return ED_OK;
}
