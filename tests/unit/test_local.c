// SPDX-License-Identifier: Apache-2.0
// devices/transport and devices/local: the transport to this machine, driven as a remote one is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/path.h"
#include "devices/process.h"
#include "devices/transport.h"

#define PAST_NS 1

struct fixture {
    const struct ed_transport *local;
    void *state;
    char directory[ED_PATH_BYTES]; // absolute, temporary
    int64_t deadline_ns;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char made[] = P_tmpdir "/edgedyno-test-XXXXXX";
    struct ed_error err = {0};
    if (!fixture || !mkdtemp(made) || ed_path_real(fixture->directory, made, &err))
        return -1;
    fixture->local = ed_transport_find("local");
    fixture->state = fixture->local ? calloc(1, fixture->local->state_bytes) : NULL;
    fixture->deadline_ns = ed_clock_monotonic_ns() + 60000000000ll;
    *state = fixture;
    return fixture->state ? 0 : -1;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    fixture->local->disconnect(fixture->state);
    ed_path_remove(fixture->directory, NULL);
    free(fixture->state);
    free(fixture);
    return 0;
}

// A path inside the fixture's directory; one static place, so one at a time.
static const char *inside(const struct fixture *fixture, const char *name) {
    static char path[ED_PATH_BYTES];
    assert_int_equal(ed_path_join(path, fixture->directory, name, NULL), ED_OK);
    return path;
}

static enum ed_status connect_to(struct fixture *fixture, const char *work_dir, struct ed_error *err) {
    struct ed_address address = {.id = "local", .host = "", .user = "", .work_dir = work_dir};
    return fixture->local->connect(fixture->state, &address, NULL, fixture->deadline_ns, err);
}

static void test_table(void **state) {
    size_t n;
    const struct ed_transport *const *table = ed_transports(&n);
    struct ed_transport wrong;
    struct ed_error err = {0};
    (void)state;
    assert_true(n >= 1);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ed_transport_check(table[i], &err), ED_OK);
        assert_ptr_equal(ed_transport_find(table[i]->name), table[i]);
    }
    assert_null(ed_transport_find("loca"));
    wrong = *table[0];
    wrong.abi++;
    assert_int_equal(ed_transport_check(&wrong, &err), ED_ERR_VERSION);
    wrong = *table[0];
    wrong.struct_bytes--;
    assert_int_equal(ed_transport_check(&wrong, &err), ED_ERR_VERSION);
    wrong = *table[0];
    wrong.pull = NULL;
    assert_int_equal(ed_transport_check(&wrong, &err), ED_ERR_INTERNAL);
    wrong = *table[0];
    wrong.summary = "";
    assert_int_equal(ed_transport_check(&wrong, &err), ED_ERR_INTERNAL);
    wrong = *table[0];
    wrong.n_options = 1;
    assert_int_equal(ed_transport_check(&wrong, &err), ED_ERR_INTERNAL);
}

static void test_connect_makes_the_work_directory(void **state) {
    struct fixture *fixture = *state;
    struct ed_identity identity;
    struct ed_error err = {0};
    struct stat info;
    setenv("XDG_STATE_HOME", fixture->directory, 1);
    assert_int_equal(connect_to(fixture, "", &err), ED_OK);
    assert_int_equal(fixture->local->identify(fixture->state, &identity, fixture->deadline_ns, &err), ED_OK);
    assert_string_equal(identity.work_dir, inside(fixture, "edgedyno/work"));
    assert_int_equal(stat(identity.work_dir, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    // Again, since it exists now.
    assert_int_equal(connect_to(fixture, "", &err), ED_OK);
    assert_int_equal(connect_to(fixture, inside(fixture, "a/b"), &err), ED_OK);
    assert_int_equal(fixture->local->identify(fixture->state, &identity, fixture->deadline_ns, &err), ED_OK);
    assert_string_equal(identity.work_dir, inside(fixture, "a/b"));
}

static void test_connect_refuses(void **state) {
    struct fixture *fixture = *state;
    struct ed_address address = {.id = "local", .work_dir = fixture->directory};
    struct ed_identity identity;
    struct ed_error err = {0};
    char deep[800];
    assert_int_equal(connect_to(fixture, "relative", &err), ED_ERR_USAGE);
    assert_int_equal(mkdir(inside(fixture, "open"), 0755), 0);
    assert_int_equal(chmod(inside(fixture, "open"), 0755), 0);
    assert_int_equal(connect_to(fixture, inside(fixture, "open"), &err), ED_ERR_IO);
    assert_non_null(strstr(err.message, "chmod 0700"));
    assert_int_equal(ed_path_write_atomic(inside(fixture, "file"), "", 0, 0600, &err), ED_OK);
    assert_int_equal(connect_to(fixture, inside(fixture, "file"), &err), ED_ERR_IO);
    memset(deep, 'x', sizeof deep);
    for (size_t i = 0; i < sizeof deep; i += 200)
        deep[i] = '/';
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(connect_to(fixture, inside(fixture, deep + 1), &err), ED_ERR_LIMIT);
    assert_int_equal(fixture->local->connect(fixture->state, &address, NULL, PAST_NS, &err), ED_ERR_TIMEOUT);
    // What failed to connect is not connected.
    assert_int_equal(fixture->local->identify(fixture->state, &identity, fixture->deadline_ns, &err),
                     ED_ERR_INTERNAL);
}

static void test_identify_and_spawn(void **state) {
    struct fixture *fixture = *state;
    const char *const uname[] = {"/bin/sh", "-c", "uname -m; uname -sr; cat /proc/sys/kernel/random/boot_id",
                                 NULL};
    const char *const relative[] = {"sh", NULL};
    struct ed_spawn_args args = {.argv = uname, .out_limit_bytes = 4096, .deadline_ns = fixture->deadline_ns};
    struct ed_spawn_result result;
    struct ed_identity identity;
    struct ed_error err = {0};
    char expected[1024];
    assert_int_equal(connect_to(fixture, fixture->directory, &err), ED_OK);
    assert_int_equal(fixture->local->identify(fixture->state, &identity, fixture->deadline_ns, &err), ED_OK);
    assert_string_equal(identity.target, ED_TARGET);
    assert_int_equal(fixture->local->spawn(fixture->state, &args, &result, &err), ED_OK);
    assert_int_equal(result.exit_code, 0);
    snprintf(expected, sizeof expected, "%s\n%s\n%s\n", identity.target + strlen("linux-"), identity.kernel,
             identity.boot_id);
    assert_string_equal(result.out, expected);
    ed_spawn_result_release(&result);
    args.argv = relative;
    assert_int_equal(fixture->local->spawn(fixture->state, &args, &result, &err), ED_ERR_INTERNAL);
    assert_int_equal(fixture->local->identify(fixture->state, &identity, PAST_NS, &err), ED_ERR_TIMEOUT);
}

static void note_sent(void *context, int64_t sent_bytes) {
    *(int64_t *)context = sent_bytes;
}

// A push of the file `from` to `to`, both inside of the fixture.
static enum ed_status push(struct fixture *fixture, const char *from, const char *to, int64_t offset,
                           int64_t *sent, struct ed_error *err) {
    char local[ED_PATH_BYTES], remote[ED_PATH_BYTES];
    memcpy(local, inside(fixture, from), sizeof local);
    memcpy(remote, inside(fixture, to), sizeof remote);
    const struct ed_push_args args = {.local_path = local,
                                      .remote_path = remote,
                                      .mode = 0700,
                                      .offset = offset,
                                      .stall_ns = 1000000000,
                                      .deadline_ns = fixture->deadline_ns,
                                      .progress = note_sent,
                                      .progress_context = sent};
    return fixture->local->push(fixture->state, &args, err);
}

static void assert_holds(const struct fixture *fixture, const char *name, const char *text) {
    struct ed_buffer bytes;
    ed_buffer_init(&bytes, 4096);
    assert_int_equal(ed_path_read(inside(fixture, name), 4096, &bytes, NULL), ED_OK);
    assert_string_equal(ed_buffer_text(&bytes), text);
    ed_buffer_release(&bytes);
}

static void test_push(void **state) {
    struct fixture *fixture = *state;
    struct ed_error err = {0};
    struct stat info;
    int64_t sent = -1;
    assert_true(fixture->local->in_place);
    assert_int_equal(connect_to(fixture, inside(fixture, "work"), &err), ED_OK);
    assert_int_equal(ed_path_write_atomic(inside(fixture, "model"), "abcdef", 6, 0600, &err), ED_OK);
    assert_int_equal(ed_path_write_atomic(inside(fixture, "old"), "longer than that", 16, 0600, &err), ED_OK);
    assert_int_equal(push(fixture, "model", "old", 0, &sent, &err), ED_OK);
    assert_holds(fixture, "old", "abcdef");
    assert_int_equal(sent, 6);
    assert_int_equal(stat(inside(fixture, "old"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    // What is there up to the offset stays, the rest is replaced.
    assert_int_equal(ed_path_write_atomic(inside(fixture, "half"), "ABCxyz", 6, 0600, &err), ED_OK);
    assert_int_equal(push(fixture, "model", "half", 3, &sent, &err), ED_OK);
    assert_holds(fixture, "half", "ABCdef");
    assert_int_equal(sent, 3);
    assert_int_equal(push(fixture, "none", "new", 0, &sent, &err), ED_ERR_NOT_FOUND);
    assert_int_equal(push(fixture, "model", "nowhere/new", 0, &sent, &err), ED_ERR_NOT_FOUND);
    // A pipe that nobody feeds must not be waited for.
    assert_int_equal(mkfifo(inside(fixture, "pipe"), 0600), 0);
    assert_int_equal(push(fixture, "pipe", "new", 0, &sent, &err), ED_ERR_IO);
}

static void test_pull(void **state) {
    struct fixture *fixture = *state;
    size_t n = 1000003;
    char *data = malloc(n), *back = malloc(n + 16), source[ED_PATH_BYTES];
    struct ed_error err = {0};
    int64_t got = -1;
    int fd = open(inside(fixture, "copy"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && data && back);
    for (size_t i = 0; i < n; i++)
        data[i] = (char)(i * 7 + i / 251);
    memcpy(source, inside(fixture, "source"), sizeof source);
    assert_int_equal(ed_path_write_atomic(source, data, n, 0600, &err), ED_OK);
    assert_int_equal(connect_to(fixture, inside(fixture, "work"), &err), ED_OK);
    // In two pieces, the second one asking for more than there is, behind what the file holds already.
    assert_int_equal(write(fd, "head", 4), 4);
    assert_int_equal(
        fixture->local->pull(fixture->state, source, 0, 300001, fd, &got, fixture->deadline_ns, &err), ED_OK);
    assert_int_equal(got, 300001);
    assert_int_equal(fixture->local->pull(fixture->state, source, got, INT64_MAX / 2, fd, &got,
                                          fixture->deadline_ns, &err),
                     ED_OK);
    assert_int_equal(got, n - 300001);
    assert_int_equal(pread(fd, back, n + 16, 0), n + 4);
    assert_memory_equal(back, "head", 4);
    assert_memory_equal(back + 4, data, n);
    assert_int_equal(fixture->local->pull(fixture->state, source, (int64_t)n + 5, 10, fd, &got,
                                          fixture->deadline_ns, &err),
                     ED_OK);
    assert_int_equal(got, 0);
    assert_int_equal(
        fixture->local->pull(fixture->state, source, -1, 10, fd, &got, fixture->deadline_ns, &err),
        ED_ERR_INTERNAL);
    assert_int_equal(fixture->local->pull(fixture->state, source, 0, 10, fd, &got, PAST_NS, &err),
                     ED_ERR_TIMEOUT);
    assert_int_equal(fixture->local->pull(fixture->state, inside(fixture, "none"), 0, 1, fd, &got,
                                          fixture->deadline_ns, &err),
                     ED_ERR_NOT_FOUND);
    assert_int_equal(
        fixture->local->pull(fixture->state, fixture->directory, 0, 1, fd, &got, fixture->deadline_ns, &err),
        ED_ERR_IO);
    assert_int_equal(lseek(fd, 0, SEEK_END), n + 4);
    close(fd);
    fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(
        fixture->local->pull(fixture->state, source, 0, 10, fd, &got, fixture->deadline_ns, &err),
        ED_ERR_NO_SPACE);
    assert_int_equal(got, 0);
    close(fd);
    free(data);
    free(back);
}

static void test_kill(void **state) {
    struct fixture *fixture = *state;
    struct ed_error err = {0};
    int word = 0;
    pid_t pid;
    assert_int_equal(connect_to(fixture, fixture->directory, &err), ED_OK);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_int_equal(fixture->local->kill(fixture->state, pid, SIGKILL, fixture->deadline_ns, &err), ED_OK);
    assert_int_equal(waitpid(pid, &word, 0), pid);
    assert_true(WIFSIGNALED(word) && WTERMSIG(word) == SIGKILL);
    assert_int_equal(fixture->local->kill(fixture->state, pid, SIGKILL, fixture->deadline_ns, &err),
                     ED_ERR_NOT_FOUND);
    // Signal 0 sends nothing, so a missing check would show as ED_OK and do no harm.
    assert_int_equal(fixture->local->kill(fixture->state, 0, 0, fixture->deadline_ns, &err), ED_ERR_INTERNAL);
    assert_int_equal(fixture->local->kill(fixture->state, -1, 0, fixture->deadline_ns, &err),
                     ED_ERR_INTERNAL);
    assert_int_equal(fixture->local->kill(fixture->state, 1, 0, fixture->deadline_ns, &err), ED_ERR_INTERNAL);
    assert_int_equal(
        fixture->local->kill(fixture->state, (1ll << 32) + getpid(), 0, fixture->deadline_ns, &err),
        ED_ERR_INTERNAL);
    assert_int_equal(fixture->local->kill(fixture->state, getpid(), 0, fixture->deadline_ns, &err), ED_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test_setup_teardown(test_connect_makes_the_work_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_connect_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identify_and_spawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_push, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pull, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kill, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
