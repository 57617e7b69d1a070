// SPDX-License-Identifier: Apache-2.0
// Quoting for login shells. Within single quotes csh still expands ! and ends at a line break, and fish still
// takes \ before ' and \; all of them take every other printable character as it is.
#include "devices/ssh/quote.h"

static bool agreed_on(const char *text) {
    for (; *text; text++)
        if (*text < ' ' || *text > '~' || *text == '\'' || *text == '\\' || *text == '!')
            return false;
    return true;
}

static void quoted(struct ed_buffer *line, const char *text) {
    ed_buffer_text_append(line, " '");
    ed_buffer_text_append(line, text);
    ed_buffer_text_append(line, "'");
}

// `c` within printf "..." within single quotes.
static void encoded(struct ed_buffer *line, char c) {
    unsigned char byte = (unsigned char)c;
    if (byte < ' ' || byte > '~' || strchr("'\\!\"$`%", c))
        ed_buffer_printf(line, "\\%03o", byte);
    else
        ed_buffer_append(line, &c, 1);
}

void ed_ssh_quote(struct ed_buffer *line, const char *const *argv) {
    bool plain = true;
    for (size_t i = 0; argv[i]; i++)
        plain = plain && agreed_on(argv[i]);
    ed_buffer_text_append(line, plain ? "exec" : "exec /bin/sh -c 'eval \"exec $(printf \"");
    for (size_t i = 0; argv[i]; i++) {
        if (plain) {
            quoted(line, argv[i]);
            continue;
        }
        ed_buffer_text_append(line, " ");
        encoded(line, '\'');
        // For the inner shell a single quote within single quotes is '\''.
        for (const char *c = argv[i]; *c; c++)
            if (*c == '\'')
                for (const char *escape = "'\\''"; *escape; escape++)
                    encoded(line, *escape);
            else
                encoded(line, *c);
        encoded(line, '\'');
    }
    if (!plain)
        ed_buffer_text_append(line, "\")\"'");
}
