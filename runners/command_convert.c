// SPDX-License-Identifier: Apache-2.0
// `convert`: an engine writes another form of a model. It is done in this process, which ends then: an engine
// that crashes takes nothing with it.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/units.h"
#include "runners/adapter.h"
#include "runners/commands.h"
#include "runners/reply.h"

static const char *value_or_empty(const struct ed_arguments *arguments, const char *name) {
    const char *text = ed_arguments_get(arguments, name);
    return text ? text : "";
}

static enum ed_status convert(const struct ed_arguments *arguments, struct ed_error *err) {
    struct ed_adapter adapter = {0};
    const char *output = ed_arguments_get(arguments, "output");
    char scratch[ED_PATH_BYTES] = "";
    const char *threads = ed_arguments_get(arguments, "threads");
    const struct ed_convert_args args = {.model = ed_arguments_get(arguments, "model"),
                                         .output = ed_arguments_has(arguments, "check") ? NULL : output,
                                         .type = ed_arguments_get(arguments, "type"),
                                         .threads = threads ? (int)strtol(threads, NULL, 10) : 0};
    if (args.model[0] != '/' || output[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, "--model, --output", "must be absolute");
    if (ed_path_exists(output))
        return ed_fail(err, ED_ERR_USAGE, output, "exists already");
    const char *temporary = getenv("TMPDIR");
    enum ed_status status =
        ed_path_join(scratch, temporary && temporary[0] == '/' ? temporary : "/tmp", "edgedyno-XXXXXX", err);
    if (status == ED_OK && !mkdtemp(scratch))
        return ed_fail_errno(err, ED_ERR_IO, scratch, "a private directory cannot be made: %m");
    const struct ed_open_args open = {.engine_dir = value_or_empty(arguments, "engine-dir"),
                                      .engine_library = value_or_empty(arguments, "library"),
                                      .scratch_dir = scratch};
    if (status == ED_OK)
        status = ed_adapter_open(&adapter, ed_arguments_get(arguments, "adapter"), err);
    if (status == ED_OK && !adapter.backend->convert)
        status = ed_fail(err, ED_ERR_UNSUPPORTED, adapter.backend->name, "makes no other forms of models");
    if (status == ED_OK)
        status = adapter.backend->open(adapter.state, &open, err);
    if (status == ED_OK) {
        status = adapter.backend->convert(adapter.state, &args, err);
        adapter.backend->close(adapter.state);
    }
    ed_adapter_release(&adapter);
    if (scratch[0])
        ed_path_remove(scratch, NULL);
    return status;
}

enum ed_status ed_command_convert(const struct ed_arguments *arguments, const char *program,
                                  struct ed_error *err) {
    (void)program;
    const int reply_fd = ed_command_keep_output(err);
    if (reply_fd < 0)
        return ED_ERR_IO;
    for (size_t i = 0; i < arguments->n_values; i++)
        if (!strcmp(arguments->values[i].option->name, "environment"))
            ed_command_set_variable(arguments->values[i].text);
    enum ed_status status = convert(arguments, err);
    if (status == ED_OK) {
        struct ed_reply reply;
        ed_reply_begin(&reply, "converted");
        status = ed_reply_send(&reply, reply_fd, err);
    }
    fflush(NULL);
    if (status != ED_OK)
        dup2(reply_fd, STDOUT_FILENO);
    close(reply_fd);
    return status;
}
