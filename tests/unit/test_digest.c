// SPDX-License-Identifier: Apache-2.0
// SHA-256 against the published vectors and coreutils' sha256sum, and the cache of file digests with real
// files.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/path.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

// A private directory, removed at the end, and a file in it that is old enough to be cached.
struct world {
    char directory[64];
    char settled[128]; // holds "abc"
    char cache[128];
};

static void path_in(char out[128], const struct world *world, const char *name) {
    snprintf(out, 128, "%s/%s", world->directory, name);
}

static void write_file(const char *path, const void *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

// Waits until every file made so far is old enough for the cache.
static void let_settle(void) {
    ed_clock_sleep_until(ed_clock_monotonic_ns() + INT64_C(3100000000), NULL);
}

static int make_world(void **state) {
    static struct world world;
    memset(&world, 0, sizeof world);
    snprintf(world.directory, sizeof world.directory, "/tmp/edgedyno-digest-XXXXXX");
    if (!mkdtemp(world.directory))
        return -1;
    path_in(world.settled, &world, "settled");
    write_file(world.settled, "abc", 3);
    let_settle();
    path_in(world.cache, &world, "state/deep/digests.jsonl");
    *state = &world;
    return 0;
}

static int remove_world(void **state) {
    const struct world *world = *state;
    struct ed_error err = {0};
    return ed_path_remove(world->directory, &err) == ED_OK ? 0 : -1;
}

static int forget_cache(void **state) {
    const struct world *world = *state;
    unlink(world->cache);
    return 0;
}

// FIPS 180-4 example vectors and the long message of one million 'a'.
static void vectors(void **state) {
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", EMPTY_HEX},
        {"abc", ABC_HEX},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmno"
         "pqrst"
         "nopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    char hex[ED_DIGEST_HEX_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        ed_digest_bytes(hex, cases[i].text, strlen(cases[i].text));
        assert_string_equal(hex, cases[i].hex);
    }
    ed_digest_bytes(hex, NULL, 0);
    assert_string_equal(hex, EMPTY_HEX);
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    ed_digest_bytes(hex, million, 1000000);
    free(million);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void against_sha256sum(void **state) {
    const struct world *world = *state;
    // Around the block size of the hash and of the reads.
    static const size_t sizes[] = {0, 1, 55, 56, 63, 64, 65, 1048575, 1048576, 1048577, 3000000};
    char path[128], command[256], hex[ED_DIGEST_HEX_BYTES], expected[ED_DIGEST_HEX_BYTES];
    path_in(path, world, "random");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct ed_error err = {0};
        int64_t size = -1;
        unsigned char *bytes = malloc(sizes[i] + 1);
        assert_non_null(bytes);
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (unsigned char)((k * 2654435761u) >> 13);
        write_file(path, bytes, sizes[i]);
        free(bytes);
        snprintf(command, sizeof command, "sha256sum '%s'", path);
        FILE *program = popen(command, "r");
        assert_non_null(program);
        assert_non_null(fgets(expected, sizeof expected, program));
        assert_int_equal(pclose(program), 0);
        assert_int_equal(ed_digest_file(hex, &size, path, &err), ED_OK);
        assert_string_equal(hex, expected);
        assert_int_equal(size, sizes[i]);
    }
}

static void wrong_files(void **state) {
    const struct world *world = *state;
    char path[128], hex[ED_DIGEST_HEX_BYTES] = "untouched";
    struct ed_error err = {0};
    int64_t size = -1;
    path_in(path, world, "missing");
    assert_int_equal(ed_digest_file(hex, &size, path, &err), ED_ERR_NOT_FOUND);
    assert_string_equal(err.where, path);
    assert_string_equal(err.message, "cannot open the file: No such file or directory");
    assert_int_equal(ed_digest_file(hex, &size, world->directory, &err), ED_ERR_IO);
    assert_string_equal(err.message, "is a directory, and a digest needs a regular file");
    path_in(path, world, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ed_digest_file(hex, &size, path, &err), ED_ERR_IO); // and does not wait for a writer
    assert_string_equal(err.message, "is no regular file, and a digest needs a regular file");
    assert_string_equal(hex, "untouched");
    assert_int_equal(size, -1);
}

struct writer {
    const char *path;
    atomic_bool stop;
};

static void *write_on(void *context) {
    struct writer *writer = context;
    while (!atomic_load(&writer->stop)) {
        int fd = open(writer->path, O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            (void)!pwrite(fd, "x", 1, 0);
            close(fd);
        }
    }
    return NULL;
}

// 64 MiB take several ticks of the file system's clock, in which a thread writes all the time.
static void changed_while_read(void **state) {
    const struct world *world = *state;
    char path[128], hex[ED_DIGEST_HEX_BYTES];
    struct writer writer = {path, false};
    struct ed_error err = {0};
    pthread_t thread;
    path_in(path, world, "busy");
    write_file(path, "", 0);
    assert_int_equal(truncate(path, 64 << 20), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
    enum ed_status status = ed_digest_file(hex, NULL, path, &err);
    atomic_store(&writer.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status, ED_ERR_IO);
    assert_string_equal(err.message,
                        "changed while it was read; wait until nothing writes to it, then try again");
    assert_int_equal(ed_digest_file(hex, NULL, path, &err), ED_OK);
    assert_int_equal(unlink(path), 0);
}

static void sets(void **state) {
    (void)state;
    static const char *const hexes[] = {ABC_HEX, EMPTY_HEX};
    static const char *const names[] = {"models/a.gguf", "b.gguf"};
    static const char *const swapped[] = {"b.gguf", "models/a.gguf"};
    static const int64_t sizes[] = {3, 0};
    static const char lines[] = ABC_HEX "  3  a.gguf\n" EMPTY_HEX "  0  b.gguf\n";
    char hex[ED_DIGEST_HEX_BYTES], expected[ED_DIGEST_HEX_BYTES];
    ed_digest_set(hex, hexes, sizes, names, 1);
    assert_string_equal(hex, ABC_HEX);
    ed_digest_set(hex, hexes, sizes, names, 2);
    ed_digest_bytes(expected, lines, sizeof lines - 1);
    assert_string_equal(hex, expected);
    ed_digest_set(hex, hexes, sizes, swapped, 2);
    assert_string_not_equal(hex, expected);
}

static void hex_form(void **state) {
    (void)state;
    char hex[80] = ABC_HEX;
    assert_true(ed_digest_ok(hex));
    hex[0] = 'B';
    assert_false(ed_digest_ok(hex));
    hex[0] = 'g';
    assert_false(ed_digest_ok(hex));
    assert_false(ed_digest_ok(ABC_HEX "0"));
    assert_false(ed_digest_ok(&(ABC_HEX)[1]));
    assert_false(ed_digest_ok(""));
    assert_false(ed_digest_ok(NULL));
}

static struct ed_digest_cache *cache_open(const struct world *world) {
    struct ed_digest_cache *cache = NULL;
    struct ed_error err = {0};
    assert_int_equal(ed_digest_cache_new(&cache, world->cache, &err), ED_OK);
    assert_non_null(cache);
    return cache;
}

static void expect_digest(struct ed_digest_cache *cache, const char *path, bool verify,
                          const char *expected) {
    struct ed_error err = {0};
    char hex[ED_DIGEST_HEX_BYTES] = "";
    struct stat st;
    int64_t size = -1;
    if (ed_digest_cache_file(cache, hex, &size, path, verify, &err) != ED_OK)
        fail_msg("%s: %s", err.where, err.message);
    assert_string_equal(hex, expected);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(size, st.st_size);
}

// Replaces the digest of "abc" by that of nothing in the cache file, and makes the file's own checksum fit: a
// lie that only the cache can tell, so that a hit and a computed digest are told apart.
static void plant_lie(const struct world *world) {
    struct ed_error err = {0};
    struct ed_buffer text;
    char hex[ED_DIGEST_HEX_BYTES];
    ed_buffer_init(&text, 1 << 20);
    assert_int_equal(ed_path_read(world->cache, 1 << 20, &text, &err), ED_OK);
    char *header = strstr(text.data, "\"sha256\":\""), *body = strchr(text.data, '\n');
    assert_non_null(header);
    assert_non_null(body);
    char *entry = strstr(++body, ABC_HEX);
    assert_non_null(entry);
    memcpy(entry, EMPTY_HEX, 64);
    ed_digest_bytes(hex, body, strlen(body));
    memcpy(header + 10, hex, 64);
    write_file(world->cache, text.data, text.size);
    ed_buffer_release(&text);
}

static void store_settled(const struct world *world) {
    struct ed_digest_cache *cache = cache_open(world);
    expect_digest(cache, world->settled, false, ABC_HEX);
    ed_digest_cache_free(cache);
    assert_true(ed_path_exists(world->cache));
}

static void cache_hit_and_verify(void **state) {
    const struct world *world = *state;
    store_settled(world);
    plant_lie(world);
    struct ed_digest_cache *cache = cache_open(world);
    expect_digest(cache, world->settled, false, EMPTY_HEX); // it is the cache that answers
    expect_digest(cache, world->settled, true, ABC_HEX);    // --verify reads the file
    expect_digest(cache, world->settled, false, ABC_HEX);   // and mends the entry
    ed_digest_cache_free(cache);
    cache = cache_open(world);
    expect_digest(cache, world->settled, false, ABC_HEX);
    ed_digest_cache_free(cache);
    expect_digest(NULL, world->settled, false, ABC_HEX);
}

static void cache_fresh_file(void **state) {
    const struct world *world = *state;
    char path[128];
    path_in(path, world, "fresh");
    write_file(path, "abc", 3);
    struct ed_digest_cache *cache = cache_open(world);
    expect_digest(cache, path, false, ABC_HEX);
    ed_digest_cache_free(cache);
    assert_false(ed_path_exists(world->cache)); // too young to be stored: nothing was new
}

static void cache_changed_file(void **state) {
    const struct world *world = *state;
    char same_size[128], replaced[128], other[128], abd[ED_DIGEST_HEX_BYTES];
    struct stat st;
    ed_digest_bytes(abd, "abd", 3);
    path_in(same_size, world, "same-size");
    path_in(replaced, world, "replaced");
    path_in(other, world, "other");
    write_file(same_size, "abc", 3);
    write_file(replaced, "abc", 3);
    let_settle();
    struct ed_digest_cache *cache = cache_open(world);
    expect_digest(cache, same_size, false, ABC_HEX);
    expect_digest(cache, replaced, false, ABC_HEX);
    ed_digest_cache_free(cache);

    cache = cache_open(world);
    // Same size, and the old mtime put back, as a copying program may do.
    assert_int_equal(stat(same_size, &st), 0);
    write_file(same_size, "abd", 3);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, same_size, times, 0), 0);
    expect_digest(cache, same_size, false, abd);
    // Another file of the same size and mtime, renamed over the old one.
    assert_int_equal(stat(replaced, &st), 0);
    write_file(other, "abd", 3);
    const struct timespec other_times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, other, other_times, 0), 0);
    assert_int_equal(rename(other, replaced), 0);
    expect_digest(cache, replaced, false, abd);
    ed_digest_cache_free(cache);
}

// Two files that differ by nothing but inode and content: made anew until both fall into one tick of the file
// system's clock.
static void cache_twins(void **state) {
    const struct world *world = *state;
    char first[128], second[128], abd[ED_DIGEST_HEX_BYTES];
    struct stat a, b;
    int tries = 0;
    ed_digest_bytes(abd, "abd", 3);
    path_in(first, world, "first");
    path_in(second, world, "second");
    do {
        if (tries++ == 10000)
            skip(); // a file system whose clock ticks between any two calls
        write_file(first, "abc", 3);
        write_file(second, "abd", 3);
        const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
        assert_int_equal(utimensat(AT_FDCWD, first, times, 0), 0);
        assert_int_equal(utimensat(AT_FDCWD, second, times, 0), 0);
        assert_int_equal(stat(first, &a) + stat(second, &b), 0);
    } while (memcmp(&a.st_ctim, &b.st_ctim, sizeof a.st_ctim) != 0);
    let_settle();
    struct ed_digest_cache *cache = cache_open(world);
    expect_digest(cache, first, false, ABC_HEX);
    expect_digest(cache, second, false, abd);
    ed_digest_cache_free(cache);
}

// Every byte of the cache file flipped, and every length it may be cut to: the file's true digest each time.
static void cache_damaged(void **state) {
    const struct world *world = *state;
    struct ed_error err = {0};
    struct ed_buffer good;
    store_settled(world);
    ed_buffer_init(&good, 1 << 20);
    assert_int_equal(ed_path_read(world->cache, 1 << 20, &good, &err), ED_OK);
    assert_true(good.size > 200);
    for (size_t i = 0; i < 2 * good.size; i++) {
        char *copy = malloc(good.size);
        assert_non_null(copy);
        memcpy(copy, good.data, good.size);
        copy[i % good.size] ^= 1;
        if (i < good.size)
            write_file(world->cache, copy, good.size);
        else
            write_file(world->cache, good.data, i - good.size);
        free(copy);
        struct ed_digest_cache *cache = cache_open(world);
        expect_digest(cache, world->settled, false, ABC_HEX);
        ed_digest_cache_free(cache);
    }
    ed_buffer_release(&good);
    static const char *const rubbish[] = {
        "\n", "{}\n", "[1]\n", "null", "{\"format\":7,\"sha256\":null}\n", "\xff\xfe\n\n"};
    for (size_t i = 0; i < COUNT(rubbish); i++) {
        write_file(world->cache, rubbish[i], strlen(rubbish[i]));
        struct ed_digest_cache *cache = cache_open(world);
        expect_digest(cache, world->settled, false, ABC_HEX);
        ed_digest_cache_free(cache);
        plant_lie(world); // fails unless the good entry was written again
    }
}

// Two processes' caches: what one wrote is kept by the other, which had read the file before.
static void cache_shared(void **state) {
    const struct world *world = *state;
    char path[128];
    struct ed_digest_cache *first = cache_open(world), *second = cache_open(world);
    path_in(path, world, "replaced"); // settled and not changed since the earlier test; made here when that
                                      // did not run
    if (!ed_path_exists(path))
        write_file(path, "abd", 3);
    let_settle();
    expect_digest(first, world->settled, false, ABC_HEX);
    ed_digest_cache_free(first);
    struct ed_error err = {0};
    char hex[ED_DIGEST_HEX_BYTES];
    assert_int_equal(ed_digest_cache_file(second, hex, NULL, path, false, &err), ED_OK);
    ed_digest_cache_free(second);
    plant_lie(world); // the first one's entry is still there
    struct ed_digest_cache *cache = cache_open(world);
    expect_digest(cache, world->settled, false, EMPTY_HEX);
    ed_digest_cache_free(cache);
}

// A full cache drops its oldest entry for a new one.
static void cache_full(void **state) {
    const struct world *world = *state;
    enum { ENTRIES = 10000 };
    struct ed_buffer body, file;
    struct ed_error err = {0};
    char hex[ED_DIGEST_HEX_BYTES];
    store_settled(world); // makes the directory
    ed_buffer_init(&body, 4 << 20);
    ed_buffer_init(&file, 4 << 20);
    for (int i = 0; i < ENTRIES; i++)
        ed_buffer_printf(&body, "{\"stamp\":\"entry %d\",\"sha256\":\"" EMPTY_HEX "\"}\n", i);
    ed_digest_bytes(hex, body.data, body.size);
    ed_buffer_printf(&file, "{\"format\":\"edgedyno-digests-1\",\"sha256\":\"%s\"}\n%s", hex, body.data);
    write_file(world->cache, file.data, file.size);
    store_settled(world);
    assert_int_equal(ed_path_read(world->cache, 4 << 20, &file, &err), ED_OK);
    size_t lines = 0;
    for (const char *p = file.data; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, ENTRIES + 1);
    assert_null(strstr(file.data, "\"entry 0\""));
    assert_non_null(strstr(file.data, "\"entry 1\""));
    assert_non_null(strstr(file.data, "\"entry 9999\""));
    assert_non_null(strstr(file.data, ABC_HEX));
    ed_buffer_release(&body);
    ed_buffer_release(&file);
}

// A cache that cannot be written is no error.
static void cache_unwritable(void **state) {
    const struct world *world = *state;
    struct ed_digest_cache *cache = NULL;
    struct ed_error err = {0};
    char path[128];
    path_in(path, world, "settled/below-a-file");
    assert_int_equal(ed_digest_cache_new(&cache, path, &err), ED_OK);
    expect_digest(cache, world->settled, false, ABC_HEX);
    ed_digest_cache_free(cache);
    expect_digest(NULL, world->settled, false, ABC_HEX);
    ed_digest_cache_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(against_sha256sum),
        cmocka_unit_test(wrong_files),
        cmocka_unit_test(changed_while_read),
        cmocka_unit_test(sets),
        cmocka_unit_test(hex_form),
        cmocka_unit_test_setup(cache_hit_and_verify, forget_cache),
        cmocka_unit_test_setup(cache_fresh_file, forget_cache),
        cmocka_unit_test_setup(cache_changed_file, forget_cache),
        cmocka_unit_test_setup(cache_twins, forget_cache),
        cmocka_unit_test_setup(cache_damaged, forget_cache),
        cmocka_unit_test_setup(cache_shared, forget_cache),
        cmocka_unit_test_setup(cache_full, forget_cache),
        cmocka_unit_test_setup(cache_unwritable, forget_cache),
    };
    return cmocka_run_group_tests_name("digest", tests, make_world, remove_world);
}
