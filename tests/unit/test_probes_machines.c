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
#include "probes/proc_file.h"
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

// Writes in place, as a file of /sys changes under its readers.
static void overwrite(int root, const char *path, const char *text, size_t bytes) {
    const int fd = openat(root, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, bytes), bytes);
    close(fd);
}

// Channels that are read from this very file and no other.
static size_t check_unread(const struct session *session, const char *path, const char *text) {
    size_t n = 0;
    for (size_t i = 0; i < session->n; i++)
        if (strcmp(session->channels[i].source + 1, path) == 0 && session->channels[i].source[0] == '/') {
            // Any word is the name of a governor.
            if (strstr(session->channels[i].id, ".governor") && strcmp(text, "nonsense\n") == 0)
                continue;
            n += session->channels[i].available;
            if (session->values[i] != ED_NO_VALUE)
                fail_msg("%s says %lld of \"%s\"", session->channels[i].id, (long long)session->values[i],
                         text);
        }
    return n;
}

// Every file of a machine becomes empty, nonsense, half of itself and a number beyond all, one after the
// other, while every probe has it open, and before it is opened: nothing breaks, and nothing is read from it.
static void damaged(const char *name) {
    static const char *const texts[] = {"",
                                        "\n",
                                        "-",
                                        "nonsense\n",
                                        "99999999999999999999\n",
                                        "12 34\n56\n",
                                        "9223372036854775807\n",
                                        "\x01\xff\n"};
    char directory[] = "/tmp/edgedyno-damaged-XXXXXX", command[1024], path[512];
    struct session *sessions = calloc(64, sizeof *sessions), *fresh = calloc(1, sizeof *fresh);
    size_t n, checked = 0;
    const struct ed_probe *const *probes = ed_probes(&n);
    assert_true(sessions && fresh && n <= 64 && mkdtemp(directory));
    snprintf(command, sizeof command,
             "cp -R '%s/%s/.' '%s' && chmod -R u+w '%s' && cd '%s' && find . -type f | sed 's|^\\./||'",
             MACHINES, name, directory, directory, directory);
    FILE *list = popen(command, "r");
    assert_non_null(list);
    const int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fgets(path, sizeof path, list)) {
        static char whole[65536];
        path[strcspn(path, "\n")] = 0;
        if (checked == 0)
            for (size_t i = 0; i < n && !sessions[i].probe; i++)
                session_begin(&sessions[i], probes[i]->name, root, WORKER);
        const ssize_t bytes = ed_proc_read(root, path, whole, sizeof whole);
        assert_true(bytes >= 0);
        for (size_t k = 0; k <= sizeof texts / sizeof texts[0]; k++) {
            const bool half = k == sizeof texts / sizeof texts[0];
            const char *text = half ? whole : texts[k];
            overwrite(root, path, text, half ? (size_t)bytes / 2 : strlen(text));
            for (size_t i = 0; i < n; i++) {
                session_sample(&sessions[i]);
                // Half of a number is a number; and the largest one is one for a counter.
                if (!half && k != 6)
                    checked += check_unread(&sessions[i], path, text);
            }
            for (size_t i = 0; i < n; i++) {
                session_begin(fresh, probes[i]->name, root, WORKER);
                session_sample(fresh);
                session_end(fresh);
            }
        }
        overwrite(root, path, whole, (size_t)bytes);
    }
    assert_int_equal(pclose(list), 0);
    for (size_t i = 0; i < n; i++)
        if (sessions[i].probe)
            session_end(&sessions[i]);
    close(root);
    free(sessions);
    free(fresh);
    assert_int_equal(ed_path_remove(directory, NULL), ED_OK);
    if (checked < 50)
        fail_msg("only %zu readings were damaged", checked);
}

static void test_damaged_board(void **context) {
    (void)context;
    damaged("jetson-orin");
}

static void test_damaged_laptop(void **context) {
    (void)context;
    damaged("intel-laptop");
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
        cmocka_unit_test(test_pi5),
        cmocka_unit_test(test_jetson),
        cmocka_unit_test(test_pixel),
        cmocka_unit_test(test_budget_phone),
        cmocka_unit_test(test_intel_laptop),
        cmocka_unit_test(test_amd_laptop),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_damaged_board),
        cmocka_unit_test(test_damaged_laptop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
