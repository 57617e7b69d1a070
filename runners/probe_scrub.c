// SPDX-License-Identifier: Apache-2.0
// Scrubbing of texts.
#include "runners/probe_scrub.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// `shape`: 'h' a hexadecimal digit, 's' the sign of a hardware address, anything else itself. Its length
// where it fits, and no digit goes on behind it.
static size_t fits(const char *p, const char *shape) {
    char sign = 0;
    size_t n = 0;
    for (; shape[n]; n++) {
        if (shape[n] == 's' && !sign && (p[n] == ':' || p[n] == '-' || p[n] == '_'))
            sign = p[n];
        if (shape[n] == 'h' ? !is_hex(p[n]) : shape[n] == 's' ? p[n] != sign || !sign : p[n] != shape[n])
            return 0;
    }
    return is_hex(p[n]) ? 0 : n;
}

static void blank(char *p, size_t n, char with) {
    for (size_t i = 0; i < n; i++)
        if (with == '0' ? is_hex(p[i]) : is_word(p[i]))
            p[i] = with;
}

static void scrub_shapes(char *text) {
    static const char *const shapes[] = {"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", "hhshhshhshhshhshh"};
    for (char *p = text; *p; p++) {
        size_t n = 0;
        if (p > text && is_hex(p[-1]))
            continue;
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && n == 0; i++)
            n = fits(p, shapes[i]);
        blank(p, n, '0');
        if (n == 0 && (strncmp(p, "enx", 3) == 0 || strncmp(p, "wlx", 3) == 0))
            blank(p + 3, fits(p + 3, "hhhhhhhhhhhh"), '0');
    }
}

static void scrub_host(char *text, const char *host) {
    const size_t n = strlen(host);
    if (n < 3)
        return;
    for (char *p = text; (p = strstr(p, host)); p++)
        if ((p == text || !is_word(p[-1])) && !is_word(p[n]))
            blank(p, n, 'x');
}

static void scrub_serials(char *text) {
    for (char *line = text; *line;) {
        const size_t bytes = strcspn(line, "\n"), key = strcspn(line, ":=\n");
        if (key < bytes)
            for (size_t i = 0; i + 6 <= key; i++)
                if (strncasecmp(line + i, "serial", 6) == 0) {
                    blank(line + key, bytes - key, 'x');
                    break;
                }
        line += bytes + (line[bytes] == '\n');
    }
}

void ed_probe_scrub(char *text, const char *host) {
    scrub_shapes(text);
    scrub_host(text, host);
    scrub_serials(text);
}
