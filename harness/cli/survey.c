// SPDX-License-Identifier: Apache-2.0
// Surveys of engine builds through the devices' runners.
#include "harness/cli/survey.h"

#include <stdlib.h>
#include <string.h>

#include "harness/cli/runner_call.h"

#define SURVEY_NS INT64_C(20000000000)

static void offers_of_manifest(struct ed_survey_build *item) {
    const struct ed_manifest *manifest = item->build->manifest;
    for (size_t i = 0; manifest && i < manifest->n_backends && i < ED_SURVEY_MAX; i++) {
        struct ed_survey_offer *offer = &item->offers[item->n_offers++];
        snprintf(offer->backend, sizeof offer->backend, "%s", manifest->backends[i].name);
        snprintf(offer->processor, sizeof offer->processor, "%s",
                 ed_processor_word(manifest->backends[i].processor));
    }
}

// Texts may be empty here: an engine that does not tell.
static void copy_text(const struct ed_json_at *object, const char *key, char *out, size_t bytes) {
    const struct ed_json_at at = ed_json_member(object, key);
    snprintf(out, bytes, "%s", cJSON_IsString(at.value) ? at.value->valuestring : "");
}

static enum ed_status read_offers(struct ed_survey_build *item, const struct ed_json_document *reply,
                                  struct ed_error *err) {
    const struct ed_json_at root = ed_json_root(reply), backends = ed_json_member(&root, "backends");
    enum ed_status status = ed_json_expect_array(&backends, err);
    copy_text(&root, "engine_version", item->engine_version, sizeof item->engine_version);
    copy_text(&root, "build_info", item->build_info, sizeof item->build_info);
    for (size_t i = 0; !status && i < ed_json_count(&backends) && i < ED_SURVEY_MAX; i++) {
        const struct ed_json_at row = ed_json_element(&backends, i);
        struct ed_survey_offer *offer = &item->offers[item->n_offers];
        memset(offer, 0, sizeof *offer);
        status = ed_json_get_string(&row, "backend", offer->backend, sizeof offer->backend, err);
        copy_text(&row, "processor", offer->processor, sizeof offer->processor);
        copy_text(&row, "native", offer->native, sizeof offer->native);
        copy_text(&row, "device_name", offer->device_name, sizeof offer->device_name);
        copy_text(&row, "reason", offer->reason, sizeof offer->reason);
        if (!status)
            status = ed_json_opt_bool(&row, "simulated", &offer->simulated, err);
        if (!status)
            status = ed_json_get_bool(&row, "available", &offer->available, err);
        item->n_offers += !status;
    }
    return status;
}

// False where a present build did not answer.
static bool survey(struct ed_survey_build *item, struct ed_runner_device *device) {
    const struct ed_engine_build *build = item->build;
    struct ed_json_document reply = {0};
    struct ed_error err = {0};
    const char *words[8] = {"survey", "--adapter", build->adapter};
    size_t n = 3;
    if (build->state != ED_ENGINE_PRESENT) {
        snprintf(item->why, sizeof item->why, "%s", build->reason);
        offers_of_manifest(item);
        return true;
    }
    if (device->busy_job[0]) {
        snprintf(item->why, sizeof item->why, "the device is busy: job %s runs", device->busy_job);
        offers_of_manifest(item);
        return true;
    }
    if (build->directory[0])
        words[n++] = "--engine-dir", words[n++] = build->directory;
    if (build->library[0])
        words[n++] = "--library", words[n++] = build->library;
    enum ed_status status =
        ed_runner_call(device, words, build->manifest ? build->manifest->environment : NULL, "survey",
                       SURVEY_NS, &reply, &err);
    if (!status) {
        status = read_offers(item, &reply, &err);
        ed_json_document_release(&reply);
    }
    item->surveyed = status == ED_OK;
    if (status) {
        snprintf(item->why, sizeof item->why, "the survey failed: %.480s", err.message);
        item->n_offers = 0;
        offers_of_manifest(item);
    }
    return status == ED_OK;
}

enum ed_status ed_survey_run(struct ed_survey_list *list, const struct ed_resources *resources,
                             const size_t *devices, size_t n_devices, const struct ed_cli *cli,
                             struct ed_error *err) {
    const struct ed_engines *engines = &resources->engines;
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
        const struct ed_device_entry *entry = &resources->inventory.devices[devices[d]];
        struct ed_runner_device device;
        struct ed_error failure = {0};
        if (ed_runner_device_open(&device, entry, cli->library_dir, &failure) != ED_OK) {
            ed_log_error(&cli->log, &failure);
            list->failed = true;
            continue;
        }
        for (size_t i = 0; i < engines->n; i++) {
            if (strcmp(engines->builds[i].target, device.identity.target) != 0)
                continue;
            struct ed_survey_build *item = &list->items[list->n++];
            item->build = &engines->builds[i];
            item->device = entry->id;
            taken[i] = true;
            if (!survey(item, &device))
                list->failed = true;
        }
        ed_runner_device_close(&device);
    }
    for (size_t i = 0; i < engines->n; i++) {
        if (taken[i])
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

// What is known of a build that was not asked.
static void absent_row(const struct ed_survey_build *item, bool targets, struct ed_grid *grid) {
    char about[2048];
    size_t used = (size_t)snprintf(about, sizeof about, "%.511s", item->why);
    for (size_t k = 0; k < item->n_offers && used < sizeof about - 128; k++)
        used += (size_t)snprintf(about + used, sizeof about - used, "%s%s",
                                 k ? ", " : "\nmay have: ", item->offers[k].backend);
    ed_grid_add(grid, "%s", item->build->id);
    ed_grid_add(grid, "-");
    if (targets)
        ed_grid_add(grid, "%s", item->build->target);
    ed_grid_add(grid, "%s",
                item->build->state == ED_ENGINE_PRESENT ? "not surveyed" : state_word(item->build->state));
    ed_grid_add(grid, "%s", about);
}

static void offer_row(const struct ed_survey_build *item, const struct ed_survey_offer *offer, bool targets,
                      struct ed_grid *grid) {
    ed_grid_add(grid, "%s/%s", item->build->id, offer->backend);
    ed_grid_add(grid, "%s", offer->processor);
    if (targets)
        ed_grid_add(grid, "%s", item->build->target);
    ed_grid_add(grid, "%s", !offer->available ? "not here" : offer->simulated ? "simulated" : "ready");
    if (!offer->available)
        ed_grid_add(grid, "%s", offer->reason);
    else
        ed_grid_add(grid, "%s%s%s", offer->native, offer->native[0] && offer->device_name[0] ? ", " : "",
                    offer->device_name);
}

void ed_survey_table(const struct ed_survey_list *list, struct ed_grid *grid) {
    static const char *const heads[] = {"engine/backend", "kind", "target", "state", "about"};
    static const char *const heads_of_one[] = {"engine/backend", "kind", "state", "about"};
    bool targets = false;
    for (size_t i = 1; i < list->n; i++)
        targets = targets || strcmp(list->items[i].build->target, list->items[0].build->target) != 0;
    ed_grid_init(grid, targets ? heads : heads_of_one, targets ? 5 : 4);
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_survey_build *item = &list->items[i];
        for (size_t k = 0; item->surveyed && k < item->n_offers; k++)
            offer_row(item, &item->offers[k], targets, grid);
        if (!item->surveyed)
            absent_row(item, targets, grid);
    }
}

static void text_or_null(struct ed_json_writer *json, const char *key, const char *text) {
    ed_json_text(json, key, text && text[0] ? text : NULL);
}

void ed_survey_json(const struct ed_survey_list *list, struct ed_json_writer *json) {
    ed_json_object_begin(json, NULL);
    text_or_null(json, "store", list->store);
    ed_json_array_begin(json, "engines");
    for (size_t i = 0; i < list->n; i++) {
        const struct ed_survey_build *item = &list->items[i];
        const struct ed_engine_build *build = item->build;
        ed_json_object_begin(json, NULL);
        ed_json_text(json, "id", build->id);
        ed_json_text(json, "name", build->name);
        ed_json_text(json, "version", build->version);
        ed_json_text(json, "target", build->target);
        text_or_null(json, "device", item->device);
        ed_json_text(json, "state", state_word(build->state));
        text_or_null(json, "reason", item->why);
        ed_json_bool(json, "surveyed", item->surveyed);
        text_or_null(json, "licence", build->licence);
        text_or_null(json, "package", build->package);
        text_or_null(json, "directory", build->directory);
        text_or_null(json, "engine_version", item->engine_version);
        text_or_null(json, "build_info", item->build_info);
        ed_json_array_begin(json, "backends");
        for (size_t k = 0; k < item->n_offers; k++) {
            const struct ed_survey_offer *offer = &item->offers[k];
            ed_json_object_begin(json, NULL);
            ed_json_text(json, "backend", offer->backend);
            text_or_null(json, "processor", offer->processor);
            text_or_null(json, "native", offer->native);
            text_or_null(json, "device_name", offer->device_name);
            if (item->surveyed) {
                ed_json_bool(json, "simulated", offer->simulated);
                ed_json_bool(json, "available", offer->available);
            } else {
                ed_json_null(json, "simulated");
                ed_json_null(json, "available");
            }
            text_or_null(json, "reason", offer->reason);
            ed_json_object_end(json);
        }
        ed_json_array_end(json);
        ed_json_object_end(json);
    }
    ed_json_array_end(json);
    ed_json_object_end(json);
}
