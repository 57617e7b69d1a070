// SPDX-License-Identifier: Apache-2.0
// Questions about a device and its jobs.
#include "devices/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/remote_ask.h"

#define SURVEY_WORDS_MAX 32

enum ed_status ed_remote_check(const struct ed_remote *remote, struct ed_error *err) {
    const char *const words[] = {"version", NULL};
    struct ed_json_document reply;
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 20, "version", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_hardware(const struct ed_remote *remote, struct ed_json_document *reply,
                                  struct ed_error *err) {
    const char *const words[] = {"hardware", NULL};
    return ed_remote_ask(remote, words, NULL, 0, 60, "hardware", reply, err);
}

static enum ed_status read_survey(const struct ed_json_document *reply, struct ed_survey *out,
                                  struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(reply), rows = ed_json_member(&root, "backends");
    enum ed_status status = ed_json_expect_array(&rows, err);
    ed_remote_copy_text(&root, "engine_version", out->engine_version, sizeof out->engine_version);
    ed_remote_copy_text(&root, "build_info", out->build_info, sizeof out->build_info);
    for (size_t i = 0; status == ED_OK && i < ed_json_count(&rows) && i < ED_SURVEY_MAX; i++) {
        const struct ed_json_at at = ed_json_element(&rows, i);
        struct ed_survey_row *row = &out->rows[i];
        char processor[16];
        status = ed_json_get_string(&at, "backend", row->backend, sizeof row->backend, err);
        ed_remote_copy_text(&at, "processor", processor, sizeof processor);
        for (int kind = 0; kind < ED_PROCESSOR_COUNT; kind++)
            if (!strcmp(processor, ed_processor_word((enum ed_processor)kind)))
                row->processor = (enum ed_processor)kind;
        ed_remote_copy_text(&at, "native", row->native, sizeof row->native);
        ed_remote_copy_text(&at, "device_name", row->device_name, sizeof row->device_name);
        ed_remote_copy_text(&at, "reason", row->reason, sizeof row->reason);
        if (status == ED_OK)
            status = ed_json_opt_bool(&at, "simulated", &row->simulated, err);
        if (status == ED_OK)
            status = ed_json_get_bool(&at, "available", &row->available, err);
        out->n_rows = i + 1;
    }
    return status;
}

enum ed_status ed_remote_survey(const struct ed_remote *remote, const struct ed_remote_survey_args *args,
                                struct ed_survey *out, struct ed_error *err) {
    const char *words[SURVEY_WORDS_MAX + 1] = {"survey", "--adapter", args->adapter};
    size_t n = 3;
    struct ed_json_document reply;
    memset(out, 0, sizeof *out);
    if (args->engine_dir[0]) {
        words[n++] = "--engine-dir";
        words[n++] = args->engine_dir;
    }
    if (args->library[0]) {
        words[n++] = "--library";
        words[n++] = args->library;
    }
    for (size_t i = 0; args->environment && args->environment[i] && n + 2 < SURVEY_WORDS_MAX; i++) {
        words[n++] = "--environment";
        words[n++] = args->environment[i];
    }
    words[n] = NULL;
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 20, "survey", &reply, err);
    if (status != ED_OK)
        return status;
    status = read_survey(&reply, out, err);
    ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_running(const struct ed_remote *remote, char job[ED_WIRE_ID_MAX_BYTES + 1],
                                 struct ed_error *err) {
    const char *const words[] = {"work", "--work", remote->work_dir, NULL};
    struct ed_json_document reply;
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 20, "work", &reply, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&reply);
    ed_remote_copy_text(&root, "job", job, ED_WIRE_ID_MAX_BYTES + 1);
    ed_json_document_release(&reply);
    return ED_OK;
}

enum ed_status ed_remote_start(const struct ed_remote *remote, const char *job, size_t bytes,
                               struct ed_error *err) {
    const char *const words[] = {"start", "--work", remote->work_dir, NULL};
    struct ed_json_document reply;
    // The runner may have to digest gigabytes the first time.
    enum ed_status status = ed_remote_ask(remote, words, job, bytes, 3600, "started", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return ed_remote_blame(remote, status, err);
}

enum ed_status ed_remote_status(const struct ed_remote *remote, const char *job_id,
                                struct ed_remote_status *out, struct ed_error *err) {
    return ed_remote_status_renew(remote, job_id, NULL, 0, out, err);
}

enum ed_status ed_remote_status_renew(const struct ed_remote *remote, const char *job_id, const char *token,
                                      int64_t extend_ns, struct ed_remote_status *out, struct ed_error *err) {
    char extend[32];
    snprintf(extend, sizeof extend, "%lld", (long long)extend_ns);
    const char *const words[] = {
        "status", "--work",      remote->work_dir, "--job", job_id, token ? "--token" : NULL,
        token,    "--extend-ns", extend,           NULL};
    const int64_t most = INT64_C(1) << 53;
    struct ed_json_document reply;
    const char *state = "";
    memset(out, 0, sizeof *out);
    // Soon enough to notice a dead link; what is slower than this is asked again.
    const int64_t asked_ns = ed_clock_read_ns(CLOCK_REALTIME);
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 20, "status", &reply, err);
    if (status != ED_OK)
        return status;
    struct ed_json_at root = ed_json_root(&reply);
    double device_ns = 0;
    out->asked_real_ns = asked_ns;
    out->answered_real_ns = ed_clock_read_ns(CLOCK_REALTIME);
    if (ed_json_opt_real(&root, "monotonic_ns", 0, 9e18, &device_ns, NULL) == ED_OK)
        out->device_monotonic_ns = (int64_t)device_ns;
    status = ed_json_get_text(&root, "state", &state, err);
    if (status == ED_OK)
        status = ed_json_get_int(&root, "journal_bytes", 0, most, &out->journal_bytes, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "blocks_done", 0, most, &out->blocks_done, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "blocks_total", 0, most, &out->blocks_total, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "next_news_ns", 0, most, &out->next_news_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "left_ns", 0, most, &out->left_ns, err);
    out->cooling_ns = -1;
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "cooling_ns", 0, most, &out->cooling_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "cooling_now_mc", -most, most, &out->cooling_now_mc, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "cooling_limit_mc", -most, most, &out->cooling_limit_mc, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(&root, "lease_lost", &out->lease_lost, err);
    // Texts are for people: one that is too long is cut, and a missing one is not worth failing for.
    ed_remote_copy_text(&root, "reason", out->reason, sizeof out->reason);
    ed_remote_copy_text(&root, "message", out->message, sizeof out->message);
    ed_remote_copy_text(&root, "block", out->block, sizeof out->block);
    if (status == ED_OK) {
        if (!strcmp(state, "running"))
            out->state = ED_REMOTE_RUNNING;
        else if (!strcmp(state, "ended"))
            out->state = ED_REMOTE_ENDED;
        else if (!strcmp(state, "died"))
            out->state = ED_REMOTE_DIED;
        else
            status = ed_fail(err, ED_ERR_PARSE, remote->device, "the runner calls a job '%.32s'", state);
    } else if (status == ED_ERR_USAGE) {
        // A wrong value in a reply is nobody's wrong usage.
        status = ED_ERR_PARSE;
        if (err)
            err->code = status;
    }
    ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_read(const struct ed_remote *remote, const char *job_id, const char *file,
                              int64_t from, int64_t max, struct ed_buffer *out, struct ed_error *err) {
    char from_text[32], max_text[32];
    struct ed_spawn_result result;
    snprintf(from_text, sizeof from_text, "%lld", (long long)from);
    snprintf(max_text, sizeof max_text, "%lld", (long long)max);
    const char *const words[] = {"read", "--work", remote->work_dir, "--job", job_id,   "--file",
                                 file,   "--from", from_text,        "--max", max_text, NULL};
    enum ed_status status =
        ed_remote_command(remote, words, NULL, 0, (size_t)max + ED_WIRE_LINE_MAX_BYTES, 120, &result, err);
    if (status == ED_OK && result.exit_code != 0) {
        struct ed_json_document reply = {0};
        status = ed_json_parse(&reply, remote->device, result.out ? result.out : "", result.out_bytes, NULL);
        if (status == ED_OK)
            status = ed_remote_check_reply(remote, &reply, "", err);
        else
            status =
                ed_fail(err, ED_ERR_REFUSED, remote->device,
                        "reading %s of job %s failed with exit status %d", file, job_id, result.exit_code);
        ed_json_document_release(&reply);
    } else if (status == ED_OK && (int64_t)result.out_bytes > max) {
        status = ed_fail(err, ED_ERR_LIMIT, remote->device,
                         "the runner sent %zu bytes of %s where %lld were asked for", result.out_bytes, file,
                         (long long)max);
    } else if (status == ED_OK) {
        ed_buffer_append(out, result.out, result.out_bytes);
        status = ed_buffer_status(out, file, err);
    }
    ed_spawn_result_release(&result);
    return status;
}

enum ed_status ed_remote_stop(const struct ed_remote *remote, const char *job_id, const char *by,
                              struct ed_error *err) {
    const char *const words[] = {"stop", "--work", remote->work_dir, "--job", job_id, by[0] ? "--by" : NULL,
                                 by,     NULL};
    struct ed_json_document reply;
    // Somebody has pressed Ctrl-C and waits.
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 20, "stopping", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_forget(const struct ed_remote *remote, const char *job_id, struct ed_error *err) {
    const char *const words[] = {"forget", "--work", remote->work_dir, "--job", job_id, NULL};
    struct ed_json_document reply;
    enum ed_status status = ed_remote_ask(remote, words, NULL, 0, 60, "forgotten", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}
