// SPDX-License-Identifier: Apache-2.0
// Walking through a model's file: magic, dimensions, mel filters, vocabulary, tensors.
#include <stdlib.h>

#include "backends/whisper.cpp/whisper_state.h"

#define MAGIC 0x67676d6cu // "ggml"
#define BINS 201          // of a spectrum of 400 samples
#define VOCABULARY_LEAST 51864
#define VOCABULARY_MOST 53000
#define WORD_MAX_BYTES 4096
#define NAME_MAX_BYTES 128
#define DIMENSIONS_MAX 4
#define FTYPE_FACTOR 1000 // above it lies the version of the quantization
#define FTYPE_MOST 14     // Q6_K; 4 to 6 are no more

struct walk {
    FILE *file;
    const char *path;
    int64_t at, bytes;
};

// Bytes of a block of so many elements, by number of enum ggml_type; 0 bytes: none that weights come in.
static const struct {
    int64_t elements, bytes;
} types[] = {{1, 4},   {1, 2},   {32, 18},  {32, 20},   {0, 0},     {0, 0},     {32, 22},  {32, 24},
             {32, 34}, {32, 36}, {256, 84}, {256, 110}, {256, 144}, {256, 176}, {256, 210}};
#define N_TYPES ((int64_t)(sizeof types / sizeof types[0]))

static enum ed_status cut_short(const struct walk *walk, const char *what, struct ed_error *err) {
    return ed_fail(err, ED_ERR_PARSE, walk->path, "is cut short: it ends in %s", what);
}

static enum ed_status take(struct walk *walk, void *out, int64_t bytes, const char *what,
                           struct ed_error *err) {
    if (bytes > walk->bytes - walk->at || fread(out, 1, (size_t)bytes, walk->file) != (size_t)bytes)
        return cut_short(walk, what, err);
    walk->at += bytes;
    return ED_OK;
}

static enum ed_status pass(struct walk *walk, int64_t bytes, const char *what, struct ed_error *err) {
    if (bytes < 0 || bytes > walk->bytes - walk->at || fseeko(walk->file, bytes, SEEK_CUR) != 0)
        return cut_short(walk, what, err);
    walk->at += bytes;
    return ED_OK;
}

static enum ed_status check_dimensions(struct walk *walk, int32_t *n_mels, struct ed_error *err) {
    enum {
        VOCABULARY,
        AUDIO_CTX,
        AUDIO_STATE,
        AUDIO_HEAD,
        AUDIO_LAYER,
        TEXT_CTX,
        TEXT_STATE,
        TEXT_HEAD,
        TEXT_LAYER,
        MELS,
        FTYPE
    };
    static const struct {
        const char *name;
        int32_t least, most;
    } rows[] = {{"n_vocab", VOCABULARY_LEAST, VOCABULARY_MOST},
                {"n_audio_ctx", 1, 32768},
                {"n_audio_state", 8, 8192},
                {"n_audio_head", 1, 256},
                {"n_audio_layer", 1, 256},
                {"n_text_ctx", 16, 32768},
                {"n_text_state", 8, 8192},
                {"n_text_head", 1, 256},
                {"n_text_layer", 1, 256},
                {"n_mels", 1, 1024},
                {"ftype", 0, INT32_MAX}};
    int32_t numbers[sizeof rows / sizeof rows[0]];
    enum ed_status status = take(walk, numbers, sizeof numbers, "its dimensions", err);
    for (size_t i = 0; status == ED_OK && i < sizeof rows / sizeof rows[0]; i++)
        if (numbers[i] < rows[i].least || numbers[i] > rows[i].most)
            status = ed_fail(err, ED_ERR_PARSE, walk->path,
                             "says that its %s is %d, which no whisper model has", rows[i].name, numbers[i]);
    if (status != ED_OK)
        return status;
    if (numbers[AUDIO_STATE] != numbers[TEXT_STATE] || numbers[AUDIO_STATE] % numbers[AUDIO_HEAD] ||
        numbers[TEXT_STATE] % numbers[TEXT_HEAD])
        return ed_fail(err, ED_ERR_PARSE, walk->path,
                       "has states of %d and %d in %d and %d heads, which do not fit", numbers[AUDIO_STATE],
                       numbers[TEXT_STATE], numbers[AUDIO_HEAD], numbers[TEXT_HEAD]);
    const int32_t kind = numbers[FTYPE] % FTYPE_FACTOR;
    if (kind > FTYPE_MOST || kind == 4 || kind == 5 || kind == 6)
        return ed_fail(err, ED_ERR_PARSE, walk->path, "has weights of the kind %d, which is none", kind);
    *n_mels = numbers[MELS];
    return ED_OK;
}

static enum ed_status check_filters(struct walk *walk, int32_t n_mels, struct ed_error *err) {
    int32_t shape[2];
    enum ed_status status = take(walk, shape, sizeof shape, "its mel filters", err);
    if (status == ED_OK && (shape[0] != n_mels || shape[1] != BINS))
        status = ed_fail(err, ED_ERR_PARSE, walk->path, "has mel filters of %d x %d, not %d x %d", shape[0],
                         shape[1], n_mels, BINS);
    return status ? status : pass(walk, (int64_t)n_mels * BINS * 4, "its mel filters", err);
}

// The engine looks the space up, and ends the process where there is none.
static enum ed_status check_vocabulary(struct walk *walk, struct ed_error *err) {
    static const char where[] = "its vocabulary";
    int32_t n = 0;
    bool space = false;
    enum ed_status status = take(walk, &n, sizeof n, where, err);
    if (status == ED_OK && (n < 1 || n > VOCABULARY_MOST))
        return ed_fail(err, ED_ERR_PARSE, walk->path, "says that it has %d words", n);
    for (int32_t i = 0; status == ED_OK && i < n; i++) {
        uint32_t bytes = 0;
        char first = 0;
        status = take(walk, &bytes, sizeof bytes, where, err);
        if (status == ED_OK && bytes > WORD_MAX_BYTES)
            status = ed_fail(err, ED_ERR_PARSE, walk->path, "says that its word %d has %u bytes", i, bytes);
        if (status == ED_OK && bytes)
            status = take(walk, &first, 1, where, err);
        if (status == ED_OK && bytes > 1)
            status = pass(walk, bytes - 1, where, err);
        space = space || (bytes == 1 && first == ' ');
    }
    if (status == ED_OK && !space)
        status = ed_fail(err, ED_ERR_PARSE, walk->path, "has a vocabulary without the space");
    return status;
}

static enum ed_status check_tensor(struct walk *walk, int64_t number, struct ed_error *err) {
    static const char where[] = "a tensor";
    int32_t head[3], shape[DIMENSIONS_MAX];
    int64_t elements = 1;
    enum ed_status status = take(walk, head, sizeof head, where, err);
    if (status != ED_OK)
        return status;
    if (head[0] < 1 || head[0] > DIMENSIONS_MAX || head[1] < 1 || head[1] > NAME_MAX_BYTES || head[2] < 0 ||
        head[2] >= N_TYPES || !types[head[2]].bytes)
        return ed_fail(
            err, ED_ERR_PARSE, walk->path,
            "has a tensor (%lld) of %d dimensions and type %d with a name of %d bytes, which is none",
            (long long)number, head[0], head[2], head[1]);
    status = take(walk, shape, (int64_t)sizeof shape[0] * head[0], where, err);
    for (int32_t d = 0; status == ED_OK && d < head[0]; d++)
        if (shape[d] < 1 || __builtin_mul_overflow(elements, shape[d], &elements) || elements > INT32_MAX)
            status = ed_fail(err, ED_ERR_PARSE, walk->path, "has a tensor (%lld) of too many elements",
                             (long long)number);
    if (status == ED_OK)
        status = pass(walk, head[1], where, err);
    if (status == ED_OK && elements % types[head[2]].elements)
        status = ed_fail(err, ED_ERR_PARSE, walk->path,
                         "has a tensor (%lld) that is no whole number of blocks", (long long)number);
    return status ? status
                  : pass(walk, elements / types[head[2]].elements * types[head[2]].bytes, where, err);
}

enum ed_status whisper_file_check(const char *path, struct ed_error *err) {
    struct walk walk = {.file = fopen(path, "rbe"), .path = path};
    uint32_t magic = 0;
    int32_t n_mels = 0;
    enum ed_status status = ED_OK;
    if (!walk.file)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (fseeko(walk.file, 0, SEEK_END) != 0 || (walk.bytes = ftello(walk.file)) < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be read: %m");
    rewind(walk.file);
    if (status == ED_OK &&
        (take(&walk, &magic, sizeof magic, "its beginning", NULL) != ED_OK || magic != MAGIC))
        status = ed_fail(
            err, ED_ERR_PARSE, path,
            "is no whisper.cpp model: it does not begin as one; whisper.cpp has a script that converts "
            "models of other kinds");
    if (status == ED_OK)
        status = check_dimensions(&walk, &n_mels, err);
    if (status == ED_OK)
        status = check_filters(&walk, n_mels, err);
    if (status == ED_OK)
        status = check_vocabulary(&walk, err);
    int64_t tensors = 0;
    for (; status == ED_OK && walk.at < walk.bytes; tensors++)
        status = check_tensor(&walk, tensors, err);
    // The engine takes such a file for a test of its own, and transcribes nothing.
    if (status == ED_OK && !tensors)
        status = ed_fail(err, ED_ERR_PARSE, path, "has no tensors: it is a stand-in for a model");
    fclose(walk.file);
    return status;
}
