// SPDX-License-Identifier: Apache-2.0
// What does not belong on a device: hostile messages, links and pipes in the place of files, lies, tokens
// that hold nothing.
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

#include "runners/store.h"

static char token[ED_WIRE_TOKEN_MAX_BYTES + 1];

static const struct thing model = {"model", "mobilenet", "fp32", "", {{"m.onnx", 1, 50000, false}}};

static int setup_test(void **state) {
    (void)state;
    store_reset();
    store_lease("campaign", token);
    return 0;
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
    assert_int_equal(
        store_entries(ED_WORK_OBJECTS) + store_entries(ED_WORK_SETS) + store_entries(ED_WORK_STAGING), 0);
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
        {HAVE("[{\"id\":\"A111111111111111111111111111111111111111111111111111111111111111\",\"kind\":"
              "\"model\","
              "\"name\":\"m\",\"files\":[" FILE_OK "]}]"),
         "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"virus\",\"name\":\"m\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"\",\"files\":[" FILE_OK "]}]"), "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"a\\u001b[2J\",\"files\":[" FILE_OK "]}]"),
         "usage"},
        {HAVE("[{\"id\":\"" ID "\",\"kind\":\"model\",\"name\":\"m\",\"version\":7,\"files\":[" FILE_OK
              "]}]"),
         "usage"},
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
        {HAVE("[" SET_WITH(
             "[" FILE_WITH("\"a\"", "1", "\"" SHA "\"") "," FILE_WITH("\"b\"", "2", "\"" SHA "\"") "]") "]"),
         "usage"},
    };
    struct ed_buffer text;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig_reply reply =
            rig_call(rows[i].text, strlen(rows[i].text), (const char *[]){"have", "--work", rig_work, NULL});
        if (reply.exit_code != 1 || strcmp(rig_reply_text(&reply, "status"), rows[i].status))
            rig_fail("expected %s for %s, got %s", rows[i].status, rows[i].text, reply.text);
        rig_reply_release(&reply);
    }
    // A key that nobody knows is fine.
    static const char unknown[] = "{\"type\":\"have\",\"new\":[1],\"sets\":[]}";
    struct rig_reply reply =
        rig_call(unknown, strlen(unknown), (const char *[]){"have", "--work", rig_work, NULL});
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    // Too many files, too many sets, too many bytes.
    ed_buffer_init(&text, 64u << 20);
    ed_buffer_text_append(&text, "{\"type\":\"have\",\"sets\":[{\"id\":\"" ID
                                 "\",\"kind\":\"model\",\"name\":\"m\",\"files\":[");
    for (unsigned i = 0; i <= ED_WIRE_SET_FILES_MAX; i++)
        ed_buffer_printf(&text, "%s{\"name\":\"f%u\",\"bytes\":1,\"sha256\":\"%064x\"}", i ? "," : "", i, i);
    ed_buffer_text_append(&text, "]}]}");
    reply = rig_call(ed_buffer_text(&text), text.size, (const char *[]){"have", "--work", rig_work, NULL});
    rig_expect_error(&reply, "usage", "1025 files");
    ed_buffer_clear(&text);
    ed_buffer_text_append(&text, "{\"type\":\"have\",\"sets\":[");
    for (unsigned i = 0; i <= ED_WIRE_SETS_MAX; i++)
        ed_buffer_printf(&text,
                         "%s{\"id\":\"%064x\",\"kind\":\"model\",\"name\":\"m\",\"files\":[" FILE_OK "]}",
                         i ? "," : "", i);
    ed_buffer_text_append(&text, "]}");
    reply = rig_call(ed_buffer_text(&text), text.size, (const char *[]){"have", "--work", rig_work, NULL});
    rig_expect_error(&reply, "usage", "4097 sets");
    ed_buffer_clear(&text);
    while (text.size <= ED_WIRE_JOB_MAX_BYTES)
        ed_buffer_text_append(
            &text, "                                                                                ");
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
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "../x",
                                      "1",
                                      "1-",
                                      "1-0000000",
                                      "1-000000000",
                                      "x-00000000",
                                      "1-0000000G",
                                      "-1-00000000",
                                      "1-00000000/..",
                                      "99999999999999999999-00000000"};
    char old[ED_WIRE_TOKEN_MAX_BYTES + 1], next[ED_WIRE_TOKEN_MAX_BYTES + 1], directory[ED_PATH_BYTES];
    struct rig_reply reply;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char option[128];
        snprintf(option, sizeof option, "--token=%s", bad[i]);
        reply =
            rig_call(NULL, 0, (const char *[]){"stage", "--work", rig_work, option, "--bytes", "1", NULL});
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

// FAT and exFAT refuse every link with EPERM. So does this process from here on.
static bool refuse_links(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_symlinkat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
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
        cmocka_unit_test_setup(test_staged_junk, setup_test),
        cmocka_unit_test_setup(test_planted_links, setup_test),
        cmocka_unit_test_setup(test_others_may_write, setup_test),
        cmocka_unit_test_setup(test_hostile_messages, setup_test),
        cmocka_unit_test_setup(test_lies, setup_test),
        cmocka_unit_test_setup(test_tokens, setup_test),
        cmocka_unit_test_setup(test_no_links, setup_test),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
