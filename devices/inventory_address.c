// SPDX-License-Identifier: Apache-2.0
// Addresses of devices as a person writes them, and ids made from them.
#include <ctype.h>
#include <stdlib.h>

#include "base/path.h"
#include "devices/inventory_keys.h"

#define FORMS "write ssh://[USER@]HOST[:PORT], adb:SERIAL, or adb:SERIAL@ssh://[USER@]HOST[:PORT]"

static enum ed_status refuse(struct ed_error *err, const char *text, const char *why) {
    return ed_fail(err, ED_ERR_USAGE, text, "%s; " FORMS, why);
}

static bool copy(char *out, size_t bytes, const char *text, size_t n) {
    if (n >= bytes)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

static bool parse_port(const char *text, int *port) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] || atoi(text) < 1 || atoi(text) > 65535)
        return false;
    *port = atoi(text);
    return true;
}

// [USER@]HOST[:PORT], where an IPv6 address stands in brackets.
static enum ed_status parse_ssh(struct ed_device_entry *entry, const char *whole, const char *text,
                                struct ed_error *err) {
    const char *at = strrchr(text, '@'), *host = at ? at + 1 : text, *end, *port = NULL;
    // Without the address: it would tell the secret again.
    if (at && memchr(text, ':', (size_t)(at - text)))
        return refuse(err, "ssh://", "a password is never given here; use a key, by ssh-agent or a file");
    if (strchr(text, '/'))
        return refuse(err, whole,
                      "an address has no path; the device's directory is work_dir in devices.json");
    if (host[0] == '[') {
        host++;
        end = strchr(host, ']');
        if (!end || (end[1] && end[1] != ':'))
            return refuse(err, whole, "the bracket of an IPv6 address is not closed");
        port = end[1] ? end + 2 : NULL;
    } else {
        end = host + strcspn(host, ":");
        if (*end && strchr(end + 1, ':'))
            return refuse(err, whole, "an IPv6 address stands in brackets, such as ssh://[fe80::1]:22");
        port = *end ? end + 1 : NULL;
    }
    if (end == host)
        return refuse(err, whole, "the host is missing");
    if (at && !copy(entry->user, sizeof entry->user, text, (size_t)(at - text)))
        return refuse(err, whole, "the user's name is too long");
    if (!copy(entry->host, sizeof entry->host, host, (size_t)(end - host)))
        return refuse(err, whole, "the host's name is too long");
    if (at && !ed_inventory_is_user(entry->user))
        return refuse(err, whole, "what stands before the @ is no user's name");
    if (!ed_inventory_is_host(entry->host))
        return refuse(err, whole, "this is no host's name");
    if (port && !parse_port(port, &entry->port))
        return refuse(err, whole, "the port is not from 1 to 65535");
    return ED_OK;
}

static enum ed_status parse_adb(struct ed_device_entry *entry, const char *whole, const char *text,
                                struct ed_error *err) {
    const char *at = strstr(text, "@ssh://");
    struct ed_device_entry via = {0};
    if (!at && strchr(text, '@'))
        return refuse(err, whole,
                      "behind the @ stands the host whose adb server has the phone, as ssh://HOST");
    if (!copy(entry->serial, sizeof entry->serial, text, at ? (size_t)(at - text) : strlen(text)))
        return refuse(err, whole, "the serial number is too long");
    if (!entry->serial[0])
        return refuse(err, whole, "the serial number is missing; `adb devices` shows it");
    if (!ed_inventory_is_serial(entry->serial))
        return refuse(err, whole, "this is no serial number; `adb devices` shows it");
    if (!at)
        return ED_OK;
    if (!copy(entry->via, sizeof entry->via, at + 1, strlen(at + 1)))
        return refuse(err, whole, "the address of the host in between is too long");
    return parse_ssh(&via, whole, at + 1 + strlen("ssh://"), err);
}

enum ed_status ed_device_address_parse(struct ed_device_entry *entry, const char *text,
                                       struct ed_error *err) {
    struct ed_device_entry found = {0};
    enum ed_status status;
    if (strncmp(text, "ssh://", 6) == 0) {
        memcpy(found.transport, "ssh", sizeof "ssh");
        status = parse_ssh(&found, text, text + 6, err);
    } else if (strncmp(text, "adb:", 4) == 0) {
        memcpy(found.transport, "adb", sizeof "adb");
        status = parse_adb(&found, text, text + 4, err);
    } else if (strncmp(text, "ssh:", 4) == 0)
        status = refuse(err, text, "behind ssh: stand two slashes");
    else
        status = refuse(err, text, "this is no address of a device");
    if (status)
        return status;
    memcpy(entry->transport, found.transport, sizeof entry->transport);
    memcpy(entry->host, found.host, sizeof entry->host);
    memcpy(entry->user, found.user, sizeof entry->user);
    memcpy(entry->serial, found.serial, sizeof entry->serial);
    memcpy(entry->via, found.via, sizeof entry->via);
    entry->port = found.port;
    return ED_OK;
}

static bool is_taken(const struct ed_inventory *inventory, const char *id) {
    if (strcmp(id, "local") == 0)
        return true;
    for (size_t i = 0; inventory && i < inventory->n; i++) {
        if (strcmp(inventory->devices[i].id, id) == 0)
            return true;
        for (char **tag = inventory->devices[i].tags; tag && *tag; tag++)
            if (strcmp(*tag, id) == 0)
                return true;
    }
    return false;
}

void ed_device_id_suggest(char id[64], const struct ed_device_entry *entry,
                          const struct ed_inventory *inventory) {
    const char *from = entry->serial[0] ? entry->serial : entry->host;
    // A name's first label says enough; of an address every part does.
    const bool label = !entry->serial[0] && from[strspn(from, "0123456789abcdefABCDEF.:")] != '\0';
    size_t n = label ? strcspn(from, ".") : strlen(from);
    char base[56];
    n = n < sizeof base - 1 ? n : sizeof base - 1;
    for (size_t i = 0; i < n; i++)
        base[i] = isalnum((unsigned char)from[i]) || strchr("._", from[i]) ? from[i] : '-';
    base[n] = '\0';
    if (!ed_path_name_ok(base))
        snprintf(base, sizeof base, "device");
    snprintf(id, 64, "%s", base);
    for (int i = 2; is_taken(inventory, id); i++)
        snprintf(id, 64, "%s-%d", base, i);
}
