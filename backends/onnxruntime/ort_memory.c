// SPDX-License-Identifier: Apache-2.0
// Memory by the engine's own account: its CPU arena.
#include <stdlib.h>

#include "backends/onnxruntime/ort.h"

// A count of bytes in decimal; -1 for anything else.
static int64_t bytes_of(const char *text) {
    char *end = NULL;
    if (!text || text[0] < '0' || text[0] > '9')
        return -1;
    const long long value = strtoll(text, &end, 10);
    return *end || value < 0 ? -1 : (int64_t)value;
}

int64_t ort_memory_arena_bytes(struct ort_state *ort) {
    struct ort_allocator *allocator = NULL;
    struct ort_key_values *stats = NULL;
    char ignored[64];
    int64_t held_bytes = -1;
    if (!ort->session || !ort->version.release || ort->api_version < ORT_VERSION_STATS)
        return -1;
    if (ort_check_text(ort, ort_create_allocator(ort->api, ort->session, ort->cpu_memory, &allocator),
                       ignored, sizeof ignored) &&
        ort_check_text(ort, ort_allocator_stats(ort->api, allocator, &stats), ignored, sizeof ignored) &&
        stats)
        held_bytes = bytes_of(ort_get_key_value(ort->api, stats, "TotalAllocated"));
    if (stats)
        ort_release_key_values(ort->api, stats);
    if (allocator)
        ort_release_allocator(ort->api, allocator);
    return held_bytes;
}
