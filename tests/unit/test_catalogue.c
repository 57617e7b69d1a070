// SPDX-License-Identifier: Apache-2.0
// devices/catalogue: the manifests inside the program, and what is wrong with others.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/catalogue.h"

#define HEAD "\"name\":\"e\",\"summary\":\"s\",\"abi\":2,\"needs_model\":true,"
#define REST "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],\"options\":[]"

static enum ed_status parse(struct ed_catalogue *catalogue, const char *text, struct ed_error *err) {
    return ed_catalogue_parse(catalogue, "test", text, strlen(text), err);
}

static void test_built_in(void **state) {
    struct ed_catalogue catalogue;
    struct ed_error err = {0};
    const struct ed_manifest *ort, *null;
    const struct ed_option *option = NULL;
    (void)state;
    assert_int_equal(ed_catalogue_load(&catalogue, &err), ED_OK);
    ort = ed_catalogue_find(&catalogue, "onnxruntime");
    null = ed_catalogue_find(&catalogue, "null");
    assert_non_null(ort);
    assert_non_null(null);
    assert_null(ed_catalogue_find(&catalogue, "nul"));
    assert_true(ort->needs_model);
    assert_false(null->needs_model);
    assert_string_equal(null->library, "");
    assert_string_equal(ort->library, "libonnxruntime.so*");
    assert_int_equal(ed_manifest_find_backend(ort, "cpu")->processor, ED_PROCESSOR_CPU);
    assert_int_equal(ed_manifest_find_backend(ort, "qnn")->processor, ED_PROCESSOR_NPU);
    assert_null(ed_manifest_find_backend(ort, "CPU"));
    assert_ptr_equal(ed_catalogue_for_file(&catalogue, "models.d/a.b.onnx"), ort);
    assert_ptr_equal(ed_catalogue_for_file(&catalogue, "A.ONNX"), ort);
    assert_null(ed_catalogue_for_file(&catalogue, "a.onnx/readme"));
    assert_null(ed_catalogue_for_file(&catalogue, ".onnx"));
    assert_null(ed_catalogue_for_file(&catalogue, ""));
    for (size_t i = 0; i < ort->n_options; i++)
        if (strcmp(ort->options[i].name, "graph_optimization") == 0)
            option = &ort->options[i];
    assert_non_null(option);
    assert_int_equal(option->type, ED_OPTION_WORD);
    assert_string_equal(option->words, "disable|basic|extended|all");
    assert_string_equal(option->fallback, "all");
    assert_string_equal(option->unit, "");
    ed_catalogue_release(&catalogue);
    ed_catalogue_release(&catalogue);
    assert_int_equal(catalogue.n, 0);
}

static void test_single_manifest(void **state) {
    struct ed_catalogue catalogue;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(
        parse(&catalogue,
              "{" HEAD
              "\"environment\":[\"A=1\",\"B=\"],\"network\":true,\"libc_floor\":\"\",\"formats\":[\".x\"],"
              "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}],"
              "\"options\":[{\"name\":\"n\",\"type\":\"int\",\"min\":-1,\"max\":8,\"help\":\"h\"}]}",
              &err),
        ED_OK);
    assert_int_equal(catalogue.n, 1);
    assert_string_equal(catalogue.manifests[0].environment[1], "B=");
    assert_null(catalogue.manifests[0].environment[2]);
    assert_true(catalogue.manifests[0].network);
    assert_true(catalogue.manifests[0].options[0].min == -1 && catalogue.manifests[0].options[0].max == 8);
    ed_catalogue_release(&catalogue);
    assert_int_equal(parse(&catalogue, "[]", &err), ED_OK);
    assert_int_equal(catalogue.n, 0);
    ed_catalogue_release(&catalogue);
}

static void test_refusals(void **state) {
    static const struct {
        const char *text;
        enum ed_status status;
        const char *where, *message;
    } rows[] = {
        {"3", ED_ERR_USAGE, "test: /", "array"},
        {"[{]", ED_ERR_PARSE, "test:1:3", ""},
        {"[{" HEAD REST ",\"librarie\":\"x\"}]", ED_ERR_USAGE, "/0/librarie", "library"},
        {"[{" HEAD "\"options\":[]}]", ED_ERR_USAGE, "/0/backends", "array"},
        {"[{" HEAD "\"options\":[],\"backends\":[]}]", ED_ERR_USAGE, "/0/backends", "1 to"},
        {"[{" HEAD "\"options\":[],\"backends\":[{\"name\":\"cpu\",\"processor\":\"tpu\"}]}]", ED_ERR_USAGE,
         "/0/backends/0", "npu"},
        {"[{" HEAD "\"options\":[],\"backends\":[{\"name\":\"../x\",\"processor\":\"cpu\"}]}]", ED_ERR_USAGE,
         "/0/backends/0", "not a name"},
        {"[{" HEAD "\"options\":[{\"name\":\"a\",\"type\":\"integer\",\"help\":\"h\"}],"
         "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}]}]",
         ED_ERR_USAGE, "/0/options/0/type", "no type"},
        {"[{" HEAD "\"options\":[{\"name\":\"a\",\"type\":\"int\",\"words\":\"a|b\",\"help\":\"h\"}],"
         "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}]}]",
         ED_ERR_USAGE, "/0/options/0", "words"},
        {"[{" HEAD "\"options\":[{\"name\":\"a\",\"type\":\"int\",\"min\":2,\"max\":1,\"help\":\"h\"}],"
         "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}]}]",
         ED_ERR_USAGE, "/0/options/0", "min"},
        {"[{" HEAD "\"options\":[{\"name\":\"a\",\"type\":\"int\",\"help\":\"h\"},{\"name\":\"a\",\"type\":"
         "\"int\",\"help\":\"h\"}],"
         "\"backends\":[{\"name\":\"cpu\",\"processor\":\"cpu\"}]}]",
         ED_ERR_USAGE, "/0/options/1", "twice"},
        {"[{" HEAD REST "},{" HEAD REST "}]", ED_ERR_USAGE, "/1", "twice"},
        {"[{" HEAD REST ",\"formats\":[\"onnx\"]}]", ED_ERR_USAGE, "/0/formats/0", "ending"},
        {"[{" HEAD REST ",\"environment\":[\"=x\"]}]", ED_ERR_USAGE, "/0/environment/0", "NAME=VALUE"},
        {"[{\"name\":\"e\",\"summary\":\"s\",\"abi\":1,\"needs_model\":true," REST "}]", ED_ERR_VERSION, "e",
         "abi"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_catalogue catalogue;
        struct ed_error err = {0};
        assert_int_equal(parse(&catalogue, rows[i].text, &err), rows[i].status);
        assert_non_null(strstr(err.where, rows[i].where));
        assert_non_null(strstr(err.message, rows[i].message));
        assert_int_equal(catalogue.n, 0);
        assert_null(catalogue.manifests);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_single_manifest),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
