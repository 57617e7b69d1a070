// SPDX-License-Identifier: Apache-2.0
// Inputs of a case: shapes from --shape, from files, from the model; data from files, from a data set, from a
// seed; and the words when they do not fit.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/path.h"
#include "runners/inputs.h"

static char home[64];

static int make_home(void **state) {
    (void)state;
    snprintf(home, sizeof home, P_tmpdir "/edgedyno-inputs-XXXXXX");
    return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state) {
    (void)state;
    return ed_path_remove(home, NULL) == ED_OK ? 0 : -1;
}

// A model with one input [batch, 3, ?] of float32, and one [4] of int64.
static struct ed_inputs *model(void) {
    struct ed_inputs *inputs = calloc(1, sizeof *inputs);
    assert_non_null(inputs);
    struct ed_tensor_info *x = &inputs->io.inputs[0], *ids = &inputs->io.inputs[1];
    inputs->io.n_inputs = 2;
    *x = (struct ed_tensor_info){
        .name = "x", .dtype = ED_DTYPE_F32, .rank = 3, .shape = {-1, 3, -1}, .symbols = {"batch"}};
    *ids =
        (struct ed_tensor_info){.name = "ids", .dtype = ED_DTYPE_I64, .rank = 1, .shape = {4}, .bytes = 32};
    return inputs;
}

static void release(struct ed_inputs *inputs) {
    ed_inputs_release(inputs);
    free(inputs);
}

static enum ed_status make(struct ed_inputs *inputs, const struct ed_job_case *c,
                           const struct ed_job_data *data, uint64_t seed, struct ed_error *err) {
    struct ed_job job = {.data = (struct ed_job_data *)(uintptr_t)data, .n_data = data ? 1 : 0};
    memset(err, 0, sizeof *err);
    return ed_inputs_make(inputs, &job, c, seed, err);
}

static const char *npy(const char *name, enum ed_dtype dtype, uint32_t rank, const int64_t *shape) {
    static char paths[4][128];
    static unsigned turn;
    char header[1024], *path = paths[turn++ % 4], text[4096] = "";
    size_t n = 0;
    const size_t bytes = (size_t)ed_shape_count(shape, rank) * ed_dtype_bytes(dtype);
    assert_int_equal(ed_npy_header(header, &n, dtype, rank, shape, NULL), ED_OK);
    assert_true(n + bytes < sizeof text);
    memcpy(text, header, n);
    for (size_t i = 0; i < bytes; i++)
        text[n + i] = (char)i;
    snprintf(path, sizeof paths[0], "%s/%s", home, name);
    assert_int_equal(ed_path_write_atomic(path, text, n + bytes, 0600, NULL), ED_OK);
    return path;
}

static void refused(const struct ed_job_case *c, const struct ed_job_data *data, enum ed_status due,
                    const char *words) {
    struct ed_inputs *inputs = model();
    struct ed_error err;
    enum ed_status status = make(inputs, c, data, 1, &err);
    if (status != due || !strstr(err.message, words))
        fail_msg("expected %s and '%s', got %s: %s", ed_status_word(due), words, ed_status_word(status),
                 err.message);
    release(inputs);
}

static void test_shapes(void **state) {
    struct ed_job_shape shapes[2] = {{"x", 3, {2, 3, 5}}};
    struct ed_job_case c = {.model = -1, .data = -1, .shapes = shapes};
    struct ed_error err;
    (void)state;
    refused(&c, NULL, ED_ERR_USAGE,
            "dimension 0 ('batch') of input 'x' is symbolic (batchx3x?): give its size, as --shape x=");
    c.n_shapes = 1;
    struct ed_inputs *inputs = model();
    assert_int_equal(make(inputs, &c, NULL, 1, &err), ED_OK);
    assert_int_equal(inputs->n, 2);
    assert_int_equal(inputs->tensors[0].shape[0], 2);
    assert_int_equal(inputs->tensors[0].shape[2], 5);
    assert_int_equal(inputs->tensors[0].bytes, 120);
    assert_int_equal(inputs->tensors[1].bytes, 32);
    assert_string_equal(inputs->tensors[1].name, "ids");
    assert_int_equal((uintptr_t)inputs->tensors[0].data % 64, 0);
    release(inputs);
    shapes[0].rank = 2;
    refused(&c, NULL, ED_ERR_USAGE, "--shape gives input 'x' 2 dimensions, the model has 3 (batchx3x?)");
    shapes[0] = (struct ed_job_shape){"x", 3, {2, 4, 5}};
    refused(&c, NULL, ED_ERR_USAGE, "dimension 1 of input 'x' as 4, the model fixes it to 3");
    shapes[0].input = "y";
    refused(&c, NULL, ED_ERR_USAGE, "the model has no input 'y'; it has: x, ids");
    shapes[0].input = "";
    refused(&c, NULL, ED_ERR_USAGE, "the model has 2 inputs (x, ids): say which one");
    shapes[0] = (struct ed_job_shape){"x", 3, {INT64_C(1) << 40, 3, INT64_C(1) << 40}};
    refused(&c, NULL, ED_ERR_LIMIT, "too large");
    shapes[0] = (struct ed_job_shape){"x", 3, {INT64_C(1) << 40, 3, 1 << 20}};
    refused(&c, NULL, ED_ERR_LIMIT, "too large");
}

static void test_files(void **state) {
    struct ed_job_input given = {"x", {npy("x.npy", ED_DTYPE_F32, 3, (const int64_t[]){2, 3, 4}), 0, ""}};
    struct ed_job_shape shape = {"x", 3, {2, 3, 4}};
    struct ed_job_case c = {.model = -1, .data = -1, .inputs = &given, .n_inputs = 1, .shapes = &shape};
    struct ed_error err;
    (void)state;
    struct ed_inputs *inputs = model();
    assert_int_equal(make(inputs, &c, NULL, 1, &err), ED_OK);
    assert_int_equal(inputs->tensors[0].shape[2], 4);
    assert_int_equal(((const unsigned char *)inputs->tensors[0].data)[7], 7);
    assert_null(inputs->owned[0]);
    assert_non_null(inputs->owned[1]);
    release(inputs);
    c.n_shapes = 1; // both, and they agree
    inputs = model();
    assert_int_equal(make(inputs, &c, NULL, 1, &err), ED_OK);
    release(inputs);
    shape.shape[0] = 1;
    refused(&c, NULL, ED_ERR_USAGE, "dimension 0 is 2, input 'x' wants 1 (by --shape)");
    c.n_shapes = 0;
    given.file.path = npy("x64.npy", ED_DTYPE_F64, 3, (const int64_t[]){2, 3, 4});
    refused(&c, NULL, ED_ERR_USAGE, "holds float64, input 'x' of the model is float32");
    given.file.path = npy("flat.npy", ED_DTYPE_F32, 1, (const int64_t[]){24});
    refused(&c, NULL, ED_ERR_USAGE, "has 1 dimensions, input 'x' of the model has 3");
    given.file.path = npy("wide.npy", ED_DTYPE_F32, 3, (const int64_t[]){2, 4, 3});
    refused(&c, NULL, ED_ERR_USAGE, "dimension 1 is 4, input 'x' wants 3 (batchx3x?)");
    given.file.path = "/nowhere/x.npy";
    refused(&c, NULL, ED_ERR_NOT_FOUND, "");
    given.input = "z";
    refused(&c, NULL, ED_ERR_USAGE, "no input 'z'");
}

// A data set gives one sample for timing, or as many as --shape says the batch is.
static void test_data(void **state) {
    struct ed_job_input sample = {"x", {npy("data.npy", ED_DTYPE_F32, 3, (const int64_t[]){5, 3, 2}), 0, ""}};
    const struct ed_job_data data = {.inputs = &sample, .n_inputs = 1};
    struct ed_job_shape shape = {"x", 3, {4, 3, 2}};
    struct ed_job_case c = {.model = -1, .data = 0, .shapes = &shape};
    struct ed_error err;
    (void)state;
    struct ed_inputs *inputs = model();
    assert_int_equal(make(inputs, &c, &data, 1, &err), ED_OK);
    assert_int_equal(inputs->tensors[0].shape[0], 1);
    assert_int_equal(inputs->tensors[0].bytes, 24);
    release(inputs);
    c.n_shapes = 1;
    inputs = model();
    assert_int_equal(make(inputs, &c, &data, 1, &err), ED_OK);
    assert_int_equal(inputs->tensors[0].shape[0], 4);
    release(inputs);
    shape.shape[0] = 6;
    refused(&c, &data, ED_ERR_USAGE, "dimension 0 is 5, input 'x' wants 6 or more");
}

static void fill(struct ed_inputs *inputs, enum ed_dtype dtype, uint64_t seed) {
    const struct ed_job_case c = {.model = -1, .data = -1};
    struct ed_error err;
    inputs->io.n_inputs = 1;
    inputs->io.inputs[0] = (struct ed_tensor_info){.name = "x", .dtype = dtype, .rank = 1, .shape = {4096}};
    if (make(inputs, &c, NULL, seed, &err) != ED_OK)
        fail_msg("%s: %s", ed_dtype_name(dtype), err.message);
}

// The same seed gives the same bytes, another one others; every value lies where it was promised.
static void test_seeds(void **state) {
    (void)state;
    for (int dtype = ED_DTYPE_F32; dtype < ED_DTYPE_COUNT; dtype++) {
        struct ed_inputs *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b), *c = calloc(1, sizeof *c);
        assert_true(a && b && c);
        fill(a, (enum ed_dtype)dtype, 42);
        fill(b, (enum ed_dtype)dtype, 42);
        fill(c, (enum ed_dtype)dtype, 43);
        const void *data = a->tensors[0].data;
        assert_memory_equal(data, b->tensors[0].data, a->tensors[0].bytes);
        assert_memory_not_equal(data, c->tensors[0].data, a->tensors[0].bytes);
        for (size_t i = 0; i < 4096; i++) {
            bool fits = true;
            if (dtype == ED_DTYPE_F32)
                fits = ((const float *)data)[i] >= 0 && ((const float *)data)[i] <= 1;
            else if (dtype == ED_DTYPE_F64)
                fits = ((const double *)data)[i] >= 0 && ((const double *)data)[i] <= 1;
            else if (dtype == ED_DTYPE_F16)
                fits = ((const uint16_t *)data)[i] <= 0x3c00;
            else if (dtype == ED_DTYPE_BF16)
                fits = ((const uint16_t *)data)[i] <= 0x3f80;
            else if (dtype == ED_DTYPE_BOOL)
                fits = ((const uint8_t *)data)[i] <= 1;
            else if (ed_dtype_bytes((enum ed_dtype)dtype) == 2)
                fits = ((const uint16_t *)data)[i] <= 9;
            else if (ed_dtype_bytes((enum ed_dtype)dtype) == 4)
                fits = ((const uint32_t *)data)[i] <= 9;
            else if (ed_dtype_bytes((enum ed_dtype)dtype) == 8)
                fits = ((const uint64_t *)data)[i] <= 9;
            if (!fits)
                fail_msg("%s: value %zu is out of its range", ed_dtype_name((enum ed_dtype)dtype), i);
        }
        release(a);
        release(b);
        release(c);
    }
    // These bytes are the same on every machine: they are part of what a seed means.
    struct ed_inputs *x = calloc(1, sizeof *x);
    assert_non_null(x);
    fill(x, ED_DTYPE_U8, 7);
    const unsigned char *bytes = x->tensors[0].data;
    char text[64] = "";
    for (int i = 0; i < 8; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, "9919668f5990d9e8");
    release(x);
}

static void test_two_inputs_differ(void **state) {
    struct ed_inputs *inputs = calloc(1, sizeof *inputs);
    const struct ed_job_case c = {.model = -1, .data = -1};
    struct ed_error err;
    (void)state;
    assert_non_null(inputs);
    inputs->io.n_inputs = 2;
    for (int i = 0; i < 2; i++)
        inputs->io.inputs[i] = (struct ed_tensor_info){
            .name = {(char)('a' + i)}, .dtype = ED_DTYPE_F32, .rank = 1, .shape = {16}};
    assert_int_equal(make(inputs, &c, NULL, 1, &err), ED_OK);
    assert_memory_not_equal(inputs->tensors[0].data, inputs->tensors[1].data, 64);
    release(inputs);
    // A type that has no bytes, and a scalar.
    inputs = calloc(1, sizeof *inputs);
    assert_non_null(inputs);
    inputs->io.n_inputs = 1;
    inputs->io.inputs[0] = (struct ed_tensor_info){.name = "s", .dtype = ED_DTYPE_F32};
    assert_int_equal(make(inputs, &c, NULL, 1, &err), ED_OK);
    assert_int_equal(inputs->tensors[0].bytes, 4);
    ed_inputs_release(inputs);
    memset(inputs->tensors, 0, sizeof inputs->tensors);
    inputs->io.inputs[0].dtype = ED_DTYPE_NONE;
    assert_int_equal(make(inputs, &c, NULL, 1, &err), ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "input 's'"));
    release(inputs);
}

static const char *floats(const char *name, const float *values, int64_t rows, int64_t columns) {
    static char path[128];
    const int64_t shape[] = {rows, columns};
    char header[1024], text[2048];
    size_t n = 0;
    assert_int_equal(ed_npy_header(header, &n, ED_DTYPE_F32, 2, shape, NULL), ED_OK);
    memcpy(text, header, n);
    memcpy(text + n, values, (size_t)(rows * columns) * sizeof *values);
    snprintf(path, sizeof path, "%s/%s", home, name);
    n += (size_t)(rows * columns) * sizeof *values;
    assert_int_equal(ed_path_write_atomic(path, text, n, 0600, NULL), ED_OK);
    return path;
}

// Float data for a quantized input: by its own scale and zero point, a half to the even number, cut to the
// range.
static void test_quantized(void **state) {
    static const float values[] = {0, 0.5f, 0.25f, 0.75f, -1, 1000, -1000, 0.6f};
    static const int8_t due8[] = {3, 4, 3, 5, 1, 127, -128, 4};
    static const uint16_t due16[] = {3, 4, 3, 5, 1, 2003, 0, 4};
    struct ed_tensor_info info = {.name = "q",
                                  .dtype = ED_DTYPE_I8,
                                  .rank = 2,
                                  .shape = {-1, 8},
                                  .quantized = true,
                                  .scale = 0.5,
                                  .zero_point = 3};
    const struct ed_job_input given = {"q", {floats("q.npy", values, 1, 8), 0, ""}};
    const struct ed_job_data data = {.inputs = (struct ed_job_input *)(uintptr_t)&given, .n_inputs = 1};
    const struct ed_job_case c = {.model = -1, .data = 0};
    struct ed_error err;
    (void)state;
    struct ed_inputs *inputs = calloc(1, sizeof *inputs);
    assert_non_null(inputs);
    inputs->io.n_inputs = 1;
    inputs->io.inputs[0] = info;
    if (make(inputs, &c, &data, 1, &err) != ED_OK)
        fail_msg("%s", err.message);
    assert_int_equal(inputs->tensors[0].bytes, 8);
    assert_memory_equal(inputs->tensors[0].data, due8, sizeof due8);
    release(inputs);
    uint16_t wide[8];
    info.dtype = ED_DTYPE_U16;
    assert_int_equal(ed_inputs_quantize(wide, values, 8, &info, &err), ED_OK);
    assert_memory_equal(wide, due16, sizeof due16);
    const float none = NAN;
    assert_int_equal(ed_inputs_quantize(wide, &none, 1, &info, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "no number"));
    // Without a scale the types must be the same, as ever.
    info.quantized = false;
    assert_false(ed_inputs_quantizes(&info));
    info = (struct ed_tensor_info){.dtype = ED_DTYPE_F32, .quantized = true, .scale = 1};
    assert_false(ed_inputs_quantizes(&info));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantized), cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_files),     cmocka_unit_test(test_data),
        cmocka_unit_test(test_seeds),     cmocka_unit_test(test_two_inputs_differ)};
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
