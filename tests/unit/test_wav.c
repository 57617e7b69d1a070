// SPDX-License-Identifier: Apache-2.0
// base/wav: what is read from a WAV file, and every way in which one can be wrong.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "base/wav.h"

static char directory[64], path[128];

static int enter(void **state) {
    (void)state;
    snprintf(directory, sizeof directory, P_tmpdir "/edgedyno-wav-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/x.wav", directory);
    return 0;
}

static int leave(void **state) {
    (void)state;
    return ed_path_remove(directory, NULL) == ED_OK ? 0 : -1;
}

struct file {
    unsigned char bytes[512];
    size_t n;
};

static void put(struct file *file, const void *bytes, size_t n) {
    assert_true(file->n + n <= sizeof file->bytes);
    memcpy(file->bytes + file->n, bytes, n);
    file->n += n;
}

static void put_number(struct file *file, uint32_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++, value >>= 8)
        put(file, &(unsigned char){(unsigned char)value}, 1);
}

static void put_format(struct file *file, uint32_t encoding, uint32_t channels, uint32_t rate, uint32_t bits,
                       uint32_t bytes) {
    put(file, "fmt ", 4);
    put_number(file, bytes, 4);
    put_number(file, encoding, 2);
    put_number(file, channels, 2);
    put_number(file, rate, 4);
    put_number(file, rate * channels * bits / 8, 4);
    put_number(file, channels * bits / 8, 2);
    put_number(file, bits, 2);
}

static void begin(struct file *file) {
    file->n = 0;
    put(file, "RIFF\0\0\0\0WAVE", 12);
}

static void put_data(struct file *file, const void *bytes, uint32_t n) {
    put(file, "data", 4);
    put_number(file, n, 4);
    put(file, bytes, n);
}

static enum ed_status read_file(const struct file *file, struct ed_wav *wav, struct ed_error *err) {
    assert_int_equal(ed_path_write_unsynced(path, file->bytes, file->n, 0600, err), ED_OK);
    return ed_wav_read(wav, path, err);
}

static void refused(const struct file *file, enum ed_status status, const char *words) {
    struct ed_wav wav;
    struct ed_error err = {0};
    const enum ed_status got = read_file(file, &wav, &err);
    if (got != status || !strstr(err.message, words))
        fail_msg("status %s, \"%s\"; expected %s, \"%s\"", ed_status_word(got), err.message,
                 ed_status_word(status), words);
    assert_null(wav.samples);
    assert_string_equal(err.where, path);
}

static void test_values(void **state) {
    static const unsigned char whole[] = {0, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0x80};
    static const float reals[] = {0.25F, -1.5F, 0.0F};
    struct file file;
    struct ed_wav wav;
    struct ed_error err = {0};
    (void)state;
    begin(&file);
    put_format(&file, 1, 1, 16000, 16, 16);
    // An unknown chunk of odd size is passed over with its padding.
    put(&file, "LIST\3\0\0\0abc\0", 12);
    put_data(&file, whole, sizeof whole);
    put(&file, "id3 ", 4); // what is behind the samples does not matter
    assert_int_equal(read_file(&file, &wav, &err), ED_OK);
    assert_int_equal(wav.n, 5);
    assert_int_equal(wav.rate_hz, 16000);
    assert_true(wav.samples[0] == 0 && wav.samples[1] == 1 / 32768.0F && wav.samples[2] == -1 / 32768.0F);
    assert_true(wav.samples[3] == 32767 / 32768.0F && wav.samples[4] == -1.0F);
    ed_wav_release(&wav);

    begin(&file);
    put_format(&file, 3, 1, 44100, 32, 16);
    put_data(&file, reals, sizeof reals);
    assert_int_equal(read_file(&file, &wav, &err), ED_OK);
    assert_int_equal(wav.n, 3);
    assert_int_equal(wav.rate_hz, 44100);
    assert_memory_equal(wav.samples, reals, sizeof reals);
    ed_wav_release(&wav);
    assert_int_equal(ed_wav_read_speech(&wav, path, &err), ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "has 44100 samples a second, speech models take 16000; ffmpeg"));
    assert_null(wav.samples);

    begin(&file);
    put_format(&file, 0xFFFE, 1, 16000, 16, 40);
    put_number(&file, 22, 2);
    put_number(&file, 16, 2);
    put_number(&file, 4, 4);
    put(&file, "\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 16);
    put_data(&file, whole, 2);
    assert_int_equal(read_file(&file, &wav, &err), ED_OK);
    assert_int_equal(wav.n, 1);
    ed_wav_release(&wav);
    assert_int_equal(ed_wav_read_speech(&wav, path, &err), ED_OK);
    ed_wav_release(&wav);
}

static void test_many_samples(void **state) {
    const size_t n = 70001;
    struct file file;
    struct ed_wav wav;
    struct ed_error err = {0};
    (void)state;
    begin(&file);
    put_format(&file, 1, 1, 16000, 16, 16);
    put(&file, "data", 4);
    put_number(&file, (uint32_t)(2 * n), 4);
    unsigned char *all = malloc(file.n + 2 * n);
    assert_non_null(all);
    memcpy(all, file.bytes, file.n);
    for (size_t i = 0; i < n; i++) {
        all[file.n + 2 * i] = (unsigned char)i;
        all[file.n + 2 * i + 1] = (unsigned char)(i >> 8);
    }
    assert_int_equal(ed_path_write_unsynced(path, all, file.n + 2 * n, 0600, &err), ED_OK);
    free(all);
    assert_int_equal(ed_wav_read(&wav, path, &err), ED_OK);
    assert_int_equal(wav.n, n);
    for (size_t i = 0; i < n; i++)
        assert_true(wav.samples[i] * 32768 == (float)(int16_t)(uint16_t)i);
    ed_wav_release(&wav);
}

static void test_refused(void **state) {
    static const float bad[] = {0, NAN};
    struct file file, whole;
    struct ed_wav wav;
    struct ed_error err = {0};
    (void)state;
    begin(&whole);
    put_format(&whole, 1, 1, 16000, 16, 16);
    put_data(&whole, "\1\0\2\0", 4);
    for (size_t n = 0; n < whole.n; n++) {
        file = whole;
        file.n = n;
        refused(&file, ED_ERR_PARSE, n < 12 ? "is not a WAV file" : "cut short");
    }
    file = whole;
    file.bytes[0] = 'X';
    refused(&file, ED_ERR_PARSE, "does not begin with RIFF");
    file = whole;
    file.bytes[16] = 15;
    refused(&file, ED_ERR_PARSE, "at least 16");
    file = whole;
    memset(file.bytes + 40, 0xff, 4);
    refused(&file, ED_ERR_PARSE, "4294967295 bytes of samples follow, and 4 do");

    begin(&file);
    put_data(&file, "\1\0", 2);
    refused(&file, ED_ERR_PARSE, "before it says what they are");
    begin(&file);
    put_format(&file, 1, 1, 16000, 16, 16);
    put_data(&file, "", 0);
    refused(&file, ED_ERR_PARSE, "holds no audio");
    begin(&file);
    put_format(&file, 1, 1, 16000, 16, 16);
    put_data(&file, "abc", 3);
    refused(&file, ED_ERR_PARSE, "half a sample");
    begin(&file);
    put_format(&file, 1, 2, 16000, 16, 16);
    put_data(&file, "abcd", 4);
    refused(&file, ED_ERR_UNSUPPORTED, "has 2 channels, one is taken; ffmpeg");
    begin(&file);
    put_format(&file, 1, 1, 16000, 24, 16);
    put_data(&file, "abc", 3);
    refused(&file, ED_ERR_UNSUPPORTED, "encoding 1 with 24 bits");
    begin(&file);
    put_format(&file, 6, 1, 8000, 8, 16);
    put_data(&file, "abc", 3);
    refused(&file, ED_ERR_UNSUPPORTED, "encoding 6 with 8 bits");
    begin(&file);
    put_format(&file, 1, 1, 0, 16, 16);
    put_data(&file, "ab", 2);
    refused(&file, ED_ERR_PARSE, "0 samples a second");
    begin(&file);
    put_format(&file, 3, 1, 16000, 32, 16);
    put_data(&file, bad, sizeof bad);
    refused(&file, ED_ERR_PARSE, "its sample 1 is not a number");

    assert_int_equal(ed_wav_read(&wav, directory, &err), ED_ERR_PARSE);
    assert_int_equal(ed_wav_read(&wav, "/no/such.wav", &err), ED_ERR_NOT_FOUND);
}

// A hole in the file stands for the samples, so that nothing large is written.
static void test_too_long(void **state) {
    const uint32_t bytes = (uint32_t)(2 * (ED_WAV_MAX_SAMPLES + 1));
    struct file file;
    struct ed_wav wav;
    struct ed_error err = {0};
    (void)state;
    begin(&file);
    put_format(&file, 1, 1, 16000, 16, 16);
    put(&file, "data", 4);
    put_number(&file, bytes, 4);
    assert_int_equal(ed_path_write_unsynced(path, file.bytes, file.n, 0600, &err), ED_OK);
    assert_int_equal(truncate(path, (off_t)(file.n + bytes)), 0);
    assert_int_equal(ed_wav_read(&wav, path, &err), ED_ERR_LIMIT);
    assert_non_null(strstr(err.message, "two hours"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_many_samples),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests_name("wav", tests, enter, leave);
}
