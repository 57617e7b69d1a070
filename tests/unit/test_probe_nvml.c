// SPDX-License-Identifier: Apache-2.0
// The probe of NVIDIA's cards against a stand-in for their library; and where there is no library, or one
// that lacks a function.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>

#include "probes/channels.h"
#include "probes/registry.h"

static void *stand_in(void *context, const char *name, struct ed_error *err) {
    void *handle = strcmp(name, "libnvidia-ml.so.1") == 0 ? dlopen(context, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!handle)
        ed_fail(err, ED_ERR_NOT_FOUND, name, "cannot open shared object file");
    return handle;
}

static enum ed_status no_command(void *context, const char *const *argv, char *out, size_t bytes,
                                 int *exit_status, struct ed_error *err) {
    (void)context, (void)out, (void)bytes, (void)exit_status;
    return ed_fail(err, ED_ERR_NOT_FOUND, argv[0], "there is no program %s", argv[0]);
}

struct cards {
    void *state;
    struct ed_channel channels[ED_CHANNELS_MAX];
    int64_t values[ED_CHANNELS_MAX];
    size_t n;
};

static void cards_open(struct cards *cards, const char *library, size_t capacity) {
    static struct ed_probe_host host;
    host = (struct ed_probe_host){.context = (void *)library, .command = no_command, .library = stand_in};
    memset(cards, 0, sizeof *cards);
    cards->state = calloc(1, ed_probe_nvml.state_bytes);
    assert_non_null(cards->state);
    const struct ed_probe_args args = {.root_fd = -1, .host = &host};
    assert_int_equal(ed_probe_nvml.detect(cards->state, &args, cards->channels, capacity, &cards->n, NULL),
                     ED_OK);
    ed_probe_nvml.sample(cards->state, cards->values, cards->n);
}

static void cards_close(struct cards *cards) {
    ed_probe_nvml.close(cards->state);
    ed_probe_nvml.close(cards->state);
    free(cards->state);
}

static size_t place_of(const struct cards *cards, const char *id) {
    for (size_t i = 0; i < cards->n; i++)
        if (strcmp(cards->channels[i].id, id) == 0)
            return i;
    fail_msg("no channel %s", id);
    return 0;
}

static int64_t value_of(const struct cards *cards, const char *id) {
    return cards->values[place_of(cards, id)];
}

static void test_two_cards(void **context) {
    (void)context;
    struct cards cards;
    cards_open(&cards, ED_FAKE_NVML, ED_CHANNELS_MAX);
    assert_int_equal(cards.n, 16);
    assert_int_equal(value_of(&cards, "nvml.gpu0.power"), 71234000);
    assert_int_equal(value_of(&cards, "nvml.gpu1.power"), 42000000);
    assert_int_equal(value_of(&cards, "nvml.gpu0.temperature"), 36000);
    assert_int_equal(value_of(&cards, "nvml.gpu0.frequency"), 1980000);
    assert_int_equal(value_of(&cards, "nvml.gpu0.memory_frequency"), 2619000);
    assert_int_equal(value_of(&cards, "nvml.gpu0.memory"), 612368384);
    assert_int_equal(value_of(&cards, "nvml.gpu0.busy"), 170);
    assert_int_equal(value_of(&cards, "nvml.gpu0.throttle_reasons"), 4);
    const int64_t before = value_of(&cards, "nvml.gpu0.energy");
    ed_probe_nvml.sample(cards.state, cards.values, cards.n);
    assert_int_equal(value_of(&cards, "nvml.gpu0.energy") - before, 7000);
    const size_t refused = place_of(&cards, "nvml.gpu1.energy");
    assert_false(cards.channels[refused].available);
    assert_string_equal(cards.channels[refused].reason, "nvmlDeviceGetTotalEnergyConsumption: Not Supported");
    assert_true(cards.values[refused] == ED_NO_VALUE);
    cards_close(&cards);
    // A second time, after everything was given back.
    cards_open(&cards, ED_FAKE_NVML, 11);
    assert_int_equal(cards.n, 11);
    assert_int_equal(value_of(&cards, "nvml.gpu1.temperature"), 36000);
    cards_close(&cards);
}

static void test_no_library(void **context) {
    (void)context;
    static const struct {
        const char *library, *reason;
    } cases[] = {
        {"/nonexistent/libnvidia-ml.so.1", "no NVIDIA driver here"},
        {"libm.so.6", "has no nvmlInit_v2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cards cards;
        cards_open(&cards, cases[i].library, ED_CHANNELS_MAX);
        assert_int_equal(cards.n, 1);
        assert_false(cards.channels[0].available);
        assert_non_null(strstr(cards.channels[0].reason, cases[i].reason));
        assert_true(cards.values[0] == ED_NO_VALUE);
        cards_close(&cards);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_cards),
        cmocka_unit_test(test_no_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
