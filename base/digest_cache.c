// SPDX-License-Identifier: Apache-2.0
// A file of digests already computed. The first line holds the digest of all that follows, so that a damaged
// file is noticed and treated as empty; each further line is one entry, oldest first. An entry's key is the
// stamp: size, mtime, ctime, inode and device of the file as one text, because nanoseconds and inode numbers
// may exceed what JSON readers keep exactly.
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/path.h"

#define CACHE_FORMAT "edgedyno-digests-1"
#define CACHE_ENTRIES_MAX 10000
#define CACHE_FILE_BYTES_MAX ((size_t)4 << 20)
#define CACHE_LINE_BYTES_MAX 512
#define STAMP_BYTES 160
#define SETTLED_NS INT64_C(2000000000)

struct entry {
    char stamp[STAMP_BYTES];
    char hex[ED_DIGEST_HEX_BYTES];
};

// Entries in the order of their age, oldest first.
struct entry_list {
    struct entry *items;
    size_t n, capacity;
};

struct ed_digest_cache {
    char path[ED_PATH_BYTES];
    struct entry_list known; // from the file and new
    struct entry_list fresh; // new, to be written
};

static void stamp_format(char stamp[STAMP_BYTES], const struct stat *st) {
    snprintf(stamp, STAMP_BYTES, "%lld %lld.%09ld %lld.%09ld %llu %llu", (long long)st->st_size,
             (long long)st->st_mtim.tv_sec, (long)st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
             (long)st->st_ctim.tv_nsec, (unsigned long long)st->st_ino, (unsigned long long)st->st_dev);
}

static struct entry *entry_find(const struct entry_list *list, const char *stamp) {
    for (size_t i = list->n; i-- > 0;)
        if (strcmp(list->items[i].stamp, stamp) == 0)
            return &list->items[i];
    return NULL;
}

// Drops the oldest where the list is full. Without memory the entry is simply not kept.
static void entry_append(struct entry_list *list, const char *stamp, const char *hex) {
    if (list->n == CACHE_ENTRIES_MAX) {
        memmove(list->items, list->items + 1, (list->n - 1) * sizeof *list->items);
        list->n--;
    } else if (list->n == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct entry *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return;
        list->items = items;
        list->capacity = capacity;
    }
    struct entry *item = &list->items[list->n++];
    snprintf(item->stamp, sizeof item->stamp, "%s", stamp);
    snprintf(item->hex, sizeof item->hex, "%s", hex);
}

static void entry_put(struct entry_list *list, const char *stamp, const char *hex) {
    struct entry *item = entry_find(list, stamp);
    if (item)
        snprintf(item->hex, sizeof item->hex, "%s", hex);
    else
        entry_append(list, stamp, hex);
}

static void entry_list_release(struct entry_list *list) {
    free(list->items);
    memset(list, 0, sizeof *list);
}

// One JSON object on `line` with the two texts that are named; false for anything else.
static bool line_read(const char *line, size_t bytes, const char *first_key, char *first, size_t first_bytes,
                      const char *second_key, char *second, size_t second_bytes) {
    struct ed_json_document document = {0};
    struct ed_error ignored = {0};
    bool ok = false;

    if (bytes <= CACHE_LINE_BYTES_MAX &&
        ed_json_parse(&document, "digest cache", line, bytes, &ignored) == ED_OK) {
        struct ed_json_at root = ed_json_root(&document);
        const char *const keys[] = {first_key, second_key, NULL};
        ok = ed_json_expect_object(&root, &ignored) == ED_OK &&
             ed_json_known_keys(&root, keys, &ignored) == ED_OK &&
             ed_json_get_string(&root, first_key, first, first_bytes, &ignored) == ED_OK &&
             ed_json_get_string(&root, second_key, second, second_bytes, &ignored) == ED_OK;
    }
    ed_json_document_release(&document);
    return ok;
}

// Fills `list` from the file. Whatever is wrong with it leaves the list empty.
static void cache_load(struct entry_list *list, const char *path) {
    struct ed_buffer text;
    struct ed_error ignored = {0};
    char format[sizeof CACHE_FORMAT], hex[ED_DIGEST_HEX_BYTES], expected[ED_DIGEST_HEX_BYTES],
        stamp[STAMP_BYTES];
    bool ok = false;

    ed_buffer_init(&text, CACHE_FILE_BYTES_MAX);
    if (ed_path_read(path, CACHE_FILE_BYTES_MAX, &text, &ignored))
        goto out;
    const char *line = ed_buffer_text(&text), *end = line + text.size;
    const char *stop = memchr(line, '\n', text.size);
    if (!stop || !line_read(line, (size_t)(stop - line), "format", format, sizeof format, "sha256", expected,
                            sizeof expected))
        goto out;
    line = stop + 1;
    ed_digest_bytes(hex, line, (size_t)(end - line));
    if (strcmp(format, CACHE_FORMAT) != 0 || strcmp(hex, expected) != 0)
        goto out;
    while (line < end) {
        stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop || list->n == CACHE_ENTRIES_MAX ||
            !line_read(line, (size_t)(stop - line), "stamp", stamp, sizeof stamp, "sha256", hex,
                       sizeof hex) ||
            !ed_digest_ok(hex))
            goto out;
        entry_append(list, stamp, hex);
        line = stop + 1;
    }
    ok = true;
out:
    if (!ok)
        list->n = 0;
    ed_buffer_release(&text);
}

enum ed_status ed_digest_cache_new(struct ed_digest_cache **cache, const char *path, struct ed_error *err) {
    *cache = NULL;
    if (strlen(path) >= ED_PATH_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the path of the digest cache is longer than %d bytes",
                       ED_PATH_BYTES - 1);
    struct ed_digest_cache *made = calloc(1, sizeof *made);
    if (!made)
        return ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory for the digest cache");
    snprintf(made->path, sizeof made->path, "%s", path);
    cache_load(&made->known, path);
    *cache = made;
    return ED_OK;
}

// Whether a later write must leave another mtime or ctime, however coarse the file system's clock is.
static bool is_settled(const struct stat *st, int64_t now_ns) {
    int64_t newest_s = st->st_mtim.tv_sec > st->st_ctim.tv_sec ? st->st_mtim.tv_sec : st->st_ctim.tv_sec;
    // In seconds, since a wild mtime would overflow in nanoseconds; one more second covers the fraction that
    // is left out.
    return newest_s < (now_ns - SETTLED_NS) / 1000000000;
}

enum ed_status ed_digest_cache_file(struct ed_digest_cache *cache, char hex[ED_DIGEST_HEX_BYTES],
                                    int64_t *size, const char *path, bool verify, struct ed_error *err) {
    char stamp[STAMP_BYTES], stamp_after[STAMP_BYTES];
    struct stat st;

    if (!cache || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return ed_digest_file(hex, size, path, err);
    stamp_format(stamp, &st);
    const struct entry *hit = verify ? NULL : entry_find(&cache->known, stamp);
    if (hit) {
        snprintf(hex, ED_DIGEST_HEX_BYTES, "%s", hit->hex);
        if (size)
            *size = st.st_size;
        return ED_OK;
    }

    int64_t now_ns = ed_clock_read_ns(CLOCK_REALTIME);
    enum ed_status status = ed_digest_file(hex, size, path, err);
    if (status)
        return status;
    if (!is_settled(&st, now_ns) || stat(path, &st) != 0)
        return ED_OK;
    stamp_format(stamp_after, &st);
    const struct entry *known = entry_find(&cache->known, stamp);
    if (strcmp(stamp, stamp_after) == 0 && !(known && strcmp(known->hex, hex) == 0)) {
        entry_put(&cache->known, stamp, hex);
        entry_put(&cache->fresh, stamp, hex);
    }
    return ED_OK;
}

void ed_digest_cache_learn(struct ed_digest_cache *cache, const char *path, const char *hex) {
    char stamp[STAMP_BYTES];
    struct stat st;
    if (!cache || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    stamp_format(stamp, &st);
    entry_put(&cache->known, stamp, hex);
    entry_put(&cache->fresh, stamp, hex);
}

static void lines_append(struct ed_buffer *out, const char *first_key, const char *first,
                         const char *second) {
    struct ed_json_writer writer;
    ed_json_writer_init(&writer, out, false);
    ed_json_object_begin(&writer, NULL);
    ed_json_text(&writer, first_key, first);
    ed_json_text(&writer, "sha256", second);
    ed_json_object_end(&writer);
    ed_buffer_append(out, "\n", 1);
}

// Adds what is new to the file as it is now, which another process may have replaced since it was read.
static void cache_save(const struct ed_digest_cache *cache) {
    struct entry_list list = {0};
    struct ed_buffer body, file;
    struct ed_error ignored = {0};
    char hex[ED_DIGEST_HEX_BYTES], directory[ED_PATH_BYTES];

    ed_buffer_init(&body, CACHE_FILE_BYTES_MAX);
    ed_buffer_init(&file, CACHE_FILE_BYTES_MAX);
    cache_load(&list, cache->path);
    for (size_t i = 0; i < cache->fresh.n; i++)
        entry_put(&list, cache->fresh.items[i].stamp, cache->fresh.items[i].hex);
    for (size_t i = 0; i < list.n; i++)
        lines_append(&body, "stamp", list.items[i].stamp, list.items[i].hex);
    ed_digest_bytes(hex, ed_buffer_text(&body), body.size);
    lines_append(&file, "format", CACHE_FORMAT, hex);
    ed_buffer_append(&file, ed_buffer_text(&body), body.size);

    ed_path_directory(directory, cache->path);
    if (ed_buffer_status(&body, "digest cache", &ignored) == ED_OK &&
        ed_buffer_status(&file, "digest cache", &ignored) == ED_OK &&
        ed_path_make(directory, 0700, &ignored) == ED_OK)
        (void)ed_path_write_atomic(cache->path, ed_buffer_text(&file), file.size, 0600, &ignored);
    entry_list_release(&list);
    ed_buffer_release(&body);
    ed_buffer_release(&file);
}

void ed_digest_cache_free(struct ed_digest_cache *cache) {
    if (!cache)
        return;
    if (cache->fresh.n > 0)
        cache_save(cache);
    entry_list_release(&cache->known);
    entry_list_release(&cache->fresh);
    free(cache);
}
