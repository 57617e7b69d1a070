// SPDX-License-Identifier: Apache-2.0
// Flags that add to a suite or override it.
#include "tests/unit/suite_place.h"

#define REFUSED(call, words)                                      \
    do {                                                          \
        struct ed_error refused_ = {0};                           \
        assert_int_not_equal((call), ED_OK);                      \
        if (!strstr(refused_.message, words))                     \
            fail_msg("%s: %s", refused_.where, refused_.message); \
    } while (0)

static void test_flag_models(void **state) {
    const struct place *place = *state;
    struct ed_suite suite;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    static const char *const given[] = {"a.onnx", "folder/a.onnx", "other/folder/a.onnx", "b.onnx"};
    static const char *const names[] = {"a", "folder-a", "folder-a-2", "b"};
    ed_suite_init(&suite);
    for (size_t i = 0; i < COUNT(given); i++) {
        assert_int_equal(ed_suite_add_model(&suite, given[i], &err), ED_OK);
        assert_int_equal(suite.n_models, i + 1);
        assert_string_equal(suite.models[i].name, names[i]);
        assert_string_equal(suite.models[i].reference, "");
        assert_int_equal(suite.models[i].n_variants, 1);
        assert_string_equal(suite.models[i].variants[0].name, "");
        assert_string_equal(suite.models[i].variants[0].how, "");
        assert_int_equal(suite.models[i].variants[0].n_files, 1);
        assert_in_folder(place, suite.models[i].variants[0].files[0], given[i]);
    }
    file_write("x 1.v2.gguf", "x");
    file_write(".hidden", "x");
    assert_int_equal(ed_path_join(path, place->folder, "x 1.v2.gguf", &err), ED_OK);
    assert_int_equal(ed_suite_add_model(&suite, path, &err), ED_OK);
    assert_string_equal(suite.models[4].name, "x_1.v2");
    assert_int_equal(ed_suite_add_model(&suite, ".hidden", &err), ED_OK);
    assert_string_equal(suite.models[5].name, "_hidden");
    // Long names are cut, and differ all the same.
    char file[128];
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%090d%d", 0, i);
        file_write(file, "x");
        assert_int_equal(ed_suite_add_model(&suite, file, &err), ED_OK);
        assert_true(ed_path_name_ok(suite.models[suite.n_models - 1].name));
    }
    assert_string_not_equal(suite.models[6].name, suite.models[7].name);
    REFUSED(ed_suite_add_model(&suite, "./a.onnx", &refused_), "twice");
    REFUSED(ed_suite_add_model(&suite, "none.onnx", &refused_), "there is no file");
    REFUSED(ed_suite_add_model(&suite, "folder", &refused_), "directory");
    REFUSED(ed_suite_add_model(&suite, "", &refused_), "empty");
    assert_int_equal(suite.n_models, 8);
    assert_string_equal(suite.name, "");
    assert_string_equal(suite.directory, "");
    ed_suite_release(&suite);
}

static void test_flag_lists(void **state) {
    struct ed_suite suite;
    struct ed_error err = {0};
    (void)state;
    ed_suite_init(&suite);
    assert_int_equal(ed_suite_set_on(&suite, "a,b@1*/c", &err), ED_OK);
    assert_int_equal(ed_suite_set_on(&suite, "c", &err), ED_OK);
    assert_int_equal(suite.n_on, 1);
    REFUSED(ed_suite_set_on(&suite, "d,d", &refused_), "twice");
    REFUSED(ed_suite_set_on(&suite, "d,,e", &refused_), "empty");
    REFUSED(ed_suite_set_on(&suite, "d,a b", &refused_), "NAME[@VERSION]");
    assert_int_equal(ed_suite_set_on(&suite, "d@", &err), ED_ERR_USAGE);
    assert_string_equal(err.where, "--on");
    assert_string_equal(suite.on[0], "c");
    assert_int_equal(ed_suite_set_devices(&suite, "local,pi?", &err), ED_OK);
    assert_int_equal(suite.n_devices, 2);
    REFUSED(ed_suite_set_devices(&suite, "-x", &refused_), "device selector");
    assert_string_equal(suite.devices[1], "pi?");
    assert_int_equal(ed_suite_set_threads(&suite, "1-8*2,3", &err), ED_OK);
    assert_int_equal(suite.n_threads, 5);
    assert_int_equal(suite.threads[4], 3);
    REFUSED(ed_suite_set_threads(&suite, "5000", &refused_), "4096");
    assert_int_equal(suite.n_threads, 5);
    ed_suite_release(&suite);
}

static void test_flag_pairs(void **state) {
    struct ed_suite suite;
    struct ed_error err = {0};
    char pair[64];
    (void)state;
    ed_suite_init(&suite);
    assert_int_equal(ed_suite_add_option(&suite, "k=a=b c", &err), ED_OK);
    assert_string_equal(suite.options[0].value, "a=b c");
    assert_int_equal(ed_suite_add_option(&suite, "l=", &err), ED_OK);
    assert_int_equal(ed_suite_add_option(&suite, "k=2", &err), ED_OK);
    assert_int_equal(suite.n_options, 2);
    assert_string_equal(suite.options[0].value, "2");
    REFUSED(ed_suite_add_option(&suite, "k", &refused_), "KEY=VALUE");
    REFUSED(ed_suite_add_option(&suite, "=v", &refused_), "the key");
    REFUSED(ed_suite_add_option(&suite, "k=\xff", &refused_), "control characters");
    for (size_t i = 2; i < ED_OPTIONS_GIVEN_MAX; i++) {
        snprintf(pair, sizeof pair, "key%zu=1", i);
        assert_int_equal(ed_suite_add_option(&suite, pair, &err), ED_OK);
    }
    REFUSED(ed_suite_add_option(&suite, "more=1", &refused_), "more than 64");
    assert_int_equal(ed_suite_add_option(&suite, "k=3", &err), ED_OK);
    assert_int_equal(suite.n_options, ED_OPTIONS_GIVEN_MAX);
    assert_int_equal(ed_suite_add_label(&suite, "commit=abc", &err), ED_OK);
    REFUSED(ed_suite_add_label(&suite, "commit=", &refused_), "empty");
    REFUSED(ed_suite_add_label(&suite, "a=b c", &refused_), "without spaces");
    assert_string_equal(suite.labels[0].value, "abc");
    assert_int_equal(ed_suite_add_requirement(&suite, "latency_p90_ns <= 5 ms", &err), ED_OK);
    assert_int_equal(ed_suite_add_requirement(&suite, " latency_p90_ns <= 5 ms ", &err), ED_OK);
    assert_int_equal(ed_suite_add_requirement(&suite, "blocks >= 10", &err), ED_OK);
    assert_int_equal(suite.n_requirements, 2);
    assert_int_equal(suite.requirements[0].limit, 5000000);
    REFUSED(ed_suite_add_requirement(&suite, "blocks ~ 10", &refused_), "KEY OP VALUE");
    assert_int_equal(suite.n_requirements, 2);
    ed_suite_release(&suite);
}

static void test_flag_shapes_and_inputs(void **state) {
    const struct place *place = *state;
    struct ed_suite suite;
    struct ed_error err = {0};
    ed_suite_init(&suite);
    REFUSED(ed_suite_add_shape(&suite, "1,2", &refused_), "no model");
    REFUSED(ed_suite_add_input(&suite, "x.npy", &refused_), "no model");
    assert_int_equal(ed_suite_add_model(&suite, "a.onnx", &err), ED_OK);
    assert_int_equal(ed_suite_add_model(&suite, "b.onnx", &err), ED_OK);
    assert_int_equal(ed_suite_add_shape(&suite, "1,1,8,8", &err), ED_OK);
    assert_int_equal(ed_suite_add_input(&suite, "x.npy", &err), ED_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(suite.models[i].n_shapes, 1);
        assert_string_equal(suite.models[i].shapes[0].input, "");
        assert_int_equal(suite.models[i].shapes[0].rank, 4);
        assert_int_equal(suite.models[i].shapes[0].shape[1], 1);
        assert_int_equal(suite.models[i].shapes[0].shape[3], 8);
        assert_in_folder(place, suite.models[i].inputs[0].file, "x.npy");
    }
    REFUSED(ed_suite_add_shape(&suite, "image=1,2", &refused_), "each time");
    REFUSED(ed_suite_add_input(&suite, "image=y.npy", &refused_), "each time");
    assert_int_equal(ed_suite_add_shape(&suite, "2", &err), ED_OK);
    assert_int_equal(suite.models[1].shapes[0].rank, 1);
    REFUSED(ed_suite_add_shape(&suite, "1,2x", &refused_), "2x");
    REFUSED(ed_suite_add_shape(&suite, "0", &refused_), "from 1");
    REFUSED(ed_suite_add_shape(&suite, "1,1,1,1,1,1,1,1,1", &refused_), "9 sizes");
    REFUSED(ed_suite_add_shape(&suite, "1099511627776,1099511627776", &refused_), "memory");
    REFUSED(ed_suite_add_shape(&suite, "=1", &refused_), "before the '='");
    REFUSED(ed_suite_add_input(&suite, "z.npy", &refused_), "there is no file");
    ed_suite_release(&suite);

    // Over a suite's own: the same input is replaced, another is added.
    parse_good(place, &suite,
               "{\"models\": [{\"name\": \"m\", \"variants\": [" VARIANT "], \"shapes\": {\"image\": [1, 2]},"
               " \"inputs\": {\"image\": \"x.npy\"}}]}");
    assert_int_equal(ed_suite_add_shape(&suite, "image=3,4,5", &err), ED_OK);
    assert_int_equal(suite.models[0].n_shapes, 1);
    assert_int_equal(suite.models[0].shapes[0].rank, 3);
    assert_int_equal(ed_suite_add_shape(&suite, "7", &err), ED_OK);
    assert_string_equal(suite.models[0].shapes[0].input, "image");
    assert_int_equal(suite.models[0].shapes[0].shape[0], 7);
    assert_int_equal(ed_suite_add_shape(&suite, "mask=6", &err), ED_OK);
    assert_int_equal(suite.models[0].n_shapes, 2);
    REFUSED(ed_suite_add_shape(&suite, "8", &refused_), "several inputs");
    assert_int_equal(ed_suite_add_input(&suite, "image=y.npy", &err), ED_OK);
    assert_int_equal(suite.models[0].n_inputs, 1);
    assert_in_folder(place, suite.models[0].inputs[0].file, "y.npy");
    assert_int_equal(ed_suite_add_input(&suite, "mask=x.npy", &err), ED_OK);
    assert_string_equal(suite.models[0].inputs[1].input, "mask");
    ed_suite_release(&suite);
}

static void test_flag_scenarios(void **state) {
    struct ed_suite suite;
    struct ed_error err = {0};
    (void)state;
    ed_suite_init(&suite);
    assert_int_equal(ed_suite_scenarios_check(&suite, &err), ED_OK);
    assert_int_equal(ed_suite_add_scenarios(&suite, "single-stream,fixed-rate:50/s,poisson:0.5", &err),
                     ED_OK);
    assert_int_equal(ed_suite_add_scenarios(&suite, "offline:64,sustained:10min", &err), ED_OK);
    assert_int_equal(suite.n_scenarios, 5);
    assert_int_equal(suite.scenarios[0].scenario, ED_SCENARIO_SINGLE_STREAM);
    assert_true(suite.scenarios[1].rate_per_s == 50 && suite.scenarios[2].rate_per_s == 0.5);
    assert_int_equal(suite.scenarios[3].streams, 64);
    assert_int_equal(suite.scenarios[4].duration_ns, INT64_C(600000000000));
    assert_int_equal(ed_suite_scenarios_check(&suite, &err), ED_OK);
    REFUSED(ed_suite_add_scenarios(&suite, "offline:64", &refused_), "twice");
    REFUSED(ed_suite_add_scenarios(&suite, "sustaned:5s", &refused_), "did you mean sustained?");
    REFUSED(ed_suite_add_scenarios(&suite, "", &refused_), "empty");
    REFUSED(ed_suite_add_scenarios(&suite, ":5", &refused_), "no scenario");
    REFUSED(ed_suite_add_scenarios(&suite, "offline:", &refused_), "1 to 64");
    REFUSED(ed_suite_add_scenarios(&suite, "offline:0", &refused_), "1 to 64");
    REFUSED(ed_suite_add_scenarios(&suite, "offline:99999999999999999999", &refused_), "1 to 64");
    REFUSED(ed_suite_add_scenarios(&suite, "sustained:0.5s", &refused_), "1 s to 24 h");
    REFUSED(ed_suite_add_scenarios(&suite, "sustained:25h", &refused_), "1 s to 24 h");
    REFUSED(ed_suite_add_scenarios(&suite, "poisson:1000001", &refused_), "up to 1000000");
    REFUSED(ed_suite_add_scenarios(&suite, "poisson:-1", &refused_), "above 0");
    REFUSED(ed_suite_add_scenarios(&suite, "poisson:inf/s", &refused_), "no rate");
    REFUSED(ed_suite_add_scenarios(&suite, "poisson:5/min", &refused_), "no rate");
    assert_int_equal(suite.n_scenarios, 5);
    // Rates are for those that have none of their own.
    assert_int_equal(ed_suite_set_rates(&suite, "50,100/s", &err), ED_OK);
    REFUSED(ed_suite_set_rates(&suite, "5,5/s", &refused_), "twice");
    assert_int_equal(suite.n_rates, 2);
    REFUSED(ed_suite_scenarios_check(&suite, &refused_), "has a rate already");
    assert_int_equal(ed_suite_add_scenarios(&suite, "poisson", &err), ED_OK);
    assert_int_equal(ed_suite_scenarios_check(&suite, &err), ED_OK);
    suite.n_rates = 0;
    REFUSED(ed_suite_scenarios_check(&suite, &refused_), "--rate 50,100");
    suite.n_scenarios = 5;
    suite.gate.active = true;
    REFUSED(ed_suite_scenarios_check(&suite, &refused_), "edgedyno run");
    ed_suite_release(&suite);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flag_models),    cmocka_unit_test(test_flag_lists),
        cmocka_unit_test(test_flag_pairs),     cmocka_unit_test(test_flag_shapes_and_inputs),
        cmocka_unit_test(test_flag_scenarios),
    };
    return cmocka_run_group_tests(tests, place_make, place_remove);
}
