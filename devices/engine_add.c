// SPDX-License-Identifier: Apache-2.0
// `engines add`: a build of the user's own, found in a directory, copied into the store with a digest for
// each file and described there by a list of one build (ED_ENGINE_ADDED_FILE), as engines.json would.
#include <dirent.h>
#include <elf.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/json_write.h"
#include "base/nearest.h"
#include "devices/elf.h"
#include "devices/engine_add.h"
#include "devices/version_range.h"

#define FILES_MAX 1000
#define NAMES_MAX 63 // of adapters

struct candidate {
    char member[256], name[128]; // inside the directory; in the store
    dev_t device;
    ino_t inode;
    struct ed_elf elf;
};

struct finding {
    const struct ed_engine_add *add;
    const struct ed_manifest *manifest;
    char root[ED_PATH_BYTES];
    char inner[16], place[ED_PATH_BYTES]; // "", "lib/" or "lib64/"; root and that
    struct candidate *files;
    size_t n;
    size_t library;
};

static bool is_library_name(const char *name) {
    const char *dot = strstr(name, ".so");
    return dot && (!dot[3] || dot[3] == '.');
}

static bool opens(const struct ed_manifest *manifest, const char *name) {
    return manifest->library[0] && fnmatch(manifest->library, name, 0) == 0;
}

// The engines whose library is in the directory. *n counts them; *found is the last.
static void match_engines(const struct finding *finding, const struct ed_catalogue *catalogue,
                          const struct ed_manifest **found, size_t *n, char names[256]) {
    size_t used = 0;
    *n = 0;
    for (size_t i = 0; i < catalogue->n; i++) {
        const struct ed_manifest *manifest = &catalogue->manifests[i];
        struct dirent *entry;
        bool has = false;
        DIR *stream = opendir(finding->place);
        if (finding->add->engine && strcmp(manifest->name, finding->add->engine) != 0) {
            if (stream)
                closedir(stream);
            continue;
        }
        while (stream && !has && (entry = readdir(stream)) != NULL)
            has = opens(manifest, entry->d_name);
        if (stream)
            closedir(stream);
        if (!has)
            continue;
        *found = manifest;
        if (used < 256)
            used += (size_t)snprintf(names + used, 256 - used, "%s%s", *n ? ", " : "", manifest->name);
        ++*n;
    }
}

static enum ed_status no_library(const struct finding *finding, const struct ed_catalogue *catalogue,
                                 struct ed_error *err) {
    char globs[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < catalogue->n && used < sizeof globs; i++)
        if (catalogue->manifests[i].library[0] &&
            (!finding->add->engine || strcmp(catalogue->manifests[i].name, finding->add->engine) == 0))
            used += (size_t)snprintf(globs + used, sizeof globs - used, "%s%s (%s)", used ? ", " : "",
                                     catalogue->manifests[i].library, catalogue->manifests[i].name);
    return ed_fail(err, ED_ERR_NOT_FOUND, finding->add->directory,
                   "neither it nor its lib and lib64 have a library of an engine; looked for: %s", globs);
}

static enum ed_status find_place(struct finding *finding, const struct ed_catalogue *catalogue,
                                 struct ed_error *err) {
    static const char *const inners[] = {"", "lib/", "lib64/"};
    char names[256] = "";
    enum ed_status status = ed_path_real(finding->root, finding->add->directory, err);
    size_t n = 0;
    for (size_t i = 0; i < sizeof inners / sizeof inners[0] && !status && !n; i++) {
        snprintf(finding->inner, sizeof finding->inner, "%s", inners[i]);
        status = inners[i][0] ? ed_path_join(finding->place, finding->root, inners[i], err)
                              : ed_path_join(finding->place, "", finding->root, err);
        if (!status)
            match_engines(finding, catalogue, &finding->manifest, &n, names);
    }
    if (!status && n == 0)
        return no_library(finding, catalogue, err);
    if (!status && n > 1)
        return ed_fail(err, ED_ERR_USAGE, finding->add->directory,
                       "has libraries of several engines (%s); say which: engines add ENGINE DIR --as NAME",
                       names);
    return status;
}

// Whether two names of the directory are one file.
static bool same_file(const struct finding *finding, const char *name, const struct stat *info) {
    char path[ED_PATH_BYTES];
    struct stat other;
    return ed_path_name_ok(name) && !ed_path_join(path, finding->place, name, NULL) &&
           stat(path, &other) == 0 && other.st_dev == info->st_dev && other.st_ino == info->st_ino;
}

static enum ed_status keep_file(struct finding *finding, const char *name, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct stat info;
    struct ed_error why = {0};
    struct candidate *file = &finding->files[finding->n];
    enum ed_status status = ed_path_join(path, finding->place, name, err);
    if (status || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return status;
    for (size_t i = 0; i < finding->n; i++)
        if (finding->files[i].device == info.st_dev && finding->files[i].inode == info.st_ino)
            return ED_OK;
    if (finding->n == FILES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, finding->place, "has more than %d libraries", FILES_MAX);
    status = ed_elf_read(&file->elf, path, &why);
    // A text for the linker may be called like a library.
    if (status == ED_ERR_UNSUPPORTED && !opens(finding->manifest, name))
        return ED_OK;
    // Halves of a driver that run on a DSP lie beside it.
    if (!status && file->elf.machine != EM_QDSP6)
        status = ed_elf_fits(&file->elf, finding->add->target, path, &why);
    if (status) {
        if (err)
            *err = why;
        return status;
    }
    // Other libraries ask for it by its soname, where it is here under that name as well.
    const char *stored = same_file(finding, file->elf.soname, &info) ? file->elf.soname : name;
    if (!ed_path_name_ok(stored) ||
        (size_t)snprintf(file->name, sizeof file->name, "%s", stored) >= sizeof file->name ||
        (size_t)snprintf(file->member, sizeof file->member, "%s%s", finding->inner, name) >=
            sizeof file->member)
        return ed_fail(err, ED_ERR_USAGE, path,
                       "cannot keep this name in the store: letters, digits and ._@+-");
    file->device = info.st_dev;
    file->inode = info.st_ino;
    finding->n++;
    return ED_OK;
}

static enum ed_status collect(struct finding *finding, struct ed_error *err) {
    struct dirent **names = NULL;
    enum ed_status status = ED_OK;
    size_t best = SIZE_MAX;
    int n = scandir(finding->place, &names, NULL, alphasort);
    if (n < 0)
        return ed_fail_errno(err, ED_ERR_IO, finding->place, "cannot be read: %m");
    finding->files = calloc(FILES_MAX + 1, sizeof *finding->files);
    if (!finding->files)
        status = ed_fail(err, ED_ERR_NO_MEMORY, finding->place, "no memory for its files");
    for (int i = 0; i < n; i++) {
        if (!status && is_library_name(names[i]->d_name))
            status = keep_file(finding, names[i]->d_name, err);
        free(names[i]);
    }
    free(names);
    // Of several, the one with the shortest name: what is longer is a part (libllama-common.so).
    for (size_t i = 0; i < finding->n && !status; i++)
        if (opens(finding->manifest, finding->files[i].name) && strlen(finding->files[i].name) < best) {
            best = strlen(finding->files[i].name);
            finding->library = i;
        }
    if (!status && best == SIZE_MAX)
        status = ed_fail(err, ED_ERR_NOT_FOUND, finding->place, "%s in it is no file that can be read",
                         finding->manifest->library);
    return status;
}

static bool is_here(const struct finding *finding, const char *needed) {
    for (size_t i = 0; i < finding->n; i++)
        if (strcmp(finding->files[i].name, needed) == 0)
            return true;
    return false;
}

// What the device has to have, since the directory does not.
static void list_needs(const struct finding *finding, const struct ed_log *log) {
    static const char *const everywhere[] = {"ld-linux*",    "libc.so*",      "libm.so*",
                                             "libdl.so*",    "librt.so*",     "libpthread.so*",
                                             "libgcc_s.so*", "libstdc++.so*", "liblog.so"};
    for (size_t i = 0; i < finding->n; i++)
        for (size_t k = 0; k < finding->files[i].elf.n_needed; k++) {
            const char *needed = finding->files[i].elf.needed[k];
            bool known = is_here(finding, needed) || finding->files[i].elf.machine == EM_QDSP6;
            for (size_t j = 0; j < sizeof everywhere / sizeof everywhere[0]; j++)
                known = known || fnmatch(everywhere[j], needed, 0) == 0;
            if (!known)
                ed_log_line(log, ED_LOG_WARNING,
                            "%s needs %s, which is not in the directory; the device has to have it",
                            finding->files[i].name, needed);
        }
}

static enum ed_status write_file_row(struct ed_json_writer *json, const struct finding *finding, size_t i,
                                     struct ed_error *err) {
    const struct candidate *file = &finding->files[i];
    char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES];
    int64_t bytes = 0;
    enum ed_status status = ed_path_join(path, finding->root, file->member, err);
    if (!status)
        status = ed_digest_file(hex, &bytes, path, err);
    if (status)
        return status;
    ed_json_object_begin(json, NULL);
    ed_json_text(json, "member", file->member);
    ed_json_text(json, "name", file->name);
    ed_json_text(json, "sha256", hex);
    ed_json_int(json, "bytes", bytes);
    ed_json_bool(json, "library", i == finding->library);
    ed_json_object_end(json);
    return ED_OK;
}

static enum ed_status describe(struct ed_buffer *text, const struct finding *finding, struct ed_error *err) {
    struct ed_json_writer json;
    const char *libc = "";
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < finding->n; i++)
        if (finding->files[i].elf.libc[0] &&
            (!libc[0] || ed_version_compare(finding->files[i].elf.libc, libc) > 0))
            libc = finding->files[i].elf.libc;
    ed_json_writer_init(&json, text, true);
    ed_json_object_begin(&json, NULL);
    ed_json_array_begin(&json, "engines");
    ed_json_object_begin(&json, NULL);
    ed_json_text(&json, "name", finding->manifest->name);
    ed_json_text(&json, "version", finding->add->version);
    ed_json_text(&json, "licence", "not stated");
    ed_json_array_begin(&json, "builds");
    ed_json_object_begin(&json, NULL);
    ed_json_text(&json, "target", finding->add->target);
    if (libc[0])
        ed_json_text(&json, "libc", libc);
    ed_json_text(&json, "client", "dir");
    ed_json_text(&json, "package", finding->root);
    ed_json_array_begin(&json, "files");
    for (size_t i = 0; i < finding->n && !status; i++)
        status = write_file_row(&json, finding, i, err);
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    return status ? status : ed_buffer_status(text, finding->add->directory, err);
}

// A name that means one thing: not a version that a package has.
static enum ed_status check_name(const struct finding *finding, const struct ed_engines *engines,
                                 struct ed_error *err) {
    const char *version = finding->add->version;
    if (!ed_path_name_ok(version) || strchr(version, '@'))
        return ed_fail(
            err, ED_ERR_USAGE, "--as",
            "'%.60s' cannot be the name of a build: at most 63 letters, digits and ._+-, and first a letter "
            "or a digit",
            version);
    const struct ed_engine_build *taken = NULL;
    bool made_so = false; // engines.json has a script for it, and this is what it makes
    for (size_t i = 0; i < engines->n; i++) {
        const struct ed_engine_build *build = &engines->builds[i];
        if (strcmp(build->name, finding->manifest->name) != 0 || strcmp(build->version, version) != 0)
            continue;
        taken = build->added ? taken : build;
        made_so =
            made_so || ((build->source || build->added) && !strcmp(build->target, finding->add->target));
    }
    if (taken && !made_so)
        return ed_fail(err, ED_ERR_USAGE, "--as", "%s is a build of engines.json; choose another name",
                       taken->id);
    if (!ed_version_in_range(version, finding->manifest->versions))
        return ed_fail(
            err, ED_ERR_USAGE, "--as",
            "a name that begins with a digit is a version, and the adapter takes %s; a build of your own is "
            "better called by a word",
            finding->manifest->versions);
    return ED_OK;
}

static enum ed_status no_adapter(const struct ed_catalogue *catalogue, const char *engine,
                                 struct ed_error *err) {
    const char *names[NAMES_MAX + 1] = {NULL};
    for (size_t i = 0; i < catalogue->n && i < NAMES_MAX; i++)
        names[i] = catalogue->manifests[i].name;
    const char *near = ed_nearest(engine, names);
    return ed_fail(err, ED_ERR_USAGE, engine, "this edgedyno has no adapter of this name%s%s%s",
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

enum ed_status ed_engines_add(const struct ed_engines *engines, const struct ed_catalogue *catalogue,
                              const struct ed_engine_add *add, const struct ed_log *log, char id[130],
                              struct ed_error *err) {
    struct finding finding = {.add = add};
    struct ed_engines one = {0};
    struct ed_buffer text;
    enum ed_status status = ED_OK;
    ed_buffer_init(&text, ED_ENGINES_FILE_MAX_BYTES);
    if (add->engine && !ed_catalogue_find(catalogue, add->engine))
        status = no_adapter(catalogue, add->engine, err);
    else if (!ed_path_is_directory(add->directory))
        status = ed_fail(err, ED_ERR_NOT_FOUND, add->directory, "is not a directory");
    else if (!engines->store[0])
        status =
            ed_fail(err, ED_ERR_NOT_FOUND, add->version,
                    "there is no place to keep engines: set EDGEDYNO_ENGINE_STORE to a directory, or HOME");
    if (!status)
        status = find_place(&finding, catalogue, err);
    if (!status)
        status = check_name(&finding, engines, err);
    if (!status)
        status = collect(&finding, err);
    if (!status)
        status = describe(&text, &finding, err);
    if (!status)
        status = ed_engines_parse(&one, add->directory, ed_buffer_text(&text), text.size, err);
    if (!status) {
        char name[ED_PATH_BYTES];
        snprintf(name, sizeof name, "%s/%s", one.builds[0].id, add->target);
        status = ed_path_join(one.builds[0].directory, engines->store, name, err);
    }
    if (!status)
        status = ed_engine_bring(engines->store, &one.builds[0], &text, log, NULL, err);
    if (!status) {
        list_needs(&finding, log);
        snprintf(id, 130, "%s", one.builds[0].id);
    }
    ed_engines_release(&one);
    ed_buffer_release(&text);
    free(finding.files);
    return status;
}
