// SPDX-License-Identifier: Apache-2.0
// Bringing an engine build into the store. Everything happens in a private room of the store; a build appears
// in it whole, or not.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "devices/client.h"
#include "devices/engine_abi.h"
#include "devices/engines_file.h"
#include "devices/store.h"

#define PUBLISH_TRIES 4

static void say(const struct ed_log *log, enum ed_log_level level, const struct ed_engine_build *build,
                const char *words) {
    if (log)
        ed_log_line(log, level, "%s for %s: %s", build->id, build->target, words);
}

// The archive is believed before anything of it is read.
static enum ed_status check_archive(const struct ed_client_job *job, const char *archive,
                                    struct ed_error *err) {
    const int64_t stated = job->package->archive_bytes;
    char hex[ED_DIGEST_HEX_BYTES];
    struct stat info;
    if (stat(archive, &info) != 0)
        return ed_fail_errno(err, ED_ERR_IO, archive, "cannot be read: %m");
    if (stated && info.st_size != stated)
        return ed_fail(err, ED_ERR_VERSION, ed_path_base(archive),
                       "it has %lld bytes, but engines.json says %lld for %s on %s: it is not the package "
                       "that was vouched for, and nothing of it was used",
                       (long long)info.st_size, (long long)stated, job->build->id, job->build->target);
    enum ed_status status = ed_digest_file(hex, NULL, archive, err);
    if (!status && strcmp(hex, job->package->archive_sha256) != 0)
        status = ed_fail(err, ED_ERR_VERSION, ed_path_base(archive),
                         "its SHA-256 is %s, but engines.json says %s for %s on %s: it is not the package "
                         "that was vouched for, and nothing of it was used",
                         hex, job->package->archive_sha256, job->build->id, job->build->target);
    return status;
}

static enum ed_status settle(const struct ed_engine_build *build, const char *directory,
                             struct ed_error *err) {
    enum ed_status status = ed_engine_files_verify(build, directory, err);
    if (status == ED_ERR_VERSION && err) {
        char name[ED_ERROR_WHERE_BYTES];
        snprintf(name, sizeof name, "%s", ed_path_base(err->where));
        snprintf(err->where, sizeof err->where, "%.100s of %.100s", name, build->package);
    }
    for (size_t i = 0; i < build->n_files && !status; i++) {
        char path[ED_PATH_BYTES];
        int fd;
        status = ed_path_join(path, directory, build->files[i].name, err);
        if (status)
            break;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || fchmod(fd, 0644) != 0 || fsync(fd) != 0)
            status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be written to disk: %m");
        if (fd >= 0)
            close(fd);
    }
    return status ? status : ed_path_sync_directory(directory, err);
}

// Renames `ready` to its place. Where another fetch was first, its result is taken if it is whole; what is
// there and damaged, or to be replaced, is moved into the room, and so removed with it.
static enum ed_status publish(const struct ed_engine_build *build, const char *ready, bool replace,
                              const struct ed_store_room *room, struct ed_error *err) {
    char parent[ED_PATH_BYTES], old[ED_PATH_BYTES], name[16];
    enum ed_status status;
    ed_path_directory(parent, build->directory);
    status = ed_path_make(parent, 0755, err);
    for (int i = 0; i < PUBLISH_TRIES && !status; i++) {
        if (rename(ready, build->directory) == 0)
            return ed_path_sync_directory(parent, err);
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
            return ed_fail_errno(err, ED_ERR_IO, build->directory,
                                 "the fetched build cannot be renamed to this: %m");
        if (!replace && !ed_engine_files_verify(build, build->directory, NULL))
            return ED_OK;
        snprintf(name, sizeof name, "old-%d", i);
        status = ed_path_join(old, room->path, name, err);
        if (!status && rename(build->directory, old) != 0 && errno != ENOENT)
            status = ed_fail_errno(err, ED_ERR_IO, build->directory,
                                   "a damaged build cannot be moved away: %m; remove it");
    }
    return status ? status
                  : ed_fail(err, ED_ERR_BUSY, build->directory,
                            "others keep on replacing this build; try again");
}

static enum ed_status make_inside(char path[ED_PATH_BYTES], const struct ed_store_room *room,
                                  const char *name, mode_t mode, struct ed_error *err) {
    enum ed_status status = ed_path_join(path, room->path, name, err);
    if (!status && mkdir(path, mode) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the directory cannot be made: %m");
    return status;
}

static enum ed_status tell(const struct ed_client_job *job, const char *doing, int64_t bytes,
                           struct ed_error *err) {
    return ed_client_tell(job, doing, bytes)
               ? ED_OK
               : ed_fail(err, ED_ERR_CANCELLED, job->package->name, "its fetch was stopped");
}

// One package's files into `ready`.
static enum ed_status bring_package(const struct ed_client_job *job, const char *ready,
                                    struct ed_error *err) {
    const struct ed_client *client = ed_client_find(job->package->client);
    char archive[ED_PATH_BYTES], words[512], size[32], whole[32], of[48] = "";
    int64_t bytes = 0;
    for (size_t i = 0; i < job->package->n_files; i++)
        bytes += job->build->files[job->package->first + i].bytes;
    ed_units_print_size(size, sizeof size, bytes);
    if (job->package->archive_bytes) {
        ed_units_print_size(whole, sizeof whole, job->package->archive_bytes);
        snprintf(of, sizeof of, ", %s,", whole);
    }
    snprintf(words, sizeof words, "%s %s%s from %s; %s of it are kept",
             client->archive ? "downloading" : "copying", job->package->name, of, client->source, size);
    say(job->log, ED_LOG_INFO, job->build, words);
    enum ed_status status = tell(job, client->archive ? "downloading" : "copying", 0, err);
    if (!status)
        status = client->download(job, archive, err);
    if (!status && client->archive)
        status = check_archive(job, archive, err);
    if (!status) {
        say(job->log, ED_LOG_DETAIL, job->build, "the package is the right one; taking out the files");
        status = tell(job, "unpacking", job->package->archive_bytes, err);
    }
    if (!status)
        status = ed_extract(job, archive, ready, err);
    return status;
}

static enum ed_status describe(const struct ed_buffer *description, const char *directory,
                               struct ed_error *err) {
    char path[ED_PATH_BYTES];
    if (!description)
        return ED_OK;
    enum ed_status status = ed_path_join(path, directory, ED_ENGINE_ADDED_FILE, err);
    return status ? status : ed_path_write_atomic(path, description->data, description->size, 0644, err);
}

enum ed_status ed_engine_bring(const char *store, const struct ed_engine_build *build,
                               const struct ed_buffer *description, const struct ed_log *log,
                               const struct ed_engine_watch *watch, struct ed_error *err) {
    int64_t before_bytes = 0;
    char ready[ED_PATH_BYTES], own[ED_PATH_BYTES], name[32];
    struct ed_store_room room;
    enum ed_status status = ed_store_room_open(&room, store, err);
    if (!status)
        status = make_inside(ready, &room, "ready", 0755, err);
    for (size_t i = 0; i < build->n_packages && !status; i++) {
        const struct ed_client_job job = {build, &build->packages[i], own, log, watch, before_bytes};
        snprintf(name, sizeof name, "package-%zu", i);
        status = make_inside(own, &room, name, 0700, err);
        if (!status)
            status = bring_package(&job, ready, err);
        before_bytes += build->packages[i].archive_bytes;
    }
    if (!status)
        status = settle(build, ready, err);
    if (!status)
        status = ed_engine_abi_check(build, ready, log, err);
    if (!status)
        status = describe(description, ready, err);
    if (!status)
        status = publish(build, ready, description != NULL, &room, err);
    // The room is about to vanish: a message names what stays.
    if (status == ED_ERR_NO_SPACE && err)
        snprintf(err->where, sizeof err->where, "%.255s", store);
    ed_store_room_close(&room);
    return status;
}

// Where it was added, its description stays.
static enum ed_status refetch(const char *store, const struct ed_engine_build *build,
                              const struct ed_log *log, const struct ed_engine_watch *watch,
                              struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_buffer description;
    enum ed_status status;
    if (!build->added)
        return ed_engine_bring(store, build, NULL, log, watch, err);
    ed_buffer_init(&description, ED_ENGINES_FILE_MAX_BYTES);
    status = ed_path_join(path, build->directory, ED_ENGINE_ADDED_FILE, err);
    if (!status)
        status = ed_path_read(path, ED_ENGINES_FILE_MAX_BYTES, &description, err);
    if (!status)
        status = ed_engine_bring(store, build, &description, log, watch, err);
    ed_buffer_release(&description);
    return status;
}

enum ed_status ed_engines_fetch(const struct ed_engines *engines, struct ed_engine_build *build,
                                const struct ed_log *log, const struct ed_engine_watch *watch, bool *brought,
                                struct ed_error *err) {
    int64_t begin_ns = ed_clock_monotonic_ns();
    char words[512], reason[256], size[32], duration[32];
    struct ed_error damage = {0};
    enum ed_status status;
    if (brought)
        *brought = false;
    if (!build->n_packages)
        return ED_OK;
    if (build->source) {
        ed_client_source_advice(words, sizeof words, build);
        return ed_fail(err, ED_ERR_UNSUPPORTED, build->id, "%s", words);
    }
    if (!build->directory[0])
        return ed_fail(
            err, ED_ERR_NOT_FOUND, build->id,
            "there is no place to keep engines: set EDGEDYNO_ENGINE_STORE to a directory, or HOME");
    if (ed_engine_files_present(build, build->directory, reason)) {
        if (!ed_engine_files_verify(build, build->directory, &damage)) {
            say(log, ED_LOG_DETAIL, build, "already in the store");
            goto out;
        }
        snprintf(words, sizeof words, "%.200s is damaged and will be fetched again", damage.where);
        say(log, ED_LOG_WARNING, build, words);
    }
    status = refetch(engines->store, build, log, watch, err);
    if (status)
        return status;
    if (brought)
        *brought = true;
    ed_units_print_size(size, sizeof size, ed_engine_bytes(build));
    ed_units_print_duration(duration, sizeof duration, ed_clock_monotonic_ns() - begin_ns);
    snprintf(words, sizeof words, "fetched %zu files, %s, in %s", build->n_files, size, duration);
    say(log, ED_LOG_INFO, build, words);
out:
    // An adapter that is missing still is; the rest was only the files.
    if (build->state == ED_ENGINE_FETCHABLE) {
        build->state = ED_ENGINE_PRESENT;
        build->reason[0] = '\0';
    }
    return ED_OK;
}
