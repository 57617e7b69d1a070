// SPDX-License-Identifier: Apache-2.0
// `start`: takes a job from standard input, checks it, detaches a supervisor, and says whether that one has
// begun.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/commands.h"
#include "runners/contact.h"
#include "runners/lease_job.h"
#include "runners/reply.h"
#include "runners/store.h"
#include "runners/supervisor.h"

#define DIGEST_CACHE "digests.jsonl"

enum ed_status ed_command_input(struct ed_buffer *text, const char *what, struct ed_error *err) {
    char chunk[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            ed_buffer_append(text, chunk, (size_t)n);
    if (n < 0)
        return ed_fail_errno(err, ED_ERR_IO, "standard input", "cannot be read: %m");
    return ed_buffer_status(text, what, err);
}

static enum ed_status open_cache(const struct ed_jobdir *dir, struct ed_digest_cache **cache,
                                 struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, dir->work, DIGEST_CACHE, err);
    return status == ED_OK ? ed_digest_cache_new(cache, path, err) : status;
}

// Held for the life of the supervisor; nothing else inherits them.
struct locks {
    int work, alive, settings;
};

// A new session without a terminal; standard streams to the job's log; only then does the lock tell others
// that it lives.
static enum ed_status detach(const struct ed_jobdir *dir, struct locks *locks, struct ed_error *err) {
    if (setsid() < 0)
        return ed_fail_errno(err, ED_ERR_IO, NULL, "cannot leave the session: %m");
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    if (chdir(dir->path) != 0)
        return ed_fail_errno(err, ED_ERR_IO, dir->path, "cannot be entered: %m");
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(ED_JOB_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        return ed_fail_errno(err, ED_ERR_IO, ED_JOB_LOG, "the log cannot be opened: %m");
    close(null);
    close(log);
    enum ed_status status = ed_jobdir_lock_work(dir, &locks->work, err);
    if (status == ED_OK)
        status = ed_jobdir_lock_alive(dir, &locks->alive, err);
    return status == ED_OK ? ed_contact_lock(dir->work, &locks->settings, err) : status;
}

// The detached process. One byte (or an error line) on `ready` tells the starter how it went.
static int supervise(const struct ed_job *job, const struct ed_jobdir *dir, const char *program, int ready) {
    struct ed_error failure = {0};
    struct ed_digest_cache *digests = NULL;
    struct ed_lease_job whose;
    struct locks locks = {-1, -1, -1};
    enum ed_status status = detach(dir, &locks, &failure);
    // Asked again, now that nobody is given a lease any more while this process has the device.
    if (status == ED_OK)
        status = ed_lease_job_admit(dir->work, job, &whose, &failure);
    if (status == ED_OK)
        status = open_cache(dir, &digests, &failure);
    if (status != ED_OK) {
        ed_reply_error(ready, &failure);
        return 1;
    }
    if (write(ready, "\n", 1) != 1)
        return 1;
    close(ready);
    status = ed_supervisor_run(job, dir, &whose, digests, program, &failure);
    ed_digest_cache_free(digests);
    if (status != ED_OK)
        dprintf(STDERR_FILENO, "edgedyno-runner: %s: %s: %s\n", ed_status_word(status), failure.where,
                failure.message);
    return status == ED_OK ? 0 : 1;
}

static enum ed_status wait_ready(int ready, struct ed_error *err) {
    char line[4096];
    size_t used = 0;
    ssize_t n;
    while (used < sizeof line - 1 &&
           ((n = read(ready, line + used, sizeof line - 1 - used)) > 0 || (n < 0 && errno == EINTR)))
        used += n > 0 ? (size_t)n : 0;
    line[used] = 0;
    if (used == 1 && line[0] == '\n')
        return ED_OK;
    struct ed_json_document reply = {0};
    if (ed_json_parse(&reply, "supervisor", line, used, NULL) == ED_OK) {
        struct ed_json_at root = ed_json_root(&reply);
        const char *message = "", *where = "", *word = "";
        ed_json_opt_text(&root, "message", &message, NULL);
        ed_json_opt_text(&root, "where", &where, NULL);
        ed_json_opt_text(&root, "status", &word, NULL);
        ed_fail(err, !strcmp(word, "busy") ? ED_ERR_BUSY : ED_ERR_IO, where, "%s", message);
        ed_json_document_release(&reply);
        return err ? err->code : ED_ERR_IO;
    }
    return ed_fail(err, ED_ERR_INTERNAL, NULL,
                   "the runner's supervisor was ended before it began; start it again");
}

static enum ed_status prepare(const struct ed_jobdir *dir, const struct ed_job *job,
                              const struct ed_buffer *text, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_digest_cache *digests = NULL;
    struct ed_lease_job whose;
    enum ed_status status = ed_path_make(dir->work, 0700, err);
    if (status == ED_OK)
        status = ed_lease_job_admit(dir->work, job, &whose, err);
    if (status == ED_OK)
        ed_contact_restore(dir->work);
    // Only the holder of the lease pushes. What cannot be removed is in nobody's way but the disk's.
    if (status == ED_OK && job->lease_token[0])
        ed_store_unstage(dir->work, NULL);
    if (status == ED_OK)
        status = open_cache(dir, &digests, err);
    if (status == ED_OK)
        status = ed_supervisor_check_files(job, digests, err);
    ed_digest_cache_free(digests);
    if (status == ED_OK)
        status = ed_supervisor_check_pins(job, err);
    if (status == ED_OK)
        status = ed_supervisor_check_ballast(job, err);
    if (status == ED_OK)
        status = ed_jobdir_make(dir, err);
    if (status != ED_OK)
        return status;
    static const char reserve[ED_JOB_RESERVE_BYTES];
    status = ed_lease_job_store(dir, &whose, err);
    if (status == ED_OK)
        status = ed_jobdir_file(path, dir, ED_JOB_RESERVE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, reserve, sizeof reserve, 0600, err);
    if (status == ED_OK)
        status = ed_jobdir_file(path, dir, ED_JOB_FILE, err);
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(text), text->size, 0600, err);
    if (status != ED_OK)
        ed_path_remove(dir->path, NULL);
    return status;
}

enum ed_status ed_command_start(const struct ed_arguments *arguments, const char *program,
                                struct ed_error *err) {
    struct ed_buffer text;
    struct ed_job job = {0};
    struct ed_jobdir dir;
    int pipe_fds[2] = {-1, -1};
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    enum ed_status status = ed_command_input(&text, "the job", err);
    if (status == ED_OK)
        status = ed_job_parse(&job, "job on standard input", ed_buffer_text(&text), text.size, err);
    if (status == ED_OK)
        status = ed_jobdir_at(&dir, ed_arguments_get(arguments, "work"), job.id, err);
    if (status == ED_OK)
        status = prepare(&dir, &job, &text, err);
    if (status != ED_OK)
        goto out;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        status = ed_fail_errno(err, ED_ERR_IO, NULL, "no pipe to the supervisor: %m");
        goto out;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipe_fds[0]);
        _exit(supervise(&job, &dir, program, pipe_fds[1]));
    }
    close(pipe_fds[1]);
    pipe_fds[1] = -1;
    status = pid < 0 ? ed_fail_errno(err, ED_ERR_IO, NULL, "the supervisor cannot be started: %m")
                     : wait_ready(pipe_fds[0], err);
    if (status != ED_OK) {
        // Nothing of a job that never began stays behind.
        if (pid > 0)
            waitpid(pid, NULL, 0);
        ed_path_remove(dir.path, NULL);
        goto out;
    }
    struct ed_reply reply;
    ed_reply_begin(&reply, "started");
    ed_json_text(&reply.json, "job", job.id);
    ed_json_int(&reply.json, "pid", pid);
    status = ed_reply_send(&reply, STDOUT_FILENO, err);
out:
    if (pipe_fds[0] >= 0)
        close(pipe_fds[0]);
    if (pipe_fds[1] >= 0)
        close(pipe_fds[1]);
    ed_job_release(&job);
    ed_buffer_release(&text);
    return status;
}
