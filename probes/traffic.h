// SPDX-License-Identifier: Apache-2.0
// What the probes of traffic share: two counters of bytes, in and out, that one file of /proc holds.
#ifndef EDGEDYNO_PROBES_TRAFFIC_H
#define EDGEDYNO_PROBES_TRAFFIC_H

#include "edgedyno/probe.h"

enum { ED_TRAFFIC_IN, ED_TRAFFIC_OUT, ED_TRAFFIC_CHANNELS };

struct ed_traffic_source {
    const char *path;                     // below the root, without a leading slash
    const char *about;                    // which part of it counts
    const char *ids[ED_TRAFFIC_CHANNELS]; // of the channels
    const char *nothing;                  // why there is nothing to be read, behind the path
    int64_t resolution_bytes;
    // Sets both values. False where the file is cut, or nothing is there.
    bool (*read)(int fd, int64_t values[ED_TRAFFIC_CHANNELS]);
};

struct ed_traffic {
    const struct ed_traffic_source *source;
    bool open;
    int fd;
    bool available;
};

// The hooks of a probe with such a state.
void ed_traffic_detect(struct ed_traffic *traffic, const struct ed_traffic_source *source,
                       const struct ed_probe_args *args, struct ed_channel *channels, size_t capacity,
                       size_t *n);
void ed_traffic_sample(void *traffic, int64_t *values, size_t n);
void ed_traffic_close(void *traffic);

#endif
