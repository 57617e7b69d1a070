// SPDX-License-Identifier: Apache-2.0
// Reading mountinfo(5) and logind.conf(5).
#include "runners/doctor_mount.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"

// "\040" and its like; false where it does not fit.
static bool unescape(const char *word, size_t n, char *out, size_t bytes) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        char c = word[i];
        if (c == '\\' && i + 3 < n && word[i + 1] >= '0' && word[i + 1] <= '3' && word[i + 2] >= '0' &&
            word[i + 2] <= '7' && word[i + 3] >= '0' && word[i + 3] <= '7') {
            c = (char)((word[i + 1] - '0') * 64 + (word[i + 2] - '0') * 8 + (word[i + 3] - '0'));
            i += 3;
        }
        if (used + 1 >= bytes)
            return false;
        out[used++] = c;
    }
    out[used] = 0;
    return true;
}

// The word number `index` of a line, from 0.
static bool word_at(const char *line, size_t bytes, size_t index, const char **word, size_t *n) {
    const char *end = line + bytes;
    for (;; index--) {
        const char *stop = memchr(line, ' ', (size_t)(end - line));
        *word = line;
        *n = (size_t)((stop ? stop : end) - line);
        if (index == 0)
            return *n > 0;
        if (!stop)
            return false;
        line = stop + 1;
    }
}

static bool begins(const char *path, const char *point) {
    size_t n = strlen(point);
    if (!strcmp(point, "/"))
        return path[0] == '/';
    return !strncmp(path, point, n) && (path[n] == '/' || !path[n]);
}

bool ed_doctor_mount(const char *mountinfo, const char *path, char *point, size_t point_bytes, char *type,
                     size_t type_bytes) {
    size_t longest = 0;
    point[0] = type[0] = 0;
    for (const char *line = mountinfo; *line;) {
        const size_t bytes = strcspn(line, "\n");
        const char *word, *dash = memmem(line, bytes, " - ", 3);
        char found[ED_PATH_BYTES];
        size_t n;
        if (dash && word_at(line, bytes, 4, &word, &n) && unescape(word, n, found, sizeof found) &&
            begins(path, found) && strlen(found) >= longest && strlen(found) < point_bytes &&
            word_at(dash + 3, bytes - (size_t)(dash + 3 - line), 0, &word, &n) && n < type_bytes) {
            longest = strlen(found);
            memcpy(point, found, longest + 1);
            memcpy(type, word, n);
            type[n] = 0;
        }
        line += bytes + (line[bytes] == '\n');
    }
    return longest > 0;
}

int ed_doctor_kills(const char *conf, bool built_in) {
    static const char key[] = "KillUserProcesses=";
    static const char *const yes[] = {"yes", "true", "on", "1"};
    int found = -1;
    for (const char *line = conf; *line;) {
        const size_t bytes = strcspn(line, "\n");
        const char *at = line + strspn(line, " \t");
        const bool comment = *at == '#' || *at == ';';
        at += comment;
        at += strspn(at, " \t");
        if ((built_in || !comment) && !strncmp(at, key, sizeof key - 1)) {
            at += sizeof key - 1;
            const size_t n = strcspn(at, " \t\r\n");
            found = 0;
            for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
                if (strlen(yes[i]) == n && !strncmp(at, yes[i], n))
                    found = 1;
        }
        line += bytes + (line[bytes] == '\n');
    }
    return found;
}
