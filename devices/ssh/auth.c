// SPDX-License-Identifier: Apache-2.0
// Authentication by public key. The server is asked first whether it takes a key, so that nobody is asked for
// a passphrase in vain. Order: keys that are named, as far as the agent has them; the agent's others; key
// files; RSA keys at the very end where this libssh2 can sign with them by SHA-1 only.
#include "devices/ssh/auth.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "devices/ssh/agent.h"
#include "devices/ssh/home.h"
#include "devices/ssh/key_file.h"

#define PASSPHRASE_TRIES 3
#define PASSPHRASE_BYTES 1024
#define RSA_SHA2_SINCE 0x010b00

// People answer one question at a time, whichever thread asks.
static pthread_mutex_t one_question = PTHREAD_MUTEX_INITIALIZER;

struct auth {
    struct ed_ssh_link *link;
    const char *user;
    const struct ed_transport_context *context;
    int64_t *deadline_ns;
    struct ed_ssh_agent agent;
    struct ed_ssh_key_file *files;
    size_t n_files;
    bool configured, identities_only;
    size_t tried;
    bool done, rsa_refused;
    struct ed_buffer remarks; // for the message when no key was taken
};

// What the callback of libssh2 gets.
struct signer {
    struct auth *auth;
    const struct ed_ssh_agent_key *key; // NULL: only whether the server takes it is asked
    bool taken;
};

static void remark(struct auth *auth, const char *path, const char *what) {
    ed_buffer_printf(&auth->remarks, "; %.200s: %s", path, what);
}

// Session id, then the request as it goes to the server: its method is what decides on the digest of an RSA
// signature.
static void method_of(char method[64], const unsigned char *data, size_t n) {
    size_t at = 0;
    method[0] = '\0';
    for (int i = 0; i < 5; i++) {
        size_t length;
        // After the session id the kind of message, after "publickey" a flag.
        if (i == 1 || i == 4)
            at++;
        if (at > n || n - at < 4)
            return;
        length =
            (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
        at += 4;
        if (length > n - at)
            return;
        if (i == 4 && length < 64) {
            memcpy(method, data + at, length);
            method[length] = '\0';
        }
        at += length;
    }
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign) {
    struct signer *signer = *abstract;
    char method[64];
    (void)session;
    signer->taken = true;
    if (!signer->key)
        return -1;
    method_of(method, data, data_len);
    return ed_ssh_agent_sign(&signer->auth->agent, signer->key->blob, signer->key->n_blob, data, data_len,
                             method, sig, sig_len, *signer->auth->deadline_ns)
               ? 0
               : -1;
}

static bool fatal(const struct auth *auth, int rc) {
    return auth->link->ended || auth->link->goodbye[0] || rc == LIBSSH2_ERROR_TIMEOUT ||
           rc == LIBSSH2_ERROR_ALLOC || rc == LIBSSH2_ERROR_SOCKET_SEND || rc == LIBSSH2_ERROR_SOCKET_RECV ||
           rc == LIBSSH2_ERROR_SOCKET_DISCONNECT;
}

// One attempt with the public half; with `key` the agent signs. *taken: the server would take it.
static enum ed_status offer(struct auth *auth, const unsigned char *blob, size_t n_blob,
                            const struct ed_ssh_agent_key *key, bool *taken, struct ed_error *err) {
    static const char what[] = "check a key";
    struct signer signer = {.auth = auth, .key = key};
    void *abstract = &signer;
    enum ed_status status = ED_OK;
    uint64_t mark;
    int rc;
    do {
        mark = ed_ssh_mark(auth->link);
        rc = libssh2_userauth_publickey(auth->link->session, auth->user, blob, n_blob, sign, &abstract);
    } while (rc == LIBSSH2_ERROR_EAGAIN &&
             !(status = ed_ssh_wait(auth->link, mark, *auth->deadline_ns, what, err)));
    auth->tried++;
    auth->done = rc == 0;
    *taken = signer.taken;
    if (!status && fatal(auth, rc) && rc)
        status = ed_ssh_link_fail(auth->link, rc, what, err);
    return status;
}

static bool is_rsa(const char *type) {
    return strcmp(type, "ssh-rsa") == 0;
}

static bool sha1_only(void) {
    return libssh2_version(RSA_SHA2_SINCE) == NULL;
}

// Kinds that libssh2 has no signatures for.
static const char *hopeless(const char *type) {
    if (strncmp(type, "sk-", 3) == 0)
        return "it is a key on a security token, which libssh2 cannot use here; use an Ed25519 key";
    if (strstr(type, "-cert-v"))
        return "it is a certificate, which is not used here; use a plain key";
    if (strcmp(type, "ssh-dss") == 0)
        return "it is a DSA key, which servers refuse; make another: ssh-keygen -t ed25519";
    return NULL;
}

static enum ed_status try_agent_key(struct auth *auth, const struct ed_ssh_agent_key *key,
                                    struct ed_error *err) {
    enum ed_status status;
    bool taken = false;
    const char *why = hopeless(key->type);
    if (why) {
        remark(auth, key->comment, why);
        return ED_OK;
    }
    status = offer(auth, key->blob, key->n_blob, key, &taken, err);
    if (!status && !auth->done) {
        auth->rsa_refused = auth->rsa_refused || (is_rsa(key->type) && sha1_only());
        if (taken)
            remark(auth, key->comment, "the server takes this key, but the agent did not sign with it");
    }
    return status;
}

// One at a time, also from many threads. The time that the person takes is given back.
static enum ed_status ask(struct auth *auth, const char *path, char secret[PASSPHRASE_BYTES],
                          struct ed_error *err) {
    char prompt[1200];
    int64_t asked_ns = ed_clock_monotonic_ns();
    enum ed_status status;
    snprintf(prompt, sizeof prompt, "Passphrase for %s: ", path);
    pthread_mutex_lock(&one_question);
    status = auth->context->ask_secret(auth->context->context, prompt, secret, PASSPHRASE_BYTES, err);
    pthread_mutex_unlock(&one_question);
    secret[PASSPHRASE_BYTES - 1] = '\0';
    *auth->deadline_ns += ed_clock_monotonic_ns() - asked_ns;
    return status;
}

static enum ed_status use_file(struct auth *auth, const struct ed_ssh_key_file *key, const char *passphrase,
                               int *rc, struct ed_error *err) {
    static const char what[] = "check a key";
    enum ed_status status = ED_OK;
    uint64_t mark;
    do {
        mark = ed_ssh_mark(auth->link);
        *rc = libssh2_userauth_publickey_fromfile_ex(
            auth->link->session, auth->user, (unsigned)strlen(auth->user), NULL, key->path, passphrase);
    } while (*rc == LIBSSH2_ERROR_EAGAIN &&
             !(status = ed_ssh_wait(auth->link, mark, *auth->deadline_ns, what, err)));
    auth->tried++;
    auth->done = *rc == 0;
    if (!status && *rc && fatal(auth, *rc))
        status = ed_ssh_link_fail(auth->link, *rc, what, err);
    return status;
}

// With a passphrase from a person, who may err twice.
static enum ed_status open_file(struct auth *auth, const struct ed_ssh_key_file *key, struct ed_error *err) {
    char secret[PASSPHRASE_BYTES] = "";
    enum ed_status status = ED_OK;
    int rc = 0;
    if (!key->encrypted) {
        status = use_file(auth, key, NULL, &rc, err);
        if (!status && rc && rc != LIBSSH2_ERROR_AUTHENTICATION_FAILED &&
            rc != LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
            remark(auth, key->path, "libssh2 cannot read it; make another key: ssh-keygen -t ed25519");
        return status;
    }
    if (!auth->context || !auth->context->ask_secret) {
        remark(auth, key->path, "it needs its passphrase; load it into the agent: ssh-add FILE");
        return ED_OK;
    }
    for (int i = 0; !status && !auth->done && i < PASSPHRASE_TRIES; i++) {
        struct ed_error refused = {0};
        enum ed_status asked = ask(auth, key->path, secret, &refused);
        if (asked) {
            remark(
                auth, key->path,
                "it needs its passphrase, and nobody could be asked; load it into the agent: ssh-add FILE");
            break;
        }
        status = use_file(auth, key, secret, &rc, err);
        // These come from the server: the passphrase was right.
        if (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
            break;
        if (!status && rc && i == PASSPHRASE_TRIES - 1)
            remark(auth, key->path, "the passphrase was wrong");
    }
    explicit_bzero(secret, sizeof secret);
    return status;
}

static enum ed_status try_file(struct auth *auth, const struct ed_ssh_key_file *key, struct ed_error *err) {
    enum ed_status status = ED_OK;
    const char *why = hopeless(key->type);
    bool taken = true;
    if (key->problem[0])
        why = key->problem;
    else if (!key->exists && !key->n_blob && auth->configured)
        why = "it does not exist";
    if (why)
        remark(auth, key->path, why);
    if (why || !key->usable)
        return ED_OK;
    if (key->n_blob)
        status = offer(auth, key->blob, key->n_blob, NULL, &taken, err);
    if (!status && !auth->done && taken)
        status = open_file(auth, key, err);
    if (!status && !auth->done)
        auth->rsa_refused = auth->rsa_refused || (is_rsa(key->type) && sha1_only());
    return status;
}

static const struct ed_ssh_key_file *file_of(const struct auth *auth, const struct ed_ssh_agent_key *key) {
    for (size_t i = 0; i < auth->n_files; i++)
        if (auth->files[i].n_blob == key->n_blob && memcmp(auth->files[i].blob, key->blob, key->n_blob) == 0)
            return &auth->files[i];
    return NULL;
}

static const struct ed_ssh_agent_key *agent_key_of(const struct auth *auth,
                                                   const struct ed_ssh_key_file *file) {
    for (size_t i = 0; i < auth->agent.n_keys; i++)
        if (file->n_blob == auth->agent.keys[i].n_blob &&
            memcmp(file->blob, auth->agent.keys[i].blob, file->n_blob) == 0)
            return &auth->agent.keys[i];
    return NULL;
}

// Two rounds where RSA is doubtful, so that it does not use up the attempts that a server grants.
static enum ed_status try_all(struct auth *auth, struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (int round = 0; round < 2; round++) {
        bool late = round == 1;
        for (size_t i = 0; !status && !auth->done && i < auth->n_files; i++) {
            const struct ed_ssh_agent_key *key = agent_key_of(auth, &auth->files[i]);
            if (key && late == (sha1_only() && is_rsa(key->type)))
                status = try_agent_key(auth, key, err);
        }
        for (size_t i = 0; !status && !auth->done && !auth->identities_only && i < auth->agent.n_keys; i++) {
            const struct ed_ssh_agent_key *key = &auth->agent.keys[i];
            if (!file_of(auth, key) && late == (sha1_only() && is_rsa(key->type)))
                status = try_agent_key(auth, key, err);
        }
        for (size_t i = 0; !status && !auth->done && i < auth->n_files; i++)
            if (!agent_key_of(auth, &auth->files[i]) && late == (sha1_only() && is_rsa(auth->files[i].type)))
                status = try_file(auth, &auth->files[i], err);
    }
    return status;
}

static enum ed_status read_files(struct auth *auth, const struct ed_ssh_host *host, struct ed_error *err) {
    static const char *const defaults[] = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
    size_t n_defaults = sizeof defaults / sizeof defaults[0];
    char path[ED_PATH_BYTES];
    auth->configured = host->n_identities > 0;
    auth->identities_only = host->identities_only;
    auth->files = calloc(auth->configured ? host->n_identities : n_defaults, sizeof *auth->files);
    if (!auth->files)
        return ed_fail(err, ED_ERR_NO_MEMORY, auth->link->name, "no memory for its keys");
    for (size_t i = 0; auth->configured && i < host->n_identities; i++)
        if (strcmp(host->identities[i], "none") != 0)
            ed_ssh_key_file_read(&auth->files[auth->n_files++], host->identities[i]);
    for (size_t i = 0; !auth->configured && i < n_defaults; i++)
        if (!ed_ssh_path(path, "", defaults[i], NULL))
            ed_ssh_key_file_read(&auth->files[auth->n_files++], path);
    return ED_OK;
}

// The server's list of methods; an account without any authentication is let in by asking for it.
static enum ed_status ask_methods(struct auth *auth, char *methods, size_t bytes, struct ed_error *err) {
    static const char what[] = "say how one logs in";
    enum ed_status status = ED_OK;
    uint64_t mark;
    char *list;
    int rc = 0;
    methods[0] = '\0';
    do {
        mark = ed_ssh_mark(auth->link);
        list = libssh2_userauth_list(auth->link->session, auth->user, (unsigned)strlen(auth->user));
        rc = list ? 0 : libssh2_session_last_errno(auth->link->session);
        auth->done = !list && libssh2_userauth_authenticated(auth->link->session);
    } while (!auth->done && rc == LIBSSH2_ERROR_EAGAIN &&
             !(status = ed_ssh_wait(auth->link, mark, *auth->deadline_ns, what, err)));
    if (list)
        snprintf(methods, bytes, "%s", list);
    for (char *c = methods; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return status || auth->done || list ? status : ed_ssh_link_fail(auth->link, rc, what, err);
}

static enum ed_status no_key_taken(struct auth *auth, const char *methods, const char *agent_problem,
                                   struct ed_error *err) {
    const char *remarks;
    if (agent_problem[0])
        ed_buffer_printf(&auth->remarks, "; %s", agent_problem);
    remarks = ed_buffer_text(&auth->remarks);
    if (auth->rsa_refused)
        return ed_fail(
            err, ED_ERR_KEY_REFUSED, auth->link->name,
            "the RSA key was refused: libssh2 %s signs with RSA by SHA-1 only, which OpenSSH refuses since "
            "8.8; "
            "make a key of another kind (ssh-keygen -t ed25519) and take it to the device (ssh-copy-id -i "
            "~/.ssh/id_ed25519.pub %s), or use an edgedyno that is linked with libssh2 1.11 or newer%s",
            libssh2_version(0), auth->link->name, remarks);
    if (!strstr(methods, "publickey"))
        return ed_fail(err, ED_ERR_KEY_REFUSED, auth->link->name,
                       "the server takes no keys (only: %s), and passwords are never used; allow "
                       "PubkeyAuthentication in its "
                       "sshd_config",
                       methods);
    if (!auth->tried)
        return ed_fail(err, ED_ERR_KEY_REFUSED, auth->link->name,
                       "there is no key to show: no agent has one, and no key file can be used%s; make one "
                       "(ssh-keygen -t "
                       "ed25519) and take it to the device (ssh-copy-id %s)",
                       remarks, auth->link->name);
    return ed_fail(err, ED_ERR_KEY_REFUSED, auth->link->name,
                   "the device takes none of the %zu keys that were shown to it as user '%s'%s; take one to "
                   "it (ssh-copy-id %s), "
                   "or name the right one by IdentityFile in ~/.ssh/config",
                   auth->tried, auth->user, remarks, auth->link->name);
}

enum ed_status ed_ssh_auth(struct ed_ssh_link *link, const char *user, const struct ed_ssh_host *host,
                           const struct ed_transport_context *context, int64_t *deadline_ns,
                           struct ed_error *err) {
    struct auth auth = {
        .link = link, .user = user, .context = context, .deadline_ns = deadline_ns, .agent.fd = -1};
    char methods[256], agent_problem[200] = "";
    enum ed_status status;
    ed_buffer_init(&auth.remarks, 500);
    status = ask_methods(&auth, methods, sizeof methods, err);
    if (!status && !auth.done && strstr(methods, "publickey")) {
        status = read_files(&auth, host, err);
        if (!status)
            ed_ssh_agent_open(&auth.agent, *deadline_ns, agent_problem, sizeof agent_problem);
        if (!status)
            status = try_all(&auth, err);
    }
    // A server that has had enough hangs up: that is a refusal of the keys, not a bad link.
    if (status == ED_ERR_LINK_LOST && strstr(link->goodbye, "uthentication"))
        status = ed_fail(
            err, ED_ERR_KEY_REFUSED, link->name,
            "the server ended the attempts after %zu keys (%s); name the right one by IdentityFile and "
            "IdentitiesOnly yes in ~/.ssh/config",
            auth.tried, link->goodbye);
    if (!status && !auth.done)
        status = no_key_taken(&auth, methods, agent_problem, err);
    ed_ssh_agent_close(&auth.agent);
    free(auth.files);
    ed_buffer_release(&auth.remarks);
    return status;
}
