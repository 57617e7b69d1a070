// SPDX-License-Identifier: Apache-2.0
// Steps on the way to a device: the connection, what its shell tells, and why a runner does not run there.
#include "harness/cli/command_devices_steps.h"

#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "devices/pack.h"
#include "devices/ssh/config.h"

#define CLOCK_LIMIT_US 2000000
#define FREE_MIN_BYTES (INT64_C(64) << 20)
#define SPAWN_NS INT64_C(20000000000)
#define CANNOT_RUN 126

void ed_steps_add(struct ed_steps *steps, const char *name, enum ed_step_result result, const char *format,
                  ...) {
    if (steps->n == ED_STEPS_MAX)
        return;
    struct ed_step *step = &steps->items[steps->n++];
    va_list args;
    step->name = name;
    step->result = result;
    va_start(args, format);
    vsnprintf(step->text, sizeof step->text, format, args);
    va_end(args);
    steps->failed = steps->failed || result == ED_STEP_FAILED;
}

const char *ed_step_word(enum ed_step_result result) {
    return result == ED_STEP_OK ? "ok" : result == ED_STEP_WARNING ? "warning" : "failed";
}

// Whether this machine finds an address for the host; one behind another host is looked up there.
static bool resolves(const struct ed_device_entry *entry) {
    struct ed_ssh_host *config = calloc(1, sizeof *config);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    bool known = true;
    if (config && !ed_ssh_config_host(config, NULL, entry->host, NULL) && !entry->via[0] &&
        !config->proxy_jump[0]) {
        known =
            getaddrinfo(config->host_name[0] ? config->host_name : entry->host, NULL, &hints, &found) == 0;
        if (known)
            freeaddrinfo(found);
    }
    free(config);
    return known;
}

// The names of the way there, in order; the failed one is the last that is told.
static void steps_until(struct ed_steps *steps, const char *const *names, size_t failed,
                        const char *message) {
    for (size_t i = 0; i < failed; i++)
        ed_steps_add(steps, names[i], ED_STEP_OK, "%s", "");
    ed_steps_add(steps, names[failed], ED_STEP_FAILED, "%s", message);
}

static size_t ssh_step(const struct ed_device_entry *entry, enum ed_status status, const char *message) {
    switch (status) {
    case ED_ERR_USAGE:
    case ED_ERR_PARSE:
    case ED_ERR_NOT_FOUND:
        return 0;
    case ED_ERR_UNREACHABLE:
        return resolves(entry) ? 1 : 0;
    case ED_ERR_KEY_REFUSED:
        return strstr(message, "host's key") || strstr(message, "host key") || strstr(message, "host_key")
                   ? 2
                   : 3;
    case ED_ERR_UNSUPPORTED:
        return strstr(message, "ssh/config") ? 0 : 1;
    default:
        return 1;
    }
}

static size_t adb_step(enum ed_status status) {
    switch (status) {
    case ED_ERR_NO_PROGRAM:
        return 0;
    case ED_ERR_KEY_REFUSED:
        return 2;
    case ED_ERR_LINK_LOST:
    case ED_ERR_IO:
        return 0;
    default:
        return 1;
    }
}

static void not_connected(struct ed_steps *steps, enum ed_status status, const char *message) {
    static const char *const ssh[] = {"address", "connection", "host key", "authentication"};
    static const char *const adb[] = {"adb server", "phone", "authorization"};
    static const char *const other[] = {"work directory"};
    const char *transport = steps->entry->transport;
    if (strcmp(transport, "ssh") == 0)
        steps_until(steps, ssh, ssh_step(steps->entry, status, message), message);
    else if (strcmp(transport, "adb") == 0)
        steps_until(steps, adb, adb_step(status), message);
    else
        steps_until(steps, other, 0, message);
}

static void connected(struct ed_steps *steps) {
    char address[640];
    ed_devices_address(steps->entry, address, sizeof address);
    if (strcmp(steps->entry->transport, "ssh") == 0) {
        ed_steps_add(steps, "address", ED_STEP_OK, "%s", address);
        ed_steps_add(steps, "connection", ED_STEP_OK, "%s", "");
        ed_steps_add(steps, "host key", ED_STEP_OK, "%s",
                     steps->entry->host_key[0] ? "as pinned in the fleet's file" : "as in known_hosts");
        ed_steps_add(steps, "authentication", ED_STEP_OK, "%s", "");
    } else if (strcmp(steps->entry->transport, "adb") == 0) {
        ed_steps_add(steps, "adb server", ED_STEP_OK, "%s", "");
        ed_steps_add(steps, "phone", ED_STEP_OK, "%s", address);
        ed_steps_add(steps, "authorization", ED_STEP_OK, "%s", "");
    }
}

void ed_steps_of_connection(struct ed_steps *steps, enum ed_session_depth reached, enum ed_status status,
                            const struct ed_error *err) {
    static const char *const names[] = {"shell", "target", "work directory"};
    if (reached == ED_DEVICES_NOWHERE) {
        not_connected(steps, status, err->message);
        return;
    }
    connected(steps);
    if (reached >= ED_SESSION_IDENTIFIED)
        return;
    switch (status) {
    case ED_ERR_UNSUPPORTED:
        steps_until(steps, names, strstr(err->message, "shell") ? 0 : 1, err->message);
        break;
    case ED_ERR_IO:
    case ED_ERR_NO_SPACE:
    case ED_ERR_LIMIT:
        steps_until(steps, names, 2, err->message);
        break;
    default:
        steps_until(steps, names, 0, err->message);
    }
}

static void check_clock(struct ed_steps *steps, const struct ed_identity *identity) {
    const int64_t difference_us = identity->real_us - identity->real_asked_us;
    const int64_t size_us = difference_us < 0 ? -difference_us : difference_us;
    char text[32];
    ed_units_print_duration(text, sizeof text, size_us > INT64_MAX / 1000 ? INT64_MAX : size_us * 1000);
    if (!identity->real_us)
        ed_steps_add(steps, "clock", ED_STEP_WARNING, "the device does not tell its time");
    else if (size_us > CLOCK_LIMIT_US)
        ed_steps_add(
            steps, "clock", ED_STEP_WARNING,
            "%s %s this machine's; results are not affected, since they go by the clock since boot, but the "
            "dates "
            "of files there are, and reservations over a reboot; set it (such as `timedatectl set-ntp true`)",
            text, difference_us < 0 ? "behind" : "ahead of");
    else
        ed_steps_add(steps, "clock", ED_STEP_OK, "within 2 s of this machine's");
}

void ed_steps_of_identity(struct ed_steps *steps, const struct ed_identity *identity, bool in_place) {
    const int64_t floor = steps->entry->free_min_bytes ? steps->entry->free_min_bytes : FREE_MIN_BYTES;
    char about[512], size[32], least[32];
    ed_devices_describe(identity, about, sizeof about);
    if (!in_place)
        ed_steps_add(steps, "shell", ED_STEP_OK, "%s", "");
    ed_steps_add(steps, "target", ED_STEP_OK, "%s: %s", identity->target, about);
    ed_steps_add(steps, "work directory", ED_STEP_OK, "%s", identity->work_dir);
    ed_units_print_size(size, sizeof size, identity->free_bytes);
    ed_units_print_size(least, sizeof least, floor);
    if (identity->free_bytes < 0)
        ed_steps_add(steps, "space", ED_STEP_WARNING, "the device does not tell how much is free");
    else if (!in_place && identity->free_bytes < floor)
        ed_steps_add(steps, "space", ED_STEP_FAILED,
                     "only %s are free, and %s stay free always; run `edgedyno devices clean %s`, remove "
                     "something else, or "
                     "choose a work_dir on another disk",
                     size, least, steps->entry->id);
    else
        ed_steps_add(steps, "space", ED_STEP_OK, "%s free", size);
    check_clock(steps, identity);
    if (identity->android)
        ed_steps_add(steps, "process", ED_STEP_WARNING,
                     "shell process, not app: oom_score_adj %d%s%s; an app of the same engine may be "
                     "scheduled and ended "
                     "otherwise",
                     identity->oom_score_adj, identity->cpuset[0] ? ", cpuset " : "", identity->cpuset);
}

// By a program of two words, written into the work directory and run there.
static bool is_noexec(const struct ed_session *session) {
    static const char script[] = "f=$1/.run.$$\n"
                                 "echo \"exit 0\" >\"$f\" && chmod 700 \"$f\" || exit 1\n"
                                 "\"$f\"\n"
                                 "r=$?\n"
                                 "rm -f \"$f\"\n"
                                 "exit $r\n";
    const char *const argv[] = {strcmp(session->identity.libc, "bionic") == 0 ? "/system/bin/sh" : "/bin/sh",
                                "-s", "--", session->identity.work_dir, NULL};
    const struct ed_spawn_args args = {.argv = argv,
                                       .input = script,
                                       .input_bytes = sizeof script - 1,
                                       .out_limit_bytes = 4096,
                                       .deadline_ns = ed_clock_monotonic_ns() + SPAWN_NS};
    struct ed_spawn_result result;
    ed_spawn_result_init(&result);
    bool noexec = session->transport->spawn(session->state, &args, &result, NULL) == ED_OK &&
                  result.exit_code == CANNOT_RUN;
    free(result.out);
    free(result.err_out);
    return noexec;
}

void ed_steps_of_runner_failure(struct ed_steps *steps, const struct ed_devices *devices,
                                enum ed_status status, const struct ed_error *err) {
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error failure = {0};
    bool noexec = false;
    enum ed_status again =
        ed_devices_open(devices, &session, steps->entry, ED_SESSION_IDENTIFIED, &reached, &failure);
    if (!again) {
        noexec = is_noexec(&session);
        if (!session.transport->in_place)
            again = ed_pack_find(&session.pack, devices->cli->library_dir, &session.identity,
                                 steps->entry->id, &failure);
        ed_session_close(&session);
    }
    if (noexec) {
        ed_steps_add(steps, "programs may run", ED_STEP_FAILED,
                     "%s lies on a file system that runs no programs (mounted noexec); choose a work_dir on "
                     "another one",
                     session.identity.work_dir);
        return;
    }
    ed_steps_add(steps, "programs may run", ED_STEP_OK, "%s", "");
    if (again == ED_ERR_UNSUPPORTED || again == ED_ERR_NOT_FOUND) {
        ed_steps_add(steps, "pack", ED_STEP_FAILED, "%s", failure.message);
        return;
    }
    ed_steps_add(steps, "pack", ED_STEP_OK, "%s", session.pack.target);
    ed_steps_add(steps, status == ED_ERR_VERSION ? "wire" : "runner", ED_STEP_FAILED, "%s", err->message);
}
