// SPDX-License-Identifier: Apache-2.0
// Keys of hosts that are known (the file format of OpenSSH's known_hosts: plain, hashed and [host]:port
// names, patterns,
// @revoked), the judgement of a host's key, and taking a new one in.
#ifndef EDGEDYNO_DEVICES_SSH_KNOWN_HOSTS_H
#define EDGEDYNO_DEVICES_SSH_KNOWN_HOSTS_H

#include "base/path.h"

#define ED_SSH_KEY_BLOB_BYTES 2048
#define ED_SSH_KEYS_MAX 64
#define ED_SSH_FINGERPRINT_BYTES 64

struct ed_ssh_known_key {
    char type[64]; // "ssh-ed25519"
    unsigned char blob[ED_SSH_KEY_BLOB_BYTES];
    size_t n_blob;
    bool revoked, authority;
    char where[ED_ERROR_WHERE_BYTES]; // FILE:LINE
};

struct ed_ssh_known_hosts {
    struct ed_ssh_known_key *keys; // those of the one host that was asked for, and every revoked one of it
    size_t n_keys;
};

// Appends the keys that `path` has for `name`; a missing file has none. Lines that are no entries are passed
// over, as OpenSSH does. `port` other than 22: as "[name]:port".
enum ed_status ed_ssh_known_hosts_read(struct ed_ssh_known_hosts *known, const char *path, const char *name,
                                       int port, struct ed_error *err);
void ed_ssh_known_hosts_release(struct ed_ssh_known_hosts *known);
// "TYPE BASE64" into a key. ED_ERR_PARSE.
enum ed_status ed_ssh_known_key_parse(struct ed_ssh_known_key *key, const char *text, struct ed_error *err);

enum ed_ssh_verdict {
    ED_SSH_KEY_KNOWN,
    ED_SSH_KEY_UNKNOWN, // nothing is known of the host
    ED_SSH_KEY_CHANGED, // another key of this type is known
    ED_SSH_KEY_OTHER,   // keys of other types are known
    ED_SSH_KEY_REVOKED
};
// *by (may be NULL) is the entry that decided; NULL with ED_SSH_KEY_UNKNOWN.
enum ed_ssh_verdict ed_ssh_known_hosts_judge(const struct ed_ssh_known_hosts *known,
                                             const unsigned char *blob, size_t n_blob,
                                             const struct ed_ssh_known_key **by);
// The type's name within a key; "" where it is not one.
void ed_ssh_blob_type(char type[64], const unsigned char *blob, size_t n_blob);
// "SHA256:..." as ssh-keygen -l shows it.
void ed_ssh_fingerprint(char out[ED_SSH_FINGERPRINT_BYTES], const unsigned char *blob, size_t n_blob);

// Adds a line to `path` (made with mode 0600, its folder with 0700) unless one like it has come to be there
// meanwhile, under a lock on the file, with one write. ED_ERR_TIMEOUT when somebody else holds the lock.
enum ed_status ed_ssh_known_hosts_add(const char *path, const char *name, int port, const unsigned char *blob,
                                      size_t n_blob, int64_t deadline_ns, struct ed_error *err);

#endif
