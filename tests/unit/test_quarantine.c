// SPDX-License-Identifier: Apache-2.0
// devices/quarantine: devices that are left out until they were checked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/quarantine.h"

static char room[ED_PATH_BYTES];

static int enter(void **state) {
    char name[] = P_tmpdir "/edgedyno-test-XXXXXX";
    (void)state;
    if (!mkdtemp(name) || ed_path_real(room, name, NULL))
        return -1;
    return setenv("XDG_STATE_HOME", room, 1);
}

static int leave(void **state) {
    (void)state;
    return ed_path_remove(room, NULL);
}

static struct ed_device_entry entry_of(const char *id, const char *address) {
    struct ed_device_entry entry = {0};
    assert_int_equal(ed_device_address_parse(&entry, address, NULL), ED_OK);
    snprintf(entry.id, sizeof entry.id, "%s", id);
    return entry;
}

static void test_round(void **state) {
    const struct ed_device_entry pi = entry_of("pi", "ssh://pi@a"), other = entry_of("pi", "ssh://pi@b"),
                                 phone = entry_of("phone", "adb:X@ssh://lab");
    struct ed_error why = {0};
    char text[ED_ERROR_MESSAGE_BYTES], path[ED_PATH_BYTES];
    struct stat info;
    (void)state;
    assert_false(ed_quarantine_find(&pi, text, sizeof text));
    ed_quarantine_remove(&pi);
    ed_fail(&why, ED_ERR_KEY_REFUSED, "pi", "its host key has \"changed\"");
    ed_quarantine_add(&pi, &why);
    assert_true(ed_quarantine_find(&pi, text, sizeof text));
    assert_non_null(strstr(text, "its host key has \"changed\""));
    assert_true(strncmp(text, "since 20", 8) == 0);
    // The same name at another address is another device.
    assert_false(ed_quarantine_find(&other, text, sizeof text));
    assert_string_equal(text, "");
    ed_fail(&why, ED_ERR_UNSUPPORTED, "phone", "second");
    ed_quarantine_add(&phone, &why);
    ed_fail(&why, ED_ERR_IO, "pi", "third");
    ed_quarantine_add(&pi, &why);
    assert_true(ed_quarantine_find(&pi, text, sizeof text));
    assert_non_null(strstr(text, "third"));
    assert_true(ed_quarantine_find(&phone, text, 12));
    assert_int_equal(strlen(text), 11);
    snprintf(path, sizeof path, "%.4000s/edgedyno/quarantine.json", room);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    ed_quarantine_remove(&other);
    assert_true(ed_quarantine_find(&pi, text, sizeof text));
    ed_quarantine_remove(&pi);
    assert_false(ed_quarantine_find(&pi, text, sizeof text));
    assert_true(ed_quarantine_find(&phone, text, sizeof text));
}

// A file that somebody broke keeps nobody from measuring, and is replaced by the next entry.
static void test_damaged(void **state) {
    const struct ed_device_entry pi = entry_of("pi", "ssh://a");
    static const char *const texts[] = {"", "{", "[]", "{\"devices\":7}",
                                        "{\"devices\":[3,null,{\"id\":9}]}"};
    struct ed_error why = {0};
    char text[64], path[ED_PATH_BYTES];
    (void)state;
    snprintf(path, sizeof path, "%.4000s/edgedyno", room);
    assert_int_equal(ed_path_make(path, 0700, NULL), ED_OK);
    snprintf(path, sizeof path, "%.4000s/edgedyno/quarantine.json", room);
    ed_fail(&why, ED_ERR_IO, "pi", "why");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(ed_path_write_atomic(path, texts[i], strlen(texts[i]), 0600, NULL), ED_OK);
        assert_false(ed_quarantine_find(&pi, text, sizeof text));
        ed_quarantine_add(&pi, &why);
        assert_true(ed_quarantine_find(&pi, text, sizeof text));
    }
    // Without a home nothing happens.
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    ed_quarantine_add(&pi, &why);
    assert_false(ed_quarantine_find(&pi, text, sizeof text));
    ed_quarantine_remove(&pi);
}

// Programs that write at the same time lose nothing of each other's.
static void test_together(void **state) {
    struct ed_error why = {0};
    char id[64], text[64];
    (void)state;
    ed_fail(&why, ED_ERR_IO, "x", "why");
    for (int p = 0; p < 4; p++) {
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            for (int i = 0; i < 5; i++) {
                struct ed_device_entry entry = {.transport = "ssh", .host = "h"};
                snprintf(entry.id, sizeof entry.id, "d%d-%d", p, i);
                ed_quarantine_add(&entry, &why);
            }
            _exit(0);
        }
    }
    for (int p = 0; p < 4; p++)
        assert_true(wait(NULL) > 0);
    for (int p = 0; p < 4; p++)
        for (int i = 0; i < 5; i++) {
            snprintf(id, sizeof id, "d%d-%d", p, i);
            const struct ed_device_entry entry = entry_of(id, "ssh://h");
            assert_true(ed_quarantine_find(&entry, text, sizeof text));
        }
}

static void test_transient(void **state) {
    static const enum ed_status yes[] = {ED_ERR_TIMEOUT, ED_ERR_BUSY, ED_ERR_LINK_LOST, ED_ERR_UNREACHABLE,
                                         ED_ERR_OFFLINE};
    (void)state;
    int n = 0;
    for (int status = 0; status < ED_STATUS_COUNT; status++)
        n += ed_status_is_transient((enum ed_status)status);
    assert_int_equal(n, sizeof yes / sizeof yes[0]);
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(ed_status_is_transient(yes[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round, enter, leave),
        cmocka_unit_test_setup_teardown(test_together, enter, leave),
        cmocka_unit_test_setup_teardown(test_damaged, enter, leave),
        cmocka_unit_test(test_transient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
