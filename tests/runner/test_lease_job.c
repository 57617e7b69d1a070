// SPDX-License-Identifier: Apache-2.0
// Jobs with a lease and with settings, by the real runner: who may start, what ends a job, who may come back
// to it, and what is left of a supervisor that was killed.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/runner/lease_rig.h"

static int64_t left_ns(const char *holder) {
    struct rig_reply reply = lease_say("{\"type\":\"lease\",\"action\":\"show\"}");
    assert_string_equal(rig_reply_text(&reply, "holder"), holder);
    const int64_t left = rig_int(reply.json.root, "left_ns");
    rig_reply_release(&reply);
    return left;
}

static void test_with_lease(void **state) {
    char token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", 30 * RIG_SECOND, false, true, token);
    lease_start("with", WELL, 2, lease_of(token, LEASE_HOUR_NS));
    lease_expect_end("with", "done", "");
    // Extended over the job, and still held at its end: the controller has to read what there is.
    assert_true(left_ns("c1") > LEASE_HOUR_NS / 2);
    lease_take("c2", "bob", LEASE_HOUR_NS, false, false, NULL);
    lease_release(token);
    // Nobody's device runs whatever comes, as before there were leases.
    lease_start("without", WELL, 1, "");
    lease_expect_end("without", "done", "");
    lease_forget();
}

static void test_may_not_start(void **state) {
    char old[TOKEN_BYTES], token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", 1, false, true, old);
    struct rig_reply reply = lease_try_start("no", WELL, 1, lease_of(old, LEASE_HOUR_NS));
    rig_expect_error(&reply, "busy", "expired");
    lease_take("c2", "bob@lab", LEASE_HOUR_NS, false, true, token);
    reply = lease_try_start("no", WELL, 1, lease_of(old, LEASE_HOUR_NS));
    rig_expect_error(&reply, "busy", "bob@lab holds the device now");
    reply = lease_try_start("no", WELL, 1, "");
    rig_expect_error(&reply, "busy", "bob@lab holds this device");
    reply = rig_call_job("status", "no"); // nothing of it is left
    rig_expect_error(&reply, "not_found", "no");
    lease_release(token);
    reply = lease_say("{\"type\":\"lease\",\"action\":\"reserve\",\"owner\":\"dora\",\"for_ns\":%lld}",
                      (long long)LEASE_HOUR_NS);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    reply = lease_try_start("no", WELL, 1, "");
    rig_expect_error(&reply, "busy", "dora has reserved");
    lease_forget();
    static const char *const wrong[][2] = {
        {"\"lease\":{\"token\":\"x\",\"for_ns\":1}", "token"},
        {"\"lease\":{\"for_ns\":1}", "token"},
        {"\"lease\":{\"token\":\"1-00000000\"}", "for_ns"},
        {"\"lease\":{\"token\":\"1-00000000\",\"for_ns\":0}", "for_ns"},
        {"\"lease\":[]", "lease"},
        {"\"settings\":{}", "settings"},
        {"\"settings\":[{\"kind\":\"overclock\",\"value\":\"1\"}]", "overclock"},
        {"\"settings\":[{\"kind\":\"governor\"}]", "value"},
        {"\"settings\":[{\"kind\":\"governor\",\"value\":\"a/b\"}]", "a/b"},
        {"\"settings\":[{\"kind\":\"governor\",\"value\":\"a\",\"path\":\"/etc/passwd\"}]", "path"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        reply = lease_try_start("no", WELL, 1, wrong[i][0]);
        rig_expect_error(&reply, "usage", wrong[i][1]);
    }
}

// A runner that has its job read is stopped before that, and goes on when the lease is another's.
static void test_paused_start(void **state) {
    char old[TOKEN_BYTES], text[4096];
    const char *other = getenv("RIG_RUNNER");
    struct ed_buffer job;
    int in[2], out[2], wait_status = 0;
    (void)state;
    lease_take("a", "anna", 300 * RIG_MS, false, true, old);
    const struct rig_case c = {.model = rig_file("paused.json", WELL)};
    const struct rig_block block = {.id = "b", .pass = ED_PASS_COLD};
    rig_job_text(&job, &(struct rig_job){"paused", 0, &c, 1, &block, 1});
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
            _exit(99);
        execl(other ? other : ED_TEST_RUNNER, "edgedyno-runner", "start", "--work", rig_work, (char *)NULL);
        _exit(99);
    }
    close(in[0]);
    close(out[1]);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    lease_take_within("b", "bob", 20 * RIG_SECOND, NULL);
    assert_int_equal(ed_path_write_all(in[1], ed_buffer_text(&job), job.size - 1, "job", NULL), ED_OK);
    snprintf(text, sizeof text, ",%s}", lease_of(old, LEASE_HOUR_NS));
    assert_int_equal(ed_path_write_all(in[1], text, strlen(text), "job", NULL), ED_OK);
    close(in[1]);
    assert_int_equal(kill(pid, SIGCONT), 0);
    const ssize_t n = read(out[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    close(out[0]);
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 1 || !strstr(text, "bob holds the device now"))
        rig_fail("a paused runner with an old lease: %#x: %s", (unsigned)wait_status, text);
    ed_buffer_release(&job);
    lease_forget();
}

// The lease of this holder ends in for_ns, whatever it was given: no test waits for one, or loses it before
// it is used.
static void end_lease(const char *holder, const char *owner, const char *token, int64_t for_ns) {
    char text[1024], boot_id[64];
    lease_boot_id(boot_id);
    const int n = snprintf(
        text, sizeof text,
        "{\"counter\":%lld,\"holder\":\"%s\",\"token\":\"%s\",\"owner\":\"%s\",\"purpose\":\"\","
        "\"boot_id\":\"%s\",\"expires_boot_ns\":%lld,\"reserved_by\":\"\",\"reserved_boot_ns\":0,"
        "\"reserved_until_us\":0}",
        strtoll(token, NULL, 10), holder, token, owner, boot_id, (long long)(lease_boot_ns() + for_ns));
    lease_write(ED_WORK_LEASE, text, (size_t)n);
}

static void test_expires(void **state) {
    char token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna@ci-7", LEASE_HOUR_NS, false, true, token);
    lease_start("expires", SLOW, BLOCKS, lease_of(token, RIG_SECOND));
    end_lease("c1", "anna@ci-7", token, 500 * RIG_MS);
    lease_expect_end("expires", "lease", "the lease of anna@ci-7 expired; nobody holds the device now");
    struct rig_journal journal;
    rig_journal_read(&journal, "expires");
    assert_true(journal.n >= 2 && journal.n < BLOCKS); // not all of its blocks
    rig_journal_release(&journal);
    lease_take("c2", "bob", LEASE_HOUR_NS, false, true, NULL);
    lease_forget();
}

static void test_given_up(void **state) {
    char token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    lease_start("given-up", SLOW, BLOCKS, lease_of(token, LEASE_HOUR_NS));
    lease_release(token);
    lease_expect_end("given-up", "lease", "was given up; nobody holds the device now");
    lease_forget();
}

static void test_taken_away(void **state) {
    char token[TOKEN_BYTES], text[1024], boot_id[64];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    lease_start("taken", SLOW, BLOCKS, lease_of(token, LEASE_HOUR_NS));
    // Nothing of ours does this while a job runs; a person with an editor may.
    lease_boot_id(boot_id);
    const int n = snprintf(
        text, sizeof text,
        "{\"counter\":9,\"holder\":\"c9\",\"token\":\"9-00000000\",\"owner\":\"bob@lab\",\"purpose\":"
        "\"gate\",\"boot_id\":\"%s\",\"expires_boot_ns\":%lld,\"reserved_by\":\"\",\"reserved_boot_ns\":0,"
        "\"reserved_until_us\":0}",
        boot_id, (long long)(lease_boot_ns() + LEASE_HOUR_NS));
    lease_write(ED_WORK_LEASE, text, (size_t)n);
    lease_expect_end("taken", "lease", "anna lost the lease: bob@lab holds the device now (gate)");
    // Nobody can tell whose it is: no further block either.
    lease_forget();
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    lease_start("damaged", SLOW, BLOCKS, lease_of(token, LEASE_HOUR_NS));
    lease_write(ED_WORK_LEASE, "{\"counter\":9,\"hol", 16);
    lease_expect_end("damaged", "lease", "is damaged");
    lease_forget();
}

// A controller that was started anew takes its campaign's lease over: the job goes on, the old token is worth
// nothing.
static void test_taken_over(void **state) {
    char old[TOKEN_BYTES], token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, old);
    lease_start("over", SLOW, 5, lease_of(old, LEASE_HOUR_NS));
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    assert_string_not_equal(old, token);
    lease_expect_end("over", "done", "");
    struct rig_reply reply = lease_try_start("over-2", WELL, 1, lease_of(old, LEASE_HOUR_NS));
    rig_expect_error(&reply, "busy", "not valid any more");
    lease_forget();
}

// The lease runs out while a long block runs: nobody else is given the device before the block's end, but its
// own campaign may come back.
static void test_still_runs(void **state) {
    char token[TOKEN_BYTES], fresh[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    pid_t supervisor = lease_start("long", HANG, 2, lease_of(token, LEASE_HOUR_NS));
    assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
    end_lease("c1", "anna", token, 100 * RIG_MS);
    const int64_t deadline = ed_clock_monotonic_ns() + 20 * RIG_SECOND;
    for (bool expired = false; !expired; usleep(5000)) {
        struct rig_reply reply =
            lease_say("{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"c2\",\"owner\":\"bob\","
                      "\"for_ns\":1000000000,\"wait\":true}");
        assert_false(lease_granted(&reply));
        assert_string_equal(rig_reply_text(&reply, "job"), "long");
        assert_string_equal(rig_reply_text(&reply, "owner"), "anna");
        expired = rig_int(reply.json.root, "left_ns") == 0;
        if (expired && (strcmp(rig_reply_text(&reply, "holder"), "c1") ||
                        !strstr(rig_reply_text(&reply, "purpose"), "still runs")))
            rig_fail("whose job runs is not said: %s", reply.text);
        rig_reply_release(&reply);
        assert_true(ed_clock_monotonic_ns() < deadline);
    }
    // Somebody waits now, and is first even before the campaign whose job still runs.
    lease_take("c1", "anna", LEASE_HOUR_NS, false, false, NULL);
    struct rig_reply reply = lease_say("{\"type\":\"lease\",\"action\":\"release\",\"holder\":\"c2\"}");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, fresh);
    reply = rig_call_job("status", "long");
    assert_string_equal(rig_reply_text(&reply, "state"), "running");
    rig_reply_release(&reply);
    lease_stop("long");
    lease_release(fresh);
    lease_take("c2", "bob", LEASE_HOUR_NS, false, true, NULL);
    lease_forget();
    // A job without a lease keeps its device too.
    lease_start("free", HANG, 1, "");
    lease_take("c2", "bob", LEASE_HOUR_NS, false, false, NULL);
    lease_take("rig", "anna", LEASE_HOUR_NS, false, true, NULL); // its own campaign
    lease_stop("free");
    lease_forget();
}

// A start without a lease and a campaign that takes one, at once: one of them gets the device, never both.
static void test_race(void **state) {
    int started = 0, taken = 0, delay_us = 16000;
    (void)state;
    for (int i = 0; i < 40; i++) {
        char id[32];
        int wait_status = 0;
        snprintf(id, sizeof id, "race-%d", i);
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            usleep((useconds_t)delay_us);
            struct rig_reply reply =
                lease_say("{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"c2\",\"owner\":"
                          "\"bob\",\"for_ns\":%lld}",
                          (long long)LEASE_HOUR_NS);
            _exit(lease_granted(&reply) ? 1 : reply.exit_code);
        }
        struct rig_reply reply = lease_try_start(id, HANG, 1, "");
        const bool runs = reply.exit_code == 0;
        if (!runs && strcmp(rig_reply_text(&reply, "status"), "busy"))
            rig_fail("%s", reply.text);
        rig_reply_release(&reply);
        while (waitpid(pid, &wait_status, 0) != pid)
            assert_int_equal(errno, EINTR);
        assert_true(WIFEXITED(wait_status));
        const bool granted = WEXITSTATUS(wait_status) == 1;
        if (runs == granted)
            rig_fail("round %d: the job %s and the lease %s", i, runs ? "runs" : "does not run",
                     granted ? "is given" : "is not given");
        started += runs;
        taken += granted;
        // Towards the moment at which it is undecided.
        delay_us += granted ? 2000 : delay_us > 2000 ? -1700 : 0;
        if (runs)
            lease_stop(id);
        lease_forget();
    }
    printf("%d started, %d taken\n", started, taken);
}

static struct rig_reply status_renew(const char *job, const char *token, const char *extend) {
    return rig_call(NULL, 0,
                    (const char *[]){"status", "--work", rig_work, "--job", job, "--token", token,
                                     "--extend-ns", extend, NULL});
}

static void test_status_renews(void **state) {
    char token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", 60 * RIG_SECOND, false, true, token);
    lease_start("renew", HANG, 1, lease_of(token, 60 * RIG_SECOND));
    struct rig_reply reply = status_renew("renew", token, "3600000000000");
    assert_int_equal(reply.exit_code, 0);
    assert_string_equal(rig_reply_text(&reply, "state"), "running");
    assert_null(cJSON_GetObjectItemCaseSensitive(reply.json.root, "lease_lost"));
    rig_reply_release(&reply);
    assert_true(left_ns("c1") > LEASE_HOUR_NS / 2);
    static const char *const lost[] = {"1-00000000", "no token"};
    for (size_t i = 0; i < 2; i++) {
        reply = status_renew("renew", lost[i], "1000");
        assert_int_equal(reply.exit_code, 0);
        assert_string_equal(rig_reply_text(&reply, "state"), "running");
        assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(reply.json.root, "lease_lost")));
        assert_true(rig_reply_text(&reply, "lease_message")[0] != 0);
        rig_reply_release(&reply);
    }
    lease_stop("renew");
    lease_forget();
}

static void test_stopped_by(void **state) {
    char by[200];
    (void)state;
    lease_start("by", HANG, 1, "");
    struct rig_reply reply = rig_call(
        NULL, 0, (const char *[]){"stop", "--work", rig_work, "--job", "by", "--by", "a\x1b[31mb", NULL});
    rig_expect_error(&reply, "usage", "printable");
    memset(by, 'x', sizeof by - 1);
    by[sizeof by - 1] = 0;
    reply = rig_call(NULL, 0, (const char *[]){"stop", "--work", rig_work, "--job", "by", "--by", by, NULL});
    rig_expect_error(&reply, "usage", "128 bytes");
    reply = rig_call_job("status", "by");
    assert_string_equal(rig_reply_text(&reply, "state"), "running");
    rig_reply_release(&reply);
    reply = rig_call(NULL, 0,
                     (const char *[]){"stop", "--work", rig_work, "--job", "by", "--by", "anna@ci-7", NULL});
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    // The first one to ask is named.
    reply =
        rig_call(NULL, 0, (const char *[]){"stop", "--work", rig_work, "--job", "by", "--by", "bob", NULL});
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    lease_expect_end("by", "stopped", "stopped by anna@ci-7");
    reply = rig_call_job("status", "by");
    assert_string_equal(rig_reply_text(&reply, "message"), "stopped by anna@ci-7");
    rig_reply_release(&reply);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_lease),   cmocka_unit_test(test_may_not_start),
        cmocka_unit_test(test_paused_start), cmocka_unit_test(test_expires),
        cmocka_unit_test(test_given_up),     cmocka_unit_test(test_taken_away),
        cmocka_unit_test(test_taken_over),   cmocka_unit_test(test_still_runs),
        cmocka_unit_test(test_race),         cmocka_unit_test(test_status_renews),
        cmocka_unit_test(test_stopped_by),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
