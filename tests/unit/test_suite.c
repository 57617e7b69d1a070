// SPDX-License-Identifier: Apache-2.0
// Suites: whole files, lists of good and bad ones, limits, the tables of keys against parser and schema.
#include "tests/unit/suite_place.h"

#include "harness/suite_keys.h"

// -- whole suites

static void test_every_key_arrives(void **state) {
    const struct place *place = *state;
    struct ed_suite suite = {0};
    parse_good(
        place, &suite,
        "{\"name\": \"digits\", \"$schema\": \"x\", \"// note\": [],"
        "\"models\": [{\"name\": \"digits\", \"reference\": \"fp32\","
        "  \"variants\": [{\"name\": \"fp32\", \"file\": \"./a.onnx\"},"
        "                 {\"name\": \"int8\", \"files\": [\"b.onnx\", \"folder/a.onnx\"], \"how\": "
        "\"ptq\"}],"
        "  \"shapes\": {\"image\": [1, 1, 8, 9], \"mask\": [3]}, \"inputs\": {\"image\": \"x.npy\"},"
        "  \"tasks\": [{\"name\": \"held-out\", \"data\": {\"image\": \"x.npy\", \"mask\": \"y.npy\"},"
        "               \"labels\": \"y.npy\", \"metric\": \"top-5\", \"output\": \"logits\"},"
        "              {\"name\": \"one\", \"data\": \"x.npy\", \"labels\": \"y.npy\"}]},"
        "  {\"name\": \"other\", \"variants\": [" VARIANT "]}],"
        "\"on\": [\"onnxruntime@1.27.0/cpu\", \"null\"], \"devices\": [\"local\", \"pi*\"], \"threads\": [4, "
        "1],"
        "\"options\": {\"k\": \"v w\", \"e\": \"\"}, \"blocks\": 12, \"seed\": 9007199254740991, \"pin\": "
        "\"0,2-3\","
        "\"max_time\": \"2 min\", \"allow_fallback\": true, \"profile\": true, \"label\": {\"commit\": "
        "\"abc\"},"
        "\"block\": {\"min_time\": \"2 s\", \"max_time\": \"20 s\", \"min_inferences\": 7, \"inferences\": 8,"
        "            \"timeout\": \"30 s\"},"
        "\"require\": [\"latency_p90_ns <= 50 ms\", \"accuracy_drop <= 1 %\"]}");
    assert_string_equal(suite.name, "digits");
    assert_string_equal(suite.directory, place->folder);
    assert_int_equal(suite.n_models, 2);
    const struct ed_suite_model *model = &suite.models[0];
    assert_string_equal(model->name, "digits");
    assert_string_equal(model->reference, "fp32");
    assert_int_equal(model->n_variants, 2);
    assert_int_equal(model->variants[0].n_files, 1);
    assert_in_folder(place, model->variants[0].files[0], "a.onnx");
    assert_string_equal(model->variants[0].how, "");
    assert_string_equal(model->variants[1].name, "int8");
    assert_int_equal(model->variants[1].n_files, 2);
    assert_in_folder(place, model->variants[1].files[0], "b.onnx");
    assert_in_folder(place, model->variants[1].files[1], "folder/a.onnx");
    assert_string_equal(model->variants[1].how, "ptq");
    assert_int_equal(model->n_shapes, 2);
    assert_string_equal(model->shapes[0].input, "image");
    assert_int_equal(model->shapes[0].rank, 4);
    assert_int_equal(model->shapes[0].shape[3], 9);
    assert_string_equal(model->shapes[1].input, "mask");
    assert_int_equal(model->shapes[1].shape[0], 3);
    assert_int_equal(model->n_inputs, 1);
    assert_string_equal(model->inputs[0].input, "image");
    assert_in_folder(place, model->inputs[0].file, "x.npy");
    assert_int_equal(model->n_tasks, 2);
    assert_string_equal(model->tasks[0].name, "held-out");
    assert_int_equal(model->tasks[0].n_data, 2);
    assert_string_equal(model->tasks[0].data[1].input, "mask");
    assert_in_folder(place, model->tasks[0].data[1].file, "y.npy");
    assert_in_folder(place, model->tasks[0].labels, "y.npy");
    assert_string_equal(model->tasks[0].metric, "top-5");
    assert_string_equal(model->tasks[0].output, "logits");
    assert_int_equal(model->tasks[1].n_data, 1);
    assert_string_equal(model->tasks[1].data[0].input, "");
    assert_string_equal(model->tasks[1].metric, "top-1");
    assert_string_equal(model->tasks[1].output, "");
    assert_string_equal(suite.models[1].reference, "");
    assert_int_equal(suite.n_on, 2);
    assert_string_equal(suite.on[0], "onnxruntime@1.27.0/cpu");
    assert_int_equal(suite.n_devices, 2);
    assert_string_equal(suite.devices[1], "pi*");
    assert_int_equal(suite.n_threads, 2);
    assert_int_equal(suite.threads[0], 4);
    assert_int_equal(suite.threads[1], 1);
    assert_int_equal(suite.n_options, 2);
    assert_string_equal(suite.options[0].key, "k");
    assert_string_equal(suite.options[0].value, "v w");
    assert_string_equal(suite.options[1].value, "");
    assert_int_equal(suite.n_labels, 1);
    assert_string_equal(suite.labels[0].value, "abc");
    assert_int_equal(suite.blocks, 12);
    assert_int_equal(suite.seed, INT64_C(9007199254740991));
    assert_string_equal(suite.pin, "0,2-3");
    assert_int_equal(suite.max_time_ns, INT64_C(120000000000));
    assert_true(suite.allow_fallback);
    assert_true(suite.profile);
    assert_int_equal(suite.block_min_ns, INT64_C(2000000000));
    assert_int_equal(suite.block_max_ns, INT64_C(20000000000));
    assert_int_equal(suite.block_min_inferences, 7);
    assert_int_equal(suite.block_inferences, 8);
    assert_int_equal(suite.block_timeout_ns, INT64_C(30000000000));
    assert_int_equal(suite.n_requirements, 2);
    assert_int_equal(suite.requirements[0].field, ED_FIELD_latency_p90_ns);
    assert_int_equal(suite.requirements[0].limit, 50000000);
    assert_string_equal(suite.requirements[1].text, "accuracy_drop <= 1 %");
    ed_suite_release(&suite);
    assert_zero(&suite);
}

static void test_defaults(void **state) {
    const struct place *place = *state;
    struct ed_suite suite, fresh;
    ed_suite_init(&fresh);
    ed_suite_init(&suite);
    // Of an earlier suite nothing must stay.
    parse_good(place, &suite,
               "{" MODELS ", \"on\": [\"a\"], \"blocks\": 3, \"pin\": \"1\", \"threads\": \"1-8*2\"}");
    assert_int_equal(suite.n_threads, 4);
    assert_int_equal(suite.threads[3], 8);
    parse_good(place, &suite, "{" MODELS "}");
    assert_string_equal(suite.name, "s");
    assert_string_equal(suite.pin, "");
    assert_int_equal(suite.n_on + suite.n_devices + suite.n_threads + suite.n_options + suite.n_labels +
                         suite.n_requirements,
                     0);
    assert_int_equal(suite.blocks, 10);
    assert_int_equal(suite.seed, -1);
    assert_int_equal(suite.max_time_ns, 0);
    assert_false(suite.allow_fallback);
    assert_false(suite.profile);
    assert_int_equal(suite.block_min_ns, fresh.block_min_ns);
    assert_int_equal(suite.block_max_ns, INT64_C(10000000000));
    assert_int_equal(suite.block_min_inferences, 100);
    assert_int_equal(suite.block_inferences, 0);
    assert_int_equal(suite.block_timeout_ns, INT64_C(600000000000));
    ed_suite_release(&suite);
    ed_suite_release(&fresh);
}

static void test_load(void **state) {
    const struct place *place = *state;
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    struct ed_error err = {0};
    struct ed_suite suite = {0};
    assert_int_equal(ed_path_join(path, place->examples, "digits/suite.json", &err), ED_OK);
    if (ed_suite_load(&suite, path, &err))
        fail_msg("%s: %s", err.where, err.message);
    assert_string_equal(suite.name, "digits");
    assert_string_equal(suite.models[0].variants[1].how, "ptq");
    assert_int_equal(suite.n_requirements, 3);
    // A relative path of the suite; its files lie beside it, not in the working folder.
    file_write("folder/my suite.json", "{" MODELS "}");
    assert_int_equal(ed_suite_load(&suite, "folder/my suite.json", &err), ED_OK);
    assert_string_equal(suite.name, "my_suite");
    assert_int_equal(ed_path_real(folder, "folder", &err), ED_OK);
    assert_string_equal(suite.directory, folder);
    assert_string_equal(suite.models[0].variants[0].files[0] + strlen(folder), "/a.onnx");
    assert_int_equal(ed_suite_load(&suite, "none.json", &err), ED_ERR_NOT_FOUND);
    assert_non_null(strstr(err.where, "none.json"));
    assert_zero(&suite);
    assert_int_equal(ed_suite_load(&suite, "folder", &err), ED_ERR_IO);
    assert_int_equal(ed_suite_load(&suite, "pipe", &err), ED_ERR_IO);
    assert_zero(&suite);
}

// The lists that the schema is held against, too.
static void check_list(const struct place *place, const char *list, bool good) {
    char path[ED_PATH_BYTES], name[64];
    struct ed_error err = {0};
    struct ed_buffer text;
    size_t lines = 0;
    snprintf(name, sizeof name, "suites/%s.jsonl", list);
    assert_int_equal(ed_path_join(path, place->fixtures, name, &err), ED_OK);
    ed_buffer_init(&text, 1u << 20);
    assert_int_equal(ed_path_read(path, 1u << 20, &text, &err), ED_OK);
    for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        struct ed_suite suite = {0};
        enum ed_status status = parse(place, &suite, line, &err);
        if ((status == ED_OK) != good)
            fail_msg("%s: %s: %s", line, err.where, err.message);
        if (status) {
            assert_zero(&suite);
            assert_int_equal(status, err.code);
            assert_int_equal(strncmp(err.where, "s.json: /", 9), 0);
            assert_true(strlen(err.message) > 10);
        }
        ed_suite_release(&suite);
    }
    assert_true(lines > 20);
    ed_buffer_release(&text);
}

static void test_lists(void **state) {
    check_list(*state, "good", true);
    check_list(*state, "bad", false);
    check_list(*state, "meaning", false);
}

// -- limits

static void models_append(struct ed_buffer *text, size_t n, const char *file) {
    ed_buffer_text_append(text, "{\"models\": [");
    for (size_t i = 0; i < n; i++)
        ed_buffer_printf(text, "%s{\"name\": \"m%zu\", \"variants\": [{\"name\": \"v\", \"file\": \"%s\"}]}",
                         i ? "," : "", i, file);
    ed_buffer_text_append(text, "]}");
}

static void test_limits(void **state) {
    const struct place *place = *state;
    struct ed_suite suite = {0};
    struct ed_error err;
    struct ed_buffer text;
    ed_buffer_init(&text, 4u << 20);
    models_append(&text, 1000, "a.onnx");
    parse_good(place, &suite, ed_buffer_text(&text));
    assert_int_equal(suite.n_models, 1000);
    assert_string_equal(suite.models[999].name, "m999");
    assert_int_equal(ed_suite_add_model(&suite, "b.onnx", &err), ED_ERR_LIMIT);
    ed_buffer_clear(&text);
    models_append(&text, 1001, "a.onnx");
    assert_int_equal(parse(place, &suite, ed_buffer_text(&text), &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "1001 models; at most 1000"));

    for (size_t n = 64; n <= 65; n++) {
        ed_buffer_clear(&text);
        ed_buffer_text_append(&text, "{\"models\": [{\"name\": \"m\", \"variants\": [");
        for (size_t i = 0; i < n; i++)
            ed_buffer_printf(&text, "%s{\"name\": \"v%zu\", \"file\": \"a.onnx\"}", i ? "," : "", i);
        ed_buffer_text_append(&text, "]}]}");
        assert_int_equal(parse(place, &suite, ed_buffer_text(&text), &err), n == 64 ? ED_OK : ED_ERR_USAGE);
    }
    assert_non_null(strstr(err.message, "65 variants; at most 64"));

    ed_buffer_clear(&text);
    ed_buffer_text_append(&text, "{" MODELS "}");
    while (text.size < ED_SUITE_FILE_BYTES_MAX)
        ed_buffer_append(&text, " ", 1);
    parse_good(place, &suite, ed_buffer_text(&text));
    ed_buffer_append(&text, " ", 1);
    assert_int_equal(parse(place, &suite, ed_buffer_text(&text), &err), ED_ERR_LIMIT);
    file_write("large.json", ed_buffer_text(&text));
    assert_int_equal(ed_suite_load(&suite, "large.json", &err), ED_ERR_LIMIT);
    assert_zero(&suite);
    ed_buffer_release(&text);
}

// -- tables, parser and schema

// Checks every key of `object`; text before and behind make a whole suite of a member list of such an object.
static void keys_check(const struct place *place, const struct ed_json_at *schema,
                       const struct ed_suite_object *object, const char *before, const char *behind) {
    struct ed_json_at properties = ed_json_member(schema, "properties");
    struct ed_json_at additional = ed_json_member(schema, "additionalProperties");
    assert_int_equal(ed_json_count(&properties), object->n_keys);
    assert_true(cJSON_IsFalse(additional.value));
    for (size_t i = 0; i < object->n_keys; i++) {
        const struct ed_suite_key *key = &object->keys[i];
        struct ed_json_at property = ed_json_member(&properties, key->name);
        struct ed_json_at help = ed_json_member(&property, "description");
        struct ed_suite suite = {0};
        struct ed_error err;
        char text[1024], where[128];
        assert_non_null(property.value);
        assert_string_equal(cJSON_GetStringValue(help.value), key->help);
        // No key may be null, so that the parser fails at this key where it knows it.
        snprintf(text, sizeof text, "%s\"%s\": null%s", before, key->name, behind);
        assert_int_equal(parse(place, &suite, text, &err), ED_ERR_USAGE);
        snprintf(where, sizeof where, "/%s", key->name);
        if (strcmp(err.where + strlen(err.where) - strlen(where), where) != 0 ||
            strstr(err.message, "unknown key"))
            fail_msg("%s: %s: %s", text, err.where, err.message);
        snprintf(text, sizeof text, "%s\"%sx\": null%s", before, key->name, behind);
        assert_int_equal(parse(place, &suite, text, &err), ED_ERR_USAGE);
        assert_non_null(strstr(err.message, "unknown key"));
    }
    for (const cJSON *child = properties.value->child; child; child = child->next) {
        bool known = false;
        for (size_t i = 0; i < object->n_keys; i++)
            known = known || strcmp(object->keys[i].name, child->string) == 0;
        assert_true(known);
    }
    struct ed_json_at required = ed_json_member(schema, "required");
    size_t n_required = 0;
    for (size_t i = 0; i < object->n_keys; i++)
        n_required += object->keys[i].required;
    assert_int_equal(ed_json_count(&required), n_required);
}

static const struct ed_suite_object *object_of(const struct ed_suite_object *object, const char *name) {
    for (size_t i = 0; i < object->n_keys; i++)
        if (strcmp(object->keys[i].name, name) == 0)
            return object->keys[i].object;
    return NULL;
}

static void test_tables_parser_and_schema(void **state) {
    const struct place *place = *state;
    const struct ed_suite_object *root = ed_suite_object_root(), *model = object_of(root, "models");
    struct ed_json_document document;
    struct ed_error err = {0};
    struct ed_buffer text;
    ed_buffer_init(&text, 1u << 20);
    ed_suite_schema(&text);
    assert_int_equal(ed_buffer_status(&text, "schema", &err), ED_OK);
    assert_int_equal(ed_json_parse(&document, "schema", ed_buffer_text(&text), text.size, &err), ED_OK);
    struct ed_json_at schema = ed_json_root(&document), definitions = ed_json_member(&schema, "$defs");
    struct ed_json_at model_schema = ed_json_member(&definitions, "model"),
                      block = ed_json_member(&definitions, "block"),
                      variant = ed_json_member(&definitions, "variant"),
                      task = ed_json_member(&definitions, "task");
    assert_int_equal(ed_json_count(&definitions), 7);
    keys_check(place, &schema, root, "{", "}");
    struct ed_json_at gate = ed_json_member(&definitions, "gate"),
                      preprocess = ed_json_member(&definitions, "preprocess");
    keys_check(place, &preprocess, object_of(model, "preprocess"), "{\"models\": [{\"preprocess\": {",
               "}}]}");
    keys_check(place, &gate, object_of(root, "gate"), "{\"gate\": {", "}}");
    struct ed_json_at tune = ed_json_member(&definitions, "tune");
    keys_check(place, &tune, object_of(root, "tune"), "{\"tune\": {", "}}");
    keys_check(place, &block, object_of(root, "block"), "{\"block\": {", "}}");
    keys_check(place, &model_schema, model, "{\"models\": [{", "}]}");
    keys_check(place, &variant, object_of(model, "variants"), "{\"models\": [{\"variants\": [{\"//\": 1, ",
               "}]}]}");
    keys_check(place, &task, object_of(model, "tasks"), "{\"models\": [{\"tasks\": [{", "}]}]}");

    // A default that the schema tells is what the parser uses.
    struct ed_json_at properties = ed_json_member(&schema, "properties"),
                      blocks = ed_json_member(&properties, "blocks"),
                      seed = ed_json_member(&properties, "seed"),
                      block_properties = ed_json_member(&block, "properties"),
                      timeout = ed_json_member(&block_properties, "timeout");
    int64_t value = 0;
    assert_int_equal(ed_json_get_int(&blocks, "default", 0, 100, &value, &err), ED_OK);
    assert_int_equal(value, 10);
    assert_null(ed_json_member(&seed, "default").value);
    assert_int_equal(ed_json_opt_duration(&timeout, "default", &value, &err), ED_OK);
    assert_int_equal(value, INT64_C(600000000000));
    ed_json_document_release(&document);
    ed_buffer_release(&text);
}

static void test_names_as_in_base(void **state) {
    // The rule for names is that of ed_path_name_ok.
    char text[70];
    (void)state;
    for (int c = 1; c < 256; c++)
        for (int at = 0; at < 2; at++) {
            struct ed_error err = {0};
            snprintf(text, sizeof text, at ? "a%c" : "%cb", c);
            assert_int_equal(ed_suite_rule_check(ED_SUITE_RULE_NAME, text, &err) == ED_OK,
                             ed_path_name_ok(text));
        }
    for (size_t n = 0; n < 67; n++) {
        struct ed_error err = {0};
        memset(text, 'a', n);
        text[n] = '\0';
        assert_int_equal(ed_suite_rule_check(ED_SUITE_RULE_NAME, text, &err) == ED_OK, ed_path_name_ok(text));
    }
}

static void test_symlinks_stay(void **state) {
    const struct place *place = *state;
    struct ed_suite suite = {0};
    parse_good(
        place, &suite,
        "{\"models\": [{\"name\": \"m\", \"variants\": [{\"name\": \"v\", \"file\": \"link.onnx\"}]}]}");
    assert_in_folder(place, suite.models[0].variants[0].files[0], "link.onnx");
    ed_suite_release(&suite);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_arrives),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_tables_parser_and_schema),
        cmocka_unit_test(test_names_as_in_base),
        cmocka_unit_test(test_symlinks_stay),
    };
    return cmocka_run_group_tests(tests, place_make, place_remove);
}
