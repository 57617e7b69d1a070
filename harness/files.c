// SPDX-License-Identifier: Apache-2.0
// Gathering the files of a device.
#include "harness/files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/json_write.h"

#define FILES_MAX_BYTES (64u << 20)

void ed_files_init(struct ed_files *files, const struct ed_session *session) {
    memset(files, 0, sizeof *files);
    files->session = session;
    files->in_place = session->transport->in_place;
    ed_sets_init(&files->sets);
}

void ed_files_release(struct ed_files *files) {
    ed_sets_release(&files->sets);
    free(files->builds);
    memset(files, 0, sizeof *files);
}

const struct ed_files_build *ed_files_find_build(const struct ed_files *files,
                                                 const struct ed_engine_build *build) {
    for (size_t i = 0; i < files->n_builds; i++)
        if (files->builds[i].build == build)
            return &files->builds[i];
    return NULL;
}

bool ed_files_locate(const struct ed_files *files, const char *local, char out[ED_PATH_BYTES]) {
    if (files->in_place)
        return snprintf(out, ED_PATH_BYTES, "%s", local) < ED_PATH_BYTES;
    return ed_sets_locate(&files->sets, files->session->remote.work_dir, local, out);
}

static enum ed_status add_file(struct ed_files *files, const char *path, bool executable,
                               struct ed_digest_cache *digests, bool verify, struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    int64_t bytes = 0;
    enum ed_status status = ed_digest_cache_file(digests, hex, &bytes, path, verify, err);
    return status == ED_OK ? ed_sets_file(&files->sets, path, hex, bytes, executable, err) : status;
}

// Every file of the pack's C library, in the order of their names.
static enum ed_status add_libc(struct ed_files *files, struct ed_files_build *item,
                               struct ed_digest_cache *digests, bool verify, struct ed_error *err) {
    const struct ed_pack *pack = &files->session->pack;
    const struct ed_set *set = NULL;
    struct dirent **names = NULL;
    char path[ED_PATH_BYTES];
    int n = scandir(pack->libc_dir, &names, NULL, alphasort);
    if (n < 0)
        return ed_fail_errno(err, ED_ERR_IO, pack->libc_dir, "cannot be read: %m");
    enum ed_status status = ed_sets_begin(&files->sets, "libc", "glibc", "", pack->libc_version, err);
    for (int i = 0; i < n; i++) {
        if (status == ED_OK && ed_path_name_ok(names[i]->d_name)) {
            status = ed_path_join(path, pack->libc_dir, names[i]->d_name, err);
            if (status == ED_OK)
                status = add_file(files, path, true, digests, verify, err);
        }
        free(names[i]);
    }
    free(names);
    if (status == ED_OK)
        status = ed_sets_end(&files->sets, &set, err);
    if (status == ED_OK && !ed_sets_directory(set, files->session->remote.work_dir, item->libc_dir))
        status = ed_fail(err, ED_ERR_LIMIT, item->build->id, "the work directory's path is too long");
    return status;
}

static enum ed_status add_engine(struct ed_files *files, struct ed_files_build *item,
                                 struct ed_digest_cache *digests, bool verify, struct ed_error *err) {
    const struct ed_engine_build *build = item->build;
    const struct ed_set *set = NULL;
    char path[ED_PATH_BYTES];
    if (!build->n_files)
        return ED_OK;
    enum ed_status status = ed_sets_begin(&files->sets, "engine", build->name, "", build->version, err);
    for (size_t i = 0; status == ED_OK && i < build->n_files; i++) {
        status = ed_path_join(path, build->directory, build->files[i].name, err);
        if (status == ED_OK)
            status = add_file(files, path, true, digests, verify, err);
    }
    if (status == ED_OK)
        status = ed_sets_end(&files->sets, &set, err);
    if (status == ED_OK && !ed_sets_directory(set, files->session->remote.work_dir, item->directory))
        status = ed_fail(err, ED_ERR_LIMIT, build->id, "the work directory's path is too long");
    if (status == ED_OK && build->library[0] && !ed_files_locate(files, build->library, item->library))
        status = ed_fail(err, ED_ERR_INTERNAL, build->library, "is not one of the files of %s", build->id);
    return status;
}

enum ed_status ed_files_add_build(struct ed_files *files, const struct ed_engine_build *build,
                                  struct ed_digest_cache *digests, bool verify,
                                  const struct ed_files_build **added, struct ed_error *err) {
    const struct ed_pack *pack = &files->session->pack;
    const struct ed_set *set = NULL;
    *added = ed_files_find_build(files, build);
    if (*added)
        return ED_OK;
    struct ed_files_build *builds = realloc(files->builds, (files->n_builds + 1) * sizeof *builds);
    if (!builds)
        return ed_fail(err, ED_ERR_NO_MEMORY, build->id, "no memory for a list of files");
    files->builds = builds;
    struct ed_files_build *item = &builds[files->n_builds];
    memset(item, 0, sizeof *item);
    item->build = build;
    enum ed_status status = ED_OK;
    if (files->in_place) {
        memcpy(item->adapter, build->adapter, sizeof item->adapter);
        memcpy(item->directory, build->directory, sizeof item->directory);
        memcpy(item->library, build->library, sizeof item->library);
    } else {
        if (build->adapter_given)
            memcpy(item->adapter, build->adapter, sizeof item->adapter);
        else
            status = ed_pack_adapter(pack, build->name, item->adapter, err);
        if (status == ED_OK)
            status = ed_sets_begin(&files->sets, "adapter", build->name, "", ED_VERSION, err);
        if (status == ED_OK)
            status = add_file(files, item->adapter, true, digests, verify, err);
        if (status == ED_OK)
            status = ed_sets_end(&files->sets, &set, err);
        if (status == ED_OK)
            status = add_engine(files, item, digests, verify, err);
        item->pack_libc =
            !pack->runner_libc && ed_pack_needs_libc(pack, &files->session->identity, build->libc);
        if (status == ED_OK && item->pack_libc && !pack->loader[0])
            status = ed_fail(
                err, ED_ERR_UNSUPPORTED, build->id,
                "needs C library %s, device %s has %s, and the pack of %s has none of its own: build the "
                "packs (docs/packs.md)",
                build->libc, files->session->entry->id, files->session->identity.libc_version, pack->target);
        if (status == ED_OK && item->pack_libc)
            status = add_libc(files, item, digests, verify, err);
    }
    if (status == ED_OK) {
        files->n_builds++;
        *added = item;
    }
    return status;
}

static enum ed_status add_variant(struct ed_files *files, const struct ed_plan_case *c,
                                  struct ed_digest_cache *digests, bool verify, struct ed_error *err) {
    const struct ed_set *set = NULL;
    if (!c->variant || !c->variant->n_files)
        return ED_OK;
    enum ed_status status = ed_sets_begin(&files->sets, "model", c->frozen.model, c->frozen.variant, "", err);
    for (size_t i = 0; status == ED_OK && i < c->variant->n_files; i++)
        status = add_file(files, c->variant->files[i], false, digests, verify, err);
    return status == ED_OK ? ed_sets_end(&files->sets, &set, err) : status;
}

static enum ed_status add_inputs(struct ed_files *files, const struct ed_suite_input *inputs, size_t n,
                                 struct ed_digest_cache *digests, bool verify, struct ed_error *err) {
    const struct ed_set *set = NULL;
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = ed_sets_begin(&files->sets, "data", ed_path_base(inputs[i].file), "", "", err);
        if (status == ED_OK)
            status = add_file(files, inputs[i].file, false, digests, verify, err);
        if (status == ED_OK)
            status = ed_sets_end(&files->sets, &set, err);
    }
    return status;
}

enum ed_status ed_files_add_plan(struct ed_files *files, const struct ed_plan *plan,
                                 struct ed_digest_cache *digests, bool verify, struct ed_error *err) {
    const struct ed_files_build *build;
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < plan->n_cases; i++) {
        const struct ed_plan_case *c = &plan->cases[i];
        status = ed_files_add_build(files, c->build, digests, verify, &build, err);
        if (status == ED_OK && !files->in_place)
            status = add_variant(files, c, digests, verify, err);
        if (status == ED_OK && !files->in_place && c->model)
            status = add_inputs(files, c->model->inputs, c->model->n_inputs, digests, verify, err);
    }
    for (size_t i = 0; status == ED_OK && !files->in_place && i < plan->n_tasks; i++)
        status =
            add_inputs(files, plan->suite_tasks[i]->data, plan->suite_tasks[i]->n_data, digests, verify, err);
    return status;
}

enum ed_status ed_files_save(const struct ed_files *files, const char *directory, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, FILES_MAX_BYTES);
    ed_json_writer_init(&w, &text, true);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "work_dir", files->session->remote.work_dir);
    ed_json_array_begin(&w, "sets");
    for (size_t i = 0; i < files->sets.n; i++) {
        const struct ed_set *set = &files->sets.items[i];
        ed_json_object_begin(&w, NULL);
        ed_json_text(&w, "kind", set->kind);
        ed_json_text(&w, "name", set->name);
        ed_json_text(&w, "variant", set->variant);
        ed_json_text(&w, "version", set->version);
        ed_json_array_begin(&w, "files");
        for (size_t k = 0; k < set->n_files; k++) {
            ed_json_object_begin(&w, NULL);
            ed_json_text(&w, "local", set->files[k].local);
            ed_json_text(&w, "sha256", set->files[k].sha256);
            ed_json_int(&w, "bytes", set->files[k].bytes);
            ed_json_bool(&w, "executable", set->files[k].executable);
            ed_json_object_end(&w);
        }
        ed_json_array_end(&w);
        ed_json_object_end(&w);
    }
    ed_json_array_end(&w);
    ed_json_object_end(&w);
    ed_buffer_text_append(&text, "\n");
    enum ed_status status = ed_buffer_status(&text, ED_CAMPAIGN_FILES, err);
    if (status == ED_OK)
        status = ed_path_join(path, directory, ED_CAMPAIGN_FILES, err);
    if (status == ED_OK)
        status = ed_path_write_unsynced(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status load_set(struct ed_files *files, const struct ed_json_at *at, struct ed_error *err) {
    const char *kind = "", *name = "", *variant = "", *version = "";
    const struct ed_set *set = NULL;
    enum ed_status status = ed_json_get_text(at, "kind", &kind, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "name", &name, err);
    const cJSON *more = cJSON_GetObjectItemCaseSensitive(at->value, "variant");
    variant = cJSON_IsString(more) ? more->valuestring : "";
    more = cJSON_GetObjectItemCaseSensitive(at->value, "version");
    version = cJSON_IsString(more) ? more->valuestring : "";
    if (status == ED_OK)
        status = ed_sets_begin(&files->sets, kind, name, variant, version, err);
    const struct ed_json_at list = ed_json_member(at, "files");
    for (struct ed_json_at file = ed_json_element(&list, 0); status == ED_OK && file.value;
         file = ed_json_next(&file)) {
        const char *local = "", *sha256 = "";
        int64_t bytes = 0;
        bool executable = false;
        status = ed_json_get_text(&file, "local", &local, err);
        if (status == ED_OK)
            status = ed_json_get_text(&file, "sha256", &sha256, err);
        if (status == ED_OK && !ed_digest_ok(sha256))
            status = ed_json_fail(&file, err, "\"%.80s\" is not a SHA-256", sha256);
        if (status == ED_OK)
            status = ed_json_get_int(&file, "bytes", 0, INT64_C(1) << 53, &bytes, err);
        if (status == ED_OK)
            status = ed_json_opt_bool(&file, "executable", &executable, err);
        if (status == ED_OK)
            status = ed_sets_file(&files->sets, local, sha256, bytes, executable, err);
    }
    return status == ED_OK ? ed_sets_end(&files->sets, &set, err) : status;
}

enum ed_status ed_files_load(struct ed_files *files, const char *directory, struct ed_error *err) {
    struct ed_json_document document = {0};
    char path[ED_PATH_BYTES];
    const char *work_dir = "";
    enum ed_status status = ed_path_join(path, directory, ED_CAMPAIGN_FILES, err);
    if (status != ED_OK || files->in_place)
        return status;
    status = ed_json_parse_file(&document, path, FILES_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&document), sets = ed_json_member(&root, "sets");
    status = ed_json_get_text(&root, "work_dir", &work_dir, err);
    if (status == ED_OK && strcmp(work_dir, files->session->remote.work_dir))
        status = ed_fail(
            err, ED_ERR_USAGE, files->session->entry->id,
            "its work directory is %.200s, and the campaign began in %.200s; set \"work_dir\" back to resume",
            files->session->remote.work_dir, work_dir);
    for (struct ed_json_at at = ed_json_element(&sets, 0); status == ED_OK && at.value;
         at = ed_json_next(&at))
        status = load_set(files, &at, err);
    ed_json_document_release(&document);
    return status;
}
