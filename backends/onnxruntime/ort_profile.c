// SPDX-License-Identifier: Apache-2.0
// The profile: a session with the engine's own profiler switched on, run many times, and the file that
// it leaves, an event a line. Nothing in that file is trusted: names come from the model.
#include <stdlib.h>
#include <unistd.h>

#include "backends/onnxruntime/ort.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/path.h"
#include "base/stats/quantile.h"

#define WARMUP_RUNS 3
#define LINE_MAX_BYTES (1u << 20)
#define US_MOST (INT64_C(1) << 40)
#define KERNEL "_kernel_time"

struct node {
    char name[96], op[48], provider[96];
    int64_t index; // the engine's number of it
    uint64_t calls;
    int64_t run_us; // in the run that is being read
    int64_t *runs_us;
    int64_t *device_us; // what the device says of its kernels, in the order of their runs; NULL: nothing
    size_t n_device, device_capacity;
};

struct reading {
    struct node *nodes; // up to ED_PROFILE_OPS_MAX
    size_t n, left_out;
    uint32_t *slots;          // hash table of places in `nodes`, each plus one
    uint32_t runs, runs_most; // whole ones behind the warm-up
    uint32_t seen;            // whole ones at all
    uint32_t warmup;          // that many of them do not count
    size_t last;              // the node of the last event of a device
};

#define SLOTS (4u * ED_PROFILE_OPS_MAX)

static uint32_t hash(const char *name, const char *op, int64_t index) {
    uint32_t value = 2166136261u ^ (uint32_t)index;
    for (const char *at = name; *at; at++)
        value = (value ^ (unsigned char)*at) * 16777619u;
    for (const char *at = op; *at; at++)
        value = (value ^ (unsigned char)*at) * 16777619u;
    return value;
}

// NULL: no room for another one, or no memory.
static struct node *find_node(struct reading *reading, const char *name, const char *op, int64_t index) {
    char short_name[sizeof reading->nodes->name], short_op[sizeof reading->nodes->op];
    snprintf(short_name, sizeof short_name, "%s", name);
    snprintf(short_op, sizeof short_op, "%s", op);
    uint32_t slot = hash(short_name, short_op, index) % SLOTS;
    for (; reading->slots[slot]; slot = (slot + 1) % SLOTS) {
        struct node *node = &reading->nodes[reading->slots[slot] - 1];
        if (node->index == index && !strcmp(node->name, short_name) && !strcmp(node->op, short_op))
            return node;
    }
    if (reading->n == ED_PROFILE_OPS_MAX)
        return NULL;
    struct node *node = &reading->nodes[reading->n];
    node->runs_us = calloc(reading->runs_most, sizeof *node->runs_us);
    if (!node->runs_us)
        return NULL;
    memcpy(node->name, short_name, sizeof short_name);
    memcpy(node->op, short_op, sizeof short_op);
    node->index = index;
    reading->slots[slot] = (uint32_t)++reading->n;
    return node;
}

static void end_run(struct reading *reading) {
    const bool warm = reading->seen++ >= reading->warmup, counts = warm && reading->runs < reading->runs_most;
    for (size_t i = 0; i < reading->n; i++) {
        struct node *node = &reading->nodes[i];
        if (counts)
            node->runs_us[reading->runs] = node->run_us;
        else if (!warm)
            node->calls = 0;
        node->run_us = 0;
    }
    reading->runs += counts;
}

static enum ed_status take_node(struct reading *reading, const struct ed_json_at *root, int64_t us,
                                const char *event, struct ed_error *err) {
    const struct ed_json_at args = ed_json_member(root, "args");
    const size_t length = strlen(event), suffix = strlen(KERNEL);
    const char *op = "", *provider = "", *index = "0";
    char name[256];
    if (length < suffix || strcmp(event + length - suffix, KERNEL) != 0)
        return ED_OK;
    snprintf(name, sizeof name, "%.*s", (int)(length - suffix < 255 ? length - suffix : 255), event);
    enum ed_status status = ed_json_opt_text(&args, "op_name", &op, err);
    if (!status)
        status = ed_json_opt_text(&args, "provider", &provider, err);
    if (!status)
        status = ed_json_opt_text(&args, "node_index", &index, err);
    if (status)
        return status;
    struct node *node = find_node(reading, name, op, strtoll(index, NULL, 10));
    if (!node) {
        reading->left_out++;
        return ED_OK;
    }
    snprintf(node->provider, sizeof node->provider, "%s", provider);
    node->calls++;
    node->run_us += us;
    return ED_OK;
}

// "node&Op&Kernel", all runs one after the other at the end of the file: WebGPU's own time stamps. A node's
// `kernel_time` is only how long its commands took to write.
static enum ed_status take_device(struct reading *reading, int64_t us, const char *event,
                                  struct ed_error *err) {
    const size_t length = strcspn(event, "&");
    for (size_t i = 0; i < reading->n; i++) {
        // Events come in the order of the nodes, so the next one is most often the next node's.
        struct node *node = &reading->nodes[(reading->last + i) % reading->n];
        if (strlen(node->name) != length || memcmp(node->name, event, length) != 0)
            continue;
        reading->last = (size_t)(node - reading->nodes);
        if (node->n_device == node->device_capacity) {
            const size_t capacity = node->device_capacity ? 2 * node->device_capacity : 256;
            int64_t *grown = realloc(node->device_us, capacity * sizeof *grown);
            if (!grown)
                return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the times of a device");
            node->device_us = grown;
            node->device_capacity = capacity;
        }
        node->device_us[node->n_device++] = us;
        return ED_OK;
    }
    return ED_OK;
}

// Puts the device's times in the place of the host's where every run has as many of them.
static void prefer_device(struct reading *reading) {
    for (size_t i = 0; i < reading->n; i++) {
        struct node *node = &reading->nodes[i];
        if (!node->n_device || !reading->seen || node->n_device % reading->seen)
            continue;
        const size_t each = node->n_device / reading->seen;
        for (uint32_t run = 0; run < reading->runs; run++) {
            node->runs_us[run] = 0;
            for (size_t k = 0; k < each; k++)
                node->runs_us[run] += node->device_us[(reading->warmup + run) * each + k];
        }
    }
}

static enum ed_status take_line(struct reading *reading, const char *where, const char *line, size_t bytes,
                                struct ed_error *err) {
    struct ed_json_document document = {0};
    const char *category = "", *name = "";
    int64_t us = 0;
    while (bytes && strchr(" \t\r\n,", line[bytes - 1]))
        bytes--;
    if (bytes < 2 || line[0] != '{') // the brackets around the list
        return ED_OK;
    enum ed_status status = ed_json_parse(&document, where, line, bytes, err);
    const struct ed_json_at root = ed_json_root(&document);
    if (!status)
        status = ed_json_opt_text(&root, "cat", &category, err);
    if (!status)
        status = ed_json_opt_text(&root, "name", &name, err);
    if (!status)
        status = ed_json_opt_int(&root, "dur", 0, US_MOST, &us, err);
    if (!status && !strcmp(category, "Node"))
        status = take_node(reading, &root, us, name, err);
    else if (!status && !strcmp(category, "Session") && !strcmp(name, "model_run"))
        end_run(reading);
    else if (!status && !strcmp(category, "Api"))
        status = take_device(reading, us, name, err);
    ed_json_document_release(&document);
    return status;
}

static enum ed_status read_profile(struct reading *reading, const char *path, struct ed_error *err) {
    FILE *file = fopen(path, "re");
    char *line = malloc(LINE_MAX_BYTES);
    enum ed_status status = ED_OK;
    if (!file)
        status = ed_fail_errno(err, ED_ERR_IO, path, "the engine's profile cannot be opened: %m");
    else if (!line)
        status = ed_fail(err, ED_ERR_NO_MEMORY, path, "no memory for a line of the profile");
    while (!status && fgets(line, LINE_MAX_BYTES, file)) {
        const size_t bytes = strlen(line);
        if (bytes + 1 == LINE_MAX_BYTES)
            status = ed_fail(err, ED_ERR_LIMIT, path, "the engine's profile has a line of more than %u bytes",
                             LINE_MAX_BYTES);
        else
            status = take_line(reading, "the engine's profile", line, bytes, err);
    }
    if (file)
        fclose(file);
    free(line);
    return status;
}

// The mean of the middle half, in nanoseconds: whole microseconds are too coarse for a median, and one
// interrupt too much for a mean. Sorts `values`.
static double middle_ns(int64_t *values, uint32_t n, double unit_ns) {
    const uint32_t cut = n / 4;
    double sum = 0;
    ed_quantile_sort(values, n);
    for (uint32_t i = cut; i < n - cut; i++)
        sum += (double)values[i] * unit_ns;
    return n ? sum / (n - 2 * cut) : 0;
}

static enum ed_processor processor_of(const struct ort_state *ort, const char *provider) {
    return strcmp(provider, ort->provider) ? ort_provider_processor(provider, NULL) : ort->processor;
}

static void fill_rows(const struct ort_state *ort, struct reading *reading, int64_t *runs_ns,
                      uint32_t n_runs_ns, struct ed_op_profile_row *rows, size_t capacity, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < reading->n; i++) {
        struct node *node = &reading->nodes[i];
        if (!node->calls || (*n)++ >= capacity)
            continue;
        struct ed_op_profile_row *row = &rows[*n - 1];
        memset(row, 0, sizeof *row);
        memcpy(row->name, node->name, sizeof row->name);
        memcpy(row->op, node->op, sizeof row->op);
        row->processor = processor_of(ort, node->provider);
        row->calls = node->calls;
        row->total_ns = (int64_t)(middle_ns(node->runs_us, reading->runs, 1000) * reading->runs + 0.5);
    }
    // One row is kept for the whole run, also where there are more operators than rows.
    struct ed_op_profile_row *whole = &rows[*n < capacity ? *n : capacity - 1];
    memset(whole, 0, sizeof *whole);
    snprintf(whole->op, sizeof whole->op, "%s", ED_PROFILE_WHOLE_RUN);
    whole->calls = reading->runs;
    whole->total_ns = (int64_t)(middle_ns(runs_ns, n_runs_ns, 1) * reading->runs + 0.5);
    *n += 1 + (reading->left_out > 0);
}

// The session under the profiler and its runs. It takes the place of the loaded one, which goes first: two
// would need the memory of two. *file is the profile's name, owned by the caller (free).
static enum ed_status run_profiled(struct ort_state *ort, const char *prefix, uint32_t warmup, uint32_t runs,
                                   int64_t *runs_ns, char **file, struct ed_error *err) {
    char *name = NULL;
    ort_tensors_release_outputs(ort);
    ort_release_session(ort->api, ort->session);
    ort->session = NULL;
    enum ed_status status = ort_session_profiled(ort, prefix, &ort->session, err);
    for (uint32_t i = 0; i < warmup + runs && !status; i++) {
        // As in the timed runs: new outputs every time, or the first ones again.
        if (!ort->reuse_outputs)
            ort_tensors_release_outputs(ort);
        const int64_t before = ed_clock_raw_ns();
        status = ort_check(ort,
                           ort->run(ort->session, NULL, ort->input_names, ort->inputs, ort->io.n_inputs,
                                    ort->output_names, ort->io.n_outputs, ort->outputs),
                           "running under its profiler", err);
        if (i >= warmup)
            runs_ns[i - warmup] = ed_clock_raw_ns() - before;
        ort->ran = !status;
    }
    if (!status)
        status = ort_check(ort, ort_end_profiling(ort->api, ort->session, ort->allocator, &name),
                           "writing its profile", err);
    if (!status && !(*file = strdup(name)))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the name of a profile");
    if (name)
        ort_check(ort, ort_allocator_free(ort->api, ort->allocator, name), "releasing a name", NULL);
    if (status)
        ort_tensors_release_outputs(ort);
    return status;
}

// Where kernels ran, for an engine that does not tell its assignment.
static void remember_places(struct ort_state *ort, const struct reading *reading) {
    struct ed_error ignored = {0};
    memset(&ort->profiled, 0, sizeof ort->profiled);
    snprintf(ort->profiled.unit, sizeof ort->profiled.unit, "kernel");
    snprintf(ort->profiled.detail, sizeof ort->profiled.detail, "kernels that the profile saw");
    for (size_t i = 0; i < reading->n; i++)
        if (reading->nodes[i].calls && ort_placement_add(ort, &ort->profiled, reading->nodes[i].provider,
                                                         reading->nodes[i].op, &ignored) != ED_OK)
            return;
    ort->profiled.proven = ort->profiled.total > 0 && !reading->left_out;
}

static void reading_release(struct reading *reading) {
    for (size_t i = 0; reading->nodes && i < reading->n; i++)
        free(reading->nodes[i].runs_us), free(reading->nodes[i].device_us);
    free(reading->nodes);
    free(reading->slots);
}

static enum ed_status take(struct ort_state *ort, uint32_t warmup, uint32_t runs,
                           struct ed_op_profile_row *rows, size_t capacity, size_t *n, struct ed_error *err) {
    char directory[ORT_PATH_BYTES], prefix[ORT_PATH_BYTES];
    struct reading reading = {.runs_most = runs, .warmup = warmup};
    int64_t *runs_ns = calloc(runs ? runs : 1, sizeof *runs_ns);
    char *file = NULL;
    bool made = false;
    enum ed_status status = ED_OK;
    *n = 0;
    if (!ort->session || !ort->bound || !runs || !capacity) {
        status = ed_fail(err, ED_ERR_INTERNAL, NULL, "a profile was asked for before inputs were bound");
        goto out;
    }
    reading.nodes = calloc(ED_PROFILE_OPS_MAX, sizeof *reading.nodes);
    reading.slots = calloc(SLOTS, sizeof *reading.slots);
    if (!runs_ns || !reading.nodes || !reading.slots) {
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for a profile");
        goto out;
    }
    // The names that the engine makes are unique to the millisecond, and in some versions to the second.
    if (snprintf(directory, sizeof directory, "%s/ort-profile-XXXXXX", ort->scratch) >=
            (int)sizeof directory ||
        !mkdtemp(directory)) {
        status = ed_fail_errno(err, ED_ERR_IO, ort->scratch, "no directory for the profile can be made: %m");
        goto out;
    }
    made = true;
    snprintf(prefix, sizeof prefix, "%.*s/p", (int)sizeof prefix - 3, directory);
    status = run_profiled(ort, prefix, warmup, runs, runs_ns, &file, err);
    if (!status && strncmp(file, prefix, strlen(prefix)) != 0)
        status =
            ed_fail(err, ED_ERR_REFUSED, NULL, "ONNX Runtime %s wrote its profile to %.200s, not to %.200s",
                    ort->version.text, file, prefix);
    if (!status)
        status = read_profile(&reading, file, err);
    if (!status && !reading.runs)
        status = ed_fail(err, ED_ERR_REFUSED, NULL, "the profile of ONNX Runtime %s has no whole run",
                         ort->version.text);
    if (!status) {
        prefer_device(&reading);
        fill_rows(ort, &reading, runs_ns, runs, rows, capacity, n);
        remember_places(ort, &reading);
    }
out:
    if (made)
        ed_path_remove(directory, NULL);
    reading_release(&reading);
    free(runs_ns);
    free(file);
    return status;
}

enum ed_status ort_profile_take(struct ort_state *ort, uint32_t runs, struct ed_op_profile_row *rows,
                                size_t capacity, size_t *n, struct ed_error *err) {
    return take(ort, WARMUP_RUNS, runs, rows, capacity, n, err);
}

enum ed_status ort_profile_places(struct ort_state *ort, struct ed_error *err) {
    struct ed_op_profile_row unused[1];
    size_t n = 0;
    return take(ort, 0, 1, unused, 1, &n, err);
}
