// SPDX-License-Identifier: Apache-2.0
// Workloads as text and as JSON.
#include "base/workload.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/units.h"

#define DURATION_MAX_NS (INT64_C(30) * 24 * 3600 * 1000000000)

__attribute__((format(printf, 4, 5))) static void add(char *text, size_t bytes, size_t *used,
                                                      const char *format, ...) {
    va_list arguments;
    if (*used >= bytes)
        return;
    va_start(arguments, format);
    int n = vsnprintf(text + *used, bytes - *used, format, arguments);
    va_end(arguments);
    *used += n > 0 ? (size_t)n : 0;
}

// The largest unit of which it is a whole number: 600000000000 is "10 min".
static void add_duration(char *text, size_t bytes, size_t *used, int64_t ns) {
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = {{"h", INT64_C(3600000000000)},
                 {"min", INT64_C(60000000000)},
                 {"s", 1000000000},
                 {"ms", 1000000},
                 {"us", 1000},
                 {"ns", 1}};
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof units[0] && ns % units[i].ns)
        i++;
    add(text, bytes, used, "%lld %s", (long long)(ns / units[i].ns), units[i].unit);
}

void ed_workload_print(char *text, size_t bytes, const struct ed_workload *w) {
    char number[32];
    size_t used = 0;
    text[0] = 0;
    if (w->prompt_tokens)
        add(text, bytes, &used, "pp%d", w->prompt_tokens);
    if (w->generate_tokens)
        add(text, bytes, &used, "%stg%d", used ? "+" : "", w->generate_tokens);
    if (w->depth_tokens)
        add(text, bytes, &used, " @ d%d", w->depth_tokens);
    if (w->speech)
        add(text, bytes, &used, "speech");
    if (!used || w->scenario != ED_SCENARIO_SINGLE_STREAM)
        add(text, bytes, &used, "%s%s", used ? " " : "", ed_scenario_word(w->scenario));
    if (w->rate_per_s > 0) {
        ed_json_format_real(number, w->rate_per_s);
        add(text, bytes, &used, " %s/s", number);
    }
    if (w->streams)
        add(text, bytes, &used, " x%d", w->streams);
    if (w->duration_ns) {
        add(text, bytes, &used, " ");
        add_duration(text, bytes, &used, w->duration_ns);
    }
    if (w->deadline_ns) {
        add(text, bytes, &used, " deadline ");
        add_duration(text, bytes, &used, w->deadline_ns);
    }
}

void ed_workload_write(struct ed_json_writer *writer, const char *key, const struct ed_workload *w) {
    ed_json_object_begin(writer, key);
    ed_json_text(writer, "scenario", ed_scenario_word(w->scenario));
    if (w->rate_per_s > 0)
        ed_json_real(writer, "rate_per_s", w->rate_per_s);
    if (w->duration_ns)
        ed_json_int(writer, "duration_ns", w->duration_ns);
    if (w->streams)
        ed_json_int(writer, "streams", w->streams);
    if (w->deadline_ns)
        ed_json_int(writer, "deadline_ns", w->deadline_ns);
    if (w->prompt_tokens)
        ed_json_int(writer, "prompt_tokens", w->prompt_tokens);
    if (w->generate_tokens)
        ed_json_int(writer, "generate_tokens", w->generate_tokens);
    if (w->depth_tokens)
        ed_json_int(writer, "depth_tokens", w->depth_tokens);
    if (w->speech)
        ed_json_bool(writer, "speech", true);
    ed_json_object_end(writer);
}

// What is wrong with it, in a few words; NULL where nothing is.
static const char *wrong(const struct ed_workload *w) {
    const bool rated = w->scenario == ED_SCENARIO_FIXED_RATE || w->scenario == ED_SCENARIO_POISSON;
    if ((unsigned)w->scenario >= ED_SCENARIO_COUNT)
        return "has a scenario that is not known";
    if (rated && !(w->rate_per_s > 0 && w->rate_per_s <= ED_WORKLOAD_RATE_MAX))
        return "needs a rate above 0 and up to 1000000 per second";
    if (!rated && w->rate_per_s != 0)
        return "has a rate, which only fixed-rate and poisson have";
    if ((w->scenario == ED_SCENARIO_OFFLINE) != (w->streams > 0))
        return "offline needs its number of streams, and only offline has one";
    if (w->streams < 0 || w->streams > ED_WORKLOAD_STREAMS_MAX)
        return "has more streams than 64";
    if ((w->scenario == ED_SCENARIO_SUSTAINED) != (w->duration_ns > 0))
        return "sustained needs its duration, and only sustained has one";
    if (w->duration_ns < 0 || w->duration_ns > DURATION_MAX_NS || w->deadline_ns < 0 ||
        w->deadline_ns > DURATION_MAX_NS)
        return "has a time outside of 0 to 30 days";
    if (w->prompt_tokens < 0 || w->generate_tokens < 0 || w->depth_tokens < 0 ||
        w->prompt_tokens > ED_WORKLOAD_TOKENS_MAX || w->generate_tokens > ED_WORKLOAD_TOKENS_MAX ||
        w->depth_tokens > ED_WORKLOAD_TOKENS_MAX)
        return "has a number of tokens outside of 0 to 1048576";
    if (w->depth_tokens && !ed_workload_is_language(w))
        return "has a depth, but neither prompt nor generated tokens";
    if (w->speech && ed_workload_is_language(w))
        return "is of speech and has tokens to generate as well";
    return NULL;
}

enum ed_status ed_workload_check(const struct ed_workload *workload, const char *where,
                                 struct ed_error *err) {
    const char *why = wrong(workload);
    return why ? ed_fail(err, ED_ERR_USAGE, where, "the workload %s", why) : ED_OK;
}

enum ed_status ed_workload_read(const struct ed_json_at *object, const char *key, struct ed_workload *w,
                                struct ed_error *err) {
    const struct ed_json_at at = ed_json_member(object, key);
    const char *word = NULL;
    int64_t streams = 0, prompt = 0, generate = 0, depth = 0;
    memset(w, 0, sizeof *w);
    if (!at.value)
        return ED_OK;
    enum ed_status status = ed_json_expect_object(&at, err);
    if (status == ED_OK)
        status = ed_json_get_text(&at, "scenario", &word, err);
    if (status == ED_OK) {
        unsigned scenario = 0;
        while (scenario < ED_SCENARIO_COUNT && strcmp(word, ed_scenario_word(scenario)) != 0)
            scenario++;
        w->scenario = scenario;
        if (scenario == ED_SCENARIO_COUNT)
            status = ed_json_fail(&at, err, "has a scenario that is not known: %.40s", word);
    }
    if (status == ED_OK)
        status = ed_json_opt_real(&at, "rate_per_s", 0, ED_WORKLOAD_RATE_MAX, &w->rate_per_s, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "duration_ns", 0, DURATION_MAX_NS, &w->duration_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "streams", 0, ED_WORKLOAD_STREAMS_MAX, &streams, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "deadline_ns", 0, DURATION_MAX_NS, &w->deadline_ns, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "prompt_tokens", 0, ED_WORKLOAD_TOKENS_MAX, &prompt, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "generate_tokens", 0, ED_WORKLOAD_TOKENS_MAX, &generate, err);
    if (status == ED_OK)
        status = ed_json_opt_int(&at, "depth_tokens", 0, ED_WORKLOAD_TOKENS_MAX, &depth, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(&at, "speech", &w->speech, err);
    w->streams = (int32_t)streams;
    w->prompt_tokens = (int32_t)prompt;
    w->generate_tokens = (int32_t)generate;
    w->depth_tokens = (int32_t)depth;
    if (status == ED_OK && wrong(w))
        status = ed_json_fail(&at, err, "%s", wrong(w));
    return status;
}
