// SPDX-License-Identifier: Apache-2.0
// Pressure stall information: time in which work waited for the processor, memory or the disk, from
// /proc/pressure (kernel documentation, accounting/psi). `some`: at least one task waited; `full`: all of
// them did. Needs Linux 4.20 with CONFIG_PSI, which Android has and some distributions switch on with psi=1.
#include <errno.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

enum { CPU, MEMORY, IO, N_FILES };
enum { N_CHANNELS = 5 };

struct pressure {
    bool open;
    int fd[N_FILES];
    bool available[N_CHANNELS];
};

static const char *const files[N_FILES] = {"proc/pressure/cpu", "proc/pressure/memory", "proc/pressure/io"};
static const struct {
    const char *id, *line;
    int file;
} rows[N_CHANNELS] = {
    {"pressure.cpu.some", "some", CPU},       {"pressure.memory.some", "some", MEMORY},
    {"pressure.memory.full", "full", MEMORY}, {"pressure.io.some", "some", IO},
    {"pressure.io.full", "full", IO},
};

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=123", in microseconds.
static bool pressure_total(const char *text, const char *line, int64_t *value) {
    const size_t n = strlen(line);
    for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        if (strncmp(p, line, n) != 0 || p[n] != ' ')
            continue;
        const char *total = strstr(p, " total="), *end = strchr(p, '\n');
        // Without its line feed the number may be cut.
        if (!total || !end || total > end)
            return false;
        total += strlen(" total=");
        return ed_proc_number(&total, value) && total == end && *value >= 0;
    }
    return false;
}

static enum ed_status pressure_detect(void *opaque, const struct ed_probe_args *args,
                                      struct ed_channel *channels, size_t capacity, size_t *n,
                                      struct ed_error *err) {
    (void)err;
    struct pressure *state = opaque;
    char text[N_FILES][512];
    ssize_t size[N_FILES];
    *state = (struct pressure){.open = true};
    for (int i = 0; i < N_FILES; i++) {
        state->fd[i] = ed_proc_open(args->root_fd, files[i]);
        text[i][0] = 0;
        size[i] = state->fd[i] < 0 ? state->fd[i] : ed_proc_pread(state->fd[i], text[i], sizeof text[i]);
    }
    *n = capacity < N_CHANNELS ? capacity : N_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        const int file = rows[i].file;
        int64_t value;
        channels[i] = (struct ed_channel){.quantity = "time",
                                          .unit = "us",
                                          .kind = ED_CHANNEL_COUNTER,
                                          .scope = ED_SCOPE_SYSTEM,
                                          .period_ns = 100000000,
                                          .resolution = 1};
        snprintf(channels[i].id, sizeof channels[i].id, "%s", rows[i].id);
        snprintf(channels[i].source, sizeof channels[i].source, "/%s %s", files[file], rows[i].line);
        if (size[file] == -ENOENT)
            ed_channel_missing(&channels[i], "no /%s: the kernel is older than 4.20 or has PSI off (psi=1)",
                               files[file]);
        else if (size[file] < 0)
            ed_channel_missing(&channels[i], "/%s: %s", files[file], strerror((int)-size[file]));
        else if (!pressure_total(text[file], rows[i].line, &value))
            ed_channel_missing(&channels[i], "/%s has no %s total that can be read", files[file],
                               rows[i].line);
        else
            ed_channel_found(&channels[i]);
        state->available[i] = channels[i].available;
    }
    return ED_OK;
}

static void pressure_sample(void *opaque, int64_t *values, size_t n) {
    struct pressure *state = opaque;
    char text[N_FILES][512];
    int64_t value;
    ed_values_clear(values, n);
    for (int i = 0; i < N_FILES; i++) {
        text[i][0] = 0;
        if (state->fd[i] >= 0)
            ed_proc_pread(state->fd[i], text[i], sizeof text[i]);
    }
    for (size_t i = 0; i < n && i < N_CHANNELS; i++)
        if (state->available[i] && pressure_total(text[rows[i].file], rows[i].line, &value))
            values[i] = value;
}

static void pressure_close(void *opaque) {
    struct pressure *state = opaque;
    for (int i = 0; state->open && i < N_FILES; i++)
        ed_proc_close(&state->fd[i]);
    state->open = false;
}

const struct ed_probe ed_probe_pressure = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "pressure",
    .summary = "time that work waited for the processor, memory and the disk (PSI)",
    .state_bytes = sizeof(struct pressure),
    .files = (const char *const[]){"proc/pressure/*", NULL},
    .detect = pressure_detect,
    .attach = ed_probe_no_attach,
    .sample = pressure_sample,
    .close = pressure_close,
};
