// SPDX-License-Identifier: Apache-2.0
// choice.json, its schema, and the format of that name.
#include <math.h>
#include <string.h>

#include "reports/choice.h"
#include "reports/fields.h"
#include "reports/records.h"
#include "reports/registry.h"
#include "reports/text.h"

// What identifies a configuration, and what is known of it; in the order of the file.
struct key {
    const char *name, *type; // of JSON Schema
    bool nullable;
    const char *help;
};

static const struct key configuration_keys[] = {
    {"variant", "string", false, "name of the variant; empty for a model given alone"},
    {"how", "string", false,
     "how the variant was made from the reference: ptq, qat ...; empty where the suite does not say"},
    {"model_sha256", "string", false, "digest over the files of the variant"},
    {"engine", "string", false, "name of the engine"},
    {"engine_version", "string", false, "version of the engine build, as --on names it"},
    {"engine_build_sha256", "string", false, "digest over the files of the engine build and its adapter"},
    {"backend", "string", false, "backend of the engine"},
    {"processor", "string", false, "kind of processor of that backend"},
    {"threads", "integer", false, "threads; 0 is the engine's own default"},
    {"options", "string", false, "backend options, KEY=VALUE separated by spaces"},
    {"case", "string", false, "the case that is chosen by, as in records"},
};
#define CONFIGURATION_KEYS (sizeof configuration_keys / sizeof configuration_keys[0])

static const struct key candidate_keys[] = {
    {"reference", "boolean", false, "it runs the reference variant"},
    {"state", "string", false, "chosen, tied, slower, fail, inconclusive, invalid, not measured"},
    {"why", "string", false, "of what is not to be chosen; else empty"},
    {"value", "number", true, "of the key that is chosen by: median over blocks"},
    {"value_low", "number", true, "lower end of its 95 % interval"},
    {"value_high", "number", true, "upper end of its 95 % interval"},
    {"change", "number", true, "against the chosen one round by round, as a share: 0.02 is 2 % more"},
    {"change_low", "number", true, "lower end of its interval"},
    {"change_high", "number", true, "upper end of its interval"},
    {"rounds", "integer", false, "rounds that both were measured in"},
    {"front", "boolean", false, "on the Pareto front, by the medians"},
    {"model_file_bytes", "number", true, "size of the variant's files"},
    {"memory_inference_peak_bytes", "number", true, "peak of resident memory during the timed inferences"},
    {"energy_per_inference_uj", "number", true, "energy per inference, gross"},
    {"latency_p50_ns", "number", true, "median latency"},
    {"placement_observed", "string", true, "where it ran, as in records"},
    {"placed_ops_share", "number", true, "share of it that ran where it was asked to"},
    {"accuracy_metric", "string", true, "metric of the first task"},
    {"accuracy_value", "number", true, "its value"},
    {"accuracy_value_low", "number", true, "lower end of its interval"},
    {"accuracy_value_high", "number", true, "upper end of its interval"},
    {"accuracy_reference", "number", true, "its value of the reference"},
    {"accuracy_drop", "number", true, "what it loses against the reference"},
    {"accuracy_drop_low", "number", true, "lower end of its interval"},
    {"accuracy_drop_high", "number", true, "upper end of its interval"},
};
#define CANDIDATE_KEYS (sizeof candidate_keys / sizeof candidate_keys[0])

static void configuration_write(struct ed_json_writer *w, const struct ed_report_candidate *candidate) {
    const struct ed_result *r = candidate->result;
    ed_json_text(w, "variant", r->variant);
    ed_json_text(w, "how", candidate->how);
    ed_json_text(w, "model_sha256", r->model_sha256);
    ed_json_text(w, "engine", r->engine);
    ed_json_text(w, "engine_version", r->engine_version);
    ed_json_text(w, "engine_build_sha256", r->engine_build_sha256);
    ed_json_text(w, "backend", r->backend);
    ed_json_text(w, "processor", r->processor);
    ed_json_int(w, "threads", r->threads);
    ed_json_text(w, "options", r->options);
    ed_json_text(w, "case", r->case_id);
}

static void number_write(struct ed_json_writer *w, const char *name, const struct ed_result *result,
                         int field, int end) {
    double value = NAN;
    if (!ed_result_number(result, field, end, &value))
        value = NAN;
    ed_json_real(w, name, value);
}

static void candidate_write(struct ed_json_writer *w, const struct ed_report_candidate *c) {
    static const struct {
        const char *name;
        int field, end;
    } figures[] = {
        {"accuracy_value", ED_FIELD_accuracy_value, 0},
        {"accuracy_value_low", ED_FIELD_accuracy_value, -1},
        {"accuracy_value_high", ED_FIELD_accuracy_value, 1},
        {"accuracy_reference", ED_FIELD_accuracy_reference, 0},
        {"accuracy_drop", ED_FIELD_accuracy_drop, 0},
        {"accuracy_drop_low", ED_FIELD_accuracy_drop, -1},
        {"accuracy_drop_high", ED_FIELD_accuracy_drop, 1},
    };
    ed_json_object_begin(w, NULL);
    configuration_write(w, c);
    ed_json_bool(w, "reference", c->reference);
    ed_json_text(w, "state", c->state);
    ed_json_text(w, "why", c->why);
    ed_json_real(w, "value", c->has_value ? c->value : NAN);
    ed_json_real(w, "value_low", c->has_interval ? c->low : NAN);
    ed_json_real(w, "value_high", c->has_interval ? c->high : NAN);
    ed_json_real(w, "change", c->has_change ? c->change : NAN);
    ed_json_real(w, "change_low", c->has_change_interval ? c->change_low : NAN);
    ed_json_real(w, "change_high", c->has_change_interval ? c->change_high : NAN);
    ed_json_uint(w, "rounds", c->rounds);
    ed_json_bool(w, "front", c->front);
    number_write(w, "model_file_bytes", c->result, ED_FIELD_model_file_bytes, 0);
    number_write(w, "memory_inference_peak_bytes", c->result, ED_FIELD_memory_inference_peak_bytes, 0);
    number_write(w, "energy_per_inference_uj", c->result, ED_FIELD_energy_per_inference_uj, 0);
    number_write(w, "latency_p50_ns", c->result, ED_FIELD_latency_p50_ns, 0);
    ed_json_text(w, "placement_observed",
                 *c->result->placement_observed ? c->result->placement_observed : NULL);
    number_write(w, "placed_ops_share", c->result, ED_FIELD_placed_ops_share, 0);
    ed_json_text(w, "accuracy_metric", *c->result->accuracy_metric ? c->result->accuracy_metric : NULL);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        number_write(w, figures[i].name, c->result, figures[i].field, figures[i].end);
    ed_json_object_end(w);
}

static void row_write(struct ed_json_writer *w, const struct ed_report_choice *choice,
                      const struct ed_report_choice_row *row) {
    ed_json_object_begin(w, row->model);
    ed_json_text(w, "verdict", row->verdict);
    ed_json_text(w, "why", row->why);
    if (row->chosen == SIZE_MAX) {
        ed_json_null(w, "chosen");
    } else {
        ed_json_object_begin(w, "chosen");
        configuration_write(w, &choice->candidates[row->chosen]);
        ed_json_object_end(w);
    }
    ed_json_text(w, "minimize", row->more_is_better ? NULL : ed_result_fields()[row->key].key);
    ed_json_text(w, "maximize", row->more_is_better ? ed_result_fields()[row->key].key : NULL);
    ed_json_array_begin(w, "front_over");
    for (size_t i = 0; i < row->n_axes; i++)
        ed_json_text(w, NULL, ed_result_fields()[row->axes[i]].key);
    ed_json_array_end(w);
    ed_json_text(w, "front_without", row->left_out);
    ed_json_array_begin(w, "candidates");
    for (size_t i = 0; i < row->n; i++)
        candidate_write(w, &choice->candidates[row->first + i]);
    ed_json_array_end(w);
    ed_json_object_end(w);
}

void ed_choice_json_members(struct ed_json_writer *w, const struct ed_report_choice *choice) {
    ed_json_text(w, "verdict", choice->verdict);
    ed_json_text(w, "summary", choice->summary);
    ed_json_real(w, "confidence", 1 - choice->alpha);
    ed_json_text(w, "ties", choice->ties);
    ed_json_bool(w, "inconclusive_pass", choice->inconclusive_pass);
    ed_json_object_begin(w, "devices");
    for (size_t i = 0; i < choice->n; i++) {
        if (i == 0 || strcmp(choice->rows[i].device, choice->rows[i - 1].device))
            ed_json_object_begin(w, choice->rows[i].device);
        row_write(w, choice, &choice->rows[i]);
        if (i + 1 == choice->n || strcmp(choice->rows[i].device, choice->rows[i + 1].device))
            ed_json_object_end(w);
    }
    ed_json_object_end(w);
}

void ed_choice_json(struct ed_buffer *text, const struct ed_report_info *info) {
    struct ed_json_writer writer, *w = &writer;
    ed_json_writer_init(w, text, true);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "edgedyno", info->version);
    ed_json_int(w, "format", ED_CHOICE_FORMAT);
    ed_json_text(w, "campaign", info->campaign);
    ed_json_text(w, "started", info->started_utc);
    ed_json_text(w, "suite", info->suite);
    ed_json_array_begin(w, "requirements");
    for (size_t i = 0; i < info->n_requirements; i++)
        ed_json_text(w, NULL, info->requirements[i]);
    ed_json_array_end(w);
    ed_json_array_begin(w, "absent");
    for (size_t i = 0; i < info->n_absent; i++) {
        ed_json_object_begin(w, NULL);
        ed_json_text(w, "device", info->absent[i].device);
        ed_json_text(w, "reason", info->absent[i].reason);
        ed_json_object_end(w);
    }
    ed_json_array_end(w);
    ed_choice_json_members(w, info->choice);
    ed_json_object_end(w);
    ed_buffer_text_append(text, "\n");
}

// --- the schema

static void typed(struct ed_json_writer *w, const struct key *key) {
    ed_json_object_begin(w, key->name);
    if (key->nullable) {
        ed_json_array_begin(w, "type");
        ed_json_text(w, NULL, key->type);
        ed_json_text(w, NULL, "null");
        ed_json_array_end(w);
    } else {
        ed_json_text(w, "type", key->type);
    }
    ed_json_text(w, "description", key->help);
    ed_json_object_end(w);
}

// The lists of keys of an object, all of which are there, and no others.
static void properties(struct ed_json_writer *w, const struct key *const *lists, const size_t *counts,
                       size_t n) {
    ed_json_text(w, "type", "object");
    ed_json_bool(w, "additionalProperties", false);
    ed_json_array_begin(w, "required");
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < counts[l]; i++)
            ed_json_text(w, NULL, lists[l][i].name);
    ed_json_array_end(w);
    ed_json_object_begin(w, "properties");
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < counts[l]; i++)
            if (lists[l][i].type)
                typed(w, &lists[l][i]);
}

static void reference(struct ed_json_writer *w, const char *name, const char *to) {
    ed_json_object_begin(w, name);
    ed_json_text(w, "$ref", to);
    ed_json_object_end(w);
}

static void array_of(struct ed_json_writer *w, const char *name, const char *to) {
    ed_json_object_begin(w, name);
    ed_json_text(w, "type", "array");
    reference(w, "items", to);
    ed_json_object_end(w);
}

// Rows without a type are written by hand.
static const struct key document_keys[] = {
    {"edgedyno", "string", false, "version of edgedyno"},
    {"format", "integer", false, "of this file: 1"},
    {"campaign", "string", false, "id of the campaign"},
    {"started", "string", false, "UTC, as 2026-11-21T08:15:00Z"},
    {"suite", "string", false, "name of the suite; empty for models on the command line"},
    {"requirements", NULL, false, NULL},
    {"absent", NULL, false, NULL},
    {"verdict", "string", false,
     "pass: a choice on every device; fail: none passes on some; inconclusive; invalid"},
    {"summary", "string", false, "one line"},
    {"confidence", "number", false, "with which the best one is among the chosen and the tied"},
    {"ties", "string", false, "the rule among those that cannot be told apart"},
    {"inconclusive_pass", "boolean", false, "what the measurements do not decide may be chosen"},
    {"devices", NULL, false, NULL},
};
static const struct key row_keys[] = {
    {"verdict", "string", false, "pass: one is chosen; fail: none passes; inconclusive; invalid"},
    {"why", "string", false, "the reasons, one paragraph"},
    {"chosen", NULL, false, NULL},
    {"minimize", "string", true, "result key of which the smallest is chosen"},
    {"maximize", "string", true, "result key of which the largest is chosen"},
    {"front_over", NULL, false, NULL},
    {"front_without", "string", false, "what the front does not have, and why; empty where it has all"},
    {"candidates", NULL, false, NULL},
};
static const struct key absent_keys[] = {
    {"device", "string", false, "id of the device"},
    {"reason", "string", false, "why it took no part"},
};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void texts_array(struct ed_json_writer *w, const char *name, const char *help) {
    const struct key item = {"items", "string", false, help};
    ed_json_object_begin(w, name);
    ed_json_text(w, "type", "array");
    typed(w, &item);
    ed_json_object_end(w);
}

static void row_schema(struct ed_json_writer *w) {
    const struct key *const lists[] = {row_keys};
    const size_t counts[] = {COUNT(row_keys)};
    ed_json_object_begin(w, "row");
    properties(w, lists, counts, 1);
    ed_json_object_begin(w, "chosen");
    ed_json_array_begin(w, "oneOf");
    reference(w, NULL, "#/$defs/configuration");
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "type", "null");
    ed_json_object_end(w);
    ed_json_array_end(w);
    ed_json_object_end(w);
    texts_array(w, "front_over", "a result key");
    array_of(w, "candidates", "#/$defs/candidate");
    ed_json_object_end(w);
    ed_json_object_end(w);
}

// {"DEVICE": {"MODEL": row}}
static void devices_schema(struct ed_json_writer *w) {
    ed_json_object_begin(w, "devices");
    ed_json_text(w, "type", "object");
    ed_json_text(w, "description", "by the device's id, then by the model's name");
    ed_json_object_begin(w, "additionalProperties");
    ed_json_text(w, "type", "object");
    reference(w, "additionalProperties", "#/$defs/row");
    ed_json_object_end(w);
    ed_json_object_end(w);
}

static void object_schema(struct ed_json_writer *w, const char *name, const struct key *const *lists,
                          const size_t *counts, size_t n) {
    ed_json_object_begin(w, name);
    properties(w, lists, counts, n);
    ed_json_object_end(w);
    ed_json_object_end(w);
}

void ed_choice_schema(struct ed_buffer *out) {
    struct ed_json_writer writer, *w = &writer;
    const struct key *const lists[] = {configuration_keys, candidate_keys}, *const absent[] = {absent_keys},
                            *const document[] = {document_keys};
    const size_t counts[] = {CONFIGURATION_KEYS, CANDIDATE_KEYS}, absents[] = {COUNT(absent_keys)},
                 documents[] = {COUNT(document_keys)};
    ed_json_writer_init(w, out, true);
    ed_json_object_begin(w, NULL);
    ed_json_text(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    ed_json_text(w, "title",
                 "choice.json of `edgedyno tune`: for each device and model the configuration to use");
    properties(w, document, documents, 1);
    texts_array(w, "requirements", "a requirement as written");
    array_of(w, "absent", "#/$defs/absent");
    devices_schema(w);
    ed_json_object_end(w);
    ed_json_object_begin(w, "$defs");
    object_schema(w, "absent", absent, absents, 1);
    object_schema(w, "configuration", lists, counts, 1);
    object_schema(w, "candidate", lists, counts, 2);
    row_schema(w);
    ed_json_object_end(w);
    ed_json_object_end(w);
    ed_buffer_text_append(out, "\n");
}

// --- the format

static enum ed_status choice_end(void *state, struct ed_error *err) {
    struct ed_records *records = state;
    struct ed_buffer out;
    enum ed_status status = ED_OK;
    ed_buffer_init(&out, ED_REPORT_MAX_BYTES);
    if (!records->info->choice)
        status = ed_fail(err, ED_ERR_USAGE, "choice",
                         "this campaign chose nothing: `edgedyno tune` makes one that does");
    if (status == ED_OK) {
        ed_choice_json(&out, records->info);
        status = ed_sink_flush(records->sink, &out, "the choice", err);
    }
    ed_buffer_release(&out);
    ed_records_release(records);
    return status;
}

const struct ed_report ed_report_choice = {
    .abi = ED_REPORT_ABI,
    .struct_bytes = sizeof(struct ed_report),
    .name = "choice",
    .summary = "of `tune`: for each device the configuration to use, as JSON",
    .suffix = ".json",
    .state_bytes = sizeof(struct ed_records),
    .begin = ed_records_begin,
    .record = ed_records_add,
    .end = choice_end,
};
