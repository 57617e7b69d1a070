// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of suites. What it cannot say: that files exist, that names differ, that a reference is a
// variant, the order of a block's times, and the grammar of requirements beyond its operator.
#include <string.h>

#include "base/json_write.h"
#include "base/units.h"
#include "harness/suite.h"
#include "harness/suite_keys.h"

#define PATTERN_BYTES 512
#define NUMBER "[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
#define RATIO_PATTERN "^" NUMBER "[ ]*/[ ]*" NUMBER "$"
// 0 to 100 with a percent sign, or 0 to 1 without.
#define SHARE_PATTERN "^(" NUMBER "[ \t]*%|0|1|0?\\.[0-9]+|[01]\\.0*)$"
#define SIZE_PATTERN "^" NUMBER "[ \t]*(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)$"
#define DURATION_UNITS "(ns|us|\xc2\xb5s|\xce\xbcs|ms|s|min|h)"
#define DURATION_PATTERN "^" NUMBER "[ \t]*" DURATION_UNITS "$"
#define CPUS "[0-9]+(-[0-9]+)?"
#define CPUS_PATTERN "^" CPUS "(," CPUS ")*$"
#define RANGE "[0-9]+(-[0-9]+([*+][0-9]+)?)?"
#define RANGES_PATTERN "^" RANGE "(," RANGE ")*$"
#define REQUIREMENT_PATTERN "^[ \t\r\n]*[a-z][a-z0-9_]*[ \t\r\n]*(<=?|>=?|==|!=)[ \t\r\n]*[^= \t\r\n]"

static void pattern_write(struct ed_json_writer *w, enum ed_suite_rule rule) {
    char part[PATTERN_BYTES], pattern[PATTERN_BYTES + 2];
    ed_suite_rule_pattern(rule, part, sizeof part);
    snprintf(pattern, sizeof pattern, "^%s$", part);
    ed_json_text(w, "pattern", pattern);
}

static void rule_write(struct ed_json_writer *w, enum ed_suite_rule rule) {
    ed_json_text(w, "type", "string");
    pattern_write(w, rule);
}

static void engine_write(struct ed_json_writer *w) {
    char word[128], glob[128], address[128], pattern[PATTERN_BYTES];
    ed_suite_rule_pattern(ED_SUITE_RULE_WORD, word, sizeof word);
    ed_suite_rule_pattern(ED_SUITE_RULE_GLOB, glob, sizeof glob);
    ed_suite_rule_pattern(ED_SUITE_RULE_PATH, address, sizeof address);
    snprintf(pattern, sizeof pattern, "^%s((@%s)?(/%s)?|:%s)$", word, glob, glob, address);
    ed_json_text(w, "type", "string");
    ed_json_text(w, "pattern", pattern);
}

static void words_write(struct ed_json_writer *w, const char *words) {
    ed_json_array_begin(w, "enum");
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, "|");
        ed_json_text_n(w, NULL, p, n);
        p += n + (p[n] == '|');
    }
    ed_json_array_end(w);
}

static void integer_write(struct ed_json_writer *w, const char *key, int64_t min, int64_t max) {
    if (key)
        ed_json_object_begin(w, key);
    ed_json_text(w, "type", "integer");
    ed_json_int(w, "minimum", min);
    ed_json_int(w, "maximum", max);
    if (key)
        ed_json_object_end(w);
}

static void array_begin(struct ed_json_writer *w, int64_t min, int64_t max, bool unique) {
    ed_json_text(w, "type", "array");
    ed_json_int(w, "minItems", min);
    ed_json_int(w, "maxItems", max);
    if (unique)
        ed_json_bool(w, "uniqueItems", true);
    ed_json_object_begin(w, "items");
}

static void map_begin(struct ed_json_writer *w, const struct ed_suite_key *key, enum ed_suite_rule names) {
    ed_json_text(w, "type", "object");
    ed_json_int(w, "minProperties", key->min);
    ed_json_int(w, "maxProperties", key->max);
    ed_json_object_begin(w, "propertyNames");
    pattern_write(w, names);
    ed_json_object_end(w);
    ed_json_object_begin(w, "additionalProperties");
}

static void text_map_write(struct ed_json_writer *w, const struct ed_suite_key *key, enum ed_suite_rule names,
                           enum ed_suite_rule values) {
    map_begin(w, key, names);
    rule_write(w, values);
    ed_json_object_end(w);
}

static void crossings_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    map_begin(w, key, ED_SUITE_RULE_WORD);
    array_begin(w, 1, ED_SUITE_VALUES_MAX, true);
    rule_write(w, ED_SUITE_RULE_VALUE);
    ed_json_object_end(w);
    ed_json_object_end(w);
}

static void pairs_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, true);
    ed_json_text(w, "type", "string");
    ed_json_text(w, "pattern", "^[0-9]{1,7},[0-9]{1,7}$");
    ed_json_object_end(w);
}

// The parser is narrower in the numbers: how many streams, how long.
static void scenarios_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, true);
    ed_json_text(w, "type", "string");
    ed_json_text(w, "pattern",
                 "^(single-stream|(fixed-rate|poisson)(:" NUMBER
                 " *(/s)?)?|offline:[+]?[0-9]+|sustained:" NUMBER "[ \t]*" DURATION_UNITS ")$");
    ed_json_object_end(w);
}

static void rates_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, true);
    ed_json_text(w, "type", "number");
    ed_json_int(w, "exclusiveMinimum", 0);
    ed_json_int(w, "maximum", (int64_t)ED_WORKLOAD_RATE_MAX);
    ed_json_object_end(w);
}

static void threads_write(struct ed_json_writer *w, const struct ed_suite_key *key, int64_t max) {
    ed_json_array_begin(w, "anyOf");
    ed_json_object_begin(w, NULL);
    array_begin(w, key->min, key->max, true);
    integer_write(w, NULL, 0, max);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "type", "string");
    ed_json_text(w, "pattern", RANGES_PATTERN);
    ed_json_object_end(w);
    ed_json_array_end(w);
}

static void data_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    ed_json_array_begin(w, "anyOf");
    ed_json_object_begin(w, NULL);
    rule_write(w, ED_SUITE_RULE_PATH);
    ed_json_object_end(w);
    ed_json_object_begin(w, NULL);
    text_map_write(w, key, ED_SUITE_RULE_TENSOR, ED_SUITE_RULE_PATH);
    ed_json_object_end(w);
    ed_json_array_end(w);
}

static void shapes_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    map_begin(w, key, ED_SUITE_RULE_TENSOR);
    array_begin(w, 1, ED_TENSOR_RANK_MAX, false);
    integer_write(w, NULL, 1, ED_SUITE_DIMENSION_MAX);
    ed_json_object_end(w);
    ed_json_object_end(w);
}

static void reference_write(struct ed_json_writer *w, const struct ed_suite_object *object) {
    char reference[64];
    snprintf(reference, sizeof reference, "#/$defs/%s", object->name);
    ed_json_text(w, "$ref", reference);
}

static void texts_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, true);
    if (key->kind == ED_SUITE_ENGINES)
        engine_write(w);
    else
        rule_write(w, key->kind == ED_SUITE_SELECTORS ? ED_SUITE_RULE_SELECTOR
                      : key->kind == ED_SUITE_EVENTS  ? ED_SUITE_RULE_EVENT
                                                      : ED_SUITE_RULE_PATH);
    ed_json_object_end(w);
}

static void requirements_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, true);
    ed_json_text(w, "type", "string");
    ed_json_text(w, "pattern", REQUIREMENT_PATTERN);
    ed_json_object_end(w);
}

// A number, or a division of two; the parser also wants it above 0.
static void ratio_write(struct ed_json_writer *w) {
    ed_json_array_begin(w, "anyOf");
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "type", "number");
    ed_json_int(w, "exclusiveMinimum", 0);
    ed_json_object_end(w);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "type", "string");
    ed_json_text(w, "pattern", RATIO_PATTERN);
    ed_json_object_end(w);
    ed_json_array_end(w);
}

static void sizes_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, false);
    if (key->kind == ED_SUITE_REALS)
        ed_json_text(w, "type", "number");
    else
        integer_write(w, NULL, 1, ED_SUITE_PIXELS_MAX);
    ed_json_object_end(w);
}

static void command_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    array_begin(w, key->min, key->max, false);
    rule_write(w, ED_SUITE_RULE_VALUE);
    ed_json_object_end(w);
}

static void kind_write(struct ed_json_writer *w, const struct ed_suite_key *key) {
    switch (key->kind) {
    case ED_SUITE_NAME:
        rule_write(w, ED_SUITE_RULE_NAME);
        break;
    case ED_SUITE_TENSOR:
        rule_write(w, ED_SUITE_RULE_TENSOR);
        break;
    case ED_SUITE_WORD:
        words_write(w, key->words);
        break;
    case ED_SUITE_FILE:
    case ED_SUITE_ONE_FILE:
        rule_write(w, ED_SUITE_RULE_PATH);
        break;
    case ED_SUITE_TEXT:
    case ED_SUITE_SIDE:
        rule_write(w, ED_SUITE_RULE_VALUE);
        break;
    case ED_SUITE_CPUS:
        ed_json_text(w, "type", "string");
        ed_json_text(w, "pattern", CPUS_PATTERN);
        break;
    case ED_SUITE_INT:
        integer_write(w, NULL, key->min, key->max);
        break;
    case ED_SUITE_DURATION:
        ed_json_text(w, "type", "string");
        ed_json_text(w, "pattern", DURATION_PATTERN);
        break;
    case ED_SUITE_SIZE:
        ed_json_text(w, "type", "string");
        ed_json_text(w, "pattern", SIZE_PATTERN);
        break;
    case ED_SUITE_SHARE:
        ed_json_array_begin(w, "type");
        ed_json_text(w, NULL, "number");
        ed_json_text(w, NULL, "string");
        ed_json_array_end(w);
        ed_json_text(w, "pattern", SHARE_PATTERN);
        ed_json_int(w, "minimum", 0);
        ed_json_int(w, "maximum", 1);
        break;
    case ED_SUITE_BOOL:
        ed_json_text(w, "type", "boolean");
        break;
    case ED_SUITE_MEMBERS:
        reference_write(w, key->object);
        break;
    case ED_SUITE_OBJECTS:
        array_begin(w, key->min, key->max, false);
        reference_write(w, key->object);
        ed_json_object_end(w);
        break;
    case ED_SUITE_FILES:
    case ED_SUITE_ENGINES:
    case ED_SUITE_SELECTORS:
    case ED_SUITE_EVENTS:
        texts_write(w, key);
        break;
    case ED_SUITE_THREADS:
        threads_write(w, key, ED_SUITE_THREADS_VALUE_MAX);
        break;
    case ED_SUITE_TOKENS:
        threads_write(w, key, ED_WORKLOAD_TOKENS_MAX);
        break;
    case ED_SUITE_PAIRS:
        pairs_write(w, key);
        break;
    case ED_SUITE_SCENARIOS:
        scenarios_write(w, key);
        break;
    case ED_SUITE_RATES:
        rates_write(w, key);
        break;
    case ED_SUITE_SHAPES:
        shapes_write(w, key);
        break;
    case ED_SUITE_INPUTS:
        text_map_write(w, key, ED_SUITE_RULE_TENSOR, ED_SUITE_RULE_PATH);
        break;
    case ED_SUITE_DATA:
        data_write(w, key);
        break;
    case ED_SUITE_OPTIONS:
        text_map_write(w, key, ED_SUITE_RULE_WORD, ED_SUITE_RULE_VALUE);
        break;
    case ED_SUITE_CROSSINGS:
        crossings_write(w, key);
        break;
    case ED_SUITE_LABELS:
        text_map_write(w, key, ED_SUITE_RULE_WORD, ED_SUITE_RULE_LABEL);
        break;
    case ED_SUITE_REQUIREMENTS:
        requirements_write(w, key);
        break;
    case ED_SUITE_COMMAND:
        command_write(w, key);
        break;
    case ED_SUITE_SIZES:
    case ED_SUITE_REALS:
        sizes_write(w, key);
        break;
    case ED_SUITE_RATIO:
        ratio_write(w);
        break;
    }
}

// The value that ed_suite_init gives, where the key could have it; `defaults` is NULL for structs that have
// no defaults.
static void default_write(struct ed_json_writer *w, const struct ed_suite_key *key, const char *defaults) {
    char text[32];
    int64_t number;
    bool flag;
    if (key->fallback)
        ed_json_text(w, "default", key->fallback);
    if (!defaults)
        return;
    if (key->kind == ED_SUITE_BOOL) {
        memcpy(&flag, defaults + key->value, sizeof flag);
        ed_json_bool(w, "default", flag);
    }
    if (key->kind != ED_SUITE_INT && key->kind != ED_SUITE_DURATION)
        return;
    memcpy(&number, defaults + key->value, sizeof number);
    if (number < key->min || number > key->max)
        return;
    ed_units_print_duration(text, sizeof text, number);
    if (key->kind == ED_SUITE_INT)
        ed_json_int(w, "default", number);
    else
        ed_json_text(w, "default", text);
}

static void required_write(struct ed_json_writer *w, const char *name) {
    ed_json_object_begin(w, NULL);
    ed_json_array_begin(w, "required");
    ed_json_text(w, NULL, name);
    ed_json_array_end(w);
    ed_json_object_end(w);
}

static void object_write(struct ed_json_writer *w, const struct ed_suite_object *object,
                         const char *defaults) {
    bool any_required = false;
    ed_json_text(w, "type", "object");
    ed_json_text(w, "description", object->help);
    ed_json_object_begin(w, "properties");
    for (size_t i = 0; i < object->n_keys; i++) {
        const struct ed_suite_key *key = &object->keys[i];
        any_required = any_required || key->required;
        ed_json_object_begin(w, key->name);
        ed_json_text(w, "description", key->help);
        kind_write(w, key);
        default_write(w, key, defaults);
        ed_json_object_end(w);
    }
    ed_json_object_end(w);
    ed_json_object_begin(w, "patternProperties");
    ed_json_bool(w, "^([$]|//)", true);
    ed_json_object_end(w);
    ed_json_bool(w, "additionalProperties", false);
    if (any_required) {
        ed_json_array_begin(w, "required");
        for (size_t i = 0; i < object->n_keys; i++)
            if (object->keys[i].required)
                ed_json_text(w, NULL, object->keys[i].name);
        ed_json_array_end(w);
    }
    if (object->either) {
        ed_json_array_begin(w, "oneOf");
        required_write(w, object->either);
        required_write(w, object->or);
        ed_json_array_end(w);
    }
}

// Objects that are reached from `object`, each below its own name.
static void definitions_write(struct ed_json_writer *w, const struct ed_suite_object *object,
                              const char *defaults) {
    for (size_t i = 0; i < object->n_keys; i++) {
        const struct ed_suite_key *key = &object->keys[i];
        const char *inner = key->kind == ED_SUITE_MEMBERS ? defaults : NULL;
        if (!key->object)
            continue;
        ed_json_object_begin(w, key->object->name);
        object_write(w, key->object, inner);
        ed_json_object_end(w);
        definitions_write(w, key->object, inner);
    }
}

// Without a model only engines that need none may be named.
static void models_rule_write(struct ed_json_writer *w) {
    ed_json_array_begin(w, "anyOf");
    ed_json_object_begin(w, NULL);
    ed_json_array_begin(w, "required");
    ed_json_text(w, NULL, "models");
    ed_json_array_end(w);
    ed_json_object_begin(w, "properties");
    ed_json_object_begin(w, "models");
    ed_json_int(w, "minItems", 1);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_json_object_begin(w, NULL);
    ed_json_array_begin(w, "required");
    ed_json_text(w, NULL, "on");
    ed_json_array_end(w);
    ed_json_object_begin(w, "properties");
    ed_json_object_begin(w, "on");
    ed_json_int(w, "minItems", 1);
    ed_json_object_begin(w, "items");
    ed_json_text(w, "pattern", "^(" ED_SUITE_NO_MODEL_ENGINE "([@/]|$)|[^@/:]+:)");
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_json_array_end(w);
}

void ed_suite_schema(struct ed_buffer *out) {
    const struct ed_suite_object *root = ed_suite_object_root();
    struct ed_json_writer writer, *w = &writer;
    struct ed_suite defaults;
    ed_suite_init(&defaults);
    ed_json_writer_init(w, out, true);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    ed_json_text(w, "title", "edgedyno suite");
    object_write(w, root, (const char *)&defaults);
    models_rule_write(w);
    ed_json_object_begin(w, "$defs");
    definitions_write(w, root, (const char *)&defaults);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_buffer_append(out, "\n", 1);
    ed_suite_release(&defaults);
}
