// SPDX-License-Identifier: Apache-2.0
// Every probe on recorded machines: exactly which channels there are, what each says, or why it says nothing.
// The lists lie beside the machines; UPDATE_GOLDEN=1 writes them anew.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "tests/unit/probe_session.h"

#define MACHINES ED_TEST_FIXTURES "/machines"
#define WORKER 1234

static void list_probe(struct ed_buffer *list, const char *name, int root) {
    struct session *session = calloc(1, sizeof *session);
    assert_non_null(session);
    session_begin(session, name, root, WORKER);
    session->probe->attach(session->state, WORKER);
    session_sample(session);
    for (size_t i = 0; i < session->n; i++) {
        const struct ed_channel *channel = &session->channels[i];
        ed_buffer_printf(list, "%s %s%s %s ", channel->id, channel->unit,
                         channel->kind == ED_CHANNEL_COUNTER ? "+" : "", ed_scope_word(channel->scope));
        if (channel->wrap)
            ed_buffer_printf(list, "wrap=%lld ", (long long)channel->wrap);
        if (session->values[i] != ED_NO_VALUE)
            ed_buffer_printf(list, "%lld", (long long)session->values[i]);
        else
            ed_buffer_printf(list, "- %s", channel->reason);
        if (strchr(channel->source, '('))
            ed_buffer_printf(list, " %s", strchr(channel->source, '('));
        ed_buffer_text_append(list, "\n");
    }
    session_end(session);
    free(session);
}

static void machine(const char *name) {
    char path[512];
    struct ed_buffer list, golden;
    size_t n;
    const struct ed_probe *const *probes = ed_probes(&n);
    snprintf(path, sizeof path, MACHINES "/%s", name);
    const int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        fail_msg("%s: %s", path, strerror(errno));
    ed_buffer_init(&list, 1 << 20);
    ed_buffer_init(&golden, 1 << 20);
    for (size_t i = 0; i < n; i++)
        list_probe(&list, probes[i]->name, root);
    close(root);
    snprintf(path, sizeof path, MACHINES "/%s.channels", name);
    if (getenv("UPDATE_GOLDEN"))
        assert_int_equal(ed_path_write_atomic(path, list.data, list.size, 0644, NULL), ED_OK);
    assert_int_equal(ed_path_read(path, 1 << 20, &golden, NULL), ED_OK);
    assert_string_equal(ed_buffer_text(&list), ed_buffer_text(&golden));
    ed_buffer_release(&list);
    ed_buffer_release(&golden);
}

#define MACHINE(function, name)            \
    static void function(void **context) { \
        (void)context;                     \
        machine(name);                     \
    }
MACHINE(test_pi5, "pi5")
MACHINE(test_jetson, "jetson-orin")
MACHINE(test_pixel, "pixel")
MACHINE(test_budget_phone, "budget-phone")
MACHINE(test_intel_laptop, "intel-laptop")
MACHINE(test_amd_laptop, "amd-laptop")
MACHINE(test_empty, "empty")

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pi5),          cmocka_unit_test(test_jetson),
        cmocka_unit_test(test_pixel),        cmocka_unit_test(test_budget_phone),
        cmocka_unit_test(test_intel_laptop), cmocka_unit_test(test_amd_laptop),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
