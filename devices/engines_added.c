// SPDX-License-Identifier: Apache-2.0
// Builds of the store that `engines add` brought: STORE/NAME@VERSION/TARGET/edgedyno.json says what each is.
#include <dirent.h>
#include <stdlib.h>

#include "devices/engines_file.h"

#define ADDED_MAX 1000

static enum ed_status append(struct ed_engines *engines, const struct ed_engine_build *build,
                             struct ed_error *err) {
    struct ed_engine_build *builds = realloc(engines->builds, (engines->n + 1) * sizeof *builds);
    if (!builds)
        return ed_fail(err, ED_ERR_NO_MEMORY, build->id, "no memory for one more build");
    engines->builds = builds;
    builds[engines->n++] = *build;
    return ED_OK;
}

static struct ed_engine_build *listed(const struct ed_engines *engines, const struct ed_engine_build *build) {
    for (size_t i = 0; i < engines->n; i++)
        if (strcmp(engines->builds[i].id, build->id) == 0 &&
            strcmp(engines->builds[i].target, build->target) == 0)
            return &engines->builds[i];
    return NULL;
}

// `id` and `target` are names of directories. What is said in the file must be of the same build.
static enum ed_status read_one(struct ed_engines *engines, const char *path, const char *id,
                               const char *target, struct ed_error *err) {
    struct ed_engine_build build = {0};
    struct ed_engines one = {0};
    struct ed_error why = {0};
    struct ed_buffer text;
    ed_buffer_init(&text, ED_ENGINES_FILE_MAX_BYTES);
    enum ed_status status = ed_path_read(path, ED_ENGINES_FILE_MAX_BYTES, &text, &why);
    if (!status)
        status = ed_engines_parse(&one, path, ed_buffer_text(&text), text.size, &why);
    if (!status &&
        (one.n != 1 || strcmp(one.builds[0].id, id) != 0 || strcmp(one.builds[0].target, target) != 0))
        status = ed_fail(&why, ED_ERR_PARSE, path, "it describes another build");
    if (!status) {
        build = one.builds[0];
        one.n = 0;
    } else {
        snprintf(build.name, sizeof build.name, "%.*s", (int)strcspn(id, "@"), id);
        snprintf(build.version, sizeof build.version, "%s", id + strcspn(id, "@") + 1);
        snprintf(build.id, sizeof build.id, "%s", id);
        snprintf(build.target, sizeof build.target, "%s", target);
        snprintf(build.reason, sizeof build.reason, "what describes it is damaged (%.150s); add it again",
                 why.message);
    }
    build.added = true;
    // engines.json wins: a name that it took later is its own, but where it only says who makes the build.
    struct ed_engine_build *same = listed(engines, &build);
    if (same && same->source) {
        ed_engine_build_release(same);
        *same = build;
        status = ED_OK;
    } else if (same) {
        ed_engine_build_release(&build);
        status = ED_OK;
    } else {
        status = append(engines, &build, err);
        if (status)
            ed_engine_build_release(&build);
    }
    ed_engines_release(&one);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status read_targets(struct ed_engines *engines, const char *id, struct ed_error *err) {
    char directory[ED_PATH_BYTES], name[ED_PATH_BYTES], path[ED_PATH_BYTES];
    struct dirent **targets = NULL;
    enum ed_status status = ed_path_join(directory, engines->store, id, err);
    int n = status ? 0 : scandir(directory, &targets, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *target = targets[i]->d_name;
        if (!status && ed_path_name_ok(target) && strlen(target) < 32) {
            snprintf(name, sizeof name, "%s/" ED_ENGINE_ADDED_FILE, target);
            status = ed_path_join(path, directory, name, err);
            if (!status && ed_path_exists(path))
                status = read_one(engines, path, id, target, err);
        }
        free(targets[i]);
    }
    free(targets);
    return status;
}

enum ed_status ed_engines_read_added(struct ed_engines *engines, struct ed_error *err) {
    struct dirent **names = NULL;
    enum ed_status status = ED_OK;
    int n = engines->store[0] ? scandir(engines->store, &names, NULL, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        const char *id = names[i]->d_name, *at = strchr(id, '@');
        if (!status && ed_path_name_ok(id) && at && at > id && at - id < 64 && at[1] && strlen(at + 1) < 64 &&
            i < ADDED_MAX)
            status = read_targets(engines, id, err);
        free(names[i]);
    }
    free(names);
    return status;
}
