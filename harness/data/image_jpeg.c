// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg-turbo, with its defaults, which are Pillow's too: accurate integer transform, smooth
// enlarging of the colours.
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/image.h"

#define SCANS_MAX 500 // a small progressive file can ask for days of work

struct failure {
    struct jpeg_error_mgr manager; // first, since libjpeg hands out its address
    jmp_buf way_out;
    char message[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr info) {
    struct failure *failure = (struct failure *)(void *)info->err;
    info->err->format_message(info, failure->message);
    longjmp(failure->way_out, 1);
}

// A warning is about damaged data, which would be measured as if it were the picture; but many a sound file
// has bytes between its parts that mean nothing.
static void on_message(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA)
        on_error(info);
}

static void on_progress(j_common_ptr info) {
    struct jpeg_decompress_struct *jpeg = (struct jpeg_decompress_struct *)(void *)info;
    struct failure *failure = (struct failure *)(void *)info->err;
    if (jpeg->input_scan_number <= SCANS_MAX)
        return;
    snprintf(failure->message, sizeof failure->message, "more than %d scans", SCANS_MAX);
    longjmp(failure->way_out, 1);
}

// Everything that libjpeg may jump out of. `image` belongs to the caller, who releases it.
static enum ed_status decode(struct jpeg_decompress_struct *jpeg, struct failure *failure, const void *bytes,
                             size_t n, struct jpeg_progress_mgr *progress, struct ed_image *image,
                             struct ed_error *err) {
    enum ed_status status;
    if (setjmp(failure->way_out))
        return ed_fail(err, ED_ERR_PARSE, NULL, "is no JPEG image that can be read: %.190s",
                       failure->message);
    jpeg_create_decompress(jpeg);
    jpeg->progress = progress;
    jpeg->mem->max_memory_to_use = 1L << 30;
    jpeg_mem_src(jpeg, bytes, n);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                       "is a JPEG image of %d components (CMYK?); convert it to RGB", jpeg->num_components);
    status = ed_image_make(image, jpeg->image_width, jpeg->image_height, (size_t)jpeg->num_components, err);
    if (status != ED_OK)
        return status;
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = image->pixels + (size_t)jpeg->output_scanline * image->width * image->channels;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return ED_OK;
}

enum ed_status ed_image_jpeg(struct ed_image *image, const void *bytes, size_t n, struct ed_error *err) {
    struct jpeg_decompress_struct jpeg;
    struct failure failure;
    struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};
    memset(&jpeg, 0, sizeof jpeg);
    memset(&failure, 0, sizeof failure);
    jpeg.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = on_error;
    failure.manager.emit_message = on_message;
    enum ed_status status = decode(&jpeg, &failure, bytes, n, &progress, image, err);
    jpeg_destroy_decompress(&jpeg);
    return status;
}
