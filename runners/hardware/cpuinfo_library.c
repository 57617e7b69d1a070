// SPDX-License-Identifier: Apache-2.0
// libcpuinfo, opened when it is installed and through declarations of our own. It promises no stable struct
// layouts, so only its counting functions are believed as they are. Two structs are looked into with care: a
// package begins with its name, and a cache with five 32-bit words of which the first must be the product of
// the others; what does not fit is left out.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "runners/hardware/sources.h"

#define NAME_BYTES 48 // the shortest array that the name has had

struct cache_words {
    uint32_t size, associativity, sets, partitions, line_size, flags, processor_start, processor_count;
};

struct library {
    void *handle;
    bool (*initialize)(void);
    void (*deinitialize)(void);
    uint32_t (*processors_count)(void);
    uint32_t (*cores_count)(void);
    uint32_t (*packages_count)(void);
    const void *(*package)(uint32_t index);
};

static bool library_find(struct library *library, struct ed_cpu_facts *facts) {
    struct {
        const char *name;
        void **place;
    } wanted[] = {
        {"cpuinfo_initialize", (void **)&library->initialize},
        {"cpuinfo_deinitialize", (void **)&library->deinitialize},
        {"cpuinfo_get_processors_count", (void **)&library->processors_count},
        {"cpuinfo_get_cores_count", (void **)&library->cores_count},
        {"cpuinfo_get_packages_count", (void **)&library->packages_count},
        {"cpuinfo_get_package", (void **)&library->package},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].place = dlsym(library->handle, wanted[i].name);
        if (!*wanted[i].place) {
            snprintf(facts->reason, sizeof facts->reason, "libcpuinfo has no function %s", wanted[i].name);
            return false;
        }
    }
    return true;
}

static void read_caches(const struct library *library, struct ed_cpu_facts *facts) {
    static const struct {
        const char *count, *get, *type;
        int level;
    } kinds[] = {
        {"cpuinfo_get_l1d_caches_count", "cpuinfo_get_l1d_cache", "data", 1},
        {"cpuinfo_get_l1i_caches_count", "cpuinfo_get_l1i_cache", "instruction", 1},
        {"cpuinfo_get_l2_caches_count", "cpuinfo_get_l2_cache", "unified", 2},
        {"cpuinfo_get_l3_caches_count", "cpuinfo_get_l3_cache", "unified", 3},
        {"cpuinfo_get_l4_caches_count", "cpuinfo_get_l4_cache", "unified", 4},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint32_t (*count)(void);
        const struct cache_words *(*get)(uint32_t);
        *(void **)&count = dlsym(library->handle, kinds[i].count);
        *(void **)&get = dlsym(library->handle, kinds[i].get);
        for (uint32_t k = 0; count && get && k < count() && k < ED_CPUS_MAX; k++) {
            const struct cache_words *cache = get(k);
            if (!cache || !cache->size || cache->processor_count == 0 ||
                cache->processor_count > ED_CPUS_MAX ||
                (uint64_t)cache->associativity * cache->sets * cache->partitions * cache->line_size !=
                    cache->size)
                continue;
            ed_cpu_cache_add(facts, kinds[i].level, kinds[i].type, cache->size, (int)cache->processor_count);
        }
    }
}

static void ask_library(struct ed_cpu_facts *facts) {
    static const char *const names[] = {"libcpuinfo.so.0", "libcpuinfo.so", NULL};
    struct library library = {0};
    ed_library_open(names, &library.handle, facts->reason, sizeof facts->reason);
    if (!library.handle)
        return;
    if (!library_find(&library, facts))
        goto out;
    facts->available = library.initialize();
    if (!facts->available) {
        snprintf(facts->reason, sizeof facts->reason,
                 "cpuinfo_initialize failed: the library does not know this processor");
        goto out;
    }
    uint32_t logical = library.processors_count(), cores = library.cores_count(),
             packages = library.packages_count();
    if (logical > 0 && logical <= ED_CPUS_MAX && cores > 0 && cores <= logical && packages > 0 &&
        packages <= cores) {
        facts->logical = (int)logical;
        facts->cores = (int)cores;
        facts->sockets = (int)packages;
    }
    const char *name = packages ? library.package(0) : NULL;
    if (name && memchr(name, 0, NAME_BYTES)) {
        snprintf(facts->name, sizeof facts->name, "%s", name);
        ed_text_tidy(facts->name);
        if (strcmp(facts->name, "Unknown") == 0)
            facts->name[0] = 0;
    }
    read_caches(&library, facts);
    library.deinitialize();
out:
    dlclose(library.handle);
}

static void task(void *context, int out_fd) {
    struct ed_cpu_facts *facts = context;
    ask_library(facts);
    // Its pointers are to texts of this program, which lie at the same place in the parent.
    ed_isolated_write(out_fd, facts, sizeof *facts);
}

void ed_source_cpuinfo_library(bool live, struct ed_cpu_facts *facts) {
    char reason[sizeof facts->reason];
    size_t size = 0;
    memset(facts, 0, sizeof *facts);
    if (!live) {
        snprintf(facts->reason, sizeof facts->reason,
                 "libcpuinfo speaks of the running system, not of a recorded tree");
        return;
    }
    if (ed_isolated_run(task, facts, 2000000000, facts, sizeof *facts, &size, reason, sizeof reason) &&
        size == sizeof *facts)
        return;
    memset(facts, 0, sizeof *facts);
    snprintf(facts->reason, sizeof facts->reason, "libcpuinfo: %.170s", reason);
}
