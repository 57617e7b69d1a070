// SPDX-License-Identifier: Apache-2.0
// base/path: names, and files on a real file system, also a full one, foreign ones and with symbolic links in
// the way.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"

// Each test starts in an empty directory of its own and uses relative names.
static char home[64];

static int enter(void **state) {
    (void)state;
    snprintf(home, sizeof home, P_tmpdir "/edgedyno-path-XXXXXX");
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    return chdir("/") == 0 && ed_path_remove(home, NULL) == ED_OK ? 0 : -1;
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_content(const char *path, const char *wanted) {
    struct ed_buffer text;
    struct ed_error err = {0};
    ed_buffer_init(&text, 1 << 20);
    if (ed_path_read(path, 1 << 20, &text, &err))
        fail_msg("%s: %s", err.where, err.message);
    assert_string_equal(ed_buffer_text(&text), wanted);
    ed_buffer_release(&text);
}

static size_t entries(const char *path) {
    size_t n = 0;
    struct dirent *entry;
    DIR *stream = opendir(path);
    assert_non_null(stream);
    while ((entry = readdir(stream)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return n;
}

static bool there(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

static void test_make(void **state) {
    struct ed_error err = {0};
    struct stat info;
    char longest[ED_PATH_BYTES + 1];
    (void)state;
    umask(022);
    assert_int_equal(ed_path_make("a/b//c/", 0700, &err), ED_OK);
    assert_true(ed_path_is_directory("a/b/c"));
    assert_int_equal(stat("a/b", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(ed_path_make("a/b/c", 0755, &err), ED_OK);
    assert_int_equal(ed_path_make("/", 0755, &err), ED_OK);
    assert_int_equal(ed_path_make(".", 0755, &err), ED_OK);
    assert_int_equal(ed_path_make("a/../d", 0755, &err), ED_OK);
    assert_true(ed_path_is_directory("d"));
    assert_int_equal(symlink("d", "link"), 0);
    assert_int_equal(ed_path_make("link/e", 0755, &err), ED_OK);
    assert_true(ed_path_is_directory("d/e"));

    put("file", "x");
    assert_int_equal(ed_path_make("file", 0755, &err), ED_ERR_IO);
    assert_string_equal(err.where, "file");
    assert_int_equal(ed_path_make("file/x/y", 0755, &err), ED_ERR_IO);
    assert_string_equal(err.where, "file");
    assert_non_null(strstr(err.message, "is no directory"));
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(ed_path_make("dangling/x", 0755, &err), ED_ERR_IO);
    assert_int_equal(ed_path_make("/proc/self/no", 0755, &err), ED_ERR_NOT_FOUND);
    assert_int_equal(ed_path_make("", 0755, &err), ED_ERR_USAGE);
    memset(longest, 'x', sizeof longest);
    longest[ED_PATH_BYTES] = '\0';
    assert_int_equal(ed_path_make(longest, 0755, &err), ED_ERR_LIMIT);
    longest[300] = '\0';
    assert_int_equal(ed_path_make(longest, 0755, &err), ED_ERR_IO);
    assert_int_equal(err.sys_errno, ENAMETOOLONG);
}

static void test_remove_never_follows_links(void **state) {
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(ed_path_make("precious/inner", 0755, &err), ED_OK);
    put("precious/data", "keep");
    put("precious/inner/data", "keep");
    assert_int_equal(ed_path_make("tree/a/b", 0755, &err), ED_OK);
    put("tree/file", "x");
    put("tree/a/b/.hidden", "x");
    assert_int_equal(symlink("../precious", "tree/link"), 0);
    assert_int_equal(symlink("../../precious/data", "tree/a/link"), 0);
    assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
    assert_int_equal(mkfifo("tree/fifo", 0600), 0);
    assert_int_equal(ed_path_remove("tree", &err), ED_OK);
    assert_false(there("tree"));
    check_content("precious/data", "keep");

    assert_int_equal(symlink("precious", "link"), 0);
    assert_int_equal(ed_path_remove("link/", &err), ED_OK);
    assert_false(there("link"));
    check_content("precious/inner/data", "keep");
    assert_int_equal(symlink("precious", "link"), 0);
    assert_int_equal(ed_path_remove("link", &err), ED_OK);
    assert_false(there("link"));
    assert_int_equal(entries("precious"), 2);
    assert_int_equal(ed_path_remove("precious///", &err), ED_OK);
    assert_false(there("precious"));
}

// Names that must be refused lead out of the test's own directory, and the code under test deletes trees: it
// runs in a child whose root is that directory, so that a defect can only hurt what the test made. Returns
// false where no such child can be made.
static bool refuses_in_own_root(const char *name) {
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ed_error err = {0};
        if (chroot(".") != 0 && (unshare(CLONE_NEWUSER) != 0 || chroot(".") != 0))
            _exit(2);
        _exit(ed_path_remove(name, &err) == ED_ERR_USAGE ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2)
        return false;
    assert_int_equal(WEXITSTATUS(status), 0);
    return true;
}

static void test_remove_edges(void **state) {
    static const char *const never[] = {"", "/", "//", ".", "..", "a/..", "a/.", "../", "./"};
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(mkdir("a", 0755), 0);
    put("a/x", "keep");
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (!refuses_in_own_root(never[i]))
            print_message("not tried, since no root of its own could be had: '%s'\n", never[i]);
    check_content("a/x", "keep");
    assert_int_equal(ed_path_remove("none", &err), ED_OK);
    assert_int_equal(ed_path_remove("none/none", &err), ED_OK);
    assert_int_equal(ed_path_remove("a/x/y", &err), ED_ERR_IO);
    assert_int_equal(ed_path_remove("a/x", &err), ED_OK);
    assert_int_equal(ed_path_remove("/proc/self/status", &err), ED_ERR_IO);
    assert_string_equal(err.where, "/proc/self/status");
}

static void test_remove_many_and_deep(void **state) {
    struct ed_error err = {0};
    int base = open(".", O_RDONLY | O_DIRECTORY);
    (void)state;
    assert_int_equal(mkdir("many", 0755), 0);
    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%d", i);
        put(name, "");
    }
    assert_int_equal(ed_path_remove("many", &err), ED_OK);
    // Nested deeper than a path can say, and deeper than is followed: refused, not crashed.
    for (int i = 0; i < 300; i++) {
        assert_int_equal(mkdir("deep-directory-name", 0755), 0);
        assert_int_equal(chdir("deep-directory-name"), 0);
    }
    assert_int_equal(fchdir(base), 0);
    assert_int_equal(ed_path_remove("deep-directory-name", &err), ED_ERR_LIMIT);
    assert_true(there("deep-directory-name"));
    // From further down it is within the limit.
    for (int i = 0; i < 150; i++)
        assert_int_equal(chdir("deep-directory-name"), 0);
    assert_int_equal(ed_path_remove("deep-directory-name", &err), ED_OK);
    assert_int_equal(fchdir(base), 0);
    assert_int_equal(ed_path_remove("deep-directory-name", &err), ED_OK);
    close(base);
}

static void test_read(void **state) {
    struct ed_buffer out;
    struct ed_error err = {0};
    (void)state;
    ed_buffer_init(&out, 1 << 20);
    ed_buffer_text_append(&out, "old");
    put("file", "12345");
    assert_int_equal(ed_path_read("file", 5, &out, &err), ED_OK);
    assert_string_equal(ed_buffer_text(&out), "12345");
    assert_int_equal(ed_path_read("file", 4, &out, &err), ED_ERR_LIMIT);
    assert_non_null(strstr(err.message, "4 bytes"));
    put("empty", "");
    assert_int_equal(ed_path_read("empty", 0, &out, &err), ED_OK);
    assert_int_equal(out.size, 0);
    assert_int_equal(ed_path_read("none", 5, &out, &err), ED_ERR_NOT_FOUND);
    assert_string_equal(err.where, "none");
    assert_int_equal(ed_path_read(".", 5, &out, &err), ED_ERR_IO);
    assert_string_equal(err.message, "is a directory; a file was expected");
    assert_int_equal(ed_path_read("/dev/zero", 5, &out, &err), ED_ERR_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    // A named pipe that nobody writes to must not be waited for.
    assert_int_equal(mkfifo("fifo", 0600), 0);
    alarm(30);
    assert_int_equal(ed_path_read("fifo", 5, &out, &err), ED_ERR_IO);
    alarm(0);
    // A file that says it has no bytes, and one that fails in the middle of a read.
    assert_int_equal(ed_path_read("/proc/self/stat", 5000, &out, &err), ED_OK);
    assert_true(out.size > 10);
    assert_int_equal(ed_path_read("/proc/self/mem", 5000, &out, &err), ED_ERR_IO);
    assert_int_equal(err.sys_errno, EIO);
    // The buffer's own limit holds too.
    ed_buffer_release(&out);
    ed_buffer_init(&out, 3);
    assert_int_equal(ed_path_read("file", 5, &out, &err), ED_ERR_LIMIT);
    assert_string_equal(err.where, "file");
    ed_buffer_release(&out);
}

static void test_write_atomic(void **state) {
    struct ed_error err = {0};
    struct stat before, after;
    char name[260];
    (void)state;
    umask(022);
    assert_int_equal(ed_path_write_atomic("file", "one", 3, 0666, &err), ED_OK);
    check_content("file", "one");
    assert_int_equal(stat("file", &before), 0);
    assert_int_equal(before.st_mode & 0777, 0644);
    assert_int_equal(ed_path_write_atomic("file", "", 0, 0600, &err), ED_OK);
    check_content("file", "");
    assert_int_equal(stat("file", &after), 0);
    assert_int_equal(after.st_mode & 0777, 0600);
    assert_int_not_equal(before.st_ino, after.st_ino);
    // The longest name that a file may have; the temporary one must not be longer.
    memset(name, 'n', 255);
    name[255] = '\0';
    assert_int_equal(ed_path_write_atomic(name, "x", 1, 0600, &err), ED_OK);
    assert_int_equal(entries("."), 2);
}

static void test_write_atomic_refuses(void **state) {
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(mkdir("directory", 0755), 0);
    assert_int_equal(ed_path_write_atomic("directory", "x", 1, 0600, &err), ED_ERR_IO);
    assert_non_null(strstr(err.message, "is a directory"));
    assert_int_equal(ed_path_write_atomic("none/file", "x", 1, 0600, &err), ED_ERR_NOT_FOUND);
    assert_string_equal(err.where, "none/file");
    assert_int_equal(ed_path_write_atomic("", "x", 1, 0600, &err), ED_ERR_USAGE);
    put("file", "x");
    assert_int_equal(ed_path_write_atomic("file/x", "x", 1, 0600, &err), ED_ERR_IO);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(ed_path_write_atomic("fifo", "x", 1, 0600, &err), ED_ERR_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(ed_path_write_atomic("dangling", "x", 1, 0600, &err), ED_ERR_NOT_FOUND);
    assert_int_equal(ed_path_write_atomic("/proc/self/new", "x", 1, 0600, &err), ED_ERR_NOT_FOUND);
    assert_int_equal(entries("."), 4);
    assert_int_equal(entries("directory"), 0);
}

static void test_write_atomic_keeps_links(void **state) {
    struct ed_error err = {0};
    struct stat info;
    (void)state;
    assert_int_equal(mkdir("real", 0755), 0);
    put("real/file", "old");
    assert_int_equal(symlink("real/file", "link"), 0);
    assert_int_equal(ed_path_write_atomic("link", "new", 3, 0600, &err), ED_OK);
    assert_int_equal(lstat("link", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    check_content("real/file", "new");
    assert_int_equal(entries("real"), 1);
    assert_int_equal(entries("."), 2);
    // A link to a device: the device stays, and is not written to.
    assert_int_equal(symlink("/dev/full", "full"), 0);
    assert_int_equal(ed_path_write_atomic("full", "x", 1, 0600, &err), ED_ERR_IO);
    assert_int_equal(stat("/dev/full", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void test_write_all(void **state) {
    struct ed_error err = {0};
    char text[300000];
    struct ed_buffer back;
    int ends[2], fd = open("/dev/full", O_WRONLY), status = -1;
    pid_t child;
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ed_path_write_all(fd, "x", 1, "journal.jsonl", &err), ED_ERR_NO_SPACE);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.where, "journal.jsonl");
    close(fd);
    assert_int_equal(ed_path_write_all(-1, "x", 1, "closed", &err), ED_ERR_IO);
    assert_int_equal(err.sys_errno, EBADF);
    assert_int_equal(ed_path_write_all(-1, "x", 0, "nothing", &err), ED_OK);

    // A pipe takes part of it at a time, even one that does not block.
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i % 251);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        _exit(ed_path_write_all(ends[1], text, sizeof text, "pipe", NULL) == ED_OK ? 0 : 1);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, 0);
    ed_buffer_init(&back, 1 << 20);
    for (;;) {
        char chunk[4096];
        ssize_t n = read(ends[0], chunk, sizeof chunk);
        assert_true(n >= 0);
        if (n == 0)
            break;
        ed_buffer_append(&back, chunk, (size_t)n);
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(back.size, sizeof text);
    assert_memory_equal(back.data, text, sizeof text);
    ed_buffer_release(&back);

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(ed_path_write_all(ends[1], "x", 1, "pipe", &err), ED_ERR_IO);
    assert_int_equal(err.sys_errno, EPIPE);
    close(ends[1]);
}

// In a child with a mount table of its own: a file system of 64 KiB, and one inside a tree that is to be
// removed. The child's exit status says what went wrong; 77 that mounting is not allowed here.
static int on_own_file_systems(void) {
    static char big[1 << 20];
    struct ed_error err = {0};
    struct stat info;
    FILE *map;
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return 77;
        if (!(map = fopen("/proc/self/setgroups", "w")))
            return 77;
        fputs("deny", map);
        fclose(map);
        if (!(map = fopen("/proc/self/uid_map", "w")))
            return 77;
        fprintf(map, "0 %u 1", (unsigned)uid);
        if (fclose(map) != 0 || !(map = fopen("/proc/self/gid_map", "w")))
            return 77;
        fprintf(map, "0 %u 1", (unsigned)gid);
        fclose(map);
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mkdir("full", 0755) != 0 ||
        mount("tmpfs", "full", "tmpfs", 0, "size=64k") != 0)
        return 77;
    memset(big, 'x', sizeof big);

    if (ed_path_write_atomic("full/file", "old", 3, 0600, &err) != ED_OK)
        return 1;
    if (ed_path_write_atomic("full/file", big, sizeof big, 0600, &err) != ED_ERR_NO_SPACE ||
        err.sys_errno != ENOSPC)
        return 2;
    if (strcmp(err.where, "full/file") != 0 || !strstr(err.message, "No space left"))
        return 3;
    if (stat("full/file", &info) != 0 || info.st_size != 3 || entries("full") != 1)
        return 4;

    if (mkdir("tree", 0755) != 0 || mkdir("tree/a", 0755) != 0 ||
        mount("tmpfs", "tree/a", "tmpfs", 0, "size=64k") != 0)
        return 77;
    put("tree/a/precious", "keep");
    if (ed_path_remove("tree", &err) != ED_ERR_BUSY || !strstr(err.message, "another file system"))
        return 5;
    if (!there("tree/a/precious"))
        return 6;

    if (mount(NULL, "full", NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
        return 77;
    if (ed_path_write_atomic("full/file", "new", 3, 0600, &err) != ED_ERR_IO || err.sys_errno != EROFS)
        return 7;
    if (ed_path_make("full/x/y", 0755, &err) != ED_ERR_IO || err.sys_errno != EROFS)
        return 8;
    if (ed_path_make("full", 0755, &err) != ED_OK)
        return 9;
    if (ed_path_remove("full/file", &err) != ED_ERR_IO || err.sys_errno != EROFS || !there("full/file"))
        return 10;
    return 0;
}

static void test_full_foreign_and_read_only_file_systems(void **state) {
    int status = -1;
    pid_t child = fork();
    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(on_own_file_systems());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_sync_directory(void **state) {
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(ed_path_sync_directory(".", &err), ED_OK);
    assert_int_equal(ed_path_sync_directory("none", &err), ED_ERR_NOT_FOUND);
    put("file", "x");
    assert_int_equal(ed_path_sync_directory("file", &err), ED_ERR_IO);
    assert_int_equal(err.sys_errno, ENOTDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_make),
        TEST(test_remove_never_follows_links),
        TEST(test_remove_edges),
        TEST(test_remove_many_and_deep),
        TEST(test_read),
        TEST(test_write_atomic),
        TEST(test_write_atomic_refuses),
        TEST(test_write_atomic_keeps_links),
        TEST(test_write_all),
        TEST(test_full_foreign_and_read_only_file_systems),
        TEST(test_sync_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
