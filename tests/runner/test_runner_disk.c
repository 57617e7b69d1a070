// SPDX-License-Identifier: Apache-2.0
// A work directory whose disk is full: the job ends with the reason, every line of the journal is whole, and
// nothing is there that is not a result. The disk is a small one in memory, in a mount namespace of this
// program's own.
#include "tests/runner/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "edgedyno/wire.h"

static bool have_disk;

static bool put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

// As root a mount namespace, else one in a user namespace where the system lets us; there files need an owner
// who exists.
static bool own_mounts(void) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
    if (unshare(CLONE_NEWNS) != 0 &&
        (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !put("/proc/self/setgroups", "deny") ||
         !put("/proc/self/uid_map", users) || !put("/proc/self/gid_map", groups)))
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int setup(void **state) {
    if (rig_setup(state) != 0 || mkdir(rig_work, 0700) != 0)
        return -1;
    // Mounted here, and gone with this process: nobody else sees it.
    have_disk = own_mounts() &&
                mount("edgedyno-test", rig_work, "tmpfs", MS_NOSUID | MS_NODEV, "size=400k,mode=0700") == 0;
    return 0;
}

static int teardown(void **state) {
    if (have_disk && umount2(rig_work, MNT_DETACH) != 0)
        return -1;
    return rig_teardown(state);
}

static void fill(const char *name, int64_t bytes) {
    char path[ED_PATH_BYTES], block[4096];
    snprintf(path, sizeof path, "%s/%s", rig_work, name);
    memset(block, 1, sizeof block);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (int64_t done = 0; done < bytes; done += (int64_t)sizeof block)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block) {
            assert_int_equal(errno, ENOSPC);
            break;
        }
    close(fd);
}

static int64_t free_bytes(void) {
    struct statvfs disk;
    assert_int_equal(statvfs(rig_work, &disk), 0);
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

static void forget(const char *job) {
    struct rig_reply reply = rig_call_job("forget", job);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
}

// Samples that do not fit: 20,000 of a block are 160 KB.
static void test_samples(void **state) {
    struct rig_journal journal;
    (void)state;
    if (!have_disk) {
        print_message("skipped: no file system can be mounted here (needs root or user namespaces)\n");
        skip();
    }
    const struct rig_case c = {.model = rig_file("fast.json", RIG_SCRIPT(", \"run\": {\"ns\": 2000}"))};
    const struct rig_block blocks[] = {{.id = "a", .inferences = 20000},
                                       {.id = "b", .inferences = 20000},
                                       {.id = "c", .inferences = 20000},
                                       {.id = "d", .inferences = 20000}};
    const struct rig_job job = {"samples", 0, &c, 1, blocks, 4};
    rig_start(&job);
    assert_string_equal(rig_wait("samples", 60 * RIG_SECOND), "ended");
    rig_journal_read(&journal, "samples");
    const cJSON *end = rig_line(&journal, NULL);
    assert_string_equal(rig_text(end, "reason"), "error");
    assert_non_null(strstr(rig_text(end, "message"), "No space left"));
    assert_true(journal.n >= 3 && journal.n < 6);
    // What is in the journal is in the samples, and not more.
    int64_t samples = 0;
    for (size_t i = 1; i + 1 < journal.n; i++) {
        size_t n = 0;
        int64_t *values = rig_samples("samples", journal.lines[i].root, &n);
        assert_int_equal(n, 20000);
        for (size_t k = 0; k < n; k++)
            assert_true(values[k] >= 2000);
        free(values);
        samples += (int64_t)n;
    }
    char path[ED_PATH_BYTES];
    struct stat info;
    snprintf(path, sizeof path, "%s/jobs/samples/samples.bin", rig_work);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, samples * 8);
    struct rig_reply reply = rig_call_job("status", "samples");
    assert_string_equal(rig_reply_text(&reply, "reason"), "error");
    assert_non_null(strstr(rig_reply_text(&reply, "message"), "No space left"));
    rig_reply_release(&reply);
    rig_journal_release(&journal);
    forget("samples");
}

// The disk fills up by somebody else, to a different page every time: at the start, in the middle of a line,
// behind it.
static void test_every_page(void **state) {
    struct rig_block blocks[8];
    char names[8][8];
    size_t refused = 0, failed = 0, done = 0;
    (void)state;
    if (!have_disk)
        skip();
    const struct rig_case c = {.model = rig_file("well.json", "{\"type\": \"edgedyno-script\"}")};
    for (int i = 0; i < 8; i++) {
        snprintf(names[i], sizeof names[i], "b-%d", i);
        blocks[i] = (struct rig_block){.id = names[i], .pass = ED_PASS_COLD};
    }
    for (int pages = 0; pages <= 32; pages++) {
        char id[16];
        struct rig_journal journal;
        snprintf(id, sizeof id, "pages-%d", pages);
        fill("filler", free_bytes() - pages * 4096);
        const struct rig_job job = {id, 0, &c, 1, blocks, 8};
        struct rig_reply reply = rig_try_start(&job);
        if (reply.exit_code != 0) {
            refused++;
            rig_expect_error(&reply, "no_space", "");
            // Nothing of it is left: the same job can be started when there is room.
            reply = rig_call_job("status", id);
            rig_expect_error(&reply, "not_found", id);
        } else {
            rig_reply_release(&reply);
            const char *end = rig_wait(id, 20 * RIG_SECOND);
            if (strcmp(end, "ended"))
                rig_fail("with %d pages free the job %s without an end line", pages, end);
            rig_journal_read(&journal, id);
            const char *reason = rig_text(rig_line(&journal, NULL), "reason");
            if (strcmp(reason, "done")) {
                failed++;
                assert_string_equal(reason, "error");
                assert_non_null(strstr(rig_text(rig_line(&journal, NULL), "message"), "No space left"));
            } else {
                done++;
                assert_int_equal(journal.n, 10);
            }
            rig_journal_release(&journal);
            forget(id);
        }
        fill("filler", 0);
    }
    print_message("%zu refused at the start, %zu ended with an error, %zu done\n", refused, failed, done);
    assert_true(refused > 0 && failed > 0 && done > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples), cmocka_unit_test(test_every_page)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
