// SPDX-License-Identifier: Apache-2.0
// How a host is written in ProxyJump and "via".
#include <stdlib.h>

#include "devices/ssh/chain.h"

static enum ed_status no_spec(const char *spec, const char *why, struct ed_error *err) {
    return ed_fail(err, ED_ERR_USAGE, spec, "%s; a host in between is written [ssh://][USER@]HOST[:PORT]",
                   why);
}

enum ed_status ed_ssh_spec_parse(const char *spec, char host[256], char user[64], int *port,
                                 struct ed_error *err) {
    const char *at = strncmp(spec, "ssh://", 6) == 0 ? spec + 6 : spec, *sign = strrchr(at, '@'), *colon;
    size_t n;
    char *end;
    user[0] = '\0';
    *port = 0;
    if (sign) {
        if (sign == at || sign - at > 63)
            return no_spec(spec, "its user is empty or longer than 63 bytes", err);
        snprintf(user, 64, "%.*s", (int)(sign - at), at);
        at = sign + 1;
    }
    if (*at == '[') {
        const char *close = strchr(++at, ']');
        if (!close || (close[1] && close[1] != ':'))
            return no_spec(spec, "its bracket is not closed", err);
        n = (size_t)(close - at);
        colon = close[1] ? close + 1 : NULL;
    } else {
        colon = strchr(at, ':');
        // More than one colon is an IPv6 address by itself.
        if (colon && strchr(colon + 1, ':'))
            colon = NULL;
        n = colon ? (size_t)(colon - at) : strcspn(at, "/");
        if (!colon && at[n] && strcmp(at + n, "/") != 0)
            return no_spec(spec, "a path follows the host", err);
    }
    if (n == 0 || n > 255)
        return no_spec(spec, "its host is empty or longer than 255 bytes", err);
    snprintf(host, 256, "%.*s", (int)n, at);
    for (const char *c = host; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr("'\"\\,@/", *c))
            return no_spec(spec, "there is a character in its host that no name has", err);
    if (colon) {
        long number = strtol(colon + 1, &end, 10);
        if (colon[1] < '0' || colon[1] > '9' || (*end && strcmp(end, "/") != 0) || number < 1 ||
            number > 65535)
            return no_spec(spec, "its port is no number from 1 to 65535", err);
        *port = (int)number;
    }
    return ED_OK;
}
