// SPDX-License-Identifier: Apache-2.0
// One way to fail: an enum status is returned, and a caller-owned struct carries what a person needs to know.
// Self-contained on purpose: an adapter outside the tree needs no library of ours to report an error.
#ifndef EDGEDYNO_ERROR_H
#define EDGEDYNO_ERROR_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum ed_status {
    ED_OK = 0,
    ED_ERR_USAGE,       // a flag, a suite, a fleet file or a value is wrong: exit code 2
    ED_ERR_PARSE,       // a file or a message is not of its format
    ED_ERR_NOT_FOUND,   // a file, device, engine, case or key does not exist
    ED_ERR_IO,          // the system refused a read, a write, a rename
    ED_ERR_NO_SPACE,    // the disk, quota or memory cgroup is full
    ED_ERR_NO_MEMORY,   // an allocation failed
    ED_ERR_LIMIT,       // something is larger than its documented maximum
    ED_ERR_UNSUPPORTED, // the format, type, backend or system cannot do this
    ED_ERR_REFUSED,     // the engine said no; message holds its own words
    ED_ERR_TIMEOUT,     // a deadline passed
    ED_ERR_BUSY,        // somebody else holds the device or the directory
    ED_ERR_LINK_LOST,   // the transport's connection broke
    ED_ERR_UNREACHABLE, // nothing answers there: no route, connection refused, unknown host, adb knows no
                        // such device
    ED_ERR_OFFLINE,     // adb knows the device, which does not answer
    ED_ERR_KEY_REFUSED, // authentication or host key
    ED_ERR_NO_PROGRAM,  // a program to be run does not exist there
    ED_ERR_VERSION,     // a major version, abi or digest differs from what was expected
    ED_ERR_CANCELLED,   // the user or a stop request ended it
    ED_ERR_INTERNAL,    // a defect of edgedyno
    ED_STATUS_COUNT
};

#define ED_ERROR_WHERE_BYTES 256
#define ED_ERROR_MESSAGE_BYTES 1024

// `where` is a file:line:column, a JSON path, a device or a program; may be empty. `message` says what
// happened and what to do next, without a trailing full stop or newline. Both are always terminated.
// Zero-initialise before use.
struct ed_error {
    enum ed_status code;
    int sys_errno; // 0 where no system call is to blame
    char where[ED_ERROR_WHERE_BYTES];
    char message[ED_ERROR_MESSAGE_BYTES];
};

// Fills `err` (may be NULL) and returns `code`, so that a failing function ends with `return ed_fail(...)`.
// `where` may be NULL. Over-long text is cut. Thread-safe for distinct `err`.
__attribute__((format(printf, 5, 0))) static inline enum ed_status
ed_fail_v(struct ed_error *err, enum ed_status code, int sys_errno, const char *where, const char *format,
          va_list args) {
    if (err) {
        err->code = code;
        err->sys_errno = sys_errno;
        snprintf(err->where, sizeof err->where, "%s", where ? where : "");
        vsnprintf(err->message, sizeof err->message, format, args);
    }
    return code;
}

__attribute__((format(printf, 4, 5))) static inline enum ed_status
ed_fail(struct ed_error *err, enum ed_status code, const char *where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    ed_fail_v(err, code, 0, where, format, args);
    va_end(args);
    return code;
}

// As ed_fail, for a failed system call: keeps `errno` in sys_errno; ENOSPC and EDQUOT become ED_ERR_NO_SPACE,
// ENOENT ED_ERR_NOT_FOUND, ENOMEM ED_ERR_NO_MEMORY, whatever `code` was. The message should end with
// strerror's words: use %m.
__attribute__((format(printf, 4, 5))) static inline enum ed_status
ed_fail_errno(struct ed_error *err, enum ed_status code, const char *where, const char *format, ...) {
    int number = errno;
    va_list args;
    if (number == ENOSPC || number == EDQUOT)
        code = ED_ERR_NO_SPACE;
    else if (number == ENOENT)
        code = ED_ERR_NOT_FOUND;
    else if (number == ENOMEM)
        code = ED_ERR_NO_MEMORY;
    va_start(args, format);
    errno = number;
    ed_fail_v(err, code, number, where, format, args);
    va_end(args);
    return code;
}

// The stable word for a status as it appears on the wire and in journals ("not_found"); "unknown" outside the
// range.
static inline const char *ed_status_word(enum ed_status code) {
    static const char *const words[ED_STATUS_COUNT] = {
        [ED_OK] = "ok",
        [ED_ERR_USAGE] = "usage",
        [ED_ERR_PARSE] = "parse",
        [ED_ERR_NOT_FOUND] = "not_found",
        [ED_ERR_IO] = "io",
        [ED_ERR_NO_SPACE] = "no_space",
        [ED_ERR_NO_MEMORY] = "no_memory",
        [ED_ERR_LIMIT] = "limit",
        [ED_ERR_UNSUPPORTED] = "unsupported",
        [ED_ERR_REFUSED] = "refused",
        [ED_ERR_TIMEOUT] = "timeout",
        [ED_ERR_BUSY] = "busy",
        [ED_ERR_LINK_LOST] = "link_lost",
        [ED_ERR_UNREACHABLE] = "unreachable",
        [ED_ERR_OFFLINE] = "offline",
        [ED_ERR_KEY_REFUSED] = "key_refused",
        [ED_ERR_NO_PROGRAM] = "no_program",
        [ED_ERR_VERSION] = "version",
        [ED_ERR_CANCELLED] = "cancelled",
        [ED_ERR_INTERNAL] = "internal",
    };
    return (unsigned)code < ED_STATUS_COUNT ? words[code] : "unknown";
}

#endif
