// SPDX-License-Identifier: Apache-2.0
// Keeping transcripts.
#include "harness/transcript.h"

#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/path.h"
#include "base/words.h"

#define AUDIO ".wav"
#define TRANSCRIPT ".txt"

static bool is_audio(const char *path) {
    const size_t n = strlen(path);
    return n > strlen(AUDIO) && !strcasecmp(path + n - strlen(AUDIO), AUDIO);
}

enum ed_status ed_transcript_keep(char name[ED_PATH_BYTES], const char *directory,
                                  const struct ed_suite_model *model, struct ed_error *err) {
    char path[ED_PATH_BYTES], hex[ED_DIGEST_HEX_BYTES];
    struct ed_words_errors errors;
    struct ed_buffer text;
    size_t i = 0;
    name[0] = 0;
    while (model && i < model->n_inputs && !is_audio(model->inputs[i].file))
        i++;
    if (!model || i == model->n_inputs)
        return ED_OK;
    const char *audio = model->inputs[i].file;
    if (snprintf(path, sizeof path, "%.*s" TRANSCRIPT, (int)(strlen(audio) - strlen(AUDIO)), audio) >=
            (int)sizeof path ||
        !ed_path_exists(path))
        return ED_OK;
    ed_buffer_init(&text, ED_WORDS_TEXT_MAX_BYTES);
    enum ed_status status = ed_path_read(path, ED_WORDS_TEXT_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = ed_words_error_rate(ed_buffer_text(&text), text.size, "", 0, &errors, err);
    if (status == ED_OK) {
        ed_digest_bytes(hex, ed_buffer_text(&text), text.size);
        snprintf(name, ED_PATH_BYTES, "data/%s" TRANSCRIPT, hex);
        status = ed_path_join(path, directory, name, err);
    }
    if (status == ED_OK)
        status = ed_path_write_atomic(path, ed_buffer_text(&text), text.size, 0644, err);
    ed_buffer_release(&text);
    return status;
}
