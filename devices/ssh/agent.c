// SPDX-License-Identifier: Apache-2.0
// A client of the SSH agent.
#include "devices/ssh/agent.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER 12
#define SIGN_REQUEST 13
#define SIGN_RESPONSE 14
#define RSA_SHA2_256 2u
#define RSA_SHA2_512 4u
#define ANSWER_MAX_BYTES (256u << 10)

static bool ready(int fd, short events, int64_t deadline_ns) {
    for (;;) {
        struct pollfd end = {.fd = fd, .events = events};
        int64_t left_ns = deadline_ns - ed_clock_monotonic_ns();
        struct timespec wait = {left_ns / 1000000000, left_ns % 1000000000};
        int n = left_ns > 0 ? ppoll(&end, 1, &wait, NULL) : 0;
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

static bool transfer(int fd, unsigned char *bytes, size_t n, bool out, int64_t deadline_ns) {
    while (n > 0) {
        ssize_t some = out ? send(fd, bytes, n, MSG_NOSIGNAL) : recv(fd, bytes, n, 0);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!ready(fd, out ? POLLOUT : POLLIN, deadline_ns))
                return false;
            continue;
        }
        if (some <= 0)
            return false;
        bytes += some;
        n -= (size_t)some;
    }
    return true;
}

static void put_number(struct ed_buffer *message, size_t number) {
    unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                              (unsigned char)(number >> 8), (unsigned char)number};
    ed_buffer_append(message, bytes, sizeof bytes);
}

static void put_string(struct ed_buffer *message, const unsigned char *bytes, size_t n) {
    put_number(message, n);
    ed_buffer_append(message, bytes, n);
}

static bool take_number(const unsigned char **at, const unsigned char *end, size_t *number) {
    if (end - *at < 4)
        return false;
    *number = (size_t)(*at)[0] << 24 | (size_t)(*at)[1] << 16 | (size_t)(*at)[2] << 8 | (*at)[3];
    *at += 4;
    return true;
}

static bool take_string(const unsigned char **at, const unsigned char *end, const unsigned char **text,
                        size_t *n) {
    if (!take_number(at, end, n) || *n > (size_t)(end - *at))
        return false;
    *text = *at;
    *at += *n;
    return true;
}

// Sends `message` and receives the answer's body (free), whose first byte is its kind.
static unsigned char *exchange(struct ed_ssh_agent *agent, const struct ed_buffer *message, size_t *n,
                               int64_t deadline_ns) {
    struct ed_buffer framed;
    unsigned char head[4], *answer = NULL;
    const unsigned char *at = head;
    ed_buffer_init(&framed, ANSWER_MAX_BYTES);
    put_string(&framed, (const unsigned char *)ed_buffer_text(message), message->size);
    if (!ed_buffer_status(message, "", NULL) && !ed_buffer_status(&framed, "", NULL) &&
        transfer(agent->fd, (unsigned char *)framed.data, framed.size, true, deadline_ns) &&
        transfer(agent->fd, head, sizeof head, false, deadline_ns) &&
        take_number(&at, head + sizeof head, n) && *n > 0 && *n <= ANSWER_MAX_BYTES)
        answer = malloc(*n);
    if (answer && !transfer(agent->fd, answer, *n, false, deadline_ns)) {
        free(answer);
        answer = NULL;
    }
    ed_buffer_release(&framed);
    return answer;
}

static void take_keys(struct ed_ssh_agent *agent, const unsigned char *at, const unsigned char *end) {
    const unsigned char *blob, *comment;
    size_t count, n_blob, n_comment;
    if (!take_number(&at, end, &count))
        return;
    if (count > ED_SSH_AGENT_KEYS_MAX)
        count = ED_SSH_AGENT_KEYS_MAX;
    agent->keys = calloc(count + 1, sizeof *agent->keys);
    for (size_t i = 0; agent->keys && i < count; i++) {
        struct ed_ssh_agent_key *key = &agent->keys[agent->n_keys];
        if (!take_string(&at, end, &blob, &n_blob) || !take_string(&at, end, &comment, &n_comment))
            return;
        ed_ssh_blob_type(key->type, blob, n_blob);
        if (!key->type[0] || n_blob > sizeof key->blob)
            continue;
        memcpy(key->blob, blob, n_blob);
        key->n_blob = n_blob;
        for (size_t k = 0; k < n_comment && k < sizeof key->comment - 1; k++)
            key->comment[k] = comment[k] >= ' ' && comment[k] <= '~' ? (char)comment[k] : '?';
        agent->n_keys++;
    }
}

static bool connect_agent(struct ed_ssh_agent *agent, const char *path, int64_t deadline_ns) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (agent->fd < 0)
        return false;
    // A full backlog refuses at once with EAGAIN, without anything to wait for.
    while (connect(agent->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int64_t now_ns = ed_clock_monotonic_ns();
        if ((errno != EAGAIN && errno != EINTR) || now_ns >= deadline_ns)
            return false;
        ed_clock_sleep_until(now_ns + 5000000, NULL);
    }
    return true;
}

void ed_ssh_agent_open(struct ed_ssh_agent *agent, int64_t deadline_ns, char *problem, size_t problem_bytes) {
    const char *path = getenv("SSH_AUTH_SOCK");
    unsigned char kind = REQUEST_IDENTITIES, *answer;
    struct ed_buffer message;
    size_t n = 0;
    *agent = (struct ed_ssh_agent){.fd = -1};
    problem[0] = '\0';
    if (!path || !path[0])
        return;
    if (!connect_agent(agent, path, deadline_ns)) {
        snprintf(problem, problem_bytes, "the agent at SSH_AUTH_SOCK cannot be reached: %m");
        ed_ssh_agent_close(agent);
        return;
    }
    ed_buffer_init(&message, 16);
    ed_buffer_append(&message, &kind, 1);
    answer = exchange(agent, &message, &n, deadline_ns);
    ed_buffer_release(&message);
    if (answer && answer[0] == IDENTITIES_ANSWER)
        take_keys(agent, answer + 1, answer + n);
    else
        snprintf(problem, problem_bytes, "the agent at SSH_AUTH_SOCK does not list its keys");
    free(answer);
}

void ed_ssh_agent_close(struct ed_ssh_agent *agent) {
    if (agent->fd >= 0)
        close(agent->fd);
    free(agent->keys);
    *agent = (struct ed_ssh_agent){.fd = -1};
}

bool ed_ssh_agent_sign(struct ed_ssh_agent *agent, const unsigned char *blob, size_t n_blob,
                       const unsigned char *data, size_t n_data, const char *rsa_method,
                       unsigned char **signature, size_t *n_signature, int64_t deadline_ns) {
    const unsigned char *at, *end, *whole, *type, *bare;
    unsigned char kind = SIGN_REQUEST, *answer;
    size_t n = 0, n_whole, n_type, n_bare;
    struct ed_buffer message;
    bool fine = false;
    ed_buffer_init(&message, ANSWER_MAX_BYTES / 2);
    ed_buffer_append(&message, &kind, 1);
    put_string(&message, blob, n_blob);
    put_string(&message, data, n_data);
    put_number(&message, strcmp(rsa_method, "rsa-sha2-256") == 0   ? RSA_SHA2_256
                         : strcmp(rsa_method, "rsa-sha2-512") == 0 ? RSA_SHA2_512
                                                                   : 0);
    answer = exchange(agent, &message, &n, deadline_ns);
    ed_buffer_release(&message);
    if (answer && answer[0] == SIGN_RESPONSE) {
        at = answer + 1;
        end = answer + n;
        if (take_string(&at, end, &whole, &n_whole)) {
            at = whole;
            end = whole + n_whole;
            fine =
                take_string(&at, end, &type, &n_type) && take_string(&at, end, &bare, &n_bare) && n_bare > 0;
        }
    }
    if (fine && (*signature = malloc(n_bare))) {
        memcpy(*signature, bare, n_bare);
        *n_signature = n_bare;
    } else
        fine = false;
    free(answer);
    return fine;
}
