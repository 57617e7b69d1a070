// SPDX-License-Identifier: Apache-2.0
// The orientation that a JPEG file asks to be shown in, by its EXIF: Exif 2.32 (CIPA DC-008), 4.6.4. It is
// told, not applied.
#ifndef EDGEDYNO_HARNESS_DATA_EXIF_H
#define EDGEDYNO_HARNESS_DATA_EXIF_H

#include <stddef.h>

#define ED_EXIF_UPRIGHT 1

// 2 to 8: mirrored or turned. ED_EXIF_UPRIGHT where the bytes, the beginning of a file, say that, nothing or
// nonsense. The segment has to lie within the bytes.
int ed_exif_orientation(const unsigned char *bytes, size_t n);
// Of a file; one that cannot be read is upright.
int ed_exif_orientation_of(const char *path);

#endif
