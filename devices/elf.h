// SPDX-License-Identifier: Apache-2.0
// What a shared library asks of the machine it is for, read from the file itself: it is not loaded, and
// nothing in it is believed.
#ifndef EDGEDYNO_DEVICES_ELF_H
#define EDGEDYNO_DEVICES_ELF_H

#include <stdint.h>

#include "edgedyno/error.h"

#define ED_ELF_NEEDED_MAX 64

struct ed_elf {
    int bits;            // 32 or 64
    unsigned machine;    // e_machine
    char libc[16];       // the highest version of the GNU C library that it needs, such as "2.27"; "" none
    char cxx[16];        // the same of libstdc++ (GLIBCXX)
    char soname[128];    // ""
    int64_t align_bytes; // the smallest alignment of its loaded segments: pages may be as large; 0: none
    size_t n_needed;     // at most ED_ELF_NEEDED_MAX
    char needed[ED_ELF_NEEDED_MAX][128];
};

// ED_ERR_UNSUPPORTED: not an ELF file, or neither little-endian nor a shared object. ED_ERR_PROTOCOL: cut
// short or damaged.
enum ed_status ed_elf_read(struct ed_elf *elf, const char *path, struct ed_error *err);
// ED_OK where it is for `target` ("linux-aarch64"); else ED_ERR_UNSUPPORTED, with what it is for.
enum ed_status ed_elf_fits(const struct ed_elf *elf, const char *target, const char *path,
                           struct ed_error *err);

#endif
