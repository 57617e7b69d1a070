// SPDX-License-Identifier: Apache-2.0
// Lines of scores.
#include "harness/score_lines.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"

#define LINE_MAX_BYTES (64u << 10)

struct rows {
    double *rows; // two numbers each
    bool *seen;
    size_t n;
    bool set;
    size_t samples;
};

static enum ed_status read_score(const struct rows *r, const struct ed_json_at *at, int64_t *row,
                                 struct ed_error *err) {
    double score = 0, weight = 1;
    enum ed_status status = ed_json_get_int(at, "id", 0, (int64_t)r->n - 1, row, err);
    if (status == ED_OK)
        status = ed_json_get_real(at, "score", -1e300, 1e300, &score, err);
    if (status == ED_OK)
        status = ed_json_opt_real(at, "weight", 0, 1e300, &weight, err);
    if (status == ED_OK && r->seen[*row])
        status = ed_json_fail(at, err, "sample %lld has a score already", (long long)*row);
    if (status == ED_OK) {
        r->rows[2 * *row] = score;
        r->rows[2 * *row + 1] = weight;
    }
    return status;
}

static enum ed_status read_figure(const struct rows *r, const struct ed_json_at *at, int64_t *row,
                                  struct ed_error *err) {
    int64_t draw = -1;
    double value = 0;
    enum ed_status status = ed_json_opt_int(at, "draw", 0, (int64_t)r->n - 2, &draw, err);
    if (status == ED_OK)
        status = ed_json_get_real(at, "value", -1e300, 1e300, &value, err);
    *row = draw + 1;
    if (status == ED_OK && r->seen[*row])
        status = draw < 0 ? ed_json_fail(at, err, "there is a value of all samples already")
                          : ed_json_fail(at, err, "draw %lld has a value already", (long long)draw);
    if (status == ED_OK) {
        r->rows[2 * *row] = value;
        r->rows[2 * *row + 1] = (double)r->samples;
    }
    return status;
}

static enum ed_status read_lines(const struct rows *r, size_t *found, const char *text, size_t bytes,
                                 struct ed_error *err) {
    const char *end = text + bytes;
    enum ed_status status = ED_OK;
    for (size_t line = 1; status == ED_OK && text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const size_t length = (size_t)((stop ? stop : end) - text);
        struct ed_json_document document = {0};
        int64_t row = 0;
        char name[64];
        snprintf(name, sizeof name, "line %zu of what it printed", line);
        if (length > LINE_MAX_BYTES)
            status = ed_fail(err, ED_ERR_PARSE, name, "has %zu bytes", length);
        else if (length)
            status = ed_json_parse(&document, name, text, length, err);
        if (status == ED_OK && length) {
            const struct ed_json_at root = ed_json_root(&document);
            status = r->set ? read_figure(r, &root, &row, err) : read_score(r, &root, &row, err);
        }
        if (status == ED_OK && length) {
            r->seen[row] = true;
            ++*found;
        }
        ed_json_document_release(&document);
        text += length + 1;
    }
    return status;
}

static enum ed_status parse(struct rows *r, const char *text, size_t bytes, struct ed_error *err) {
    size_t found = 0;
    r->seen = calloc(r->n + 1, sizeof *r->seen);
    enum ed_status status =
        r->seen ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu scores", r->n);
    if (status == ED_OK)
        status = read_lines(r, &found, text, bytes, err);
    if (status == ED_OK && r->set && !r->seen[0])
        status = ed_fail(err, ED_ERR_PARSE, NULL, "it printed no {\"value\": V} of all samples");
    if (status == ED_OK && found != r->n)
        status = r->set
                     ? ed_fail(err, ED_ERR_PARSE, NULL, "it printed values of %zu draws; draws.npy has %zu",
                               found - 1, r->n - 1)
                     : ed_fail(err, ED_ERR_PARSE, NULL, "it printed %zu scores for %zu samples", found, r->n);
    free(r->seen);
    return status;
}

enum ed_status ed_score_lines_parse(double *rows, size_t n, const char *text, size_t bytes,
                                    struct ed_error *err) {
    struct rows r = {.rows = rows, .n = n};
    return parse(&r, text, bytes, err);
}

enum ed_status ed_score_set_parse(double *rows, size_t samples, const char *text, size_t bytes,
                                  struct ed_error *err) {
    struct rows r = {.rows = rows, .n = ED_SET_DRAWS + 1, .set = true, .samples = samples};
    return parse(&r, text, bytes, err);
}
