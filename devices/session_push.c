// SPDX-License-Identifier: Apache-2.0
// Bringing missing sets to a device, under its lease.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "devices/remote_ask.h"
#include "devices/session.h"

#define SECOND_NS INT64_C(1000000000)
#define SLOWEST_BYTES_PER_S \
    (2 << 20) // for how long the lease is asked; a slower link renews at the next file

struct missing {
    const struct ed_set_file *file;
    int64_t staged_bytes;
};

struct pushing {
    struct ed_session *session;
    const struct ed_sets *sets;
    const struct ed_session_push_args *args;
    struct missing *missing;
    size_t n_missing;
    int64_t total_bytes, done_bytes;
};

static void write_sets(struct ed_json_writer *w, const struct ed_sets *sets) {
    ed_json_array_begin(w, "sets");
    for (size_t i = 0; i < sets->n; i++) {
        const struct ed_set *set = &sets->items[i];
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "id", set->id);
        ed_json_text(w, "kind", set->kind);
        ed_json_text(w, "name", set->name);
        ed_json_text(w, "variant", set->variant);
        ed_json_text(w, "version", set->version);
        ed_json_array_begin(w, "files");
        for (size_t k = 0; k < set->n_files; k++) {
            ed_json_object_begin(w, NULL);
            ed_json_text(w, "name", set->files[k].name);
            ed_json_int(w, "bytes", set->files[k].bytes);
            ed_json_text(w, "sha256", set->files[k].sha256);
            ed_json_bool(w, "executable", set->files[k].executable);
            ed_json_object_end(w);
        }
        ed_json_array_end(w);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
}

// A question that carries all sets.
static enum ed_status ask_sets(const struct pushing *pushing, const char *const *words, const char *type,
                               int64_t seconds, const char *reply_type, struct ed_json_document *reply,
                               struct ed_error *err) {
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "type", type);
    ed_json_text(&w, "wire", ED_WIRE_VERSION);
    ed_json_bool(&w, "verify", pushing->args->verify);
    write_sets(&w, pushing->sets);
    ed_json_object_end(&w);
    enum ed_status status = ed_buffer_status(&text, "the list of files", err);
    if (status == ED_OK)
        status = ed_remote_ask(&pushing->session->remote, words, ed_buffer_text(&text), text.size, seconds,
                               reply_type, reply, err);
    ed_buffer_release(&text);
    return ed_remote_blame(&pushing->session->remote, status, err);
}

static const struct ed_set_file *find_file(const struct ed_sets *sets, const char *sha256) {
    for (size_t i = 0; i < sets->n; i++)
        for (size_t k = 0; k < sets->items[i].n_files; k++)
            if (!strcmp(sets->items[i].files[k].sha256, sha256))
                return &sets->items[i].files[k];
    return NULL;
}

// What the device lacks. It may only name files that were asked for.
static enum ed_status read_missing(struct pushing *pushing, const struct ed_json_document *reply,
                                   struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(reply), list = ed_json_member(&root, "missing");
    enum ed_status status = ed_json_expect_array(&list, err);
    const size_t n = ed_json_count(&list);
    pushing->missing = calloc(n + 1, sizeof *pushing->missing);
    if (status == ED_OK && !pushing->missing)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu missing files", n);
    for (struct ed_json_at at = ed_json_element(&list, 0); status == ED_OK && at.value;
         at = ed_json_next(&at)) {
        char sha256[ED_DIGEST_HEX_BYTES];
        struct missing *missing = &pushing->missing[pushing->n_missing];
        status = ed_json_get_string(&at, "sha256", sha256, sizeof sha256, err);
        if (status != ED_OK)
            break;
        missing->file = find_file(pushing->sets, sha256);
        if (!missing->file) {
            status = ed_fail(err, ED_ERR_PARSE, pushing->session->entry->id,
                             "the runner asks for a file that nobody offered");
            break;
        }
        status = ed_json_opt_int(&at, "staged_bytes", 0, missing->file->bytes, &missing->staged_bytes, err);
        // A whole one is pushed again all the same when its digest was wrong: the runner has removed it then.
        if (!pushing->session->transport->can_resume)
            missing->staged_bytes = 0;
        pushing->total_bytes += missing->file->bytes - missing->staged_bytes;
        pushing->n_missing++;
    }
    if (status == ED_ERR_USAGE)
        status = ed_fail(err, ED_ERR_PARSE, pushing->session->entry->id,
                         "the runner's list of missing files has a wrong value");
    return status;
}

static void on_progress(void *context, int64_t sent_bytes) {
    const struct pushing *pushing = context;
    if (pushing->args->progress)
        pushing->args->progress(pushing->args->progress_context, pushing->done_bytes + sent_bytes,
                                pushing->total_bytes);
}

static enum ed_status renew(const struct pushing *pushing, int64_t bytes, struct ed_error *err) {
    struct ed_remote_lease lease;
    const struct ed_remote_lease_ask ask = {.action = "renew",
                                            .token = pushing->args->token,
                                            .for_ns =
                                                60 * SECOND_NS + bytes / SLOWEST_BYTES_PER_S * SECOND_NS};
    return ed_remote_lease(&pushing->session->remote, &ask, &lease, err);
}

// Who lost the lease finds the place of the push gone, which looks like a broken disk. It is nobody's fault.
static enum ed_status lease_or(const struct pushing *pushing, enum ed_status status, struct ed_error *err) {
    struct ed_error lost = {0};
    if (renew(pushing, 0, &lost) != ED_ERR_BUSY)
        return status;
    if (err)
        *err = lost;
    return ED_ERR_BUSY;
}

static enum ed_status push_one(struct pushing *pushing, const struct missing *missing, const char *directory,
                               struct ed_error *err) {
    char remote[ED_PATH_BYTES];
    const int64_t bytes = missing->file->bytes - missing->staged_bytes;
    enum ed_status status = ed_path_join(remote, directory, missing->file->sha256, err);
    if (status != ED_OK || (missing->staged_bytes && bytes == 0))
        return status;
    if (pushing->args->cancelled && *pushing->args->cancelled)
        return ed_fail(err, ED_ERR_CANCELLED, pushing->session->entry->id,
                       "stopped by the user while files were pushed");
    // Small files go quickly; asking before each of them would cost more than they do.
    if (bytes > (8 << 20))
        status = renew(pushing, bytes, err);
    const struct ed_push_args args = {.local_path = missing->file->local,
                                      .remote_path = remote,
                                      .mode = 0600,
                                      .offset = missing->staged_bytes,
                                      .stall_ns = 20 * SECOND_NS,
                                      .deadline_ns = ed_clock_monotonic_ns() + 6 * 3600 * SECOND_NS,
                                      .progress = on_progress,
                                      .progress_context = pushing};
    if (status == ED_OK)
        status = pushing->session->transport->push(pushing->session->state, &args, err);
    pushing->done_bytes += bytes;
    return status == ED_ERR_IO ? lease_or(pushing, status, err) : status;
}

// Makes room, and tells where to push to.
static enum ed_status stage(const struct pushing *pushing, char directory[ED_PATH_BYTES],
                            struct ed_error *err) {
    char bytes[32], cache_max[32], free_min[32];
    const struct ed_device_entry *entry = pushing->session->entry;
    struct ed_json_document reply;
    snprintf(bytes, sizeof bytes, "%lld", (long long)pushing->total_bytes);
    snprintf(cache_max, sizeof cache_max, "%lld", (long long)entry->cache_max_bytes);
    snprintf(free_min, sizeof free_min, "%lld",
             (long long)(entry->free_min_bytes ? entry->free_min_bytes : 64 << 20));
    const char *const words[] = {"stage",
                                 "--work",
                                 pushing->session->remote.work_dir,
                                 "--token",
                                 pushing->args->token,
                                 "--bytes",
                                 bytes,
                                 "--cache-max",
                                 cache_max,
                                 "--free-min",
                                 free_min,
                                 NULL};
    enum ed_status status =
        ed_remote_ask(&pushing->session->remote, words, NULL, 0, 300, "staging", &reply, err);
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(&reply);
    const char *text = "";
    const size_t work_bytes = strlen(pushing->session->remote.work_dir);
    ed_json_opt_text(&root, "directory", &text, NULL);
    const size_t bytes_of_text = strlen(text);
    // What is written to is in the work directory, whatever the reply says.
    if (strncmp(text, pushing->session->remote.work_dir, work_bytes) || text[work_bytes] != '/' ||
        strstr(text, "/../") || (bytes_of_text >= 3 && !strcmp(text + bytes_of_text - 3, "/..")) ||
        bytes_of_text >= ED_PATH_BYTES)
        status =
            ed_fail(err, ED_ERR_PARSE, entry->id, "the runner names a staging directory outside of %.200s",
                    pushing->session->remote.work_dir);
    else
        snprintf(directory, ED_PATH_BYTES, "%s", text);
    ed_json_document_release(&reply);
    return status;
}

static enum ed_status push_missing(struct pushing *pushing, struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    struct ed_json_document reply;
    const char *const words[] = {
        "adopt", "--work", pushing->session->remote.work_dir, "--token", pushing->args->token, NULL};
    enum ed_status status = stage(pushing, directory, err);
    for (size_t i = 0; status == ED_OK && i < pushing->n_missing; i++)
        status = push_one(pushing, &pushing->missing[i], directory, err);
    if (status == ED_OK)
        status = renew(pushing, pushing->total_bytes / 16, err);
    if (status == ED_OK)
        status = ask_sets(pushing, words, "adopt", 3600, "adopted", &reply, err);
    if (status == ED_OK)
        ed_json_document_release(&reply);
    return status;
}

enum ed_status ed_session_push(struct ed_session *session, const struct ed_sets *sets,
                               const struct ed_session_push_args *args, struct ed_error *err) {
    struct pushing pushing = {.session = session, .sets = sets, .args = args};
    const char *const words[] = {"have", "--work", session->remote.work_dir, NULL};
    struct ed_json_document reply;
    if (session->transport->in_place || !sets->n)
        return ED_OK;
    enum ed_status status = ask_sets(&pushing, words, "have", 3600, "have", &reply, err);
    if (status != ED_OK)
        return status;
    status = read_missing(&pushing, &reply, err);
    ed_json_document_release(&reply);
    if (status == ED_OK && pushing.n_missing)
        status = push_missing(&pushing, err);
    free(pushing.missing);
    return status;
}
