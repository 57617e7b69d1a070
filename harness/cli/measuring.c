// SPDX-License-Identifier: Apache-2.0
// Campaigns from the command line.
#include "harness/cli/measuring.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "harness/cli/ask.h"
#include "harness/cli/suite_args.h"

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

int ed_measuring_plan(const struct ed_cli *cli, const struct ed_measuring *measuring,
                      const struct ed_suite *suite) {
    struct ed_error err = {0};
    struct ed_buffer text;
    ed_buffer_init(&text, PLAN_MAX_BYTES);
    enum ed_status status = ed_measure_plan(&measuring->args, suite, &text, &err);
    int code = status == ED_OK ? ed_cli_print_buffer(cli, &text) : ed_cli_fail(cli, &err);
    ed_buffer_release(&text);
    return code;
}

// What a person may do next. A gate may have been resumed by `run`; only `gate` repeats its fail.
static void tell_next(const struct ed_cli *cli, const char *directory, bool stopped) {
    char quoted[2 * ED_PATH_BYTES];
    struct ed_campaign campaign = {0};
    ed_show_quote(quoted, sizeof quoted, directory);
    ed_log_line(&cli->log, ED_LOG_INFO, "campaign: %s", directory);
    if (stopped) {
        const bool known = ed_campaign_load(&campaign, directory, NULL) == ED_OK;
        ed_log_line(&cli->log, ED_LOG_INFO, "stopped; resume with: edgedyno %s --resume %s",
                    known ? ed_campaign_command(&campaign) : cli->command->name, quoted);
        ed_campaign_release(&campaign);
    } else
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

enum ed_status ed_measuring_measure(struct ed_cli *cli, struct ed_measuring *measuring,
                                    const struct ed_suite *suite, char directory[ED_PATH_BYTES],
                                    bool *finished, struct ed_error *err) {
    struct ed_measure_args *args = &measuring->args;
    struct ed_progress progress = {0};
    ed_progress_init(&progress, STDERR_FILENO, cli->quiet, cli->colour_err);
    cli->log.before = ed_progress_hide;
    cli->log.after = ed_progress_show;
    cli->log.context = &progress;
    args->progress = &progress;
    args->interrupted = &interrupted;
    catch_interrupts();
    *finished = false;
    enum ed_status status = suite ? ed_measure_run(args, suite, directory, finished, err)
                                  : ed_measure_resume(args, directory, finished, err);
    ed_progress_release(&progress);
    cli->log.before = cli->log.after = NULL;
    args->progress = NULL;
    return status;
}

void ed_measuring_do(struct ed_cli *cli, struct ed_measuring *measuring, const struct ed_suite *suite,
                     char directory[ED_PATH_BYTES], struct ed_measuring_end *end) {
    const char *resume = measuring->resume;
    struct ed_error err = {0};
    const int64_t began_ns = ed_clock_read_ns(ED_CLOCK_BOOT);
    *end = (struct ed_measuring_end){0};
    snprintf(directory, ED_PATH_BYTES, "%s", resume ? resume : "");
    enum ed_status status =
        ed_measuring_measure(cli, measuring, resume ? NULL : suite, directory, &end->finished, &err);
    end->code = tell_failure(cli, status, &err);
    // A campaign that was refused since it holds one already is not this run's.
    end->shows = status != ED_ERR_USAGE && directory[0] && ed_show_check_campaign(directory, NULL) == ED_OK;
    end->elapsed_ns = ed_clock_read_ns(ED_CLOCK_BOOT) - began_ns;
}

int ed_measuring_show(const struct ed_cli *cli, const struct ed_output *output, const char *directory,
                      const struct ed_measuring_end *end) {
    bool any = false;
    if (!end->shows)
        return end->code;
    const int shown = ed_show_campaign(cli, output, directory, !end->finished, end->elapsed_ns, &any);
    tell_next(cli, short_path(directory), !end->finished);
    return ed_cli_exit_combine(end->code, shown);
}

int ed_measuring_run(struct ed_cli *cli, struct ed_measuring *measuring, const struct ed_suite *suite,
                     const struct ed_output *output, char directory[ED_PATH_BYTES]) {
    struct ed_measuring_end end;
    ed_measuring_do(cli, measuring, suite, directory, &end);
    return ed_measuring_show(cli, output, directory, &end);
}

enum ed_status ed_measuring_check(const struct ed_arguments *arguments, struct ed_error *err) {
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

enum ed_status ed_measuring_fill(struct ed_measuring *measuring, struct ed_cli *cli,
                                 const struct ed_resources *resources, struct ed_error *err) {
    const struct ed_arguments *arguments = cli->arguments;
    int64_t wait_ns = 0, patience_ns = 0;
    enum ed_status status = ED_OK;
    if (ed_arguments_has(arguments, "wait"))
        status = ed_units_duration(ed_arguments_get(arguments, "wait"), &wait_ns, err);
    if (!status)
        status = read_patience(&patience_ns, err);
    measuring->resume = ed_arguments_get(arguments, "resume");
    measuring->transport = ed_ask_context(cli, false);
    measuring->args = (struct ed_measure_args){
        .catalogue = &resources->catalogue,
        .engines = &resources->engines,
        .inventory = &resources->inventory,
        .library_dir = cli->library_dir,
        .out = ed_arguments_get(arguments, "out"),
        .log = &cli->log,
        .verify = ed_arguments_has(arguments, "verify"),
        .transport = &measuring->transport,
        .wait_ns = wait_ns,
        .patience_ns = patience_ns,
        .leave_nothing = ed_arguments_has(arguments, "leave-nothing"),
    };
    return status;
}
