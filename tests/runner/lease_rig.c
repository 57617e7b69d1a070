// SPDX-License-Identifier: Apache-2.0
// Asking for leases.
#include "tests/runner/lease_rig.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

struct rig_reply lease_say(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_true(n > 0 && (size_t)n < sizeof text);
    return rig_call(text, (size_t)n, (const char *[]){"lease", "--work", rig_work, NULL});
}

bool lease_granted(const struct rig_reply *reply) {
    return reply->json.root && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(reply->json.root, "granted"));
}

void lease_take(const char *holder, const char *owner, int64_t for_ns, bool wait, bool granted, char *token) {
    struct rig_reply reply = lease_say(
        "{\"type\":\"lease\",\"wire\":\"1.1\",\"action\":\"take\",\"holder\":\"%s\",\"owner\":\"%s\","
        "\"purpose\":\"test\",\"token\":\"\",\"for_ns\":%lld,\"wait\":%s}",
        holder, owner, (long long)for_ns, wait ? "true" : "false");
    if (reply.exit_code != 0 || strcmp(rig_reply_text(&reply, "type"), "lease") ||
        lease_granted(&reply) != granted)
        rig_fail("%s %s get the lease: exit %d: %s", holder, granted ? "did not" : "should not",
                 reply.exit_code, reply.text);
    const char *given = rig_reply_text(&reply, "token");
    assert_int_equal(given[0] != 0, granted);
    if (token)
        snprintf(token, ED_WIRE_TOKEN_MAX_BYTES + 1, "%s", given);
    rig_reply_release(&reply);
}

void lease_release(const char *token) {
    struct rig_reply reply = lease_say("{\"type\":\"lease\",\"action\":\"release\",\"token\":\"%s\"}", token);
    if (reply.exit_code != 0)
        rig_fail("no release of %s: %s", token, reply.text);
    rig_reply_release(&reply);
}

void lease_take_within(const char *holder, const char *owner, int64_t limit_ns, char *token) {
    const int64_t deadline = ed_clock_monotonic_ns() + limit_ns;
    for (bool granted = false; !granted;) {
        struct rig_reply reply =
            lease_say("{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"%s\",\"owner\":\"%s\","
                      "\"for_ns\":%lld,\"wait\":true}",
                      holder, owner, (long long)LEASE_HOUR_NS);
        granted = lease_granted(&reply);
        if (!granted && ed_clock_monotonic_ns() > deadline)
            rig_fail("%s is not given the lease: %s", holder, reply.text);
        if (granted && token)
            snprintf(token, ED_WIRE_TOKEN_MAX_BYTES + 1, "%s", rig_reply_text(&reply, "token"));
        rig_reply_release(&reply);
        if (!granted)
            usleep(5000);
    }
}

void lease_forget(void) {
    static const char *const names[] = {ED_WORK_LEASE, ED_WORK_TICKETS};
    char path[ED_PATH_BYTES];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ed_path_join(path, rig_work, names[i], NULL), ED_OK);
        assert_int_equal(ed_path_remove(path, NULL), ED_OK);
    }
}

void lease_write(const char *name, const char *text, size_t bytes) {
    char path[ED_PATH_BYTES];
    assert_int_equal(ed_path_make(rig_work, 0700, NULL), ED_OK);
    assert_int_equal(ed_path_join(path, rig_work, name, NULL), ED_OK);
    assert_int_equal(ed_path_write_atomic(path, text, bytes, 0600, NULL), ED_OK);
}

void lease_boot_id(char boot_id[64]) {
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, boot_id, 63) : 0;
    if (fd >= 0)
        close(fd);
    boot_id[n > 0 ? n : 0] = 0;
    boot_id[strcspn(boot_id, "\n")] = 0;
    if (!boot_id[0])
        snprintf(boot_id, 64, "unknown");
}

int64_t lease_boot_ns(void) {
    return ed_clock_read_ns(ED_CLOCK_BOOT);
}

int64_t lease_counter_of(const char *token) {
    char *rest = NULL;
    const long long n = strtoll(token, &rest, 10);
    if (n < 1 || *rest != '-' || strspn(rest + 1, "0123456789abcdef") != 8 || rest[9])
        rig_fail("'%s' is no token", token);
    return n;
}

struct rig_reply lease_show(void) {
    struct rig_reply reply = lease_say("{\"type\":\"lease\",\"action\":\"show\"}");
    assert_int_equal(reply.exit_code, 0);
    return reply;
}

struct rig_reply lease_try_start(const char *id, const char *script, size_t n, const char *more) {
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

pid_t lease_start(const char *id, const char *script, size_t n, const char *more) {
    struct rig_reply reply = lease_try_start(id, script, n, more);
    if (reply.exit_code != 0)
        rig_fail("%s did not start: %s", id, reply.text);
    const pid_t pid = (pid_t)rig_int(reply.json.root, "pid");
    rig_reply_release(&reply);
    return pid;
}

const char *lease_of(const char *token, int64_t for_ns) {
    static char text[256];
    snprintf(text, sizeof text, "\"lease\":{\"token\":\"%s\",\"for_ns\":%lld}", token, (long long)for_ns);
    return text;
}

void lease_expect_end(const char *id, const char *reason, const char *words) {
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

void lease_stop(const char *id) {
    struct rig_reply reply = rig_call_job("stop", id);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    assert_string_equal(rig_wait(id, 10 * RIG_SECOND), "ended");
}
