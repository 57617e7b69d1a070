// SPDX-License-Identifier: Apache-2.0
// Bytes that the device received and sent over all interfaces but loopback, from /proc/net/dev (proc(5)):
// downloads and synchronisation in a window, which a benchmark is not.
#include <string.h>

#include "probes/proc_file.h"
#include "probes/registry.h"
#include "probes/traffic.h"

#define FIRST_SENT 8 // column of the bytes sent, the first being 0

// Lines "  eth0: 123 0 0 0 0 0 0 0 456 ...". False where a line is cut, or nothing is there.
static bool network_read(int fd, int64_t values[ED_TRAFFIC_CHANNELS]) {
    char text[16384];
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    bool any = false;
    if (n <= 0 || (size_t)n >= sizeof text - 1 || text[n - 1] != '\n')
        return false;
    values[ED_TRAFFIC_IN] = values[ED_TRAFFIC_OUT] = 0;
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
            const int channel = column == 0 ? ED_TRAFFIC_IN : ED_TRAFFIC_OUT;
            if ((column == 0 || column == FIRST_SENT) &&
                __builtin_add_overflow(values[channel], value, &values[channel]))
                return false;
        }
    }
    return any;
}

static const struct ed_traffic_source source = {.path = "proc/net/dev",
                                                .about = "without lo",
                                                .ids = {"network.received", "network.sent"},
                                                .nothing = "is empty or not of its form",
                                                .resolution_bytes = 1,
                                                .read = network_read};

static enum ed_status network_detect(void *opaque, const struct ed_probe_args *args,
                                     struct ed_channel *channels, size_t capacity, size_t *n,
                                     struct ed_error *err) {
    (void)err;
    ed_traffic_detect(opaque, &source, args, channels, capacity, n);
    return ED_OK;
}

const struct ed_probe ed_probe_network = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "network",
    .summary = "bytes that the device received and sent",
    .state_bytes = sizeof(struct ed_traffic),
    .files = (const char *const[]){"proc/net/dev", NULL},
    .detect = network_detect,
    .attach = ed_probe_no_attach,
    .sample = ed_traffic_sample,
    .close = ed_traffic_close,
};
