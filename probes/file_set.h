// SPDX-License-Identifier: Apache-2.0
// Channels that are each one file with one integer: opened at detect, read with pread at every sample.
#ifndef EDGEDYNO_PROBES_FILE_SET_H
#define EDGEDYNO_PROBES_FILE_SET_H

#include "probes/channels.h"

// A zeroed one is empty; release leaves it so.
struct ed_file_set {
    size_t n;
    struct ed_file_entry {
        int fd;                  // -1 where the channel is not available, or is not a file of its own
        int64_t factor;          // what is read, times this, is in the channel's unit
        int64_t divisor;         // and divided by this, where it is not 0
        int64_t undivided_below; // what is read below this is in the unit already: drivers differ
        int64_t low, high;       // range of what is read, outside of which it is no value
    } entries[ED_CHANNELS_MAX];
};

struct ed_file_room {
    int root_fd;
    struct ed_channel *channels;
    size_t capacity;
};

// Adds a channel at channels[set->n]: all of `like` with the source "/" and `path`, and found or missing with
// the reason. Returns it, or NULL where there is no room. An empty file is waited for (ed_proc_await_number).
struct ed_channel *ed_file_set_add(struct ed_file_set *set, const struct ed_file_room *room,
                                   const struct ed_channel *like, struct ed_file_entry entry,
                                   const char *path);
// One entry's value in the channel's unit; ED_NO_VALUE where it cannot be read.
int64_t ed_file_entry_read(const struct ed_file_entry *entry);
// All entries with a file into values, ED_NO_VALUE for the others.
void ed_file_set_sample(const struct ed_file_set *set, int64_t *values, size_t n);
void ed_file_set_release(struct ed_file_set *set);

// A power of which the files tell voltage and current alone: places of the three channels.
struct ed_file_product {
    size_t channel, voltage, current;
};
// Adds its channel, without a file: as that of the current, in microwatts. The caller gives it its id and
// source, and says whether it is there. NULL where there is no room.
struct ed_channel *ed_file_product_add(struct ed_file_set *set, const struct ed_file_room *room,
                                       size_t voltage, size_t current, struct ed_file_product *product);
// Behind ed_file_set_sample: microvolts times microamperes, where both were read.
void ed_file_products_sample(const struct ed_file_product *products, size_t n_products, int64_t *values,
                             size_t n);

#endif
