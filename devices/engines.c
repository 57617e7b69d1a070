// SPDX-License-Identifier: Apache-2.0
// Which engine builds there are, and which of them lie in the store.
#include "devices/engines.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nearest.h"
#include "devices/client.h"
#include "devices/embedded.h"
#include "devices/engines_file.h"
#include "devices/text_list.h"
#include "devices/version_range.h"

#define TARGETS_MAX 32
#define NO_ADAPTER "the adapter is not built for %s; docs/packs.md says how it is"
#define PACKS "packs" // the folder with one of each target

bool ed_engine_files_present(const struct ed_engine_build *build, const char *directory, char reason[256]) {
    reason[0] = '\0';
    for (size_t i = 0; i < build->n_files; i++) {
        const struct ed_engine_file *file = &build->files[i];
        char path[ED_PATH_BYTES];
        struct stat info;
        if (ed_path_join(path, directory, file->name, NULL) || stat(path, &info) != 0)
            snprintf(reason, 256, "%s is not in the store", i == 0 ? "the build" : file->name);
        else if (!S_ISREG(info.st_mode))
            snprintf(reason, 256, "%s in the store is not a regular file", file->name);
        else if (info.st_size != file->bytes)
            snprintf(reason, 256, "%s in the store has %lld bytes instead of %lld", file->name,
                     (long long)info.st_size, (long long)file->bytes);
        if (reason[0])
            return false;
    }
    return true;
}

enum ed_status ed_engine_files_verify(const struct ed_engine_build *build, const char *directory,
                                      struct ed_error *err) {
    for (size_t i = 0; i < build->n_files; i++) {
        const struct ed_engine_file *file = &build->files[i];
        char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES];
        int64_t bytes = 0;
        enum ed_status status = ed_path_join(path, directory, file->name, err);
        if (!status)
            status = ed_digest_file(hex, &bytes, path, err);
        if (status)
            return status;
        if (bytes != file->bytes || strcmp(hex, file->sha256) != 0)
            return ed_fail(err, ED_ERR_VERSION, path,
                           "its SHA-256 is %s (%lld bytes), but engines.json says %s (%lld bytes); it is not "
                           "the file that was "
                           "vouched for",
                           hex, (long long)bytes, file->sha256, (long long)file->bytes);
    }
    return ED_OK;
}

static enum ed_status find_store(char store[ED_PATH_BYTES], const char *given, struct ed_error *err) {
    const char *variable = getenv("EDGEDYNO_ENGINE_STORE");
    char directory[ED_PATH_BYTES];
    enum ed_status status;
    if (!given && variable && variable[0])
        given = variable;
    if (given) {
        if (given[0] == '/')
            return ed_path_join(store, "", given, err);
        if (!getcwd(directory, sizeof directory))
            return ed_fail_errno(err, ED_ERR_IO, given, "the current directory has no path: %m");
        return ed_path_join(store, directory, given, err);
    }
    // Engines that need no store work without a home.
    store[0] = '\0';
    status = ed_path_xdg(directory, ED_XDG_DATA, NULL);
    return status ? ED_OK : ed_path_join(store, directory, "engines", err);
}

static enum ed_status read_list(struct ed_engines *engines, const char *given, struct ed_error *err) {
    char path[ED_PATH_BYTES], config[ED_PATH_BYTES];
    struct ed_buffer text;
    enum ed_status status;
    if (!given && !ed_path_xdg(config, ED_XDG_CONFIG, NULL) &&
        !ed_path_join(path, config, "engines.json", NULL) && access(path, F_OK) == 0)
        given = path;
    if (!given)
        return ed_engines_parse(engines, "built-in engines.json", (const char *)ed_embedded_engines,
                                ed_embedded_engines_bytes, err);
    ed_buffer_init(&text, ED_ENGINES_FILE_MAX_BYTES);
    status = ed_path_read(given, ED_ENGINES_FILE_MAX_BYTES, &text, err);
    if (!status)
        status = ed_engines_parse(engines, given, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    return status;
}

// This machine's adapters are those of its own compiler; another target's come from its pack, else from a
// folder that holds a whole build of that target.
static enum ed_status find_adapter(struct ed_engine_build *build, const struct ed_engines_places *given,
                                   struct ed_error *err) {
    static const char *const places[] = {PACKS "/", ""};
    const char *library_dir = given->library_dir;
    enum ed_status status = ED_OK;
    build->adapter[0] = '\0';
    if (given->adapter && strcmp(given->adapter_of, build->name) == 0 &&
        strcmp(build->target, ED_TARGET) == 0) {
        build->adapter_given = true;
        return ed_path_real(build->adapter, given->adapter, err);
    }
    for (size_t i = strcmp(build->target, ED_TARGET) ? 0 : 1; i < 2 && library_dir && !status; i++) {
        char path[ED_PATH_BYTES], name[ED_PATH_BYTES];
        snprintf(name, sizeof name, "%s%s/adapters/%s.so", places[i], build->target, build->name);
        status = ed_path_join(path, library_dir, name, err);
        if (!status && access(path, F_OK) == 0)
            return ed_path_real(build->adapter, path, err);
    }
    return status;
}

// Everything that can be said of a build before its library is opened.
static enum ed_status judge(struct ed_engine_build *build, const struct ed_engines *engines,
                            const struct ed_catalogue *catalogue, const struct ed_engines_places *places,
                            struct ed_error *err) {
    char name[ED_PATH_BYTES], why[256];
    const char *library_dir = places->library_dir;
    enum ed_status status = find_adapter(build, places, err);
    build->manifest = ed_catalogue_find(catalogue, build->name);
    build->state = ED_ENGINE_UNAVAILABLE;
    if (!status && engines->store[0]) {
        snprintf(name, sizeof name, "%s/%s", build->id, build->target);
        status = ed_path_join(build->directory, engines->store, name, err);
    }
    for (size_t i = 0; i < build->n_files && !status && build->directory[0]; i++)
        if (build->files[i].library)
            status = ed_path_join(build->library, build->directory, build->files[i].name, err);
    if (status)
        return status;
    if (build->added && build->reason[0])
        return ED_OK;
    if (!build->manifest)
        snprintf(build->reason, sizeof build->reason, "no adapter '%s' in this build of edgedyno",
                 build->name);
    else if (!build->manifest->library[0])
        snprintf(build->reason, sizeof build->reason, "the adapter '%s' takes no library of an engine",
                 build->name);
    else if (fnmatch(build->manifest->library, ed_path_base(build->library), 0) != 0 && build->library[0])
        snprintf(build->reason, sizeof build->reason,
                 "its library %.64s is not what the adapter opens (%.64s)", ed_path_base(build->library),
                 build->manifest->library);
    else if (!ed_version_in_range(build->version, build->manifest->versions))
        snprintf(build->reason, sizeof build->reason, "the adapter takes versions %s",
                 build->manifest->versions);
    else if (library_dir && !build->adapter[0])
        snprintf(build->reason, sizeof build->reason, NO_ADAPTER, build->target);
    else if (build->source)
        ed_client_source_advice(build->reason, sizeof build->reason, build);
    else if (!build->directory[0])
        snprintf(build->reason, sizeof build->reason, "there is no store: set EDGEDYNO_ENGINE_STORE or HOME");
    else if (ed_engine_files_present(build, build->directory, why))
        build->state = ED_ENGINE_PRESENT;
    else {
        build->state = ED_ENGINE_FETCHABLE;
        snprintf(build->reason, sizeof build->reason, "%.90s; run `edgedyno engines fetch %.80s%s%.31s`", why,
                 build->id, strcmp(build->target, ED_TARGET) ? " --target " : "",
                 strcmp(build->target, ED_TARGET) ? build->target : "");
    }
    return ED_OK;
}

static int compare_targets(const void *a, const void *b) {
    return strcmp(a, b);
}

// Adds the folders of `directory` that may be targets and are not listed yet.
static size_t add_targets(char targets[TARGETS_MAX][32], size_t n, const char *directory) {
    struct dirent *entry;
    DIR *stream = opendir(directory);
    while (stream && n < TARGETS_MAX && (entry = readdir(stream)) != NULL) {
        bool fresh =
            ed_path_name_ok(entry->d_name) && strlen(entry->d_name) < 32 && strcmp(entry->d_name, PACKS);
        for (size_t i = 0; i < n && fresh; i++)
            fresh = strcmp(entry->d_name, targets[i]) != 0;
        if (fresh)
            snprintf(targets[n++], 32, "%.31s", entry->d_name);
    }
    if (stream)
        closedir(stream);
    return n;
}

// This machine's target first, then every other one that there may be adapters for.
static size_t list_targets(char targets[TARGETS_MAX][32], const char *library_dir) {
    char packs[ED_PATH_BYTES];
    size_t n = 1;
    snprintf(targets[0], 32, "%s", ED_TARGET);
    if (library_dir)
        n = add_targets(targets, n, library_dir);
    if (library_dir && !ed_path_join(packs, library_dir, PACKS, NULL))
        n = add_targets(targets, n, packs);
    qsort(targets[1], n - 1, sizeof targets[0], compare_targets);
    return n;
}

// Engines that live in their adapter: one build for each target that has the adapter, and always one for this
// machine. Their version is the number of the manifest's range (">=1" is 1).
static enum ed_status add_built_in(struct ed_engines *engines, const struct ed_catalogue *catalogue,
                                   const struct ed_engines_places *places, struct ed_error *err) {
    const char *library_dir = places->library_dir;
    char targets[TARGETS_MAX][32];
    size_t n_targets = list_targets(targets, library_dir);
    struct ed_engine_build *builds =
        realloc(engines->builds, (engines->n + catalogue->n * n_targets + 1) * sizeof *builds);
    if (!builds)
        return ed_fail(err, ED_ERR_NO_MEMORY, "engines", "no memory for %zu more builds",
                       catalogue->n * n_targets);
    engines->builds = builds;
    for (size_t i = 0; i < catalogue->n; i++)
        for (size_t j = 0; j < n_targets && !catalogue->manifests[i].library[0]; j++) {
            const struct ed_manifest *manifest = &catalogue->manifests[i];
            struct ed_engine_build *build = &engines->builds[engines->n];
            enum ed_status status;
            memset(build, 0, sizeof *build);
            memcpy(build->name, manifest->name, sizeof build->name);
            snprintf(build->version, sizeof build->version, "%.63s",
                     manifest->versions + strspn(manifest->versions, "<>= "));
            if (!build->version[0])
                snprintf(build->version, sizeof build->version, "1");
            snprintf(build->id, sizeof build->id, "%s@%s", build->name, build->version);
            snprintf(build->target, sizeof build->target, "%s", targets[j]);
            snprintf(build->licence, sizeof build->licence, "Apache-2.0");
            build->manifest = manifest;
            status = find_adapter(build, places, err);
            if (status)
                return status;
            if (j > 0 && !build->adapter[0])
                continue;
            build->state = library_dir && !build->adapter[0] ? ED_ENGINE_UNAVAILABLE : ED_ENGINE_PRESENT;
            if (build->state == ED_ENGINE_UNAVAILABLE)
                snprintf(build->reason, sizeof build->reason, NO_ADAPTER, build->target);
            engines->n++;
        }
    return ED_OK;
}

enum ed_status ed_engines_load(struct ed_engines *engines, const struct ed_catalogue *catalogue,
                               const struct ed_engines_places *places, struct ed_error *err) {
    static const struct ed_engines_places everywhere;
    enum ed_status status;
    if (!places)
        places = &everywhere;
    status = read_list(engines, places->engines_file, err);
    if (status)
        return status;
    status = find_store(engines->store, places->store, err);
    if (!status)
        status = ed_engines_read_added(engines, err);
    for (size_t i = 0; i < engines->n && !status; i++)
        status = judge(&engines->builds[i], engines, catalogue, places, err);
    if (!status)
        status = add_built_in(engines, catalogue, places, err);
    if (status)
        ed_engines_release(engines);
    return status;
}

void ed_engine_build_release(struct ed_engine_build *build) {
    for (size_t j = 0; j < build->n_packages; j++)
        ed_text_list_free(build->packages[j].platforms);
    free(build->packages);
    ed_text_list_free(build->backends);
    free(build->files);
}

void ed_engines_release(struct ed_engines *engines) {
    for (size_t i = 0; i < engines->n; i++)
        ed_engine_build_release(&engines->builds[i]);
    free(engines->builds);
    memset(engines, 0, sizeof *engines);
}

bool ed_engine_may_have(const struct ed_engine_build *build, const char *backend) {
    if (!build->backends || !build->backends[0])
        return true;
    for (char **one = build->backends; *one; one++)
        if (strcmp(*one, backend) == 0)
            return true;
    return false;
}

int64_t ed_engine_bytes(const struct ed_engine_build *build) {
    int64_t bytes = 0;
    for (size_t i = 0; i < build->n_files; i++)
        bytes += build->files[i].bytes;
    return bytes;
}

int64_t ed_engine_archive_bytes(const struct ed_engine_build *build) {
    int64_t bytes = 0;
    for (size_t i = 0; i < build->n_packages; i++) {
        if (!build->packages[i].archive_bytes)
            return 0;
        bytes += build->packages[i].archive_bytes;
    }
    return bytes;
}

// Which part of a build a list of choices is about.
enum part { PART_NAME, PART_VERSION, PART_TARGET };

static const char *part_of(const struct ed_engine_build *build, enum part part) {
    return part == PART_NAME ? build->name : part == PART_VERSION ? build->version : build->target;
}

// What there is of `part` among the builds that match name and version so far, once each, with commas.
static void list_choices(char *text, size_t bytes, const struct ed_engines *engines, enum part part,
                         const char *name, const char *version) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < engines->n; i++) {
        const char *word = part_of(&engines->builds[i], part);
        bool fits = (!name || strcmp(engines->builds[i].name, name) == 0) &&
                    (!version || strcmp(engines->builds[i].version, version) == 0);
        for (size_t j = 0; j < i && fits; j++)
            fits = strcmp(part_of(&engines->builds[j], part), word) != 0 ||
                   (name && strcmp(engines->builds[j].name, name) != 0) ||
                   (version && strcmp(engines->builds[j].version, version) != 0);
        if (fits && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", word);
    }
}

static enum ed_status unknown_engine(const struct ed_engines *engines, const char *name,
                                     struct ed_error *err) {
    const char **names = calloc(engines->n + 1, sizeof *names);
    const char *near;
    char choices[512];
    if (!names)
        return ed_fail(err, ED_ERR_NO_MEMORY, name, "no memory for %zu names", engines->n);
    for (size_t i = 0; i < engines->n; i++)
        names[i] = engines->builds[i].name;
    near = ed_nearest(name, names);
    list_choices(choices, sizeof choices, engines, PART_NAME, NULL, NULL);
    if (near)
        ed_fail(err, ED_ERR_NOT_FOUND, name, "there is no such engine; did you mean '%s'?", near);
    else
        ed_fail(err, ED_ERR_NOT_FOUND, name, "there is no such engine; there are: %s", choices);
    free(names);
    return ED_ERR_NOT_FOUND;
}

static bool nearest_version(const struct ed_engines *engines, const char *name, const char *version,
                            char near[64]) {
    const char **versions = calloc(engines->n + 1, sizeof *versions), *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < engines->n && versions; i++)
        if (strcmp(engines->builds[i].name, name) == 0)
            versions[n++] = engines->builds[i].version;
    if (versions)
        found = ed_nearest(version, versions);
    snprintf(near, 64, "%s", found ? found : "");
    free(versions);
    return found != NULL;
}

enum ed_status ed_engines_find(const struct ed_engines *engines, const char *name, const char *version,
                               const char *target, const struct ed_engine_build **build,
                               struct ed_error *err) {
    bool name_known = false, version_known = false;
    char choices[512], where[200], near[64];
    if (version && !version[0])
        version = NULL;
    *build = NULL;
    for (size_t i = 0; i < engines->n; i++) {
        const struct ed_engine_build *one = &engines->builds[i];
        if (strcmp(one->name, name) != 0)
            continue;
        name_known = true;
        if (version && strcmp(one->version, version) != 0)
            continue;
        version_known = true;
        if (strcmp(one->target, target) == 0) {
            *build = one;
            return ED_OK;
        }
    }
    snprintf(where, sizeof where, "%.64s%s%.64s", name, version ? "@" : "", version ? version : "");
    if (!name_known)
        return unknown_engine(engines, name, err);
    list_choices(choices, sizeof choices, engines, version_known ? PART_TARGET : PART_VERSION, name,
                 version_known ? version : NULL);
    if (!version_known && nearest_version(engines, name, version, near))
        return ed_fail(err, ED_ERR_NOT_FOUND, where,
                       "there is no such version; did you mean %.64s@%s? There are: %s", name, near, choices);
    if (!version_known)
        return ed_fail(err, ED_ERR_NOT_FOUND, where, "there is no such version; there are: %s", choices);
    return ed_fail(err, ED_ERR_NOT_FOUND, where, "there is no build of it for %s; there are builds for: %s",
                   target, choices);
}
