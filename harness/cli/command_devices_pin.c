// SPDX-License-Identifier: Apache-2.0
// Pinning a device's host key in the fleet's file.
#include <stdlib.h>
#include <string.h>

#include "devices/ssh/base64.h"
#include "devices/ssh/config.h"
#include "devices/ssh/home.h"
#include "devices/ssh/known_hosts.h"
#include "harness/cli/command_devices.h"

static const char *const preferred[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521", "ssh-rsa"};

static bool write_key(const struct ed_ssh_known_key *key, char *text, size_t bytes) {
    size_t used = strlen(key->type) + 1;
    if (used + 4 * ((key->n_blob + 2) / 3) + 1 > bytes)
        return false;
    snprintf(text, bytes, "%s ", key->type);
    ed_base64_encode(text + used, key->blob, key->n_blob, true);
    return true;
}

// The files that ~/.ssh/config names, one a line, or the user's own.
static void read_known(struct ed_ssh_known_hosts *known, const struct ed_ssh_host *config, const char *name,
                       int port) {
    char home[ED_PATH_BYTES], path[ED_PATH_BYTES];
    const char *files = config->known_hosts;
    if (!files[0] && !ed_ssh_home(home, NULL) && !ed_path_join(path, home, ".ssh/known_hosts", NULL))
        ed_ssh_known_hosts_read(known, path, name, port, NULL);
    while (*files) {
        size_t n = strcspn(files, "\n");
        snprintf(path, sizeof path, "%.*s", (int)n, files);
        if (path[0])
            ed_ssh_known_hosts_read(known, path, name, port, NULL);
        files += n + (files[n] != '\0');
    }
}

static bool works(const struct ed_devices *devices, const struct ed_device_entry *entry) {
    enum ed_session_depth reached;
    struct ed_session session = {0};
    enum ed_status status = ed_devices_open(devices, &session, entry, ED_SESSION_CONNECTED, &reached, NULL);
    if (!status)
        ed_session_close(&session);
    return status == ED_OK;
}

bool ed_devices_pin(const struct ed_devices *devices, struct ed_device_entry *entry) {
    struct ed_ssh_known_hosts known = {0};
    struct ed_ssh_host *config = calloc(1, sizeof *config);
    bool pinned = false;
    if (!config || ed_ssh_config_host(config, NULL, entry->host, NULL)) {
        free(config);
        return false;
    }
    const char *host = config->host_key_alias[0] ? config->host_key_alias
                       : config->host_name[0]    ? config->host_name
                                                 : entry->host;
    // As OpenSSH: an alias stands for host and port.
    read_known(&known, config, host,
               config->host_key_alias[0] ? 22
               : entry->port             ? entry->port
               : config->port            ? config->port
                                         : 22);
    for (size_t t = 0; t < sizeof preferred / sizeof preferred[0] && !pinned; t++)
        for (size_t i = 0; i < known.n_keys && !pinned; i++) {
            const struct ed_ssh_known_key *key = &known.keys[i];
            if (strcmp(key->type, preferred[t]) != 0 || key->revoked || key->authority ||
                !write_key(key, entry->host_key, sizeof entry->host_key))
                continue;
            pinned = works(devices, entry);
        }
    if (!pinned)
        entry->host_key[0] = '\0';
    ed_ssh_known_hosts_release(&known);
    free(config);
    return pinned;
}
