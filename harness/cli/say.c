// SPDX-License-Identifier: Apache-2.0
// What every command says on the standard streams, and the exit status that goes with it.
#include <stdarg.h>
#include <unistd.h>

#include "harness/cli/cli.h"

int ed_cli_fail(const struct ed_cli *cli, const struct ed_error *err) {
    ed_log_error(&cli->log, err);
    switch (err->code) {
    case ED_ERR_USAGE:
    case ED_ERR_PARSE:
    case ED_ERR_NOT_FOUND:
    case ED_ERR_UNSUPPORTED:
        return ED_EXIT_USAGE;
    case ED_ERR_CANCELLED:
        return ED_EXIT_INTERRUPTED;
    default:
        return ED_EXIT_DEVICE;
    }
}

int ed_cli_usage(const struct ed_cli *cli, const char *format, ...) {
    struct ed_error err = {0};
    va_list args;
    va_start(args, format);
    ed_fail_v(&err, ED_ERR_USAGE, 0, NULL, format, args);
    va_end(args);
    return ed_cli_fail(cli, &err);
}

enum ed_status ed_cli_print(const char *text, size_t bytes, struct ed_error *err) {
    enum ed_status status = ed_path_write_all(STDOUT_FILENO, text, bytes, "standard output", err);
    if (status != ED_OK && err && err->sys_errno == EPIPE)
        return err->code = ED_ERR_CANCELLED;
    return status;
}

int ed_cli_print_buffer(const struct ed_cli *cli, const struct ed_buffer *buffer) {
    struct ed_error err = {0};
    enum ed_status status = ed_buffer_status(buffer, "the text", &err);
    if (status == ED_OK)
        status = ed_cli_print(ed_buffer_text(buffer), buffer->size, &err);
    return status == ED_OK || status == ED_ERR_CANCELLED ? ED_EXIT_PASS : ed_cli_fail(cli, &err);
}

int ed_cli_exit_combine(int a, int b) {
    static const int order[] = {ED_EXIT_INTERRUPTED, ED_EXIT_USAGE,   ED_EXIT_FAIL,
                                ED_EXIT_DEVICE,      ED_EXIT_INVALID, ED_EXIT_INCONCLUSIVE};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return ED_EXIT_PASS;
}
