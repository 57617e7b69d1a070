// SPDX-License-Identifier: Apache-2.0
// The steps of `edgedyno devices check`: a list that grows while a device is looked at.
#ifndef EDGEDYNO_HARNESS_CLI_COMMAND_DEVICES_STEPS_H
#define EDGEDYNO_HARNESS_CLI_COMMAND_DEVICES_STEPS_H

#include "harness/cli/command_devices.h"

#define ED_STEPS_MAX 32

enum ed_step_result { ED_STEP_OK, ED_STEP_FAILED, ED_STEP_WARNING };

struct ed_step {
    const char *name;
    enum ed_step_result result;
    char text[ED_ERROR_MESSAGE_BYTES];
};

struct ed_steps {
    const struct ed_device_entry *entry;
    struct ed_step items[ED_STEPS_MAX];
    size_t n;
    bool failed;
};

__attribute__((format(printf, 4, 5))) void ed_steps_add(struct ed_steps *steps, const char *name,
                                                        enum ed_step_result result, const char *format, ...);
const char *ed_step_word(enum ed_step_result result);

// What a failed attempt tells of the way there: the steps that went well, then the one that did not.
void ed_steps_of_connection(struct ed_steps *steps, enum ed_session_depth reached, enum ed_status status,
                            const struct ed_error *err);
// What the shell tells: target, work directory, space, clock, and on a phone what a process of adb's shell
// is.
void ed_steps_of_identity(struct ed_steps *steps, const struct ed_identity *identity, bool in_place);
// The runner did not come to run: whether there is a pack for the target, and whether the work directory runs
// programs.
void ed_steps_of_runner_failure(struct ed_steps *steps, const struct ed_devices *devices,
                                enum ed_status status, const struct ed_error *err);
// What the runner tells: lease, job, settings to be put back, lingering, memory.
void ed_steps_of_runner(struct ed_steps *steps, const struct ed_session *session);
// Engine builds for the target that serves the device.
void ed_steps_of_engines(struct ed_steps *steps, const struct ed_engines *engines,
                         const struct ed_pack *pack);

#endif
