// SPDX-License-Identifier: Apache-2.0
// From backend, threads and options to a device and its properties, and from there to a compiled model.
#include <ctype.h>
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/openvino/ov.h"

#define LIST_BYTES 8192
#define NAMES_MAX 256

static enum ed_status add(struct ov_property *rows, size_t *n, const char *key, const char *value,
                          struct ed_error *err) {
    struct ov_property *row = NULL;
    for (size_t i = 0; i < *n && !row; i++)
        row = strcmp(rows[i].key, key) ? NULL : &rows[i];
    if (!row && *n == OV_PROPERTIES_MAX)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "more than %d properties", OV_PROPERTIES_MAX);
    if (strlen(key) >= sizeof row->key || strlen(value) >= sizeof row->value)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the property %.64s is too long", key);
    row = row ? row : &rows[(*n)++];
    snprintf(row->key, sizeof row->key, "%s", key);
    snprintf(row->value, sizeof row->value, "%s", value);
    return ED_OK;
}

// For the device itself, or for each member of one that hands the model on.
static enum ed_status add_setting(struct ov_plan *plan, const char *key, const char *value,
                                  struct ed_error *err) {
    return plan->several ? add(plan->defaults, &plan->n_defaults, key, value, err)
                         : add(plan->properties, &plan->n_properties, key, value, err);
}

static enum ed_status add_member(struct ov_plan *plan, const char *name, size_t length,
                                 struct ed_error *err) {
    char *member = plan->members[plan->n_members];
    if (plan->n_members == OV_MEMBERS_MAX)
        return ed_fail(err, ED_ERR_LIMIT, "-o devices", "more than %d devices", OV_MEMBERS_MAX);
    bool good = length > 0 && length < sizeof plan->members[0];
    for (size_t i = 0; good && i < length; i++)
        good = isalnum((unsigned char)name[i]) || strchr("._-", name[i]);
    if (!good)
        return ed_fail(err, ED_ERR_USAGE, "-o devices",
                       "'%.64s' is no list of devices; OpenVINO's names are CPU, GPU, GPU.1, NPU", name);
    memcpy(member, name, length);
    member[length] = 0;
    plan->n_members++;
    return ED_OK;
}

static enum ed_status choose_devices(const struct ov_state *ov, struct ov_plan *plan,
                                     const struct ed_load_args *args, struct ed_error *err) {
    const char *given = ed_adapter_option(args, "devices"), *separators = given ? "," : " ";
    char found[256] = "", *end = plan->device;
    enum ed_status status = ED_OK;
    for (size_t i = 0; args->backend[i] && i + 1 < sizeof plan->native; i++)
        plan->native[i] = (char)toupper((unsigned char)args->backend[i]);
    plan->several = !strcmp(plan->native, "AUTO") || !strcmp(plan->native, "HETERO");
    if (!given && plan->several)
        status = ov_devices_list(ov, found, sizeof found, err);
    else if (!given)
        given = plan->native;
    for (const char *at = given ? given : found; !status && *at;) {
        const size_t length = strcspn(at, separators);
        status = add_member(plan, at, length, err);
        at += length + (at[length] && at[length + 1]);
    }
    if (!status && !plan->n_members)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "OpenVINO %s finds no device here", ov->version);
    if (!status && !plan->several &&
        (plan->n_members > 1 || ov_device_processor(plan->members[0]) != ov_device_processor(plan->native)))
        status = ed_fail(err, ED_ERR_USAGE, "-o devices", "'%.64s' is not one device of the backend %s",
                         given ? given : "", args->backend);
    if (status)
        return status;
    if (plan->several)
        end += snprintf(end, sizeof plan->device, "%s:", plan->native);
    for (size_t i = 0; i < plan->n_members; i++) {
        const size_t room = sizeof plan->device - (size_t)(end - plan->device);
        const int n = snprintf(end, room, "%s%s", i ? "," : "", plan->members[i]);
        if ((size_t)n >= room)
            return ed_fail(err, ED_ERR_LIMIT, "-o devices", "the names of the devices are too long");
        end += n;
    }
    return ED_OK;
}

// Splits `text` at spaces and adds its words to the list.
static void add_words(char *text, const char **names, size_t *n) {
    char *rest = text;
    for (char *word; *n < NAMES_MAX - 1 && (word = strtok_r(rest, " ", &rest));)
        names[(*n)++] = word;
    names[*n] = NULL;
}

// The properties that the engine lists for a device; one that is not there lists none.
static void list_properties(const struct ov_state *ov, const char *device, char *text) {
    char *value = NULL;
    text[0] = 0;
    if (!ov->api.core_get_property(ov->core, device, "SUPPORTED_PROPERTIES", &value) && value)
        snprintf(text, LIST_BYTES, "%s", value);
    ov->api.free(value);
}

static bool has_word(const char *const *names, const char *word) {
    for (; *names; names++)
        if (!strcmp(*names, word))
            return true;
    return false;
}

// AUTO takes any property in silence, so every name is looked up in what the devices list.
static enum ed_status add_given(const struct ov_state *ov, struct ov_plan *plan,
                                const struct ed_load_args *args, struct ed_error *err) {
    static const char *const own[][2] = {{"INFERENCE_NUM_THREADS", "-t"},
                                         {"INFERENCE_PRECISION_HINT", "-o inference_precision"},
                                         {"PERFORMANCE_HINT", "-o performance_hint"},
                                         {"NUM_STREAMS", "-o streams"},
                                         {"MULTI_DEVICE_PRIORITIES", "-o devices"},
                                         {"PERF_COUNT", "--profile"}};
    char device[LIST_BYTES], member[LIST_BYTES] = "", where[96];
    const char *device_names[NAMES_MAX], *all_names[NAMES_MAX];
    size_t n_device = 0, n_all = 0;
    enum ed_status status = ED_OK;
    list_properties(ov, plan->several ? plan->native : plan->members[0], device);
    add_words(device, device_names, &n_device);
    memcpy(all_names, device_names, sizeof all_names);
    n_all = n_device;
    if (plan->several) {
        list_properties(ov, plan->members[0], member);
        add_words(member, all_names, &n_all);
    }
    for (size_t i = 0; i < args->n_options && !status; i++) {
        if (strncmp(args->options[i].key, OV_OPTION_PREFIX, strlen(OV_OPTION_PREFIX)) != 0)
            continue;
        const char *key = args->options[i].key + strlen(OV_OPTION_PREFIX), *near = NULL;
        snprintf(where, sizeof where, "-o %.80s", args->options[i].key);
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            if (!strcmp(key, own[k][0]))
                return ed_fail(err, ED_ERR_USAGE, where, "%s is set by %s", key, own[k][1]);
        if (!has_word(all_names, key)) {
            near = ed_nearest(key, all_names);
            return ed_fail(err, ED_ERR_USAGE, where, "OpenVINO %s has no property '%.64s' for %s%s%s%s",
                           ov->version, key, plan->device, near ? "; did you mean '" : "", near ? near : "",
                           near ? "'?" : "");
        }
        status = has_word(device_names, key)
                     ? add(plan->properties, &plan->n_properties, key, args->options[i].value, err)
                     : add_setting(plan, key, args->options[i].value, err);
    }
    return status;
}

static enum ed_status add_ours(struct ov_plan *plan, const struct ed_load_args *args, struct ed_error *err) {
    const char *precision = ed_adapter_option_or(args, "inference_precision", "f32");
    const char *hint = ed_adapter_option_or(args, "performance_hint", "latency");
    const bool npu = !plan->several && ov_device_processor(plan->native) == ED_PROCESSOR_NPU;
    const bool cpu = plan->several || ov_device_processor(plan->native) == ED_PROCESSOR_CPU;
    enum ed_status status = ED_OK;
    char number[16];
    if (strcmp(precision, "engine") != 0 && !npu)
        status = add_setting(plan, "INFERENCE_PRECISION_HINT", precision, err);
    if (!status && strcmp(hint, "none") != 0)
        status =
            add_setting(plan, "PERFORMANCE_HINT", strcmp(hint, "latency") ? "THROUGHPUT" : "LATENCY", err);
    if (!status && !npu)
        status = add_setting(plan, "NUM_STREAMS", ed_adapter_option_or(args, "streams", "1"), err);
    if (!status && cpu && args->threads > 0) {
        snprintf(number, sizeof number, "%d", args->threads);
        status = add_setting(plan, "INFERENCE_NUM_THREADS", number, err);
    }
    return status;
}

static enum ed_status set_files(struct ov_plan *plan, const struct ed_load_args *args, struct ed_error *err) {
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "OpenVINO needs a model; name an .xml, .onnx or .tflite file");
    const char *weights = args->n_model_files > 1 ? args->model_files[1] : "";
    const char *ending = strrchr(weights, '.');
    // An ONNX file may bring others, which the engine finds by the names inside it.
    if (!ending || strcmp(ending, ".bin") != 0)
        weights = "";
    if (strlen(args->model_files[0]) >= sizeof plan->model || strlen(weights) >= sizeof plan->weights)
        return ed_fail(err, ED_ERR_LIMIT, NULL, "the path of the model is too long");
    snprintf(plan->model, sizeof plan->model, "%s", args->model_files[0]);
    snprintf(plan->weights, sizeof plan->weights, "%s", weights);
    return ED_OK;
}

enum ed_status ov_plan_make(const struct ov_state *ov, struct ov_plan *plan, const struct ed_load_args *args,
                            struct ed_error *err) {
    memset(plan, 0, sizeof *plan);
    enum ed_status status = set_files(plan, args, err);
    if (!status)
        status = choose_devices(ov, plan, args, err);
    if (!status)
        status = add_ours(plan, args, err);
    if (!status)
        status = add_given(ov, plan, args, err);
    return status;
}

// A member may not know a setting (an NPU no precision): what it lists is what it is given.
static enum ed_status set_defaults(const struct ov_state *ov, const struct ov_plan *plan,
                                   struct ed_error *err) {
    enum ed_status status = ED_OK;
    for (size_t m = 0; m < plan->n_members && !status; m++) {
        char text[LIST_BYTES];
        const char *names[NAMES_MAX];
        size_t n = 0;
        list_properties(ov, plan->members[m], text);
        add_words(text, names, &n);
        for (size_t i = 0; i < plan->n_defaults && !status; i++)
            if (has_word(names, plan->defaults[i].key))
                status = ov_check(ov,
                                  ov->api.core_set_property(ov->core, plan->members[m], plan->defaults[i].key,
                                                            plan->defaults[i].value),
                                  plan->defaults[i].key, err);
    }
    return status;
}

enum ed_status ov_plan_compile(const struct ov_state *ov, const struct ov_plan *plan, bool profile,
                               struct ov_compiled **out, struct ed_error *err) {
    struct ov_property rows[OV_PROPERTIES_MAX + 1];
    struct ov_model *model = NULL;
    char doing[160];
    size_t n = plan->n_properties;
    memset(rows, 0, sizeof rows);
    memcpy(rows, plan->properties, sizeof plan->properties);
    if (profile)
        rows[n++] = (struct ov_property){"PERF_COUNT", "YES"};
    enum ed_status status = set_defaults(ov, plan, err);
    if (!status)
        status = ov_check(
            ov,
            ov->api.core_read_model(ov->core, plan->model, plan->weights[0] ? plan->weights : NULL, &model),
            "reading the model", err);
    if (status)
        return status;
    snprintf(doing, sizeof doing, "compiling the model for %s", plan->device);
    // The function takes as many pairs as it is told; the others are not looked at.
#define OV_PAIR(i) rows[i].key, rows[i].value
    status =
        ov_check(ov,
                 ov->api.core_compile_model(ov->core, model, plan->device, 2 * n, out, OV_PAIR(0), OV_PAIR(1),
                                            OV_PAIR(2), OV_PAIR(3), OV_PAIR(4), OV_PAIR(5), OV_PAIR(6),
                                            OV_PAIR(7), OV_PAIR(8), OV_PAIR(9), OV_PAIR(10), OV_PAIR(11),
                                            OV_PAIR(12), OV_PAIR(13), OV_PAIR(14), OV_PAIR(15), OV_PAIR(16)),
                 doing, err);
#undef OV_PAIR
    ov->api.model_free(model);
    return status;
}
