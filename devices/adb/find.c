// SPDX-License-Identifier: Apache-2.0
// Where the adb server is, connecting to it, and starting it where it is down.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/adb/server.h"
#include "devices/inventory.h"
#include "devices/process.h"
#include "devices/words.h"

#define DEFAULT_PORT 5037
#define START_OUTPUT_BYTES (64u << 10)
#define ATTEMPT_NS 10000000000 // for one address that drops what it gets

static enum ed_status parse_port(const char *text, const char *variable, int *port, struct ed_error *err) {
    char *end;
    long value = text[0] >= '0' && text[0] <= '9' ? strtol(text, &end, 10) : 0;
    if (value < 1 || value > 65535 || *end)
        return ed_fail(err, ED_ERR_USAGE, variable, "'%.100s' is not a port (1 to 65535)", text);
    *port = (int)value;
    return ED_OK;
}

// "tcp:PORT", "tcp:HOST:PORT", "tcp:[ADDRESS]:PORT", "localfilesystem:PATH".
static enum ed_status parse_socket(struct ed_adb_server *server, const char *text, struct ed_error *err) {
    static const char variable[] = "ADB_SERVER_SOCKET";
    const char *host = text + 4, *colon;
    size_t n;
    if (strncmp(text, "localfilesystem:", 16) == 0 && text[16]) {
        if (strlen(text + 16) >= sizeof server->path)
            return ed_fail(err, ED_ERR_USAGE, variable, "the path is longer than %zu bytes",
                           sizeof server->path - 1);
        snprintf(server->path, sizeof server->path, "%s", text + 16);
        server->host[0] = '\0';
        return ED_OK;
    }
    if (strncmp(text, "tcp:", 4) != 0)
        return ed_fail(err, ED_ERR_USAGE, variable,
                       "'%.100s' is not understood: use tcp:HOST:PORT or localfilesystem:PATH", text);
    colon = strrchr(host, ':');
    if (!colon)
        return parse_port(host, variable, &server->port, err);
    n = (size_t)(colon - host);
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof server->host)
        return ed_fail(err, ED_ERR_USAGE, variable, "'%.100s' has no host, or too long a one", text);
    snprintf(server->host, sizeof server->host, "%.*s", (int)n, host);
    return parse_port(colon + 1, variable, &server->port, err);
}

static bool is_loopback(const char *host) {
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static enum ed_status find_local(struct ed_adb_server *server, struct ed_error *err) {
    const char *socket_text = getenv("ADB_SERVER_SOCKET"), *host = getenv("ANDROID_ADB_SERVER_ADDRESS"),
               *port = getenv("ANDROID_ADB_SERVER_PORT");
    enum ed_status status = ED_OK;
    if (socket_text && socket_text[0]) {
        status = parse_socket(server, socket_text, err);
    } else {
        if (host && strlen(host) >= sizeof server->host)
            return ed_fail(err, ED_ERR_USAGE, "ANDROID_ADB_SERVER_ADDRESS", "the name is too long");
        if (host && host[0])
            snprintf(server->host, sizeof server->host, "%s", host);
        if (port && port[0])
            status = parse_port(port, "ANDROID_ADB_SERVER_PORT", &server->port, err);
    }
    server->is_local = !server->host[0] || is_loopback(server->host);
    if (server->host[0])
        snprintf(server->name, sizeof server->name, "adb server %s:%d", server->host, server->port);
    else
        snprintf(server->name, sizeof server->name, "adb server %s", server->path);
    return status;
}

static enum ed_status find_via(struct ed_adb_server *server, const char *via, struct ed_error *err) {
    struct ed_device_entry *entry = calloc(1, sizeof *entry);
    enum ed_status status;
    if (!entry)
        return ed_fail(err, ED_ERR_NO_MEMORY, via, "no memory for an address");
    status = ed_device_address_parse(entry, via, err);
    if (!status && strcmp(entry->transport, "ssh") != 0)
        status = ed_fail(err, ED_ERR_USAGE, via, "a phone is reached via ssh://[USER@]HOST[:PORT] only");
    if (!status) {
        snprintf(server->via_host, sizeof server->via_host, "%s", entry->host);
        snprintf(server->via_user, sizeof server->via_user, "%s", entry->user);
        snprintf(server->name, sizeof server->name, "adb server of %s", server->via_host);
        server->via = (struct ed_address){.id = server->via_host,
                                          .host = server->via_host,
                                          .port = entry->port,
                                          .user = server->via_user,
                                          .serial = "",
                                          .via = "",
                                          .host_key = "",
                                          .work_dir = ""};
    }
    free(entry);
    return status;
}

enum ed_status ed_adb_server_find(struct ed_adb_server *server, const char *via,
                                  const struct ed_transport_context *context, struct ed_error *err) {
    memset(server, 0, sizeof *server);
    server->context = context;
    snprintf(server->host, sizeof server->host, "127.0.0.1");
    server->port = DEFAULT_PORT;
    return via && via[0] ? find_via(server, via, err) : find_local(server, err);
}

static enum ed_status no_server(const struct ed_adb_server *server, int number, struct ed_error *err) {
    errno = number;
    if (number == ETIMEDOUT)
        return ed_fail(err, ED_ERR_TIMEOUT, server->name, "did not take the connection in time");
    return ed_fail(err, ED_ERR_UNREACHABLE, server->name, "cannot be reached: %m%s",
                   server->is_local ? ""
                                    : "; start it on that machine, or unset ADB_SERVER_SOCKET and "
                                      "ANDROID_ADB_SERVER_ADDRESS to use this one's");
}

// A connected socket, or -1 with *number.
static int connect_socket(const struct sockaddr *address, socklen_t bytes, int64_t deadline_ns, int *number) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    socklen_t number_bytes = sizeof *number;
    *number = errno;
    if (fd < 0)
        return -1;
    *number = connect(fd, address, bytes) == 0 ? 0 : errno;
    // An interrupted connect goes on by itself.
    while (*number == EINPROGRESS || *number == EINTR) {
        struct pollfd end = {fd, POLLOUT, 0};
        int64_t left_ns = deadline_ns - ed_clock_monotonic_ns();
        struct timespec wait = {0};
        int n;
        if (left_ns > 0)
            wait = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
        n = ppoll(&end, 1, &wait, NULL);
        if (n > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, number, &number_bytes) != 0)
            *number = errno;
        else if (n == 0 && left_ns <= 0)
            *number = ETIMEDOUT;
    }
    if (*number) {
        close(fd);
        return -1;
    }
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static int connect_path(const struct ed_adb_server *server, int64_t deadline_ns, int *number) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
    return connect_socket((const struct sockaddr *)&address, sizeof address, deadline_ns, number);
}

// A name is looked up by the system, which has a time limit of its own; addresses and localhost are not.
static enum ed_status connect_direct(const struct ed_adb_server *server, int *fd, int64_t deadline_ns,
                                     struct ed_error *err) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char port[16];
    int number = 0;
    *fd = -1;
    if (!server->host[0]) {
        *fd = connect_path(server, deadline_ns, &number);
        return *fd >= 0 ? ED_OK : no_server(server, number, err);
    }
    snprintf(port, sizeof port, "%d", server->port);
    number = getaddrinfo(server->host, port, &hints, &list);
    if (number)
        return ed_fail(err, ED_ERR_UNREACHABLE, server->name, "the name cannot be looked up: %s",
                       gai_strerror(number));
    number = EHOSTUNREACH;
    for (struct addrinfo *each = list; each && *fd < 0; each = each->ai_next) {
        int64_t until_ns = ed_clock_monotonic_ns() + ATTEMPT_NS;
        *fd = connect_socket(each->ai_addr, each->ai_addrlen, until_ns < deadline_ns ? until_ns : deadline_ns,
                             &number);
    }
    freeaddrinfo(list);
    return *fd >= 0 ? ED_OK : no_server(server, number, err);
}

static void note(const struct ed_adb_server *server, const char *line) {
    if (server->context && server->context->note)
        server->context->note(server->context->context, line);
}

// What came of `adb start-server`; whether a server answers now is seen by connecting.
static enum ed_status judge_start(struct ed_adb_server *server, enum ed_status status,
                                  const struct ed_spawn_result *result, struct ed_error *err) {
    char said[ED_WORDS_BYTES], line[400];
    if (status == ED_ERR_NO_PROGRAM || (!status && result->exit_code == 127))
        return ed_fail(
            err, ED_ERR_NO_PROGRAM, server->name,
            "is not running, and the program adb that starts it is not there: install Debian's package "
            "adb, or Android's platform-tools with its folder in PATH%s",
            server->via.host ? ", on that host" : "");
    if (status)
        return status;
    if (result->exit_code != 0)
        return ed_fail(err, ED_ERR_UNREACHABLE, server->name,
                       "is not running, and `adb start-server` failed%s",
                       ed_words_said(said, result->err_bytes ? result->err_out : result->out));
    server->was_started = true;
    snprintf(line, sizeof line, "%s was not running and has been started", server->name);
    note(server, line);
    return ED_OK;
}

static enum ed_status start_here(struct ed_adb_server *server, int64_t deadline_ns, struct ed_error *err) {
    static const char *const argv[] = {"adb", "start-server", NULL};
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = START_OUTPUT_BYTES, .deadline_ns = deadline_ns};
    struct ed_spawn_result result;
    enum ed_status status = ed_process_run(&args, &result, err);
    status = judge_start(server, status, &result, err);
    ed_spawn_result_release(&result);
    return status;
}

static enum ed_status start_via(struct ed_adb_server *server, int64_t deadline_ns, struct ed_error *err) {
    static const char *const argv[] = {"/bin/sh", "-c", "exec adb start-server", NULL};
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = START_OUTPUT_BYTES, .deadline_ns = deadline_ns};
    const struct ed_transport *ssh = &ed_transport_ssh;
    struct ed_spawn_result result;
    void *state = calloc(1, ssh->state_bytes);
    enum ed_status status;
    if (!state)
        return ed_fail(err, ED_ERR_NO_MEMORY, server->name, "no memory for a connection");
    ed_spawn_result_init(&result);
    status = ssh->connect(state, &server->via, server->context, deadline_ns, err);
    if (!status) {
        status = ssh->spawn(state, &args, &result, err);
        status = judge_start(server, status, &result, err);
        ssh->disconnect(state);
    }
    ed_spawn_result_release(&result);
    free(state);
    return status;
}

static enum ed_status open_once(struct ed_adb_server *server, struct ed_adb_link *link, const char *who,
                                int64_t deadline_ns, struct ed_error *err) {
    struct ed_ssh_tunnel *tunnel = NULL;
    int fd = -1;
    enum ed_status status = server->via.host ? ed_ssh_tunnel_open(&tunnel, &fd, &server->via, server->context,
                                                                  "127.0.0.1", DEFAULT_PORT, deadline_ns, err)
                                             : connect_direct(server, &fd, deadline_ns, err);
    return status ? status : ed_adb_link_take(link, fd, tunnel, who, err);
}

enum ed_status ed_adb_server_open(struct ed_adb_server *server, struct ed_adb_link *link, const char *who,
                                  int64_t deadline_ns, struct ed_error *err) {
    enum ed_status status;
    ed_adb_link_init(link);
    status = open_once(server, link, who, deadline_ns, err);
    if (status != ED_ERR_UNREACHABLE || (!server->via.host && !server->is_local))
        return status;
    status = server->via.host ? start_via(server, deadline_ns, err) : start_here(server, deadline_ns, err);
    return status ? status : open_once(server, link, who, deadline_ns, err);
}
