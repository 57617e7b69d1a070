// SPDX-License-Identifier: Apache-2.0
// Words about data.
#include "harness/data/check_tell.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/questions.h"
#include "base/utf8.h"
#include "base/wav.h"
#include "base/words.h"
#include "harness/data/exif.h"
#include "harness/data/speech.h"
#include "harness/metrics.h"

#define TEXT_MAX_BYTES (256u << 20)
#define LOUD 1.0f
#define FAINT 0.01f

static void head(struct ed_buffer *out, const struct ed_check *check) {
    ed_buffer_text_append(out, check->model->name);
    if (check->task)
        ed_buffer_printf(out, ", task %s", check->task->name);
    ed_buffer_text_append(out, ": ");
}

static void tell_shape(struct ed_buffer *out, const struct ed_npy *npy) {
    ed_buffer_text_append(out, ed_dtype_name(npy->dtype));
    for (uint32_t d = 0; d < npy->rank; d++)
        ed_buffer_printf(out, "%s%lld", d ? " x " : " ", (long long)npy->shape[d]);
}

static void tell_numbers(struct ed_buffer *out, const struct ed_tensors *t) {
    if (t->low <= t->high)
        ed_buffer_printf(out, "  values %.6g to %.6g, mean %.4g, deviation %.4g", t->low, t->high, t->mean,
                         t->deviation);
    else
        ed_buffer_text_append(out, "  no value is a number");
    for (size_t c = 0; t->channels > 1 && c < t->channels; c++)
        ed_buffer_printf(out, "%s%.4g (%.4g)", c ? ", " : "; of each channel ", t->channel_mean[c],
                         t->channel_deviation[c]);
    if (t->not_finite)
        ed_buffer_printf(out, "; %zu are NaN or infinite", t->not_finite);
    ed_buffer_text_append(out, "\n");
}

// Photographs are often stored as the sensor lay.
static void tell_turned(struct ed_buffer *out, const struct ed_check *check) {
    char path[ED_PATH_BYTES];
    const char *first = "";
    size_t n = 0;
    for (size_t i = 0; i < check->n; i++)
        if (ed_path_join(path, check->data, check->images.files[i], NULL) == ED_OK &&
            ed_exif_orientation_of(path) != ED_EXIF_UPRIGHT)
            first = n++ ? first : check->images.files[i];
    if (n)
        ed_buffer_printf(
            out,
            "  turned         %zu of them ask by EXIF to be turned or mirrored, the first is %s; "
            "that is not done here: an app that does it sees other pictures\n",
            n, first);
}

void ed_check_tell_data(struct ed_buffer *out, const struct ed_check *check) {
    head(out, check);
    if (check->kind == ED_CHECK_IMAGES) {
        ed_buffer_printf(out, "%zu image%s\n", check->n, check->n == 1 ? "" : "s");
        tell_turned(out, check);
        return;
    }
    ed_buffer_printf(out, "%zu sample%s, ", check->n, check->n == 1 ? "" : "s");
    tell_shape(out, &check->tensors.npy);
    ed_buffer_text_append(out, "\n");
    tell_numbers(out, &check->tensors);
}

static enum ed_status read_text(struct ed_buffer *text, const char *path, struct ed_error *err) {
    ed_buffer_init(text, TEXT_MAX_BYTES);
    return ed_path_read(path, TEXT_MAX_BYTES, text, err);
}

// What is wrong with a text as a text; true where nothing is.
static bool tell_bytes(struct ed_buffer *out, const char *text, size_t n) {
    size_t at = 0, lines = 0, returns = 0, length = 1;
    bool sound = true;
    while (at < n && (length = ed_utf8_length(text + at, n - at)) && text[at]) {
        lines += text[at] == '\n';
        returns += text[at] == '\r';
        at += length;
    }
    ed_buffer_printf(out, "  read           %zu bytes, %zu lines\n", n, lines + (n && text[n - 1] != '\n'));
    if (!n) {
        ed_buffer_text_append(out, "  wrong          it is empty\n");
        sound = false;
    }
    if (at < n) {
        ed_buffer_printf(out, "  wrong          byte %zu is %s\n", at,
                         length ? "NUL, where a text ends for many programs" : "not UTF-8");
        sound = false;
    }
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        ed_buffer_text_append(out,
                              "  wrong          it begins with a byte order mark, which becomes a token\n");
        sound = false;
    }
    if (returns) {
        ed_buffer_printf(out, "  wrong          %zu carriage returns, which become tokens\n", returns);
        sound = false;
    }
    return sound;
}

static const char no_tokens[] =
    "  not checked    tokens: the device cuts the text by the model's own vocabulary, an app by its own "
    "code\n"
    "  not checked    a chat template: none is applied, the prompt is the text that the model gets\n";

static enum ed_status tell_text(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                                struct ed_error *err) {
    struct ed_buffer text;
    enum ed_status status = read_text(&text, check->data, err);
    if (status == ED_OK) {
        ed_buffer_printf(out, "a text, metric %s\n", check->task->metric);
        *sound = tell_bytes(out, ed_buffer_text(&text), text.size);
        ed_buffer_text_append(out, no_tokens);
    }
    ed_buffer_release(&text);
    return status;
}

static enum ed_status tell_questions(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                                     struct ed_error *err) {
    const bool match = !strcmp(check->task->metric, ED_METRIC_MATCH);
    size_t counts[ED_QUESTIONS_CHOICES_MAX] = {0}, most = 0, longest = 0, again = 0, least = SIZE_MAX;
    struct ed_questions q;
    struct ed_buffer text;
    enum ed_status status = read_text(&text, check->data, err);
    if (status == ED_OK)
        status = ed_questions_read(&q, check->data, match, err);
    if (status != ED_OK) {
        ed_buffer_release(&text);
        return status;
    }
    for (size_t i = 0; i < q.n; i++) {
        const size_t bytes = strlen(q.items[i].prompt);
        longest = bytes > longest ? bytes : longest;
        least = q.items[i].n_choices < least ? q.items[i].n_choices : least;
        if (!match && q.items[i].answer >= 0 && q.items[i].answer < ED_QUESTIONS_CHOICES_MAX)
            most = ++counts[q.items[i].answer] > most ? counts[q.items[i].answer] : most;
        again += i && !strcmp(q.items[i].prompt, q.items[i - 1].prompt);
    }
    ed_buffer_printf(out, "%zu questions, metric %s\n", q.n, check->task->metric);
    *sound = tell_bytes(out, ed_buffer_text(&text), text.size);
    if (!match)
        ed_buffer_printf(out, "  choices        %zu%s; who always takes the same one has at most %.2f %%\n",
                         q.most_choices, least < q.most_choices ? " at most" : "",
                         100.0 * (double)most / (double)q.n);
    ed_buffer_printf(out, "  prompts        the longest has %zu bytes\n", longest);
    if (again)
        ed_buffer_printf(out, "  prompts        %zu are the same as the one before\n", again);
    ed_buffer_text_append(out, no_tokens);
    ed_questions_release(&q);
    ed_buffer_release(&text);
    return ED_OK;
}

// The largest sample, and how many are at full scale.
static float peak_of(const struct ed_wav *wav, size_t *cut) {
    float peak = 0;
    *cut = 0;
    for (size_t i = 0; i < wav->n; i++) {
        const float size = wav->samples[i] < 0 ? -wav->samples[i] : wav->samples[i];
        peak = size > peak ? size : peak;
        *cut += size >= 0.9999f;
    }
    return peak;
}

static bool is_cut(size_t cut, const struct ed_wav *wav) {
    return cut > wav->n / 1000;
}

static void tell_loudness(struct ed_buffer *out, const struct ed_wav *wav, bool *sound) {
    size_t cut;
    const float peak = peak_of(wav, &cut);
    ed_buffer_printf(out, "  loudness       peak %.3g of 1%s\n", (double)peak,
                     peak < FAINT ? ": nearly silent, as samples are that were divided twice" : "");
    if (peak > LOUD)
        ed_buffer_text_append(out,
                              "  wrong          samples beyond -1..1: whole numbers that were not divided by "
                              "32768\n");
    else if (is_cut(cut, wav))
        ed_buffer_printf(out, "  wrong          %zu samples are cut off at full scale\n", cut);
    *sound = *sound && peak >= FAINT && peak <= LOUD && !is_cut(cut, wav);
}

static enum ed_status count_words(const char *text, size_t bytes, size_t *count, struct ed_error *err) {
    char *words = ed_words_normalised(text, bytes);
    *count = words && *words;
    for (const char *p = words; p && *p; p++)
        *count += *p == ' ';
    const bool made = words;
    free(words);
    return made ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a transcript");
}

static const char no_spectrogram[] =
    "  not checked    the spectrogram: the engine makes it from the samples, an app by its own code\n";

static void tell_some(struct ed_buffer *out, size_t n, const char *first, const char *what, bool *sound) {
    if (!n)
        return;
    ed_buffer_printf(out, "  wrong          %zu of them %s, the first is %s\n", n, what, first);
    *sound = false;
}

static enum ed_status tell_recordings(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                                      struct ed_error *err) {
    static const char *const kinds[] = {"are nearly silent, as samples are that were divided twice",
                                        "have samples beyond -1..1, which were not divided by 32768",
                                        "are cut off at full scale"};
    const char *first[3] = {"", "", ""};
    size_t n[3] = {0}, words = 0;
    double seconds = 0;
    char path[ED_PATH_BYTES];
    struct ed_speech_set set;
    enum ed_status status = ed_speech_set_read(&set, check->data, check->task->labels, err);
    if (status != ED_OK)
        return status;
    for (size_t i = 0; status == ED_OK && i < set.n; i++) {
        struct ed_wav wav = {0};
        size_t cut = 0, count = 0;
        status = ed_path_join(path, check->data, set.files[i], err);
        if (status == ED_OK)
            status = ed_wav_read_speech(&wav, path, err);
        if (status == ED_OK)
            status = count_words(set.texts[i], strlen(set.texts[i]), &count, err);
        if (status == ED_OK) {
            const float peak = peak_of(&wav, &cut);
            const bool wrong[] = {peak<FAINT, peak> LOUD, peak <= LOUD && is_cut(cut, &wav)};
            for (size_t k = 0; k < 3; k++)
                if (wrong[k])
                    first[k] = n[k]++ ? first[k] : set.files[i];
            seconds += (double)wav.n / wav.rate_hz;
            words += count;
        }
        ed_wav_release(&wav);
    }
    if (status == ED_OK) {
        ed_buffer_printf(out, "%zu recordings, metric %s\n", set.n, check->task->metric);
        ed_buffer_printf(out, "  read           %.1f s at %d Hz, one channel, as a speech model takes it\n",
                         seconds, ED_WAV_SPEECH_HZ);
        ed_buffer_printf(out, "  transcripts    %zu words, %.1f a second\n", words, (double)words / seconds);
        for (size_t k = 0; k < 3; k++)
            tell_some(out, n[k], first[k], kinds[k], sound);
        ed_buffer_text_append(out, no_spectrogram);
    }
    ed_speech_set_release(&set);
    return status;
}

static enum ed_status tell_speech(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                                  struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_wav wav = {0};
    enum ed_status status = ed_wav_read_speech(&wav, check->data, err);
    if (status != ED_OK)
        return status;
    ed_buffer_printf(out, "a recording, %s\n", ed_path_base(check->data));
    ed_buffer_printf(out, "  read           %.1f s at %d Hz, one channel, as a speech model takes it\n",
                     (double)wav.n / wav.rate_hz, (int)wav.rate_hz);
    tell_loudness(out, &wav, sound);
    const size_t n = strlen(check->data);
    snprintf(path, sizeof path, "%.*s.txt", (int)(n > 4 ? n - 4 : n), check->data);
    if (ed_path_exists(path)) {
        struct ed_buffer text;
        status = read_text(&text, path, err);
        size_t count = 0;
        if (status == ED_OK)
            status = count_words(ed_buffer_text(&text), text.size, &count, err);
        if (status == ED_OK)
            ed_buffer_printf(out, "  transcript     %s, %zu words, %.1f a second\n", ed_path_base(path),
                             count, (double)count * wav.rate_hz / (double)wav.n);
        if (status == ED_OK && !count) {
            ed_buffer_text_append(out, "  wrong          the transcript has no words\n");
            *sound = false;
        }
        ed_buffer_release(&text);
    } else {
        ed_buffer_printf(out, "  transcript     none (%s), so there is no word error rate\n",
                         ed_path_base(path));
    }
    ed_buffer_text_append(out, no_spectrogram);
    ed_wav_release(&wav);
    return status;
}

// An .npy for each of several inputs.
static enum ed_status tell_inputs(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                                  struct ed_error *err) {
    enum ed_status status = ED_OK;
    ed_buffer_printf(out, "%zu inputs\n", check->task->n_data);
    for (size_t i = 0; status == ED_OK && i < check->task->n_data; i++) {
        struct ed_tensors t;
        status = ed_tensors_open(&t, check->task->data[i].file, err);
        if (status == ED_OK) {
            ed_buffer_printf(out, "  %s: ", check->task->data[i].input);
            tell_shape(out, &t.npy);
            ed_buffer_text_append(out, "\n  ");
            tell_numbers(out, &t);
            *sound = *sound && !t.not_finite;
        }
        ed_tensors_close(&t);
    }
    return status;
}

enum ed_status ed_check_tell(struct ed_buffer *out, const struct ed_check *check, bool *sound,
                             struct ed_error *err) {
    enum ed_status status = ED_OK;
    *sound = true;
    if (check->kind <= ED_CHECK_TENSORS)
        ed_check_tell_data(out, check);
    else
        head(out, check);
    switch (check->kind) {
    case ED_CHECK_IMAGES:
        break;
    case ED_CHECK_TENSORS:
        *sound = !check->tensors.not_finite;
        break;
    case ED_CHECK_SEVERAL:
        status = tell_inputs(out, check, sound, err);
        break;
    case ED_CHECK_TEXT:
        status = tell_text(out, check, sound, err);
        break;
    case ED_CHECK_QUESTIONS:
        status = tell_questions(out, check, sound, err);
        break;
    case ED_CHECK_RECORDINGS:
        status = tell_recordings(out, check, sound, err);
        break;
    case ED_CHECK_SPEECH:
        status = tell_speech(out, check, sound, err);
        break;
    }
    if (status == ED_OK)
        ed_buffer_printf(out, "  not checked    what a mistake would cost: %s\n", ed_check_no_score(check));
    return status;
}
