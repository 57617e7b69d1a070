// SPDX-License-Identifier: Apache-2.0
// Parsing of jobs: what is right is read as it was written, and written again for the worker; what is wrong
// in any one place is refused with words that name the place, and never more than that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/path.h"
#include "runners/job.h"

static char *good; // tests/runner/good_job.json without white space
static size_t good_bytes;

static int read_good(void **state) {
    struct ed_json_document document;
    (void)state;
    if (ed_json_parse_file(&document, ED_SOURCE_DIR "/tests/runner/good_job.json", 1 << 20, NULL) != ED_OK)
        return -1;
    good = cJSON_PrintUnformatted(document.root);
    good_bytes = good ? strlen(good) : 0;
    ed_json_document_release(&document);
    return good ? 0 : -1;
}

static int free_good(void **state) {
    (void)state;
    cJSON_free(good);
    return 0;
}

static void parse(struct ed_job *job, const char *text) {
    struct ed_error err = {0};
    if (ed_job_parse(job, "job", text, strlen(text), &err) != ED_OK)
        fail_msg("%s: %s", err.where, err.message);
}

static void test_good(void **state) {
    struct ed_job job;
    (void)state;
    parse(&job, good);
    assert_string_equal(job.id, "j-1");
    assert_string_equal(job.campaign, "c.2");
    assert_int_equal(job.max_ns, 5000000000);
    assert_int_equal(job.n_engines, 2);
    assert_int_equal(job.engines[0].n_environment, 2);
    assert_string_equal(job.engines[0].environment[0], "A=b=c");
    assert_string_equal(job.engines[0].libc_loader, "ld-linux-x86-64.so.2");
    assert_string_equal(job.engines[1].libc_directory, "");
    assert_string_equal(job.engines[1].directory, "");
    assert_int_equal(job.models[0].n, 2);
    assert_string_equal(job.models[0].items[1].path, "/m/one.bin");
    const struct ed_job_case *c = &job.cases[0];
    assert_int_equal(c->model, 1);
    assert_int_equal(c->threads, 4);
    assert_true(c->allow_fallback);
    assert_string_equal(c->pin, "0,2-3");
    assert_int_equal(c->n_options, 2);
    assert_string_equal(c->options[1].value, "");
    assert_int_equal(c->shapes[0].rank, 3);
    assert_int_equal(c->shapes[0].shape[2], 224);
    assert_string_equal(c->shapes[1].input, "");
    assert_int_equal(job.cases[1].data, -1);
    assert_string_equal(job.cases[1].pin, "");
    assert_int_equal(job.blocks[0].pass, ED_PASS_KIND_ACCURACY);
    assert_int_equal(job.blocks[0].max_samples, 13);
    // What is not given: 100 inferences and 1 s, at most 10 s.
    assert_int_equal(job.blocks[2].min_inferences, 100);
    assert_int_equal(job.blocks[2].min_ns, 1000000000);
    assert_int_equal(job.blocks[2].max_ns, 10000000000);
    assert_int_equal(job.blocks[2].repetition, 1);
    ed_job_release(&job);
    ed_job_release(&job);
}

// The worker's job is the block, its case and what that stands on, whatever the indices were.
static void test_block_written(void **state) {
    struct ed_job job, again;
    struct ed_buffer text;
    struct ed_error err = {0};
    (void)state;
    parse(&job, good);
    ed_buffer_init(&text, ED_WIRE_JOB_MAX_BYTES);
    for (size_t i = 0; i < job.n_blocks; i++) {
        assert_int_equal(ed_job_write_block(&job, i, &text, &err), ED_OK);
        parse(&again, ed_buffer_text(&text));
        const struct ed_job_case *c = &job.cases[job.blocks[i].case_index], *d = &again.cases[0];
        assert_true(again.n_engines == 1 && again.n_cases == 1 && again.n_blocks == 1);
        assert_string_equal(again.engines[0].adapter.path, job.engines[c->engine].adapter.path);
        assert_string_equal(again.engines[0].library, job.engines[c->engine].library);
        assert_string_equal(again.engines[0].libc_directory, job.engines[c->engine].libc_directory);
        assert_string_equal(again.engines[0].libc_loader, job.engines[c->engine].libc_loader);
        assert_string_equal(again.engines[0].libc_version, job.engines[c->engine].libc_version);
        assert_int_equal(again.n_models, c->model >= 0);
        if (c->model >= 0)
            assert_string_equal(again.models[d->model].items[0].path, job.models[c->model].items[0].path);
        assert_int_equal(d->data, c->data);
        assert_string_equal(d->backend, c->backend);
        assert_string_equal(d->pin, c->pin);
        assert_int_equal(d->threads, c->threads);
        assert_int_equal(d->allow_fallback, c->allow_fallback);
        assert_int_equal(d->n_options, c->n_options);
        for (size_t k = 0; k < c->n_options; k++) {
            assert_string_equal(d->options[k].key, c->options[k].key);
            assert_string_equal(d->options[k].value, c->options[k].value);
        }
        assert_int_equal(d->n_shapes, c->n_shapes);
        for (size_t k = 0; k < c->n_shapes; k++) {
            assert_string_equal(d->shapes[k].input, c->shapes[k].input);
            assert_memory_equal(d->shapes[k].shape, c->shapes[k].shape, sizeof c->shapes[k].shape);
        }
        assert_int_equal(d->n_inputs, c->n_inputs);
        // Every number of the block, but the index of its case.
        struct ed_job_block block = again.blocks[0];
        assert_string_equal(block.id, job.blocks[i].id);
        block.id = job.blocks[i].id;
        block.case_index = job.blocks[i].case_index;
        assert_memory_equal(&block, &job.blocks[i], sizeof block);
        ed_job_release(&again);
    }
    ed_buffer_release(&text);
    ed_job_release(&job);
}

static void refuse(const char *text, enum ed_status status, const char *words) {
    struct ed_job job;
    struct ed_error err = {0};
    enum ed_status got = ed_job_parse(&job, "job", text, strlen(text), &err);
    if (got == ED_OK)
        fail_msg("accepted, though it should say '%s': %.600s", words, text);
    if (got != status || (!strstr(err.where, words) && !strstr(err.message, words)))
        fail_msg("expected %s and '%s', got %s at %s: %s", ed_status_word(status), words, ed_status_word(got),
                 err.where, err.message);
    assert_true(err.message[0]);
    assert_null(job.document.root);
}

// `from` in the good job replaced by `to` once.
static void refuse_with(const char *from, const char *to, enum ed_status status, const char *words) {
    char text[8192];
    assert_true(good_bytes + strlen(to) < sizeof text);
    const char *at = strstr(good, from);
    if (!at)
        fail_msg("'%s' is not in the job", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    refuse(text, status, words);
}

static void test_values(void **state) {
    static const struct {
        const char *from, *to, *words;
    } wrong[] = {
        {"\"job\":\"j-1\"", "\"job\":\"a/b\"", "/job"},
        {"\"job\":\"j-1\"", "\"job\":\"..\"", "/job"},
        {"\"job\":\"j-1\"", "\"job\":\"-x\"", "/job"},
        {"\"job\":\"j-1\"", "\"job\":\"\"", "/job"},
        {"\"job\":\"j-1\"", "\"job\":\"x\\ny\"", "/job"},
        {"\"job\":\"j-1\"", "\"job\":\"12345678901234567890123456789012345678901234567890123456789012345\"",
         "/job"},
        {"\"id\":\"b-1\"", "\"id\":\"../b\"", "/blocks/0/id"},
        {"\"id\":\"k\"", "\"id\":\"k k\"", "/cases/0/id"},
        {"\"engine\":0", "\"engine\":2", "/cases/0/engine"},
        {"\"engine\":0", "\"engine\":-1", "/cases/0/engine"},
        {"\"engine\":0", "\"engine\":0.5", "/cases/0/engine"},
        {"\"model\":1,", "\"model\":2,", "/cases/0/model"},
        {"\"model\":1,", "\"model\":-2,", "/cases/0/model"},
        {"\"data\":0}", "\"data\":1}", "/cases/0/data"},
        {"\"case\":0", "\"case\":2", "/blocks/0/case"},
        {"\"case\":0", "\"case\":1e300", "/blocks/0/case"},
        {"\"case\":0,\"pass\":\"accuracy\"", "\"case\":1,\"pass\":\"accuracy\"", "needs a case with data"},
        {"\"pass\":\"accuracy\"", "\"pass\":\"speed\"", "'speed' is not a pass"},
        {"\"threads\":4", "\"threads\":-1", "/cases/0/threads"},
        {"\"threads\":4", "\"threads\":4097", "/cases/0/threads"},
        {"\"allow_fallback\":true", "\"allow_fallback\":1", "/cases/0/allow_fallback"},
        {"\"shape\":[1,3,224]", "\"shape\":[1,0,224]", "/cases/0/shapes/0/shape/1"},
        {"\"shape\":[1,3,224]", "\"shape\":[1,2,3,4,5,6,7,8,9]", "9 dimensions"},
        {"\"shape\":[1,3,224]", "\"shape\":7", "/cases/0/shapes/0/shape"},
        {"\"path\":\"/m/two\"", "\"path\":\"m/two\"", "/models/1/files/0/path"},
        {"\"bytes\":5", "\"bytes\":-5", "bytes"},
        {"\"sha256\":\"0", "\"sha256\":\"G", "sha256"},
        {"\"sha256\":\"0", "\"sha256\":\"", "sha256"},
        {"\"A=b=c\"", "\"nothing\"", "NAME=VALUE"},
        {"\"A=b=c\"", "\"=b\"", "NAME=VALUE"},
        {"\"directory\":\"/engines/e\"", "\"directory\":\"engines/e\"", "/engines/0/directory"},
        {"\"max_samples\":13", "\"max_samples\":1000001", "/blocks/0/max_samples"},
        {"\"max_samples\":13", "\"max_samples\":0", "/blocks/0/max_samples"},
        {"\"inferences\":1000000", "\"inferences\":1000001", "/blocks/1/inferences"},
        {"\"timeout_ns\":14", "\"timeout_ns\":0", "/blocks/0/timeout_ns"},
        {"\"seed\":7", "\"seed\":-7", "/blocks/0/seed"},
        {"\"max_ns\":5000000000", "\"max_ns\":-1", "/max_ns"},
        {"\"backend\":\"cpu\"", "\"backend\":\"\"", "/cases/0/backend"},
        {"\"backend\":\"cpu\",\"threads\"", "\"threads\"", "backend"},
        {"\"type\":\"job\"", "\"type\":\"block\"", "type job"},
        {",\"wire\":\"1.0\"", "", "wire"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse_with(wrong[i].from, wrong[i].to, ED_ERR_USAGE, wrong[i].words);
    refuse_with("\"wire\":\"1.0\"", "\"wire\":\"2.0\"", ED_ERR_VERSION, "2.0");
    refuse_with("\"wire\":\"1.0\"", "\"wire\":\"0.9\"", ED_ERR_VERSION, "0.9");
    refuse_with("\"wire\":\"1.0\"", "\"wire\":\"1x\"", ED_ERR_VERSION, "1x");
    refuse("{\"type\":\"job\",\"wire\":\"1.0\",\"job\":\"j\",\"campaign\":\"c\",\"blocks\":[]}", ED_ERR_USAGE,
           "at least one block");
    // A minor version of tomorrow, and a key of tomorrow.
    struct ed_job job;
    char text[8192];
    snprintf(text, sizeof text, "{\"tomorrow\":[1,{}],%s", good + 1);
    *strstr(text, "1.0") = '1';
    strstr(text, "\"wire\":\"1.0")[10] = '7';
    parse(&job, text);
    ed_job_release(&job);
}

static void test_counts(void **state) {
    struct ed_buffer text;
    struct ed_job job;
    struct ed_error err = {0};
    (void)state;
    for (int more = 0; more < 2; more++) {
        ed_buffer_init(&text, 32 << 20);
        ed_buffer_printf(&text, "%.*s\"blocks\":[", (int)(strstr(good, "\"blocks\"") - good), good);
        for (size_t i = 0; i < ED_WIRE_BLOCKS_MAX + (size_t)more; i++)
            ed_buffer_printf(&text, "%s{\"id\":\"b%zu\",\"case\":1,\"pass\":\"timing\"}", i ? "," : "", i);
        ed_buffer_text_append(&text, "]}");
        assert_int_equal(ed_buffer_status(&text, "", NULL), ED_OK);
        if (more) {
            refuse(ed_buffer_text(&text), ED_ERR_USAGE, "100001 elements; at most 100000");
        } else {
            if (ed_job_parse(&job, "job", ed_buffer_text(&text), text.size, &err) != ED_OK)
                fail_msg("%s: %s", err.where, err.message);
            assert_int_equal(job.n_blocks, ED_WIRE_BLOCKS_MAX);
            assert_string_equal(job.blocks[99999].id, "b99999");
            ed_job_release(&job);
        }
        ed_buffer_release(&text);
    }
    // 65 options, 65 inputs, 65 variables.
    static const struct {
        const char *from, *to, *item, *words;
    } lists[] = {
        {"\"options\":[", "", "{\"key\":\"k\"},", "/cases/0/options"},
        {"\"shapes\":[", "", "{\"shape\":[1]},", "/cases/0/shapes"},
        {"\"environment\":[", "", "\"A=b\",", "/engines/0/environment"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char to[2048];
        size_t used = (size_t)snprintf(to, sizeof to, "%s", lists[i].from);
        for (int k = 0; k < 65; k++)
            used += (size_t)snprintf(to + used, sizeof to - used, "%s", lists[i].item);
        refuse_with(lists[i].from, to, ED_ERR_USAGE, lists[i].words);
    }
    char *large = malloc(ED_WIRE_JOB_MAX_BYTES + 2);
    assert_non_null(large);
    memset(large, ' ', ED_WIRE_JOB_MAX_BYTES + 1);
    large[ED_WIRE_JOB_MAX_BYTES + 1] = 0;
    refuse(large, ED_ERR_LIMIT, "at most 16777216");
    memset(large, '[', 1 << 20);
    large[1 << 20] = 0;
    refuse(large, ED_ERR_LIMIT, "nested");
    free(large);
}

// What parsing promises of a job that it accepts.
static void check_invariants(const struct ed_job *job) {
    assert_true(ed_path_name_ok(job->id) && ed_path_name_ok(job->campaign) && job->max_ns >= 0 &&
                job->n_blocks > 0);
    for (size_t i = 0; i < job->n_engines; i++) {
        const struct ed_job_engine *engine = &job->engines[i];
        assert_true(engine->adapter.path[0] == '/' && ed_digest_ok(engine->adapter.sha256) &&
                    engine->adapter.bytes >= 0);
        assert_true(!engine->directory[0] || engine->directory[0] == '/');
        assert_true(!engine->library[0] || engine->library[0] == '/');
        assert_true(!engine->libc_directory[0] == !engine->libc_loader[0] &&
                    (!engine->libc_directory[0] || engine->libc_directory[0] == '/') &&
                    (!engine->libc_loader[0] || ed_path_name_ok(engine->libc_loader)));
        for (size_t k = 0; k < engine->n_environment; k++)
            assert_non_null(strchr(engine->environment[k], '='));
    }
    for (size_t i = 0; i < job->n_cases; i++) {
        const struct ed_job_case *c = &job->cases[i];
        assert_true(ed_path_name_ok(c->id) && ed_path_name_ok(c->backend) && c->pin);
        assert_true(c->engine < job->n_engines && c->model < (int64_t)job->n_models &&
                    c->data < (int64_t)job->n_data);
        assert_true(c->model >= -1 && c->data >= -1 && c->threads >= 0 &&
                    c->n_options <= ED_OPTIONS_GIVEN_MAX);
        for (size_t k = 0; k < c->n_shapes; k++)
            assert_true(c->shapes[k].rank <= ED_TENSOR_RANK_MAX);
    }
    for (size_t i = 0; i < job->n_blocks; i++) {
        const struct ed_job_block *b = &job->blocks[i];
        assert_true(ed_path_name_ok(b->id) && b->case_index < job->n_cases && b->pass < ED_PASS_KIND_COUNT);
        assert_true(b->max_samples >= 1 && b->max_samples <= ED_WIRE_SAMPLES_MAX && b->timeout_ns >= 1);
        assert_true(b->inferences >= 0 && b->inferences <= ED_WIRE_SAMPLES_MAX && b->max_ns >= 1);
        assert_true(b->pass != ED_PASS_KIND_ACCURACY || job->cases[b->case_index].data >= 0);
    }
}

static size_t tried, taken;

static void try_root(const cJSON *root) {
    struct ed_job job;
    struct ed_error err = {0};
    char *text = cJSON_PrintUnformatted(root);
    assert_non_null(text);
    tried++;
    if (ed_job_parse(&job, "job", text, strlen(text), &err) == ED_OK) {
        taken++;
        check_invariants(&job);
        struct ed_buffer block;
        ed_buffer_init(&block, ED_WIRE_JOB_MAX_BYTES);
        for (size_t i = 0; i < job.n_blocks; i++)
            assert_int_equal(ed_job_write_block(&job, i, &block, &err), ED_OK);
        ed_buffer_release(&block);
        ed_job_release(&job);
    } else if (!err.message[0] || !err.where[0]) {
        if (err.code != ED_ERR_VERSION)
            fail_msg("refused without words or place: %s", text);
    }
    free(text);
}

// Every value of the good job replaced in turn by every other kind of value, and left out.
static void mutate(const cJSON *root, cJSON *parent) {
    static const char *const values[] = {
        "null", "true", "-1",   "1e300",  "0.5",        "9007199254740993",  "\"\"", "\"x\"", "\"../..\"",
        "[]",   "{}",   "[[]]", "[null]", "1000000000", "\"\\u0001\\ufffd\""};
    const int n = cJSON_GetArraySize(parent);
    for (int i = 0; i < n; i++) {
        cJSON *child = cJSON_GetArrayItem(parent, i);
        char name[64] = "";
        const bool key = cJSON_IsObject(parent);
        if (key)
            snprintf(name, sizeof name, "%s", child->string);
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            cJSON *other = cJSON_Parse(values[k]), *kept = cJSON_Duplicate(child, 1);
            assert_true(other && kept);
            if (key) {
                cJSON_ReplaceItemInObjectCaseSensitive(parent, name, other);
                try_root(root);
                cJSON_ReplaceItemInObjectCaseSensitive(parent, name, kept);
            } else {
                cJSON_ReplaceItemInArray(parent, i, other);
                try_root(root);
                cJSON_ReplaceItemInArray(parent, i, kept);
            }
            child = cJSON_GetArrayItem(parent, i);
        }
        if (key) {
            static char other_name[] = "left-out";
            char *kept_name = child->string;
            child->string = other_name;
            try_root(root);
            child->string = kept_name;
        }
        mutate(root, cJSON_GetArrayItem(parent, i));
    }
}

static void test_every_value(void **state) {
    (void)state;
    cJSON *root = cJSON_Parse(good);
    assert_non_null(root);
    mutate(root, root);
    char *text = cJSON_PrintUnformatted(root);
    struct ed_job job;
    parse(&job, text); // as good as before
    ed_job_release(&job);
    print_message("%zu jobs tried, %zu of them acceptable\n", tried, taken);
    assert_true(tried > 1500 && taken > 50 && taken < tried / 2);
    cJSON_free(text);
    cJSON_Delete(root);
    // Cut off anywhere.
    for (size_t i = 0; i < good_bytes; i += 7) {
        struct ed_error err = {0};
        if (ed_job_parse(&job, "job", good, i, &err) == ED_OK)
            fail_msg("accepted when cut after %zu bytes", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_block_written),
                                       cmocka_unit_test(test_values), cmocka_unit_test(test_counts),
                                       cmocka_unit_test(test_every_value)};
    return cmocka_run_group_tests(tests, read_good, free_good);
}
