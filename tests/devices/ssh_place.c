// SPDX-License-Identifier: Apache-2.0
// The SSH tests' scratch folder, keys, servers, and ways to connect.
#include "tests/devices/ssh_place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"

#define SSHD "/usr/sbin/sshd"
#define DROPBEAR "/usr/sbin/dropbear"

char ssh_place[64], ssh_said[4096];
bool ssh_mounts;

// libssh2 1.10 leaves a few bytes of OpenSSL's behind for every ECDSA key file that it reads.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libcrypto.so\n";
}

char *ssh_path(const char *name) {
    static char paths[16][256];
    static unsigned turn;
    char *path = paths[turn++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", ssh_place, name);
    return path;
}

void ssh_write(const char *name, unsigned mode, const char *text) {
    int fd = open(ssh_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

bool ssh_exists(const char *name) {
    return access(ssh_path(name), F_OK) == 0;
}

void ssh_remove(const char *name) {
    unlink(ssh_path(name));
}

void ssh_random_file(const char *name, size_t bytes) {
    static char piece[1 << 20];
    int fd = open(ssh_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    uint64_t seed = 88172645463325252ull;
    assert_true(fd >= 0);
    while (bytes > 0) {
        size_t n = bytes < sizeof piece ? bytes : sizeof piece;
        for (size_t i = 0; i + 8 <= sizeof piece; i += 8) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            memcpy(piece + i, &seed, 8);
        }
        assert_int_equal(write(fd, piece, n), n);
        bytes -= n;
    }
    close(fd);
}

bool ssh_same_file(const char *one, const char *other) {
    return ssh_run_here((const char *const[]){"cmp", one, other, NULL}) == 0;
}

int ssh_run_here(const char *const *argv) {
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = 1 << 20, .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    int code;
    if (ed_process_run(&args, &result, &err))
        return 127;
    snprintf(ssh_said, sizeof ssh_said, "%s%s", result.out, result.err_out);
    code = result.exit_code;
    ed_spawn_result_release(&result);
    return code;
}

static void make_key(const char *name, const char *type, const char *passphrase) {
    const char *const argv[] = {"ssh-keygen", "-q", "-t", type,           "-N", passphrase,
                                "-C",         name, "-f", ssh_path(name), NULL};
    if (ssh_run_here(argv) != 0)
        fail_msg("ssh-keygen: %s", ssh_said);
}

// Seen by this process and what it starts alone.
static bool own_mounts(void) {
    struct passwd *user = getpwuid(getuid());
    char folder[512], keys[512], shell[512];
    if (!user || unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", ssh_path("small"), "tmpfs", 0, "size=8m,mode=0755") != 0 ||
        mount("none", user->pw_dir, "tmpfs", 0, "size=64m,mode=0700") != 0)
        return false;
    // dropbear lets in whose shell is in this list.
    snprintf(shell, sizeof shell, "%s\n", user->pw_shell);
    ssh_write("shells", 0644, shell);
    if (access("/etc/shells", F_OK) == 0 &&
        mount(ssh_path("shells"), "/etc/shells", NULL, MS_BIND, NULL) != 0)
        return false;
    snprintf(folder, sizeof folder, "%s/.ssh", user->pw_dir);
    snprintf(keys, sizeof keys, "%s/authorized_keys", folder);
    return mkdir(folder, 0700) == 0 && symlink(ssh_path("authorized_keys"), keys) == 0;
}

static bool may_mount(void) {
    int ended = 1;
    pid_t pid = geteuid() == 0 ? fork() : -1;
    if (pid == 0)
        _exit(own_mounts() ? 0 : 1);
    return pid > 0 && waitpid(pid, &ended, 0) == pid && ended == 0;
}

bool ssh_place_make(void) {
    static const char *const rows[][3] = {{"user_ed25519", "ed25519", ""},
                                          {"user_ecdsa", "ecdsa", ""},
                                          {"user_rsa", "rsa", ""},
                                          {"user_other", "ed25519", ""},
                                          {"host_ed25519", "ed25519", ""},
                                          {"host_ecdsa", "ecdsa", ""},
                                          {"host_rsa", "rsa", ""},
                                          {"host_other", "ed25519", ""},
                                          {"user_locked", "ed25519", "open sesame"}};
    struct ed_error err = {0};
    char name[64];
    if (access(SSHD, X_OK) != 0)
        return false;
    snprintf(ssh_place, sizeof ssh_place, "/tmp/edgedyno-ssh-XXXXXX");
    if (!mkdtemp(ssh_place) || chmod(ssh_place, 0755) != 0)
        return false;
    // Servers look whether others may reach into what they read; the folder's own mode does not matter to
    // them.
    mkdir(ssh_path("small"), 0755);
    mkdir(ssh_path("home"), 0700);
    mkdir(ssh_path("home/.ssh"), 0700);
    setenv("HOME", ssh_path("home"), 1);
    unsetenv("SSH_AUTH_SOCK");
    unsetenv("DISPLAY");
    if (geteuid() == 0)
        mkdir("/run/sshd", 0755);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        make_key(rows[i][0], rows[i][1], rows[i][2]);
    ssh_run_here(
        (const char *const[]){"cp", ssh_path("user_ed25519"), ssh_path("home/.ssh/id_ed25519"), NULL});
    ssh_write("authorized_keys", 0600, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char script[512];
        if (strncmp(rows[i][0], "user_", 5) != 0 || strcmp(rows[i][0], "user_other") == 0)
            continue;
        snprintf(name, sizeof name, "%s.pub", rows[i][0]);
        snprintf(script, sizeof script, "cat %s >> %s", ssh_path(name), ssh_path("authorized_keys"));
        ssh_run_here((const char *const[]){"sh", "-c", script, NULL});
    }
    ssh_mounts = may_mount();
    return ed_ssh_init(&err) == ED_OK;
}

void ssh_place_remove(void) {
    if (getenv("ED_TEST_KEEP"))
        return;
    if (strncmp(ssh_place, "/tmp/edgedyno-ssh-", 18) == 0)
        ed_path_remove(ssh_place, NULL);
}

static int free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    close(fd);
    return ntohs(address.sin_port);
}

// Whether an SSH server greets there.
static bool greets(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char word[4];
    bool fine = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                recv(fd, word, 4, MSG_WAITALL) == 4;
    close(fd);
    return fine;
}

static pid_t start(const char *const *argv, const char *log) {
    int parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    // A server whose test is killed goes with it.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    setsid();
    if (ssh_mounts && !own_mounts())
        _exit(126);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

static void await(struct ssh_server *server, const char *const *argv, const char *log) {
    int64_t until_ns = ed_clock_monotonic_ns() + PLENTY_NS;
    server->pid = start(argv, log);
    while (!greets(server->port)) {
        if (ed_clock_monotonic_ns() > until_ns || waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            ssh_run_here((const char *const[]){"tail", "-5", log, NULL});
            fail_msg("no server came up: %s", ssh_said);
        }
        usleep(5000);
    }
}

void ssh_server_start(struct ssh_server *server, const char *hosts, const char *extra) {
    static int number;
    char config[4096], names[256], *rest = names;
    size_t n;
    server->port = free_port();
    snprintf(server->dir, sizeof server->dir, "%s/sshd%d", ssh_place, number++);
    mkdir(server->dir, 0755);
    n = (size_t)snprintf(
        config, sizeof config,
        "Port %d\nListenAddress 127.0.0.1\nPidFile none\nAuthorizedKeysFile %s\nStrictModes no\n"
        "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\n"
        "MaxStartups 100:30:200\nLogLevel VERBOSE\nPermitRootLogin yes\n%s\n",
        server->port, ssh_path("authorized_keys"), extra);
    snprintf(names, sizeof names, "%s", hosts);
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        n += (size_t)snprintf(config + n, sizeof config - n, "HostKey %s\n", ssh_path(name));
    char path[192], log[192];
    snprintf(path, sizeof path, "%s/config", server->dir);
    snprintf(log, sizeof log, "%s/log", server->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, config, strlen(config)), strlen(config));
    close(fd);
    await(server, (const char *const[]){SSHD, "-D", "-e", "-f", path, NULL}, log);
}

bool ssh_dropbear_start(struct ssh_server *server) {
    char log[192], key[192], pid[192], port[32];
    // Where it looks for authorised keys cannot be said to this version but by the home folder.
    if (access(DROPBEAR, X_OK) != 0 || !ssh_mounts)
        return false;
    server->port = free_port();
    snprintf(server->dir, sizeof server->dir, "%s/dropbear", ssh_place);
    mkdir(server->dir, 0755);
    snprintf(log, sizeof log, "%s/log", server->dir);
    snprintf(key, sizeof key, "%s/key", server->dir);
    snprintf(port, sizeof port, "127.0.0.1:%d", server->port);
    // It removes this file when it ends: never one that is needed.
    snprintf(pid, sizeof pid, "%s/pid", server->dir);
    if (ssh_run_here((const char *const[]){"dropbearkey", "-t", "ed25519", "-f", key, NULL}) != 0)
        return false;
    await(server, (const char *const[]){DROPBEAR, "-F", "-E", "-r", key, "-p", port, "-P", pid, NULL}, log);
    return true;
}

void ssh_server_stop(struct ssh_server *server) {
    if (server->pid <= 0)
        return;
    kill(-server->pid, SIGCONT);
    kill(-server->pid, SIGTERM);
    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void ssh_know_port(int port, const char *host_key) {
    char script[1024], name[64];
    snprintf(name, sizeof name, "%s.pub", host_key);
    snprintf(script, sizeof script, "{ printf '[127.0.0.1]:%d '; cat %s; } >> %s", port, ssh_path(name),
             ssh_path("home/.ssh/known_hosts"));
    assert_int_equal(ssh_run_here((const char *const[]){"sh", "-c", script, NULL}), 0);
}

void ssh_know(const struct ssh_server *server, const char *host_key) {
    ssh_know_port(server->port, host_key);
}

void ssh_forget(void) {
    ssh_remove("home/.ssh/known_hosts");
    ssh_remove("home/.ssh/config");
}

struct ssh_login ssh_login_to(int port) {
    return (struct ssh_login){.address = {.id = "test",
                                          .host = "127.0.0.1",
                                          .port = port,
                                          .user = "",
                                          .serial = "",
                                          .via = "",
                                          .host_key = "",
                                          .work_dir = ""}};
}

void *ssh_try(const struct ssh_login *login, struct ed_error *err) {
    void *state = calloc(1, ed_transport_ssh.state_bytes);
    int64_t time_ns = login->time_ns ? login->time_ns : PLENTY_NS;
    memset(err, 0, sizeof *err);
    if (ed_transport_ssh.connect(state, &login->address, &login->context, ed_clock_monotonic_ns() + time_ns,
                                 err)) {
        free(state);
        return NULL;
    }
    return state;
}

void *ssh_connect(int port) {
    struct ssh_login login = ssh_login_to(port);
    struct ed_error err;
    void *state = ssh_try(&login, &err);
    if (!state)
        fail_msg("%s: %s: %s", ed_status_word(err.code), err.where, err.message);
    return state;
}

void ssh_disconnect(void *state) {
    int64_t begin_ns = ed_clock_monotonic_ns();
    ed_transport_ssh.disconnect(state);
    free(state);
    // It never blocks; the rest of the bound is for a machine that has other things to do.
    assert_true(ed_clock_monotonic_ns() - begin_ns < 5 * SECOND_NS);
}

enum ed_status ssh_spawn(void *state, const char *const *argv, const void *input, size_t bytes,
                         int64_t time_ns, struct ed_spawn_result *result, struct ed_error *err) {
    struct ed_spawn_args args = {.argv = argv,
                                 .input = input,
                                 .input_bytes = bytes,
                                 .out_limit_bytes = 32 << 20,
                                 .deadline_ns = ed_clock_monotonic_ns() + time_ns};
    memset(err, 0, sizeof *err);
    return ed_transport_ssh.spawn(state, &args, result, err);
}

enum ed_status ssh_shell(void *state, const char *script, struct ed_spawn_result *result,
                         struct ed_error *err) {
    return ssh_spawn(state, (const char *const[]){"/bin/sh", "-c", script, NULL}, NULL, 0, PLENTY_NS, result,
                     err);
}

enum ed_status ssh_push(void *state, const char *from, const char *to, int64_t offset, int64_t stall_ns,
                        struct ed_error *err) {
    struct ed_push_args args = {.local_path = from,
                                .remote_path = to,
                                .mode = 0640,
                                .offset = offset,
                                .stall_ns = stall_ns,
                                .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    memset(err, 0, sizeof *err);
    return ed_transport_ssh.push(state, &args, err);
}
