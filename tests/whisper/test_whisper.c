// SPDX-License-Identifier: Apache-2.0
// The whisper.cpp adapter with the real engine: tokens and their probabilities against those that NumPy
// computes from the model's definition (examples/tiny-whisper/reference.py), and against the bare engine;
// what it tells of a transcription; threads, placement, memory, refusals.
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/whisper.cpp/whisper_api.h"
#include "base/npy.h"
#include "base/path.h"
#include "base/wav.h"
#include "runners/adapter.h"

#define ENGINE "whisper.cpp@1.8.5"
#define LIBRARY "libwhisper-1ab89ae8.so.1.8.5"
#define TINY ED_SOURCE_DIR "/examples/tiny-whisper/"
#define MODEL TINY "tiny-whisper.bin"

static char directory[ED_PATH_BYTES], library[ED_PATH_BYTES], scratch[64];
static struct ed_wav audio;

static int enter(void **state) {
    char store[ED_PATH_BYTES];
    (void)state;
    snprintf(scratch, sizeof scratch, P_tmpdir "/edgedyno-whisper-XXXXXX");
    if (ed_path_xdg(store, ED_XDG_DATA, NULL) != ED_OK ||
        ed_path_join(directory, store, "engines/" ENGINE "/" ED_TARGET, NULL) != ED_OK ||
        ed_path_join(library, directory, LIBRARY, NULL) != ED_OK)
        return -1;
    if (!ed_path_exists(library)) {
        print_error("%s is not here: run `edgedyno engines fetch " ENGINE "` first\n", library);
        return -1;
    }
    return mkdtemp(scratch) && ed_wav_read_speech(&audio, TINY "babble.wav", NULL) == ED_OK ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    ed_wav_release(&audio);
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
    struct ed_tensor input;
};

static void must(struct engine *engine, enum ed_status status) {
    if (status != ED_OK)
        fail_msg("%s: %s", engine->err.where, engine->err.message);
}

static void engine_open(struct engine *engine) {
    memset(engine, 0, sizeof *engine);
    must(engine, ed_adapter_open(&engine->adapter, ED_TEST_ADAPTERS_DIR "/whisper.cpp.so", &engine->err));
    engine->backend = engine->adapter.backend;
    engine->state = engine->adapter.state;
    const struct ed_open_args open = {directory, library, scratch};
    must(engine, engine->backend->open(engine->state, &open, &engine->err));
    engine->files[0] = MODEL;
    engine->args = (struct ed_load_args){.model_files = engine->files,
                                         .n_model_files = 1,
                                         .backend = "cpu",
                                         .threads = 1,
                                         .options = engine->options,
                                         .workload = {.speech = true}};
}

static void give(struct engine *engine, const char *key, const char *value) {
    engine->options[engine->args.n_options++] = (struct ed_option_given){key, value};
}

static enum ed_status bind(struct engine *engine, size_t samples) {
    engine->input = (struct ed_tensor){.name = "audio",
                                       .dtype = ED_DTYPE_F32,
                                       .rank = 1,
                                       .shape = {(int64_t)samples},
                                       .data = audio.samples,
                                       .bytes = samples * sizeof(float)};
    return engine->backend->bind(engine->state, &engine->input, 1, &engine->err);
}

static void engine_load(struct engine *engine) {
    must(engine, engine->backend->load(engine->state, &engine->args, &engine->err));
    must(engine, bind(engine, audio.n));
}

static void engine_close(struct engine *engine) {
    must(engine, engine->backend->unload(engine->state, &engine->err));
    engine->backend->close(engine->state);
    ed_adapter_release(&engine->adapter);
}

struct answer {
    char text[512];
    int32_t tokens[64];
    float probabilities[64];
    size_t n;
};

static void run(struct engine *engine, struct answer *answer) {
    struct ed_tensor views[3];
    size_t n = 0;
    must(engine, engine->backend->run(engine->state, &engine->err));
    must(engine, engine->backend->outputs(engine->state, views, 3, &n, &engine->err));
    assert_int_equal(n, 3);
    assert_string_equal(views[0].name, ED_SPEECH_TEXT);
    assert_true(views[0].bytes < sizeof answer->text && views[1].bytes <= sizeof answer->tokens);
    memset(answer, 0, sizeof *answer);
    memcpy(answer->text, views[0].data, views[0].bytes);
    memcpy(answer->tokens, views[1].data, views[1].bytes);
    memcpy(answer->probabilities, views[2].data, views[2].bytes);
    answer->n = (size_t)views[1].shape[0];
    assert_int_equal(views[2].shape[0], views[1].shape[0]);
}

static void test_reference(void **state) {
    struct engine engine;
    struct answer answer;
    struct ed_npy tokens = {0}, probabilities = {0};
    double most = 0;
    (void)state;
    engine_open(&engine);
    give(&engine, "timestamps", "0");
    give(&engine, "flash_attention", "0");
    engine_load(&engine);
    run(&engine, &answer);
    must(&engine, ed_npy_open(&tokens, TINY "reference-tokens.npy", &engine.err));
    must(&engine, ed_npy_open(&probabilities, TINY "reference-probabilities.npy", &engine.err));
    assert_int_equal(answer.n, tokens.count);
    assert_memory_equal(answer.tokens, tokens.data, tokens.count * sizeof(int32_t));
    for (size_t i = 0; i < answer.n; i++) {
        const double off = (double)answer.probabilities[i] - (double)((const float *)probabilities.data)[i];
        most = off > most ? off : -off > most ? -off : most;
    }
    // Weights and what they are multiplied with have 16 bits.
    print_message("%zu tokens are those of NumPy, their probabilities at most %.5f off\n", answer.n, most);
    assert_true(most < 0.02);
    assert_memory_equal(answer.text, " mud tud", 8);
    ed_npy_close(&tokens);
    ed_npy_close(&probabilities);
    engine_close(&engine);
}

// The same text by calls of the library alone, with its defaults but for what the adapter says that it sets.
static void test_bare_engine(void **state) {
    struct whisper_functions f = {0};
    struct engine engine;
    struct answer answer;
    char text[512] = "";
    (void)state;
    engine_open(&engine);
    engine_load(&engine);
    run(&engine, &answer);
    void *whisper = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(whisper);
#define FIND(name, type, arguments) assert_non_null(*(void **)&f.name = dlsym(whisper, #name));
    WHISPER_FUNCTIONS(FIND)
    struct whisper_context_parameters how = f.whisper_context_default_params();
    how.use_gpu = false;
    void *context = f.whisper_init_from_file_with_params(MODEL, how);
    struct whisper_full_parameters full = f.whisper_full_default_params(WHISPER_GREEDY);
    full.n_threads = 1;
    full.temperature_inc = 0;
    full.print_progress = false;
    assert_int_equal(f.whisper_full(context, full, audio.samples, (int)audio.n), 0);
    for (int i = 0; i < f.whisper_full_n_segments(context); i++)
        strncat(text, f.whisper_full_get_segment_text(context, i), sizeof text - strlen(text) - 1);
    assert_string_equal(answer.text, text);
    assert_true(strlen(text) > 8);
    f.whisper_free(context);
    dlclose(whisper);
    engine_close(&engine);
}

static void test_threads_and_repeats(void **state) {
    struct answer first = {0}, other;
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        struct engine engine;
        engine_open(&engine);
        engine.args.threads = threads;
        engine_load(&engine);
        for (int i = 0; i < 2; i++) {
            run(&engine, &other);
            if (!first.n)
                first = other;
            assert_string_equal(other.text, first.text);
            assert_memory_equal(other.tokens, first.tokens, sizeof first.tokens);
        }
        engine_close(&engine);
    }
}

struct ear {
    uint32_t last;
    size_t n, firsts, wrong;
};

static void hear(void *context, enum ed_event event, uint32_t detail) {
    struct ear *ear = context;
    ear->firsts += event == ED_EVENT_TOKEN && detail == 0;
    ear->wrong += event != ED_EVENT_TOKEN || (detail && detail != ear->last + 1);
    ear->last = detail;
    ear->n++;
}

static void test_transcribe(void **state) {
    static const char *const strategies[] = {"greedy", "beam"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct engine engine;
        struct answer answer;
        struct ear ear = {0};
        const struct ed_host host = {&ear, hear};
        struct ed_speech speech = {-2};
        engine_open(&engine);
        engine.args.threads = 2; // so that beams are told of by several threads
        give(&engine, "strategy", strategies[i]);
        give(&engine, "timestamps", "0");
        engine_load(&engine);
        must(&engine, engine.backend->transcribe(engine.state, &host, &speech, &engine.err));
        assert_true(speech.encode_ns > 0);
        assert_int_equal(ear.firsts, 1);
        assert_int_equal(ear.wrong, 0);
        run(&engine, &answer);
        assert_true(ear.n >= answer.n && answer.n > 1);
        if (!i)
            assert_int_equal(ear.n, answer.n);
        engine_close(&engine);
    }
}

static void test_evidence(void **state) {
    struct ed_placement placement;
    struct ed_engine_memory memory;
    struct ed_survey survey;
    struct engine engine;
    (void)state;
    engine_open(&engine);
    must(&engine, engine.backend->survey(engine.state, &survey, &engine.err));
    assert_string_equal(survey.engine_version, "1.8.5");
    assert_true(survey.n_rows == 1 && survey.rows[0].available &&
                survey.rows[0].processor == ED_PROCESSOR_CPU);
    engine_load(&engine);
    must(&engine, engine.backend->placement(engine.state, &placement, &engine.err));
    assert_true(placement.proven && placement.total == 1 && placement.n_places == 1);
    assert_int_equal(placement.places[0].processor, ED_PROCESSOR_CPU);
    assert_non_null(strstr(placement.detail, "CPU"));
    must(&engine, engine.backend->engine_memory(engine.state, &memory, &engine.err));
    // 3.6 MB of 16-bit weights; caches of 64 and 1500 positions.
    assert_in_range(memory.weights_bytes, 3500000, 3700000);
    assert_true(memory.kv_cache_bytes > 0 && memory.compute_buffer_bytes > 0 && memory.arena_bytes == -1);
    engine_close(&engine);
}

static void refused(struct engine *engine, enum ed_status status, const char *words) {
    const enum ed_status found = engine->backend->load(engine->state, &engine->args, &engine->err);
    if (found != status || !strstr(engine->err.message, words))
        fail_msg("expected %s and '%s', got %s: %s: %s", ed_status_word(status), words, ed_status_word(found),
                 engine->err.where, engine->err.message);
    engine->args.n_options = 0;
    engine->files[0] = MODEL;
}

// The model with some of its bytes changed, or cut.
static void damaged(struct engine *engine, size_t at, const void *bytes, size_t n, size_t keep,
                    enum ed_status status, const char *words) {
    char path[ED_PATH_BYTES];
    struct ed_buffer model;
    ed_buffer_init(&model, 8u << 20);
    must(engine, ed_path_read(MODEL, 8u << 20, &model, &engine->err));
    memcpy(model.data + at, bytes, n);
    must(engine, ed_path_join(path, scratch, "damaged.bin", &engine->err));
    must(engine, ed_path_write_unsynced(path, model.data, keep ? keep : model.size, 0600, &engine->err));
    ed_buffer_release(&model);
    engine->files[0] = path;
    refused(engine, status, words);
}

static void test_refusals(void **state) {
    struct engine engine;
    struct answer answer;
    (void)state;
    engine_open(&engine);
    give(&engine, "language", "klingon");
    refused(&engine, ED_ERR_USAGE, "knows no language 'klingon'");
    give(&engine, "language", "de");
    refused(&engine, ED_ERR_USAGE, "English alone, and was asked for de");
    give(&engine, "translate", "1");
    refused(&engine, ED_ERR_USAGE, "translates nothing");
    give(&engine, "beam_size", "3");
    refused(&engine, ED_ERR_USAGE, "-o strategy=beam");
    engine.args.backend = "vulkan";
    refused(&engine, ED_ERR_UNSUPPORTED, "no backend 'vulkan'");
    engine.args.backend = "cpu";
    engine.files[0] = TINY "babble.wav";
    refused(&engine, ED_ERR_PARSE, "is no whisper.cpp model");
    engine.files[0] = "/nowhere/model.bin";
    refused(&engine, ED_ERR_NOT_FOUND, "cannot be opened");
    // The file's parts: dimensions, filters, vocabulary, tensors.
    static const size_t filters = 48, words = 48 + 8 + 80 * 201 * 4, first_word = words + 4;
    static const int32_t zero = 0, many = 1 << 28, negative = -5;
    damaged(&engine, 4, &many, 4, 0, ED_ERR_PARSE, "its n_vocab is 268435456");
    damaged(&engine, 16, &zero, 4, 0, ED_ERR_PARSE, "its n_audio_head is 0");
    damaged(&engine, 44, &many, 4, 0, ED_ERR_PARSE, "of the kind");
    damaged(&engine, filters, &many, 4, 0, ED_ERR_PARSE, "mel filters of 268435456 x 201");
    damaged(&engine, words, &negative, 4, 0, ED_ERR_PARSE, "has -5 words");
    damaged(&engine, first_word, &many, 4, 0, ED_ERR_PARSE, "its word 0 has 268435456 bytes");
    damaged(&engine, first_word + 4, "x", 1, 0, ED_ERR_PARSE, "without the space");
    damaged(&engine, 0, "", 0, 3, ED_ERR_PARSE, "is no whisper.cpp model");
    damaged(&engine, 0, "", 0, 20, ED_ERR_PARSE, "ends in its dimensions");
    damaged(&engine, 0, "", 0, words - 1, ED_ERR_PARSE, "ends in its mel filters");
    damaged(&engine, 0, "", 0, first_word + 20, ED_ERR_PARSE, "ends in its vocabulary");
    damaged(&engine, 0, "", 0, 1000000, ED_ERR_PARSE, "ends in a tensor");
    const size_t tensors = first_word + 4 + 1 + (size_t)299 * 8;
    damaged(&engine, 0, "", 0, tensors, ED_ERR_PARSE, "has no tensors");
    damaged(&engine, tensors, &many, 4, 0, ED_ERR_PARSE, "has a tensor (0) of 268435456 dimensions");
    // What only the engine knows is told in its own words.
    damaged(&engine, tensors + 20, "E", 1, 0, ED_ERR_REFUSED,
            "unknown tensor 'Encoder.positional_embedding'");
    // After all that it still works.
    engine_load(&engine);
    assert_int_equal(bind(&engine, 200), ED_OK);
    assert_int_equal(engine.backend->run(engine.state, &engine.err), ED_ERR_REFUSED);
    assert_non_null(strstr(engine.err.message, "has 200 samples"));
    assert_int_equal(bind(&engine, 1000), ED_OK);
    assert_int_equal(engine.backend->run(engine.state, &engine.err), ED_ERR_REFUSED);
    assert_non_null(strstr(engine.err.message, "input is too short - 60 ms < 100 ms"));
    assert_int_equal(bind(&engine, audio.n), ED_OK);
    run(&engine, &answer);
    engine_close(&engine);
}

// Another release, or something that is none, is refused before any of its structs is touched.
static void test_versions(void **state) {
    struct ed_adapter adapter = {0};
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(ed_adapter_open(&adapter, ED_TEST_ADAPTERS_DIR "/whisper.cpp.so", &err), ED_OK);
    const struct {
        const char *library, *words;
        enum ed_status status;
    } rows[] = {{ED_OTHER_WHISPER, "is whisper.cpp 1.8.6; this adapter is for 1.8.5 alone", ED_ERR_VERSION},
                {"libm.so.6", "does not say which", ED_ERR_VERSION},
                {"/nowhere/libwhisper.so", "nowhere", ED_ERR_NOT_FOUND}};
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
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_bare_engine),
        cmocka_unit_test(test_threads_and_repeats),
        cmocka_unit_test(test_transcribe),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
