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

#define WELL "{\"type\": \"edgedyno-script\"}"
#define HANG "{\"type\": \"edgedyno-script\", \"run\": {\"fail\": \"hang\"}}"
#define SLOW "{\"type\": \"edgedyno-script\", \"load\": {\"ns\": 200000000}}"
#define TOKEN_BYTES (ED_WIRE_TOKEN_MAX_BYTES + 1)
#define BLOCKS 40
#define CPUFREQ "/sys/devices/system/cpu/cpufreq"

// A job of `n` blocks of the script; `more` is put into its message ("\"lease\":{...}"; "" for nothing).
static struct rig_reply try_start(const char *id, const char *script, size_t n, const char *more) {
    static struct rig_block blocks[BLOCKS];
    static char names[BLOCKS][16];
    struct ed_buffer text;
    char file[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "b-%zu", i);
        blocks[i] = (struct rig_block){.id = names[i], .pass = ED_PASS_COLD, .timeout_ns = 60 * RIG_SECOND};
    }
    snprintf(file, sizeof file, "%s.json", id);
    const struct rig_case c = {.model = rig_file(file, script)};
    rig_job_text(&text, &(struct rig_job){id, 0, &c, 1, blocks, n});
    char *whole = malloc(text.size + strlen(more) + 2);
    assert_non_null(whole);
    const int bytes = snprintf(whole, text.size + strlen(more) + 2, "%.*s%s%s}", (int)text.size - 1,
                               ed_buffer_text(&text), more[0] ? "," : "", more);
    struct rig_reply reply =
        rig_call(whole, (size_t)bytes, (const char *[]){"start", "--work", rig_work, NULL});
    free(whole);
    ed_buffer_release(&text);
    return reply;
}

static pid_t start(const char *id, const char *script, size_t n, const char *more) {
    struct rig_reply reply = try_start(id, script, n, more);
    if (reply.exit_code != 0)
        rig_fail("%s did not start: %s", id, reply.text);
    const pid_t pid = (pid_t)rig_int(reply.json.root, "pid");
    rig_reply_release(&reply);
    return pid;
}

static const char *lease_of(const char *token, int64_t for_ns) {
    static char text[256];
    snprintf(text, sizeof text, "\"lease\":{\"token\":\"%s\",\"for_ns\":%lld}", token, (long long)for_ns);
    return text;
}

// The job's end line must have this reason, and these words in its message.
static void expect_end(const char *id, const char *reason, const char *words) {
    struct rig_journal journal;
    assert_string_equal(rig_wait(id, 60 * RIG_SECOND), "ended");
    rig_journal_read(&journal, id);
    const cJSON *line = rig_line(&journal, NULL);
    if (strcmp(rig_text(line, "reason"), reason) || !strstr(rig_text(line, "message"), words))
        rig_fail("%s: expected %s and '%s': %s", id, reason, words, journal.text);
    for (size_t i = 1; i + 1 < journal.n; i++)
        assert_string_equal(rig_text(journal.lines[i].root, "outcome"), "ok");
    rig_journal_release(&journal);
}

static void stop(const char *id) {
    struct rig_reply reply = rig_call_job("stop", id);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    assert_string_equal(rig_wait(id, 10 * RIG_SECOND), "ended");
}

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
    start("with", WELL, 2, lease_of(token, LEASE_HOUR_NS));
    expect_end("with", "done", "");
    // Extended over the job, and still held at its end: the controller has to read what there is.
    assert_true(left_ns("c1") > LEASE_HOUR_NS / 2);
    lease_take("c2", "bob", LEASE_HOUR_NS, false, false, NULL);
    lease_release(token);
    // Nobody's device runs whatever comes, as before there were leases.
    start("without", WELL, 1, "");
    expect_end("without", "done", "");
    lease_forget();
}

static void test_may_not_start(void **state) {
    char old[TOKEN_BYTES], token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", 1, false, true, old);
    struct rig_reply reply = try_start("no", WELL, 1, lease_of(old, LEASE_HOUR_NS));
    rig_expect_error(&reply, "busy", "expired");
    lease_take("c2", "bob@lab", LEASE_HOUR_NS, false, true, token);
    reply = try_start("no", WELL, 1, lease_of(old, LEASE_HOUR_NS));
    rig_expect_error(&reply, "busy", "bob@lab holds the device now");
    reply = try_start("no", WELL, 1, "");
    rig_expect_error(&reply, "busy", "bob@lab holds this device");
    reply = rig_call_job("status", "no"); // nothing of it is left
    rig_expect_error(&reply, "not_found", "no");
    lease_release(token);
    reply = lease_say("{\"type\":\"lease\",\"action\":\"reserve\",\"owner\":\"dora\",\"for_ns\":%lld}",
                      (long long)LEASE_HOUR_NS);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    reply = try_start("no", WELL, 1, "");
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
        reply = try_start("no", WELL, 1, wrong[i][0]);
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
    start("expires", SLOW, BLOCKS, lease_of(token, RIG_SECOND));
    end_lease("c1", "anna@ci-7", token, 500 * RIG_MS);
    expect_end("expires", "lease", "the lease of anna@ci-7 expired; nobody holds the device now");
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
    start("given-up", SLOW, BLOCKS, lease_of(token, LEASE_HOUR_NS));
    lease_release(token);
    expect_end("given-up", "lease", "was given up; nobody holds the device now");
    lease_forget();
}

static void test_taken_away(void **state) {
    char token[TOKEN_BYTES], text[1024], boot_id[64];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    start("taken", SLOW, BLOCKS, lease_of(token, LEASE_HOUR_NS));
    // Nothing of ours does this while a job runs; a person with an editor may.
    lease_boot_id(boot_id);
    const int n = snprintf(
        text, sizeof text,
        "{\"counter\":9,\"holder\":\"c9\",\"token\":\"9-00000000\",\"owner\":\"bob@lab\",\"purpose\":"
        "\"gate\",\"boot_id\":\"%s\",\"expires_boot_ns\":%lld,\"reserved_by\":\"\",\"reserved_boot_ns\":0,"
        "\"reserved_until_us\":0}",
        boot_id, (long long)(lease_boot_ns() + LEASE_HOUR_NS));
    lease_write(ED_WORK_LEASE, text, (size_t)n);
    expect_end("taken", "lease", "anna lost the lease: bob@lab holds the device now (gate)");
    // Nobody can tell whose it is: no further block either.
    lease_forget();
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    start("damaged", SLOW, BLOCKS, lease_of(token, LEASE_HOUR_NS));
    lease_write(ED_WORK_LEASE, "{\"counter\":9,\"hol", 16);
    expect_end("damaged", "lease", "is damaged");
    lease_forget();
}

// A controller that was started anew takes its campaign's lease over: the job goes on, the old token is worth
// nothing.
static void test_taken_over(void **state) {
    char old[TOKEN_BYTES], token[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, old);
    start("over", SLOW, 5, lease_of(old, LEASE_HOUR_NS));
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    assert_string_not_equal(old, token);
    expect_end("over", "done", "");
    struct rig_reply reply = try_start("over-2", WELL, 1, lease_of(old, LEASE_HOUR_NS));
    rig_expect_error(&reply, "busy", "not valid any more");
    lease_forget();
}

// The lease runs out while a long block runs: nobody else is given the device before the block's end, but its
// own campaign may come back.
static void test_still_runs(void **state) {
    char token[TOKEN_BYTES], fresh[TOKEN_BYTES];
    (void)state;
    lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
    pid_t supervisor = start("long", HANG, 2, lease_of(token, LEASE_HOUR_NS));
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
    stop("long");
    lease_release(fresh);
    lease_take("c2", "bob", LEASE_HOUR_NS, false, true, NULL);
    lease_forget();
    // A job without a lease keeps its device too.
    start("free", HANG, 1, "");
    lease_take("c2", "bob", LEASE_HOUR_NS, false, false, NULL);
    lease_take("rig", "anna", LEASE_HOUR_NS, false, true, NULL); // its own campaign
    stop("free");
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
        struct rig_reply reply = try_start(id, HANG, 1, "");
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
            stop(id);
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
    start("renew", HANG, 1, lease_of(token, 60 * RIG_SECOND));
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
    stop("renew");
    lease_forget();
}

static void test_stopped_by(void **state) {
    char by[200];
    (void)state;
    start("by", HANG, 1, "");
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
    expect_end("by", "stopped", "stopped by anna@ci-7");
    reply = rig_call_job("status", "by");
    assert_string_equal(rig_reply_text(&reply, "message"), "stopped by anna@ci-7");
    rig_reply_release(&reply);
}

static bool device_is_free(void) {
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"work", "--work", rig_work, NULL});
    assert_int_equal(reply.exit_code, 0);
    const bool is_free = !rig_reply_text(&reply, "job")[0];
    rig_reply_release(&reply);
    return is_free;
}

// The supervisor alone, or both at once, as a session's or adbd's end does it: nothing keeps the device.
static void test_killed(void **state) {
    static const char *const ids[] = {"kill-one", "kill-both"};
    char token[TOKEN_BYTES];
    (void)state;
    for (int both = 0; both < 2; both++) {
        lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
        pid_t supervisor = start(ids[both], HANG, 1, lease_of(token, LEASE_HOUR_NS));
        pid_t worker = rig_worker(supervisor, 20 * RIG_SECOND);
        assert_true(worker > 0);
        assert_false(device_is_free());
        // Held still, it cannot journal its worker's death.
        assert_int_equal(kill(supervisor, SIGSTOP), 0);
        if (both)
            assert_int_equal(kill(worker, SIGKILL), 0);
        assert_int_equal(kill(supervisor, SIGKILL), 0);
        assert_true(rig_gone(supervisor, 10 * RIG_SECOND));
        assert_true(rig_gone(worker, 10 * RIG_SECOND));
        assert_string_equal(rig_wait(ids[both], 10 * RIG_SECOND), "died");
        assert_true(device_is_free());
        // Its lease holds until its end; its campaign goes on at once.
        lease_take("c2", "bob", LEASE_HOUR_NS, false, false, NULL);
        lease_take("c1", "anna", LEASE_HOUR_NS, false, true, token);
        char again[32];
        snprintf(again, sizeof again, "again-%d", both);
        start(again, WELL, 1, lease_of(token, LEASE_HOUR_NS));
        expect_end(again, "done", "");
        lease_forget();
    }
}

static bool pending(void) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" ED_WORK_STATE, rig_work);
    return ed_path_exists(path);
}

// What a job of before the last restart changed is gone with it; every short command that comes says so and
// forgets it.
static void test_left_before_a_restart(void **state) {
    static const char line[] =
        "{\"kind\":\"governor\",\"path\":\"" CPUFREQ "/policy0/scaling_governor\",\"old\":\"a\","
        "\"new\":\"b\",\"boot_id\":\"11111111-2222-4333-8444-555555555555\",\"lasting\":false}\n";
    (void)state;
    lease_write(ED_WORK_STATE, line, sizeof line - 1);
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"restore", "--work", rig_work, NULL});
    const cJSON *restored = rig_find(reply.json.root, "restored");
    assert_string_equal(rig_reply_text(&reply, "type"), "restored");
    assert_int_equal(cJSON_GetArraySize(restored), 1);
    assert_non_null(strstr(cJSON_GetArrayItem(restored, 0)->valuestring, "restarted since"));
    assert_int_equal(cJSON_GetArraySize(rig_find(reply.json.root, "failed")), 0);
    rig_reply_release(&reply);
    assert_false(pending());
    lease_write(ED_WORK_STATE, line, sizeof line - 1);
    assert_true(device_is_free()); // `work`
    assert_false(pending());
    lease_write(ED_WORK_STATE, line, sizeof line - 1);
    lease_take("c1", "anna", 1, false, true, NULL);
    assert_false(pending());
    lease_forget();
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void expect_governor(const char *governor) {
    char text[64] = "";
    int fd = open(CPUFREQ "/policy0/scaling_governor", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    assert_string_equal(text, governor);
}

#define GOVERNOR "\"settings\":[{\"kind\":\"governor\",\"value\":\"performance\"}]"

static void settings_of_jobs(void) {
    struct rig_journal journal;
    // Applied before the first block, told in the journal, put back before its end.
    pid_t supervisor = start("settings", HANG, 1, GOVERNOR);
    assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
    expect_governor("performance");
    assert_true(pending());
    struct rig_reply reply = rig_call(NULL, 0, (const char *[]){"restore", "--work", rig_work, NULL});
    rig_expect_error(&reply, "busy", "job settings runs");
    assert_false(device_is_free()); // `work` leaves a running job's settings alone
    expect_governor("performance");
    stop("settings");
    expect_governor("schedutil");
    assert_false(pending());
    // By the job itself, not by the contact that asked for its end.
    reply = rig_call(NULL, 0,
                     (const char *[]){"read", "--work", rig_work, "--job", "settings", "--file", "runner.log",
                                      "--from", "0", "--max", "4096", NULL});
    assert_non_null(strstr(reply.text, "governor of policy0: performance -> schedutil"));
    rig_reply_release(&reply);
    rig_journal_read(&journal, "settings");
    const cJSON *told = rig_find(journal.lines[0].root, "settings");
    assert_int_equal(cJSON_GetArraySize(told), 1);
    assert_string_equal(rig_text(cJSON_GetArrayItem(told, 0), "kind"), "governor");
    assert_string_equal(rig_text(cJSON_GetArrayItem(told, 0), "value"), "performance");
    rig_journal_release(&journal);
    // The supervisor is killed: the next contact puts it back.
    static const char *const contacts[] = {"work", "lease", "start", "status", "restore"};
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
        char id[32];
        snprintf(id, sizeof id, "killed-%s", contacts[i]);
        supervisor = start(id, HANG, 1, GOVERNOR);
        assert_true(rig_worker(supervisor, 20 * RIG_SECOND) > 0);
        assert_int_equal(kill(supervisor, SIGKILL), 0);
        assert_true(rig_gone(supervisor, 10 * RIG_SECOND));
        expect_governor("performance");
        assert_true(pending());
        if (!strcmp(contacts[i], "work"))
            assert_true(device_is_free());
        else if (!strcmp(contacts[i], "lease"))
            left_ns("");
        else if (!strcmp(contacts[i], "start"))
            start("next", HANG, 1, "");
        else if (!strcmp(contacts[i], "status"))
            assert_string_equal(rig_wait(id, RIG_SECOND), "died");
        else {
            reply = rig_call(NULL, 0, (const char *[]){"restore", "--work", rig_work, NULL});
            assert_string_equal(cJSON_GetArrayItem(rig_find(reply.json.root, "restored"), 0)->valuestring,
                                "governor of policy0: performance -> schedutil");
            rig_reply_release(&reply);
        }
        expect_governor("schedutil");
        assert_false(pending());
        if (!strcmp(contacts[i], "start"))
            stop("next");
    }
    // A setting that cannot be made ends the job before any block, with what to do.
    start("cannot", WELL, 1, "\"settings\":[{\"kind\":\"governor\",\"value\":\"warp\"}]");
    expect_end("cannot", "error", "choose one of: schedutil performance");
    rig_journal_read(&journal, "cannot");
    assert_int_equal(journal.n, 2);
    assert_null(rig_find(journal.lines[0].root, "settings"));
    rig_journal_release(&journal);
    expect_governor("schedutil");
}

// In a mount namespace of its own, where this machine has a governor for once.
static void test_settings_of_jobs(void **state) {
    int wait_status = 0;
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (access(CPUFREQ, F_OK) != 0 || unshare(CLONE_NEWNS) != 0 ||
            mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", CPUFREQ, "tmpfs", 0, "mode=0755") != 0)
            _exit(77);
        assert_int_equal(mkdir(CPUFREQ "/policy0", 0755), 0);
        put(CPUFREQ "/policy0/scaling_governor", "schedutil\n");
        put(CPUFREQ "/policy0/scaling_available_governors", "schedutil performance\n");
        settings_of_jobs();
        _exit(0);
    }
    while (waitpid(pid, &wait_status, 0) != pid)
        assert_int_equal(errno, EINTR);
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 77) {
        print_message("no mount namespace, or no " CPUFREQ ": needs root\n");
        skip();
    }
    assert_true(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_lease),
        cmocka_unit_test(test_may_not_start),
        cmocka_unit_test(test_paused_start),
        cmocka_unit_test(test_expires),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_taken_away),
        cmocka_unit_test(test_taken_over),
        cmocka_unit_test(test_still_runs),
        cmocka_unit_test(test_race),
        cmocka_unit_test(test_status_renews),
        cmocka_unit_test(test_stopped_by),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_left_before_a_restart),
        cmocka_unit_test(test_settings_of_jobs),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
