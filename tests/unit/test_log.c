// SPDX-License-Identifier: Apache-2.0
// base/log: the real standard error of a child goes into a pipe and is compared byte by byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

// Standard error becomes one end of a datagram socket, so that the number of write() calls can be counted.
struct capture {
    char text[32768];
    size_t n, writes;
    int kept, ends[2];
};

static void capture_begin(struct capture *capture) {
    int bytes = 1 << 20;
    memset(capture, 0, sizeof *capture);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, capture->ends), 0);
    setsockopt(capture->ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    capture->kept = dup(STDERR_FILENO);
    assert_int_equal(dup2(capture->ends[1], STDERR_FILENO), STDERR_FILENO);
}

static void capture_end(struct capture *capture) {
    ssize_t n;
    dup2(capture->kept, STDERR_FILENO);
    close(capture->kept);
    close(capture->ends[1]);
    while ((n = recv(capture->ends[0], capture->text + capture->n, sizeof capture->text - 1 - capture->n,
                     MSG_DONTWAIT)) > 0) {
        capture->n += (size_t)n;
        capture->writes++;
    }
    close(capture->ends[0]);
}

static void check(enum ed_log_level shown, enum ed_log_level level, const char *message, const char *wanted) {
    struct ed_log log = {.program = "edgedyno", .level = shown};
    struct capture capture;
    capture_begin(&capture);
    ed_log_line(&log, level, "%s", message);
    capture_end(&capture);
    assert_string_equal(capture.text, wanted);
    assert_int_equal(capture.writes, wanted[0] != '\0');
}

static void test_levels(void **state) {
    (void)state;
    check(ED_LOG_DETAIL, ED_LOG_ERROR, "no", "edgedyno: error: no\n");
    check(ED_LOG_DETAIL, ED_LOG_WARNING, "hm", "edgedyno: warning: hm\n");
    check(ED_LOG_DETAIL, ED_LOG_INFO, "yes", "edgedyno: yes\n");
    check(ED_LOG_DETAIL, ED_LOG_DETAIL, "so", "edgedyno: so\n");
    check(ED_LOG_ERROR, ED_LOG_ERROR, "no", "edgedyno: error: no\n");
    check(ED_LOG_ERROR, ED_LOG_WARNING, "hm", "");
    check(ED_LOG_INFO, ED_LOG_DETAIL, "so", "");
    ed_log_line(NULL, ED_LOG_ERROR, "nobody listens");
}

static void test_terminal_escapes_are_shown(void **state) {
    (void)state;
    check(ED_LOG_INFO, ED_LOG_INFO, "a\x1b[2Jb", "edgedyno: a\\x1B[2Jb\n");
    check(ED_LOG_INFO, ED_LOG_INFO, "two\nlines\r\tx\x7f", "edgedyno: two\\x0Alines\\x0D\\x09x\\x7F\n");
    // U+009B is the one-character form of ESC [.
    check(ED_LOG_INFO, ED_LOG_INFO,
          "\xC2\x9B"
          "31m",
          "edgedyno: \\xC2\\x9B31m\n");
    check(ED_LOG_INFO, ED_LOG_INFO,
          "\x9B"
          "31m\xFF\xC0\x80",
          "edgedyno: \\x9B31m\\xFF\\xC0\\x80\n");
    check(ED_LOG_INFO, ED_LOG_INFO, "5 \xC2\xB5s \xE2\x82\xAC \xF0\x9F\x94\x8B",
          "edgedyno: 5 \xC2\xB5s \xE2\x82\xAC \xF0\x9F\x94\x8B\n");
    check(ED_LOG_INFO, ED_LOG_INFO, "cut \xE2\x82", "edgedyno: cut \\xE2\\x82\n");
}

static void test_long_line_is_cut(void **state) {
    static char message[20000];
    struct ed_log log = {.program = "edgedyno", .level = ED_LOG_INFO};
    struct capture capture;
    (void)state;
    memset(message, '\x1b', sizeof message - 1);
    capture_begin(&capture);
    ed_log_line(&log, ED_LOG_INFO, "%s", message);
    capture_end(&capture);
    assert_int_equal(capture.writes, 1);
    assert_int_equal(capture.n, strlen("edgedyno: ") + (size_t)4095 * 4 + strlen(" [cut]\n"));
    assert_string_equal(capture.text + capture.n - 11, "\\x1B [cut]\n");
}

static void test_error(void **state) {
    struct ed_log log = {.program = "edgedyno", .level = ED_LOG_ERROR};
    struct ed_error err = {0};
    struct capture capture;
    (void)state;
    capture_begin(&capture);
    ed_fail(&err, ED_ERR_PARSE, "suite.json:3:4", "a comma before '}'; remove it");
    ed_log_error(&log, &err);
    ed_fail(&err, ED_ERR_TIMEOUT, NULL, "no answer");
    ed_log_error(&log, &err);
    err = (struct ed_error){.code = ED_ERR_BUSY};
    ed_log_error(&log, &err);
    log.program = NULL;
    ed_log_error(&log, &err);
    capture_end(&capture);
    assert_string_equal(capture.text, "edgedyno: error: suite.json:3:4: a comma before '}'; remove it\n"
                                      "edgedyno: error: no answer\n"
                                      "edgedyno: error: busy\n"
                                      "error: busy\n");
}

static void mark(void *context) {
    const char **next = context;
    assert_int_equal(write(STDERR_FILENO, *next, 1), 1);
    errno = EPIPE;
    (*next)++;
}

static void test_callbacks_and_errno(void **state) {
    const char *marks = "<>";
    struct ed_log log = {
        .program = "p", .level = ED_LOG_INFO, .before = mark, .after = mark, .context = &marks};
    struct capture capture;
    (void)state;
    capture_begin(&capture);
    errno = ENOENT;
    ed_log_line(&log, ED_LOG_INFO, "%m");
    assert_int_equal(errno, ENOENT);
    ed_log_line(&log, ED_LOG_DETAIL, "hidden");
    capture_end(&capture);
    assert_string_equal(capture.text, "<p: No such file or directory\n>");
}

static void test_closed_standard_error(void **state) {
    struct ed_log log = {.program = "p", .level = ED_LOG_INFO};
    int status = -1;
    pid_t child = fork();
    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        close(STDERR_FILENO);
        ed_log_line(&log, ED_LOG_ERROR, "unheard");
        _exit(7);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_terminal_escapes_are_shown),
        cmocka_unit_test(test_long_line_is_cut),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_callbacks_and_errno),
        cmocka_unit_test(test_closed_standard_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
