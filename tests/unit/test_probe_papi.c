// SPDX-License-Identifier: Apache-2.0
// PAPI, really, where it is installed: software events of a child that touches memory can be counted on any
// machine. Hardware counters are checked where the processor has them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edgedyno/backend.h"
#include "probes/channels.h"
#include "probes/registry.h"
#include "runners/probe_host.h"

#define PAGES 4096

struct papi {
    void *state;
    int root;
    struct ed_channel channels[ED_CHANNELS_MAX];
    int64_t values[ED_CHANNELS_MAX];
    size_t n;
};

static void papi_open(struct papi *papi, const char *events) {
    const struct ed_option_given option = {"events", events};
    memset(papi, 0, sizeof *papi);
    papi->state = calloc(1, ed_probe_papi.state_bytes);
    papi->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_non_null(papi->state);
    const struct ed_probe_args args = {
        .root_fd = papi->root, .host = &ed_probe_host_live, .options = &option, .n_options = events != NULL};
    assert_int_equal(
        ed_probe_papi.detect(papi->state, &args, papi->channels, ED_CHANNELS_MAX, &papi->n, NULL), ED_OK);
    assert_true(papi->n > 0);
}

static void papi_close(struct papi *papi) {
    ed_probe_papi.close(papi->state);
    ed_probe_papi.close(papi->state);
    free(papi->state);
    close(papi->root);
}

// A child that waits, touches pages when it is told to, and tells that it has.
static void with_child(struct papi *papi, void (*check)(struct papi *papi, int64_t before)) {
    int to[2], from[2], status;
    char byte = 1;
    assert_int_equal(pipe(to) | pipe(from), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        if (read(to[0], &byte, 1) != 1)
            _exit(1);
        char *memory = mmap(NULL, PAGES * 4096u, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        madvise(memory, PAGES * 4096u, MADV_NOHUGEPAGE);
        for (size_t i = 0; memory != MAP_FAILED && i < PAGES; i++)
            memory[i * 4096] = 1;
        _exit(write(from[1], &byte, 1) == 1 && read(to[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_true(pid > 0);
    ed_probe_papi.attach(papi->state, pid);
    ed_probe_papi.sample(papi->state, papi->values, papi->n);
    const int64_t before = papi->values[0];
    assert_int_equal(write(to[1], &byte, 1), 1);
    assert_int_equal(read(from[0], &byte, 1), 1);
    ed_probe_papi.sample(papi->state, papi->values, papi->n);
    check(papi, before);
    assert_int_equal(write(to[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    // The numbers of a process that has ended may still be read, and are never of another one.
    ed_probe_papi.sample(papi->state, papi->values, papi->n);
    assert_true(papi->values[0] == ED_NO_VALUE || papi->values[0] >= PAGES);
    ed_probe_papi.attach(papi->state, 0);
    ed_probe_papi.sample(papi->state, papi->values, papi->n);
    assert_true(papi->values[0] == ED_NO_VALUE);
    for (int i = 0; i < 2; i++) {
        close(to[i]);
        close(from[i]);
    }
}

static void check_faults(struct papi *papi, int64_t before) {
    assert_true(before >= 0);
    const int64_t faults = papi->values[0] - before;
    if (faults < PAGES || faults > PAGES + PAGES / 20)
        fail_msg("%lld faults for %d pages", (long long)faults, PAGES);
}

static void test_page_faults(void **context) {
    (void)context;
    struct papi papi;
    papi_open(&papi, "perf::PAGE-FAULTS,NO_SUCH_EVENT");
    assert_int_equal(papi.n, 2);
    assert_string_equal(papi.channels[0].id, "papi.perf__PAGE-FAULTS");
    assert_false(papi.channels[1].available);
    ed_probe_papi.sample(papi.state, papi.values, papi.n);
    assert_true(papi.values[1] == ED_NO_VALUE);
    if (papi.channels[0].available)
        with_child(&papi, check_faults);
    else
        print_message("not counted here: %s\n", papi.channels[0].reason);
    papi_close(&papi);
}

// The common events: each is counted, or says why not.
static void test_common_events(void **context) {
    (void)context;
    struct papi papi;
    papi_open(&papi, NULL);
    assert_int_equal(papi.n, 4);
    ed_probe_papi.attach(papi.state, getpid());
    ed_probe_papi.sample(papi.state, papi.values, papi.n);
    for (size_t i = 0; i < papi.n; i++) {
        assert_int_equal(papi.channels[i].available, papi.channels[i].reason[0] == 0);
        assert_int_equal(papi.channels[i].available, papi.values[i] != ED_NO_VALUE);
        print_message("%s: %s\n", papi.channels[i].id,
                      papi.channels[i].available ? "counted" : papi.channels[i].reason);
    }
    papi_close(&papi);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_faults),
        cmocka_unit_test(test_common_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
