// SPDX-License-Identifier: Apache-2.0
// .npy files that NumPy wrote (tests/fixtures/npy), files cut and damaged, headers made by hand, and headers
// of ours against NumPy's own bytes.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/npy.h"

#ifndef ED_TEST_FIXTURES
#define ED_TEST_FIXTURES "tests/fixtures"
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIXTURE_BYTES_MAX 4096

static void fixture_path(char out[512], const char *name) {
    snprintf(out, 512, "%s/npy/%s", ED_TEST_FIXTURES, name);
}

static struct ed_npy open_fixture(const char *name) {
    struct ed_error err = {0};
    struct ed_npy npy;
    char path[512];
    fixture_path(path, name);
    if (ed_npy_open(&npy, path, &err) != ED_OK)
        fail_msg("%s: %s", err.where, err.message);
    return npy;
}

// Half precision of the few small whole numbers in the fixtures.
static double half_value(uint16_t bits) {
    double fraction = bits & 0x3ff, sign = bits & 0x8000 ? -1 : 1;
    int exponent = bits >> 10 & 31;
    if (exponent == 0)
        return sign * fraction / 16777216.0;
    double value = 1 + fraction / 1024;
    for (; exponent > 15; exponent--)
        value *= 2;
    for (; exponent < 15; exponent++)
        value /= 2;
    return sign * value;
}

static double element(const struct ed_npy *npy, int64_t i) {
    switch (npy->dtype) {
    case ED_DTYPE_F16:
        return half_value(((const uint16_t *)npy->data)[i]);
    case ED_DTYPE_F32:
        return ((const float *)npy->data)[i];
    case ED_DTYPE_F64:
        return ((const double *)npy->data)[i];
    case ED_DTYPE_I8:
        return ((const int8_t *)npy->data)[i];
    case ED_DTYPE_U8:
    case ED_DTYPE_BOOL:
        return ((const uint8_t *)npy->data)[i];
    case ED_DTYPE_I16:
        return ((const int16_t *)npy->data)[i];
    case ED_DTYPE_U16:
        return ((const uint16_t *)npy->data)[i];
    case ED_DTYPE_I32:
        return ((const int32_t *)npy->data)[i];
    case ED_DTYPE_U32:
        return ((const uint32_t *)npy->data)[i];
    case ED_DTYPE_I64:
        return (double)((const int64_t *)npy->data)[i];
    case ED_DTYPE_U64:
        return (double)((const uint64_t *)npy->data)[i];
    default:
        fail_msg("dtype %d", (int)npy->dtype);
        return 0;
    }
}

static const enum ed_dtype all_types[] = {ED_DTYPE_F16, ED_DTYPE_F32, ED_DTYPE_F64, ED_DTYPE_I8,
                                          ED_DTYPE_U8,  ED_DTYPE_I16, ED_DTYPE_U16, ED_DTYPE_I32,
                                          ED_DTYPE_U32, ED_DTYPE_I64, ED_DTYPE_U64, ED_DTYPE_BOOL};

static void every_type(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(all_types); t++) {
        enum ed_dtype dtype = all_types[t];
        char name[32];
        snprintf(name, sizeof name, "%s.npy", ed_dtype_name(dtype));
        struct ed_npy npy = open_fixture(name);
        assert_int_equal(npy.dtype, dtype);
        assert_int_equal(npy.rank, 2);
        assert_int_equal(npy.shape[0], 2);
        assert_int_equal(npy.shape[1], 3);
        assert_int_equal(npy.count, 6);
        assert_int_equal(npy.bytes, 6 * ed_dtype_bytes(dtype));
        for (int64_t i = 0; i < 6; i++) {
            double expected = (double)i - 2;
            if (ed_dtype_name(dtype)[0] == 'u')
                expected = (double)i;
            if (dtype == ED_DTYPE_BOOL)
                expected = (double)(i % 2);
            assert_true(element(&npy, i) == expected);
        }
        ed_npy_close(&npy);
        assert_null(npy.mapping);
        ed_npy_close(&npy);
    }
}

struct shape_case {
    const char *name;
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
    int64_t count;
    double last; // the last element's value, where there is one
};

static const struct shape_case shapes[] = {
    {"scalar.npy", 0, {0}, 1, 2.5},
    {"vector.npy", 1, {5}, 5, 4},
    {"rank8.npy", 8, {1, 1, 2, 1, 1, 1, 2, 1}, 4, 3},
    {"empty.npy", 2, {0, 3}, 0, 0},
    {"fortran_vector.npy", 1, {5}, 5, 4},
    {"version2.npy", 2, {2, 3}, 6, 5},
    {"version3.npy", 2, {2, 3}, 6, 5},
};

static void every_shape(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct ed_npy npy = open_fixture(shapes[i].name);
        assert_int_equal(npy.rank, shapes[i].rank);
        assert_memory_equal(npy.shape, shapes[i].shape, sizeof npy.shape);
        assert_int_equal(npy.count, shapes[i].count);
        if (npy.count > 0)
            assert_true(element(&npy, npy.count - 1) == shapes[i].last);
        ed_npy_close(&npy);
    }
}

struct wrong_case {
    const char *name;
    enum ed_status status;
    const char *message; // the whole of it
};

static const struct wrong_case refused[] = {
    {"fortran.npy", ED_ERR_UNSUPPORTED,
     "the array is in Fortran order; write it with numpy.save(FILE, numpy.ascontiguousarray(a))"},
    {"big_endian.npy", ED_ERR_UNSUPPORTED,
     "the array is big endian ('>f4'); write it with numpy.save(FILE, a.astype('<f4'))"},
    {"big_endian_int.npy", ED_ERR_UNSUPPORTED,
     "the array is big endian ('>i8'); write it with numpy.save(FILE, a.astype('<i8'))"},
    {"objects.npy", ED_ERR_UNSUPPORTED,
     "the array holds Python objects ('|O'); write it with numpy.save(FILE, a.astype('float32'))"},
    {"structured.npy", ED_ERR_UNSUPPORTED,
     "the array is structured; write one field with numpy.save(FILE, a['FIELD'])"},
    {"complex.npy", ED_ERR_UNSUPPORTED,
     "the element type '<c8' is not supported; convert the array to float16/32/64, int8/16/32/64, "
     "uint8/16/32/64 or bool "
     "with a.astype(...) and write it with numpy.save"},
    {"text.npy", ED_ERR_UNSUPPORTED,
     "the element type '<U3' is not supported; convert the array to float16/32/64, int8/16/32/64, "
     "uint8/16/32/64 or bool "
     "with a.astype(...) and write it with numpy.save"},
    {"date.npy", ED_ERR_UNSUPPORTED,
     "the element type '<M8[s]' is not supported; convert the array to float16/32/64, int8/16/32/64, "
     "uint8/16/32/64 or bool "
     "with a.astype(...) and write it with numpy.save"},
    {"bfloat16.npy", ED_ERR_UNSUPPORTED,
     "the element type '<V2' does not say what its two bytes are (bfloat16?); write it with numpy.save(FILE, "
     "a.astype('float32'))"},
    {"rank9.npy", ED_ERR_LIMIT, "the array has more than 8 dimensions; reduce them with a.reshape(...)"},
    {"archive.npz", ED_ERR_UNSUPPORTED,
     "is a zip archive (.npz); write each array of it to its own file with numpy.save"},
    {"make_npy.py", ED_ERR_PARSE, "is not an .npy file; write it with numpy.save"},
    {"missing.npy", ED_ERR_NOT_FOUND, "cannot open the file: No such file or directory"},
    {".", ED_ERR_IO, "is a directory; an .npy file is a regular file"},
};

static void refused_files(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ed_error err = {0};
        struct ed_npy npy;
        char path[512];
        fixture_path(path, refused[i].name);
        assert_int_equal(ed_npy_open(&npy, path, &err), refused[i].status);
        assert_string_equal(err.message, refused[i].message);
        assert_string_equal(err.where, path);
        assert_null(npy.mapping);
        ed_npy_close(&npy);
    }
}

static void write_file(const char *path, const void *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

static size_t read_fixture(const char *name, char bytes[FIXTURE_BYTES_MAX]) {
    char path[512];
    fixture_path(path, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, FIXTURE_BYTES_MAX);
    assert_true(n > 0);
    close(fd);
    return (size_t)n;
}

// A good file cut to each length, or with bytes behind it: never opened, and the sizes are named.
static void wrong_sizes(void **state) {
    (void)state;
    char directory[] = "/tmp/edgedyno-npy-XXXXXX", path[64], bytes[FIXTURE_BYTES_MAX];
    struct ed_error err = {0};
    struct ed_npy npy;
    size_t n = read_fixture("float32.npy", bytes);
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/cut.npy", directory);
    for (size_t cut = 0; cut < n; cut++) {
        write_file(path, bytes, cut);
        assert_int_equal(ed_npy_open(&npy, path, &err), ED_ERR_PARSE);
        assert_null(npy.mapping);
        if (cut == 0)
            assert_string_equal(err.message, "the file is empty; write it with numpy.save");
        else if (cut < 128)
            assert_string_equal(
                err.message,
                "the .npy header is damaged: the file ends inside it; write the file again with numpy.save");
    }
    assert_string_equal(
        err.message,
        "the header asks for 24 bytes of data and the file has 23; it was cut, copy or write it again");
    bytes[n] = 0;
    write_file(path, bytes, n + 1);
    assert_int_equal(ed_npy_open(&npy, path, &err), ED_ERR_PARSE);
    assert_string_equal(
        err.message, "the header asks for 24 bytes of data and the file has 25; write one array a file with "
                     "numpy.save");
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    write_file(path, pointer, sizeof pointer - 1);
    assert_int_equal(ed_npy_open(&npy, path, &err), ED_ERR_PARSE);
    assert_string_equal(err.message, "is a Git LFS pointer and not the file itself; run git lfs pull");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ed_npy_open(&npy, path, &err), ED_ERR_IO); // and does not wait for a writer
    assert_string_equal(err.message, "is no regular file; an .npy file is a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

// A version 1.0 header with this dictionary, padded so that the data is aligned. In a block of its exact
// size, so that the sanitizer sees one byte too many.
static enum ed_status parse_dictionary(const char *dictionary, struct ed_npy *npy, size_t *offset,
                                       struct ed_error *err) {
    size_t length = strlen(dictionary), total = (10 + length + 63) / 64 * 64;
    char *bytes = malloc(total);
    assert_non_null(bytes);
    memset(bytes, ' ', total);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (char)((total - 10) & 0xff);
    bytes[9] = (char)((total - 10) >> 8);
    memcpy(bytes + 10, dictionary, length);
    enum ed_status status = ed_npy_parse_header(npy, bytes, total, offset, "made", err);
    free(bytes);
    return status;
}

#define BEFORE "{'descr': '<f4', 'fortran_order': False, 'shape': "

static const struct {
    const char *dictionary;
    int64_t count;
} right_dictionaries[] = {
    {BEFORE "(2, 3), }", 6},
    {BEFORE "(2, 3)}", 6},
    {BEFORE "(2,3,)}", 6},
    {BEFORE "( 2 , 3 )\n}\n", 6},
    {BEFORE "(2L, 3L), }", 6},
    {BEFORE "(), }", 1},
    {BEFORE "(0,), }", 0},
    {BEFORE "(0, 2305843009213693951), }", 0},
    {"{\"shape\":(7,),\"descr\":\"|u1\",\"fortran_order\":True}", 7},
    {"{'descr': '>i1', 'fortran_order': False, 'shape': (2,), }", 2},
    {"{'descr': '<b1', 'fortran_order': True, 'shape': (), }", 1},
    {BEFORE "(2305843009213693951,), }", INT64_C(2305843009213693951)},
};

static const struct {
    const char *dictionary;
    enum ed_status status;
    const char *message; // a part of it
} wrong_dictionaries[] = {
    {"", ED_ERR_PARSE, "the .npy header is damaged: it does not start with '{'"},
    {"{}", ED_ERR_PARSE, "descr, fortran_order or shape is missing"},
    {"{'descr': '<f4', 'fortran_order': False}", ED_ERR_PARSE, "is missing"},
    {BEFORE "(2,), 'shape': (3,)}", ED_ERR_PARSE, "a key is unknown or given twice"},
    {BEFORE "(2,), 'extra': 1}", ED_ERR_PARSE, "a key is unknown"},
    {BEFORE "(2,)} x", ED_ERR_PARSE, "something stands behind '}'"},
    {BEFORE "(2,)", ED_ERR_PARSE, "it does not end with '}'"},
    {BEFORE "(2,),", ED_ERR_PARSE, "a key is missing"},
    {BEFORE "(2,),,}", ED_ERR_PARSE, "a key is missing"},
    {BEFORE "(2", ED_ERR_PARSE, "the shape is no tuple"},
    {BEFORE "(2)}", ED_ERR_PARSE, "the shape is no tuple"},
    {BEFORE "2}", ED_ERR_PARSE, "the shape is no tuple"},
    {BEFORE "[2, 3]}", ED_ERR_PARSE, "the shape is no tuple"},
    {BEFORE "(-2,)}", ED_ERR_PARSE, "no tuple of whole numbers"},
    {BEFORE "(,)}", ED_ERR_PARSE, "no tuple of whole numbers"},
    {BEFORE "(2.0,)}", ED_ERR_PARSE, "the shape is no tuple"},
    {BEFORE "(2, 3 4)}", ED_ERR_PARSE, "the shape is not closed"},
    {BEFORE "(9223372036854775808,)}", ED_ERR_LIMIT,
     "a dimension in the .npy header does not fit in 64 bits"},
    {BEFORE "(4294967296, 4294967296)}", ED_ERR_LIMIT, "asks for more bytes than can be addressed"},
    {BEFORE "(2305843009213693952,)}", ED_ERR_LIMIT, "asks for more bytes than can be addressed"},
    {BEFORE "(0, 4294967296, 4294967296)}", ED_ERR_LIMIT, "asks for more bytes than can be addressed"},
    {BEFORE "(1, 1, 1, 1, 1, 1, 1, 1, 1)}", ED_ERR_LIMIT, "more than 8 dimensions"},
    {"{'descr': 5, 'fortran_order': False, 'shape': ()}", ED_ERR_PARSE, "the element type is no short text"},
    {"{'descr': '<f4", ED_ERR_PARSE, "the element type is no short text"},
    {"{'descr': '', 'fortran_order': False, 'shape': ()}", ED_ERR_UNSUPPORTED,
     "the element type '' is not supported"},
    {"{'descr': 'f4', 'fortran_order': False, 'shape': ()}", ED_ERR_UNSUPPORTED, "'f4' is not supported"},
    {"{'descr': '|f4', 'fortran_order': False, 'shape': ()}", ED_ERR_UNSUPPORTED, "'|f4' is not supported"},
    {"{'descr': '=f4', 'fortran_order': False, 'shape': ()}", ED_ERR_UNSUPPORTED, "'=f4' is not supported"},
    {"{'descr': '<f16', 'fortran_order': False, 'shape': ()}", ED_ERR_UNSUPPORTED, "'<f16' is not supported"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", ED_ERR_PARSE,
     "fortran_order is neither True nor False"},
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", ED_ERR_UNSUPPORTED,
     "numpy.ascontiguousarray"},
    {"{'de\\x73cr': '<f4'}", ED_ERR_PARSE, "a key is missing"},
};

static void dictionaries(void **state) {
    (void)state;
    struct ed_error err = {0};
    size_t offset = 0;
    for (size_t i = 0; i < COUNT(right_dictionaries); i++) {
        struct ed_npy npy = {0};
        if (parse_dictionary(right_dictionaries[i].dictionary, &npy, &offset, &err) != ED_OK)
            fail_msg("%s: %s", right_dictionaries[i].dictionary, err.message);
        assert_int_equal(npy.count, right_dictionaries[i].count);
        assert_int_equal(npy.bytes, (size_t)npy.count * ed_dtype_bytes(npy.dtype));
        assert_int_equal(offset % 64, 0);
    }
    for (size_t i = 0; i < COUNT(wrong_dictionaries); i++) {
        struct ed_npy npy = {0};
        offset = 99;
        enum ed_status status = parse_dictionary(wrong_dictionaries[i].dictionary, &npy, &offset, &err);
        if (status != wrong_dictionaries[i].status || !strstr(err.message, wrong_dictionaries[i].message))
            fail_msg("%s: %s: %s", wrong_dictionaries[i].dictionary, ed_status_word(status), err.message);
        assert_int_equal(offset, 99);
        assert_int_equal(npy.dtype, ED_DTYPE_NONE);
        assert_string_equal(err.where, "made");
    }
}

static void wrong_preambles(void **state) {
    (void)state;
    static const struct {
        const char bytes[16];
        size_t n;
        enum ed_status status;
        const char *message;
    } cases[] = {
        {"\x93NUMPY\x04\x00\x02\x00{}", 12, ED_ERR_UNSUPPORTED,
         "version 4.0 of the .npy format is not known"},
        {"\x93NUMPY\x00\x00\x02\x00{}", 12, ED_ERR_UNSUPPORTED, "version 0.0"},
        {"\x93NUMPY\x01\x01\x02\x00{}", 12, ED_ERR_UNSUPPORTED, "version 1.1"},
        {"\x93NUMPY\x02\x00\x02\x00\x00", 11, ED_ERR_PARSE, "the file ends inside it"},
        {"\x93NUMPY\x01\x00\xff\xff{}", 12, ED_ERR_PARSE, "the file ends inside it"},
        {"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14, ED_ERR_LIMIT,
         "says that it is 4294967295 bytes long; at most 65536"},
        {"\x93NUMP", 5, ED_ERR_PARSE, "the file ends inside it"},
        {"\x93NUMPX\x01\x00", 8, ED_ERR_PARSE, "is not an .npy file"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ed_error err = {0};
        struct ed_npy npy;
        size_t offset = 0;
        char *copy = malloc(cases[i].n);
        assert_non_null(copy);
        memcpy(copy, cases[i].bytes, cases[i].n);
        enum ed_status status = ed_npy_parse_header(&npy, copy, cases[i].n, &offset, "made", &err);
        free(copy);
        if (status != cases[i].status || !strstr(err.message, cases[i].message))
            fail_msg("case %zu: %s: %s", i, ed_status_word(status), err.message);
    }
}

static void misaligned(void **state) {
    (void)state;
    static const char header[] =
        "\x93NUMPY\x01\x00\x39\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";
    struct ed_error err = {0};
    struct ed_npy npy;
    size_t offset = 0;
    assert_int_equal(sizeof header - 1, 10 + 0x39);
    assert_int_equal(ed_npy_parse_header(&npy, header, sizeof header - 1, &offset, "made", &err),
                     ED_ERR_PARSE);
    assert_non_null(strstr(err.message, "the data behind it is not aligned to its element type"));
}

// Our headers are NumPy's to the byte, so that files of either compare equal.
static void written_headers(void **state) {
    (void)state;
    char bytes[FIXTURE_BYTES_MAX], header[1024], name[32];
    struct ed_error err = {0};
    size_t n = 0;
    for (size_t t = 0; t < COUNT(all_types); t++) {
        snprintf(name, sizeof name, "%s.npy", ed_dtype_name(all_types[t]));
        size_t size = read_fixture(name, bytes);
        assert_int_equal(ed_npy_header(header, &n, all_types[t], 2, (const int64_t[]){2, 3}, &err), ED_OK);
        assert_int_equal(n + 6 * ed_dtype_bytes(all_types[t]), size);
        assert_memory_equal(header, bytes, n);
    }
    for (size_t i = 0; i < COUNT(shapes); i++) {
        if (strncmp(shapes[i].name, "version", 7) == 0)
            continue; // ours are version 1.0
        struct ed_npy npy = open_fixture(shapes[i].name);
        size_t size = read_fixture(shapes[i].name, bytes);
        assert_int_equal(ed_npy_header(header, &n, npy.dtype, npy.rank, npy.shape, &err), ED_OK);
        assert_int_equal(n + npy.bytes, size);
        assert_memory_equal(header, bytes, n);
        ed_npy_close(&npy);
    }
}

static void header_limits(void **state) {
    (void)state;
    // The longest there can be: seven dimensions of 1 and one of 19 digits come first, then overflow.
    static const int64_t longest[] = {INT64_MAX, 1, 1, 1, 1, 1, 1, 1}, negative[] = {2, -1},
                         large[] = {INT64_C(1) << 32, INT64_C(1) << 32};
    static const int64_t zeros[] = {0, INT64_MAX, 1, 1, 1, 1, 1, 1};
    struct ed_error err = {0};
    struct ed_npy npy;
    char header[1024];
    size_t n = 0, offset = 0;
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_U8, 8, longest, &err), ED_OK);
    assert_int_equal(n % 64, 0);
    assert_int_equal(ed_npy_parse_header(&npy, header, n, &offset, "made", &err), ED_OK);
    assert_int_equal(offset, n);
    assert_memory_equal(npy.shape, longest, sizeof longest);
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_U8, 8, zeros, &err), ED_OK);
    assert_int_equal(ed_npy_parse_header(&npy, header, n, &offset, "made", &err), ED_OK);
    assert_int_equal(npy.count, 0);
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_U8, 9, longest, &err), ED_ERR_LIMIT);
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_U8, 2, negative, &err), ED_ERR_USAGE);
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_U8, 2, large, &err), ED_ERR_LIMIT);
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_BF16, 1, longest, &err), ED_ERR_UNSUPPORTED);
    assert_string_equal(err.message, "the .npy format has no element type for bfloat16");
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_NONE, 1, longest, &err), ED_ERR_UNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),  cmocka_unit_test(every_shape),     cmocka_unit_test(refused_files),
        cmocka_unit_test(wrong_sizes), cmocka_unit_test(dictionaries),    cmocka_unit_test(wrong_preambles),
        cmocka_unit_test(misaligned),  cmocka_unit_test(written_headers), cmocka_unit_test(header_limits),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
