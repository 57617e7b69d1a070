// SPDX-License-Identifier: Apache-2.0
// PNG by libpng. Its simplified interface would apply gamma; this one gives the stored values.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/image.h"

#define CHUNK_MAX_BYTES (64u << 20)

struct source {
    const unsigned char *bytes;
    size_t left;
    char message[200];
};

static void on_read(png_structp png, png_bytep out, size_t n) {
    struct source *source = png_get_io_ptr(png);
    if (n > source->left)
        png_error(png, "the file ends too early");
    memcpy(out, source->bytes, n);
    source->bytes += n;
    source->left -= n;
}

static void on_error(png_structp png, png_const_charp message) {
    struct source *source = png_get_error_ptr(png);
    snprintf(source->message, sizeof source->message, "%.190s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png, (void)message;
}

// What is to be done with each kind of file, so that rows of 8-bit gray or RGB come out.
static void set_transforms(png_structp png, png_infop info) {
    const int color = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    if (color == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (color == PNG_COLOR_TYPE_GRAY && depth < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (depth == 16)
        png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
}

// Everything that libpng may jump out of. `image` and `rows` belong to the caller, who releases them.
static enum ed_status decode(png_structp png, png_infop info, struct source *source, struct ed_image *image,
                             png_bytep **rows, struct ed_error *err) {
    enum ed_status status;
    if (setjmp(png_jmpbuf(png)))
        return ed_fail(err, ED_ERR_PARSE, NULL, "is no PNG image that can be read: %s", source->message);
    png_set_read_fn(png, source, on_read);
    png_set_user_limits(png, ED_IMAGE_SIDE_MAX, ED_IMAGE_SIDE_MAX);
    png_set_chunk_malloc_max(png, CHUNK_MAX_BYTES);
    png_set_chunk_cache_max(png, 128);
    png_read_info(png, info);
    set_transforms(png, info);
    const size_t channels = png_get_channels(png, info);
    if (channels != 1 && channels != 3)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "is a PNG image of %zu channels", channels);
    status =
        ed_image_make(image, png_get_image_width(png, info), png_get_image_height(png, info), channels, err);
    if (status != ED_OK)
        return status;
    if (png_get_rowbytes(png, info) != image->width * channels)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "is a PNG image whose rows are not of 8 bits a channel");
    *rows = calloc(image->height, sizeof **rows);
    if (!*rows)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the rows of an image");
    for (size_t y = 0; y < image->height; y++)
        (*rows)[y] = image->pixels + y * image->width * channels;
    png_read_image(png, *rows);
    png_read_end(png, NULL);
    return ED_OK;
}

enum ed_status ed_image_png(struct ed_image *image, const void *bytes, size_t n, struct ed_error *err) {
    struct source source = {.bytes = bytes, .left = n};
    png_bytep *rows = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    enum ed_status status = info ? decode(png, info, &source, image, &rows, err)
                                 : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to read a PNG image");
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    return status;
}
