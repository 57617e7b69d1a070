// SPDX-License-Identifier: Apache-2.0
// Sets of files by digest.
#include "devices/sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

void ed_sets_init(struct ed_sets *sets) {
    memset(sets, 0, sizeof *sets);
}

static void release_set(struct ed_set *set) {
    for (size_t i = 0; i < set->n_files; i++)
        free(set->files[i].local);
    free(set->files);
    memset(set, 0, sizeof *set);
}

void ed_sets_release(struct ed_sets *sets) {
    for (size_t i = 0; i < sets->n; i++)
        release_set(&sets->items[i]);
    free(sets->items);
    memset(sets, 0, sizeof *sets);
}

enum ed_status ed_sets_begin(struct ed_sets *sets, const char *kind, const char *name, const char *variant,
                             const char *version, struct ed_error *err) {
    if (sets->n >= ED_WIRE_SETS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %u sets of files for one device",
                       ED_WIRE_SETS_MAX);
    if (sets->n == sets->capacity) {
        const size_t capacity = sets->capacity ? 2 * sets->capacity : 16;
        struct ed_set *items = realloc(sets->items, capacity * sizeof *items);
        if (!items)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu sets of files", capacity);
        sets->items = items;
        sets->capacity = capacity;
    }
    struct ed_set *set = &sets->items[sets->n++];
    memset(set, 0, sizeof *set);
    snprintf(set->kind, sizeof set->kind, "%s", kind);
    snprintf(set->name, sizeof set->name, "%s", name);
    snprintf(set->variant, sizeof set->variant, "%s", variant);
    snprintf(set->version, sizeof set->version, "%s", version);
    return ED_OK;
}

// A file's own name where the wire takes it; else one made of its place in the set with the same ending,
// since engines go by endings.
static void choose_name(char out[ED_WIRE_ID_MAX_BYTES + 1], const struct ed_set *set, const char *local) {
    const char *base = ed_path_base(local), *dot = strrchr(base, '.');
    char ending[17] = "";
    if (ed_path_name_ok(base) && strlen(base) <= ED_WIRE_ID_MAX_BYTES) {
        snprintf(out, ED_WIRE_ID_MAX_BYTES + 1, "%s", base);
        return;
    }
    if (dot && dot != base && strlen(dot) < sizeof ending)
        snprintf(ending, sizeof ending, "%s", dot);
    snprintf(out, ED_WIRE_ID_MAX_BYTES + 1, "file-%zu%s", set->n_files, ending);
    if (!ed_path_name_ok(out))
        snprintf(out, ED_WIRE_ID_MAX_BYTES + 1, "file-%zu", set->n_files);
}

enum ed_status ed_sets_file(struct ed_sets *sets, const char *local, const char *sha256, int64_t bytes,
                            bool executable, struct ed_error *err) {
    struct ed_set *set = &sets->items[sets->n - 1];
    if (set->n_files >= ED_WIRE_SET_FILES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, local, "is one of more than %u files of %s", ED_WIRE_SET_FILES_MAX,
                       set->name);
    struct ed_set_file *files = realloc(set->files, (set->n_files + 1) * sizeof *files);
    if (!files)
        return ed_fail(err, ED_ERR_NO_MEMORY, local, "no memory for a list of files");
    set->files = files;
    struct ed_set_file *file = &files[set->n_files];
    memset(file, 0, sizeof *file);
    choose_name(file->name, set, local);
    for (size_t i = 0; i < set->n_files; i++)
        if (!strcmp(files[i].name, file->name))
            return ed_fail(err, ED_ERR_USAGE, local, "and %s have the same name; a device needs them apart",
                           files[i].local);
    file->local = strdup(local);
    if (!file->local)
        return ed_fail(err, ED_ERR_NO_MEMORY, local, "no memory for a list of files");
    snprintf(file->sha256, sizeof file->sha256, "%s", sha256);
    file->bytes = bytes;
    file->executable = executable;
    set->n_files++;
    return ED_OK;
}

enum ed_status ed_sets_end(struct ed_sets *sets, const struct ed_set **set, struct ed_error *err) {
    struct ed_set *last = &sets->items[sets->n - 1];
    struct ed_buffer text;
    for (size_t i = 0; last->n_files > 1 && i < last->n_files; i++)
        if (strcmp(last->files[i].name, ed_path_base(last->files[i].local)))
            return ed_fail(
                err, ED_ERR_USAGE, last->files[i].local,
                "belongs to a model of several files, which find each other by name; rename it to letters, "
                "digits and ._@+- (at most %d), so that it can keep its name on a device",
                ED_WIRE_ID_MAX_BYTES);
    ed_buffer_init(&text, 4u << 20);
    ed_buffer_printf(&text, "%s\n%s\n%s\n%s\n", last->kind, last->name, last->variant, last->version);
    for (size_t i = 0; i < last->n_files; i++)
        ed_buffer_printf(&text, "%s %lld %d %s\n", last->files[i].sha256, (long long)last->files[i].bytes,
                         last->files[i].executable, last->files[i].name);
    enum ed_status status = ed_buffer_status(&text, last->name, err);
    if (status == ED_OK)
        ed_digest_bytes(last->id, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
    *set = last;
    for (size_t i = 0; status == ED_OK && i + 1 < sets->n; i++)
        if (!strcmp(sets->items[i].id, last->id)) {
            release_set(last);
            sets->n--;
            *set = &sets->items[i];
            break;
        }
    return status;
}

bool ed_sets_directory(const struct ed_set *set, const char *work_dir, char out[ED_PATH_BYTES]) {
    return snprintf(out, ED_PATH_BYTES, "%s/" ED_WORK_SETS "/%s", work_dir, set->id) < ED_PATH_BYTES;
}

bool ed_sets_locate(const struct ed_sets *sets, const char *work_dir, const char *local,
                    char out[ED_PATH_BYTES]) {
    for (size_t i = 0; i < sets->n; i++)
        for (size_t k = 0; k < sets->items[i].n_files; k++)
            if (!strcmp(sets->items[i].files[k].local, local))
                return snprintf(out, ED_PATH_BYTES, "%s/" ED_WORK_SETS "/%s/%s", work_dir, sets->items[i].id,
                                sets->items[i].files[k].name) < ED_PATH_BYTES;
    return false;
}
