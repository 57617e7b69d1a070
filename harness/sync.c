// SPDX-License-Identifier: Apache-2.0
// Syncing side by side: the file system puts what waits at one time into one commit.
#include "harness/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 16

struct queue {
    const char *const *paths;
    size_t n;
    atomic_size_t next;
};

struct lane {
    struct queue *queue;
    pthread_t thread;
    enum ed_status status;
    struct ed_error failure;
};

static enum ed_status sync_one(const char *path, struct ed_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened to be synced: %m");
    const int failed = fsync(fd) != 0 ? errno : 0;
    close(fd);
    errno = failed;
    return failed ? ed_fail_errno(err, ED_ERR_IO, path, "cannot be synced to disk: %m") : ED_OK;
}

static void *sync_lane(void *context) {
    struct lane *lane = context;
    for (;;) {
        const size_t i = atomic_fetch_add(&lane->queue->next, 1);
        if (i >= lane->queue->n)
            return NULL;
        struct ed_error failure = {0};
        const enum ed_status status = sync_one(lane->queue->paths[i], &failure);
        if (status != ED_OK && lane->status == ED_OK) {
            lane->status = status;
            lane->failure = failure;
        }
    }
}

enum ed_status ed_sync_paths(const char *const *paths, size_t n, struct ed_error *err) {
    struct queue queue = {.paths = paths, .n = n};
    struct lane lanes[THREADS_MAX] = {{0}};
    size_t started = 1;
    for (size_t i = 0; i < THREADS_MAX; i++)
        lanes[i].queue = &queue;
    while (started < THREADS_MAX && started < n &&
           pthread_create(&lanes[started].thread, NULL, sync_lane, &lanes[started]) == 0)
        started++;
    sync_lane(&lanes[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(lanes[i].thread, NULL);
    for (size_t i = 0; i < started; i++)
        if (lanes[i].status != ED_OK) {
            if (err)
                *err = lanes[i].failure;
            return lanes[i].status;
        }
    return ED_OK;
}
