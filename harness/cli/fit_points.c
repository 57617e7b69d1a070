// SPDX-License-Identifier: Apache-2.0
// Measuring one point of a search.
#include "harness/cli/fit_points.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "harness/blocks.h"
#include "harness/cli/suite_args.h"
#include "harness/suite_values.h"

#define MS INT64_C(1000000)
#define BLOCKS 2 // a point: an engine that needs more the second time is seen
#define BATCH_MOST 4096
#define TOKENS_LEAST 128 // of a context
#define TOKENS_MOST 131072
#define BATCH_TOKENS_LEAST 16
#define NOT_CONCLUDED "fit_not_concluded"

const char *ed_fit_what_word(enum ed_fit_what what) {
    static const char *const words[] = {"batch", "context", "threads"};
    return (unsigned)what < 3 ? words[what] : "";
}

static bool has_option(const struct ed_manifest *manifest, const char *name) {
    for (size_t i = 0; i < manifest->n_options; i++)
        if (!strcmp(manifest->options[i].name, name))
            return true;
    return false;
}

// What the user set is no lever, nor what is searched.
static bool is_taken(const struct ed_fit_run *run, const char *option) {
    static const struct {
        const char *flag, *option;
    } flags[] = {{"ub", "ubatch"},
                 {"batch", "batch"},
                 {"ctk", "type_k"},
                 {"ctv", "type_v"},
                 {"fa", "flash_attention"}};
    const size_t bytes = strlen(option);
    bool taken = run->what == ED_FIT_BATCH && (!strcmp(option, "ubatch") || !strcmp(option, "batch"));
    for (size_t i = 0; i < run->arguments->n_values; i++) {
        const struct ed_option_value *given = &run->arguments->values[i];
        taken = taken || (!strcmp(given->option->name, "option") && !strncmp(given->text, option, bytes) &&
                          given->text[bytes] == '=');
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
            taken =
                taken || (!strcmp(given->option->name, flags[k].flag) && !strcmp(flags[k].option, option));
    }
    return taken;
}

static void add_lever(struct ed_fit *fit, const char *option, const char *value) {
    if (fit->n_levers == ED_FIT_LEVERS_MAX)
        return;
    struct ed_fit_lever *lever = &fit->levers[fit->n_levers++];
    snprintf(lever->option, sizeof lever->option, "%s", option);
    snprintf(lever->value, sizeof lever->value, "%s", value);
    lever->counted_bytes = -1;
}

enum ed_status ed_fit_run_init(struct ed_fit_run *run, struct ed_error *err) {
    const char *threads = ed_arguments_get(run->arguments, "threads");
    struct ed_fit *fit = &run->fit;
    if (run->what == ED_FIT_CONTEXT && !run->language)
        return ed_fail(err, ED_ERR_USAGE, "--search",
                       "%s takes tensors and has no context; search its batch or threads",
                       run->manifest->name);
    if (run->what == ED_FIT_BATCH && run->language && !has_option(run->manifest, "ubatch"))
        return ed_fail(err, ED_ERR_USAGE, "--search",
                       "%s has no option for the batch of a language model; search its context or threads",
                       run->manifest->name);
    fit->least = run->what == ED_FIT_CONTEXT                  ? TOKENS_LEAST
                 : run->what == ED_FIT_BATCH && run->language ? BATCH_TOKENS_LEAST
                                                              : 1;
    // Of a context and of threads the first point tells.
    fit->most = run->what == ED_FIT_BATCH ? BATCH_MOST : run->what == ED_FIT_CONTEXT ? TOKENS_MOST : 1024;
    for (size_t i = 0; i < run->manifest->n_levers; i++)
        if (!is_taken(run, run->manifest->levers[i].option))
            add_lever(fit, run->manifest->levers[i].option, run->manifest->levers[i].value);
    if (run->what != ED_FIT_THREADS && threads && strcmp(threads, "1") != 0)
        add_lever(fit, "threads", "1");
    return ED_OK;
}

static void shapes_release(struct ed_suite_shape *shapes, size_t n) {
    for (size_t i = 0; shapes && i < n; i++)
        free(shapes[i].input);
    free(shapes);
}

void ed_fit_run_release(struct ed_fit_run *run) {
    shapes_release(run->shapes, run->n_shapes);
    run->shapes = NULL;
    run->n_shapes = 0;
}

// The shapes of the first point with another first dimension.
static enum ed_status set_batch(const struct ed_fit_run *run, int64_t batch, struct ed_suite *suite,
                                struct ed_error *err) {
    struct ed_suite_model *model = &suite->models[0];
    shapes_release(model->shapes, model->n_shapes);
    model->n_shapes = 0;
    model->shapes = calloc(run->n_shapes + 1, sizeof *model->shapes);
    enum ed_status status =
        model->shapes ? ED_OK : ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the shapes of a model");
    for (size_t i = 0; status == ED_OK && i < run->n_shapes; i++) {
        struct ed_suite_shape *shape = &model->shapes[i];
        *shape = run->shapes[i];
        shape->input = NULL;
        model->n_shapes = i + 1;
        status = ed_suite_text_set(&shape->input, run->shapes[i].input, err);
        if (shape->rank)
            shape->shape[0] = batch;
    }
    return status;
}

static enum ed_status set_tokens(struct ed_suite *suite, int64_t prompt, int64_t generate,
                                 struct ed_error *err) {
    char text[64];
    suite->n_pairs = suite->n_depths = 0;
    enum ed_status status = ed_suite_set_prompts(suite, "0", err);
    if (status == ED_OK)
        status = ed_suite_set_generates(suite, "0", err);
    snprintf(text, sizeof text, "%lld,%lld", (long long)prompt, (long long)generate);
    return status == ED_OK ? ed_suite_add_pair(suite, text, err) : status;
}

static enum ed_status set_option(struct ed_suite *suite, const char *option, const char *value,
                                 struct ed_error *err) {
    if (!strcmp(option, "threads"))
        return ed_suite_set_threads(suite, value, err);
    return ed_suite_cross_option(suite, option, option, &value, 1, err);
}

static enum ed_status set_size(const struct ed_fit_run *run, int64_t size, struct ed_suite *suite,
                               struct ed_error *err) {
    char text[32];
    enum ed_status status = ED_OK;
    snprintf(text, sizeof text, "%lld", (long long)size);
    switch (run->what) {
    case ED_FIT_THREADS:
        return ed_suite_set_threads(suite, text, err);
    case ED_FIT_CONTEXT:
        return set_tokens(suite, size - 1, 1, err);
    case ED_FIT_BATCH:
        if (!run->language)
            return run->described ? set_batch(run, size, suite, err) : ED_OK;
        // A prompt that fills the batch, so that its memory is used.
        status = set_tokens(suite, size, 1, err);
        if (status == ED_OK)
            status = set_option(suite, "ubatch", text, err);
        if (status == ED_OK && has_option(run->manifest, "batch"))
            status = set_option(suite, "batch", text, err);
        break;
    }
    return status;
}

enum ed_status ed_fit_run_suite(const struct ed_fit_run *run, const struct ed_fit_point *point,
                                struct ed_suite *suite, struct ed_error *err) {
    ed_suite_init(suite);
    enum ed_status status = ed_suite_of_arguments(suite, run->arguments, err);
    if (status == ED_OK)
        status = ed_suite_set_devices(suite, run->device, err);
    if (status == ED_OK)
        status = set_size(run, point->size, suite, err);
    for (size_t i = 0; status == ED_OK && i < run->fit.n_levers; i++)
        if (point->levers >> i & 1)
            status = set_option(suite, run->fit.levers[i].option, run->fit.levers[i].value, err);
    if (status == ED_OK)
        status = ed_suite_text_set(&suite->on_invalid, "mark", err);
    if (status != ED_OK) {
        ed_suite_release(suite);
        return status;
    }
    // Memory is what is asked: a few inferences show it, and heat or the page cache do not change it.
    suite->only_timing = true;
    suite->cool_down_ns = 0;
    suite->block_min_ns = 100 * MS;
    suite->block_max_ns = 2000 * MS;
    suite->block_min_inferences = 3;
    if (!ed_arguments_has(run->arguments, "blocks"))
        suite->blocks = BLOCKS;
    return ED_OK;
}

// "batch-8", "batch-8.memory_arena=0", "batch-8.levers".
static enum ed_status name_point(const struct ed_fit_run *run, const struct ed_fit_point *point,
                                 char path[ED_PATH_BYTES], struct ed_error *err) {
    char name[200];
    size_t used =
        (size_t)snprintf(name, sizeof name, "%s-%lld", ed_fit_what_word(run->what), (long long)point->size);
    for (size_t i = 0; i < run->fit.n_levers; i++)
        if (point->levers == UINT32_C(1) << i)
            snprintf(name + used, sizeof name - used, ".%s=%s", run->fit.levers[i].option,
                     run->fit.levers[i].value);
    if (point->levers & (point->levers - 1))
        snprintf(name + used, sizeof name - used, ".levers");
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=-", *c))
            *c = '_';
    return ed_path_join(path, run->directory, name, err);
}

static int64_t number_of(const struct ed_json_at *object, const char *key) {
    int64_t value = -1;
    return ed_json_opt_int(object, key, 0, INT64_C(1) << 53, &value, NULL) == ED_OK ? value : -1;
}

// Shapes of the inputs as they were bound.
static enum ed_status take_shapes(struct ed_fit_run *run, const struct ed_json_at *inputs,
                                  struct ed_error *err) {
    const size_t n = ed_json_count(inputs);
    int64_t batch = -1;
    run->shapes = calloc(n + 1, sizeof *run->shapes);
    if (!run->shapes)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the shapes of a model");
    struct ed_json_at input = ed_json_element(inputs, 0);
    for (size_t i = 0; i < n; i++, input = ed_json_next(&input)) {
        struct ed_suite_shape *shape = &run->shapes[i];
        const struct ed_json_at sizes = ed_json_member(&input, "shape");
        const char *name = "";
        const size_t rank = ed_json_count(&sizes);
        enum ed_status status = ed_json_get_text(&input, "name", &name, err);
        run->n_shapes = i + 1;
        if (status == ED_OK)
            status = ed_suite_text_set(&shape->input, name, err);
        if (status == ED_OK && rank > ED_TENSOR_RANK_MAX)
            status = ed_json_fail(&sizes, err, "has %zu dimensions", rank);
        struct ed_json_at size = ed_json_element(&sizes, 0);
        for (size_t d = 0; status == ED_OK && d < rank; d++, size = ed_json_next(&size))
            status = ed_json_as_int(&size, 0, INT64_C(1) << 40, &shape->shape[d], err);
        if (status != ED_OK)
            return status;
        shape->rank = (uint32_t)rank;
        if (rank && batch >= 0 && batch != shape->shape[0])
            return ed_fail(err, ED_ERR_USAGE, "--search",
                           "the first dimensions of the inputs differ (%lld and %lld), so that they are no "
                           "batch; search threads, or give shapes whose first dimension is the batch",
                           (long long)batch, (long long)shape->shape[0]);
        batch = rank ? shape->shape[0] : batch;
    }
    if (batch < 1)
        return ed_fail(err, ED_ERR_USAGE, "--search",
                       "the model has no input with a dimension that could be a batch; search threads");
    run->fit.least = batch;
    run->described = true;
    return ED_OK;
}

// What the first point tells of the sizes: the shapes, the context that the model was made for, the CPUs.
static enum ed_status learn(struct ed_fit_run *run, const struct ed_campaign_device *device,
                            const struct ed_blocks *blocks, struct ed_fit_point *point,
                            struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t b = 0; b < blocks->n; b++) {
        const struct ed_json_at root = ed_json_root(&blocks->documents[b]),
                                evidence = ed_json_member(&root, "evidence"),
                                inputs = ed_json_member(&evidence, "inputs"),
                                language = ed_json_member(&evidence, "language");
        const int64_t context = number_of(&language, "context_tokens");
        if (run->what == ED_FIT_CONTEXT && context > point->size && context < run->fit.most)
            run->fit.most = context;
        if (run->what != ED_FIT_BATCH || run->language || run->described || !inputs.value)
            continue;
        status = take_shapes(run, &inputs, err);
        if (status != ED_OK)
            return status;
        point->size = run->fit.least;
    }
    if (run->what == ED_FIT_THREADS && device->logical_cpus > 0)
        run->fit.most = device->logical_cpus;
    return status;
}

static void raise_to(int64_t *highest, int64_t value) {
    *highest = value > *highest ? value : *highest;
}

// The gravest of the records.
static void judge(const struct ed_records *records, struct ed_fit_point *point) {
    static const int gravity[] = {[ED_FIT_NOT_TRIED] = 0,
                                  [ED_FIT_FITS] = 1,
                                  [ED_FIT_IN_DOUBT] = 2,
                                  [ED_FIT_TOO_LARGE] = 3,
                                  [ED_FIT_FAILED] = 4};
    point->end = ED_FIT_NOT_TRIED;
    for (size_t i = 0; i < records->n; i++) {
        const struct ed_result *result = &records->items[i];
        const char *reason = "", *doubt = NULL;
        for (size_t r = 0; r < result->n_reasons; r++) {
            if (!strcmp(result->reasons[r].code, NOT_CONCLUDED))
                doubt = result->reasons[r].text;
            else if (!strcmp(result->reasons[r].key, "outcome"))
                reason = result->reasons[r].text;
        }
        const enum ed_fit_end end = !result->has[ED_FIELD_outcome]       ? ED_FIT_NOT_TRIED
                                    : !strcmp(result->outcome, "oom")    ? ED_FIT_TOO_LARGE
                                    : strcmp(result->outcome, "ok") != 0 ? ED_FIT_FAILED
                                    : doubt                              ? ED_FIT_IN_DOUBT
                                                                         : ED_FIT_FITS;
        if (gravity[end] > gravity[point->end]) {
            point->end = end;
            snprintf(point->reason, sizeof point->reason, "%.250s", end == ED_FIT_IN_DOUBT ? doubt : reason);
        }
        const struct {
            bool has;
            int64_t bytes;
        } peaks[] = {
            {result->has[ED_FIELD_memory_load_peak_bytes], result->memory_load_peak_bytes},
            {result->has[ED_FIELD_memory_warmup_peak_bytes], result->memory_warmup_peak_bytes},
            {result->has[ED_FIELD_memory_inference_peak_bytes], result->memory_inference_peak_bytes}};
        for (size_t p = 0; p < sizeof peaks / sizeof peaks[0]; p++)
            if (peaks[p].has)
                raise_to(&point->peak_bytes, peaks[p].bytes);
    }
}

static void read_limit(const struct ed_blocks *blocks, struct ed_fit_point *point) {
    for (size_t b = 0; b < blocks->n; b++) {
        const struct ed_json_at root = ed_json_root(&blocks->documents[b]),
                                limit = ed_json_member(&root, "memory_limit");
        const char *method = "";
        if (!limit.value)
            continue;
        raise_to(&point->counted_bytes, number_of(&limit, "anon_swap_peak_bytes"));
        if (ed_json_opt_text(&limit, "method", &method, NULL) == ED_OK)
            snprintf(point->method, sizeof point->method, "%s", method);
    }
}

static enum ed_status read_point(struct ed_fit_run *run, const char *directory, struct ed_fit_point *point,
                                 struct ed_error *err) {
    struct ed_campaign campaign = {0};
    struct ed_records records = {0};
    struct ed_blocks blocks = {0};
    bool loaded = false;
    enum ed_status status = ed_campaign_load(&campaign, directory, err);
    if (status == ED_OK)
        status = ed_campaign_records(&campaign, &records, NULL, err);
    if (status == ED_OK) {
        status = ed_blocks_load(&blocks, &campaign.devices[0], NULL, err);
        loaded = status == ED_OK;
    }
    if (status == ED_OK && records.usage_error && !run->fit.n)
        status = ed_fail(err, ED_ERR_USAGE, NULL, "%s", records.usage_message);
    if (status == ED_OK) {
        snprintf(point->campaign, sizeof point->campaign, "%.*s", ED_WIRE_ID_MAX_BYTES, campaign.id);
        judge(&records, point);
        read_limit(&blocks, point);
        if (!run->fit.n)
            status = learn(run, &campaign.devices[0], &blocks, point, err);
    }
    // Blocks that were left out for want of time say nothing.
    if (status == ED_OK && (records.blocks_left || point->end == ED_FIT_NOT_TRIED) &&
        point->end != ED_FIT_TOO_LARGE && point->end != ED_FIT_FAILED)
        status = ed_fail(err, ED_ERR_TIMEOUT, NULL, "the time was over before all blocks were measured");
    if (loaded)
        ed_blocks_release(&blocks);
    ed_records_release(&records);
    ed_campaign_release(&campaign);
    return status;
}

// Whether a campaign lacks nothing that a resume could measure.
static bool is_finished(const char *directory) {
    struct ed_campaign campaign = {0};
    struct ed_records records = {0};
    bool finished = false;
    if (ed_campaign_load(&campaign, directory, NULL) == ED_OK &&
        ed_campaign_records(&campaign, &records, NULL, NULL) == ED_OK)
        finished = records.blocks_planned > 0 && !records.blocks_left;
    ed_records_release(&records);
    ed_campaign_release(&campaign);
    return finished;
}

static void tell(const struct ed_fit_run *run, const struct ed_fit_point *point) {
    char with[200] = "", counted[32] = "?", limit[32];
    for (size_t i = 0; i < run->fit.n_levers; i++) {
        const size_t used = strlen(with);
        if (point->levers >> i & 1)
            snprintf(with + used, sizeof with - used, "%s%s=%s", used ? " " : " with ",
                     run->fit.levers[i].option, run->fit.levers[i].value);
    }
    if (point->counted_bytes >= 0)
        ed_units_print_size(counted, sizeof counted, point->counted_bytes);
    ed_units_print_size(limit, sizeof limit, run->limit_bytes);
    ed_log_line(&run->cli->log, ED_LOG_INFO, "%s: %s %lld%s: %s, %s of %s%s%.200s", run->device,
                ed_fit_what_word(run->what), (long long)point->size, with, ed_fit_word(point->end), counted,
                limit, point->end == ED_FIT_FAILED || point->end == ED_FIT_IN_DOUBT ? ": " : "",
                point->end == ED_FIT_FAILED || point->end == ED_FIT_IN_DOUBT ? point->reason : "");
}

enum ed_status ed_fit_run_measure(void *context, struct ed_fit_point *point, struct ed_error *err) {
    struct ed_fit_run *run = context;
    struct ed_suite suite;
    char directory[ED_PATH_BYTES], made[ED_PATH_BYTES] = "";
    bool finished = false;
    const int64_t left_ns = run->deadline_ns ? run->deadline_ns - ed_clock_monotonic_ns() : 0;
    if (run->deadline_ns && left_ns < 1000 * MS)
        return ed_fail(err, ED_ERR_TIMEOUT, "--max-time", "the time is over");
    enum ed_status status = ed_fit_run_suite(run, point, &suite, err);
    if (status != ED_OK)
        return status;
    if (run->deadline_ns)
        suite.max_time_ns = left_ns;
    status = name_point(run, point, directory, err);
    if (status == ED_OK)
        status = ed_path_make(run->directory, 0755, err);
    // An earlier run's point goes on where it was.
    const bool there = status == ED_OK && ed_show_check_campaign(directory, NULL) == ED_OK;
    if (status == ED_OK && !(there && is_finished(directory))) {
        struct ed_error failure = {0};
        snprintf(made, sizeof made, "%s", directory);
        run->measuring->args.out = directory;
        status =
            ed_measuring_measure(run->cli, run->measuring, there ? NULL : &suite, made, &finished, &failure);
        run->interrupted = status == ED_ERR_CANCELLED;
        if (status != ED_OK)
            *err = failure;
    }
    ed_suite_release(&suite);
    if (status == ED_OK)
        status = read_point(run, directory, point, err);
    if (status == ED_OK)
        tell(run, point);
    return status;
}
