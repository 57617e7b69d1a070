// SPDX-License-Identifier: Apache-2.0
// Progress on standard error.
#include "harness/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "reports/text.h"

#define LIVE_PERIOD_NS INT64_C(100000000) // with news; the measured machine may be this one
#define LIVE_IDLE_NS INT64_C(1000000000)  // without any, for the time that is left
#define NEWS (-1)                         // last_plain_done of a live line that is not drawn yet
#define PLAIN_PERIOD_NS INT64_C(10000000000)
#define LEFT_MOST_NS (INT64_C(366) * 24 * 3600 * 1000000000) // beyond any plan: not told
#define LINE_MAX_BYTES 2048
#define TEXT_MAX_BYTES (1u << 18)
#define COLUMNS_LEAST 10
#define BAR_FROM_COLUMNS 95 // where a line of words fits beside it
#define BAR_CELLS 16
#define ID_COLUMNS_MOST 16
#define ID_COLUMNS_MOST_BYTES 28 // NAME@VERSION

void ed_progress_init(struct ed_progress *progress, int fd, bool quiet, bool colour) {
    const char *term = getenv("TERM");
    memset(progress, 0, sizeof *progress);
    pthread_mutex_init(&progress->lock, NULL);
    progress->fd = fd;
    progress->colour = colour;
    if (quiet)
        progress->style = ED_PROGRESS_NONE;
    else if (isatty(fd) && term && term[0] && strcmp(term, "dumb") != 0)
        progress->style = ED_PROGRESS_LIVE;
    else
        progress->style = ED_PROGRESS_PLAIN;
}

// One write where the system allows it, so that lines of others do not come between.
static void put(const struct ed_progress *progress, const struct ed_buffer *text) {
    const char *bytes = ed_buffer_text(text);
    size_t n = text->size;
    int kept_errno = errno;
    while (n > 0) {
        ssize_t written = write(progress->fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        // Nobody is left to be shown anything.
        if (written <= 0)
            break;
        bytes += written;
        n -= (size_t)written;
    }
    errno = kept_errno;
}

static void terminal_size(const struct ed_progress *progress, size_t *columns, size_t *rows) {
    struct winsize size = {0};
    *columns = 80;
    *rows = 24;
    if (ioctl(progress->fd, TIOCGWINSZ, &size) == 0) {
        *columns = size.ws_col ? size.ws_col : 80;
        *rows = size.ws_row ? size.ws_row : 24;
    }
    // Terminals differ in what they do behind the last column.
    *columns -= *columns > COLUMNS_LEAST;
}

static bool any_left(const struct ed_progress *progress) {
    for (size_t i = 0; i < progress->n; i++)
        if (!progress->devices[i].finished)
            return true;
    return false;
}

static void left_text(const struct ed_progress_device *device, int64_t now_ns, char *text, size_t bytes) {
    text[0] = '\0';
    if (device->finished || device->left_ns < 0 || device->left_ns > LEFT_MOST_NS || device->total <= 0)
        return;
    int64_t left_ns = device->left_ns - (now_ns - device->updated_ns);
    int64_t s = left_ns > 0 ? (left_ns + 999999999) / 1000000000 : 0;
    if (s >= 3600)
        snprintf(text, bytes, "left %lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
                 (int)(s % 60));
    else
        snprintf(text, bytes, "left %d:%02d", (int)(s / 60), (int)(s % 60));
}

static const char *now_text(const struct ed_progress_device *device) {
    if (!device->finished)
        return device->now[0] ? device->now : "waits";
    if (device->total > 0 && device->done >= device->total)
        return "done";
    return device->now[0] ? device->now : "ended early";
}

static void count_text(const struct ed_progress *progress, const struct ed_progress_device *device,
                       char *text, size_t bytes) {
    if (device->total <= 0)
        snprintf(text, bytes, "-");
    else if (progress->bytes)
        // 100 only of the whole.
        snprintf(text, bytes, "%d %%",
                 device->done >= device->total ? 100
                 : device->done <= 0           ? 0
                                               : (int)(100.0 * (double)device->done / (double)device->total));
    else
        snprintf(text, bytes, "%lld/%lld", (long long)device->done, (long long)device->total);
}

// Text as a terminal shows it, cut to `columns` and then padded to it where `fill`.
static void cut(struct ed_buffer *out, const char *text, size_t columns, bool fill) {
    struct ed_buffer safe;
    ed_buffer_init(&safe, TEXT_MAX_BYTES);
    ed_text_visible(&safe, text, LINE_MAX_BYTES);
    const char *shown = ed_buffer_text(&safe);
    size_t width = ed_text_width(shown), used = width <= columns ? safe.size : 0;
    if (width > columns && columns > 3) {
        used = ed_text_prefix(shown, columns - 3);
        ed_buffer_append(out, shown, used);
        ed_buffer_text_append(out, "...");
        width = ed_text_width_n(shown, used) + 3;
    } else if (width > columns) {
        used = ed_text_prefix(shown, columns);
        ed_buffer_append(out, shown, used);
        width = ed_text_width_n(shown, used);
    } else
        ed_buffer_append(out, shown, used);
    if (fill && width < columns)
        ed_text_repeat(out, ' ', columns - width);
    ed_buffer_release(&safe);
}

// Widths that all lines share, so that they stand below each other.
struct columns {
    size_t all, id, count;
};

static void live_line(const struct ed_progress *progress, const struct ed_progress_device *device,
                      const struct columns *columns, int64_t now_ns, struct ed_buffer *out) {
    char left[48], count[48];
    size_t used = columns->id + 2 + columns->count + 2;
    bool bar = columns->all >= BAR_FROM_COLUMNS && device->total > 0;
    bool green = progress->colour && device->finished && device->total > 0 && device->done >= device->total;
    left_text(device, now_ns, left, sizeof left);
    count_text(progress, device, count, sizeof count);
    if (columns->all < used + 8) {
        // Too narrow for columns.
        char line[96];
        snprintf(line, sizeof line, "%s %.40s", count, device->id);
        cut(out, line, columns->all, false);
        return;
    }
    cut(out, device->id, columns->id, true);
    ed_text_repeat(out, ' ', 2 + columns->count - strlen(count));
    ed_buffer_text_append(out, count);
    ed_text_repeat(out, ' ', 2);
    if (bar) {
        int64_t done = device->done < 0 ? 0 : device->done > device->total ? device->total : device->done;
        size_t full = (size_t)((double)done / (double)device->total * BAR_CELLS);
        ed_buffer_append(out, "[", 1);
        ed_text_repeat(out, '#', full);
        ed_text_repeat(out, '-', BAR_CELLS - full);
        ed_buffer_text_append(out, "]  ");
        used += BAR_CELLS + 4;
    }
    size_t left_columns = strlen(left), room = columns->all - used;
    bool with_left = left_columns && room >= left_columns + 10;
    if (with_left)
        room -= left_columns + 2;
    ed_buffer_text_append(out, green ? "\x1b[32m" : "");
    cut(out, now_text(device), room, with_left);
    ed_buffer_text_append(out, green ? "\x1b[0m" : "");
    if (with_left)
        ed_buffer_printf(out, "  %s", left);
}

static void shared_columns(const struct ed_progress *progress, struct columns *columns) {
    char count[48];
    columns->id = columns->count = 1;
    for (size_t i = 0; i < progress->n; i++) {
        const struct ed_progress_device *device = &progress->devices[i];
        size_t id = ed_text_width(device->id);
        count_text(progress, device, count, sizeof count);
        size_t digits = progress->bytes ? sizeof "100 %" - 1 : strlen(count);
        columns->id = id > columns->id ? id : columns->id;
        columns->count = digits > columns->count ? digits : columns->count;
    }
    const size_t most = progress->bytes ? ID_COLUMNS_MOST_BYTES : ID_COLUMNS_MOST;
    if (columns->id > most)
        columns->id = most;
}

static void erase(struct ed_progress *progress, struct ed_buffer *out) {
    if (!progress->lines_drawn)
        return;
    ed_buffer_append(out, "\r", 1);
    if (progress->lines_drawn > 1)
        ed_buffer_printf(out, "\x1b[%zuA", progress->lines_drawn - 1);
    ed_buffer_text_append(out, "\x1b[J");
    progress->lines_drawn = 0;
}

// `last`: all is over, the lines stay where they are.
static void draw_live(struct ed_progress *progress, int64_t now_ns, bool last) {
    struct ed_buffer out;
    struct columns columns;
    size_t rows, n = progress->n;
    ed_buffer_init(&out, TEXT_MAX_BYTES);
    terminal_size(progress, &columns.all, &rows);
    shared_columns(progress, &columns);
    erase(progress, &out);
    // More lines than rows could not be taken away again.
    if (!last && n > rows - 1 && rows > 2)
        n = rows - 2;
    for (size_t i = 0; i < n; i++) {
        if (i)
            ed_buffer_append(&out, "\n", 1);
        live_line(progress, &progress->devices[i], &columns, now_ns, &out);
    }
    progress->lines_drawn = n;
    if (n < progress->n) {
        char more[64];
        snprintf(more, sizeof more, "and %zu more%s", progress->n - n, progress->bytes ? "" : " devices");
        ed_buffer_append(&out, "\n", 1);
        cut(&out, more, columns.all, false);
        progress->lines_drawn++;
    }
    if (last) {
        ed_buffer_append(&out, "\n", 1);
        progress->lines_drawn = 0;
    }
    put(progress, &out);
    progress->drawn_ns = now_ns;
    for (size_t i = 0; i < progress->n; i++)
        progress->devices[i].last_plain_done = 0;
    ed_buffer_release(&out);
}

static void plain_line(struct ed_progress *progress, struct ed_progress_device *device, int64_t now_ns) {
    struct ed_buffer out;
    char left[48], count[48];
    ed_buffer_init(&out, TEXT_MAX_BYTES);
    ed_text_visible(&out, device->id, sizeof device->id);
    ed_buffer_text_append(&out, ": ");
    count_text(progress, device, count, sizeof count);
    if (device->total > 0)
        ed_buffer_printf(&out, "%s  ", count);
    ed_text_visible(&out, now_text(device), sizeof device->now);
    left_text(device, now_ns, left, sizeof left);
    if (left[0])
        ed_buffer_printf(&out, "  %s", left);
    ed_buffer_append(&out, "\n", 1);
    put(progress, &out);
    ed_buffer_release(&out);
    device->last_plain_ns = now_ns;
    device->last_plain_done = device->done;
}

static void draw_plain(struct ed_progress *progress, int64_t now_ns) {
    for (size_t i = 0; i < progress->n; i++) {
        struct ed_progress_device *device = &progress->devices[i];
        int64_t step = device->total / 10 > 1 ? device->total / 10 : 1;
        if (device->finished || device->total <= 0)
            continue;
        // The line before it was said by who began it.
        if (progress->bytes && device->last_plain_ns == 0)
            device->last_plain_ns = now_ns;
        if (device->last_plain_ns == 0 || now_ns - device->last_plain_ns >= PLAIN_PERIOD_NS ||
            (!progress->bytes && device->done - device->last_plain_done >= step))
            plain_line(progress, device, now_ns);
    }
}

bool ed_progress_devices(struct ed_progress *progress, const char *const *ids, size_t n) {
    if (progress->style == ED_PROGRESS_NONE || n == 0)
        return true;
    progress->devices = calloc(n, sizeof *progress->devices);
    if (!progress->devices) {
        progress->style = ED_PROGRESS_NONE;
        return false;
    }
    progress->n = n;
    for (size_t i = 0; i < n; i++) {
        snprintf(progress->devices[i].id, sizeof progress->devices[i].id, "%s", ids[i]);
        progress->devices[i].left_ns = -1;
    }
    return true;
}

static void update_locked(struct ed_progress *progress, size_t device, const char *now, int64_t done,
                          int64_t total, int64_t left_ns) {
    if (device >= progress->n || progress->devices[device].finished)
        return;
    struct ed_progress_device *item = &progress->devices[device];
    char text[sizeof item->now];
    snprintf(text, sizeof text, "%s", now ? now : "");
    if (progress->style == ED_PROGRESS_LIVE &&
        (done != item->done || total != item->total || strcmp(text, item->now) != 0))
        item->last_plain_done = NEWS;
    memcpy(item->now, text, sizeof text);
    item->done = done;
    item->total = total;
    item->left_ns = left_ns;
    item->updated_ns = ed_clock_monotonic_ns();
}

static void finish_locked(struct ed_progress *progress, size_t device) {
    if (device >= progress->n || progress->devices[device].finished)
        return;
    progress->devices[device].finished = true;
    if (progress->style == ED_PROGRESS_LIVE)
        progress->devices[device].last_plain_done = NEWS;
    int64_t now_ns = ed_clock_monotonic_ns();
    if (progress->style == ED_PROGRESS_PLAIN && !progress->bytes)
        plain_line(progress, &progress->devices[device], now_ns);
    else if (progress->style == ED_PROGRESS_LIVE && !any_left(progress))
        draw_live(progress, now_ns, true);
}

static bool live_due(const struct ed_progress *progress, int64_t now_ns) {
    bool news = false;
    for (size_t i = 0; i < progress->n; i++)
        news = news || progress->devices[i].last_plain_done == NEWS;
    return progress->drawn_ns == 0 || now_ns - progress->drawn_ns >= (news ? LIVE_PERIOD_NS : LIVE_IDLE_NS);
}

static void draw_locked(struct ed_progress *progress) {
    int64_t now_ns = ed_clock_monotonic_ns();
    if (!any_left(progress))
        return;
    if (progress->style == ED_PROGRESS_PLAIN)
        draw_plain(progress, now_ns);
    else if (progress->style == ED_PROGRESS_LIVE && live_due(progress, now_ns))
        draw_live(progress, now_ns, false);
}

void ed_progress_hide(void *context) {
    struct ed_progress *progress = context;
    struct ed_buffer out;
    pthread_mutex_lock(&progress->lock);
    if (!progress->lines_drawn)
        return;
    ed_buffer_init(&out, TEXT_MAX_BYTES);
    erase(progress, &out);
    put(progress, &out);
    ed_buffer_release(&out);
}

void ed_progress_show(void *context) {
    struct ed_progress *progress = context;
    // Before the first draw there was nothing to take away.
    if (progress->style == ED_PROGRESS_LIVE && progress->drawn_ns != 0 && any_left(progress))
        draw_live(progress, ed_clock_monotonic_ns(), false);
    pthread_mutex_unlock(&progress->lock);
}

void ed_progress_update(struct ed_progress *progress, size_t device, const char *now, int64_t done,
                        int64_t total, int64_t left_ns) {
    pthread_mutex_lock(&progress->lock);
    update_locked(progress, device, now, done, total, left_ns);
    pthread_mutex_unlock(&progress->lock);
}

void ed_progress_finish(struct ed_progress *progress, size_t device) {
    pthread_mutex_lock(&progress->lock);
    finish_locked(progress, device);
    pthread_mutex_unlock(&progress->lock);
}

void ed_progress_draw(struct ed_progress *progress) {
    pthread_mutex_lock(&progress->lock);
    draw_locked(progress);
    pthread_mutex_unlock(&progress->lock);
}

void ed_progress_release(struct ed_progress *progress) {
    // Ended before every device was finished: what is on the screen stays there.
    if (progress->lines_drawn)
        draw_live(progress, ed_clock_monotonic_ns(), true);
    free(progress->devices);
    pthread_mutex_destroy(&progress->lock);
    memset(progress, 0, sizeof *progress);
}
