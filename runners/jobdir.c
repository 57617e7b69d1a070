// SPDX-License-Identifier: Apache-2.0
// Work directories, job directories and their locks.
#include "runners/jobdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define ALIVE_FILE "alive"

enum ed_status ed_jobdir_at(struct ed_jobdir *dir, const char *work, const char *job_id,
                            struct ed_error *err) {
    if (work[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, work, "the work directory must be an absolute path");
    if (!ed_path_name_ok(job_id))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s' is not a job's name", job_id);
    char name[ED_WIRE_ID_MAX_BYTES + 16];
    snprintf(name, sizeof name, "jobs/%s", job_id);
    snprintf(dir->id, sizeof dir->id, "%s", job_id);
    enum ed_status status = ed_path_join(dir->work, work, "", err);
    return status == ED_OK ? ed_path_join(dir->path, work, name, err) : status;
}

enum ed_status ed_jobdir_make(const struct ed_jobdir *dir, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, dir->work, "jobs", err);
    if (status == ED_OK)
        status = ed_path_make(path, 0700, err);
    if (status != ED_OK)
        return status;
    if (mkdir(dir->path, 0700) != 0) {
        if (errno == EEXIST)
            return ed_fail(err, ED_ERR_BUSY, dir->path, "this job exists already");
        return ed_fail_errno(err, ED_ERR_IO, dir->path, "cannot be made: %m");
    }
    status = ed_jobdir_file(path, dir, ED_JOB_OUTPUTS, err);
    if (status == ED_OK)
        status = ed_path_make(path, 0700, err);
    return status;
}

enum ed_status ed_jobdir_file(char out[ED_PATH_BYTES], const struct ed_jobdir *dir, const char *name,
                              struct ed_error *err) {
    return ed_path_join(out, dir->path, name, err);
}

// A short command that asks who holds the lock holds it itself for an instant; that must not look like a job.
static bool lock_patiently(int fd) {
    for (int tries = 0; tries < 10; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        ed_clock_sleep_until(ed_clock_monotonic_ns() + 5000000, NULL);
    }
    return false;
}

enum ed_status ed_jobdir_lock_work(const struct ed_jobdir *dir, int *fd, struct ed_error *err) {
    char path[ED_PATH_BYTES], holder[ED_WIRE_ID_MAX_BYTES + 1] = "";
    enum ed_status status = ed_path_join(path, dir->work, ED_WORK_LOCK, err);
    if (status != ED_OK)
        return status;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (!lock_patiently(*fd)) {
        if (pread(*fd, holder, sizeof holder - 1, 0) < 0 || !ed_path_name_ok(holder))
            snprintf(holder, sizeof holder, "another one");
        close(*fd);
        *fd = -1;
        return ed_fail(err, ED_ERR_BUSY, dir->work,
                       "a job runs here already (%s): wait for its end or stop it", holder);
    }
    if (ftruncate(*fd, 0) != 0 || pwrite(*fd, dir->id, strlen(dir->id), 0) != (ssize_t)strlen(dir->id)) {
        ed_fail_errno(err, ED_ERR_IO, path, "cannot be written: %m");
        close(*fd);
        *fd = -1;
        return err ? err->code : ED_ERR_IO;
    }
    return ED_OK;
}

enum ed_status ed_jobdir_running(const char *work, char job[ED_WIRE_ID_MAX_BYTES + 1], struct ed_error *err) {
    char path[ED_PATH_BYTES];
    job[0] = 0;
    enum ed_status status = ed_path_join(path, work, ED_WORK_LOCK, err);
    if (status != ED_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ED_OK : ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) {
        ssize_t n = pread(fd, job, ED_WIRE_ID_MAX_BYTES, 0);
        job[n > 0 ? n : 0] = 0;
        if (!ed_path_name_ok(job))
            snprintf(job, ED_WIRE_ID_MAX_BYTES + 1, "unknown");
    }
    close(fd);
    return ED_OK;
}

enum ed_status ed_jobdir_lock_alive(const struct ed_jobdir *dir, int *fd, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_jobdir_file(path, dir, ALIVE_FILE, err);
    if (status != ED_OK)
        return status;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0 || !lock_patiently(*fd))
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be locked: %m");
    return ED_OK;
}

bool ed_jobdir_alive(const struct ed_jobdir *dir) {
    char path[ED_PATH_BYTES];
    if (ed_jobdir_file(path, dir, ALIVE_FILE, NULL) != ED_OK)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool alive = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return alive;
}

int64_t ed_jobdir_size(const struct ed_jobdir *dir, const char *name) {
    char path[ED_PATH_BYTES];
    struct stat file;
    if (ed_jobdir_file(path, dir, name, NULL) != ED_OK || stat(path, &file) != 0)
        return 0;
    return (int64_t)file.st_size;
}
