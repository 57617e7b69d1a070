// SPDX-License-Identifier: Apache-2.0
// Resizing of images.
#include "harness/data/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_BITS 22
#define WEIGHTS_MAX (1u << 28)

static double triangle(double d) {
    d = fabs(d);
    return d < 1 ? 1 - d : 0;
}

static double cubic(double d) {
    static const double a = -0.5;
    d = fabs(d);
    if (d < 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

// Which source pixels make each pixel of the result along one side, and with which weights.
struct side {
    size_t n, width; // pixels of the result; room for weights of each
    size_t *first, *count;
    int32_t *weights;
};

static void side_release(struct side *side) {
    free(side->first);
    free(side->count);
    free(side->weights);
}

static enum ed_status side_make(struct side *side, size_t source, size_t result, enum ed_resize_method method,
                                bool antialias, struct ed_error *err) {
    double (*const filter)(double) = method == ED_RESIZE_BICUBIC ? cubic : triangle;
    const double scale = (double)source / (double)result, stretch = antialias && scale > 1 ? scale : 1;
    const double support = (method == ED_RESIZE_BICUBIC ? 2 : 1) * stretch;
    memset(side, 0, sizeof *side);
    side->n = result;
    side->width = (size_t)ceil(support) * 2 + 1;
    if (side->width > WEIGHTS_MAX / result)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "resizing %zu pixels to %zu takes too many weights", source,
                       result);
    double *exact = calloc(side->width, sizeof *exact);
    side->first = calloc(result, sizeof *side->first);
    side->count = calloc(result, sizeof *side->count);
    side->weights = calloc(result * side->width, sizeof *side->weights);
    enum ed_status status = exact && side->first && side->count && side->weights
                                ? ED_OK
                                : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to resize an image");
    for (size_t x = 0; status == ED_OK && x < result; x++) {
        const double centre = ((double)x + 0.5) * scale;
        const double low = centre - support + 0.5, high = centre + support + 0.5;
        const size_t begin = low < 0 ? 0 : (size_t)low, end = high > (double)source ? source : (size_t)high;
        double sum = 0;
        side->first[x] = begin;
        side->count[x] = end > begin ? end - begin : 0;
        for (size_t k = 0; k < side->count[x]; k++) {
            exact[k] = filter(((double)(k + begin) - centre + 0.5) * (1 / stretch));
            sum += exact[k];
        }
        for (size_t k = 0; k < side->count[x]; k++) {
            const double weight = sum != 0 ? exact[k] / sum : exact[k];
            side->weights[x * side->width + k] =
                (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << WEIGHT_BITS));
        }
    }
    free(exact);
    return status;
}

static uint8_t to_byte(int64_t sum) {
    const int64_t value = sum >> WEIGHT_BITS;
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

// One pixel of the result: `step` bytes lie between source pixels.
static void blend(uint8_t *out, const uint8_t *from, size_t step, size_t channels, const int32_t *weights,
                  size_t n) {
    for (size_t c = 0; c < channels; c++) {
        int64_t sum = 1 << (WEIGHT_BITS - 1);
        for (size_t k = 0; k < n; k++)
            sum += (int64_t)from[k * step + c] * weights[k];
        out[c] = to_byte(sum);
    }
}

static enum ed_status along_rows(struct ed_image *out, const struct ed_image *image, size_t width,
                                 enum ed_resize_method method, bool antialias, struct ed_error *err) {
    const size_t channels = image->channels;
    struct side side = {0};
    enum ed_status status = ed_image_make(out, width, image->height, channels, err);
    if (status == ED_OK)
        status = side_make(&side, image->width, width, method, antialias, err);
    for (size_t y = 0; status == ED_OK && y < image->height; y++)
        for (size_t x = 0; x < width; x++)
            blend(out->pixels + (y * width + x) * channels,
                  image->pixels + (y * image->width + side.first[x]) * channels, channels, channels,
                  side.weights + x * side.width, side.count[x]);
    side_release(&side);
    return status;
}

static enum ed_status along_columns(struct ed_image *out, const struct ed_image *image, size_t height,
                                    enum ed_resize_method method, bool antialias, struct ed_error *err) {
    const size_t channels = image->channels, stride = image->width * channels;
    struct side side = {0};
    enum ed_status status = ed_image_make(out, image->width, height, channels, err);
    if (status == ED_OK)
        status = side_make(&side, image->height, height, method, antialias, err);
    for (size_t y = 0; status == ED_OK && y < height; y++)
        for (size_t x = 0; x < image->width; x++)
            blend(out->pixels + y * stride + x * channels,
                  image->pixels + side.first[y] * stride + x * channels, stride, channels,
                  side.weights + y * side.width, side.count[y]);
    side_release(&side);
    return status;
}

// Places are added up, not multiplied, as Pillow does it: they differ in the last bit.
static enum ed_status nearest(struct ed_image *out, const struct ed_image *image, size_t width, size_t height,
                              struct ed_error *err) {
    const double step_x = (double)image->width / (double)width,
                 step_y = (double)image->height / (double)height;
    const size_t channels = image->channels;
    enum ed_status status = ed_image_make(out, width, height, channels, err);
    double at_y = step_y * 0.5;
    for (size_t y = 0; status == ED_OK && y < height; y++, at_y += step_y) {
        const size_t from_y = at_y < (double)image->height ? (size_t)at_y : image->height - 1;
        double at_x = step_x * 0.5;
        for (size_t x = 0; x < width; x++, at_x += step_x) {
            const size_t from_x = at_x < (double)image->width ? (size_t)at_x : image->width - 1;
            memcpy(out->pixels + (y * width + x) * channels,
                   image->pixels + (from_y * image->width + from_x) * channels, channels);
        }
    }
    return status;
}

enum ed_status ed_resize(struct ed_image *out, const struct ed_image *image, size_t width, size_t height,
                         enum ed_resize_method method, bool antialias, struct ed_error *err) {
    struct ed_image rows = {0};
    enum ed_status status = ED_OK;
    memset(out, 0, sizeof *out);
    if (width < 1 || height < 1 || width > ED_IMAGE_SIDE_MAX || height > ED_IMAGE_SIDE_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "an image is resized to 1 to %d pixels a side, not %zu x %zu",
                       ED_IMAGE_SIDE_MAX, width, height);
    if (method == ED_RESIZE_NEAREST) {
        status = nearest(out, image, width, height, err);
    } else {
        status = along_rows(&rows, image, width, method, antialias, err);
        if (status == ED_OK)
            status = along_columns(out, &rows, height, method, antialias, err);
    }
    ed_image_release(&rows);
    if (status != ED_OK)
        ed_image_release(out);
    return status;
}
