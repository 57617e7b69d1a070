// SPDX-License-Identifier: Apache-2.0
// The SSH transport against real servers that work: commands, files, signals, tunnels. Each case runs against
// OpenSSH, and most of them against dropbear too.
#include "tests/devices/ssh_place.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "devices/ssh/channel.h"
#include "devices/ssh/quote.h"

static struct ssh_server sshd, dropbear;
static bool with_dropbear;

// Runs `check` with a connection to each server.
static void on_each(void (*check)(void *state)) {
    void *state = ssh_connect(sshd.port);
    check(state);
    ssh_disconnect(state);
    if (!with_dropbear)
        return;
    state = ssh_connect(dropbear.port);
    check(state);
    ssh_disconnect(state);
}

static void check_ends(void *state) {
    struct ed_spawn_result result;
    struct ed_error err;
    assert_status(ssh_shell(state, "echo out; echo err >&2; exit 7", &result, &err), ED_OK, err);
    assert_int_equal(result.exit_code, 7);
    assert_int_equal(result.signal, 0);
    assert_string_equal(result.out, "out\n");
    assert_int_equal(result.out_bytes, 4);
    assert_string_equal(result.err_out, "err\n");
    ed_spawn_result_release(&result);
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGUSR1};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        char script[32];
        snprintf(script, sizeof script, "kill -%d $$", signals[i]);
        assert_status(ssh_shell(state, script, &result, &err), ED_OK, err);
        assert_int_equal(result.exit_code, -1);
        assert_int_equal(result.signal, signals[i]);
        ed_spawn_result_release(&result);
    }
}

static void test_ends(void **unused) {
    (void)unused;
    on_each(check_ends);
}

static void check_much(void *state) {
    enum { BYTES = 10 << 20 };
    char *input = malloc(BYTES);
    struct ed_spawn_result result;
    struct ed_error err;
    for (size_t i = 0; i < BYTES; i++)
        input[i] = (char)(i * 2654435761u >> 13);
    assert_status(
        ssh_spawn(state, (const char *const[]){"/bin/cat", NULL}, input, BYTES, PLENTY_NS, &result, &err),
        ED_OK, err);
    assert_int_equal(result.exit_code, 0);
    assert_int_equal(result.out_bytes, BYTES);
    assert_memory_equal(result.out, input, BYTES);
    ed_spawn_result_release(&result);
    // A program that stops reading is no failure: its exit status tells.
    assert_status(ssh_spawn(state, (const char *const[]){"/bin/sh", "-c", "exit 3", NULL}, input, BYTES,
                            PLENTY_NS, &result, &err),
                  ED_OK, err);
    assert_int_equal(result.exit_code, 3);
    ed_spawn_result_release(&result);
    free(input);
}

static void test_much(void **unused) {
    (void)unused;
    on_each(check_much);
}

static void check_limits(void *state) {
    const char *const argv[] = {"/bin/sh", "-c", "head -c 2000000 /dev/zero; head -c 300000 /dev/zero >&2",
                                NULL};
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = 1000000, .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    assert_status(ed_transport_ssh.spawn(state, &args, &result, &err), ED_ERR_LIMIT, err);
    assert_null(result.out);
    // The connection goes on, and standard error is cut, not refused.
    args.out_limit_bytes = 2000000;
    assert_status(ed_transport_ssh.spawn(state, &args, &result, &err), ED_OK, err);
    assert_int_equal(result.out_bytes, 2000000);
    assert_int_equal(result.err_bytes, 64 << 10);
    ed_spawn_result_release(&result);
}

static void test_limits(void **unused) {
    (void)unused;
    on_each(check_limits);
}

static void check_missing(void *state) {
    struct ed_spawn_result result;
    struct ed_error err;
    char *plain = strdup(ssh_path("plain")), *loader = strdup(ssh_path("loader")),
         *honest = strdup(ssh_path("honest"));
    ssh_write("plain", 0644, "#!/bin/sh\nexit 0\n");
    ssh_write("loader", 0755, "#!/no/such/interpreter\n");
    ssh_write("honest", 0755, "#!/bin/sh\necho not found: something of mine >&2\nexit 127\n");
    assert_status(
        ssh_spawn(state, (const char *const[]){"/no/such/program", NULL}, NULL, 0, PLENTY_NS, &result, &err),
        ED_ERR_NO_PROGRAM, err);
    assert_says(err, "does not exist");
    assert_status(ssh_spawn(state, (const char *const[]){plain, NULL}, NULL, 0, PLENTY_NS, &result, &err),
                  ED_ERR_NO_PROGRAM, err);
    assert_says(err, "may not be executed");
    assert_status(ssh_spawn(state, (const char *const[]){"/tmp", NULL}, NULL, 0, PLENTY_NS, &result, &err),
                  ED_ERR_NO_PROGRAM, err);
    assert_says(err, "is a directory");
    assert_status(ssh_spawn(state, (const char *const[]){loader, NULL}, NULL, 0, PLENTY_NS, &result, &err),
                  ED_ERR_NO_PROGRAM, err);
    assert_says(err, "interpreter or loader");
    // A program that ends with these numbers itself is none of that.
    assert_status(ssh_spawn(state, (const char *const[]){honest, NULL}, NULL, 0, PLENTY_NS, &result, &err),
                  ED_OK, err);
    assert_int_equal(result.exit_code, 127);
    ed_spawn_result_release(&result);
    assert_status(ssh_shell(state, "/no/such/thing", &result, &err), ED_OK, err);
    assert_int_equal(result.exit_code, 127);
    ed_spawn_result_release(&result);
    assert_status(ssh_shell(state, "exit 126", &result, &err), ED_OK, err);
    assert_int_equal(result.exit_code, 126);
    ed_spawn_result_release(&result);
    free(plain);
    free(loader);
    free(honest);
}

static void test_missing(void **unused) {
    (void)unused;
    on_each(check_missing);
}

static const char *const nasty[] = {"plain",
                                    "",
                                    " two  spaces ",
                                    "it's",
                                    "back\\slash \\\\ \\' \\n",
                                    "$HOME ${x} $(id) `id`",
                                    "!history !! !$",
                                    "line\nbreak\n\n",
                                    "\ttab\rreturn",
                                    "\"double\" %s %d %%",
                                    "* ? [a-z] {a,b} ~ ~root",
                                    "; & | < > ( ) # = ^",
                                    "-n",
                                    "\x01\x7f\xff\xc3\xa9 bytes",
                                    "'",
                                    "\\",
                                    "''\\''",
                                    "end\\"};
#define N_NASTY (sizeof nasty / sizeof nasty[0])

static void assert_nasty(const char *out, size_t bytes) {
    const char *at = out;
    for (size_t i = 0; i < N_NASTY; i++) {
        assert_true((size_t)(at - out) + strlen(nasty[i]) + 1 <= bytes);
        assert_string_equal(at, nasty[i]);
        at += strlen(at) + 1;
    }
    assert_int_equal(at - out, bytes);
}

static void nasty_argv(const char *argv[N_NASTY + 4]) {
    size_t n = 0;
    argv[n++] = "/usr/bin/printf";
    argv[n++] = "%s\\0";
    for (size_t i = 0; i < N_NASTY; i++)
        argv[n++] = nasty[i];
    argv[n] = NULL;
}

static void check_quoting(void *state) {
    const char *argv[N_NASTY + 4];
    struct ed_spawn_result result;
    struct ed_error err;
    nasty_argv(argv);
    assert_status(ssh_spawn(state, argv, NULL, 0, PLENTY_NS, &result, &err), ED_OK, err);
    assert_nasty(result.out, result.out_bytes);
    ed_spawn_result_release(&result);
}

static void test_quoting(void **unused) {
    (void)unused;
    on_each(check_quoting);
}

// What a server does with the line: the login shell gets it after -c.
static void test_quoting_in_shells(void **unused) {
    static const char *const shells[] = {"/bin/sh",  "/bin/bash", "/bin/dash", "/bin/zsh", "/usr/bin/fish",
                                         "/bin/csh", "/bin/tcsh", "/bin/mksh", "/bin/ksh", "/bin/busybox"};
    int tried = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (access(shells[i], X_OK) != 0)
            continue;
        for (size_t k = 0; k < 6; k++) {
            // All, the first ones (which all shells agree on), and single ones, of which each counts.
            static const char *const single[] = {"$HOME `id` \"x\" %s ~ * {a,b} #", "!x !! !$", "a\\\\b",
                                                 "a\nb"};
            const char *argv[N_NASTY + 4];
            struct ed_spawn_args args = {.out_limit_bytes = 1 << 20,
                                         .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
            struct ed_spawn_result result;
            struct ed_buffer line;
            struct ed_error err = {0};
            bool busybox = strstr(shells[i], "busybox") != NULL;
            nasty_argv(argv);
            if (k == 1)
                argv[5] = NULL;
            if (k >= 2) {
                argv[2] = single[k - 2];
                argv[3] = NULL;
            }
            ed_buffer_init(&line, 30000);
            ed_ssh_quote(&line, argv);
            args.argv = busybox ? (const char *const[]){shells[i], "ash", "-c", ed_buffer_text(&line), NULL}
                                : (const char *const[]){shells[i], "-c", ed_buffer_text(&line), NULL};
            assert_status(ed_process_run(&args, &result, &err), ED_OK, err);
            if (result.exit_code != 0)
                fail_msg("%s: %s", shells[i], result.err_out);
            if (k == 0)
                assert_nasty(result.out, result.out_bytes);
            else if (k == 1)
                assert_memory_equal(result.out, "plain\0\0 two  spaces ", 20);
            else
                assert_string_equal(result.out, single[k - 2]);
            ed_spawn_result_release(&result);
            ed_buffer_release(&line);
        }
        tried++;
    }
    assert_true(tried > 1);
}

static int64_t told_bytes;

static void on_progress(void *context, int64_t sent_bytes) {
    (void)context;
    assert_true(sent_bytes >= told_bytes);
    told_bytes = sent_bytes;
}

static void check_push(void *state) {
    char *from = strdup(ssh_path("local")), *to = strdup(ssh_path("there it's")),
         *other = strdup(ssh_path("elsewhere"));
    struct ed_push_args args = {.local_path = from, .remote_path = to, .mode = 0750, .progress = on_progress};
    struct ed_error err = {0};
    struct stat info;
    static const size_t sizes[] = {0, 1, 5000, 3000000};
    for (size_t i = 0; i < 4; i++) {
        ssh_random_file("local", sizes[i]);
        args.deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS;
        told_bytes = 0;
        assert_status(ed_transport_ssh.push(state, &args, &err), ED_OK, err);
        assert_int_equal(told_bytes, sizes[i]);
        assert_true(ssh_same_file(from, to));
        assert_int_equal(stat(to, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0750);
    }
    // Continued: after what is there, and after less than what is there.
    assert_int_equal(truncate(to, 2000000), 0);
    assert_status(ssh_push(state, from, to, 2000000, 0, &err), ED_OK, err);
    assert_true(ssh_same_file(from, to));
    assert_status(ssh_push(state, from, to, 1234567, 0, &err), ED_OK, err);
    assert_true(ssh_same_file(from, to));
    assert_int_equal(truncate(to, 1000), 0);
    assert_status(ssh_push(state, from, to, 1234567, 0, &err), ED_ERR_IO, err);
    assert_says(err, "is shorter");
    // A link in its place is replaced, and what it leads to is left alone.
    ssh_write("elsewhere", 0600, "mine");
    assert_int_equal(unlink(to), 0);
    assert_int_equal(symlink(other, to), 0);
    assert_status(ssh_push(state, from, to, 0, 0, &err), ED_OK, err);
    assert_int_equal(stat(other, &info), 0);
    assert_int_equal(info.st_size, 4);
    assert_status(ssh_push(state, from, ssh_path("no/such/folder"), 0, 0, &err), ED_ERR_IO, err);
    assert_status(ssh_push(state, ssh_path("missing"), to, 0, 0, &err), ED_ERR_NOT_FOUND, err);
    assert_int_equal(unlink(to), 0);
    free(from);
    free(to);
    free(other);
}

static void test_push(void **unused) {
    (void)unused;
    on_each(check_push);
}

static void check_pull(void *state) {
    char *from = strdup(ssh_path("remote")), *to = strdup(ssh_path("pulled"));
    static const int64_t rows[][2] = {{0, 3000000},  {0, 10},        {1, 3},         {511, 2},
                                      {512, 600000}, {65535, 70000}, {2999999, 100}, {3000000, 5},
                                      {4000000, 5},  {777, 0}};
    static char all[3000000], part[3000000];
    struct ed_error err = {0};
    int64_t got;
    int fd;
    ssh_random_file("remote", sizeof all);
    fd = open(from, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, all, sizeof all), sizeof all);
    close(fd);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t left = (int64_t)sizeof all - rows[i][0], wanted = left < 0            ? 0
                                                                  : left < rows[i][1] ? left
                                                                                      : rows[i][1];
        fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_status(ed_transport_ssh.pull(state, from, rows[i][0], rows[i][1], fd, &got,
                                            ed_clock_monotonic_ns() + PLENTY_NS, &err),
                      ED_OK, err);
        assert_int_equal(got, wanted);
        assert_int_equal(pread(fd, part, sizeof part, 0), wanted);
        assert_memory_equal(part, all + rows[i][0], (size_t)wanted);
        close(fd);
    }
    fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_status(ed_transport_ssh.pull(state, ssh_path("missing"), 0, 5, fd, &got,
                                        ed_clock_monotonic_ns() + PLENTY_NS, &err),
                  ED_ERR_NOT_FOUND, err);
    assert_status(
        ed_transport_ssh.pull(state, "/tmp", 0, 5, fd, &got, ed_clock_monotonic_ns() + PLENTY_NS, &err),
        ED_ERR_IO, err);
    close(fd);
    free(from);
    free(to);
}

static void test_pull(void **unused) {
    (void)unused;
    on_each(check_pull);
}

static void check_kill(void *state) {
    struct ed_spawn_result result;
    struct ed_error err;
    int64_t deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS;
    long pid;
    assert_status(ssh_shell(state, "sleep 600 >/dev/null 2>&1 </dev/null & echo $!", &result, &err), ED_OK,
                  err);
    pid = atol(result.out);
    ed_spawn_result_release(&result);
    assert_true(pid > 1);
    assert_status(ed_transport_ssh.kill(state, pid, 0, deadline_ns, &err), ED_OK, err);
    assert_status(ed_transport_ssh.kill(state, pid, SIGKILL, deadline_ns, &err), ED_OK, err);
    while (kill((pid_t)pid, 0) == 0)
        usleep(1000);
    assert_status(ed_transport_ssh.kill(state, pid, SIGTERM, deadline_ns, &err), ED_ERR_NOT_FOUND, err);
    assert_status(ed_transport_ssh.kill(state, 1, SIGTERM, deadline_ns, &err), ED_ERR_INTERNAL, err);
    assert_status(ed_transport_ssh.kill(state, -1, SIGTERM, deadline_ns, &err), ED_ERR_INTERNAL, err);
}

static void test_kill(void **unused) {
    (void)unused;
    on_each(check_kill);
}

static void check_identify(void *state) {
    struct ed_identity identity;
    struct ed_error err = {0};
    assert_status(ed_transport_ssh.identify(state, &identity, ed_clock_monotonic_ns() + PLENTY_NS, &err),
                  ED_OK, err);
    assert_true(strncmp(identity.target, "linux-", 6) == 0);
    assert_true(strncmp(identity.kernel, "Linux ", 6) == 0);
    assert_int_equal(identity.work_dir[0], '/');
}

static void test_identify(void **unused) {
    (void)unused;
    // Elsewhere it would make a work directory in the user's own home folder.
    if (!ssh_mounts)
        skip();
    on_each(check_identify);
}

static void test_tunnel(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    struct ed_ssh_tunnel *tunnel;
    struct ed_error err = {0};
    char word[4] = "";
    int fd;
    (void)unused;
    assert_status(ed_ssh_tunnel_open(&tunnel, &fd, &login.address, &login.context, "127.0.0.1",
                                     dropbear.pid ? dropbear.port : sshd.port,
                                     ed_clock_monotonic_ns() + PLENTY_NS, &err),
                  ED_OK, err);
    assert_int_equal(recv(fd, word, 4, MSG_WAITALL), 4);
    assert_memory_equal(word, "SSH-", 4);
    ed_ssh_tunnel_close(tunnel);
    close(fd);
    ed_ssh_tunnel_close(NULL);
    assert_status(ed_ssh_tunnel_open(&tunnel, &fd, &login.address, &login.context, "127.0.0.1", 1,
                                     ed_clock_monotonic_ns() + PLENTY_NS, &err),
                  ED_ERR_UNREACHABLE, err);
}

static int set_up(void **unused) {
    (void)unused;
    if (!ssh_place_make())
        return -1;
    ssh_server_start(&sshd, "host_ed25519", "");
    ssh_know(&sshd, "host_ed25519");
    with_dropbear = ssh_dropbear_start(&dropbear);
    if (with_dropbear) {
        struct ssh_login login = ssh_login_to(dropbear.port);
        struct ed_error err;
        login.context.accept_new = true;
        void *state = ssh_try(&login, &err);
        if (!state) {
            ssh_run_here((const char *const[]){"cat", ssh_path("dropbear/log"), NULL});
            fail_msg("%s: %s; %s", err.where, err.message, ssh_said);
        }
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
        cmocka_unit_test(test_ends),    cmocka_unit_test(test_much),
        cmocka_unit_test(test_limits),  cmocka_unit_test(test_missing),
        cmocka_unit_test(test_quoting), cmocka_unit_test(test_quoting_in_shells),
        cmocka_unit_test(test_push),    cmocka_unit_test(test_pull),
        cmocka_unit_test(test_kill),    cmocka_unit_test(test_identify),
        cmocka_unit_test(test_tunnel),
    };
    if (access("/usr/sbin/sshd", X_OK) != 0) {
        fprintf(stderr, "skipped: OpenSSH's server is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
