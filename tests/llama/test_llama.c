// SPDX-License-Identifier: Apache-2.0
// The llama.cpp adapter with the real engine: logits against those that NumPy computes from the model's
// definition (examples/tiny-llm/reference.py), tokens and cache, placement, memory, refusals.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/npy.h"
#include "base/path.h"
#include "runners/adapter.h"

#define ENGINE "llama.cpp@0.5.0"
#define LIBRARY "libllama.v0.5.0.so"
#define TINY ED_SOURCE_DIR "/examples/tiny-llm/"
#define VOCABULARY 512

static const int32_t sentence[] = {1, 260, 300, 7, 42, 511, 99, 281}; // those of reference.npy
#define N_SENTENCE (sizeof sentence / sizeof sentence[0])

static char directory[ED_PATH_BYTES], library[ED_PATH_BYTES], scratch[64];

static int enter(void **state) {
    char store[ED_PATH_BYTES];
    (void)state;
    snprintf(scratch, sizeof scratch, P_tmpdir "/edgedyno-llama-XXXXXX");
    if (ed_path_xdg(store, ED_XDG_DATA, NULL) != ED_OK ||
        ed_path_join(directory, store, "engines/" ENGINE "/" ED_TARGET, NULL) != ED_OK ||
        ed_path_join(library, directory, LIBRARY, NULL) != ED_OK)
        return -1;
    if (!ed_path_exists(library)) {
        print_error("%s is not here: run `edgedyno engines fetch " ENGINE "` first\n", library);
        return -1;
    }
    return mkdtemp(scratch) ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    return ed_path_remove(scratch, NULL) == ED_OK ? 0 : -1;
}

struct engine {
    struct ed_adapter adapter;
    const struct ed_backend *backend;
    void *state;
    struct ed_error err;
    struct ed_load_args args;
    struct ed_option_given options[4];
    const char *files[1];
};

static void must(struct engine *engine, enum ed_status status) {
    if (status != ED_OK)
        fail_msg("%s: %s", engine->err.where, engine->err.message);
}

static void engine_open(struct engine *engine, const char *model) {
    memset(engine, 0, sizeof *engine);
    must(engine, ed_adapter_open(&engine->adapter, ED_TEST_ADAPTERS_DIR "/llama.cpp.so", &engine->err));
    engine->backend = engine->adapter.backend;
    engine->state = engine->adapter.state;
    const struct ed_open_args open = {directory, library, scratch};
    must(engine, engine->backend->open(engine->state, &open, &engine->err));
    engine->files[0] = model;
    engine->args = (struct ed_load_args){.model_files = engine->files,
                                         .n_model_files = 1,
                                         .backend = "cpu",
                                         .threads = 1,
                                         .options = engine->options,
                                         .workload = {.prompt_tokens = 64, .generate_tokens = 16}};
}

static void give(struct engine *engine, const char *key, const char *value) {
    engine->options[engine->args.n_options++] = (struct ed_option_given){key, value};
}

static void engine_load(struct engine *engine) {
    must(engine, engine->backend->load(engine->state, &engine->args, &engine->err));
}

static void engine_close(struct engine *engine) {
    must(engine, engine->backend->unload(engine->state, &engine->err));
    engine->backend->close(engine->state);
    ed_adapter_release(&engine->adapter);
}

struct ear {
    size_t n;
    uint32_t tokens[64];
};

static void hear(void *context, enum ed_event event, uint32_t detail) {
    struct ear *ear = context;
    if (event == ED_EVENT_TOKEN && ear->n < 64)
        ear->tokens[ear->n++] = detail;
}

static double worst(const float *a, const float *b, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = (double)a[i] - (double)b[i];
        most = difference > most ? difference : -difference > most ? -difference : most;
    }
    return most;
}

static void test_reference(void **state) {
    struct engine engine;
    struct ed_npy reference = {0};
    struct ear ear = {0};
    const struct ed_host host = {&ear, hear};
    const float *logits = NULL;
    size_t n = 0;
    (void)state;
    engine_open(&engine, TINY "tiny-f16.gguf");
    engine.args.all_logits = true;
    give(&engine, "type_k", "f32");
    give(&engine, "type_v", "f32");
    give(&engine, "flash_attention", "off");
    engine_load(&engine);
    must(&engine, ed_npy_open(&reference, TINY "reference.npy", &engine.err));
    assert_int_equal(reference.count, N_SENTENCE * VOCABULARY);
    must(&engine, engine.backend->prefill(engine.state, sentence, N_SENTENCE, &host, &engine.err));
    must(&engine, engine.backend->logits(engine.state, &logits, &n, &engine.err));
    assert_int_equal(n, N_SENTENCE * VOCABULARY);
    // The engine multiplies 16-bit weights by activations rounded to 16 bits; logits reach 10.
    const double all = worst(logits, reference.data, n);
    print_message("logits against NumPy: at most %.5f off\n", all);
    assert_true(all < 0.02);
    // In two pieces, and behind a cut: the same.
    must(&engine, engine.backend->rewind(engine.state, 3, &engine.err));
    must(&engine, engine.backend->prefill(engine.state, sentence + 3, N_SENTENCE - 3, &host, &engine.err));
    must(&engine, engine.backend->logits(engine.state, &logits, &n, &engine.err));
    assert_int_equal(n, (N_SENTENCE - 3) * VOCABULARY);
    assert_true(worst(logits, (const float *)reference.data + 3 * VOCABULARY, n) < 0.02);
    assert_int_equal(ear.n, 0);
    ed_npy_close(&reference);
    engine_close(&engine);
}

static void test_tokens(void **state) {
    struct engine engine;
    struct ed_language language;
    struct ear first = {0}, again = {0};
    struct ed_host host = {&first, hear};
    const float *logits = NULL;
    int32_t tokens[8];
    size_t n = 0;
    (void)state;
    engine_open(&engine, TINY "tiny-f16.gguf");
    engine_load(&engine);
    must(&engine, engine.backend->language(engine.state, &language, &engine.err));
    assert_int_equal(language.vocabulary, VOCABULARY);
    assert_int_equal(language.bos, 1);
    assert_int_equal(language.eos, 2);
    assert_true(language.context_tokens >= 80);
    must(&engine, engine.backend->tokenize(engine.state, "the", 3, tokens, 8, &n, &engine.err));
    assert_true(n >= 1 && n <= 4);
    const size_t room = n;
    must(&engine, engine.backend->tokenize(engine.state, "the", 3, tokens, 0, &n, &engine.err));
    assert_int_equal(n, room);
    // Generated tokens are the likeliest, and the same ones behind the same prompt.
    must(&engine, engine.backend->prefill(engine.state, sentence, N_SENTENCE, &host, &engine.err));
    must(&engine, engine.backend->logits(engine.state, &logits, &n, &engine.err));
    size_t best = 0;
    for (size_t i = 0; i < n; i++)
        best = logits[i] > logits[best] ? i : best;
    must(&engine, engine.backend->decode(engine.state, 6, &host, &engine.err));
    assert_int_equal(first.n, 6);
    assert_int_equal(first.tokens[0], best);
    host.context = &again;
    must(&engine, engine.backend->rewind(engine.state, 0, &engine.err));
    must(&engine, engine.backend->prefill(engine.state, sentence, N_SENTENCE, &host, &engine.err));
    must(&engine, engine.backend->decode(engine.state, 6, &host, &engine.err));
    assert_memory_equal(first.tokens, again.tokens, sizeof first.tokens);
    // More than there is room for is an error and no crash; so is a token that does not exist.
    must(&engine, engine.backend->rewind(engine.state, 0, &engine.err));
    assert_int_not_equal(engine.backend->decode(engine.state, 1000, &host, &engine.err), ED_OK);
    must(&engine, engine.backend->rewind(engine.state, 0, &engine.err));
    assert_int_not_equal(
        engine.backend->prefill(engine.state, (const int32_t[]){VOCABULARY}, 1, &host, &engine.err), ED_OK);
    engine_close(&engine);
}

static void test_evidence(void **state) {
    static struct ed_placement placement;
    static struct ed_survey survey;
    struct engine engine;
    struct ed_engine_memory small, large;
    (void)state;
    engine_open(&engine, TINY "tiny-f16.gguf");
    engine_load(&engine);
    must(&engine, engine.backend->placement(engine.state, &placement, &engine.err));
    assert_true(placement.proven);
    assert_string_equal(placement.unit, "layer");
    assert_int_equal(placement.total, 2); // one layer, and the output
    assert_int_equal(placement.n_places, 1);
    assert_string_equal(placement.places[0].name, "CPU");
    assert_int_equal(placement.places[0].processor, ED_PROCESSOR_CPU);
    assert_non_null(strstr(placement.detail, "CPU variant libggml-cpu-"));
    must(&engine, engine.backend->engine_memory(engine.state, &small, &engine.err));
    // One layer of 128 keys and values of 16 bits, for 256 tokens: the room is made in steps of 256.
    assert_true(labs((long)small.kv_cache_bytes - 256 * 2 * 128 * 2) < 8192);
    assert_true(small.weights_bytes > 1200000 && small.weights_bytes < 1400000);
    assert_true(small.compute_buffer_bytes > 0);
    must(&engine, engine.backend->survey(engine.state, &survey, &engine.err));
    assert_string_equal(survey.rows[0].native, "CPU");
    assert_true(survey.rows[0].available && !survey.rows[0].simulated);
    engine.args.workload.depth_tokens = 400;
    engine_load(&engine);
    must(&engine, engine.backend->engine_memory(engine.state, &large, &engine.err));
    assert_true(large.kv_cache_bytes > small.kv_cache_bytes * 3 / 2);
    engine_close(&engine);
}

static void refused(struct engine *engine, enum ed_status status, const char *words) {
    const enum ed_status found = engine->backend->load(engine->state, &engine->args, &engine->err);
    if (found != status || !strstr(engine->err.message, words))
        fail_msg("expected %s and '%s', got %s: %s: %s", ed_status_word(status), words, ed_status_word(found),
                 engine->err.where, engine->err.message);
    engine->args.n_options = 0;
    engine->args.backend = "cpu";
    engine->files[0] = TINY "tiny-f16.gguf";
}

static void test_refusals(void **state) {
    struct engine engine;
    (void)state;
    engine_open(&engine, TINY "tiny-f16.gguf");
    give(&engine, "gpu_layers", "99");
    refused(&engine, ED_ERR_USAGE, "no layers elsewhere");
    give(&engine, "type_k", "f17");
    refused(&engine, ED_ERR_USAGE, "f17");
    engine.args.backend = "vulkan";
    refused(&engine, ED_ERR_UNSUPPORTED, "has no Vulkan backend");
    engine.args.backend = "tpu";
    refused(&engine, ED_ERR_UNSUPPORTED, "no backend 'tpu'");
    engine.files[0] = TINY "reference.npy";
    refused(&engine, ED_ERR_REFUSED, "does not load it");
    // A quantized cache of values needs flash attention: the engine says so.
    give(&engine, "type_v", "q8_0");
    give(&engine, "flash_attention", "off");
    refused(&engine, ED_ERR_REFUSED, "flash_attn");
    // After all that it still works.
    engine_load(&engine);
    engine_close(&engine);
}

// Another release, or something that is none, is refused before any of its structs is touched.
static void test_versions(void **state) {
    struct ed_adapter adapter = {0};
    struct ed_error err = {0};
    char base[ED_PATH_BYTES];
    (void)state;
    assert_int_equal(ed_adapter_open(&adapter, ED_TEST_ADAPTERS_DIR "/llama.cpp.so", &err), ED_OK);
    assert_int_equal(ed_path_join(base, directory, "libggml-base.so", NULL), ED_OK);
    const struct {
        const char *library, *words;
        enum ed_status status;
    } rows[] = {{ED_OTHER_LLAMA, "is llama.cpp v0.6.1; this adapter is for 0.5.0 alone", ED_ERR_VERSION},
                {base, "does not say which", ED_ERR_VERSION},
                {"/nowhere/libllama.so", "nowhere", ED_ERR_NOT_FOUND}};
    for (size_t i = 0; i < 3; i++) {
        const struct ed_open_args open = {directory, rows[i].library, scratch};
        assert_int_equal(adapter.backend->open(adapter.state, &open, &err), rows[i].status);
        if (!strstr(err.message, rows[i].words))
            fail_msg("no '%s' in: %s", rows[i].words, err.message);
        adapter.backend->close(adapter.state);
    }
    ed_adapter_release(&adapter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference), cmocka_unit_test(test_tokens),   cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
