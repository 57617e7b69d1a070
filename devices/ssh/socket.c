// SPDX-License-Identifier: Apache-2.0
// Resolving a name and connecting. getaddrinfo knows no deadline, so a thread of its own asks, which is left
// behind where the answer does not come in time; whoever lets go last frees the question.
#include "devices/ssh/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"

#define RESOLVER_STACK_BYTES (256u << 10)

struct question {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    char host[256], port[8];
    struct addrinfo *answer;
    int code, sys_errno; // of getaddrinfo
    bool done, given_up;
};

static void question_free(struct question *question) {
    if (question->answer)
        freeaddrinfo(question->answer);
    pthread_cond_destroy(&question->answered);
    pthread_mutex_destroy(&question->lock);
    free(question);
}

static void *ask(void *context) {
    struct question *question = context;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *answer = NULL;
    bool given_up;
    int code, number;
    errno = 0;
    code = getaddrinfo(question->host, question->port, &hints, &answer);
    number = errno;
    pthread_mutex_lock(&question->lock);
    question->answer = code ? NULL : answer;
    question->code = code;
    question->sys_errno = number;
    question->done = true;
    given_up = question->given_up;
    pthread_cond_signal(&question->answered);
    pthread_mutex_unlock(&question->lock);
    if (given_up)
        question_free(question);
    return NULL;
}

static struct question *question_new(const char *host, int port) {
    struct question *question = calloc(1, sizeof *question);
    pthread_condattr_t clock;
    if (!question)
        return NULL;
    snprintf(question->host, sizeof question->host, "%s", host);
    snprintf(question->port, sizeof question->port, "%d", port);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&question->answered, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&question->lock, NULL);
    return question;
}

static bool start_asking(struct question *question) {
    pthread_attr_t attributes;
    pthread_t thread;
    int number;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, RESOLVER_STACK_BYTES);
    number = pthread_create(&thread, &attributes, ask, question);
    pthread_attr_destroy(&attributes);
    errno = number;
    return number == 0;
}

// An address in digits needs no thread.
static int numeric(const char *host, int port, struct addrinfo **answer) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    char text[8];
    snprintf(text, sizeof text, "%d", port);
    return getaddrinfo(host, text, &hints, answer);
}

static enum ed_status not_resolved(const char *where, const char *host, int code, int number,
                                   struct ed_error *err) {
    errno = number;
    if (code == EAI_SYSTEM)
        return ed_fail_errno(err, ED_ERR_IO, where, "the host name '%.200s' cannot be resolved: %m", host);
    if (code == EAI_MEMORY)
        return ed_fail(err, ED_ERR_NO_MEMORY, where, "no memory to resolve '%.200s'", host);
    return ed_fail(err, ED_ERR_UNREACHABLE, where,
                   "the host name '%.200s' cannot be resolved (%s); check the address in devices.json and "
                   "~/.ssh/config",
                   host, gai_strerror(code));
}

static enum ed_status resolve(struct addrinfo **answer, const char *where, const char *host, int port,
                              int64_t deadline_ns, struct ed_error *err) {
    struct timespec until = {deadline_ns / 1000000000, deadline_ns % 1000000000};
    struct question *question;
    bool done;
    int code, number;
    *answer = NULL;
    if (strlen(host) >= sizeof question->host)
        return ed_fail(err, ED_ERR_USAGE, where, "the host name is longer than %zu bytes",
                       sizeof question->host - 1);
    if (numeric(host, port, answer) == 0)
        return ED_OK;
    question = question_new(host, port);
    if (!question)
        return ed_fail(err, ED_ERR_NO_MEMORY, where, "no memory to resolve '%.200s'", host);
    if (!start_asking(question)) {
        number = errno;
        question_free(question);
        errno = number;
        return ed_fail_errno(err, ED_ERR_IO, where, "no thread can be started to resolve '%.200s': %m", host);
    }
    pthread_mutex_lock(&question->lock);
    while (!question->done &&
           pthread_cond_timedwait(&question->answered, &question->lock, &until) != ETIMEDOUT)
        continue;
    done = question->done;
    question->given_up = !done;
    code = question->code;
    number = question->sys_errno;
    if (done) {
        *answer = question->answer;
        question->answer = NULL;
    }
    pthread_mutex_unlock(&question->lock);
    if (!done)
        return ed_fail(err, ED_ERR_TIMEOUT, where,
                       "no name server answered in time for '%.200s'; check the network, or use an address",
                       host);
    question_free(question);
    return code ? not_resolved(where, host, code, number, err) : ED_OK;
}

// One address; 0 or an errno. ETIMEDOUT when `until_ns` passes.
static int try_address(int *fd, const struct addrinfo *address, int64_t until_ns) {
    struct pollfd end;
    socklen_t bytes = sizeof(int);
    int number = 0, on = 1;
    *fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (*fd < 0)
        return errno;
    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(*fd, address->ai_addr, address->ai_addrlen) != 0)
        number = errno;
    while (number == EINPROGRESS || number == EINTR) {
        int64_t left_ns = until_ns - ed_clock_monotonic_ns();
        struct timespec wait = {left_ns / 1000000000, left_ns % 1000000000};
        end = (struct pollfd){.fd = *fd, .events = POLLOUT};
        if (left_ns <= 0)
            number = ETIMEDOUT;
        else if (ppoll(&end, 1, &wait, NULL) > 0 &&
                 getsockopt(*fd, SOL_SOCKET, SO_ERROR, &number, &bytes) != 0)
            number = errno;
        else if (!end.revents)
            number = EINPROGRESS;
    }
    if (!number)
        return 0;
    close(*fd);
    *fd = -1;
    return number;
}

enum ed_status ed_ssh_socket_connect(int *fd, const char *where, const char *host, int port,
                                     int64_t deadline_ns, struct ed_error *err) {
    struct addrinfo *addresses = NULL;
    char numbers[NI_MAXHOST] = "";
    enum ed_status status;
    int n = 0, number = 0;
    *fd = -1;
    status = resolve(&addresses, where, host, port, deadline_ns, err);
    if (status)
        return status;
    for (struct addrinfo *each = addresses; each; each = each->ai_next)
        n++;
    for (struct addrinfo *each = addresses; each && *fd < 0; each = each->ai_next, n--) {
        int64_t now_ns = ed_clock_monotonic_ns();
        int failed = try_address(fd, each, now_ns + (deadline_ns - now_ns) / n);
        // An answer says more than silence does, whichever came last.
        if (failed && (!number || number == ETIMEDOUT)) {
            number = failed;
            getnameinfo(each->ai_addr, each->ai_addrlen, numbers, sizeof numbers, NULL, 0, NI_NUMERICHOST);
        }
    }
    freeaddrinfo(addresses);
    if (*fd >= 0)
        return ED_OK;
    errno = number;
    if (number == ETIMEDOUT)
        return ed_fail(err, ED_ERR_TIMEOUT, where,
                       "nothing answers at %s port %d; is the device on, and is a firewall in between?",
                       numbers, port);
    if (number == ECONNREFUSED)
        return ed_fail(err, ED_ERR_UNREACHABLE, where,
                       "%s refuses connections to port %d; is its SSH server running, and is that its port?",
                       numbers, port);
    if (number == EHOSTUNREACH || number == ENETUNREACH || number == ENETDOWN || number == EHOSTDOWN ||
        number == EADDRNOTAVAIL || number == EACCES || number == EPERM || number == ECONNRESET ||
        number == EAFNOSUPPORT)
        return ed_fail(err, ED_ERR_UNREACHABLE, where, "%s port %d cannot be reached: %m", numbers, port);
    return ed_fail_errno(err, ED_ERR_IO, where, "no connection to %s port %d: %m", numbers, port);
}

static long number_in(const char *path, int which) {
    struct ed_buffer text;
    long numbers[3] = {0};
    ed_buffer_init(&text, 256);
    if (ed_path_read(path, 255, &text, NULL) ||
        sscanf(ed_buffer_text(&text), "%ld %ld %ld", &numbers[0], &numbers[1], &numbers[2]) <= which)
        numbers[which] = 0;
    ed_buffer_release(&text);
    return numbers[which];
}

void ed_ssh_socket_widen(int fd) {
    // The kernel grants twice what is asked for, and no longer chooses by itself.
    long most = number_in("/proc/sys/net/core/wmem_max", 0),
         own = number_in("/proc/sys/net/ipv4/tcp_wmem", 2);
    int bytes = (int)most;
    if (own > 0 && most > own / 2 && most <= INT32_MAX / 2)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}
