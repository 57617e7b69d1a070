// SPDX-License-Identifier: Apache-2.0
// Surveys of engine builds through the devices' runners.
#include "harness/cli/survey.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "devices/pack.h"
#include "devices/session.h"
#include "devices/transport.h"
#include "harness/cli/ask.h"

static void offers_of_manifest(struct ed_survey_build *item) {
    const struct ed_manifest *manifest = item->build->manifest;
    memset(&item->offers, 0, sizeof item->offers);
    for (size_t i = 0; manifest && i < manifest->n_backends && i < ED_SURVEY_MAX; i++) {
        if (!ed_engine_may_have(item->build, manifest->backends[i].name))
            continue;
        struct ed_survey_row *offer = &item->offers.rows[item->offers.n_rows++];
        snprintf(offer->backend, sizeof offer->backend, "%s", manifest->backends[i].name);
        offer->processor = manifest->backends[i].processor;
    }
}

// `busy_job`: the job that runs on the device, "" where none does. False where a present build did not
// answer.
static bool survey(struct ed_survey_build *item, const struct ed_remote *remote, const char *busy_job) {
    const struct ed_engine_build *build = item->build;
    const struct ed_remote_survey_args args = {build->adapter, build->directory, build->library,
                                               build->manifest ? build->manifest->environment : NULL};
    struct ed_error err = {0};
    if (build->state != ED_ENGINE_PRESENT)
        snprintf(item->why, sizeof item->why, "%s", build->reason);
    else if (busy_job[0])
        snprintf(item->why, sizeof item->why, "the device is busy: job %s runs", busy_job);
    else if (ed_remote_survey(remote, &args, &item->offers, &err) == ED_OK)
        item->surveyed = true;
    else
        snprintf(item->why, sizeof item->why, "the survey failed: %.480s", err.message);
    if (!item->surveyed)
        offers_of_manifest(item);
    return item->surveyed || build->state != ED_ENGINE_PRESENT || busy_job[0];
}

// The runner of this machine, which is asked without more ado: one that does not answer says so with each
// build.
static enum ed_status own_runner(struct ed_session *session, const char *library_dir, struct ed_error *err) {
    char name[64];
    session->remote = (struct ed_remote){.transport = session->transport, .state = session->state};
    snprintf(session->remote.device, sizeof session->remote.device, "%s", session->entry->id);
    snprintf(session->remote.work_dir, sizeof session->remote.work_dir, "%s", session->identity.work_dir);
    snprintf(name, sizeof name, "%s/edgedyno-runner", session->identity.target);
    return ed_path_join(session->remote.runner, library_dir, name, err);
}

// A remote device is told by the manifests: a survey would push the engines there.
static void by_manifest(struct ed_survey_build *item) {
    snprintf(item->why, sizeof item->why, "%s",
             item->build->state == ED_ENGINE_PRESENT ? "only this machine's engines are asked"
                                                     : item->build->reason);
    offers_of_manifest(item);
}

static bool is_chosen(const char *targets, const char *target) {
    return !targets || fnmatch(targets, target, 0) == 0;
}

// Every build for the target that serves the device; marks it in `taken`.
static enum ed_status survey_device(struct ed_survey_list *list, const struct ed_engines *engines,
                                    bool *taken, const struct ed_device_entry *entry,
                                    const struct ed_cli *cli, const struct ed_transport_context *context,
                                    const char *targets, struct ed_error *err) {
    const struct ed_session_args args = {
        .library_dir = cli->library_dir, .context = context, .depth = ED_SESSION_IDENTIFIED};
    char job[ED_WIRE_ID_MAX_BYTES + 1] = "";
    struct ed_session session;
    enum ed_status status = ed_session_open(&session, entry, &args, NULL, err);
    if (status)
        return status;
    const bool in_place = session.transport->in_place;
    const char *target = session.identity.target;
    if (in_place)
        status = own_runner(&session, cli->library_dir, err);
    else if (ed_pack_find(&session.pack, cli->library_dir, &session.identity, entry->id, NULL) == ED_OK)
        target = session.pack.target;
    if (!status && in_place)
        ed_remote_running(&session.remote, job, NULL);
    for (size_t i = 0; i < engines->n && !status; i++) {
        if (strcmp(engines->builds[i].target, target) != 0 || !is_chosen(targets, target))
            continue;
        struct ed_survey_build *item = &list->items[list->n++];
        item->build = &engines->builds[i];
        item->device = entry->id;
        taken[i] = true;
        if (!in_place)
            by_manifest(item);
        else if (!survey(item, &session.remote, job))
            list->failed = true;
    }
    ed_session_close(&session);
    return status;
}

enum ed_status ed_survey_run(struct ed_survey_list *list, const struct ed_resources *resources,
                             const size_t *devices, size_t n_devices, const char *targets,
                             const struct ed_cli *cli, struct ed_error *err) {
    const struct ed_engines *engines = &resources->engines;
    const struct ed_transport_context context = ed_ask_context(cli, false);
    bool *taken = calloc(engines->n + 1, sizeof *taken);
    memset(list, 0, sizeof *list);
    list->store = engines->store;
    list->items = calloc((n_devices + 1) * (engines->n + 1), sizeof *list->items);
    if (!list->items || !taken) {
        free(taken);
        ed_survey_release(list);
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the survey");
    }
    for (size_t d = 0; d < n_devices; d++) {
        struct ed_error failure = {0};
        if (ed_transports_start(&failure) ||
            survey_device(list, engines, taken, &resources->inventory.devices[devices[d]], cli, &context,
                          targets, &failure)) {
            ed_log_error(&cli->log, &failure);
            list->failed = true;
        }
    }
    for (size_t i = 0; i < engines->n; i++) {
        if (taken[i] || !is_chosen(targets ? targets : ED_TARGET, engines->builds[i].target))
            continue;
        struct ed_survey_build *item = &list->items[list->n++];
        item->build = &engines->builds[i];
        snprintf(item->why, sizeof item->why, "%s",
                 engines->builds[i].state == ED_ENGINE_PRESENT ? "no chosen device has this target"
                                                               : engines->builds[i].reason);
        offers_of_manifest(item);
    }
    free(taken);
    return ED_OK;
}

void ed_survey_release(struct ed_survey_list *list) {
    free(list->items);
    memset(list, 0, sizeof *list);
}

static const char *state_word(enum ed_engine_state state) {
    switch (state) {
    case ED_ENGINE_PRESENT:
        return "present";
    case ED_ENGINE_FETCHABLE:
        return "fetchable";
    case ED_ENGINE_UNAVAILABLE:
        break;
    }
    return "unavailable";
}

// Columns that are there only where they tell rows apart.
struct columns {
    bool device, target;
};

static void place_cells(const struct ed_survey_build *item, const struct columns *columns,
                        struct ed_grid *grid) {
    if (columns->device)
        ed_grid_add(grid, "%s", item->device ? item->device : "-");
    if (columns->target)
        ed_grid_add(grid, "%s", item->build->target);
}

// What is known of a build that was not asked.
static void absent_row(const struct ed_survey_build *item, const struct columns *columns,
                       struct ed_grid *grid) {
    const struct ed_engine_build *build = item->build;
    char about[2048], size[32];
    size_t used;
    ed_units_print_size(size, sizeof size, ed_engine_bytes(build));
    if (build->state == ED_ENGINE_FETCHABLE)
        used = (size_t)snprintf(about, sizeof about, "%s by %s", size, build->packages[0].client);
    else
        used = (size_t)snprintf(about, sizeof about, "%.511s", item->why);
    if (build->note[0])
        used += (size_t)snprintf(about + used, sizeof about - used, "; %s", build->note);
    for (size_t k = 0; k < item->offers.n_rows && used < sizeof about - 128; k++)
        used += (size_t)snprintf(about + used, sizeof about - used, "%s%s", k ? ", " : "; ",
                                 item->offers.rows[k].backend);
    ed_grid_add(grid, "%s", build->id);
    ed_grid_add(grid, "-");
    place_cells(item, columns, grid);
    ed_grid_add(grid, "%s",
                build->state == ED_ENGINE_PRESENT     ? "not asked"
                : build->state == ED_ENGINE_FETCHABLE ? "fetchable"
                                                      : "no");
    ed_grid_add(grid, "%s", about);
}

static void offer_row(const struct ed_survey_build *item, const struct ed_survey_row *offer,
                      const struct columns *columns, struct ed_grid *grid) {
    ed_grid_add(grid, "%s/%s", item->build->id, offer->backend);
    ed_grid_add(grid, "%s", ed_processor_word(offer->processor));
    place_cells(item, columns, grid);
    ed_grid_add(grid, "%s", !offer->available ? "not here" : offer->simulated ? "simulated" : "ready");
    if (!offer->available)
        ed_grid_add(grid, "%s", offer->reason);
    else
        ed_grid_add(grid, "%s%s%s", offer->native, offer->native[0] && offer->device_name[0] ? ", " : "",
                    offer->device_name);
}

void ed_survey_table(const struct ed_survey_list *list, struct ed_grid *grid) {
    const char *heads[ED_GRID_COLUMNS_MAX] = {"engine/backend", "kind"}, *first = NULL;
    struct columns columns = {0};
    size_t n = 2;
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_survey_build *item = &list->items[i];
        columns.target = columns.target || strcmp(item->build->target, list->items[0].build->target) != 0;
        first = first ? first : item->device;
        columns.device = columns.device || (first && item->device && strcmp(first, item->device) != 0);
    }
    if (columns.device)
        heads[n++] = "device";
    if (columns.target)
        heads[n++] = "target";
    heads[n++] = "state";
    heads[n++] = "about";
    ed_grid_init(grid, heads, n);
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_survey_build *item = &list->items[i];
        for (size_t k = 0; item->surveyed && k < item->offers.n_rows; k++)
            offer_row(item, &item->offers.rows[k], &columns, grid);
        if (!item->surveyed)
            absent_row(item, &columns, grid);
    }
}

void ed_survey_json(const struct ed_survey_list *list, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    ed_json_text_or_null(json, "store", list->store);
    ed_json_array_begin(json, "engines");
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_survey_build *item = &list->items[i];
        const struct ed_engine_build *build = item->build;
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", build->id);
        ed_json_text(json, "name", build->name);
        ed_json_text(json, "version", build->version);
        ed_json_text(json, "target", build->target);
        ed_json_text_or_null(json, "device", item->device);
        ed_json_text(json, "state", state_word(build->state));
        ed_json_text_or_null(json, "reason", item->why);
        ed_json_bool(json, "surveyed", item->surveyed);
        ed_json_text_or_null(json, "licence", build->licence);
        ed_json_text_or_null(json, "package", build->package);
        ed_json_text_or_null(json, "directory", build->directory);
        ed_json_text_or_null(json, "note", build->note);
        ed_json_int(json, "bytes", ed_engine_bytes(build));
        ed_json_text_or_null(json, "engine_version", item->offers.engine_version);
        ed_json_text_or_null(json, "build_info", item->offers.build_info);
        ed_json_array_begin(json, "backends");
        for (size_t k = 0; k < item->offers.n_rows; k++) {
            const struct ed_survey_row *offer = &item->offers.rows[k];
            ed_json_object_begin(json, NULL);
            ed_json_text(json, "backend", offer->backend);
            ed_json_text(json, "processor", ed_processor_word(offer->processor));
            ed_json_text_or_null(json, "native", offer->native);
            ed_json_text_or_null(json, "device_name", offer->device_name);
            if (item->surveyed) {
                ed_json_bool(json, "simulated", offer->simulated);
                ed_json_bool(json, "available", offer->available);
            } else {
                ed_json_null(json, "simulated");
                ed_json_null(json, "available");
            }
            ed_json_text_or_null(json, "reason", offer->reason);
            ed_json_object_end(json);
        }
        ed_json_array_end(json);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}
