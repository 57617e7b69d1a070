// SPDX-License-Identifier: Apache-2.0
// What the adb tests share.
#include "tests/devices/adb_place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "devices/process.h"

char place[64];
char place_why[200];

void place_make(void) {
    static const char *const names[] = {"ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_ADDRESS",
                                        "ANDROID_ADB_SERVER_PORT", "ANDROID_SERIAL", "ADB_TRACE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    snprintf(place, sizeof place, P_tmpdir "/edgedyno-adb-XXXXXX");
    assert_non_null(mkdtemp(place));
    setenv("HOME", place, 1);
    setenv("TMPDIR", place, 1);
    setenv("ADB_VENDOR_KEYS", place, 1);
    setenv("LC_ALL", "C", 1);
}

void place_remove(void) {
    if (place[0])
        ed_path_remove(place, NULL);
    place[0] = '\0';
}

static bool put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

bool place_isolate(void) {
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    char map[64];
    int fd;
    bool up;
    if (unshare(CLONE_NEWNET | CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) != 0) {
        snprintf(place_why, sizeof place_why, "this user gets no namespaces of its own: %m");
        return false;
    }
    if (uid) {
        snprintf(map, sizeof map, "%u %u 1", uid, uid);
        up = put("/proc/self/uid_map", map) && put("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "%u %u 1", gid, gid);
        if (!up || !put("/proc/self/gid_map", map)) {
            snprintf(place_why, sizeof place_why, "this user cannot be mapped into a namespace: %m");
            return false;
        }
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0 &&
         mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    snprintf(place_why, sizeof place_why, "a namespace's loopback or mounts: %m");
    if (fd >= 0)
        close(fd);
    return up;
}

char *place_path(const char *name) {
    static char paths[16][512];
    static size_t next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

void place_write(const char *name, const void *bytes, size_t n, unsigned mode) {
    int fd = open(place_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(ed_path_write_all(fd, bytes, n, name, NULL), ED_OK);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static pid_t start(const char *const *argv, const char *const *environment, int out, int log) {
    pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    dup2(out, 1);
    dup2(log, 2);
    if (chdir("/") == 0)
        execvpe(argv[0], (char *const *)argv, environment ? (char *const *)environment : environ);
    dprintf(2, "%s: %m\n", argv[0]);
    _exit(127);
}

pid_t place_start(const char *const *argv, const char *const *environment, const char *log) {
    int out = open(place_path(log), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t pid;
    assert_true(out >= 0);
    pid = start(argv, environment, out, out);
    close(out);
    return pid;
}

pid_t place_start_port(const char *const *argv, int *port) {
    char line[32] = "";
    int ends[2], log = open(place_path("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct pollfd end;
    pid_t pid;
    assert_true(log >= 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = start(argv, NULL, ends[1], log);
    close(log);
    close(ends[1]);
    end = (struct pollfd){ends[0], POLLIN, 0};
    for (size_t n = 0; n + 1 < sizeof line && !strchr(line, '\n'); n++) {
        assert_int_equal(poll(&end, 1, (int)(PLENTY_NS / 1000000)), 1);
        if (read(ends[0], line + n, 1) != 1)
            fail_msg("%s ended before it told its port", argv[0]);
    }
    close(ends[0]);
    *port = (int)strtol(line, NULL, 10);
    if (*port <= 0)
        fail_msg("%s said: %s", argv[0], line);
    return pid;
}

void place_end(pid_t *pid) {
    if (*pid > 0) {
        kill(-*pid, SIGKILL);
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

bool place_answers(int port, int64_t within_ns) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int64_t until_ns = place_now_ns() + within_ns;
    do {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool done = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (fd >= 0)
            close(fd);
        if (done)
            return true;
        ed_clock_sleep_until(place_now_ns() + 20000000, NULL);
    } while (place_now_ns() < until_ns);
    return false;
}

int64_t place_now_ns(void) {
    return ed_clock_monotonic_ns();
}

void *place_connect(const char *serial, const char *via, struct ed_error *err) {
    struct ed_address address = {
        .id = "phone", .host = "", .user = "", .serial = serial, .via = via, .host_key = "", .work_dir = ""};
    // Borrowed until disconnect.
    static const struct ed_transport_context context = {.accept_new = true};
    void *state = calloc(1, ed_transport_adb.state_bytes);
    assert_non_null(state);
    if (ed_transport_adb.connect(state, &address, &context, place_now_ns() + PLENTY_NS, err) == ED_OK)
        return state;
    free(state);
    return NULL;
}

void place_disconnect(void *state) {
    ed_transport_adb.disconnect(state);
    free(state);
}

enum ed_status place_spawn(void *state, const char *const *argv, const void *input, size_t bytes,
                           int64_t within_ns, struct ed_spawn_result *result, struct ed_error *err) {
    struct ed_spawn_args args = {.argv = argv,
                                 .input = input,
                                 .input_bytes = bytes,
                                 .out_limit_bytes = 16u << 20,
                                 .deadline_ns = place_now_ns() + within_ns};
    return ed_transport_adb.spawn(state, &args, result, err);
}

enum ed_status place_shell(void *state, const char *script, struct ed_spawn_result *result,
                           struct ed_error *err) {
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    return place_spawn(state, argv, NULL, 0, PLENTY_NS, result, err);
}

enum ed_status place_push(void *state, const char *from, const char *to, unsigned mode, int64_t stall_ns,
                          struct ed_error *err) {
    struct ed_push_args args = {.local_path = from,
                                .remote_path = to,
                                .mode = mode,
                                .stall_ns = stall_ns,
                                .deadline_ns = place_now_ns() + PLENTY_NS};
    return ed_transport_adb.push(state, &args, err);
}
