// SPDX-License-Identifier: Apache-2.0
// devices/inventory: the fleet file, its schema, and selecting from it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/json_read.h"
#include "base/path.h"
#include "devices/inventory.h"

static enum ed_status parse(struct ed_inventory *inventory, const char *text, struct ed_error *err) {
    return ed_inventory_parse(inventory, "test", text, strlen(text), err);
}

static void test_good(void **state) {
    struct ed_inventory inventory;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(parse(&inventory,
                           "{\"$schema\":\"x\",\"devices\":[{\"id\":\"pi-4.a\",\"transport\":\"local\","
                           "\"work_dir\":\"/var/ed\","
                           "\"tags\":[\"arm\",\"slow\"]}]}",
                           &err),
                     ED_OK);
    assert_int_equal(inventory.n, 2);
    assert_string_equal(inventory.devices[0].id, "pi-4.a");
    assert_string_equal(inventory.devices[0].work_dir, "/var/ed");
    assert_string_equal(inventory.devices[0].tags[1], "slow");
    assert_null(inventory.devices[0].tags[2]);
    // The machine itself is there though nobody wrote it.
    assert_string_equal(inventory.devices[1].id, "local");
    assert_string_equal(inventory.devices[1].transport, "local");
    assert_null(inventory.devices[1].tags[0]);
    ed_inventory_release(&inventory);
    assert_int_equal(parse(&inventory,
                           "{\"devices\":[{\"id\":\"local\",\"transport\":\"local\",\"tags\":[\"t\"]}]}",
                           &err),
                     ED_OK);
    assert_int_equal(inventory.n, 1);
    assert_string_equal(inventory.devices[0].tags[0], "t");
    ed_inventory_release(&inventory);
    ed_inventory_release(&inventory);
}

#define LOCAL(more) "{\"devices\":[{\"id\":\"a\",\"transport\":\"local\"" more "}]}"

static void test_refusals(void **state) {
    static const struct {
        const char *text, *where, *message;
    } rows[] = {
        {"[]", "test: /", "object"},
        {"{}", "test: /devices", "array"},
        {"{\"device\":[]}", "test: /device", "\"devices\""},
        {LOCAL(",\"tag\":[]"), "/devices/0/tag", "\"tags\""},
        {LOCAL(",\"tags\":[\"x\",\"x\"]"), "/devices/0/tags/1", "twice"},
        {LOCAL(",\"tags\":[\"a b\"]"), "/devices/0/tags/0", "letters"},
        {LOCAL(",\"tags\":\"x\""), "/devices/0/tags", "array"},
        {LOCAL(",\"tags\":[\"a\"]"), "/devices/0", "also a tag"},
        {LOCAL(",\"work_dir\":\"relative\""), "/devices/0/work_dir", "absolute"},
        {LOCAL(",\"work_dir\":\"/a\\nb\""), "/devices/0/work_dir", "absolute"},
        {LOCAL(",\"host\":\"h\""), "/devices/0/host", "takes no \"host\""},
        {LOCAL(",\"port\":22"), "/devices/0/port", "takes no \"port\""},
        {LOCAL(",\"port\":0"), "/devices/0/port", "1 to 65535"},
        {LOCAL(",\"host\":\"-oProxyCommand\""), "/devices/0/host", "not a host name"},
        {LOCAL(",\"user\":\"a;b\""), "/devices/0/user", "not a user"},
        {"{\"devices\":[{\"id\":\"a\"}]}", "/devices/0/transport", ""},
        {"{\"devices\":[{\"transport\":\"local\"}]}", "/devices/0/id", ""},
        {"{\"devices\":[{\"id\":\"../a\",\"transport\":\"local\"}]}", "/devices/0/id", "letters"},
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"locl\"}]}", "/devices/0/transport",
         "did you mean \"local\""},
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"telnet\"}]}", "/devices/0/transport",
         "there are: local"},
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"local\"},{\"id\":\"a\",\"transport\":\"local\"}]}",
         "/devices/1", "twice"},
        {"{\"devices\":[3]}", "/devices/0", "object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_inventory inventory;
        struct ed_error err = {0};
        assert_int_equal(parse(&inventory, rows[i].text, &err), ED_ERR_USAGE);
        assert_non_null(strstr(err.where, rows[i].where));
        assert_non_null(strstr(err.message, rows[i].message));
        assert_int_equal(inventory.n, 0);
        assert_null(inventory.devices);
    }
}

static void test_search(void **state) {
    char directory[] = P_tmpdir "/edgedyno-test-XXXXXX", path[ED_PATH_BYTES], real[ED_PATH_BYTES],
         old[ED_PATH_BYTES];
    static const char here[] = LOCAL(""), config[] = "{\"devices\":[{\"id\":\"c\",\"transport\":\"local\"}]}";
    struct ed_inventory inventory;
    struct ed_error err = {0};
    (void)state;
    assert_non_null(getcwd(old, sizeof old));
    assert_non_null(mkdtemp(directory));
    assert_int_equal(ed_path_real(real, directory, &err), ED_OK);
    assert_int_equal(chdir(directory), 0);
    setenv("XDG_CONFIG_HOME", real, 1);
    assert_int_equal(ed_inventory_load(&inventory, NULL, &err), ED_OK);
    assert_int_equal(inventory.n, 1);
    assert_string_equal(inventory.path, "");
    ed_inventory_release(&inventory);
    assert_int_equal(ed_path_join(path, real, "edgedyno", &err), ED_OK);
    assert_int_equal(ed_path_make(path, 0700, &err), ED_OK);
    assert_int_equal(ed_path_write_atomic("edgedyno/devices.json", config, strlen(config), 0600, &err),
                     ED_OK);
    assert_int_equal(ed_inventory_load(&inventory, NULL, &err), ED_OK);
    assert_string_equal(inventory.devices[0].id, "c");
    ed_inventory_release(&inventory);
    assert_int_equal(ed_path_write_atomic("devices.json", here, strlen(here), 0600, &err), ED_OK);
    assert_int_equal(ed_inventory_load(&inventory, NULL, &err), ED_OK);
    assert_string_equal(inventory.devices[0].id, "a");
    assert_int_equal(ed_path_join(path, real, "devices.json", &err), ED_OK);
    assert_string_equal(inventory.path, path);
    ed_inventory_release(&inventory);
    assert_int_equal(ed_inventory_load(&inventory, "missing.json", &err), ED_ERR_NOT_FOUND);
    // A damaged file is an error, and never the next one's turn.
    assert_int_equal(ed_path_write_atomic("devices.json", "{", 1, 0600, &err), ED_OK);
    assert_int_equal(ed_inventory_load(&inventory, NULL, &err), ED_ERR_PARSE);
    assert_int_equal(chdir(old), 0);
    assert_int_equal(ed_path_remove(real, &err), ED_OK);
}

static void test_select(void **state) {
    static const char text[] = "{\"devices\":[{\"id\":\"pi4\",\"transport\":\"local\",\"tags\":[\"arm\"]},"
                               "{\"id\":\"pi5\",\"transport\":\"local\",\"tags\":[\"arm\",\"fast\"]},"
                               "{\"id\":\"laptop\",\"transport\":\"local\",\"tags\":[\"fast\"]}]}";
    static const struct {
        const char *selectors[3];
        size_t n, indices[4];
    } rows[] = {
        {{"pi5"}, 1, {1}},
        {{"arm"}, 2, {0, 1}},
        {{"pi*"}, 2, {0, 1}},
        {{"laptop", "pi4"}, 2, {0, 2}},
        {{"fast", "arm"}, 3, {0, 1, 2}},
        {{"*"}, 4, {0, 1, 2, 3}},
        {{"pi?", "pi4"}, 2, {0, 1}},
        {{"local"}, 1, {3}},
        {{"[lp]*[45]"}, 2, {0, 1}},
    };
    struct ed_inventory inventory;
    struct ed_error err = {0};
    size_t indices[4], n;
    const char *wrong[] = {"pi4", "latpop"}, *strange[] = {"zzzzzz"}, *all[] = {"*"}, *no_glob[] = {"x*"};
    (void)state;
    assert_int_equal(parse(&inventory, text, &err), ED_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n_selectors = 0;
        while (n_selectors < 3 && rows[i].selectors[n_selectors])
            n_selectors++;
        assert_int_equal(
            ed_inventory_select(&inventory, rows[i].selectors, n_selectors, indices, 4, &n, &err), ED_OK);
        assert_int_equal(n, rows[i].n);
        assert_memory_equal(indices, rows[i].indices, n * sizeof indices[0]);
    }
    assert_int_equal(ed_inventory_select(&inventory, wrong, 2, indices, 4, &n, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "'laptop'"));
    assert_int_equal(ed_inventory_select(&inventory, strange, 1, indices, 4, &n, &err), ED_ERR_USAGE);
    assert_non_null(strstr(err.message, "pi4, pi5, laptop, local"));
    assert_int_equal(ed_inventory_select(&inventory, no_glob, 1, indices, 4, &n, &err), ED_ERR_USAGE);
    assert_int_equal(ed_inventory_select(&inventory, all, 1, indices, 3, &n, &err), ED_ERR_LIMIT);
    assert_int_equal(ed_inventory_select(&inventory, all, 0, indices, 4, &n, &err), ED_ERR_USAGE);
    ed_inventory_release(&inventory);
}

static void test_schema(void **state) {
    static const char *const keys[] = {"id",        "transport", "host",     "port",     "user",
                                       "serial",    "via",       "host_key", "work_dir", "tags",
                                       "cache_max", "free_min",  "job_max",  "settings", "meter"};
    struct ed_json_document document = {0};
    struct ed_json_at root, at, devices, items, properties;
    struct ed_error err = {0};
    struct ed_buffer out;
    (void)state;
    ed_buffer_init(&out, 1u << 20);
    ed_inventory_schema(&out);
    assert_int_equal(ed_buffer_status(&out, "schema", &err), ED_OK);
    assert_int_equal(ed_json_parse(&document, "schema", ed_buffer_text(&out), out.size, &err), ED_OK);
    root = ed_json_root(&document);
    at = ed_json_member(&root, "properties");
    devices = ed_json_member(&at, "devices");
    items = ed_json_member(&devices, "items");
    properties = ed_json_member(&items, "properties");
    assert_int_equal(ed_json_count(&properties), sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_non_null(ed_json_member(&properties, keys[i]).value);
    ed_json_document_release(&document);
    ed_buffer_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),   cmocka_unit_test(test_refusals), cmocka_unit_test(test_search),
        cmocka_unit_test(test_select), cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
