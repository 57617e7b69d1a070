// SPDX-License-Identifier: Apache-2.0
// Playing a section: memory, failure, time.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/scripted/script.h"
#include "base/clock.h"

#define LEAK_STEP_BYTES (4u << 20)
#define GARBAGE_BYTES (1u << 20)

int64_t script_ns(const int64_t *list, size_t n, uint64_t call) {
    return n ? list[call % n] : 0;
}

static void mapping_release(struct script_mapping *mapping) {
    if (mapping->at)
        munmap(mapping->at, mapping->bytes);
    *mapping = (struct script_mapping){0};
}

void script_played_release(struct script_played *played) {
    mapping_release(&played->memory);
    mapping_release(&played->file);
    played->held = false;
}

static enum ed_status map_memory(struct script_mapping *mapping, size_t bytes, struct ed_error *err) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return ed_fail_errno(err, ED_ERR_NO_MEMORY, NULL,
                             "the script's %zu bytes of memory cannot be mapped: %m", bytes);
    // Whole huge pages would make more memory resident than the script asks for.
    madvise(at, bytes, MADV_NOHUGEPAGE);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < bytes; i += page)
        ((volatile char *)at)[i] = 1;
    *mapping = (struct script_mapping){at, bytes};
    return ED_OK;
}

static enum ed_status map_file(struct script_mapping *mapping, const char *path, size_t bytes,
                               struct ed_error *err) {
    enum ed_status status = ED_OK;
    struct stat file;
    void *at = MAP_FAILED;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "the script's touch_file cannot be opened: %m");
    if (fstat(fd, &file) || !S_ISREG(file.st_mode) || (uint64_t)file.st_size < bytes)
        // Touching behind the end of a file would be a bus error.
        status = ed_fail(err, ED_ERR_USAGE, path,
                         "the script's touch_file has less than touch_file_bytes, %zu", bytes);
    else if ((at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        status = ed_fail_errno(err, ED_ERR_NO_MEMORY, path, "the script's touch_file cannot be mapped: %m");
    close(fd);
    if (status)
        return status;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < bytes; i += page)
        (void)((volatile char *)at)[i];
    *mapping = (struct script_mapping){at, bytes};
    return ED_OK;
}

static enum ed_status leak(struct ed_error *err) {
    for (;;) {
        struct script_mapping lost = {0};
        enum ed_status status = map_memory(&lost, LEAK_STEP_BYTES, err);
        if (status)
            return status;
    }
}

static void write_garbage(int fd) {
    unsigned char block[4096];
    uint32_t x = 1;
    for (unsigned done = 0; done < GARBAGE_BYTES; done += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
        for (size_t at = 0; at < sizeof block;) {
            ssize_t wrote = write(fd, block + at, sizeof block - at);
            if (wrote <= 0)
                return;
            at += (size_t)wrote;
        }
    }
}

static void segv(void) {
    void *at = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at != MAP_FAILED)
        *(volatile char *)at = 1;
    abort();
}

static enum ed_status fail_now(const struct script_section *section, struct ed_error *err) {
    static volatile const int forever = 1;
    struct timespec long_time = {3600, 0};
    switch (section->fail) {
    case SCRIPT_FAIL_REFUSE:
        return ed_fail(err, ED_ERR_REFUSED, NULL, "%s", section->message);
    case SCRIPT_FAIL_SEGV:
        segv();
        break;
    case SCRIPT_FAIL_KILL:
        kill(getpid(), SIGKILL);
        break;
    case SCRIPT_FAIL_ABORT:
        abort();
    case SCRIPT_FAIL_EXIT0:
        exit(0);
    case SCRIPT_FAIL_EXIT3:
        exit(3);
    case SCRIPT_FAIL_HANG:
        while (forever)
            nanosleep(&long_time, NULL);
        break;
    case SCRIPT_FAIL_SPIN:
        while (forever)
            continue;
        break;
    case SCRIPT_FAIL_STOP:
        raise(SIGSTOP);
        break;
    case SCRIPT_FAIL_LEAK:
        return leak(err);
    case SCRIPT_FAIL_GARBAGE:
        write_garbage(STDOUT_FILENO);
        write_garbage(STDERR_FILENO);
        break;
    case SCRIPT_FAIL_NONE:
    case SCRIPT_FAIL_COUNT:
        break;
    }
    return ED_OK;
}

enum ed_status script_play(const struct script_section *section, struct script_played *played,
                           int64_t begin_ns, int64_t ns, struct ed_error *err) {
    enum ed_status status = ED_OK;
    uint64_t call = played->calls++;
    if (section->fail && call == (uint64_t)section->fail_at)
        status = fail_now(section, err);
    if (!status && section->touch_bytes && !played->held)
        status = map_memory(&played->memory, (size_t)section->touch_bytes, err);
    if (!status && section->touch_file_bytes && !played->held)
        status = map_file(&played->file, section->touch_file, (size_t)section->touch_file_bytes, err);
    for (int64_t left_ns; !status && (left_ns = ns - (ed_clock_raw_ns() - begin_ns)) > 0;)
        if (section->sleep)
            nanosleep(&(struct timespec){left_ns / 1000000000, left_ns % 1000000000}, NULL);
    if (status || !section->keep)
        script_played_release(played);
    else
        played->held = true;
    return status;
}

static void *thread_wait(void *argument) {
    struct script_threads *threads = argument;
    while (threads->spin && !atomic_load(&threads->over))
        ;
    pthread_mutex_lock(&threads->lock);
    while (!threads->end)
        pthread_cond_wait(&threads->ended, &threads->lock);
    pthread_mutex_unlock(&threads->lock);
    return NULL;
}

enum ed_status script_threads_start(struct script_threads *threads, size_t n, bool spin,
                                    struct ed_error *err) {
    if (!n)
        return ED_OK;
    threads->threads = calloc(n, sizeof *threads->threads);
    if (!threads->threads)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu threads", n);
    pthread_mutex_init(&threads->lock, NULL);
    pthread_cond_init(&threads->ended, NULL);
    threads->made = true;
    threads->end = false;
    threads->spin = spin;
    atomic_store(&threads->over, false);
    for (; threads->n < n; threads->n++)
        if ((errno = pthread_create(&threads->threads[threads->n], NULL, thread_wait, threads))) {
            enum ed_status status = ed_fail_errno(
                err, ED_ERR_LIMIT, NULL, "thread %zu of the script cannot be started: %m", threads->n + 1);
            script_threads_stop(threads);
            return status;
        }
    return ED_OK;
}

void script_threads_stop(struct script_threads *threads) {
    if (!threads->made)
        return;
    pthread_mutex_lock(&threads->lock);
    threads->end = true;
    atomic_store(&threads->over, true);
    pthread_cond_broadcast(&threads->ended);
    pthread_mutex_unlock(&threads->lock);
    for (size_t i = 0; i < threads->n; i++)
        pthread_join(threads->threads[i], NULL);
    pthread_cond_destroy(&threads->ended);
    pthread_mutex_destroy(&threads->lock);
    free(threads->threads);
    *threads = (struct script_threads){0};
}
