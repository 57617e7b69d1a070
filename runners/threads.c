// SPDX-License-Identifier: Apache-2.0
// Threads by /proc/PID/task/TID/schedstat.
#include "runners/threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define WORKING_MAX 16
#define PROCESSORS_MAX 65536

int ed_threads_processors(void) {
    int found = -1;
    // The kernel refuses a set that is smaller than its own.
    for (size_t n = CPU_SETSIZE; n <= PROCESSORS_MAX && found < 0; n *= 2) {
        cpu_set_t *set = CPU_ALLOC(n);
        if (!set)
            break;
        CPU_ZERO_S(CPU_ALLOC_SIZE(n), set);
        if (sched_getaffinity(0, CPU_ALLOC_SIZE(n), set) == 0)
            found = CPU_COUNT_S(CPU_ALLOC_SIZE(n), set);
        CPU_FREE(set);
    }
    return found > 0 ? found : -1;
}

static bool read_text(const char *tasks, const char *tid, const char *file, char *text, size_t bytes) {
    char path[128];
    snprintf(path, sizeof path, "%.40s/%.20s/%s", tasks, tid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, bytes - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

static bool read_process(struct ed_thread_times *times, const char *folder) {
    DIR *tasks = opendir(folder);
    if (!tasks)
        return false;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        char text[128];
        if (entry->d_name[0] == '.')
            continue;
        if (times->n == ED_THREADS_MAX) {
            times->cut = true;
            break;
        }
        struct ed_thread_time *one = &times->items[times->n];
        if (!read_text(folder, entry->d_name, "schedstat", text, sizeof text))
            continue;
        one->tid = strtoll(entry->d_name, NULL, 10);
        one->run_ns = strtoll(text, NULL, 10);
        read_text(folder, entry->d_name, "comm", text, sizeof text);
        snprintf(one->name, sizeof one->name, "%.*s", (int)strcspn(text, "\n"), text);
        times->n++;
    }
    closedir(tasks);
    return true;
}

void ed_threads_read(struct ed_thread_times *times, const int64_t *pids, size_t n) {
    bool any = false;
    times->n = 0;
    times->cut = false;
    times->raw_ns = 0;
    for (size_t i = 0; i < n; i++) {
        char folder[48];
        snprintf(folder, sizeof folder, "/proc/%lld/task", (long long)pids[i]);
        any = read_process(times, folder) || any;
    }
    if (n ? any : read_process(times, "/proc/self/task"))
        times->raw_ns = ed_clock_raw_ns();
}

struct share {
    const char *name;
    double share;
};

static int busiest_first(const void *a, const void *b) {
    const double left = ((const struct share *)a)->share, right = ((const struct share *)b)->share;
    return (left < right) - (left > right);
}

// A thread that was not there before has run since its start.
static int64_t run_before_ns(const struct ed_thread_times *before, int64_t tid) {
    for (size_t i = 0; i < before->n; i++)
        if (before->items[i].tid == tid)
            return before->items[i].run_ns;
    return 0;
}

void ed_threads_write(struct ed_json_writer *w, const struct ed_thread_times *before,
                      const struct ed_thread_times *after, int asked) {
    const double wall_ns = (double)(after->raw_ns - before->raw_ns);
    struct share *shares = calloc(after->n + 1, sizeof *shares);
    double cpus = 0;
    size_t busy = 0;
    if (!shares || before->raw_ns == 0 || after->raw_ns == 0 || wall_ns <= 0 || after->n == 0) {
        free(shares);
        return;
    }
    for (size_t i = 0; i < after->n; i++) {
        const int64_t ran_ns = after->items[i].run_ns - run_before_ns(before, after->items[i].tid);
        shares[i] = (struct share){after->items[i].name, ran_ns > 0 ? (double)ran_ns / wall_ns : 0};
        cpus += shares[i].share;
        busy += shares[i].share > ED_THREADS_BUSY_SHARE;
    }
    qsort(shares, after->n, sizeof *shares, busiest_first);
    ed_json_object_begin(w, "threads");
    ed_json_int(w, "asked", asked);
    ed_json_uint(w, "exist", after->n);
    ed_json_uint(w, "busy", busy);
    ed_json_real(w, "cpus", cpus);
    if (after->cut)
        ed_json_bool(w, "cut", true);
    ed_json_array_begin(w, "working");
    for (size_t i = 0; i < busy && i < WORKING_MAX; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "name", shares[i].name);
        ed_json_real(w, "share", shares[i].share);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_json_object_end(w);
    free(shares);
}
