// SPDX-License-Identifier: Apache-2.0
// Digest of what stands before the last key.
#include "harness/seal.h"

#include <string.h>

#include "base/digest.h"
#include "base/path.h"
#include "harness/campaign.h"

#define BLANKS " \t\r\n"

static bool is_blank(char c) {
    return c && strchr(BLANKS, c);
}

// Blanks and the comma before a key are not covered: the writer has not set them yet when it takes the
// digest.
static void digest_of(char hex[ED_DIGEST_HEX_BYTES], const char *text, size_t bytes, bool comma) {
    while (bytes && is_blank(text[bytes - 1]))
        bytes--;
    if (comma && bytes && text[bytes - 1] == ',')
        bytes--;
    while (bytes && is_blank(text[bytes - 1]))
        bytes--;
    ed_digest_bytes(hex, text, bytes);
}

void ed_seal_write(struct ed_json_writer *writer, const struct ed_buffer *text) {
    char hex[ED_DIGEST_HEX_BYTES];
    digest_of(hex, ed_buffer_text(text), text->size, false);
    ed_json_text(writer, ED_SEAL_KEY, hex);
}

static const char *past_blanks(const char *at, const char *end) {
    while (at < end && is_blank(*at))
        at++;
    return at;
}

// Past `word` and the blanks before it; NULL where something else stands there.
static const char *past(const char *at, const char *end, const char *word) {
    const size_t n = strlen(word);
    at = at ? past_blanks(at, end) : end;
    return (size_t)(end - at) >= n && memcmp(at, word, n) == 0 ? at + n : NULL;
}

static const char *find_last(const char *text, size_t bytes, const char *word) {
    const size_t n = strlen(word);
    for (size_t i = bytes >= n ? bytes - n + 1 : 0; i-- > 0;)
        if (memcmp(text + i, word, n) == 0)
            return text + i;
    return NULL;
}

enum ed_seal ed_seal_check(const char *text, size_t bytes) {
    static const char key[] = "\"" ED_SEAL_KEY "\"";
    char hex[ED_DIGEST_HEX_BYTES];
    const char *end = text + bytes, *at = find_last(text, bytes, key);
    if (!at)
        return ED_SEAL_MISSING;
    digest_of(hex, text, (size_t)(at - text), true);
    at = past(past(at, end, key), end, ":");
    at = past(past(past(past(at, end, "\""), end, hex), end, "\""), end, "}");
    return at && past_blanks(at, end) == end ? ED_SEAL_WHOLE : ED_SEAL_BROKEN;
}

enum ed_status ed_seal_require(const struct ed_campaign *campaign, const struct ed_buffer *text,
                               const char *path, struct ed_error *err) {
    bool judged = campaign->gate.active || campaign->tune.active || campaign->n_requirements;
    for (size_t i = 0; i < campaign->n_tasks; i++)
        judged = judged || campaign->tasks[i].has_threshold;
    const enum ed_seal seal = ed_seal_check(ed_buffer_text(text), text->size);
    if (seal == ED_SEAL_WHOLE || (seal == ED_SEAL_MISSING && !judged))
        return ED_OK;
    return ed_fail(err, ED_ERR_USAGE, path,
                   "was changed after the campaign began, or is damaged: \"" ED_SEAL_KEY
                   "\" %s; put back the file as the run wrote it",
                   seal == ED_SEAL_MISSING ? "is missing" : "does not fit what stands before it");
}

enum ed_status ed_seal_data(const char *path, struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    const enum ed_status status = ed_digest_file(hex, NULL, path, err);
    if (status != ED_OK)
        return status;
    return strncmp(ed_path_base(path), hex, strlen(hex)) == 0
               ? ED_OK
               : ed_fail(err, ED_ERR_PARSE, path, "was changed after the campaign began, or is damaged");
}

enum ed_status ed_seal_output(const char *path, const cJSON *evidence, int index, struct ed_error *err) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(evidence, "output_sha256"),
                *told = cJSON_GetArrayItem(list, index);
    char hex[ED_DIGEST_HEX_BYTES];
    if (!list)
        return ED_OK;
    const enum ed_status status = ed_digest_file(hex, NULL, path, err);
    if (status != ED_OK)
        return status;
    return cJSON_IsString(told) && strcmp(told->valuestring, hex) == 0
               ? ED_OK
               : ed_fail(err, ED_ERR_PARSE, path, "was changed after the device wrote it, or is damaged");
}
