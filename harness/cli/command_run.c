// SPDX-License-Identifier: Apache-2.0
// `edgedyno run`: measures, then reports.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "harness/cli/ask.h"
#include "harness/cli/resources.h"
#include "harness/cli/show.h"
#include "harness/cli/suite_args.h"
#include "harness/measure.h"

#define PLAN_MAX_BYTES (64u << 20)
#define PATIENCE_VARIABLE "EDGEDYNO_LINK_PATIENCE"

// Only a signal handler needs this; nothing else in the program is global and changes.
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (interrupted) {
        static const char words[] = "\nedgedyno: stopped at once; a device may go on with its job, and "
                                    "--resume fetches what it measured\n";
        ssize_t ignored = write(STDERR_FILENO, words, sizeof words - 1);
        (void)ignored;
        _exit(ED_EXIT_INTERRUPTED);
    }
    interrupted = 1;
}

// Without SA_RESTART, so that waits end.
static void catch_interrupts(void) {
    const struct sigaction action = {.sa_handler = on_interrupt};
    struct sigaction before;
    // Who started this program with Ctrl-C ignored (nohup, a background job) wants it to stay so.
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int dry_run(const struct ed_cli *cli, const struct ed_measure_args *args,
                   const struct ed_suite *suite) {
    struct ed_error err = {0};
    struct ed_buffer text;
    ed_buffer_init(&text, PLAN_MAX_BYTES);
    enum ed_status status = ed_measure_plan(args, suite, &text, &err);
    int code = status == ED_OK ? ed_cli_print_buffer(cli, &text) : ed_cli_fail(cli, &err);
    ed_buffer_release(&text);
    return code;
}

// What a person may do next.
static void tell_next(const struct ed_cli *cli, const char *directory, bool stopped) {
    char quoted[2 * ED_PATH_BYTES];
    ed_show_quote(quoted, sizeof quoted, directory);
    ed_log_line(&cli->log, ED_LOG_INFO, "campaign: %s", directory);
    if (stopped)
        ed_log_line(&cli->log, ED_LOG_INFO, "stopped; resume with: edgedyno run --resume %s", quoted);
    else
        ed_log_line(&cli->log, ED_LOG_INFO, "report it again: edgedyno report %s", quoted);
}

// The campaign as a person would name it: relative where it lies below the current directory.
static const char *short_path(const char *directory) {
    char here[ED_PATH_BYTES];
    if (!getcwd(here, sizeof here))
        return directory;
    size_t bytes = strlen(here);
    return strncmp(directory, here, bytes) == 0 && directory[bytes] == '/' && directory[bytes + 1]
               ? directory + bytes + 1
               : directory;
}

// A reply that cannot be parsed is the device's failure here; what the user wrote was parsed before.
static int tell_failure(const struct ed_cli *cli, enum ed_status status, const struct ed_error *err) {
    if (status == ED_OK)
        return ED_EXIT_PASS;
    if (status == ED_ERR_CANCELLED)
        return ED_EXIT_INTERRUPTED;
    int code = ed_cli_fail(cli, err);
    return status == ED_ERR_PARSE ? ED_EXIT_DEVICE : code;
}

static int measure(struct ed_cli *cli, struct ed_measure_args *args, const struct ed_suite *suite,
                   const char *resume, const struct ed_output *output) {
    char directory[ED_PATH_BYTES] = "";
    struct ed_progress progress = {0};
    struct ed_error err = {0};
    bool any = false, finished = false;
    int code;
    const int64_t began_ns = ed_clock_read_ns(ED_CLOCK_BOOT);
    ed_progress_init(&progress, STDERR_FILENO, cli->quiet, cli->colour_err);
    cli->log.before = ed_progress_hide;
    cli->log.after = ed_progress_show;
    cli->log.context = &progress;
    args->progress = &progress;
    args->interrupted = &interrupted;
    catch_interrupts();
    if (resume)
        snprintf(directory, sizeof directory, "%s", resume);
    enum ed_status status = resume ? ed_measure_resume(args, resume, &finished, &err)
                                   : ed_measure_run(args, suite, directory, &finished, &err);
    ed_progress_release(&progress);
    cli->log.before = cli->log.after = NULL;
    args->progress = NULL;
    code = tell_failure(cli, status, &err);
    // A campaign that was refused since it holds one already is not this run's.
    if (status != ED_ERR_USAGE && directory[0] && ed_show_check_campaign(directory, NULL) == ED_OK) {
        const int64_t elapsed_ns = ed_clock_read_ns(ED_CLOCK_BOOT) - began_ns;
        int shown = ed_show_campaign(cli, output, directory, !finished, elapsed_ns, &any);
        code = ed_cli_exit_combine(code, shown);
        tell_next(cli, short_path(directory), !finished);
    }
    return code;
}

static enum ed_status check(const struct ed_arguments *arguments, struct ed_error *err) {
    const char *resume = ed_arguments_get(arguments, "resume");
    enum ed_status status = ed_options_check_habits(arguments, err);
    if (!status && resume)
        status = ed_suite_check_resume(arguments, err);
    if (!status && resume)
        status = ed_show_check_campaign(resume, err);
    if (!status && ed_arguments_has(arguments, "dry-run") &&
        (ed_arguments_has(arguments, "export") || ed_arguments_has(arguments, "format") ||
         ed_arguments_has(arguments, "out")))
        status = ed_fail(err, ED_ERR_USAGE, "--dry-run",
                         "measures nothing; leave out --format, --export and --out");
    return status;
}

// How long a lost link is tried again, beyond the time that the job was going to take.
static enum ed_status read_patience(int64_t *patience_ns, struct ed_error *err) {
    const char *text = getenv(PATIENCE_VARIABLE);
    *patience_ns = 0;
    if (!text || !text[0])
        return ED_OK;
    enum ed_status status = ed_units_duration(text, patience_ns, err);
    if (status == ED_OK && *patience_ns < 1)
        status = ed_fail(err, ED_ERR_USAGE, PATIENCE_VARIABLE, "must be longer than nothing: 2min");
    if (status != ED_OK && err)
        snprintf(err->where, sizeof err->where, PATIENCE_VARIABLE);
    return status;
}

static int run(struct ed_cli *cli) {
    const struct ed_arguments *arguments = cli->arguments;
    const char *resume = ed_arguments_get(arguments, "resume");
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_suite suite;
    struct ed_error err = {0};
    int code = ED_EXIT_PASS;
    ed_suite_init(&suite);
    int64_t wait_ns = 0, patience_ns = 0;
    enum ed_status status = check(arguments, &err);
    if (!status && ed_arguments_has(arguments, "wait"))
        status = ed_units_duration(ed_arguments_get(arguments, "wait"), &wait_ns, &err);
    if (!status)
        status = read_patience(&patience_ns, &err);
    if (!status)
        status = ed_output_parse(&output, arguments, true, &err);
    if (!status && !resume)
        status = ed_suite_of_arguments(&suite, arguments, &err);
    if (!status)
        status = ed_resources_load(&resources, cli, &err);
    if (status) {
        code = ed_cli_fail(cli, &err);
        goto out;
    }
    const struct ed_transport_context transport = ed_ask_context(cli, false);
    struct ed_measure_args args = {
        .catalogue = &resources.catalogue,
        .engines = &resources.engines,
        .inventory = &resources.inventory,
        .library_dir = cli->library_dir,
        .out = ed_arguments_get(arguments, "out"),
        .log = &cli->log,
        .verify = ed_arguments_has(arguments, "verify"),
        .transport = &transport,
        .wait_ns = wait_ns,
        .patience_ns = patience_ns,
        .leave_nothing = ed_arguments_has(arguments, "leave-nothing"),
    };
    if (ed_arguments_has(arguments, "dry-run"))
        code = dry_run(cli, &args, &suite);
    else
        code = measure(cli, &args, &suite, resume, &output);
out:
    ed_resources_release(&resources);
    ed_suite_release(&suite);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...] SUITE.json", "[OPTION...] MODEL...", "--resume DIR", NULL};
static const char *const notes[] = {"Measures every case (variant x engine build x backend x threads x "
                                    "options) on every device, each block in a fresh process, in random "
                                    "order. Flags override the suite's keys. What was measured is kept in a "
                                    "campaign directory; reports are made from that alone.",
                                    "On standard output is the report, on standard error everything else.",
                                    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno run examples/digits/suite.json", "a suite, on this machine"},
    {"edgedyno run model.onnx --on onnxruntime/cpu -t 1,2,4", "a model alone, with three numbers of threads"},
    {"edgedyno run suite.json --require 'latency_p90_ns <= 50 ms' --export report.md",
     "a limit to hold (exit status 1 where it does not), and a file for a pull request"},
    {"edgedyno run suite.json --dry-run", "what would be measured, and how long it takes"},
    {"edgedyno run --on null -r 20", "what the harness itself costs"},
};

const struct ed_cli_command ed_cli_run = {
    .name = "run",
    .summary = "measure a suite or models",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_measuring, &ed_options_report_output, &ed_options_fleet},
    .n_groups = 3,
    .operand_is_file = true,
    .run = run,
};
