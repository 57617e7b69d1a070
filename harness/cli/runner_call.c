// SPDX-License-Identifier: Apache-2.0
// Short commands of a device's runner.
#include "harness/cli/runner_call.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/transport.h"
#include "devices/words.h"
#include "edgedyno/wire.h"

#define CONNECT_NS INT64_C(10000000000)
#define WORDS_MAX 64
#define ENV_PROGRAM "/usr/bin/env"

// The supervisor of a running job holds its job's lock, whose id is in the work directory's lock file. That
// lock itself is left alone: to try it would refuse a job that starts at this moment.
static void find_busy_job(struct ed_runner_device *device) {
    char path[ED_PATH_BYTES], id[sizeof device->busy_job] = "", name[128];
    int fd = -1;
    if (ed_path_join(path, device->identity.work_dir, ED_WORK_LOCK, NULL) == ED_OK)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    ssize_t n = pread(fd, id, sizeof id - 1, 0);
    close(fd);
    if (n <= 0 || !ed_path_name_ok(id))
        return;
    snprintf(name, sizeof name, "jobs/%s/alive", id);
    if (ed_path_join(path, device->identity.work_dir, name, NULL) != ED_OK)
        return;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        memcpy(device->busy_job, id, sizeof id);
    close(fd);
}

enum ed_status ed_runner_device_open(struct ed_runner_device *device, const struct ed_device_entry *entry,
                                     const char *library_dir, struct ed_error *err) {
    const struct ed_transport *transport = ed_transport_find(entry->transport);
    const int64_t deadline = ed_clock_monotonic_ns() + CONNECT_NS;
    const struct ed_address address = {entry->id, entry->host, entry->port, entry->user, entry->work_dir};
    char name[128];
    memset(device, 0, sizeof *device);
    device->entry = entry;
    if (!transport)
        return ed_fail(err, ED_ERR_UNSUPPORTED, entry->id, "the transport %s is not part of this version",
                       entry->transport);
    device->state = calloc(1, transport->state_bytes ? transport->state_bytes : 1);
    if (!device->state)
        return ed_fail(err, ED_ERR_NO_MEMORY, entry->id, "no memory for the device");
    enum ed_status status = transport->connect(device->state, &address, deadline, err);
    if (!status) {
        device->transport = transport;
        status = transport->identify(device->state, &device->identity, deadline, err);
    }
    if (!status && !transport->in_place)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, entry->id,
                         "devices that need a pushed runner are not part of this version");
    if (!status) {
        snprintf(name, sizeof name, "%s/edgedyno-runner", device->identity.target);
        status = ed_path_join(device->runner, library_dir, name, err);
    }
    if (status)
        ed_runner_device_close(device);
    else
        find_busy_job(device);
    return status;
}

void ed_runner_device_close(struct ed_runner_device *device) {
    if (device->transport)
        device->transport->disconnect(device->state);
    free(device->state);
    device->state = NULL;
    device->transport = NULL;
}

// The runner's own failure, or NULL words where its reply is none.
static enum ed_status reported_failure(const struct ed_json_at *root, const char *where,
                                       struct ed_error *err) {
    const char *word = "", *message = "no reason is given", *place = "";
    enum ed_status code = ED_ERR_INTERNAL;
    ed_json_opt_text(root, "status", &word, NULL);
    ed_json_opt_text(root, "message", &message, NULL);
    ed_json_opt_text(root, "where", &place, NULL);
    for (int i = 1; i < ED_STATUS_COUNT; i++)
        if (strcmp(word, ed_status_word((enum ed_status)i)) == 0)
            code = (enum ed_status)i;
    return ed_fail(err, code, where, "%s%s%s", place, place[0] ? ": " : "", message);
}

static enum ed_status parse_reply(const struct ed_spawn_result *result, const char *where, const char *type,
                                  struct ed_json_document *reply, struct ed_error *err) {
    char said[ED_WORDS_BYTES];
    const char *found = "";
    if (result->signal)
        return ed_fail(err, ED_ERR_REFUSED, where, "it was ended by signal %d (%s)%s", result->signal,
                       strsignal(result->signal),
                       ed_words_said(said, result->err_out ? result->err_out : ""));
    if (ed_json_parse(reply, where, result->out ? result->out : "", result->out_bytes, NULL) != ED_OK)
        return ed_fail(err, ED_ERR_PARSE, where, "it ended with exit status %d and no reply%s",
                       result->exit_code, ed_words_said(said, result->err_out ? result->err_out : ""));
    const struct ed_json_at root = ed_json_root(reply);
    enum ed_status status = ed_json_opt_text(&root, "type", &found, NULL);
    if (!status && strcmp(found, "error") == 0)
        status = reported_failure(&root, where, err);
    else if (status || strcmp(found, type) != 0)
        status = ed_fail(err, ED_ERR_VERSION, where,
                         "its reply is not of type \"%s\"; the runner is of another version", type);
    if (status)
        ed_json_document_release(reply);
    return status;
}

enum ed_status ed_runner_call(struct ed_runner_device *device, const char *const *words,
                              char *const *environment, const char *type, int64_t limit_ns,
                              struct ed_json_document *reply, struct ed_error *err) {
    const char *argv[WORDS_MAX + 1] = {0};
    struct ed_spawn_result result;
    size_t n = 0;
    memset(reply, 0, sizeof *reply);
    if (environment && environment[0]) {
        argv[n++] = ENV_PROGRAM;
        for (size_t i = 0; environment[i] && n < WORDS_MAX; i++)
            argv[n++] = environment[i];
    }
    argv[n < WORDS_MAX ? n++ : n] = device->runner;
    for (size_t i = 0; words[i] && n < WORDS_MAX; i++)
        argv[n++] = words[i];
    if (n >= WORDS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, device->entry->id, "the runner's command has more than %d words",
                       WORDS_MAX - 1);
    const struct ed_spawn_args args = {.argv = argv,
                                       .out_limit_bytes = ED_WIRE_LINE_MAX_BYTES,
                                       .deadline_ns = ed_clock_monotonic_ns() + limit_ns};
    ed_spawn_result_init(&result);
    enum ed_status status = device->transport->spawn(device->state, &args, &result, err);
    if (status == ED_ERR_TIMEOUT)
        ed_fail(err, status, device->entry->id,
                "`edgedyno-runner %s` did not answer within %lld s and was ended", words[0],
                (long long)(limit_ns / 1000000000));
    if (!status)
        status = parse_reply(&result, device->entry->id, type, reply, err);
    ed_spawn_result_release(&result);
    return status;
}
