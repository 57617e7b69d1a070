// SPDX-License-Identifier: Apache-2.0
// Words of a configuration line, and patterns.
#include "devices/ssh/config_line.h"

#include <string.h>

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

enum ed_ssh_line_fault ed_ssh_line_split(struct ed_ssh_line *line, const char *bytes, size_t n) {
    char *at = line->text, *to;
    line->keyword = NULL;
    line->n_words = 0;
    if (n >= sizeof line->text)
        return ED_SSH_LINE_LONG;
    memcpy(line->text, bytes, n);
    line->text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)bytes[i] < ' ' && !blank(bytes[i]))
            return ED_SSH_LINE_CONTROL;
    while (blank(*at))
        at++;
    if (!*at || *at == '#')
        return ED_SSH_LINE_FINE;
    line->keyword = at;
    for (; *at && !blank(*at) && *at != '='; at++)
        *at = lower(*at);
    // One `=` may stand between the keyword and its first word.
    for (bool seen = false; blank(*at) || (*at == '=' && !seen); at++) {
        seen = seen || *at == '=';
        *at = '\0';
    }
    while (*at && *at != '#') {
        bool quoted = *at == '"';
        if (line->n_words == ED_SSH_WORDS_MAX)
            return ED_SSH_LINE_WORDS;
        at += quoted;
        line->words[line->n_words++] = to = at;
        while (*at && (quoted ? *at != '"' : !blank(*at))) {
            if (quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
                at++;
            *to++ = *at++;
        }
        if (quoted && !*at)
            return ED_SSH_LINE_QUOTE;
        at += quoted;
        while (blank(*at))
            *at++ = '\0';
        *to = '\0';
    }
    return ED_SSH_LINE_FINE;
}

bool ed_ssh_pattern_matches(const char *pattern, const char *name) {
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (*pattern == '?' || (*pattern && lower(*pattern) == lower(*name))) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++resume;
        } else
            return false;
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

int ed_ssh_pattern_list(const char *list, char separator, const char *name) {
    int found = 0;
    while (*list) {
        const char *end = separator ? strchr(list, separator) : NULL;
        size_t n = end ? (size_t)(end - list) : strlen(list);
        bool negated = *list == '!';
        char pattern[1024];
        if (n - negated < sizeof pattern) {
            memcpy(pattern, list + negated, n - negated);
            pattern[n - negated] = '\0';
            if (ed_ssh_pattern_matches(pattern, name)) {
                if (negated)
                    return -1;
                found = 1;
            }
        }
        list += n + (end != NULL);
    }
    return found;
}
