// SPDX-License-Identifier: Apache-2.0
// Single values of a suite.
#include "harness/suite_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "harness/near_file.h"
#include "harness/suite_keys.h"

enum ed_status ed_suite_fail_memory(struct ed_error *err) {
    return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the suite");
}

enum ed_status ed_suite_text_set(char **out, const char *text, struct ed_error *err) {
    char *copy = strdup(text);
    if (!copy)
        return ed_suite_fail_memory(err);
    free(*out);
    *out = copy;
    return ED_OK;
}

size_t ed_suite_on_name_bytes(const char *text) {
    return strcspn(text, "@/:");
}

const char *ed_suite_on_address(const char *text) {
    const size_t n = ed_suite_on_name_bytes(text);
    return text[n] == ':' ? text + n + 1 : NULL;
}

enum ed_status ed_suite_on_resolve(char **text, const char *directory, struct ed_error *err) {
    const char *address = ed_suite_on_address(*text);
    char *path = NULL, *whole = NULL;
    if (!address || strncmp(*text, ED_SUITE_FILE_ENGINE ":", sizeof ED_SUITE_FILE_ENGINE))
        return ED_OK;
    enum ed_status status = ed_suite_file_resolve(&path, directory, address, err);
    if (status == ED_OK && asprintf(&whole, ED_SUITE_FILE_ENGINE ":%s", path) < 0) {
        whole = NULL;
        status = ed_suite_fail_memory(err);
    }
    free(path);
    if (status == ED_OK) {
        free(*text);
        *text = whole;
    }
    return status;
}

static enum ed_status part_check(const char *entry, const char *noun, const char *part, size_t n,
                                 enum ed_suite_rule rule, struct ed_error *err) {
    char word[256];
    struct ed_error inner = {0};
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), part);
    if (ed_suite_rule_check(rule, word, &inner) == ED_OK)
        return ED_OK;
    if (n == 0)
        return ed_fail(err, ED_ERR_USAGE, NULL,
                       "\"%.80s\" has no %s; write NAME[@VERSION][/BACKEND], such as onnxruntime@1.27.0/cpu",
                       entry, noun);
    return ed_fail(
        err, ED_ERR_USAGE, NULL,
        "the %s in \"%.80s\": %.400s; write NAME[@VERSION][/BACKEND], such as onnxruntime@1.27.0/cpu", noun,
        entry, inner.message);
}

enum ed_status ed_suite_on_check(const char *text, struct ed_error *err) {
    const char *p = text;
    size_t n = ed_suite_on_name_bytes(p);
    enum ed_status status = part_check(text, "engine", p, n, ED_SUITE_RULE_WORD, err);
    p += n;
    if (!status && *p == ':') {
        struct ed_error inner = {0};
        if (ed_suite_rule_check(ED_SUITE_RULE_PATH, p + 1, &inner) != ED_OK)
            status =
                ed_fail(err, ED_ERR_USAGE, NULL, "behind \"%.60s\": %.400s; write command:FILE or openai:URL",
                        text, inner.message);
        return status;
    }
    if (!status && *p == '@') {
        n = strcspn(++p, "/");
        status = part_check(text, "version", p, n, ED_SUITE_RULE_GLOB, err);
        p += n;
    }
    if (!status && *p == '/') {
        p++;
        status = part_check(text, "backend", p, strlen(p), ED_SUITE_RULE_GLOB, err);
    }
    return status;
}

// Digits at *p as a CPU number; -1 where there are none or it is too large.
static int cpu_scan(const char **p) {
    int value = **p >= '0' && **p <= '9' ? 0 : -1;
    for (; **p >= '0' && **p <= '9'; (*p)++)
        if (value >= 0) {
            value = value * 10 + (**p - '0');
            if (value > ED_SUITE_CPU_MAX)
                value = -1;
        }
    return value;
}

enum ed_status ed_suite_cpus_check(const char *text, struct ed_error *err) {
    const char *p = text;
    if (strnlen(text, 1024) < 1024)
        for (;;) {
            int first = cpu_scan(&p), last = first;
            if (first >= 0 && *p == '-') {
                p++;
                last = cpu_scan(&p);
            }
            if (first < 0 || last < first)
                break;
            if (*p == '\0')
                return ED_OK;
            if (*p++ != ',')
                break;
        }
    return ed_fail(err, ED_ERR_USAGE, NULL,
                   "\"%.80s\" is no list of CPUs; write numbers from 0 to %d such as 0,2-3", text,
                   ED_SUITE_CPU_MAX);
}

enum ed_status ed_suite_shape_check(const struct ed_suite_shape *shape, struct ed_error *err) {
    int64_t bytes = 8; // of the largest element type
    for (uint32_t d = 0; d < shape->rank; d++)
        if (__builtin_mul_overflow(bytes, shape->shape[d], &bytes))
            return ed_fail(err, ED_ERR_USAGE, NULL,
                           "the shape has more elements than any memory holds; check its sizes");
    return ED_OK;
}

static enum ed_status resolve(char **out, const char *directory, const char *text, bool or_folder,
                              struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct stat info;
    enum ed_status status = ed_suite_rule_check(ED_SUITE_RULE_PATH, text, err);
    while (text[0] == '.' && text[1] == '/' && text[2] != '/' && text[2] != '\0')
        text += 2;
    if (!status)
        status = ed_path_join(path, directory, text, err);
    if (status)
        return status;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            char near[ED_PATH_BYTES];
            const bool any = ed_near_file(near, directory, text), relative = text[0] != '/';
            return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "there is no file %s%s%s%s%.200s%s", path,
                           relative ? "; relative names start in " : "", relative ? directory : "",
                           any ? "; did you mean \"" : "", any ? near : "", any ? "\"?" : "");
        }
        return ed_fail_errno(err, ED_ERR_USAGE, NULL, "cannot use %s: %m", path);
    }
    if (!S_ISREG(info.st_mode) && !(or_folder && S_ISDIR(info.st_mode)))
        return ed_fail(err, ED_ERR_USAGE, NULL, "%s is %s; a file is needed", path,
                       S_ISDIR(info.st_mode) ? "a directory" : "not a regular file");
    if (access(path, R_OK) != 0)
        return ed_fail(err, ED_ERR_USAGE, NULL, "%s cannot be read: %s", path, strerror(errno));
    return ed_suite_text_set(out, path, err);
}

enum ed_status ed_suite_file_resolve(char **out, const char *directory, const char *text,
                                     struct ed_error *err) {
    return resolve(out, directory, text, false, err);
}

enum ed_status ed_suite_place_resolve(char **out, const char *directory, const char *text,
                                      struct ed_error *err) {
    return resolve(out, directory, text, true, err);
}

// "on=command:FILE"
static enum ed_status side_on_resolve(char **text, const char *directory, struct ed_error *err) {
    char *on = strdup(*text + strlen(ED_SUITE_SIDE_ENGINE)), *whole = NULL;
    if (!on)
        return ed_suite_fail_memory(err);
    enum ed_status status = ed_suite_on_resolve(&on, directory, err);
    if (status == ED_OK && asprintf(&whole, ED_SUITE_SIDE_ENGINE "%s", on) < 0)
        status = ed_suite_fail_memory(err);
    if (status == ED_OK) {
        free(*text);
        *text = whole;
    }
    free(on);
    return status;
}

enum ed_status ed_suite_side_resolve(char **text, const char *directory, struct ed_error *err) {
    struct ed_error ignored = {0};
    char *path = NULL;
    if (strncmp(*text, ED_SUITE_SIDE_ENGINE, strlen(ED_SUITE_SIDE_ENGINE)) == 0)
        return side_on_resolve(text, directory, err);
    if (ed_suite_file_resolve(&path, directory, *text, &ignored) != ED_OK)
        return ED_OK;
    enum ed_status status = ed_suite_text_set(text, path, err);
    free(path);
    return status;
}

void *ed_suite_list_grow(void *list, size_t *n, size_t bytes) {
    char *old, *grown;
    memcpy(&old, list, sizeof old);
    grown = reallocarray(old, *n + 1, bytes);
    if (!grown)
        return NULL;
    memcpy(list, &grown, sizeof grown);
    memset(grown + *n * bytes, 0, bytes);
    return grown + (*n)++ * bytes;
}

void ed_suite_texts_release(char **texts, size_t n) {
    for (size_t i = 0; texts && i < n; i++)
        free(texts[i]);
    free(texts);
}

void ed_suite_pairs_release(struct ed_suite_pair *pairs, size_t n) {
    for (size_t i = 0; pairs && i < n; i++) {
        free(pairs[i].key);
        free(pairs[i].value);
    }
    free(pairs);
}

void ed_suite_name_make(char name[65], const char *path) {
    const char *base = ed_path_base(path), *ending = strrchr(base, '.');
    size_t n = ending && ending > base ? (size_t)(ending - base) : strlen(base);
    if (n > 64)
        n = 64;
    for (size_t i = 0; i < n; i++) {
        // Behind a letter everything may stand that may stand anywhere; at the start '.' and '-' may not.
        char probe[3] = {i == 0 ? base[0] : 'a', base[i], '\0'};
        name[i] = ed_path_name_ok(probe) ? base[i] : '_';
    }
    name[n] = '\0';
    if (n == 0)
        snprintf(name, 65, "model");
}
