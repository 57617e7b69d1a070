// SPDX-License-Identifier: Apache-2.0
// What llama-bench wants of llama.cpp's helper library beside what it measures: downloads, fitting a model to
// memory, the list of devices, its own priority. None of it is asked for here, and nothing of it is in what
// is timed; with this in its place one file of llama.cpp is compiled instead of some hundred.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <arg.h>
#include <build-info.h>
#include <common.h>
#include <fit.h>

[[noreturn]] static void not_here(const char *what) {
    fprintf(stderr, "llama-bench: %s is not in this build\n", what);
    exit(1);
}

const char *llama_commit(void) {
    return "none";
}

void llama_print_build_info(const char *, FILE *) {
}

int llama_build_number(void) {
    return 0;
}

bool set_process_priority(enum ggml_sched_priority) {
    return true;
}

int32_t common_cpu_get_num_math() {
    return 1; // -t is given
}

void common_print_available_devices() {
    not_here("the list of devices");
}

common_models_handler common_models_handler_init(const common_params &, llama_example) {
    not_here("a download");
}

void common_models_handler_apply(common_models_handler &, common_params &, common_download_callback *) {
    not_here("a download");
}

common_params_fit_status common_fit_params(const char *, llama_model_params *, llama_context_params *,
                                           float *, llama_model_tensor_buft_override *, size_t *, uint32_t,
                                           const common_fit_extra_model *, ggml_log_level) {
    not_here("fitting to memory");
}

bool parse_cpu_mask(const std::string &mask, bool (&)[GGML_MAX_N_THREADS]) {
    if (mask != "0x0") // none, its default: the CPU was chosen from outside
        not_here("a mask of CPUs");
    return true;
}

std::string string_strip(const std::string &) {
    not_here("a list of devices");
}

std::string string_format(const char *format, ...) {
    return format; // of messages
}

bool common_arg_utils::is_truthy(const std::string &) {
    not_here("that flag");
}

bool common_arg_utils::is_falsey(const std::string &) {
    not_here("that flag");
}

bool common_arg_utils::is_autoy(const std::string &) {
    not_here("that flag");
}
