// SPDX-License-Identifier: Apache-2.0
// Reading a script, strictly.
#include "backends/scripted/script.h"

#include <stdlib.h>

#include "base/json_read.h"
#include "base/nearest.h"

const char *const script_fail_words[] = {"refuse",         "segv", "kill", "abort", "exit0",
                                         "exit3",          "hang", "spin", "stop",  "leak_until_killed",
                                         "garbage_stdout", NULL};

enum script_fail script_fail_from_word(const char *word) {
    for (int i = 0; script_fail_words[i]; i++)
        if (!strcmp(word, script_fail_words[i]))
            return (enum script_fail)(i + 1);
    return SCRIPT_FAIL_NONE;
}

enum ed_processor script_processor(const char *word, bool *known) {
    for (int i = 0; i < ED_PROCESSOR_COUNT; i++)
        if (!strcmp(word, ed_processor_word((enum ed_processor)i))) {
            *known = true;
            return (enum ed_processor)i;
        }
    *known = false;
    return ED_PROCESSOR_UNKNOWN;
}

// The place of text `key` in a NULL-terminated list; absent leaves *index as it is.
static enum ed_status read_word(const struct ed_json_at *at, const char *key, const char *const *words,
                                int *index, struct ed_error *err) {
    const char *text = NULL;
    enum ed_status status = ed_json_opt_text(at, key, &text, err);
    if (status || !text)
        return status;
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], text)) {
            *index = i;
            return ED_OK;
        }
    struct ed_json_at member = ed_json_member(at, key);
    const char *near = ed_nearest(text, words);
    return near ? ed_json_fail(&member, err, "unknown word '%.64s'; did you mean '%s'?", text, near)
                : ed_json_fail(&member, err, "unknown word '%.64s'", text);
}

static enum ed_status read_processor(const struct ed_json_at *at, enum ed_processor *out,
                                     struct ed_error *err) {
    static const char *const words[] = {"unknown", "cpu", "gpu", "npu", "remote", NULL};
    int index = (int)*out;
    enum ed_status status = read_word(at, "processor", words, &index, err);
    *out = (enum ed_processor)index;
    return status;
}

// A number, or a list of them.
static enum ed_status read_times(const struct ed_json_at *parent, int64_t **list, size_t *n,
                                 struct ed_error *err) {
    struct ed_json_at at = ed_json_member(parent, "ns");
    enum ed_status status = ED_OK;
    if (!at.value)
        return ED_OK;
    bool one = cJSON_IsNumber(at.value);
    if (!one && (status = ed_json_expect_array(&at, err)))
        return status;
    size_t count = one ? 1 : ed_json_count(&at);
    if (!count)
        return ed_json_fail(&at, err, "the list is empty; give at least one number of nanoseconds");
    *list = calloc(count, sizeof **list);
    if (!*list)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for %zu times", count);
    *n = count;
    if (one)
        return ed_json_as_int(&at, 0, SCRIPT_NS_MAX, *list, err);
    // Along the list's own links: asking for each element by its number would cost the square of their count.
    size_t i = 0;
    for (const cJSON *item = at.value->child; item && !status; item = item->next, i++) {
        struct ed_json_at element = {.document = at.document, .value = item, .parent = &at, .index = i};
        status = ed_json_as_int(&element, 0, SCRIPT_NS_MAX, &(*list)[i], err);
    }
    return status;
}

static enum ed_status read_section(struct script_section *section, const struct ed_json_at *root,
                                   const char *key, const char *path, struct ed_error *err) {
    static const char *const known[] = {"ns",   "sleep", "touch_bytes", "touch_file", "touch_file_bytes",
                                        "keep", "fail",  "fail_at",     "message",    NULL};
    struct ed_json_at at = ed_json_member(root, key);
    const char *file = NULL;
    int fail = -1;
    enum ed_status status = ED_OK;
    section->keep = true;
    snprintf(section->message, sizeof section->message, "the script says no");
    if (!at.value)
        return ED_OK;
    if ((status = ed_json_expect_object(&at, err)) || (status = ed_json_known_keys(&at, known, err)) ||
        (status = read_times(&at, &section->ns, &section->n_ns, err)) ||
        (status = ed_json_opt_int(&at, "touch_bytes", 0, SCRIPT_TOUCH_MAX, &section->touch_bytes, err)) ||
        (status = ed_json_opt_int(&at, "touch_file_bytes", 0, SCRIPT_TOUCH_MAX, &section->touch_file_bytes,
                                  err)) ||
        (status = ed_json_opt_text(&at, "touch_file", &file, err)) ||
        (status = ed_json_opt_bool(&at, "keep", &section->keep, err)) ||
        (status = ed_json_opt_bool(&at, "sleep", &section->sleep, err)) ||
        (status = read_word(&at, "fail", script_fail_words, &fail, err)) ||
        (status = ed_json_opt_int(&at, "fail_at", 0, INT64_C(1000000000), &section->fail_at, err)) ||
        (status = ed_json_opt_string(&at, "message", section->message, sizeof section->message, err)))
        return status;
    section->fail = (enum script_fail)(fail + 1);
    if (section->touch_file_bytes && !file)
        return ed_json_fail(&at, err,
                            "touch_file_bytes needs touch_file, the name of a file beside the script");
    if (file) {
        char directory[ED_PATH_BYTES];
        if (!ed_path_name_ok(file)) {
            struct ed_json_at member = ed_json_member(&at, "touch_file");
            return ed_json_fail(&member, err, "expected the plain name of a file beside the script");
        }
        ed_path_directory(directory, path);
        return ed_path_join(section->touch_file, directory, file, err);
    }
    return ED_OK;
}

static enum ed_status read_dimension(const struct ed_json_at *at, int64_t *out, char *symbol, size_t bytes,
                                     struct ed_error *err) {
    const char *text = NULL;
    if (!cJSON_IsString(at->value))
        return ed_json_as_int(at, 0, INT64_C(1) << 32, out, err);
    enum ed_status status = ed_json_as_text(at, &text, err);
    if (status)
        return status;
    if (strlen(text) >= bytes)
        return ed_json_fail(at, err, "a dimension's name has at most %zu bytes", bytes - 1);
    *out = -1;
    snprintf(symbol, bytes, "%s", text);
    return ED_OK;
}

static enum ed_status read_tensor(const struct ed_json_at *at, struct ed_tensor_info *info,
                                  struct ed_error *err) {
    static const char *const known[] = {"name", "dtype", "shape", NULL};
    const char *words[ED_DTYPE_COUNT] = {0};
    int dtype = ED_DTYPE_F32 - 1;
    bool symbolic = false;
    enum ed_status status = ed_json_expect_object(at, err);
    for (int i = 1; i < ED_DTYPE_COUNT; i++)
        words[i - 1] = ed_dtype_name((enum ed_dtype)i);
    if (status || (status = ed_json_known_keys(at, known, err)) ||
        (status = ed_json_get_string(at, "name", info->name, sizeof info->name, err)) ||
        (status = read_word(at, "dtype", words, &dtype, err)))
        return status;
    info->dtype = (enum ed_dtype)(dtype + 1);
    struct ed_json_at shape = ed_json_member(at, "shape");
    if ((status = ed_json_expect_array(&shape, err)))
        return status;
    if (ed_json_count(&shape) > ED_TENSOR_RANK_MAX)
        return ed_json_fail(&shape, err, "at most %d dimensions", ED_TENSOR_RANK_MAX);
    info->rank = (uint32_t)ed_json_count(&shape);
    size_t bytes = ed_dtype_bytes(info->dtype);
    for (uint32_t i = 0; i < info->rank; i++) {
        struct ed_json_at dimension = ed_json_element(&shape, i);
        if ((status =
                 read_dimension(&dimension, &info->shape[i], info->symbols[i], sizeof info->symbols[i], err)))
            return status;
        symbolic = symbolic || info->shape[i] < 0;
        if (info->shape[i] >= 0 && __builtin_mul_overflow(bytes, (size_t)info->shape[i], &bytes))
            return ed_json_fail(&shape, err, "the tensor is larger than the address space");
    }
    info->bytes = symbolic ? 0 : bytes;
    return ED_OK;
}

static enum ed_status read_tensors(const struct ed_json_at *root, const char *key,
                                   struct ed_tensor_info *infos, size_t *n, struct ed_error *err) {
    struct ed_json_at at = ed_json_member(root, key);
    enum ed_status status = ED_OK;
    if (!at.value)
        return ED_OK;
    if ((status = ed_json_expect_array(&at, err)))
        return status;
    if (ed_json_count(&at) > ED_TENSORS_MAX)
        return ed_json_fail(&at, err, "at most %d tensors", ED_TENSORS_MAX);
    *n = ed_json_count(&at);
    for (size_t i = 0; i < *n && !status; i++) {
        struct ed_json_at element = ed_json_element(&at, i);
        status = read_tensor(&element, &infos[i], err);
    }
    return status;
}

static enum ed_status read_placement(const struct ed_json_at *root, struct ed_placement *out,
                                     struct ed_error *err) {
    static const char *const known[] = {"proven", "unit", "total", "places", "detail", NULL};
    static const char *const known_place[] = {"name", "processor", "count", "operators", NULL};
    struct ed_json_at at = ed_json_member(root, "placement");
    int64_t total = 0, count = 0;
    enum ed_status status = ED_OK;
    if (!at.value)
        return ED_OK;
    out->proven = true;
    snprintf(out->unit, sizeof out->unit, "node");
    if ((status = ed_json_expect_object(&at, err)) || (status = ed_json_known_keys(&at, known, err)) ||
        (status = ed_json_opt_bool(&at, "proven", &out->proven, err)) ||
        (status = ed_json_opt_string(&at, "unit", out->unit, sizeof out->unit, err)) ||
        (status = ed_json_opt_int(&at, "total", 0, UINT32_MAX, &total, err)) ||
        (status = ed_json_opt_string(&at, "detail", out->detail, sizeof out->detail, err)))
        return status;
    out->total = (uint32_t)total;
    struct ed_json_at places = ed_json_member(&at, "places");
    if (!places.value)
        return ED_OK;
    if ((status = ed_json_expect_array(&places, err)))
        return status;
    if (ed_json_count(&places) > ED_PLACES_MAX)
        return ed_json_fail(&places, err, "at most %d places", ED_PLACES_MAX);
    out->n_places = ed_json_count(&places);
    for (size_t i = 0; i < out->n_places; i++) {
        struct ed_json_at place = ed_json_element(&places, i);
        if ((status = ed_json_expect_object(&place, err)) ||
            (status = ed_json_known_keys(&place, known_place, err)) ||
            (status =
                 ed_json_get_string(&place, "name", out->places[i].name, sizeof out->places[i].name, err)) ||
            (status = read_processor(&place, &out->places[i].processor, err)) ||
            (status = ed_json_get_int(&place, "count", 0, UINT32_MAX, &count, err)) ||
            (status = ed_json_opt_string(&place, "operators", out->places[i].operators,
                                         sizeof out->places[i].operators, err)))
            return status;
        out->places[i].count = (uint32_t)count;
    }
    return ED_OK;
}

static enum ed_status read_profile(const struct ed_json_at *root, struct script *script,
                                   struct ed_error *err) {
    static const char *const known[] = {"run_ns", "crash", "ops", NULL};
    static const char *const known_op[] = {"name", "op", "processor", "calls", "ns", NULL};
    const struct ed_json_at at = ed_json_member(root, "profile"), ops = ed_json_member(&at, "ops");
    const size_t n = ed_json_count(&ops);
    enum ed_status status = ED_OK;
    script->profiled_run_ns = -1;
    if (!at.value)
        return ED_OK;
    if ((status = ed_json_expect_object(&at, err)) || (status = ed_json_known_keys(&at, known, err)) ||
        (status = ed_json_opt_int(&at, "run_ns", 0, SCRIPT_NS_MAX, &script->profiled_run_ns, err)) ||
        (status = ed_json_opt_bool(&at, "crash", &script->profile_crashes, err)))
        return status;
    script->profiles = true;
    script->ops = calloc(n + 1, sizeof *script->ops);
    if (!script->ops)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a profile");
    for (struct ed_json_at op = ed_json_element(&ops, 0); op.value; op = ed_json_next(&op)) {
        struct ed_op_profile_row *row = &script->ops[script->n_ops++];
        int64_t calls = 1;
        if ((status = ed_json_expect_object(&op, err)) || (status = ed_json_known_keys(&op, known_op, err)) ||
            (status = ed_json_get_string(&op, "name", row->name, sizeof row->name, err)) ||
            (status = ed_json_get_string(&op, "op", row->op, sizeof row->op, err)) ||
            (status = read_processor(&op, &row->processor, err)) ||
            (status = ed_json_opt_int(&op, "calls", 0, SCRIPT_NS_MAX, &calls, err)) ||
            (status = ed_json_get_int(&op, "ns", -1, SCRIPT_NS_MAX, &row->total_ns, err)))
            return status;
        row->calls = (uint64_t)calls;
    }
    return ED_OK;
}

static enum ed_status read_survey(const struct ed_json_at *root, struct ed_survey *out,
                                  struct ed_error *err) {
    static const char *const known[] = {"backend",   "processor", "device_name", "simulated",
                                        "available", "reason",    "native",      NULL};
    struct ed_json_at at = ed_json_member(root, "survey");
    enum ed_status status = ED_OK;
    snprintf(out->engine_version, sizeof out->engine_version, "1");
    if ((status = ed_json_opt_string(root, "engine_version", out->engine_version, sizeof out->engine_version,
                                     err)) ||
        (status = ed_json_opt_string(root, "build_info", out->build_info, sizeof out->build_info, err)) ||
        !at.value || (status = ed_json_expect_array(&at, err)))
        return status;
    if (ed_json_count(&at) > ED_SURVEY_MAX)
        return ed_json_fail(&at, err, "at most %d rows", ED_SURVEY_MAX);
    out->n_rows = ed_json_count(&at);
    for (size_t i = 0; i < out->n_rows; i++) {
        struct ed_survey_row *row = &out->rows[i];
        struct ed_json_at element = ed_json_element(&at, i);
        row->available = true;
        if ((status = ed_json_expect_object(&element, err)) ||
            (status = ed_json_known_keys(&element, known, err)) ||
            (status = ed_json_get_string(&element, "backend", row->backend, sizeof row->backend, err)) ||
            (status = read_processor(&element, &row->processor, err)) ||
            (status = ed_json_opt_string(&element, "device_name", row->device_name, sizeof row->device_name,
                                         err)) ||
            (status = ed_json_opt_bool(&element, "simulated", &row->simulated, err)) ||
            (status = ed_json_opt_bool(&element, "available", &row->available, err)) ||
            (status = ed_json_opt_string(&element, "reason", row->reason, sizeof row->reason, err)) ||
            (status = ed_json_opt_string(&element, "native", row->native, sizeof row->native, err)))
            return status;
    }
    return ED_OK;
}

static enum ed_status read_memory(const struct ed_json_at *root, struct ed_engine_memory *out,
                                  struct ed_error *err) {
    static const char *const known[] = {"weights_bytes", "arena_bytes", "kv_cache_bytes",
                                        "compute_buffer_bytes", NULL};
    struct ed_json_at at = ed_json_member(root, "engine_memory");
    int64_t *const values[] = {&out->weights_bytes, &out->arena_bytes, &out->kv_cache_bytes,
                               &out->compute_buffer_bytes};
    enum ed_status status = ED_OK;
    *out = (struct ed_engine_memory){-1, -1, -1, -1};
    if (!at.value)
        return ED_OK;
    if ((status = ed_json_expect_object(&at, err)) || (status = ed_json_known_keys(&at, known, err)))
        return status;
    for (size_t i = 0; i < 4 && !status; i++)
        status = ed_json_opt_int(&at, known[i], 0, SCRIPT_TOUCH_MAX, values[i], err);
    return status;
}

static enum ed_status check_logits(const struct script *script, const struct ed_json_at *root,
                                   struct ed_error *err) {
    struct ed_json_at at = ed_json_member(root, "argmax_wrong_share");
    const struct ed_tensor_info *logits = &script->io.outputs[0];
    if (!at.value)
        return ED_OK;
    if (!script->io.n_inputs || !script->io.n_outputs || logits->dtype != ED_DTYPE_F32 || logits->rank != 2 ||
        logits->shape[1] < 2)
        return ed_json_fail(
            &at, err, "it needs an input, and a first output of float32 with the shape [N, C], C at least 2");
    return ED_OK;
}

static enum ed_status read_root(struct script *script, const struct ed_json_at *root, const char *path,
                                struct ed_error *err) {
    static const char *const known[] = {"type",
                                        "open",
                                        "load",
                                        "run",
                                        "unload",
                                        "warmup",
                                        "inputs",
                                        "outputs",
                                        "output",
                                        "constant",
                                        "argmax_wrong_share",
                                        "noise",
                                        "broken",
                                        "channels_last",
                                        "scales",
                                        "threads",
                                        "spin",
                                        "placement",
                                        "profile",
                                        "engine_memory",
                                        "language",
                                        "engine_version",
                                        "build_info",
                                        "survey",
                                        NULL};
    static const char *const known_warmup[] = {"ns", NULL};
    static const char *const steps[SCRIPT_STEPS] = {"open", "load", "run", "unload"};
    static const char *const outputs[] = {"seeded", "echo", "constant", "nondeterministic", NULL};
    const char *type = NULL;
    int output = SCRIPT_OUTPUT_SEEDED;
    enum ed_status status = ED_OK;
    if ((status = ed_json_expect_object(root, err)) || (status = ed_json_get_text(root, "type", &type, err)))
        return status;
    if (strcmp(type, "edgedyno-script") != 0) {
        struct ed_json_at at = ed_json_member(root, "type");
        return ed_json_fail(&at, err, "expected \"edgedyno-script\", found \"%.64s\"", type);
    }
    if ((status = ed_json_known_keys(root, known, err)))
        return status;
    for (int i = 0; i < SCRIPT_STEPS; i++)
        if ((status = read_section(&script->steps[i], root, steps[i], path, err)))
            return status;
    struct ed_json_at warmup = ed_json_member(root, "warmup");
    if (warmup.value && ((status = ed_json_expect_object(&warmup, err)) ||
                         (status = ed_json_known_keys(&warmup, known_warmup, err)) ||
                         (status = read_times(&warmup, &script->warmup_ns, &script->n_warmup, err))))
        return status;
    script->threads = 1;
    script->argmax_wrong_share = -1;
    if ((status = read_tensors(root, "inputs", script->io.inputs, &script->io.n_inputs, err)) ||
        (status = read_tensors(root, "outputs", script->io.outputs, &script->io.n_outputs, err)) ||
        (status = read_word(root, "output", outputs, &output, err)) ||
        (status = ed_json_opt_real(root, "constant", -9e15, 9e15, &script->constant, err)) ||
        (status = ed_json_opt_real(root, "argmax_wrong_share", 0, 1, &script->argmax_wrong_share, err)) ||
        (status = ed_json_opt_real(root, "noise", 0, 1e9, &script->noise, err)) ||
        (status = ed_json_opt_bool(root, "broken", &script->broken, err)) ||
        (status = ed_json_opt_bool(root, "channels_last", &script->channels_last, err)) ||
        (status = ed_json_opt_int(root, "threads", 1, 1024, &script->threads, err)) ||
        (status = ed_json_opt_bool(root, "spin", &script->spin, err)) ||
        (status = script_scales_read(script, root, err)) ||
        (status = read_placement(root, &script->placement, err)) ||
        (status = read_profile(root, script, err)) || (status = read_memory(root, &script->memory, err)) ||
        (status = read_survey(root, &script->survey, err)) ||
        (status = script_language_read(&script->language, root, err)))
        return status;
    script->output = (enum script_output)output;
    return check_logits(script, root, err);
}

enum ed_status script_read(struct script *script, const char *path, struct ed_error *err) {
    struct ed_json_document document = {0};
    memset(script, 0, sizeof *script);
    enum ed_status status = ed_json_parse_file(&document, path, SCRIPT_BYTES_MAX, err);
    if (!status) {
        struct ed_json_at root = ed_json_root(&document);
        status = read_root(script, &root, path, err);
    }
    ed_json_document_release(&document);
    if (status)
        script_release(script);
    return status;
}

void script_release(struct script *script) {
    for (int i = 0; i < SCRIPT_STEPS; i++)
        free(script->steps[i].ns);
    free(script->warmup_ns);
    free(script->ops);
    free(script->language.token_ns);
    memset(script, 0, sizeof *script);
}
