// SPDX-License-Identifier: Apache-2.0
// Hops: each is resolved, reached, checked and authenticated before the next. Only the first needs a socket
// of ours.
#include "devices/ssh/chain.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/ssh/auth.h"
#include "devices/ssh/home.h"
#include "devices/ssh/host_key.h"
#include "devices/ssh/negotiate.h"
#include "devices/ssh/socket.h"

struct hop {
    char host[256], user[64], name[352], target[360];
    int port;
    struct ed_ssh_host config;
};

struct route {
    struct hop *hops[ED_SSH_HOPS_MAX];
    size_t n_hops;
};

static enum ed_status add_hop(struct route *route, const char *host, const char *user, int port,
                              const char *jumps, size_t depth, struct ed_error *err);

// "FIRST,SECOND,...": the first is reached as its own configuration says, the others through the one before.
static enum ed_status add_jumps(struct route *route, const char *jumps, size_t depth, struct ed_error *err) {
    enum ed_status status = ED_OK;
    bool first = true;
    while (!status && *jumps) {
        size_t n = strcspn(jumps, ",");
        char spec[400], host[256], user[64];
        int port;
        if (n >= sizeof spec)
            return ed_fail(err, ED_ERR_LIMIT, "ProxyJump", "a host in it is longer than %zu bytes",
                           sizeof spec - 1);
        snprintf(spec, sizeof spec, "%.*s", (int)n, jumps);
        status = ed_ssh_spec_parse(spec, host, user, &port, err);
        if (!status)
            status = add_hop(route, host, user, port, first ? NULL : "", depth + 1, err);
        first = false;
        jumps += n + (jumps[n] != '\0');
    }
    return status;
}

// `jumps` NULL: as ~/.ssh/config says.
static enum ed_status add_hop(struct route *route, const char *host, const char *user, int port,
                              const char *jumps, size_t depth, struct ed_error *err) {
    struct hop *hop = depth < ED_SSH_HOPS_MAX ? calloc(1, sizeof *hop) : NULL;
    enum ed_status status;
    if (depth >= ED_SSH_HOPS_MAX)
        return ed_fail(err, ED_ERR_USAGE, host,
                       "more than %d hosts in between; does a ProxyJump lead back to a host before it?",
                       ED_SSH_HOPS_MAX - 1);
    if (!hop)
        return ed_fail(err, ED_ERR_NO_MEMORY, host, "no memory for a host");
    status = ed_ssh_config_host(&hop->config, NULL, host, err);
    if (!status)
        status = add_jumps(route, jumps ? jumps : hop->config.proxy_jump, depth, err);
    if (!status && route->n_hops == ED_SSH_HOPS_MAX)
        status = ed_fail(err, ED_ERR_USAGE, host, "more than %d hosts in between", ED_SSH_HOPS_MAX - 1);
    if (status) {
        free(hop);
        return status;
    }
    snprintf(hop->host, sizeof hop->host, "%s", hop->config.host_name[0] ? hop->config.host_name : host);
    snprintf(hop->user, sizeof hop->user, "%s", user[0] ? user : hop->config.user);
    if (!hop->user[0])
        ed_ssh_login(hop->user, sizeof hop->user);
    hop->port = port ? port : hop->config.port ? hop->config.port : 22;
    if (hop->port == 22)
        snprintf(hop->name, sizeof hop->name, "%s@%s", hop->user, host);
    else
        snprintf(hop->name, sizeof hop->name, "%s@%s:%d", hop->user, host, hop->port);
    snprintf(hop->target, sizeof hop->target, "ssh://%s", hop->name);
    route->hops[route->n_hops++] = hop;
    return ED_OK;
}

enum ed_status ed_ssh_direct_open(struct ed_ssh_link *link, LIBSSH2_CHANNEL **channel, const char *host,
                                  int port, int64_t deadline_ns, struct ed_error *err) {
    enum ed_status status = ED_OK;
    char what[340], *words = NULL;
    uint64_t mark;
    int rc;
    snprintf(what, sizeof what, "connect to %s port %d", host, port);
    do {
        mark = ed_ssh_mark(link);
        *channel = libssh2_channel_direct_tcpip_ex(link->session, host, port, "127.0.0.1", 1);
        rc = *channel ? 0 : libssh2_session_last_errno(link->session);
    } while (rc == LIBSSH2_ERROR_EAGAIN && !(status = ed_ssh_wait(link, mark, deadline_ns, what, err)));
    if (status || !rc)
        return status;
    libssh2_session_last_error(link->session, &words, NULL, 0);
    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE && words && strstr(words, "prohibited"))
        return ed_fail(err, ED_ERR_UNREACHABLE, link->name,
                       "this host forbids connections through it (to %s port %d); set AllowTcpForwarding yes "
                       "in its sshd_config",
                       host, port);
    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        return ed_fail(err, ED_ERR_UNREACHABLE, link->name,
                       "this host cannot reach %s port %d (%s); is the device on, and is that its name as "
                       "seen from there?",
                       host, port,
                       words && strstr(words, "connect failed") ? "nothing accepts the connection"
                                                                : "it was refused");
    return ed_ssh_link_fail(link, rc, what, err);
}

static bool speaks_ssh(const struct ed_ssh_link *link) {
    for (size_t i = 0; i + 4 <= link->n_first; i++)
        if (memcmp(link->first + i, "SSH-", 4) == 0)
            return true;
    return link->n_first == 0;
}

static enum ed_status handshake(struct ed_ssh_link *link, int64_t deadline_ns, struct ed_error *err) {
    static const char what[] = "exchange keys";
    enum ed_status status = ED_OK, fault;
    uint64_t mark;
    int rc;
    do {
        mark = ed_ssh_mark(link);
        rc = libssh2_session_handshake(link->session, ed_ssh_bottom(link)->fd);
    } while (rc == LIBSSH2_ERROR_EAGAIN && !(status = ed_ssh_wait(link, mark, deadline_ns, what, err)));
    if (!status && !rc) {
        link->established = true;
        return ED_OK;
    }
    if (!speaks_ssh(link))
        return ed_fail(err, ED_ERR_UNREACHABLE, link->name,
                       "what answers there is no SSH server; check the port");
    fault = status ? ED_OK : ed_ssh_negotiation_fault(link, err);
    return status ? status : fault ? fault : ed_ssh_link_fail(link, rc, what, err);
}

struct opening {
    const struct ed_address *address;
    const struct ed_transport_context *context;
    int64_t deadline_ns;
};

// One hop: over `*link`, which becomes its own, or where that is NULL over a socket.
static enum ed_status open_hop(struct ed_ssh_link **link, const struct hop *hop, bool last,
                               struct opening *opening, struct ed_error *err) {
    const struct ed_transport_context *context = opening->context;
    bool alias = hop->config.host_key_alias[0];
    struct ed_ssh_host_key_args host_key = {
        .id = last && opening->address->id ? opening->address->id : "",
        .target = hop->target,
        .name = alias ? hop->config.host_key_alias : hop->host,
        .port = alias ? 22 : hop->port,
        .pinned = last && opening->address->host_key ? opening->address->host_key : "",
        .known_files = hop->config.known_hosts,
        .accept_new = context && context->accept_new,
        .note = context ? context->note : NULL,
        .context = context ? context->context : NULL};
    struct ed_ssh_known_hosts known = {0};
    struct ed_ssh_link *outer = *link;
    LIBSSH2_CHANNEL *carrier = NULL;
    enum ed_status status = ed_ssh_host_key_expected(&host_key, &known, err);
    int fd = -1;
    if (!status && outer)
        status = ed_ssh_direct_open(outer, &carrier, hop->host, hop->port, opening->deadline_ns, err);
    else if (!status)
        status = ed_ssh_socket_connect(&fd, hop->name, hop->host, hop->port, opening->deadline_ns, err);
    if (!status)
        status = ed_ssh_link_new(link, fd, outer, carrier, hop->name, err);
    if (!status)
        status = ed_ssh_negotiate(*link, &known, err);
    if (!status)
        status = handshake(*link, opening->deadline_ns, err);
    if (!status)
        status = ed_ssh_host_key_check(*link, &host_key, &known, opening->deadline_ns, err);
    if (!status)
        status = ed_ssh_auth(*link, hop->user, &hop->config, context, &opening->deadline_ns, err);
    ed_ssh_known_hosts_release(&known);
    return status;
}

enum ed_status ed_ssh_chain_open(struct ed_ssh_link **link, const struct ed_address *address,
                                 const struct ed_transport_context *context, int64_t deadline_ns,
                                 struct ed_error *err) {
    struct opening opening = {.address = address, .context = context, .deadline_ns = deadline_ns};
    const char *via = address->via && address->via[0] ? address->via : NULL;
    const char *host = address->host ? address->host : "", *user = address->user ? address->user : "";
    struct route route = {0};
    enum ed_status status = ED_OK;
    *link = NULL;
    if (!host[0] || strlen(host) > 255 || strlen(user) > 63 || address->port < 0 || address->port > 65535)
        return ed_fail(err, ED_ERR_USAGE, host,
                       "host, user or port of the device is empty, too long or out of range");
    if (deadline_ns <= ed_clock_monotonic_ns())
        return ed_fail(err, ED_ERR_TIMEOUT, host, "no time was left to connect");
    status = add_hop(&route, host, user, address->port, via, 0, err);
    for (size_t i = 0; !status && i < route.n_hops; i++)
        status = open_hop(link, route.hops[i], i + 1 == route.n_hops, &opening, err);
    for (size_t i = 0; i < route.n_hops; i++)
        free(route.hops[i]);
    if (status) {
        ed_ssh_link_free(*link);
        *link = NULL;
    }
    return status;
}
