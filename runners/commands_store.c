// SPDX-License-Identifier: Apache-2.0
// The short commands about what lies on the device (runners/store.h).
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runners/commands.h"
#include "runners/contact.h"
#include "runners/doctor.h"
#include "runners/message.h"
#include "runners/reply.h"
#include "runners/store_parts.h"

// A reply is one line of at most ED_WIRE_LINE_MAX_BYTES; what would not fit is counted instead.
#define LISTED_FILES_MAX 32
#define LISTED_IDS_MAX 3000
#define SET_LINE_BYTES 2400u // a set without files: three texts at their longest, every byte escaped
#define FILE_LINE_BYTES 256

static int64_t whole_number(const struct ed_arguments *arguments, const char *name) {
    const char *text = ed_arguments_get(arguments, name);
    return text ? strtoll(text, NULL, 10) : 0;
}

static enum ed_status read_sets(struct ed_store_sets *sets, const char *type, bool *verify,
                                struct ed_error *err) {
    struct ed_json_document message;
    memset(sets, 0, sizeof *sets);
    enum ed_status status = ed_message_read(&message, type, ED_WIRE_JOB_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&message);
    status = ed_json_opt_bool(&root, "verify", verify, err);
    if (status == ED_OK)
        status = ed_store_sets_parse(sets, &root, err);
    ed_json_document_release(&message);
    return status;
}

enum ed_status ed_command_have(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err) {
    struct ed_store_sets sets;
    struct ed_store_have have = {0};
    struct ed_reply reply;
    bool verify = false;
    (void)program;
    ed_contact_restore(ed_arguments_get(arguments, "work"));
    enum ed_status status = read_sets(&sets, "have", &verify, err);
    if (status == ED_OK)
        status = ed_store_have(ed_arguments_get(arguments, "work"), &sets, verify, &have, err);
    if (status == ED_OK) {
        ed_reply_begin(&reply, "have");
        ed_json_int(&reply.json, "free_bytes", have.free_bytes);
        ed_json_array_begin(&reply.json, "whole");
        for (size_t i = 0; i < have.n_whole; i++)
            ed_json_text(&reply.json, NULL, have.whole[i]->id);
        ed_json_array_end(&reply.json);
        ed_json_array_begin(&reply.json, "missing");
        for (size_t i = 0; i < have.n_missing; i++) {
            ed_json_object_begin(&reply.json, NULL);
            ed_json_text(&reply.json, "sha256", have.missing[i].sha256);
            ed_json_int(&reply.json, "bytes", have.missing[i].bytes);
            ed_json_int(&reply.json, "staged_bytes", have.missing[i].staged_bytes);
            ed_json_object_end(&reply.json);
        }
        ed_json_array_end(&reply.json);
        status = ed_reply_send(&reply, STDOUT_FILENO, err);
    }
    ed_store_have_release(&have);
    ed_store_sets_release(&sets);
    return status;
}

enum ed_status ed_command_stage(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    int64_t evicted_bytes = 0;
    struct ed_reply reply;
    const struct ed_store_stage_args args = {.token = ed_arguments_get(arguments, "token"),
                                             .bytes = whole_number(arguments, "bytes"),
                                             .cache_max_bytes = whole_number(arguments, "cache-max"),
                                             .free_min_bytes = whole_number(arguments, "free-min")};
    (void)program;
    enum ed_status status =
        ed_store_stage(ed_arguments_get(arguments, "work"), &args, directory, &evicted_bytes, err);
    if (status != ED_OK)
        return status;
    ed_reply_begin(&reply, "staging");
    ed_json_text(&reply.json, "directory", directory);
    ed_json_int(&reply.json, "evicted_bytes", evicted_bytes);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

enum ed_status ed_command_adopt(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err) {
    struct ed_store_sets sets;
    struct ed_reply reply;
    bool verify = false;
    (void)program;
    ed_contact_restore(ed_arguments_get(arguments, "work"));
    enum ed_status status = read_sets(&sets, "adopt", &verify, err);
    if (status == ED_OK)
        status = ed_store_adopt(ed_arguments_get(arguments, "work"), ed_arguments_get(arguments, "token"),
                                &sets, err);
    if (status == ED_OK) {
        ed_reply_begin(&reply, "adopted");
        ed_json_uint(&reply.json, "sets", sets.n);
        status = ed_reply_send(&reply, STDOUT_FILENO, err);
    }
    ed_store_sets_release(&sets);
    return status;
}

enum ed_status ed_command_sets(const struct ed_arguments *arguments, const char *program,
                               struct ed_error *err) {
    struct ed_store_sets sets;
    struct ed_reply reply;
    struct ed_store store;
    const char *work = ed_arguments_get(arguments, "work");
    size_t i = 0;
    (void)program;
    ed_contact_restore(work);
    enum ed_status status = ed_store_list(work, &sets, err);
    if (status == ED_OK)
        status = ed_store_open(&store, work, err);
    if (status != ED_OK) {
        ed_store_sets_release(&sets);
        return status;
    }
    ed_reply_begin(&reply, "sets");
    ed_json_int(&reply.json, "free_bytes", ed_store_free_bytes(&store));
    ed_json_array_begin(&reply.json, "sets");
    for (; i < sets.n; i++) {
        const struct ed_store_set *set = &sets.items[i];
        const size_t files = set->n_files <= LISTED_FILES_MAX ? set->n_files : 0;
        if (reply.text.size + SET_LINE_BYTES + files * FILE_LINE_BYTES > ED_WIRE_LINE_MAX_BYTES)
            break;
        ed_json_object_begin(&reply.json, NULL);
        ed_store_set_write(&reply.json, set, LISTED_FILES_MAX);
        ed_json_uint(&reply.json, "n_files", set->n_files);
        ed_json_int(&reply.json, "bytes", set->bytes);
        ed_json_int(&reply.json, "used_us", set->used_us);
        ed_json_object_end(&reply.json);
    }
    ed_json_array_end(&reply.json);
    if (i < sets.n)
        ed_json_uint(&reply.json, "left_out", sets.n - i);
    status = ed_reply_send(&reply, STDOUT_FILENO, err);
    ed_store_close(&store);
    ed_store_sets_release(&sets);
    return status;
}

static enum ed_status read_clean(struct ed_store_clean_args *args, struct ed_error *err) {
    struct ed_json_document message;
    int64_t keep = -1;
    enum ed_status status = ed_message_read(&message, "clean", ED_WIRE_LINE_MAX_BYTES, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&message), ids = ed_json_member(&root, "ids");
    if (ids.value && !cJSON_IsNull(ids.value))
        status = ed_json_expect_array(&ids, err);
    const size_t n = ed_json_count(&ids);
    if (status == ED_OK && n > ED_WIRE_SETS_MAX)
        status = ed_json_fail(&ids, err, "has %zu ids; at most %u are allowed", n, ED_WIRE_SETS_MAX);
    args->ids = status == ED_OK ? calloc(n + 1, sizeof *args->ids) : NULL;
    if (status == ED_OK && !args->ids)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu ids", n);
    struct ed_json_at at = ed_json_element(&ids, 0);
    for (; status == ED_OK && at.value; at = ed_json_next(&at)) {
        const char *text = "";
        status = ed_json_as_text(&at, &text, err);
        if (status == ED_OK && !ed_digest_ok(text))
            status = ed_json_fail(&at, err, "expected the id of a set, 64 lower-case hexadecimal digits");
        if (status == ED_OK)
            memcpy(args->ids[args->n_ids++], text, ED_DIGEST_HEX_BYTES);
    }
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "keep", -1, 1000000, &keep, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(&root, "all", &args->all, err);
    args->keep = (int)keep;
    ed_json_document_release(&message);
    return status;
}

enum ed_status ed_command_clean(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err) {
    struct ed_store_clean_args args = {.token = ed_arguments_get(arguments, "token")};
    struct ed_store_sets removed = {0};
    struct ed_reply reply;
    int64_t freed_bytes = 0;
    (void)program;
    ed_contact_restore(ed_arguments_get(arguments, "work"));
    enum ed_status status = read_clean(&args, err);
    if (status == ED_OK)
        status = ed_store_clean(ed_arguments_get(arguments, "work"), &args, &removed, &freed_bytes, err);
    if (status == ED_OK) {
        ed_reply_begin(&reply, "cleaned");
        ed_json_array_begin(&reply.json, "removed");
        for (size_t i = 0; i < removed.n && i < LISTED_IDS_MAX; i++)
            ed_json_text(&reply.json, NULL, removed.items[i].id);
        ed_json_array_end(&reply.json);
        ed_json_uint(&reply.json, "n_removed", removed.n);
        ed_json_int(&reply.json, "freed_bytes", freed_bytes);
        status = ed_reply_send(&reply, STDOUT_FILENO, err);
    }
    ed_store_sets_release(&removed);
    free(args.ids);
    return status;
}

enum ed_status ed_command_adopt_self(const struct ed_arguments *arguments, const char *program,
                                     struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_reply reply;
    enum ed_status status = ed_store_adopt_self(ed_arguments_get(arguments, "work"), program,
                                                ed_arguments_get(arguments, "sha256"), path, err);
    if (status != ED_OK)
        return status;
    ed_reply_begin(&reply, "adopted-self");
    ed_json_text(&reply.json, "path", path);
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}

enum ed_status ed_command_doctor(const struct ed_arguments *arguments, const char *program,
                                 struct ed_error *err) {
    struct ed_reply reply;
    (void)program;
    ed_reply_begin(&reply, "doctor");
    enum ed_status status = ed_doctor_describe(ed_arguments_get(arguments, "work"), &reply.json, err);
    if (status != ED_OK) {
        ed_buffer_release(&reply.text);
        return status;
    }
    return ed_reply_send(&reply, STDOUT_FILENO, err);
}
