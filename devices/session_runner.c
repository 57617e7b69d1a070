// SPDX-License-Identifier: Apache-2.0
// The runner and, where needed, the C library that carries it.
#include "devices/session_runner.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/random.h"
#include "devices/process.h"
#include "devices/words.h"

#define SECOND_NS INT64_C(1000000000)
#define RUNTIME_DIRECTORY "runtime"
#define OUTPUT_MAX_BYTES (64u << 10)

static const char *shell_of(const struct ed_session *session) {
    return strcmp(session->identity.libc, "bionic") == 0 ? "/system/bin/sh" : "/bin/sh";
}

// Runs a script with arguments by the device's shell. A status other than 0 is ED_ERR_IO with what it said.
static enum ed_status run_script(struct ed_session *session, const char *script, const char *const *words,
                                 const char *what, struct ed_error *err) {
    const char *argv[16] = {shell_of(session), "-c", script, "edgedyno"};
    char said[ED_WORDS_BYTES];
    struct ed_spawn_result result;
    size_t n = 4;
    for (; *words && n < 15; words++)
        argv[n++] = *words;
    const struct ed_spawn_args args = {.argv = argv,
                                       .out_limit_bytes = OUTPUT_MAX_BYTES,
                                       .deadline_ns = ed_clock_monotonic_ns() + 60 * SECOND_NS};
    ed_spawn_result_init(&result);
    enum ed_status status = session->transport->spawn(session->state, &args, &result, err);
    if (status == ED_OK && result.exit_code != 0)
        status = ed_fail(err, strstr(result.err_out, "No space left") ? ED_ERR_NO_SPACE : ED_ERR_IO,
                         session->entry->id, "%s failed with status %d%s", what, result.exit_code,
                         ed_words_said(said, result.err_out));
    ed_spawn_result_release(&result);
    return status;
}

static enum ed_status push_file(struct ed_session *session, const char *local, const char *remote,
                                unsigned mode, struct ed_error *err) {
    const struct ed_push_args args = {.local_path = local,
                                      .remote_path = remote,
                                      .mode = mode,
                                      .stall_ns = 20 * SECOND_NS,
                                      .deadline_ns = ed_clock_monotonic_ns() + 900 * SECOND_NS};
    return session->transport->push(session->state, &args, err);
}

// A directory of this attempt alone, below WORK/staging.
static enum ed_status make_room(struct ed_session *session, char room[ED_PATH_BYTES], struct ed_error *err) {
    static const char script[] =
        "umask 077 && mkdir -p \"$1/objects\" \"$1/staging\" \"$1/runtime\" && mkdir \"$2\"";
    char name[64];
    uint64_t seed = (uint64_t)ed_clock_read_ns(CLOCK_REALTIME) ^ (uint64_t)(uintptr_t)session;
    snprintf(name, sizeof name, "staging/boot-%016llx", (unsigned long long)ed_random_splitmix64(&seed));
    enum ed_status status = ed_path_join(room, session->identity.work_dir, name, err);
    const char *const words[] = {session->identity.work_dir, room, NULL};
    return status == ED_OK ? run_script(session, script, words, "making a staging directory", err) : status;
}

static void remove_room(struct ed_session *session, const char *room) {
    const char *const words[] = {room, NULL};
    if (strstr(room, "/staging/boot-"))
        run_script(session, "rm -rf \"$1\"", words, "removing a staging directory", NULL);
}

struct libc_files {
    char names[64][ED_WIRE_ID_MAX_BYTES + 1];
    char sha256[64][ED_DIGEST_HEX_BYTES];
    size_t n;
    char id[ED_DIGEST_HEX_BYTES];
};

static int name_compare(const void *a, const void *b) {
    return strcmp(a, b);
}

static enum ed_status list_libc(const struct ed_pack *pack, struct libc_files *files, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer text;
    DIR *directory = opendir(pack->libc_dir);
    if (!directory)
        return ed_fail_errno(err, ED_ERR_IO, pack->libc_dir, "cannot be read: %m");
    files->n = 0;
    for (const struct dirent *entry; (entry = readdir(directory));)
        if (ed_path_name_ok(entry->d_name) && strlen(entry->d_name) <= ED_WIRE_ID_MAX_BYTES && files->n < 64)
            snprintf(files->names[files->n++], sizeof files->names[0], "%.64s", entry->d_name);
    closedir(directory);
    qsort(files->names, files->n, sizeof files->names[0], name_compare);
    ed_buffer_init(&text, 65536);
    enum ed_status status = ED_OK;
    for (size_t i = 0; status == ED_OK && i < files->n; i++) {
        status = ed_path_join(path, pack->libc_dir, files->names[i], err);
        if (status == ED_OK)
            status = ed_digest_file(files->sha256[i], NULL, path, err);
        ed_buffer_printf(&text, "%s  %s\n", files->sha256[i], files->names[i]);
    }
    if (status == ED_OK)
        status = ed_buffer_status(&text, pack->libc_dir, err);
    if (status == ED_OK)
        ed_digest_bytes(files->id, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
    return status;
}

// Checks every file by the device's sha256sum, then one rename makes the directory visible. Another attempt
// may have been first: its result is the same.
static enum ed_status adopt_libc(struct ed_session *session, const struct libc_files *files, const char *room,
                                 const char *place, struct ed_error *err) {
    static const char script[] = "cd \"$1\" && printf '%s' \"$3\" | sha256sum -c >/dev/null && "
                                 "{ [ -d \"$2\" ] || mv \"$1\" \"$2\"; }";
    struct ed_buffer sums;
    ed_buffer_init(&sums, 65536);
    for (size_t i = 0; i < files->n; i++)
        ed_buffer_printf(&sums, "%s  %s\n", files->sha256[i], files->names[i]);
    const char *const words[] = {room, place, ed_buffer_text(&sums), NULL};
    enum ed_status status = ed_buffer_status(&sums, room, err);
    if (status == ED_OK)
        status = run_script(session, script, words, "checking the pushed C library by sha256sum", err);
    ed_buffer_release(&sums);
    return status;
}

static enum ed_status place_libc(struct ed_session *session, struct ed_error *err) {
    static const char exists[] = "[ -x \"$1\" ]";
    struct libc_files *files = calloc(1, sizeof *files);
    char place[ED_PATH_BYTES], room[ED_PATH_BYTES] = "", local[ED_PATH_BYTES], remote[ED_PATH_BYTES];
    enum ed_status status =
        files ? list_libc(&session->pack, files, err)
              : ed_fail(err, ED_ERR_NO_MEMORY, session->entry->id, "no memory for a list of files");
    if (status == ED_OK)
        status =
            snprintf(place, sizeof place, "%s/" RUNTIME_DIRECTORY "/%.16s", session->identity.work_dir,
                     files->id) < ED_PATH_BYTES
                ? ed_path_join(session->remote.loader, place, session->pack.loader, err)
                : ed_fail(err, ED_ERR_LIMIT, session->entry->id, "the work directory's path is too long");
    const char *const words[] = {session->remote.loader, NULL};
    if (status == ED_OK && run_script(session, exists, words, "looking for the C library", NULL) != ED_OK) {
        status = make_room(session, room, err);
        for (size_t i = 0; status == ED_OK && i < files->n; i++) {
            status = ed_path_join(local, session->pack.libc_dir, files->names[i], err);
            if (status == ED_OK)
                status = ed_path_join(remote, room, files->names[i], err);
            if (status == ED_OK)
                status = push_file(session, local, remote, 0700, err);
        }
        if (status == ED_OK)
            status = adopt_libc(session, files, room, place, err);
        remove_room(session, room);
    }
    free(files);
    return status;
}

// The staged program takes its own digest and becomes an object.
static enum ed_status adopt_runner(struct ed_session *session, const char *staged, struct ed_error *err) {
    char libraries[ED_PATH_BYTES], said[ED_WORDS_BYTES];
    const char *argv[12];
    struct ed_spawn_result result;
    size_t n = 0;
    if (session->remote.loader[0]) {
        ed_path_directory(libraries, session->remote.loader);
        argv[n++] = session->remote.loader;
        argv[n++] = "--library-path";
        argv[n++] = libraries;
    }
    argv[n++] = staged;
    argv[n++] = "adopt-self";
    argv[n++] = "--work";
    argv[n++] = session->identity.work_dir;
    argv[n++] = "--sha256";
    argv[n++] = session->runner_sha256;
    argv[n] = NULL;
    const struct ed_spawn_args args = {.argv = argv,
                                       .out_limit_bytes = OUTPUT_MAX_BYTES,
                                       .deadline_ns = ed_clock_monotonic_ns() + 60 * SECOND_NS};
    ed_spawn_result_init(&result);
    enum ed_status status = session->transport->spawn(session->state, &args, &result, err);
    if (status == ED_ERR_NO_PROGRAM)
        status = ed_fail(
            err, ED_ERR_NO_PROGRAM, session->entry->id,
            "the runner was pushed to %.200s, but cannot be started there; where that file system is mounted "
            "noexec, set \"work_dir\" of this device to a directory on another one (`edgedyno devices "
            "check %s` tells)",
            session->identity.work_dir, session->entry->id);
    else if (status == ED_OK && result.exit_code != 0)
        status = ed_fail(err, ED_ERR_REFUSED, session->entry->id,
                         "the pushed runner ended with %s %d when it was to take its own digest%s",
                         result.signal ? "signal" : "exit status",
                         result.signal ? result.signal : result.exit_code,
                         ed_words_said(said, result.err_bytes ? result.err_out : result.out));
    ed_spawn_result_release(&result);
    return status;
}

static enum ed_status push_runner(struct ed_session *session, struct ed_error *err) {
    char room[ED_PATH_BYTES], staged[ED_PATH_BYTES];
    enum ed_status status = make_room(session, room, err);
    if (status != ED_OK)
        return status;
    status = ed_path_join(staged, room, "edgedyno-runner", err);
    if (status == ED_OK)
        status = push_file(session, session->pack.runner, staged, 0700, err);
    if (status == ED_OK)
        status = adopt_runner(session, staged, err);
    remove_room(session, room);
    return status;
}

enum ed_status ed_session_place_runner(struct ed_session *session, bool verify, struct ed_error *err) {
    char name[128];
    struct ed_error missing = {0};
    snprintf(name, sizeof name, ED_WORK_OBJECTS "/%s", session->runner_sha256);
    enum ed_status status = ed_path_join(session->remote.runner, session->identity.work_dir, name, err);
    if (status == ED_OK && session->pack.runner_libc)
        status = place_libc(session, err);
    if (status != ED_OK)
        return status;
    status = ed_remote_check(&session->remote, &missing);
    if (status == ED_OK && verify)
        return adopt_runner(session, session->remote.runner, err);
    if (status == ED_OK)
        return ED_OK;
    // What is there does not answer: it is pushed again, unless the link is to blame.
    if (status != ED_ERR_NO_PROGRAM && status != ED_ERR_REFUSED) {
        if (err)
            *err = missing;
        return status;
    }
    status = push_runner(session, err);
    return status == ED_OK ? ed_remote_check(&session->remote, err) : status;
}
