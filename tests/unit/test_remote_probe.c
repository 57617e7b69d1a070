// SPDX-License-Identifier: Apache-2.0
// Snapshots from a device that lies: a program that prints lines, run through the transport to this machine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "devices/remote.h"
#include "devices/transport.h"

#define END "{\"type\":\"snapshot\",\"wire\":\"1.2\",\"entries\":1,\"left_out\":3}\n"

struct place {
    char directory[64];
    const struct ed_transport *local;
    struct ed_remote remote;
    int taken;
    struct ed_error err;
    int64_t left_out;
};

static int set_up(void **state) {
    struct place *place = calloc(1, sizeof *place);
    struct ed_address address = {.id = "here"};
    if (!place)
        return -1;
    snprintf(place->directory, sizeof place->directory, "/tmp/edgedyno-lies-XXXXXX");
    place->local = ed_transport_find("local");
    if (!mkdtemp(place->directory))
        return -1;
    address.work_dir = place->directory;
    place->remote = (struct ed_remote){.transport = place->local, .device = "liar"};
    place->remote.state = calloc(1, place->local->state_bytes);
    snprintf(place->remote.runner, sizeof place->remote.runner, "%s/runner", place->directory);
    snprintf(place->remote.work_dir, sizeof place->remote.work_dir, "%s", place->directory);
    *state = place;
    return place->local->connect(place->remote.state, &address, NULL, ed_clock_monotonic_ns() + 60000000000ll,
                                 NULL) == ED_OK
               ? 0
               : -1;
}

static int tear_down(void **state) {
    struct place *place = *state;
    place->local->disconnect(place->remote.state);
    free(place->remote.state);
    const int code = ed_path_remove(place->directory, NULL) == ED_OK ? 0 : -1;
    free(place);
    return code;
}

static enum ed_status take(void *context, const struct ed_remote_entry *entry, struct ed_error *err) {
    struct place *place = context;
    (void)entry, (void)err;
    place->taken++;
    return ED_OK;
}

// What comes of a device whose runner prints `said`.
static enum ed_status asked(struct place *place, const char *said) {
    char path[96], script[2048];
    snprintf(path, sizeof path, "%s/said", place->directory);
    assert_int_equal(ed_path_write_atomic(path, said, strlen(said), 0600, NULL), ED_OK);
    const int n = snprintf(script, sizeof script, "#!/bin/sh\nexec cat %s\n", path);
    assert_int_equal(ed_path_write_atomic(place->remote.runner, script, (size_t)n, 0700, NULL), ED_OK);
    place->taken = 0;
    return ed_remote_snapshot(&place->remote, take, place, &place->left_out, &place->err);
}

static void test_honest(void **state) {
    struct place *place = *state;
    assert_int_equal(asked(place,
                           "{\"type\":\"file\",\"path\":\"sys/a@1/b:0\",\"text\":\"\"}\n"
                           "{\"type\":\"file\",\"path\":\"proc/stat\",\"status\":\"EACCES\"}\n"
                           "{\"type\":\"command\",\"name\":\"a+b\",\"text\":\"x\",\"status\":\"20\"}\n" END),
                     ED_OK);
    assert_int_equal(place->taken, 3);
    assert_int_equal(place->left_out, 3);
}

static void test_ways_out(void **state) {
    struct place *place = *state;
    static const char *const names[] = {
        "/etc/passwd",   "etc/passwd", "sys/../etc/x",   "sys/..",  "sys/./x",
        "sys//x",        "sys/",       "proc",           "",        "sys/a\\\\b",
        "sys/a\\u0000b", "sys/!EIO",   "commands/x.out", "sys/a b", "sys/\\u202eb",
        "sys/x/",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char said[256];
        snprintf(said, sizeof said, "{\"type\":\"file\",\"path\":\"%s\",\"text\":\"x\"}\n" END, names[i]);
        const enum ed_status status = asked(place, said);
        if (status == ED_OK || place->taken)
            fail_msg("'%s' was taken", names[i]);
    }
    static const char *const commands[] = {"../x", "a/b", "", ".x", "-x"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char said[256];
        snprintf(said, sizeof said, "{\"type\":\"command\",\"name\":\"%s\",\"text\":\"x\"}\n" END,
                 commands[i]);
        if (asked(place, said) == ED_OK || place->taken)
            fail_msg("the command '%s' was taken", commands[i]);
    }
    assert_int_not_equal(
        asked(place, "{\"type\":\"file\",\"path\":\"sys/x\",\"status\":\"../../etc\"}\n" END), ED_OK);
    assert_int_equal(place->taken, 0);
}

static void test_cut(void **state) {
    struct place *place = *state;
    static const char *const texts[] = {
        "",
        "{\"type\":\"file\",\"path\":\"sys/x\",\"text\":\"x\"}\n",
        "{\"type\":\"file\",\"path\":\"sys/x\",\"text\":\"x\"}",
        "{\"type\":\"file\",\"path\":\"sys/x\"}\n" END,
        "{\"type\":\"other\"}\n" END,
        "{\"type\":\"snapshot\",\"wire\":\"9.0\"}\n",
        "[]\n" END,
        "nonsense\n" END,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (asked(place, texts[i]) == ED_OK)
            fail_msg("taken: %s", texts[i]);
    assert_int_equal(asked(place, "{\"type\":\"error\",\"wire\":\"1.2\",\"status\":\"busy\",\"where\":\"\","
                                  "\"message\":\"later\"}\n"),
                     ED_ERR_BUSY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_honest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ways_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
