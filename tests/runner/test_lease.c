// SPDX-License-Identifier: Apache-2.0
// Leases of a device by the real runner: who gets it, for how long, in which order, and what a damaged record
// does.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "runners/lease.h"
#include "tests/runner/lease_rig.h"

#define RACERS 20
#define TAKERS 5
#define TAKES 100

static void test_basic(void **state) {
    char first[TOKEN_BYTES], second[TOKEN_BYTES];
    (void)state;
    // Who only looks leaves no trace.
    struct rig_reply reply = lease_show();
    assert_string_equal(rig_reply_text(&reply, "holder"), "");
    assert_int_equal(rig_int(reply.json.root, "left_ns"), 0);
    assert_false(ed_path_exists(rig_work));
    rig_reply_release(&reply);
    lease_take("c1", "anna@ci-7", LEASE_HOUR_NS, false, true, first);
    assert_int_equal(lease_counter_of(first), 1);
    reply = lease_show();
    assert_string_equal(rig_reply_text(&reply, "holder"), "c1");
    assert_string_equal(rig_reply_text(&reply, "owner"), "anna@ci-7");
    assert_string_equal(rig_reply_text(&reply, "purpose"), "test");
    assert_string_equal(rig_reply_text(&reply, "token"), ""); // nobody else's business
    const int64_t left = rig_int(reply.json.root, "left_ns");
    assert_true(left > LEASE_HOUR_NS / 2 && left <= LEASE_HOUR_NS);
    rig_reply_release(&reply);
    lease_take("c2", "bob@lab", LEASE_HOUR_NS, false, false, NULL);
    // The same campaign again, from a controller that was started anew: at once, and the old token is worth
    // nothing.
    lease_take("c1", "anna@ci-7", LEASE_HOUR_NS, false, true, second);
    assert_int_equal(lease_counter_of(second), 2);
    reply =
        lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":1000000000}", first);
    rig_expect_error(&reply, "busy", "anna@ci-7 holds the device now");
    // A renewal does not shorten.
    reply = lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":1000}", second);
    assert_true(lease_granted(&reply));
    assert_string_equal(rig_reply_text(&reply, "token"), second);
    assert_true(rig_int(reply.json.root, "left_ns") > LEASE_HOUR_NS / 2);
    rig_reply_release(&reply);
    reply = lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":%lld}", second,
                      (long long)(2 * LEASE_HOUR_NS));
    assert_true(rig_int(reply.json.root, "left_ns") > LEASE_HOUR_NS);
    rig_reply_release(&reply);
    lease_release(first); // of nothing, and it harms nobody
    lease_take("c2", "bob@lab", LEASE_HOUR_NS, false, false, NULL);
    lease_release(second);
    lease_release(second);
    lease_take("c2", "bob@lab", LEASE_HOUR_NS, false, true, second);
    assert_int_equal(lease_counter_of(second), 3);
    lease_forget();
}

static void wait_for(pid_t pid, int *code) {
    int wait_status = 0;
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    *code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

// Twenty runners at once, held back until all are there: one is given the device.
static void test_race(void **state) {
    pid_t racers[RACERS];
    int gate[2];
    (void)state;
    for (int round = 0; round < 5; round++) {
        int granted = 0;
        assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
        fflush(NULL);
        for (int i = 0; i < RACERS; i++) {
            racers[i] = fork();
            assert_true(racers[i] >= 0);
            if (racers[i] == 0) {
                char byte;
                close(gate[1]);
                if (read(gate[0], &byte, 1) != 0)
                    _exit(3);
                struct rig_reply reply = lease_say(
                    "{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"racer-%d\",\"owner\":\"o\","
                    "\"for_ns\":%lld}",
                    i, (long long)LEASE_HOUR_NS);
                _exit(reply.exit_code != 0 ? 2 : lease_granted(&reply) ? 1 : 0);
            }
        }
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < RACERS; i++) {
            int code = -1;
            wait_for(racers[i], &code);
            assert_true(code == 0 || code == 1);
            granted += code;
        }
        assert_int_equal(granted, 1);
        lease_forget();
    }
}

// Five processes take it a hundred times each: every token is newer than whatever that process saw before,
// and no counter is given twice.
static void test_counter(void **state) {
    char path[ED_PATH_BYTES];
    static bool seen[TAKERS * TAKES + 1];
    pid_t takers[TAKERS];
    (void)state;
    assert_int_equal(ed_path_make(rig_work, 0700, NULL), ED_OK);
    fflush(NULL);
    for (int i = 0; i < TAKERS; i++) {
        takers[i] = fork();
        assert_true(takers[i] >= 0);
        if (takers[i] == 0) {
            const struct ed_lease_ask ask = {"c1", "anna", "", LEASE_HOUR_NS, false};
            int64_t last = 0;
            snprintf(path, sizeof path, "%s/tokens-%d", rig_home, i);
            FILE *file = fopen(path, "we");
            for (int k = 0; file && k < TAKES; k++) {
                struct ed_lease_view view;
                struct ed_error err = {0};
                if (ed_lease_take(rig_work, &ask, &view, &err) != ED_OK || !view.granted ||
                    strtoll(view.token, NULL, 10) <= last)
                    _exit(1);
                last = strtoll(view.token, NULL, 10);
                fprintf(file, "%lld\n", (long long)last);
            }
            _exit(!file || fclose(file) != 0);
        }
    }
    for (int i = 0; i < TAKERS; i++) {
        int code = -1;
        wait_for(takers[i], &code);
        assert_int_equal(code, 0);
        char line[32];
        snprintf(path, sizeof path, "%s/tokens-%d", rig_home, i);
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        while (fgets(line, sizeof line, file)) {
            const long n = strtol(line, NULL, 10);
            assert_true(n >= 1 && n <= TAKERS * TAKES);
            assert_false(seen[n]);
            seen[n] = true;
        }
        fclose(file);
    }
    for (int i = 1; i <= TAKERS * TAKES; i++)
        assert_true(seen[i]);
    lease_forget();
}

// On the boot clock, not before its time, and at once after it.
static void test_expiry(void **state) {
    const int64_t for_ns = 400 * RIG_MS;
    char first[TOKEN_BYTES], second[TOKEN_BYTES];
    (void)state;
    const int64_t begin = lease_boot_ns();
    lease_take("c1", "anna", for_ns, false, true, first);
    const int64_t after = lease_boot_ns();
    for (;;) {
        const int64_t asked = lease_boot_ns();
        struct rig_reply reply =
            lease_say("{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"c2\",\"owner\":\"bob\","
                      "\"for_ns\":%lld}",
                      (long long)LEASE_HOUR_NS);
        const int64_t answered = lease_boot_ns();
        const bool granted = lease_granted(&reply);
        snprintf(second, sizeof second, "%s", rig_reply_text(&reply, "token"));
        if (!granted)
            assert_string_equal(rig_reply_text(&reply, "holder"), "c1");
        rig_reply_release(&reply);
        // Granted not before for_ns after it was asked for; refused not after for_ns since the answer.
        if (granted && answered < begin + for_ns)
            rig_fail("taken over %lld ms before its time", (long long)((begin + for_ns - answered) / RIG_MS));
        if (!granted && asked > after + for_ns)
            rig_fail("not given %lld ms after its time", (long long)((asked - after - for_ns) / RIG_MS));
        if (granted)
            break;
        usleep(5000);
    }
    assert_int_equal(lease_counter_of(second), 2);
    struct rig_reply reply =
        lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":1000000}", first);
    rig_expect_error(&reply, "busy", "bob holds the device now");
    lease_release(second);
    reply =
        lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":1000000}", second);
    rig_expect_error(&reply, "busy", "ask for it again");
    // Expired and taken by nobody: it is over all the same.
    lease_take("c1", "anna", 1, false, true, first);
    reply = lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":1000000}", first);
    rig_expect_error(&reply, "busy", "expired");
    lease_forget();
}

// `boot`: "" for this one. Times are relative to now.
static void write_record(int64_t counter, const char *boot, int64_t left_ns, const char *reserved_by,
                         int64_t reserved_ns, int64_t reserved_us) {
    char text[1024], boot_id[64];
    lease_boot_id(boot_id);
    const int n = snprintf(
        text, sizeof text,
        "{\"counter\":%lld,\"holder\":\"old\",\"token\":\"%lld-0badcafe\",\"owner\":\"carl\","
        "\"purpose\":\"\",\"boot_id\":\"%s\",\"expires_boot_ns\":%lld,\"reserved_by\":\"%s\","
        "\"reserved_boot_ns\":%lld,\"reserved_until_us\":%lld}\n",
        (long long)counter, (long long)counter, boot[0] ? boot : boot_id,
        (long long)(lease_boot_ns() + left_ns), reserved_by, (long long)(lease_boot_ns() + reserved_ns),
        (long long)(ed_clock_read_ns(CLOCK_REALTIME) / 1000 + reserved_us));
    lease_write(ED_WORK_LEASE, text, (size_t)n);
}

static void test_other_boot(void **state) {
    static const char other[] = "11111111-2222-4333-8444-555555555555";
    const int64_t hour_us = LEASE_HOUR_NS / 1000;
    char token[TOKEN_BYTES];
    (void)state;
    write_record(41, "", LEASE_HOUR_NS, "", 0, 0);
    lease_take("c1", "anna", LEASE_HOUR_NS, false, false, NULL); // the record of this boot counts
    write_record(41, other, LEASE_HOUR_NS, "", 0, 0);
    struct rig_reply reply =
        lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"41-0badcafe\",\"for_ns\":1}");
    rig_expect_error(&reply, "busy", "expired");
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    assert_int_equal(lease_counter_of(token), 42);
    // A reservation outlives the boot by the real clock, whatever the boot clock says.
    write_record(50, other, LEASE_HOUR_NS, "dora", -1, hour_us);
    lease_take("c1", "anna", LEASE_HOUR_NS, false, false, NULL);
    lease_take("c2", "dora", LEASE_HOUR_NS, false, true, token);
    assert_int_equal(lease_counter_of(token), 51);
    reply = lease_show();
    assert_string_equal(rig_reply_text(&reply, "reserved_by"), "dora");
    const int64_t left = rig_int(reply.json.root, "reserved_left_ns");
    assert_true(left > LEASE_HOUR_NS / 2 && left <= LEASE_HOUR_NS);
    rig_reply_release(&reply);
    write_record(60, other, LEASE_HOUR_NS, "dora", LEASE_HOUR_NS, -1000000);
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, NULL);
    // On this boot the boot clock alone counts, so that a stepped clock does nothing.
    write_record(70, "", 0, "dora", LEASE_HOUR_NS, -hour_us);
    lease_take("c1", "anna", LEASE_HOUR_NS, false, false, NULL);
    write_record(80, "", 0, "dora", -1, hour_us);
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, NULL);
    // A clock that went back by years does not reserve for years.
    write_record(90, other, 0, "dora", 0, INT64_C(20) * 365 * 24 * hour_us);
    reply = lease_show();
    assert_int_equal(rig_int(reply.json.root, "reserved_left_ns"), ED_LEASE_MAX_NS);
    rig_reply_release(&reply);
    lease_forget();
}

static void expect_damaged(const char *text, size_t bytes) {
    char path[ED_PATH_BYTES];
    struct stat before, after;
    lease_write(ED_WORK_LEASE, text, bytes);
    snprintf(path, sizeof path, "%s/" ED_WORK_LEASE, rig_work);
    assert_int_equal(stat(path, &before), 0);
    struct rig_reply reply =
        lease_say("{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\","
                  "\"for_ns\":1000}");
    if (!strstr(rig_reply_text(&reply, "where"), ED_WORK_LEASE))
        rig_fail("the file is not named for %.*s: %s", (int)bytes, text, reply.text);
    rig_expect_error(&reply, "parse", "remove the file");
    reply = lease_say("{\"type\":\"lease\",\"action\":\"show\"}");
    rig_expect_error(&reply, "parse", "damaged");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); // nobody wrote over it
}

static void test_damaged(void **state) {
    static const char *const wrong[] = {
        "null",
        "[]",
        "{}",
        "\xff\xfe\x01\x02 binary \x80",
        "{\"counter\":-1,\"holder\":\"\",\"token\":\"\",\"owner\":\"\",\"purpose\":\"\",\"boot_id\":\"b\","
        "\"expires_boot_ns\":0,\"reserved_by\":\"\",\"reserved_boot_ns\":0,\"reserved_until_us\":0}",
        "{\"counter\":1,\"holder\":\"../"
        "x\",\"token\":\"1-00000000\",\"owner\":\"o\",\"purpose\":\"\",\"boot_id\":\"b\","
        "\"expires_boot_ns\":0,\"reserved_by\":\"\",\"reserved_boot_ns\":0,\"reserved_until_us\":0}",
        "{\"counter\":1,\"holder\":\"c\",\"token\":\"2-00000000\",\"owner\":\"o\",\"purpose\":\"\",\"boot_"
        "id\":\"b\","
        "\"expires_boot_ns\":0,\"reserved_by\":\"\",\"reserved_boot_ns\":0,\"reserved_until_us\":0}",
        "{\"counter\":1,\"holder\":\"c\",\"token\":\"\",\"owner\":\"o\",\"purpose\":\"\",\"boot_id\":\"b\","
        "\"expires_boot_ns\":0,\"reserved_by\":\"\",\"reserved_boot_ns\":0,\"reserved_until_us\":0}",
        "{\"counter\":1,\"holder\":\"\",\"token\":\"\",\"owner\":\"a\\nb\",\"purpose\":\"\",\"boot_id\":"
        "\"b\","
        "\"expires_boot_ns\":0,\"reserved_by\":\"\",\"reserved_boot_ns\":0,\"reserved_until_us\":0}",
        "{\"counter\":1,\"holder\":\"\",\"token\":\"\",\"owner\":\"\",\"purpose\":\"\",\"boot_id\":\"b\","
        "\"expires_boot_ns\":1e300,\"reserved_by\":\"\",\"reserved_boot_ns\":0,\"reserved_until_us\":0}",
    };
    char whole[2048], token[TOKEN_BYTES], path[ED_PATH_BYTES];
    struct ed_buffer text;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_damaged(wrong[i], strlen(wrong[i]));
    lease_forget();
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    snprintf(path, sizeof path, "%s/" ED_WORK_LEASE, rig_work);
    ed_buffer_init(&text, sizeof whole);
    assert_int_equal(ed_path_read(path, sizeof whole, &text, NULL), ED_OK);
    // Torn anywhere: never a free device. Without its line feed alone it is whole.
    for (size_t n = 1; n + 1 < text.size; n += 7)
        expect_damaged(ed_buffer_text(&text), n);
    expect_damaged(ed_buffer_text(&text), text.size - 2);
    memset(whole, 0, sizeof whole);
    expect_damaged(whole, sizeof whole);
    ed_buffer_release(&text);
    char *large = malloc(1u << 16);
    assert_non_null(large);
    memset(large, ' ', 1u << 16);
    expect_damaged(large, 1u << 16);
    free(large);
    // Empty is free.
    lease_write(ED_WORK_LEASE, "", 0);
    lease_take("c2", "bob", LEASE_HOUR_NS, false, true, token);
    assert_int_equal(lease_counter_of(token), 1);
    lease_forget();
}

static void test_wrong_messages(void **state) {
    static const struct {
        const char *rest, *words;
    } wrong[] = {
        {"\"action\":\"take\",\"holder\":\"../x\",\"owner\":\"o\",\"for_ns\":1", "name of a campaign"},
        {"\"action\":\"take\",\"holder\":\"\",\"owner\":\"o\",\"for_ns\":1", "name of a campaign"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"\",\"for_ns\":1", "owner"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"a\\u001b[31m\",\"for_ns\":1", "printable"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"a\\nb\",\"for_ns\":1", "printable"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\",\"purpose\":\"a\\u009bb\",\"for_ns\":1",
         "purpose"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\",\"for_ns\":0", "0 ns"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\"", "0 ns"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\",\"for_ns\":-1", "for_ns"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\",\"for_ns\":2592000000000001", "for_ns"},
        {"\"action\":\"take\",\"holder\":\"c\",\"owner\":\"o\",\"for_ns\":1,\"wait\":\"yes\"", "wait"},
        {"\"action\":\"renew\",\"token\":\"x\",\"for_ns\":1", "no token"},
        {"\"action\":\"renew\",\"token\":\"-1-00000000\",\"for_ns\":1", "no token"},
        {"\"action\":\"renew\",\"token\":\"1-0000000G\",\"for_ns\":1", "no token"},
        {"\"action\":\"renew\",\"for_ns\":1", "no token"},
        {"\"action\":\"release\"", "needs a token"},
        {"\"action\":\"release\",\"holder\":\"../../x\"", "no holder"},
        {"\"action\":\"reserve\",\"owner\":\"o\"", "for_ns"},
        {"\"action\":\"reserve\",\"for_ns\":1", "owner"},
        {"\"action\":\"grab\"", "no action"},
        {"\"holder\":\"c\"", "action"},
    };
    char owner[ED_WIRE_OWNER_MAX_BYTES + 2];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct rig_reply reply = lease_say("{\"type\":\"lease\",%s}", wrong[i].rest);
        rig_expect_error(&reply, "usage", wrong[i].words);
    }
    memset(owner, 'o', sizeof owner - 1);
    owner[sizeof owner - 1] = 0;
    struct rig_reply reply = lease_say(
        "{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"c\",\"owner\":\"%s\",\"for_ns\":1}", owner);
    rig_expect_error(&reply, "usage", "1 to 128 bytes");
    lease_take("c", owner + 1, LEASE_HOUR_NS, false, true, NULL);
    lease_forget();
}

// A runner that is killed while it has the record's lock leaves it to the next.
static void test_lock_dies(void **state) {
    char path[ED_PATH_BYTES], byte;
    int ready[2], code;
    (void)state;
    lease_take("a", "anna", 1, false, true, NULL);
    snprintf(path, sizeof path, "%s/" ED_WORK_LEASE_LOCK, rig_work);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    assert_int_equal(kill(pid, SIGKILL), 0);
    wait_for(pid, &code);
    lease_take("b", "bob", LEASE_HOUR_NS, false, true, NULL);
    lease_forget();
}

// A runner that waits for its message is stopped, its lease runs out, another campaign takes the device: what
// the first one says when it goes on changes nothing.
static void test_paused(void **state) {
    char old[TOKEN_BYTES], now[TOKEN_BYTES], text[256];
    const char *other = getenv("RIG_RUNNER");
    int in[2], out[2], code = -1;
    (void)state;
    lease_take("a", "anna", 200 * RIG_MS, false, true, old);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
            _exit(99);
        execl(other ? other : ED_TEST_RUNNER, "edgedyno-runner", "lease", "--work", rig_work, (char *)NULL);
        _exit(99);
    }
    close(in[0]);
    close(out[1]);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    lease_take_within("b", "bob", 20 * RIG_SECOND, now);
    snprintf(text, sizeof text, "{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":%lld}",
             old, (long long)LEASE_HOUR_NS);
    assert_int_equal(write(in[1], text, strlen(text)), strlen(text));
    close(in[1]);
    assert_int_equal(kill(pid, SIGCONT), 0);
    ssize_t n = read(out[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    close(out[0]);
    wait_for(pid, &code);
    assert_int_equal(code, 1);
    assert_non_null(strstr(text, "bob holds the device now"));
    struct rig_reply reply = lease_show();
    assert_string_equal(rig_reply_text(&reply, "holder"), "b");
    rig_reply_release(&reply);
    lease_forget();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basic),          cmocka_unit_test(test_race),
        cmocka_unit_test(test_counter),        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_other_boot),     cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_wrong_messages), cmocka_unit_test(test_paused),
        cmocka_unit_test(test_lock_dies),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
