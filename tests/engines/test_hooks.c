// SPDX-License-Identifier: Apache-2.0
// Hooks of an engine's adapter that no campaign reaches yet, on the example's net: inferences that are under
// way at the same time, and the profile of its operators.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/path.h"
#include "runners/adapter.h"

#define RUNS 7
#define IN_FLIGHT 3

static const struct engine {
    const char *adapter, *build, *library, *model, *convolution;
} engines[] = {
    {"executorch", "executorch@1.5.1", "libexecutorch.so", "digits-fp32.pte",
     "Convolution (NHWC, F32) IGEMM"},
    {"litert", "litert@2.3.0", "libLiteRt.so", "digits-fp32.tflite", "Convolution (NHWC, F32) IGEMM"},
    {"openvino", "openvino@2026.4.1", "libopenvino_c.so.2641", "digits-fp32.onnx", "Convolution"},
};

struct subject {
    struct ed_adapter adapter;
    struct ed_io io;
    float image[64];
    float expected[10];
};

static void need(enum ed_status status, const struct ed_error *err) {
    if (status != ED_OK)
        fail_msg("%s: %s", err->where, err->message);
}

static void read_outputs(struct subject *subject, float logits[10]) {
    struct ed_tensor view;
    struct ed_error err = {0};
    size_t n = 0;
    need(subject->adapter.backend->outputs(subject->adapter.state, &view, 1, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_int_equal(view.bytes, 10 * sizeof(float));
    memcpy(logits, view.data, view.bytes);
}

// Opens the engine from this user's store, loads the net and runs it once.
static void start(struct subject *subject, const struct engine *engine) {
    char store[ED_PATH_BYTES], name[256], directory[ED_PATH_BYTES], library[ED_PATH_BYTES];
    char adapter[ED_PATH_BYTES], model[ED_PATH_BYTES];
    const char *files[] = {model};
    struct ed_error err = {0};
    memset(subject, 0, sizeof *subject);
    need(ed_path_xdg(store, ED_XDG_DATA, &err), &err);
    snprintf(name, sizeof name, "engines/%s/" ED_TARGET, engine->build);
    need(ed_path_join(directory, store, name, &err), &err);
    need(ed_path_join(library, directory, engine->library, &err), &err);
    snprintf(adapter, sizeof adapter, ED_TEST_ADAPTERS_DIR "/%s.so", engine->adapter);
    snprintf(model, sizeof model, ED_TEST_EXAMPLES "/digits/models/%s", engine->model);
    need(ed_adapter_open(&subject->adapter, adapter, &err), &err);
    const struct ed_backend *backend = subject->adapter.backend;
    const struct ed_open_args open_args = {directory, library, "/"};
    need(backend->open(subject->adapter.state, &open_args, &err), &err);
    const struct ed_load_args load_args = {
        .model_files = files, .n_model_files = 1, .backend = "cpu", .threads = 1};
    need(backend->load(subject->adapter.state, &load_args, &err), &err);
    need(backend->describe(subject->adapter.state, &subject->io, &err), &err);
    assert_int_equal(subject->io.n_inputs, 1);
    struct ed_tensor input = {.dtype = ED_DTYPE_F32,
                              .rank = subject->io.inputs[0].rank,
                              .data = subject->image,
                              .bytes = sizeof subject->image};
    memcpy(input.shape, subject->io.inputs[0].shape, sizeof input.shape);
    for (int i = 0; i < 64; i++)
        subject->image[i] = (float)(i % 17) / 16;
    need(backend->bind(subject->adapter.state, &input, 1, &err), &err);
    need(backend->run(subject->adapter.state, &err), &err);
    read_outputs(subject, subject->expected);
}

static void stop(struct subject *subject) {
    struct ed_error err = {0};
    need(subject->adapter.backend->unload(subject->adapter.state, &err), &err);
    subject->adapter.backend->close(subject->adapter.state);
    ed_adapter_release(&subject->adapter);
}

static void check_streams(struct subject *subject) {
    const struct ed_backend *backend = subject->adapter.backend;
    struct ed_error err = {0};
    uint64_t ticket = 0;
    float logits[10];
    assert_int_not_equal(backend->wait(subject->adapter.state, &ticket, &err), ED_OK);
    for (uint64_t round = 0; round < 4; round++) {
        for (uint64_t i = 0; i < IN_FLIGHT + round; i++)
            need(backend->submit(subject->adapter.state, 100 * round + i, &err), &err);
        for (uint64_t i = 0; i < IN_FLIGHT + round; i++) {
            need(backend->wait(subject->adapter.state, &ticket, &err), &err);
            assert_int_equal(ticket, 100 * round + i);
            read_outputs(subject, logits);
            assert_memory_equal(logits, subject->expected, sizeof logits);
        }
    }
    need(backend->submit(subject->adapter.state, 1, &err), &err);
    need(backend->submit(subject->adapter.state, 2, &err), &err);
    need(backend->wait(subject->adapter.state, &ticket, &err), &err);
    // The ring has to grow while its oldest does not stand first.
    for (uint64_t i = 3; i < 12; i++)
        need(backend->submit(subject->adapter.state, i, &err), &err);
    for (uint64_t i = 2; i < 12; i++) {
        need(backend->wait(subject->adapter.state, &ticket, &err), &err);
        assert_int_equal(ticket, i);
        read_outputs(subject, logits);
        assert_memory_equal(logits, subject->expected, sizeof logits);
    }
}

static void check_profile(struct subject *subject, const struct engine *engine) {
    static struct ed_op_profile_row rows[64], few[2];
    const struct ed_backend *backend = subject->adapter.backend;
    struct ed_error err = {0};
    size_t n = 0, convolutions = 0, whole = 0;
    int64_t operators_ns = 0, whole_ns = 0;
    need(backend->op_profile(subject->adapter.state, RUNS, rows, 64, &n, &err), &err);
    assert_in_range(n, 5, 64);
    for (size_t i = 0; i < n; i++) {
        const bool is_whole = !strcmp(rows[i].op, ED_PROFILE_WHOLE_RUN);
        assert_int_equal(rows[i].calls, RUNS);
        assert_true(rows[i].total_ns >= 0);
        convolutions += !strcmp(rows[i].op, engine->convolution);
        whole += is_whole;
        *(is_whole ? &whole_ns : &operators_ns) += rows[i].total_ns;
        if (!is_whole)
            assert_int_equal(rows[i].processor, ED_PROCESSOR_CPU);
    }
    assert_int_equal(convolutions, 4);
    assert_int_equal(whole, 1);
    assert_true(operators_ns > 0 && whole_ns > 0);
    need(backend->op_profile(subject->adapter.state, RUNS, few, 1, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_int_equal(few[1].calls, 0);
    // What was loaded goes on as before.
    float logits[10];
    need(backend->run(subject->adapter.state, &err), &err);
    read_outputs(subject, logits);
    assert_memory_equal(logits, subject->expected, sizeof logits);
}

// LiteRT with fallback allowed runs on the CPU in silence where no NPU has a driver; "accelerated" is true of
// its CPU kernels as well.
static void test_a_missing_npu_is_caught(void **state) {
    static const struct engine litert[] = {
        {"litert", "litert@2.3.0", "libLiteRt.so", "digits-fp32.tflite", ""},
        {"litert", "litert@2.2.0", "libLiteRt.so", "digits-fp32.tflite", ""},
    };
    static struct ed_survey survey;
    (void)state;
    for (size_t i = 0; i < sizeof litert / sizeof *litert; i++) {
        struct subject *subject = malloc(sizeof *subject);
        char model[ED_PATH_BYTES];
        const char *files[] = {model};
        struct ed_placement placement;
        struct ed_error err = {0};
        assert_non_null(subject);
        start(subject, &litert[i]);
        const struct ed_backend *backend = subject->adapter.backend;
        need(backend->survey(subject->adapter.state, &survey, &err), &err);
        assert_string_equal(survey.rows[2].backend, "npu");
        if (!survey.rows[2].available) {
            snprintf(model, sizeof model, ED_TEST_EXAMPLES "/digits/models/%s", litert[i].model);
            struct ed_load_args args = {
                .model_files = files, .n_model_files = 1, .backend = "npu", .threads = 1};
            assert_int_equal(backend->load(subject->adapter.state, &args, &err), ED_ERR_REFUSED);
            args.allow_fallback = true;
            need(backend->load(subject->adapter.state, &args, &err), &err);
            need(backend->placement(subject->adapter.state, &placement, &err), &err);
            print_message("%s: proven %d, %s, %s\n", litert[i].build, placement.proven,
                          placement.n_places ? placement.places[0].name : "-", placement.detail);
            if (placement.proven)
                assert_int_equal(placement.places[0].processor, ED_PROCESSOR_CPU);
            // The later release tells.
            assert_true(placement.proven || i > 0);
        }
        stop(subject);
        free(subject);
    }
}

static void test_hooks(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        struct subject *subject = malloc(sizeof *subject);
        uint64_t ticket = 0;
        assert_non_null(subject);
        print_message("%s\n", engines[i].build);
        start(subject, &engines[i]);
        if (subject->adapter.backend->submit(subject->adapter.state, 0, NULL) != ED_ERR_UNSUPPORTED) {
            need(subject->adapter.backend->wait(subject->adapter.state, &ticket, NULL),
                 &(struct ed_error){.message = "the first wait failed"});
            check_streams(subject);
        }
        check_profile(subject, &engines[i]);
        stop(subject);
        free(subject);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hooks),
                                       cmocka_unit_test(test_a_missing_npu_is_caught)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
