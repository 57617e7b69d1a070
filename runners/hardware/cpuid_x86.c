// SPDX-License-Identifier: Apache-2.0
// What an x86 processor says of itself by the cpuid instruction (Intel SDM volume 2, CPUID; AMD APM volume 3,
// appendix E). A feature counts only where the system has switched on the registers that it needs (xgetbv),
// as an engine would decide.
#include <stdio.h>
#include <string.h>

#include "runners/hardware/sources.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

enum register_name { EAX, EBX, ECX, EDX };

static bool cpuid(unsigned leaf, unsigned subleaf, unsigned out[4]) {
    // __get_cpuid_count asks for the highest leaf of leaf's own range first.
    return __get_cpuid_count(leaf, subleaf, &out[EAX], &out[EBX], &out[ECX], &out[EDX]) != 0;
}

static uint64_t enabled_registers(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static void read_isa(struct ed_cpu_facts *facts) {
    enum { YMM = 0x6, ZMM = 0xe6, TILE = 0x60000 };
    static const struct {
        unsigned leaf, subleaf;
        enum register_name reg;
        unsigned bit;
        unsigned needs; // registers that the system must have enabled
        ed_isa_set set;
    } bits[] = {
        {1, 0, EDX, 26, 0, ED_ISA_BIT(SSE2)},
        {1, 0, ECX, 9, 0, ED_ISA_BIT(SSSE3)},
        {1, 0, ECX, 19, 0, ED_ISA_BIT(SSE4_1)},
        {1, 0, ECX, 20, 0, ED_ISA_BIT(SSE4_2)},
        {1, 0, ECX, 12, YMM, ED_ISA_BIT(FMA)},
        {1, 0, ECX, 28, YMM, ED_ISA_BIT(AVX)},
        {1, 0, ECX, 29, YMM, ED_ISA_BIT(F16C)},
        {7, 0, EBX, 5, YMM, ED_ISA_BIT(AVX2)},
        {7, 0, EBX, 8, 0, ED_ISA_BIT(BMI2)},
        {7, 0, EBX, 16, ZMM, ED_ISA_BIT(AVX512F)},
        {7, 0, EBX, 17, ZMM, ED_ISA_BIT(AVX512DQ)},
        {7, 0, EBX, 21, ZMM, ED_ISA_BIT(AVX512IFMA)},
        {7, 0, EBX, 28, ZMM, ED_ISA_BIT(AVX512CD)},
        {7, 0, EBX, 30, ZMM, ED_ISA_BIT(AVX512BW)},
        {7, 0, EBX, 31, ZMM, ED_ISA_BIT(AVX512VL)},
        {7, 0, ECX, 1, ZMM, ED_ISA_BIT(AVX512VBMI)},
        {7, 0, ECX, 6, ZMM, ED_ISA_BIT(AVX512_VBMI2)},
        {7, 0, ECX, 11, ZMM, ED_ISA_BIT(AVX512_VNNI)},
        {7, 0, EDX, 22, TILE, ED_ISA_BIT(AMX_BF16)},
        {7, 0, EDX, 23, ZMM, ED_ISA_BIT(AVX512_FP16)},
        {7, 0, EDX, 24, TILE, ED_ISA_BIT(AMX_TILE)},
        {7, 0, EDX, 25, TILE, ED_ISA_BIT(AMX_INT8)},
        {7, 1, EAX, 4, YMM, ED_ISA_BIT(AVX_VNNI)},
        {7, 1, EAX, 5, ZMM, ED_ISA_BIT(AVX512_BF16)},
        {7, 1, EAX, 21, TILE, ED_ISA_BIT(AMX_FP16)},
        {7, 1, EAX, 23, YMM, ED_ISA_BIT(AVX_IFMA)},
        {7, 1, EDX, 4, YMM, ED_ISA_BIT(AVX_VNNI_INT8)},
        {7, 1, EDX, 5, YMM, ED_ISA_BIT(AVX_NE_CONVERT)},
    };
    unsigned words[4], leaf = 0, subleaf = 0;
    bool there = false;
    uint64_t enabled = 0;
    if (cpuid(1, 0, words) && (words[ECX] >> 27 & 1))
        enabled = enabled_registers();
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        if (bits[i].leaf != leaf || bits[i].subleaf != subleaf) {
            leaf = bits[i].leaf;
            subleaf = bits[i].subleaf;
            there = cpuid(leaf, 0, words) &&
                    (subleaf == 0 || (words[EAX] >= subleaf && cpuid(leaf, subleaf, words)));
        }
        if (there && (words[bits[i].reg] >> bits[i].bit & 1) && (enabled & bits[i].needs) == bits[i].needs)
            facts->isa |= bits[i].set;
    }
    facts->has_isa = true;
}

// Intel's leaf 4 and AMD's 0x8000001d have the same form. The number of sharers is that of the identifiers
// set aside for them, which may be more than there are CPUs.
static void read_caches(struct ed_cpu_facts *facts, unsigned leaf) {
    static const char *const types[] = {"", "data", "instruction", "unified"};
    unsigned words[4];
    for (unsigned i = 0; i < 16 && cpuid(leaf, i, words); i++) {
        unsigned type = words[EAX] & 31;
        if (type == 0 || type > 3)
            break;
        int64_t ways = (words[EBX] >> 22) + 1, partitions = (words[EBX] >> 12 & 0x3ff) + 1;
        int64_t line = (words[EBX] & 0xfff) + 1, sets = (int64_t)words[ECX] + 1;
        ed_cpu_cache_add(facts, (int)(words[EAX] >> 5 & 7), types[type], ways * partitions * line * sets,
                         (int)(words[EAX] >> 14 & 0xfff) + 1);
    }
    // One CPU was asked: how many such caches there are, it does not know.
    for (size_t i = 0; i < facts->n_caches; i++)
        facts->caches[i].count = 0;
}

void ed_source_cpuid(bool live, struct ed_cpu_facts *facts) {
    unsigned words[4], highest;
    memset(facts, 0, sizeof *facts);
    if (!live) {
        snprintf(facts->reason, sizeof facts->reason,
                 "cpuid speaks of the running system, not of a recorded tree");
        return;
    }
    if (!cpuid(0, 0, words)) {
        snprintf(facts->reason, sizeof facts->reason, "the processor has no cpuid instruction");
        return;
    }
    facts->available = true;
    memcpy(facts->vendor, &words[EBX], 4);
    memcpy(facts->vendor + 4, &words[EDX], 4);
    memcpy(facts->vendor + 8, &words[ECX], 4);
    ed_text_tidy(facts->vendor);
    highest = __get_cpuid_max(0x80000000u, NULL);
    if (highest >= 0x80000004u) {
        for (size_t i = 0; i < 3; i++) {
            cpuid(0x80000002u + (unsigned)i, 0, words);
            memcpy(facts->name + 16 * i, words, 16);
        }
        ed_text_tidy(facts->name);
    }
    read_isa(facts);
    // AMD's leaf needs its topology extensions; Intel leaves 0x8000001d reserved.
    if (highest >= 0x8000001du && cpuid(0x80000001u, 0, words) && (words[ECX] >> 22 & 1))
        read_caches(facts, 0x8000001du);
    else
        read_caches(facts, 4);
}

int ed_cpuid_hypervisor(char vendor[16]) {
    unsigned words[4];
    memset(vendor, 0, 16);
    if (!cpuid(1, 0, words))
        return -1;
    if (!(words[ECX] >> 31))
        return 0;
    __cpuid(0x40000000u, words[EAX], words[EBX], words[ECX], words[EDX]);
    memcpy(vendor, &words[EBX], 12);
    ed_text_tidy(vendor);
    return 1;
}

#else

void ed_source_cpuid(bool live, struct ed_cpu_facts *facts) {
    (void)live;
    memset(facts, 0, sizeof *facts);
    snprintf(facts->reason, sizeof facts->reason, "not an x86 processor");
}

int ed_cpuid_hypervisor(char vendor[16]) {
    memset(vendor, 0, 16);
    return -1;
}

#endif
