// SPDX-License-Identifier: Apache-2.0
// Loading a model: options, file, context.
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/whisper.cpp/whisper_state.h"

static int number_or(const struct ed_load_args *args, const char *key, int otherwise) {
    const char *text = ed_adapter_option(args, key);
    return text ? (int)strtol(text, NULL, 10) : otherwise;
}

static float real_or(const struct ed_load_args *args, const char *key, float otherwise) {
    const char *text = ed_adapter_option(args, key);
    return text ? strtof(text, NULL) : otherwise;
}

static enum ed_status take_language(struct whisper_adapter *whisper, const struct ed_load_args *args,
                                    struct ed_error *err) {
    const char *given = ed_adapter_option(args, "language"), *language = given ? given : "en";
    const bool any = !strcmp(language, "auto");
    if (!any && whisper->f.whisper_lang_id(language) < 0)
        return ed_fail(err, ED_ERR_USAGE, "-o language", "whisper.cpp knows no language '%.40s'", language);
    if (strlen(language) >= sizeof whisper->language)
        return ed_fail(err, ED_ERR_USAGE, "-o language", "'%.40s' is too long", language);
    snprintf(whisper->language, sizeof whisper->language, "%s", language);
    whisper->parameters.language = whisper->language;
    return ED_OK;
}

// The engine passes over in silence what a model for English alone cannot do.
static enum ed_status check_english(const struct whisper_adapter *whisper, struct ed_error *err) {
    if (whisper->f.whisper_is_multilingual(whisper->context))
        return ED_OK;
    if (whisper->parameters.translate)
        return ed_fail(err, ED_ERR_USAGE, "-o translate",
                       "the model is for English alone, and translates nothing");
    if (!strcmp(whisper->language, "auto") ||
        whisper->f.whisper_lang_id(whisper->language) != whisper->f.whisper_lang_id("en"))
        return ed_fail(err, ED_ERR_USAGE, "-o language",
                       "the model is for English alone, and was asked for %s", whisper->language);
    return ED_OK;
}

static enum ed_status take_parameters(struct whisper_adapter *whisper, const struct ed_load_args *args,
                                      struct ed_error *err) {
    const char *strategy = ed_adapter_option(args, "strategy");
    const bool beam = strategy && !strcmp(strategy, "beam");
    whisper->parameters = whisper->f.whisper_full_default_params(beam ? WHISPER_BEAM : WHISPER_GREEDY);
    struct whisper_full_parameters *p = &whisper->parameters;
    if (args->threads)
        p->n_threads = args->threads;
    p->print_progress = p->print_realtime = p->print_timestamps = p->print_special = false;
    // Text of the transcription before would be another input than the one that was bound.
    p->no_context = true;
    p->translate = ed_adapter_flag_or(args, "translate", false);
    p->no_timestamps = !ed_adapter_flag_or(args, "timestamps", true);
    p->single_segment = ed_adapter_flag_or(args, "single_segment", false);
    p->max_tokens = number_or(args, "max_tokens", 0);
    p->audio_ctx = number_or(args, "audio_ctx", 0);
    p->temperature = real_or(args, "temperature", 0.0F);
    p->temperature_inc = real_or(args, "temperature_inc", 0.0F);
    p->best_of = number_or(args, "best_of", 5);
    p->beam_size = beam ? number_or(args, "beam_size", 5) : p->beam_size;
    if (!beam && ed_adapter_option(args, "beam_size"))
        return ed_fail(err, ED_ERR_USAGE, "-o beam_size",
                       "only the strategy beam has beams: -o strategy=beam");
    whisper_listen(whisper);
    return take_language(whisper, args, err);
}

static enum ed_status load_model(struct whisper_adapter *whisper, const struct ed_load_args *args,
                                 struct ed_error *err) {
    struct whisper_context_parameters parameters = whisper->f.whisper_context_default_params();
    parameters.use_gpu = false;
    parameters.flash_attn = ed_adapter_flag_or(args, "flash_attention", true);
    enum ed_status status = whisper_file_check(args->model_files[0], err);
    if (status != ED_OK)
        return status;
    whisper->f.whisper_log_set(whisper_log_line, &whisper->log);
    whisper->context = whisper->f.whisper_init_from_file_with_params(args->model_files[0], parameters);
    whisper->f.whisper_log_set(whisper_log_line, NULL);
    if (!whisper->context)
        return ed_fail(err, ED_ERR_REFUSED, args->model_files[0], "whisper.cpp does not load it: %s",
                       whisper->log.error[0] ? whisper->log.error : "it gives no reason");
    return check_english(whisper, err);
}

enum ed_status whisper_load(struct whisper_adapter *whisper, const struct ed_load_args *args,
                            struct ed_error *err) {
    struct ed_survey *survey = NULL;
    if (!args->n_model_files)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "whisper.cpp needs a model; name a .bin file of its own format");
    if (strcmp(args->backend, "cpu") != 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "the adapter of whisper.cpp has no backend '%s'",
                       args->backend);
    whisper_unload(whisper);
    memset(&whisper->log, 0, sizeof whisper->log);
    survey = calloc(1, sizeof *survey);
    if (!survey)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory to look for the CPU");
    // Which also loads it where it is a plug-in.
    whisper_survey(whisper, survey);
    enum ed_status status = survey->rows[0].available
                                ? ED_OK
                                : ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "%s", survey->rows[0].reason);
    free(survey);
    if (status == ED_OK)
        status = take_parameters(whisper, args, err);
    if (status == ED_OK)
        status = load_model(whisper, args, err);
    if (status != ED_OK)
        whisper_unload(whisper);
    return status;
}

void whisper_unload(struct whisper_adapter *whisper) {
    if (whisper->context)
        whisper->f.whisper_free(whisper->context);
    free(whisper->text);
    free(whisper->tokens);
    free(whisper->probabilities);
    whisper->context = NULL;
    whisper->text = NULL;
    whisper->tokens = NULL;
    whisper->probabilities = NULL;
    whisper->samples = NULL;
    whisper->n_samples = 0;
    whisper->n_tokens = whisper->text_bytes = 0;
    whisper->answered = false;
}
