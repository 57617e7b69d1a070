// SPDX-License-Identifier: Apache-2.0
// What can be told of a private key's file without opening its secret.
#ifndef EDGEDYNO_DEVICES_SSH_KEY_FILE_H
#define EDGEDYNO_DEVICES_SSH_KEY_FILE_H

#include "devices/ssh/known_hosts.h"

struct ed_ssh_key_file {
    char path[1024];
    char type[64]; // "" unknown
    unsigned char blob[ED_SSH_KEY_BLOB_BYTES];
    size_t n_blob;       // 0: the public half is not known
    bool exists, usable; // usable: a private key lies there
    bool encrypted;
    char problem[160]; // why it is not usable, "" where it just is not there
};

void ed_ssh_key_file_read(struct ed_ssh_key_file *key, const char *path);
// The parser, for tests: `bytes` are the file's.
void ed_ssh_key_file_parse(struct ed_ssh_key_file *key, const char *bytes, size_t n);

#endif
