// SPDX-License-Identifier: Apache-2.0
// Reading what is kept, and checking it.
#include "harness/history/baseline.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/nearest.h"
#include "harness/history/baseline_files.h"

#define RECORD_MAX_BYTES (1u << 20)
#define SUFFIX ".json"
#define NAMES_MAX 10000

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Names that are read twice, first to count them; what comes in between is left to the next time.
static size_t read_names(DIR *folder, char **names, char *text, size_t max, size_t *bytes) {
    size_t n = 0;
    *bytes = 0;
    for (const struct dirent *entry; n < max && (entry = readdir(folder));) {
        const size_t length = strlen(entry->d_name);
        char name[65];
        if (length <= sizeof SUFFIX - 1 || length - (sizeof SUFFIX - 1) > 64 ||
            strcmp(entry->d_name + length - (sizeof SUFFIX - 1), SUFFIX) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(length - (sizeof SUFFIX - 1)), entry->d_name);
        if (!ed_path_name_ok(name))
            continue;
        if (names) {
            names[n] = text + *bytes;
            memcpy(names[n], name, strlen(name) + 1);
        }
        *bytes += strlen(name) + 1;
        n++;
    }
    return n;
}

enum ed_status ed_baseline_names(char ***names, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    size_t n = 0, bytes = 0;
    enum ed_status status = ed_baseline_place(path, "names", err);
    if (status != ED_OK)
        return status;
    DIR *folder = opendir(path);
    if (!folder && errno != ENOENT)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be listed: %m");
    if (folder)
        n = read_names(folder, NULL, NULL, NAMES_MAX, &bytes);
    // Room for the same number of names, each as long as one may be.
    *names = calloc(1, (n + 1) * sizeof **names + n * 65);
    if (!*names)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the baselines");
    else if (folder) {
        rewinddir(folder);
        n = read_names(folder, *names, (char *)(*names + n + 1), n, &bytes);
        (*names)[n] = NULL;
        qsort(*names, n, sizeof **names, by_name);
    }
    if (folder)
        closedir(folder);
    return status;
}

static enum ed_status fail_unknown(const char *name, struct ed_error *err) {
    char **names = NULL;
    const char *near = NULL;
    if (ed_baseline_names(&names, NULL) == ED_OK)
        near = ed_nearest(name, (const char *const *)names);
    enum ed_status status =
        ed_fail(err, ED_ERR_NOT_FOUND, "baseline",
                "none is kept under the name \"%.80s\"%s%s%s; `edgedyno baseline list` shows them", name,
                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(names);
    return status;
}

static enum ed_status read_file(const struct ed_json_at *at, struct ed_baseline *baseline, const char *set,
                                struct ed_error *err) {
    struct ed_baseline_file *file = &baseline->files[baseline->n_files++];
    const char *name = "";
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "name", &name, err);
    if (status == ED_OK)
        status = ed_json_get_string(at, "sha256", file->sha256, sizeof file->sha256, err);
    if (status == ED_OK)
        status = ed_json_get_int(at, "bytes", 0, INT64_C(1) << 52, &file->bytes, err);
    if (status == ED_OK && (!ed_baseline_file_name_ok(name) || !ed_digest_ok(file->sha256)))
        status = ed_json_fail(at, err, "is no file of a baseline");
    if (status == ED_OK)
        status = ed_path_join(path, set, name, err);
    if (status != ED_OK)
        return status;
    file->name = strdup(name);
    file->path = strdup(path);
    baseline->bytes += file->bytes;
    return file->name && file->path ? ED_OK
                                    : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a baseline");
}

static enum ed_status read_record(const struct ed_json_at *root, struct ed_baseline *baseline,
                                  struct ed_error *err) {
    char set[ED_PATH_BYTES];
    int64_t format = 0;
    enum ed_status status = ed_json_expect_object(root, err);
    if (status == ED_OK)
        status = ed_json_get_int(root, "format", 1, 1000000, &format, err);
    if (status == ED_OK && format != 1)
        return ed_json_fail(root, err, "has format %lld, and this program reads format 1", (long long)format);
    if (status == ED_OK)
        status = ed_json_opt_string(root, "on", baseline->on, sizeof baseline->on, err);
    if (status == ED_OK)
        status = ed_json_get_string(root, "set", baseline->set, sizeof baseline->set, err);
    if (status == ED_OK)
        status = ed_json_get_string(root, "kept", baseline->kept_utc, sizeof baseline->kept_utc, err);
    if (status == ED_OK)
        status = ed_baseline_set_place(set, baseline->set, err);
    const struct ed_json_at files = ed_json_member(root, "files");
    if (status == ED_OK)
        status = ed_json_expect_array(&files, err);
    const size_t n = status == ED_OK ? ed_json_count(&files) : 0;
    if (status == ED_OK && (n == 0 || n > ED_BASELINE_FILES_MAX))
        status = ed_json_fail(&files, err, "a baseline has 1 to %d files", ED_BASELINE_FILES_MAX);
    baseline->files = calloc(n ? n : 1, sizeof *baseline->files);
    if (status == ED_OK && !baseline->files)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a baseline");
    struct ed_json_at at = ed_json_element(&files, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, at = ed_json_next(&at))
        status = read_file(&at, baseline, set, err);
    return status;
}

enum ed_status ed_baseline_read(struct ed_baseline *baseline, const char *name, struct ed_error *err) {
    struct ed_json_document document = {0};
    char path[ED_PATH_BYTES];
    memset(baseline, 0, sizeof *baseline);
    enum ed_status status = ed_baseline_name_place(path, name, err);
    if (status == ED_OK && !ed_path_exists(path))
        return fail_unknown(name, err);
    if (status == ED_OK)
        status = ed_json_parse_file(&document, path, RECORD_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    snprintf(baseline->name, sizeof baseline->name, "%s", name);
    const struct ed_json_at root = ed_json_root(&document);
    status = read_record(&root, baseline, err);
    ed_json_document_release(&document);
    if (status != ED_OK)
        ed_baseline_release(baseline);
    return status;
}

void ed_baseline_release(struct ed_baseline *baseline) {
    for (size_t i = 0; i < baseline->n_files; i++) {
        free(baseline->files[i].name);
        free(baseline->files[i].path);
    }
    free(baseline->files);
    memset(baseline, 0, sizeof *baseline);
}

static enum ed_status check_file(const struct ed_baseline *baseline, const char *path, const char *sha256,
                                 const char *advice, struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    if (!ed_path_exists(path))
        return ed_fail(err, ED_ERR_VERSION, path, "belongs to the baseline %s and is not there; %s",
                       baseline->name, advice);
    enum ed_status status = ed_digest_file(hex, NULL, path, err);
    if (status == ED_OK && strcmp(hex, sha256) != 0)
        status = ed_fail(err, ED_ERR_VERSION, path,
                         "is not what was kept as the baseline %s (%.12s, and it was %.12s); %s",
                         baseline->name, hex, sha256, advice);
    return status;
}

// What a campaign would measure: this machine's builds, each file of them.
static enum ed_status check_engine(const struct ed_baseline *baseline, struct ed_error *err) {
    struct ed_baseline_engines own;
    char engine[64], version[64], backend[64], target[256], path[ED_PATH_BYTES], advice[ED_PATH_BYTES + 128];
    enum ed_status status = ed_baseline_on_split(baseline->on, engine, version, backend, err);
    if (status == ED_OK)
        status = ed_baseline_engines_load(&own, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; status == ED_OK && i < baseline->n_files; i++) {
        const struct ed_baseline_file *file = &baseline->files[i];
        const char *slash = strchr(file->name, '/');
        const struct ed_engine_build *build;
        snprintf(target, sizeof target, "%.*s", (int)(slash ? slash - file->name : 0), file->name);
        snprintf(advice, sizeof advice, "the kept files lie in %.*s",
                 (int)(strlen(file->path) - (slash ? strlen(slash) : 0)), file->path);
        struct ed_error inner = {0};
        if (ed_engines_find(&own.engines, engine, version, target, &build, &inner) != ED_OK)
            status = ed_fail(err, ED_ERR_VERSION, "baseline", "%s: %.300s; %.600s", baseline->name,
                             inner.message, advice);
        else if (build->state != ED_ENGINE_PRESENT)
            status = ed_fail(err, ED_ERR_VERSION, build->id,
                             "belongs to the baseline %s and is not present: %s; %s", baseline->name,
                             build->reason, advice);
        if (status == ED_OK)
            status = ed_path_join(path, build->directory, slash ? slash + 1 : file->name, err);
        if (status == ED_OK)
            status = check_file(baseline, path, file->sha256, advice, err);
    }
    ed_baseline_engines_release(&own);
    return status;
}

enum ed_status ed_baseline_find(struct ed_baseline *baseline, const char *name, struct ed_error *err) {
    enum ed_status status = ed_baseline_read(baseline, name, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; status == ED_OK && i < baseline->n_files; i++)
        status = check_file(baseline, baseline->files[i].path, baseline->files[i].sha256,
                            "set the baseline again from a good copy", err);
    if (status == ED_OK && baseline->on[0])
        status = check_engine(baseline, err);
    if (status != ED_OK)
        ed_baseline_release(baseline);
    return status;
}
