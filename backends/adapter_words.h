// SPDX-License-Identifier: Apache-2.0
// The words of an engine that has no others than what it writes to standard error while a call fails.
#ifndef EDGEDYNO_BACKENDS_ADAPTER_WORDS_H
#define EDGEDYNO_BACKENDS_ADAPTER_WORDS_H

#include <stddef.h>
#include <stdint.h>

// How much was written to standard error so far; -1 where it is no file.
int64_t ed_adapter_words_mark(void);
// The lines written since `mark` that begin with `begin`, without that and without the place in the engine's
// source that they name ("[file.cc:12] "), joined by "; ". "" where there are none. At most the last 16 KiB.
void ed_adapter_words_since(int64_t mark, const char *begin, char *text, size_t bytes);

#endif
