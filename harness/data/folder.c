// SPDX-License-Identifier: Apache-2.0
// Reading a folder of images.
#include "harness/data/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "harness/metrics.h"

#define NAME_MAX_BYTES 1024

void ed_folder_release(struct ed_folder *folder) {
    for (size_t i = 0; folder->files && i < folder->n; i++)
        free(folder->files[i]);
    free(folder->files);
    free(folder->labels);
    memset(folder, 0, sizeof *folder);
}

// Room doubles, so that a million names are not copied a million times.
static enum ed_status add(struct ed_folder *folder, const char *name, int64_t label, struct ed_error *err) {
    const size_t n = folder->n;
    if (n >= ED_FOLDER_FILES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d images", ED_FOLDER_FILES_MAX);
    if ((n & (n - 1)) == 0) {
        char **files = reallocarray(folder->files, n ? 2 * n : 1, sizeof *files);
        folder->files = files ? files : folder->files;
        int64_t *labels = files ? reallocarray(folder->labels, n ? 2 * n : 1, sizeof *labels) : NULL;
        folder->labels = labels ? labels : folder->labels;
        if (!files || !labels)
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of images");
    }
    folder->files[n] = strdup(name);
    if (!folder->files[n])
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of images");
    folder->labels[n] = label;
    folder->n++;
    return ED_OK;
}

bool ed_folder_stays_inside(const char *name) {
    for (const char *part = name;;) {
        const size_t n = strcspn(part, "/");
        if (!n || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)part[i] < ' ' || part[i] == 127)
                return false;
        if (!part[n])
            return true;
        part += n + 1;
    }
}

#define CLASS_DIGITS 9

// A class: digits alone, few enough for an int64_t.
static bool class_read(const char *text, size_t n, int64_t *out) {
    while (n && (text[0] == ' ' || text[0] == '\t'))
        text++, n--;
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    *out = 0;
    if (n == 0 || n > CLASS_DIGITS)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

// The first field, quoted or not; *rest is behind its comma. False: it does not end in one, or is too long.
static bool name_read(const char *line, size_t n, char name[NAME_MAX_BYTES], size_t *rest) {
    size_t used = 0, i = 0;
    const bool quoted = n && line[0] == '"';
    for (i = quoted; i < n && used + 1 < NAME_MAX_BYTES; i++) {
        if (quoted && line[i] == '"') {
            if (i + 1 < n && line[i + 1] == '"')
                i++;
            else
                break;
        } else if (!quoted && line[i] == ',') {
            break;
        }
        name[used++] = line[i];
    }
    name[used] = 0;
    i += quoted;
    *rest = i + 1;
    return i < n && line[i] == ',' && strlen(name) == used;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum ed_status ed_folder_check_twice(char *const *files, size_t n, const char *where, struct ed_error *err) {
    char **sorted = calloc(n + 1, sizeof *sorted);
    enum ed_status status = ED_OK;
    if (!sorted)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of files");
    memcpy(sorted, files, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 1; status == ED_OK && i < n; i++)
        if (!strcmp(sorted[i - 1], sorted[i]))
            status = ed_fail(err, ED_ERR_USAGE, where, "has \"%.200s\" twice", sorted[i]);
    free(sorted);
    return status;
}

enum ed_status ed_folder_parse(struct ed_folder *folder, const char *text, size_t bytes, const char *where,
                               struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t line = 0;
    memset(folder, 0, sizeof *folder);
    folder->labelled = true;
    if (bytes >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        text += 3, bytes -= 3;
    for (const char *end = text + bytes; status == ED_OK && text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text), rest = 0;
        const char *start = text;
        char name[NAME_MAX_BYTES];
        int64_t label = 0;
        text = stop ? stop + 1 : end;
        if (n && start[n - 1] == '\r')
            n--;
        if (!n)
            continue;
        const bool named = name_read(start, n, name, &rest),
                   classed = named && class_read(start + rest, n - rest, &label);
        if (named && !classed && !line)
            continue; // a heading
        if (!classed)
            status = ed_fail(err, ED_ERR_USAGE, where,
                             "line %zu is not FILE,CLASS with a class of 0 or more: \"%.*s\"", line + 1,
                             (int)(n < 80 ? n : 80), start);
        else if (!ed_folder_stays_inside(name))
            status = ed_fail(err, ED_ERR_USAGE, where, "line %zu names \"%.80s\", which is not in the folder",
                             line + 1, name);
        else
            status = add(folder, name, label, err);
    }
    if (status == ED_OK && !folder->n)
        status = ed_fail(err, ED_ERR_USAGE, where, "names no image");
    if (status == ED_OK)
        status = ed_folder_check_twice(folder->files, folder->n, where, err);
    if (status != ED_OK)
        ed_folder_release(folder);
    return status;
}

static bool is_image(const char *name) {
    const char *ending = strrchr(name, '.');
    return ending &&
           (!strcasecmp(ending, ".png") || !strcasecmp(ending, ".jpg") || !strcasecmp(ending, ".jpeg"));
}

// The order of alphasort goes by the locale.
static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum ed_status ed_folder_list(const char *path, struct dirent ***names, int *n, struct ed_error *err) {
    *n = scandir(path, names, NULL, by_bytes);
    return *n < 0 ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m") : ED_OK;
}

void ed_folder_list_release(struct dirent **names, int n) {
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

// The images of one folder, all of one class; `prefix` is that folder relative to the whole, "" for itself.
static enum ed_status add_images(struct ed_folder *folder, const char *path, const char *prefix,
                                 int64_t label, struct ed_error *err) {
    struct dirent **names = NULL;
    char name[NAME_MAX_BYTES];
    int n = 0;
    enum ed_status status = ed_folder_list(path, &names, &n, err);
    for (int i = 0; status == ED_OK && i < n; i++) {
        if (!is_image(names[i]->d_name))
            continue;
        snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "/" : "", names[i]->d_name);
        status = add(folder, name, label, err);
    }
    ed_folder_list_release(names, n);
    return status;
}

static enum ed_status add_classes(struct ed_folder *folder, const char *path, struct ed_error *err) {
    struct dirent **names = NULL;
    char inner[ED_PATH_BYTES];
    int n = 0;
    int64_t label = 0;
    enum ed_status status = ed_folder_list(path, &names, &n, err);
    for (int i = 0; status == ED_OK && i < n; i++) {
        if (names[i]->d_name[0] == '.')
            continue;
        status = ed_path_join(inner, path, names[i]->d_name, err);
        if (status == ED_OK && ed_path_is_directory(inner))
            status = add_images(folder, inner, names[i]->d_name, label++, err);
    }
    folder->labelled = label > 0;
    ed_folder_list_release(names, n);
    return status;
}

enum ed_status ed_folder_read(struct ed_folder *folder, const char *path, const char *labels,
                              struct ed_error *err) {
    char own[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(own, path, ED_FOLDER_LABELS, err);
    memset(folder, 0, sizeof *folder);
    if (status == ED_OK && (labels[0] || ed_path_exists(own))) {
        const char *file = labels[0] ? labels : own;
        struct ed_buffer text;
        ed_buffer_init(&text, ED_FOLDER_LABELS_MAX_BYTES);
        status = ed_path_read(file, ED_FOLDER_LABELS_MAX_BYTES, &text, err);
        if (status == ED_OK)
            status = ed_folder_parse(folder, ed_buffer_text(&text), text.size, file, err);
        ed_buffer_release(&text);
        return status;
    }
    if (status == ED_OK)
        status = add_classes(folder, path, err);
    if (status == ED_OK && !folder->labelled)
        status = add_images(folder, path, "", 0, err);
    if (status == ED_OK && !folder->n)
        status = ed_fail(err, ED_ERR_USAGE, path,
                         "holds no image: a name ends in .png, .jpg or .jpeg; a folder of recordings needs "
                         "the metric " ED_METRIC_SPEECH);
    if (status != ED_OK)
        ed_folder_release(folder);
    return status;
}
