// SPDX-License-Identifier: Apache-2.0
// Which case's answers each case is held against.
#include <stdlib.h>
#include <string.h>

#include "harness/agreement.h"
#include "harness/metrics.h"

// The word `text`..`end` is `a`, or `a` and `b` with `between`.
static bool is_word(const char *text, size_t n, const char *a, const char *between, const char *b) {
    char whole[400];
    if (strlen(a) == n && !memcmp(text, a, n))
        return true;
    const int bytes = snprintf(whole, sizeof whole, "%s%s%s", a, between, b);
    return bytes > 0 && (size_t)bytes == n && !memcmp(text, whole, n);
}

// ENGINE[@VERSION][/BACKEND]
static bool is_engine(const char *text, size_t n, const struct ed_campaign_case *c) {
    const char *slash = memchr(text, '/', n);
    const size_t name = slash ? (size_t)(slash - text) : n;
    if (slash && (strlen(c->backend) != n - name - 1 || memcmp(slash + 1, c->backend, n - name - 1) != 0))
        return false;
    return is_word(text, name, c->engine, "@", c->engine_version);
}

static bool is_threads(const char *text, size_t n, const struct ed_campaign_case *c) {
    char word[32];
    snprintf(word, sizeof word, "t%lld", (long long)c->threads);
    return strlen(word) == n && !memcmp(text, word, n);
}

// MODEL[/VARIANT], then words for the engine and the threads.
static bool fits(const char *text, const struct ed_campaign_case *c) {
    bool first = true;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        const size_t n = strcspn(text, " ");
        if (first ? !is_word(text, n, c->model, "/", c->variant)
                  : !is_engine(text, n, c) && !is_threads(text, n, c))
            return false;
        first = false;
        text += n;
    }
    return !first;
}

static bool has_data(const struct ed_suite_task *task, const char *file) {
    for (size_t i = 0; i < task->n_data; i++)
        if (!strcmp(task->data[i].file, file))
            return true;
    return false;
}

// The same files, under whatever names the models' inputs have.
static bool same_data(const struct ed_suite_task *a, const struct ed_suite_task *b) {
    bool same = a->n_data == b->n_data;
    for (size_t i = 0; same && i < a->n_data; i++)
        same = has_data(b, a->data[i].file);
    return same;
}

static bool takes_part(const struct ed_plan *plan, size_t i) {
    const int64_t task = plan->cases[i].frozen.task;
    return task >= 0 && !ed_metric_is_language(plan->tasks[task].metric) &&
           !ed_metric_is_speech(plan->tasks[task].metric);
}

static size_t first_of_model(const struct ed_plan *plan, size_t index) {
    const struct ed_plan_case *c = &plan->cases[index];
    const char *reference = c->model->reference[0] ? c->model->reference : c->model->variants[0].name;
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < plan->n_cases; i++) {
        const struct ed_plan_case *other = &plan->cases[i];
        if (other->model != c->model || other->frozen.task != c->frozen.task)
            continue;
        if (!strcmp(other->variant->name, reference))
            return i;
        first = first == SIZE_MAX ? i : first;
    }
    return first;
}

enum ed_status ed_agreement_choose(struct ed_plan *plan, const struct ed_suite *suite, struct ed_error *err) {
    const bool named = suite->agree_with && suite->agree_with[0];
    bool fitted = false;
    for (size_t i = 0; i < plan->n_cases; i++) {
        struct ed_campaign_case *c = &plan->cases[i].frozen;
        c->agreement = SIZE_MAX;
        fitted = fitted || (named && fits(suite->agree_with, c));
        if (!takes_part(plan, i))
            continue;
        if (!named)
            c->agreement = first_of_model(plan, i);
        // A case that fits itself is held against the first that fits and has its data.
        for (size_t k = 0; named && c->agreement == SIZE_MAX && k < plan->n_cases; k++)
            if (takes_part(plan, k) && fits(suite->agree_with, &plan->cases[k].frozen) &&
                same_data(plan->suite_tasks[c->task], plan->suite_tasks[plan->cases[k].frozen.task]))
                c->agreement = k;
    }
    if (!named || fitted)
        return ED_OK;
    return ed_fail(err, ED_ERR_USAGE, "agree_with",
                   "no case is \"%.120s\"; write MODEL[/VARIANT] [ENGINE[@VERSION][/BACKEND]] [tTHREADS], "
                   "such as \"%.100s\"",
                   suite->agree_with,
                   plan->n_cases ? plan->cases[0].frozen.case_id : "m/fp32 onnxruntime/cpu");
}
