// SPDX-License-Identifier: Apache-2.0
// The backends: what this build of the engine has for each of them.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "backends/executorch/et.h"
#include "backends/executorch/et_nodes.h"

static const struct et_offer offers[] = {
    {"cpu", "", "", "", ED_PROCESSOR_CPU},
    {"xnnpack", ET_XNNPACK, "backend_xnnpack", "", ED_PROCESSOR_CPU},
    {"optimized", "optimized", "kernels_optimized", "", ED_PROCESSOR_CPU},
    {"portable", "portable", "kernels_portable", "", ED_PROCESSOR_CPU},
    {"qnn", "QnnBackend", "backend_qnn", "libQnnHtp.so", ED_PROCESSOR_NPU},
    {"openvino", "OpenvinoBackend", "backend_openvino", "libopenvino_c.so", ED_PROCESSOR_UNKNOWN},
};
#define N_OFFERS (sizeof offers / sizeof *offers)

const struct et_offer *et_offer_find(const char *backend) {
    for (size_t i = 0; i < N_OFFERS; i++)
        if (!strcmp(offers[i].backend, backend))
            return &offers[i];
    return NULL;
}

const struct et_offer *et_offer_of_delegate(const char *id) {
    for (size_t i = 0; i < N_OFFERS; i++)
        if (!strncmp(offers[i].library, "backend_", 8) && !strcmp(offers[i].native, id))
            return &offers[i];
    return NULL;
}

const char *et_kernels(const struct et_state *et, const char *backend) {
    const bool optimized = et_library_has(et, "kernels_optimized"),
               portable = et_library_has(et, "kernels_portable");
    if (!optimized && !portable)
        return NULL;
    return portable && (!strcmp(backend, "portable") || !optimized) ? "portable" : "optimized";
}

// QNN's backend says that it is available before it has looked for the libraries that it drives.
static bool drives(const struct et_state *et, const char *library) {
    char path[ED_PATH_BYTES];
    if (ed_path_join(path, et->directory, library, NULL) == ED_OK && ed_path_exists(path))
        return true;
    void *opened = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (opened)
        dlclose(opened);
    return opened != NULL;
}

enum ed_status et_offer_check(struct et_state *et, const struct et_offer *offer, struct ed_error *err) {
    if (offer->library[0] && !et_library_has(et, offer->library))
        return ed_fail(err, ED_ERR_UNSUPPORTED, NULL, "this build of ExecuTorch has no libexecutorch_%s.so%s",
                       offer->library,
                       !strcmp(offer->backend, "portable") ? ": portable kernels on their own are not in it"
                                                           : "");
    if (strncmp(offer->library, "backend_", 8) != 0)
        return ED_OK;
    char opened[sizeof et->opened];
    memcpy(opened, et->opened, sizeof opened);
    et_words_begin(et);
    enum ed_status status = et_library_more(et, offer->library, err);
    memcpy(et->opened, opened, sizeof opened);
    if (status)
        return status;
    const struct et_backend *backend = et->api.get_backend(offer->native);
    if (!backend || !backend->table->is_available(backend) ||
        (offer->driver[0] && !drives(et, offer->driver)))
        return ed_fail(
            err, ED_ERR_UNSUPPORTED, NULL,
            "ExecuTorch's %s is not available: %s%sis neither beside the engine nor on this device",
            offer->native, offer->driver, offer->driver[0] ? " " : "what it drives ");
    return ED_OK;
}

enum ed_status et_survey_rows(struct et_state *et, struct ed_survey *out, struct ed_error *err) {
    (void)err;
    for (size_t i = 0; i < N_OFFERS; i++) {
        struct ed_survey_row *row = &out->rows[out->n_rows++];
        struct ed_error why = {0};
        snprintf(row->backend, sizeof row->backend, "%s", offers[i].backend);
        snprintf(row->native, sizeof row->native, "%s", offers[i].native);
        row->processor = offers[i].processor;
#ifndef __aarch64__
        // QNN's libraries for other processors simulate the accelerator.
        row->simulated = offers[i].processor == ED_PROCESSOR_NPU;
#endif
        row->available = et_offer_check(et, &offers[i], &why) == ED_OK;
        if (!row->available)
            snprintf(row->reason, sizeof row->reason, "%.255s", why.message);
    }
    return ED_OK;
}
