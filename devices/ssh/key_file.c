// SPDX-License-Identifier: Apache-2.0
// Headers of private keys: OpenSSH's own format tells type and public half in the clear, PEM a part of it;
// FILE.pub the rest.
#include "devices/ssh/key_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/ssh/base64.h"

#define FILE_MAX_BYTES 65536u
#define MAGIC "openssh-key-v1"

// "TYPE BASE64 COMMENT"
static bool take_public(struct ed_ssh_key_file *key, const char *text) {
    struct ed_ssh_known_key public;
    if (ed_ssh_known_key_parse(&public, text, NULL))
        return false;
    snprintf(key->type, sizeof key->type, "%s", public.type);
    memcpy(key->blob, public.blob, public.n_blob);
    key->n_blob = public.n_blob;
    return true;
}

// Length-prefixed bytes.
static bool take_string(const unsigned char **at, const unsigned char *end, const unsigned char **text,
                        size_t *n) {
    if (end - *at < 4)
        return false;
    *n = (size_t)(*at)[0] << 24 | (size_t)(*at)[1] << 16 | (size_t)(*at)[2] << 8 | (*at)[3];
    *at += 4;
    if (*n > (size_t)(end - *at))
        return false;
    *text = *at;
    *at += *n;
    return true;
}

static bool take_openssh(struct ed_ssh_key_file *key, const unsigned char *at, size_t n) {
    const unsigned char *end = at + n, *text;
    size_t length;
    if (n < sizeof MAGIC || memcmp(at, MAGIC, sizeof MAGIC) != 0)
        return false;
    at += sizeof MAGIC;
    if (!take_string(&at, end, &text, &length))
        return false;
    key->encrypted = length != 4 || memcmp(text, "none", 4) != 0;
    // Function and parameters that make a key of the passphrase.
    if (!take_string(&at, end, &text, &length) || !take_string(&at, end, &text, &length) || end - at < 4)
        return false;
    at += 4;
    if (!take_string(&at, end, &text, &length) || length > sizeof key->blob)
        return false;
    ed_ssh_blob_type(key->type, text, length);
    memcpy(key->blob, text, length);
    key->n_blob = length;
    return key->type[0] != '\0';
}

// The base64 text between the lines BEGIN and END.
static bool decode_body(struct ed_ssh_key_file *key, const char *body) {
    const char *end = strstr(body, "-----END");
    size_t n = 0, n_bytes = 0, room = end ? (size_t)(end - body) : 0;
    char *text = malloc(room + 1);
    unsigned char *bytes = malloc(room + 1);
    bool fine = false;
    if (text && bytes && end) {
        for (const char *c = body; c < end; c++)
            if (*c > ' ')
                text[n++] = *c;
        fine = ed_base64_decode(bytes, room, &n_bytes, text, n) && take_openssh(key, bytes, n_bytes);
        explicit_bzero(text, room);
        explicit_bzero(bytes, room);
    }
    free(text);
    free(bytes);
    return fine;
}

void ed_ssh_key_file_parse(struct ed_ssh_key_file *key, const char *bytes, size_t n) {
    static const struct {
        const char *begin, *type;
    } rows[] = {{"-----BEGIN RSA PRIVATE KEY-----", "ssh-rsa"},
                {"-----BEGIN DSA PRIVATE KEY-----", "ssh-dss"},
                {"-----BEGIN EC PRIVATE KEY-----", ""},
                {"-----BEGIN PRIVATE KEY-----", ""},
                {"-----BEGIN ENCRYPTED PRIVATE KEY-----", ""}};
    static const char openssh[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
    key->usable = false;
    if (memchr(bytes, '\0', n) || strlen(bytes) != n) {
        snprintf(key->problem, sizeof key->problem, "it is not a text file");
        return;
    }
    bytes += strspn(bytes, " \t\r\n");
    if (strncmp(bytes, openssh, sizeof openssh - 1) == 0) {
        key->usable = decode_body(key, bytes + sizeof openssh - 1);
        if (!key->usable)
            snprintf(key->problem, sizeof key->problem, "it is damaged");
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strncmp(bytes, rows[i].begin, strlen(rows[i].begin)) == 0) {
            snprintf(key->type, sizeof key->type, "%s", rows[i].type);
            key->encrypted = strstr(bytes, "ENCRYPTED") != NULL;
            key->usable = true;
            return;
        }
    // A public key in its place means: the agent has the private one.
    if (!take_public(key, bytes))
        snprintf(key->problem, sizeof key->problem, "it is no private key of a kind that is known here");
}

void ed_ssh_key_file_read(struct ed_ssh_key_file *key, const char *path) {
    char public_path[sizeof key->path + 8];
    struct ed_buffer text;
    struct ed_error error = {0};
    struct stat info;
    memset(key, 0, sizeof *key);
    snprintf(key->path, sizeof key->path, "%s", path);
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    ed_buffer_init(&text, FILE_MAX_BYTES + 1);
    if (stat(path, &info) != 0) {
        if (errno != ENOENT)
            snprintf(key->problem, sizeof key->problem, "it cannot be read: %m");
    } else if (ed_path_read(path, FILE_MAX_BYTES, &text, &error)) {
        key->exists = true;
        snprintf(key->problem, sizeof key->problem, "%.150s", error.message);
    } else {
        key->exists = true;
        ed_ssh_key_file_parse(key, ed_buffer_text(&text), text.size);
        if (key->usable && info.st_uid == geteuid() && (info.st_mode & 077)) {
            key->usable = false;
            snprintf(key->problem, sizeof key->problem, "others may read it: run chmod 600 on it");
        }
        if (text.data)
            explicit_bzero(text.data, text.size);
    }
    if (!key->n_blob && !ed_path_read(public_path, FILE_MAX_BYTES, &text, NULL))
        take_public(key, ed_buffer_text(&text));
    ed_buffer_release(&text);
}
