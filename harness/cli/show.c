// SPDX-License-Identifier: Apache-2.0
// From a campaign's directory to reports.
#include "harness/cli/show.h"

#include <dirent.h>
#include <string.h>

#include "base/units.h"

#define RUNS "runs"
#define WARNINGS_MAX_BYTES (1u << 20)

void ed_show_quote(char *out, size_t bytes, const char *path) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+@%:,=-";
    size_t used = 0;
    if (path[0] && path[0] != '-' && path[strspn(path, plain)] == '\0') {
        snprintf(out, bytes, "%s", path);
        return;
    }
    used += (size_t)snprintf(out, bytes, "%s'", path[0] == '-' ? "./" : "");
    for (; *path && used + 6 < bytes; path++)
        used += (size_t)snprintf(out + used, bytes - used, *path == '\'' ? "'\\''" : "%c", *path);
    snprintf(out + used, bytes - used, "'");
}

static bool holds_campaign(const char *directory) {
    char path[ED_PATH_BYTES];
    return ed_path_join(path, directory, ED_CAMPAIGN_FILE, NULL) == ED_OK && ed_path_exists(path);
}

// Campaigns are named by their start, so that the last name is the newest.
static bool newest_campaign(char out[ED_PATH_BYTES]) {
    DIR *runs = opendir(RUNS);
    char best[256] = "", path[ED_PATH_BYTES];
    if (!runs)
        return false;
    for (const struct dirent *entry; (entry = readdir(runs));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, best) > 0 &&
            ed_path_join(path, RUNS, entry->d_name, NULL) == ED_OK && holds_campaign(path))
            snprintf(best, sizeof best, "%s", entry->d_name);
    closedir(runs);
    return best[0] && ed_path_join(out, RUNS, best, NULL) == ED_OK;
}

enum ed_status ed_show_no_campaign(const char *where, const char *what, struct ed_error *err) {
    char newest[ED_PATH_BYTES];
    if (newest_campaign(newest))
        return ed_fail(err, ED_ERR_NOT_FOUND, where, "%s; the newest here is %.200s", what, newest);
    return ed_fail(err, ED_ERR_NOT_FOUND, where,
                   "%s; `edgedyno run`, gate and tune make them below " RUNS "/", what);
}

enum ed_status ed_show_check_campaign(const char *path, struct ed_error *err) {
    if (holds_campaign(path))
        return ED_OK;
    const char *what = !ed_path_exists(path)        ? "there is no such directory"
                       : ed_path_is_directory(path) ? "this directory holds no campaign (no " ED_CAMPAIGN_FILE
                                                      ")"
                                                    : "a campaign is a directory, and this is a file";
    return ed_show_no_campaign(path, what, err);
}

static void tell_warnings(const struct ed_cli *cli, const struct ed_buffer *warnings) {
    const char *line = ed_buffer_text(warnings);
    while (*line) {
        size_t bytes = strcspn(line, "\n");
        if (bytes)
            ed_log_line(&cli->log, ED_LOG_WARNING, "%.*s", (int)bytes, line);
        line += bytes + (line[bytes] == '\n');
    }
}

// "1 oom, 2 crashed", or nothing.
static void failures_append(const struct ed_records *records, struct ed_buffer *out) {
    static const char *const words[] = {"oom", "crashed", "timeout", "refused", "cancelled"};
    size_t shown = 0, not_run = 0, failed = 0;
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        size_t n = 0;
        for (size_t i = 0; i < records->n; i++)
            n += strcmp(records->items[i].outcome, words[w]) == 0;
        if (n)
            ed_buffer_printf(out, "%s%zu %s", shown++ ? ", " : "", n, words[w]);
    }
    for (size_t i = 0; i < records->n; i++) {
        not_run += !records->items[i].has[ED_FIELD_outcome];
        failed += ed_verdict_of_word(records->items[i].verdict) == ED_VERDICT_FAIL;
    }
    if (not_run)
        ed_buffer_printf(out, "%s%zu not run", shown++ ? ", " : "", not_run);
    if (failed)
        ed_buffer_printf(out, "%s%zu failed what was required", shown++ ? ", " : "", failed);
}

static void tell_totals(const struct ed_cli *cli, const struct ed_campaign *campaign,
                        const struct ed_records *records, int64_t elapsed_ns) {
    const size_t asked = campaign->n_devices + campaign->n_absent;
    char elapsed[64];
    struct ed_buffer failures;
    if (asked < 2)
        return;
    ed_buffer_init(&failures, 4096);
    failures_append(records, &failures);
    if (campaign->n_absent)
        ed_buffer_printf(&failures, "%s%zu device%s not measured", failures.size ? ", " : "",
                         campaign->n_absent, campaign->n_absent == 1 ? "" : "s");
    ed_units_print_duration(elapsed, sizeof elapsed, elapsed_ns);
    ed_log_line(&cli->log, ED_LOG_INFO, "total: %zu of %zu devices, %zu case%s, %zu of %zu blocks, %s; %s",
                campaign->n_devices, asked, records->n, records->n == 1 ? "" : "s", records->blocks_done,
                records->blocks_planned, elapsed, failures.size ? ed_buffer_text(&failures) : "no failures");
    ed_buffer_release(&failures);
}

int ed_show_campaign(const struct ed_cli *cli, const struct ed_output *output, const char *directory,
                     bool only_if_any, int64_t elapsed_ns, bool *any) {
    struct ed_campaign campaign = {0};
    struct ed_records records = {0};
    struct ed_buffer warnings;
    struct ed_error err = {0};
    int code = ED_EXIT_PASS;
    *any = false;
    enum ed_status status = ed_campaign_load(&campaign, directory, &err);
    if (status != ED_OK)
        return ed_cli_fail(cli, &err);
    ed_buffer_init(&warnings, WARNINGS_MAX_BYTES);
    status = ed_campaign_records(&campaign, &records, &warnings, &err);
    tell_warnings(cli, &warnings);
    ed_buffer_release(&warnings);
    if (status != ED_OK) {
        ed_campaign_release(&campaign);
        return ed_cli_fail(cli, &err);
    }
    const struct ed_output_campaign context = {&campaign, &records, &output->order, output->block};
    *any = records.blocks_done > 0;
    if (*any || !only_if_any)
        code = ed_output_write(output, cli, ed_output_render_campaign, &context);
    for (size_t i = 0; i < campaign.n_absent; i++)
        ed_log_line(&cli->log, ED_LOG_WARNING, "%s: not measured: %s", campaign.absent[i].id,
                    campaign.absent[i].reason);
    if (elapsed_ns >= 0)
        tell_totals(cli, &campaign, &records, elapsed_ns);
    if (records.usage_error)
        ed_log_line(&cli->log, ED_LOG_ERROR, "%s", records.usage_message);
    if (records.blocks_left > 0 && !only_if_any) {
        char quoted[2 * ED_PATH_BYTES];
        ed_show_quote(quoted, sizeof quoted, directory);
        ed_log_line(&cli->log, ED_LOG_WARNING,
                    "%zu of %zu blocks are missing; `edgedyno %s --resume %s` measures them",
                    records.blocks_left, records.blocks_planned, ed_campaign_command(&campaign), quoted);
    }
    code = ed_cli_exit_combine(code, ed_records_exit_code(&records));
    ed_records_release(&records);
    ed_campaign_release(&campaign);
    return code;
}
