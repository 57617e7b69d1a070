// SPDX-License-Identifier: Apache-2.0
// /sys/devices/system/cpu: which CPUs are alike (part, highest clock, capacity), which share a core or a
// package, and their caches (kernel documentation, admin-guide/cputopology and
// ABI/testing/sysfs-devices-system-cpu).
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/proc_file.h"
#include "runners/hardware/sources.h"

#define FOLDER "sys/devices/system/cpu"

struct one_cpu {
    int number, kind;
    int64_t max_khz, capacity, midr, package;
};

struct scan {
    int root_fd;
    size_t n;
    struct one_cpu cpus[ED_CPUS_MAX];
};

static int64_t cpu_number(const struct scan *scan, int cpu, const char *name) {
    char path[128];
    int64_t value;
    snprintf(path, sizeof path, FOLDER "/cpu%d/%s", cpu, name);
    return ed_proc_read_number(scan->root_fd, path, &value) && value >= 0 ? value : -1;
}

// The first CPU of a list file, and in *n its length; -1 where there is none.
static int list_first(const struct scan *scan, int cpu, const char *name, int *n) {
    char path[128], text[4096];
    int cpus[ED_CPUS_MAX];
    snprintf(path, sizeof path, FOLDER "/cpu%d/%s", cpu, name);
    if (!ed_proc_read_word(scan->root_fd, path, text, sizeof text))
        return -1;
    *n = ed_cpu_list_parse(text, cpus, ED_CPUS_MAX);
    return *n > 0 ? cpus[0] : -1;
}

static void cpu_caches(const struct scan *scan, int cpu, struct ed_cpu_facts *facts) {
    for (int index = 0; index < 8; index++) {
        static const char *const types[][2] = {
            {"Data", "data"}, {"Instruction", "instruction"}, {"Unified", "unified"}};
        char name[64], path[128], text[64], *end;
        int sharers = 0, i = 0;
        snprintf(name, sizeof name, "cache/index%d/level", index);
        int64_t level = cpu_number(scan, cpu, name);
        if (level < 1 || level > 9)
            return;
        // Each cache is counted once, at the first CPU that has it.
        snprintf(name, sizeof name, "cache/index%d/shared_cpu_list", index);
        if (list_first(scan, cpu, name, &sharers) != cpu)
            continue;
        snprintf(path, sizeof path, FOLDER "/cpu%d/cache/index%d/size", cpu, index);
        if (!ed_proc_read_word(scan->root_fd, path, text, sizeof text))
            continue;
        long long size = strtoll(text, &end, 10);
        int64_t unit = *end == 'K' ? 1024 : *end == 'M' ? 1048576 : 0;
        if (end == text || size <= 0 || size > 1 << 24 || !unit || end[1])
            continue;
        snprintf(path, sizeof path, FOLDER "/cpu%d/cache/index%d/type", cpu, index);
        if (!ed_proc_read_word(scan->root_fd, path, text, sizeof text))
            continue;
        while (i < 3 && strcmp(text, types[i][0]) != 0)
            i++;
        if (i < 3)
            ed_cpu_cache_add(facts, (int)level, types[i][1], size * unit, sharers);
    }
}

static void kind_fill(const struct one_cpu *cpu, struct ed_cpu_kind *kind) {
    *kind = (struct ed_cpu_kind){.max_khz = cpu->max_khz, .capacity = cpu->capacity};
    // Main identification register: implementer in bits 31-24, part in bits 15-4.
    const char *name =
        cpu->midr < 0 ? NULL : ed_arm_part_name(cpu->midr >> 24 & 0xff, cpu->midr >> 4 & 0xfff);
    if (name)
        snprintf(kind->name, sizeof kind->name, "%s", name);
}

static int64_t identification(const struct scan *scan, int cpu) {
    char path[128], text[40], *end;
    snprintf(path, sizeof path, FOLDER "/cpu%d/regs/identification/midr_el1", cpu);
    if (!ed_proc_read_word(scan->root_fd, path, text, sizeof text))
        return -1;
    unsigned long long value = strtoull(text, &end, 16);
    return end == text || *end ? -1 : (int64_t)(value & 0xffffffff);
}

static void kinds_find(struct scan *scan, struct ed_cpu_facts *facts) {
    struct one_cpu samples[ED_CPU_KINDS_MAX] = {{0}};
    for (size_t i = 0; i < scan->n; i++) {
        struct one_cpu *cpu = &scan->cpus[i];
        size_t k = 0;
        while (k < facts->n_kinds &&
               (samples[k].max_khz != cpu->max_khz || samples[k].capacity != cpu->capacity ||
                (samples[k].midr & 0xff00fff0) != (cpu->midr & 0xff00fff0)))
            k++;
        if (k == ED_CPU_KINDS_MAX) {
            cpu->kind = -1;
            continue;
        }
        if (k == facts->n_kinds) {
            samples[k] = *cpu;
            kind_fill(cpu, &facts->kinds[facts->n_kinds++]);
        }
        cpu->kind = (int)k;
    }
    for (size_t k = 0; k < facts->n_kinds; k++) {
        int members[ED_CPUS_MAX];
        size_t n = 0;
        for (size_t i = 0; i < scan->n; i++)
            if (scan->cpus[i].kind == (int)k)
                members[n++] = scan->cpus[i].number;
        ed_cpu_list_print(facts->kinds[k].cpus, sizeof facts->kinds[k].cpus, members, n);
    }
}

static void count_cores(struct scan *scan, struct ed_cpu_facts *facts) {
    int sharers, cores = 0, packages = 0;
    bool known = true;
    for (size_t i = 0; i < scan->n; i++) {
        int first = list_first(scan, scan->cpus[i].number, "topology/thread_siblings_list", &sharers);
        size_t k = 0;
        known = known && first >= 0 && scan->cpus[i].package >= 0;
        cores += first == scan->cpus[i].number;
        while (k < i && scan->cpus[k].package != scan->cpus[i].package)
            k++;
        packages += k == i;
    }
    if (known && cores > 0) {
        facts->cores = cores;
        facts->sockets = packages;
    }
}

void ed_source_sysfs(int root_fd, struct ed_cpu_facts *facts) {
    int numbers[ED_CPUS_MAX], online[ED_CPUS_MAX], n_online = -1;
    char text[4096];
    memset(facts, 0, sizeof *facts);
    struct scan *scan = calloc(1, sizeof *scan);
    int found = ed_proc_list_numbers(root_fd, FOLDER, "cpu", numbers, ED_CPUS_MAX);
    if (!scan || found <= 0) {
        snprintf(facts->reason, sizeof facts->reason, "/" FOLDER ": %s",
                 !scan       ? "no memory to read it"
                 : found < 0 ? strerror(-found)
                             : "no CPU there");
        goto out;
    }
    scan->root_fd = root_fd;
    if (ed_proc_read_word(root_fd, FOLDER "/online", text, sizeof text))
        n_online = ed_cpu_list_parse(text, online, ED_CPUS_MAX);
    for (int i = 0; i < found; i++) {
        bool on = n_online <= 0;
        for (int k = 0; k < n_online && !on; k++)
            on = online[k] == numbers[i];
        if (!on)
            continue;
        scan->cpus[scan->n++] = (struct one_cpu){
            .number = numbers[i],
            .max_khz = cpu_number(scan, numbers[i], "cpufreq/cpuinfo_max_freq"),
            .capacity = cpu_number(scan, numbers[i], "cpu_capacity"),
            .midr = identification(scan, numbers[i]),
            .package = cpu_number(scan, numbers[i], "topology/physical_package_id"),
        };
    }
    facts->available = scan->n > 0;
    if (!facts->available)
        snprintf(facts->reason, sizeof facts->reason, "/" FOLDER "/online names none of the CPUs there");
    facts->logical = (int)scan->n;
    kinds_find(scan, facts);
    count_cores(scan, facts);
    for (size_t i = 0; i < scan->n; i++)
        cpu_caches(scan, scan->cpus[i].number, facts);
out:
    free(scan);
}
