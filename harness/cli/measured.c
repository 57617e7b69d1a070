// SPDX-License-Identifier: Apache-2.0
// A command that measures, from its words to its exit status.
#include "harness/cli/measured.h"

#include "harness/addresses.h"
#include "harness/cli/suite_args.h"

void ed_measured_begin_plain(struct ed_suite *suite) {
    (void)suite;
}

enum ed_status ed_measured_check_plain(const struct ed_arguments *arguments, struct ed_error *err) {
    (void)arguments;
    (void)err;
    return ED_OK;
}

enum ed_status ed_measured_settle_plain(struct ed_suite *suite, const struct ed_arguments *arguments,
                                        struct ed_error *err) {
    (void)suite;
    (void)arguments;
    (void)err;
    return ED_OK;
}

int ed_measured_measure_plain(struct ed_cli *cli, struct ed_measured *measured) {
    return ed_measuring_run(cli, &measured->measuring, &measured->suite, &measured->output,
                            measured->directory);
}

enum ed_status ed_measured_suite(const struct ed_measured_command *command, struct ed_suite *suite,
                                 const struct ed_arguments *arguments, struct ed_error *err) {
    command->begin(suite);
    enum ed_status status = ed_suite_of_arguments(suite, arguments, err);
    if (status != ED_OK)
        return status;
    status = command->settle(suite, arguments, err);
    if (status != ED_OK)
        ed_suite_release(suite);
    return status;
}

int ed_measured_run(struct ed_cli *cli, const struct ed_measured_command *command) {
    const struct ed_arguments *arguments = cli->arguments;
    const bool resumes = ed_arguments_has(arguments, "resume");
    struct ed_measured measured = {.command = command};
    struct ed_error err = {0};
    int code;
    ed_suite_init(&measured.suite);
    enum ed_status status = ed_measuring_check(arguments, &err);
    if (!status)
        status = command->check(arguments, &err);
    if (!status)
        status = ed_output_parse(&measured.output, arguments, true, &err);
    if (!status && !resumes && !command->chooses)
        status = ed_output_check_choice(&measured.output, &err);
    if (!status && !resumes)
        status = ed_measured_suite(command, &measured.suite, arguments, &err);
    if (!status)
        status = ed_resources_load(&measured.resources, cli, &err);
    if (!status)
        status = ed_addresses_add(&measured.resources.engines, &measured.suite, &err);
    if (!status)
        status = ed_measuring_fill(&measured.measuring, cli, &measured.resources, &err);
    if (status)
        code = ed_cli_fail(cli, &err);
    else if (ed_arguments_has(arguments, "dry-run"))
        code = ed_measuring_plan(cli, &measured.measuring, &measured.suite);
    else
        code = command->measure(cli, &measured);
    ed_resources_release(&measured.resources);
    ed_suite_release(&measured.suite);
    ed_output_release(&measured.output);
    return code;
}
