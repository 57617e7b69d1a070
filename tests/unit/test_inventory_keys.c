// SPDX-License-Identifier: Apache-2.0
// devices/inventory: the keys of remote devices, which transport takes which, and addresses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_read.h"
#include "base/path.h"
#include "devices/inventory_keys.h"
#include "devices/transport.h"

static enum ed_status parse(struct ed_inventory *inventory, const char *text, struct ed_error *err) {
    return ed_inventory_parse(inventory, "test", text, strlen(text), err);
}

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIbF7m9YzqTL7sF"

static void test_all_keys(void **state) {
    static const char text[] =
        "{\"devices\":[{\"id\":\"pi\",\"transport\":\"ssh\",\"host\":\"pi5.local\",\"port\":2222,\"user\":"
        "\"pi\","
        "\"via\":\"ssh://lab@gate:22\",\"host_key\":\"" KEY "\",\"work_dir\":\"/data/ed\",\"tags\":[\"arm\"],"
        "\"cache_max\":\"8 GiB\",\"free_min\":1048576,\"job_max\":\"2 "
        "h\",\"settings\":{\"governor\":\"performance\","
        "\"frequency_min_khz\":600000,\"frequency_max_khz\":1800000}},"
        "{\"id\":\"phone\",\"transport\":\"adb\",\"serial\":\"192.168.1.5:5555\",\"via\":\"ssh://"
        "[fe80::1]:23\","
        "\"settings\":{\"fixed_performance\":true,\"stay_awake\":true}}]}";
    struct ed_inventory inventory;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(parse(&inventory, text, &err), ED_OK);
    const struct ed_device_entry *pi = &inventory.devices[0], *phone = &inventory.devices[1];
    assert_string_equal(pi->host, "pi5.local");
    assert_int_equal(pi->port, 2222);
    assert_string_equal(pi->via, "ssh://lab@gate:22");
    assert_string_equal(pi->host_key, KEY);
    assert_int_equal(pi->cache_max_bytes, INT64_C(8) << 30);
    assert_int_equal(pi->free_min_bytes, 1048576);
    assert_int_equal(pi->job_max_ns, INT64_C(7200000000000));
    assert_string_equal(pi->settings.governor, "performance");
    assert_int_equal(pi->settings.frequency_min_khz, 600000);
    assert_int_equal(pi->settings.frequency_max_khz, 1800000);
    assert_false(pi->settings.fixed_performance);
    assert_string_equal(phone->serial, "192.168.1.5:5555");
    assert_string_equal(phone->via, "ssh://[fe80::1]:23");
    assert_true(phone->settings.fixed_performance && phone->settings.stay_awake);
    assert_int_equal(phone->cache_max_bytes, 0);
    ed_inventory_release(&inventory);
}

#define SSH(more) "{\"devices\":[{\"id\":\"a\",\"transport\":\"ssh\",\"host\":\"h\"" more "}]}"
#define ADB(more) "{\"devices\":[{\"id\":\"a\",\"transport\":\"adb\",\"serial\":\"s\"" more "}]}"
#define LOCAL(more) "{\"devices\":[{\"id\":\"a\",\"transport\":\"local\"" more "}]}"

static void test_refusals(void **state) {
    static const struct {
        const char *text, *where, *message;
    } rows[] = {
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"ssh\"}]}", "/devices/0", "needs \"host\""},
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"adb\"}]}", "/devices/0", "needs \"serial\""},
        {SSH(",\"serial\":\"x\""), "/devices/0/serial", "takes no \"serial\""},
        {ADB(",\"host\":\"x\""), "/devices/0/host", "takes no \"host\""},
        {ADB(",\"host_key\":\"" KEY "\""), "/devices/0/host_key", "takes no \"host_key\""},
        {LOCAL(",\"serial\":\"x\""), "/devices/0/serial", "takes no"},
        {LOCAL(",\"via\":\"ssh://x\""), "/devices/0/via", "takes no"},
        {LOCAL(",\"cache_max\":\"1 GiB\""), "/devices/0/cache_max", "takes no"},
        {SSH(",\"settings\":{\"fixed_performance\":true}"), "/devices/0/settings/fixed_performance",
         "takes no"},
        {SSH(",\"settings\":{\"govenor\":\"x\"}"), "/devices/0/settings/govenor", "\"governor\""},
        {SSH(",\"settings\":{\"governor\":\"-x\"}"), "/devices/0/settings/governor", "cpufreq"},
        {SSH(",\"settings\":{\"frequency_min_khz\":2,\"frequency_max_khz\":1}"), "/devices/0/settings",
         "above"},
        {SSH(",\"settings\":[]"), "/devices/0/settings", "object"},
        {SSH(",\"hostkey\":\"x\""), "/devices/0/hostkey", "\"host_key\""},
        {SSH(",\"host_key\":\"ssh-ed25519\""), "/devices/0/host_key", "TYPE BASE64"},
        {SSH(",\"host_key\":\"ssh-ed25519 AAAA AAAA\""), "/devices/0/host_key", "TYPE BASE64"},
        {SSH(",\"via\":\"gate\""), "/devices/0/via", "ssh://[USER@]HOST"},
        {SSH(",\"via\":\"ssh://a/b\""), "/devices/0/via", "ssh://[USER@]HOST"},
        {SSH(",\"via\":\"adb:x\""), "/devices/0/via", "ssh://[USER@]HOST"},
        {SSH(",\"cache_max\":\"8\""), "/devices/0/cache_max", "unit"},
        {SSH(",\"cache_max\":0"), "/devices/0/cache_max", ""},
        {SSH(",\"cache_max\":true"), "/devices/0/cache_max", ""},
        {SSH(",\"free_min\":\"0 B\""), "/devices/0/free_min", "1 B"},
        {SSH(",\"job_max\":7200"), "/devices/0/job_max", ""},
        {SSH(",\"job_max\":\"1 ms\""), "/devices/0/job_max", "1 s"},
        {ADB(",\"serial \":1"), "/devices/0/serial ", "\"serial\""},
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"adb\",\"serial\":\"-s\"}]}", "/devices/0/serial",
         "adb devices"},
        {"{\"include\":[\"x.json\"]}", "/include/0", "cannot include"},
        {"{\"include\":3}", "/include", "array"},
        {"{\"includes\":[]}", "/includes", "\"include\""},
        {"{\"devices\":[{\"id\":\"a\",\"transport\":\"shh\",\"host\":\"h\"}]}", "/devices/0/transport",
         "did you mean \"ssh\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_inventory inventory;
        struct ed_error err = {0};
        assert_int_equal(parse(&inventory, rows[i].text, &err), ED_ERR_USAGE);
        if (!strstr(err.where, rows[i].where) || !strstr(err.message, rows[i].message))
            fail_msg("%s: \"%s: %s\"", rows[i].text, err.where, err.message);
        assert_null(inventory.devices);
    }
}

static void test_addresses(void **state) {
    static const struct {
        const char *text, *transport, *host;
        int port;
        const char *user, *serial, *via, *id;
    } rows[] = {
        {"ssh://pi@pi5.local", "ssh", "pi5.local", 0, "pi", "", "", "pi5"},
        {"ssh://pi5", "ssh", "pi5", 0, "", "", "", "pi5-2"},
        {"ssh://a.b@10.0.0.7:2222", "ssh", "10.0.0.7", 2222, "a.b", "", "", "10.0.0.7"},
        {"ssh://[fe80::1%eth0]:22", "ssh", "fe80::1%eth0", 22, "", "", "", "fe80--1-eth0"},
        {"ssh://[::1]", "ssh", "::1", 0, "", "", "", "--1"},
        {"adb:R58M123", "adb", "", 0, "", "R58M123", "", "R58M123"},
        {"adb:192.168.1.5:5555", "adb", "", 0, "", "192.168.1.5:5555", "", "192.168.1.5-5555"},
        {"adb:X1@ssh://lab@host:2200", "adb", "", 0, "", "X1", "ssh://lab@host:2200", "X1"},
        {"ssh://local", "ssh", "local", 0, "", "", "", "local-2"},
    };
    static const char *const wrong[] = {
        "adb:",
        "ssh:/x",
        "ssh://",
        "ssh:x",
        "ssh://u@",
        "ssh://h:0",
        "ssh://h:65536",
        "ssh://h:x",
        "ssh://h:",
        "ssh://h/path",
        "ssh://-oProxyCommand=x",
        "ssh://u:secret@h",
        "ssh://u:secret@h/x",
        "adb:x@ssh://u:secret@h",
        "ssh://[::1",
        "ssh://::1",
        "ssh://h x",
        "adb:-s",
        "adb:a b",
        "adb:a@lab",
        "adb:a@ssh://",
        "adb:a@ssh://h/x",
        "pi@host",
        "telnet://x",
        "",
        "http://x",
    };
    static const char fleet[] = "{\"devices\":[{\"id\":\"x\",\"transport\":\"local\",\"tags\":[\"pi5\"]}]}";
    struct ed_inventory inventory;
    struct ed_error err = {0};
    char id[64], expected[64];
    (void)state;
    assert_int_equal(parse(&inventory, fleet, &err), ED_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_device_entry entry = {0};
        if (ed_device_address_parse(&entry, rows[i].text, &err))
            fail_msg("%s: %s", rows[i].text, err.message);
        assert_string_equal(entry.transport, rows[i].transport);
        assert_string_equal(entry.host, rows[i].host);
        assert_int_equal(entry.port, rows[i].port);
        assert_string_equal(entry.user, rows[i].user);
        assert_string_equal(entry.serial, rows[i].serial);
        assert_string_equal(entry.via, rows[i].via);
        // The tag "pi5" is taken, and an id begins with no dash.
        ed_device_id_suggest(id, &entry, i == 0 ? NULL : &inventory);
        snprintf(expected, sizeof expected, "%s", strcmp(rows[i].id, "--1") ? rows[i].id : "device");
        assert_string_equal(id, expected);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ed_device_entry entry = {0};
        if (ed_device_address_parse(&entry, wrong[i], &err) != ED_ERR_USAGE)
            fail_msg("'%s' was taken", wrong[i]);
        assert_non_null(strstr(err.message, "adb:SERIAL"));
        assert_string_equal(entry.transport, "");
        assert_null(strstr(err.message, "secret"));
        assert_null(strstr(err.where, "secret"));
        assert_int_equal(strstr(err.message, "password") != NULL, strstr(wrong[i], "secret") != NULL);
    }
    ed_inventory_release(&inventory);
}

// Whatever transport is linked must be one that a file can name.
static void test_transports(void **state) {
    size_t n;
    const struct ed_transport *const *table = ed_transports(&n);
    (void)state;
    for (size_t i = 0; i < n; i++)
        assert_int_not_equal(ed_inventory_transport_bit(table[i]->name), 0);
    assert_int_equal(ed_inventory_transport_bit("telnet"), 0);
    assert_int_equal(ed_inventory_transport_bit(""), 0);
    for (size_t i = 0; i < ed_inventory_n_keys; i++)
        assert_int_equal(ed_inventory_keys[i].needs & ~ed_inventory_keys[i].takes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_transports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
