// SPDX-License-Identifier: Apache-2.0
// Walking a JPEG file's segments to its EXIF, and the EXIF's first directory to the orientation.
#include "harness/data/exif.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES ((size_t)1 << 18) // a segment has at most 64 KiB; a few may lie before it
#define MARKER_APP1 0xE1
#define MARKER_SCAN 0xDA
#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3
#define ENTRY_BYTES 12

static uint32_t number(const unsigned char *at, size_t bytes, bool little) {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[little ? bytes - 1 - i : i];
    return value;
}

static int of_tiff(const unsigned char *tiff, size_t n) {
    if (n < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return ED_EXIF_UPRIGHT;
    const bool little = tiff[0] == 'I';
    const size_t directory = number(tiff + 4, 4, little);
    if (directory > n - 2)
        return ED_EXIF_UPRIGHT;
    const size_t entries = number(tiff + directory, 2, little);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = directory + 2 + i * ENTRY_BYTES;
        if (at > n || n - at < ENTRY_BYTES)
            break;
        if (number(tiff + at, 2, little) != TAG_ORIENTATION || number(tiff + at + 2, 2, little) != TYPE_SHORT)
            continue;
        const uint32_t value = number(tiff + at + 8, 2, little);
        return value >= 1 && value <= 8 ? (int)value : ED_EXIF_UPRIGHT;
    }
    return ED_EXIF_UPRIGHT;
}

int ed_exif_orientation(const unsigned char *bytes, size_t n) {
    static const char exif[6] = "Exif\0";
    if (n < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8)
        return ED_EXIF_UPRIGHT;
    for (size_t at = 2; n - at >= 4 && bytes[at] == 0xFF && bytes[at + 1] != MARKER_SCAN;) {
        const size_t length = number(bytes + at + 2, 2, false);
        if (length < 2 || length > n - at - 2)
            break;
        if (bytes[at + 1] == MARKER_APP1 && length >= 2 + sizeof exif &&
            !memcmp(bytes + at + 4, exif, sizeof exif))
            return of_tiff(bytes + at + 4 + sizeof exif, length - 2 - sizeof exif);
        at += 2 + length;
    }
    return ED_EXIF_UPRIGHT;
}

int ed_exif_orientation_of(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    unsigned char *head = fd < 0 ? NULL : malloc(HEAD_BYTES);
    size_t n = 0;
    for (ssize_t now = 1; head && n < HEAD_BYTES && now > 0; n += now > 0 ? (size_t)now : 0)
        now = read(fd, head + n, HEAD_BYTES - n);
    const int orientation = head ? ed_exif_orientation(head, n) : ED_EXIF_UPRIGHT;
    free(head);
    if (fd >= 0)
        close(fd);
    return orientation;
}
