// SPDX-License-Identifier: Apache-2.0
// The words of an engine that has no others than what it writes to standard error while a call fails.
#include "backends/adapter_words.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX_BYTES 16384

int64_t ed_adapter_words_mark(void) {
    struct stat file;
    return fstat(STDERR_FILENO, &file) == 0 && S_ISREG(file.st_mode) ? (int64_t)file.st_size : -1;
}

static void read_since(int64_t mark, char *text, size_t bytes) {
    const int64_t end = ed_adapter_words_mark(), room = (int64_t)bytes - 1;
    text[0] = 0;
    if (mark < 0 || end <= mark)
        return;
    const int fd = open("/proc/self/fd/2", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    const ssize_t got = pread(fd, text, bytes - 1, (off_t)(end - mark > room ? end - room : mark));
    text[got > 0 ? got : 0] = 0;
    close(fd);
}

// "[file.cc:12] words" and "00:00:00.000131 engine:file.cpp:97] words" give "words".
static const char *without_place(const char *line) {
    const char *end = strstr(line, "] "), *at = end;
    if (end && *line == '[')
        return end + 2;
    while (at && at > line && isdigit((unsigned char)at[-1]))
        at--;
    return at && at < end && at > line && at[-1] == ':' ? end + 2 : line;
}

void ed_adapter_words_since(int64_t mark, const char *begin, char *text, size_t bytes) {
    char words[WORDS_MAX_BYTES];
    char *rest = words;
    read_since(mark, words, sizeof words);
    text[0] = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const size_t used = strlen(text);
        if (!strncmp(line, begin, strlen(begin)) && bytes - used > 8)
            snprintf(text + used, bytes - used, "%s%s", used ? "; " : "",
                     without_place(line + strlen(begin)));
    }
}
