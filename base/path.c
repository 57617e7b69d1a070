// SPDX-License-Identifier: Apache-2.0
// Names of files and directories: joining, splitting, resolving, the places of XDG. What changes files is in
// base/files.c.
#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum ed_status ed_path_join(char out[ED_PATH_BYTES], const char *directory, const char *name,
                            struct ed_error *err) {
    size_t n = strlen(directory);
    const char *separator = n == 0 || name[0] == '\0' || directory[n - 1] == '/' ? "" : "/";
    if (name[0] == '/' || n == 0) {
        directory = "";
        separator = "";
    }
    if (snprintf(out, ED_PATH_BYTES, "%s%s%s", directory, separator, name) >= ED_PATH_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, name,
                       "the path would be longer than %d bytes; use a shorter directory", ED_PATH_BYTES - 1);
    return ED_OK;
}

// Bytes of `path` before its last component, and before the slashes in front of that.
static size_t directory_bytes(const char *path) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

void ed_path_directory(char out[ED_PATH_BYTES], const char *path) {
    size_t n = directory_bytes(path);
    if (n >= ED_PATH_BYTES) {
        // Half a path could name something else; an empty one is refused by every system call.
        out[0] = '\0';
    } else if (n == 0) {
        memcpy(out, ".", 2);
    } else {
        memcpy(out, path, n);
        out[n] = '\0';
    }
}

const char *ed_path_base(const char *path) {
    const char *base = path + directory_bytes(path);
    while (base[0] == '/' && base[1] != '\0')
        base++;
    // A path of nothing but slashes has no component; its last slash stands for the root.
    return base[0] == '\0' && base > path ? base - 1 : base;
}

enum ed_status ed_path_real(char out[ED_PATH_BYTES], const char *path, struct ed_error *err) {
    char *found = realpath(path, NULL);
    enum ed_status status = ED_OK;
    if (!found)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be found: %m");
    if (snprintf(out, ED_PATH_BYTES, "%s", found) >= ED_PATH_BYTES)
        status =
            ed_fail(err, ED_ERR_LIMIT, path, "its absolute path is longer than %d bytes", ED_PATH_BYTES - 1);
    free(found);
    return status;
}

bool ed_path_name_ok(const char *name) {
    size_t n = strnlen(name, 65);
    if (n == 0 || n > 64 || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter_or_digit && c != '.' && c != '_' && c != '@' && c != '+' && c != '-')
            return false;
    }
    return true;
}

bool ed_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool ed_path_is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum ed_status ed_path_xdg(char out[ED_PATH_BYTES], enum ed_xdg kind, struct ed_error *err) {
    static const struct {
        const char *variable, *below_home;
    } places[] = {
        [ED_XDG_STATE] = {"XDG_STATE_HOME", ".local/state"},
        [ED_XDG_DATA] = {"XDG_DATA_HOME", ".local/share"},
        [ED_XDG_CACHE] = {"XDG_CACHE_HOME", ".cache"},
        [ED_XDG_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
    };
    const char *variable = places[kind].variable, *base = getenv(variable);
    char folder[ED_PATH_BYTES];
    enum ed_status status;
    // The XDG Base Directory Specification: a relative path is to be ignored.
    if (base && base[0] == '/')
        return ed_path_join(out, base, "edgedyno", err);
    base = getenv("HOME");
    if (!base || base[0] != '/')
        return ed_fail(err, ED_ERR_NOT_FOUND, variable,
                       "neither %s nor HOME is set to an absolute path; set one of them", variable);
    status = ed_path_join(folder, base, places[kind].below_home, err);
    return status ? status : ed_path_join(out, folder, "edgedyno", err);
}

enum ed_status ed_path_self(char out[ED_PATH_BYTES], struct ed_error *err) {
    static const char link[] = "/proc/self/exe";
    ssize_t n = readlink(link, out, ED_PATH_BYTES);
    if (n < 0)
        return ed_fail_errno(err, ED_ERR_IO, link, "cannot be read: %m; is /proc mounted?");
    if (n >= ED_PATH_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, link, "the program's path is longer than %d bytes",
                       ED_PATH_BYTES - 1);
    out[n] = '\0';
    // The kernel appends " (deleted)" when the file was removed or replaced.
    if (!ed_path_exists(out))
        return ed_fail(err, ED_ERR_NOT_FOUND, out,
                       "the running program was removed or replaced; start it again");
    return ED_OK;
}
