// SPDX-License-Identifier: Apache-2.0
// The table of package clients, and what they share: running one, and telling its failures apart.
#include "devices/client.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/words.h"

#define DOWNLOAD_TIME_NS 3600000000000ll
#define OUTPUT_LIMIT_BYTES (4u << 20)
#define WATCH_PERIOD_NS 200000000
#define WATCH_DEPTH 12

const struct ed_client *ed_client_find(const char *name) {
    static const struct ed_client *const clients[] = {&ed_client_pip, &ed_client_npm, &ed_client_maven,
                                                      &ed_client_apt, &ed_client_dir, &ed_client_source};
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++)
        if (strcmp(clients[i]->name, name) == 0)
            return clients[i];
    return NULL;
}

enum ed_status ed_client_directory(char path[ED_PATH_BYTES], const struct ed_client_job *job,
                                   const char *name, struct ed_error *err) {
    enum ed_status status = ed_path_join(path, job->room, name, err);
    if (!status && mkdir(path, 0700) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the directory cannot be made: %m");
    return status;
}

// A client's reason: its last line that begins with the word for an error, else its last line, which ends a
// traceback.
static void client_words(char said[ED_WORDS_BYTES], const struct ed_spawn_result *result) {
    static const char *const marks[] = {"ERROR:", "[ERROR] Failed to execute goal", "npm error 4",
                                        "npm ERR! 4", "E: "};
    const char *const outputs[] = {result->err_out, result->out};
    const char *last = NULL;
    for (size_t k = 0; k < 2 && !last; k++)
        for (size_t i = 0; i < sizeof marks / sizeof marks[0] && !last && outputs[k]; i++)
            for (const char *at = outputs[k]; (at = strstr(at, marks[i])) != NULL; at++)
                if ((at == outputs[k] || at[-1] == '\n') && strncmp(at, "ERROR: Exception", 16) != 0)
                    last = at;
    if (last)
        snprintf(said, ED_WORDS_BYTES, "; it said: %.*s", (int)strcspn(last, "\r\n"), last);
    else
        ed_words_said(said, result->err_out && result->err_out[0] ? result->err_out
                            : result->out                         ? result->out
                                                                  : "");
}

static bool said_any(const struct ed_spawn_result *result, const char *const *words) {
    for (; *words; words++)
        if ((result->err_out && strstr(result->err_out, *words)) ||
            (result->out && strstr(result->out, *words)))
            return true;
    return false;
}

static enum ed_status failed(const struct ed_client_job *job, const char *program,
                             const struct ed_spawn_result *result, struct ed_error *err) {
    static const char *const no_network[] = {"after connection broken by",
                                             "Temporary failure in name resolution",
                                             "Temporary failure resolving",
                                             "Network is unreachable",
                                             "ConnectionError",
                                             "ENOTFOUND",
                                             "EAI_AGAIN",
                                             "ECONNREFUSED",
                                             "Unknown host",
                                             "Connection refused",
                                             NULL};
    static const char *const no_space[] = {"[Errno 28]", "[Errno 122]", "No space left on device",
                                           "ENOSPC",     "EDQUOT",      NULL};
    const char *package = job->package->name;
    char said[ED_WORDS_BYTES];
    client_words(said, result);
    if (said_any(result, no_space))
        return ed_fail(err, ED_ERR_NO_SPACE, job->room,
                       "the disk is full: %s does not fit; make room, or set "
                       "EDGEDYNO_ENGINE_STORE to another directory",
                       package);
    if (said_any(result, no_network))
        return ed_fail(err, ED_ERR_IO, package,
                       "the package index cannot be reached, and the build is not in the store; fetch it "
                       "while there is a network");
    if (result->signal)
        return ed_fail(err, ED_ERR_IO, package, "%s was ended by signal %d%.250s", program, result->signal,
                       said);
    return ed_fail(err, ED_ERR_REFUSED, package, "%s failed with exit status %d%.250s", program,
                   result->exit_code, said);
}

bool ed_client_tell(const struct ed_client_job *job, const char *doing, int64_t bytes) {
    const int64_t total = ed_engine_archive_bytes(job->build), own = job->package->archive_bytes;
    if (!job->watch)
        return true;
    return job->watch->progress(job->watch->context, doing,
                                total ? job->before_bytes + (bytes < own ? bytes : own) : 0, total);
}

// Clients rename and remove their files meanwhile: one that is gone is none.
static int64_t largest_file(const char *directory, int depth) {
    struct dirent *entry;
    int64_t most = 0;
    DIR *stream = depth > 0 ? opendir(directory) : NULL;
    while (stream && (entry = readdir(stream)) != NULL) {
        char path[ED_PATH_BYTES];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            ed_path_join(path, directory, entry->d_name, NULL) || lstat(path, &info) != 0)
            continue;
        const int64_t bytes = S_ISREG(info.st_mode)   ? (int64_t)info.st_size
                              : S_ISDIR(info.st_mode) ? largest_file(path, depth - 1)
                                                      : 0;
        most = bytes > most ? bytes : most;
    }
    if (stream)
        closedir(stream);
    return most;
}

struct look {
    const struct ed_client_job *job;
    const char *growing;
    int64_t most; // a client moves the file away when it is whole
};

static bool look(void *context) {
    struct look *looking = context;
    const int64_t bytes = largest_file(looking->growing, WATCH_DEPTH);
    looking->most = bytes > looking->most ? bytes : looking->most;
    return ed_client_tell(looking->job, "downloading", looking->most);
}

enum ed_status ed_client_run(const struct ed_client_job *job, const struct ed_client_command *command,
                             struct ed_error *err) {
    struct look looking = {job, command->growing, 0};
    const struct ed_process_tick tick = {job->watch ? look : NULL, &looking, WATCH_PERIOD_NS};
    struct ed_spawn_args args = {.argv = command->argv, .out_limit_bytes = OUTPUT_LIMIT_BYTES};
    struct ed_spawn_result result = {0};
    enum ed_status status;
    args.deadline_ns = ed_clock_monotonic_ns() + DOWNLOAD_TIME_NS;
    status = ed_process_run_ticking(&args, &tick, &result, err);
    // 127 is how env(1) says that a program does not exist.
    if (status == ED_ERR_NO_PROGRAM || (!status && result.exit_code == 127))
        status = ed_fail(err, ED_ERR_NO_PROGRAM, command->program,
                         "this package client brings %s from %s, and it is not here; %s", job->package->name,
                         ed_client_find(job->package->client)->source, command->advice);
    else if (!status && result.exit_code != 0)
        status = failed(job, command->program, &result, err);
    ed_spawn_result_release(&result);
    return status;
}

enum ed_status ed_client_archive(const struct ed_client_job *job, const char *directory, const char *ending,
                                 char archive[ED_PATH_BYTES], struct ed_error *err) {
    enum ed_status status = ED_OK;
    struct dirent *entry;
    struct stat info;
    size_t n = 0;
    DIR *stream = opendir(directory);
    if (!stream)
        return ed_fail_errno(err, ED_ERR_IO, directory, "cannot be listed: %m");
    while (!status && (entry = readdir(stream)) != NULL) {
        const size_t length = strlen(entry->d_name), tail = strlen(ending);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || length < tail ||
            strcmp(entry->d_name + length - tail, ending) != 0)
            continue;
        n++;
        status = ed_path_join(archive, directory, entry->d_name, err);
    }
    closedir(stream);
    if (!status && (n != 1 || lstat(archive, &info) != 0 || !S_ISREG(info.st_mode)))
        status = ed_fail(err, ED_ERR_IO, job->package->name, "%s left %zu files instead of one archive",
                         job->package->client, n);
    return status;
}
