// SPDX-License-Identifier: Apache-2.0
// Helps that the sources of hardware facts share: tidy texts, CPU lists, cache rows, opening a library.
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/hardware/sources.h"

void ed_cpu_cache_add(struct ed_cpu_facts *facts, int level, const char *type, int64_t bytes, int shared_by) {
    for (size_t i = 0; i < facts->n_caches; i++) {
        struct ed_cpu_cache *cache = &facts->caches[i];
        if (cache->level == level && strcmp(cache->type, type) == 0 && cache->bytes == bytes &&
            cache->shared_by == shared_by) {
            cache->count++;
            return;
        }
    }
    if (facts->n_caches < ED_CPU_CACHES_MAX)
        facts->caches[facts->n_caches++] = (struct ed_cpu_cache){
            .level = level, .type = type, .bytes = bytes, .shared_by = shared_by, .count = 1};
}

void ed_text_tidy(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        char c = *from > ' ' && *from < 127 ? *from : ' ';
        if (c != ' ' || (to > text && to[-1] != ' '))
            *to++ = c;
    }
    if (to > text && to[-1] == ' ')
        to--;
    *to = 0;
}

void ed_cpu_list_print(char *text, size_t bytes, const int *cpus, size_t n) {
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0, last; i < n && used + 16 < bytes; i = last + 1) {
        for (last = i; last + 1 < n && cpus[last + 1] == cpus[last] + 1;)
            last++;
        used += (size_t)snprintf(text + used, bytes - used, last > i ? "%s%d-%d" : "%s%d", i ? "," : "",
                                 cpus[i], cpus[last]);
    }
}

int ed_cpu_list_parse(const char *text, int *cpus, size_t capacity) {
    size_t n = 0;
    if (*text == '\n' || !*text)
        return 0;
    for (;;) {
        char *end;
        if (!isdigit((unsigned char)*text))
            return -1;
        long first = strtol(text, &end, 10), last = first;
        if (*end == '-') {
            if (!isdigit((unsigned char)end[1]))
                return -1;
            last = strtol(end + 1, &end, 10);
        }
        if (first > last || last > 1000000)
            return -1;
        for (long cpu = first; cpu <= last && n < capacity; cpu++)
            cpus[n++] = (int)cpu;
        if (*end != ',')
            return *end == '\n' || !*end ? (int)n : -1;
        text = end + 1;
    }
}

void ed_library_open(const char *const *names, void **handle, char *reason, size_t reason_bytes) {
    *handle = NULL;
    reason[0] = 0;
    for (size_t i = 0; names[i] && !*handle; i++) {
        *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        const char *said = *handle ? NULL : dlerror();
        if (said && !reason[0])
            snprintf(reason, reason_bytes, "%s", said);
    }
    if (*handle)
        reason[0] = 0;
}
