// SPDX-License-Identifier: Apache-2.0
// A runner, and a worker alone, that are started through a C library's own loader. The C library is this
// machine's, copied with everything that the runner needs into a directory of its own, as a pack has it.
#include "tests/runner/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

#include "edgedyno/wire.h"

static char libc_dir[256], loader_name[64];
static bool have_libc;

static void copy_file(const char *from, const char *to) {
    char chunk[65536];
    ssize_t n;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    if (in < 0 || out < 0)
        rig_fail("%s cannot be copied to %s: %s", from, to, strerror(errno));
    while ((n = read(in, chunk, sizeof chunk)) > 0)
        assert_int_equal(ed_path_write_all(out, chunk, (size_t)n, to, NULL), ED_OK);
    assert_int_equal(n, 0);
    close(in);
    close(out);
}

static void take_library(const char *path) {
    char to[ED_PATH_BYTES];
    snprintf(to, sizeof to, "%s/%s", libc_dir, ed_path_base(path));
    copy_file(path, to);
}

// What the dynamic loader says that a program needs: "name => path (0x...)", and its own path alone.
static void collect(const char *program) {
    char command[ED_PATH_BYTES + 64], line[1024];
    snprintf(command, sizeof command, "LD_TRACE_LOADED_OBJECTS=1 '%s'", program);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines)) {
        char *path = strchr(line, '/');
        if (!path)
            continue;
        path[strcspn(path, " \n")] = 0;
        take_library(path);
        if (strstr(ed_path_base(path), "ld-linux") || !strncmp(ed_path_base(path), "ld64", 4) ||
            !strncmp(ed_path_base(path), "ld.so", 5))
            snprintf(loader_name, sizeof loader_name, "%.63s", ed_path_base(path));
    }
    pclose(lines);
}

static int setup(void **state) {
    if (rig_setup(state) != 0)
        return -1;
#if defined(__GLIBC__)
    snprintf(libc_dir, sizeof libc_dir, "%s/libc", rig_home);
    if (mkdir(libc_dir, 0700) != 0)
        return -1;
    collect(ED_TEST_RUNNER);
    have_libc = loader_name[0] != 0;
#endif
    return 0;
}

static void need_libc(void) {
    if (have_libc)
        return;
    print_message("skipped: this machine's C library has no loader of its own that could be copied\n");
    skip();
}

// Every command of the rig goes through the loader.
static void through_loader(void) {
    char text[4096];
    snprintf(text, sizeof text, "#!/bin/sh\nexec '%s/%s' --library-path '%s' '%s' \"$@\"\n", libc_dir,
             loader_name, libc_dir, ED_TEST_RUNNER);
    const char *script = rig_file("runner.sh", text);
    assert_int_equal(chmod(script, 0700), 0);
    setenv("RIG_RUNNER", script, 1);
}

static void expect_libc(const struct rig_journal *journal, const char *block, bool pack) {
    const cJSON *line = rig_line(journal, block), *is_pack = rig_find(line, "evidence.libc.pack");
    if (strcmp(rig_text(line, "outcome"), "ok"))
        rig_fail("%s ended %s: %s", block, rig_text(line, "outcome"), journal->text);
    assert_true(cJSON_IsBool(is_pack));
    assert_int_equal(cJSON_IsTrue(is_pack), pack);
#if defined(__GLIBC__)
    assert_string_equal(rig_text(line, "evidence.libc.version"), gnu_get_libc_version());
#endif
}

static void test_directly(void **state) {
    struct rig_journal journal;
    (void)state;
    const struct rig_case c = {.model = rig_file("a.json", "{\"type\": \"edgedyno-script\"}")};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    const struct rig_job job = {"direct", 0, &c, 1, &block, 1};
    rig_run(&journal, &job, "done", 30 * RIG_SECOND);
    expect_libc(&journal, "b", false);
    rig_journal_release(&journal);
}

static void test_runner_through_loader(void **state) {
    struct rig_journal journal;
    char loader[ED_PATH_BYTES];
    (void)state;
    need_libc();
    const struct rig_case c = {.model = rig_file("a.json", "{\"type\": \"edgedyno-script\"}")};
    const struct rig_block blocks[] = {{.id = "a", .pass = ED_PASS_COLD}, {.id = "b", .pass = ED_PASS_COLD}};
    const struct rig_job job = {"loader", 0, &c, 1, blocks, 2};
    through_loader();
    rig_run(&journal, &job, "done", 60 * RIG_SECOND);
    expect_libc(&journal, "a", true);
    expect_libc(&journal, "b", true);
    rig_journal_release(&journal);
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"doctor", "--work", rig_work, NULL});
    assert_int_equal(reply.exit_code, 0);
    snprintf(loader, sizeof loader, "%s/%s", libc_dir, loader_name);
    assert_string_equal(rig_reply_text(&reply, "loader"), loader);
    rig_reply_release(&reply);
    // A survey needs no more than being called that way.
    reply =
        rig_call(NULL, 0, (const char *[]){"survey", "--adapter", ED_TEST_ADAPTERS_DIR "/scripted.so", NULL});
    if (reply.exit_code != 0)
        rig_fail("%s", reply.text);
    rig_reply_release(&reply);
    unsetenv("RIG_RUNNER");
}

// The job as the rig writes it, with a C library for its engine.
static void run_with_libc(struct rig_journal *journal, const struct rig_job *job, const char *libc) {
    static const char mark[] = "\"name\":\"scripted\",";
    struct ed_buffer text, changed;
    rig_job_text(&text, job);
    ed_buffer_init(&changed, ED_WIRE_JOB_MAX_BYTES);
    const char *at = strstr(ed_buffer_text(&text), mark);
    assert_non_null(at);
    at += sizeof mark - 1;
    ed_buffer_append(&changed, ed_buffer_text(&text), (size_t)(at - ed_buffer_text(&text)));
    ed_buffer_printf(&changed, "\"libc\":%s,%s", libc, at);
    struct rig_reply reply =
        rig_call(ed_buffer_text(&changed), changed.size, (const char *[]){"start", "--work", rig_work, NULL});
    if (!journal) {
        rig_expect_error(&reply, "usage", "");
    } else {
        if (reply.exit_code != 0)
            rig_fail("%s", reply.text);
        rig_reply_release(&reply);
        assert_string_equal(rig_wait(job->id, 60 * RIG_SECOND), "ended");
        rig_journal_read(journal, job->id);
    }
    ed_buffer_release(&changed);
    ed_buffer_release(&text);
}

static void test_worker_alone(void **state) {
    struct rig_journal journal;
    char libc[2048];
    (void)state;
    need_libc();
    const struct rig_case c = {.model = rig_file("a.json", "{\"type\": \"edgedyno-script\"}")};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    const struct rig_job job = {"worker", 0, &c, 1, &block, 1};
    // Debian's way of writing a version has more than the library says.
    snprintf(libc, sizeof libc, "{\"directory\":\"%s\",\"loader\":\"%s\",\"version\":\"%s-9\"}", libc_dir,
             loader_name,
#if defined(__GLIBC__)
             gnu_get_libc_version()
#else
             ""
#endif
    );
    run_with_libc(&journal, &job, libc);
    expect_libc(&journal, "b", true);
    rig_journal_release(&journal);
}

// A worker that does not get what it was promised is no result.
static void test_wrong_libc(void **state) {
    struct rig_journal journal;
    char libc[2048];
    (void)state;
    need_libc();
    const struct rig_case c = {.model = rig_file("a.json", "{\"type\": \"edgedyno-script\"}")};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    const struct rig_job version = {"version", 0, &c, 1, &block, 1},
                         missing = {"missing", 0, &c, 1, &block, 1};
    snprintf(libc, sizeof libc, "{\"directory\":\"%s\",\"loader\":\"%s\",\"version\":\"2.3\"}", libc_dir,
             loader_name);
    run_with_libc(&journal, &version, libc);
    const cJSON *line = rig_line(&journal, "b");
    assert_string_not_equal(rig_text(line, "outcome"), "ok");
    assert_string_equal(rig_text(line, "status"), "version");
    assert_non_null(strstr(rig_text(line, "message"), "2.3"));
    rig_journal_release(&journal);
    snprintf(libc, sizeof libc, "{\"directory\":\"%s\",\"loader\":\"ld-nowhere.so\"}", libc_dir);
    run_with_libc(&journal, &missing, libc);
    line = rig_line(&journal, "b");
    assert_string_equal(rig_text(line, "outcome"), "crashed");
    assert_non_null(strstr(rig_text(line, "worker_output"), "ld-nowhere.so"));
    rig_journal_release(&journal);
}

static void test_hostile_libc(void **state) {
    static const char *const bad[] = {
        "7",
        "[]",
        "{}",
        "{\"directory\":\"/x\"}",
        "{\"loader\":\"ld.so\"}",
        "{\"directory\":\"x\",\"loader\":\"ld.so\"}",
        "{\"directory\":\"\",\"loader\":\"ld.so\"}",
        "{\"directory\":\"/x\",\"loader\":\"../ld.so\"}",
        "{\"directory\":\"/x\",\"loader\":\"..\"}",
        "{\"directory\":\"/x\",\"loader\":\"/bin/sh\"}",
        "{\"directory\":\"/x:/y\",\"loader\":\"ld.so\"}",
        "{\"directory\":\"/x;/y\",\"loader\":\"ld.so\"}",
        "{\"directory\":\"/x\",\"loader\":\"ld.so\",\"version\":7}",
        "{\"directory\":\"/x\",\"loader\":\"ld.so\",\"preload\":\"/y\"}",
    };
    (void)state;
    const struct rig_case c = {.model = rig_file("a.json", "{\"type\": \"edgedyno-script\"}")};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    const struct rig_job job = {"hostile", 0, &c, 1, &block, 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        run_with_libc(NULL, &job, bad[i]);
}

// The working directory changes: nothing may depend on it.
static void test_relative(void **state) {
    char text[4096];
    (void)state;
    need_libc();
    snprintf(text, sizeof text, "#!/bin/sh\ncd '%s' && exec ./%s --library-path . '%s' \"$@\"\n", libc_dir,
             loader_name, ED_TEST_RUNNER);
    const char *script = rig_file("relative.sh", text);
    assert_int_equal(chmod(script, 0700), 0);
    setenv("RIG_RUNNER", script, 1);
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"version", NULL});
    rig_expect_error(&reply, "usage", "absolute");
    unsetenv("RIG_RUNNER");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directly),     cmocka_unit_test(test_runner_through_loader),
        cmocka_unit_test(test_worker_alone), cmocka_unit_test(test_wrong_libc),
        cmocka_unit_test(test_hostile_libc), cmocka_unit_test(test_relative)};
    return cmocka_run_group_tests(tests, setup, rig_teardown);
}
