// SPDX-License-Identifier: Apache-2.0
// What a job changes on its device, and putting it back. Every change is written to WORK/changed.jsonl and
// synced before it is made: {"kind":WORD,"path":TEXT,"old":TEXT,"new":TEXT,"boot_id":TEXT,"lasting":B}.
// Restoring goes through the journal backwards and removes it when all is back; a change that does not
// outlive a boot is dropped when the boot id is another. A value that is no longer ours (somebody changed it
// meanwhile) is left, and said. It is called at a job's end, and by every short command that finds the
// journal while no job runs: after a crash, a lost link or a reboot at the latest at the next contact.
//
// Kinds: "governor" (every /sys/devices/system/cpu/cpufreq/policy*/scaling_governor), "frequency_min_khz" and
// "frequency_max_khz" (scaling_min_freq, scaling_max_freq; the order of writing keeps min <= max),
// "fixed_performance" (Android: cmd power set-fixed-performance-mode-enabled), "stay_awake" (Android:
// settings global stay_on_while_plugged_in, old value read first; lasting).
#ifndef EDGEDYNO_RUNNERS_SETTINGS_H
#define EDGEDYNO_RUNNERS_SETTINGS_H

#include "base/buffer.h"
#include "base/path.h"

struct ed_setting {
    const char *kind, *value; // borrowed
};

// Applies all or none: on a failure what was changed is put back, and the error names the setting, the file,
// and what allows it. `root_fd` is "/" (or a made-up tree), below which the paths are.
enum ed_status ed_settings_apply(const char *work, int root_fd, const struct ed_setting *settings, size_t n,
                                 struct ed_error *err);
// No journal is ED_OK with nothing said. `restored` and `failed` get a line each ("governor of policy0:
// performance -> schedutil"); either may be NULL. What failed stays in the journal.
enum ed_status ed_settings_restore(const char *work, int root_fd, struct ed_buffer *restored,
                                   struct ed_buffer *failed, struct ed_error *err);
bool ed_settings_pending(const char *work);

#endif
