// SPDX-License-Identifier: Apache-2.0
// devices/adb through a lab host: an OpenSSH server in the test's own network, whose adb server (the usual
// port, on the host's side) the phone belongs to. Nothing listens on the port that this machine's environment
// names.
#include "tests/devices/adb_phone.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/adb/server.h"
#include "devices/process.h"

#define SSH_PORT 7022
#define THERE_PORT 5037

static pid_t host;
static char via[200];
static char noted[400];

static void take_note(void *context, const char *line) {
    (void)context;
    snprintf(noted, sizeof noted, "%s", line);
}

static void run(const char *const *argv) {
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = 65536, .deadline_ns = place_now_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    assert_status(ed_process_run(&args, &result, &err), ED_OK, err);
    if (result.exit_code != 0)
        fail_msg("%s failed: %s", argv[0], result.err_out);
    ed_spawn_result_release(&result);
}

static void start_host(void) {
    const char *const argv[] = {"/usr/sbin/sshd", "-D", "-e", "-f", place_path("sshd_config"), NULL};
    host = place_start(argv, NULL, "log");
    if (!place_answers(SSH_PORT, PLENTY_NS))
        fail_msg("sshd does not answer");
}

static int make_host(void) {
    const char *const host_key[] = {"ssh-keygen",           "-q", "-t", "ed25519", "-N", "", "-f",
                                    place_path("host_key"), NULL};
    const char *const user_key[] = {
        "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place_path(".ssh/id_ed25519"), NULL};
    struct passwd *me = getpwuid(geteuid());
    char text[2000];
    int n;
    if (access("/usr/sbin/sshd", X_OK) != 0 || !me || access(me->pw_shell, X_OK) != 0 ||
        strstr(me->pw_shell, "nologin")) {
        fprintf(stderr, "skipped: no sshd, or this user has no shell\n");
        phone_group_remove(NULL);
        exit(77);
    }
    // sshd as root wants this folder; the mounts are this process's own.
    if (geteuid() == 0) {
        assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
        assert_int_equal(mkdir("/run/sshd", 0755), 0);
    }
    assert_int_equal(mkdir(place_path(".ssh"), 0700), 0);
    run(host_key);
    run(user_key);
    n = snprintf(
        text, sizeof text,
        "Port %d\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nStrictModes no\n"
        "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        "SetEnv HOME=%s TMPDIR=%s ADB_VENDOR_KEYS=%s PATH=/usr/bin:/bin\n",
        SSH_PORT, place_path("host_key"), place_path(".ssh/id_ed25519.pub"), place, place, place);
    assert_true(n > 0 && (size_t)n < sizeof text);
    place_write("sshd_config", text, (size_t)n, 0600);
    snprintf(via, sizeof via, "ssh://%.100s@127.0.0.1:%d", me->pw_name, SSH_PORT);
    start_host();
    return 0;
}

static void test_everything_through_the_host(void **state) {
    static const char work[] = "echo through; cat >&2; exit 5";
    const char *const argv[] = {"/bin/sh", "-c", work, NULL};
    struct ed_transport_context context = {.accept_new = true, .note = take_note};
    size_t n, size = 5u << 20;
    struct ed_adb_device devices[4];
    struct ed_spawn_result result;
    struct ed_error err = {0};
    struct stat info;
    char *bytes = malloc(size), *back = malloc(size);
    void *connection;
    int64_t got;
    int fd;
    (void)state;
    assert_non_null(bytes);
    assert_non_null(back);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    assert_false(place_answers(THERE_PORT, 0));
    assert_status(ed_adb_devices(via, &context, devices, 4, &n, place_now_ns() + PLENTY_NS, &err), ED_OK,
                  err);
    assert_int_equal(n, 0);
    assert_true(place_answers(THERE_PORT, 0));
    assert_non_null(strstr(noted, "has been started"));
    connection = place_connect(PHONE, via, &err);
    if (!connection)
        fail_msg("%s: %s: %s", ed_status_word(err.code), err.where, err.message);
    assert_status(place_spawn(connection, argv, "input", 5, PLENTY_NS, &result, &err), ED_OK, err);
    assert_string_equal(result.out, "through\n");
    assert_string_equal(result.err_out, "input");
    assert_int_equal(result.exit_code, 5);
    ed_spawn_result_release(&result);
    place_write("from", bytes, size, 0600);
    assert_status(place_push(connection, place_path("from"), place_path("device/x"), 0700, PLENTY_NS, &err),
                  ED_OK, err);
    assert_int_equal(stat(place_path("device/x"), &info), 0);
    assert_int_equal(info.st_size, size);
    assert_int_equal(info.st_mode & 07777, 0700);
    fd = open(place_path("back"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_status(ed_transport_adb.pull(connection, place_path("device/x"), 1000, INT64_MAX - 1000, fd, &got,
                                        place_now_ns() + PLENTY_NS, &err),
                  ED_OK, err);
    assert_int_equal(got, size - 1000);
    assert_int_equal(pread(fd, back, size, 0), size - 1000);
    assert_memory_equal(back, bytes + 1000, size - 1000);
    close(fd);
    free(bytes);
    free(back);
    // Nothing of this came by this machine's own server.
    assert_false(place_answers(15037, 0));
    place_disconnect(connection);
}

static void test_host_is_not_there(void **state) {
    struct ed_error err = {0};
    (void)state;
    place_end(&host);
    assert_null(place_connect(PHONE, via, &err));
    assert_status(err.code, ED_ERR_UNREACHABLE, err);
    start_host();
    assert_null(place_connect("nobody", via, &err));
    assert_status(err.code, ED_ERR_UNREACHABLE, err);
    assert_says(err, PHONE);
}

static int set_up(void **state) {
    return phone_group_make(state) == 0 ? make_host() : -1;
}

static int tear_down(void **state) {
    setenv("ANDROID_ADB_SERVER_PORT", "5037", 1);
    phone_server_end();
    place_end(&host);
    return phone_group_remove(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_through_the_host),
        cmocka_unit_test(test_host_is_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
