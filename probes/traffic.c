// SPDX-License-Identifier: Apache-2.0
// Two counters of one file.
#include "probes/traffic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probes/channels.h"
#include "probes/proc_file.h"

void ed_traffic_detect(struct ed_traffic *traffic, const struct ed_traffic_source *source,
                       const struct ed_probe_args *args, struct ed_channel *channels, size_t capacity,
                       size_t *n) {
    int64_t now[ED_TRAFFIC_CHANNELS];
    *traffic = (struct ed_traffic){.source = source, .open = true};
    traffic->fd = ed_proc_open(args->root_fd, source->path);
    traffic->available = source->read(traffic->fd, now);
    *n = capacity < ED_TRAFFIC_CHANNELS ? capacity : ED_TRAFFIC_CHANNELS;
    for (size_t i = 0; i < *n; i++) {
        channels[i] = (struct ed_channel){.quantity = "traffic",
                                          .unit = "bytes",
                                          .kind = ED_CHANNEL_COUNTER,
                                          .scope = ED_SCOPE_SYSTEM,
                                          .period_ns = 500000000,
                                          .resolution = source->resolution_bytes};
        snprintf(channels[i].id, sizeof channels[i].id, "%s", source->ids[i]);
        snprintf(channels[i].source, sizeof channels[i].source, "/%s, %s", source->path, source->about);
        if (traffic->fd < 0)
            ed_channel_missing(&channels[i], "/%s: %s%s", source->path, strerror(-traffic->fd),
                               traffic->fd == -EACCES ? " (usual on Android)" : "");
        else if (!traffic->available)
            ed_channel_missing(&channels[i], "/%s %s", source->path, source->nothing);
        else
            ed_channel_found(&channels[i]);
    }
}

void ed_traffic_sample(void *opaque, int64_t *values, size_t n) {
    const struct ed_traffic *traffic = opaque;
    int64_t now[ED_TRAFFIC_CHANNELS];
    ed_values_clear(values, n);
    if (traffic->available && traffic->source->read(traffic->fd, now))
        for (size_t i = 0; i < n && i < ED_TRAFFIC_CHANNELS; i++)
            values[i] = now[i];
}

void ed_traffic_close(void *opaque) {
    struct ed_traffic *traffic = opaque;
    if (traffic->open)
        ed_proc_close(&traffic->fd);
    traffic->open = false;
}
