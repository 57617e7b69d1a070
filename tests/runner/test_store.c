// SPDX-License-Identifier: Apache-2.0
// What comes to a device and what is said of it: whole ways, hostile messages, things that do not belong
// there.
#include "tests/runner/store_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/store.h"

static char token[ED_WIRE_TOKEN_MAX_BYTES + 1];

static const struct thing model = {"model", "mobilenet", "fp32", "", {{"m.onnx", 1, 50000, false}}};
static const struct thing engine = {
    "engine",
    "onnxruntime",
    "",
    "1.27.0",
    {{"libonnxruntime.so.1", 2, 120000, false}, {"plugin.so", 3, 7000, false}, {"tool", 4, 900, true}}};
// Shares a file with the engine, under another name, and has an empty one.
static const struct thing other = {
    "data", "digits", "", "", {{"images.npy", 3, 7000, false}, {"empty.npy", 5, 0, false}}};

static int setup_test(void **state) {
    (void)state;
    store_reset();
    store_lease("campaign", token);
    return 0;
}

static void expect_file(const char *path, mode_t mode, nlink_t links) {
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 07777, mode);
    assert_int_equal(st.st_nlink, links);
}

static void test_whole_way(void **state) {
    const struct thing things[] = {model, engine, other};
    char directory[ED_PATH_BYTES], target[256] = "";
    struct stat st;
    (void)state;
    struct rig_reply reply = store_have(things, 3, false);
    assert_int_equal(reply.exit_code, 0);
    // Six files, of which one is in two sets.
    assert_int_equal(store_count(&reply, "missing"), 5);
    assert_int_equal(store_count(&reply, "whole"), 0);
    assert_true(store_number(&reply, "free_bytes") > 0);
    rig_reply_release(&reply);
    store_staged(token, 178000, directory);
    assert_int_equal(stat(directory, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    thing_put(directory, &model.files[0], 50000);
    thing_put(directory, &engine.files[0], 60000); // cut off
    reply = store_have(things, 3, false);
    const cJSON *missing;
    int64_t staged = 0;
    cJSON_ArrayForEach(missing, cJSON_GetObjectItemCaseSensitive(reply.json.root, "missing")) staged +=
        rig_int(missing, "staged_bytes");
    assert_int_equal(staged, 110000);
    rig_reply_release(&reply);
    // What is whole is kept, and the part can go on.
    reply = store_adopt(token, things, 3);
    assert_int_equal(reply.exit_code, 1);
    assert_non_null(strstr(rig_reply_text(&reply, "message"), "push it"));
    rig_reply_release(&reply);
    assert_true(store_is_whole(&model));
    assert_false(store_is_whole(&engine));
    assert_false(ed_path_exists(thing_object(&engine.files[0])));
    reply = store_adopt(token, &other, 1);
    rig_expect_error(&reply, "not_found", "push it");
    store_push(token, things, 3);
    reply = store_have(things, 3, false);
    assert_int_equal(store_count(&reply, "whole"), 3);
    assert_int_equal(store_count(&reply, "missing"), 0);
    rig_reply_release(&reply);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < THING_FILES && things[i].files[k].name; k++) {
            const struct thing_file *file = &things[i].files[k];
            assert_true(thing_is_right(thing_path(&things[i], file->name), file));
            expect_file(thing_object(file), file->executable ? 0500 : 0400, 1);
        }
    snprintf(target, sizeof target, "../../objects/%s", thing_sha256(&engine.files[1]));
    char found[256] = "";
    assert_true(readlink(thing_path(&other, "images.npy"), found, sizeof found - 1) > 0);
    assert_string_equal(found, target);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 5);
    assert_int_equal(store_entries(ED_WORK_SETS), 3);
    reply = rig_call(NULL, 0, (const char *[]){"sets", "--work", rig_work, NULL});
    assert_int_equal(store_count(&reply, "sets"), 3);
    const cJSON *set;
    cJSON_ArrayForEach(set, cJSON_GetObjectItemCaseSensitive(reply.json.root, "sets")) {
        assert_true(rig_int(set, "made_us") > 0 && rig_int(set, "used_us") >= rig_int(set, "made_us"));
        if (!strcmp(rig_text(set, "kind"), "engine")) {
            assert_string_equal(rig_text(set, "version"), "1.27.0");
            assert_int_equal(rig_int(set, "bytes"), 127900);
            assert_int_equal(cJSON_GetArraySize(rig_find(set, "files")), 3);
        }
    }
    rig_reply_release(&reply);
}

static int64_t bytes_read(void) {
    char text[512];
    const char *at;
    FILE *file = fopen("/proc/self/io", "re");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = 0;
    at = strstr(text, "rchar:");
    return at ? strtoll(at + 6, NULL, 10) : -1;
}

// In this process, so that what is read can be counted.
static int64_t have_reads(bool verify, size_t expected_whole) {
    struct ed_buffer text;
    struct ed_json_document document = {0};
    struct ed_store_sets sets;
    struct ed_store_have have;
    struct ed_error err = {0};
    const struct thing things[] = {model, engine, other};
    store_message(&text, "have", verify, things, 3);
    assert_int_equal(ed_json_parse(&document, "message", ed_buffer_text(&text), text.size, &err), ED_OK);
    const struct ed_json_at root = ed_json_root(&document);
    assert_int_equal(ed_store_sets_parse(&sets, &root, &err), ED_OK);
    ed_json_document_release(&document);
    ed_buffer_release(&text);
    const int64_t before = bytes_read();
    if (ed_store_have(rig_work, &sets, verify, &have, &err) != ED_OK)
        rig_fail("have: %s", err.message);
    const int64_t after = bytes_read();
    assert_int_equal(have.n_whole, expected_whole);
    ed_store_have_release(&have);
    ed_store_sets_release(&sets);
    return after - before;
}

static void test_trusted_digests(void **state) {
    const struct thing things[] = {model, engine, other};
    (void)state;
    store_push(token, things, 3);
    if (bytes_read() < 0) {
        print_message("skipped: this kernel does not count what is read\n");
        skip();
    }
    // What was adopted a moment ago is known already.
    for (int i = 0; i < 2; i++) {
        const int64_t again = have_reads(false, 3);
        if (again > 40000)
            rig_fail("question %d read %lld bytes", i + 1, (long long)again);
    }
    assert_true(have_reads(true, 3) >= 177900);
    // A touched file is read again, and is right.
    assert_int_equal(utimensat(AT_FDCWD, thing_object(&engine.files[0]), NULL, 0), 0);
    assert_true(have_reads(false, 3) >= 120000);
}

static void spoil(const struct thing_file *file) {
    struct stat st;
    const char *path = thing_object(file);
    assert_int_equal(stat(path, &st), 0);
    // A change can only be told from the state before when the file system's clock has moved on.
    while (ed_clock_read_ns(CLOCK_REALTIME_COARSE) <=
           (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec)
        usleep(1000);
    assert_int_equal(chmod(path, 0600), 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "X", 1, 10), 1);
    // Size and time of the content are as they were.
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(fchmod(fd, st.st_mode & 07777), 0);
    close(fd);
}

static void test_damage_is_found(void **state) {
    const struct thing things[] = {model, engine};
    (void)state;
    for (int verify = 0; verify < 2; verify++) {
        store_push(token, things, 2);
        spoil(&engine.files[1]);
        struct rig_reply reply = store_have(things, 2, verify);
        assert_int_equal(reply.exit_code, 0);
        assert_int_equal(store_count(&reply, "whole"), 1);
        assert_int_equal(store_count(&reply, "missing"), 1);
        rig_reply_release(&reply);
        assert_false(ed_path_exists(thing_object(&engine.files[1])));
    }
    // Cut, and gone.
    store_push(token, things, 2);
    assert_int_equal(chmod(thing_object(&model.files[0]), 0600), 0);
    assert_int_equal(truncate(thing_object(&model.files[0]), 100), 0);
    assert_false(store_is_whole(&model));
    store_push(token, things, 2);
    assert_int_equal(unlink(thing_object(&model.files[0])), 0);
    assert_false(store_is_whole(&model));
    store_push(token, things, 2);
    assert_true(store_is_whole(&model));
}

static void test_damaged_set(void **state) {
    static const char *const texts[] = {"", "{", "[]", "{\"id\":7}", "null"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char name[160];
        store_push(token, &model, 1);
        snprintf(name, sizeof name, "work/sets/%s/" ED_SET_FILE, thing_id(&model));
        rig_file(name, texts[i]);
        struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"sets", "--work", rig_work, NULL});
        assert_int_equal(reply.exit_code, 0);
        assert_int_equal(store_count(&reply, "sets"), 0);
        rig_reply_release(&reply);
        // Its objects are there: it is made again.
        assert_true(store_is_whole(&model));
        assert_true(thing_is_right(thing_path(&model, "m.onnx"), &model.files[0]));
    }
    // A link that leads elsewhere.
    const char *secret = rig_file("secret", "secret"), *link = thing_path(&model, "m.onnx");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(secret, link), 0);
    assert_true(store_is_whole(&model));
    assert_true(thing_is_right(thing_path(&model, "m.onnx"), &model.files[0]));
    // Nobody asks for it: `clean` removes it.
    char name[160];
    snprintf(name, sizeof name, "work/sets/%s/" ED_SET_FILE, thing_id(&model));
    rig_file(name, "{");
    struct rig_reply reply = store_clean(token, "");
    assert_int_equal(reply.exit_code, 0);
    assert_int_equal(store_number(&reply, "freed_bytes"), 50000);
    rig_reply_release(&reply);
    assert_int_equal(store_entries(ED_WORK_SETS), 0);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 0);
}

static void test_self(void **state) {
    char hex[ED_DIGEST_HEX_BYTES], wrong[ED_DIGEST_HEX_BYTES], object[ED_PATH_BYTES], staged[ED_PATH_BYTES];
    struct ed_buffer program;
    struct stat st;
    (void)state;
    assert_int_equal(ed_digest_file(hex, NULL, ED_TEST_RUNNER, NULL), ED_OK);
    snprintf(wrong, sizeof wrong, "%s", hex);
    wrong[0] = wrong[0] == '0' ? '1' : '0';
    snprintf(object, sizeof object, "%s/objects/%s", rig_work, hex);
    struct rig_reply reply =
        rig_call(NULL, 0, (const char *[]){"adopt-self", "--work", rig_work, "--sha256", wrong, NULL});
    rig_expect_error(&reply, "version", "expected");
    reply = rig_call(NULL, 0, (const char *[]){"adopt-self", "--work", rig_work, "--sha256", "..", NULL});
    rig_expect_error(&reply, "usage", "hexadecimal");
    // As it is pushed: into a directory of its own below staging, where it is gone afterwards.
    assert_int_equal(ed_path_make(rig_path("work/staging/boot-0"), 0700, NULL), ED_OK);
    snprintf(staged, sizeof staged, "%s", rig_path("work/staging/boot-0/edgedyno-runner"));
    ed_buffer_init(&program, 256u << 20);
    assert_int_equal(ed_path_read(ED_TEST_RUNNER, 256u << 20, &program, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(staged, ed_buffer_text(&program), program.size, 0700, NULL), ED_OK);
    ed_buffer_release(&program);
    setenv("RIG_RUNNER", staged, 1);
    reply = rig_call(NULL, 0, (const char *[]){"adopt-self", "--work", rig_work, "--sha256", hex, NULL});
    unsetenv("RIG_RUNNER");
    if (reply.exit_code != 0)
        rig_fail("%s", reply.text);
    assert_string_equal(rig_reply_text(&reply, "path"), object);
    rig_reply_release(&reply);
    assert_false(ed_path_exists(staged));
    assert_int_equal(stat(object, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0500);
    // From its place it is looked at again, and a damaged one is no runner.
    setenv("RIG_RUNNER", object, 1);
    reply = rig_call(NULL, 0, (const char *[]){"adopt-self", "--work", rig_work, "--sha256", hex, NULL});
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    // The one that runs stays, whatever is cleaned.
    reply = store_clean(token, ",\"all\":true");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    unsetenv("RIG_RUNNER");
    assert_true(ed_path_exists(object));
    reply = store_clean(token, ",\"all\":true");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    assert_false(ed_path_exists(object));
    assert_true(ed_path_exists(ED_TEST_RUNNER));
}

// Whatever the shell's mask is, what is made belongs to its user alone.
static void test_umask(void **state) {
    static const mode_t masks[] = {0, 0777, 0277};
    struct stat st;
    (void)state;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        store_reset();
        const mode_t before = umask(masks[i]);
        char held[ED_WIRE_TOKEN_MAX_BYTES + 1];
        store_lease("campaign", held);
        struct rig_reply reply = store_stage(held, 1, 0, 0);
        umask(before);
        if (reply.exit_code != 0)
            rig_fail("mask %04o: %s", (unsigned)masks[i], reply.text);
        rig_reply_release(&reply);
        assert_int_equal(stat(rig_path("work/objects"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        store_push(held, &model, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_way, setup_test),
        cmocka_unit_test_setup(test_trusted_digests, setup_test),
        cmocka_unit_test_setup(test_damage_is_found, setup_test),
        cmocka_unit_test_setup(test_damaged_set, setup_test),
        cmocka_unit_test_setup(test_self, setup_test),
        cmocka_unit_test_setup(test_umask, setup_test),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
