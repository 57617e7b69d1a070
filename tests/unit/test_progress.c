// SPDX-License-Identifier: Apache-2.0
// harness/progress: what it draws goes through a real pseudo-terminal into a small screen that obeys it, and
// the screen is compared.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "harness/progress.h"

#define ROWS 24
#define COLUMNS_MOST 200

// The part of a terminal that progress uses. Anything else in the output fails the test.
struct screen {
    int master, slave;
    size_t columns, rows;
    char cells[ROWS][COLUMNS_MOST + 1];
    size_t row, column, furthest;
    char raw[65536]; // everything that came
    size_t n_raw;
};

static void resize(struct screen *screen, size_t columns, size_t rows) {
    const struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    screen->columns = columns;
    screen->rows = rows;
    assert_int_equal(ioctl(screen->slave, TIOCSWINSZ, &size), 0);
}

static void open_screen(struct screen *screen, size_t columns, size_t rows) {
    struct termios raw;
    memset(screen, 0, sizeof *screen);
    screen->master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(screen->master >= 0);
    assert_int_equal(grantpt(screen->master), 0);
    assert_int_equal(unlockpt(screen->master), 0);
    screen->slave = open(ptsname(screen->master), O_RDWR | O_NOCTTY);
    assert_true(screen->slave >= 0);
    assert_int_equal(tcgetattr(screen->slave, &raw), 0);
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST | ONLCR;
    assert_int_equal(tcsetattr(screen->slave, TCSANOW, &raw), 0);
    resize(screen, columns, rows);
    setenv("TERM", "xterm", 1);
}

static void close_screen(struct screen *screen) {
    close(screen->slave);
    close(screen->master);
}

static size_t escape(struct screen *screen, const char *bytes, size_t n) {
    char *end;
    assert_true(n >= 3 && bytes[1] == '[');
    long number = strtol(bytes + 2, &end, 10);
    size_t used = (size_t)(end - bytes) + 1;
    assert_true(used <= n);
    if (*end == 'A') {
        assert_true(number >= 1 && (size_t)number <= screen->row);
        screen->row -= (size_t)number;
    } else if (*end == 'J') {
        memset(screen->cells[screen->row] + screen->column, 0, COLUMNS_MOST - screen->column);
        for (size_t row = screen->row + 1; row < ROWS; row++)
            memset(screen->cells[row], 0, COLUMNS_MOST);
    } else
        assert_int_equal(*end, 'm');
    return used;
}

static void obey(struct screen *screen, const char *bytes, size_t n) {
    for (size_t i = 0; i < n;) {
        char c = bytes[i];
        if (c == '\x1b') {
            i += escape(screen, bytes + i, n - i);
            continue;
        }
        i++;
        if (c == '\r')
            screen->column = 0;
        else if (c == '\n')
            screen->row++;
        else {
            assert_true((unsigned char)c >= ' ' && c != 0x7f);
            // No character in the last column: some terminals wrap there already.
            assert_true(screen->column + 1 < screen->columns);
            screen->cells[screen->row][screen->column++] = c;
        }
        assert_true(screen->row < screen->rows);
        screen->furthest = screen->row > screen->furthest ? screen->row : screen->furthest;
    }
}

// Takes what has been written; returns the number of bytes.
static size_t take(struct screen *screen) {
    struct pollfd ready = {.fd = screen->master, .events = POLLIN};
    size_t before = screen->n_raw;
    tcdrain(screen->slave);
    while (poll(&ready, 1, 0) > 0) {
        ssize_t n = read(screen->master, screen->raw + screen->n_raw, sizeof screen->raw - 1 - screen->n_raw);
        if (n <= 0)
            break;
        screen->n_raw += (size_t)n;
    }
    obey(screen, screen->raw + before, screen->n_raw - before);
    return screen->n_raw - before;
}

static void check_row(struct screen *screen, size_t row, const char *wanted) {
    char text[COLUMNS_MOST + 1];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS_MOST; i++) {
        text[i] = screen->cells[row][i] ? screen->cells[row][i] : ' ';
        if (text[i] != ' ')
            n = i + 1;
    }
    text[n] = '\0';
    assert_string_equal(text, wanted);
}

static void start(struct ed_progress *progress, const struct screen *screen, size_t n) {
    static const char *const ids[] = {"local", "pixel", "pi5", "d3", "d4", "d5", "d6", "d7"};
    ed_progress_init(progress, screen->slave, false, false);
    assert_int_equal(progress->style, ED_PROGRESS_LIVE);
    assert_true(ed_progress_devices(progress, ids, n));
}

// Lets the next draw happen although a tenth of a second has not passed.
static void draw(struct ed_progress *progress, struct screen *screen) {
    progress->drawn_ns = 0;
    ed_progress_draw(progress);
    take(screen);
}

static void test_styles(void **state) {
    struct ed_progress progress;
    struct screen screen;
    int ends[2];
    (void)state;
    open_screen(&screen, 80, 24);
    ed_progress_init(&progress, screen.slave, true, false);
    assert_int_equal(progress.style, ED_PROGRESS_NONE);
    setenv("TERM", "dumb", 1);
    ed_progress_init(&progress, screen.slave, false, false);
    assert_int_equal(progress.style, ED_PROGRESS_PLAIN);
    unsetenv("TERM");
    ed_progress_init(&progress, screen.slave, false, false);
    assert_int_equal(progress.style, ED_PROGRESS_PLAIN);
    setenv("TERM", "xterm", 1);
    assert_int_equal(pipe(ends), 0);
    ed_progress_init(&progress, ends[1], false, false);
    assert_int_equal(progress.style, ED_PROGRESS_PLAIN);
    close(ends[0]);
    close(ends[1]);
    close_screen(&screen);
}

static void test_live_line(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    start(&progress, &screen, 2);
    ed_progress_update(&progress, 0, "digits/int8 timing 3/10", 12, 40, INT64_C(35000000000));
    draw(&progress, &screen);
    check_row(&screen, 0, "local  12/40  digits/int8 timing 3/10                                 left 0:35");
    check_row(&screen, 1, "pixel      -  waits");
    ed_progress_update(&progress, 0, "digits/int8 timing 4/10", 13, 40, INT64_C(3725000000000));
    ed_progress_update(&progress, 1, "a", 0, 100, -1);
    draw(&progress, &screen);
    check_row(&screen, 0, "local  13/40  digits/int8 timing 4/10                              left 1:02:05");
    check_row(&screen, 1, "pixel  0/100  a");
    check_row(&screen, 2, "");
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

static void test_bar(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 100, 24);
    start(&progress, &screen, 1);
    ed_progress_update(&progress, 0, "x", 1, 4, -1);
    draw(&progress, &screen);
    check_row(&screen, 0, "local  1/4  [####------------]  x");
    ed_progress_update(&progress, 0, "x", 9, 4, -1);
    draw(&progress, &screen);
    check_row(&screen, 0, "local  9/4  [################]  x");
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

static void test_counts_down(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    start(&progress, &screen, 1);
    ed_progress_update(&progress, 0, "x", 1, 2, INT64_C(100000000000));
    progress.devices[0].updated_ns -= INT64_C(40000000000);
    draw(&progress, &screen);
    assert_non_null(strstr(screen.raw, "left 1:00"));
    progress.devices[0].updated_ns -= INT64_C(400000000000);
    draw(&progress, &screen);
    assert_non_null(strstr(screen.raw, "left 0:00"));
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

static void test_rate(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    start(&progress, &screen, 1);
    ed_progress_update(&progress, 0, "x", 1, 2, -1);
    draw(&progress, &screen);
    size_t n = screen.n_raw;
    // At once after a draw nothing is due, unless this test itself was stopped for a tenth of a second.
    int64_t drawn_ns = progress.drawn_ns;
    ed_progress_draw(&progress);
    take(&screen);
    assert_true(screen.n_raw == n || progress.drawn_ns - drawn_ns >= INT64_C(100000000));
    // Without news it waits longer.
    progress.drawn_ns -= INT64_C(100000000);
    drawn_ns = progress.drawn_ns;
    ed_progress_draw(&progress);
    assert_true(take(&screen) == 0 || progress.drawn_ns - drawn_ns >= INT64_C(1000000000));
    ed_progress_update(&progress, 0, "y", 1, 2, -1);
    progress.drawn_ns -= INT64_C(100000000);
    ed_progress_draw(&progress);
    assert_true(take(&screen) > 0);
    progress.drawn_ns -= INT64_C(1000000000);
    ed_progress_draw(&progress);
    assert_true(take(&screen) > 0);
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

// No width may wrap or leave rows behind; obey() fails where a character lands in the last column.
static void test_widths(void **state) {
    (void)state;
    for (size_t columns = 12; columns <= 140; columns++) {
        struct ed_progress progress;
        struct screen screen;
        open_screen(&screen, columns, 24);
        start(&progress, &screen, 3);
        ed_progress_update(&progress, 0, "a-model-with-a-rather-long-name/int8-per-channel timing 123/1000",
                           12345, 40000, 1);
        ed_progress_update(&progress, 1, "b", 1, 2, INT64_C(99999000000000));
        draw(&progress, &screen);
        draw(&progress, &screen);
        assert_int_equal(screen.furthest, 2);
        assert_int_equal(screen.row, 2);
        ed_progress_release(&progress);
        take(&screen);
        assert_int_equal(screen.row, 3);
        close_screen(&screen);
    }
}

static void test_resize(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 120, 24);
    start(&progress, &screen, 1);
    ed_progress_update(&progress, 0, "short", 1, 2, INT64_C(5000000000));
    draw(&progress, &screen);
    resize(&screen, 40, 24);
    // Terminals cut or re-flow what they show; the next draw must keep to the new width.
    draw(&progress, &screen);
    check_row(&screen, 0, "local  1/2  short             left 0:05");
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

static void test_more_devices_than_rows(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 60, 5);
    start(&progress, &screen, 8);
    for (size_t i = 0; i < 8; i++)
        ed_progress_update(&progress, i, "x", 1, 2, -1);
    draw(&progress, &screen);
    draw(&progress, &screen);
    check_row(&screen, 0, "local  1/2  x");
    check_row(&screen, 3, "and 5 more devices");
    assert_int_equal(screen.furthest, 3);
    // The last state shows all of them, and scrolls.
    screen.rows = ROWS;
    ed_progress_release(&progress);
    take(&screen);
    check_row(&screen, 7, "d7     1/2  x");
    close_screen(&screen);
}

static void test_hide_and_show(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    start(&progress, &screen, 2);
    // Before the first draw neither has anything to do.
    ed_progress_hide(&progress);
    ed_progress_show(&progress);
    assert_int_equal(take(&screen), 0);
    ed_progress_update(&progress, 0, "x", 1, 2, -1);
    ed_progress_update(&progress, 1, "y", 1, 2, -1);
    draw(&progress, &screen);
    ed_progress_hide(&progress);
    assert_int_equal(dprintf(screen.slave, "a log line\n"), 11);
    ed_progress_show(&progress);
    take(&screen);
    check_row(&screen, 0, "a log line");
    check_row(&screen, 1, "local  1/2  x");
    check_row(&screen, 2, "pixel  1/2  y");
    check_row(&screen, 3, "");
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

static void test_end(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    start(&progress, &screen, 2);
    ed_progress_update(&progress, 0, "x", 1, 2, INT64_C(5000000000));
    ed_progress_update(&progress, 1, "y", 1, 2, INT64_C(5000000000));
    draw(&progress, &screen);
    ed_progress_update(&progress, 0, "x", 2, 2, 0);
    ed_progress_finish(&progress, 0);
    ed_progress_update(&progress, 1, "link lost", 1, 2, INT64_C(5000000000));
    ed_progress_finish(&progress, 1);
    take(&screen);
    check_row(&screen, 0, "local  2/2  done");
    check_row(&screen, 1, "pixel  1/2  link lost");
    assert_int_equal(screen.row, 2);
    assert_int_equal(screen.column, 0);
    // Nothing comes after that.
    ed_progress_update(&progress, 0, "again", 1, 2, 0);
    ed_progress_finish(&progress, 1);
    draw(&progress, &screen);
    ed_progress_hide(&progress);
    ed_progress_show(&progress);
    ed_progress_release(&progress);
    assert_int_equal(take(&screen), 0);
    close_screen(&screen);
}

static void test_hostile(void **state) {
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    start(&progress, &screen, 1);
    ed_progress_update(&progress, 0, "a\x1b[2Jb\nc\rd\x9b\xff\x7f", 99, 2, INT64_MAX);
    draw(&progress, &screen);
    assert_non_null(strstr(screen.raw, "a\\x1b[2Jb\\x0ac\\x0dd\\x9b\\xff\\x7f"));
    assert_null(strstr(screen.raw, "\x1b[2J"));
    ed_progress_update(&progress, 0, "x", -5, 2, INT64_MIN);
    draw(&progress, &screen);
    ed_progress_update(&progress, 7, "no such device", 1, 2, 0);
    ed_progress_finish(&progress, 7);
    ed_progress_release(&progress);
    take(&screen);
    close_screen(&screen);
}

// Bytes are shown as a share; 100 % is said of the whole alone.
static void test_bytes(void **state) {
    static const char *const ids[] = {"all", "onnxruntime@1.27.0-webgpu"};
    struct ed_progress progress;
    struct screen screen;
    (void)state;
    open_screen(&screen, 80, 24);
    ed_progress_init(&progress, screen.slave, false, false);
    progress.bytes = true;
    assert_true(ed_progress_devices(&progress, ids, 2));
    ed_progress_update(&progress, 0, "3.0 MB of 4.0 MB", 2999999, 3000000, INT64_C(35000000000));
    draw(&progress, &screen);
    check_row(&screen, 0, "all                         99 %  3.0 MB of 4.0 MB                    left 0:35");
    check_row(&screen, 1, "onnxruntime@1.27.0-webgpu      -  waits");
    ed_progress_update(&progress, 1, "done", 7, 7, -1);
    ed_progress_finish(&progress, 1);
    ed_progress_update(&progress, 0, "", INT64_MAX, 3000000, -1);
    ed_progress_finish(&progress, 0);
    take(&screen);
    check_row(&screen, 0, "all                        100 %  done");
    check_row(&screen, 1, "onnxruntime@1.27.0-webgpu  100 %  done");
    ed_progress_release(&progress);
    close_screen(&screen);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_styles),        cmocka_unit_test(test_live_line),
        cmocka_unit_test(test_bar),           cmocka_unit_test(test_counts_down),
        cmocka_unit_test(test_rate),          cmocka_unit_test(test_widths),
        cmocka_unit_test(test_resize),        cmocka_unit_test(test_more_devices_than_rows),
        cmocka_unit_test(test_hide_and_show), cmocka_unit_test(test_end),
        cmocka_unit_test(test_hostile),       cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
