// SPDX-License-Identifier: Apache-2.0
// RAPL energy counters from /sys/class/powercap/intel-rapl:N (kernel documentation, power/powercap), which
// AMD processors have too. A domain inside of another one (intel-rapl:0:0) is part of the outer one's energy
// and is never to be added to it: its channel is named below the outer one's (powercap.package-0.core). The
// counter wraps at max_energy_range_uj. Since Linux 5.10 only root may read it (CVE-2020-8694).
#include <errno.h>
#include <string.h>

#include "probes/file_set.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define FOLDER "sys/class/powercap"
#define DOMAINS_MAX 32

struct powercap {
    struct ed_file_set set;
};

static const struct ed_channel like = {.id = "powercap",
                                       .quantity = "energy",
                                       .unit = "uj",
                                       .kind = ED_CHANNEL_COUNTER,
                                       .scope = ED_SCOPE_PACKAGE,
                                       .period_ns = 10000000,
                                       .resolution = 61, // 2^-14 J, the coarsest of common processors
                                       .update_ns = 1000000,
                                       .source = "/" FOLDER};

static void domain_word(int root_fd, const char *domain, char *word, size_t bytes) {
    char path[128];
    snprintf(path, sizeof path, FOLDER "/%s/name", domain);
    if (!ed_proc_read_word(root_fd, path, word, bytes))
        snprintf(word, bytes, "%.20s", domain);
    ed_channel_word(word);
}

// "intel-rapl:0:1": the name of intel-rapl:0, then its own. The mmio interface shows the package once more.
static void domain_id(struct ed_channel *channel, int root_fd, const char *domain) {
    char outer[ED_PROC_NAME_BYTES], word[24], inner[24];
    snprintf(outer, sizeof outer, "%s", domain);
    char *colon = strchr(outer, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
    const char *mmio = strstr(domain, "mmio") ? "mmio." : "";
    if (second)
        *second = 0;
    domain_word(root_fd, outer, word, sizeof word);
    if (second) {
        domain_word(root_fd, domain, inner, sizeof inner);
        snprintf(channel->id, sizeof channel->id, "powercap.%s%s.%s", mmio, word, inner);
    } else {
        snprintf(channel->id, sizeof channel->id, "powercap.%s%s", mmio, word);
        // psys is all that the machine draws, the screen included.
        if (strcmp(word, "psys") == 0)
            channel->scope = ED_SCOPE_BOARD;
    }
}

static enum ed_status powercap_detect(void *opaque, const struct ed_probe_args *args,
                                      struct ed_channel *channels, size_t capacity, size_t *n,
                                      struct ed_error *err) {
    (void)err;
    struct powercap *state = opaque;
    const struct ed_file_room room = {args->root_fd, channels,
                                      capacity < ED_CHANNELS_MAX ? capacity : ED_CHANNELS_MAX};
    char domains[DOMAINS_MAX][ED_PROC_NAME_BYTES];
    int numbers[DOMAINS_MAX];
    memset(state, 0, sizeof *state);
    const int found = ed_proc_list_names(args->root_fd, FOLDER, "intel-rapl", domains, DOMAINS_MAX);
    for (int i = 0; i < found; i++) {
        struct ed_channel channel = like;
        char path[128];
        // The control type itself, "intel-rapl", counts nothing.
        if (!strchr(domains[i], ':'))
            continue;
        domain_id(&channel, args->root_fd, domains[i]);
        snprintf(path, sizeof path, FOLDER "/%s/max_energy_range_uj", domains[i]);
        const bool range = ed_proc_read_number(args->root_fd, path, &channel.wrap) && channel.wrap > 0;
        if (!range)
            channel.wrap = 0;
        numbers[state->set.n < DOMAINS_MAX ? state->set.n : 0] = i;
        snprintf(path, sizeof path, FOLDER "/%s/energy_uj", domains[i]);
        struct ed_channel *added =
            ed_file_set_add(&state->set, &room, &channel,
                            (struct ed_file_entry){.factor = 1, .low = 0, .high = INT64_MAX}, path);
        if (!added)
            break;
        struct ed_file_entry *entry = &state->set.entries[state->set.n - 1];
        char reason[sizeof added->reason];
        snprintf(reason, sizeof reason, "%s", added->reason);
        if (!added->available && strstr(reason, strerror(EACCES)))
            ed_channel_missing(added, "only root may read %s/energy_uj: run as root, or chmod a+r it there",
                               domains[i]);
        else if (added->available && !range)
            ed_channel_missing(added, "%s/max_energy_range_uj cannot be read: where it wraps is not known",
                               domains[i]);
        if (!added->available)
            ed_proc_close(&entry->fd);
    }
    *n = state->set.n;
    ed_channels_number_duplicates(channels, numbers, *n);
    if (*n == 0)
        ed_channels_none(channels, capacity, n, &like,
                         "no RAPL domain below /" FOLDER
                         " (none on Arm; in a virtual machine it is usually hidden)");
    return ED_OK;
}

static void powercap_sample(void *opaque, int64_t *values, size_t n) {
    ed_file_set_sample(&((struct powercap *)opaque)->set, values, n);
}

static void powercap_close(void *opaque) {
    ed_file_set_release(&((struct powercap *)opaque)->set);
}

const struct ed_probe ed_probe_powercap = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "powercap",
    .summary = "energy of each RAPL domain of an x86 processor",
    .state_bytes = sizeof(struct powercap),
    .files = (const char *const[]){FOLDER "/intel-rapl*/name", FOLDER "/intel-rapl*/energy_uj",
                                   FOLDER "/intel-rapl*/max_energy_range_uj", NULL},
    .detect = powercap_detect,
    .attach = ed_probe_no_attach,
    .sample = powercap_sample,
    .close = powercap_close,
};
