// SPDX-License-Identifier: Apache-2.0
// Many devices at once: a device that hangs costs its own deadline, and nobody else's.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/command_devices.h"

#define THREADS_MAX 64

struct pool {
    void (*work)(void *context, size_t i);
    void *context;
    size_t n, next, done;
    bool draws;
    pthread_mutex_t lock;
};

static void draw(const struct pool *pool) {
    char line[80];
    int bytes =
        snprintf(line, sizeof line, "\r\x1b[K%zu of %zu devices answered or gave up", pool->done, pool->n);
    if (pool->done == pool->n)
        bytes = snprintf(line, sizeof line, "\r\x1b[K");
    ed_path_write_all(STDERR_FILENO, line, (size_t)bytes, "standard error", NULL);
}

static void *serve(void *argument) {
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (pool->next < pool->n) {
        size_t i = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->context, i);
        pthread_mutex_lock(&pool->lock);
        pool->done++;
        if (pool->draws)
            draw(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

void ed_devices_each(const struct ed_devices *devices, size_t n, void (*work)(void *context, size_t i),
                     void *context) {
    struct pool pool = {.work = work, .context = context, .n = n, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[THREADS_MAX];
    size_t n_threads = 0;
    pool.draws = devices->cli->colour_err && !devices->cli->quiet && n > 1;
    if (pool.draws)
        draw(&pool);
    // This thread serves too, so that all are served even where no thread can be made.
    while (n_threads + 1 < n && n_threads < THREADS_MAX - 1 &&
           pthread_create(&threads[n_threads], NULL, serve, &pool) == 0)
        n_threads++;
    serve(&pool);
    for (size_t i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&pool.lock);
}
