// SPDX-License-Identifier: Apache-2.0
// Reading the engine's log: layers and buffers by device; which CPU variant it chose.
#include "backends/adapter_text.h"
#include "backends/llama.cpp/llama_state.h"

#include <link.h>
#include <stdlib.h>

#define VARIANT_BYTES 96

// "load_tensors:   Vulkan0 model buffer size =   123.45 MiB": the name before `words`, and the number behind.
static bool buffer_line(const char *text, const char *words, char name[64], double *mib) {
    const char *at = strstr(text, words), *colon = strchr(text, ':');
    char *end = NULL;
    if (!at || !colon || colon > at)
        return false;
    const char *number = at + strlen(words);
    *mib = strtod(number, &end);
    if (end == number || strncmp(end, " MiB", 4) != 0 || !(*mib >= 0 && *mib < 1e9))
        return false;
    colon += 1 + strspn(colon + 1, " ");
    size_t n = colon < at ? (size_t)(at - colon) : 0;
    while (n && colon[n - 1] == ' ')
        n--;
    snprintf(name, 64, "%.*s", (int)(n < 63 ? n : 63), colon);
    return true;
}

static void add_layer(struct llama_log *log, const char *name, size_t n) {
    for (size_t i = 0; i < log->n_places; i++)
        if (strlen(log->places[i].name) == n && !memcmp(log->places[i].name, name, n)) {
            log->places[i].layers++;
            return;
        }
    if (log->n_places == LLAMA_PLACES_MAX || n >= sizeof log->places[0].name)
        return;
    memcpy(log->places[log->n_places].name, name, n);
    log->places[log->n_places].name[n] = 0;
    log->places[log->n_places++].layers = 1;
}

void llama_log_line(int level, const char *text, void *context) {
    struct llama_log *log = context;
    char name[64];
    double mib = 0;
    if (!text)
        return;
    if (level != LLAMA_LOG_CONT && log)
        log->level = level;
    if ((log ? log->level : level) >= LLAMA_LOG_WARN)
        fputs(text, stderr);
    if (!log)
        return;
    const char *at;
    if (log->level >= LLAMA_LOG_WARN)
        ed_adapter_text_add(log->error, sizeof log->error, text);
    if ((at = strstr(text, " assigned to device ")) && strstr(text, "layer ")) {
        at += strlen(" assigned to device ");
        add_layer(log, at, strcspn(at, ",\n"));
    } else if (buffer_line(text, " model buffer size = ", name, &mib)) {
        log->weights_mib += mib;
        log->has_weights = true;
    } else if (buffer_line(text, " KV buffer size = ", name, &mib) ||
               buffer_line(text, " RS buffer size = ", name, &mib)) {
        const size_t used = strlen(log->kv);
        log->kv_mib += mib;
        log->has_kv = true;
        snprintf(log->kv + used, sizeof log->kv - used, "%s%s %.2f MiB", used ? ", " : "", name, mib);
    } else if (buffer_line(text, " compute buffer size = ", name, &mib)) {
        log->compute_mib += mib;
        log->has_compute = true;
    }
}

// The CPU variant that is loaded: the engine tried all that there are and kept one.
static int find_variant(struct dl_phdr_info *info, size_t bytes, void *context) {
    const char *name = ed_path_base(info->dlpi_name);
    (void)bytes;
    if (strncmp(name, "libggml-cpu", strlen("libggml-cpu")) != 0)
        return 0;
    snprintf(context, VARIANT_BYTES, "%s", name);
    return 1;
}

static enum ed_processor processor_of(const struct llama_state *llama, const char *name) {
    for (size_t i = 0; i < llama->f.ggml_backend_dev_count(); i++) {
        void *device = llama->f.ggml_backend_dev_get(i);
        if (!strcmp(llama->f.ggml_backend_dev_name(device), name))
            return llama_device_processor(llama, device);
    }
    return ED_PROCESSOR_UNKNOWN;
}

// Layers by device, the output layer being one. Where fewer are asked for than there are (-ngl 10), those
// that stay on the CPU were not asked elsewhere: they are told in the detail and not counted as a failure.
void llama_placement(const struct llama_state *llama, struct ed_placement *out) {
    const struct llama_log *log = &llama->log;
    uint32_t total = 0, elsewhere = 0, spared = 0;
    memset(out, 0, sizeof *out);
    snprintf(out->unit, sizeof out->unit, "layer");
    for (size_t i = 0; i < log->n_places; i++) {
        total += log->places[i].layers;
        if (processor_of(llama, log->places[i].name) != ED_PROCESSOR_CPU)
            elsewhere += log->places[i].layers;
    }
    out->proven = total > 0;
    if (strcmp(llama->backend, "cpu") != 0 && llama->gpu_layers >= 0 && (uint32_t)llama->gpu_layers < total)
        spared = total - (uint32_t)llama->gpu_layers;
    for (size_t i = 0; i < log->n_places && out->n_places < ED_PLACES_MAX; i++) {
        const enum ed_processor processor = processor_of(llama, log->places[i].name);
        uint32_t count = log->places[i].layers;
        if (processor == ED_PROCESSOR_CPU && spared) {
            const uint32_t less = count < spared ? count : spared;
            count -= less;
        }
        if (!count)
            continue;
        snprintf(out->places[out->n_places].name, sizeof out->places[0].name, "%s", log->places[i].name);
        out->places[out->n_places].processor = processor;
        out->places[out->n_places++].count = count;
    }
    out->total = total - (spared < total - elsewhere ? spared : total - elsewhere);
    char variant[VARIANT_BYTES] = "not told";
    dl_iterate_phdr(find_variant, variant);
    size_t used = (size_t)snprintf(out->detail, sizeof out->detail, "CPU variant %s", variant);
    if (log->kv[0] && used < sizeof out->detail)
        used += (size_t)snprintf(out->detail + used, sizeof out->detail - used, "; cache %s", log->kv);
    if (spared && used < sizeof out->detail)
        snprintf(out->detail + used, sizeof out->detail - used, "; gpu_layers=%d of %u layers were asked for",
                 llama->gpu_layers, total);
}
