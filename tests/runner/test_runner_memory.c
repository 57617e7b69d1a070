// SPDX-License-Identifier: Apache-2.0
// A model that touches a known amount of memory in a known phase shows it there and nowhere else. Tolerance:
// the kernel's high-water mark is off by up to 64 pages a thread before Linux 6.2, and by some pages since.
#include "tests/runner/rig.h"

#include <fcntl.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define TOUCHED (24 * MIB)
#define TOLERANCE MIB

enum { PHASES = 3, MARKS = 5 };
static const char *const marks[MARKS] = {"before_load", "after_load", "after_warmup", "after_timed",
                                         "after_unload"};

struct reading {
    int64_t peak[MARKS], rss[MARKS], anon[MARKS], file[MARKS], samples;
};

static void measure(struct reading *reading, const char *id, const char *sections) {
    char text[512];
    struct rig_journal journal;
    snprintf(text, sizeof text, RIG_SCRIPT(", %s"), sections);
    const struct rig_case c = {.model = rig_file("memory.json", text)};
    const struct rig_block block = {.id = "b", .inferences = 20};
    rig_run(&journal, &(struct rig_job){id, 0, &c, 1, &block, 1}, "done", 60 * RIG_SECOND);
    const cJSON *line = rig_line(&journal, "b");
    assert_string_equal(rig_text(line, "outcome"), "ok");
    for (int i = 0; i < MARKS; i++) {
        reading->peak[i] = rig_mark(line, marks[i], "peak_bytes");
        reading->rss[i] = rig_mark(line, marks[i], "rss_bytes");
        reading->anon[i] = rig_mark(line, marks[i], "anon_bytes");
        reading->file[i] = rig_mark(line, marks[i], "file_bytes");
    }
    rig_journal_release(&journal);
}

// Each value of `found` less the one without touching must be 0, or TOUCHED where `where` has a bit for the
// mark.
static void expect(const char *name, const char *what, const int64_t *found, const int64_t *plain,
                   unsigned where) {
    for (int i = 0; i < MARKS; i++) {
        const int64_t more = found[i] - plain[i], due = where >> i & 1 ? TOUCHED : 0;
        if (more < due - TOLERANCE || more > due + TOLERANCE)
            rig_fail("%s: %s at %s: %lld kB more than without, expected %lld", name, what, marks[i],
                     (long long)(more / 1024), (long long)(due / 1024));
    }
}

#define RUN_20US "\"run\": {\"ns\": 20000}"
#define AFTER_LOAD 2u
#define AFTER_WARMUP 4u
#define AFTER_TIMED 8u
#define AFTER_UNLOAD 16u

static void test_phases(void **state) {
    static const struct {
        const char *id, *sections;
        unsigned peak, rss, anon, file;
    } cases[] = {
        {"load-kept", "\"load\": {\"touch_bytes\": 25165824}, " RUN_20US,
         AFTER_LOAD | AFTER_WARMUP | AFTER_TIMED | AFTER_UNLOAD, AFTER_LOAD | AFTER_WARMUP | AFTER_TIMED,
         AFTER_LOAD | AFTER_WARMUP | AFTER_TIMED, 0},
        {"load-given-back", "\"load\": {\"touch_bytes\": 25165824, \"keep\": false}, " RUN_20US, AFTER_LOAD,
         0, 0, 0},
        {"run-kept", "\"run\": {\"ns\": 20000, \"touch_bytes\": 25165824}",
         AFTER_WARMUP | AFTER_TIMED | AFTER_UNLOAD, AFTER_WARMUP | AFTER_TIMED, AFTER_WARMUP | AFTER_TIMED,
         0},
        {"run-given-back", "\"run\": {\"ns\": 20000, \"touch_bytes\": 25165824, \"keep\": false}",
         AFTER_WARMUP | AFTER_TIMED | AFTER_UNLOAD, 0, 0, 0},
        {"file-kept",
         "\"load\": {\"touch_file\": \"weights.bin\", \"touch_file_bytes\": 25165824}, " RUN_20US,
         AFTER_LOAD | AFTER_WARMUP | AFTER_TIMED | AFTER_UNLOAD, AFTER_LOAD | AFTER_WARMUP | AFTER_TIMED, 0,
         AFTER_LOAD | AFTER_WARMUP | AFTER_TIMED},
        {"unload", "\"unload\": {\"touch_bytes\": 25165824}, " RUN_20US, AFTER_UNLOAD, 0, 0, 0},
    };
    struct reading plain, found;
    (void)state;
    int fd = open(rig_path("weights.bin"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    char block[4096];
    memset(block, 7, sizeof block);
    for (int64_t at = 0; at < TOUCHED; at += (int64_t)sizeof block)
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    close(fd);
    measure(&plain, "plain", RUN_20US);
    // The mark after unload has the peak since the mark after timing: evidence, in which the model runs, and
    // unload.
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        measure(&found, cases[i].id, cases[i].sections);
        expect(cases[i].id, "peak", found.peak, plain.peak, cases[i].peak);
        expect(cases[i].id, "rss", found.rss, plain.rss, cases[i].rss);
        expect(cases[i].id, "anon", found.anon, plain.anon, cases[i].anon);
        expect(cases[i].id, "file", found.file, plain.file, cases[i].file);
    }
}

// Room for a million samples is 8 MB of memory that is the runner's own: no figure may show it.
static void test_own_memory(void **state) {
    const struct rig_case c = {.model = rig_file("own.json", RIG_SCRIPT(", " RUN_20US))};
    const struct rig_block blocks[] = {{.id = "small", .inferences = 20, .max_samples = 20},
                                       {.id = "large", .inferences = 20, .max_samples = 1000000}};
    struct rig_journal journal;
    (void)state;
    rig_run(&journal, &(struct rig_job){"own", 0, &c, 1, blocks, 2}, "done", 60 * RIG_SECOND);
    const cJSON *small = rig_line(&journal, "small"), *large = rig_line(&journal, "large");
    for (int i = 0; i < MARKS; i++) {
        const int64_t peak =
            rig_mark(large, marks[i], "peak_bytes") - rig_mark(small, marks[i], "peak_bytes");
        const int64_t shmem =
            rig_mark(large, marks[i], "shmem_bytes") - rig_mark(small, marks[i], "shmem_bytes");
        if (llabs(peak) > TOLERANCE || llabs(shmem) > TOLERANCE)
            rig_fail("at %s room for samples shows as %lld bytes of peak and %lld of shared memory", marks[i],
                     (long long)peak, (long long)shmem);
    }
    rig_journal_release(&journal);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_phases), cmocka_unit_test(test_own_memory)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
