// SPDX-License-Identifier: Apache-2.0
// Putting back what was left changed, at a contact.
#include "runners/contact.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/jobdir.h"
#include "runners/settings.h"

#define LOCK_FILE "changed.lock"
#define LOCK_WAIT_NS INT64_C(60000000000) // Android's commands may take their ten seconds each
#define LOCK_STEP_NS INT64_C(5000000)
#define LINES_MAX_BYTES (64u << 10)

static enum ed_status lock_within(const char *work, int64_t wait_ns, int *fd, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    *fd = -1;
    enum ed_status status = ed_path_join(path, work, LOCK_FILE, err);
    if (status != ED_OK)
        return status;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    const int64_t deadline_ns = ed_clock_monotonic_ns() + wait_ns;
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be locked: %m");
        else if (ed_clock_monotonic_ns() >= deadline_ns)
            status =
                ed_fail(err, ED_ERR_BUSY, path,
                        "somebody changes this device's settings or puts them back: try again in a minute");
        if (status != ED_OK) {
            close(*fd);
            *fd = -1;
            return status;
        }
        ed_clock_sleep_until(ed_clock_monotonic_ns() + LOCK_STEP_NS, NULL);
    }
    return ED_OK;
}

enum ed_status ed_contact_lock(const char *work, int *fd, struct ed_error *err) {
    return lock_within(work, LOCK_WAIT_NS, fd, err);
}

static enum ed_status restore(const char *work, int64_t wait_ns, struct ed_buffer *restored,
                              struct ed_buffer *failed, struct ed_error *err) {
    char job[ED_WIRE_ID_MAX_BYTES + 1];
    int fd = -1;
    enum ed_status status = ed_jobdir_running(work, job, err);
    if (status == ED_OK && job[0])
        status = ed_fail(err, ED_ERR_BUSY, work, "job %s runs: what it changed is put back at its end", job);
    if (status == ED_OK)
        status = lock_within(work, wait_ns, &fd, err);
    if (status != ED_OK)
        return status;
    int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    status = root_fd < 0 ? ed_fail_errno(err, ED_ERR_IO, "/", "cannot be opened: %m")
                         : ed_settings_restore(work, root_fd, restored, failed, err);
    if (root_fd >= 0)
        close(root_fd);
    close(fd);
    return status;
}

enum ed_status ed_contact_restore_told(const char *work, struct ed_buffer *restored, struct ed_buffer *failed,
                                       struct ed_error *err) {
    return ed_settings_pending(work) ? restore(work, LOCK_WAIT_NS, restored, failed, err) : ED_OK;
}

void ed_contact_restore(const char *work) {
    struct ed_buffer restored, failed;
    struct ed_error why = {0};
    if (!ed_settings_pending(work))
        return;
    ed_buffer_init(&restored, LINES_MAX_BYTES);
    ed_buffer_init(&failed, LINES_MAX_BYTES);
    enum ed_status status = restore(work, 0, &restored, &failed, &why);
    if (restored.size)
        dprintf(STDERR_FILENO, "edgedyno-runner: put back what a job had changed:\n%s",
                ed_buffer_text(&restored));
    if (failed.size)
        dprintf(STDERR_FILENO, "edgedyno-runner: not put back:\n%s", ed_buffer_text(&failed));
    if (status != ED_OK && status != ED_ERR_BUSY)
        dprintf(STDERR_FILENO, "edgedyno-runner: not put back: %s: %s\n", why.where, why.message);
    ed_buffer_release(&restored);
    ed_buffer_release(&failed);
}
