// SPDX-License-Identifier: Apache-2.0
// Resizing of 8-bit images, with Pillow's results, bit for bit.
//
// Pixel x of the result lies at the source's (x + 0.5) * scale, scale = source size / result size. Bilinear
// and bicubic are a weighted mean along rows, rounded to 8 bits, then along columns, rounded again; the
// weights are the filter at the distance from that place, made to add up to 1: the triangle 1 - |d| over
// |d| < 1, and Keys' cubic with a = -0.5 over |d| < 2 (R. Keys, IEEE Trans. ASSP 29 (1981) 1153-1160).
// Where the result is smaller, antialias stretches the filter by the scale, so that every source pixel
// counts, as Pillow always does; without it the filter keeps its width. Weights are whole numbers of 2^-22.
// Nearest takes the pixel in which the place lies.
#ifndef EDGEDYNO_HARNESS_DATA_RESIZE_H
#define EDGEDYNO_HARNESS_DATA_RESIZE_H

#include "harness/data/image.h"

enum ed_resize_method { ED_RESIZE_NEAREST, ED_RESIZE_BILINEAR, ED_RESIZE_BICUBIC };

// *out is made; `image` stays. ED_ERR_LIMIT for a result that is too large, ED_ERR_NO_MEMORY.
enum ed_status ed_resize(struct ed_image *out, const struct ed_image *image, size_t width, size_t height,
                         enum ed_resize_method method, bool antialias, struct ed_error *err);

#endif
