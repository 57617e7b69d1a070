// SPDX-License-Identifier: Apache-2.0
// One vocabulary for instruction sets, and the translations into it: from /proc/cpuinfo's words and from
// Arm's hwcap bits (Linux's arch/arm64/include/uapi/asm/hwcap.h and arch/arm/include/uapi/asm/hwcap.h, which
// never change a bit's meaning).
#include <string.h>

#include "runners/hardware/sources.h"

_Static_assert(ED_ISA_COUNT <= 64, "a set is one 64-bit word");

const char *ed_isa_word(enum ed_isa isa) {
    static const char *const words[ED_ISA_COUNT] = {
#define ED_ISA_NAME(name, word) [ED_ISA_##name] = (word),
        ED_ISA_WORDS(ED_ISA_NAME)
#undef ED_ISA_NAME
    };
    return words[isa];
}

ed_isa_set ed_isa_from_proc(const char *word, size_t bytes) {
    // Words that Linux writes otherwise than we do. "bf16", "i8mm", "sve" and most of x86 are the same.
    static const struct {
        const char *proc;
        ed_isa_set set;
    } others[] = {
        {"asimd", ED_ISA_BIT(NEON)},
        {"asimdhp", ED_ISA_BIT(FP16)},
        {"asimddp", ED_ISA_BIT(DOTPROD)},
        {"asimdfhm", ED_ISA_BIT(FP16FML)},
        {"atomics", ED_ISA_BIT(LSE)},
        {"asimdbf16", ED_ISA_BIT(BF16)},
        {"avx512_ifma", ED_ISA_BIT(AVX512IFMA)},
        {"avx512_vbmi", ED_ISA_BIT(AVX512VBMI)},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i].proc) == bytes && memcmp(others[i].proc, word, bytes) == 0)
            return others[i].set;
    // "fp16" and "lse" of ours are not words of the kernel.
    for (int i = 0; i < ED_ISA_COUNT; i++) {
        const char *ours = ed_isa_word((enum ed_isa)i);
        if (i != ED_ISA_FP16 && i != ED_ISA_LSE && strlen(ours) == bytes && memcmp(ours, word, bytes) == 0)
            return (ed_isa_set)1 << i;
    }
    return 0;
}

struct hwcap_bit {
    unsigned bit;
    ed_isa_set set;
};

static ed_isa_set collect(const struct hwcap_bit *bits, size_t n, uint64_t word) {
    ed_isa_set set = 0;
    for (size_t i = 0; i < n; i++)
        if (word >> bits[i].bit & 1)
            set |= bits[i].set;
    return set;
}

ed_isa_set ed_isa_from_hwcap64(uint64_t hwcap, uint64_t hwcap2) {
    static const struct hwcap_bit first[] = {
        {1, ED_ISA_BIT(NEON)},     {8, ED_ISA_BIT(LSE)},  {10, ED_ISA_BIT(FP16)},
        {20, ED_ISA_BIT(DOTPROD)}, {22, ED_ISA_BIT(SVE)}, {23, ED_ISA_BIT(FP16FML)},
    };
    static const struct hwcap_bit second[] = {
        {1, ED_ISA_BIT(SVE2)},  {9, ED_ISA_BIT(SVEI8MM)}, {12, ED_ISA_BIT(SVEBF16)}, {13, ED_ISA_BIT(I8MM)},
        {14, ED_ISA_BIT(BF16)}, {23, ED_ISA_BIT(SME)},    {37, ED_ISA_BIT(SME2)},
    };
    return collect(first, sizeof first / sizeof *first, hwcap) |
           collect(second, sizeof second / sizeof *second, hwcap2);
}

ed_isa_set ed_isa_from_hwcap32(uint64_t hwcap, uint64_t hwcap2) {
    static const struct hwcap_bit first[] = {
        {12, ED_ISA_BIT(NEON)},    {16, ED_ISA_BIT(VFPV4)}, {23, ED_ISA_BIT(FP16)}, {24, ED_ISA_BIT(DOTPROD)},
        {25, ED_ISA_BIT(FP16FML)}, {26, ED_ISA_BIT(BF16)},  {27, ED_ISA_BIT(I8MM)},
    };
    (void)hwcap2; // only cryptography and ordering there
    return collect(first, sizeof first / sizeof *first, hwcap);
}
