// SPDX-License-Identifier: Apache-2.0
// Many SSH connections at once, each in a thread of its own; the fleet works like that.
#include "tests/devices/ssh_place.h"

#include <sys/stat.h>
#include <unistd.h>

#define THREADS 16
#define ROUNDS 3

static struct ssh_server sshd, hop;

struct worker {
    pthread_t thread;
    int number;
    char via[64], said[1200], paths[3][256];
};

static bool fine(struct worker *worker, enum ed_status status, const struct ed_error *err) {
    if (status)
        snprintf(worker->said, sizeof worker->said, "%s: %s", err->where, err->message);
    return !status;
}

static bool round_trip(struct worker *worker, void *state) {
    char word[32];
    struct ed_spawn_args run = {
        .argv = (const char *const[]){"/bin/sh", "-c", "read -r x; echo \"$x\"; exit 5", NULL},
        .input = word,
        .out_limit_bytes = 100,
        .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    struct ed_push_args push = {.local_path = worker->paths[0],
                                .remote_path = worker->paths[1 + worker->number % 2],
                                .mode = 0600,
                                .deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    bool same;
    snprintf(word, sizeof word, "word-%d\n", worker->number);
    run.input_bytes = strlen(word);
    if (!fine(worker, ed_transport_ssh.spawn(state, &run, &result, &err), &err))
        return false;
    same = result.exit_code == 5 && strcmp(result.out, word) == 0;
    if (!same)
        snprintf(worker->said, sizeof worker->said, "'%.100s' and %d are not what was asked for", result.out,
                 result.exit_code);
    ed_spawn_result_release(&result);
    return same && fine(worker, ed_transport_ssh.push(state, &push, &err), &err);
}

static void *work(void *context) {
    struct worker *worker = context;
    struct ssh_login login = ssh_login_to(sshd.port);
    struct ed_error err;
    // Hosts that are new to all of them at once, too.
    login.context.accept_new = true;
    login.address.via = worker->via;
    for (int i = 0; i < ROUNDS && !worker->said[0]; i++) {
        void *state = ssh_try(&login, &err);
        if (!state) {
            fine(worker, err.code, &err);
            break;
        }
        for (int k = 0; k < ROUNDS && round_trip(worker, state); k++)
            continue;
        ed_transport_ssh.disconnect(state);
        free(state);
    }
    return NULL;
}

static void test_many(void **unused) {
    static struct worker workers[THREADS];
    (void)unused;
    ssh_random_file("blob", 300000);
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        if (i % 4 == 3)
            snprintf(workers[i].via, sizeof workers[i].via, "127.0.0.1:%d", hop.port);
        snprintf(workers[i].paths[0], sizeof workers[i].paths[0], "%s/blob", ssh_place);
        snprintf(workers[i].paths[1], sizeof workers[i].paths[1], "%s/there%d", ssh_place, i);
        snprintf(workers[i].paths[2], sizeof workers[i].paths[2], "%s/there too%d", ssh_place, i);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        if (workers[i].said[0])
            fail_msg("thread %d: %s", i, workers[i].said);
        assert_true(ssh_same_file(workers[i].paths[0], workers[i].paths[1 + i % 2]));
    }
    // Each host is there once.
    assert_int_equal(ssh_run_here((const char *const[]){"wc", "-l", ssh_path("home/.ssh/known_hosts"), NULL}),
                     0);
    assert_memory_equal(ssh_said, "2 ", 2);
}

static int set_up(void **unused) {
    (void)unused;
    if (!ssh_place_make())
        return -1;
    ssh_server_start(&sshd, "host_ed25519", "");
    ssh_server_start(&hop, "host_ecdsa", "");
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    ssh_server_stop(&sshd);
    ssh_server_stop(&hop);
    ssh_place_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many)};
    if (access("/usr/sbin/sshd", X_OK) != 0) {
        fprintf(stderr, "skipped: OpenSSH's server is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
