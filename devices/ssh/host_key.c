// SPDX-License-Identifier: Apache-2.0
// The host's key against what is pinned or known.
#include "devices/ssh/host_key.h"

#include <stdlib.h>

#include "devices/ssh/home.h"
#include "devices/ssh/negotiate.h"

#define GLOBAL_FILE "/etc/ssh/ssh_known_hosts"

// The first file is the one that new keys go to; "" where there is none.
static enum ed_status own_file(const struct ed_ssh_host_key_args *args, char out[ED_PATH_BYTES],
                               struct ed_error *err) {
    size_t n = strcspn(args->known_files, "\n");
    if (!args->known_files[0])
        return ed_ssh_path(out, "", "~/.ssh/known_hosts", err);
    snprintf(out, ED_PATH_BYTES, "%.*s", (int)n, args->known_files);
    if (strcmp(out, "none") == 0)
        out[0] = '\0';
    return ED_OK;
}

static enum ed_status read_files(const struct ed_ssh_host_key_args *args, struct ed_ssh_known_hosts *known,
                                 int port, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = own_file(args, path, err);
    const char *rest = args->known_files;
    if (!status && path[0])
        status = ed_ssh_known_hosts_read(known, path, args->name, port, err);
    while (!status && *(rest += strcspn(rest, "\n"))) {
        rest++;
        snprintf(path, sizeof path, "%.*s", (int)strcspn(rest, "\n"), rest);
        status = ed_ssh_known_hosts_read(known, path, args->name, port, err);
    }
    return status ? status : ed_ssh_known_hosts_read(known, GLOBAL_FILE, args->name, port, err);
}

enum ed_status ed_ssh_host_key_expected(const struct ed_ssh_host_key_args *args,
                                        struct ed_ssh_known_hosts *known, struct ed_error *err) {
    enum ed_status status;
    if (args->pinned[0]) {
        known->keys = calloc(1, sizeof *known->keys);
        if (!known->keys)
            return ed_fail(err, ED_ERR_NO_MEMORY, args->name, "no memory for its key");
        known->n_keys = 1;
        status = ed_ssh_known_key_parse(known->keys, args->pinned, err);
        snprintf(known->keys->where, sizeof known->keys->where, "host_key of '%.200s' in devices.json",
                 args->id);
        return status;
    }
    status = read_files(args, known, args->port, err);
    // OpenSSH takes an entry without the port for one with it, where there is no better one.
    if (!status && !known->n_keys && args->port != 22)
        status = read_files(args, known, 22, err);
    return status;
}

static enum ed_status refuse(const struct ed_ssh_link *link, const struct ed_ssh_host_key_args *args,
                             enum ed_ssh_verdict verdict, const struct ed_ssh_known_key *by, const char *type,
                             const char *fingerprint, struct ed_error *err) {
    char remove[400];
    if (args->port == 22)
        snprintf(remove, sizeof remove, "ssh-keygen -R %s", args->name);
    else
        snprintf(remove, sizeof remove, "ssh-keygen -R '[%s]:%d'", args->name, args->port);
    if (verdict == ED_SSH_KEY_UNKNOWN)
        return ed_fail(
            err, ED_ERR_KEY_REFUSED, link->name,
            "the host's key is not known: %s %s; compare it with the host's own (there: ssh-keygen -lf "
            "/etc/ssh/ssh_host_%s_key.pub), then take it in: edgedyno devices add %s --accept-new",
            type, fingerprint,
            strncmp(type, "ecdsa", 5) == 0     ? "ecdsa"
            : strcmp(type, "ssh-ed25519") == 0 ? "ed25519"
                                               : "rsa",
            args->target);
    if (verdict == ED_SSH_KEY_REVOKED)
        return ed_fail(err, ED_ERR_KEY_REFUSED, by->where, "the key of %s (%s %s) is revoked by this line",
                       link->name, type, fingerprint);
    if (args->pinned[0])
        return ed_fail(
            err, ED_ERR_KEY_REFUSED, link->name,
            "the host's key is %s %s, which is not the %s; either this is another machine, or the key was "
            "changed: if you know that it was, correct host_key",
            type, fingerprint, by->where);
    if (verdict == ED_SSH_KEY_OTHER)
        return ed_fail(err, ED_ERR_KEY_REFUSED, by->where,
                       "%s shows a key of type %s (%s), but a %s key is what is known of it here; compare it "
                       "with the host's "
                       "own and add it by hand, or run `%s` and take it in anew",
                       link->name, type, fingerprint, by->type, remove);
    return ed_fail(
        err, ED_ERR_KEY_REFUSED, by->where,
        "THE KEY OF %s HAS CHANGED: it is %s %s, and not the one known here; somebody may be in between, or "
        "the "
        "host was set up anew: if you know that it was, run `%s` and take the new key in with --accept-new",
        link->name, type, fingerprint, remove);
}

static enum ed_status take_in(struct ed_ssh_link *link, const struct ed_ssh_host_key_args *args,
                              const unsigned char *blob, size_t n_blob, const char *type,
                              const char *fingerprint, int64_t deadline_ns, struct ed_error *err) {
    char path[ED_PATH_BYTES], line[ED_PATH_BYTES + 600];
    enum ed_status status = own_file(args, path, err);
    if (!status && !path[0])
        status = ed_fail(
            err, ED_ERR_KEY_REFUSED, link->name,
            "the host's key is not known, and UserKnownHostsFile none leaves no file to take it into");
    if (!status)
        status = ed_ssh_known_hosts_add(path, args->name, args->port, blob, n_blob, deadline_ns, err);
    if (!status && args->note) {
        snprintf(line, sizeof line, "%s: took its key %s %s into %s", link->name, type, fingerprint, path);
        args->note(args->context, line);
    }
    return status;
}

enum ed_status ed_ssh_host_key_check(struct ed_ssh_link *link, const struct ed_ssh_host_key_args *args,
                                     const struct ed_ssh_known_hosts *known, int64_t deadline_ns,
                                     struct ed_error *err) {
    char fingerprint[ED_SSH_FINGERPRINT_BYTES], type[64];
    const struct ed_ssh_known_key *by = NULL;
    enum ed_ssh_verdict verdict;
    size_t n_blob = 0;
    int kind;
    const unsigned char *blob = (const unsigned char *)libssh2_session_hostkey(link->session, &n_blob, &kind);
    if (!blob || !n_blob)
        return ed_fail(err, ED_ERR_KEY_REFUSED, link->name, "the host showed no key");
    ed_ssh_fingerprint(fingerprint, blob, n_blob);
    ed_ssh_blob_type(type, blob, n_blob);
    verdict = ed_ssh_known_hosts_judge(known, blob, n_blob, &by);
    if (verdict == ED_SSH_KEY_KNOWN)
        return ED_OK;
    // An entry of another type which libssh2 cannot check leaves the host as unknown as before, and is said.
    if (verdict == ED_SSH_KEY_OTHER && !args->pinned[0] && !ed_ssh_host_key_type_works(link, by->type))
        return ed_fail(err, ED_ERR_KEY_REFUSED, by->where,
                       "what is known of %s is a %s key, which libssh2 %s cannot check; it shows %s %s too: "
                       "compare it with "
                       "the host's own, and add it by `ssh-keyscan -t %s -p %d %s`",
                       link->name, by->type, libssh2_version(0), type, fingerprint,
                       strcmp(type, "ssh-ed25519") == 0 ? "ed25519" : "ecdsa", args->port, args->name);
    if (verdict == ED_SSH_KEY_UNKNOWN && args->accept_new)
        return take_in(link, args, blob, n_blob, type, fingerprint, deadline_ns, err);
    return refuse(link, args, verdict, by, type, fingerprint, err);
}
