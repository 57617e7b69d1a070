// SPDX-License-Identifier: Apache-2.0
// The reader of known_hosts, and its judgement.
#include "devices/ssh/known_hosts.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <sha1.h>
#include <sha2.h>

#include "devices/ssh/base64.h"
#include "devices/ssh/config_line.h"

#define FILE_MAX_BYTES (16u << 20)
#define FIELD_BYTES 8192
#define NAME_BYTES 320
#define SHA1_BLOCK_BYTES 64

// RFC 2104 with SHA-1; known_hosts hashes names with it. The salt is as long as a digest.
static void hmac_sha1(unsigned char out[SHA1_DIGEST_LENGTH], const unsigned char key[SHA1_DIGEST_LENGTH],
                      const char *text) {
    unsigned char pad[SHA1_BLOCK_BYTES], inner[SHA1_DIGEST_LENGTH];
    SHA1_CTX context;
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = (i < SHA1_DIGEST_LENGTH ? key[i] : 0) ^ 0x36;
    SHA1Init(&context);
    SHA1Update(&context, pad, sizeof pad);
    SHA1Update(&context, (const uint8_t *)text, strlen(text));
    SHA1Final(inner, &context);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    SHA1Init(&context);
    SHA1Update(&context, pad, sizeof pad);
    SHA1Update(&context, inner, sizeof inner);
    SHA1Final(out, &context);
}

// "|1|SALT|HASH"
static bool hash_matches(const char *field, const char *name) {
    unsigned char salt[SHA1_DIGEST_LENGTH], hash[SHA1_DIGEST_LENGTH], own[SHA1_DIGEST_LENGTH];
    const char *second = strchr(field + 3, '|');
    size_t n_salt, n_hash;
    if (!second || !ed_base64_decode(salt, sizeof salt, &n_salt, field + 3, (size_t)(second - field - 3)) ||
        !ed_base64_decode(hash, sizeof hash, &n_hash, second + 1, strlen(second + 1)) ||
        n_salt != sizeof salt || n_hash != sizeof hash)
        return false;
    hmac_sha1(own, salt, name);
    return memcmp(own, hash, sizeof own) == 0;
}

static bool names_match(const char *field, const char *name) {
    if (strncmp(field, "|1|", 3) == 0)
        return hash_matches(field, name);
    return ed_ssh_pattern_list(field, ',', name) == 1;
}

// As known_hosts writes it: lower case, with the port where it is not 22.
static void entry_name(char out[NAME_BYTES], const char *name, int port) {
    if (port == 22 || !port)
        snprintf(out, NAME_BYTES, "%s", name);
    else
        snprintf(out, NAME_BYTES, "[%s]:%d", name, port);
    for (; *out; out++)
        if (*out >= 'A' && *out <= 'Z')
            *out += 'a' - 'A';
}

void ed_ssh_blob_type(char type[64], const unsigned char *blob, size_t n_blob) {
    size_t n =
        n_blob < 4 ? 0 : (size_t)blob[0] << 24 | (size_t)blob[1] << 16 | (size_t)blob[2] << 8 | blob[3];
    type[0] = '\0';
    if (n == 0 || n > 63 || n > n_blob - 4)
        return;
    for (size_t i = 0; i < n; i++)
        if (blob[4 + i] <= ' ' || blob[4 + i] > '~')
            return;
    memcpy(type, blob + 4, n);
    type[n] = '\0';
}

static bool take_key(struct ed_ssh_known_key *key, const char *type, const char *base64) {
    char within[64];
    if (!ed_base64_decode(key->blob, sizeof key->blob, &key->n_blob, base64, strlen(base64)))
        return false;
    ed_ssh_blob_type(within, key->blob, key->n_blob);
    if (!within[0] || strcmp(within, type) != 0)
        return false;
    snprintf(key->type, sizeof key->type, "%s", within);
    return true;
}

enum ed_status ed_ssh_known_key_parse(struct ed_ssh_known_key *key, const char *text, struct ed_error *err) {
    char type[64], base64[FIELD_BYTES];
    memset(key, 0, sizeof *key);
    if (strlen(text) < FIELD_BYTES && sscanf(text, "%63s %8191s", type, base64) == 2 &&
        take_key(key, type, base64))
        return ED_OK;
    return ed_fail(
        err, ED_ERR_PARSE, "host_key",
        "is no key of a host: it should be 'TYPE BASE64', as the second and third word of a line of "
        "`ssh-keyscan HOST`");
}

// Cuts the next word off; "" at the end.
static char *next_word(char **at) {
    char *word = *at + strspn(*at, " \t\r");
    size_t n = strcspn(word, " \t\r");
    *at = word + n;
    if (**at)
        *(*at)++ = '\0';
    return word;
}

static enum ed_status read_line(struct ed_ssh_known_hosts *known, char *line, const char *name,
                                const char *where, struct ed_error *err) {
    struct ed_ssh_known_key key = {0}, *grown;
    char *word = next_word(&line), *type, *base64;
    if (!word[0] || word[0] == '#')
        return ED_OK;
    if (word[0] == '@') {
        key.revoked = strcmp(word, "@revoked") == 0;
        key.authority = strcmp(word, "@cert-authority") == 0;
        if (!key.revoked && !key.authority)
            return ED_OK;
        word = next_word(&line);
    }
    type = next_word(&line);
    base64 = next_word(&line);
    if (!names_match(word, name) || !take_key(&key, type, base64))
        return ED_OK;
    if (known->n_keys == ED_SSH_KEYS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, where,
                       "more than %d keys are known of '%s'; remove old ones with `ssh-keygen -R`",
                       ED_SSH_KEYS_MAX, name);
    grown = realloc(known->keys, (known->n_keys + 1) * sizeof *grown);
    if (!grown)
        return ed_fail(err, ED_ERR_NO_MEMORY, where, "no memory for another key");
    known->keys = grown;
    snprintf(key.where, sizeof key.where, "%s", where);
    known->keys[known->n_keys++] = key;
    return ED_OK;
}

enum ed_status ed_ssh_known_hosts_read(struct ed_ssh_known_hosts *known, const char *path, const char *name,
                                       int port, struct ed_error *err) {
    char wanted[NAME_BYTES], line[FIELD_BYTES], where[ED_ERROR_WHERE_BYTES];
    const char *at, *end;
    struct ed_buffer text;
    struct stat info;
    enum ed_status status;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return ED_OK;
    entry_name(wanted, name, port);
    ed_buffer_init(&text, FILE_MAX_BYTES + 1);
    status = ed_path_read(path, FILE_MAX_BYTES, &text, err);
    at = ed_buffer_text(&text);
    end = at + text.size;
    for (size_t number = 1; !status && at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (n < sizeof line && !memchr(at, '\0', n)) {
            memcpy(line, at, n);
            line[n] = '\0';
            snprintf(where, sizeof where, "%.230s:%zu", path, number);
            status = read_line(known, line, wanted, where, err);
        }
        at += n + (stop != NULL);
    }
    ed_buffer_release(&text);
    return status;
}

void ed_ssh_known_hosts_release(struct ed_ssh_known_hosts *known) {
    free(known->keys);
    *known = (struct ed_ssh_known_hosts){0};
}

enum ed_ssh_verdict ed_ssh_known_hosts_judge(const struct ed_ssh_known_hosts *known,
                                             const unsigned char *blob, size_t n_blob,
                                             const struct ed_ssh_known_key **by) {
    enum ed_ssh_verdict verdict = ED_SSH_KEY_UNKNOWN;
    const struct ed_ssh_known_key *decided = NULL;
    char type[64];
    ed_ssh_blob_type(type, blob, n_blob);
    for (size_t i = 0; i < known->n_keys && verdict != ED_SSH_KEY_REVOKED; i++) {
        const struct ed_ssh_known_key *key = &known->keys[i];
        bool same = key->n_blob == n_blob && memcmp(key->blob, blob, n_blob) == 0;
        enum ed_ssh_verdict found = same                           ? ED_SSH_KEY_KNOWN
                                    : strcmp(key->type, type) == 0 ? ED_SSH_KEY_CHANGED
                                                                   : ED_SSH_KEY_OTHER;
        if (key->authority || (key->revoked && !same))
            continue;
        if (key->revoked)
            found = ED_SSH_KEY_REVOKED;
        // One right key is enough, whatever else is known; a revoked one never is.
        if (verdict == ED_SSH_KEY_KNOWN && found != ED_SSH_KEY_REVOKED)
            continue;
        if (verdict == ED_SSH_KEY_CHANGED && found == ED_SSH_KEY_OTHER)
            continue;
        verdict = found;
        decided = key;
    }
    if (by)
        *by = decided;
    return verdict;
}

void ed_ssh_fingerprint(char out[ED_SSH_FINGERPRINT_BYTES], const unsigned char *blob, size_t n_blob) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char base64[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, blob, n_blob);
    SHA256Final(digest, &context);
    ed_base64_encode(base64, digest, sizeof digest, false);
    snprintf(out, ED_SSH_FINGERPRINT_BYTES, "SHA256:%s", base64);
}
