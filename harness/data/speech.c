// SPDX-License-Identifier: Apache-2.0
// Reading a folder of recordings.
#include "harness/data/speech.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "base/utf8.h"
#include "base/words.h"
#include "harness/data/folder.h"

#define NAME_MAX_BYTES 1024
#define AUDIO ".wav"
#define TRANSCRIPT ".txt"

void ed_speech_set_release(struct ed_speech_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        free(set->files[i]);
        free(set->texts[i]);
    }
    free(set->files);
    free(set->texts);
    memset(set, 0, sizeof *set);
}

static enum ed_status no_memory(struct ed_error *err) {
    return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a list of recordings");
}

// Room doubles.
static enum ed_status add(struct ed_speech_set *set, const char *name, const char *text, size_t bytes,
                          struct ed_error *err) {
    const size_t n = set->n;
    if (n >= ED_SPEECH_SET_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d recordings", ED_SPEECH_SET_MAX);
    if ((n & (n - 1)) == 0) {
        char **files = reallocarray(set->files, n ? 2 * n : 1, sizeof *files);
        set->files = files ? files : set->files;
        char **texts = reallocarray(set->texts, n ? 2 * n : 1, sizeof *texts);
        set->texts = texts ? texts : set->texts;
        if (!files || !texts)
            return no_memory(err);
    }
    set->files[n] = strdup(name);
    set->texts[n] = strndup(text, bytes);
    set->n++;
    return set->files[n] && set->texts[n] ? ED_OK : no_memory(err);
}

// Text in another encoding would count as wrong words, and nobody would know why.
static enum ed_status check_text(const char *text, size_t bytes, const char *where, struct ed_error *err) {
    struct ed_words_errors errors = {0};
    if (memchr(text, 0, bytes))
        return ed_fail(err, ED_ERR_USAGE, where,
                       "has a byte 0: it is no UTF-8 text; iconv -f UTF-16 -t UTF-8 makes one of UTF-16");
    for (size_t at = 0, length; at < bytes; at += length) {
        length = ed_utf8_length(text + at, bytes - at);
        if (!length)
            return ed_fail(err, ED_ERR_USAGE, where,
                           "is no UTF-8 text: byte %zu does not belong there; iconv -f LATIN1 -t UTF-8 "
                           "converts from Latin-1",
                           at + 1);
    }
    enum ed_status status = ed_words_error_rate(text, bytes, "", 0, &errors, err);
    if (status != ED_OK && err && !err->where[0])
        snprintf(err->where, sizeof err->where, "%.200s", where);
    if (status == ED_OK && !errors.reference_words)
        status = ed_fail(err, ED_ERR_USAGE, where,
                         "has no words, so no share of them can be wrong: leave the recording out");
    return status;
}

static bool ends_in(const char *name, const char *ending) {
    const size_t n = strlen(name), m = strlen(ending);
    return n > m && !strcasecmp(name + n - m, ending);
}

// Text up to a tab, or to the end; false: there is no such column.
static bool column(const char *line, size_t n, size_t index, const char **out, size_t *bytes) {
    for (;; index--) {
        const char *tab = memchr(line, '\t', n);
        const size_t here = tab ? (size_t)(tab - line) : n;
        if (!index) {
            *out = line;
            *bytes = here;
            return true;
        }
        if (!tab)
            return false;
        line += here + 1;
        n -= here + 1;
    }
}

static bool find_column(const char *line, size_t n, const char *name, size_t *index) {
    const char *text;
    size_t bytes;
    for (*index = 0; column(line, n, *index, &text, &bytes); ++*index)
        if (bytes == strlen(name) && !memcmp(text, name, bytes))
            return true;
    return false;
}

static enum ed_status parse_line(struct ed_speech_set *set, const char *line, size_t n,
                                 const size_t columns[2], const char *where, struct ed_error *err) {
    const char *path = "", *sentence = "";
    size_t path_bytes = 0, sentence_bytes = 0;
    char name[NAME_MAX_BYTES];
    if (!column(line, n, columns[0], &path, &path_bytes) ||
        !column(line, n, columns[1], &sentence, &sentence_bytes))
        return ed_fail(err, ED_ERR_USAGE, where, "has fewer columns than the heading");
    if (path_bytes >= sizeof name || memchr(path, 0, path_bytes))
        return ed_fail(err, ED_ERR_USAGE, where, "has a path that is none, or longer than %d bytes",
                       NAME_MAX_BYTES - 1);
    memcpy(name, path, path_bytes);
    name[path_bytes] = 0;
    if (!ed_folder_stays_inside(name))
        return ed_fail(err, ED_ERR_USAGE, where, "names \"%.80s\", which is not in the folder", name);
    if (!ends_in(name, AUDIO))
        return ed_fail(err, ED_ERR_USAGE, where,
                       "names \"%.120s\", which is no .wav: ffmpeg -i IN -ac 1 -ar 16000 OUT.wav makes one; "
                       "write its name here",
                       name);
    enum ed_status status = check_text(sentence, sentence_bytes, where, err);
    return status == ED_OK ? add(set, name, sentence, sentence_bytes, err) : status;
}

enum ed_status ed_speech_set_parse(struct ed_speech_set *set, const char *text, size_t bytes,
                                   const char *where, struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t columns[2] = {0, 0}, number = 0;
    memset(set, 0, sizeof *set);
    if (bytes >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        text += 3, bytes -= 3;
    for (const char *end = text + bytes; status == ED_OK && text < end;) {
        const char *line = text, *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text);
        char name[256];
        text = stop ? stop + 1 : end;
        number++;
        if (n && line[n - 1] == '\r')
            n--;
        snprintf(name, sizeof name, "%.200s line %zu", where, number);
        if (number == 1) {
            if (!find_column(line, n, "path", &columns[0]) || !find_column(line, n, "sentence", &columns[1]))
                status = ed_fail(err, ED_ERR_USAGE, name,
                                 "is no heading with the columns path and sentence, parted by tabs");
        } else if (n) {
            status = parse_line(set, line, n, columns, name, err);
        }
    }
    if (status == ED_OK && !set->n)
        status = ed_fail(err, ED_ERR_USAGE, where, "names no recording");
    if (status == ED_OK)
        status = ed_folder_check_twice(set->files, set->n, where, err);
    if (status != ED_OK)
        ed_speech_set_release(set);
    return status;
}

static enum ed_status read_transcript(struct ed_speech_set *set, const char *folder, const char *name,
                                      struct ed_error *err) {
    char beside[NAME_MAX_BYTES + sizeof TRANSCRIPT], path[ED_PATH_BYTES];
    struct ed_buffer text;
    snprintf(beside, sizeof beside, "%.*s" TRANSCRIPT, (int)(strlen(name) - strlen(AUDIO)), name);
    enum ed_status status = ed_path_join(path, folder, beside, err);
    if (status == ED_OK && !ed_path_exists(path))
        return ed_fail(err, ED_ERR_USAGE, path,
                       "is not there: write what is said in %.200s into it, or give all transcripts as one "
                       ".tsv with the columns path and sentence (\"labels\")",
                       name);
    ed_buffer_init(&text, ED_WORDS_TEXT_MAX_BYTES);
    if (status == ED_OK)
        status = ed_path_read(path, ED_WORDS_TEXT_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = check_text(ed_buffer_text(&text), text.size, path, err);
    if (status == ED_OK)
        status = add(set, name, ed_buffer_text(&text), text.size, err);
    ed_buffer_release(&text);
    return status;
}

static enum ed_status read_folder(struct ed_speech_set *set, const char *folder, struct ed_error *err) {
    static const char *const others[] = {".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aiff", ".webm"};
    struct dirent **names = NULL;
    int n = 0;
    enum ed_status status = ed_folder_list(folder, &names, &n, err);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        // Some systems put files of their own beside others, with a dot before the name.
        const bool hidden = name[0] == '.';
        for (size_t k = 0; status == ED_OK && !hidden && k < sizeof others / sizeof others[0]; k++)
            if (ends_in(name, others[k]))
                status = ed_fail(err, ED_ERR_USAGE, folder,
                                 "has \"%.200s\", which is no .wav: ffmpeg -i IN -ac 1 -ar 16000 OUT.wav "
                                 "makes one; put it in its place",
                                 name);
        if (status == ED_OK && !hidden && ends_in(name, AUDIO))
            status = read_transcript(set, folder, name, err);
    }
    ed_folder_list_release(names, n);
    if (status == ED_OK && !set->n)
        status = ed_fail(err, ED_ERR_USAGE, folder, "holds no recording: a name ends in .wav");
    return status;
}

enum ed_status ed_speech_set_read(struct ed_speech_set *set, const char *folder, const char *transcripts,
                                  struct ed_error *err) {
    char own[ED_PATH_BYTES];
    struct ed_buffer text;
    memset(set, 0, sizeof *set);
    enum ed_status status = ed_path_join(own, folder, ED_SPEECH_SET_TRANSCRIPTS, err);
    if (status != ED_OK)
        return status;
    if (!transcripts[0] && !ed_path_exists(own)) {
        status = read_folder(set, folder, err);
        if (status != ED_OK)
            ed_speech_set_release(set);
        return status;
    }
    const char *file = transcripts[0] ? transcripts : own;
    ed_buffer_init(&text, ED_SPEECH_SET_MAX_BYTES);
    status = ed_path_read(file, ED_SPEECH_SET_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = ed_speech_set_parse(set, ed_buffer_text(&text), text.size, file, err);
    ed_buffer_release(&text);
    return status;
}
