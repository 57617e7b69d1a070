// SPDX-License-Identifier: Apache-2.0
// Repeating a gate that failed.
#include "harness/cli/gate_confirm.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "harness/addresses.h"
#include "harness/cli/kept_words.h"
#include "harness/suite_values.h"

#define WORDS_MAX_BYTES (4u << 20)
#define AGAIN_BYTES (ED_PATH_BYTES + 16)

// A resume has these of its own, or none.
static const char *const left_out[] = {"devices", "dry-run",       "export", "format", "group",
                                       "help",    "leave-nothing", "out",    "quiet",  "resume",
                                       "sort",    "verbose",       "verify", "wait",   NULL};

enum ed_status ed_gate_confirm_keep(struct ed_suite *suite, const struct ed_arguments *arguments,
                                    struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer w;
    if (!suite->gate.confirm)
        return ED_OK;
    ed_buffer_init(&text, WORDS_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    enum ed_status status = ed_kept_words_write(&w, arguments, left_out, err);
    ed_json_object_end(&w);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the command line", err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.asked, ed_buffer_text(&text), err);
    ed_buffer_release(&text);
    return status;
}

// Measures `suite` anew in `again`. Where that comes to nothing, the fail stands.
static int repeat(struct ed_cli *cli, struct ed_measured *measured, struct ed_suite *suite,
                  const struct ed_campaign *first, const char *again) {
    struct ed_error err = {0};
    char second[ED_PATH_BYTES] = "";
    enum ed_status status = ed_suite_text_set(&suite->gate.confirms, first->id, &err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.confirms_in, first->directory, &err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.asked, "", &err);
    if (status != ED_OK) {
        ed_cli_fail(cli, &err);
        return ED_EXIT_FAIL;
    }
    ed_log_line(&cli->log, ED_LOG_INFO, "it failed; a fresh campaign repeats it before that blocks");
    suite->seed = suite->seed < 0 ? suite->seed : suite->seed + 1;
    measured->measuring.args.out = again;
    measured->measuring.args.leave_nothing = measured->measuring.args.leave_nothing || first->leave_nothing;
    measured->measuring.resume = NULL;
    const int code = ed_measuring_run(cli, &measured->measuring, suite, &measured->output, second);
    if (code == ED_EXIT_INTERRUPTED || (second[0] && ed_show_check_campaign(second, NULL) == ED_OK))
        return code;
    ed_log_line(&cli->log, ED_LOG_WARNING, "this fail was not repeated, and stands");
    return ED_EXIT_FAIL;
}

// What the words of the first run ask, in the directory where they were written. The fleet is the resume's.
static enum ed_status ask_again(const struct ed_cli *cli, const struct ed_measured_command *command,
                                const struct ed_json_at *asked, struct ed_suite *suite,
                                struct ed_resources *resources, struct ed_error *err) {
    struct ed_arguments arguments = {0};
    struct ed_cli words = *cli;
    const char *directory = "";
    const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0)
        return ed_fail_errno(err, ED_ERR_NOT_FOUND, ".", "the current directory cannot be opened: %m");
    enum ed_status status = ed_kept_words_read(&arguments, &directory, asked, cli->command, err);
    if (status == ED_OK && chdir(directory) != 0)
        status = ed_fail_errno(err, ED_ERR_NOT_FOUND, directory,
                               "the gate began there, and it cannot be entered: %m");
    words.arguments = &arguments;
    if (status == ED_OK)
        status = ed_measured_suite(command, suite, &arguments, err);
    if (status == ED_OK)
        status = ed_resources_load(resources, &words, err);
    if (status == ED_OK)
        status = ed_addresses_add(&resources->engines, suite, err);
    if (fchdir(here) != 0 && status == ED_OK)
        status = ed_fail_errno(err, ED_ERR_NOT_FOUND, ".", "the current directory has gone: %m");
    close(here);
    ed_arguments_release(&arguments);
    return status;
}

static int repeat_resumed(struct ed_cli *cli, struct ed_measured *measured, const struct ed_campaign *first,
                          const char *again) {
    struct ed_json_document document = {0};
    struct ed_resources resources = {0};
    struct ed_suite suite;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    int code;
    ed_suite_init(&suite);
    enum ed_status status = ed_path_join(path, first->directory, ED_CAMPAIGN_FILE, &err);
    if (status == ED_OK)
        status = ed_json_parse_file(&document, path, ED_CAMPAIGN_FILE_MAX_BYTES, &err);
    const struct ed_json_at root = ed_json_root(&document), asked = ed_json_member(&root, ED_CAMPAIGN_ASKED);
    if (status == ED_OK && !asked.value)
        status = ed_fail(&err, ED_ERR_NOT_FOUND, first->directory,
                         "does not say how this gate was asked for; run the same gate again");
    if (status == ED_OK)
        status = ask_again(cli, measured->command, &asked, &suite, &resources, &err);
    if (status == ED_OK) {
        measured->measuring.args.catalogue = &resources.catalogue;
        measured->measuring.args.engines = &resources.engines;
        code = repeat(cli, measured, &suite, first, again);
    } else {
        ed_cli_fail(cli, &err);
        ed_log_line(&cli->log, ED_LOG_WARNING, "this fail was not repeated, and stands");
        code = ED_EXIT_FAIL;
    }
    ed_resources_release(&resources);
    ed_suite_release(&suite);
    ed_json_document_release(&document);
    return code;
}

// Of a resume: the first campaign's fail is repeated already, and the devices may be busy with that.
static bool is_repeated(const char *directory) {
    struct ed_campaign first = {0}, second = {0};
    char again[AGAIN_BYTES];
    bool repeated = false;
    if (ed_campaign_load(&first, directory, NULL) == ED_OK) {
        snprintf(again, sizeof again, "%.4090s-again", first.directory);
        repeated = ed_show_check_campaign(again, NULL) == ED_OK &&
                   ed_campaign_load(&second, again, NULL) == ED_OK &&
                   strcmp(second.gate.confirms, first.id) == 0;
        ed_campaign_release(&second);
    }
    ed_campaign_release(&first);
    return repeated;
}

// Shows the first, and what it came to; the second goes on, and if it has ended, is shown.
static int go_on(struct ed_cli *cli, struct ed_measured *measured) {
    struct ed_campaign first = {0};
    struct ed_error err = {0};
    char again[AGAIN_BYTES], directory[ED_PATH_BYTES];
    bool any = false;
    if (ed_campaign_load(&first, measured->measuring.resume, &err) != ED_OK)
        return ed_cli_fail(cli, &err);
    snprintf(again, sizeof again, "%.4090s-again", first.directory);
    ed_campaign_release(&first);
    int code = ed_show_campaign(cli, &measured->output, measured->measuring.resume, false, -1, &any);
    if (code != ED_EXIT_FAIL)
        return code;
    ed_log_line(&cli->log, ED_LOG_INFO, "this fail is repeated by %s; what that says counts", again);
    measured->measuring.resume = again;
    return ed_measuring_run(cli, &measured->measuring, NULL, &measured->output, directory);
}

int ed_gate_confirm(struct ed_cli *cli, struct ed_measured *measured) {
    struct ed_campaign first = {0};
    struct ed_error err = {0};
    char again[AGAIN_BYTES];
    const bool resumes = measured->measuring.resume != NULL;
    if (resumes && is_repeated(measured->measuring.resume))
        return go_on(cli, measured);
    int code = ed_measured_measure_plain(cli, measured);
    if (code != ED_EXIT_FAIL || !measured->directory[0])
        return code;
    if (ed_campaign_load(&first, measured->directory, &err) != ED_OK)
        return ed_cli_exit_combine(code, ed_cli_fail(cli, &err));
    snprintf(again, sizeof again, "%.4090s-again", first.directory);
    if (first.gate.confirm && !first.gate.confirms[0])
        code = resumes ? repeat_resumed(cli, measured, &first, again)
                       : repeat(cli, measured, &measured->suite, &first, again);
    ed_campaign_release(&first);
    return code;
}
