// SPDX-License-Identifier: Apache-2.0
// The file that a mistyped one may have meant.
#ifndef EDGEDYNO_HARNESS_NEAR_FILE_H
#define EDGEDYNO_HARNESS_NEAR_FILE_H

#include <stdbool.h>

#include "base/path.h"

// The nearest name (base/nearest.h) in the folder where `text` would lie, which begins in `directory` unless
// it is absolute; written as `text` is. False where nothing is near, or there is no such folder.
bool ed_near_file(char near[ED_PATH_BYTES], const char *directory, const char *text);

#endif
