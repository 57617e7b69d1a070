// SPDX-License-Identifier: Apache-2.0
// devices/inventory: files that include files, and adding to the fleet's file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/inventory.h"

static char room[ED_PATH_BYTES], before[ED_PATH_BYTES];

static int enter(void **state) {
    char name[] = P_tmpdir "/edgedyno-test-XXXXXX";
    (void)state;
    if (!getcwd(before, sizeof before) || !mkdtemp(name) || ed_path_real(room, name, NULL))
        return -1;
    setenv("XDG_CONFIG_HOME", room, 1);
    return chdir(room);
}

static int leave(void **state) {
    (void)state;
    return chdir(before) || ed_path_remove(room, NULL);
}

static void put(const char *path, const char *text) {
    struct ed_error err = {0};
    assert_int_equal(ed_path_write_atomic(path, text, strlen(text), 0600, &err), ED_OK);
}

static void refuse(const char *path, const char *where, const char *message) {
    struct ed_inventory inventory;
    struct ed_error err = {0};
    assert_int_equal(ed_inventory_load(&inventory, path, &err), ED_ERR_USAGE);
    if (!strstr(err.where, where) || !strstr(err.message, message))
        fail_msg("\"%s: %s\" lacks \"%s\" or \"%s\"", err.where, err.message, where, message);
    assert_null(inventory.devices);
}

#define DEVICE(id) "{\"id\":\"" id "\",\"transport\":\"ssh\",\"host\":\"h\"}"

static void test_includes(void **state) {
    struct ed_inventory inventory;
    struct ed_error err = {0};
    char path[ED_PATH_BYTES];
    (void)state;
    assert_int_equal(mkdir("sub", 0700), 0);
    put("all.json", "{\"include\":[\"sub/phones.json\",\"pis.json\"],\"devices\":[" DEVICE("own") "]}");
    put("sub/phones.json",
        "{\"include\":[\"../more.json\"],\"devices\":[" DEVICE("p1") "," DEVICE("p2") "]}");
    put("more.json", "{\"devices\":[" DEVICE("m") "]}");
    put("pis.json", "{\"devices\":[" DEVICE("pi") "]}");
    assert_int_equal(ed_inventory_load(&inventory, "all.json", &err), ED_OK);
    static const char *const ids[] = {"own", "p1", "p2", "m", "pi", "local"};
    assert_int_equal(inventory.n, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(inventory.devices[i].id, ids[i]);
    snprintf(path, sizeof path, "%.4000s/sub/phones.json", room);
    assert_string_equal(inventory.devices[2].file, path);
    assert_string_equal(inventory.devices[5].file, "");
    snprintf(path, sizeof path, "%.4000s/all.json", room);
    assert_string_equal(inventory.path, path);
    ed_inventory_release(&inventory);
    // From another directory the same.
    assert_int_equal(chdir("sub"), 0);
    assert_int_equal(ed_inventory_load(&inventory, "../all.json", &err), ED_OK);
    assert_int_equal(inventory.n, 6);
    ed_inventory_release(&inventory);
    assert_int_equal(chdir(".."), 0);
}

static void test_wrong_includes(void **state) {
    char text[128], name[32];
    (void)state;
    put("self.json", "{\"include\":[\"self.json\"]}");
    refuse("self.json", "self.json: /include/0", "includes itself");
    put("x.json", "{\"include\":[\"y.json\"]}");
    put("y.json", "{\"devices\":[],\"include\":[\"x.json\"]}");
    refuse("x.json", "y.json: /include/0", "includes itself by way of");
    put("gone.json", "{\"include\":[\"none.json\"]}");
    refuse("gone.json", "gone.json: /include/0", "there is no file");
    put("twice.json", "{\"include\":[\"y2.json\",\"y2.json\"]}");
    put("y2.json", "{\"devices\":[]}");
    refuse("twice.json", "/include/1", "included twice");
    put("directory.json", "{\"include\":[\".\"]}");
    refuse("directory.json", "/include/0", "");
    put("number.json", "{\"include\":[7]}");
    refuse("number.json", "/include/0", "");
    // One id in two files names both.
    put("one.json", "{\"devices\":[" DEVICE("same") "],\"include\":[\"two.json\"]}");
    put("two.json", "{\"devices\":[" DEVICE("other") "," DEVICE("same") "]}");
    refuse("one.json", "two.json: /devices/1", "one.json");
    // An error in an included file names that file.
    put("outer.json", "{\"include\":[\"inner.json\"]}");
    put("inner.json", "{\"devices\":[{\"id\":\"a\",\"transport\":\"ssh\"}]}");
    refuse("outer.json", "inner.json: /devices/0", "needs \"host\"");
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "deep%d.json", i);
        snprintf(text, sizeof text, "{\"include\":[\"deep%d.json\"]}", i + 1);
        put(name, text);
    }
    refuse("deep0.json", "/include/0", "deep");
}

static struct ed_device_entry entry_of(const char *id, const char *address) {
    struct ed_device_entry entry = {0};
    struct ed_error err = {0};
    assert_int_equal(ed_device_address_parse(&entry, address, &err), ED_OK);
    snprintf(entry.id, sizeof entry.id, "%s", id);
    return entry;
}

static void test_add(void **state) {
    struct ed_device_entry entries[2] = {entry_of("n1", "ssh://u@h1:2222"),
                                         entry_of("n2", "adb:S@ssh://lab")};
    struct ed_inventory inventory;
    struct ed_error err = {0};
    struct ed_buffer text;
    struct stat info;
    char *tags[] = {(char[]){"arm"}, NULL};
    (void)state;
    put("fleet.json", "{\"$schema\":\"s.json\",\"// note\":[1,2.5,null,{\"a\":true}],\"devices\":["
                      "{\"// "
                      "why\":\"because\",\"id\":\"old\",\"transport\":\"ssh\",\"host\":\"h\"}],\"include\":["
                      "\"inc.json\"]}");
    put("inc.json", "{\"devices\":[" DEVICE("included") "]}");
    assert_int_equal(chmod("fleet.json", 0664), 0);
    assert_int_equal(symlink("fleet.json", "link.json"), 0);
    entries[0].tags = tags;
    entries[0].cache_max_bytes = INT64_C(8) << 30;
    entries[0].free_min_bytes = 1000;
    entries[0].job_max_ns = INT64_C(5400000000000);
    snprintf(entries[0].settings.governor, sizeof entries[0].settings.governor, "performance");
    entries[1].settings.stay_awake = true;
    assert_int_equal(ed_inventory_add("link.json", entries, 2, &err), ED_OK);
    assert_int_equal(lstat("link.json", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat("fleet.json", &info), 0);
    assert_int_equal(info.st_mode & 07777, 0664);
    ed_buffer_init(&text, 1u << 20);
    assert_int_equal(ed_path_read("fleet.json", 1u << 20, &text, &err), ED_OK);
    static const char expected[] =
        "{\n    \"$schema\": \"s.json\",\n    \"// note\": [\n        1,\n        2.5,\n        null,\n      "
        "  {\n"
        "            \"a\": true\n        }\n    ],\n    \"devices\": [\n        {\n            \"// why\": "
        "\"because\",\n"
        "            \"id\": \"old\",\n            \"transport\": \"ssh\",\n            \"host\": \"h\"\n    "
        "    },\n"
        "        {\n            \"id\": \"n1\",\n            \"transport\": \"ssh\",\n            \"host\": "
        "\"h1\",\n"
        "            \"port\": 2222,\n            \"user\": \"u\",\n            \"tags\": [\n                "
        "\"arm\"\n"
        "            ],\n            \"cache_max\": \"8 GiB\",\n            \"free_min\": \"1000 B\",\n"
        "            \"job_max\": \"90 min\",\n            \"settings\": {\n                \"governor\": "
        "\"performance\"\n            }\n        },\n        {\n            \"id\": \"n2\",\n"
        "            \"transport\": \"adb\",\n            \"serial\": \"S\",\n            \"via\": "
        "\"ssh://lab\",\n"
        "            \"settings\": {\n                \"stay_awake\": true\n            }\n        }\n    "
        "],\n"
        "    \"include\": [\n        \"inc.json\"\n    ]\n}\n";
    assert_string_equal(ed_buffer_text(&text), expected);
    // What it wrote is read as it was meant.
    assert_int_equal(ed_inventory_load(&inventory, "fleet.json", &err), ED_OK);
    assert_int_equal(inventory.n, 5);
    assert_int_equal(inventory.devices[1].job_max_ns, INT64_C(5400000000000));
    assert_int_equal(inventory.devices[1].free_min_bytes, 1000);
    assert_string_equal(inventory.devices[1].tags[0], "arm");
    ed_inventory_release(&inventory);
    // Ids that are there, also in an included file, or that cannot be; nothing is changed then.
    static const char *const wrong[] = {"old", "n1", "included", "local", "arm", "", "-x", "a/b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ed_device_entry bad = entry_of(wrong[i], "ssh://z");
        assert_int_equal(ed_inventory_add("fleet.json", &bad, 1, &err), ED_ERR_USAGE);
    }
    struct ed_device_entry doubled[2] = {entry_of("d", "ssh://z"), entry_of("d", "ssh://z")};
    assert_int_equal(ed_inventory_add("fleet.json", doubled, 2, &err), ED_ERR_USAGE);
    assert_int_equal(ed_path_read("fleet.json", 1u << 20, &text, &err), ED_OK);
    assert_string_equal(ed_buffer_text(&text), expected);
    ed_buffer_release(&text);
}

static void test_add_new(void **state) {
    struct ed_device_entry entry = entry_of("a", "ssh://h"), next = entry_of("b", "ssh://h");
    struct ed_inventory inventory;
    struct ed_error err = {0};
    struct stat info;
    char path[ED_PATH_BYTES];
    (void)state;
    // Where there is none, the folder and the file are made.
    assert_int_equal(ed_inventory_add("", &entry, 1, &err), ED_OK);
    snprintf(path, sizeof path, "%.4000s/edgedyno/devices.json", room);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(ed_inventory_add("", &next, 1, &err), ED_OK);
    assert_int_equal(ed_inventory_load(&inventory, path, &err), ED_OK);
    assert_int_equal(inventory.n, 3);
    ed_inventory_release(&inventory);
    assert_int_equal(ed_inventory_add("fresh.json", &entry, 1, &err), ED_OK);
    assert_int_equal(ed_inventory_add("no/such/fresh.json", &entry, 1, &err), ED_ERR_NOT_FOUND);
    // A damaged file is left as it is.
    put("cut.json", "{\"devices\":[");
    assert_int_equal(ed_inventory_add("cut.json", &entry, 1, &err), ED_ERR_PARSE);
    assert_int_equal(stat("cut.json", &info), 0);
    assert_int_equal(info.st_size, strlen("{\"devices\":["));
    // A file that only includes others gets devices of its own.
    put("only.json", "{\"include\":[\"fresh.json\"]}");
    assert_int_equal(ed_inventory_add("only.json", &next, 1, &err), ED_OK);
    assert_int_equal(ed_inventory_load(&inventory, "only.json", &err), ED_OK);
    assert_int_equal(inventory.n, 3);
    ed_inventory_release(&inventory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_includes, enter, leave),
        cmocka_unit_test_setup_teardown(test_wrong_includes, enter, leave),
        cmocka_unit_test_setup_teardown(test_add, enter, leave),
        cmocka_unit_test_setup_teardown(test_add_new, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
