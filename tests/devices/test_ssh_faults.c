// SPDX-License-Identifier: Apache-2.0
// The SSH transport when things fail: nobody there, silence, a broken link, a stopped server, a full disk;
// and the stripes that a large file goes in over a long link, whole and broken off.
#include "tests/devices/ssh_place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/ssh/chain.h"
#include "devices/ssh/transfer.h"

static struct ssh_server sshd, dropbear;
static bool with_dropbear;
static struct ed_error err;

#define SHORT_NS (SECOND_NS / 2)

static void test_nobody_there(void **unused) {
    struct ssh_login login = ssh_login_to(1);
    (void)unused;
    assert_refused(&login, ED_ERR_UNREACHABLE, "refuses connections");
    login.address.host = "no-such-host.invalid";
    login.time_ns = 20 * SECOND_NS;
    assert_null(ssh_try(&login, &err));
    assert_true(err.code == ED_ERR_UNREACHABLE || err.code == ED_ERR_TIMEOUT);
    login.address.host = "";
    assert_refused(&login, ED_ERR_USAGE, "empty");
    login.address.host = "127.0.0.1";
    login.time_ns = -1;
    assert_refused(&login, ED_ERR_TIMEOUT, "no time");
}

// One that greets in another language, and one that hangs up at once.
static void test_no_ssh_server(void **unused) {
    static const char *const greetings[] = {"220 mail ready\r\n", ""};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unused;
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &n), 0);
    for (int i = 0; i < 2; i++) {
        struct ssh_login login = ssh_login_to(ntohs(address.sin_port));
        pid_t pid = fork();
        if (pid == 0) {
            char piece[256];
            int fd = accept(listener, NULL, NULL);
            if (write(fd, greetings[i], strlen(greetings[i])) < 0)
                _exit(1);
            shutdown(fd, SHUT_WR);
            while (read(fd, piece, sizeof piece) > 0)
                continue;
            _exit(0);
        }
        assert_refused(&login, i == 0 ? ED_ERR_UNREACHABLE : ED_ERR_LINK_LOST,
                       i == 0 ? "no SSH server" : "closed the connection");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    close(listener);
}

// Silence before, in the middle of and after the handshake, in a command, in a push: always the deadline.
static void test_silence(void **unused) {
    struct ssh_forwarder forwarder;
    struct ed_spawn_result result;
    struct ssh_login login;
    void *state;
    (void)unused;
    ssh_forwarder_start(&forwarder, sshd.port);
    ssh_know_port(forwarder.port, "host_ed25519");
    login = ssh_login_to(forwarder.port);
    login.time_ns = SHORT_NS;
    forwarder.mode = SSH_SILENT;
    assert_refused(&login, ED_ERR_TIMEOUT, "exchange keys");
    static const long cuts[] = {10, 1000, 1800, 2300, 2600};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        forwarder.mode = SSH_FORWARD;
        forwarder.up_bytes = 0;
        forwarder.freeze_after_bytes = cuts[i];
        login.time_ns = 2 * SECOND_NS;
        state = ssh_try(&login, &err);
        if (state) {
            // Far enough to be connected.
            forwarder.mode = SSH_SILENT;
            ssh_disconnect(state);
        } else
            assert_int_equal(err.code, ED_ERR_TIMEOUT);
    }
    forwarder.freeze_after_bytes = 0;
    forwarder.mode = SSH_FORWARD;
    login.time_ns = 0;
    state = ssh_try(&login, &err);
    assert_non_null(state);
    assert_status(ssh_shell(state, "true", &result, &err), ED_OK, err);
    ed_spawn_result_release(&result);
    forwarder.mode = SSH_SILENT;
    assert_status(
        ssh_spawn(state, (const char *const[]){"/bin/true", NULL}, NULL, 0, SHORT_NS, &result, &err),
        ED_ERR_TIMEOUT, err);
    assert_status(ssh_push(state, ssh_path("big"), ssh_path("far"), 0, SHORT_NS, &err), ED_ERR_TIMEOUT, err);
    ssh_disconnect(state);
    // In the middle of a push.
    forwarder.mode = SSH_FORWARD;
    state = ssh_try(&login, &err);
    assert_non_null(state);
    forwarder.up_bytes = 0;
    forwarder.freeze_after_bytes = 3000000;
    assert_status(ssh_push(state, ssh_path("big"), ssh_path("far"), 0, SECOND_NS, &err), ED_ERR_TIMEOUT, err);
    assert_says(err, "no byte");
    ssh_disconnect(state);
    ssh_forwarder_stop(&forwarder);
}

static void test_broken(void **unused) {
    struct ssh_forwarder forwarder;
    struct ed_spawn_result result;
    struct ssh_login login;
    void *state;
    (void)unused;
    ssh_forwarder_start(&forwarder, sshd.port);
    ssh_know_port(forwarder.port, "host_ed25519");
    login = ssh_login_to(forwarder.port);
    forwarder.reset_after_bytes = 500;
    assert_null(ssh_try(&login, &err));
    assert_int_equal(err.code, ED_ERR_LINK_LOST);
    state = ssh_try(&login, &err);
    assert_non_null(state);
    forwarder.up_bytes = 0;
    forwarder.reset_after_bytes = 4000000;
    assert_status(ssh_push(state, ssh_path("big"), ssh_path("far"), 0, 0, &err), ED_ERR_LINK_LOST, err);
    // It stays lost.
    assert_status(ssh_shell(state, "true", &result, &err), ED_ERR_LINK_LOST, err);
    ssh_disconnect(state);
    state = ssh_try(&login, &err);
    assert_non_null(state);
    assert_status(ssh_shell(state, "kill -9 $PPID; sleep 600", &result, &err), ED_ERR_LINK_LOST, err);
    ssh_disconnect(state);
    ssh_forwarder_stop(&forwarder);
}

static void test_stopped_server(void **unused) {
    struct ed_spawn_result result;
    void *state;
    pid_t server;
    (void)unused;
    state = ssh_connect(sshd.port);
    assert_status(ssh_shell(state, "echo $PPID", &result, &err), ED_OK, err);
    server = (pid_t)atoi(result.out);
    ed_spawn_result_release(&result);
    assert_true(server > 1);
    assert_int_equal(kill(server, SIGSTOP), 0);
    assert_status(
        ssh_spawn(state, (const char *const[]){"/bin/true", NULL}, NULL, 0, SHORT_NS, &result, &err),
        ED_ERR_TIMEOUT, err);
    assert_status(ssh_push(state, ssh_path("big"), ssh_path("far"), 0, SHORT_NS, &err), ED_ERR_TIMEOUT, err);
    ssh_disconnect(state);
    kill(server, SIGKILL);
}

// A command that takes too long does not spoil the connection for the next.
static void test_slow_command(void **unused) {
    struct ed_spawn_result result;
    void *state = ssh_connect(sshd.port);
    (void)unused;
    for (int i = 0; i < 3; i++) {
        assert_status(ssh_spawn(state, (const char *const[]){"/bin/sleep", "4", NULL}, NULL, 0, SHORT_NS,
                                &result, &err),
                      ED_ERR_TIMEOUT, err);
        assert_status(ssh_shell(state, "echo on", &result, &err), ED_OK, err);
        assert_string_equal(result.out, "on\n");
        ed_spawn_result_release(&result);
    }
    ssh_disconnect(state);
}

static struct ed_ssh_link *open_link(int port) {
    struct ssh_login login = ssh_login_to(port);
    struct ed_ssh_link *link;
    assert_status(
        ed_ssh_chain_open(&link, &login.address, &login.context, ed_clock_monotonic_ns() + PLENTY_NS, &err),
        ED_OK, err);
    return link;
}

// As over a link whose round trip is that long.
static enum ed_status upload(struct ed_ssh_link *link, int64_t round_trip_ns, const char *to,
                             int64_t offset) {
    struct ed_push_args args = {.local_path = ssh_path("big"),
                                .remote_path = to,
                                .mode = 0640,
                                .offset = offset,
                                .stall_ns = 20 * SECOND_NS,
                                .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    link->round_trip_ns = round_trip_ns;
    memset(&err, 0, sizeof err);
    return ed_ssh_upload(link, &args, &err);
}

static void check_full_disk(int port) {
    struct ed_ssh_link *link = open_link(port);
    struct ed_spawn_args args = {.argv = (const char *const[]){"/bin/true", NULL},
                                 .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    static const int64_t round_trips[] = {1, SECOND_NS / 5};
    for (size_t i = 0; i < 2; i++)
        assert_status(upload(link, round_trips[i], ssh_path("small/big"), 0), ED_ERR_NO_SPACE, err);
    assert_says(err, "no room");
    assert_status(ed_ssh_run(link, &args, &result, &err), ED_OK, err);
    assert_int_equal(result.exit_code, 0);
    ed_spawn_result_release(&result);
    ed_ssh_link_free(link);
}

static void test_full_disk(void **unused) {
    (void)unused;
    if (!ssh_mounts)
        skip();
    check_full_disk(sshd.port);
    if (with_dropbear)
        check_full_disk(dropbear.port);
}

static void check_stripes(int port) {
    struct ed_ssh_link *link = open_link(port);
    char *to = strdup(ssh_path("striped it's"));
    struct stat info;
    assert_status(upload(link, SECOND_NS / 5, to, 0), ED_OK, err);
    assert_true(ssh_same_file(ssh_path("big"), to));
    assert_int_equal(stat(to, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    // Continued within a stripe, by stripes and by one lane.
    for (int i = 0; i < 2; i++) {
        assert_int_equal(truncate(to, 1234567), 0);
        assert_int_equal(chmod(to, 0600), 0);
        assert_status(upload(link, i ? 1 : SECOND_NS / 5, to, 1234567), ED_OK, err);
        assert_true(ssh_same_file(ssh_path("big"), to));
    }
    assert_int_equal(unlink(to), 0);
    free(to);
    ed_ssh_link_free(link);
}

static void test_stripes(void **unused) {
    (void)unused;
    check_stripes(sshd.port);
    if (with_dropbear)
        check_stripes(dropbear.port);
}

// Broken off at many points, and continued at the size that is there: nothing is lost, holes least of all.
static void test_stripes_broken(void **unused) {
    struct ssh_forwarder forwarder;
    char *to = strdup(ssh_path("broken"));
    struct stat info;
    int64_t continued = 0;
    (void)unused;
    ssh_forwarder_start(&forwarder, sshd.port);
    ssh_know_port(forwarder.port, "host_ed25519");
    for (int i = 1; i <= 6; i++) {
        struct ed_ssh_link *link = open_link(forwarder.port);
        forwarder.up_bytes = 0;
        forwarder.reset_after_bytes = i * 3100000;
        assert_status(upload(link, SECOND_NS / 5, to, 0), ED_ERR_LINK_LOST, err);
        ed_ssh_link_free(link);
        // What the server had received is still being written.
        for (int64_t before = -1; stat(to, &info) == 0 && before != info.st_size; before = info.st_size)
            usleep(200000);
        if (stat(to, &info) != 0)
            continue;
        continued += info.st_size > 0;
        link = open_link(forwarder.port);
        assert_status(upload(link, i % 2 ? SECOND_NS / 5 : 1, to, info.st_size), ED_OK, err);
        assert_true(ssh_same_file(ssh_path("big"), to));
        ed_ssh_link_free(link);
    }
    assert_true(continued > 0);
    free(to);
    ssh_forwarder_stop(&forwarder);
}

// A server that opens but one channel at a time.
static void test_one_session(void **unused) {
    struct ssh_server strict = {0};
    struct ed_ssh_link *link;
    (void)unused;
    ssh_server_start(&strict, "host_ed25519", "MaxSessions 1");
    ssh_know(&strict, "host_ed25519");
    link = open_link(strict.port);
    assert_status(upload(link, SECOND_NS / 5, ssh_path("single"), 0), ED_OK, err);
    if (!ssh_same_file(ssh_path("big"), ssh_path("single")))
        fail_msg("%s", ssh_said);
    ed_ssh_link_free(link);
    ssh_server_stop(&strict);
}

// The other end of a tunnel goes away, and the tunnel is closed on a dead link.
static void test_tunnel_breaks(void **unused) {
    struct ssh_forwarder forwarder;
    struct ed_ssh_tunnel *tunnel;
    struct ssh_login login;
    char word[256];
    int64_t begin_ns;
    int fd;
    (void)unused;
    ssh_forwarder_start(&forwarder, sshd.port);
    ssh_know_port(forwarder.port, "host_ed25519");
    login = ssh_login_to(forwarder.port);
    for (int i = 0; i < 2; i++) {
        assert_status(ed_ssh_tunnel_open(&tunnel, &fd, &login.address, &login.context, "127.0.0.1", sshd.port,
                                         ed_clock_monotonic_ns() + PLENTY_NS, &err),
                      ED_OK, err);
        assert_int_equal(recv(fd, word, 4, MSG_WAITALL), 4);
        forwarder.mode = i ? SSH_SILENT : SSH_RESET;
        if (!i)
            while (recv(fd, word, sizeof word, 0) > 0)
                continue;
        begin_ns = ed_clock_monotonic_ns();
        ed_ssh_tunnel_close(tunnel);
        assert_true(ed_clock_monotonic_ns() - begin_ns < 5 * SECOND_NS);
        close(fd);
    }
    ssh_forwarder_stop(&forwarder);
}

static int set_up(void **unused) {
    struct ssh_login login;
    void *state;
    (void)unused;
    if (!ssh_place_make())
        return -1;
    ssh_random_file("big", 20000000 + 12345);
    ssh_server_start(&sshd, "host_ed25519", "");
    ssh_know(&sshd, "host_ed25519");
    with_dropbear = ssh_dropbear_start(&dropbear);
    if (with_dropbear) {
        login = ssh_login_to(dropbear.port);
        login.context.accept_new = true;
        state = ssh_try(&login, &err);
        assert_non_null(state);
        ssh_disconnect(state);
    }
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    ssh_server_stop(&sshd);
    ssh_server_stop(&dropbear);
    ssh_place_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_there),   cmocka_unit_test(test_no_ssh_server),
        cmocka_unit_test(test_silence),        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_stopped_server), cmocka_unit_test(test_slow_command),
        cmocka_unit_test(test_full_disk),      cmocka_unit_test(test_stripes),
        cmocka_unit_test(test_stripes_broken), cmocka_unit_test(test_one_session),
        cmocka_unit_test(test_tunnel_breaks),
    };
    if (access("/usr/sbin/sshd", X_OK) != 0) {
        fprintf(stderr, "skipped: OpenSSH's server is not installed\n");
        return 77;
    }
    if (getenv("CMOCKA_TEST_FILTER"))
        cmocka_set_test_filter(getenv("CMOCKA_TEST_FILTER")[0] ? getenv("CMOCKA_TEST_FILTER") : "*");
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
