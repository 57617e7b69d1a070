// SPDX-License-Identifier: Apache-2.0
// What the firmware of a Raspberry Pi says of heat and of its supply, from the firmware driver's
// get_throttled (Raspberry Pi kernels). Bits: 0 under-voltage, 1 frequency capped, 2 throttled, 3 soft
// temperature limit, as of now; 16 to 19 the same since boot (Raspberry Pi documentation, vcgencmd
// get_throttled). Where the kernel has no such file, the probe vcgencmd asks the firmware.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

struct raspberry_pi {
    bool open;
    int fd;
};

static const char *const places[] = {
    "sys/devices/platform/soc/soc:firmware/get_throttled",
    "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", NULL};
#define N_PLACES (sizeof places / sizeof places[0] - 1)

// Hexadecimal without a prefix, such as "50000".
static bool throttled_read(int fd, int64_t *bits) {
    char text[24];
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    if (n < 2 || n > 9 || text[n - 1] != '\n' || strspn(text, "0123456789abcdefABCDEF") != (size_t)n - 1)
        return false;
    *bits = (int64_t)strtoll(text, NULL, 16);
    return true;
}

static enum ed_status raspberry_pi_detect(void *opaque, const struct ed_probe_args *args,
                                          struct ed_channel *channels, size_t capacity, size_t *n,
                                          struct ed_error *err) {
    (void)err;
    struct raspberry_pi *state = opaque;
    int64_t bits;
    *state = (struct raspberry_pi){.fd = -ENOENT};
    size_t place = 0;
    for (; place < N_PLACES && state->fd == -ENOENT; place++)
        state->fd = ed_proc_open(args->root_fd, places[place]);
    *n = capacity ? 1 : 0;
    state->open = state->fd >= 0;
    if (!*n)
        return ED_OK;
    channels[0] = (struct ed_channel){.id = "raspberry_pi.throttled",
                                      .quantity = "flags",
                                      .unit = "bits",
                                      .scope = ED_SCOPE_BOARD,
                                      .period_ns = 500000000,
                                      .resolution = 1};
    snprintf(channels[0].source, sizeof channels[0].source, "/%s",
             places[state->fd == -ENOENT ? 0 : place - 1]);
    if (state->fd == -ENOENT)
        ed_channel_missing(&channels[0],
                           "no get_throttled of the firmware driver: not a Raspberry Pi's kernel");
    else if (state->fd < 0)
        ed_channel_missing(&channels[0], "%s: %s", channels[0].source, ed_channel_why(-state->fd));
    else if (!throttled_read(state->fd, &bits))
        ed_channel_missing(&channels[0], "%s holds no bits", channels[0].source);
    else
        ed_channel_found(&channels[0]);
    if (!channels[0].available) {
        ed_proc_close(&state->fd);
        state->open = false;
    }
    return ED_OK;
}

static void raspberry_pi_sample(void *opaque, int64_t *values, size_t n) {
    struct raspberry_pi *state = opaque;
    ed_values_clear(values, n);
    if (state->open && n > 0)
        throttled_read(state->fd, &values[0]);
}

static void raspberry_pi_close(void *opaque) {
    struct raspberry_pi *state = opaque;
    if (state->open)
        ed_proc_close(&state->fd);
    state->open = false;
}

const struct ed_probe ed_probe_raspberry_pi = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "raspberry_pi",
    .summary = "throttling and under-voltage as the firmware of a Raspberry Pi tells them",
    .state_bytes = sizeof(struct raspberry_pi),
    .files = places,
    .detect = raspberry_pi_detect,
    .attach = ed_probe_no_attach,
    .sample = raspberry_pi_sample,
    .close = raspberry_pi_close,
};
