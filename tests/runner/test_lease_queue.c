// SPDX-License-Identifier: Apache-2.0
// Those who wait for a device, and reservations.
#include "runners/lease.h"
#include "tests/runner/lease_rig.h"

static int ahead(const char *holder) {
    struct rig_reply reply =
        lease_say("{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"%s\",\"owner\":\"o-%s\","
                  "\"for_ns\":%lld,\"wait\":true}",
                  holder, holder, (long long)LEASE_HOUR_NS);
    assert_false(lease_granted(&reply));
    const int n = (int)rig_int(reply.json.root, "ahead");
    rig_reply_release(&reply);
    return n;
}

static void write_ticket(const char *holder, const char *boot, int64_t created_ns, int64_t seen_ns) {
    char name[128], text[512], boot_id[64];
    lease_boot_id(boot_id);
    snprintf(name, sizeof name, ED_WORK_TICKETS "/%s.json", holder);
    const int n =
        snprintf(text, sizeof text,
                 "{\"owner\":\"o-%s\",\"created_boot_ns\":%lld,\"seen_boot_ns\":%lld,\"boot_id\":\"%s\"}",
                 holder, (long long)(lease_boot_ns() + created_ns), (long long)(lease_boot_ns() + seen_ns),
                 boot[0] ? boot : boot_id);
    lease_write(name, text, (size_t)n);
}

static bool has_ticket(const char *holder) {
    char path[ED_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" ED_WORK_TICKETS "/%s.json", rig_work, holder);
    return ed_path_exists(path);
}

static void test_queue(void **state) {
    char token[TOKEN_BYTES];
    (void)state;
    lease_take("a", "o-a", LEASE_HOUR_NS, false, true, token);
    assert_int_equal(ahead("b"), 0);
    assert_int_equal(ahead("c"), 1);
    assert_int_equal(ahead("d"), 2);
    assert_int_equal(ahead("b"), 0); // asking again keeps the place
    assert_int_equal(ahead("c"), 1);
    lease_release(token);
    // Free, and still nobody's but the first's; who does not wait is refused.
    lease_take("e", "o-e", LEASE_HOUR_NS, false, false, NULL);
    assert_false(has_ticket("e"));
    assert_int_equal(ahead("d"), 2);
    assert_int_equal(ahead("c"), 1);
    // The first one has not asked for half a minute; what else lies there counts for nothing either.
    write_ticket("b", "", -60 * RIG_SECOND, -ED_LEASE_TICKET_NS - RIG_MS);
    write_ticket("other-boot", "11111111-2222-4333-8444-555555555555", -60 * RIG_SECOND, 0);
    write_ticket("future", "", -60 * RIG_SECOND, LEASE_HOUR_NS);
    write_ticket("backwards", "", -RIG_SECOND, -2 * RIG_SECOND);
    lease_write(ED_WORK_TICKETS "/torn.json", "{\"owner\":\"o-t", 13);
    lease_write(ED_WORK_TICKETS "/no-ending", "{}", 2);
    assert_int_equal(ahead("d"), 1);
    static const char *const dead[] = {"b", "other-boot", "future", "backwards", "torn"};
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++)
        assert_false(has_ticket(dead[i]));
    lease_take("c", "o-c", LEASE_HOUR_NS, true, true, token);
    assert_false(has_ticket("c"));
    assert_int_equal(ahead("b"), 1); // it came back, at the end
    lease_release(token);
    lease_take("e", "o-e", LEASE_HOUR_NS, false, false, NULL);
    // The next one gives its place up.
    struct rig_reply reply =
        lease_say("{\"type\":\"lease\",\"action\":\"release\",\"token\":\"\",\"holder\":\"d\"}");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    assert_false(has_ticket("d"));
    // Served without `wait` too, since it is its turn.
    lease_take("b", "o-b", LEASE_HOUR_NS, false, true, token);
    assert_false(has_ticket("b"));
    lease_release(token);
    lease_take("e", "o-e", LEASE_HOUR_NS, false, true, token);
    lease_forget();
}

static void test_reserve(void **state) {
    char token[TOKEN_BYTES], anna[TOKEN_BYTES];
    (void)state;
    lease_take("a", "anna", LEASE_HOUR_NS, false, true, anna);
    struct rig_reply reply =
        lease_say("{\"type\":\"lease\",\"action\":\"reserve\",\"owner\":\"bob\",\"for_ns\":%lld}",
                  (long long)LEASE_HOUR_NS);
    assert_int_equal(reply.exit_code, 0);
    assert_string_equal(rig_reply_text(&reply, "reserved_by"), "bob");
    assert_string_equal(rig_reply_text(&reply, "owner"), "anna"); // who runs stays
    rig_reply_release(&reply);
    reply = lease_say("{\"type\":\"lease\",\"action\":\"renew\",\"token\":\"%s\",\"for_ns\":1000}", anna);
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    // Nobody else may reserve it, nor end it.
    reply = lease_say("{\"type\":\"lease\",\"action\":\"reserve\",\"owner\":\"carl\",\"for_ns\":1000}");
    rig_expect_error(&reply, "busy", "reserved by bob");
    reply = lease_say("{\"type\":\"lease\",\"action\":\"unreserve\",\"owner\":\"carl\"}");
    rig_expect_error(&reply, "busy", "reserved by bob");
    // Its own waiters are served first, whoever else waits longer.
    assert_int_equal(ahead("c"), 0);
    reply = lease_say(
        "{\"type\":\"lease\",\"action\":\"take\",\"holder\":\"b\",\"owner\":\"bob\",\"for_ns\":1000,"
        "\"wait\":true}");
    assert_int_equal(rig_int(reply.json.root, "ahead"), 0);
    rig_reply_release(&reply);
    lease_release(anna);
    lease_take("a", "anna", LEASE_HOUR_NS, false, false, NULL);
    assert_int_equal(ahead("c"), 0);
    lease_take("b", "bob", LEASE_HOUR_NS, true, true, token);
    lease_release(token);
    lease_take("b2", "bob", LEASE_HOUR_NS, false, true, token); // c waits, and cannot be served
    lease_release(token);
    reply = lease_say("{\"type\":\"lease\",\"action\":\"unreserve\",\"owner\":\"bob\"}");
    assert_string_equal(rig_reply_text(&reply, "reserved_by"), "");
    rig_reply_release(&reply);
    lease_take("b2", "bob", LEASE_HOUR_NS, false, false, NULL);
    lease_take("c", "o-c", LEASE_HOUR_NS, true, true, token);
    lease_release(token);
    // It ends by itself.
    reply = lease_say("{\"type\":\"lease\",\"action\":\"reserve\",\"owner\":\"bob\",\"for_ns\":1}");
    assert_int_equal(reply.exit_code, 0);
    rig_reply_release(&reply);
    lease_take("a", "anna", LEASE_HOUR_NS, false, true, token);
    lease_forget();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_queue), cmocka_unit_test(test_reserve)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
