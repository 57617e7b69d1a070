// SPDX-License-Identifier: Apache-2.0
// Reading images.
#include "harness/data/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

void ed_image_release(struct ed_image *image) {
    free(image->pixels);
    memset(image, 0, sizeof *image);
}

enum ed_status ed_image_make(struct ed_image *image, size_t width, size_t height, size_t channels,
                             struct ed_error *err) {
    memset(image, 0, sizeof *image);
    if (width < 1 || height < 1 || width > ED_IMAGE_SIDE_MAX || height > ED_IMAGE_SIDE_MAX ||
        width * height > ED_IMAGE_PIXELS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL,
                       "is an image of %zu x %zu; a side has 1 to %d pixels, all of it at most %u", width,
                       height, ED_IMAGE_SIDE_MAX, ED_IMAGE_PIXELS_MAX);
    image->pixels = malloc(width * height * channels);
    if (!image->pixels)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for an image of %zu x %zu", width, height);
    image->width = width;
    image->height = height;
    image->channels = channels;
    return ED_OK;
}

static enum ed_status convert(struct ed_image *image, bool gray, struct ed_error *err) {
    struct ed_image other;
    if ((image->channels == 1) == gray)
        return ED_OK;
    enum ed_status status = ed_image_make(&other, image->width, image->height, gray ? 1 : 3, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; i < image->width * image->height; i++) {
        const uint8_t *from = image->pixels + i * image->channels;
        uint8_t *to = other.pixels + i * other.channels;
        if (gray)
            to[0] = (uint8_t)((from[0] * 19595u + from[1] * 38470u + from[2] * 7471u + 0x8000u) >> 16);
        else
            to[0] = to[1] = to[2] = from[0];
    }
    ed_image_release(image);
    *image = other;
    return ED_OK;
}

enum ed_status ed_image_decode(struct ed_image *image, const void *bytes, size_t n, bool gray,
                               const char *where, struct ed_error *err) {
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a},
                               jpeg[] = {0xff, 0xd8, 0xff};
    enum ed_status status = ED_OK;
    memset(image, 0, sizeof *image);
    if (n > sizeof png && !memcmp(bytes, png, sizeof png))
        status = ed_image_png(image, bytes, n, err);
    else if (n > sizeof jpeg && !memcmp(bytes, jpeg, sizeof jpeg))
        status = ed_image_jpeg(image, bytes, n, err);
    else
        status = ed_fail(err, ED_ERR_UNSUPPORTED, where, "is neither a PNG nor a JPEG image; convert it");
    if (status == ED_OK)
        status = convert(image, gray, err);
    if (status != ED_OK)
        ed_image_release(image);
    if (status != ED_OK && err && !err->where[0])
        snprintf(err->where, sizeof err->where, "%.*s", (int)sizeof err->where - 1, where);
    return status;
}

enum ed_status ed_image_read(struct ed_image *image, const char *path, bool gray, struct ed_error *err) {
    struct ed_buffer bytes;
    memset(image, 0, sizeof *image);
    ed_buffer_init(&bytes, ED_IMAGE_FILE_MAX_BYTES);
    enum ed_status status = ed_path_read(path, ED_IMAGE_FILE_MAX_BYTES, &bytes, err);
    if (status == ED_OK)
        status = ed_image_decode(image, ed_buffer_text(&bytes), bytes.size, gray, path, err);
    ed_buffer_release(&bytes);
    return status;
}
