// SPDX-License-Identifier: Apache-2.0
// harness/progress where there is no terminal: lines into a real pipe.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "harness/progress.h"

// Into a pipe; returns what came.
static size_t take_pipe(int fd, char *text, size_t bytes) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    size_t n = 0;
    while (poll(&ready, 1, 0) > 0) {
        ssize_t got = read(fd, text + n, bytes - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    text[n] = '\0';
    return n;
}

static void test_plain(void **state) {
    static const char *const ids[] = {"local"};
    struct ed_progress progress;
    char text[4096];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    ed_progress_init(&progress, ends[1], false, true);
    assert_true(ed_progress_devices(&progress, ids, 1));
    ed_progress_draw(&progress);
    assert_int_equal(take_pipe(ends[0], text, sizeof text), 0);
    ed_progress_update(&progress, 0, "digits timing 1/10", 0, 40, INT64_C(35000000000));
    ed_progress_draw(&progress);
    take_pipe(ends[0], text, sizeof text);
    assert_string_equal(text, "local: 0/40  digits timing 1/10  left 0:35\n");
    // Neither a tenth of the blocks nor ten seconds.
    ed_progress_update(&progress, 0, "digits timing 4/10", 3, 40, -1);
    ed_progress_draw(&progress);
    assert_int_equal(take_pipe(ends[0], text, sizeof text), 0);
    ed_progress_update(&progress, 0, "digits timing 5/10", 4, 40, -1);
    ed_progress_draw(&progress);
    take_pipe(ends[0], text, sizeof text);
    assert_string_equal(text, "local: 4/40  digits timing 5/10\n");
    progress.devices[0].last_plain_ns -= INT64_C(10000000000);
    ed_progress_draw(&progress);
    take_pipe(ends[0], text, sizeof text);
    assert_string_equal(text, "local: 4/40  digits timing 5/10\n");
    ed_progress_update(&progress, 0, "", 40, 40, 0);
    ed_progress_finish(&progress, 0);
    take_pipe(ends[0], text, sizeof text);
    assert_string_equal(text, "local: 40/40  done\n");
    ed_progress_draw(&progress);
    ed_progress_hide(&progress);
    ed_progress_show(&progress);
    ed_progress_release(&progress);
    assert_int_equal(take_pipe(ends[0], text, sizeof text), 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_bytes_plain(void **state) {
    static const char *const ids[] = {"e@1"};
    struct ed_progress progress;
    char text[4096];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    ed_progress_init(&progress, ends[1], false, false);
    progress.bytes = true;
    assert_true(ed_progress_devices(&progress, ids, 1));
    // By time alone, and not at the beginning, which was told of.
    for (int64_t done = 0; done <= 90; done += 30) {
        ed_progress_update(&progress, 0, "downloading", done, 100, INT64_C(7000000000));
        ed_progress_draw(&progress);
        assert_int_equal(take_pipe(ends[0], text, sizeof text), 0);
    }
    progress.devices[0].last_plain_ns -= INT64_C(10000000000);
    ed_progress_draw(&progress);
    take_pipe(ends[0], text, sizeof text);
    assert_string_equal(text, "e@1: 90 %  downloading  left 0:07\n");
    ed_progress_finish(&progress, 0);
    ed_progress_release(&progress);
    assert_int_equal(take_pipe(ends[0], text, sizeof text), 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_quiet(void **state) {
    static const char *const ids[] = {"local"};
    struct ed_progress progress;
    char text[64];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    ed_progress_init(&progress, ends[1], true, false);
    assert_true(ed_progress_devices(&progress, ids, 1));
    ed_progress_update(&progress, 0, "x", 1, 2, 0);
    ed_progress_draw(&progress);
    ed_progress_finish(&progress, 0);
    ed_progress_release(&progress);
    assert_int_equal(take_pipe(ends[0], text, sizeof text), 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_bytes_plain),
        cmocka_unit_test(test_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
