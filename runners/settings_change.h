// SPDX-License-Identifier: Apache-2.0
// One change of a device's state: its kinds, what values they take, where they live, and the device's journal
// of them (runners/settings.h has the format).
#ifndef EDGEDYNO_RUNNERS_SETTINGS_CHANGE_H
#define EDGEDYNO_RUNNERS_SETTINGS_CHANGE_H

#include "edgedyno/wire.h"
#include "runners/settings.h"

#define ED_SETTINGS_MAX 16 // of one job
#define ED_SETTING_VALUE_BYTES 48
#define ED_CHANGES_MAX 1024 // of a device: three for each of its frequency policies, and two of Android
#define ED_CHANGES_FILE_MAX_BYTES (1u << 20)

enum ed_setting_kind {
    ED_SETTING_GOVERNOR,
    ED_SETTING_FREQUENCY_MIN,
    ED_SETTING_FREQUENCY_MAX,
    ED_SETTING_FIXED_PERFORMANCE,
    ED_SETTING_STAY_AWAKE,
    ED_SETTING_KIND_COUNT // none of them
};

const char *ed_setting_word(enum ed_setting_kind kind);
enum ed_setting_kind ed_setting_kind_of(const char *word);
// A value that may stand there, from a job or from the journal.
bool ed_setting_value_ok(enum ed_setting_kind kind, const char *value);
bool ed_setting_lasts(enum ed_setting_kind kind); // outlives a boot
// The kind's own form of a value that a job gives ("true" of stay_awake is 7: plugged in anywhere);
// ED_ERR_USAGE says what is expected.
enum ed_status ed_setting_check(const char *word, const char *value, char out[ED_SETTING_VALUE_BYTES],
                                struct ed_error *err);
// All of a job: each checked, no kind twice, the lower frequency not above the upper.
enum ed_status ed_settings_check(const struct ed_setting *settings, size_t n, struct ed_error *err);

struct ed_change {
    enum ed_setting_kind kind;
    int policy; // of the CPU's frequency; -1 for Android's
    char old_value[ED_SETTING_VALUE_BYTES], new_value[ED_SETTING_VALUE_BYTES];
    char boot_id[64];
    bool lasting;
};

// "governor of policy0", "stay_awake".
void ed_change_name(const struct ed_change *change, char name[64]);
// The file below root_fd, or Android's command.
void ed_change_path(const struct ed_change *change, char path[128]);
// What it is now. fixed_performance cannot be asked for: "" where there is such a thing.
enum ed_status ed_change_read(int root_fd, const struct ed_change *change, char value[ED_SETTING_VALUE_BYTES],
                              struct ed_error *err);
// Writes, and reads back; a value that the system did not take is ED_ERR_REFUSED with the one that it has.
// The message says what allows it.
enum ed_status ed_change_write(int root_fd, const struct ed_change *change, const char *value,
                               struct ed_error *err);

// The journal. `append` returns when the line is on the disk. `load` leaves out a last line that is not
// whole: it was never acted on. Other lines that are not understood stay, as they are, in `damaged`.
struct ed_changes {
    struct ed_change items[ED_CHANGES_MAX];
    size_t n, n_damaged;
    struct ed_buffer damaged;
};
void ed_changes_init(struct ed_changes *changes);
void ed_changes_release(struct ed_changes *changes);
enum ed_status ed_changes_append(const char *work, const struct ed_change *change, struct ed_error *err);
enum ed_status ed_changes_load(const char *work, struct ed_changes *changes, struct ed_error *err);
// Replaces the journal by these; none removes it.
enum ed_status ed_changes_store(const char *work, const struct ed_changes *changes, struct ed_error *err);

// There is such a program; ED_ERR_UNSUPPORTED else.
enum ed_status ed_android_check(int root_fd, const char *program, struct ed_error *err);
// Runs PROGRAM below root_fd's /system/bin with words (NULL-terminated) and hands back the first line that it
// wrote. ED_ERR_UNSUPPORTED where there is no such program; a failure carries its words.
enum ed_status ed_android_run(int root_fd, const char *program, const char *const *words, char *out,
                              size_t bytes, struct ed_error *err);

#endif
