// SPDX-License-Identifier: Apache-2.0
// Kernel, C library, operating system, board, virtual machine or not, and memory.
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "probes/proc_file.h"
#include "runners/hardware/sources.h"

// An Android property, or "".
static void property(bool live, const char *name, char *text, size_t bytes) {
    char value[128] = ""; // PROP_VALUE_MAX is 92
    int (*get)(const char *name, char *value) = NULL;
    if (live)
        *(void **)&get = dlsym(RTLD_DEFAULT, "__system_property_get");
    if (get && get(name, value) > 0)
        snprintf(text, bytes, "%s", value);
    else
        text[0] = 0;
}

static void read_kernel(int root_fd, bool live, char *text, size_t bytes) {
    struct utsname name;
    char release[96];
    text[0] = 0;
    if (live && uname(&name) == 0)
        snprintf(text, bytes, "%.32s %.90s", name.sysname, name.release);
    else if (ed_proc_read_word(root_fd, "proc/sys/kernel/osrelease", release, sizeof release))
        snprintf(text, bytes, "Linux %s", release);
}

static void read_libc(bool live, char *text, size_t bytes) {
    const char *(*version)(void) = NULL;
    char level[64];
    text[0] = 0;
    if (!live)
        return;
    *(void **)&version = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    property(live, "ro.build.version.sdk", level, sizeof level);
    if (version)
        snprintf(text, bytes, "glibc %s", version());
    else if (level[0])
        snprintf(text, bytes, "bionic, API level %.40s", level);
    else
        snprintf(text, bytes, "not glibc");
}

// PRETTY_NAME of os-release(5), without its quotes and backslashes.
static void read_os(int root_fd, bool live, char *text, size_t bytes) {
    char file[4096], android[64];
    size_t n = 0;
    text[0] = 0;
    if (ed_proc_read(root_fd, "etc/os-release", file, sizeof file) <= 0 &&
        ed_proc_read(root_fd, "usr/lib/os-release", file, sizeof file) <= 0) {
        property(live, "ro.build.version.release", android, sizeof android);
        if (android[0])
            snprintf(text, bytes, "Android %s", android);
        return;
    }
    const char *line = strncmp(file, "PRETTY_NAME=", 12) == 0 ? file : strstr(file, "\nPRETTY_NAME=");
    if (!line)
        return;
    for (line = strchr(line, '=') + 1; *line && *line != '\n' && n + 1 < bytes; line++)
        if (*line != '"' && *line != '\'' && *line != '\\')
            text[n++] = *line;
    text[n] = 0;
    ed_text_tidy(text);
}

static void read_board(int root_fd, bool live, char *text, size_t bytes) {
    char vendor[64] = "", product[64] = "";
    if (ed_proc_read_word(root_fd, "proc/device-tree/model", text, bytes) ||
        ed_proc_read_word(root_fd, "sys/firmware/devicetree/base/model", text, bytes)) {
        ed_text_tidy(text);
        return;
    }
    ed_proc_read_word(root_fd, "sys/class/dmi/id/sys_vendor", vendor, sizeof vendor);
    ed_proc_read_word(root_fd, "sys/class/dmi/id/product_name", product, sizeof product);
    if (!vendor[0] && !product[0]) {
        property(live, "ro.product.manufacturer", vendor, sizeof vendor);
        property(live, "ro.product.model", product, sizeof product);
    }
    snprintf(text, bytes, "%s%s%s", vendor, vendor[0] && product[0] ? " " : "", product);
    ed_text_tidy(text);
}

// The name that people know, by a word in a signature, a vendor or a product; NULL where none fits.
static const char *hypervisor_name(const char *text) {
    static const char *const words[][2] = {
        {"KVMKVMKVM", "KVM"},
        {"TCGTCGTCG", "QEMU"},
        {"Microsoft Hv", "Hyper-V"},
        {"VMwareVMware", "VMware"},
        {"XenVMMXenVMM", "Xen"},
        {"VBoxVBoxVBox", "VirtualBox"},
        {"ACRNACRNACRN", "ACRN"},
        {"bhyve bhyve", "bhyve"},
        {"prl hyperv", "Parallels"},
        {"Firecracker", "Firecracker"},
        {"KVM", "KVM"},
        {"QEMU", "QEMU"},
        {"VMware", "VMware"},
        {"VirtualBox", "VirtualBox"},
        {"innotek", "VirtualBox"},
        {"Virtual Machine", "Hyper-V"},
        {"Amazon EC2", "Amazon EC2"},
        {"Google Compute", "Google Compute Engine"},
        {"linux,dummy-virt", "QEMU"},
        {"Parallels", "Parallels"},
        {"Xen", "Xen"},
        {"xen", "Xen"},
        {"OpenStack", "OpenStack"},
        {"Apple Virtualization", "Apple Virtualization"},
        {"crosvm", "crosvm"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i][0]))
            return words[i][1];
    return NULL;
}

static bool virtual_by_text(struct ed_system_facts *facts, const char *text, const char *source) {
    const char *name = hypervisor_name(text);
    // The bare-metal kinds of a cloud call themselves by the cloud's name too.
    if (!name || strstr(text, ".metal"))
        return false;
    facts->virtual_machine = 1;
    snprintf(facts->hypervisor, sizeof facts->hypervisor, "%s", name);
    snprintf(facts->virtual_source, sizeof facts->virtual_source, "%s", source);
    return true;
}

static void read_virtual(int root_fd, bool live, struct ed_system_facts *facts) {
    char text[256], signature[16];
    facts->virtual_machine = -1;
    int bit = live ? ed_cpuid_hypervisor(signature) : -1;
    if (bit >= 0) {
        facts->virtual_machine = bit;
        snprintf(facts->virtual_source, sizeof facts->virtual_source, "cpuid's hypervisor bit");
        if (bit) {
            const char *name = hypervisor_name(signature);
            snprintf(facts->hypervisor, sizeof facts->hypervisor, "%s", name ? name : signature);
        }
        return;
    }
    if (ed_proc_read_word(root_fd, "sys/hypervisor/type", text, sizeof text) &&
        virtual_by_text(facts, text, "/sys/hypervisor/type"))
        return;
    if (ed_proc_read_word(root_fd, "proc/device-tree/hypervisor/compatible", text, sizeof text)) {
        if (!virtual_by_text(facts, text, "/proc/device-tree/hypervisor")) {
            facts->virtual_machine = 1;
            snprintf(facts->virtual_source, sizeof facts->virtual_source, "/proc/device-tree/hypervisor");
        }
        return;
    }
    if (virtual_by_text(facts, facts->board, "the board's name"))
        return;
    char *cpuinfo = malloc(16384);
    ssize_t size = cpuinfo ? ed_proc_read(root_fd, "proc/cpuinfo", cpuinfo, 16384) : -1;
    const char *flags = size > 0 ? strstr(cpuinfo, "\nflags") : NULL;
    if (flags) {
        const char *word = strstr(flags, " hypervisor"), *end = strchr(flags + 1, '\n');
        facts->virtual_machine = word && end && word < end;
        snprintf(facts->virtual_source, sizeof facts->virtual_source, "the hypervisor flag of /proc/cpuinfo");
    } else if (facts->board[0]) {
        facts->virtual_machine = 0;
        snprintf(facts->virtual_source, sizeof facts->virtual_source,
                 "the board's name, which is of no known hypervisor");
    }
    free(cpuinfo);
}

void ed_system_read(int root_fd, bool live, struct ed_system_facts *facts) {
    memset(facts, 0, sizeof *facts);
    read_kernel(root_fd, live, facts->kernel, sizeof facts->kernel);
    read_libc(live, facts->libc, sizeof facts->libc);
    read_os(root_fd, live, facts->os, sizeof facts->os);
    read_board(root_fd, live, facts->board, sizeof facts->board);
    read_virtual(root_fd, live, facts);
    facts->emulated_by = ed_emulated_by(root_fd, live, facts->board);
}

void ed_system_write(int root_fd, bool live, struct ed_json_writer *writer) {
    struct ed_system_facts facts;
    struct utsname name;
    char text[128];
    ed_system_read(root_fd, live, &facts);
    ed_json_object_begin(writer, "system");
    ed_json_text_or_null(writer, "kernel", facts.kernel);
    if (!ed_proc_read_word(root_fd, "proc/sys/kernel/version", text, sizeof text))
        text[0] = 0;
    ed_json_text_or_null(writer, "kernel_build", text);
    ed_json_text(writer, "machine", live && uname(&name) == 0 ? name.machine : NULL);
    ed_json_text_or_null(writer, "libc", facts.libc);
    ed_json_text_or_null(writer, "os", facts.os);
    ed_json_text_or_null(writer, "board", facts.board);
    if (!ed_proc_read_word(root_fd, "proc/sys/kernel/random/boot_id", text, sizeof text))
        text[0] = 0;
    ed_json_text_or_null(writer, "boot_id", text);
    if (facts.virtual_machine < 0)
        ed_json_null(writer, "virtual_machine");
    else
        ed_json_bool(writer, "virtual_machine", facts.virtual_machine == 1);
    ed_json_text(writer, "virtual_machine_source",
                 facts.virtual_source[0] ? facts.virtual_source : "no source of this system tells");
    ed_json_text_or_null(writer, "hypervisor", facts.hypervisor);
    ed_json_bool(writer, "emulator", facts.emulated_by != NULL);
    ed_json_text(writer, "emulator_source", facts.emulated_by);
    if (live)
        ed_json_int(writer, "page_bytes", sysconf(_SC_PAGESIZE));
    else
        ed_json_null(writer, "page_bytes");
    if (!ed_proc_read_word(root_fd, "sys/devices/system/clocksource/clocksource0/current_clocksource", text,
                           sizeof text))
        text[0] = 0;
    ed_json_text_or_null(writer, "clocksource", text);
    ed_json_object_end(writer);
}

void ed_memory_write(int root_fd, struct ed_json_writer *writer) {
    static const char *const rows[][2] = {
        {"MemTotal", "total_bytes"}, {"MemAvailable", "available_bytes"}, {"SwapTotal", "swap_total_bytes"}};
    char text[8192];
    ssize_t size = ed_proc_read(root_fd, "proc/meminfo", text, sizeof text);
    bool all = true;
    ed_json_object_begin(writer, "memory");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t bytes;
        if (ed_proc_kib_field(text, rows[i][0], &bytes))
            ed_json_int(writer, rows[i][1], bytes);
        else {
            ed_json_null(writer, rows[i][1]);
            all = false;
        }
    }
    if (!all) {
        char reason[128];
        snprintf(reason, sizeof reason, "/proc/meminfo: %s",
                 size < 0 ? strerror((int)-size) : "a line is missing or not in kB");
        ed_json_text(writer, "reason", reason);
    }
    ed_json_object_end(writer);
}
