// SPDX-License-Identifier: Apache-2.0
// Page cache: drop and count.
#include "runners/cold.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_BYTES ((size_t)256 << 20)

static enum ed_status count_resident(int fd, size_t bytes, const char *path, size_t *pages, size_t *resident,
                                     struct ed_error *err) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < bytes; at += WINDOW_BYTES) {
        const size_t window = bytes - at < WINDOW_BYTES ? bytes - at : WINDOW_BYTES;
        const size_t n = (window + page - 1) / page;
        unsigned char *flags = malloc(n);
        void *base = mmap(NULL, window, PROT_READ, MAP_SHARED, fd, (off_t)at);
        const int failed = !flags || base == MAP_FAILED || mincore(base, window, flags) != 0;
        for (size_t i = 0; !failed && i < n; i++)
            *resident += flags[i] & 1;
        *pages += n;
        if (base != MAP_FAILED)
            munmap(base, window);
        free(flags);
        if (failed)
            return ed_fail(err, ED_ERR_UNSUPPORTED, path,
                           "the system does not tell which of its pages are cached");
    }
    return ED_OK;
}

enum ed_status ed_cold_drop(const char *const *paths, size_t n, double *resident_share,
                            struct ed_error *err) {
    size_t pages = 0, resident = 0;
    enum ed_status status = ED_OK;
    *resident_share = 0;
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        struct stat file;
        int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return ed_fail_errno(err, ED_ERR_IO, paths[i],
                                 "cannot be opened to drop it from the page cache: %m");
        // Dirty pages are not dropped; a model that was just copied here has some.
        fdatasync(fd);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        if (fstat(fd, &file) == 0 && file.st_size > 0)
            status = count_resident(fd, (size_t)file.st_size, paths[i], &pages, &resident, err);
        close(fd);
    }
    if (pages)
        *resident_share = (double)resident / (double)pages;
    return status;
}
