// SPDX-License-Identifier: Apache-2.0
// `restore`: puts back what jobs left changed on this device, and tells.
#include <string.h>
#include <unistd.h>

#include "edgedyno/wire.h"
#include "runners/commands.h"
#include "runners/contact.h"
#include "runners/reply.h"

static void write_lines(struct ed_json_writer *w, const char *key, const struct ed_buffer *lines) {
    ed_json_array_begin(w, key);
    for (const char *line = ed_buffer_text(lines); *line;) {
        const size_t n = strcspn(line, "\n");
        ed_json_text_n(w, NULL, line, n);
        line += n + (line[n] == '\n');
    }
    ed_json_array_end(w);
}

enum ed_status ed_command_restore(const struct ed_arguments *arguments, const char *program,
                                  struct ed_error *err) {
    const char *work = ed_arguments_get(arguments, "work");
    struct ed_buffer restored, failed;
    struct ed_reply reply;
    (void)program;
    if (work[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, work, "the work directory must be an absolute path");
    ed_buffer_init(&restored, ED_WIRE_LINE_MAX_BYTES / 4);
    ed_buffer_init(&failed, ED_WIRE_LINE_MAX_BYTES / 4);
    enum ed_status status = ed_contact_restore_told(work, &restored, &failed, err);
    if (status == ED_OK) {
        ed_reply_begin(&reply, "restored");
        write_lines(&reply.json, "restored", &restored);
        write_lines(&reply.json, "failed", &failed);
        status = ed_reply_send(&reply, STDOUT_FILENO, err);
    }
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
    return status;
}
