// SPDX-License-Identifier: Apache-2.0
// Images from PNG and JPEG files, as 8-bit RGB or gray, as Pillow's Image.open(FILE).convert("RGB" or "L")
// gives them: alpha is dropped, a palette resolved, 16 bits cut to their upper 8, colours made gray by
// L = (19595 R + 38470 G + 7471 B + 32768) / 65536. Neither gamma nor colour profiles nor EXIF orientation
// are applied. Files are hostile: sizes are checked before memory is taken, and what the decoders find wrong
// is a message.
#ifndef EDGEDYNO_HARNESS_DATA_IMAGE_H
#define EDGEDYNO_HARNESS_DATA_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgedyno/error.h"

#define ED_IMAGE_SIDE_MAX 16384
#define ED_IMAGE_PIXELS_MAX (64u << 20)
#define ED_IMAGE_FILE_MAX_BYTES (256u << 20)

struct ed_image {
    size_t width, height, channels; // channels 1 or 3
    uint8_t *pixels;                // rows from the top, channels beside each other; owned
};

// By the file's first bytes, not its name. ED_ERR_PARSE, ED_ERR_LIMIT, ED_ERR_UNSUPPORTED, ED_ERR_IO. An
// animated PNG gives its first picture.
enum ed_status ed_image_read(struct ed_image *image, const char *path, bool gray, struct ed_error *err);
// The same of bytes in memory; `where` is for messages.
enum ed_status ed_image_decode(struct ed_image *image, const void *bytes, size_t n, bool gray,
                               const char *where, struct ed_error *err);
// Room for an image of that size; ED_ERR_LIMIT where it is too large or empty.
enum ed_status ed_image_make(struct ed_image *image, size_t width, size_t height, size_t channels,
                             struct ed_error *err);
void ed_image_release(struct ed_image *image); // safe on a zeroed one

// --- image_png.c, image_jpeg.c: RGB or gray as the file has it.
enum ed_status ed_image_png(struct ed_image *image, const void *bytes, size_t n, struct ed_error *err);
enum ed_status ed_image_jpeg(struct ed_image *image, const void *bytes, size_t n, struct ed_error *err);

#endif
