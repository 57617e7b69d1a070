// SPDX-License-Identifier: Apache-2.0
// harness/data/speech: which recordings a folder has and what is said in them, and every way to get that
// wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "harness/data/speech.h"

static char directory[64];

static int enter(void **state) {
    (void)state;
    snprintf(directory, sizeof directory, P_tmpdir "/edgedyno-speech-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    return ed_path_remove(directory, NULL) == ED_OK ? 0 : -1;
}

static void put(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(ed_path_write_unsynced(path, text, strlen(text), 0600, NULL), ED_OK);
}

static void drop(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(unlink(path), 0);
}

static void expect(const struct ed_speech_set *set, size_t i, const char *file, const char *text) {
    assert_true(i < set->n);
    assert_string_equal(set->files[i], file);
    assert_string_equal(set->texts[i], text);
}

static void reads_lines(void **state) {
    static const char text[] = "\xef\xbb\xbf"
                               "client_id\tpath\tsentence\tup_votes\r\n"
                               "1\tclips/b.wav\t\"Tr\xc3\xa8s bien\"\t2\r\n"
                               "\n"
                               "2\ta.WAV\tTwo words\t0";
    struct ed_speech_set set;
    (void)state;
    assert_int_equal(ed_speech_set_parse(&set, text, sizeof text - 1, "x.tsv", NULL), ED_OK);
    assert_int_equal(set.n, 2);
    expect(&set, 0, "clips/b.wav", "\"Tr\xc3\xa8s bien\"");
    expect(&set, 1, "a.WAV", "Two words");
    ed_speech_set_release(&set);
}

static void refuses_lines(void **state) {
#define HEAD "path\tsentence\n"
    static const struct {
        const char *text;
        size_t bytes;
        const char *words, *where;
    } rows[] = {
#define ROW(text, words, where) {text, sizeof(text) - 1, words, where}
        ROW("", "names no recording", "x.tsv"),
        ROW(HEAD, "names no recording", "x.tsv"),
        ROW("file\tsentence\na.wav\tb\n", "no heading with the columns path and sentence", "x.tsv line 1"),
        ROW("path,sentence\na.wav,b\n", "parted by tabs", "x.tsv line 1"),
        ROW(HEAD "a.wav\n", "has fewer columns", "x.tsv line 2"),
        ROW(HEAD "a.wav\tone\nb.mp3\ttwo\n", "which is no .wav: ffmpeg", "x.tsv line 3"),
        ROW(HEAD "../a.wav\tone\n", "not in the folder", "x.tsv line 2"),
        ROW(HEAD "/a.wav\tone\n", "not in the folder", "x.tsv line 2"),
        ROW(HEAD "b/../a.wav\tone\n", "not in the folder", "x.tsv line 2"),
        ROW(HEAD "\tone\n", "not in the folder", "x.tsv line 2"),
        ROW(HEAD ".wav\tone\n", "no .wav", "x.tsv line 2"),
        ROW(HEAD "a\x1b.wav\tone\n", "not in the folder", "x.tsv line 2"),
        ROW(HEAD "a\0.wav\tone\n", "a path that is none", "x.tsv line 2"),
        ROW(HEAD "a.wav\t\n", "has no words", "x.tsv line 2"),
        ROW(HEAD "a.wav\t ... !\n", "has no words", "x.tsv line 2"),
        ROW(HEAD "a.wav\ttr\xe8s\n", "no UTF-8 text: byte 3", "x.tsv line 2"),
        ROW(HEAD "a.wav\to\0n\0e\n", "has a byte 0", "x.tsv line 2"),
        ROW(HEAD "a.wav\tone\na.wav\ttwo\n", "has \"a.wav\" twice", "x.tsv"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_speech_set set;
        struct ed_error err = {0};
        assert_int_equal(ed_speech_set_parse(&set, rows[i].text, rows[i].bytes, "x.tsv", &err), ED_ERR_USAGE);
        if (!strstr(err.message, rows[i].words) || strcmp(err.where, rows[i].where) != 0)
            fail_msg("row %zu: %s: %s", i, err.where, err.message);
        assert_null(set.files);
    }
}

static void limits_lines(void **state) {
    char text[2048] = HEAD;
    struct ed_speech_set set;
    struct ed_error err = {0};
    (void)state;
    memset(text + strlen(HEAD), 'a', 1500);
    snprintf(text + strlen(HEAD) + 1500, 64, ".wav\tone\n");
    assert_int_equal(ed_speech_set_parse(&set, text, strlen(text), "x.tsv", &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "longer than 1023 bytes"));
}

static void reads_folders(void **state) {
    struct ed_speech_set set;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(ed_speech_set_read(&set, directory, "", &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "holds no recording"));
    put("b.wav", "");
    put("B.WAV", "");
    put(".b.wav", "");
    put("b.txt", "Two words.\n");
    put("README.txt", "is of no recording");
    assert_int_equal(ed_speech_set_read(&set, directory, "", &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.where, "/B.txt"));
    assert_non_null(strstr(err.message, "write what is said in B.WAV into it"));
    put("B.txt", "One");
    assert_int_equal(ed_speech_set_read(&set, directory, "", NULL), ED_OK);
    assert_int_equal(set.n, 2);
    expect(&set, 0, "B.WAV", "One");
    expect(&set, 1, "b.wav", "Two words.\n");
    ed_speech_set_release(&set);
    put("c.flac", "");
    assert_int_equal(ed_speech_set_read(&set, directory, "", &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "has \"c.flac\", which is no .wav"));
    drop("c.flac");
    put("B.txt", "caf\xe9");
    assert_int_equal(ed_speech_set_read(&set, directory, "", &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "byte 4 does not belong there"));
    // A list in the folder is asked first, one that is named before that.
    put("transcripts.tsv", HEAD "b.wav\tfrom the folder\n");
    assert_int_equal(ed_speech_set_read(&set, directory, "", NULL), ED_OK);
    assert_int_equal(set.n, 1);
    expect(&set, 0, "b.wav", "from the folder");
    ed_speech_set_release(&set);
    char named[128];
    put("mine", HEAD "B.WAV\tnamed\n");
    snprintf(named, sizeof named, "%s/mine", directory);
    assert_int_equal(ed_speech_set_read(&set, directory, named, NULL), ED_OK);
    assert_int_equal(set.n, 1);
    expect(&set, 0, "B.WAV", "named");
    ed_speech_set_release(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(refuses_lines),
        cmocka_unit_test(limits_lines),
        cmocka_unit_test_setup_teardown(reads_folders, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
