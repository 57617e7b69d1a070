// SPDX-License-Identifier: Apache-2.0
// Reading campaign.json.
#include "harness/campaign.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/workload.h"
#include "edgedyno/wire.h"
#include "harness/seal.h"

#define BLOCKS_MAX 1000 // of a case, as a suite may ask for
#define DEVICES_MAX 10000

// Frozen texts are copied into fixed fields; "" is as good as absent.
static enum ed_status copy(const struct ed_json_at *at, const char *key, char *out, size_t bytes,
                           struct ed_error *err) {
    struct ed_json_at member = ed_json_member(at, key);
    out[0] = 0;
    if (cJSON_IsString(member.value) && !member.value->valuestring[0])
        return ED_OK;
    return ed_json_opt_string(at, key, out, bytes, err);
}
#define COPY(at, key, field) (status == ED_OK ? status = copy(at, key, field, sizeof(field), err) : status)
#define NUMBER(at, key, min, field) \
    (status == ED_OK ? status = ed_json_opt_int(at, key, min, INT64_C(1) << 52, &(field), err) : status)

// A file of the campaign's data folder, as an absolute path. Only one of the campaign itself: a doctored
// campaign must not make a report read elsewhere.
static enum ed_status data_file(const struct ed_json_at *at, const char *key, const char *directory,
                                char out[ED_PATH_BYTES], struct ed_error *err) {
    char name[256];
    enum ed_status status = copy(at, key, name, sizeof name, err);
    out[0] = 0;
    if (status != ED_OK || !name[0])
        return status;
    const char *ending = strchr(name, '.');
    if (strncmp(name, "data/", 5) != 0 || strspn(name + 5, "0123456789abcdef") != 64 || ending != name + 69 ||
        (strcmp(ending, ".npy") != 0 && strcmp(ending, ".txt") != 0 && strcmp(ending, ".jsonl") != 0))
        return ed_json_fail(at, err, "%s is not a file of the campaign's data folder", key);
    return ed_path_join(out, directory, name, err);
}

static enum ed_status read_case(const struct ed_json_at *at, const char *directory,
                                struct ed_campaign_case *c, size_t n_cases, size_t n_tasks,
                                struct ed_error *err) {
    enum ed_status status = ed_json_expect_object(at, err);
    int64_t reference = -1, agreement = -1, timing = 0;
    c->task = -1;
    COPY(at, "id", c->id);
    COPY(at, "case", c->case_id);
    COPY(at, "model", c->model);
    COPY(at, "variant", c->variant);
    COPY(at, "how", c->how);
    COPY(at, "engine", c->engine);
    COPY(at, "engine_version", c->engine_version);
    COPY(at, "engine_build_sha256", c->engine_build_sha256);
    COPY(at, "backend", c->backend);
    COPY(at, "processor", c->processor);
    COPY(at, "model_sha256", c->model_sha256);
    COPY(at, "options", c->options);
    COPY(at, "workload", c->workload);
    if (status == ED_OK)
        status = ed_workload_read(at, "workload_parts", &c->workload_parts, err);
    NUMBER(at, "threads", 0, c->threads);
    NUMBER(at, "model_file_bytes", 0, c->model_file_bytes);
    NUMBER(at, "engine_file_bytes", 0, c->engine_file_bytes);
    NUMBER(at, "reference", -1, reference);
    NUMBER(at, "agreement", -1, agreement);
    NUMBER(at, "timing", 0, timing);
    NUMBER(at, "task", -1, c->task);
    if (status == ED_OK)
        status =
            ed_json_opt_int(at, "mem_limit_bytes", 0, ED_WIRE_MEMORY_MAX_BYTES, &c->mem_limit_bytes, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "has_model", &c->has_model, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "of_reference", &c->of_reference, err);
    if (status == ED_OK)
        status = data_file(at, "transcript", directory, c->transcript, err);
    if (status == ED_OK && (reference >= (int64_t)n_cases || agreement >= (int64_t)n_cases ||
                            timing >= (int64_t)n_cases || c->task >= (int64_t)n_tasks))
        status = ed_json_fail(at, err, "refers to a case or task that does not exist");
    c->reference = reference < 0 ? SIZE_MAX : (size_t)reference;
    c->agreement = agreement < 0 ? SIZE_MAX : (size_t)agreement;
    c->timing = (size_t)timing;
    return status;
}

// Answers are held against answers: to the same task as a reference, to a task of the same data as an
// agreement.
static bool refers_well(const struct ed_campaign_device *device, size_t index) {
    const struct ed_campaign_case *c = &device->cases[index], *all = device->cases;
    const bool reference = c->task < 0 || c->reference == SIZE_MAX || all[c->reference].task == c->task,
               agreement = c->task < 0 || c->agreement == SIZE_MAX || all[c->agreement].task >= 0;
    return reference && agreement && all[c->timing].timing == c->timing;
}

static enum ed_status check_cases(const struct ed_json_at *cases, const struct ed_campaign_device *device,
                                  struct ed_error *err) {
    struct ed_json_at element = ed_json_element(cases, 0);
    for (size_t i = 0; i < device->n_cases; i++, element = ed_json_next(&element))
        if (!refers_well(device, i))
            return ed_json_fail(&element, err, "refers to a case that does not answer its task");
    return ED_OK;
}

// Each case is in one pair at most, else one measurement would count twice.
static enum ed_status read_pairs(const struct ed_json_at *at, struct ed_campaign_device *device,
                                 struct ed_error *err) {
    const struct ed_json_at list = ed_json_member(at, "pairs");
    const size_t n = ed_json_count(&list);
    enum ed_status status = list.value ? ed_json_expect_array(&list, err) : ED_OK;
    bool *taken = calloc(device->n_cases + 1, sizeof *taken);
    device->pairs = calloc(n + 1, sizeof *device->pairs);
    if (status == ED_OK && (!device->pairs || !taken))
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the cases of a campaign");
    for (struct ed_json_at item = ed_json_element(&list, 0); status == ED_OK && item.value;
         item = ed_json_next(&item)) {
        int64_t baseline = 0, candidate = 0;
        const int64_t last = (int64_t)device->n_cases - 1;
        status = ed_json_get_int(&item, "baseline", 0, last, &baseline, err);
        if (status == ED_OK)
            status = ed_json_get_int(&item, "candidate", 0, last, &candidate, err);
        if (status == ED_OK && (baseline == candidate || taken[baseline] || taken[candidate]))
            status = ed_json_fail(&item, err, "compares a case that is in a pair already");
        if (status != ED_OK)
            break;
        taken[baseline] = taken[candidate] = true;
        device->pairs[device->n_pairs++] = (struct ed_campaign_pair){(size_t)baseline, (size_t)candidate};
    }
    free(taken);
    // Else the device would be judged by nothing.
    return status == ED_OK && !device->n_pairs ? ed_json_fail(at, err, "has no pairs to compare") : status;
}

static enum ed_status read_circumstances(const struct ed_json_at *at, struct ed_campaign_device *device,
                                         struct ed_error *err) {
    enum ed_status status = ED_OK;
    COPY(at, "libc", device->libc);
    COPY(at, "libc_version", device->libc_version);
    COPY(at, "cpuset", device->cpuset);
    device->oom_score_adj = INT64_MIN;
    if (status == ED_OK)
        status = ed_json_opt_int(at, "oom_score_adj", -1000, 1000, &device->oom_score_adj, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "android", &device->android, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(at, "pack_foreign", &device->pack_foreign, err);
    return status == ED_OK ? ed_json_opt_bool(at, "runner_libc", &device->runner_libc, err) : status;
}

// What the hardware says of itself. Absent in older campaigns: nothing is known then.
static void read_hardware(const struct ed_json_at *at, struct ed_campaign_device *device) {
    static const char *const emulators[] = {"ranchu", "goldfish", "emulator", "sdk_gphone", "cuttlefish"};
    const struct ed_json_at hardware = ed_json_member(at, "hardware"),
                            system = ed_json_member(&hardware, "system"),
                            cpu = ed_json_member(&hardware, "cpu"), logical = ed_json_member(&cpu, "logical");
    const struct ed_json_at told = ed_json_member(&system, "virtual_machine");
    char board[128] = "";
    device->virtual_machine = device->emulator = -1;
    if (cJSON_IsNumber(logical.value))
        ed_json_opt_int(&cpu, "logical", 0, 1 << 20, &device->logical_cpus, NULL);
    if (!system.value)
        return;
    if (cJSON_IsBool(told.value))
        device->virtual_machine = cJSON_IsTrue(told.value);
    ed_json_opt_string(&system, "board", board, sizeof board, NULL);
    for (char *c = board; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    // No phone that somebody holds runs in a virtual machine.
    device->emulator = (device->android && device->virtual_machine > 0) ||
                       cJSON_IsTrue(ed_json_member(&system, "emulator").value);
    for (size_t i = 0; device->android && i < sizeof emulators / sizeof emulators[0]; i++)
        if (strstr(board, emulators[i]))
            device->emulator = 1;
}

static enum ed_status read_device(const struct ed_json_at *at, struct ed_campaign *campaign,
                                  struct ed_campaign_device *device, struct ed_error *err) {
    char name[128];
    int64_t blocks = 0;
    enum ed_status status = ed_json_expect_object(at, err);
    COPY(at, "id", device->id);
    COPY(at, "transport", device->transport);
    COPY(at, "target", device->target);
    COPY(at, "summary", device->summary);
    if (status == ED_OK)
        status = read_circumstances(at, device, err);
    read_hardware(at, device);
    if (status == ED_OK)
        status = ed_json_opt_int(at, "blocks", 0, ED_WIRE_BLOCKS_MAX, &blocks, err);
    device->n_blocks = (size_t)blocks;
    if (status == ED_OK && !ed_path_name_ok(device->id))
        status = ed_json_fail(at, err, "'%.64s' is not a device's name", device->id);
    snprintf(name, sizeof name, "devices/%s", device->id);
    if (status == ED_OK)
        status = ed_path_join(device->directory, campaign->directory, name, err);
    struct ed_json_at cases = ed_json_member(at, "cases");
    if (status == ED_OK)
        status = ed_json_expect_array(&cases, err);
    const size_t n = status == ED_OK ? ed_json_count(&cases) : 0;
    if (n > ED_WIRE_CASES_MAX)
        return ed_json_fail(&cases, err, "has %zu cases; at most %u are planned", n, ED_WIRE_CASES_MAX);
    device->cases = calloc(n ? n : 1, sizeof *device->cases);
    if (status == ED_OK && !device->cases)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the cases of a campaign");
    struct ed_json_at element = ed_json_element(&cases, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, element = ed_json_next(&element)) {
        device->n_cases = i + 1;
        status = read_case(&element, campaign->directory, &device->cases[i], n, campaign->n_tasks, err);
    }
    if (status == ED_OK)
        status = check_cases(&cases, device, err);
    return status == ED_OK && campaign->gate.active ? read_pairs(at, device, err) : status;
}

// Reasons are the words of errors, so a long one is cut.
static enum ed_status read_absent(const struct ed_json_at *root, struct ed_campaign *campaign,
                                  struct ed_error *err) {
    struct ed_json_at list = ed_json_member(root, "absent");
    const size_t n = ed_json_count(&list);
    enum ed_status status = ED_OK;
    campaign->absent = calloc(n ? n : 1, sizeof *campaign->absent);
    if (!campaign->absent)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices of a campaign");
    struct ed_json_at element = ed_json_element(&list, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, element = ed_json_next(&element)) {
        struct ed_campaign_absent *absent = &campaign->absent[i];
        const char *reason = "";
        campaign->n_absent = i + 1;
        status = ed_json_expect_object(&element, err);
        COPY(&element, "id", absent->id);
        if (status == ED_OK)
            status = ed_json_opt_text(&element, "reason", &reason, err);
        if (status == ED_OK && !ed_path_name_ok(absent->id))
            status = ed_json_fail(&element, err, "'%.64s' is not a device's name", absent->id);
        snprintf(absent->reason, sizeof absent->reason, "%s", reason);
    }
    return status;
}

static enum ed_status read_command(const struct ed_json_at *at, struct ed_campaign_task *task,
                                   struct ed_error *err) {
    const struct ed_json_at command = ed_json_member(at, "command");
    const size_t n = ed_json_count(&command);
    if (!n)
        return ED_OK;
    task->command = calloc(n + 1, sizeof *task->command);
    if (!task->command)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the tasks of a campaign");
    for (size_t i = 0; i < n; i++) {
        const struct ed_json_at word = ed_json_element(&command, i);
        if (!cJSON_IsString(word.value))
            return ed_json_fail(&word, err, "is no word of a command");
        task->command[i] = strdup(word.value->valuestring);
        if (!task->command[i])
            return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the tasks of a campaign");
        task->n_command = i + 1;
    }
    return ED_OK;
}

static enum ed_status read_threshold(const struct ed_json_at *at, struct ed_campaign_task *task,
                                     struct ed_error *err) {
    char text[ED_REQUIREMENT_TEXT_MAX + 1] = "";
    enum ed_status status = copy(at, "threshold", text, sizeof text, err);
    task->has_threshold = status == ED_OK && text[0];
    return task->has_threshold ? ed_requirement_parse(&task->threshold, text, err) : status;
}

static enum ed_status read_tasks(const struct ed_json_at *root, struct ed_campaign *campaign,
                                 struct ed_error *err) {
    struct ed_json_at tasks = ed_json_member(root, "tasks");
    const size_t n = ed_json_count(&tasks);
    enum ed_status status = ED_OK;
    campaign->tasks = calloc(n ? n : 1, sizeof *campaign->tasks);
    if (!campaign->tasks)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the tasks of a campaign");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        struct ed_json_at at = ed_json_element(&tasks, i);
        struct ed_campaign_task *task = &campaign->tasks[i];
        campaign->n_tasks = i + 1;
        COPY(&at, "name", task->name);
        COPY(&at, "metric", task->metric);
        COPY(&at, "output", task->output);
        COPY(&at, "preprocess_sha256", task->preprocess_sha256);
        COPY(&at, "data_sha256", task->data_sha256);
        if (status == ED_OK && task->preprocess_sha256[0] && !ed_digest_ok(task->preprocess_sha256))
            status = ed_json_fail(&at, err, "preprocess_sha256 is no SHA-256");
        if (status == ED_OK)
            status = ed_json_opt_bool(&at, "lower_is_better", &task->lower_is_better, err);
        if (status == ED_OK)
            status = read_threshold(&at, task, err);
        if (status == ED_OK)
            status = read_command(&at, task, err);
        if (status == ED_OK)
            status = data_file(&at, "labels", campaign->directory, task->labels, err);
        task->data = i;
    }
    return status;
}

static enum ed_status read_events(const struct ed_json_at *root, struct ed_campaign *campaign,
                                  struct ed_error *err) {
    const size_t most = sizeof campaign->papi / sizeof campaign->papi[0];
    const struct ed_json_at list = ed_json_member(root, "papi");
    enum ed_status status = list.value ? ed_json_expect_array(&list, err) : ED_OK;
    const size_t n = status == ED_OK ? ed_json_count(&list) : 0;
    if (n > most)
        return ed_json_fail(&list, err, "has %zu events; at most %zu are counted", n, most);
    struct ed_json_at at = ed_json_element(&list, 0);
    for (size_t i = 0; status == ED_OK && i < n; i++, at = ed_json_next(&at)) {
        const char *event = "";
        status = ed_json_as_text(&at, &event, err);
        snprintf(campaign->papi[i], sizeof campaign->papi[i], "%s", event);
        campaign->n_papi = i + 1;
    }
    return status;
}

// What was required is frozen: a verdict by other limits than those of the run would be another run's.
static enum ed_status check_requirements(const struct ed_json_at *root, const struct ed_buffer *all,
                                         struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES], frozen[ED_DIGEST_HEX_BYTES] = "";
    enum ed_status status = ed_buffer_status(all, "the requirements", err);
    if (status == ED_OK)
        status = ed_json_opt_string(root, "require_sha256", frozen, sizeof frozen, err);
    if (status != ED_OK)
        return status;
    ed_digest_bytes(hex, ed_buffer_text(all), all->size);
    if (!frozen[0] && !all->size)
        return ED_OK;
    return strcmp(hex, frozen)
               ? ed_json_fail(root, err,
                              "\"require\" was changed after the campaign began; put it back, or run a "
                              "campaign with the new limits")
               : ED_OK;
}

// Those of tasks are frozen likewise.
static void add_thresholds(const struct ed_json_at *root, struct ed_buffer *all) {
    const cJSON *task, *tasks = ed_json_member(root, "tasks").value;
    cJSON_ArrayForEach(task, tasks) {
        const cJSON *threshold = cJSON_GetObjectItemCaseSensitive(task, "threshold");
        if (cJSON_IsString(threshold) && threshold->valuestring[0])
            ed_buffer_printf(all, "%s\n", threshold->valuestring);
    }
}

static enum ed_status read_requirements(const struct ed_json_at *root, struct ed_campaign *campaign,
                                        struct ed_error *err) {
    struct ed_json_at list = ed_json_member(root, "require");
    const size_t n = ed_json_count(&list);
    enum ed_status status = ED_OK;
    if (n > ED_REQUIREMENTS_MAX)
        return ed_json_fail(&list, err, "has %zu requirements; at most %d are allowed", n,
                            ED_REQUIREMENTS_MAX);
    campaign->requirements = calloc(n ? n : 1, sizeof *campaign->requirements);
    if (!campaign->requirements)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the requirements of a campaign");
    struct ed_buffer all;
    ed_buffer_init(&all, 1u << 20);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        struct ed_json_at at = ed_json_element(&list, i);
        const char *text = "";
        status = ed_json_as_text(&at, &text, err);
        if (status == ED_OK)
            status = ed_requirement_parse(&campaign->requirements[i], text, err);
        if (status == ED_OK)
            campaign->n_requirements = i + 1;
        ed_buffer_printf(&all, "%s\n", text);
    }
    add_thresholds(root, &all);
    if (status == ED_OK)
        status = check_requirements(root, &all, err);
    ed_buffer_release(&all);
    return status;
}

static enum ed_status read_campaign(const struct ed_json_at *root, struct ed_campaign *campaign,
                                    struct ed_error *err) {
    int64_t format = 0;
    enum ed_status status = ed_json_expect_object(root, err);
    if (status == ED_OK)
        status = ed_json_get_int(root, "format", 1, 1000000, &format, err);
    if (status == ED_OK && format != ED_CAMPAIGN_FORMAT)
        return ed_fail(err, ED_ERR_VERSION, campaign->directory,
                       "the campaign has format %lld, this program reads format %d", (long long)format,
                       ED_CAMPAIGN_FORMAT);
    COPY(root, "id", campaign->id);
    COPY(root, "started", campaign->started_utc);
    COPY(root, "edgedyno", campaign->version);
    COPY(root, "suite", campaign->suite);
    COPY(root, "label", campaign->label);
    COPY(root, "on_invalid", campaign->on_invalid);
    const struct ed_json_at pin = ed_json_member(root, "pin");
    if (cJSON_IsString(pin.value))
        snprintf(campaign->pin, sizeof campaign->pin, "%s", pin.value->valuestring);
    NUMBER(root, "seed", 0, campaign->seed);
    if (status == ED_OK)
        status = ed_json_opt_int(root, "blocks", 0, BLOCKS_MAX, &campaign->blocks, err);
    NUMBER(root, "max_time_ns", 0, campaign->max_time_ns);
    if (status == ED_OK)
        status = ed_json_opt_bool(root, "allow_fallback", &campaign->allow_fallback, err);
    campaign->min_placed = 1;
    if (status == ED_OK)
        status = ed_json_opt_real(root, "min_placed", 0, 1, &campaign->min_placed, err);
    if (status == ED_OK)
        status = ed_json_opt_int(root, "ballast_bytes", 0, ED_WIRE_MEMORY_MAX_BYTES, &campaign->ballast_bytes,
                                 err);
    if (status == ED_OK)
        status = read_events(root, campaign, err);
    if (status == ED_OK)
        status = ed_json_opt_bool(root, "leave_nothing", &campaign->leave_nothing, err);
    if (status == ED_OK && !ed_path_name_ok(campaign->id))
        status = ed_json_fail(root, err, "the campaign has no usable id");
    if (status == ED_OK)
        status = ed_gate_spec_read(root, &campaign->gate, err);
    if (status == ED_OK)
        status = ed_tune_spec_read(root, &campaign->tune, err);
    if (status == ED_OK)
        status = read_requirements(root, campaign, err);
    if (status == ED_OK)
        status = read_tasks(root, campaign, err);
    if (status == ED_OK)
        status = read_absent(root, campaign, err);
    struct ed_json_at devices = ed_json_member(root, "devices");
    if (status == ED_OK)
        status = ed_json_expect_array(&devices, err);
    const size_t n = status == ED_OK ? ed_json_count(&devices) : 0;
    if (n > DEVICES_MAX)
        return ed_json_fail(&devices, err, "has %zu devices; at most %d take part", n, DEVICES_MAX);
    campaign->devices = calloc(n ? n : 1, sizeof *campaign->devices);
    if (status == ED_OK && !campaign->devices)
        status = ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices of a campaign");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        struct ed_json_at at = ed_json_element(&devices, i);
        campaign->n_devices = i + 1;
        status = read_device(&at, campaign, &campaign->devices[i], err);
        // Measured once, it would count twice.
        for (size_t k = 0; status == ED_OK && k < i; k++)
            if (!strcmp(campaign->devices[k].id, campaign->devices[i].id))
                status = ed_json_fail(&at, err, "device '%s' is there twice", campaign->devices[i].id);
    }
    return status;
}

enum ed_status ed_campaign_load(struct ed_campaign *campaign, const char *directory, struct ed_error *err) {
    char path[ED_PATH_BYTES];
    struct ed_json_document document = {0};
    struct ed_buffer text;
    memset(campaign, 0, sizeof *campaign);
    if (!ed_path_is_directory(directory))
        return ed_fail(err, ED_ERR_NOT_FOUND, directory,
                       "is no directory: name the campaign's directory, as 'edgedyno run' printed it");
    enum ed_status status = ed_path_real(campaign->directory, directory, err);
    if (status == ED_OK)
        status = ed_path_join(path, campaign->directory, ED_CAMPAIGN_FILE, err);
    if (status == ED_OK && !ed_path_exists(path))
        return ed_fail(err, ED_ERR_NOT_FOUND, directory,
                       "holds no %s: it is no campaign, or one that never began", ED_CAMPAIGN_FILE);
    ed_buffer_init(&text, ED_CAMPAIGN_FILE_MAX_BYTES);
    if (status == ED_OK)
        status = ed_path_read(path, ED_CAMPAIGN_FILE_MAX_BYTES, &text, err);
    if (status == ED_OK)
        status = ed_json_parse(&document, path, ed_buffer_text(&text), text.size, err);
    if (status == ED_OK) {
        struct ed_json_at root = ed_json_root(&document);
        status = read_campaign(&root, campaign, err);
    }
    if (status == ED_OK)
        status = ed_seal_require(campaign, &text, path, err);
    ed_buffer_release(&text);
    ed_json_document_release(&document);
    if (status != ED_OK)
        ed_campaign_release(campaign);
    return status;
}

void ed_campaign_release(struct ed_campaign *campaign) {
    for (size_t i = 0; i < campaign->n_devices; i++) {
        free(campaign->devices[i].cases);
        free(campaign->devices[i].pairs);
    }
    free(campaign->devices);
    free(campaign->absent);
    for (size_t i = 0; campaign->tasks && i < campaign->n_tasks; i++) {
        for (size_t k = 0; k < campaign->tasks[i].n_command; k++)
            free(campaign->tasks[i].command[k]);
        free(campaign->tasks[i].command);
    }
    free(campaign->tasks);
    free(campaign->requirements);
    memset(campaign, 0, sizeof *campaign);
}
