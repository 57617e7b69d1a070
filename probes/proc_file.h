// SPDX-License-Identifier: Apache-2.0
// Small text files of /proc and /sys, read below a root descriptor and parsed with suspicion: a value counts
// only if it is whole. Nothing here allocates or keeps state; every function may be called from any thread.
#ifndef EDGEDYNO_PROBES_PROC_FILE_H
#define EDGEDYNO_PROBES_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Fields of /proc/PID/stat by their number in proc(5).
enum { ED_STAT_MAJOR_FAULTS = 12, ED_STAT_USER_TIME = 14, ED_STAT_SYSTEM_TIME = 15, ED_STAT_THREADS = 20 };

// A recorded tree keeps a read that failed as a symbolic link to "!" and the error's name, such as !EACCES:
// opening it fails with that error.
//
// Opens a regular file for reading; `path` is taken below root_fd, with or without a leading slash. Never
// blocks (a pipe or a device is refused with -EINVAL). Returns a descriptor that the caller closes, or
// -errno.
int ed_proc_open(int root_fd, const char *path);
// Closes *fd where it is not negative and makes it -1.
void ed_proc_close(int *fd);
// Reads from the first byte on, whatever was read before, until the end or until bytes - 1 are there, and
// terminates with a NUL; content beyond is cut, which a caller to whom it matters sees by the result.
// Interrupted and short reads go on. Returns the number of bytes (0: empty) or -errno (-ESRCH: the process is
// gone).
ssize_t ed_proc_pread(int fd, char *text, size_t bytes);
// Open, read, close.
ssize_t ed_proc_read(int root_fd, const char *path, char *text, size_t bytes);
// First line of a small file without its surrounding white space. False: no such file, empty, or not
// readable.
bool ed_proc_read_word(int root_fd, const char *path, char *text, size_t bytes);
// The numbers N of the entries PREFIXN of a directory, ascending. Returns how many were stored, or -errno.
int ed_proc_list_numbers(int root_fd, const char *directory, const char *prefix, int *numbers,
                         size_t capacity);

// The entries of a directory that begin with `prefix`, sorted by their bytes; "." and "..", and names that do
// not fit, are left out. Returns how many were stored, or -errno.
#define ED_PROC_NAME_BYTES 64
int ed_proc_list_names(int root_fd, const char *directory, const char *prefix,
                       char (*names)[ED_PROC_NAME_BYTES], size_t capacity);

// A decimal integer at *cursor after spaces or tabs, ended by white space or the end of the text; *cursor
// goes behind it. False (and *value untouched) for anything else or outside int64.
bool ed_proc_number(const char **cursor, int64_t *value);
// The text is one integer and white space, nothing else.
bool ed_proc_number_alone(const char *text, int64_t *value);
// As above for an open file or a path: false also where it cannot be read.
bool ed_proc_pread_number(int fd, int64_t *value);
// As ed_proc_pread_number, but an empty file is read up to five times within 5 ms: a writer may be about to
// fill it. For detect.
bool ed_proc_await_number(int fd, int64_t *value);
bool ed_proc_read_number(int root_fd, const char *path, int64_t *value);
// "KEY:   123 kB" of /proc/meminfo or /proc/PID/status as bytes. False where the line is missing, cut, or
// overflows.
bool ed_proc_kib_field(const char *text, const char *key, int64_t *bytes);
// One numeric field (at least 4) of /proc/PID/stat; the command's name may hold spaces and parentheses.
bool ed_proc_stat_field(const char *text, int field, int64_t *value);

// Error number of a name ("EACCES"), 0 where it is not known; and the name of a number, "EIO" where it has
// none.
int ed_proc_error_number(const char *name);
const char *ed_proc_error_name(int number);

#endif
