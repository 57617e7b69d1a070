// SPDX-License-Identifier: Apache-2.0
// Whether the processor that this program runs on is made by another program (QEMU, by the user or as a whole
// machine): its times are then those of the emulator.
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/proc_file.h"
#include "runners/hardware/sources.h"

#define CPUINFO_BYTES 16384

// What this program was compiled for; EM_NONE: nothing is known.
static unsigned own_machine(void) {
#if defined(__x86_64__)
    return EM_X86_64;
#elif defined(__aarch64__)
    return EM_AARCH64;
#elif defined(__arm__)
    return EM_ARM;
#else
    return EM_NONE;
#endif
}

bool ed_emulated_machine(const void *head, size_t bytes, unsigned machine) {
    const unsigned char *ident = head;
    Elf64_Half found;
    if (machine == EM_NONE || bytes < EI_NIDENT + 2 * sizeof found || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return false;
    // Behind e_type, in both classes. Every processor with an emulator of this kind is little-endian.
    memcpy(&found, ident + EI_NIDENT + sizeof found, sizeof found);
    return ident[EI_DATA] == ELFDATA2LSB && found != machine;
}

// The file that the kernel executes is the emulator's. /proc/self/exe is answered by the emulator, with ours.
static bool by_user(void) {
    unsigned char head[EI_NIDENT + 4];
    int fd = open("/proc/thread-self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)sizeof head && ed_emulated_machine(head, sizeof head, own_machine());
}

// The value of a line "KEY : VALUE" of /proc/cpuinfo is exactly `value`.
static bool line_is(const char *cpuinfo, const char *key, const char *value) {
    const size_t n = strlen(key);
    for (const char *line = cpuinfo; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) != 0)
            continue;
        const char *at = line + n + strspn(line + n, " \t");
        if (*at != ':')
            continue;
        at += 1 + strspn(at + 1, " \t");
        const size_t length = strcspn(at, " \t\n");
        if (length == strlen(value) && !strncmp(at, value, length))
            return true;
    }
    return false;
}

// A kernel calls twice the rate of its timer BogoMIPS on 64-bit Arm. QEMU's own timer has 62.5 MHz; a guest
// that runs on the processor itself sees that one's. Implementer 0 is for software.
static const char *by_board(int root_fd) {
    char *cpuinfo = malloc(CPUINFO_BYTES);
    const char *found = NULL;
    if (cpuinfo && ed_proc_read(root_fd, "proc/cpuinfo", cpuinfo, CPUINFO_BYTES) > 0) {
        if (line_is(cpuinfo, "BogoMIPS", "125.00"))
            found = "the board linux,dummy-virt with the timer of QEMU's own processor";
        else if (line_is(cpuinfo, "CPU implementer", "0x00"))
            found = "the board linux,dummy-virt with a processor that no company makes";
    }
    free(cpuinfo);
    return found;
}

const char *ed_emulated_by(int root_fd, bool live, const char *board) {
    char signature[16];
    if (live && by_user())
        return "the program that runs here is for another processor";
    if (live && ed_cpuid_hypervisor(signature) == 1 && !strncmp(signature, "TCGTCGTCG", 9))
        return "cpuid's signature of QEMU's own processor";
    return strcmp(board, "linux,dummy-virt") ? NULL : by_board(root_fd);
}
