// SPDX-License-Identifier: Apache-2.0
// Keeping a baseline, and removing it.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "harness/history/baseline_files.h"

struct source {
    char path[ED_PATH_BYTES], name[512], sha256[ED_DIGEST_HEX_BYTES];
    int64_t bytes;
};

struct sources {
    struct source *items;
    size_t n;
};

static enum ed_status add(struct sources *sources, const char *path, const char *folder, const char *base,
                          struct ed_error *err) {
    if (sources->n == ED_BASELINE_FILES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, path, "a baseline has at most %d files", ED_BASELINE_FILES_MAX);
    struct source *grown = realloc(sources->items, (sources->n + 1) * sizeof *grown);
    if (!grown)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a baseline");
    sources->items = grown;
    struct source *source = &grown[sources->n++];
    enum ed_status status = ed_path_real(source->path, path, err);
    snprintf(source->name, sizeof source->name, "%s%s%s", folder, folder[0] ? "/" : "", base);
    if (status == ED_OK && ed_path_is_directory(source->path))
        status = ed_fail(err, ED_ERR_USAGE, path, "is a directory; name its files");
    if (status == ED_OK && !ed_baseline_file_name_ok(source->name))
        status = ed_fail(err, ED_ERR_USAGE, path, "has a name that no file of a baseline may have");
    for (size_t i = 0; status == ED_OK && i + 1 < sources->n; i++)
        if (strcmp(grown[i].name, source->name) == 0)
            status = ed_fail(err, ED_ERR_USAGE, path, "two files have the name %.200s", source->name);
    return status == ED_OK ? ed_digest_file(source->sha256, &source->bytes, source->path, err) : status;
}

static enum ed_status digest_set(const struct sources *sources, char set[ED_DIGEST_HEX_BYTES],
                                 struct ed_error *err) {
    struct ed_buffer lines;
    ed_buffer_init(&lines, 1u << 20);
    for (size_t i = 0; i < sources->n; i++)
        ed_buffer_printf(&lines, "%s  %lld  %s\n", sources->items[i].sha256,
                         (long long)sources->items[i].bytes, sources->items[i].name);
    enum ed_status status = ed_buffer_status(&lines, "the files of a baseline", err);
    if (status == ED_OK)
        ed_digest_bytes(set, ed_buffer_text(&lines), lines.size);
    ed_buffer_release(&lines);
    return status;
}

// A set that is there is one that was renamed when it was whole; what happened to it since, its digests tell.
static enum ed_status check_set(const struct sources *sources, const char *place, struct ed_error *err) {
    char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES];
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < sources->n; i++) {
        status = ed_path_join(path, place, sources->items[i].name, err);
        if (status == ED_OK)
            status = ed_digest_file(hex, NULL, path, err);
        if (status == ED_OK && strcmp(hex, sources->items[i].sha256) != 0)
            status = ed_fail(
                err, ED_ERR_VERSION, path,
                "was changed since it was kept; remove the baselines that have it, then set them again");
    }
    return status;
}

static enum ed_status fill_set(const struct sources *sources, const char *part, struct ed_error *err) {
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < sources->n; i++) {
        status = ed_path_join(path, part, sources->items[i].name, err);
        if (status != ED_OK)
            break;
        ed_path_directory(folder, path);
        status = ed_path_make(folder, 0700, err);
        if (status == ED_OK)
            status = ed_baseline_copy(sources->items[i].path, path, sources->items[i].sha256, err);
        if (status == ED_OK)
            status = ed_path_sync_directory(folder, err);
    }
    return status == ED_OK ? ed_path_sync_directory(part, err) : status;
}

static enum ed_status make_set(const struct sources *sources, const char *set, struct ed_error *err) {
    char place[ED_PATH_BYTES], sets[ED_PATH_BYTES], part[ED_PATH_BYTES];
    enum ed_status status = ed_baseline_set_place(place, set, err);
    if (status == ED_OK && ed_path_exists(place))
        return check_set(sources, place, err);
    if (status == ED_OK)
        status = ed_baseline_place(sets, "sets", err);
    if (status == ED_OK)
        status = ed_path_join(part, sets, ".part-XXXXXX", err);
    if (status != ED_OK)
        return status;
    if (!mkdtemp(part))
        return ed_fail_errno(err, ED_ERR_IO, sets, "no directory can be made in it: %m");
    status = fill_set(sources, part, err);
    if (status == ED_OK && rename(part, place) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, place, "cannot be made: %m");
    if (status == ED_OK)
        status = ed_path_sync_directory(sets, err);
    if (status != ED_OK)
        ed_path_remove(part, NULL);
    return status;
}

static enum ed_status write_name(const char *name, const char *on, const char *set,
                                 const struct sources *sources, struct ed_error *err) {
    char path[ED_PATH_BYTES], now[32];
    struct ed_json_writer json;
    struct ed_buffer out;
    ed_clock_format_utc(now, ed_clock_read_ns(CLOCK_REALTIME));
    ed_buffer_init(&out, 1u << 20);
    ed_json_writer_init(&json, &out, true);
    ed_json_object_begin(&json, NULL);
    ed_json_int(&json, "format", 1);
    if (on[0])
        ed_json_text(&json, "on", on);
    ed_json_text(&json, "set", set);
    ed_json_text(&json, "kept", now);
    ed_json_array_begin(&json, "files");
    for (size_t i = 0; i < sources->n; i++) {
        ed_json_object_begin(&json, NULL);
        ed_json_text(&json, "name", sources->items[i].name);
        ed_json_text(&json, "sha256", sources->items[i].sha256);
        ed_json_int(&json, "bytes", sources->items[i].bytes);
        ed_json_object_end(&json);
    }
    ed_json_array_end(&json);
    ed_json_object_end(&json);
    ed_buffer_append(&out, "\n", 1);
    enum ed_status status = ed_buffer_status(&out, "a baseline", err);
    if (status == ED_OK)
        status = ed_baseline_name_place(path, name, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&out), out.size, 0600, err);
    ed_buffer_release(&out);
    return status;
}

// Under the lock. A name that cannot be read may have the set: then it stays.
static enum ed_status drop_set(const char *set, struct ed_error *err) {
    char **names = NULL, place[ED_PATH_BYTES];
    bool used = false;
    enum ed_status status = ed_baseline_names(&names, err);
    for (size_t i = 0; status == ED_OK && names[i] && !used; i++) {
        struct ed_baseline other;
        used = ed_baseline_read(&other, names[i], NULL) != ED_OK || strcmp(other.set, set) == 0;
        ed_baseline_release(&other);
    }
    if (status == ED_OK && !used)
        status = ed_baseline_set_place(place, set, err);
    if (status == ED_OK && !used)
        status = ed_path_remove(place, err);
    free(names);
    return status;
}

static enum ed_status keep(const char *name, const char *on, const struct sources *sources, bool *replaced,
                           struct ed_error *err) {
    struct ed_baseline before = {0};
    char set[ED_DIGEST_HEX_BYTES], path[ED_PATH_BYTES];
    int lock = -1;
    enum ed_status status = ed_baseline_name_place(path, name, err);
    if (status == ED_OK)
        status = digest_set(sources, set, err);
    if (status == ED_OK)
        status = ed_baseline_lock(&lock, err);
    if (status != ED_OK)
        return status;
    const bool there = ed_path_exists(path) && ed_baseline_read(&before, name, NULL) == ED_OK;
    status = make_set(sources, set, err);
    if (status == ED_OK)
        status = write_name(name, on, set, sources, err);
    if (status == ED_OK && there && strcmp(before.set, set) != 0)
        status = drop_set(before.set, err);
    if (replaced)
        *replaced = there;
    ed_baseline_release(&before);
    close(lock);
    return status;
}

enum ed_status ed_baseline_set_files(const char *name, const char *const *paths, size_t n, bool *replaced,
                                     struct ed_error *err) {
    struct sources sources = {0};
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++)
        status = add(&sources, paths[i], "", ed_path_base(paths[i]), err);
    if (status == ED_OK)
        status = keep(name, "", &sources, replaced, err);
    free(sources.items);
    return status;
}

static enum ed_status add_build(struct sources *sources, const struct ed_engine_build *build,
                                struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < build->n_files; i++) {
        status = ed_path_join(path, build->directory, build->files[i].name, err);
        if (status == ED_OK)
            status = add(sources, path, build->target, build->files[i].name, err);
    }
    return status;
}

enum ed_status ed_baseline_set_engine(const char *name, const char *on, bool *replaced,
                                      struct ed_error *err) {
    char engine[64], version[64], backend[64], whole[256];
    const struct ed_engine_build *build = NULL;
    struct ed_baseline_engines own;
    struct sources sources = {0};
    enum ed_status status = ed_baseline_on_split(on, engine, version, backend, err);
    if (status == ED_OK)
        status = ed_baseline_engines_load(&own, err);
    if (status != ED_OK)
        return status;
    status = ed_engines_find(&own.engines, engine, version, ED_TARGET, &build, err);
    for (size_t i = 0; status == ED_OK && i < own.engines.n; i++)
        if (strcmp(own.engines.builds[i].id, build->id) == 0 &&
            own.engines.builds[i].state == ED_ENGINE_PRESENT)
            status = add_build(&sources, &own.engines.builds[i], err);
    if (status == ED_OK && !sources.n)
        status = ed_fail(err, ED_ERR_USAGE, build->id, "%s",
                         build->n_files ? "is not present; bring it first: `edgedyno engines fetch`"
                                        : "is built in: there are no files to keep");
    if (status == ED_OK) {
        snprintf(whole, sizeof whole, "%s%s%s", build->id, backend[0] ? "/" : "", backend);
        status = keep(name, whole, &sources, replaced, err);
    }
    free(sources.items);
    ed_baseline_engines_release(&own);
    return status;
}

enum ed_status ed_baseline_remove(const char *name, struct ed_error *err) {
    struct ed_baseline baseline;
    struct ed_error inner = {0};
    char path[ED_PATH_BYTES];
    int lock = -1;
    enum ed_status status = ed_baseline_name_place(path, name, err);
    if (status == ED_OK)
        status = ed_baseline_lock(&lock, err);
    if (status != ED_OK)
        return status;
    const enum ed_status read = ed_baseline_read(&baseline, name, &inner);
    if (read == ED_ERR_NOT_FOUND)
        status = ed_fail(err, read, inner.where, "%s", inner.message);
    else if (unlink(path) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be removed: %m");
    // A damaged record names no set that could be trusted; its files stay.
    if (status == ED_OK && read == ED_OK)
        status = drop_set(baseline.set, err);
    ed_baseline_release(&baseline);
    close(lock);
    return status;
}
