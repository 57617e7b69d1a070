// SPDX-License-Identifier: Apache-2.0
// Opening llama.cpp's library and its plug-ins; what it offers on this device.
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/adapter_text.h"
#include "backends/llama.cpp/llama_state.h"

// A backend's plug-in in the engine's directory, and the name under which the engine registers it.
static const struct plugin {
    const char *backend, *file, *registry;
} plugins[] = {
    {"vulkan", "libggml-vulkan.so", "Vulkan"},
    {"cuda", "libggml-cuda.so", "CUDA"},
    {"opencl", "libggml-opencl.so", "OpenCL"},
};
#define N_PLUGINS (sizeof plugins / sizeof plugins[0])
#define CPU_FILES "libggml-cpu"
#define DEVICES_MAX 16

static const struct plugin *plugin_of(const char *backend) {
    for (size_t i = 0; i < N_PLUGINS; i++)
        if (!strcmp(plugins[i].backend, backend))
            return &plugins[i];
    return NULL;
}

// A release that says the right version and has other structs would read and write beside them. Some defaults
// lie behind every kind of member, so that a shifted one is seen.
static enum ed_status check_structs(const struct llama_state *llama, struct ed_error *err) {
    const struct llama_model_parameters model = llama->f.llama_model_default_params();
    const struct llama_context_parameters context = llama->f.llama_context_default_params();
    const struct llama_quantize_parameters quantize = llama->f.llama_model_quantize_default_params();
    const bool right = !model.devices && !model.kv_overrides && model.use_extra_bufts && !model.vocab_only &&
                       context.n_batch == 2048 && context.n_ubatch == 512 &&
                       context.type_k == LLAMA_TYPE_F16 && context.type_v == LLAMA_TYPE_F16 &&
                       context.flash_attn_type == LLAMA_FLASH_AUTO && context.offload_kqv &&
                       context.op_offload && !context.ctx_other && !context.n_samplers &&
                       quantize.quantize_output_tensor && !quantize.dry_run && !quantize.imatrix;
    return right ? ED_OK
                 : ed_fail(err, ED_ERR_VERSION, NULL,
                           "the library says that it is %s, but its parameters are not those of %s; this "
                           "adapter takes only the release",
                           llama->version, LLAMA_API_VERSION);
}

enum ed_status llama_library_open(struct llama_state *llama, const char *library, struct ed_error *err) {
    const char *(*version)(void) = NULL;
    if (!library || !library[0])
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "the engine build names no library");
    llama->library = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!llama->library)
        return ed_fail(err, ED_ERR_NOT_FOUND, library, "%s", dlerror());
    *(void **)&version = dlsym(llama->library, "llama_version");
    const char *says = version ? version() : NULL;
    snprintf(llama->version, sizeof llama->version, "%s", says ? says : "");
    if (!says || !ed_adapter_is_release(says, LLAMA_API_VERSION))
        return ed_fail(
            err, ED_ERR_VERSION, library,
            "is llama.cpp %s; this adapter is for %s alone, since the interface changes with every "
            "release",
            says ? says : "of a release that does not say which", LLAMA_API_VERSION);
#define LLAMA_FIND(name, type, arguments)                                                        \
    *(void **)&llama->f.name = dlsym(llama->library, #name);                                     \
    if (!llama->f.name)                                                                          \
        return ed_fail(err, ED_ERR_VERSION, library, "has no %s, which llama.cpp %s has", #name, \
                       LLAMA_API_VERSION);
    LLAMA_FUNCTIONS(LLAMA_FIND)
#undef LLAMA_FIND
    return check_structs(llama, err);
}

// The engine takes every plug-in that it finds in a directory. For the CPU alone it gets one with links to
// the CPU's, so that no GPU driver is woken.
static enum ed_status load_cpu(struct llama_state *llama, struct ed_error *err) {
    char folder[ED_PATH_BYTES], from[ED_PATH_BYTES], to[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(folder, llama->scratch_dir, "llama-plugins", err);
    DIR *files = status == ED_OK ? opendir(llama->engine_dir) : NULL;
    if (status == ED_OK && !files)
        status =
            ed_fail_errno(err, ED_ERR_IO, llama->engine_dir, "the engine's directory cannot be read: %m");
    if (status == ED_OK)
        status = ed_path_make(folder, 0700, err);
    for (struct dirent *entry; status == ED_OK && (entry = readdir(files));) {
        if (strncmp(entry->d_name, CPU_FILES, strlen(CPU_FILES)) != 0)
            continue;
        status = ed_path_join(from, llama->engine_dir, entry->d_name, err);
        if (status == ED_OK)
            status = ed_path_join(to, folder, entry->d_name, err);
        if (status == ED_OK && symlink(from, to) != 0 && errno != EEXIST)
            status = ed_fail_errno(err, ED_ERR_IO, to, "a link cannot be made: %m");
    }
    if (files)
        closedir(files);
    if (status == ED_OK)
        llama->f.ggml_backend_load_all_from_path(folder);
    ed_path_remove(folder, NULL);
    return status;
}

// By the system's own words where it does not load, which the engine keeps to itself.
static enum ed_status check_plugin(const struct llama_state *llama, const struct plugin *plugin,
                                   struct ed_error *err) {
    char path[ED_PATH_BYTES];
    enum ed_status status = ed_path_join(path, llama->engine_dir, plugin->file, err);
    if (status != ED_OK)
        return status;
    if (!ed_path_exists(path))
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "this build of llama.cpp has no %s backend (%s)",
                       plugin->registry, plugin->file);
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "%s", dlerror());
    dlclose(library);
    return ED_OK;
}

enum ed_status llama_plugins_load(struct llama_state *llama, const char *backend, struct ed_error *err) {
    const struct plugin *plugin = plugin_of(backend);
    void *device = NULL;
    enum ed_status status = plugin ? check_plugin(llama, plugin, err) : ED_OK;
    if (status != ED_OK)
        return status;
    if (!plugin && strcmp(backend, "cpu") != 0)
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "llama.cpp has no backend '%s'", backend);
    // The registry is the process's: a second state finds what the first has loaded.
    const bool loaded =
        plugin ? llama_devices(llama, backend, &device, 1) > 0 : llama_devices(llama, "cpu", &device, 1) > 0;
    if (!loaded && plugin)
        llama->f.ggml_backend_load_all_from_path(llama->engine_dir);
    else if (!loaded)
        status = load_cpu(llama, err);
    if (status == ED_OK && !llama_devices(llama, "cpu", &device, 1))
        status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL,
                         "llama.cpp found no CPU variant that runs on this processor%s%s",
                         llama->log.error[0] ? ": " : "", llama->log.error);
    if (status == ED_OK && plugin && !llama_devices(llama, backend, &device, 1))
        status = ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "llama.cpp found no %s device%s%s", plugin->registry,
                         llama->log.error[0] ? ": " : "", llama->log.error);
    return status;
}

enum ed_processor llama_device_processor(const struct llama_state *llama, void *device) {
    const int type = llama->f.ggml_backend_dev_type(device);
    return type == LLAMA_DEVICE_CPU                                ? ED_PROCESSOR_CPU
           : type == LLAMA_DEVICE_GPU || type == LLAMA_DEVICE_IGPU ? ED_PROCESSOR_GPU
                                                                   : ED_PROCESSOR_UNKNOWN;
}

size_t llama_devices(const struct llama_state *llama, const char *backend, void **devices, size_t capacity) {
    const struct plugin *plugin = plugin_of(backend);
    size_t n = 0;
    for (size_t i = 0; i < llama->f.ggml_backend_dev_count() && n < capacity; i++) {
        void *device = llama->f.ggml_backend_dev_get(i);
        const char *registry = llama->f.ggml_backend_reg_name(llama->f.ggml_backend_dev_backend_reg(device));
        if (plugin ? !strcmp(registry, plugin->registry)
                   : llama_device_processor(llama, device) == ED_PROCESSOR_CPU)
            devices[n++] = device;
    }
    return n;
}

bool llama_device_simulated(const char *description) {
    static const char *const words[] = {"llvmpipe", "lavapipe", "SwiftShader", "softpipe"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(description, words[i]))
            return true;
    return false;
}

static void survey_row(struct llama_state *llama, struct ed_survey_row *row, const char *backend) {
    struct ed_error why = {0};
    void *device = NULL;
    snprintf(row->backend, sizeof row->backend, "%s", backend);
    row->processor = strcmp(backend, "cpu") ? ED_PROCESSOR_GPU : ED_PROCESSOR_CPU;
    // A model that is loaded for one backend does not wake the others.
    const bool other = llama->model && strcmp(backend, "cpu") && strcmp(backend, llama->backend);
    if (other) {
        const struct plugin *plugin = plugin_of(backend);
        const bool there = check_plugin(llama, plugin, &why) == ED_OK;
        snprintf(row->reason, sizeof row->reason, "%s",
                 there ? "not asked: the model runs on another backend" : why.message);
        return;
    }
    row->available = llama_plugins_load(llama, backend, &why) == ED_OK;
    snprintf(row->reason, sizeof row->reason, "%.255s", why.message);
    if (!row->available || !llama_devices(llama, backend, &device, 1))
        return;
    const char *description = llama->f.ggml_backend_dev_description(device);
    snprintf(row->device_name, sizeof row->device_name, "%s", description ? description : "");
    snprintf(row->native, sizeof row->native, "%s", llama->f.ggml_backend_dev_name(device));
    row->simulated = llama_device_simulated(row->device_name);
}

void llama_survey(struct llama_state *llama, struct ed_survey *out) {
    memset(out, 0, sizeof *out);
    snprintf(out->engine_version, sizeof out->engine_version, "%s",
             llama->version + (llama->version[0] == 'v'));
    survey_row(llama, &out->rows[out->n_rows++], "cpu");
    for (size_t i = 0; i < N_PLUGINS; i++)
        survey_row(llama, &out->rows[out->n_rows++], plugins[i].backend);
    const char *info = llama->f.llama_print_system_info();
    snprintf(out->build_info, sizeof out->build_info, "%.255s", info ? info : "");
}
