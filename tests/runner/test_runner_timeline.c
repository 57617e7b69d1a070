// SPDX-License-Identifier: Apache-2.0
// The timeline of a job: every block's readings are where its line says, in order, in its time, of channels
// that the job's line lists.
#include "tests/runner/rig.h"

#include <fcntl.h>
#include <unistd.h>

#include "edgedyno/wire.h"

static void put(const char *name, const char *text) {
    char folder[ED_PATH_BYTES];
    const char *path = rig_path(name);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0700, NULL), ED_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void test_timeline(void **state) {
    struct rig_journal journal;
    (void)state;
    put("root/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    put("root/sys/class/thermal/thermal_zone0/temp", "45678\n");
    setenv("EDGEDYNO_PROBE_ROOT", rig_path("root"), 1);
    const struct rig_case c = {.model =
                                   rig_file("timeline.json", RIG_SCRIPT(", \"run\": {\"ns\": 2000000}"))};
    const struct rig_block blocks[] = {{.id = "a", .inferences = 300}, {.id = "b", .inferences = 20}};
    rig_run(&journal, &(struct rig_job){"timeline", 0, &c, 1, blocks, 2}, "done", 60 * RIG_SECOND);
    unsetenv("EDGEDYNO_PROBE_ROOT");
    struct rig_reply bytes =
        rig_call(NULL, 0,
                 (const char *[]){"read", "--work", rig_work, "--job", "timeline", "--file", ED_JOB_TIMELINE,
                                  "--from", "0", "--max", "4194304", NULL});
    assert_int_equal(bytes.exit_code, 0);
    const cJSON *channels = cJSON_GetObjectItemCaseSensitive(journal.lines[0].root, "channels");
    const int n_channels = cJSON_GetArraySize(channels);
    int64_t at = 0;
    for (size_t b = 0; b < 2; b++) {
        const cJSON *line = rig_line(&journal, blocks[b].id);
        const int64_t records = rig_int(line, "timeline.records");
        int64_t zones = 0;
        assert_int_equal(rig_int(line, "timeline.offset"), at);
        assert_true(records > 0 && at + records * ED_TIMELINE_RECORD_BYTES <= (int64_t)bytes.bytes);
        for (int64_t i = 0; i < records; i++, at += ED_TIMELINE_RECORD_BYTES) {
            struct ed_timeline_record record;
            memcpy(&record, bytes.text + at, sizeof record);
            assert_true((int)record.channel < n_channels);
            const cJSON *channel = cJSON_GetArrayItem(channels, (int)record.channel);
            assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(channel, "available")));
            assert_true(record.monotonic_ns >= rig_int(line, "started.monotonic_ns") &&
                        record.monotonic_ns <= rig_int(line, "ended.monotonic_ns"));
            if (!strcmp(rig_text(channel, "id"), "thermal.cpu-thermal")) {
                assert_int_equal(record.value, 45678);
                zones++;
            }
        }
        assert_true(zones > 0);
        // No channel of power, no idle window.
        assert_null(rig_find(line, "idle_after"));
        assert_int_equal(rig_int(line, "sampling.kept"), records);
        assert_int_equal(rig_int(line, "sampling.thinned"), 1);
        assert_non_null(rig_find(line, "sampling.probes.thermal.cpu_ns"));
    }
    assert_int_equal(at, bytes.bytes);
    rig_reply_release(&bytes);
    rig_journal_release(&journal);
}

static void test_bad_root(void **state) {
    (void)state;
    setenv("EDGEDYNO_PROBE_ROOT", rig_path("no-such-directory"), 1);
    const struct rig_case c = {.model = rig_file("rootless.json", RIG_SCRIPT(""))};
    const struct rig_block block = {.id = "a", .inferences = 1};
    rig_start(&(struct rig_job){"rootless", 0, &c, 1, &block, 1});
    assert_string_equal(rig_wait("rootless", 60 * RIG_SECOND), "died");
    unsetenv("EDGEDYNO_PROBE_ROOT");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_bad_root),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
