// SPDX-License-Identifier: Apache-2.0
// Words for people on standard error. Levels are set once by main before any thread starts; `-q` shows errors
// alone, `-v` details.
#ifndef EDGEDYNO_BASE_LOG_H
#define EDGEDYNO_BASE_LOG_H

#include "edgedyno/error.h"

enum ed_log_level { ED_LOG_ERROR, ED_LOG_WARNING, ED_LOG_INFO, ED_LOG_DETAIL };

struct ed_log {
    const char *program;     // prefix: "edgedyno: "
    enum ed_log_level level; // what is shown
    // Called around a line so that a progress display can step aside; may be NULL.
    void (*before)(void *context);
    void (*after)(void *context);
    void *context;
};

// One line, written by one write() so that lines of several processes do not mix; control characters in it
// are shown as \xNN, since text from a device may hold terminal escapes.
__attribute__((format(printf, 3, 4))) void ed_log_line(const struct ed_log *log, enum ed_log_level level,
                                                       const char *format, ...);
// "program: error: WHERE: MESSAGE".
void ed_log_error(const struct ed_log *log, const struct ed_error *err);

#endif
