// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files. The header is a Python dictionary literal with three keys; only the forms that NumPy
// itself writes are accepted. Format: numpy.lib.format, versions 1.0, 2.0 and 3.0.
#include "base/npy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6
#define HEADER_BYTES_MAX ((size_t)65536)
#define TYPE_TEXT_BYTES 32

// What is left of the dictionary, and where messages point.
struct reader {
    const char *p, *end;
    const char *where;
};

static enum ed_status fail_damaged(const char *where, struct ed_error *err, const char *detail) {
    return ed_fail(err, ED_ERR_PARSE, where,
                   "the .npy header is damaged: %s; write the file again with numpy.save", detail);
}

static void skip_blanks(struct reader *reader) {
    while (reader->p < reader->end &&
           (*reader->p == ' ' || *reader->p == '\t' || *reader->p == '\n' || *reader->p == '\r'))
        reader->p++;
}

// Skips blanks, then takes `c` if it is next.
static bool take(struct reader *reader, char c) {
    skip_blanks(reader);
    if (reader->p == reader->end || *reader->p != c)
        return false;
    reader->p++;
    return true;
}

static bool take_word(struct reader *reader, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(reader->end - reader->p) < n || memcmp(reader->p, word, n) != 0)
        return false;
    reader->p += n;
    return true;
}

// A quoted text without escapes, of printable ASCII; longer ones and others are false.
static bool take_text(struct reader *reader, char *out, size_t bytes) {
    skip_blanks(reader);
    if (reader->p == reader->end || (*reader->p != '\'' && *reader->p != '"'))
        return false;
    char quote = *reader->p++;
    size_t n = 0;
    for (; reader->p < reader->end && *reader->p != quote; reader->p++) {
        if (*reader->p < ' ' || *reader->p > '~' || *reader->p == '\\' || n + 1 >= bytes)
            return false;
        out[n++] = *reader->p;
    }
    out[n] = '\0';
    if (reader->p == reader->end)
        return false;
    reader->p++;
    return true;
}

static enum ed_status read_type(struct ed_npy *npy, const char *text, const char *where,
                                struct ed_error *err) {
    static const struct {
        const char *word;
        enum ed_dtype dtype;
    } types[] = {{"f4", ED_DTYPE_F32}, {"f8", ED_DTYPE_F64}, {"f2", ED_DTYPE_F16}, {"i1", ED_DTYPE_I8},
                 {"u1", ED_DTYPE_U8},  {"i2", ED_DTYPE_I16}, {"u2", ED_DTYPE_U16}, {"i4", ED_DTYPE_I32},
                 {"u4", ED_DTYPE_U32}, {"i8", ED_DTYPE_I64}, {"u8", ED_DTYPE_U64}, {"b1", ED_DTYPE_BOOL}};
    char order = text[0];
    const char *word = order != '\0' ? text + 1 : text;

    if (order == '<' || order == '>' || order == '|') {
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            if (strcmp(types[i].word, word) != 0)
                continue;
            size_t bytes = ed_dtype_bytes(types[i].dtype);
            if (order == '>' && bytes > 1)
                return ed_fail(
                    err, ED_ERR_UNSUPPORTED, where,
                    "the array is big endian ('%s'); write it with numpy.save(FILE, a.astype('<%s'))", text,
                    word);
            if (order == '|' && bytes > 1)
                break;
            npy->dtype = types[i].dtype;
            return ED_OK;
        }
    }
    if (word[0] == 'O')
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, where,
            "the array holds Python objects ('%s'); write it with numpy.save(FILE, a.astype('float32'))",
            text);
    if (strcmp(word, "V2") == 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, where,
                       "the element type '%s' does not say what its two bytes are (bfloat16?); write it with "
                       "numpy.save(FILE, a.astype('float32'))",
                       text);
    return ed_fail(
        err, ED_ERR_UNSUPPORTED, where,
        "the element type '%s' is not supported; convert the array to float16/32/64, int8/16/32/64, "
        "uint8/16/32/64 or bool with a.astype(...) and write it with numpy.save",
        text);
}

static enum ed_status read_shape(struct ed_npy *npy, struct reader *reader, struct ed_error *err) {
    if (!take(reader, '('))
        return fail_damaged(reader->where, err, "the shape is no tuple");
    npy->rank = 0;
    for (;;) {
        int64_t extent = 0;
        if (take(reader, ')'))
            return ED_OK;
        if (reader->p == reader->end || *reader->p < '0' || *reader->p > '9')
            return fail_damaged(reader->where, err, "the shape is no tuple of whole numbers");
        for (; reader->p < reader->end && *reader->p >= '0' && *reader->p <= '9'; reader->p++) {
            if (__builtin_mul_overflow(extent, (int64_t)10, &extent) ||
                __builtin_add_overflow(extent, (int64_t)(*reader->p - '0'), &extent))
                return ed_fail(err, ED_ERR_LIMIT, reader->where,
                               "a dimension in the .npy header does not fit in 64 bits");
        }
        (void)take_word(reader, "L"); // NumPy under Python 2 wrote long integers so
        if (npy->rank == ED_TENSOR_RANK_MAX)
            return ed_fail(err, ED_ERR_LIMIT, reader->where,
                           "the array has more than %d dimensions; reduce them with a.reshape(...)",
                           ED_TENSOR_RANK_MAX);
        npy->shape[npy->rank++] = extent;
        if (take(reader, ','))
            continue;
        if (npy->rank == 1)
            return fail_damaged(reader->where, err, "the shape is no tuple");
        if (!take(reader, ')'))
            return fail_damaged(reader->where, err, "the shape is not closed");
        return ED_OK;
    }
}

// Elements and bytes. An array with a zero dimension has none, but its other dimensions must still be sane.
static enum ed_status count_elements(struct ed_npy *npy, const char *where, struct ed_error *err) {
    int64_t count = 1, bytes = 0;
    bool empty = false, overflow = false;
    for (uint32_t i = 0; i < npy->rank; i++) {
        if (npy->shape[i] == 0)
            empty = true;
        else if (__builtin_mul_overflow(count, npy->shape[i], &count))
            overflow = true;
    }
    if (overflow || __builtin_mul_overflow(count, (int64_t)ed_dtype_bytes(npy->dtype), &bytes) ||
        (uint64_t)bytes > (uint64_t)PTRDIFF_MAX)
        return ed_fail(err, ED_ERR_LIMIT, where,
                       "the shape in the .npy header asks for more bytes than can be addressed");
    npy->count = empty ? 0 : count;
    npy->bytes = empty ? 0 : (size_t)bytes;
    return ED_OK;
}

static enum ed_status read_dictionary(struct ed_npy *npy, struct reader *reader, struct ed_error *err) {
    bool has_type = false, has_order = false, has_shape = false, fortran = false;
    char key[TYPE_TEXT_BYTES], type[TYPE_TEXT_BYTES];
    enum ed_status status;

    if (!take(reader, '{'))
        return fail_damaged(reader->where, err, "it does not start with '{'");
    while (!take(reader, '}')) {
        if (!take_text(reader, key, sizeof key) || !take(reader, ':'))
            return fail_damaged(reader->where, err, "a key is missing");
        skip_blanks(reader);
        if (strcmp(key, "descr") == 0 && !has_type) {
            has_type = true;
            if (reader->p < reader->end && (*reader->p == '[' || *reader->p == '('))
                return ed_fail(err, ED_ERR_UNSUPPORTED, reader->where,
                               "the array is structured; write one field with numpy.save(FILE, a['FIELD'])");
            if (!take_text(reader, type, sizeof type))
                return fail_damaged(reader->where, err, "the element type is no short text");
            status = read_type(npy, type, reader->where, err);
        } else if (strcmp(key, "fortran_order") == 0 && !has_order) {
            has_order = true;
            fortran = take_word(reader, "True");
            if (!fortran && !take_word(reader, "False"))
                return fail_damaged(reader->where, err, "fortran_order is neither True nor False");
            status = ED_OK;
        } else if (strcmp(key, "shape") == 0 && !has_shape) {
            has_shape = true;
            status = read_shape(npy, reader, err);
        } else {
            return fail_damaged(reader->where, err, "a key is unknown or given twice");
        }
        if (status)
            return status;
        if (take(reader, ','))
            continue;
        if (!take(reader, '}'))
            return fail_damaged(reader->where, err, "it does not end with '}'");
        break;
    }
    skip_blanks(reader);
    if (reader->p != reader->end)
        return fail_damaged(reader->where, err, "something stands behind '}'");
    if (!has_type || !has_order || !has_shape)
        return fail_damaged(reader->where, err, "descr, fortran_order or shape is missing");
    if (fortran && npy->rank > 1)
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, reader->where,
            "the array is in Fortran order; write it with numpy.save(FILE, numpy.ascontiguousarray(a))");
    return count_elements(npy, reader->where, err);
}

static enum ed_status fail_not_npy(const unsigned char *bytes, size_t n, const char *where,
                                   struct ed_error *err) {
    static const char pointer[] = "version https://git-lfs";
    if (n == 0)
        return ed_fail(err, ED_ERR_PARSE, where, "the file is empty; write it with numpy.save");
    if (n >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, where,
                       "is a zip archive (.npz); write each array of it to its own file with numpy.save");
    if (n >= sizeof pointer - 1 && memcmp(bytes, pointer, sizeof pointer - 1) == 0)
        return ed_fail(err, ED_ERR_PARSE, where,
                       "is a Git LFS pointer and not the file itself; run git lfs pull");
    if (n < MAGIC_BYTES && memcmp(bytes, MAGIC, n) == 0)
        return fail_damaged(where, err, "the file ends inside it");
    return ed_fail(err, ED_ERR_PARSE, where, "is not an .npy file; write it with numpy.save");
}

enum ed_status ed_npy_parse_header(struct ed_npy *npy, const void *bytes, size_t n, size_t *data_offset,
                                   const char *where, struct ed_error *err) {
    const unsigned char *raw = bytes;
    struct ed_npy parsed = {0};

    if (n < MAGIC_BYTES || memcmp(raw, MAGIC, MAGIC_BYTES) != 0)
        return fail_not_npy(raw, n, where, err);
    if (n < 10)
        return fail_damaged(where, err, "the file ends inside it");
    if (raw[6] < 1 || raw[6] > 3 || raw[7] != 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, where,
                       "version %u.%u of the .npy format is not known; write it with "
                       "numpy.lib.format.write_array(FILE, a, "
                       "version=(1, 0))",
                       raw[6], raw[7]);
    size_t start = raw[6] == 1 ? 10 : 12;
    if (n < start)
        return fail_damaged(where, err, "the file ends inside it");
    size_t length = (size_t)raw[8] | (size_t)raw[9] << 8;
    if (raw[6] > 1)
        length |= (size_t)raw[10] << 16 | (size_t)raw[11] << 24;
    if (length > HEADER_BYTES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, where,
                       "the .npy header says that it is %zu bytes long; at most %zu are read", length,
                       HEADER_BYTES_MAX);
    if (length > n - start)
        return fail_damaged(where, err, "the file ends inside it");

    struct reader reader = {(const char *)raw + start, (const char *)raw + start + length, where};
    enum ed_status status = read_dictionary(&parsed, &reader, err);
    if (status)
        return status;
    if ((start + length) % ed_dtype_bytes(parsed.dtype) != 0)
        return fail_damaged(where, err, "the data behind it is not aligned to its element type");
    npy->dtype = parsed.dtype;
    npy->rank = parsed.rank;
    memcpy(npy->shape, parsed.shape, sizeof npy->shape);
    npy->count = parsed.count;
    npy->bytes = parsed.bytes;
    *data_offset = start + length;
    return ED_OK;
}

enum ed_status ed_npy_open(struct ed_npy *npy, const char *path, struct ed_error *err) {
    enum ed_status status = ED_OK;
    struct ed_npy opened = {0};
    size_t offset = 0;
    struct stat st;

    memset(npy, 0, sizeof *npy);
    // O_NONBLOCK: a FIFO must be refused below, not waited for.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return ed_fail_errno(err, ED_ERR_IO, path, "cannot open the file: %m");
    if (fstat(fd, &st) != 0) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot read the state of the file: %m");
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        status = ed_fail(err, ED_ERR_IO, path, "is %s; an .npy file is a regular file",
                         S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
        goto out;
    }
    if (st.st_size == 0) {
        status = fail_not_npy(NULL, 0, path, err);
        goto out;
    }
    if ((uint64_t)st.st_size > (uint64_t)PTRDIFF_MAX) {
        status = ed_fail(err, ED_ERR_LIMIT, path, "%lld bytes are more than can be addressed",
                         (long long)st.st_size);
        goto out;
    }
    void *mapping = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping == MAP_FAILED) {
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot map the file: %m");
        goto out;
    }
    opened.mapping = mapping;
    opened.mapping_bytes = (size_t)st.st_size;
    status = ed_npy_parse_header(&opened, opened.mapping, opened.mapping_bytes, &offset, path, err);
    if (status)
        goto out;
    if (opened.bytes > opened.mapping_bytes - offset) {
        status = ed_fail(
            err, ED_ERR_PARSE, path,
            "the header asks for %zu bytes of data and the file has %zu; it was cut, copy or write it again",
            opened.bytes, opened.mapping_bytes - offset);
        goto out;
    }
    if (opened.bytes < opened.mapping_bytes - offset) {
        status = ed_fail(err, ED_ERR_PARSE, path,
                         "the header asks for %zu bytes of data and the file has %zu; write one array a file "
                         "with numpy.save",
                         opened.bytes, opened.mapping_bytes - offset);
        goto out;
    }
    opened.data = (const char *)opened.mapping + offset;
    *npy = opened;
out:
    if (status)
        ed_npy_close(&opened);
    close(fd);
    return status;
}

void ed_npy_close(struct ed_npy *npy) {
    if (npy->mapping)
        munmap(npy->mapping, npy->mapping_bytes);
    memset(npy, 0, sizeof *npy);
}

enum ed_status ed_npy_header(char out[1024], size_t *n, enum ed_dtype dtype, uint32_t rank,
                             const int64_t *shape, struct ed_error *err) {
    static const char *const words[ED_DTYPE_COUNT] = {
        [ED_DTYPE_F32] = "<f4", [ED_DTYPE_F64] = "<f8", [ED_DTYPE_F16] = "<f2", [ED_DTYPE_I8] = "|i1",
        [ED_DTYPE_U8] = "|u1",  [ED_DTYPE_I16] = "<i2", [ED_DTYPE_U16] = "<u2", [ED_DTYPE_I32] = "<i4",
        [ED_DTYPE_U32] = "<u4", [ED_DTYPE_I64] = "<i8", [ED_DTYPE_U64] = "<u8", [ED_DTYPE_BOOL] = "|b1"};
    const char *word = (unsigned)dtype < ED_DTYPE_COUNT ? words[dtype] : NULL;
    struct ed_npy sizes = {.dtype = dtype, .rank = rank};

    if (!word)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "the .npy format has no element type for %s",
                       ed_dtype_name(dtype));
    if (rank > ED_TENSOR_RANK_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "%u dimensions are more than %d", (unsigned)rank,
                       ED_TENSOR_RANK_MAX);
    for (uint32_t i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return ed_fail(err, ED_ERR_USAGE, NULL, "dimension %u of the shape is negative", (unsigned)i);
        sizes.shape[i] = shape[i];
    }
    enum ed_status status = count_elements(&sizes, NULL, err);
    if (status)
        return status;

    // Eight dimensions of 20 bytes and about 60 bytes of words never reach the buffer's end.
    char *dictionary = out + 10;
    size_t length =
        (size_t)snprintf(dictionary, 1000, "{'descr': '%s', 'fortran_order': False, 'shape': (", word);
    for (uint32_t i = 0; i < rank; i++)
        length += (size_t)snprintf(dictionary + length, 1000 - length, "%s%" PRId64 "%s", i ? " " : "",
                                   shape[i], i + 1 < rank || rank == 1 ? "," : "");
    length += (size_t)snprintf(dictionary + length, 1000 - length, "), }");
    size_t total = (10 + length + 1 + 63) / 64 * 64;
    memset(dictionary + length, ' ', total - 10 - length - 1);
    out[total - 1] = '\n';
    memcpy(out, MAGIC "\x01\x00", 8);
    out[8] = (char)((total - 10) & 0xff);
    out[9] = (char)((total - 10) >> 8);
    *n = total;
    return ED_OK;
}
