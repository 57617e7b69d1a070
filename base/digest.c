// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes, files and sets of files, computed by libmd.
#include "base/digest.h"

#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

#define READ_BYTES ((size_t)64 << 10) // a fleet digests in many threads at once

static void digest_finish(SHA2_CTX *context, char hex[ED_DIGEST_HEX_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[SHA256_DIGEST_LENGTH];
    SHA256Final(raw, context);
    for (size_t i = 0; i < sizeof raw; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    hex[2 * sizeof raw] = '\0';
}

void ed_digest_bytes(char hex[ED_DIGEST_HEX_BYTES], const void *bytes, size_t n) {
    SHA2_CTX context;
    SHA256Init(&context);
    if (n > 0)
        SHA256Update(&context, bytes, n);
    digest_finish(&context, hex);
}

bool ed_digest_same_state(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

enum ed_status ed_digest_file(char hex[ED_DIGEST_HEX_BYTES], int64_t *size, const char *path,
                              struct ed_error *err) {
    enum ed_status status = ED_OK;
    unsigned char *buffer = NULL;
    int64_t total = 0;
    struct stat before, after;
    SHA2_CTX context;

    // O_NONBLOCK: a FIFO must be refused below, not waited for.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot open the file: %m");
    if (fstat(fd, &before) != 0) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot read the state of the file: %m");
        goto out;
    }
    if (!S_ISREG(before.st_mode)) {
        status = ed_fail(err, ED_ERR_IO, path, "is %s, and a digest needs a regular file",
                         S_ISDIR(before.st_mode) ? "a directory" : "no regular file");
        goto out;
    }
    buffer = malloc(READ_BYTES);
    if (!buffer) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory to read the file");
        goto out;
    }
    SHA256Init(&context);
    for (;;) {
        ssize_t got = read(fd, buffer, READ_BYTES);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = ed_fail_errno(err, ED_ERR_IO, path, "cannot read the file at byte %lld: %m",
                                   (long long)total);
            goto out;
        }
        SHA256Update(&context, buffer, (size_t)got);
        total += got;
        // A file that grows as fast as it is read would never end.
        if (total > before.st_size)
            break;
    }
    // By path, so that a file put in its place meanwhile is noticed too.
    if (stat(path, &after) != 0 || !ed_digest_same_state(&before, &after) || total != before.st_size) {
        status = ed_fail(err, ED_ERR_IO, path,
                         "changed while it was read; wait until nothing writes to it, then try again");
        goto out;
    }
    digest_finish(&context, hex);
    if (size)
        *size = total;
out:
    free(buffer);
    close(fd);
    return status;
}

void ed_digest_set(char hex[ED_DIGEST_HEX_BYTES], const char *const *hexes, const int64_t *sizes,
                   const char *const *names, size_t n) {
    SHA2_CTX context;
    if (n == 1) {
        snprintf(hex, ED_DIGEST_HEX_BYTES, "%s", hexes[0]);
        return;
    }
    SHA256Init(&context);
    for (size_t i = 0; i < n; i++) {
        const char *name = ed_path_base(names[i]);
        char size[32];
        int size_bytes = snprintf(size, sizeof size, "  %lld  ", (long long)sizes[i]);
        SHA256Update(&context, (const uint8_t *)hexes[i], strlen(hexes[i]));
        SHA256Update(&context, (const uint8_t *)size, (size_t)size_bytes);
        SHA256Update(&context, (const uint8_t *)name, strlen(name));
        SHA256Update(&context, (const uint8_t *)"\n", 1);
    }
    digest_finish(&context, hex);
}

bool ed_digest_ok(const char *hex) {
    size_t n = 0;
    if (!hex)
        return false;
    for (; hex[n]; n++)
        if (n == 64 || !((hex[n] >= '0' && hex[n] <= '9') || (hex[n] >= 'a' && hex[n] <= 'f')))
            return false;
    return n == 64;
}
