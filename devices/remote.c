// SPDX-License-Identifier: Apache-2.0
// Short commands and their replies.
#include "devices/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/process.h"

#define ARGUMENTS_MAX 32
#define SECOND_NS INT64_C(1000000000)

// Runs `runner WORD...` and hands back what it printed. The words are NULL-terminated.
static enum ed_status command(const struct ed_remote *remote, const char *const *words, const void *input,
                              size_t input_bytes, size_t out_limit, int64_t seconds,
                              struct ed_spawn_result *result, struct ed_error *err) {
    const char *argv[ARGUMENTS_MAX + 1];
    size_t n = 0;
    argv[n++] = remote->runner;
    for (; *words && n < ARGUMENTS_MAX; words++)
        argv[n++] = *words;
    argv[n] = NULL;
    const struct ed_spawn_args args = {.argv = argv,
                                       .input = input,
                                       .input_bytes = input_bytes,
                                       .out_limit_bytes = out_limit,
                                       .deadline_ns = ed_clock_monotonic_ns() + seconds * SECOND_NS};
    ed_spawn_result_init(result);
    return remote->transport->spawn(remote->state, &args, result, err);
}

static enum ed_status status_of_word(const char *word) {
    for (int i = 1; i < ED_STATUS_COUNT; i++)
        if (!strcmp(word, ed_status_word((enum ed_status)i)))
            return (enum ed_status)i;
    return ED_ERR_INTERNAL;
}

static enum ed_status check_reply(const struct ed_remote *remote, const struct ed_json_document *reply,
                                  const char *type, struct ed_error *err) {
    struct ed_json_at root = ed_json_root(reply);
    const char *is = "", *wire = "", *word = "", *message = "", *where = "";
    if (ed_json_expect_object(&root, NULL) != ED_OK || ed_json_get_text(&root, "type", &is, NULL) != ED_OK ||
        ed_json_get_text(&root, "wire", &wire, NULL) != ED_OK)
        return ed_fail(err, ED_ERR_PARSE, remote->device,
                       "the runner's reply is not a message of the wire: %.200s", "no type or no version");
    if (strtol(wire, NULL, 10) != ED_WIRE_MAJOR)
        return ed_fail(err, ED_ERR_VERSION, remote->device,
                       "the runner speaks wire version %.16s, this program %s", wire, ED_WIRE_VERSION);
    if (!strcmp(is, "error")) {
        ed_json_opt_text(&root, "status", &word, NULL);
        ed_json_opt_text(&root, "message", &message, NULL);
        ed_json_opt_text(&root, "where", &where, NULL);
        return ed_fail(err, status_of_word(word), remote->device, "%s%s%s", where, where[0] ? ": " : "",
                       message[0] ? message : "the runner gives no reason");
    }
    if (strcmp(is, type))
        return ed_fail(err, ED_ERR_PARSE, remote->device,
                       "the runner replied '%.32s' where '%s' was expected", is, type);
    return ED_OK;
}

// A command whose reply is one line of JSON of the given type. `reply` is the caller's on success.
static enum ed_status ask(const struct ed_remote *remote, const char *const *words, const void *input,
                          size_t input_bytes, int64_t seconds, const char *type,
                          struct ed_json_document *reply, struct ed_error *err) {
    struct ed_spawn_result result;
    char name[128];
    snprintf(name, sizeof name, "reply of %s", remote->device);
    memset(reply, 0, sizeof *reply);
    enum ed_status status =
        command(remote, words, input, input_bytes, ED_WIRE_LINE_MAX_BYTES, seconds, &result, err);
    if (status == ED_OK && result.out_bytes == 0) {
        size_t n = result.err_bytes < 300 ? result.err_bytes : 300;
        status = ed_fail(err, ED_ERR_REFUSED, remote->device, "'%s %s' ended by %s %d without a reply%s%.*s",
                         remote->runner, words[0], result.signal ? "signal" : "exit status",
                         result.signal ? result.signal : result.exit_code, n ? ": " : "", (int)n,
                         n ? result.err_out : "");
    }
    if (status == ED_OK)
        status = ed_json_parse(reply, name, result.out, result.out_bytes, err);
    ed_spawn_result_release(&result);
    if (status == ED_OK) {
        status = check_reply(remote, reply, type, err);
        if (status != ED_OK)
            ed_json_document_release(reply);
    }
    return status;
}

enum ed_status ed_remote_check(const struct ed_remote *remote, struct ed_error *err) {
    const char *const words[] = {"version", NULL};
    struct ed_json_document reply;
    enum ed_status status = ask(remote, words, NULL, 0, 20, "version", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_hardware(const struct ed_remote *remote, struct ed_json_document *reply,
                                  struct ed_error *err) {
    const char *const words[] = {"hardware", NULL};
    return ask(remote, words, NULL, 0, 60, "hardware", reply, err);
}

// Texts may be empty here: an engine that does not tell.
static void copy_text(const struct ed_json_at *object, const char *key, char *out, size_t bytes) {
    const struct ed_json_at at = ed_json_member(object, key);
    snprintf(out, bytes, "%s", cJSON_IsString(at.value) ? at.value->valuestring : "");
}

static enum ed_status read_survey(const struct ed_json_document *reply, struct ed_survey *out,
                                  struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(reply), rows = ed_json_member(&root, "backends");
    enum ed_status status = ed_json_expect_array(&rows, err);
    copy_text(&root, "engine_version", out->engine_version, sizeof out->engine_version);
    copy_text(&root, "build_info", out->build_info, sizeof out->build_info);
    for (size_t i = 0; status == ED_OK && i < ed_json_count(&rows) && i < ED_SURVEY_MAX; i++) {
        const struct ed_json_at at = ed_json_element(&rows, i);
        struct ed_survey_row *row = &out->rows[i];
        char processor[16];
        status = ed_json_get_string(&at, "backend", row->backend, sizeof row->backend, err);
        copy_text(&at, "processor", processor, sizeof processor);
        for (int kind = 0; kind < ED_PROCESSOR_COUNT; kind++)
            if (!strcmp(processor, ed_processor_word((enum ed_processor)kind)))
                row->processor = (enum ed_processor)kind;
        copy_text(&at, "native", row->native, sizeof row->native);
        copy_text(&at, "device_name", row->device_name, sizeof row->device_name);
        copy_text(&at, "reason", row->reason, sizeof row->reason);
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
    const char *words[ARGUMENTS_MAX + 1] = {"survey", "--adapter", args->adapter};
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
    for (size_t i = 0; args->environment && args->environment[i] && n + 2 < ARGUMENTS_MAX; i++) {
        words[n++] = "--environment";
        words[n++] = args->environment[i];
    }
    words[n] = NULL;
    enum ed_status status = ask(remote, words, NULL, 0, 20, "survey", &reply, err);
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
    enum ed_status status = ask(remote, words, NULL, 0, 20, "work", &reply, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&reply);
    copy_text(&root, "job", job, ED_WIRE_ID_MAX_BYTES + 1);
    ed_json_document_release(&reply);
    return ED_OK;
}

enum ed_status ed_remote_start(const struct ed_remote *remote, const char *job, size_t bytes,
                               struct ed_error *err) {
    const char *const words[] = {"start", "--work", remote->work_dir, NULL};
    struct ed_json_document reply;
    // The runner may have to digest gigabytes the first time.
    enum ed_status status = ask(remote, words, job, bytes, 3600, "started", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_status(const struct ed_remote *remote, const char *job_id,
                                struct ed_remote_status *out, struct ed_error *err) {
    const char *const words[] = {"status", "--work", remote->work_dir, "--job", job_id, NULL};
    const int64_t most = INT64_C(1) << 53;
    struct ed_json_document reply;
    const char *state = "";
    memset(out, 0, sizeof *out);
    enum ed_status status = ask(remote, words, NULL, 0, 60, "status", &reply, err);
    if (status != ED_OK)
        return status;
    struct ed_json_at root = ed_json_root(&reply);
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
    // Texts are for people: one that is too long is cut, and a missing one is not worth failing for.
    copy_text(&root, "reason", out->reason, sizeof out->reason);
    copy_text(&root, "message", out->message, sizeof out->message);
    copy_text(&root, "block", out->block, sizeof out->block);
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
        command(remote, words, NULL, 0, (size_t)max + ED_WIRE_LINE_MAX_BYTES, 120, &result, err);
    if (status == ED_OK && result.exit_code != 0) {
        struct ed_json_document reply = {0};
        status = ed_json_parse(&reply, remote->device, result.out ? result.out : "", result.out_bytes, NULL);
        if (status == ED_OK)
            status = check_reply(remote, &reply, "", err);
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

static enum ed_status tell(const struct ed_remote *remote, const char *word, const char *job_id,
                           const char *type, struct ed_error *err) {
    const char *const words[] = {word, "--work", remote->work_dir, "--job", job_id, NULL};
    struct ed_json_document reply;
    enum ed_status status = ask(remote, words, NULL, 0, 60, type, &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_remote_stop(const struct ed_remote *remote, const char *job_id, struct ed_error *err) {
    return tell(remote, "stop", job_id, "stopping", err);
}

enum ed_status ed_remote_forget(const struct ed_remote *remote, const char *job_id, struct ed_error *err) {
    return tell(remote, "forget", job_id, "forgotten", err);
}
