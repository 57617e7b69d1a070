// SPDX-License-Identifier: Apache-2.0
// Word errors of recordings.
#include "harness/score_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/words.h"
#include "harness/outputs.h"
#include "harness/seal.h"

#define TEXTS_MAX_BYTES (256u << 20)

// A file of JSON lines.
struct texts {
    struct ed_buffer all;
    const char *at, *end; // of what is left
    const char *path;     // borrowed
    size_t n, read;       // lines
};

static enum ed_status texts_open(struct texts *texts, const char *path, struct ed_error *err) {
    enum ed_status status = ed_path_read(path, TEXTS_MAX_BYTES, &texts->all, err);
    if (status != ED_OK)
        return status;
    texts->path = path;
    texts->at = ed_buffer_text(&texts->all);
    texts->end = texts->at + texts->all.size;
    for (const char *at = texts->at; (at = memchr(at, '\n', (size_t)(texts->end - at))); at++)
        texts->n++;
    if (texts->all.size && texts->end[-1] != '\n')
        return ed_fail(err, ED_ERR_PARSE, path, "is cut short: it ends in half a line");
    return ED_OK;
}

// The text of the next line; `document` owns it.
static enum ed_status texts_next(struct texts *texts, struct ed_json_document *document, const char **text,
                                 struct ed_error *err) {
    const char *stop = memchr(texts->at, '\n', (size_t)(texts->end - texts->at));
    char name[ED_PATH_BYTES + 32];
    snprintf(name, sizeof name, "%s line %zu", texts->path, ++texts->read);
    enum ed_status status = ed_json_parse(document, name, texts->at, (size_t)(stop - texts->at), err);
    texts->at = stop + 1;
    if (status != ED_OK)
        return status;
    const struct ed_json_at root = ed_json_root(document);
    status = ed_json_expect_object(&root, err);
    return status == ED_OK ? ed_json_get_text(&root, "text", text, err) : status;
}

static enum ed_status score_next(struct ed_scores *scores, size_t i, struct texts *said, struct texts *heard,
                                 struct ed_error *err) {
    struct ed_json_document documents[2] = {{0}, {0}};
    struct ed_words_errors errors = {0};
    const char *reference = "", *hypothesis = "";
    enum ed_status status = texts_next(said, &documents[0], &reference, err);
    if (status == ED_OK)
        status = texts_next(heard, &documents[1], &hypothesis, err);
    if (status == ED_OK)
        status =
            ed_words_error_rate(reference, strlen(reference), hypothesis, strlen(hypothesis), &errors, err);
    if (status == ED_OK && !errors.reference_words)
        status = ed_fail(err, ED_ERR_PARSE, said->path, "recording %zu has no words", i + 1);
    if (status == ED_OK) {
        scores->values[i] = ed_words_rate(&errors);
        scores->weights[i] = (double)errors.reference_words;
    }
    ed_json_document_release(&documents[0]);
    ed_json_document_release(&documents[1]);
    return status;
}

enum ed_status ed_scores_words(struct ed_scores *scores, const struct ed_campaign_task *task,
                               const struct ed_campaign_device *device, const struct ed_blocks *blocks,
                               size_t case_index, struct ed_error *err) {
    struct texts said = {0}, heard = {0};
    char path[ED_PATH_BYTES] = "";
    memset(scores, 0, sizeof *scores);
    ed_buffer_init(&said.all, TEXTS_MAX_BYTES);
    ed_buffer_init(&heard.all, TEXTS_MAX_BYTES);
    enum ed_status status = ed_output_path(path, device, blocks, case_index, err);
    if (status == ED_OK)
        status = texts_open(&heard, path, err);
    if (status == ED_OK)
        status = ed_seal_data(task->labels, err);
    if (status == ED_OK)
        status = texts_open(&said, task->labels, err);
    if (status == ED_OK && (heard.n != said.n || !said.n))
        status = ed_fail(err, ED_ERR_PARSE, path, "has %zu texts for %zu recordings", heard.n, said.n);
    if (status == ED_OK) {
        scores->values = calloc(said.n, sizeof *scores->values);
        scores->weights = calloc(said.n, sizeof *scores->weights);
        scores->n = said.n;
        if (!scores->values || !scores->weights)
            status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to judge %zu recordings", said.n);
    }
    for (size_t i = 0; status == ED_OK && i < said.n; i++)
        status = score_next(scores, i, &said, &heard, err);
    ed_buffer_release(&said.all);
    ed_buffer_release(&heard.all);
    return status;
}
