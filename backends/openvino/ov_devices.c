// SPDX-License-Identifier: Apache-2.0
// The devices that the engine finds, and the backends that they make.
#include <stdlib.h>

#include "backends/adapter_text.h"
#include "backends/openvino/ov.h"

enum ed_processor ov_device_processor(const char *name) {
    name += name[0] == '('; // a device that AUTO uses until the one that it chose is ready
    if (!strncmp(name, "CPU", 3))
        return ED_PROCESSOR_CPU;
    if (!strncmp(name, "GPU", 3))
        return ED_PROCESSOR_GPU;
    return strncmp(name, "NPU", 3) ? ED_PROCESSOR_UNKNOWN : ED_PROCESSOR_NPU;
}

static void append(char *text, size_t bytes, const char *word) {
    const size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s%s", used ? " " : "", word);
}

enum ed_status ov_devices_list(const struct ov_state *ov, char *text, size_t bytes, struct ed_error *err) {
    struct ov_devices devices = {0};
    text[0] = 0;
    enum ed_status status =
        ov_check(ov, ov->api.core_get_available_devices(ov->core, &devices), "asking for its devices", err);
    if (status)
        return status;
    for (int cpu = 0; cpu < 2; cpu++)
        for (size_t i = 0; i < devices.n; i++)
            if ((ov_device_processor(devices.names[i]) == ED_PROCESSOR_CPU) == cpu)
                append(text, bytes, devices.names[i]);
    ov->api.available_devices_free(&devices);
    return ED_OK;
}

// "GPU" is in "GPU.0 GPU.1 CPU".
static bool list_has(const char *list, const char *device) {
    const size_t n = strlen(device);
    for (const char *at = list; (at = strstr(at, device)); at++)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' ' || at[n] == '.'))
            return true;
    return false;
}

static void survey_device(const struct ov_state *ov, const char *native, const char *list,
                          struct ed_survey_row *row) {
    char *value = NULL;
    // Asked first: a plug-in that cannot be opened says so here.
    const int failed = ov->api.core_get_property(ov->core, native, "AVAILABLE_DEVICES", &value);
    row->available = !failed && list_has(list, native);
    if (failed)
        ov_words(ov, failed, row->reason, sizeof row->reason);
    else if (!row->available)
        snprintf(row->reason, sizeof row->reason, "OpenVINO finds no %s here; it finds %.160s", native, list);
    ov->api.free(value);
    value = NULL;
    if (row->available && !ov->api.core_get_property(ov->core, native, "FULL_DEVICE_NAME", &value) && value)
        ed_adapter_text(row->device_name, sizeof row->device_name, value);
    ov->api.free(value);
}

// A device that hands models to others is there when its plug-in is.
static void survey_several(const struct ov_state *ov, const char *native, const char *list,
                           struct ed_survey_row *row) {
    char *value = NULL;
    int failed = ov->api.core_get_property(ov->core, native, "SUPPORTED_PROPERTIES", &value);
    row->available = !failed;
    if (failed)
        ov_words(ov, failed, row->reason, sizeof row->reason);
    else
        snprintf(row->device_name, sizeof row->device_name, "over %.100s", list);
    ov->api.free(value);
}

enum ed_status ov_devices_survey(const struct ov_state *ov, struct ed_survey *out, struct ed_error *err) {
    static const struct {
        const char *backend, *native;
        enum ed_processor processor;
    } rows[] = {{"cpu", "CPU", ED_PROCESSOR_CPU},
                {"gpu", "GPU", ED_PROCESSOR_GPU},
                {"npu", "NPU", ED_PROCESSOR_NPU},
                {"auto", "AUTO", ED_PROCESSOR_UNKNOWN},
                {"hetero", "HETERO", ED_PROCESSOR_UNKNOWN}};
    char list[256];
    enum ed_status status = ov_devices_list(ov, list, sizeof list, err);
    for (size_t i = 0; !status && i < sizeof rows / sizeof *rows; i++) {
        struct ed_survey_row *row = &out->rows[out->n_rows++];
        *row = (struct ed_survey_row){.processor = rows[i].processor};
        snprintf(row->backend, sizeof row->backend, "%s", rows[i].backend);
        snprintf(row->native, sizeof row->native, "%s", rows[i].native);
        if (row->processor == ED_PROCESSOR_UNKNOWN)
            survey_several(ov, rows[i].native, list, row);
        else
            survey_device(ov, rows[i].native, list, row);
    }
    return status;
}
