// SPDX-License-Identifier: Apache-2.0
// Sets as messages and as files: reading, checking, writing.
#include <stdlib.h>
#include <string.h>

#include "runners/lease_record.h"
#include "runners/store_parts.h"

static const char *const kinds[] = {"engine", "adapter", "model", "data", "libc"};

// Text for people, which may be empty: no control characters, since it is shown on terminals.
static enum ed_status get_words(const struct ed_json_at *object, const char *key, bool required, char *out,
                                size_t bytes, struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(object, key);
    const bool empty =
        !at.value || cJSON_IsNull(at.value) || (cJSON_IsString(at.value) && !at.value->valuestring[0]);
    out[0] = 0;
    if (empty && !required)
        return ED_OK;
    enum ed_status status = ed_json_get_string(object, key, out, bytes, err);
    if (status == ED_OK && !ed_lease_text_ok(out, bytes - 1, !required))
        status = ed_json_fail(&at, err, "has a control character");
    return status;
}

static enum ed_status get_digest(const struct ed_json_at *object, const char *key,
                                 char out[ED_DIGEST_HEX_BYTES], struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(object, key);
    const char *text = "";
    enum ed_status status = ed_json_get_text(object, key, &text, err);
    if (status == ED_OK && !ed_digest_ok(text))
        status = ed_json_fail(&at, err, "expected 64 lower-case hexadecimal digits");
    if (status == ED_OK)
        memcpy(out, text, ED_DIGEST_HEX_BYTES);
    return status;
}

static enum ed_status parse_file(struct ed_store_file *file, const struct ed_json_at *at,
                                 struct ed_error *err) {
    const struct ed_json_at name = ed_json_member(at, "name");
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = ed_json_get_string(at, "name", file->name, sizeof file->name, err);
    if (status == ED_OK && (!ed_path_name_ok(file->name) || !strcmp(file->name, ED_SET_FILE)))
        status = ed_json_fail(
            &name, err,
            "expected the name of a file: letters, digits and . _ @ + -, not beginning with a dot or "
            "dash, and not " ED_SET_FILE);
    if (status == ED_OK)
        status = ed_json_get_int(at, "bytes", 0, INT64_C(1) << 53, &file->bytes, err);
    if (status == ED_OK)
        status = get_digest(at, "sha256", file->sha256, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "executable", &file->executable, err);
    return status;
}

static int by_name(const void *a, const void *b) {
    const struct ed_store_file *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static enum ed_status check_names(const struct ed_store_set *set, const struct ed_json_at *files,
                                  struct ed_error *err) {
    const struct ed_store_file **sorted = calloc(set->n_files + 1, sizeof *sorted);
    enum ed_status status =
        sorted ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a set of files");
    for (size_t i = 0; sorted && i < set->n_files; i++)
        sorted[i] = &set->files[i];
    if (sorted)
        qsort(sorted, set->n_files, sizeof *sorted, by_name);
    for (size_t i = 1; status == ED_OK && i < set->n_files; i++)
        if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
            status = ed_json_fail(files, err, "two files are called '%s'", sorted[i]->name);
    free(sorted);
    return status;
}

static enum ed_status parse_files(struct ed_store_set *set, const struct ed_json_at *at,
                                  struct ed_error *err) {
    const struct ed_json_at files = ed_json_member(at, "files");
    enum ed_status status = ed_json_expect_array(&files, err);
    const size_t n = ed_json_count(&files);
    if (status == ED_OK && (n == 0 || n > ED_WIRE_SET_FILES_MAX))
        status = ed_json_fail(&files, err, "has %zu files; 1 to %u are allowed", n, ED_WIRE_SET_FILES_MAX);
    if (status != ED_OK)
        return status;
    set->files = calloc(n, sizeof *set->files);
    if (!set->files)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a set of %zu files", n);
    set->n_files = n;
    struct ed_json_at element = ed_json_element(&files, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, element = ed_json_next(&element)) {
        status = parse_file(&set->files[i], &element, err);
        // 1024 files of at most 2^53 bytes stay below 2^63.
        set->bytes += set->files[i].bytes;
    }
    return status == ED_OK ? check_names(set, &files, err) : status;
}

enum ed_status ed_store_set_parse(struct ed_store_set *set, const struct ed_json_at *at,
                                  struct ed_error *err) {
    const struct ed_json_at kind = ed_json_member(at, "kind");
    const int64_t most = INT64_C(1) << 53;
    bool known = false;
    memset(set, 0, sizeof *set);
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = get_digest(at, "id", set->id, err);
    if (status == ED_OK)
        status = ed_json_get_string(at, "kind", set->kind, sizeof set->kind, err);
    for (size_t i = 0; status == ED_OK && i < sizeof kinds / sizeof *kinds; i++)
        known = known || !strcmp(set->kind, kinds[i]);
    if (status == ED_OK && !known)
        status = ed_json_fail(&kind, err, "expected engine, adapter, model, data or libc");
    if (status == ED_OK)
        status = get_words(at, "name", true, set->name, sizeof set->name, err);
    if (status == ED_OK)
        status = get_words(at, "variant", false, set->variant, sizeof set->variant, err);
    if (status == ED_OK)
        status = get_words(at, "version", false, set->version, sizeof set->version, err);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "made_us", 0, most, &set->made_us, err);
    if (status == ED_OK)
        status = parse_files(set, at, err);
    if (status != ED_OK)
        ed_store_set_release(set);
    return status;
}

void ed_store_set_release(struct ed_store_set *set) {
    free(set->files);
    memset(set, 0, sizeof *set);
}

void ed_store_sets_release(struct ed_store_sets *sets) {
    for (size_t i = 0; i < sets->n; i++)
        ed_store_set_release(&sets->items[i]);
    free(sets->items);
    memset(sets, 0, sizeof *sets);
}

static int by_id(const void *a, const void *b) {
    const struct ed_store_set *const *left = a, *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

static enum ed_status check_ids(const struct ed_store_sets *sets, const struct ed_json_at *array,
                                struct ed_error *err) {
    const struct ed_store_set **sorted = calloc(sets->n + 1, sizeof *sorted);
    enum ed_status status =
        sorted ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of sets");
    for (size_t i = 0; sorted && i < sets->n; i++)
        sorted[i] = &sets->items[i];
    if (sorted)
        qsort(sorted, sets->n, sizeof *sorted, by_id);
    for (size_t i = 1; status == ED_OK && i < sets->n; i++)
        if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
            status = ed_json_fail(array, err, "the set %.12s... is in it twice", sorted[i]->id);
    free(sorted);
    return status;
}

enum ed_status ed_store_sets_parse(struct ed_store_sets *sets, const struct ed_json_at *message,
                                   struct ed_error *err) {
    const struct ed_json_at array = ed_json_member(message, "sets");
    struct ed_store_file *files = NULL;
    size_t n_distinct = 0;
    memset(sets, 0, sizeof *sets);
    enum ed_status status = ed_json_expect_array(&array, err);
    const size_t n = ed_json_count(&array);
    if (status == ED_OK && n > ED_WIRE_SETS_MAX)
        status = ed_json_fail(&array, err, "has %zu sets; at most %u are allowed", n, ED_WIRE_SETS_MAX);
    if (status != ED_OK)
        return status;
    sets->items = calloc(n ? n : 1, sizeof *sets->items);
    if (!sets->items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu sets of files", n);
    struct ed_json_at element = ed_json_element(&array, 0);
    for (; status == ED_OK && sets->n < n; element = ed_json_next(&element)) {
        status = ed_store_set_parse(&sets->items[sets->n], &element, err);
        sets->n += status == ED_OK;
    }
    if (status == ED_OK)
        status = check_ids(sets, &array, err);
    // A digest with two sizes is a lie, whichever is true.
    if (status == ED_OK)
        status = ed_store_distinct(sets, &files, &n_distinct, err);
    free(files);
    if (status != ED_OK)
        ed_store_sets_release(sets);
    return status;
}

static int by_digest(const void *a, const void *b) {
    const struct ed_store_file *left = a, *right = b;
    return strcmp(left->sha256, right->sha256);
}

enum ed_status ed_store_distinct(const struct ed_store_sets *sets, struct ed_store_file **files, size_t *n,
                                 struct ed_error *err) {
    size_t all = 0, kept = 0;
    *n = 0;
    for (size_t i = 0; i < sets->n; i++)
        all += sets->items[i].n_files;
    struct ed_store_file *list = calloc(all + 1, sizeof *list);
    *files = NULL;
    if (!list)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of %zu files", all);
    all = 0;
    for (size_t i = 0; i < sets->n; i++)
        for (size_t k = 0; k < sets->items[i].n_files; k++)
            list[all++] = sets->items[i].files[k];
    qsort(list, all, sizeof *list, by_digest);
    for (size_t i = 0; i < all; i++) {
        if (kept && !strcmp(list[kept - 1].sha256, list[i].sha256)) {
            if (list[kept - 1].bytes != list[i].bytes) {
                ed_fail(err, ED_ERR_USAGE, list[i].name,
                        "the digest %.12s... comes with two sizes, %lld and %lld bytes", list[i].sha256,
                        (long long)list[kept - 1].bytes, (long long)list[i].bytes);
                free(list);
                return ED_ERR_USAGE;
            }
            list[kept - 1].executable = list[kept - 1].executable || list[i].executable;
        } else {
            list[kept++] = list[i];
        }
    }
    *files = list;
    *n = kept;
    return ED_OK;
}

const struct ed_store_file *ed_store_find(const struct ed_store_file *files, size_t n, const char *sha256) {
    struct ed_store_file key = {0};
    snprintf(key.sha256, sizeof key.sha256, "%s", sha256);
    return n ? bsearch(&key, files, n, sizeof *files, by_digest) : NULL;
}

void ed_store_set_write(struct ed_json_writer *w, const struct ed_store_set *set, size_t files_max) {
    ed_json_text(w, "id", set->id);
    ed_json_text(w, "kind", set->kind);
    ed_json_text(w, "name", set->name);
    ed_json_text(w, "variant", set->variant);
    ed_json_text(w, "version", set->version);
    ed_json_int(w, "made_us", set->made_us);
    ed_json_array_begin(w, "files");
    for (size_t i = 0; i < set->n_files && set->n_files <= files_max; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", set->files[i].name);
        ed_json_int(w, "bytes", set->files[i].bytes);
        ed_json_text(w, "sha256", set->files[i].sha256);
        ed_json_bool(w, "executable", set->files[i].executable);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}
