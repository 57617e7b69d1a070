// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices`: the fleet, and what each device says of itself.
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "devices/quarantine.h"
#include "harness/cli/command_devices.h"

#define FREE_MIN_BYTES (INT64_C(64) << 20)

// What was found out of one device.
struct fact {
    const struct ed_device_entry *entry;
    const char *state;
    bool answered;
    char why[ED_ERROR_MESSAGE_BYTES]; // of the state; ""
    struct ed_identity identity;
    char target[32]; // of the pack that serves it
    struct ed_remote_lease lease;
    char summary[512];
    int64_t memory_bytes; // -1: not told
};

struct facts {
    const struct ed_devices *devices;
    struct fact *items;
    size_t n;
};

static const char *state_of_failure(enum ed_status status, enum ed_session_depth reached) {
    switch (status) {
    case ED_ERR_KEY_REFUSED:
        return "unauthorized";
    case ED_ERR_OFFLINE:
        return "offline";
    case ED_ERR_UNREACHABLE:
    case ED_ERR_TIMEOUT:
    case ED_ERR_LINK_LOST:
        return "unreachable";
    case ED_ERR_NO_SPACE:
        return "no space";
    case ED_ERR_UNSUPPORTED:
        return "unsupported target";
    default:
        return reached != ED_DEVICES_NOWHERE && reached >= ED_SESSION_IDENTIFIED ? "no runner"
                                                                                 : "not reached";
    }
}

// The runner's answers to two questions.
static enum ed_status ask(struct fact *fact, const struct ed_remote *remote, struct ed_error *err) {
    static const struct ed_remote_lease_ask show = {.action = "show"};
    struct ed_json_document reply = {0};
    enum ed_status status = ed_remote_lease(remote, &show, &fact->lease, err);
    if (!status)
        status = ed_remote_hardware(remote, &reply, err);
    if (status)
        return status;
    const struct ed_json_at root = ed_json_root(&reply), memory = ed_json_member(&root, "memory");
    ed_json_opt_string(&root, "summary", fact->summary, sizeof fact->summary, NULL);
    ed_json_opt_int(&memory, "total_bytes", 0, INT64_C(1) << 53, &fact->memory_bytes, NULL);
    ed_json_document_release(&reply);
    return ED_OK;
}

static void judge(struct fact *fact, bool in_place) {
    const int64_t floor = fact->entry->free_min_bytes ? fact->entry->free_min_bytes : FREE_MIN_BYTES;
    char until[96], size[32], why[ED_ERROR_MESSAGE_BYTES - 32];
    fact->state = "ready";
    ed_devices_holder(&fact->lease, fact->why, sizeof fact->why);
    if (ed_quarantine_find(fact->entry, why, sizeof why)) {
        fact->state = "quarantined";
        snprintf(fact->why, sizeof fact->why, "%s", why);
    } else if (fact->why[0])
        fact->state = "busy";
    else if (fact->lease.reserved_by[0]) {
        fact->state = "reserved";
        ed_devices_until(fact->lease.reserved_left_ns, until, sizeof until);
        snprintf(fact->why, sizeof fact->why, "by %s until %s", fact->lease.reserved_by, until);
    } else if (!in_place && fact->identity.free_bytes >= 0 && fact->identity.free_bytes < floor) {
        fact->state = "no space";
        ed_units_print_size(size, sizeof size, fact->identity.free_bytes);
        snprintf(fact->why, sizeof fact->why, "only %s are free in %s", size, fact->identity.work_dir);
    }
}

static void find_out(void *context, size_t i) {
    const struct facts *facts = context;
    struct fact *fact = &facts->items[i];
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error err = {0};
    fact->entry = ed_devices_entry(facts->devices, i);
    fact->memory_bytes = -1;
    enum ed_status status =
        ed_devices_open(facts->devices, &session, fact->entry, ED_SESSION_READY, &reached, &err);
    if (reached != ED_DEVICES_NOWHERE && reached >= ED_SESSION_IDENTIFIED) {
        fact->identity = session.identity;
        snprintf(fact->target, sizeof fact->target, "%s",
                 session.pack.target[0] ? session.pack.target : session.identity.target);
    }
    if (!status) {
        status = ask(fact, &session.remote, &err);
        judge(fact, session.transport->in_place);
        ed_session_close(&session);
    }
    fact->answered = status == ED_OK;
    if (status) {
        fact->state = state_of_failure(status, reached);
        snprintf(fact->why, sizeof fact->why, "%s", err.message);
    }
}

static bool is_present(const struct ed_engine_build *build, const struct fact *fact) {
    return build->state == ED_ENGINE_PRESENT && strcmp(build->target, fact->target) == 0;
}

static void list_engines(const struct ed_engines *engines, const struct fact *fact, struct ed_buffer *about) {
    bool any = false;
    for (size_t k = 0; k < engines->n; k++) {
        const struct ed_engine_build *build = &engines->builds[k];
        if (!is_present(build, fact))
            continue;
        ed_buffer_printf(about, "%s%s", any ? ", " : "\nengines, by their manifests: ", build->id);
        any = true;
        for (size_t b = 0; build->manifest && b < build->manifest->n_backends; b++)
            ed_buffer_printf(about, "%s%s", b ? " " : " (", build->manifest->backends[b].name);
        if (build->manifest && build->manifest->n_backends)
            ed_buffer_text_append(about, ")");
    }
}

static void describe(const struct facts *facts, const struct fact *fact, struct ed_buffer *about) {
    char text[512] = "";
    if (fact->why[0])
        ed_buffer_printf(about, "%s\n", fact->why);
    if (fact->summary[0]) {
        // The runner's own words hold the kernel and the C library.
        ed_units_print_size(text, sizeof text, fact->identity.free_bytes);
        ed_buffer_printf(about, "%s%s%s", fact->summary, fact->identity.model[0] ? ", " : "",
                         fact->identity.model);
        if (fact->identity.free_bytes >= 0)
            ed_buffer_printf(about, ", %s free", text);
    } else if (fact->identity.target[0]) {
        ed_devices_describe(&fact->identity, text, sizeof text);
        ed_buffer_text_append(about, text);
    }
    if (fact->identity.android)
        ed_buffer_printf(about, "\nshell process, not app: oom_score_adj %d%s%s",
                         fact->identity.oom_score_adj, fact->identity.cpuset[0] ? ", cpuset " : "",
                         fact->identity.cpuset);
    if (fact->target[0])
        list_engines(&facts->devices->resources.engines, fact, about);
}

static void print_table(const struct facts *facts, struct ed_grid *grid) {
    for (size_t i = 0; i < facts->n; i++) {
        const struct fact *fact = &facts->items[i];
        struct ed_buffer about;
        ed_buffer_init(&about, 64u << 10);
        describe(facts, fact, &about);
        ed_grid_add(grid, "%s", fact->entry->id);
        ed_grid_add(grid, "%s", fact->entry->transport);
        ed_grid_add(grid, "%s", fact->state);
        ed_grid_add(grid, "%s", fact->identity.target[0] ? fact->identity.target : "-");
        ed_grid_add(grid, "%s", ed_buffer_text(&about));
        ed_buffer_release(&about);
    }
}

static void int_or_null(struct ed_json_writer *json, const char *key, int64_t value, bool known) {
    if (known)
        ed_json_int(json, key, value);
    else
        ed_json_null(json, key);
}

static void print_identity(const struct fact *fact, struct ed_json_writer *json) {
    const struct ed_identity *identity = &fact->identity;
    const bool known = identity->target[0] != '\0';
    ed_json_text_or_null(json, "target", identity->target);
    ed_json_text_or_null(json, "model", identity->model);
    ed_json_text_or_null(json, "kernel", identity->kernel);
    ed_json_text_or_null(json, "libc", identity->libc);
    ed_json_text_or_null(json, "libc_version", identity->libc_version);
    ed_json_text_or_null(json, "work_dir", identity->work_dir);
    int_or_null(json, "free_bytes", identity->free_bytes, known && identity->free_bytes >= 0);
    ed_json_bool(json, "shell_process_not_app", identity->android);
    int_or_null(json, "oom_score_adj", identity->oom_score_adj, identity->android);
    ed_json_text_or_null(json, "cpuset", identity->cpuset);
    ed_json_text_or_null(json, "hardware", fact->summary);
    int_or_null(json, "memory_total_bytes", fact->memory_bytes, fact->memory_bytes >= 0);
}

static void print_engines(const struct ed_engines *engines, const struct fact *fact,
                          struct ed_json_writer *json) {
    ed_json_array_begin(json, "engines");
    for (size_t k = 0; k < engines->n; k++)
        if (is_present(&engines->builds[k], fact))
            ed_json_text(json, NULL, engines->builds[k].id);
    ed_json_array_end(json);
    ed_json_array_begin(json, "backends");
    for (size_t k = 0; k < engines->n; k++) {
        const struct ed_manifest *manifest = engines->builds[k].manifest;
        for (size_t b = 0; is_present(&engines->builds[k], fact) && manifest && b < manifest->n_backends;
             b++) {
            ed_json_object_begin(json, NULL);
            ed_json_text(json, "engine", engines->builds[k].id);
            ed_json_text(json, "backend", manifest->backends[b].name);
            ed_json_text(json, "processor", ed_processor_word(manifest->backends[b].processor));
            ed_json_bool(json, "surveyed", false);
            ed_json_object_end(json);
        }
    }
    ed_json_array_end(json);
}

static void print_json(const struct facts *facts, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    ed_json_text_or_null(json, "file", facts->devices->resources.inventory.path);
    ed_json_array_begin(json, "devices");
    for (size_t i = 0; i < facts->n; i++) {
        const struct fact *fact = &facts->items[i];
        const struct ed_remote_lease *lease = &fact->lease;
        char address[640];
        ed_devices_address(fact->entry, address, sizeof address);
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", fact->entry->id);
        ed_json_text(json, "transport", fact->entry->transport);
        ed_json_text(json, "address", address);
        ed_json_array_begin(json, "tags");
        for (size_t k = 0; fact->entry->tags && fact->entry->tags[k]; k++)
            ed_json_text(json, NULL, fact->entry->tags[k]);
        ed_json_array_end(json);
        ed_json_text(json, "state", fact->state);
        ed_json_text_or_null(json, "reason", fact->why);
        ed_json_text_or_null(json, "owner", lease->owner);
        ed_json_text_or_null(json, "purpose", lease->purpose);
        ed_json_text_or_null(json, "job", lease->job);
        int_or_null(json, "lease_left_ns", lease->left_ns, lease->holder[0] != '\0');
        ed_json_text_or_null(json, "reserved_by", lease->reserved_by);
        int_or_null(json, "reserved_left_ns", lease->reserved_left_ns, lease->reserved_by[0] != '\0');
        print_identity(fact, json);
        print_engines(&facts->devices->resources.engines, fact, json);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"device", "transport", "state", "target", "about"};
    enum ed_status status = ED_OK;
    if (strcmp(target->format, "json") == 0) {
        struct ed_json_writer json;
        ed_json_writer_init(&json, out, true);
        print_json(context, &json);
        ed_buffer_append(out, "\n", 1);
    } else {
        struct ed_grid grid;
        ed_grid_init(&grid, heads, sizeof heads / sizeof heads[0]);
        print_table(context, &grid);
        status = ed_grid_print(&grid, target->columns, out, err);
        ed_grid_release(&grid);
    }
    return status;
}

int ed_devices_list(struct ed_devices *devices) {
    struct facts facts = {.devices = devices, .n = devices->n_indices};
    int code = ED_EXIT_PASS;
    facts.items = calloc(facts.n + 1, sizeof *facts.items);
    if (!facts.items) {
        struct ed_error err = {0};
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(devices->cli, &err);
    }
    ed_devices_each(devices, facts.n, find_out, &facts);
    for (size_t i = 0; i < facts.n; i++)
        if (!facts.items[i].answered)
            code = ED_EXIT_DEVICE;
    code = ed_cli_exit_combine(code, ed_output_write(&devices->output, devices->cli, render, &facts));
    free(facts.items);
    return code;
}
