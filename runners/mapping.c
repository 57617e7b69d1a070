// SPDX-License-Identifier: Apache-2.0
// The shared memory of a block.
#include "runners/mapping.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_ROUND ((size_t)65536) // a multiple of every page size in use, up to 64 KiB pages of arm64

static size_t round_up(size_t n) {
    return (n + PAGE_ROUND - 1) / PAGE_ROUND * PAGE_ROUND;
}

// An anonymous file: memfd where the kernel has it (3.17), else an unlinked file beside the job (the current
// directory).
static int anonymous_file(void) {
#ifdef SYS_memfd_create
    int fd = (int)syscall(SYS_memfd_create, "edgedyno-block", 1u /* close on exec */);
    if (fd >= 0)
        return fd;
#endif
    char name[] = "block.XXXXXX";
    int file = mkostemp(name, O_CLOEXEC);
    if (file >= 0)
        unlink(name);
    return file;
}

enum ed_status ed_mapping_make(struct ed_mapping **mapping, int *fd, size_t capacity, struct ed_error *err) {
    size_t offset = round_up(sizeof(struct ed_mapping));
    size_t total = round_up(offset + capacity * sizeof(int64_t));
    *mapping = NULL;
    *fd = anonymous_file();
    if (*fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, NULL, "cannot make the shared memory of a block: %m");
    if (ftruncate(*fd, (off_t)total) != 0) {
        ed_fail_errno(err, ED_ERR_IO, NULL, "cannot make %zu bytes of shared memory: %m", total);
        close(*fd);
        return err ? err->code : ED_ERR_IO;
    }
    void *base = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *fd, 0);
    if (base == MAP_FAILED) {
        ed_fail_errno(err, ED_ERR_IO, NULL, "cannot map %zu bytes of shared memory: %m", total);
        close(*fd);
        return err ? err->code : ED_ERR_IO;
    }
    // Touched with data, so that the worker's stores meet pages that exist; then dropped from this process's
    // own tables, since the supervisor's resident size is part of what it costs the device.
    memset(base, 0, total);
    struct ed_mapping *m = base;
    m->magic = ED_MAPPING_MAGIC;
    m->version = ED_MAPPING_VERSION;
    m->struct_bytes = sizeof *m;
    m->total_bytes = total;
    m->samples_offset = offset;
    m->capacity = capacity;
    m->stride = 1;
    m->isolation_errno = -1;
    m->open_ns = m->load_ns = m->first_inference_ns = -1;
    madvise((char *)base + offset, total - offset, MADV_DONTNEED);
    *mapping = m;
    return ED_OK;
}

enum ed_status ed_mapping_attach(struct ed_mapping **mapping, int fd, struct ed_error *err) {
    struct stat file;
    *mapping = NULL;
    if (fstat(fd, &file) != 0 || file.st_size < (off_t)sizeof(struct ed_mapping))
        return ed_fail(err, ED_ERR_INTERNAL, NULL, "the worker was started without its shared memory");
    size_t total = (size_t)file.st_size;
    void *base = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (base == MAP_FAILED)
        return ed_fail_errno(err, ED_ERR_IO, NULL, "cannot map the block's shared memory: %m");
    struct ed_mapping *m = base;
    if (m->magic != ED_MAPPING_MAGIC || m->version != ED_MAPPING_VERSION || m->struct_bytes != sizeof *m ||
        m->total_bytes != total || m->samples_offset < sizeof *m || m->samples_offset > total ||
        m->capacity > (total - m->samples_offset) / sizeof(int64_t)) {
        munmap(base, total);
        return ed_fail(err, ED_ERR_VERSION, NULL, "the block's shared memory is not of this runner's layout");
    }
    *mapping = m;
    return ED_OK;
}

void ed_mapping_release(struct ed_mapping *mapping) {
    if (mapping)
        munmap(mapping, mapping->total_bytes);
}

int64_t *ed_mapping_samples(struct ed_mapping *mapping) {
    return (int64_t *)((char *)mapping + mapping->samples_offset);
}
