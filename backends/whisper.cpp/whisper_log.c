// SPDX-License-Identifier: Apache-2.0
// Reading the engine's log: what it says of its memory while a model is loaded.
#include "backends/adapter_text.h"
#include "backends/whisper.cpp/whisper_state.h"

#include <stdlib.h>

// "whisper_init_state: kv self size  =    6.29 MB": the number behind `words`.
static bool size_line(const char *text, const char *words, double *mb) {
    const char *at = strstr(text, words), *equals = at ? strchr(at, '=') : NULL;
    char *end = NULL;
    if (!equals)
        return false;
    *mb = strtod(equals + 1, &end);
    return end != equals + 1 && !strncmp(end, " MB", 3) && *mb >= 0 && *mb < 1e9;
}

// "whisper_model_load:          CPU total size =   147.37 MB": the name of the buffer.
static void buffer_line(struct whisper_log *log, const char *text) {
    const char *at = strstr(text, " total size"), *colon = strchr(text, ':');
    if (!at || !colon || colon > at || log->n_buffers == WHISPER_BUFFERS_MAX)
        return;
    colon += 1 + strspn(colon + 1, " ");
    if (colon < at)
        snprintf(log->buffers[log->n_buffers++].name, sizeof log->buffers[0].name, "%.*s", (int)(at - colon),
                 colon);
}

static void add(double mb, double *sum, bool *has) {
    *sum += mb;
    *has = true;
}

void whisper_log_line(int level, const char *text, void *context) {
    struct whisper_log *log = context;
    double mb = 0;
    if (!text)
        return;
    if (level != WHISPER_LOG_CONT && log)
        log->level = level;
    if ((log ? log->level : level) >= WHISPER_LOG_WARN)
        fputs(text, stderr);
    if (!log)
        return;
    if (log->level >= WHISPER_LOG_WARN)
        ed_adapter_text_add(log->error, sizeof log->error, text);
    if (strstr(text, " total size"))
        buffer_line(log, text);
    else if (size_line(text, ": model size", &mb))
        add(mb, &log->weights_mb, &log->has_weights);
    else if (size_line(text, ": kv self size", &mb) || size_line(text, ": kv cross size", &mb) ||
             size_line(text, ": kv pad  size", &mb))
        add(mb, &log->kv_mb, &log->has_kv);
    else if (size_line(text, ": compute buffer ", &mb))
        add(mb, &log->compute_mb, &log->has_compute);
}

// Buffers of weights by device. A name that is none of the CPU's is of no processor that is known here.
void whisper_placement(const struct whisper_adapter *whisper, struct ed_placement *out) {
    const struct whisper_log *log = &whisper->log;
    memset(out, 0, sizeof *out);
    snprintf(out->unit, sizeof out->unit, "buffer");
    out->proven = log->n_buffers > 0;
    out->total = (uint32_t)log->n_buffers;
    for (size_t i = 0; i < log->n_buffers; i++) {
        const bool cpu = !strncmp(log->buffers[i].name, "CPU", 3);
        snprintf(out->places[out->n_places].name, sizeof out->places[0].name, "%s", log->buffers[i].name);
        out->places[out->n_places].processor = cpu ? ED_PROCESSOR_CPU : ED_PROCESSOR_UNKNOWN;
        out->places[out->n_places++].count = 1;
    }
    const char *info = whisper->f.whisper_print_system_info();
    snprintf(out->detail, sizeof out->detail, "%.255s", info ? info : "");
}

static int64_t bytes_of(bool told, double mb) {
    return told ? (int64_t)(mb * 1e6 + 0.5) : -1;
}

void whisper_memory(const struct whisper_adapter *whisper, struct ed_engine_memory *out) {
    const struct whisper_log *log = &whisper->log;
    *out = (struct ed_engine_memory){bytes_of(log->has_weights, log->weights_mb), -1,
                                     bytes_of(log->has_kv, log->kv_mb),
                                     bytes_of(log->has_compute, log->compute_mb)};
}
