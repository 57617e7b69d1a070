// SPDX-License-Identifier: Apache-2.0
// The scripted engine through its adapter: strict reading, latency, memory, answers and evidence.
#include "tests/unit/scripted_engine.h"

#include <math.h>
#include <sys/stat.h>

#include "base/clock.h"

static void engine_load_ok(struct engine *engine, const char *text) {
    if (engine_load(engine, text, NULL, "cpu") || backend->describe(engine->state, engine->io, &engine->err))
        fail_msg("%s: %s", engine->err.where, engine->err.message);
}

static void run_ok(struct engine *engine) {
    if (backend->run(engine->state, &engine->err))
        fail_msg("%s", engine->err.message);
}

static int64_t run_ns(struct engine *engine) {
    int64_t begin = ed_clock_raw_ns();
    run_ok(engine);
    return ed_clock_raw_ns() - begin;
}

static struct ed_tensor tensor_f32(float *values, int64_t rows, int64_t columns) {
    return (struct ed_tensor){.name = "x",
                              .dtype = ED_DTYPE_F32,
                              .rank = 2,
                              .shape = {rows, columns},
                              .data = values,
                              .bytes = (size_t)(rows * columns) * sizeof *values};
}

// Binds, runs once and gives the first output.
static struct ed_tensor answer(struct engine *engine, const struct ed_tensor *input) {
    struct ed_tensor views[4];
    size_t n = 0;
    if (backend->bind(engine->state, input, 1, &engine->err) || backend->run(engine->state, &engine->err) ||
        backend->outputs(engine->state, views, 4, &n, &engine->err))
        fail_msg("%s", engine->err.message);
    assert_true(n >= 1);
    return views[0];
}

// Kilobytes of a line of /proc/self/status ("RssAnon").
static long status_kb(const char *name) {
    char line[256];
    long kb = -1;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
            kb = strtol(line + strlen(name) + 1, NULL, 10);
    fclose(file);
    assert_true(kb >= 0);
    return kb;
}

static void test_wrong_scripts(void **state) {
    static const struct {
        const char *text, *where, *message;
    } wrong[] = {
        {"{", "script.json:1:2", ""},
        {"[]", "script.json", "object"},
        {"{}", "type", ""},
        {"{\"type\": \"other\"}", "/type", "edgedyno-script"},
        {"{\"type\": \"edgedyno-script\", \"lod\": {}}", "", "load"},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"n\": 5}}", "/run", "ns"},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"ns\": -5}}", "/run/ns", ""},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"ns\": []}}", "/run/ns", "empty"},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"sleep\": 1}}", "/run/sleep", ""},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"ns\": [1, \"2\"]}}", "/run/ns/1", ""},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"segf\"}}", "/run/fail", "segv"},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"touch_file_bytes\": 5}}", "/run", "touch_file"},
        {"{\"type\": \"edgedyno-script\", \"run\": {\"touch_file\": \"../x\"}}", "/run/touch_file", "beside"},
        {"{\"type\": \"edgedyno-script\", \"inputs\": [{\"name\": \"x\", \"dtype\": \"flot32\", \"shape\": "
         "[]}]}",
         "/inputs/0/dtype", "float32"},
        {"{\"type\": \"edgedyno-script\", \"inputs\": [{\"name\": \"x\"}]}", "/inputs/0/shape", ""},
        {"{\"type\": \"edgedyno-script\", \"inputs\": [{\"name\": \"x\", \"shape\": [1,1,1,1,1,1,1,1,1]}]}",
         "/inputs/0/shape", "8"},
        {"{\"type\": \"edgedyno-script\", \"inputs\": [{\"name\": \"x\", \"shape\": "
         "[4294967296,4294967296]}]}",
         "/inputs/0/shape", "address space"},
        {"{\"type\": \"edgedyno-script\", \"argmax_wrong_share\": 0.5}", "/argmax_wrong_share", "[N, C]"},
        {"{\"type\": \"edgedyno-script\", \"threads\": 0}", "/threads", ""},
        {"{\"type\": \"edgedyno-script\", \"placement\": {\"places\": [{\"name\": \"X\", \"processor\": "
         "\"gpo\", \"count\": 1}]}}",
         "/placement/places/0/processor", "gpu"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct engine engine;
        engine_open(&engine, "");
        enum ed_status status = engine_load(&engine, wrong[i].text, NULL, "cpu");
        if (status != ED_ERR_USAGE && status != ED_ERR_PARSE)
            fail_msg("%s gave %s", wrong[i].text, ed_status_word(status));
        if (!strstr(engine.err.where, wrong[i].where) && !strstr(engine.err.message, wrong[i].where))
            fail_msg("%s: '%s' is not in '%s: %s'", wrong[i].text, wrong[i].where, engine.err.where,
                     engine.err.message);
        if (!strstr(engine.err.message, wrong[i].message))
            fail_msg("%s: '%s' is not in '%s'", wrong[i].text, wrong[i].message, engine.err.message);
        engine_close(&engine);
    }
}

static void test_latency(void **state) {
    static const int64_t wanted[] = {3000000, 2000000, 400000, 800000, 400000, 800000};
    struct engine engine;
    (void)state;
    engine_open(&engine, "");
    for (int load = 0; load < 2; load++) {
        engine_load_ok(&engine, "{\"type\": \"edgedyno-script\", \"warmup\": {\"ns\": [3000000, 2000000]},"
                                " \"run\": {\"ns\": [400000, 800000]}}");
        // Never shorter; and the best of a few repetitions is hardly longer, whatever else the machine does.
        int64_t extra = INT64_MAX;
        for (size_t i = 0; i < 6; i++) {
            int64_t took = run_ns(&engine);
            assert_true(took >= wanted[i]);
            extra = took - wanted[i] < extra ? took - wanted[i] : extra;
        }
        assert_true(extra < 200000);
        assert_int_equal(backend->unload(engine.state, &engine.err), ED_OK);
    }
    int64_t begin = ed_clock_raw_ns();
    engine_load_ok(
        &engine,
        "{\"type\": \"edgedyno-script\", \"load\": {\"ns\": 5000000}, \"unload\": {\"ns\": 4000000}}");
    int64_t loaded = ed_clock_raw_ns();
    assert_true(loaded - begin >= 5000000);
    assert_int_equal(backend->unload(engine.state, &engine.err), ED_OK);
    assert_true(ed_clock_raw_ns() - loaded >= 4000000);
    engine_close(&engine);
}

// A slept run takes its time and no CPU, in its warm-up too.
static void test_sleep(void **state) {
    struct engine engine;
    (void)state;
    engine_open(&engine, "");
    engine_load_ok(&engine, "{\"type\": \"edgedyno-script\", \"run\": {\"ns\": 60000000, \"sleep\": true}, "
                            "\"warmup\": {\"ns\": [50000000]}}");
    int64_t cpu_ns = ed_clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    assert_true(run_ns(&engine) >= 50000000);
    assert_true(run_ns(&engine) >= 60000000);
    assert_true(ed_clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns < 30000000);
    engine_close(&engine);
}

static void test_options(void **state) {
    const char *script = "{\"type\": \"edgedyno-script\", \"run\": {\"ns\": 10}}";
    struct engine engine;
    (void)state;
    engine_open(&engine, "");
    assert_int_equal(engine_load(&engine, script, "latency_ns=6000000", "cpu"), ED_OK);
    assert_true(run_ns(&engine) >= 6000000);
    assert_int_equal(engine_load(&engine, script, "latency_nn=6", "cpu"), ED_ERR_USAGE);
    assert_non_null(strstr(engine.err.message, "'latency_ns'"));
    assert_int_equal(engine_load(&engine, script, "latency_ns=x", "cpu"), ED_ERR_USAGE);
    assert_int_equal(engine_load(&engine, script, "fail=sgv", "cpu"), ED_ERR_USAGE);
    assert_int_equal(engine_load(&engine, script, "fail_at=1", "cpu"), ED_ERR_USAGE);
    assert_int_equal(engine_load(&engine, script, "fail=refuse", "cpu"), ED_OK);
    assert_int_equal(backend->run(engine.state, &engine.err), ED_ERR_REFUSED);
    assert_int_equal(backend->run(engine.state, &engine.err), ED_OK);
    engine_close(&engine);
}

static void test_memory(void **state) {
    struct engine engine;
    (void)state;
    script_put("weights.bin", "");
    assert_int_equal(truncate("weights.bin", 24 * MIB), 0);
    engine_open(&engine, "");
    long anon = status_kb("RssAnon"), file = status_kb("RssFile"), address = status_kb("VmSize");
    engine_load_ok(&engine, "{\"type\": \"edgedyno-script\", \"engine_memory\": {\"weights_bytes\": 77},"
                            " \"load\": {\"touch_bytes\": 33554432, \"touch_file\": \"weights.bin\", "
                            "\"touch_file_bytes\": 16777216},"
                            " \"run\": {\"touch_bytes\": 67108864, \"keep\": false}}");
    assert_in_range(status_kb("RssAnon") - anon, 32L * 1024, 34L * 1024);
    assert_in_range(status_kb("RssFile") - file, 16L * 1024, 18L * 1024);
    // The run's memory is gone again when it returns; what shows it is the peak.
    FILE *clear = fopen("/proc/self/clear_refs", "w");
    assert_non_null(clear);
    assert_true(fputs("5", clear) >= 0);
    assert_int_equal(fclose(clear), 0);
    run_ok(&engine);
    run_ok(&engine);
    assert_in_range(status_kb("RssAnon") - anon, 32L * 1024, 34L * 1024);
    assert_in_range(status_kb("VmHWM") - status_kb("VmRSS"), 62L * 1024, 66L * 1024);
    struct ed_engine_memory memory;
    assert_int_equal(backend->engine_memory(engine.state, &memory, &engine.err), ED_OK);
    assert_int_equal(memory.weights_bytes, 77);
    assert_int_equal(memory.kv_cache_bytes, -1);
    assert_int_equal(backend->unload(engine.state, &engine.err), ED_OK);
    assert_true(status_kb("RssAnon") - anon < 2L * 1024);
    assert_true(status_kb("VmSize") - address < 4L * 1024);
    // A file that is shorter than what is to be read would be a bus error: it is refused.
    assert_int_equal(engine_load(&engine,
                                 "{\"type\": \"edgedyno-script\", \"load\": {\"touch_file\": \"weights.bin\","
                                 " \"touch_file_bytes\": 33554432}}",
                                 NULL, "cpu"),
                     ED_ERR_USAGE);
    engine_close(&engine);
}

static void test_answers(void **state) {
    const char *format = "{\"type\": \"edgedyno-script\", \"output\": \"%s\", \"constant\": 2.5,"
                         " \"inputs\": [{\"name\": \"x\", \"shape\": [\"n\", 2]}],"
                         " \"outputs\": [{\"name\": \"y\", \"shape\": [\"n\", 3]}]}";
    float values[] = {1, 2, 3, 4}, first[6];
    char script[512];
    struct engine engine;
    (void)state;
    engine_open(&engine, "");
    struct ed_tensor input = tensor_f32(values, 2, 2);

    snprintf(script, sizeof script, format, "seeded");
    engine_load_ok(&engine, script);
    assert_int_equal(engine.io->inputs[0].shape[0], -1);
    assert_string_equal(engine.io->inputs[0].symbols[0], "n");
    assert_int_equal(engine.io->inputs[0].bytes, 0);
    struct ed_tensor output = answer(&engine, &input);
    assert_int_equal(output.shape[0], 2);
    assert_int_equal(output.bytes, sizeof first);
    memcpy(first, output.data, sizeof first);
    for (int i = 0; i < 6; i++)
        assert_true(first[i] >= 0 && first[i] < 1 && first[i] != first[(i + 1) % 6]);
    assert_memory_equal(answer(&engine, &input).data, first, sizeof first);
    values[3] = 5;
    assert_memory_not_equal(answer(&engine, &input).data, first, sizeof first);

    snprintf(script, sizeof script, format, "nondeterministic");
    engine_load_ok(&engine, script);
    memcpy(first, answer(&engine, &input).data, sizeof first);
    assert_memory_not_equal(answer(&engine, &input).data, first, sizeof first);

    snprintf(script, sizeof script, format, "echo");
    engine_load_ok(&engine, script);
    output = answer(&engine, &input);
    assert_memory_equal(output.data, values, sizeof values);

    snprintf(script, sizeof script, format, "constant");
    engine_load_ok(&engine, script);
    output = answer(&engine, &input);
    assert_true(((float *)output.data)[5] == 2.5f);

    struct ed_tensor bad = input;
    bad.shape[1] = 3;
    assert_int_equal(backend->bind(engine.state, &bad, 1, &engine.err), ED_ERR_USAGE);
    bad = input, bad.dtype = ED_DTYPE_I32;
    assert_int_equal(backend->bind(engine.state, &bad, 1, &engine.err), ED_ERR_USAGE);
    bad = input, bad.bytes--;
    assert_int_equal(backend->bind(engine.state, &bad, 1, &engine.err), ED_ERR_USAGE);
    assert_int_equal(backend->bind(engine.state, &input, 0, &engine.err), ED_ERR_USAGE);
    assert_int_equal(backend->run(engine.state, &engine.err), ED_ERR_INTERNAL);
    engine_close(&engine);
}

static void test_half_precision(void **state) {
    struct ed_tensor views[2];
    size_t n = 0;
    struct engine engine;
    (void)state;
    engine_open(&engine, "");
    engine_load_ok(
        &engine,
        "{\"type\": \"edgedyno-script\", \"output\": \"constant\", \"constant\": -3.5, \"outputs\": ["
        "{\"name\": \"h\", \"dtype\": \"float16\", \"shape\": [1]}, {\"name\": \"b\", \"dtype\": "
        "\"bfloat16\", \"shape\": [1]}]}");
    run_ok(&engine);
    assert_int_equal(backend->outputs(engine.state, views, 2, &n, &engine.err), ED_OK);
    assert_int_equal(n, 2);
    assert_int_equal(*(uint16_t *)views[0].data, 0xc300);
    assert_int_equal(*(uint16_t *)views[1].data, 0xc060);
    engine_close(&engine);
}

// The share of `samples` whose largest logit is not their label.
static double wrong_share(struct engine *engine, const char *share, int samples) {
    char script[512];
    float values[10];
    int wrong = 0;
    snprintf(script, sizeof script,
             "{\"type\": \"edgedyno-script\", \"argmax_wrong_share\": %s, \"inputs\": [{\"name\": \"x\", "
             "\"shape\": [5, 2]}],"
             " \"outputs\": [{\"name\": \"y\", \"shape\": [5, 10]}]}",
             share);
    engine_load_ok(engine, script);
    for (int i = 0; i < samples; i += 5) {
        float *at = values;
        for (int s = 0; s < 5; s++) {
            *at++ = (float)((i + s) % 10);
            *at++ = (float)(i + s) * 0.37f;
        }
        struct ed_tensor input = tensor_f32(values, 5, 2);
        const float *logits = answer(engine, &input).data;
        for (int s = 0; s < 5; s++) {
            const float *row = logits + (ptrdiff_t)s * 10;
            int best = 0;
            for (int c = 1; c < 10; c++)
                best = row[c] > row[best] ? c : best;
            wrong += best != (i + s) % 10;
        }
    }
    return (double)wrong / samples;
}

static void test_wrong_share(void **state) {
    struct engine engine;
    (void)state;
    engine_open(&engine, "");
    assert_true(wrong_share(&engine, "0", 1000) == 0);
    assert_true(wrong_share(&engine, "1", 1000) == 1);
    // Four standard deviations of 4000 independent draws are 0.019.
    assert_true(fabs(wrong_share(&engine, "0.1", 4000) - 0.1) < 0.019);
    engine_close(&engine);
}

static void test_evidence(void **state) {
    struct engine engine;
    struct ed_placement placement;
    struct ed_survey *survey = calloc(1, sizeof *survey);
    (void)state;
    assert_non_null(survey);
    engine_open(&engine, "");
    assert_int_equal(backend->survey(engine.state, survey, &engine.err), ED_OK);
    assert_int_equal(survey->n_rows, 3);
    assert_string_equal(survey->rows[2].backend, "npu");
    assert_int_equal(survey->rows[2].processor, ED_PROCESSOR_NPU);
    long threads = status_kb("Threads");
    engine_load_ok(&engine, "{\"type\": \"edgedyno-script\", \"threads\": 4, \"placement\": {\"unit\": "
                            "\"layer\", \"total\": 34, \"detail\": \"x\","
                            " \"places\": [{\"name\": \"X\", \"processor\": \"npu\", \"count\": 32, "
                            "\"operators\": \"Conv,Relu\"}]}}");
    assert_int_equal(status_kb("Threads") - threads, 3);
    assert_int_equal(backend->placement(engine.state, &placement, &engine.err), ED_OK);
    assert_true(placement.proven);
    assert_string_equal(placement.unit, "layer");
    assert_int_equal(placement.total, 34);
    assert_int_equal(placement.n_places, 1);
    assert_int_equal(placement.places[0].processor, ED_PROCESSOR_NPU);
    assert_int_equal(placement.places[0].count, 32);
    assert_string_equal(placement.places[0].operators, "Conv,Relu");
    assert_int_equal(backend->unload(engine.state, &engine.err), ED_OK);
    // A joined thread may be listed for a moment longer.
    int64_t deadline = ed_clock_monotonic_ns() + INT64_C(5000000000);
    while (status_kb("Threads") != threads && ed_clock_monotonic_ns() < deadline)
        usleep(1000);
    assert_int_equal(status_kb("Threads"), threads);
    engine_load_ok(&engine, "{\"type\": \"edgedyno-script\"}");
    assert_int_equal(backend->placement(engine.state, &placement, &engine.err), ED_OK);
    assert_false(placement.proven);
    assert_int_equal(engine_load(&engine, "{\"type\": \"edgedyno-script\"}", NULL, "tpu"), ED_ERR_NOT_FOUND);
    engine_close(&engine);
    free(survey);
}

static void test_engine_directory(void **state) {
    struct engine engine;
    struct ed_survey *survey = calloc(1, sizeof *survey);
    const char *plain = "{\"type\": \"edgedyno-script\"}";
    (void)state;
    assert_non_null(survey);
    assert_int_equal(mkdir("engine", 0700), 0);
    script_put(
        "engine/script.json",
        "{\"type\": \"edgedyno-script\", \"engine_version\": \"7.8\", \"open\": {\"ns\": 3000000}, "
        "\"survey\": ["
        "{\"backend\": \"gpu\", \"processor\": \"gpu\", \"simulated\": true, \"device_name\": \"G\"},"
        "{\"backend\": \"npu\", \"processor\": \"npu\", \"available\": false, \"reason\": \"no driver\"}]}");
    int64_t begin = ed_clock_raw_ns();
    engine_open(&engine, "engine");
    assert_true(ed_clock_raw_ns() - begin >= 3000000);
    assert_int_equal(backend->survey(engine.state, survey, &engine.err), ED_OK);
    assert_string_equal(survey->engine_version, "7.8");
    assert_int_equal(survey->n_rows, 2);
    assert_true(survey->rows[0].simulated && survey->rows[0].available && !survey->rows[1].available);
    assert_int_equal(engine_load(&engine, plain, NULL, "cpu"), ED_ERR_NOT_FOUND);
    assert_int_equal(engine_load(&engine, plain, NULL, "npu"), ED_ERR_REFUSED);
    assert_non_null(strstr(engine.err.message, "no driver"));
    assert_int_equal(engine_load(&engine, plain, NULL, "gpu"), ED_OK);
    engine_close(&engine);
    free(survey);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_scripts),    cmocka_unit_test(test_latency),
        cmocka_unit_test(test_options),          cmocka_unit_test(test_memory),
        cmocka_unit_test(test_answers),          cmocka_unit_test(test_half_precision),
        cmocka_unit_test(test_wrong_share),      cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_engine_directory), cmocka_unit_test(test_sleep),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
