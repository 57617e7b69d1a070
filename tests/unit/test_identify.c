// SPDX-License-Identifier: Apache-2.0
// devices/identify: the script under every shell that is installed, and the reader on recorded and on hostile
// answers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "devices/identify.h"
#include "devices/identify_script.h"
#include "devices/process.h"

#define SECOND_NS INT64_C(1000000000)

// A transport to this machine, which starts the script by a shell of our choice.
struct shell {
    const char *path, *word; // word: NULL, or what a program of many names wants first
    const char *banner;      // what the shell is made to print before, by a profile; NULL
    int calls, exit_code;    // exit_code != 0: the shell is not there
    const char *words;
};

static enum ed_status spawn(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                            struct ed_error *err) {
    struct shell *shell = state;
    const char *argv[8] = {shell->path, shell->word};
    size_t n = shell->word ? 2 : 1;
    struct ed_spawn_args own = *args;
    shell->calls++;
    if (shell->exit_code) {
        ed_spawn_result_init(out);
        out->exit_code = shell->exit_code;
        out->out = strdup("");
        out->err_out = strdup(shell->words);
        out->err_bytes = strlen(shell->words);
        return ED_OK;
    }
    for (size_t i = 1; args->argv[i]; i++)
        argv[n++] = args->argv[i];
    own.argv = argv;
    return ed_process_run(&own, out, err);
}

static const struct ed_transport transport = {.name = "test", .spawn = spawn};

static char room[ED_PATH_BYTES];

static int enter(void **state) {
    char name[] = P_tmpdir "/edgedyno-test-XXXXXX";
    (void)state;
    if (!mkdtemp(name) || ed_path_real(room, name, NULL))
        return -1;
    setenv("HOME", room, 1);
    unsetenv("XDG_STATE_HOME");
    return 0;
}

static int leave(void **state) {
    (void)state;
    return ed_path_remove(room, NULL);
}

static enum ed_status identify(struct shell *shell, const char *work_dir, struct ed_identity *out,
                               struct ed_error *err) {
    return ed_identify(&transport, shell, "device", work_dir, out, ed_clock_monotonic_ns() + 60 * SECOND_NS,
                       err);
}

static void test_shells(void **state) {
    static const struct shell shells[] = {
        {.path = "/bin/dash"},
        {.path = "/bin/bash"},
        {.path = "/bin/mksh"},
        {.path = "/bin/ksh93"},
        {.path = "/bin/busybox", .word = "sh"},
        {.path = "/bin/toybox", .word = "sh"},
        {.path = "zsh-as-sh"},
        {.path = "/bin/sh"},
    };
    char zsh[ED_PATH_BYTES], work[ED_PATH_BYTES];
    struct utsname name;
    int tried = 0;
    (void)state;
    uname(&name);
    snprintf(zsh, sizeof zsh, "%.4000s/sh", room);
    if (access("/bin/zsh", X_OK) == 0)
        assert_int_equal(symlink("/bin/zsh", zsh), 0);
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        struct shell shell = shells[i];
        struct ed_identity identity;
        struct ed_error err = {0};
        struct stat info;
        if (shell.path[0] != '/')
            shell.path = zsh;
        if (access(shell.path, X_OK) != 0) {
            print_message("%s is not installed\n", shell.path);
            continue;
        }
        tried++;
        snprintf(work, sizeof work, "%.3900s/a dir's \"$HOME\" %zu/work", room, i);
        if (identify(&shell, work, &identity, &err))
            fail_msg("%s: %s: %s", shell.path, err.where, err.message);
        assert_int_equal(shell.calls, 1);
        assert_string_equal(identity.work_dir, work);
        assert_int_equal(stat(work, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0700);
        assert_string_equal(identity.machine, name.machine);
        assert_true(strlen(identity.target) > 6);
        assert_true(strncmp(identity.kernel, "Linux ", 6) == 0);
        assert_true(strstr(identity.kernel, name.release) != NULL);
        assert_false(identity.android);
        assert_true(strlen(identity.boot_id) == 36 || access("/proc/sys/kernel/random/boot_id", R_OK) != 0);
        assert_true(identity.free_bytes >= 0);
        // A second is what a `date` without decimals leaves open.
        assert_true(llabs((long long)(identity.real_us - identity.real_asked_us)) < 30 * 1000000);
        assert_true(identity.real_us > 0);
#ifdef __GLIBC__
        assert_string_equal(identity.libc, "glibc");
        assert_true(identity.libc_version[0] == '2' && identity.libc_version[1] == '.');
#endif
        // Nothing of the trial is left.
        snprintf(work, sizeof work, "%.3900s/a dir's \"$HOME\" %zu/work/.try", room, i);
        assert_int_equal(rmdir(identity.work_dir), 0);
    }
    assert_true(tried > 0);
}

static void test_default_place(void **state) {
    struct shell shell = {.path = "/bin/sh"};
    struct ed_identity identity;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    (void)state;
    assert_int_equal(identify(&shell, "", &identity, &err), ED_OK);
    snprintf(path, sizeof path, "%.4000s/.local/state/edgedyno/work", room);
    assert_string_equal(identity.work_dir, path);
    snprintf(path, sizeof path, "%.4000s/state", room);
    setenv("XDG_STATE_HOME", path, 1);
    assert_int_equal(identify(&shell, "", &identity, &err), ED_OK);
    snprintf(path, sizeof path, "%.4000s/state/edgedyno/work", room);
    assert_string_equal(identity.work_dir, path);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_int_equal(identify(&shell, "", &identity, &err), ED_ERR_IO);
    assert_non_null(strstr(err.message, "work_dir"));
    setenv("HOME", room, 1);
}

static void refuse_work(const char *name, const char *message) {
    struct shell shell = {.path = "/bin/sh"};
    struct ed_identity identity;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%.2000s/%.2000s", room, name);
    assert_int_equal(identify(&shell, name[0] == '/' ? name : path, &identity, &err), ED_ERR_IO);
    if (!strstr(err.message, message))
        fail_msg("'%s' lacks '%s'", err.message, message);
    assert_string_equal(identity.work_dir, "");
}

static void test_wrong_work(void **state) {
    struct shell shell = {.path = "/bin/sh"};
    struct ed_identity identity;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES], target[ED_PATH_BYTES];
    (void)state;
    snprintf(path, sizeof path, "%.4000s/open", room);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0750), 0);
    refuse_work("open", "chmod 700");
    assert_int_equal(chmod(path, 0701), 0);
    refuse_work("open", "chmod 700");
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(target, sizeof target, "%.4000s/link", room);
    assert_int_equal(symlink("open", target), 0);
    refuse_work("link", "symbolic link");
    refuse_work("link//", "symbolic link");
    snprintf(path, sizeof path, "%.4000s/file", room);
    assert_int_equal(ed_path_write_atomic(path, "x", 1, 0600, &err), ED_OK);
    refuse_work("file", "cannot be made");
    refuse_work("file/below", "cannot be made");
    refuse_work("/proc/self/none", "cannot be made");
    if (geteuid() == 0) {
        snprintf(path, sizeof path, "%.4000s/open", room);
        assert_int_equal(chown(path, 12345, 12345), 0);
        refuse_work("open", "another user");
    } else {
        refuse_work("/", "");
    }
    assert_int_equal(identify(&shell, "relative", &identity, &err), ED_ERR_USAGE);
    assert_int_equal(identify(&shell, "/a\\nb", &identity, &err), ED_ERR_USAGE);
}

static void test_no_shell(void **state) {
    static const struct {
        int code;
        const char *words, *message;
        int calls;
    } rows[] = {
        {127, "sh: not found", "needs /bin/sh", 2},
        {1, "'/bin/sh' is not recognized as an internal or external command,\r\noperable program", "WSL 2",
         1},
        {1, "The system cannot find the path specified.\r\n", "WSL 2", 1},
        {1, "/bin/sh : The term '/bin/sh' is not recognized as the name of a cmdlet", "WSL 2", 1},
        {1, "This account is currently not available.\n", "login shell", 1},
        {255, "\x1b[31mno\x1b[0m", "exit status 255: ?[31mno", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct shell shell = {.path = "/bin/sh", .exit_code = rows[i].code, .words = rows[i].words};
        struct ed_identity identity;
        struct ed_error err = {0};
        assert_int_equal(identify(&shell, "", &identity, &err), ED_ERR_UNSUPPORTED);
        if (!strstr(err.message, rows[i].message))
            fail_msg("'%s' lacks '%s'", err.message, rows[i].message);
        assert_int_equal(shell.calls, rows[i].calls);
    }
}

static enum ed_status parse(const char *text, struct ed_identity *out, struct ed_error *err) {
    memset(err, 0, sizeof *err);
    return ed_identify_parse("device", text, strlen(text), 5000000, out, err);
}

#define WRAP(lines) "Welcome!\r\nOS=Plan9\n" ED_IDENTIFY_BEGIN "\n" lines "\n" ED_IDENTIFY_END "\nbye\n"
#define ELF32 "ELF=\177ELF\001\n"
#define ELF64 "ELF=\177ELF\002\n"
#define WORK_OF(uid) "LS=drwx------ 2 " uid " 1000 4096 Jan  1 00:00 /w\nUID=1000\nWORK=/w\n"
#define WORK WORK_OF("1000")

// As real devices answer, cut to what matters.
static void test_recorded(void **state) {
    static const struct {
        const char *text, *target, *libc, *version, *model;
        bool android;
        int64_t free_bytes;
    } rows[] = {
        {WRAP("OS=Linux\nRELEASE=6.6.31+rpt-rpi-v8\nMACHINE=aarch64\n" ELF64 "LIBC=glibc 2.36\n" WORK
              "MODEL=Raspberry Pi 4 Model B Rev 1.4\nDF=Filesystem 1024-blocks Used Available Capacity "
              "Mounted on\n"
              "DF=/dev/mmcblk0p2 59767648 9000000 48000000 16% /"),
         "linux-aarch64", "glibc", "2.36", "Raspberry Pi 4 Model B Rev 1.4", false, INT64_C(48000000) * 1024},
        // 32 bits on a 64-bit kernel.
        {WRAP("OS=Linux\nMACHINE=aarch64\n" ELF32 "LIBC=glibc 2.31\n" WORK), "linux-armv7", "glibc", "2.31",
         "", false, -1},
        {WRAP("OS=Linux\nMACHINE=armv7l\nELF=\nBITS=32\nLIBC=glibc 2.28\n" WORK), "linux-armv7", "glibc",
         "2.28", "", false, -1},
        // Alpine: ldd on standard error, a loader's own words.
        {WRAP("OS=Linux\nMACHINE=x86_64\n" ELF64
              "LIBC=\nLOADER=/lib/ld-musl-x86_64.so.1\nLDD=musl libc (x86_64)\n"
              "LDD=Version 1.2.4\nLDD=Dynamic Program Loader\n" WORK),
         "linux-x86_64", "musl", "1.2.4", "", false, -1},
        {WRAP("OS=Linux\nMACHINE=x86_64\n" ELF64 "LIBC=\nLDD=ldd (Ubuntu GLIBC 2.31-0ubuntu9.9) 2.31\n"
              "LOADER=/lib64/ld-linux-x86-64.so.2\n" WORK),
         "linux-x86_64", "glibc", "2.31", "", false, -1},
        {WRAP("OS=Linux\nMACHINE=aarch64\n" ELF64
              "LIBC=\nLDD=sh: ldd: not found\nLOADER=/lib/ld-linux-aarch64.so.1\n"
              "LIBC_SELF=GNU C Library (Buildroot) stable release version 2.35.\nLIBC_SELF=Copyright (C) "
              "2022\n" WORK),
         "linux-aarch64", "glibc", "2.35", "", false, -1},
        // A static busybox alone.
        {WRAP("OS=Linux\nMACHINE=aarch64\n" ELF64 "LIBC=\nLDD=sh: ldd: not found\n" WORK), "linux-aarch64",
         "none", "", "", false, -1},
        {WRAP("OS=Linux\nRELEASE=5.10.1-android13\nMACHINE=aarch64\nANDROID=14\nABI=arm64-v8a\nMODEL=Pixel "
              "7\n" ELF64 "LOADER=/system/bin/linker\nLOADER=/system/bin/linker64\nOOM=-950\nCPUSET=/"
              "foreground\nCPUS=\t0-7\n" WORK),
         "android-aarch64", "bionic", "Android 14", "Pixel 7", true, -1},
        // 32-bit Android on a 64-bit kernel, and one so old that it lacks uname.
        {WRAP("OS=Linux\nMACHINE=armv8l\nANDROID=9\nABI=armeabi-v7a\n" ELF32
              "LOADER=/system/bin/linker\n" WORK),
         "android-armv7", "bionic", "Android 9", "", true, -1},
        {WRAP("OS=Linux\nMACHINE=\nANDROID=5.1.1\nABI=armeabi-v7a\n" ELF32 "LOADER=/system/bin/linker\n"
              "LS=drwx------ 2 2000 2000 4096 w\nUID=\nID=uid=2000(shell) "
              "gid=2000(shell)\nWORK=/data/local/tmp/edgedyno"),
         "android-armv7", "bionic", "Android 5.1.1", "", true, -1},
        // getprop on a GNU system: a phone by its shell, a Linux by its programs.
        {WRAP("OS=Linux\nMACHINE=x86_64\nANDROID=14\nMODEL=rig\n" ELF64 "LIBC=glibc 2.41\n" WORK),
         "linux-x86_64", "glibc", "2.41", "rig", true, -1},
        {WRAP("OS=Linux\r\nMACHINE=x86_64\r\nELF=\177ELF\002\r\nLIBC=glibc 2.36\r\n"
              "LS=drwx--S---. 2 1000 1000 6 w\r\nUID=1000\r\nWORK=/w\r\nVENDOR=Dell Inc.\nPRODUCT=XPS\n"
              "DF=/dev/mapper/a-very-long-name-that-is-broken\nDF=      100 60 40 60% /"),
         "linux-x86_64", "glibc", "2.36", "Dell Inc. XPS", false, 40 * 1024},
    };
    struct ed_identity identity;
    struct ed_error err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parse(rows[i].text, &identity, &err))
            fail_msg("%zu: %s", i, err.message);
        assert_string_equal(identity.target, rows[i].target);
        assert_string_equal(identity.libc, rows[i].libc);
        assert_string_equal(identity.libc_version, rows[i].version);
        assert_string_equal(identity.model, rows[i].model);
        assert_int_equal(identity.android, rows[i].android);
        assert_int_equal(identity.free_bytes, rows[i].free_bytes);
        assert_int_equal(identity.real_asked_us, 5000000);
    }
    assert_int_equal(parse(rows[7].text, &identity, &err), ED_OK);
    assert_int_equal(identity.oom_score_adj, -950);
    assert_string_equal(identity.cpuset, "/foreground, CPUs 0-7");
    assert_string_equal(identity.kernel, "Linux 5.10.1-android13");
}

static void test_unsupported(void **state) {
    static const struct {
        const char *text, *message;
    } rows[] = {
        {WRAP("OS=Darwin\nRELEASE=23.1.0\nMACHINE=arm64"), "macOS"},
        {WRAP("OS=Darwin\nRELEASE=22.0\nMACHINE=iPhone14,2"), "iOS"},
        {WRAP("OS=MINGW64_NT-10.0-19045\nMACHINE=x86_64"), "WSL 2"},
        {WRAP("OS=CYGWIN_NT-10.0\nMACHINE=x86_64"), "WSL 2"},
        {WRAP("OS=MSYS_NT-10.0\nMACHINE=x86_64"), "WSL 2"},
        {WRAP("OS=FreeBSD\nMACHINE=amd64"), "FreeBSD"},
        {WRAP("MACHINE=amd64"), "does not tell"},
        {WRAP("OS=Linux\nMACHINE=riscv64\n" ELF64 WORK),
         "riscv64 with 64-bit programs; there are linux-x86_64"},
        {WRAP("OS=Linux\nMACHINE=x86_64\n" ELF32 WORK), "x86_64 with 32-bit"},
        {WRAP("OS=Linux\nMACHINE=i686\n" ELF32 WORK), "i686"},
        {WRAP("OS=Linux\nMACHINE=armv6l\n" ELF32 WORK), "linux-armv7"},
    };
    struct ed_identity identity;
    struct ed_error err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].text, &identity, &err), ED_ERR_UNSUPPORTED);
        if (!strstr(err.message, rows[i].message))
            fail_msg("'%s' lacks '%s'", err.message, rows[i].message);
    }
}

#define PC "OS=Linux\nMACHINE=x86_64\n" ELF64
static void test_hostile(void **state) {
    static const struct {
        const char *text;
        enum ed_status status;
        const char *message;
    } rows[] = {
        {"", ED_ERR_PARSE, "cut short"},
        {ED_IDENTIFY_BEGIN "\n" PC WORK, ED_ERR_PARSE, "cut short"},
        {ED_IDENTIFY_END "\n" PC WORK ED_IDENTIFY_BEGIN "\n", ED_ERR_PARSE, "cut short"},
        {WRAP(PC), ED_ERR_IO, "no path"},
        {WRAP(PC "LS=drwx------ 2 1000 1000\nUID=1000\nWORK=w"), ED_ERR_IO, "no path"},
        {WRAP(PC "LS=drwx------ 2 1000 1000\nUID=1000\nWORK=/w\tx"), ED_ERR_IO, "no path"},
        {WRAP(PC "UID=1000\nWORK=/w"), ED_ERR_IO, "owner and mode"},
        {WRAP(PC "LS=drwx------ 2 root root\nUID=1000\nWORK=/w"), ED_ERR_IO, "owner and mode"},
        {WRAP(PC "LS=lrwx------ 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "no directory"},
        {WRAP(PC WORK_OF("0")), ED_ERR_IO, "another user"},
        {WRAP(PC "LS=drwx------ 2 1000 1000\nUID=\nID=uid=100(x)\nOWNED=yes\nWORK=/w"), ED_ERR_IO,
         "another user"},
        {WRAP(PC "LS=drwxr-x--- 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "chmod 700"},
        {WRAP(PC "LS=drwx--s--- 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "chmod 700"},
        {WRAP(PC "LS=drwx---r-- 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "chmod 700"},
        {WRAP(PC "LS=drwx----w- 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "chmod 700"},
        {WRAP(PC "LS=dr-x------ 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "chmod 700"},
        {WRAP(PC "LS=drwx-----t 2 1000 1000\nUID=1000\nWORK=/w"), ED_ERR_IO, "chmod 700"},
        {WRAP(PC "WORK_ASKED=/w\nWORK_ERROR=write sh: write error: No space left on device"), ED_ERR_NO_SPACE,
         "full"},
        {WRAP(PC "WORK_ASKED=/w\nWORK_ERROR=write sh: cannot create: Read-only file system"), ED_ERR_IO,
         "Read-only"},
        {WRAP(PC "WORK_ASKED=/w\nWORK_ERROR=make"), ED_ERR_IO, "cannot be made"},
    };
    struct ed_identity identity;
    struct ed_error err;
    char text[8192];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].text, &identity, &err), rows[i].status);
        if (!strstr(err.message, rows[i].message))
            fail_msg("'%s' lacks '%s'", err.message, rows[i].message);
        assert_string_equal(identity.work_dir, "");
    }
    // Numbers and texts that are none.
    assert_int_equal(
        parse(WRAP(PC "OOM=999999999\nBOOT=../../x\nCLOCK=99999999999999999999\nCPUS=$(x)\nMODEL=\x1b[2Ja\n"
                      "DF=x 1 1 99999999999999999999 5% /\n" WORK),
              &identity, &err),
        ED_OK);
    assert_int_equal(identity.oom_score_adj, 0);
    assert_string_equal(identity.boot_id, "");
    assert_int_equal(identity.real_us, 0);
    assert_int_equal(identity.free_bytes, -1);
    assert_string_equal(identity.cpuset, "");
    assert_string_equal(identity.model, "?[2Ja");
    // The clock with and without decimals.
    static const struct {
        const char *text;
        int64_t us;
    } clocks[] = {{"1700000000.250000000", 1700000000250000},
                  {"1700000000.%N", 1700000000500000},
                  {"1700000000", 1700000000500000},
                  {"1700000000.", 1700000000500000},
                  {"-1", 0},
                  {"%s", 0}};
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        snprintf(text, sizeof text, "%s\nCLOCK=%s\n" PC WORK "%s\n", ED_IDENTIFY_BEGIN, clocks[i].text,
                 ED_IDENTIFY_END);
        assert_int_equal(parse(text, &identity, &err), ED_OK);
        assert_int_equal(identity.real_us, clocks[i].us);
    }
    // Longer than it may be.
    snprintf(text, sizeof text, "%s\n" PC "LS=drwx------ 2 1000 1000\nUID=1000\nWORK=/%0600d\n%s\n",
             ED_IDENTIFY_BEGIN, 0, ED_IDENTIFY_END);
    assert_int_equal(parse(text, &identity, &err), ED_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shells, enter, leave),
        cmocka_unit_test_setup_teardown(test_default_place, enter, leave),
        cmocka_unit_test_setup_teardown(test_wrong_work, enter, leave),
        cmocka_unit_test(test_no_shell),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
