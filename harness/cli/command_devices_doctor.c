// SPDX-License-Identifier: Apache-2.0
// Steps that a runner on the device answers.
#include <string.h>

#include "base/units.h"
#include "harness/cli/command_devices_steps.h"

#define MEMORY_LEAST_BYTES (INT64_C(128) << 20)

static void check_pack(struct ed_steps *steps, const struct ed_session *session) {
    const struct ed_pack *pack = &session->pack;
    if (pack->foreign)
        ed_steps_add(
            steps, "pack", ED_STEP_WARNING,
            "%s with its own C library: CPU only, not the app's build; a pack for Android needs an NDK "
            "(docs/devices.md)",
            pack->target);
    else if (pack->runner_libc)
        ed_steps_add(
            steps, "pack", ED_STEP_WARNING,
            "%s runs with the pack's C library %s, since the device's own does not serve: no GPU drivers",
            pack->target, pack->libc_version);
    else
        ed_steps_add(steps, "pack", ED_STEP_OK, "%s", pack->target);
    ed_steps_add(steps, "runner", ED_STEP_OK, "%s", session->remote.runner);
    ed_steps_add(steps, "wire", ED_STEP_OK, "%s", ED_WIRE_VERSION);
}

static void check_lease(struct ed_steps *steps, const struct ed_session *session) {
    static const struct ed_remote_lease_ask show = {.action = "show"};
    struct ed_remote_lease lease = {0};
    struct ed_error err = {0};
    char holder[512], until[96];
    if (ed_remote_lease(&session->remote, &show, &lease, &err)) {
        ed_steps_add(steps, "lease", ED_STEP_FAILED, "%s", err.message);
        return;
    }
    ed_devices_holder(&lease, holder, sizeof holder);
    if (holder[0])
        ed_steps_add(steps, "lease", ED_STEP_WARNING, "%s; `edgedyno devices stop %s` ends a job", holder,
                     steps->entry->id);
    else
        ed_steps_add(steps, "lease", ED_STEP_OK, "free, and no job runs");
    if (lease.reserved_by[0]) {
        ed_devices_until(lease.reserved_left_ns, until, sizeof until);
        ed_steps_add(steps, "reservation", ED_STEP_WARNING, "by %s until %s", lease.reserved_by, until);
    }
}

// What an ended job left changed is put back now; while one runs, it is that job's.
static void check_changes(struct ed_steps *steps, const struct ed_session *session, bool changed, bool busy) {
    struct ed_buffer lines;
    struct ed_error err = {0};
    if (!changed) {
        ed_steps_add(steps, "settings", ED_STEP_OK, "nothing is changed on the device");
        return;
    }
    if (busy) {
        ed_steps_add(steps, "settings", ED_STEP_OK, "changed by the job that runs, which puts them back");
        return;
    }
    ed_buffer_init(&lines, 4096);
    if (ed_remote_restore(&session->remote, &lines, &err))
        ed_steps_add(steps, "settings", ED_STEP_FAILED,
                     "a job left them changed, and they are not put back: %s", err.message);
    else
        ed_steps_add(steps, "settings", ED_STEP_WARNING, "a job left them changed; put back now: %s",
                     ed_buffer_text(&lines));
    ed_buffer_release(&lines);
}

static const char *text_of(const struct ed_json_at *root, const char *key) {
    const char *text = "";
    ed_json_opt_text(root, key, &text, NULL);
    return text;
}

static void check_linger(struct ed_steps *steps, const struct ed_json_at *root) {
    const char *linger = text_of(root, "linger"), *reason = text_of(root, "linger_reason");
    if (strcmp(linger, "yes") == 0)
        ed_steps_add(steps, "lingering", ED_STEP_OK, "jobs outlive the session that started them");
    else if (strcmp(linger, "no") == 0 && strcmp(steps->entry->transport, "adb") == 0)
        ed_steps_add(
            steps, "lingering", ED_STEP_WARNING,
            "adbd ends its processes when it restarts (%s); a job that was ended so is resumed with --resume",
            reason);
    else if (strcmp(linger, "no") == 0)
        ed_steps_add(steps, "lingering", ED_STEP_WARNING,
                     "jobs end with the login session (%s); run `loginctl enable-linger` there as this user",
                     reason);
    else
        ed_steps_add(steps, "lingering", ED_STEP_OK,
                     "not known%s%s; a job that ends with its session is resumed with "
                     "--resume",
                     reason[0] ? ": " : "", reason);
}

static void check_memory(struct ed_steps *steps, const struct ed_json_at *root) {
    int64_t available = -1;
    char size[32];
    ed_json_opt_int(root, "memory_available_bytes", 0, INT64_C(1) << 53, &available, NULL);
    ed_units_print_size(size, sizeof size, available);
    if (available < 0)
        ed_steps_add(steps, "memory", ED_STEP_WARNING, "the device does not tell how much is available");
    else if (available < MEMORY_LEAST_BYTES)
        ed_steps_add(steps, "memory", ED_STEP_WARNING,
                     "only %s are available; models may be ended by the system", size);
    else
        ed_steps_add(steps, "memory", ED_STEP_OK, "%s available", size);
}

void ed_steps_of_runner(struct ed_steps *steps, const struct ed_session *session) {
    struct ed_json_document reply = {0};
    struct ed_error err = {0};
    bool noexec = false, changed = false;
    if (ed_remote_doctor(&session->remote, &reply, &err)) {
        check_pack(steps, session);
        ed_steps_add(steps, "device", ED_STEP_FAILED, "%s", err.message);
        return;
    }
    const struct ed_json_at root = ed_json_root(&reply);
    ed_json_opt_bool(&root, "noexec", &noexec, NULL);
    ed_json_opt_bool(&root, "changed", &changed, NULL);
    if (noexec)
        ed_steps_add(steps, "programs may run", ED_STEP_FAILED,
                     "%s lies on a file system that runs no programs (%s is mounted noexec); choose a "
                     "work_dir on another one",
                     session->identity.work_dir, text_of(&root, "mount"));
    else
        ed_steps_add(steps, "programs may run", ED_STEP_OK, "%s%s%s", text_of(&root, "file_system"),
                     text_of(&root, "mount")[0] ? " at " : "", text_of(&root, "mount"));
    check_pack(steps, session);
    check_lease(steps, session);
    check_changes(steps, session, changed, text_of(&root, "job")[0] != '\0');
    check_linger(steps, &root);
    check_memory(steps, &root);
    ed_json_document_release(&reply);
}

void ed_steps_of_engines(struct ed_steps *steps, const struct ed_engines *engines,
                         const struct ed_pack *pack) {
    struct ed_buffer list;
    ed_buffer_init(&list, 4096);
    for (size_t i = 0; i < engines->n; i++)
        if (engines->builds[i].state == ED_ENGINE_PRESENT &&
            strcmp(engines->builds[i].target, pack->target) == 0)
            ed_buffer_printf(&list, "%s%s", list.size ? ", " : "", engines->builds[i].id);
    if (list.size)
        ed_steps_add(steps, "engines", ED_STEP_OK, "%s", ed_buffer_text(&list));
    else
        ed_steps_add(steps, "engines", ED_STEP_WARNING,
                     "no engine build for %s is present; run `edgedyno engines fetch NAME --target %s`",
                     pack->target, pack->target);
    ed_buffer_release(&list);
}
