// SPDX-License-Identifier: Apache-2.0
// How the worker's threads were scheduled: time on a processor, time that they were ready and had to wait for
// one (the run queue), and context switches, summed over the threads. /proc/PID/schedstat is the main
// thread's alone, so each thread's own file is read (kernel documentation, scheduler/sched-stats; proc(5)). A
// thread's last numbers stay in the sum when it ends; what it did after the last sample before that is lost.
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { RUN, WAIT, VOLUNTARY, INVOLUNTARY, N_CHANNELS };
#define THREADS_MAX 128

struct thread {
    int id, schedstat_fd, status_fd;
    int64_t last[N_CHANNELS];
};

struct process_schedule {
    bool open;
    int root_fd, task_fd;
    char task[40];
    nlink_t links; // of the directory when it was last read: two more than there are threads
    bool available[N_CHANNELS], too_many;
    int64_t ended[N_CHANNELS]; // of threads that are gone
    size_t n;
    struct thread threads[THREADS_MAX];
};

static const struct ed_channel channels_known[N_CHANNELS] = {
    [RUN] = {.id = "process_schedule.run",
             .quantity = "time",
             .unit = "ns",
             .source = "/proc/PID/task/*/schedstat, 1st"},
    [WAIT] = {.id = "process_schedule.wait",
              .quantity = "time",
              .unit = "ns",
              .source = "/proc/PID/task/*/schedstat, 2nd"},
    [VOLUNTARY] = {.id = "process_schedule.voluntary_switches",
                   .quantity = "count",
                   .unit = "count",
                   .source = "/proc/PID/task/*/status voluntary_ctxt_switches"},
    [INVOLUNTARY] = {.id = "process_schedule.involuntary_switches",
                     .quantity = "count",
                     .unit = "count",
                     .source = "/proc/PID/task/*/status nonvoluntary_ctxt_switches"},
};

static int64_t status_field(const char *text, const char *key) {
    const size_t n = strlen(key);
    int64_t value;
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, n) == 0 && line[n] == ':') {
            const char *p = line + n + 1;
            return ed_proc_number(&p, &value) && *p == '\n' && value >= 0 ? value : ED_NO_VALUE;
        }
    return ED_NO_VALUE;
}

static void read_thread(const struct thread *thread, int64_t values[N_CHANNELS]) {
    char text[4096];
    int64_t run, wait;
    ed_values_clear(values, N_CHANNELS);
    if (thread->schedstat_fd >= 0 && ed_proc_pread(thread->schedstat_fd, text, sizeof text) > 0) {
        const char *p = text;
        if (ed_proc_number(&p, &run) && ed_proc_number(&p, &wait) && *p == ' ' && run >= 0 && wait >= 0)
            values[RUN] = run, values[WAIT] = wait;
    }
    if (thread->status_fd >= 0 && ed_proc_pread(thread->status_fd, text, sizeof text) > 0) {
        values[VOLUNTARY] = status_field(text, "voluntary_ctxt_switches");
        values[INVOLUNTARY] = status_field(text, "nonvoluntary_ctxt_switches");
    }
}

static void close_thread(struct thread *thread) {
    ed_proc_close(&thread->schedstat_fd);
    ed_proc_close(&thread->status_fd);
}

static void open_thread(struct process_schedule *state, int id) {
    struct thread *thread = &state->threads[state->n++];
    char path[80];
    *thread = (struct thread){.id = id};
    snprintf(path, sizeof path, "%s/%d/schedstat", state->task, id);
    thread->schedstat_fd = ed_proc_open(state->root_fd, path);
    snprintf(path, sizeof path, "%s/%d/status", state->task, id);
    thread->status_fd = ed_proc_open(state->root_fd, path);
}

// Threads that are not listed any more go into `ended`, new ones are opened.
static void list_threads(struct process_schedule *state) {
    int ids[THREADS_MAX];
    const int found = ed_proc_list_numbers(state->root_fd, state->task, "", ids, THREADS_MAX);
    bool known[THREADS_MAX] = {false};
    size_t kept = 0;
    if (found < 0)
        return;
    state->too_many = found == THREADS_MAX;
    for (size_t i = 0; i < state->n; i++) {
        int place = 0;
        while (place < found && ids[place] != state->threads[i].id)
            place++;
        if (place < found) {
            known[place] = true;
            state->threads[kept++] = state->threads[i];
            continue;
        }
        for (int k = 0; k < N_CHANNELS; k++)
            state->ended[k] += state->threads[i].last[k];
        close_thread(&state->threads[i]);
    }
    state->n = kept;
    for (int i = 0; i < found && state->n < THREADS_MAX; i++)
        if (!known[i])
            open_thread(state, ids[i]);
}

static void forget_threads(struct process_schedule *state) {
    for (size_t i = 0; i < state->n; i++)
        close_thread(&state->threads[i]);
    state->n = 0;
    state->links = 0;
    memset(state->ended, 0, sizeof state->ended);
    ed_proc_close(&state->task_fd);
}

static void process_schedule_attach(void *opaque, int64_t pid) {
    struct process_schedule *state = opaque;
    forget_threads(state);
    if (pid <= 0)
        return;
    snprintf(state->task, sizeof state->task, "proc/%" PRId64 "/task", pid);
    state->task_fd = openat(state->root_fd, state->task, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// Whether the process is there, and its threads are those that are open.
static bool follow_threads(struct process_schedule *state) {
    struct stat info;
    if (state->task_fd < 0 || fstat(state->task_fd, &info) != 0)
        return false;
    if (info.st_nlink != state->links || state->n == 0) {
        list_threads(state);
        state->links = info.st_nlink;
    }
    return state->n > 0 && !state->too_many;
}

static enum ed_status process_schedule_detect(void *opaque, const struct ed_probe_args *args,
                                              struct ed_channel *channels, size_t capacity, size_t *n,
                                              struct ed_error *err) {
    (void)err;
    struct process_schedule *state = opaque;
    struct thread own = {.id = 0};
    char folder[40] = "proc/self", path[64];
    int64_t now[N_CHANNELS];
    memset(state, 0, sizeof *state);
    state->open = true;
    state->root_fd = args->root_fd;
    state->task_fd = -1;
    // Before the worker exists, our own files tell what this kernel shows.
    if (args->pid > 0)
        snprintf(folder, sizeof folder, "proc/%" PRId64, args->pid);
    snprintf(path, sizeof path, "%s/schedstat", folder);
    const int schedstat = own.schedstat_fd = ed_proc_open(args->root_fd, path);
    snprintf(path, sizeof path, "%s/status", folder);
    const int status = own.status_fd = ed_proc_open(args->root_fd, path);
    read_thread(&own, now);
    close_thread(&own);
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        const int fd = i <= WAIT ? schedstat : status;
        channels[i] = channels_known[i];
        channels[i].kind = ED_CHANNEL_COUNTER;
        channels[i].scope = ED_SCOPE_PROCESS;
        channels[i].period_ns = 200000000;
        channels[i].resolution = 1;
        if (fd < 0)
            ed_channel_missing(&channels[i], "/%s/%s: %s%s", folder, i <= WAIT ? "schedstat" : "status",
                               strerror(-fd), i <= WAIT ? " (needs CONFIG_SCHED_INFO)" : "");
        else if (now[i] == ED_NO_VALUE)
            ed_channel_missing(&channels[i], "/%s/%s is empty or not of its form", folder,
                               i <= WAIT ? "schedstat" : "status");
        else
            ed_channel_found(&channels[i]);
        state->available[i] = channels[i].available;
    }
    process_schedule_attach(state, args->pid);
    return ED_OK;
}

static void process_schedule_sample(void *opaque, int64_t *values, size_t n) {
    struct process_schedule *state = opaque;
    int64_t sums[N_CHANNELS];
    bool any = false;
    ed_values_clear(values, n);
    if (!follow_threads(state))
        return;
    memcpy(sums, state->ended, sizeof sums);
    for (size_t i = 0; i < state->n; i++) {
        struct thread *thread = &state->threads[i];
        int64_t now[N_CHANNELS];
        read_thread(thread, now);
        for (int k = 0; k < N_CHANNELS; k++) {
            // Of a thread that ended a moment ago the last numbers stand.
            any = any || now[k] != ED_NO_VALUE;
            if (now[k] != ED_NO_VALUE)
                thread->last[k] = now[k];
            sums[k] += thread->last[k];
        }
    }
    for (size_t k = 0; any && k < n && k < N_CHANNELS; k++)
        if (state->available[k])
            values[k] = sums[k];
}

static void process_schedule_close(void *opaque) {
    struct process_schedule *state = opaque;
    if (state->open)
        forget_threads(state);
    state->open = false;
}

const struct ed_probe ed_probe_process_schedule = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "process_schedule",
    .summary = "time that the worker's threads ran and waited for a processor, and their context switches",
    .state_bytes = sizeof(struct process_schedule),
    .files = (const char *const[]){"proc/PID/schedstat", "proc/PID/status", "proc/PID/task/*/schedstat",
                                   "proc/PID/task/*/status", NULL},
    .detect = process_schedule_detect,
    .attach = process_schedule_attach,
    .sample = process_schedule_sample,
    .close = process_schedule_close,
};
