// SPDX-License-Identifier: Apache-2.0
// Algorithms of the handshake.
#include "devices/ssh/negotiate.h"

#include "base/buffer.h"

#define MSG_KEXINIT 20
#define COOKIE_BYTES 16

// What is asked for as far as libssh2 has it, best first. CBC, RC4 and DSA are not asked for. 128-bit AES is
// the fastest where a device computes it without instructions of its own.
static const char ciphers[] =
    "aes128-ctr,aes256-ctr,aes192-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
    "chacha20-poly1305@openssh.com";
static const char macs[] =
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha2-512-etm@openssh.com,hmac-sha2-512,"
    "hmac-sha1-etm@openssh.com,hmac-sha1";
static const char *const host_keys[] = {"ssh-ed25519",
                                        "ecdsa-sha2-nistp256",
                                        "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521",
                                        "rsa-sha2-512",
                                        "rsa-sha2-256",
                                        "ssh-rsa"};
#define N_HOST_KEYS (sizeof host_keys / sizeof host_keys[0])

static bool supported(struct ed_ssh_link *link, int method, const char *name, size_t n) {
    const char **names = NULL;
    int count = libssh2_session_supported_algs(link->session, method, &names);
    bool found = false;
    for (int i = 0; i < count && !found; i++)
        found = strlen(names[i]) == n && memcmp(names[i], name, n) == 0;
    if (count > 0)
        libssh2_free(link->session, (void *)names);
    return found;
}

bool ed_ssh_host_key_type_works(struct ed_ssh_link *link, const char *name) {
    // Signatures with SHA-1, which go by the key's own name, are refused by today's servers.
    if (strcmp(name, "ssh-rsa") == 0)
        name = "rsa-sha2-256";
    return supported(link, LIBSSH2_METHOD_HOSTKEY, name, strlen(name));
}

// libssh2 drops what it does not have by itself, but copies overlapping memory in doing so.
static void add_supported(struct ed_buffer *list, struct ed_ssh_link *link, int method, const char *name,
                          size_t n) {
    if (supported(link, method, name, n))
        ed_buffer_printf(list, "%s%.*s", list->size ? "," : "", (int)n, name);
}

static void add_type(struct ed_buffer *list, struct ed_ssh_link *link, bool taken[N_HOST_KEYS],
                     const char *type) {
    for (size_t i = 0; i < N_HOST_KEYS; i++) {
        // An RSA key serves three kinds of signature.
        bool fits = strcmp(type, host_keys[i]) == 0 ||
                    (strcmp(type, "ssh-rsa") == 0 && strncmp(host_keys[i], "rsa-", 4) == 0);
        if (!fits || taken[i])
            continue;
        taken[i] = true;
        add_supported(list, link, LIBSSH2_METHOD_HOSTKEY, host_keys[i], strlen(host_keys[i]));
    }
}

static enum ed_status prefer(struct ed_ssh_link *link, int method, const struct ed_buffer *list,
                             struct ed_error *err) {
    enum ed_status status = ed_buffer_status(list, "the list of algorithms", err);
    if (!status && (!list->size || libssh2_session_method_pref(link->session, method, ed_buffer_text(list))))
        status = ed_fail(err, ED_ERR_INTERNAL, link->name,
                         "libssh2 %s takes none of the algorithms that are asked for", libssh2_version(0));
    return status;
}

static enum ed_status prefer_known(struct ed_ssh_link *link, const struct ed_ssh_known_hosts *known,
                                   struct ed_error *err) {
    bool taken[N_HOST_KEYS] = {0};
    struct ed_buffer list;
    enum ed_status status;
    ed_buffer_init(&list, 1024);
    for (size_t i = 0; i < known->n_keys; i++)
        if (!known->keys[i].revoked && !known->keys[i].authority)
            add_type(&list, link, taken, known->keys[i].type);
    for (size_t i = 0; i < N_HOST_KEYS; i++)
        add_type(&list, link, taken, host_keys[i]);
    status = prefer(link, LIBSSH2_METHOD_HOSTKEY, &list, err);
    ed_buffer_release(&list);
    return status;
}

enum ed_status ed_ssh_negotiate(struct ed_ssh_link *link, const struct ed_ssh_known_hosts *known,
                                struct ed_error *err) {
    static const struct {
        int method;
        const char *names;
    } rows[] = {{LIBSSH2_METHOD_CRYPT_CS, ciphers},
                {LIBSSH2_METHOD_CRYPT_SC, ciphers},
                {LIBSSH2_METHOD_MAC_CS, macs},
                {LIBSSH2_METHOD_MAC_SC, macs}};
    enum ed_status status = prefer_known(link, known, err);
    for (size_t i = 0; !status && i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_buffer list;
        ed_buffer_init(&list, 1024);
        for (const char *at = rows[i].names; *at;) {
            size_t n = strcspn(at, ",");
            add_supported(&list, link, rows[i].method, at, n);
            at += n + (at[n] != '\0');
        }
        status = prefer(link, rows[i].method, &list, err);
        ed_buffer_release(&list);
    }
    return status;
}

static size_t number_at(const unsigned char *at) {
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

bool ed_ssh_kexinit_parse(struct ed_ssh_kexinit *out, const unsigned char *bytes, size_t n) {
    const unsigned char *at = bytes, *end = bytes + n, *stop;
    size_t packet, padding;
    // Other lines may come before the one that begins with SSH-.
    for (;;) {
        stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            return false;
        if (end - at >= 4 && memcmp(at, "SSH-", 4) == 0)
            break;
        at = stop + 1;
    }
    at = stop + 1;
    if (end - at < 5 + 1 + COOKIE_BYTES)
        return false;
    packet = number_at(at);
    padding = at[4];
    at += 4;
    if (packet > (size_t)(end - at) || packet < padding + 2 + COOKIE_BYTES || at[1] != MSG_KEXINIT)
        return false;
    end = at + packet - padding;
    at += 2 + COOKIE_BYTES;
    for (size_t i = 0; i < ED_SSH_KEXINIT_LISTS; i++) {
        size_t length;
        if (end - at < 4)
            return false;
        length = number_at(at);
        at += 4;
        if (length > (size_t)(end - at))
            return false;
        out->lists[i] = (const char *)at;
        out->lengths[i] = length;
        at += length;
    }
    return true;
}

static bool any_supported(struct ed_ssh_link *link, int method, const char *list, size_t n) {
    while (n > 0) {
        const char *comma = memchr(list, ',', n);
        size_t length = comma ? (size_t)(comma - list) : n;
        if (supported(link, method, list, length))
            return true;
        list += length + (comma != NULL);
        n -= length + (comma != NULL);
    }
    return false;
}

enum ed_status ed_ssh_negotiation_fault(struct ed_ssh_link *link, struct ed_error *err) {
    static const struct {
        int list, method;
        const char *what, *way_out;
    } rows[] = {
        {0, LIBSSH2_METHOD_KEX, "key exchanges",
         "add curve25519-sha256 to KexAlgorithms in the host's sshd_config"},
        {1, LIBSSH2_METHOD_HOSTKEY, "host keys",
         "give the host an Ed25519 key (as root there: ssh-keygen -A, then restart the SSH server; a HostKey "
         "line of its "
         "sshd_config may leave it out)"},
        {2, LIBSSH2_METHOD_CRYPT_CS, "ciphers", "add aes256-ctr to Ciphers in the host's sshd_config"},
        {3, LIBSSH2_METHOD_CRYPT_SC, "ciphers", "add aes256-ctr to Ciphers in the host's sshd_config"},
        {4, LIBSSH2_METHOD_MAC_CS, "MACs", "add hmac-sha2-256 to MACs in the host's sshd_config"},
        {5, LIBSSH2_METHOD_MAC_SC, "MACs", "add hmac-sha2-256 to MACs in the host's sshd_config"},
    };
    struct ed_ssh_kexinit server;
    char shown[200];
    if (!ed_ssh_kexinit_parse(&server, link->first, link->n_first))
        return ED_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = server.lengths[rows[i].list];
        if (any_supported(link, rows[i].method, server.lists[rows[i].list], n))
            continue;
        snprintf(shown, sizeof shown, "%.*s", (int)(n < sizeof shown ? n : sizeof shown - 1),
                 server.lists[rows[i].list]);
        for (char *c = shown; *c; c++)
            if (*c < ' ' || *c > '~')
                *c = '?';
        return ed_fail(err, ED_ERR_UNSUPPORTED, link->name,
                       "the host offers only %s that libssh2 %s does not have (%s): %s, or use an edgedyno "
                       "that is linked with "
                       "libssh2 1.11 or newer",
                       rows[i].what, libssh2_version(0), shown, rows[i].way_out);
    }
    return ED_OK;
}
