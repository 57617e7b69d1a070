// SPDX-License-Identifier: Apache-2.0
// What ~/.ssh/config says of a host. Honoured: Host (with * ? and !), HostName, User, Port, IdentityFile,
// IdentitiesOnly, ProxyJump, UserKnownHostsFile, HostKeyAlias, Include, Match all. What would change how a
// host is reached but is not honoured (ProxyCommand, Match with conditions, CertificateFile, PKCS11Provider,
// ...) is ED_ERR_UNSUPPORTED where it applies to the host, naming file, line and the way out; what cannot
// matter here (ForwardAgent, ServerAliveInterval, ...) is passed over.
#ifndef EDGEDYNO_DEVICES_SSH_CONFIG_H
#define EDGEDYNO_DEVICES_SSH_CONFIG_H

#include "base/path.h"

#define ED_SSH_IDENTITIES_MAX 16

struct ed_ssh_host {
    char host_name[256], user[64], proxy_jump[512], known_hosts[ED_PATH_BYTES],
        host_key_alias[256]; // "" where nothing is said
    int port;                // 0
    bool identities_only;
    char identities[ED_SSH_IDENTITIES_MAX][1024]; // with ~ and %h %u %d %r %% expanded
    size_t n_identities;
};

// `path` NULL: ~/.ssh/config; a missing file says nothing. The first value for a key wins, as with OpenSSH.
enum ed_status ed_ssh_config_host(struct ed_ssh_host *out, const char *path, const char *host,
                                  struct ed_error *err);
// Names of Host lines without wildcards, in the file's order, for `devices scan`: each is given to `found`.
enum ed_status ed_ssh_config_names(const char *path, void (*found)(void *context, const char *name),
                                   void *context, struct ed_error *err);

#endif
