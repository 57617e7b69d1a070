// SPDX-License-Identifier: Apache-2.0
// Running an external meter and keeping what it tells.
#include "harness/meter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"

#define LINE_MAX_BYTES 256
#define WRONG_MAX 100        // lines that are none
#define PER_SECOND_MAX 10000 // more are dropped
#define KEPT_RECORDS 4096
#define SECOND_NS INT64_C(1000000000)
#define STOP_TRIES 100 // of 10 ms, until it is killed

struct ed_meter {
    pid_t pid;
    int out, stop_read, stop_write, fd;
    pthread_t thread;
    pthread_mutex_t lock; // of all below
    struct ed_timeline_record records[KEPT_RECORDS];
    size_t n;
    int64_t file_bytes, last_ns, second_ns, in_second;
    size_t wrong;
    char why[256];
    char words[ED_PATH_BYTES];
};

__attribute__((format(printf, 2, 3))) static void end_with(struct ed_meter *meter, const char *format, ...) {
    va_list args;
    if (meter->why[0])
        return;
    va_start(args, format);
    vsnprintf(meter->why, sizeof meter->why, format, args);
    va_end(args);
}

// Under the lock. A file that cannot be written, or grows too large, ends the meter.
static void flush(struct ed_meter *meter) {
    struct ed_error failure = {0};
    const size_t bytes = meter->n * sizeof *meter->records;
    if (!meter->n)
        return;
    meter->n = 0;
    if (meter->file_bytes + (int64_t)bytes > ED_METER_MAX_BYTES)
        end_with(meter, "it told more than %lld MiB", (long long)(ED_METER_MAX_BYTES >> 20));
    else if (ed_path_write_all(meter->fd, meter->records, bytes, ED_METER_FILE, &failure) != ED_OK)
        end_with(meter, "%.240s", failure.message);
    else
        meter->file_bytes += (int64_t)bytes;
}

static void add(struct ed_meter *meter, const struct ed_timeline_record *record) {
    if (meter->n == KEPT_RECORDS)
        flush(meter);
    meter->records[meter->n++] = *record;
}

static void take_line(struct ed_meter *meter, const char *line, size_t bytes) {
    struct ed_timeline_record record;
    const int64_t now_ns = ed_clock_read_ns(CLOCK_REALTIME);
    while (bytes && (line[bytes - 1] == '\r' || line[bytes - 1] == ' '))
        bytes--;
    if (!bytes || line[0] == '#')
        return;
    if (!ed_meter_line(line, bytes, now_ns, &record) || record.monotonic_ns < meter->last_ns) {
        if (++meter->wrong > WRONG_MAX)
            end_with(meter, "more than %d of its lines are not \"TIME WATTS\", such as \"%.*s\"", WRONG_MAX,
                     (int)(bytes < 80 ? bytes : 80), line);
        return;
    }
    if (now_ns / SECOND_NS != meter->second_ns) {
        meter->second_ns = now_ns / SECOND_NS;
        meter->in_second = 0;
        flush(meter);
    }
    if (++meter->in_second > PER_SECOND_MAX)
        return;
    meter->last_ns = record.monotonic_ns;
    add(meter, &record);
}

// Whole lines of the text so far; returns how much of it is left over. A line without an end is dropped.
static size_t take_lines(struct ed_meter *meter, char *text, size_t n, bool *skipping) {
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '\n')
            continue;
        if (!*skipping)
            take_line(meter, text + at, i - at);
        *skipping = false;
        at = i + 1;
    }
    if (n - at >= LINE_MAX_BYTES) {
        if (++meter->wrong > WRONG_MAX)
            end_with(meter, "its lines are longer than %d bytes", LINE_MAX_BYTES);
        *skipping = true;
        return 0;
    }
    memmove(text, text + at, n - at);
    return n - at;
}

static void *read_all(void *context) {
    struct ed_meter *meter = context;
    char text[4096];
    size_t used = 0;
    bool skipping = false, ended = false;
    while (!ended) {
        struct pollfd files[] = {{meter->out, POLLIN, 0}, {meter->stop_read, POLLIN, 0}};
        if (poll(files, 2, -1) < 0 && errno != EINTR)
            break;
        if (files[1].revents)
            break;
        if (!files[0].revents)
            continue;
        const ssize_t got = read(meter->out, text + used, sizeof text - used);
        if (got < 0 && errno == EINTR)
            continue;
        pthread_mutex_lock(&meter->lock);
        if (got <= 0)
            end_with(meter, "the meter ended before the campaign did");
        else
            used = take_lines(meter, text, used + (size_t)got, &skipping);
        ended = meter->why[0] != 0;
        pthread_mutex_unlock(&meter->lock);
    }
    return NULL;
}

static enum ed_status spawn(struct ed_meter *meter, char *const *command, struct ed_error *err) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, standard;
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0)
        return ed_fail_errno(err, ED_ERR_IO, command[0], "no pipe to the meter: %m");
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigemptyset(&standard);
    sigaddset(&standard, SIGPIPE);
    sigaddset(&standard, SIGINT);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &standard);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    failed = failed ? failed : posix_spawnp(&meter->pid, command[0], &actions, &attributes, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(out[1]);
    meter->out = out[0];
    if (!failed)
        return ED_OK;
    meter->pid = 0;
    errno = failed;
    return ed_fail_errno(err, ED_ERR_NO_PROGRAM, command[0], "the meter cannot be started: %m");
}

static void release(struct ed_meter *meter) {
    const int files[] = {meter->out, meter->stop_read, meter->stop_write, meter->fd};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] >= 0)
            close(files[i]);
    pthread_mutex_destroy(&meter->lock);
    free(meter);
}

static void end_program(struct ed_meter *meter) {
    if (meter->pid <= 0)
        return;
    kill(-meter->pid, SIGTERM);
    for (int i = 0; i < STOP_TRIES; i++) {
        // Not reaped before the group has been killed: its number stays its own.
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)meter->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid)
            break;
        ed_clock_sleep_until(ed_clock_monotonic_ns() + SECOND_NS / 100, NULL);
    }
    kill(-meter->pid, SIGKILL);
    while (waitpid(meter->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    meter->pid = 0;
}

static enum ed_status open_file(struct ed_meter *meter, const char *directory, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, directory, ED_METER_FILE, err);
    if (status == ED_OK)
        status = ed_path_join(meter->words, directory, ED_METER_WORDS, err);
    if (status != ED_OK)
        return status;
    meter->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (meter->fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    meter->file_bytes = lseek(meter->fd, 0, SEEK_END);
    // A crash may have left half a record.
    meter->file_bytes -= meter->file_bytes % (int64_t)sizeof *meter->records;
    if (meter->file_bytes < 0 || ftruncate(meter->fd, (off_t)meter->file_bytes) != 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be continued: %m");
    return ED_OK;
}

enum ed_status ed_meter_start(struct ed_meter **out, char *const *command, int gain_permille,
                              const char *directory, struct ed_error *err) {
    struct ed_meter *meter = calloc(1, sizeof *meter);
    int stop[2] = {-1, -1};
    *out = NULL;
    if (!meter)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a meter");
    meter->out = meter->stop_read = meter->stop_write = meter->fd = -1;
    pthread_mutex_init(&meter->lock, NULL);
    enum ed_status status = open_file(meter, directory, err);
    if (status == ED_OK && pipe2(stop, O_CLOEXEC) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, command[0], "no pipe to the meter: %m");
    meter->stop_read = stop[0];
    meter->stop_write = stop[1];
    if (status == ED_OK && gain_permille > 0)
        add(meter, &(struct ed_timeline_record){.monotonic_ns = ed_clock_read_ns(CLOCK_REALTIME),
                                                .channel = ED_METER_GAIN,
                                                .value = gain_permille});
    if (status == ED_OK)
        status = spawn(meter, command, err);
    if (status == ED_OK && pthread_create(&meter->thread, NULL, read_all, meter) != 0) {
        end_program(meter);
        status = ed_fail(err, ED_ERR_NO_MEMORY, command[0], "no thread for a meter");
    }
    if (status != ED_OK) {
        if (meter->words[0] && err)
            ed_path_write_atomic(meter->words, err->message, strlen(err->message), 0644, NULL);
        release(meter);
        return status;
    }
    *out = meter;
    return ED_OK;
}

void ed_meter_clock(struct ed_meter *meter, int64_t asked_real_ns, int64_t answered_real_ns,
                    int64_t device_monotonic_ns) {
    const int64_t half_ns = (answered_real_ns - asked_real_ns) / 2;
    if (!meter || device_monotonic_ns <= 0 || half_ns < 0 || half_ns > UINT32_MAX)
        return;
    pthread_mutex_lock(&meter->lock);
    add(meter, &(struct ed_timeline_record){.monotonic_ns = asked_real_ns + half_ns,
                                            .channel = ED_METER_CLOCK,
                                            .spread_ns = (uint32_t)half_ns,
                                            .value = device_monotonic_ns});
    flush(meter);
    pthread_mutex_unlock(&meter->lock);
}

void ed_meter_stop(struct ed_meter *meter, char why[256]) {
    why[0] = 0;
    if (!meter)
        return;
    while (write(meter->stop_write, "", 1) < 0 && errno == EINTR)
        continue;
    pthread_join(meter->thread, NULL);
    end_program(meter);
    flush(meter);
    memcpy(why, meter->why, sizeof meter->why);
    if (why[0])
        ed_path_write_atomic(meter->words, why, strlen(why), 0644, NULL);
    release(meter);
}
