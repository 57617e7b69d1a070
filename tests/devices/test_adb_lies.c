// SPDX-License-Identifier: Apache-2.0
// devices/adb against an adb server and devices that lie, stall and break off: each fault ends in time in a
// status of its own. The one that answers is tests/devices/fake_adb.py.
#include "tests/devices/adb_place.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/adb/devices.h"
#include "devices/adb/shell.h"
#include "devices/process.h"

static const char fake_adb[] = ED_SOURCE_DIR "/tests/devices/fake_adb.py";
#define SOON_NS (300 * 1000000ll)

static pid_t server;

static void use_server(const char *mode, const char *argument) {
    const char *const argv[] = {ED_TEST_PYTHON, "-B", fake_adb, "server", mode, argument, NULL};
    char text[64];
    int port;
    place_end(&server);
    server = place_start_port(argv, &port);
    snprintf(text, sizeof text, "tcp:127.0.0.1:%d", port);
    setenv("ADB_SERVER_SOCKET", text, 1);
}

static enum ed_status list(int64_t within_ns, struct ed_adb_device devices[8], size_t *n,
                           struct ed_error *err) {
    return ed_adb_devices("", NULL, devices, 8, n, place_now_ns() + within_ns, err);
}

static void test_server_faults(void **state) {
    static const struct {
        const char *mode;
        enum ed_status status;
        const char *says;
    } rows[] = {{"close", ED_ERR_LINK_LOST, "asking"},
                {"stall", ED_ERR_TIMEOUT, "in time"},
                {"http", ED_ERR_PARSE, "'HTTP'"},
                {"badlength", ED_ERR_PARSE, "'-001'"},
                {"cut", ED_ERR_LINK_LOST, "closed"}};
    struct ed_adb_device devices[8];
    struct ed_error err = {0};
    size_t n;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t begin_ns = place_now_ns();
        use_server(rows[i].mode, NULL);
        assert_status(list(rows[i].status == ED_ERR_TIMEOUT ? SOON_NS : PLENTY_NS, devices, &n, &err),
                      rows[i].status, err);
        assert_says(err, rows[i].says);
        assert_int_equal(n, 0);
        assert_true(place_now_ns() - begin_ns < PLENTY_NS / 2);
    }
    use_server("drip", NULL);
    assert_status(list(PLENTY_NS, devices, &n, &err), ED_OK, err);
    assert_int_equal(n, 1);
    assert_string_equal(devices[0].model, "Slow_Phone");
}

static void test_lists(void **state) {
    static const char text[] =
        "R58N                   device usb:1-1 product:a model:Pixel_9 device:b transport_id:1\n"
        "X1                     unauthorized usb:1-2 transport_id:2\n"
        "X2                     offline transport_id:3\n"
        "X3                     no permissions (user in plugdev group; are your udev rules wrong?); see "
        "[here] usb:1-3\n"
        "(no serial number)     no permissions usb:1-4 transport_id:9\n"
        "10.0.0.7:5555          recovery\n"
        "X4\tdevice\n";
    static const struct {
        const char *serial;
        enum ed_status status;
        const char *says;
    } rows[] = {
        {"X1", ED_ERR_KEY_REFUSED, "unlock"},        {"X2", ED_ERR_OFFLINE, "wake"},
        {"X3", ED_ERR_KEY_REFUSED, "udev"},          {"10.0.0.7:5555", ED_ERR_UNSUPPORTED, "recovery"},
        {"X9", ED_ERR_UNREACHABLE, "R58N (device)"}, {"", ED_ERR_USAGE, "X2 (offline)"},
        {"a b", ED_ERR_USAGE, "character"},          {"a/b", ED_ERR_USAGE, "character"}};
    struct ed_adb_device devices[8];
    struct ed_error err = {0};
    size_t n;
    void *connection;
    (void)state;
    place_write("list", text, sizeof text - 1 - strlen("X4\tdevice\n"), 0600);
    use_server("list", place_path("list"));
    assert_status(list(PLENTY_NS, devices, &n, &err), ED_OK, err);
    assert_int_equal(n, 6);
    assert_string_equal(devices[0].serial, "R58N");
    assert_string_equal(devices[0].model, "Pixel_9");
    assert_string_equal(devices[3].state, "no permissions");
    assert_string_equal(devices[4].serial, "(no serial number)");
    assert_string_equal(devices[4].state, "no permissions");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(place_connect(rows[i].serial, "", &err));
        assert_status(err.code, rows[i].status, err);
        assert_says(err, rows[i].says);
    }
    connection = place_connect("R58N", "", &err);
    assert_non_null(connection);
    place_disconnect(connection);
    // One line that no server writes spoils the list: it is not guessed at.
    place_write("list", text, sizeof text - 1, 0600);
    use_server("list", place_path("list"));
    assert_status(list(PLENTY_NS, devices, &n, &err), ED_ERR_PARSE, err);
    assert_says(err, "line 7");
}

// After a restart adb calls a network device connected still, and shows it as offline, until it is let go.
static void test_restarted(void **state) {
    struct ed_error err = {0};
    void *connection;
    (void)state;
    use_server("restarted", NULL);
    connection = place_connect("10.9.8.7:5555", "", &err);
    if (!connection)
        fail_msg("%s: %s", ed_status_word(err.code), err.message);
    place_disconnect(connection);
}

static void test_parser(void **state) {
    struct ed_adb_device devices[2];
    struct ed_error err = {0};
    char line[400];
    size_t n;
    (void)state;
    assert_status(ed_adb_devices_parse("x", "", devices, 2, &n, &err), ED_OK, err);
    assert_int_equal(n, 0);
    assert_status(ed_adb_devices_parse("x", "\na device\n\nb  host", devices, 2, &n, &err), ED_OK, err);
    assert_int_equal(n, 2);
    assert_string_equal(devices[1].state, "host");
    assert_status(ed_adb_devices_parse("x", "a device\nb device\nc device\n", devices, 2, &n, &err), ED_OK,
                  err);
    assert_int_equal(n, 2);
    for (const char *const *bad =
             (const char *const[]){"a", "a ", " device", "a\x1b device", "a dev\xffice", NULL};
         *bad; bad++)
        assert_status(ed_adb_devices_parse("x", *bad, devices, 2, &n, &err), ED_ERR_PARSE, err);
    memset(line, 'a', 128);
    snprintf(line + 128, sizeof line - 128, " device");
    assert_status(ed_adb_devices_parse("x", line, devices, 2, &n, &err), ED_ERR_PARSE, err);
    assert_status(ed_adb_devices_parse("x", line + 1, devices, 2, &n, &err), ED_OK, err);
    memset(line, 'm', sizeof line);
    memcpy(line, "a device model:", 15);
    line[sizeof line - 1] = '\0';
    assert_status(ed_adb_devices_parse("x", line, devices, 2, &n, &err), ED_OK, err);
    assert_string_equal(devices[0].model, "");
}

static void test_places_of_the_server(void **state) {
    static const struct {
        const char *socket, *address, *port;
        enum ed_status status;
        const char *name;
    } rows[] = {
        {"", "", "", ED_OK, "adb server 127.0.0.1:5037"},
        {"", "", "6000", ED_OK, "adb server 127.0.0.1:6000"},
        {"", "build-host", "6000", ED_OK, "adb server build-host:6000"},
        {"tcp:7", "build-host", "6000", ED_OK, "adb server 127.0.0.1:7"},
        {"tcp:host:7", "", "", ED_OK, "adb server host:7"},
        {"tcp:[::1]:7", "", "", ED_OK, "adb server ::1:7"},
        {"localfilesystem:/run/adb", "", "", ED_OK, "adb server /run/adb"},
        {"tcp:host:70000", "", "", ED_ERR_USAGE, NULL},
        {"tcp:", "", "", ED_ERR_USAGE, NULL},
        {"tcp::5037", "", "", ED_ERR_USAGE, NULL},
        {"vsock:1:2", "", "", ED_ERR_USAGE, NULL},
        {"", "", "5037x", ED_ERR_USAGE, NULL},
        {"", "", "-1", ED_ERR_USAGE, NULL},
        {"", "", "0", ED_ERR_USAGE, NULL},
    };
    struct ed_adb_server found;
    struct ed_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("ADB_SERVER_SOCKET", rows[i].socket, 1);
        setenv("ANDROID_ADB_SERVER_ADDRESS", rows[i].address, 1);
        setenv("ANDROID_ADB_SERVER_PORT", rows[i].port, 1);
        assert_status(ed_adb_server_find(&found, "", NULL, &err), rows[i].status, err);
        if (rows[i].name)
            assert_string_equal(found.name, rows[i].name);
    }
    unsetenv("ANDROID_ADB_SERVER_ADDRESS");
    unsetenv("ANDROID_ADB_SERVER_PORT");
    assert_status(ed_adb_server_find(&found, "http://host", NULL, &err), ED_ERR_USAGE, err);
    assert_status(ed_adb_server_find(&found, "adb:x", NULL, &err), ED_ERR_USAGE, err);
    assert_status(ed_adb_server_find(&found, "ssh://me@lab:2200", NULL, &err), ED_OK, err);
    assert_string_equal(found.via.host, "lab");
    assert_string_equal(found.via.user, "me");
    assert_int_equal(found.via.port, 2200);
}

// Nobody listens, and adb is not to be found.
static void test_no_adb(void **state) {
    struct ed_adb_device devices[8];
    struct ed_error err = {0};
    char *path = strdup(getenv("PATH"));
    size_t n;
    (void)state;
    use_server("close", NULL);
    place_end(&server);
    setenv("PATH", place, 1);
    assert_status(list(PLENTY_NS, devices, &n, &err), ED_ERR_NO_PROGRAM, err);
    assert_says(err, "package");
    place_write("adb", "#!/bin/sh\necho 'could not start it' >&2\nexit 1\n", 46, 0700);
    assert_status(list(PLENTY_NS, devices, &n, &err), ED_ERR_UNREACHABLE, err);
    assert_says(err, "could not start it");
    place_write("adb", "#!/bin/sh\nexec /bin/sleep 60\n", 29, 0700);
    assert_status(list(SOON_NS, devices, &n, &err), ED_ERR_TIMEOUT, err);
    setenv("PATH", path, 1);
    free(path);
    // A server elsewhere is not started here.
    setenv("ADB_SERVER_SOCKET", "localfilesystem:/nonexistent/adb", 1);
    setenv("ADB_SERVER_SOCKET", "tcp:255.255.255.255:9", 1);
    assert_status(list(PLENTY_NS, devices, &n, &err), ED_ERR_UNREACHABLE, err);
    assert_says(err, "ADB_SERVER_SOCKET");
}

static void test_shell_faults(void **state) {
    static const struct {
        const char *serial;
        enum ed_status status;
        const char *says;
    } rows[] = {{"shell-endless", ED_ERR_LIMIT, "limit of 16777216"},
                {"shell-kind", ED_ERR_PARSE, "packet 9"},
                {"shell-exit", ED_ERR_PARSE, "5 bytes"},
                {"shell-cut", ED_ERR_LINK_LOST, "broke"},
                {"shell-noexit", ED_ERR_LINK_LOST, "broke"},
                {"shell-stall", ED_ERR_TIMEOUT, "in time"},
                {"shell-refused", ED_ERR_LINK_LOST, "closed"},
                {"gone", ED_ERR_UNREACHABLE, "not found"},
                {"noreason", ED_ERR_UNREACHABLE, "without a reason"}};
    const char *const argv[] = {"/bin/true", NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    void *connection;
    (void)state;
    use_server("devices", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        connection = place_connect(rows[i].serial, "", &err);
        assert_non_null(connection);
        assert_status(place_spawn(connection, argv, NULL, 0,
                                  rows[i].status == ED_ERR_TIMEOUT ? SOON_NS : PLENTY_NS, &result, &err),
                      rows[i].status, err);
        assert_says(err, rows[i].says);
        assert_null(result.out);
        assert_null(result.err_out);
        place_disconnect(connection);
    }
    connection = place_connect("shell-drip", "", &err);
    assert_non_null(connection);
    assert_status(place_spawn(connection, argv, "ignored", 7, PLENTY_NS, &result, &err), ED_OK, err);
    assert_string_equal(result.out, "slow but sure");
    assert_string_equal(result.err_out, "error");
    assert_int_equal(result.exit_code, 7);
    ed_spawn_result_release(&result);
    place_disconnect(connection);
    assert_null(place_connect("old", "", &err));
    assert_status(err.code, ED_ERR_UNSUPPORTED, err);
    assert_says(err, "Android 7");
}

static void test_pull_faults(void **state) {
    static const struct {
        const char *serial;
        enum ed_status status;
        const char *says;
        int64_t got;
    } rows[] = {{"good", ED_OK, "", 5},
                {"sync-word", ED_ERR_PARSE, "'WHAT'", 0},
                {"sync-piece", ED_ERR_PARSE, "2147483647", 0},
                {"sync-fail", ED_ERR_PARSE, "4294967280", 0},
                {"sync-cut", ED_ERR_LINK_LOST, "closed", 3},
                {"sync-refused", ED_ERR_OFFLINE, "offline", 0}};
    struct ed_error err = {0};
    int fd = open(place_path("copy"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int64_t got;
    (void)state;
    use_server("devices", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *connection = place_connect(rows[i].serial, "", &err);
        assert_non_null(connection);
        assert_status(
            ed_transport_adb.pull(connection, "/d/x", 0, 1000, fd, &got, place_now_ns() + PLENTY_NS, &err),
            rows[i].status, err);
        if (rows[i].status)
            assert_says(err, rows[i].says);
        assert_null(strpbrk(err.message, "\x1b\n"));
        assert_int_equal(got, rows[i].got);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), rows[i].got);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        place_disconnect(connection);
    }
    close(fd);
}

static void take_progress(void *context, int64_t sent_bytes) {
    *(int64_t *)context = sent_bytes;
}

static void test_push_faults(void **state) {
    static const struct {
        const char *serial;
        enum ed_status status;
        const char *says;
    } rows[] = {{"sync-space", ED_ERR_NO_SPACE, "No space left"},
                {"sync-early", ED_ERR_PARSE, "answer"},
                {"sync-short", ED_ERR_IO, "of 20000000"},
                {"sync-deaf", ED_ERR_TIMEOUT, "took nothing"},
                {"sync-slow", ED_ERR_TIMEOUT, "in time"},
                {"sync-stat", ED_ERR_PARSE, "'NOPE'"},
                {"good", ED_OK, ""}};
    struct ed_error err = {0};
    char *bytes = calloc(1, 20000000);
    int64_t sent_bytes = 0;
    (void)state;
    assert_non_null(bytes);
    place_write("file", bytes, 20000000, 0600);
    free(bytes);
    use_server("devices", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        // The slow one always moves, and runs out of the whole time; the deaf one stalls long before that.
        bool is_slow = strcmp(rows[i].serial, "sync-slow") == 0;
        struct ed_push_args args = {.local_path = place_path("file"),
                                    .remote_path = "/d/x",
                                    .mode = 0644,
                                    .progress = take_progress,
                                    .progress_context = &sent_bytes,
                                    .stall_ns = is_slow ? PLENTY_NS : SECOND_NS,
                                    .deadline_ns = place_now_ns() + (is_slow ? SECOND_NS : PLENTY_NS)};
        int64_t begin_ns = place_now_ns();
        void *connection = place_connect(rows[i].serial, "", &err);
        assert_non_null(connection);
        sent_bytes = 0;
        assert_status(ed_transport_adb.push(connection, &args, &err), rows[i].status, err);
        if (rows[i].status)
            assert_says(err, rows[i].says);
        assert_true(place_now_ns() - begin_ns < PLENTY_NS / 2);
        // What a device refused is not sent to its end: it says so after 200 kB.
        if (rows[i].status == ED_ERR_NO_SPACE)
            assert_true(sent_bytes < 20000000);
        place_disconnect(connection);
    }
    assert_int_equal(sent_bytes, 20000000);
}

static void test_quote(void **state) {
    struct ed_buffer line;
    (void)state;
    ed_buffer_init(&line, 100);
    ed_adb_quote(&line, "it's $HOME `x` \"\\\n");
    assert_string_equal(ed_buffer_text(&line), "'it'\\''s $HOME `x` \"\\\n'");
    ed_buffer_clear(&line);
    ed_adb_quote(&line, "");
    assert_string_equal(ed_buffer_text(&line), "''");
    ed_buffer_release(&line);
}

static int set_up(void **state) {
    (void)state;
    place_make();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    place_end(&server);
    place_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_parser),
        cmocka_unit_test(test_places_of_the_server),
        cmocka_unit_test(test_server_faults),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_restarted),
        cmocka_unit_test(test_no_adb),
        cmocka_unit_test(test_shell_faults),
        cmocka_unit_test(test_pull_faults),
        cmocka_unit_test(test_push_faults),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
