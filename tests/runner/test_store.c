// SPDX-License-Identifier: Apache-2.0
// What comes to a device and what is said of it: whole ways, hostile messages, things that do not belong there.
#include "tests/runner/store_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/store.h"

static char token[ED_WIRE_TOKEN_MAX_BYTES + 1];

static const struct thing model = {"model", "mobilenet", "fp32", "", {{"m.onnx", 1, 50000, false}}};
static const struct thing engine = {"engine", "onnxruntime", "", "1.27.0",
                                    {{"libonnxruntime.so.1", 2, 120000, false}, {"plugin.so", 3, 7000, false}, {"tool", 4, 900, true}}};
// Shares a file with the engine, under another name, and has an empty one.
static const struct thing other = {"data", "digits", "", "", {{"images.npy", 3, 7000, false}, {"empty.npy", 5, 0, false}}};

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
    cJSON_ArrayForEach(missing, cJSON_GetObjectItemCaseSensitive(reply.json.root, "missing"))
        staged += rig_int(missing, "staged_bytes");
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
    struct stat st;
    (void)state;
    store_push(token, things, 3);
    if (bytes_read() < 0) {
        print_message("skipped: this kernel does not count what is read\n");
        skip();
    }
    // A digest is kept once no coarse clock can hide a later change.
    assert_int_equal(stat(thing_object(&engine.files[0]), &st), 0);
    while (ed_clock_read_ns(CLOCK_REALTIME) / 1000000000 <= st.st_ctim.tv_sec + 3)
        usleep(50000);
    assert_true(have_reads(false, 3) >= 177900);
    const int64_t again = have_reads(false, 3);
    if (again > 40000)
        rig_fail("a second question read %lld bytes", (long long)again);
    assert_true(have_reads(true, 3) >= 177900);
    // A touched file is read again, and is right.
    assert_int_equal(utimensat(AT_FDCWD, thing_object(&engine.files[0]), NULL, 0), 0);
    assert_true(have_reads(false, 3) >= 120000);
}

static void spoil(const struct thing_file *file) {
    struct stat st;
    const char *path = thing_object(file);
    assert_int_equal(stat(path, &st), 0);
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

// What stands in the staging directory instead of a file is refused, removed, and never followed.
static void test_staged_junk(void **state) {
    char directory[ED_PATH_BYTES], path[ED_PATH_BYTES + 80], outside[ED_PATH_BYTES];
    struct stat st;
    (void)state;
    const char *digest = thing_sha256(&model.files[0]);
    snprintf(outside, sizeof outside, "%s", rig_path("outside"));
    assert_int_equal(ed_path_remove(outside, NULL), ED_OK);
    assert_int_equal(mkdir(outside, 0700), 0);
    thing_put(outside, &model.files[0], 50000);
    snprintf(outside, sizeof outside, "%s/%s", rig_path("outside"), digest);
    for (int kind = 0; kind < 6; kind++) {
        store_staged(token, 50000, directory);
        snprintf(path, sizeof path, "%s/%s", directory, digest);
        switch (kind) {
        case 0:
            assert_int_equal(symlink(outside, path), 0);
            break;
        case 1:
            assert_int_equal(mkfifo(path, 0600), 0);
            break;
        case 2:
            assert_int_equal(mkdir(path, 0700), 0);
            break;
        case 3: // another name of a file that somebody can go on writing to
            assert_int_equal(link(outside, path), 0);
            break;
        case 4: // longer than it says
            thing_put(directory, &model.files[0], 50000);
            assert_int_equal(truncate(path, 50001), 0);
            break;
        default: // as long as it says
            thing_put(directory, &model.files[0], 100);
            assert_int_equal(truncate(path, 50000), 0);
            break;
        }
        struct rig_reply reply = store_adopt(token, &model, 1);
        rig_expect_error(&reply, "version", "m.onnx");
        assert_true(lstat(path, &st) != 0 && errno == ENOENT);
        assert_true(thing_is_right(outside, &model.files[0]));
        assert_false(store_is_whole(&model));
    }
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 0);
    store_push(token, &model, 1);
}

static void expect_refused(const char *status, const char *words) {
    struct rig_reply reply = store_have(&model, 1, false);
    rig_expect_error(&reply, status, words);
}

// Links where the store's own directories belong.
static void test_planted_links(void **state) {
    static const char *const parts[] = {ED_WORK_OBJECTS, ED_WORK_SETS, ED_WORK_STAGING};
    char elsewhere[ED_PATH_BYTES], path[ED_PATH_BYTES];
    (void)state;
    snprintf(elsewhere, sizeof elsewhere, "%s", rig_path("elsewhere"));
    assert_int_equal(ed_path_make(elsewhere, 0700, NULL), ED_OK);
    rig_file("elsewhere/precious", "precious");
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", rig_work, parts[i]);
        assert_int_equal(ed_path_remove(path, NULL), ED_OK);
        assert_int_equal(symlink(elsewhere, path), 0);
        expect_refused("refused", "link");
        struct rig_reply reply = store_stage(token, 1, 0, 0);
        rig_expect_error(&reply, "refused", "link");
        reply = store_clean(token, ",\"all\":true");
        rig_expect_error(&reply, "refused", "link");
        assert_int_equal(unlink(path), 0);
    }
    // The token's own directory.
    char directory[ED_PATH_BYTES];
    store_staged(token, 0, directory);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(symlink(elsewhere, directory), 0);
    thing_put(elsewhere, &model.files[0], 50000);
    struct rig_reply reply = store_adopt(token, &model, 1);
    rig_expect_error(&reply, "refused", "link");
    store_staged(token, 0, directory);
    struct stat st;
    assert_int_equal(lstat(directory, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    // Objects and sets that are links: not what they should be, and removed as what they are.
    assert_int_equal(symlink(rig_path("elsewhere/precious"), thing_object(&model.files[0])), 0);
    assert_int_equal(symlink(elsewhere, thing_set(&model)), 0);
    assert_false(store_is_whole(&model));
    store_push(token, &model, 1);
    assert_true(store_is_whole(&model));
    assert_int_equal(symlink(elsewhere, rig_path("work/sets/link")), 0);
    assert_int_equal(symlink(elsewhere, rig_path("work/objects/link")), 0);
    assert_int_equal(symlink(elsewhere, rig_path("work/staging/1-00000000")), 0);
    reply = store_clean(token, ",\"all\":true");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    assert_int_equal(store_entries(ED_WORK_OBJECTS) + store_entries(ED_WORK_SETS) + store_entries(ED_WORK_STAGING), 0);
    assert_true(ed_path_exists(rig_path("elsewhere/precious")));
}

static void test_others_may_write(void **state) {
    (void)state;
    assert_int_equal(chmod(rig_work, 0777), 0);
    expect_refused("unsupported", "others can write");
    assert_int_equal(chmod(rig_work, 01777), 0);
    expect_refused("unsupported", "others can write");
    assert_int_equal(chmod(rig_work, 0700), 0);
    assert_false(store_is_whole(&model));
}

#define ID "1111111111111111111111111111111111111111111111111111111111111111"
#define SHA "2222222222222222222222222222222222222222222222222222222222222222"
#define FILE_OK "{\"name\":\"a\",\"bytes\":1,\"sha256\":\"" SHA "\",\"executable\":false}"
#define SET_WITH(files) "{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"m\",\"files\":" files "}"
#define HAVE(sets) "{\"type\":\"have\",\"verify\":false,\"sets\":" sets "}"
#define FILE_WITH(name, bytes, sha) "{\"name\":" name ",\"bytes\":" bytes ",\"sha256\":" sha "}"
#define ONE(file) HAVE("[" SET_WITH("[" file "]") "]")

static void test_hostile_messages(void **state) {
    static const struct {
        const char *text, *status;
    } rows[] = {
        {"", "parse"},
        {"x", "parse"},
        {"[]", "usage"},
        {"{}", "usage"},
        {"{\"type\":\"adopt\",\"sets\":[]}", "usage"},
        {"{\"type\":\"have\",\"wire\":\"2.0\",\"sets\":[]}", "version"},
        {"{\"type\":\"have\",\"wire\":\"x\",\"sets\":[]}", "version"},
        {"{\"type\":\"have\"}", "usage"},
        {HAVE("{}"), "usage"},
        {HAVE("[7]"), "usage"},
        {HAVE("[{}]"), "usage"},
        {"{\"type\":\"have\",\"verify\":1,\"sets\":[]}", "usage"},
        {HAVE("[" SET_WITH("[]") "]"), "usage"},
        {HAVE("[" SET_WITH("{}") "]"), "usage"},
        {HAVE("[" SET_WITH("[" FILE_OK "]") "," SET_WITH("[" FILE_OK "]") "]"), "usage"},
        {HAVE("[" SET_WITH("[" FILE_OK "," FILE_OK "]") "]"), "usage"},
        {HAVE("[{\"id\":\"..\",\"kind\":\"model\",\"name\":\"m\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"" ID "0\",\"kind\":\"model\",\"name\":\"m\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"A111111111111111111111111111111111111111111111111111111111111111\",\"kind\":\"model\","
              "\"name\":\"m\",\"files\":[" FILE_OK "]}]"),
         "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"virus\",\"name\":\"m\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"a\\u001b[2J\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"m\",\"version\":7,\"files\":[" FILE_OK "]}]"), "usage"},
        {ONE(FILE_WITH("\"..\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"../../x\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"/etc/passwd\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a/b\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\".hidden\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"-rf\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"set.json\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"\"", "1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "-1", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "1.5", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "9007199254740993", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "1e300", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "\"1\"", "\"" SHA "\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "1", "\"../../../etc\"")), "usage"},
        {ONE(FILE_WITH("\"a\"", "1", "7")), "usage"},
        {ONE("{\"name\":\"a\",\"bytes\":1}"), "usage"},
        {HAVE("[" SET_WITH("[" FILE_WITH("\"a\"", "1", "\"" SHA "\"") "," FILE_WITH("\"b\"", "2", "\"" SHA "\"") "]") "]"),
         "usage"},
    };
    struct ed_buffer text;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig_reply reply = rig_call(rows[i].text, strlen(rows[i].text),
                                          (const char *[]){"have", "--work", rig_work, NULL});
        if (reply.exit_code != 1 || strcmp(rig_reply_text(&reply, "status"), rows[i].status))
            rig_fail("expected %s for %s, got %s", rows[i].status, rows[i].text, reply.text);
        rig_reply_release(&reply);
    }
    // A key that nobody knows is fine.
    static const char unknown[] = "{\"type\":\"have\",\"new\":[1],\"sets\":[]}";
    struct rig_reply reply = rig_call(unknown, strlen(unknown), (const char *[]){"have", "--work", rig_work, NULL});
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    // Too many files, too many sets, too many bytes.
    ed_buffer_init(&text, 64u << 20);
    ed_buffer_text_append(&text, "{\"type\":\"have\",\"sets\":[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"m\",\"files\":[");
    for (unsigned i = 0; i <= ED_WIRE_SET_FILES_MAX; i++)
        ed_buffer_printf(&text, "%s{\"name\":\"f%u\",\"bytes\":1,\"sha256\":\"%064x\"}", i ? "," : "", i, i);
    ed_buffer_text_append(&text, "]}]}");
    reply = rig_call(ed_buffer_text(&text), text.size, (const char *[]){"have", "--work", rig_work, NULL});
    rig_expect_error(&reply, "usage", "1025 files");
    ed_buffer_clear(&text);
    ed_buffer_text_append(&text, "{\"type\":\"have\",\"sets\":[");
    for (unsigned i = 0; i <= ED_WIRE_SETS_MAX; i++)
        ed_buffer_printf(&text, "%s{\"id\":\"%064x\",\"kind\":\"model\",\"name\":\"m\",\"files\":[" FILE_OK "]}", i ? "," : "",
                         i);
    ed_buffer_text_append(&text, "]}");
    reply = rig_call(ed_buffer_text(&text), text.size, (const char *[]){"have", "--work", rig_work, NULL});
    rig_expect_error(&reply, "usage", "4097 sets");
    ed_buffer_clear(&text);
    while (text.size <= ED_WIRE_JOB_MAX_BYTES)
        ed_buffer_text_append(&text, "                                                                                ");
    reply = rig_call(ed_buffer_text(&text), text.size, (const char *[]){"have", "--work", rig_work, NULL});
    rig_expect_error(&reply, "limit", "");
    ed_buffer_release(&text);
    assert_int_equal(store_entries(ED_WORK_OBJECTS) + store_entries(ED_WORK_SETS), 0);
}

// Who lies about a size or an id costs the good ones nothing.
static void test_lies(void **state) {
    struct thing lie = model;
    struct ed_buffer text, changed;
    (void)state;
    store_push(token, &model, 1);
    store_message(&text, "have", false, &model, 1);
    ed_buffer_init(&changed, 65536);
    const char *at = strstr(ed_buffer_text(&text), "\"bytes\":50000");
    assert_non_null(at);
    ed_buffer_append(&changed, ed_buffer_text(&text), (size_t)(at - ed_buffer_text(&text)));
    ed_buffer_printf(&changed, "\"bytes\":49999%s", at + strlen("\"bytes\":50000"));
    struct rig_reply reply =
        rig_call(ed_buffer_text(&changed), changed.size, (const char *[]){"have", "--work", rig_work, NULL});
    rig_expect_error(&reply, "usage", "50000 bytes");
    ed_buffer_release(&changed);
    ed_buffer_release(&text);
    assert_true(store_is_whole(&model));
    // The same id for other files: same description, another executable bit.
    lie.files[0].executable = true;
    reply = store_have(&lie, 1, false);
    rig_expect_error(&reply, "usage", "other files");
    assert_true(store_is_whole(&model));
}

static void test_tokens(void **state) {
    static const char *const bad[] = {"", ".", "..", "../x", "1", "1-", "1-0000000", "1-000000000", "x-00000000", "1-0000000G",
                                      "-1-00000000", "1-00000000/..", "99999999999999999999-00000000"};
    char old[ED_WIRE_TOKEN_MAX_BYTES + 1], next[ED_WIRE_TOKEN_MAX_BYTES + 1], directory[ED_PATH_BYTES];
    struct rig_reply reply;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char option[128];
        snprintf(option, sizeof option, "--token=%s", bad[i]);
        reply = rig_call(NULL, 0, (const char *[]){"stage", "--work", rig_work, option, "--bytes", "1", NULL});
        assert_int_not_equal(reply.exit_code, 0);
        rig_reply_release(&reply);
        reply = rig_call("{\"type\":\"adopt\",\"sets\":[]}", 26,
                         (const char *[]){"adopt", "--work", rig_work, option, NULL});
        assert_int_not_equal(reply.exit_code, 0);
        rig_reply_release(&reply);
    }
    reply = store_stage("77-00000000", 1, 0, 0);
    rig_expect_error(&reply, "busy", "");
    // A controller that slept: its push is as good as none.
    snprintf(old, sizeof old, "%s", token);
    store_staged(old, 50000, directory);
    thing_put(directory, &model.files[0], 50000);
    store_release(old);
    store_lease("another", next);
    reply = store_adopt(old, &model, 1);
    rig_expect_error(&reply, "busy", "");
    reply = store_stage(old, 1, 0, 0);
    rig_expect_error(&reply, "busy", "");
    reply = store_clean(old, ",\"all\":true");
    rig_expect_error(&reply, "busy", "");
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 0);
    // Nor is it counted for the next one, whose stage removes it.
    reply = store_have(&model, 1, false);
    assert_int_equal(rig_int(cJSON_GetArrayItem(rig_find(reply.json.root, "missing"), 0), "staged_bytes"), 0);
    rig_reply_release(&reply);
    store_staged(next, 50000, directory);
    assert_int_equal(store_entries(ED_WORK_STAGING), 1);
    store_push(next, &model, 1);
    store_release(next);
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

// FAT and exFAT refuse every link with EPERM. So does this process from here on.
static bool refuse_links(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_symlinkat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void test_no_links(void **state) {
    char directory[ED_PATH_BYTES];
    struct ed_error err = {0};
    int64_t evicted = 0;
    int status = 0;
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct ed_store_stage_args args = {.token = token, .bytes = 1};
        if (!refuse_links())
            _exit(77);
        const bool said = ed_store_stage(rig_work, &args, directory, &evicted, &err) == ED_ERR_UNSUPPORTED &&
                          strstr(err.message, "symbolic links") && strstr(err.message, "work_dir");
        if (!said)
            fprintf(stderr, "%s: %s\n", err.where, err.message);
        _exit(said ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("skipped: no system call can be refused here\n");
        skip();
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_way, setup_test),
        cmocka_unit_test_setup(test_trusted_digests, setup_test),
        cmocka_unit_test_setup(test_damage_is_found, setup_test),
        cmocka_unit_test_setup(test_damaged_set, setup_test),
        cmocka_unit_test_setup(test_staged_junk, setup_test),
        cmocka_unit_test_setup(test_planted_links, setup_test),
        cmocka_unit_test_setup(test_others_may_write, setup_test),
        cmocka_unit_test_setup(test_hostile_messages, setup_test),
        cmocka_unit_test_setup(test_lies, setup_test),
        cmocka_unit_test_setup(test_tokens, setup_test),
        cmocka_unit_test_setup(test_self, setup_test),
        cmocka_unit_test_setup(test_umask, setup_test),
        cmocka_unit_test_setup(test_no_links, setup_test),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
