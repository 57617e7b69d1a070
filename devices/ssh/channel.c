// SPDX-License-Identifier: Apache-2.0
// Commands over an SSH session: standard streams, exit status and exit signal.
#include "devices/ssh/channel.h"

#include "base/clock.h"
#include "devices/process.h"
#include "devices/ssh/quote.h"
#include "devices/ssh/signals.h"

#define PIECE_BYTES 32768u
#define LINE_MAX_BYTES 30000u // of the command line: an SSH packet holds little more

enum ed_status ed_ssh_command_init(struct ed_ssh_command *command, struct ed_ssh_link *link,
                                   const char *const *argv, size_t out_limit_bytes, const char *what,
                                   struct ed_error *err) {
    *command = (struct ed_ssh_command){.link = link, .what = what};
    ed_buffer_init(&command->out, out_limit_bytes);
    ed_buffer_init(&command->err_out, ED_SSH_ERR_OUT_BYTES);
    ed_buffer_init(&command->line, LINE_MAX_BYTES);
    ed_ssh_quote(&command->line, argv);
    return ed_buffer_status(&command->line, "the command line", err);
}

enum ed_status ed_ssh_command_step(struct ed_ssh_command *command, struct ed_error *err) {
    struct ed_ssh_link *link = command->link;
    int rc;
    if (!command->channel) {
        enum ed_status status = ed_ssh_channel_try(link, &command->channel, err);
        if (status || !command->channel)
            return status;
    }
    if (command->started)
        return ED_OK;
    rc = libssh2_channel_process_startup(command->channel, "exec", 4, ed_buffer_text(&command->line),
                                         (unsigned)command->line.size);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return ED_OK;
    if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
        return ed_fail(
            err, ED_ERR_REFUSED, link->name,
            "the SSH server runs no commands for this account; look at its shell, and at the account's "
            "line in authorized_keys");
    command->started = rc == 0;
    if (!rc)
        link->window_bytes = (int64_t)libssh2_channel_window_write(command->channel);
    return rc ? ed_ssh_link_fail(link, rc, command->what, err) : ED_OK;
}

enum ed_status ed_ssh_command_start(struct ed_ssh_command *command, struct ed_ssh_link *link,
                                    const char *const *argv, size_t out_limit_bytes, const char *what,
                                    int64_t deadline_ns, struct ed_error *err) {
    enum ed_status status = ed_ssh_command_init(command, link, argv, out_limit_bytes, what, err);
    while (!status) {
        uint64_t mark = ed_ssh_mark(link);
        status = ed_ssh_command_step(command, err);
        if (status || command->started)
            break;
        status = ed_ssh_wait(link, mark, deadline_ns, what, err);
    }
    return status;
}

static enum ed_status keep(struct ed_ssh_command *command, int stream, const char *bytes, size_t n,
                           struct ed_error *err) {
    struct ed_buffer *text = stream ? &command->err_out : &command->out;
    if (!stream && command->sink)
        return command->sink(command->sink_context, bytes, n, err);
    // Standard error beyond its limit is read and dropped, so that the command goes on.
    if (stream && n > text->max_bytes - text->size)
        n = text->max_bytes - text->size;
    ed_buffer_append(text, bytes, n);
    if (text->too_large)
        return ed_fail(err, ED_ERR_LIMIT, command->link->name,
                       "when it was to %s, the device wrote more than the limit of %zu bytes", command->what,
                       text->max_bytes);
    return ed_buffer_status(text, command->what, err);
}

enum ed_status ed_ssh_command_collect(struct ed_ssh_command *command, struct ed_error *err) {
    char piece[PIECE_BYTES];
    for (int stream = 0; stream <= 1; stream++) {
        // One window's worth a round, so that a command which never stops writing does not outrun the
        // deadline.
        for (size_t bytes = 0; bytes < LIBSSH2_CHANNEL_WINDOW_DEFAULT;) {
            ssize_t n = libssh2_channel_read_ex(command->channel, stream ? SSH_EXTENDED_DATA_STDERR : 0,
                                                piece, sizeof piece);
            enum ed_status status;
            if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
                break;
            if (n < 0)
                return ed_ssh_link_fail(command->link, (int)n, command->what, err);
            status = keep(command, stream, piece, (size_t)n, err);
            if (status)
                return status;
            bytes += (size_t)n;
        }
    }
    // The exit status comes after the end of the output, and before the close.
    if (libssh2_channel_eof(command->channel) == 1) {
        int rc = libssh2_channel_wait_closed(command->channel);
        if (rc && rc != LIBSSH2_ERROR_EAGAIN)
            return ed_ssh_link_fail(command->link, rc, command->what, err);
        command->finished = rc == 0;
    }
    return ED_OK;
}

enum ed_status ed_ssh_command_feed(struct ed_ssh_command *command, const void *input, size_t bytes,
                                   size_t *taken, struct ed_error *err) {
    *taken = 0;
    while (*taken < bytes && ed_ssh_has_room(command->link)) {
        ssize_t n = libssh2_channel_write(command->channel, (const char *)input + *taken, bytes - *taken);
        if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
            break;
        // A command that ended before it read everything is no failure: its exit status tells.
        if (n == LIBSSH2_ERROR_CHANNEL_CLOSED || n == LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
            command->input_ended = true;
            break;
        }
        if (n < 0)
            return ed_ssh_link_fail(command->link, (int)n, command->what, err);
        *taken += (size_t)n;
    }
    return ED_OK;
}

enum ed_status ed_ssh_command_end_input(struct ed_ssh_command *command, struct ed_error *err) {
    int rc = command->input_ended ? 0 : libssh2_channel_send_eof(command->channel);
    // Keys may be changed just now: then it is tried again.
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return ED_OK;
    command->input_ended = true;
    return rc && rc != LIBSSH2_ERROR_CHANNEL_CLOSED ? ed_ssh_link_fail(command->link, rc, command->what, err)
                                                    : ED_OK;
}

enum ed_status ed_ssh_command_result(struct ed_ssh_command *command, struct ed_spawn_result *out,
                                     struct ed_error *err) {
    char *signal = NULL;
    libssh2_channel_get_exit_signal(command->channel, &signal, NULL, NULL, NULL, NULL, NULL);
    out->exit_code = signal ? -1 : libssh2_channel_get_exit_status(command->channel);
    out->signal = signal ? ed_ssh_signal_number(signal) : 0;
    if (signal)
        libssh2_free(command->link->session, signal);
    out->out = ed_buffer_detach(&command->out, &out->out_bytes);
    out->err_out = ed_buffer_detach(&command->err_out, &out->err_bytes);
    if (out->out && out->err_out)
        return ED_OK;
    ed_spawn_result_release(out);
    return ed_fail(err, ED_ERR_NO_MEMORY, command->link->name, "no memory for what the device wrote");
}

enum ed_status ed_ssh_command_wait(struct ed_ssh_command *command, uint64_t mark, int64_t deadline_ns,
                                   struct ed_error *err) {
    if (ed_clock_monotonic_ns() < deadline_ns)
        return ed_ssh_wait(command->link, mark, deadline_ns, command->what, err);
    return ed_fail(
        err, ED_ERR_TIMEOUT, command->link->name,
        "the device did not %s in time: what was started there goes on, or it does not answer any more",
        command->what);
}

enum ed_status ed_ssh_command_finish(struct ed_ssh_command *command, const void *input, size_t input_bytes,
                                     int64_t deadline_ns, struct ed_spawn_result *out, struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t fed_bytes = 0;
    while (!status) {
        uint64_t mark = ed_ssh_mark(command->link);
        size_t taken = 0;
        if (!command->input_ended && fed_bytes < input_bytes)
            status = ed_ssh_command_feed(command, (const char *)input + fed_bytes, input_bytes - fed_bytes,
                                         &taken, err);
        fed_bytes += taken;
        if (!status && fed_bytes == input_bytes)
            status = ed_ssh_command_end_input(command, err);
        if (!status)
            status = ed_ssh_command_collect(command, err);
        if (!status && command->finished)
            return ed_ssh_command_result(command, out, err);
        if (!status)
            status = ed_ssh_command_wait(command, mark, deadline_ns, err);
    }
    return status;
}

static enum ed_status drop(void *context, const char *bytes, size_t n, struct ed_error *err) {
    (void)context;
    (void)bytes;
    (void)n;
    (void)err;
    return ED_OK;
}

bool ed_ssh_command_drain(struct ed_ssh_command *command) {
    if (!command->started || command->finished)
        return true;
    command->sink = drop;
    // A link that fails has nothing more to say.
    return ed_ssh_command_end_input(command, NULL) || ed_ssh_command_collect(command, NULL) ||
           command->finished;
}

void ed_ssh_command_release(struct ed_ssh_command *command) {
    // Where it has finished the other side has closed already, and nothing is waited for.
    ed_ssh_channel_close(command->link, command->channel, 0);
    command->channel = NULL;
    ed_buffer_release(&command->line);
    ed_buffer_release(&command->out);
    ed_buffer_release(&command->err_out);
}
