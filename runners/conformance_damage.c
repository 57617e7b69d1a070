// SPDX-License-Identifier: Apache-2.0
// Conformance in trouble: files that must not load, and what must not be left behind: words, threads, memory.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "runners/conformance_parts.h"

#define MODEL_MAX_BYTES (64u << 20) // of a model that is copied to be damaged
#define RANDOM_BYTES 4096
#define GROWTH_MAX_BYTES (2 << 20)
#define WARM_CYCLES 10
#define CYCLES 50

// The damaged file takes the first file's place; it must be refused with words, and the good model must load
// after it.
static void refuse_file(struct ed_check *check, const char *path) {
    const struct ed_conformance_subject *subject = check->subject;
    struct ed_conformance_subject damaged = *subject;
    const char **files = calloc(subject->n_model_files, sizeof *files);
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_error err = {0};
    if (!files)
        ed_check_fail(check, "no memory for this check");
    memcpy(files, subject->model_files, subject->n_model_files * sizeof *files);
    files[0] = path;
    damaged.model_files = files;
    check->subject = &damaged;
    ed_check_doing(check, "load of %.64s", ed_path_base(path));
    ed_check_refused(check, ed_check_load(check, &adapter, NULL, 0, &err), &err, NULL);
    check->subject = subject;
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    ed_check_outputs(check, &adapter, &inputs->io);
    ed_check_unload(check, &adapter);
    ed_check_doing(check, "close");
    adapter.backend->close(adapter.state);
}

// A file in the scratch directory with the model's suffix, by which engines may choose a format.
static void make_file(struct ed_check *check, const char *name, const void *bytes, size_t n,
                      char path[ED_PATH_BYTES]) {
    const char *suffix = strrchr(ed_path_base(check->subject->model_files[0]), '.');
    struct ed_error err = {0};
    ed_check_doing(check, "making a damaged model");
    if (snprintf(path, ED_PATH_BYTES, "%s/%s%.16s", check->subject->scratch_dir, name,
                 suffix ? suffix : "") >= ED_PATH_BYTES)
        ed_check_fail(check, "the scratch directory's path is too long");
    ed_check_ok(check, ed_path_write_atomic(path, bytes, n, 0600, &err), &err);
}

static void need_model(struct ed_check *check) {
    if (!check->subject->n_model_files)
        ed_check_skip(check, check->subject->model_wanted ? "it needs a model, and none was given"
                                                          : "the engine needs no model");
}

static void check_missing(struct ed_check *check) {
    char path[ED_PATH_BYTES];
    need_model(check);
    make_file(check, "missing", "", 0, path);
    if (unlink(path) != 0)
        ed_check_fail(check, "%s cannot be removed: %m", path);
    refuse_file(check, path);
}

static void check_empty(struct ed_check *check) {
    char path[ED_PATH_BYTES];
    need_model(check);
    make_file(check, "empty", "", 0, path);
    refuse_file(check, path);
}

static void check_random(struct ed_check *check) {
    char path[ED_PATH_BYTES], bytes[RANDOM_BYTES];
    struct ed_random random;
    need_model(check);
    ed_random_init(&random, 1);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)ed_random_below(&random, 256);
    make_file(check, "random", bytes, sizeof bytes, path);
    refuse_file(check, path);
}

static void check_truncated(struct ed_check *check) {
    char path[ED_PATH_BYTES];
    struct ed_buffer model;
    struct ed_error err = {0};
    need_model(check);
    ed_buffer_init(&model, MODEL_MAX_BYTES);
    ed_check_doing(check, "reading the good model");
    ed_check_ok(check, ed_path_read(check->subject->model_files[0], MODEL_MAX_BYTES, &model, &err), &err);
    make_file(check, "truncated", ed_buffer_text(&model), model.size / 2, path);
    refuse_file(check, path);
}

static void check_damaged(struct ed_check *check) {
    need_model(check);
    if (!check->subject->n_damaged)
        ed_check_skip(check, "no damaged models were given");
    for (size_t i = 0; i < check->subject->n_damaged; i++)
        refuse_file(check, check->subject->damaged[i]);
}

static int64_t printed(int fd) {
    struct stat file;
    fflush(NULL);
    return fstat(fd, &file) == 0 ? (int64_t)file.st_size : -1;
}

static void still_quiet(struct ed_check *check) {
    if (printed(STDOUT_FILENO) != 0)
        ed_check_fail(check, "%s printed %lld bytes to standard output", check->doing,
                      (long long)printed(STDOUT_FILENO));
}

// Standard output stays empty in every step; a run prints nothing at all, since that would be part of what is
// measured.
static void check_quiet(struct ed_check *check) {
    static struct ed_survey survey;
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_error err = {0};
    still_quiet(check);
    ed_check_doing(check, "survey");
    ed_check_ok(check, adapter.backend->survey(adapter.state, &survey, &err), &err);
    still_quiet(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_doing(check, "load, describe or bind");
    still_quiet(check);
    const int64_t before = printed(STDERR_FILENO);
    for (int i = 0; i < 3; i++)
        ed_check_run(check, &adapter);
    still_quiet(check);
    if (printed(STDERR_FILENO) != before)
        ed_check_fail(check, "run printed %lld bytes to standard error",
                      (long long)(printed(STDERR_FILENO) - before));
    ed_check_outputs(check, &adapter, &inputs->io);
    ed_check_unload(check, &adapter);
    still_quiet(check);
}

// Threads of this process but the calling one: how many, and their names.
static size_t threads(char *names, size_t bytes) {
    DIR *tasks = opendir("/proc/self/task");
    size_t n = 0;
    names[0] = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
        char path[300], name[32] = "?";
        if (entry->d_name[0] == '.' || strtol(entry->d_name, NULL, 10) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, name, sizeof name - 1) : 0;
        if (fd >= 0)
            close(fd);
        if (got > 0)
            name[got - (name[got - 1] == '\n')] = 0;
        size_t used = strlen(names);
        snprintf(names + used, bytes - used, "%s%s", n++ ? ", " : "", name);
    }
    if (tasks)
        closedir(tasks);
    return n;
}

static void check_threads(struct ed_check *check) {
    char names[256];
    const size_t before = threads(names, sizeof names);
    struct ed_adapter adapter = ed_check_open(check);
    ed_check_bind(check, &adapter);
    ed_check_run(check, &adapter);
    ed_check_unload(check, &adapter);
    ed_check_doing(check, "close");
    adapter.backend->close(adapter.state);
    // A thread that was joined may be listed for a moment longer.
    const int64_t deadline = ed_clock_monotonic_ns() + INT64_C(2000000000);
    while (threads(names, sizeof names) > before && ed_clock_monotonic_ns() < deadline)
        ed_clock_sleep_until(ed_clock_monotonic_ns() + 5000000, NULL);
    const size_t after = threads(names, sizeof names);
    if (after > before)
        ed_check_fail(check, "%zu threads are left after close: %s", after - before, names);
}

static int64_t resident_bytes(struct ed_check *check) {
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    const char *second = n > 0 ? strchr(text, ' ') : NULL;
    if (!second)
        ed_check_skip(check, "this system does not tell how much memory is resident");
    close(fd);
    return strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static void cycle(struct ed_check *check, const struct ed_adapter *adapter, struct ed_inputs *inputs) {
    struct ed_error err = {0};
    ed_check_doing(check, "load, again and again");
    ed_check_ok(check, ed_check_load(check, adapter, NULL, 0, &err), &err);
    ed_check_ok(check, adapter->backend->bind(adapter->state, inputs->tensors, inputs->n, &err), &err);
    ed_check_ok(check, adapter->backend->run(adapter->state, &err), &err);
    ed_check_ok(check, adapter->backend->unload(adapter->state, &err), &err);
}

static int64_t grown_bytes(struct ed_check *check, const struct ed_adapter *adapter,
                           struct ed_inputs *inputs) {
    const int64_t before = resident_bytes(check);
    for (int i = 0; i < CYCLES; i++)
        cycle(check, adapter, inputs);
    return resident_bytes(check) - before;
}

static void check_growth(struct ed_check *check) {
    const int64_t most =
        check->subject->growth_max_bytes ? check->subject->growth_max_bytes : GROWTH_MAX_BYTES;
    struct ed_adapter adapter = ed_check_open(check);
    struct ed_inputs *inputs = ed_check_bind(check, &adapter);
    ed_check_unload(check, &adapter);
    for (int i = 0; i < WARM_CYCLES; i++)
        cycle(check, &adapter, inputs);
    int64_t grown = grown_bytes(check, &adapter, inputs);
    // What an allocator keeps once, it has; what a load loses, every load loses.
    if (grown > most)
        grown = grown_bytes(check, &adapter, inputs);
    if (grown > most)
        ed_check_fail(check, "%d loads and unloads left %lld bytes more resident; at most %lld are allowed",
                      CYCLES, (long long)grown, (long long)most);
}

const struct ed_check_row ed_checks_damage[] = {
    {"load_missing", check_missing},     {"load_empty", check_empty},     {"load_random", check_random},
    {"load_truncated", check_truncated}, {"load_damaged", check_damaged}, {"quiet", check_quiet},
    {"threads", check_threads},          {"memory_growth", check_growth},
};
const size_t ed_checks_damage_n = sizeof ed_checks_damage / sizeof *ed_checks_damage;
