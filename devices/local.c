// SPDX-License-Identifier: Apache-2.0
// The transport to this very machine.
#include "devices/local.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "base/clock.h"
#include "base/path.h"
#include "devices/process.h"

#define PIECE_BYTES (256u << 10)

struct local {
    char work_dir[ED_PATH_BYTES]; // absolute; "": not connected
};

static enum ed_status in_time(int64_t deadline_ns, const char *what, struct ed_error *err) {
    if (ed_clock_monotonic_ns() < deadline_ns)
        return ED_OK;
    return ed_fail(err, ED_ERR_TIMEOUT, "local", "no time was left to %s", what);
}

static enum ed_status begin(const struct local *local, int64_t deadline_ns, const char *what,
                            struct ed_error *err) {
    if (!local->work_dir[0])
        return ed_fail(err, ED_ERR_INTERNAL, "local", "cannot %s before it is connected", what);
    return in_time(deadline_ns, what, err);
}

// Somebody else's directory, or one that others may enter, is not made fit by changing its mode behind its
// owner's back.
static enum ed_status check_work_dir(const char *path, struct ed_error *err) {
    struct stat info;
    if (stat(path, &info) != 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "the work directory cannot be read: %m");
    if (!S_ISDIR(info.st_mode))
        return ed_fail(err, ED_ERR_IO, path,
                       "the work directory is not a directory; choose another work_dir");
    if (info.st_uid != geteuid())
        return ed_fail(err, ED_ERR_IO, path,
                       "the work directory belongs to another user; choose another work_dir");
    if ((info.st_mode & 07777) != 0700)
        return ed_fail(err, ED_ERR_IO, path,
                       "the work directory's mode is %04o, but others must not reach into it: run `chmod "
                       "0700 %.200s`, or "
                       "choose another work_dir",
                       (unsigned)(info.st_mode & 07777), path);
    return ED_OK;
}

static enum ed_status local_connect(void *state, const struct ed_address *address,
                                    const struct ed_transport_context *context, int64_t deadline_ns,
                                    struct ed_error *err) {
    char path[ED_PATH_BYTES], home[ED_PATH_BYTES];
    const char *wanted = address->work_dir ? address->work_dir : "";
    struct local *local = state;
    enum ed_status status = in_time(deadline_ns, "connect", err);
    (void)context;
    local->work_dir[0] = '\0';
    if (status)
        return status;
    if (wanted[0] && wanted[0] != '/')
        return ed_fail(err, ED_ERR_USAGE, wanted, "work_dir must be an absolute path");
    status = wanted[0] ? ED_OK : ed_path_xdg(home, ED_XDG_STATE, err);
    if (!status)
        status = wanted[0] ? ed_path_join(path, "", wanted, err) : ed_path_join(path, home, "work", err);
    if (!status)
        status = ed_path_make(path, 0700, err);
    if (!status)
        status = check_work_dir(path, err);
    if (!status && access(path, R_OK | W_OK | X_OK) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the work directory cannot be written to: %m");
    if (!status)
        status = ed_path_real(local->work_dir, path, err);
    if (!status && strlen(local->work_dir) >= sizeof((struct ed_identity *)0)->work_dir)
        status = ed_fail(err, ED_ERR_LIMIT, path,
                         "the work directory's path is longer than %zu bytes; choose a shorter work_dir",
                         sizeof((struct ed_identity *)0)->work_dir - 1);
    if (status)
        local->work_dir[0] = '\0';
    return status;
}

// ELFCLASS32 or ELFCLASS64 of this program; ELFCLASSNONE where that cannot be read.
static int own_class(void) {
    unsigned char ident[EI_NIDENT];
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, ident, sizeof ident, 0);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)sizeof ident && memcmp(ident, ELFMAG, SELFMAG) == 0 ? ident[EI_CLASS] : ELFCLASSNONE;
}

// The kernel's word alone is not enough: a 32-bit system may run on a 64-bit kernel.
static enum ed_status find_target(char target[32], const char *machine, struct ed_error *err) {
    static const struct {
        const char *machine;
        int class;
        const char *target;
    } rows[] = {
        {"x86_64", ELFCLASS64, "linux-x86_64"}, {"aarch64", ELFCLASS64, "linux-aarch64"},
        {"aarch64", ELFCLASS32, "linux-armv7"}, {"armv8l", ELFCLASS32, "linux-armv7"},
        {"armv7l", ELFCLASS32, "linux-armv7"},
    };
    int class = own_class();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].machine, machine) == 0 && rows[i].class == class) {
            snprintf(target, 32, "%s", rows[i].target);
            return ED_OK;
        }
    return ed_fail(err, ED_ERR_UNSUPPORTED, "local",
                   "there is no target for machine '%.64s' with %s programs", machine,
                   class == ELFCLASS64   ? "64-bit"
                   : class == ELFCLASS32 ? "32-bit"
                                         : "unreadable");
}

static void describe_system(struct ed_identity *out, const char *work_dir) {
    struct statvfs disk;
    out->real_us = out->real_asked_us = ed_clock_read_ns(CLOCK_REALTIME) / 1000;
    out->free_bytes = statvfs(work_dir, &disk) == 0 ? (int64_t)disk.f_bavail * (int64_t)disk.f_frsize : -1;
#ifdef __GLIBC__
    snprintf(out->libc, sizeof out->libc, "glibc");
    snprintf(out->libc_version, sizeof out->libc_version, "%.31s", gnu_get_libc_version());
#endif
}

static enum ed_status local_identify(void *state, struct ed_identity *out, int64_t deadline_ns,
                                     struct ed_error *err) {
    const struct local *local = state;
    enum ed_status status = begin(local, deadline_ns, "identify", err);
    struct ed_buffer boot;
    struct utsname name;
    if (status)
        return status;
    memset(out, 0, sizeof *out);
    if (uname(&name) != 0)
        return ed_fail_errno(err, ED_ERR_IO, "local", "uname: %m");
    status = find_target(out->target, name.machine, err);
    if (status)
        return status;
    snprintf(out->kernel, sizeof out->kernel, "%.60s %.60s", name.sysname, name.release);
    snprintf(out->machine, sizeof out->machine, "%.63s", name.machine);
    describe_system(out, local->work_dir);
    snprintf(out->work_dir, sizeof out->work_dir, "%.511s", local->work_dir);
    ed_buffer_init(&boot, sizeof out->boot_id);
    // Where /proc does not tell, it is unknown.
    if (!ed_path_read("/proc/sys/kernel/random/boot_id", sizeof out->boot_id - 1, &boot, NULL))
        snprintf(out->boot_id, sizeof out->boot_id, "%.*s", (int)strcspn(ed_buffer_text(&boot), "\n"),
                 ed_buffer_text(&boot));
    ed_buffer_release(&boot);
    return ED_OK;
}

static enum ed_status local_spawn(void *state, const struct ed_spawn_args *args, struct ed_spawn_result *out,
                                  struct ed_error *err) {
    ed_spawn_result_init(out);
    enum ed_status status = begin(state, args->deadline_ns, "start a program", err);
    if (status)
        return status;
    if (!args->argv || !args->argv[0] || args->argv[0][0] != '/')
        return ed_fail(err, ED_ERR_INTERNAL, "local", "a program must be named by its absolute path");
    return ed_process_run(args, out, err);
}

// Opens a regular file; a named pipe would otherwise be waited for.
static enum ed_status open_file(const char *path, int *fd, struct ed_error *err) {
    struct stat info;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode))
        return ED_OK;
    close(*fd);
    *fd = -1;
    return ed_fail(err, ED_ERR_IO, path, "is not a regular file");
}

// One piece from `from` to `to`; *n is 0 at the end.
static enum ed_status copy_piece(const struct ed_push_args *args, int from, int to, int64_t offset,
                                 char *piece, ssize_t *n, struct ed_error *err) {
    do
        *n = pread(from, piece, PIECE_BYTES, (off_t)offset);
    while (*n < 0 && errno == EINTR);
    if (*n < 0)
        return ed_fail_errno(err, ED_ERR_IO, args->local_path, "cannot be read: %m");
    return *n ? ed_path_write_all(to, piece, (size_t)*n, args->remote_path, err) : ED_OK;
}

// Campaigns leave the files of a device in place where they lie; this is for what wants a copy all the same.
static enum ed_status local_push(void *state, const struct ed_push_args *args, struct ed_error *err) {
    enum ed_status status = begin(state, args->deadline_ns, "push a file", err);
    int from = -1, to = -1;
    char *piece = NULL;
    ssize_t n = 1;
    if (!status)
        status = open_file(args->local_path, &from, err);
    if (status)
        return status;
    to = open(args->remote_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, args->mode);
    if (to < 0)
        status = ed_fail_errno(err, ED_ERR_IO, args->remote_path, "cannot be made: %m");
    else if (ftruncate(to, (off_t)args->offset) != 0 || lseek(to, 0, SEEK_END) != (off_t)args->offset ||
             fchmod(to, args->mode) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, args->remote_path, "cannot be written: %m");
    if (!status && !(piece = malloc(PIECE_BYTES)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, args->remote_path, "no memory for a piece of %u bytes",
                         PIECE_BYTES);
    for (int64_t sent = 0; !status && n > 0; sent += n) {
        status = in_time(args->deadline_ns, "push a file", err);
        if (!status)
            status = copy_piece(args, from, to, args->offset + sent, piece, &n, err);
        if (!status && args->progress)
            args->progress(args->progress_context, sent + n);
    }
    free(piece);
    close(from);
    if (to >= 0 && close(to) != 0 && !status)
        status = ed_fail_errno(err, ED_ERR_IO, args->remote_path, "cannot be written: %m");
    return status;
}

static enum ed_status local_pull(void *state, const char *remote_path, int64_t offset, int64_t bytes,
                                 int local_fd, int64_t *got, int64_t deadline_ns, struct ed_error *err) {
    enum ed_status status = begin(state, deadline_ns, "pull a file", err);
    char *piece = NULL;
    int fd = -1;
    *got = 0;
    if (status)
        return status;
    if (offset < 0 || bytes < 0 || offset > INT64_MAX - bytes)
        return ed_fail(err, ED_ERR_INTERNAL, remote_path, "%lld bytes from %lld are no part of a file",
                       (long long)bytes, (long long)offset);
    status = open_file(remote_path, &fd, err);
    if (!status && !(piece = malloc(PIECE_BYTES)))
        status =
            ed_fail(err, ED_ERR_NO_MEMORY, remote_path, "no memory for a piece of %u bytes", PIECE_BYTES);
    while (!status && *got < bytes) {
        size_t wanted = bytes - *got < (int64_t)PIECE_BYTES ? (size_t)(bytes - *got) : PIECE_BYTES;
        ssize_t n = pread(fd, piece, wanted, (off_t)(offset + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = ed_fail_errno(err, ED_ERR_IO, remote_path, "cannot be read: %m");
        if (n <= 0)
            break;
        status = ed_path_write_all(local_fd, piece, (size_t)n, "the copy of a file of local", err);
        if (!status) {
            *got += n;
            status = *got < bytes ? in_time(deadline_ns, "pull a file", err) : ED_OK;
        }
    }
    free(piece);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum ed_status local_kill(void *state, int64_t pid, int signal, int64_t deadline_ns,
                                 struct ed_error *err) {
    enum ed_status status = begin(state, deadline_ns, "send a signal", err);
    if (status)
        return status;
    // 0 and below mean groups and everybody, and 1 is init.
    if (pid <= 1 || pid > INT32_MAX || signal < 0 || signal >= NSIG)
        return ed_fail(err, ED_ERR_INTERNAL, "local", "signal %d to process %lld is never sent", signal,
                       (long long)pid);
    if (kill((pid_t)pid, signal) == 0)
        return ED_OK;
    if (errno == ESRCH)
        return ed_fail(err, ED_ERR_NOT_FOUND, "local", "process %lld does not exist any more",
                       (long long)pid);
    return ed_fail_errno(err, ED_ERR_IO, "local", "signal %d to process %lld: %m", signal, (long long)pid);
}

static void local_disconnect(void *state) {
    memset(state, 0, sizeof(struct local));
}

const struct ed_transport ed_transport_local = {
    .abi = ED_TRANSPORT_ABI,
    .struct_bytes = sizeof(struct ed_transport),
    .name = "local",
    .summary = "this machine",
    .options = NULL,
    .n_options = 0,
    .state_bytes = sizeof(struct local),
    .in_place = true,
    .can_resume = true,
    .connect = local_connect,
    .identify = local_identify,
    .spawn = local_spawn,
    .push = local_push,
    .pull = local_pull,
    .kill = local_kill,
    .disconnect = local_disconnect,
};
