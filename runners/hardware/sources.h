// SPDX-License-Identifier: Apache-2.0
// What the files of runners/hardware/ share: facts of a processor as one source sees them. Each source fills
// a struct of its own; hardware.c chooses among them field by field and names the one it took.
#ifndef EDGEDYNO_RUNNERS_HARDWARE_SOURCES_H
#define EDGEDYNO_RUNNERS_HARDWARE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_write.h"

#define ED_CPU_CACHES_MAX 16
#define ED_CPU_KINDS_MAX 8
#define ED_CPUS_MAX 1024

// Instruction set words that an engine may choose its kernels by; alphabetical, so that a set is written in
// order.
#define ED_ISA_WORDS(X)                 \
    X(AMX_BF16, "amx_bf16")             \
    X(AMX_FP16, "amx_fp16")             \
    X(AMX_INT8, "amx_int8")             \
    X(AMX_TILE, "amx_tile")             \
    X(AVX, "avx")                       \
    X(AVX2, "avx2")                     \
    X(AVX512_BF16, "avx512_bf16")       \
    X(AVX512_FP16, "avx512_fp16")       \
    X(AVX512_VBMI2, "avx512_vbmi2")     \
    X(AVX512_VNNI, "avx512_vnni")       \
    X(AVX512BW, "avx512bw")             \
    X(AVX512CD, "avx512cd")             \
    X(AVX512DQ, "avx512dq")             \
    X(AVX512F, "avx512f")               \
    X(AVX512IFMA, "avx512ifma")         \
    X(AVX512VBMI, "avx512vbmi")         \
    X(AVX512VL, "avx512vl")             \
    X(AVX_IFMA, "avx_ifma")             \
    X(AVX_NE_CONVERT, "avx_ne_convert") \
    X(AVX_VNNI, "avx_vnni")             \
    X(AVX_VNNI_INT8, "avx_vnni_int8")   \
    X(BF16, "bf16")                     \
    X(BMI2, "bmi2")                     \
    X(DOTPROD, "dotprod")               \
    X(F16C, "f16c")                     \
    X(FMA, "fma")                       \
    X(FP16, "fp16")                     \
    X(FP16FML, "fp16fml")               \
    X(I8MM, "i8mm")                     \
    X(LSE, "lse")                       \
    X(NEON, "neon")                     \
    X(SME, "sme")                       \
    X(SME2, "sme2")                     \
    X(SSE2, "sse2")                     \
    X(SSE4_1, "sse4_1")                 \
    X(SSE4_2, "sse4_2")                 \
    X(SSSE3, "ssse3")                   \
    X(SVE, "sve")                       \
    X(SVE2, "sve2")                     \
    X(SVEBF16, "svebf16")               \
    X(SVEI8MM, "svei8mm")               \
    X(VFPV4, "vfpv4")

enum ed_isa {
#define ED_ISA_INDEX(name, word) ED_ISA_##name,
    ED_ISA_WORDS(ED_ISA_INDEX)
#undef ED_ISA_INDEX
        ED_ISA_COUNT
};

typedef uint64_t ed_isa_set; // bit i is enum ed_isa i
#define ED_ISA_BIT(name) ((ed_isa_set)1 << ED_ISA_##name)

const char *ed_isa_word(enum ed_isa isa);
// The set of one word as /proc/cpuinfo writes it ("asimddp" is dotprod); 0 where it is none of ours.
ed_isa_set ed_isa_from_proc(const char *word, size_t bytes);
// From getauxval's two words on 64-bit and on 32-bit Arm (Linux's asm/hwcap.h of each).
ed_isa_set ed_isa_from_hwcap64(uint64_t hwcap, uint64_t hwcap2);
ed_isa_set ed_isa_from_hwcap32(uint64_t hwcap, uint64_t hwcap2);

// Equal caches are one row. `type` is "data", "instruction" or "unified"; 0 and -1 where unknown.
struct ed_cpu_cache {
    int level;
    const char *type;
    int64_t bytes;
    int shared_by; // logical CPUs to one cache
    int count;
};

// CPUs that are alike. Empty text and -1 where unknown.
struct ed_cpu_kind {
    char name[48];
    char cpus[256]; // "0-3,8"
    int64_t max_khz;
    int64_t capacity; // of 1024, the kernel's cpu_capacity
};

struct ed_cpu_facts {
    bool available;
    char reason[192]; // why not
    char version[64]; // of a library; "" elsewhere
    char name[128], vendor[64];
    int cores, logical, sockets; // 0 where unknown
    bool has_isa;
    ed_isa_set isa;
    size_t n_caches, n_kinds;
    struct ed_cpu_cache caches[ED_CPU_CACHES_MAX];
    struct ed_cpu_kind kinds[ED_CPU_KINDS_MAX];
};

// Adds one cache, or counts it to its like; more than ED_CPU_CACHES_MAX kinds are left out.
void ed_cpu_cache_add(struct ed_cpu_facts *facts, int level, const char *type, int64_t bytes, int shared_by);
// "AMD EPYC  Processor " -> "AMD EPYC Processor"; anything but printable ASCII becomes a space first.
void ed_text_tidy(char *text);
// "0-3,8" of sorted CPU numbers; cut to fit.
void ed_cpu_list_print(char *text, size_t bytes, const int *cpus, size_t n);
// Numbers of a kernel list ("0-3,8\n"), ascending as written. Returns how many (at most capacity), -1 where
// it is no list.
int ed_cpu_list_parse(const char *text, int *cpus, size_t capacity);
// Name of an Arm core by CPU implementer and part ("Cortex-A76"), or NULL.
const char *ed_arm_part_name(int64_t implementer, int64_t part);
// Name of an Arm implementer ("ARM"), or NULL.
const char *ed_arm_implementer_name(int64_t implementer);

// The sources. `live`: root_fd is the running system's root. Each fills `facts` (zeroed first), never fails.
void ed_source_cpuid(bool live, struct ed_cpu_facts *facts); // x86's own words; caches, ISA as enabled
void ed_source_hwcap(bool live, struct ed_cpu_facts *facts); // Arm's ISA by getauxval
void ed_source_cpuinfo_library(bool live, struct ed_cpu_facts *facts); // libcpuinfo, where it is installed
void ed_source_proc_cpuinfo(int root_fd, struct ed_cpu_facts *facts);  // /proc/cpuinfo
void ed_source_sysfs(int root_fd, struct ed_cpu_facts *facts); // /sys/devices/system/cpu: kinds, caches,
                                                               // cores

// cpuid's hypervisor bit: -1 unknown (no x86), 0 not set, 1 set; then `vendor` is its signature
// ("KVMKVMKVM").
int ed_cpuid_hypervisor(char vendor[16]);

// What shows that the processor is emulated, in words; NULL: nothing does. `board` is that of struct
// ed_system_facts. A guest of QEMU on a board of another name is not found out.
const char *ed_emulated_by(int root_fd, bool live, const char *board);
// Whether the beginning of a file is that of a program for another processor than `machine` (e_machine).
bool ed_emulated_machine(const void *head, size_t bytes, unsigned machine);

// Opens the first library of a NULL-terminated list of names; *handle stays NULL where none opens, and
// `reason` holds what the loader said of the first. The caller closes it.
void ed_library_open(const char *const *names, void **handle, char *reason, size_t reason_bytes);
// Runs `task` in a child process and collects what it writes to out_fd, at most `capacity` bytes. Libraries
// of the device are used in there: they may print, leak, abort or hang, and none of it reaches this process.
// The child's standard streams are /dev/null; it is killed after timeout_ns. False, with the reason, where it
// did not return from `task` or wrote too much. The caller has one thread.
typedef void (*ed_isolated_task)(void *context, int out_fd);
bool ed_isolated_run(ed_isolated_task task, void *context, int64_t timeout_ns, void *bytes, size_t capacity,
                     size_t *size, char *reason, size_t reason_bytes);
// For a task: all of it or nothing more.
void ed_isolated_write(int out_fd, const void *bytes, size_t n);

// The JSON objects of the other files, each under its key.
void ed_topology_write(bool live, struct ed_json_writer *writer);
void ed_papi_write(bool live, struct ed_json_writer *writer);
void ed_system_write(int root_fd, bool live, struct ed_json_writer *writer);
void ed_memory_write(int root_fd, struct ed_json_writer *writer);

// What the summary shares with "system". Texts are "" where unknown.
struct ed_system_facts {
    char kernel[128], libc[64], os[128], board[128];
    char hypervisor[64];     // its name, where known
    int virtual_machine;     // 1 yes, 0 no, -1 unknown
    char virtual_source[96]; // what says so
    const char *emulated_by; // what shows an emulated processor; NULL: nothing does
};
void ed_system_read(int root_fd, bool live, struct ed_system_facts *facts);

#endif
