// SPDX-License-Identifier: Apache-2.0
// Engines that are named with what they are: `command:FILE` and `openai:URL`. Each makes a build of its own,
// so that two of them are as apart as two builds of a library.
#include <stdlib.h>

#include "base/command_file.h"
#include "devices/engines.h"
#include "devices/text_list.h"

#define URL_MAX_BYTES 160
#define VERSION_BYTES 40 // NAME@VERSION has 64 bytes on the wire

static enum ed_status check_url(const char *url, struct ed_error *err) {
    const size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    const char *host = url + scheme;
    const size_t n = strcspn(host, "/");
    if (!scheme || n == 0 || host[0] == ':')
        return ed_fail(err, ED_ERR_USAGE, "--on",
                       "\"%.160s\" is no address of a server; write http://HOST:PORT/v1 or https://...", url);
    if (memchr(host, '@', n))
        return ed_fail(
            err, ED_ERR_USAGE, "--on",
            "an address with a user or a key in it would be kept with the results; the key of a server "
            "comes from the environment variable EDGEDYNO_API_KEY alone");
    if (strpbrk(host, "?# \\\"'<>"))
        return ed_fail(err, ED_ERR_USAGE, "--on",
                       "the address of a server ends with its path; leave out what "
                       "begins with ? or #, spaces and quotes");
    if (strlen(url) > URL_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, "--on", "an address of a server has at most %d bytes",
                       URL_MAX_BYTES);
    return ED_OK;
}

// A name for the build that says which it is; made different from all others.
static void choose_version(const struct ed_engines *engines, size_t n, const char *name, const char *words,
                           char version[64]) {
    char stem[VERSION_BYTES + 1];
    size_t used = 0;
    for (; *words && used < VERSION_BYTES; words++) {
        const char one[] = {*words, 0};
        const bool fits = strpbrk(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+");
        if (fits || (used && stem[used - 1] != '_'))
            stem[used++] = fits ? *words : '_';
    }
    while (used && stem[used - 1] == '_')
        used--;
    stem[used] = 0;
    snprintf(version, 64, "%s", used ? stem : "1");
    for (unsigned number = 2, taken = 1; taken; number++) {
        taken = 0;
        for (size_t i = 0; i < n; i++)
            taken |= !strcmp(engines->builds[i].name, name) && !strcmp(engines->builds[i].version, version);
        if (taken)
            snprintf(version, 64, "%s+%u", used ? stem : "1", number);
    }
}

static enum ed_status add_file(struct ed_engine_build *build, const char *name, bool library,
                               struct ed_error *err) {
    struct ed_engine_file *file = &build->files[build->n_files];
    char path[ED_PATH_BYTES];
    memset(file, 0, sizeof *file);
    if ((size_t)snprintf(file->name, sizeof file->name, "%s", name) >= sizeof file->name)
        return ed_fail(err, ED_ERR_LIMIT, name, "a name of more than %zu bytes", sizeof file->name - 1);
    file->library = library;
    enum ed_status status = ed_path_join(path, build->directory, name, err);
    if (status == ED_OK)
        status = ed_digest_file(file->sha256, &file->bytes, path, err);
    build->n_files += status == ED_OK;
    return status;
}

// The files of a program: the one that was named, and those that it names.
static enum ed_status take_program(struct ed_engine_build *build, const char *path, struct ed_error *err) {
    struct ed_command_file file;
    enum ed_status status = ed_command_file_read(&file, path, err);
    ed_path_directory(build->directory, path);
    if (status == ED_OK)
        status = ed_path_join(build->library, "", path, err);
    build->files = calloc(file.n_files + 1, sizeof *build->files);
    build->backends = calloc(2, sizeof *build->backends);
    if (status == ED_OK &&
        (!build->files || !build->backends || !(build->backends[0] = strdup(file.processor))))
        status = ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory for what a program is");
    if (status == ED_OK)
        status = add_file(build, ed_path_base(path), true, err);
    for (size_t i = 0; status == ED_OK && i < file.n_files; i++)
        status = add_file(build, file.files[i], false, err);
    build->network = file.network;
    ed_command_file_release(&file);
    return status;
}

static enum ed_status take_address(struct ed_engine_build *build, const char *address, const char *version,
                                   struct ed_error *err) {
    const bool is_file = !strcmp(build->manifest->address, "file");
    build->files = NULL, build->n_files = 0;
    build->backends = NULL;
    build->packages = NULL, build->n_packages = 0;
    build->library[0] = 0;
    if ((size_t)snprintf(build->address, sizeof build->address, "%s", address) >= sizeof build->address)
        return ed_fail(err, ED_ERR_LIMIT, "--on", "an address of more than %zu bytes",
                       sizeof build->address - 1);
    snprintf(build->version, sizeof build->version, "%s", version);
    snprintf(build->id, sizeof build->id, "%s@%s", build->name, build->version);
    if (is_file)
        return take_program(build, address, err);
    // "http://host/v1/" and "http://host/v1" are one server.
    for (size_t n = strlen(build->address); n && build->address[n - 1] == '/'; n--)
        build->address[n - 1] = 0;
    return ED_OK;
}

enum ed_status ed_engines_add_address(struct ed_engines *engines, const char *name, const char *address,
                                      struct ed_error *err) {
    const size_t n = engines->n;
    const struct ed_engine_build *first = NULL;
    char version[64];
    size_t copies = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ed_engine_build *build = &engines->builds[i];
        if (strcmp(build->name, name))
            continue;
        first = first ? first : build;
        copies += build->manifest && build->manifest->address[0] && !build->address[0];
        if (!strcmp(build->address, address))
            return ED_OK;
    }
    if (!first)
        return ed_engines_find(engines, name, NULL, ED_TARGET, &first, err);
    if (!copies)
        return ed_fail(err, ED_ERR_USAGE, "--on",
                       "%s is not named with a file or an address; write %s@VERSION/BACKEND", name, name);
    const bool is_file = !strcmp(first->manifest->address, "file");
    enum ed_status status = is_file ? ED_OK : check_url(address, err);
    struct ed_engine_build *builds =
        status == ED_OK ? realloc(engines->builds, (n + copies) * sizeof *builds) : NULL;
    if (!builds)
        return status ? status : ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for one more engine");
    engines->builds = builds;
    choose_version(engines, n, name, is_file ? ed_path_base(address) : strstr(address, "://") + 3, version);
    for (size_t i = 0; i < n && status == ED_OK; i++) {
        if (strcmp(builds[i].name, name) || !builds[i].manifest || builds[i].address[0])
            continue;
        builds[engines->n] = builds[i];
        status = take_address(&builds[engines->n++], address, version, err);
    }
    return status;
}

const struct ed_engine_build *ed_engines_find_address(const struct ed_engines *engines, const char *name,
                                                      const char *address, const char *target) {
    size_t n = strlen(address);
    while (n && address[n - 1] == '/' && strstr(address, "://"))
        n--;
    for (size_t i = 0; i < engines->n; i++) {
        const struct ed_engine_build *build = &engines->builds[i];
        if (!strcmp(build->name, name) && !strncmp(build->address, address, n) && !build->address[n] && n &&
            !strcmp(build->target, target))
            return build;
    }
    return NULL;
}
