// SPDX-License-Identifier: Apache-2.0
// Chooses among the sources of hardware facts, field by field, and writes what was found with the source's
// name beside it.
#include "runners/hardware/hardware.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes/proc_file.h"
#include "runners/hardware/sources.h"

enum { CPUID, HWCAP, LIBRARY, PROC, SYSFS, N_SOURCES };
static const char *const source_names[N_SOURCES] = {"cpuid", "hwcap", "libcpuinfo", "proc_cpuinfo", "sysfs"};

struct sources {
    struct ed_cpu_facts by[N_SOURCES];
};

// The tree below root_fd is the running system's when it is the same directory as "/".
static bool root_is_live(int root_fd) {
    struct stat ours, theirs;
    return stat("/", &ours) == 0 && fstat(root_fd, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

// Files first: they cost little and serve a recorded tree too. The summary leaves the library out.
static void sources_read(int root_fd, bool live, bool library, struct sources *sources) {
    ed_source_cpuid(live, &sources->by[CPUID]);
    ed_source_hwcap(live, &sources->by[HWCAP]);
    ed_source_proc_cpuinfo(root_fd, &sources->by[PROC]);
    ed_source_sysfs(root_fd, &sources->by[SYSFS]);
    if (library)
        ed_source_cpuinfo_library(live, &sources->by[LIBRARY]);
}

enum field { NAME, VENDOR, CORES, LOGICAL, SOCKETS, ISA, CACHES, KINDS, N_FIELDS };

static bool has(const struct ed_cpu_facts *facts, enum field field) {
    switch (field) {
    case NAME:
        return facts->name[0];
    case VENDOR:
        return facts->vendor[0];
    case CORES:
        return facts->cores > 0;
    case LOGICAL:
        return facts->logical > 0;
    case SOCKETS:
        return facts->sockets > 0;
    case ISA:
        return facts->has_isa;
    case CACHES:
        return facts->n_caches > 0;
    case KINDS:
        return facts->n_kinds > 0;
    default:
        return false;
    }
}

// The first of the field's sources that knows it, or -1. A processor's own words come before a library's: the
// same device must have the same name whether or not a library is installed. The kernel's files know best who
// shares a core or a cache; but their packages are clusters on some Arm kernels, so sockets are asked of them
// last.
static int choose(const struct sources *sources, enum field field) {
    static const int order[N_FIELDS][4] = {
        [NAME] = {CPUID, PROC, LIBRARY, -1},    [VENDOR] = {CPUID, PROC, -1},
        [CORES] = {SYSFS, LIBRARY, PROC, -1},   [LOGICAL] = {SYSFS, PROC, LIBRARY, -1},
        [SOCKETS] = {LIBRARY, PROC, SYSFS, -1}, [ISA] = {CPUID, HWCAP, PROC, -1},
        [CACHES] = {SYSFS, LIBRARY, CPUID, -1}, [KINDS] = {SYSFS, -1},
    };
    for (int i = 0; i < 4 && order[field][i] >= 0; i++)
        if (has(&sources->by[order[field][i]], field))
            return order[field][i];
    return -1;
}

static void count_field(struct ed_json_writer *writer, const char *key, int64_t value) {
    if (value > 0)
        ed_json_int(writer, key, value);
    else
        ed_json_null(writer, key);
}

static void isa_write(struct ed_json_writer *writer, const char *key, ed_isa_set set) {
    ed_json_array_begin(writer, key);
    for (int i = 0; i < ED_ISA_COUNT; i++)
        if (set >> i & 1)
            ed_json_text(writer, NULL, ed_isa_word((enum ed_isa)i));
    ed_json_array_end(writer);
}

static void caches_write(struct ed_json_writer *writer, const struct ed_cpu_facts *facts) {
    ed_json_array_begin(writer, "caches");
    for (size_t i = 0; facts && i < facts->n_caches; i++) {
        const struct ed_cpu_cache *cache = &facts->caches[i];
        ed_json_object_begin(writer, NULL);
        ed_json_int(writer, "level", cache->level);
        ed_json_text(writer, "type", cache->type);
        ed_json_int(writer, "bytes", cache->bytes);
        ed_json_int(writer, "shared_by", cache->shared_by);
        count_field(writer, "count", cache->count);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

static void kinds_write(struct ed_json_writer *writer, const struct ed_cpu_facts *facts) {
    ed_json_array_begin(writer, "core_kinds");
    for (size_t i = 0; facts && i < facts->n_kinds; i++) {
        const struct ed_cpu_kind *kind = &facts->kinds[i];
        ed_json_object_begin(writer, NULL);
        ed_json_text_or_null(writer, "name", kind->name);
        ed_json_text(writer, "cpus", kind->cpus);
        count_field(writer, "max_khz", kind->max_khz);
        count_field(writer, "capacity", kind->capacity);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

static void sources_write(struct ed_json_writer *writer, const struct sources *sources) {
    static const char *const keys[N_FIELDS] = {"name",    "vendor", "physical_cores", "logical",
                                               "sockets", "isa",    "caches",         "core_kinds"};
    ed_json_object_begin(writer, "source");
    for (int field = 0; field < N_FIELDS; field++) {
        int chosen = choose(sources, (enum field)field);
        ed_json_text(writer, keys[field], chosen < 0 ? NULL : source_names[chosen]);
    }
    ed_json_object_end(writer);
    ed_json_array_begin(writer, "sources");
    for (int i = 0; i < N_SOURCES; i++) {
        ed_json_object_begin(writer, NULL);
        ed_json_text(writer, "name", source_names[i]);
        ed_json_bool(writer, "available", sources->by[i].available);
        if (!sources->by[i].available)
            ed_json_text(writer, "reason", sources->by[i].reason);
        ed_json_object_end(writer);
    }
    ed_json_array_end(writer);
}

static void cpu_write(struct ed_json_writer *writer, const struct sources *sources) {
    const struct ed_cpu_facts *chosen[N_FIELDS];
    for (int field = 0; field < N_FIELDS; field++) {
        int source = choose(sources, (enum field)field);
        chosen[field] = source < 0 ? NULL : &sources->by[source];
    }
    ed_json_object_begin(writer, "cpu");
    ed_json_text_or_null(writer, "name", chosen[NAME] ? chosen[NAME]->name : NULL);
    ed_json_text_or_null(writer, "vendor", chosen[VENDOR] ? chosen[VENDOR]->vendor : NULL);
    count_field(writer, "physical_cores", chosen[CORES] ? chosen[CORES]->cores : 0);
    count_field(writer, "logical", chosen[LOGICAL] ? chosen[LOGICAL]->logical : 0);
    count_field(writer, "sockets", chosen[SOCKETS] ? chosen[SOCKETS]->sockets : 0);
    if (chosen[ISA])
        isa_write(writer, "isa", chosen[ISA]->isa);
    else
        ed_json_null(writer, "isa");
    // An engine asks the processor, the kernel may hide or not know a word: where the two differ, both are
    // shown.
    const struct ed_cpu_facts *proc = &sources->by[PROC];
    if (chosen[ISA] && chosen[ISA] != proc && proc->has_isa && chosen[ISA]->isa != proc->isa) {
        isa_write(writer, "isa_not_in_proc_cpuinfo", chosen[ISA]->isa & ~proc->isa);
        isa_write(writer, "isa_only_in_proc_cpuinfo", proc->isa & ~chosen[ISA]->isa);
    }
    caches_write(writer, chosen[CACHES]);
    kinds_write(writer, chosen[KINDS]);
    sources_write(writer, sources);
    ed_json_object_end(writer);
}

enum ed_status ed_hardware_describe(int root_fd, struct ed_json_writer *writer, struct ed_error *err) {
    bool live = root_is_live(root_fd);
    struct sources *sources = calloc(1, sizeof *sources);
    if (!sources)
        return ed_fail(err, ED_ERR_NO_MEMORY, "hardware", "no memory to describe the hardware");
    sources_read(root_fd, live, true, sources);
    cpu_write(writer, sources);
    free(sources);
    ed_topology_write(live, writer);
    ed_system_write(root_fd, live, writer);
    ed_memory_write(root_fd, writer);
    ed_json_text(writer, "cpu_pinning", "none");
    ed_papi_write(live, writer);
    if (writer->misuse)
        return ed_fail(err, ED_ERR_INTERNAL, "hardware", "the description is not balanced JSON");
    return ed_buffer_status(writer->out, "the hardware description", err);
}

// The words that say most about which kernels an engine will choose, best first, at most three.
static void isa_highlights(ed_isa_set set, char *text, size_t bytes) {
    static const enum ed_isa best[] = {ED_ISA_AMX_INT8, ED_ISA_AVX512_VNNI, ED_ISA_AVX512F, ED_ISA_AVX_VNNI,
                                       ED_ISA_AVX2,     ED_ISA_AVX,         ED_ISA_SSE4_1,  ED_ISA_SME,
                                       ED_ISA_SVE2,     ED_ISA_SVE,         ED_ISA_I8MM,    ED_ISA_DOTPROD,
                                       ED_ISA_FP16,     ED_ISA_NEON};
    // Which of them say nothing more once the better one is named.
    ed_isa_set covered = 0;
    size_t used = 0;
    int n = 0;
    text[0] = 0;
    for (size_t i = 0; i < sizeof best / sizeof *best && n < 3 && used < bytes; i++) {
        ed_isa_set bit = (ed_isa_set)1 << best[i];
        if (!(set & bit) || (covered & bit))
            continue;
        used += (size_t)snprintf(text + used, bytes - used, ", %s", ed_isa_word(best[i]));
        n++;
        if (best[i] <= ED_ISA_AVX_VNNI)
            covered |= ED_ISA_BIT(AVX512F) | ED_ISA_BIT(AVX_VNNI) | ED_ISA_BIT(AVX2) | ED_ISA_BIT(AVX) |
                       ED_ISA_BIT(SSE4_1);
        if (best[i] == ED_ISA_SVE2)
            covered |= ED_ISA_BIT(SVE);
        if (best[i] >= ED_ISA_DOTPROD)
            covered |= ED_ISA_BIT(NEON);
    }
}

static void append(char *text, size_t bytes, const char *part) {
    size_t used = strlen(text);
    if (part[0])
        snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", part);
}

void ed_hardware_summary_at(int root_fd, char *text, size_t bytes) {
    bool live = root_is_live(root_fd);
    struct ed_system_facts system;
    char part[256], isa[96] = "", file[8192];
    int64_t total;
    if (bytes == 0)
        return;
    text[0] = 0;
    struct sources *sources = calloc(1, sizeof *sources);
    if (!sources)
        return;
    sources_read(root_fd, live, false, sources);
    int name = choose(sources, NAME), cores = choose(sources, CORES), logical = choose(sources, LOGICAL);
    int words = choose(sources, ISA), n = cores < 0 ? 0 : sources->by[cores].cores;
    int threads = logical < 0 ? 0 : sources->by[logical].logical;
    ed_system_read(root_fd, live, &system);
    if (words >= 0)
        isa_highlights(sources->by[words].isa, isa, sizeof isa);
    snprintf(part, sizeof part, "%s", name >= 0 ? sources->by[name].name : "unknown processor");
    size_t used = strlen(part);
    if (n > 0 && threads > n)
        snprintf(part + used, sizeof part - used, " (%d core%s, %d threads%s)", n, n == 1 ? "" : "s", threads,
                 isa);
    else if (n > 0 || threads > 0)
        snprintf(part + used, sizeof part - used, " (%d %s%s%s)", n > 0 ? n : threads, n > 0 ? "core" : "CPU",
                 (n > 0 ? n : threads) == 1 ? "" : "s", isa);
    append(text, bytes, part);
    if (ed_proc_read(root_fd, "proc/meminfo", file, sizeof file) > 0 &&
        ed_proc_kib_field(file, "MemTotal", &total)) {
        snprintf(part, sizeof part, "%.1f GiB", (double)total / 1073741824.0);
        append(text, bytes, part);
    }
    // "Linux 6.18.44-fc" -> "Linux 6.18"
    char *dot = strchr(system.kernel, '.');
    if (dot)
        dot[1 + strspn(dot + 1, "0123456789")] = 0;
    append(text, bytes, system.kernel);
    append(text, bytes, system.libc);
    append(text, bytes, system.virtual_machine == 1 ? "virtual machine" : "");
    append(text, bytes, system.emulated_by ? "emulated processor" : "");
    free(sources);
}

void ed_hardware_summary(char *text, size_t bytes) {
    int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (bytes)
        text[0] = 0;
    if (root_fd < 0)
        return;
    ed_hardware_summary_at(root_fd, text, bytes);
    close(root_fd);
}
