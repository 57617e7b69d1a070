// SPDX-License-Identifier: Apache-2.0
// Base64 as keys are written in (RFC 4648, 4).
#ifndef EDGEDYNO_DEVICES_SSH_BASE64_H
#define EDGEDYNO_DEVICES_SSH_BASE64_H

#include <stdbool.h>
#include <stddef.h>

// Padding may be missing. False when a character is not of it, or `out` is too small.
bool ed_base64_decode(unsigned char *out, size_t out_bytes, size_t *n, const char *text, size_t text_bytes);
// Terminated; `out` holds 4 * ((n + 2) / 3) + 1 bytes.
void ed_base64_encode(char *out, const unsigned char *bytes, size_t n, bool padded);

#endif
