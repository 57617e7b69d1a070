// SPDX-License-Identifier: Apache-2.0
// A reader of ELF's dynamic section, for both classes. Layout: System V ABI, chapters 4 and 5, and the GNU
// extension for symbol versions (LSB Core, "Symbol Versioning").
#include "devices/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/version_range.h"

#define SEGMENTS_MAX 256
#define DYNAMIC_MAX 4096
#define VERSIONS_MAX 4096
#define NAME_BYTES 128

struct reader {
    const char *path;
    int fd;
    bool wide;                         // 64 bits
    Elf64_Phdr segments[SEGMENTS_MAX]; // of either class
    size_t n_segments;
    uint64_t strings, string_bytes; // file offset of the string table
    uint64_t needs, n_needs;        // address and number of DT_VERNEED
    uint64_t soname, needed[ED_ELF_NEEDED_MAX];
    bool has_soname;
    size_t n_needed;
};

static enum ed_status damaged(const struct reader *reader, const char *what, struct ed_error *err) {
    return ed_fail(err, ED_ERR_PARSE, reader->path, "is a damaged library: %s", what);
}

static bool read_at(const struct reader *reader, uint64_t offset, void *to, size_t bytes) {
    return offset <= INT64_MAX - bytes && pread(reader->fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool find_offset(const struct reader *reader, uint64_t address, uint64_t *offset) {
    for (size_t i = 0; i < reader->n_segments; i++) {
        const Elf64_Phdr *segment = &reader->segments[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz) {
            *offset = segment->p_offset + (address - segment->p_vaddr);
            return *offset >= segment->p_offset;
        }
    }
    return false;
}

// A text of the string table, cut to what fits.
static bool read_string(const struct reader *reader, uint64_t at, char out[NAME_BYTES]) {
    ssize_t n;
    out[0] = '\0';
    if (at >= reader->string_bytes || reader->strings > INT64_MAX - at)
        return false;
    n = pread(reader->fd, out, NAME_BYTES - 1, (off_t)(reader->strings + at));
    if (n <= 0)
        return false;
    out[n] = '\0';
    return memchr(out, '\0', (size_t)n) != NULL;
}

static bool read_segments(struct reader *reader, uint64_t offset, size_t n, size_t entry) {
    if (n > SEGMENTS_MAX || entry != (reader->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
        return false;
    for (size_t i = 0; i < n; i++) {
        Elf64_Phdr *segment = &reader->segments[i];
        Elf32_Phdr narrow;
        if (reader->wide) {
            if (!read_at(reader, offset + i * entry, segment, sizeof *segment))
                return false;
            continue;
        }
        if (!read_at(reader, offset + i * entry, &narrow, sizeof narrow))
            return false;
        *segment = (Elf64_Phdr){.p_type = narrow.p_type,
                                .p_offset = narrow.p_offset,
                                .p_vaddr = narrow.p_vaddr,
                                .p_filesz = narrow.p_filesz,
                                .p_align = narrow.p_align};
    }
    reader->n_segments = n;
    return true;
}

static enum ed_status read_header(struct reader *reader, struct ed_elf *elf, struct ed_error *err) {
    unsigned char ident[EI_NIDENT];
    Elf64_Ehdr wide;
    Elf32_Ehdr narrow;
    unsigned type;
    bool ok;
    if (!read_at(reader, 0, ident, sizeof ident) || memcmp(ident, ELFMAG, SELFMAG) != 0 ||
        (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32) || ident[EI_DATA] != ELFDATA2LSB)
        return ed_fail(err, ED_ERR_UNSUPPORTED, reader->path,
                       "is not a library that a device can load (ELF)");
    reader->wide = ident[EI_CLASS] == ELFCLASS64;
    elf->bits = reader->wide ? 64 : 32;
    if (reader->wide) {
        ok = read_at(reader, 0, &wide, sizeof wide) &&
             read_segments(reader, wide.e_phoff, wide.e_phnum, wide.e_phentsize);
        type = wide.e_type, elf->machine = wide.e_machine;
    } else {
        ok = read_at(reader, 0, &narrow, sizeof narrow) &&
             read_segments(reader, narrow.e_phoff, narrow.e_phnum, narrow.e_phentsize);
        type = narrow.e_type, elf->machine = narrow.e_machine;
    }
    if (!ok)
        return damaged(reader, "its table of segments is not whole", err);
    return type == ET_DYN ? ED_OK : ed_fail(err, ED_ERR_UNSUPPORTED, reader->path, "is not a shared library");
}

static int64_t smallest_alignment(const struct reader *reader) {
    uint64_t least = 0;
    for (size_t i = 0; i < reader->n_segments; i++)
        if (reader->segments[i].p_type == PT_LOAD && (!least || reader->segments[i].p_align < least))
            least = reader->segments[i].p_align;
    return least > INT64_MAX ? 0 : (int64_t)least;
}

static void keep_dynamic(struct reader *reader, uint64_t tag, uint64_t value, uint64_t *strings) {
    if (tag == DT_NEEDED && reader->n_needed < ED_ELF_NEEDED_MAX)
        reader->needed[reader->n_needed++] = value;
    else if (tag == DT_STRTAB)
        *strings = value;
    else if (tag == DT_STRSZ)
        reader->string_bytes = value;
    else if (tag == DT_SONAME)
        reader->soname = value, reader->has_soname = true;
    else if (tag == DT_VERNEED)
        reader->needs = value;
    else if (tag == DT_VERNEEDNUM)
        reader->n_needs = value;
}

static enum ed_status read_dynamic(struct reader *reader, struct ed_error *err) {
    const size_t entry = reader->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
    uint64_t strings = 0;
    size_t i = 0;
    while (i < reader->n_segments && reader->segments[i].p_type != PT_DYNAMIC)
        i++;
    if (i == reader->n_segments)
        return damaged(reader, "it has no dynamic section", err);
    const Elf64_Phdr *segment = &reader->segments[i];
    for (size_t k = 0; k < segment->p_filesz / entry && k < DYNAMIC_MAX; k++) {
        Elf64_Dyn wide;
        Elf32_Dyn narrow;
        if (!read_at(reader, segment->p_offset + k * entry, reader->wide ? (void *)&wide : (void *)&narrow,
                     entry))
            return damaged(reader, "its dynamic section is cut short", err);
        const uint64_t tag = reader->wide ? (uint64_t)wide.d_tag : (uint64_t)(uint32_t)narrow.d_tag;
        if (tag == DT_NULL)
            break;
        keep_dynamic(reader, tag, reader->wide ? wide.d_un.d_val : narrow.d_un.d_val, &strings);
    }
    return find_offset(reader, strings, &reader->strings)
               ? ED_OK
               : damaged(reader, "it has no table of strings", err);
}

static void keep_version(char best[16], const char *name, const char *prefix) {
    const size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) == 0 && name[n] >= '0' && name[n] <= '9' && strlen(name + n) < 16 &&
        (!best[0] || ed_version_compare(name + n, best) > 0))
        snprintf(best, 16, "%s", name + n);
}

// The two structs are the same in both classes.
static enum ed_status read_versions(const struct reader *reader, struct ed_elf *elf, struct ed_error *err) {
    uint64_t at;
    if (!reader->n_needs)
        return ED_OK;
    if (!find_offset(reader, reader->needs, &at))
        return damaged(reader, "its symbol versions are not in the file", err);
    for (uint64_t i = 0; i < reader->n_needs && i < VERSIONS_MAX; i++) {
        Elf64_Verneed need;
        Elf64_Vernaux version;
        char name[NAME_BYTES];
        if (!read_at(reader, at, &need, sizeof need))
            return damaged(reader, "its symbol versions are cut short", err);
        uint64_t one = at + need.vn_aux;
        for (unsigned k = 0; k < need.vn_cnt && k < VERSIONS_MAX; k++) {
            if (!read_at(reader, one, &version, sizeof version) ||
                !read_string(reader, version.vna_name, name))
                return damaged(reader, "its symbol versions are cut short", err);
            keep_version(elf->libc, name, "GLIBC_");
            keep_version(elf->cxx, name, "GLIBCXX_");
            if (!version.vna_next)
                break;
            one += version.vna_next;
        }
        if (!need.vn_next)
            break;
        at += need.vn_next;
    }
    return ED_OK;
}

enum ed_status ed_elf_read(struct ed_elf *elf, const char *path, struct ed_error *err) {
    struct reader *reader = calloc(1, sizeof *reader);
    enum ed_status status = ED_OK;
    memset(elf, 0, sizeof *elf);
    if (!reader)
        return ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory to look into it");
    reader->path = path;
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->fd < 0)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be opened: %m");
    if (!status)
        status = read_header(reader, elf, err);
    if (!status) {
        elf->align_bytes = smallest_alignment(reader);
        status = read_dynamic(reader, err);
    }
    for (size_t i = 0; i < reader->n_needed && !status; i++)
        if (!read_string(reader, reader->needed[i], elf->needed[elf->n_needed++]))
            status = damaged(reader, "a library that it needs has no name", err);
    if (!status && reader->has_soname && !read_string(reader, reader->soname, elf->soname))
        status = damaged(reader, "its own name is not whole", err);
    if (!status)
        status = read_versions(reader, elf, err);
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader);
    return status;
}

static const struct {
    const char *target;
    unsigned machine;
    int bits;
} targets[] = {
    {"linux-x86_64", EM_X86_64, 64},     {"linux-aarch64", EM_AARCH64, 64}, {"linux-armv7", EM_ARM, 32},
    {"android-aarch64", EM_AARCH64, 64}, {"android-armv7", EM_ARM, 32},
};

// Android's C library has no version in its name.
static bool is_for_android(const struct ed_elf *elf) {
    for (size_t i = 0; i < elf->n_needed; i++)
        if (strcmp(elf->needed[i], "libc.so") == 0)
            return true;
    return false;
}

enum ed_status ed_elf_fits(const struct ed_elf *elf, const char *target, const char *path,
                           struct ed_error *err) {
    const char *is_for = NULL;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const bool android = strncmp(targets[i].target, "android-", 8) == 0;
        if (elf->machine != targets[i].machine || elf->bits != targets[i].bits ||
            android != is_for_android(elf))
            continue;
        if (strcmp(targets[i].target, target) == 0)
            return ED_OK;
        is_for = targets[i].target;
    }
    if (is_for)
        return ed_fail(err, ED_ERR_UNSUPPORTED, path, "is for %s, not for %s; --target %s says so", is_for,
                       target, is_for);
    return ed_fail(err, ED_ERR_UNSUPPORTED, path, "is for a %d-bit machine of ELF number %u, not for %s",
                   elf->bits, elf->machine, target);
}
