// SPDX-License-Identifier: Apache-2.0
// Shell protocol v2: packets of one byte of kind, four of length (little-endian), and bytes.
#include "devices/adb/shell.h"

#include <poll.h>

#define HEADER_BYTES 5
#define INPUT_PIECE_BYTES (32u << 10)
#define SERVICE "shell,v2,raw:"

enum packet { PACKET_STDIN, PACKET_STDOUT, PACKET_STDERR, PACKET_EXIT, PACKET_CLOSE_STDIN };

struct shell {
    const struct ed_adb_command *command;
    struct ed_adb_link link;
    // Sending: the packet in flight, header first, then its bytes of the input.
    unsigned char out_header[HEADER_BYTES];
    size_t out_header_left, out_left, out_at; // out_at: bytes of the input that are sent
    bool out_closed;                          // the last packet is in flight, or sending is over
    // Receiving.
    unsigned char in_header[HEADER_BYTES];
    size_t in_header_bytes;
    uint32_t in_left;
    bool enough, ended;
    int exit_code;
};

void ed_adb_quote(struct ed_buffer *line, const char *word) {
    ed_buffer_text_append(line, "'");
    for (; *word; word++)
        if (*word == '\'')
            ed_buffer_text_append(line, "'\\''");
        else
            ed_buffer_append(line, word, 1);
    ed_buffer_text_append(line, "'");
}

static void next_packet(struct shell *shell) {
    size_t left = shell->command->input_bytes - shell->out_at;
    uint32_t n = left < INPUT_PIECE_BYTES ? (uint32_t)left : INPUT_PIECE_BYTES;
    shell->out_closed = n == 0;
    shell->out_header[0] = n ? PACKET_STDIN : PACKET_CLOSE_STDIN;
    for (int i = 0; i < 4; i++)
        shell->out_header[1 + i] = (unsigned char)(n >> (8 * i));
    shell->out_header_left = HEADER_BYTES;
    shell->out_left = n;
}

static bool has_output(const struct shell *shell) {
    return shell->out_header_left > 0 || shell->out_left > 0 || !shell->out_closed;
}

// A command that ended without reading all of its input is no failure: its exit status is on the way.
static void send_input(struct shell *shell) {
    const char *input = shell->command->input;
    size_t sent = 1;
    while (sent > 0 && has_output(shell)) {
        enum ed_status status;
        if (shell->out_header_left == 0 && shell->out_left == 0)
            next_packet(shell);
        if (shell->out_header_left > 0) {
            status =
                ed_adb_link_send_some(&shell->link, shell->out_header + HEADER_BYTES - shell->out_header_left,
                                      shell->out_header_left, &sent, NULL);
            shell->out_header_left -= sent;
        } else {
            status = ed_adb_link_send_some(&shell->link, input + shell->out_at, shell->out_left, &sent, NULL);
            shell->out_left -= sent;
            shell->out_at += sent;
        }
        if (status) {
            shell->out_closed = true;
            shell->out_header_left = shell->out_left = sent = 0;
        }
    }
}

static enum ed_status take_header(struct shell *shell, struct ed_error *err) {
    const unsigned char *header = shell->in_header;
    shell->in_left = (uint32_t)header[1] | (uint32_t)header[2] << 8 | (uint32_t)header[3] << 16 |
                     (uint32_t)header[4] << 24;
    if (header[0] < PACKET_STDOUT || header[0] > PACKET_EXIT ||
        (header[0] == PACKET_EXIT && shell->in_left != 1))
        return ed_fail(err, ED_ERR_PARSE, shell->command->who,
                       "the device sent packet %u of %u bytes, which is not shell protocol v2", header[0],
                       (unsigned)shell->in_left);
    return ED_OK;
}

static enum ed_status take_bytes(struct shell *shell, const char *bytes, size_t n, struct ed_error *err) {
    const struct ed_adb_command *command = shell->command;
    struct ed_buffer *text = command->err_text;
    if (shell->in_header[0] == PACKET_STDOUT)
        return command->take(command->context, bytes, n, &shell->enough, err);
    if (shell->in_header[0] == PACKET_EXIT) {
        shell->exit_code = (unsigned char)bytes[0];
        shell->ended = true;
        return ED_OK;
    }
    ed_buffer_append(text, bytes, n < text->max_bytes - text->size ? n : text->max_bytes - text->size);
    return ed_buffer_status(text, command->who, err);
}

// Takes what the link has buffered.
static enum ed_status take_packets(struct shell *shell, struct ed_error *err) {
    struct ed_adb_link *link = &shell->link;
    enum ed_status status = ED_OK;
    while (!status && !shell->ended && !shell->enough && link->in_begin < link->in_end) {
        const char *bytes = link->in + link->in_begin;
        size_t n = link->in_end - link->in_begin;
        if (shell->in_header_bytes < HEADER_BYTES) {
            shell->in_header[shell->in_header_bytes++] = (unsigned char)*bytes;
            ed_adb_link_skip(link, 1);
            if (shell->in_header_bytes == HEADER_BYTES)
                status = take_header(shell, err);
        } else {
            n = n < shell->in_left ? n : shell->in_left;
            status = take_bytes(shell, bytes, n, err);
            ed_adb_link_skip(link, n);
            shell->in_left -= (uint32_t)n;
        }
        if (shell->in_header_bytes == HEADER_BYTES && shell->in_left == 0)
            shell->in_header_bytes = 0;
    }
    return status;
}

static enum ed_status serve(struct shell *shell, struct ed_error *err) {
    struct ed_adb_link *link = &shell->link;
    enum ed_status status = ED_OK;
    while (!status && !shell->ended && !shell->enough) {
        short ready = 0;
        if (link->in_ended)
            return ed_fail(err, ED_ERR_LINK_LOST, shell->command->who,
                           "the link to the device broke before a command's end was known");
        status = ed_adb_link_wait(link, (short)(POLLIN | (has_output(shell) ? POLLOUT : 0)), &ready,
                                  shell->command->deadline_ns, err);
        if (!status && (ready & POLLOUT))
            send_input(shell);
        if (!status && (ready & (POLLIN | POLLHUP | POLLERR)))
            status = ed_adb_link_fill(link, err);
        if (!status)
            status = take_packets(shell, err);
    }
    return status;
}

enum ed_status ed_adb_shell(struct ed_adb_server *server, const struct ed_adb_command *command,
                            int *exit_code, struct ed_error *err) {
    struct shell shell = {.command = command};
    struct ed_buffer service;
    enum ed_status status;
    *exit_code = -1;
    ed_adb_link_init(&shell.link);
    ed_buffer_init(&service, ED_ADB_REQUEST_BYTES);
    ed_buffer_text_append(&service, SERVICE);
    ed_buffer_text_append(&service, command->line);
    status = ed_buffer_status(&service, "the command line for adb", err);
    if (!status)
        status = ed_adb_service_open(server, &shell.link, command->serial, command->who,
                                     ed_buffer_text(&service), command->deadline_ns, err);
    ed_buffer_release(&service);
    if (!status) {
        shell.link.doing = "running a command";
        status = serve(&shell, err);
    }
    ed_adb_link_close(&shell.link);
    if (!status)
        *exit_code = shell.ended ? shell.exit_code : 0;
    return status;
}
