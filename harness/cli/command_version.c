// SPDX-License-Identifier: Apache-2.0
// `edgedyno version`.
#include <string.h>

#include "base/json_write.h"
#include "edgedyno/backend.h"
#include "edgedyno/wire.h"
#include "harness/cli/output.h"

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    struct ed_json_writer json;
    (void)context, (void)err;
    if (strcmp(target->format, "json") != 0) {
        ed_buffer_printf(out, "edgedyno %s\nwire %s, adapter abi %u, target %s\n", ED_VERSION,
                         ED_WIRE_VERSION, ED_BACKEND_ABI, ED_TARGET);
        return ED_OK;
    }
    ed_json_writer_init(&json, out, false);
    ed_json_object_begin(&json, NULL);
    ed_json_text(&json, "name", "edgedyno");
    ed_json_text(&json, "version", ED_VERSION);
    ed_json_text(&json, "wire", ED_WIRE_VERSION);
    ed_json_uint(&json, "adapter_abi", ED_BACKEND_ABI);
    ed_json_text(&json, "target", ED_TARGET);
    ed_json_object_end(&json);
    ed_buffer_append(out, "\n", 1);
    return ED_OK;
}

static int version(struct ed_cli *cli) {
    struct ed_output output = {0};
    struct ed_error err = {0};
    if (cli->arguments->n_operands)
        return ed_cli_usage(cli, "version takes no '%.80s'", cli->arguments->operands[0]);
    if (ed_output_parse(&output, cli->arguments, false, &err) != ED_OK)
        return ed_cli_fail(cli, &err);
    int code = ed_output_write(&output, cli, render, NULL);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...]", NULL};
static const char *const notes[] = {"Prints the version of edgedyno, of the wire to its runners, of the "
                                    "adapters' contract, and what this program was built for.",
                                    NULL};

const struct ed_cli_command ed_cli_version = {
    .name = "version",
    .summary = "versions of edgedyno, its wire and its adapters",
    .usages = usages,
    .notes = notes,
    .groups = {&ed_options_list_output, &ed_options_general},
    .n_groups = 2,
    .run = version,
};
