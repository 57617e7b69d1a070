// SPDX-License-Identifier: Apache-2.0
// Pushes a file by the transport and by `adb push`, alternating, over the same adb server to the same adbd in
// a network of its own, and prints the median of each and the median ratio of neighbours.
//     adb_push_bench [MIB [ROUNDS]]        200 MiB of random bytes, 11 rounds; the first of each is not counted
//     ED_BENCH_ADB=PROGRAM                 another adb (its server too)
// It is no test: nothing depends on its figures.
#include "tests/devices/adb_phone.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "devices/process.h"

#define ROUNDS_MAX 101

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void make_file(size_t bytes) {
    int fd = open(place_path("from"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static char piece[1 << 20];
    for (size_t done = 0; done < bytes; done += sizeof piece) {
        for (size_t at = 0; at < sizeof piece; at += 256)
            if (getrandom(piece + at, 256, 0) != 256)
                abort();
        if (write(fd, piece, sizeof piece) != (ssize_t)sizeof piece)
            abort();
    }
    close(fd);
}

static double push_by_adb(const char *adb) {
    const char *const argv[] = {adb, "-s", PHONE, "push", place_path("from"), place_path("device/theirs"),
                                NULL};
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = 1 << 20, .deadline_ns = place_now_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    struct ed_error err = {0};
    int64_t begin_ns = place_now_ns(), took_ns;
    assert_status(ed_process_run(&args, &result, &err), ED_OK, err);
    took_ns = place_now_ns() - begin_ns;
    if (result.exit_code != 0)
        fail_msg("%s push: %s", adb, result.err_out);
    ed_spawn_result_release(&result);
    return (double)took_ns / 1e9;
}

static double push_by_us(void *connection) {
    struct ed_error err = {0};
    int64_t begin_ns = place_now_ns();
    assert_status(
        place_push(connection, place_path("from"), place_path("device/ours"), 0644, PLENTY_NS, &err), ED_OK,
        err);
    return (double)(place_now_ns() - begin_ns) / 1e9;
}

static void bench(void **state) {
    const struct { size_t mib, rounds; } *wanted = *state;
    const char *adb = getenv("ED_BENCH_ADB") ? getenv("ED_BENCH_ADB") : "adb";
    double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], ratios[ROUNDS_MAX];
    struct ed_error err = {0};
    pid_t server = 0;
    void *connection;
    if (getenv("ED_BENCH_ADB")) {
        const char *const argv[] = {adb, "nodaemon", "server", NULL};
        server = place_start(argv, NULL, "log");
        assert_true(place_answers(15037, PLENTY_NS));
    }
    make_file(wanted->mib << 20);
    connection = place_connect(PHONE, "", &err);
    if (!connection)
        fail_msg("%s: %s", err.where, err.message);
    push_by_us(connection);
    push_by_adb(adb);
    for (size_t i = 0; i < wanted->rounds; i++) {
        // Who goes first alternates too.
        if (i % 2)
            theirs[i] = push_by_adb(adb);
        ours[i] = push_by_us(connection);
        if (i % 2 == 0)
            theirs[i] = push_by_adb(adb);
        ratios[i] = theirs[i] / ours[i];
        printf("round %2zu: ours %.3f s, %s push %.3f s, ratio %.2f\n", i + 1, ours[i], adb, theirs[i],
               ratios[i]);
    }
    printf(
        "%zu MiB: ours %.0f MiB/s, %s push %.0f MiB/s, ratio %.2f (median of %zu; above 1: ours is faster)\n",
        wanted->mib, (double)wanted->mib / median(ours, wanted->rounds), adb,
        (double)wanted->mib / median(theirs, wanted->rounds), median(ratios, wanted->rounds), wanted->rounds);
    place_disconnect(connection);
    place_end(&server);
}

int main(int argc, char **argv) {
    struct {
        size_t mib, rounds;
    } wanted = {argc > 1 ? strtoul(argv[1], NULL, 10) : 200, argc > 2 ? strtoul(argv[2], NULL, 10) : 11};
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(bench, &wanted)};
    if (wanted.mib < 1 || wanted.rounds < 1 || wanted.rounds > ROUNDS_MAX)
        return 2;
    return cmocka_run_group_tests(tests, phone_group_make, phone_group_remove);
}
