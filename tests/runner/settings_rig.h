// SPDX-License-Identifier: Apache-2.0
// Made-up devices for the tests of settings: a tree with two frequency policies and Android's two commands as
// scripts. The linker sends write, fsync, ftruncate, rename and unlink of the whole program through here
// (--wrap), where they are counted, fail or kill. One tree at a time, one thread.
#ifndef EDGEDYNO_TESTS_RUNNER_SETTINGS_RIG_H
#define EDGEDYNO_TESTS_RUNNER_SETTINGS_RIG_H

#include "edgedyno/wire.h"
#include "runners/settings.h"
#include "tests/runner/rig.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GOVERNOR_0 "sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
#define GOVERNOR_4 "sys/devices/system/cpu/cpufreq/policy4/scaling_governor"
#define BOOT_ID "proc/sys/kernel/random/boot_id"
#define TREE_EVERYTHING 5

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n);
int __wrap_ftruncate64(int fd, off_t n); // its name where offsets of 64 bits are asked for
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

// What is done to the calls of this process.
struct tree_calls {
    int kill_at, calls;            // SIGKILL before this call, counted from 1; 0: never
    bool half;                     // of a write to the journal half is there
    const char *fail_on, *instead; // a write to a path with this in it: EINVAL, or this is written
    int fail_errno;
    bool watch_order; // no lower limit may ever be above its upper one
    int watched;
};
extern struct tree_calls tree_calls;

extern char tree_root[512], tree_work[512];
extern int tree_fd; // of tree_root
struct tree_file {
    const char *name, *text;
};
extern const struct tree_file tree_files[]; // as they are before anything is changed
extern const size_t tree_n_files;
extern const struct ed_setting tree_everything[TREE_EVERYTHING]; // a setting of each kind

// setup and teardown of a test: a new tree and a new work directory.
int tree_make(void **state);
int tree_drop(void **state);
// First line of a file of the tree; "" where there is none.
void tree_read(const char *name, char *value, size_t bytes);
void tree_write(const char *directory, const char *name, const char *text, mode_t mode);
void tree_expect(const char *name, const char *value);
// Every file is as before, and there is no journal; `when` is for the message.
void tree_expect_original(const char *when);
void tree_apply_all(void);
void tree_expect_refused(const struct ed_setting *settings, size_t n, enum ed_status code, const char *words);
// Both texts are the caller's to release.
void tree_restore(struct ed_buffer *restored, struct ed_buffer *failed);
// Puts back; these words must be said, and nothing as failed where failed_words is empty.
void tree_expect_restored(const char *restored_words, const char *failed_words);
void tree_journal(struct ed_buffer *text);

#endif
