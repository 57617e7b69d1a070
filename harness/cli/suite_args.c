// SPDX-License-Identifier: Apache-2.0
// Operands and flags to a suite.
#include "harness/cli/suite_args.h"

#include <stdlib.h>
#include <string.h>

#include "base/affix.h"
#include "base/path.h"
#include "base/units.h"
#include "harness/data/prepare.h"
#include "harness/gate_sides.h"
#include "harness/suite_keys.h"
#include "harness/suite_values.h"
#include "harness/tune_models.h"

#define SCRIPT_TYPE "edgedyno-script"
#define JSON_MAX_BYTES (16u << 20)

enum kind { MODEL, SUITE };

// A .json file is a suite unless it says that it is a script. One that cannot be parsed is left to the
// suite's parser, whose message is about the place.
static enum kind kind_of(const char *path) {
    struct ed_json_document document = {0};
    const char *type = "";
    if (!ed_affix_ends(path, ".json"))
        return MODEL;
    if (ed_json_parse_file(&document, path, JSON_MAX_BYTES, NULL) != ED_OK)
        return SUITE;
    const struct ed_json_at root = ed_json_root(&document);
    enum kind kind = ed_json_opt_text(&root, "type", &type, NULL) == ED_OK && strcmp(type, SCRIPT_TYPE) == 0
                         ? MODEL
                         : SUITE;
    ed_json_document_release(&document);
    return kind;
}

// Of the message alone: where it is is the flag.
static enum ed_status at_flag(enum ed_status status, const char *flag, struct ed_error *err) {
    if (status && err && !err->where[0])
        snprintf(err->where, sizeof err->where, "%s", flag);
    return status;
}

// Flags that are options of the engine by another name, and may be lists.
static const struct {
    const char *name, *key;
} engine_flags[] = {{"batch", "batch"}, {"ub", "ubatch"},          {"ctk", "type_k"},
                    {"ctv", "type_v"},  {"fa", "flash_attention"}, {"ngl", "gpu_layers"}};

static enum ed_status cross(struct ed_suite *suite, const struct ed_option *option, const char *key,
                            const char *list, struct ed_error *err) {
    int64_t numbers[ED_SUITE_VALUES_MAX];
    char texts[ED_SUITE_VALUES_MAX][24], flag[16];
    const char *values[ED_SUITE_VALUES_MAX];
    size_t n = 0;
    snprintf(flag, sizeof flag, "-%.8s", option->letter ? (const char[]){option->letter, 0} : option->name);
    if (option->type == ED_OPTION_INT_LIST) {
        enum ed_status status = ed_options_int_list(list, flag, (int64_t)option->min, (int64_t)option->max,
                                                    numbers, ED_SUITE_VALUES_MAX, &n, err);
        for (size_t i = 0; status == ED_OK && i < n; i++) {
            snprintf(texts[i], sizeof texts[i], "%lld", (long long)numbers[i]);
            values[i] = texts[i];
        }
        return status ? status : ed_suite_cross_option(suite, flag, key, values, n, err);
    }
    char **parts = NULL;
    enum ed_status status = ed_options_list(list, flag, &parts, &n, err);
    if (status == ED_OK && n > ED_SUITE_VALUES_MAX)
        status = ed_fail(err, ED_ERR_LIMIT, flag, "more than %d values", ED_SUITE_VALUES_MAX);
    // llama-bench writes 0 and 1 where the engine says off and on.
    for (size_t i = 0; status == ED_OK && i < n; i++)
        values[i] = strcmp(option->name, "fa") ? parts[i]
                    : !strcmp(parts[i], "0")   ? "off"
                    : !strcmp(parts[i], "1")   ? "on"
                                               : parts[i];
    if (status == ED_OK)
        status = ed_suite_cross_option(suite, flag, key, values, n, err);
    free(parts);
    return status;
}

static enum ed_status set_flag(struct ed_suite *suite, const struct ed_option *option, const char *text,
                               struct ed_error *err) {
    static const struct {
        const char *name;
        enum ed_status (*set)(struct ed_suite *, const char *, struct ed_error *);
    } setters[] = {
        {"on", ed_suite_set_on},
        {"device", ed_suite_set_devices},
        {"threads", ed_suite_set_threads},
        {"option", ed_suite_add_option},
        {"label", ed_suite_add_label},
        {"require", ed_suite_add_requirement},
        {"shape", ed_suite_add_shape},
        {"input", ed_suite_add_input},
        {"prompt", ed_suite_set_prompts},
        {"generate", ed_suite_set_generates},
        {"pg", ed_suite_add_pair},
        {"depth", ed_suite_set_depths},
        {"papi", ed_suite_set_papi},
        {"rate", ed_suite_set_rates},
        {"scenario", ed_suite_add_scenarios},
    };
    const char *name = option->name;
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++)
        if (strcmp(name, setters[i].name) == 0)
            return setters[i].set(suite, text, err);
    for (size_t i = 0; i < sizeof engine_flags / sizeof engine_flags[0]; i++)
        if (strcmp(name, engine_flags[i].name) == 0)
            return cross(suite, option, engine_flags[i].key, text, err);
    if (strcmp(name, "blocks") == 0)
        return ed_units_integer(text, &suite->blocks, err);
    if (strcmp(name, "seed") == 0)
        return ed_units_integer(text, &suite->seed, err);
    if (strcmp(name, "deadline") == 0)
        return ed_units_duration(text, &suite->deadline_ns, err);
    if (strcmp(name, "max-time") == 0)
        return ed_units_duration(text, &suite->max_time_ns, err);
    if (strcmp(name, "mem-limit") == 0)
        return ed_units_size(text, &suite->mem_limit_bytes, err);
    if (strcmp(name, "ballast") == 0)
        return ed_units_size(text, &suite->ballast_bytes, err);
    if (strcmp(name, "min-placed") == 0)
        return ed_units_share(text, &suite->min_placed, err);
    if (strcmp(name, "allow-fallback") == 0)
        suite->allow_fallback = true;
    if (strcmp(name, "profile") == 0)
        suite->profile = true;
    if (strcmp(name, "mde") == 0)
        return ed_suite_text_set(&suite->gate.mde, text, err);
    if (strcmp(name, "metric") == 0)
        return ed_suite_text_set(&suite->gate.metric, text, err);
    if (strcmp(name, "on-invalid") == 0)
        return ed_suite_text_set(&suite->on_invalid, text, err);
    if (strcmp(name, "agree-with") == 0)
        return ed_suite_text_set(&suite->agree_with, text, err);
    if (strcmp(name, "inconclusive") == 0)
        return ed_suite_text_set(suite->tune.active ? &suite->tune.inconclusive : &suite->gate.inconclusive,
                                 text, err);
    if (strcmp(name, "minimize") == 0)
        return ed_suite_text_set(&suite->tune.minimize, text, err);
    if (strcmp(name, "need") == 0)
        return ed_units_integer(text, &suite->gate.need, err);
    if (strcmp(name, "confirm") == 0)
        suite->gate.confirm = true;
    if (strcmp(name, "pin") == 0) {
        enum ed_status status = ed_suite_cpus_check(text, err);
        return status ? status : ed_suite_text_set(&suite->pin, text, err);
    }
    return ED_OK;
}

// Whether all that --on names are servers: then a MODEL is a name there, and no file here. What is written
// after the engine may be no address; with a file as MODEL that is told before anything else.
static bool on_servers(const char *list, const struct ed_arguments *arguments) {
    bool all = list && list[0];
    if (all && !strstr(list, "://") && arguments->n_operands && ed_path_exists(arguments->operands[0]))
        return false;
    for (const char *on = list; all && *on; on += strcspn(on, ","), on += *on == ',') {
        const char *colon = strchr(on, ':');
        all = colon && colon < on + strcspn(on, ",@/") &&
              strncmp(on, ED_SUITE_FILE_ENGINE ":", sizeof ED_SUITE_FILE_ENGINE);
    }
    return all;
}

// The same of the two sides of a gate.
static bool sides_are_servers(const struct ed_arguments *arguments) {
    static const char *const flags[] = {"baseline", "candidate"};
    const size_t n = strlen(ED_SUITE_SIDE_ENGINE);
    for (size_t i = 0; i < 2; i++) {
        const char *side = ed_arguments_get(arguments, flags[i]);
        if (!side || strncmp(side, ED_SUITE_SIDE_ENGINE, n) || !on_servers(side + n, arguments))
            return false;
    }
    return true;
}

static enum ed_status add_operands(struct ed_suite *suite, const struct ed_arguments *arguments,
                                   struct ed_error *err) {
    enum ed_status status = ED_OK;
    const bool servers =
        on_servers(ed_arguments_get(arguments, "on"), arguments) || sides_are_servers(arguments);
    if (servers && arguments->n_operands &&
        !(arguments->n_operands == 1 && kind_of(arguments->operands[0]) == SUITE))
        return ed_suite_cross_option(suite, "MODEL", "model", (const char *const *)arguments->operands,
                                     arguments->n_operands, err);
    if (arguments->n_operands == 1 && kind_of(arguments->operands[0]) == SUITE)
        return ed_suite_load(suite, arguments->operands[0], err);
    for (size_t i = 0; i < arguments->n_operands && !status; i++) {
        const char *operand = arguments->operands[i];
        if (kind_of(operand) == SUITE && ed_path_exists(operand))
            status = ed_fail(err, ED_ERR_USAGE, operand,
                             "a suite is measured alone; give one suite, or models only");
        else
            status = ed_suite_add_model(suite, operand, err);
    }
    if (status)
        ed_suite_release(suite);
    return status;
}

// Baseline and candidate come before the other flags, since they may be the models that those are about.
static enum ed_status add_sides(struct ed_suite *suite, const struct ed_arguments *arguments,
                                struct ed_error *err) {
    const struct {
        const char *flag;
        char **text;
    } sides[] = {{"baseline", &suite->gate.baseline}, {"candidate", &suite->gate.candidate}};
    char here[ED_PATH_BYTES];
    enum ed_status status = ed_path_real(here, ".", err);
    for (size_t i = 0; i < 2 && !status; i++) {
        const char *text = ed_arguments_get(arguments, sides[i].flag);
        if (!text)
            continue;
        status = ed_suite_text_set(sides[i].text, text, err);
        if (!status)
            status = ed_suite_side_resolve(sides[i].text, here, err);
    }
    return status ? status : ed_gate_sides_add(suite, err);
}

// Likewise the reference, which may be a variant that shapes and inputs are for.
static enum ed_status add_reference(struct ed_suite *suite, const struct ed_arguments *arguments,
                                    struct ed_error *err) {
    char here[ED_PATH_BYTES];
    const char *text = ed_arguments_get(arguments, "reference");
    enum ed_status status = text ? ed_suite_text_set(&suite->tune.reference, text, err) : ED_OK;
    if (!status && text)
        status = ed_path_real(here, ".", err);
    if (!status && text)
        status = ed_suite_side_resolve(&suite->tune.reference, here, err);
    return status ? status : ed_tune_models_settle(suite, err);
}

enum ed_status ed_suite_of_arguments(struct ed_suite *suite, const struct ed_arguments *arguments,
                                     struct ed_error *err) {
    const bool gate = suite->gate.active, tune = suite->tune.active; // the suite's file begins anew
    enum ed_status status = add_operands(suite, arguments, err);
    if (status)
        return status;
    suite->gate.active = gate;
    suite->tune.active = tune;
    if (gate)
        status = add_sides(suite, arguments, err);
    if (tune)
        status = add_reference(suite, arguments, err);
    // The flag goes before the suite, and may be given more than once.
    if (ed_arguments_has(arguments, "scenario"))
        suite->n_scenarios = 0;
    for (size_t i = 0; i < arguments->n_values && !status; i++) {
        const struct ed_option *option = arguments->values[i].option;
        char flag[64];
        snprintf(flag, sizeof flag, "--%.60s", option->name);
        status = at_flag(set_flag(suite, option, arguments->values[i].text, err), flag, err);
    }
    if (!status && !gate && !suite->n_models && !ed_suite_on_needs_no_model(suite->on, suite->n_on))
        status = ed_fail(err, ED_ERR_USAGE, NULL,
                         "nothing to measure: name a suite or models, as in `edgedyno run suite.json` or "
                         "`edgedyno run model.onnx`; "
                         "only --on null needs none");
    if (!status)
        status = ed_suite_scenarios_check(suite, err);
    if (!status)
        status = ed_prepare_suite(suite, err);
    if (status)
        ed_suite_release(suite);
    return status;
}

enum ed_status ed_suite_check_resume(const struct ed_arguments *arguments, struct ed_error *err) {
    static const char *const allowed[] = {"resume",  "verify", "wait",  "leave-nothing", "format",
                                          "export",  "sort",   "group", "devices",       "quiet",
                                          "verbose", "help",   NULL};
    if (arguments->n_operands)
        return ed_fail(err, ED_ERR_USAGE, "--resume", "goes by the campaign's own plan; leave out %.200s",
                       arguments->operands[0]);
    for (size_t i = 0; i < arguments->n_values; i++) {
        const char *const *name = allowed;
        while (*name && strcmp(*name, arguments->values[i].option->name) != 0)
            name++;
        if (!*name)
            return ed_fail(err, ED_ERR_USAGE, "--resume", "goes by the campaign's own plan; leave out --%s",
                           arguments->values[i].option->name);
    }
    return ED_OK;
}
