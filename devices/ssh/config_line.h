// SPDX-License-Identifier: Apache-2.0
// Lines of ~/.ssh/config: a keyword, then words; and patterns of host names.
#ifndef EDGEDYNO_DEVICES_SSH_CONFIG_LINE_H
#define EDGEDYNO_DEVICES_SSH_CONFIG_LINE_H

#include "devices/ssh/config.h"

#define ED_SSH_WORDS_MAX 64
#define ED_SSH_LINE_BYTES 4096

struct ed_ssh_line {
    char text[ED_SSH_LINE_BYTES]; // what the words point into
    char *keyword;                // lower case; NULL on an empty line or a comment
    char *words[ED_SSH_WORDS_MAX];
    size_t n_words;
};

enum ed_ssh_line_fault {
    ED_SSH_LINE_FINE,
    ED_SSH_LINE_LONG,
    ED_SSH_LINE_QUOTE,
    ED_SSH_LINE_WORDS,
    ED_SSH_LINE_CONTROL
};

// `n` bytes without the line break. "Key value", "Key=value", "Key = value"; words may be in double quotes.
enum ed_ssh_line_fault ed_ssh_line_split(struct ed_ssh_line *line, const char *bytes, size_t n);
// `*` and `?`; letters of either case are the same.
bool ed_ssh_pattern_matches(const char *pattern, const char *name);
// A list: matches one pattern and no negated (`!`) one. `separator` 0: `pattern` is one of them alone.
// 1 matches, 0 does not, -1 a negated one matches.
int ed_ssh_pattern_list(const char *list, char separator, const char *name);
// ~ and %h %n %u %r %d %% in the values that ~/.ssh/config gave for `host`.
enum ed_status ed_ssh_config_expand(struct ed_ssh_host *out, const char *host, struct ed_error *err);

#endif
