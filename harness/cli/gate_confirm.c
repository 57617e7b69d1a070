// SPDX-License-Identifier: Apache-2.0
// Repeating a gate that failed.
#include "harness/cli/gate_confirm.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "harness/addresses.h"
#include "harness/cli/kept_words.h"
#include "harness/gate_verdict.h"
#include "harness/suite_values.h"
#include "reports/gate.h"

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

// What a campaign came to.
struct judged {
    int code; // exit status
    struct ed_buffer text;
    char summary[512];
};

static enum ed_status judge(struct judged *out, const struct ed_campaign *campaign, struct ed_error *err) {
    struct ed_records records = {0};
    struct ed_json_writer w;
    ed_buffer_init(&out->text, WORDS_MAX_BYTES);
    enum ed_status status = ed_campaign_records(campaign, &records, NULL, err);
    if (status != ED_OK)
        return status;
    out->code = ed_records_exit_code(&records);
    if (records.gate) {
        ed_json_writer_init(&w, &out->text, false);
        ed_report_gate_json(&w, NULL, &records.gate->report);
        snprintf(out->summary, sizeof out->summary, "%s", records.gate->report.summary);
        status = ed_buffer_status(&out->text, "the verdict of a gate", err);
    }
    ed_records_release(&records);
    return status;
}

// Where nothing repeats it.
static int stands(struct ed_cli *cli, const struct ed_measured *measured, const struct ed_campaign *first) {
    bool any = false;
    ed_show_campaign(cli, &measured->output, first->directory, false, -1, &any);
    ed_log_line(&cli->log, ED_LOG_WARNING, "this fail was not repeated, and stands");
    return ED_EXIT_FAIL;
}

// Measures `suite` anew in `again`, and reports that alone. Where that comes to nothing, the fail stands.
static int repeat(struct ed_cli *cli, struct ed_measured *measured, struct ed_suite *suite,
                  const struct ed_campaign *first, const struct judged *judged, const char *again) {
    struct ed_error err = {0};
    char second[ED_PATH_BYTES] = "";
    enum ed_status status = ed_suite_text_set(&suite->gate.confirms, first->id, &err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.confirms_in, first->directory, &err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.asked, "", &err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->gate.first, ed_buffer_text(&judged->text), &err);
    if (status != ED_OK) {
        ed_cli_fail(cli, &err);
        return stands(cli, measured, first);
    }
    ed_log_line(&cli->log, ED_LOG_INFO, "it failed (%s); a fresh campaign repeats it before that blocks",
                judged->summary);
    suite->seed = suite->seed < 0 ? suite->seed : suite->seed + 1;
    measured->measuring.args.out = again;
    measured->measuring.args.leave_nothing = measured->measuring.args.leave_nothing || first->leave_nothing;
    measured->measuring.resume = NULL;
    const int code = ed_measuring_run(cli, &measured->measuring, suite, &measured->output, second);
    if (code == ED_EXIT_INTERRUPTED || (second[0] && ed_show_check_campaign(second, NULL) == ED_OK))
        return code;
    return stands(cli, measured, first);
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
                          const struct judged *judged, const char *again) {
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
        code = repeat(cli, measured, &suite, first, judged, again);
    } else {
        ed_cli_fail(cli, &err);
        code = stands(cli, measured, first);
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

// The second goes on, and is shown, ended or not. A first one that is no fail any more counts itself.
static int go_on(struct ed_cli *cli, struct ed_measured *measured) {
    struct ed_campaign first = {0};
    struct judged judged = {0};
    struct ed_error err = {0};
    char again[AGAIN_BYTES], directory[ED_PATH_BYTES];
    bool any = false;
    enum ed_status status = ed_campaign_load(&first, measured->measuring.resume, &err);
    if (status == ED_OK)
        status = judge(&judged, &first, &err);
    snprintf(again, sizeof again, "%.4090s-again", first.directory);
    ed_campaign_release(&first);
    ed_buffer_release(&judged.text);
    if (status != ED_OK)
        return ed_cli_fail(cli, &err);
    if (judged.code != ED_EXIT_FAIL)
        return ed_show_campaign(cli, &measured->output, measured->measuring.resume, false, -1, &any);
    ed_log_line(&cli->log, ED_LOG_INFO, "this fail is repeated by %s; what that says counts", again);
    measured->measuring.resume = again;
    return ed_measuring_run(cli, &measured->measuring, NULL, &measured->output, directory);
}

// Whether what was measured is a fail that is to be repeated.
static bool wants_repeating(const struct ed_campaign *first, const struct judged *judged,
                            const struct ed_measuring_end *end) {
    return first->gate.confirm && !first->gate.confirms[0] &&
           ed_cli_exit_combine(end->code, judged->code) == ED_EXIT_FAIL;
}

int ed_gate_confirm(struct ed_cli *cli, struct ed_measured *measured) {
    struct ed_campaign first = {0};
    struct ed_measuring_end end;
    struct judged judged = {0};
    struct ed_error err = {0};
    char again[AGAIN_BYTES];
    int code;
    const bool resumes = measured->measuring.resume != NULL;
    if (resumes && is_repeated(measured->measuring.resume))
        return go_on(cli, measured);
    ed_measuring_do(cli, &measured->measuring, &measured->suite, measured->directory, &end);
    if (!end.shows)
        return end.code;
    if (ed_campaign_load(&first, measured->directory, &err) != ED_OK ||
        judge(&judged, &first, &err) != ED_OK || !wants_repeating(&first, &judged, &end)) {
        // What is wrong with it is told there.
        code = ed_measuring_show(cli, &measured->output, measured->directory, &end);
    } else {
        // Whoever is stopped now has the fail in files; the second verdict takes its place.
        struct ed_output files = measured->output;
        files.files_only = true;
        ed_measuring_show(cli, &files, measured->directory, &end);
        snprintf(again, sizeof again, "%.4090s-again", first.directory);
        code = resumes ? repeat_resumed(cli, measured, &first, &judged, again)
                       : repeat(cli, measured, &measured->suite, &first, &judged, again);
    }
    ed_campaign_release(&first);
    ed_buffer_release(&judged.text);
    return code;
}
