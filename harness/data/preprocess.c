// SPDX-License-Identifier: Apache-2.0
// Images to tensors.
#include "harness/data/preprocess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define FORMAT 1 // counted up when the same words come to mean something else
#define SCALE_DEFAULT (1.0 / 255)

static void spread(double out[3], const double *values, size_t n, double none) {
    for (size_t i = 0; i < 3; i++)
        out[i] = !n ? none : n == 1 ? values[0] : values[i < n ? i : n - 1];
}

void ed_preprocess_of_suite(struct ed_preprocess *p, const struct ed_suite_preprocess *suite) {
    const bool given = suite->version != NULL;
    const char *method = given ? suite->method : "bilinear", *color = given ? suite->color : "rgb";
    memset(p, 0, sizeof *p);
    snprintf(p->version, sizeof p->version, "%s", given ? suite->version : "1");
    p->n_resize = suite->n_resize;
    for (size_t i = 0; i < suite->n_resize && i < 2; i++)
        p->resize[i] = (size_t)suite->resize[i];
    for (size_t i = 0; suite->n_crop && i < 2; i++)
        p->crop[i] = (size_t)suite->crop[suite->n_crop == 2 ? i : 0];
    p->method = !strcmp(method, "nearest")       ? ED_RESIZE_NEAREST
                : !strncmp(method, "bicubic", 7) ? ED_RESIZE_BICUBIC
                                                 : ED_RESIZE_BILINEAR;
    p->antialias = !strstr(method, "-no-antialias");
    p->color = !strcmp(color, "bgr") ? ED_COLOR_BGR : !strcmp(color, "gray") ? ED_COLOR_GRAY : ED_COLOR_RGB;
    p->nhwc = given && !strcmp(suite->layout, "nhwc");
    p->bytes = given && !strcmp(suite->dtype, "uint8");
    p->scale = suite->scale > 0 ? suite->scale : SCALE_DEFAULT;
    spread(p->mean, suite->mean, suite->n_mean, 0);
    spread(p->std, suite->std, suite->n_std, 1);
}

// A word that names a file stands for what is in it, wherever that lies.
static enum ed_status digest_word(struct ed_buffer *text, const char *word, struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    if (word[0] != '/' || !ed_path_exists(word) || ed_path_is_directory(word)) {
        ed_buffer_printf(text, "word %s\n", word);
        return ED_OK;
    }
    enum ed_status status = ed_digest_file(hex, NULL, word, err);
    ed_buffer_printf(text, "file %s %s\n", ed_path_base(word), hex);
    return status;
}

static void describe(struct ed_buffer *text, const struct ed_preprocess *p) {
    static const char *const methods[] = {"nearest", "bilinear", "bicubic"}, *const colors[] = {"rgb", "bgr",
                                                                                                "gray"};
    ed_buffer_printf(text, "resize");
    for (size_t i = 0; i < p->n_resize; i++)
        ed_buffer_printf(text, " %zu", p->resize[i]);
    ed_buffer_printf(text, "\nmethod %s%s\ncrop %zu %zu\ncolor %s\nlayout %s\ndtype %s\nscale %.17g\n",
                     methods[p->method], p->antialias ? "" : "-no-antialias", p->crop[0], p->crop[1],
                     colors[p->color], p->nhwc ? "nhwc" : "nchw", p->bytes ? "uint8" : "float32", p->scale);
    for (size_t i = 0; i < 3; i++)
        ed_buffer_printf(text, "channel %.17g %.17g\n", p->mean[i], p->std[i]);
}

enum ed_status ed_preprocess_digest(char hex[ED_DIGEST_HEX_BYTES], const struct ed_suite_preprocess *suite,
                                    struct ed_error *err) {
    struct ed_preprocess p;
    struct ed_buffer text;
    enum ed_status status = ED_OK;
    ed_preprocess_of_suite(&p, suite);
    ed_buffer_init(&text, 1u << 20);
    ed_buffer_printf(&text, "edgedyno preprocess %d\nversion %s\n", FORMAT, p.version);
    for (size_t i = 0; status == ED_OK && i < suite->n_command; i++)
        status = digest_word(&text, suite->command[i], err);
    if (!suite->n_command)
        describe(&text, &p);
    if (status == ED_OK)
        status = ed_buffer_status(&text, "the preprocessing", err);
    ed_digest_bytes(hex, ed_buffer_text(&text), text.size);
    ed_buffer_release(&text);
    return status;
}

static void resized(const struct ed_preprocess *p, size_t width, size_t height, size_t *to_width,
                    size_t *to_height) {
    *to_width = width;
    *to_height = height;
    if (p->n_resize == 2) {
        *to_height = p->resize[0];
        *to_width = p->resize[1];
    } else if (p->n_resize == 1) {
        *to_width = width <= height ? p->resize[0] : p->resize[0] * width / height;
        *to_height = height <= width ? p->resize[0] : p->resize[0] * height / width;
    }
}

enum ed_status ed_preprocess_size(struct ed_preprocess_size *size, const struct ed_preprocess *p,
                                  size_t width, size_t height, struct ed_error *err) {
    resized(p, width, height, &size->width, &size->height);
    if (p->crop[0] && (p->crop[0] > size->height || p->crop[1] > size->width))
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "has %zu x %zu pixels before the crop to %zu x %zu (height x width); resize it before",
                       size->height, size->width, p->crop[0], p->crop[1]);
    size->height = p->crop[0] ? p->crop[0] : size->height;
    size->width = p->crop[1] ? p->crop[1] : size->width;
    size->channels = p->color == ED_COLOR_GRAY ? 1 : 3;
    size->shape[p->nhwc ? 2 : 0] = (int64_t)size->channels;
    size->shape[p->nhwc ? 0 : 1] = (int64_t)size->height;
    size->shape[p->nhwc ? 1 : 2] = (int64_t)size->width;
    size->n_bytes = size->height * size->width * size->channels * (p->bytes ? 1 : sizeof(float));
    return ED_OK;
}

// (size - crop) / 2, a half to the even number.
static size_t crop_start(size_t size, size_t crop) {
    const size_t rest = size - crop, half = rest / 2;
    return half + (rest % 2 && half % 2);
}

static void store(void *out, const struct ed_preprocess *p, size_t at, double value) {
    if (p->bytes) {
        value = nearbyint(value);
        ((uint8_t *)out)[at] = value > 255 ? 255 : value > 0 ? (uint8_t)value : 0;
    } else {
        ((float *)out)[at] = (float)value;
    }
}

static void to_tensor(void *out, const struct ed_preprocess *p, const struct ed_preprocess_size *size,
                      const struct ed_image *image) {
    const size_t top = crop_start(image->height, size->height), left = crop_start(image->width, size->width);
    const size_t area = size->height * size->width, channels = size->channels;
    const bool beside = p->nhwc != p->mixed;
    for (size_t i = 0; i < area; i++) {
        const size_t y = top + i / size->width, x = left + i % size->width;
        const uint8_t *pixel = image->pixels + (y * image->width + x) * channels;
        for (size_t c = 0; c < channels; c++) {
            const double value = (double)pixel[p->color == ED_COLOR_BGR ? 2 - c : c] * p->scale;
            store(out, p, beside ? i * channels + c : c * area + i, (value - p->mean[c]) / p->std[c]);
        }
    }
}

enum ed_status ed_preprocess_file(void **out, struct ed_preprocess_size *size, const struct ed_preprocess *p,
                                  const char *path, struct ed_error *err) {
    struct ed_image image = {0}, other = {0};
    size_t width, height;
    *out = NULL;
    enum ed_status status = ed_image_read(&image, path, p->color == ED_COLOR_GRAY, err);
    if (status == ED_OK)
        status = ed_preprocess_size(size, p, image.width, image.height, err);
    if (status != ED_OK)
        goto out;
    resized(p, image.width, image.height, &width, &height);
    if (width != image.width || height != image.height) {
        status = ed_resize(&other, &image, width, height, p->method, p->antialias, err);
        if (status != ED_OK)
            goto out;
        ed_image_release(&image);
        image = other;
    }
    *out = malloc(size->n_bytes);
    if (*out)
        to_tensor(*out, p, size, &image);
    else
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a tensor of %zu bytes", size->n_bytes);
out:
    ed_image_release(&image);
    if (status != ED_OK && err && !err->where[0])
        snprintf(err->where, sizeof err->where, "%.*s", (int)sizeof err->where - 1, path);
    return status;
}
