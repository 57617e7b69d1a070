// SPDX-License-Identifier: Apache-2.0
// Quantizing a model file by the engine's own interface.
#include "backends/llama.cpp/llama_state.h"
#include "base/nearest.h"

// enum llama_ftype by the words that the engine's own tool takes.
static const struct {
    const char *word;
    int type;
} types[] = {
    {"F32", 0},     {"F16", 1},     {"Q4_0", 2},    {"Q4_1", 3},    {"Q8_0", 7},    {"Q5_0", 8},
    {"Q5_1", 9},    {"Q2_K", 10},   {"Q3_K_S", 11}, {"Q3_K_M", 12}, {"Q3_K_L", 13}, {"Q4_K_S", 14},
    {"Q4_K_M", 15}, {"Q5_K_S", 16}, {"Q5_K_M", 17}, {"Q6_K", 18},   {"Q2_K_S", 21}, {"IQ4_NL", 25},
    {"IQ3_S", 26},  {"IQ3_M", 27},  {"IQ4_XS", 30}, {"BF16", 32},   {"TQ1_0", 36},  {"TQ2_0", 37},
};
#define N_TYPES (sizeof types / sizeof types[0])

static enum ed_status find_type(const char *word, int *type, struct ed_error *err) {
    const char *known[N_TYPES + 1] = {NULL};
    char all[512] = "";
    for (size_t i = 0; i < N_TYPES; i++) {
        known[i] = types[i].word;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "", types[i].word);
        *type = types[i].type;
        if (!strcasecmp(types[i].word, word))
            return ED_OK;
    }
    const char *near = ed_nearest(word, known);
    return ed_fail(err, ED_ERR_USAGE, NULL, "llama.cpp makes no '%.40s'%s%s%s; it makes %s", word,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", all);
}

enum ed_status llama_convert(struct llama_state *llama, const struct ed_convert_args *args,
                             struct ed_error *err) {
    int type = 0;
    enum ed_status status = find_type(args->type, &type, err);
    if (status != ED_OK || !args->output)
        return status;
    memset(&llama->log, 0, sizeof llama->log);
    llama->f.llama_log_set(llama_log_line, &llama->log);
    status = llama_plugins_load(llama, "cpu", err);
    if (status == ED_OK) {
        struct llama_quantize_parameters parameters = llama->f.llama_model_quantize_default_params();
        parameters.ftype = type;
        parameters.nthread = args->threads;
        const uint32_t code = llama->f.llama_model_quantize(args->model, args->output, &parameters);
        if (code)
            status = ed_fail(err, ED_ERR_REFUSED, args->model, "llama.cpp does not quantize it to %.40s: %s",
                             args->type, llama->log.error[0] ? llama->log.error : "it gives no reason");
    }
    llama->f.llama_log_set(llama_log_line, NULL);
    return status;
}
