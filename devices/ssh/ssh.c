// SPDX-License-Identifier: Apache-2.0
// The transport over SSH.
#include "devices/ssh/ssh.h"

#include <stdlib.h>

#include "base/clock.h"
#include "devices/identify.h"
#include "devices/process.h"
#include "devices/ssh/chain.h"
#include "devices/ssh/channel.h"
#include "devices/ssh/transfer.h"

#define ANSWER_BYTES 4096

struct ssh {
    struct ed_ssh_link *link;  // NULL: not connected
    const char *id, *work_dir; // of the address
};

enum ed_status ed_ssh_init(struct ed_error *err) {
    if (libssh2_init(0) == 0)
        return ED_OK;
    return ed_fail(err, ED_ERR_INTERNAL, "ssh", "libssh2 %s cannot be initialised", LIBSSH2_VERSION);
}

static enum ed_status ssh_connect(void *state, const struct ed_address *address,
                                  const struct ed_transport_context *context, int64_t deadline_ns,
                                  struct ed_error *err) {
    struct ssh *ssh = state;
    ssh->link = NULL;
    ssh->id = address->id ? address->id : "";
    ssh->work_dir = address->work_dir ? address->work_dir : "";
    if (ssh->work_dir[0] && ssh->work_dir[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, ssh->work_dir, "work_dir must be an absolute path");
    return ed_ssh_chain_open(&ssh->link, address, context, deadline_ns, err);
}

static enum ed_status begin(const struct ssh *ssh, int64_t deadline_ns, const char *what,
                            struct ed_error *err) {
    if (!ssh->link)
        return ed_fail(err, ED_ERR_INTERNAL, "ssh", "cannot %s before it is connected", what);
    if (ed_clock_monotonic_ns() < deadline_ns)
        return ED_OK;
    return ed_fail(err, ED_ERR_TIMEOUT, ssh->link->name, "no time was left to %s", what);
}

static enum ed_status ssh_identify(void *state, struct ed_identity *out, int64_t deadline_ns,
                                   struct ed_error *err) {
    const struct ssh *ssh = state;
    enum ed_status status = begin(ssh, deadline_ns, "identify it", err);
    return status ? status
                  : ed_identify(&ed_transport_ssh, state, ssh->id, ssh->work_dir, out, deadline_ns, err);
}

static enum ed_status ssh_spawn(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                                struct ed_error *err) {
    const struct ssh *ssh = state;
    enum ed_status status;
    ed_spawn_result_init(out);
    status = begin(ssh, args->deadline_ns, "start a program", err);
    return status ? status : ed_ssh_run(ssh->link, args, out, err);
}

static enum ed_status ssh_push(void *state, const struct ed_push_args *args, struct ed_error *err) {
    const struct ssh *ssh = state;
    enum ed_status status = begin(ssh, args->deadline_ns, "push a file", err);
    return status ? status : ed_ssh_upload(ssh->link, args, err);
}

static enum ed_status ssh_pull(void *state, const char *remote_path, int64_t offset, int64_t bytes,
                               int local_fd, int64_t *got, int64_t deadline_ns, struct ed_error *err) {
    const struct ssh *ssh = state;
    enum ed_status status = begin(ssh, deadline_ns, "pull a file", err);
    *got = 0;
    return status ? status
                  : ed_ssh_download(ssh->link, remote_path, offset, bytes, local_fd, got, deadline_ns, err);
}

static enum ed_status ssh_kill(void *state, int64_t pid, int signal, int64_t deadline_ns,
                               struct ed_error *err) {
    const struct ssh *ssh = state;
    enum ed_status status = begin(ssh, deadline_ns, "send a signal", err);
    struct ed_spawn_result result;
    struct ed_ssh_script script;
    struct ed_spawn_args args = {
        .argv = script.argv, .out_limit_bytes = ANSWER_BYTES, .deadline_ns = deadline_ns};
    char pid_text[24], signal_text[24], said[ED_SSH_SAID_BYTES];
    if (status)
        return status;
    // 0 and below mean groups and everybody, and 1 is init.
    if (pid <= 1 || pid > INT32_MAX || signal < 0 || signal > 64)
        return ed_fail(err, ED_ERR_INTERNAL, ssh->link->name, "signal %d to process %lld is never sent",
                       signal, (long long)pid);
    snprintf(pid_text, sizeof pid_text, "%lld", (long long)pid);
    snprintf(signal_text, sizeof signal_text, "-%d", signal);
    ed_ssh_script_init(&script, "LC_ALL=C; export LC_ALL; kill \"$2\" \"$1\"",
                       (const char *const[]){pid_text, signal_text, NULL});
    status = ed_ssh_run(ssh->link, &args, &result, err);
    if (status)
        return status;
    ed_ssh_said(said, &result);
    if (result.exit_code != 0 && strstr(result.err_out, "o such process"))
        status = ed_fail(err, ED_ERR_NOT_FOUND, ssh->link->name, "process %lld does not exist any more",
                         (long long)pid);
    else if (result.exit_code != 0)
        status = ed_fail(err, ED_ERR_IO, ssh->link->name, "signal %d to process %lld was not sent%s", signal,
                         (long long)pid, said);
    ed_spawn_result_release(&result);
    return status;
}

static void ssh_disconnect(void *state) {
    struct ssh *ssh = state;
    ed_ssh_link_free(ssh->link);
    memset(ssh, 0, sizeof *ssh);
}

const struct ed_transport ed_transport_ssh = {
    .abi = ED_TRANSPORT_ABI,
    .struct_bytes = sizeof(struct ed_transport),
    .name = "ssh",
    .summary = "another machine, over SSH",
    .options = NULL,
    .n_options = 0,
    .state_bytes = sizeof(struct ssh),
    .in_place = false,
    .can_resume = true,
    .connect = ssh_connect,
    .identify = ssh_identify,
    .spawn = ssh_spawn,
    .push = ssh_push,
    .pull = ssh_pull,
    .kill = ssh_kill,
    .disconnect = ssh_disconnect,
};
