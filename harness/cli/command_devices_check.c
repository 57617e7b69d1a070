// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices check`: every step of the way to a device, what failed, and what to do.
#include <stdlib.h>
#include <string.h>

#include "devices/quarantine.h"
#include "harness/cli/command_devices_steps.h"

struct checks {
    const struct ed_devices *devices;
    struct ed_steps *items;
    size_t n;
};

static void check(void *context, size_t i) {
    const struct checks *checks = context;
    struct ed_steps *steps = &checks->items[i];
    enum ed_session_depth reached;
    struct ed_session session = {0};
    struct ed_error err = {0};
    char why[ED_ERROR_MESSAGE_BYTES - 64];
    steps->entry = ed_devices_entry(checks->devices, i);
    const bool quarantined = ed_quarantine_find(steps->entry, why, sizeof why);
    enum ed_status status =
        ed_devices_open(checks->devices, &session, steps->entry, ED_SESSION_READY, &reached, &err);
    ed_steps_of_connection(steps, reached, status, &err);
    if (reached != ED_DEVICES_NOWHERE && reached >= ED_SESSION_IDENTIFIED)
        ed_steps_of_identity(steps, &session.identity, session.transport->in_place);
    if (!status) {
        ed_steps_of_runner(steps, &session);
        ed_steps_of_engines(steps, &checks->devices->resources.engines, &session.pack);
        ed_session_close(&session);
    } else if (reached != ED_DEVICES_NOWHERE && reached >= ED_SESSION_IDENTIFIED)
        ed_steps_of_runner_failure(steps, checks->devices, status, &err);
    if (quarantined && steps->failed)
        ed_steps_add(steps, "quarantine", ED_STEP_WARNING, "left out of runs until every step passes, %s",
                     why);
    else if (quarantined) {
        ed_quarantine_remove(steps->entry);
        ed_steps_add(steps, "quarantine", ED_STEP_OK, "lifted; it was left out %s", why);
    }
}

static void print_table(const struct checks *checks, struct ed_grid *grid) {
    for (size_t i = 0; i < checks->n; i++)
        for (size_t k = 0; k < checks->items[i].n; k++) {
            const struct ed_step *step = &checks->items[i].items[k];
            ed_grid_add(grid, "%s", checks->items[i].entry->id);
            ed_grid_add(grid, "%2zu %s", k + 1, step->name);
            ed_grid_add(grid, "%s", ed_step_word(step->result));
            ed_grid_add(grid, "%s", step->text);
        }
}

static void print_json(const struct checks *checks, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    ed_json_array_begin(json, "devices");
    for (size_t i = 0; i < checks->n; i++) {
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", checks->items[i].entry->id);
        ed_json_bool(json, "passed", !checks->items[i].failed);
        ed_json_array_begin(json, "steps");
        for (size_t k = 0; k < checks->items[i].n; k++) {
            const struct ed_step *step = &checks->items[i].items[k];
            ed_json_object_begin(json, NULL);
            ed_json_text(json, "step", step->name);
            ed_json_text(json, "result", ed_step_word(step->result));
            ed_json_text_or_null(json, "about", step->text);
            ed_json_object_end(json);
        }
        ed_json_array_end(json);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}

static enum ed_status render(const void *context, const struct ed_output_target *target,
                             struct ed_buffer *out, struct ed_error *err) {
    static const char *const heads[] = {"device", "step", "result", "about"};
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

int ed_devices_check(struct ed_devices *devices) {
    struct checks checks = {.devices = devices, .n = devices->n_indices};
    int code = ED_EXIT_PASS;
    checks.items = calloc(checks.n + 1, sizeof *checks.items);
    if (!checks.items) {
        struct ed_error err = {0};
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(devices->cli, &err);
    }
    ed_devices_each(devices, checks.n, check, &checks);
    for (size_t i = 0; i < checks.n; i++)
        if (checks.items[i].failed)
            code = ED_EXIT_DEVICE;
    code = ed_cli_exit_combine(code, ed_output_write(&devices->output, devices->cli, render, &checks));
    free(checks.items);
    return code;
}
