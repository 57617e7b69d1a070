// SPDX-License-Identifier: Apache-2.0
// The files of baselines on the disk: places, the lock, copies. For baseline.c and baseline_set.c.
#ifndef EDGEDYNO_HARNESS_HISTORY_BASELINE_FILES_H
#define EDGEDYNO_HARNESS_HISTORY_BASELINE_FILES_H

#include "devices/engines.h"
#include "harness/history/baseline.h"

// BASELINES/PART; `part` "" is the directory itself.
enum ed_status ed_baseline_place(char out[ED_PATH_BYTES], const char *part, struct ed_error *err);
enum ed_status ed_baseline_name_place(char out[ED_PATH_BYTES], const char *name, struct ed_error *err);
enum ed_status ed_baseline_set_place(char out[ED_PATH_BYTES], const char *set, struct ed_error *err);
// A file's name in a set: one component, or two; nothing that leads elsewhere.
bool ed_baseline_file_name_ok(const char *name);
// Makes the directories and waits for the lock; *fd is closed to give it back.
enum ed_status ed_baseline_lock(int *fd, struct ed_error *err);
// The whole file, synced, read-only; its digest must be `sha256`.
enum ed_status ed_baseline_copy(const char *from, const char *to, const char *sha256, struct ed_error *err);
// The engine builds of this machine, for who has no program's resources at hand.
struct ed_baseline_engines {
    struct ed_catalogue catalogue;
    struct ed_engines engines;
};
enum ed_status ed_baseline_engines_load(struct ed_baseline_engines *engines, struct ed_error *err);
void ed_baseline_engines_release(struct ed_baseline_engines *engines);
// "ENGINE@VERSION/BACKEND" apart; `version` and `backend` "" where they are not there.
enum ed_status ed_baseline_on_split(const char *on, char engine[64], char version[64], char backend[64],
                                    struct ed_error *err);

#endif
