// SPDX-License-Identifier: Apache-2.0
// Reading what the identifying script printed. Every byte of it is the device's word, and checked.
#include "devices/identify.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/affix.h"
#include "devices/identify_script.h"

#define VALUE_BYTES 1024
#define FULL_BYTES (64 << 10) // less than this is free where nothing could be written
#define SECOND_US INT64_C(1000000)
// clang-format off
#define KEYS(X)                                                                                              \
    X(CLOCK)                                                                                                 \
    X(OS)                                                                                                    \
    X(RELEASE) X(MACHINE) X(ANDROID) X(ABI) X(MODEL) X(ELF) X(BITS) X(LIBC) X(LDD) X(LIBC_SELF) X(BOOT)      \
        X(OOM) X(CPUSET) X(CPUS) X(VENDOR) X(PRODUCT) X(WORK) X(WORK_ASKED) X(WORK_ERROR) X(LS) X(UID) X(ID) \
            X(OWNED)
// clang-format on

enum key {
#define KEY_INDEX(name) KEY_##name,
    KEYS(KEY_INDEX)
#undef KEY_INDEX
        KEY_COUNT
};

struct answers {
    char values[KEY_COUNT][VALUE_BYTES]; // the first of each; "" where there was none
    char musl_version[VALUE_BYTES];      // of the lines of LDD
    char disk[VALUE_BYTES];              // the last line of DF
    bool has_bionic, has_musl, has_glibc, has_other;
    bool dirty[KEY_COUNT]; // a byte had to be replaced, or the value was cut
    int elf_class;         // 1: 32 bits, 2: 64 bits, 0: unknown
};

static const char *value(const struct answers *answers, enum key key) {
    return answers->values[key];
}

static void read_elf(struct answers *answers, const char *text, size_t n) {
    if (!answers->elf_class && n == 5 && memcmp(text, "\177ELF", 4) == 0 && (text[4] == 1 || text[4] == 2))
        answers->elf_class = text[4];
}

static void read_loader(struct answers *answers, const char *text, size_t n) {
    answers->has_bionic = answers->has_bionic || memmem(text, n, "/linker", 7);
    answers->has_musl = answers->has_musl || memmem(text, n, "ld-musl", 7);
    answers->has_glibc = answers->has_glibc || memmem(text, n, "ld-linux", 8);
    answers->has_other = answers->has_other || memmem(text, n, "uClibc", 6);
}

// Control characters are dropped at the end (a carriage return, the NUL of a device tree) and replaced
// elsewhere.
static bool copy_clean(char *out, const char *text, size_t n) {
    bool clean = true;
    size_t used = 0;
    while (n > 0 && (unsigned char)text[n - 1] <= ' ')
        n--;
    while (n > 0 && (*text == ' ' || *text == '\t'))
        text++, n--;
    for (size_t i = 0; i < n && used < VALUE_BYTES - 1; i++) {
        const bool printable = (unsigned char)text[i] >= ' ' && (unsigned char)text[i] < 0x7f;
        out[used++] = printable ? text[i] : '?';
        clean = clean && printable;
    }
    out[used] = '\0';
    return clean && n < VALUE_BYTES;
}

static void read_line(struct answers *answers, const char *text, size_t n) {
    static const char *const names[] = {
#define KEY_NAME(name) #name,
        KEYS(KEY_NAME)
#undef KEY_NAME
    };
    const char *equals = memchr(text, '=', n);
    size_t name = equals ? (size_t)(equals - text) : 0, rest = n - name - 1;
    if (!equals)
        return;
    if (name == 3 && memcmp(text, "ELF", 3) == 0) {
        read_elf(answers, equals + 1, rest);
        return;
    }
    if (name == 6 && memcmp(text, "LOADER", 6) == 0)
        read_loader(answers, equals + 1, rest);
    else if (name == 2 && memcmp(text, "DF", 2) == 0)
        copy_clean(answers->disk, equals + 1, rest);
    else if (name == 3 && memcmp(text, "LDD", 3) == 0 && rest > 8 && memcmp(equals + 1, "Version ", 8) == 0 &&
             !answers->musl_version[0])
        copy_clean(answers->musl_version, equals + 9, rest - 8);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strlen(names[i]) == name && memcmp(names[i], text, name) == 0 && !answers->values[i][0])
            answers->dirty[i] = !copy_clean(answers->values[i], equals + 1, rest);
}

// The lines between the marks; what surrounds them is a banner's or a profile's.
static bool read_lines(struct answers *answers, const char *text, size_t bytes) {
    const char *end = text + bytes, *line = text;
    bool inside = false;
    while (line < end) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((feed ? feed : end) - line);
        const size_t whole = n;
        while (n > 0 && line[n - 1] == '\r')
            n--;
        if (n == strlen(ED_IDENTIFY_BEGIN) && memcmp(line, ED_IDENTIFY_BEGIN, n) == 0)
            inside = true;
        else if (inside && n == strlen(ED_IDENTIFY_END) && memcmp(line, ED_IDENTIFY_END, n) == 0)
            return true;
        else if (inside)
            read_line(answers, line, n);
        line += whole + 1;
    }
    return false;
}

static enum ed_status other_system(const char *id, const struct answers *answers, struct ed_error *err) {
    const char *os = value(answers, KEY_OS), *machine = value(answers, KEY_MACHINE);
    if (ed_affix_begins(os, "Darwin") &&
        (ed_affix_begins(machine, "iPhone") || ed_affix_begins(machine, "iPad") ||
         ed_affix_begins(machine, "iPod")))
        return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                       "it runs iOS (%.40s), for which there is no target, since iOS runs nothing but apps; "
                       "measure on an "
                       "Android phone of its class, or with the engine's own app",
                       machine);
    if (ed_affix_begins(os, "Darwin"))
        return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                       "it runs macOS (Darwin %.40s, %.40s), for which there is no target; start a Linux "
                       "virtual machine on "
                       "it and add that by SSH: its figures are the virtual machine's",
                       value(answers, KEY_RELEASE), machine);
    if (ed_affix_begins(os, "MINGW") || ed_affix_begins(os, "MSYS") || ed_affix_begins(os, "CYGWIN") ||
        ed_affix_begins(os, "Windows"))
        return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                       "it runs Windows (%.60s), for which there is no target; install WSL 2 there, start an "
                       "SSH server inside "
                       "it, and add that: edgedyno devices add ssh://USER@HOST:PORT",
                       os);
    return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                   "it runs %.60s, for which there is no target; a device runs Linux or Android, also in a "
                   "virtual machine",
                   os[0] ? os : "a system that does not tell its name");
}

static const char *libc_kind(const struct answers *answers) {
    if (ed_affix_begins(value(answers, KEY_LIBC), "glibc"))
        return "glibc";
    if (answers->has_bionic)
        return "bionic";
    if (strstr(value(answers, KEY_LDD), "musl"))
        return "musl";
    if (strcasestr(value(answers, KEY_LDD), "glibc") || strstr(value(answers, KEY_LDD), "GNU libc") ||
        strstr(value(answers, KEY_LIBC_SELF), "GNU C Library"))
        return "glibc";
    if (answers->has_musl)
        return "musl";
    if (answers->has_glibc)
        return "glibc";
    return "none";
}

// The last number with a point in it: "ldd (Debian GLIBC 2.36-9) 2.36", "... stable release version 2.31."
static void find_version(char out[32], const char *text) {
    for (const char *p = text; *p; p++) {
        size_t n = strspn(p, "0123456789.");
        if (isdigit((unsigned char)*p) && n > 2 && n < 16 && memchr(p, '.', n - 1)) {
            const size_t kept = p[n - 1] == '.' ? n - 1 : n;
            memcpy(out, p, kept);
            out[kept] = '\0';
        }
        p += n ? n - 1 : 0;
    }
}

static void read_libc(const struct answers *answers, struct ed_identity *out) {
    snprintf(out->libc, sizeof out->libc, "%s", libc_kind(answers));
    if (strcmp(out->libc, "glibc") == 0) {
        find_version(out->libc_version, value(answers, KEY_LIBC_SELF));
        find_version(out->libc_version, value(answers, KEY_LDD));
        find_version(out->libc_version, value(answers, KEY_LIBC));
    } else if (strcmp(out->libc, "musl") == 0)
        find_version(out->libc_version, answers->musl_version);
    else if (strcmp(out->libc, "bionic") == 0)
        snprintf(out->libc_version, sizeof out->libc_version, "Android %.20s", value(answers, KEY_ANDROID));
}

static enum ed_status find_target(const char *id, const struct answers *answers, struct ed_identity *out,
                                  struct ed_error *err) {
    static const struct {
        const char *machine;
        int class;
        const char *target;
    } rows[] = {
        {"x86_64", 2, "linux-x86_64"}, {"amd64", 2, "linux-x86_64"},      {"aarch64", 2, "linux-aarch64"},
        {"aarch64", 1, "linux-armv7"}, {"arm64", 2, "linux-aarch64"},     {"armv8l", 1, "linux-armv7"},
        {"armv7l", 1, "linux-armv7"},  {"armeabi-v7a", 1, "linux-armv7"}, {"arm64-v8a", 2, "linux-aarch64"},
    };
    const char *bits = value(answers, KEY_BITS), *machine = value(answers, KEY_MACHINE);
    int class = answers->elf_class;
    if (!class)
        class = strcmp(bits, "64") == 0 ? 2 : strcmp(bits, "32") == 0 ? 1 : 0;
    // An Android that is asked by its own name for it: the kernel's may be that of a 64-bit kernel below 32
    // bits.
    if (!machine[0])
        machine = value(answers, KEY_ABI);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].machine, machine) == 0 && (!class || rows[i].class == class)) {
            const char *target = rows[i].target;
            if (strcmp(out->libc, "bionic") == 0 && strcmp(target, "linux-aarch64") == 0)
                target = "android-aarch64";
            else if (strcmp(out->libc, "bionic") == 0 && strcmp(target, "linux-armv7") == 0)
                target = "android-armv7";
            snprintf(out->target, sizeof out->target, "%s", target);
            return ED_OK;
        }
    if (ed_affix_begins(machine, "armv6") || ed_affix_begins(machine, "armv5"))
        return ed_fail(err, ED_ERR_UNSUPPORTED, id,
                       "its processor is an %.20s, and the smallest target is linux-armv7; a Raspberry Pi 2 "
                       "or newer has it",
                       machine);
    return ed_fail(
        err, ED_ERR_UNSUPPORTED, id,
        "there is no target for Linux on %.40s with %s programs; there are linux-x86_64, linux-aarch64, "
        "linux-armv7, android-aarch64 and android-armv7",
        machine[0] ? machine : "an unknown machine",
        class == 2   ? "64-bit"
        : class == 1 ? "32-bit"
                     : "unreadable");
}

static bool all_of(const char *text, const char *characters) {
    return text[0] && text[strspn(text, characters)] == '\0';
}

// Seconds, or seconds with decimals; where the device's `date` knows no decimals, the middle of the second.
static int64_t read_clock(const char *text) {
    char *end;
    if (!isdigit((unsigned char)text[0]) || strspn(text, "0123456789") > 12)
        return 0;
    int64_t us = strtoll(text, &end, 10) * SECOND_US, scale = SECOND_US / 10, parts = 0;
    if (*end != '.' || !isdigit((unsigned char)end[1]))
        return us + SECOND_US / 2;
    for (end++; isdigit((unsigned char)*end); end++, scale /= 10)
        parts += (*end - '0') * scale;
    return us + parts;
}

// The number before the share in use, in KiB: "FILE SYSTEM BLOCKS USED AVAILABLE 12% MOUNT", also where a
// long name stands on a line of its own.
static int64_t read_free(const char *line) {
    const char *percent = strchr(line, '%');
    if (!percent)
        return -1;
    const char *at = percent;
    while (at > line && isdigit((unsigned char)at[-1]))
        at--;
    while (at > line && at[-1] == ' ')
        at--;
    const char *end = at;
    while (at > line && isdigit((unsigned char)at[-1]))
        at--;
    if (at == end || end - at > 14)
        return -1;
    return strtoll(at, NULL, 10) * 1024;
}

static void describe(const struct answers *answers, int64_t asked_us, struct ed_identity *out) {
    const char *cpuset = value(answers, KEY_CPUSET), *cpus = value(answers, KEY_CPUS), *vendor, *product;
    snprintf(out->kernel, sizeof out->kernel, "%.60s %.60s", value(answers, KEY_OS),
             value(answers, KEY_RELEASE));
    snprintf(out->machine, sizeof out->machine, "%.63s", value(answers, KEY_MACHINE));
    if (all_of(value(answers, KEY_BOOT), "0123456789abcdef-"))
        snprintf(out->boot_id, sizeof out->boot_id, "%.63s", value(answers, KEY_BOOT));
    out->android = value(answers, KEY_ANDROID)[0] != '\0';
    if (all_of(value(answers, KEY_OOM), "-0123456789") && strlen(value(answers, KEY_OOM)) < 6)
        out->oom_score_adj = atoi(value(answers, KEY_OOM));
    if (!all_of(cpus, "0123456789,-"))
        cpus = "";
    snprintf(out->cpuset, sizeof out->cpuset, "%.60s%s%.48s", cpuset, cpuset[0] && cpus[0] ? ", CPUs " : "",
             cpus);
    vendor = value(answers, KEY_VENDOR);
    product = value(answers, KEY_PRODUCT);
    if (value(answers, KEY_MODEL)[0])
        snprintf(out->model, sizeof out->model, "%.127s", value(answers, KEY_MODEL));
    else
        snprintf(out->model, sizeof out->model, "%.40s%s%.80s", vendor, vendor[0] && product[0] ? " " : "",
                 product);
    out->real_us = read_clock(value(answers, KEY_CLOCK));
    out->real_asked_us = asked_us;
    out->free_bytes = read_free(answers->disk);
}

static enum ed_status work_error(const char *id, const struct answers *answers, struct ed_error *err) {
    const char *why = value(answers, KEY_WORK_ERROR), *path = value(answers, KEY_WORK_ASKED);
    if (strcmp(why, "home") == 0)
        return ed_fail(err, ED_ERR_IO, id,
                       "its user has no home directory; give the device a work_dir in devices.json");
    if (strcmp(why, "backslash") == 0)
        return ed_fail(err, ED_ERR_IO, id,
                       "the path of its work directory has a backslash; choose another work_dir");
    if (strcmp(why, "link") == 0)
        return ed_fail(err, ED_ERR_IO, id,
                       "its work directory %.300s is a symbolic link; name the directory itself as work_dir",
                       path);
    // dash's echo says "I/O error" of every failed write.
    const int64_t free_bytes = read_free(answers->disk);
    if (strstr(why, "No space left") || strstr(why, "quota exceeded") ||
        (ed_affix_begins(why, "write") && free_bytes >= 0 && free_bytes < FULL_BYTES))
        return ed_fail(
            err, ED_ERR_NO_SPACE, id,
            "its disk is full, so that nothing can be written to %.300s; remove something there, or choose a "
            "work_dir on another disk",
            path);
    return ed_fail(
        err, ED_ERR_IO, id, "its work directory %.300s cannot be %s (%.200s); choose another work_dir", path,
        ed_affix_begins(why, "make") ? "made" : "written to", strchr(why, ' ') ? strchr(why, ' ') + 1 : "");
}

static bool is_own(const struct answers *answers, const char *owner) {
    const char *uid = value(answers, KEY_UID), *id = value(answers, KEY_ID);
    char want[32];
    if (all_of(uid, "0123456789"))
        return strcmp(uid, owner) == 0;
    snprintf(want, sizeof want, "uid=%.20s(", owner);
    return ed_affix_begins(id, want) ||
           (!ed_affix_begins(id, "uid=") && strcmp(value(answers, KEY_OWNED), "yes") == 0);
}

static enum ed_status check_work(const char *id, const struct answers *answers, struct ed_identity *out,
                                 struct ed_error *err) {
    const char *work = value(answers, KEY_WORK);
    char mode[16] = "", links[16] = "", owner[16] = "";
    if (value(answers, KEY_WORK_ERROR)[0])
        return work_error(id, answers, err);
    if (work[0] != '/' || answers->dirty[KEY_WORK])
        return ed_fail(err, ED_ERR_IO, id,
                       "its work directory has no path that can be used; choose another work_dir");
    if (strlen(work) >= sizeof out->work_dir)
        return ed_fail(err, ED_ERR_LIMIT, id,
                       "the path of its work directory is longer than %zu bytes; choose another "
                       "work_dir",
                       sizeof out->work_dir - 1);
    if (sscanf(value(answers, KEY_LS), "%15s %15s %15s", mode, links, owner) != 3 || strlen(mode) < 10 ||
        !all_of(owner, "0123456789"))
        return ed_fail(err, ED_ERR_IO, id,
                       "the owner and mode of its work directory %.300s cannot be read; choose another "
                       "work_dir",
                       work);
    if (mode[0] != 'd')
        return ed_fail(err, ED_ERR_IO, id,
                       "its work directory %.300s is no directory; choose another work_dir", work);
    if (!is_own(answers, owner))
        return ed_fail(err, ED_ERR_IO, id,
                       "its work directory %.300s belongs to another user (%s); choose another "
                       "work_dir",
                       work, owner);
    if (strncmp(mode + 1, "rwx", 3) != 0 || strncmp(mode + 4, "--", 2) != 0 ||
        (mode[6] != '-' && mode[6] != 'S') || strncmp(mode + 7, "--", 2) != 0 ||
        (mode[9] != '-' && mode[9] != 'T'))
        return ed_fail(err, ED_ERR_IO, id,
                       "the mode of its work directory %.300s is %.10s, but others must not reach into it: "
                       "run `chmod 700 "
                       "%.300s` there, or choose another work_dir",
                       work, mode, work);
    memcpy(out->work_dir, work, strlen(work) + 1);
    return ED_OK;
}

enum ed_status ed_identify_parse(const char *id, const char *text, size_t bytes, int64_t asked_us,
                                 struct ed_identity *out, struct ed_error *err) {
    struct answers *answers = calloc(1, sizeof *answers);
    enum ed_status status = ED_OK;
    memset(out, 0, sizeof *out);
    out->free_bytes = -1;
    if (!answers)
        return ed_fail(err, ED_ERR_NO_MEMORY, id, "no memory to identify the device");
    if (!read_lines(answers, text, bytes))
        status = ed_fail(
            err, ED_ERR_PARSE, id,
            "its answer was cut short before it had told what it is; try again, or log in and see what its "
            "shell's profile does");
    if (!status) {
        describe(answers, asked_us, out);
        if (strcmp(value(answers, KEY_OS), "Linux") != 0)
            status = other_system(id, answers, err);
    }
    if (!status) {
        read_libc(answers, out);
        status = find_target(id, answers, out, err);
    }
    if (!status)
        status = check_work(id, answers, out, err);
    free(answers);
    return status;
}
