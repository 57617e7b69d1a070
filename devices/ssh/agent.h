// SPDX-License-Identifier: Apache-2.0
// The SSH agent at SSH_AUTH_SOCK: which keys it holds, and signatures of it, each with a deadline (libssh2's
// own client has none). Protocol: draft-miller-ssh-agent.
#ifndef EDGEDYNO_DEVICES_SSH_AGENT_H
#define EDGEDYNO_DEVICES_SSH_AGENT_H

#include "devices/ssh/known_hosts.h"

#define ED_SSH_AGENT_KEYS_MAX 64

struct ed_ssh_agent_key {
    char type[64], comment[96];
    unsigned char blob[ED_SSH_KEY_BLOB_BYTES];
    size_t n_blob;
};

struct ed_ssh_agent {
    int fd; // -1: none
    struct ed_ssh_agent_key *keys;
    size_t n_keys;
};

// Without an agent it has no keys, and `problem` says why ("" where SSH_AUTH_SOCK is not set).
void ed_ssh_agent_open(struct ed_ssh_agent *agent, int64_t deadline_ns, char *problem, size_t problem_bytes);
void ed_ssh_agent_close(struct ed_ssh_agent *agent);
// The signature itself, without its type; allocated (free). `rsa_method` is "rsa-sha2-256", "rsa-sha2-512" or
// anything else.
bool ed_ssh_agent_sign(struct ed_ssh_agent *agent, const unsigned char *blob, size_t n_blob,
                       const unsigned char *data, size_t n_data, const char *rsa_method,
                       unsigned char **signature, size_t *n_signature, int64_t deadline_ns);

#endif
