// SPDX-License-Identifier: Apache-2.0
// Reading engines.json. Every name in it becomes part of a path or an argument of a program, so each has a
// narrow alphabet.
#include <ctype.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "devices/client.h"
#include "devices/engines_file.h"
#include "devices/text_list.h"

#define BUILDS_MAX 2000
#define FILES_MAX 1000
#define PACKAGES_MAX 8
#define FILE_MAX_BYTES ((int64_t)1 << 40)

static bool all_of(const char *text, const char *more) {
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(more, *text))
            return false;
    return true;
}

static bool is_platform(const char *text) {
    return isalpha((unsigned char)text[0]) && all_of(text, "_.") && strlen(text) < 128;
}

static bool is_python(const char *text) {
    return isdigit((unsigned char)text[0]) && strspn(text, "0123456789.") == strlen(text);
}

// A version of the GNU C library, such as 2.27 or 2.2.5: it is compared with a device's.
static bool is_libc_version(const char *text) {
    size_t parts = 0, n;
    if (strlen(text) > 15)
        return false;
    for (; (n = strspn(text, "0123456789")) > 0; text += *text == '.') {
        text += n;
        parts++;
    }
    return (parts == 2 || parts == 3) && !*text && text[-1] != '.';
}

static bool is_member(const char *text) {
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '\\')
            return false;
    for (const char *part = text; *part; part += strcspn(part, "/"), part += *part == '/')
        if (strncmp(part, "..", 2) == 0 && (!part[2] || part[2] == '/'))
            return false;
    return text[0] != '/';
}

static bool is_printable(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static enum ed_status get_checked(const struct ed_json_at *object, const char *key, char *out, size_t bytes,
                                  bool (*ok)(const char *), const char *expected, struct ed_error *err) {
    enum ed_status status = ed_json_get_string(object, key, out, bytes, err);
    if (!status && !ok(out)) {
        struct ed_json_at at = ed_json_member(object, key);
        status = ed_json_fail(&at, err, "\"%.100s\" is not %s", out, expected);
    }
    return status;
}

static const char *const a_name =
    "a name of at most 63 letters, digits and ._@+- that begins with neither '.' nor '-'";
static const char *const a_digest = "a SHA-256 digest: 64 lower-case hexadecimal digits";

static enum ed_status read_file(const struct ed_json_at *at, struct ed_engine_file *file,
                                struct ed_error *err) {
    static const char *const known[] = {"member", "name", "sha256", "bytes", "library", NULL};
    enum ed_status status = ed_json_known_keys(at, known, err);
    if (!status)
        status = get_checked(at, "member", file->member, sizeof file->member, is_member,
                             "a path inside a package", err);
    if (!status)
        status = get_checked(at, "name", file->name, sizeof file->name, ed_path_name_ok, a_name, err);
    if (!status)
        status = get_checked(at, "sha256", file->sha256, sizeof file->sha256, ed_digest_ok, a_digest, err);
    if (!status)
        status = ed_json_get_int(at, "bytes", 1, FILE_MAX_BYTES, &file->bytes, err);
    return status ? status : ed_json_opt_bool(at, "library", &file->library, err);
}

// Adds the package's files to the build's.
static enum ed_status read_files(const struct ed_json_at *package_at, struct ed_engine_package *package,
                                 struct ed_engine_build *build, struct ed_error *err) {
    struct ed_json_at array = ed_json_member(package_at, "files");
    const size_t n = ed_json_count(&array), first = build->n_files;
    enum ed_status status = ed_json_expect_array(&array, err);
    if (!status && (n == 0 || first + n > FILES_MAX))
        status = ed_json_fail(&array, err, "has %zu files; 1 to %d are allowed in a build", n, FILES_MAX);
    if (status)
        return status;
    struct ed_engine_file *files = realloc(build->files, (first + n) * sizeof *files);
    if (!files)
        return ed_fail(err, ED_ERR_NO_MEMORY, build->id, "no memory for %zu files", n);
    memset(&files[first], 0, n * sizeof *files);
    build->files = files;
    build->n_files += n;
    package->first = first;
    package->n_files = n;
    for (size_t i = first; i < build->n_files && !status; i++) {
        struct ed_json_at at = ed_json_element(&array, i - first);
        status = read_file(&at, &files[i], err);
        for (size_t j = 0; j < i && !status; j++)
            if (strcmp(files[i].name, files[j].name) == 0)
                status = ed_json_fail(&at, err, "the file \"%s\" is there twice", files[i].name);
    }
    return status;
}

// What pip has to be told about the machine that a wheel is for.
static enum ed_status read_pip(const struct ed_json_at *at, struct ed_engine_package *package,
                               struct ed_error *err) {
    enum ed_status status = get_checked(at, "python", package->python, sizeof package->python, is_python,
                                        "a version such as \"3.11\"", err);
    if (!status && !package->platforms[0])
        status = ed_json_fail(at, err, "\"platforms\" is missing or empty; name at least one");
    return status;
}

static enum ed_status read_package(const struct ed_json_at *at, struct ed_engine_package *package,
                                   struct ed_engine_build *build, struct ed_error *err) {
    const struct ed_client *client = NULL;
    enum ed_status status = ed_json_get_string(at, "client", package->client, sizeof package->client, err);
    if (!status && !(client = ed_client_find(package->client))) {
        struct ed_json_at place = ed_json_member(at, "client");
        status = ed_json_fail(&place, err,
                              "\"%s\" is no package client; expected pip, npm, maven, apt, dir or "
                              "source",
                              package->client);
    }
    if (!status)
        status = get_checked(at, "package", package->name, sizeof package->name, client->package_ok,
                             client->expected, err);
    if (!status)
        status = ed_text_list_read(at, "platforms", is_platform,
                                   "a platform such as \"manylinux_2_28_x86_64\"", &package->platforms, err);
    if (!status && client == &ed_client_pip)
        status = read_pip(at, package, err);
    else if (!status && (package->platforms[0] || ed_json_member(at, "python").value))
        status = ed_json_fail(at, err, "\"python\" and \"platforms\" belong to the client \"pip\"");
    if (!status && client->archive)
        status = get_checked(at, "archive_sha256", package->archive_sha256, sizeof package->archive_sha256,
                             ed_digest_ok, a_digest, err);
    if (!status && client->archive)
        status = ed_json_opt_int(at, "archive_bytes", 1, FILE_MAX_BYTES, &package->archive_bytes, err);
    else if (!status && ed_json_member(at, "archive_bytes").value)
        status = ed_json_fail(
            at, err, "the client \"%s\" brings no archive that could have \"archive_bytes\"", client->name);
    build->source = build->source || client == &ed_client_source;
    if (!status && client == &ed_client_source)
        return ed_json_member(at, "files").value
                   ? ed_json_fail(at, err, "what a script makes has no \"files\" with digests")
                   : ED_OK;
    return status ? status : read_files(at, package, build, err);
}

// A build of one package may be that package itself; one of several lists them.
static enum ed_status read_packages(const struct ed_json_at *at, struct ed_engine_build *build,
                                    struct ed_error *err) {
    static const char *const of_build[] = {"target", "libc", "backends", "note", "packages", NULL};
    static const char *const of_package[] = {"client",         "package",       "python", "platforms",
                                             "archive_sha256", "archive_bytes", "files",  NULL};
    static const char *const of_both[] = {"target",         "libc",          "backends", "note",
                                          "client",         "package",       "python",   "platforms",
                                          "archive_sha256", "archive_bytes", "files",    NULL};
    const struct ed_json_at array = ed_json_member(at, "packages");
    const size_t n = array.value ? ed_json_count(&array) : 1;
    size_t libraries = 0, used = 0;
    enum ed_status status = ed_json_known_keys(at, array.value ? of_build : of_both, err);
    if (!status && array.value)
        status = ed_json_expect_array(&array, err);
    if (!status && (n == 0 || n > PACKAGES_MAX))
        status = ed_json_fail(&array, err, "has %zu packages; 1 to %d are allowed", n, PACKAGES_MAX);
    if (status)
        return status;
    build->packages = calloc(n, sizeof *build->packages);
    if (!build->packages)
        return ed_fail(err, ED_ERR_NO_MEMORY, build->id, "no memory for %zu packages", n);
    build->n_packages = n;
    for (size_t i = 0; i < n && !status; i++) {
        const struct ed_json_at package = array.value ? ed_json_element(&array, i) : *at;
        if (array.value)
            status = ed_json_known_keys(&package, of_package, err);
        if (!status)
            status = read_package(&package, &build->packages[i], build, err);
        if (used < sizeof build->package)
            used += (size_t)snprintf(build->package + used, sizeof build->package - used, "%s%s",
                                     i ? " + " : "", build->packages[i].name);
    }
    for (size_t i = 0; i < build->n_files; i++)
        libraries += build->files[i].library ? 1 : 0;
    if (!status && build->source && n > 1)
        status = ed_json_fail(at, err, "what a script makes is a build of its own, without other packages");
    else if (!status && !build->source && libraries != 1)
        status = ed_json_fail(at, err,
                              "%zu of the files have \"library\": true; exactly one is the engine's library",
                              libraries);
    return status;
}

static enum ed_status read_build(const struct ed_json_at *at, struct ed_engine_build *build,
                                 struct ed_error *err) {
    enum ed_status status =
        get_checked(at, "target", build->target, sizeof build->target, ed_path_name_ok, a_name, err);
    if (!status && ed_json_member(at, "libc").value)
        status = get_checked(at, "libc", build->libc, sizeof build->libc, is_libc_version,
                             "the version of the GNU C library that the build needs, such as \"2.27\"", err);
    if (!status && ed_json_member(at, "note").value)
        status =
            get_checked(at, "note", build->note, sizeof build->note, is_printable, "one line of text", err);
    if (!status)
        status = ed_text_list_read(at, "backends", ed_path_name_ok, "the name of a backend", &build->backends,
                                   err);
    return status ? status : read_packages(at, build, err);
}

static enum ed_status read_engine(const struct ed_json_at *at, struct ed_engines *engines,
                                  struct ed_error *err) {
    static const char *const known[] = {"name", "version", "licence", "builds", NULL};
    char name[64], version[64], licence[64];
    struct ed_json_at builds = ed_json_member(at, "builds");
    size_t n = ed_json_count(&builds);
    enum ed_status status = ed_json_known_keys(at, known, err);
    if (!status)
        status = get_checked(at, "name", name, sizeof name, ed_path_name_ok, a_name, err);
    if (!status)
        status = get_checked(at, "version", version, sizeof version, ed_path_name_ok, a_name, err);
    if (!status && (strchr(name, '@') || strchr(version, '@')))
        status = ed_json_fail(at, err, "'@' separates name and version and may be in neither");
    if (!status)
        status = get_checked(at, "licence", licence, sizeof licence, is_printable,
                             "a licence such as \"MIT\"", err);
    if (!status)
        status = ed_json_expect_array(&builds, err);
    if (!status && n == 0)
        status = ed_json_fail(&builds, err, "is empty; an engine has at least one build");
    for (size_t i = 0; i < n && !status; i++) {
        struct ed_json_at build_at = ed_json_element(&builds, i);
        struct ed_engine_build *build = &engines->builds[engines->n++];
        memcpy(build->name, name, sizeof name);
        memcpy(build->version, version, sizeof version);
        memcpy(build->licence, licence, sizeof licence);
        snprintf(build->id, sizeof build->id, "%s@%s", name, version);
        status = read_build(&build_at, build, err);
        for (size_t j = 0; j + 1 < engines->n && !status; j++)
            if (strcmp(build->id, engines->builds[j].id) == 0 &&
                strcmp(build->target, engines->builds[j].target) == 0)
                status = ed_json_fail(&build_at, err, "%s for %s is there twice", build->id, build->target);
    }
    return status;
}

enum ed_status ed_engines_parse(struct ed_engines *engines, const char *name, const char *text, size_t bytes,
                                struct ed_error *err) {
    static const char *const known[] = {"engines", NULL};
    struct ed_json_document document = {0};
    struct ed_json_at root, array;
    size_t n = 0;
    enum ed_status status;
    memset(engines, 0, sizeof *engines);
    status = ed_json_parse(&document, name, text, bytes, err);
    if (status)
        goto out;
    root = ed_json_root(&document);
    array = ed_json_member(&root, "engines");
    status = ed_json_known_keys(&root, known, err);
    if (!status)
        status = ed_json_expect_array(&array, err);
    if (status)
        goto out;
    for (size_t i = 0; i < ed_json_count(&array); i++) {
        struct ed_json_at at = ed_json_element(&array, i), builds = ed_json_member(&at, "builds");
        n += ed_json_count(&builds);
    }
    if (n > BUILDS_MAX) {
        status = ed_json_fail(&array, err, "has %zu builds; at most %d are allowed", n, BUILDS_MAX);
        goto out;
    }
    engines->builds = calloc(n + 1, sizeof *engines->builds);
    if (!engines->builds) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for %zu engine builds", n);
        goto out;
    }
    for (size_t i = 0; i < ed_json_count(&array) && !status; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        status = read_engine(&at, engines, err);
    }
out:
    ed_json_document_release(&document);
    if (status)
        ed_engines_release(engines);
    return status;
}
