// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices snapshot`: what the probes of a device read, as files: below proc/ and sys/ as on the
// device, a read that failed as a symbolic link to "!" and the error's name, and the output of commands in
// commands/. `EDGEDYNO_PROBE_ROOT` makes a runner's probes read it.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/command_devices.h"

struct writer {
    char directory[ED_PATH_BYTES];
    int64_t files, commands, errors;
};

static enum ed_status write_text(const char *path, const char *text, struct ed_error *err) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    // An entry that comes twice is the same file by another pattern; the first one stays.
    if (fd < 0)
        return errno == EEXIST ? ED_OK : ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    const enum ed_status status = ed_path_write_all(fd, text, strlen(text), path, err);
    close(fd);
    return status;
}

static enum ed_status take_file(struct writer *writer, const struct ed_remote_entry *entry,
                                struct ed_error *err) {
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES], target[40];
    enum ed_status status = ed_path_join(path, writer->directory, entry->name, err);
    if (status)
        return status;
    ed_path_directory(folder, path);
    status = ed_path_make(folder, 0755, err);
    if (status)
        return status;
    if (!entry->status[0]) {
        writer->files++;
        return write_text(path, entry->text, err);
    }
    writer->errors++;
    snprintf(target, sizeof target, "!%s", entry->status);
    return symlink(target, path) == 0 || errno == EEXIST
               ? ED_OK
               : ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
}

static enum ed_status take(void *context, const struct ed_remote_entry *entry, struct ed_error *err) {
    struct writer *writer = context;
    char path[ED_PATH_BYTES], name[256];
    if (!entry->command)
        return take_file(writer, entry, err);
    writer->commands++;
    enum ed_status status = ed_path_join(path, writer->directory, "commands", err);
    if (!status)
        status = ed_path_make(path, 0755, err);
    for (int i = 0; !status && i < 2; i++) {
        const char *text = i ? entry->status : entry->text;
        if (!text || (i && !text[0]))
            continue;
        snprintf(name, sizeof name, "commands/%s.%s", entry->name, i ? "status" : "out");
        status = ed_path_join(path, writer->directory, name, err);
        if (!status)
            status = write_text(path, text, err);
    }
    return status;
}

static int record(const struct ed_devices *devices, const struct ed_device_entry *entry, const char *out) {
    struct writer *writer = calloc(1, sizeof *writer);
    struct ed_session session = {0};
    struct ed_error err = {0};
    enum ed_session_depth reached;
    int64_t left_out = 0;
    int code = ED_EXIT_PASS;
    enum ed_status status =
        writer ? ED_OK : ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for a snapshot");
    if (!status)
        status = devices->n_indices > 1 ? ed_path_join(writer->directory, out, entry->id, &err)
                                        : ed_path_join(writer->directory, "", out, &err);
    if (!status && ed_path_exists(writer->directory))
        status = ed_fail(&err, ED_ERR_USAGE, writer->directory,
                         "is there already: name another directory with --out");
    if (!status)
        status = ed_devices_open(devices, &session, entry, ED_SESSION_READY, &reached, &err);
    if (!status) {
        status = ed_path_make(writer->directory, 0755, &err);
        if (!status)
            status = ed_remote_snapshot(&session.remote, take, writer, &left_out, &err);
        ed_session_close(&session);
    }
    if (status) {
        code = ed_devices_fail(devices, entry, &err);
    } else if (!devices->cli->quiet) {
        struct ed_buffer text;
        ed_buffer_init(&text, 8192);
        ed_buffer_printf(
            &text,
            "%s: %lld files, %lld commands, %lld reads that failed, in %s; addresses, UUIDs, serial "
            "numbers and the host's name are taken out\n",
            entry->id, (long long)writer->files, (long long)writer->commands, (long long)writer->errors,
            writer->directory);
        if (left_out)
            ed_buffer_printf(&text, "%s: %lld entries did not fit and are left out\n", entry->id,
                             (long long)left_out);
        code = ed_cli_print_buffer(devices->cli, &text);
        ed_buffer_release(&text);
    }
    free(writer);
    return code;
}

int ed_devices_snapshot(struct ed_devices *devices) {
    const char *given = ed_arguments_get(devices->cli->arguments, "out");
    int code = ED_EXIT_PASS;
    for (size_t i = 0; i < devices->n_indices; i++) {
        const struct ed_device_entry *entry = ed_devices_entry(devices, i);
        char out[ED_PATH_BYTES];
        snprintf(out, sizeof out, "%s%.64s", given ? "" : "snapshot-",
                 given                    ? ""
                 : devices->n_indices > 1 ? "devices"
                                          : entry->id);
        code = ed_cli_exit_combine(code, record(devices, entry, given ? given : out));
    }
    return code;
}
