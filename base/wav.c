// SPDX-License-Identifier: Apache-2.0
// Walking the chunks of a RIFF file, and its samples as floats.
#include "base/wav.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_PCM 1u
#define FORMAT_FLOAT 3u
#define FORMAT_EXTENSIBLE 0xFFFEu
#define EXTENSIBLE_BYTES 40 // of its "fmt " chunk, up to the end of the sub-format
#define PIECE_BYTES ((size_t)65536)

struct reader {
    int fd;
    const char *path;
    int64_t file_bytes;
    bool has_format;
    uint32_t encoding, channels, rate_hz, bits;
};

static uint32_t number(const unsigned char *at, size_t bytes) {
    uint32_t value = 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static enum ed_status read_at(const struct reader *reader, int64_t from, void *out, size_t bytes,
                              struct ed_error *err) {
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = pread(reader->fd, (char *)out + done, bytes - done, from + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ed_fail_errno(err, ED_ERR_IO, reader->path, "cannot be read: %m");
        if (n == 0)
            return ed_fail(err, ED_ERR_PARSE, reader->path, "became shorter while it was read");
        done += (size_t)n;
    }
    return ED_OK;
}

static enum ed_status read_format(struct reader *reader, int64_t from, int64_t bytes, struct ed_error *err) {
    unsigned char format[EXTENSIBLE_BYTES] = {0};
    if (bytes < 16)
        return ed_fail(err, ED_ERR_PARSE, reader->path,
                       "its format has %lld bytes; a WAV file's has at least 16", (long long)bytes);
    enum ed_status status =
        read_at(reader, from, format, bytes < EXTENSIBLE_BYTES ? 16 : EXTENSIBLE_BYTES, err);
    if (status != ED_OK)
        return status;
    reader->encoding = number(format, 2);
    reader->channels = number(format + 2, 2);
    reader->rate_hz = number(format + 4, 4);
    reader->bits = number(format + 14, 2);
    // The first two bytes of the sub-format are the encoding that it stands for.
    if (reader->encoding == FORMAT_EXTENSIBLE && bytes >= EXTENSIBLE_BYTES)
        reader->encoding = number(format + 24, 2);
    reader->has_format = true;
    if (reader->rate_hz < 1 || reader->rate_hz > 1000000)
        return ed_fail(err, ED_ERR_PARSE, reader->path, "says that it has %u samples a second",
                       reader->rate_hz);
    if (reader->channels != 1)
        return ed_fail(err, ED_ERR_UNSUPPORTED, reader->path,
                       "has %u channels, one is taken; ffmpeg -i IN.wav -ac 1 -ar %d OUT.wav makes it so",
                       reader->channels, ED_WAV_SPEECH_HZ);
    if (!(reader->encoding == FORMAT_PCM && reader->bits == 16) &&
        !(reader->encoding == FORMAT_FLOAT && reader->bits == 32))
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, reader->path,
            "has samples of encoding %u with %u bits; 16-bit PCM and 32-bit floats are taken; ffmpeg "
            "-i IN.wav -c:a pcm_s16le -ar %d OUT.wav makes it so",
            reader->encoding, reader->bits, ED_WAV_SPEECH_HZ);
    return ED_OK;
}

static enum ed_status convert(const struct reader *reader, const unsigned char *bytes, size_t n, size_t first,
                              float *out, struct ed_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (reader->encoding == FORMAT_PCM) {
            const int32_t value = (int32_t)number(bytes + 2 * i, 2);
            out[i] = (float)(value < 32768 ? value : value - 65536) / 32768.0F;
            continue;
        }
        const uint32_t pattern = number(bytes + 4 * i, 4);
        memcpy(&out[i], &pattern, sizeof out[i]);
        if (!isfinite(out[i]))
            return ed_fail(err, ED_ERR_PARSE, reader->path, "its sample %zu is not a number", first + i);
    }
    return ED_OK;
}

static enum ed_status read_samples(const struct reader *reader, int64_t from, int64_t bytes,
                                   struct ed_wav *wav, struct ed_error *err) {
    const size_t each = reader->bits / 8, n = (size_t)bytes / each;
    if (!n)
        return ed_fail(err, ED_ERR_PARSE, reader->path, "holds no audio: it has no samples");
    if ((size_t)bytes % each)
        return ed_fail(err, ED_ERR_PARSE, reader->path, "ends in half a sample");
    if (n > ED_WAV_MAX_SAMPLES)
        return ed_fail(err, ED_ERR_LIMIT, reader->path,
                       "has %zu samples; at most %zu are taken, which are two hours at %d Hz", n,
                       ED_WAV_MAX_SAMPLES, ED_WAV_SPEECH_HZ);
    unsigned char *piece = malloc(PIECE_BYTES);
    float *samples = malloc(n * sizeof *samples);
    enum ed_status status =
        piece && samples ? ED_OK
                         : ed_fail(err, ED_ERR_NO_MEMORY, reader->path, "no memory for %zu samples", n);
    const size_t most = PIECE_BYTES / each;
    for (size_t done = 0; status == ED_OK && done < n; done += most) {
        const size_t now = n - done < most ? n - done : most;
        status = read_at(reader, from + (int64_t)(done * each), piece, now * each, err);
        if (status == ED_OK)
            status = convert(reader, piece, now, done, samples + done, err);
    }
    free(piece);
    if (status != ED_OK) {
        free(samples);
        return status;
    }
    *wav = (struct ed_wav){samples, n, (int32_t)reader->rate_hz};
    return ED_OK;
}

// Chunks are an id, a size, and so many bytes padded to an even number.
static enum ed_status read_chunks(struct reader *reader, struct ed_wav *wav, struct ed_error *err) {
    unsigned char head[12];
    if (reader->file_bytes < 12)
        return ed_fail(err, ED_ERR_PARSE, reader->path, "is not a WAV file: it has %lld bytes",
                       (long long)reader->file_bytes);
    enum ed_status status = read_at(reader, 0, head, 12, err);
    if (status == ED_OK && (memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0))
        return ed_fail(err, ED_ERR_PARSE, reader->path,
                       "is not a WAV file: it does not begin with RIFF and WAVE");
    for (int64_t at = 12; status == ED_OK && at + 8 <= reader->file_bytes;) {
        status = read_at(reader, at, head, 8, err);
        if (status != ED_OK)
            return status;
        const int64_t bytes = number(head + 4, 4), left = reader->file_bytes - at - 8;
        const bool format = !memcmp(head, "fmt ", 4), data = !memcmp(head, "data", 4);
        if ((format || data) && bytes > left)
            return ed_fail(err, ED_ERR_PARSE, reader->path,
                           "is cut short: it says that %lld bytes of %s follow, and %lld do",
                           (long long)bytes, data ? "samples" : "format", (long long)left);
        if (data)
            return reader->has_format
                       ? read_samples(reader, at + 8, bytes, wav, err)
                       : ed_fail(err, ED_ERR_PARSE, reader->path, "has samples before it says what they are");
        if (format)
            status = read_format(reader, at + 8, bytes, err);
        at += 8 + bytes + bytes % 2;
    }
    return status ? status : ed_fail(err, ED_ERR_PARSE, reader->path, "is cut short: it has no samples");
}

enum ed_status ed_wav_read(struct ed_wav *wav, const char *path, struct ed_error *err) {
    struct reader reader = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .path = path};
    struct stat info;
    enum ed_status status = ED_OK;
    memset(wav, 0, sizeof *wav);
    if (reader.fd < 0 || fstat(reader.fd, &info) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    else if (!S_ISREG(info.st_mode))
        status = ed_fail(err, ED_ERR_PARSE, path, "is not a regular file");
    if (status == ED_OK) {
        reader.file_bytes = info.st_size;
        status = read_chunks(&reader, wav, err);
    }
    if (reader.fd >= 0)
        close(reader.fd);
    return status;
}

enum ed_status ed_wav_read_speech(struct ed_wav *wav, const char *path, struct ed_error *err) {
    enum ed_status status = ed_wav_read(wav, path, err);
    if (status != ED_OK || wav->rate_hz == ED_WAV_SPEECH_HZ)
        return status;
    status =
        ed_fail(err, ED_ERR_UNSUPPORTED, path,
                "has %d samples a second, speech models take %d; ffmpeg -i IN.wav -ar %d OUT.wav makes it so",
                wav->rate_hz, ED_WAV_SPEECH_HZ, ED_WAV_SPEECH_HZ);
    ed_wav_release(wav);
    return status;
}

void ed_wav_release(struct ed_wav *wav) {
    free(wav->samples);
    memset(wav, 0, sizeof *wav);
}
