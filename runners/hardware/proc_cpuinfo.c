// SPDX-License-Identifier: Apache-2.0
// /proc/cpuinfo of x86 and Arm. An instruction set counts only where every processor has it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/proc_file.h"
#include "runners/hardware/sources.h"

#define FILE_MAX_BYTES (2u << 20) // 1,024 processors of 1.5 KB

struct reading {
    struct ed_cpu_facts *facts;
    int processors, feature_lines;
    int physical, core; // ids of the processor being read, -1 where not said
    int64_t implementer, part;
    uint32_t pairs[ED_CPUS_MAX]; // distinct physical << 16 | core
    size_t n_pairs;
    int64_t parts[ED_CPU_KINDS_MAX]; // distinct implementer << 32 | part
    int part_cpus[ED_CPU_KINDS_MAX];
    size_t n_parts;
};

static void processor_end(struct reading *reading) {
    if (reading->physical >= 0 && reading->core >= 0 && reading->physical < 0x8000 &&
        reading->core < 0x10000) {
        uint32_t pair = (uint32_t)reading->physical << 16 | (uint32_t)reading->core;
        size_t i = 0;
        while (i < reading->n_pairs && reading->pairs[i] != pair)
            i++;
        if (i == reading->n_pairs && i < ED_CPUS_MAX)
            reading->pairs[reading->n_pairs++] = pair;
    }
    if (reading->implementer >= 0 && reading->part >= 0) {
        int64_t code = reading->implementer << 32 | reading->part;
        size_t i = 0;
        while (i < reading->n_parts && reading->parts[i] != code)
            i++;
        if (i == reading->n_parts && i < ED_CPU_KINDS_MAX)
            reading->parts[reading->n_parts++] = code;
        if (i < ED_CPU_KINDS_MAX)
            reading->part_cpus[i]++;
    }
    reading->physical = reading->core = -1;
    reading->implementer = reading->part = -1;
}

static void features(struct reading *reading, const char *words) {
    ed_isa_set set = 0;
    for (const char *p = words + strspn(words, " \t"); *p; p += strspn(p, " \t")) {
        size_t n = strcspn(p, " \t");
        set |= ed_isa_from_proc(p, n);
        p += n;
    }
    reading->facts->isa = reading->feature_lines++ ? reading->facts->isa & set : set;
    reading->facts->has_isa = true;
}

static int small_number(const char *text) {
    char *end;
    long value = strtol(text, &end, 0);
    return end == text || value < 0 || value > 0xfffff ? -1 : (int)value;
}

static void line_read(struct reading *reading, char *line) {
    struct ed_cpu_facts *facts = reading->facts;
    char *value = strchr(line, ':');
    if (!value)
        return;
    *value++ = 0;
    value += strspn(value, " \t");
    line[strcspn(line, "\t")] = 0;
    for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
        line[n - 1] = 0;
    if (strcmp(line, "processor") == 0 && small_number(value) >= 0) {
        processor_end(reading);
        reading->processors++;
    } else if (strcmp(line, "vendor_id") == 0 && !facts->vendor[0])
        snprintf(facts->vendor, sizeof facts->vendor, "%s", value);
    else if ((strcmp(line, "model name") == 0 || strcmp(line, "Processor") == 0) && !facts->name[0])
        snprintf(facts->name, sizeof facts->name, "%s", value);
    else if (strcmp(line, "flags") == 0 || strcmp(line, "Features") == 0)
        features(reading, value);
    else if (strcmp(line, "physical id") == 0)
        reading->physical = small_number(value);
    else if (strcmp(line, "core id") == 0)
        reading->core = small_number(value);
    else if (strcmp(line, "CPU implementer") == 0)
        reading->implementer = small_number(value);
    else if (strcmp(line, "CPU part") == 0)
        reading->part = small_number(value);
}

// "4 x Cortex-A76 + 4 x Cortex-A55": the best name where the kernel gives none, as on arm64.
static void name_from_parts(struct reading *reading) {
    struct ed_cpu_facts *facts = reading->facts;
    char text[128];
    size_t used = 0;
    for (size_t i = 0; i < reading->n_parts; i++) {
        const char *name = ed_arm_part_name(reading->parts[i] >> 32, reading->parts[i] & 0xffffffff);
        char unknown[40];
        snprintf(unknown, sizeof unknown, "part 0x%x of implementer 0x%x",
                 (unsigned)(reading->parts[i] & 0xffffffff), (unsigned)(reading->parts[i] >> 32));
        if (used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d x %s", i ? " + " : "",
                                     reading->part_cpus[i], name ? name : unknown);
    }
    if (reading->n_parts)
        snprintf(facts->name, sizeof facts->name, "%s", text);
    const char *vendor = reading->n_parts ? ed_arm_implementer_name(reading->parts[0] >> 32) : NULL;
    if (vendor && !facts->vendor[0])
        snprintf(facts->vendor, sizeof facts->vendor, "%s", vendor);
}

void ed_source_proc_cpuinfo(int root_fd, struct ed_cpu_facts *facts) {
    struct reading reading = {.facts = facts, .physical = -1, .core = -1, .implementer = -1, .part = -1};
    memset(facts, 0, sizeof *facts);
    char *text = malloc(FILE_MAX_BYTES);
    if (!text) {
        snprintf(facts->reason, sizeof facts->reason, "/proc/cpuinfo: no memory to read it");
        return;
    }
    ssize_t size = ed_proc_read(root_fd, "proc/cpuinfo", text, FILE_MAX_BYTES);
    if (size <= 0) {
        snprintf(facts->reason, sizeof facts->reason, "/proc/cpuinfo: %s",
                 size < 0 ? strerror((int)-size) : "empty");
        goto out;
    }
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        line_read(&reading, line);
    }
    processor_end(&reading);
    ed_text_tidy(facts->name);
    ed_text_tidy(facts->vendor);
    if (reading.n_parts)
        name_from_parts(&reading);
    if (reading.processors == 0 && !facts->has_isa) {
        snprintf(facts->reason, sizeof facts->reason, "/proc/cpuinfo names no processor");
        goto out;
    }
    facts->available = true;
    facts->logical = reading.processors;
    facts->cores = (int)reading.n_pairs;
    for (size_t i = 0; i < reading.n_pairs; i++) {
        size_t k = 0;
        while (reading.pairs[k] >> 16 != reading.pairs[i] >> 16)
            k++;
        facts->sockets += k == i;
    }
out:
    free(text);
}
