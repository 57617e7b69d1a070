// SPDX-License-Identifier: Apache-2.0
// One probe from detect to close, with the checks that hold for all. Included by tests after cmocka.
#ifndef EDGEDYNO_TESTS_UNIT_PROBE_SESSION_H
#define EDGEDYNO_TESTS_UNIT_PROBE_SESSION_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/registry.h"
#include "runners/probe_host.h"

// One probe that was detected, with what it said last.
struct session {
    const struct ed_probe *probe;
    void *state;
    int root_fd;
    struct ed_probe_host host; // what the recorded tree says
    struct ed_channel channels[ED_CHANNELS_MAX];
    int64_t values[ED_CHANNELS_MAX];
    size_t n;
};

static inline void session_begin(struct session *session, const char *probe, int root_fd, int64_t pid) {
    struct ed_error err = {0};
    const struct ed_probe_host host = ed_probe_host_recorded(&session->root_fd);
    struct ed_probe_args args = {.root_fd = root_fd, .pid = pid, .host = &session->host};
    memset(session, 0, sizeof *session);
    session->root_fd = root_fd;
    session->host = host;
    session->probe = ed_probe_find(probe);
    assert_non_null(session->probe);
    session->state = calloc(1, session->probe->state_bytes);
    assert_non_null(session->state);
    assert_int_equal(
        session->probe->detect(session->state, &args, session->channels, ED_CHANNELS_MAX, &session->n, &err),
        ED_OK);
    assert_true(session->n > 0);
    for (size_t i = 0; i < session->n; i++) {
        const struct ed_channel *channel = &session->channels[i];
        assert_true(channel->id[0] && channel->quantity[0] && channel->unit[0] && channel->source[0]);
        assert_int_equal(strncmp(channel->id, probe, strlen(probe)), 0);
        assert_true(channel->period_ns > 0);
        assert_int_equal(channel->available, channel->reason[0] == 0);
    }
}

static inline void session_sample(struct session *session) {
    memset(session->values, 0x55, sizeof session->values);
    session->probe->sample(session->state, session->values, session->n);
    for (size_t i = 0; i < session->n; i++)
        if (!session->channels[i].available)
            assert_true(session->values[i] == ED_NO_VALUE);
    if (session->n < ED_CHANNELS_MAX)
        assert_int_equal(session->values[session->n], 0x5555555555555555);
}

static inline void session_end(struct session *session) {
    session->probe->close(session->state);
    session->probe->close(session->state);
    free(session->state);
}

static inline size_t channel_index(const struct session *session, const char *id) {
    size_t found = session->n;
    for (size_t i = 0; i < session->n; i++)
        if (strcmp(session->channels[i].id, id) == 0) {
            assert_int_equal(found, session->n);
            found = i;
        }
    if (found == session->n)
        fail_msg("no channel %s", id);
    return found;
}

static inline int64_t value_of(const struct session *session, const char *id) {
    return session->values[channel_index(session, id)];
}

#endif
