// SPDX-License-Identifier: Apache-2.0
// Making room on a device: what goes, in which order, and what never does; and a disk that is full.
#include "tests/runner/store_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define KIB INT64_C(1024)

static char token[ED_WIRE_TOKEN_MAX_BYTES + 1];

// 100 KiB each; `shared` has files of two of them and one of its own.
static const struct thing a = {"model", "a", "fp32", "", {{"a.onnx", 11, 102400, false}}};
static const struct thing b = {"model", "b", "fp32", "", {{"b.onnx", 12, 102400, false}}};
static const struct thing c = {"model", "c", "fp32", "", {{"c.onnx", 13, 102400, false}}};
static const struct thing shared = {
    "data",
    "shared",
    "",
    "",
    {{"one", 11, 102400, false}, {"two", 12, 102400, false}, {"own", 14, 10240, false}}};

static int setup_test(void **state) {
    (void)state;
    store_reset();
    store_lease("campaign", token);
    return 0;
}

// Used so many hours ago.
static void age(const struct thing *thing, int hours) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct timespec times[2] = {{now.tv_sec - hours * 3600, 0}, {now.tv_sec - hours * 3600, 0}};
    assert_int_equal(utimensat(AT_FDCWD, thing_path(thing, ED_SET_FILE), times, 0), 0);
}

static bool is_there(const struct thing *thing) {
    return ed_path_is_directory(thing_set(thing));
}

static int64_t stage(int64_t bytes, int64_t cache_max) {
    struct rig_reply reply = store_stage(token, bytes, cache_max, 0);
    if (reply.exit_code != 0)
        rig_fail("stage: %s", reply.text);
    const int64_t evicted = store_number(&reply, "evicted_bytes");
    rig_reply_release(&reply);
    return evicted;
}

static void test_order(void **state) {
    const struct thing things[] = {a, b, c};
    (void)state;
    store_push(token, things, 3);
    age(&a, 1);
    age(&b, 3);
    age(&c, 2);
    // It fits.
    assert_int_equal(stage(100 * KIB, 400 * KIB), 0);
    assert_int_equal(stage(100 * KIB, 0), 0);
    // One byte too many: the one that was used longest ago.
    assert_int_equal(stage(100 * KIB + 1, 400 * KIB), 100 * KIB);
    assert_true(is_there(&a) && !is_there(&b) && is_there(&c));
    assert_false(ed_path_exists(thing_object(&b.files[0])));
    assert_int_equal(stage(150 * KIB, 300 * KIB), 100 * KIB);
    assert_true(is_there(&a) && !is_there(&c));
    // Being asked for is being used.
    store_push(token, things, 3);
    age(&a, 3);
    age(&b, 2);
    age(&c, 1);
    assert_true(store_is_whole(&a));
    assert_int_equal(stage(100 * KIB, 300 * KIB), 100 * KIB);
    assert_true(is_there(&a) && !is_there(&b) && is_there(&c));
}

static void test_shared_files(void **state) {
    const struct thing things[] = {a, b, shared};
    (void)state;
    store_push(token, things, 3);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 3);
    age(&a, 5);
    age(&b, 4);
    age(&shared, 3);
    // Ten more are wanted: two sets older than it free nothing alone, and stay.
    assert_int_equal(stage(10 * KIB, 210 * KIB), 10 * KIB);
    assert_true(is_there(&a) && is_there(&b) && !is_there(&shared));
    assert_true(thing_is_right(thing_path(&a, "a.onnx"), &a.files[0]));
    store_push(token, things, 3);
    age(&a, 1);
    age(&b, 4);
    age(&shared, 3);
    assert_int_equal(stage(100 * KIB, 210 * KIB), 110 * KIB);
    assert_true(is_there(&a) && !is_there(&b) && !is_there(&shared));
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 1);
}

// What the last `have` asked for is not thrown out to make room for the rest of it, nor are objects that no
// set names yet.
static void test_wanted(void **state) {
    const struct thing old[] = {a, b}, wanted[] = {a, shared};
    char directory[ED_PATH_BYTES];
    (void)state;
    store_push(token, old, 2);
    struct rig_reply reply = store_have(wanted, 2, false);
    assert_int_equal(store_count(&reply, "missing"), 1);
    rig_reply_release(&reply);
    age(&a, 9);
    age(&b, 8);
    // b's file is one of shared's.
    assert_int_equal(stage(10 * KIB, 210 * KIB), 0);
    store_staged(token, 10 * KIB, directory);
    thing_put(directory, &shared.files[2], 10 * KIB);
    reply = store_adopt(token, wanted, 2);
    if (reply.exit_code != 0)
        rig_fail("%s", reply.text);
    rig_reply_release(&reply);
    reply = store_clean(token, ",\"keep\":0");
    rig_reply_release(&reply);
    // An adoption that was cut short left objects.
    store_staged(token, 0, directory);
    thing_put(directory, &shared.files[0], 100 * KIB);
    reply = store_adopt(token, &shared, 1);
    assert_int_equal(reply.exit_code, 1);
    rig_reply_release(&reply);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 1);
    reply = store_have(&shared, 1, false);
    assert_int_equal(store_count(&reply, "missing"), 2);
    rig_reply_release(&reply);
    assert_int_equal(stage(110 * KIB, 0), 0);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 1);
    // Somebody else's question takes its place.
    reply = store_have(&c, 1, false);
    rig_reply_release(&reply);
    assert_int_equal(stage(100 * KIB, 0), 100 * KIB);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 0);
}

static void test_no_room(void **state) {
    const struct thing things[] = {a, b};
    (void)state;
    store_push(token, things, 2);
    age(&a, 2);
    age(&b, 1);
    struct rig_reply reply = store_stage(token, 500 * KIB, 400 * KIB, 0);
    rig_expect_error(&reply, "no_space", "100 KiB are missing");
    reply = store_stage(token, 500 * KIB, 0, INT64_C(1) << 53);
    rig_expect_error(&reply, "no_space", "edgedyno devices clean ID");
    // Nothing was given up for a push that does not come.
    assert_true(is_there(&a) && is_there(&b));
}

// A job that runs keeps its sets, and the programs.
static void test_running_job(void **state) {
    static const char script[] = "{\"type\": \"edgedyno-script\", \"run\": {\"ns\": 5000000}}";
    struct thing used = {"model", "used", "", "", {{"script.json", 0, sizeof script - 1, false}}};
    char hex[ED_DIGEST_HEX_BYTES], id[ED_DIGEST_HEX_BYTES], directory[ED_PATH_BYTES], message[8192],
        path[ED_PATH_BYTES], program[ED_PATH_BYTES];
    const struct thing things[] = {a, b};
    (void)state;
    ed_digest_bytes(hex, script, sizeof script - 1);
    snprintf(id, sizeof id, "%s", thing_id(&used));
    store_push(token, things, 2);
    store_staged(token, 1000, directory);
    snprintf(path, sizeof path, "%s/%s", directory, hex);
    assert_int_equal(ed_path_write_atomic(path, script, sizeof script - 1, 0600, NULL), ED_OK);
    const int n = snprintf(
        message, sizeof message,
        "{\"type\":\"adopt\",\"sets\":[{\"id\":\"%s\",\"kind\":\"model\",\"name\":\"used\",\"files\":[{"
        "\"name\":\"script.json\",\"bytes\":%zu,\"sha256\":\"%s\"}]}]}",
        id, sizeof script - 1, hex);
    struct rig_reply reply =
        rig_call(message, (size_t)n, (const char *[]){"adopt", "--work", rig_work, "--token", token, NULL});
    if (reply.exit_code != 0)
        rig_fail("%s", reply.text);
    rig_reply_release(&reply);
    // A program that no set names.
    snprintf(program, sizeof program, "%s",
             rig_path("work/objects/"
                      "5555555555555555555555555555555555555555555555555555555555555555"));
    assert_int_equal(ed_path_write_atomic(program, "old", 3, 0700, NULL), ED_OK);
    age(&used, 99);
    age(&a, 2);
    age(&b, 1);
    const struct rig_case one = {.model = thing_path(&used, "script.json")};
    const struct rig_block block = {.id = "long", .inferences = 100000};
    const struct rig_job job = {"job", 0, &one, 1, &block, 1};
    // A job without a lease would not start while there is one: it is given up for the moment of the start.
    store_release(token);
    const pid_t supervisor = rig_start(&job);
    rig_wait_block("job", "long", 20 * RIG_SECOND);
    store_lease("rig", token);
    assert_int_equal(stage(50 * KIB, 200 * KIB), 100 * KIB);
    assert_true(is_there(&used) && !is_there(&a) && is_there(&b));
    reply = store_stage(token, 200 * KIB, 200 * KIB, 0);
    rig_expect_error(&reply, "no_space", "missing");
    reply = store_clean(token, ",\"all\":true");
    rig_expect_error(&reply, "busy", "job");
    snprintf(message, sizeof message, ",\"ids\":[\"%s\"]", id);
    reply = store_clean(token, message);
    rig_expect_error(&reply, "busy", "job");
    // Its description may be damaged: its file is still read.
    assert_int_equal(truncate(thing_path(&used, ED_SET_FILE), 3), 0);
    reply = store_clean(token, ",\"keep\":0");
    assert_int_equal(reply.exit_code, 0);
    assert_int_equal(store_count(&reply, "removed"), 1);
    rig_reply_release(&reply);
    assert_true(ed_path_exists(one.model) && ed_path_exists(program));
    reply = rig_call_job("stop", "job");
    rig_reply_release(&reply);
    assert_string_equal(rig_wait("job", 30 * RIG_SECOND), "ended");
    // It says so before it lets go of the work directory.
    assert_true(rig_gone(supervisor, 30 * RIG_SECOND));
    reply = store_clean(token, ",\"keep\":0");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    assert_int_equal(store_entries(ED_WORK_SETS), 0);
    reply = rig_call_job("forget", "job");
    rig_reply_release(&reply);
}

static void test_keep(void **state) {
    struct thing versions[4], int8 = a;
    char message[256];
    (void)state;
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"1.0", "1.1", "1.2", "1.3"};
        versions[i] = (struct thing){
            "engine", "onnxruntime", "", names[i], {{"lib.so", 20u + (unsigned)i, 1000, false}}};
        store_push(token, &versions[i], 1);
    }
    int8.variant = "int8";
    int8.files[0].seed = 30;
    store_push(token, &a, 1);
    store_push(token, &int8, 1);
    struct rig_reply reply = store_clean(token, ",\"ids\":[],\"keep\":-1,\"all\":false");
    assert_int_equal(store_count(&reply, "removed"), 0);
    rig_reply_release(&reply);
    // Use does not make a version newer.
    assert_true(store_is_whole(&versions[0]));
    reply = store_clean(token, ",\"keep\":2");
    assert_int_equal(store_count(&reply, "removed"), 2);
    assert_int_equal(store_number(&reply, "freed_bytes"), 2000);
    rig_reply_release(&reply);
    assert_true(!is_there(&versions[0]) && !is_there(&versions[1]) && is_there(&versions[2]) &&
                is_there(&versions[3]));
    assert_true(is_there(&a) && is_there(&int8));
    // By name; one that is not there is gone already.
    snprintf(message, sizeof message, ",\"ids\":[\"%s\",\"%s\"]", thing_id(&versions[2]),
             thing_id(&versions[0]));
    reply = store_clean(token, message);
    assert_int_equal(store_count(&reply, "removed"), 1);
    rig_reply_release(&reply);
    assert_true(!is_there(&versions[2]) && is_there(&versions[3]));
    reply = store_clean(token, ",\"all\":true");
    assert_int_equal(store_count(&reply, "removed"), 3);
    rig_reply_release(&reply);
    assert_int_equal(store_entries(ED_WORK_SETS) + store_entries(ED_WORK_OBJECTS), 0);
    static const char *const bad[] = {",\"ids\":7",   ",\"ids\":[7]",    ",\"ids\":[\"..\"]",
                                      ",\"keep\":-2", ",\"keep\":\"1\"", ",\"all\":\"yes\"",
                                      ",\"keep\":1.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reply = store_clean(token, bad[i]);
        rig_expect_error(&reply, "usage", "");
    }
}

// The newest two programs that no set names stay; what a set named goes with it.
static void test_runners(void **state) {
    struct thing tool = {"libc", "glibc", "", "2.36", {{"ld.so", 40, 1000, true}}};
    char paths[4][ED_PATH_BYTES];
    (void)state;
    store_push(token, &tool, 1);
    for (int i = 0; i < 4; i++) {
        char name[128];
        const struct timespec times[2] = {{1600000000 + i, 0}, {1600000000 + i, 0}};
        snprintf(name, sizeof name, "work/objects/%064d", i);
        snprintf(paths[i], sizeof paths[i], "%s", rig_path(name));
        assert_int_equal(ed_path_write_atomic(paths[i], "program", 7, 0700, NULL), ED_OK);
        assert_int_equal(utimensat(AT_FDCWD, paths[i], times, 0), 0);
    }
    assert_int_equal(stage(1, 0), 14);
    assert_false(ed_path_exists(paths[0]) || ed_path_exists(paths[1]));
    assert_true(ed_path_exists(paths[2]) && ed_path_exists(paths[3]) && is_there(&tool));
    struct rig_reply reply = store_clean(token, ",\"keep\":0");
    assert_int_equal(store_number(&reply, "freed_bytes"), 1000);
    rig_reply_release(&reply);
    assert_true(ed_path_exists(paths[2]) && ed_path_exists(paths[3]));
    reply = store_clean(token, ",\"all\":true");
    rig_reply_release(&reply);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 0);
}

// Leftovers of whoever was killed, and what is still being pushed.
static void test_leftovers(void **state) {
    char directory[ED_PATH_BYTES];
    (void)state;
    store_push(token, &a, 1);
    static const char *const folders[] = {"work/sets/.new-x", "work/sets/.old-x", "work/sets/junk",
                                          "work/staging/1-00000000", "work/staging/boot-1234"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char name[128];
        assert_int_equal(ed_path_make(rig_path(folders[i]), 0700, NULL), ED_OK);
        snprintf(name, sizeof name, "%s/file", folders[i]);
        rig_file(name, "x");
    }
    rig_file("work/objects/.new-self-1", "x");
    rig_file("work/objects/junk", "x");
    store_staged(token, 0, directory);
    // A runner that comes without a lease is not old yet.
    assert_true(ed_path_exists(rig_path("work/staging/boot-1234/file")));
    assert_int_equal(store_entries(ED_WORK_STAGING), 2);
    assert_int_equal(store_entries(ED_WORK_SETS), 1);
    assert_int_equal(store_entries(ED_WORK_OBJECTS), 1);
    assert_true(store_is_whole(&a));
}

static bool put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

// As root a mount namespace, else one in a user namespace where the system lets us.
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

static int64_t disk_free(void) {
    struct statvfs disk;
    assert_int_equal(statvfs(rig_work, &disk), 0);
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

static void fill(int64_t bytes) {
    char block[4096];
    memset(block, 1, sizeof block);
    int fd = open(rig_path("work/filler"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (int64_t done = 0; done < bytes; done += (int64_t)sizeof block)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block) {
            assert_int_equal(errno, ENOSPC);
            break;
        }
    close(fd);
}

// To a different page every time. Whatever fails says so, and afterwards the device tells the truth; with
// room again the same push comes through.
static void full_disk(void) {
    const struct thing things[] = {a, b};
    size_t refused = 0, adopted = 0;
    for (int pages = 0; pages <= 20; pages++) {
        char directory[ED_PATH_BYTES];
        store_reset();
        store_lease("campaign", token);
        struct rig_reply reply = store_have(things, 2, false);
        rig_reply_release(&reply);
        store_staged(token, 200 * KIB, directory);
        thing_put(directory, &a.files[0], a.files[0].bytes);
        thing_put(directory, &b.files[0], b.files[0].bytes);
        fill(disk_free() - pages * 4096);
        reply = store_adopt(token, things, 2);
        if (reply.exit_code != 0) {
            refused++;
            rig_expect_error(&reply, "no_space", "");
        } else {
            adopted++;
            rig_reply_release(&reply);
        }
        fill(0);
        store_push(token, things, 2);
        assert_true(store_is_whole(&a) && store_is_whole(&b));
    }
    print_message("adopting on a full disk: %zu refused, %zu done\n", refused, adopted);
    assert_true(refused > 0 && adopted > 0);
    // Room is made by what was used longest ago, until so much is free as is to stay free.
    store_reset();
    store_lease("campaign", token);
    store_push(token, things, 2);
    age(&a, 2);
    age(&b, 1);
    fill(0);
    struct rig_reply reply = store_stage(token, disk_free() - 50 * KIB, 0, 100 * KIB);
    assert_int_equal(reply.exit_code, 0);
    assert_int_equal(store_number(&reply, "evicted_bytes"), 100 * KIB);
    rig_reply_release(&reply);
    assert_true(!is_there(&a) && is_there(&b));
    reply = store_stage(token, disk_free() + 100 * KIB, 0, 100 * KIB);
    rig_expect_error(&reply, "no_space", "`edgedyno devices clean ID`");
    assert_true(is_there(&b));
    // No work directory can be made on a disk that is only read.
    assert_int_equal(mount("none", rig_work, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    reply = store_have(things, 1, false);
    if (reply.exit_code != 0)
        rig_expect_error(&reply, "io", "");
    else
        rig_reply_release(&reply);
    reply = store_stage(token, 1, 0, 0);
    rig_expect_error(&reply, "io", "Read-only");
    assert_int_equal(mount("none", rig_work, NULL, MS_REMOUNT, "size=1m"), 0);
}

// A real file system without symbolic links: there may be none to try it on.
static void no_links(void) {
    char command[ED_PATH_BYTES];
    assert_int_equal(ed_path_make(rig_path("fat"), 0700, NULL), ED_OK);
    snprintf(command, sizeof command,
             "truncate -s 8M '%s/fat.img' && mkfs.vfat '%s/fat.img' >/dev/null 2>&1 && "
             "mount -o loop,uid=%u,umask=077 '%s/fat.img' '%s/fat' 2>/dev/null",
             rig_home, rig_home, (unsigned)geteuid(), rig_home, rig_home);
    if (system(command) != 0) {
        print_message("not tried: no FAT file system can be made and mounted here\n");
        return;
    }
    char kept[sizeof rig_work];
    memcpy(kept, rig_work, sizeof kept);
    snprintf(rig_work, sizeof rig_work, "%s/fat/work", rig_home);
    store_lease("campaign", token);
    struct rig_reply reply = store_stage(token, 1, 0, 0);
    rig_expect_error(&reply, "unsupported", "symbolic links");
    memcpy(rig_work, kept, sizeof kept);
    assert_int_equal(umount2(rig_path("fat"), MNT_DETACH), 0);
}

static void test_disk(void **state) {
    (void)state;
    if (!own_mounts() ||
        mount("edgedyno-test", rig_work, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0700") != 0) {
        print_message("skipped: no file system can be mounted here (needs root or user namespaces)\n");
        skip();
    }
    full_disk();
    assert_int_equal(umount2(rig_work, MNT_DETACH), 0);
    no_links();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_order, setup_test),
        cmocka_unit_test_setup(test_shared_files, setup_test),
        cmocka_unit_test_setup(test_wanted, setup_test),
        cmocka_unit_test_setup(test_no_room, setup_test),
        cmocka_unit_test_setup(test_running_job, setup_test),
        cmocka_unit_test_setup(test_keep, setup_test),
        cmocka_unit_test_setup(test_runners, setup_test),
        cmocka_unit_test_setup(test_leftovers, setup_test),
        cmocka_unit_test_setup(test_disk, setup_test), // the last: it leaves the mounts that all others see
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
