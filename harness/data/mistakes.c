// SPDX-License-Identifier: Apache-2.0
// Mistakes of preprocessing.
#include "harness/data/mistakes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/npy.h"
#include "base/path.h"
#include "harness/outputs.h"

#define SAMPLES_MAX 64 // of the app's; more tell no more
#define EQUAL 1e-5     // rounding of float32 on both sides, relative to the largest element

static const struct {
    const char *word, *text;
} rows[ED_MISTAKE_COUNT] = {
    [ED_MISTAKE_COLOR] = {"color", "red and blue changed (BGR for RGB)"},
    [ED_MISTAKE_SCALE_255] = {"scale-x255", "values 255 times too large (0..255 for 0..1)"},
    [ED_MISTAKE_SCALE_1] = {"scale-div255", "values 255 times too small (divided twice)"},
    [ED_MISTAKE_NORMAL] = {"normalisation", "mean and std left out"},
    [ED_MISTAKE_LAYOUT] = {"layout", "layout changed (NHWC for NCHW, or the other way round)"},
    [ED_MISTAKE_RESIZE] = {"resize", "resized by the nearest pixel"},
    [ED_MISTAKE_CENTRE] = {"centre", "values moved from 0..1 to -1..1 (2 x - 1)"},
    [ED_MISTAKE_TWICE] = {"normalised-again", "normalised by the data's own mean and deviation"},
};

const char *ed_mistake_text(enum ed_mistake mistake) {
    return rows[mistake].text;
}

const char *ed_mistake_word(enum ed_mistake mistake) {
    return rows[mistake].word;
}

static bool is_normal(const struct ed_preprocess *p) {
    for (size_t i = 0; i < 3; i++)
        if (p->mean[i] != 0 || p->std[i] != 1)
            return true;
    return false;
}

bool ed_mistake_applies(enum ed_mistake mistake, const struct ed_preprocess *p) {
    switch (mistake) {
    case ED_MISTAKE_COLOR:
    case ED_MISTAKE_LAYOUT:
        return p->color != ED_COLOR_GRAY;
    case ED_MISTAKE_NORMAL:
        return is_normal(p);
    case ED_MISTAKE_RESIZE:
        return p->n_resize && p->method != ED_RESIZE_NEAREST;
    case ED_MISTAKE_SCALE_255:
        return p->scale < 0.1 && !p->bytes;
    case ED_MISTAKE_SCALE_1:
        return !p->bytes;
    case ED_MISTAKE_CENTRE:
    case ED_MISTAKE_TWICE:
    case ED_MISTAKE_COUNT:
        break;
    }
    return false;
}

// What is normalised afterwards has lost its scale.
bool ed_mistakes_contradict(ed_mistakes mistakes) {
    const bool large = ed_mistakes_has(mistakes, ED_MISTAKE_SCALE_255),
               small = ed_mistakes_has(mistakes, ED_MISTAKE_SCALE_1),
               centred = ed_mistakes_has(mistakes, ED_MISTAKE_CENTRE),
               again = ed_mistakes_has(mistakes, ED_MISTAKE_TWICE);
    return (large && small) || (again && (large || small || centred)) || (centred && large);
}

struct ed_preprocess ed_mistakes_make(const struct ed_preprocess *p, ed_mistakes mistakes) {
    struct ed_preprocess wrong = *p;
    // The means stay at their places: they are the model's, and the app's pixels are what is wrong.
    if (ed_mistakes_has(mistakes, ED_MISTAKE_COLOR))
        wrong.color = p->color == ED_COLOR_RGB ? ED_COLOR_BGR : ED_COLOR_RGB;
    if (ed_mistakes_has(mistakes, ED_MISTAKE_SCALE_255))
        wrong.scale = p->scale * 255;
    if (ed_mistakes_has(mistakes, ED_MISTAKE_SCALE_1))
        wrong.scale = p->scale / 255;
    for (size_t i = 0; ed_mistakes_has(mistakes, ED_MISTAKE_NORMAL) && i < 3; i++) {
        wrong.mean[i] = 0;
        wrong.std[i] = 1;
    }
    wrong.mixed = ed_mistakes_has(mistakes, ED_MISTAKE_LAYOUT);
    if (ed_mistakes_has(mistakes, ED_MISTAKE_RESIZE))
        wrong.method = ED_RESIZE_NEAREST;
    return wrong;
}

static double element(const void *tensor, bool bytes, size_t i) {
    return bytes ? (double)((const uint8_t *)tensor)[i] : (double)((const float *)tensor)[i];
}

// The largest difference of the app's elements and of ours with these mistakes; *largest is the largest of
// ours.
static enum ed_status differ(double *most, double *largest, const struct ed_npy *app,
                             const struct ed_preprocess *p, const char *folder, char *const *files,
                             size_t samples, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    *most = *largest = 0;
    for (size_t s = 0; status == ED_OK && s < samples; s++) {
        struct ed_preprocess_size size = {0};
        void *tensor = NULL;
        status = ed_path_join(path, folder, files[s], err);
        if (status == ED_OK)
            status = ed_preprocess_file(&tensor, &size, p, path, err);
        const size_t n = status == ED_OK ? size.height * size.width * size.channels : 0;
        if (status == ED_OK && (size_t)app->count / samples != n)
            status = ed_fail(err, ED_ERR_USAGE, path, "does not become as many elements as the first image");
        for (size_t i = 0; status == ED_OK && i < n; i++) {
            const double mine = element(tensor, p->bytes, i),
                         difference = fabs(ed_npy_real(app, s * n + i) - mine);
            // A value that is no number is far from every one.
            *most =
                difference > *most || isnan(difference) ? (isnan(difference) ? INFINITY : difference) : *most;
            *largest = fabs(mine) > *largest ? fabs(mine) : *largest;
        }
        free(tensor);
    }
    return status;
}

static enum ed_status count_samples(size_t *samples, const struct ed_npy *app, const char *path,
                                    const struct ed_preprocess *p, const char *folder, const char *first,
                                    size_t n, struct ed_error *err) {
    struct ed_preprocess_size size = {0};
    char file[ED_PATH_BYTES];
    void *tensor = NULL;
    enum ed_status status = ed_path_join(file, folder, first, err);
    if (status == ED_OK)
        status = ed_preprocess_file(&tensor, &size, p, file, err);
    free(tensor);
    const size_t each = size.height * size.width * size.channels;
    if (status == ED_OK && (app->count < 1 || (size_t)app->count % each))
        status = ed_fail(err, ED_ERR_USAGE, path,
                         "has %lld elements; an image becomes %zu (%lld x %lld x %lld): another size, or "
                         "another number of channels",
                         (long long)app->count, each, (long long)size.shape[0], (long long)size.shape[1],
                         (long long)size.shape[2]);
    *samples = status == ED_OK ? (size_t)app->count / each : 0;
    if (status == ED_OK && (*samples > n || *samples > SAMPLES_MAX))
        status = ed_fail(err, ED_ERR_USAGE, path, "has %zu samples; dump the first %zu images or fewer",
                         *samples, n < SAMPLES_MAX ? n : SAMPLES_MAX);
    return status;
}

enum ed_status ed_against_make(struct ed_against *against, const char *path, const struct ed_preprocess *p,
                               const char *folder, char *const *files, size_t n, struct ed_error *err) {
    struct ed_npy app = {0};
    ed_mistakes possible = 0;
    double largest = 0;
    memset(against, 0, sizeof *against);
    enum ed_status status = ed_npy_open(&app, path, err);
    if (status == ED_OK)
        status = count_samples(&against->samples, &app, path, p, folder, files[0], n, err);
    if (status != ED_OK)
        goto out;
    against->elements = (size_t)app.count;
    against->likeliest_difference = INFINITY;
    for (int m = 0; m < ED_MISTAKE_COUNT; m++)
        possible |= (ed_mistakes)ed_mistake_applies(m, p) << m;
    for (size_t i = 0; i < 3; i++)
        against->step = p->scale / p->std[i] > against->step ? p->scale / p->std[i] : against->step;
    // From none to all: of equal ones the set that comes first is kept, and none is the first.
    for (ed_mistakes set = 0; status == ED_OK && set < 1u << ED_MISTAKE_COUNT; set++) {
        if ((set & possible) != set || ed_mistakes_contradict(set))
            continue;
        const struct ed_preprocess wrong = ed_mistakes_make(p, set);
        double most = 0, own = 0;
        status = differ(&most, &own, &app, &wrong, folder, files, against->samples, err);
        if (!set) {
            against->max_difference = most;
            largest = own;
        }
        // By relative difference, or a tensor of small numbers would be near to everything.
        const double relative = most / (own > 0 ? own : 1);
        if (relative < against->likeliest_difference) {
            against->likeliest_difference = relative;
            against->likeliest = set;
        }
    }
    against->step = against->step > EQUAL * largest ? against->step : EQUAL * largest;
out:
    ed_npy_close(&app);
    return status;
}

bool ed_against_print(struct ed_buffer *out, const struct ed_against *against) {
    const bool same = against->max_difference <= against->step * 1.01;
    ed_buffer_printf(out, "compared %zu sample%s, %zu elements: largest difference %.6g\n", against->samples,
                     against->samples == 1 ? "" : "s", against->elements, against->max_difference);
    if (same) {
        ed_buffer_printf(out, "the same, but for rounding: one step of 8 bits is %.6g\n", against->step);
        return true;
    }
    if (against->likeliest && against->likeliest_difference < 0.02) {
        ed_buffer_text_append(out, "it looks like:");
        for (int m = 0, n = 0; m < ED_MISTAKE_COUNT; m++)
            if (ed_mistakes_has(against->likeliest, m))
                ed_buffer_printf(out, "%s %s", n++ ? ", and" : "", ed_mistake_text(m));
        ed_buffer_printf(out, "\n  with that the largest difference is %.3g %% of the largest element\n",
                         against->likeliest_difference * 100);
    } else {
        ed_buffer_text_append(out,
                              "it looks like none of the usual mistakes: another image, another crop, or "
                              "another way of resizing\n");
    }
    return false;
}
