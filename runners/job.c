// SPDX-License-Identifier: Apache-2.0
// Parsing of jobs (see job.h for the format).
#include "runners/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/workload.h"
#include "runners/lease_record.h"
#include "runners/settings_change.h"

static const char *const pass_words[ED_PASS_KIND_COUNT] = {
    [ED_PASS_KIND_TIMING] = ED_PASS_TIMING,     [ED_PASS_KIND_COLD] = ED_PASS_COLD,
    [ED_PASS_KIND_ACCURACY] = ED_PASS_ACCURACY, [ED_PASS_KIND_PROFILE] = ED_PASS_PROFILE,
    [ED_PASS_KIND_PILOT] = ED_PASS_PILOT,
};

const char *ed_pass_word(enum ed_pass pass) {
    return (unsigned)pass < ED_PASS_KIND_COUNT ? pass_words[pass] : "unknown";
}

// Allocates one zeroed item per element of the array `key`; an absent array has none.
static enum ed_status array_of(const struct ed_json_at *array, size_t max, size_t item_bytes, void **items,
                               size_t *n, struct ed_error *err) {
    *items = NULL;
    *n = 0;
    if (!array->value)
        return ED_OK;
    enum ed_status status = ed_json_expect_array(array, err);
    if (status != ED_OK)
        return status;
    size_t count = ed_json_count(array);
    if (count > max)
        return ed_json_fail(array, err, "has %zu elements; at most %zu are allowed", count, max);
    *items = calloc(count ? count : 1, item_bytes);
    if (!*items)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu elements of a job", count);
    *n = count;
    return ED_OK;
}

static enum ed_status get_name(const struct ed_json_at *object, const char *key, const char **out,
                               struct ed_error *err) {
    enum ed_status status = ed_json_get_text(object, key, out, err);
    if (status == ED_OK && !ed_path_name_ok(*out)) {
        struct ed_json_at at = ed_json_member(object, key);
        return ed_json_fail(&at, err, "expected a name of letters, digits and . _ @ + - of at most 64 bytes");
    }
    return status;
}

static enum ed_status get_absolute(const struct ed_json_at *object, const char *key, bool may_be_empty,
                                   const char **out, struct ed_error *err) {
    struct ed_json_at at = ed_json_member(object, key);
    *out = "";
    if (may_be_empty && (!at.value || (cJSON_IsString(at.value) && !at.value->valuestring[0])))
        return ED_OK;
    enum ed_status status = ed_json_get_text(object, key, out, err);
    if (status == ED_OK && ((*out)[0] != '/' || strlen(*out) >= ED_PATH_BYTES))
        return ed_json_fail(&at, err, "expected an absolute path of less than %d bytes", ED_PATH_BYTES);
    return status;
}

static enum ed_status parse_file(const struct ed_json_at *at, struct ed_job_file *file,
                                 struct ed_error *err) {
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = get_absolute(at, "path", false, &file->path, err);
    if (status == ED_OK)
        status = ed_json_get_int(at, "bytes", 0, INT64_C(1) << 50, &file->bytes, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "sha256", &file->sha256, err);
    if (status == ED_OK && !ed_digest_ok(file->sha256))
        status = ed_json_fail(at, err, "sha256 is not 64 lower-case hexadecimal digits");
    return status;
}

static enum ed_status parse_files(const struct ed_json_at *owner, struct ed_job_files *files,
                                  struct ed_error *err) {
    struct ed_json_at array = ed_json_member(owner, "files");
    enum ed_status status =
        array_of(&array, 1024, sizeof *files->items, (void **)&files->items, &files->n, err);
    for (size_t i = 0; status == ED_OK && i < files->n; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        status = parse_file(&at, &files->items[i], err);
    }
    return status;
}

static enum ed_status parse_libc(const struct ed_json_at *owner, struct ed_job_engine *engine,
                                 struct ed_error *err) {
    static const char *const known[] = {"directory", "loader", "version", NULL};
    const struct ed_json_at at = ed_json_member(owner, "libc"), version = ed_json_member(&at, "version");
    engine->libc_directory = engine->libc_loader = engine->libc_version = "";
    if (!at.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status == ED_OK)
        status = ed_json_known_keys(&at, known, err);
    if (status == ED_OK)
        status = get_absolute(&at, "directory", false, &engine->libc_directory, err);
    if (status == ED_OK)
        status = get_name(&at, "loader", &engine->libc_loader, err);
    if (status == ED_OK && !(cJSON_IsString(version.value) && !version.value->valuestring[0]))
        status = ed_json_opt_text(&at, "version", &engine->libc_version, err);
    // The loader's list of directories knows no way to write these.
    if (status == ED_OK && strpbrk(engine->libc_directory, ":;"))
        status = ed_json_fail(&at, err,
                              "a directory of libraries must not have a colon or a semicolon in its path");
    return status;
}

static enum ed_status parse_engine(const struct ed_json_at *at, struct ed_job_engine *engine,
                                   struct ed_error *err) {
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = get_name(at, "id", &engine->id, err);
    if (status == ED_OK)
        status = get_name(at, "name", &engine->name, err);
    engine->version = "";
    if (status == ED_OK)
        status = ed_json_opt_text(at, "version", &engine->version, err);
    if (status == ED_OK) {
        struct ed_json_at adapter = ed_json_member(at, "adapter");
        status = parse_file(&adapter, &engine->adapter, err);
    }
    if (status == ED_OK)
        status = get_absolute(at, "directory", true, &engine->directory, err);
    if (status == ED_OK)
        status = get_absolute(at, "library", true, &engine->library, err);
    if (status == ED_OK)
        status = parse_libc(at, engine, err);
    if (status == ED_OK)
        status = parse_files(at, &engine->files, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "network", &engine->network, err);
    struct ed_json_at environment = ed_json_member(at, "environment");
    if (status == ED_OK)
        status = array_of(&environment, 64, sizeof *engine->environment, (void **)&engine->environment,
                          &engine->n_environment, err);
    for (size_t i = 0; status == ED_OK && i < engine->n_environment; i++) {
        struct ed_json_at element = ed_json_element(&environment, i);
        status = ed_json_as_text(&element, &engine->environment[i], err);
        if (status == ED_OK && (!strchr(engine->environment[i], '=') || engine->environment[i][0] == '='))
            status = ed_json_fail(&element, err, "expected NAME=VALUE");
    }
    return status;
}

static enum ed_status parse_inputs(const struct ed_json_at *owner, struct ed_job_input **inputs, size_t *n,
                                   struct ed_error *err) {
    struct ed_json_at array = ed_json_member(owner, "inputs");
    enum ed_status status = array_of(&array, ED_TENSORS_MAX, sizeof **inputs, (void **)inputs, n, err);
    for (size_t i = 0; status == ED_OK && i < *n; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        struct ed_job_input *input = &(*inputs)[i];
        input->input = "";
        status = ed_json_expect_object(&at, err);
        if (status == ED_OK)
            status = ed_json_opt_text(&at, "input", &input->input, err);
        if (status == ED_OK) {
            struct ed_json_at file = ed_json_member(&at, "file");
            status = parse_file(&file, &input->file, err);
        }
    }
    return status;
}

static enum ed_status parse_shapes(const struct ed_json_at *owner, struct ed_job_case *out,
                                   struct ed_error *err) {
    struct ed_json_at array = ed_json_member(owner, "shapes");
    enum ed_status status =
        array_of(&array, ED_TENSORS_MAX, sizeof *out->shapes, (void **)&out->shapes, &out->n_shapes, err);
    for (size_t i = 0; status == ED_OK && i < out->n_shapes; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        struct ed_job_shape *shape = &out->shapes[i];
        shape->input = "";
        status = ed_json_expect_object(&at, err);
        if (status == ED_OK)
            status = ed_json_opt_text(&at, "input", &shape->input, err);
        struct ed_json_at sizes = ed_json_member(&at, "shape");
        if (status == ED_OK)
            status = ed_json_expect_array(&sizes, err);
        size_t rank = status == ED_OK ? ed_json_count(&sizes) : 0;
        if (status == ED_OK && rank > ED_TENSOR_RANK_MAX)
            status = ed_json_fail(&sizes, err, "has %zu dimensions; at most %d are supported", rank,
                                  ED_TENSOR_RANK_MAX);
        for (size_t d = 0; status == ED_OK && d < rank; d++) {
            struct ed_json_at size = ed_json_element(&sizes, d);
            status = ed_json_as_int(&size, 1, INT64_C(1) << 40, &shape->shape[d], err);
        }
        shape->rank = (uint32_t)rank;
    }
    return status;
}

static enum ed_status parse_case_options(const struct ed_json_at *owner, struct ed_job_case *out,
                                         struct ed_error *err) {
    struct ed_json_at array = ed_json_member(owner, "options");
    if (!array.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_array(&array, err);
    if (status == ED_OK && ed_json_count(&array) > ED_OPTIONS_GIVEN_MAX)
        status = ed_json_fail(&array, err, "has more than %d options", ED_OPTIONS_GIVEN_MAX);
    for (size_t i = 0; status == ED_OK && i < ed_json_count(&array); i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        status = ed_json_get_text(&at, "key", &out->options[i].key, err);
        out->options[i].value = "";
        if (status == ED_OK)
            status = ed_json_opt_text(&at, "value", &out->options[i].value, err);
        if (status == ED_OK)
            out->n_options = i + 1;
    }
    return status;
}

static enum ed_status parse_case(const struct ed_json_at *at, const struct ed_job *job,
                                 struct ed_job_case *out, struct ed_error *err) {
    int64_t engine = 0, threads = 0;
    out->model = out->data = out->reference = -1;
    out->pin = "";
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = get_name(at, "id", &out->id, err);
    if (status == ED_OK)
        status = ed_json_get_int(at, "engine", 0, (int64_t)job->n_engines - 1, &engine, err);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "model", -1, (int64_t)job->n_models - 1, &out->model, err);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "data", -1, (int64_t)job->n_data - 1, &out->data, err);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "reference", -1, (int64_t)job->n_models - 1, &out->reference, err);
    if (status == ED_OK)
        status = get_name(at, "backend", &out->backend, err);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "threads", 0, 4096, &threads, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "allow_fallback", &out->allow_fallback, err);
    if (status == ED_OK)
        status = ed_json_opt_text(at, "pin", &out->pin, err);
    if (status == ED_OK)
        status =
            ed_json_opt_int(at, "mem_limit_bytes", 0, ED_WIRE_MEMORY_MAX_BYTES, &out->mem_limit_bytes, err);
    if (status == ED_OK)
        status = ed_workload_read(at, "workload", &out->workload, err);
    if (status == ED_OK)
        status = parse_case_options(at, out, err);
    if (status == ED_OK)
        status = parse_shapes(at, out, err);
    if (status == ED_OK)
        status = parse_inputs(at, &out->inputs, &out->n_inputs, err);
    out->engine = (size_t)engine;
    out->threads = (int)threads;
    return status;
}

static enum ed_status parse_data(const struct ed_json_at *at, struct ed_job_data *out, struct ed_error *err) {
    const char *word = "";
    enum ed_status status = parse_inputs(at, &out->inputs, &out->n_inputs, err);
    if (status == ED_OK)
        status = ed_json_opt_text(at, "questions", &word, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "speech", &out->speech, err);
    if (status == ED_OK && out->speech && (word[0] || out->n_inputs != 2))
        status = ed_json_fail(at, err, "is recordings, which are two files and no questions");
    if (status != ED_OK)
        return status;
    out->match = !strcmp(word, ED_JOB_QUESTIONS_MATCH);
    out->questions = word[0] != 0;
    return !out->questions || out->match || !strcmp(word, ED_JOB_QUESTIONS_CHOICE)
               ? ED_OK
               : ed_json_fail(at, err, "'%.32s' are no questions that this runner knows", word);
}

static enum ed_status parse_block(const struct ed_json_at *at, const struct ed_job *job,
                                  struct ed_job_block *out, struct ed_error *err) {
    const char *pass = NULL;
    int64_t index = 0;
    const int64_t year_ns = INT64_C(365) * 86400 * 1000000000;
    // Defaults of the method: time until 100 inferences and 1 s, at most 10 s and a million samples.
    *out = (struct ed_job_block){.repetition = 1,
                                 .min_inferences = 100,
                                 .min_ns = INT64_C(1000000000),
                                 .max_ns = INT64_C(10000000000),
                                 .max_samples = ED_WIRE_SAMPLES_MAX,
                                 .timeout_ns = INT64_C(600000000000)};
    enum ed_status status = ed_json_expect_object(at, err);
    if (status == ED_OK)
        status = get_name(at, "id", &out->id, err);
    if (status == ED_OK)
        status = ed_json_get_int(at, "case", 0, (int64_t)job->n_cases - 1, &index, err);
    if (status == ED_OK)
        status = ed_json_get_text(at, "pass", &pass, err);
    if (status != ED_OK)
        return status;
    out->case_index = (size_t)index;
    out->pass = ED_PASS_KIND_COUNT;
    for (int i = 0; i < ED_PASS_KIND_COUNT; i++)
        if (!strcmp(pass, pass_words[i]))
            out->pass = (enum ed_pass)i;
    if (out->pass == ED_PASS_KIND_COUNT) {
        struct ed_json_at word = ed_json_member(at, "pass");
        return ed_json_fail(&word, err, "'%.32s' is not a pass that this runner knows", pass);
    }
    if (out->pass == ED_PASS_KIND_ACCURACY && job->cases[index].data < 0)
        return ed_json_fail(at, err, "an accuracy block needs a case with data");
    struct {
        const char *key;
        int64_t min, max, *value;
    } const numbers[] = {
        {"repetition", 1, 1000000, &out->repetition},
        {"seed", 0, INT64_C(1) << 53, &out->seed},
        {"inferences", 0, ED_WIRE_SAMPLES_MAX, &out->inferences},
        {"min_inferences", 1, ED_WIRE_SAMPLES_MAX, &out->min_inferences},
        {"min_ns", 0, year_ns, &out->min_ns},
        {"max_ns", 1, year_ns, &out->max_ns},
        {"max_samples", 1, ED_WIRE_SAMPLES_MAX, &out->max_samples},
        {"timeout_ns", 1, year_ns, &out->timeout_ns},
    };
    for (size_t i = 0; status == ED_OK && i < sizeof numbers / sizeof *numbers; i++)
        status = ed_json_opt_int(at, numbers[i].key, numbers[i].min, numbers[i].max, numbers[i].value, err);
    const int64_t numbers_each = (int64_t)ed_workload_stride(&job->cases[index].workload);
    if (status == ED_OK && (out->inferences ? out->inferences : 1) * numbers_each > ED_WIRE_SAMPLES_MAX)
        status = ed_json_fail(at, err, "%lld inferences of %lld times each; a block keeps the times of %u",
                              (long long)(out->inferences ? out->inferences : 1), (long long)numbers_each,
                              ED_WIRE_SAMPLES_MAX);
    return status;
}

static enum ed_status parse_lease(const struct ed_json_at *root, struct ed_job *job, struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, "lease");
    job->lease_token = "";
    if (!at.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status == ED_OK)
        status = ed_json_get_text(&at, "token", &job->lease_token, err);
    if (status == ED_OK && !ed_lease_token_ok(job->lease_token, NULL))
        status = ed_json_fail(&at, err, "the token is not a number, a dash and 8 hexadecimal digits");
    if (status == ED_OK)
        status = ed_json_get_int(&at, "for_ns", 1, ED_LEASE_MAX_NS, &job->lease_for_ns, err);
    return status;
}

static enum ed_status parse_events(const struct ed_json_at *root, struct ed_job *job, struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, "papi");
    job->papi = "";
    enum ed_status status = ed_json_opt_text(root, "papi", &job->papi, err);
    for (const char *p = job->papi; status == ED_OK && *p; p++)
        if (*p <= ' ' || *p > '~' || p - job->papi >= ED_WIRE_EVENTS_MAX_BYTES)
            status = ed_json_fail(&at, err, "expected names of events with commas between, at most %d bytes",
                                  ED_WIRE_EVENTS_MAX_BYTES);
    return status;
}

static enum ed_status parse_cool_down(const struct ed_json_at *root, struct ed_job *job,
                                      struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(root, "cool_down"), start = ed_json_member(&at, "start_mc");
    struct ed_job_cool_down *out = &job->cool_down;
    out->channel = "";
    if (!at.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status == ED_OK)
        status = ed_json_get_int(&at, "timeout_ns", 0, ED_WIRE_COOL_DOWN_MAX_NS, &out->timeout_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(&at, "accelerated", &out->accelerated, err);
    if (status == ED_OK && start.value)
        status = ed_json_get_int(&at, "start_mc", -1000000, 1000000, &out->start_mc, err);
    if (status == ED_OK && start.value)
        status = ed_json_get_text(&at, "channel", &out->channel, err);
    out->has_start = start.value && status == ED_OK;
    return status;
}

static enum ed_status parse_settings(const struct ed_json_at *root, struct ed_job *job,
                                     struct ed_error *err) {
    static const char *const known[] = {"kind", "value", NULL};
    struct ed_json_at array = ed_json_member(root, "settings");
    enum ed_status status = array_of(&array, ED_SETTINGS_MAX, sizeof *job->settings, (void **)&job->settings,
                                     &job->n_settings, err);
    for (size_t i = 0; status == ED_OK && i < job->n_settings; i++) {
        struct ed_json_at at = ed_json_element(&array, i);
        status = ed_json_expect_object(&at, err);
        if (status == ED_OK)
            status = ed_json_known_keys(&at, known, err);
        if (status == ED_OK)
            status = ed_json_get_text(&at, "kind", &job->settings[i].kind, err);
        if (status == ED_OK)
            status = ed_json_get_text(&at, "value", &job->settings[i].value, err);
    }
    return status == ED_OK ? ed_settings_check(job->settings, job->n_settings, err) : status;
}

static enum ed_status check_version(const struct ed_json_at *root, struct ed_error *err) {
    const char *type = "", *wire = "";
    enum ed_status status = ed_json_get_text(root, "type", &type, err);
    if (status == ED_OK && strcmp(type, "job"))
        return ed_json_fail(root, err, "expected a message of type job, found '%.32s'", type);
    if (status == ED_OK)
        status = ed_json_get_text(root, "wire", &wire, err);
    char *rest = NULL;
    if (status == ED_OK && (strtol(wire, &rest, 10) != ED_WIRE_MAJOR || *rest != '.'))
        return ed_fail(err, ED_ERR_VERSION, NULL,
                       "the controller speaks wire version %.16s, this runner %s: use a runner and a "
                       "controller of the same build",
                       wire, ED_WIRE_VERSION);
    return status;
}

// One pass over the array `key`, each element by the given expression.
#define PARSE_ARRAY(key, limit, items, count, call)                                              \
    do {                                                                                         \
        struct ed_json_at array = ed_json_member(&root, key);                                    \
        if (status == ED_OK)                                                                     \
            status = array_of(&array, limit, sizeof *(items), (void **)&(items), &(count), err); \
        struct ed_json_at at = ed_json_element(&array, 0);                                       \
        for (size_t i = 0; status == ED_OK && i < (count); i++, at = ed_json_next(&at))          \
            status = call;                                                                       \
    } while (0)

enum ed_status ed_job_parse(struct ed_job *job, const char *name, const char *text, size_t bytes,
                            struct ed_error *err) {
    memset(job, 0, sizeof *job);
    if (bytes > ED_WIRE_JOB_MAX_BYTES)
        return ed_fail(err, ED_ERR_LIMIT, name, "a job of %zu bytes; at most %u are allowed", bytes,
                       ED_WIRE_JOB_MAX_BYTES);
    enum ed_status status = ed_json_parse(&job->document, name, text, bytes, err);
    if (status != ED_OK)
        return status;
    struct ed_json_at root = ed_json_root(&job->document);
    status = ed_json_expect_object(&root, err);
    if (status == ED_OK)
        status = check_version(&root, err);
    if (status == ED_OK)
        status = get_name(&root, "job", &job->id, err);
    if (status == ED_OK)
        status = get_name(&root, "campaign", &job->campaign, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&root, "max_ns", 0, INT64_C(1) << 53, &job->max_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(&root, "external_meter", &job->external_meter, err);
    if (status == ED_OK)
        status =
            ed_json_opt_int(&root, "ballast_bytes", 0, ED_WIRE_MEMORY_MAX_BYTES, &job->ballast_bytes, err);
    if (status == ED_OK)
        status = parse_lease(&root, job, err);
    if (status == ED_OK)
        status = parse_events(&root, job, err);
    if (status == ED_OK)
        status = parse_cool_down(&root, job, err);
    if (status == ED_OK)
        status = parse_settings(&root, job, err);
    PARSE_ARRAY("engines", 256, job->engines, job->n_engines, parse_engine(&at, &job->engines[i], err));
    PARSE_ARRAY("models", ED_WIRE_CASES_MAX, job->models, job->n_models,
                parse_files(&at, &job->models[i], err));
    PARSE_ARRAY("data", 256, job->data, job->n_data, parse_data(&at, &job->data[i], err));
    PARSE_ARRAY("cases", ED_WIRE_CASES_MAX, job->cases, job->n_cases,
                parse_case(&at, job, &job->cases[i], err));
    PARSE_ARRAY("blocks", ED_WIRE_BLOCKS_MAX, job->blocks, job->n_blocks,
                parse_block(&at, job, &job->blocks[i], err));
    if (status == ED_OK && job->n_blocks == 0)
        status = ed_json_fail(&root, err, "a job needs at least one block");
    if (status != ED_OK)
        ed_job_release(job);
    return status;
}

void ed_job_release(struct ed_job *job) {
    for (size_t i = 0; i < job->n_engines; i++) {
        free(job->engines[i].files.items);
        free(job->engines[i].environment);
    }
    for (size_t i = 0; i < job->n_models; i++)
        free(job->models[i].items);
    for (size_t i = 0; i < job->n_data; i++)
        free(job->data[i].inputs);
    for (size_t i = 0; i < job->n_cases; i++) {
        free(job->cases[i].shapes);
        free(job->cases[i].inputs);
    }
    free(job->settings);
    free(job->engines);
    free(job->models);
    free(job->data);
    free(job->cases);
    free(job->blocks);
    ed_json_document_release(&job->document);
    memset(job, 0, sizeof *job);
}
