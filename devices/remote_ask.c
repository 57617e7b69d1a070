// SPDX-License-Identifier: Apache-2.0
// One short command, and its reply checked.
#include "devices/remote_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/process.h"

#define ARGUMENTS_MAX 40
#define SECOND_NS INT64_C(1000000000)

enum ed_status ed_remote_command(const struct ed_remote *remote, const char *const *words, const void *input,
                                 size_t input_bytes, size_t out_limit, int64_t seconds,
                                 struct ed_spawn_result *result, struct ed_error *err) {
    const char *argv[ARGUMENTS_MAX + 1];
    char libraries[ED_PATH_BYTES];
    size_t n = 0;
    if (remote->loader[0]) {
        ed_path_directory(libraries, remote->loader);
        argv[n++] = remote->loader;
        argv[n++] = "--library-path";
        argv[n++] = libraries;
    }
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

// What a distant runner finds wrong with its words is not what a person here got wrong.
static enum ed_status status_of_reply(const struct ed_remote *remote, const char *word) {
    const enum ed_status status = status_of_word(word);
    return status == ED_ERR_USAGE && !remote->transport->in_place ? ED_ERR_REFUSED : status;
}

enum ed_status ed_remote_blame(const struct ed_remote *remote, enum ed_status status, struct ed_error *err) {
    if (status != ED_ERR_NOT_FOUND || remote->transport->in_place)
        return status;
    if (err)
        err->code = ED_ERR_REFUSED;
    return ED_ERR_REFUSED;
}

enum ed_status ed_remote_check_reply(const struct ed_remote *remote, const struct ed_json_document *reply,
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
        return ed_fail(err, status_of_reply(remote, word), remote->device, "%s%s%s", where,
                       where[0] ? ": " : "", message[0] ? message : "the runner gives no reason");
    }
    if (strcmp(is, type))
        return ed_fail(err, ED_ERR_PARSE, remote->device,
                       "the runner replied '%.32s' where '%s' was expected", is, type);
    return ED_OK;
}

enum ed_status ed_remote_ask(const struct ed_remote *remote, const char *const *words, const void *input,
                             size_t input_bytes, int64_t seconds, const char *type,
                             struct ed_json_document *reply, struct ed_error *err) {
    struct ed_spawn_result result;
    char name[128];
    snprintf(name, sizeof name, "reply of %s", remote->device);
    memset(reply, 0, sizeof *reply);
    enum ed_status status =
        ed_remote_command(remote, words, input, input_bytes, ED_WIRE_LINE_MAX_BYTES, seconds, &result, err);
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
        status = ed_remote_check_reply(remote, reply, type, err);
        if (status != ED_OK)
            ed_json_document_release(reply);
    }
    return status;
}

void ed_remote_copy_text(const struct ed_json_at *object, const char *key, char *out, size_t bytes) {
    const struct ed_json_at at = ed_json_member(object, key);
    snprintf(out, bytes, "%s", cJSON_IsString(at.value) ? at.value->valuestring : "");
}
