// SPDX-License-Identifier: Apache-2.0
// Tasks and preprocessing in a suite's file: their kinds of values, and what only the whole object can tell.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/units.h"
#include "harness/metrics.h"
#include "harness/quality.h"
#include "harness/suite.h"
#include "harness/suite_keys.h"
#include "harness/suite_read.h"
#include "harness/suite_values.h"

#define NUMBER_MAX 1e9

static enum ed_status list_begin(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                 const struct ed_suite_key *key, size_t bytes, void *out, size_t *n) {
    void *list;
    enum ed_status status = ed_json_expect_array(at, reader->err);
    if (!status)
        status = ed_suite_count_check(at, key, "entries", reader->err);
    if (status)
        return status;
    list = calloc(ed_json_count(at) + 1, bytes);
    if (!list)
        return ed_suite_fail_memory(reader->err);
    memcpy(out, &list, sizeof list);
    *n = ed_json_count(at);
    return ED_OK;
}

enum ed_status ed_suite_command_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                     const struct ed_suite_key *key, char ***out, size_t *n) {
    size_t index = 0;
    enum ed_status status = list_begin(reader, at, key, sizeof **out, out, n);
    for (const cJSON *child = status ? NULL : at->value->child; child && !status; child = child->next) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        struct ed_error inner = {0};
        char **word = &(*out)[index];
        if (!cJSON_IsString(child))
            return ed_suite_fail_kind(&place, "text in quotes", reader->err);
        if (ed_suite_rule_check(ED_SUITE_RULE_VALUE, child->valuestring, &inner))
            return ed_json_fail(&place, reader->err, "%s", inner.message);
        status = ed_suite_text_set(word, child->valuestring, reader->err);
        // A program without a slash is one of PATH, whatever lies in the folder.
        if (!status && (index || strchr(*word, '/')))
            status = ed_suite_side_resolve(word, reader->directory, reader->err);
        index++;
    }
    return status;
}

enum ed_status ed_suite_sizes_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, int64_t **out, size_t *n) {
    size_t index = 0;
    enum ed_status status = list_begin(reader, at, key, sizeof **out, out, n);
    for (const cJSON *child = status ? NULL : at->value->child; child && !status; child = child->next) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        status = ed_json_as_int(&place, 1, ED_SUITE_PIXELS_MAX, &(*out)[index++], reader->err);
    }
    return status;
}

enum ed_status ed_suite_reals_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   const struct ed_suite_key *key, double **out, size_t *n) {
    size_t index = 0;
    enum ed_status status = list_begin(reader, at, key, sizeof **out, out, n);
    for (const cJSON *child = status ? NULL : at->value->child; child && !status; child = child->next) {
        struct ed_json_at place = ed_suite_child(at, child, index);
        if (!cJSON_IsNumber(child))
            return ed_suite_fail_kind(&place, "a number", reader->err);
        if (!(fabs(child->valuedouble) <= NUMBER_MAX))
            return ed_json_fail(&place, reader->err, "is outside -1e9 to 1e9");
        (*out)[index++] = child->valuedouble;
    }
    return status;
}

enum ed_status ed_suite_ratio_read(const struct ed_suite_reader *reader, const struct ed_json_at *at,
                                   double *out) {
    double value = 0, under = 1;
    if (cJSON_IsNumber(at->value)) {
        value = at->value->valuedouble;
    } else if (cJSON_IsString(at->value)) {
        char text[64], *slash, *end = text;
        snprintf(text, sizeof text, "%s", at->value->valuestring);
        slash = strchr(text, '/');
        if (slash && strspn(text, "0123456789.eE+ /-") == strlen(at->value->valuestring)) {
            *slash = 0;
            value = strtod(text, &end);
            under = strtod(slash + 1, &end);
        }
        if (!slash || *end)
            return ed_json_fail(at, reader->err, "\"%.40s\" is no scale; write a number, or \"1/255\"",
                                at->value->valuestring);
    } else {
        return ed_suite_fail_kind(at, "a number, or text such as \"1/255\"", reader->err);
    }
    if (!(under > 0) || !(value > 0) || !(value / under >= 1e-9 && value / under <= NUMBER_MAX))
        return ed_json_fail(at, reader->err, "is no scale from 1e-9 to 1e9");
    *out = value / under;
    return ED_OK;
}

static bool is_accuracy(const struct ed_requirement *r) {
    return !strcmp(ed_result_fields()[r->field].group, "accuracy");
}

static enum ed_status threshold_check(const struct ed_json_at *at, const struct ed_suite_task *task,
                                      struct ed_error *err) {
    const struct ed_json_at place = ed_json_member(at, "threshold");
    struct ed_requirement requirement;
    struct ed_error inner = {0};
    if (!task->threshold[0])
        return ED_OK;
    if (ed_requirement_parse(&requirement, task->threshold, &inner))
        return ed_json_fail(&place, err, "\"%.130s\": %s", task->threshold, inner.message);
    if (!is_accuracy(&requirement) || requirement.of_baseline)
        return ed_json_fail(&place, err,
                            "\"%.130s\" is not about accuracy; a task's threshold is on accuracy_value or "
                            "accuracy_drop, other limits belong into the suite's \"require\"",
                            task->threshold);
    if (requirement.field == ED_FIELD_word_error_rate)
        return ed_json_fail(&place, err,
                            "\"%.130s\" is about the one recording that is timed; the word error rate of a "
                            "task is accuracy_value",
                            task->threshold);
    if (requirement.metric[0] && strcmp(requirement.metric, task->metric))
        return ed_json_fail(&place, err,
                            "\"%.130s\" is about another metric than the task's own, which is %s",
                            task->threshold, task->metric);
    if (ed_requirement_fits(&requirement, task->metric, &inner))
        return ed_json_fail(&place, err, "\"%.130s\": %s", task->threshold, inner.message);
    return ED_OK;
}

// What a task needs depends on its metric and on what its data is.
enum ed_status ed_suite_task_check(const struct ed_json_at *at, const void *value, struct ed_error *err) {
    const struct ed_suite_task *task = value;
    const char *metric = task->metric;
    const bool images = task->n_data == 1 && ed_path_is_directory(task->data[0].file),
               top = !strncmp(metric, "top-", 4), labels = task->labels[0];
    if (top && !labels && !images)
        return ed_json_fail(at, err, "needs \"labels\": the right class of every sample, as .npy");
    if (labels && !top && !ed_metric_is_command(metric) && !ed_metric_is_speech(metric))
        return ed_json_fail(at, err, "has labels, and its metric %s takes none", metric);
    if (ed_quality_is(metric) && (task->n_data != 1 || images))
        return ed_json_fail(at, err, "needs one text as \"data\" for its metric %s", metric);
    if (ed_metric_is_questions(metric) && (task->n_data != 1 || images))
        return ed_json_fail(at, err, "needs one file of questions as \"data\" for its metric %s", metric);
    if (ed_metric_is_speech(metric) && !images)
        return ed_json_fail(
            at, err, "needs a folder of WAV files with transcripts as \"data\" for its metric %s", metric);
    if (ed_metric_is_speech(metric) && task->output[0])
        return ed_json_fail(at, err, "has an output, and its metric %s judges the text", metric);
    for (size_t i = 0; task->n_data > 1 && i < task->n_data; i++)
        if (ed_path_is_directory(task->data[i].file))
            return ed_json_fail(at, err,
                                "has a folder of images beside other data; make the inputs .npy files");
    if (ed_metric_is_command(metric) != (task->n_command > 0))
        return ed_json_fail(at, err,
                            task->n_command ? "has a \"command\", which belongs to the metric command"
                                            : "needs a \"command\" for its metric");
    if (task->lower_is_better && !task->n_command)
        return ed_json_fail(at, err, "says lower_is_better, which is known of every metric but command");
    return threshold_check(at, task, err);
}

enum ed_status ed_suite_preprocess_check(const struct ed_json_at *at, const void *value,
                                         struct ed_error *err) {
    const struct ed_suite_preprocess *p = &((const struct ed_suite_model *)value)->preprocess;
    const size_t channels = strcmp(p->color, "gray") ? 3 : 1;
    static const char *const own[] = {"resize", "method", "crop", "color", "layout",
                                      "scale",  "mean",   "std",  "dtype"};
    for (size_t i = 0; p->n_command && i < sizeof own / sizeof *own; i++)
        if (ed_json_member(at, own[i]).value)
            return ed_json_fail(at, err, "has a command and \"%s\"; the command does all of it", own[i]);
    if (p->n_mean > 1 && p->n_mean != channels)
        return ed_json_fail(at, err, "has %zu means for %zu channels", p->n_mean, channels);
    if (p->n_std > 1 && p->n_std != channels)
        return ed_json_fail(at, err, "has %zu stds for %zu channels", p->n_std, channels);
    for (size_t i = 0; i < p->n_std; i++)
        if (!(p->std[i] > 0))
            return ed_json_fail(at, err, "divides by a std that is not above 0");
    for (size_t i = 0; p->n_resize == 2 && p->n_crop && i < 2; i++)
        if (p->crop[p->n_crop == 2 ? i : 0] > p->resize[i])
            return ed_json_fail(at, err, "crops to %lld pixels what is resized to %lld",
                                (long long)p->crop[p->n_crop == 2 ? i : 0], (long long)p->resize[i]);
    return ED_OK;
}
