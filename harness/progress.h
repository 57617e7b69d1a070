// SPDX-License-Identifier: Apache-2.0
// Progress on standard error: on a terminal a live line per device, redrawn in place; in a log a plain line
// now and then; nothing with -q. Log lines that are written meanwhile go above the live lines. Every function
// but init and release may be called from any thread.
#ifndef EDGEDYNO_HARNESS_PROGRESS_H
#define EDGEDYNO_HARNESS_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ed_progress_style { ED_PROGRESS_NONE, ED_PROGRESS_PLAIN, ED_PROGRESS_LIVE };

struct ed_progress_device {
    char id[64];
    char now[160];       // what runs now; "" before and after
    int64_t done, total; // blocks, or bytes
    int64_t left_ns;     // expected; -1 unknown
    int64_t updated_ns;  // CLOCK_MONOTONIC of left_ns, so that it counts down between news
    bool finished;
    int64_t last_plain_ns;
    int64_t last_plain_done;
};

struct ed_progress {
    enum ed_progress_style style;
    bool bytes; // what is done are bytes: shown as a share of the whole; a plain line by time alone
    int fd;
    bool colour;
    struct ed_progress_device *devices; // owned
    size_t n;
    size_t lines_drawn;
    int64_t drawn_ns;
    pthread_mutex_t lock; // held from hide to show, so that a log line has the screen to itself
};

// LIVE when `fd` is a terminal that can move its cursor (TERM is not "dumb"), else PLAIN; NONE with `quiet`.
void ed_progress_init(struct ed_progress *progress, int fd, bool quiet, bool colour);
void ed_progress_release(struct ed_progress *progress);
// The devices, once; false when there is no memory (then nothing is shown).
bool ed_progress_devices(struct ed_progress *progress, const char *const *ids, size_t n);
void ed_progress_update(struct ed_progress *progress, size_t device, const char *now, int64_t done,
                        int64_t total, int64_t left_ns);
void ed_progress_finish(struct ed_progress *progress, size_t device);
// Redraws where that is due (at most 10 times a second; a plain line every 10 s or tenth of the blocks, of
// bytes every 10 s); call it as often as you like.
void ed_progress_draw(struct ed_progress *progress);
// For struct ed_log's before and after: takes the live lines away, draws them again. `context` is the
// progress.
void ed_progress_hide(void *context);
void ed_progress_show(void *context);

#endif
