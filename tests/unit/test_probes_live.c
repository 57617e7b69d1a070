// SPDX-License-Identifier: Apache-2.0
// The probes on the real machine and on real processes: one that touches 64 MiB, one that burns processor
// time, one that ends.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "probes/channels.h"
#include "probes/registry.h"
#include "tests/unit/probe_session.h"

static int open_descriptors(void) {
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

// A child that does one step for each byte it gets, and answers with one byte.
struct child {
    pid_t pid;
    int to, from;
};

static void child_step(const struct child *child) {
    char byte = 1;
    assert_int_equal(write(child->to, &byte, 1), 1);
    assert_int_equal(read(child->from, &byte, 1), 1);
}

static void burn_cpu(int64_t ns) {
    int64_t end = ed_clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) + ns;
    while (ed_clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
        ;
}

static struct child child_begin(size_t touch_bytes, int64_t burn_ns) {
    int to[2], from[2];
    struct child child;
    char byte = 1;
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        close(to[1]);
        while (read(to[0], &byte, 1) == 1) {
            if (touch_bytes) {
                char *memory =
                    mmap(NULL, touch_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (memory == MAP_FAILED)
                    _exit(1);
                memset(memory, 1, touch_bytes);
            }
            burn_cpu(burn_ns);
            if (write(from[1], &byte, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    child.to = to[1];
    child.from = from[0];
    return child;
}

static void child_end(struct child *child) {
    int status;
    close(child->to);
    close(child->from);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
}

static int open_real_root(void) {
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void test_touched_memory(void **context) {
    (void)context;
    const int64_t touched = 64 << 20, slack = 1 << 20;
    int root = open_real_root();
    struct child child = child_begin((size_t)touched, 0);
    struct session session;
    session_begin(&session, "process_memory", root, 0);
    session.probe->attach(session.state, child.pid);
    session_sample(&session);
    int64_t before = value_of(&session, "process_memory.anon"),
            file = value_of(&session, "process_memory.file");
    int64_t faults = value_of(&session, "process_memory.major_faults");
    assert_true(before >= 0 && file >= 0 && faults >= 0);
    child_step(&child);
    session_sample(&session);
    int64_t rise = value_of(&session, "process_memory.anon") - before;
    if (rise < touched - slack || rise > touched + slack)
        fail_msg("anon rose by %lld bytes after %lld were touched", (long long)rise, (long long)touched);
    // The child's own program may come into memory meanwhile; what it touched may not count as file pages.
    assert_true(value_of(&session, "process_memory.file") - file < touched / 4);
    child_end(&child);
    session_end(&session);
    close(root);
}

static void test_processor_time(void **context) {
    (void)context;
    const int64_t burnt = 200000000;
    int root = open_real_root();
    struct child child = child_begin(0, burnt);
    struct session session, system;
    session_begin(&session, "process_cpu", root, child.pid);
    session_begin(&system, "system_cpu", root, 0);
    session_sample(&session);
    session_sample(&system);
    int64_t before = value_of(&session, "process_cpu.time"), busy = value_of(&system, "system_cpu.busy");
    assert_int_equal(value_of(&session, "process_cpu.threads"), 1);
    child_step(&child);
    session_sample(&session);
    session_sample(&system);
    int64_t spent = value_of(&session, "process_cpu.time") - before;
    // User and system time are each cut to whole ticks.
    if (spent < burnt - 3 * ed_tick_ns() || spent > burnt + 5 * ed_tick_ns())
        fail_msg("%lld ns shown for %lld ns burnt", (long long)spent, (long long)burnt);
    assert_true(value_of(&system, "system_cpu.busy") - busy >= burnt / 2);
    child_end(&child);
    session_end(&session);
    session_end(&system);
    close(root);
}

static void test_process_that_ends(void **context) {
    (void)context;
    int root = open_real_root();
    struct child child = child_begin(0, 0);
    struct session memory, cpu;
    siginfo_t info;
    session_begin(&memory, "process_memory", root, child.pid);
    session_begin(&cpu, "process_cpu", root, child.pid);
    session_sample(&memory);
    assert_true(value_of(&memory, "process_memory.anon") >= 0);
    // Dead and not yet waited for: no memory any more.
    assert_int_equal(kill(child.pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
    session_sample(&memory);
    assert_true(value_of(&memory, "process_memory.anon") == ED_NO_VALUE);
    child_end(&child);
    session_sample(&memory);
    session_sample(&cpu);
    for (size_t i = 0; i < memory.n; i++)
        assert_true(memory.values[i] == ED_NO_VALUE);
    for (size_t i = 0; i < cpu.n; i++)
        assert_true(cpu.values[i] == ED_NO_VALUE);
    // Attaching to it now finds nothing either.
    memory.probe->attach(memory.state, child.pid);
    session_sample(&memory);
    assert_true(memory.values[0] == ED_NO_VALUE);
    session_end(&memory);
    session_end(&cpu);
    close(root);
}

static void *burn_thread(void *ns) {
    const int64_t end = ed_clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + *(const int64_t *)ns;
    while (ed_clock_read_ns(CLOCK_THREAD_CPUTIME_ID) < end)
        ;
    return NULL;
}

// Time of all threads, those that have ended included; the main thread itself did nothing.
static void test_threads(void **context) {
    (void)context;
    const int64_t each = 50000000;
    int to[2], from[2], status;
    char byte = 1;
    assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        pthread_t threads[3];
        bool fine = read(to[0], &byte, 1) == 1;
        for (int i = 0; i < 3; i++)
            fine = fine && pthread_create(&threads[i], NULL, burn_thread, (void *)&each) == 0;
        // Two of them end before they can be looked at again; the third one is seen at its end.
        for (int i = 0; fine && i < 3; i++)
            pthread_join(threads[i], NULL);
        fine = fine && write(from[1], &byte, 1) == 1 && read(to[0], &byte, 1) == 1;
        _exit(fine ? 0 : 1);
    }
    assert_true(pid > 0);
    int root = open_real_root();
    struct session session;
    session_begin(&session, "process_schedule", root, 0);
    session.probe->attach(session.state, pid);
    session_sample(&session);
    const int64_t run = value_of(&session, "process_schedule.run");
    if (run == ED_NO_VALUE) {
        print_message("not here: %s\n",
                      session.channels[channel_index(&session, "process_schedule.run")].reason);
    } else {
        int64_t last = run, most = run;
        assert_int_equal(write(to[1], &byte, 1), 1);
        const int64_t deadline = ed_clock_monotonic_ns() + INT64_C(60000000000);
        while (most - run < 2 * each && ed_clock_monotonic_ns() < deadline) {
            session_sample(&session);
            most = value_of(&session, "process_schedule.run");
            if (most < last)
                fail_msg("the time went back from %lld to %lld ns", (long long)last, (long long)most);
            last = most;
        }
        assert_int_equal(read(from[0], &byte, 1), 1);
        session_sample(&session);
        const int64_t after = value_of(&session, "process_schedule.run") - run;
        // A thread's last moments are not seen; more than was burnt is only the threads' own beginning.
        if (after < 2 * each || after > 3 * each + each / 2)
            fail_msg("%lld ns shown for 3 x %lld ns", (long long)after, (long long)each);
    }
    assert_int_equal(write(to[1], &byte, 1), 1);
    if (run == ED_NO_VALUE)
        assert_int_equal(write(to[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    session_end(&session);
    close(root);
    for (int i = 0; i < 2; i++) {
        close(to[i]);
        close(from[i]);
    }
}

// Every probe on this machine: plausible or with a reason; no descriptor is left open. Prints what one sample
// costs.
static void test_this_machine(void **context) {
    (void)context;
    int before = open_descriptors(), root = open_real_root();
    size_t n;
    const struct ed_probe *const *probes = ed_probes(&n);
    for (size_t i = 0; i < n; i++) {
        struct session session;
        int64_t best = INT64_MAX;
        session_begin(&session, probes[i]->name, root, getpid());
        session.probe->attach(session.state, getpid());
        session_sample(&session);
        for (size_t k = 0; k < session.n; k++)
            if (session.channels[k].available && session.channels[k].scope != ED_SCOPE_BOARD)
                assert_true(session.values[k] >= 0);
        for (int batch = 0; batch < 20; batch++) {
            int64_t start = ed_clock_raw_ns();
            for (int k = 0; k < 50; k++)
                session.probe->sample(session.state, session.values, session.n);
            int64_t cost = (ed_clock_raw_ns() - start) / 50;
            best = cost < best ? cost : best;
        }
        print_message("%-15s %2zu channels, %6lld ns a sample; first: %s %s\n", probes[i]->name, session.n,
                      (long long)best, session.channels[0].id, session.channels[0].reason);
        session_end(&session);
    }
    close(root);
    assert_int_equal(open_descriptors(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_touched_memory),    cmocka_unit_test(test_processor_time),
        cmocka_unit_test(test_process_that_ends), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
