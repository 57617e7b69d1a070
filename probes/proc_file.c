// SPDX-License-Identifier: Apache-2.0
// Reading and parsing small files of /proc and /sys.
#include "probes/proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *below_root(const char *path) {
    while (*path == '/')
        path++;
    return *path ? path : ".";
}

static const struct {
    const char *name;
    int number;
} errors[] = {{"EACCES", EACCES}, {"EPERM", EPERM},         {"EINVAL", EINVAL},         {"EIO", EIO},
              {"EAGAIN", EAGAIN}, {"ENODATA", ENODATA},     {"ENXIO", ENXIO},           {"ENODEV", ENODEV},
              {"EBUSY", EBUSY},   {"ETIMEDOUT", ETIMEDOUT}, {"EOPNOTSUPP", EOPNOTSUPP}, {"ENOSYS", ENOSYS},
              {"ESRCH", ESRCH},   {"EREMOTEIO", EREMOTEIO}};
#define N_ERRORS (sizeof errors / sizeof errors[0])

int ed_proc_error_number(const char *name) {
    for (size_t i = 0; i < N_ERRORS; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].number;
    return 0;
}

const char *ed_proc_error_name(int number) {
    for (size_t i = 0; i < N_ERRORS; i++)
        if (errors[i].number == number)
            return errors[i].name;
    return "EIO";
}

// What the recorded machine answered instead of a file; ENOENT where it had none.
static int recorded_error(int root_fd, const char *path) {
    char target[32];
    const ssize_t n = readlinkat(root_fd, below_root(path), target, sizeof target - 1);
    if (n < 2 || target[0] != '!')
        return ENOENT;
    target[n] = 0;
    const int number = ed_proc_error_number(target + 1);
    return number ? number : ENOENT;
}

int ed_proc_open(int root_fd, const char *path) {
    struct stat info;
    int fd;
    do
        // Without O_NONBLOCK a named pipe in a recorded tree would hang the sampler.
        fd = openat(root_fd, below_root(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return errno == ENOENT ? -recorded_error(root_fd, path) : -errno;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

void ed_proc_close(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

ssize_t ed_proc_pread(int fd, char *text, size_t bytes) {
    size_t size = 0;
    text[0] = 0;
    while (size + 1 < bytes) {
        ssize_t n = pread(fd, text + size, bytes - 1 - size, (off_t)size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            text[0] = 0;
            return -errno;
        }
        if (n == 0)
            break;
        size += (size_t)n;
    }
    text[size] = 0;
    return (ssize_t)size;
}

ssize_t ed_proc_read(int root_fd, const char *path, char *text, size_t bytes) {
    int fd = ed_proc_open(root_fd, path);
    text[0] = 0;
    if (fd < 0)
        return fd;
    ssize_t n = ed_proc_pread(fd, text, bytes);
    close(fd);
    return n;
}

bool ed_proc_read_word(int root_fd, const char *path, char *text, size_t bytes) {
    if (ed_proc_read(root_fd, path, text, bytes) <= 0)
        return false;
    size_t skip = strspn(text, " \t");
    memmove(text, text + skip, strlen(text + skip) + 1);
    text[strcspn(text, "\r\n")] = 0;
    for (size_t n = strlen(text); n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'); n--)
        text[n - 1] = 0;
    return text[0] != 0;
}

static int compare_ints(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

int ed_proc_list_numbers(int root_fd, const char *directory, const char *prefix, int *numbers,
                         size_t capacity) {
    size_t count = 0, prefix_bytes = strlen(prefix);
    int fd = openat(root_fd, below_root(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *entries = fdopendir(fd);
    if (!entries) {
        int number = errno;
        close(fd);
        return -number;
    }
    for (struct dirent *entry; count < capacity && (entry = readdir(entries));) {
        const char *digits = entry->d_name + prefix_bytes;
        if (strncmp(entry->d_name, prefix, prefix_bytes) != 0)
            continue;
        size_t n = strspn(digits, "0123456789");
        if (n == 0 || n > 6 || digits[n])
            continue;
        numbers[count++] = (int)strtol(digits, NULL, 10);
    }
    closedir(entries);
    qsort(numbers, count, sizeof *numbers, compare_ints);
    return (int)count;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(a, b);
}

int ed_proc_list_names(int root_fd, const char *directory, const char *prefix,
                       char (*names)[ED_PROC_NAME_BYTES], size_t capacity) {
    size_t count = 0;
    int fd = openat(root_fd, below_root(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *entries = fdopendir(fd);
    if (!entries) {
        int number = errno;
        close(fd);
        return -number;
    }
    for (struct dirent *entry; count < capacity && (entry = readdir(entries));) {
        const char *name = entry->d_name;
        if (strncmp(name, prefix, strlen(prefix)) != 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strlen(name) >= ED_PROC_NAME_BYTES)
            continue;
        strcpy(names[count++], name);
    }
    closedir(entries);
    qsort(names, count, sizeof *names, compare_names);
    return (int)count;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool ed_proc_number(const char **cursor, int64_t *value) {
    const char *p = *cursor;
    int64_t sum = 0;
    while (*p == ' ' || *p == '\t')
        p++;
    bool negative = *p == '-';
    if (negative)
        p++;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        // Summed on the negative side, which reaches one further.
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, *p - '0', &sum))
            return false;
    if (*p && !is_space(*p))
        return false;
    if (!negative && __builtin_sub_overflow((int64_t)0, sum, &sum))
        return false;
    *value = sum;
    *cursor = p;
    return true;
}

bool ed_proc_number_alone(const char *text, int64_t *value) {
    int64_t number;
    if (!ed_proc_number(&text, &number))
        return false;
    while (is_space(*text))
        text++;
    if (*text)
        return false;
    *value = number;
    return true;
}

bool ed_proc_pread_number(int fd, int64_t *value) {
    char text[64];
    ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    return n > 0 && n < (ssize_t)sizeof text - 1 && strlen(text) == (size_t)n &&
           ed_proc_number_alone(text, value);
}

bool ed_proc_await_number(int fd, int64_t *value) {
    char text[2];
    for (int i = 0; i < 5 && fd >= 0 && ed_proc_pread(fd, text, sizeof text) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return ed_proc_pread_number(fd, value);
}

bool ed_proc_read_number(int root_fd, const char *path, int64_t *value) {
    int fd = ed_proc_open(root_fd, path);
    bool ok = ed_proc_pread_number(fd, value);
    ed_proc_close(&fd);
    return ok;
}

bool ed_proc_kib_field(const char *text, const char *key, int64_t *bytes) {
    size_t key_bytes = strlen(key);
    int64_t number;
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, key, key_bytes) != 0 || line[key_bytes] != ':')
            continue;
        const char *p = line + key_bytes + 1;
        return ed_proc_number(&p, &number) && number >= 0 && strncmp(p, " kB\n", 4) == 0 &&
               !__builtin_mul_overflow(number, 1024, bytes);
    }
    return false;
}

bool ed_proc_stat_field(const char *text, int field, int64_t *value) {
    const char *p = strrchr(text, ')');
    if (!p || p[1] != ' ' || !p[2] || p[3] != ' ')
        return false;
    p += 3;
    for (int i = 4; i <= field; i++) {
        int64_t number;
        if (!ed_proc_number(&p, &number) || *p != ' ')
            return false;
        if (i == field) {
            *value = number;
            return true;
        }
    }
    return false;
}
