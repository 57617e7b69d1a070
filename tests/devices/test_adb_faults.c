// SPDX-License-Identifier: Apache-2.0
// devices/adb when the phone or its adb server is not as it should be: refused keys, silence, a link that
// hangs, a server that is down, a phone that starts anew.
#include "tests/devices/adb_phone.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/adb/server.h"
#include "devices/process.h"

static const char fake_adb[] = ED_SOURCE_DIR "/tests/devices/fake_adb.py";
#define FAKE_PORT 7003
#define FAKE "127.0.0.1:7003"
// Of an answer that must come "at once" or "when its time is over", on a busy machine.
#define SOON_NS (20 * SECOND_NS)

static char noted[400];

static void take_note(void *context, const char *line) {
    (void)context;
    snprintf(noted, sizeof noted, "%s", line);
}

static bool is_listed(const char *serial, const char *wanted) {
    struct ed_adb_device devices[8];
    struct ed_error err = {0};
    size_t n;
    assert_status(ed_adb_devices("", NULL, devices, 8, &n, place_now_ns() + PLENTY_NS, &err), ED_OK, err);
    for (size_t i = 0; i < n; i++)
        if (strcmp(devices[i].serial, serial) == 0)
            return strcmp(devices[i].state, wanted) == 0;
    return false;
}

static void must_connect(void **connection, const char *serial) {
    struct ed_error err = {0};
    *connection = place_connect(serial, "", &err);
    if (!*connection)
        fail_msg("%s: %s: %s", ed_status_word(err.code), err.where, err.message);
}

static void must_work(void *connection) {
    struct ed_spawn_result result;
    struct ed_error err = {0};
    assert_status(place_shell(connection, "echo works", &result, &err), ED_OK, err);
    assert_string_equal(result.out, "works\n");
    ed_spawn_result_release(&result);
}

// Down, started by us, and down again under a connected state.
static void test_server_starts(void **state) {
    struct ed_transport_context context = {.note = take_note};
    struct ed_adb_device devices[8];
    struct ed_error err = {0};
    void *connection;
    size_t n;
    (void)state;
    phone_server_end();
    assert_false(place_answers(15037, 0));
    assert_status(ed_adb_devices("", &context, devices, 8, &n, place_now_ns() + PLENTY_NS, &err), ED_OK, err);
    assert_int_equal(n, 0);
    assert_true(place_answers(15037, 0));
    assert_non_null(strstr(noted, "127.0.0.1:15037"));
    must_connect(&connection, PHONE);
    must_work(connection);
    place_disconnect(connection);
    phone_server_end();
    must_connect(&connection, PHONE);
    must_work(connection);
    place_disconnect(connection);
}

static void test_nobody_there(void **state) {
    struct ed_error err = {0};
    (void)state;
    assert_null(place_connect("127.0.0.1:7099", "", &err));
    assert_status(err.code, ED_ERR_UNREACHABLE, err);
    assert_says(err, "127.0.0.1:7099");
    assert_says(err, "refused");
    assert_null(place_connect("R58N", "", &err));
    assert_status(err.code, ED_ERR_UNREACHABLE, err);
    assert_says(err, "R58N");
}

static void test_several(void **state) {
    struct ed_error err = {0};
    void *connection, *other;
    (void)state;
    must_connect(&connection, PHONE);
    place_disconnect(connection);
    must_connect(&connection, "");
    must_work(connection);
    phone_start(&other_phone, OTHER_PORT);
    must_connect(&other, OTHER);
    assert_null(place_connect("", "", &err));
    assert_status(err.code, ED_ERR_USAGE, err);
    assert_says(err, PHONE);
    assert_says(err, OTHER);
    // A state remembers which it was.
    must_work(connection);
    must_work(other);
    place_disconnect(connection);
    place_disconnect(other);
    place_end(&other_phone);
}

static void fake_phone(pid_t *pid, const char *mode) {
    const char *const argv[] = {ED_TEST_PYTHON, "-B", fake_adb, "phone", "7003", mode, NULL};
    int port;
    *pid = place_start_port(argv, &port);
    assert_int_equal(port, FAKE_PORT);
}

static void test_states(void **state) {
    static const struct {
        const char *mode;
        enum ed_status status;
        const char *says;
        int rounds; // the first finds it not connected yet, the second listed with its state
    } rows[] = {{"auth", ED_ERR_KEY_REFUSED, "unlock", 2}, {"mute", ED_ERR_OFFLINE, "does not answer", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ed_error err = {0};
        pid_t fake;
        fake_phone(&fake, rows[i].mode);
        for (int round = 0; round < rows[i].rounds; round++) {
            assert_null(place_connect(FAKE, "", &err));
            assert_status(err.code, rows[i].status, err);
            assert_says(err, rows[i].says);
        }
        place_end(&fake);
    }
}

// The link hangs while the server still shows `device`: only our own deadlines end it.
static void test_phone_hangs(void **state) {
    const char *const argv[] = {"/bin/true", NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    char *bytes = calloc(1, 64 << 20);
    void *connection;
    int64_t begin_ns, got;
    (void)state;
    assert_non_null(bytes);
    place_write("from", bytes, 64 << 20, 0600);
    free(bytes);
    must_connect(&connection, PHONE);
    assert_int_equal(kill(-phone, SIGSTOP), 0);
    begin_ns = place_now_ns();
    assert_status(place_spawn(connection, argv, NULL, 0, SECOND_NS, &result, &err), ED_ERR_TIMEOUT, err);
    assert_status(place_push(connection, place_path("from"), place_path("device/x"), 0600, SECOND_NS, &err),
                  ED_ERR_TIMEOUT, err);
    assert_status(ed_transport_adb.pull(connection, place_path("from"), 0, 5, 1, &got,
                                        place_now_ns() + SECOND_NS, &err),
                  ED_ERR_TIMEOUT, err);
    assert_status(ed_transport_adb.kill(connection, 4194303, 0, place_now_ns() + SECOND_NS, &err),
                  ED_ERR_TIMEOUT, err);
    assert_true(place_now_ns() - begin_ns < SOON_NS);
    assert_true(is_listed(PHONE, "device"));
    begin_ns = place_now_ns();
    place_disconnect(connection);
    assert_true(place_now_ns() - begin_ns < SECOND_NS);
    assert_int_equal(kill(-phone, SIGCONT), 0);
    must_connect(&connection, PHONE);
    must_work(connection);
    place_disconnect(connection);
}

struct moment {
    int64_t at_bytes;
    bool done;
};

static void stop_phone(void *context, int64_t sent_bytes) {
    struct moment *moment = context;
    if (!moment->done && sent_bytes >= moment->at_bytes)
        moment->done = kill(-phone, SIGSTOP) == 0;
}

static void end_phone(void *context, int64_t sent_bytes) {
    struct moment *moment = context;
    if (!moment->done && sent_bytes >= moment->at_bytes) {
        place_end(&phone);
        moment->done = true;
    }
}

static void push_with(void *connection, void (*progress)(void *context, int64_t sent_bytes),
                      enum ed_status wanted) {
    struct moment moment = {.at_bytes = 8 << 20};
    struct ed_error err = {0};
    struct ed_push_args args = {.local_path = place_path("from"),
                                .remote_path = place_path("device/x"),
                                .mode = 0600,
                                .stall_ns = SECOND_NS,
                                .deadline_ns = place_now_ns() + PLENTY_NS,
                                .progress = progress,
                                .progress_context = &moment};
    int64_t begin_ns = place_now_ns();
    assert_status(ed_transport_adb.push(connection, &args, &err), wanted, err);
    assert_true(moment.done);
    assert_true(place_now_ns() - begin_ns < SOON_NS);
}

static void *end_phone_later(void *context) {
    (void)context;
    for (int i = 0; i < 3000 && !ed_path_exists(place_path("started")); i++)
        usleep(10000);
    kill(-phone, SIGKILL);
    return NULL;
}

// In the middle of a push and of a command; then it is another adbd on the same port, as after a restart.
static void test_phone_goes(void **state) {
    struct ed_spawn_result result;
    struct ed_error err = {0};
    void *connection;
    pthread_t thread;
    char script[600];
    (void)state;
    must_connect(&connection, PHONE);
    push_with(connection, stop_phone, ED_ERR_TIMEOUT);
    assert_int_equal(kill(-phone, SIGCONT), 0);
    place_disconnect(connection);
    must_connect(&connection, PHONE);
    push_with(connection, end_phone, ED_ERR_LINK_LOST);
    place_disconnect(connection);
    phone_start(&phone, PHONE_PORT);
    must_connect(&connection, PHONE);
    must_work(connection);
    snprintf(script, sizeof script, "echo said; : >'%s'; exec sleep 600", place_path("started"));
    assert_int_equal(pthread_create(&thread, NULL, end_phone_later, NULL), 0);
    assert_status(place_shell(connection, script, &result, &err), ED_ERR_LINK_LOST, err);
    pthread_join(thread, NULL);
    place_end(&phone);
    // What is gone is refused in one of the words for that, at once.
    assert_int_not_equal(place_shell(connection, "true", &result, &err), ED_OK);
    if (err.code != ED_ERR_UNREACHABLE && err.code != ED_ERR_OFFLINE && err.code != ED_ERR_LINK_LOST)
        fail_msg("%s: %s", ed_status_word(err.code), err.message);
    place_disconnect(connection);
    phone_start(&phone, PHONE_PORT);
    must_connect(&connection, PHONE);
    must_work(connection);
    place_disconnect(connection);
}

static int set_up(void **state) {
    return phone_group_make(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_starts), cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_several),       cmocka_unit_test(test_states),
        cmocka_unit_test(test_phone_hangs),   cmocka_unit_test(test_phone_goes),
    };
    return cmocka_run_group_tests(tests, set_up, phone_group_remove);
}
