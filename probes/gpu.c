// SPDX-License-Identifier: Apache-2.0
// Graphics processors by what their drivers show in /sys: amdgpu (gpu_busy_percent, mem_info_*; kernel
// documentation, gpu/amdgpu), i915 (gt_act_freq_mhz) and xe (freq0/act_freq), Adreno (kgsl), and devfreq
// devices, which on Arm boards and phones are GPUs, memory controllers and buses (kernel documentation, ABI
// sysfs-class-devfreq). NVIDIA's cards are the probe nvml's.
#include <errno.h>
#include <string.h>

#include "probes/file_set.h"
#include "probes/proc_file.h"
#include "probes/registry.h"

#define DRM "sys/class/drm"
#define DEVFREQ "sys/class/devfreq"
#define KGSL "sys/class/kgsl"
#define CARDS_MAX 16
#define DEVFREQ_MAX 32

struct gpu {
    struct ed_file_set set;
    // Adreno writes "12 %".
    size_t busy_channel;
    bool busy_open;
    int busy_fd;
};

static const struct row {
    const char *path, *id, *quantity, *unit;
    int64_t factor, high, divisor;
} card_rows[] = {
    {"device/gpu_busy_percent", "busy", "load", "permille", 10, 100, 0},
    {"device/mem_info_vram_used", "memory", "memory", "bytes", 1, INT64_MAX, 0},
    {"device/mem_info_gtt_used", "shared_memory", "memory", "bytes", 1, INT64_MAX, 0},
    {"gt_act_freq_mhz", "frequency", "frequency", "khz", 1000, 100000, 0},
    {"device/tile0/gt0/freq0/act_freq", "frequency", "frequency", "khz", 1000, 100000, 0},
};

// Some drivers (Exynos and Tensor) show kHz where the documentation says Hz. No clock of these is below 10
// MHz or above 10 GHz.
#define KHZ_BELOW 10000000

static const struct ed_channel base = {.scope = ED_SCOPE_ACCELERATOR, .period_ns = 100000000};

static void add_row(struct gpu *state, const struct ed_file_room *room, const char *folder, const char *word,
                    const struct row *row) {
    struct ed_channel like = base;
    char path[192];
    snprintf(path, sizeof path, "%s/%s", folder, row->path);
    int fd = ed_proc_open(room->root_fd, path);
    // A driver shows its own files only; what another driver has is not missing here.
    if (fd == -ENOENT || fd == -ENOTDIR)
        return;
    ed_proc_close(&fd);
    snprintf(like.id, sizeof like.id, "gpu.%.30s.%s", word, row->id);
    snprintf(like.quantity, sizeof like.quantity, "%s", row->quantity);
    snprintf(like.unit, sizeof like.unit, "%s", row->unit);
    ed_file_set_add(&state->set, room, &like,
                    (struct ed_file_entry){.factor = row->factor,
                                           .divisor = row->divisor,
                                           .undivided_below = row->divisor ? KHZ_BELOW : 0,
                                           .low = 0,
                                           .high = row->high},
                    path);
}

static void add_cards(struct gpu *state, const struct ed_file_room *room) {
    int numbers[CARDS_MAX];
    const int found = ed_proc_list_numbers(room->root_fd, DRM, "card", numbers, CARDS_MAX);
    for (int i = 0; i < found; i++) {
        char folder[64], word[16];
        snprintf(folder, sizeof folder, DRM "/card%d", numbers[i]);
        snprintf(word, sizeof word, "card%d", numbers[i]);
        for (size_t k = 0; k < sizeof card_rows / sizeof card_rows[0]; k++)
            add_row(state, room, folder, word, &card_rows[k]);
    }
}

static void add_devfreq(struct gpu *state, const struct ed_file_room *room) {
    static const struct row load = {"device/load", "busy", "load", "permille", 1, 1000, 0};
    char names[DEVFREQ_MAX][ED_PROC_NAME_BYTES];
    const int found = ed_proc_list_names(room->root_fd, DEVFREQ, "", names, DEVFREQ_MAX);
    for (int i = 0; i < found; i++) {
        char folder[96], word[ED_PROC_NAME_BYTES];
        snprintf(folder, sizeof folder, DEVFREQ "/%s", names[i]);
        snprintf(word, sizeof word, "%s", names[i]);
        ed_channel_word(word);
        static const struct row frequency = {
            "cur_freq", "frequency", "frequency", "khz", 1, INT64_C(1000000000000), 1000};
        add_row(state, room, folder, word, &frequency);
        add_row(state, room, folder, word, &load);
    }
}

static bool busy_read(int fd, int64_t *permille) {
    char text[32];
    int64_t percent;
    const ssize_t n = fd < 0 ? -1 : ed_proc_pread(fd, text, sizeof text);
    const char *p = text;
    if (n <= 0 || !ed_proc_number(&p, &percent) || strncmp(p, " %\n", 3) != 0 || percent < 0 || percent > 100)
        return false;
    *permille = percent * 10;
    return true;
}

static void add_adreno(struct gpu *state, const struct ed_file_room *room) {
    static const struct row clock = {"gpuclk", "frequency", "frequency", "khz", 1, INT64_C(1000000000000),
                                     1000};
    char path[96];
    int64_t permille;
    add_row(state, room, KGSL "/kgsl-3d0", "adreno", &clock);
    snprintf(path, sizeof path, KGSL "/kgsl-3d0/gpu_busy_percentage");
    int fd = ed_proc_open(room->root_fd, path);
    if (fd == -ENOENT || state->set.n >= room->capacity) {
        ed_proc_close(&fd);
        return;
    }
    struct ed_channel *channel = &room->channels[state->set.n];
    *channel = base;
    snprintf(channel->id, sizeof channel->id, "gpu.adreno.busy");
    snprintf(channel->quantity, sizeof channel->quantity, "load");
    snprintf(channel->unit, sizeof channel->unit, "permille");
    snprintf(channel->source, sizeof channel->source, "/%s", path);
    if (fd < 0)
        ed_channel_missing(channel, "/%s: %s", path, ed_channel_why(-fd));
    else if (!busy_read(fd, &permille))
        ed_channel_missing(channel, "/%s holds no share in percent", path);
    else
        ed_channel_found(channel);
    if (!channel->available)
        ed_proc_close(&fd);
    state->busy_open = channel->available;
    state->busy_fd = fd;
    state->busy_channel = state->set.n;
    state->set.entries[state->set.n++].fd = -1;
}

static enum ed_status gpu_detect(void *opaque, const struct ed_probe_args *args, struct ed_channel *channels,
                                 size_t capacity, size_t *n, struct ed_error *err) {
    (void)err;
    struct gpu *state = opaque;
    const struct ed_file_room room = {args->root_fd, channels,
                                      capacity < ED_CHANNELS_MAX ? capacity : ED_CHANNELS_MAX};
    memset(state, 0, sizeof *state);
    add_cards(state, &room);
    add_adreno(state, &room);
    add_devfreq(state, &room);
    *n = state->set.n;
    if (*n == 0)
        ed_channels_none(channels, capacity, n,
                         &(struct ed_channel){.id = "gpu",
                                              .quantity = "frequency",
                                              .unit = "khz",
                                              .scope = ED_SCOPE_ACCELERATOR,
                                              .period_ns = 100000000,
                                              .source = "/" DRM ", /" DEVFREQ ", /" KGSL},
                         "no driver shows a GPU's clock, load or memory below /sys/class");
    return ED_OK;
}

static void gpu_sample(void *opaque, int64_t *values, size_t n) {
    struct gpu *state = opaque;
    ed_file_set_sample(&state->set, values, n);
    if (state->busy_open && state->busy_channel < n)
        busy_read(state->busy_fd, &values[state->busy_channel]);
}

static void gpu_close(void *opaque) {
    struct gpu *state = opaque;
    ed_file_set_release(&state->set);
    if (state->busy_open)
        ed_proc_close(&state->busy_fd);
    state->busy_open = false;
}

const struct ed_probe ed_probe_gpu = {
    .abi = ED_PROBE_ABI,
    .struct_bytes = sizeof(struct ed_probe),
    .name = "gpu",
    .summary = "clock, load and memory of GPUs and of devfreq devices",
    .state_bytes = sizeof(struct gpu),
    .files =
        (const char *const[]){DRM "/card*/device/gpu_busy_percent", DRM "/card*/device/mem_info_vram_used",
                              DRM "/card*/device/mem_info_gtt_used", DRM "/card*/gt_act_freq_mhz",
                              DRM "/card*/device/tile0/gt0/freq0/act_freq", DEVFREQ "/*/cur_freq",
                              DEVFREQ "/*/device/load", KGSL "/kgsl-3d0/gpuclk",
                              KGSL "/kgsl-3d0/gpu_busy_percentage", NULL},
    .detect = gpu_detect,
    .attach = ed_probe_no_attach,
    .sample = gpu_sample,
    .close = gpu_close,
};
