// SPDX-License-Identifier: Apache-2.0
// Bytes that the device read from and wrote to its disks, from /proc/diskstats (kernel documentation,
// admin-guide/iostats), whose sectors are of 512 bytes whatever the disk's are. Partitions, and devices made
// of others (loop, ram, zram, dm, md), are left out, since their bytes are counted with the disk.
#include <string.h>

#include "probes/proc_file.h"
#include "probes/registry.h"
#include "probes/traffic.h"

#define SECTOR_BYTES 512
#define NAMES_MAX 64

static bool is_part(const char *name, size_t n, const char *whole, size_t whole_n) {
    if (n <= whole_n || strncmp(name, whole, whole_n) != 0)
        return false;
    const char *p = name + whole_n, *end = name + n;
    const bool digit_ended = whole[whole_n - 1] >= '0' && whole[whole_n - 1] <= '9';
    if (digit_ended && *p++ != 'p')
        return false;
    return p < end && strspn(p, "0123456789") >= (size_t)(end - p);
}

static bool is_made_of_others(const char *name) {
    static const char *const prefixes[] = {"loop", "ram", "zram", "dm-", "md", "sr", "nbd"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

// "   8       0 sda 1 2 SECTORS 4 5 6 SECTORS ...": major, minor, name, then reads from column 0 on.
static bool add_line(const char *p, int64_t values[ED_TRAFFIC_CHANNELS]) {
    for (int column = 0; column <= 6; column++) {
        int64_t value;
        if (*p == '\n' || !ed_proc_number(&p, &value) || value < 0)
            return false;
        if (column != 2 && column != 6)
            continue;
        const int channel = column == 2 ? ED_TRAFFIC_IN : ED_TRAFFIC_OUT;
        if (__builtin_mul_overflow(value, SECTOR_BYTES, &value) ||
            __builtin_add_overflow(values[channel], value, &values[channel]))
            return false;
    }
    return true;
}

static bool disk_read(int fd, int64_t values[ED_TRAFFIC_CHANNELS]) {
    char text[32768];
    struct {
        const char *name;
        size_t n;
    } wholes[NAMES_MAX];
    size_t n_wholes = 0;
    bool any = false;
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    if (n <= 0 || (size_t)n >= sizeof text - 1 || text[n - 1] != '\n')
        return false;
    values[ED_TRAFFIC_IN] = values[ED_TRAFFIC_OUT] = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        const char *p = line;
        int64_t ignored;
        bool part = false;
        if (!ed_proc_number(&p, &ignored) || !ed_proc_number(&p, &ignored))
            return false;
        p += strspn(p, " ");
        const size_t bytes = strcspn(p, " \n");
        // A disk is listed before its partitions.
        for (size_t i = 0; i < n_wholes && !part; i++)
            part = is_part(p, bytes, wholes[i].name, wholes[i].n);
        if (bytes == 0 || part || is_made_of_others(p))
            continue;
        if (n_wholes < NAMES_MAX) {
            wholes[n_wholes].name = p;
            wholes[n_wholes++].n = bytes;
        }
        if (!add_line(p + bytes, values))
            return false;
        any = true;
    }
    return any;
}

static const struct ed_traffic_source source = {.path = "proc/diskstats",
                                                .about = "whole disks",
                                                .ids = {"disk.read", "disk.written"},
                                                .nothing = "names no disk that can be read",
                                                .resolution_bytes = SECTOR_BYTES,
                                                .read = disk_read};

static enum ed_status disk_detect(void *opaque, const struct ed_probe_args *args, struct ed_channel *channels,
                                  size_t capacity, size_t *n, struct ed_error *err) {
    (void)err;
    ed_traffic_detect(opaque, &source, args, channels, capacity, n);
    return ED_OK;
}

const struct ed_probe ed_probe_disk = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "disk",
    .summary = "bytes that the device read from and wrote to its disks",
    .state_bytes = sizeof(struct ed_traffic),
    .files = (const char *const[]){"proc/diskstats", NULL},
    .detect = disk_detect,
    .attach = ed_probe_no_attach,
    .sample = ed_traffic_sample,
    .close = ed_traffic_close,
};
