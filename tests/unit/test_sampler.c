// SPDX-License-Identifier: Apache-2.0
// The sampler over a tree of its own: its schedule, its memory, what it says of itself.
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/path.h"
#include "runners/probe_host.h"
#include "runners/sampler.h"

#define MS INT64_C(1000000)

struct place {
    char directory[64];
    int fd;
    struct ed_sampler *sampler;
    struct ed_probe_host host;
};

static void put(const struct place *place, const char *name, const char *text) {
    char path[ED_PATH_BYTES], folder[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", place->directory, name);
    ed_path_directory(folder, path);
    assert_int_equal(ed_path_make(folder, 0700, NULL), ED_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void begin(struct place *place, size_t records) {
    struct ed_error err = {0};
    snprintf(place->directory, sizeof place->directory, "/tmp/edgedyno-sampler-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    put(place, "sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    put(place, "sys/class/thermal/thermal_zone0/temp", "45000\n");
    put(place, "proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\n");
    place->fd = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place->fd >= 0);
    place->host = ed_probe_host_recorded(&place->fd);
    const struct ed_sampler_args args = {
        .root_fd = place->fd, .host = &place->host, .seed = 1, .records = records};
    assert_int_equal(ed_sampler_new(&place->sampler, &args, &err), ED_OK);
}

static void end(struct place *place) {
    ed_sampler_free(place->sampler);
    close(place->fd);
    assert_int_equal(ed_path_remove(place->directory, NULL), ED_OK);
}

static void run_for(struct ed_sampler *sampler, int64_t ns) {
    const int64_t until = ed_clock_monotonic_ns() + ns;
    for (;;) {
        const int64_t next = ed_sampler_step(sampler);
        if (next >= until)
            break;
        ed_clock_sleep_until(next, NULL);
    }
}

// What the sampler writes, as JSON.
static void written(const struct ed_sampler *sampler, bool channels, struct ed_json_document *document) {
    struct ed_buffer text;
    struct ed_json_writer w;
    ed_buffer_init(&text, ED_WIRE_LINE_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    if (channels)
        ed_sampler_write_channels(sampler, &w);
    else
        ed_sampler_write(sampler, &w);
    ed_json_object_end(&w);
    assert_int_equal(ed_json_parse(document, "sampler", ed_buffer_text(&text), text.size, NULL), ED_OK);
    ed_buffer_release(&text);
}

static uint32_t number_of(const struct ed_sampler *sampler, const char *id) {
    struct ed_json_document document = {0};
    uint32_t number = UINT32_MAX, i = 0;
    const cJSON *channel;
    written(sampler, true, &document);
    cJSON_ArrayForEach(channel, cJSON_GetObjectItemCaseSensitive(document.root, "channels")) {
        if (!strcmp(cJSON_GetObjectItemCaseSensitive(channel, "id")->valuestring, id))
            number = i;
        i++;
    }
    ed_json_document_release(&document);
    assert_true(number != UINT32_MAX);
    return number;
}

static void test_schedule(void **state) {
    struct place place;
    struct ed_json_document document = {0};
    (void)state;
    begin(&place, 0);
    ed_sampler_clear(place.sampler);
    ed_sampler_begin(place.sampler, getpid());
    run_for(place.sampler, 600 * MS);
    ed_sampler_end(place.sampler);
    const uint32_t memory = number_of(place.sampler, "system_memory.available");
    size_t n = 0, seen = 0;
    int64_t before = 0, least = INT64_MAX, most = 0;
    const struct ed_timeline_record *records = ed_sampler_records(place.sampler, &n);
    for (size_t i = 0; i < n; i++) {
        // One channel after the other of a probe, at one time.
        assert_true(i == 0 || records[i].monotonic_ns >= records[i - 1].monotonic_ns);
        if (records[i].channel != memory)
            continue;
        assert_int_equal(records[i].value, INT64_C(500000) * 1024);
        if (seen++) {
            const int64_t gap = records[i].monotonic_ns - before;
            least = gap < least ? gap : least;
            most = gap > most ? gap : most;
        }
        before = records[i].monotonic_ns;
    }
    // Period 10 ms: about sixty, however slow the machine at least two; the intervals are drawn.
    assert_in_range(seen, 2, 140);
    if (seen > 4)
        assert_true(most - least > MS);
    const struct ed_channel_stats *stats = ed_sampler_find(place.sampler, "system_memory.available");
    assert_non_null(stats);
    assert_int_equal(stats->readings, seen);
    written(place.sampler, false, &document);
    const cJSON *sampling = cJSON_GetObjectItemCaseSensitive(document.root, "sampling"),
                *probes = cJSON_GetObjectItemCaseSensitive(sampling, "probes"),
                *one = cJSON_GetObjectItemCaseSensitive(probes, "system_memory");
    assert_int_equal((size_t)cJSON_GetObjectItemCaseSensitive(one, "readings")->valuedouble, seen);
    assert_true(cJSON_GetObjectItemCaseSensitive(one, "cpu_ns")->valuedouble > 0);
    assert_true(cJSON_GetObjectItemCaseSensitive(one, "wall_ns")->valuedouble > 0);
    assert_int_equal((size_t)cJSON_GetObjectItemCaseSensitive(sampling, "kept")->valuedouble, n);
    ed_json_document_release(&document);
    end(&place);
}

// The mean over the whole time, first readings left out, keeps to what is promised; the last reading of each
// probe may be beyond.
static void test_budget(void **state) {
    struct place place;
    struct ed_json_document document = {0};
    const cJSON *one;
    (void)state;
    begin(&place, 0);
    ed_sampler_clear(place.sampler);
    ed_sampler_begin(place.sampler, getpid());
    const int64_t began = ed_clock_monotonic_ns();
    run_for(place.sampler, 800 * MS);
    ed_sampler_end(place.sampler);
    const double wall = (double)(ed_clock_monotonic_ns() - began);
    written(place.sampler, false, &document);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(
                                cJSON_GetObjectItemCaseSensitive(document.root, "sampling"), "probes")) {
        const double cpu = cJSON_GetObjectItemCaseSensitive(one, "cpu_ns")->valuedouble,
                     readings = cJSON_GetObjectItemCaseSensitive(one, "readings")->valuedouble;
        // Two readings are beyond the rule, whatever they cost on a busy machine.
#ifndef __SANITIZE_ADDRESS__ // which makes every reading dear
        if (readings > 8)
            assert_true(cpu * (readings - 2) / readings <= 2 * ED_SAMPLER_PROBE_SHARE * wall);
#else
        (void)cpu, (void)readings, (void)wall;
#endif
    }
    ed_json_document_release(&document);
    end(&place);
}

static void test_thinned(void **state) {
    struct place place;
    struct ed_json_document document = {0};
    (void)state;
    begin(&place, 64);
    ed_sampler_clear(place.sampler);
    for (int i = 0; i < 200; i++) {
        // Each begin makes every probe due at once.
        ed_sampler_begin(place.sampler, getpid());
        ed_sampler_step(place.sampler);
    }
    ed_sampler_end(place.sampler);
    size_t n = 0;
    const struct ed_timeline_record *records = ed_sampler_records(place.sampler, &n);
    assert_in_range(n, 10, 64);
    for (size_t i = 1; i < n; i++)
        assert_true(records[i].monotonic_ns >= records[i - 1].monotonic_ns);
    written(place.sampler, false, &document);
    const cJSON *sampling = cJSON_GetObjectItemCaseSensitive(document.root, "sampling");
    assert_true(cJSON_GetObjectItemCaseSensitive(sampling, "thinned")->valuedouble >= 4);
    ed_json_document_release(&document);
    ed_sampler_clear(place.sampler);
    ed_sampler_records(place.sampler, &n);
    assert_int_equal(n, 0);
    end(&place);
}

static void test_failed_readings(void **state) {
    struct place place;
    char path[ED_PATH_BYTES];
    (void)state;
    begin(&place, 0);
    ed_sampler_clear(place.sampler);
    ed_sampler_begin(place.sampler, getpid());
    ed_sampler_step(place.sampler);
    snprintf(path, sizeof path, "%s/proc/meminfo", place.directory);
    assert_int_equal(truncate(path, 0), 0);
    ed_sampler_begin(place.sampler, getpid());
    ed_sampler_step(place.sampler);
    const uint32_t memory = number_of(place.sampler, "system_memory.available");
    size_t n = 0, good = 0, bad = 0;
    const struct ed_timeline_record *records = ed_sampler_records(place.sampler, &n);
    for (size_t i = 0; i < n; i++)
        if (records[i].channel == memory)
            *(records[i].value == INT64_MIN ? &bad : &good) += 1;
    assert_int_equal(good, 1);
    assert_int_equal(bad, 1);
    assert_null(ed_sampler_find(place.sampler, "system_memory.available"));
    end(&place);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_thinned),
        cmocka_unit_test(test_failed_readings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
