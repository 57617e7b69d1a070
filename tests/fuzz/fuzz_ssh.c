// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what is read for an SSH connection. The first byte chooses the reader: 'c' ~/.ssh/config, 'h'
// known_hosts, 'k' a private key's file, 'x' a server's first words, 's' a host in between. What is accepted
// must keep the promises of the headers.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/ssh/chain.h"
#include "devices/ssh/config.h"
#include "devices/ssh/key_file.h"
#include "devices/ssh/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

static void no_names(void *context, const char *name) {
    (void)context;
    check(name[0] && !strpbrk(name, "*?!"));
}

static void read_config(const char *path) {
    static struct ed_ssh_host host;
    struct ed_error err = {0};
    if (ed_ssh_config_host(&host, path, "pi.lab", &err))
        check(err.message[0] != '\0');
    else {
        check(host.port >= 0 && host.port <= 65535 && host.n_identities <= ED_SSH_IDENTITIES_MAX);
        for (size_t i = 0; i < host.n_identities; i++)
            check(memchr(host.identities[i], '\0', sizeof host.identities[i]) != NULL);
    }
    ed_ssh_config_names(path, no_names, NULL, &err);
}

static void read_known_hosts(const char *path) {
    struct ed_ssh_known_hosts known = {0};
    struct ed_error err = {0};
    if (ed_ssh_known_hosts_read(&known, path, "pi.lab", 2222, &err))
        check(err.message[0] != '\0');
    for (size_t i = 0; i < known.n_keys; i++) {
        const struct ed_ssh_known_key *by;
        enum ed_ssh_verdict verdict =
            ed_ssh_known_hosts_judge(&known, known.keys[i].blob, known.keys[i].n_blob, &by);
        check(known.keys[i].type[0] && known.keys[i].n_blob <= ED_SSH_KEY_BLOB_BYTES);
        check(known.keys[i].authority || verdict == ED_SSH_KEY_KNOWN || verdict == ED_SSH_KEY_REVOKED);
        check(known.keys[i].authority || by);
    }
    ed_ssh_known_hosts_release(&known);
}

static void read_key(const char *text, size_t n) {
    static struct ed_ssh_key_file key;
    memset(&key, 0, sizeof key);
    ed_ssh_key_file_parse(&key, text, n);
    check(key.n_blob <= sizeof key.blob && (key.usable || key.problem[0] || key.n_blob > 0));
}

static void read_spec(const char *text) {
    char host[256], user[64];
    struct ed_error err = {0};
    int port;
    if (ed_ssh_spec_parse(text, host, user, &port, &err))
        check(err.message[0] != '\0');
    else
        check(host[0] && !strpbrk(host, " /@,'\"\n") && port >= 0 && port <= 65535);
}

// As a file without a name.
static void with_file(const uint8_t *data, size_t size, void (*reader)(const char *path)) {
    int fd = memfd_create("input", MFD_CLOEXEC);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size)
        reader(path);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ed_ssh_kexinit lists;
    uint8_t *exact;
    char *text;
    if (size < 1 || size > 65536)
        return 0;
    text = malloc(size);
    exact = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    memcpy(exact, data + 1, size - 1);
    setenv("HOME", "/nonexistent", 1);
    // Other files of the machine are none of its business.
    if (data[0] == 'c' && !strcasestr(text, "include"))
        with_file(data + 1, size - 1, read_config);
    else if (data[0] == 'h')
        with_file(data + 1, size - 1, read_known_hosts);
    else if (data[0] == 'k')
        read_key(text, size - 1);
    else if (data[0] == 'x' && ed_ssh_kexinit_parse(&lists, exact, size - 1))
        for (size_t i = 0; i < ED_SSH_KEXINIT_LISTS; i++)
            check((const uint8_t *)lists.lists[i] >= exact &&
                  (const uint8_t *)lists.lists[i] + lists.lengths[i] <= exact + size - 1);
    else if (data[0] == 's')
        read_spec(text);
    free(text);
    free(exact);
    return 0;
}
