// SPDX-License-Identifier: Apache-2.0
// Questions to a language model, as JSON lines:
//   {"prompt": TEXT, "choices": [TEXT, ...], "answer": INDEX}   which choice is the likeliest
//   {"prompt": TEXT, "answer": TEXT}                            what greedy decoding gives
// "id", a text or a number, may stand in a line, and then names it alone: a question that is there twice
// would count twice. Other keys are left alone. Files are hostile: everything is limited and checked.
#ifndef EDGEDYNO_BASE_QUESTIONS_H
#define EDGEDYNO_BASE_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

#define ED_QUESTIONS_MAX 100000
#define ED_QUESTIONS_CHOICES_MAX 64
#define ED_QUESTIONS_LINE_MAX_BYTES (1u << 20)
#define ED_QUESTIONS_FILE_MAX_BYTES (256u << 20)

struct ed_question {
    char *prompt;
    char *id; // NULL: none
    size_t line;
    char **choices; // of an answer in words that one alone
    size_t n_choices;
    int64_t answer; // index of the right choice
};

struct ed_questions {
    struct ed_question *items;
    size_t n, most_choices;
    bool match; // answers are words
};

// Every line must be of the kind asked for. ED_ERR_USAGE names the line.
enum ed_status ed_questions_parse(struct ed_questions *questions, const char *text, size_t bytes, bool match,
                                  const char *where, struct ed_error *err);
enum ed_status ed_questions_read(struct ed_questions *questions, const char *path, bool match,
                                 struct ed_error *err);
void ed_questions_release(struct ed_questions *questions); // safe on a zeroed one

#endif
