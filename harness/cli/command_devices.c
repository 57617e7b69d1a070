// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices`: the fleet, and what each device says of itself.
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "harness/cli/grid.h"
#include "harness/cli/output.h"
#include "harness/cli/reach.h"
#include "harness/cli/resources.h"

// What was found out of one device.
struct fact {
    const struct ed_device_entry *entry;
    const char *state; // ready, busy, no runner, not reached
    char why[ED_ERROR_MESSAGE_BYTES];
    struct ed_identity identity;
    char summary[512];
    int64_t memory_bytes; // -1: not told
};

struct facts {
    struct fact *items;
    size_t n;
    const struct ed_resources *resources;
};

// The runner's answers to two questions.
static enum ed_status ask(struct fact *fact, const struct ed_remote *remote, struct ed_error *err) {
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "";
    struct ed_json_document reply = {0};
    enum ed_status status = ed_remote_running(remote, job, err);
    if (!status)
        status = ed_remote_hardware(remote, &reply, err);
    if (status)
        return status;
    const struct ed_json_at root = ed_json_root(&reply), memory = ed_json_member(&root, "memory");
    ed_json_opt_string(&root, "summary", fact->summary, sizeof fact->summary, NULL);
    ed_json_opt_int(&memory, "total_bytes", 0, INT64_C(1) << 53, &fact->memory_bytes, NULL);
    ed_json_document_release(&reply);
    fact->state = job[0] ? "busy" : "ready";
    if (job[0])
        snprintf(fact->why, sizeof fact->why, "job %s runs", job);
    return ED_OK;
}

static bool find_out(struct fact *fact, const struct ed_device_entry *entry, const char *library_dir) {
    struct ed_reach reach;
    struct ed_error err = {0};
    fact->entry = entry;
    fact->memory_bytes = -1;
    fact->state = "not reached";
    enum ed_status status = ed_reach_open(&reach, entry, library_dir, &err);
    if (!status) {
        fact->identity = reach.identity;
        fact->state = "no runner";
        status = ask(fact, &reach.remote, &err);
        ed_reach_close(&reach);
    }
    if (status)
        snprintf(fact->why, sizeof fact->why, "%s", err.message);
    return status == ED_OK;
}

static bool is_present(const struct ed_engine_build *build, const struct fact *fact) {
    return build->state == ED_ENGINE_PRESENT && strcmp(build->target, fact->identity.target) == 0;
}

static void print_table(const struct facts *facts, struct ed_grid *grid) {
    const struct ed_engines *engines = &facts->resources->engines;
    for (size_t i = 0; i < facts->n; i++) {
        const struct fact *fact = &facts->items[i];
        char about[3072];
        size_t used = 0, shown = 0;
        about[0] = '\0';
        if (fact->summary[0])
            used = (size_t)snprintf(about, sizeof about, "%s", fact->summary);
        if (fact->why[0])
            used += (size_t)snprintf(about + used, sizeof about - used, "%s%s", used ? "\n" : "", fact->why);
        for (size_t k = 0; k < engines->n && used < sizeof about - 256; k++)
            if (is_present(&engines->builds[k], fact))
                used += (size_t)snprintf(about + used, sizeof about - used, "%s%s",
                                         shown++ ? ", "
                                         : used  ? "\nengines: "
                                                 : "engines: ",
                                         engines->builds[k].id);
        ed_grid_add(grid, "%s", fact->entry->id);
        ed_grid_add(grid, "%s", fact->entry->transport);
        ed_grid_add(grid, "%s", fact->state);
        ed_grid_add(grid, "%s", fact->identity.target[0] ? fact->identity.target : "-");
        ed_grid_add(grid, "%s", about);
    }
}

static void text_or_null(struct ed_json_writer *json, const char *key, const char *text) {
    ed_json_text(json, key, text[0] ? text : NULL);
}

static void print_json(const struct facts *facts, struct ed_json_writer *json) {
    const struct ed_engines *engines = &facts->resources->engines;
    ed_json_object_begin(json, NULL);
    text_or_null(json, "file", facts->resources->inventory.path);
    ed_json_array_begin(json, "devices");
    for (size_t i = 0; i < facts->n; i++) {
        const struct fact *fact = &facts->items[i];
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", fact->entry->id);
        ed_json_text(json, "transport", fact->entry->transport);
        ed_json_array_begin(json, "tags");
        for (size_t k = 0; fact->entry->tags && fact->entry->tags[k]; k++)
            ed_json_text(json, NULL, fact->entry->tags[k]);
        ed_json_array_end(json);
        ed_json_text(json, "state", fact->state);
        text_or_null(json, "reason", fact->why);
        text_or_null(json, "target", fact->identity.target);
        text_or_null(json, "kernel", fact->identity.kernel);
        text_or_null(json, "work_dir", fact->identity.work_dir);
        text_or_null(json, "hardware", fact->summary);
        if (fact->memory_bytes >= 0)
            ed_json_int(json, "memory_total_bytes", fact->memory_bytes);
        else
            ed_json_null(json, "memory_total_bytes");
        ed_json_array_begin(json, "engines");
        for (size_t k = 0; k < engines->n; k++)
            if (is_present(&engines->builds[k], fact))
                ed_json_text(json, NULL, engines->builds[k].id);
        ed_json_array_end(json);
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

static int list(const struct ed_cli *cli, const struct ed_resources *resources,
                const struct ed_output *output) {
    const struct ed_inventory *inventory = &resources->inventory;
    struct facts facts = {.resources = resources};
    int code = ED_EXIT_PASS;
    facts.items = calloc(inventory->n + 1, sizeof *facts.items);
    if (!facts.items) {
        struct ed_error err = {0};
        ed_fail(&err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
        return ed_cli_fail(cli, &err);
    }
    for (; facts.n < inventory->n; facts.n++)
        if (!find_out(&facts.items[facts.n], &inventory->devices[facts.n], cli->library_dir))
            code = ED_EXIT_DEVICE;
    code = ed_cli_exit_combine(code, ed_output_write(output, cli, render, &facts));
    free(facts.items);
    return code;
}

static int devices(struct ed_cli *cli) {
    static const char *const later[] = {"add",    "scan",  "check", "probe",   "snapshot",
                                        "models", "clean", "stop",  "reserve", NULL};
    struct ed_output output = {0};
    struct ed_resources resources = {0};
    struct ed_error err = {0};
    int code;
    if (cli->arguments->n_operands) {
        const char *word = cli->arguments->operands[0];
        for (size_t i = 0; later[i]; i++)
            if (strcmp(word, later[i]) == 0)
                return ed_cli_usage(
                    cli, "'devices %s' is not part of this version; `edgedyno devices` lists the fleet",
                    word);
        return ed_cli_usage(cli, "devices takes no '%.80s'; a fleet's file is --devices FILE", word);
    }
    enum ed_status status = ed_output_parse(&output, cli->arguments, false, &err);
    if (!status)
        status = ed_resources_load(&resources, cli, &err);
    code = status ? ed_cli_fail(cli, &err) : list(cli, &resources, &output);
    ed_resources_release(&resources);
    ed_output_release(&output);
    return code;
}

static const char *const usages[] = {"[OPTION...]", NULL};
static const char *const notes[] = {"Lists the fleet: how each device is reached, whether it is ready or a "
                                    "job runs there, what it is, and the engine builds that are "
                                    "present for it. The device `local`, this machine, is always there. The "
                                    "exit status is 4 where a device did not answer.",
                                    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno devices", "the fleet of devices.json"},
    {"edgedyno devices --devices lab.json --format json", "another fleet, for a script"},
};

const struct ed_cli_command ed_cli_devices = {
    .name = "devices",
    .summary = "list the fleet, and whether each device is ready",
    .usages = usages,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_list_output, &ed_options_fleet},
    .n_groups = 2,
    .run = devices,
};
