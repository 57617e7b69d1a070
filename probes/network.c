// SPDX-License-Identifier: Apache-2.0
// Bytes that the device received and sent over all interfaces but loopback, from /proc/net/dev (proc(5)):
// downloads and synchronisation in a window, which a benchmark is not.
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { RECEIVED, SENT, N_CHANNELS };
#define FIRST_SENT 8 // column of the bytes sent, the first being 0

struct network {
    bool open;
    int fd;
    bool available;
};

// Lines "  eth0: 123 0 0 0 0 0 0 0 456 ...". False where a line is cut, or nothing is there.
static bool network_read(int fd, int64_t values[N_CHANNELS]) {
    char text[16384];
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    bool any = false;
    if (n <= 0 || (size_t)n >= sizeof text - 1 || text[n - 1] != '\n')
        return false;
    values[RECEIVED] = values[SENT] = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        const char *colon = memchr(line, ':', strcspn(line, "\n"));
        if (!colon)
            continue;
        any = true;
        line += strspn(line, " ");
        if (strncmp(line, "lo:", 3) == 0)
            continue;
        const char *p = colon + 1;
        for (int column = 0; column <= FIRST_SENT; column++) {
            int64_t value;
            if (*p == '\n' || !ed_proc_number(&p, &value) || value < 0)
                return false;
            const int channel = column == 0 ? RECEIVED : SENT;
            if ((column == 0 || column == FIRST_SENT) &&
                __builtin_add_overflow(values[channel], value, &values[channel]))
                return false;
        }
    }
    return any;
}

static enum ed_status network_detect(void *opaque, const struct ed_probe_args *args,
                                     struct ed_channel *channels, size_t capacity, size_t *n,
                                     struct ed_error *err) {
    (void)err;
    struct network *state = opaque;
    int64_t now[N_CHANNELS];
    *state = (struct network){.open = true};
    state->fd = ed_proc_open(args->root_fd, "proc/net/dev");
    state->available = network_read(state->fd, now);
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        channels[i] = (struct ed_channel){.quantity = "traffic",
                                          .unit = "bytes",
                                          .kind = ED_CHANNEL_COUNTER,
                                          .scope = ED_SCOPE_SYSTEM,
                                          .period_ns = 500000000,
                                          .resolution = 1,
                                          .source = "/proc/net/dev, without lo"};
        snprintf(channels[i].id, sizeof channels[i].id, "network.%s", i == RECEIVED ? "received" : "sent");
        if (state->fd < 0)
            ed_channel_missing(&channels[i], "/proc/net/dev: %s%s", strerror(-state->fd),
                               state->fd == -EACCES ? " (usual on Android)" : "");
        else if (!state->available)
            ed_channel_missing(&channels[i], "/proc/net/dev is empty or not of its form");
        else
            ed_channel_found(&channels[i]);
    }
    return ED_OK;
}

static void network_sample(void *opaque, int64_t *values, size_t n) {
    struct network *state = opaque;
    int64_t now[N_CHANNELS];
    ed_values_clear(values, n);
    if (state->available && network_read(state->fd, now))
        for (size_t i = 0; i < n && i < N_CHANNELS; i++)
            values[i] = now[i];
}

static void network_close(void *opaque) {
    struct network *state = opaque;
    if (state->open)
        ed_proc_close(&state->fd);
    state->open = false;
}

const struct ed_probe ed_probe_network = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "network",
    .summary = "bytes that the device received and sent",
    .state_bytes = sizeof(struct network),
    .files = (const char *const[]){"proc/net/dev", NULL},
    .detect = network_detect,
    .attach = ed_probe_no_attach,
    .sample = network_sample,
    .close = network_close,
};
