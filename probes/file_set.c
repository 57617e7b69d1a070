// SPDX-License-Identifier: Apache-2.0
// Channels that are each one file.
#include "probes/file_set.h"

#include <errno.h>
#include <string.h>

#include "probes/proc_file.h"

static bool entry_value(const struct ed_file_entry *entry, int64_t read, int64_t *value) {
    if (read < entry->low || read > entry->high || __builtin_mul_overflow(read, entry->factor, value))
        return false;
    if (entry->divisor && read >= entry->undivided_below)
        *value /= entry->divisor;
    return *value != ED_NO_VALUE;
}

struct ed_channel *ed_file_set_add(struct ed_file_set *set, const struct ed_file_room *room,
                                   const struct ed_channel *like, struct ed_file_entry entry,
                                   const char *path) {
    int64_t read, value;
    if (set->n >= room->capacity || set->n >= ED_CHANNELS_MAX)
        return NULL;
    struct ed_channel *channel = &room->channels[set->n];
    *channel = *like;
    snprintf(channel->source, sizeof channel->source, "/%s", path);
    entry.fd = ed_proc_open(room->root_fd, path);
    if (entry.fd < 0)
        ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-entry.fd));
    else if (!ed_proc_await_number(entry.fd, &read))
        ed_channel_missing(channel, "/%s holds no number now", path);
    else if (!entry_value(&entry, read, &value))
        ed_channel_missing(channel, "/%s holds %lld, which is no %s", path, (long long)read,
                           channel->quantity);
    else
        ed_channel_found(channel);
    if (!channel->available)
        ed_proc_close(&entry.fd);
    if (!channel->available)
        entry.fd = -1;
    set->entries[set->n++] = entry;
    return channel;
}

int64_t ed_file_entry_read(const struct ed_file_entry *entry) {
    int64_t read, value;
    return entry->fd >= 0 && ed_proc_pread_number(entry->fd, &read) && entry_value(entry, read, &value)
               ? value
               : ED_NO_VALUE;
}

void ed_file_set_sample(const struct ed_file_set *set, int64_t *values, size_t n) {
    ed_values_clear(values, n);
    for (size_t i = 0; i < n && i < set->n; i++)
        values[i] = ed_file_entry_read(&set->entries[i]);
}

void ed_file_set_release(struct ed_file_set *set) {
    for (size_t i = 0; i < set->n; i++)
        ed_proc_close(&set->entries[i].fd);
    set->n = 0;
}

struct ed_channel *ed_file_product_add(struct ed_file_set *set, const struct ed_file_room *room,
                                       size_t voltage, size_t current, struct ed_file_product *product) {
    if (set->n >= room->capacity || set->n >= ED_CHANNELS_MAX)
        return NULL;
    struct ed_channel *channel = &room->channels[set->n];
    *channel = room->channels[current];
    snprintf(channel->quantity, sizeof channel->quantity, "power");
    snprintf(channel->unit, sizeof channel->unit, "uw");
    *product = (struct ed_file_product){set->n, voltage, current};
    set->entries[set->n++] = (struct ed_file_entry){.fd = -1};
    return channel;
}

void ed_file_products_sample(const struct ed_file_product *products, size_t n_products, int64_t *values,
                             size_t n) {
    for (size_t i = 0; i < n_products; i++) {
        const struct ed_file_product *product = &products[i];
        int64_t power;
        if (product->channel < n && values[product->voltage] != ED_NO_VALUE &&
            values[product->current] != ED_NO_VALUE &&
            !__builtin_mul_overflow(values[product->voltage], values[product->current], &power))
            values[product->channel] = power / 1000000;
    }
}
