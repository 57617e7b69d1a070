// SPDX-License-Identifier: Apache-2.0
// The hardware description on recorded trees, on damaged ones and on the real machine; tasks in child
// processes.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/path.h"
#include "runners/hardware/hardware.h"
#include "runners/hardware/sources.h"

#ifndef ED_TEST_FIXTURES
#define ED_TEST_FIXTURES "tests/fixtures"
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int open_root(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/roots/%s", ED_TEST_FIXTURES, name);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s (tests run in the repository root)", path, strerror(errno));
    return fd;
}

static int open_real_root(void) {
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

// The whole description as cJSON, which the caller deletes.
static cJSON *describe(int root_fd) {
    struct ed_error err = {0};
    struct ed_buffer buffer;
    struct ed_json_writer writer;
    ed_buffer_init(&buffer, 1 << 20);
    ed_json_writer_init(&writer, &buffer, false);
    ed_json_object_begin(&writer, NULL);
    assert_int_equal(ed_hardware_describe(root_fd, &writer, &err), ED_OK);
    ed_json_object_end(&writer);
    assert_false(writer.misuse);
    assert_int_equal(writer.depth, 0);
    cJSON *root = cJSON_ParseWithLengthOpts(ed_buffer_text(&buffer), buffer.size + 1, NULL, true);
    if (!root)
        fail_msg("not JSON: %s", ed_buffer_text(&buffer));
    ed_buffer_release(&buffer);
    return root;
}

// "cpu.caches.0.bytes"; fails where a step is missing.
static const cJSON *at(const cJSON *value, const char *path) {
    char step[64];
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, ".");
        snprintf(step, sizeof step, "%.*s", (int)n, p);
        value = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, (int)strtol(step, NULL, 10))
                                     : cJSON_GetObjectItemCaseSensitive(value, step);
        if (!value)
            fail_msg("no %s", path);
        p += n + (p[n] == '.');
    }
    return value;
}

static void assert_text(const cJSON *root, const char *path, const char *expected) {
    const cJSON *value = at(root, path);
    if (!cJSON_IsString(value))
        fail_msg("%s is no text", path);
    assert_string_equal(value->valuestring, expected);
}

static void assert_number(const cJSON *root, const char *path, double expected) {
    const cJSON *value = at(root, path);
    if (!cJSON_IsNumber(value) || value->valuedouble != expected)
        fail_msg("%s is not %.0f", path, expected);
}

static void assert_words(const cJSON *array, const char *expected) {
    char text[1024] = "";
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", item->valuestring);
    }
    assert_string_equal(text, expected);
}

static bool has_word(const cJSON *array, const char *word) {
    const cJSON *item;
    cJSON_ArrayForEach(item, array) if (strcmp(item->valuestring, word) == 0) return true;
    return false;
}

static void test_isa_words(void **context) {
    (void)context;
    for (int i = 1; i < ED_ISA_COUNT; i++)
        assert_true(strcmp(ed_isa_word((enum ed_isa)(i - 1)), ed_isa_word((enum ed_isa)i)) < 0);
    assert_true(ed_isa_from_proc("asimddp", 7) == ED_ISA_BIT(DOTPROD));
    assert_true(ed_isa_from_proc("asimddpx", 8) == 0);
    assert_true(ed_isa_from_proc("asimdhp", 7) == ED_ISA_BIT(FP16));
    assert_true(ed_isa_from_proc("avx512vbmi", 10) == ED_ISA_BIT(AVX512VBMI));
    assert_true(ed_isa_from_proc("avx", 3) == ED_ISA_BIT(AVX));
    assert_true(ed_isa_from_proc("fphp", 4) == 0);
    assert_true(ed_isa_from_proc("lse", 3) == 0);
}

static void test_hwcap(void **context) {
    (void)context;
    // Of a Raspberry Pi 5: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm
    // lrcpc dcpop asimddp.
    assert_true(ed_isa_from_hwcap64(0x119fff, 0) ==
                (ED_ISA_BIT(NEON) | ED_ISA_BIT(LSE) | ED_ISA_BIT(FP16) | ED_ISA_BIT(DOTPROD)));
    assert_true(ed_isa_from_hwcap64(0, 1 << 13 | 1 << 14) == (ED_ISA_BIT(I8MM) | ED_ISA_BIT(BF16)));
    assert_true(ed_isa_from_hwcap64(1 << 22, UINT64_C(1) << 37 | 1 << 1) ==
                (ED_ISA_BIT(SVE) | ED_ISA_BIT(SVE2) | ED_ISA_BIT(SME2)));
    assert_true(ed_isa_from_hwcap32(1 << 12 | 1 << 16, 0xffffffff) == (ED_ISA_BIT(NEON) | ED_ISA_BIT(VFPV4)));
}

static void test_texts(void **context) {
    (void)context;
    char text[64];
    static const char *const pairs[][2] = {
        {"  AMD EPYC  Processor  ", "AMD EPYC Processor"}, {"", ""}, {"   ", ""}, {"a\tb\x01\xff\n", "a b"}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        snprintf(text, sizeof text, "%s", pairs[i][0]);
        ed_text_tidy(text);
        assert_string_equal(text, pairs[i][1]);
    }
    int cpus[8];
    assert_int_equal(ed_cpu_list_parse("0-3,8\n", cpus, 8), 5);
    assert_int_equal(cpus[4], 8);
    ed_cpu_list_print(text, sizeof text, cpus, 5);
    assert_string_equal(text, "0-3,8");
    assert_int_equal(ed_cpu_list_parse("0-3000", cpus, 8), 8);
    static const char *const bad[] = {"x", "3-1", "1,", "1-", "-1", "1 2", "0-99999999999999999999"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ed_cpu_list_parse(bad[i], cpus, 8), -1);
    assert_int_equal(ed_cpu_list_parse("\n", cpus, 8), 0);
}

static void test_board(void **context) {
    (void)context;
    int fd = open_root("pi5-like");
    cJSON *root = describe(fd);
    assert_text(root, "cpu.name", "4 x Cortex-A76");
    assert_text(root, "cpu.vendor", "ARM");
    assert_text(root, "cpu.source.name", "proc_cpuinfo");
    assert_text(root, "cpu.source.caches", "sysfs");
    assert_number(root, "cpu.physical_cores", 4);
    assert_number(root, "cpu.logical", 4);
    assert_number(root, "cpu.sockets", 1);
    assert_words(at(root, "cpu.isa"), "dotprod fp16 lse neon");
    assert_int_equal(cJSON_GetArraySize(at(root, "cpu.caches")), 4);
    assert_number(root, "cpu.caches.0.bytes", 65536);
    assert_number(root, "cpu.caches.0.count", 4);
    assert_text(root, "cpu.caches.3.type", "unified");
    assert_number(root, "cpu.caches.3.bytes", 2097152);
    assert_number(root, "cpu.caches.3.shared_by", 4);
    assert_number(root, "cpu.caches.3.count", 1);
    assert_int_equal(cJSON_GetArraySize(at(root, "cpu.core_kinds")), 1);
    assert_text(root, "cpu.core_kinds.0.name", "Cortex-A76");
    assert_text(root, "cpu.core_kinds.0.cpus", "0-3");
    assert_number(root, "cpu.core_kinds.0.max_khz", 2400000);
    assert_number(root, "cpu.core_kinds.0.capacity", 1024);
    // Nothing of the machine that runs the test may show in a recorded tree.
    static const char *const not_live[] = {"topology.available", "papi.available", "cpu.sources.0.available",
                                           "cpu.sources.1.available", "cpu.sources.2.available"};
    for (size_t i = 0; i < COUNT(not_live); i++)
        assert_true(cJSON_IsFalse(at(root, not_live[i])));
    assert_non_null(strstr(at(root, "topology.reason")->valuestring, "recorded tree"));
    assert_non_null(strstr(at(root, "papi.reason")->valuestring, "recorded tree"));
    assert_true(cJSON_IsNull(at(root, "system.libc")) && cJSON_IsNull(at(root, "system.page_bytes")));
    assert_text(root, "system.kernel", "Linux 6.6.31+rpt-rpi-2712");
    assert_text(root, "system.os", "Debian GNU/Linux 12 (bookworm)");
    assert_text(root, "system.board", "Raspberry Pi 5 Model B Rev 1.0");
    assert_text(root, "system.boot_id", "00000000-0000-4000-8000-000000000000");
    assert_text(root, "system.clocksource", "arch_sys_counter");
    assert_true(cJSON_IsFalse(at(root, "system.virtual_machine")));
    assert_number(root, "memory.total_bytes", 4131584.0 * 1024);
    assert_number(root, "memory.swap_total_bytes", 204784.0 * 1024);
    assert_text(root, "cpu_pinning", "none");
    cJSON_Delete(root);
    close(fd);
}

static void test_phone(void **context) {
    (void)context;
    int fd = open_root("phone-like");
    cJSON *root = describe(fd);
    assert_text(root, "cpu.name", "4 x Cortex-A55 + 3 x Cortex-A78 + 1 x Cortex-X1");
    assert_words(at(root, "cpu.isa"), "bf16 dotprod fp16 i8mm lse neon");
    assert_int_equal(cJSON_GetArraySize(at(root, "cpu.core_kinds")), 3);
    assert_text(root, "cpu.core_kinds.1.name", "Cortex-A78");
    assert_text(root, "cpu.core_kinds.1.cpus", "4-6");
    assert_text(root, "cpu.core_kinds.2.cpus", "7");
    assert_number(root, "cpu.core_kinds.2.max_khz", 2841600);
    assert_number(root, "cpu.core_kinds.0.capacity", 325);
    // No board, no flags: whether it is a virtual machine cannot be told.
    assert_true(cJSON_IsNull(at(root, "system.virtual_machine")));
    assert_true(cJSON_IsNull(at(root, "system.os")) && cJSON_IsNull(at(root, "system.board")));
    cJSON_Delete(root);
    close(fd);
}

static void test_nothing_there(void **context) {
    (void)context;
    int fd = open_root("empty");
    char text[256];
    cJSON *root = describe(fd);
    static const char *const null[] = {"cpu.name",           "cpu.vendor",     "cpu.physical_cores",
                                       "cpu.logical",        "cpu.sockets",    "cpu.isa",
                                       "system.kernel",      "system.boot_id", "system.os",
                                       "memory.total_bytes", "cpu.source.isa"};
    for (size_t i = 0; i < COUNT(null); i++)
        if (!cJSON_IsNull(at(root, null[i])))
            fail_msg("%s is not null", null[i]);
    const cJSON *source;
    cJSON_ArrayForEach(source, at(root, "cpu.sources"))
        assert_true(cJSON_IsFalse(at(source, "available")) && at(source, "reason")->valuestring[0]);
    assert_text(root, "memory.reason", "/proc/meminfo: No such file or directory");
    cJSON_Delete(root);
    ed_hardware_summary_at(fd, text, sizeof text);
    assert_string_equal(text, "unknown processor");
    close(fd);
}

static void put(const char *directory, const char *name, const void *bytes, size_t n) {
    char path[512], folder[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0700, NULL), ED_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

static int tree_make(char directory[64]) {
    snprintf(directory, 64, "/tmp/edgedyno-hardware-XXXXXX");
    assert_non_null(mkdtemp(directory));
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

// Cut and damaged files must give JSON and never crash; a fixed generator makes them.
static void test_damaged_files(void **context) {
    (void)context;
    char directory[64], original[8192];
    int root = tree_make(directory), source = open_root("phone-like");
    static const char *const files[] = {"proc/cpuinfo",
                                        "proc/meminfo",
                                        "sys/devices/system/cpu/online",
                                        "sys/devices/system/cpu/cpu0/topology/thread_siblings_list",
                                        "sys/devices/system/cpu/cpu0/cache/index0/size",
                                        "sys/devices/system/cpu/cpu0/regs/identification/midr_el1",
                                        "etc/os-release"};
    uint32_t random = 1;
    for (int round = 0; round < 400; round++) {
        for (size_t i = 0; i < COUNT(files); i++) {
            int fd = openat(source, files[i], O_RDONLY | O_CLOEXEC);
            ssize_t n = fd < 0 ? 0 : read(fd, original, sizeof original);
            if (fd >= 0)
                close(fd);
            for (int change = 0; n > 0 && change < round % 8; change++) {
                random = random * 1664525 + 1013904223;
                original[(random >> 8) % (uint32_t)n] = (char)(random >> 24);
            }
            random = random * 1664525 + 1013904223;
            put(directory, files[i], original,
                n > 0 && round % 3 == 0 ? (random >> 8) % (size_t)n : (size_t)n);
        }
        cJSON_Delete(describe(root));
    }
    close(source);
    close(root);
    assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
}

static void test_virtual_machine(void **context) {
    (void)context;
    static const struct {
        const char *file, *text;
        int expected;
        const char *name;
    } rows[] = {
        {"sys/class/dmi/id/product_name", "KVM Virtual Machine\n", 1, "KVM"},
        {"sys/class/dmi/id/sys_vendor", "QEMU\n", 1, "QEMU"},
        {"sys/class/dmi/id/product_name", "ThinkPad X1\n", 0, ""},
        {"sys/class/dmi/id/product_name", "Amazon EC2 c7g.metal\n", 0, ""},
        {"proc/device-tree/model", "linux,dummy-virt", 1, "QEMU"},
        {"proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse2 hypervisor avx2\n", 1, ""},
        {"proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse2 avx2\nx\t: hypervisor\n", 0, ""},
        {"sys/hypervisor/type", "xen\n", 1, "Xen"},
        {"proc/version", "Linux\n", -1, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char directory[64];
        struct ed_system_facts facts;
        int root = tree_make(directory);
        put(directory, rows[i].file, rows[i].text, strlen(rows[i].text));
        ed_system_read(root, false, &facts);
        if (facts.virtual_machine != rows[i].expected)
            fail_msg("%s %s: %d", rows[i].file, rows[i].text, facts.virtual_machine);
        assert_string_equal(facts.hypervisor, rows[i].name);
        close(root);
        assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
    }
}

static void test_emulator(void **context) {
    (void)context;
    static const struct {
        const char *board, *cpuinfo;
        bool expected;
    } rows[] = {
        {"linux,dummy-virt", "processor\t: 0\nBogoMIPS\t: 125.00\nCPU implementer\t: 0x41\n", true},
        {"linux,dummy-virt", "processor\t: 0\nBogoMIPS\t: 2000.00\nCPU implementer\t: 0x00\n", true},
        // Guests that run on the processor itself, with its timer.
        {"linux,dummy-virt", "processor\t: 0\nBogoMIPS\t: 48.00\nCPU implementer\t: 0x61\n", false},
        {"linux,dummy-virt", "processor\t: 0\nBogoMIPS\t: 1125.00\nCPU implementer\t: 0x001\n", false},
        {"linux,dummy-virt", "", false},
        {"Raspberry Pi 4", "processor\t: 0\nBogoMIPS\t: 125.00\nCPU implementer\t: 0x41\n", false},
    };
    static const unsigned char program[20] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 3, [18] = 62};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char directory[64];
        struct ed_system_facts facts;
        int root = tree_make(directory);
        put(directory, "proc/device-tree/model", rows[i].board, strlen(rows[i].board));
        put(directory, "proc/cpuinfo", rows[i].cpuinfo, strlen(rows[i].cpuinfo));
        ed_system_read(root, false, &facts);
        if ((facts.emulated_by != NULL) != rows[i].expected)
            fail_msg("%s, %s: %s", rows[i].board, rows[i].cpuinfo, facts.emulated_by);
        close(root);
        assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
    }
    assert_false(ed_emulated_machine(program, sizeof program, 62));
    assert_true(ed_emulated_machine(program, sizeof program, 183));
    assert_false(ed_emulated_machine(program, sizeof program, 0));
    assert_false(ed_emulated_machine(program, 19, 183));
    assert_false(ed_emulated_machine("#!/bin/sh\n#\n#\n#\n", 20, 183));
}

static void test_processors_that_differ(void **context) {
    (void)context;
    static const char text[] = "processor\t: 0\nphysical id\t: 0\ncore id\t: 0\nflags\t: avx avx2 fma\n\n"
                               "processor\t: 1\nphysical id\t: 0\ncore id\t: 0\nflags\t: avx avx2\n\n"
                               "processor\t: 2\nphysical id\t: 1\ncore id\t: 0\nflags\t: avx2 avx\n";
    char directory[64];
    int root = tree_make(directory);
    struct ed_cpu_facts facts;
    put(directory, "proc/cpuinfo", text, sizeof text - 1);
    ed_source_proc_cpuinfo(root, &facts);
    assert_true(facts.available);
    assert_int_equal(facts.logical, 3);
    assert_int_equal(facts.cores, 2);
    assert_int_equal(facts.sockets, 2);
    assert_true(facts.isa == (ED_ISA_BIT(AVX) | ED_ISA_BIT(AVX2)));
    close(root);
    assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
}

static int open_descriptors(void) {
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_this_machine(void **context) {
    (void)context;
    int fd = open_real_root(), before = open_descriptors();
    struct stat error_before, error_after;
    struct sysinfo info;
    assert_int_equal(fstat(STDERR_FILENO, &error_before), 0);
    cJSON *root = describe(fd);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(fstat(STDERR_FILENO, &error_after), 0);
    assert_true(error_before.st_ino == error_after.st_ino && error_before.st_dev == error_after.st_dev);

    assert_true(cJSON_IsString(at(root, "cpu.name")));
    assert_number(root, "cpu.logical", (double)sysconf(_SC_NPROCESSORS_ONLN));
    assert_number(root, "system.page_bytes", (double)sysconf(_SC_PAGESIZE));
    assert_int_equal(sysinfo(&info), 0);
    assert_number(root, "memory.total_bytes", (double)info.totalram * info.mem_unit);
    assert_int_equal(strlen(at(root, "system.boot_id")->valuestring), 36);
    assert_true(cJSON_IsTrue(at(root, "topology.available")));
    assert_true(at(root, "topology.processing_units")->valuedouble >= 1);
    const cJSON *item, *papi = at(root, "papi");
    if (cJSON_IsTrue(at(papi, "available")))
        assert_true(cJSON_GetArraySize(at(papi, "events")) > 0);
    else
        assert_true(at(papi, "reason")->valuestring[0]);
    cJSON_ArrayForEach(item, at(root, "cpu.sources"))
        assert_true(cJSON_IsTrue(at(item, "available")) || at(item, "reason")->valuestring[0]);
#if defined(__x86_64__)
    assert_int_equal(has_word(at(root, "cpu.isa"), "avx2"), __builtin_cpu_supports("avx2") != 0);
    assert_int_equal(has_word(at(root, "cpu.isa"), "avx512f"), __builtin_cpu_supports("avx512f") != 0);
    assert_int_equal(has_word(at(root, "cpu.isa"), "avx512_vnni"), __builtin_cpu_supports("avx512vnni") != 0);
    assert_true(has_word(at(root, "cpu.isa"), "sse2"));
#endif
    // What would name the owner is not read.
    assert_null(cJSON_GetObjectItem(at(root, "system"), "hostname"));
    cJSON_Delete(root);
    close(fd);
}

// The budget is 60 ms; processor time with that of the children, so that a busy machine does not fail it.
static int64_t processor_time_ns(void) {
    struct rusage children;
    getrusage(RUSAGE_CHILDREN, &children);
    return ed_clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) +
           (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * INT64_C(1000000000) +
           (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * INT64_C(1000);
}

static void test_cost(void **context) {
    (void)context;
    int fd = open_real_root();
    int64_t best_cpu = INT64_MAX, best_wall = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t cpu = processor_time_ns(), wall = ed_clock_raw_ns();
        cJSON_Delete(describe(fd));
        cpu = processor_time_ns() - cpu;
        wall = ed_clock_raw_ns() - wall;
        best_cpu = cpu < best_cpu ? cpu : best_cpu;
        best_wall = wall < best_wall ? wall : best_wall;
    }
    print_message("ed_hardware_describe: %.2f ms of processor time, %.2f ms, best of 5\n",
                  (double)best_cpu / 1e6, (double)best_wall / 1e6);
    assert_true(best_cpu < 60000000);
    close(fd);
}

static void test_summary(void **context) {
    (void)context;
    char text[256], small[12];
    int fd = open_root("pi5-like");
    ed_hardware_summary_at(fd, text, sizeof text);
    assert_string_equal(text, "4 x Cortex-A76 (4 cores, dotprod, fp16), 3.9 GiB, Linux 6.6");
    ed_hardware_summary_at(fd, small, sizeof small);
    assert_string_equal(small, "4 x Cortex-");
    close(fd);
    fd = open_root("phone-like");
    ed_hardware_summary_at(fd, text, sizeof text);
    assert_string_equal(text, "4 x Cortex-A55 + 3 x Cortex-A78 + 1 x Cortex-X1 (8 cores, i8mm, dotprod, "
                              "fp16), 7.3 GiB, Linux 5.10");
    close(fd);
    ed_hardware_summary(text, sizeof text);
    print_message("%s\n", text);
    assert_non_null(strstr(text, " GiB, Linux "));
    ed_hardware_summary(text, 0);
}

static void test_buffer_too_small(void **context) {
    (void)context;
    struct ed_error err = {0};
    struct ed_buffer buffer;
    struct ed_json_writer writer;
    int fd = open_root("pi5-like");
    ed_buffer_init(&buffer, 100);
    ed_json_writer_init(&writer, &buffer, false);
    ed_json_object_begin(&writer, NULL);
    assert_int_equal(ed_hardware_describe(fd, &writer, &err), ED_ERR_LIMIT);
    ed_buffer_release(&buffer);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isa_words),     cmocka_unit_test(test_hwcap),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_board),
        cmocka_unit_test(test_phone),         cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_damaged_files), cmocka_unit_test(test_virtual_machine),
        cmocka_unit_test(test_emulator),      cmocka_unit_test(test_processors_that_differ),
        cmocka_unit_test(test_this_machine),  cmocka_unit_test(test_cost),
        cmocka_unit_test(test_summary),       cmocka_unit_test(test_buffer_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
