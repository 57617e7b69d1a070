// SPDX-License-Identifier: Apache-2.0
// Mistakes on tensors.
#include "harness/data/tensors.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "harness/outputs.h"

#define SAMPLES_MAX 64   // of the app's; more tell no more
#define NEAR_ENOUGH 0.02 // of the largest element: no set of mistakes beyond that is named

static void find_channels(struct ed_tensors *t) {
    const int64_t *shape = t->npy.shape;
    if (t->npy.rank != 4)
        return;
    for (size_t last = 0; last < 2 && !t->channels; last++) {
        const int64_t n = shape[last ? 3 : 1];
        if (n != 1 && n != 3 && n != 4)
            continue;
        t->channels = (size_t)n;
        t->channels_last = last;
        t->area = t->each / t->channels;
    }
}

static size_t channel_of(const struct ed_tensors *t, size_t i) {
    return !t->channels ? 0 : t->channels_last ? i % t->channels : i / t->area;
}

// In two passes, so that a large mean costs the deviation no digits.
static void describe(struct ed_tensors *t) {
    double sums[ED_TENSORS_CHANNELS_MAX] = {0}, squares[ED_TENSORS_CHANNELS_MAX] = {0}, all = 0;
    size_t counts[ED_TENSORS_CHANNELS_MAX] = {0}, count = 0;
    t->low = INFINITY;
    t->high = -INFINITY;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < (size_t)t->npy.count; i++) {
            const double value = ed_npy_real(&t->npy, i);
            const size_t c = channel_of(t, i % t->each);
            if (!isfinite(value)) {
                t->not_finite += !pass;
            } else if (!pass) {
                sums[c] += value;
                counts[c]++;
                t->low = fmin(t->low, value);
                t->high = fmax(t->high, value);
            } else {
                squares[c] += (value - t->channel_mean[c]) * (value - t->channel_mean[c]);
                all += (value - t->mean) * (value - t->mean);
            }
        }
        for (size_t c = 0; c < ED_TENSORS_CHANNELS_MAX; c++) {
            if (!pass && counts[c]) {
                t->channel_mean[c] = sums[c] / (double)counts[c];
                t->mean += sums[c];
                count += counts[c];
            } else if (counts[c]) {
                t->channel_deviation[c] = sqrt(squares[c] / (double)counts[c]);
            }
        }
        if (!pass && count)
            t->mean /= (double)count;
    }
    t->deviation = count ? sqrt(all / (double)count) : 0;
}

enum ed_status ed_tensors_open(struct ed_tensors *t, const char *path, struct ed_error *err) {
    memset(t, 0, sizeof *t);
    enum ed_status status = ed_npy_open(&t->npy, path, err);
    if (status == ED_OK && (t->npy.rank < 1 || t->npy.shape[0] < 1 || t->npy.count < t->npy.shape[0]))
        status = ed_fail(err, ED_ERR_USAGE, path, "holds no samples; its first dimension counts them");
    if (status == ED_OK && !ed_npy_is_real(&t->npy))
        status =
            ed_fail(err, ED_ERR_USAGE, path, "holds %s, which are no numbers", ed_dtype_name(t->npy.dtype));
    if (status != ED_OK)
        return status;
    t->n = (size_t)t->npy.shape[0];
    t->each = (size_t)t->npy.count / t->n;
    find_channels(t);
    describe(t);
    return ED_OK;
}

void ed_tensors_close(struct ed_tensors *t) {
    ed_npy_close(&t->npy);
}

bool ed_tensors_mistake_applies(enum ed_mistake mistake, const struct ed_tensors *t) {
    const bool real = t->npy.dtype == ED_DTYPE_F32;
    switch (mistake) {
    case ED_MISTAKE_COLOR:
        return t->channels == 3;
    case ED_MISTAKE_LAYOUT:
        return t->channels > 1;
    case ED_MISTAKE_SCALE_255:
    case ED_MISTAKE_SCALE_1:
    case ED_MISTAKE_CENTRE:
        return real;
    case ED_MISTAKE_TWICE:
        for (size_t c = 0; real && c < (t->channels ? t->channels : 1); c++)
            if (t->channel_deviation[c] > 0 && (fabs(t->channel_mean[c]) > 1e-3 * t->channel_deviation[c] ||
                                                fabs(t->channel_deviation[c] - 1) > 1e-3))
                return true;
        return false;
    case ED_MISTAKE_NORMAL:
    case ED_MISTAKE_RESIZE:
    case ED_MISTAKE_COUNT:
        break;
    }
    return false;
}

// Where element i of a sample comes from; *channel is the one whose figures count for it.
static size_t source(const struct ed_tensors *t, ed_mistakes mistakes, size_t i, size_t *channel) {
    size_t c = channel_of(t, i), at = !t->channels ? i : t->channels_last ? i / t->channels : i % t->area;
    // The elements lie in the other order than the shape says.
    if (ed_mistakes_has(mistakes, ED_MISTAKE_LAYOUT)) {
        c = t->channels_last ? i / t->area : i % t->channels;
        at = t->channels_last ? i % t->area : i / t->channels;
    }
    if (ed_mistakes_has(mistakes, ED_MISTAKE_COLOR))
        c = t->channels - 1 - c;
    *channel = c;
    return !t->channels ? i : t->channels_last ? at * t->channels + c : c * t->area + at;
}

static double changed(const struct ed_tensors *t, ed_mistakes mistakes, size_t channel, double value) {
    if (ed_mistakes_has(mistakes, ED_MISTAKE_SCALE_255))
        value *= 255;
    if (ed_mistakes_has(mistakes, ED_MISTAKE_SCALE_1))
        value /= 255;
    if (ed_mistakes_has(mistakes, ED_MISTAKE_CENTRE))
        value = 2 * value - 1;
    if (ed_mistakes_has(mistakes, ED_MISTAKE_TWICE) && t->channel_deviation[channel] > 0)
        value = (value - t->channel_mean[channel]) / t->channel_deviation[channel];
    return value;
}

static void make_sample(const struct ed_tensors *t, ed_mistakes mistakes, size_t sample, unsigned char *out) {
    const size_t bytes = ed_dtype_bytes(t->npy.dtype);
    const unsigned char *from = (const unsigned char *)t->npy.data + sample * t->each * bytes;
    for (size_t i = 0; i < t->each; i++) {
        size_t channel = 0;
        const size_t at = source(t, mistakes, i, &channel);
        if (t->npy.dtype == ED_DTYPE_F32) {
            float value;
            memcpy(&value, from + at * bytes, sizeof value);
            value = (float)changed(t, mistakes, channel, (double)value);
            memcpy(out + i * bytes, &value, sizeof value);
        } else {
            memcpy(out + i * bytes, from + at * bytes, bytes);
        }
    }
}

enum ed_status ed_tensors_write(const char *path, const struct ed_tensors *t, ed_mistakes mistakes, size_t n,
                                struct ed_error *err) {
    int64_t shape[ED_TENSOR_RANK_MAX];
    char header[1024];
    size_t bytes = 0, each = t->each * ed_dtype_bytes(t->npy.dtype);
    unsigned char *sample = malloc(each ? each : 1);
    memcpy(shape, t->npy.shape, sizeof shape);
    shape[0] = (int64_t)n;
    enum ed_status status =
        sample ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a sample of %zu bytes", each);
    if (status == ED_OK)
        status = ed_npy_header(header, &bytes, t->npy.dtype, t->npy.rank, shape, err);
    const int fd = status == ED_OK ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (status == ED_OK && fd < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be made: %m");
    if (status == ED_OK)
        status = ed_path_write_all(fd, header, bytes, path, err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        make_sample(t, mistakes, ed_spread(i, n, t->n), sample);
        status = ed_path_write_all(fd, sample, each, path, err);
    }
    if (fd >= 0)
        close(fd);
    free(sample);
    return status;
}

// The largest difference of the app's elements and of ours with these mistakes, and the largest of ours.
static void differ(double *most, double *largest, const struct ed_npy *app, const struct ed_tensors *t,
                   ed_mistakes mistakes) {
    *most = *largest = 0;
    for (size_t i = 0; i < (size_t)app->count; i++) {
        size_t channel = 0;
        const size_t at = i / t->each * t->each + source(t, mistakes, i % t->each, &channel);
        const double mine = changed(t, mistakes, channel, ed_npy_real(&t->npy, at)),
                     difference = fabs(ed_npy_real(app, i) - mine);
        *most = isnan(difference) ? INFINITY : fmax(*most, difference);
        *largest = fmax(*largest, fabs(mine));
    }
}

enum ed_status ed_tensors_against(struct ed_against *against, const char *path, const struct ed_tensors *t,
                                  struct ed_error *err) {
    struct ed_npy app = {0};
    ed_mistakes possible = 0;
    memset(against, 0, sizeof *against);
    enum ed_status status = ed_npy_open(&app, path, err);
    if (status == ED_OK && (!ed_npy_is_real(&app) || app.count < 1 || (size_t)app.count % t->each))
        status =
            ed_fail(err, ED_ERR_USAGE, path,
                    "has %lld elements; a sample of the data has %zu: another size, or another number of "
                    "channels",
                    (long long)app.count, t->each);
    const size_t allowed = t->n < SAMPLES_MAX ? t->n : SAMPLES_MAX;
    if (status == ED_OK && (size_t)app.count / t->each > allowed)
        status = ed_fail(err, ED_ERR_USAGE, path, "has %zu samples; dump the first %zu or fewer",
                         (size_t)app.count / t->each, allowed);
    if (status != ED_OK)
        goto out;
    against->elements = (size_t)app.count;
    against->samples = against->elements / t->each;
    against->step = (t->high - t->low) / 255;
    against->likeliest_difference = INFINITY;
    for (int m = 0; m < ED_MISTAKE_COUNT; m++)
        possible |= (ed_mistakes)ed_tensors_mistake_applies(m, t) << m;
    // From none to all: of equal ones the set that comes first is kept, and none is the first.
    for (ed_mistakes set = 0; set < 1u << ED_MISTAKE_COUNT; set++) {
        double most = 0, own = 0;
        if ((set & possible) != set || ed_mistakes_contradict(set))
            continue;
        differ(&most, &own, &app, t, set);
        if (!set)
            against->max_difference = most;
        // By relative difference, or a tensor of small numbers would be near to everything.
        const double relative = most / (own > 0 ? own : 1);
        if (relative < against->likeliest_difference) {
            against->likeliest_difference = relative;
            against->likeliest = set;
        }
    }
    if (against->likeliest_difference > NEAR_ENOUGH)
        against->likeliest = 0;
out:
    ed_npy_close(&app);
    return status;
}
