// SPDX-License-Identifier: Apache-2.0
// Opening whisper.cpp's library; what it offers on this device.
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#include "backends/adapter_text.h"
#include "backends/whisper.cpp/whisper_state.h"

#define ALLOCATION_SLACK 32 // what an allocation may have beyond what was asked for

static bool is_near(float value, float wanted) {
    return value > wanted * 0.999F && value < wanted * 1.001F;
}

// A release that says the right version and has other structs would read and write beside them. Defaults lie
// behind every kind of member, the last member has one, and the engine allocates as much as ours has.
static enum ed_status check_structs(const struct whisper_adapter *whisper, struct ed_error *err) {
    const struct whisper_context_parameters context = whisper->f.whisper_context_default_params();
    const struct whisper_full_parameters full = whisper->f.whisper_full_default_params(WHISPER_BEAM);
    void *theirs = whisper->f.whisper_full_default_params_by_ref(WHISPER_GREEDY);
    const size_t room = theirs ? malloc_usable_size(theirs) : 0;
    whisper->f.whisper_free_params(theirs);
    const bool right =
        context.use_gpu && !context.gpu_device && !context.dtw_token_timestamps &&
        !context.dtw_aheads.n_heads && context.dtw_mem_size == (size_t)1024 * 1024 * 128 &&
        full.strategy == WHISPER_BEAM && full.n_max_text_ctx == 16384 && full.no_context &&
        full.print_progress && full.print_timestamps && is_near(full.thold_pt, 0.01F) && full.language &&
        !strcmp(full.language, "en") && full.suppress_blank && is_near(full.temperature_inc, 0.2F) &&
        is_near(full.no_speech_thold, 0.6F) && full.beam_size == 5 && !full.encoder_begin &&
        !full.logits_filter && is_near(full.grammar_penalty, 100.0F) && !full.vad &&
        is_near(full.vad_parameters.threshold, 0.5F) && is_near(full.vad_parameters.samples_overlap, 0.1F) &&
        room >= sizeof full && room < sizeof full + ALLOCATION_SLACK;
    return right ? ED_OK
                 : ed_fail(err, ED_ERR_VERSION, NULL,
                           "the library says that it is %s, but its parameters are not those of %s; this "
                           "adapter takes only the release",
                           whisper->version, WHISPER_API_VERSION);
}

enum ed_status whisper_library_open(struct whisper_adapter *whisper, const char *library,
                                    struct ed_error *err) {
    const char *(*version)(void) = NULL;
    if (!library || !library[0])
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "the engine build names no library");
    whisper->library = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!whisper->library)
        return ed_fail(err, ED_ERR_NOT_FOUND, library, "%s", dlerror());
    *(void **)&version = dlsym(whisper->library, "whisper_version");
    const char *says = version ? version() : NULL;
    snprintf(whisper->version, sizeof whisper->version, "%s", says ? says : "");
    if (!says || !ed_adapter_is_release(says, WHISPER_API_VERSION))
        return ed_fail(err, ED_ERR_VERSION, library,
                       "is whisper.cpp %s; this adapter is for %s alone, since the interface changes between "
                       "releases",
                       says ? says : "of a release that does not say which", WHISPER_API_VERSION);
#define WHISPER_FIND(name, type, arguments)                                                        \
    *(void **)&whisper->f.name = dlsym(whisper->library, #name);                                   \
    if (!whisper->f.name)                                                                          \
        return ed_fail(err, ED_ERR_VERSION, library, "has no %s, which whisper.cpp %s has", #name, \
                       WHISPER_API_VERSION);
    WHISPER_FUNCTIONS(WHISPER_FIND)
#undef WHISPER_FIND
    *(void **)&whisper->cpp_delete = dlsym(whisper->library, "_ZdlPv");
    return check_structs(whisper, err);
}

static void *find_cpu(const struct whisper_adapter *whisper) {
    for (size_t i = 0; i < whisper->f.ggml_backend_dev_count(); i++) {
        void *device = whisper->f.ggml_backend_dev_get(i);
        if (whisper->f.ggml_backend_dev_type(device) == WHISPER_DEVICE_CPU)
            return device;
    }
    return NULL;
}

void whisper_survey(struct whisper_adapter *whisper, struct ed_survey *out) {
    struct ed_survey_row *row = &out->rows[0];
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "%s",
             whisper->version + (whisper->version[0] == 'v'));
    out->n_rows = 1;
    snprintf(row->backend, sizeof row->backend, "cpu");
    row->processor = ED_PROCESSOR_CPU;
    // A build of the user's own may have the CPU as a plug-in beside it.
    if (!find_cpu(whisper) && whisper->engine_dir[0])
        whisper->f.ggml_backend_load_all_from_path(whisper->engine_dir);
    void *cpu = find_cpu(whisper);
    row->available = cpu != NULL;
    if (!cpu)
        snprintf(row->reason, sizeof row->reason, "this build of whisper.cpp has no CPU backend");
    const char *name = cpu ? whisper->f.ggml_backend_dev_name(cpu) : NULL;
    const char *description = cpu ? whisper->f.ggml_backend_dev_description(cpu) : NULL;
    snprintf(row->native, sizeof row->native, "%s", name ? name : "");
    snprintf(row->device_name, sizeof row->device_name, "%s", description ? description : "");
    const char *info = whisper->f.whisper_print_system_info();
    snprintf(out->build_info, sizeof out->build_info, "%.255s", info ? info : "");
}
