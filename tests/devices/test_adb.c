// SPDX-License-Identifier: Apache-2.0
// devices/adb with a real adb server and a real adbd: commands, files, forwarded ports.
#include "tests/devices/adb_phone.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/path.h"
#include "devices/process.h"

#define BIG_BYTES (10u << 20)

static void *device; // connected to PHONE

static char *pattern(size_t n) {
    char *bytes = malloc(n + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(i * 31 + i / 257 + i / 65536);
    bytes[n] = '\0';
    return bytes;
}

static void test_exit_status(void **state) {
    static const struct {
        const char *script;
        int exit_code, signal;
    } rows[] = {{"exit 0", 0, 0},          {"exit 1", 1, 0},          {"exit 128", 128, 0},
                {"exit 255", 255, 0},      {"exit 200", 200, 0},      {"kill -9 $$", -1, 9},
                {"kill -TERM $$", -1, 15}, {"kill -SEGV $$", -1, 11}, {"exit 126", 126, 0},
                {"exit 127", 127, 0},      {"nothere", 127, 0}};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_status(place_shell(device, rows[i].script, &result, &err), ED_OK, err);
        if (result.exit_code != rows[i].exit_code || result.signal != rows[i].signal)
            fail_msg("'%s' gave %d and signal %d", rows[i].script, result.exit_code, result.signal);
        ed_spawn_result_release(&result);
    }
}

static void test_streams_and_quoting(void **state) {
    const char *const words[] = {
        "/usr/bin/printf",  "<%s>",     "it's", "$HOME `id` $(id)", "", "a\"b\\c", "*", "two\nlines", "-n",
        "\x01\x7f\xc3\xa9", "; exit 3", NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    (void)state;
    assert_status(place_spawn(device, words, NULL, 0, PLENTY_NS, &result, &err), ED_OK, err);
    assert_string_equal(result.out,
                        "<it's><$HOME `id` $(id)><><a\"b\\c><*><two\nlines><-n><\x01\x7f\xc3\xa9><; exit 3>");
    assert_int_equal(result.exit_code, 0);
    ed_spawn_result_release(&result);
    assert_status(place_shell(device, "echo out; echo error >&2; printf 'a\\000b'; exit 4", &result, &err),
                  ED_OK, err);
    assert_int_equal(result.out_bytes, 7);
    assert_memory_equal(result.out, "out\na\0b", 8);
    assert_string_equal(result.err_out, "error\n");
    assert_int_equal(result.exit_code, 4);
    ed_spawn_result_release(&result);
    // Standard error beyond 64 KiB is dropped, and the command goes on.
    assert_status(place_shell(device, "head -c 1000000 /dev/zero >&2; echo done", &result, &err), ED_OK, err);
    assert_int_equal(result.err_bytes, 64 << 10);
    assert_string_equal(result.out, "done\n");
    ed_spawn_result_release(&result);
    // A line that adb cannot frame.
    char *longest = pattern(70000);
    memset(longest, 'a', 70000);
    const char *const too_long[] = {"/bin/echo", longest, NULL};
    assert_status(place_spawn(device, too_long, NULL, 0, PLENTY_NS, &result, &err), ED_ERR_LIMIT, err);
    longest[60000] = '\0';
    assert_status(place_spawn(device, too_long, NULL, 0, PLENTY_NS, &result, &err), ED_OK, err);
    assert_int_equal(result.out_bytes, 60001);
    ed_spawn_result_release(&result);
    free(longest);
}

static void test_input(void **state) {
    const char *const cat[] = {"/bin/cat", NULL}, *const deaf[] = {"/bin/true", NULL},
                      *const count[] = {"/usr/bin/wc", "-c", NULL};
    char *bytes = pattern(BIG_BYTES);
    struct ed_spawn_result result;
    struct ed_error err = {0};
    (void)state;
    assert_status(place_spawn(device, cat, bytes, BIG_BYTES, PLENTY_NS, &result, &err), ED_OK, err);
    assert_int_equal(result.out_bytes, BIG_BYTES);
    assert_memory_equal(result.out, bytes, BIG_BYTES);
    ed_spawn_result_release(&result);
    assert_status(place_spawn(device, deaf, bytes, BIG_BYTES, PLENTY_NS, &result, &err), ED_OK, err);
    assert_int_equal(result.exit_code, 0);
    ed_spawn_result_release(&result);
    assert_status(place_spawn(device, count, NULL, 0, PLENTY_NS, &result, &err), ED_OK, err);
    assert_string_equal(result.out, "0\n");
    ed_spawn_result_release(&result);
    free(bytes);
}

static void test_limit_and_deadline(void **state) {
    const char *const endless[] = {"/bin/cat", "/dev/zero", NULL};
    // It leaves its number behind, and is gone once the deadline has passed.
    const char *const sleeper[] = {"/bin/sh",         "-c", "echo $$ >\"$1\"; exec sleep 600", "sh",
                                   place_path("pid"), NULL};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    struct ed_buffer text;
    int64_t begin_ns, until_ns;
    pid_t pid;
    (void)state;
    assert_status(place_spawn(device, endless, NULL, 0, PLENTY_NS, &result, &err), ED_ERR_LIMIT, err);
    begin_ns = place_now_ns();
    assert_status(place_spawn(device, sleeper, NULL, 0, SECOND_NS, &result, &err), ED_ERR_TIMEOUT, err);
    assert_true(place_now_ns() - begin_ns >= SECOND_NS);
    assert_true(place_now_ns() - begin_ns < PLENTY_NS / 2);
    ed_buffer_init(&text, 64);
    assert_status(ed_path_read(place_path("pid"), 63, &text, &err), ED_OK, err);
    pid = (pid_t)strtol(ed_buffer_text(&text), NULL, 10);
    ed_buffer_release(&text);
    assert_true(pid > 1);
    for (until_ns = place_now_ns() + PLENTY_NS; kill(pid, 0) == 0 && place_now_ns() < until_ns;)
        usleep(10000);
    assert_int_not_equal(kill(pid, 0), 0);
    // None is left to start with.
    assert_status(place_spawn(device, endless, NULL, 0, -SECOND_NS, &result, &err), ED_ERR_TIMEOUT, err);
}

static void test_missing_program(void **state) {
    const char *const missing[] = {"/nonexistent/it's", NULL}, *const barred[] = {"/etc/passwd", NULL},
                      *const folder[] = {"/etc", NULL};
    const char *const orphan[] = {place_path("orphan"), NULL};
    const char *const *rows[] = {missing, barred, folder, orphan};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    (void)state;
    place_write("orphan", "#!/nonexistent/sh\n", 18, 0755);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_status(place_spawn(device, rows[i], NULL, 0, PLENTY_NS, &result, &err), ED_ERR_NO_PROGRAM,
                      err);
        assert_says(err, rows[i][0]);
        assert_null(result.out);
    }
}

struct seen {
    int64_t last_bytes;
    size_t calls;
};

static void count_progress(void *context, int64_t sent_bytes) {
    struct seen *seen = context;
    assert_true(sent_bytes > seen->last_bytes);
    seen->last_bytes = sent_bytes;
    seen->calls++;
}

static void same_file(const char *a, const char *b) {
    char first[ED_DIGEST_HEX_BYTES], second[ED_DIGEST_HEX_BYTES];
    struct ed_error err = {0};
    assert_status(ed_digest_file(first, NULL, a, &err), ED_OK, err);
    assert_status(ed_digest_file(second, NULL, b, &err), ED_OK, err);
    assert_string_equal(first, second);
}

static void test_push_and_pull(void **state) {
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1 << 20, BIG_BYTES + 12345};
    static const unsigned modes[] = {0700, 0600, 0644, 0755, 0400, 0711, 0700};
    char *bytes = pattern(BIG_BYTES + 12345);
    char *from = place_path("from"), *to = place_path("device/it's $HOME"), *back = place_path("back");
    struct ed_error err = {0};
    struct stat info;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct seen seen = {0};
        struct ed_push_args args = {.local_path = from,
                                    .remote_path = to,
                                    .mode = modes[i],
                                    .stall_ns = PLENTY_NS,
                                    .deadline_ns = place_now_ns() + PLENTY_NS,
                                    .progress = count_progress,
                                    .progress_context = &seen};
        int64_t got;
        int fd;
        place_write("from", bytes, sizes[i], 0600);
        assert_status(ed_transport_adb.push(device, &args, &err), ED_OK, err);
        assert_int_equal(seen.last_bytes, sizes[i]);
        same_file(from, to);
        assert_int_equal(stat(to, &info), 0);
        assert_int_equal(info.st_mode & 07777, modes[i]);
        fd = open(back, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_status(
            ed_transport_adb.pull(device, to, 0, INT64_MAX, fd, &got, place_now_ns() + PLENTY_NS, &err),
            ED_OK, err);
        assert_int_equal(got, sizes[i]);
        close(fd);
        same_file(from, back);
    }
    free(bytes);
}

static void test_pull_parts(void **state) {
    static const struct {
        int64_t offset, bytes;
    } rows[] = {{0, 0},
                {0, 10},
                {1, 1},
                {4095, 2},
                {4096, 4096},
                {65537, 100},
                {100, 1 << 20},
                {1 << 20, 2 << 20},
                {(2 << 20) - 1, 100},
                {2 << 20, 5},
                {3 << 20, 5},
                {7, INT64_MAX - 7}};
    size_t n = 2u << 20;
    char *bytes = pattern(n), *read_back = malloc(n);
    struct ed_error err = {0};
    int64_t got;
    int fd;
    (void)state;
    assert_non_null(read_back);
    place_write("device/part", bytes, n, 0600);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t left = rows[i].offset < (int64_t)n ? (int64_t)n - rows[i].offset : 0;
        int64_t wanted = rows[i].bytes < left ? rows[i].bytes : left;
        fd = open(place_path("back"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_status(ed_transport_adb.pull(device, place_path("device/part"), rows[i].offset, rows[i].bytes,
                                            fd, &got, place_now_ns() + PLENTY_NS, &err),
                      ED_OK, err);
        if (got != wanted)
            fail_msg("%lld bytes from %lld gave %lld", (long long)rows[i].bytes, (long long)rows[i].offset,
                     (long long)got);
        assert_int_equal(pread(fd, read_back, n, 0), wanted);
        if (wanted > 0)
            assert_memory_equal(read_back, bytes + rows[i].offset, wanted);
        close(fd);
    }
    fd = open(place_path("back"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (int64_t offset = 0; offset < 2; offset++)
        assert_status(ed_transport_adb.pull(device, place_path("device/none"), offset, 5, fd, &got,
                                            place_now_ns() + PLENTY_NS, &err),
                      ED_ERR_NOT_FOUND, err);
    assert_status(ed_transport_adb.pull(device, place, 0, 5, fd, &got, place_now_ns() + PLENTY_NS, &err),
                  ED_ERR_IO, err);
    close(fd);
    free(bytes);
    free(read_back);
}

static void test_push_failures(void **state) {
    char *bytes = pattern(4u << 20);
    struct ed_error err = {0};
    (void)state;
    place_write("from", bytes, 4u << 20, 0600);
    free(bytes);
    assert_status(place_push(device, place_path("from"), place_path("small/big"), 0600, PLENTY_NS, &err),
                  ED_ERR_NO_SPACE, err);
    assert_says(err, "small/big");
    assert_status(place_push(device, place_path("from"), place_path("none/big"), 0600, PLENTY_NS, &err),
                  ED_ERR_NOT_FOUND, err);
    assert_false(ed_path_exists(place_path("none")));
    assert_status(place_push(device, place_path("from"), place_path("from/big"), 0600, PLENTY_NS, &err),
                  ED_ERR_NOT_FOUND, err);
    assert_status(place_push(device, place_path("missing"), place_path("device/x"), 0600, PLENTY_NS, &err),
                  ED_ERR_NOT_FOUND, err);
    assert_status(place_push(device, place, place_path("device/x"), 0600, PLENTY_NS, &err), ED_ERR_IO, err);
    assert_status(place_push(device, place_path("from"), place_path("device"), 0600, PLENTY_NS, &err),
                  ED_ERR_IO, err);
    assert_false(ed_path_exists(place_path("device/x")));
}

static void test_kill(void **state) {
    const char *const argv[] = {"/bin/sleep", "600", NULL};
    pid_t pid = place_start(argv, NULL, "log");
    struct ed_error err = {0};
    int64_t deadline_ns = place_now_ns() + PLENTY_NS;
    (void)state;
    assert_status(ed_transport_adb.kill(device, pid, 0, deadline_ns, &err), ED_OK, err);
    assert_status(ed_transport_adb.kill(device, pid, SIGTERM, deadline_ns, &err), ED_OK, err);
    place_end(&pid);
    assert_status(ed_transport_adb.kill(device, 4194303, SIGTERM, deadline_ns, &err), ED_ERR_NOT_FOUND, err);
    assert_status(ed_transport_adb.kill(device, 1, 0, deadline_ns, &err), ED_ERR_INTERNAL, err);
    assert_status(ed_transport_adb.kill(device, -5, SIGTERM, deadline_ns, &err), ED_ERR_INTERNAL, err);
}

static void test_forward(void **state) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port, link, there;
    int64_t deadline_ns = place_now_ns() + PLENTY_NS;
    struct ed_error err = {0};
    char text[6] = "";
    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &bytes), 0);
    assert_status(ed_adb_forward(PHONE, ntohs(address.sin_port), &port, deadline_ns, &err), ED_OK, err);
    assert_int_not_equal(port, ntohs(address.sin_port));
    address.sin_port = htons((uint16_t)port);
    link = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(link, (struct sockaddr *)&address, sizeof address), 0);
    there = accept(listener, NULL, NULL);
    assert_true(there >= 0);
    assert_int_equal(send(link, "hello", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(recv(there, text, 5, MSG_WAITALL), 5);
    assert_string_equal(text, "hello");
    close(link);
    close(there);
    close(listener);
    assert_status(ed_adb_forward_remove(PHONE, port, deadline_ns, &err), ED_OK, err);
    assert_false(place_answers(port, 0));
    assert_status(ed_adb_forward_remove(PHONE, port, deadline_ns, &err), ED_ERR_UNREACHABLE, err);
    assert_status(ed_adb_forward("nobody", 1, &port, deadline_ns, &err), ED_ERR_UNREACHABLE, err);
}

static void test_identity(void **state) {
    struct ed_identity identity;
    struct ed_error err = {0};
    struct ed_address address = {.id = "phone",
                                 .host = "",
                                 .user = "",
                                 .serial = PHONE,
                                 .via = "",
                                 .host_key = "",
                                 .work_dir = place_path("device/work")};
    void *connection = calloc(1, ed_transport_adb.state_bytes);
    (void)state;
    assert_status(ed_transport_adb.connect(connection, &address, NULL, place_now_ns() + PLENTY_NS, &err),
                  ED_OK, err);
    assert_status(ed_transport_adb.identify(connection, &identity, place_now_ns() + PLENTY_NS, &err), ED_OK,
                  err);
    assert_string_equal(identity.work_dir, place_path("device/work"));
    assert_true(strncmp(identity.target, "linux-", 6) == 0);
    place_disconnect(connection);
}

static void *use_alone(void *context) {
    struct ed_error err = {0};
    void *connection = place_connect(PHONE, "", &err);
    size_t *good = context;
    for (int i = 0; connection && i < 20; i++) {
        struct ed_spawn_result result;
        if (place_shell(connection, "echo $((6 * 7))", &result, &err) == ED_OK) {
            *good += strcmp(result.out, "42\n") == 0;
            ed_spawn_result_release(&result);
        }
    }
    if (connection)
        place_disconnect(connection);
    return NULL;
}

static void test_threads(void **state) {
    pthread_t threads[8];
    size_t good[8] = {0};
    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_alone, &good[i]), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(good[i], 20);
    }
}

static int set_up(void **state) {
    struct ed_error err = {0};
    if (phone_group_make(state) != 0)
        return -1;
    device = place_connect(PHONE, "", &err);
    if (!device)
        fprintf(stderr, "%s: %s\n", err.where, err.message);
    return device ? 0 : -1;
}

static int tear_down(void **state) {
    if (device)
        place_disconnect(device);
    return phone_group_remove(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_status),
        cmocka_unit_test(test_streams_and_quoting),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_limit_and_deadline),
        cmocka_unit_test(test_missing_program),
        cmocka_unit_test(test_push_and_pull),
        cmocka_unit_test(test_pull_parts),
        cmocka_unit_test(test_push_failures),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
