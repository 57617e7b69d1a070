// SPDX-License-Identifier: Apache-2.0
// Questions on the terminal.
#include "harness/cli/ask.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3

// Threads of a fleet share one terminal.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void say(int fd, const char *text) {
    ed_path_write_all(fd, text, strlen(text), "the terminal", NULL);
}

// One line without its end; -1 when there is none, or when it is longer than `bytes`.
static int read_line(int fd, char *text, size_t bytes, bool *interrupted) {
    size_t n = 0;
    bool too_long = false;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            *interrupted = true;
        if (got <= 0) {
            text[0] = '\0';
            return -1;
        }
        if (c == '\n')
            break;
        *interrupted = *interrupted || c == CTRL_C;
        if (*interrupted)
            return -1;
        if (n + 1 < bytes)
            text[n++] = c;
        else
            too_long = true;
    }
    text[too_long ? 0 : n] = '\0';
    return too_long ? -1 : (int)n;
}

// With the signals that end a program held back, so that the terminal always gets its echo again.
static enum ed_status ask(int fd, const char *prompt, char *secret, size_t bytes, struct ed_error *err) {
    struct termios before, quiet;
    sigset_t held, old;
    bool interrupted = false;
    if (tcgetattr(fd, &before) != 0)
        return ed_fail(err, ED_ERR_KEY_REFUSED, prompt, "nobody can be asked, since the terminal is none");
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_lflag |= ICANON | ECHONL;
    // Ctrl-C is a character now, and ends the line.
    quiet.c_cc[VEOL] = CTRL_C;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &held, &old);
    tcsetattr(fd, TCSAFLUSH, &quiet);
    say(fd, prompt);
    int n = read_line(fd, secret, bytes, &interrupted);
    tcsetattr(fd, TCSAFLUSH, &before);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (interrupted)
        return ed_fail(err, ED_ERR_CANCELLED, prompt, "the question was not answered");
    if (n <= 0)
        return ed_fail(err, ED_ERR_KEY_REFUSED, prompt, "the question was not answered");
    return ED_OK;
}

enum ed_status ed_ask_secret(void *context, const char *prompt, char *secret, size_t secret_bytes,
                             struct ed_error *err) {
    enum ed_status status;
    (void)context;
    secret[0] = '\0';
    pthread_mutex_lock(&turn);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        status = ed_fail(
            err, ED_ERR_KEY_REFUSED, prompt,
            "nobody can be asked, since there is no terminal; add the key to ssh-agent: ssh-add FILE");
    else
        status = ask(fd, prompt, secret, secret_bytes, err);
    if (fd >= 0)
        close(fd);
    pthread_mutex_unlock(&turn);
    if (status)
        explicit_bzero(secret, secret_bytes);
    return status;
}

void ed_ask_note(void *context, const char *line) {
    const struct ed_cli *cli = context;
    pthread_mutex_lock(&turn);
    ed_log_line(&cli->log, ED_LOG_INFO, "%s", line);
    pthread_mutex_unlock(&turn);
}

struct ed_transport_context ed_ask_context(const struct ed_cli *cli, bool accept_new) {
    const struct ed_transport_context context = {.accept_new = accept_new,
                                                 .ask_secret = ed_ask_secret,
                                                 .note = ed_ask_note,
                                                 .context = (void *)(uintptr_t)cli};
    return context;
}
