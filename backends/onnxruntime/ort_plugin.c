// SPDX-License-Identifier: Apache-2.0
// Execution providers that come as libraries beside the engine's: found by name, registered only when one of
// them is asked for.
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/onnxruntime/ort.h"

#define PREFIX "libonnxruntime_providers_"
#define ENTRY "CreateEpFactories"

// "libonnxruntime_providers_qnn.so" is "qnn".
static void word_of_file(char *word, size_t bytes, const char *name) {
    const char *from = name + strlen(PREFIX);
    snprintf(word, bytes, "%.*s", (int)strcspn(from, "."), from);
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct ort_plugin *)a)->path, ((const struct ort_plugin *)b)->path);
}

void ort_plugins_find(struct ort_state *ort, const char *directory) {
    // Older engines have other functions in these places, and snapshots may have.
    if (!ort->version.release || ort->api_version < ORT_VERSION_PLUGINS || !directory || !directory[0])
        return;
    DIR *listing = opendir(directory);
    for (struct dirent *entry; listing && (entry = readdir(listing)) && ort->n_plugins < ORT_PLUGINS_MAX;) {
        struct ort_plugin *plugin = &ort->plugins[ort->n_plugins];
        char word[64];
        bool found = false;
        memset(plugin, 0, sizeof *plugin);
        if (fnmatch(PREFIX "*.so", entry->d_name, 0) != 0 ||
            snprintf(plugin->path, sizeof plugin->path, "%s/%s", directory, entry->d_name) >=
                (int)sizeof plugin->path ||
            ort_library_has(plugin->path, ENTRY, false, &found, NULL) != ED_OK || !found)
            continue;
        word_of_file(word, sizeof word, entry->d_name);
        const char *native = ort_provider_native(word);
        if (native)
            snprintf(plugin->native, sizeof plugin->native, "%s", native);
        else
            snprintf(plugin->native, sizeof plugin->native, "%.60sExecutionProvider", word);
        ort->n_plugins++;
    }
    if (listing)
        closedir(listing);
    // What a directory lists first is chance.
    qsort(ort->plugins, ort->n_plugins, sizeof *ort->plugins, by_path);
}

struct ort_plugin *ort_plugin_of_word(struct ort_state *ort, const char *word) {
    char own[64];
    for (size_t i = 0; i < ort->n_plugins; i++) {
        ort_provider_word(own, sizeof own, ort->plugins[i].native);
        if (!strcmp(own, word))
            return &ort->plugins[i];
    }
    return NULL;
}

enum ed_status ort_plugin_register(struct ort_state *ort, struct ort_plugin *plugin, struct ed_error *err) {
    if (plugin->registered)
        return ED_OK;
    enum ed_status status =
        ort_check(ort, ort_register_library(ort->api, ort->env, plugin->native, plugin->path),
                  "registering an execution provider's library", err);
    plugin->registered = status == ED_OK;
    return status;
}

int ort_plugin_hush(const struct ort_state *ort) {
    if (!ort->n_plugins)
        return -1;
    fflush(stdout);
    const int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (kept >= 0)
        dup2(STDERR_FILENO, STDOUT_FILENO);
    return kept;
}

void ort_plugin_unhush(int kept) {
    if (kept < 0)
        return;
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

// The devices that the provider can use; ED_ERR_REFUSED where there is none.
static enum ed_status devices_of(struct ort_state *ort, const char *native,
                                 const struct ort_ep_device **found, size_t capacity, size_t *n,
                                 struct ed_error *err) {
    const struct ort_ep_device *const *devices = NULL;
    size_t n_devices = 0;
    *n = 0;
    enum ed_status status = ort_check(ort, ort_get_ep_devices(ort->api, ort->env, &devices, &n_devices),
                                      "asking for the devices of execution providers", err);
    for (size_t i = 0; i < n_devices && !status && *n < capacity; i++) {
        const char *name = ort_ep_device_name(ort->api, devices[i]);
        if (name && !strcmp(name, native))
            found[(*n)++] = devices[i];
    }
    if (!status && !*n)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "ONNX Runtime %s finds no device for %s on this machine",
                         ort->version.text, native);
    return status;
}

// NPU before GPU before CPU: the provider's own choice among several is by its options.
static const struct ort_ep_device *best(struct ort_state *ort, const struct ort_ep_device *const *devices,
                                        size_t n) {
    static const int order[] = {ORT_HARDWARE_NPU, ORT_HARDWARE_GPU, ORT_HARDWARE_CPU};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < n; i++)
            if (ort_hardware_type(ort->api, ort_ep_device_hardware(ort->api, devices[i])) == order[k])
                return devices[i];
    return devices[0];
}

enum ed_status ort_plugin_append(struct ort_state *ort, struct ort_session_options *options,
                                 struct ort_plugin *plugin, const char *const *keys,
                                 const char *const *values, size_t n, struct ed_error *err) {
    const struct ort_ep_device *devices[16], *chosen;
    size_t n_devices = 0;
    enum ed_status status = ort_plugin_register(ort, plugin, err);
    if (!status)
        status = devices_of(ort, plugin->native, devices, 16, &n_devices, err);
    if (status)
        return status;
    chosen = best(ort, devices, n_devices);
    return ort_check(ort, ort_append_ep_devices(ort->api, options, ort->env, &chosen, 1, keys, values, n),
                     plugin->native, err);
}

void ort_plugin_describe(struct ort_state *ort, const char *native, struct ed_survey_row *row) {
    static const char *const kinds[] = {"CPU", "GPU", "NPU"};
    const struct ort_ep_device *devices[16];
    size_t n = 0;
    if (devices_of(ort, native, devices, 16, &n, NULL) != ED_OK)
        return;
    const struct ort_hardware_device *hardware = ort_ep_device_hardware(ort->api, best(ort, devices, n));
    const int type = ort_hardware_type(ort->api, hardware);
    const char *vendor = ort_hardware_vendor(ort->api, hardware);
    // A provider for an accelerator that finds nothing but the CPU computes on it, in an accelerator's stead.
    row->simulated = type == ORT_HARDWARE_CPU &&
                     (row->processor == ED_PROCESSOR_NPU || row->processor == ED_PROCESSOR_GPU);
    snprintf(row->device_name, sizeof row->device_name, "%s%.80s%s%s", row->simulated ? "simulator on " : "",
             vendor ? vendor : "", vendor && vendor[0] ? " " : "",
             type >= 0 && type < 3 ? kinds[type] : "device");
}
