// SPDX-License-Identifier: Apache-2.0
// One row of an option table: the single source of parsing, --help, man page, completion and reference, for
// command-line flags and for the options of backends, probes and reports alike.
#ifndef EDGEDYNO_OPTION_H
#define EDGEDYNO_OPTION_H

enum ed_option_type {
    ED_OPTION_FLAG,     // present or not; as an adapter's option: 0, 1, true, false
    ED_OPTION_INT,      // decimal integer in min..max
    ED_OPTION_REAL,     // decimal number in min..max
    ED_OPTION_TEXT,     // any text
    ED_OPTION_WORD,     // one of `words` (separated by '|')
    ED_OPTION_DURATION, // "5 ms", "2min": nanoseconds
    ED_OPTION_SIZE,     // "64 MiB": bytes
    ED_OPTION_SHARE,    // "1 %" or 0.01: fraction
    ED_OPTION_INT_LIST, // 1,2 and 1-8*2
    ED_OPTION_LIST,     // comma list of texts
    ED_OPTION_PAIR,     // KEY=VALUE, repeatable
    ED_OPTION_PATH,     // a file or directory
};

enum ed_option_flag {
    ED_OPTION_REPEATABLE = 1u << 0, // may be given more than once; values add up
    ED_OPTION_HIDDEN = 1u << 1,     // not in --help or completion
};

struct ed_option {
    const char *name; // long name without dashes; for adapters the key of `-o KEY=VALUE`
    char letter;      // short flag, or 0
    enum ed_option_type type;
    const char *unit;     // unit or metavariable shown in help ("ms", "FILE"); "" where there is none
    const char *fallback; // default as a person would write it; "" where there is none
    double min, max;      // range of numbers; both 0: unbounded
    const char *words;    // for ED_OPTION_WORD: "a|b|c"; otherwise ""
    const char *help;     // one line, no full stop
    unsigned flags;       // enum ed_option_flag
};

#endif
